"""What becomes of the texts that people bring: a good run, or a sentence that says what is wrong.

    python tests/bench/texts.py                 a table of more than ninety texts
    python tests/bench/texts.py --train 20      and each is learned from, in so many steps
    python tests/bench/texts.py a.txt b.txt     and of files of your own

Of every text: it is refused in a sentence, or its tokens give back the text, there are five prompts
(the table says how many are different), and the page's tokenizer, run by node, makes the same ids.
"""

import argparse
import contextlib
import io
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import common
import sample_texts
import train
from data.textfile import TextFile
from terrarium.errors import BadInput
from terrarium.files import read_json
from terrarium.runs import RunFolder
from terrarium.tokens import write_tokens

TOKENIZER = Path(common.repository) / "site" / "engine" / "tokenizer.js"
PAGE = """
import fs from "node:fs";
const { Tokenizer } = await import(process.argv[2]);
const { learned, texts } = JSON.parse(fs.readFileSync(0));
const tokenizer = new Tokenizer(learned);
console.log(JSON.stringify(texts.map((text) => tokenizer.encode(text))));
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--train", type=int, default=0, metavar="STEPS")
    args = parser.parse_args()
    texts = {
        **{kind: text.encode() for kind, text in sample_texts.by_script().items()},
        **sample_texts.by_kind(),
        **{path.name: path.read_bytes() for path in args.files},
    }
    counts = dict.fromkeys(("run", "sentence", "WRONG"), 0)
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, content) in enumerate(texts.items()):
            home = Path(folder, str(number))
            home.mkdir()
            (home / "text.txt").write_bytes(content)
            what, about = outcome(home, args.train)
            counts[what] += 1
            print(f"{kind:28.28} {what:9} {about}", flush=True)
    print(", ".join(f"{what}: {n}" for what, n in counts.items()), f"of {len(texts)} texts")
    raise SystemExit(counts["WRONG"] > 0)


def outcome(home, steps):
    """What becomes of a text file, and what to say about it."""
    try:
        text = TextFile(home / "text.txt")
        s = train.Settings(
            **train.PRESETS["smoke"]
            | dict(
                steps=max(1, steps),
                device="cpu",
                precision="float32",
                out=str(home / "run"),
                dataset=str(home / "text.txt"),
            )
        )
        run = RunFolder(home / "cut").create()
        write_tokens(text, train.Tokenizer, s, run)
        tokenizer = train.Tokenizer(**read_json(run.path / "tokenizer.json"))
        wrong = differences(text, tokenizer, run.path)
        if steps:
            with contextlib.redirect_stdout(io.StringIO()):
                train.train(s)
    except BadInput as error:
        return "sentence", str(error).replace(str(home) + "/", "")[:150]
    except Exception as error:  # whatever it is: that is what is looked for
        return "WRONG", f"{type(error).__name__}: {error}"[:150]
    facts = read_json(run.path / "corpus.json")
    length = facts["train_characters"] / facts["train_tokens"]
    about = f"{length:4.1f} characters a token, {len(set(text.PROMPTS))} prompts"
    return ("WRONG", wrong) if wrong else ("run", about)


def differences(text, tokenizer, home):
    """What of a text does not come back from its tokens, or is other ids in the page; or ""."""
    documents = [*text.corpus.train, *text.corpus.validation]
    ids = [tokenizer.encode(some) for some in (*documents, *text.PROMPTS)]
    if [tokenizer.decode(some) for some in ids] != [*documents, *text.PROMPTS]:
        return "the tokens do not give the text back"
    if len(text.PROMPTS) != 5:
        return "there are not five prompts"
    if not shutil.which("node"):
        return ""
    shutil.copy(TOKENIZER, home / "tokenizer.mjs")
    (home / "page.mjs").write_text(PAGE, "utf-8")
    learned = dict(vocab=tokenizer.vocab, merges=tokenizer.merges)
    given = json.dumps(dict(learned=learned, texts=[*documents, *text.PROMPTS]))
    done = subprocess.run(
        ["node", home / "page.mjs", home / "tokenizer.mjs"],
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return "" if json.loads(done.stdout) == ids else "the page makes other ids"


if __name__ == "__main__":
    main()
