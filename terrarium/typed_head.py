"""A head of the reader's own: attention(q, k, v), or a class Head, from a Python file."""

import io
import tokenize
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from terrarium import console
from terrarium.devices import is_first_process
from terrarium.errors import BadInput

import torch

EXERCISE = Path(__file__).parent.parent / "site" / "exercise"


def load_module(path):
    loader = SourceFileLoader(path.stem, str(path))  # a file of any name
    spec = spec_from_file_location(path.stem, path, loader=loader)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


judge = load_module(EXERCISE / "judge.py")
syntax = load_module(EXERCISE / "syntax.py")
STAGES = {  # those of judge.py, as the terminal names them
    "layers": "its three layers",
    "runs": "it runs",
    "shape": "both shapes",
    "finite": "no NaN and no infinity",
    "row_sums": "rows that sum to one",
    "causal_mask": "the causal mask",
    "whole_past": "the whole past",
    "scale": "the scale",
    "weighted_sum": "the weighted sum",
    "other_sizes": "other sizes",
    "training": "training",
}
WANTED = "attention(q, k, v), or a class Head"


def load_head(path, device="cpu"):
    """attention(q, k, v), or a class Head as such a function, from a Python file, if it does what
    attention does. Raises BadInput."""
    head = read_head(Path(path))
    source = read_source(Path(path))
    passed = []
    for stage, mistake in judge.stages(head, torch, (training,), source):
        if mistake:
            so_far = f" Right so far: {', '.join(passed)}." if passed else ""
            raise BadInput(f"{path} is not attention yet. {mistake.message}{so_far}")
        passed.append(STAGES[stage])
    if isinstance(head, type):
        head = judge.AsAttention(head, torch)
    try:
        head(*torch.zeros(3, 1, 1, 4, 2, device=device))
    except Exception as error:
        raise BadInput(
            f"{path} is right on a CPU, but here, on {device}, it raises "
            f"{type(error).__name__}: {error}. What is made in it, such as a mask, has "
            "to be made where q is: device=q.device."
        ) from None
    if is_first_process():
        console.say(f"{path} computes attention. Right: {', '.join(passed)}.")
    return head


def training(head, torch, qkv):
    """A check as in judge.py, for which the torch of the page is too small: that it works in
    bfloat16, and that gradients flow back as they should."""
    dtype, wanted = judge.call(head, qkv)[0].dtype, qkv[0].dtype
    if dtype != wanted:
        return f"The result has the type {dtype}; it should have that of v: {wanted}."
    in_bfloat16 = "It is right in float32, but not in bfloat16, which training may use."
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed, _ = judge.call(head, [tensor.bfloat16() for tensor in qkv])
    except Exception as error:
        message, hint, line = judge.describe(error, head, qkv)
        return f"{in_bfloat16} {message}", hint, line
    if judge.differ(mixed * 1.0, judge.reference(qkv, torch)[0], tolerance=0.1):
        return in_bfloat16

    advice = (
        "Do not take anything out of the computation (detach, item, float, numpy), and do "
        "not overwrite anything in place after it was used."
    )
    try:
        typed = gradients(lambda copies: judge.call(head, copies), qkv)
        right = gradients(lambda copies: judge.reference(copies, torch), qkv)
    except Exception as error:
        return f"A model cannot learn with it: {judge.words_of(error)[:150]}. {advice}"
    if any(a is None or judge.differ(a, b) for a, b in zip(typed, right)):
        return (
            "Its numbers are right, but a model cannot learn with it: changes to q, k or v do "
            f"not reach the result as they should. {advice}"
        )
    return None


def gradients(compute, qkv):
    """How q, k and v change the result of a computation, seen from the loss."""
    copies = [tensor.detach().requires_grad_() for tensor in qkv]
    mixed, _ = compute(copies)
    (mixed * qkv[0]).sum().backward()
    return [tensor.grad for tensor in copies]


def read_head(path):
    """What a Python file calls attention or Head. Raises BadInput."""
    source, names = read_source(path), {"__name__": path.stem, "__file__": str(path)}
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        message, _ = syntax.lookalike(source) or syntax.explain(source, error.lineno or 0)
        raise BadInput(f"{path} cannot be read. {message}") from None
    try:
        exec(code, names)
    except (Exception, SystemExit) as error:  # exit() would end the training, too, in silence
        lines = [line for file, line in judge.traceback_of(error) if file == str(path)]
        line = lines[-1] if lines else None
        if judge.is_endless(error):
            raise BadInput(
                f"{path} cannot be read: a function in it calls itself without end."
            ) from None
        raise BadInput(
            f"Running {path} raises {judge.raised(error, line)}: "
            f"{judge.words_of(error)}. All it has to do is define {WANTED}."
        ) from None
    for name in ("attention", "Head"):
        if name in names:
            return names[name]
    raise BadInput(f"{path} does not define {WANTED}.")


def read_source(path):
    """The text of a Python file. Raises BadInput for what is none."""
    if path.suffix == ".ipynb":
        raise BadInput(
            f"{path} is a notebook: copy the cell that defines attention into a file of "
            "its own, such as my_head.py, and name that."
        )
    content = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        source = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        source = "\0"
    if "\0" in source:
        raise BadInput(
            f"{path} is not a text in UTF-8, as Python files are: save it again with "
            "that encoding, as plain text."
        )
    return source.replace("\r\n", "\n").replace("\r", "\n")
