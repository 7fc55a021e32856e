"""What is tried out before step 0: how much a card holds at once, and how long a step takes.

The steps of a rehearsal are those of the training itself. All they have changed is put back.
"""

import contextlib
import time
from itertools import islice

from terrarium import runs
from terrarium.batches import row_length
from terrarium.devices import print0, seconds_for
from terrarium.errors import BadInput, is_out_of_memory

LONG_ENOUGH = 4.0  # seconds of steps: enough for a reliable mean
MOST_STEPS = 200
FEWEST_STEPS = 10  # that make a training
FOR_THE_END = 0.05  # of the time: the exam, and the loss over all windows
EARLY_SAMPLES = 10  # beyond those at regular steps
WARMUP = 0.2  # at most, of a short training


def rehearse(run, s, devices, model, optimizers, learn, write, batches):
    """Find out how many tokens a card computes at once, and with --minutes, set s.steps. Raises
    BadInput if there is no time for a training.

    learn(windows, step) updates the model with one of the batches, write(prompts, n_tokens, seed)
    continues prompts with it."""
    is_card = devices.device.type != "cpu" and devices.world == 1
    is_timed = s.minutes and not s.resumed
    if is_card or is_timed:
        with put_back(model, optimizers):
            if is_card:
                fit_into_memory(learn, largest(islice(batches, 100), s), s, devices)
            if is_timed:
                prompts = run.read_facts()["prompts"]
                of_a_step = seconds_of_a_step(learn, batches, devices)
                of_writing = seconds_for(lambda: write(prompts, s.sample_tokens, 0))
    if is_timed:
        left = 60 * s.minutes - (time.perf_counter() - s.began)
        steps = steps_within(left, of_a_step, of_writing, s.sample_every)
        s.steps = devices.broadcast_from_rank0(steps)  # each process has measured another number
        s.warmup = min(s.warmup, int(WARMUP * s.steps))
        if s.steps < FEWEST_STEPS:
            so_far = time.perf_counter() - s.began
            raise BadInput(
                f"--minutes {s.minutes:g} is too short: {so_far:.0f} seconds have passed until the "
                f"first step, and a step takes {of_a_step:.2g}."
            )
    if devices.rank == 0 and not s.resumed:
        runs.write_settings(run, s)  # what is different now from what was asked for


@contextlib.contextmanager
def put_back(model, optimizers):
    """Whatever happens to the model and its optimizers meanwhile is undone."""
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    try:
        yield
    finally:
        model.load_state_dict(weights)
        for optimizer in optimizers:
            optimizer.zero_grad()
            optimizer.state.clear()


def largest(batches, s):
    """The batch that takes most memory."""
    return max(batches, key=lambda windows: size(windows, s))


def size(windows, s):
    return len(windows) * row_length(windows, s)


def fit_into_memory(learn, windows, s, devices):
    """Compute half as many tokens of a batch at once, until the memory of the card holds them. The
    gradients of the parts add up to that of the batch."""
    while True:
        try:
            learn(windows, 0)
            break
        except RuntimeError as error:
            if not is_out_of_memory(error) or devices.most_tokens <= row_length(windows, s):
                raise
        devices.most_tokens = min(devices.most_tokens, size(windows, s)) // 2
        devices.empty_cache()
    if devices.most_tokens < size(windows, s):
        print0(
            f"The card has too little memory for a batch of {size(windows, s):,} tokens: they are "
            f"computed in parts of {devices.most_tokens:,}, whose gradients add up to the same."
        )


def seconds_of_a_step(learn, batches, devices):
    """The mean over several steps, without the first, which includes one-time work."""
    learn(next(batches), 0)[1].item()  # waits until a card is done
    began = time.perf_counter()
    seconds = count = 0
    # All processes take the same number of steps: they wait for each other in each.
    while count < MOST_STEPS and devices.broadcast_from_rank0(seconds < LONG_ENOUGH):
        learn(next(batches), 0)[1].item()
        count += 1
        seconds = time.perf_counter() - began
    return seconds / count


def steps_within(seconds, of_a_step, of_writing, sample_every):
    """How many steps there is time for, with their samples."""
    of_a_sample = 1.5 * of_writing  # there is a loss to compute, and a file to write
    for_steps = (1 - FOR_THE_END) * seconds - EARLY_SAMPLES * of_a_sample
    return max(0, int(for_steps / (of_a_step + of_a_sample / sample_every)))
