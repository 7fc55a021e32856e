"""Weights in 8 and 16 bits: how far they are off."""

import train
from helpers import (
    tensors_in,
    tiny,
)
from terrarium.web.quantize import plain_settings, quantize

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("kind", ["int8", "float16"])
@settings(max_examples=60)
@given(
    weights=st.lists(
        st.one_of(
            st.just(0.0), st.floats(-6e4, 6e4, width=32), st.floats(-(2**-9), 2**-9, width=32)
        ),
        min_size=30,
        max_size=30,
    )
)
@example(weights=[0.0] * 30)
@example(weights=[1e-9, -1e-9] * 15)
def test_each_weight_is_off_by_half_a_scale_at_most(kind, weights):
    model = train.GPT(train.Settings(n_layer=1, n_head=1, n_embd=2, n_ff=3, n_ctx=2), 5)
    numbers = np.array(weights, np.float32)
    model.load_state_dict(
        {
            name: torch.tensor(np.resize(numbers[i:], p.shape))
            for i, (name, p) in enumerate(model.state_dict().items())
        }
    )
    content, described, dequantized = quantize(model, kind)
    found = tensors_in(content, described)
    assert list(found) == list(model.state_dict())
    for one in described:
        name, there, back = one["name"], model.state_dict()[one["name"]].numpy(), found[one["name"]]
        np.testing.assert_array_equal(dequantized.state_dict()[name], back)
        assert one["offset"] % 4 == one.get("scales", 0) % 4 == 0  # where JavaScript can begin
        error = np.abs(back.astype(np.float64) - there)
        if there.ndim == 1:
            assert one["type"] == "float32" and not error.any()
        elif kind == "int8":
            largest = np.abs(there).max(1, keepdims=True).astype(np.float64)
            assert (error <= np.maximum(largest / 127, 1e-12) * 0.50001).all()
        else:  # half of the last of 11 bits; below the smallest normal number, of the last bit
            assert (error <= np.maximum(np.abs(there) * 2.0**-11, 2.0**-25)).all()


def test_the_largest_weight_of_a_row_becomes_127():
    model = tiny(n_layer=1)
    with torch.no_grad():
        model.unembed.weight[3] = torch.tensor([0, 2, -1, 0.5, 2**-9, -2, 0, 0])
    content, described, dequantized = quantize(model, "int8")
    (one,) = [one for one in described if one["name"] == "unembed.weight"]
    rows = np.frombuffer(content, "<i1", 11 * 8, one["offset"]).reshape(11, 8)
    assert rows[3].tolist() == [0, 127, -64, 32, 0, -127, 0, 0]
    scale = np.frombuffer(content, "<f4", 11, one["scales"])[3]
    assert scale == np.float32(2 / 127)
    assert dequantized.unembed.weight[3, 2].item() == pytest.approx(-64 * 2 / 127)


def test_a_model_of_any_shape_is_made_again_from_its_tensors():
    shape = dict(n_layer=3, n_head=4, n_embd=8, n_ff=5, n_ctx=7)
    settings = plain_settings(tiny(**shape))
    assert {name: getattr(settings, name) for name in shape} == shape
