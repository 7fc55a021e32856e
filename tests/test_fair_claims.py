"""Talk to it: what is claimed of a text follows from what was measured, and says how it was chosen."""

import hashlib
import json
import math
import re
import shutil
from statistics import fmean

from helpers import opened, run_script, served
from terrarium.files import read_json
from terrarium.generation import stream
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

LEAST = 2  # words that count as a copy here: the smoke run has learned too little for longer ones


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def lenient(site, tmp_path_factory):
    """The address of the site, with copies of two words, and a long list of steps."""
    folder = tmp_path_factory.mktemp("lenient") / "site"
    shutil.copytree(site.folder, folder)
    export = folder / "exported" / "smoke"
    content = read_json(export / "copied.json")
    first, *rest = content["samples"]
    content |= dict(least_words=LEAST, samples=[first] * 20 + rest)
    file = json.dumps(content).encode()
    (export / "copied.json").write_bytes(file)
    manifest = read_json(export / "manifest.json")
    known = manifest["files"]["copied.json"]
    known |= dict(bytes=len(file), sha256=hashlib.sha256(file).hexdigest())
    (export / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with served(folder) as address:
        yield address


def there(browser, address, hash="", **size):
    return opened(browser, f"{address}/playground.html#{hash}", **size)


# Copied -----------------------------------------------------------------------------------------


def looked_for(page):
    page.get_by_role("button", name="Go on").wait_for()
    page.get_by_role("button", name="Look for copies").click()
    page.locator("copied-spans .meter b", has_text="%").nth(1).wait_for()


def sought(page, name):
    """Look for a text; -> what is said of it, and its seed."""
    page.get_by_role("button", name=name).click()
    page.wait_for_function(
        """() => { const one = document.querySelector("copied-spans");
            return one.quest?.isOver && !one.isUpdatePending; }"""
    )
    said = page.locator("copied-spans .seek [role=status]").inner_text()
    return said, int(re.search(r"seed (\d+)", said)[1])


def test_only_a_match_that_is_longer_than_any_in_unseen_text_is_called_known_by_heart(
    browser, lenient
):
    with there(browser, lenient, "length=20") as page:
        looked_for(page)
        found = {}
        for longest in (26, 30, 31):
            found[longest] = page.evaluate(
                """async (longest) => {
                    const one = document.querySelector("copied-spans");
                    const totals = { texts: 1, words: 40, copied: longest, longest };
                    one.result = { ...one.result, totals };
                    const each = [30, 28, 26, 9];
                    one.heldOut = { ...one.heldOut, words: 1000, copied: 84, each, longest: 30, texts: 4 };
                    await one.updateComplete;
                    return one.renderRoot.querySelector(".two .caption").textContent; }""",
                longest,
            )
        assert "may know this by heart" in found[31]
        assert "may know this by heart" not in found[30] + found[26]
        assert "1 of those texts has" in found[30] and "3 of those texts have" in found[26]


def test_of_a_text_that_was_picked_it_is_said_from_how_many(browser, lenient):
    with there(browser, lenient, "length=8&temperature=1") as page:
        looked_for(page)
        n_found = 0
        for _ in range(3):
            said, seed = sought(page, "Find one without")
            n_found += 1
        assert seed > n_found, "some were passed over"
        assert f"of {seed} texts" in said and f", {n_found} have" in said
        # Another beginning starts anew.
        page.get_by_role("textbox").first.fill("The boy")
        page.wait_for_function("() => !document.querySelector('copied-spans').quest")
        assert page.evaluate("() => document.querySelector('copied-spans').tried.size") == 0


def test_the_list_of_steps_begins_at_its_top_and_follows_a_choice(browser, lenient):
    where = """() => { const list = document.querySelector("copied-by-step").renderRoot.querySelector(".list");
        const row = list.querySelector("[aria-current]").closest("tr").getBoundingClientRect();
        const box = list.getBoundingClientRect();
        return { top: list.scrollTop, isShown: row.top >= box.top && row.bottom <= box.bottom }; }"""
    with there(browser, lenient, "length=8") as page:
        page.locator("copied-by-step table").wait_for()
        assert page.evaluate(where) == dict(top=0, isShown=False)
        page.evaluate("() => { location.hash = 'length=8&step=10'; }")
        page.wait_for_function(f"() => ({where})().isShown")
        assert page.evaluate(where)["top"] > 0


# Compare ----------------------------------------------------------------------------------------


def ids_of(run, step, seed, length):
    model = quantize(run.at(step), "int8")[2]
    how = dict(temperature=run.s.temperature, tokens=length, seed=seed)
    return [i for i, _ in stream(run, run.prompts[0], model, **how)]


def bits_per_token(run, ids):
    """How much the model of the last step is surprised by what follows a beginning."""
    model = quantize(run.at(run.steps[-1]), "int8")[2]
    prompt = [*run.tokenizer.start, *run.tokenizer.encode(run.prompts[0])]
    with torch.inference_mode():
        probs = model(torch.tensor([prompt + ids]))[0][0].softmax(-1)
    p = [probs[len(prompt) + i - 1, one].item() for i, one in enumerate(ids)]
    return -fmean(map(math.log2, p))


def words_of(run, ids):
    text = run.tokenizer.decode(ids).replace("<|endoftext|>", "").lower()
    return set(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text))


def counted(page):
    figure = page.locator("compare-texts")
    figure.scroll_into_view_if_needed()
    figure.locator(".verdict").filter(has_text=re.compile("^(They|Both)")).first.wait_for()
    figure.get_by_role("button", name="Write each with 8 seeds").click()
    page.wait_for_function(
        """() => { const one = document.querySelector("compare-texts");
            return one.counted?.seeds && !one.isUpdatePending; }"""
    )
    return figure


def test_the_first_model_says_how_well_it_predicts_the_texts_of_both(browser, site, run):
    firsts, seconds = (
        [ids_of(run, step, seed, 30) for seed in range(1, 9)] for step in (run.steps[-1], 0)
    )
    own, others = (fmean(bits_per_token(run, ids) for ids in texts) for texts in (firsts, seconds))
    assert others > own + 1, "so it has to be clear"
    with there(browser, site.address, "length=30&other=step%3D0") as page:
        figure = counted(page)
        shown = [float(one.split()[0]) for one in figure.locator(".surprise b").all_inner_texts()]
        assert shown == pytest.approx([own, others], abs=0.011)
        assert "That is more than chance" in figure.locator(".surprise").inner_text()
        assert "does more than other luck" in figure.locator(".verdict").last.inner_text()
        # The word that is counted is the one that tells the two apart best.
        words = [[words_of(run, ids) for ids in texts] for texts in (firsts, seconds)]
        every = set().union(*words[0], *words[1])

        def difference(word):
            first, second = (sum(word in one for one in texts) for texts in words)
            return abs(first - second)

        word = figure.get_by_label("Count the word").input_value()
        assert difference(word) == max(map(difference, every)) > 0
        assert f"{len(every)} words" in figure.evaluate("(one) => one.renderRoot.textContent")


def test_a_difference_that_words_in_common_do_not_see_is_found(browser, site):
    with there(browser, site.address, "length=10&other=step%3D10") as page:
        figure = counted(page)
        verdicts = {}
        for is_clear in (False, True):
            verdicts[is_clear] = page.evaluate(
                """async (isClear) => {
                    const one = document.querySelector("compare-texts");
                    const seeds = { ...one.counted.seeds, nLess: 4 };
                    const surprise = { ...one.counted.surprise, isClear };
                    one.counted = { ...one.counted, seeds, surprise };
                    await one.updateComplete;
                    return [...one.renderRoot.querySelectorAll(".verdict")].at(-1).textContent.trim(); }""",
                is_clear,
            )
        assert verdicts[True] != verdicts[False]
        assert "more than other luck" in verdicts[True] and "more than" not in verdicts[False]
        assert figure.locator(".surprise").count() == 1


def test_models_with_different_tokens_are_not_asked_about_each_other(
    browser, smoke_run, tale_run, tmp_path
):
    runs = (smoke_run, tale_run)
    run_script("export_for_web.py", *runs, "--out", "site", cwd=tmp_path).check_returncode()
    with served(tmp_path / "site") as address:
        with there(browser, address, "run=smoke&length=5&other=run%3Dtale") as page:
            figure = counted(page)
            assert figure.locator(".surprise b").count() == 0
            assert "different tokens" in figure.locator(".surprise").inner_text()
