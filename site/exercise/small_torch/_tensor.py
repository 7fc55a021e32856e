"""The Tensor of the small stand-in for PyTorch. Its numbers are in JavaScript.

Every method and operator is one call of calls.js. signatures.js says what is passed in and out, and
how 2 is told from 2.0; the signs below are the same as there.
"""

import builtins
from collections import namedtuple

import _torch  # calls.js

ERROR, FLOAT, LITERAL, DTYPE, DEVICE, PARTS = "\x00", "\x01", "\x02", "\x03", "\x04", "\x05"
LARGEST = 1 << 30  # larger integers would not survive the way to JavaScript
JsProxy, NoneType = type(_torch.methods), type(None)
NUMBERS = {"nan": float("nan"), "inf": float("inf")}
KINDS = {
    kind: type("RuntimeError", (RuntimeError,), {"kind": kind})  # for judge.py
    for kind in ("matmul_shapes", "broadcast_shapes")
}


class dtype:  # noqa: N801 (the name is torch's)
    def __init__(self, name):
        self.name, self.is_floating_point = name, name == "float32"

    def __repr__(self):
        return "torch." + self.name


class device:  # noqa: N801
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

# From Python to JavaScript and back ---------------------------------------------------------------


def plain(thing):
    """What JavaScript gets of a thing."""
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
    for i in range(0, len(things), 200):  # so many arguments are always possible
        _torch.more(made, *[plain(thing) for thing in things[i : i + 200]])
    return made


def read(found):
    """What Python gets of an answer."""
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
    """The function of Python that calls one of JavaScript."""

    def call(*args, **named):
        args = [plain(one) for one in args]
        found = run(*args, **{key: plain(named[key]) for key in named}) if named else run(*args)
        return Tensor(found) if type(found) is JsProxy else read(found)

    return call


def changing(run):
    """The same for a method that writes into its tensor."""
    call = calling(run)

    def change(self, *args, **named):
        call(self, *args, **named)
        return self

    return change


def with_names(name, call):
    """max and min along a dimension give two tensors, with names."""
    both = namedtuple(name, ("values", "indices"))

    def named(*args, **more):
        found = call(*args, **more)
        return both(*found) if type(found) is tuple else found

    return named


def offered(group):
    """(name, function) of all that calls.js has in a group."""
    functions = getattr(_torch, group)
    for name in _torch.names(group).split(" "):
        if group == "methods" and name[-1] == "_":
            yield name, changing(getattr(functions, name))
        elif name in ("max", "min"):
            yield name, with_names(name, calling(getattr(functions, name)))
        else:
            yield name, calling(getattr(functions, name))


# Operators ----------------------------------------------------------------------------------------

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
    """A method such as __add__, __radd__ or __iadd__."""
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


# The class ----------------------------------------------------------------------------------------

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
        if name == "_shape":  # asked for often, and always the same
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

    def __int__(self):  # with a __float__, MicroPython would make 1.0 - x a float: see _page.py
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
for _name, _sign in ("add", "+="), ("sub", "-="):  # for x *= 2 MicroPython takes x = x * 2
    setattr(Tensor, f"__i{_name}__", operator(_name, _sign, changes=True))
for _name, _sign in pairs(COMPARISONS):
    setattr(Tensor, f"__{_name}__", operator(_name, _sign, UNCOMPARED))
Tensor.__eq__, Tensor.__ne__ = equality("eq", False), equality("ne", True)
