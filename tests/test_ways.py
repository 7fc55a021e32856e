"""Three ways to write a head: lines in order, blanks to fill, an empty body. None gives the answer away."""

import re
from types import SimpleNamespace

from helpers import drawn, opened
from typed_heads import judge

import pytest
from hypothesis import given
from hypothesis import strategies as st

PAGES = ("write.html", "lessons/05-attention.html", "lessons/de/05-attention.html")
IN_ORDER = [
    "D = q.shape[-1]",
    "scores = q @ k.transpose(-2, -1) / D**0.5",
    "later = torch.ones_like(scores).triu(1) > 0",
    "hidden = scores.masked_fill(later, -math.inf)",
    "weights = hidden.softmax(dim=-1)",
    "return weights @ v, weights",
]
FILLINGS = ["powers / sums", "shares @ v"]
# All that a page holds: its texts, attributes and templates, in shadow roots, too.
HELD = """() => {
    const pieces = [];
    const read = (root) => {
        for (const one of root.querySelectorAll("*")) {
            pieces.push(...[...one.attributes].map((attribute) => attribute.value));
            if ("value" in one) pieces.push(String(one.value));
            if (one.localName === "template") read(one.content);
            if (one.shadowRoot) read(one.shadowRoot);
        }
        pieces.push(root.textContent);
    };
    read(document);
    return pieces.join("\\n"); }"""


def is_right(source):
    """Whether the judge of train.py finds nothing wrong with a source."""
    names = {}
    try:
        exec(source, names)
    except (SyntaxError, NameError):
        return False
    return judge(names["attention" if "def attention" in source else "Head"]) is None


def sources_of(engine, exercise):
    """The source with which each way begins, and the answer."""
    made = engine(
        """async (exercise) => {
        const { WAYS, startOf } = await import("/exercise/ways.js");
        const { answerTo } = await import("/exercise/answers.js");
        return { answer: answerTo(exercise), filled: answerTo(exercise, "blanks"),
                 starts: Object.fromEntries(WAYS.map((way) => [way, startOf(exercise, way)])) }; }""",
        exercise,
    )
    return SimpleNamespace(**made)


def run_it(page):
    """What is said of the code once it has run."""
    page.get_by_role("button", name="Run it", exact=True).click()
    page.wait_for_function("""() => {
        const check = document.querySelector("head-check");
        return check.result && !check.busy && !check.changed && !check.isUpdatePending; }""")
    return page.locator("head-check .verdict").inner_text()


def lines_in(page):
    return [one.strip() for one in page.locator("line-order li .text").all_inner_texts()]


def put_in_order(page, lines):
    """Press the arrows until the lines stand in this order."""
    for i, line in enumerate(lines):
        for _ in range(lines_in(page).index(line) - i):
            page.get_by_role("button", name=f"Move up: {line}").click()
    assert lines_in(page) == lines


# What is right ----------------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", ["attention", "head"])
def test_the_answer_is_right_and_no_way_begins_with_it(engine, exercise):
    sources = sources_of(engine, exercise)
    assert is_right(sources.answer)
    assert not any(is_right(start) for start in sources.starts.values())
    first, *rest = sources.starts["blanks"].split("____")
    filled = first + "".join(filling + part for filling, part in zip(FILLINGS, rest, strict=True))
    assert filled == sources.filled and is_right(filled)
    given = sources.starts["order"].splitlines()
    assert sorted(given) == sorted(sources.answer.splitlines())
    lines = given[-len(IN_ORDER) :]
    assert lines == sorted(lines), "the order of the alphabet gives nothing away"


@given(st.permutations(IN_ORDER))
def test_lines_in_an_order_are_right_exactly_if_each_uses_only_what_is_made_above(lines):
    source = "import math\nimport torch\ndef attention(q, k, v):\n    " + "\n    ".join(lines)
    made = [line.split(" = ")[0] for line in IN_ORDER[:-1]]
    uses = {line: set(made) & set(re.findall(r"\w+", line.split(" = ")[-1])) for line in lines}
    is_made_above = all(
        uses[line] <= {above.split(" = ")[0] for above in lines[:i]} for i, line in enumerate(lines)
    )
    assert is_right(source) == (is_made_above and lines[-1].startswith("return"))


def test_whatever_stands_in_the_blanks_or_in_whatever_order_is_read_out_of_the_source_again(engine):
    found = engine("""async () => {
        const ways = await import("/exercise/ways.js");
        const { EXERCISES } = await import("/exercise/exercises.js");
        const fillings = [["", ""], ["q @ k", " v"], ["$&", "\\\\1 (.*)"], ["a, b", ""]];
        const tried = [];
        for (const [exercise, { lines }] of Object.entries(EXERCISES)) {
            for (const some of fillings) tried.push([some, ways.fillingsIn(exercise, ways.withFillings(exercise, some))]);
            const turned = [...lines].reverse();
            tried.push([turned, ways.linesIn(exercise, ways.withLines(exercise, turned))]);
        }
        const broken = ["", "def attention(q, k, v): pass"].map((source) =>
            ["order", "blanks"].map((way) => ways.fitsWay("attention", way, source)));
        return { tried, broken }; }""")
    assert len(found["tried"]) == 10
    for put_in, read in found["tried"]:
        assert [one.strip() for one in read] == [one.strip() for one in put_in]
    assert found["broken"] == [[False, False], [False, False]]


# In the page ------------------------------------------------------------------------------------


def test_lines_are_put_in_order_by_keyboard_and_run_in_the_model(browser, site):
    with opened(browser, f"{site.address}/lessons/05-attention.html") as page:
        page.locator("#build").scroll_into_view_if_needed()
        page.locator("line-order li").first.wait_for()
        assert lines_in(page) == sorted(IN_ORDER)
        assert "line 7" in run_it(page)
        assert "hidden" in page.locator("line-order .wrong").inner_text()
        up = page.get_by_role("button", name="Move up: scores")
        up.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert lines_in(page).index(IN_ORDER[1]) == 2
        assert up.evaluate("(one) => one === one.getRootNode().activeElement"), "it keeps the focus"
        page.keyboard.press("Alt+ArrowUp")
        assert lines_in(page)[:2] == IN_ORDER[:2]
        said = page.locator("line-order [role=status]")
        assert IN_ORDER[1] in said.inner_text() and "2" in said.inner_text()
        put_in_order(page, IN_ORDER)
        assert run_it(page).startswith("This is attention.")
        page.goto(f"{site.address}/write.html#way=order")
        drawn(page)
        assert lines_in(page) == IN_ORDER, "what was done in the lesson is here, too"
        page.goto(f"{site.address}/lessons/teacher.html")
        kept = page.locator("lesson-record pre")
        kept.wait_for()
        assert [one.strip() for one in kept.inner_text().splitlines()[-6:]] == IN_ORDER
        page.get_by_role("button", name="Delete all answers").click()
        page.get_by_role("button", name="Delete them for good").click()
        kept.wait_for(state="detached")
        page.goto(f"{site.address}/write.html#way=order")
        drawn(page)
        assert lines_in(page) == sorted(IN_ORDER), "it is deleted with all the rest"
        put_in_order(page, IN_ORDER)
        page.get_by_role("button", name="Start over").click()
        page.get_by_role("button", name="Delete it").click()
        page.wait_for_function(
            "() => document.querySelector('line-order').code.includes('hidden = scores')"
        )
        assert lines_in(page) == sorted(IN_ORDER)


def test_a_line_is_dragged_to_where_it_belongs(browser, site):
    with opened(browser, f"{site.address}/write.html#way=order") as page:
        line = page.locator("line-order li", has_text="return weights")
        last = page.locator("line-order li").last
        start, end = line.locator(".number").bounding_box(), last.bounding_box()
        page.mouse.move(start["x"] + 4, start["y"] + start["height"] / 2)
        page.mouse.down()
        page.mouse.move(start["x"] + 4, end["y"] + 4, steps=8)
        page.mouse.move(start["x"] + 4, end["y"] + end["height"] / 2)
        page.mouse.up()
        page.wait_for_function(
            "() => document.querySelector('line-order').code.trimEnd().endsWith('weights @ v, weights')"
        )
        assert lines_in(page)[-1] == "return weights @ v, weights"
        page.mouse.move(start["x"], start["y"] - 200)
        assert lines_in(page)[-1] == "return weights @ v, weights", "it was let go"


@pytest.mark.parametrize("exercise", ["attention", "head"])
def test_blanks_are_filled_and_an_empty_one_is_named(browser, site, exercise):
    address = f"{site.address}/write.html#way=blanks&exercise={exercise}"
    with opened(browser, address) as page:
        fields = page.locator("code-blanks input")
        page.get_by_label("Blank 1 of 2").fill(FILLINGS[0])
        run_it(page)
        assert page.evaluate("document.querySelector('head-check').result.mistake.hint") == "blank"
        assert page.locator("code-blanks .error-line input").count() == 1
        page.get_by_label("Blank 2 of 2").fill("None")
        assert not run_it(page).startswith("This is attention.")
        fields.nth(1).fill(FILLINGS[1])
        fields.nth(1).press("Enter")
        page.get_by_text("This is attention.").wait_for()
        page.get_by_role("button", name="Write it all").click()
        page.locator("code-editor .cm-content").wait_for()
        page.get_by_role("button", name="Fill blanks").click()
        fields.first.wait_for()
        assert [one.input_value() for one in fields.all()] == FILLINGS
        page.reload()
        drawn(page)
        assert [one.input_value() for one in fields.all()] == FILLINGS


def test_a_part_that_somebody_comes_to_at_once_waits_for_the_elements_around_it(browser, site):
    address = f"{site.address}/lessons/05-attention.html"
    held = []
    with opened(browser, address) as page:
        page.route("**/elements/forward-pass.js", lambda route: held.append(route))
        page.goto(f"{address}#section=build")
        page.reload()  # only the hash had changed
        page.locator("#build").scroll_into_view_if_needed()
        page.wait_for_timeout(1500)  # long enough for the part, if it did not wait
        assert page.evaluate("customElements.get('line-order') === undefined")
        held[-1].continue_()
        page.locator("line-order li").first.wait_for()
        drawn(page)
        assert page.locator("#error *").count() == 0
        assert page.locator("attention-by-hand table").is_visible()


def test_what_was_asked_about_one_way_is_not_asked_in_another(browser, site):
    with opened(browser, f"{site.address}/write.html#way=order") as page:
        page.get_by_role("button", name="Start over").click()
        page.get_by_text("Delete what you did here?").wait_for()
        page.get_by_role("button", name="Fill blanks").click()
        page.locator("code-blanks input").first.wait_for()
        page.get_by_text("Delete what you did here?").wait_for(state="detached")


def test_a_draft_that_fits_no_way_is_not_shown(browser, site):
    with opened(browser, f"{site.address}/write.html") as page:
        page.evaluate("localStorage.setItem('terrarium/write/attention/order', 'rubbish')")
        page.get_by_role("button", name="Order lines").click()
        page.locator("line-order li").first.wait_for()
        assert lines_in(page) == sorted(IN_ORDER)


# Nothing gives the answer away ------------------------------------------------------------------


def code_in(page):
    return page.evaluate(
        "document.querySelector('line-order, code-blanks, code-editor')?.code ?? ''"
    )


def lines_of(text):
    """The lines of the answer that stand in a text, in the order in which they stand there."""
    found = [(text.find(line), line) for line in IN_ORDER if line in text]
    return [line for _, line in sorted(found)]


def assert_gives_nothing_away(page, way, exercise):
    code, held = code_in(page), page.evaluate(HELD)
    assert code and not is_right(code)
    assert lines_of(held) != IN_ORDER
    assert not [filling for filling in FILLINGS if filling in held]
    if way == "empty":
        assert len(lines_of(held)) == 0


@pytest.mark.parametrize("name", PAGES)
def test_nothing_that_can_be_reached_before_show_me_holds_the_answer(browser, site, name):
    """Neither what is shown, nor what is only in the page, nor what it has fetched."""
    bodies = {}
    exercises = ("attention", "head") if name == "write.html" else ("attention",)
    with opened(browser, f"{site.address}/{name}") as page:
        page.on("response", lambda response: bodies.update({response.url: response}))
        page.reload()
        drawn(page)
        page.evaluate("document.querySelector('#typed, #build').scrollIntoView()")
        for exercise in exercises:
            for way in ("order", "blanks", "empty"):
                page.evaluate(f"location.hash = 'way={way}&exercise={exercise}'")
                figure = {"order": "line-order", "blanks": "code-blanks", "empty": "code-editor"}
                page.locator(figure[way]).wait_for()
                page.wait_for_function(
                    f"() => document.querySelector('{figure[way]}').code?.includes('{'class' if exercise == 'head' else 'def attention'}')"
                )
                assert_gives_nothing_away(page, way, exercise)
                page.locator("run-code .primary").click()
                hint = page.get_by_role("button", name="A larger hint")
                hint.click()
                assert_gives_nothing_away(page, way, exercise)
        if name == "write.html":
            page.locator("#mistakes").scroll_into_view_if_needed()
            page.locator("famous-mistakes b").first.wait_for()
        for mistake in page.locator("famous-mistakes b").all_inner_texts():
            page.get_by_role("button", name=mistake).click()
        assert page.locator("famous-mistakes .asked").count() == (1 if name == "write.html" else 0)
        assert_gives_nothing_away(page, "empty", exercises[-1])
        texts = [
            response.text()
            for url, response in bodies.items()
            if response.ok and url.endswith((".js", ".json", ".html"))
        ]
        assert len(texts) > 30
        assert all(lines_of(text) != IN_ORDER for text in texts)
        page.get_by_role("button", name="Show me an answer").click()
        page.get_by_label("One right answer").wait_for()
        assert lines_of(page.evaluate(HELD)) == IN_ORDER, "what this test looks for can be found"


def test_a_famous_mistake_asks_those_who_have_not_seen_a_right_head(browser, site):
    with opened(browser, f"{site.address}/write.html") as page:
        page.locator("#mistakes").scroll_into_view_if_needed()
        page.get_by_role("button", name="The forgotten scale").click()
        sure = page.get_by_role("button", name="Show me all the same")
        assert sure.evaluate("(one) => one === one.getRootNode().activeElement")
        page.get_by_role("button", name="Not yet").click()
        assert page.evaluate("document.querySelector('code-editor').mistake") is None
        card = page.get_by_role("button", name="The forgotten scale")
        card.wait_for()
        assert card.evaluate("(one) => one === one.getRootNode().activeElement")
        page.get_by_role("button", name="Order lines").click()
        page.locator("line-order li").first.wait_for()
        put_in_order(page, IN_ORDER)
        assert run_it(page).startswith("This is attention.")
        card.click()
        page.locator("code-editor .cm-changed-line").wait_for()
        page.get_by_role("button", name="Back to my code").click()
        page.locator("line-order li").first.wait_for()
        assert lines_in(page) == IN_ORDER


def test_a_hint_never_holds_what_belongs_into_a_blank(engine):
    hints = engine("async () => (await import('/exercise/exercises.js')).HINTS")
    for filling in FILLINGS:
        assert not [name for name, hint in hints.items() if filling in hint]
