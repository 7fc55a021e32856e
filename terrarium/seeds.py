"""Several trainings that differ only in their seed: how much of a result is chance?"""

import copy
from itertools import count
from pathlib import Path
from typing import NamedTuple

from terrarium.devices import print0, process_numbers
from terrarium.errors import BadInput
from terrarium.runs import check_free, take_up
from terrarium.settings import run_name

import numpy as np


def train_each(train, s, presets):
    """train(s) once, or as often as --seeds says: with the seeds s.seed, s.seed + 1 and so on.

    Each run has a folder of its own. At the end, mean and band of their results are printed, and
    the band is written into metrics.json of each."""
    if s.seeds == 1:
        return train(s)
    if process_numbers()[2] > 1:
        raise BadInput("--seeds trains one run after the other, without torchrun: leave one out.")
    numbers = range(s.seed, s.seed + s.seeds)
    name = str(Path(s.out)) if s.out else f"runs/{run_name(s, presets)}"
    folders = free_folders(name, numbers, bool(s.out))
    for folder in folders:
        check_free(folder)
    finished = {}
    try:
        for number, folder in zip(numbers, folders):
            s = copy.copy(s)  # with the steps that --minutes led to
            s.seed, s.out = number, folder
            train(s)
            s.minutes = 0
            if not Path(folder, "metrics.json").is_file():  # stopped by Ctrl-C
                break
            finished[number] = folder
    finally:  # whatever happened to the last one
        if len(finished) > 1:
            report(finished)


def free_folders(name, numbers, is_typed):
    """A folder for each seed. If one of them is taken, all get another number: a series stays
    together. A name that somebody typed stays as it is, and is refused if it is taken."""
    for number in count(1):
        base = f"{name}-{number}" if number > 1 else name
        folders = [f"{base}-seed-{seed}" for seed in numbers]
        if is_typed or not any(Path(folder).exists() for folder in folders):
            return folders


def report(finished):
    """Print what the runs {seed: folder} ended at, and write their band into each of them that has
    none of its preset."""
    runs = {seed: take_up(folder) for seed, folder in finished.items()}
    results = {seed: run.read_json("metrics.json") for seed, run in runs.items()}
    losses = [metrics["validation_loss"] for metrics in results.values()]
    band = dict(low=min(losses), high=max(losses), runs=len(losses), of="seeds")
    for seed, run in runs.items():
        run.write_json("metrics.json", dict(band=band) | results[seed])
        run.release()
    columns = [column for column in COLUMNS if column.has(next(iter(results.values())))]
    print0("\nThe same training, but for the seed:")
    print0("\n".join(table(results, columns)))


class Column(NamedTuple):
    """A result in a table: its name, where it is in metrics.json, and how it is written."""

    title: str
    path: tuple
    form: str

    def value(self, metrics):
        for key in self.path:
            metrics = metrics[key]
        return metrics

    def has(self, metrics):
        return self.path[0] in metrics


COLUMNS = (
    Column("validation loss", ("validation_loss",), ".4f"),
    Column("bits per character", ("bits_per_character",), ".4f"),
    Column("on the old text", ("parent_validation_loss",), ".4f"),
    Column("above the entropy", ("gap",), ".4f"),
    Column("keep all rules", ("rule_accuracy", "all"), ".1%"),
)


def table(results, columns):
    """Lines: a row for each seed, then their mean, the lowest and the highest."""
    values = {column: [column.value(metrics) for metrics in results.values()] for column in columns}
    yield " " * 16 + "".join(f"{column.title:>20}" for column in columns)
    for i, seed in enumerate(results):
        yield f"{f'seed {seed}':<16}" + "".join(f"{values[c][i]:>20{c.form}}" for c in columns)
    for name, of in (("mean", np.mean), ("lowest", min), ("highest", max)):
        yield f"{name:<16}" + "".join(f"{of(values[c]):>20{c.form}}" for c in columns)
