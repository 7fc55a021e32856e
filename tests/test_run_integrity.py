"""A run is its own: no other folder is taken, no damage is believed, no code of it is executed."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import data
import export_for_web
import show_model
import train
from helpers import HEAD, ROOT, contents, parsed, rehash, rewrite
from terrarium import files, runs
from terrarium.errors import BadInput
from terrarium.runs import RunFolder
from terrarium.screen import Screen
from terrarium.trained import Run

import numpy as np
import pytest
import torch

TINY = (
    "--preset smoke --device cpu --precision float32 --dataset tale.txt --vocab-size 60 "
    "--n-layer 1 --n-embd 8 --n-head 2 --n-ff 8 --n-ctx 16 --sample-tokens 4 --steps 4 "
    "--sample-every 2 --snapshots 1"
).split()


pytestmark = pytest.mark.usefixtures("ctrl_c")


def write_tale(path, first=0):
    stories = [data.find("stories").generate(first + seed) for seed in range(30)]
    path.write_text("\n".join(stories), "utf-8")


def stopped_at(step, *words):
    """A run that Ctrl-C ends at once in the middle of a step."""
    update = train.update

    def interrupted(*arguments):
        if arguments[4] == step:
            raise KeyboardInterrupt
        return update(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "update", interrupted)
        patch.setattr(Screen, "opening", lambda *_: None)
        with pytest.raises(BadInput, match="Stopped at once"):
            train.train(parsed(*words))


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A folder with the runs half and whole, and those of another seed; not to be changed."""
    folder, before = tmp_path_factory.mktemp("grown"), Path.cwd()
    handler = signal.getsignal(signal.SIGINT)
    os.chdir(folder)
    write_tale(folder / "tale.txt")
    (folder / "head.py").write_text(HEAD, "utf-8")
    try:
        for seed, ending in ((1, ""), (2, "_of_another_seed")):
            train.train(parsed(*TINY, "--seed", seed, "--out", "whole" + ending))
            stopped_at(3, *TINY, "--seed", seed, "--out", "half" + ending)
        stopped_at(3, *TINY, "--head", "head.py", "--out", "half_with_a_head")
    finally:
        os.chdir(before)
        signal.signal(signal.SIGINT, handler)
    return folder


@pytest.fixture
def half(grown, folder):
    """A copy of the stopped run, as the folder "run"; the text that it learned from is gone."""
    return shutil.copytree(grown / "half", folder / "run").relative_to(folder)


@pytest.fixture
def whole(grown, folder):
    return shutil.copytree(grown / "whole", folder / "run").relative_to(folder)


@pytest.fixture
def tale(folder):
    write_tale(folder / "tale.txt")
    return folder


def weights_of(run):
    return torch.load(Path(run, "checkpoint.pt"), weights_only=True)["model"]


def assert_ends_as(run, unbroken):
    """A run has the weights, the samples and the final numbers of an undisturbed one."""
    here, there = weights_of(run), weights_of(unbroken)
    assert here.keys() == there.keys()
    assert all(torch.equal(here[name], there[name]) for name in there)
    for name in ("traces.jsonl", "corpus.json", "tokenizer.json"):
        assert Path(run, name).read_bytes() == Path(unbroken, name).read_bytes()
    metrics = [json.loads(Path(one, "metrics.json").read_bytes()) for one in (run, unbroken)]
    assert metrics[0]["validation_loss"] == metrics[1]["validation_loss"]


def resume(run, *words):
    train.train(parsed("--resume", run, *words))


def show(run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["show_model.py", "--run", str(run)])
        show_model.main()


def export(run, *words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["export_for_web.py", str(run), "--out", "site", *words])
        export_for_web.main()


COMMANDS = [resume, show, export]

# ------------------------------------------------------------------------------ whose folder it is


@pytest.mark.parametrize(
    "out, mine",
    [
        (".", "train.py"),
        ("work", "work/head.py"),
        ("work", "work/tokens/notes.txt"),
        ("public", "public/index.html"),
        ("work", "work/settings.json"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--n-ctx", 100_000)])
def test_a_folder_that_holds_anything_else_is_refused_and_stays_as_it_is(tale, out, mine, flags):
    Path(mine).parent.mkdir(parents=True, exist_ok=True)
    Path(mine).write_text("hours of work", "utf-8")
    before = contents(".", folders=True)
    with pytest.raises(BadInput, match="not empty"):
        train.train(parsed(*TINY, *flags, "--out", out))
    assert contents(".", folders=True) == before


@pytest.mark.parametrize("made", [(), ("new",), ("new", "new/deep")])
def test_a_refusal_removes_what_it_made_and_nothing_else(tale, made):
    for name in made:
        Path(name).mkdir()
    before = contents(".", folders=True)
    with pytest.raises(BadInput, match="smaller --n-ctx"):
        train.train(parsed(*TINY, "--n-ctx", 100_000, "--out", "new/deep"))
    assert contents(".", folders=True) == before


def test_a_run_without_a_name_that_is_refused_leaves_its_name_to_the_next(tale):
    with pytest.raises(BadInput):
        train.train(parsed(*TINY, "--n-ctx", 100_000))
    assert not Path("runs").exists()


def test_an_empty_folder_is_taken(tale):
    Path("new").mkdir()
    Path("new/.DS_Store").write_bytes(b"left by a file manager")
    train.train(parsed(*TINY, "--out", "new"))
    assert Path("new/metrics.json").exists()


def test_a_run_in_training_is_not_taken_up_a_second_time(half):
    first = runs.take_up(half)
    before = contents(half, folders=True)
    with pytest.raises(BadInput, match="run"):
        resume(half)
    assert contents(half, folders=True) == before
    first.release()
    resume(half)


def test_the_lock_of_a_killed_training_does_not_keep_anybody_out(half):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; sys.path.insert(0, sys.argv[1]); "
            "from terrarium.runs import RunFolder; run = RunFolder('run'); run.lock(); "
            "print('locked', flush=True); input()",
            str(ROOT),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(BadInput):
            runs.take_up(half)
    finally:
        holder.kill()
        holder.communicate()
    runs.take_up(half).release()


# ------------------------------------------------------------------------------ damage

DAMAGES = {
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "a bit flipped": lambda content: flipped(content, len(content) // 3),
    "another bit flipped": lambda content: flipped(content, 9 * len(content) // 10),
}
NEEDED_TO_RESUME = [
    "settings.json",
    "tokenizer.json",
    "corpus.json",
    "tokens/train.bin",
    "tokens/validation.bin",
    "checkpoint.pt",
    "traces.jsonl",
]


def flipped(content, place):
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


@pytest.mark.parametrize("name", NEEDED_TO_RESUME)
def test_what_a_run_goes_on_with_is_refused_if_it_is_damaged(half, name):
    path = half / name
    content = path.read_bytes()
    for damage in DAMAGES.values():
        path.write_bytes(damage(content))
        before = contents(half, folders=True)
        with pytest.raises(BadInput) as error:
            resume(half)
        assert name in str(error.value) and str(half) in str(error.value)
        assert contents(half, folders=True) == before


@pytest.mark.parametrize("name", ["settings.json", "checkpoint.pt", "hashes.jsonl"])
@pytest.mark.parametrize("command", COMMANDS)
def test_files_of_a_run_with_another_seed_are_not_taken_for_its_own(grown, half, name, command):
    shutil.copyfile(grown / "half_of_another_seed" / name, half / name)
    if name == "checkpoint.pt" and command is not resume:
        return command(half)  # which does not need it
    with pytest.raises(BadInput, match="json" if name == "hashes.jsonl" else name):
        command(half)


def test_a_checkpoint_of_another_run_is_refused_even_if_its_hash_was_exchanged(grown, half):
    shutil.copyfile(grown / "half_of_another_seed" / "checkpoint.pt", half / "checkpoint.pt")
    rehash(half)
    with pytest.raises(BadInput, match="checkpoint.pt .* another run"):
        resume(half)


@pytest.mark.parametrize(
    "name",
    [
        "settings.json",
        "tokenizer.json",
        "corpus.json",
        "checkpoint.pt",
        "tokens/train.bin",
        "hashes.jsonl",
    ],
)
def test_what_a_run_goes_on_with_is_refused_if_it_is_missing(half, name):
    (half / name).unlink()
    with pytest.raises(BadInput, match=name):
        resume(half)


@pytest.mark.parametrize(
    "name", ["log.jsonl", "train.py", "snapshots/000000.pt", "attention/000000.npz"]
)
def test_what_a_run_can_go_on_without_does_not_stop_it(grown, half, name):
    (half / name).write_bytes(b"damaged")
    resume(half)
    assert_ends_as(half, grown / "whole")


def test_samples_that_are_gone_do_not_stop_a_run_and_their_loss_is_said(half, capsys):
    (half / "traces.jsonl").unlink()
    capsys.readouterr()
    resume(half)
    assert "traces.jsonl" in capsys.readouterr().out
    assert [json.loads(line)["step"] for line in open(half / "traces.jsonl", "rb")] == [2, 4]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_without_hashes_is_refused_with_what_to_do(whole, command):
    (whole / "hashes.jsonl").unlink()
    with pytest.raises(BadInput, match="hashes.jsonl.*python train.py"):
        command(whole)
    assert not (whole / "hashes.jsonl").exists()


def test_an_export_says_which_samples_are_missing(whole):
    (whole / "attention" / "000002.npz").unlink()
    export(whole)
    manifest = json.loads(Path("site/exported/run/manifest.json").read_bytes())
    assert manifest["sampled_steps"] == [0, 4] and " 2:" in manifest["missing"]["attention"]


def test_damages_at_random_end_in_a_sentence_or_in_the_right_result(folder, monkeypatch):
    """A sample of the drill in tests/bench/, which takes a count."""
    monkeypatch.syspath_prepend(ROOT / "tests" / "bench")
    import damage

    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(damage.signal, "alarm", lambda _: None, raising=False)
    found, faults = damage.drill(5, seed=3)
    assert faults == [] and sum(found.values()) == 15
    assert {outcome for _, outcome in found} >= {"sentence", "right"}


# ------------------------------------------------------------------------------ runs of strangers

ABSURD_SETTINGS = [
    ("n_layer", 2**31),
    ("n_layer", 0),
    ("n_layer", 10**6),
    ("n_layer", 1.5),
    ("n_layer", "2"),
    ("n_layer", True),
    ("n_layer", None),
    ("n_layer", [1]),
    ("n_embd", 10**9),
    ("n_embd", -8),
    ("n_head", 3),
    ("n_head", 0),
    ("n_ff", 10**9),
    ("n_ctx", 10**9),
    ("n_ctx", 0),
    ("vocab_size", 10**6),
    ("steps", 10**400),
    ("steps", -1),
    ("steps", {}),
    ("seed", math.nan),
    ("seed", -1),
    ("temperature", math.nan),
    ("temperature", math.inf),
    ("temperature", 0),
    ("temperature", "warm"),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("cooldown", 2),
    ("warmup", -3),
    ("matrix_lr", math.inf),
    ("precision", "float8"),
    ("precision", 32),
    ("preset", None),
    ("dataset", 7),
    ("dataset", "\ud800"),
    ("head", None),
    ("head", []),
    ("snapshots", 0),
]


def with_setting(run, name, value):
    kept = json.loads((run / "settings.json").read_bytes())
    (run / "settings.json").write_text(json.dumps({**kept, name: value}), "utf-8")
    rehash(run)


def test_absurd_settings_are_refused_before_a_model_of_that_size_is_made(whole):
    """As somebody sends them, with hashes that fit."""
    original = (whole / "settings.json").read_bytes()
    for name, value in ABSURD_SETTINGS:
        (whole / "settings.json").write_bytes(original)
        with_setting(whole, name, value)
        for command in COMMANDS:
            with pytest.raises(BadInput) as error:
                command(whole)
            said = str(error.value)
            assert "settings.json" in said or "GB of memory" in said, (name, value)


@pytest.mark.parametrize(
    "name, change",
    [
        ("traces.jsonl", ('"p": 0.', '"p": 1.')),
        ("traces.jsonl", ('"p": 0.', '"p": NaN, "q": 0.')),
        ("traces.jsonl", ('"temperature": 0.8', '"temperature": NaN')),
        ("traces.jsonl", ('"step": 0', '"step": "0"')),
        ("traces.jsonl", ('"step": 0', '"step": 1e99')),
        ("log.jsonl", ('"loss": ', '"loss": Infinity, "rest": ')),
        ("log.jsonl", ('"gradient_norm": ', '"gradient_norm": -1, "rest": ')),
        ("log.jsonl", ('"lr_multiplier": ', '"lr_multiplier": 2, "rest": ')),
        ("log.jsonl", ('"step": 1', '"step": 1.5')),
        ("log.jsonl", ('"seconds"', '"minutes"')),
        ("tokenizer.json", ('"vocab"', '"letters"')),
        ("tokenizer.json", ('"merges": [', '"merges": [3')),
        ("corpus.json", ('"prompts": [', '"prompts": [3, ')),
        ("corpus.json", ('"vocab_size": ', '"vocab_size": 1e5, "kinds": ')),
    ],
)
def test_numbers_and_words_that_no_run_has_are_refused_by_an_export(whole, name, change):
    text = (whole / name).read_text("utf-8")
    assert change[0] in text
    (whole / name).write_text(text.replace(*change), "utf-8")
    rehash(whole)
    with pytest.raises(BadInput, match=name):
        export(whole)
    assert not Path("site/exported/run").exists()


def test_ids_beyond_the_vocabulary_are_refused(half):
    tokens = np.fromfile(half / "tokens" / "train.bin", np.uint16)
    tokens[7] = 60_000
    tokens.tofile(half / "tokens" / "train.bin")
    rehash(half)
    with pytest.raises(BadInput, match="tokens/train.bin"):
        resume(half)
    with pytest.raises(BadInput, match="tokens/train.bin"):
        Run(half).tokens("train")


def test_optimizers_of_another_size_are_refused(half):
    kept = torch.load(half / "checkpoint.pt", weights_only=True)
    state = kept["optimizers"][0]["state"][0]
    state["momentum"] = state["momentum"][:, :2]
    torch.save(kept, half / "checkpoint.pt")
    rehash(half)
    with pytest.raises(BadInput, match="checkpoint.pt"):
        resume(half)


def evil_head(folder):
    (folder / "head.py").write_text(
        HEAD + "open('EXECUTED', 'w', encoding='utf-8').close()\n", "utf-8"
    )


def test_no_code_of_a_run_is_executed_unless_head_is_typed(grown, folder):
    run = Path(shutil.copytree(grown / "half_with_a_head", "run"))
    evil_head(run)
    rehash(run)
    with_setting(run, "head", str(run / "head.py"))
    with pytest.raises(BadInput, match="--resume run --head run/head.py"):
        resume(run)
    show(run)
    export(run)
    assert not Path("EXECUTED").exists()


def test_a_run_goes_on_with_the_head_that_it_keeps_after_it_was_confirmed(grown, folder):
    run = Path(shutil.copytree(grown / "half_with_a_head", "run"))
    Path("other.py").write_text(HEAD + "# another one\n", "utf-8")
    for head, reason in (("other.py", "other.py"), ("gone.py", "gone.py")):
        with pytest.raises(BadInput, match=reason):
            resume(run, "--head", head)
    resume(run, "--head", "run/head.py")
    assert (run / "metrics.json").exists()


def test_the_command_that_a_stopped_run_prints_goes_on_with_its_head(tale, capsys, monkeypatch):
    Path("my_head.py").write_text(HEAD, "utf-8")
    update = train.update

    def interrupted_at_once(*arguments):
        if arguments[4] == 0:
            signal.raise_signal(signal.SIGINT)  # as Ctrl-C: it stops after this step
        return update(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Screen, "opening", lambda *_: None)
        patch.setattr(train, "update", interrupted_at_once)
        train.train(parsed(*TINY, "--head", "my_head.py", "--out", "run"))
    words = capsys.readouterr().out.splitlines()[-1].split()
    assert words[:2] == ["python", "train.py"]
    Path("my_head.py").unlink()
    train.train(parsed(*words[2:]))
    assert Path("run/metrics.json").exists()


def test_a_head_that_was_changed_in_the_run_is_not_executed(grown, folder):
    run = Path(shutil.copytree(grown / "half_with_a_head", "run"))
    evil_head(run)
    with pytest.raises(BadInput, match="head.py"):
        resume(run, "--head", "run/head.py")
    assert not Path("EXECUTED").exists()


def test_a_run_without_a_head_does_not_get_one_by_resuming(half):
    Path("my_head.py").write_text(HEAD, "utf-8")
    with pytest.raises(BadInput, match="my_head.py"):
        resume(half, "--head", "my_head.py")


@pytest.mark.skipif(sys.platform == "win32", reason="there, links need a right of their own")
@pytest.mark.parametrize(
    "name",
    [
        "head.py",
        "settings.json",
        "snapshots",
        "attention/000001.npz",
        "checkpoint.pt.part",
        "notes",
    ],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_links_in_a_run_are_refused(whole, folder, name, command):
    secret = folder / "secret"
    path = whole / name
    if path.is_dir():
        path.rename(secret)
    elif path.exists():
        path.rename(secret)
    else:
        secret.write_text("private", "utf-8")
    path.symlink_to(secret)
    before = contents(folder, folders=True)
    with pytest.raises(BadInput, match=name):
        command(whole)
    assert contents(folder, folders=True) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_a_pipe_in_a_run_does_not_keep_anybody_waiting(whole):
    (whole / "log.jsonl").unlink()
    os.mkfifo(whole / "log.jsonl")
    with pytest.raises(BadInput, match="log.jsonl"):
        export(whole)


@pytest.mark.parametrize("command", [show, export])
def test_the_dataset_of_a_run_is_not_opened(whole, command, monkeypatch):
    with_setting(whole, "dataset", "/etc/passwd")
    monkeypatch.setattr("data.textfile.open_text", pytest.fail)
    command(whole)


# ------------------------------------------------------------------------------ moved, mailed


def test_a_run_goes_on_without_its_text_in_another_folder_and_under_another_name(
    grown, folder, monkeypatch
):
    Path("elsewhere/deep").mkdir(parents=True)
    moved = shutil.copytree(grown / "half", "elsewhere/deep/my novel (1)")
    monkeypatch.chdir("elsewhere")
    run = Path(moved).relative_to("elsewhere")
    resume(run)
    assert_ends_as(run, grown / "whole")
    export(run)


def test_a_text_that_was_edited_does_not_change_a_run_that_goes_on(grown, half, folder):
    write_tale(folder / "tale.txt", first=1000)
    resume(half)
    assert_ends_as(half, grown / "whole")


def killed_before_its_text_was_read(monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("terrarium.tokens.count_pieces", killed)
        with pytest.raises(BadInput, match="Stopped at once"):
            train.train(parsed(*TINY, "--out", "run"))


def test_a_run_that_was_stopped_before_its_text_was_read_says_that_it_needs_it(
    grown, tale, monkeypatch
):
    killed_before_its_text_was_read(monkeypatch)
    Path("tale.txt").rename("moved.txt")
    with pytest.raises(BadInput, match="tale.txt.*--resume run --dataset"):
        resume("run")
    resume("run", "--dataset", "moved.txt")
    assert_same_weights("run", grown / "whole")


def assert_same_weights(run, unbroken):
    here, there = weights_of(run), weights_of(unbroken)
    assert all(torch.equal(here[name], there[name]) for name in there)


def test_a_checkpoint_that_lies_in_the_way_is_not_restored_without_resume(grown, tale):
    Path("run").mkdir()
    shutil.copyfile(grown / "half_of_another_seed" / "checkpoint.pt", "run/checkpoint.pt")
    with pytest.raises(BadInput, match="not empty"):
        train.train(parsed(*TINY, "--out", "run"))


# ------------------------------------------------------------------------------ other programs


@pytest.mark.parametrize("command", COMMANDS)
def test_what_other_programs_leave_in_a_run_is_not_read(whole, command, capsys):
    command(whole)
    as_it_was = capsys.readouterr().out
    for name in (
        "snapshots/000002 2.pt",
        "snapshots/000002 (conflicted copy).pt",
        "snapshots/._000002.pt",
        "snapshots/.DS_Store",
        "snapshots/desktop.ini",
        "snapshots/99.pt",
        "snapshots/٠٠٠٠٠٧.pt",
        "attention/000000 2.npz",
        "Icon\r",
        "settings (1).json",
        "traces.jsonl.icloud",
        "tokens/train 2.bin",
    ):
        (whole / name).write_bytes(b"left by another program")
    (whole / "snapshots" / "000003.pt").mkdir()
    command(whole)
    if command is show:
        assert capsys.readouterr().out == as_it_was


def test_a_file_that_another_program_holds_for_a_moment_is_tried_again(half, monkeypatch):
    refusals = []

    def busy(path, mode="r", **options):
        if mode in ("rb", "ab") and refusals.count(path) < 2 and "run" in str(path):
            refusals.append(path)
            raise PermissionError(13, "Access is denied", str(path))
        return open(path, mode, **options)

    monkeypatch.setattr(runs, "open", busy, raising=False)
    monkeypatch.setattr(files.time, "sleep", lambda _: None)
    resume(half)
    assert len(refusals) > 10 and (half / "metrics.json").exists()


# ------------------------------------------------------------------------------ killed


class Killed(BaseException):
    """What stands for SIGKILL inside this process."""


def test_a_run_that_is_killed_while_it_notes_any_hash_goes_on(grown, tale, monkeypatch):
    record = RunFolder.record
    monkeypatch.setattr(Screen, "opening", lambda *_: None)
    # The files of the beginning, those of the first samples, the next checkpoint, and the end.
    for n in (0, 1, 5, 6, 8, 10, 14, 22):
        calls, run, half_a_line = [], Path(f"killed-{n}"), n % 4 == 0

        def killed(folder, name, sha256, n=n, calls=calls, half_a_line=half_a_line):
            calls.append(name)
            if len(calls) <= n:
                return record(folder, name, sha256)
            if half_a_line:
                folder.ledger.write(b'{"file": "' + name.encode())
            else:
                record(folder, name, sha256)
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "record", killed)
            patch.setattr(RunFolder, "release", lambda folder: folder.ledger.close())
            with pytest.raises(Killed):
                train.train(parsed(*TINY, "--out", run))
        begun = (run / "settings.json").exists()
        train.train(parsed(*(["--resume", run] if begun else [*TINY, "--out", run])))
        assert_ends_as(run, grown / "whole")
        Run(run)


# ------------------------------------------------------------------------------ what is said


@pytest.mark.parametrize(
    "flags, named, others",
    [
        (["--embedding-lr", "1e30"], ["--embedding-lr"], ["--matrix-lr", "--unembedding-lr"]),
        (["--matrix-lr", "1e30"], ["--matrix-lr"], ["--embedding-lr", "--unembedding-lr"]),
        (["--unembedding-lr", "1e30"], ["--unembedding-lr"], ["--embedding-lr", "--matrix-lr"]),
    ],
)
def test_a_run_that_blows_up_names_the_rate_to_lower_and_the_checkpoint_that_stays(
    tale, flags, named, others
):
    with pytest.raises(BadInput) as error:
        train.train(parsed(*TINY, *flags, "--warmup", 0, "--out", "run"))
    said = str(error.value)
    assert all(flag in said for flag in named) and not any(flag in said for flag in others)
    step = torch.load("run/checkpoint.pt", weights_only=True)["step"]
    assert f"step {step} stays in run" in said


def test_a_run_that_blows_up_before_its_first_checkpoint_says_that_nothing_is_kept(
    tale, monkeypatch
):
    monkeypatch.setattr(train, "evaluate", lambda *_: math.nan)
    before = contents(".", folders=True)
    with pytest.raises(BadInput, match="[Nn]othing"):
        train.train(parsed(*TINY, "--out", "run"))
    assert contents(".", folders=True) == before


def test_a_weight_that_is_no_number_is_refused(whole):
    path = whole / "snapshots" / "000004.pt"
    kept = torch.load(path, weights_only=True)
    kept["norm.weight"][0] = math.nan
    torch.save(kept, path)
    rehash(whole)
    for command in (show, export):
        with pytest.raises(BadInput, match="snapshots/000004.pt"):
            command(whole)


def test_facts_that_fit_are_rewritten_and_read(whole):
    """The tool of these tests itself: with hashes that fit, a change is believed."""
    facts = json.loads((whole / "corpus.json").read_bytes())
    rewrite(whole / "corpus.json", {**facts, "note": "changed"})
    assert Run(whole).facts["note"] == "changed"
