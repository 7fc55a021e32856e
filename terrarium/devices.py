"""Where a training computes: processes, device, number format, memory, what a card gets wrong."""

import contextlib
import copy
import ctypes
import math
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from terrarium import console
from terrarium.console import in_main_thread
from terrarium.errors import BadInput
from terrarium.row_threads import RowThreads

import torch
import torch.distributed as dist
import torch.nn.functional as F

COMPILED_PARAMETERS = 5e6  # of a smaller model, few trainings are as long as compiling pays
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
    return BadInput(
        f"In the environment, {reason}. torchrun sets these variables for several "
        f"processes; to train in a single one, remove what is left of them: {remove}"
    )


def is_first_process():
    """Whether this process is the one that talks; one that cannot know it does, too."""
    try:
        return process_numbers()[0] == 0
    except BadInput:
        return True


def print0(text, file=None):
    """Print something once, however many processes there are."""
    if is_first_process():
        console.say(text, file=file)


class StopOnCtrlC:
    """The first Ctrl-C asks for a stop after the step that is running, the second stops at once."""

    def __init__(self):
        self.asked, self.before = False, None
        if sys.platform != "emscripten" and in_main_thread():
            self.before = signal.signal(signal.SIGINT, self.ask)

    def ask(self, *_):
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def release(self):
        """The training is over: from here on, Ctrl-C does what it did before."""
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)


# Device and number format -------------------------------------------------------------------------


class Devices:
    """Where and in which number format this process computes, and which of how many it is.

    Attributes: device, precision, why (a sentence), rank, world; threads that compute rows of their
    own; most_tokens, how many of a batch are computed at once. `alone`: whatever the environment
    says, this is the only process.
    """

    def __init__(self, settings, alone=False):
        self.rank, number, self.world = (0, 0, 1) if alone else process_numbers()
        kind, self.why = choose_device(settings.device)
        if kind == "cuda" and number >= torch.cuda.device_count():
            raise BadInput(
                f"LOCAL_RANK is {number}, and this machine has "
                f"{torch.cuda.device_count()} cards: start as many processes as there "
                "are cards (torchrun --nproc-per-node)."
            )
        # Only cards are numbered: what is saved on "cpu:0" cannot be loaded without a map.
        device = torch.device(f"cuda:{number}" if kind == "cuda" else kind)
        check_memory(settings, device, self.world)
        if kind == "cuda":
            torch.cuda.set_device(device)
        if self.world > 1:
            self.meet(kind)
        self.wanted_precision = settings.precision
        self.use(settings, device)

    def meet(self, kind):
        """Meet the other processes. The timeout is long, because they wait while the first one cuts
        a text into tokens."""
        if "TORCHELASTIC_RUN_ID" not in os.environ:  # started by hand, or not at all
            console.say(
                f"Waiting for all {self.world} processes (WORLD_SIZE) to start …",
                file=sys.stderr,
            )
        dist.init_process_group("nccl" if kind == "cuda" else "gloo", timeout=timedelta(hours=6))

    def use(self, settings, device):
        """Compute on this device, in the number format and in the way that suit it best."""
        self.device, kind = device, device.type
        choice = choose_precision(kind, settings.precision)
        self.precision, reason = self.broadcast_from_rank0(choice)
        settings.precision = self.precision  # a run that is resumed goes on in the same format
        self.why += f"; {self.precision} ({reason})"
        settings.row_multiple = settings.row_multiple or choose_multiple(settings, kind)
        # One length alone is compiled: for each other one it would be done anew.
        is_one_length = settings.row_multiple == settings.n_ctx
        self.compiles = kind == "cuda" and sys.platform == "linux" and is_one_length
        self.most_tokens = math.inf
        self.threads = self.choose_threads(settings)
        if kind == "cpu":
            threads = torch.get_num_threads()
            self.why += f"; {threads} thread{'s' * (threads > 1)}"
        # Measured once on a CPU: plain wins in bfloat16 (55 ms a layer against 78 at T = 256) and
        # loses in float32 (142 against 60). On cards it is assumed to lose; tests/bench measures.
        # Backward needs the weights of all layers, which must not fill a laptop's memory.
        weights = settings.batch_size * settings.n_layer * settings.n_head * settings.n_ctx**2
        self.fused_is_better = kind != "cpu" or self.precision == "float32" or weights > 2**27

    def use_cpu(self, settings, why):
        """Compute on the CPU from here on, and in any other run that goes on with this one."""
        settings.device, settings.precision = "cpu", self.wanted_precision
        if not settings.resumed:  # a run that goes on draws the same batches
            settings.row_multiple = 0
        self.why = f"cpu, because {why}"
        check_memory(settings, torch.device("cpu"), self.world)
        self.use(settings, torch.device("cpu"))

    def empty_cache(self):
        """Give back the memory of a card that is held, but not in use."""
        getattr(torch, self.device.type).empty_cache()

    def parts(self, ids, targets, n_targets):
        """A batch (B, T) on its device, in as many parts as the memory asks for: mostly one. The
        number of targets stays that of the batch: the losses of its parts add up."""
        rows = max(1, min(len(ids), self.most_tokens // ids.shape[1]))
        for some, following in zip(ids.split(rows), targets.split(rows)):
            yield some.to(self.device), following.to(self.device), n_targets

    def choose_threads(self, settings):
        """How many threads compute rows of their own: as many as there are cores, but for one where
        they would draw their dropout in an order that no two runs share, or call a head of the
        reader's from several places at once."""
        is_shared = self.device.type != "cpu" or self.world > 1
        if is_shared or settings.dropout or settings.head:
            return 1
        return min(torch.get_num_threads(), settings.batch_size)

    def broadcast_from_rank0(self, choice):
        """What the first process chose: each of them timed for itself, and all have to agree."""
        choices = [choice]
        if self.world > 1:
            dist.broadcast_object_list(choices)
        return choices[0]

    def wrap(self, model):
        """The model on its device, as the training step sees it: compiled where that pays, spread
        if there are several processes."""
        model = model.to(self.device)
        if self.compiles:
            # A card waits for the next kernel to be started longer than it computes; one process
            # alone can have all kernels of a step recorded (as a CUDA graph) and started at once.
            model = torch.compile(model, mode="reduce-overhead" if self.world == 1 else None)
        if self.world > 1:
            return torch.nn.parallel.DistributedDataParallel(model)
        return RowThreads(model, self.threads, self.autocast) if self.threads > 1 else model

    def autocast(self):
        """Matrix products in the chosen precision; what needs care stays in float32."""
        if self.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)

    def all_reduce_mean(self, loss, stop):
        """The mean loss of all processes, and whether any of them was asked to stop."""
        if self.world == 1:
            return loss.item(), stop
        both = torch.tensor([loss.item() / self.world, float(stop)], device=self.device)
        dist.all_reduce(both)
        return both[0].item(), both[1].item() > 0

    def rank0_first(self, work):
        """Let the first process do some work while the others wait for it."""
        if self.rank == 0:
            work()
        if self.world > 1:
            dist.barrier()


def choose_device(wanted="auto"):
    """cuda, mps or cpu, the first that is there, and why. Raises BadInput if `wanted` is not."""
    here = [
        kind
        for kind, found in (
            ("cuda", torch.cuda.is_available()),
            ("mps", torch.backends.mps.is_available()),
            ("cpu", True),
        )
        if found
    ]
    if wanted not in ("auto", *here):
        raise BadInput(f"--device {wanted} is not here: this machine has {', '.join(here)}.")
    if wanted != "auto":
        return wanted, f"{wanted}, as the settings say"
    why = "a graphics card was found" if here[0] != "cpu" else "no graphics card was found"
    return here[0], f"{here[0]}, because {why}"


def choose_multiple(s, kind):
    """Of what the length of rows is a multiple. Any length will do on a CPU, but a card compiles a
    large model, and MPS prepares any model, anew for each."""
    if kind == "cuda" and parameters(s) > COMPILED_PARAMETERS:
        return s.n_ctx
    return 32 if kind == "mps" else 1


def choose_precision(kind, wanted="auto"):
    """float32 or bfloat16, and why: on a CPU and on MPS, a matrix product in each is timed."""
    if kind == "mps" and wanted == "bfloat16" and fused_attention_leaks(kind, torch.bfloat16):
        raise BadInput(
            f"In PyTorch {torch.__version__}, causal attention in bfloat16 lets tokens "
            "see later ones on mps, so that nothing is learned: use --precision "
            "float32."
        )
    if wanted != "auto":
        return wanted, "as the settings say"
    if kind == "mps" and fused_attention_leaks(kind, torch.bfloat16):
        return "float32", "in bfloat16, attention would see later tokens here"
    if kind == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16", "this card computes it faster"
        return "float32", "this card has nothing faster"
    formats = (torch.float32, torch.bfloat16)  # in turn, so that a busy moment slows both
    tries = [[product_seconds(dtype, kind) for dtype in formats] for _ in range(15)]
    float32, bfloat16 = map(min, zip(*tries))
    ratio = float32 / bfloat16
    if ratio < 1:
        return "float32", f"bfloat16 is {rounded(1 / ratio)} times slower here"
    chosen = "bfloat16" if ratio > 1.2 else "float32"
    return chosen, f"bfloat16 is {rounded(ratio)} times as fast here"


def rounded(number):
    """To two digits: 2.5, or 210."""
    return f"{float(f'{number:.2g}'):g}"


def product_seconds(dtype, kind="cpu", rows=2048, width=256):
    """How long the product of a (rows, width) and a (width, width) matrix takes."""
    a = torch.ones(rows, width, dtype=dtype, device=kind)
    b = torch.ones(width, width, dtype=dtype, device=kind)
    wait_for(kind)
    return seconds_for(lambda: a @ b, kind)


def seconds_for(work, kind="cpu"):
    start = time.perf_counter()
    work()
    wait_for(kind)
    return time.perf_counter() - start


def wait_for(kind):
    """Until a card has computed all that it was asked to; it answers before that."""
    if kind != "cpu":
        getattr(torch, kind).synchronize()


# Memory -----------------------------------------------------------------------------------------


def least_memory(s, world=1, in_parts=False):
    """The bytes that a training takes at least, from its settings; `in_parts`: if each row of a
    batch is computed for itself.

    The weights are there twice while the first steps are timed, and those that are trained have a
    gradient and a moment each. What backward() needs is added: for each token of a batch the
    vectors and neurons of each block and the logits."""
    weights = parameters(s)
    tokens = s.n_ctx if in_parts else s.batch_size * s.n_ctx / world
    activations = tokens * (s.n_layer * (6 * s.n_embd + 2 * s.n_ff) + 2 * s.vocab_size)
    if s.head:  # a head that was typed keeps the weights of its attention
        activations += tokens * s.n_layer * s.n_head * s.n_ctx
    return 4 * 4 * weights + 2 * activations


def parameters(s):
    """About how many numbers a model learns, as far as its settings say."""
    block = 4 * s.n_embd**2 + 2 * s.n_embd * s.n_ff
    return s.n_layer * block + (2 * s.vocab_size + s.n_ctx) * s.n_embd


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
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            ("total", ctypes.c_ulonglong),
            *((f"unused_{i}", ctypes.c_ulonglong) for i in range(6)),
        ]

    status = Status(length=ctypes.sizeof(Status))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total if found else None


def check_memory(s, device, world=1):
    """Raise BadInput, before anything is made, for a training that this machine cannot hold."""
    in_parts = device.type != "cpu" and world == 1
    least, there = least_memory(s, world, in_parts), memory_of(device)
    if there is None or least <= there:
        return
    flags = ("batch_size", "n_ctx", "n_embd", "n_ff", "n_layer", "vocab_size")

    def saved(flag):
        """How much less it would take if this flag were at its least."""
        smaller = copy.copy(s)
        setattr(smaller, flag, 1)
        return least - least_memory(smaller, world, in_parts)

    most = max(flags, key=saved)
    owner = "this machine" if device.type == "cpu" else "its graphics card"
    raise BadInput(
        f"This training needs at least {gigabytes(least)} of memory, and {owner} "
        f"has {gigabytes(there)}. Lower --{most.replace('_', '-')} first "
        f"(now {getattr(s, most):,})."
    )


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
