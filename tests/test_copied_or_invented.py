"""Copied or invented: what a page marks in a text, and the texts that it finds."""

import hashlib
import json
import re
import shutil
from types import SimpleNamespace

from helpers import drawn, opened, served
from terrarium.copied import BOUNDARY, IS_WORD, UNIT, cut, search
from terrarium.files import read_json
from terrarium.trained import Run

import pytest

LEAST = 2  # words that count as a copy here: the smoke run has learned too little for longer ones


@pytest.fixture(scope="module")
def lenient(site, smoke_run, tmp_path_factory):
    """The site, with copies of two words; -> its address, documents and prompts."""
    folder = tmp_path_factory.mktemp("lenient") / "site"
    shutil.copytree(site.folder, folder)
    export = folder / "exported" / "smoke"
    text = read_json(export / "training_text.json")
    rewrite(export, "copied", read_json(export / "copied.json") | dict(least_words=LEAST))
    with served(folder) as address:
        yield SimpleNamespace(
            address=address,
            documents=text["documents"],
            prompts=Run(smoke_run).prompts,
            whole=BOUNDARY.join(["", *text["documents"], ""]),
        )


def rewrite(export, name, content):
    """Replace a file of an export, and what its manifest says of it."""
    file = json.dumps(content).encode()
    (export / f"{name}.json").write_bytes(file)
    manifest = read_json(export / "manifest.json")
    known = manifest["files"][f"{name}.json"]
    known |= dict(bytes=len(file), sha256=hashlib.sha256(file).hexdigest())
    (export / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def there(browser, address, hash="", width=1440, **how):
    return opened(browser, f"{address}/playground.html#{hash}", width, **how)


def looked_for(page):
    """Wait until the text is written, and has been looked for; -> the text, and whether it is over."""
    page.get_by_role("button", name="Go on").wait_for()
    if page.get_by_role("button", name="Look for copies").count():
        page.get_by_role("button", name="Look for copies").click()
    page.locator("copied-spans .meter b", has_text="%").nth(1).wait_for()
    text = page.evaluate("""() => {
        const { tokens, run } = document.querySelector("written-text");
        return tokens.map(({ id }) => run.manifest.tokenizer.vocab[id]).join(""); }""")
    return text.removesuffix("<|endoftext|>"), text.endswith("<|endoftext|>")


def parts(page, kind):
    return [
        one.strip()
        for one in page.locator(f"copied-spans [role=option].{kind}").all_text_contents()
    ]


def spans_of(lenient, units):
    return list(search([units], [lenient.whole]).spans(0))


def test_copied_and_invented_words_are_marked_and_short_matches_only_on_request(browser, lenient):
    known = {unit.lower() for unit in UNIT.findall(lenient.whole)}
    with there(browser, lenient.address, "temperature=1.3&length=60") as page:
        text, is_over = looked_for(page)
        units = cut(text, lenient.prompts[0], not is_over)
        invented = [one for one in units.texts if IS_WORD.match(one) and one.lower() not in known]
        assert parts(page, "unknown") == invented and invented
        is_copied = [False] * len(text)
        for span in spans_of(lenient, units):
            if span.words >= LEAST:
                is_copied[span.start : span.start + span.length] = [True] * span.length
        copied = "".join(c for c, is_in in zip(text, is_copied) if is_in and not c.isspace())
        assert re.sub(r"\s", "", "".join(parts(page, "copied"))) == copied and copied
        # What is marked can be told without its colour.
        lines = page.locator("copied-spans [role=option]").evaluate_all(
            "all => all.map((one) => [one.classList[0], getComputedStyle(one).textDecorationStyle"
            " + getComputedStyle(one).textDecorationLine])"
        )
        assert len({line for _, line in lines}) == len({kind for kind, _ in lines}) == 3
        said = page.locator("copied-spans h3").first.inner_text()
        assert re.search(r"\d+% copied, \d+% new", said)
        assert str(len(invented)) in said or len(invented) == 1


def test_shorter_matches_are_shown_on_request(browser, site):
    with there(browser, site.address, "temperature=0.5&length=60") as page:
        looked_for(page)
        assert not parts(page, "short") and not parts(page, "copied")
        source = page.locator("copied-spans .source").inner_text()
        assert "document" in source, "what comes closest to a copy is shown all the same"
        page.get_by_role("checkbox", name=re.compile("shorter")).check()
        assert parts(page, "short")
        page.locator("copied-spans [role=option].short").last.click()
        assert "document" in page.locator("copied-spans .source").inner_text()


def seek(page, name):
    page.get_by_role("button", name=name).click()
    status = page.locator("copied-spans .seek [role=status]")
    status.wait_for()
    return status.inner_text()


def test_a_button_leads_to_a_text_with_a_copy_and_another_to_one_without(browser, lenient):
    with there(browser, lenient.address, "length=20") as page:
        looked_for(page)
        said = seek(page, "Find a text with a copy")
        seed = int(re.search(r"seed (\d+)", said)[1])
        page.wait_for_function(f"() => location.hash.includes('seed={seed}')")
        page.locator("copied-spans .copied.chosen").wait_for()
        text, is_over = looked_for(page)
        units = cut(text, lenient.prompts[0], not is_over)
        longest = max(spans_of(lenient, units), key=lambda one: one.words)
        assert longest.words >= LEAST and f"{longest.words} words" in said
        shown = page.locator("copied-spans .copied.chosen")
        assert text[longest.start : longest.start + longest.length] == shown.text_content()
        box = page.locator("copied-spans .text").bounding_box()
        assert box["y"] <= shown.bounding_box()["y"] < box["y"] + box["height"]
        passage = page.locator("copied-spans blockquote").text_content().strip(" …")
        assert passage in lenient.documents[longest.document]
        # Once more leads to another one, and "back" to this.
        said = seek_again(page, "Find a text with a copy", said)
        assert int(re.search(r"seed (\d+)", said)[1]) > seed
        said = seek_again(page, "Find one without", said)
        page.wait_for_function("() => location.hash.includes('temperature=0.8')")
        page.locator("copied-spans [role=option].copied").first.wait_for(state="detached")
        text, is_over = looked_for(page)
        units = cut(text, lenient.prompts[0], not is_over)
        assert all(one.words < LEAST for one in spans_of(lenient, units))


def seek_again(page, name, before):
    page.get_by_role("button", name=name).click()
    page.wait_for_function(
        """() => { const { quest } = document.querySelector("copied-spans"); return quest?.isOver; }"""
    )
    said = page.locator("copied-spans .seek [role=status]").inner_text()
    assert said != before
    return said


def test_where_no_text_has_a_copy_it_says_so_and_the_text_stays(browser, site):
    with there(browser, site.address, "length=20&temperature=0.7") as page:
        before, _ = looked_for(page)
        said = seek(page, "Find a text with a copy")
        assert "24" in said and "seed" not in said.split(":")[0]
        assert looked_for(page)[0] == before
        assert "temperature=0.7" in page.evaluate("() => location.hash")


def test_the_search_for_a_text_can_be_stopped(browser, site):
    with there(browser, site.address, "length=20") as page:
        looked_for(page)
        page.evaluate("""async () => {
            const { LiveModel } = await import("/app/model.js");
            LiveModel.prototype.generate = (params, { signal }) => new Promise((_, reject) => {
                globalThis.isAsked = true;
                signal.addEventListener("abort", () => {
                    globalThis.isStopped = true;
                    reject(signal.reason);
                });
            }); }""")
        button = page.get_by_role("button", name="Find a text with a copy")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => globalThis.isAsked")
        page.get_by_role("button", name="Stop").first.wait_for()
        page.keyboard.press("Enter")  # the focus has stayed
        button.wait_for()
        assert page.evaluate("() => globalThis.isStopped")


def tap(page, part):
    """Tap a part of a text in its first line: the middle of its box may be another one."""
    part.scroll_into_view_if_needed()
    x, y = part.evaluate("""(one) => {
        const { left, top } = one.getClientRects()[0];
        return [left + 4, top + 8]; }""")
    page.touchscreen.tap(x, y)


def test_the_source_is_shown_by_keyboard_and_by_touch(browser, lenient):
    page = browser.new_page(
        has_touch=True, viewport=dict(width=390, height=844), reduced_motion="reduce"
    )
    page.goto(f"{lenient.address}/playground.html#temperature=0.5&length=40")
    drawn(page)
    text, is_over = looked_for(page)
    spans = spans_of(lenient, cut(text, lenient.prompts[0], not is_over))
    assert len([one for one in spans if one.words >= LEAST]) > 1
    source = page.locator("copied-spans .source")
    copied = page.locator("copied-spans [role=option].copied")
    tap(page, copied.last)
    page.locator("copied-spans .copied.chosen").last.wait_for()
    last = source.inner_text()
    tap(page, copied.first)
    first = source.inner_text()
    assert last != first
    page.get_by_role("listbox", name=re.compile("in parts")).focus()
    page.keyboard.press("Home")
    for _ in range(copied.count() * 3):
        if page.locator("copied-spans .copied.chosen").count():
            break
        page.keyboard.press("ArrowRight")
    assert source.inner_text() == first
    # Who hears the page is told the same of what is chosen.
    chosen = page.locator("copied-spans .chosen")
    told = page.locator(f"copied-spans #{chosen.get_attribute('aria-describedby')}")
    assert told.inner_text() == first
    assert "document" in first and told.locator("mark").text_content() == chosen.text_content()
    page.close()


def test_more_texts_can_be_written_and_it_says_whether_the_temperature_matters(browser, lenient):
    with there(browser, lenient.address, "length=12") as page:
        page.get_by_role("button", name="Go on").wait_for()
        figure = page.locator("copied-by-temperature")
        page.get_by_role("button", name=re.compile("^Write it at 5")).click()
        figure.locator(".verdict").wait_for()
        rows = figure.locator("tbody tr")
        count_dots = "rows => rows.map((row) => row.querySelectorAll('.dots i').length)"
        assert rows.evaluate_all(count_dots) == [1, 6, 6, 6, 6]
        averages = [float(one) for one in rows.locator("td:nth-child(3)").all_inner_texts()]
        each = figure.evaluate("(one) => one.rows.map(({ each }) => each)")
        assert averages == [pytest.approx(sum(one) / len(one), abs=0.051) for one in each]
        assert "25 texts" in figure.get_by_role("status").first.inner_text()
        page.get_by_role("button", name=re.compile("more at each")).click()
        figure.get_by_role("status").get_by_text("49 texts").wait_for()
        assert rows.evaluate_all(count_dots) == [1, 12, 12, 12, 12]
        again = figure.evaluate("(one) => one.rows.map(({ each }) => each)")
        assert [after[: len(before)] for before, after in zip(each, again)] == each
        assert any(after[:6] != after[6:] for after in again[1:]), "they are other texts"


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_copied_and_invented_words_have_no_barriers(browser, lenient, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with there(browser, lenient.address, "temperature=1.3", width=width, dark=dark) as page:
        looked_for(page)
        page.get_by_role("checkbox", name=re.compile("shorter")).check()
        page.locator("copied-spans [role=option].unknown").first.wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context="copied-spans").response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []
