"""Numbers near their limits, too little memory, leftovers: a training works, or a sentence says why not."""

import errno
import sys

import train
from helpers import QUICK, ROOT, parsed
from terrarium.errors import BadInput
from terrarium.main import run_command

import pytest
import torch

sys.path.insert(0, str(ROOT / "tests" / "bench"))
import flag_mixes

QUICKER = (*QUICK, "--steps", "3", "--n-ctx", "16", "--sample-tokens", "3")

# ---------------------------------------------------------------------------------------------
# Flags near their limits


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
    s = train_here(*QUICKER, *flags.split())
    assert (pigs / s.out / "metrics.json").exists()


# ---------------------------------------------------------------------------------------------
# 500 mixes of flags


def test_500_mixes_of_flags_end_in_a_sentence_or_in_a_run(pigs):
    counts = flag_mixes.drill(500, seed=1, train_every=50)
    assert sum(counts.values()) == 500 and counts.keys() == {"refused", "taken", "trained"}


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
        train_here(*QUICKER)
    assert "memory" in str(refusal.value) and "--batch-size (now 4)" in str(refusal.value)


# ---------------------------------------------------------------------------------------------
# What another program has left in the environment


def test_leftovers_are_told_in_a_sentence_by_a_process_that_cannot_know_its_rank(
    monkeypatch, capsys, pigs
):
    monkeypatch.setenv("RANK", "3")
    with pytest.raises(SystemExit) as end:
        run_command(lambda: train.train(parsed(*QUICKER)))
    assert end.value.code == 2 and "unset RANK" in capsys.readouterr().err
    assert [path.name for path in pigs.iterdir()] == ["pigs.txt"]
