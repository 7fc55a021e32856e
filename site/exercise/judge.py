"""Judge a typed attention(q, k, v) by what it does: the first mistake, in one sentence.

`judge(head, torch)` runs the head on small random q, k and v of shape (B, H, T, D); these sizes
and their square roots are all different. It returns "" when the head is right. Of torch it uses
manual_seed, randn and ones, and of a tensor shape, indexing, + - * / > @, transpose, triu,
masked_fill, softmax, sum, abs, max, item, isfinite and all, so that a small stand-in can serve as
`torch`. The last stage, learning, is skipped where torch has no autocast and so no gradients.

Instead of a function, a whole class may be judged: Head(n_embd, head_size), with linear layers
query, key and value, which takes x (B, T, n_embd) and returns (B, T, head_size) and the weights
(B, T, T). For it, eye, zeros, cat, no_grad, copy_, flatten and unflatten are used, too.

It runs in CPython 3.10 or newer, and in MicroPython 1.27.
"""
import io
import sys

TOLERANCE = 1e-4
STAGES = ("it runs", "shapes", "numbers", "rows", "the future", "the scale", "the values",
          "other sizes", "learning")
FILE = "my_head.py"  # the file name of a head where functions do not know theirs


def judge(head, torch):
    """The first mistake of a head as a sentence, or "" if it computes attention."""
    for _, mistake in stages(head, torch):
        if mistake:
            return mistake
    return ""


def stages(head, torch):
    """Yield (the name of a stage, the mistake found in it or ""), up to the first mistake."""
    torch.manual_seed(0)
    before = (2, 3)  # of the shape: texts, and heads
    if isinstance(head, type):
        try:
            mistake = layers(head)
        except Exception as error:
            mistake = f"Its layers could not be inspected: {type(error).__name__}: {error}."
        yield "its layers", mistake
        if mistake:
            return
        head, before = AsAttention(head, torch), (6,)
    given = [torch.randn(*before, 7, 5) for _ in range(3)]
    checks = (runs, shapes, numbers, rows, future, scale, values, sizes, learning)
    for stage, check in zip(STAGES, checks):
        try:
            mistake = check(head, torch, given) or ""
        except (Exception, SystemExit) as error:  # on these numbers, though not on the first ones
            mistake = ended_in(error, head, given)
        yield stage, mistake
        if mistake:
            return


def call(head, given):
    """What a head returns for copies of (q, k, v): it may change them in place."""
    return head(*[tensor * 1 for tensor in given])


def numbers_of(head, given):
    """The same two tensors as numbers, even if they hold booleans."""
    return [tensor * 1.0 for tensor in call(head, given)]


def reference(given, torch, factor=1.0):
    """Attention as it should be; `factor` multiplies the scores, to recognise a wrong scale."""
    q, k, v = given
    scores = q @ k.transpose(-2, -1) * (factor / q.shape[-1] ** 0.5)
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0.5
    weights = scores.masked_fill(later, float("-inf")).softmax(-1)
    return weights @ v, weights


def far(a, b, tolerance=TOLERANCE):
    return not (a - b).abs().max().item() <= tolerance  # NaN is far from everything


def ended_in(error, head, given):
    """A sentence for an error that a head raised, with its line if that is known."""
    words = str(error).strip(". ") or "no message"
    if type(error).__name__ == "RecursionError" or words == "pystack exhausted":  # MicroPython's
        return "It calls itself again and again, without end."
    if isinstance(error, TypeError) and words.startswith((getattr(head, "__name__", "?") + "()",
                                                          "function ")):
        return f"It is called with three tensors, attention(q, k, v), and that fails: {words}."
    return (f"It raises {type(error).__name__}{line_of(error, head)}: {words}. "
            + shape_of(head, given))


def shape_of(head, given):
    shape = tuple(given[0].shape)
    if isinstance(head, AsAttention):
        return f"Here x has the shape {shape[:2] + (3 * shape[2],)}: texts, tokens, numbers."
    return f"Here q, k and v have the shape {shape}: texts, heads, tokens, numbers."


def line_of(error, head):
    """"" in line 7", the last line of the head's own file on the way to an error; or ""."""
    function = head.__init__ if isinstance(head, type) else getattr(head, "forward", head)
    own = getattr(getattr(function, "__code__", None), "co_filename", FILE)
    lines = [line for file, line in way_to(error) if file == own]
    return f" in line {lines[-1]}" if lines else ""


def way_to(error):
    """(file, line) of every call on the way to an error, the last one at the end."""
    if hasattr(sys, "print_exception"):  # MicroPython, which only prints the traceback
        told = io.StringIO()
        sys.print_exception(error, told)
        parts = [line.split('"') for line in told.getvalue().split("\n") if '", line ' in line]
        return [(file, int(rest.split(",")[1].split()[1])) for _, file, rest in parts]
    place, found = error.__traceback__, []
    while place:
        found.append((place.tb_frame.f_code.co_filename, place.tb_lineno))
        place = place.tb_next
    return found


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
            head = self.Head(3 * D, D).to(like.device)
            for i, layer in enumerate((head.query, head.key, head.value)):
                pick = [self.torch.zeros(D, D)] * 3
                pick[i] = self.torch.eye(D)
                with self.torch.no_grad():
                    layer.weight.copy_(self.torch.cat(pick, -1))
            self.heads[D, str(like.device)] = head
        return self.heads[D, str(like.device)]


def layers(Head):
    """Check that a Head has the three layers that the model's weights will be put into."""
    n_embd, size = 15, 5
    if not hasattr(Head, "forward"):
        return "It has no forward(self, x), the method that runs when a layer is called."
    try:
        head = Head(n_embd, size)
    except Exception as error:
        return (f"Head({n_embd}, {size}), a head that turns vectors of {n_embd} numbers into "
                f"vectors of {size}, raises {type(error).__name__}"
                f"{line_of(error, Head)}: {str(error).strip('. ') or 'no message'}.")
    for name in ("query", "key", "value"):
        layer = getattr(head, name, None)
        if not hasattr(layer, "weight"):
            return (f"It has no layer called {name}. In __init__, set self.{name} to a linear "
                    f"layer: it computes the {name} of each token from x.")
        if tuple(layer.weight.shape) != (size, n_embd):
            return (f"In Head({n_embd}, {size}), the weights of the layer {name} have the shape "
                    f"{tuple(layer.weight.shape)}; it has to turn {n_embd} numbers into {size}: "
                    f"{(size, n_embd)}.")
        if getattr(layer, "bias", None) is not None:
            return (f"The layer {name} has a bias, but those of the model have none: "
                    "bias=False leaves it out.")
    return ""


def runs(head, torch, given):
    if not callable(head):
        return (f"attention is of the type {type(head).__name__}, but it has to be a function: "
                "def attention(q, k, v).")
    answer = call(head, given)
    if answer is None:
        return ("It returns nothing. It has to return two things: what each token gathers, and "
                "the weights of that mixture.")
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return ("It has to return two things: what each token gathers, and the weights of that "
                "mixture.")
    if not all(isinstance(thing, type(given[0])) for thing in answer):
        kinds = " and ".join(type(thing).__name__ for thing in answer)
        return f"It returns {kinds}, but both have to be tensors; the second is the weights."


def shapes(head, torch, given):
    mixed, weights = call(head, given)
    shape = tuple(given[0].shape)
    T, square = shape[-2], shape[:-1] + shape[-2:-1]
    if tuple(weights.shape) != square:
        return (f"The weights have the shape {tuple(weights.shape)}, but each of {T} tokens looks "
                f"at {T} tokens: {square} is expected.")
    if tuple(mixed.shape) != shape:
        return f"The result has the shape {tuple(mixed.shape)}; it should have that of v: {shape}."


def numbers(head, torch, given):
    mixed, weights = numbers_of(head, given)
    if weights.abs().max().item() == float("inf"):
        return ("Some weights are infinite, but they should be fractions between 0 and 1: "
                "softmax, as the last step, makes them so.")
    if not weights.isfinite().all().item():
        return ("Some weights are NaN, not a number. 0 times infinity gives NaN, and so does a "
                "softmax over nothing but minus infinity: which dimension does it run along, and "
                "what does the mask leave there?")
    if not mixed.isfinite().all().item():
        return "Some results are NaN or infinite, but no weight is: what happens between the two?"


def rows(head, torch, given):
    _, weights = numbers_of(head, given)
    sums = weights.sum(-1)
    ones = torch.ones(*sums.shape)
    if not far(sums, ones):
        return
    if not far(weights.sum(-2), torch.ones(*weights.sum(-2).shape)):
        return ("The columns of the weights sum to one, not the rows: softmax runs along the "
                "wrong dimension.")
    T = weights.shape[-1]
    worst = max(range(T), key=lambda t: (sums[..., t] - 1).abs().max().item())
    first = sums[..., worst].flatten()[0].item()
    return (f"Row {worst} of the weights sums to {first:.3g}, but each row should sum to one, all "
            "the attention of a token. Softmax sees to that, if nothing is removed after it.")


def future(head, torch, given):
    for size in (1, 3):  # a mask that is only large may hold for small scores
        q, k, v = given
        scaled = [q * size, k * size, v]
        mixed, weights = numbers_of(head, scaled)
        leak = weights.triu(1).abs().max().item()
        for t in range(1, mixed.shape[-2]):
            change = torch.ones(mixed.shape[-2], 1)
            change[t] = -2  # token t is replaced, all other tokens stay
            moved, _ = numbers_of(head, [tensor * change for tensor in scaled])
            for earlier in range(t):
                if far(moved[..., earlier, :], mixed[..., earlier, :]):
                    return (f"It can see the future: changing token {t} changes the result for "
                            f"token {earlier}, which is earlier. "
                            + leaking(leak, size))
        if leak > TOLERANCE:
            return ("The weights show the future, although the result does not: some above the "
                    "diagonal are not zero.")


def leaking(leak, size):
    if leak == 0:
        return ("The weights of later tokens are zero, as they should be, so it comes in through "
                "the scores or the values.")
    if size > 1:
        return ("That happens when the scores are large: does the mask subtract enough from them, "
                "however large they are?")
    return "In the weights, rows are tokens that look, and columns are looked at."


def scale(head, torch, given):
    _, weights = numbers_of(head, given)
    D = given[0].shape[-1]
    for factor, words in ((D**0.5, "not scaled"), (D**-0.5, "scaled down too much"),
                          (D, "scaled up, not down")):
        if not far(weights, reference(given, torch, factor)[1]):
            return (f"The scores are {words}. The spread of a sum of D products is the square root "
                    "of D: what brings it back to one?")
    if far(weights, reference(given, torch)[1]):
        return ("The weights sum to one, but come from the wrong scores: whose query meets whose "
                "key, and what is the product divided by?")


def values(head, torch, given):
    if far(numbers_of(head, given)[0], reference(given, torch)[0]):
        return ("The weights are right, but the values are combined wrongly: which weight belongs "
                "to which value?")


def sizes(head, torch, given):
    """Sizes that are hard-coded in a head show up when all of them are different."""
    few = len(given[0].shape) - 2
    for before, T, D in (((1, 2), 5, 9), ((3, 1), 33, 2), ((1, 1), 130, 5)):
        other = [torch.randn(*before[:few], T, D) for _ in range(3)]
        said = f"Right so far, but not for {T} tokens and heads of {D} numbers"
        try:
            wrong = any(map(far, numbers_of(head, other), reference(other, torch)))
        except Exception as error:
            return f"{said}: is a size hard-coded? {ended_in(error, head, other)}"
        if wrong:
            return f"{said}: is a size hard-coded?"


def learning(head, torch, given):
    """Check that gradients flow back as they should, and that it works in bfloat16."""
    if not hasattr(torch, "autocast"):
        return
    kind, expected = call(head, given)[0].dtype, given[0].dtype
    if kind != expected:
        return f"The result has the type {kind}; it should have that of v: {expected}."
    halves = [tensor.bfloat16() for tensor in given]
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed, _ = call(head, halves)
    except Exception as error:
        return ("It is right in float32, but not in bfloat16, which training may use. "
                f"{ended_in(error, head, given)}")
    if far(mixed * 1.0, reference(given, torch)[0], tolerance=0.1):
        return "It is right in float32, but not in bfloat16, which training may use."
    advice = ("Do not take anything out of the computation (detach, item, float, numpy), and do "
              "not overwrite anything in place after it was used.")
    try:
        ours = gradients(lambda copies: call(head, copies), given)
        theirs = gradients(lambda copies: reference(copies, torch), given)
    except Exception as error:
        return f"A model cannot learn with it: {str(error).strip('. ')[:150]}. {advice}"
    if any(grad is None or far(grad, right) for grad, right in zip(ours, theirs)):
        return ("Its numbers are right, but a model cannot learn with it: changes to q, k or v do "
                f"not reach the result as they should. {advice}")


def gradients(compute, given):
    """How q, k and v change the result of a computation, seen from the loss."""
    copies = [tensor.detach().requires_grad_() for tensor in given]
    mixed, _ = compute(copies)
    (mixed * given[0]).sum().backward()
    return [tensor.grad for tensor in copies]
