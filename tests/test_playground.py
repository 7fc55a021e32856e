"""Talk to it: what somebody types, takes and reads there, against what the terminal and PyTorch say."""

import math
import re

from helpers import opened
from terrarium.generation import pick, random_numbers, sampling_probs, stream
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

LONG = "She went to the park with her friend. " * 12  # several contexts of the run


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def models(run):
    """models(step): the weights of a step as a page reads them."""
    return lambda step: quantize(run.at(step), "int8")[2]


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def finished(page):
    """Wait until the model has written, and give the text after the beginning."""
    page.get_by_role("button", name="Go on").wait_for()
    return written(page)


def written(page):
    return "".join(page.locator("written-text .written[role=option]").all_text_contents())


def shown(run, ids):
    """Ids as they stand in a text."""
    return "".join(run.vocab[i].replace(END, " (end)").replace("\n", "↵ ") for i in ids)


def in_python(run, model, prompt, tokens=60, **how):
    how = {"temperature": run.s.temperature, **how}
    return shown(run, [i for i, _ in stream(run, prompt, model, tokens=tokens, **how)])


# Write ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hash, how",
    [
        ("", {}),
        ("seed=7&topK=5", dict(seed=7, top_k=5)),
        ("topP=0.5&length=20", dict(top_p=0.5, tokens=20)),
    ],
)
def test_the_text_is_the_one_that_the_terminal_writes(browser, site, run, models, hash, how):
    with there(browser, site, hash) as page:
        assert finished(page) == in_python(run, models(run.steps[-1]), run.prompts[0], **how)


def test_what_somebody_types_is_continued(browser, site, run, models):
    with there(browser, site) as page:
        finished(page)
        page.get_by_label("The beginning", exact=True).fill("The boy saw")
        page.wait_for_function("() => location.hash.includes('The+boy+saw')")
        expected = in_python(run, models(run.steps[-1]), "The boy saw")
        page.wait_for_function(
            """(text) => document.querySelector("written-text").renderRoot
                .querySelector(".text").textContent.replace(/…$/, "") === text""",
            arg="The boy saw" + expected,
        )


def test_each_step_writes_with_its_own_weights_and_the_same_luck(browser, site, run, models):
    with there(browser, site) as page:
        finished(page)
        page.get_by_role("slider", name="Training step").press("Home")
        expected = in_python(run, models(0), run.prompts[0])
        page.wait_for_function(
            """(text) => document.querySelector("written-text").renderRoot
                .querySelector(".text").textContent.replace(/…$/, "").endsWith(text)""",
            arg=expected,
        )


def test_going_on_only_adds_to_the_text(browser, site):
    with there(browser, site, "length=5&temperature=0") as page:
        first = finished(page)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_function("() => location.hash.includes('length=45')")
        second = finished(page)
        assert second.startswith(first) and len(second) > len(first)


# Take another token -----------------------------------------------------------------------------


def branched(run, model, prompt, branch, tokens, temperature):
    """What the model writes if tokens are taken ({index: id}), with the luck of seed 1."""
    ids, numbers = run.ids(prompt), random_numbers(1)
    start = len(ids)
    for i in range(tokens):
        with torch.inference_mode():
            logits = model(torch.tensor([ids]))[0][0, -1]
        drawn = pick(sampling_probs(logits, temperature), next(numbers))
        ids.append(branch.get(i, drawn))
        if ids[-1] == run.tokenizer.end:
            break
    return ids[start:]


def test_another_token_is_taken_and_the_rest_follows_with_the_same_luck(browser, site, run, models):
    with there(browser, site, "length=20") as page:
        before = finished(page)
        page.locator("written-text [role=option].written").nth(4).click()
        rows = page.locator("token-ranking tbody tr")
        rows.filter(has=page.get_by_role("button", name=re.compile("^Take "))).first.wait_for()
        taken = rows.filter(has=page.get_by_role("button", name=re.compile("^Take "))).first
        token = taken.locator("th").get_attribute("title").replace("·", " ").replace("↵", "\n")
        taken.get_by_role("button").click()
        id = run.vocab.index(token.replace("(end)", END))
        page.wait_for_function(f"() => location.hash.includes('branch=4t{id}')")
        expected = branched(
            run, models(run.steps[-1]), run.prompts[0], {4: id}, 20, run.s.temperature
        )
        assert finished(page) == shown(run, expected) != before
        # Both texts are there to go back to, and "back" leads to the first.
        assert page.locator("branch-list li").count() == 2
        page.go_back()
        page.wait_for_function("() => !location.hash.includes('branch')")
        assert finished(page) == before


FOCUSED = """() => { let one = document.activeElement;
    while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return `${one.getRootNode().host?.localName} ${one.textContent.trim().slice(0, 20)}`; }"""


def test_the_focus_stays_where_somebody_can_go_on(browser, site):
    with there(browser, site, "length=12&position=7") as page:
        finished(page)
        take = page.get_by_role("button", name=re.compile("^Take (?!back)")).first
        take.press("Enter")
        page.wait_for_function("() => location.hash.includes('branch=')")
        finished(page)
        assert page.evaluate(FOCUSED).startswith("token-ranking")
        for name in ("Take back", "Go on", "Write it at all"):
            page.get_by_role("button", name=name).press("Enter")
            page.wait_for_timeout(200)
            finished(page)
            assert page.evaluate(FOCUSED).split()[0] in ("writing-controls", "all-ages"), name


def test_each_step_keeps_the_texts_that_its_model_wrote(browser, site):
    with there(browser, site, "length=12&position=7") as page:
        first = finished(page)
        page.get_by_role("button", name=re.compile("^Take (?!back)")).first.click()
        page.wait_for_function("() => location.hash.includes('branch=')")
        finished(page)
        texts = page.locator("branch-list .words")
        before = texts.all_inner_texts()
        page.get_by_role("slider", name="Training step").press("Home")
        page.wait_for_function("() => document.querySelector('writing-controls').model?.step === 0")
        finished(page)
        assert texts.count() == 0, "this model has written one text so far"
        page.get_by_role("slider", name="Training step").press("End")
        page.wait_for_function(
            "() => document.querySelector('writing-controls').model?.step === 20"
        )
        finished(page)
        assert texts.all_inner_texts() == before
        page.locator("branch-list button").first.click()
        page.wait_for_function("() => !location.hash.includes('branch=')")
        assert finished(page) == first


def test_a_step_that_was_not_saved_names_the_one_that_writes(browser, site):
    with there(browser, site, "step=10") as page:
        finished(page)
        said = page.locator("writing-controls .caption").inner_text()
        assert re.search(r"step (1|20), .*step 10", said)


def test_other_luck_changes_only_what_comes_after(browser, site):
    with there(browser, site, "length=30&temperature=1.5") as page:
        before = finished(page)
        page.locator("written-text [role=option].written").nth(9).click()
        page.get_by_role("button", name="Other luck from here").click()
        page.wait_for_function("() => location.hash.includes('branch=9s2')")
        after = finished(page)
        assert after != before
        with opened(browser, page.url) as again:
            assert finished(again) == after
        page.get_by_role("button", name="Take back").click()
        page.wait_for_function("() => !location.hash.includes('branch')")
        assert finished(page) == before
        kept = page.locator("written-text [role=option].written").all_text_contents()[:9]
        assert after.startswith("".join(kept))


def test_an_address_says_all_that_a_text_follows_from(browser, site):
    hash = "text=The+cat&seed=3&temperature=1.2&topK=40&length=25&branch=3t40.8s5"
    with there(browser, site, hash) as page:
        one = finished(page)
    with there(browser, site, hash) as page:
        assert finished(page) == one


def test_all_probabilities_are_those_of_pytorch_and_sum_to_one(browser, site, run, models):
    with there(browser, site, "length=3&temperature=0") as page:
        finished(page)
        page.get_by_role("button", name=f"All {len(run.vocab)}").click()
        page.get_by_role("button", name="Six digits").click()
        rows = page.locator("token-ranking tbody tr")
        numbers = rows.locator("td.number:nth-child(3)").all_text_contents()
        found = [float(one.removesuffix("%")) / 100 for one in numbers]
        prompt = in_python(run, models(run.steps[-1]), run.prompts[0], tokens=3, temperature=0)
        ids = run.ids(run.prompts[0] + prompt.replace("↵ ", "\n"))
        with torch.inference_mode():
            p = models(run.steps[-1])(torch.tensor([ids]))[0][0, -1].softmax(0)
        assert found == pytest.approx(sorted(p.tolist(), reverse=True), abs=2e-6)
        assert len(found) == len(run.vocab) and sum(found) == pytest.approx(1, abs=1e-4)


def test_what_top_k_leaves_out_is_never_drawn(browser, site):
    with there(browser, site, "length=3&topK=3") as page:
        finished(page)
        draws = page.locator("token-ranking tbody td.number:nth-child(4)").all_text_contents()
        assert [one == "never" for one in draws] == [False] * 3 + [True] * (len(draws) - 3)


def test_who_picks_every_token_sees_what_that_costs_in_bits(browser, site, run, models):
    with there(browser, site) as page:
        finished(page)
        page.get_by_role("button", name="Pick every token yourself").click()
        choices = page.get_by_role("group", name="Tokens to choose from").get_by_role("button")
        ids = []
        for n in range(3):
            page.wait_for_function(
                """(n) => document.querySelectorAll("token-ranking").length && document
                    .querySelector("written-text").renderRoot.querySelectorAll("[role=option].written")
                    .length === n && document.querySelector("token-ranking").renderRoot
                    .querySelectorAll(".list[aria-busy=false] button").length === 10""",
                arg=n,
            )
            token = choices.nth(n).text_content().replace("·", " ").replace("↵", "\n")
            ids.append(run.vocab.index(token.replace("(end)", END)))
            choices.nth(n).click()
        page.get_by_text("3 tokens for").wait_for()
        start = run.ids(run.prompts[0])
        with torch.inference_mode():
            p = models(run.steps[-1])(torch.tensor([start + ids]))[0][0].softmax(-1)
        bits = sum(-math.log2(p[len(start) - 1 + n, id].item()) for n, id in enumerate(ids))
        said = page.locator("token-ranking .score").inner_text()
        assert float(re.search(r"3 tokens for ([\d.]+) bits", said)[1]) == pytest.approx(
            bits, abs=0.06
        )
        assert written(page) == shown(run, ids)


def test_a_text_is_cut_where_somebody_wants_to_edit_it(browser, site, run):
    with there(browser, site, "length=10") as page:
        text = run.prompts[0] + finished(page)
        page.locator("written-text [role=option].written").nth(2).click()
        page.get_by_role("button", name="Cut here and edit").click()
        page.wait_for_function("() => location.hash.includes('text=')")
        beginning = page.get_by_label("The beginning", exact=True).input_value()
        assert text.replace("↵ ", "\n").startswith(beginning) and len(beginning) > len(
            run.prompts[0]
        )


# What people type -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, said",
    [
        ("She saw ☃ and 猫", "It has never seen ☃"),
        ("Once upon a time ", "ends with a space"),
        ("the cat sat " * 80, "no room to write"),
        ("مرحبا", "It has never seen"),
    ],
)
def test_what_cannot_be_read_as_it_stands_is_said(browser, site, text, said):
    with there(browser, site) as page:
        finished(page)
        page.get_by_label("The beginning", exact=True).fill(text)
        page.locator("writing-desk .note", has_text=said).wait_for()


def test_only_a_space_at_the_end_is_called_one(browser, site):
    with there(browser, site) as page:
        field = page.get_by_label("The beginning", exact=True)
        field.fill("She went home.\n")
        page.wait_for_function("() => location.hash.includes('home.%0A')")
        finished(page)
        assert page.locator("writing-desk .note").count() == 0
        field.fill("She went home. ")
        page.locator("writing-desk .note", has_text="ends with a space").wait_for()


# All ages ---------------------------------------------------------------------------------------


def test_all_ages_write_what_the_terminal_writes_at_each_step(browser, site, run, models):
    with there(browser, site) as page:
        finished(page)
        page.get_by_role("button", name=re.compile("^Write it at all")).click()
        page.get_by_text(re.compile(r"^\d+ of \d+ texts are written")).wait_for()
        items = page.locator("all-ages li")
        steps = [
            int(re.sub(r"\D", "", one)) for one in items.get_by_role("button").all_inner_texts()
        ]
        texts = items.locator(".text").all_text_contents()
        assert steps == run.steps
        for step, text in zip(steps, texts):
            assert text == in_python(run, models(step), run.prompts[0], tokens=40)


# Read -------------------------------------------------------------------------------------------


def nll(run, model, text):
    """(bits, the probability of each token) of a text, read in windows that overlap by half."""
    ids, start = run.tokenizer.encode(text), run.tokenizer.start
    room = run.s.n_ctx - len(start)
    p, first = [], 0
    while first < len(ids):
        begin = first - (room - room // 2) if first else 0
        window = start + ids[begin : begin + room]
        with torch.inference_mode():
            probs = model(torch.tensor([window]))[0][0].softmax(-1)
        until = min(len(ids), begin + room)
        p += [probs[len(start) + i - begin - 1, ids[i]].item() for i in range(first, until)]
        first = until
    return -sum(map(math.log2, p)), p


@pytest.mark.parametrize(
    "text", ["The boy went home.", LONG], ids=["short", "longer than a context"]
)
def test_a_text_costs_as_many_bits_as_pytorch_says(browser, site, run, models, text):
    bits, p = nll(run, models(run.steps[-1]), text)
    with there(browser, site) as page:
        page.get_by_label("A text of your own").fill(text)
        page.get_by_text("Where it was most surprised").wait_for()
        facts = page.locator("text-score .facts b").all_inner_texts()
        assert float(facts[0].split()[0]) == pytest.approx(bits / len(text), abs=0.006)
        assert int(facts[1].split()[0].replace(",", "")) == pytest.approx(bits, abs=1)
        assert int(facts[2].split()[0].replace(",", "")) == len(p)
        shades = page.locator("text-score .text span")
        tenths = [f"color{math.floor(10 * one + 0.5)}" for one in p]
        classes = [one.get_attribute("class").split()[0] for one in shades.all()]
        assert sum(a == b for a, b in zip(classes, tenths)) > 0.99 * len(p)


def bits_of_words(tokens, p):
    """The bits of each word, whose tokens go on with letters after letters, and of what is none."""
    bits = []
    for before, token, one in zip(["", *tokens], tokens, p):
        is_same_word = before[-1:].isalpha() and token[0].isalpha()
        bits[len(bits) - is_same_word :] = [-math.log2(one) + (bits[-1] if is_same_word else 0)]
    return bits


def test_every_token_of_a_text_can_be_asked_for_by_keyboard(browser, site, run, models):
    text = "The boy went home."
    _, p = nll(run, models(run.steps[-1]), text)
    with there(browser, site) as page:
        page.get_by_label("A text of your own").fill(text)
        page.get_by_text("Where it was most surprised").wait_for()
        box = page.get_by_role("listbox", name="Your text, token by token")
        said = page.locator("text-score .about")
        for i, one in enumerate(p):
            box.press("ArrowRight")
            assert f"{-math.log2(one):.1f} bits" in said.inner_text()
            assert box.locator("[aria-selected=true]").get_attribute("data-index") == str(i)
        listed = page.locator("text-score ol li").all_inner_texts()
        bits = [float(re.search(r"([\d.]+) bits", item)[1]) for item in listed]
        tokens = [run.vocab[i] for i in run.tokenizer.encode(text)]
        most = sorted(bits_of_words(tokens, p), reverse=True)[: len(bits)]
        assert bits == pytest.approx(most, abs=0.06) and len(bits) > 1
        # They can be told from the others without colours, and there is a legend.
        framed = "".join(page.locator("text-score .text .framed").all_text_contents())
        assert 0 < len(framed) < len(text)
        assert page.locator("text-score .legend .framed").is_visible()


def test_words_in_disorder_cost_more(browser, site, run):
    with there(browser, site, "temperature=0") as page:
        finished(page)

        def bits():
            page.get_by_text("Where it was most surprised").wait_for()
            return float(page.locator("text-score .facts b").first.inner_text().split()[0])

        page.get_by_role("button", name="Take the text above").click()
        before = bits()
        page.get_by_role("button", name="Shuffle its words").click()
        page.wait_for_function(
            """(before) => { const found = document.querySelector("text-score").renderRoot
                .querySelector(".facts b"); return found && parseFloat(found.textContent) !== before; }""",
            arg=before,
        )
        assert bits() > before


def test_a_hundred_thousand_characters_are_read_while_the_page_answers(browser, site):
    with there(browser, site) as page:
        finished(page)
        page.get_by_label("A text of your own").fill("She went home. " * 7000)
        page.get_by_text(re.compile("It has read")).wait_for()
        page.get_by_role("button", name="Another try").click()
        page.wait_for_function("() => location.hash.includes('seed=2')")
        page.get_by_text("It reads the first 100,000 characters.").wait_for()


# The page ---------------------------------------------------------------------------------------


def test_each_link_to_a_part_of_the_page_leads_there_and_can_be_sent(browser, site):
    with there(browser, site, "text=Once&seed=3") as page:
        finished(page)
        links = page.locator("page-contents a")
        assert links.count() >= 6
        for link in links.all():
            address = link.get_attribute("href")
            part = re.search("section=([a-z]+)", address)[1]
            assert page.locator(f"#{part}").count() == 1, part
            assert "text=Once" in address and "seed=3" in address
        links.last.click()
        assert page.evaluate("document.activeElement.id") == part
        top = "() => document.activeElement.getBoundingClientRect().top"
        page.wait_for_function(f"() => ({top})() >= 0 && ({top})() < innerHeight")
        page.wait_for_function("() => location.hash.includes('seed=3')")
