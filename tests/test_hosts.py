"""The site on hosts as people have them: it works, or says which file is missing, why, and what to do."""

import contextlib
import gzip
import posixpath
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from helpers import HEAD, PATIENT, QUIET, TIMEOUT, chromium, drawn

import pytest

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
OWN_TEXT = "The dog"


class Host(BaseHTTPRequestHandler):
    """A server of files with habits: functions that change an answer before it is sent."""

    def do_GET(self):  # noqa: N802
        path = self.path.partition("?")[0].removeprefix(self.server.below)
        path = path + "index.html" if path in ("", "/") else path
        file = self.server.folder / path.lstrip("/")
        answer = SimpleNamespace(path=path, status=200, headers={}, body=b"", folder=file)
        if file.is_file():
            answer.body = file.read_bytes()
            answer.headers["Content-Type"] = TYPES.get(file.suffix, "application/octet-stream")
        else:
            answer.status = 404
        for habit in self.server.habits:
            habit(answer)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def hosted(folder, *habits, below=""):
    """The address of a site on such a host: not of this machine, as far as a browser can tell."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    server.folder, server.habits, server.below = folder, habits, below
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://school.example:{server.server_port}{below}"
    server.shutdown()
    server.server_close()


def launched(playwright, *flags):
    if not chromium():
        pytest.skip("The pages are tested in Chromium.")
    rules = "--host-resolver-rules=MAP school.example 127.0.0.1"
    flags = [*QUIET, rules, *flags]
    return playwright.chromium.launch(executable_path=chromium(), args=flags, timeout=TIMEOUT)


@pytest.fixture(scope="module")
def outside(playwright):
    """A browser for which school.example is a machine in the network, without https."""
    browser = launched(playwright)
    yield browser
    browser.close()


@contextlib.contextmanager
def page_of(browser, address=None, **options):
    page = browser.new_page(**options)
    page.set_default_timeout(TIMEOUT)
    page.add_init_script(PATIENT)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    if address:
        page.goto(address)
    yield page
    page.close()


# What somebody does on each of the pages ---------------------------------------------------------


def watch(page):
    """The last sample is shown once the slider is there."""
    page.get_by_role("slider", name="Training step").press("End")
    page.get_by_text("step 20 of 20").wait_for()
    assert page.locator("prompt-samples li").first.inner_text()


def look_inside(page):
    """A text of one's own is computed by the engine, and equals PyTorch's."""
    page.get_by_placeholder("The start of a text").click()  # much is computed once somebody acts
    page.get_by_placeholder("The start of a text").fill(OWN_TEXT)
    page.get_by_text("Computed in this page").wait_for()
    page.get_by_text("This page computes the same numbers as PyTorch.").wait_for()


def run_code(page):
    page.get_by_role("textbox", name="Your code, in Python").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(HEAD)
    page.keyboard.press("Control+Enter")


def write_the_head(page):
    run_code(page)
    page.locator("head-check .verdict", has_text="This is attention.").wait_for()


VISITS = {"index": watch, "explore": look_inside, "write": write_the_head}


def visit_all(browser, address, ending=".html"):
    for name, act in VISITS.items():
        with page_of(browser, f"{address}/{name}{ending}") as page:
            drawn(page)
            act(page)
            assert page.get_by_role("alert").count() == 0
            assert page.errors == []


# Habits of hosts ----------------------------------------------------------------------------------


def refuse(status, *endings):
    def habit(answer):
        if answer.path.endswith(endings):
            answer.status, answer.body = status, b"<h1>Refused</h1>"
            answer.headers["Content-Type"] = "text/html"

    return habit


def drop_underscores(answer):
    """As Jekyll on GitHub Pages."""
    if any(part.startswith("_") for part in answer.path.split("/")):
        answer.status, answer.body = 404, b""


def run_python(answer):
    """A program that ends in .py is run; it prints no headers."""
    if answer.path.endswith(".py"):
        answer.status, answer.body = 500, b""


def say_latin1(answer):
    if "Content-Type" in answer.headers:
        answer.headers["Content-Type"] += "; charset=iso-8859-1"


def compress(answer):
    """Everything, without saying how long it is."""
    answer.body = gzip.compress(answer.body)
    answer.headers |= {"Content-Encoding": "gzip", "Content-Length": None}


def know_few_types(answer):
    if not answer.path.endswith((".html", ".css", ".js")):
        answer.headers["Content-Type"] = "application/octet-stream"


def clean_addresses(answer):
    """/explore is explore.html, and explore.html leads there."""
    if answer.path.endswith(".html") and answer.path not in ("/index.html", "index.html"):
        answer.status, answer.body = 301, b""
        answer.headers["Location"] = posixpath.basename(answer.path.removesuffix(".html"))
    elif answer.status == 404 and (file := answer.folder.with_suffix(".html")).is_file():
        answer.status, answer.body = 200, file.read_bytes()
        answer.headers["Content-Type"] = "text/html"


def send_scripts_as(kind, **headers):
    def habit(answer):
        if answer.path.endswith(".js"):
            answer.headers |= {"Content-Type": kind, **headers}

    return habit


def answer_with_a_page(*parts):
    """As hosts of single pages do, which send their first page for whatever they do not have."""

    def habit(answer):
        if any(part in answer.path for part in parts):
            answer.status, answer.body = 200, b"<!doctype html><p>Welcome</p>"
            answer.headers["Content-Type"] = "text/html"

    return habit


# Where it works -----------------------------------------------------------------------------------


def test_hosts_that_drop_run_or_refuse_files_show_everything(outside, smoke_site):
    refused = refuse(403, ".wasm", ".mjs", ".py", ".sh", ".c")
    with hosted(smoke_site, drop_underscores, run_python, refused, below="/a/b") as address:
        visit_all(outside, address)


def test_wrong_types_encodings_and_compression_change_nothing(outside, smoke_site):
    with hosted(smoke_site, know_few_types, say_latin1, compress) as address:
        visit_all(outside, address)
        with page_of(outside, f"{address}/write.html") as page:
            drawn(page)
            assert page.evaluate("document.characterSet") == "UTF-8"
            assert "√" in page.content() and "â" not in page.locator("main").inner_text()


def test_addresses_without_an_ending_lead_from_page_to_page(outside, smoke_site):
    with hosted(smoke_site, clean_addresses) as address:
        with page_of(outside, f"{address}/explore#step=10") as page:
            drawn(page)
            page.get_by_role("link", name="Watch it learn").click()
            drawn(page)
            page.get_by_role("link", name="Look inside").click()
            page.wait_for_url("**/explore*")
            drawn(page)
            assert page.get_by_role("alert").count() == 0


def test_a_browser_that_stores_nothing_shows_everything(outside, smoke_site):
    refused = """for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
    }"""
    with hosted(smoke_site) as address, page_of(outside) as page:
        page.add_init_script(refused)
        page.goto(f"{address}/write.html")
        drawn(page)
        write_the_head(page)
        assert page.errors == []


# Where it does not, it says so --------------------------------------------------------------------


@pytest.mark.parametrize("name", VISITS)
def test_scripts_of_a_wrong_type_are_named_with_the_right_one(outside, smoke_site, name):
    with hosted(smoke_site, send_scripts_as("text/plain")) as address:
        with page_of(outside, f"{address}/{name}.html") as page:
            alert = page.get_by_role("alert")
            alert.wait_for()
            said = alert.inner_text()
            assert "app/autoload.js" in said and "text/plain" in said and "text/javascript" in said
            assert "--serve" not in said  # there is a server


def test_where_no_script_runs_at_all_the_page_names_both_causes(outside, smoke_site):
    habit = send_scripts_as("text/plain", **{"X-Content-Type-Options": "nosniff"})
    with hosted(smoke_site, habit) as address, page_of(outside, f"{address}/index.html") as page:
        said = page.locator(".no-scripts").text_content()  # it appears after a while
        assert "--serve" in said and "text/javascript" in said


@pytest.mark.parametrize(
    "habit, cause",
    [
        (refuse(404, "top-ten.js"), "404"),
        (refuse(403, "top-ten.js"), "403"),
        (answer_with_a_page("top-ten.js"), "web page"),
    ],
)
def test_a_script_of_one_figure_is_named_and_the_others_are_drawn(
    outside, smoke_site, habit, cause
):
    with hosted(smoke_site, habit) as address:
        with page_of(outside, f"{address}/explore.html") as page:
            alert = page.get_by_role("alert")
            alert.wait_for()
            assert "top-ten/top-ten.js" in alert.inner_text() and cause in alert.inner_text()
            page.locator("attention-map[drawn]").first.wait_for()


@pytest.mark.parametrize(
    "habit, cause",
    [
        (refuse(404, ".bin"), "404"),
        (refuse(403, ".bin"), "403"),
        (answer_with_a_page(".bin"), "web page"),
    ],
)
def test_weights_that_a_host_refuses_are_named_with_what_to_allow(
    outside, smoke_site, habit, cause
):
    with hosted(smoke_site, habit) as address:
        with page_of(outside, f"{address}/explore.html") as page:
            page.get_by_placeholder("The start of a text").fill(OWN_TEXT)
            alert = page.get_by_role("alert").filter(has_text=".bin").first
            alert.wait_for()
            said = alert.inner_text()
            assert cause in said and "allow .bin" in said


@pytest.mark.parametrize("status", [404, 413])
def test_a_file_that_is_too_large_for_a_host_is_named_and_the_rest_is_shown(
    outside, smoke_site, status
):
    with hosted(smoke_site, refuse(status, "samples.json")) as address:
        with page_of(outside, f"{address}/index.html") as page:
            alert = page.get_by_role("alert").filter(has_text="samples.json").first
            alert.wait_for()
            assert str(status) in alert.inner_text() and "allow .json" in alert.inner_text()
            page.locator("loss-curve[drawn]").wait_for()


def test_an_engine_that_does_not_start_is_named_with_its_script(outside, smoke_site):
    with hosted(smoke_site, refuse(403, "engine/kernel-program.js")) as address:
        with page_of(outside, f"{address}/explore.html") as page:
            page.get_by_placeholder("The start of a text").fill(OWN_TEXT)
            page.get_by_role("alert").filter(has_text="engine/kernel-program.js").first.wait_for()


def forbid_webassembly(answer):
    if answer.path.endswith(".html"):
        answer.headers["Content-Security-Policy"] = "script-src 'self' blob:"


def test_without_webassembly_the_model_runs_and_python_says_what_it_needs(outside, smoke_site):
    with hosted(smoke_site, forbid_webassembly) as address:
        with page_of(outside, f"{address}/playground.html#length=9") as page:
            page.locator("written-text .written[role=option]").nth(8).wait_for()
        with page_of(outside, f"{address}/write.html") as page:
            page.get_by_role("button", name="Run it").click()
            page.locator("head-check").get_by_text("wasm-unsafe-eval").first.wait_for()


def allow_all(answer):
    answer.headers["Access-Control-Allow-Origin"] = "*"


FRAME = '<!doctype html><iframe sandbox="allow-scripts" src="/write.html" width=900 height=900></iframe>'


@pytest.mark.parametrize("allowed", [False, True])
def test_in_a_closed_off_frame_it_works_or_says_where_to_open_it(outside, smoke_site, allowed):
    def add_frame(answer):
        if answer.path == "/frame":
            answer.status, answer.body = 200, FRAME.encode()
            answer.headers["Content-Type"] = "text/html"

    habits = [add_frame, allow_all] if allowed else [add_frame]
    with hosted(smoke_site, *habits) as address, page_of(outside, f"{address}/frame") as page:
        frame = page.frame_locator("iframe")
        if allowed:
            frame.get_by_role("button", name="Run it").click()
            frame.locator("head-check .verdict").wait_for()
            assert page.errors == []
        else:
            alert = frame.get_by_role("alert")
            alert.wait_for()
            assert f"{address}/write.html" in alert.inner_text()


def test_a_page_says_that_javascript_is_switched_off(outside, smoke_site):
    with hosted(smoke_site) as address:
        with page_of(outside, f"{address}/index.html", java_script_enabled=False) as page:
            assert "JavaScript" in page.locator("noscript").inner_text()


# Translated by the browser ------------------------------------------------------------------------

TRANSLATE = """(obey) => {
  const roots = (root) => [root, ...[...root.querySelectorAll("*")].flatMap((one) =>
    one.shadowRoot ? roots(one.shadowRoot) : [])];
  const isOff = (node) => {
    for (let one = node.parentElement ?? node.getRootNode().host; one;
         one = one.parentElement ?? one.getRootNode().host) if (one.translate === false) return true;
    return false;
  };
  const found = [];
  for (const root of roots(document.body)) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) found.push(texts.currentNode);
  }
  for (const text of found) {
    if (!text.data.trim() || text.parentElement?.closest("style, script, svg")) continue;
    if (obey && isOff(text)) continue;
    const font = document.createElement("font");
    font.append(document.createTextNode(text.data.toUpperCase()));
    text.replaceWith(font);
  }
}"""


@pytest.mark.parametrize("obey", [True, False], ids=["keeps", "ignores"])
def test_a_translated_page_still_follows_the_slider(outside, smoke_site, obey):
    """A translator that keeps to translate="no", or not."""
    with hosted(smoke_site) as address, page_of(outside, f"{address}/index.html") as page:
        drawn(page)
        before = page.locator("prompt-samples li").first.inner_text()
        page.evaluate(TRANSLATE, obey)
        page.get_by_role("slider", name="Training step").press("End")
        if obey:
            page.get_by_text("step 20 of 20").wait_for()
            assert page.locator("prompt-samples li").first.inner_text() != before
        page.wait_for_timeout(200)
        assert page.errors == []


def test_code_and_what_the_model_writes_is_not_translated(outside, smoke_site):
    with hosted(smoke_site) as address, page_of(outside, f"{address}/write.html") as page:
        drawn(page)
        before = page.locator("code").first.inner_text()
        page.evaluate(TRANSLATE, True)
        assert page.locator("main > h1, h1").first.inner_text().isupper()
        assert page.locator("code").first.inner_text() == before
