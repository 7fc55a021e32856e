"""The cores of a CPU: each computes some rows of a batch, instead of a part of each operation."""

import contextlib
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn

SMALL = 5e8  # multiplications that one core does about as fast as two, which wait for each other


@contextlib.contextmanager
def one_core_if_small(model, n_tokens):
    """A pass of so many tokens through a model is computed on one core, unless it is a large one.

    Two cores write a token in hardly less time, and beside another program they take three times
    as long: after each of hundreds of operations, one waits until the other has a core again."""
    threads = torch.get_num_threads()
    if n_tokens * sum(p.numel() for p in model.parameters()) < SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class RowThreads(nn.Module):
    """A model of which each thread computes some rows: ids (B, T) -> logits (B, T, V), None.

    By itself, PyTorch divides each operation among the cores, which wait for each other after every
    one, hundreds of times in a step: for nothing if each gets a whole core, for long if another
    program has one of them. The rows of a batch do not depend on each other, so that threads with
    rows of their own wait twice, once for the logits and once for the gradients.

    autocast: returns the context in which the model computes; each thread enters it for itself.
    """

    def __init__(self, model, threads, autocast):
        super().__init__()
        self.model, self.threads, self.autocast = model, threads, autocast
        cores = torch.get_num_threads() // threads  # of each thread
        self.pool = ThreadPoolExecutor(
            threads, initializer=torch.set_num_threads, initargs=(max(1, cores),)
        )

    def forward(self, ids, attention_fn):
        learning = (p for p in self.model.parameters() if p.requires_grad)
        return RowsApart.apply(self, ids, attention_fn, *learning), None

    def map(self, work, *parts):
        return list(self.pool.map(work, *parts))


class RowsApart(torch.autograd.Function):
    """The model on some rows in each thread, and the sum of their gradients, always in the same
    order: a training that is repeated is the same to the last bit."""

    @staticmethod
    def forward(ctx, rows, ids, attention_fn, *parameters):
        def logits_of(some):
            with torch.enable_grad(), rows.autocast():
                return rows.model(some, attention_fn)[0]

        ctx.rows, ctx.parameters = rows, parameters
        ctx.logits = rows.map(logits_of, ids.chunk(rows.threads))
        return torch.cat([some.detach() for some in ctx.logits])

    @staticmethod
    def backward(ctx, gradient):
        def gradients_of(logits, gradient):
            return torch.autograd.grad(logits, ctx.parameters, gradient)

        parts = gradient.split([len(some) for some in ctx.logits])
        first, *others = ctx.rows.map(gradients_of, ctx.logits, parts)
        for other in others:
            torch._foreach_add_(first, other)
        return None, None, None, *first
