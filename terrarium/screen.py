"""What the first process says while a model is trained; the others are silent."""

import textwrap
import time
from pathlib import Path

from finetune import count_parameters
from terrarium import expected
from terrarium.console import command, duration, printable
from terrarium.errors import resume_command
from terrarium.text import END

from tqdm import tqdm

RISEN = 1.05  # times the lowest validation loss: less may be chance


class Screen:
    """What the first process says while a model is trained; the others are silent."""

    def __init__(self, s, devices, facts, model):
        self.s, self.devices, self.facts = s, devices, facts
        self.silent = devices.rank > 0
        self.parameters, self.learning = count_parameters(model)
        self.bar = None
        self.opening()

    def say(self, text=""):
        if not self.silent:
            tqdm.write(printable(text))

    def opening(self):
        """Sum up the run."""
        s, facts = self.s, self.facts
        kinds = (
            f"{facts['vocab_size']:,} different ones"
            if s.vocab_size
            else f"{facts['vocab_size']} different characters"
        )
        length = facts["train_characters"] / facts["train_tokens"]
        note = f"{indented(facts['note'])}\n" if facts.get("note") else ""
        fewer = f", {self.learning:,} of them learn" if self.learning < self.parameters else ""
        passes = s.steps * s.batch_size * s.n_ctx / facts["train_tokens"]
        parent = facts.get("parent")
        origin = (
            f"  parent  {s.parent}, step {parent['step']:,}: it learned from {parent['dataset']}\n"
            if parent
            else ""
        )
        self.say(f"""
Growing a model in {s.out}
  text    {s.dataset}: {facts["train_characters"]:,} characters to learn from, \
{facts["validation_characters"]:,} held out
{note}  tokens  {kinds}, {length:.1f} characters long on average
  model   {s.n_layer} layers x {s.n_head} heads, {s.n_embd} wide, context {s.n_ctx}: \
{self.parameters:,} parameters{fewer}
{origin}  batch   {s.batch_size * s.n_ctx:,} tokens per step, {s.steps:,} steps: about \
{in_short(passes)} times through the text
  device  {self.devices.why}
""")

    def estimate(self, seconds):
        """Say how long the updates will take that are still to come; samples are taken between."""
        if seconds > 10:
            self.say(f"About {duration(seconds * 1.1)} to go.")

    def advance(self, line):
        """One more step is done."""
        if self.bar is None:
            self.bar = tqdm(
                total=self.s.steps, initial=line["step"], unit="step", disable=self.silent or None
            )
        self.bar.set_postfix_str(f"loss {line['loss']:.3f}", refresh=False)
        self.bar.update()

    def sampled(self, line, text):
        flat = " / ".join(text.removeprefix(END).replace(END, " (end)").split("\n"))
        losses = f"validation {line['validation_loss']:.3f}"
        if "parent_validation_loss" in line:
            losses += f"  on the old text {line['parent_validation_loss']:.3f}"
        self.say(f"step {line['step']:>6}  {losses}  {flat}")

    def stopped(self, step):
        """Called when a training is interrupted."""
        self.close_bar()
        self.say(
            f"\nStopped after {step:,} of {self.s.steps:,} steps; everything is saved. "
            f"To continue:\n  {resume_command(self.s.out, self.s.head)}"
        )

    def closing(self, metrics, exam, log):
        """The results of the run, and what to type next."""
        self.close_bar()
        for line in self.results(metrics, exam, log):
            self.say(line)
        self.say(f"\n{exam.texts[0]}\n\nEverything is in {self.s.out}. What to type next:")
        for line in next_commands(self.s, talks="speakers" in self.facts):
            self.say(f"  {line}")

    def results(self, metrics, exam, log):
        """Yield what the losses and the exam of a run say about it."""
        yield (
            f"\nvalidation loss {metrics['validation_loss']:.3f} nats per token, "
            f"{metrics['bits_per_character']:.3f} bits per character"
        )
        if "entropy" in metrics:
            yield (
                f"that is {metrics['gap']:.3f} above the entropy of this text, "
                f"{metrics['entropy']:.3f}: the part that is decided by chance"
            )
        if "band" in metrics:
            yield expected.sentence(metrics["validation_loss"], metrics["band"])
        if "speakers" not in self.facts:  # held-out questions are a surprise, however much it knows
            yield from memorizing(log)
        if "parent" in self.facts:
            yield forgetting(self.facts["parent"], log, self.s)
        if exam.left_out:
            yield (
                f"{exam.left_out} of {exam.left_out + exam.n_prompts} questions were not "
                f"asked: they need more than half of the context of {self.s.n_ctx} tokens"
            )
        what = "replies" if "speakers" in self.facts else "texts"
        for rule, fraction in exam.metrics.get("rule_accuracy", {}).items():
            yield f"  {fraction:6.1%} of {exam.asked[rule]} {what} follow the rule: {rule}"

    def close_bar(self):
        if self.bar is not None:
            self.bar.close()


def memorizing(log):
    """A sentence if the validation loss has risen again, none otherwise; log: {step: line}."""
    losses = {
        step: line["validation_loss"] for step, line in log.items() if "validation_loss" in line
    }
    if not losses:
        return
    best, last = min(losses, key=losses.get), max(losses)
    if losses[last] > RISEN * losses[best]:
        yield (
            f"Its validation loss was lowest at step {best:,} ({losses[best]:.3f}) and has risen "
            f"since, to {losses[last]:.3f}: it learns its text by heart. A longer text helps, "
            f"fewer steps (--steps {best}), or --dropout 0.1."
        )


def forgetting(parent, log, s):
    """A sentence about the text that a model was trained on before; log: {step: line}."""
    losses = [one["parent_validation_loss"] for one in log.values() if "validation_loss" in one]
    before, after = (f"{loss:.3f}" for loss in (losses[0], losses[-1]))
    its_loss = f"On the text of its parent ({shown_text(parent['dataset'])}), its loss"
    if before == after:
        return f"{its_loss} is still {after} nats per token: it has forgotten nothing there."
    if losses[-1] < losses[0]:
        return f"{its_loss} fell from {before} to {after} nats per token."
    can_freeze = s.n_layer > 1 and not s.freeze
    remedy = f"fewer steps or --freeze {s.n_layer - 1}" if can_freeze else "fewer steps"
    return (
        f"{its_loss} rose from {before} to {after} nats per token: it has forgotten some of it. It "
        f"forgets less with {remedy}."
    )


def shown_text(dataset):
    """What a text is called: a corpus by its name, a file without its folders."""
    return Path(dataset).name


def indented(note):
    """Sentences in the column of what is known about a text."""
    margin = " " * 10
    return textwrap.fill(note, 100, initial_indent=margin, subsequent_indent=margin)


def in_short(number):
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def next_commands(s, talks=False):
    """What to type after a training; `talks`: whether one can chat with its model."""
    scripts = [["show_model.py", "chat"]] if talks else []
    scripts += [["show_model.py"], ["export_for_web.py"]]
    return [
        command("python", *words, "--run", Path(s.out))
        for words in scripts
        if Path(words[0]).exists()
    ] + [
        "python train.py --preset shakespeare       (another corpus)",
        "python train.py --dataset my_novel.txt     (a text of yours)",
        "python train.py --head my_head.py          (your own attention)",
        f"{command('python', 'train.py', '--from', Path(s.out), '--dataset', 'my_text.txt')}"
        "   (go on from this model)",
    ]


class Clock:
    """Seconds since a run began, not counting the time it was stopped."""

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
