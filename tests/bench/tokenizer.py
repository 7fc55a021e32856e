"""How long a 4,096-token vocabulary takes to learn on TinyStories, and how fast it encodes.

python tests/bench/tokenizer.py        bars: 60 s for 11 MB, then 5 MB a second on one core
"""

from pathlib import Path

import common
import train
from data import open_text
from terrarium.devices import seconds_for
from terrarium.tokens import count_pieces, encode_documents


def main():
    path = Path(common.repository) / "data" / "downloads" / "tinystories.txt"
    documents = list(open_text(path).train)
    size = sum(len(document.encode()) for document in documents) / 1e6
    made = []

    def learn():
        counts = count_pieces(train.Tokenizer, documents)
        made.append(train.Tokenizer.train(counts, True, 4096))

    seconds = seconds_for(learn)
    print(f"learned {len(made[0].vocab):,} tokens from {size:.1f} MB in {seconds:.1f} s")
    seconds = seconds_for(lambda: encode_documents(made[0], made[0].start, documents))
    print(f"encoded them at {size / seconds:.1f} MB a second on one core")


if __name__ == "__main__":
    main()
