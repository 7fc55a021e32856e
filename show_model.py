"""Look inside a trained model, from the terminal.

    python show_model.py                                 a tour of the newest run
    python show_model.py weights                         every tensor, and what it is for
    python show_model.py tokens "a text"                 how a text is cut into tokens
    python show_model.py merges                          the order in which tokens were merged
    python show_model.py neighbours Mum                  tokens whose embeddings lie close by
    python show_model.py analogy Grandma Grandpa Dad     Grandma - Grandpa + Dad = ?
    python show_model.py neurons --layer 2               what activates neurons
    python show_model.py attention "a text" --layer 1 --head 0     where a head looks; --all: each
    python show_model.py generate "a text" --top-p 0.9   continue it; --alternatives: or what else?
    python show_model.py samples "a text"                the same prompt, continued at every step
    python show_model.py copied "a text"                 what it copies when it continues the text
    python show_model.py chat                            a conversation (with a snail, or a persona)

Each takes --run FOLDER and --step N. Layers, heads and neurons count from 0; \\n is a new line.
"""

import terrarium.python_check  # noqa: F401  an old Python or PyTorch gets a sentence

import argparse
import os
import sys
from shutil import get_terminal_size

from terrarium.console import ArgumentParser, color_token, read_line, say, show_whitespace, shown_as
from terrarium.copied import blocks, cut, search
from terrarium.errors import BadInput
from terrarium.generation import next_token_probs, stream
from terrarium.interpret import (
    MEANING,
    ablated_losses,
    affordable,
    attention_weights,
    best_role,
    cosine_baseline,
    direct_logit_effect,
    max_activating_examples,
    most_attended,
    most_missed,
    nearest,
    neuron_activations,
    rare_and_strong,
    repeat_gain,
    role_scores,
    strongest_attention,
    token_losses,
)
from terrarium.main import run_command
from terrarium.row_threads import one_core_if_small
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import quantize

import torch

FLAGS = {
    "text": dict(nargs="*", help="the text to use (the first prompt of the run)"),
    "word": {},
    "a": {},
    "b": {},
    "c": {},
    "--layer": dict(type=int, default=0, help="counted from 0 (0)"),
    "--head": dict(type=int, default=0, help="counted from 0 (0)"),
    "--all": dict(action="store_true", help="a contact sheet of all heads of all layers"),
    "--neuron": dict(type=int, help="counted from 0 (some that are rarely, but strongly active)"),
    "--temperature": dict(type=float, help="0: always the likeliest token (that of the run)"),
    "--top-k": dict(type=int, default=0, help="only among the k likeliest; 0: among all (0)"),
    "--top-p": dict(type=float, default=1.0, help="only the likeliest, up to this sum (1)"),
    "--seed": dict(type=int, default=1, help="another seed, another text (1)"),
    "--tokens": dict(type=int, help="how many at most (what fits; samples: 30)"),
    "--alternatives": dict(action="store_true", help="the ten likeliest, at temperature 1"),
    "--weights": dict(
        choices=["int8", "float16"],
        help="round them as export_for_web.py does: then the same seed gives the same text there",
    ),
}


def ranking(run, pairs, after=lambda i: ""):
    """Print (id, value) pairs, values from 0 to 1 with a bar; `after` adds something to a line."""
    for i, value in pairs:
        say(f"  {value:6.2f}  {run.words(i):14} {shades()[4] * int(20 * value):20} {after(i)}")


def shades():
    """Nothing, and four shades of grey; a console that lacks them has other signs."""
    return shown_as(" ░▒▓█", " .+%#")


def cells(weights, width=2):
    """Attention weights as text: from 4%, 16%, 36% and 64% on, a darker shade."""
    steps = shades()
    return "".join(steps[min(int(w**0.5 * 5), 4)] * width for w in weights.tolist())


def weights(run, _):
    for name, p in run.model.named_parameters():
        means = MEANING[name.split(".")[-2]] if name.endswith("weight") else "and shifts it"
        say(
            f"  {name.removesuffix('.weight'):32}{' x '.join(map(str, p.shape)):>11}"
            f"{p.numel():>10,}  {means}"
        )
    s, total = run.s, sum(p.numel() for p in run.model.parameters())
    say(
        f"\n{total:,} parameters, all of them learned. Neurons: {s.n_layer} layers x "
        f"{s.n_ff:,} = {s.n_layer * s.n_ff:,};\neach reads {s.n_embd} numbers (its row of up), "
        f"writes {s.n_embd} (its column of down). And {s.n_layer} x {s.n_head} heads,\n"
        f"each {s.n_embd // s.n_head} wide: its part of query, key, value and output."
    )


def tokens(run, args):
    text = run.readable(args.text)
    pieces = [run.tokenizer.encode(piece) for piece in run.tokenizer.pre_tokenize(text)]
    for ids in pieces:
        say("  " + " + ".join(f"{run.words(i)} ({i})" for i in ids))
    say(
        f"\n{len(text)} characters, {sum(map(len, pieces))} tokens. In brackets: the id, a row "
        f"of the token embedding (0 to {len(run.vocab) - 1})."
    )
    if unknown := sorted(set(args.text) - set(text)):
        say(f"Left out, because they do not occur in the corpus: {'  '.join(unknown)}")


def merges(run, _):
    if not run.tokenizer.merges:
        raise BadInput("This run reads single characters: nothing was merged.")
    lines = [
        f"{i:>5} {show_whitespace(a)} + {show_whitespace(b)}"
        for i, (a, b) in enumerate(run.tokenizer.merges)
    ]
    for row in range(0, len(lines), 4):
        say("".join(f"{merge:24}" for merge in lines[row : row + 4]).rstrip())
    say(
        "\nThe most frequent pair of neighbours first; then everything is counted again. "
        f"{show_whitespace(' ')} is a space."
    )


def neighbours(run, args):
    vectors, word = run.model.token_embedding.weight.detach(), run.token(args.word)
    mean, chance = cosine_baseline(vectors)
    ranking(run, nearest(vectors, vectors[word])[1:11])
    say(
        f"\nCosines of embeddings: 1 is the same direction, two random ones have {mean:.2f}. By "
        f"chance, the nearest\nwould have {chance:.2f}: more means something."
    )


def analogy(run, args):
    vectors = run.model.token_embedding.weight.detach()
    given = a, b, c = [run.token(word) for word in (args.a, args.b, args.c)]
    found = nearest(vectors, vectors[a] - vectors[b] + vectors[c])
    rank = {i: n for n, (i, _) in enumerate(nearest(vectors, vectors[c]))}
    say(f"{args.a} - {args.b} + {args.c} =")
    ranking(
        run,
        [pair for pair in found if pair[0] not in given][:10],
        lambda i: f"was number {rank[i]} beside {args.c}",
    )
    say(
        f"\nAs usual, the three words are left out; of all, {run.words(found[0][0])} is nearest. "
        f"What was near {args.c}\nanyway owes its place to that, not to the sum."
    )


def neurons(run, args):
    run.check(layer=args.layer, neuron=args.neuron or 0)
    texts = run.held_out(40)
    activations = neuron_activations(run.model, args.layer, texts)
    for j in rare_and_strong(activations) if args.neuron is None else [args.neuron]:
        often = (activations[:, j] > 0.1).float().mean()
        say(
            f"layer {args.layer}, neuron {j}: active (above 0.1) at {often:.1%} of the tokens, "
            f"raises {run.words(*direct_logit_effect(run.model, args.layer, j))}"
        )
        for activation, *around in max_activating_examples(activations[:, j], texts):
            before, token, after = map(run.line, around)
            say(f"  {activation:5.2f}  {before[-40:]}[{token}]{after[:20]}")


def attention(run, args):
    run.check(layer=args.layer, head=args.head)
    if args.all:
        return contact_sheet(run, args.text)
    ids, texts, head = run.ids(args.text), run.held_out(20), (args.layer, args.head)
    fit, width, label = attention_layout(get_terminal_size().columns)
    n = min(len(ids), fit)
    for i, row in zip(ids[:n], attention_weights(run.model, ids)[head]):
        most = run.words(ids[row.argmax()])
        say(
            f"{run.words(i):>{label}.{label}} {cells(row[:n], width)} {most:.{label}} "
            f"{row.max():.0%}"
        )
    _, light, medium, dark, full = shades()
    say(
        f"\n{n} of {len(ids)} tokens: each row is a token that looks, each column one it can look "
        f"at, in the same\norder: from 4% on {light}, 16% {medium}, 36% {dark}, 64% {full}; and "
        "what it looks at most.\n\n"
        "On unseen text, it looks hardest"
    )
    for weight, between in strongest_attention(run.model, *head, texts):
        say(
            f"  {weight:4.0%}  from {run.words(between[-1]):10} to {run.words(between[0]):10} in "
            f"{run.line(between)[:60]}"
        )
    measured = MeasuredHeads(run)
    role = measured.best_role(*head).role
    say(f"\n{f'Its role is {role}' if role else 'It has no role'}. It was tested for")
    for role, score in measured.scores.items():
        say(f"  {role:16}{score[head]:4.0%}, by chance {measured.chance[role]:.0%}")
    say(
        f"and random tokens that come twice are {gained(measured.gain)} the second time.\n"
        f"It favours {', '.join(measured.likes(*head)) or 'no token'} (in brackets: by chance).\n"
        f"Without it, {measured.cost(*head)}"
    )


class MeasuredHeads:
    """What the heads of a run do: on held-out text, and in the tests of roles."""

    def __init__(self, run):
        self.run, model = run, run.model
        texts = [ids for ids in run.held_out(20) if len(ids) > 1]
        if not texts:
            raise BadInput(
                f"In a context of {run.s.n_ctx}, no held-out text has two tokens, so no head can "
                "be measured: train with a larger --n-ctx."
            )
        self.texts = affordable(model, texts)
        with one_core_if_small(model, max(map(len, texts))):
            self.scores, self.chance = role_scores(model, texts, run.tokenizer.start)
            self.gain = repeat_gain(model, run.tokenizer.start)
            self.attended = most_attended(model, texts)
            self.rises = ablated_losses(model, self.texts) - token_losses(model, self.texts)

    def best_role(self, layer, head):
        return best_role(self.scores, self.chance, self.gain, layer, head)

    def likes(self, layer, head):
        """The tokens it attends to most, beyond their share, with that fraction."""
        return [
            f"{self.run.words(one.id)} {one.fraction:.0%} ({one.uniform_fraction:.0%})"
            for one in self.attended[layer][head]
        ]

    def missed(self, layer, head, n=1):
        """The tokens that are predicted worst without it, with the rise of their loss."""
        found = most_missed(self.texts, self.rises[layer, head], n)
        return [f"{self.run.words(one.id)} +{one.loss_rise:.1f}" for one in found]

    def cost(self, layer, head):
        """What it costs to switch it off, in a sentence."""
        rise = self.rises[layer, head].mean()
        missed = ", ".join(self.missed(layer, head, 3))
        worst = f"; of these tokens most: {missed}" if missed else ""
        return f"the loss changes by {rise:+.3f} nats per token{worst}."


def gained(gain):
    """How much easier something is the second time."""
    return f"{abs(gain):.2f} nats per token {'easier' if gain > 0 else 'harder'}"


def attention_layout(columns):
    """How many tokens fit beside the words, the width of a cell, and that of a word."""
    roomy = (columns - 36) // 2
    return (roomy, 2, 12) if roomy >= 8 else (max(columns - 21, 4), 1, 7)


def contact_sheet(run, text, n=9):
    """Every head over the first n tokens of a text: its role, or else what its absence costs; and
    what it attends to most."""
    weights, measured = attention_weights(run.model, run.ids(text)), MeasuredHeads(run)
    pages = torch.arange(run.s.n_head).split(max(1, get_terminal_size().columns // 20))
    for layer, page in ((layer, page) for layer in range(run.s.n_layer) for page in pages):
        columns = []
        for head in page:
            role = measured.best_role(layer, head)
            likes = run.words(*(one.id for one in measured.attended[layer][head]))
            missed = measured.missed(layer, head)
            columns.append(
                [
                    f"head {layer}.{head}",
                    role_label(role),
                    f"{role.score:.0%}, chance {role.chance:.0%}" if role.role else "",
                    likes[:19] or "likes nothing",
                    f"without: {missed[0]}"[:19] if missed else "without: the same",
                    *(cells(row[:n]) for row in weights[layer, head, :n]),
                ]
            )
        for line in zip(*columns):
            say("".join(f"{cell:20}" for cell in line).rstrip())
        say()
    say(
        "For each head: its role, if it passes the test of one, and what uniform attention would "
        "score\n(in brackets if less than half of its attention goes there); the tokens it attends "
        "to beyond their\nshare of unseen text; and the token whose loss rises most without it, in "
        "nats. Duplicate token: an\nearlier copy of itself. Induction: what came after that copy."
    )


def role_label(role):
    if role.role is None:
        return "no role"
    return role.role if role.confidence == "clear" else f"({role.role})"


def continuation(run, text, args, model=None):
    """(token, its probability, the ten likeliest) for each token with which the model goes on."""
    names = ("tokens", "seed", "temperature", "top_k", "top_p")  # of those, what the verb takes
    how = {name: value for name, value in vars(args).items() if name in names}
    if args.weights:
        _, _, model = quantize(model or run.model, args.weights)
    going_on = stream(run, text, model, **how)
    return (
        (run.vocab[i].replace(END, "(end)"), probs[i].item(), probs.topk(min(10, len(probs))))
        for i, probs in going_on
    )


def generate(run, args):
    going_on = continuation(run, args.text, args)  # refuses what makes no sense before it prints
    say(args.text, end="")
    for token, p, top in going_on:
        if args.alternatives:
            rivals = (f"{run.words(i)} {q:.0%}" for q, i in zip(*top))
            chosen = color_token(show_whitespace(token), p)
            print(f"\n{p:5.0%}  {chosen}  of  {'  '.join(rivals)}", end="")
        else:
            print(color_token(token, p), end="", flush=True)
    print()


def samples(run, args):
    args.tokens = 30 if args.tokens is None else args.tokens
    for step in run.steps[: run.steps.index(run.step) + 1]:
        words = [
            color_token(token.replace("\n", " / "), p)
            for token, p, _ in continuation(run, args.text, args, run.at(step))
        ]
        print(f"step {step:>6}  {''.join(words)}")


def copied(run, args, most=5):
    """Continue a text, and list the longest parts of that which stand in the training text."""
    tokens = [token for token, *_ in continuation(run, args.text, args)]
    text = "".join(tokens).removesuffix("(end)")
    say(args.text + text)
    units = cut(text, args.text, tokens[-1:] != ["(end)"])
    spans = sorted(search([units], blocks(run)).spans(0), key=lambda span: -span.words)
    if not spans:
        say("\nNo word of that stands in the training text.")
    for span in spans[:most]:
        part = " / ".join(text[span.start : span.start + span.length].split("\n"))
        often = "once" if span.occurrences == 1 else f"{span.occurrences:,} times"
        say(f"\n{span.words} word{'s' * (span.words > 1)} in a row, {often}: {part}")
        say(f"  first in document {span.document + 1:,}, after {span.offset:,} characters")


def chat(run, args):
    if not run.speakers:
        raise BadInput(
            f"{run.folder} learned from {run.s.dataset}, not from conversations: train a run that "
            "can talk (python train.py --preset snail, or --dataset with questions and answers of "
            "your own), or name one (--run)."
        )
    you, other = run.speakers
    say(f"You are talking to {other}. An empty line ends the chat.")
    said, forgotten = [], False
    while line := read_line(f"{you}: "):
        text = run.readable(line)
        if text != line:
            unknown = " ".join(sorted(set(line) - set(run.vocab)))
            say(
                f"(No token for {unknown}: it does not occur in the corpus. The model reads: "
                f"{text})"
            )
        said.append(f"{you}: {text}\n{other}:")
        while len(run.tokenizer.encode("\n".join(said))) > run.s.n_ctx * 3 // 4:
            said.pop(0)
            if not said or not forgotten:
                say(f"(Its context of {run.s.n_ctx} tokens is full: it forgets the oldest lines.)")
            forgotten = True
        if not said:
            continue
        say(f"{other}:", end="")
        args.seed += 1  # or the same question would always get the same answer
        for token, p, _ in continuation(run, "\n".join(said), args):
            if token in ("\n", "(end)"):
                break
            said[-1] += token
            print(color_token(token, p), end="", flush=True)
        print()


def tour(run, args):
    s, total = run.s, sum(p.numel() for p in run.model.parameters())
    parent = run.facts.get("parent")
    origin = f" (after {parent['name']}, on {parent['dataset']})" if parent else ""
    say(
        f"{run.folder}, step {run.step:,} of {s.steps:,}: trained on {s.dataset}{origin}, "
        f"{s.n_layer} layers x {s.n_head} heads, {total:,} parameters.\n\nIt reads"
    )
    tokens(run, args)
    say("\nMost likely next tokens")
    ranking(run, next_token_probs(run.model, run.ids(args.text)))
    say("\nWhat its heads look for:\n")
    contact_sheet(run, args.text, n=0)
    say("\nContinuation (in colours: green was likely, red a surprise):\n")
    generate(run, args)
    say(f"\nLook further with {', '.join(VERBS)}; python show_model.py --help says how.")


SAMPLING = "--temperature --top-k --top-p --seed --weights"

VERBS = {  # its function, and what may be typed after it
    "weights": (weights, ""),
    "tokens": (tokens, "text"),
    "merges": (merges, ""),
    "neighbours": (neighbours, "word"),
    "analogy": (analogy, "a b c"),
    "neurons": (neurons, "--layer --neuron"),
    "attention": (attention, "text --layer --head --all"),
    "generate": (generate, f"text --alternatives --tokens {SAMPLING}"),
    "samples": (samples, f"text --tokens {SAMPLING}"),
    "copied": (copied, f"text --tokens {SAMPLING}"),
    "chat": (chat, SAMPLING),
}


def main():
    common = ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument(
        "--run",
        metavar="FOLDER",
        type=os.path.expanduser,
        help="the newest in runs/, if none is named",
    )
    common.add_argument("--step", type=int, help="of a snapshot (the last)")
    parser = ArgumentParser(
        parents=[common], description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(metavar="VERB")
    for name, (function, flags) in VERBS.items():
        verb = verbs.add_parser(name, parents=[common])
        verb.set_defaults(verb=function)
        for flag in flags.split():
            verb.add_argument(flag, **FLAGS[flag])
    args = parser.parse_args(
        namespace=argparse.Namespace(  # what holds without a flag
            verb=tour,
            run="",
            step=None,
            text=[],
            alternatives=False,
            temperature=None,
            weights=None,
        )
    )
    run = Run(args.run, args.step)
    if not args.run and args.verb is not tour:
        say(f"({run.folder}, step {run.step:,})", file=sys.stderr)
    if args.temperature is None:
        args.temperature = run.s.temperature
    args.text = " ".join(args.text).replace("\\n", "\n") if args.text else run.beginning()
    args.text = run.normalize(args.text)
    args.verb(run, args)


if __name__ == "__main__":
    run_command(main, reader_may_leave=True)
