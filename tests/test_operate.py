"""Operate: parts of a model switched off or replaced, against what PyTorch writes and predicts then."""

import re

from helpers import opened
from terrarium.generation import stream
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

FINISHED = """() => { const figure = document.querySelector("operated-texts");
    return figure.isFinished && !figure.isUpdatePending; }"""


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def damaged(run):
    """damaged("h0.1_l1_n0.7"): the last model as a page reads it, with such operations done to it."""

    def make(operations=""):
        model = quantize(run.model, "int8")[2]
        size = run.s.n_embd // run.s.n_head
        gone = []
        with torch.no_grad():
            for one in filter(None, operations.split("_")):
                layer, number = map(int, (one[1:] + ".0").split(".")[:2])
                block = model.blocks[layer]
                if one[0] == "h":
                    block.output.weight[:, number * size : (number + 1) * size] = 0
                elif one[0] == "n":
                    block.down.weight[:, number] = 0
                else:
                    gone.append(layer)
        for layer in sorted(gone, reverse=True):
            del model.blocks[layer]
        return model

    return make


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def come_near(page):
    """Wait until the model has written at the top, and go to the panes: what is far away waits."""
    page.get_by_role("button", name="Go on").wait_for()
    page.locator("operated-texts").scroll_into_view_if_needed()


def pane(page, name):
    return page.locator("operated-texts").get_by_role("group", name=name, exact=True)


def text_of(page, name):
    return "".join(pane(page, name).locator(".text [data-index]").all_text_contents())


def finished(page):
    """Wait until all panes are written: {title: text}."""
    page.wait_for_function(FINISHED)
    return {name: text_of(page, name) for name in ("Untouched", "Operated", "Control")}


def choose(page, name):
    """Press a switch, and wait until it stands in the address."""
    before = page.evaluate("location.hash")
    page.locator("operation-board").get_by_role("switch", name=name, exact=True).click()
    page.wait_for_function("(before) => location.hash !== before", arg=before)


def ids_of(run, model, tokens=60, seed=1, prompt=None):
    return [
        id
        for id, _ in stream(
            run,
            prompt or run.prompts[0],
            model,
            tokens=tokens,
            seed=seed,
            temperature=run.s.temperature,
        )
    ]


def shown(run, ids):
    return "".join(run.vocab[i].replace(END, " (end)").replace("\n", "↵ ") for i in ids)


def first_difference(ids, others):
    """How many tokens two texts have in common; None if they are the same."""
    if ids == others:
        return None
    pairs = zip(ids, others)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(ids), len(others)))


def described(words):
    """ "Head 0.1 is off, layer 1 is off." -> "h0.1_l1" """
    found = re.findall(r"(head|layer|neuron) ([\d.]+) is off", words.lower())
    return "_".join(kind[0] + number for kind, number in found)


# The panes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches, operations", [(["Head 0.1"], "h0.1"), (["All of layer 1"], "l1")]
)
def test_the_panes_hold_what_pytorch_writes_without_these_parts_and_without_others(
    browser, site, run, damaged, switches, operations
):
    whole = ids_of(run, damaged())
    with there(browser, site) as page:
        come_near(page)
        for switch in switches:
            choose(page, switch)
        assert f"operations={operations}" in page.url
        found = finished(page)
        without = ids_of(run, damaged(operations))
        assert found["Untouched"] == shown(run, whole)
        assert found["Operated"] == shown(run, without) != shown(run, whole)
        # The control says what it does, and does it: as much, but elsewhere.
        elsewhere = described(pane(page, "Control").locator(".what").inner_text())
        assert elsewhere[0] == operations[0] and elsewhere != operations
        control = ids_of(run, damaged(elsewhere))
        assert found["Control"] == shown(run, control)
        for name, ids in (("Operated", without), ("Control", control)):
            start = first_difference(whole, ids)
            verdict = pane(page, name).locator(".verdict").inner_text()
            framed = pane(page, name).locator(".differs")
            assert framed.count() == (start is not None)
            if start is not None:
                assert int(re.search(r"\d+", verdict)[0]) == start + 1
                marked = pane(page, name).locator("[data-index]", has=page.locator(".differs"))
                assert marked.get_attribute("data-index") == str(start)
        # At the top nothing is different.
        above = page.locator("written-text .written[role=option]").all_text_contents()
        assert "".join(above) == shown(run, whole)


def test_what_a_head_looks_at_is_replaced_by_what_was_chosen(browser, site, run, damaged):
    with there(browser, site, "length=40") as page:
        come_near(page)
        page.get_by_label("A press on a head").select_option("nowhere")
        choose(page, "Head 0.1")
        assert "operations=a0.1.nowhere" in page.url
        assert finished(page)["Operated"] == shown(run, ids_of(run, damaged("h0.1"), 40))
        texts = {}
        for pattern in ("first", "self"):
            page.get_by_label("A press on a head").select_option(pattern)
            page.get_by_role("switch", name=re.compile(r"^Head 0\.1")).click()
            page.wait_for_function(
                "(pattern) => location.hash.includes(`operations=a0.1.${pattern}`)", arg=pattern
            )
            texts[pattern] = finished(page)["Operated"]
        assert texts["first"] != texts["self"]
        with there(browser, site, "length=40&operations=a0.1.first") as again:
            come_near(again)
            assert finished(again)["Operated"] == texts["first"]


def test_only_the_last_of_many_quick_changes_is_written(browser, site, run, damaged):
    with there(browser, site, "length=50") as page:
        come_near(page)
        page.evaluate("""() => { const { renderRoot } = document.querySelector("operation-board");
            for (const one of renderRoot.querySelectorAll(".heads button")) one.click();
            const { renderRoot: more } = document.querySelector("writing-settings");
            const seed = more.querySelector("input[type=number]");
            seed.value = 7;
            seed.dispatchEvent(new Event("change"));
            for (const one of [...renderRoot.querySelectorAll(".heads button")].slice(1)) one.click(); }""")
        page.wait_for_function("() => /operations=h0.0(&|$)/.test(location.hash)")
        found = finished(page)
        assert found["Untouched"] == shown(run, ids_of(run, damaged(), 50, 7))
        assert found["Operated"] == shown(run, ids_of(run, damaged("h0.0"), 50, 7))


def test_a_direction_is_compared_with_random_ones_of_the_same_size(browser, site, run):
    a, b = run.ids("The boy was")[1:3]
    hash = f"length=30&operations=s2.{a}.{b}.700"
    with there(browser, site, hash) as page:
        come_near(page)
        one = finished(page)
        assert len(set(one.values())) == 3
        page.get_by_role("button", name="Another control").click()
        page.wait_for_function("() => document.querySelector('operated-texts').controlSeed === 2")
        other = finished(page)
        assert other["Operated"] == one["Operated"] and other["Control"] != one["Control"]


def test_without_other_parts_there_is_nothing_to_compare_with(browser, site, run):
    layers = "_".join(f"l{layer}" for layer in range(run.s.n_layer))
    with there(browser, site, f"length=10&operations={layers}") as page:
        come_near(page)
        page.wait_for_function(FINISHED)
        assert text_of(page, "Control") == "" and text_of(page, "Operated")
        assert "nothing to compare with" in pane(page, "Control").inner_text()
        assert page.get_by_role("button", name="Another control").is_disabled()
        page.get_by_role("button", name="Does it hold").click()
        page.get_by_text("16 texts are written.").wait_for()


@pytest.mark.parametrize(
    "hash",
    [
        "step=0&operations=h0.0",
        "text=" + "the+cat+sat+" * 80 + "&operations=h0.0",
        "text=%D9%85%D8%B1%D8%AD%D8%A8%D8%A7&operations=h0.0_p0.9.9",
        "length=0&operations=l0",
        "operations=p2.1.1_s0.5.6.0&otherText=The+cat",
    ],
    ids=["an untrained model", "no room", "unknown letters", "no tokens", "a patch"],
)
def test_whatever_is_asked_for_the_figures_say_something_sensible(browser, site, hash):
    with there(browser, site, hash, width=390, height=844) as page:
        page.get_by_role("button", name="Go on").wait_for()
        page.locator("head-ranking").scroll_into_view_if_needed()
        page.locator("operated-texts").scroll_into_view_if_needed()
        if "%D9" not in hash:  # of which the model can read nothing
            page.locator("operated-texts .verdict").last.scroll_into_view_if_needed()
            page.wait_for_function(FINISHED)
        for tag in ("operation-board", "head-ranking", "operated-texts"):
            said = page.locator(tag).evaluate("one => one.renderRoot.textContent")
            assert len(said) > 20 and not re.search("undefined|NaN|null|Infinity", said), said
        assert page.locator("operated-texts [role=alert], head-ranking [role=alert]").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


# The switches -------------------------------------------------------------------------------------


def test_everything_that_is_done_stands_in_words_and_can_be_taken_back(browser, site):
    with there(browser, site, "length=5&operations=h0.1_a1.0.first_s1.5.6.150") as page:
        come_near(page)
        board = page.locator("operation-board")
        listed = board.locator("li")
        assert listed.count() == 3
        assert board.get_by_role("switch", name="Head 0.1").get_attribute("aria-checked") == "false"
        words = listed.nth(2).inner_text()
        board.get_by_role("button", name="Take back: head 0.1 is off").press("Enter")
        page.wait_for_function("() => location.hash.includes('operations=a1.0.first_s1.5.6.150')")
        assert listed.count() == 2 and words == listed.nth(1).inner_text()
        assert page.evaluate("document.activeElement.localName") == "operation-board"
        page.go_back()
        page.wait_for_function("() => location.hash.includes('h0.1')")
        page.wait_for_function(
            "() => document.querySelector('operation-board').renderRoot.querySelectorAll('li').length === 3"
        )
        board.get_by_role("button", name="Take all back").click()
        page.wait_for_function("() => !location.hash.includes('operations')")
        listed.first.wait_for(state="detached")
        assert board.locator("[role=switch][aria-checked=false]").count() == 0


def test_a_neuron_that_the_export_suggests_is_switched_off(browser, site, run, damaged):
    with there(browser, site, "length=40") as page:
        come_near(page)
        board = page.locator("operation-board")
        board.get_by_text("A single neuron").click()
        suggested = board.get_by_label("Those with the clearest examples")
        suggested.wait_for()
        name = suggested.locator("option[value]").last.get_attribute("value")
        suggested.select_option(name)
        layer, number = name.split(".")
        assert board.get_by_label("Layer of the neuron").input_value() == layer
        assert board.get_by_label("Number of the neuron").input_value() == number
        board.get_by_role("button", name="Switch it off").click()
        page.wait_for_function("(name) => location.hash.includes(`operations=n${name}`)", arg=name)
        assert finished(page)["Operated"] == shown(run, ids_of(run, damaged(f"n{name}"), 40))
        board.get_by_role("button", name="Switch it on").click()
        page.wait_for_function("() => !location.hash.includes('operations')")


# More seeds ---------------------------------------------------------------------------------------


def test_other_seeds_are_counted_as_python_counts_them(browser, site, run, damaged):
    with there(browser, site, "seed=3&length=30&operations=h0.1") as page:
        come_near(page)
        page.wait_for_function(FINISHED)
        elsewhere = described(pane(page, "Control").locator(".what").inner_text())
        page.get_by_role("button", name="Does it hold").click()
        page.get_by_text("24 texts are written.").wait_for()
        page.get_by_label("Count the word").fill("the")
        rows = page.locator("operated-texts tbody tr")
        texts = [
            [ids_of(run, damaged(operations), 30, seed) for seed in range(3, 11)]
            for operations in ("", "h0.1", elsewhere)
        ]
        for row, ids in zip(rows.all(), texts):
            cells = row.locator("td").all_inner_texts()
            found = sum(
                bool(re.search(r"(?<!\w)the(?![\w'])", shown(run, one), re.I)) for one in ids
            )
            assert cells[1] == f"{found} of 8"
            if ids is texts[0]:
                continue
            starts = [first_difference(*pair) for pair in zip(ids, texts[0])]
            starts = [one for one in starts if one is not None]
            numbers = re.findall(r"[\d.]+", cells[0])
            assert numbers[:2] == [str(len(starts)), "8"] and starts
            assert float(numbers[2]) == pytest.approx(sum(starts) / len(starts), abs=0.051)


def test_a_word_that_is_pressed_in_a_pane_is_counted(browser, site):
    with there(browser, site, "length=20&operations=h0.1") as page:
        come_near(page)
        page.wait_for_function(FINISHED)
        page.get_by_role("button", name="Does it hold").click()
        page.get_by_text("24 texts are written.").wait_for()
        field = page.get_by_label("Count the word")
        tokens = pane(page, "Untouched").locator(".text [data-index]")
        for i, token in enumerate(tokens.all_text_contents()):
            if re.fullmatch(r" \w+", token):
                tokens.nth(i).click()
                page.wait_for_function(
                    """(token) => document.querySelector("operated-texts").word?.startsWith(token)""",
                    arg=token.strip(),
                )
                assert field.input_value().startswith(token.strip())
                break
        else:
            pytest.fail("There is no word in it.")
        assert (
            not page.locator("operated-texts tbody td:last-child")
            .first.inner_text()
            .startswith("0")
        )
        # They belong to this text: another one has none yet.
        choose(page, "Head 1.0")
        page.locator("operated-texts table").wait_for(state="detached")


# Which heads matter -------------------------------------------------------------------------------


def probability(run, model, ids, index):
    with torch.inference_mode():
        return model(torch.tensor([ids[:index]]))[0][0, -1].softmax(0)[ids[index]].item()


def percent(cell):
    return float(re.search(r"([\d.]+)%", cell.inner_text())[1]) / 100


def test_heads_are_ranked_as_pytorch_ranks_them_for_the_token_that_is_chosen(
    browser, site, run, damaged
):
    with there(browser, site, "length=30") as page:
        come_near(page)
        ranking = page.locator("head-ranking")
        ids = run.ids(run.prompts[0]) + ids_of(run, damaged(), 30)
        for position in (len(ids) - 3, 2):
            page.locator(f"written-text [data-position='{position}']").click()
            page.wait_for_function(
                "(position) => location.hash.includes(`position=${position}`)", arg=position
            )
            ranking.scroll_into_view_if_needed()
            page.wait_for_function(
                """(index) => { const figure = document.querySelector("head-ranking");
                return figure.index === index && figure.result?.key === figure.key
                  && !figure.isUpdatePending; }""",
                arg=position,
            )
            before = probability(run, damaged(), ids, position)
            falls = []
            whole, *rows = ranking.locator("tbody tr").all()
            assert percent(whole.locator(".p")) == pytest.approx(before, abs=6e-4)
            assert len(rows) == run.s.n_layer * run.s.n_head + run.s.n_layer
            for row in rows:
                kind, number = row.locator("th").inner_text().split()
                after = probability(run, damaged(kind[0] + number), ids, position)
                assert percent(row.locator(".p")) == pytest.approx(after, abs=6e-4)
                falls.append(before - after)
            heads = falls[: run.s.n_layer * run.s.n_head]
            assert heads == sorted(heads, reverse=True)


def test_a_head_that_matters_is_switched_off_where_it_is_listed(browser, site, run, damaged):
    ids = run.ids(run.prompts[0]) + ids_of(run, damaged(), 30)
    position = [i for i, id in enumerate(ids) if re.fullmatch(r" \w{2,}", run.vocab[id])][-1]
    with there(browser, site, f"length=30&position={position}", width=390, height=844) as page:
        page.get_by_role("button", name="Go on").wait_for()
        page.locator("head-ranking").scroll_into_view_if_needed()
        ranking = page.locator("head-ranking")
        off = ranking.get_by_role("button", name=re.compile("^Switch off head")).first
        name = off.get_attribute("aria-label").split()[-1]
        off.press("Enter")
        page.wait_for_function("(head) => location.hash.includes(`operations=h${head}`)", arg=name)
        # This leads to the panes; the focus stays where it is.
        page.wait_for_function(FINISHED)
        page.wait_for_function("""() => { const box = document.querySelector("operated-texts")
            .getBoundingClientRect(); return box.top < innerHeight && box.bottom > 0; }""")
        focused = "document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')"
        assert page.evaluate(focused) == f"Switch on head {name}"
        # There, the word of this token is counted.
        page.get_by_role("button", name="Does it hold").click()
        page.get_by_text("24 texts are written.").wait_for()
        word = page.get_by_label("Count the word").input_value()
        assert word.startswith(run.vocab[ids[position]].strip())
        ranking.get_by_role("button", name=f"Switch on head {name}").click()
        page.wait_for_function("() => !location.hash.includes('operations')")


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_no_violation_once_the_model_is_operated_on(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    hash = "operations=h0.1_a1.0.first_n1.3"
    with there(browser, site, hash, width=width, height=900, dark=dark) as page:
        come_near(page)
        page.locator("operated-texts .verdict").last.scroll_into_view_if_needed()
        page.wait_for_function(FINISHED)
        page.get_by_role("button", name="Does it hold").click()
        page.get_by_text("24 texts are written.").wait_for()
        page.locator("operation-board").get_by_text("A single neuron").click()
        result = Axe().run(page, context="[aria-labelledby=operate]")
        page.complaints.clear()  # axe itself tries what the policy forbids
        assert result.violations_count == 0, result.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
