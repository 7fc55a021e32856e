"""A trained run: its settings, its tokenizer, and its model at any step that was saved."""

from pathlib import Path

import data
import train
from terrarium import run_checks
from terrarium.console import show_whitespace
from terrarium.errors import BadInput
from terrarium.runs import RunFolder
from terrarium.settings import saved_settings
from terrarium.text import END, normalize


class Run:
    """A folder that train.py wrote (without a name, the newest in runs/), at one of its steps.

    Attributes: folder, files (what reads them), steps, step, s (the settings), tokenizer, vocab,
    facts (about its text), prompts, corpus (its module in data/, or None), speakers (the names of
    the two who talk in its text, the visitor first, or None), model. Whatever is read is checked,
    for a run may be damaged, or come from anybody; nothing outside of it is opened."""

    def __init__(self, folder="", step=None):
        self.folder = Path(folder or newest())
        self.files, self.texts = RunFolder(self.folder), {}
        self.s = saved_settings(train.Settings, self.folder)
        self.steps = self.files.steps("snapshots", ".pt")
        if not self.steps:
            raise BadInput(
                f"{self.folder} has no snapshots yet: wait until its first step is done."
            )
        self.tokenizer = train.Tokenizer(**self.files.read_tokenizer())
        self.vocab = self.tokenizer.vocab
        self.facts = self.files.read_facts()
        self.prompts = self.facts["prompts"]
        self.corpus = data.find(self.s.dataset) if self.s.dataset in data.names() else None
        # Older runs of the snail do not name them.
        self.speakers = self.facts.get("speakers", getattr(self.corpus, "SPEAKERS", None))
        self.step = self.steps[-1] if step is None else step
        self.model = self.at(self.step)

    def at(self, step):
        """The model as it was after so many steps, on the CPU. Raises BadInput."""
        if step not in self.steps:
            raise BadInput(
                f"The weights of step {step} were not saved. Choose --step from "
                f"{', '.join(map(str, self.steps))}."
            )
        name = f"snapshots/{step:06}.pt"
        tensors = self.files.read_tensors(name)
        with self.files.intact(name):
            run_checks.check_weights(tensors, self.s, len(self.vocab))
            model = train.GPT(self.s, len(self.vocab)).eval()
            model.load_state_dict(tensors)
        return model

    def tokens(self, split):
        """The ids of the text that it learned from ("train") or did not ("validation")."""
        if split not in self.texts:  # checked once: it may be large
            self.texts[split] = self.files.read_tokens(split, len(self.vocab), self.tokenizer.end)
        return self.texts[split]

    def check(self, **numbers):
        """Raise BadInput for a layer, head or neuron that this model does not have."""
        counts = dict(layer=self.s.n_layer, head=self.s.n_head, neuron=self.s.n_ff)
        for name, number in numbers.items():
            if not 0 <= number < counts[name]:
                raise BadInput(
                    f"There is no {name} {number} in this model: --{name} goes from 0 "
                    f"to {counts[name] - 1}."
                )

    def normalize(self, text):
        """What somebody typed, in the spelling of the corpus: its accents, quotes and the like."""
        return normalize(text, self.tokenizer.ids)

    def readable(self, text):
        """What the model has tokens for, in the spelling of the corpus; other characters go."""
        return normalize(text, self.tokenizer.ids, drop=True)

    def ids(self, text):
        """A text as the model reads it: after an end token, if there is one. Raises BadInput."""
        ids = self.tokenizer.start + self.tokenizer.encode(self.normalize(text))
        if not 0 < len(ids) <= self.s.n_ctx:
            raise BadInput(
                f"The text has {len(ids)} tokens, and this model sees 1 to "
                f"{self.s.n_ctx} at once: choose another text."
            )
        return ids

    def token(self, word):
        """The id of a word that is one token, best with the space before it; also as it is printed
        here, such as ·Mum or (end). Raises BadInput."""
        word = word.replace("·", " ").replace("(end)", END)
        for symbol in (f" {word}", word, f" {self.normalize(word)}", self.normalize(word)):
            if word and symbol in self.tokenizer.ids:
                return self.tokenizer.ids[symbol]
        alike = [s.strip() for s in self.vocab if s.strip().lower() == word.strip().lower()]
        raise BadInput(
            f"{word!r} is not a single token here: "
            + (
                f"did you mean {alike[0]!r}?"
                if alike and word
                else "choose a word that is frequent in the corpus (python show_model.py merges)."
            )
        )

    def words(self, *ids):
        """Tokens side by side, their spaces and line ends to be seen."""
        return "  ".join(show_whitespace(self.vocab[i]) for i in ids)

    def line(self, ids):
        """The text of some tokens on one line, without end tokens."""
        return self.tokenizer.decode(ids).replace(END, "").replace("\n", " / ")

    def beginning(self):
        """The first prompt of the run, cut to half of the context."""
        ids = self.tokenizer.encode(self.prompts[0])
        return self.tokenizer.decode(ids[: max(1, self.s.n_ctx // 2)])

    def held_out(self, n, following=0):
        """The ids of about n pieces of text that the model was not trained on, evenly chosen; with
        following=1, each also has the token that its last one is to predict."""
        tokens = self.tokens("validation")
        spans = train.windows(tokens, self.tokenizer.end, self.s.n_ctx)
        return [tokens[a : b + following].tolist() for a, b in spans[:: len(spans) // n + 1]]


def newest():
    """The folder of the run in runs/ that has been in training last. Raises BadInput."""
    runs = [
        path.parent
        for path in Path("runs").glob("*/snapshots")
        if RunFolder(path.parent).steps("snapshots", ".pt")
    ]
    if not runs:
        raise BadInput(
            "There is no run in runs/ yet: train a model first (python train.py), "
            "or name the folder of one (--run)."
        )
    return max(runs, key=lambda run: (run / "snapshots").stat().st_mtime)
