"""Talk to it, as somebody finds it who has never used it: nothing depends on chance, all is in view and said."""

import re

from helpers import opened

PHONE = dict(width=390, height=844)


def there(browser, site, hash="", **size):
    return opened(browser, f"{site.address}/playground.html#{hash}", **size)


def finished(page):
    """Wait until the model has written, and give the text after the beginning."""
    page.get_by_role("button", name="Go on").wait_for()
    return "".join(page.locator("written-text .written[role=option]").all_text_contents())


# Look inside ------------------------------------------------------------------------------------

PASS = 'document.querySelector("written-pass").passes.state.both[0]'
READ = """() => { const { promptIds, tokens } = document.querySelector("live-text").writing.state;
    const [pass] = document.querySelector("written-pass").passes.state.both;
    const figure = document.querySelector("text-attention");
    return pass?.length === promptIds.length + tokens.length && figure.pass === pass
      && !figure.isUpdatePending; }"""
# The text is read when its last token is missing, and all of it is there before that is done. In what is read then,
# it is another head that looks most.
READ_TOO_EARLY = """(head) => {
    const { writing } = document.querySelector("live-text");
    const { model, tokens } = writing.state;
    const forward = model.forward.bind(model);
    model.forward = async (ids, options) => {
      model.forward = forward;
      const record = await forward(ids, options);
      const triangle = (ids.length * (ids.length + 1)) / 2;
      record.attention.fill(0).fill(1, head * triangle, (head + 1) * triangle);
      writing.update({ isWriting: false, tokens });
      return record;
    };
    writing.update({ isWriting: true, tokens: tokens.slice(0, -1) }); }"""


def test_which_head_is_shown_does_not_depend_on_how_fast_a_text_is_read(browser, site):
    heads = []
    for is_early in (False, True):
        with there(browser, site, "length=40", **PHONE) as page:
            finished(page)
            if is_early:
                page.evaluate(READ_TOO_EARLY, (heads[0] + 1) % 4)
            page.locator("text-attention").scroll_into_view_if_needed()
            page.wait_for_function(READ)
            assert page.evaluate(f"() => {PASS}.clearestLook()?.head") is not None
            heads.append(page.evaluate("() => document.querySelector('text-attention').headIndex"))
    assert heads[0] == heads[1]


# Write ------------------------------------------------------------------------------------------

IN_VIEW = """(selector) => { const [host, inner] = selector.split(" >> ");
    const box = document.querySelector(host).renderRoot.querySelector(inner).getBoundingClientRect();
    const bar = document.querySelector("#write step-controls").getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= bar.top + 1; }"""


def test_on_a_phone_a_token_is_answered_where_it_was_tapped(browser, site):
    with there(browser, site, "length=40", **PHONE) as page:
        finished(page)
        about = page.locator("written-text .line")
        assert about.inner_text().strip() == ""
        controls = page.locator("writing-controls")
        before = controls.evaluate("(one) => one.offsetTop")
        token = page.locator("written-text .written[role=option]").nth(2)
        likely = re.search(r"[\d.]+%", token.get_attribute("aria-label"))[0]
        token.click()
        about.locator("b").first.wait_for()
        assert page.evaluate(IN_VIEW, "written-text >> .line")
        assert controls.evaluate("(one) => one.offsetTop") == before, "something has jumped"
        assert about.locator("b").count() == 3, "the token and two others"
        found = re.findall(r"([\d.]+)%", about.inner_text())
        assert abs(float(found[0]) - float(likely[:-1])) <= 1
        about.get_by_role("link", name="All tokens").click()
        page.wait_for_function(
            """() => { const { top } = document.querySelector("token-ranking").getBoundingClientRect();
                return top >= 0 && top < innerHeight / 2; }"""
        )


def test_a_token_that_was_taken_is_named_at_every_step_until_it_is_left_to_the_model(browser, site):
    with there(browser, site, "length=12&position=7") as page:
        finished(page)
        button = page.locator("written-text .line button")
        assert button.count() == 0
        page.get_by_role("button", name=re.compile("^Take (?!back)")).first.click()
        page.wait_for_function("() => location.hash.includes('branch=')")
        token = page.locator("written-text .taken").text_content()
        page.get_by_role("slider", name="Training step").press("Home")
        page.wait_for_function("() => document.querySelector('writing-controls').model?.step === 0")
        finished(page)
        named = page.locator("written-text .line b").first.text_content()
        assert named.replace("·", " ").strip("↵ ") == token.strip("↵ ")
        button.click()
        page.wait_for_function("() => !location.hash.includes('branch=')")
        text = finished(page)
        assert button.count() == 0 and page.locator("written-text .taken").count() == 0
    with there(browser, site, "length=12&step=0") as page:
        assert finished(page) == text
