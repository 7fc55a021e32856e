"""Lesson 08, learning: its update, its weights and its slice are those of the training."""

import hashlib
import json
import math
import re
from itertools import pairwise

import train
from helpers import opened
from terrarium.batches import make_batches
from terrarium.devices import Devices
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


def with_a_weight(page):
    """The figure of one weight: it is shown to somebody who has answered."""
    question = page.locator("lesson-question[name=weight]")
    question.locator("label").first.click()
    question.locator("textarea").fill("It has to learn.")
    question.locator("button.primary").click()
    figure = page.locator("weight-path")
    figure.locator(".plot").wait_for()
    return figure


def middles(found, axis):
    """Where the middles of some elements are, on one axis."""
    return found.evaluate_all(
        """(all, axis) => all.map((one) => { const box = one.getBoundingClientRect();
            return axis === "x" ? box.x + box.width / 2 : box.y + box.height / 2; })""",
        axis,
    )


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
        others = first_others(update)
        rose = sum(one["p_after"] > one["p_before"] for one in others)
        said = [number(one) for one in re.findall(r"\d[\d,.]*", about.inner_text())]
        assert ([rose, len(others)] == said[2:4]) if rose else len(said) == 2
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
            [100 * moved[f"{name}.weight"] for name in named], rel=0.1
        )


def first_others(update):
    return update["candidates"][1:8]


def test_each_push_is_seen_and_what_is_missing_to_one_is_said(browser, site, smoke):
    [came, *_] = json.loads((smoke / "update.json").read_text())["candidates"]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        stage(page, "Push")
        had, missing = re.findall(r"\d\.\d+", page.locator("one-update .about").inner_text())
        assert float(had) == pytest.approx(came["p_before"], abs=0.0006)
        assert float(had) + float(missing) == pytest.approx(1)
        widths = page.locator("one-update .bar i").evaluate_all(
            "(bars) => bars.map((one) => one.getBoundingClientRect().width)"
        )
        assert min(widths) >= 3


def test_the_rows_that_did_not_move_are_those_of_tokens_that_no_batch_has_had(smoke, run):
    update = json.loads((smoke / "update.json").read_text())
    tokens, end = run.tokens("train"), run.tokenizer.end
    devices = Devices(run.s, alone=True)
    batches = make_batches(train.windows(tokens, end, run.s.n_ctx), end, run.s, devices)
    seen = set()
    for step in range(update["step"] + 1):
        ids, targets, _ = train.draw_batch(tokens, next(batches), run.s, step, devices)
        seen.update(ids[targets >= 0].tolist())
    [table] = [one for one in update["weight_deltas"] if one["name"] == "token_embedding.weight"]
    assert table["unchanged_rows"] == len(run.vocab) - len(seen)


def instead_of(page, smoke, name, content):
    """Let a page read something else than a file of the run, as if it had been exported so."""
    body = json.dumps(content).encode()
    manifest = json.loads((smoke / "manifest.json").read_text("utf-8"))
    sha256 = hashlib.sha256(body).hexdigest()
    manifest["files"][name] = dict(bytes=len(body), sha256=sha256)
    page.route("**/smoke/manifest.json", lambda route: route.fulfill(json=manifest))
    page.route(f"**/smoke/{name}", lambda route: route.fulfill(body=body))


def test_the_text_of_the_update_begins_with_a_whole_word(browser, site, smoke, run):
    """Here with one that would begin in the middle of a word."""
    update = json.loads((smoke / "update.json").read_text())
    ids = {token: i for i, token in enumerate(run.vocab)}
    update["context"] = [ids[one] for one in ("e", "n", " ", "t", "o")]
    with opened(browser, f"{site.address}/lessons/index.html") as page:
        instead_of(page, smoke, "update.json", update)
        page.goto(f"{site.address}/{LESSON}")
        shown = page.locator("one-update .text").inner_text()
        assert shown.startswith("… to")


# One weight -------------------------------------------------------------------------------------


def test_a_weight_is_followed_from_snapshot_to_snapshot(browser, site, paths):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = with_a_weight(page)
        tensor, way = figure.locator("select").all()
        tensor.select_option("blocks.0.up.weight")
        way.select_option("median")
        weight = next(
            one
            for one in paths["weights"]
            if (one["name"], one["way"]) == ("blocks.0.up.weight", "median")
        )
        for i, step in enumerate(paths["saved_steps"]):
            figure.locator("input").fill(str(step))
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
        went = figure.locator(".reading").inner_text().removesuffix(".").split()[-1]
        changes = [abs(a - b) for a, b in pairwise(weight["values"])]
        assert number(went) == pytest.approx(sum(changes), abs=0.0006)


def test_points_of_a_weight_are_as_far_apart_as_their_steps_and_labels_are_at_their_ends(
    browser, site, paths
):
    steps = paths["saved_steps"]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = with_a_weight(page)
        dots = figure.locator(".plot i")
        across = middles(dots, "x")
        fractions = [(x - across[0]) / (across[-1] - across[0]) for x in across]
        wanted = [(step - steps[0]) / (steps[-1] - steps[0]) for step in steps]
        assert fractions == pytest.approx(wanted, abs=0.02)
        heights = middles(dots, "y")
        labels = figure.locator(".plot span")
        assert middles(labels, "y") == pytest.approx([min(heights), max(heights)], abs=1)
        values = paths["weights"][0]["values"]
        shown = [number(one) for one in labels.all_inner_texts()]
        assert shown == pytest.approx([max(values), min(values)], abs=0.0006)


def test_a_key_goes_from_one_saved_step_to_the_next(browser, site, paths):
    steps = paths["saved_steps"]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = with_a_weight(page)
        slider = figure.locator("input")
        read = figure.locator(".reading b")
        for key, step in (("ArrowLeft", steps[-2]), ("Home", steps[0]), ("ArrowRight", steps[1])):
            slider.press(key)
            read.filter(has_text=re.compile(rf"step {step:,} ")).wait_for()
            assert slider.input_value() == str(step)


def test_it_is_said_how_many_weights_slow_down_if_most_do(browser, site, smoke):
    """With the numbers of a made-up training, in which five of six weights do."""
    steps = list(range(0, 101, 10))
    early = [0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3.5]
    ways = ("longest", "median", "shortest")
    names = [(table, way) for table in ("unembed.weight", "blocks.0.up.weight") for way in ways]
    made = [
        dict(name=name, way=way, row=0, column=0, values=values)
        for (name, way), values in zip(names, [early] * 5 + [early[::-1]])
    ]
    with opened(browser, f"{site.address}/lessons/index.html") as page:
        instead_of(page, smoke, "weight_paths.json", dict(saved_steps=steps, weights=made))
        page.goto(f"{site.address}/{LESSON}")
        with_a_weight(page)
        said = page.locator("lesson-question[name=weight] when-run").first
        said.locator("run-value", has_text="5").wait_for()
        assert [number(one) for one in re.findall(r"\d+", said.inner_text())] == [6, 5]


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
        bits = [loss / math.log(2) for loss in losses]
        labels = figure.locator(".plot span")
        shown = [number(one) for one in labels.all_inner_texts()]
        assert shown == pytest.approx([max(bits), min(bits)], abs=0.006)
        heights = middles(figure.locator(".plot i"), "y")
        assert middles(labels, "y") == pytest.approx([min(heights), max(heights)], abs=1)
        for i in (2, 0):
            figure.locator("input").fill(str(i))
            read = figure.locator(".reading b").inner_text()
            assert number(read.split("%")[1]) == pytest.approx(bits[i], abs=0.0006)
        assert "−" not in read and "first" in read  # there is no way of less than nothing


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
