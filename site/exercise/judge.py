"""Judge a typed attention(q, k, v) by what it does: the first mistake, in one sentence.

`judge(head, torch)` runs the head on small random q, k and v of shape (B, H, T, D), with T
different from D so that a forgotten transpose shows. It returns "" when the head is right. Only
plain tensor operations are used, so that a small stand-in for torch can serve as `torch`.
"""
TOLERANCE = 1e-4


def judge(head, torch):
    """The first mistake of a head as a sentence, or "" if it computes attention."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, 7, 4) for _ in range(3))
    right, weights = reference(q, k, v, torch)
    try:
        answer = head(q * 1, k * 1, v * 1)  # copies, which it may change in place
    except Exception as error:
        return f"Running it ended in {type(error).__name__}: {error}."
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "It has to return two things: what the tokens take over, and the weights."
    if not all(hasattr(thing, "shape") for thing in answer):
        kinds = " and ".join(type(thing).__name__ for thing in answer)
        return f"It returns {kinds}: both things have to be tensors, the second the weights."
    mixed, seen = answer
    for check in (shapes, finite, rows, future, scale, mixture):
        if mistake := check(mixed, seen, right, weights, q, k, v, torch):
            return mistake
    return ""


def reference(q, k, v, torch, factor=1.0):
    """Attention as it should be; `factor` multiplies the scores, to recognise a wrong scale."""
    scores = q @ k.transpose(-2, -1) * (factor / q.shape[-1] ** 0.5)
    future = torch.ones(q.shape[-2], q.shape[-2]).triu(1).bool()
    weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)
    return weights @ v, weights


def far(a, b):
    return (a - b).abs().max().item() > TOLERANCE


def shapes(mixed, seen, right, weights, *_):
    if tuple(seen.shape) != tuple(weights.shape):
        return (f"The weights have the shape {tuple(seen.shape)}, and each of T tokens looks at T "
                f"tokens: {tuple(weights.shape)} is expected.")
    if tuple(mixed.shape) != tuple(right.shape):
        return (f"The result has the shape {tuple(mixed.shape)}; like v, it should have "
                f"{tuple(right.shape)}.")


def finite(mixed, seen, *_):
    if seen.abs().max().item() == float("inf"):
        return "Some weights are infinite, and they should be shares: where is softmax?"
    if not bool(mixed.isfinite().all()) or not bool(seen.isfinite().all()):
        return "Some numbers are NaN or infinite: does every row keep at least one token to see?"


def rows(mixed, seen, right, weights, q, k, v, torch):
    ones = torch.ones(seen.shape[:-1])
    if far(seen.sum(-1), ones):
        if not far(seen.sum(-2), ones):
            return "The columns sum to one, not the rows: softmax runs along the wrong dimension."
        return ("Each row of the weights should sum to one: softmax makes it so, as the last step, "
                "after the mask.")


def future(mixed, seen, *_):
    if seen.triu(1).abs().max().item() > TOLERANCE:
        return "A token sees later ones: the weights above the diagonal should be zero."


def scale(mixed, seen, right, weights, q, k, v, torch):
    D = q.shape[-1]
    for factor, words in ((D**0.5, "not scaled"), (D**-0.5, "divided by D, not by its root"),
                          (D, "multiplied by the root of D, not divided")):
        if not far(seen, reference(q, k, v, torch, factor)[1]):
            return f"The scores are {words}: see how the weights change when D grows."
    if far(seen, weights):
        return "The weights are not the softmax of q kᵀ / √D: compare the scores line by line."


def mixture(mixed, seen, right, *_):
    if far(mixed, right):
        return "The weights are right, but the values are mixed wrongly: who weighs what?"
