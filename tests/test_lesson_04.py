"""Lesson 04: positions. What it shows is what PyTorch computes, with the embeddings of positions and without."""

import json
import math
import re

from helpers import opened
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import numpy as np
import pytest
import torch
from torch.nn import functional as F

PAGE = "lessons/04-positions.html"


@pytest.fixture
def model(smoke_run):
    """The last model, as a page reads it."""
    run = Run(smoke_run)
    return quantize(run.at(run.steps[-1]), "int8")[2]


def there(browser, site, hash=""):
    return opened(browser, f"{site.address}/{PAGE}#{hash}")


def without_positions(model):
    with torch.no_grad():
        model.position_embedding.weight.zero_()
    return model


def number(text):
    return float(text.replace("−", "-"))


def set_range(slider, value):
    slider.evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", str(value)
    )


ASK = """async ([method, params]) => {
    const { openRun } = await import("../app/run.js");
    const { LiveModel } = await import("../app/model.js");
    const run = await openRun("smoke");
    const model = new LiveModel(run, run.manifest.snapshots.at(-1).step);
    return JSON.parse(JSON.stringify(await model.call(method, params),
        (_, one) => ArrayBuffer.isView(one) ? [...one] : one)); }"""
IDS = [0, 5, 7, 9, 5, 11, 2]


def test_without_positions_the_page_computes_what_pytorch_does_with_a_table_of_zeros(
    browser, site, model
):
    bare = dict(ids=IDS, intervention=dict(positions="none"))
    with there(browser, site) as page:
        logits = page.evaluate(ASK, ["nextLogits", bare])["logits"]
        scored = page.evaluate(ASK, ["score", bare])["p"]
        whole = page.evaluate(ASK, ["nextLogits", dict(ids=IDS)])["logits"]
        likeliest = dict(bare, tokens=5, sampling=dict(temperature=0))
        written = page.evaluate(ASK, ["complete", likeliest])["ids"]
    assert np.abs(np.subtract(logits, whole)).max() > 1e-3
    with torch.inference_mode():
        wanted = without_positions(model)(torch.tensor([IDS]))[0][0]
    np.testing.assert_allclose(logits, wanted[-1], atol=1e-4)
    p = wanted.softmax(-1)[torch.arange(len(IDS) - 1), torch.tensor(IDS[1:])]
    np.testing.assert_allclose(scored, p, atol=1e-5)
    assert len(written) == len(IDS) + 5
    for n in range(len(IDS), len(written)):  # token by token, from the cache
        with torch.inference_mode():
            best = model(torch.tensor([written[:n]]))[0][0, -1].argmax().item()
        assert written[n] == best


def test_a_token_and_a_position_are_added_number_by_number(browser, site, model):
    with there(browser, site) as page:
        figure = page.locator("position-sum")
        figure.locator("canvas").first.wait_for()
        figure.locator(".tokens button").nth(3).click()
        set_range(figure.locator("[data-place='0']"), 4)
        set_range(figure.locator("[data-place='1']"), 7)
        set_range(figure.locator(".which input"), 5)
        figure.get_by_text("at 4 and at 7").wait_for()
        chosen = page.evaluate("() => document.querySelector('position-sum').ids[3]")
        token, places = model.token_embedding.weight[chosen], model.position_embedding.weight
        for at, terms in zip((4, 7), figure.locator(".terms").all_inner_texts(), strict=True):
            shown = [number(one) for one in re.findall(r"[−-]?\d+\.\d\d", terms)]
            wanted = [token[5], places[at, 5]]
            assert shown[:2] == pytest.approx([one.item() for one in wanted], abs=0.006)
            assert shown[2] == pytest.approx(sum(shown[:2]), abs=1e-9)  # as a reader would add them
        for c in range(30):  # most sums of rounded numbers are right by luck
            set_range(figure.locator(".which input"), c)
            page.evaluate("() => document.querySelector('position-sum').updateComplete")
            for terms in figure.locator(".terms").all_inner_texts():
                one, other, both = (number(x) for x in re.findall(r"[−-]?\d+\.\d\d", terms))
                assert both == pytest.approx(one + other, abs=1e-9)
        cosine = F.cosine_similarity(token + places[4], token + places[7], dim=0).item()
        said = figure.locator(".result").inner_text()
        assert number(re.search(r"cosine is ([−-]?[\d.]+\d)", said)[1]) == pytest.approx(
            cosine, abs=0.006
        )
        set_range(figure.locator("[data-place='1']"), 4)
        figure.get_by_text("cannot tell them apart").wait_for()


def test_the_map_of_positions_has_the_cosines_of_the_step_that_is_shown(browser, site, smoke_run):
    run = Run(smoke_run)
    with there(browser, site) as page:
        figure = page.locator("position-map")
        figure.scroll_into_view_if_needed()
        for step in (run.steps[-1], run.steps[0]):
            page.evaluate("(step) => { location.hash = `step=${step}`; }", step)
            figure.locator(".result", has_text=f"at step {step:,},").wait_for()
            set_range(figure.locator("input"), 3)
            figure.get_by_text("Position 3 is").wait_for()
            table = F.normalize(quantize(run.at(step), "int8")[2].position_embedding.weight, dim=1)
            cosines = table @ table.T
            others = cosines[3].clone()
            others[3] = -2
            said = [
                number(one)
                for one in re.findall(r"[−-]?\d+\.\d\d", figure.locator(".result").inner_text())
            ]
            neighbours = cosines.diagonal(1)
            quarter = len(table) // 4
            ends = [neighbours[: quarter - 1].mean(), neighbours[-(quarter - 1) :].mean()]
            wanted = [others.max(), neighbours.mean(), *ends]
            assert said == pytest.approx([one.item() for one in wanted], abs=0.006)
            curve = figure.locator("svg path").get_attribute("d")
            assert curve.count("M") == 2  # not through the place itself, which is like itself
            assert len(re.findall("[ML]", curve)) == len(table) - 1


def test_the_surprise_with_and_without_positions_is_that_of_pytorch(browser, site, smoke, model):
    held_out = torch.tensor(json.loads((smoke / "check.json").read_text())["held_out"]["ids"])

    def bits(one):
        with torch.inference_mode():
            logits = one(held_out[None])[0][0, :-1]
        return F.cross_entropy(logits.double(), held_out[1:]).item() / math.log(2)

    wanted = [bits(model), bits(without_positions(model)), math.log2(model.unembed.out_features)]
    with there(browser, site) as page:
        figure = page.locator("model-without")
        assert not figure.is_visible()
        question = page.locator("lesson-question[name=without]")
        question.locator("label").first.click()
        question.locator("textarea").fill("It cannot know.")
        question.locator("button.primary").click()
        figure.locator(".story").first.wait_for()
        shown = [float(one.split()[0]) for one in figure.locator(".bar b").all_inner_texts()]
        assert shown == pytest.approx(wanted, abs=0.006)
        whole, without, blind = wanted
        lost = "worse than a blind" if without > blind else "second answer"
        if without < blind and without - whole < (blind - whole) / 20:
            lost = "first answer"
        assert lost in figure.locator(".lost").inner_text()
        first, second = figure.locator(".story").all_inner_texts()
        assert first != second


def test_without_positions_the_first_layer_does_not_notice_a_swap_but_the_guess_does(
    browser, site, model
):
    with there(browser, site) as page:
        figure = page.locator("swap-tokens")
        figure.scroll_into_view_if_needed()
        figure.locator(".result").wait_for()
        ids = page.evaluate("() => [...document.querySelector('swap-tokens').ids]")
        shown = [
            number(one.strip("<%"))
            for one in figure.locator("tbody td:nth-child(2)").all_inner_texts()
        ]
        buttons = figure.locator("tbody button")
        pressed = [
            i for i, one in enumerate(buttons.all()) if one.get_attribute("aria-pressed") == "true"
        ]
        # It opens with a swap of which something is seen, and that has a token between.
        assert max(shown[i] for i in pressed) == max(shown[:-1])
        assert pressed[1] - pressed[0] > 1
        buttons.nth(1).click()
        buttons.nth(4).click()
        changed = figure.locator(".result p").first
        page.wait_for_function(
            """() => { const one = document.querySelector("swap-tokens");
                return one.found.a === 1 && one.found.b === 4; }"""
        )
        page.evaluate("() => document.querySelector('swap-tokens').updateComplete.then(() => null)")
        assert "changed by" in changed.inner_text()
        assert "by 0.00%" not in changed.inner_text()
        figure.get_by_role("button", name="without positions").click()
        figure.locator(".result p:first-child", has_text="by 0.00%").wait_for()
        before, after = (
            figure.locator(f"tbody td:nth-child({n})").all_inner_texts() for n in (2, 3)
        )
        assert before == after
        ids = page.evaluate("() => [...document.querySelector('swap-tokens').ids]")
        said = figure.locator(".result p").nth(1).inner_text()
    other = [*ids]
    other[1], other[4] = ids[4], ids[1]
    with torch.inference_mode():
        p, q = without_positions(model)(torch.tensor([ids, other]))[0][:, -1].softmax(-1)
    wanted = 50 * (p - q).abs().sum().item()
    assert float(re.search(r"[\d.]+\d", said)[0]) == pytest.approx(wanted, abs=0.006)
