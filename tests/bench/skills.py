"""What a run on the stories learned first: the share of samples that keep each rule, by step.

python tests/bench/skills.py [runs/stories] [first step]
                                       bar: 90 % of 200 keep all rules at the end
"""

import json
import sys
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
import data
import train
from terrarium.files import read_json
from terrarium.rules import eval_prompts, rule_accuracy
from terrarium.text import END

SAMPLES, AT_THE_END = 40, 200


def main(folder, first=0):
    s = train.Settings(**read_json(folder / "settings.json"))
    tokenizer = train.Tokenizer(**read_json(folder / "tokenizer.json"))
    model, corpus = train.GPT(s, len(tokenizer.vocab)), data.find(s.dataset)
    losses = {
        line["step"]: line.get("validation_loss")
        for line in map(json.loads, open(folder / "log.jsonl", encoding="utf-8"))
    }
    paths = sorted((folder / "snapshots").glob("*.pt"))
    for path in (path for path in paths if int(path.stem) >= first):
        model.load_state_dict(train.torch.load(path, weights_only=True))
        prompts, n_tokens, _ = eval_prompts(corpus, tokenizer, s)
        if not any(prompts):  # texts that begin from nothing: as many as are wanted
            prompts = [""] * (AT_THE_END if int(path.stem) == s.steps else SAMPLES)
        rows, _ = train.generate(model, tokenizer, prompts, s, n_tokens, seed=0)
        texts = [tokenizer.decode(row).replace(END, "") for row in rows]
        shares, _ = rule_accuracy(corpus.check, prompts, texts)
        print(
            f"step {int(path.stem):>6}  loss {losses[int(path.stem)]:.3f}  "
            + "  ".join(f"{rule} {share:4.0%}" for rule, share in shares.items()),
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/stories"), *map(int, sys.argv[2:]))
