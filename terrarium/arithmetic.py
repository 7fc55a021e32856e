"""Arithmetic that train.py calls by name: Muon, dropout, the windows of a text."""
import math
from collections import defaultdict
from functools import lru_cache
from itertools import pairwise

from terrarium.errors import BadInput

import numpy as np
import torch


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
        direction = newton_schulz(direction, group["ns_coefficients"], group["ns_steps"])
        rate = min(group["lr"] * math.sqrt(max(1, rows / columns)), 1e38)  # 32 bits hold no more
        for matrix, change in zip(matrices, direction):
            matrix.mul_(1 - group["lr"] * group["weight_decay"]).add_(change, alpha=-rate)


def newton_schulz(x, coefficients, rounds):
    """Matrices (N, rows, columns) -> the same singular vectors, with all singular values near 1.

    Newton-Schulz: each round brings every singular value closer to 1.
    """
    if x.shape[1] > x.shape[2]:  # the smaller square matrix is the cheaper one
        return newton_schulz(x.mT.contiguous(), coefficients, rounds).mT
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


def snapshot_steps(s):
    """Log-spaced steps from 0 to the last; from the first regular look on, each is such a look."""
    count = min(s.snapshots, 10**6) - 1  # whoever asks for more gets all steps anyway
    spaced = np.geomspace(1, s.steps, count).round().astype(int).tolist()
    every = s.watch_every
    looks = (step if step < every else every * round(step / every) for step in spaced)
    return {0, *(min(look, s.steps) for look in looks), s.steps}


def check_finite(number, step, run, s, what="loss"):
    """A number, if it is one. Otherwise BadInput: nothing that comes after it is kept."""
    if math.isfinite(number):
        return number
    kept = (f"Its checkpoint of step {run.saved_step} stays in {run.name}."
            if run.saved_step is not None else "Nothing of it was saved yet.")
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


def pad_batch(rows, device, filling=0):
    """Rows of different lengths -> ids (B, T). What is filled in comes later, where none looks."""
    longest = max(map(len, rows))
    full = [[*map(int, row), *[filling] * (longest - len(row))] for row in rows]
    return torch.tensor(full, device=device)
