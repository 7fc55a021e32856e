"""What no run of ours can hold is found before it is used."""

import contextlib
import io
import json
import math
import zipfile

import train
from terrarium import run_checks

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st


def test_the_size_of_a_model_is_counted_as_torch_counts_it():
    s = train.Settings(n_layer=3, n_embd=24, n_head=4, n_ff=40, n_ctx=17)
    model = train.GPT(s, 91)
    assert run_checks.parameters(s, 91) == sum(p.numel() for p in model.parameters())


# ---------------------------------------------------------------------------------------------
# JSON


@pytest.mark.parametrize(
    "content",
    [
        b"[NaN]",
        b"[-Infinity]",
        b"[1e999]",
        b"[9007199254740993]",
        b"[" + b"9" * 5000 + b"]",
        b"[" * 100_000,
        b'["\xff"]',
        b'{"a": 1',
        b"",
    ],
)
def test_json_that_no_browser_would_read_alike_is_refused(content):
    with pytest.raises(ValueError):
        run_checks.strict_json(content)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text()
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
def test_other_json_is_read_as_it_was_written(content):
    assert run_checks.strict_json(json.dumps(content, ensure_ascii=True).encode()) == content


# ---------------------------------------------------------------------------------------------
# Files

S = train.Settings(n_layer=1, n_head=2, n_embd=4, n_ff=4, n_ctx=4, steps=9)
TOKENIZER = dict(vocab=["a", "b", "ab"], merges=[["a", "b"]])
FACTS = dict(
    dataset="tale",
    note="",
    prompts=["a"],
    vocab_size=3,
    train_tokens=9,
    validation_tokens=9,
    train_characters=9,
    validation_characters=9,
    speakers=["you", "luna"],
    topics=[dict(name="", questions=["who are you?"])],
)
LINE = dict(step=0, seconds=1, loss=2, gradient_norm=1, lr_multiplier=1, tokens_per_second=5)
TOKEN = dict(token="b", p=0.5, top=[["b", 0.5], ["a", 0.2]])
SAMPLE = dict(
    step=0,
    temperature=0.8,
    continuations=[dict(prompt="a", prompt_tokens=["a"], tokens=[TOKEN])],
)
BAND = dict(low=1.25, high=1.5, runs=3, of="preset")
METRICS = dict(validation_loss=1.5, rule_accuracy=dict(all=1), band=BAND)


def continued(**different):
    """A line of traces.jsonl, something of whose continuation is different."""
    return {**SAMPLE, "continuations": [{**SAMPLE["continuations"][0], **different}]}


def check_samples(lines):
    run_checks.check_samples(lines, TOKENIZER["vocab"], ["a"], S)


NO_TOPICS = [
    None,
    [None],
    [dict(name="home")],
    [dict(name="home", questions=[])],
    [dict(name="home", questions=[1])],
    [dict(name=1, questions=["where?"])],
    [dict(name="home", questions=["where?"], more=1)],
]
NO_SPEAKERS = [
    None,
    "ab",
    [],
    ["you"],
    ["you", "luna", "otto"],
    {"you": 1, "luna": 2},
    ["you", "you"],
    ["you", ""],
    ["you", " "],
    ["you", 1],
    ["you", "lu:na"],
    ["you", "lu\nna"],
    ["you", "luna\n"],
    ["you", "\u2028"],
    ["you", "\udfff"],
    ["you", "n" * 101],
]
OTHER_BANDS = [  # what a band may not have
    ("low", 1.75),
    ("low", -0.25),
    ("low", "1.25"),
    ("low", math.nan),
    ("high", True),
    ("high", math.inf),
    ("high", None),
    ("runs", 1),
    ("runs", 3.0),
    ("runs", True),
    ("runs", "3"),
    ("of", "run"),
    ("of", None),
    ("of", []),
    ("more", 1),
]

FILES = [
    (
        run_checks.check_tokenizer,
        TOKENIZER,
        [
            [],
            dict(vocab=["a"]),
            {**TOKENIZER, "vocab": []},
            {**TOKENIZER, "vocab": ["a", "b", "ab", "a"]},
            {**TOKENIZER, "vocab": ["a", "b", "ab", ""]},
            {**TOKENIZER, "vocab": ["a", "b", "ab", "\ud800"]},
            {**TOKENIZER, "merges": [["a", "a"]]},
            {**TOKENIZER, "merges": [["a", "b", ""]]},
            {**TOKENIZER, "merges": [[[], "b"]]},
        ],
    ),
    (
        run_checks.check_facts,
        FACTS,
        [
            None,
            {**FACTS, "train_tokens": 0},
            {**FACTS, "vocab_size": 3.0},
            {**FACTS, "validation_tokens": True},
            {**FACTS, "note": None},
            {**FACTS, "dataset": "\udfff"},
            {**FACTS, "entropy": -1},
            {**FACTS, "prompts": []},
            {**FACTS, "prompts": [1]},
            *({**FACTS, "speakers": speakers} for speakers in NO_SPEAKERS),
            *({**FACTS, "topics": topics} for topics in NO_TOPICS),
        ],
    ),
    (
        run_checks.check_log,
        [dict(step=0, seconds=0, validation_loss=2), {**LINE, "step": 1}],
        [
            [[]],
            [{**LINE, "step": -1}],
            [{**LINE, "loss": -0.1}],
            [{**LINE, "loss": "2"}],
            [{**LINE, "lr_multiplier": 1.1}],
            [dict(step=0)],
            [dict(step=0, seconds=1, loss=2)],
            [{**LINE, "step": 1}, LINE],
            [LINE, LINE],
        ],
    ),
    (
        check_samples,
        [SAMPLE, {**SAMPLE, "step": 3}],
        [
            [{**SAMPLE, "step": None}],
            [{**SAMPLE, "temperature": -1}],
            [SAMPLE, SAMPLE],
            [{**SAMPLE, "continuations": []}],
            [continued(prompt="b")],
            [continued(prompt_tokens=[])],
            [continued(prompt_tokens=["c"])],
            [continued(tokens=[TOKEN] * 4)],
            [continued(tokens=[{**TOKEN, "p": 1.5}])],
            [continued(tokens=[{**TOKEN, "token": "c"}])],
            [continued(tokens=[{**TOKEN, "top": [["b"]]}])],
            [continued(tokens=[{**TOKEN, "top": [["c", 0.5]]}])],
            [continued(tokens=[{**TOKEN, "top": None}])],
        ],
    ),
    (
        run_checks.check_metrics,
        METRICS,
        [
            [],
            {},
            {**METRICS, "validation_loss": "low"},
            {**METRICS, "rule_accuracy": dict(all=1.1)},
            {**METRICS, "rule_accuracy": []},
            {**METRICS, "band": None},
            {**METRICS, "band": [1.25, 1.5]},
            {**METRICS, "band": {}},
            *({**METRICS, "band": {**BAND, name: value}} for name, value in OTHER_BANDS),
            *(
                {**METRICS, "band": {name: BAND[name] for name in BAND if name != missing}}
                for missing in BAND
            ),
        ],
    ),
]


@pytest.mark.parametrize("of", ["preset", "seeds"])
def test_a_band_may_be_as_narrow_as_one_loss_which_need_not_be_that_of_the_run(of):
    band = dict(low=0.5, high=0.5, runs=2, of=of)
    run_checks.check_metrics(dict(validation_loss=1.5, band=band))
    run_checks.check_metrics(dict(validation_loss=1.5))


@pytest.mark.parametrize("check, content", [(check, good) for check, good, _ in FILES])
def test_what_a_training_writes_is_let_through(check, content):
    check(content)


@pytest.mark.parametrize(
    "check, content", [(check, bad) for check, _, all_bad in FILES for bad in all_bad]
)
def test_what_no_training_writes_is_unfit(check, content):
    with pytest.raises(run_checks.Unfit):
        check(content)


@pytest.mark.parametrize(
    "ids, end, fits",
    [
        ([0, 1, 2, 0], 0, True),
        ([1, 2], None, True),
        ([1, 2, 3], None, False),
        ([1], None, False),
        ([1, 2, 0], 0, False),
        ([0, 1, 2], 0, False),
    ],
)
def test_ids_are_those_of_the_vocabulary_between_two_end_tokens(ids, end, fits):
    with contextlib.nullcontext() if fits else pytest.raises(run_checks.Unfit):
        run_checks.check_tokens(np.array(ids, np.uint16), 3, end)


# ---------------------------------------------------------------------------------------------
# Tensors


def test_a_zip_file_that_unpacks_to_too_much_is_found_before_it_is_unpacked():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(10**6))
    assert len(content.getvalue()) < 10**4
    run_checks.check_zip(content.getvalue(), most=10**6)
    with pytest.raises(run_checks.Unfit):
        run_checks.check_zip(content.getvalue(), most=10**6 - 1)


def test_weights_are_those_of_a_model_of_the_settings():
    weights = train.GPT(S, 5).state_dict()
    run_checks.check_weights(weights, S, 5)
    for different in (
        [],
        {**weights, "more": torch.ones(1)},
        {**weights, "norm.bias": [0.0]},
        {**weights, "norm.bias": torch.full((4,), math.nan)},
        {**weights, "norm.bias": torch.full((4,), -math.inf)},
    ):
        with pytest.raises(run_checks.Unfit):
            run_checks.check_weights(different, S, 5)
    with pytest.raises(run_checks.Unfit):
        run_checks.check_weights(weights, S, 6)


def test_attention_is_that_of_rows_of_so_many_tokens():
    arrays = dict(
        weights_0=np.zeros((1, 2, 3, 3), np.uint8), entropy_0=np.zeros((1, 2, 3), np.float16)
    )
    run_checks.check_attention(arrays, [3], S)
    for rows, different in (
        ([4], {}),
        ([3], dict(weights_0=np.zeros((1, 2, 3, 3), np.float32))),
        ([3], dict(entropy_0=np.full((1, 2, 3), np.nan, np.float16))),
    ):
        with pytest.raises(run_checks.Unfit):
            run_checks.check_attention({**arrays, **different}, rows, S)
