"""Go on from a trained model: teach it another text, all of it or only a part.

    python train.py --from runs/stories --dataset my_text.txt               all its weights change
    python train.py --from runs/stories --dataset my_text.txt --freeze 2    not those of two blocks
    python train.py --from runs/stories --dataset my_text.txt --lora 4      only a few are added

The run that it goes on from is its parent. The child begins with the weights of its parent instead
of random numbers, and reads with the same tokenizer. Much of what it needs it may know already:
what a word is, how a sentence ends. And it forgets, because weights that held the old text are now
used for the new one. So the loss on the text of its parent is measured, too, and two of the five
prompts are those of the parent. Frozen blocks make it forget less. Adapters take least memory, so
large models are taught with them; in a small one they learn least. docs/decisions.md has figures.
"""

import terrarium.devices  # noqa: F401  it comes before PyTorch: it says how its threads wait

import torch
import torch.nn as nn
from torch.nn.utils import parametrize

PARENT = "parent.pt"  # in the folder of a run: the weights that it began with


def begin(model, run, s):
    """A fresh model as the training of a run begins with it: with the weights of its parent, if it
    has one, and only what may change is learned. Raises BadInput for weights that do not fit."""
    if s.parent:
        with run.intact(PARENT):
            model.load_state_dict(run.read_tensors(PARENT))
    return choose_what_learns(model, s)


def choose_what_learns(model, s):
    """Keep the first blocks as they are (--freeze), or all of the model but adapters (--lora)."""
    freeze(model, s.freeze)
    if s.lora:
        add_adapters(model, s.freeze, s.lora)
    return model


def freeze(model, n_blocks):
    """Keep the first blocks as they are, and the embeddings that they read."""
    if n_blocks == 0:
        return
    for part in (model.token_embedding, model.position_embedding, *model.blocks[:n_blocks]):
        part.requires_grad_(False)


class LowRank(nn.Module):
    """A low-rank adapter (LoRA, arXiv 2106.09685): what is added to a matrix (rows, columns) is the
    product of a tall one (rows, rank) and a flat one (rank, columns). Beside the 128 x 128 numbers
    of a query, those of rank 4 have 2 x 4 x 128, a sixteenth."""

    def __init__(self, rows, columns, rank):
        super().__init__()
        self.flat = nn.Parameter(torch.randn(rank, columns) / columns**0.5)
        self.tall = nn.Parameter(torch.zeros(rows, rank))  # so the product adds nothing at first

    def forward(self, matrix):
        return matrix + self.tall @ self.flat


def add_adapters(model, n_frozen, rank):
    """Let nothing change but adapters, one beside each matrix in the blocks that are not frozen."""
    model.requires_grad_(False)
    for block in model.blocks[n_frozen:]:
        for layer in [layer for layer in block.modules() if isinstance(layer, nn.Linear)]:
            # From now on, whoever reads layer.weight gets the sum.
            parametrize.register_parametrization(
                layer, "weight", LowRank(*layer.weight.shape, rank)
            )


def merged_weights(model):
    """{name: tensor} of a model without adapters that computes the same: what they learned is added
    to the matrices beside them."""
    weights = {}
    for path, part in model.named_modules():
        if path.endswith(".parametrizations") or ".parametrizations." in path:
            continue  # the adapters themselves
        names = [name for name, _ in part.named_parameters(recurse=False)]
        if parametrize.is_parametrized(part, "weight"):
            names.append("weight")
        for name in names:
            weights[f"{path}.{name}".lstrip(".")] = getattr(part, name).detach()
    return weights


def count_parameters(model):
    """How many numbers a model has, with its adapters, and how many of them may change."""
    sizes = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return sum(n for n, _ in sizes), sum(n for n, learns in sizes if learns)
