"""Weights in fewer bits."""

import dataclasses

import train

import numpy as np
import torch


def quantize(model, weight_type):
    """(bytes, a description of each tensor in them, the model that a reader of them gets).

    int8: a matrix has a byte for each weight and a scale for each row, the largest weight of which
    becomes 127; float16: two bytes for each. The few numbers of the norms keep their four bytes."""
    content, described, read = bytearray(), [], {}

    def put(array):
        content.extend(b"\0" * (-len(content) % 4))  # where JavaScript can begin to read
        content.extend(array.tobytes())
        return len(content) - array.nbytes

    for name, p in model.state_dict().items():
        w = p.float().cpu().numpy().astype("<f4")
        one = dict(name=name, shape=list(w.shape), type="float32" if w.ndim == 1 else weight_type)
        if w.ndim == 1:
            one["offset"], back = put(w), w
        elif weight_type == "float16":
            one["offset"], back = put(w.astype("<f2")), w.astype("<f2").astype("<f4")
        else:
            scales = (np.abs(w).max(1, keepdims=True) / 127).clip(1e-12).astype("<f4")
            rounded = np.round(w / scales).astype("i1")
            one["offset"], one["scales"], back = put(rounded), put(scales), rounded * scales
        described.append(one)
        read[name] = torch.from_numpy(np.ascontiguousarray(back))
    dequantized = train.GPT(plain_settings(model), len(read["unembed.weight"])).eval()
    dequantized.load_state_dict(read)
    return bytes(content), described, dequantized


def plain_settings(model):
    """What a model has to be made with again, read from its tensors."""
    up = model.blocks[0].up.weight
    return dataclasses.replace(
        train.Settings(),
        n_layer=len(model.blocks),
        n_embd=up.shape[1],
        n_ff=up.shape[0],
        n_head=model.blocks[0].n_head,
        n_ctx=len(model.position_embedding.weight),
    )
