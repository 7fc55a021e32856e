"""What can be kept of a figure, or shown elsewhere: its numbers, a picture, a frame in another page."""

import csv
import io
import json
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from xml.etree import ElementTree

from helpers import opened
from terrarium.generation import pick, random_numbers, sampling_probs
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import pytest
import torch


def read(folder, name):
    return json.loads((folder / "exported" / "smoke" / f"{name}.json").read_text("utf-8"))


def figure_of(page, tag):
    """A figure, once its button can be used."""
    figure = page.locator(tag).first
    figure.scroll_into_view_if_needed()
    figure.locator("share-button").first.wait_for()
    return figure


def choose(page, tag, item):
    """Choose something in the menu of a figure, by keyboard."""
    figure = figure_of(page, tag)
    figure.locator("share-button").first.focus()
    page.keyboard.press("Enter")
    figure.get_by_role("menuitem", name=item, exact=True).click()
    return figure


def saved(page, tag, item):
    """The name and the content of the file that an item of the menu saves."""
    with page.expect_download() as download:
        choose(page, tag, item)
    file = download.value
    with open(file.path(), "rb") as content:
        return file.suggested_filename, content.read()


def numbers(page, tag):
    """The rows of the table of a figure, read by Python: a list of {name: text}."""
    name, content = saved(page, tag, "Numbers (CSV)")
    assert content.startswith(b"\xef\xbb\xbf") and name.endswith(f"-{tag}.csv")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_losses_of_the_curve_are_those_of_the_export(browser, site):
    log = read(site.folder, "log")
    with opened(browser, f"{site.address}/index.html") as page:
        rows = numbers(page, "loss-curve")
    unseen = {int(row["step"]): row["loss on unseen text"] for row in rows}
    trained = {int(row["step"]): row["loss on a training batch"] for row in rows}
    sampled = log["validation"]["sampled_steps"]
    assert [float(unseen[step]) for step in sampled] == log["validation"]["loss"]
    assert [float(trained[step]) for step in log["point_steps"]] == log["loss"]
    assert sum(text != "" for text in unseen.values()) == len(sampled)


def test_a_text_and_a_prediction_have_the_probabilities_of_the_export(browser, site):
    vocab = read(site.folder, "manifest")["tokenizer"]["vocab"]
    recorded = read(site.folder, "steps/000020-1")["tokens"]
    address = f"{site.address}/explore.html#step=20&prompt=1&head=1.0&position=9"
    with opened(browser, address) as page:
        row, likeliest = numbers(page, "token-row"), numbers(page, "top-ten")
        weights = numbers(page, "attention-map")
    written = [one for one in row if one["part"] == "written"]
    assert [int(one["id"]) for one in written] == [one["id"] for one in recorded]
    assert [one["token"].removeprefix("'") for one in written] == [
        vocab[one["id"]].removeprefix("'") for one in recorded
    ]
    read_again = [float(one["probability"]) for one in written]
    assert read_again == pytest.approx([one["p"] for one in recorded], abs=2e-3)
    here = recorded[9 - len(row) + len(written)]["top"]
    assert [int(one["id"]) for one in likeliest][:10] == [id for id, _ in here]
    assert [float(one["probability"]) for one in likeliest][:10] == pytest.approx(
        [p for _, p in here], abs=2e-3
    )
    (of_row,) = [name for name in row[0] if name.startswith("weight")]
    (of_map,) = [name for name in weights[0] if name.startswith("weight")]
    looked = [float(one[of_row]) for one in row if one[of_row]]
    same = [float(one[of_map]) for one in weights if one["query position"] == "8"]
    assert looked == same and sum(same) == pytest.approx(1, abs=0.03)  # a byte each


def test_what_has_not_been_guessed_yet_is_not_in_the_numbers_either(browser, site):
    accuracy = read(site.folder, "samples")["rule_accuracy"]
    steps = accuracy["snapshot_steps"]
    with opened(browser, f"{site.address}/index.html#step={steps[2]}") as page:
        before = numbers(page, "rule-accuracy")
        page.locator("rule-accuracy").get_by_role("button", name="Show me").click()
        after = numbers(page, "rule-accuracy")
    assert len(after[0]) == 1 + len(accuracy["accuracy"]) == 1 + len(before[0])
    assert [int(one["step"]) for one in after] == steps[:3]
    for name in list(after[0])[1:]:
        rule = name.split(" (")[0]
        assert [float(one[name]) for one in after] == accuracy["accuracy"][rule][:3]


def test_tokens_are_quoted_and_none_is_run_by_a_spreadsheet(engine):
    texts = ['a "b", c', "line\nbreak", " x ", "é漢🙂", "=1+1", "+2", "-", "@a", "\tx", "a=b", "'"]
    values = [0.1 + 0.2, -1.5, 1e-300, 3, None]
    rows = [["text", "number"], *[[text, value] for text in texts for value in values]]
    content = engine(
        "async (rows) => (await import('/app/csv.js')).csv(rows)",
        rows,
    )
    assert content[0] == "\ufeff" and content.count("\r\n") == len(rows)
    found = list(csv.reader(io.StringIO(content[1:], newline=""), strict=True))
    assert found[0] == rows[0]
    for (text, value), (said, number) in zip(rows[1:], found[1:], strict=True):
        assert said == ("'" + text if text[0] in "=+-@\t" else text)
        assert number == "" if value is None else float(number) == value


# The menu ---------------------------------------------------------------------------------------

FOCUSED = """() => { let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one.getAttribute("aria-label") ?? one.textContent; }"""


def test_the_menu_is_used_by_keyboard_and_gives_the_focus_back(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        assert not any("share-menu" in url for url in page.requests)
        figure = figure_of(page, "loss-curve")
        button = figure.locator("share-button").first
        button.focus()
        name = page.evaluate(FOCUSED)
        page.keyboard.press("Enter")
        items = figure.get_by_role("menuitem")
        items.first.wait_for()
        words = items.all_inner_texts()
        page.wait_for_function(f"() => ({FOCUSED})() === {json.dumps(words[0])}")
        page.keyboard.press("End")
        assert page.evaluate(FOCUSED) == words[-1]
        page.keyboard.press("ArrowDown")
        assert (
            page.evaluate(FOCUSED) == words[0] and button.get_attribute("aria-expanded") == "true"
        )
        page.keyboard.press("Escape")
        items.first.wait_for(state="hidden")
        assert page.evaluate(FOCUSED) == name
        # What only chooses something has nothing to keep.
        for tag in ("run-picker", "copy-link", "step-controls"):
            assert page.locator(tag).locator("share-button").count() == 0


@pytest.mark.parametrize("name", ["index.html", "explore.html", "playground.html"])
@pytest.mark.parametrize("width", [1440, 853, 390])
def test_the_buttons_of_the_menus_cover_nothing(browser, site, name, width):
    with opened(browser, f"{site.address}/{name}", width) as page:
        page.locator("share-button").first.wait_for(state="attached")
        boxes = page.evaluate("""() => [...document.querySelectorAll("*")]
            .map((one) => [one, one.shadowRoot?.querySelector("share-button")])
            .filter(([, button]) => button?.offsetWidth)
            .map(([one, button]) => [one.localName, button.getBoundingClientRect(),
              [...one.renderRoot.children].filter((part) => part !== button)
                .map((part) => part.getBoundingClientRect())])
            .map(([name, box, parts]) => [name, box.width, box.height, box.right,
              parts.some((part) => part.width && part.right > box.left + 1 && part.left < box.right &&
                part.bottom > box.top + 1 && part.top < box.bottom - 1)])""")
        assert len(boxes) > 3
        for figure, wide, high, right, is_covering in boxes:
            assert wide >= 24 and high >= 32 and right <= width and not is_covering, figure
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_figure_fills_the_screen_and_leaves_it_again(browser, site):
    with opened(browser, f"{site.address}/index.html") as page:
        figure = choose(page, "loss-curve", "Full screen")
        page.wait_for_function("() => document.fullscreenElement?.localName === 'loss-curve'")
        page.wait_for_function(
            "() => document.querySelector('loss-curve').clientWidth === innerWidth"
        )
        assert figure.locator(".reading").is_visible()
        page.evaluate("() => document.exitFullscreen()")
        page.wait_for_function("() => !document.fullscreenElement")


# Pictures ---------------------------------------------------------------------------------------


def test_a_picture_has_the_curve_in_its_colour_and_is_twice_as_fine(browser, site):
    with opened(browser, f"{site.address}/index.html#step=20") as page:
        box = figure_of(page, "loss-curve").bounding_box()
        name, content = saved(page, "loss-curve", "Save picture (PNG)")
        greens = page.evaluate(
            """async (bytes) => {
            const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
            const canvas = Object.assign(document.createElement("canvas"),
              { width: picture.width, height: picture.height });
            const ctx = canvas.getContext("2d");
            ctx.drawImage(picture, 0, 0);
            const { data } = ctx.getImageData(0, 0, canvas.width, canvas.height);
            let n = 0;
            for (let i = 0; i < data.length; i += 4)
              if (data[i] === 0x2f && data[i + 1] === 0x6b && data[i + 2] === 0x45) n += 1;
            return n; }""",
            list(content),
        )
    assert name == "terrarium-smoke-step-20-loss-curve.png"
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    assert width >= 2 * box["width"] and height >= 2 * box["height"]
    assert greens > 1000  # the curve, which is as long as the picture


def test_the_curve_is_lines_and_letters_in_an_svg(browser, site):
    log = read(site.folder, "log")
    with opened(browser, f"{site.address}/index.html") as page:
        _, content = saved(page, "loss-curve", "Save picture (SVG)")
    drawn = list(ElementTree.fromstring(content).iter())
    assert not any(one.tag.endswith("}image") for one in drawn)
    (points,) = {
        path.get("d").count("L")
        for path in drawn
        if path.tag.endswith("}path")
        and path.get("stroke") == "#2F6B45"
        and "a" not in path.get("d")
    }
    circles = [one for one in drawn if one.get("fill") == "#2F6B45" and "a" in one.get("d", "")]
    assert len(circles) == points + 1 == len(log["validation"]["loss"])
    words = "".join(one.text or "" for one in drawn)
    assert all(f"({loss:.2f})" in words for loss in log["baselines"].values())


def test_a_picture_of_a_text_has_its_words_its_run_and_its_step(browser, site):
    with opened(browser, f"{site.address}/index.html#step=20&prompt=1") as page:
        seen = page.locator("prompt-samples .text[role=group]").inner_text()
        _, content = saved(page, "prompt-samples", "Save picture (SVG)")
    drawn = ElementTree.fromstring(content)
    words = [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    letters = "".join("".join(words).split())
    assert "".join(seen.split()) in letters
    assert "smoke" in words[-1] and "step 20" in words[-1]


# Frames -----------------------------------------------------------------------------------------


@contextmanager
def another_origin(folder, text):
    """The address of a page with this text, at a server of somebody else."""
    (folder / "index.html").write_text(f"<!doctype html><title>Slides</title>{text}", "utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://localhost:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def frame_line(page, tag):
    """The line of HTML that the menu of a figure gives."""
    choose(page, tag, "Embed")
    return page.locator(tag).first.locator("share-menu textarea").last.input_value()


@pytest.mark.parametrize(
    "tag, page_name", [("loss-curve", "index"), ("written-text", "playground")]
)
def test_a_figure_in_the_page_of_somebody_else_has_its_run_its_step_and_its_theme(
    browser, site, tmp_path, tag, page_name
):
    with opened(browser, f"{site.address}/{page_name}.html#step=20&seed=3") as page:
        if tag == "written-text":
            page.locator("written-text .text[aria-busy=false]").wait_for()
            page.locator("written-text .written").first.wait_for()
            seen = page.locator("written-text .text").inner_text()
        else:
            seen = page.locator("loss-curve .reading").inner_text()
        line = frame_line(page, tag)
    dark = line.replace("theme=light", "theme=dark")
    assert dark != line
    with another_origin(tmp_path, dark) as address:
        page = browser.new_page(color_scheme="light")
        page.goto(address)
        frame = page.frame_locator("iframe")
        part = ".text[aria-busy=false]" if tag == "written-text" else ".reading"
        frame.locator(f"{tag} {part}").filter(has_text=seen).wait_for()
        about = frame.locator("embedded-figure .about")
        assert "smoke" in about.inner_text() and "step 20" in about.inner_text()
        link = about.get_by_role("link").get_attribute("href")
        assert link.startswith(f"{page_name}.html#") and "figure" not in link
        background = frame.locator("html").evaluate("one => getComputedStyle(one).backgroundColor")
        assert background == "rgb(18, 22, 19)"
        assert frame.locator("header, nav, run-picker").count() == 0
        page.close()


@pytest.mark.parametrize(
    "name", ["", "step-controls", "text-score", "no-figure", "../engine/gpt", "img", "<b>"]
)
def test_nothing_but_a_figure_that_can_be_shared_is_shown_alone(browser, site, name):
    page = browser.new_page()
    page.goto(f"{site.address}/embed.html#run=smoke&figure={name}")
    page.get_by_role("alert").wait_for()
    inside = page.locator("embedded-figure").evaluate(
        "one => Array.from(one.children, (part) => part.localName)"
    )
    assert inside == ["p", "p"]
    page.close()


def test_two_texts_that_are_compared_are_the_same_in_a_frame(browser, site):
    address = (
        f"{site.address}/explore.html#step=20&prompt=1&versus=step:4&comparedPosition=7&head=1.0"
    )
    with opened(browser, address) as page:
        page.locator("#compared").scroll_into_view_if_needed()
        page.mouse.click(5, 5)
        second = page.locator("token-row[second]")
        second.locator("[role=option]").first.wait_for()
        seen = second.locator(".tokens").inner_text()
        said = second.locator(".description").inner_text()
        second.locator("share-button").first.focus()
        page.keyboard.press("Enter")
        second.get_by_role("menuitem", name="Embed").click()
        page.goto(second.locator("share-menu textarea").first.input_value())
        page.mouse.click(5, 5)
        alone = page.locator("token-row[second]")
        alone.locator(".chosen").first.wait_for()
        assert alone.locator(".tokens").inner_text() == seen
        assert alone.locator(".description").inner_text() == said


def test_attention_on_a_text_that_is_written_is_the_same_in_a_frame(browser, site):
    with opened(browser, f"{site.address}/playground.html#step=20&position=9&head=1.0") as page:
        page.get_by_role("button", name="Go on").wait_for()
        page.locator("text-attention").scroll_into_view_if_needed()
        text = page.locator("text-attention [role=listbox]")
        text.wait_for()
        written = "".join(page.locator("written-text .written[role=option]").all_inner_texts())
        page.wait_for_function(
            """(end) => document.querySelector("text-attention").renderRoot
            .querySelector("[role=listbox]").innerText.endsWith(end)""",
            arg=written[-20:].rstrip(),
        )
        seen = text.inner_text()
        said = page.locator("text-attention .about").text_content()
        choose(page, "text-attention", "Embed")
        page.goto(page.locator("text-attention share-menu textarea").first.input_value())
        page.locator("text-attention [role=listbox]").filter(has_text=seen[-20:]).wait_for()
        assert page.locator("text-attention [role=listbox]").inner_text() == seen
        assert page.locator("text-attention .about").text_content() == said


def test_a_frame_may_show_a_part_of_the_steps(browser, site):
    sampled = read(site.folder, "manifest")["sampled_steps"]
    first, last = sampled[1], sampled[-2]
    assert sampled[0] < first < last
    with opened(browser, f"{site.address}/index.html") as page:
        figure = choose(page, "loss-curve", "Embed")
        figure.get_by_label("Steps from").select_option(str(first))
        figure.get_by_label("up to").select_option(str(last))
        page.goto(figure.locator("share-menu textarea").first.input_value())
        page.locator("loss-curve canvas").wait_for()
        steps = [int(row["step"]) for row in numbers(page, "loss-curve")]
        assert steps == list(range(first, last + 1))
        # A click at either end chooses the step that stands there.
        for x, step in ((0.01, first), (0.99, last)):
            box = page.locator("loss-curve .u-over").bounding_box()
            page.mouse.click(box["x"] + x * box["width"], box["y"] + 20)
            page.locator("embedded-figure .about").filter(has_text=f"step {step} ").wait_for()


# A text -----------------------------------------------------------------------------------------


@torch.inference_mode()
def written_again(run, model, record):
    """(id, probability) of each token that follows from what was copied: see docs/sampling.md."""
    ids, numbers = list(record["prompt_ids"]), random_numbers(record["seed"])
    for n in range(len(record["tokens"])):
        here = [one for one in record["branch"] if one["at"] == n]
        for one in here:
            numbers = random_numbers(one["seed"]) if "seed" in one else numbers
        logits = model(torch.tensor([ids]))[0][0, -1]
        drawn = pick(sampling_probs(logits, **record["sampling"]), next(numbers))
        ids.append(next((one["id"] for one in here if "id" in one), drawn))
        yield ids[-1], logits.softmax(-1)[ids[-1]].item()


@pytest.mark.parametrize("branch", ["", "2t9.4s8"])
def test_a_text_is_written_again_from_what_was_copied_of_it(browser, site, smoke_run, branch):
    run = Run(smoke_run)
    chosen = f"text=The boy saw&seed=5&topK=40&length=20&branch={branch}"
    with opened(browser, f"{site.address}/playground.html#{chosen}") as page:
        page.evaluate("""() => { globalThis.copied = [];
            navigator.clipboard.writeText = async (text) => { copied.push(text); }; }""")
        page.locator("written-text .text[aria-busy=false] .written").nth(5).wait_for()
        choose(page, "written-text", "Copy the text")
        page.wait_for_function("() => copied.length === 1")
        choose(page, "written-text", "Copy it as JSON")
        page.wait_for_function("() => copied.length === 2")
        text, record = page.evaluate("() => copied")
    record = json.loads(record)
    model = quantize(run.at(record["step"]), record["weights"])[2]
    ids, probabilities = zip(*written_again(run, model, record), strict=True)
    assert list(ids) == [one["id"] for one in record["tokens"]] and len(ids) > 5
    assert list(probabilities) == pytest.approx(
        [one["probability"] for one in record["tokens"]], abs=1e-4
    )
    assert record["prompt_ids"] == run.ids("The boy saw") and bool(record["branch"]) == bool(branch)
    assert text == record["text"] and text.startswith("The boy saw")
    assert text == "".join(run.vocab[id] for id in [*record["prompt_ids"], *ids]).replace(END, "")


# For everybody ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width, dark", [(1440, False), (390, True)])
def test_axe_finds_nothing_in_an_open_menu_and_in_a_frame(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    found = []
    with opened(browser, f"{site.address}/index.html", width, dark=dark) as page:
        figure = choose(page, "loss-curve", "Embed")
        link = figure.locator("share-menu textarea").first.input_value()
        found += Axe().run(page).response["violations"]
        page.keyboard.press("Escape")
        figure.locator("share-button").focus()
        page.keyboard.press("Enter")
        figure.get_by_role("menuitem").first.wait_for()
        found += Axe().run(page).response["violations"]
        page.goto(link)
        page.locator("loss-curve canvas").wait_for()
        page.locator("embedded-figure .about a").wait_for()
        found += Axe().run(page).response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []
