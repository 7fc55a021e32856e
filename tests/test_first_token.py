"""What a page loads before the model writes its first token, and when the rest comes."""

from contextlib import contextmanager

from helpers import drawn

import pytest

LATER = ("all-ages", "copied-spans", "operated-texts", "patch-chooser", "text-score")
DEFINED = "(tags) => tags.filter((tag) => customElements.get(tag))"
LOADED = "(tags) => tags.every((tag) => customElements.get(tag))"
FIRST_VIEW = "() => document.querySelector('writing-desk')?.hasAttribute('drawn')"
# The top of a part, in pixels from that of the window, once it has stayed where it is for a while.
RESTS_AT = """(id) => new Promise((resolve) => {
    const top = () => Math.round(document.getElementById(id).getBoundingClientRect().y);
    let frames = 0;
    let last = top();
    const look = () => {
      frames = top() === last ? frames + 1 : 0;
      last = top();
      if (frames < 20) requestAnimationFrame(look);
      else resolve(last);
    };
    look(); })"""


@contextmanager
def held(browser, site, hash="", width=1440, height=900, files="**/weights/*.bin"):
    """A page that waits for some files: page.held has the requests."""
    page = browser.new_page(viewport=dict(width=width, height=height), reduced_motion="reduce")
    page.held, page.asked, page.complaints = [], [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.route(files, lambda route: page.held.append(route))
    page.goto(f"{site.address}/playground.html#{hash}")
    yield page
    assert page.complaints == []
    page.close()


def let_come(page):
    """Let the files come that a page waits for, and those that it asks for later."""
    for route in page.held:
        route.continue_()
    page.unroute_all()


def wait_for_weights(page):
    """Wait until everything that is seen first is there, but for the weights."""
    page.wait_for_function(FIRST_VIEW)
    while not page.held:
        page.wait_for_timeout(10)


def loaded(page):
    """Which figures further down have been loaded."""
    return page.evaluate(DEFINED, list(LATER))


def test_what_is_further_down_is_neither_loaded_nor_drawn_before_the_first_token(browser, site):
    with held(browser, site, "length=5") as page:
        wait_for_weights(page)
        assert loaded(page) == []
        data = ("copied.json", "heads.json", "training_text.json")
        assert not [url for url in page.asked if url.endswith(data) or "/figures/patch" in url]
        let_come(page)
        page.wait_for_function(LOADED, arg=list(LATER))
        assert page.evaluate(
            "() => document.querySelector('live-text').writing.state.tokens.length"
        )
        drawn(page)


def test_the_engine_starts_before_the_run_is_there(browser, site):
    with held(browser, site, files="**/manifest.json") as page:
        worker = page.workers[0] if page.workers else page.wait_for_event("worker")
        assert worker.url.startswith("blob:")
        while not any(url.endswith("/engine/worker.js") for url in page.asked):
            page.wait_for_timeout(10)
        assert not page.evaluate("() => document.querySelector('terra-page').page?.state.run")
        let_come(page)
        drawn(page)


def test_whoever_scrolls_down_gets_what_is_there_and_not_the_rest(browser, site):
    with held(browser, site) as page:
        wait_for_weights(page)
        page.locator("#steer").scroll_into_view_if_needed()
        page.wait_for_function(LOADED, arg=["steer-chooser"])
        assert "text-score" not in loaded(page)


@pytest.mark.parametrize("way", ["a key", "print"])
def test_keyboards_and_printers_need_not_wait_for_the_first_token(browser, site, way):
    with held(browser, site) as page:
        wait_for_weights(page)
        assert loaded(page) == []
        if way == "a key":
            page.keyboard.press("Tab")
        else:
            page.evaluate("() => { dispatchEvent(new Event('beforeprint')); }")
        page.wait_for_function(LOADED, arg=list(LATER))


@pytest.mark.parametrize("hash", ["text=%E2%98%83", "run=nobody"])
def test_where_no_token_comes_the_rest_comes_all_the_same(browser, site, hash):
    page = browser.new_page()
    page.goto(f"{site.address}/playground.html#{hash}")
    page.wait_for_function(LOADED, arg=list(LATER))
    page.close()


@pytest.mark.parametrize("width, height", [(1440, 900), (390, 844)])
def test_a_link_leads_to_a_part_that_is_not_loaded_yet_and_stays_there(
    browser, site, width, height
):
    with held(browser, site, "length=5&section=patch", width, height) as page:
        page.wait_for_function(LOADED, arg=["patch-chooser"])
        while not page.held:
            page.wait_for_timeout(10)
        before = page.evaluate(RESTS_AT, "patch")
        assert 0 <= before < height / 2
        let_come(page)
        page.wait_for_function(LOADED, arg=list(LATER))
        drawn(page)
        assert abs(page.evaluate(RESTS_AT, "patch") - before) < 2
