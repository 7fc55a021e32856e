"""A run that is exported, and which of its steps go along."""

import hashlib
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

from terrarium import run_checks
from terrarium.batches import leave_room
from terrarium.errors import BadInput
from terrarium.trained import Run
from terrarium.web.quantize import quantize

WEIGHTS = 20_000_000  # bytes of weights that go along, if nobody says which steps
FEWEST = 6  # steps with weights, however large they are
STEP_FILES = 60  # in steps/, if nobody says which
TEXTS = 10  # held-out texts that heads are tried on
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{name}{digit}" for name in ("com", "lpt") for digit in range(10)),
}  # no folder's name on Windows


class ExportedRun(Run):
    """A run, and which of its steps go along.

    Attributes: name; log, {step: line}; samples, {step: line of traces.jsonl}; exported_steps, of
    the samples that get a file; snapshot_steps, whose weights go along; quantized and models, what
    those weights become; last, the last of these models; last_step, of the training; missing,
    {what: why}."""

    def __init__(self, folder, weight_type, wanted=None):
        super().__init__(folder)
        self.name, self.missing = web_name(self.folder), {}
        self.weight_type = weight_type
        self.log, self.samples = self.read_log(), self.read_samples()
        if not self.samples:
            raise BadInput(
                f"{self.folder}/attention holds none of the samples that traces.jsonl "
                "lists: put that folder back, or train again."
            )
        if not self.log and len(self.samples) > 1:  # the first sample comes before the first log
            raise self.files.damaged("log.jsonl", "it is not there")
        self.last_step = max([*self.log, *self.steps])
        if self.corpus is None and self.had_rules():
            self.missing["rule_accuracy"] = self.why_no_rules()
        self.choose_steps(wanted)
        self.quantized = {
            step: quantize(self.at(step), weight_type) for step in self.snapshot_steps
        }
        self.models = {step: model for step, (_, _, model) in self.quantized.items()}
        self.last = self.models[self.snapshot_steps[-1]]

    def choose_steps(self, wanted):
        """Set snapshot_steps and exported_steps: to what is wanted, or else to what is not too
        large. Raises BadInput for steps without a sample, and if no weights would go along."""
        if wanted is None:
            size = len(quantize(self.model, self.weight_type)[0])
            self.snapshot_steps = by_loss(self.steps, self.losses(), max(FEWEST, WEIGHTS // size))
            self.exported_steps = subsample(list(self.samples), STEP_FILES)
            return
        self.snapshot_steps = [step for step in self.steps if step in wanted]
        self.exported_steps = [step for step in self.samples if step in wanted]
        if unknown := set(wanted) - set(self.samples):
            raise BadInput(
                f"{self.folder} has no sample at step {min(unknown)}: choose --steps "
                f"from {', '.join(map(str, self.samples))}."
            )
        if not self.snapshot_steps:
            raise BadInput(
                f"None of these steps has saved weights: add at least one of "
                f"{', '.join(map(str, self.steps))} to --steps."
            )

    def losses(self):
        """The validation loss at each step whose weights were saved, as far as it was logged."""
        known = {step: line.get("validation_loss") for step, line in self.log.items()}
        return {step: known[step] for step in self.steps if known.get(step) is not None}

    def exported_model(self, step):
        """The model at a step as a page gets it, whether or not its weights go along."""
        if step in self.models:
            return self.models[step]
        return quantize(self.at(step), self.weight_type)[2]

    def had_rules(self):
        """Whether its corpus could say, at the end of the training, which rules it had learned."""
        try:
            return "rule_accuracy" in self.files.read_json("metrics.json")
        except BadInput:
            return False

    def why_no_rules(self):
        if "speakers" in self.facts:  # made from a file of one's own, as data/persona.py does it
            return (
                f"{Path(self.s.dataset).name} says which replies are right, and an export opens "
                "nothing outside of the run: its replies were judged at the end of training only."
            )
        return (
            f"There is no data/{self.s.dataset}.py, which knows the source and the rules of "
            "its text: put it back, and export again."
        )

    def read_log(self):
        """{step: line} of log.jsonl. Raises BadInput."""
        lines = self.files.read_lines("log.jsonl")
        with self.files.intact("log.jsonl"):
            run_checks.check_log(lines)
        return {line["step"]: line for line in lines}

    def read_samples(self):
        """{step: line} of traces.jsonl, where the attention is there, too. Raises BadInput."""
        lines = self.files.read_lines("traces.jsonl")
        with self.files.intact("traces.jsonl"):
            run_checks.check_samples(lines, self.vocab, self.prompts, self.s)
        samples = {
            line["step"]: line
            for line in lines
            if self.files.has(f"attention/{line['step']:06}.npz")
        }
        gone = [line["step"] for line in lines[:-1] if line["step"] not in samples]
        if gone:  # that of the last line may be still to come
            self.missing["attention"] = (
                f"{self.folder}/attention lacks the files of the steps "
                f"{', '.join(map(str, gone))}: put them back from a copy, "
                "and export again."
            )
        return samples

    def attention(self, step):
        """The arrays of a sample: of each prompt i, weights_i and entropy_i. Raises BadInput."""
        lengths = [
            len(one["prompt_tokens"]) + len(one["tokens"])
            for one in self.samples[step]["continuations"]
        ]
        return self.files.read_attention(step, lengths, self.s)

    def held_out_texts(self, n=TEXTS):
        """Ids of some held-out texts, of two tokens at least. Raises BadInput."""
        texts = [text for text in self.held_out(n) if len(text) > 1]
        if not texts:
            raise BadInput(
                f"In a context of {self.s.n_ctx}, no held-out text has two tokens, so "
                "no head can be measured: train with a larger --n-ctx."
            )
        return texts

    def text(self, n):
        """The beginning of the text that it learned from, n tokens."""
        return self.tokenizer.decode(self.tokens("train")[:n])

    def encode_prompt(self, text):
        """The ids of a text that may be longer than the context, as train.py cuts them."""
        return leave_room(self.tokenizer.start + self.tokenizer.encode(text), self.s.n_ctx)

    def ids_of(self, tokens):
        return [self.tokenizer.ids[token] for token in tokens]


def web_name(folder):
    """The name of a run in addresses: letters, digits, - and _ only. Where that loses what tells
    names apart, such as all of a Chinese one, a hash of the real name is added."""
    real = real_name(folder)
    name = re.sub(r"[^\w-]+", "-", real, flags=re.ASCII).strip("-")
    lossy = not real.isascii() or not name or len(name) > 80 or name.casefold() in RESERVED
    return with_hash(name or "run", real) if lossy else name


def with_hash(name, real):
    return f"{name[:70]}-{hashlib.sha256(real.encode(errors='surrogatepass')).hexdigest()[:8]}"


def real_name(folder):
    """What a folder is called; the same on systems that store é as two characters."""
    return unicodedata.normalize("NFC", folder.resolve().name)


def by_loss(steps, losses, n):
    """At most n of some steps, the first and the last among them, so that the loss changes about as
    much from each to the next: most of them lie where most is learned. losses: {step: loss}; a step
    without one counts as no change."""
    if len(steps) <= n:
        return list(steps)
    changed = [0.0]  # how far the loss has moved until each step, up and down
    for before, after in pairwise(steps):
        moved = abs(losses[after] - losses[before]) if {before, after} <= losses.keys() else 0.0
        changed.append(changed[-1] + moved)
    chosen = {0, len(steps) - 1}
    while len(chosen) < n:  # halve the largest change between two neighbours that can be halved
        ordered = sorted(chosen)
        gaps = [(a, b) for a, b in pairwise(ordered) if b - a > 1]
        a, b = max(gaps, key=lambda gap: (changed[gap[1]] - changed[gap[0]], gap[1] - gap[0]))
        middle = (changed[a] + changed[b]) / 2
        between = range(a + 1, b)
        chosen.add(min(between, key=lambda i: (abs(changed[i] - middle), abs(2 * i - a - b), i)))
    return [steps[i] for i in sorted(chosen)]


def subsample(steps, n):
    """At most n of some steps, the first and the last among them, evenly in their order."""
    if len(steps) <= n:
        return list(steps)
    return [steps[round(i * (len(steps) - 1) / (n - 1))] for i in range(n)]
