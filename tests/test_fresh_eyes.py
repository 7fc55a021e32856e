"""What somebody who sees it for the first time stumbles over, in Chat, Compare, Read and frames."""

import math
import re
from difflib import SequenceMatcher
from types import SimpleNamespace
from unittest import mock
from urllib.parse import quote, urlencode

from data import persona
from helpers import SMALL, opened, read, run_script, served, train_in
from terrarium.generation import stream
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest

NOA = """speaker = noa

visitor = tom / anna / mia

hello
? hello / good morning
- hello to you, who come from so far away to see me here.
- good day. the sun has been up for a long time already.

home
? where do you live / where is your home
- i live under the table, beside the old lamp and the chair.

name told
? my name is {visitor} / i am {visitor}
- hello, {visitor}.
"""


@pytest.fixture(scope="module")
def noa(tmp_path_factory):
    """A site that shows the run of a persona; not to be changed."""
    home = tmp_path_factory.mktemp("noa")
    (home / "noa.txt").write_text(NOA, "utf-8")
    with mock.patch.object(persona, "CONVERSATIONS", 400):
        small = ("--vocab-size", 64, "--n-ctx", 192, "--steps", 120, "--snapshots", 2)
        train_in(home, *SMALL, "--dataset", "noa.txt", *small)
    run_script("export_for_web.py", "runs/noa", "--out", "site", cwd=home).check_returncode()
    with served(home / "site") as address:
        yield SimpleNamespace(address=address)


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


def talking(browser, noa, *lines, **how):
    chat = urlencode({"chat": "\n".join(lines)})
    return opened(browser, f"{noa.address}/playground.html#{chat}", **how)


def explained(page, turn):
    """Ask why a reply is as it is, and wait for all that is found out about it."""
    page.get_by_role("button", name=f"Why this reply? Reply {turn}").click()
    page.wait_for_function(
        "() => document.querySelector('chat-why').reason?.without"
        " && !document.querySelector('chat-without').isUpdatePending"
    )


def comparing(browser, site, hash):
    return opened(browser, f"{site.address}/playground.html#{hash}")


def compared(page):
    """The figure, once both texts are written."""
    figure = page.locator("compare-texts")
    figure.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => { const one = document.querySelector('compare-texts');"
        " return one.isReady && one.isWritten && !one.isUpdatePending; }"
    )
    return figure


# Compare ----------------------------------------------------------------------------------------


def parts(text):
    """Words, and signs, as somebody would count them."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s]|_", text)


def common_words(one, other):
    """The largest number of parts that two texts have in the same order."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = row
        row = [0]
        for j, b in enumerate(other):
            row.append(before[j] + 1 if a == b else max(row[-1], before[j + 1]))
    return row[-1]


def written_by(run, step, prompt, **how):
    model = quantize(run.at(step), "int8")[2]
    how = {"temperature": run.s.temperature, "tokens": 60, **how}
    ids = [i for i, _ in stream(run, prompt, model, **how)]
    return run.tokenizer.decode(ids).replace(END, "")


def test_words_are_underlined_that_the_other_text_does_not_have_and_no_others(browser, site, run):
    last = run.steps[-1]
    texts = [written_by(run, last, run.prompts[0], **how) for how in ({}, {"temperature": 1.1})]
    with comparing(browser, site, f"other={quote('temperature=1.1')}") as page:
        figure = compared(page)
        for i, side in enumerate(("first", "second")):
            pane = figure.get_by_role("group", name=f"The {side} text")
            marked = pane.locator("mark").all_text_contents()
            mine, others = parts(texts[i]), parts(texts[1 - i])
            n = len(mine) - common_words(mine, others)
            assert 0 < n < len(mine), "some words are the same, and others are not"
            assert len(parts(" ".join(marked))) == n
            # What is left when they are taken away is in the other text, too, in the same order.
            rest = [one for one in mine]
            for one in parts(" ".join(marked)):
                assert one in rest
            assert pane.locator(".differs").count() == 1


def test_texts_that_begin_differently_are_not_said_to_part(browser, site):
    with comparing(browser, site, f"length=30&other={quote('text=The boy saw')}") as page:
        figure = compared(page)
        assert figure.locator(".differs").count() == 0
        assert "begin differently" in figure.locator(".verdict").first.inner_text()
        assert figure.locator("mark").count() > 0
        assert re.search(r"\d+ words and the second \d+", figure.inner_text())


def likeness(one, other):
    """The words that two texts have in common, as a part of all."""
    a, b = parts(one), parts(other)
    words = [len([part for part in text if part[0].isalnum()]) for text in (a, b)]
    if not sum(words):
        return 1
    same = SequenceMatcher(None, a, b, autojunk=False)  # any alignment will do for a rough number
    common = sum(
        a[block.a + k][0].isalnum() for block in same.get_matching_blocks() for k in range(block.size)
    )
    return 2 * common / sum(words)


@pytest.mark.parametrize("other", ["step=0", "temperature=1.6", "text=The girl"])
def test_other_luck_is_the_measure_of_what_a_change_does(browser, site, run, other):
    last = run.steps[-1]
    name, value = other.split("=")
    how = {"temperature": float(value)} if name == "temperature" else {}
    step = 0 if name == "step" else last
    prompt = value if name == "text" else run.prompts[0]
    firsts = [written_by(run, last, run.prompts[0], tokens=40, seed=seed) for seed in range(1, 9)]
    seconds = [written_by(run, step, prompt, tokens=40, seed=seed, **how) for seed in range(1, 9)]
    with comparing(browser, site, f"length=40&other={quote(other)}") as page:
        figure = compared(page)
        figure.get_by_role("button", name="Write each with 8 seeds").click()
        page.wait_for_function("() => document.querySelector('compare-texts').counted?.seeds")
        verdict = figure.locator(".verdict").last.inner_text()
        shown = [int(re.sub(r"\D", "", one)) for one in figure.locator(".likeness dd:not(.bar)").all_inner_texts()]
    pairs = [(i, j) for i in range(8) for j in range(8) if i != j]
    expected = [
        math.fsum(map(likeness, firsts, seconds)) / 8,
        math.fsum(likeness(firsts[i], firsts[j]) for i, j in pairs) / len(pairs),
        math.fsum(likeness(seconds[i], seconds[j]) for i, j in pairs) / len(pairs),
    ]
    assert shown == pytest.approx([100 * one for one in expected], abs=6)
    n_less = re.search(r"in (\d|none) of 8 seeds", verdict)[1]
    means_more = n_less != "none" and int(n_less) >= 7
    means_less = n_less == "none" or int(n_less) <= 1
    assert ("more than other luck" in verdict) == means_more
    assert ("Other luck does more" in verdict) == means_less
    if other == "step=0":
        assert means_more  # a model that has learned nothing
