"""The judge of a typed attention(q, k, v): right ones pass, wrong ones hear which mistake it is."""

import json
import os
import re
from types import SimpleNamespace

import train
from terrarium import typed_head
from terrarium.errors import BadInput
from terrarium.typed_head import load_head
from typed_heads import (
    HELPER,
    HELPER_LINE,
    MISLEADING,
    RIGHT,
    RIGHT_CLASSES,
    STEPS,
    WRONG,
    WRONG_CLASSES,
    class_of,
    head,
    wrong,
    wrong_class,
)

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode


def judge(thing):
    """The first mistake that train.py --head finds in it, or None."""
    return typed_head.judge.judge(thing, torch, (typed_head.training,))


@pytest.mark.parametrize("body", [*RIGHT.values(), STEPS], ids=[*RIGHT, "step by step"])
def test_a_right_head_passes(body):
    assert judge(head(body)[0]) is None


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_head_fails_at_its_stage_and_in_its_line(name):
    _, _, stage, line = WRONG[name]
    hint = "undefined_name" if name == "a typing error" else stage
    mistake = judge(head(wrong(name))[0])
    assert (mistake.stage, mistake.hint, mistake.line) == (stage, hint, line)


@pytest.mark.parametrize("name", RIGHT_CLASSES)
def test_a_right_class_passes(name):
    assert judge(class_of(RIGHT_CLASSES[name])) is None


@pytest.mark.parametrize("name", WRONG_CLASSES)
def test_a_wrong_class_fails_at_its_stage_and_in_its_line(name):
    _, _, stage, line = WRONG_CLASSES[name]
    mistake = judge(class_of(wrong_class(name)))
    assert (mistake.stage, mistake.hint, mistake.line) == (stage, stage, line)


@pytest.mark.parametrize(
    "name, words",
    {
        "no mask": "changing token 1 changes the result for token 0, which is earlier",
        "a mask for the result only": "some above the diagonal are not zero",
        "a mask for the weights only": "it comes in through the scores or the values",
        "a mask that is only large": "does the mask subtract enough from them",
        "a mask after softmax": "Row 0 of the weights sums to 0.0514",
        "softmax over the columns": "The columns of the weights sum to one, not the rows",
        "no softmax": "Some weights are infinite",
        "weights that are NaN": "Some weights are NaN",
        "a result that is NaN": "Some results are NaN or infinite",
        "no scale": "The scores are not scaled.",
        "a scale by D": "The scores are scaled down too much.",
        "a scale upside down": "The scores are scaled up, not down.",
        "a scale of another size": "whose query meets whose key",
        "keys mixed, not values": "which weight belongs to which value?",
        "a window of forty tokens": "not for 130 tokens and heads of 5 numbers",
        "a mask of one size": "It raises RuntimeError in line 9: The size of tensor a (33)",
        "no transpose": "Here q, k and v have the shape (2, 3, 7, 5)",
        "leaving": "It raises SystemExit in line 11: no message.",
        "calling itself": "It calls itself again and again",
        "nothing": "It returns nothing.",
        "three things": "It has to return two things",
        "the weights forgotten": "It returns Tensor and NoneType",
        "both swapped": "(2, 3, 7, 7) is expected",
        "heads glued": "it should have that of v: (2, 3, 7, 5)",
        "in double precision": "The result has the type torch.float64",
        "weights cut off": "changes to q, k or v do not reach the result as they should",
        "by way of numpy": "element 0 of tensors does not require grad",
    }.items(),
)
def test_the_message_says_what_is_wrong(name, words):
    assert words in judge(head(wrong(name))[0]).message


@pytest.mark.parametrize(
    "name, words",
    {
        "super forgotten": "Head(15, 5), a head that turns vectors of 15 numbers into vectors of 5,",
        "a layer forgotten": "It has no layer called key.",
        "sizes swapped": "it has to turn 15 numbers into 5: (5, 15)",
        "a bias": "bias=False leaves it out",
        "a call instead of forward": "It has no forward(self, x)",
        "a wrong name": "Here x has the shape (6, 7, 15)",
    }.items(),
)
def test_the_message_about_a_class_says_what_is_wrong(name, words):
    assert words in judge(class_of(wrong_class(name))).message


@pytest.mark.parametrize(
    "thing, words",
    [
        (torch.ones(3), "attention is of the type Tensor, but it has to be a function"),
        (lambda q, k: q, "attention(q, k, v), and that fails: <lambda>() takes 2"),
        (lambda q, k, v, mask: q, "missing 1 required positional argument: 'mask'"),
    ],
)
def test_what_cannot_be_called_with_q_k_and_v_is_a_mistake_of_no_line(thing, words):
    mistake = judge(thing)
    assert words in mistake.message
    assert (mistake.stage, mistake.line) == ("runs", None)


STAGES = (
    "runs",
    "shape",
    "finite",
    "row_sums",
    "causal_mask",
    "scale",
    "weighted_sum",
    "other_sizes",
)


def test_the_stages_come_one_by_one_up_to_the_first_mistake():
    right = list(typed_head.judge.stages(train.attention, torch))
    assert right == [(stage, None) for stage in STAGES]
    *before, (stage, mistake) = typed_head.judge.stages(head(wrong("no scale"))[0], torch)
    assert before == right[:5]
    assert stage == mistake.stage == "scale"


def test_the_terminal_has_a_name_for_every_stage():
    assert [*typed_head.STAGES] == ["layers", *STAGES, "training"]


def test_the_line_of_an_error_in_a_helper_is_that_of_the_helper():
    names = {}
    exec(compile(HELPER, "my_head.py", "exec"), names)
    assert judge(names["attention"]).line == HELPER_LINE


@pytest.mark.parametrize("words", MISLEADING)
def test_a_line_that_a_message_names_is_not_taken_for_the_line_of_the_error(words):
    mistake = judge(head(f"raise ValueError({words!r})")[0])
    assert (mistake.stage, mistake.line) == ("runs", 7)


def test_a_mistake_that_only_shows_on_other_numbers_is_named_too():
    def picky(q, k, v):
        if q.abs().max() > 4:
            raise ValueError("too large")
        return train.attention(q, k, v)

    mistake = judge(picky)
    assert mistake.line == picky.__code__.co_firstlineno + 2
    assert "ValueError" in mistake.message and "too large." in mistake.message


def test_a_class_that_is_first_called_in_inference_mode_can_be_trained_afterwards():
    typed = typed_head.judge.AsAttention(class_of(RIGHT_CLASSES["step by step"]), torch)
    q = torch.randn(1, 2, 4, 8, requires_grad=True)
    with torch.inference_mode():
        typed(q, q, q)
    typed(q, q, q)[0].sum().backward()
    assert q.grad is not None


def test_gradients_that_are_switched_off_are_noticed():
    with torch.no_grad():
        mistake = judge(train.attention)
    assert mistake.stage == "training" and "A model cannot learn with it" in mistake.message


def test_the_judge_asks_of_torch_only_what_it_says():
    """So that a small stand-in for torch can judge in a page."""
    used = set()

    class Record(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            used.add(function.__name__.strip("_"))
            return function(*args, **kwargs or {})

    torch_for_judges = SimpleNamespace(
        manual_seed=torch.manual_seed, randn=torch.randn, ones=torch.ones
    )
    judges = typed_head.judge
    with Record():
        right = judges.judge(lambda q, k, v: judges.reference((q, k, v), torch), torch_for_judges)
    assert right is None
    said = re.findall(r"\w+", judges.__doc__.partition("Of torch it uses")[2])
    signs = {"add", "sub", "mul", "div", "truediv", "matmul", "gt", "getitem", "setitem", "get"}
    assert used - signs <= set(said) and {"softmax", "matmul"} <= used


def test_the_attention_of_train_py_passes_and_is_that_of_pytorch():
    assert judge(train.attention) is None
    torch.manual_seed(1)
    q, k, v = (torch.randn(3, 2, 50, 16) for _ in range(3))
    mixed, weights = train.attention(q, k, v)
    torch.testing.assert_close(mixed, F.scaled_dot_product_attention(q, k, v, is_causal=True))
    torch.testing.assert_close(mixed, train.fused_attention(q, k, v)[0])
    torch.testing.assert_close(weights @ v, mixed)


# ---------------------------------------------------------------------------------------------
# python train.py --head

QUICK = (
    "--preset",
    "smoke",
    "--dataset",
    "sea.txt",
    "--vocab-size",
    "64",
    "--device",
    "cpu",
    "--precision",
    "float32",
)


@pytest.fixture
def sea(folder):
    (folder / "sea.txt").write_text(
        "She sells sea shells by the sea shore.\nHe sells she sells.\n" * 90, "utf-8"
    )
    return folder


def losses(folder):
    lines = (folder / "log.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line).get(name) for line in lines for name in ("loss", "validation_loss")]


@pytest.mark.parametrize("name", ["by filling the mask in", "changing its arguments", "as a list"])
def test_a_head_of_your_own_trains_to_the_losses_of_the_built_in_one(train_here, sea, name):
    (sea / "my_head.py").write_text(head(RIGHT[name])[1], "utf-8")
    train_here(*QUICK, "--out", "runs/built-in")
    train_here(*QUICK, "--out", "runs/mine", "--head", "my_head.py")
    built_in, mine = losses(sea / "runs" / "built-in"), losses(sea / "runs" / "mine")
    assert len(mine) == 42 and mine[-1] < mine[1] - 0.2
    assert mine[:2] == pytest.approx(built_in[:2], rel=1e-6)
    assert mine == pytest.approx(built_in, abs=2e-3)  # rounding adds up, in Muon above all


def test_a_head_of_your_own_is_called_in_every_block_of_every_step(train_here, sea):
    (sea / "my_head.py").write_text(
        "import train\ncalls = []\n\ndef attention(q, k, v):\n"
        "    open('calls', 'a').write(f'{tuple(q.shape)}\\n')\n"
        "    return train.attention(q, k, v)\n",
        "utf-8",
    )
    train_here(*QUICK, "--head", "my_head.py")
    calls = (sea / "calls").read_text().splitlines()
    assert calls[0] == "(2, 3, 7, 5)"  # the judge
    assert calls.count("(4, 2, 64, 16)") == 2 * 20  # two blocks


@pytest.mark.parametrize("name", RIGHT_CLASSES)
def test_a_class_of_your_own_trains_to_the_losses_of_the_built_in_one(train_here, sea, name):
    (sea / "my_head.py").write_text(RIGHT_CLASSES[name], "utf-8")
    train_here(*QUICK, "--out", "runs/built-in")
    train_here(*QUICK, "--out", "runs/mine", "--head", "my_head.py")
    built_in, mine = losses(sea / "runs" / "built-in"), losses(sea / "runs" / "mine")
    assert mine[-1] < mine[1] - 0.2 and mine == pytest.approx(built_in, abs=2e-3)


def test_a_wrong_head_is_refused_before_anything_is_trained(train_here, sea):
    (sea / "my_head.py").write_text(head(wrong("no scale"))[1], "utf-8")
    with pytest.raises(BadInput) as error:
        train_here(*QUICK, "--head", "my_head.py")
    message = str(error.value)
    assert message.startswith("my_head.py is not attention yet. The scores are not scaled.")
    assert message.endswith(
        "Right so far: it runs, both shapes, no NaN and no infinity, rows that "
        "sum to one, the causal mask."
    )
    assert {path.name for path in sea.iterdir()} <= {"sea.txt", "my_head.py", "__pycache__"}


def test_a_head_in_a_file_that_is_not_called_py_is_taken_too(sea):
    (sea / "my_head.txt").write_text(head(STEPS)[1], "utf-8")
    assert judge(load_head("my_head.txt")) is None


def test_a_head_that_makes_its_mask_on_another_device_is_told_so(sea):
    """The device "meta" computes nothing, and takes no tensors from a CPU."""
    (sea / "my_head.py").write_text(head(RIGHT["by filling the mask in"])[1], "utf-8")
    assert load_head("my_head.py")
    with pytest.raises(BadInput, match="right on a CPU, but here, on meta, it raises .*device=q"):
        load_head("my_head.py", "meta")
    (sea / "my_head.py").write_text("from train import attention\n", "utf-8")
    assert load_head("my_head.py", "meta") is train.attention


# ---------------------------------------------------------------------------------------------
# What people paste

MINE = head(STEPS)[1]
PASTED = {  # a whole file, and what has to be named
    "a fence": (f"```python\n{MINE}```\n", ["Line 1", "```"]),
    "a fence at the end": (f"{MINE}```\n", ["```"]),
    "line numbers": (
        "\n".join(f"{i} {line}" for i, line in enumerate(MINE.splitlines(), 1)),
        ["numbers"],
    ),
    "line numbers with colons": (
        "\n".join(f"{i:3}: {line}" for i, line in enumerate(MINE.splitlines(), 40)),
        ["numbers"],
    ),
    "the prompt of Python": (
        "\n".join(f">>> {line}" for line in MINE.splitlines()),
        ["Line 1", ">>>"],
    ),
    "the prompt of a notebook": (f"In [3]: {MINE}", ["Line 1", "In"]),
    "a wide space": (MINE.replace("    T, D", "    T,\u3000D"), ["wide space", "Line"]),
    "wide brackets": (MINE.replace("(dim=-1)", "（dim=-1）"), ["（", "type ( instead"]),
    "a wide comma": (MINE.replace("T, D", "T，D"), ["，", "type , instead"]),
    "a wide colon": (MINE.replace("(q, k, v):", "(q, k, v)："), ["：", "type : instead"]),
    "an invisible space": (MINE.replace("T, D", "T,\u200b D"), ["invisible"]),
    "a minus from a book": (MINE.replace("-1", "−1"), ["−", "type - instead"]),
    "an entity of HTML": (MINE + "if 1 &lt; 2:\n    pass\n", ["&lt;", "type < instead"]),
}


@pytest.mark.parametrize("name", PASTED)
def test_what_was_pasted_along_with_a_head_is_named(sea, name):
    source, words = PASTED[name]
    assert source != MINE
    (sea / "my_head.py").write_text(source, "utf-8")
    with pytest.raises(BadInput) as error:
        load_head("my_head.py")
    assert "my_head.py" in str(error.value)
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    "content",
    [
        MINE.encode("utf-8-sig"),
        MINE.replace("\n", "\r\n").encode(),
        ("# coding: latin-1\n# é\n" + MINE).encode("latin-1"),
        (MINE + "# ```\n# １ 。\ns = '（ ```'\n").encode(),
    ],
    ids=["a mark of Windows", "line ends", "another encoding", "in texts"],
)
def test_a_right_head_is_read_however_it_was_saved(sea, content):
    (sea / "my_head.py").write_bytes(content)
    assert judge(load_head("my_head.py")) is None


def test_right_heads_that_fill_the_weights_row_by_row_are_taken(sea):
    (sea / "my_head.py").write_text(
        "import torch\n\ndef attention(q, k, v):\n    B, H, T, D = q.shape\n"
        "    weights = torch.zeros(B, H, T, T)\n    for t in range(T):\n"
        "        s = q[:, :, t:t+1] @ k[:, :, :t+1].transpose(-2, -1) / D ** 0.5\n"
        "        weights[:, :, t, :t+1] = s.softmax(-1)[:, :, 0]\n"
        "    return weights @ v, weights\n",
        "utf-8",
    )
    assert judge(load_head("my_head.py")) is None


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("my_head.py", MINE.encode("utf-16"), "UTF-8"),
        ("my_head.py", ("# é\n" * 9 + MINE).encode("latin-1"), "UTF-8"),
        ("my_head.py", b"import torch\nexit()\n", "SystemExit in line 2"),
        ("my_head.py", b"import einops_of_mine\n", "line 1: No module named 'einops_of_mine'"),
        ("my_head.py", b"x = 1\n", "does not define"),
        ("my_head.py", b"", "does not define"),
        ("my_head.ipynb", b"{}", "notebook"),
    ],
)
def test_a_file_that_holds_no_head_is_told_so(sea, name, content, words):
    (sea / name).write_bytes(content)
    with pytest.raises(BadInput) as error:
        load_head(name)
    assert words in str(error.value) and name in str(error.value)


def test_an_edit_within_the_same_second_is_seen(sea):
    """Python's own cache of what it has compiled goes by the size and the second of a file."""
    wrong = MINE.replace("/ D", "* D")
    assert wrong != MINE
    for source in (wrong, MINE):
        (sea / "my_head.py").write_text(source, "utf-8")
        os.utime(sea / "my_head.py", (10**9, 10**9))
        if source == wrong:
            with pytest.raises(BadInput):
                load_head("my_head.py")
    assert load_head("my_head.py")
