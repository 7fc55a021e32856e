"""Compare: the part of lab.html in which named runs are compared, and seeds show what chance does."""

import contextlib
import math

import pytest
from lab_page import opened_lab

# A model so small that it is trained several times within a second, and a text for it.
TINY = dict(n_layer=1, n_head=1, n_embd=16, n_ff=32, n_ctx=16, batch_size=4, steps=40, warmup=4)
TEXT = (
    "Tom saw a small dog. The dog ran to Tom and Anna.\n<|endoftext|>\n"
    "Anna and Tom went home, and the dog went home with them.\n<|endoftext|>\n"
) * 40
OTHER_TEXT = TEXT.replace("dog", "cat")
LAB = "document.querySelector('live-lab').lab"
FIGURE = "document.querySelector('lab-compare')"
IS_READY = f"() => {LAB}?.state.status === 'ready'"
IS_IDLE = f"() => !{FIGURE}.plans.length && {FIGURE}.planned"
NOTHING_IS_KEPT = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }"
)


@contextlib.contextmanager
def opened(browser, address, width=1440, height=900, script="", text=TEXT, **options):
    """The lab with a tiny model, at the part in which runs are compared."""
    with opened_lab(browser, f"{address}/lab.html", width, height, script, **options) as page:
        prepare(page, text)
        yield page


def prepare(page, text=TEXT):
    page.wait_for_function(IS_READY)
    page.evaluate(f"given => {LAB}.setSettings(given)", TINY)
    choose_text(page, text)
    page.locator("#compare").scroll_into_view_if_needed()
    page.wait_for_function("() => customElements.get('lab-compare')")
    page.wait_for_function(IS_IDLE)


def choose_text(page, text, name="Tom"):
    page.evaluate(f"given => {LAB}.setText(given)", dict(name=name, text=text))
    page.wait_for_function(IS_READY)


def figure(page):
    return page.locator("lab-compare")


def button(page, name):
    return figure(page).get_by_role("button", name=name)


def choose(page, change, seeds):
    """Change something, by the beginning of what it is called."""
    chooser = figure(page).get_by_label("Change")
    names = chooser.locator("option").all_inner_texts()
    [label] = [name for name in names if name.startswith(change)]
    chooser.select_option(label=label)
    figure(page).get_by_label("Train each with").select_option(label=seeds)


def train(page, change="AdamW instead of Muon", seeds="three seeds"):
    """Change something, train what it takes, and wait until it is there."""
    before = len(runs(page))
    choose(page, change, seeds)
    button(page, "and compare").click()
    page.wait_for_function(
        "({ before }) => {"
        f"const {{ runs, plans }} = {FIGURE};"
        "return runs.length > before && !plans.length; }",
        arg=dict(before=before),
    )
    page.wait_for_function(IS_IDLE)


def runs(page):
    return page.evaluate(f"() => {FIGURE}.runs")


def names(page):
    return [run["name"] for run in runs(page)]


def verdicts(page):
    return figure(page).locator(".verdicts li")


def curves(page):
    """The names of the curves, as somebody hears them who does not see."""
    texts = figure(page).locator("loss-curves li").all_text_contents()
    return [text.split(":")[0] for text in texts]


def focused(page):
    return page.evaluate(f"() => {FIGURE}.renderRoot.activeElement?.textContent.trim()")


def test_one_press_trains_a_model_and_its_change_and_says_whether_it_is_chance(browser, site):
    with opened(browser, site.address) as page:
        assert verdicts(page).count() == 0
        train(page, "Learning rates a third as high")
        assert [len(run["seeds"]) for run in runs(page)] == [3, 3]
        assert curves(page) == names(page)
        said = verdicts(page).inner_text()
        ends = [[seed["points"][-1][1] for seed in run["seeds"]] for run in runs(page)]
        means = [sum(some) / 3 for some in ends]
        width = max(max(some) - min(some) for some in ends)
        difference = abs(round(means[0], 2) - round(means[1], 2))  # of the numbers beside it
        for number in (difference, *means, width):
            assert f"{number:.2f}" in said
        kind = verdicts(page).get_attribute("class")
        assert kind == ("effect" if abs(means[0] - means[1]) > width else "chance")
        rows = figure(page).locator("tbody th").all_inner_texts()
        assert "Learning rate of the matrices" in rows and "Layers" not in rows


def test_the_two_that_were_trained_last_are_compared_first_whatever_else_is_shown(browser, site):
    with opened(browser, site.address) as page:
        train(page, "Half the width", seeds="one seed")
        page.evaluate(f"given => {LAB}.setSettings(given)", dict(steps=30))
        page.wait_for_function(IS_READY)
        page.wait_for_function(f"() => {FIGURE}.planned?.[0]?.facts.settings.steps === 30")
        choose(page, "No weight decay", "one seed")
        page.wait_for_function(IS_IDLE)
        button(page, "and compare").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FIGURE}.runs.length === 4 && !{FIGURE}.plans.length")
        page.wait_for_function(IS_IDLE)
        base, change = names(page)[2:]
        first = verdicts(page).first.inner_text()
        assert f"“{base}”" in first and f"“{change}”" in first
        chosen = figure(page).get_by_label("Compared with").locator("option:checked")
        assert chosen.inner_text() == base
        assert verdicts(page).count() == 3
        focus = f"() => {FIGURE}.renderRoot.activeElement?.className"
        assert page.evaluate(focus) == "verdicts"


def test_one_run_each_says_nothing_until_there_are_more_seeds(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        assert verdicts(page).get_attribute("class") == "unknown"
        button(page, "with three seeds").click()
        page.wait_for_function(f"() => {FIGURE}.runs.every(({{ seeds }}) => seeds.length === 3)")
        page.wait_for_function(
            f"() => !{FIGURE}.renderRoot.querySelector('.verdicts li.unknown, .verdicts button')"
        )


def test_runs_are_there_again_after_a_reload(browser, site):
    with opened(browser, site.address) as page:
        train(page, "Nothing but the seeds", "one seed")
        field = figure(page).get_by_label("Name of Other seeds")
        field.fill("Chance")
        field.press("Enter")
        before = runs(page)
        assert before[1]["name"] == "Chance"
        page.reload()
        prepare(page)
        assert runs(page) == before
        assert curves(page) == names(page)
        assert button(page, "and compare").is_enabled()  # for AdamW, which was not trained


def test_runs_can_be_hidden_renamed_removed_and_brought_back_by_the_keyboard(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        first, second = names(page)
        box = figure(page).get_by_label(f"Show {first}")
        box.focus()
        page.keyboard.press("Space")
        assert not box.is_checked()
        page.wait_for_function(f"() => {FIGURE}.shown.length === 1")
        assert curves(page) == [second] and verdicts(page).count() == 0
        field = figure(page).get_by_label(f"Name of {first}")
        field.fill(second)
        field.press("Enter")
        assert second in figure(page).locator("[role=status]").inner_text()
        assert names(page) == [first, second]
        assert field.input_value() == second  # what was typed is not lost
        button(page, f"Remove {second}").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FIGURE}.runs.length === 1")
        assert focused(page) == "Bring it back"
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FIGURE}.runs.length === 2")
        assert names(page) == [first, second]
        on = f"() => {FIGURE}.renderRoot.activeElement?.getAttribute('aria-label')"
        assert page.evaluate(on) == f"Show {second}"


def test_a_training_can_be_stopped_and_the_focus_stays_where_one_goes_on(browser, site):
    with opened(browser, site.address) as page:
        page.evaluate(
            f"given => {LAB}.setSettings(given)", dict(n_embd=128, n_ff=512, batch_size=64)
        )
        page.wait_for_function(IS_READY)
        page.wait_for_function(f"() => {FIGURE}.planned?.[0]?.facts.settings.n_embd === 128")
        button(page, "and compare").focus()
        page.keyboard.press("Enter")
        page.wait_for_function(f"() => {FIGURE}.work?.trial?.step > 0")
        assert focused(page) == "Stop"
        assert figure(page).get_by_role("progressbar").is_visible()
        assert button(page, "Add the model above").is_disabled()
        page.keyboard.press("Enter")
        page.wait_for_function(IS_IDLE)
        assert page.evaluate(f"() => {FIGURE}.renderRoot.activeElement.matches('.turn, select')")
        assert runs(page) == []


def test_the_model_above_is_added_as_it_is(browser, site):
    with opened(browser, site.address) as page:
        assert button(page, "Add the model above").is_disabled()
        page.locator("lab-run").get_by_role("button", name="Train", exact=True).click()
        page.wait_for_function(f"() => {LAB}.state.status === 'finished'")
        button(page, "Add the model above").click()
        page.wait_for_function(f"() => {FIGURE}.runs.length === 1")
        last = page.evaluate(f"() => {LAB}.state.evaluations.at(-1)")
        assert runs(page)[0]["seeds"][0]["points"][-1] == [last["step"], last["loss"]]
        assert f"{last['loss']:.2f}" in figure(page).locator(".facts").inner_text()
        button(page, "Add the model above").click()
        page.wait_for_function(f"() => {FIGURE}.outcome.includes('already')")
        assert len(runs(page)) == 1
        button(page, "Remove My model").click()
        page.wait_for_function(f"() => !{FIGURE}.runs.length")
        assert "My model" not in figure(page).locator("[role=status]").inner_text()


def test_a_model_in_the_middle_of_its_training_is_not_compared_with_one_at_the_end(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        early = f"""() => {{
            const {{ named }} = {FIGURE};
            const [{{ seeds: [seed], ...facts }}] = named.state.runs;
            const seeds = [{{ ...seed, points: seed.points.slice(0, 3) }}];
            named.add({{ ...facts, name: "Early", seeds }});
        }}"""
        page.evaluate(early)
        said = figure(page).locator(".verdicts li.unfinished")
        said.wait_for()
        assert "Early" in said.inner_text() and f"of {TINY['steps']}" in said.inner_text()


def test_runs_on_different_texts_are_not_compared(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        choose_text(page, OTHER_TEXT, name="Cats")
        page.wait_for_function(IS_IDLE)
        train(page, "Half the width", seeds="one seed")
        assert len(runs(page)) == 4
        chooser = figure(page).get_by_label("Runs on the text")
        assert chooser.locator("option").all_inner_texts() == ["Tom", "Cats"]
        assert curves(page) == names(page)[2:]
        chooser.select_option(label="Tom")
        page.wait_for_function(f"() => {FIGURE}.shown[0].text.name === 'Tom'")
        assert curves(page) == names(page)[:2]


def test_runs_with_different_tokens_are_compared_per_character(browser, site):
    with opened(browser, site.address) as page:
        train(page, "Nothing but the seeds", seeds="one seed")
        page.evaluate(f"() => {LAB}.setTokens({{ kind: 'bpe', vocabSize: 60 }})")
        page.wait_for_function(IS_READY)
        page.wait_for_function(IS_IDLE)
        train(page, "Nothing but the seeds", seeds="one seed")
        assert "bits per character" in figure(page).locator("loss-curves .caption").inner_text()
        assert "Tokens" in figure(page).locator("tbody th").all_inner_texts()
        per_character = {run["tokens"]["size"]: run["tokens"]["perCharacter"] for run in runs(page)}
        assert per_character == {20: 378 / 371, 60: 105 / 371}  # tokens of the held-out documents
        given = page.evaluate(f"() => {FIGURE}.curves.map(({{ points }}) => points.at(-1)[1])")
        for run, bits in zip(runs(page), given, strict=True):
            nats = run["seeds"][0]["points"][-1][1]
            assert bits == pytest.approx(nats * run["tokens"]["perCharacter"] / math.log(2))


def test_a_browser_that_keeps_nothing_says_so_and_all_else_works(browser, site):
    with opened(browser, site.address, script=NOTHING_IS_KEPT) as page:
        train(page, seeds="one seed")
        assert len(runs(page)) == 2 and verdicts(page).count() == 1
        assert figure(page).get_by_text("these runs are lost").is_visible()


def test_a_run_whose_loss_is_no_number_any_more_breaks_off_and_says_so(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        broken = f"""() => {{
            const {{ named }} = {FIGURE};
            const [{{ seeds: [seed], ...facts }}] = named.state.runs;
            const seeds = [{{ ...seed, points: [[0, 4]], failedAt: 3 }}];
            named.add({{ ...facts, name: "Wild", seeds }});
        }}"""
        page.evaluate(broken)
        page.wait_for_function(f"() => {FIGURE}.renderRoot.querySelector('.verdicts li.broken')")
        assert "Wild" in figure(page).locator(".verdicts li.broken").inner_text()
        assert curves(page) == names(page)


def test_where_models_learn_by_heart_their_lowest_losses_are_compared(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        learned = f"""() => {{
            const {{ named }} = {FIGURE};
            const [{{ seeds: [seed], ...facts }}] = named.state.runs;
            const seeds = [1, 2, 3].map((i) => ({{ ...seed, seed: i, points: [[0, 4], [20, 1 + i / 100], [40, 9]] }}));
            named.add({{ ...facts, name: "By heart", seeds }});
        }}"""
        page.evaluate(learned)
        last = figure(page).locator(".facts").last
        page.wait_for_function(f"() => {FIGURE}.runs.length === 3")
        assert "1.01" in last.inner_text() and "1.03" in last.inner_text()
        assert "9.00" not in figure(page).locator(".verdicts").inner_text()
        assert figure(page).locator(".verdicts a").get_attribute("href") == "#your-text"


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_all_can_be_touched(browser, site, dark):
    scheme = "dark" if dark else "light"
    with opened(browser, site.address, 390, 844, color_scheme=scheme) as page:
        train(page, seeds="one seed")
        page.evaluate(f"() => {FIGURE}.named.rename({FIGURE}.runs[0].id, 'n'.repeat(40))")
        page.wait_for_function(f"() => {FIGURE}.runs[0].name.length === 40")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        controls = figure(page).locator("button:visible, select:visible, .runs label, [type=text]")
        for control in controls.all():
            box = control.bounding_box()
            assert box["height"] >= 40 and box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_the_figure_is_as_high_while_it_trains_as_before(browser, site):
    with opened(browser, site.address) as page:
        train(page, seeds="one seed")
        act = figure(page).locator(".act")
        before = act.bounding_box()["height"]
        choose(page, "Half the width", "five seeds")
        page.wait_for_function(IS_IDLE)
        button(page, "and compare").click()
        page.wait_for_function(f"() => {FIGURE}.work?.trial")
        assert act.bounding_box()["height"] == before
        button(page, "Stop").click()
        page.wait_for_function(IS_IDLE)


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_axe_finds_no_violation_in_a_comparison(browser, site, width, dark):
    from axe_playwright_python.sync_playwright import Axe

    scheme = "dark" if dark else "light"
    with opened(browser, site.address, width, color_scheme=scheme) as page:
        train(page, seeds="one seed")
        button(page, "Remove My model, AdamW").click()
        train(page, "Nothing but the seeds", seeds="one seed")
        found = Axe().run(page)
        page.complaints.clear()  # axe itself tries what the policy forbids
    problems = [
        (one["id"], [n["html"][:90] for n in one["nodes"]]) for one in found.response["violations"]
    ]
    assert problems == []
