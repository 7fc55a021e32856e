"""One update: a step of the training, made once more, and what it was made of."""

import dataclasses

import finetune
import train
from terrarium.batches import make_batches
from terrarium.devices import Devices
from terrarium.errors import BadInput

import torch

MOST = 2**32  # activations that an update may keep for the way back: 16 GB


def replay(run, last=16, work=2.4e11):
    """Train from the beginning again, as train.py did, up to a snapshot within reach; the last
    update before it is what is returned.

    last, work: how many steps, and multiplications, this may take; one step at least. Counted, not
    timed, so that the same run always gives the same update.
    -> dict(step, ids (B, T), targets (B, T), before, after (models), loss, gradient_norm,
    lr_multiplier, max_abs_diff: how far the weights are from those that the run itself saved)."""
    s = dataclasses.replace(run.s, device="cpu")
    if s.batch_size * s.n_ctx * (len(run.vocab) + s.n_layer * (8 * s.n_embd + s.n_ff)) > MOST:
        raise BadInput(
            f"An update of {run.folder} learns from {s.batch_size * s.n_ctx:,} tokens "
            "at once, too many to make it once more here."
        )
    tokens = run.tokens("train")
    end = run.tokenizer.end
    devices = Devices(s, alone=True)
    windows = train.windows(tokens, end, s.n_ctx)
    batches = make_batches(windows, end, s, devices)
    attention_fn = train.fused_attention if devices.fused_is_better else train.attention
    before, after = run.at(0), run.at(0)
    torch.manual_seed(s.seed)  # adapters begin with random numbers, drawn after those of the model
    model = train.GPT(s, len(run.vocab))
    model.load_state_dict(before.state_dict())
    finetune.choose_what_learns(model, s)
    optimizers = train.make_optimizers(model, s)
    training_model = devices.wrap(model)
    # Each weight is used for each token, once on the way forward and twice on the way back.
    each = 3 * sum(p.numel() for p in model.parameters()) * s.batch_size * s.n_ctx
    goal = max([step for step in run.steps if 0 < step <= min(last, work / each)], default=1)
    for step in range(goal):
        before.load_state_dict(finetune.merged_weights(model))
        batch = train.draw_batch(tokens, next(batches), s, step, devices)
        loss, norm = train.update(training_model, optimizers, batch, s, step, attention_fn, devices)
    weights = finetune.merged_weights(model)
    after.load_state_dict(weights)
    max_abs_diff = None
    if goal in run.steps:
        saved = run.at(goal).state_dict()
        max_abs_diff = max((saved[name] - p).abs().max().item() for name, p in weights.items())
    return dict(
        step=step,
        ids=batch[0],
        targets=batch[1],
        before=before.eval(),
        after=after.eval(),
        loss=loss.item(),
        gradient_norm=norm.item(),
        lr_multiplier=train.lr_multiplier(step, s),
        max_abs_diff=max_abs_diff,
    )
