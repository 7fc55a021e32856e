"""What somebody who sees it for the first time stumbles over, in Chat, Compare, Read and frames."""

import re
from itertools import permutations
from statistics import fmean, median
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
? hello / good morning / good day / hello again
- hello to you, who come from so far away to see me here.
- good day. the sun has been up for a long time already.

home
? where do you live / where is your home
- i live under the table, beside the old lamp and the chair.

name told
? my name is {visitor} / i am {visitor}
- hello, {visitor}.

name asked
? what is my name / who am i
- your name is {visitor}.
~ you never told me.
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


def words_in(text):
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text)


def common_words(one, other):
    """The largest number of words that two texts have in the same order."""
    row = [0] * (len(other) + 1)
    for word in one:
        before, row = row, [0]
        for j, another in enumerate(other):
            row.append(before[j] + 1 if word == another else max(row[-1], before[j + 1]))
    return row[-1]


def written_by(run, step, prompt, **how):
    model = quantize(run.at(step), "int8")[2]
    how = {"temperature": run.s.temperature, "tokens": 60, **how}
    ids = [i for i, _ in stream(run, prompt, model, **how)]
    return run.tokenizer.decode(ids).replace(END, "")


def without(pane, parts):
    """The text of an element, with a space in place of some of its parts."""
    return pane.evaluate(
        """(pane, parts) => { const copy = pane.cloneNode(true);
        for (const one of copy.querySelectorAll("[data-index]")) {
          for (const node of [...one.childNodes]) {
            if (node.nodeType !== Node.TEXT_NODE) continue;
            const part = document.createElement("span");
            part.textContent = node.data;
            node.replaceWith(part);
          }
        }
        for (const one of copy.querySelectorAll(parts)) one.replaceWith(" ");
        return copy.textContent.replace("(end)", " "); }""",
        parts,
    )


def test_the_words_that_the_other_text_does_not_have_are_underlined_and_no_others(
    browser, site, run
):
    last, prompt = run.steps[-1], run.prompts[0]
    texts = [written_by(run, last, prompt, temperature=t) for t in (run.s.temperature, 1.1)]
    words = [words_in(text) for text in texts]
    common = common_words(*words)
    with comparing(browser, site, f"other={quote('temperature=1.1')}") as page:
        figure = compared(page)
        for mine, others, side in zip(words, reversed(words), ("first", "second")):
            pane = figure.get_by_role("group", name=f"The {side} text")
            marked = words_in(without(pane, ".prompt, [data-index] > :not(mark)"))
            assert 0 < len(marked) == len(mine) - common < len(mine)
            # What stands between them is in the other text, too, in the same order.
            assert common_words(words_in(without(pane, ".prompt, mark")), others) == common
            assert pane.locator(".differs").count() == 1
        said = figure.evaluate("one => one.renderRoot.textContent")
        assert f"{len(words[0])} words" in said and f"{common} are the same" in said


def test_texts_that_begin_differently_are_not_said_to_part(browser, site):
    with comparing(browser, site, f"length=30&other={quote('text=The boy saw')}") as page:
        figure = compared(page)
        assert figure.locator(".differs").count() == 0
        assert "begin differently" in figure.locator(".verdict").first.inner_text()
        assert figure.locator("mark").count() > 0


def likeness(one, other):
    """The words that two texts have in common, as a part of all."""
    a, b = words_in(one), words_in(other)
    return 2 * common_words(a, b) / (len(a) + len(b)) if a or b else 1


def test_other_luck_is_the_measure_of_what_a_change_does(browser, site, run):
    length, prompt = 40, run.prompts[0]
    firsts, seconds = (
        [written_by(run, step, prompt, tokens=length, seed=seed) for seed in range(1, 9)]
        for step in (run.steps[-1], 0)
    )
    with comparing(browser, site, f"length={length}&other=step%3D0") as page:
        figure = compared(page)
        figure.get_by_role("button", name="Write each with 8 seeds").click()
        page.wait_for_function("() => document.querySelector('compare-texts').counted?.seeds")
        verdict = figure.locator(".verdict").last.inner_text()
        said = figure.evaluate("one => one.renderRoot.textContent")
        numbers = figure.locator(".likeness dd:not(.bar)").all_inner_texts()
        # At temperature 0, no seed makes a difference.
        page.goto(f"{site.address}/playground.html#temperature=0&other=step%3D0")
        page.wait_for_function("() => location.hash.includes('temperature=0')")
        compared(page).get_by_text("no luck is involved").wait_for()
        assert figure.get_by_role("button", name="Write each").count() == 0
    pairs = list(permutations(range(8), 2))
    expected = [
        fmean(map(likeness, firsts, seconds)),
        fmean(likeness(firsts[i], firsts[j]) for i, j in pairs),
        fmean(likeness(seconds[i], seconds[j]) for i, j in pairs),
    ]
    assert [int(re.sub(r"\D", "", one)) for one in numbers] == pytest.approx(
        [100 * one for one in expected], abs=0.6
    )
    n_less = 0
    for i in range(8):
        others = [j for j in range(8) if j != i]
        same = [likeness(texts[i], texts[j]) for texts in (firsts, seconds) for j in others]
        n_less += likeness(firsts[i], seconds[i]) < median(same)
    assert f"In {n_less or 'none'} of 8 seeds" in said
    assert ("does more than other luck" in verdict) == (n_less >= 7)


# Chat -------------------------------------------------------------------------------------------


def test_a_reply_without_a_head_is_marked_only_where_its_words_differ(browser, noa):
    with talking(browser, noa, "hello", "my name is mia") as page:
        explained(page, 2)
        heads = page.locator("chat-why li button")
        for i in range(heads.count()):
            heads.nth(i).click()
            page.wait_for_function(
                "() => { const { reason } = document.querySelector('chat-why');"
                " return reason.without?.head === reason.head"
                " && !document.querySelector('chat-without').isUpdatePending; }"
            )
            both = page.locator("chat-without dd")
            words = [words_in(text) for text in both.all_inner_texts()]
            marked = [
                words_in(" ".join(one.locator("mark").all_inner_texts())) for one in both.all()
            ]
            common = common_words(*words)
            assert [len(one) for one in marked] == [len(one) - common for one in words]
        # A reply that differs in its middle only: what comes after that is the same again.
        page.evaluate(
            """() => { const { chat } = document.querySelector("live-chat");
            const { reason, replies, request } = chat.state;
            const end = request.run.vocab.indexOf("\\n");
            const withText = (text) => [...text].map((one) => ({ id: request.run.vocab.indexOf(one), p: 1 }));
            const tokens = [...withText("i ate one old hat at noon"), { id: end, p: 1 }];
            const others = [...withText("i ate two old hats at noon"), { id: end, p: 1 }];
            const turn = replies[reason.turn];
            chat.update({ replies: replies.map((one) => (one === turn ? { ...one, tokens } : one)),
              reason: { ...reason, without: { ...reason.without, tokens: others } } }); }"""
        )
        page.wait_for_function("() => !document.querySelector('chat-without').isUpdatePending")
        marked = [one.locator("mark").all_inner_texts() for one in both.all()]
        assert marked == [["one", "hat"], ["two", "hats"]]
        assert "o and t" in page.locator("chat-without .caption").inner_text()


def test_where_a_head_looked_comes_into_view_in_its_box_and_the_page_stays(browser, noa):
    lines = ["my name is mia", "hello", "where do you live", "hello"]
    with talking(browser, noa, *lines, width=390, height=844) as page:
        page.locator("chat-desk .log").scroll_into_view_if_needed()
        explained(page, 4)
        in_view = """(one) => { const box = one.closest(".log").getBoundingClientRect();
            const { top, bottom } = one.getBoundingClientRect();
            return top >= box.top && bottom <= box.bottom; }"""
        before = page.evaluate("scrollY")
        log = page.locator("chat-desk .log")
        for turn in (0, 3, 1):
            reply = page.get_by_role("listbox", name=f"Reply {turn + 1}, token by token")
            log.evaluate("(one, end) => { one.scrollTop = end ? 0 : one.scrollHeight; }", turn > 1)
            reply.evaluate("(one) => one.focus({ preventScroll: true })")
            page.keyboard.press("End")
            page.wait_for_function(
                """(turn) => { const desk = document.querySelector("chat-desk");
                return desk.reason?.turn === turn && desk.look && !desk.isUpdatePending; }""",
                arg=turn,
            )
            assert page.locator("chat-desk .chosen").evaluate(in_view)
            show = page.locator("chat-desk .legend button")
            if show.count():
                show.click()
            most = page.evaluate(
                """() => { const all = [...document.querySelector("chat-desk").renderRoot
                    .querySelectorAll(".log .shaded")];
                const part = (one) => Number(one.style.getPropertyValue("--part"));
                all.sort((a, b) => part(b) - part(a));
                const box = all[0].closest(".log").getBoundingClientRect();
                const { top, bottom } = all[0].getBoundingClientRect();
                return { part: part(all[0]), isSeen: top >= box.top && bottom <= box.bottom }; }"""
            )
            assert most["isSeen"] or most["part"] < 0.1
            assert page.evaluate("scrollY") == before


def test_the_temperature_of_a_chat_is_that_of_the_page_and_says_so(browser, noa):
    with talking(browser, noa, "hello") as page:
        desk = page.locator("chat-desk")
        slider = desk.get_by_role("slider", name="temperature")
        slider.fill("0")
        page.wait_for_function("() => location.hash.includes('temperature=0')")
        below = page.locator("writing-settings").get_by_role("slider", name="temperature")
        page.wait_for_function(
            "() => document.querySelector('live-chat').chat.state.request.sampling.temperature === 0"
        )
        assert below.input_value() == "0"
        desk.get_by_role("link", name="Write").click()
        page.wait_for_function("() => document.activeElement.id === 'write'")
        # Why the beginnings look as they do is said where the first of them stands.
        about = page.locator("writing-desk .about").inner_text()
        assert "you:" in about and "noa:" in about


@pytest.mark.parametrize("width", [390, 1440])
def test_what_it_never_saw_is_underlined_and_what_it_reads_stands_below(browser, noa, width):
    with talking(browser, noa, "Hello Ö ∑", width=width, height=844) as page:
        page.locator("chat-desk .reads").wait_for()
        assert page.locator("chat-desk .unknown").all_inner_texts() == ["H", "Ö", "∑"]
        read_as = page.locator("chat-desk .reads span").first.inner_text()
        assert read_as.strip() == "hello"
        # It has the whole width that is left beside the name.
        log = page.locator("chat-desk .log").bounding_box()
        reads = page.locator("chat-desk .reads").bounding_box()
        assert reads["x"] + reads["width"] > log["x"] + log["width"] - 24


# Read -------------------------------------------------------------------------------------------


def test_a_text_is_measured_in_one_unit_that_is_explained(browser, site):
    with opened(browser, f"{site.address}/playground.html") as page:
        page.get_by_label("A text of your own").fill("The boy went home.")
        page.get_by_text("Where it was most surprised").wait_for()
        facts = page.locator("text-score .facts p").all_inner_texts()
        total = float(re.search(r"[\d,]+", facts[1])[0].replace(",", ""))
        n, mean, among = map(float, re.findall(r"[\d.]+", facts[2])[:3])
        assert mean == pytest.approx(total / n, abs=0.5 / n + 0.006)
        assert among == pytest.approx(2**mean, rel=0.05)
        assert "nats" not in page.locator("text-score").evaluate(
            "one => one.renderRoot.textContent"
        )


def test_the_logit_lens_names_the_token_that_it_goes_on_from(browser, site):
    with opened(browser, f"{site.address}/explore.html#step=20&prompt=1&position=4") as page:
        lens = page.locator("#first logit-lens, logit-lens").first
        lens.scroll_into_view_if_needed()
        symbols = page.evaluate(
            "() => { const { pass, shownPosition } = document.querySelector('logit-lens');"
            " return [pass.vocab[pass.ids[shownPosition - 1]], shownPosition]; }"
        )
        assert symbols[1] == 4
        heading = lens.get_by_role("heading").inner_text()
        assert symbols[0].replace(" ", "·").replace("\n", "↵") in heading


# A figure in a frame ----------------------------------------------------------------------------


def test_a_frame_says_what_it_waits_for_and_what_failed(browser, site):
    name = "run=smoke&figure=token-ranking&page=playground"
    size = read(site.folder / "exported" / "smoke", "manifest")["weights"]["bytes"] / 1e6
    page = browser.new_page()
    held = []
    page.route("**/weights/*.bin", lambda route: held.append(route))
    page.goto(f"{site.address}/embed.html#{name}")
    waiting = page.locator("embedded-figure [role=status]", has_text=f"{size:.1f} MB")
    waiting.wait_for()
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    page.locator("token-ranking tbody tr, token-ranking [role=option]").first.wait_for()
    assert page.locator("embedded-figure > [role=status]").count() == 0
    page.unroute("**/weights/*.bin")
    page.route("**/weights/*.bin", lambda route: route.abort())
    page.goto("about:blank")
    page.goto(f"{site.address}/embed.html#{name}")
    assert "weights" in page.get_by_role("alert").inner_text()
    link = page.get_by_role("link", name="Open in Terrarium")
    assert link.get_attribute("href").startswith("playground.html#")
    assert page.locator("embedded-figure > [role=status]").count() == 0
    page.goto("about:blank")
    page.goto(f"{site.address}/embed.html#run=nobody&figure=loss-curve")
    page.get_by_role("alert").wait_for()
    assert link.is_visible() and "run=nobody" in link.get_attribute("href")
    page.close()
