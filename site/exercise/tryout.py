"""Run what somebody typed in the page: read it, judge it, and put it into the model.

worker.js calls these functions. Tensors are passed in and out as JavaScript objects; whatever is
wrong with the typed code is returned as a sentence.
"""
import builtins
import sys

import _page
import _torch
import judge
import syntax
import torch
import torch.nn.functional as F


def remembered(*modules):
    """What is in modules, to be put back."""
    return [(module, {name: getattr(module, name) for name in dir(module) if name[:2] != "__"})
            for module in modules]


LIBRARY = remembered(torch, torch.nn, F, builtins)


class Typed:
    """What was typed last."""
    head = None  # a function or a class; None if the source could not be read
    trained = {}  # (layer, head) -> a typed Head with the weights of the model


def read(source, name):
    """Run a source as my_head.py and keep what it calls `name`. Returns "" or what is wrong."""
    Typed.head, Typed.trained = None, {}
    put_back(LIBRARY + OURS)
    if strange := syntax.lookalike(source):
        return strange
    try:
        code = compile(source, judge.FILE, "exec")
    except SyntaxError as error:
        places = judge.way_to(error)
        return syntax.explain(source, places[-1][1] if places else 0, str(error))
    names = {"__name__": "my_head", "float": _page.to_float}
    try:
        exec(code, names)
    except BaseException as error:  # SystemExit, too
        words = str(error).strip(". ") or "no message"
        return f"The file raises {type(error).__name__}{judge.line_of(error, None)}: {words}."
    put_back(OURS)  # changing the judge would only cheat oneself
    if name not in names:
        return f"It has to define {'a class Head' if name == 'Head' else 'attention(q, k, v)'}."
    Typed.head = names[name]
    return ""


def warm_up():
    """Judge what is right, once: the first time is slower."""
    list(judge.stages(lambda q, k, v: judge.reference((q, k, v), torch), torch))


def put_back(modules):
    """Undo what a source did to modules, such as torch.softmax = None."""
    for module, names in modules:
        for name in names:
            if getattr(module, name, None) is not names[name]:
                setattr(module, name, names[name])


def stages(report):
    """Judge it: report(stage, mistake) for each stage up to the first mistake."""
    for stage, mistake in judge.stages(Typed.head, torch):
        report(stage, mistake)


def put_in(layer, head, *weights):
    """Make a typed Head with the weights of query, key and value, each (D, C), of a trained one.

    Returns "" or what is wrong."""
    weights = [torch.Tensor(one) for one in weights]
    D, C = weights[0].shape
    try:
        made = Typed.head(C, D)
        for linear, trained in zip((made.query, made.key, made.value), weights):
            linear.weight.copy_(trained)
    except BaseException as error:
        return f"Head({C}, {D}) raises {type(error).__name__}: {error}."
    Typed.trained[layer, head] = made
    return ""


def mix(layer, *given):
    """What takes the place of attention in a layer, given q, k and v (1, H, T, D) and x (1, T, C).

    Hands over the mixed values (H, T, D) and, if they have this shape, the weights (H, T, T).
    Returns "" or what is wrong."""
    q, k, v, x = (torch.Tensor(one) for one in given)
    try:
        if isinstance(Typed.head, type):
            pairs = [Typed.trained[layer, head](x) for head in range(q.shape[1])]
            mixed, weights = (torch.stack(parts, 1) for parts in zip(*pairs))
        else:
            mixed, weights = Typed.head(q * 1, k * 1, v * 1)
        if not isinstance(mixed, torch.Tensor) or not isinstance(weights, torch.Tensor):
            return "It does not return two tensors."
        mixed, weights = mixed * 1.0, weights * 1.0
    except BaseException as error:
        return judge.ended_in(error, Typed.head, [q, k, v])
    if tuple(mixed.shape) != tuple(v.shape):
        return (f"What it returns has the shape {tuple(mixed.shape)}, but the model needs "
                f"{tuple(v.shape)}.")
    _torch.hand(mixed._js)
    if tuple(weights.shape) == tuple(q.shape[:-1]) + (q.shape[-2],):
        _torch.hand(weights._js)
    return ""


OURS = remembered(judge, sys.modules[__name__])
