"""Talk to it: steering, patching and comparing there, against what PyTorch computes with hooks."""

import contextlib
import re
from urllib.parse import quote

from helpers import opened, served
from terrarium.generation import stream
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture
def model(run):
    """The weights of the last step as a page reads them; a test may put hooks into it."""
    return quantize(run.at(run.steps[-1]), "int8")[2]


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def percent(text):
    return float(text.removeprefix("<").removeprefix(">").removesuffix("%")) / 100


def column(figure, title):
    """The tokens of a column of next tokens, as they are shown, with their probabilities."""
    table = figure.locator("table.next").filter(has_text=re.compile(f"^{title}(?!,)"))
    rows = table.locator("tbody tr")
    rows.filter(has_text="%").first.wait_for()
    tokens = rows.locator("th").all_text_contents()
    return dict(zip(tokens, map(percent, rows.locator(".p").all_text_contents())))


def seen(token):
    return token.replace(" ", "·").replace("\n", "↵").replace("<|endoftext|>", "(end)")


def next_probs(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0][0, -1].softmax(0)


def is_as_in_pytorch(run, found, p):
    """Whether a column has the five likeliest tokens, and for each what PyTorch gives it."""
    best = [seen(run.vocab[i]) for i in p.argsort(descending=True)[:5].tolist()]
    assert list(found)[:5] == best
    by_name = {seen(token): p[i].item() for i, token in enumerate(run.vocab)}
    wanted = {name: by_name[name] for name in found}
    assert found == pytest.approx(wanted, rel=0.06, abs=1e-5)


# Steer ------------------------------------------------------------------------------------------


def words(run):
    """The ids of two words that are single tokens."""
    found = [i for i, token in enumerate(run.vocab) if re.fullmatch(" [a-z]{3,}", token)]
    return found[0], found[-1]


def test_what_steering_does_where_one_of_the_words_stood_is_what_pytorch_says(
    browser, site, run, model
):
    start = run.ids(run.prompts[0])
    written = written_by(run, model, run.prompts[0], tokens=20)
    b = words(run)[1]
    found = (
        i for i, id in enumerate(written) if re.fullmatch(" [a-z]{2,}", run.vocab[id]) and id != b
    )
    place = next(found)
    a = written[place]
    assert b not in written
    ids = [*start, *written[:place]]
    plain = next_probs(model, ids)
    way = 2.5 * (model.token_embedding.weight[b] - model.token_embedding.weight[a]).detach()
    model.blocks[0].register_forward_hook(lambda _, x, out: (out[0] + way, *out[1:]))
    steered = next_probs(model, ids)
    with there(browser, site, f"length=20&operations=s2.{a}.{b}.250") as page:
        figure = page.locator("steer-chooser")
        figure.get_by_role("button", name="Take the steering back").scroll_into_view_if_needed()
        is_as_in_pytorch(run, column(figure, "Untouched"), plain)
        found = column(figure, "Steered")
        is_as_in_pytorch(run, found, steered)
        assert {seen(run.vocab[a]), seen(run.vocab[b])} <= set(found), "the two words themselves"
        control = column(figure, "Control")
        assert control != found and control != column(figure, "Untouched")


def test_the_slider_steers_while_it_moves_and_adds_nothing_to_the_history(browser, site, run):
    with there(browser, site) as page:
        figure = page.locator("steer-chooser")
        slider = figure.get_by_role("slider", name="Strength")
        before = page.evaluate("() => history.length")
        for _ in range(3):
            slider.press("ArrowRight")
        page.wait_for_function(r"() => /operations=s\d+\.\d+\.\d+\.30\b/.test(location.hash)")
        assert column(figure, "Steered") != column(figure, "Untouched")
        slider.press("Home")
        page.wait_for_function("() => location.hash.includes('.-800')")
        assert page.evaluate("() => history.length") == before
        figure.get_by_role("button", name="Take the steering back").click()
        page.wait_for_function("() => !location.hash.includes('operations')")
        assert slider.input_value() == "0"


def test_steering_leaves_the_other_operations_as_they_are(browser, site, run):
    a, b = words(run)
    with there(browser, site, f"operations=h1.0_s2.{a}.{b}.100_p4.2.1") as page:
        figure = page.locator("steer-chooser")
        figure.get_by_label("added").select_option("after layer 1")
        page.wait_for_function(f"() => location.hash.includes('=h1.0_p4.2.1_s4.{a}.{b}.100')")
        figure.get_by_role("slider", name="Strength").press("ArrowLeft")
        page.wait_for_function(f"() => location.hash.includes('=h1.0_p4.2.1_s4.{a}.{b}.90')")
        figure.get_by_role("button", name="Take the steering back").click()
        page.wait_for_function("() => location.hash.endsWith('=h1.0_p4.2.1')")


def test_a_word_of_several_tokens_is_said_and_another_is_offered(browser, site, run):
    a, b = words(run)
    word = run.vocab[b].strip()
    with there(browser, site, f"operations=s2.{a}.{a}.100") as page:
        figure = page.locator("steer-chooser")
        field = figure.get_by_role("textbox", name="to the word")
        field.fill(f"{word}zzz")
        field.press("Enter")
        note = figure.locator(".note")
        pieces = [seen(run.vocab[i]) for i in run.tokenizer.encode(f" {word}zzz")]
        note.wait_for()
        assert note.locator("code [aria-hidden]").all_text_contents() == [
            one for one in pieces if one.startswith("·")
        ]
        assert f"{len(pieces)} tokens" in note.inner_text() and f".{a}.{a}." in page.url
        note.get_by_role("button", name=f"space {word}", exact=True).click()
        page.wait_for_function(f"() => location.hash.includes('s2.{a}.{b}.100')")
        assert field.input_value() == word and note.count() == 0


def test_every_pair_to_try_consists_of_words_that_are_single_tokens(browser, site, run):
    with there(browser, site) as page:
        options = page.get_by_label("Pairs to try").locator("option").all_text_contents()
        assert len(options) > 1
        for option in options:
            for word in option.split(" → "):
                assert {word, f" {word}"} & set(run.vocab), option


# Patch ------------------------------------------------------------------------------------------

ONE, OTHER = "The boy was very", "The dog was very"


def stream_of(model, ids, depth):
    """The residual stream (T, C) of a text after depth / 2 layers."""
    kept = {}
    place = model.blocks[depth // 2 - 1] if depth else model.blocks[0]
    if depth:
        hook = place.register_forward_hook(lambda _, x, out: kept.update(x=out[0]))
    else:
        hook = place.register_forward_pre_hook(lambda _, x: kept.update(x=x[0]))
    next_probs(model, ids)
    hook.remove()
    return kept["x"][0].clone()


@contextlib.contextmanager
def patched(model, depth, position, vector):
    """The model with its residual stream replaced at one place, by a hook."""

    def put(x):
        x = x.clone()
        x[0, position] = vector
        return x

    if depth:
        place = model.blocks[depth // 2 - 1]
        hook = place.register_forward_hook(lambda _, x, out: (put(out[0]), *out[1:]))
    else:
        hook = model.blocks[0].register_forward_pre_hook(lambda _, x: (put(x[0]), *x[1:]))
    yield
    hook.remove()


def test_what_a_patch_does_to_the_next_token_is_what_pytorch_says(browser, site, run, model):
    longer = f"{OTHER} sad. Then Anna"
    ids, others = run.ids(ONE), run.ids(longer)
    last, start = len(ids) - 1, len(others) - 1
    vector = stream_of(model, others, 2)[start]
    with patched(model, 2, last, vector):
        wanted = next_probs(model, ids)
    assert (wanted / next_probs(model, ids)).max() > 2  # or nobody could tell
    hash = f"text={ONE}&otherText={longer}&operations=p2.{last}.{start}"
    with there(browser, site, hash.replace(" ", "+")) as page:
        figure = patching(page)
        figure.get_by_role("button", name="Take the patch back").wait_for()
        is_as_in_pytorch(run, column(figure, "This text, patched"), wanted)
        is_as_in_pytorch(run, column(figure, "This text"), next_probs(model, ids))
        is_as_in_pytorch(run, column(figure, "The other text"), next_probs(model, others))
        assert column(figure, "Control") != column(figure, "This text, patched")
        said = figure.get_by_text("A map of all patches needs").inner_text()
        assert re.findall(r"\d+", said) == [str(len(ids)), str(len(others))]


def patching(page):
    """The figure, on the screen: far from it, nothing is computed."""
    figure = page.locator("patch-chooser")
    figure.scroll_into_view_if_needed()
    return figure


def map_of(figure):
    """The effects on the map by its rows, once all of it is there."""
    figure.get_by_text(re.compile(r"^All \d+ places have been tried")).wait_for()
    rows = figure.locator("[role=grid] [role=row]").all()
    cells = [row.get_by_role("gridcell") for row in rows]
    names = [[one.get_attribute("aria-label") for one in row.all()] for row in cells]
    return [[float(name.rsplit(": ", 1)[1]) for name in row] for row in names]


def test_the_map_says_how_far_each_patch_moves_the_prediction_as_pytorch_does(
    browser, site, run, model
):
    ids, others = run.ids(ONE), run.ids(OTHER)
    assert len(ids) == len(others)
    before, after = next_probs(model, ids), next_probs(model, others)
    a, b = (after - before).argmin().item(), (after - before).argmax().item()

    def difference(p):
        return (p[b].log() - p[a].log()).item()

    first = next(i for i, (one, other) in enumerate(zip(ids, others)) if one != other)
    wanted = []
    for depth in range(0, 2 * run.s.n_layer + 1, 2):
        stream = stream_of(model, others, depth)
        wanted.append([])
        for position in range(first, len(ids)):
            with patched(model, depth, position, stream[position]):
                moved = difference(next_probs(model, ids)) - difference(before)
            wanted[-1].append(moved / (difference(after) - difference(before)))
    assert wanted[0][0] == pytest.approx(1, abs=1e-3)  # one word differs: there, all of it enters
    hash = f"text={ONE}&otherText={OTHER}".replace(" ", "+")
    with there(browser, site, hash) as page:
        figure = patching(page)
        for row, as_it_should_be in zip(map_of(figure), wanted, strict=True):
            assert row == pytest.approx(as_it_should_be, abs=0.0051 + 1e-4)


def test_a_place_on_the_map_is_chosen_by_keyboard_and_taken_back(browser, site, run):
    hash = f"text={ONE}&otherText={OTHER}&operations=h1.0".replace(" ", "+")
    with there(browser, site, hash) as page:
        figure = patching(page)
        map_of(figure)
        grid = figure.get_by_role("grid")
        for key in ("ArrowDown", "ArrowRight", "Enter"):
            grid.press(key)
        page.wait_for_function("() => /operations=h1.0_p4[.]3[.]3/.test(location.hash)")
        active = grid.get_attribute("aria-activedescendant")
        cell = figure.locator(f"#{active}")
        assert cell.get_attribute("aria-selected") == "true"
        assert cell.get_attribute("aria-label").startswith("after layer 1, space was")
        this = figure.get_by_role("listbox", name="This text, token by token")
        this.press("ArrowRight")  # the same place in the other text goes along
        page.wait_for_function("() => /operations=h1.0_p4[.]4[.]4/.test(location.hash)")
        figure.get_by_role("listbox", name="The other text, token by token").press("ArrowLeft")
        page.wait_for_function("() => /operations=h1.0_p4[.]4[.]3/.test(location.hash)")
        figure.get_by_role("button", name="Take the patch back").click()
        page.wait_for_function("() => /operations=h1.0(&|$)/.test(location.hash)")
        page.go_back()
        page.wait_for_function("() => /operations=h1.0_p4[.]4[.]3/.test(location.hash)")
        figure.get_by_role("button", name="Take the patch back").wait_for()


def test_another_text_is_proposed_and_goes_into_the_address_with_a_patch(browser, site, run):
    with there(browser, site, f"text={ONE}".replace(" ", "+")) as page:
        figure = patching(page)
        field = figure.get_by_role("textbox", name="The other text")
        page.wait_for_function("() => document.querySelector('patch-chooser').other?.ids.length")
        proposed = field.input_value()
        ids, others = run.ids(ONE), run.ids(proposed)
        assert sum(one != other for one, other in zip(ids, others, strict=True)) == 1
        figure.get_by_role("button", name="Patch it").click()
        page.wait_for_function("() => location.hash.includes('otherText=')")
        with opened(browser, page.url) as again:
            there_again = patching(again)
            there_again.get_by_role("button", name="Take the patch back").wait_for()
            assert there_again.get_by_role("textbox").input_value() == proposed
        field.fill(ONE)  # the same text: nothing to carry over
        figure.get_by_text("Both texts lead to the same prediction").wait_for()


# Compare ----------------------------------------------------------------------------------------


def shown(run, ids):
    """Ids as they stand in a text."""
    return "".join(run.vocab[i].replace(END, " (end)").replace("\n", "↵ ") for i in ids)


def written_by(run, model, prompt, tokens=30, **how):
    """The ids that the terminal writes."""
    how = {"temperature": run.s.temperature, **how}
    return [i for i, _ in stream(run, prompt, model, tokens=tokens, **how)]


def comparing(page):
    """The figure, on the screen, with both texts written."""
    figure = page.locator("compare-texts")
    figure.scroll_into_view_if_needed()
    return figure


def says(figure, words):
    """Wait until it says this of where the texts part, or of how often."""
    figure.locator(".verdict").filter(has_text=re.compile(words)).first.wait_for()


def pane(figure, side):
    """What a text shows after its beginning, and the marked token in it, once both are written."""
    says(figure, "^(They|Both)")
    text = figure.get_by_role("group", name=f"The {side} text")
    marked = text.locator(".differs").all_text_contents()
    return "".join(text.locator("[data-index]").all_text_contents()), marked


def test_the_second_text_is_what_the_terminal_writes_with_its_settings(browser, site, run):
    first = written_by(run, quantize(run.model, "int8")[2], run.prompts[0])
    second = written_by(run, quantize(run.at(1), "int8")[2], "The boy", temperature=0.5)
    other = "step=1&temperature=0.5&text=The+boy"
    with there(browser, site, f"length=30&other={quote(other)}") as page:
        figure = comparing(page)
        assert pane(figure, "first")[0] == shown(run, first)
        assert pane(figure, "second")[0] == shown(run, second)
        assert figure.get_by_role("textbox", name="its beginning").input_value() == "The boy"


def test_what_somebody_changes_in_the_second_text_stands_in_the_address(browser, site, run):
    with there(browser, site, "length=30") as page:
        figure = comparing(page)
        says(figure, "^Both texts are the same so far")
        assert pane(figure, "first") == pane(figure, "second")
        figure.get_by_label("Step of the second text").select_option("0")
        page.wait_for_function("() => location.hash.includes('other=step%3D0')")
        says(figure, "^They")
        figure.get_by_role("textbox", name="its beginning").fill("The dog & the cat")
        page.wait_for_function("() => /the.*cat/.test(decodeURIComponent(location.hash))")
        says(figure, "^They")
        before = pane(figure, "second")
        with opened(browser, page.url) as again:
            assert pane(comparing(again), "second") == before


def test_the_second_text_can_be_by_the_model_that_is_operated_on(browser, site, run, model):
    a, b = words(run)
    plain = written_by(run, model, run.prompts[0])
    way = 4 * (model.token_embedding.weight[b] - model.token_embedding.weight[a]).detach()
    model.blocks[0].register_forward_hook(lambda _, x, out: (out[0] + way, *out[1:]))
    steered = written_by(run, model, run.prompts[0])
    assert steered != plain
    with there(browser, site, f"length=30&operations=s2.{a}.{b}.400") as page:
        figure = comparing(page)
        says(figure, "^Both texts are the same so far")
        figure.get_by_role("checkbox", name="operated on").check()
        says(figure, "^They")
        at = next(i for i, (one, other) in enumerate(zip(plain, steered)) if one != other)
        assert pane(figure, "first") == (shown(run, plain), [shown(run, [plain[at]])])
        assert pane(figure, "second") == (shown(run, steered), [shown(run, [steered[at]])])
        verdict = figure.locator(".verdict").first.inner_text()
        assert f"same for {at} token" in verdict if at else "at once" in verdict


def test_eight_seeds_say_how_often_two_texts_differ_and_have_a_word(browser, site, run, model):
    early = quantize(run.at(1), "int8")[2]
    first, second = (
        [written_by(run, one, run.prompts[0], seed=seed) for seed in range(3, 12)]
        for one in (model, early)
    )
    differ = sum(one != other for one, other in zip(first[:8], second))

    def words_of(ids):
        return re.findall(r"\w+", run.tokenizer.decode(ids).replace(END, "").lower())

    def count(word, texts):
        return sum(word in words_of(ids) for ids in texts)

    # One that would be counted otherwise if the seeds were others.
    candidates = sorted({word for ids in first for word in words_of(ids)})
    word = next(one for one in candidates if count(one, first[:8]) != count(one, first[1:]))
    with there(browser, site, "length=30&seed=3&other=step%3D1") as page:
        figure = comparing(page)
        says(figure, "^They")
        figure.get_by_role("button", name="Write each with 8 seeds").click()
        says(figure, f"The two differ in {differ} of 8 seeds")
        figure.get_by_label("Count the word").fill(word)
        cells = figure.locator("tbody td").all_inner_texts()
        assert cells == [f"{count(word, texts[:8])} of 8" for texts in (first, second)]
        pressed = figure.get_by_role("group", name="The second text").locator("[data-index]")
        pressed.filter(has_text=re.compile(r"^ ?[a-z]{2,}$")).last.click()
        assert figure.get_by_label("Count the word").input_value() != word


def test_the_second_text_can_be_of_another_run(browser, family):
    with served(family) as address:
        hash = "run=tale&length=20&other=run%3Dtale-king"
        with opened(browser, f"{address}/playground.html#{hash}") as page:
            figure = comparing(page)
            there_is = pane(figure, "second")[0]
            assert there_is and there_is != pane(figure, "first")[0]
            assert not figure.get_by_role("checkbox", name="operated on").is_enabled()
            figure.get_by_label("Run of the second text").select_option("tale")
            says(figure, "^Both texts are the same")
            figure.get_by_label("Run of the second text").select_option("tale-king")
            says(figure, "^They")
            assert pane(figure, "second")[0] == there_is


# Every kind of text -----------------------------------------------------------------------------


# When all that a figure computes by itself is there.
SETTLED = {
    "steer-chooser": "one.result",
    "patch-chooser": "one.other && (!one.other.ids.length || one.result)",
    "compare-texts": "one.second?.isWriting === false",
}


@pytest.mark.parametrize("text", ["", "مرحبا بالعالم", "She went to the park. " * 45, "x"])
def test_every_text_leaves_something_to_see_and_no_number_that_is_none(browser, site, text):
    hash = f"text={quote(text)}&step=0&length=5"
    with there(browser, site, hash, width=390, height=844) as page:
        for tag, is_there in SETTLED.items():
            figure = page.locator(tag)
            figure.scroll_into_view_if_needed()
            page.wait_for_function(
                f"() => {{ const one = document.querySelector('{tag}');"
                f" return one.data && (!one.isReady || {is_there}); }}"
            )
            said = figure.evaluate("(one) => one.renderRoot.textContent")
            assert not re.search("NaN|undefined|null|Infinity", said), said
            assert len(said.strip()) > 20
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
