"""The page for teachers: its sheet is about the run, its record is what somebody answered, its promises hold."""

import json
import re

from helpers import ROOT, opened
from terrarium.trained import Run

PAGE = "lessons/teacher.html"
QUESTION = "Which token <b>comes</b> next?"


def answered(page):
    """As if somebody had answered a question in this browser."""
    answer = dict(
        question=QUESTION, answer="this one", why="I think so", isRight=False, day="2026-01-02"
    )
    kept = {"01-the-task": {"next": {**answer, "choice": 0, "run": "smoke"}}, "damaged": 3}
    page.evaluate("(kept) => localStorage.setItem('terrarium.lessons', JSON.stringify(kept))", kept)
    page.reload()


def test_the_sheet_and_its_key_have_the_numbers_of_the_run(browser, site, smoke, smoke_run):
    run = Run(smoke_run)
    log = json.loads((smoke / "log.json").read_text())
    with opened(browser, f"{site.address}/{PAGE}") as page:
        sheet = page.locator("work-sheet")
        tasks = sheet.locator("ol").first.locator("li").count()
        assert (
            f"Layers: {run.s.n_layer}. Heads in each layer: {run.s.n_head}."
            in sheet.locator("ol").inner_text()
        )
        assert not sheet.get_by_text("Answers", exact=True).is_visible()
        sheet.get_by_role("button", name="Show the answers").click()
        answers = sheet.locator(".key li").all_inner_texts()
        assert len(answers) == tasks
        assert str(len(run.vocab)) in answers[1]
        assert answers[2] == str(run.s.n_layer * run.s.n_head)
        bigram = log["baselines"]["bigram"] / 0.6931471805599453
        assert f"counting pairs {bigram:.2f}" in answers[4]
        assert answers[6].startswith(f"{run.s.n_ctx},")


def test_only_the_sheet_is_printed(browser, site):
    with opened(browser, f"{site.address}/{PAGE}") as page:
        page.evaluate("() => { globalThis.print = () => {}; }")
        page.locator("work-sheet").get_by_role("button", name="Print the sheet").click()
        page.emulate_media(media="print")
        assert page.locator("work-sheet ol").is_visible()
        for other in ("header.site", "#plans", "lesson-record", "run-facts"):
            assert not page.locator(other).is_visible(), other
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert page.locator("#plans").is_visible()


def test_the_record_is_what_somebody_answered_until_they_delete_it(browser, site, smoke):
    manifest = json.loads((smoke / "manifest.json").read_text())
    with opened(browser, f"{site.address}/{PAGE}") as page:
        record = page.locator("lesson-record")
        record.get_by_text("Nothing yet").wait_for()
        answered(page)
        record.get_by_text(QUESTION).wait_for()  # as text, whatever it is
        for said in ("this one", "(not right)", "I think so", "2026-01-02"):
            assert said in record.locator("li").inner_text()
        assert (
            manifest["snapshots"][-1]["sha256"][:12]
            in record.locator(".caption").first.inner_text()
        )
        record.get_by_role("button", name="Delete all answers").press("Enter")
        record.get_by_role("button", name="Keep them").press("Enter")
        assert page.evaluate("() => localStorage.getItem('terrarium.lessons')") != "{}"
        record.get_by_role("button", name="Delete all answers").press("Enter")
        record.get_by_role("button", name="Delete them for good").press("Enter")
        record.get_by_text("All answers are deleted").wait_for()
        assert page.evaluate("() => localStorage.getItem('terrarium.lessons')") == "{}"
        page.reload()
        record.get_by_text("Nothing yet").wait_for()


def test_nothing_is_kept_in_the_browser_but_what_the_data_officer_is_told_of():
    scripts = [
        path
        for folder in ("app", "engine", "figures", "exercise")
        for path in (ROOT / "site" / folder).rglob("*.js")
    ]
    keeping = {
        path.name
        for path in scripts
        if re.search(
            r"localStorage|sessionStorage|indexedDB|caches\.|document\.cookie",
            path.read_text("utf-8"),
        )
    }
    assert keeping == {
        "kept-database.js",
        "kept.js",
        "lab-storage.js",
        "named-runs.js",
        "progress.js",
        "reading-depth.js",
        "tab-memory.js",
        "typed-head.js",
    }
    told = (ROOT / "site" / PAGE).read_text("utf-8-sig")
    lab = (
        "terrarium.lab",
        "terrarium.runs",
        "terrarium.shown",
        "terrarium.places",
        "terrarium.compared",
        "terrarium.teaching",
        "terrarium.tried",
    )
    for key in ("terrarium.lessons", "terrarium.depth", *lab, "Write the head"):
        assert key in told.split('id="data"')[1]
