"""Talk to it, as somebody finds it who has never used it: nothing depends on chance, all is in view and said."""

import re

from helpers import opened

import pytest

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
