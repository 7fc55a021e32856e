"""Pages are HTML: their elements load themselves, find what they show, and keep the address."""

import json
import re
import shutil

from helpers import ROOT, change, drawn, opened, served
from terrarium.web import pages

import pytest

LESSON = """<!doctype html>
<html lang="en">
<head>
  <title>Attention</title>
</head>
<body>
<terra-page default-step="last">
  <main>
    <h1>Attention</h1>
    <p>One token’s query against every key.</p>
    <forward-pass text="The cat" head="1.0">
      <token-row></token-row>
      <attention-map></attention-map>
    </forward-pass>
    <forward-pass text="A dog" head="0.1"><token-row></token-row></forward-pass>
    <step-controls></step-controls>
  </main>
</terra-page>
</body>
</html>
"""


@pytest.fixture(scope="module")
def lesson(smoke_site, tmp_path_factory):
    """The address of a site with a lesson, as somebody adds one: HTML, and one command."""
    site = tmp_path_factory.mktemp("lesson") / "site"
    shutil.copytree(smoke_site, site)
    (site / "lessons" / "05.html").write_text(LESSON, "utf-8")
    (site / "lessons" / "05.html").write_text(pages.complete(site, "lessons/05.html"), "utf-8")
    with served(site) as address:
        yield f"{address}/lessons/05.html"


def texts(page):
    """The tokens of each text in the page, as one string."""
    return page.evaluate("""() => [...document.querySelectorAll("token-row")].map(({ pass }) =>
        pass?.ids.map((id) => pass.vocab[id]).join(""))""")


def settled(page, number):
    page.wait_for_function(
        """(number) => { const rows = [...document.querySelectorAll("token-row")];
        return rows.length === number && rows.every(({ pass, isUpdatePending }) => pass?.ids
          && !isUpdatePending); }""",
        arg=number,
    )


def open_lesson(browser, address):
    page = browser.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.goto(address)
    settled(page, 2)
    return page


# A lesson -------------------------------------------------------------------------------------


def test_a_lesson_is_twenty_lines_of_html_without_a_script_of_its_own(browser, lesson):
    assert len(LESSON.splitlines()) <= 20 and "<script" not in LESSON
    page = open_lesson(browser, lesson)
    first, second = texts(page)
    assert first.startswith("<|endoftext|>The cat") and second.startswith("<|endoftext|>A dog")
    heads = page.locator("token-row .description").all_inner_texts()
    assert "head 1.0 looked" in heads[0] and "head 0.1 looked" in heads[1]
    assert page.locator("header nav a").count() == len(pages.NAVIGATION)
    assert page.get_by_label("run").count() == 0  # there is only one
    assert page.complaints == []
    page.close()


def test_what_is_chosen_in_one_text_of_a_lesson_stays_there(browser, lesson):
    page = open_lesson(browser, lesson)
    rows = page.locator("token-row")
    other = rows.nth(1).locator(".description").inner_text()
    rows.nth(0).locator(".token").nth(2).click()
    assert rows.nth(0).get_by_role("option", selected=True).get_attribute("data-position") == "2"
    assert rows.nth(1).locator(".description").inner_text() == other
    assert "position" not in page.url
    page.close()


def test_a_step_that_is_chosen_holds_for_every_text_of_a_lesson(browser, lesson):
    page = open_lesson(browser, lesson)
    before = texts(page)
    page.get_by_role("slider").press("Home")
    page.wait_for_function("""() => [...document.querySelectorAll("token-row")].every(
        ({ pass }) => pass.step === 0)""")
    after = texts(page)
    assert before[0] != after[0] and before[1] != after[1]
    assert page.url.endswith("#step=0")
    page.close()


def test_a_figure_that_comes_later_loads_itself_and_finds_its_text(browser, lesson):
    page = open_lesson(browser, lesson)
    page.evaluate("""() => document.querySelector("forward-pass").append(
        document.createElement("top-ten"))""")
    page.locator("top-ten tbody tr").first.wait_for()
    assert page.locator("top-ten tbody tr").count() >= 10
    page.evaluate("""() => document.querySelector("forward-pass").remove()""")
    page.get_by_role("slider").press("Home")  # nothing of it is left that could complain
    page.wait_for_function("""() => document.querySelector("token-row").pass.step === 0""")
    assert page.complaints == []
    page.close()


# Back and forward -----------------------------------------------------------------------------


def caption(page):
    return page.locator("prompt-chooser .caption")


def test_back_and_forward_go_between_the_texts_that_were_chosen(browser, site):
    with opened(browser, f"{site.address}/explore.html") as page:
        own = page.get_by_placeholder("The start of a text")
        prompts = page.get_by_label("The prompt")
        prompts.select_option("2")
        page.get_by_role("slider", name="Training step").press("Home")  # is no place of its own
        own.press_sequentially("The dog", delay=300)  # nor is each letter
        caption(page).get_by_text("Computed in this page").wait_for()
        page.go_back()
        caption(page).get_by_text("Recorded at step 0").wait_for()
        assert own.input_value() == "" and prompts.input_value() == "2"
        page.go_back()
        page.wait_for_function("() => location.hash === ''")
        caption(page).get_by_text("Recorded at step 20").wait_for()
        assert prompts.input_value() == "0"
        page.go_forward()
        page.go_forward()
        caption(page).get_by_text("Computed in this page").wait_for()
        assert own.input_value() == "The dog"


def test_each_text_that_was_sampled_is_one_entry_in_the_history(browser, site):
    with opened(browser, f"{site.address}/explore.html") as page:
        own = page.get_by_placeholder("The start of a text")
        for text in ("The dog", "The cat"):
            own.fill(text)
            own.press("Enter")
            page.wait_for_function(
                "text => location.hash.endsWith(text)", arg=text.replace(" ", "+")
            )
        page.get_by_role("button", name="Sample again").click()
        page.wait_for_function("() => location.hash.includes('seed=2')")
        for text in ("The cat", "The dog"):
            page.go_back()
            page.wait_for_function(
                "text => location.hash.endsWith(text)", arg=text.replace(" ", "+")
            )
            assert own.input_value() == text and "seed" not in page.url


@pytest.fixture
def two_runs(site, tmp_path):
    """The address of a site with two runs, smoke and another."""
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    shutil.copytree(copy / "exported" / "smoke", copy / "exported" / "another")
    change(copy / "exported" / "another", "manifest.json", lambda m: m.update(name="another"))
    index = copy / "exported" / "index.json"
    content = json.loads(index.read_text("utf-8"))
    content["runs"].append(content["runs"][0] | {"name": "another"})
    index.write_text(json.dumps(content), "utf-8")
    with served(copy) as address:
        yield address


def test_back_and_forward_go_between_runs_and_pages(browser, two_runs):
    with opened(browser, f"{two_runs}/index.html#step=10") as page:
        fact = page.locator("run-facts")
        page.get_by_label("run").select_option("another")
        fact.get_by_text("“another”").wait_for()
        assert page.url.endswith("#run=another"), "the step belongs to the other run"
        page.get_by_role("link", name="Look inside").click()
        drawn(page)
        fact.get_by_text("“another”").wait_for()
        page.go_back()
        drawn(page)
        fact.get_by_text("“another”").wait_for()
        page.go_back()
        fact.get_by_text("“smoke”").wait_for()
        page.get_by_text("step 10 of 20").wait_for()
        page.go_forward()
        fact.get_by_text("“another”").wait_for()


def test_after_a_run_that_is_missing_back_leads_to_the_one_that_was_shown(browser, two_runs):
    page = browser.new_page()
    page.goto(f"{two_runs}/index.html")
    drawn(page)
    page.evaluate("() => { location.hash = 'run=nobody'; }")
    page.get_by_role("alert").get_by_text("The run nobody is missing").wait_for()
    assert not page.locator("prompt-samples").is_visible()
    page.go_back()
    page.locator("prompt-samples").wait_for()
    assert page.get_by_role("alert").count() == 0
    page.close()


def test_a_run_that_is_missing_says_nothing_once_another_is_chosen(browser, two_runs):
    page = browser.new_page()
    page.goto(f"{two_runs}/index.html")
    drawn(page)
    answers = []
    # What answers a request comes when we say so.
    page.route("**/nobody/manifest.json", lambda route: answers.append(route))
    page.evaluate("() => { location.hash = 'run=nobody'; }")
    page.wait_for_timeout(50)
    page.evaluate("() => { location.hash = 'run=another'; }")
    page.locator("run-facts").get_by_text("“another”").wait_for()
    assert len(answers) == 1
    answers[0].fulfill(status=404)
    page.wait_for_timeout(200)
    assert page.get_by_role("alert").count() == 0
    assert page.locator("prompt-samples").is_visible()
    page.close()


# What stands in every page --------------------------------------------------------------------


def test_a_page_may_stand_in_a_folder_and_the_command_changes_nothing_twice(tmp_path):
    site = tmp_path / "site"
    shutil.copytree(pages.SITE, site, ignore=shutil.ignore_patterns("exported"))
    (site / "a" / "b").mkdir(parents=True)
    (site / "a" / "b" / "page.html").write_text(LESSON, "utf-8")
    once = pages.complete(site, "a/b/page.html")
    assert 'src="../../app/autoload.js"' in once and 'href="../../index.html"' in once
    (site / "a" / "b" / "page.html").write_text(once, "utf-8")
    assert pages.complete(site, "a/b/page.html") == once
    (site / "exported").mkdir()
    (site / "exported" / "index.json").touch()
    missing = [
        path
        for path in re.findall(r'(?:href|src)="([^"]+)"', once)
        if not (site / "a" / "b" / path).exists()
    ]
    assert missing == []


def test_only_one_script_touches_the_address():
    scripts = [*(ROOT / "site/app").rglob("*.js"), *(ROOT / "site/figures").rglob("*.js")]
    touching = [
        path.name
        for path in scripts
        if re.search(
            r"\blocation\.|\bhistory\.(?!scrollRestoration)|hashchange|popstate|body\.dataset",
            path.read_text("utf-8"),
        )
    ]
    # explain.js says where a page is that cannot run.
    assert sorted(touching) == ["address.js", "explain.js"]
