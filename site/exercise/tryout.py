"""Run what somebody typed in the page: read it, judge it, and put it into the model.

worker.js calls these functions. Tensors are passed in and out as JavaScript objects; whatever is
wrong is reported as in judge.Mistake: report(stage, message, hint, line).
"""

import builtins
import sys

import _page
import _torch
import judge
import syntax
import torch
import torch.nn.functional as F


def contents(*modules):
    """What is in modules, for `restore`."""
    return [
        (module, {name: getattr(module, name) for name in dir(module) if name[:2] != "__"})
        for module in modules
    ]


LIBRARY = contents(torch, torch.nn, F, builtins)


class Typed:
    """What was typed last."""

    head = None  # a function or a class; None if the source could not be read
    source = ""
    initialized = {}  # (layer, head) -> a typed Head with the weights of the model


def read(report, source, name):
    """Run a source as my_head.py and keep what it calls `name`."""
    Typed.head, Typed.initialized = None, {}
    restore(LIBRARY + OURS)
    source = source.lstrip("\ufeff")  # a mark at the start of some files
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
    except BaseException as error:  # SystemExit, too
        line = (judge.own_lines(error, None) or [None])[-1]
        message = f"The file raises {judge.raised(error, line)}: {judge.words_of(error)}."
        if judge.is_endless(error):
            message = "While the file is read, a function in it calls itself without end."
        unread(report, message, line)
    else:
        restore(OURS)  # changing the judge would only cheat oneself
        Typed.head = names.get(name)
        Typed.source = source
        if name not in names:
            wanted = "a class Head" if name == "Head" else "attention(q, k, v)"
            unread(report, f"It has to define {wanted}.")


def unread(report, message, line=None):
    report("read", message, None, line)


def warm_up(report):
    """Judge what is right, once: the first time is slower."""
    judge.judge(lambda q, k, v: judge.reference((q, k, v), torch), torch)


def restore(modules):
    """Undo what a source did to modules, such as torch.softmax = None."""
    for module, names in modules:
        for name in names:
            if getattr(module, name, None) is not names[name]:
                setattr(module, name, names[name])


def stages(report):
    """Judge it: report(stage) for each stage that is passed, and then the first mistake."""
    for stage, mistake in judge.stages(Typed.head, torch, source=Typed.source):
        report(*mistake or (stage, None, None, None))


def initialize(report, layer, head, *weights):
    """Make a typed Head with the weights of query, key and value, each (D, C), of a trained one."""
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
    """What the model calls in a layer, with q, k and v (1, H, T, D) and x (1, T, C).

    Hands over the mixed values and the weights, whose shapes worker.js checks."""
    q, k, v, x = [torch.Tensor(one) for one in given]
    try:
        if isinstance(Typed.head, type):
            pairs = [Typed.initialized[layer, head](x) for head in range(q.shape[1])]
            mixed, weights = (torch.stack(parts, 1) for parts in zip(*pairs))
        else:
            mixed, weights = Typed.head(q * 1, k * 1, v * 1)
        if not isinstance(mixed, torch.Tensor) or not isinstance(weights, torch.Tensor):
            return report("in_model", "It does not return two tensors.", None, None)
        _torch.hand((mixed * 1.0)._js)  # numbers, if they were booleans
        _torch.hand((weights * 1.0)._js)
    except BaseException as error:
        report("in_model", *judge.describe(error, Typed.head, [q, k, v]))


OURS = contents(judge, sys.modules[__name__])
