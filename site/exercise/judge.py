"""Judge a typed attention(q, k, v) by what it does, and find its first mistake.

`judge(head, torch)` runs the head on small random q, k and v of shape (B, H, T, D); these sizes
and their square roots are all different. It returns None if the head is right, or a Mistake:

    stage     the check that failed: the name of a function in CHECKS
    message   what is wrong, for people
    hint      the stage, or a kind of error, such as "undefined_name"
    line      in the reader's file, of an error; otherwise None

Of torch it uses manual_seed, randn and ones, and of a tensor shape, indexing, + - * / > @,
transpose, reshape, tril, triu, masked_fill, softmax, sum, abs, max, argmax, item, isfinite and all,
so that a small stand-in can serve as `torch`.

Instead of a function, a whole class may be judged: Head(n_embd, head_size), with linear layers
query, key and value, which takes x (B, T, n_embd) and returns (B, T, head_size) and the weights
(B, T, T). For it, eye, zeros, cat, no_grad, inference_mode, copy_, flatten and unflatten are used,
too.

It runs in CPython 3.10 or newer, and in MicroPython 1.27.
"""

import io
import math
import sys
import time
from collections import namedtuple

TOLERANCE = 1e-4
FILE = "my_head.py"  # the file of a head, for MicroPython, where functions do not know theirs

# What a mask is tried on: scores of later tokens that are larger than the others by so much. Powers
# of the first can still be added up as they are; the second is more than trained models get to.
GAPS = (170, 1500)
CONTEXT = 256  # tokens that the models of train.py read at once
PATIENCE = 1  # seconds: a head that would take longer for a whole context is not asked to

TOO_DEEP = ("pystack exhausted", "maximum recursion depth exceeded")  # MicroPython's RuntimeErrors

Mistake = namedtuple("Mistake", ("stage", "message", "hint", "line"))


def judge(head, torch, more_checks=()):
    """The first Mistake of a head, or None if it computes attention."""
    for _, mistake in stages(head, torch, more_checks):
        if mistake:
            return mistake
    return None


def stages(head, torch, more_checks=(), source=""):
    """Yield (stage, its Mistake or None) for one stage after another, up to the first mistake. The
    source of the head, where it is known, helps to name one."""
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
        if mistake and check is causal_mask:
            mistake = with_tiny_number(mistake, source)
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


def reference(qkv, torch, factor=1.0, turned=None, hidden=float("-inf")):
    """Attention as it should be, or with a mistake that is to be recognised.

    `factor` multiplies the scores, `turned` is what stands for k with its last two dimensions
    swapped, and `hidden` is what the scores of later tokens are set to."""
    q, k, v = qkv
    scores = q @ (k.transpose(-2, -1) if turned is None else turned)
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0.5
    scores = (scores * (factor / q.shape[-1] ** 0.5)).masked_fill(later, hidden)
    weights = scores.softmax(-1)
    return weights @ v, weights


def differ(a, b, tolerance=TOLERANCE):
    return not (a - b).abs().max().item() <= tolerance  # NaN differs from everything


# Errors -----------------------------------------------------------------------------------------


def describe(error, head, qkv):
    """(message, hint, line) for an error that a head raised."""
    words = words_of(error)
    lines = own_lines(error, head)
    if is_endless(error):
        line = max(lines, key=lines.count) if lines else None  # where it calls itself
        return ENDLESS + (f" Look at line {line}." if line else ""), "endless", line
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
        more, hint = in_words(error, len(qkv[0].shape))
        message += " " + (more + " " if more else "") + shape_sentence(head, qkv)
        return message, hint or kind_of(error), line
    return message, kind_of(error), line


ENDLESS = "It calls itself again and again, without end."


def is_endless(error):
    return type(error).__name__ == "RecursionError" or words_of(error) in TOO_DEEP


def in_words(error, n_dims):
    """(what an error of torch means here, its hint), or (None, None)."""
    words = words_of(error)
    if words.startswith(("only one element tensors", "can't convert Tensor to float")):
        return (
            "A whole tensor stands where Python wants one number: math.exp, math.sqrt and float "
            "take one number, and torch.exp and torch.sqrt take a tensor.",
            "one_number",
        )
    if words.startswith("Boolean value of Tensor"):
        return (
            "if asks one question, but a tensor of many numbers has many answers: masked_fill "
            "and torch.where choose number by number.",
            "one_number",
        )
    sizes = clash(words)
    if sizes:
        return (
            f"The last size of what is left of @ is {sizes[0]}, and the second-to-last size of "
            f"what is right of it is {sizes[1]}: these two have to be equal.",
            "matmul_shapes",
        )
    dim = words.split()[-1]
    if words.startswith("The size of tensor a (") and dim.isdigit() and int(dim) < n_dims - 2:
        return (
            "These are sizes of dimensions that count texts or heads, which no head should move: "
            "k.T reverses all dimensions, and k.transpose(-2, -1) swaps only the last two.",
            "turned",
        )
    return None, None


def clash(words):
    """The two sizes in an error of torch that keep matrices from being multiplied; or None."""
    for before, between, last in (
        ("batch2 tensor to be: [", "] but got: [", 1),
        ("mat1 and mat2 shapes cannot be multiplied (", " and ", 0),
    ):
        if before in words and between in words:
            left, right = words.split(before)[1].rstrip(").]").split(between)
            sign = "," if last else "x"
            sizes = left.split(sign)[-1].strip(), right.split(sign)[last].strip()
            if all(size.isdigit() for size in sizes):
                return sizes
    return None


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
        if layer is None:
            return (
                f"It has no layer called {name}. In __init__, set self.{name} to a linear "
                f"layer: it computes the {name} of each token from x."
            )
        if not hasattr(layer, "weight"):
            return (
                f"self.{name} is a {type(layer).__name__}, but it has to be a linear layer, "
                "nn.Linear(n_embd, head_size, bias=False), into which the model’s own weights "
                "are put."
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
    mixed, weights = call_as_floats(head, qkv)
    leak = weights.triu(1).abs().max().item()
    T = mixed.shape[-2]
    for t in range(1, T):
        change = torch.ones(T, 1)
        change[t] = -2  # token t is replaced, all other tokens stay
        changed, _ = call_as_floats(head, [tensor * change for tensor in qkv])
        for earlier in range(t):
            if differ(changed[..., earlier, :], mixed[..., earlier, :]):
                return familiar(weights, qkv, torch) or (
                    f"It can see the future: changing token {t} changes the result for "
                    f"token {earlier}, which is earlier. " + leak_sentence(leak)
                )
    if leak > TOLERANCE:
        return (
            "The result does not depend on later tokens, but the weights do not show "
            "that: some above the diagonal are not zero."
        )
    return finite_mask(head, torch, qkv)


def leak_sentence(leak):
    if leak == 0:
        return (
            "The weights of later tokens are zero, as they should be, so it comes in through "
            "the scores or the values."
        )
    return "In the weights, each row is a token that looks, and each column a token it looks at."


def familiar(weights, qkv, torch):
    """(message, hint, line) if a common mistake explains why the future shows; or None."""
    k = qkv[1]
    turned = k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2])
    for factor in (1, qkv[0].shape[-1] ** 0.5):
        if not differ(weights, reference(qkv, torch, factor, turned)[1]):
            return (
                "view and reshape cut the same numbers into rows of another length, so each column "
                "holds numbers of several keys: k.transpose(-2, -1) turns rows into columns.",
                "reshaped",
                None,
            )
        if not differ(weights, reference(qkv, torch, factor, hidden=0)[1]):
            return (
                "It can see the future: the scores of later tokens are set to 0, but softmax "
                "raises e to the power of each score, and e⁰ is 1. The power that is 0 is that of "
                "minus infinity.",
                "zeros",
                None,
            )


def with_tiny_number(mistake, source):
    """A mistake about the future, in other words if a mask has -1e-9 where -1e9 is meant."""
    number = tiny_number(source)
    if not number:
        return mistake
    message = (
        f"It can see the future. Did you mean {number.replace('e-', 'e')}? In your code stands "
        f"{number}, which is nearly 0: it hides nothing. Minus infinity is always enough."
    )
    return Mistake(mistake.stage, message, "zeros", mistake.line)


def tiny_number(source):
    """The first number such as -1e-9 that a source adds or subtracts, as it is written; or None."""
    at = source.find("e-")
    while at > 0:
        first, last = at, at + 2
        while first and source[first - 1] in "0123456789.":
            first -= 1
        while source[last : last + 1].isdigit():
            last += 1
        is_number = first < at and last > at + 2
        if is_number and source[:first].rstrip().endswith("-"):
            return ("-" if source[first - 1] == "-" else "") + source[first:last]
        at = source.find("e-", at + 2)
    return None


def finite_mask(head, torch, qkv):
    """Whether later tokens stay hidden when their scores are large.

    Those of the last token are larger than all others, but no other token may see its values."""
    q = qkv[0]
    T, D = q.shape[-2:]
    only_last = torch.ones(T, 1) * 0
    only_last[-1] = 1
    for gap in GAPS:
        ones = torch.ones(*q.shape)
        key = ones * (only_last * 2 - 1)  # -1, and 1 for the last token
        query = ones * (gap / 2 / D**0.5)
        try:
            results = [call(head, [query, key, ones * only_last * size])[0] for size in (0, 1)]
        except (ArithmeticError, ValueError):
            continue  # math.exp of such scores, which says nothing about the future
        change = (results[1] - results[0])[..., :-1, :].abs().max().item()
        if change > TOLERANCE:  # not where powers overflow and become NaN
            return (
                "It can see the future when scores are large: a later token whose score is "
                f"{gap} larger than the others still gets weight. The mask subtracts too little. "
                "Minus infinity is always enough.",
                "finite_mask",
                None,
            )


def whole_past(head, torch, qkv):
    T, D = qkv[0].shape[-2:]
    crossed = torch.ones(T, D)
    crossed[T // 2, :-1] = 0  # the query of this token has only its last number,
    missing = torch.ones(T, D)
    missing[1, -1] = 0  # and the key of token 1 has only the others: their score is 0
    q, k, v = qkv
    given = [q * crossed * 0.01, k * missing, v]  # small scores: no weight is rounded to 0
    _, weights = call_as_floats(head, given)
    pair = first_hidden(weights)
    if pair == (T // 2, 1):
        return (
            f"Token {T // 2} gives no weight to token 1, though that is earlier: their score is "
            "exactly 0. Any score can be 0, so zeros do not show where the future is: "
            "a mask has to be made of positions, as torch.ones(T, T).triu(1) is.",
            "zero_score",
            None,
        )
    if pair:
        return hidden_sentence(pair)


def first_hidden(weights):
    """(row, column) of a weight that is 0, though it is not of a later token; or None."""
    hidden = ((weights > 0) * -1.0 + 1).tril()
    if hidden.max().item() == 0:
        return None
    T = weights.shape[-1]
    index = hidden.reshape(-1).argmax().item() % (T * T)
    return index // T, index % T


def hidden_sentence(pair):
    row, column = pair
    return (
        f"Token {row} gives no weight to token {column}, which is earlier. A token may look at "
        "itself and at every token before it, however far back."
    )


def scale(head, torch, qkv):
    _, weights = call_as_floats(head, qkv)
    if not differ(weights, reference(qkv, torch)[1]):
        return None
    factor = fitted_factor(weights, qkv, torch)
    if factor is None:
        return (
            "The weights sum to one, but come from the wrong scores: whose query meets whose "
            "key, and what is the product divided by?"
        )
    D = qkv[0].shape[-1]
    if abs(factor) < TOLERANCE:
        return "All scores are the same: every token looks equally at every token it may see."
    return divisor_sentence(D**0.5 / factor, D) + (
        " A sum of D products has a standard deviation of about √D: what brings it back to one?"
    )


def fitted_factor(weights, qkv, torch):
    """By what the right scores are multiplied to give these weights; None if nothing fits."""
    T = weights.shape[-1]
    last_rows = [of.reshape(-1, T)[T - 1] for of in (reference(qkv, torch)[1], weights)]
    pairs = sorted([tuple([row[column].item() for row in last_rows]) for column in range(T)])
    (low, typed_low), (high, typed_high) = pairs[0], pairs[-1]
    if typed_low <= 0 or typed_high <= 0:
        return None
    factor = math.log(typed_high / typed_low) / math.log(high / low)
    fits = not differ(weights, reference(qkv, torch, factor)[1])
    return factor if fits else None


def divisor_sentence(divisor, D):
    root = D**0.5
    here = f"In this test D is {D}, so √D is {root:.3g}."
    if divisor < 0:
        return f"The scores are divided by {divisor:.3g}, so the best match becomes the worst."
    if abs(divisor - 1) < 0.01:
        return f"The scores are not scaled. {here}"
    if divisor < 1:
        return (
            f"The scores are scaled up, not down: they are multiplied by {1 / divisor:.3g}. {here}"
        )
    much = "too much" if divisor > root else "too little"
    return f"The scores are scaled down {much}: they are divided by {divisor:.3g}. {here}"


def weighted_sum(head, torch, qkv):
    if differ(call_as_floats(head, qkv)[0], reference(qkv, torch)[0]):
        return (
            "The weights are right, but the values are combined wrongly: which weight belongs "
            "to which value?"
        )


def other_sizes(head, torch, qkv):
    """Sizes that are hard-coded in a head show up when all of them are different."""
    many = len(qkv[0].shape) - 2
    other = None
    for batch, T, D in (((1, 2), 5, 9), ((1, 1), 33, 2), ((1, 1), CONTEXT, 5)):
        if T == CONTEXT and takes_long(head, other):
            return None  # it goes from number to number in a loop, which takes long in a page
        other = [torch.randn(*batch[:many], T, D) for _ in range(3)]
        message = (
            f"It is right so far, but not for {T} tokens and heads of {D} numbers: is a "
            "size hard-coded?"
        )
        try:
            mixed, weights = call_as_floats(head, other)
            pair = first_hidden(weights)
            if pair:
                return f"It is right so far, but not for {T} tokens. {hidden_sentence(pair)}"
            if any(map(differ, (mixed, weights), reference(other, torch))):
                return message
        except Exception as error:
            more, _, line = describe(error, head, other)
            return f"{message} {more}", None, line


def takes_long(head, qkv):
    """Whether a head would need too long for a whole context, by what it needs for fewer tokens. Of
    two calls the quicker one counts: the machine may be busy with something else."""
    seconds = min([seconds_for(head, qkv), seconds_for(head, qkv)])
    return seconds * (CONTEXT / qkv[0].shape[-2]) ** 2 > PATIENCE


def seconds_for(head, qkv):
    begun = now()
    call_as_floats(head, qkv)
    return now() - begun


def now():
    """Seconds; in CPython, those of this process, whatever else the machine does."""
    return time.ticks_ms() / 1000 if hasattr(time, "ticks_ms") else time.process_time()


CHECKS = (
    runs,
    shape,
    finite,
    row_sums,
    causal_mask,
    whole_past,
    scale,
    weighted_sum,
    other_sizes,
)
