"""Where a run computes, in which number format, and whether there is enough memory."""

import dataclasses
import math
import os
import shutil
import signal
import subprocess
import sys

import terrarium.devices
import train
from helpers import ROOT, read_lines
from terrarium.devices import (
    Devices,
    StopOnCtrlC,
    check_memory,
    choose_device,
    choose_precision,
    fused_attention_leaks,
    least_memory,
    process_numbers,
    product_seconds,
)
from terrarium.errors import BadInput

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

CPU = torch.device("cpu")
HERE = dict(MASTER_ADDR="localhost", MASTER_PORT="29500")


@pytest.fixture
def machine(monkeypatch):
    """machine(cuda=True, mps=False, bf16=2.0): pretend that these are here; bf16 is how many times
    as fast as float32 it is."""

    def pretend(cuda=False, mps=False, bf16=1.0, cuda_bf16=True):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: cuda_bf16)
        monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(
            "terrarium.devices.product_seconds",
            lambda dtype, kind="cpu": 1.0 if dtype == torch.float32 else 1.0 / bf16,
        )
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 8 if cuda else 0)
        monkeypatch.setattr(terrarium.devices, "memory_of", lambda device: 1e12)
        monkeypatch.setattr("terrarium.devices.fused_attention_leaks", lambda *_: False)
        for name in terrarium.devices.LAUNCHERS:
            monkeypatch.delenv(name, raising=False)

    return pretend


def launched(monkeypatch, **numbers):
    """As if torchrun had started this process."""
    for name, value in dict(MASTER_ADDR="localhost", MASTER_PORT=29500, **numbers).items():
        monkeypatch.setenv(name, str(value))


# ---------------------------------------------------------------------------------------------
# The device


@pytest.mark.parametrize(
    "here, chosen, why",
    [
        (dict(cuda=True, mps=True), "cuda", "a graphics card was found"),
        (dict(cuda=True), "cuda", "a graphics card was found"),
        (dict(mps=True), "mps", "a graphics card was found"),
        (dict(), "cpu", "no graphics card was found"),
    ],
)
def test_the_best_device_is_chosen_and_the_reason_is_said(machine, here, chosen, why):
    machine(**here)
    assert choose_device("auto") == (chosen, f"{chosen}, because {why}")
    assert choose_device() == choose_device("auto")


@pytest.mark.parametrize("wanted", ["cuda", "mps", "cpu"])
def test_the_device_that_was_asked_for_is_used(machine, wanted):
    machine(cuda=True, mps=True)
    assert choose_device(wanted) == (wanted, f"{wanted}, as the settings say")


@pytest.mark.parametrize(
    "here, wanted, words",
    [
        (dict(), "cuda", "--device cuda is not here: this machine has cpu."),
        (dict(mps=True), "cuda", "--device cuda is not here: this machine has mps, cpu."),
        (dict(cuda=True), "mps", "--device mps is not here: this machine has cuda, cpu."),
        (dict(cuda=True), "gpu", "--device gpu is not here: this machine has cuda, cpu."),
        (dict(), "CPU", "--device CPU is not here: this machine has cpu."),
    ],
)
def test_a_device_that_is_not_here_is_refused_with_those_that_are(machine, here, wanted, words):
    machine(**here)
    with pytest.raises(BadInput) as error:
        choose_device(wanted)
    assert str(error.value) == words


# ---------------------------------------------------------------------------------------------
# The number format


@pytest.mark.parametrize("kind", ["cpu", "mps"])
@pytest.mark.parametrize(
    "times, chosen, why",
    [
        (0.0048, "float32", "210 times slower"),
        (0.02, "float32", "50 times slower"),
        (0.4, "float32", "2.5 times slower"),
        (1.0, "float32", "1 times as fast"),
        (1.19, "float32", "1.2 times as fast"),
        (1.21, "bfloat16", "1.2 times as fast"),
        (3.0, "bfloat16", "3 times as fast"),
    ],
)
def test_bfloat16_is_used_only_where_it_was_measured_to_be_faster(
    machine, kind, times, chosen, why
):
    machine(bf16=times)
    assert choose_precision(kind) == (chosen, f"bfloat16 is {why} here")


@pytest.mark.parametrize("busy", [torch.float32, torch.bfloat16])
def test_a_busy_moment_of_the_machine_does_not_decide_on_the_number_format(monkeypatch, busy):
    timed = []

    def seconds(dtype, kind):
        timed.append(dtype)
        slowed = 30 if dtype == busy and len(timed) < 20 else 1
        return slowed * (2.0 if dtype == torch.float32 else 1.0)

    monkeypatch.setattr("terrarium.devices.product_seconds", seconds)
    assert choose_precision("cpu") == ("bfloat16", "bfloat16 is 2 times as fast here")


def test_mps_computes_in_float32_without_timing_if_its_attention_leaks(machine, monkeypatch):
    machine(mps=True)
    monkeypatch.setattr("terrarium.devices.product_seconds", None)
    monkeypatch.setattr("terrarium.devices.fused_attention_leaks", lambda *_: True)
    assert choose_precision("mps")[0] == "float32"


@pytest.mark.parametrize("able, chosen", [(True, "bfloat16"), (False, "float32")])
def test_a_graphics_card_uses_bfloat16_if_it_can(machine, monkeypatch, able, chosen):
    machine(cuda=True, cuda_bf16=able)
    monkeypatch.setattr("terrarium.devices.product_seconds", None)
    assert choose_precision("cuda")[0] == chosen


@pytest.mark.parametrize("kind", ["cuda", "mps", "cpu"])
@pytest.mark.parametrize("wanted", ["float32", "bfloat16"])
def test_the_number_format_that_was_asked_for_is_used(machine, monkeypatch, kind, wanted):
    machine(cuda=True, mps=True)
    monkeypatch.setattr("terrarium.devices.product_seconds", None)
    assert choose_precision(kind, wanted) == (wanted, "as the settings say")


def test_the_measurement_multiplies_matrices_of_the_asked_for_format(monkeypatch):
    seen, ones = [], torch.ones

    def noted(*shape, dtype, device):
        seen.append((shape, dtype))
        return ones(*shape, dtype=dtype, device=device)

    monkeypatch.setattr(torch, "ones", noted)
    assert 0 < product_seconds(torch.bfloat16, rows=64, width=32) < 10
    assert seen == [((64, 32), torch.bfloat16), ((32, 32), torch.bfloat16)]


# ---------------------------------------------------------------------------------------------
# Both together


@pytest.mark.parametrize(
    "here, device, precision, fused",
    [
        (dict(bf16=1.0), torch.device("cpu"), "float32", True),
        (dict(bf16=2.5), torch.device("cpu"), "bfloat16", False),
        (dict(mps=True, bf16=1.0), torch.device("mps"), "float32", True),
        (dict(mps=True, bf16=2.5), torch.device("mps"), "bfloat16", True),
        (dict(cuda=True), torch.device("cuda", 0), "bfloat16", True),
        (dict(cuda=True, cuda_bf16=False), torch.device("cuda", 0), "float32", True),
    ],
)
def test_a_process_knows_where_and_how_it_computes(machine, here, device, precision, fused):
    machine(**here)
    s = train.Settings()
    devices = Devices(s)
    assert (devices.device, devices.precision) == (device, precision)
    assert (devices.rank, devices.world, devices.fused_is_better) == (0, 1, fused)
    assert s.precision == precision  # a resumed run goes on in the same format
    assert devices.why.startswith(f"{device.type}, because ")
    assert f"; {precision} (" in devices.why


@pytest.mark.parametrize(
    "preset, fused", [("stories", False), ("tinystories-laptop", False), ("tinystories", True)]
)
def test_attention_weights_that_would_fill_the_memory_of_a_laptop_are_not_kept(
    machine, preset, fused
):
    machine(bf16=2.5)
    settings = train.Settings(**train.PRESETS[preset])
    assert Devices(settings).fused_is_better == fused


@pytest.mark.parametrize("bf16, dtype", [(1.0, torch.float32), (2.0, torch.bfloat16)])
def test_matrix_products_are_in_the_chosen_format_and_losses_in_float32(machine, bf16, dtype):
    machine(bf16=bf16)
    devices, a = Devices(train.Settings()), torch.ones(2, 2)
    with devices.autocast():
        assert (a @ a).dtype == dtype
        assert torch.nn.functional.cross_entropy(a, torch.tensor([0, 1])).dtype == torch.float32


def test_what_a_resumed_run_saves_on_a_cpu_can_be_loaded_without_a_map(machine, tmp_path):
    machine()
    device = Devices(train.Settings()).device
    torch.save(torch.ones(1).to(device), tmp_path / "first.pt")
    torch.save(torch.load(tmp_path / "first.pt", map_location=device), tmp_path / "second.pt")
    assert torch.load(tmp_path / "second.pt", weights_only=True) == 1


def test_each_process_of_a_machine_takes_a_card_of_its_own(machine, monkeypatch):
    machine(cuda=True)
    chosen, groups = [], []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(dist, "init_process_group", lambda kind, timeout: groups.append(kind))
    monkeypatch.setattr(dist, "broadcast_object_list", lambda choices: None)
    launched(monkeypatch, RANK=5, WORLD_SIZE=8, LOCAL_RANK=1)
    devices = Devices(train.Settings(batch_size=32))
    assert (devices.rank, devices.world) == (5, 8)
    assert devices.device == chosen[0] == torch.device("cuda", 1)
    assert groups == ["nccl"]


@pytest.mark.parametrize(
    "here, preset, compiles, multiple",
    [
        (dict(), "tinystories", False, 1),
        (dict(cuda=True), "stories", False, 1),  # compiled, it would take longer
        (dict(cuda=True), "tinystories", True, 256),
        (dict(mps=True), "tinystories", False, 32),
    ],
)
def test_what_is_prepared_for_one_length_of_rows_gets_few_different_ones(
    machine, monkeypatch, here, preset, compiles, multiple
):
    machine(**here)
    monkeypatch.setattr(sys, "platform", "linux")
    s = train.Settings(**train.PRESETS[preset])
    devices = Devices(s)
    assert (devices.compiles, s.row_multiple) == (compiles, multiple)
    assert devices.threads == 1 or devices.device == CPU


@pytest.mark.parametrize("steps", [10, 100_000])
def test_however_long_it_is_a_training_is_drawn_and_compiled_alike(machine, monkeypatch, steps):
    """--minutes changes the steps, and whoever resumes it has to draw the same batches."""
    machine(cuda=True)
    monkeypatch.setattr(sys, "platform", "linux")
    s = train.Settings(**train.PRESETS["tinystories"] | dict(steps=steps))
    assert Devices(s).compiles and s.row_multiple == s.n_ctx


def test_a_run_that_goes_on_elsewhere_draws_the_batches_it_has_drawn(machine):
    s = train.Settings(row_multiple=256, precision="float32")
    s.resumed = True
    machine()
    assert not Devices(s).compiles and s.row_multiple == 256
    machine(cuda=True)
    devices = Devices(s)
    devices.use_cpu(s, "its card is broken")
    assert s.row_multiple == 256


def test_threads_in_use_are_said_on_a_cpu_alone(machine):
    machine()
    threads = torch.get_num_threads()
    assert f"{threads} thread" in Devices(train.Settings()).why
    machine(cuda=True)
    assert "thread" not in Devices(train.Settings()).why


def test_a_training_that_leaves_its_card_computes_on_the_cpu_like_any_other(machine):
    machine(cuda=True, bf16=0.5)
    s = train.Settings()
    devices = Devices(s)
    assert (devices.device.type, s.device, s.precision) == ("cuda", "auto", "bfloat16")
    devices.most_tokens = 4
    devices.use_cpu(s, "its card is broken")
    machine(bf16=0.5)
    right = vars(Devices(train.Settings()))
    assert vars(devices) == right | dict(why=devices.why)
    assert (s.device, s.precision) == ("cpu", "float32")  # a run that is resumed stays there
    assert devices.why.startswith("cpu, because its card is broken; float32 (")


@given(st.integers(1, 9), st.integers(1, 50) | st.just(math.inf))
def test_the_parts_of_a_batch_are_all_of_its_rows_in_order(rows, most_tokens):
    devices = object.__new__(Devices)
    devices.device, devices.most_tokens = CPU, most_tokens
    ids, targets = torch.arange(rows * 4).view(rows, 4), torch.rand(rows, 4)
    parts = list(devices.parts(ids, targets, 99.0))
    assert all(some.numel() <= max(4, most_tokens) for some, _, _ in parts)
    assert len(parts) == 1 or most_tokens < 4 * rows
    assert torch.equal(torch.cat([some for some, _, _ in parts]), ids)
    assert torch.equal(torch.cat([following for _, following, _ in parts]), targets)
    assert {n_targets for _, _, n_targets in parts} == {99.0}


def test_processes_on_cpus_talk_through_gloo(machine, monkeypatch):
    machine()
    groups = []
    monkeypatch.setattr(dist, "init_process_group", lambda kind, timeout: groups.append(kind))
    monkeypatch.setattr(dist, "broadcast_object_list", lambda choices: None)
    launched(monkeypatch, RANK=1, WORLD_SIZE=2, LOCAL_RANK=1)
    assert Devices(train.Settings(batch_size=32)).device == torch.device("cpu")
    assert groups == ["gloo"]


def test_all_processes_compute_in_the_format_that_the_first_one_chose(machine, monkeypatch):
    machine()
    monkeypatch.setattr(
        "terrarium.devices.choose_precision", lambda *_: ("bfloat16", "it was faster")
    )
    monkeypatch.setattr(dist, "init_process_group", lambda kind, timeout: None)
    monkeypatch.setattr(
        dist,
        "broadcast_object_list",
        lambda choices: choices.__setitem__(0, ("float32", "it was not")),
    )
    launched(monkeypatch, RANK=1, WORLD_SIZE=2, LOCAL_RANK=1)
    settings = train.Settings(batch_size=32)
    assert Devices(settings).precision == settings.precision == "float32"


def test_one_process_alone_neither_waits_nor_averages(machine):
    machine()
    devices, done = Devices(train.Settings()), []
    devices.rank0_first(lambda: done.append("work"))
    assert done == ["work"]
    assert devices.all_reduce_mean(torch.tensor(1.5), False) == (1.5, False)
    model = torch.nn.Linear(1, 1)
    assert devices.wrap(model) is model  # on a CPU, nothing is compiled


# ---------------------------------------------------------------------------------------------
# Cores


@pytest.mark.skipif(sys.platform != "linux", reason="only GNU's OpenMP tells how it waits")
@pytest.mark.parametrize("asked, spins", [({}, "10000"), ({"GOMP_SPINCOUNT": "77"}, "77")])
def test_cores_that_wait_leave_room_for_other_programs_unless_you_say_otherwise(asked, spins):
    environment = {name: value for name, value in os.environ.items() if "OMP_" not in name}
    told = subprocess.run(
        [sys.executable, "-c", "import train"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**environment, "OMP_DISPLAY_ENV": "verbose", **asked},
    )
    assert f"GOMP_SPINCOUNT = '{spins}'" in told.stderr


# ---------------------------------------------------------------------------------------------
# Memory


@pytest.mark.parametrize("name", ["n_embd", "n_ff", "n_layer", "n_ctx", "batch_size"])
def test_sizes_that_no_machine_holds_are_refused_before_anything_is_made(pigs, name):
    s = dataclasses.replace(train.Settings(), n_head=1, out="runs/new", **{name: 2**31 - 1})
    with pytest.raises(BadInput) as error:
        Devices(dataclasses.replace(s, device="cpu", precision="float32"))
    assert "--" + name.replace("_", "-") in str(error.value) and "GB" in str(error.value)
    assert [path.name for path in pigs.iterdir()] == ["pigs.txt"]


def test_memory_is_counted_from_below(monkeypatch):
    """Every preset fits into 2 GB for a CPU, as measured; the estimate is not above that."""
    for preset in train.PRESETS.values():
        s = train.Settings(**preset)
        assert least_memory(s) < 2e9 or s.batch_size >= 64
    monkeypatch.setattr(terrarium.devices, "memory_of", lambda device: 1e9)
    check_memory(train.Settings(), CPU)
    with pytest.raises(BadInput, match="--batch-size"):
        check_memory(train.Settings(batch_size=4096), CPU)
    check_memory(train.Settings(batch_size=4096), CPU, world=64)
    with pytest.raises(BadInput, match="--n-ctx"):  # a typed head keeps its weights
        check_memory(train.Settings(n_ctx=8192, batch_size=2, head="my_head.py"), CPU)
    monkeypatch.setattr(terrarium.devices, "memory_of", lambda device: None)
    check_memory(train.Settings(batch_size=2**30), CPU)  # a machine that does not say


def test_a_card_that_holds_a_single_row_is_not_too_small(monkeypatch):
    card = torch.device("cuda", 0)
    monkeypatch.setattr(terrarium.devices, "memory_of", lambda device: 1e9)
    check_memory(train.Settings(batch_size=4096), card)  # in parts
    with pytest.raises(BadInput, match="graphics card.*--n-ctx"):
        check_memory(train.Settings(batch_size=4096, n_ctx=2**20), card)
    with pytest.raises(BadInput, match="--batch-size"):  # several processes do not divide batches
        check_memory(train.Settings(batch_size=4096), card, world=2)


def test_this_machine_says_how_much_memory_it_has():
    assert 1e8 < terrarium.devices.memory_of(CPU) < 1e15


# ---------------------------------------------------------------------------------------------
# What another program has left in the environment


@pytest.mark.parametrize(
    "environment, numbers",
    [
        ({}, (0, 0, 1)),
        (dict(RANK="0"), (0, 0, 1)),
        (dict(WORLD_SIZE="1"), (0, 0, 1)),
        (dict(WORLD_SIZE="", RANK=""), (0, 0, 1)),
        (dict(MASTER_ADDR="localhost"), (0, 0, 1)),
        (dict(RANK="1", LOCAL_RANK="0", WORLD_SIZE="2", **HERE), (1, 0, 2)),
    ],
)
def test_the_numbers_of_a_process_are_read_from_the_environment(environment, numbers):
    assert process_numbers(environment) == numbers


@pytest.mark.parametrize(
    "environment, named",
    [
        (dict(WORLD_SIZE="2"), "RANK"),
        (dict(RANK="1"), "WORLD_SIZE"),
        (dict(RANK="0", WORLD_SIZE="2"), "MASTER_ADDR"),
        (dict(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost"), "MASTER_PORT"),
        (dict(RANK="x", WORLD_SIZE="2", **HERE), "'x'"),
        (dict(WORLD_SIZE="two"), "'two'"),
        (dict(RANK="2", WORLD_SIZE="2", **HERE), "RANK is 2"),
        (dict(WORLD_SIZE="0"), "WORLD_SIZE is 0"),
        (dict(LOCAL_RANK="-1"), "'-1'"),
        (dict(RANK="1²"), "'1²'"),
    ],
)
def test_leftovers_are_named_with_how_to_remove_them(environment, named, monkeypatch):
    with pytest.raises(BadInput) as error:
        process_numbers(environment)
    assert named in str(error.value)
    assert "unset " in str(error.value) or "Remove-Item " in str(error.value)
    for name in environment:
        assert name in str(error.value)


def test_another_training_that_is_started_by_hand_is_no_part_of_an_export(monkeypatch):
    for name, value in dict(RANK="1", WORLD_SIZE="2", **HERE).items():
        monkeypatch.setenv(name, value)
    devices = Devices(train.Settings(device="cpu", precision="float32"), alone=True)
    assert (devices.rank, devices.world) == (0, 1)


# ---------------------------------------------------------------------------------------------
# Mistakes of cards


def test_attention_on_a_cpu_does_not_leak():
    for dtype in (torch.float32, torch.bfloat16):
        assert not fused_attention_leaks(CPU, dtype)


def test_bfloat16_is_refused_on_mps_while_its_attention_leaks(monkeypatch):
    honest = F.scaled_dot_product_attention

    def masks_in_fours(q, k, v, is_causal):
        """The mask of each group of four tokens is that of its last one."""
        last = torch.arange(q.shape[-2]) // 4 * 4 + 3
        sees = torch.arange(k.shape[-2])[None] <= last[:, None]
        return honest(q, k, v, attn_mask=sees)

    monkeypatch.setattr(terrarium.devices.F, "scaled_dot_product_attention", masks_in_fours)
    assert fused_attention_leaks(CPU, torch.bfloat16)
    monkeypatch.setattr("terrarium.devices.fused_attention_leaks", lambda *_: True)
    with pytest.raises(BadInput, match="--precision float32"):
        choose_precision("mps", "bfloat16")
    assert choose_precision("mps", "float32")[0] == "float32"
    monkeypatch.setattr("terrarium.devices.fused_attention_leaks", lambda *_: False)
    assert choose_precision("mps", "bfloat16")[0] == "bfloat16"


def test_the_second_ctrl_c_stops_at_once(ctrl_c):
    stop = StopOnCtrlC()
    assert not stop.asked
    signal.raise_signal(signal.SIGINT)
    assert stop.asked
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_when_a_training_is_over_ctrl_c_does_what_it_did_before(ctrl_c):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stop = StopOnCtrlC()
    signal.raise_signal(signal.SIGINT)
    assert stop.asked
    stop.release()
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


@pytest.mark.skipif(not shutil.which("nvidia-smi"), reason="There is no NVIDIA card")
def test_a_run_on_a_graphics_card_learns_what_one_on_the_cpu_learns(run_train, monkeypatch):
    flags = ("--preset", "smoke", "--precision", "float32")
    assert run_train(*flags, "--out", "cpu").returncode == 0
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert run_train(*flags, "--out", "card", "--device", "cuda").returncode == 0
    cpu, card = (read_lines(f"{run}/log.jsonl") for run in ("cpu", "card"))
    for name in ("loss", "validation_loss", "gradient_norm"):
        values = [line[name] for line in cpu if name in line]
        assert [line[name] for line in card if name in line] == pytest.approx(values, abs=2e-3)
