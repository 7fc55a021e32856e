"""Lesson 07, prediction: its bars, its draws and its texts are those of PyTorch."""

import json
import re

from helpers import opened
from terrarium.generation import pick, random_numbers, sampling_probs
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

LESSON = "lessons/07-prediction.html"
PLACE = 7  # a position in the text
ROWS = """() => [...document.querySelector("sample-by-hand").renderRoot.querySelectorAll("tbody tr")]
    .map((row) => [row.querySelector(".bar i").style.width, row.querySelector(".p").innerText,
        row.querySelector(".n").innerText, row.classList.contains("is-drawn")])"""


@pytest.fixture(scope="module")
def model(smoke_run):
    run = Run(smoke_run)
    return quantize(run.at(run.steps[-1]), "int8")[2]


def rows(page):
    """Of each bar: its probability, what stands beside it, its draws, whether it is drawn."""
    page.locator("sample-by-hand tbody tr").first.wait_for()
    page.evaluate("() => document.querySelector('sample-by-hand').updateComplete")
    return [
        (float(width.rstrip("%")) / 100, shown, int(n or 0), is_drawn)
        for width, shown, n, is_drawn in page.evaluate(ROWS)
    ]


def set_handle(page, name, value):
    page.locator(f"sample-by-hand [data-handle={name}]").fill(str(value))


def logits_at(page, model, position=PLACE):
    ids = page.evaluate("() => [...document.querySelector('sample-by-hand').pass.ids]")
    with torch.inference_mode():
        return model(torch.tensor([ids[:position]]))[0][0, -1].double()


def likeliest(p):
    """The nine largest probabilities, and all others together."""
    return [*p[:9].tolist(), p[9:].sum().item()]


def test_the_bars_are_what_pytorch_would_draw_with(browser, site, model):
    with opened(browser, f"{site.address}/{LESSON}#position={PLACE}") as page:
        own = rows(page)
        logits = logits_at(page, model)
        order = logits.argsort(descending=True)
        p = logits.softmax(0)[order]
        assert [one[0] for one in own] == pytest.approx(likeliest(p), abs=1e-4)
        for handle, shown, how in (
            ("temperature", 0.5, dict(temperature=0.5)),
            ("topK", 3, dict(temperature=0.5, top_k=5)),
            ("topP", 0.6, dict(temperature=0.5, top_k=5, top_p=0.6)),
        ):
            set_handle(page, handle, shown)
            p = sampling_probs(logits, **how)[order]
            found = rows(page)
            assert [one[0] for one in found] == pytest.approx(likeliest(p), abs=1e-4)
        assert [one[1] == "cut off" for one in found] == [one == 0 for one in likeliest(p)]
        page.get_by_role("button", name="Put the handles back").click()
        assert rows(page) == own


def test_a_hundred_draws_are_those_of_the_seed(browser, site, model):
    with opened(browser, f"{site.address}/{LESSON}#position={PLACE}") as page:
        rows(page)
        page.get_by_role("button", name="A hundred draws").click()
        set_handle(page, "temperature", 1.5)
        logits = logits_at(page, model) / 1.5
        order = logits.argsort(descending=True).tolist()
        p = logits.softmax(0)
        for seed in (1, 2):
            numbers = random_numbers(seed)
            drawn = [pick(p, next(numbers)) for _ in range(100)]
            expected = [drawn.count(id) for id in order[:9]]
            found = rows(page)
            assert [n for _, _, n, _ in found] == [*expected, 100 - sum(expected)]
            assert [is_drawn for *_, is_drawn in found].index(True) == min(order.index(drawn[0]), 9)
            page.get_by_role("button", name="Draw again").click()


def test_at_a_temperature_of_zero_another_seed_changes_nothing(browser, site):
    with opened(browser, f"{site.address}/{LESSON}#position={PLACE}") as page:
        rows(page)
        page.get_by_role("button", name="A hundred draws").click()
        before = rows(page)
        page.get_by_role("button", name="Draw again").click()
        assert rows(page) != before
        set_handle(page, "temperature", 0)
        before = rows(page)
        assert before[0] == (1, "100%", 100, True)
        page.get_by_role("button", name="Draw again").click()
        assert rows(page) == before


def test_another_place_of_the_text_has_bars_of_its_own(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        before = rows(page)
        text = page.locator("sample-by-hand .text").inner_text()
        page.get_by_role("button", name="Later").click()
        page.wait_for_function("() => /position=\\d/.test(location.hash)")
        assert rows(page) != before
        longer = page.locator("sample-by-hand .text").inner_text()
        assert longer.startswith(text.rstrip("?"))
        assert len(longer) > len(text)


def repeated_fraction(tokens, least=12):
    """How many characters stand in stretches that began earlier, too."""
    marked = set()
    for start in range(1, len(tokens)):
        for earlier in range(start):
            n = 0
            while start + n < len(tokens) and tokens[earlier + n] == tokens[start + n]:
                n += 1
            if len("".join(tokens[start : start + n])) >= least:
                marked |= set(range(start, start + n))
    return sum(len(tokens[i]) for i in marked) / len("".join(tokens))


def test_greedy_takes_the_likeliest_token_each_time_and_what_it_repeats_is_counted(
    browser, site, smoke_run
):
    run = Run(smoke_run)
    step = run.steps[1]  # so early that it goes round in circles
    model = quantize(run.at(step), "int8")[2]
    is_written = """() => { const one = document.querySelector("greedy-text");
        return !one.isWriting && one.greedy.length && one.drawn.length; }"""
    with opened(browser, f"{site.address}/{LESSON}#step={step}") as page:
        figure = page.locator("greedy-text")
        figure.scroll_into_view_if_needed()
        page.wait_for_function(is_written)
        greedy, drawn = page.evaluate(
            "() => { const { greedy, drawn } = document.querySelector('greedy-text'); return [greedy, drawn]; }"
        )
        ids = run.tokenizer.start + run.tokenizer.encode(run.prompts[0])
        with torch.inference_mode():
            for token in greedy:
                logits = model(torch.tensor([ids]))[0][0, -1]
                id = run.tokenizer.ids[token]
                assert logits[id] == pytest.approx(logits.max().item(), abs=1e-3)
                ids.append(id)
        shown = [
            int(re.search(r"\d+", one)[0]) for one in figure.locator(".count").all_inner_texts()
        ]
        expected = [100 * repeated_fraction(tokens) for tokens in (greedy, drawn)]
        assert shown == pytest.approx(expected, abs=1)
        assert shown[0] > 0
        marked = figure.locator("[data-way=greedy] mark").all_text_contents()
        assert sum(map(len, marked)) > 0
        figure.get_by_role("button", name="Write both again").click()
        page.wait_for_function(
            "(before) => JSON.stringify(document.querySelector('greedy-text').drawn) !== before",
            arg=json.dumps(drawn, ensure_ascii=False, separators=(",", ":")),
        )
        page.wait_for_function(is_written)
        assert page.evaluate("() => document.querySelector('greedy-text').greedy") == greedy
        assert page.evaluate("() => document.querySelector('greedy-text').drawn") != drawn
