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
WANTED = "attention(q, k, v), or a class Head"


def load_head(path, device="cpu"):
    """attention(q, k, v), or a class Head as such a function, from a Python file, if it does what
    attention does. Raises BadInput."""
    judge = load_module(EXERCISE / "judge.py")
    head, passed = read_head(Path(path), judge), []
    for stage, mistake in judge.stages(head, torch):
        if mistake:
            so_far = f" Right so far: {', '.join(passed)}." if passed else ""
            raise BadInput(f"{path} is not attention yet. {mistake}{so_far}")
        passed.append(stage)
    if isinstance(head, type):
        head = judge.AsAttention(head, torch)
    try:
        head(*torch.zeros(3, 1, 1, 4, 2, device=device))
    except Exception as error:
        raise BadInput(f"{path} is right on a CPU, but here, on {device}, it raises "
                       f"{type(error).__name__}: {error}. What is made in it, such as a mask, has "
                       "to be made where q is: device=q.device.") from None
    if is_first_process():
        console.say(f"{path} computes attention. Right: {', '.join(passed)}.")
    return head


def read_head(path, judge):
    """What a Python file calls attention or Head. Raises BadInput."""
    source, names = read_source(path), {"__name__": path.stem, "__file__": str(path)}
    try:
        code = compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        syntax = load_module(EXERCISE / "syntax.py")
        said = syntax.lookalike(source) or syntax.explain(source, error.lineno or 0, error.msg)
        raise BadInput(f"{path} cannot be read. {said}") from None
    try:
        exec(code, names)
    except (Exception, SystemExit) as error:  # exit() would end the training, too, in silence
        lines = [line for file, line in judge.way_to(error) if file == str(path)]
        where = f" in line {lines[-1]}" if lines else ""
        words = str(error).strip(". ") or "no message"
        raise BadInput(f"Running {path} raises {type(error).__name__}{where}: {words}. All that "
                       f"it has to do is to define {WANTED}.") from None
    for name in ("attention", "Head"):
        if name in names:
            return names[name]
    raise BadInput(f"{path} does not define what is asked for: {WANTED}.")


def read_source(path):
    """The text of a Python file. Raises BadInput for what is none."""
    if path.suffix == ".ipynb":
        raise BadInput(f"{path} is a notebook: copy the cell that defines attention into a file of "
                       "its own, such as my_head.py, and name that.")
    content = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        source = content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        source = "\0"
    if "\0" in source:
        raise BadInput(f"{path} is not a text in UTF-8, as Python files are: save it again with "
                       "that encoding, as plain text.")
    return source.replace("\r\n", "\n").replace("\r", "\n")


def load_module(path):
    loader = SourceFileLoader(path.stem, str(path))  # a file of any name
    spec = spec_from_file_location(path.stem, path, loader=loader)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
