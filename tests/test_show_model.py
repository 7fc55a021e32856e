"""show_model.py: what it says about a model is what PyTorch computes."""

import io
import os
import pty
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace
from unittest import mock

import show_model
from data import persona
from helpers import PATIENCE, ROOT, SEA, SMALL, logits, rewrite, run_script, train_in
from terrarium.console import show_whitespace
from terrarium.errors import BadInput
from terrarium.files import read_json
from terrarium.generation import stream
from terrarium.interpret import (
    ablated_losses,
    best_role,
    max_activating_examples,
    most_attended,
    most_missed,
    neuron_activations,
    repeat_gain,
    role_scores,
    strongest_attention,
    token_losses,
)
from terrarium.main import run_command
from terrarium.text import END
from terrarium.web.quantize import quantize

import pytest
import torch
import torch.nn.functional as F

HEADS = [(layer, head) for layer in range(2) for head in range(2)]


@pytest.fixture(scope="module")
def home(sea_run, tmp_path_factory):
    """A folder with two runs: on sea shells (the newest), and on the snail."""
    home = tmp_path_factory.mktemp("home")
    train_in(home, *SMALL, "--dataset", "snail", "--n-ctx", "96")
    shutil.copytree(sea_run, home / "runs" / "sea")
    os.utime(home / "runs" / "sea" / "snapshots")  # which makes it the newest
    return home


@pytest.fixture
def show(home, monkeypatch, capsys):
    """show("merges"): what show_model.py prints for these words behind it."""
    monkeypatch.chdir(home)

    def show(*words, typed=()):
        lines = iter(typed)
        monkeypatch.setattr(sys, "argv", ["show_model.py", *map(str, words)])
        monkeypatch.setattr("builtins.input", lambda prompt: next(lines, ""))
        capsys.readouterr()
        show_model.main()
        return capsys.readouterr().out

    return show


@pytest.fixture
def ends(show, capsys):
    """ends("weights"): the exit code of show_model.py for these words, and what it prints."""

    def ends(*words):
        with pytest.raises(SystemExit) as end:
            run_command(lambda: show(*words), reader_may_leave=True)
        return end.value.code, *capsys.readouterr()

    return ends


def number(text):
    return int(text.replace(",", ""))


# ---------------------------------------------------------------------------------------------
# What there is


def test_the_weights_add_up_and_each_has_a_sentence(show, trained_run):
    lines = show("weights").splitlines()
    rows = [re.fullmatch(r"  (\S+) +(\d+(?: x \d+)?) +([\d,]+)  (\w.*)", line) for line in lines]
    rows = [row for row in rows if row]
    assert {row[1] for row in rows} == {
        name.removesuffix(".weight") for name, _ in trained_run.model.named_parameters()
    }
    total = sum(p.numel() for p in trained_run.model.parameters())
    assert sum(number(row[3]) for row in rows) == total
    end = " ".join(lines[-3:])
    assert f"{total:,} parameters, all of them learned." in end
    assert "Neurons: 2 layers x 64 = 128;" in end
    assert "And 2 x 2 heads, each 16 wide: its part of" in end
    assert max(map(len, lines)) <= 108  # the longest name of a tensor, and the longest sentence


def test_tokens_are_shown_with_their_ids_and_what_the_corpus_never_has_is_named(show, trained_run):
    lines = show("tokens", "She sells Ω7").splitlines()
    ids = [int(i) for i in re.findall(r"\((\d+)\)", "\n".join(lines[:-3]))]
    assert trained_run.tokenizer.decode(ids) == "She sells "
    assert lines[-2] == (
        f"10 characters, {len(ids)} tokens. In brackets: the id, a row of the "
        "token embedding (0 to 37)."
    )
    assert lines[-1] == "Left out, because they do not occur in the corpus: 7  Ω"


def test_merges_are_listed_in_the_order_in_which_they_were_made(show, trained_run):
    listed = re.findall(r"(\d+) (\S+) \+ (\S+)", show("merges"))
    assert [int(i) for i, *_ in listed] == list(range(len(trained_run.tokenizer.merges)))
    assert [
        tuple(part.replace("·", " ") for part in pair) for _, *pair in listed
    ] == trained_run.tokenizer.merges


def test_a_run_on_characters_has_no_merges_to_show(tmp_path, ends):
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    train_in(tmp_path, *SMALL, "--dataset", "sea.txt", "--steps", 1, "--vocab-size", 0)
    ended = ends("merges", "--run", tmp_path / "runs" / "sea")
    assert ended == (2, "", "This run reads single characters: nothing was merged.\n")


# ---------------------------------------------------------------------------------------------
# Embeddings and neurons


def test_neighbours_are_those_of_pytorch_and_come_with_what_chance_is(show, trained_run):
    out = show("neighbours", "sea")
    vectors = F.normalize(trained_run.model.token_embedding.weight.detach(), dim=1)
    cosines = vectors @ vectors[trained_run.tokenizer.ids[" sea"]]
    expected = cosines.sort(descending=True)
    shown = re.findall(r"^ +(-?\d\.\d\d)  (\S+)", out, re.M)
    assert [float(c) for c, _ in shown] == pytest.approx(expected.values[1:11].tolist(), abs=0.006)
    assert shown[0][1] == show_whitespace(trained_run.vocab[expected.indices[1]])
    pairs = (vectors @ vectors.T)[torch.ones(38, 38).triu(1) > 0]
    assert f"two random ones have {pairs.mean():.2f}." in out
    by_chance = torch.distributions.Normal(pairs.mean(), pairs.std()).icdf(torch.tensor(37 / 38))
    assert f"the nearest\nwould have {by_chance:.2f}:" in out


def test_an_analogy_says_what_it_owes_to_the_third_word_alone(show, trained_run):
    out = show("analogy", "she", "the", "shells")
    ids = [trained_run.tokenizer.ids[word] for word in (" she", " the", " shells")]
    vectors = trained_run.model.token_embedding.weight.detach()
    a, b, c = vectors[ids]
    order = F.cosine_similarity(vectors, (a - b + c)[None]).argsort(descending=True).tolist()
    alone = F.cosine_similarity(vectors, c[None]).argsort(descending=True).tolist()
    shown = re.findall(r"^ +-?\d\.\d\d  (\S+) .*was number (\d+) beside shells", out, re.M)
    expected = [i for i in order if i not in ids][:10]
    assert shown == [(show_whitespace(trained_run.vocab[i]), str(alone.index(i))) for i in expected]
    assert f"of all, {show_whitespace(trained_run.vocab[order[0]])} is nearest" in out


def test_a_token_may_be_typed_as_it_is_printed(show):
    assert show("neighbours", "·sea") == show("neighbours", "sea")


@pytest.mark.parametrize(
    "word, says",
    [
        ("zebra", "'zebra' is not a single token here: choose a word"),
        ("sheshe", "'sheshe' is not a single token here: choose a word"),
        ("SELLS", "not a single token here: did you mean 'sells'\\?"),
        ("", "'' is not a single token here: choose"),
    ],
)
def test_a_word_that_is_no_token_is_refused_in_a_sentence(show, word, says):
    with pytest.raises(BadInput, match=says):
        show("neighbours", word)


def test_a_neuron_fires_as_strongly_as_pytorch_says_where_the_snippets_say(show, trained_run):
    texts = trained_run.held_out(40)
    fired = neuron_activations(trained_run.model, 1, texts)
    where = [(t, i) for t, ids in enumerate(texts) for i in range(len(ids))]
    assert fired.shape == (len(where), 64)
    caught = []
    hook = trained_run.model.blocks[1].down.register_forward_pre_hook(
        lambda module, given: caught.append(given[0][0])
    )  # what down reads is what up fired
    for ids in texts:
        trained_run.model(torch.tensor([ids]))
    hook.remove()
    torch.testing.assert_close(fired, torch.cat(caught))

    strength, before, there, after = max_activating_examples(fired[:, 7], texts)[0]
    assert strength == fired[:, 7].max().item()
    assert before + there + after in texts
    out = show("neurons", "--layer", 1, "--neuron", 7)
    assert f"neuron 7: active (above 0.1) at {(fired[:, 7] > 0.1).float().mean():.1%} of" in out
    first = out.splitlines()[1]
    assert first.startswith(f"  {strength:5.2f}  ")
    assert f"[{trained_run.tokenizer.decode(there)}]" in first.replace(" / ", "\n")


def test_neurons_without_a_number_are_five_that_stand_out(show):
    assert len(re.findall(r"^layer 0, neuron \d+: active ", show("neurons"), re.M)) == 5


# ---------------------------------------------------------------------------------------------
# Copies


def test_what_is_copied_is_shown_with_where_it_stands(show, trained_run):
    out = show("copied", "She sells", "--tokens", 30, "--temperature", 0)
    listed = re.findall(
        r"^(\d+) words? in a row, (?:once|([\d,]+) times): (.*)\n"
        r"  first in document 1, after ([\d,]+) characters$",
        out,
        re.M,
    )
    text = trained_run.tokenizer.decode(trained_run.tokens("train"))
    assert listed
    for words, often, part, offset in listed:
        part = part.replace(" / ", "\n")
        assert text.startswith(part, int(offset.replace(",", "")))
        occurrences = re.findall(f"(?={re.escape(part)})", text)  # which may overlap
        assert len(occurrences) >= int(often.replace(",", "") or 1)
        assert len(re.findall(r"\w+", part)) == int(words)
    assert [int(words) for words, *_ in listed] == sorted(
        (int(words) for words, *_ in listed), reverse=True
    )


# ---------------------------------------------------------------------------------------------
# Heads


def test_the_heatmap_shows_the_weights_of_train_pys_attention(show, trained_run):
    text = "She sells sea shells"
    lines = show("attention", text, "--layer", 1, "--head", 1).splitlines()
    ids = torch.tensor([trained_run.ids(text)])
    weights = trained_run.model(ids)[1][1][0, 1]
    for t, line in enumerate(lines[: ids.shape[1]]):
        assert line.endswith(f" {weights[t].max():.0%}")
        shades = line[13:].rsplit(" ", 2)[0]
        first = weights[t, 0].item()
        assert shades[:2] == " ░▒▓█"[sum(first >= edge for edge in (0.04, 0.16, 0.36, 0.64))] * 2


def test_a_head_is_shown_with_its_hardest_looks_its_scores_what_it_likes_and_what_it_costs(
    show, trained_run
):
    out = show("attention", "She sells", "--layer", 1, "--head", 0)
    texts, start = trained_run.held_out(20), trained_run.tokenizer.start
    weight, between = strongest_attention(trained_run.model, 1, 0, texts)[0]
    assert re.search(
        rf"^ +{weight:.0%}  from {re.escape(trained_run.words(between[-1]))} +to "
        rf"{re.escape(trained_run.words(between[0]))} +in ",
        out,
        re.M,
    )
    scores, chance = role_scores(trained_run.model, texts, start)
    assert len(scores) == 4
    for role in scores:
        assert re.search(rf"{role} +{scores[role][1, 0]:.0%}, by chance {chance[role]:.0%}", out)
    assert f"{abs(repeat_gain(trained_run.model, start)):.2f} nats" in out
    for one in most_attended(trained_run.model, texts)[1][0]:
        assert f"{trained_run.words(one.id)} {one.fraction:.0%} ({one.uniform_fraction:.0%})" in out
    rises = ablated_losses(trained_run.model, texts) - token_losses(trained_run.model, texts)
    assert f"{rises[1, 0].mean():+.3f} nats" in out
    for one in most_missed(texts, rises[1, 0]):
        assert f"{trained_run.words(one.id)} +{one.loss_rise:.1f}" in out


def test_a_long_text_is_cut_to_the_terminal(show, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = show("attention", "She sells sea shells by the sea shore. She sells.").splitlines()
    assert max(map(len, lines[:12])) <= 60 and lines[13].startswith("12 of 13 tokens")


def test_the_contact_sheet_shows_of_every_head_its_role_what_it_likes_and_what_it_costs(
    show, trained_run, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "80")
    out = show("attention", "She sells", "--all")
    assert re.findall(r"head \d\.\d", out) == ["head 0.0", "head 0.1", "head 1.0", "head 1.1"]
    texts, start = trained_run.held_out(20), trained_run.tokenizer.start
    favourites = most_attended(trained_run.model, texts)[1][1]
    assert trained_run.words(*(one.id for one in favourites))[:19] in out
    scores, chance = role_scores(trained_run.model, texts, start)
    gain = repeat_gain(trained_run.model, start)
    best = best_role(scores, chance, gain, 0, 1)
    assert re.search(rf"head 0\.1\n.*{re.escape(show_model.role_label(best))}", out)
    passed = [one for one in (best_role(scores, chance, gain, *head) for head in HEADS) if one.role]
    assert len(re.findall(r"\d+%, chance \d+%", out)) == len(passed)
    assert out.count("without: ") == 4
    assert max(map(len, out.splitlines())) <= 100


# ---------------------------------------------------------------------------------------------
# Generating


def test_without_a_flag_the_temperature_is_that_of_the_run(tmp_path, show):
    (tmp_path / "sea.txt").write_text(SEA, "utf-8")
    train_in(tmp_path, *SMALL, "--dataset", "sea.txt", "--steps", 2, "--temperature", 0.3)
    words = ("generate", "She", "--run", tmp_path / "runs" / "sea", "--tokens", 20)
    assert show(*words) == show(*words, "--temperature", 0.3)
    assert show(*words) != show(*words, "--temperature", 0.8)


def test_temperature_zero_always_takes_what_is_likeliest(trained_run, show):
    ids = trained_run.ids("She")
    for _ in range(20):
        ids.append(logits(trained_run.model, ids)[-1].argmax().item())
    expected = trained_run.tokenizer.decode(ids)
    assert show("generate", "She", "--temperature", 0, "--tokens", 20) == expected + "\n"


def test_a_seed_repeats_a_text_and_another_one_writes_another(show):
    one, again, other = (
        show("generate", "She", "--seed", seed, "--temperature", 1.5) for seed in (1, 1, 2)
    )
    assert one == again != other and one.startswith("She")


def test_rounded_weights_write_what_the_pages_write(trained_run, show):
    _, _, rounded = quantize(trained_run.model, "int8")

    def text(seed, model):
        ids = [i for i, _ in stream(trained_run, "She", model, tokens=40, seed=seed)]
        return "She" + trained_run.tokenizer.decode(ids).replace(END, "(end)") + "\n"

    differs = next(seed for seed in range(1, 99) if text(seed, rounded) != text(seed, None))
    words = ("generate", "She", "--tokens", 40, "--temperature", 1, "--seed", differs)
    assert show(*words, "--weights", "int8") == text(differs, rounded)
    assert show(*words) == text(differs, None)


def test_alternatives_list_the_ten_likeliest_and_their_probabilities(show, trained_run):
    line = show("generate", "She", "--alternatives", "--tokens", 1).splitlines()[1]
    p, ids = logits(trained_run.model, trained_run.ids("She"))[-1].softmax(0).topk(10)
    expected = "  ".join(f"{show_whitespace(trained_run.vocab[i])} {q:.0%}" for q, i in zip(p, ids))
    assert line.split("  of  ")[1] == expected


def test_samples_has_a_line_for_each_snapshot_from_noise_on(show, trained_run):
    lines = show("samples", "She", "--tokens", 4, "--temperature", 0).splitlines()
    assert [int(line.split()[1]) for line in lines] == trained_run.steps
    assert trained_run.steps[0] == 0 and trained_run.steps[-1] == 60
    for step, line in ((0, lines[0]), (60, lines[-1])):
        ids, model = trained_run.ids("She"), trained_run.at(step)
        for _ in range(4):
            ids.append(model(torch.tensor([ids]))[0][0, -1].argmax().item())
        said = trained_run.tokenizer.decode(ids[len(trained_run.ids("She")) :]).replace("\n", " / ")
        assert line == f"step {step:>6}  {said}"


def test_samples_ends_at_the_step_that_was_asked_for(show, trained_run):
    lines = show("samples", "She", "--tokens", 2, "--step", trained_run.steps[1]).splitlines()
    assert [int(line.split()[1]) for line in lines] == trained_run.steps[:2] != trained_run.steps


# ---------------------------------------------------------------------------------------------
# Talking


def test_a_conversation_goes_on_until_an_empty_line(show):
    out = show("chat", "--run", "runs/snail", typed=["hello", "what is the moon?", ""])
    assert out.startswith("You are talking to pip. An empty line ends the chat.\npip:")
    assert len(re.findall("^pip:", out, re.M)) == 2


def test_capital_letters_are_made_small_and_it_says_so(show):
    out = show("chat", "--run", "runs/snail", typed=["Hello, I am Mia!"])
    assert (
        "(No token for ! H I M: it does not occur in the corpus. The model reads: hello, i am mia)"
    ) in out


def test_the_same_question_gets_another_answer_the_next_time(show):
    out = show("chat", "--run", "runs/snail", "--temperature", 2, typed=["hello"] * 2)
    first, second = re.findall("^pip:.*", out, re.M)
    assert first != second


def test_what_does_not_fit_into_the_context_is_forgotten_aloud(show):
    out = show(
        "chat",
        "--run",
        "runs/snail",
        "--temperature",
        0,
        typed=["hello", "do you like rain? " * 3, "hello " * 200, "hello"],
    )
    assert out.count("(Its context of 96 tokens is full: it forgets the oldest lines.)") == 2
    assert len(re.findall("^pip:", out, re.M)) == 3  # none to the line that is too long by itself


def test_a_chat_ends_with_its_input(home):
    done = run_script("show_model.py", "chat", "--run", "runs/snail", input="hello\n", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_run_that_tells_stories_does_not_chat(show):
    with pytest.raises(BadInput, match="learned from sea.txt, not from conversations: train"):
        show("chat")


LUNA = "speaker = Luna\n" + "".join(f"what is {i}?\tA number, {i}.\n" for i in range(20))


@pytest.fixture(scope="module")
def luna(tmp_path_factory):
    """The folder of a run on a persona of one's own, whose file is gone."""
    home = tmp_path_factory.mktemp("luna")
    (home / "cat.txt").write_text(LUNA, "utf-8")
    with mock.patch.object(persona, "CONVERSATIONS", 200):
        train_in(home, *SMALL, "--dataset", "cat.txt")
    (home / "cat.txt").unlink()
    return home / "runs" / "cat"


def test_one_can_chat_with_a_persona_of_ones_own(show, luna):
    out = show("chat", "--run", luna, typed=["what is 7?", "what is 8", ""])
    assert out.startswith("You are talking to Luna. An empty line ends the chat.\nLuna:")
    assert len(re.findall("^Luna:", out, re.M)) == 2


def test_the_name_of_a_speaker_cannot_move_the_cursor(show, luna, tmp_path):
    run = shutil.copytree(luna, tmp_path / "run")
    facts = read_json(run / "corpus.json")
    rewrite(run / "corpus.json", {**facts, "speakers": ["you\x1b[2J", "\u202eLuna"]})
    out = show("chat", "--run", run)
    assert out == "You are talking to \\u202eLuna. An empty line ends the chat.\n"


def test_an_older_run_of_the_snail_that_names_no_speakers_still_chats(show, home, tmp_path):
    run = shutil.copytree(home / "runs" / "snail", tmp_path / "snail")
    facts = read_json(run / "corpus.json")
    assert facts.pop("speakers") == ["you", "pip"]
    rewrite(run / "corpus.json", facts)
    assert show("chat", "--run", run, typed=["hello"]).startswith("You are talking to pip.")


# ---------------------------------------------------------------------------------------------
# The tour, the screen, and mistakes


def test_without_a_verb_there_is_a_tour_of_the_newest_run_on_two_screens(show, trained_run):
    out = show()
    assert out.startswith("runs/sea, step 60 of 60: trained on sea.txt, 2 layers x 2 heads, ")
    assert trained_run.prompts[0] in out
    p, ids = (
        logits(trained_run.model, trained_run.ids(trained_run.prompts[0]))[-1].softmax(0).topk(5)
    )
    believed = re.findall(r"^ +(\d\.\d\d)  (\S+)", out, re.M)
    assert believed == [(f"{q:.2f}", trained_run.words(i)) for q, i in zip(p, ids)]
    for verb in show_model.VERBS:
        assert verb in out.splitlines()[-1]
    assert len(out.splitlines()) <= 60


def test_every_verb_takes_a_step_before_or_behind_it(show):
    before, behind = show("--step", 0, "neighbours", "sea"), show("neighbours", "sea", "--step", 0)
    assert before == behind != show("neighbours", "sea")


def test_a_text_needs_no_quotes(show):
    assert show("tokens", "She", "sells") == show("tokens", "She sells")


def test_which_run_is_shown_is_said_unless_it_was_named(home):
    assert run_script("show_model.py", "tokens", "She", cwd=home).stderr == "(runs/sea, step 60)\n"
    assert run_script("show_model.py", "tokens", "She", "--run", "runs/sea", cwd=home).stderr == ""


def test_what_is_piped_has_no_colours_and_a_terminal_has(home):
    assert "\x1b" not in run_script("show_model.py", "generate", "She", cwd=home).stdout
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment["TERM"] = "xterm-256color"
    subprocess.run(
        [sys.executable, ROOT / "show_model.py", "generate", "She"],
        cwd=home,
        stdout=theirs,
        env=environment,
        check=True,
        timeout=PATIENCE,
    )
    os.close(theirs)
    assert b"\x1b[48;5;" in os.read(ours, 10_000)


def test_a_reader_who_has_seen_enough_is_no_error(home):
    done = subprocess.run(
        "unset PYTHONUNBUFFERED; "  # without it, what is printed waits for the end
        f"'{sys.executable}' '{ROOT}/show_model.py' weights --run runs/sea | true; "
        "echo ${PIPESTATUS[0]}",
        cwd=home,
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.stderr, done.stdout) == ("", "0\n")  # it left before the first line came


@pytest.mark.parametrize(
    "words, says",
    [
        (["generate", "She", "--tokens", "-5"], "--tokens -5 makes no sense: at least 0."),
        (["--run", "nowhere"], "nowhere is not a run (it has no settings.json): name the fo"),
        (
            ["--step", "7", "weights"],
            "The weights of step 7 were not saved. Choose --step from 0, ",
        ),
        (
            ["attention", "She", "--layer", "2"],
            "There is no layer 2 in this model: --layer goes from 0 to 1.",
        ),
        (
            ["attention", "She", "--head", "-1"],
            "There is no head -1 in this model: --head goes from 0",
        ),
        (["neurons", "--neuron", "64"], "There is no neuron 64 in this model"),
        (
            ["generate", "She", "--temperature", "-1"],
            "Temperature -1.0, top-k 0, top-p 1.0: the first",
        ),
        (["generate", "She", "--temperature", "nan"], "Temperature nan"),
        (["generate", "She", "--top-p", "0"], "top-p 0.0: the first two have to be at least 0"),
        (["samples", "She", "--top-k", "-2"], "top-k -2"),
        (["generate", "Zebra"], "No token for 'Z', character 1 of 'Zebra'"),
        (["generate", "sea " * 70], "tokens, and this model sees 1 to 64 at once: choose another"),
        (["attention", ""], "The text has 0 tokens"),
    ],
)
def test_a_mistake_gets_a_sentence_and_exit_code_2(ends, words, says):
    run = () if "--run" in words else ("--run", "runs/sea")
    code, out, err = ends(*words, *run)
    assert (code, out) == (2, "")
    assert says in err and len(err.splitlines()) == 1


def test_an_unknown_verb_is_told_which_there_are(ends):
    code, _, err = ends("dance")
    assert code == 2 and "samples" in err


def test_without_any_run_it_says_how_to_get_one(tmp_path):
    done = run_script("show_model.py", "weights", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "There is no run in runs/ yet: train a model first (python train.py), "
        "or name the folder of one (--run).\n"
    )


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("snapshots/000060.pt", b"", "snapshots/000060.pt in "),
        ("tokenizer.json", b'{"vocab": [', "tokenizer.json in "),
        ("corpus.json", b"", "corpus.json in "),
        ("corpus.json", None, "corpus.json in "),
        ("tokens/validation.bin", b"odd", "tokens/validation.bin in "),
        ("tokens/validation.bin", None, "tokens/validation.bin in "),
        ("settings.json", b"{", "settings.json in "),
        ("settings.json", b"[]", "settings.json in "),
        ("hashes.jsonl", None, "has no hashes.jsonl"),
        ("settings.json", b'{"preset": "a"}', "was written by another version of train.py"),
    ],
)
def test_what_is_missing_or_damaged_is_named(home, tmp_path, monkeypatch, name, content, says):
    run = shutil.copytree(home / "runs" / "sea", tmp_path / "sea")
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["show_model.py", "--run", str(run)])
    with pytest.raises(BadInput) as error:
        show_model.main()
    assert says in str(error.value) and str(run) in str(error.value)


def test_tiny_models_are_shown_too(tmp_path, monkeypatch, capsys):
    (tmp_path / "bits.txt").write_text("0110" * 500)
    train_in(
        tmp_path,
        *SMALL,
        "--dataset",
        "bits.txt",
        "--steps",
        1,
        "--vocab-size",
        0,
        "--n-head",
        1,
        "--n-layer",
        1,
        "--n-ff",
        2,
        "--n-ctx",
        2,
    )
    monkeypatch.chdir(tmp_path)
    for words in (
        [],
        ["neurons"],
        ["attention", "01"],
        ["attention", "--all"],
        ["weights"],
        ["neighbours", "0"],
        ["samples"],
        ["copied"],
        ["generate", "0", "--seed", "9" * 30],
        ["generate", "0", "--temperature", "1e-40"],
    ):
        monkeypatch.setattr(sys, "argv", ["show_model.py", *words])
        show_model.main()
        assert capsys.readouterr().out


@pytest.mark.parametrize(
    "encoding, signs", [("utf-8", "░▒▓█"), ("cp1252", ".+%#"), ("ascii", ".+%#"), ("cp437", "░▒▓█")]
)
def test_attention_is_shown_with_what_the_console_has(monkeypatch, encoding, signs):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    shown = show_model.cells(SimpleNamespace(tolist=lambda: [0.01, 0.05, 0.2, 0.4, 0.9]), 1)
    assert shown == " " + signs
    assert show_whitespace(" a\tb\n").encode(encoding)
