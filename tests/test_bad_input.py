"""Whatever a person types or feeds it: a sentence that helps, exit code 2, and nothing is lost."""

import json
import math
import socket
import subprocess
import sys
import urllib.request
from urllib.error import URLError

import data
import train
from data import shakespeare, textfile, tinystories
from helpers import PATIENCE, PIGS, QUICK, ROOT, contents, read_lines
from terrarium.errors import BadInput
from terrarium.files import read_json

import pytest
import torch


@pytest.fixture
def refused(train_here, pigs):
    """refused("--steps", 0): the sentence with which it is refused; no file came, went or changed."""

    def refuse(*flags):
        before = contents(pigs, folders=True)
        with pytest.raises(BadInput) as error:
            train_here(*QUICK, *flags)
        assert contents(pigs, folders=True) == before
        sentence = str(error.value)
        assert sentence[-1] in ".?" or sentence.endswith("python train.py")
        assert "\n" not in sentence
        return sentence

    return refuse


# ---------------------------------------------------------------------------------------------
# What the process ends with


def test_the_process_ends_with_2_and_one_sentence_and_leaves_nothing_behind(run_train, folder):
    done = run_train("--dataset", "my_novel.txt", "--precision", "float32")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "There is no file my_novel.txt: check the path, or choose a corpus "
        "(--dataset stories is built in).\n"
    )
    assert contents(folder, folders=True) == {}


def test_a_word_where_a_number_belongs_ends_the_process_with_2(run_train, folder):
    done = run_train("--steps", "many")
    assert done.returncode == 2
    assert "argument --steps: invalid int value: 'many'" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(folder, folders=True) == {}


def test_a_training_whose_reader_leaves_says_so(folder):
    """As in `python train.py | head -3`: it ends early, and nobody should believe it is done."""
    done = subprocess.run(
        "export PYTHONUNBUFFERED=1; "  # so that it is noticed while it trains
        f"'{sys.executable}' '{ROOT}/train.py' --preset smoke --device cpu --precision float32 "
        "--steps 50000 --sample-every 5 | head -3 > seen; "  # which it will not come to
        "echo ${PIPESTATUS[0]}",
        cwd=folder,
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.stdout == "2\n"
    assert "Broken pipe" in done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


# ---------------------------------------------------------------------------------------------
# Files that are no corpus


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "bad.txt holds 0 characters, and at least 1,000 are needed"),
        (b"too short\n" * 9, "bad.txt holds 90 characters, and at least 1,000 are needed"),
        ("ä".encode() * 999, "bad.txt holds 999 characters, and at least 1,000 are needed"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 99, "bad.txt seems to be a picture, not plain text"),
        ("Käse\n".encode("utf-16") * 400, "bad.txt seems to be text in UTF-16, not plain text"),
        (
            ("x" * 5000 + "Käse").encode("latin-1"),
            "bad.txt is not UTF-8: byte 5,001 cannot be read.",
        ),
        (("x" * 5000 + "€").encode()[:-1], "bad.txt is not UTF-8: byte 5,000 cannot be read."),
        (b" \n\t" * 999, "holds nothing but white space"),
        (
            b"<|endoftext|>\n" * 999,
            "bad.txt holds one document at most, so that none can be held out",
        ),
        (
            PIGS.encode() + b"<|endoftext|>\n\n",
            "put more into it, with <|endoftext|> between them.",
        ),
    ],
)
def test_a_file_that_is_no_text_to_learn_from_is_refused_with_a_sentence(
    refused, pigs, content, words
):
    (pigs / "bad.txt").write_bytes(content)
    assert words in refused("--dataset", "bad.txt")


def test_a_missing_file_is_refused_with_a_sentence(refused):
    assert refused("--dataset", "texts/novel") == (
        f"There is no file {'texts/novel'}: check the path, or choose a corpus "
        "(--dataset stories is built in)."
    )


def test_a_folder_is_refused_with_a_sentence(refused, pigs):
    (pigs / "texts").mkdir()
    assert refused("--dataset", "texts") == ("texts is a folder: name one UTF-8 text file in it.")


def test_a_text_with_more_characters_than_ids_is_refused_with_its_number(refused, pigs):
    everything = "".join(map(chr, [*range(0x4E00, 0xA000), *range(0x20000, 0x2B800)]))
    (pigs / "bad.txt").write_text(everything, "utf-8")
    assert "The text has 68,096 different characters, more than 65,536" in refused(
        "--dataset", "bad.txt"
    )


def test_a_context_longer_than_the_corpus_is_refused_and_leaves_no_folder(refused):
    assert (
        "too few for a context of 100000: choose a longer text, or a smaller --n-ctx."
        in refused("--n-ctx", 100_000, "--out", "runs/long")
    )


# ---------------------------------------------------------------------------------------------
# Names and numbers that do not exist


def test_an_unknown_preset_is_refused_with_those_that_exist(refused):
    sentence = refused("--preset", "big")
    assert sentence.startswith("There is no preset 'big': choose one of stories, shakespeare,")


@pytest.mark.parametrize(
    "typed, meant",
    [("storys", "stories"), ("shakespear", "shakespeare"), ("tinystory", "tinystories")],
)
def test_an_unknown_corpus_is_refused_with_the_one_that_was_meant(refused, typed, meant):
    sentence = refused("--dataset", typed)
    assert sentence.startswith(
        f"There is no corpus called {typed!r}; did you mean {meant!r}? Choose one of "
    )
    assert sentence.endswith("or the path of a UTF-8 text file.")


def test_a_name_like_no_corpus_is_refused_without_a_guess(refused):
    sentence = refused("--dataset", "xyz")
    assert sentence.startswith("There is no corpus called 'xyz'. Choose one of ")


def test_modules_that_are_no_corpus_cannot_be_named(refused):
    assert "no corpus called '__init__'" in refused("--dataset", "__init__")
    assert "no corpus called 'textfile'" in refused("--dataset", "textfile")
    assert "no corpus called 'persona'" in refused("--dataset", "persona")


def test_a_width_that_the_heads_cannot_share_is_refused_with_one_that_they_can(refused):
    assert refused("--n-embd", 100, "--n-head", 3) == (
        "A width of 100 cannot be divided evenly among 3 heads: try --n-embd 102."
    )


def test_an_unknown_device_is_refused_with_those_that_are_here(refused, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert refused("--device", "tpu") == ("--device tpu is not here: this machine has cpu.")
    assert refused("--device", "cuda") == ("--device cuda is not here: this machine has cpu.")


def test_an_unknown_number_format_is_refused(refused):
    assert refused("--precision", "float16") == (
        "--precision 'float16' is unknown: use float32 or bfloat16."
    )


MAY_BE_ZERO = set(
    "seed vocab_size dropout warmup weight_decay row_multiple freeze lora momentum".split()
)
NUMBERS = {
    name: field.type
    for name, field in train.Settings.__dataclass_fields__.items()
    if field.type in (int, float)
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_makes_no_sense_is_refused_by_the_name_of_its_flag(refused, name):
    flag, kind = "--" + name.replace("_", "-"), NUMBERS[name]
    assert f"{flag} is {kind(-1)}: it has to be " in refused(flag, -1)
    if name not in MAY_BE_ZERO:
        assert f"{flag} is {kind(0)}: it has to be greater than zero." in refused(flag, 0)
    if kind is float:
        for absurd in ("nan", "inf", "-inf"):
            assert f"{flag} is {absurd}: it has to be " in refused(f"{flag}={absurd}")


@pytest.mark.parametrize("name", sorted(MAY_BE_ZERO - {"row_multiple"}))  # which says: choose
def test_zero_is_taken_where_it_has_a_meaning(train_here, pigs, name):
    s = train_here(*QUICK, "--steps", 2, "--" + name.replace("_", "-"), 0)
    assert json.loads((pigs / s.out / "settings.json").read_text("utf-8"))[name] == 0


@pytest.mark.parametrize(
    "flag, number",
    [("--dropout", "1"), ("--dropout", "1.5"), ("--cooldown", "1.01"), ("--vocab-size", "65537")],
)
def test_numbers_that_are_too_large_are_refused(refused, flag, number):
    assert f"{flag} is {number}" in refused(flag, number).replace(".0:", ":")


# ---------------------------------------------------------------------------------------------
# The folder of a run


@pytest.fixture
def finished(train_here, pigs):
    """A run of two steps in runs/pigs."""
    s = train_here(*QUICK, "--steps", 2)
    assert s.out == "runs/pigs"
    return s


def test_resuming_what_is_no_run_is_refused(refused):
    for folder in ("runs/nothing", "pigs.txt", "."):
        assert refused("--resume", folder).startswith(f"{folder} is not a run (")


def test_resuming_with_another_setting_is_refused_with_both_values(finished, refused):
    flags = [flag for flag in QUICK if flag not in ("--device", "cpu")]
    assert refused(*flags, "--resume", "runs/pigs", "--steps", 9) == (
        "runs/pigs was started with --steps 2, not with 9: leave that flag out, or start a new run "
        "without --resume."
    )
    assert "with --dataset pigs.txt, not with stories" in refused(
        "--resume", "runs/pigs", "--dataset", "stories"
    )
    assert "with --dropout 0.0, not with nan" in refused(
        "--resume", "runs/pigs", "--steps", 2, "--dropout", "nan"
    )
    assert "with --out runs/pigs, not with elsewhere" in refused(
        "--resume", "runs/pigs", "--steps", 2, "--out", "elsewhere"
    )
    assert "started without --from, not with runs/pigs" in refused(
        "--resume", "runs/pigs", "--steps", 2, "--from", "runs/pigs"
    )


def test_a_folder_that_holds_a_run_is_refused_and_keeps_it(finished, refused):
    assert refused("--out", "runs/pigs") == (
        "runs/pigs already holds a run: continue it (--resume runs/pigs), or choose another "
        "folder (--out)."
    )


def test_without_out_a_second_run_gets_a_folder_of_its_own(finished, train_here):
    again = train_here(*QUICK, "--steps", 1)
    assert again.out == "runs/pigs-2"


def test_a_file_where_the_folder_should_be_is_refused_and_keeps_its_content(refused):
    assert "pigs.txt" in refused("--out", "pigs.txt")
    assert "pigs.txt" in refused("--out", "pigs.txt/run")


# ---------------------------------------------------------------------------------------------
# No network


@pytest.fixture(params=["unreachable", "silent", "breaks off"])
def no_network(request, monkeypatch, folder):
    """No corpus was downloaded, and none can be."""
    from http.client import IncompleteRead

    error = {
        "unreachable": URLError(socket.gaierror(-2, "Name or service not known")),
        "silent": TimeoutError("timed out"),
        "breaks off": IncompleteRead(b"First Cit", 1_115_385),
    }[request.param]

    def urlopen(*_, **__):
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    for module in (data, shakespeare, tinystories):
        monkeypatch.setattr(module, "DOWNLOADS", folder / "downloads")


@pytest.mark.parametrize(
    "name, file", [("shakespeare", "tinyshakespeare.txt"), ("tinystories", "tinystories.txt")]
)
def test_without_a_network_the_sentence_says_where_to_put_the_file(
    no_network, refused, folder, name, file
):
    sentence = refused("--dataset", name, "--out", "runs/new")
    assert sentence.startswith(f"{file} could not be downloaded (")
    assert f"Put it into {folder / 'downloads'} yourself (it comes from https://" in sentence
    assert sentence.endswith(
        "or train on the built-in corpus, which needs no network: python train.py"
    )


# ---------------------------------------------------------------------------------------------
# A head that is none


@pytest.mark.parametrize(
    "code, words",
    [
        (
            None,
            "There is no file my_head.py: --head needs a Python file that defines "
            "attention(q, k, v).",
        ),
        ("def attention(q, k, v)\n    return v\n", "my_head.py cannot be read. Line 1 "),
        ("def look(q, k, v):\n    return v\n", "attention(q, k, v), or a class Head"),
        (
            "import no_such_package\n",
            "ModuleNotFoundError in line 1: No module named 'no_such_package'",
        ),
        ("1 / 0\n", "my_head.py raises ZeroDivisionError in line 1: division by zero"),
        (
            "attention = 3\n",
            "my_head.py is not attention yet. attention is of the type int, but it ",
        ),
        (
            "def attention(q, k):\n    return q\n",
            "It is called with three tensors, attention(q, k, v)",
        ),
    ],
)
def test_a_head_file_that_defines_no_attention_is_refused(refused, pigs, code, words):
    if code is not None:
        (pigs / "my_head.py").write_text(code, "utf-8")
    assert words in refused("--head", "my_head.py")


# ---------------------------------------------------------------------------------------------
# Text that a model cannot read, and text that looks dangerous


def test_text_that_looks_like_markup_is_trained_on_like_any_other(train_here, pigs):
    evil = "<img src=x onerror=alert(1)> &amp; <script>'\"</script> \\u003c {{7*7}} %s\n"
    (pigs / "evil.txt").write_text(evil * 50, "utf-8")
    s = train_here(*QUICK, "--dataset", "evil.txt")
    tokenizer = train.Tokenizer(**read_json(pigs / s.out / "tokenizer.json"))
    assert tokenizer.decode(tokenizer.encode(evil)) == evil
    traces = [
        json.loads(line) for line in (pigs / s.out / "traces.jsonl").read_text("utf-8").splitlines()
    ]
    assert [trace["step"] for trace in traces] == [0, 1, 10, 20]
    assert traces[0]["continuations"][0]["prompt"] == "<img src=x onerror=alert(1)> &amp;"
    tokens = traces[0]["continuations"][0]["prompt_tokens"]
    assert "".join(tokens) == "<img src=x onerror=alert(1)> &amp;"


@pytest.mark.parametrize(
    "text",
    [
        "emma\nolivia\nava\nisabella\n" * 60,  # not one space
        "".join(chr(0x4E00 + i * i % 900) for i in range(3000)),  # no space and no new line
        "　".join(["蝸牛は", "庭を", "歩く"] * 200),  # a space of another kind
        "one\ttwo\tthree\n" * 100,
        "\n\n\n" + "word " * 300 + "\n" * 300,
        "🐌🐚🌿" * 400,
    ],
)
def test_a_text_with_unusual_white_space_can_be_trained_on(train_here, pigs, text):
    (pigs / "text.txt").write_text(text, "utf-8", newline="\n")
    s = train_here(*QUICK, "--dataset", "text.txt", "--steps", 1, "--vocab-size", 0)
    assert len(textfile.TextFile("text.txt").PROMPTS) == 5
    assert (pigs / s.out / "metrics.json").exists()


# ---------------------------------------------------------------------------------------------
# A loss that is no number


def finite(tensors):
    return all(t.isfinite().all() for t in tensors.values())


def test_a_loss_that_is_no_number_stops_the_run_at_that_step(train_here, pigs, monkeypatch):
    cross_entropy, draw_batch, now = train.F.cross_entropy, train.draw_batch, {}

    def spoiled(logits, targets, **how):
        loss = cross_entropy(logits, targets, **how)
        return loss * math.nan if now.get("step") == 13 and logits.requires_grad else loss

    def noted(tokens, windows, s, step, devices):
        now["step"] = step
        return draw_batch(tokens, windows, s, step, devices)

    with monkeypatch.context() as patch:
        patch.setattr(train.F, "cross_entropy", spoiled)
        patch.setattr(train, "draw_batch", noted)
        with pytest.raises(BadInput) as error:
            train_here(*QUICK)
    assert str(error.value).startswith(
        "The loss of step 13 is nan; the run ends. Its checkpoint of step 10 stays in runs/pigs. "
    )
    kept = torch.load("runs/pigs/checkpoint.pt", weights_only=True)
    assert kept["step"] == 10 and finite(kept["model"])
    train_here("--resume", "runs/pigs")  # the spell is broken: it goes on from there to the end
    assert torch.load("runs/pigs/checkpoint.pt", weights_only=True)["step"] == 20


@pytest.mark.parametrize("flag", ["--matrix-lr", "--embedding-lr"])
@pytest.mark.parametrize("sample_every", [1, 7])
def test_an_absurd_learning_rate_ends_in_a_sentence_and_a_good_checkpoint(
    train_here, pigs, flag, sample_every
):
    with pytest.raises(BadInput, match="The loss of step [12] is (nan|inf); the run ends."):
        train_here(*QUICK, flag, 1e38, "--sample-every", sample_every, "--snapshots", 1)
    kept = torch.load("runs/pigs/checkpoint.pt", weights_only=True)
    assert kept["step"] == read_lines("runs/pigs/log.jsonl")[-1]["step"] == 0
    assert finite(kept["model"])


def test_the_last_step_is_checked_like_the_others(train_here, pigs):
    with pytest.raises(BadInput, match="The loss of step 1 is (nan|inf); the run ends."):
        train_here(*QUICK, "--steps", 1, "--warmup", 0, "--matrix-lr", 1e38)
    assert finite(torch.load("runs/pigs/checkpoint.pt", weights_only=True)["model"])
    assert not (pigs / "runs" / "pigs" / "metrics.json").exists()
