"""The folder of a run: who may train in it, and whether what is read is what was written.

One trainer at a time owns a folder. It claims the folder by creating it, or takes up the one that
--resume names, and holds a lock until it ends. For each file that it writes, hashes.jsonl gets a
line with its SHA-256 before the file gets its name: whenever a run is killed, every file in its
folder has its line. Whoever reads a file compares the two.

1. Claiming and locking, 2. Reading, 3. Writing, 4. A training.
"""

import contextlib
import dataclasses
import errno
import hashlib
import inspect
import io
import json
import os
import re
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import data
from finetune import PARENT
from terrarium import __version__, run_checks
from terrarium.console import command
from terrarium.devices import print0
from terrarium.errors import BadInput, OutOfMemory, enough_memory
from terrarium.files import append, atomic_write, is_link, patiently
from terrarium.locks import lock_file
from terrarium.text import END
from terrarium.tokens import SPLITS, write_tokens

import numpy as np
import torch

HASHES = "hashes.jsonl"
TOKENS = tuple(f"tokens/{split}.bin" for split in SPLITS)
# What a run that goes on from another has of it: the weights, and the text to ask it about again.
OF_PARENT = (PARENT, "tokens/parent_validation.bin")
# What a training begins with, and never changes: a checkpoint belongs to exactly these.
BEGINNING = ("settings.json", "head.py", "tokenizer.json", *OF_PARENT, *TOKENS, "corpus.json")
# What an unfinished start, or a program that shows or synchronises folders, leaves in an empty one.
LEFTOVERS = {HASHES, "settings.json.part", ".DS_Store", "desktop.ini", "Thumbs.db"}

# --------------------------------------------------------------------------------------------------
# 1. Claiming and locking


@contextlib.contextmanager
def training_in(s, name, devices):
    """The folder that a training writes to, a RunFolder: nobody else trains in it meanwhile.

    `name` is what a run without --out is called. Sets s.out, to the same in all processes. Raises
    BadInput; if the training fails before its first checkpoint, or has no memory for its first
    update, what it made is removed.
    """
    run = None
    if devices.rank == 0:  # the others write nothing
        run = take_up(s.out) if s.resumed else claim(s.out, name)
    s.out = devices.broadcast_from_rank0(run and run.name)
    run = run or RunFolder(s.out)
    run.resumed = s.resumed
    try:
        with enough_memory(s):  # what does not fit is known before the run has a checkpoint
            yield run
    except (BadInput, OSError, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) and not s.minutes:
            raise  # it goes on from its text; one with --minutes does not know its steps yet
        does_not_fit = isinstance(error, OutOfMemory) and not s.resumed and not run.saved_step
        if does_not_fit or not run.has("checkpoint.pt"):
            run.remove_what_was_made()
        raise
    finally:
        run.release()


def take_up(folder):
    """The folder of an existing run, locked. Raises BadInput."""
    run = RunFolder(folder)
    try:
        run.lock()
    except BlockingIOError:
        raise BadInput(
            f"Another train.py is training in {folder} at this moment: wait until it "
            "ends, or stop it with Ctrl-C, then try again."
        ) from None
    return run


def claim(out, name):
    """A new folder for a run, locked: `out` if it is free, otherwise runs/name, runs/name-2, …"""
    if out:
        return claim_typed(out)
    for number in count(1):
        with contextlib.suppress(FileExistsError):
            return RunFolder(f"runs/{name}" + (f"-{number}" if number > 1 else "")).create()


def claim_typed(out):
    """The folder that --out names. It may be there, if it is empty. Raises BadInput."""
    check_free(out)
    run = RunFolder(out)
    try:
        run.create(may_exist=True)
        check_free(out)  # another one may have begun, and even ended, since the first look
    except FileExistsError:
        raise BadInput(
            f"Another train.py has just begun a run in {out}: choose another folder (--out)."
        ) from None
    except BadInput:
        run.release()
        raise
    return run


def check_free(out):
    """Refuse a folder for a new run that holds anything. Raises BadInput."""
    folder = Path(out)
    blocking = next(
        (path for path in (folder, *folder.parents) if os.path.lexists(path) and not path.is_dir()),
        None,
    )
    if blocking:
        raise BadInput(
            f"{out} could not be written, because {blocking} is a file: choose another "
            "folder (--out)."
        )
    if (folder / "settings.json").exists() and (folder / HASHES).exists():
        raise BadInput(
            f"{out} already holds a run: continue it "
            f"({command('--resume', folder)}), or choose another folder (--out)."
        )
    if folder.is_dir() and not all(
        path.name in LEFTOVERS and not is_link(path) for path in folder.iterdir()
    ):
        raise BadInput(
            f"{out} is not empty, and train.py writes only into a folder of its own: "
            "choose one that does not exist "
            f"({command('--out', folder / 'run')})."
        )


# --------------------------------------------------------------------------------------------------
# 2. Reading


class RunFolder:
    """The files of a run, by their names in it, such as "snapshots/000100.pt".

    Attributes: path; name (the path as it was typed); resumed (whether a checkpoint is gone on
    with); saved_step (of the last checkpoint, None if there is none)."""

    def __init__(self, path):
        self.name, self.path = str(path), Path(path)
        self.resumed, self.saved_step = False, None
        self.ledger = None  # hashes.jsonl, open and locked, while this process trains here
        self.written = {}  # {name of a file: the hashes that hashes.jsonl has of it}
        self.last_written = None  # the file that its last line names
        self.known = {}  # {name: the hash of the file as this process read or wrote it}
        self.growing = {}  # {name of a file that grows by whole lines: the hash object of them}
        self.made, self.new_folders = set(), []  # by this process: files, folders

    def has(self, name):
        return (self.path / name).is_file()

    def steps(self, folder, suffix):
        """The steps of which there is a file, in order. Other names are not ours: programs that
        synchronise folders leave such as "000100 2.pt" or "._000100.pt"."""
        pattern = re.compile(r"[0-9]{6,}" + re.escape(suffix))
        found = (self.path / folder).iterdir() if (self.path / folder).is_dir() else ()
        steps = (
            int(path.name.removesuffix(suffix))
            for path in found
            if pattern.fullmatch(path.name) and path.is_file()
        )
        return sorted(step for step in set(steps) if self.has(f"{folder}/{step:06}{suffix}"))

    def damaged(self, name, why):
        """The BadInput that says that a file cannot be used, and what can be done."""
        remedy = "put it back from a copy, or train again."
        if name.startswith(("snapshots/", "attention/")):
            remedy = "choose other steps (--step; in an export --steps), " + remedy
        if name == "traces.jsonl" and self.ledger:
            remedy = "put it back from a copy, or remove it to go on without those samples."
        return BadInput(f"{name} in {self.path} is missing or damaged ({why}): {remedy}")

    @contextlib.contextmanager
    def intact(self, name):
        """Turn whatever goes wrong with what a file holds into BadInput that names it."""
        try:
            yield
        except (BadInput, MemoryError):
            raise
        except Exception as error:  # of many kinds, by the place of the damage
            why = str(error) if isinstance(error, run_checks.Unfit) else type(error).__name__
            raise self.damaged(name, why) from None

    def refuse_links(self):
        """Nothing in the folder may lead out of it: a run may come from anybody."""
        for folder, folders, files in os.walk(self.path):
            for name in (*folders, *files):
                path = Path(folder, name)
                if is_link(path):
                    raise BadInput(
                        f"{path} is a link to another place, and a run holds no links: "
                        "remove it, if you trust where this run comes from."
                    )

    def open_bytes(self, name):
        """Open a file of the run to read its bytes. Raises BadInput if it is not there."""
        path = self.path / name
        if is_link(path.parent) or is_link(path) or path.exists() and not path.is_file():
            raise self.damaged(name, "it is no file of its own")
        try:
            return patiently(lambda: open(path, "rb"))
        except (FileNotFoundError, NotADirectoryError):
            raise self.damaged(name, "it is not there") from None

    def read(self, name):
        """The bytes of a file, if they are those that were written. Raises BadInput."""
        with self.open_bytes(name) as file:
            content = file.read()
        self.check_hash(name, hashlib.sha256(content).hexdigest())
        return content

    def check(self, name):
        """The same check for a file that may not fit into memory. Raises BadInput."""
        sha256 = hashlib.sha256()
        with self.open_bytes(name) as file:
            while block := file.read(2**20):
                sha256.update(block)
        self.check_hash(name, sha256.hexdigest())

    def check_hash(self, name, sha256):
        if sha256 not in self.written.get(name, ()):
            self.read_hashes()  # the run may be in training: look again
        if sha256 not in self.written.get(name, ()):
            raise self.damaged(name, f"it differs from what was written, by {HASHES}")
        self.known[name] = sha256

    def read_hashes(self):
        """Read hashes.jsonl. Raises BadInput."""
        if not self.has(HASHES):
            raise BadInput(
                f"{self.path} has no {HASHES}, so its files cannot be checked: it "
                "was written by another version of train.py, or that file "
                "was lost. Use that version, put the file back, or train again "
                "(python train.py)."
            )
        with self.open_bytes(HASHES) as file:
            content = file.read()
        self.written = {}
        with self.intact(HASHES):
            for line in content.split(b"\n")[:-1]:  # a killed run may leave half a last line
                line = run_checks.strict_json(line)
                self.written.setdefault(line["file"], set()).add(line["sha256"])
                self.last_written = line["file"]

    def read_json(self, name):
        """A JSON file; no number in it is infinite, or none. Raises BadInput."""
        content = self.read(name)
        with self.intact(name):
            return run_checks.strict_json(content)

    def read_lines(self, name):
        """A file of JSON lines; [] if it is still to come. Raises BadInput."""
        if not self.has(name):
            return []
        content = self.read_whole_lines(name)
        with self.intact(name):
            return [run_checks.strict_json(line) for line in content.split(b"\n") if line]

    def read_whole_lines(self, name, tries=3):
        """The bytes of a file that grows, up to its last line end. Raises BadInput.

        After that there may be half a line, if it is still being written or was when the training
        was killed: then nothing has been written since, and hashes.jsonl ends with that file."""
        with self.open_bytes(name) as file:
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            self.read_hashes()
            if self.last_written != name and tries > 1:  # it may have become whole meanwhile
                return self.read_whole_lines(name, tries - 1)
            content = whole if self.last_written == name else content
        self.check_hash(name, hashlib.sha256(content).hexdigest())
        return content

    def drop_half_line(self, name):
        """Remove what a killed training left of a last line. Later it would count as damage."""
        if not self.has(name):
            return
        whole = self.read_whole_lines(name)
        if len(whole) < (self.path / name).stat().st_size:
            self.write(name, whole)

    def read_tokenizer(self):
        """What train.Tokenizer takes: dict(vocab, merges). Raises BadInput."""
        found = self.read_json("tokenizer.json")
        with self.intact("tokenizer.json"):
            run_checks.check_tokenizer(found)
        return found

    def read_facts(self):
        """What is known about the text, its five prompts among it. Raises BadInput."""
        facts = self.read_json("corpus.json")
        with self.intact("corpus.json"):
            run_checks.check_facts(facts)
        return facts

    def read_tokens(self, split, vocab_size, end=None):
        """The ids of a text, on the disk until they are used. Raises BadInput."""
        name = f"tokens/{split}.bin"
        self.check(name)
        with self.intact(name):
            tokens = np.memmap(self.path / name, np.uint16, "r")
            run_checks.check_tokens(tokens, vocab_size, end)
        return tokens

    def read_tensors(self, name, device="cpu"):
        """What a .pt file holds, without running code from it. Raises BadInput."""
        content = self.read(name)
        with self.intact(name):
            run_checks.check_zip(content, most=len(content))  # nothing in it is compressed
            return torch.load(io.BytesIO(content), map_location=device, weights_only=True)

    def read_checkpoint(self, s, device):
        """What `train.save` wrote, if this training goes on with it; otherwise None."""
        if not self.resumed or not self.has("checkpoint.pt"):
            return None
        checkpoint = self.read_tensors("checkpoint.pt", device)
        with self.intact("checkpoint.pt"):
            run_checks.check_checkpoint(checkpoint, s)
        if self.ledger and checkpoint["belongs_to"] != self.beginning():
            raise self.damaged("checkpoint.pt", "it belongs to another run")
        self.saved_step = checkpoint["step"]
        return checkpoint

    def beginning(self):
        """{name: hash} of the files that a training began with, as this process knows them."""
        return {name: self.known[name] for name in BEGINNING if name in self.known}

    def read_attention(self, step, rows, s):
        """The arrays of a file in attention/; rows: the number of tokens of each prompt."""
        name = f"attention/{step:06}.npz"
        content = self.read(name)
        with self.intact(name):
            size = sum(s.n_layer * s.n_head * (T * T + 2 * T) + 1000 for T in rows)
            run_checks.check_zip(content, most=size)
            with np.load(io.BytesIO(content)) as arrays:
                found = dict(arrays)
            run_checks.check_attention(found, rows, s)
        return found

    # ----------------------------------------------------------------------------------------------
    # 3. Writing

    def create(self, may_exist=False):
        """Make the folder, and lock it. Raises FileExistsError if another process has it."""
        missing = [path for path in (self.path, *self.path.parents) if not path.exists()]
        for parent in reversed(missing[1:]):
            with contextlib.suppress(FileExistsError):  # another process was faster
                parent.mkdir()
                self.new_folders.append(parent)
        try:
            self.path.mkdir()
            self.new_folders.append(self.path)
        except FileExistsError:
            if not may_exist:
                raise
        try:
            self.lock()
        except BlockingIOError:
            raise FileExistsError from None
        return self

    def lock(self):
        """Open hashes.jsonl for this process alone. Raises BlockingIOError."""
        is_new = not self.has(HASHES)
        ledger = patiently(lambda: open(self.path / HASHES, "ab", buffering=0))
        try:
            lock_file(ledger)
        except BlockingIOError:
            ledger.close()
            raise
        self.ledger = ledger
        if is_new:
            self.made.add(HASHES)
        content = (self.path / HASHES).read_bytes()
        ledger.truncate(content.rfind(b"\n") + 1)  # half a last line of a killed run

    def release(self):
        """Let others train here. What was made is kept, unless it is nothing."""
        if self.ledger is None:
            return
        if not self.has("settings.json"):
            return self.remove_what_was_made()
        self.ledger.close()
        self.ledger = None

    def remove_what_was_made(self):
        """Remove what this process wrote, and no other file; folders only if it made them."""
        if self.ledger is None:
            return
        self.ledger.close()
        self.ledger = None
        for name in self.made:
            (self.path / name).unlink(missing_ok=True)
        for folder in reversed(self.new_folders):
            with contextlib.suppress(OSError):  # it is not empty: something else lies in it
                folder.rmdir()

    @contextlib.contextmanager
    def writing(self, name):
        """Open a file for bytes; it gets its line in hashes.jsonl, and then its name."""
        path = self.path / name
        if not path.parent.exists():
            path.parent.mkdir()
            self.new_folders.append(path.parent)
        if not path.exists():
            self.made.add(name)
        with atomic_write(path) as file:
            hashed = HashedFile(file)
            yield hashed
            self.record(name, hashed.sha256.hexdigest())

    def record(self, name, sha256):
        """Add a line to hashes.jsonl, and see to it that the line is on the disk."""
        line = json.dumps(dict(file=name, sha256=sha256)).encode() + b"\n"
        end = self.ledger.seek(0, os.SEEK_END)
        try:
            if self.ledger.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path / HASHES))
            os.fsync(self.ledger.fileno())
        except OSError:  # the disk is full: no half line is left
            with contextlib.suppress(OSError):
                self.ledger.truncate(end)
            raise
        self.known[name] = sha256
        self.written.setdefault(name, set()).add(sha256)

    def write(self, name, content):
        with self.writing(name) as file:
            file.write(content)

    def write_json(self, name, content):
        self.write(name, json.dumps(content, ensure_ascii=False, indent=1).encode())

    def write_lines(self, name, lines):
        self.write(name, b"".join(map(json_line, lines)))

    def write_tensors(self, name, tensors):
        content = io.BytesIO()  # torch.save into a file would hide that a disk is full
        torch.save(tensors, content)
        self.write(name, content.getbuffer())

    def write_arrays(self, name, arrays):
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)
        self.write(name, content.getbuffer())

    def add_line(self, name, line):
        """Add the line of a step to a file of JSON lines; what a killed run wrote later goes."""
        added = json_line(line)
        if name in self.growing:  # appended, since such a file may have megabytes
            sha256 = self.growing[name].copy()
            sha256.update(added)
            self.record(name, sha256.hexdigest())
            append(self.path / name, added)
        else:
            known = self.read_whole_lines(name).splitlines(keepends=True) if self.has(name) else []
            content = b"".join(one for one in known if json.loads(one)["step"] < line["step"])
            self.write(name, content + added)
            sha256 = hashlib.sha256(content + added)
        self.growing[name] = sha256

    def write_checkpoint(self, step, log, **tensors):
        """log.jsonl and checkpoint.pt; the latter names the files that it belongs to."""
        self.write_lines("log.jsonl", log.values())
        self.write_tensors(
            "checkpoint.pt", dict(step=step, log=log, belongs_to=self.beginning(), **tensors)
        )
        self.saved_step = step


class HashedFile:
    """A file that is written from its beginning to its end, and the hash of what was written."""

    def __init__(self, file):
        self.file, self.sha256, self.size = file, hashlib.sha256(), 0

    def write(self, content):
        self.sha256.update(content)
        self.size += memoryview(content).nbytes
        return self.file.write(content)


def json_line(content):
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


# --------------------------------------------------------------------------------------------------
# 4. A training: what it begins with, its checkpoints, its samples


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
        raise BadInput(
            f"{s.out} was stopped before its text was read, so that text is needed: "
            f"{reason} If it lies elsewhere, type: {resume}"
        ) from None


def prepare(run, corpus, Tokenizer, s):
    """Begin a run: settings.json, tokenizer.json, tokens/*.bin (two bytes an id), corpus.json, and
    the code as it is now: train.py and the reader's own head, if there is one.

    Of a run that goes on, check all that it began with instead."""
    if run.has("corpus.json") or run.has("checkpoint.pt"):
        return check_beginning(run, s)
    write_settings(run, s)
    code = {"train.py": inspect.getsourcefile(Tokenizer), **({"head.py": s.head} if s.head else {})}
    for name, path in code.items():
        run.write(name, Path(path).read_bytes())
    if s.parent:
        write_tokens(corpus, Tokenizer, s, run, *copy_parent(run, s))
    else:
        write_tokens(corpus, Tokenizer, s, run)


def copy_parent(run, s):
    """Copy what a run needs of its parent, which may be gone later: tokenizer.json, its last
    weights and its held-out tokens. Returns what corpus.json says about it, and its prompts. Raises
    BadInput."""
    parent = RunFolder(s.parent)
    vocab = parent.read_tokenizer()["vocab"]
    steps = parent.steps("snapshots", ".pt")
    if not steps:
        raise BadInput(f"{s.parent} has no snapshots yet: wait until its first step is done.")
    snapshot = f"snapshots/{steps[-1]:06}.pt"
    weights = parent.read_tensors(snapshot)
    with parent.intact(snapshot):
        run_checks.check_weights(weights, s, len(vocab))
    end = vocab.index(END) if END in vocab else None
    tokens = parent.read_tokens("validation", len(vocab), end)
    run.write("tokenizer.json", parent.read("tokenizer.json"))
    run.write_tensors(PARENT, weights)
    run.write("tokens/parent_validation.bin", np.asarray(tokens))
    facts, last = parent.read_facts(), parent.read_json("settings.json")["steps"]
    if steps[-1] < last:
        print0(
            f"Caution: {s.parent} is not finished. This run goes on from its step {steps[-1]:,} of "
            f"{last:,}."
        )
    about = dict(name=parent.path.resolve().name, step=steps[-1], dataset=facts["dataset"])
    return about, facts["prompts"]


def write_settings(run, s):
    """What a run is made with; again if it turned out otherwise than asked for."""
    settings = dict(version=__version__, **dataclasses.asdict(s))
    if not run.has("settings.json") or run.read_json("settings.json") != settings:
        run.write_json("settings.json", settings)


def check_beginning(run, s):
    """Refuse to go on with a run whose files are damaged, or another run's. Raises BadInput."""
    facts, tokenizer = run.read_facts(), run.read_tokenizer()
    vocab = tokenizer["vocab"]
    end = vocab.index(END) if END in vocab else None
    for split in SPLITS:
        tokens = run.read_tokens(split, len(vocab), end)
        if len(tokens) != facts[f"{split}_tokens"]:
            raise run.damaged("corpus.json", f"it tells of another tokens/{split}.bin")
    run.check("settings.json")
    for name in (*(["head.py"] if s.head else []), *(OF_PARENT if s.parent else [])):
        run.check(name)
    run.drop_half_line("traces.jsonl")
    samples = run.read_lines("traces.jsonl")
    with run.intact("traces.jsonl"):
        run_checks.check_samples(samples, vocab, facts["prompts"], s)
    if not run.has("checkpoint.pt"):
        if len(samples) > 1:  # it was there: the second sample comes after it
            raise run.damaged("checkpoint.pt", "it is not there")
        return
    if (run.path / "checkpoint.pt").stat().st_size < 4 * run_checks.parameters(s, len(vocab)):
        raise run.damaged("checkpoint.pt", "settings.json tells of a larger model")
    if not samples:
        print0(
            f"{run.path} has no traces.jsonl any more: what it wrote until now is lost, and the "
            "training goes on."
        )


def read_tokens(folder):
    """The ids of a run's texts, [train, validation], and if it has a parent, of what was held out
    from that one: on the disk until they are used.

    Not checked: train.py has done that when it began, and terrarium.trained does it."""
    paths = [folder / name for name in (*TOKENS, OF_PARENT[1])]
    return [np.memmap(path, np.uint16, "r") for path in paths if path.exists()]


def write_sample(run, step, s, tokenizer, prompts, rows, top_probs, weights):
    """One sample: a line of traces.jsonl and a file in attention/.

    rows: ids of prompt and continuation; top_probs: as `generate` returns them; weights: for each
    layer (B, H, T, T), kept as a byte each, beside their entropies in nats.
    """
    run.add_line(
        "traces.jsonl",
        dict(
            step=step,
            temperature=s.temperature,
            continuations=[
                continuation(tokenizer.vocab, *one) for one in zip(prompts, rows, top_probs)
            ],
        ),
    )
    weights = torch.stack(weights).float().cpu()  # (L, B, H, T, T)
    entropy = -(weights * weights.clamp_min(1e-9).log()).sum(-1)  # (L, B, H, T)
    arrays = {}
    for i, T in enumerate(map(len, rows)):
        arrays[f"weights_{i}"] = (weights[:, i, :, :T, :T] * 255).round().byte().numpy()
        arrays[f"entropy_{i}"] = entropy[:, i, :, :T].half().numpy()
    run.write_arrays(f"attention/{step:06}.npz", arrays)


def continuation(vocab, prompt, row, top_probs):
    """What traces.jsonl holds of one prompt; tokens by their text, so that people can read it."""
    tokens = [
        dict(
            token=vocab[pick],
            p=round(p, 5),
            top=[[vocab[i], round(q, 5)] for i, q in zip(ids.tolist(), ps.tolist())],
        )
        for pick, p, ids, ps in top_probs
    ]
    prompt_tokens = [vocab[i] for i in row[: len(row) - len(top_probs)]]
    return dict(prompt=prompt, prompt_tokens=prompt_tokens, tokens=tokens)


def save(run, model, optimizers, step, log):
    """log.jsonl and checkpoint.pt, each written aside and renamed: a crash leaves no half file."""
    run.write_checkpoint(
        step,
        log,
        model=model.state_dict(),
        optimizers=[optimizer.state_dict() for optimizer in optimizers],
    )


def restore(run, s, model, optimizers, device):
    """Put model and optimizers back to where the run stopped; returns that step and its log."""
    checkpoint = run.read_checkpoint(s, device)
    if checkpoint is None:  # a run that begins, or was stopped before its first checkpoint
        return 0, {}
    with run.intact("checkpoint.pt"):  # what does not fit is refused, and names the file
        model.load_state_dict(checkpoint["model"])
        for optimizer, state in zip(optimizers, checkpoint["optimizers"], strict=True):
            run_checks.check_optimizer(optimizer, state)
            optimizer.load_state_dict(state)
    return checkpoint["step"], checkpoint["log"]
