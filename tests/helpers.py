"""What several test files share: patience, texts and runs, models, terminals, pages, damaged files."""

import contextlib
import hashlib
import io
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import train
from terrarium import console
from terrarium.batches import make_batches
from terrarium.settings import read_settings

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parent.parent
PATIENCE = 600  # seconds until something counts as hanging, on however slow and busy a machine


def wait_until(condition, process=None):
    """Wait until something is true, or there, and return it; a process must live on meanwhile."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert process is None or process.poll() is None, "the process ended before"
        assert time.monotonic() < end, "it never came"
        time.sleep(0.001)
    return found


# Runs -------------------------------------------------------------------------------------------

SMALL = ("--preset", "smoke", "--device", "cpu", "--precision", "float32")
QUICK = (*SMALL, "--dataset", "pigs.txt", "--vocab-size", "64")  # on the text of the fixture pigs
PIGS = "".join(f"{i} little pigs went out\nto see the sea\n" for i in range(300))
TALE = (
    'Tom saw a small dog. The dog ran to Tom and Anna. "I like this dog," said Anna.\n'
    "Then Tom and Anna went home, and the dog ran home with Anna.\n"
) * 40
# The steps of the run on the tale that have a sample, and those whose weights were saved.
SAMPLED, SAVED = [0, 1, 2, 4, 9, 10, 20], [0, 1, 2, 4, 9, 20]
SEA = (
    "She sells sea shells by the sea shore.\nHe sells she sells by the shore.\n"
    "The shells she sells are sea shells.\n"
) * 60
HEAD = '''\
"""My own head."""
import math
import torch

def attention(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    future = torch.ones(*scores.shape[-2:], device=q.device).triu(1).bool()
    weights = scores.masked_fill(future, -math.inf).softmax(-1)  # ≥ 0
    return weights @ v, weights
'''


def parsed(*flags):
    """The settings that these flags stand for."""
    return read_settings(train.Settings, train.PRESETS, [*map(str, flags)])


def run_script(name, *words, **options):
    """A command of Terrarium, such as "show_model.py", as a process of its own that has ended."""
    return subprocess.run(
        [sys.executable, ROOT / name, *map(str, words)],
        text=True,
        capture_output=True,
        timeout=PATIENCE,
        **options,
    )


def train_in(folder, *flags):
    """What `python train.py` with these flags does in a folder, in this process."""
    before, handler = os.getcwd(), signal.getsignal(signal.SIGINT)
    os.chdir(folder)
    try:
        train.train(parsed(*flags))
    finally:
        os.chdir(before)
        signal.signal(signal.SIGINT, handler)


def grow(folder, text, *flags):
    """The folder of a run on a text of one's own; the text is gone afterwards."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.parent / f"{folder.name}.txt"
    file.write_text(text, "utf-8", newline="")
    try:
        train_in(".", *SMALL, "--dataset", file, "--out", folder, *flags)
    finally:
        file.unlink()
    return folder


def snapshot(run, step):
    """The weights that a run saved after so many steps."""
    return torch.load(run / "snapshots" / f"{step:06}.pt", weights_only=True)


def read_lines(path):
    """What the lines of a file say as JSON."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def contents(folder, folders=False):
    """{path in it: bytes} of all files in a folder, hidden ones too; of folders None, if wanted."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in Path(folder).rglob("*")
        if folders or path.is_file()
    }


# Models and rows of tokens ----------------------------------------------------------------------

TINY = dict(n_layer=2, n_head=2, n_embd=16, n_ff=24, n_ctx=8)


def tiny(seed=0, **shape):
    """A model whose weights are large enough that every part of it matters."""
    torch.manual_seed(seed)
    s = train.Settings(**{**dict(n_layer=2, n_head=2, n_embd=8, n_ff=12, n_ctx=9), **shape})
    model = train.GPT(s, 11).eval()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return model


def logits(model, ids):
    """The logits (T, V) at every position of a text, by a plain forward pass."""
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0][0]


def principal(vectors):
    """What numpy finds: the plane (C, 2), the largest number of each direction above zero."""
    _, spread, directions = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    two = directions[:2].T
    largest = two[np.abs(two).argmax(0), [0, 1]]
    return two * np.sign(largest), spread[:2] ** 2 / (spread**2).sum()


def documents(lengths):
    """Ids of documents of these lengths: an end token (0) before, between and after them."""
    ids = [0]
    for length in lengths:
        ids += [1 + i % 40 for i in range(len(ids), len(ids) + length)] + [0]
    return np.array(ids, np.uint16)


def batches_of(tokens, end, s, world=1):
    """The windows of each batch that is drawn from a text, without end."""
    devices = SimpleNamespace(world=world)
    return make_batches(train.windows(tokens, end, s.n_ctx), end, s, devices)


def batch_of(tokens, end, s, step, rank=0, world=1):
    """The batch of a step: ids, targets, and how many targets a process has on average."""
    devices = SimpleNamespace(rank=rank, world=world)
    windows = next(islice(batches_of(tokens, end, s, world), step, None))
    return train.draw_batch(tokens, windows, s, step, devices)


def learn(text, vocab_size=0, has_documents=False):
    """The tokenizer that is learned from a text."""
    counts = train.Counter(train.Tokenizer.pre_tokenize(text))
    return train.Tokenizer.train(counts, has_documents, vocab_size)


# Terminals --------------------------------------------------------------------------------------

# Clear the screen, set the title, the clipboard (OSC 52), a link, C1's CSI, ring, go back, turn
# the direction of the line around, and half a character.
EVIL = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]52;c;Y3VybA==\x07",
    "\x1b]8;;http://x\x1b\\",
    "\x9b31m",
    "\x07",
    "\r",
    "\x08",
    "\u202e",
    "\u2066",
    "\x7f",
    "\x00",
    "\udcff",
)


class Terminal(io.StringIO):
    """A stream that says that somebody looks at it."""

    def isatty(self):
        return True


OUR_COLOURS = re.compile(r"\x1b\[48;5;\d+;97m|\x1b\[0m")


def acts(text):
    """The control characters in what was printed that are not our own colours."""
    return console.CONTROL.findall(OUR_COLOURS.sub("", text))


# Pages ------------------------------------------------------------------------------------------

CHROMIUM = (  # the first is the same without windows: pages open in it in less than half the time
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
TIMEOUT = 120_000  # milliseconds until anything in a page counts as hanging
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions "
    "--disable-features=InitialWebUI,WebUIReloadButton,WebUITabStrip,Translate,MediaRouter,"
    "OptimizationHints"
).split()  # a window without what surrounds it opens twice as fast
# Two seconds for typed code, five until a page fetches what nobody asked for: here such times are
# ten times as long. A test in which one of them has to run out sets patience = 1.
PATIENT = """
    globalThis.patience = 10;
    const soon = globalThis.setTimeout;
    globalThis.setTimeout = (act, delay, ...given) =>
      soon(act, delay >= 2000 ? patience * delay : delay, ...given);
"""
# Whether a page has drawn what it draws by itself: it says that no run could be opened, or there is
# the sentence about the run, and no figure is busy. Some stay busy until somebody moves.
DRAWN = """() => {
    const inside = (root) => [...root.querySelectorAll("*")].flatMap((one) =>
      one.shadowRoot ? [one, ...inside(one.shadowRoot)] : [one]);
    const isBusy = (one) => one.getAttribute("aria-busy") === "true" && !one.matches("#compared *")
      && !one.getRootNode().host?.matches("parity-check, logit-lens, top-ten, #compared *");
    if (document.fonts.status !== "loaded") return false;
    const waits = (one) => !document.querySelector("live-text") && one.closest(".later");  // for somebody to come near
    if ([...document.querySelectorAll(":not(:defined)")].some((one) => !waits(one))) return false;
    if (document.querySelector("#figures > *")) return true;  // the storybook, where some stay busy
    if (document.querySelector("#figures")) return false;
    const box = document.querySelector("#error");
    if (box.querySelector("[role=alert]")) return true;
    const calm = !box.children.length && !inside(document).some(isBusy);
    if (document.querySelector("terra-page[without-run]")) return calm;
    const { renderRoot } = document.querySelector("run-facts");
    return calm && renderRoot.querySelector("p:not([aria-busy])"); }"""


def chromium():
    """The path of a Chromium, None where there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


# Playwright's driver sends stock Firefox a command that it does not know, and fails: this one does
# nothing in its place.
FIREFOX_PATCH = """const stringify = JSON.stringify;
JSON.stringify = (value, ...rest) => stringify(
  value?.method === "emulation.setMediaFeaturesOverride"
    ? { id: value.id, method: "session.status", params: {} } : value, ...rest);"""
FIREFOX = ("firefox-esr", "firefox")
A_MOUSE = {
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
    "ui.useOverlayScrollbars": 1,
}  # as on a desk


def firefox():
    """The path of a Firefox, None where there is none."""
    return next(filter(None, map(shutil.which, FIREFOX)), None)


def drawn(page):
    """Wait until a page has drawn what it draws by itself."""
    page.wait_for_function(DRAWN)


@contextlib.contextmanager
def served(folder):
    """A folder behind an address, served as export_for_web.py --serve does it."""
    from terrarium.web.serve import Handler, Server

    server = Server(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def opened(browser, address, width=1440, height=900, dark=False, still=True):
    """A page as somebody opens it; afterwards, it must not have complained about anything. Unless it
    is still, a film may start by itself."""
    page = browser.new_page(
        viewport=dict(width=width, height=height),
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if still else "no-preference",
    )
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    try:
        page.goto(address)
        drawn(page)
        yield page
        assert page.complaints == [], page.complaints
    finally:
        page.close()


# Damaged files ----------------------------------------------------------------------------------


def rehash(run):
    """Write hashes.jsonl anew, from the files as they are now."""
    run = Path(run)
    lines = [
        json.dumps(
            dict(
                file=path.relative_to(run).as_posix(),
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
        )
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != "hashes.jsonl"
    ]
    (run / "hashes.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")


def rewrite(path, content):
    """Change a JSON file of a run, and its line in hashes.jsonl."""
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    rehash(next(parent for parent in path.parents if (parent / "hashes.jsonl").exists()))


def change(run, name, how):
    """Change an exported JSON file, and the manifest as if it had been exported so."""
    content = json.loads((run / name).read_text("utf-8"))
    how(content)
    (run / name).write_text(json.dumps(content), "utf-8")
    if name != "manifest.json":
        raw = (run / name).read_bytes()
        change(
            run,
            "manifest.json",
            lambda manifest: manifest["files"].update(
                {name: dict(bytes=len(raw), sha256=hashlib.sha256(raw).hexdigest())}
            ),
        )


# Exports ----------------------------------------------------------------------------------------


def read(place, name):
    """A JSON file of an export, read as strictly as a browser does."""
    return json.loads((place / f"{name}.json").read_text("utf-8"), parse_constant=pytest.fail)


def tensors_in(content, described):
    """{name: array} from the bytes of a file in weights/."""
    found = {}
    for one in described:
        n, shape = math.prod(one["shape"]), one["shape"]
        kind = {"int8": "<i1", "float16": "<f2", "float32": "<f4"}[one["type"]]
        array = np.frombuffer(content, kind, n, one["offset"]).reshape(shape).astype(np.float32)
        if one["type"] == "int8":
            array = array * np.frombuffer(content, "<f4", shape[0], one["scales"])[:, None]
        found[one["name"]] = array
    return found


def tensors_of(place, step):
    about = read(place, "manifest")
    (file,) = [one["file"] for one in about["snapshots"] if one["step"] == step]
    content = (place / file).read_bytes()
    assert len(content) == about["weights"]["bytes"]
    return tensors_in(content, about["weights"]["tensors"])


def model_of(place, step):
    about = read(place, "manifest")
    model = train.GPT(train.Settings(**about["settings"]), len(about["tokenizer"]["vocab"]))
    model.load_state_dict(
        {name: torch.tensor(array) for name, array in tensors_of(place, step).items()}
    )
    return model.eval()
