"""What operations do, as it is said on the page: numbers against PyTorch, what else is on, and where it is shown."""

import re
from itertools import pairwise
from statistics import median

from helpers import opened
from terrarium.generation import stream
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

KNOWN = """(tag) => { const figure = [...document.querySelectorAll(tag)].at(-1);
    return figure.effect && figure.effect.asked === figure.effectKey && !figure.isUpdatePending; }"""
FINISHED = """() => document.querySelector("operated-texts").isFinished"""


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def without(run):
    """without("0.1"): the last model as a page reads it, with this head switched off."""

    def make(head=None):
        model = quantize(run.model, "int8")[2]
        if head:
            layer, number = map(int, head.split("."))
            size = run.s.n_embd // run.s.n_head
            with torch.no_grad():
                model.blocks[layer].output.weight[:, number * size : (number + 1) * size] = 0
        return model

    return make


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def probability(model, ids, index):
    with torch.inference_mode():
        return model(torch.tensor([ids[:index]]))[0][0, -1].softmax(0)[ids[index]].item()


def written(run, model, tokens):
    """The beginning, and what the model writes after it."""
    how = dict(tokens=tokens, seed=1, temperature=run.s.temperature)
    return run.ids(run.prompts[0]) + [id for id, _ in stream(run, run.prompts[0], model, **how)]


def percents(text):
    return [float(number) / 100 for number in re.findall(r"([\d.]+)%", text)]


def go_to(page, tag):
    """Come near a figure: what is far from the screen waits."""
    page.get_by_role("button", name="Go on").wait_for()
    figure = page.locator(tag)
    figure.scroll_into_view_if_needed()
    return figure


def numbers(page, figure, tag):
    """What the three say of the token, once it is known: the shown probabilities, and the ends of the controls."""
    page.wait_for_function(KNOWN, arg=tag)
    shown = [percents(one)[0] for one in figure.locator(".chances dd.p").all_inner_texts()]
    return shown, percents(figure.locator(".chances .range").last.inner_text())


# The answer ---------------------------------------------------------------------------------------


def test_all_three_are_asked_about_the_same_token_after_the_same_words(browser, site, run, without):
    ids = written(run, without(), 30)
    position = len(ids) - 4
    with there(browser, site, f"length=30&operations=h0.1&position={position}") as page:
        figure = go_to(page, "operated-texts")
        shown, ends = numbers(page, figure, "operated-texts")
        # All of the other heads are controls, because there are so few.
        heads = [f"{i}.{k}" for i in range(run.s.n_layer) for k in range(run.s.n_head)]
        controls = [one for one in heads if one != "0.1"]

        def wanted(position):
            """By the whole model, without the head, and in the middle of the controls."""
            others = [probability(without(one), ids, position) for one in controls]
            chosen = [probability(without(one), ids, position) for one in (None, "0.1")]
            return [*chosen, median(others)], [min(others), max(others)]

        assert shown == pytest.approx(wanted(position)[0], abs=6e-4)
        assert ends == pytest.approx(wanted(position)[1], abs=6e-4)
        # A bar is as long as the probability is large.
        for one, p in zip(figure.locator(".chances .bar").all(), shown, strict=True):
            length = one.evaluate("""(bar) => bar.querySelector("i").getBoundingClientRect().width
                / (bar.getBoundingClientRect().width - 2)""")
            assert length == pytest.approx(p, abs=0.01)
        # Another token is asked about at once; the texts stay.
        page.wait_for_function(FINISHED)
        text = figure.locator(".text").last.inner_text()
        page.locator("written-text [data-position='3']").click()
        page.wait_for_function("() => location.hash.includes('position=3')")
        figure.scroll_into_view_if_needed()
        shown, _ = numbers(page, figure, "operated-texts")
        assert shown == pytest.approx(wanted(3)[0], abs=6e-4)
        assert figure.locator(".text").last.inner_text() == text


@pytest.mark.parametrize(
    "untouched, operated, controls, kind",
    [
        (0.335, 0.005, [0.318, 0.307, 0.32, 0.33, 0.34, 0.36, 0.35, 0.086], "clear"),
        (0.335, 0.2, [0.318, 0.21, 0.1, 0.4, 0.19, 0.5, 0.15, 0.2], "chance"),
        (0.335, 0.27, [0.29] * 8, "chance"),
        (0.335, 0.331, [0.1] * 8, "hardly"),
        (0.0004, 0.0001, [0.0004] * 8, "hardly"),
        (0.9999999, 0, [0.9999999] * 8, "clear"),
        (1e-6, 0.693, [0.004, 0.168, 0.001, 0.022, 0.03, 0.02, 0.05, 0.01], "clear"),
        (0.3, 0.1, [], "alone"),
    ],
)
def test_an_effect_is_only_called_one_if_controls_have_less(
    browser, site, untouched, operated, controls, kind
):
    page = browser.new_page()
    page.goto(f"{site.address}/index.html")
    effect = dict(untouched=untouched, operated=operated, controls=controls)
    judge = """async (effect) => (await import("/app/control.js")).judge(effect)"""
    assert page.evaluate(judge, effect)["kind"] == kind
    page.close()


def test_from_the_ranking_to_the_result_and_back(browser, site):
    with there(browser, site, "length=20&operations=h0.1") as page:
        ranking = go_to(page, "head-ranking")
        ranking.get_by_role("button", name="To the result").press("Enter")
        active = "() => document.activeElement.id === "
        page.wait_for_function(active + "'operated'")
        figure = page.locator("operated-texts")
        figure.get_by_role("button", name="ranking").press("Enter")
        page.wait_for_function(active + "'ranking'")


def test_alone_in_a_frame_the_ranking_leads_nowhere(browser, site):
    page = browser.new_page(viewport=dict(width=390, height=844))
    hash = "figure=head-ranking&page=playground&length=20&operations=h0.1"
    page.goto(f"{site.address}/embed.html#{hash}")
    ranking = page.locator("head-ranking")
    ranking.get_by_role("rowheader", name="head 0.1").wait_for()
    names = ranking.get_by_role("button").all_inner_texts()
    assert not [one for one in names if re.search("witch|result", one)]
    # As long as the probability is large.
    row = ranking.get_by_role("row").filter(has_text="nothing")
    length = row.locator(".left").evaluate(
        "(bar) => bar.getBoundingClientRect().width / (bar.parentNode.getBoundingClientRect().width - 2)"
    )
    assert length == pytest.approx(percents(row.inner_text())[0], abs=0.02)
    page.close()


# What else is on ----------------------------------------------------------------------------------


def words(run):
    """The ids of two words that are single tokens."""
    found = [i for i, token in enumerate(run.vocab) if re.fullmatch(" [a-z]{3,}", token)]
    return found[0], found[-1]


def first_word(run, ids):
    """Where the model first writes a word that is a single token, and its id."""
    start = len(run.ids(run.prompts[0]))
    found = (i for i in range(start, len(ids)) if re.fullmatch(" [a-z]{2,}", run.vocab[ids[i]]))
    place = next(found)
    assert ids[place] not in ids[start:place]
    return place, ids[place]


def test_steering_says_what_else_is_on_and_shows_its_own_result_in_place(
    browser, site, run, without
):
    ids = written(run, without(), 20)
    place, a = first_word(run, ids)

    def steered(layers, b, strength=1):
        """How likely the word that is steered to is, in place of one that was written, in so many layers."""
        model = without()
        way = model.token_embedding.weight[b] - model.token_embedding.weight[a]
        way = strength * way.detach()
        model.blocks[0].register_forward_hook(lambda _, x, out: (out[0] + way, *out[1:]))
        del model.blocks[layers:]
        return probability(model, [*ids[:place], b], place)

    with torch.inference_mode():
        logits = without()(torch.tensor([ids[:place]]))[0][0, -1]
    likely = [
        id for id in logits.argsort(descending=True)[:30].tolist() if id not in ids[: place + 1]
    ]
    b = max(likely, key=lambda one: abs(steered(2, one) - steered(1, one)))
    alone, both = steered(2, b), steered(1, b)
    assert abs(alone - both) > 1.5e-3, "nobody could tell them apart"
    # What is judged is not the token that is chosen in the text.
    hash = f"length=20&position=2&operations=l1_h0.1_s2.{a}.{b}.100"
    with there(browser, site, hash) as page:
        steer = page.locator("steer-chooser")
        result = go_to(page, "steer-chooser operated-result")
        others = steer.get_by_role("group", name="What else is done")
        assert re.findall(r"(\w+ [\d.]+) is off", others.inner_text()) == ["Layer 1", "Head 0.1"]
        others.get_by_role("button", name="Take it back: head 0.1").click()
        page.wait_for_function(f"() => location.hash.endsWith('=l1_s2.{a}.{b}.100')")
        shown, _ = numbers(page, result, "steer-chooser operated-result")
        assert shown[1] == pytest.approx(both, abs=6e-4)
        others.get_by_role("button", name="Only this").click()
        page.wait_for_function(f"() => location.hash.endsWith('=s2.{a}.{b}.100')")
        shown, ends = numbers(page, result, "steer-chooser operated-result")
        untouched = steered(2, b, strength=0)
        assert shown[:2] == pytest.approx([untouched, alone], abs=6e-4)
        assert ends[0] < ends[1] and others.count() == 0
        assert len(result.get_by_role("group").all()) == 3


def test_steering_that_breaks_the_text_is_told_from_steering_that_does_not(
    browser, site, run, without
):
    a, b = words(run)

    def sense(page, strength):
        """What is said of the steered text, and whether it is a warning."""
        page.goto(f"{site.address}/playground.html#length=20&operations=s2.{a}.{b}.{strength}")
        result = go_to(page, "steer-chooser operated-result")
        said = result.locator(".sense").filter(has_text="%")
        return percents(said.inner_text()), "note" in said.get_attribute("class").split()

    ids = written(run, without(), 20)
    start = len(run.ids(run.prompts[0]))
    own = [probability(without(), ids, i) for i in range(start, len(ids))]
    with there(browser, site, "length=20") as page:
        (steered, untouched), is_warned = sense(page, 800)
        assert untouched == pytest.approx(sum(own) / len(own), abs=0.006)
        assert is_warned == (steered < 2 / 3 * untouched)
        page.goto("about:blank")
        (hardly, untouched), is_warned = sense(page, 10)
        assert not is_warned and hardly > 2 / 3 * untouched


def test_the_result_is_computed_once_wherever_it_is_shown(browser, site, run):
    a, b = words(run)
    hash = f"length=20&operations=s2.{a}.{b}.300&position=6"
    with there(browser, site, hash) as page:
        go_to(page, "operated-texts")
        page.wait_for_function(FINISHED)
        page.evaluate("""async () => { const { LiveModel } = await import("/app/model.js");
            const { generate } = LiveModel.prototype;
            window.generated = 0;
            LiveModel.prototype.generate = function (params, ...others) {
                if (params.intervention?.steer?.length) window.generated++;
                return generate.call(this, params, ...others);
            }; }""")
        result = go_to(page, "steer-chooser operated-result")
        numbers(page, result, "steer-chooser operated-result")
        figure = page.locator("operated-texts")
        first = result.locator(".text").nth(1).inner_text().removesuffix(" …")
        assert first and first in figure.locator(".text").nth(1).inner_text()
        assert page.evaluate("window.generated") == 0


def test_each_of_several_operations_can_be_the_only_one(browser, site):
    with there(browser, site, "length=5&operations=h0.1_a1.0.first_l1") as page:
        go_to(page, "operation-board")
        board = page.locator("operation-board")
        board.get_by_role("button", name=re.compile("^Only this: head 1.0")).click()
        page.wait_for_function("() => location.hash.endsWith('operations=a1.0.first')")
        board.get_by_role("button", name=re.compile("^Only this")).wait_for(state="detached")
        figure = page.locator("operated-texts")
        figure.get_by_role("button", name=re.compile("^Take it back")).click()
        page.wait_for_function("() => !location.hash.includes('operations')")


# Patches ------------------------------------------------------------------------------------------


def test_nothing_is_called_patched_before_somebody_patches_it(browser, site):
    with there(browser, site, "length=20&text=The+boy+was&otherText=The+dog+was") as page:
        patch = go_to(page, "patch-chooser")
        patch.get_by_text("Preview of the patch").wait_for()
        assert patch.get_by_text("This text, patched").count() == 0
        result = page.locator("patch-chooser operated-result")
        assert result.inner_text().strip() == ""
        patch.get_by_role("button", name="Patch it").click()
        patch.get_by_text("This text, patched").wait_for()
        assert patch.get_by_text("Preview of the patch").count() == 0
        result.scroll_into_view_if_needed()
        shown, _ = numbers(page, result, "patch-chooser operated-result")
        assert len(shown) == 3


def test_a_patch_is_judged_by_what_the_other_text_leads_to(browser, site, run, without):
    one, other = "The boy was", "The dog was"
    ids, others = run.ids(one), run.ids(other)
    place = next(i for i, (a, b) in enumerate(zip(ids, others, strict=True)) if a != b)

    def probs(ids, vector=None):
        """Of what comes next, with something else after the first layer; and what there is otherwise."""
        model, kept = without(), {}

        def put(_, x, out):
            kept["x"] = out[0][0, place].clone()
            if vector is not None:
                out[0][0, place] = vector

        model.blocks[0].register_forward_hook(put)
        with torch.inference_mode():
            return model(torch.tensor([ids]))[0][0, -1].softmax(0), kept["x"]

    plain, _ = probs(ids)
    after_other, vector = probs(others)
    patched, _ = probs(ids, vector)
    answer = (after_other - plain).argmax().item()
    hash = f"length=20&position=6&text={one}&otherText={other}&operations=p2.{place}.{place}"
    with there(browser, site, hash.replace(" ", "+")) as page:
        go_to(page, "patch-chooser").get_by_role("button", name="Take the patch back").wait_for()
        result = go_to(page, "patch-chooser operated-result")
        shown, _ = numbers(page, result, "patch-chooser operated-result")
        assert shown[:2] == pytest.approx([plain[answer].item(), patched[answer].item()], abs=6e-4)
        assert result.locator(".where b").inner_text() == run.vocab[answer]


def test_patching_begins_with_an_example_in_which_a_word_comes_again(browser, site, run):
    a, b = words(run)
    said = [a, b, b, b, a]  # as if the model had written this, and were sure of the last one
    with there(browser, site, "length=5") as page:
        patch = go_to(page, "patch-chooser")
        page.wait_for_function("() => document.querySelector('patch-chooser').other")
        patch.evaluate(
            "(one, ids) => one.writing.update({ tokens: ids.map((id) => ({ id, p: 0.9, top: [] })) })",
            said,
        )
        example = run.prompts[0] + "".join(run.vocab[id] for id in said[:-1])
        this = patch.get_by_role("listbox", name="This text, token by token")
        this.filter(has_text=example).wait_for()
        patch.get_by_role("textbox", name="The other text").fill("The dog was")
        page.wait_for_function("() => /[#&]text=.*otherText|otherText.*&text=/.test(location.hash)")
        assert page.locator("writing-desk textarea").input_value() == example


def test_a_patch_is_taken_back_when_the_beginning_changes(browser, site):
    hash = "length=20&text=The+boy+was&otherText=The+dog+was&operations=h0.1_p2.2.2"
    with there(browser, site, hash) as page:
        patch = go_to(page, "patch-chooser")
        patch.get_by_role("button", name="Take the patch back").wait_for()
        page.locator("writing-desk textarea").fill("The girl saw")
        page.wait_for_function("() => /operations=h0.1(&|$)/.test(location.hash)")
        patch.get_by_text("the patch was taken back").wait_for()
        patch.get_by_role("button", name="Patch it").click()
        page.wait_for_function("() => /operations=h0.1_p/.test(location.hash)")
        patch.get_by_text("the patch was taken back").wait_for(state="detached")


# Links --------------------------------------------------------------------------------------------


def test_a_link_shows_the_same_control(browser, site):
    def control(page):
        figure = go_to(page, "operated-texts")
        page.wait_for_function(FINISHED)
        return figure.locator(".what").last.inner_text(), figure.locator(".text").last.inner_text()

    with there(browser, site, "length=20&operations=h0.1") as page:
        seen = [control(page)]
        assert "controlSeed" not in page.url
        for seed in (2, 3, 4):
            page.get_by_role("button", name="Another control").click()
            page.wait_for_function(f"() => location.hash.includes('controlSeed={seed}')")
            seen.append(control(page))
        assert all(one != other for one, other in pairwise(seen)), "each says its number"
        with opened(browser, page.url) as again:
            assert control(again) == seen[-1]


# Every kind of text -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hash",
    [
        "step=0",
        "text=" + "the+cat+sat+" * 80,
        "text=%D9%85%D8%B1%D8%AD%D8%A8%D8%A7",
        "length=0",
        "position=1",
    ],
    ids=["an untrained model", "no room", "unknown letters", "no tokens", "before the patch"],
)
def test_the_results_say_something_sensible_of_every_text(browser, site, run, hash):
    a, b = words(run)
    operations = f"&operations=h0.1_s2.{a}.{b}.500_p2.1.1&otherText=The+cat"
    with there(browser, site, hash + operations, width=390, height=844) as page:
        for tag in ("operated-texts", "steer-chooser", "patch-chooser"):
            figure = go_to(page, tag)
            page.wait_for_function(
                """(tag) => { const one = document.querySelector(tag);
                    const figure = one.querySelector("operated-result") ?? one;
                    return !figure.isReady || figure.index === null || figure.effect || figure.offsetHeight === 0; }""",
                arg=tag,
            )
            said = figure.evaluate(
                """(one) => one.renderRoot.textContent
                    + (one.querySelector("operated-result")?.renderRoot.textContent ?? "")"""
            )
            assert len(said) > 20 and not re.search("undefined|NaN|null|Infinity", said), said
            assert figure.locator("[role=alert]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_no_violation_in_steer_and_patch(browser, site, run, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    a, b = words(run)
    hash = f"text=The+boy+was&otherText=The+dog+was&operations=h0.1_s2.{a}.{b}.500_p2.2.2"
    with there(browser, site, hash, width=width, dark=dark) as page:
        for tag in ("steer-chooser", "patch-chooser"):
            result = go_to(page, f"{tag} operated-result")
            numbers(page, result, f"{tag} operated-result")
        for part in ("steer", "patch", "operate"):
            result = Axe().run(page, context=f"[aria-labelledby={part}]")
            assert result.violations_count == 0, result.generate_report()
        page.complaints.clear()  # axe itself tries what the policy forbids
