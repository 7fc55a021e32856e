"""Chat, in Talk to it: against what the terminal and PyTorch say of a small persona."""

import json
import math
import re
import shutil
from types import SimpleNamespace
from unittest import mock

import train
from data import persona
from helpers import SMALL, opened, run_script, served, train_in
from terrarium.generation import pick, random_numbers, sampling_probs
from terrarium.interpret import ablated_losses, attention_weights
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch

LUNA = """speaker = luna

visitor = tom / anna / mia / ben

hello
? hello / good morning
- hello to you.
- good day.

home
? where do you live / where is your home / in which house do you live
- i live under the table.

food
? what do you eat / do you eat fish
- i eat fish.

name told
? my name is {visitor} / i am {visitor}
- hello, {visitor}.

name asked
? what is my name / who am i
- your name is {visitor}.
~ you never told me.
"""
TALK = ["my name is mia", "hello", "Where do you live?", "what is my name", "hello", "who am i"]


@pytest.fixture(scope="module")
def luna(tmp_path_factory):
    """The run of a persona, and a site that shows it; not to be changed."""
    home = tmp_path_factory.mktemp("luna")
    (home / "luna.txt").write_text(LUNA, "utf-8")
    with mock.patch.object(persona, "CONVERSATIONS", 600):
        small = ("--vocab-size", 64, "--n-ctx", 96, "--steps", 150, "--snapshots", 3)
        train_in(home, *SMALL, "--dataset", "luna.txt", *small)
    run_script("export_for_web.py", "runs/luna", "--out", "site", cwd=home).check_returncode()
    with served(home / "site") as address:
        yield SimpleNamespace(home=home, folder=home / "site", address=address)


@pytest.fixture(scope="module")
def run(luna):
    return Run(luna.home / "runs" / "luna")


@pytest.fixture(scope="module")
def model(run):
    """The last weights as a page reads them."""
    return quantize(run.model, "int8")[2]


def there(browser, luna, hash="", **size):
    return opened(browser, f"{luna.address}/playground.html#{hash}", **size)


def link(*lines, **more):
    from urllib.parse import urlencode

    return urlencode({"chat": "\n".join(lines), **more})


def replies(page, n):
    """What luna has said, once she has said n things."""
    page.wait_for_function(
        """(n) => { const desk = document.querySelector("chat-desk");
          return !desk.isReplying && desk.replies?.length === n && desk.replies.every((one) => one.isDone)
            && desk.isUpdatePending === false; }""",
        arg=n,
    )
    return [reply_text(one) for one in page.locator("chat-desk [role=listbox]").all()]


def reply_text(listbox):
    tokens = listbox.locator("[role=option]:not([aria-label^='end of the reply'])")
    return "".join(tokens.all_text_contents()).strip()


def say(page, text):
    page.get_by_role("textbox", name="Say something to luna").fill(text)
    page.keyboard.press("Enter")


def in_the_terminal(luna, lines, *flags):
    """What `show_model.py chat` answers to these lines."""
    words = ("chat", "--run", "runs/luna", "--weights", "int8", *flags)
    done = run_script("show_model.py", *words, input="\n".join([*lines, "", ""]), cwd=luna.home)
    return [text.strip() for text in re.findall(r"luna:(.*)", done.stdout)]


# What is said ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags, hash", [((), {}), (("--temperature", 1.5), dict(temperature=1.5))])
def test_luna_says_here_what_she_says_in_the_terminal(browser, luna, flags, hash):
    expected = in_the_terminal(luna, TALK, *flags)
    with there(browser, luna, link(**hash)) as page:
        for n, line in enumerate(TALK, 1):
            say(page, line)
            found = replies(page, n)
        assert found == expected and len(set(found)) > 1
        # A conversation of this length does not fit: the page says so, as the terminal does.
        assert page.locator("chat-desk .edge").count() == 1
        address = page.url
    with opened(browser, address) as page:
        assert replies(page, len(TALK)) == expected


def test_the_last_reply_is_drawn_again_taken_back_or_begun_anew(browser, luna, run, model):
    with there(browser, luna, link("hello", "what do you eat")) as page:
        first, second = replies(page, 2)
        page.get_by_role("button", name="Another reply").click()
        page.wait_for_function("() => location.hash.includes('4_what')")
        assert replies(page, 2) == [first, drawn_by(run, model, ["hello", "what do you eat"], 4)]
        page.go_back()
        page.wait_for_function("() => !location.hash.includes('4_what')")
        assert replies(page, 2) == [first, second]
        page.get_by_role("button", name="Take back the last turn").click()
        assert replies(page, 1) == [first]
        # What was said goes back to the field, to be said differently.
        field = page.get_by_role("textbox", name="Say something to luna")
        assert field.input_value() == "what do you eat"
        page.get_by_role("button", name="Start over").click()
        page.wait_for_function("() => !location.hash.includes('chat')")
        assert replies(page, 0) == []


def prompt_of(run, model, lines):
    """The ids that stand before the reply to the last of these lines; seeds count from 2."""
    said = []
    for seed, line in enumerate(lines, 2):
        said.append(f"you: {line}\nluna:")
        ids = run.ids("\n".join(said))
        said[-1] += spoken_by(run, model, ids, seed)
    return ids


def written(run, model, prompt, seed, without=None):
    """The ids of a reply, drawn one by one without a cache; `without`: a head that adds nothing."""
    ids, numbers = [], random_numbers(seed)
    while len(prompt) + len(ids) < run.s.n_ctx:
        logits = next_token_logits(model, prompt + ids, without)
        ids.append(pick(sampling_probs(logits, run.s.temperature), next(numbers)))
        if run.vocab[ids[-1]] == "\n" or ids[-1] == run.tokenizer.end:
            break
    return ids


def spoken_by(run, *how):
    return run.tokenizer.decode(written(run, *how)).replace(END, "").replace("\n", "")


def drawn_by(run, model, lines, seed):
    return spoken_by(run, model, prompt_of(run, model, lines), seed).strip()


@torch.inference_mode()
def next_token_logits(model, ids, without):
    def attention_fn(layer, q, k, v):
        mixed, weights = train.fused_attention(q, k, v)
        if without and without[0] == layer:
            mixed[:, without[1]] = 0
        return mixed, weights

    x = model.token_embedding(torch.tensor([ids]))
    x = x + model.position_embedding(torch.arange(len(ids)))
    for layer, block in enumerate(model.blocks):
        x, _ = block(x, lambda q, k, v, layer=layer: attention_fn(layer, q, k, v))
    return model.unembed(model.norm(x))[0, -1]


def test_a_stopped_reply_ends_where_the_address_says_and_is_read_so_far(browser, luna, run, model):
    with there(browser, luna, link("2.3_my name is mia", "hello")) as page:
        first, second = replies(page, 2)
        told = prompt_of(run, model, ["my name is mia"])
        short = run.tokenizer.decode(written(run, model, told, 2)[:3])
        assert first == short.strip()
        prompt = run.ids(f"you: my name is mia\nluna:{short}\nyou: hello\nluna:")
        assert second == spoken_by(run, model, prompt, 3).strip()


def test_stop_before_the_first_token_gives_back_what_was_said(browser, luna):
    with there(browser, luna) as page:
        # A number of weights that never arrives.
        page.route("**/weights/*.bin", lambda route: None)
        page.get_by_role("slider", name="Training step").first.press("Home")
        page.wait_for_function("() => location.hash.includes('step=0')")
        say(page, "hello")
        page.locator("#talk").get_by_role("button", name="Stop").click()
        page.wait_for_function("() => !location.hash.includes('chat')")
        field = page.get_by_role("textbox", name="Say something to luna")
        assert field.input_value() == "hello"
        assert page.get_by_role("button", name="Send").is_enabled()


# Why ---------------------------------------------------------------------------------------------

TOLD = ["my name is mia", "what is my name"]
REASON = """() => { const { reason } = document.querySelector("chat-why");
    if (!reason?.without) return null;
    const { head, copier, shownHead, effects, ids, id, p, turn, index } = reason;
    const [layer, which] = shownHead.split(".").map(Number);
    const row = reason.pass.attentionRow(2 * layer + which, ids.length - 1);
    return { head, copier, shownHead, effects, ids, id, p, turn, index, row }; }"""


def reason(page):
    """What the page has found out about the chosen token, as soon as all of it is there."""
    return page.wait_for_function(REASON).json_value()


def test_each_head_costs_a_token_what_pytorch_says(browser, luna, run, model):
    with there(browser, luna, link(*TOLD)) as page:
        replies(page, 2)
        page.get_by_role("button", name="Why this reply? Reply 2").click()
        found = reason(page)
        ids = prompt_of(run, model, TOLD)
        ids = ids + written(run, model, ids, 3)[: found["index"]]
        assert found["ids"] == ids and found["turn"] == 1
        losses = ablated_losses(model, [[*ids, found["id"]]])[..., -1]
        effects = {one["head"]: one["after"] for one in found["effects"]}
        for layer in range(run.s.n_layer):
            for head in range(run.s.n_head):
                expected = math.exp(-losses[layer, head])
                assert effects[f"{layer}.{head}"] == pytest.approx(expected, rel=1e-3, abs=1e-6)
        assert [one["after"] for one in found["effects"]] == sorted(effects.values())
        # What is shown by itself is the head whose absence costs most, and its reply.
        assert found["head"] == found["effects"][0]["head"]
        # Its attention, from where the token was predicted: that of the head which copies most.
        weights = attention_weights(model, ids)[:, :, -1]
        layer, head = map(int, found["shownHead"].split("."))
        assert found["row"] == pytest.approx(weights[layer, head].tolist(), abs=1e-4)
        if earlier := [key for key, id in enumerate(ids) if id == found["id"]]:
            copied = weights[..., earlier].max()
            assert found["copier"]["head"] == found["shownHead"]
            assert found["copier"]["weight"] == pytest.approx(copied.item(), abs=1e-4)
            assert ids[found["copier"]["key"]] == found["id"]
        without = tuple(map(int, found["head"].split(".")))
        prompt = prompt_of(run, model, TOLD)
        sides = page.locator("chat-without dd").all_inner_texts()
        assert [one.strip() for one in sides] == [
            spoken_by(run, model, prompt, 3).strip(),
            spoken_by(run, model, prompt, 3, without).strip() or "(nothing)",
        ]
        # Another head is switched off by pressing it; a link shows the same.
        other = page.locator("chat-why li button").nth(1)
        other.click()
        head = found["effects"][1]["head"]
        page.wait_for_function(
            "(head) => document.querySelector('chat-why').reason.without?.head === head", arg=head
        )
        side = page.locator("chat-without dd").last.inner_text()
        address = page.url
    with opened(browser, address) as page:
        assert reason(page)["head"] == head
        assert page.locator("chat-without dd").last.inner_text() == side


def test_a_question_about_a_reply_is_about_what_was_told_earlier(engine):
    telling = """async ([tokens, told, asked]) => {
        const { tellingToken } = await import("../app/chat-turns.js");
        const tokens_ = tokens.map(([id, p]) => ({ id, p }));
        return tellingToken(tokens_, told, asked, (id) => id > 9); }"""
    sure = [(20, 0.99), (30, 0.9), (31, 0.99), (5, 0.2), (40, 0.8)]
    assert engine(telling, [sure, [[1, 30, 31], [20]], []]) == 1  # the longest piece
    assert engine(telling, [sure, [[30], [40, 2]], []]) == 4  # the least a matter of course
    assert engine(telling, [sure, [[30, 31]], [30]]) == 2  # not what was asked for just now
    assert engine(telling, [sure, [[5]], []]) == 3  # nothing was told: where it was not sure
    assert engine(telling, [sure[:1], [], [20]]) == 0


def test_a_token_is_chosen_by_keyboard_and_explained_by_its_rivals(browser, luna, run, model):
    with there(browser, luna, link("hello")) as page:
        (reply,) = replies(page, 1)
        listbox = page.get_by_role("listbox", name="Reply 1, token by token")
        listbox.focus()
        page.keyboard.press("End")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => location.hash.includes('chatToken=0.1')")
        found = reason(page)
        assert found["index"] == 1
        chosen = listbox.get_by_role("option", selected=True)
        assert chosen.count() == 1
        prompt = prompt_of(run, model, ["hello"])
        ids = prompt + written(run, model, prompt, 2)[:1]
        p = next_token_logits(model, ids, None).softmax(-1)
        best = run.vocab[p.argmax()]
        row = page.locator("chat-why tr").first
        assert row.locator("th").get_attribute("title") == best.replace(" ", "·").replace("\n", "↵")
        assert row.locator("td").last.inner_text().startswith(f"{100 * p.max():.0f}"[:1])
        page.get_by_role("button", name="Close").click()
        page.wait_for_function("() => !document.querySelector('chat-why').reason")


# What it reads -----------------------------------------------------------------------------------


def test_what_it_has_no_token_for_is_marked_in_your_words(browser, luna):
    with there(browser, luna) as page:
        page.get_by_role("textbox", name="Say something to luna").fill("Hello, ∑ LUNA")
        page.locator("chat-desk .heard b").first.wait_for()
        assert page.locator("chat-desk .heard b").all_inner_texts() == [
            "H",
            "∑",
            "L",
            "U",
            "N",
            "A",
        ]
        page.keyboard.press("Enter")
        replies(page, 1)
        assert page.locator("chat-desk .unknown").all_inner_texts() == list("H∑LUNA")
        heard = page.evaluate("document.querySelector('chat-desk').replies[0].heard")
        assert heard == "hello,  luna"
        assert page.locator("chat-desk .reads span").first.inner_text() == heard
        say(page, "hello")  # nothing of which is unknown
        replies(page, 2)
        assert page.locator("chat-desk .reads").count() == 1


def test_what_does_not_fit_is_faded_and_is_not_read(browser, luna):
    lines = ["hello", "good morning", "what do you eat", "where do you live", "hello", "who am i"]
    with there(browser, luna, link(*lines)) as page:
        replies(page, len(lines))
        kept = page.evaluate("document.querySelector('chat-desk').replies.at(-1).lines[0].turn")
        assert 0 < kept < len(lines)
        gone = page.locator("chat-desk .you.gone")
        assert gone.all_inner_texts() == lines[:kept]
        # The line that says so stands between what is read and what is not.
        edge = page.locator("chat-desk .edge").bounding_box()["y"]
        assert (
            gone.last.bounding_box()["y"]
            < edge
            < page.locator("chat-desk .you").nth(kept).bounding_box()["y"]
        )


def test_one_line_that_fills_the_context_gets_a_sentence_and_no_reply(browser, luna):
    with there(browser, luna, link("hello", "bfgb " * 30, "hello")) as page:
        replies(page, 3)
        assert page.locator("chat-desk [role=listbox]").count() == 2
        assert page.locator("chat-desk .note").count() == 1


def test_an_address_has_room_for_so_much_and_then_it_says_so(browser, luna):
    many = [f"hello {'good ' * 30}"] * 40
    with there(browser, luna, link(*many)) as page:
        page.get_by_text("has no room for more").wait_for()
        assert page.get_by_role("button", name="Send").is_disabled()
        page.get_by_role("button", name="Take back the last turn").click()
        page.wait_for_function("() => location.hash.length < 3000")
        page.get_by_role("button", name="Start over").click()
        page.wait_for_function("() => !location.hash.includes('chat')")
        assert page.get_by_role("button", name="Send").is_enabled()


# What one may say --------------------------------------------------------------------------------


def asked(page):
    buttons = page.locator("chat-topics li button:not([aria-label])")
    return buttons.all_inner_texts()


def test_questions_of_the_training_are_proposed_by_topic_and_said_when_pressed(browser, luna):
    with there(browser, luna) as page:
        topics = page.get_by_role("combobox", name="Topics")
        topics.select_option(label="home")
        assert asked(page) == ["where do you live", "where is your home"]  # the third is held out
        page.get_by_role("button", name="where is your home", exact=True).click()
        replies(page, 1)
        assert page.locator("chat-desk .you").inner_text() == "where is your home"
        manifest = json.loads((luna.folder / "exported/luna/manifest.json").read_text("utf-8"))
        about = page.locator("chat-desk .about").inner_text()
        assert f"{manifest['parameters']:,} parameters" in about
        assert "600 made-up conversations" in about and "5 topics" in about


def test_an_older_export_proposes_the_questions_of_its_prompts(browser, luna, tmp_path):
    site = shutil.copytree(luna.folder, tmp_path / "site")
    file = site / "exported" / "luna" / "manifest.json"
    manifest = json.loads(file.read_text("utf-8"))
    assert [topic["name"] for topic in manifest.pop("topics")][:2] == ["name told", "name asked"]
    file.write_text(json.dumps(manifest), "utf-8")
    prompts = {prompt.split("\n")[0].removeprefix("you: ") for prompt in manifest["prompts"]}
    with served(site) as address, opened(browser, f"{address}/playground.html") as page:
        assert set(asked(page)) == prompts


# Where it stands ---------------------------------------------------------------------------------


def test_a_conversation_comes_first_where_there_is_one_and_other_runs_have_none(
    browser, luna, site
):
    with there(browser, luna) as page:
        field = page.get_by_role("textbox", name="Say something to luna").bounding_box()
        assert field["y"] + field["height"] < 900
        assert field["y"] < page.get_by_label("The beginning", exact=True).bounding_box()["y"]
    with opened(browser, f"{site.address}/playground.html#chat=hello") as page:
        assert not page.locator("#talk").is_visible()
        assert page.get_by_role("log").count() == 0
        assert page.get_by_role("slider", name="Training step").count() == 1


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_jumps_while_it_comes_in_over_a_slow_network_or_is_used(browser, luna, width):
    page = browser.new_page(viewport=dict(width=width, height=800))
    page.add_init_script("""globalThis.shifts = 0;
        new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts += one.value; })
          .observe({ type: "layout-shift", buffered: true });""")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = dict(offline=False, latency=50, downloadThroughput=1_000_000, uploadThroughput=100_000)
    network.send("Network.emulateNetworkConditions", slow)  # ms, bytes per second
    page.goto(f"{luna.address}/playground.html#{link('hello')}")
    replies(page, 1)
    field = page.get_by_role("textbox", name="Say something to luna")
    top = "one => one.getBoundingClientRect().top + scrollY"
    before = field.evaluate(top)
    say(page, "My name is mia")
    replies(page, 2)
    page.get_by_role("button", name="Why this reply? Reply 2").click()
    reason(page)
    assert field.evaluate(top) == before
    assert page.evaluate("shifts") < 0.05
    page.close()


def test_on_a_phone_the_field_and_then_the_reasons_are_in_view_above_the_bar(browser, luna):
    with there(browser, luna, width=390, height=844) as page:
        bar = page.locator("#talk step-controls")
        field = page.get_by_role("textbox", name="Say something to luna").bounding_box()
        assert field["y"] + field["height"] <= bar.bounding_box()["y"]
        say(page, TALK[0])
        replies(page, 1)
        page.get_by_role("button", name="Why this reply? Reply 1").click()
        page.locator("chat-why table").wait_for()
        page.wait_for_function(
            """() => { const { renderRoot } = document.querySelector("chat-why");
                const bar = document.querySelector("#talk step-controls").getBoundingClientRect();
                return renderRoot.querySelector("h3").getBoundingClientRect().top >= 0
                  && renderRoot.querySelector("table").getBoundingClientRect().bottom <= bar.top; }"""
        )


def test_the_slider_has_a_younger_model_say_it(browser, luna, run):
    young = quantize(run.at(0), "int8")[2]
    with there(browser, luna, link("hello")) as page:
        old = replies(page, 1)
        page.get_by_role("slider", name="Training step").first.press("Home")
        page.wait_for_function(
            "() => document.querySelector('live-chat').chat.state.model.step === 0"
        )
        found = replies(page, 1)
        assert found == [drawn_by(run, young, ["hello"], 2)] != old
        page.get_by_role("button", name="Why this reply? Reply 1").click()
        assert len(reason(page)["effects"]) == 4


# For everybody -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_nothing_to_mend_in_a_conversation_with_a_reason(browser, luna, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with there(browser, luna, link("Hello", *TOLD), width=width, dark=dark) as page:
        replies(page, 3)
        page.get_by_role("button", name="Why this reply? Reply 3").click()
        reason(page)
        found = Axe().run(page).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []


def test_a_whole_reply_is_read_aloud_once_and_markup_is_text(browser, luna):
    with there(browser, luna) as page:
        say(page, "hello <b>you</b>")
        (reply,) = replies(page, 1)
        page.locator("chat-desk [role=status]").get_by_text(reply).wait_for(state="attached")
        assert page.get_by_role("log").get_attribute("aria-live") == "off"
        assert page.locator("chat-desk .you").inner_text() == "hello <b>you</b>"
