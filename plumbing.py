"""What train.py needs and no lesson is about: flags, devices, processes, words on the screen.

How a model learns is in train.py; of that, only the arithmetic of Muon and of dropout is in here,
because it is torch's own, made faster.
"""
import contextlib
import copy
import dataclasses
import inspect
import json
import math
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from datetime import timedelta
from functools import lru_cache, partial
from itertools import chain, pairwise
from pathlib import Path
from types import SimpleNamespace

# A core that waits for another one looks 10,000 times, then sleeps; with the usual 300,000, a busy
# program beside this one slows it down tens of times. Read when torch is loaded, by GNU's OpenMP.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import data
from data import END, BadInput
from terrarium import console, run_checks
from terrarium.console import command, in_main_thread, printable
from terrarium.devices import (
    check_memory,
    fused_attention_leaks,
    is_first_process,
    process_numbers,
)
from terrarium.errors import (
    enough_memory,
    explained,  # noqa: F401  train.py asks for it here
    is_out_of_memory,
    os_error_sentence,
    out_of_memory_sentence,
    resume_command,
)
from terrarium.files import atomic_write
from terrarium.runs import HASHES, SPLITS, RunFolder, check_free
from terrarium.settings import check_values, read_flags
from terrarium.typed_head import load_head, load_module  # noqa: F401  asked for here

import numpy as np
import torch
import torch.distributed as dist
from tqdm import tqdm

# Flags ------------------------------------------------------------------------------------------

def read_settings(Settings, presets, arguments=None):
    """The flags, on top of their preset or of the run they resume. Raises BadInput."""
    flags = read_flags(Settings, arguments)
    if "resume" in flags:
        return resumed_settings(Settings, Path(flags.pop("resume")), flags)
    preset = flags.get("preset", Settings.preset)
    if preset not in presets:
        raise BadInput(f"There is no preset {preset!r}: choose one of {', '.join(presets)}.")
    settings = Settings(**{"preset": preset, **presets[preset], **flags})
    check_settings(settings)
    check_paths(settings)
    return settings


def run_name(s, presets):
    """What a run is called that got no --out: as its preset, or as its text if that was chosen."""
    usual = presets[s.preset].get("dataset", type(s).dataset)
    own = s.preset if s.dataset == usual else Path(s.dataset).stem.strip(".")
    return own or s.preset


def resumed_settings(Settings, folder, flags):
    """What the run in a folder was started with; a flag that says otherwise is refused."""
    kept = kept_settings(Settings, folder)
    kept.out = str(folder)
    if flags.get("device", kept.device) != kept.device:  # which may not have that number format
        kept.device = flags.pop("device")
        kept.precision = flags.pop("precision", kept.precision)
    kept.head = confirmed_head(folder, kept.head, flags.pop("head", ""))
    if "dataset" in flags and not RunFolder(folder).has("corpus.json"):
        kept.dataset = flags.pop("dataset")  # its text has to be read again, and may have moved
    for name, value in flags.items():
        if value != getattr(kept, name):
            raise BadInput(f"{folder} was started with {name} {getattr(kept, name)}, not {value}: "
                           "leave that flag out, or start a new run without --resume.")
    kept.resumed = True
    return kept


def confirmed_head(folder, kept, typed):
    """The file with the head that a run is resumed with, "" for none. Raises BadInput.

    A run may come from anybody. The code in it runs only if whoever resumes it names it: the copy
    in the run, or a file of their own that holds the same."""
    copy = folder / "head.py"
    if not kept:
        if typed:
            raise BadInput(f"{folder} was started without a head, not with {typed}: leave --head "
                           "out, or start a new run without --resume.")
        return ""
    if not typed:
        raise BadInput(f"{folder} was trained with a head that somebody wrote, {copy}. It is a "
                       "program: read it first. If you trust it, type: "
                       + resume_command(folder, kept))
    if not Path(typed).is_file():
        raise BadInput(no_head(typed))
    if Path(typed).read_bytes() != RunFolder(folder).read("head.py"):
        raise BadInput(f"{typed} differs from {copy}, the head that this run was trained with: "
                       "name that copy (--head), or start a new run without --resume.")
    return typed


def kept_settings(Settings, folder):
    """The settings of the run in a folder, checked like those that are typed. Raises BadInput."""
    run = RunFolder(folder)
    kept = found_settings(run)
    run.refuse_links()
    fields = dataclasses.fields(Settings)
    names = {field.name for field in fields}
    if set(kept) != names:
        raise BadInput(f"{folder} was written by another version of train.py (its settings.json "
                       f"differs in {', '.join(sorted(names.symmetric_difference(kept)))}): use "
                       "that version, or train again.")
    run.check("settings.json")
    with run.intact("settings.json"):
        run_checks.check_settings_types(kept, fields)
    settings = Settings(**kept)
    try:
        check_settings(settings)
    except BadInput as reason:
        raise BadInput(f"settings.json in {folder} cannot be used, as if it had been typed: "
                       f"{reason}") from None
    return settings


def found_settings(run):
    """What settings.json in a folder says. Raises BadInput if that is not a run."""
    try:
        with run.open_bytes("settings.json") as file:
            kept = run_checks.strict_json(file.read())
        kept["preset"]  # every version has it; what is not a run of ours does not
        return kept
    except (OSError, ValueError, TypeError, KeyError, BadInput) as error:
        if run.has(HASHES):
            raise error if isinstance(error, BadInput) else run.damaged(
                "settings.json", "it holds no settings of a run") from None
        raise BadInput(f"{run.path} is not a run (it has no settings.json of one): name the folder "
                       "that train.py printed when it began, such as runs/stories.") from None


def check_settings(s):
    """Refuse what cannot work, before anything is loaded."""
    check_values(s)
    if s.n_embd % s.n_head:
        raise BadInput(f"A width of {s.n_embd} cannot be shared evenly by {s.n_head} heads: "
                       f"try --n-embd {s.n_head * math.ceil(s.n_embd / s.n_head)}.")
    if s.precision not in ("auto", "float32", "bfloat16"):
        raise BadInput(f"--precision {s.precision!r} is unknown: use float32 or bfloat16.")


def check_paths(s):
    """Refuse files that are not there and folders that are taken, before anything is loaded."""
    if s.head and not Path(s.head).is_file():
        raise BadInput(no_head(s.head))
    if s.out:
        check_free(s.out)


def no_head(path):
    return (f"There is no file {path}: --head wants a Python file in which you define "
            "attention(q, k, v).")


# Devices and processes --------------------------------------------------------------------------

class Devices:
    """Where and in which number format this process computes, and which of how many it is.

    Attributes: device, precision, why (a sentence), rank, world. `alone`: whatever the environment
    says, this is the only process.
    """

    def __init__(self, settings, alone=False):
        self.rank, number, self.world = (0, 0, 1) if alone else process_numbers()
        kind, self.why = choose_device(settings.device)
        if kind == "cuda" and number >= torch.cuda.device_count():
            raise BadInput(f"LOCAL_RANK is {number}, and this machine has "
                           f"{torch.cuda.device_count()} cards: start as many processes as there "
                           "are cards (torchrun --nproc-per-node).")
        # Only cards are numbered: what is saved on "cpu:0" cannot be loaded without a map.
        self.device = torch.device(f"cuda:{number}" if kind == "cuda" else kind)
        if settings.batch_size % self.world:
            raise BadInput(f"A batch of {settings.batch_size} rows cannot be shared evenly by "
                           f"{self.world} processes: choose another --batch-size.")
        check_memory(settings, self.device, self.world)
        if kind == "cuda":
            torch.cuda.set_device(self.device)
        if self.world > 1:  # the others wait while the first one cuts gigabytes into tokens
            if "TORCHELASTIC_RUN_ID" not in os.environ:  # started by hand, or not at all
                console.say(f"Waiting for all {self.world} processes (WORLD_SIZE) to start …",
                            file=sys.stderr)
            dist.init_process_group("nccl" if kind == "cuda" else "gloo",
                                    timeout=timedelta(hours=6))
        self.precision, reason = self.of_the_first(choose_precision(kind, settings.precision))
        settings.precision = self.precision  # a run that is resumed goes on in the same format
        self.why += f"; {self.precision} ({reason})"
        # Measured once on a CPU: plain wins in bfloat16 (55 ms a layer against 78 at T = 256) and
        # loses in float32 (142 against 60). On cards it is assumed to lose; tests/bench measures.
        # Backward needs the weights of all layers, which must not fill a laptop's memory.
        weights = settings.batch_size * settings.n_layer * settings.n_head * settings.n_ctx**2
        self.fused_is_better = kind != "cpu" or self.precision == "float32" or weights > 2**27

    def of_the_first(self, choice):
        """What the first process chose: each of them timed for itself, and all have to agree."""
        choices = [choice]
        if self.world > 1:
            dist.broadcast_object_list(choices)
        return choices[0]

    def wrap(self, model):
        """The model as the training step sees it: compiled where that pays, spread if many."""
        if self.device.type == "cuda" and sys.platform == "linux":
            model = torch.compile(model)
        return torch.nn.parallel.DistributedDataParallel(model) if self.world > 1 else model

    def autocast(self):
        """Matrix products in the chosen precision; what needs care stays in float32."""
        if self.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def agree(self, loss, stop):
        """The mean loss of all processes, and whether any of them was asked to stop."""
        if self.world == 1:
            return loss.item(), stop
        both = torch.tensor([loss.item() / self.world, float(stop)], device=self.device)
        dist.all_reduce(both)
        return both[0].item(), both[1].item() > 0

    def first_alone(self, work):
        """Let the first process do some work while the others wait for it."""
        if self.rank == 0:
            work()
        if self.world > 1:
            dist.barrier()


def choose_device(wanted="auto"):
    """cuda, mps or cpu, the first that is there, and why. Raises BadInput if `wanted` is not."""
    here = [kind for kind, found in (("cuda", torch.cuda.is_available()),
                                     ("mps", torch.backends.mps.is_available()),
                                     ("cpu", True)) if found]
    if wanted not in ("auto", *here):
        raise BadInput(f"--device {wanted} is not here: this machine has {', '.join(here)}.")
    if wanted != "auto":
        return wanted, f"{wanted}, as you asked"
    why = "a graphics card was found" if here[0] != "cpu" else "no graphics card was found"
    return here[0], f"{here[0]}, because {why}"


def choose_precision(kind, wanted="auto"):
    """float32 or bfloat16, and why: on a CPU, a matrix product in each is timed."""
    if kind == "mps" and wanted == "bfloat16" and fused_attention_leaks(kind, torch.bfloat16):
        raise BadInput(f"In PyTorch {torch.__version__}, causal attention in bfloat16 lets tokens "
                       "see later ones on mps, so that nothing is learned: use --precision "
                       "float32.")
    if wanted != "auto":
        return wanted, "as the settings say"
    if kind == "mps":
        return "float32", "the safe choice on mps"
    if kind == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16", "this card computes it faster"
        return "float32", "this card has nothing faster"
    tries = [(product_seconds(torch.float32), product_seconds(torch.bfloat16)) for _ in range(15)]
    float32, bfloat16 = map(min, zip(*tries))  # by turns, so that a busy moment hits both alike
    ratio = float32 / bfloat16
    return ("bfloat16" if ratio > 1.2 else "float32"), f"bfloat16 is {ratio:.2g} times as fast here"


def product_seconds(dtype, rows=2048, width=256):
    """How long the product of a (rows, width) and a (width, width) matrix takes."""
    a, b = torch.ones(rows, width, dtype=dtype), torch.ones(width, width, dtype=dtype)
    return seconds_for(lambda: a @ b)


def seconds_for(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class StopOnCtrlC:
    """The first Ctrl-C asks for a stop after the step that is running, the second stops at once."""

    def __init__(self):
        self.asked = False
        if sys.platform != "emscripten" and in_main_thread():
            signal.signal(signal.SIGINT, self.ask)

    def ask(self, *_):
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


# Quick twins of what torch has ------------------------------------------------------------------

class Muon(torch.optim.Muon):
    """torch.optim.Muon with the same updates, but matrices of one shape take them together.

    precision: the number format of its products, which torch.optim.Muon always does in bfloat16:
    on a CPU without bfloat16 instructions that takes twenty times as long as in float32.
    """

    def __init__(self, matrices, precision, **settings):
        super().__init__(matrices, **settings)
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = defaultdict(list)
            for matrix in group["params"]:
                alike[matrix.shape].append(matrix)
            for matrices in alike.values():
                self.step_together(matrices, group)

    def step_together(self, matrices, group):
        """One update of matrices of one shape; the first one's state holds that of all."""
        rows, columns = matrices[0].shape
        gradients = torch.stack([matrix.grad for matrix in matrices])  # (N, rows, columns)
        state = self.state[matrices[0]]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(gradients)
        average = state["momentum_buffer"].lerp_(gradients, 1 - group["momentum"])
        direction = gradients.lerp(average, group["momentum"]).to(self.dtype)
        direction = straighten(direction, group["ns_coefficients"], group["ns_steps"])
        rate = min(group["lr"] * math.sqrt(max(1, rows / columns)), 1e38)  # 32 bits hold no more
        for matrix, change in zip(matrices, direction):
            matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(change, alpha=-rate)


def straighten(x, coefficients, rounds):
    """Matrices (N, rows, columns) -> those that turn alike but stretch all directions alike.

    Newton-Schulz: each round brings every singular value closer to 1.
    """
    if x.shape[1] > x.shape[2]:  # the smaller square matrix is the cheaper one
        return straighten(x.mT.contiguous(), coefficients, rounds).mT
    a, b, c = coefficients
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(rounds):
        square = x @ x.mT  # (N, rows, rows)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x


class Dropout(torch.nn.Dropout):
    """torch.nn.Dropout in a quarter of the time on a CPU: a random byte decides on an activation.

    Its rate is rounded to a 256th.
    """

    def forward(self, x):
        if not self.training or self.p == 0 or x.device.type != "cpu":
            return super().forward(x)
        silenced = min(round(256 * self.p), 255)
        draws = torch.empty(x.numel() // 8 + 1, dtype=torch.int64).random_(-2**63, None)
        kept = draws.view(torch.uint8)[: x.numel()].view(x.shape) >= silenced
        return x * (kept * (256 / (256 - silenced))).to(x.dtype)


# The folder of a run ----------------------------------------------------------------------------

def read_json(path):
    return json.loads(path.read_text("utf-8"))


def write_json(path, content):
    with atomic_write(path) as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())


def find_corpus(s):
    """What a training learns from: a module in data/, or a text with five PROMPTS. Raises BadInput.

    A run that goes on has its text as numbers, and its prompts: it needs no file outside of it."""
    if not s.resumed or s.dataset in data.names():
        return data.find(s.dataset)
    run = RunFolder(s.out)
    if run.has("corpus.json") or run.has("checkpoint.pt"):
        return SimpleNamespace(PROMPTS=run.read_facts()["prompts"])
    try:
        return data.find(s.dataset)
    except BadInput as reason:
        resume = command("python", "train.py", "--resume", Path(s.out), "--dataset", "TEXT")
        raise BadInput(f"{s.out} was stopped before its text was read, so that text is needed: "
                       f"{reason} If it lies elsewhere, type: {resume}") from None


def prepare(run, corpus, Tokenizer, s):
    """Begin a run: settings.json, tokenizer.json, tokens/*.bin (two bytes an id), corpus.json, and
    the code as it is now: train.py and the reader's own head, if there is one.

    Of a run that goes on, check all that it began with instead."""
    if run.has("corpus.json") or run.has("checkpoint.pt"):
        return check_beginning(run, s)
    run.write_json("settings.json", dataclasses.asdict(s))
    code = {"train.py": inspect.getsourcefile(Tokenizer), **({"head.py": s.head} if s.head else {})}
    for name, path in code.items():
        run.write(name, Path(path).read_bytes())
    write_tokens(corpus, Tokenizer, s, run)


def check_beginning(run, s):
    """Refuse to go on with a run whose files are damaged, or another run's. Raises BadInput."""
    facts, tokenizer = run.read_facts(), run.read_tokenizer()
    kinds = len(tokenizer["symbols"])
    end = tokenizer["symbols"].index(END) if END in tokenizer["symbols"] else None
    for split in SPLITS:
        tokens = run.read_tokens(split, kinds, end)
        if len(tokens) != facts[f"{split}_tokens"]:
            raise run.damaged("corpus.json", f"it tells of another tokens/{split}.bin")
    run.check("settings.json")
    if s.head:
        run.check("head.py")
    samples = run.read_lines("traces.jsonl")
    with run.intact("traces.jsonl"):
        run_checks.check_traces(samples, tokenizer["symbols"], facts["prompts"], s)
    if not run.has("checkpoint.pt"):
        if len(samples) > 1:  # it was there: the second sample comes after it
            raise run.damaged("checkpoint.pt", "it is not there")
        return
    if (run.path / "checkpoint.pt").stat().st_size < 4 * run_checks.parameters(s, kinds):
        raise run.damaged("checkpoint.pt", "settings.json tells of a larger model")
    if not samples:
        tell(f"{run.path} has no traces.jsonl any more: what it wrote until now is lost, and the "
             "training goes on.")


def write_tokens(source, Tokenizer, s, run):
    corpus = source.load()
    counts = {split: count_pieces(Tokenizer, getattr(corpus, split)) for split in SPLITS}
    # Held-out text teaches no merges, but each of its characters needs a token.
    counts["train"].update(dict.fromkeys(set("".join(counts["validation"])), 0))
    tokenizer = Tokenizer.learn(counts["train"], corpus.whole, s.vocab_size)
    if len(tokenizer.symbols) > 2**16:
        raise BadInput(f"The text has {len(tokenizer.symbols):,} different characters, more than "
                       "65,536: is it really text?")
    facts = dict(dataset=s.dataset, note=corpus.note, vocab_size=len(tokenizer.symbols),
                 prompts=list(source.PROMPTS))
    for split in SPLITS:
        facts[f"{split}_characters"] = sum(len(p) * n for p, n in counts[split].items())
        facts[f"{split}_tokens"] = write_ids(tokenizer, getattr(corpus, split), run,
                                             f"tokens/{split}.bin")
    if facts["train_tokens"] < s.n_ctx + 2 or facts["validation_tokens"] < 2:
        raise too_few_tokens(facts, s)
    if hasattr(next(iter(corpus.validation)), "nats"):
        # What was chosen in the held-out documents: nobody can foresee more than the rest.
        nats = sum(document.nats for document in corpus.validation)
        facts["floor"] = nats / (facts["validation_tokens"] - 1)
    run.write_json("tokenizer.json", dict(symbols=tokenizer.symbols, merges=tokenizer.merges))
    run.write_json("corpus.json", facts)


def too_few_tokens(facts, s):
    """Why a text cannot be learned from that is long enough in characters, and what to do."""
    if facts["train_tokens"] >= s.n_ctx + 2:
        return BadInput("What is held out for validation is a single token: choose a longer text.")
    enough = s.vocab_size and facts["train_characters"] > s.n_ctx + 1
    smaller = " --vocab-size 0 (each character is a token then)," if enough else ""
    return BadInput(f"The {facts['train_characters']:,} characters to learn from are only "
                    f"{facts['train_tokens']:,} tokens, too few for a context of {s.n_ctx}: choose "
                    f"a longer text,{smaller} or a smaller --n-ctx.")


def count_pieces(Tokenizer, documents):
    """A Counter of the pieces that occur in documents, in the order in which they first do."""
    counts = Counter()
    for some in spread(partial(count_block, Tokenizer), documents, "Reading"):
        counts.update(some)
    return counts


def count_block(Tokenizer, documents):
    return Counter(chain.from_iterable(map(Tokenizer.pieces, documents)))


def write_ids(tokenizer, documents, run, name):
    """Every document and its end token, two bytes an id, after one end token; how many ids."""
    with run.writing(name) as file:
        file.write(encode(tokenizer, [""] if tokenizer.end is not None else []))
        for ids in spread(partial(encode, tokenizer), documents, "Encoding"):
            file.write(ids)
        return file.size // 2


def read_tokens(folder):
    """The ids of a run's two texts, (train, validation): on the disk until they are used.

    Not checked: train.py has done that when it began, and inside.Run does it."""
    return [np.memmap(folder / "tokens" / f"{split}.bin", np.uint16, "r") for split in SPLITS]


def encode(tokenizer, documents):
    close = [] if tokenizer.end is None else [tokenizer.end]
    return np.array([i for d in documents for i in tokenizer.encode(d) + close], np.uint16)


def spread(function, documents, saying):
    """Yield function(block) for each block of a text, in order; a large text uses all cores."""
    blocks = list(documents.blocks()) if hasattr(documents, "blocks") else [documents]
    bar = partial(tqdm, total=len(blocks), desc=saying, unit="block", leave=False, disable=None,
                  delay=3)
    if len(blocks) < 32:  # done before a second process has even started
        yield from bar(map(function, blocks))
        return
    with multiprocessing.get_context("spawn").Pool() as pool:
        yield from bar(pool.imap(function, blocks))


def snapshot_steps(s):
    """Log-spaced steps from 0 to the last; from the first regular look on, each is such a look."""
    count = min(s.snapshots, 10**6) - 1  # whoever asks for more gets all steps anyway
    spaced = np.geomspace(1, s.steps, count).round().astype(int).tolist()
    every = s.watch_every
    looks = (step if step < every else every * round(step / every) for step in spaced)
    return {0, *(min(look, s.steps) for look in looks), s.steps}


def write_watch(run, step, s, tokenizer, prompts, rows, thoughts, weights):
    """One look at the model: a line of traces.jsonl and a file in attention/.

    rows: ids of prompt and continuation; thoughts: as `generate` returns them; weights: for each
    layer (B, H, T, T), kept as a byte each, beside their entropies in nats.
    """
    run.add_line("traces.jsonl", dict(step=step, temperature=s.temperature, prompts=[
        trace(tokenizer.symbols, *one) for one in zip(prompts, rows, thoughts)]))
    weights = torch.stack(weights).float().cpu()  # (L, B, H, T, T)
    entropy = -(weights * weights.clamp_min(1e-9).log()).sum(-1)  # (L, B, H, T)
    arrays = {}
    for i, T in enumerate(map(len, rows)):
        arrays[f"weights_{i}"] = (weights[:, i, :, :T, :T] * 255).round().byte().numpy()
        arrays[f"entropy_{i}"] = entropy[:, i, :, :T].half().numpy()
    run.write_arrays(f"attention/{step:06}.npz", arrays)


def trace(symbols, prompt, row, thoughts):
    """What traces.jsonl holds of one prompt; tokens by their text, so that people can read it."""
    tokens = [dict(token=symbols[pick], p=round(p, 5),
                   top=[[symbols[i], round(q, 5)] for i, q in zip(ids.tolist(), ps.tolist())])
              for pick, p, ids, ps in thoughts]
    given = [symbols[i] for i in row[:len(row) - len(thoughts)]]
    return dict(prompt=prompt, given=given, tokens=tokens)


def finite(number, step, run, s, what="loss"):
    """A number, if it is one. Otherwise BadInput: nothing that comes after it is kept."""
    if math.isfinite(number):
        return number
    kept = (f"Its checkpoint of step {run.saved_step} stays in {run.name}."
            if run.saved_step is not None else "Nothing of it was kept yet.")
    raise BadInput(f"The {what} of step {step} is {number}; the run ends. {kept} Try a smaller "
                   f"{' or '.join(too_high(s))}.")


def too_high(s):
    """The flags of the learning rates that are most likely too high: what is furthest above its
    default; all, if none of them is far."""
    names = ("matrix_lr", "table_lr", "unembed_lr")
    times = {"--" + name.replace("_", "-"): getattr(s, name) / getattr(type(s), name)
             for name in names}
    highest = max(times, key=times.get)
    return [highest] if times[highest] > 5 else list(times)


def windows(tokens, end, n_ctx):
    """(a, b): tokens a to b-1 predict a+1 to b, each token once; a new document, a new window."""
    edges = [0, len(tokens) - 1] if end is None else np.flatnonzero(tokens == end).tolist()
    return [(i, min(i + n_ctx, b)) for a, b in pairwise(edges) for i in range(a, b, n_ctx)]


def row_spans(tokens, end, n_ctx):
    """The windows of a text as an array of (start, length, slack), each with a whole row after its
    start. Where there are no documents, windows may start up to `slack` tokens later."""
    last = len(tokens) - n_ctx - 1
    if end is None:
        return np.array([(a, n_ctx, min(n_ctx - 1, last - a)) for a in range(0, last + 1, n_ctx)])
    starts = [(min(a, last), b) for a, b in windows(tokens, end, n_ctx)]
    return np.array([(a, b - a, 0) for a, b in starts])


@lru_cache(maxsize=2)
def shuffled(n, seed, epoch):
    """For an epoch, a pass over the whole text: the numbers below n in a random order, and by how
    much of their slack (0 to 1) the windows are shifted."""
    rng = np.random.default_rng((seed, epoch))
    return rng.permutation(n), rng.random()


def padded(rows, device, filling=0):
    """Rows of different lengths -> ids (B, T). What is filled in comes later, where none looks."""
    longest = max(map(len, rows))
    full = [[*map(int, row), *[filling] * (longest - len(row))] for row in rows]
    return torch.tensor(full, device=device)


# Words on the screen ----------------------------------------------------------------------------

class Screen:
    """What the first process says while a model is trained; the others are silent."""

    def __init__(self, s, devices, model, one_step, make_optimizers):
        self.s, self.devices, self.silent = s, devices, devices.rank > 0
        self.facts = read_json(Path(s.out) / "corpus.json")
        self.parameters = sum(p.numel() for p in model.parameters())
        self.bar = None
        self.opening(model, one_step, make_optimizers)

    def say(self, text=""):
        if not self.silent:
            tqdm.write(printable(text))

    def opening(self, model, one_step, make_optimizers):
        """Sum up the run; a few steps of a copy of the model tell how long it will take."""
        s, facts, twin = self.s, self.facts, copy.deepcopy(model)
        optimizers = make_optimizers(twin, s)
        trials = (partial(one_step, twin, optimizers, min(i, s.steps - 1)) for i in range(4))
        with enough_memory(s):  # whatever a training takes, these take
            seconds = [seconds_for(trial) for trial in trials][1:]
        kinds = f"{facts['vocab_size']:,} kinds" if s.vocab_size else \
            f"{facts['vocab_size']} characters"
        share = facts["train_characters"] / facts["train_tokens"]
        note = f"          {facts['note']}\n" if facts.get('note') else ""
        self.say(f"""
Growing a model in {s.out}
  text    {s.dataset}: {facts['train_characters']:,} characters to learn from, \
{facts['validation_characters']:,} held out
{note}  tokens  {kinds}, on average {share:.1f} characters long
  model   {s.n_layer} layers x {s.n_head} heads, {s.n_embd} wide, context {s.n_ctx}: \
{self.parameters:,} parameters
  batch   {s.batch_size * s.n_ctx:,} tokens a step
  device  {self.devices.why}
  time    about {duration(sum(seconds) / 3 * s.steps * 1.1)} for {s.steps:,} steps
""")

    def advance(self, line):
        """One more step is done."""
        if self.bar is None:
            self.bar = tqdm(total=self.s.steps, initial=line["step"], unit="step",
                            disable=self.silent or None)
        self.bar.set_postfix_str(f"loss {line['loss']:.3f}", refresh=False)
        self.bar.update()

    def watched(self, line, text):
        flat = " / ".join(text.removeprefix(END).replace(END, " (end)").split("\n"))
        self.say(f"step {line['step']:>6}  validation {line['validation_loss']:.3f}  {flat}")

    def stopped(self, step, log, corpus, tokenizer, evaluate, write, run):
        """The end of a run, or a rest in the middle of it."""
        if self.bar is not None:
            self.bar.close()
        if step == self.s.steps:
            return self.closing(log, evaluate(), corpus, tokenizer, write, run)
        self.say(f"\nStopped after {step:,} of {self.s.steps:,} steps, and all of it is kept. "
                 f"To go on:\n  {resume_command(self.s.out, self.s.head)}")

    def closing(self, log, loss, corpus, tokenizer, write, run):
        """Write metrics.json, and say what the run has come to and what to type next."""
        s, facts = self.s, self.facts
        prompts, n_tokens, left_out = examination(corpus, tokenizer, s)
        rows, _ = write(prompts or corpus.PROMPTS, n_tokens)
        texts = [tokenizer.decode(row).replace(END, "") for row in rows]
        nats = loss * (facts["validation_tokens"] - 1)
        bits = nats / math.log(2) / facts["validation_characters"]
        metrics = dict(validation_loss=loss, bits_per_character=bits, parameters=self.parameters,
                       steps=s.steps, seconds=log[s.steps]["seconds"], watch_seconds=round(
                           sum(line.get("watch_seconds", 0) for line in log.values()), 3))
        self.say(f"\nvalidation loss {loss:.3f} nats a token, {bits:.3f} bits a character")
        if "floor" in facts:
            metrics.update(floor=facts["floor"], gap=loss - facts["floor"])
            self.say(f"which is {metrics['gap']:.3f} above {facts['floor']:.3f}, the floor: "
                     "what the grammar leaves to chance")
        if left_out:
            self.say(f"{left_out} of {left_out + len(prompts)} questions were not asked: they need "
                     f"more than half of the context of {s.n_ctx} tokens")
        if hasattr(corpus, "check") and prompts:
            metrics["skills"], asked = skills(corpus.check, prompts, texts)
            for rule, share in metrics["skills"].items():
                self.say(f"  {share:6.1%} of {asked[rule]} samples keep the rule: {rule}")
        run.write_json("metrics.json", metrics)
        self.say(f"\n{texts[0]}\n\nEverything is in {s.out}. What to type next:")
        for line in next_commands(s):
            self.say(f"  {line}")


def examination(corpus, tokenizer, s):
    """The prompts that a model is examined with at the end, the tokens it may add to each, and how
    many prompts are left out: those that leave less than half of the context for an answer."""
    if not hasattr(corpus, "tests"):
        return [""] * 100 if hasattr(corpus, "check") else corpus.PROMPTS, s.n_ctx, 0
    tests = corpus.tests()
    longest = s.n_ctx // 2 - (tokenizer.end is not None)  # the end token comes first
    prompts = [prompt for prompt in tests if len(tokenizer.encode(prompt)) <= longest]
    return prompts, 64 if s.vocab_size >= 512 else s.n_ctx, len(tests) - len(prompts)


def skills(check, prompts, texts):
    """The share of texts that keep each rule, and all that apply to them; of how many texts."""
    kept = [check(text[len(prompt):], prompt) for prompt, text in zip(prompts, texts)]
    kept = [{**rules, "all": all(rules.values())} for rules in kept]
    asked = Counter(rule for rules in kept for rule in rules)
    names = sorted(asked, key="all".__eq__)  # in the order of the corpus, "all" at the end
    return {rule: sum(k.get(rule, False) for k in kept) / asked[rule] for rule in names}, asked


def next_commands(s):
    scripts = [script for script in ("show_model.py", "export_for_web.py") if Path(script).exists()]
    return [command("python", script, "--run", Path(s.out)) for script in scripts] + [
        "python train.py --preset shakespeare       (another corpus)",
        "python train.py --dataset my_novel.txt     (a text of yours)",
        "python train.py --head my_head.py          (your own attention)"]


class Clock:
    """Seconds since a run began, times when it lay stopped left out."""

    def __init__(self, log):
        before = max((line["seconds"] for line in log.values()), default=0)
        self.last = time.perf_counter()
        self.began = self.last - before

    def seconds(self):
        return round(time.perf_counter() - self.began, 3)

    def lap(self):
        """Seconds since the lap before, or since the clock was made."""
        before, self.last = self.last, time.perf_counter()
        return self.last - before


def run(work, reader_may_leave=False):
    """Call work(); what a person can mend ends in one sentence and exit code 2.

    reader_may_leave: if what is printed goes into a pipe, it is no mistake to close that early.
    """
    console.prepare_streams()
    try:
        with console.KeepSigint():
            work()
            sys.stdout.flush()  # what could not be printed is known now, not after the end
    except BadInput as error:
        refuse(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            console.stop_printing()
            if reader_may_leave:
                return
        refuse(os_error_sentence(error))
    except KeyboardInterrupt:
        refuse("Stopped at once.")
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        refuse(out_of_memory_sentence())
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
            if sys.exc_info()[0] is None:  # gloo's threads abort about one in thirty normal exits
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)


def refuse(reason):
    tell(reason, sys.stderr)
    raise SystemExit(2)


def tell(text, file=None):
    """Print something once, however many processes there are."""
    if is_first_process():
        console.say(text, file=file)


def listen(prompt):
    """A line that somebody types; "" at the end of the input and at Ctrl-C."""
    try:
        return input(printable(prompt)).strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return ""


def shade(text, p):
    """A token, printable, on a background that says how likely it was; plain where there are no
    colours."""
    text = printable(text)
    if not console.has_colours():
        return text
    hue = (52, 88, 94, 58, 28, 22)[min(int(p * 6), 5)]  # red to green, of the terminal's 256
    return "\n".join(line and f"\x1b[48;5;{hue};97m{line}\x1b[0m" for line in text.split("\n"))


def visible(token):
    """A token with its spaces, line ends and control characters to be seen."""
    if token == END:
        return "(end)"
    for sign, shown in ((" ", console.shown_as("·", "_")), ("\t", "\\t"),
                        ("\n", console.shown_as("↵", "\\n"))):
        token = token.replace(sign, shown)
    return printable(token)


def duration(seconds):
    """75 -> "1 min 15 s"."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
