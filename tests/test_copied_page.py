"""Copied or invented: what a page finds in the training text, against what Python finds there."""

import json
import math
import re
import shutil

from helpers import opened, served
from terrarium.copied import BOUNDARY, Units, copied_words, cut, search
from terrarium.files import read_json
from terrarium.text import END
from terrarium.trained import Run

import pytest

IN_JAVASCRIPT = """async ([documents, texts]) => {
    const { TrainingText, cut, copiedWords } = await import("/engine/spans.js");
    const training = new TrainingText(documents);
    return texts.map(([text, prompt, isCutOff]) => {
        const units = cut(text, prompt, isCutOff);
        const spans = training.spans(units);
        return { spans, copied: [2, 3, 5].map((least) => copiedWords(units, spans, least)) };
    });
}"""


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


def in_python(documents, texts):
    found = search([cut(*one) for one in texts], ["\0".join(["", *documents, ""])])
    for i, one in enumerate(texts):
        spans = list(found.spans(i))
        copied = [copied_words(cut(*one), spans, least) for least in (2, 3, 5)]
        yield dict(spans=[span._asdict() for span in spans], copied=copied)


# The search ---------------------------------------------------------------------------------------


def test_a_page_finds_the_same_spans_as_python_in_what_was_sampled(engine, run, smoke):
    documents = read_json(smoke / "training_text.json")["documents"]
    texts = [
        ("".join(token["token"] for token in one["tokens"]).split(END)[0], one["prompt"], True)
        for line in run.files.read_lines("traces.jsonl")
        for one in line["continuations"]
    ]
    texts += [(text, "", False) for text in read_json(smoke / "training_text.json")["held_out"][:9]]
    found = engine(IN_JAVASCRIPT, [documents, texts])
    assert found == list(in_python(documents, texts))
    assert sum(len(one["spans"]) for one in found) > 50


def test_a_page_cuts_strange_texts_as_python_does(engine):
    documents = [
        "She didn't—no, she couldn’t!  “Why?”\n\tBecause 1,000 e\u0301toiles",
        "私は猫が好きです。 猫は私が好き? สวัสดีครับ",
        "",
        "<b>\u2028 x_y</b>\x1c a\xa0b نص عربي क्षि",
    ]
    texts = [
        ("dn't she couldn’t!  “Why?”\n\tBec", "di", True),
        ("猫が好きです。 私が好き สวัสดี", "", False),
        (" x_y</b>\x1c a\xa0b نص عربي क्षि", "<b>\u2028", False),
        ("", "", True),
        ("No, 1,000 e\u0301toiles", "", False),
    ]
    found = engine(IN_JAVASCRIPT, [documents, texts])
    assert found == list(in_python(documents, texts))
    assert any(one["words"] > 3 for text in found for one in text["spans"])


# The page -----------------------------------------------------------------------------------------


def there(browser, address, hash="", width=1440, **how):
    return opened(browser, f"{address}/playground.html#{hash}", width, **how)


def written(page):
    page.get_by_role("button", name="Go on").wait_for()
    return "".join(page.locator("written-text .written[role=option]").all_text_contents())


def looked_for(page):
    """Wait until the text has been looked for, and the text that the model never saw."""
    page.get_by_role("button", name="Look for copies").click()
    page.locator("copied-spans .meter b", has_text="%").nth(1).wait_for()


def percent(fraction):
    """As pages write it."""
    if 0 < fraction < 0.005:
        return "<1%"
    if 0.995 <= fraction < 1:
        return ">99%"
    return f"{math.floor(100 * fraction + 0.5)}%"


def test_nothing_of_the_text_is_fetched_before_somebody_asks_for_it(browser, site):
    fetched = []
    with there(browser, site.address) as page:
        page.on("request", lambda request: fetched.append(request.url))
        written(page)
        page.locator("copied-by-step table").wait_for()
        assert not [url for url in fetched if "training_text" in url]
        looked_for(page)
        assert [url for url in fetched if "training_text" in url]


def test_what_stands_in_the_training_text_is_underlined_and_its_source_is_shown(
    browser, site, run, smoke
):
    documents = read_json(smoke / "training_text.json")["documents"]
    all_documents = read_json(smoke / "copied.json")["searched_documents"]
    with there(browser, site.address, "temperature=0.5&length=60") as page:
        text = written(page).replace("↵ ", "\n")
        looked_for(page)
        page.get_by_role("checkbox", name=re.compile("shorter")).check()
        box = page.get_by_role("listbox", name=re.compile("in parts"))
        is_over = text.endswith(" (end)")
        text = text.removesuffix(" (end)")
        units = cut(text, run.prompts[0], not is_over)
        spans = list(search([units], [BOUNDARY.join(["", *documents, ""])]).spans(0))
        shown = [one for one in spans if one.words > 1]
        assert box.inner_text().replace("\n", "") == (run.prompts[0] + text).replace("\n", "")
        longest = max(shown, key=lambda one: one.words)
        # Without a choice, the longest is shown, where it stands first.
        source = page.locator("copied-spans .source")
        mark = text[longest.start : longest.start + longest.length]
        assert source.locator("mark").text_content() == mark
        assert f"{longest.words} words" in source.inner_text()
        assert f"ocument {longest.document + 1} of {all_documents:,}" in source.inner_text()
        passage = source.locator("blockquote").text_content().strip(" …")
        assert passage in documents[longest.document]
        # Each part can be reached by keyboard, and says what the pointer would say.
        box.press("Home")
        first = source.inner_text()
        box.press("End")
        assert source.inner_text() != first
        last = box.get_by_role("option").last
        box.get_by_role("option").first.hover()
        assert source.inner_text() == first
        last.click()
        assert source.inner_text() != first
        styles = box.get_by_role("option").evaluate_all(
            "all => all.map((one) => getComputedStyle(one).textDecorationLine)"
        )
        kinds = box.get_by_role("option").evaluate_all("all => all.map((one) => one.classList[0])")
        assert [one == "new" for one in kinds] == [one == "none" for one in styles]


def first_words(units, n):
    """As much of a text as comes before its word n, counted from 0."""
    ends = [*units.is_word.nonzero()[0].tolist(), len(units.texts)]
    return Units(*(part[: ends[n] if n < len(ends) else None] for part in units))


def test_the_meters_count_what_python_counts(browser, site, run, smoke):
    exported = read_json(smoke / "copied.json")
    text_file = read_json(smoke / "training_text.json")
    parts = [BOUNDARY.join(["", *text_file["documents"], ""])]
    with there(browser, site.address, "temperature=0&length=20") as page:
        text = written(page).replace("↵ ", "\n")
        looked_for(page)
        units = cut(text.removesuffix(" (end)"), run.prompts[0], not text.endswith(" (end)"))
        n_words = int(units.is_word.sum())
        unseen = [first_words(cut(one), n_words) for one in text_file["held_out"]]
        found = search([units, *unseen], parts)
        spans = [list(found.spans(i)) for i in range(1 + len(unseen))]
        least = exported["least_words"]
        copied = [copied_words(*one, least) for one in zip([units, *unseen], spans)]
        n_unseen = sum(int(one.is_word.sum()) for one in unseen)
        said = page.locator("copied-spans .meter b").all_inner_texts()
        assert said == [percent(copied[0] / n_words), percent(sum(copied[1:]) / n_unseen)]
        longest = [max((one.words for one in those), default=0) for those in spans]
        comparison = page.locator("copied-spans .two").inner_text()
        assert f"has {longest[0]} word" in comparison
        average = sum(longest[1:]) / len(unseen)
        assert f"{average:.1f} on average, and {max(longest[1:])} at most" in comparison


def test_each_step_shows_what_the_export_counted_and_leads_there(browser, site, smoke):
    exported = read_json(smoke / "copied.json")
    with there(browser, site.address) as page:
        rows = page.locator("copied-by-step tbody tr")
        rows.first.wait_for()
        found = [re.findall(r"[\d,.]+", one) for one in rows.all_inner_texts()]
        assert [[float(n.replace(",", "")) for n in row[:2]] for row in found] == [
            [one["step"], pytest.approx(one["mean_longest_words"], abs=0.051)]
            for one in exported["samples"]
        ]
        held_out = page.locator("copied-by-step tfoot").inner_text()
        assert f"{exported['held_out']['mean_longest_words']:.1f}" in held_out
        rows.first.get_by_role("button").click()
        page.wait_for_function("() => location.hash.includes('step=0')")


def test_texts_are_written_and_looked_for_at_each_temperature(browser, site):
    with there(browser, site.address, "length=30") as page:
        written(page)
        page.get_by_role("button", name=re.compile("^Write it at 5")).click()
        page.locator("copied-by-temperature .unseen").wait_for()
        rows = page.locator("copied-by-temperature tbody tr")
        names = rows.get_by_role("button").all_inner_texts()
        assert names == ["0.0", "0.4", "0.8", "1.2", "1.6"]
        longest = [float(one) for one in rows.locator("td:nth-child(3)").all_inner_texts()]
        assert len(longest) == 5 and all(one >= 0 for one in longest)
        rows.nth(3).get_by_role("button").click()
        page.wait_for_function("() => location.hash.includes('temperature=1.2')")
        assert rows.count() == 5, "another temperature changes nothing of them"
        page.get_by_role("button", name="Another try").click()
        page.wait_for_function(
            "() => !document.querySelector('copied-by-temperature').renderRoot.querySelector('tr')"
        )


def without(site, folder, names, **changes):
    """A copy of the site whose export lacks some files; -> its folder."""
    shutil.copytree(site.folder, folder)
    manifest = folder / "exported" / "smoke" / "manifest.json"
    content = json.loads(manifest.read_text("utf-8")) | changes
    del content["training_text"]
    for name in names:
        del content["files"][f"{name}.json"]
        (manifest.parent / f"{name}.json").unlink()
    manifest.write_text(json.dumps(content), "utf-8")
    return folder


def test_an_export_without_the_text_says_which_command_adds_it(browser, site, tmp_path):
    folder = without(site, tmp_path / "site", ("copied", "training_text"))
    with served(folder) as address, there(browser, address) as page:
        assert written(page)
        said = page.locator("copied-spans .error")
        said.wait_for()
        assert "python export_for_web.py" in said.inner_text()
        for figure in ("copied-by-step", "copied-by-temperature"):
            drawn = page.locator(figure).evaluate("(one) => one.renderRoot.textContent.trim()")
            assert drawn == "", figure
        assert page.locator(".error").count() == 1


@pytest.mark.parametrize("source, is_own", [("Stories.", False), ("", True)])
def test_a_text_of_ones_own_that_was_left_out_is_added_by_a_flag(
    browser, site, tmp_path, source, is_own
):
    folder = without(site, tmp_path / "site", ("training_text",), source=source)
    with served(folder) as address, there(browser, address) as page:
        command = page.locator("copied-spans .error code").text_content(timeout=60_000)
        assert command.startswith("python export_for_web.py")
        assert command.endswith(" --corpus") == is_own
        assert page.locator("copied-by-step tfoot").count() == 1, "what was counted is there"


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_what_was_found_has_no_barriers_and_fits_the_window(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with there(browser, site.address, width=width, dark=dark) as page:
        written(page)
        looked_for(page)
        page.get_by_role("button", name=re.compile("^Write it at 5")).click()
        page.locator("copied-by-temperature .unseen").wait_for()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []
