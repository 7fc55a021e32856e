// Written by python -m terrarium.web.pages, from the files in this folder.
export default {
  "judge.py": `""





















import io
import math
import sys
import time
from collections import namedtuple

TOLERANCE = 1e-4
FILE = "my_head.py"



GAPS = (170, 1500)
CONTEXT = 256
PATIENCE = 1

TOO_DEEP = ("pystack exhausted", "maximum recursion depth exceeded")

Mistake = namedtuple("Mistake", ("stage", "message", "hint", "line"))


def judge(head, torch, more_checks=()):
    ""
    for _, mistake in stages(head, torch, more_checks):
        if mistake:
            return mistake
    return None


def stages(head, torch, more_checks=(), source=""):
    ""

    torch.manual_seed(0)
    batch = (2, 3)
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
    ""


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
    ""
    return head(*[tensor * 1 for tensor in qkv])


def call_as_floats(head, qkv):
    ""
    return [tensor * 1.0 for tensor in call(head, qkv)]


def reference(qkv, torch, factor=1.0, turned=None, hidden=float("-inf")):
    ""



    q, k, v = qkv
    scores = q @ (k.transpose(-2, -1) if turned is None else turned)
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0.5
    scores = (scores * (factor / q.shape[-1] ** 0.5)).masked_fill(later, hidden)
    weights = scores.softmax(-1)
    return weights @ v, weights


def differ(a, b, tolerance=TOLERANCE):
    return not (a - b).abs().max().item() <= tolerance





def describe(error, head, qkv):
    ""
    words = words_of(error)
    lines = own_lines(error, head)
    if is_endless(error):
        line = max(lines, key=lines.count) if lines else None
        return ENDLESS + (f" Look at line {line}." if line else ""), "endless", line
    line = lines[-1] if lines else None
    if isinstance(error, TypeError) and not line:
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
    ""
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
    ""
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
    ""

    return "undefined_name" if isinstance(error, NameError) else getattr(error, "kind", None)


def shape_sentence(head, qkv):
    shape = tuple(qkv[0].shape)
    if isinstance(head, AsAttention):
        return f"Here x has the shape {shape[:2] + (3 * shape[2],)}: texts, tokens, numbers."
    return f"Here q, k and v have the shape {shape}: texts, heads, tokens, numbers."


def own_lines(error, head):
    ""
    function = getattr(head, "forward", head)
    own_file = getattr(getattr(function, "__code__", None), "co_filename", FILE)
    return [line for file, line in traceback_of(error) if file == own_file]


def traceback_of(error):
    ""
    found = []
    if hasattr(sys, "print_exception"):
        printed = io.StringIO()
        sys.print_exception(error, printed)
        for line in printed.getvalue().split("\\n")[1:]:
            if not line.startswith('  File "'):
                break
            _, file, rest = line.split('"')
            found.append((file, int(rest.split(",")[1].split()[1])))
        return found
    step = error.__traceback__
    while step:
        found.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return found





class AsAttention:
    ""





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
        ""
        if (D, str(like.device)) not in self.heads:
            with self.torch.inference_mode(False):
                head = self.Head(3 * D, D).to(like.device)
            for i, layer in enumerate((head.query, head.key, head.value)):
                pick = [self.torch.zeros(D, D)] * 3
                pick[i] = self.torch.eye(D)
                with self.torch.no_grad():
                    layer.weight.copy_(self.torch.cat(pick, -1))
            self.heads[D, str(like.device)] = head
        return self.heads[D, str(like.device)]


def layers(Head, torch, qkv):
    ""
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
        change[t] = -2
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
    ""
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
    ""
    number = tiny_number(source)
    if not number:
        return mistake
    message = (
        f"It can see the future. Did you mean {number.replace('e-', 'e')}? In your code stands "
        f"{number}, which is nearly 0: it hides nothing. Minus infinity is always enough."
    )
    return Mistake(mistake.stage, message, "zeros", mistake.line)


def tiny_number(source):
    ""
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
    ""


    q = qkv[0]
    T, D = q.shape[-2:]
    only_last = torch.ones(T, 1) * 0
    only_last[-1] = 1
    for gap in GAPS:
        ones = torch.ones(*q.shape)
        key = ones * (only_last * 2 - 1)
        query = ones * (gap / 2 / D**0.5)
        try:
            results = [call(head, [query, key, ones * only_last * size])[0] for size in (0, 1)]
        except (ArithmeticError, ValueError):
            continue
        change = (results[1] - results[0])[..., :-1, :].abs().max().item()
        if change > TOLERANCE:
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
    crossed[T // 2, :-1] = 0
    missing = torch.ones(T, D)
    missing[1, -1] = 0
    q, k, v = qkv
    given = [q * crossed * 0.01, k * missing, v]
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
    ""
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
    ""
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
    ""
    many = len(qkv[0].shape) - 2
    other = None
    for batch, T, D in (((1, 2), 5, 9), ((1, 1), 33, 2), ((1, 1), CONTEXT, 5)):
        if T == CONTEXT and takes_long(head, other):
            return None
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
    ""

    seconds = min([seconds_for(head, qkv), seconds_for(head, qkv)])
    return seconds * (CONTEXT / qkv[0].shape[-2]) ** 2 > PATIENCE


def seconds_for(head, qkv):
    begun = now()
    call_as_floats(head, qkv)
    return now() - begun


def now():
    ""
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
`,
  "small_torch/__init__.py": `""





import math as _math

from torch import _tensor
from torch._tensor import Tensor, device, dtype

__version__ = "2.13 in small"
_MORE = "; here floats are torch.float32 and integers torch.int64"
_TYPES = {
    "float64",
    "float16",
    "bfloat16",
    "double",
    "half",
    "int32",
    "int16",
    "int8",
    "uint8",
    "short",
    "complex64",
    "cfloat",
}
_KNOWN = _tensor.KNOWN | set(
    """autocast amp autograd backends compile cuda mps linalg load save
optim random set_default_dtype sparse enable_grad set_grad_enabled Generator get_default_dtype
from_numpy tensordot vmap dstack bernoulli multinomial normal inner special kron vdot block_diag
index_put bincount histc unravel_index cartesian_prod combinations""".split()
)
_names = globals()
_names.update(_tensor.FUNCTIONS)

float32 = float = _tensor.DTYPES["float32"]
int64 = long = _tensor.DTYPES["int64"]
bool = _tensor.DTYPES["bool"]
inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
Size = tuple


class no_grad:
    ""

    def __init__(self, mode=True):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __call__(self, function):
        return function


inference_mode = no_grad


def is_tensor(obj):
    return isinstance(obj, Tensor)


def is_floating_point(input):
    return input.dtype is float32


class finfo:
    ""

    bits, eps, resolution = 32, 1.1920928955078125e-07, 1e-06
    max, min = 3.4028234663852886e38, -3.4028234663852886e38
    tiny = smallest_normal = 1.1754943508222875e-38
    dtype = "float32"

    def __init__(self, type=float32):
        if type is not float32:
            raise TypeError(
                "torch.finfo() requires a floating point input type. "
                "Use torch.iinfo to handle 'torch.finfo'"
            )


class iinfo:
    ""

    bits, max, min, dtype = 64, (1 << 63) - 1, -(1 << 63), "int64"

    def __init__(self, type):
        if type is not int64:
            raise TypeError(
                "torch.iinfo() requires an integer input type. "
                "Use torch.finfo to handle 'torch.iinfo'"
            )


def meshgrid(*tensors, indexing="ij"):
    ""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + indexing
        )
    shape = [tensor.numel() for tensor in tensors]
    tables = []
    for dim, tensor in enumerate(tensors):
        sizes = [1] * len(shape)
        sizes[dim] = -1
        table = tensor.reshape(sizes).expand(shape)
        tables.append(table.transpose(0, 1) if indexing == "xy" and len(shape) > 1 else table)
    return tuple(tables)


from torch import nn


def __getattr__(name):
    if name in _TYPES or name in _KNOWN:
        raise AttributeError(_tensor.elsewhere("torch." + name) + (_MORE if name in _TYPES else ""))
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
`,
  "small_torch/_math.py": `""

from math import *
from math import factorial, sqrt

fsum = sum


def prod(iterable, start=1):
    for number in iterable:
        start *= number
    return start


def gcd(a, b):
    while b:
        a, b = b, a % b
    return abs(a)


def comb(n, k):
    return factorial(n) // (factorial(k) * factorial(n - k))


def isqrt(n):
    return int(sqrt(n))


def hypot(*sides):
    return sqrt(sum(side * side for side in sides))


def exp2(x):
    return 2.0**x
`,
  "small_torch/_page.py": `""

import builtins
import sys

import _math
import _torch
import torch


def to_float(thing=0):
    ""
    kind = torch._tensor
    if isinstance(thing, torch.Tensor):
        return float(kind.read(_torch.operators.number(thing._js)))
    return float(thing)





def importing(name, *more):
    ""
    try:
        if name.split(".")[0] in ("js", "jsffi", "uctypes"):
            raise ImportError(name)
        return built_in(name, *more)
    except ImportError:
        raise ImportError(
            f"{name} is not in this page: you can import torch, torch.nn, "
            "torch.nn.functional and math."
        ) from None


def asking(prompt=""):
    raise OSError("input() does not work in this page: write the value into the code")


sys.modules["math"] = _math
for name in ("js", "jsffi"):
    sys.modules.pop(name, None)
builtins.input = asking
built_in, builtins.__import__ = builtins.__import__, importing
`,
  "small_torch/_tensor.py": `""





import builtins
from collections import namedtuple

import _torch

ERROR, FLOAT, LITERAL, DTYPE, DEVICE, PARTS = "\\x00", "\\x01", "\\x02", "\\x03", "\\x04", "\\x05"
LARGEST = 1 << 30
JsProxy, NoneType = type(_torch.methods), type(None)
NUMBERS = {"nan": float("nan"), "inf": float("inf")}
KINDS = {
    kind: type("RuntimeError", (RuntimeError,), {"kind": kind})
    for kind in ("matmul_shapes", "broadcast_shapes")
}


class dtype:
    def __init__(self, name):
        self.name, self.is_floating_point = name, name == "float32"

    def __repr__(self):
        return "torch." + self.name


class device:
    def __init__(self, type="cpu", index=None):
        if type != "cpu":
            fail(_torch.functions.zeros(1, device=type))
        self.type, self.index = type, index

    def __repr__(self):
        return "device(type='cpu')"

    def __str__(self):
        return "cpu"

    def __eq__(self, other):
        return str(other) == "cpu"

    def __hash__(self):
        return 0


DTYPES = {name: dtype(name) for name in ("float32", "int64", "bool")}
CPU = device()




def plain(thing):
    ""
    kind = type(thing)
    if kind is Tensor:
        return thing._js
    if kind is float:
        return thing if thing % 1 > 0 else FLOAT + str(thing)
    if kind is int:
        return thing if -LARGEST < thing < LARGEST else LITERAL + str(thing)
    if kind in (bool, str, NoneType):
        return thing
    if kind is tuple or kind is list:
        return listed(kind.__name__, thing)
    return rare(thing)


def rare(thing):
    if isinstance(thing, Tensor):
        return thing._js
    if isinstance(thing, dtype):
        return DTYPE + thing.name
    if isinstance(thing, device):
        return DEVICE + thing.type
    if thing is int or thing is bool:
        return DTYPE + ("int64" if thing is int else "bool")
    if thing is Ellipsis:
        return "..."
    try:
        return listed("list", list(thing))
    except TypeError:
        message = f"torch cannot use an object of the type '{type(thing).__name__}'"
        raise TypeError(message) from None


def listed(kind, things):
    made = _torch.list(kind)
    for i in range(0, len(things), 200):
        _torch.more(made, *[plain(thing) for thing in things[i : i + 200]])
    return made


def read(found):
    ""
    if type(found) is JsProxy:
        return Tensor(found)
    if type(found) is not str or found == "":
        return found
    sign, text = found[0], found[1:]
    if sign == ERROR:
        fail(found)
    if sign == FLOAT:
        return float(text)
    if sign == LITERAL:
        return eval(text, NUMBERS)
    if sign == DTYPE:
        return DTYPES[text]
    if sign == PARTS:
        return tuple([Tensor(part) for part in _torch.parts()])
    return found


def fail(found):
    kind, message = found[1:].split(" ", 1)
    raise (KINDS.get(kind) or getattr(builtins, kind))(message)


def calling(run):
    ""

    def call(*args, **named):
        args = [plain(one) for one in args]
        found = run(*args, **{key: plain(named[key]) for key in named}) if named else run(*args)
        return Tensor(found) if type(found) is JsProxy else read(found)

    return call


def changing(run):
    ""
    call = calling(run)

    def change(self, *args, **named):
        call(self, *args, **named)
        return self

    return change


def with_names(name, call):
    ""
    both = namedtuple(name, ("values", "indices"))

    def named(*args, **more):
        found = call(*args, **more)
        return both(*found) if type(found) is tuple else found

    return named


def offered(group):
    ""
    functions = getattr(_torch, group)
    for name in _torch.names(group).split(" "):
        if group == "methods" and name[-1] == "_":
            yield name, changing(getattr(functions, name))
        elif name in ("max", "min"):
            yield name, with_names(name, calling(getattr(functions, name)))
        else:
            yield name, calling(getattr(functions, name))




OPERATORS = "add + sub - mul * div / matmul @ pow ** remainder % floor_divide //".split(" ")
COMPARISONS = "lt < le <= gt > ge >=".split(" ")
BITS = "bitwise_and & bitwise_or | bitwise_xor ^".split(" ")
PYTHONS = {
    "div": "truediv",
    "remainder": "mod",
    "floor_divide": "floordiv",
    "bitwise_and": "and",
    "bitwise_or": "or",
    "bitwise_xor": "xor",
}
UNSUPPORTED = "unsupported operand type(s) for %s: '%s' and '%s'"
UNCOMPARED = "'%s' not supported between instances of '%s' and '%s'"


def operator(name, sign, words=UNSUPPORTED, swapped=False, changes=False):
    ""
    run = getattr(_torch.operators, name + ("_" if changes else ""))
    kinds = () if name == "matmul" else (int, float, bool)
    sign = "** or pow()" if sign == "**" else sign

    def operate(self, other):
        kind = type(other)
        if kind is Tensor:
            given = other._js
        elif kind in kinds or isinstance(other, Tensor):
            given = plain(other)
        else:
            names = (kind.__name__, "Tensor") if swapped else ("Tensor", kind.__name__)
            raise TypeError(words % ((sign,) + names))
        found = run(given, self._js) if swapped else run(self._js, given)
        if type(found) is not JsProxy:
            fail(found)
        return self if changes else Tensor(found)

    return operate


def equality(name, otherwise):
    same = operator(name, "==")
    return lambda self, other: (
        same(self, other) if isinstance(other, (Tensor, int, float, bool)) else otherwise
    )


def pairs(words):
    return zip(words[::2], words[1::2])




KNOWN = set(
    """backward grad requires_grad_ retain_grad grad_fn numpy cuda half double bfloat16
register_hook unfold scatter scatter_ scatter_add index_add index_put_ topk sort argsort median mode
unique roll lerp trace diag diag_embed repeat_interleave unsqueeze_ squeeze_
transpose_ t_ normal_ uniform_ bernoulli_ multinomial as_strided take""".split()
)


def elsewhere(name):
    return name + " exists in PyTorch, but not in this page"


class Tensor:
    def __init__(self, data=(), *more):
        if type(data) is JsProxy:
            self._js = data
        elif type(data) is int:
            self._js = plain(FUNCTIONS["zeros"](data, *more))
        else:
            self._js = plain(FUNCTIONS["tensor"](data, dtype=DTYPES["float32"]))

    def __getattr__(self, name):
        if name == "_shape":
            self._shape = read(_torch.operators.shape(self._js))
            return self._shape
        if name in KNOWN:
            raise AttributeError(elsewhere("Tensor." + name))
        raise AttributeError(f"'Tensor' object has no attribute '{name}'")

    shape = property(lambda self: self._shape)
    dtype = property(lambda self: read(_torch.operators.dtype(self._js)))
    ndim = property(lambda self: _torch.operators.dim(self._js))
    T = property(lambda self: read(_torch.methods.T(self._js)))
    mT = property(lambda self: read(_torch.methods.mT(self._js)))
    device = property(lambda self: CPU)
    data = property(lambda self: self)
    requires_grad = property(lambda self: False)
    is_cuda = property(lambda self: False)

    def __repr__(self):
        return _torch.operators.text(self._js, "tensor")

    def __hash__(self):
        return id(self)

    def __bool__(self):
        return read(_torch.operators.truth(self._js))

    def __int__(self):
        return int(read(_torch.operators.number(self._js)))

    def __len__(self):
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    def __iter__(self):
        if not self._shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind())

    def __contains__(self, thing):
        return (self == thing).any().item()

    def __pos__(self):
        return self

    def __neg__(self):
        return read(_torch.operators.neg(self._js))

    def __abs__(self):
        return read(_torch.operators.abs(self._js))

    def __invert__(self):
        return read(_torch.operators.invert(self._js))

    def __getitem__(self, index):
        return read(_torch.operators.get(self._js, *in_brackets(index)))

    def __setitem__(self, index, value):
        if not isinstance(value, (Tensor, int, float, bool)):
            raise TypeError(f"can't assign a {type(value).__name__} to a {self.type()}")
        read(_torch.operators.set(self._js, plain(value), *in_brackets(index)))


def in_brackets(index):
    return [item(one) for one in index] if type(index) is tuple else (item(index),)


def item(one):
    if type(one) is not slice:
        return plain(one)
    parts = one.start, one.stop, one.step
    return ":" + ":".join([str(int(n) if isinstance(n, Tensor) else n) for n in parts])


FUNCTIONS = dict(offered("functions"))
for _name, _call in offered("methods"):
    if _name not in ("T", "mT"):
        setattr(Tensor, _name, _call)
for _name, _sign in pairs(OPERATORS + BITS):
    _short = PYTHONS.get(_name, _name)
    setattr(Tensor, f"__{_short}__", operator(_name, _sign))
    setattr(Tensor, f"__r{_short}__", operator(_name, _sign, swapped=True))
for _name, _sign in ("add", "+="), ("sub", "-="):
    setattr(Tensor, f"__i{_name}__", operator(_name, _sign, changes=True))
for _name, _sign in pairs(COMPARISONS):
    setattr(Tensor, f"__{_name}__", operator(_name, _sign, UNCOMPARED))
Tensor.__eq__, Tensor.__ne__ = equality("eq", False), equality("ne", True)
`,
  "small_torch/nn/__init__.py": `""

import math
from collections import OrderedDict

import torch
from torch._tensor import elsewhere
from torch.nn import functional

KNOWN = set(
    """Conv1d Conv2d Embedding MultiheadAttention Transformer TransformerEncoderLayer
RMSNorm LSTM GRU RNN Tanh Sigmoid SiLU LeakyReLU ModuleDict Flatten CrossEntropyLoss LogSoftmax init
utils""".split()
)


def __getattr__(name):
    if name in KNOWN:
        raise AttributeError(elsewhere("torch.nn." + name))
    raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")


class Parameter(torch.Tensor):
    def __init__(self, data, requires_grad=True):
        self._js = data._js

    def __repr__(self):
        return "Parameter containing:\\n" + repr(self.detach())


class Module:
    ""

    def __init__(self):
        self.training = True
        for group in "_modules", "_parameters", "_buffers":
            setattr(self, group, OrderedDict())

    def __setattr__(self, name, value):
        for kind, words, group in (
            (Module, "module", "_modules"),
            (Parameter, "parameters", "_parameters"),
        ):
            if isinstance(value, kind):
                if "_modules" not in self.__dict__:
                    raise AttributeError(f"cannot assign {words} before Module.__init__() call")
                getattr(self, group)[name] = value
        if isinstance(value, torch.Tensor) and name in self.__dict__.get("_buffers", ()):
            self._buffers[name] = value
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __call__(self, *args, **named):
        return self.forward(*args, **named)

    def forward(self, *args, **named):
        name = type(self).__name__
        raise NotImplementedError(f'Module [{name}] is missing the required "forward" function')

    def register_buffer(self, name, tensor, persistent=True):
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._buffers[name] = tensor
        object.__setattr__(self, name, tensor)

    def register_parameter(self, name, param):
        setattr(self, name, param)

    def children(self):
        return iter(self._modules.values())

    def modules(self):
        return iter([module for _, module in self.named_modules()])

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, module in self._modules.items():
            yield from module.named_modules(prefix + "." + name if prefix else name)

    def parameters(self):
        return iter([parameter for _, parameter in self.named_parameters()])

    def named_parameters(self):
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                yield (prefix + "." + name if prefix else name), parameter

    def buffers(self):
        return iter([buffer for module in self.modules() for buffer in module._buffers.values()])

    def train(self, mode=True):
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def to(self, *where, **named):
        return self

    def extra_repr(self):
        return ""

    def __repr__(self):
        lines = [
            "(" + name + "): " + repr(module).replace("\\n", "\\n  ")
            for name, module in self._modules.items()
        ]
        inside = "\\n  " + "\\n  ".join(lines) + "\\n" if lines else self.extra_repr()
        return f"{type(self).__name__}({inside})"


class Linear(Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        most = 1 / math.sqrt(in_features) if in_features else 0
        self.weight = Parameter(torch.rand(out_features, in_features).sub_(0.5).mul_(2 * most))
        self.bias = Parameter(torch.rand(out_features).sub_(0.5).mul_(2 * most)) if bias else None

    def forward(self, input):
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(Module):
    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__()
        self.eps = eps
        self.normalized_shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.weight = Parameter(torch.ones(self.normalized_shape)) if elementwise_affine else None
        with_bias = elementwise_affine and bias
        self.bias = Parameter(torch.zeros(self.normalized_shape)) if with_bias else None

    def forward(self, input):
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class Dropout(Module):
    ""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        self.p = p

    def forward(self, input):
        return input


class Identity(Module):
    def __init__(self, *args, **named):
        super().__init__()

    def forward(self, input):
        return input


class Softmax(Module):
    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return functional.softmax(input, self.dim)


class ReLU(Module):
    def __init__(self, inplace=False):
        super().__init__()

    def forward(self, input):
        return input.relu()


class GELU(Module):
    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return functional.gelu(input, approximate=self.approximate)


class ModuleList(Module):
    def __init__(self, modules=()):
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module):
        setattr(self, str(len(self)), module)
        return self

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return self.children()

    def __getitem__(self, index):
        return list(self._modules.values())[index]


class Sequential(ModuleList):
    def __init__(self, *modules):
        super().__init__(modules)

    def forward(self, input):
        for module in self:
            input = module(input)
        return input
`,
  "small_torch/nn/functional.py": `""

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
    ""
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
`,
  "syntax.py": `""







import sys

BLOCKS = ("def", "class", "for", "while", "if", "elif", "else", "with", "try", "except", "finally")
CLOSING = {"(": ")", "[": "]", "{": "}"}
MOST_QUOTED = 30


LOOKALIKES = {
    "\\u2212": "-",
    "\\u2010": "-",
    "\\u2011": "-",
    "\\u2013": "-",
    "\\u2014": "-",
    "\\u00d7": "*",
    "\\u00b7": "*",
    "\\u22c5": "*",
    "\\u2217": "*",
    "\\u00f7": "/",
    "\\u201c": '"',
    "\\u201d": '"',
    "\\u201e": '"',
    "\\u00ab": '"',
    "\\u00bb": '"',
    "\\u2018": "'",
    "\\u2019": "'",
    "\\u201a": "'",
    "\\u2039": "'",
    "\\u203a": "'",
    "\\u2032": "'",
    "\\u00b4": "'",
    "\\u2033": '"',
    "\\u2215": "/",
    "\\u2044": "/",
    "\\u2236": ":",
    "\\ua789": ":",
    "\\u00b3": "** 3",
    "\\u22a4": ".mT",
    "\\u1d40": ".mT",
    "\\u3001": ",",
    "\\u060c": ",",
    "\\u061b": ";",
    "\\u3002": ".",
    "\\u2026": "...",
    "\\u2192": "->",
    "\\u2264": "<=",
    "\\u2265": ">=",
    "\\u2260": "!=",
    "\\u00b2": "** 2",
    "\\u221a": "** 0.5",
    "\\u221e": 'float("inf")',
}
SPACES = {
    "\\u00a0": "a non-breaking space",
    "\\u3000": "a wide space",
    "\\u202f": "a narrow space",
    "\\u2003": "a wide space",
    "\\u2009": "a narrow space",
}
INVISIBLE = {
    "\\u200b": "a zero-width space",
    "\\u200c": "a zero-width non-joiner",
    "\\u200d": "a zero-width joiner",
    "\\u2060": "a word joiner",
    "\\ufeff": "a byte order mark",
    "\\u00ad": "a soft hyphen",
    "\\u2028": "a line separator",
    "\\u2029": "a paragraph separator",
}

TWINS = dict(zip("аеорсухіјАВЕКМНОРСТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "aeopcyxijABEKMHOPCTXABEZHIKMNOPTYXo"))

SIGNS = (
    (0x00, 0x08),
    (0x0B, 0x0B),
    (0x0E, 0x1F),
    (0x7F, 0xA9),
    (0xAB, 0xB4),
    (0xB6, 0xB9),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2000, 0x2070),
    (0x2074, 0x207E),
    (0x2080, 0x208E),
    (0x20A0, 0x20FF),
    (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0xA788, 0xA78A),
    (0xFE00, 0xFE6F),
    (0xFEFF, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0x10FFFF),
)
ENTITIES = {
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
    "&quot;": '"',
    "&#39;": "'",
    "&nbsp;": "a space",
}


class Misread(Exception):
    ""


class Lookalike(Misread):
    ""


def fail(number, words, kind=Misread):
    raise kind(f"Line {number} {words}.", number)


def strange(sign):
    ""
    code = f"U+{ord(sign):04X}"
    if sign in SPACES:
        return f"{SPACES[sign]} ({code})", "type a space instead"
    if sign in INVISIBLE:
        return f"{INVISIBLE[sign]} ({code}), an invisible character", RETYPE
    meant = LOOKALIKES.get(sign) or narrow(sign)
    if meant:
        return f"the character {sign} ({code})", f"type {meant} instead"
    if not any([first <= ord(sign) <= last for first, last in SIGNS]):
        return None
    if ord(sign) < 0xA0 or 0x2000 <= ord(sign) <= 0x206F or 0xFE00 <= ord(sign) <= 0xFE0F:
        return f"an invisible character ({code})", RETYPE
    return f"the character {sign} ({code})", "remove it"


RETYPE = "delete that line and type it again"


def twin(source, i):
    ""



    sign = source[i]
    first, end = i, i
    while first and is_of_word(source[first - 1]):
        first -= 1
    while end < len(source) and is_of_word(source[end]):
        end += 1
    others = [one for one in source[first:end] if ord(one) > 127]
    is_latin = any([one.isalpha() and ord(one) < 128 for one in source[first:end]])
    if is_latin or all([one in TWINS for one in others]):
        latin = TWINS[sign]
        return (
            f"a letter {sign} (U+{ord(sign):04X}) of another alphabet",
            f"type the letter {latin}",
        )
    return None


def is_of_word(sign):
    return ord(sign) > 127 or sign.isalpha() or sign.isdigit() or sign == "_"


def narrow(sign):
    ""

    if not 0xFF01 <= ord(sign) <= 0xFF5E:
        return None
    usual = chr(ord(sign) - 0xFEE0)
    return None if usual.isalpha() or usual == "_" else usual


def lookalike(source):
    ""
    try:
        split(source)
    except Lookalike as found:
        return found.args
    except Misread:
        pass
    return None


def explain(source, line):
    ""
    try:
        pasted(source)
        statements = split(source)
        prompts(statements)
        tabs(statements)
        for i, statement in enumerate(statements):
            look_at(statement)
            neighbours(statement, statements[i + 1] if i + 1 < len(statements) else None)
        blocks(statements)
    except Misread as found:
        return found.args
    lines = source.split("\\n")
    shown = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    in_page = sys.implementation.name == "micropython"
    if in_page and shown.startswith(("match ", "async ", "await ")):
        return f"Line {line}: the Python in this page does not know {shown.split()[0]}.", line
    return (
        f"Python cannot read line {line}: {shown or 'it is empty'}. Is something "
        "missing, or is there one character too many, there or in the line before?",
        line,
    )





class Statement:
    ""


    def __init__(self, number, text, before, code):
        self.number, self.indent, self.code = number, len(before), code.strip()
        self.text = text.strip()
        self.has_tab = "\\t" in before

    @property
    def word(self):
        ""
        word = ""
        for sign in self.code:
            if not (sign.isalpha() or sign == "_"):
                break
            word += sign
        return word


def split(source):
    ""
    found, code, opened, i, number = [], "", [], 0, 1
    began, indent = 1, None
    lines = source.split("\\n")
    while i < len(source):
        sign = source[i]
        if not " " <= sign <= "~":
            known(source, i, number)
        if indent is None and sign not in " \\t\\n#":
            began, indent = number, source[source.rfind("\\n", 0, i) + 1 : i]
        if sign == "#":
            while i + 1 < len(source) and source[i + 1] != "\\n":
                i += 1
        elif sign in "'\\"":
            end = end_of_string(source, i, number)
            number += source[i:end].count("\\n")
            i, sign = end - 1, ""
            code += "" if opened else '""'
        elif sign == "\\\\" and source[i + 1 : i + 2] == "\\n":
            i, number = i + 1, number + 1
        elif sign == "\\n":
            if not opened and indent is not None:
                found.append(Statement(began, lines[began - 1], indent, code))
            if not opened:
                code, indent = "", None
            number += 1
        elif sign in CLOSING:
            code += "" if opened else sign
            opened.append((sign, number))
        elif sign in CLOSING.values():
            close(opened, sign, number)
            code += "" if opened else sign
        elif not opened:
            code += sign
        i += 1
    if opened:
        sign, number = opened[-1]
        raise Misread(f"The bracket {sign} in line {number} is never closed.", number)
    if indent is not None:
        found.append(Statement(began, lines[began - 1], indent, code))
    return found


def known(source, i, number):
    ""
    sign = source[i]
    found = twin(source, i) if sign in TWINS else strange(sign)
    if found:
        name, remedy = found
        fail(number, f"contains {name}, which Python does not know: {remedy}", Lookalike)


def end_of_string(source, i, number):
    ""
    quote = source[i]
    if source[i : i + 3] == 3 * quote:
        end = source.find(3 * quote, i + 3)
        if end < 0:
            raise Misread(
                f"The string that begins with {3 * quote} in line {number} never ends.", number
            )
        return end + 3
    j = i + 1
    while j < len(source) and source[j] not in (quote, "\\n"):
        j += 2 if source[j] == "\\\\" else 1
    if source[j : j + 1] != quote:
        raise Misread(
            f"In line {number}, the string that begins with {quote} does not end: "
            f"{quote} is missing.",
            number,
        )
    return j + 1


def close(opened, sign, number):
    if not opened:
        fail(number, f"closes a bracket {sign} that was never opened")
    last, where = opened.pop()
    if CLOSING[last] != sign:
        fail(
            number,
            f"has {sign} where {CLOSING[last]} should close the bracket {last} from line {where}",
        )





def pasted(source):
    ""
    lines = source.split("\\n")
    for number, line in enumerate(lines, 1):
        fence = line.strip()[:3]
        if fence in ("\`\`\`", "~~~"):
            fail(
                number,
                f"begins with {fence}, which marks the code in the text that it was copied "
                "from: remove every line with these signs, and all that is not Python",
            )
        if line.startswith((">>>", "In [")):
            fail(
                number,
                f"begins with {line.split()[0]}, which is the prompt of Python and not "
                "code: remove it from the start of each line",
            )
        for entity, sign in ENTITIES.items():
            if entity in line:
                fail(number, f"contains {entity}, which is HTML for {sign}: type {sign} instead")
    if numbered(lines):
        raise Misread(
            "The lines begin with line numbers, which were copied along with the code: "
            "remove the numbers.",
            None,
        )


def numbered(lines):
    ""
    shifts = []
    for i, line in enumerate(lines):
        text = line.strip()
        digits = text[: len(text) - len(text.lstrip("0123456789"))]
        if text and not digits:
            return False
        if digits:
            shifts.append(int(digits) - i)
    return len(shifts) > 1 and len(set(shifts)) == 1


def tabs(statements):
    ""
    tabbed = [one for one in statements if one.has_tab]
    if tabbed and any(one.indent and not one.has_tab for one in statements):
        fail(tabbed[0].number, "begins with a tab, but other lines with spaces: use spaces only")


def prompts(statements):
    ""
    for statement in statements:
        code = statement.code
        prompt = code.split(" ")[0]
        if prompt in (">>>", "...") and code != prompt:
            fail(
                statement.number,
                f"begins with {prompt}, which is the prompt of Python and not code: remove it "
                "from the start of each line",
            )
        if "\`" in code:
            fail(statement.number, "contains \`, which does not mean anything in Python: remove it")


def look_at(statement):
    ""
    code, word = statement.code, statement.word
    if word in BLOCKS and ":" not in code:
        fail(statement.number, f"begins with {word}, but the colon at its end is missing")
    if word in ("if", "elif", "while") and single_equals(code.split(":")[0]):
        fail(statement.number, "asks a question, so it needs ==, which compares; = assigns a value")


def single_equals(code):
    for sign in ("==", "<=", ">=", "!="):
        code = code.replace(sign, "")
    return "=" in code


def neighbours(one, after):
    ""
    opens = one.code.endswith(":")
    if opens and not after:
        fail(one.number, "ends with a colon, but nothing indented follows it")
    if opens and after.indent <= one.indent:
        fail(
            one.number,
            f"ends with a colon, so line {after.number}, which belongs to it, has to "
            "be indented by four more spaces",
        )
    if after and not opens and after.indent > one.indent:
        fail(
            after.number,
            f"is indented too far: delete {spaces(after.indent - one.indent)} at its beginning. It "
            f"has to begin in the same column as line {one.number}, {quoted(one)}, which does not "
            "end with a colon",
        )


def spaces(n):
    return f"{n} space" if n == 1 else f"{n} spaces"


def quoted(statement):
    ""
    text = statement.text
    return f"“{text}”" if len(text) <= MOST_QUOTED else f"“{text[:MOST_QUOTED].strip()} …”"


def blocks(statements):
    ""
    if statements and statements[0].indent:
        fail(statements[0].number, "has to begin at the left edge")
    outer = []
    for statement in statements:
        closed = None
        while outer and outer[-1].indent > statement.indent:
            closed = outer.pop()
        if closed and outer[-1].indent < statement.indent:
            further = statement.indent - outer[-1].indent
            fail(
                statement.number,
                "is indented differently from every block above it: delete "
                f"{spaces(further)} at its beginning, or add {closed.indent - statement.indent}",
            )
        if outer and outer[-1].indent == statement.indent:
            outer.pop()
        if statement.word == "return" and not any(one.word == "def" for one in outer):
            fail(
                statement.number,
                "is outside the function: it has to be indented like the lines of the function",
            )
        outer.append(statement)
`,
  "tryout.py": `""





import builtins
import sys

import _page
import _torch
import judge
import syntax
import torch
import torch.nn.functional as F


def contents(*modules):
    ""
    return [
        (module, {name: getattr(module, name) for name in dir(module) if name[:2] != "__"})
        for module in modules
    ]


LIBRARY = contents(torch, torch.nn, F, builtins)


class Typed:
    ""

    head = None
    source = ""
    initialized = {}


def read(report, source, name):
    ""
    Typed.head, Typed.initialized = None, {}
    restore(LIBRARY + OURS)
    source = source.lstrip("\\ufeff")
    if found := syntax.lookalike(source):
        return unread(report, *found)
    try:
        code = compile(source, judge.FILE, "exec")
    except SyntaxError as error:
        calls = judge.traceback_of(error)
        return unread(report, *syntax.explain(source, calls[-1][1] if calls else 0))
    names = {"__name__": "my_head", "float": _page.to_float}
    try:
        exec(code, names)
    except BaseException as error:
        line = (judge.own_lines(error, None) or [None])[-1]
        message = f"The file raises {judge.raised(error, line)}: {judge.words_of(error)}."
        if judge.is_endless(error):
            message = "While the file is read, a function in it calls itself without end."
        unread(report, message, line)
    else:
        restore(OURS)
        Typed.head = names.get(name)
        Typed.source = source
        if name not in names:
            wanted = "a class Head" if name == "Head" else "attention(q, k, v)"
            unread(report, f"It has to define {wanted}.")


def unread(report, message, line=None):
    report("read", message, None, line)


def warm_up(report):
    ""
    judge.judge(lambda q, k, v: judge.reference((q, k, v), torch), torch)


def restore(modules):
    ""
    for module, names in modules:
        for name in names:
            if getattr(module, name, None) is not names[name]:
                setattr(module, name, names[name])


def stages(report):
    ""
    for stage, mistake in judge.stages(Typed.head, torch, source=Typed.source):
        report(*mistake or (stage, None, None, None))


def initialize(report, layer, head, *weights):
    ""
    weights = [torch.Tensor(one) for one in weights]
    D, C = weights[0].shape
    try:
        made = Typed.head(C, D)
        for linear, trained in zip((made.query, made.key, made.value), weights):
            linear.weight.copy_(trained)
    except BaseException as error:
        report("layers", f"Head({C}, {D}) raises {type(error).__name__}: {error}.", None, None)
    else:
        Typed.initialized[layer, head] = made


def attention(report, layer, *given):
    ""


    q, k, v, x = [torch.Tensor(one) for one in given]
    try:
        if isinstance(Typed.head, type):
            pairs = [Typed.initialized[layer, head](x) for head in range(q.shape[1])]
            mixed, weights = (torch.stack(parts, 1) for parts in zip(*pairs))
        else:
            mixed, weights = Typed.head(q * 1, k * 1, v * 1)
        if not isinstance(mixed, torch.Tensor) or not isinstance(weights, torch.Tensor):
            return report("in_model", "It does not return two tensors.", None, None)
        _torch.hand((mixed * 1.0)._js)
        _torch.hand((weights * 1.0)._js)
    except BaseException as error:
        report("in_model", *judge.describe(error, Typed.head, [q, k, v]))


OURS = contents(judge, sys.modules[__name__])
`,
};
