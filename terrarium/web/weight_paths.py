"""weight_paths.json: how a few single weights changed, from the first snapshot to the last."""

import torch

MATRICES = ("query", "key", "value", "output", "up", "down")  # of a layer
TABLES = ("token_embedding", "position_embedding", "unembed")


def weight_paths(run):
    """Three weights of each table and of each matrix of the first, the middle and the last layer:
    the one that went the longest way, back and forth, from snapshot to snapshot, the one with the
    median way, and the one with the shortest."""
    names = followed(run.s.n_layer)
    ways = total_ways(run, names)
    weights = [one for name in names for one in chosen(name, ways[name])]
    for step in run.steps:
        tensors = run.at(step).state_dict()
        for one in weights:
            number = tensors[one["name"]][one["row"], one["column"]].item()
            one["values"].append(float(f"{number:.5g}"))
    return dict(saved_steps=run.steps, weights=weights)


def followed(n_layer):
    """The names of the tensors that are looked at: as many for a deep model as for three layers."""
    layers = sorted({0, n_layer // 2, n_layer - 1})
    matrices = [f"blocks.{layer}.{name}.weight" for layer in layers for name in MATRICES]
    return [*(f"{name}.weight" for name in TABLES), *matrices]


def total_ways(run, names):
    """{name: how far each of its weights went in all}; two snapshots are in memory at a time."""
    before = run.at(run.steps[0]).state_dict()
    ways = {name: torch.zeros_like(before[name]) for name in names}
    for step in run.steps[1:]:
        after = run.at(step).state_dict()
        for name in names:
            ways[name] += (after[name] - before[name]).abs()
        before = after
    return ways


def chosen(name, ways):
    """Its weights with the longest, the median and the shortest way; of equal ones, the first."""
    order = ways.flatten().argsort(descending=True, stable=True)
    places = dict(longest=order[0], median=order[len(order) // 2])
    places["shortest"] = ways.flatten().argmin()
    return [
        dict(
            name=name,
            way=way,
            row=int(i) // ways.shape[1],
            column=int(i) % ways.shape[1],
            values=[],
        )
        for way, i in places.items()
    ]
