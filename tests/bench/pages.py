"""How long it takes to draw another step, compared with one layout of the same page: medians.

    python tests/bench/pages.py                 the site that it comes with, half a minute
    python tests/bench/pages.py my_site

They take turns, in the same page, so that a slow or a busy machine slows both. Expected: a third,
and at most a half, both in index.html and in explore.html.
"""

import sys
from pathlib import Path

import common  # noqa: F401  (puts tests/ on sys.path)
import helpers

from playwright.sync_api import sync_playwright

ROUNDS = 40
MEASURE = """async (rounds) => {
    const { renderRoot } = document.querySelector("step-controls");
    const slider = renderRoot.querySelector("input");
    const steps = Math.min(4, Number(slider.max) + 1);
    const figures = [...document.querySelectorAll("main *")].filter((one) => one.updateComplete);
    const timed = async (act) => {
      const start = performance.now();
      await act();
      document.body.getBoundingClientRect();
      return performance.now() - start;
    };
    const move = async (i) => {
      slider.value = Number(slider.max) - i % steps;
      slider.dispatchEvent(new Event("input"));
      for (let k = 0; k < 30; k++) await null;  // what is known comes at once
      await Promise.all(figures.map((figure) => figure.updateComplete));
    };
    const layOut = async () => {
      document.body.style.display = "none";
      document.body.getBoundingClientRect();
      document.body.style.display = "";
    };
    for (let i = 0; i < steps; i++) {  // fetched once
      await move(i);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const drawn = [], laidOut = [];
    for (let i = 0; i < rounds; i++) {
      drawn.push(await timed(() => move(i)));
      laidOut.push(await timed(layOut));
    }
    const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
    return [median(drawn), median(laidOut)]; }"""


def main(site):
    with sync_playwright() as playwright, helpers.served(site) as address:
        browser = playwright.chromium.launch(executable_path=helpers.chromium(), args=helpers.QUIET)
        for name in ("index.html", "explore.html"):
            with helpers.opened(browser, f"{address}/{name}") as page:
                page.mouse.move(5, 5)  # the first interaction
                drawn, laid_out = page.evaluate(MEASURE, ROUNDS)
            print(
                f"{name:12} another step {drawn:.1f} ms, the whole layout {laid_out:.1f} ms: "
                f"{drawn / laid_out:.2f}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(common.repository, "site")))
