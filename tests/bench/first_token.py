"""How long until the page writes the first token? Medians, in milliseconds.

    python tests/bench/first_token.py             the site that it comes with
    python tests/bench/first_token.py my_site
    python tests/bench/first_token.py old_site new_site      in turns

Twice: after the run has been opened (its weights are fetched and the worker starts), and for a new
text when the model is there. Bar: 100 each. The time is that of the page's own state, some of a
frame before it is drawn. Sites take turns, so that anything else the machine does slows all of them.
"""

import contextlib
import statistics
import sys
from pathlib import Path

import common
import helpers

from playwright.sync_api import sync_playwright

ROUNDS = 15
WATCH = """
const note = (name, source, isThere) => {
  const look = () => { if (isThere(source.state)) globalThis[name] ??= performance.now(); };
  source.subscribe(look);
  look();
};
customElements.whenDefined("terra-page").then(() =>
  note("opened", document.querySelector("terra-page").page, ({ run }) => run));
customElements.whenDefined("live-text").then(() =>
  note("first", document.querySelector("live-text").writing, ({ tokens }) => tokens.length));"""
WRITE_ANOTHER = """(text) => new Promise((resolve) => {
  const { store } = document.querySelector("terra-page");
  const { writing } = document.querySelector("live-text");
  const start = performance.now();
  const stop = writing.subscribe(({ request, tokens } = writing.state) => {
    if (request.text !== text || !tokens.length) return;
    stop();
    resolve(performance.now() - start);
  });
  store.set({ text }); })"""


def opening(browser, address):
    with browser.new_page() as page:
        page.add_init_script(WATCH)
        page.goto(f"{address}/playground.html")
        page.wait_for_function("() => globalThis.first && globalThis.opened")
        return page.evaluate("first - opened")


def another_text(browser, address):
    with helpers.opened(browser, f"{address}/playground.html") as page:
        page.wait_for_function(
            "() => document.querySelector('live-text')?.writing.state.tokens.length"
        )
        return [page.evaluate(WRITE_ANOTHER, f"Once {'very ' * i}") for i in range(1, ROUNDS)]


def report(name, times):
    print(
        f"{name:28} {statistics.median(times):5.0f} ms ({min(times):.0f} to {max(times):.0f} in "
        f"{len(times)} rounds; bar: 100)"
    )


def main(sites):
    with sync_playwright() as playwright, contextlib.ExitStack() as servers:
        addresses = [servers.enter_context(helpers.served(site)) for site in sites]
        browser = playwright.chromium.launch(executable_path=helpers.chromium(), args=helpers.QUIET)
        rounds = [[opening(browser, address) for address in addresses] for _ in range(ROUNDS)]
        for site, address, times in zip(sites, addresses, zip(*rounds)):
            print(site)
            report("after the run is opened", times)
            report("of another text", another_text(browser, address))
        browser.close()


if __name__ == "__main__":
    main([Path(site) for site in sys.argv[1:]] or [Path(common.repository, "site")])
