"""python train.py --head: a head of your own is read from a file, judged, and trains."""

import os

import train
from helpers import SMALL, read_lines
from terrarium import typed_head
from terrarium.errors import BadInput
from terrarium.typed_head import load_head
from typed_heads import (
    RIGHT,
    RIGHT_CLASSES,
    STEPS,
    head,
    judge,
    wrong,
)

import pytest
import torch

QUICK = (*SMALL, "--dataset", "sea.txt", "--vocab-size", "64")


@pytest.fixture
def sea(folder):
    (folder / "sea.txt").write_text(
        "She sells sea shells by the sea shore.\nHe sells she sells.\n" * 90, "utf-8"
    )
    return folder


def losses(folder):
    lines = read_lines(folder / "log.jsonl")
    return [line.get(name) for line in lines for name in ("loss", "validation_loss")]


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
        "sum to one, the causal mask, the whole past."
    )
    assert {path.name for path in sea.iterdir()} <= {"sea.txt", "my_head.py", "__pycache__"}


def test_a_head_in_a_file_that_is_not_called_py_is_taken_too(sea):
    (sea / "my_head.txt").write_text(head(STEPS)[1], "utf-8")
    assert judge(load_head("my_head.txt")) is None


@pytest.mark.parametrize(
    "line, words",
    [
        ("q.numpy() if q.dtype == torch.bfloat16 else 0", "BFloat16"),
        ("q = 3 * q if q.dtype == torch.bfloat16 else q", "in bfloat16"),
    ],
)
def test_a_head_that_is_right_in_float32_only_is_told_so(sea, line, words):
    (sea / "my_head.py").write_text(
        head(STEPS)[1].replace("    T, D", f"    {line}\n    T, D", 1), "utf-8"
    )
    with pytest.raises(BadInput, match="right in float32, but not in bfloat16") as error:
        load_head("my_head.py", torch.device("cpu"))
    assert words in str(error.value)


def test_a_head_that_makes_its_mask_on_another_device_is_told_so(sea):
    """The device "meta" computes nothing, and takes no tensors from a CPU."""
    (sea / "my_head.py").write_text(head(RIGHT["by filling the mask in"])[1], "utf-8")
    assert load_head("my_head.py")
    with pytest.raises(BadInput, match="right on a CPU, but here, on meta, it raises .*device=q"):
        load_head("my_head.py", "meta")
    (sea / "my_head.py").write_text("from train import attention\n", "utf-8")
    assert load_head("my_head.py", "meta") is train.attention


def test_the_terminal_has_a_name_for_every_stage():
    stages = [stage for stage, _ in typed_head.judge.stages(train.attention, torch)]
    assert [*typed_head.STAGES] == ["layers", *stages, "training"]


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
    "an invisible space": (
        MINE.replace("T, D", "T,\u200b D"),
        ["zero-width", "invisible", "Line 7"],
    ),
    "a sign to read from right to left": (
        MINE.replace("T, D", "T,\u200f D"),
        ["invisible", "Line 7"],
    ),
    "a non-breaking space": (MINE.replace("T, D", "T,\u00a0D"), ["non-breaking", "type a space"]),
    "quotes of a text": (MINE + "x = “a”\n", ["“", 'type " instead']),
    "a heart": (MINE.replace("T, D", "T♥, D"), ["♥", "remove it"]),
    "the prompt of Python on the second line": (
        MINE.replace("    T, D", "... T, D"),
        ["...", "prompt", "Line 7"],
    ),
    "a fence of another kind": (f"~~~\n{MINE}~~~\n", ["Line 1", "~~~"]),
    "backticks": (MINE + "`x`\n", ["`"]),
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
        ("my_head.py", b"def f():\n    f()\n\nf()\n", "calls itself without end"),
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
