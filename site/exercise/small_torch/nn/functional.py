"""torch.nn.functional in small."""

import torch
from torch import _tensor

globals().update(dict(_tensor.offered("functional")))

KNOWN = set(
    """conv1d conv2d embedding cross_entropy nll_loss mse_loss normalize rms_norm tanh
leaky_relu glu multi_head_attention_forward cosine_similarity gumbel_softmax kl_div""".split()
)
relu, sigmoid = torch.relu, torch.sigmoid


def __getattr__(name):
    if name in KNOWN:
        raise AttributeError(_tensor.elsewhere("torch.nn.functional." + name))
    raise AttributeError(f"module 'torch.nn.functional' has no attribute '{name}'")


def usual(dim, input):
    """Without a dimension torch takes the first one, or the second of 2, 4 and more."""
    return (0 if input.ndim in (0, 1, 3) else 1) if dim is None else dim


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    return torch.softmax(input, usual(dim, input), dtype=dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    return torch.log_softmax(input, usual(dim, input), dtype=dtype)


def dropout(input, p=0.5, training=True, inplace=False):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    return input * (torch.rand_like(input) >= p) / (1 - p) if p < 1 else input * 0.0
