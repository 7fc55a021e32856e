"""The lesson on tokens: what is cut, what is merged, and what has no token, as the tokenizer of train.py has it."""

import json
import re

from helpers import SMALL, opened, run_script, served, train_in
from terrarium.trained import Run

import pytest

LESSON = "lessons/02-tokens.html"
TEXTS = ("The dog ran home.", "Anna's dog", "a", "zzzz xx", "The the THE", "dog " * 100)


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """The address of a site with a run whose tokens are characters."""
    home = tmp_path_factory.mktemp("letters")
    (home / "letters.txt").write_text("to be, or not to be, that is the question.\n" * 90, "utf-8")
    train_in(home, *SMALL, "--dataset", "letters.txt", "--vocab-size", "0", "--steps", "4")
    run_script("export_for_web.py", "runs/letters", "--out", "site", cwd=home).check_returncode()
    with served(home / "site") as address:
        yield address


def typed(page, text):
    """Type a text, and wait until it is in the address."""
    page.locator("#cut textarea").fill(text)
    page.wait_for_function(
        "(text) => (new URLSearchParams(location.hash.slice(1)).get('text') ?? '') === text",
        arg=text,
    )


def tokens_shown(page):
    """Ids and texts of the tokens in the first figure, with dots for spaces."""
    items = page.locator("#cut li:not(.unknown)")
    return [int(one) for one in items.locator("i").all_text_contents()]


def test_a_text_is_cut_while_somebody_types_as_the_tokenizer_of_train_py_cuts_it(
    browser, site, smoke_run
):
    tokenizer = Run(smoke_run).tokenizer
    with opened(browser, f"{site.address}/{LESSON}") as page:
        for text in TEXTS:
            known = "".join(one for one in text if one in tokenizer.ids)
            typed(page, text)
            assert tokens_shown(page) == tokenizer.encode(known), text
            numbers = page.locator("#cut dd").all_inner_texts()
            assert numbers[0] == str(len(text))
            assert numbers[1] == str(len(tokenizer.encode(known)))
        page.locator("#cut textarea").fill("")
        page.wait_for_function("() => !location.hash.includes('text=')")
        assert tokens_shown(page) == []
        assert page.locator("#cut dd").nth(1).inner_text() == "0"


def test_what_has_no_token_is_shown_at_its_place_and_the_model_gets_the_rest(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        typed(page, "a 犬 dog 🐌é")
        shown = page.locator("#cut li")
        unknown = page.locator("#cut li.unknown b").all_text_contents()
        assert unknown == ["犬", "🐌"]  # an e is read in place of the é
        assert re.search(r"é\W+e\b", page.locator("#cut .note").text_content())
        classes = shown.evaluate_all("(all) => all.map((one) => one.className)")
        assert classes.index("unknown") < len(classes) - 3  # between "a" and "dog", not at the end
        result = page.evaluate(
            """async (texts) => {
                const { cut } = await import("../app/cut.js");
                const { encodeTyped } = await import("../app/forward-pass.js");
                const { run } = document.querySelector("cut-text");
                const found = [];
                for (const text of texts) {
                    const { known, ids } = cut(run, text);
                    const pass = await encodeTyped(run, text);
                    found.push([text, known, ids.join(), pass.encoded.join()]);
                }
                return found;
            }""",
            [
                "a 犬 dog 🐌é",
                "“Hi”, said Tom…",
                "I am\u0308 e\u0301 ﬁne",
                "\ud83d\udc0c",
                "ÀB ĉ\n\tx",
            ],
        )
        for text, _, ours, of_the_model in result:
            assert ours == of_the_model, text
        assert re.search("a  dog", page.locator("#cut .note").text_content())


def test_the_film_merges_pair_by_pair_and_ends_with_what_the_tokenizer_gives(
    browser, site, smoke_run
):
    tokenizer = Run(smoke_run).tokenizer
    text = "The little dogs ran and ran home."
    with opened(browser, f"{site.address}/{LESSON}") as page:
        typed(page, text)
        film = page.locator("merge-film")
        parts = film.locator(".part")
        assert "".join(parts.all_text_contents()).replace("·", " ") == text
        assert parts.count() == len(text)
        rank, pieces = 0, len(text)
        while film.get_by_role("button", name="Next merge").is_enabled():
            pair = film.locator(".pair").all_text_contents()
            a, b = (one.replace("·", " ") for one in pair[:2])
            assert tokenizer.merges.index((a, b)) >= rank, (a, b)
            rank = tokenizer.merges.index((a, b))
            film.get_by_role("button", name="Next merge").click()
            pieces -= len(pair) // 2
            assert parts.count() == pieces
        end = [one.replace("·", " ") for one in parts.all_text_contents()]
        assert end == [tokenizer.vocab[i] for i in tokenizer.encode(text)]
        assert film.locator(".pair").count() == 0
        film.get_by_role("slider").press("Home")
        assert parts.count() == len(text)


def test_the_film_of_any_text_ends_as_the_tokenizer_cuts_it(browser, site, smoke, smoke_run):
    tokenizer = Run(smoke_run).tokenizer
    manifest = json.loads((smoke / "manifest.json").read_text())
    texts = [
        *manifest["prompts"],
        "".join(tokenizer.vocab[i] for i in Run(smoke_run).tokens("train")[1:300]),
    ]
    texts = [text.replace("<|endoftext|>", "") for text in texts]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        ends = page.evaluate(
            """async (texts) => {
                const { mergesOf } = await import("../app/merges.js");
                const { tokenizerOf } = await import("../app/forward-pass.js");
                const tokenizer = tokenizerOf(document.querySelector("cut-text").run);
                return texts.map((text) => mergesOf(tokenizer, text).at(-1).pieces.flat());
            }""",
            texts,
        )
    for text, end in zip(texts, ends, strict=True):
        assert end == [tokenizer.vocab[i] for i in tokenizer.encode(text)]


def test_the_film_plays_to_its_end_and_can_be_stopped(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        typed(page, "The dog ran")
        film = page.locator("merge-film")
        film.get_by_role("button", name="Play").click()
        film.get_by_role("button", name="Pause").click()
        where = film.get_by_role("slider").input_value()
        film.get_by_role("button", name="Play").click()
        film.get_by_role("button", name="Play").wait_for()  # it has come to its end
        slider = film.get_by_role("slider")
        assert slider.input_value() == slider.get_attribute("max")
        assert int(where) < int(slider.get_attribute("max"))
        assert film.locator(".pair").count() == 0


def test_without_merges_the_film_shows_those_that_the_text_would_lead_to(browser, letters):
    with opened(browser, f"{letters}/{LESSON}") as page:
        typed(page, "the other the")
        film = page.locator("merge-film")
        assert page.locator("#cut li").count() == len("the other the")
        assert film.locator(".pair").all_text_contents() == ["t", "h"] * 3
        film.get_by_role("button", name="Next merge").click()
        assert film.locator(".pair").all_text_contents() == ["th", "e"] * 3
        film.get_by_role("button", name="Next merge").click()
        assert film.get_by_role("button", name="Next merge").is_disabled()
        assert film.locator(".part").all_text_contents().count("the") == 3
        typed(page, "abcdefg")  # no pair comes twice
        assert film.get_by_role("button", name="Play").is_disabled()
        assert film.locator(".next").inner_text().strip()


def test_cuts_are_the_same_at_each_step(browser, site):
    with opened(browser, f"{site.address}/{LESSON}#step=first") as page:
        before = page.locator("#cut ol").inner_text()
        beside_the_slider = page.locator("cut-text[only-tokens] ol")
        assert beside_the_slider.inner_text() == before
        page.locator("step-controls input").press("End")
        page.wait_for_function("() => /step=[1-9]/.test(location.hash)")
        assert page.locator("#cut ol").inner_text() == before
        assert beside_the_slider.inner_text() == before


def test_no_character_without_a_token_is_passed_over_in_silence(browser, site):
    with opened(browser, f"{site.address}/{LESSON}") as page:
        many = "абвгдежзиклмн"
        typed(page, f"a {many} dog")
        note = page.locator("#cut .note").inner_text()
        n_more = int(re.search(r"(\d+)", note)[1])
        assert sum(one in note for one in many) + n_more == len(many)
        characters, tokens, per_token = page.locator("#cut dd").all_inner_texts()
        assert not re.search(r"\d", per_token)  # what is lost has no part in it
        typed(page, "the dog")
        characters, tokens, per_token = page.locator("#cut dd").all_inner_texts()
        assert float(per_token) == pytest.approx(int(characters) / int(tokens), abs=0.006)


def test_the_example_is_what_a_person_says_and_its_mirror_image_is_cut_as_said(
    browser, site, smoke, smoke_run
):
    tokenizer = Run(smoke_run).tokenizer
    with opened(browser, f"{site.address}/{LESSON}") as page:
        found = page.evaluate(
            """async () => {
                const { factOf } = await import("../app/facts.js");
                const { run } = document.querySelector("cut-text");
                const prompts = ["you: hi\\npip:", "you: hi\\npip: a b c.\\nyou: the dog ran\\npip:"];
                const manifest = { ...run.manifest, prompts, speakers: ["you", "pip"] };
                const talk = { manifest, vocab: run.vocab, name: "talk" };
                const names = ["longest_word", "longest_word_letters", "split_word", "keys_without_token"];
                return [await factOf(talk, "example"), ...await Promise.all(names.map((one) => factOf(run, one)))];
            }"""
        )
    example, longest, n_letters, split, keys = found
    assert example == "the dog ran"
    words = [one[1:] for one in tokenizer.vocab if re.fullmatch(r" [^\W\d_]{3,}", one)]
    assert len(longest) == n_letters == max(map(len, words))
    assert tokenizer.encode(f"a {longest}")[1:] == [tokenizer.ids[f" {longest}"]]
    assert f" {split}" in tokenizer.ids
    assert len(tokenizer.encode(split)) > 1
    assert keys.split()
    assert not set(keys.split()) & set(tokenizer.ids)


def test_it_is_told_whether_a_text_needs_more_tokens_backwards_in_this_run(browser, site, letters):
    for address, right in ((site.address, "more"), (letters, "same")):
        with opened(browser, f"{address}/{LESSON}") as page:
            question = page.locator("lesson-question[name=backwards]")
            question.locator(f"[data-answer={right}] label").click()
            question.locator("textarea").fill("I think so")
            question.locator("button.primary").click()
            question.locator(".verdict.is-right").wait_for()


def test_the_film_ends_with_the_truth_and_keeps_its_height(browser, site, letters):
    ends = []
    for address in (site.address, letters):
        with opened(browser, f"{address}/{LESSON}", width=390) as page:
            typed(page, "to be or not to be, that is the question " * 2)
            film = page.locator("merge-film")
            before = film.bounding_box()["height"]
            film.get_by_role("slider").press("End")
            page.wait_for_function(
                "() => document.querySelector('merge-film').renderRoot.querySelector('.pair') === null"
            )
            ends.append(film.locator(".next").inner_text())
            assert film.bounding_box()["height"] == pytest.approx(before, abs=1)
    assert ends[0] != ends[1]  # only one of them shows the tokens of the model


def test_the_numbers_about_the_example_and_its_mirror_image_are_those_of_the_tokenizer(
    browser, site, smoke, smoke_run
):
    tokenizer = Run(smoke_run).tokenizer
    prompt = json.loads((smoke / "manifest.json").read_text())["prompts"][0]
    with opened(browser, f"{site.address}/{LESSON}") as page:
        question = page.locator("lesson-question[name=backwards]")
        question.locator("label").first.click()
        question.locator("textarea").fill("I think so")
        question.locator("button.primary").click()
        shown = question.locator("[data-reveal] run-value").all_inner_texts()
        expected = [len(tokenizer.encode(prompt)), len(tokenizer.encode(prompt[::-1])), len(prompt)]
        assert [int(re.match(r"\d+", one)[0]) for one in shown] == expected
        unmerged = len(tokenizer.vocab) - len({a + b for a, b in tokenizer.merges})
        right = page.locator("lesson-question[name=begin] li[data-right]")
        assert right.inner_text().strip() == str(unmerged)
