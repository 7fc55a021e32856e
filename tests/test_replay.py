"""A training that is made again gives the same weights, to the last bit."""

from helpers import SMALL, rehash, snapshot, train_in
from terrarium.errors import BadInput
from terrarium.replay import replay
from terrarium.trained import Run

import pytest
import torch


@pytest.mark.parametrize("last, step", [(1, 0), (2, 1), (3, 1), (4, 3), (16, 8), (20, 19)])
def test_a_replay_ends_at_the_last_snapshot_within_reach_and_is_exact(exported_run, last, step):
    made = replay(exported_run, last=last)
    assert (made["step"], made["max_abs_diff"]) == (step, 0.0)
    for name, models in (("before", step), ("after", step + 1)):
        if models in exported_run.steps:
            assert all(
                torch.equal(made[name].state_dict()[tensor], weight)
                for tensor, weight in snapshot(exported_run.folder, models).items()
            )
    assert made["lr_multiplier"] == pytest.approx(exported_run.log[step]["lr_multiplier"])
    assert made["ids"].shape == made["targets"].shape == (4, 64)
    assert not made["before"].training and not made["after"].training


@pytest.mark.parametrize("flags", [(), ("--freeze", 1), ("--lora", 2)])
def test_a_run_that_goes_on_from_another_is_replayed_exactly_too(folder, ctrl_c, mine, flags):
    train_in(
        ".",
        *SMALL,
        "--from",
        mine,
        "--dataset",
        "stories",
        "--out",
        "child",
        "--snapshots",
        9,
        *flags,
    )
    made = replay(Run("child"))
    assert (made["step"], made["max_abs_diff"]) == (9, 0.0)
    changed = [
        name
        for name, before in made["before"].state_dict().items()
        if not torch.equal(before, made["after"].state_dict()[name])
    ]
    assert "blocks.1.query.weight" in changed
    assert ("blocks.0.query.weight" in changed) == ("--freeze" not in flags)
    assert ("norm.weight" in changed) == ("--lora" not in flags)


def test_a_replay_takes_fewer_steps_of_a_large_model_but_one_at_least(exported_run):
    weights = sum(p.numel() for p in exported_run.model.parameters())
    step = 3 * weights * 4 * 64  # multiplications: four rows of 64 tokens
    assert replay(exported_run, work=9 * step)["step"] == 8
    assert replay(exported_run, work=9 * step - 1)["step"] == 3
    assert replay(exported_run, work=0)["step"] == 0


def test_a_replay_says_how_far_it_is_from_what_was_kept(mine):
    path = mine / "snapshots" / "000009.pt"
    weights = torch.load(path, weights_only=True)
    weights["blocks.1.up.weight"][3, 5] += 0.25
    torch.save(weights, path)
    rehash(mine)
    assert replay(Run(mine))["max_abs_diff"] == pytest.approx(0.25, rel=1e-5)
    for name in ("000001", "000002", "000004", "000009"):
        (mine / "snapshots" / f"{name}.pt").unlink()
    made = replay(Run(mine))
    assert (made["step"], made["max_abs_diff"]) == (0, None)


def test_an_update_that_would_not_fit_into_the_memory_is_not_made_again(exported_run, monkeypatch):
    monkeypatch.setattr("terrarium.replay.MOST", 4 * 64)
    with pytest.raises(BadInput, match="256 tokens"):
        replay(exported_run)
