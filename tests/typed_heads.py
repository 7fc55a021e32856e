"""Heads that people type, right ones and wrong ones, and where the judge finds the mistake."""

import textwrap

from terrarium import typed_head

import torch


def judge(thing):
    """The first mistake that train.py --head finds in it, or None."""
    return typed_head.judge.judge(thing, torch, (typed_head.training,))


ONE_ROW_AFTER_ANOTHER = """
    B, H, T, D = q.shape
    weights = torch.zeros(B, H, T, T)
    for t in range(T):
        scores = (k[:, :, : t + 1] * q[:, :, t : t + 1]).sum(-1) / D**0.5
        weights[:, :, t, : t + 1] = scores.softmax(-1)
    return weights @ v, weights
"""
RIGHT = {
    "by filling the mask in": """
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        later = torch.ones(q.shape[-2], q.shape[-2]).triu(1).bool()
        weights = F.softmax(scores.masked_fill(later, float("-inf")), dim=-1)
        return weights @ v, weights
    """,
    "with exponentials": """
        shares = torch.exp(torch.einsum("bhid,bhjd->bhij", q, k) * q.size(3) ** -0.5).tril()
        weights = shares / shares.sum(dim=-1, keepdim=True)
        return torch.einsum("bhij,bhjd->bhid", weights, v), weights
    """,
    "one row after another": ONE_ROW_AFTER_ANOTHER,
    "with a large negative number": """
        scores = q @ k.mT / q.shape[-1] ** 0.5
        weights = (scores - 1e9 * torch.ones_like(scores).triu(1)).softmax(-1)
        return weights @ v, weights
    """,
    "with PyTorch's own": """
        T = q.shape[2]
        eye = torch.eye(T).expand(*q.shape[:2], T, T)
        weights = F.scaled_dot_product_attention(q, k, eye, is_causal=True)
        return F.scaled_dot_product_attention(q, k, v, is_causal=True), weights
    """,
    "changing its arguments": """
        q /= q.shape[-1] ** 0.5
        scores = q @ k.transpose(2, 3)
        scores += torch.full_like(scores, -math.inf).triu(1)
        return scores.softmax(3) @ v, scores.softmax(3)
    """,
    "as a list": """
        T, D = q.shape[2], q.shape[3]
        hidden = torch.full((T, T), float("-inf")).triu(diagonal=1)
        weights = torch.softmax(torch.matmul(q, torch.transpose(k, 2, 3)) / D**0.5 + hidden, dim=3)
        return [torch.matmul(weights, v), weights]
    """,
    "with a triangle of ones, as many write it": """
        B, H, T, D = q.size()
        tril = torch.tril(torch.ones(T, T))
        wei = (q @ k.transpose(-2, -1)) * D ** -0.5
        wei = wei.masked_fill(tril[:T, :T] == 0, float("-inf"))
        wei = F.softmax(wei, dim=-1)
        return wei @ v, wei
    """,
    "with positions compared": """
        places = torch.arange(q.shape[-2])
        seen = places[:, None] >= places[None, :]
        scores = torch.where(seen, q @ k.mT / q.size(-1) ** 0.5, torch.tensor(-math.inf))
        weights = scores.softmax(-1)
        return weights @ v, weights
    """,
    "with its own softmax": """
        def softmax(x):
            powers = (x - x.max(dim=-1, keepdim=True).values).exp()
            return powers / powers.sum(-1, keepdim=True)

        T = q.shape[-2]
        scores = q.matmul(k.permute(0, 1, 3, 2)).div(math.sqrt(q.shape[-1]))
        weights = softmax(scores + torch.ones(T, T).triu(1) * -1e9)
        return weights.matmul(v), weights
    """,
    "by logarithms": """
        T, D = q.shape[-2:]
        scores = (q @ k.swapaxes(-1, -2) / D**0.5).masked_fill(
            ~torch.ones(T, T).tril().bool(), -math.inf)
        weights = (scores - torch.logsumexp(scores, dim=-1, keepdim=True)).exp()
        return weights @ v, weights
    """,
    "one head after another": """
        T, D = q.shape[-2:]
        later = torch.triu(torch.ones(T, T), 1) > 0
        mixed, weights = [], []
        for h in range(q.shape[1]):
            scores = torch.bmm(q[:, h], k[:, h].transpose(1, 2)) / D**0.5
            weights.append(scores.masked_fill(later, -math.inf).softmax(-1))
            mixed.append(torch.bmm(weights[-1], v[:, h]))
        return torch.stack(mixed, dim=1), torch.stack(weights, 1)
    """,
    "number by number": """
        B, H, T, D = q.shape
        rows = []
        for t in range(T):
            past = [(q[:, :, t] * k[:, :, s]).sum(-1) for s in range(t + 1)]
            shares = torch.softmax(torch.stack(past, -1) / D**0.5, -1)
            rows.append(torch.cat([shares, torch.zeros(B, H, T - t - 1)], dim=-1))
        weights = torch.stack(rows, 2)
        mixed = (weights.unsqueeze(-1) * v.unsqueeze(2)).sum(dim=3)
        return mixed, weights
    """,
    "with all texts and heads in one": """
        B, H, T, D = q.shape
        q, k, v = (x.reshape(B * H, T, D) for x in (q, k, v))
        scores = torch.einsum("nid,njd->nij", q, k).mul(1 / math.sqrt(D))
        scores = scores.masked_fill_(torch.ones(T, T).triu(1).bool(), float("-inf"))
        weights = torch.nn.functional.softmax(scores, -1)
        return (weights @ v).view(B, H, T, D), weights.view(B, H, T, T)
    """,
    "with a sum instead of a product of matrices": """
        T, D = q.shape[-2:]
        scores = (q.unsqueeze(3) * k.unsqueeze(2)).sum(-1) / D**0.5
        scores = scores + torch.log(torch.tril(torch.ones(T, T)))
        weights = torch.exp(F.log_softmax(scores, dim=-1))
        return (weights[..., None] * v[:, :, None]).sum(-2), weights
    """,
    "with indices of the triangle": """
        T, D = q.shape[-2:]
        scores = q @ k.transpose(-2, -1) / math.sqrt(D)
        row, column = torch.triu_indices(T, T, offset=1)
        scores[:, :, row, column] = -math.inf
        weights = scores.softmax(-1)
        return weights @ v, weights
    """,
    "with the lowest number there is": """
        T, D = q.shape[-2:]
        scores = q @ k.transpose(-2, -1) / math.sqrt(D)
        later = torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)
        weights = scores.masked_fill(later, torch.finfo(scores.dtype).min).softmax(-1)
        return weights @ v, weights
    """,
    "with ten thousand subtracted": """
        T, D = q.shape[-2:]
        scores = q @ k.transpose(-2, -1) / math.sqrt(D)
        weights = (scores - 1e4 * torch.ones(T, T).triu(1)).softmax(-1)
        return weights @ v, weights
    """,
    "with a product added to the mask": """
        B, H, T, D = q.shape
        mask = torch.full((T, T), -math.inf).triu(1).expand(B * H, T, T)
        keys = k.reshape(B * H, T, D).transpose(1, 2)
        scores = torch.baddbmm(mask, q.reshape(B * H, T, D), keys, alpha=D**-0.5)
        weights = scores.softmax(-1).view(B, H, T, T)
        return weights @ v, weights
    """,
    "with a grid of positions": """
        T, D = q.shape[-2:]
        row, column = torch.meshgrid(torch.arange(T), torch.arange(T), indexing="ij")
        scores = torch.divide(q @ k.mT, math.sqrt(D)).masked_fill(column > row, -math.inf)
        weights = scores.softmax(-1)
        return weights @ v, weights
    """,
    "cell by cell": """
        T, D = q.shape[-2:]
        scores = q @ k.transpose(-2, -1) / math.sqrt(D)
        for i in range(T):
            for j in range(i + 1, T):
                scores[:, :, i, j] = float("-inf")
        weights = torch.softmax(scores, dim=-1)
        return weights @ v, weights
    """,
}
STEPS = """
    T, D = q.shape[-2:]
    scores = q @ k.transpose(-2, -1) / D**0.5
    scores = scores + torch.full((T, T), -math.inf).triu(1)
    weights = scores.softmax(dim=-1)
    return weights @ v, weights
"""
WRONG = {  # what is replaced in STEPS, by what, the stage that fails, and the line of an error
    "no mask": ("full((T, T), -math.inf)", "zeros((T, T))", "causal_mask", None),
    "a mask of the past": ("triu(1)", "tril(-1)", "causal_mask", None),
    "a mask of itself": ("triu(1)", "triu(0)", "finite", None),
    "a mask one too late": ("triu(1)", "triu(2)", "causal_mask", None),
    "a mask for the result only": (
        "weights @ v, weights",
        "weights @ v, (q @ k.transpose(-2, -1)).softmax(-1)",
        "causal_mask",
        None,
    ),
    "a mask for the weights only": (
        "weights @ v",
        "(q @ k.transpose(-2, -1) / D**0.5).softmax(-1) @ v",
        "causal_mask",
        None,
    ),
    "a mask after softmax": (
        "scores.softmax(dim=-1)",
        "(q @ k.transpose(-2, -1) / D**0.5).softmax(-1).tril()",
        "row_sums",
        None,
    ),
    "no scale": ("/ D**0.5", "", "scale", None),
    "a scale by D": ("D**0.5", "D", "scale", None),
    "a scale upside down": ("/ D**0.5", "* D**0.5", "scale", None),
    "a scale of another size": ("D**0.5", "T**0.5", "scale", None),
    "a scale written as a number": ("D**0.5", "5**0.5", "other_sizes", None),
    "no transpose": ("k.transpose(-2, -1)", "k", "runs", 8),
    "a window of forty tokens": (
        "triu(1)",
        "triu(1) + torch.full((T, T), -math.inf).tril(-40)",
        "other_sizes",
        None,
    ),
    "calling itself": ("return weights @ v, weights", "return attention(q, k, v)", "runs", 11),
    "leaving": ("return weights @ v, weights", "raise SystemExit", "runs", 11),
    "queries and keys swapped": (
        "q @ k.transpose(-2, -1)",
        "k @ q.transpose(-2, -1)",
        "scale",
        None,
    ),
    "softmax over the columns": ("softmax(dim=-1)", "softmax(dim=-2)", "row_sums", None),
    "softmax over the heads": ("softmax(dim=-1)", "softmax(dim=1)", "finite", None),
    "no softmax": ("scores.softmax(dim=-1)", "scores", "finite", None),
    "no softmax and zeros": ("scores.softmax(dim=-1)", "scores.clamp_min(0)", "row_sums", None),
    "all tokens seen alike": (
        "q @ k.transpose(-2, -1)",
        "0 * q @ k.transpose(-2, -1)",
        "scale",
        None,
    ),
    "the mask handed on": ("v, weights", "v, (weights > 0)", "row_sums", None),
    "a mask that is only large": ("-math.inf", "-20.0", "causal_mask", None),
    "a mask of fifty": ("-math.inf", "-50.0", "causal_mask", None),
    "a mask of a hundred": ("-math.inf", "-100.0", "causal_mask", None),
    "a mask of a thousand": ("-math.inf", "-1000.0", "causal_mask", None),
    "zeros, not minus infinity": (
        "scores + torch.full((T, T), -math.inf).triu(1)",
        "scores.tril()",
        "causal_mask",
        None,
    ),
    "zeros that stand for the future": (
        "scores + torch.full((T, T), -math.inf).triu(1)",
        "scores.tril().masked_fill(scores.tril() == 0, -math.inf)",
        "whole_past",
        None,
    ),
    "a window of three tokens": (
        "triu(1)",
        "triu(1) + torch.full((T, T), -math.inf).tril(-3)",
        "whole_past",
        None,
    ),
    "a window of 130 tokens": (
        "triu(1)",
        "triu(1) + torch.full((T, T), -math.inf).tril(-130)",
        "other_sizes",
        None,
    ),
    "all dimensions reversed": ("k.transpose(-2, -1)", "k.T", "runs", 8),
    "one power of a whole tensor": ("scores.softmax(dim=-1)", "math.exp(scores)", "runs", 10),
    "a tensor asked a question": (
        "scores.softmax(dim=-1)",
        "scores if scores > 0 else 0",
        "runs",
        10,
    ),
    "a scale of ten": ("D**0.5", "10", "scale", None),
    "a mask of zero times infinity": (
        "torch.full((T, T), -math.inf).triu(1)",
        "torch.ones(T, T).triu(1) * -math.inf",
        "finite",
        None,
    ),
    "minus infinity after softmax": (
        "v, weights",
        "v, weights + torch.full((T, T), -math.inf).triu(1)",
        "finite",
        None,
    ),
    "keys reshaped, not transposed": (
        "k.transpose(-2, -1)",
        "k.reshape(*k.shape[:2], D, T)",
        "causal_mask",
        None,
    ),
    "a softmax without a dimension": ("scores.softmax(dim=-1)", "scores.softmax()", "runs", 10),
    "a typing error": ("scores.softmax", "scoers.softmax", "runs", 10),
    "the root of another size": ("D**0.5", "q.shape[1]**0.5", "scale", None),
    "weights divided": ("v, weights", "v, weights / 2", "row_sums", None),
    "a mask of one size": (
        "torch.full((T, T), -math.inf).triu(1)",
        "torch.full((8, 8), -math.inf).triu(1)[:T, :T]",
        "other_sizes",
        9,
    ),
    "weights cut off": (
        "scores.softmax(dim=-1)",
        "scores.softmax(dim=-1).detach()",
        "training",
        None,
    ),
    "keys that do not learn": (
        "k.transpose(-2, -1)",
        "(k.detach() + 0 * k).transpose(-2, -1)",
        "training",
        None,
    ),
    "by way of numpy": (
        "weights @ v,",
        "torch.from_numpy((weights @ v).detach().float().numpy()),",
        "training",
        None,
    ),
    "normalised in place": (
        "scores.softmax(dim=-1)",
        "scores.exp()\n    weights /= weights.sum(-1, keepdim=True)",
        "training",
        None,
    ),
    "in double precision": ("weights @ v,", "weights.double() @ v.double(),", "training", None),
    "a result not implemented": (
        "return weights @ v, weights",
        "raise NotImplementedError",
        "runs",
        11,
    ),
    "keys mixed, not values": ("weights @ v", "weights @ k", "weighted_sum", None),
    "values mixed twice": ("weights @ v", "weights @ (weights @ v)", "weighted_sum", None),
    "weights transposed": ("weights @ v", "weights.transpose(-2, -1) @ v", "causal_mask", None),
    "transposed weights handed on": (
        "v, weights",
        "v, weights.transpose(-2, -1)",
        "row_sums",
        None,
    ),
    "one thing only": ("v, weights", "v", "runs", None),
    "three things": ("v, weights", "v, weights, v", "runs", None),
    "nothing": ("return weights @ v, weights", "", "runs", None),
    "the weights forgotten": ("v, weights", "v, None", "runs", None),
    "both swapped": ("weights @ v, weights", "weights, weights @ v", "shape", None),
    "an array of numpy": ("v, weights", "v, weights.numpy()", "runs", None),
    "heads glued": ("weights @ v,", "(weights @ v).transpose(1, 2).flatten(2),", "shape", None),
    "heads averaged": ("v, weights", "v, weights.mean(1)", "shape", None),
    "a result that is NaN": ("weights @ v", "weights @ v * math.nan", "finite", None),
    "weights that are NaN": ("v, weights", "v, weights * math.nan", "finite", None),
}
HINTS = {  # of wrong heads whose hint is not that of their stage
    "a typing error": "undefined_name",
    "no transpose": "matmul_shapes",
    "calling itself": "endless",
    "keys reshaped, not transposed": "reshaped",
    "a mask that is only large": "finite_mask",
    "a mask of fifty": "finite_mask",
    "a mask of a hundred": "finite_mask",
    "a mask of a thousand": "finite_mask",
    "zeros, not minus infinity": "zeros",
    "zeros that stand for the future": "zero_score",
    "all dimensions reversed": "turned",
    "one power of a whole tensor": "one_number",
    "a tensor asked a question": "one_number",
}
HELPER = """import torch


def scores(q, k):
    D = q.shape[-1]
    return q @ k / D**0.5


def attention(q, k, v):
    weights = scores(q, k).softmax(dim=-1)
    return weights @ v, weights
"""
HELPER_LINE = 6
MISLEADING = [  # messages of an error that is raised in line 7
    "see line 4",
    'File "my_head.py", line 4, in f',
    'x\n  File "my_head.py", line 4, in f',
    'Traceback:\n  File "my_head.py", line 4, in f\n',
]
CLASS = """
import math
import torch
import torch.nn as nn
from torch.nn import functional as F

class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        later = torch.ones(T, T).triu(1).bool()
        weights = F.softmax(scores.masked_fill(later, float("-inf")), dim=-1)
        return weights @ v, weights
"""
KEPT = """
    def __init__(self, n_embd, head_size, n_ctx=256):
        super().__init__()
        for name in ("query", "key", "value"):
            setattr(self, name, nn.Linear(n_embd, head_size, bias=False))
        self.register_buffer("tril", torch.tril(torch.ones(n_ctx, n_ctx)))
        self.dropout, self.scale = nn.Dropout(0.0), head_size ** -0.5

    def forward(self, x):
        B, T, C = x.shape
        wei = self.query(x) @ self.key(x).transpose(1, 2) * self.scale
        wei = wei.masked_fill(self.tril[:T, :T] == 0, float("-inf"))
        wei = self.dropout(F.softmax(wei, dim=-1))
        return wei @ self.value(x), wei
"""
RIGHT_CLASSES = {
    "step by step": CLASS,
    "with a mask and a scale that are kept": CLASS[: CLASS.index("    def __init__")] + KEPT,
}
WRONG_CLASSES = {  # the same for CLASS
    "super forgotten": ("        super().__init__()\n", "", "layers", 8),
    "a layer forgotten": (
        "        self.key = nn.Linear(n_embd, head_size, bias=False)\n",
        "",
        "layers",
        None,
    ),
    "sizes swapped": (
        "self.value = nn.Linear(n_embd, head_size",
        "self.value = nn.Linear(head_size, n_embd",
        "layers",
        None,
    ),
    "a bias": (
        "self.query = nn.Linear(n_embd, head_size, bias=False)",
        "self.query = nn.Linear(n_embd, head_size)",
        "layers",
        None,
    ),
    "scaled by the width": ("q.shape[-1] ** 0.5", "C ** 0.5", "scale", None),
    "no mask in the class": (
        'scores.masked_fill(later, float("-inf"))',
        "scores",
        "causal_mask",
        None,
    ),
    "the value layer for both": (
        "self.key(x), self.value(x)",
        "self.value(x), self.value(x)",
        "scale",
        None,
    ),
    "a mask that is made once": (
        "later = torch.ones(T, T).triu(1).bool()",
        "self.later = later = getattr(self, 'later', torch.ones(T, T).triu(1).bool())",
        "other_sizes",
        18,
    ),
    "sizes written as numbers": (
        "self.value = nn.Linear(n_embd, head_size",
        "self.value = nn.Linear(15, 5",
        "other_sizes",
        None,
    ),
    "a call instead of forward": (
        "class Head(nn.Module):",
        "class Head:\n    __call__ = None\n\n    def f(self):\n"
        "        pass\n\nclass Other(nn.Module):",
        "layers",
        None,
    ),
    "a parameter, not a layer": (
        "self.query = nn.Linear(n_embd, head_size, bias=False)",
        "self.query = nn.Parameter(torch.ones(n_embd, head_size))",
        "layers",
        None,
    ),
    "one thing from the class": ("weights @ v, weights", "weights @ v", "runs", None),
    "a wrong name": ("self.query(x), ", "self.querry(x), ", "runs", 15),
}


def wrong_class(name):
    old, new, *_ = WRONG_CLASSES[name]
    assert CLASS.count(old) == 1
    return CLASS.replace(old, new)


def class_of(source):
    names = {}
    exec(compile(source.lstrip(), "my_head.py", "exec"), names)
    return names["Head"]


def head(body):
    """attention(q, k, v) with a body, and its source."""
    source = (
        "import math\nimport torch\nimport torch.nn.functional as F\nimport train\n\n"
        "def attention(q, k, v):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
    )
    names = {}
    exec(compile(source, "my_head.py", "exec"), names)
    return names["attention"], source + "\n"


def page_source(source):
    return source.replace("import train\n", "\n")  # which the page has not


def wrong(name):
    old, new, *_ = WRONG[name]
    assert STEPS.count(old) == 1
    return STEPS.replace(old, new)
