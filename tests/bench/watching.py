"""What watching costs: its share of the training time of the default preset.

    python tests/bench/watching.py [runs/stories]        bar: 5 %

Reads the log of a run that is there, since both times were measured side by side in it.
"""

import sys
from pathlib import Path

import common  # noqa: F401  (puts the repository on sys.path)
from terrarium.files import read_json


def main(folder):
    metrics = read_json(folder / "metrics.json")
    training = metrics["seconds"] - metrics["sampling_seconds"]
    print(
        f"{folder}: {training:.1f} s of training, "
        f"{metrics['sampling_seconds']:.1f} s of samples: "
        f"{metrics['sampling_seconds'] / training:.1%}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/stories"))
