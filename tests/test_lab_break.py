"""Break it: the part of lab.html in which a model loses a part, or its text a word, and one sees what that does."""

import contextlib

from terrarium.baselines import baselines

import numpy as np
import pytest
from lab_page import opened_lab

# A model that is trained within a second, and a text for it, in which many sentences have a dog.
TINY = dict(n_layer=1, n_head=2, n_embd=16, n_ff=32, n_ctx=32, batch_size=4, steps=24, warmup=4)
SLOW = dict(n_embd=128, n_ff=512, batch_size=64)  # there is time to stop it
TEXT = (
    "Tom saw a small dog. The dog ran to Tom and Anna. They went out to see the sea.\n<|endoftext|>\n"
    "Anna and Tom went home. The cat slept, and nobody came. Tom had a cup of tea.\n<|endoftext|>\n"
) * 20
LAB = "document.querySelector('live-lab').lab"
TRIALS = "document.querySelector('live-trials').trials"
FIGURE = "document.querySelector('lab-break')"
TITLES = {
    "mask": "No mask",
    "positions": "No positions",
    "residual": "No residual",
    "scale": "No scale",
    "rate": "Learning rates",
    "head": "One head",
    "order": "Shuffled text",
    "word": "The missing sentence",
}


@contextlib.contextmanager
def opened(browser, site, width=1440, text=TEXT, settings=TINY, **options):
    """The lab, at the part in which something is broken, with a tiny model."""
    with opened_lab(browser, f"{site.address}/lab.html", width, **options) as page:
        page.evaluate(f"given => {LAB}.setSettings(given)", settings)
        put_text(page, text)
        figure(page).scroll_into_view_if_needed()
        page.wait_for_function(f"() => {FIGURE}.learned?.source === {TRIALS}.source")
        yield page


def put_text(page, text):
    page.evaluate(f"text => {LAB}.setText({{ name: 'Tom', text }})", text)
    page.wait_for_function(f"() => {LAB}.state.status === 'ready'")


def figure(page):
    return page.locator("lab-break")


def choose(page, name):
    figure(page).get_by_role("button", name=TITLES[name]).click()


def expect_first(page):
    figure(page).get_by_role("radio").first.check()


def break_it(page, name, word="dog"):
    """Choose an experiment, expect the first answer, and wait for what comes of it."""
    choose(page, name)
    if name == "word":
        figure(page).get_by_label("A word of the text").fill(word)
    expect_first(page)
    figure(page).get_by_role("button", name="Break it").click()
    figure(page).locator(".verdict").wait_for()


def focused(page):
    return page.evaluate(f"() => {FIGURE}.renderRoot.activeElement?.textContent.trim()")


def start_without_a_guess(page):
    """Press the button: nothing happens but that one is asked for a guess."""
    figure(page).get_by_role("button", name="Break it").click()
    assert page.evaluate(f"() => {TRIALS}.state.work") is None
    assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.type") == "radio"
    assert figure(page).locator("table, loss-curves").count() == 0


def outcome_of(page, name):
    """Which answer was right, whether it was the first one, and how many models were trained."""
    answers = figure(page).locator(".answers label")
    right = [i for i in range(answers.count()) if answers.nth(i).locator("small").count()]
    tried = f"{FIGURE}.tried.{name}"
    return right, *page.evaluate(f"() => [{tried}.isRight, {tried}.requests.length]")


def is_unclear(page):
    """Whether even the healthy model never wrote the word: then nobody was right or wrong."""
    return page.evaluate(f"() => {FIGURE}.tried.word.outcome") == "unclear"


def test_each_experiment_shows_something_to_those_who_have_guessed(browser, site):
    with opened(browser, site) as page:
        for name in TITLES:
            choose(page, name)
            if name == "word":
                figure(page).get_by_label("A word of the text").fill("dog")
            start_without_a_guess(page)
            figure(page).get_by_label("Why do you think so?").fill(
                f"It is <b>a guess</b> on {name}."
            )
            break_it(page, name)
            right, is_right, trained = outcome_of(page, name)
            if name == "word" and is_unclear(page):
                assert right == [] and not is_right
            else:
                assert len(right) == 1 and is_right == (right == [0]), name
            assert f"<b>a guess</b> on {name}" in figure(page).locator(".reason").inner_text()
            curves = f"() => {FIGURE}.renderRoot.querySelector('loss-curves').curves.length"
            assert page.evaluate(curves) == trained
            assert figure(page).locator(".facts thead th").count() == trained
            assert figure(page).locator(".written tbody tr").count() > 0
        assert figure(page).locator("li .state").count() == len(TITLES)


def test_models_that_were_compared_differ_in_nothing_else(browser, site):
    with opened(browser, site) as page:
        break_it(page, "mask")
        healthy, broken, other = page.evaluate(
            f"() => {FIGURE}.tried.mask.requests.map((one) => one.settings)"
        )
        assert broken == {**healthy, "mask": False}
        assert other == {**healthy, "seed": healthy["seed"] + 1}
        losses = page.evaluate(f"() => {FIGURE}.tried.mask.result.measured")
        shown = figure(page).locator(".facts tbody tr").first.locator("td").all_inner_texts()
        assert shown == [f"{losses[one]['loss']:.2f}" for one in ("healthy", "broken", "other")]


def test_on_its_own_text_a_model_is_compared_with_what_counting_reaches_there(browser, site):
    shown = "() => document.querySelector('lab-break').renderRoot.querySelector('loss-curves').baselines"
    with opened(browser, site, text=TEXT + TEXT[:500].upper()) as page:  # which is held out
        break_it(page, "rate")
        ids, held_out, n = page.evaluate(
            f"() => {{ const {{ ids, validationIds, tokenizer }} = {LAB}.state.tokens;"
            " return [[...ids], [...validationIds], tokenizer.vocab.length]; }"
        )
        ids, held_out = np.array(ids), np.array(held_out)
        assert page.evaluate(shown) == pytest.approx(baselines(ids, ids, n))
        answers = figure(page).locator(".answers").inner_text()
        assert f"{baselines(ids, ids, n)['bigram']:.2f}" in answers
        break_it(page, "order")
        assert page.evaluate(shown) == pytest.approx(baselines(ids, held_out, n))
        assert baselines(ids, ids, n)["bigram"] < baselines(ids, held_out, n)["bigram"] - 0.1


def test_without_a_word_no_sentence_with_it_is_learned_from_and_the_others_are(browser, site):
    with opened(browser, site) as page:
        choose(page, "word")
        figure(page).get_by_label("A word of the text").fill("zebra")
        about = figure(page).locator("#about-word")
        assert "zebra" in about.inner_text()
        assert (
            figure(page).get_by_label("A word of the text").get_attribute("aria-invalid") == "true"
        )
        expect_first(page)
        figure(page).get_by_role("button", name="Break it").click()
        assert page.evaluate(f"() => {TRIALS}.state.work") is None
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.className") == "word"
        break_it(page, "word", "Dog")
        read = "({ source }) => source.tokenizer.decode(source.ids)"
        healthy, broken = page.evaluate(f"() => {FIGURE}.tried.word.requests.map({read})")
        assert "dog" in healthy and "dog" not in broken
        assert broken.count("They went out to see the sea.") == healthy.count(
            "They went out to see the sea."
        )
        begun = page.evaluate(f"() => {FIGURE}.tried.word.word.beginnings.length")
        assert f"of {begun} times" in figure(page).locator(".facts tbody tr").first.inner_text()


def test_a_word_that_is_suggested_can_be_left_out(browser, site):
    with opened(browser, site, text="The moon is up.\n<|endoftext|>\n" * 4 + TEXT) as page:
        choose(page, "word")
        words = figure(page).locator(".words button")
        words.first.click()
        chosen = figure(page).get_by_label("A word of the text").input_value()
        assert chosen == words.first.inner_text()
        assert chosen in figure(page).locator("legend").inner_text()
        assert page.evaluate(f"word => {FIGURE}.learned.problemOf(word)", chosen) is None


def test_the_healthy_model_is_trained_once_and_what_was_tried_stays(browser, site):
    with opened(browser, site) as page:
        choose(page, "mask")
        note = figure(page).locator(".panel > .row .note")
        assert "3 models" in note.inner_text()
        break_it(page, "mask")
        before = figure(page).locator(".verdict").inner_text()
        choose(page, "scale")
        assert "1 model" in note.inner_text()
        break_it(page, "scale")
        done = figure(page).locator("li", has_text="you expected").all_inner_texts()
        assert [one.split("\n")[0].strip() for one in done] == ["No mask", "No scale"]
        choose(page, "mask")
        assert figure(page).locator(".verdict").inner_text() == before
        figure(page).get_by_role("button", name="Predict again").click()
        assert figure(page).get_by_role("radio", checked=True).count() == 0
        assert figure(page).locator(".verdict").count() == 0
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.type") == "radio"


def test_with_another_text_what_was_tried_is_gone_and_that_is_said(browser, site):
    with opened(browser, site) as page:
        break_it(page, "residual")
        put_text(page, TEXT.replace("dog", "pig"))
        figure(page).locator(".notice").wait_for()
        assert figure(page).locator(".verdict").count() == 0
        assert figure(page).locator("li", has_text="you expected").count() == 0
        page.wait_for_function(f"() => {FIGURE}.learned?.source === {TRIALS}.source")
        break_it(page, "residual")
        assert figure(page).locator(".notice").count() == 0
        page.evaluate(f"() => {LAB}.setSettings({{ n_head: 1 }})")
        figure(page).locator(".notice").wait_for()
        choose(page, "head")
        assert "one head" in figure(page).locator(".panel .problem").inner_text()
        assert figure(page).get_by_role("radio").count() == 0


def test_what_was_tried_comes_back_with_its_text_and_its_model(browser, site):
    with opened(browser, site) as page:
        for name in ("mask", "word", "order"):
            break_it(page, name)
        choose(page, "word")
        shown = figure(page).locator(".panel").inner_text()
        seed = page.evaluate(f"() => {LAB}.state.settings.seed")
        page.evaluate(f"() => {LAB}.setSettings({{ seed: 5 }})")
        figure(page).get_by_role("button", name="Break it").wait_for()
        assert figure(page).locator(".verdict").count() == 0
        page.evaluate(f"given => {LAB}.setSettings({{ seed: given }})", seed)
        figure(page).locator(".verdict").wait_for()
        page.reload()
        page.wait_for_function(f"() => {LAB}?.state.status === 'ready'")
        figure(page).scroll_into_view_if_needed()
        page.evaluate(f"given => {LAB}.setSettings(given)", TINY)
        put_text(page, TEXT)
        figure(page).locator(".verdict").wait_for()
        page.wait_for_function(f"() => Object.keys({FIGURE}.tried).length === 3")
        assert figure(page).locator(".panel").inner_text() == shown
        assert page.evaluate(f"() => {TRIALS}.state.work") is None
        figure(page).get_by_role("button", name="Predict again").click()
        page.wait_for_function(f"() => Object.keys({FIGURE}.tried).length === 2")


def test_enter_begins_it_and_what_it_shows_comes_into_view(browser, site):
    with opened(browser, site, width=390) as page:
        reason = figure(page).get_by_label("Why do you think so?")
        reason.press("Enter")
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.type") == "radio"
        assert page.evaluate(f"() => {TRIALS}.state.work") is None
        expect_first(page)
        reason.press("Enter")
        figure(page).locator(".verdict").wait_for()
        page.wait_for_function(
            f"""() => {{
              const {{ top, bottom }} = {FIGURE}.renderRoot.querySelector('.verdict').getBoundingClientRect();
              return top >= 0 && bottom <= innerHeight;
            }}"""
        )


def test_suggested_words_stay_in_their_place_while_it_trains(browser, site):
    text = "The moon is up.\n<|endoftext|>\n" * 4 + TEXT
    with opened(browser, site, text=text, settings={**TINY, **SLOW}) as page:
        page.wait_for_function(f"() => {FIGURE}.request.settings.n_embd === 128")
        choose(page, "word")
        figure(page).locator(".words button").first.click()
        expect_first(page)
        place = f"""() => {FIGURE}.renderRoot.querySelector('legend').getBoundingClientRect().top
          - {FIGURE}.getBoundingClientRect().top"""
        before = page.evaluate(place)
        figure(page).get_by_role("button", name="Break it").click()
        figure(page).get_by_role("button", name="Stop").wait_for()
        assert page.evaluate(place) == before
        assert figure(page).locator(".words button").first.is_disabled()
        figure(page).get_by_role("button", name="Stop").click()


def test_a_rare_word_is_warned_of_and_a_frequent_one_is_not(browser, site):
    with opened(browser, site, text="The moon is up.\n<|endoftext|>\n" * 2 + TEXT) as page:
        choose(page, "word")
        about = figure(page).locator("#about-word")
        figure(page).get_by_label("A word of the text").fill("moon")
        rare = about.inner_text()
        figure(page).get_by_label("A word of the text").fill("dog")
        assert about.inner_text().count(".") < rare.count(".")


def test_it_is_stopped_with_the_keyboard_and_nothing_is_lost(browser, site):
    with opened(browser, site, settings={**TINY, **SLOW, "steps": 100_000}) as page:
        page.wait_for_function(f"() => {FIGURE}.request.settings.steps === 300")
        figure(page).get_by_role("radio").nth(1).focus()
        page.keyboard.press("Space")
        figure(page).get_by_label("Why do you think so?").fill("I know it.")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {TRIALS}.state.work?.done > 1")
        page.wait_for_function(
            f"() => {FIGURE}.renderRoot.querySelector('loss-curves').curves[0]?.points.length"
        )
        assert focused(page) == "Stop"
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => !{TRIALS}.state.work")
        page.wait_for_function(
            f"() => {FIGURE}.renderRoot.activeElement?.textContent.trim() === 'Break it'"
        )
        assert figure(page).get_by_role("radio").nth(1).is_checked()
        assert figure(page).get_by_label("Why do you think so?").input_value() == "I know it."
        assert figure(page).locator(".verdict").count() == 0


def test_the_focus_is_on_the_next_button_when_it_is_over(browser, site):
    with opened(browser, site) as page:
        expect_first(page)
        figure(page).get_by_role("button", name="Break it").focus()
        page.keyboard.press("Enter")
        figure(page).locator(".verdict").wait_for()
        assert focused(page) == "Predict again"


def test_while_something_else_is_trained_one_has_to_wait_and_is_told_why(browser, site):
    with opened(browser, site) as page:
        page.evaluate(
            f"() => {TRIALS}.update({{ work: {{ name: 'ladder', trial: null, done: 1, of: 9 }} }})"
        )
        start = figure(page).get_by_role("button", name="Break it")
        page.wait_for_function(f"() => {FIGURE}.work")
        assert start.is_disabled()
        assert "trained" in figure(page).locator(".panel > .row .note").inner_text()
        page.evaluate(f"() => {TRIALS}.update({{ work: null }})")
        page.wait_for_function(f"() => !{FIGURE}.work")
        assert start.is_enabled()


def test_an_engine_that_fails_is_said_and_the_prediction_stays(browser, site):
    with opened(browser, site) as page:
        page.evaluate(
            f"() => {{ {TRIALS}.worker.call = async () => {{ throw new Error('No memory.'); }} }}"
        )
        expect_first(page)
        figure(page).get_by_role("button", name="Break it").click()
        alert = figure(page).get_by_role("alert")
        alert.wait_for()
        assert "No memory." in alert.inner_text()
        assert figure(page).get_by_role("radio").first.is_checked()
        assert figure(page).get_by_role("button", name="Break it").is_enabled()


def test_the_model_of_the_lab_can_train_at_the_same_time(browser, site):
    with opened(browser, site) as page:
        page.evaluate(f"() => {LAB}.setSettings({{ steps: 100_000 }})")
        page.wait_for_function(f"() => {LAB}.state.status === 'ready'")
        page.wait_for_function(f"() => {FIGURE}.request?.settings.steps === 300")
        page.evaluate(f"() => {LAB}.start()")
        break_it(page, "scale")
        assert page.evaluate(f"() => {LAB}.state.status") == "training"
        page.evaluate(f"() => {LAB}.pause()")
        page.wait_for_function(f"() => {LAB}.state.status === 'paused'")


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_no_violation_in_what_came_of_it(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, site, width, color_scheme="dark" if dark else "light") as page:
        break_it(page, "word")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context="lab-break").response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []
