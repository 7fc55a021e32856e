"""The lessons: what each shows of every kind of run, and that all its numbers are those of PyTorch."""

import gzip
import json
import math
import re

from helpers import SMALL, opened, run_script, served, train_in
from terrarium.trained import Run
from terrarium.web.pages import SITE, pages_of
from terrarium.web.quantize import quantize

import pytest
import textstat
import torch

LESSONS = [name for name in pages_of(SITE) if re.fullmatch(r"lessons/\d\d-.*\.html", name)]
TRANSLATED = [name for name in pages_of(SITE) if re.fullmatch(r"lessons/\w\w/\d\d-.*\.html", name)]
IN_LESSONS = [name for name in pages_of(SITE) if name.startswith("lessons/")]
KINDS = ("smoke", "letters", "luna", "sums")
LETTERS = "To be, or not to be, that is the question.\nWhether 'tis nobler in the mind to suffer.\n"
LUNA = "".join(f"what is {i} and {i}?\tit is {2 * i}, my friend\n" for i in range(150))
SUMS = "".join(
    f"{i * i % 89}+{i * 7 % 61}={i * i % 89 + i * 7 % 61}\n" for i in range(130)
)  # no letter in it, and soon known by heart
ONE_HEAD = ("--n-layer", "1", "--n-head", "1", "--n-embd", "64", "--n-ff", "128")


@pytest.fixture(scope="module")
def home(smoke_run, tmp_path_factory):
    """A folder with the site of a run on stories, one on characters, one that answers, and one of a
    single layer and head that has learned a short text without letters by heart."""
    home = tmp_path_factory.mktemp("kinds")
    (home / "letters.txt").write_text(LETTERS * 60, "utf-8")
    (home / "luna.tsv").write_text(LUNA, "utf-8")
    train_in(home, *SMALL, "--dataset", "letters.txt", "--vocab-size", "0", "--steps", "20")
    train_in(home, *SMALL, "--dataset", "luna.tsv", "--vocab-size", "128", "--steps", "20")
    (home / "sums.txt").write_text(SUMS, "utf-8")
    by_heart = ("--steps", "400", "--sample-every", "50")
    train_in(home, *SMALL, *ONE_HEAD, *by_heart, "--dataset", "sums.txt", "--vocab-size", "0")
    runs = (smoke_run, "runs/luna", "runs/letters", "runs/sums")
    run_script("export_for_web.py", *runs, "--out", "site", cwd=home).check_returncode()
    return home


@pytest.fixture(scope="module")
def kinds(home):
    """The address of that site."""
    with served(home / "site") as address:
        yield address


def own_words(name):
    """The HTML of a page without what holds no sentences of its own."""
    html = (SITE / name).read_text("utf-8-sig")
    return re.search("<main>(.*)</main>", html, re.DOTALL)[1]


def prose(name):
    """The plain text of a lesson, as somebody reads it who wants neither code nor mathematics."""
    html = re.sub(r"<(template|nav).*?</\1>", "", own_words(name), flags=re.DOTALL)
    html = re.sub(r'<div class="with-.*?\n {4}</div>', "", html, flags=re.DOTALL)
    blocks = re.sub(r"</(p|li|h1|h2|h3|summary)>", ". ", html)
    return re.sub(r"([.?!:])\s*\.", r"\1", " ".join(re.sub("<[^>]+>", "", blocks).split()))


# Sentences --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*LESSONS, *TRANSLATED])
def test_no_number_is_typed_into_the_sentences_of_a_lesson(name):
    """Not even into those of its figures: every number is bound to the run, or computed."""
    html = re.sub(
        r"<!--.*?-->|<math.*?</math>|<code-lines[^>]*>", "", own_words(name), flags=re.DOTALL
    )
    text = re.sub("<[^>]+>", " ", html)
    assert re.findall(r"\d+", text) == []


@pytest.mark.parametrize("name", LESSONS)
def test_the_plain_text_of_a_lesson_is_easy_to_read(name):
    assert textstat.flesch_kincaid_grade(prose(name)) <= 7


@pytest.mark.parametrize("name", IN_LESSONS)
def test_every_link_of_a_lesson_leads_somewhere(name):
    html = (SITE / name).read_text("utf-8-sig")
    for link in re.findall(r'href="([^"]+)"', html):
        path, _, part = link.partition("#")
        target = (SITE / name).parent / path if path else SITE / name
        assert target.exists(), link
        if part and "=" not in part:
            assert f'id="{part}"' in target.read_text("utf-8-sig"), link


@pytest.mark.parametrize("name", [name for name in IN_LESSONS if "glossary" in name])
def test_each_term_is_explained_once_and_they_are_in_alphabetical_order(name):
    terms = re.findall(r'<dt id="([\w-]+)">([^<]+)</dt>', own_words(name))
    assert len({part for part, _ in terms}) == len(terms)
    assert [term for _, term in terms] == sorted((term for _, term in terms), key=str.lower)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_asks_for_a_prediction_and_has_a_question_that_nobody_can_answer(name):
    html = own_words(name)
    questions = re.findall(r"<lesson-question.*?</lesson-question>", html, re.DOTALL)
    assert any(re.match(r"<lesson-question [^>]*\bwhy\b", one) for one in questions)
    checks = [one for one in questions if "data-right" in one]
    assert len(checks) >= 3
    assert all(one.count("data-right") == 1 for one in checks)
    assert any(re.search(r"<li data-right>This cannot be told", one) for one in checks)
    assert len(set(re.findall(r'<lesson-question name="([\w-]+)"', html))) == len(questions)


# Translations -----------------------------------------------------------------------------------


def anatomy(name):
    """What a lesson has besides its sentences, in its order: a translation has the same."""
    html = own_words(name)
    part = re.compile(
        r'<(?:run-value of|when-run \w+|code-lines of|lesson-question name|p data-say|h2 id)="[^"]+"'
        r'|class="(?:query|key|value|with-\w+)"|data-right|data-reveal|<li\b|<details|<math.*?</math>'
        r"|<[a-z]+(?:-[a-z]+)+",
        re.DOTALL,
    )
    return part.findall(html)


def placeholders(name):
    """The placeholders of everything that the figures of a lesson say."""
    said = re.findall(r'data-say="([\w-]+)">(.*?)</p>', own_words(name), re.DOTALL)
    return {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in said}


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_lacks_nothing(name):
    language, original = name.split("/")[1], re.sub(r"lessons/\w\w/", "lessons/", name)
    assert f'<html lang="{language}">' in (SITE / name).read_text("utf-8-sig")
    assert anatomy(name) == anatomy(original)
    assert placeholders(name) == placeholders(original)
    translated, english = (
        json.loads((SITE / f"lessons/words.{one}.json").read_text()) for one in (language, "en")
    )
    assert translated.keys() == english.keys()
    assert translated["in-page"].keys() == english["in-page"].keys()
    assert all(one not in english["in-page"].values() for one in translated["in-page"].values())


def test_lessons_01_and_05_are_there_in_german():
    assert {"lessons/de/01-the-task.html", "lessons/de/05-attention.html"} <= set(TRANSLATED)


# With every kind of run -------------------------------------------------------------------------

EMPTY = """() => [...document.querySelectorAll("main *")]
    .filter((one) => one.localName.includes("-") && one.renderRoot && one.checkVisibility())
    .filter((one) => !one.hasAttribute("drawn") || one.error || !one.renderRoot.textContent.trim())
    .map((one) => one.localName)"""
NOT_ONE = "1 (?:characters|guesses|heads|layers|neurons|steps|tokens|words)"
TEXTS = """() => { const texts = [document.querySelector("main").innerText];
    const speaksOfNaN = "head-check";  // of a head that somebody writes
    for (const one of document.querySelectorAll("*")) if (one.renderRoot && one.checkVisibility() && one.localName !== speaksOfNaN)
      texts.push(one.renderRoot.textContent);
    return texts.join(" "); }"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*LESSONS, *TRANSLATED])
def test_a_lesson_shows_all_of_its_figures_with_each_kind_of_run(browser, kinds, name, kind):
    with opened(browser, f"{kinds}/{name}#run={kind}&depth=mathematics") as page:
        page.evaluate(
            "() => { for (const one of document.querySelectorAll('details')) one.open = true; }"
        )
        for question in page.locator("lesson-question").all():
            question.locator("label:visible").first.click()
            if question.locator("textarea").count():
                question.locator("textarea").fill("I think so")
            question.locator("button.primary").click()
            question.locator("[data-reveal]").wait_for()
        for figure in page.locator("main .card > :not(typed-head), main typed-head > *").all():
            figure.scroll_into_view_if_needed()
        page.wait_for_function(EMPTY.replace("=> [", "=> ![") + ".length")
        texts = page.evaluate(TEXTS)
        # In German, null is a number.
        assert not re.search(
            r"NaN|undefined|Infinity|\{\w+\}" + ("" if "/de/" in name else "|null"), texts
        )
        assert re.findall(rf"(?<![\d.,]){NOT_ONE}", texts) == []
        values = page.locator("run-value:visible").all_inner_texts()
        assert all(values), values


def part_of(home, kind, name):
    return json.loads((home / f"site/exported/{kind}/{name}.json").read_text())


def shown_if(page, condition):
    """Whether the sentences with a condition are shown; all of them are, or none."""
    (is_shown,) = set(
        page.locator(f"when-run[is~={condition}]").evaluate_all(
            "(all) => all.map((one) => !one.hidden)"
        )
    )
    return is_shown


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_said_of_the_losses_of_a_run_is_true_of_them(browser, kinds, home, kind):
    log, metrics = part_of(home, kind, "log"), part_of(home, kind, "manifest")["metrics"]
    bits = {
        "unigram_bits": log["baselines"]["unigram"] / math.log(2),
        "bigram_bits": log["baselines"]["bigram"] / math.log(2),
        "model_bits": metrics["validation_loss"] / math.log(2),
    }
    with opened(browser, f"{kinds}/lessons/01-the-task.html#run={kind}") as page:
        question = page.locator("lesson-question[name=counting]")
        question.locator("label").first.click()
        question.locator("textarea").fill("I think so")
        question.locator("button.primary").click()
        question.locator("[of=model_bits]").wait_for()
        for name, value in bits.items():
            shown = question.locator(f"[of={name}]").inner_text()
            assert float(shown) == pytest.approx(value, abs=0.006)
        least, *_, most = sorted(bits.values())
        loses = bits["model_bits"] > least and most - least >= 0.05 * most
        assert shown_if(page, "loses-to-counting") == loses
    losses = log["validation"]["loss"]
    best = min(losses)
    with opened(browser, f"{kinds}/lessons/08-learning.html#run={kind}") as page:
        page.locator("[of=model_bits]").first.wait_for()
        if losses[-1] < 1.05 * best:
            assert not page.locator("[of=lowest_bits]").is_visible()
            return
        step = log["validation"]["sampled_steps"][losses.index(best)]
        page.locator("[of=lowest_step]", has_text=re.compile(rf"^{step}$")).wait_for()
        shown = page.locator("[of=lowest_bits]").inner_text()
        assert float(shown) == pytest.approx(best / math.log(2), abs=0.006)


def test_a_model_that_knows_a_short_text_by_heart_is_among_the_kinds_of_run(home):
    log = part_of(home, "sums", "log")
    assert log["validation"]["loss"][-1] > 1.05 * min(log["validation"]["loss"])
    assert part_of(home, "sums", "manifest")["metrics"]["validation_loss"] > max(
        log["baselines"]["unigram"], log["baselines"]["bigram"]
    )


def test_a_text_without_letters_is_one_to_guess_in_too(browser, kinds):
    with opened(browser, f"{kinds}/lessons/01-the-task.html#run=sums") as page:
        figure = page.locator("guess-token")
        figure.locator(".candidates button").nth(4).wait_for()
    with opened(browser, f"{kinds}/lessons/09-limits.html#run=sums") as page:
        figure = page.locator("calm-falsehood")
        figure.scroll_into_view_if_needed()
        figure.locator(".side .first").nth(1).wait_for()


@pytest.mark.parametrize("kind", KINDS)
def test_two_wordings_are_different_also_where_no_space_parts_words(browser, kinds, kind):
    with opened(browser, f"{kinds}/lessons/09-limits.html#run={kind}") as page:
        one, other = page.locator("two-prompts textarea").evaluate_all(
            "(fields) => fields.map((one) => one.value)"
        )
        assert one.strip()
        assert other.strip()
        assert one != other


@pytest.mark.parametrize("kind", KINDS)
def test_without_positions_a_swap_changes_the_guess_only_if_a_second_layer_can_tell(
    browser, kinds, home, kind
):
    has_one_layer = part_of(home, kind, "manifest")["settings"]["n_layer"] == 1
    with opened(browser, f"{kinds}/lessons/04-positions.html#run={kind}") as page:
        figure = page.locator("swap-tokens")
        figure.scroll_into_view_if_needed()
        figure.get_by_role("button", name="without positions").click()
        page.wait_for_function("() => document.querySelector('swap-tokens').found?.isWithout")
        figure.get_by_text("has changed by").nth(1).wait_for()
        guess = figure.get_by_text("The guess for the next token").inner_text()
        assert ("by 0.00%" in guess) == has_one_layer
        assert shown_if(page, "one-layer") == has_one_layer
        assert shown_if(page, "several-layers") != has_one_layer


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_said_about_words_of_a_text_without_letters(browser, kinds, kind):
    with opened(browser, f"{kinds}/lessons/02-tokens.html#run={kind}") as page:
        page.locator("[of=vocab_size]", has_text=re.compile(".")).first.wait_for()
        assert shown_if(page, "letters") == (kind == "letters")


@pytest.mark.parametrize(
    "name, tag, sentence",
    [
        ("04-positions", "position-sum", ".result"),
        ("05-attention", "attention-by-hand", ".about"),
    ],
)
def test_a_sentence_about_a_space_shows_a_sign_for_it(browser, kinds, name, tag, sentence):
    with opened(browser, f"{kinds}/lessons/{name}.html#run=letters") as page:
        figure = page.locator(tag)
        figure.get_by_role("button", name="space").first.click()
        figure.locator(sentence, has_text="“·”").wait_for()


def test_two_answers_with_the_same_number_are_not_both_offered(browser, kinds):
    with opened(browser, f"{kinds}/lessons/01-the-task.html#run=letters") as page:
        question = page.locator("lesson-question[name=n-tokens]")
        n_ctx = question.locator("run-value[of=n_ctx]")
        n_ctx.evaluate(
            "(one) => { one.textContent = document.querySelector('[of=vocab_size]').textContent; }"
        )
        question.locator("li", has=page.locator("[of=n_ctx]")).wait_for(state="hidden")
        assert question.locator("li", has=page.locator("[of=vocab_size]")).is_visible()


# From page to page ------------------------------------------------------------------------------


def test_a_link_in_a_lesson_leads_to_the_run_that_the_lesson_shows(browser, kinds):
    with opened(browser, f"{kinds}/lessons/09-limits.html#run=letters") as page:
        links = page.locator('main a[href*=".html"]')
        assert links.count() > 5
        hashes = [link.evaluate("(link) => link.hash") for link in links.all()]
        assert all("run=letters" in one for one in hashes), hashes
        assert any("run=letters" in one and "section=copied" in one for one in hashes)
        page.locator("main a.term").first.click()
        page.wait_for_function("() => document.querySelector('dt[data-led-to]')")
        assert "run=letters" in page.url
        term = page.locator("dt[data-led-to]")
        assert f"section={term.get_attribute('id')}" in page.url
        page.wait_for_function(
            "() => document.querySelector('dt[data-led-to]').getBoundingClientRect().y < innerHeight"
        )


def test_the_slider_of_a_lesson_shows_only_steps_of_which_the_model_is_there(browser):
    manifest = json.loads((SITE / "exported/stories/manifest.json").read_text())
    saved = [one["step"] for one in manifest["snapshots"]]
    between = next(step for step in manifest["sampled_steps"] if step not in saved)
    with served(SITE) as address:
        with opened(browser, f"{address}/lessons/03-embeddings.html#step={between}") as page:
            controls = page.locator("step-controls").first
            shown = controls.evaluate("(one) => one.shownStep")
            assert shown in saved
            assert f"step {shown:,} of" in controls.locator("strong").inner_text()
            assert controls.locator("input").get_attribute("max") == str(len(saved) - 1)
            controls.get_by_role("button", name="Next sample").click()
            page.wait_for_function(f"() => document.querySelector('step-controls').step > {shown}")
            assert controls.evaluate("(one) => one.step") == saved[saved.index(shown) + 1]


# Questions --------------------------------------------------------------------------------------


def test_nothing_is_revealed_before_somebody_has_chosen_and_said_why(browser, site):
    with opened(browser, f"{site.address}/lessons/01-the-task.html") as page:
        question = page.locator("lesson-question[why]")
        revealed, button = question.locator("[data-reveal]"), question.locator("button.primary")
        button.click()
        assert not revealed.is_visible()
        assert question.locator("input").first.evaluate("(one) => one === document.activeElement")
        question.locator("label").nth(2).click()
        button.click()
        assert not revealed.is_visible()
        assert question.locator("textarea").evaluate("(one) => one === document.activeElement")
        question.locator("textarea").fill("It can look back.")
        button.click()
        revealed.wait_for()
        assert revealed.evaluate("(one) => one === document.activeElement")
        assert "the model" in revealed.inner_text()


def test_an_answer_is_told_right_or_wrong_and_remembered_until_it_is_given_again(browser, site):
    with opened(browser, f"{site.address}/lessons/01-the-task.html") as page:
        question = page.locator("lesson-question[name=quarter]")
        question.locator("label").first.click()
        question.locator("button.primary").click()
        question.locator("[data-reveal]").wait_for()
        assert question.locator(".verdict.is-right").count() == 0
        assert question.locator("li[data-marked]").inner_text().strip() == "two bits"
        page.reload()
        question.locator("[data-reveal]").wait_for()
        assert question.locator("input").first.is_checked()
        question.get_by_role("button").last.click()
        question.locator("[data-reveal]").wait_for(state="hidden")
        question.locator("label").nth(1).click()
        question.locator("button.primary").click()
        question.locator(".verdict.is-right").wait_for()


def test_how_deep_a_lesson_goes_is_chosen_once_for_all(browser, site):
    with opened(browser, f"{site.address}/lessons/01-the-task.html") as page:
        formula, code = page.locator("math").first, page.locator("code-lines").first
        assert not formula.is_visible()
        assert not code.is_visible()
        page.get_by_label("with the code").check()
        code.wait_for()
        assert not formula.is_visible()
        page.get_by_label("with the mathematics").check()
        formula.wait_for()
        assert code.is_visible()
        page.goto(f"{site.address}/lessons/01-the-task.html")
        formula.wait_for()


def test_the_code_of_a_lesson_is_that_which_ran_with_its_numbers(browser, site, smoke):
    code = json.loads((smoke / "code.json").read_text())
    first, last = code["functions"]["evaluate"]
    lines = [line for section in code["sections"] for line in section["lines"]]
    start = code["sections"][0]["first_line"]
    with opened(browser, f"{site.address}/lessons/01-the-task.html#depth=code") as page:
        shown = page.locator("code-lines[of=evaluate] li")
        shown.first.wait_for()
        assert [one.strip() for one in shown.all_text_contents()] == [
            line.strip() for line in lines[first - start : last - start + 1]
        ]
        assert page.locator("code-lines[of=evaluate] ol").get_attribute("start") == str(first)


@pytest.mark.parametrize("name", ["lessons/05-attention.html", "lessons/de/05-attention.html"])
def test_a_figure_of_a_lesson_is_embedded_from_the_folder_above(browser, site, name):
    with opened(browser, f"{site.address}/{name}") as page:
        leads_to = page.evaluate(
            "async () => (await import('/app/address.js')).addressOf('embed', 'head=1.0')"
        )
        assert leads_to == f"{site.address}/embed.html#head=1.0"


@pytest.mark.parametrize("name", LESSONS)
def test_the_first_view_of_a_lesson_is_small(browser, name):
    with served(SITE) as address, opened(browser, f"{address}/{name}") as page:
        asked = {url.split("#")[0] for url in page.requests}
    files = [SITE / url.removeprefix(address).lstrip("/") for url in asked]
    assert all(url.startswith((address, "blob:")) for url in asked)
    shown = [file for file in files if file.is_file() and file.suffix != ".bin"]
    assert sum(len(gzip.compress(file.read_bytes())) for file in shown) < 400_000


# 01 The task ------------------------------------------------------------------------------------


def test_you_and_the_model_are_scored_in_bits_by_what_came(browser, site, smoke, smoke_run):
    run = Run(smoke_run)
    model = quantize(run.at(run.steps[-1]), "int8")[2]
    passage = json.loads((smoke / "guesses.json").read_text())["passages"][0]
    question = passage["questions"][0]
    ids, position = passage["ids"], question["position"]
    found = [one["id"] for one in question["candidates"]]
    with torch.inference_mode():
        logits = model(torch.tensor([ids[:position]]))[0][0, -1, found]
    right = found.index(ids[position])
    of_model = -math.log2(logits.double().softmax(0)[right].item())
    of_bigram = [one["bigram"] for one in question["candidates"]]
    of_bigram = -math.log2(of_bigram[right] / sum(of_bigram))
    with opened(browser, f"{site.address}/lessons/01-the-task.html#step=last") as page:
        game = page.locator("guess-token")
        game.locator(".candidates > button").nth(right).click()
        game.get_by_label("80%").check()
        game.get_by_role("button", name="That is my guess").click()
        game.get_by_role("button", name="Next guess").wait_for()
        bits = {
            name: float(re.search(r"[\d.]+", row.text_content().split(name)[1])[0])
            for row in game.locator("tr").all()
            for name in ["you", "the model", "pair counter", "blind guess"]
            if name in row.text_content()
        }
        assert bits["you"] == pytest.approx(-math.log2(0.8), abs=0.006)
        assert bits["the model"] == pytest.approx(of_model, abs=0.006)
        assert bits["pair counter"] == pytest.approx(of_bigram, abs=0.006)
        assert bits["blind guess"] == pytest.approx(math.log2(5), abs=0.006)
        game.get_by_role("button", name="Next guess").click()
        game.get_by_role("button", name="That is my guess").wait_for()


# 05 Attention -----------------------------------------------------------------------------------


def by_hand(model, ids, layer, head, query):
    """What attention() of train.py computes for one token: products, scores, weights."""
    seen = {}
    block = model.blocks[layer]
    hooks = [
        getattr(block, name).register_forward_hook(
            lambda module, given, out, name=name: seen.update({name: out})
        )
        for name in ("query", "key")
    ]
    with torch.inference_mode():
        model(torch.tensor([ids]))
    for hook in hooks:
        hook.remove()
    q, k = (block.split_heads(seen[name])[0, head].double() for name in ("query", "key"))
    products = k @ q[query]
    scores = products / math.sqrt(q.shape[-1])
    return products, scores, scores[: query + 1].softmax(0)


def number(text):
    return float(text.replace("−", "-").rstrip("%"))


def test_every_step_of_attention_has_the_numbers_of_pytorch(browser, site, smoke_run):
    run = Run(smoke_run)
    model = quantize(run.at(run.steps[-1]), "int8")[2]
    with opened(browser, f"{site.address}/lessons/05-attention.html#head=1.1") as page:
        figure = page.locator("attention-by-hand")
        cells = figure.locator("tbody td:last-child")
        cells.first.wait_for()
        query = 6
        figure.locator("tbody button").nth(query).click()
        ids = page.evaluate("() => document.querySelector('attention-by-hand').ids")
        products, scores, weights = by_hand(model, list(ids), 1, 1, query)
        assert [number(one) for one in cells.all_inner_texts()] == pytest.approx(
            products.tolist(), abs=0.006
        )
        figure.get_by_role("button", name="Hide what is later").click()
        figure.locator("tr.is-hidden").first.wait_for()
        shown = cells.all_inner_texts()
        assert set(shown[query + 1 :]) == {"−∞"}
        assert [number(one) for one in shown[: query + 1]] == pytest.approx(
            scores[: query + 1].tolist(), abs=0.006
        )
        figure.get_by_role("button", name="Make weights").click()
        figure.locator("td .weight").first.wait_for()
        shown = [re.sub("[<>]", "", one) for one in cells.all_inner_texts()]
        assert [number(one) for one in shown[: query + 1]] == pytest.approx(
            (100 * weights).tolist(), abs=1.01
        )
        assert set(shown[query + 1 :]) == {"0%"}


def test_the_mixture_is_what_the_head_fetches_in_pytorch(browser, site, smoke_run):
    run = Run(smoke_run)
    model = quantize(run.at(run.steps[-1]), "int8")[2]
    with opened(browser, f"{site.address}/lessons/05-attention.html#head=0.1") as page:
        page.locator("attention-by-hand table").wait_for()
        ids, mixed = page.evaluate(
            """async () => { const { attendByHand } = await import("../app/one-head.js");
                const figure = document.querySelector("attention-by-hand");
                return [[...figure.ids], [...attendByHand(figure.vectors, 5).mixed]]; }"""
        )
        seen = []
        block = model.blocks[0]
        hook = block.value.register_forward_hook(lambda module, given, out: seen.append(out))
        *_, weights = by_hand(model, ids, 0, 1, 5)
        hook.remove()
        values = block.split_heads(seen[0])[0, 1, :6].double()
        assert mixed == pytest.approx((weights @ values).tolist(), abs=1e-4)


def test_a_head_that_is_chosen_in_its_map_is_the_one_that_is_computed(browser, site):
    with opened(browser, f"{site.address}/lessons/05-attention.html#head=0.0") as page:
        figure = page.locator("attention-by-hand")
        figure.locator("caption").wait_for()
        before = figure.locator("tbody td").all_inner_texts()
        page.locator("attention-gallery [data-head='1.1']").click()
        figure.locator("caption", has_text="1.1").wait_for()
        page.wait_for_function(
            """(before) => JSON.stringify([...document.querySelector("attention-by-hand").renderRoot
                .querySelectorAll("tbody td")].map((one) => one.innerText)) !== JSON.stringify(before)""",
            arg=before,
        )


@pytest.mark.parametrize("name", IN_LESSONS)
@pytest.mark.parametrize("width, dark", [(1440, False), (360, True)])
def test_axe_finds_nothing_in_a_lesson_and_nothing_scrolls_sideways(
    browser, site, name, width, dark
):
    from axe_playwright_python.sync_playwright import Axe

    address = f"{site.address}/{name}#depth=mathematics"
    with opened(browser, address, width=width, dark=dark) as page:
        found = Axe().run(page)
        page.complaints.clear()  # axe itself tries what the policy forbids
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
