"""Where a run computes, in which number format, and how fast it learns at each step."""

import ast
import os
import subprocess
import sys

import terrarium.devices
import train
from helpers import ROOT
from terrarium.console import duration
from terrarium.devices import Devices, choose_device, choose_precision, product_seconds
from terrarium.errors import BadInput

import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st


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
            lambda dtype: 1.0 if dtype == torch.float32 else 1.0 / bf16,
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
    assert choose_device(wanted) == (wanted, f"{wanted}, as you asked")


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


@pytest.mark.parametrize(
    "times, chosen, why",
    [
        (0.02, "float32", "50 times slower"),
        (0.4, "float32", "2.5 times slower"),
        (1.0, "float32", "1 times as fast"),
        (1.19, "float32", "1.2 times as fast"),
        (1.21, "bfloat16", "1.2 times as fast"),
        (3.0, "bfloat16", "3 times as fast"),
    ],
)
def test_a_cpu_uses_bfloat16_only_where_it_was_measured_to_be_faster(machine, times, chosen, why):
    machine(bf16=times)
    assert choose_precision("cpu") == (chosen, f"bfloat16 is {why} here")


@pytest.mark.parametrize("busy", [torch.float32, torch.bfloat16])
def test_a_busy_moment_of_the_machine_does_not_decide_on_the_number_format(monkeypatch, busy):
    timed = []

    def seconds(dtype):
        timed.append(dtype)
        slowed = 30 if dtype == busy and len(timed) < 20 else 1
        return slowed * (2.0 if dtype == torch.float32 else 1.0)

    monkeypatch.setattr("terrarium.devices.product_seconds", seconds)
    assert choose_precision("cpu") == ("bfloat16", "bfloat16 is 2 times as fast here")


def test_mps_computes_in_float32_and_times_nothing(machine, monkeypatch):
    machine(mps=True)
    monkeypatch.setattr("terrarium.devices.product_seconds", None)
    assert choose_precision("mps") == ("float32", "the safe choice on mps")


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

    def noted(*shape, dtype):
        seen.append((shape, dtype))
        return ones(*shape, dtype=dtype)

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
        (dict(mps=True, bf16=2.5), torch.device("mps"), "float32", True),
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


def test_a_batch_that_the_processes_cannot_share_evenly_is_refused(machine, monkeypatch):
    machine()
    monkeypatch.setattr(dist, "init_process_group", None)  # it is refused before that
    launched(monkeypatch, RANK=0, WORLD_SIZE=3)
    with pytest.raises(BadInput) as error:
        Devices(train.Settings(batch_size=32))
    assert str(error.value) == (
        "A batch of 32 rows cannot be divided evenly among 3 processes: "
        "choose another --batch-size."
    )


def test_one_process_alone_neither_waits_nor_averages(machine):
    machine()
    devices, done = Devices(train.Settings()), []
    devices.rank0_first(lambda: done.append("work"))
    assert done == ["work"]
    assert devices.all_reduce_mean(torch.tensor(1.5), False) == (1.5, False)
    model = torch.nn.Linear(1, 1)
    assert devices.wrap(model) is model  # on a CPU, nothing is compiled


# ---------------------------------------------------------------------------------------------
# Only what every system has

SOURCES = [*ROOT.glob("*.py"), *ROOT.glob("data/*.py"), ROOT / "site" / "exercise" / "judge.py"]
NOT_EVERYWHERE = {
    "fork",
    "forkpty",
    "sched_getaffinity",
    "uname",
    "getuid",
    "geteuid",
    "killpg",
    "setsid",
    "mkfifo",
    "SIGALRM",
    "SIGKILL",
    "SIGHUP",
    "SIGUSR1",
    "alarm",
    "setitimer",
    "pause",
}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_used_that_only_some_systems_have(path):
    used = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import():
                used |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                used |= {node.module, *(alias.name for alias in node.names)}
            case ast.Attribute():
                used.add(node.attr)
            case ast.Constant(value=str(text)):
                assert not text.startswith(("/tmp", "/dev", "/proc", "/home")), text
    assert not used & (NOT_EVERYWHERE | {"resource", "fcntl", "pwd", "grp", "termios", "pty"})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_text_file_is_opened_with_its_encoding(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        keywords = {k.arg for k in node.keywords}
        if name == "open" and ast.unparse(node.func) != "os.open":  # that one opens no text
            assert "encoding" in keywords or any("b" in str(w) for w in words), node.lineno
        if name in ("read_text", "write_text"):
            assert "encoding" in keywords or "utf-8" in words, node.lineno


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
# The learning rate


@given(
    steps=st.integers(1, 10_000),
    warmup=st.integers(0, 12_000),
    cooldown=st.floats(0.001, 1),
    data=st.data(),
)
def test_the_learning_rate_is_a_share_and_never_negative(steps, warmup, cooldown, data):
    s = train.Settings(steps=steps, warmup=warmup, cooldown=cooldown)
    step = data.draw(st.integers(0, steps))
    assert 0 <= train.lr_multiplier(step, s) <= 1
    assert (train.lr_multiplier(step, s) == 0) == (step == steps)


@given(steps=st.integers(2, 500), share=st.floats(0, 1), cooldown=st.floats(0.05, 1))
def test_the_learning_rate_climbs_stays_at_one_and_falls_over_its_cooldown(steps, share, cooldown):
    top = int((1 - cooldown) * steps)
    s = train.Settings(steps=steps, warmup=int(share * top), cooldown=cooldown)
    rates = [train.lr_multiplier(step, s) for step in range(steps + 1)]
    assert rates[: s.warmup + 1] == sorted(set(rates[: s.warmup + 1]))
    assert rates[s.warmup : top + 1] == pytest.approx([1] * (top + 1 - s.warmup))
    falling = rates[top + 1 :]
    assert falling == pytest.approx(
        [(steps - i) / steps / cooldown for i in range(top + 1, steps + 1)]
    )
    assert falling == sorted(set(falling), reverse=True) and rates[-1] == 0


def test_the_learning_rate_of_four_steps_of_warmup_and_sixteen_in_all():
    s = train.Settings(steps=16, warmup=4, cooldown=0.5)
    assert [train.lr_multiplier(step, s) for step in range(17)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8, 0]
    )


# ---------------------------------------------------------------------------------------------
# Time


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (75, "1 min 15 s"),
        (3599.6, "1 h 0 min"),
        (3725, "1 h 2 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_a_duration_is_said_in_words(seconds, words):
    assert duration(seconds) == words


@given(st.integers(0, 86_400))
def test_a_duration_in_words_is_the_one_that_was_meant(seconds):
    unit = {"h": 3600, "min": 60, "s": 1}
    words = duration(seconds).split()
    said = sum(int(n) * unit[u] for n, u in zip(words[::2], words[1::2]))
    assert said == seconds if seconds < 3600 else 0 <= seconds - said < 60
