"""What is chosen in lab.html, and what is seen of the model while it learns: tokens, sizes, embeddings, attention and
updates. The engine that learns is real; the model is tiny."""

import contextlib
import math
from pathlib import Path

import train

import numpy as np
import pytest
import torch
from lab_page import IS_READY, LAB, new_profile, opened_in, prepare, state
from torch.nn.functional import cosine_similarity

FIGURES = ("lab-tokens", "lab-model", "lab-embeddings", "lab-pass", "lab-updates")
TINY = dict(
    n_layer=2, n_head=2, n_embd=16, n_ff=32, n_ctx=32, batch_size=4, steps=100_000, warmup=5
)
TEXT = (
    "Tom saw a small dog by the pond. The dog ran to Tom and to Anna, who sat on the wall.\n<|endoftext|>\n"
    "Anna and Tom went home in the rain, and the small dog went home with them.\n<|endoftext|>\n"
) * 40
# What figures ask of the model, and when.
NOTE_QUESTIONS = f"""() => {{
    globalThis.asked = [];
    const ask = {LAB}.ask.bind({LAB});
    {LAB}.ask = async (method, params) => {{
      const one = {{ method, since: performance.now() }};
      asked.push(one);
      const answer = await ask(method, params);
      one.until = performance.now();
      return answer;
    }}; }}"""


@contextlib.contextmanager
def opened_lab(browser, site, width=1440, height=900, still=True, **options):
    """The lab with a tiny model and a short text, in a browser that has never been there."""
    with new_profile(browser, width, height, still, **options) as context:
        with opened_in(context, f"{site.address}/lab.html") as page:
            prepare(page, TINY, TEXT)
            for name in FIGURES:
                page.wait_for_function("name => customElements.get(name)", arg=name)
            yield page


def ask(page, method, params=None):
    """What the engine answers about the model as it is now."""
    return page.evaluate(
        f"""async ([method, params]) => {{ const found = await {LAB}.worker.call(method, params);
        return Object.fromEntries(Object.entries(found).map(([name, one]) =>
          [name, ArrayBuffer.isView(one) ? [...one] : one])); }}""",
        [method, params or {}],
    )


def train_to(page, step):
    """Train for some steps, and pause."""
    page.evaluate(f"() => {LAB}.start()")
    page.wait_for_function(f"() => {LAB}.state.step >= {step}")
    page.evaluate(f"() => {LAB}.pause()")
    page.wait_for_function(f"async () => {{ await {LAB}.stepOnce(); return true; }}")
    return state(page, "step")


def look_at(page, figure, condition="() => true"):
    """Scroll to a figure until it shows something; what is above it may still grow."""
    page.wait_for_function(
        f"""name => {{ const figure = document.querySelector(name);
        figure.scrollIntoView({{ block: "start" }});
        return ({condition})(figure, {LAB}.state); }}""",
        arg=figure,
    )


IS_READ = "(figure, { step }) => figure.querySelector('lab-sentence').shownStep === step"
IS_CURRENT = "(figure, { step }) => figure.shown?.step === step"


def text_of(page, selector):
    return " ".join(page.locator(selector).inner_text().split())


# Sizes ------------------------------------------------------------------------------------------


def sizes(engine, code, given=None):
    return engine(
        f"async (given) => {{ const s = await import('/app/lab-sizes.js'); {code} }}", given
    )


SHAPES = [
    dict(n_layer=1, n_head=1, n_embd=16, n_ff=32, n_ctx=8),
    dict(n_layer=3, n_head=4, n_embd=64, n_ff=200, n_ctx=100),
]


@pytest.mark.parametrize("vocab_size", [1, 65, 512])
def test_the_page_counts_as_many_parameters_as_pytorch_has(engine, vocab_size):
    named = sizes(
        engine,
        "return Object.keys(s.SIZES).filter((one) => one !== 'window').map((one) => s.settingsOf(one, given));",
        vocab_size,
    )
    for shape in [*SHAPES, *named]:
        fields = ("n_layer", "n_head", "n_embd", "n_ff", "n_ctx")
        model = train.GPT(train.Settings(**{name: shape[name] for name in fields}), vocab_size)
        found = sizes(
            engine,
            "return s.partsOf(given);",
            {**shape, "vocab_size": vocab_size, "architecture": "gpt"},
        )
        groups = {
            "token embedding": ["token_embedding"],
            "position embedding": ["position_embedding"],
            "attention": ["query", "key", "value", "output"],
            "MLP": ["up", "down"],
            "norms": ["attention_norm", "feed_forward_norm", "norm"],
            "unembedding": ["unembed"],
        }
        expected = {
            part: sum(
                p.numel() for name, p in model.named_parameters() if name.split(".")[-2] in names
            )
            for part, names in groups.items()
        }
        assert {one["name"]: one["parameters"] for one in found} == expected
        assert sum(expected.values()) == sum(p.numel() for p in model.parameters())


def test_the_page_knows_the_learning_rate_of_each_step_as_train_py_does(engine):
    for schedule in (
        dict(steps=100, warmup=10, cooldown=0.75),
        dict(steps=7, warmup=0, cooldown=1.0),
    ):
        s = train.Settings(**schedule)
        expected = [train.lr_multiplier(step, s) for step in range(schedule["steps"])]
        found = engine(
            """async (given) => {
          const { lrMultiplier } = await import("/engine/schedule.js");
          return Array.from({ length: given.steps }, (_, step) => lrMultiplier(step, given));
        }""",
            schedule,
        )
        assert found == pytest.approx(expected)


def test_a_size_is_chosen_by_keyboard_and_has_as_many_parameters_as_it_says(browser, site):
    with opened_lab(browser, site) as page:
        model = page.locator("lab-model")
        model.get_by_role("radio", name="Window model").focus()
        for name in ("Window model", "Small"):
            model.get_by_role("radio", name=name).press("Space")
            page.wait_for_function(f"() => {LAB}.state.settings.steps < 100_000")
            page.wait_for_function(IS_READY)
            said = model.locator(".total b").inner_text()
            assert said == f"{state(page, 'parameters'):,} parameters"
            parts = model.locator(".legend li").all_inner_texts()
            counted = [int(one.split("\n")[-1].split("(")[0].replace(",", "")) for one in parts]
            assert sum(counted) == state(page, "parameters")
        assert state(page, "settings.architecture") == "gpt"
        page.wait_for_function("() => document.querySelector('lab-model').machine")
        times = model.locator(".size").all_inner_texts()
        assert all(" s," in one or " min," in one or " h," in one for one in times), times


def test_numbers_that_cannot_be_are_refused_where_they_are_typed(browser, site):
    with opened_lab(browser, site) as page:
        model = page.locator("lab-model")
        model.get_by_text("Choose the numbers yourself").click()
        before = state(page, "settings")
        heads = model.get_by_label("Heads")
        heads.fill("3")
        heads.press("Enter")
        problem = model.locator("#n_head-problem")
        assert "16" in problem.inner_text() and "3" in problem.inner_text()
        assert heads.get_attribute("aria-invalid") == "true"
        assert state(page, "settings") == before
        width = model.get_by_label("Width")
        width.fill("24")
        width.press("Enter")
        page.wait_for_function(f"() => {LAB}.state.settings.n_embd === 24")
        assert problem.inner_text() == "" and state(page, "settings.n_head") == 3
        page.wait_for_function(IS_READY)
        batch = model.get_by_label("Batch")
        batch.fill("4.5")
        batch.press("Enter")
        assert model.locator("#batch_size-problem").inner_text()
        rate = state(page, "settings.matrix_lr")
        model.get_by_label("Optimizer").select_option("adamw")
        assert state(page, "settings.optimizer") == "muon"  # not while something else is wrong
        batch.fill("4")
        batch.press("Enter")
        page.wait_for_function(f"() => {LAB}.state.settings.optimizer === 'adamw'")
        assert state(page, "settings.matrix_lr") < rate / 2


def test_all_wrong_numbers_are_marked_and_the_one_that_is_used_is_said(browser, site):
    with opened_lab(browser, site) as page:
        model = page.locator("lab-model")
        model.get_by_text("Choose the numbers yourself").click()
        rate = state(page, "settings.matrix_lr")
        for label, value in (("Width", "-5"), ("Learning rate of the matrices", "1000")):
            field = model.get_by_label(label)
            field.fill(value)
            field.press("Enter")
        for name, kept in (("n_embd", TINY["n_embd"]), ("matrix_lr", rate)):
            assert model.locator(f"#{name}").get_attribute("aria-invalid") == "true"
            assert str(kept) in model.locator(f"#{name}-problem").inner_text()
        width = model.get_by_label("Width")
        width.fill("")  # nothing in it is no number, which the browser does not have to be told
        width.press("Enter")
        assert width.get_attribute("aria-invalid") == "true"


def test_numbers_that_somebody_has_changed_are_named_and_can_be_put_back(browser, site):
    with opened_lab(browser, site) as page:
        page.evaluate(f"() => {LAB}.chooseSize('small')")
        page.wait_for_function(IS_READY)
        unusual = page.locator("lab-model .unusual")
        unusual.wait_for(state="hidden")
        usual = state(page, "settings.matrix_lr")
        page.evaluate(f"() => {LAB}.setSettings({{ matrix_lr: 7 }})")
        page.wait_for_function(IS_READY)
        assert "7" in unusual.inner_text() and str(usual) in unusual.inner_text()
        unusual.get_by_role("button").click()
        page.wait_for_function(f"() => {LAB}.state.settings.matrix_lr === {usual}")
        unusual.wait_for(state="hidden")


# Tokens -----------------------------------------------------------------------------------------


def tokens_shown(page):
    return page.locator("lab-tokens .token").all_inner_texts()


def choose_pieces(page, size=96):
    tokens = page.locator("lab-tokens")
    tokens.get_by_role("radio", name="Pieces of words").check()
    page.wait_for_function(
        f"() => {LAB}.state.tokens.kind === 'bpe' && {LAB}.state.status === 'ready'"
    )
    slider = tokens.get_by_role("slider", name="Vocabulary")
    slider.focus()
    slider.press("Home")
    while int(slider.get_attribute("aria-valuetext").split()[0]) < size:
        slider.press("ArrowRight")
    page.wait_for_function(
        f"() => {LAB}.state.tokens.vocabSize === {size} && {LAB}.state.status === 'ready'"
    )


def test_merges_are_shown_and_can_be_scrubbed_back(browser, site):
    with opened_lab(browser, site) as page:
        figure = page.locator("lab-tokens")
        sentence = page.evaluate("""async () => {
            const figure = document.querySelector("lab-tokens");
            await figure.updateComplete;  // or it is one of the text before
            return figure.sentences[0]; }""")
        assert tokens_shown(page) == list(sentence.replace(" ", "·"))
        choose_pieces(page)
        merges = state(page, "tokens.merges")
        encoded = page.evaluate(
            f"(text) => {{ const {{ tokenizer }} = {LAB}.state.tokens;"
            " return tokenizer.encode(text).map((id) => tokenizer.vocab[id]); }",
            sentence,
        )
        assert tokens_shown(page) == [one.replace(" ", "·") for one in encoded]
        newest = figure.locator(".newest .made")
        assert newest.inner_text() == merges[-1]["token"].replace(" ", "·")
        assert f"{merges[-1]['count']:,} time" in text_of(page, "lab-tokens .newest")
        n = page.evaluate(f"() => {LAB}.state.tokens.tokenizer.vocab.length")
        assert figure.locator("h3").first.inner_text().startswith(f"{n} tokens")
        assert figure.locator(".chips li").first.inner_text() == newest.inner_text()

        slider = figure.get_by_role("slider", name="Merges")
        slider.focus()
        slider.press("Home")
        assert tokens_shown(page) == list(sentence.replace(" ", "·"))
        words = lambda: float(figure.locator(".curve h3").inner_text().split()[0])
        characters = words()
        slider.press("ArrowRight")
        assert newest.inner_text() == merges[0]["token"].replace(" ", "·")
        slider.press("End")
        assert words() < characters
        figure.get_by_role("button", name="One merge back").click()
        assert newest.inner_text() == merges[-2]["token"].replace(" ", "·")
        figure.get_by_role("button", name="Another sentence").click()
        assert tokens_shown(page) != [one.replace(" ", "·") for one in encoded]


def test_what_was_read_aloud_of_the_merges_of_a_text_is_not_said_of_the_next(browser, site):
    with opened_lab(browser, site) as page:
        choose_pieces(page, 64)
        said = page.locator("lab-tokens [role=status]")
        assert said.text_content()
        page.locator("lab-tokens").get_by_role("radio", name="Characters").check()
        page.wait_for_function("() => !document.querySelector('lab-tokens').said")
        choose_pieces(page, 64)
        assert said.text_content()
        page.evaluate(f"() => {LAB}.setText({{ name: 'One', text: 'x' }})")
        page.wait_for_function(f"() => {LAB}.state.status === 'empty'")
        page.wait_for_function("() => document.querySelector('lab-tokens').replay.text === 'x'")
        assert said.text_content() == ""


def test_merges_go_by_as_a_film_that_can_be_stopped(browser, site):
    with opened_lab(browser, site, still=False) as page:
        figure = page.locator("lab-tokens")
        figure.get_by_role("radio", name="Pieces of words").check()
        index = "document.querySelector('lab-tokens').index"
        page.wait_for_function(f"() => {index} > 2")
        figure.get_by_role("button", name="Pause").click()
        stopped = page.evaluate(f"() => {index}")
        assert 2 < stopped < len(state(page, "tokens.merges"))
        page.wait_for_timeout(500)  # nothing can be waited for that does not happen
        assert page.evaluate(f"() => {index}") == stopped
        figure.get_by_role("button", name="Play").click()
        page.wait_for_function(f"() => {index} === {LAB}.state.tokens.merges.length")
        figure.get_by_role("button", name="Play").wait_for()


# Inside -----------------------------------------------------------------------------------------


def questions(page, method):
    return [one for one in page.evaluate("() => asked") if one["method"] == method]


def test_figures_ask_only_while_they_are_seen_and_once_a_second_at_most(browser, site):
    with opened_lab(browser, site) as page:
        page.evaluate(NOTE_QUESTIONS)
        page.evaluate("() => scrollTo(0, 0)")
        page.evaluate(f"() => {LAB}.start()")
        start = state(page, "step")
        page.wait_for_function(f"() => {LAB}.state.step > {start} + 200")
        page.evaluate("() => { asked.length = 0; }")  # what was under way when it was scrolled
        page.wait_for_function(f"() => {LAB}.state.step > {start} + 600")
        assert [questions(page, method) for method in ("embeddings", "attention", "updates")] == [
            [],
            [],
            [],
        ]
        for figure, method in (
            ("lab-embeddings", "embeddings"),
            ("lab-pass", "attention"),
            ("lab-updates", "updates"),
        ):
            look_at(
                page,
                figure,
                f"() => asked.filter(({{ method }}) => method === '{method}').length >= 3",
            )
            found = questions(page, method)
            for before, after in zip(found, found[1:]):
                assert after["since"] - before["until"] >= 990
        page.evaluate(f"() => {LAB}.pause()")
        look_at(page, "lab-updates", IS_CURRENT)  # also of the last step


def test_tokens_that_are_most_like_one_are_those_of_its_embedding(browser, site):
    with opened_lab(browser, site) as page:
        choose_pieces(page, 64)
        train_to(page, 30)
        look_at(page, "lab-embeddings", IS_CURRENT)
        figure = page.locator("lab-embeddings")
        vectors = torch.tensor(ask(page, "embeddings")["values"]).view(-1, 16)
        ids = page.evaluate("() => document.querySelector('lab-embeddings').shown.ids")
        vocab = page.evaluate(f"() => {LAB}.state.tokens.tokenizer.vocab")
        figure.get_by_role("combobox", name="Most like").select_option(label="·Tom")
        chosen = vocab.index(" Tom")
        cosines = cosine_similarity(vectors[ids], vectors[chosen], dim=1)
        cosines[ids.index(chosen)] = -math.inf
        expected = cosines.topk(5)
        shown = [line.split("\n") for line in figure.locator("li").all_inner_texts()]
        found = [float(one[-1].replace("−", "-")) for one in shown]
        assert found == pytest.approx(expected.values.tolist(), abs=0.0051)

        points = np.array(
            page.evaluate("() => [...document.querySelector('lab-embeddings').shown.points]")
        )
        centered = vectors[ids] - vectors[ids].mean(0)
        spread = torch.linalg.svdvals(centered) ** 2
        explained = float(spread[:2].sum() / spread.sum())
        assert (points**2).sum() / float(spread.sum()) == pytest.approx(explained, abs=0.01)
        assert f"{round(100 * explained)}%" in figure.locator(".caption").last.inner_text()

        box = figure.locator(".map").bounding_box()
        page.mouse.click(box["x"] + 5, box["y"] + 5)  # the token that is nearest to that corner
        page.wait_for_function(
            f"() => document.querySelector('lab-embeddings').chosen !== {chosen}"
        )


def test_attention_is_that_of_the_model_as_it_is_now(browser, site):
    with opened_lab(browser, site) as page:
        choose_pieces(page, 64)
        train_to(page, 20)
        look_at(page, "lab-pass", IS_READ)
        page.locator("lab-pass .head").nth(3).wait_for()
        gallery = page.locator("lab-pass attention-gallery")
        gallery.get_by_role("listbox").focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "() => document.querySelector('lab-pass attention-map').head === '1.1'"
        )
        ids = page.evaluate("() => document.querySelector('lab-pass attention-map').pass.ids")
        answer = ask(page, "attention", dict(ids=ids))
        T = len(ids)
        triangle = T * (T + 1) // 2
        last = answer["attention"][3 * triangle + T * (T - 1) // 2 : 4 * triangle]
        most = f"{round(100 * max(last))}%"
        assert most in gallery.locator(".now").inner_text()
        assert most in page.locator("lab-pass attention-map ol").inner_text()

        page.locator("lab-sentence").get_by_role("button", name="Another sentence").click()
        page.wait_for_function(
            "(ids) => `${document.querySelector('lab-pass attention-map').pass.ids}` !== `${ids}`",
            arg=ids,
        )
        ids = page.evaluate("() => document.querySelector('lab-pass attention-map').pass.ids")
        read = page.evaluate(f"ids => {LAB}.state.tokens.tokenizer.decode(ids)", ids)
        sentence = page.locator("lab-sentence q").inner_text()
        assert sentence.startswith(read.removeprefix("<|endoftext|>")) and len(read) > 20
        assert "#" not in page.url

        page.evaluate(f"() => {LAB}.setSettings({{ architecture: 'window' }})")
        page.wait_for_function(IS_READY)
        gallery.wait_for(state="hidden")
        assert "attention" in page.locator("lab-sentence .caption").inner_text()


def test_a_sentence_that_is_cut_says_how_many_of_its_tokens_are_shown(browser, site):
    with opened_lab(browser, site) as page:  # its tokens are characters
        look_at(page, "lab-pass", IS_READ)
        page.locator("lab-pass .head").nth(3).wait_for()
        shown = page.evaluate(
            "() => document.querySelector('lab-pass attention-map').pass.ids.length"
        )
        assert len(page.locator("lab-sentence q").inner_text()) > shown
        assert f"{shown} tokens" in text_of(page, "lab-sentence p")


def test_the_size_of_an_update_is_read_beside_that_of_the_weights(browser, site):
    with opened_lab(browser, site) as page:
        figure = page.locator("lab-updates")
        assert figure.locator("tbody tr").count() == 0
        train_to(page, 20)
        look_at(page, "lab-updates", IS_CURRENT)
        tensors = [one for one in ask(page, "updates")["tensors"] if len(one["shape"]) == 2]
        rows = figure.locator("tbody tr")
        assert rows.count() == len(tensors) == 15
        for i, one in enumerate(tensors):
            ratio, gradient = (float(text) for text in rows.nth(i).locator("b").all_inner_texts())
            assert ratio == pytest.approx(one["update"] / one["weight"], rel=0.06)
            assert gradient == pytest.approx(one["gradient"], rel=0.06)
        figure.get_by_role("button", name="Keep or embed").click()
        assert figure.get_by_role("menuitem", name="Embed").count() == 0  # no address leads to it
        with page.expect_download() as saved:
            figure.get_by_role("menuitem", name="Numbers (CSV)").click()
        lines = Path(saved.value.path()).read_text("utf-8").splitlines()[1:]
        assert [line.split(",")[0] for line in lines] == [one["name"] for one in tensors]
        wide = "one => one.getBoundingClientRect().width"
        widths = [rows.nth(i).locator(".track i").first.evaluate(wide) for i in range(len(tensors))]
        ratios = [one["update"] / one["weight"] for one in tensors]
        assert np.argmax(widths) == np.argmax(ratios) and np.argmin(widths) == np.argmin(ratios)


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (390, False)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    scheme = "dark" if dark else "light"
    with opened_lab(browser, site, width, 844, color_scheme=scheme) as page:
        choose_pieces(page, 64)
        train_to(page, 10)
        look_at(page, "lab-embeddings", IS_CURRENT)
        look_at(page, "lab-pass", IS_READ)
        look_at(page, "lab-updates", IS_CURRENT)
        page.locator("lab-model").get_by_text("Choose the numbers yourself").click()
        page.evaluate("() => scrollTo(0, 0)")
        context = {"include": [[name] for name in FIGURES]}
        found = Axe().run(page, context, {"resultTypes": ["violations"]}).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_asked_about_a_sentence_before_there_is_a_text(browser, site):
    with opened_lab(browser, site) as page:
        asked = page.evaluate(f"""async () => {{
          const {{ provide }} = await import("/app/context.js");
          const {{ state }} = {LAB};
          const lab = {{ state: {{ ...state, text: null }}, subscribe: () => () => {{}} }};
          const around = document.createElement("div");
          provide(around, "lab", lab);
          const sentences = document.createElement("lab-pass");
          around.append(sentences);
          document.body.append(around);
          const question = sentences.question();
          around.remove();
          return question;
        }}""")
        assert asked is None
