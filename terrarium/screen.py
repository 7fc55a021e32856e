"""What the first process says while a model is trained; the others are silent."""

import time
from pathlib import Path

from terrarium import expected
from terrarium.console import command, duration, printable
from terrarium.errors import resume_command
from terrarium.text import END

from tqdm import tqdm


class Screen:
    """What the first process says while a model is trained; the others are silent."""

    def __init__(self, s, devices, facts, model):
        self.s, self.devices, self.facts = s, devices, facts
        self.silent = devices.rank > 0
        self.parameters = sum(p.numel() for p in model.parameters())
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
        note = f"          {facts['note']}\n" if facts.get("note") else ""
        self.say(f"""
Growing a model in {s.out}
  text    {s.dataset}: {facts["train_characters"]:,} characters to learn from, \
{facts["validation_characters"]:,} held out
{note}  tokens  {kinds}, {length:.1f} characters long on average
  model   {s.n_layer} layers x {s.n_head} heads, {s.n_embd} wide, context {s.n_ctx}: \
{self.parameters:,} parameters
  batch   {s.batch_size * s.n_ctx:,} tokens per step, {s.steps:,} steps
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
        self.say(f"step {line['step']:>6}  validation {line['validation_loss']:.3f}  {flat}")

    def stopped(self, step):
        """Called when a training is interrupted."""
        self.close_bar()
        self.say(
            f"\nStopped after {step:,} of {self.s.steps:,} steps; everything is saved. "
            f"To continue:\n  {resume_command(self.s.out, self.s.head)}"
        )

    def closing(self, metrics, exam):
        """The results of the run, and what to type next."""
        self.close_bar()
        self.say(
            f"\nvalidation loss {metrics['validation_loss']:.3f} nats per token, "
            f"{metrics['bits_per_character']:.3f} bits per character"
        )
        if "entropy" in metrics:
            self.say(
                f"that is {metrics['gap']:.3f} above the entropy of this text, "
                f"{metrics['entropy']:.3f}: the part that is decided by chance"
            )
        if "band" in metrics:
            self.say(expected.sentence(metrics["validation_loss"], metrics["band"]))
        if exam.left_out:
            self.say(
                f"{exam.left_out} of {exam.left_out + exam.n_prompts} questions were not "
                f"asked: they need more than half of the context of {self.s.n_ctx} tokens"
            )
        for rule, fraction in exam.metrics.get("rule_accuracy", {}).items():
            self.say(f"  {fraction:6.1%} of {exam.asked[rule]} texts follow the rule: {rule}")
        self.say(f"\n{exam.texts[0]}\n\nEverything is in {self.s.out}. What to type next:")
        for line in next_commands(self.s, talks="speakers" in self.facts):
            self.say(f"  {line}")

    def close_bar(self):
        if self.bar is not None:
            self.bar.close()


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
