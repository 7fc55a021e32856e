"""Lesson 06: the block. What each part adds, what a norm does, and single neurons, as in PyTorch."""

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

PAGE = "lessons/06-the-block.html"
IDS = [0, 5, 7, 9, 5, 11, 2]
TOKEN = 17


@pytest.fixture
def model(smoke_run):
    """The last model, as a page reads it."""
    run = Run(smoke_run)
    return quantize(run.at(run.steps[-1]), "int8")[2]


def there(browser, site, hash=""):
    return opened(browser, f"{site.address}/{PAGE}#{hash}")


def number(text):
    return float(text.replace("−", "-"))


def set_range(slider, value):
    slider.evaluate(
        "(one, value) => { one.value = value; one.dispatchEvent(new Event('input')); }", str(value)
    )


CALL = """async ([method, params]) => {
    const { openRun } = await import("../app/run.js");
    const { LiveModel } = await import("../app/model.js");
    const run = await openRun("smoke");
    const model = new LiveModel(run, run.manifest.snapshots.at(-1).step);
    return JSON.parse(JSON.stringify(await model.call(method, params),
        (_, one) => ArrayBuffer.isView(one) ? [...one] : one)); }"""


def added_by_parts(model, ids):
    """What enters, what each head and each MLP adds after the last token; and the last residual
    stream. Each is (C)."""
    D = model.token_embedding.embedding_dim // model.blocks[0].n_head
    parts, last = [], {}
    hooks = [model.norm.register_forward_pre_hook(lambda _, x: last.update(r=x[0][0, -1]))]
    hooks.append(model.blocks[0].register_forward_pre_hook(lambda _, x: parts.append(x[0][0, -1])))

    def split_output(module, given, _):
        mixed = given[0][0, -1]
        for i in range(0, len(mixed), D):
            parts.append(module.weight[:, i : i + D] @ mixed[i : i + D])

    for block in model.blocks:
        hooks.append(block.output.register_forward_hook(split_output))
        hooks.append(
            block.down.register_forward_hook(lambda _, given, out: parts.append(out[0, -1]))
        )
    with torch.inference_mode():
        logits = model(torch.tensor([ids]))[0][0, -1]
    for hook in hooks:
        hook.remove()
    return torch.stack(parts), last["r"], logits


def test_what_each_part_adds_and_raises_is_what_it_is_in_pytorch(browser, site, model):
    with there(browser, site) as page:
        found = page.evaluate(CALL, ["parts", dict(ids=IDS, token=TOKEN, layer=1)])
    parts, last, logits = added_by_parts(model, IDS)
    torch.testing.assert_close(parts.sum(0), last, atol=1e-4, rtol=1e-4)
    shown = found["parts"]
    lengths = [one["length"] for one in shown]
    assert lengths == pytest.approx(parts.norm(dim=1).tolist(), abs=1e-4)
    assert found["norms"][-1]["mean"] == pytest.approx(last.mean().item(), abs=1e-5)
    assert found["normed"]["mean"] == pytest.approx(0, abs=1e-6)
    u = model.unembed.weight[TOKEN] - model.unembed.weight.mean(0)
    centered = parts - parts.mean(1, keepdim=True)
    scaled = model.norm.weight * centered / (last.var(correction=0) + model.norm.eps).sqrt()
    effects = [one["effect"] for one in shown]
    assert effects == pytest.approx((scaled @ u).tolist(), abs=1e-4)
    wanted = (logits[TOKEN] - logits.mean()).item()
    assert sum(effects) + found["bias"] == pytest.approx(wanted, abs=1e-4)
    assert found["advantage"] == pytest.approx(wanted, abs=1e-4)
    assert found["p"] == pytest.approx(logits.softmax(-1)[TOKEN].item(), abs=1e-5)
    assert found["rank"] == 1 + (logits > logits[TOKEN]).sum().item()


def test_all_neurons_of_a_layer_have_the_activations_and_effects_of_pytorch(browser, site, model):
    with there(browser, site) as page:
        neurons = page.evaluate(CALL, ["parts", dict(ids=IDS, token=TOKEN, layer=1)])["neurons"]
    seen = {}
    down = model.blocks[1].down
    hook = down.register_forward_pre_hook(lambda _, x: seen.update(a=x[0][0, -1]))
    _, last, _ = added_by_parts(model, IDS)
    hook.remove()
    np.testing.assert_allclose(neurons["activations"], seen["a"], atol=1e-4)
    adds = (down.weight.detach() * seen["a"]).T
    centered = adds - adds.mean(1, keepdim=True)
    u = model.unembed.weight[TOKEN] - model.unembed.weight.mean(0)
    wanted = (model.norm.weight * centered / (last.var(correction=0) + model.norm.eps).sqrt()) @ u
    np.testing.assert_allclose(neurons["effects"], wanted.detach(), atol=1e-4)


def replacing(model):
    """The logits (T, V) of a model whose parts replace the residual stream, and add nothing."""
    from train import attention

    def read(ids):
        x = model.token_embedding(ids) + model.position_embedding(torch.arange(len(ids)))
        x = x[None]
        for block in model.blocks:
            normed = block.attention_norm(x)
            q, k, v = (
                block.split_heads(part(normed)) for part in (block.query, block.key, block.value)
            )
            x = block.output(attention(q, k, v)[0].transpose(1, 2).flatten(2))
            x = block.down(F.gelu(block.up(block.feed_forward_norm(x))))
        return model.unembed(model.norm(x))[0]

    return read


def test_without_the_residual_stream_the_page_has_the_loss_of_pytorch(browser, site, smoke, model):
    held_out = torch.tensor(json.loads((smoke / "check.json").read_text())["held_out"]["ids"])
    with torch.inference_mode():
        logits = replacing(model)(held_out)
    wanted = F.cross_entropy(logits[:-1].double(), held_out[1:]).item() / math.log(2)
    with there(browser, site) as page:
        params = dict(ids=held_out.tolist(), intervention=dict(residual=False))
        found = page.evaluate(CALL, ["nextLogits", params])["logits"]
        np.testing.assert_allclose(found, logits[-1], atol=1e-4, rtol=1e-4)
        likeliest = dict(params, ids=IDS, tokens=5, sampling=dict(temperature=0))
        written = page.evaluate(CALL, ["complete", likeliest])["ids"]
        assert len(written) == len(IDS) + 5
        for n in range(len(IDS), len(written)):  # token by token, from the cache
            with torch.inference_mode():
                best = replacing(model)(torch.tensor(written[:n]))[-1].argmax().item()
            assert written[n] == best
        question = page.locator("lesson-question[name=without]")
        question.locator("label").first.click()
        question.locator("textarea").fill("They need it.")
        question.locator("button.primary").click()
        figure = page.locator("model-without")
        figure.locator(".story").first.wait_for()
        shown = [float(one.split()[0]) for one in figure.locator(".bar b").all_inner_texts()]
        assert shown[1] == pytest.approx(wanted, abs=0.006)
        assert shown[1] > shown[0]


def test_the_rows_of_the_road_sum_to_what_stands_below_them_for_each_token(browser, site):
    with there(browser, site) as page:
        figure = page.locator("residual-road")
        sums = []
        for position in (4, 7):
            button = figure.locator(".tokens button").nth(position - 1)
            button.click()
            page.wait_for_function("(n) => location.hash.includes(`position=${n}`)", arg=position)
            token = page.evaluate(
                """(n) => { const one = document.querySelector("residual-road");
                    return one.tokenName(n); }""",
                position,
            )
            figure.locator(".about", has_text=f"Next came “{token}”").wait_for()
            effects = figure.locator("tbody .effect").all_inner_texts()
            total = number(figure.locator("tfoot .effect").inner_text())
            assert sum(map(number, effects)) == pytest.approx(total, abs=0.006 * len(effects))
            sums.append(effects)
        assert sums[0] != sums[1]


def test_after_the_last_norm_the_mean_is_0_and_the_deviation_1(browser, site, model):
    with there(browser, site) as page:
        figure = page.locator("norm-numbers")
        figure.scroll_into_view_if_needed()
        rows = figure.locator("tr:has(td.number)")
        rows.first.wait_for()
        shown = [
            [number(one) for one in row.locator("td.number").all_inner_texts()]
            for row in rows.all()
        ]
        ids = page.evaluate(
            """() => { const one = document.querySelector("norm-numbers");
                return one.pass.ids.slice(0, one.shownNext); }"""
        )
    parts, last, _ = added_by_parts(model, ids)
    entering = parts[0]
    assert len(shown) == 2 * len(model.blocks) + 2
    for found, vector in ((shown[0], entering), (shown[-2], last)):
        wanted = [vector.mean().item(), vector.std(correction=0).item()]
        assert found == pytest.approx(wanted, abs=0.006)
    assert shown[-1] == [0, 1]


def test_switching_off_a_silent_neuron_changes_nothing_and_the_strongest_something(
    browser, site, model
):
    with there(browser, site) as page:
        figure = page.locator("neuron-count")
        figure.scroll_into_view_if_needed()
        figure.locator(".result").wait_for()
        figure.get_by_role("button", name="nearest to zero").click()
        page.wait_for_function(
            """() => { const { found } = document.querySelector("neuron-count");
                return Math.abs(found.neurons.activations[found.neuron]) < 0.01; }"""
        )
        p, without = page.evaluate(
            """() => { const { p, without } = document.querySelector("neuron-count").found;
                return [p, without]; }"""
        )
        said = figure.locator(".result p").nth(1).inner_text()
        set_range(figure.locator(".which input"), 3)
        figure.locator(".result", has_text=re.compile(r"Neuron 3 of")).wait_for()
        ids, next_id, layer, other = page.evaluate(
            """() => { const one = document.querySelector("neuron-count");
                return [one.pass.ids.slice(0, one.shownNext), one.nextId, one.shownLayer,
                        one.found.without]; }"""
        )
    assert without == pytest.approx(p, abs=2e-3)
    assert f"{100 * p:.2f}%" in said or p > 0.99 or p < 0.01

    def silenced(_, x):
        x[0][..., 3] = 0

    model.blocks[layer].down.register_forward_pre_hook(silenced)
    with torch.inference_mode():
        wanted = model(torch.tensor([ids]))[0][0, -1].softmax(-1)[next_id].item()
    assert other == pytest.approx(wanted, abs=1e-4)


CHANGE = """() => { const { p, without } = document.querySelector("neuron-count").found;
    return [p, without]; }"""


def choose_token(page, figure, position):
    """Press a token in a figure, and wait until its neurons have been computed for it."""
    figure.locator(".tokens button").nth(position - 1).click()
    page.wait_for_function(
        """(position) => { const one = document.querySelector("neuron-count");
            const name = one.tokenName(position);
            return one.shownNext === position
                && one.shadowRoot.querySelector(".result").textContent.includes(`“${name}”`); }""",
        arg=position,
    )


def test_it_is_said_whether_a_guess_falls_or_rises_without_a_neuron(browser, site):
    with there(browser, site) as page:
        figure = page.locator("neuron-count")
        figure.scroll_into_view_if_needed()
        figure.locator(".result").wait_for()
        seen = set()
        for neuron in range(0, 24, 2):
            set_range(figure.locator(".which input"), neuron)
            figure.locator(".result", has_text=re.compile(rf"Neuron {neuron} of")).wait_for()
            p, without = page.evaluate(CHANGE)
            said = figure.locator(".result p").nth(1).inner_text()
            found = [float(one) for one in re.findall(r"([\d.]+)%", said)]
            if len(found) == 1:
                assert without == pytest.approx(p, abs=1e-4)
                continue
            assert found == pytest.approx([100 * p, 100 * without], abs=0.0051)
            assert ("rises" in said) == (without > p)
            seen.add(without > p)
        assert seen


def test_the_neuron_that_raises_most_stays_chosen_with_another_token(browser, site):
    """And a token that is chosen beside the neurons is chosen in the table as well."""
    with there(browser, site) as page:
        figure = page.locator("neuron-count")
        figure.scroll_into_view_if_needed()
        button = figure.get_by_role("button", name="raises the next token most")
        button.click()
        best = set()
        for position in (3, 6, 9):
            choose_token(page, figure, position)
            assert button.get_attribute("aria-pressed") == "true"
            best.add(
                page.evaluate(
                    """() => { const { neurons, neuron } = document.querySelector("neuron-count").found;
                        const most = Math.max(...neurons.effects);
                        return neurons.effects[neuron] === most ? neuron : -1; }"""
                )
            )
        assert -1 not in best
        road = page.locator("residual-road")
        road.scroll_into_view_if_needed()
        road.locator(".tokens button").nth(8).and_(road.locator("[aria-pressed=true]")).wait_for()


def test_what_is_written_as_0_has_no_bar_and_both_figures_give_the_same_probability(browser, site):
    with there(browser, site) as page:
        road = page.locator("residual-road")
        road.locator("tbody tr").first.wait_for()
        page.evaluate(
            """() => { const one = document.querySelector("residual-road");
                const [first, ...parts] = one.found.parts;
                one.found = { ...one.found, parts: [{ ...first, effect: 0.001 }, ...parts] };
                return one.updateComplete; }"""
        )
        assert number(road.locator("tbody .effect").first.inner_text()) == 0
        for row in road.locator("tbody tr").all():
            is_zero = number(row.locator(".effect").inner_text()) == 0
            assert row.locator(".axis i").count() == (0 if is_zero else 1)
        figure = page.locator("neuron-count")
        figure.scroll_into_view_if_needed()
        figure.locator(".result").wait_for()
        told = [
            re.search(r"[\d.<>]+%", one.inner_text())[0]
            for one in (road.locator(".about"), figure.locator(".result"))
        ]
        assert told[0] == told[1]
