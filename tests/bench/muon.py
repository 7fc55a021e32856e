"""torch.optim.Muon against ours: one update of all matrices of a preset's blocks.

python tests/bench/muon.py
ONEDNN_MAX_CPU_ISA=AVX2 python tests/bench/muon.py      as if the CPU had no bfloat16
"""

from functools import partial

import common  # noqa: F401  (puts the repository on sys.path)
import train
from terrarium.devices import seconds_for

import torch


def milliseconds(make, model, repeats=7):
    """The median time of an update."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    for p in matrices:
        p.grad = torch.randn_like(p)
    muon = make(matrices)
    muon.step()
    times = sorted(seconds_for(muon.step) for _ in range(repeats))
    return times[repeats // 2] * 1e3


def main():
    for preset in ("stories", "tinystories-laptop"):
        model = train.GPT(train.Settings(**train.PRESETS[preset]), 512)
        torchs = milliseconds(torch.optim.Muon, model)
        print(f"{preset:20} torch.optim.Muon {torchs:7.1f} ms")
        for precision in ("bfloat16", "float32"):
            make = partial(
                train.Muon, precision=precision, lr=0.02, momentum=0.85, weight_decay=0.1
            )
            own = milliseconds(make, model)
            print(f"{'':20} in {precision:8}      {own:7.1f} ms: {torchs / own:.1f} times as fast")


if __name__ == "__main__":
    main()
