"""Write the head, in the page: typed by keyboard in a real Chromium, judged there as by PyTorch."""

import gzip
import re
import shutil
import subprocess
import sys

from helpers import PATIENCE, ROOT, change, drawn, opened, served
from terrarium.typed_head import judge
from typed_heads import (
    HELPER,
    HELPER_LINE,
    HINTS,
    MISLEADING,
    RIGHT,
    RIGHT_CLASSES,
    STEPS,
    WRONG,
    WRONG_CLASSES,
    class_of,
    head,
    page_source,
    wrong,
    wrong_class,
)

import pytest
import torch
from playwright.sync_api import expect

SHIPPED = ROOT / "site"  # with the run of the default model

# Both Pythons ---------------------------------------------------------------------------------

ASK = """async ({ source, name }) => {
  const { startPython } = await import("/exercise/python.js");
  globalThis.kept ??= { python: await startPython({ print: (line) => kept.print?.(line) }) };
  const { python } = kept;
  try {
    const { reports } = python.call("read", source, name);
    return reports.length ? reports : python.call("stages").reports;
  } finally {
    python.collectGarbage();
  }
}"""
NEEDS_GRADIENTS = {  # right in the page, which has no gradients
    "weights cut off",
    "keys that do not learn",
    "normalised in place",
}
NOT_THERE = {"by way of numpy", "an array of numpy", "in double precision"}


@pytest.fixture(scope="module")
def in_the_page(engine):
    """in_the_page(source, name): what is reported of what a source calls so, judged in Chromium:
    [stage, message, hint, line] each."""
    return lambda source, name="attention": engine(ASK, dict(source=source, name=name))


def in_cpython(thing):
    return [
        list(mistake or (stage, None, None, None)) for stage, mistake in judge.stages(thing, torch)
    ]


def without_numbers(message):
    """A message without what comes of random numbers, or of each Python's own words."""
    message = re.sub(r"(Row|token) \d+|sums to [\d.e-]+", "…", message or "")
    message = re.sub(r"(name '\w+' )(is not|isn't) defined", r"\1is not defined", message)
    for words in (
        "ValueError in line 10: only one element tensors can be converted to Python scalars",
        "TypeError in line 10: can't convert Tensor to float",
    ):
        message = message.replace(words, "…")
    return message


def assert_same(page, real):
    """The same stages; of the last one, the same hint, line and message."""
    assert [stage for stage, *_ in page] == [stage for stage, *_ in real]
    _, message, hint, line = page[-1]
    assert (real[-1][2], real[-1][3]) == (hint, line)
    assert without_numbers(message) == without_numbers(real[-1][1])


@pytest.mark.parametrize("body", [*RIGHT.values(), STEPS], ids=[*RIGHT, "step by step"])
def test_a_right_head_is_right_in_both_pythons(in_the_page, body):
    thing, source = head(body)
    page = in_the_page(page_source(source))
    assert page == in_cpython(thing)
    assert len(page) == 9 and page[-1] == ["other_sizes", None, None, None]


@pytest.mark.parametrize("name", [*WRONG])
def test_a_wrong_head_fails_at_the_same_stage_and_line_in_both_pythons(in_the_page, name):
    thing, source = head(wrong(name))
    page = in_the_page(page_source(source))
    if name in NOT_THERE:
        stage, message, _, line = page[-1]
        assert (stage, line) == ("runs", 11)
        assert "exists in PyTorch, but not in this page" in message
    elif name in NEEDS_GRADIENTS:
        assert page[-1][:2] == ["other_sizes", None] and WRONG[name][2] == "training"
    else:
        assert_same(page, in_cpython(thing))
        assert (page[-1][0], page[-1][3]) == WRONG[name][2:]


def test_the_line_of_an_error_in_a_helper_is_that_of_the_helper(in_the_page):
    assert in_the_page(HELPER)[-1][2:] == ["matmul_shapes", HELPER_LINE]


@pytest.mark.parametrize("words", MISLEADING)
def test_a_line_that_a_message_names_is_not_taken_for_the_line_of_the_error(in_the_page, words):
    [[stage, message, _, line]] = in_the_page(page_source(head(f"raise ValueError({words!r})")[1]))
    assert (stage, line) == ("runs", 7)
    assert words.strip() in message


@pytest.mark.parametrize(
    "body, kind",
    [
        ("return q @ k, v", "matmul_shapes"),
        ("return torch.bmm(q[0], k[0]), v", "matmul_shapes"),
        ("return q + k[..., :3], v", "broadcast_shapes"),
        ("return softmax(q), v", "undefined_name"),
        ("return T, (T := 3)", "undefined_name"),
        ("raise RuntimeError('mat1 and mat2 shapes cannot be multiplied')", "runs"),
    ],
)
def test_the_hint_is_the_kind_of_an_error_and_not_read_out_of_its_message(in_the_page, body, kind):
    [[stage, _, hint, line]] = in_the_page(page_source(head(body)[1]))
    assert (stage, hint, line) == ("runs", kind, 7)


def test_every_hint_of_the_judge_is_one_that_the_page_has(engine):
    hints = engine("async () => Object.keys((await import('/exercise/exercises.js')).HINTS)")
    stages = ["layers", *(check.__name__ for check in judge.CHECKS), "in_model"]
    assert set(hints) == {*stages, *HINTS.values(), "broadcast_shapes", "blank", "order"}


@pytest.mark.parametrize("name", RIGHT_CLASSES)
def test_a_right_class_is_right_in_both_pythons(in_the_page, name):
    page = in_the_page(RIGHT_CLASSES[name].lstrip(), "Head")
    assert page == in_cpython(class_of(RIGHT_CLASSES[name]))
    assert len(page) == 10


@pytest.mark.parametrize("name", WRONG_CLASSES)
def test_a_wrong_class_fails_at_the_same_stage_and_line_in_both_pythons(in_the_page, name):
    page = in_the_page(wrong_class(name).lstrip(), "Head")
    assert_same(page, in_cpython(class_of(wrong_class(name))))
    assert (page[-1][0], page[-1][3]) == WRONG_CLASSES[name][2:]


# In the page ----------------------------------------------------------------------------------

SOURCE = page_source(head(STEPS)[1])
IN_FOCUS = """() => {
    let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one.getAttribute("aria-label") ?? one.textContent.trim(); }"""


class Desk:
    """The page, as somebody at a keyboard has it."""

    def __init__(self, page):
        self.page = page
        self.editor = page.get_by_role("textbox", name="Your code, in Python")

    def put(self, source):
        """A whole source in place of what is there, as if pasted."""
        self.editor.click()
        self.page.keyboard.press("Control+a")
        self.editor.evaluate(
            """(editor, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true,
                                                               cancelable: true })); }""",
            source,
        )

    def run(self, source=None):
        """What is said of a source, or of what is in the editor."""
        if source is not None:
            self.put(source)
        self.editor.click()
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function("""() => {
            const check = document.querySelector("head-check");
            return check.result && !check.busy && !check.isUpdatePending; }""")
        return self.page.locator("head-check .verdict").inner_text()

    @property
    def mistake(self):
        return self.page.evaluate("document.querySelector('head-check').result.mistake")

    @property
    def text(self):
        return self.page.evaluate("document.querySelector('code-editor').code")

    def replace(self, old, new):
        """Type over a piece of the code, found as somebody would: by its line."""
        self.put(self.text.replace(old, new))


def let_it_write(page, button):
    """Press a button of the story, which is further down."""
    page.locator("#inside").scroll_into_view_if_needed()
    page.get_by_role("button", name=button).click()


def choose_mistake(page, name):
    """Put a famous mistake into the editor, by somebody who has not written a right head yet, and knows what it shows."""
    page.locator("#mistakes").scroll_into_view_if_needed()
    page.get_by_role("button", name=name).click()
    sure = page.get_by_role("button", name="Show me all the same")
    asked = page.locator("guess-first legend", has_text=name)
    sure.or_(asked).wait_for()
    if sure.count():
        sure.click()
    asked.wait_for()


@pytest.fixture
def desk(browser, site):
    with opened(browser, f"{site.address}/write.html") as page:
        yield Desk(page)


@pytest.fixture(scope="module")
def one_desk(browser, site):
    """The same page for all tests that only run whole sources."""
    with opened(browser, f"{site.address}/write.html") as page:
        yield Desk(page)


def test_from_an_empty_body_through_mistakes_to_a_story_that_the_typed_head_writes(
    browser, site, tmp_path
):
    with opened(browser, f"{site.address}/write.html") as page:
        desk = Desk(page)
        assert desk.run().startswith("It returns nothing. It has to return two things")
        page.keyboard.press("Control+End")
        page.keyboard.type(
            "T, D = q.shape[-2:]\nscores = q @ k\nweights = scores.softmax(dim=-1)"
            "\nreturn weights @ v, weights\n"
        )
        assert "It raises RuntimeError in line 12: Expected size for first" in desk.run()
        assert page.locator("code-editor .cm-error-line").inner_text().strip() == "scores = q @ k"
        fixed = desk.text.replace("q @ k", "q @ k.transpose(-2, -1)")
        assert desk.run(fixed).startswith("4 of 10 right so far. It can see the future")
        assert re.search(
            r"Yours gives \d+% of a row to later tokens",
            page.locator("typed-map .description").inner_text(),
        )
        fixed = fixed.replace(
            "scores.softmax", "(scores + torch.full((T, T), -math.inf).triu(1)).softmax"
        )
        assert desk.run(fixed).startswith("6 of 10 right so far. The scores are not scaled.")
        assert desk.run(fixed.replace("-1)\n", "-1) / D**0.5\n", 1)).startswith(
            "This is attention. With your code in every head of the model, none of the 768 logits "
            "differs from PyTorch’s by more than 0.0000"
        )
        assert page.locator("head-check li.right").count() == 10
        assert "Both are the same" in page.locator("typed-map .description").inner_text()
        let_it_write(page, "Let it write with my code")
        page.get_by_text("Every token is the same.").wait_for()
        page.locator("#download").scroll_into_view_if_needed()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download my_head.py").click()
        download.value.save_as(tmp_path / "my_head.py")
    said = subprocess.run(
        [
            sys.executable,
            ROOT / "train.py",
            "--head",
            "my_head.py",
            "--preset",
            "smoke",
            "--steps",
            "2",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert said.returncode == 0, said.stderr
    assert "my_head.py computes attention." in said.stdout


def test_it_can_all_be_done_by_keyboard(browser, site):
    with opened(browser, f"{site.address}/write.html") as page:

        def tab_to(what):
            for _ in range(60):
                page.keyboard.press("Tab")
                if page.evaluate(IN_FOCUS) == what:
                    return
            raise AssertionError(f"Tab never comes to {what}")

        tab_to("Your code, in Python")
        for i, line in enumerate(STEPS.strip().splitlines()):
            page.keyboard.press("Enter") if i else None  # which indents by itself
            page.keyboard.type(line.strip())
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")  # indents
        assert page.evaluate("document.querySelector('code-editor').code").endswith(
            "    return weights @ v, weights\n    "
        )
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate(IN_FOCUS) == "Run it"
        page.keyboard.press("Enter")
        page.get_by_text("This is attention.").wait_for()
        tab_to("Let it write with my code")
        page.keyboard.press("Enter")
        page.get_by_text("Every token is the same.").wait_for()
        tab_to("Download my_head.py")


def test_the_verdict_is_announced_and_the_stages_have_words(one_desk):
    one_desk.run(SOURCE.replace(" / D**0.5", ""))
    heard = one_desk.page.locator("head-check").aria_snapshot()
    assert "status:" in heard and "The scores are not scaled." in heard
    for words in (
        "No peeking at the future : right",
        "The right scores, scaled : wrong",
        "The values are mixed : not yet checked",
    ):
        assert words in heard


@pytest.mark.parametrize(
    "source, stage, words, line",
    [
        (SOURCE.replace("v):", "v)"), "read", "colon", 6),
        (SOURCE.replace("    scores = q", "      scores = q"), "read", "indented", 8),
        (SOURCE.replace("softmax(dim=-1)", "softmax(dim=-1"), "read", "bracket", 10),
        (SOURCE.replace("scores.softmax", "scoers.softmax"), "runs", "'scoers'", 10),
        (SOURCE.replace("import torch\n", "import numpy\n", 1), "read", "numpy", 2),
        (SOURCE.replace("return ", "raise ValueError('see line 7')  # "), "runs", "see line 7", 11),
        (
            SOURCE.replace("attention", "attend"),
            "read",
            "It has to define attention(q, k, v).",
            None,
        ),
    ],
)
def test_what_cannot_run_is_named_and_its_line_is_marked(one_desk, source, stage, words, line):
    assert words in one_desk.run(source)
    assert (one_desk.mistake["stage"], one_desk.mistake["line"]) == (stage, line)
    marked = one_desk.page.locator("code-editor .cm-error-line")
    assert marked.count() == (line is not None)
    if line:
        assert marked.inner_text().strip() == source.split("\n")[line - 1].strip()


@pytest.mark.parametrize("width, height", [(853, 480), (390, 844)])
def test_what_is_said_of_a_line_stands_on_one_screen_with_that_line(browser, site, width, height):
    with opened(browser, f"{site.address}/write.html", width, height) as page:
        desk = Desk(page)
        desk.run(SOURCE.replace("    scores = q", "      scores = q"))
        page.wait_for_function("() => scrollY > 0")
        for part in ("code-editor .cm-error-line", "head-check .verdict"):
            box = page.locator(part).bounding_box()
            assert 0 <= box["y"] and box["y"] + box["height"] <= height, part
        assert "scores = q" in page.locator("head-check .line").inner_text()


def test_the_verdict_is_marked_as_old_as_soon_as_the_code_changes(desk):
    page = desk.page
    desk.run(SOURCE)
    desk.put(SOURCE.replace("dim=-1", "dim=-2"))
    assert page.get_by_text("The code has changed since you ran it.").is_visible()
    assert page.get_by_text("Yours, from the last run").is_visible()
    let_it_write(page, "Let it write with my code")
    page.get_by_text("The columns of the weights sum to one").wait_for()  # it ran again before
    page.get_by_text("The texts diverge after").wait_for()
    page.locator("typed-story select").select_option("1")
    assert page.locator("typed-story .prompt").first.inner_text() == "Once upon a time"


def test_small_modules_of_python_can_be_imported_and_others_are_named(one_desk):
    small = "functools, itertools, collections, operator, copy, time, types, abc, io, string, os"
    assert one_desk.run(SOURCE.replace("import math", f"import math, {small}")).startswith(
        "This is attention."
    )
    cached = SOURCE.replace("def attention", "@functools.lru_cache()\ndef attention").replace(
        "import math", "import math, functools"
    )
    assert "lru_cache" not in one_desk.run(cached)
    assert "datetime is not in this page" in one_desk.run(
        SOURCE.replace("import math", "import math, datetime")
    )


def test_what_one_run_does_to_torch_the_next_does_not_see(one_desk):
    assert "TypeError" in one_desk.run(
        SOURCE.replace("import math", "import math, torch\ntorch.full = None")
    )
    assert one_desk.run(SOURCE).startswith("This is attention.")


@pytest.mark.parametrize(
    "end, stage, words, line",
    [
        ("return 1, 2", "runs", "int and int", None),
        ("raise SystemExit", "runs", "SystemExit", 11),
        ("return input()", "runs", "input() does not work in this page", 11),
        ("return attention(q, k, v)", "runs", "calls itself", 11),
        ("return weights @ v − 1, weights", "read", "type - instead", 11),
    ],
)
def test_a_function_that_ends_oddly_is_a_mistake_and_the_next_one_is_judged_as_ever(
    one_desk, end, stage, words, line
):
    odd = SOURCE.replace("return weights @ v, weights", end)
    assert words in one_desk.run(odd)
    assert (one_desk.mistake["stage"], one_desk.mistake["line"]) == (stage, line)
    assert "/lib/" not in one_desk.page.locator("head-check .verdict").inner_text()
    assert one_desk.run(
        SOURCE.replace("import math", "from math import *\nimport math")
    ).startswith("This is attention.")


def test_an_endless_loop_is_stopped_and_the_page_lives_on(desk):
    endless = SOURCE.replace("    T, D", "    while True:\n        pass\n    T, D")
    desk.run(SOURCE)
    desk.page.evaluate("patience = 0.1")  # now a second has to pass
    assert desk.run(endless).startswith("Stopped after 10 seconds without a result.")
    desk.page.evaluate("patience = 10")
    assert desk.run(SOURCE).startswith("This is attention.")


def test_code_that_takes_long_says_what_is_checked_and_can_be_stopped(desk):
    page = desk.page
    endless = SOURCE.replace("    T, D", "    while q.shape[-2] == 5:\n        pass\n    T, D")
    desk.put(endless)
    desk.editor.click()
    page.keyboard.press("Control+Enter")
    said = page.locator("head-check .verdict")
    said.get_by_text("It works for other sizes").wait_for()
    first = int(re.search(r"(\d+) s", said.inner_text())[1])
    said.get_by_text(f"{first + 1} s").wait_for()
    assert page.locator("head-check [role=status]").first.inner_text() == ""
    page.get_by_role("button", name="Stop", exact=True).click()
    assert page.evaluate(IN_FOCUS) == "Run it"
    said.get_by_text("Stopped.").wait_for()
    assert page.get_by_role("button", name="Stop", exact=True).count() == 0
    assert desk.run(SOURCE).startswith("This is attention.")


NEVER_ENDING = SOURCE.replace(  # a story; what the code is judged by is never of this length
    "    scores", "    while T == 11:\n        pass\n    scores", 1
)


def test_a_story_can_be_stopped_and_another_one_told(desk):
    page = desk.page
    assert desk.run(NEVER_ENDING).startswith("This is attention.")
    let_it_write(page, "Let it write with my code")
    page.get_by_role("button", name="Stop").click()
    page.locator("typed-story .all").get_by_text("Stopped.").wait_for()
    assert page.locator("typed-story .differs").count() == 0
    desk.run(SOURCE)
    let_it_write(page, "Let it write with my code")
    page.get_by_text("Every token is the same.").wait_for()


def test_a_story_says_that_older_code_wrote_it_and_the_next_one_is_told_in_its_place(desk):
    page = desk.page
    desk.run(SOURCE)
    let_it_write(page, "Let it write with my code")
    page.get_by_text("Every token is the same.").wait_for()
    old = page.locator("typed-story .old")
    assert old.count() == 0
    desk.put(SOURCE.replace(" / D**0.5", ""))
    old.wait_for()
    button = page.get_by_role("button", name="Let it write with my code")
    button.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    button.click()
    page.get_by_text("The texts diverge after").wait_for()
    assert old.count() == 0
    assert abs(page.evaluate("scrollY") - before) < 100, "it jumped away from the story"


def test_code_that_cannot_go_in_after_a_change_says_so_beside_the_story(desk):
    page = desk.page
    desk.run(SOURCE)
    let_it_write(page, "Let it write with my code")
    page.get_by_text("Every token is the same.").wait_for()
    desk.put(SOURCE.replace("weights @ v, weights", "weights @ v"))
    let_it_write(page, "Let it write with my code")
    page.locator("typed-story").get_by_text("It has to return two things").wait_for()
    assert page.locator("typed-story .old").count() == 1
    desk.put(SOURCE)
    let_it_write(page, "Let it write with my code")  # no need to run it first
    page.locator("typed-story .old").wait_for(state="detached")
    page.get_by_text("Every token is the same.").wait_for()


def test_running_something_else_ends_a_story(desk):
    page = desk.page
    desk.run(NEVER_ENDING)
    let_it_write(page, "Let it write with my code")
    page.get_by_role("button", name="Stop").wait_for()
    assert "not scaled" in desk.run(SOURCE.replace(" / D**0.5", ""))
    assert page.locator("typed-story .all").get_by_text("Stopped.").is_visible()
    page.get_by_role("button", name="The class Head").click()
    assert page.locator("typed-story .text").count() == 0


def test_what_is_left_while_it_runs_says_nothing_where_one_goes(desk):
    page = desk.page
    desk.put(SOURCE.replace("    T, D", "    while True:\n        pass\n    T, D"))
    page.keyboard.press("Control+Enter")
    page.get_by_text("Running …").wait_for()
    choose_mistake(page, "The forgotten scale")
    page.wait_for_function("() => !document.querySelector('head-check').busy")
    assert page.locator("head-check .verdict").inner_text().startswith("Run it whenever you like.")
    assert "not scaled" in desk.run()


def test_undoing_does_not_reach_into_another_exercise(desk):
    page = desk.page
    desk.put(SOURCE)
    page.get_by_role("button", name="The class Head").click()
    desk.editor.click()
    page.keyboard.press("Control+z")
    assert "class Head" in desk.text
    page.reload()
    drawn(page)
    assert "class Head" in desk.text
    page.goto(page.url.replace("exercise=head", "exercise=attention"))
    page.wait_for_function(
        "() => document.querySelector('code-editor').code.includes('weights @ v')"
    )


def test_a_size_written_into_a_class_is_named_though_the_model_has_another(desk):
    desk.page.get_by_role("button", name="The class Head").click()
    assert "5 tokens and heads of 9 numbers" in desk.run(
        wrong_class("sizes written as numbers").lstrip()
    )
    assert desk.mistake["stage"] == desk.mistake["hint"] == "other_sizes"


def test_typed_code_cannot_reach_the_page_or_another_site(desk):
    assert "js is not in this page" in desk.run(SOURCE.replace("import math", "import js, math"))
    worker = next(one for one in desk.page.workers if one.evaluate("'loadMicroPython' in self"))
    other = "() => fetch('http://localhost:1/').catch((error) => error.message)"
    assert worker.evaluate(other) == "Only this site can be reached."
    hidden = other.replace(
        "fetch('http://localhost:1/')", "fetch(new Request('http://localhost:1/'))"
    )
    assert worker.evaluate(hidden) == "Only this site can be reached."
    assert worker.evaluate("() => typeof WebSocket + typeof XMLHttpRequest") == "undefined" * 2


def test_a_logit_that_differs_from_pytorchs_fails_the_last_stage(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    change(
        copy / "exported" / "smoke",
        "logits/000020.json",
        lambda logits: logits.__setitem__(3, logits[3] + 0.001),
    )
    with served(copy) as address, opened(browser, f"{address}/write.html") as page:
        desk = Desk(page)
        assert desk.run(SOURCE).startswith("9 of 10 right so far.")
        assert desk.mistake["stage"] == desk.mistake["hint"] == "in_model"


def test_without_a_held_out_text_nothing_is_made_up(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    change(copy / "exported" / "smoke", "check.json", lambda check: check.update(held_out=None))
    with served(copy) as address, opened(browser, f"{address}/write.html") as page:
        choose_mistake(page, "The forgotten mask")
        page.locator("guess-first input").first.check()
        page.get_by_role("button", name="Run it and see").click()
        page.get_by_text("This run was exported before there was a text").wait_for()
        assert page.locator("guess-first .true").count() == 0
        page.get_by_role("button", name="Back to my code").click()
        Desk(page).run(SOURCE)
        let_it_write(page, "Let it write with my code")
        page.get_by_text("Every token is the same.").wait_for()
        page.locator("typed-story").get_by_text("Their losses are not known.").wait_for()


def test_a_mistake_that_was_not_guessed_at_is_not_judged(desk):
    page = desk.page
    choose_mistake(page, "Softmax along the columns")
    desk.run()
    told = page.locator("guess-first .outcome")
    told.wait_for()
    assert "blind guess among" in told.inner_text()
    assert "predicted" not in told.inner_text() and "turned out" not in told.inner_text()
    row = page.evaluate("[...document.querySelector('typed-map').maps.typed.slice(0, 13)]")
    measured = page.evaluate("document.querySelector('guess-first').measured.firstRowSum")
    assert measured == pytest.approx(sum(row), abs=1e-5)


def test_what_is_printed_is_shown_once_and_not_without_end(desk):
    few = SOURCE.replace("    weights", "    print('rows', tuple(scores.shape))\n    weights", 1)
    desk.run(few)
    page = desk.page
    assert page.get_by_label("What it printed").inner_text() == "rows (1, 2, 13, 13)"
    desk.run(few.replace("scores.shape))", "scores.shape), end=' ')"))
    assert page.get_by_label("What it printed").inner_text().strip() == "rows (1, 2, 13, 13)"
    desk.run(
        SOURCE.replace("    weights", "    for i in range(1234):\n        print(i)\n    weights", 1)
    )
    assert page.get_by_label("What it printed").inner_text().endswith("\n98\n99")
    assert page.get_by_text("and 1,134 more lines.").is_visible()


def test_hints_come_one_by_one_and_the_answer_only_when_asked_for(desk):
    page = desk.page
    desk.run(SOURCE.replace(" / D**0.5", ""))
    assert page.get_by_text("/ D**0.5", exact=False).count() == 0
    page.get_by_role("button", name="A larger hint").click()
    hint = page.locator("head-check .hint").inner_text()
    assert "divide the scores by the square root of D" in hint
    assert page.get_by_label("One right answer").count() == 0
    page.get_by_role("button", name="Show me an answer").click()
    answer = page.get_by_label("One right answer").inner_text()
    assert desk.run(answer).startswith("This is attention.")
    assert page.get_by_label("One right answer").count() == 0


def test_a_mistake_can_be_put_into_the_model_on_purpose(desk):
    page = desk.page
    desk.run(SOURCE.replace("full((T, T), -math.inf)", "zeros((T, T))"))
    let_it_write(page, "See what this mistake does")
    page.get_by_text("The texts diverge after").wait_for()
    losses = [
        float(re.search(r"([\d.]+) nats", one.inner_text())[1])
        for one in page.locator("typed-story .loss").all()
    ]
    assert losses[0] > losses[1]
    desk.run(SOURCE.replace("triu(1)", "triu(0)"))
    let_it_write(page, "See what this mistake does")
    page.get_by_text("The model’s output is NaN").wait_for()


def test_a_bad_loss_beside_a_good_text_is_explained_only_where_it_is_the_mask(browser):
    with served(SHIPPED) as address, opened(browser, f"{address}/write.html") as page:
        desk = Desk(page)
        for source, is_explained in (
            (SOURCE.replace("full((T, T), -math.inf)", "zeros((T, T))"), True),
            (
                SOURCE.replace(
                    "full((T, T), -math.inf).triu(1)", "full((T, T), -math.inf).tril(-1)"
                ),
                False,
            ),
            (SOURCE.replace(" / D**0.5", ""), False),
        ):
            desk.run(source)
            let_it_write(page, "See what this mistake does")
            page.get_by_text("The texts diverge after").wait_for()
            assert page.locator("typed-story .why").count() == is_explained


def test_the_text_says_at_which_words_it_diverges_from_the_other(desk):
    page = desk.page
    desk.run(SOURCE.replace(" / D**0.5", ""))
    let_it_write(page, "See what this mistake does")
    said = page.get_by_text("The texts diverge after")
    said.wait_for()
    words = page.locator("typed-story .differs").all_inner_texts()
    assert len(words) == 2
    for word in words:
        assert f"“{word.replace(' ', '·').replace('↵·', '↵')}" in said.inner_text()


def test_the_losses_are_those_of_pytorch(desk, smoke_run, site):
    from helpers import model_of, read

    text = read(site.folder / "exported" / "smoke", "check")["held_out"]["ids"]
    source = SOURCE.replace(" / D**0.5", "")
    desk.run(source)
    let_it_write(desk.page, "See what this mistake does")
    said = desk.page.locator("typed-story .all").get_by_text("with your code it is")
    said.wait_for()
    names = {}
    exec(source, names)
    model = model_of(site.folder / "exported" / "smoke", 20)
    with torch.inference_mode():
        logits, _ = model(torch.tensor([text[:-1]]), names["attention"])
    loss = torch.nn.functional.cross_entropy(logits[0], torch.tensor(text[1:])).item()
    assert float(
        re.search(r"with your code it is ([\d.]+)\.", said.inner_text())[1]
    ) == pytest.approx(loss, abs=2e-4)


def test_the_whole_class_is_written_tried_and_put_into_the_model(desk):
    page = desk.page
    page.get_by_role("button", name="The class Head").click()
    assert "exercise=head" in page.url and "class Head(nn.Module):" in desk.text
    assert desk.run().startswith("It has no layer called query.")
    assert desk.run(wrong_class("scaled by the width").lstrip()).startswith("7 of 11 right so far.")
    assert desk.run(RIGHT_CLASSES["step by step"].lstrip()).startswith("This is attention.")
    assert page.locator("head-check li.right").count() == 11
    let_it_write(page, "Let it write with my code")
    page.get_by_text("Every token is the same.").wait_for()


def test_what_a_button_leads_to_gets_the_focus_and_has_a_name(desk):
    page = desk.page
    page.get_by_role("button", name="Start over").click()
    asked = page.get_by_role("group", name="Delete what you did here?")
    assert asked.locator("button:focus").inner_text() == "Keep it"
    desk.run(SOURCE.replace(" / D**0.5", ""))
    page.get_by_role("button", name="A larger hint").click()
    page.get_by_role("button", name="Show me an answer").click()
    page.locator("head-check #answer:focus").wait_for()
    assert page.evaluate(IN_FOCUS) == "One right answer"
    expect(desk.editor).to_have_accessible_description(re.compile("Esc, then Tab"))


def test_what_was_typed_survives_a_reload_and_is_deleted_only_if_that_is_meant(desk):
    page, start = desk.page, desk.text
    desk.put(SOURCE)
    page.get_by_role("button", name="The class Head").click()
    page.reload()
    drawn(page)
    assert "class Head" in desk.text
    page.get_by_role("button", name="The function attention").click()
    assert desk.text == SOURCE
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Keep it").click()
    assert desk.text == SOURCE
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Delete it").click()
    assert desk.text == start
    page.reload()
    drawn(page)
    assert desk.text == start


def test_a_famous_mistake_is_guessed_at_tried_and_leaves_what_was_typed_alone(desk):
    page = desk.page
    desk.put(SOURCE)
    choose_mistake(page, "A mask that hides the token itself")
    assert "triu(0)" in desk.text
    marked = page.locator("code-editor .cm-changed-line")
    assert "triu(0)" in marked.inner_text()
    line = desk.text.split("\n").index(marked.inner_text()) + 1
    assert f"line {line}." in page.locator("exercise-chooser .mistake").inner_text()
    page.get_by_label("NaN, which is not a number").check()
    page.get_by_role("button", name="Run it and see").click()
    page.get_by_text(
        "You predicted it. The model’s loss is NaN, and no token can be chosen"
    ).wait_for()
    page.get_by_text("✓ You predicted it").wait_for()
    choose_mistake(page, "The forgotten scale")
    page.get_by_label("Paler: each token looks at more of the others").check()
    page.get_by_role("button", name="Run it and see").click()
    page.get_by_text("It turned out differently. A row is spread over").wait_for()
    page.get_by_role("button", name="Back to my code").click()
    assert desk.text == SOURCE and marked.count() == 0
    page.reload()
    drawn(page)
    assert desk.text == SOURCE


MESSAGES = """() => {
    const roots = [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot)];
    const live = roots.flatMap((root) => [...(root?.querySelectorAll("[role=status], [aria-live]") ?? [])]);
    return live.map((one) => one.innerText.trim()).filter(Boolean); }"""


def test_who_asks_what_a_famous_mistake_does_hears_that_and_nothing_else(desk):
    page = desk.page
    choose_mistake(page, "The forgotten scale")
    asked = page.get_by_role("group", name="The forgotten scale")
    assert asked.locator("input:focus").count() == 1
    expect(asked).to_have_accessible_description(re.compile("square root of D.*map look like"))
    asked.get_by_label("Paler").check()
    page.get_by_role("button", name="Run it and see").click()
    outcome = page.locator("guess-first .outcome")
    outcome.wait_for()
    assert page.evaluate(IN_FOCUS) == outcome.evaluate("outcome => outcome.textContent.trim()")
    assert page.evaluate(MESSAGES) == []
    assert "not scaled" in page.locator("head-check .verdict").inner_text()


@pytest.mark.parametrize("width, height", [(853, 480), (390, 844), (1440, 900)])
def test_a_famous_mistake_is_on_one_screen_with_the_question_about_it(browser, site, width, height):
    with opened(browser, f"{site.address}/write.html", width, height) as page:
        choose_mistake(page, "The forgotten scale")
        page.locator("code-editor .cm-changed-line").wait_for()
        for part in (
            page.get_by_role("button", name="Back to my code"),
            page.locator("code-editor .cm-changed-line"),
            *page.locator("guess-first label").all(),
            page.get_by_role("button", name="Run it and see"),
        ):
            box = part.bounding_box()
            assert 0 <= box["y"] and box["y"] + box["height"] <= height


def test_every_famous_mistake_has_one_choice_that_comes_true(browser):
    with served(SHIPPED) as address, opened(browser, f"{address}/write.html") as page:
        page.locator("#mistakes").scroll_into_view_if_needed()
        page.locator("famous-mistakes b").first.wait_for()
        for name in page.locator("famous-mistakes b").all_inner_texts():
            choose_mistake(page, name)
            page.locator("guess-first input").first.check()
            page.get_by_role("button", name="Run it and see").click()
            page.locator("guess-first .outcome").wait_for()
            assert page.locator("guess-first .true").count() == 1, name
            mistake = page.evaluate("""() => { const { mistake, measured } =
                document.querySelector("guess-first");
                return mistake.choices.map(({ holds }) => holds(measured)); }""")
            assert mistake.count(True) == 1, name


def test_the_first_example_is_a_head_that_looks_at_a_telling_token(browser):
    """Neither at the first token, nor at the query itself or its neighbour."""
    with served(SHIPPED) as address, opened(browser, f"{address}/write.html") as page:
        query, key, head = page.evaluate("""() => {
            const row = document.querySelector("token-row");
            const query = row.shownPosition - 1;
            const weights = row.pass.attentionRow(row.headIndex, query);
            return [query, weights.indexOf(Math.max(...weights)), row.shownHead]; }""")
        assert 0 < key < query - 1
        assert page.locator("typed-map select").input_value() == head
        assert "head=" not in page.url


def test_another_head_is_chosen_and_everything_follows(desk):
    page = desk.page
    desk.run(SOURCE)
    before = page.evaluate("[...document.querySelector('typed-map').maps.builtin]")
    select = page.locator("typed-map select")
    now = select.input_value()  # which head is chosen at first depends on what the run became
    other = next(head for head in ("0.0", "0.1") if head != now)
    select.select_option(other)
    page.wait_for_function(
        "before => document.querySelector('typed-map').maps.builtin.some("
        "(one, i) => one !== before[i])",
        arg=before,
    )
    assert f"head={other}" in page.url
    assert "Both are the same" in page.locator("typed-map .description").inner_text()
    looked = page.locator("token-row .description", has_text=f"head {other} looked most at")
    looked.wait_for()  # it is far below, and drawn later


def test_the_maps_can_be_read_by_keyboard(desk):
    desk.run(SOURCE)
    live = desk.page.locator("typed-map [aria-live]")
    assert live.inner_text() == "" and live.get_attribute("aria-atomic") == "true"
    desk.page.get_by_role("group", name="Attention: Yours").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        desk.page.keyboard.press(key)
    said = live.inner_text()
    assert re.search(
        r"From .* \(position 1\) to .* \(position 1\): "
        r"yours (.*), the model’s own \1\.",
        said,
    )


def test_the_command_to_take_home_names_the_text_of_the_run(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    change(
        copy / "exported" / "smoke",
        "manifest.json",
        lambda about: about["settings"].update(preset="stories", dataset="my novel.txt"),
    )
    with served(copy) as address, opened(browser, f"{address}/write.html") as page:
        page.locator("#download").scroll_into_view_if_needed()
        page.locator("download-head code").last.wait_for()
        assert page.locator("download-head code").all_inner_texts() == [
            "python train.py --head my_head.py --preset smoke",
            'python train.py --head my_head.py --preset stories --dataset "my novel.txt"',
        ]


def test_weights_that_are_missing_are_named_with_a_command(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    (copy / "exported" / "smoke" / "weights" / "000020.bin").unlink()
    with served(copy) as address:
        page = browser.new_page()
        page.goto(f"{address}/write.html")
        drawn(page)
        assert "000020.bin is missing (404)" in Desk(page).run(SOURCE)
        assert page.locator("token-row").get_by_text("python export_for_web.py").count()
        page.close()


def test_the_first_visit_is_small_though_python_and_an_editor_come_with_it(browser):
    with served(SHIPPED) as address, opened(browser, f"{address}/write.html") as page:
        asked = page.requests
        page.context.on("request", lambda request: asked.append(request.url))  # of workers, too
        Desk(page).run(SOURCE)
    assert all(url.startswith((address, "blob:")) for url in asked)
    files = [SHIPPED / url.removeprefix(address).lstrip("/") for url in set(asked)]
    names = {file.name for file in files}
    assert "micropython-program.js" in names
    assert "kept-database.js" not in names  # this browser keeps no run
    assert (
        sum(
            len(gzip.compress(file.read_bytes()))
            for file in files
            if file.is_file() and file.suffix != ".bin"
        )
        < 527_000
    )


def test_code_can_be_read_from_afar_and_grows_with_the_text_of_the_browser(browser, site):
    with opened(browser, f"{site.address}/write.html", 853, 480) as page:
        size = """() => parseFloat(getComputedStyle(document.querySelector("code-editor").shadowRoot
            .querySelector(".cm-content")).fontSize)"""
        before = page.evaluate(size)
        assert before >= 15
        html = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
        page.evaluate(f"document.documentElement.style.fontSize = 2 * {html} + 'px'")
        assert page.evaluate(size) == pytest.approx(2 * before)


def test_paper_has_the_code_and_the_result_and_neither_buttons_nor_empty_boxes(desk):
    page = desk.page
    desk.run(SOURCE)
    page.emulate_media(media="print")
    assert (
        page.locator(".cm-content").is_visible()
        and page.get_by_text("This is attention").is_visible()
    )
    assert not any(one.is_visible() for one in page.locator("main").get_by_role("button").all())
    assert not page.get_by_text("Take it home").is_visible()
    assert page.evaluate("""() => [...document.querySelectorAll(".card")].every((card) =>
        !card.offsetHeight || [...card.children].some((one) => one.offsetHeight)) """)


def test_the_editor_is_on_the_first_screen_of_a_phone_and_what_is_wrapped_stays_indented(
    browser, site
):
    with opened(browser, f"{site.address}/write.html", 390, 844) as page:
        assert page.locator("code-editor .cm-line").first.bounding_box()["y"] < 700
        Desk(page).put("if True:\n        total = 1" + 20 * " + 1")
        first, *others = page.evaluate("""() => {
            const line = document.querySelector("code-editor").shadowRoot.querySelectorAll(".cm-line")[1];
            const range = new Range();
            range.selectNodeContents(line);
            const tops = new Map();  // the left edge of the code in each row
            for (const { top, left, width } of range.getClientRects()) {
                if (width) tops.set(Math.round(top / 10), Math.min(left, tops.get(Math.round(top / 10)) ?? left));
            }
            return [...tops.values()]; }""")
        character = page.evaluate("""() => { const style = getComputedStyle(
            document.querySelector("code-editor").shadowRoot.querySelector(".cm-content"));
            return 0.6 * parseFloat(style.fontSize); }""")
        assert others and min(others) > first + 8 * character


@pytest.mark.parametrize("dark", [False, True])
def test_it_works_on_a_phone(browser, site, dark):
    with opened(browser, f"{site.address}/write.html", 360, 420, dark=dark) as page:  # with keys
        desk = Desk(page)
        assert desk.run(SOURCE).startswith("This is attention.")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.get_by_role("button", name="Run it").bounding_box()["height"] >= 44
        begins, edge = (
            page.evaluate(f"""document.querySelector("code-editor").shadowRoot
            .querySelector("{part}").getBoundingClientRect().{side}""")
            for part, side in ((".cm-line span", "left"), (".cm-gutters", "right"))
        )
        assert begins >= edge, "the line numbers cover the code"
        size = page.evaluate(
            "getComputedStyle(document.querySelector('code-editor').shadowRoot"
            ".querySelector('.cm-content')).fontSize"
        )
        assert float(size.removesuffix("px")) >= 16, "phones zoom into smaller type"
