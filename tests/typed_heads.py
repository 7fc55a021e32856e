"""Heads that people type, right ones and wrong ones, and what the judge says of each."""
import textwrap

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
}
STEPS = """
    T, D = q.shape[-2:]
    scores = q @ k.transpose(-2, -1) / D**0.5
    scores = scores + torch.full((T, T), -math.inf).triu(1)
    weights = scores.softmax(dim=-1)
    return weights @ v, weights
"""
WRONG = {  # what is replaced in STEPS, by what, and what the judge says
    "no mask": (
        "full((T, T), -math.inf)", "zeros((T, T))",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. In the weights, rows are tokens that look, and columns are looked at."),
    "a mask of the past": (
        "triu(1)", "tril(-1)",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. In the weights, rows are tokens that look, and columns are looked at."),
    "a mask of itself": (
        "triu(1)", "triu(0)",
        "Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a softmax "
        "over nothing but minus infinity: which dimension does it run along, and what does the "
        "mask leave there?"),
    "a mask one too late": (
        "triu(1)", "triu(2)",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. In the weights, rows are tokens that look, and columns are looked at."),
    "a mask for the result only": (
        "weights @ v, weights", "weights @ v, (q @ k.transpose(-2, -1)).softmax(-1)",
        "The weights show the future, although the result does not: some above the diagonal are "
        "not zero."),
    "a mask for the weights only": (
        "weights @ v", "(q @ k.transpose(-2, -1) / D**0.5).softmax(-1) @ v",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. The weights of later tokens are zero, as they should be, so it comes in "
        "through the scores or the values."),
    "a mask after softmax": (
        "scores.softmax(dim=-1)", "(q @ k.transpose(-2, -1) / D**0.5).softmax(-1).tril()",
        "Row 0 of the weights sums to 0.0514, but each row should sum to one, all the attention "
        "of a token. Softmax sees to that, if nothing is removed after it."),
    "no scale": (
        "/ D**0.5", "",
        "The scores are not scaled. The spread of a sum of D products is the square root of D: "
        "what brings it back to one?"),
    "a scale by D": (
        "D**0.5", "D",
        "The scores are scaled down too much. The spread of a sum of D products is the square "
        "root of D: what brings it back to one?"),
    "a scale upside down": (
        "/ D**0.5", "* D**0.5",
        "The scores are scaled up, not down. The spread of a sum of D products is the square "
        "root of D: what brings it back to one?"),
    "a scale of another size": (
        "D**0.5", "T**0.5",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "a scale written as a number": (
        "D**0.5", "5**0.5",
        "Right so far, but not for 5 tokens and heads of 9 numbers: is a size hard-coded?"),
    "no transpose": (
        "k.transpose(-2, -1)", "k",
        "It raises RuntimeError in line 8: Expected size for first two dimensions of batch2 "
        "tensor to be: [6, 5] but got: [6, 7]. Here q, k and v have the shape (2, 3, 7, 5): "
        "texts, heads, tokens, numbers."),
    "a window of forty tokens": (
        "triu(1)", "triu(1) + torch.full((T, T), -math.inf).tril(-40)",
        "Right so far, but not for 130 tokens and heads of 5 numbers: is a size hard-coded?"),
    "calling itself": (
        "return weights @ v, weights", "return attention(q, k, v)",
        "It calls itself again and again, without end."),
    "leaving": (
        "return weights @ v, weights", "raise SystemExit",
        "It raises SystemExit in line 11: no message. Here q, k and v have the shape (2, 3, 7, "
        "5): texts, heads, tokens, numbers."),
    "queries and keys swapped": (
        "q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "softmax over the columns": (
        "softmax(dim=-1)", "softmax(dim=-2)",
        "The columns of the weights sum to one, not the rows: softmax runs along the wrong "
        "dimension."),
    "softmax over the heads": (
        "softmax(dim=-1)", "softmax(dim=1)",
        "Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a softmax "
        "over nothing but minus infinity: which dimension does it run along, and what does the "
        "mask leave there?"),
    "no softmax": (
        "scores.softmax(dim=-1)", "scores",
        "Some weights are infinite, but they should be fractions between 0 and 1: softmax, as "
        "the last step, makes them so."),
    "no softmax and zeros": (
        "scores.softmax(dim=-1)", "scores.clamp_min(0)",
        "Row 5 of the weights sums to 4.27, but each row should sum to one, all the attention of "
        "a token. Softmax sees to that, if nothing is removed after it."),
    "all tokens seen alike": (
        "q @ k.transpose(-2, -1)", "0 * q @ k.transpose(-2, -1)",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "the mask handed on": (
        "v, weights", "v, (weights > 0)",
        "Row 6 of the weights sums to 7, but each row should sum to one, all the attention of a "
        "token. Softmax sees to that, if nothing is removed after it."),
    "a mask that is only large": (
        "-math.inf", "-20.0",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. That happens when the scores are large: does the mask subtract enough from "
        "them, however large they are?"),
    "a mask of zero times infinity": (
        "torch.full((T, T), -math.inf).triu(1)", "torch.ones(T, T).triu(1) * -math.inf",
        "Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a softmax "
        "over nothing but minus infinity: which dimension does it run along, and what does the "
        "mask leave there?"),
    "minus infinity after softmax": (
        "v, weights", "v, weights + torch.full((T, T), -math.inf).triu(1)",
        "Some weights are infinite, but they should be fractions between 0 and 1: softmax, as "
        "the last step, makes them so."),
    "keys reshaped, not transposed": (
        "k.transpose(-2, -1)", "k.reshape(*k.shape[:2], D, T)",
        "It can see the future: changing token 2 changes the result for token 1, which is "
        "earlier. The weights of later tokens are zero, as they should be, so it comes in "
        "through the scores or the values."),
    "a softmax without a dimension": (
        "scores.softmax(dim=-1)", "scores.softmax()",
        "It raises TypeError in line 10: softmax() missing 1 required positional arguments: "
        '"dim". Here q, k and v have the shape (2, 3, 7, 5): texts, heads, tokens, numbers.'),
    "a typing error": (
        "scores.softmax", "scoers.softmax",
        "It raises NameError in line 10: name 'scoers' is not defined. Here q, k and v have the "
        "shape (2, 3, 7, 5): texts, heads, tokens, numbers."),
    "the root of another size": (
        "D**0.5", "q.shape[1]**0.5",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "weights divided": (
        "v, weights", "v, weights / 2",
        "Row 6 of the weights sums to 0.5, but each row should sum to one, all the attention of "
        "a token. Softmax sees to that, if nothing is removed after it."),
    "a mask of one size": (
        "torch.full((T, T), -math.inf).triu(1)", "torch.full((8, 8), -math.inf).triu(1)[:T, :T]",
        "Right so far, but not for 33 tokens and heads of 2 numbers: is a size hard-coded? It "
        "raises RuntimeError in line 9: The size of tensor a (33) must match the size of tensor "
        "b (8) at non-singleton dimension 3. Here q, k and v have the shape (3, 1, 33, 2): "
        "texts, heads, tokens, numbers."),
    "weights cut off": (
        "scores.softmax(dim=-1)", "scores.softmax(dim=-1).detach()",
        "Its numbers are right, but a model cannot learn with it: changes to q, k or v do not "
        "reach the result as they should. Do not take anything out of the computation (detach, "
        "item, float, numpy), and do not overwrite anything in place after it was used."),
    "keys that do not learn": (
        "k.transpose(-2, -1)", "(k.detach() + 0 * k).transpose(-2, -1)",
        "Its numbers are right, but a model cannot learn with it: changes to q, k or v do not "
        "reach the result as they should. Do not take anything out of the computation (detach, "
        "item, float, numpy), and do not overwrite anything in place after it was used."),
    "by way of numpy": (
        "weights @ v,", "torch.from_numpy((weights @ v).detach().float().numpy()),",
        "A model cannot learn with it: element 0 of tensors does not require grad and does not "
        "have a grad_fn. Do not take anything out of the computation (detach, item, float, "
        "numpy), and do not overwrite anything in place after it was used."),
    "normalised in place": (
        "scores.softmax(dim=-1)", "scores.exp()\n    weights /= weights.sum(-1, keepdim=True)",
        "A model cannot learn with it: one of the variables needed for gradient computation has "
        "been modified by an inplace operation: [torch.FloatTensor [2, 3, 7, 7]], which is "
        "output 0 of. Do not take anything out of the computation (detach, item, float, numpy), "
        "and do not overwrite anything in place after it was used."),
    "in double precision": (
        "weights @ v,", "weights.double() @ v.double(),",
        "The result has the type torch.float64; it should have that of v: torch.float32."),
    "a result not implemented": (
        "return weights @ v, weights", "raise NotImplementedError",
        "It raises NotImplementedError in line 11: no message. Here q, k and v have the shape "
        "(2, 3, 7, 5): texts, heads, tokens, numbers."),
    "keys mixed, not values": (
        "weights @ v", "weights @ k",
        "The weights are right, but the values are combined wrongly: which weight belongs to "
        "which value?"),
    "values mixed twice": (
        "weights @ v", "weights @ (weights @ v)",
        "The weights are right, but the values are combined wrongly: which weight belongs to "
        "which value?"),
    "weights transposed": (
        "weights @ v", "weights.transpose(-2, -1) @ v",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. The weights of later tokens are zero, as they should be, so it comes in "
        "through the scores or the values."),
    "transposed weights handed on": (
        "v, weights", "v, weights.transpose(-2, -1)",
        "The columns of the weights sum to one, not the rows: softmax runs along the wrong "
        "dimension."),
    "one thing only": (
        "v, weights", "v",
        "It has to return two things: what each token gathers, and the weights of that mixture."),
    "three things": (
        "v, weights", "v, weights, v",
        "It has to return two things: what each token gathers, and the weights of that mixture."),
    "nothing": (
        "return weights @ v, weights", "",
        "It returns nothing. It has to return two things: what each token gathers, and the "
        "weights of that mixture."),
    "the weights forgotten": (
        "v, weights", "v, None",
        "It returns Tensor and NoneType, but both have to be tensors; the second is the weights."),
    "both swapped": (
        "weights @ v, weights", "weights, weights @ v",
        "The weights have the shape (2, 3, 7, 5), but each of 7 tokens looks at 7 tokens: (2, 3, "
        "7, 7) is expected."),
    "an array of numpy": (
        "v, weights", "v, weights.numpy()",
        "It returns Tensor and ndarray, but both have to be tensors; the second is the weights."),
    "heads glued": (
        "weights @ v,", "(weights @ v).transpose(1, 2).flatten(2),",
        "The result has the shape (2, 7, 15); it should have that of v: (2, 3, 7, 5)."),
    "heads averaged": (
        "v, weights", "v, weights.mean(1)",
        "The weights have the shape (2, 7, 7), but each of 7 tokens looks at 7 tokens: (2, 3, 7, "
        "7) is expected."),
    "a result that is NaN": (
        "weights @ v", "weights @ v * math.nan",
        "Some results are NaN or infinite, but no weight is: what happens between the two?"),
    "weights that are NaN": (
        "v, weights", "v, weights * math.nan",
        "Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a softmax "
        "over nothing but minus infinity: which dimension does it run along, and what does the "
        "mask leave there?"),
}
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
WRONG_CLASSES = {  # what is replaced in CLASS, by what, and what the judge says
    "super forgotten": (
        "        super().__init__()\n", "",
        "Head(15, 5), a head that turns vectors of 15 numbers into vectors of 5, raises "
        "AttributeError in line 8: cannot assign module before Module.__init__() call."),
    "a layer forgotten": (
        "        self.key = nn.Linear(n_embd, head_size, bias=False)\n", "",
        "It has no layer called key. In __init__, set self.key to a linear layer: it computes "
        "the key of each token from x."),
    "sizes swapped": (
        "self.value = nn.Linear(n_embd, head_size", "self.value = nn.Linear(head_size, n_embd",
        "In Head(15, 5), the weights of the layer value have the shape (15, 5); it has to turn "
        "15 numbers into 5: (5, 15)."),
    "a bias": (
        "self.query = nn.Linear(n_embd, head_size, bias=False)",
        "self.query = nn.Linear(n_embd, head_size)",
        "The layer query has a bias, but those of the model have none: bias=False leaves it out."),
    "scaled by the width": (
        "q.shape[-1] ** 0.5", "C ** 0.5",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "no mask in the class": (
        "scores.masked_fill(later, float(\"-inf\"))", "scores",
        "It can see the future: changing token 1 changes the result for token 0, which is "
        "earlier. In the weights, rows are tokens that look, and columns are looked at."),
    "the value layer for both": (
        "self.key(x), self.value(x)", "self.value(x), self.value(x)",
        "The weights sum to one, but come from the wrong scores: whose query meets whose key, "
        "and what is the product divided by?"),
    "a mask that is made once": (
        "later = torch.ones(T, T).triu(1).bool()",
        "self.later = later = getattr(self, 'later', torch.ones(T, T).triu(1).bool())",
        "Right so far, but not for 130 tokens and heads of 5 numbers: is a size hard-coded? It "
        "raises RuntimeError in line 18: The size of tensor a (7) must match the size of tensor "
        "b (130) at non-singleton dimension 2. Here x has the shape (1, 130, 15): texts, tokens, "
        "numbers."),
    "sizes written as numbers": (
        "self.value = nn.Linear(n_embd, head_size", "self.value = nn.Linear(15, 5",
        "Right so far, but not for 5 tokens and heads of 9 numbers: is a size hard-coded? It "
        "raises RuntimeError: The size of tensor a (15) must match the size of tensor b (27) at "
        "non-singleton dimension 1. Here x has the shape (1, 5, 27): texts, tokens, numbers."),
    "a call instead of forward": (
        "class Head(nn.Module):", "class Head:\n    __call__ = None\n\n    def f(self):\n"
        "        pass\n\nclass Other(nn.Module):",
        "It has no forward(self, x), the method that runs when a layer is called."),
    "one thing from the class": (
        "weights @ v, weights", "weights @ v",
        "It has to return two things: what each token gathers, and the weights of that mixture."),
    "a wrong name": (
        "self.query(x), ", "self.querry(x), ",
        "It raises AttributeError in line 15: 'Head' object has no attribute 'querry'. Here x "
        "has the shape (6, 7, 15): texts, tokens, numbers."),
}


def wrong_class(name):
    old, new, _ = WRONG_CLASSES[name]
    assert CLASS.count(old) == 1
    return CLASS.replace(old, new)


def class_of(source):
    names = {}
    exec(compile(source.lstrip(), "my_head.py", "exec"), names)
    return names["Head"]


def head(body):
    """attention(q, k, v) with a body, and its source."""
    source = ("import math\nimport torch\nimport torch.nn.functional as F\nimport train\n\n"
              "def attention(q, k, v):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    "))
    names = {}
    exec(compile(source, "my_head.py", "exec"), names)
    return names["attention"], source + "\n"


def wrong(name):
    old, new, _ = WRONG[name]
    assert STEPS.count(old) == 1
    return STEPS.replace(old, new)
