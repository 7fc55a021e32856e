"""Lesson 08, learning: its update, its weights and its slice are those of the training."""

import json
import math
import re

from helpers import opened
from terrarium.replay import replay
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch
import torch.nn.functional as F

LESSON = "lessons/08-learning.html"
IS_MEASURED = "() => document.querySelector('loss-slice').losses.length === 11"


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def paths(smoke):
    return json.loads((smoke / "weight_paths.json").read_text())


def number(text):
    return float(re.search(r"[−-]?\d[\d,]*(?:\.\d+)?", text)[0].replace("−", "-").replace(",", ""))


def numbers_of(page, tag):
    return [number(one) for one in page.locator(f"{tag} td.number").all_inner_texts()]


def stage(page, name):
    page.locator("one-update").get_by_role("button", name=name).click()
    page.evaluate("() => document.querySelector('one-update').updateComplete")


# One update -------------------------------------------------------------------------------------


def test_the_pushes_are_the_gradient_that_pytorch_computes(browser, site, smoke, run):
    update = json.loads((smoke / "update.json").read_text())
    made = replay(run)
    ids, targets = made["ids"][:1], made["targets"][0].tolist()
    context, target = update["context"], update["target"]
    position = next(
        i
        for i in range(len(targets))
        if targets[i] == target and ids[0, max(0, i + 1 - 24) : i + 1].tolist() == context
    )
    with torch.inference_mode():
        logits = made["before"](ids)[0][0, position]
    logits = logits.clone().requires_grad_()
    F.cross_entropy(logits[None], torch.tensor([target])).backward()
    with opened(browser, f"{site.address}/{LESSON}") as page:
        stage(page, "Push")
        shown = numbers_of(page, "one-update")
        expected = [-logits.grad[one["id"]].item() for one in update["candidates"][:8]]
        assert shown[:8] == pytest.approx(expected, abs=0.006)
        assert sum(shown) == pytest.approx(0, abs=0.01)
        assert shown[0] > 0 > max(shown[1:])


def test_the_guess_after_the_update_is_that_of_the_weights_it_left(browser, site, smoke):
    update = json.loads((smoke / "update.json").read_text())
    first = update["candidates"][0]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        about = page.locator("one-update .about")
        for name, p in (("Guess", first["p_before"]), ("Guess again", first["p_after"])):
            page.locator("one-update .stages button", has_text=re.compile(rf"^\d {name}$")).click()
            about.get_by_text(f"{-math.log2(p):.2f}").wait_for()
            assert numbers_of(page, "one-update")[0] == pytest.approx(100 * p, rel=0.1)
        stage(page, "What moved")
        tokens = next(
            one for one in update["weight_deltas"] if one["name"] == "token_embedding.weight"
        )
        assert str(tokens["unchanged_rows"]) in about.inner_text()
        named = page.locator("one-update th").all_inner_texts()
        moved = {
            one["name"]: one["delta_norm"] / one["norm"]
            for one in update["weight_deltas"]
            if one["norm"]
        }
        assert numbers_of(page, "one-update") == pytest.approx(
            [100 * moved[name] for name in named], rel=0.1
        )


# One weight -------------------------------------------------------------------------------------


def test_a_weight_is_followed_from_snapshot_to_snapshot(browser, site, paths):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("weight-path")
        tensor, way = figure.locator("select").all()
        tensor.select_option("blocks.0.up.weight")
        way.select_option("median")
        weight = next(
            one
            for one in paths["weights"]
            if (one["name"], one["way"]) == ("blocks.0.up.weight", "median")
        )
        for i, step in enumerate(paths["saved_steps"]):
            figure.locator("input").fill(str(i))
            read = figure.locator(".reading b").inner_text()
            found = [number(one) for one in re.findall(r"[−\d.,]*\d", read)]
            assert found == pytest.approx([step, weight["values"][i]], abs=0.00051)
        assert figure.locator(".plot i").count() == len(weight["values"])
        # A higher number stands higher.
        heights = figure.locator(".plot i").evaluate_all(
            "(dots) => dots.map((one) => -one.getBoundingClientRect().y)"
        )
        order = sorted(range(len(heights)), key=weight["values"].__getitem__)
        assert heights[order[0]] < heights[order[-1]]


# A slice through the loss -----------------------------------------------------------------------


def test_the_slice_is_the_loss_of_weights_on_the_line_between_two_snapshots(
    browser, site, smoke, run
):
    ids = json.loads((smoke / "check.json").read_text())["held_out"]["ids"]
    start, end = (quantize(run.at(step), "int8")[2] for step in (run.steps[0], run.steps[-1]))
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("loss-slice")
        figure.scroll_into_view_if_needed()
        figure.get_by_label("From step").select_option(str(run.steps[0]))
        page.wait_for_function(IS_MEASURED)
        losses = page.evaluate("() => document.querySelector('loss-slice').losses")
        between = quantize(run.at(run.steps[-1]), "int8")[2]
        tokens = torch.tensor(ids)
        for i, loss in enumerate(losses):
            fraction = (i - 2) / 5
            between.load_state_dict(
                {
                    name: one + fraction * (end.state_dict()[name] - one)
                    for name, one in start.state_dict().items()
                }
            )
            with torch.inference_mode():
                logits = between(tokens[None, :-1])[0][0]
            assert loss == pytest.approx(F.cross_entropy(logits, tokens[1:]).item(), abs=1e-3)
        figure.locator("input").fill("2")
        read = figure.locator(".reading b").inner_text()
        assert number(read.split("%")[1]) == pytest.approx(losses[2] / math.log(2), abs=0.006)


def test_a_slice_between_a_model_and_itself_is_flat(browser, site, run):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("loss-slice")
        figure.scroll_into_view_if_needed()
        figure.get_by_label("From step").select_option(str(run.steps[-1]))
        page.wait_for_function(IS_MEASURED)
        losses = page.evaluate("() => document.querySelector('loss-slice').losses")
        assert losses == pytest.approx([losses[0]] * 11, abs=1e-6)
        heights = figure.locator(".plot i:not(.marked)").evaluate_all(
            "(dots) => dots.map((one) => one.getBoundingClientRect().y)"
        )
        assert max(heights) - min(heights) < 1
