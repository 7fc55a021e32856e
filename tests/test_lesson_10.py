"""The lesson behind the scenes: its findings are those of docs/decisions.md, and its facts those of the run."""

import json
import re

from helpers import ROOT, opened

LESSON = "lessons/10-behind-the-scenes.html"
FINDINGS = json.loads((ROOT / "site" / "lessons" / "findings.en.json").read_text("utf-8"))[
    "findings"
]


def numbers(text):
    return set(re.findall(r"\d[\d,.]*\d|\d", text))


def test_every_number_of_a_finding_stands_in_the_record_of_what_was_measured():
    record = " ".join((ROOT / "docs" / "decisions.md").read_text("utf-8").split())
    assert len(FINDINGS) >= 6
    for one in FINDINGS:
        assert one["source"] in record, one["idea"]
        told = numbers(f"{one['idea']} {one['expected']} {one['measured']}")
        known = numbers(one["source"]) | {"768", "8"}  # the default of today; 8-bit has no end
        assert told <= known, one["idea"]
        assert numbers(one["measured"]), one["idea"]
        assert not numbers(one["why"]), one["idea"]


def test_ideas_that_were_kept_and_ideas_that_were_dropped_are_both_among_the_bets():
    kept = [one["kept"] for one in FINDINGS]
    assert 0.25 < sum(kept) / len(kept) < 0.75


def test_what_was_measured_is_seen_after_a_bet_and_all_bets_are_counted(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        figure = page.locator("bet-on-idea")
        for i, one in enumerate(FINDINGS):
            figure.get_by_text(one["idea"]).wait_for()
            assert figure.get_by_text(one["measured"]).count() == 0
            figure.get_by_role("button", name="It was kept").press("Enter")
            figure.get_by_text(one["measured"]).wait_for()
            assert ("bet right" in figure.locator(".verdict").inner_text()) == one["kept"], i
            button = figure.get_by_role("button", name="Next idea")
            assert button.evaluate("(one) => one === one.getRootNode().activeElement")
            button.press("Enter")
        right = sum(one["kept"] for one in FINDINGS)
        figure.get_by_text(f"right on {right} of {len(FINDINGS)}").wait_for()
        figure.get_by_role("button", name="Start again").press("Enter")
        figure.get_by_text(FINDINGS[0]["idea"]).wait_for()


def test_the_facts_about_the_training_are_those_of_the_run(browser, site, smoke):
    manifest = json.loads((smoke / "manifest.json").read_text())
    roles = json.loads((smoke / "heads.json").read_text())["roles"]
    passed = [head for layer in roles for head in layer if head["role"]]
    minutes, seconds = divmod(round(manifest["metrics"]["seconds"]), 60)
    time = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    with opened(browser, f"{site.address}/{LESSON}") as page:
        page.locator("parity-check").scroll_into_view_if_needed()
        page.get_by_text("computes the same numbers as PyTorch").wait_for()
        shown = {
            name: page.locator(f"run-value[of={name}]").first.inner_text()
            for name in ("training_time", "heads_with_role", "last_step")
        }
        assert shown["training_time"] == time
        assert shown["heads_with_role"] == str(len(passed))
        assert shown["last_step"] == str(manifest["snapshots"][-1]["step"])
