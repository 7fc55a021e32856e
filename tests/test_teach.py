"""Teach it something: the part of lab.html in which a grown model learns a few new sentences, and forgets others."""

import contextlib
import json
import zipfile

from data import stories
from helpers import ROOT, served
from terrarium.trained import Run

import numpy as np
import pytest
import torch
from lab_page import IS_READY, LAB, new_profile, opened_at, prepare
from torch.nn.functional import cross_entropy

TEACHING = "document.querySelector('live-teaching').teaching"
IS_IDLE = f"() => !{TEACHING}.state.work"
TEXT = "Tom saw a wobo. The wobo ran to Tom and sat."


@contextlib.contextmanager
def opened(browser, address, width=1440, height=900, **options):
    """The lab, at the part in which something is taught."""
    is_there = "() => document.querySelector('live-teaching')?.teaching"
    with new_profile(browser, width, height, **options) as context:
        with opened_at(context, f"{address}/lab.html", is_there) as page:
            page.locator("#teach").scroll_into_view_if_needed()
            page.wait_for_function(f"() => {TEACHING}.state.run")
            for name in ("teach-chooser", "teach-result", "teach-experiment"):
                page.wait_for_function("name => customElements.get(name)", arg=name)
            yield page


def chooser(page):
    return page.locator("teach-chooser")


def result(page):
    return page.locator("teach-result")


def teach(page, text=TEXT, button="Teach it", **chosen):
    """Write something, choose how it is learned, and wait until it has been."""
    chooser(page).get_by_label("What it is to learn").fill(text)
    page.evaluate(f"chosen => {TEACHING}.choose(chosen)", chosen)
    before = state(page, "results.length")
    chooser(page).get_by_role("button", name=button).click()
    page.wait_for_function(f"{IS_IDLE} && {TEACHING}.state.results.length > {before}")
    assert state(page, "problem") is None


def text_of(figure):
    """All that stands in a figure."""
    return figure.evaluate("figure => figure.renderRoot.textContent")


def state(page, name):
    return page.evaluate(f"() => {TEACHING}.state.{name}")


def mean_loss(model, rows):
    """Nats per token of rows of ids, each token but the first predicted from those before."""
    total = 0
    for ids in rows:
        logits, _ = model(torch.tensor([ids[:-1]]))
        total += cross_entropy(logits[0], torch.tensor(ids[1:]), reduction="sum").item()
    return total / sum(len(ids) - 1 for ids in rows)


def test_a_grown_model_learns_a_text_and_one_sees_what_it_was_before(browser, site, smoke_run):
    with opened(browser, site.address) as page:
        assert not page.evaluate(f"() => Boolean({TEACHING}.worker.worker)"), "nobody has asked"
        assert result(page).locator("table").count() == 0
        teach(page, updates=25)
        losses, old = state(page, "shown.newLoss"), state(page, "shown.oldLoss")
        assert losses["after"] < losses["before"] - 1
        shown = text_of(result(page))
        for number in (losses["before"], losses["after"], old["before"], old["after"]):
            assert f"{number:.2f}" in shown
        texts = result(page).locator(".text").all_inner_texts()
        assert len(texts) == 2 * len(state(page, "shown.samples"))
        assert texts[0] != texts[1] and texts[0][:3] == texts[1][:3]  # before and after
        heads = state(page, "shown.changes.heads")
        layer, head = divmod(heads.index(max(heads)), 2)
        assert f"head {layer}.{head}" in result(page).locator(".moved li").all_inner_texts()[5]
    run = Run(smoke_run)
    end = run.tokenizer.end
    rows = [[end, *run.tokenizer.encode(TEXT), end]]
    assert losses["before"] == pytest.approx(mean_loss(run.model, rows), abs=0.02)  # int8


def test_what_it_forgets_is_measured_as_the_validation_loss(browser, site, smoke, smoke_run):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        old = state(page, "shown.oldLoss")
    run = Run(smoke_run)
    rows = json.loads((smoke / "training_text.json").read_text("utf-8"))["held_out_ids"]
    assert old["texts"] == len(rows)
    assert old["before"] == pytest.approx(mean_loss(run.model, rows), abs=0.02)  # int8
    ended = json.loads((smoke_run / "metrics.json").read_text("utf-8"))["validation_loss"]
    assert old["before"] == pytest.approx(ended, rel=0.03)


def test_of_the_default_model_the_page_says_what_training_ended_with(browser):
    with served(ROOT / "site") as address, opened(browser, address) as page:
        teach(page, updates=1)
        ended = state(page, "run.manifest.metrics.validation_loss")
        assert state(page, "shown.oldLoss.before") == pytest.approx(ended, abs=0.003)


def test_a_text_known_by_heart_that_goes_on_wrongly_is_explained(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        show = f"""ids => {{
          const {{ shown, run }} = {TEACHING}.state;
          const after = ids.map((id) => ({{ id, p: 1 }}));
          const samples = [{{ prompt: "Tom saw", before: [], after }}];
          {TEACHING}.show({{ ...shown, newLoss: {{ before: 5, after: 0 }}, samples }});
        }}"""
        rest = page.evaluate(f"() => [...{TEACHING}.state.tokenizer.encode(' a wobo.')]")
        note = result(page).locator("section .note").first
        said = []
        for ids in (rest, rest[::-1]):
            page.evaluate(show, ids)
            page.evaluate("() => document.querySelector('teach-result').updateComplete")
            said.append(note.inner_text())
        assert said[1].startswith(said[0].strip()) and len(said[1]) > len(said[0])


def test_all_ways_are_compared_and_what_stays_frozen_does_not_move(browser, site):
    with opened(browser, site.address) as page:
        teach(page, button="Compare all ways", updates=3)
        page.wait_for_function(f"() => {TEACHING}.state.results.length === 3")
        rows = result(page).locator(".list tbody tr")
        assert rows.count() == 3
        moved = page.evaluate(f"""() => {TEACHING}.state.results.map((one) =>
          one.changes.tensors.filter(({{ change }}) => change > 0).map(({{ name }}) => name))""")
        whole, last, adapters = moved
        assert any("token_embedding" in name for name in whole)
        assert last and not any("embedding" in name or "blocks.0" in name for name in last)
        assert any("blocks.1" in name for name in last)
        assert adapters and all("blocks" in name and "norm" not in name for name in adapters)
        before = result(page).locator("p.verdict").last.inner_text()
        rows.last.get_by_role("button").click()
        assert rows.last.get_by_role("button").get_attribute("aria-pressed") == "true"
        assert result(page).locator("p.verdict").last.inner_text() != before


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_comparison_comes_into_view_and_names_what_is_shown_below(browser, site, width, height):
    with opened(browser, site.address, width, height) as page:
        teach(page, updates=1, way="last")
        page.locator("teach-rules").get_by_role("button", name="Let it write").click()
        page.locator("teach-rules table").wait_for()
        button = chooser(page).get_by_role("button", name="Compare all ways")
        button.evaluate("one => one.scrollIntoView({ block: 'end' })")
        assert result(page).locator(".list").count() == 0
        button.click()
        page.wait_for_function(f"() => {TEACHING}.state.comparisons === 1")
        rows = result(page).locator(".list tbody tr")
        assert [row.split()[0] for row in rows.all_inner_texts()] == ["Whole", "Last", "Adapters"]
        box = result(page).locator(".list").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height
        names = result(page).locator("h3").all_inner_texts()
        assert "Last layer only" in names[1], "the way that is chosen above"
        assert page.locator("teach-rules table").is_visible(), "its rules are still there"
        rows.first.get_by_role("button").click()
        assert "Whole model" in result(page).locator("h3").all_inner_texts()[1]
        assert page.locator("teach-rules table").count() == 0
        button.click()  # all of it is known
        chooser(page).locator(".notice", has_text="trained").wait_for()
        assert rows.count() == 3
        assert "Last layer only" in result(page).locator("h3").all_inner_texts()[1]


def test_old_text_that_goes_along_makes_it_forget_less(browser, site):
    with opened(browser, site.address) as page:
        text = "Zoe Zoe Zoe Zoe Zoe Zoe Zoe Zoe"
        teach(page, text, updates=100)
        alone = state(page, "shown.oldLoss")
        slider = chooser(page).get_by_role("slider", name="How much of its old text is mixed in")
        slider.focus()
        page.keyboard.press("End")
        assert state(page, "oldFraction") == 0.75
        teach(page, text)
        mixed = state(page, "shown.oldLoss")
    assert alone["before"] == mixed["before"]
    assert mixed["after"] < alone["after"] - 0.2


def test_a_newborn_is_taught_its_own_weights(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        grown = state(page, "shown.newLoss.before")
        slider = chooser(page).get_by_role("slider", name="How old it is")
        slider.focus()
        page.keyboard.press("Home")
        assert "newborn" in slider.get_attribute("aria-valuetext")
        teach(page)
        assert state(page, "shown.newLoss.before") > grown + 0.5


def test_what_cannot_be_learned_is_said_and_the_button_waits(browser, site):
    with opened(browser, site.address) as page:
        field = chooser(page).get_by_label("What it is to learn")
        button = chooser(page).get_by_role("button", name="Teach it")
        for text in ("", "   \n ", "Tom ate 7 日本 cakes."):
            field.fill(text)
            assert button.is_disabled() and field.get_attribute("aria-invalid") == "true"
        assert "日" in text_of(chooser(page))
        field.fill("Tom ran.")
        assert button.is_enabled() and field.get_attribute("aria-invalid") == "false"


def test_what_was_written_and_chosen_is_there_again_when_one_comes_back(browser, site):
    with opened(browser, site.address) as page:
        field = chooser(page).get_by_label("What it is to learn")
        example = field.input_value()
        field.fill(TEXT)
        chooser(page).get_by_label("Adapters").check()
        chooser(page).get_by_role("slider", name="How often").press("Home")
        page.reload()
        page.locator("#teach").scroll_into_view_if_needed()
        page.wait_for_function(f"() => {TEACHING}?.state.run")
        field.wait_for()
        assert example != field.input_value() == TEXT
        assert chooser(page).get_by_label("Adapters").is_checked()
        assert [state(page, name) for name in ("way", "updates")] == ["adapters", 1]


def test_what_the_browser_kept_of_another_version_is_not_shown(browser, site):
    with opened(browser, site.address) as page:
        example = state(page, "text")
        for kept in ("{", "null", "[]", '{"run": 3}', '{"text": "x"}'):
            page.evaluate("kept => sessionStorage.setItem('terrarium.teaching', kept)", kept)
            page.reload()
            page.locator("#teach").scroll_into_view_if_needed()
            page.wait_for_function(f"() => {TEACHING}?.state.run")
            assert state(page, "text") == example


# The rules of the stories ---------------------------------------------------------------------------


def test_the_rules_that_it_breaks_are_counted_in_stories_that_it_writes(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=25)
        rules = page.locator("teach-rules")
        asked = "() => performance.getEntriesByType('resource').some((one) => one.name.includes('story-'))"
        assert not page.evaluate(asked), "nobody has asked for the grammar"
        rules.get_by_role("button", name="Let it write").focus()
        page.keyboard.press("Enter")
        rules.locator("table").wait_for()
        assert rules.evaluate("one => one.renderRoot.activeElement?.className") == "verdict"
        found = page.evaluate(f"() => {TEACHING}.state.rules.get({TEACHING}.state.shown)")
        texts = page.evaluate(
            f"""async () => {{
          const {{ run, tokenizer, shown, snapshot }} = {TEACHING}.state;
          const {{ weightsFile }} = await import("/app/teaching.js");
          const {{ judgedStories }} = await import("/app/teaching-rules.js");
          const given = {{ n: 40, prompts: run.manifest.prompts, tokenizer }};
          const write = (weights) =>
            judgedStories({TEACHING}.worker, {{ settings: shown.settings, weights }}, given);
          const all = [await write(weightsFile(run, snapshot)), await write(shown.weights)];
          return all.map((stories) => stories.map(({{ text }}) => text));
        }}"""
        )
        cells = rules.locator("tbody td").all_inner_texts()
        prompts = state(page, "run.manifest.prompts")
    kept = [[stories.check(text) for text in written] for written in texts]
    for one in found["rules"][:-1]:
        counts = [sum(story[one["rule"]] for story in judged) for judged in kept]
        assert counts == [one["before"]["kept"], one["after"]["kept"]], one["rule"]
    told = [one[when] for one in found["rules"] for when in ("before", "after")]
    assert any(one["of"] == 0 for one in told) and any(one["of"] == 40 for one in told)
    for one, cell in zip(told, cells, strict=True):
        expected = f"{one['kept']} of {one['of']}" if one["of"] else "cannot be judged"
        assert cell.strip() == expected
    assert texts[0] != texts[1] and all(len(set(written)) > 20 for written in texts)
    assert [text.startswith(prompts[i % 5]) for i, text in enumerate(texts[0])] == [True] * 40


def test_writing_stories_can_be_stopped_and_keeps_the_focus(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        rules = page.locator("teach-rules")
        page.evaluate(
            f"""() => {{ const {{ worker }} = {TEACHING};
          const call = worker.call.bind(worker);
          worker.call = (method, given, options) =>
            call(method, method === "write" ? {{ ...given, n: 100_000 }} : given, options); }}"""
        )
        rules.get_by_role("button", name="Let it write").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {TEACHING}.state.judging?.done > 1")
        assert rules.get_by_role("progressbar").is_visible()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => !{TEACHING}.state.judging")
        assert rules.locator("table").count() == 0
        assert rules.evaluate("one => one.renderRoot.activeElement?.localName") == "button"
        teach(page, updates=2)  # the worker is free again


def test_of_another_text_no_rules_are_known(browser, family):
    with served(family) as address, opened(browser, address) as page:
        teach(page, "Tom saw a dog.", updates=1)
        page.locator("teach-keep button").first.wait_for()
        assert page.locator("teach-rules").is_hidden()
        assert text_of(page.locator("teach-rules")).strip() == ""


# What becomes of it ---------------------------------------------------------------------------------


def keep_button(page, name):
    return page.locator("teach-keep").get_by_role("button", name=name)


def test_a_word_that_it_was_taught_comes_when_one_talks_to_it(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=100)
        keep_button(page, "Talk to it").click()
        page.wait_for_url("**/playground.html*")
        page.wait_for_function(
            "() => document.querySelector('written-text')?.renderRoot?.textContent.includes('wobo')"
        )
        assert "smoke-taught" in page.url
        page.goto(page.url.replace("playground.html", "index.html"))
        page.locator("run-origin").get_by_text("smoke", exact=False).first.wait_for()
        page.locator("loss-curve .plot canvas").wait_for()


@pytest.mark.parametrize("way", ["whole", "adapters"])
def test_the_file_of_it_is_a_run_that_goes_on_from_its_parent(
    browser, site, smoke_run, tmp_path, way
):
    with opened(browser, site.address) as page:
        teach(page, updates=5, way=way)
        after = page.evaluate(f"() => [...{TEACHING}.state.shown.weights]")
        losses, forgot = state(page, "shown.losses"), state(page, "shown.oldLoss")
        with page.expect_download() as waiting:
            keep_button(page, "Download").click()
        file = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(file)
        page.locator("lab-take").scroll_into_view_if_needed()
        page.locator("lab-take input[type=file]").set_input_files(file)
        page.locator("lab-take li", has_text="smoke-taught").wait_for()  # it is read, and works
    assert file.name == "lab-smoke-taught.zip"
    with zipfile.ZipFile(file) as archive:
        read = lambda name: archive.read(f"lab-smoke-taught/{name}")
        manifest, log = json.loads(read("manifest.json")), json.loads(read("log.json"))
        first, last = (read(one["file"]) for one in manifest["snapshots"])
    assert manifest["corpus"]["parent"] == dict(name="smoke", step=20, dataset="stories")
    assert manifest["settings"]["lora"] == (4 if way == "adapters" else 0)
    assert manifest["tokenizer"] == json.loads((smoke_run / "tokenizer.json").read_text("utf-8"))
    assert [one["step"] for one in manifest["snapshots"]] == [0, 5]
    assert len(manifest["prompts"]) == 5 and manifest["prompts"][0] == "Tom saw"
    assert log["loss"] == pytest.approx(losses, rel=1e-3)
    assert log["validation"]["loss"] == []  # nothing was held out
    assert log["validation"]["parent_loss"] == pytest.approx([*forgot.values()][:2], rel=1e-3)
    assert weights_in(last, manifest) == pytest.approx(after, rel=1e-3, abs=1e-7)
    parent = Run(smoke_run).model.state_dict().values()
    parent = np.concatenate([one.numpy().ravel() for one in parent])
    assert np.abs(weights_in(first, manifest) - parent).max() < 0.02  # int8
    assert np.abs(weights_in(last, manifest) - parent).max() > 0.02


def weights_in(content, manifest):
    """All numbers of a file of weights, in the order of PyTorch."""
    types = {"float16": "<f2", "float32": "<f4"}
    tensors = manifest["weights"]["tensors"]
    return np.concatenate(
        [
            np.frombuffer(
                content, types[one["type"]], int(np.prod(one["shape"])), one["offset"]
            ).astype("<f4")
            for one in tensors
        ]
    )


def test_a_model_is_kept_beside_those_of_the_lab_and_another_one_gets_its_own_name(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        keep_button(page, "Keep it").focus()
        page.keyboard.press("Enter")
        kept = page.locator("lab-take li")
        kept.nth(0).wait_for()
        page.wait_for_function("() => !document.querySelector('teach-keep').taking.isBusy")
        focused = "figure => figure.renderRoot.activeElement?.textContent ?? ''"
        assert page.locator("teach-keep").evaluate(focused).startswith("Keep")
        assert "smoke-taught" in page.locator("teach-keep").get_by_role("status").inner_text()
        keep_button(page, "Keep it").click()
        page.wait_for_function("() => !document.querySelector('teach-keep').taking.isBusy")
        assert kept.count() == 1  # the same model
        teach(page, updates=2)
        assert page.locator("teach-keep .status").inner_text() == "", "it was of another model"
        keep_button(page, "Keep it").click()
        kept.nth(1).wait_for()
        assert "smoke-taught-2" in kept.first.inner_text()
        assert "2 updates after step 20 of smoke" in kept.first.inner_text()


def test_it_can_be_stopped_and_taught_again(browser, site):
    with opened(browser, site.address) as page:
        page.evaluate(f"() => {TEACHING}.choose({{ updates: 100_000 }})")
        button = chooser(page).get_by_role("button", name="Teach it")
        button.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {TEACHING}.state.work?.done > 1")
        assert chooser(page).get_by_role("progressbar").is_visible()
        page.keyboard.press("Enter")  # the button that is there instead
        page.wait_for_function(IS_IDLE)
        assert button.evaluate("one => one === one.getRootNode().activeElement")
        assert state(page, "results") == []
        teach(page, updates=1)
        assert state(page, "results.length") == 1


def test_runs_without_their_text_are_taught_and_a_missing_file_is_said(browser, family, tmp_path):
    with served(family) as address, opened(browser, address) as page:
        assert chooser(page).get_by_role("slider", name="old text").is_disabled()
        teach(page, "Tom saw a dog.", updates=2)
        assert state(page, "shown.oldLoss") is None
        assert "exported" in text_of(chooser(page))
        other = "tale" if state(page, "run.name") == "tale-king" else "tale-king"
        chooser(page).get_by_label("Which model").select_option(other)
        page.wait_for_function(f"() => {TEACHING}.state.run?.name === '{other}'")
        assert state(page, "shown") is None  # it was another model's
        page.route("**/weights/*.bin", lambda route: route.fulfill(status=404, body=""))
        chooser(page).get_by_label("What it is to learn").fill("Tom saw a dog.")
        chooser(page).get_by_role("button", name="Teach it").click()
        chooser(page).get_by_role("alert").wait_for()
        assert ".bin" in chooser(page).get_by_role("alert").inner_text()
        page.complaints.clear()  # the browser names the missing file, too


@pytest.mark.parametrize("name", ["ages", "times", "fact"])
def test_an_experiment_shows_nothing_before_somebody_has_guessed(browser, site, name):
    with opened(browser, site.address) as page:
        figure = page.locator(f"teach-experiment[name={name}]")
        figure.get_by_role("button", name="Try it").click()
        assert figure.get_by_role("status").inner_text()
        assert state(page, "work") is None and figure.locator("table").count() == 0
        figure.get_by_role("radio").first.check()
        figure.get_by_role("button", name="Try it").click()
        figure.locator("table").wait_for()
        taught = state(page, f"experiments.{name}.length")
        assert figure.locator("tbody tr").count() == taught > 1
        answers = figure.locator(".answers label").all_inner_texts()
        assert any(answer in figure.locator(".verdict").inner_text() for answer in answers)
        assert figure.get_by_role("radio").first.is_disabled()
        focused = "figure => figure.renderRoot.activeElement?.textContent"
        assert "again" in figure.evaluate(focused)
        figure.get_by_role("button", name="Predict again").click()
        assert figure.locator("table").count() == 0
        assert figure.get_by_role("radio", checked=True).count() == 0


def test_the_default_model_learns_five_sentences_in_less_than_a_minute(browser):
    with served(ROOT / "site") as address, opened(browser, address) as page:
        chooser(page).get_by_role("button", name="Teach it").click()
        page.wait_for_function(f"() => {TEACHING}.state.shown")
        assert state(page, "shown.seconds") < 60
        losses, old = state(page, "shown.newLoss"), state(page, "shown.oldLoss")
        assert losses["before"] > 4 and losses["after"] < 0.1
        assert old["after"] > old["before"] + 0.5
        assert "Wobo" in result(page).locator(".after .text").first.inner_text()
        assert "Wobo" not in result(page).locator(".before .text").first.inner_text()
        teach(page, state(page, "text"), way="last")
        assert state(page, "shown.seconds") < 20


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    with opened(browser, site.address, width, color_scheme="dark" if dark else "light") as page:
        teach(page, button="Compare all ways", updates=1)
        page.wait_for_function(f"() => {TEACHING}.state.results.length === 3")
        page.locator("teach-rules").get_by_role("button", name="Let it write").click()
        page.locator("teach-rules table").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, context="#taught").response["violations"]
        page.complaints.clear()  # axe itself tries what the policy forbids
    assert [(one["id"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []


def test_a_model_that_was_taught_and_kept_can_be_taught_again(browser, site):
    with opened(browser, site.address) as page:
        teach(page, updates=1)
        keep_button(page, "Keep it").click()
        models = chooser(page).get_by_label("Which model")
        models.wait_for()
        assert "smoke-taught, kept in this browser" in models.locator("option").last.inner_text()
        models.select_option("lab:smoke-taught")
        page.wait_for_function(f"() => {TEACHING}.state.run.name === 'lab:smoke-taught'")
        teach(page, updates=1)
        assert state(page, "shown.request.run.name") == "lab:smoke-taught"
        keep_button(page, "Keep it").click()
        page.locator("lab-take li", has_text="smoke-taught-taught").wait_for()
        about = page.evaluate(
            """async () => (await import("/app/run.js")).openRun("lab:smoke-taught-taught")
            .then((run) => run.manifest.corpus.parent)"""
        )
        assert about["name"] == "smoke-taught"


# One's own model ------------------------------------------------------------------------------------

OWN = dict(n_layer=2, n_head=2, n_embd=16, n_ff=32, n_ctx=32, batch_size=8, steps=40)


def test_of_ones_own_model_the_text_of_the_lab_is_the_old_text(browser, site):
    with opened(browser, site.address) as page:
        page.wait_for_function(IS_READY)
        prepare(page, OWN, name="your text")
        page.evaluate(f"() => {LAB}.start()")
        page.wait_for_function(f"() => {LAB}.state.status === 'finished'")
        loss = page.evaluate(f"() => {LAB}.state.evaluations.at(-1).loss")
        page.locator("#take").scroll_into_view_if_needed()
        page.locator("lab-take").get_by_role("button", name="Keep it in this").click()
        page.locator("lab-take li").wait_for()
        chooser(page).get_by_label("Which model").select_option("lab:your-text")
        page.wait_for_function(f"() => {TEACHING}.state.run.name === 'lab:your-text'")
        assert "40 steps" in chooser(page).locator(".which").inner_text()
        slider = chooser(page).get_by_role("slider", name="old text")
        assert slider.is_enabled()
        text = "Anna Anna Anna Anna Anna Anna"
        teach(page, text, updates=50)
        alone = state(page, "shown.oldLoss")
        assert alone["before"] == pytest.approx(loss, rel=0.02)  # float16
        teach(page, text, oldFraction=0.75)
        assert state(page, "shown.oldLoss.after") < alone["after"]
        page.evaluate(f"() => {LAB}.setText({{ name: 'other', text: 'Zoe sat. '.repeat(400) }})")
        page.wait_for_function(f"() => {LAB}.state.text.name === 'other'")
        assert slider.is_disabled()
        teach(page, text)
        assert state(page, "shown.oldLoss") is None
