"""Facts of the machine: which process this is, how much memory there is, what a card gets wrong."""
import copy
import ctypes
import os
import sys
from pathlib import Path

from data import BadInput

import torch
import torch.nn.functional as F

LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")  # torchrun sets them


# Processes --------------------------------------------------------------------------------------

def process_numbers(environment=os.environ):
    """(rank, local rank, world size) of this process, as torchrun sets them; (0, 0, 1) alone.

    Raises BadInput for variables that another program has left behind."""
    given = {name: environment[name] for name in LAUNCHERS if environment.get(name)}
    numbers = {name: whole_number(name, given) for name in LAUNCHERS[:3] if name in given}
    rank, world = numbers.get("RANK", 0), numbers.get("WORLD_SIZE", 1)
    if world < 1:
        raise leftover(f"WORLD_SIZE is {world}, and there is at least one process", given)
    if "WORLD_SIZE" not in given and rank > 0:
        raise leftover(f"RANK is {rank}, but WORLD_SIZE is not set", given)
    if world > 1:
        for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
            if name not in given:
                raise leftover(f"WORLD_SIZE is {world}, but {name} is not set", given)
    if rank >= world:
        raise leftover(f"RANK is {rank}, and with WORLD_SIZE {world} it has to be less", given)
    return rank, numbers.get("LOCAL_RANK", 0), world


def whole_number(name, given):
    if not (given[name].isascii() and given[name].isdigit()):
        raise leftover(f"{name} is {given[name]!r}, which is not a number", given)
    return int(given[name])


def leftover(reason, given):
    """BadInput about variables of the environment, which says how to get rid of them."""
    names = [name for name in LAUNCHERS if name in given]
    remove = " ".join(["unset", *names])
    if os.name == "nt":  # in PowerShell, from which cmd can be called, too
        remove = f"Remove-Item {', '.join(f'Env:{name}' for name in names)}"
    return BadInput(f"In the environment, {reason}. torchrun sets these variables for several "
                    f"processes; to train in a single one, remove what is left of them: {remove}")


def is_first_process():
    """Whether this process is the one that talks; one that cannot know it does, too."""
    try:
        return process_numbers()[0] == 0
    except BadInput:
        return True


# Memory -----------------------------------------------------------------------------------------

def least_memory(s, world=1):
    """The bytes that a training takes at least, from its settings.

    The weights are there twice while the first steps are timed, and those that are trained have a
    gradient and a moment each. What backward() needs is added: for each token of a batch the
    vectors and neurons of each block and the logits."""
    block = 4 * s.n_embd**2 + 2 * s.n_embd * s.n_ff
    weights = s.n_layer * block + (2 * s.vocab_size + s.n_ctx) * s.n_embd
    tokens = s.batch_size * s.n_ctx / world
    activations = tokens * (s.n_layer * (6 * s.n_embd + 2 * s.n_ff) + 2 * s.vocab_size)
    if s.head:  # a head that was typed keeps the weights of its attention
        activations += tokens * s.n_layer * s.n_head * s.n_ctx
    return 4 * 4 * weights + 2 * activations


def memory_of(device):
    """The bytes of memory that this machine or its card has; None if it does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    if sys.platform == "win32":
        return windows_memory()
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return min([total, *container_limits()])


def container_limits():
    """What a container, such as a notebook on a server, allows its programs."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            yield int(Path(path).read_text("ascii"))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue


def windows_memory():
    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
                    ("total", ctypes.c_ulonglong),
                    *((f"unused_{i}", ctypes.c_ulonglong) for i in range(6))]

    status = Status(length=ctypes.sizeof(Status))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total if found else None


def check_memory(s, device, world=1):
    """Raise BadInput, before anything is made, for a training that this machine cannot hold."""
    least, there = least_memory(s, world), memory_of(device)
    if there is None or least <= there:
        return
    flags = ("batch_size", "n_ctx", "n_embd", "n_ff", "n_layer", "vocab_size")

    def saved(flag):
        """How much less it would take if this flag were at its least."""
        smaller = copy.copy(s)
        setattr(smaller, flag, 1)
        return least - least_memory(smaller, world)

    most = max(flags, key=saved)
    owner = "this machine" if device.type == "cpu" else "its graphics card"
    raise BadInput(f"This training needs at least {gigabytes(least)} of memory, and {owner} "
                   f"has {gigabytes(there)}. Lower --{most.replace('_', '-')} first "
                   f"(now {getattr(s, most):,}).")


def gigabytes(n):
    return f"{n / 1e9:,.1f} GB"


# Mistakes of cards ------------------------------------------------------------------------------

def fused_attention_leaks(device, dtype, shape=(1, 4, 64, 64)):
    """Whether PyTorch's fused causal attention lets tokens see later ones on a device.

    In bfloat16 it does on MPS in several versions (github.com/pytorch/pytorch/issues/195910), so
    the version that runs here is tried: a change of the last token must not move earlier ones."""
    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, *shape, generator=generator).to(device, dtype)
    outputs = []
    for last in (1, -8):
        changed = v.clone()
        changed[:, :, -1] *= last
        with torch.no_grad():
            outputs.append(F.scaled_dot_product_attention(q, k, changed, is_causal=True))
    before, after = (output[:, :, :-1].float().cpu() for output in outputs)
    return not torch.equal(before, after)
