"""Our engine against onnxruntime-web, in one page of a real Chromium: tokens per second.

    pip install playwright==1.65.2 onnx==1.23.2       and Chromium, such as Debian's package
    npm install --no-package-lock --prefix tests/bench
    python tests/bench/browser.py                     two presets, a minute or two
    python tests/bench/browser.py --only onnx         without ours, or without the other (ours)

Both generate the most likely token, from a prompt of eight until the context is full, on one thread
each, with the same random weights: 8 bits and a scale per row, dequantized, as the site has them.
onnxruntime gets them as float32, because its own 8-bit products also quantize the activations, and
do not give PyTorch's numbers. The engines take turns, so that anything else the machine does slows
both; the ratio is the median over the rounds. Before that, the first tokens and the logits they
were chosen from have to be PyTorch's. The page is in browser/.

Beside it stands what no engine on one thread can exceed: each token needs every weight once, and the
page reads memory only so fast. It is measured with a block as large as the weights, which may fit
into a cache of the processor, and with one that does not.
"""

import argparse
import contextlib
import functools
import http.server
import json
import math
import statistics
import sys
import tempfile
import threading
from pathlib import Path

import common
import helpers
from terrarium.web.quantize import quantize

import numpy as np
import onnx_graph
import torch
from playwright.sync_api import sync_playwright

PRESETS = ("stories", "tinystories")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
ROUNDS, SECONDS = 25, 50  # for each preset: at most so many rounds, none begins after so long
CHECKED = 20  # tokens that are compared with PyTorch's
LARGE = 160_000_000  # bytes: more than a cache holds


class Handler(http.server.SimpleHTTPRequestHandler):
    """The repository, and below /model/ the folder with the models; silent."""

    def __init__(self, *given, models, **named):
        self.models = models
        super().__init__(*given, directory=common.repository, **named)

    def translate_path(self, path):
        if path.startswith("/model/"):
            self.directory, path = self.models, path.removeprefix("/model")
        return super().translate_path(path)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(models):
    """A server for as long as the block lasts; -> its address."""
    handler = functools.partial(Handler, models=models)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def export(model, s, prompt, folder):
    """Write weights.bin, model.json with its layout, and model.onnx; -> the dequantized model that
    both files hold, and that layout."""
    content, tensors, dequantized = quantize(model, "int8")
    folder.mkdir()
    (folder / "weights.bin").write_bytes(content)
    settings = {k: getattr(s, k) for k in ("n_layer", "n_head", "n_embd", "n_ff", "n_ctx")}
    (folder / "model.json").write_text(
        json.dumps(
            dict(
                settings=settings, prompt=prompt, weights=dict(bytes=len(content), tensors=tensors)
            )
        )
    )
    (folder / "model.onnx").write_bytes(onnx_graph.build(dequantized, s).SerializeToString())
    return dequantized, tensors


@torch.inference_mode()
def expected(model, prompt):
    """What PyTorch generates: ids with the prompt, logits (CHECKED, V)."""
    ids, logits = list(prompt), []
    for _ in range(CHECKED):
        logits.append(model(torch.tensor([ids]))[0][0, -1].numpy())
        ids.append(logits[-1].argmax().item())
    return ids, np.stack(logits)


def check(name, result, ids, logits):
    """-> the largest absolute difference between the logits of an engine and PyTorch's."""
    assert result["ids"][: len(ids)] == ids, f"{name} generates different tokens than PyTorch."
    max_abs_diff = abs(np.array(result["logits"]) - logits).max()
    assert max_abs_diff < 1e-3, f"The logits of {name} differ from PyTorch's by {max_abs_diff:.1e}."
    return max_abs_diff


def report(preset, results, max_abs_diffs):
    for name, result in results.items():
        rates = result["rates"]
        print(
            f"{preset:12} {name} {statistics.median(rates):6,.0f} tokens/s "
            f"({min(rates):,.0f} to {max(rates):,.0f} in {len(rates)} rounds), "
            f"logits off by {max_abs_diffs[name]:.0e}",
            flush=True,
        )
    if len(results) == 2:
        ratios = [a / b for a, b in zip(results["ours"]["rates"], results["onnx"]["rates"])]
        print(
            f"{preset:12} ours / onnx {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


def bytes_per_token(tensors):
    """Of the weights that a token needs; of the embeddings, it needs one row each."""
    return sum(math.prod(t["shape"]) for t in tensors if "embedding" not in t["name"])


def report_limit(preset, results, n_bytes, bandwidths):
    """How far the engines are from what the memory allows."""
    for name, bandwidth in bandwidths.items():
        limit = bandwidth / n_bytes
        reached = [
            f"{engine} {100 * statistics.median(result['rates']) / limit:.0f}%"
            for engine, result in results.items()
        ]
        print(
            f"{preset:12} limit {limit:,.0f} tokens/s: {n_bytes / 1e6:.2f} MB a token, read at "
            f"{bandwidth / 1e9:.1f} GB/s ({name}); reached: {', '.join(reached)}",
            flush=True,
        )


def race(browser, address, models, preset, only):
    s, model = onnx_graph.seeded(preset)
    prompt = torch.randint(s.vocab_size, (8,)).tolist()
    dequantized, tensors = export(model, s, prompt, Path(models, preset))
    page = browser.new_page()
    page.on("pageerror", lambda error: print(error, file=sys.stderr))
    page.goto(
        f"{address}/tests/bench/browser/index.html?model=/model/{preset}/"
        + (f"&only={only}" if only else "")
    )
    n_bytes = bytes_per_token(tensors)
    bandwidths = {
        "weights": page.evaluate(f"bandwidth({n_bytes})"),
        "memory": page.evaluate(f"bandwidth({LARGE})"),
    }
    results = page.evaluate(f"race({ROUNDS}, {SECONDS}, {CHECKED})")
    page.close()
    wanted = expected(dequantized, prompt)
    max_abs_diffs = {name: check(name, result, *wanted) for name, result in results.items()}
    report(preset, results, max_abs_diffs)
    report_limit(preset, results, n_bytes, bandwidths)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("ours", "onnx"))
    only = parser.parse_args().only
    if only != "ours" and not (Path(__file__).parent / "node_modules" / "onnxruntime-web").exists():
        sys.exit("onnxruntime-web is missing: npm install --no-package-lock --prefix tests/bench")
    chromium = helpers.chromium() or sys.exit("There is no Chromium: install it.")
    with (
        tempfile.TemporaryDirectory() as models,
        served(models) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for preset in PRESETS:
            race(browser, address, models, preset, only)
        browser.close()


if __name__ == "__main__":
    main()
