"""The pages in a real Chromium, as somebody uses them: by mouse, by keyboard, on a phone, without
seeing the screen, and with data that is damaged."""

import ast
import base64
import contextlib
import gzip
import json
import re
import shutil

from helpers import ROOT, TIMEOUT, change, drawn, opened, served
from terrarium.interpret import ablated_losses, attention_weights, token_losses
from terrarium.web import pages
from terrarium.web.exported_run import ExportedRun

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PAGES = ("index.html", "explore.html", "playground.html", "write.html", "figures/all-figures.html")


def settled(page, part="main > :not(#compared), footer"):
    """Wait until no figure in a part of the page waits for anything. What is compared waits until
    somebody comes near it."""
    page.wait_for_function(
        """(part) => {
        const of = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
          one.shadowRoot ? [one, ...of(one.shadowRoot)] : [one]);
        return ![...document.querySelectorAll(part)].flatMap(of)
          .some((one) => one.getAttribute("aria-busy") === "true"); }""",
        arg=part,
    )


def manifest_of(folder):
    return json.loads((folder / "exported" / "smoke" / "manifest.json").read_text("utf-8"))


def samples_of(folder):
    return json.loads((folder / "exported" / "smoke" / "samples.json").read_text("utf-8"))


def shown(page):
    """The text that the page shows for the first prompt."""
    return page.locator("prompt-samples li").first.locator(".text").last.inner_text()


def expected(folder, i, prompt=0):
    """The text of a prompt in sample i, as a page shows it."""
    manifest, vocab = manifest_of(folder), manifest_of(folder)["tokenizer"]["vocab"]
    ids = samples_of(folder)["samples"][i]["continuations"][prompt]["ids"]
    text = "".join(vocab[id] for id in ids)
    cut = "" if text.endswith("<|endoftext|>") else "…"
    text = text.replace("<|endoftext|>", " (end)").replace("\n", "↵ ")
    return manifest["prompts"][prompt] + text + cut


def all_seen(locator):
    """What each of some elements says to somebody who sees it."""
    return [seen(one) for one in locator.all()]


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", PAGES[:4])
def test_nothing_jumps_while_a_page_comes_in_over_a_slow_network(browser, site, name, width):
    page = browser.new_page(viewport=dict(width=width, height=800))
    page.add_init_script("""globalThis.shifts = 0;
        new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts += one.value; })
          .observe({ type: "layout-shift", buffered: true });""")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = dict(offline=False, latency=50, downloadThroughput=1_000_000, uploadThroughput=100_000)
    network.send("Network.emulateNetworkConditions", slow)  # ms, bytes per second
    page.goto(f"{site.address}/{name}")
    drawn(page)
    assert (
        page.evaluate("shifts") < 0.05
    )  # what web.dev calls good is 0.1; 0.5 is a page that jumps
    page.close()


# What all pages share ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES[:4])
def test_a_page_says_how_small_its_model_is_and_what_it_has_read(browser, site, name):
    with opened(browser, f"{site.address}/{name}") as page:
        said = page.locator("main run-scale p").inner_text()
        parameters = manifest_of(site.folder)["parameters"]
        number = int(re.search(r"[\d,]{4,}", said)[0].replace(",", ""))
        assert abs(number / parameters - 1) < 0.006  # three digits
        assert "stories" in said and "does not answer" in said


def test_a_conversation_is_not_said_to_leave_questions_without_an_answer(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    change(
        copy / "exported" / "smoke", "manifest.json", lambda m: m.update(speakers=["you", "Pip"])
    )
    with served(copy) as address, opened(browser, f"{address}/index.html") as page:
        said = page.locator("run-scale p").inner_text()
        assert said.count("Pip") == 2 and "does not answer" not in said


def test_other_pages_show_what_was_chosen_on_this_one(browser, site):
    with opened(browser, f"{site.address}/index.html#step=10&prompt=1") as page:
        page.get_by_role("navigation").get_by_role("link", name="Look inside").click()
        page.wait_for_function("() => location.pathname.endsWith('explore.html')")
        drawn(page)
        assert page.get_by_text("step 10 of 20").is_visible()
        page.locator("#inside attention-gallery [data-head='1.0']").click()
        page.get_by_role("navigation").get_by_role("link", name="Watch it learn").click()
        page.wait_for_function("() => location.pathname.endsWith('index.html')")
        drawn(page)
        assert {"step=10", "prompt=1", "head=1.0"} <= set(page.url.split("#")[1].split("&"))


@pytest.mark.parametrize("name", ("index.html", "write.html"))
def test_a_page_ends_with_a_link_to_another_one(browser, site, name):
    with opened(browser, f"{site.address}/{name}#step=10") as page:
        link = page.locator("main > :last-child a, main .next a").last
        link.scroll_into_view_if_needed()
        drawn(page)  # what was waiting for somebody to come near has its height now
        link.click()
        page.wait_for_function(f"() => !location.pathname.endsWith('{name}')")
        drawn(page)
        assert page.url.endswith("#step=10")


def test_one_press_of_back_undoes_a_jump_however_much_was_scrubbed(browser, site):
    last = samples_of(site.folder)["milestones"][-1]["step"]
    other = 0 if last == 20 else 20
    with opened(browser, f"{site.address}/index.html") as page:
        slider = page.get_by_role("slider", name="Training step")
        for key in ("End", "Home", "End", "Home" if other == 0 else "End"):
            slider.press(key)
        page.locator("milestone-list button").last.click()
        assert f"step={last}" in page.url
        for key in ("End", "Home", "ArrowRight"):
            slider.press(key)
        page.go_back()
        page.wait_for_function(f"() => location.hash.endsWith('step={other}')")
        page.get_by_text(f"step {other} of 20").wait_for()


def test_a_slider_that_is_dragged_writes_the_address_a_few_times_a_second(browser, site):
    """Safari allows 100 times in ten seconds."""
    with opened(browser, f"{site.address}/explore.html") as page:
        seconds, written = page.evaluate(
            """async () => {
              const input = document.querySelector("step-controls").renderRoot.querySelector("input");
              const write = history.replaceState.bind(history);
              let written = 0;
              history.replaceState = (...given) => { written++; write(...given); };
              const start = performance.now();
              for (let i = 0; i < 100; i++) {
                input.value = String(i % 2 ? 0 : Number(input.max));
                input.dispatchEvent(new Event("input", { bubbles: true }));
                await new Promise(requestAnimationFrame);
              }
              return [(performance.now() - start) / 1000, written];
            }"""
        )
        assert 1 <= written <= 4 * (seconds + 1)
        page.wait_for_function("() => location.hash.endsWith('step=0')")
        page.get_by_role("link", name="Watch it learn").click()  # at once, before it is written
        page.wait_for_url("**/index.html*")
        page.go_back()
        page.get_by_text("step 0 of 20").wait_for()


def test_a_copied_link_shows_the_same_elsewhere(browser, site):
    with opened(browser, f"{site.address}/explore.html#prompt=2") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy link").click()
        page.locator("copy-link [role=status]").get_by_text("copied").wait_for()
        link = page.evaluate("() => navigator.clipboard.readText()")
        assert link.startswith(f"{site.address}/explore.html#")
        chosen = set(link.split("#")[1].split("&"))
        assert chosen == {"run=smoke", "step=20", "prompt=2"}


def test_a_link_that_was_copied_in_a_part_of_the_page_leads_there(browser, site):
    state = "step=20&prompt=2&head=0.1&versus=off:0.1&section=heads"
    with comparing(browser, site, state) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("#first .token").nth(5).click()
        page.locator('#first .chosen[data-position="5"]').wait_for()
        result = page.locator("compare-result .result").inner_text()
        page.locator("copy-link[section=compared] button").click()
        page.locator("copy-link[section=compared] [role=status]").get_by_text("copied").wait_for()
        link = page.evaluate("() => navigator.clipboard.readText()")
        page.get_by_role("button", name="Copy link").click()
        page.locator("header copy-link [role=status]").get_by_text("copied").wait_for()
        assert "section" not in page.evaluate("() => navigator.clipboard.readText()")
    with opened(browser, link) as page:
        page.mouse.move(5, 5)
        settled(page, "#compared")
        page.wait_for_function(  # half of the screen
            "() => Math.abs(document.querySelector('#compared').getBoundingClientRect().y) < 450"
        )
        assert page.locator("#first .chosen").get_attribute("data-position") == "5"
        assert page.locator("compare-result .result").inner_text() == result


def test_who_is_led_to_a_part_of_the_page_stays_there_until_they_move_on(browser, site):
    top = "() => document.querySelector('#compared').getBoundingClientRect().y"
    push = """() => { const tall = document.createElement("div"); tall.style.height = "700px";
        document.querySelector("h1").after(tall);
        return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))); }"""
    with opened(browser, f"{site.address}/explore.html#section=compared") as page:
        settled(page)
        page.wait_for_function(f"() => Math.abs(({top})()) < 450")
        page.evaluate(
            "() => { document.documentElement.style.overflowAnchor = 'none'; }"
        )  # as in Safari
        before = page.evaluate(top)
        page.evaluate(push)
        assert abs(page.evaluate(top) - before) < 2
        page.mouse.wheel(0, -300)
        page.wait_for_function(f"(before) => ({top})() > before + 200", arg=before)
        before = page.evaluate(top)
        page.evaluate(push)
        assert page.evaluate(top) > before + 600


def test_a_link_says_that_it_does_not_carry_typed_code(browser, site):
    for name, said in (("write.html", 1), ("explore.html", 0)):
        with opened(browser, f"{site.address}/{name}") as page:
            page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page.get_by_role("button", name="Copy link").click()
            status = page.locator("header copy-link [role=status]")
            status.get_by_text("copied").wait_for()
            assert status.get_by_text("code").count() == said


def test_where_copying_is_forbidden_the_address_is_shown(browser, site):
    with opened(browser, f"{site.address}/index.html#step=10") as page:
        page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        page.get_by_role("button", name="Copy link").click()
        address = page.get_by_label("Copy this address")
        assert address.input_value() == f"{site.address}/index.html#run=smoke&step=10"
        assert page.evaluate("() => getSelection().toString()") == address.input_value()
        page.keyboard.press("Escape")
        assert address.count() == 0


def test_the_code_that_trained_a_run_can_be_read(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        page.get_by_text("The code that trained it").click()
        code = page.get_by_role("region", name="train.py")
        assert "def attention(q, k, v):" in code.inner_text()


@pytest.mark.parametrize("name", PAGES[:4])
def test_paper_shows_no_controls_and_what_it_shows_does_not_overlap(browser, site, name):
    with opened(browser, f"{site.address}/{name}", 794) as page:
        page.emulate_media(media="print")
        for unusable in ("step-controls .marks i", "step-controls button", "rule-accuracy form"):
            assert not any(one.is_visible() for one in page.locator(unusable).all()), unusable
        for control in ("Copy link", "Play", "Look inside", "Sample again"):
            assert not page.get_by_text(control, exact=True).first.is_visible(), control
        boxes = page.evaluate("""() => [...document.querySelectorAll("main > *, .card > *")]
            .filter((one) => getComputedStyle(one).display !== "contents")
            .map((one) => one.getBoundingClientRect()).filter(({ height }) => height)
            .map(({ top, bottom }) => [top, bottom])""")
        assert all(top < bottom for top, bottom in boxes) and len(boxes) > 3
        for one in page.locator("details:not([open])").all():
            assert not one.is_visible()


@pytest.mark.parametrize("name", PAGES[:4])
def test_a_page_that_is_magnified_to_400_percent_hides_nothing(browser, site, tmp_path, name):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    long = "a-run-with-a-name-" + "that-goes-on-" * 4
    (copy / "exported" / "smoke").rename(copy / "exported" / long)
    index = json.loads((copy / "exported" / "index.json").read_text())
    first = index["runs"][0]
    index.update(runs=[first | {"name": long}, first | {"name": "b"}], latest=long)
    (copy / "exported" / "index.json").write_text(json.dumps(index))
    with served(copy) as address, opened(browser, f"{address}/{name}", 320, 256) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.evaluate("scrollTo(0, document.querySelector('main .card').offsetTop + 400)")
        covered = page.evaluate("""() => [...document.querySelectorAll("main *")].filter((one) => !one.closest(".cm-editor") &&
            ["sticky", "fixed"].includes(getComputedStyle(one).position)).length""")
        assert covered == 0
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_numbers_of_the_loss_curve_grow_with_the_text_of_the_browser(browser, site):
    size = "one => parseFloat(/([\\d.]+)px/.exec(one.plot.axes[0].font[0])[1])"
    with opened(browser, f"{site.address}/index.html") as page:
        curve = page.locator("loss-curve")
        before = curve.evaluate(size)
        page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
        page.wait_for_function(
            f"(before) => ({size})(document.querySelector('loss-curve')) > 1.5 * before", arg=before
        )


# Watch it learn ---------------------------------------------------------------------------------


def test_the_slider_shows_the_samples_of_each_step(browser, site):
    steps = manifest_of(site.folder)["sampled_steps"]
    with_milestones = {one["step"] for one in samples_of(site.folder)["milestones"]}
    with opened(browser, f"{site.address}/index.html") as page:
        assert shown(page) == expected(site.folder, 0)
        slider = page.get_by_role("slider", name="Training step")
        slider.focus()
        for i in range(1, len(steps)):
            page.keyboard.press("ArrowRight")
            assert shown(page) == expected(site.folder, i)
            value, *named = slider.get_attribute("aria-valuetext").split(", milestone: ")
            assert value == f"step {steps[i]} of 20" and bool(named) == (
                steps[i] in with_milestones
            )
            page.wait_for_function(f"() => location.hash === '#step={steps[i]}'")
        page.keyboard.press("Home")
        assert shown(page) == expected(site.folder, 0)


def test_an_address_leads_to_its_step_or_else_to_the_nearest_sampled_step(browser, site):
    for step, nearest in ((10, "10"), (19, "20"), (999, "20"), ("nonsense", "0")):
        with opened(browser, f"{site.address}/index.html#step={step}") as page:
            assert page.get_by_text(f"step {nearest} of 20").is_visible()


def test_play_goes_to_the_last_step_and_stops_when_somebody_takes_the_slider(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        page.get_by_role("button", name="Play").click()
        page.get_by_text("step 20 of 20").wait_for()
        page.clock.install()  # from here on, time stands still
        page.clock.pause_at(10**10)
        page.get_by_role("button", name="Play").click()  # from the beginning
        page.get_by_text("step 0 of 20").wait_for()
        page.get_by_role("button", name="Pause").wait_for()
        page.get_by_role("slider").press("Home")
        page.get_by_role("button", name="Play").wait_for()
        assert shown(page) == expected(site.folder, 0)


def test_a_film_starts_by_itself_once_unless_the_address_names_a_step(browser, site):
    with opened(browser, f"{site.address}/index.html", still=False) as page:
        page.get_by_text("step 20 of 20").wait_for()
        assert shown(page) == expected(site.folder, 3)
        page.get_by_role("button", name="Play").wait_for()  # it does not begin again
    for address, still in (("index.html#step=10", False), ("index.html", True)):
        with opened(browser, f"{site.address}/{address}", still=still) as page:
            page.wait_for_timeout(1500)
            assert page.get_by_text(f"step {10 if 'step' in address else 0} of 20").is_visible()
            page.get_by_role("button", name="Play").wait_for()


def test_a_film_that_started_by_itself_stops_as_soon_as_somebody_does_something(browser, site):
    for act in (
        lambda page: page.get_by_role("button", name="Pause").click(),
        lambda page: page.get_by_role("slider", name="Training step").press("Home"),
        lambda page: page.locator("h1").click(),
        lambda page: page.keyboard.press("Tab"),
    ):
        with opened(browser, f"{site.address}/index.html", still=False) as page:
            page.get_by_role("button", name="Pause").wait_for()
            act(page)
            page.get_by_role("button", name="Play").wait_for()


def test_a_film_waits_for_what_it_shows(browser, site):
    with opened(browser, f"{site.address}/explore.html#step=first") as page:
        held = []
        page.route("**/steps/000010-0.json", lambda route: held.append(route))
        page.get_by_role("button", name="Play").click()
        page.get_by_text("step 10 of 20").wait_for()
        page.locator("forward-pass[stale] #inside token-row").wait_for()
        page.get_by_text("The text of step 10 is still loading").wait_for()
        page.wait_for_timeout(1500)  # longer than a sample is shown
        assert page.get_by_text("step 10 of 20").is_visible()
        held[0].continue_()
        page.get_by_text("step 20 of 20").wait_for()
        page.wait_for_function(
            "() => !document.querySelector('forward-pass[stale]:not([compared], [versus])')"
        )


def test_a_milestone_and_a_point_of_the_curve_lead_to_their_step(browser, site):
    milestones = samples_of(site.folder)["milestones"]
    assert milestones, "even the smoke run has milestones"
    with opened(browser, f"{site.address}/index.html") as page:
        page.locator("milestone-list button").last.click()
        assert f"#step={milestones[-1]['step']}&" in f"{page.url}&"
        assert 0 <= page.locator("#training").bounding_box()["y"] < 300
        curve = page.locator("loss-curve .u-over")
        curve.click(position=dict(x=curve.bounding_box()["width"] - 2, y=90))
        assert "#step=20&" in f"{page.url}&"


RULES = ("spelling", "plot", "end")


@pytest.fixture(scope="module")
def skilled(site, tmp_path_factory):
    """The address of the smoke run, as if it had learned two of three rules."""
    copy = tmp_path_factory.mktemp("skilled") / "site"
    shutil.copytree(site.folder, copy)
    rule = dict(kind="rule", prompt=None, text=None)

    def learn(samples):
        samples["rule_accuracy"] = dict(
            snapshot_steps=[0, 1, 10, 20],
            accuracy=dict(spelling=[0, 0.25, 0.5, 1], plot=[0, 0, 0, 0.75], end=[0, 0, 0, 0]),
            n_texts=dict.fromkeys(RULES, 32),
        )
        samples["milestones"] = [
            dict(kind="name", step=10, prompt=3, text="Mimi"),
            dict(rule, step=20, rule="spelling", accuracy=1),
            dict(rule, step=20, rule="plot", accuracy=0.75),
        ]
        odds = dict(uniform=0.25, unigram=0)
        samples["chance"] = dict(
            limit=0.01,
            n_samples=4,
            n_draws=500,
            texts=dict(
                words=dict(uniform=0, unigram=0.9, is_used=False, n_words=12),
                name=dict(uniform=0, unigram=0.002, is_used=True),
            ),
            rules=dict.fromkeys(RULES[:2], dict(odds, n_texts=32, least=24))
            | dict(end=dict(odds, n_texts=3, least=None)),
        )

    change(copy / "exported" / "smoke", "samples.json", learn)
    with served(copy) as address:
        yield f"{address}/index.html"


def test_a_milestone_shows_its_prompt_too_and_the_focus_goes_to_the_film(browser, skilled):
    with opened(browser, skilled) as page:
        page.locator("milestone-list button").first.focus()
        page.keyboard.press("Enter")
        chosen = dict(one.split("=") for one in page.url.partition("#")[2].split("&"))
        assert (chosen["step"], chosen["prompt"], chosen["section"]) == ("10", "3", "training")
        assert page.evaluate("Boolean(document.activeElement.closest('#training'))")


def test_rules_are_one_strip_with_a_button_for_each_step(browser, skilled):
    with opened(browser, f"{skilled}#step=20") as page:
        buttons = page.locator("milestone-list button")
        assert buttons.count() == 2
        said = all_seen(buttons)[1].split()
        assert said == ["step", "20", "✓", "spelling", "100%,", "plot", "75%"]
        assert "24 of 32" in page.locator("milestone-list .rules .how").inner_text()


def test_what_has_been_reached_looks_different_from_what_was_chosen(browser, skilled):
    with opened(browser, f"{skilled}#step=20") as page:
        name, rules = page.locator("milestone-list button").all()
        assert [one.count("✓") for one in all_seen(page.locator("milestone-list button"))] == [1, 1]
        name.click()
        assert name.get_attribute("aria-current") == "true"
        assert [one.count("✓") for one in all_seen(page.locator("milestone-list button"))] == [1, 0]
        page.go_back()
        assert [one.get_attribute("aria-current") for one in (name, rules)] == [None, None]
        rules.click()
        assert rules.get_attribute("aria-current") == "true"
        page.get_by_role("button", name="Previous sample").click()
        assert rules.get_attribute("aria-current") is None


def test_bars_of_rules_are_filled_up_to_the_step_that_is_shown_and_hatched_after_it(
    browser, skilled
):
    filled = """one => [...one.renderRoot.querySelectorAll(".rule .strip")].map((strip) =>
        [...strip.querySelectorAll(".bar, .future")].map((i) =>
          Math.round(100 * (i.offsetLeft + (i.className === "future" ? 0 : i.offsetWidth))
            / strip.offsetWidth)))"""
    with opened(browser, skilled, still=True) as page:
        figure = page.locator("rule-accuracy")
        figure.get_by_role("button", name="Show me").click()
        # the ends of the filled parts, and where the hatched one begins
        assert figure.evaluate(filled) == [[0, 0]] * 3
        table = figure.get_by_role("row")
        assert table.count() == 2
        page.get_by_role("slider", name="Training step").press("ArrowRight")
        page.get_by_role("slider", name="Training step").press("ArrowRight")
        assert figure.evaluate(filled) == [[33, 67, 67, 67]] * 3
        assert "50%" in figure.locator(".rule").first.inner_text() and table.count() == 4
        page.get_by_role("slider", name="Training step").press("End")
        assert figure.evaluate(filled) == [[33, 67, 100, 100, 100]] * 3
        heights = "(all) => all.map((i) => i.offsetHeight / i.parentElement.offsetHeight)"
        assert figure.locator(".rule .bar").evaluate_all(heights)[:4] == [0, 0.25, 0.5, 1]


def test_what_a_rule_asks_for_is_said_to_everybody(browser, site):
    with opened(browser, f"{site.address}/index.html", 390) as page:
        figure = page.locator("rule-accuracy")
        meaning = "speech is in quotation marks"
        assert figure.get_by_role("columnheader").filter(has_text=meaning).count() == 1
        assert figure.locator(".name span").filter(has_text=meaning).is_visible()


def test_numbers_of_an_earlier_check_are_said_to_be_so(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)

    def check_less(samples):
        fractions = {rule: one[:2] for rule, one in samples["rule_accuracy"]["accuracy"].items()}
        samples["rule_accuracy"].update(snapshot_steps=[0, 20], accuracy=fractions)

    change(copy / "exported" / "smoke", "samples.json", check_less)
    with served(copy) as address, opened(browser, f"{address}/index.html#step=10") as page:
        figure = page.locator("rule-accuracy")
        assert figure.locator("option").all_inner_texts() == ["0", "20"]  # only what was checked
        said = figure.locator(".checked").inner_text()
        assert re.findall(r"step (\d+)", said) == ["0", "10"]
        page.get_by_role("slider", name="Training step").press("End")
        assert re.findall(r"step (\d+)", figure.locator(".checked").inner_text()) == ["20"]
        assert "step 20" in figure.get_by_role("table").locator("caption").inner_text()


@pytest.mark.parametrize("guess", [1, 10, 20])
def test_a_guess_is_marked_and_answered_and_stays_while_somebody_moves_through_the_film(
    browser, skilled, guess
):
    with opened(browser, skilled, still=True) as page:
        figure = page.locator("rule-accuracy")
        assert "24 of 32" in figure.get_by_role("group").inner_text()
        figure.get_by_role("combobox").select_option(str(guess))
        assert figure.locator(".marks i").all_inner_texts() == ["?"]
        figure.get_by_role("button", name="guess").press("Enter")
        answer = figure.locator(".outcome")
        assert answer.evaluate("one => one.getRootNode().activeElement === one")
        assert "step 20" in answer.inner_text() and "24" in answer.inner_text()
        assert "32 of 32 texts (100%)" in answer.inner_text()
        there = {1: "8 of 32 texts (25%)", 10: "16 of 32 texts (50%)", 20: "16 of 32 texts (50%)"}
        assert f"step {min(guess, 10)}" in answer.inner_text()
        assert there[guess] in answer.inner_text()
        assert ("not" in answer.get_attribute("class")) == (guess != 20)
        marks = figure.locator(".marks i").all_inner_texts()
        assert marks == (["? ✓"] if guess == 20 else ["?", "✓"])
        said = answer.inner_text()
        page.get_by_role("button", name="Next sample").click()
        assert answer.inner_text() == said and figure.get_by_role("combobox").count() == 0
        assert figure.locator(".marks i").all_inner_texts() == marks


@pytest.mark.parametrize("button", ["This is my guess", "Show me"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_bar_does_not_give_the_answer_away_and_nothing_moves_when_it_is_shown(
    browser, skilled, width, button
):
    with opened(browser, f"{skilled}#step=20", width) as page:
        figure = page.locator("rule-accuracy")
        asked, other = figure.locator(".rule").first, figure.locator(".rule").nth(1)
        assert not asked.locator(".bar").nth(2).is_visible()
        assert "100%" not in asked.inner_text() and "75%" in other.inner_text()
        assert not figure.get_by_role("columnheader").filter(has_text="spelling").count()
        before = [asked.bounding_box(), page.evaluate("scrollY")]
        figure.get_by_role("button", name=button).evaluate("one => one.click()")
        assert asked.locator(".bar").nth(2).is_visible() and "100%" in asked.inner_text()
        assert figure.get_by_role("columnheader").filter(has_text="spelling").count()
        assert [asked.bounding_box(), page.evaluate("scrollY")] == before


def test_a_guess_can_be_made_by_pointing_at_the_bar_until_it_is_given(browser, skilled):
    with opened(browser, skilled, still=True) as page:
        figure = page.locator("rule-accuracy")
        bar, menu = figure.locator(".strip").first, figure.get_by_role("combobox")
        width = bar.bounding_box()["width"]
        for x, step in ((width - 2, "20"), (1, "0"), (0.7 * width, "10")):
            bar.click(position=dict(x=x, y=6))
            assert menu.locator("option:checked").inner_text() == step
        figure.locator(".rule .strip").last.click(position=dict(x=1, y=6))  # another rule
        assert menu.locator("option:checked").inner_text() == "10"
        figure.get_by_role("button", name="guess").click()
        bar.click(position=dict(x=1, y=6))
        assert "step 10" in figure.locator(".outcome").inner_text()


def test_a_rule_that_was_not_learned_is_not_said_to_be(browser, site):
    with opened(browser, site.address + "/index.html") as page:  # 20 steps teach no rule
        assert not [one for one in samples_of(site.folder)["milestones"] if one["kind"] == "rule"]
        figure = page.locator("rule-accuracy")
        figure.get_by_role("button", name="guess").click()
        said = figure.locator(".outcome").inner_text()
        assert re.findall(r"step (\d+)", said) == ["1"]  # the guess; no step is the answer
        assert figure.locator(".marks i").count() == 1
        assert page.locator("milestone-list .rules").count() == 0


def test_how_likely_chance_is_to_reach_each_milestone_stands_below_the_list(browser, skilled):
    with opened(browser, skilled) as page:
        figure = page.locator("milestone-odds")
        assert not figure.is_visible()
        page.locator("milestone-list + details summary").click()
        assert figure.is_visible()
        rows = [one.split("\t") for one in figure.get_by_role("row").all_inner_texts()[1:]]
        assert [row[-2:] for row in rows] == [
            ["0%", "90%"],
            ["0%", "<1%"],
            ["25%", "0%"],
            ["25%", "0%"],
        ]
        notes = [row.locator("small").count() for row in figure.get_by_role("row").all()[1:]]
        assert notes == [1, 0, 1, 1]  # words are too easy here
        assert "12" in rows[0][0]
        assert "spelling, plot" in rows[2][0] and "24 of 32" in rows[2][0]
        assert "end" in rows[3][0] and not re.search(r"\d", rows[3][0])
        said = text_of(page, "milestone-odds")
        assert "500 samples" in said and "4 samples" in said


def test_a_token_shows_its_probability_by_mouse_and_by_keyboard(browser, site):
    vocab = manifest_of(site.folder)["tokenizer"]["vocab"]
    first = samples_of(site.folder)["samples"][0]["continuations"][0]
    with opened(browser, f"{site.address}/index.html") as page:
        tooltip = page.locator("prompt-samples .about")
        page.locator("prompt-samples .token").nth(1).hover()
        shown_percent = re.search(r"[<>]?(\d+)%", tooltip.inner_text())
        assert abs(int(shown_percent[1]) - 100 * first["p"][1]) <= 1
        page.locator("prompt-samples [role=group]").first.focus()
        page.keyboard.press("Home")
        assert all_seen(tooltip.locator("b"))[0] == show_whitespace(vocab[first["ids"][0]])
        assert tooltip.get_attribute("aria-atomic") == "true"  # not only what has changed is read


def test_a_tapped_token_says_what_else_was_likely_and_leads_into_look_inside(browser, site):
    vocab, sample = continuation_of(site.folder, 20, 0)
    page = browser.new_page(viewport=dict(width=390, height=700), has_touch=True)
    page.goto(f"{site.address}/index.html#step=20")
    drawn(page)
    token = page.locator("prompt-samples .token").nth(2)
    token.scroll_into_view_if_needed()
    token.tap()
    about = page.locator("prompt-samples .about")
    about.get_by_text("It might have written").wait_for()
    taken = sample["tokens"][2]
    others = [vocab[i] for i, _ in taken["top"] if i != taken["id"]][:4]
    assert all_seen(about.locator("b")) == [
        show_whitespace(one) for one in (vocab[taken["id"]], *others)
    ]
    about.get_by_role("link").click()
    page.figure = lambda name: page.locator(f"#inside {name}")
    page.figure("top-ten").locator("tr.is-chosen").wait_for()
    position = len(sample["prompt_ids"]) + 2
    assert "step=20" in page.url and f"position={position}" in page.url
    page.close()


def test_the_words_that_show_a_milestone_are_marked_and_get_the_focus(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    said = "".join(
        manifest_of(copy)["tokenizer"]["vocab"][i]
        for i in samples_of(copy)["samples"][2]["continuations"][1]["ids"][1:3]
    )
    one = dict(kind="words", step=10, prompt=1, text=said)
    change(copy / "exported" / "smoke", "samples.json", lambda it: it.update(milestones=[one]))
    with (
        served(copy) as address,
        opened(browser, f"{address}/index.html#step=10&prompt=1&milestone=words") as page,
    ):
        marked = page.locator("prompt-samples .shows")
        assert [
            int(i) for i in marked.evaluate_all("all => all.map(one => one.dataset.token)")
        ] == [
            1,
            2,
        ]
        focused = (
            "() => document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label')"
        )
        label = page.evaluate(focused)
        assert "Step 10" in label and "rompt 2" in label and said in label
        assert "step 10" in page.locator("prompt-samples .about").inner_text()
        page.get_by_role("button", name="Next sample").click()
        assert marked.count() == 0 and "milestone" not in page.url


@pytest.fixture
def with_mimi(site, tmp_path):
    """The address of the smoke run, as if it had written a name again at step 10, and learned two
    rules there: of one of them, nothing can be seen."""
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    vocab = manifest_of(copy)["tokenizer"]["vocab"]
    ids = [vocab.index(character) for character in " had Mimi. One day, Mimi ran"]
    rule = dict(kind="rule", step=10, prompt=None, text=None, accuracy=0.75)

    def learn(samples):
        samples["samples"][2]["continuations"][3].update(ids=ids, p=[0.5] * len(ids))
        samples["milestones"] = [
            dict(kind="unigram", step=10, prompt=None, text=None),
            dict(kind="name", step=10, prompt=3, text="Mimi"),
            dict(rule, rule="feeling"),
            dict(rule, rule="name"),
            dict(rule, step=20, rule="place"),
        ]

    change(copy / "exported" / "smoke", "samples.json", learn)
    with served(copy) as address:
        yield f"{address}/index.html"


def test_a_name_that_comes_back_is_marked_wherever_it_stands(browser, with_mimi):
    with opened(browser, with_mimi) as page:
        film = page.locator("prompt-samples")
        for milestone in ("A name comes back", "feeling 75%, name 75%"):
            page.locator("milestone-list button").filter(has_text=milestone).click()
            assert "".join(all_seen(film.locator(".shows"))) == "MimiMimi"
            assert "step 10" in film.locator(".about").inner_text()
            page.get_by_role("slider", name="Training step").press("End")
            assert film.locator(".shows").count() == 0
            page.get_by_role("button", name="Once upon a time", exact=True).click()


def test_a_milestone_that_no_text_shows_says_so(browser, with_mimi):
    with opened(browser, with_mimi) as page:
        film = page.locator("prompt-samples")
        legend = film.locator(".about").inner_text()
        for milestone, step in (("counting tokens", 10), ("place 75%", 20)):
            page.locator("milestone-list button").filter(has_text=milestone).click()
            assert film.locator(".shows").count() == 0
            assert f"step {step}:" in film.locator(".about").inner_text()
            focused = "one => one.renderRoot.activeElement.getAttribute('aria-label')"
            assert f"Step {step}," in film.evaluate(focused)
        page.get_by_role("button", name="Previous sample").click()
        assert film.locator(".about").inner_text() == legend


def test_a_milestone_leaves_all_five_texts_where_they_are(browser, with_mimi):
    with opened(browser, with_mimi) as page:
        film = page.locator("prompt-samples")
        film.get_by_role("button", name="All five").click()
        page.locator("milestone-list button").filter(has_text="A name comes back").click()
        assert film.locator("li").count() == 5
        assert "".join(all_seen(film.locator("li").nth(3).locator(".shows"))) == "MimiMimi"
        assert film.locator(".shows").count() == 8  # characters, and no others


def test_a_dot_below_the_slider_names_its_milestones_and_leads_there(browser, with_mimi):
    with opened(browser, with_mimi) as page:
        dots = page.locator("step-controls .marks i")
        assert dots.count() == 2
        name = dots.first.locator(".name")
        assert not name.is_visible()
        dots.first.hover()
        for words in ("tep 10", "counting tokens", "A name comes back", "feeling, name"):
            assert words in name.inner_text()  # which is empty of what is not seen
        dots.first.click()
        assert page.get_by_text("step 10 of 20").first.is_visible()
        assert "step 10" in page.locator("prompt-samples .about").inner_text()


def test_a_new_step_is_announced_but_not_while_a_film_goes_on(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        said = page.locator("step-controls [role=status]")
        assert said.inner_text() == ""
        page.get_by_role("button", name="Next sample").click()
        steps = manifest_of(site.folder)["sampled_steps"]
        assert f"step {steps[1]} of 20" in said.inner_text()
        page.evaluate("""() => { globalThis.heard = [];
            const { renderRoot } = document.querySelector("step-controls");
            const status = renderRoot.querySelector("[role=status]");
            new MutationObserver(() => heard.push(status.textContent))
              .observe(status, { subtree: true, childList: true, characterData: true }); }""")
        page.get_by_role("button", name="Play").click()
        page.get_by_role("button", name="Pause").wait_for()
        page.get_by_role("button", name="Play").wait_for()
        assert page.evaluate("heard") == ["step 20 of 20"]


# A finger ---------------------------------------------------------------------------------------


@pytest.fixture
def phone(browser, site):
    """Watch on a phone, with a finger: swipe(element, x, y) moves it, from the middle of an element or
    from another fraction of its width."""
    context = browser.new_context(
        viewport=dict(width=390, height=844), is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    page.goto(f"{site.address}/index.html#step=10")
    drawn(page)
    screen = context.new_cdp_session(page)

    def touch(kind, *points):
        screen.send("Input.dispatchTouchEvent", dict(type=kind, touchPoints=points))

    def swipe(element, x, y, start_at=0.5):
        box = element.bounding_box()
        start = dict(x=box["x"] + box["width"] * start_at, y=box["y"] + box["height"] / 2)
        touch("touchStart", start)
        for i in range(1, 11):
            touch("touchMove", dict(x=start["x"] + x * i / 10, y=start["y"] + y * i / 10))
            page.wait_for_timeout(20)
        touch("touchEnd")
        page.wait_for_timeout(200)

    page.swipe = swipe
    yield page
    context.close()


def test_a_finger_that_scrolls_chooses_nothing(phone):
    slider = phone.get_by_role("slider", name="Training step")
    word = phone.locator("prompt-samples .token").first
    for element, start_at in ((slider, 0.9), (word, 0.5)):
        phone.evaluate("scrollTo(0, 0)")
        before = slider.evaluate("one => [one.value, one.ariaValueText]")
        phone.swipe(element, 4, -150, start_at)
        assert phone.evaluate("scrollY") > 50
        assert slider.evaluate("one => [one.value, one.ariaValueText]") == before
        assert phone.locator("prompt-samples .chosen").count() == 0
    phone.evaluate("scrollTo(0, 0)")
    word.tap()
    assert phone.locator("prompt-samples .chosen").count() == 1


def test_a_finger_that_moves_sideways_drags_the_slider_and_a_tap_moves_it(phone):
    slider = phone.get_by_role("slider", name="Training step")
    phone.swipe(slider, -170, 3)
    assert phone.get_by_text("step 0 of 20").first.is_visible()
    box = slider.bounding_box()
    phone.touchscreen.tap(box["x"] + box["width"] - 14, box["y"] + box["height"] / 2)
    assert phone.get_by_text("step 20 of 20").first.is_visible()


def test_another_run_is_chosen_and_stays_in_the_address(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    shutil.copytree(copy / "exported" / "smoke", copy / "exported" / "other")
    change(
        copy / "exported" / "other",
        "manifest.json",
        lambda m: m.update(name="other", step=7, finished=False),
    )
    index = json.loads((copy / "exported" / "index.json").read_text())
    index["runs"].append(index["runs"][0] | {"name": "other"})
    (copy / "exported" / "index.json").write_text(json.dumps(index))
    with served(copy) as address, opened(browser, f"{address}/index.html#step=10") as page:
        page.get_by_label("run").select_option("other")
        page.get_by_text("This run, “other”,").wait_for()
        assert page.get_by_text("7 of 20 steps so far").is_visible()
        assert "run=other" in page.url
        page.reload()
        drawn(page)
        assert page.get_by_text("This run, “other”,").is_visible()


def give_results(run, **metrics):
    """Have an exported run end with these results; band=None: it has no band."""
    given = {name: value for name, value in metrics.items() if value is not None}

    def give(manifest):
        manifest["metrics"].pop("band", None)
        manifest["metrics"].update(given)

    change(run, "manifest.json", give)


def without_numbers(text):
    return re.sub(r"[\d.]+", "#", text)


@pytest.mark.parametrize("of", ["preset", "seeds"])
def test_the_page_says_whether_the_loss_is_what_one_should_expect(browser, site, tmp_path, of):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    band = dict(low=2.25, high=2.5, runs=3, of=of)
    said = []
    with served(copy) as address:
        # Lower, expected twice, and higher: two widths outside of the band are allowed.
        for loss in (1.74123, 1.76543, 2.98765, 3.01234):
            give_results(copy / "exported" / "smoke", validation_loss=loss, band=band)
            with opened(browser, f"{address}/index.html") as page:
                said.append(page.locator("loss-curve .caption").inner_text())
            for number in (f"{loss:.4f}", "2.2500", "2.5000", "3"):
                assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", said[-1]), said[-1]
        lower, expected, also_expected, higher = map(without_numbers, said)
        # A run is itself one of a band of seeds, which therefore does not judge it.
        verdicts = 3 if of == "preset" else 1
        assert expected == also_expected and len({lower, expected, higher}) == verdicts
        give_results(copy / "exported" / "smoke", band=None)
        with opened(browser, f"{address}/index.html") as page:
            assert page.locator("loss-curve .caption").count() == 0


# Look inside ------------------------------------------------------------------------------------


@contextlib.contextmanager
def inside(browser, site, state="", **how):
    """explore.html with this in its address, when everything is there."""
    with opened(browser, f"{site.address}/explore.html#{state}", **how) as page:
        page.mouse.move(5, 5)  # the first interaction
        settled(page)
        page.figure = lambda name: page.locator(f"#inside {name}")
        yield page


def continuation_of(folder, step, prompt):
    """The vocabulary, and what was exported of a prompt at a step."""
    file = folder / "exported" / "smoke" / "steps" / f"{step:06}-{prompt}.json"
    return manifest_of(folder)["tokenizer"]["vocab"], json.loads(file.read_text("utf-8"))


def show_whitespace(token):
    return token.replace(" ", "·").replace("\n", "↵").replace("<|endoftext|>", "(end)")


def seen(locator):
    """What an element says to somebody who sees it: not what is only read aloud."""
    return locator.evaluate("""(one) => {
        const copy = one.cloneNode(true);
        for (const hidden of copy.querySelectorAll(".visually-hidden")) hidden.remove();
        return copy.textContent.replace(/\\s+/g, " ").trim(); }""")


def boxes(page, figure="#inside token-row"):
    """The tokens that a row shows, without the empty box after its end."""
    return [text for text in page.locator(f"{figure} .token:not(.ghost)").all_inner_texts()]


@pytest.mark.parametrize("step, prompt", [(0, 0), (10, 3), (20, 4)])
def test_an_exported_text_is_shown_as_its_tokens(browser, site, step, prompt):
    vocab, exported = continuation_of(site.folder, step, prompt)
    ids = exported["prompt_ids"] + [token["id"] for token in exported["tokens"]]
    with inside(browser, site, f"step={step}&prompt={prompt}") as page:
        assert boxes(page) == [show_whitespace(vocab[i]) for i in ids]
        assert page.get_by_text(f"Recorded at step {step} of the training").is_visible()


def test_a_token_shows_the_ten_most_likely_with_the_chosen_one_marked(browser, site):
    vocab, exported = continuation_of(site.folder, 20, 1)
    token, position = exported["tokens"][2], len(exported["prompt_ids"]) + 2
    with inside(browser, site, "step=20&prompt=1") as page:
        page.figure("token-row").locator(".token").nth(position).click()
        rows = page.figure("top-ten").locator("tbody tr")
        shown = rows.locator(".token").all_inner_texts()
        assert shown[:10] == [show_whitespace(vocab[i]) for i, _ in token["top"]]
        marked = page.figure("top-ten").locator("tr.is-chosen")
        assert marked.locator(".token").inner_text() == show_whitespace(vocab[token["id"]])
        assert marked.locator(".token").get_attribute("aria-label").endswith(", in the text")
        assert marked.locator(".percent").first.inner_text() == precise(token["p"])
        assert f"position={position}" in page.url


def test_temperature_changes_the_sampling_but_not_the_prediction(browser, site):
    with inside(browser, site, "step=20&prompt=1&position=7&temperature=1") as page:
        row = page.figure("top-ten").locator("tbody tr").first
        slider = page.figure("top-ten").get_by_role("slider")
        probability = row.locator(".percent").first.inner_text()
        assert row.locator(".percent").all_inner_texts() == [probability, probability]
        slider.focus()
        for _ in range(10):
            page.keyboard.press("ArrowLeft")
        assert row.locator(".percent").all_inner_texts() == [probability, "100%"]
        assert "temperature=0" in page.url


def test_attention_weights_are_the_exported_ones_by_mouse_and_by_keyboard(browser, site):
    vocab, exported = continuation_of(site.folder, 20, 0)
    weights = np.frombuffer(base64.b64decode(exported["attention"]), np.uint8).reshape(4, -1) / 255
    starts = [query * (query + 1) // 2 for query in range(20)]
    with inside(browser, site, "step=20&prompt=0&head=1.1&position=5") as page:
        shown = [seen(one) for one in page.figure("attention-map").locator("li").all()]
        row = weights[3][starts[4] : starts[5]]
        assert len(shown) == 5
        prompt = [show_whitespace(vocab[i]) for i in exported["prompt_ids"]]
        for one in shown:
            token, number = re.fullmatch(r"(\S+) [<>]?(\d+)%", one).groups()
            assert min(abs(100 * row[i] - int(number)) for i in range(5) if prompt[i] == token) <= 1
        field = page.figure("attention-map").locator(".field")
        field.focus()
        page.keyboard.press("ArrowDown")
        assert page.url.count("position=6") == 1
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
        said = seen(page.figure("attention-map").locator(".description"))
        assert f"to {prompt[3]}: {round(100 * row[3])}%" in said
        box = field.bounding_box()
        page.mouse.click(box["x"] + 2, box["y"] + box["height"] * 0.99)
        last = len(exported["prompt_ids"]) + len(exported["tokens"])
        said = seen(page.figure("attention-map").locator(".description"))
        assert f"(position {last - 1}) to (end)" in said


def test_the_gallery_shows_every_head_and_leads_to_it(browser, site):
    with inside(browser, site, "step=20&head=0.0") as page:
        heads = page.figure("attention-gallery").get_by_role("option")
        names = [one.locator("b").inner_text() for one in heads.all()]
        assert names == ["1.0", "1.1", "0.0", "0.1"]  # as they stand in the drawing
        drawn = page.evaluate("""() => [...document.querySelector("#inside attention-gallery")
            .renderRoot.querySelectorAll("canvas")].map((canvas) => {
              const T = canvas.width, { data } = canvas.getContext("2d").getImageData(0, 0, T, T);
              return [0, T - 1, T * T - T].map((cell) => data[4 * cell + 3]); })""")
        assert drawn == [[255, 0, 255]] * 4, "the future is empty, the past is not"
        heads.nth(0).click()
        page.figure("attention-gallery").get_by_text("Head 1.0 looks most").wait_for()
        page.get_by_text(", head 1.0 looked most at").first.wait_for()
        page.keyboard.press("ArrowRight")
        page.locator(
            "head-story h3", has_text="Head 1.1: "
        ).wait_for()  # far below, and drawn later
        assert "head=1.1" in page.url


SCREENS = [(1440, 900), (853, 480), (390, 844)]
BOTTOMS = """() => Object.fromEntries(Object.entries({
    token: ["token-row", ".token.chosen"], sentence: ["token-row", ".description p"],
    third: ["top-ten", "tbody tr:nth-child(3)"], slider: ["step-controls", "input"],
    story: ["prompt-chooser", ".story"], map: ["attention-map", ".field"] }).map(([name, [tag, part]]) =>
      [name, document.querySelector(`#inside ${tag}`).renderRoot.querySelector(part)
        .getBoundingClientRect().bottom]))"""


@pytest.mark.parametrize("width, height", SCREENS)
def test_what_one_chooses_and_what_follows_from_it_stand_on_one_screen(
    browser, site, width, height
):
    with inside(browser, site, width=width, height=height) as page:
        bottoms = page.evaluate(BOTTOMS)
    if width < 1440:
        del bottoms["map"]  # there, it stands below
    assert {name: bottom for name, bottom in bottoms.items() if bottom > height} == {}


def test_on_a_phone_the_answer_to_your_own_text_stands_where_one_types(browser, site):
    with inside(browser, site, width=390, height=420) as page:  # the keyboard has the rest
        own = page.get_by_placeholder("The start of a text")
        own.click()
        page.keyboard.type("The cat")
        page.keyboard.press("Enter")
        page.figure(".caption").get_by_text("Computed in this page").wait_for()
        story = page.figure("prompt-chooser .story")
        assert story.inner_text().startswith("The cat") and len(story.inner_text()) > 7
        answer, box = story.bounding_box(), own.bounding_box()
        slider = page.figure("step-controls").bounding_box()
        assert 0 <= box["y"] < answer["y"]
        assert answer["y"] + answer["height"] / 2 < slider["y"]


def test_first_one_sees_the_head_and_the_position_that_look_most_at_a_word(browser, site):
    vocab, exported = continuation_of(site.folder, 20, 0)
    ids = exported["prompt_ids"] + [token["id"] for token in exported["tokens"]]
    triangles = np.frombuffer(base64.b64decode(exported["attention"]), np.uint8).reshape(4, -1)
    least = 3 if any(re.search(r"[^\W\d_]{3}", token) for token in vocab) else 1
    looks = [
        (int(triangles[head][query * (query + 1) // 2 + key]), head, query + 1)
        for query in range(len(exported["prompt_ids"]) - 1, len(ids) - 1)
        for head in range(4)
        for key in range(1, query - 1)
        if re.search(rf"[^\W\d_]{{{least}}}", vocab[ids[key]])
        and ids[: query + 1].count(ids[key]) == 1
    ]
    with inside(browser, site) as page:
        chosen = page.figure("token-row").get_by_role("option", selected=True)
        head = page.figure("attention-gallery").get_by_role("option", selected=True)
        layer, number = map(int, head.get_attribute("data-head").split("."))
        position = int(chosen.get_attribute("data-position"))
        assert (max(looks)[0], 2 * layer + number, position) in looks
        assert "position" not in page.url and "head" not in page.url


def test_the_gallery_says_what_the_loss_gains_without_each_head(browser, site):
    heads = json.loads((site.folder / "exported/smoke/heads.json").read_text("utf-8"))
    steps = heads["snapshot_steps"]
    with inside(browser, site, f"step={steps[-1]}") as page:
        options = page.figure("attention-gallery").get_by_role("option").all()
        said = [one.locator(".line span").inner_text() for one in options]
        caption = page.figure("attention-gallery").locator(".caption").inner_text()
    last = reversed(heads["ablated_loss"][-1])  # the drawing has the last layer at its top
    costs = [loss - heads["loss"][-1] for layer in last for loss in layer]
    numbers = [float(re.sub("[±+]", "", one).replace("−", "-")) for one in said]
    assert numbers == pytest.approx(costs, abs=0.006)
    assert f"step {steps[-1]}" in caption


def test_above_the_drawing_stands_how_many_heads_passed_a_test_of_a_role(browser, site):
    heads = json.loads((site.folder / "exported/smoke/heads.json").read_text("utf-8"))
    roles = [one["role"] for layer in heads["roles"] for one in layer]
    with inside(browser, site) as page:
        said = page.figure("attention-gallery .roles").inner_text()
    passed = sum(role is not None for role in roles)
    assert said.startswith(f"{passed or 'None'} of the {len(roles)} heads")


def test_what_might_come_next_is_an_empty_box_with_a_name(browser, site):
    with inside(browser, site, "step=20&text=The%20cat") as page:
        box = page.figure("token-row").locator(".ghost")
        assert box.inner_text() == "" and "next" in box.get_attribute("aria-label")
        size = box.bounding_box()
        assert min(size["width"], size["height"]) > 10
        box.click()
        assert "next" in page.figure("token-row").locator(".description").inner_text()


def test_below_the_ten_stands_what_all_other_tokens_have(browser, site):
    vocab, exported = continuation_of(site.folder, 20, 1)
    token, position = exported["tokens"][2], len(exported["prompt_ids"]) + 2
    listed = dict([*token["top"], (token["id"], token["p"])])
    with inside(browser, site, f"step=20&prompt=1&position={position}") as page:
        rest = page.figure("top-ten").locator("tfoot tr")
        assert str(len(vocab) - len(listed)) in rest.inner_text()
        percents = rest.locator(".percent").all_inner_texts()
    assert abs(float(percents[0].rstrip("%")) - 100 * (1 - sum(listed.values()))) <= 1


def test_a_text_of_your_own_is_announced_once_with_what_was_written(browser, site):
    with inside(browser, site) as page:
        status = page.figure("prompt-chooser").get_by_role("status")
        assert status.inner_text() == ""
        status.evaluate("""(one) => { globalThis.announced = [];
            new MutationObserver(() => one.textContent && announced.push(one.textContent))
              .observe(one, { childList: true, characterData: true, subtree: true }); }""")
        page.get_by_placeholder("The start of a text").press_sequentially("The cat", delay=250)
        page.wait_for_function("() => announced.length > 0")
        page.wait_for_timeout(1500)
        (heard,) = page.evaluate("announced")
        assert page.figure("prompt-chooser .story").inner_text() in heard
        live = "[aria-live], [role=status]"
        assert page.locator(f"#inside :is(token-row, attention-map) :is({live})").count() == 0


def test_arrow_keys_lead_through_tokens_cells_and_heads_and_each_says_what_it_is(browser, site):
    with inside(browser, site, "step=20&prompt=0&head=0.0&position=5") as page:

        def active(figure, role):
            """What a screen reader says of the active descendant."""
            box = page.figure(figure).locator(f"[role={role}]")
            name = box.get_attribute("aria-activedescendant")
            return page.figure(figure).locator(f'[id="{name}"]').get_attribute("aria-label")

        for figure, role, key in (
            ("token-row", "listbox", "ArrowRight"),
            ("attention-map", "grid", "ArrowDown"),
            ("attention-map", "grid", "ArrowLeft"),
            ("attention-gallery", "listbox", "ArrowUp"),
        ):
            before = active(figure, role)
            page.figure(figure).locator(f"[role={role}]").press(key)
            page.wait_for_timeout(300)
            after = active(figure, role)
            assert after and after != before and "·" not in after, (figure, key)
        assert "head=1.0" in page.url
        stops = page.evaluate("""() => document.querySelector("#inside attention-gallery")
            .renderRoot.querySelectorAll(":is(button, [tabindex]):not(share-button)").length""")
        assert stops == 1


@pytest.mark.parametrize("width, height", SCREENS[::2])
def test_nothing_jumps_while_one_chooses_and_scrubs(browser, site, width, height):
    with inside(browser, site, width=width, height=height) as page:
        page.evaluate("""() => { globalThis.shifts = 0;
            new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts += one.value; })
              .observe({ type: "layout-shift" }); }""")
        last = len(manifest_of(site.folder)["sampled_steps"]) - 1
        for i in [*range(last, -1, -1), *range(last + 1)]:
            page.figure("step-controls").locator("input").evaluate(
                "(one, i) => { one.value = i; one.dispatchEvent(new Event('input')); }", i
            )
            page.wait_for_timeout(150)
        for position in (3, 6, 9):
            page.figure("token-row").locator(".token").nth(position).evaluate("one => one.click()")
            page.wait_for_timeout(150)
        assert page.evaluate("shifts") < 0.05


def test_with_forced_colours_bars_shades_and_frames_stay(browser, site):
    page = browser.new_page(forced_colors="active", viewport=dict(width=1440, height=900))
    page.goto(f"{site.address}/explore.html#step=20&position=7")
    drawn(page)
    page.mouse.move(5, 5)
    settled(page)
    style = "(one, name) => getComputedStyle(one)[name]"
    ten, row = page.locator("#inside top-ten"), page.locator("#inside token-row")
    canvas = page.locator("body").evaluate(style, "backgroundColor")
    for bar in (ten.locator(".bars .model-prob").first, ten.locator(".bars .sampling-prob").first):
        assert bar.evaluate(style, "backgroundColor") != canvas
    shades = {
        one.evaluate(style, "backgroundColor")
        for one in row.locator(".token:not(.prompt, .ghost)").all()
    }
    assert len(shades) > 1
    for marked in (row.locator(".chosen"), row.locator(".query"), ten.locator(".is-chosen")):
        assert marked.first.evaluate(style, "outlineStyle") != "none"
    pressed = page.locator("#inside attention-gallery [aria-selected=true]")
    assert pressed.evaluate(style, "outlineStyle") != "none"
    page.close()


def test_a_long_name_without_a_space_fits_a_narrow_window(browser, site):
    with inside(browser, site, f"text={'x' * 120}", width=320, height=700) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("name", PAGES[:4])
def test_every_explanation_says_of_what(browser, site, name):
    with opened(browser, f"{site.address}/{name}") as page:
        titles = page.locator("summary").all_inner_texts()
    assert len(set(titles)) == len(titles) and "What is this?" not in titles


def test_the_scores_of_a_head_are_those_of_the_export(browser, site):
    heads = json.loads((site.folder / "exported/smoke/heads.json").read_text("utf-8"))
    with inside(browser, site, "step=20&head=1.0") as page:
        table = page.locator("head-story table")
        assert table.get_by_role("button").all_inner_texts() == [
            str(step) for step in heads["snapshot_steps"]
        ]
        for role in heads["uniform_scores"]:
            row = table.get_by_role("row", name=re.compile(f"^{role}")).locator("td b")
            assert row.all_inner_texts() == [percent(one[role][1][0]) for one in heads["scores"]]
        table.get_by_role("button", name="step 0").click()
        assert "step=0" in page.url
        page.locator("compare-chooser select").first.select_option("temperature")
        page.get_by_role("button", name="Compare with this head switched off").click()
        page.wait_for_url("**versus=off%3A1.0**")
        chosen = [one.input_value() for one in page.locator("compare-chooser select").all()]
        assert chosen == ["off", "1.0"]


def test_a_head_is_shown_with_what_it_likes_and_costs_and_with_chance(browser, site):
    heads = json.loads((site.folder / "exported/smoke/heads.json").read_text("utf-8"))
    vocab = json.loads((site.folder / "exported/smoke/manifest.json").read_text("utf-8"))[
        "tokenizer"
    ]["vocab"]
    with inside(browser, site, "step=20&head=1.0") as page:
        story = page.locator("head-story")
        role = heads["roles"][1][0]["role"]
        assert (role or "without it") in story.locator("h3").first.inner_text()
        said = story.locator(".description").inner_text()
        for one in heads["described"]["most_missed"][1][0]:
            token = vocab[one["id"]].replace(" ", "·").replace("\n", "↵")
            assert f"{token} +{one['loss_rise']:.2f} nats" in said.replace("<|endoftext|>", "(end)")
        for name, chance in heads["uniform_scores"].items():
            row = story.get_by_role("row", name=re.compile(f"^{name}"))
            assert f"by chance {percent(chance)}" in row.inner_text()
        spread = story.get_by_role("row", name=re.compile("^attention spread")).inner_text()
        assert f"{heads['n_texts']} unseen texts" in spread
        assert f"by chance {np.exp(heads['uniform_entropy']):.1f}" in spread
        strips = page.locator("entropy-strips .caption").inner_text()
        assert "prompts" in strips
        assert f"{np.exp(heads['sampled']['uniform'][-1]):.1f}" in strips


def tenths(p):
    if p < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= p < 1 else f"{100 * p:.1f}%"


def percent(p):
    if 0 < p < 0.005:
        return "<1%"
    return ">99%" if 0.995 < p < 1 else f"{int(100 * p + 0.5)}%"


def precise(p):
    """Two digits of what is far from certain, and more of what is nearly certain."""
    rest = min(p, 1 - p)
    digits = (p < 0.5) - np.floor(np.log10(100 * rest))
    return f"{100 * p:.{int(max(0, min(3, digits)))}f}%"


STEP_IN_SIGHT = """story => { const box = story.renderRoot.querySelector(".scroll");
    const { left, right } = box.getBoundingClientRect();
    const step = story.renderRoot.querySelector("[aria-current=step]").getBoundingClientRect();
    const names = story.renderRoot.querySelector("th").getBoundingClientRect().right;
    return { isCut: box.scrollWidth > box.clientWidth, inSight: step.left >= names && step.right <= right,
      fades: [...box.parentElement.classList].filter((one) => one.startsWith("more-")) }; }"""


def test_the_table_of_a_head_shows_the_present_step_and_that_there_are_others(browser, site):
    with inside(browser, site, "step=20&head=1.0", width=320) as page:
        story = page.locator("head-story")
        story.scroll_into_view_if_needed()
        for step in (20, 0):
            slider = page.figure("step-controls").locator("input")
            slider.press("End" if step else "Home")
            story.locator(f"[aria-current=step][aria-label='step {step}']").wait_for()
            page.wait_for_timeout(300)
            found = story.evaluate(STEP_IN_SIGHT)
            assert found["isCut"] and found["inSight"], (step, found)
            assert ("more-left" if step else "more-right") in found["fades"]
        order = story.evaluate("""one => [...one.renderRoot.querySelectorAll("button")]
            .map((button) => button.matches(".compare"))""")
        assert order.index(True) == 0, "it is not behind a button for each step"


def test_a_text_that_is_cut_says_so_and_can_be_read_whole(browser, site):
    cut = "(one) => one.scrollHeight > one.clientHeight + 1"
    with inside(browser, site, f"text={'The cat saw the dog. ' * 12}x", width=390) as page:
        story = page.figure("prompt-chooser .story")
        more = page.figure("prompt-chooser .all")
        more.wait_for()
        assert story.evaluate(cut) and more.get_attribute("aria-expanded") == "false"
        more.click()
        assert not story.evaluate(cut) and more.get_attribute("aria-expanded") == "true"
        more.click()
        assert story.evaluate(cut)
        page.get_by_role("button", name="Clear").click()
        page.get_by_text("Recorded at").wait_for()
        assert page.get_by_placeholder("the start of a text").input_value() == ""


def test_the_row_of_a_long_text_shows_whole_rows_and_that_there_are_more(browser, site):
    with inside(browser, site, f"text={'The cat saw the dog. ' * 12}x", width=390) as page:
        page.wait_for_timeout(300)
        row = page.figure("token-row").locator(".tokens")
        row.evaluate("row => { row.scrollTop = 1.5 * row.firstChild.offsetHeight; }")
        page.wait_for_timeout(500)
        halves, fades = (
            row.evaluate("""row => { const { top, bottom } = row.getBoundingClientRect();
            const halves = [...row.children].filter((one) => { const box = one.getBoundingClientRect();
              return [top, bottom].some((edge) => box.top < edge - 2 && box.bottom > edge + 2); }).length;
            return [halves, row.parentElement.className]; }""")
        )
        assert halves == 0 and "more-above" in fades


def test_of_your_own_text_the_first_token_that_the_model_wrote_is_chosen(browser, site):
    with inside(browser, site, "step=20&text=The%20cat") as page:
        row = page.figure("token-row")

        def chosen():
            box = row.locator(".chosen")
            return int(box.get_attribute("data-position"))

        written = row.locator(".token:not(.prompt)").first
        assert chosen() == int(written.get_attribute("data-position"))
        before = page.evaluate(OF_ROW)
        page.get_by_placeholder("The start of a text").fill("The cat saw a")
        page.wait_for_function(f"before => ({OF_ROW}) !== before", arg=before)
        assert chosen() == int(written.get_attribute("data-position"))


OF_ROW = 'document.querySelector("#inside token-row").pass.ids.join()'


def test_a_space_at_the_end_of_your_text_is_explained_and_can_be_removed(browser, site):
    with inside(browser, site, "step=20") as page:
        own = page.get_by_placeholder("The start of a text")
        own.fill("The cat ")
        page.get_by_role("button", name="Remove the space").click()
        page.wait_for_function("() => location.hash.endsWith('text=The+cat')")
        assert own.input_value() == "The cat"
        assert page.get_by_role("button", name="Remove the space").count() == 0
        page.wait_for_timeout(1500)
        assert page.get_by_role("button", name="Remove the space").count() == 0


def test_another_head_is_shown_for_the_same_token_and_home_and_end_lead_to_the_outer_ones(
    browser, site
):
    with inside(browser, site, "step=20&prompt=0") as page:
        token = page.figure("token-row").get_by_role("option", selected=True)
        heads = page.figure("attention-gallery").get_by_role("listbox")
        chosen = token.get_attribute("data-position")
        for key, head in (
            ("Home", "1.0"),
            ("End", "0.1"),
            ("ArrowUp", "1.1"),
            ("ArrowDown", "0.1"),
        ):
            heads.press(key)
            page.figure(f'attention-gallery [aria-selected=true][data-head="{head}"]').wait_for()
            assert token.get_attribute("data-position") == chosen, key
            page.wait_for_function(f"() => location.hash.includes('position={chosen}')")


def test_a_finger_on_the_map_finds_the_nearest_cell_with_a_weight(browser, site):
    page = browser.new_page(has_touch=True, viewport=dict(width=390, height=844))
    page.goto(f"{site.address}/explore.html#step=20&prompt=0&head=1.0&position=9")
    drawn(page)
    page.touchscreen.tap(5, 5)
    settled(page)
    field = page.locator("#inside attention-map .field")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    map_of_head = page.locator("#inside attention-map")
    n = map_of_head.evaluate("""one => { one.weights = (query) =>
        Array.from({ length: query + 1 }, (_, key) => (key === 1 || key === 6 ? 0.4 : 0.01));
        return one.map.length; }""")
    for column, meant in ((4, 6), (2, 1), (8, 6)):
        page.touchscreen.tap(
            box["x"] + box["width"] * (column + 0.5) / n, box["y"] + box["height"] * 8.5 / n
        )
        assert map_of_head.evaluate("one => [one.shownPosition, one.column]") == [9, meant]
    page.close()


def test_paper_shows_the_whole_text_all_its_tokens_and_the_last_columns_of_a_head(browser, site):
    with inside(browser, site, f"text={'The cat saw the dog. ' * 12}x", width=794) as page:
        page.locator("head-story table").wait_for()
        page.emulate_media(media="print")
        cut = "(one) => one.scrollHeight > one.clientHeight + 1"
        for part in ("prompt-chooser .story", "token-row .tokens"):
            box = page.figure(part)
            assert box.is_visible() and not box.evaluate(cut), part
        assert page.figure("logit-lens table").is_visible()
        assert not page.get_by_text("Compare with this head switched off").is_visible()
        assert page.locator("head-story th.now").is_visible()
        table, card = (
            page.locator(one).bounding_box() for one in ("head-story table", "head-story")
        )
        assert table["x"] + table["width"] <= card["x"] + card["width"] + 1


def test_your_own_text_is_read_and_continued_by_the_nearest_weights(browser, site, smoke_run):
    with inside(browser, site, "step=10") as page:
        page.get_by_placeholder("The start of a text").fill("The cat")
        page.figure("prompt-chooser .caption").get_by_text("Computed in this page").wait_for()
        steps = [one["step"] for one in manifest_of(site.folder)["snapshots"]]
        step = min(steps, key=lambda one: abs(one - 10))
        said = page.figure("prompt-chooser").locator(".caption").inner_text()
        assert f"with the weights of step {step}" in said
        assert ("nearest to step 10" in said) == (step != 10)
        assert "".join(boxes(page)).startswith("(end)The·cat")
        written = boxes(page)
        page.get_by_role("button", name="Sample again").click()
        page.wait_for_function(
            """(text) => {
            const { renderRoot } = document.querySelector("#inside token-row");
            const tokens = [...renderRoot.querySelectorAll(".token:not(.ghost)")];
            return tokens.map((one) => one.innerText).join() !== text; }""",
            arg=",".join(written),
        )
        assert "seed=2" in page.url and "".join(boxes(page)).startswith("(end)The·cat")
        page.reload()
        drawn(page)
        page.mouse.move(6, 6)
        settled(page)
        assert page.get_by_placeholder("The start of a text").input_value() == "The cat"


def test_predictions_for_your_text_equal_those_of_pytorch(browser, site, smoke_run):

    import torch

    with inside(browser, site, "step=20&text=The%20dog&position=3") as page:
        top = page.figure("top-ten").locator("tbody tr").first
        token = top.locator(".token").inner_text()
        shown_percent = top.locator(".percent").first.inner_text()
        lens = page.figure("logit-lens").locator("tr").last.locator("td").first.inner_text()
    run = ExportedRun(smoke_run, "int8")
    ids = run.encode_prompt("The dog")[:3]
    with torch.inference_mode():
        p = run.last(torch.tensor([ids]))[0][0, -1].softmax(-1)
    best = int(p.argmax())
    assert token == show_whitespace(run.vocab[best])
    assert shown_percent == precise(p[best].item())
    assert lens.split("\n")[0].strip() == show_whitespace(run.vocab[best])


def test_characters_that_the_model_never_saw_are_left_out_and_named(browser, site):
    with inside(browser, site) as page:
        page.get_by_placeholder("The start of a text").fill("The cat é漢")
        page.figure(".caption").get_by_text("It has never seen é, 漢").wait_for()
        assert "".join(boxes(page)).startswith("(end)The·cat")
        page.get_by_placeholder("The start of a text").fill("<img src=x onerror=alert(1)>")
        page.figure(".caption").get_by_text("It has never seen").wait_for()
        assert page.locator("img").count() == 0
        page.get_by_placeholder("The start of a text").fill("word " * 190)
        page.figure(".caption").get_by_text("fit in its context").wait_for()
        page.get_by_placeholder("The start of a text").fill("")
        page.get_by_text("Recorded at").wait_for()


def test_the_parity_check_reports_the_same_logits_as_pytorch(browser, site):
    with inside(browser, site, "step=20") as page:
        said = page.locator("parity-check p")
        said.get_by_text("This page computes the same numbers as PyTorch.").wait_for()
        gap = float(re.search(r"none differs by more than (\S+)\.$", said.inner_text())[1])
        assert 0 < gap <= 1e-4


def test_logits_that_differ_from_those_of_pytorch_are_reported(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)

    def nudge(logits):
        logits[0] += 0.001

    change(copy / "exported" / "smoke", "logits/000020.json", nudge)
    with served(copy) as address, opened(browser, f"{address}/explore.html") as page:
        page.mouse.move(5, 5)  # the first interaction
        page.get_by_text("this page does not compute the same numbers as PyTorch").wait_for()
        assert page.get_by_text("This page computes the same numbers as PyTorch").count() == 0


@contextlib.contextmanager
def comparing(browser, site, state="", **how):
    """The same, when what is compared has been scrolled to, and is there."""
    with inside(browser, site, state, **how) as page:
        go_to_compared(page)
        yield page


def go_to_compared(page):
    page.locator("#compare").evaluate("one => one.scrollIntoView()")
    settled(page, "#compared")


def updated(page, figure):
    """Wait until a figure has drawn what was chosen: one that is not on the screen takes its time."""
    page.wait_for_function(
        "(figure) => !document.querySelector(figure).isUpdatePending", arg=figure
    )


IS_TEXT_ABOVE = """row => document.querySelector(row).pass.ids.join() ===
    document.querySelector("#inside token-row").pass.ids.join()"""


@pytest.mark.parametrize("step", [0, 20])
def test_a_recorded_text_is_what_is_compared_and_its_numbers_write_it_again(browser, site, step):
    temperature = manifest_of(site.folder)["settings"]["temperature"]
    state = f"step={step}&versus=temperature:{temperature}"
    with comparing(browser, site, state) as page:
        for prompt in range(5):
            page.locator("prompt-chooser select").select_option(index=prompt)
            go_to_compared(page)
            page.wait_for_function(IS_TEXT_ABOVE, arg="#second")
            vocab, exported = continuation_of(site.folder, step, prompt)
            ids = exported["prompt_ids"] + [token["id"] for token in exported["tokens"]]
            recorded = [show_whitespace(vocab[id]) for id in ids]
            for row in ("#inside token-row", "#first", "#second"):
                page.locator(
                    row
                ).scroll_into_view_if_needed()  # until then, it may wait to be drawn
                page.wait_for_function(
                    "([row, last]) => [...document.querySelector(row).renderRoot"
                    ".querySelectorAll('.token')].some((one) => one.textContent === last)",
                    arg=[row, recorded[-1]],
                )
                page.wait_for_timeout(300)
                assert boxes(page, row) == recorded


def test_a_text_of_ones_own_is_the_same_above_and_where_it_is_compared(browser, site):
    with comparing(browser, site, "text=The dog&seed=3&temperature=0.5&versus=step:0") as page:
        assert boxes(page) == boxes(page, "#first") != boxes(page, "#second")


@pytest.mark.parametrize(
    "versus, names",
    [
        ("step:0", ["at step 20", "at step 0"]),
        ("temperature:0", ["at temperature 0.8", "at temperature 0"]),
        ("off:0.1", ["with all heads", "without head 0.1"]),
        ("layer:0", ["with all layers", "without layer 0"]),
    ],
)
def test_each_side_is_named_by_what_it_is(browser, site, versus, names):
    with comparing(browser, site, f"step=20&prompt=1&versus={versus}") as page:
        here, there = (name.removeprefix("at ") for name in names)
        for i, (row, name) in enumerate([("#first", here), ("#second", there)]):
            title = page.locator("side-heading h3").nth(i).inner_text()
            assert title.lower() == name
            heard = page.locator(f"{row} [role=listbox]").get_attribute("aria-label")
            assert heard.startswith(f"{title}, ")
        result = page.locator("compare-result .result").inner_text()
        assert all(one in result for one in names)
        lists = page.locator("probability-diff h3").all_inner_texts()
        assert len(lists) == 2 and all(names[1] in one for one in lists)
        said = page.locator("probability-diff p").first.inner_text()
        assert f"{here} → {there}" in said
        for figure in ("attention-gallery [role=listbox]", "attention-map [role=grid]"):
            heard = page.locator(f"#compared {figure}").get_attribute("aria-label")
            assert names[0] in heard and names[1] in heard, figure
        title = page.locator("attention-diff h3").first.inner_text()
        assert all(one in title for one in names)


def test_a_head_that_is_switched_off_is_not_said_to_look_anywhere(browser, site):
    with comparing(browser, site, "step=20&prompt=0&head=1.1&versus=off:1.1") as page:
        first, second = (
            page.locator(f"{row} .description").inner_text() for row in ("#first", "#second")
        )
        assert "looked most at" in first and "looked" not in second
        assert "Head 1.1 is switched off" in second
        assert page.locator("#first .weight:not(.weight0)").count() > 0
        assert page.locator("#second .weight:not(.weight0)").count() == 0
        roles = page.locator("#compared attention-gallery .role").all_inner_texts()
        assert roles == ["0% moved", "off"] + ["0% moved"] * 2  # layer 1 stands above layer 0
    with comparing(browser, site, "step=20&prompt=0&head=0.1&versus=off:0.1") as page:
        assert page.locator("#compared attention-map canvas").count() == 0
        assert page.locator("#compared attention-map p").inner_text() != ""


BLANK = """one => [...one.renderRoot.querySelectorAll("canvas")].every((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const lower = data.slice(-4 * canvas.width, -4); // the last row, without the diagonal
    return lower.every((part, i) => part === lower[i % 4]); })"""


def test_instead_of_maps_that_are_all_blank_stands_why(browser, site):
    said = {}
    for versus in ("off:1.1", "layer:1", "temperature:0", "step:20", "off:0.1", "step:0"):
        with comparing(browser, site, f"step=20&prompt=0&versus={versus}") as page:
            maps = page.locator("#compared attention-gallery, #compared attention-map")
            said[versus] = page.locator("attention-diff .caption").first.inner_text()
            assert said[versus] and maps.count() == 2
            is_blank = versus not in ("off:0.1", "step:0")
            assert [one.is_visible() for one in maps.all()] == [not is_blank] * 2, versus
            if not is_blank:
                maps.first.scroll_into_view_if_needed()  # until then, it may wait to be drawn
                page.wait_for_function(f"(one) => !({BLANK})(one)", arg=maps.first.element_handle())
            if versus == "off:1.1":  # what does change
                assert page.locator("probability-diff li").count() > 0
    assert "layer 0" in said["off:0.1"].lower() and "blank" not in said["step:0"]
    assert "head 1.1" in said["off:1.1"] and "layer 1" in said["layer:1"]


def test_what_was_chosen_to_compare_with_is_still_there_after_something_else_was(browser, site):
    steps = [one["step"] for one in manifest_of(site.folder)["snapshots"]]
    chosen = str(steps[-2])
    with comparing(browser, site, f"step=20&versus=step:{chosen}") as page:
        menus = page.locator("compare-chooser select")
        kind, value = menus.first, menus.last
        assert value.input_value() == chosen
        kind.select_option("another temperature")
        value.select_option("1.2")
        kind.select_option("another step")
        assert value.input_value() == chosen
        page.wait_for_url(f"**versus=step%3A{chosen}**")
        kind.select_option("another temperature")
        assert value.input_value() == "1.2"


def test_the_menu_shows_what_an_address_asks_for(browser, site):
    for versus, shown in (
        ("temperature:0.35", "0.35"),
        ("run:nobody", "nobody"),
        ("step:1e9", "20"),
    ):
        with opened(browser, f"{site.address}/explore.html#step=20&versus={versus}") as page:
            assert page.locator("compare-chooser select").last.input_value() == shown


def test_the_chances_of_being_drawn_are_compared_where_only_the_temperature_differs(browser, site):
    with comparing(browser, site, "step=20&prompt=0&versus=temperature:0") as page:
        top = page.locator("probability-diff li").first
        assert top.locator(".change").inner_text().endswith("→ 100%")
        assert page.locator("probability-diff li").count() > 1


def test_a_long_prompt_leaves_room_for_a_text_of_ones_own(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    long = "you: my name is mia, and I have come a long way to see you. what is my name? pip: " * 3
    change(copy / "exported" / "smoke", "manifest.json", lambda it: it.update(prompts=[long] * 5))
    for width in (1440, 853, 390):
        with served(copy) as address, opened(browser, f"{address}/explore.html", width) as page:
            field = page.get_by_placeholder("The start of a text").bounding_box()
            assert field["width"] >= 200
            assert page.locator("prompt-chooser select").bounding_box()["width"] >= 150


def test_nothing_is_compared_before_somebody_comes_near_it(browser, site):
    with inside(browser, site, "step=20&head=1.1") as page:
        page.locator("prompt-chooser select").select_option(index=2)
        settled(page)
        page.wait_for_timeout(200)  # three times as long as it waits for the slider
        assert page.locator("#first .token, #second .token, #compared canvas").count() == 0
        go_to_compared(page)
        assert page.locator("#second .token").count() > 0
        page.evaluate("scrollTo(0, 0)")
        before = boxes(page, "#first")
        page.locator("prompt-chooser select").select_option(index=1)
        settled(page)
        page.wait_for_timeout(200)
        assert boxes(page, "#first") == before != boxes(page)
        go_to_compared(page)
        page.wait_for_function(IS_TEXT_ABOVE, arg="#first")


def test_nothing_jumps_while_somebody_chooses_what_to_compare_with(browser, site):
    with comparing(browser, site, "step=20&versus=step:20") as page:

        def tops():
            settled(page, "#compared")
            return page.locator("#compared > * > * > *").evaluate_all(
                "all => all.map((one) => Math.round(one.getBoundingClientRect().y + scrollY))"
            )

        before = tops()
        for versus in ("temperature:0", "off:0.1", "layer:0", "step:0"):
            page.evaluate("versus => { location.hash = `step=20&versus=${versus}`; }", versus)
            name = re.compile(f" {versus.split(':')[1]}$")
            page.locator("side-heading[second] h3", has_text=name).wait_for()
            moved = [abs(now - then) for now, then in zip(tops(), before, strict=True)]
            assert max(moved) == 0, versus


def test_the_page_leads_on_to_the_next_one(browser, site):
    with opened(browser, f"{site.address}/explore.html") as page:
        page.locator("main > :last-child").get_by_role("link").click()
        page.wait_for_url("**/playground.html*")


@pytest.mark.parametrize(
    "versus, word",
    [
        ("step:0", "diverge at position"),
        ("temperature:0", "diverge at position"),
        ("off:1.0", "differ"),
        ("temperature:0.8", "Both write the same text"),
    ],
)
def test_two_texts_are_compared_up_to_where_they_diverge(browser, site, versus, word):
    with comparing(browser, site, f"step=20&prompt=2&temperature=0.8&versus={versus}") as page:
        said = page.locator("compare-result .result").inner_text()
        assert word in said
        first, second = boxes(page, "#first"), boxes(page, "#second")
        if found := re.search(r"They diverge at position (\d+)", said):
            at = int(found[1])
            assert first[:at] == second[:at] and first[at : at + 1] != second[at : at + 1]
            differs = page.locator("#first .differs")
            assert differs.inner_text() == (first[at] if at < len(first) else "")
        else:
            assert first == second


def test_an_ablated_head_changes_the_predictions(browser, site):
    with comparing(browser, site, "step=20&prompt=0&versus=off:0.1") as page:
        assert page.locator("probability-diff li").count() > 0
        before, after = zip(
            *[
                re.findall(r"[\d.]+", one)[:2]
                for one in page.locator("probability-diff .change").all_inner_texts()
            ]
        )
        assert any(a != b for a, b in zip(before, after))
        moved = page.locator("#compared attention-gallery .role").all_inner_texts()
        assert moved[2:] == ["0% moved", "off"], "the first layer reads what it read before"


def test_the_focus_follows_into_a_comparison_whose_result_is_announced(browser, site):
    with inside(browser, site, "step=20&prompt=2&head=0.1") as page:
        busy = page.locator("#compared forward-pass forward-pass")
        assert busy.get_attribute("aria-busy") == "true", "nothing has been compared yet"
        assert page.locator("#compared").get_by_text("…").count() == 1
        page.get_by_role("button", name="Compare with this head switched off").press("Enter")
        settled(page, "#compared")
        assert page.evaluate("document.activeElement.id") == "compared"
        assert busy.get_attribute("aria-busy") == "false"
        heard = page.locator("compare-result [role=status]")
        heard.get_by_text("without head 0.1").first.wait_for()
        assert "section=compared" in page.url
        first = heard.inner_text()
        page.locator("compare-chooser select").first.select_option("another temperature")
        page.wait_for_function(
            "(first) => !document.querySelector('compare-result').announced.includes(first)",
            arg=first,
        )
        page.locator("#inside token-row [role=listbox]").focus()
        before = heard.inner_text()
        page.locator("compare-chooser select").last.evaluate(
            "one => { one.value = '2'; one.dispatchEvent(new Event('change')); }"
        )
        page.locator("side-heading[second] h3", has_text="temperature 2").wait_for()
        settled(page, "#compared")
        assert heard.inner_text() == before, "it does not interrupt somebody who is elsewhere"


def test_a_comparison_that_has_been_opened_is_printed(browser, site):
    with inside(browser, site, "step=20&versus=step:0") as page:
        page.emulate_media(media="print")
        parts = page.locator("#compare, #compared, compare-result .result, #second .tokens")
        assert [one.is_visible() for one in parts.all()].count(True) == 0
        page.emulate_media(media="screen")
        go_to_compared(page)
        page.evaluate("scrollTo(0, 0)")
        page.emulate_media(media="print")
        assert [one.is_visible() for one in parts.all()] == [True] * 4
        assert not page.locator("compare-chooser").is_visible()


def test_a_comparison_begins_with_the_word_that_was_chosen_above(browser, site):
    with comparing(browser, site, "step=20&prompt=2&position=5&versus=off:0.1") as page:
        chosen = page.locator("#first .chosen")
        assert chosen.get_attribute("data-position") == "5"
        assert page.locator("#compared forward-pass forward-pass").evaluate(
            "one => one.store.state.position === 0"
        ), "nobody has chosen one here"


def test_a_comparison_begins_where_the_predictions_differ_most(browser, site):
    with comparing(browser, site, "step=20&prompt=2&versus=off:0.1") as page:
        first = page.locator("#first .chosen").get_attribute("data-position")
        assert page.locator("#second .chosen").get_attribute("data-position") == first
        result = page.locator("compare-result .result")
        most = re.search(r"gets (\S+) .*?, (\S+) without", result.inner_text()).groups()
        changes = page.locator("probability-diff .change")
        assert " → ".join(most) in changes.all_inner_texts()
        rises = []
        for position in range(1, int(page.locator("#first .token").count())):
            page.locator("#first .token").nth(position).click()
            page.locator(f'#first .chosen[data-position="{position}"]').wait_for()
            updated(page, "probability-diff")
            rises += [
                abs(after - before)
                for before, after in (
                    map(float, re.findall(r"[\d.]+", one)[:2])
                    for one in page.locator("probability-diff .change").all_inner_texts()
                )
            ]
        before, after = (float(re.search(r"[\d.]+", one)[0]) for one in most)
        if page.locator("compare-result").get_by_text("Both write the same text").count():
            assert max(rises) <= abs(after - before) + 0.1
        result.get_by_role("button").click()
        page.locator(f'#first .chosen[data-position="{first}"]').wait_for()


def test_after_two_texts_diverge_both_models_are_compared_on_the_first(browser, site, smoke_run):

    import torch

    state = "step=20&prompt=2&temperature=0.8&versus=step:0"
    with comparing(browser, site, state) as page:
        last = page.locator("#first .token:not(.ghost)").count() - 1
        ids = page.locator("#first").evaluate("row => row.pass.ids")
        differs = int(page.locator("#first .differs").get_attribute("data-position"))
        assert differs < last
        page.locator("#first .token").nth(last).click()
        page.locator(f'#first .chosen[data-position="{last}"]').wait_for()
        updated(page, "probability-diff")
        changes = [
            (one.locator("code").inner_text(), one.locator(".change").inner_text())
            for one in page.locator("probability-diff li").all()
        ]
    run = ExportedRun(smoke_run, "int8")
    with torch.inference_mode():
        before, after = (
            run.models[step](torch.tensor([ids[:last]]))[0][0, -1].softmax(-1) for step in (20, 0)
        )
    expected = {
        (show_whitespace(run.vocab[i]), f"{tenths(before[i].item())} → {tenths(after[i].item())}")
        for i in range(len(run.vocab))
    }
    assert changes and set(changes) <= expected


def test_a_head_that_is_switched_off_lists_the_tokens_that_need_it(browser, site, smoke_run):

    model = ExportedRun(smoke_run, "int8").models[20]
    with inside(browser, site, "step=20&prompt=1&head=0.1") as page:
        page.locator("head-effects").scroll_into_view_if_needed()
        page.locator("head-effects li").first.wait_for()
        buttons = page.locator("head-effects li button")
        listed = [
            (seen(one.locator("b")), *re.findall(r"[<>]?\d+%", seen(one.locator(".fall"))))
            for one in buttons.all()
        ]
        falls = []
        for prompt in range(5):
            vocab, exported = continuation_of(site.folder, 20, prompt)
            ids = exported["prompt_ids"] + [token["id"] for token in exported["tokens"]]
            before = (-token_losses(model, [ids])).exp()
            after = (-ablated_losses(model, [ids])[0, 1]).exp()
            for i in range(len(exported["prompt_ids"]), len(ids)):
                p, q = before[i - 1].item(), after[i - 1].item()
                token = show_whitespace(vocab[ids[i]])
                falls.append((p - q, prompt, i, token, percent(p), percent(q)))
        n = len(falls)
        falls = [one for one in sorted(falls, reverse=True)[:5] if one[0] > 0.005]
        assert listed == [one[3:] for one in falls] != []
        assert f"{n} tokens" in page.locator("head-effects .caption").last.inner_text()
        _, prompt, position, token, *_ = falls[0]
        buttons.first.click()
        settled(page, "#compared")
        page.locator(f'#first .chosen[data-position="{position}"]').wait_for()
        assert page.locator("#first .chosen").inner_text() == token
        assert f"prompt={prompt}&" in page.url
        chosen = [one.input_value() for one in page.locator("compare-chooser select").all()]
        assert chosen == ["off", "0.1"]
        assert page.evaluate("document.activeElement.id") == "compared"
        page.go_back()
        page.wait_for_function("() => !location.hash.includes('versus')")


def test_a_head_that_no_token_needs_is_said_not_to_be_needed(browser, site):
    with inside(browser, site, "step=0&head=1.0") as page:
        page.locator("head-effects").scroll_into_view_if_needed()
        page.locator("head-effects .body[aria-busy=false] .caption").first.wait_for()
        assert page.locator("head-effects li").count() == 0
        captions = " ".join(page.locator("head-effects .caption").all_inner_texts())
        assert re.search(r"\d+ tokens", captions) and "NaN" not in captions


def test_changes_of_probabilities_and_of_attention_equal_those_of_pytorch(browser, site, smoke_run):

    import torch

    run = ExportedRun(smoke_run, "int8")
    ids = run.encode_prompt(run.prompts[0])[:5]
    first, second = run.models[20], run.models[0]
    with torch.inference_mode():
        before, after = (
            model(torch.tensor([ids]))[0][0, -1].softmax(-1) for model in (first, second)
        )
    increased = int((after - before).argmax())
    state = "step=20&prompt=0&versus=step:0&comparedPosition=5&head=1.1"
    with comparing(browser, site, state) as page:
        top = page.locator("probability-diff li").first
        assert top.locator("code").inner_text() == show_whitespace(run.vocab[increased])
        assert top.locator(".change").inner_text() == (
            f"{tenths(before[increased].item())} → {tenths(after[increased].item())}"
        )
        moved = seen(page.locator("#compared attention-map li").first)
    rows = [attention_weights(model, ids)[1, 1, -1] for model in (first, second)]
    change = rows[1] - rows[0]
    most = int(change.abs().argmax())
    points = f"{'+' if change[most] > 0 else '−'}{round(100 * abs(change[most].item()))} points"
    assert moved == f"{show_whitespace(run.vocab[ids[most]])} {points}"


def test_another_run_is_compared_and_one_that_is_missing_is_named(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    shutil.copytree(copy / "exported" / "smoke", copy / "exported" / "other")
    change(copy / "exported" / "other", "manifest.json", lambda m: m.update(name="other"))
    index = json.loads((copy / "exported" / "index.json").read_text())
    index["runs"].append(index["runs"][0] | {"name": "other"})
    (copy / "exported" / "index.json").write_text(json.dumps(index))
    with served(copy) as address:
        with opened(browser, f"{address}/explore.html#step=20&versus=run:other") as page:
            page.mouse.move(5, 5)
            go_to_compared(page)
            page.get_by_text("Both write the same text.").wait_for()
        page = browser.new_page()
        page.goto(f"{address}/explore.html#versus=run:nobody")
        drawn(page)
        page.mouse.move(5, 5)
        go_to_compared(page)
        assert "The run nobody is missing" in page.locator("#second [role=alert]").inner_text()
        page.close()


def test_two_runs_are_told_apart_only_if_their_losses_differ_by_more_than_those_of_seeds(
    browser, site, tmp_path
):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    first, other = copy / "exported" / "smoke", copy / "exported" / "other"
    shutil.copytree(first, other)
    change(other, "manifest.json", lambda m: m.update(name="other"))

    def compared(loss, band=None, step=20, **settings):
        """The sentences about the losses of the two, when the other one has this loss."""
        give_results(first, validation_loss=2.25, band=band)
        give_results(other, validation_loss=loss, band=None)
        change(other, "manifest.json", lambda m: m["settings"].update(settings))
        with opened(browser, f"{address}/explore.html#step={step}&versus=run:other") as page:
            page.mouse.move(5, 5)
            go_to_compared(page)
            said = page.locator("loss-diff p").all_inner_texts()
            assert page.locator("loss-diff").is_visible() == bool(said)
        return said

    band = dict(low=2.25, high=2.5, runs=3, of="preset")
    with served(copy) as address:
        (alike,), (different,) = compared(2.875, band), compared(3.125, band)
        assert {"2.2500", "2.8750", "0.25"} <= set(re.findall(r"\d+\.\d+", alike))
        assert {"2.2500", "3.1250", "0.88", "0.25"} <= set(re.findall(r"\d+\.\d+", different))
        assert without_numbers(alike) != without_numbers(different)
        # Without a band, before the end, and for different texts, nothing is known.
        assert compared(2.875) == compared(2.875, band, step=0) == []
        assert compared(2.875, band, dataset="another.txt") == []


@pytest.mark.parametrize(
    "state",
    [
        "prompt=99&position=-5&head=9.9&temperature=hot&seed=x&versus=nonsense",
        "prompt=1.5&position=1e9&head=0&temperature=99&seed=-1&versus=step:x",
        "text=%20&head=0.0.0&versus=off:7.7&step=-3",
    ],
)
def test_invalid_values_in_the_address_are_replaced_by_valid_ones(browser, site, state):
    with opened(browser, f"{site.address}/explore.html#{state}") as page:
        assert len(boxes(page)) > 2
        assert page.locator("#inside top-ten h3").is_visible()


# For everybody ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_no_accessibility_violation(browser, site, name, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    # Still, for what is lighting up has less contrast.
    with opened(browser, f"{site.address}/{name}", width, dark=dark, still=True) as page:
        found = Axe().run(page).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_scrolls_sideways_in_a_narrow_window_a_wide_one_and_one_that_changes(
    browser, site, name
):
    with opened(browser, f"{site.address}/{name}", 360) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        for width in (390, 768, 1440, 1920, 1024, 800, 390):
            page.set_viewport_size(dict(width=width, height=900))
            page.wait_for_function(
                f"() => innerWidth === {width} && document.documentElement.scrollWidth <= {width}"
            )


def test_every_figure_has_text_for_screen_readers(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        heard = page.locator("body").aria_snapshot()
    for words in (
        "The loss on unseen text falls from",
        "Share of texts that follow",
        "prompt 1: Once upon a time",
        "Training step",
    ):
        assert words in heard


def test_nothing_jumps_from_step_to_step(browser, site):
    with opened(browser, f"{site.address}/index.html", 360) as page:
        heights = set()
        page.get_by_role("slider").focus()
        for _ in manifest_of(site.folder)["sampled_steps"]:
            heights.add(page.locator("prompt-samples").bounding_box()["height"])
            page.keyboard.press("ArrowRight")
    assert len(heights) == 1


@pytest.mark.parametrize("width, height", [(390, 844), (853, 480), (1024, 768), (1440, 900)])
def test_the_controls_are_as_high_at_every_step(browser, site, tmp_path, width, height):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)

    def begin_worse_than_guessing(log):
        log["validation"]["loss"][0] = 9.87

    change(copy / "exported" / "smoke", "log.json", begin_worse_than_guessing)
    with (
        served(copy) as address,
        opened(browser, f"{address}/index.html", width, height) as page,
    ):
        heights = set()
        page.get_by_role("slider").focus()
        for _ in manifest_of(site.folder)["sampled_steps"]:
            heights.add(page.locator("step-controls").bounding_box()["height"])
            page.keyboard.press("ArrowRight")
    assert len(heights) == 1


def test_on_a_short_screen_the_text_stands_below_its_controls_and_both_are_seen(browser, site):
    with opened(browser, f"{site.address}/index.html", 640, 360) as page:
        play = page.get_by_role("button", name="Play").bounding_box()
        slider = page.get_by_role("slider", name="Training step").bounding_box()
        text = page.locator("prompt-samples .text[role=group]").bounding_box()
        assert play["y"] + play["height"] <= slider["y"] < text["y"] <= 240


def test_what_is_said_of_a_word_stands_right_below_the_text(browser, site):
    with opened(browser, f"{site.address}/index.html#step=20", 853, 480) as page:
        film = page.locator("prompt-samples")
        height = film.bounding_box()["height"]
        film.locator(".token").nth(3).hover()
        film.get_by_text("It might have written").wait_for()
        about, text = film.locator(".about"), film.locator(".text[role=group]")
        below = about.bounding_box()["y"] - sum(text.bounding_box()[one] for one in ("y", "height"))
        assert 0 <= below < 20 and film.bounding_box()["height"] == height
        assert about.bounding_box()["y"] + 40 <= 480


@pytest.mark.parametrize("name", PAGES[:4])
def test_the_code_that_trained_it_is_not_wider_than_a_phone(browser, site, name):
    with opened(browser, f"{site.address}/{name}", 390, 844) as page:
        page.get_by_text("The code that trained it").click()
        page.locator("run-facts pre").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_storybook_has_every_figure(browser, site):
    figures = {path.parent.name for path in site.folder.glob("figures/*/*.js")}
    lessons = "".join(path.read_text("utf-8") for path in site.folder.glob("lessons/*.html"))
    in_lessons = {
        one for one in figures if f"<{one}" in lessons
    }  # shown there with every kind of run
    with opened(browser, f"{site.address}/figures/all-figures.html") as page:
        shown = set(page.locator("h2").all_inner_texts())
        assert figures - shown <= in_lessons
        figures &= shown
        for figure in figures:
            assert page.locator(f"section > {figure}").count() == 5, (
                figure
            )  # some are in others, too
            assert page.evaluate("name => Boolean(customElements.get(name))", figure)
            own = "name => Object.getOwnPropertyNames(customElements.get(name).prototype)"
            hides = ".filter((one) => one !== 'constructor' && one in HTMLElement.prototype)"
            assert page.evaluate(own + hides, figure) == [], "these are of every element"


# Of this origin, small and quick ----------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES[:3])
def test_no_request_leaves_the_site_and_the_first_view_is_small(browser, name):
    site = ROOT / "site"  # with the run of the default model that it comes with
    with served(site) as address, opened(browser, f"{address}/{name}") as page:
        asked = [url.removeprefix("blob:") for url in page.requests]  # a worker starts from a blob
    assert all(url.startswith(address) for url in asked)
    weights = [url for url in asked if url.endswith(".bin")]
    assert bool(weights) == (name == "playground.html"), "only there the model runs at once"
    asked = [url for url in asked if url not in weights]
    files = [site / url.removeprefix(address).lstrip("/") for url in set(asked)]
    transferred = sum(len(gzip.compress(file.read_bytes())) for file in files if file.is_file())
    assert transferred < 600_000


def test_every_page_forbids_what_it_does_not_need(site):
    for path in site.folder.rglob("*.html"):
        text = path.read_text("utf-8")
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
        assert "default-src 'none'" in policy and "unsafe-inline" not in policy
        assert "script-src 'self' 'wasm-unsafe-eval'" in policy
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=|https?://", text), path


def test_what_is_vendored_is_named_with_its_licence(site):
    readme = (site.folder / "vendored" / "README.md").read_text("utf-8")
    for path in (site.folder / "vendored").rglob("*"):
        if path.suffix in (".js", ".css", ".woff2"):
            assert path.relative_to(site.folder / "vendored").as_posix() in readme


# Text is text -----------------------------------------------------------------------------------

HOSTILE = "<img src=x onerror=alert(1)>"


def test_markup_in_tokens_prompts_and_names_is_shown_as_text(browser, site, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    run = copy / "exported" / "smoke"

    def poison(manifest):
        manifest["tokenizer"]["vocab"] = [HOSTILE] * len(manifest["tokenizer"]["vocab"])
        manifest["tokenizer"]["merges"] = []
        manifest["prompts"] = [HOSTILE] * len(manifest["prompts"])
        manifest["settings"]["dataset"] = manifest["missing"]["heads"] = HOSTILE

    change(run, "manifest.json", poison)
    change(
        run,
        "samples.json",
        lambda samples: samples["milestones"].append(
            dict(kind="words", step=20, prompt=0, text=HOSTILE)
        ),
    )
    with served(copy) as address, opened(browser, f"{address}/index.html") as page:
        assert page.locator("img").count() == 0
        assert HOSTILE in shown(page)
        for figure in ("milestone-list", "run-facts"):
            assert page.locator(figure).get_by_text(HOSTILE).first.is_visible(), figure


# A run that goes on from another one --------------------------------------------------------------

CHILD = "tale-king"


def exported(site, run, name):
    return json.loads((site / "exported" / run / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def family_address(family):
    with served(family) as address:
        yield address


@pytest.fixture
def child_that(family, tmp_path):
    """child_that(change): the address of the same site, with the manifest of the child changed."""
    copy = tmp_path / "site"
    shutil.copytree(family, copy)
    with served(copy) as address:

        def changed(how):
            change(copy / "exported" / CHILD, "manifest.json", how)
            return f"{address}/index.html#run={CHILD}"

        changed.folder = copy
        yield changed


def text_of(page, figure):
    """What a figure says."""
    return " ".join(page.locator(figure).evaluate("one => one.renderRoot.textContent").split())


def continued(site, run, sample, prompt):
    """What a sample of a run continues a prompt with, as a page shows it."""
    vocab = exported(site, run, "manifest.json")["tokenizer"]["vocab"]
    ids = exported(site, run, "samples.json")["samples"][sample]["continuations"][prompt]["ids"]
    return "".join(vocab[i] for i in ids).replace("\n", "↵ ").replace("<|endoftext|>", " (end)")


def test_a_child_is_shown_beside_its_parent_with_any_of_the_prompts(
    browser, family_address, family
):
    with opened(browser, f"{family_address}/index.html#run={CHILD}") as page:
        figure = page.locator("before-after")
        left, right = figure.locator("figcaption").all_inner_texts()
        assert left == "Step 0: the parent, “tale”, which has learned for 20 steps"
        assert right.startswith("Step 20: the child, ")
        prompts = exported(family, CHILD, "manifest.json")["prompts"]
        for prompt in (0, 3):
            figure.get_by_label("Both continue").select_option(index=prompt)
            for i, quote in enumerate(figure.locator("blockquote").all_inner_texts()):
                text = prompts[prompt] + continued(family, CHILD, -i, prompt) + "…"
                assert quote.split() == text.split()
        assert "random" not in text_of(page, "before-after")


def test_a_page_says_what_a_child_goes_on_from_and_leads_there(browser, family_address):
    with opened(browser, f"{family_address}/index.html#run={CHILD}") as page:
        said = page.locator("run-origin p").first.inner_text()
        assert all(fact in said for fact in ("“tale”", "“tale.txt”", "20 steps", "“king.txt”"))
        facts = text_of(page, "run-facts")
        assert "its parent, the run “tale”, after 20 steps" in facts
        page.get_by_role("link", name="Watch its parent learn").click()
        page.locator("run-facts").get_by_text("“tale”,").wait_for()
        assert "run=tale" in page.url


@pytest.mark.parametrize(
    "settings, said",
    [
        (dict(freeze=1), "Its embeddings and its first layer stay as they are"),
        (dict(freeze=2), "Its embeddings and its first 2 layers stay as they are"),
        (dict(lora=4), "adapters of rank 4 learn, .* to the weights of all layers\\."),
        (dict(freeze=1, lora=4), "rank 4 learn, .* of all layers but the first layer\\."),
    ],
)
def test_a_page_says_which_weights_of_a_child_change(browser, child_that, settings, said):
    address = child_that(lambda manifest: manifest["settings"].update(settings))
    with opened(browser, address) as page:
        sentence = page.locator("run-origin p").first.inner_text()
        assert re.search(said, sentence) and "All of its weights" not in sentence


def test_a_child_is_compared_with_its_parent(browser, family_address):
    with opened(browser, f"{family_address}/index.html#run={CHILD}") as page:
        page.get_by_role("link", name="Compare it with its parent").click()
        page.wait_for_url("**/explore.html*")
        drawn(page)
        settled(page, "#compared")
        assert page.locator("#compare").evaluate(
            "one => Math.abs(one.getBoundingClientRect().y) < innerHeight / 2"
        ), "it leads to where the two are compared"
        steps = page.locator("#first").evaluate("row => row.both.map((one) => one.step)")
        assert steps == [20, 0]
        menus = page.locator("compare-chooser select")
        assert menus.locator("option:checked").all_inner_texts() == ["its parent (step 0)"]
        menus.first.select_option("another step")
        page.wait_for_url("**versus=step%3A1**")
        assert menus.count() == 2
        assert "0" not in menus.last.locator("option").all_inner_texts()
        menus.first.select_option("its parent (step 0)")
        page.wait_for_url("**versus=step%3A0**")
        assert menus.count() == 1


@pytest.mark.parametrize(
    "losses, said",
    [
        (
            [0.2771, 1.9, 1.8011],
            "rose from 0.277 to 1.801 nats per token: it has forgotten some of",
        ),
        ([0.5, 0.6, 0.25], "fell from 0.500 to 0.250 nats per token: it now predicts that text"),
        ([0.5, 0.6, 0.50001], "stayed at 0.500 nats per token: it has forgotten nothing there"),
    ],
)
def test_the_curve_shows_what_a_child_forgets(browser, child_that, losses, said):
    def forget(log):
        log["validation"].update(parent_loss=losses, sampled_steps=[0, 10, 20], loss=[3, 2, 1])

    change(child_that.folder / "exported" / CHILD, "log.json", forget)
    with opened(browser, child_that(lambda manifest: None)) as page:
        caption = page.locator("loss-curve .caption").first.inner_text()
        assert caption.startswith(f"On the text of its parent, “tale.txt”, its loss {said}")
        assert page.locator("loss-curve .legend").get_by_text("on the text of its parent").count()
        heard = page.locator("loss-curve").aria_snapshot()
        assert f"is highest at step 10, with {losses[1]:.2f} nats" in heard


def test_every_loss_on_the_text_of_a_parent_is_drawn_within_the_plot(browser, child_that):
    run = child_that.folder / "exported" / CHILD
    change(run, "log.json", lambda log: log["validation"]["parent_loss"].__setitem__(-1, 50))
    with opened(browser, child_that(lambda manifest: None)) as page:
        heights = page.locator("loss-curve").evaluate(
            "({ plot }) => plot.data[3].filter(Number.isFinite).map((y) => plot.valToPos(y, 'y', true))"
        )
        top, height = page.locator("loss-curve").evaluate(
            "one => [one.plot.bbox.top, one.plot.bbox.height]"
        )
        losses = exported(child_that.folder, CHILD, "log.json")["validation"]["parent_loss"]
        assert len(heights) == len(losses)
        assert all(top <= y <= top + height for y in heights)


def test_what_a_parent_could_do_is_no_milestone_of_its_child(browser, child_that):
    head = dict(kind="head", role="induction", head="0.1", weight=0.7, prompt=None, text=None)

    def find(samples):
        samples["milestones"] = [head | {"step": 0}, head | {"step": 10, "head": "1.0"}]

    change(child_that.folder / "exported" / CHILD, "samples.json", find)
    with opened(browser, child_that(lambda manifest: None)) as page:
        cards = page.locator("milestone-list button")
        assert cards.count() == 1 and "step 10" in cards.inner_text()
        assert text_of(page, "rule-accuracy") == ""  # its text has no known rules
        assert "What its parent could do already" in text_of(page, "milestone-list")


def test_an_ordinary_run_has_no_parent_on_any_page(browser, family_address):
    with opened(browser, f"{family_address}/index.html#run=tale") as page:
        assert not page.locator("run-origin").is_visible()
        assert not page.locator("before-after").is_visible()
        for figure in ("loss-curve", "milestone-list", "run-facts"):
            assert "parent" not in text_of(page, figure)
        page.get_by_label("run").select_option(CHILD)  # and there it comes
        page.locator("run-origin").wait_for()
        page.get_by_label("run").select_option("tale")
        page.locator("run-origin").wait_for(state="hidden")
    with opened(browser, f"{family_address}/explore.html#run=tale&versus=step:0") as page:
        menus = page.locator("compare-chooser select")
        assert menus.locator("option:checked").all_inner_texts() == ["another step", "0"]
        assert "parent" not in " ".join(menus.first.locator("option").all_inner_texts())


def test_names_of_a_parent_are_text_and_one_that_is_not_there_has_no_link(browser, child_that):
    parent = dict(name=HOSTILE, step=1, dataset=f"{HOSTILE}\u202e")
    with opened(
        browser, child_that(lambda manifest: manifest["corpus"].update(parent=parent))
    ) as page:
        assert page.locator("img").count() == 0
        for figure in ("run-origin", "before-after", "run-facts"):
            assert HOSTILE in text_of(page, figure), figure
        assert "for 1 step." in text_of(page, "run-origin")
        assert "\\u{202e}" in page.locator("loss-curve .caption").first.inner_text()
        assert page.locator("run-origin a").all_inner_texts() == ["Compare it with its parent"]


def test_a_child_is_trained_with_a_head_from_its_parent(browser, family_address):
    with opened(browser, f"{family_address}/write.html#run={CHILD}") as page:
        page.locator("#download").scroll_into_view_if_needed()
        command = page.locator("download-head code").last.inner_text()
    assert command == (
        "python train.py --head my_head.py --from runs/tale --dataset king.txt --preset smoke"
    )


@pytest.mark.parametrize("name", PAGES[:3])
@pytest.mark.parametrize("width, dark", [(1440, True), (390, False)])
def test_axe_finds_no_violation_on_the_pages_of_a_child(browser, family_address, name, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    address = f"{family_address}/{name}#run={CHILD}"
    with opened(browser, address, width, dark=dark, still=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []


# Damage -----------------------------------------------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def alter(path, **changes):
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | changes), "utf-8")


DAMAGE = {  # what is done to site/exported/, what the page then says, and the command that mends it
    "no folder": (
        lambda e: shutil.rmtree(e),
        "There is no run to show yet",
        "python train.py && python export_for_web.py --serve",
    ),
    "no runs": (
        lambda e: alter(e / "index.json", runs=[]),
        "There is no run to show yet",
        "python train.py && python export_for_web.py --serve",
    ),
    "index cut": (
        lambda e: cut(e / "index.json"),
        "the list of runs is damaged: it is not JSON",
        "python export_for_web.py",
    ),
    "index of another version": (
        lambda e: alter(e / "index.json", format=9),
        "was exported in format 9, but this page reads format 3",
        "python export_for_web.py",
    ),
    "no manifest": (
        lambda e: (e / "smoke/manifest.json").unlink(),
        "The run smoke is missing (404)",
        "python export_for_web.py runs/smoke",
    ),
    "manifest cut": (
        lambda e: cut(e / "smoke/manifest.json"),
        "the run smoke is damaged: it is not JSON",
        "python export_for_web.py runs/smoke",
    ),
    "manifest of another version": (
        lambda e: alter(e / "smoke/manifest.json", format=0),
        "The run smoke was exported in format 0",
        "python export_for_web.py",
    ),
    "manifest without tokens": (
        lambda e: alter(e / "smoke/manifest.json", tokenizer={}),
        "manifest.json of the run smoke is damaged",
        "python export_for_web.py runs/smoke",
    ),
    "manifest is a list": (
        lambda e: (e / "smoke/manifest.json").write_text("[]"),
        "The run smoke was exported in format undefined",
        "python export_for_web.py",
    ),
    "samples missing": (
        lambda e: (e / "smoke/samples.json").unlink(),
        "samples.json of the run smoke is missing (404)",
        "python export_for_web.py runs/smoke",
    ),
    "samples cut": (
        lambda e: cut(e / "smoke/samples.json"),
        "samples.json of the run smoke is damaged",
        "python export_for_web.py runs/smoke",
    ),
    "one number of the samples changed": (
        lambda e: (e / "smoke/samples.json").write_text(
            (e / "smoke/samples.json").read_text("utf-8").replace("0", "1", 1), "utf-8"
        ),
        "samples.json of the run smoke is damaged",
        "python export_for_web.py runs/smoke",
    ),
    "samples of another export": (
        lambda e: (e / "smoke/samples.json").write_text("{}"),
        "samples.json of the run smoke is damaged",
        "python export_for_web.py runs/smoke",
    ),
    "log cut": (
        lambda e: cut(e / "smoke/log.json"),
        "log.json of the run smoke is damaged",
        "python export_for_web.py runs/smoke",
    ),
    "log left out": (
        lambda e: change(
            e / "smoke", "manifest.json", lambda m: m["missing"].update(log="It could not be read.")
        ),
        "It could not be read.",
        "python export_for_web.py runs/smoke",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_data_is_reported_where_it_would_be_shown_with_a_command(
    browser, site, tmp_path, damage
):
    harm, sentence, command = DAMAGE[damage]
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    harm(copy / "exported")
    with served(copy) as address:
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        drawn(page)
        alerts = page.get_by_role("alert")
        assert sentence in alerts.first.inner_text()
        assert alerts.first.locator("code").inner_text() == command
        assert page.get_by_role("heading", level=1).is_visible()
        page.close()


INSIDE = {  # the same for what only explore.html reads
    "a sample missing": (
        lambda e: (e / "smoke/steps/000020-0.json").unlink(),
        "#inside token-row",
        "steps/000020-0.json of the run smoke is missing (404)",
    ),
    "a sample cut": (
        lambda e: cut(e / "smoke/steps/000020-0.json"),
        "#inside token-row",
        "steps/000020-0.json of the run smoke is damaged",
    ),
    "heads cut": (
        lambda e: cut(e / "smoke/heads.json"),
        "head-story",
        "heads.json of the run smoke is damaged",
    ),
    "heads of an older export": (
        lambda e: change(e / "smoke", "heads.json", lambda heads: heads.pop("sampled")),
        "entropy-strips",
        "was exported before this figure existed",
    ),
    "check missing": (
        lambda e: (e / "smoke/check.json").unlink(),
        "parity-check",
        "check.json of the run smoke is missing (404)",
    ),
    "logits missing": (
        lambda e: (e / "smoke/logits/000020.json").unlink(),
        "parity-check",
        "logits/000020.json of the run smoke is missing (404)",
    ),
    "weights missing": (
        lambda e: (e / "smoke/weights/000020.bin").unlink(),
        "parity-check",
        "000020.bin is missing (404)",
    ),
    "weights cut": (
        lambda e: cut(e / "smoke/weights/000020.bin"),
        "#first",
        "it is cut short, or from another export",
    ),
    "weights cut, deeper": (
        lambda e: cut(e / "smoke/weights/000020.bin"),
        "logit-lens",
        "it is cut short, or from another export",
    ),
    "one weight changed": (
        lambda e: flip_bit(e / "smoke/weights/000020.bin"),
        "parity-check",
        "000020.bin is damaged, or belongs to another export",
    ),
}


def flip_bit(path):
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("damage", INSIDE)
def test_one_damaged_file_is_reported_and_the_other_figures_still_work(
    browser, site, tmp_path, damage
):
    harm, figure, sentence = INSIDE[damage]
    copy = tmp_path / "site"
    shutil.copytree(site.folder, copy)
    harm(copy / "exported")
    with served(copy) as address:
        page = browser.new_page()
        page.goto(f"{address}/explore.html#step=20")
        drawn(page)
        page.mouse.move(5, 5)
        page.locator(figure).evaluate("one => one.scrollIntoView()")
        page.locator(figure).get_by_role("alert").wait_for()
        alert = page.locator(figure).get_by_role("alert")
        assert sentence in alert.inner_text()
        assert alert.locator("code").inner_text() == "python export_for_web.py runs/smoke"
        page.get_by_role("slider", name="Training step").press("ArrowLeft")
        page.get_by_text("Recorded at step 10 of the training").wait_for()
        page.close()


def test_a_run_in_the_address_that_was_not_exported_is_reported_as_missing(browser, site):
    page = browser.new_page()
    page.goto(f"{site.address}/index.html#run=nobody")
    drawn(page)
    assert "The run nobody is missing" in page.get_by_role("alert").inner_text()
    assert not page.get_by_text("…").first.is_visible()
    page.get_by_role("link", name="smoke").click()
    page.get_by_text("This run, “smoke”,").wait_for()
    assert page.get_by_role("alert").count() == 0
    page.close()


# The scale of steps -----------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    steps=st.lists(st.integers(0, 10**5), min_size=1, max_size=30, unique=True).map(sorted),
    other=st.integers(0, 10**5),
)
def test_sampled_steps_are_equally_far_apart_and_others_lie_between_them(engine, steps, other):
    indices, between, nearest, latest = engine(
        """async ({ steps, other }) => {
        const { fractionalIndex, latest, nearest } = await import("/app/step-scale.js");
        return [steps.map((step) => fractionalIndex(step, steps)), fractionalIndex(other, steps),
                nearest(other, steps), latest(other, steps)]; }""",
        dict(steps=steps, other=other),
    )
    assert indices == list(range(len(steps)))
    before = [i for i, step in enumerate(steps) if step <= other]
    assert (before[-1] if before else 0) <= between <= (before[-1] + 1 if before else 0)
    assert abs(nearest - other) == min(abs(step - other) for step in steps)
    assert latest == (steps[before[-1]] if before else steps[0])


def test_every_page_has_what_the_command_writes_into_it():
    for name in pages.pages_of(pages.SITE):
        assert pages.complete(pages.SITE, name) == (pages.SITE / name).read_text("utf-8"), (
            f"type: python -m terrarium.web.pages, which writes site/{name} anew"
        )


def code_and_lines(source):
    """What Python reads in a source, and in which lines; docstrings aside."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            node.body[0].value.value = ""
    return ast.dump(tree), [node.lineno for node in ast.walk(tree) if hasattr(node, "lineno")]


def test_scripts_that_hold_other_files_hold_the_same_code_in_the_same_lines(engine):
    held = engine("""async () => {
        const { default: files } = await import("/exercise/python-files.js");
        const { default: program } = await import("/engine/kernel-program.js");
        const { unpack } = await import("/engine/packed.js");
        return [files, [...new Uint8Array(await unpack(program))]]; }""")
    folder = pages.SITE / "exercise"
    sources = {
        path.relative_to(folder).as_posix(): code_and_lines(path.read_text("utf-8"))
        for path in folder.rglob("*.py")
    }
    held[0] = {name: code_and_lines(source) for name, source in held[0].items()}
    kernel = (pages.SITE / "engine" / "kernel.wasm").read_bytes()
    assert held == [sources, list(kernel)], "type: python -m terrarium.web.pages"


OF_WORKERS = ("engine/", "exercise/", "vendored/micropython")


def test_every_script_that_a_page_loads_is_asked_for_at_once_but_for_what_waits(browser):
    for name in PAGES[:4]:
        text = (ROOT / "site" / name).read_text("utf-8")
        said = re.findall(r'modulepreload" href="([^"]+)"', text)
        waiting = pages.scripts_of_later(pages.SITE, text)
        with served(ROOT / "site") as address, opened(browser, f"{address}/{name}") as page:
            loaded = {
                url.removeprefix(f"{address}/") for url in page.requests if url.endswith(".js")
            }
        of_workers = {one for one in loaded if one.startswith(OF_WORKERS)}
        loaded.remove(pages.EXPLAIN)  # which is no module
        assert loaded - of_workers - set(waiting) <= set(said) <= loaded


def test_no_page_has_a_script_of_its_own():
    for name in PAGES[:4]:
        scripts = re.findall("<script[^>]*>", (ROOT / "site" / name).read_text("utf-8"))
        assert scripts == [
            '<script defer src="app/explain.js">',
            '<script type="module" src="app/autoload.js">',
        ]
