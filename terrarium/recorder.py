"""What a training writes down and prints, and where it begins and ends."""

import math

from finetune import merged_weights
from terrarium import expected, runs
from terrarium.devices import StopOnCtrlC
from terrarium.errors import BadInput
from terrarium.screen import Clock, Screen
from terrarium.settings import flag_of

import numpy as np

TIMED = 4  # updates after which a training knows how long it takes


class Recorder:
    """The log, the samples and the checkpoints of a run. A run that is resumed is put back first.

    Attributes: log, {step: line of log.jsonl}. All processes of a training have a recorder; the
    first one writes and prints."""

    def __init__(self, run, s, devices, facts, model, optimizers):
        self.run, self.s, self.devices, self.facts = run, s, devices, facts
        self.model, self.optimizers = model, optimizers
        self.snapshot_steps = snapshot_steps(s)
        self.screen = Screen(s, devices, facts, model)
        self.first, self.log = runs.restore(run, s, model, optimizers, devices.device)
        self.clock = Clock(self.log)
        self.stop, self.stopping = StopOnCtrlC(), False

    def steps(self, batches):
        """Yield each step that is still to come, and its batch; the last one has no update."""
        for step, batch in zip(range(self.s.steps + 1), batches):
            # A resumed run draws what it has learned from, so that later batches are the same.
            if step < self.first:
                continue
            self.step = step
            self.log[step] = dict(step=step, seconds=self.clock.seconds())
            is_last = self.is_last(step)
            yield step, batch
            if is_last:
                return

    def is_sampled(self, step):
        is_due = step % self.s.sample_every == 0 or step in self.snapshot_steps
        return is_due and self.devices.rank == 0

    def is_last(self, step):
        """Whether no update comes after the sample of this step."""
        return step == self.s.steps or self.stopping

    def sample(self, step, losses, tokenizer, rows, top_probs, weights):
        """What the model wrote at a step, as `generate` returns it, with the attention weights over
        it; the losses are those of validation: on its text, and on that of its parent if it has
        one."""
        for name, loss in zip(("validation_loss", "parent_validation_loss"), losses):
            self.log[step][name] = loss
        runs.write_sample(
            self.run, step, self.s, tokenizer, self.facts["prompts"], rows, top_probs, weights
        )
        if step in self.snapshot_steps:
            self.run.write_tensors(f"snapshots/{step:06}.pt", merged_weights(self.model))
        self.save()
        self.screen.sampled(self.log[step], tokenizer.decode(rows[0]))
        self.log[step]["sampling_seconds"] = self.clock.lap()

    def update(self, step, n_targets, loss, norm, lr_multiplier):
        """The loss of this process (a tensor) over so many targets, and the norm of the gradient
        at an update."""
        loss, self.stopping = self.devices.all_reduce_mean(loss, self.stop.asked)
        seconds = self.clock.lap()
        self.log[step].update(
            loss=self.check_finite(loss, "loss"),
            gradient_norm=self.check_finite(norm.item(), "gradient"),
            lr_multiplier=lr_multiplier,
            tokens_per_second=round(n_targets * self.devices.world / seconds),
        )
        self.screen.advance(self.log[step])
        if step == self.first + TIMED:
            self.screen.estimate(seconds * (self.s.steps - step - 1))

    def check_losses(self, losses):
        """A list of validation losses, if each is a number. Raises BadInput."""
        return [self.check_finite(loss, "loss") for loss in losses]

    def check_finite(self, number, what):
        """A number, if it is one. Otherwise BadInput: nothing that comes after it is saved."""
        if math.isfinite(number):
            return number
        saved = (
            f"Its checkpoint of step {self.run.saved_step} stays in {self.run.name}."
            if self.run.saved_step is not None
            else "Nothing of it was saved yet."
        )
        raise BadInput(
            f"The {what} of step {self.step} is {number}; the run ends. {saved} Try a "
            f"smaller {' or '.join(too_high(self.s))}."
        )

    def save(self):
        runs.save(self.run, self.model, self.optimizers, self.step, self.log)

    def finish(self):
        """Save everything. Whether there are results to report: this is the first process, and the
        training went on to its last step."""
        self.stop.release()
        if self.devices.rank > 0:
            return False
        self.save()
        if self.step < self.s.steps:
            self.screen.stopped(self.step)
            return False
        return True

    def report(self, loss, exam):
        """Write and print the results: the validation loss, and the exam of rules.examine."""
        metrics = final_metrics(loss, self.facts, self.model)
        sampling = sum(line.get("sampling_seconds", 0) for line in self.log.values())
        metrics = metrics | dict(
            step=self.step,
            seconds=self.log[self.step]["seconds"],
            sampling_seconds=round(sampling, 3),
        )
        if "parent" in self.facts:  # on the same part of its text as before
            metrics["parent_validation_loss"] = self.log[self.step]["parent_validation_loss"]
        if band := expected.band_of_preset(self.s, self.facts):
            metrics["band"] = band
        self.run.write_json("metrics.json", metrics | exam.metrics)
        self.screen.closing(metrics, exam, self.log)


def final_metrics(loss, facts, model):
    """The results of a run. A loss per token compares models with the same tokens only, bits per
    character all models of one text. If the grammar of a text is known, so is its entropy: the
    least loss that any model can reach, since chance decides the rest."""
    bits = loss / math.log(2) * (facts["validation_tokens"] - 1) / facts["validation_characters"]
    metrics = dict(
        validation_loss=loss,
        bits_per_character=bits,
        parameters=sum(tensor.numel() for tensor in merged_weights(model).values()),
    )
    if "entropy" in facts:
        metrics.update(entropy=facts["entropy"], gap=loss - facts["entropy"])
    return metrics


def snapshot_steps(s):
    """Log-spaced steps from 0 to the last; from `sample_every` on, each is a multiple of it."""
    count = min(s.snapshots, 10**6) - 1  # whoever asks for more gets all steps anyway
    spaced = np.geomspace(1, s.steps, count).round().astype(int).tolist()
    every = s.sample_every
    steps = (step if step < every else every * round(step / every) for step in spaced)
    return {0, *(min(step, s.steps) for step in steps), s.steps}


def too_high(s):
    """The flags of the learning rates that are most likely too high: what is furthest above its
    default; all, if none of them is far."""
    names = ("matrix_lr", "embedding_lr", "unembedding_lr")
    times = {flag_of(name): getattr(s, name) / getattr(type(s), name) for name in names}
    highest = max(times, key=times.get)
    return [highest] if times[highest] > 5 else list(times)
