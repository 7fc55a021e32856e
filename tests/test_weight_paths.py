"""weight_paths.json: single weights, followed through a training."""

import json

from terrarium.trained import Run
from terrarium.web.weight_paths import followed

import pytest


@pytest.fixture(scope="module")
def run(smoke_run):
    return Run(smoke_run)


@pytest.fixture(scope="module")
def paths(smoke):
    return json.loads((smoke / "weight_paths.json").read_text())


def test_each_followed_weight_has_the_value_that_every_snapshot_saved(run, paths):
    assert paths["saved_steps"] == run.steps
    for i, step in enumerate(run.steps):
        tensors = run.at(step).state_dict()
        for one in paths["weights"]:
            saved = tensors[one["name"]][one["row"], one["column"]].item()
            assert one["values"][i] == pytest.approx(saved, rel=1e-4)


def test_the_followed_weights_are_the_ones_that_went_furthest_least_and_a_middle_way(run, paths):
    states = [run.at(step).state_dict() for step in run.steps]
    names = dict.fromkeys(one["name"] for one in paths["weights"])
    assert {"token_embedding.weight", "unembed.weight", "blocks.1.down.weight"} <= names.keys()
    for name in names:
        ways = sum((b[name] - a[name]).abs() for a, b in zip(states, states[1:], strict=False))
        longest, median, shortest = (
            ways[one["row"], one["column"]].item()
            for one in paths["weights"]
            if one["name"] == name
        )
        assert longest == ways.max()
        assert shortest == ways.min()
        assert median == pytest.approx(ways.flatten().median().item(), rel=0.01)


def test_a_deep_model_has_no_more_weights_to_follow_than_one_of_three_layers():
    assert len(followed(3)) == len(followed(24))
    assert "blocks.12.key.weight" in followed(24)
    assert followed(1) == list(dict.fromkeys(followed(1)))
