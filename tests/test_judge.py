"""The judge of a typed attention(q, k, v) (site/exercise/judge.py): right ones pass, wrong ones hear which mistake it is."""

import math
import re
from types import SimpleNamespace

import train
from terrarium import typed_head
from typed_heads import (
    HELPER,
    HELPER_LINE,
    HINTS,
    MISLEADING,
    RIGHT,
    RIGHT_CLASSES,
    STEPS,
    WRONG,
    WRONG_CLASSES,
    class_of,
    head,
    judge,
    wrong,
    wrong_class,
)

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode


@pytest.mark.parametrize("body", [*RIGHT.values(), STEPS], ids=[*RIGHT, "step by step"])
def test_a_right_head_passes(body):
    assert judge(head(body)[0]) is None


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_head_fails_at_its_stage_and_in_its_line(name):
    _, _, stage, line = WRONG[name]
    hint = HINTS.get(name, stage)
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
        "a mask that is only large": "The mask subtracts too little.",
        "a mask of a thousand": "The mask subtracts too little.",
        "zeros, not minus infinity": "e⁰ is 1",
        "zeros that stand for the future": "Token 3 gives no weight to token 1, though that is earlier",
        "a window of three tokens": "Token 3 gives no weight to token 0, which is earlier",
        "a window of 130 tokens": "not for 256 tokens. Token 130 gives no weight to token 0",
        "keys reshaped, not transposed": "k.transpose(-2, -1) turns rows into columns",
        "all dimensions reversed": "k.T reverses all dimensions",
        "one power of a whole tensor": "torch.exp and torch.sqrt take a tensor",
        "a mask after softmax": "Row 0 of the weights sums to 0.0514",
        "softmax over the columns": "The columns of the weights sum to one, not the rows",
        "no softmax": "Some weights are infinite",
        "weights that are NaN": "Some weights are NaN",
        "a result that is NaN": "Some results are NaN or infinite",
        "no scale": "The scores are not scaled.",
        "a scale by D": "too much: they are divided by 5. In this test D is 5, so √D is 2.24.",
        "a scale of ten": "they are divided by 10. In this test D is 5, so √D is 2.24.",
        "a scale upside down": "The scores are scaled up, not down: they are multiplied by 2.24.",
        "a scale of another size": "they are divided by 2.65. In this test D is 5, so √D is 2.24.",
        "the root of another size": "too little: they are divided by 1.73. In this test D is 5, so √D is 2.24.",
        "all tokens seen alike": "All scores are the same",
        "queries and keys swapped": "whose query meets whose key",
        "keys mixed, not values": "which weight belongs to which value?",
        "a window of forty tokens": "not for 256 tokens. Token 40 gives no weight to token 0",
        "a mask of one size": "It raises RuntimeError in line 9: The size of tensor a (33)",
        "no transpose": "left of @ is 5, and the second-to-last size of what is right of it is 7",
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
        "a parameter, not a layer": "self.query is a Parameter",
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


@pytest.mark.parametrize(
    "mask, number, meant",
    [
        ("scores.masked_fill(later, -1e-9)", "-1e-9", "-1e9"),
        ("scores + later * -1.5e-8", "-1.5e-8", "-1.5e8"),
        ("scores - 1e-9 * later", "1e-9", "1e9"),
        ("(scores + 1e-9)", None, None),
        ("(scores * 1e0 - e-1)", None, None),
    ],
)
def test_a_mask_that_is_nearly_zero_is_told_which_number_may_be_meant(mask, number, meant):
    source = f"""import torch
e = 1
def attention(q, k, v):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    later = torch.ones(q.shape[-2], q.shape[-2]).triu(1) > 0
    weights = ({mask}).softmax(-1)
    return weights @ v, weights
"""
    names = {}
    exec(source, names)
    *_, (stage, mistake) = typed_head.judge.stages(names["attention"], torch, source=source)
    assert stage == "causal_mask"
    if number:
        assert f"mean {meant}?" in mistake.message and f"stands {number}," in mistake.message
    else:
        assert "mean" not in mistake.message


STAGES = (
    "runs",
    "shape",
    "finite",
    "row_sums",
    "causal_mask",
    "whole_past",
    "scale",
    "weighted_sum",
    "other_sizes",
)


def test_the_stages_come_one_by_one_up_to_the_first_mistake():
    right = list(typed_head.judge.stages(train.attention, torch))
    assert right == [(stage, None) for stage in STAGES]
    *before, (stage, mistake) = typed_head.judge.stages(head(wrong("no scale"))[0], torch)
    assert before == right[:6]
    assert stage == mistake.stage == "scale"


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


def test_a_head_that_goes_from_cell_to_cell_is_not_asked_for_a_whole_context_where_that_takes_long(
    monkeypatch,
):
    asked = []

    def slow(q, k, v):
        asked.append(q.shape[-2])
        clock[0] += q.shape[-2] ** 2 * 1e-4  # seconds
        return train.attention(q, k, v)

    clock = [0]
    monkeypatch.setattr(typed_head.judge, "now", lambda: clock[0])
    assert judge(slow) is None and max(asked) == 33
    monkeypatch.setattr(typed_head.judge, "now", lambda: 0)
    assert judge(slow) is None and max(asked) == typed_head.judge.CONTEXT


def test_powers_that_overflow_are_no_peeking_at_the_future():
    """Neither in floats of Python, which raise an error, nor in tensors, which become NaN."""

    def by_hand(q, k, v):
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        cells = scores.flatten().tolist()
        powers = torch.tensor([math.exp(one) for one in cells]).view(scores.shape).tril()
        weights = powers / powers.sum(-1, keepdim=True)
        return weights @ v, weights

    assert typed_head.judge.judge(by_hand, torch) is None


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
