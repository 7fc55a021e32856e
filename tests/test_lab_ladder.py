"""The ladder: the part of lab.html in which a line through three models predicts a fourth."""

import contextlib
import math
import re

import numpy as np
import pytest
from lab_page import opened_lab

LAB = "document.querySelector('live-lab').lab"
FIGURE = "document.querySelector('lab-ladder')"
TRIALS = f"{FIGURE}.trials"
IS_READY = f"() => {LAB}?.state.status === 'ready' && {FIGURE}?.hasUpdated"
TEXT = (
    "Tom saw a small dog. The dog ran to Tom and Anna.\n<|endoftext|>\n"
    "Anna and Tom went home, and the dog went home with them.\n<|endoftext|>\n"
) * 300
SHORT = TEXT[:6000]


@contextlib.contextmanager
def opened(browser, address, text=TEXT, width=1440, height=900, **options):
    """The lab, at the ladder of a text."""
    with opened_lab(browser, f"{address}/lab.html", width, height, **options) as page:
        page.locator("#ladder").scroll_into_view_if_needed()
        page.wait_for_function("() => customElements.get('lab-ladder')")
        page.wait_for_function(IS_READY)
        put_text(page, text)
        choose(page, steps=3)
        yield page


def put_text(page, text):
    tiny = dict(n_layer=1, n_head=1, n_embd=16, n_ff=32, n_ctx=32, batch_size=4)
    page.evaluate(f"given => {LAB}.setSettings(given)", tiny)
    page.evaluate(f"text => {LAB}.setText({{ name: 'Tom', text }})", text)
    page.wait_for_function(IS_READY)


def load_again(page, text=TEXT):
    """Load the page again, and give it a text."""
    page.reload()
    page.wait_for_function(IS_READY)
    page.locator("#ladder").scroll_into_view_if_needed()
    put_text(page, text)


def choose(page, steps, seed=1):
    """So few steps that nothing here takes long."""
    page.evaluate(f"chosen => {{ {FIGURE}.chosen = chosen; }}", dict(steps=steps, seed=seed))


def figure(page):
    return page.locator("lab-ladder")


def button(page, name):
    return figure(page).get_by_role("button", name=name)


def slider(page):
    return figure(page).get_by_role("slider")


def focused(page):
    return page.evaluate(f"() => {FIGURE}.renderRoot.activeElement?.textContent")


def said(page):
    return figure(page).locator(".visually-hidden[role=status]").inner_text()


def measured(page):
    """[parameters, loss] of the models that are trained."""
    return page.evaluate(f"""() => {FIGURE}.asked.rungs.map((rung) => {TRIALS}.find(rung))
      .filter(Boolean).map((one) => [one.parameters, one.evaluations.at(-1).loss])""")


def predict(page):
    """Once the three are trained, a prediction a little below the third."""
    slider(page).press("ArrowLeft")
    button(page, "my prediction").click()


def build(page):
    """A whole ladder, with some prediction."""
    button(page, "Train three").click()
    predict(page)
    button(page, "Train the fourth").click()
    button(page, "Another ladder").wait_for()


def test_the_keyboard_alone_leads_from_three_models_to_the_verdict(browser, site):
    with opened(browser, site.address) as page:
        before = page.evaluate(f"() => [{LAB}.state.step, {LAB}.state.tokens.ids.length]")
        button(page, "Train three").focus()
        page.keyboard.press("Enter")
        slider(page).wait_for()
        three = measured(page)
        assert len(three) == 3 and figure(page).locator("tbody tr").count() == 3
        numbers = [f"{loss:.2f}" for _, loss in three]
        assert figure(page).locator(".plot .value").all_inner_texts() == numbers
        assert figure(page).locator(".predicted").count() == 0, "nobody has predicted anything yet"
        assert button(page, "my prediction").is_disabled()
        assert figure(page).locator(".reader").count() == 0, "the figure has not predicted, either"
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.type") == "range"
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        guess = round(three[2][1], 2) - 0.05
        assert slider(page).get_attribute("aria-valuetext").startswith(f"{guess:.2f} ")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        slope, intercept = np.polyfit(*np.log(three).T, 1)
        fourth = page.evaluate(f"() => {FIGURE}.asked.rungs[3].settings.n_embd")
        assert fourth == 48
        page.keyboard.press("Enter")  # the same button trains the fourth
        button(page, "Another ladder").wait_for()
        parameters, loss = measured(page)[3]
        line = math.exp(intercept + slope * math.log(parameters))
        verdict = figure(page).locator(".verdict").inner_text()
        found = [float(number) for number in re.findall(r"\d+\.\d\d", verdict)]
        assert {round(loss, 2), round(line, 2), round(guess, 2)} <= set(found)
        assert said(page) == verdict
        assert focused(page) == verdict, "who pressed Stop late must press nothing else"
        assert figure(page).locator("table").first.locator("tbody tr").count() == 4
        assert page.evaluate(f"() => [{LAB}.state.step, {LAB}.state.tokens.ids.length]") == before


@pytest.mark.parametrize(("moved", "closer"), [(0, "reader"), (30, "line"), (4, "same")])
def test_whoever_was_closer_is_named(browser, site, moved, closer):
    with opened(browser, site.address) as page:
        button(page, "Train three").click()
        predict(page)
        losses = f"{{ measured: 2, line: 2.1, reader: {2.05 + moved / 100} }}"
        page.evaluate(
            f"() => Object.defineProperty({FIGURE}, 'losses', {{ get: () => ({losses}) }})"
        )
        button(page, "Train the fourth").click()
        verdict = figure(page).locator(".verdict")
        verdict.wait_for()
        assert ("is-right" in verdict.get_attribute("class")) == (closer == "reader")
        assert ("You were" in verdict.inner_text()) == (closer == "reader")


def test_the_axes_stay_as_they_are_while_points_come(browser, site):
    with opened(browser, site.address) as page:
        ranges = f"() => JSON.stringify({FIGURE}.ranges)"
        choose(page, steps=20)
        before = page.evaluate(ranges)
        button(page, "Train three").click()
        slider(page).wait_for()
        assert page.evaluate(ranges) == before
        predict(page)
        button(page, "Train the fourth").click()
        button(page, "Another ladder").wait_for()
        assert page.evaluate(ranges) == before


def test_what_can_be_pressed_after_a_training_is_not_where_stop_was(browser, site):
    with opened(browser, site.address) as page:
        choose(page, steps=100_000)
        button(page, "Train three").click()
        stop = button(page, "Stop").bounding_box()
        button(page, "Stop").click()
        choose(page, steps=3)
        button(page, "Train three").click()
        slider(page).wait_for()
        for one in figure(page).locator(".row.last button").all():
            box = one.bounding_box()
            is_left = box["x"] + box["width"] <= stop["x"]
            assert is_left or box["y"] >= stop["y"] + stop["height"]


def test_points_come_as_the_models_are_trained(browser, site):
    with opened(browser, site.address) as page:
        choose(page, steps=100_000)
        button(page, "Train three").click()
        figure(page).locator(".plot i.growing").wait_for()
        assert figure(page).get_by_role("progressbar").is_visible()
        assert figure(page).locator("tbody tr").count() == 0


def test_a_ladder_that_is_stopped_can_be_begun_again(browser, site):
    with opened(browser, site.address) as page:
        choose(page, steps=100_000)
        button(page, "Train three").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FIGURE}.work?.done > 1")
        page.keyboard.press("Enter")
        button(page, "Train three").wait_for()
        assert "Train three" in focused(page)
        choose(page, steps=3)
        button(page, "Train three").click()
        button(page, "Start over").click()
        assert "Train three" in focused(page)
        assert figure(page).get_by_label("Seed").input_value() == "1"


def test_the_fourth_can_be_stopped_without_losing_the_three(browser, site):
    with opened(browser, site.address) as page:
        button(page, "Train three").click()
        predict(page)
        page.evaluate(f"() => {{ {FIGURE}.asked.rungs[3].settings.steps = 100_000; }}")
        button(page, "Train the fourth").click()
        page.wait_for_function(f"() => {FIGURE}.work?.done > 1")
        button(page, "Stop").click()
        button(page, "Train the fourth").wait_for()
        assert figure(page).locator("tbody tr").count() == 3


def test_a_second_ladder_has_another_seed_and_the_first_one_stays(browser, site):
    with opened(browser, site.address) as page:
        build(page)
        first = measured(page)
        button(page, "Another ladder").click()
        assert figure(page).get_by_label("Seed").input_value() == "2"
        assert f"{first[3][1]:.2f}" in figure(page).locator("table").last.inner_text()
        build(page)
        second = measured(page)
        assert [one[0] for one in first] == [one[0] for one in second] and first != second
        assert figure(page).locator("table").last.locator("tbody tr").count() == 2
        facts = figure(page).locator(".facts").inner_text()
        assert f"{first[3][1]:.2f}" in facts and f"{second[3][1]:.2f}" in facts


def test_a_ladder_outlives_loading_the_page_again_at_each_stage(browser, site):
    with opened(browser, site.address) as page:
        button(page, "Train three").click()
        slider(page).wait_for()
        three = measured(page)
        load_again(page)
        slider(page).wait_for()
        assert measured(page) == three
        assert button(page, "my prediction").is_disabled(), "nobody has predicted anything yet"
        predict(page)
        load_again(page)
        button(page, "Train the fourth").click()
        button(page, "Another ladder").wait_for()
        losses, verdict = measured(page), figure(page).locator(".verdict").inner_text()
        assert losses[:3] == three
        load_again(page)
        figure(page).locator(".verdict").wait_for()
        assert measured(page) == losses
        assert figure(page).locator(".verdict").inner_text() == verdict
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement") is None
        button(page, "Another ladder").click()
        build(page)
        load_again(page, text=TEXT[200:])
        button(page, "Train three").wait_for()
        seeds = figure(page).locator("[data-what^=Steps]").all_inner_texts()
        assert seeds == ["3, 1", "3, 2"], "those of another text stay in the list"


def test_another_text_does_not_change_a_ladder_that_is_there(browser, site):
    with opened(browser, site.address) as page:
        build(page)
        verdict = figure(page).locator(".verdict").inner_text()
        page.evaluate(f"text => {LAB}.setText({{ name: 'Anna', text }})", TEXT.replace("Tom", "Al"))
        page.wait_for_function(IS_READY)
        assert figure(page).locator(".verdict").inner_text() == verdict
        assert "Tom" in figure(page).locator(".about").inner_text()
        button(page, "Another ladder").click()
        assert "Anna" in figure(page).locator(".about").inner_text()


def test_in_forced_colours_a_button_that_cannot_be_pressed_can_be_read(browser, site):
    style = "(one) => { const { color, backgroundColor } = getComputedStyle(one); return [color, backgroundColor]; }"
    with opened(browser, site.address, forced_colors="active") as page:
        grey, face = (
            page.evaluate("""() => { const one = document.body.appendChild(document.createElement("p"));
            one.style.cssText = "forced-color-adjust: none; color: GrayText; background: ButtonFace";
            const { color, backgroundColor } = getComputedStyle(one); return [color, backgroundColor]; }""")
        )
        button(page, "Train three").click()
        slider(page).wait_for()
        assert button(page, "my prediction").is_disabled()
        assert button(page, "my prediction").evaluate(style) == [grey, face]


def test_a_text_that_is_too_short_says_so_and_another_one_is_used_for_the_ladder_only(
    browser, site
):
    with opened(browser, site.address, text=SHORT) as page:
        fetched = []
        page.on("request", lambda request: fetched.append(request.url))
        tokens = page.evaluate(f"() => {LAB}.state.tokens.ids.length")
        assert f"{tokens:,}" in figure(page).locator(".about").inner_text()
        assert button(page, "Train three").count() == 0
        assert not [url for url in fetched if "training_" in url]
        figure(page).locator(".texts button").first.click()
        button(page, "Train three").wait_for()
        assert "Train three" in focused(page)
        assert page.evaluate(f"() => {LAB}.state.tokens.ids.length") == tokens
        assert page.evaluate(f"() => {FIGURE}.subject.source.ids.length") > tokens
        choose(page, steps=2)
        build(page)
        button(page, "Another ladder").click()
        button(page, "text of your model").click()
        assert f"{tokens:,}" in figure(page).locator(".about").inner_text()


def test_a_text_that_cannot_be_fetched_is_said_and_can_be_tried_again(browser, site):
    with opened(browser, site.address, text=SHORT) as page:
        page.route("**/training_slice.json*", lambda route: route.fulfill(status=404, body=""))
        figure(page).locator(".texts button").first.click()
        figure(page).get_by_role("alert").wait_for()
        assert "training_slice.json" in figure(page).get_by_role("alert").inner_text()
        assert figure(page).locator(".texts button").first.get_attribute("aria-disabled") == "false"
        page.complaints.clear()  # the browser names the missing file, too


def test_while_something_else_is_trained_the_ladder_waits_and_says_so(browser, site):
    with opened(browser, site.address) as page:
        page.evaluate(f"""() => {{
          const request = {{ ...{FIGURE}.rungs[0] }};
          request.settings = {{ ...request.settings, steps: 100_000 }};
          {TRIALS}.run("another", [request]);
        }}""")
        page.wait_for_function(f"() => {FIGURE}.work?.done > 0")
        assert button(page, "Train three").is_disabled()
        assert figure(page).locator(".row .note").inner_text()
        page.evaluate(f"() => {TRIALS}.stop()")
        page.wait_for_function(f"() => !{FIGURE}.work")
        assert button(page, "Train three").is_enabled()


@pytest.mark.parametrize("seed", ["1.5", "-1", ""])
def test_a_seed_that_cannot_be_is_refused_until_it_is_mended(browser, site, seed):
    with opened(browser, site.address) as page:
        field = figure(page).get_by_label("Seed")
        field.fill(seed)
        field.blur()
        assert field.get_attribute("aria-invalid") == "true"
        assert figure(page).locator("#seed-problem").inner_text()
        assert button(page, "Train three").is_disabled()
        field.fill("7")
        field.blur()
        assert button(page, "Train three").is_enabled()
        assert page.evaluate(f"() => {FIGURE}.rungs[0].settings.seed") == 7


def test_a_model_without_a_loss_ends_the_ladder_with_a_sentence(browser, site):
    with opened(browser, site.address) as page:
        page.evaluate(f"""() => {{
          const {{ worker }} = {TRIALS};
          const call = worker.call.bind(worker);
          worker.call = async (method, ...others) => {{
            const answer = await call(method, ...others);
            return method === "train" ? {{ ...answer, failed: true }} : answer;
          }};
        }}""")
        button(page, "Train three").click()
        alert = figure(page).get_by_role("alert")
        alert.wait_for()
        assert "seed" in alert.inner_text()
        assert button(page, "Train three").is_enabled()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    scheme = "dark" if dark else "light"
    with opened(browser, site.address, width=width, color_scheme=scheme) as page:
        section = "section:has(lab-ladder)"
        found = []
        for name in ("Train three", "my prediction", "Train the fourth", "Another ladder"):
            button(page, name).wait_for()
            assert button(page, name).bounding_box()["height"] >= 40
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found += Axe().run(page, context=section).response["violations"]
            if name == "my prediction":
                slider(page).press("ArrowLeft")
            button(page, name).click()
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []
