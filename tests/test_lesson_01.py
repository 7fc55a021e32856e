"""The lesson on the task: who is scored how in the game, and who wins, against PyTorch and the log of the run."""

import json
import math
import re

from helpers import opened
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

LESSON = "lessons/01-the-task.html"


def game_of(page):
    """The gaps that are asked: (ids before, candidates, index of the right one)."""
    asked = page.evaluate(
        """() => document.querySelector("guess-token").questions.map(({ ids, position, candidates }) =>
            [ids.slice(0, position), candidates.map(({ id }) => id), ids[position]])"""
    )
    return [(before, ids, ids.index(right)) for before, ids, right in asked]


def bits_of(run, step, before, candidates, right):
    """The surprise of the model of a step, in bits, if it has only these candidates."""
    model = quantize(run.at(step), "int8")[2]
    with torch.inference_mode():
        logits = model(torch.tensor([before]))[0][0, -1, candidates]
    return -math.log2(logits.double().softmax(0)[right].item())


def play(page, choices, sure):
    """Guess in as many gaps as there are choices."""
    game = page.locator("guess-token")
    for choice, percent in zip(choices, sure, strict=True):
        game.locator(".candidates > button").nth(choice).click()
        game.get_by_label(percent).check()
        game.get_by_role("button", name="That is my guess").click()
        game.get_by_role("button", name="Next guess").click()


def score(page, name):
    text = page.locator("guess-token tr", has_text=name).first.locator("td").inner_text()
    return float(re.search(r"[\d.]+", text)[0])


def test_the_model_is_scored_anew_in_the_whole_game_when_another_step_is_chosen(
    browser, site, smoke_run
):
    run = Run(smoke_run)
    with opened(browser, f"{site.address}/{LESSON}#step=last") as page:
        game = game_of(page)[:2]
        play(page, [0, 1], ["80%", "40%"])
        for step, key in ((run.steps[-1], "End"), (run.steps[0], "Home")):
            page.locator("step-controls input").press(key)
            expected = sum(bits_of(run, step, *one) for one in game) / 2
            page.wait_for_function(
                """(text) => [...document.querySelector("guess-token").renderRoot.querySelectorAll("tr.model td")]
                    .some((one) => Math.abs(parseFloat(one.innerText) - text) < 0.011)""",
                arg=expected,
            )


def test_at_the_end_one_sees_what_it_had_cost_to_be_always_as_sure(browser, site):
    with opened(browser, f"{site.address}/{LESSON}#step=last") as page:
        game = game_of(page)
        choices = [right if i % 2 else (right + 1) % 5 for i, (*_, right) in enumerate(game)]
        n_right = sum(i % 2 for i in range(len(game)))
        play(page, choices, ["60%"] * len(game))
        table = page.locator("guess-token tr.always")
        table.first.wait_for()
        shown = [
            float(re.search(r"[\d.]+", one)[0]) for one in table.locator("td").all_inner_texts()
        ]
        expected = [
            (n_right * -math.log2(p) + (len(game) - n_right) * -math.log2((1 - p) / 4)) / len(game)
            for p in (0.2, 0.4, 0.6, 0.8, 0.95)
        ]
        assert shown == pytest.approx(expected, abs=0.006)
        assert score(page, "you") == pytest.approx(expected[2], abs=0.006)
        assert score(page, "blind guess") == pytest.approx(expected[0], abs=0.006)
        figure = page.locator("guess-token")
        figure.get_by_role("button", name="Play again").click()
        first = figure.locator(".text").inner_text()
        play(page, choices, ["60%"] * len(game))
        figure.get_by_role("button", name="Other gaps").click()
        assert figure.locator(".text").inner_text() != first


def test_it_is_told_who_needs_the_fewest_bits_in_this_run(browser, site, smoke):
    log = json.loads((smoke / "log.json").read_text())
    bits = {name: log["baselines"][name] for name in ("unigram", "bigram")}
    manifest = json.loads((smoke / "manifest.json").read_text())
    bits["model"] = manifest["metrics"]["validation_loss"]
    least = min(bits, key=bits.get)
    with opened(browser, f"{site.address}/{LESSON}") as page:
        question = page.locator("lesson-question[name=counting]")
        for answer in ("unigram", "bigram", "model"):
            question.locator(f"[data-answer={answer}] label").click()
            question.locator("textarea").fill("I think so")
            question.locator("button.primary").click()
            question.locator("[data-marked]").wait_for()
            marked = question.locator("[data-marked]").get_attribute("data-answer")
            assert marked == least
            assert question.locator(".verdict.is-right").count() == (answer == least)
            question.get_by_role("button", name="Answer again").click()


def test_what_a_guess_leaves_for_the_other_pieces_is_said_and_all_of_it_fits_a_phone(browser, site):
    with opened(browser, f"{site.address}/{LESSON}", width=390, height=844) as page:
        game = page.locator("guess-token")
        game.get_by_label("80%").check()
        assert {"80%", "5%"} <= set(re.findall(r"\d+%", game.locator(".rest").inner_text()))
        game.locator(".candidates > button").first.click()
        game.get_by_role("button", name="That is my guess").click()
        game.get_by_role("button", name="Next guess").wait_for()
        cut_off = game.locator(".bar").evaluate_all(
            "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
        )
        assert cut_off == []
        heads, first = (
            game.locator(".heads span"),
            game.locator(".bars:not(.heads)").first.locator(".bar"),
        )
        for i in (0, 1):  # each name stands above its bars
            assert heads.nth(i).bounding_box()["x"] == pytest.approx(
                first.nth(i).bounding_box()["x"], abs=1
            )
