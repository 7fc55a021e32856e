"""Judge a typed attention(q, k, v) by what it does, and find its first mistake.

`judge(head, torch)` runs the head on small random q, k and v of shape (B, H, T, D); these sizes
and their square roots are all different. It returns None if the head is right, or a Mistake:

    stage     the check that failed: the name of a function in CHECKS
    message   what is wrong, for people
    hint      the stage, or a kind of error, such as "undefined_name"
    line      in the reader's file, of an error; otherwise None

Of torch it uses manual_seed, randn and ones, and of a tensor shape, indexing, + - * / > @,
transpose, triu, masked_fill, softmax, sum, abs, max, item, isfinite and all, so that a small
stand-in can serve as `torch`.

Instead of a function, a whole class may be judged: Head(n_embd, head_size), with linear layers
query, key and value, which takes x (B, T, n_embd) and returns (B, T, head_size) and the weights
(B, T, T). For it, eye, zeros, cat, no_grad, inference_mode, copy_, flatten and unflatten are used,
too.

It runs in CPython 3.10 or newer, and in MicroPython 1.27.
"""

import io
import sys
from collections import namedtuple

TOLERANCE = 1e-4
FILE = "my_head.py"  # the file of a head, for MicroPython, where functions do not know theirs

TOO_DEEP = ("pystack exhausted", "maximum recursion depth exceeded")  # MicroPython's RuntimeErrors

Mistake = namedtuple("Mistake", ("stage", "message", "hint", "line"))


def judge(head, torch, more_checks=()):
    """The first Mistake of a head, or None if it computes attention."""
    for _, mistake in stages(head, torch, more_checks):
        if mistake:
            return mistake
    return None


def stages(head, torch, more_checks=()):
    """Yield (stage, its Mistake or None) for one stage after another, up to the first mistake."""
    torch.manual_seed(0)
    batch = (2, 3)  # texts, and heads
    if isinstance(head, type):
        mistake = run_check(layers, head, torch, None)
        yield "layers", mistake
        if mistake:
            return
        head, batch = AsAttention(head, torch), (6,)
    qkv = [torch.randn(*batch, 7, 5) for _ in range(3)]
    for check in CHECKS + more_checks:
        mistake = run_check(check, head, torch, qkv)
        yield check.__name__, mistake
        if mistake:
            return


def run_check(check, head, torch, qkv):
    """The Mistake that a check finds, or None.

    A check returns a message, or (message, hint, line), or nothing if all is well."""
    stage = check.__name__
    try:
        found = check(head, torch, qkv)
    except (Exception, SystemExit) as error:
        found = describe(error, head, qkv)
    if not found:
        return None
    message, hint, line = found if isinstance(found, tuple) else (found, None, None)
    return Mistake(stage, message, hint or stage, line)


def call(head, qkv):
    """What a head returns for copies of q, k and v: it may change them in place."""
    return head(*[tensor * 1 for tensor in qkv])


def call_as_floats(head, qkv):
    """The same two tensors as numbers, even if they hold booleans."""
    return [tensor * 1.0 for tensor in call(head, qkv)]


def reference(qkv, torch, factor=1.0):
    """Attention as it should be; `factor` multiplies the scores, to recognise a wrong scale."""
    q, k, v = qkv
    scores = q @ k.transpose(-2, -1) * (factor / q.shape[-1] ** 0.5)
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0.5
    weights = scores.masked_fill(later, float("-inf")).softmax(-1)
    return weights @ v, weights


def differ(a, b, tolerance=TOLERANCE):
    return not (a - b).abs().max().item() <= tolerance  # NaN differs from everything


# Errors -----------------------------------------------------------------------------------------


def describe(error, head, qkv):
    """(message, hint, line) for an error that a head raised."""
    words = words_of(error)
    lines = own_lines(error, head)
    if type(error).__name__ == "RecursionError" or words in TOO_DEEP:
        line = max(lines, key=lines.count) if lines else None  # where it calls itself
        return "It calls itself again and again, without end.", None, line
    line = lines[-1] if lines else None
    if isinstance(error, TypeError) and not line:  # the call itself failed
        called = (
            "one tensor, forward(x)"
            if hasattr(head, "forward")
            else "three tensors, attention(q, k, v)"
        )
        return f"It is called with {called}, and that fails: {words}.", None, None
    message = f"It raises {raised(error, line)}: {words}."
    if qkv:
        message += " " + shape_sentence(head, qkv)
    return message, kind_of(error), line


def words_of(error):
    return str(error).strip(". ") or "no message"


def raised(error, line):
    return type(error).__name__ + (f" in line {line}" if line else "")


def kind_of(error):
    """The kind of an error that has a larger hint of its own. Those of the small torch say it
    themselves; PyTorch's do not."""
    return "undefined_name" if isinstance(error, NameError) else getattr(error, "kind", None)


def shape_sentence(head, qkv):
    shape = tuple(qkv[0].shape)
    if isinstance(head, AsAttention):
        return f"Here x has the shape {shape[:2] + (3 * shape[2],)}: texts, tokens, numbers."
    return f"Here q, k and v have the shape {shape}: texts, heads, tokens, numbers."


def own_lines(error, head):
    """The lines of the head's own file on the way to an error; the last one raised it."""
    function = getattr(head, "forward", head)
    own_file = getattr(getattr(function, "__code__", None), "co_filename", FILE)
    return [line for file, line in traceback_of(error) if file == own_file]


def traceback_of(error):
    """(file, line) of every call on the way to an error, the last one at the end."""
    found = []
    if hasattr(sys, "print_exception"):  # MicroPython can only print the traceback
        printed = io.StringIO()
        sys.print_exception(error, printed)
        for line in printed.getvalue().split("\n")[1:]:
            if not line.startswith('  File "'):
                break  # here the error's own words begin
            _, file, rest = line.split('"')
            found.append((file, int(rest.split(",")[1].split()[1])))
        return found
    step = error.__traceback__
    while step:
        found.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return found


# A class ----------------------------------------------------------------------------------------


class AsAttention:
    """attention(q, k, v) computed by a class Head, whose own layers make q, k and v from x.

    Here x is q, k and v side by side, and each layer has weights of 0 and 1 that pick its third.
    So a Head is judged as the function is, and train.py, where all heads share one layer, can
    train with it. q, k and v: (B, T, D) or (B, H, T, D)."""

    def __init__(self, Head, torch):
        self.Head, self.torch, self.forward, self.heads = Head, torch, Head.forward, {}

    def __call__(self, q, k, v):
        B, D = q.shape[0], q.shape[-1]
        x = self.torch.cat([q, k, v], -1)
        if len(q.shape) == 3:
            return self.head(D, q)(x)
        mixed, weights = self.head(D, q)(x.flatten(0, 1))
        return mixed.unflatten(0, (B, -1)), weights.unflatten(0, (B, -1))

    def head(self, D, like):
        """A Head for q, k and v of D numbers each, on their device."""
        if (D, str(like.device)) not in self.heads:
            with self.torch.inference_mode(False):  # it may be trained through later
                head = self.Head(3 * D, D).to(like.device)
            for i, layer in enumerate((head.query, head.key, head.value)):
                pick = [self.torch.zeros(D, D)] * 3
                pick[i] = self.torch.eye(D)
                with self.torch.no_grad():
                    layer.weight.copy_(self.torch.cat(pick, -1))
            self.heads[D, str(like.device)] = head
        return self.heads[D, str(like.device)]


def layers(Head, torch, qkv):
    """Check that a Head has the three layers that the model's weights will be put into."""
    n_embd, size = 15, 5
    if not hasattr(Head, "forward"):
        return "It has no forward(self, x), the method that runs when a layer is called."
    try:
        head = Head(n_embd, size)
    except Exception as error:
        lines = own_lines(error, Head)
        line = lines[-1] if lines else None
        return (
            f"Head({n_embd}, {size}), a head that turns vectors of {n_embd} numbers into "
            f"vectors of {size}, raises {raised(error, line)}: {words_of(error)}.",
            kind_of(error),
            line,
        )
    for name in ("query", "key", "value"):
        layer = getattr(head, name, None)
        if not hasattr(layer, "weight"):
            return (
                f"It has no layer called {name}. In __init__, set self.{name} to a linear "
                f"layer: it computes the {name} of each token from x."
            )
        if tuple(layer.weight.shape) != (size, n_embd):
            return (
                f"In Head({n_embd}, {size}), the weights of the layer {name} have the shape "
                f"{tuple(layer.weight.shape)}; it has to turn {n_embd} numbers into {size}: "
                f"{(size, n_embd)}."
            )
        if getattr(layer, "bias", None) is not None:
            return (
                f"The layer {name} has a bias, but those of the model have none: "
                "bias=False leaves it out."
            )


# The checks, in their order ---------------------------------------------------------------------


def runs(head, torch, qkv):
    if not callable(head):
        return (
            f"attention is of the type {type(head).__name__}, but it has to be a function: "
            "def attention(q, k, v)."
        )
    result = call(head, qkv)
    if result is None:
        return (
            "It returns nothing. It has to return two things: what each token gathers, and "
            "the weights of that mixture."
        )
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        return (
            "It has to return two things: what each token gathers, and the weights of that mixture."
        )
    if not all(isinstance(thing, type(qkv[0])) for thing in result):
        types = " and ".join(type(thing).__name__ for thing in result)
        return f"It returns {types}, but both have to be tensors; the second is the weights."


def shape(head, torch, qkv):
    mixed, weights = call(head, qkv)
    wanted = tuple(qkv[0].shape)
    T, square = wanted[-2], wanted[:-1] + wanted[-2:-1]
    if tuple(weights.shape) != square:
        return (
            f"The weights have the shape {tuple(weights.shape)}, but each of {T} tokens looks "
            f"at {T} tokens: {square} is expected."
        )
    if tuple(mixed.shape) != wanted:
        return f"The result has the shape {tuple(mixed.shape)}; it should have that of v: {wanted}."


def finite(head, torch, qkv):
    mixed, weights = call_as_floats(head, qkv)
    if weights.abs().max().item() == float("inf"):
        return (
            "Some weights are infinite, but they should be fractions between 0 and 1: "
            "softmax, as the last step, makes them so."
        )
    if not weights.isfinite().all().item():
        return (
            "Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a "
            "softmax over nothing but minus infinity: which dimension does it run along, and "
            "what does the mask leave there?"
        )
    if not mixed.isfinite().all().item():
        return "Some results are NaN or infinite, but no weight is: what happens between the two?"


def row_sums(head, torch, qkv):
    _, weights = call_as_floats(head, qkv)
    sums = weights.sum(-1)
    if not differ(sums, torch.ones(*sums.shape)):
        return None
    if not differ(weights.sum(-2), torch.ones(*weights.sum(-2).shape)):
        return (
            "The columns of the weights sum to one, not the rows: softmax runs along the "
            "wrong dimension."
        )
    T = weights.shape[-1]
    worst = max(range(T), key=lambda t: (sums[..., t] - 1).abs().max().item())
    first = sums[..., worst].flatten()[0].item()
    return (
        f"Row {worst} of the weights sums to {first:.3g}, but each row should sum to one, all "
        "the attention of a token. Softmax sees to that, if nothing is removed after it."
    )


def causal_mask(head, torch, qkv):
    for size in (1, 3):  # a mask that is only a large number may hold for small scores
        q, k, v = qkv
        scaled = [q * size, k * size, v]
        mixed, weights = call_as_floats(head, scaled)
        leak = weights.triu(1).abs().max().item()
        for t in range(1, mixed.shape[-2]):
            change = torch.ones(mixed.shape[-2], 1)
            change[t] = -2  # token t is replaced, all other tokens stay
            changed, _ = call_as_floats(head, [tensor * change for tensor in scaled])
            for earlier in range(t):
                if differ(changed[..., earlier, :], mixed[..., earlier, :]):
                    return (
                        f"It can see the future: changing token {t} changes the result for "
                        f"token {earlier}, which is earlier. " + leak_sentence(leak, size)
                    )
        if leak > TOLERANCE:
            return (
                "The result does not depend on later tokens, but the weights do not show "
                "that: some above the diagonal are not zero."
            )


def leak_sentence(leak, size):
    if leak == 0:
        return (
            "The weights of later tokens are zero, as they should be, so it comes in through "
            "the scores or the values."
        )
    if size > 1:
        return (
            "That happens when the scores are large: does the mask subtract enough from them, "
            "however large they are?"
        )
    return "In the weights, each row is a token that looks, and each column a token it looks at."


def scale(head, torch, qkv):
    _, weights = call_as_floats(head, qkv)
    D = qkv[0].shape[-1]
    for factor, words in (
        (D**0.5, "not scaled"),
        (D**-0.5, "scaled down too much"),
        (D, "scaled up, not down"),
    ):
        if not differ(weights, reference(qkv, torch, factor)[1]):
            return (
                f"The scores are {words}. A sum of D products has a standard deviation of "
                "about the square root of D: what brings it back to one?"
            )
    if differ(weights, reference(qkv, torch)[1]):
        return (
            "The weights sum to one, but come from the wrong scores: whose query meets whose "
            "key, and what is the product divided by?"
        )


def weighted_sum(head, torch, qkv):
    if differ(call_as_floats(head, qkv)[0], reference(qkv, torch)[0]):
        return (
            "The weights are right, but the values are combined wrongly: which weight belongs "
            "to which value?"
        )


def other_sizes(head, torch, qkv):
    """Sizes that are hard-coded in a head show up when all of them are different."""
    n_batch = len(qkv[0].shape) - 2
    for batch, T, D in (((1, 2), 5, 9), ((3, 1), 33, 2), ((1, 1), 130, 5)):
        other = [torch.randn(*batch[:n_batch], T, D) for _ in range(3)]
        message = (
            f"It is right so far, but not for {T} tokens and heads of {D} numbers: is a "
            "size hard-coded?"
        )
        try:
            if any(map(differ, call_as_floats(head, other), reference(other, torch))):
                return message
        except Exception as error:
            more, _, line = describe(error, head, other)
            return f"{message} {more}", None, line


CHECKS = (runs, shape, finite, row_sums, causal_mask, scale, weighted_sum, other_sizes)
