"""Attention on the text itself, and what else looks into a text while it is written, against PyTorch."""

import math
import re

from helpers import opened
from terrarium.interpret import attention_weights
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

PASS = 'document.querySelector("written-pass").passes.state.both[0]'
TOKENS = "text-attention [role=option]"


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def model(run):
    """The weights of the last step as a page reads them."""
    return quantize(run.at(run.steps[-1]), "int8")[2]


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def read(page):
    """Wait until the finished text has been read, and give its ids."""
    page.get_by_role("button", name="Go on").wait_for()
    page.locator("text-attention").scroll_into_view_if_needed()
    page.wait_for_function(
        """() => { const { promptIds, tokens } = document.querySelector("live-text").writing.state;
            const [pass] = document.querySelector("written-pass").passes.state.both;
            const figure = document.querySelector("text-attention");
            return pass?.length === promptIds.length + tokens.length && figure.pass === pass
              && figure.renderRoot?.querySelectorAll("[role=option]").length === pass.length
              && !figure.isUpdatePending; }"""
    )
    return list(page.evaluate(f"() => {PASS}.ids"))


def weights_of(model, ids):
    """The attention weights of each head (L, H, T, T) by PyTorch."""
    return attention_weights(model, ids)


def said_weights(page):
    """The weights that are said of each token, as fractions: 0 where none is."""
    names = page.locator(TOKENS).evaluate_all("all => all.map((one) => one.ariaLabel)")
    found = [re.search(r"with ([<>]?)(\d+)%$", name) for name in names]
    return [int(one[2]) / 100 if one else 0 for one in found]


def shades(page):
    classes = page.locator(TOKENS).evaluate_all("all => all.map((one) => one.className)")
    return [int(re.search(r"color(\d+)|out", name)[1] or -1) for name in classes]


def expect_weights(page, expected):
    """What is said and shaded are these weights; nan: a token that cannot be looked at."""
    assert said_weights(page) == pytest.approx(
        [0 if math.isnan(w) else w for w in expected], abs=0.0061
    )
    for shade, weight in zip(shades(page), expected, strict=True):
        if math.isnan(weight):
            assert shade == -1
        else:
            assert shade == pytest.approx(10 * math.sqrt(weight), abs=0.51)


def row(weights, query):
    """A row of a map, and nothing for later tokens."""
    return [*weights[query, : query + 1].tolist(), *[math.nan] * (len(weights) - query - 1)]


def column(weights, key):
    """A column of a map below its diagonal, and nothing for the tokens up to it."""
    return [*[math.nan] * (key + 1), *weights[key + 1 :, key].tolist()]


def test_tokens_are_shaded_by_what_the_head_gives_them_in_pytorch(browser, site, run, model):
    with there(browser, site, "head=1.0&length=20") as page:
        ids = read(page)
        weights = weights_of(model, ids)
        for index in (4, len(ids) - 1, 0):
            page.locator(TOKENS).nth(index).click()
            page.wait_for_function(f"() => location.hash.includes('position={index + 1}')")
            expect_weights(page, row(weights[1, 0], index))
        page.locator("text-attention select").select_option("0.1")
        page.locator(TOKENS).nth(9).click()
        page.locator("text-attention .about", has_text="head 0.1").wait_for()
        expect_weights(page, row(weights[0, 1], 9))
        page.locator("text-attention select").select_option("layer")
        expect_weights(page, row(weights[0].mean(0), 9))
        page.locator("text-attention select").select_option("model")
        expect_weights(page, row(weights.flatten(0, 1).mean(0), 9))


def test_the_other_way_round_shows_which_later_tokens_look_here(browser, site, model):
    with there(browser, site, "head=1.1&length=20") as page:
        ids = read(page)
        page.get_by_role("button", name="Who looks at it?").click()
        for index in (0, 3, len(ids) - 1):
            page.locator(TOKENS).nth(index).click()
            page.wait_for_function(f"() => location.hash.includes('position={index + 1}')")
            expect_weights(page, column(weights_of(model, ids)[1, 1], index))


def test_the_sentence_names_the_three_that_are_looked_at_most(browser, site, run, model):
    with there(browser, site, "head=1.0&length=20&position=12") as page:
        ids = read(page)
        weights = weights_of(model, ids)[1, 0, 11, :12]
        said = page.locator("text-attention .about").inner_text()
        named = [int(one) / 100 for one in re.findall(r"(\d+)%", said)]
        assert named == pytest.approx(weights.sort(descending=True).values[:3].tolist(), abs=0.0061)


def test_the_keyboard_leads_from_token_to_token_and_the_other_figures_follow(browser, site):
    with there(browser, site, "length=20&position=5") as page:
        ids = read(page)
        box = page.locator("text-attention [role=listbox]")
        for key, position in [("ArrowRight", 6), ("ArrowLeft", 5), ("Home", 1), ("End", len(ids))]:
            box.press(key)
            page.wait_for_function(f"() => location.hash.includes('position={position}')")
            page.locator(f"{TOKENS}[data-index='{position - 1}'][aria-selected=true]").wait_for()
        box.press("ArrowLeft")
        page.locator(f"{TOKENS}[data-index='{len(ids) - 2}'][aria-selected=true]").wait_for()
        # The token that is said to come next is the one that is framed in the text above.
        above = page.locator(f"written-text [aria-selected=true][data-position='{len(ids) - 1}']")
        above.wait_for()
        then = page.locator("text-attention .then [aria-hidden], text-attention .then:not(:has(*))")
        assert then.text_content().strip("·") == above.text_content().strip()


def test_the_lens_follows_the_token_that_is_chosen_in_the_text(browser, site, model):
    with there(browser, site, "length=20") as page:
        ids = read(page)
        position = len(ids) - 4
        page.locator("written-text [role=option]").last.click()
        page.locator(f"written-text [data-position='{position}']").click()
        with torch.inference_mode():
            p = model(torch.tensor([ids[:position]]))[0][0, -1].softmax(0)
        best = f"{round(100 * p.max().item())}%"
        page.wait_for_function(
            """([position, best]) => { const lens = document.querySelector("logit-lens");
                const last = lens.renderRoot.querySelector("tbody tr:last-child td span");
                return lens.shownPosition === position && last?.textContent === best; }""",
            arg=[position, best],
        )
        page.locator(f"{TOKENS}[data-index='{position - 1}'][aria-selected=true]").wait_for()


def test_who_only_points_at_a_token_has_not_chosen_it(browser, site, model):
    with there(browser, site, "head=1.0&length=20&position=5") as page:
        ids = read(page)
        page.locator(TOKENS).nth(9).hover()
        page.locator(f"{TOKENS}[data-index='9'][aria-selected=true]").wait_for()
        expect_weights(page, row(weights_of(model, ids)[1, 0], 9))
        page.mouse.move(0, 0)
        page.locator(f"{TOKENS}[data-index='4'][aria-selected=true]").wait_for()
        assert "position=5" in page.url


# While it writes --------------------------------------------------------------------------------


def test_what_is_written_is_read_a_few_times_a_second_and_shown_at_its_end(browser, site):
    """A text that grows by a token every 20 milliseconds, for three seconds."""
    with there(browser, site, "length=30") as page:
        ids = read(page)
        found = page.evaluate(
            """async () => {
              const { writing } = document.querySelector("live-text");
              const { passes } = document.querySelector("written-pass");
              const figure = document.querySelector("text-attention");
              const { tokens, model, promptIds } = writing.state;
              const forward = model.forward.bind(model);
              let asked = 0;
              model.forward = (...given) => (asked++, forward(...given));
              const ends = new Set();
              let shown = 0;
              const stop = passes.subscribe(() => {
                shown++;
                const [pass] = passes.state.both;
                figure.updateComplete.then(() => ends.add(figure.shownPosition === figure.pass.length));
              });
              const start = performance.now();
              for (let n = 1; performance.now() < start + 3000; n++) {
                writing.update({ isWriting: true, tokens: tokens.slice(0, 1 + (n % tokens.length)) });
                await new Promise((resolve) => setTimeout(resolve, 20));
              }
              const seconds = (performance.now() - start) / 1000;
              const inTime = asked;
              writing.update({ isWriting: false, tokens });
              stop();
              return { seconds, asked: inTime, shown, ends: [...ends] };
            }"""
        )
        assert 1 <= found["asked"] <= 4 * found["seconds"] + 1
        assert found["shown"] >= 1 and found["ends"] == [True]
        assert read(page) == ids


def test_a_text_that_is_far_from_the_screen_is_not_read(browser, site):
    with there(browser, site, "length=10", width=390, height=844) as page:
        page.get_by_role("button", name="Go on").wait_for()
        page.wait_for_timeout(800)
        assert page.evaluate(f"() => {PASS}") is None
        read(page)


def test_figures_of_a_forward_pass_show_what_is_written(browser, site, model):
    with there(browser, site, "head=1.0&length=20&position=9") as page:
        ids = read(page)
        page.evaluate(
            """() => document.querySelector("written-pass").append(
                ...["attention-map", "attention-gallery", "top-ten"].map((tag) => document.createElement(tag)))"""
        )
        for tag in ("attention-map[drawn]", "attention-gallery[drawn]", "top-ten[drawn]"):
            page.locator(f"written-pass {tag}").wait_for()
        weights = weights_of(model, ids)[1, 0, 8, :9]
        first = page.locator("written-pass attention-map li").first.inner_text()
        assert int(re.search(r"(\d+)%", first)[1]) == pytest.approx(
            100 * weights.max().item(), abs=0.61
        )
        assert page.locator("written-pass top-ten tbody tr").count() >= 10
        page.locator("written-pass attention-gallery [data-head='0.1']").click()
        page.locator("text-attention .about", has_text="head 0.1").wait_for()


# On the page that looks inside ------------------------------------------------------------------


def test_folded_up_it_costs_nothing_and_unfolded_it_shows_the_chosen_token(browser, site):
    with opened(browser, f"{site.address}/explore.html#step=20&head=1.0") as page:
        figure = page.locator("#inside text-attention")
        page.locator("#inside token-row [role=option]").nth(6).click()
        page.wait_for_function("() => location.hash.includes('position=6')")
        assert (
            figure.evaluate(
                "(one) => one.renderRoot.querySelectorAll(':scope > :not(share-button)').length"
            )
            == 0
        )
        page.get_by_text("Where this head looks, on the text").click()
        figure.locator("[data-index='5'][aria-selected=true]").wait_for()
        figure.locator("[role=option]").nth(3).click()
        page.wait_for_function("() => location.hash.includes('position=4')")
        chosen = page.locator("#inside token-row [aria-selected=true]")
        assert chosen.get_attribute("data-position") == "4"


# What people type and paste ---------------------------------------------------------------------

LONG = "She went to the park with her friend. " * 12  # several contexts of the run
HAN = "".join(chr(0x4E00 + i) for i in range(20_000))
# Text; what is said of it at the prompt, and where a text is scored: each has to be in one sentence.
# None: nothing is said.
ODD = {
    "empty": ("", ["Once upon a time"], None),
    "only spaces": ("     ", ["Once upon a time"], None),
    "longer than the context": (LONG, ["64", "NOT_READ"], None),
    "unknown": ("She saw ☃ and 猫", ["☃, 猫", "2 characters"], ["☃, 猫", "2 characters"]),
    "many unknown": (HAN[:300], ["288 others", "300 characters"], ["288 others", "300 characters"]),
    "Arabic": ("مرحبا بالعالم", ["م, ر", "12 characters"], ["م, ر", "12 characters"]),
    "Hebrew": ("שלום עולם", ["ש, ל", "8 characters"], ["ש, ל", "8 characters"]),
    "emoji": ("A dog 👩‍👧 and 👍🏽", ["[U+200D]", "🏽"], ["[U+200D]", "🏽"]),
    "marks": ("The\u0323 dog ran", ["left out"], ["left out"]),
    "zero width": ("The\u200b dog\ufeff ran", None, None),
    "line breaks": ("The dog ran.\r\nHe sat", None, None),
    "far too long": ("She went home. " * 7000, ["104,000 more"], ["5,000"]),
    "far too many lines": ("\n" * 100_000, ["99,000 more"], ["97,001"]),
    "far too many unknown": (HAN * 5, ["99,000 more", "1,000 characters"], ["100,000 characters"]),
}
SETTLED = {
    "writing-desk": """() => { const { request, isWriting } = document.querySelector("live-text").writing.state;
        const desk = document.querySelector("writing-desk");
        const { value } = desk.renderRoot.querySelector("textarea");
        return !isWriting && !desk.isUpdatePending
          && request.text === (value.trim() ? value : desk.run.manifest.prompts[0]); }""",
    "text-score": """() => { const score = document.querySelector("text-score");
        const { typed, isRead, p, ids, nDrawn } = score;
        const { value } = score.renderRoot.querySelector("textarea");
        return typed === value && !score.isUpdatePending && (!value || isRead && p.length === ids.length
          && nDrawn === Math.min(3000, ids.length)); }""",
}
# A computation that takes 20 milliseconds on an ordinary machine that has nothing else to do.
SLOWDOWN = """() => { const start = performance.now();
    let sum = 0;
    for (let i = 0; i < 2e7; i++) sum = Math.imul(sum + i, 3);
    return (performance.now() - start + (sum === 1)) / 20; }"""


def paste(page, field, text):
    """Replace what stands in a field by what comes from the clipboard."""
    field.focus()
    field.press("Control+a")
    if not text:
        field.press("Delete")
        return
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    field.press("Control+v")


@pytest.mark.parametrize("figure", ["writing-desk", "text-score"])
def test_whatever_is_pasted_is_explained_in_place_and_blocks_nothing(browser, site, run, figure):
    with there(browser, site, "length=10") as page:
        page.get_by_role("button", name="Go on").wait_for()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate(
            """() => { globalThis.tasks = [];
                new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)))
                  .observe({ type: "longtask" }); }"""
        )
        field = page.locator(f"{figure} textarea")
        for name, (text, *said) in ODD.items():
            page.evaluate("() => { tasks.length = 0; }")
            slowdown = page.evaluate(SLOWDOWN)
            paste(page, field, text)
            page.wait_for_function(SETTLED[figure])
            slowdown = max(1, slowdown, page.evaluate(SLOWDOWN))
            notes = page.locator(f"{figure} .note").all_inner_texts()
            expected = said[figure == "text-score"]
            n_left = str(len(run.tokenizer.encode(text)) - 63) if text is LONG else ""
            for one in expected or []:
                assert any(one.replace("NOT_READ", n_left) in note for note in notes), (name, notes)
            assert bool(notes) == bool(expected), (name, notes)
            assert all(len(note) < 300 for note in notes), name
            direction = field.evaluate("(one) => getComputedStyle(one).direction")
            assert direction == ("rtl" if name in ("Arabic", "Hebrew") else "ltr"), name
            assert len(page.evaluate("() => decodeURIComponent(location.hash)")) < 1100, name
            longest = page.evaluate("() => Math.max(0, ...tasks)")
            assert longest < 200 * slowdown, (name, slowdown)


@pytest.mark.parametrize(
    "typed, read_as",
    [
        ("The\u200b dog\ufeff ran", "The dog ran"),
        ("The dog ran.\nHe sat", "The dog ran.\nHe sat"),
        ("The dog ☃ran", "The dog ran"),
    ],
)
def test_the_model_reads_what_is_left_of_a_text(browser, site, run, typed, read_as):
    with there(browser, site, "length=0") as page:
        page.get_by_label("The beginning", exact=True).fill(typed)
        page.wait_for_function(SETTLED["writing-desk"])
        ids = page.evaluate("() => document.querySelector('live-text').writing.state.promptIds")
        assert ids == run.ids(read_as)
