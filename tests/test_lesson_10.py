"""The lesson behind the scenes: its findings are those of docs/decisions.md, and its facts those of the run."""

import json
import re

from helpers import ROOT, opened

LESSON = "lessons/10-behind-the-scenes.html"
FOUND = json.loads((ROOT / "site" / "lessons" / "findings.en.json").read_text("utf-8"))
FINDINGS, LUCK = FOUND["findings"], FOUND["luck"]


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


def test_luck_is_how_far_apart_models_ended_that_differ_only_in_their_seed():
    assert LUCK["source"] in " ".join((ROOT / "docs" / "decisions.md").read_text("utf-8").split())
    losses = [float(one.rstrip(".")) for one in numbers(LUCK["source"])]
    assert float(LUCK["nats"]) == round(max(losses) - min(losses), 4)
    for one in FINDINGS:
        assert one["isLoss"] == ("nats" in one["measured"]), one["idea"]
        distances = sorted(float(n) for n in re.findall(r"0\.0\d+", one["measured"]))
        if one["isLoss"] and one["kept"]:  # a gain that may be luck is none
            assert distances[-1] - distances[0] > float(LUCK["nats"]), one["idea"]


def test_no_way_to_press_without_thinking_wins_more_than_half_of_the_bets():
    kept = [one["kept"] for one in FINDINGS]
    in_turn = [i % 2 == 0 for i in range(len(kept))]
    for bets in (in_turn, [not one for one in in_turn], [True] * len(kept), [False] * len(kept)):
        assert sum(a == b for a, b in zip(bets, kept, strict=True)) <= len(kept) / 2


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
            assert figure.locator(".verdict.is-won").count() == one["kept"]
            assert figure.get_by_text(f"{LUCK['nats']} nats apart").count() == one["isLoss"]
            button = figure.get_by_role("button", name="Next idea")
            why = figure.get_by_text(one["why"]).bounding_box()
            assert why["y"] + why["height"] <= button.bounding_box()["y"]  # the reason comes first
            assert button.evaluate("(one) => one === one.getRootNode().activeElement")
            button.press("Enter")
        right = sum(one["kept"] for one in FINDINGS)
        figure.get_by_text(f"right on {right} of {len(FINDINGS)}").wait_for()
        for one, item in zip(FINDINGS, figure.locator("li").all(), strict=True):
            assert all(one[part] in item.inner_text() for part in ("idea", "why"))
            assert ("was kept" in item.inner_text()) == one["kept"]
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
            name: page.locator(f"run-value[of={name}]").first.text_content()
            for name in ("training_time", "heads_with_role", "last_step", "seed")
        }
        assert shown["training_time"] == time
        n = len(passed)
        assert shown["heads_with_role"] == (f"{n} head" if n == 1 else f"{n} heads")
        assert shown["last_step"] == str(manifest["snapshots"][-1]["step"])
        assert shown["seed"] == str(manifest["settings"]["seed"])
        assert page.get_by_text("None passed.").is_visible() == (not passed)
        roles = page.locator("run-value[of=roles_of_heads]")
        assert roles.is_visible() == bool(passed)
        assert all(head["role"] in roles.text_content() for head in passed)
