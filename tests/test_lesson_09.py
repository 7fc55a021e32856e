"""The lesson on limits: what is counted, measured and predicted there is what PyTorch computes."""

import json
import math
import re

from helpers import logits, opened
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

LESSON = "lessons/09-limits.html"


@pytest.fixture(scope="module")
def model(smoke_run):
    """The model as the page has it."""
    run = Run(smoke_run)
    return quantize(run.at(run.steps[-1]), "int8")[2]


def probabilities(model, ids):
    """What a model expects after a text, (V)."""
    return logits(model, ids)[-1].double().softmax(0)


def percentages(text):
    """All of them in a text, as fractions."""
    return [float(one) / 100 for one in re.findall(r"([\d.]+)%", text)]


@pytest.mark.parametrize("n", [1, 7, 64])
def test_the_work_of_a_text_is_what_pytorch_multiplies(engine, smoke_run, model, n):
    run = Run(smoke_run)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(torch.zeros(1, n, dtype=torch.long))
    found = {str(name): flops // 2 for name, flops in counter.get_flop_counts()["Global"].items()}
    squares = sum(flops for name, flops in found.items() if "bmm" in name)
    matrices = sum(found.values()) - squares
    unembedding = run.s.n_embd * len(run.vocab)
    attention, other = engine(
        """async ([settings, n, size]) => {
            const { attentionWork, otherWork } = await import("/app/work.js");
            return [attentionWork(settings, n), otherWork(settings, n, size)]; }""",
        [vars(run.s), n, len(run.vocab)],
    )
    assert attention == squares * (n + 1) / (2 * n)  # PyTorch multiplies what is hidden, too
    assert other == matrices - (n - 1) * unembedding  # one guess is enough to go on


def test_time_is_measured_up_to_the_context_and_work_is_counted_beyond_it(browser, site, smoke_run):
    n_ctx = Run(smoke_run).s.n_ctx
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("context-cost")
        figure.get_by_role("button", name="Measure again").wait_for()
        rows = [one.inner_text().split("\t") for one in figure.locator("tbody tr").all()]
        lengths = [int(one[0].replace(",", "")) for one in rows]
        assert lengths == sorted({max(1, n_ctx * 2**by // 16) for by in range(9)})
        for n, *_, time in [(n, *row) for n, row in zip(lengths, rows, strict=True)]:
            assert (float(time.removesuffix(" ms")) > 0) if n <= n_ctx else (time == "no room")
        pairs = [int(row[1].replace(",", "")) for row in rows]
        assert pairs == [sum(range(1, n + 1)) for n in lengths]
        shares = [percentages(row[-2])[0] for row in rows]
        assert shares == sorted(shares)
        figure.get_by_role("slider").fill("0")
        figure.get_by_text(f"A text of {lengths[0]} tokens").wait_for()
        assert figure.locator("tr[aria-current]").inner_text().startswith(f"{lengths[0]}\t")


def test_what_is_cut_off_the_text_changes_nothing_that_the_model_expects(browser, site, model):
    """The probability of the next token is that of a text which begins where the window begins."""
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("context-window")
        figure.scroll_into_view_if_needed()
        figure.locator(".about").get_by_text("%").wait_for()
        ids, position = page.evaluate(
            """() => { const one = document.querySelector("context-window");
                return [[...one.pass.ids], one.target]; }"""
        )
        for seen in (3, position):
            figure.get_by_role("slider").fill(str(seen))
            expected = [
                probabilities(model, ids[:position])[ids[position]].item(),
                probabilities(model, ids[position - seen : position])[ids[position]].item(),
            ]
            page.wait_for_function(
                f"() => document.querySelector('context-window').read?.seen === {seen}"
            )
            rows = figure.locator("tbody.also .p")
            shown = [percentages(one)[0] for one in rows.all_inner_texts()]
            assert shown == pytest.approx(expected, abs=0.006)
            computed = page.evaluate(
                "() => [...document.querySelector('context-window').read.logits[1]]"
            )
            assert computed == pytest.approx(
                logits(model, ids[position - seen : position])[-1].tolist(), abs=1e-3
            )
        text = figure.locator(".text").inner_text()
        figure.get_by_role("button", name="Try another token").click()
        page.wait_for_function(
            """(before) => document.querySelector("context-window").renderRoot
                .querySelector(".text").innerText !== before""",
            arg=text,
        )


# A model that expects one word while it can see the same word further back, and no other.
COPYING = """async () => {
    const one = document.querySelector("context-window");
    const ids = [...one.pass.ids];
    const letters = (i) => /\\p{L}/u.test(one.run.vocab[ids[i]]);
    const copies = ids.map((id, i) => i - ids.lastIndexOf(id, i - 1))
        .flatMap((distance, i) => (i > 0 && distance >= 4 && distance < i && letters(i)) ? [[i, distance]] : []);
    const [expected, distance] = copies.at(-1);
    one.probability = async (position, seen) =>
        position !== expected ? 0.5 : seen >= distance ? 0.9 : 0.01;
    await one.find();
    return [one.candidates, expected]; }"""


def test_the_first_token_is_one_that_depends_on_the_same_word_further_back(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("context-window")
        figure.scroll_into_view_if_needed()
        page.locator("prompt-chooser").get_by_role("textbox").fill("the dog saw the cat. the dog")
        page.wait_for_function(
            """() => { const { pass, run } = document.querySelector("context-window");
                return pass && [...pass.ids].map((id) => run.vocab[id]).join("").includes("cat. the dog"); }"""
        )
        figure.locator(".about").get_by_text("%").wait_for()
        candidates, expected = page.evaluate(COPYING)
        assert candidates[0] == expected
        assert len(set(candidates)) == len(candidates) == 4


def test_two_texts_are_chosen_that_lead_to_different_guesses(browser, site, smoke_run, model):
    run = Run(smoke_run)
    texts = {}
    for text in (*(f"{one} dog" for one in ("The", "A", "His")), "She was", "They", "Tom said"):
        ids = [run.tokenizer.end, *run.tokenizer.encode(text)]
        texts.setdefault(probabilities(model, ids).argmax().item(), text)
    one, other = list(texts.values())[:2]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        chosen = page.evaluate(
            """async (pairs) => { const figure = document.querySelector("two-prompts");
                figure.pairs = pairs;
                figure.texts = pairs[0];
                figure.scrollIntoView();
                await figure.readBoth();
                return figure.texts; }""",
            [[one, one], [one, other], [other, one]],
        )
        assert chosen == [one, other]


def test_a_loss_counts_as_close_or_as_lower_than_that_on_new_text(engine):
    for train, expected in ((0.99, [True, False]), (0.8, [False, True])):
        known = engine(
            """async (train) => { const { factOf } = await import("/app/facts.js");
                const log = { loss: [train], validation: { loss: [1] } };
                const run = { manifest: {}, part: async () => log };
                const facts = [await factOf(run, "close_bits"), await factOf(run, "lower_bits")];
                return facts.map((one) => one !== undefined); }""",
            train,
        )
        assert known == expected


def test_after_a_wrong_token_the_model_goes_on_as_pytorch_would(browser, site, smoke, model):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("calm-falsehood")
        figure.scroll_into_view_if_needed()
        figure.locator(".side .first").nth(1).wait_for()
        question, sides = page.evaluate(
            """() => { const one = document.querySelector("calm-falsehood");
                return [one.questions[one.round], one.sides]; }"""
        )
        before = question["ids"][: question["position"]]
        right = question["ids"][question["position"]]
        assert [one["isFalse"] for one in sides] == [one["id"] != right for one in sides]
        assert sorted(one["isFalse"] for one in sides) == [False, True]
        shown = figure.locator(".side .caption").all_inner_texts()
        for side, text in zip(sides, shown, strict=True):
            ids, sure = [*before, side["id"]], []
            for token in side["tokens"]:
                p = probabilities(model, ids)
                assert token["id"] == p.argmax().item()
                sure.append(p.max().item())
                ids.append(token["id"])
            first = probabilities(model, before)[side["id"]].item()
            shown_first, shown_mean = percentages(text)
            assert shown_first == pytest.approx(first, abs=0.0051)
            assert shown_mean == pytest.approx(sum(sure) / len(sure), abs=0.0051)
        assert figure.locator(".side.false").count() == 0
        figure.get_by_role("button", name="The swap is in A").click()
        figure.get_by_role("button", name="Next text").wait_for()
        marked = figure.locator(".side").evaluate_all(
            "(all) => all.map((one) => one.classList.contains('false'))"
        )
        assert marked == [one["isFalse"] for one in sides]
        by_side = [percentages(text)[1] for text in shown]
        wrong, right = sorted(by_side, key=lambda p: not marked[by_side.index(p)])
        if abs(wrong - right) != pytest.approx(0.01):  # which may be less than the half of it
            figure.get_by_text(f"in {int(wrong > right)} of 1").wait_for()
        figure.get_by_role("button", name="Next text").press("Enter")
        figure.get_by_text("Text 2 of").wait_for()
        assert figure.locator(".side.false").count() == 0


def test_two_wordings_are_read_as_they_are_typed(browser, site, smoke_run, model):
    run = Run(smoke_run)
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("two-prompts")
        typed = ("The dog saw", "The cat and the dog")
        for field, text in zip(figure.get_by_role("textbox").all(), typed, strict=True):
            field.fill(text)
        page.wait_for_function(
            """(typed) => { const { texts, read } = document.querySelector("two-prompts");
                return read.every(Boolean) && typed.every((one, i) => texts[i] === one)
                    && read.every((one, i) => one.text === typed[i]); }""",
            arg=typed,
        )
        for text, table in zip(typed, figure.locator("table").all(), strict=True):
            ids = [run.tokenizer.end, *run.tokenizer.encode(text)]
            p, best = probabilities(model, ids).max(0)
            first = table.locator("tr").first
            assert first.locator("th").inner_text() == run.vocab[best].replace(" ", "·")
            assert percentages(first.inner_text())[0] == pytest.approx(p.item(), abs=0.006)
        for field in figure.get_by_role("textbox").all():
            field.fill("")
        page.wait_for_function(
            """() => document.querySelector("two-prompts").read.every((one) => one.text === "")"""
        )
        assert figure.locator("table tr").first.inner_text().strip()  # what a text begins with


def test_the_losses_that_are_compared_are_those_of_the_end_of_the_training(browser, site, smoke):
    log = json.loads((smoke / "log.json").read_text())
    last = log["loss"][-math.ceil(0.05 * len(log["loss"])) :]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        shown = page.locator("run-value[of=train_bits]")
        assert shown.inner_text() == f"{sum(last) / len(last) / math.log(2):.2f}"
        shown = page.locator("run-value[of=model_bits]").first
        metrics = json.loads((smoke / "manifest.json").read_text())["metrics"]
        assert shown.inner_text() == f"{metrics['validation_loss'] / math.log(2):.2f}"
