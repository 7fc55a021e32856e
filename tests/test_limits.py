"""Numbers near their limits, too little memory, full disks, leftovers: a sentence, or it works."""

import dataclasses
import errno
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import terrarium.devices
import train
from helpers import ROOT
from terrarium import errors, settings
from terrarium.devices import (
    Devices,
    check_memory,
    choose_precision,
    fused_attention_leaks,
    least_memory,
    process_numbers,
)
from terrarium.errors import BadInput
from terrarium.generation import sampling_probs
from terrarium.main import run_command
from terrarium.settings import read_settings

import pytest
import torch
import torch.nn.functional as F

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import flag_mixes

CPU = torch.device("cpu")
PIGS = "".join(f"{i} little pigs went out\nto see the sea\n" for i in range(300))
QUICK = (
    "--preset",
    "smoke",
    "--dataset",
    "pigs.txt",
    "--vocab-size",
    "64",
    "--device",
    "cpu",
    "--precision",
    "float32",
    "--steps",
    "3",
    "--n-ctx",
    "16",
    "--sample-tokens",
    "3",
)


@pytest.fixture
def pigs(folder):
    (folder / "pigs.txt").write_text(PIGS, "utf-8", newline="\n")
    return folder


def parsed(*flags):
    return read_settings(train.Settings, train.PRESETS, [*map(str, flags)])


# ---------------------------------------------------------------------------------------------
# Flags near their limits


@pytest.mark.parametrize(
    "flag, value",
    [
        ("--temperature", "1e-40"),
        ("--temperature", "1e-320"),
        ("--matrix-lr", "1e308"),
        ("--embedding-lr", "1e300"),
        ("--unembedding-lr", "1e39"),
        ("--embedding-std", "1e308"),
        ("--weight-decay", "1e308"),
        ("--snapshots", "2147483647"),
        ("--cooldown", "1.01"),
        ("--vocab-size", "65537"),
        ("--seed", "2147483648"),
        ("--out", "runs/\udcff"),
        ("--dataset", "text\udcff.txt"),
        ("--head", "head\udcff.py"),
        ("--out", "a\0b"),
    ],
)
def test_what_cannot_work_is_refused_by_the_name_of_its_flag(pigs, flag, value):
    with pytest.raises(BadInput) as error:
        parsed(*QUICK, flag, value)
    assert flag in str(error.value)
    assert [path.name for path in pigs.iterdir()] == ["pigs.txt"]


@pytest.mark.parametrize(
    "flags",
    [
        "--temperature=1e-6 --seed=2147483647 --warmup=2147483647 --dropout=1e-300",
        "--temperature=1e6 --sample-every=2147483647 --sample-tokens=2147483647 --snapshots=1",
        "--matrix-lr=5e-324 --embedding-std=1e-300 --cooldown=5e-324 --weight-decay=1e-320",
        "--dropout=0.9999999999 --snapshots=10000 --n-ctx=1",
    ],
)
def test_what_is_only_unusual_works(train_here, pigs, flags):
    s = train_here(*QUICK, *flags.split())
    assert (pigs / s.out / "metrics.json").exists()


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


def test_this_machine_says_how_much_memory_it_has():
    assert 1e8 < terrarium.devices.memory_of(CPU) < 1e15


@pytest.mark.parametrize(
    "how",
    [
        dict(top_p=1e-300),
        dict(temperature=1e-40),
        dict(top_k=10**30),
        dict(temperature=1e300),
        dict(top_k=1, top_p=5e-324),
    ],
)
def test_sampling_near_its_limits_still_samples(how):
    p = sampling_probs(torch.tensor([1.0, 3.0, 2.0]), **how)
    assert p.sum().item() == pytest.approx(1) and p.isfinite().all()
    if how.keys() & {"top_p"} or how == dict(temperature=1e-40):
        assert p.tolist() == [0, 1, 0]


# ---------------------------------------------------------------------------------------------
# 500 mixes of flags


def test_500_mixes_of_flags_end_in_a_sentence_or_in_a_run(pigs):
    counts = flag_mixes.drill(500, seed=1, train_every=50)
    assert sum(counts.values()) == 500 and counts.keys() == {"refused", "taken", "trained"}


# ---------------------------------------------------------------------------------------------
# Settings that somebody adds


def added():
    @dataclass
    class Settings(train.Settings):
        colour: str = "#fff"
        loud: bool = False  # an unusual one
        limit: "int" = 3
        share: float | None = None  # a number; or none

    return Settings


def test_a_setting_that_is_added_without_a_comment_works(capsys):
    Settings = added()
    s = read_settings(
        Settings,
        train.PRESETS,
        ["--limit", "7", "--loud", "yes", "--share", "0.5", "--colour", "red"],
    )
    assert (s.limit, s.loud, s.share, s.colour) == (7, True, 0.5, "red")
    assert read_settings(Settings, train.PRESETS, []).share is None
    with pytest.raises(SystemExit):
        read_settings(Settings, train.PRESETS, ["--loud", "perhaps"])
    with pytest.raises(SystemExit):
        read_settings(Settings, train.PRESETS, ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--colour STR ('#fff')" in text and "--loud BOOL an unusual one (False)" in text


def test_flags_work_where_the_source_of_the_settings_cannot_be_read(monkeypatch):
    """As in an interpreter into which the class was typed."""

    def no_source(_):
        raise OSError("could not get source code")

    monkeypatch.setattr(settings.inspect, "getsource", no_source)
    assert parsed("--steps", 7).steps == 7


@pytest.mark.parametrize(
    "name, value",
    [("steps", "9"), ("steps", 2.5), ("dropout", None), ("n_ctx", True), ("out", 3), ("seed", [1])],
)
def test_a_value_of_the_wrong_type_is_refused(name, value):
    with pytest.raises(BadInput, match="--" + name.replace("_", "-")):
        settings.check_values(train.Settings(**{name: value}))


# ---------------------------------------------------------------------------------------------
# Too little memory

NO_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't"
        " allocate memory: you tried to allocate 9 bytes. Error code 12"
    ),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: str(error)[:20])
def test_out_of_memory_is_a_sentence_that_says_what_to_lower(train_here, pigs, monkeypatch, error):
    def update(*_):
        raise error

    monkeypatch.setattr(train, "update", update)
    with pytest.raises(BadInput) as refusal:
        train_here(*QUICK)
    assert "memory" in str(refusal.value) and "--batch-size (now 4)" in str(refusal.value)


def test_other_mistakes_of_torch_are_not_taken_for_too_little_memory():
    assert not errors.is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not errors.is_out_of_memory(ValueError("out of memory"))


# ---------------------------------------------------------------------------------------------
# Files

KINDS = {
    "ENOSPC": "full",
    "EDQUOT": "quota",
    "EACCES": "permission",
    "EPERM": "permission",
    "EROFS": "only be read",
    "ENOENT": "deleted",
    "ENAMETOOLONG": "longer",
    "EMFILE": "open",
    "ENFILE": "open",
    "EIO": "disk",
    "EPIPE": "Broken pipe",
    "ENOTDIR": "file",
    "EISDIR": "folder",
    "EBUSY": "in use",
    "ELOOP": "link",
    "EFBIG": "larger",
    "ESTALE": "network",
    "EINVAL": "name",
    "EEXIST": "already",
    "EADDRINUSE": "--port",
}


def test_each_kind_of_file_trouble_has_a_sentence_and_a_remedy_of_its_own():
    said = {}
    for name, word in KINDS.items():
        number = getattr(errno, name)
        sentence = errors.os_error_sentence(OSError(number, "?", "runs/x/log.jsonl"))
        assert word in sentence and "same command again" in sentence
        assert "room" not in sentence or name == "ENOSPC"
        said.setdefault(sentence, set()).add(name)
    assert {frozenset(names) for names in said.values() if len(names) > 1} == {
        frozenset({"EACCES", "EPERM"})
    }


def test_file_trouble_of_an_unknown_kind_or_without_a_name_is_told_as_it_is():
    assert "odd (of some kind)" not in errors.os_error_sentence(OSError("of some kind"))
    assert "of some kind" in errors.os_error_sentence(OSError("of some kind"))
    assert "{}" not in errors.os_error_sentence(OSError(errno.EIO, "Input/output error"))
    windows = OSError(errno.ENOENT, "too long", "x")
    windows.winerror = 206
    assert "longer" in errors.os_error_sentence(windows)


@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_to_go_on_is_advised_only_where_there_is_something_to_go_on_with(folder, has_checkpoint):
    @errors.explained
    def training(s):
        raise trouble

    (folder / "my run").mkdir()
    if has_checkpoint:
        (folder / "my run" / "checkpoint.pt").touch()
    s = SimpleNamespace(out="my run", head="")
    for trouble in (
        OSError(errno.ENOSPC, "?", "log.jsonl"),
        BrokenPipeError(errno.EPIPE, "?"),
        KeyboardInterrupt(),
    ):
        if isinstance(trouble, BrokenPipeError):
            errors.stop_printing, kept = lambda: None, errors.stop_printing
        try:
            with pytest.raises(BadInput) as error:
                training(s)
        finally:
            if isinstance(trouble, BrokenPipeError):
                errors.stop_printing = kept
        assert ("--resume 'my run'" in str(error.value)) == has_checkpoint


# ---------------------------------------------------------------------------------------------
# What another program has left in the environment

HERE = dict(MASTER_ADDR="localhost", MASTER_PORT="29500")


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


def test_leftovers_are_told_in_a_sentence_by_a_process_that_cannot_know_its_rank(
    monkeypatch, capsys, pigs
):
    monkeypatch.setenv("RANK", "3")
    with pytest.raises(SystemExit) as end:
        run_command(lambda: train.train(parsed(*QUICK)))
    assert end.value.code == 2 and "unset RANK" in capsys.readouterr().err
    assert [path.name for path in pigs.iterdir()] == ["pigs.txt"]


# ---------------------------------------------------------------------------------------------
# Cards


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


def test_on_another_device_a_run_may_go_on_in_another_number_format(train_here, pigs):
    s = train_here(*QUICK)
    again = ("--resume", s.out, "--device", "cuda")
    assert parsed(*again).precision == "float32"
    assert (
        parsed(*again, "--precision", "bfloat16").device,
        parsed(*again, "--precision", "bfloat16").precision,
    ) == ("cuda", "bfloat16")
    for same_device in ((), ("--device", "cpu")):
        with pytest.raises(BadInput, match="precision"):
            parsed("--resume", s.out, *same_device, "--precision", "bfloat16")


def test_another_training_that_is_started_by_hand_is_no_part_of_an_export(monkeypatch):
    for name, value in dict(RANK="1", WORLD_SIZE="2", **HERE).items():
        monkeypatch.setenv(name, value)
    devices = Devices(train.Settings(device="cpu", precision="float32"), alone=True)
    assert (devices.rank, devices.world) == (0, 1)
