"""Judge a typed attention(q, k, v) by what it does: the first mistake, in one sentence.

`judge(head, torch)` runs the head on small random q, k and v of shape (B, H, T, D), with T
different from D so that a forgotten transpose shows. It returns "" when the head is right. No
sentence gives the answer away. Of torch it uses manual_seed, randn and ones, and of a tensor
shape, indexing, + - * / > @, transpose, triu, masked_fill, softmax, sum, abs, max, item, isfinite
and all, so that a small stand-in can serve as `torch`.
"""
TOLERANCE = 1e-4
STAGES = ("it runs", "shapes", "numbers", "rows", "the future", "the scale", "the values",
          "other sizes")


def judge(head, torch):
    """The first mistake of a head as a sentence, or "" if it computes attention."""
    for _, mistake in stages(head, torch):
        if mistake:
            return mistake
    return ""


def stages(head, torch):
    """Yield (the name of a stage, the mistake found in it or ""), up to the first mistake."""
    torch.manual_seed(0)
    given = [torch.randn(2, 3, 7, 4) for _ in range(3)]
    checks = [lambda: runs(head, given)]
    checks += [lambda check=check: check(head, torch, given, *numbers_of(head, given))
               for check in (shapes, numbers, rows, future, scale, values, sizes)]
    for stage, check in zip(STAGES, checks):
        mistake = check() or ""
        yield stage, mistake
        if mistake:
            return


def call(head, given):
    """What a head returns for (q, k, v), which it may change in place: these are copies."""
    return head(*[tensor * 1 for tensor in given])


def numbers_of(head, given):
    """The same two tensors, as numbers even if they are true or false."""
    return [tensor * 1.0 for tensor in call(head, given)]


def reference(given, torch, factor=1.0):
    """Attention as it should be; `factor` multiplies the scores, to recognise a wrong scale."""
    q, k, v = given
    scores = q @ k.transpose(-2, -1) * (factor / q.shape[-1] ** 0.5)
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0.5
    weights = scores.masked_fill(later, float("-inf")).softmax(-1)
    return weights @ v, weights


def far(a, b):
    return (a - b).abs().max().item() > TOLERANCE


def runs(head, given):
    if not callable(head):
        return (f"attention is of the type {type(head).__name__}, and it has to be a function: "
                "def attention(q, k, v).")
    try:
        answer = call(head, given)
    except Exception as error:
        if isinstance(error, TypeError) and "positional argument" in str(error):
            return ("It is called with three tensors, attention(q, k, v), and that ends in: "
                    f"{error}.")
        return (f"Running it ends in {type(error).__name__}: {str(error).strip('.')}. Here q, k "
                f"and v have the shape {tuple(given[0].shape)}: texts, heads, tokens, numbers.")
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return ("It has to return two things: what each token takes over, and the weights of that "
                "mixture.")
    if not all(isinstance(thing, type(given[0])) for thing in answer):
        kinds = " and ".join(type(thing).__name__ for thing in answer)
        return f"It returns {kinds}: both things have to be tensors, the second the weights."


def shapes(head, torch, given, mixed, weights):
    B, H, T, D = given[0].shape
    if tuple(weights.shape) != (B, H, T, T):
        return (f"The weights have the shape {tuple(weights.shape)}, and each of {T} tokens looks "
                f"at {T} tokens: {(B, H, T, T)} is expected.")
    if tuple(mixed.shape) != (B, H, T, D):
        return (f"The result has the shape {tuple(mixed.shape)}; like v, it should have "
                f"{(B, H, T, D)}.")


def numbers(head, torch, given, mixed, weights):
    if weights.abs().max().item() == float("inf"):
        return "Some weights are infinite, and they should be shares: where is softmax?"
    if not weights.isfinite().all().item():
        return ("Some weights are NaN, not a number. A softmax over nothing but minus infinities "
                "gives NaN: along which dimension does it run, and what does the mask leave there?")
    if not mixed.isfinite().all().item():
        return "Some results are NaN or infinite, and no weight is: what happens between the two?"


def rows(head, torch, given, mixed, weights):
    ones = torch.ones(*weights.shape[:-1])
    if not far(weights.sum(-1), ones):
        return
    if not far(weights.sum(-2), ones):
        return ("The columns of the weights sum to one, not the rows: softmax runs along the "
                "wrong dimension.")
    return (f"Row 2 of the weights sums to {weights[0, 0, 2].sum().item():.3g}: each row should "
            "sum to one, the whole attention of a token. Softmax makes it so, if nothing is taken "
            "away after it.")


def future(head, torch, given, mixed, weights):
    T = mixed.shape[-2]
    if weights.triu(1).abs().max().item() > TOLERANCE:
        where = "A row of the weights is what a token sees, a column is whom it sees."
    else:
        where = "The weights do not show it: are the values mixed by these very weights?"
    for t in range(1, T):
        change = torch.ones(T, 1)
        change[t] = -2  # token t is replaced by another one, all other tokens stay
        moved, _ = numbers_of(head, [tensor * change for tensor in given])
        for earlier in range(t):
            if far(moved[:, :, earlier], mixed[:, :, earlier]):
                return (f"The future is visible: when token {t} is changed, what comes out at "
                        f"token {earlier}, which is earlier, changes, too. {where}")
    if weights.triu(1).abs().max().item() > TOLERANCE:
        return ("The future is visible in the weights, though not in the result: some above the "
                "diagonal are not zero.")


def scale(head, torch, given, mixed, weights):
    D = given[0].shape[-1]
    for factor, words in ((D**0.5, "not scaled"), (D**-0.5, "scaled down too much"),
                          (D, "scaled up, not down")):
        if not far(weights, reference(given, torch, factor)[1]):
            return (f"The scores are {words}. A sum of D products spreads as the root of D does: "
                    "what brings it back to a spread of one?")
    if far(weights, reference(given, torch)[1]):
        return ("The weights are shares, but not of the right scores: whose query meets whose key, "
                "and by what is the product divided?")


def values(head, torch, given, mixed, weights):
    if far(mixed, reference(given, torch)[0]):
        return "The weights are right, but the values are mixed wrongly: who weighs what?"


def sizes(head, torch, given, mixed, weights):
    other = [torch.randn(1, 2, 5, 9) for _ in range(3)]
    mistake = runs(head, other) or shapes(head, torch, other, *call(head, other))
    if mistake or far(numbers_of(head, other)[0], reference(other, torch)[0]):
        return ("It is right for 7 tokens and heads of 4 numbers, but not for 5 tokens and heads "
                f"of 9: is a size written into it as a number? {mistake or ''}").strip()
