"""Whether a card gives the results of a CPU: for a part of the first batch, before step 0.

People have trained for hours on graphics chips whose results were silently wrong. They are never
the same to the last bit: sums are added in another order, and a product in bfloat16 keeps three
digits. A larger difference is a mistake. What is checked is the model as it stands in train.py, not
the compiled one, and not its optimizers.
"""

import contextlib
import copy
import math
from typing import NamedTuple

from terrarium import console
from terrarium.devices import print0
from terrarium.errors import BadInput

import torch
import torch.nn.functional as F

ROWS = 8  # of the batch: all that a slow CPU has to compute
# How far two gradients may lie apart, as a fraction of their norm, because of the number format.
# At step 0, by preset, bfloat16 makes 0.002 to 0.005 of it (0.003 to 0.0045 on an H100), float32
# 0.0000006; a causal mask that is missing makes 0.09 to 0.94, an MLP that does nothing 0.04 to
# 0.43. Losses and norms say much less: without the mask, by 0.00001 and 0.001 of themselves.
TOLERANCE = dict(float32=0.001, bfloat16=0.02)


class Computed(NamedTuple):
    """What a device makes of a batch: loss in nats per token, and the gradient, (N,) on the CPU."""

    loss: float
    gradient: torch.Tensor

    def __str__(self):
        return f"a loss of {self.loss:.5f} and a gradient of norm {self.gradient.norm().item():.5f}"


def compare_with_cpu(model, batch, attention_fn, s, devices):
    """Go on on the CPU if the device gives different results. Where --device insists, that is only
    said; of several processes, all end if the device of one does so. Raises BadInput then."""
    if devices.device.type == "cpu":
        return
    why = difference(model, batch, attention_fn, devices)
    if s.device != "auto":
        if why:
            console.say(f"Caution: {why}. The training goes on there, as you asked (--device).")
        return
    if devices.world > 1:
        _, some = devices.all_reduce_mean(torch.tensor(0.0), bool(why))
        if some:
            raise BadInput(
                f"{why or 'The card of another process gives different results than a CPU'}. "
                "Start the training with --device cpu, or insist on the card with --device "
                f"{devices.device.type}."
            )
    elif why:
        print0(f"Caution: {why}. The training goes on on the CPU (--device insists on the card).")
        devices.use_cpu(s, f"what {devices.device} computes is not right")


def difference(model, batch, attention_fn, devices):
    """How the results of a device differ from those of the CPU; "" if they agree."""
    there = compute(model, batch, attention_fn, devices.device, devices.autocast)
    here = compute(model, batch, attention_fn, "cpu", contextlib.nullcontext)
    if not is_usable(here) or agree(there, here, TOLERANCE[devices.precision]):
        return ""
    return (
        f"for the same batch, {devices.device} computes {there}, and the CPU {here}; the gradients "
        f"differ by {100 * distance(there, here):.2g}%"
    )


def compute(model, batch, attention_fn, device, autocast):
    """Loss and gradient of the first rows of a batch, without dropout, row by row: a card may have
    no memory for more. -> Computed"""
    model = copy.deepcopy(model).to(device).eval()
    ids, targets = (rows[:ROWS].to(device) for rows in batch[:2])
    total = 0.0
    for row, following in zip(ids.split(1), targets.split(1)):
        with autocast():
            logits, _ = model(row, attention_fn)
        loss = F.cross_entropy(logits[0].float(), following[0], reduction="sum")
        loss = loss / (targets >= 0).sum()
        loss.backward()
        total += loss.item()
    gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.requires_grad])
    return Computed(total, gradient.float().cpu())


def is_usable(here):
    """Whether there is anything to compare with: settings may lead to NaN, or to no gradient."""
    norm = here.gradient.norm().item()
    return math.isfinite(here.loss) and math.isfinite(norm) and norm > 0


def agree(there, here, tolerance):
    """Whether two losses agree, and two gradients in size and direction. NaN agrees with none."""
    losses_agree = abs(there.loss - here.loss) <= tolerance / 10 * here.loss
    return losses_agree and distance(there, here) <= tolerance


def distance(there, here):
    """How far a gradient lies from that of the CPU, as a fraction of its norm."""
    return ((there.gradient - here.gradient).norm() / here.gradient.norm()).item()
