"""What a model reaches that only counts, by hand and by plain counting."""

import math
from collections import Counter
from itertools import pairwise

from terrarium.baselines import baselines

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st


def ids(*numbers):
    return np.array(numbers, np.uint16)


def test_baselines_of_a_text_of_four_tokens_by_hand():
    found = baselines(ids(0, 1, 0, 1), ids(0, 1, 1, 2), 4, entropy=0.25)
    # Each kind is counted once more than it occurs: 3/8, 3/8, 1/8, 1/8. In the text, 1 follows 0
    # twice, 0 follows 1 once; what follows is seen once more, shared as the frequencies say.
    pairs = [(2 + 3 / 8) / (2 + 1), (0 + 3 / 8) / (1 + 1), (0 + 1 / 8) / (1 + 1)]
    assert found == dict(
        uniform=pytest.approx(math.log(4)),
        unigram=pytest.approx(-(2 * math.log(3 / 8) + math.log(1 / 8)) / 3),
        bigram=pytest.approx(-sum(map(math.log, pairs)) / 3),
        entropy=0.25,
    )
    assert list(found) == ["uniform", "unigram", "bigram", "entropy"]


@given(st.data())
def test_baselines_are_those_of_plain_counting(data):
    V = data.draw(st.integers(1, 7))
    text = st.lists(st.integers(0, V - 1), min_size=2, max_size=40)
    train, held_out = data.draw(text), data.draw(text)
    single, double, before = Counter(train), Counter(pairwise(train)), Counter(train[:-1])
    p = {i: (single[i] + 1) / (len(train) + V) for i in range(V)}
    after = held_out[1:]
    pairs = [(double[a, b] + p[b]) / (before[a] + 1) for a, b in pairwise(held_out)]
    assert baselines(ids(*train), ids(*held_out), V) == pytest.approx(
        dict(
            uniform=math.log(V),
            unigram=-sum(math.log(p[i]) for i in after) / len(after),
            bigram=-sum(map(math.log, pairs)) / len(after),
        )
    )


@given(st.integers(2, 6), st.integers(0, 5), st.integers(0, 5))
def test_what_follows_any_token_has_shares_that_sum_to_one(V, before, seed):
    train = np.random.default_rng(seed).integers(0, V, 30).astype(np.uint16)
    losses = [baselines(train, ids(before % V, after), V)["bigram"] for after in range(V)]
    assert sum(math.exp(-loss) for loss in losses) == pytest.approx(1)


def test_many_kinds_of_token_do_not_overflow_two_bytes():
    """65,535 times 65,536 is more than fits into 32 bits."""
    high = ids(65_535, 65_534, 65_535, 65_534)
    pairs = baselines(high, high, 65_536)["bigram"]
    p = 3 / (4 + 65_536)  # of either; what follows them is seen 2 and 1 times, always alike
    assert pairs == pytest.approx(-(2 * math.log((2 + p) / 3) + math.log((1 + p) / 2)) / 3)


@pytest.mark.parametrize("train, held_out", [((), ()), (ids(1), ids(1, 0)), (ids(1, 0), ids(1))])
def test_without_a_pair_of_neighbours_only_the_vocabulary_is_known(train, held_out):
    assert baselines(train, held_out, 8, 0.5) == dict(uniform=math.log(8), entropy=0.5)
