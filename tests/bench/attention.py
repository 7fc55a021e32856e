"""The attention one reads against the fused kernel: forward and backward, a layer, by device.

python tests/bench/attention.py
"""

import time

import common  # noqa: F401  (puts the repository on sys.path)
import train

import torch


def seconds(attend, q, k, v, repeats=10):
    """The median time of one forward and backward pass."""
    times = []
    for _ in range(repeats):
        if q.is_cuda:
            torch.cuda.synchronize()
        start = time.perf_counter()
        attend(q, k, v)[0].float().square().sum().backward()
        if q.is_cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


def main():
    devices = ["cpu"] + ["cuda"] * torch.cuda.is_available()
    for device in devices:
        for dtype in (torch.float32, torch.bfloat16):
            for B, H, T, D in ((16, 4, 64, 32), (16, 4, 256, 32), (16, 8, 256, 40)):
                q, k, v = (
                    torch.randn(B, H, T, D, device=device, dtype=dtype, requires_grad=True)
                    for _ in range(3)
                )
                plain, fused = (
                    seconds(f, q, k, v) for f in (train.attention, train.fused_attention)
                )
                print(
                    f"{device} {str(dtype)[6:]:8} (B, H, T, D) = {(B, H, T, D)}: plain "
                    f"{plain * 1e3:.1f} ms, fused {fused * 1e3:.1f} ms: {plain / fused:.2f}"
                )


if __name__ == "__main__":
    main()
