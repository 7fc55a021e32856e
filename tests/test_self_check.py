"""What happens on a card that computes something else than a CPU."""

import contextlib
import math
from types import SimpleNamespace

import train
from helpers import batch_of, documents
from terrarium import self_check
from terrarium.errors import BadInput
from terrarium.self_check import compare_with_cpu, compute, difference, distance
from train import GPT, Settings, fused_attention

import pytest
import torch
import torch.nn.functional as F

CPU = torch.device("cpu")
SMALL = dict(n_layer=2, n_head=2, n_embd=32, n_ff=64, n_ctx=16, batch_size=12)


@contextlib.contextmanager
def patched(module, name, function):
    honest = getattr(module, name)
    setattr(module, name, lambda *args, **named: function(honest, *args, **named))
    try:
        yield
    finally:
        setattr(module, name, honest)


def no_mask(honest, q, k, v, is_causal):
    return honest(q, k, v)


def masks_in_fours(honest, q, k, v, is_causal):
    """As PyTorch did on MPS: the mask of each group of four tokens is that of its last one."""
    last = torch.arange(q.shape[-2]) // 4 * 4 + 3
    sees = torch.arange(k.shape[-2])[None] <= last[:, None]
    return honest(q, k, v, attn_mask=sees)


MISTAKES = {
    "sees a few later tokens": lambda: patched(F, "scaled_dot_product_attention", masks_in_fours),
    "sees later tokens": lambda: patched(F, "scaled_dot_product_attention", no_mask),
    "a wrong activation": lambda: patched(F, "gelu", lambda honest, x: honest(x) * 2),
    "a wrong sum": lambda: patched(F, "layer_norm", lambda honest, *rest: honest(*rest) + 0.5),
    "not a number": lambda: patched(F, "gelu", lambda honest, x: honest(x) * float("nan")),
}
HONEST = {
    "float32": contextlib.nullcontext,
    "bfloat16": lambda: torch.autocast("cpu", torch.bfloat16),
}


def card(autocast, precision="float32"):
    """A device that makes the mistake of a context."""
    return SimpleNamespace(device=CPU, precision=precision, autocast=autocast)


def model_and_batch(seed=0, **different):
    s = Settings(**{**SMALL, **different})
    torch.manual_seed(seed)
    return GPT(s, 41), batch_of(documents([40] * 20), 0, s, 0)


@pytest.mark.parametrize("precision", HONEST)
@pytest.mark.parametrize("seed", range(5))
def test_what_the_number_format_explains_is_no_mistake(precision, seed):
    model, batch = model_and_batch(seed)
    assert difference(model, batch, fused_attention, card(HONEST[precision], precision)) == ""


@pytest.mark.parametrize("precision", HONEST)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_in_either_number_format(precision, mistake):
    model, batch = model_and_batch()

    @contextlib.contextmanager
    def wrong():
        with HONEST[precision](), MISTAKES[mistake]():
            yield

    assert difference(model, batch, fused_attention, card(wrong, precision))


def test_bfloat16_would_be_too_far_off_for_float32():
    model, batch = model_and_batch()
    assert difference(model, batch, fused_attention, card(HONEST["bfloat16"], "float32"))


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0])
def test_a_card_is_not_blamed_for_settings_that_lead_to_no_gradient_anywhere(value):
    model, batch = model_and_batch()
    model.norm.weight.data.fill_(value)
    model.unembed.weight.data.zero_()
    model.norm.bias.data.zero_()
    assert difference(model, batch, fused_attention, card(contextlib.nullcontext)) == ""


def test_both_losses_and_both_norms_are_said():
    model, batch = model_and_batch()
    said = difference(model, batch, fused_attention, card(MISTAKES["a wrong activation"]))
    here = compute(model, batch, fused_attention, CPU, contextlib.nullcontext)
    with MISTAKES["a wrong activation"]():
        there = compute(model, batch, fused_attention, CPU, contextlib.nullcontext)
    for one in (here, there):
        assert f"{one.loss:.5f}" in said
        assert f"{one.gradient.norm():.5f}" in said
    assert here.loss != there.loss


def test_loss_and_gradient_are_those_of_pytorch_without_dropout():
    model, batch = model_and_batch(dropout=0.5)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = compute(model, batch, fused_attention, CPU, contextlib.nullcontext)
    assert model.training and all(p.grad is None for p in model.parameters())
    model.eval()
    logits, _ = model(batch[0][:8], train.attention)
    loss = F.cross_entropy(logits.transpose(1, 2), batch[1][:8])
    loss.backward()
    right = torch.cat([p.grad.flatten() for p in model.parameters()])
    assert found.loss == pytest.approx(loss.item(), rel=1e-6)
    torch.testing.assert_close(found.gradient, right, atol=1e-6, rtol=1e-4)
    assert distance(found, found) == 0
    assert all(torch.equal(before[name], p) for name, p in model.state_dict().items())


def compared(monkeypatch, why, s, world=1, elsewhere=False):
    """What is done about a difference: the settings of a move to the CPU, None if there is none."""
    moved = []
    devices = SimpleNamespace(
        device=SimpleNamespace(type="mps"),
        world=world,
        all_reduce_mean=lambda loss, stop: (loss.item(), stop or elsewhere),
        use_cpu=lambda s, why: moved.append((s, why)),
    )
    monkeypatch.setattr(self_check, "difference", lambda *_: why)
    compare_with_cpu(None, None, None, s, devices)
    return moved


def test_the_training_goes_on_on_the_cpu_and_says_why(monkeypatch, capsys):
    s = Settings()
    [(moved, _)] = compared(monkeypatch, "it computes nonsense", s)
    assert moved is s
    assert "it computes nonsense" in capsys.readouterr().out


def test_somebody_who_insists_is_warned_and_stays_on_the_device(monkeypatch, capsys):
    assert compared(monkeypatch, "it computes nonsense", Settings(device="mps")) == []
    assert "it computes nonsense" in capsys.readouterr().out


@pytest.mark.parametrize("device", ["auto", "mps"])
def test_nothing_is_said_about_a_device_that_is_right(monkeypatch, capsys, device):
    assert compared(monkeypatch, "", Settings(device=device)) == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("why, elsewhere", [("it computes nonsense", False), ("", True)])
def test_of_several_processes_all_end_if_the_card_of_one_is_wrong(monkeypatch, why, elsewhere):
    with pytest.raises(BadInput, match="--device cpu"):
        compared(monkeypatch, why, Settings(), world=2, elsewhere=elsewhere)


def test_several_processes_go_on_if_all_cards_are_right(monkeypatch):
    assert compared(monkeypatch, "", Settings(), world=2) == []


def test_a_cpu_is_not_compared_with_itself(monkeypatch):
    monkeypatch.setattr(self_check, "difference", None)  # would raise if it were called
    compare_with_cpu(None, None, None, Settings(), SimpleNamespace(device=CPU))
