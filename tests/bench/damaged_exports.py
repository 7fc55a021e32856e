"""Damage an exported run in many ways and open its pages in Chromium: what do they say?

    python tests/bench/damaged_exports.py 60 [--seed 1]

Each damage is done to a copy of the shipped site. A page passes if its heading is there, no
exception was left, no figure waits for ever, and a file that is missing or broken and was asked for
is named in a sentence. Prints a line for each page that does not pass, and the counts.
"""

import argparse
import hashlib
import json
import random
import shutil
import tempfile
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
from helpers import QUIET, ROOT, chromium, served

PAGES = ("index.html", "explore.html", "write.html")
ODD = [
    None,
    0,
    -1,
    1e308,
    2**53,
    "",
    "x" * 100_000,
    "<img src=x onerror=alert(1)>",
    "\u202e",
    [],
    {},
    [[]],
    True,
    {"__proto__": {"a": 1}},
    "../../index.json",
    "//127.0.0.1:9/x",
]
WAITING = """() => {
  const waits = [];
  const visit = (root, name) => { for (const one of root.querySelectorAll("*")) {
    if (one.getAttribute("aria-busy") === "true" && one.checkVisibility()) waits.push(name);
    if (one.shadowRoot) visit(one.shadowRoot, one.localName); } };
  visit(document, "page");
  return waits; }"""


def set_hash(run, path):
    """Let the manifest vouch for a changed file, as somebody would who wishes a page ill."""
    manifest, raw = json.loads((run / "manifest.json").read_text("utf-8")), path.read_bytes()
    name = path.relative_to(run).as_posix()
    manifest["files"][name] = dict(bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())
    (run / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def replace_something(content, rng):
    """Replace one value anywhere in a JSON text by an odd one; returns where."""
    way = []
    while isinstance(content, (dict, list)) and content:
        key = rng.choice(list(content) if isinstance(content, dict) else range(len(content)))
        way.append(key)
        inside = content[key]
        if not isinstance(inside, (dict, list)) or not inside or rng.random() < 0.3:
            content[key] = rng.choice(ODD)
            return way
        content = inside
    return way


def change_content(path, rng):
    content = json.loads(path.read_text("utf-8"))
    way = replace_something(content, rng)
    path.write_text(json.dumps(content), "utf-8")
    return f"{path.name}: another value at {way}"


def change_bytes(path, rng):
    raw = bytearray(path.read_bytes())
    kind = rng.choice(("cut", "flip", "empty", "page", "json", "gone"))
    if kind == "gone":
        path.unlink()
    elif kind == "flip":
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        path.write_bytes(raw)
    else:
        path.write_bytes(
            {
                "cut": raw[: rng.randrange(len(raw))],
                "empty": b"",
                "json": b"null",
                "page": b"<!doctype html><title>Sign in</title>",
            }[kind]
        )
    return f"{path.name}: {kind}"


def damage(site, rng):
    """Damage the run of a site. Returns what was done."""
    run = site / "exported" / "stories"
    files = [
        run / name
        for name in (
            "manifest.json",
            "samples.json",
            "log.json",
            "heads.json",
            "check.json",
            "steps/001300-0.json",
            "logits/001300.json",
        )
    ]
    if rng.random() < 0.5:
        path = rng.choice(files)
        done = change_content(path, rng)
        if path.name != "manifest.json":
            set_hash(run, path)
        return done
    files += [run / "weights/001300.bin", site / "exported/index.json"]
    return change_bytes(rng.choice(files), rng)


def verdict(browser, address, name, seconds=8):
    """Open a page of a damaged site. Returns (what is wrong with it, what it says)."""
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append("a dialog"))
    try:
        page.goto(f"{address}/{name}", wait_until="load")
        page.mouse.move(5, 5)
        for _ in range(5 * seconds):
            page.wait_for_timeout(200)
            waits = page.evaluate(WAITING)
            if not waits:
                break
        wrong = [f"exception: {error}" for error in errors]
        wrong += [f"{figure} waits" for figure in waits]
        if not page.get_by_role("heading", level=1).is_visible():
            wrong.append("no heading")
        if page.locator("img").count():
            wrong.append("markup")
        return wrong, page.get_by_role("alert").all_inner_texts()
    finally:
        page.close()


def drill(browser, source, count, seed):
    """Yield (what was done, the page, what is wrong, what it says) for each of some damages."""
    rng = random.Random(seed)
    for i in range(count):
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder) / "site"
            shutil.copytree(source, site)
            done, name = damage(site, rng), PAGES[i % 3]
            with served(site) as address:
                yield done, name, *verdict(browser, address, name)


def main():
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=60)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    path = chromium()
    failed = said = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        for done, name, wrong, alerts in drill(browser, ROOT / "site", args.count, args.seed):
            failed += bool(wrong)
            said += bool(alerts)
            if wrong:
                print(f"{name}, {done}: {'; '.join(wrong)}", flush=True)
        browser.close()
    print(
        f"{args.count} damaged exports: {failed} pages failed, {said} said what is wrong, "
        f"{args.count - failed - said} did not need what was damaged"
    )


if __name__ == "__main__":
    main()
