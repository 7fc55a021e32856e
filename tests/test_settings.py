"""Flags become settings, or a sentence says which flag is wrong and why."""

import dataclasses
from dataclasses import dataclass

import train
from helpers import QUICK, parsed
from terrarium import settings
from terrarium.errors import BadInput
from terrarium.settings import read_settings, run_name

import pytest


@pytest.mark.parametrize(
    "flags",
    [
        ["--stepz", "3"],
        ["--steps"],
        ["--steps", "2.5"],
        ["extra"],
        ["--step", "3"],
        ["--matrix-lr", "high"],
    ],
)
def test_flags_that_argparse_cannot_read_exit_with_2(flags, capsys):
    with pytest.raises(SystemExit) as end:
        read_settings(train.Settings, train.PRESETS, flags)
    assert end.value.code == 2
    assert flags[-1] in capsys.readouterr().err or flags == ["--steps"]


def test_help_lists_every_setting_with_its_reason(capsys):
    with pytest.raises(SystemExit) as end:
        read_settings(train.Settings, train.PRESETS, ["--help"])
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for field in train.Settings.__dataclass_fields__:
        flag = "from" if field == "parent" else field.replace("_", "-")
        assert f"--{flag} " in text
    assert "--n-layer INT blocks, one after the other (3)" in text


@pytest.mark.parametrize("number", [2**31, 10**30, 10**400], ids=["2**31", "10**30", "10**400"])
@pytest.mark.parametrize("flag", ["--steps", "--seed", "--warmup", "--sample-tokens"])
def test_a_number_that_no_run_can_count_to_is_refused(flag, number):
    with pytest.raises(BadInput, match=flag):
        read_settings(train.Settings, train.PRESETS, [flag, str(number)])


@pytest.mark.parametrize(
    "flag, value",
    [
        ("--temperature", "1e-40"),
        ("--temperature", "1e-320"),
        ("--matrix-lr", "1e308"),
        ("--embedding-lr", "1e300"),
        ("--unembedding-lr", "1e39"),
        ("--embedding-std", "1e308"),
        ("--weight-decay", "1e308"),
        ("--snapshots", "2147483647"),
        ("--cooldown", "1.01"),
        ("--vocab-size", "65537"),
        ("--seed", "2147483648"),
        ("--seeds", "0"),
        ("--seeds", "-1"),
        ("--seeds", "101"),
        ("--minutes", "0"),
        ("--minutes", "-5"),
        ("--minutes", "nan"),
        ("--minutes", "inf"),
        ("--out", "runs/\udcff"),
        ("--dataset", "text\udcff.txt"),
        ("--head", "head\udcff.py"),
        ("--out", "a\0b"),
    ],
)
def test_what_cannot_work_is_refused_by_the_name_of_its_flag(pigs, flag, value):
    with pytest.raises(BadInput) as error:
        parsed(*QUICK, flag, value)
    assert flag in str(error.value)
    assert [path.name for path in pigs.iterdir()] == ["pigs.txt"]


@pytest.mark.parametrize(
    "name, value",
    [("steps", "9"), ("steps", 2.5), ("dropout", None), ("n_ctx", True), ("out", 3), ("seed", [1])],
)
def test_a_value_of_the_wrong_type_is_refused(name, value):
    with pytest.raises(BadInput, match="--" + name.replace("_", "-")):
        settings.check_values(train.Settings(**{name: value}))


def test_a_run_is_named_after_its_text_or_else_its_preset(folder):
    def out(*flags):
        s = read_settings(train.Settings, train.PRESETS, flags)
        return run_name(s, train.PRESETS)

    assert out() == "stories"
    assert out("--preset", "tinystories-laptop") == "tinystories-laptop"
    assert out("--dataset", "snail") == "snail"
    assert out("--preset", "smoke", "--dataset", "a shelf/my_novel.txt") == "my_novel"
    for no_name in ("", ".", "..", "/"):  # refused later; never a folder outside of runs/
        assert out("--preset", "smoke", "--dataset", no_name) == "smoke"


# ---------------------------------------------------------------------------------------------
# Settings that somebody adds


def added():
    @dataclass
    class Settings(train.Settings):
        colour: str = "#fff"
        loud: bool = False  # an unusual one
        limit: "int" = 3
        share: float | None = None  # a number; or none

    return Settings


def test_a_setting_that_is_added_without_a_comment_works(capsys):
    Settings = added()
    s = read_settings(
        Settings,
        train.PRESETS,
        ["--limit", "7", "--loud", "yes", "--share", "0.5", "--colour", "red"],
    )
    assert (s.limit, s.loud, s.share, s.colour) == (7, True, 0.5, "red")
    assert read_settings(Settings, train.PRESETS, []).share is None
    with pytest.raises(SystemExit):
        read_settings(Settings, train.PRESETS, ["--loud", "perhaps"])
    with pytest.raises(SystemExit):
        read_settings(Settings, train.PRESETS, ["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "--colour STR ('#fff')" in text and "--loud BOOL an unusual one (False)" in text


def test_flags_work_where_the_source_of_the_settings_cannot_be_read(monkeypatch):
    """As in an interpreter into which the class was typed."""

    def no_source(_):
        raise OSError("could not get source code")

    monkeypatch.setattr(settings.inspect, "getsource", no_source)
    assert parsed("--steps", 7).steps == 7


# ---------------------------------------------------------------------------------------------
# Settings of a run that goes on


@pytest.mark.parametrize("content", ['{"editor": "large"}', '{"steps": 2', "[]", "", "\x89PNG"])
def test_resuming_a_folder_with_the_settings_of_something_else_is_refused(pigs, content):
    (pigs / "settings.json").write_text(content, "utf-8")
    with pytest.raises(BadInput, match="is not a run"):
        read_settings(train.Settings, train.PRESETS, ["--resume", "."])


def test_on_another_device_a_run_may_go_on_in_another_number_format(train_here, pigs):
    s = train_here(*QUICK)
    again = ("--resume", s.out, "--device", "cuda")
    assert parsed(*again).precision == "float32"
    assert (
        parsed(*again, "--precision", "bfloat16").device,
        parsed(*again, "--precision", "bfloat16").precision,
    ) == ("cuda", "bfloat16")
    for same_device in ((), ("--device", "cpu")):
        with pytest.raises(BadInput, match="precision"):
            parsed("--resume", s.out, *same_device, "--precision", "bfloat16")


# ------------------------------------------------------------------- flags that are no settings


def test_minutes_and_seeds_are_no_settings_of_a_run():
    s = parsed("--minutes", 5, "--seeds", 3)
    assert (s.minutes, s.seeds) == (5, 3)
    assert not {"minutes", "seeds"} & dataclasses.asdict(s).keys()
    assert (parsed().minutes, parsed().seeds) == (0, 1)


def test_steps_and_minutes_exclude_each_other():
    with pytest.raises(BadInput, match="--minutes and --steps"):
        parsed("--minutes", 5, "--steps", 100)


@pytest.mark.parametrize("flag", ["minutes", "seeds"])
def test_what_is_decided_when_a_run_begins_is_refused_when_it_goes_on(train_here, pigs, flag):
    s = train_here(*QUICK)
    with pytest.raises(BadInput, match=f"--{flag}"):
        parsed("--resume", s.out, f"--{flag}", 2)


def test_the_last_of_several_seeds_is_a_number_that_a_seed_can_be():
    assert parsed("--seed", 2147483645, "--seeds", 3).seed == 2147483645
    with pytest.raises(BadInput, match="--seed"):
        parsed("--seed", 2147483646, "--seeds", 3)


@pytest.mark.parametrize("preset", sorted(train.PRESETS.keys() - {"fine-tune"}))
def test_a_preset_stays_one_with_another_seed_device_or_folder(preset):
    harmless = ("--seed", 7, "--out", "there", "--device", "cpu", "--precision", "float32")
    assert parsed("--preset", preset).is_preset
    assert parsed("--preset", preset, *harmless, "--sample-every", 50, "--seeds", 2).is_preset


@pytest.mark.parametrize(
    "flags",
    [
        ("--steps", 1299),
        ("--matrix-lr", 0.031),
        ("--dropout", 0.1),
        ("--n-layer", 4),
        ("--dataset", "snail"),
        ("--minutes", 3),
    ],
)
def test_whatever_may_change_the_loss_makes_a_run_one_of_its_own(flags):
    assert not parsed(*flags).is_preset


def test_a_text_of_ones_own_is_not_trained_as_the_stories_are(pigs):
    assert parsed().weight_decay == 0.03
    assert parsed("--dataset", "pigs.txt").weight_decay == train.Settings.weight_decay == 0.1
    assert parsed("--preset", "stories", "--dataset", "pigs.txt").weight_decay == 0.03
    assert parsed("--dataset", "pigs.txt", "--weight-decay", 0.2).weight_decay == 0.2


def test_a_head_of_the_readers_own_is_not_what_the_preset_was_trained_with(folder):
    (folder / "my_head.py").write_text("", "utf-8")
    assert not parsed("--head", "my_head.py").is_preset


def test_a_run_that_goes_on_is_still_one_of_its_preset(train_here, folder):
    s = train_here("--preset", "smoke", "--device", "cpu", "--precision", "float32")
    assert parsed("--resume", s.out).is_preset
    other = train_here("--preset", "smoke", "--device", "cpu", "--steps", 3)
    assert not parsed("--resume", other.out).is_preset
