"""Training in the page: gradients, losses and updates are those of PyTorch, on each kernel."""

import base64
import math
from collections import Counter

import finetune
import train
from helpers import ROOT
from terrarium.web.quantize import quantize

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

KERNELS = ("fused", "plain", "javascript")

# What every program in the page begins with: a kernel, and a training with given weights.
PAGE = """
const [{ compileTraining, javascriptTraining, matrix }, programs, { unpack }, { Tape, Tensor }, { Training },
  { drawBatch }, weights] = await Promise.all(
  ["train-kernel", "train-kernel-program", "packed", "train", "training", "batches", "weights"].map(
    (name) => import(`/engine/${name}.js`)));
const createKernel = given.kernel === "javascript"
  ? javascriptTraining : await compileTraining(await unpack(programs[given.kernel]));
const list = (kernel, { address, rows, columns }) => Array.from(kernel.floats(address, rows * columns));
function makeTraining() {
  const training = new Training({ settings: given.settings, createKernel });
  training.initialize(1);
  const tensors = given.weights.map(({ name, shape, values }) => [name, { shape, values }]);
  training.load(new Map(tensors));
  return training;
}
const batchOf = ({ ids, targets, T, n }) =>
  ({ ids: Int32Array.from(ids), targets: Int32Array.from(targets), T, n });
"""


def in_page(body):
    return f"async (given) => {{ {PAGE} {body} }}"


# Operations -------------------------------------------------------------------------------------

OPERATION = in_page("""
  const kernel = createKernel(4e6);
  const inputs = given.inputs.map(({ rows, columns, values }) => {
    const [value, gradient] = [0, 0].map(() => matrix(kernel.reserve(rows * columns), rows, columns));
    kernel.floats(value.address, values.length).set(values);
    kernel.floats(gradient.address, values.length).fill(7);  // is overwritten, not added to
    return new Tensor(value, gradient);
  });
  const tape = new Tape(kernel);
  const before = kernel.free;
  const [a, b, c] = inputs;
  const { T, H, ids, isCausal, isScaled } = given;
  const operations = {
    linear: () => tape.linear(a, b),
    product: () => tape.product(a, b),
    add: () => tape.add(a, b),
    embed: () => tape.embed(ids, a, b, T),
    tokens: () => tape.embed(ids, a, null, T),
    norm: () => tape.norm(a, b, c),
    gelu: () => tape.gelu(a),
    tanh: () => tape.tanh(a),
    attention: () => tape.attention(a, b, c, { T, H, isCausal, isScaled }),
    twice: () => tape.add(tape.linear(a, b), tape.add(tape.linear(a, c), tape.gelu(tape.linear(a, b)))),
  };
  const y = operations[given.name]();
  const found = list(kernel, y.value);
  kernel.floats(y.gradient.address, y.size).set(given.gradient);
  tape.backward();
  const gradients = inputs.map((one) => list(kernel, one.gradient));
  tape.rewind();
  return { y: found, gradients, isFree: kernel.free === before };
""")


def check_operation(engine, kernel, name, expected, *inputs, **more):
    """The output and all gradients of an operation of the page are those of a function of PyTorch."""
    torch.manual_seed(0)
    inputs = [x.double().requires_grad_() for x in inputs]  # PyTorch rounds, too
    y = expected(*inputs)
    gradient = torch.randn_like(y)
    y.backward(gradient)
    sent = [
        dict(rows=math.prod(x.shape[:-1]), columns=x.shape[-1], values=x.flatten().tolist())
        for x in inputs
    ]
    found = engine(
        OPERATION,
        dict(kernel=kernel, name=name, inputs=sent, gradient=gradient.flatten().tolist(), **more),
    )
    np.testing.assert_allclose(found["y"], y.detach().flatten(), atol=2e-5, rtol=1e-5)
    for ours, x in zip(found["gradients"], inputs):
        np.testing.assert_allclose(ours, x.grad.flatten(), atol=5e-5, rtol=1e-4)
    assert found["isFree"], "or memory grows with every step"


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


SIZES = st.integers(1, 37)
each_kernel = pytest.mark.parametrize("kernel", KERNELS)


@each_kernel
@settings(max_examples=12)
@given(rows=SIZES, n_in=st.one_of(SIZES, st.just(300)), n_out=st.one_of(SIZES, st.just(140)))
def test_the_gradients_of_a_linear_layer_are_those_of_pytorch(engine, kernel, rows, n_in, n_out):
    x, w = randn(rows, n_in), randn(n_out, n_in, seed=1) / n_in**0.5
    check_operation(engine, kernel, "linear", F.linear, x, w)


@each_kernel
@settings(max_examples=8)
@given(rows=SIZES, rank=SIZES, columns=SIZES)
def test_the_gradients_of_a_product_are_those_of_pytorch(engine, kernel, rows, rank, columns):
    a, b = randn(rows, rank), randn(rank, columns, seed=1)
    check_operation(engine, kernel, "product", torch.matmul, a, b)


@each_kernel
@settings(max_examples=5)
@given(rows=SIZES, columns=SIZES)
def test_the_gradients_of_a_sum_are_those_of_pytorch(engine, kernel, rows, columns):
    a, b = randn(rows, columns), randn(rows, columns, seed=1)
    check_operation(engine, kernel, "add", torch.add, a, b)


@each_kernel
@settings(max_examples=5)
@given(rows=SIZES, n=SIZES)
def test_what_is_used_several_times_gets_all_of_its_gradients(engine, kernel, rows, n):
    a, b, c = randn(rows, n), randn(n, n, seed=1) / n**0.5, randn(n, n, seed=2) / n**0.5

    def expected(a, b, c):
        return F.linear(a, b) + F.linear(a, c) + F.gelu(F.linear(a, b))

    check_operation(engine, kernel, "twice", expected, a, b, c)


@each_kernel
@settings(max_examples=8)
@given(st.data())
def test_the_gradients_of_embeddings_are_those_of_pytorch(engine, kernel, data):
    B, T, C = (data.draw(st.integers(1, n)) for n in (4, 9, 13))
    V = data.draw(st.integers(1, 11))
    ids = data.draw(st.lists(st.integers(0, V - 1), min_size=B * T, max_size=B * T))
    tokens, positions = randn(V, C), randn(T + 2, C, seed=1)

    def expected(tokens, positions):
        return (tokens[torch.tensor(ids).view(B, T)] + positions[:T]).flatten(0, 1)

    check_operation(engine, kernel, "embed", expected, tokens, positions, ids=ids, T=T)
    only_tokens = lambda tokens: tokens[torch.tensor(ids)]  # noqa: E731
    check_operation(engine, kernel, "tokens", only_tokens, tokens.detach(), ids=ids, T=T)


@each_kernel
@settings(max_examples=8)
@given(rows=SIZES, n=st.integers(2, 70), size=st.sampled_from([0.1, 1, 30]))
def test_the_gradients_of_a_norm_are_those_of_pytorch(engine, kernel, rows, n, size):
    x, weight, bias = randn(rows, n) * size, randn(1, n, seed=1), randn(1, n, seed=2)

    def expected(x, weight, bias):
        return F.layer_norm(x, (n,), weight[0], bias[0])

    check_operation(engine, kernel, "norm", expected, x, weight, bias)


@each_kernel
@settings(max_examples=5)
@given(rows=SIZES, n=SIZES, size=st.sampled_from([0.1, 1, 5, 40]))
def test_the_gradients_of_an_activation_are_those_of_pytorch(engine, kernel, rows, n, size):
    check_operation(engine, kernel, "gelu", F.gelu, randn(rows, n) * size)
    check_operation(engine, kernel, "tanh", torch.tanh, randn(rows, n) * size)


def plain_attention(q, k, v, B, T, H, is_causal, is_scaled):
    """Of (B T, C), head by head, in the words of the formula."""
    q, k, v = (x.view(B, T, H, -1).transpose(1, 2) for x in (q, k, v))
    scores = q @ k.mT / (q.shape[-1] ** 0.5 if is_scaled else 1)
    if is_causal:
        scores = scores + torch.full((T, T), -math.inf, dtype=scores.dtype).triu(1)
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2).flatten(0, 1)


@each_kernel
@settings(max_examples=12)
@given(
    B=st.integers(1, 3),
    T=st.one_of(st.integers(1, 19), st.just(70)),
    H=st.integers(1, 3),
    D=st.integers(1, 18),
    is_causal=st.booleans(),
    is_scaled=st.booleans(),
)
def test_the_gradients_of_attention_are_those_of_pytorch(
    engine, kernel, B, T, H, D, is_causal, is_scaled
):
    q, k, v = (randn(B * T, H * D, seed=seed) / D**0.25 for seed in range(3))

    def expected(q, k, v):
        return plain_attention(q, k, v, B, T, H, is_causal, is_scaled)

    how = dict(T=T, H=H, isCausal=is_causal, isScaled=is_scaled)
    check_operation(engine, kernel, "attention", expected, q, k, v, **how)


LOSS = in_page("""
  const kernel = createKernel(4e6);
  const [value, gradient] = [0, 0].map(() => matrix(kernel.reserve(given.logits.length), given.rows, given.V));
  kernel.floats(value.address, given.logits.length).set(given.logits);
  const logits = new Tensor(value, gradient);
  const loss = new Tape(kernel).crossEntropy(logits, given.targets, given.n);
  return { loss, gradient: list(kernel, logits.gradient) };
""")


@each_kernel
@settings(max_examples=10)
@given(data=st.data(), V=st.integers(2, 70), size=st.sampled_from([0.1, 1, 10, 60]))
def test_the_loss_and_its_gradients_are_those_of_pytorch(engine, kernel, data, V, size):
    rows = data.draw(SIZES)
    targets = data.draw(st.lists(st.integers(-1, V - 1), min_size=rows, max_size=rows))
    n = sum(target >= 0 for target in targets)
    assume(n > 0)
    logits = (randn(rows, V) * size).requires_grad_()
    loss = F.cross_entropy(logits, torch.tensor(targets), ignore_index=-1, reduction="sum") / n
    loss.backward()
    sent = dict(logits=logits.flatten().tolist(), targets=targets, rows=rows, V=V, n=n)
    found = engine(LOSS, dict(kernel=kernel, **sent))
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-5, abs=1e-6)
    np.testing.assert_allclose(found["gradient"], logits.grad.flatten(), atol=1e-6)


# A run ------------------------------------------------------------------------------------------

VOCAB = 23
N_CTX = 32
LEARN = dict(n_layer=2, n_head=4, n_embd=32, n_ff=80, n_ctx=N_CTX, batch_size=4, steps=80, warmup=5)


def small_settings(**changes):
    return train.Settings(**LEARN | dict(precision="float32") | changes)


def random_model(s, vocab_size=VOCAB, seed=0):
    torch.manual_seed(seed)
    return train.GPT(s, vocab_size)


def batches(n, s, vocab_size=VOCAB):
    """Batches of a text with something to learn: each token is one or two more than the last."""
    torch.manual_seed(5)
    for _ in range(n):
        steps = torch.randint(1, 3, (s.batch_size, s.n_ctx + 1))
        rows = steps.cumsum(1) % vocab_size
        ids, targets = rows[:, :-1], rows[:, 1:].clone()
        length = int(torch.randint(s.n_ctx // 2, s.n_ctx, (1,)))
        targets[0, length:] = -100  # a row that is filled up
        yield ids, targets, int((targets >= 0).sum())


def sent_batches(found):
    return [
        dict(
            ids=ids.flatten().tolist(),
            targets=targets.clamp(min=-1).flatten().tolist(),
            T=ids.shape[1],
            n=n,
        )
        for ids, targets, n in found
    ]


def sent_weights(weights):
    return [
        dict(name=name, shape=list(x.shape), values=x.flatten().tolist())
        for name, x in weights.items()
    ]


def page_settings(s, optimizer="muon", **more):
    shape = {name: value for name, value in vars(s).items() if isinstance(value, int | float)}
    return shape | dict(vocab_size=VOCAB, optimizer=optimizer) | more


def adamw(model, s):
    """One AdamW for all: the matrices in the blocks, which decay, the embeddings and the rest."""
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    embeddings = [model.token_embedding.weight, model.position_embedding.weight]
    rest = [model.unembed.weight, *(p for p in model.parameters() if p.ndim == 1)]
    rates = [s.matrix_lr, s.embedding_lr, s.unembedding_lr]
    groups = [dict(params=some, lr=lr) for some, lr in zip((matrices, embeddings, rest), rates)]
    groups[0]["weight_decay"] = s.weight_decay
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0)
    for group in optimizer.param_groups:
        group["full_lr"] = group["lr"]
    return [optimizer]


class OneDevice:
    """What train.update asks of the devices: here, everything stays as it is."""

    def parts(self, *batch):
        return [batch]

    def autocast(self):
        return torch.autocast("cpu", enabled=False)


def losses_of_pytorch(model, optimizers, some, s, attention_fn=train.attention):
    results = [
        train.update(model, optimizers, batch, s, step, attention_fn, OneDevice())
        for step, batch in enumerate(some)
    ]
    return [loss.item() for loss, _ in results], [norm.item() for _, norm in results]


RUN = in_page("""
  const training = makeTraining();
  const free = training.kernel.free;
  const results = given.batches.map((batch) => training.update(batchOf(batch)));
  const evaluated = training.evaluate([batchOf(given.batches[0])]);
  const tensors = Object.fromEntries(
    Array.from(training.tensors(), ([name, { values }]) => [name, Array.from(values)]));
  return {
    losses: results.map(({ loss }) => loss), norms: results.map(({ gradientNorm }) => gradientNorm),
    evaluated, tensors, isFree: training.kernel.free === free, parameters: training.parameterCount,
  };
""")


def train_in_page(engine, kernel, s, weights, some, **more):
    sent = dict(settings=page_settings(s, **more), weights=sent_weights(weights), kernel=kernel)
    return engine(RUN, sent | dict(batches=sent_batches(some)))


def same_weights(found, model):
    for name, p in finetune.merged_weights(model).items():
        np.testing.assert_allclose(found[name], p.detach().flatten(), atol=1e-4, err_msg=name)


@each_kernel
@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_sixty_losses_of_a_run_are_those_of_pytorch(engine, kernel, optimizer):
    s = small_settings(matrix_lr=0.02 if optimizer == "muon" else 0.003)
    model = random_model(s)
    some = list(batches(60, s))
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    found = train_in_page(engine, kernel, s, weights, some, optimizer=optimizer)
    make = adamw if optimizer == "adamw" else train.make_optimizers
    losses, norms = losses_of_pytorch(model, make(model, s), some, s)
    assert losses[-1] < losses[0] / 2, "or nothing was learned, and nothing compared"
    np.testing.assert_allclose(found["losses"], losses, atol=1e-5)
    np.testing.assert_allclose(found["norms"], norms, rtol=1e-3)
    same_weights(found["tensors"], model)
    ids, targets, _ = some[0]
    with torch.inference_mode():
        loss = F.cross_entropy(model(ids)[0].flatten(0, 1), targets.flatten())
    assert found["evaluated"] == pytest.approx(loss.item(), abs=1e-5)
    assert found["isFree"], "or memory grows with every step"
    assert found["parameters"] == sum(p.numel() for p in model.parameters())


# Other ways to learn ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int8", "float16"])
def test_a_snapshot_of_an_export_learns_on_as_pytorch_goes_on_from_it(engine, kind):
    s = small_settings()
    content, tensors, twin = quantize(random_model(s), kind)
    some = list(batches(20, s))
    losses, _ = losses_of_pytorch(twin.train(), train.make_optimizers(twin, s), some, s)
    layout = dict(bytes=len(content), tensors=tensors, type=kind)
    sent = dict(settings=page_settings(s), weights=[], layout=layout, kernel="fused")
    found = engine(
        in_page("""
      const training = makeTraining();
      const bytes = Uint8Array.from(atob(given.file), (c) => c.charCodeAt(0)).buffer;
      training.load(weights.unpack(bytes, given.layout));
      return given.batches.map((batch) => training.update(batchOf(batch)).loss);
    """),
        sent | dict(file=base64.b64encode(content).decode(), batches=sent_batches(some)),
    )
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(found, losses, atol=1e-5)


def first_weights(engine, s, **more):
    """The random weights that a training in the page begins with, as tensors of PyTorch by name."""
    found = engine(
        in_page("""
      const training = makeTraining();
      return training.parameters.map(({ name, shape, address, n }) =>
        [name, shape, Array.from(training.kernel.floats(address, n))]);
    """),
        dict(settings=page_settings(s, **more), weights=[], kernel="fused"),
    )
    return {name: torch.tensor(values).view(shape) for name, shape, values in found}


@pytest.mark.parametrize("how", [dict(freeze=1), dict(lora=3), dict(freeze=1, lora=2)], ids=str)
def test_what_is_frozen_stays_and_adapters_learn_as_in_pytorch(engine, how):
    s = small_settings(**how)
    weights = first_weights(engine, s)
    model = train.GPT(s, VOCAB)
    plain = {name: x for name, x in weights.items() if not name.endswith((".tall", ".flat"))}
    model.load_state_dict(plain)
    finetune.choose_what_learns(model, s)
    for name, p in model.named_parameters():
        if name.endswith((".tall", ".flat")):
            # Such as blocks.0.query.parametrizations.weight.0.tall.
            p.data = weights[name.replace("parametrizations.weight.0", "weight")]
    some = list(batches(20, s))
    found = train_in_page(engine, "fused", s, weights, some)
    learning = [p for p in model.parameters() if p.requires_grad]
    losses, _ = losses_of_pytorch(model, optimizers_of(model, learning, s), some, s)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(found["losses"], losses, atol=1e-5)
    same_weights(found["tensors"], model)
    changed = {name for name, x in plain.items() if found["tensors"][name] != x.flatten().tolist()}
    assert changed, "something learned"
    assert not any(name.startswith(("blocks.0.", "token_")) for name in changed) or "lora" in how


def optimizers_of(model, learning, s):
    """Muon and AdamW as make_optimizers has them; it is given only what learns."""
    muon, adamw = train.make_optimizers(model, s)
    for optimizer in (muon, adamw):
        for group in optimizer.param_groups:
            group["params"] = [p for p in group["params"] if p.requires_grad]
    return [muon, adamw]


class Broken(train.GPT):
    """The model without some of its parts."""

    def __init__(self, s, vocab_size, without):
        super().__init__(s, vocab_size)
        self.without = without
        if without == "positions":
            self.position_embedding.weight.requires_grad_(False)

    def forward(self, ids, attention_fn):
        positions = self.position_embedding.weight[: ids.shape[1]]
        x = self.token_embedding(ids) + positions * (self.without != "positions")
        for block in self.blocks:
            x, _ = self.go_through(block, x, attention_fn)
        return self.unembed(self.norm(x)), None

    def go_through(self, block, x, attention_fn):
        if self.without != "residual":
            return block(x, attention_fn)
        normed = block.attention_norm(x)
        q, k, v = (block.split_heads(f(normed)) for f in (block.query, block.key, block.value))
        x = block.output(attention_fn(q, k, v)[0].transpose(1, 2).flatten(2))
        return block.down(F.gelu(block.up(block.feed_forward_norm(x)))), None


@pytest.mark.parametrize("part", ["positions", "residual", "scale"])
def test_a_model_without_one_of_its_parts_writes_with_the_probabilities_it_learns_with(
    on_worker, part
):
    loss, written = on_worker(
        """
      await call("begin", { ...begin, end: null });
      await call("train", { steps: 10 });
      const { rows: [row] } = await call("sample", { prompts: [[0]], tokens: 10, temperature: 1 });
      return [(await call("evaluate", { ids: [0, ...row.map(({ id }) => id)] })).loss, row];
    """,
        **{part: False},
    )
    assert len(written) == 10
    assert loss == pytest.approx(-np.mean([math.log(token["p"]) for token in written]), abs=1e-5)


@pytest.mark.parametrize("part", ["scale", None])
def test_the_probabilities_of_a_text_are_those_that_its_loss_is_made_of(on_worker, part):
    loss, [probabilities, none] = on_worker(
        """
      await call("begin", { ...begin, end: null });
      await call("train", { steps: 10 });
      const ids = [0, 3, 1, 2, 5];
      const { rows } = await call("probabilities", { texts: [ids, [1]] });
      return [(await call("evaluate", { ids })).loss, rows];
    """,
        **({part: False} if part else {}),
    )
    assert len(probabilities) == 4 and none == []
    assert loss == pytest.approx(-np.mean(np.log(probabilities)), abs=1e-5)


@pytest.mark.parametrize("part", ["mask", "positions", "residual", "scale"])
def test_a_model_without_one_of_its_parts_learns_as_in_pytorch(engine, part):
    s = small_settings()

    def attention(q, k, v):
        B, H, T, D = q.shape
        flat = [x.transpose(1, 2).flatten(2).flatten(0, 1) for x in (q, k, v)]
        y = plain_attention(*flat, B, T, H, part != "mask", part != "scale")
        return y.view(B, T, H, D).transpose(1, 2), None

    torch.manual_seed(0)
    model = Broken(s, VOCAB, part)
    some = list(batches(8, s))  # without a residual stream, rounding soon makes a difference
    weights = {name: p.detach().clone() for name, p in model.named_parameters()}
    found = train_in_page(engine, "fused", s, weights, some, **{part: False})
    optimizers = optimizers_of(model, None, s)
    if part == "positions":
        model.position_embedding.weight.grad = None
    losses, _ = losses_of_pytorch(model, optimizers, some, s, attention)
    np.testing.assert_allclose(found["losses"], losses, atol=1e-5)
    healthy = train_in_page(engine, "fused", s, weights, some)
    assert max(abs(np.subtract(healthy["losses"], losses))) > 1e-3, "the part makes a difference"


class WindowModel(torch.nn.Module):
    """The embeddings of the last ten tokens side by side, and a layer of tanh neurons."""

    def __init__(self, weights):
        super().__init__()
        self.token_embedding, self.hidden, self.unembed = (
            torch.nn.Parameter(weights[f"{name}.weight"].clone())
            for name in ("token_embedding", "hidden", "unembed")
        )

    def forward(self, ids):
        before = F.pad(ids, (9, 0), value=VOCAB)
        last = torch.stack([before[:, 9 - i : 9 - i + ids.shape[1]] for i in range(10)], dim=-1)
        seen = self.token_embedding[last].flatten(2)  # (B, T, 10 C)
        return torch.tanh(seen @ self.hidden.T) @ self.unembed.T


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_window_model_learns_as_in_pytorch(engine, kernel):
    s = small_settings()
    weights = first_weights(engine, s, architecture="window")
    how = dict(architecture="window", optimizer="adamw")
    some = list(batches(30, s))
    found = train_in_page(engine, kernel, s, weights, some, **how)
    model = WindowModel(weights)
    groups = [
        dict(params=[model.hidden], lr=s.matrix_lr, weight_decay=s.weight_decay),
        dict(params=[model.token_embedding], lr=s.embedding_lr),
        dict(params=[model.unembed], lr=s.unembedding_lr),
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0)
    for group in optimizer.param_groups:
        group["full_lr"] = group["lr"]
    losses, _ = losses_of_pytorch(SimpleModel(model), [optimizer], some, s)
    assert losses[-1] < losses[0] / 2
    np.testing.assert_allclose(found["losses"], losses, atol=2e-5)


class SimpleModel(torch.nn.Module):
    """A model that is called as train.GPT is."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, _):
        return self.model(ids), None


@each_kernel
def test_a_loss_that_is_not_finite_changes_nothing(engine, kernel):
    s = small_settings()
    weights = {name: p.detach() for name, p in random_model(s).named_parameters()}
    weights["unembed.weight"] = weights["unembed.weight"].clone()
    weights["unembed.weight"][0, 0] = math.inf
    given = dict(settings=page_settings(s), weights=sent_weights(weights), kernel=kernel)
    given["weights"][-1]["values"][0] = "Infinity"  # JSON knows no infinity
    result, is_same, step = engine(
        in_page("""
      given.weights.at(-1).values[0] = Infinity;
      const training = makeTraining();
      const all = () => training.kernel.floats(training.blocks.weights, training.blocks.n);
      const before = all().slice();
      const { isFinite } = training.update(batchOf(given.batches[0]));
      return [isFinite, all().every((one, i) => one === before[i]), training.step];
    """),
        given | dict(batches=sent_batches(batches(1, s))),
    )
    assert (result, is_same, step) == (False, True, 0)


@settings(max_examples=15)
@given(
    n_layer=st.integers(0, 3),
    n_head=st.integers(1, 3),
    size=st.integers(1, 5),
    n_ff=st.integers(1, 40),
    n_ctx=st.integers(1, 20),
    batch_size=st.integers(1, 5),
    how=st.sampled_from(
        [{}, dict(lora=2), dict(freeze=1), dict(architecture="window"), dict(residual=False)]
    ),
)
def test_there_is_memory_for_every_batch_and_every_update(
    engine, n_layer, n_head, size, n_ff, n_ctx, batch_size, how
):
    assume(n_head * size > 1)
    s = small_settings(n_layer=n_layer, n_head=n_head, n_embd=n_head * size, n_ff=n_ff, n_ctx=n_ctx)
    losses = engine(
        in_page("""
      const training = makeTraining();
      const { batch_size: B, n_ctx } = given.settings;
      const shapes = [[B, n_ctx], [1, n_ctx], [B * n_ctx, 1]];
      return shapes.map(([rows, T]) => {
        const ids = new Int32Array(rows * T);
        return training.update({ ids, targets: ids, T, n: rows * T }).loss;
      });
    """),
        dict(settings=page_settings(s, batch_size=batch_size, **how), weights=[], kernel="fused"),
    )
    assert all(map(math.isfinite, losses))


def test_the_model_that_has_learned_is_the_one_that_writes(engine):
    s = small_settings()
    ids = torch.randint(VOCAB, (N_CTX,)).tolist()
    given = dict(settings=page_settings(s), weights=[], kernel="fused", ids=ids)
    ours, theirs = engine(
        in_page("""
      const { modelOf } = await import("/engine/fetch.js");
      const training = makeTraining();
      for (const batch of given.batches) training.update(batchOf(batch));
      const model = await modelOf(training.settings, training.tensors());
      const T = given.ids.length;
      model.forward(given.ids);
      const logits = training.forward(Int32Array.from(given.ids), T).value;
      return [list(training.kernel, logits), given.ids.map((_, i) => Array.from(model.logits(i))).flat()];
    """),
        given | dict(batches=sent_batches(batches(5, s))),
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


# Rows of text, and the worker ---------------------------------------------------------------------


@settings(max_examples=30)
@given(
    tokens=st.lists(st.integers(0, 4), min_size=2, max_size=120),
    n_ctx=st.integers(1, 12),
    has_documents=st.booleans(),
)
def test_a_text_is_cut_into_the_windows_of_train_py(engine, tokens, n_ctx, has_documents):
    tokens = [0, *tokens, 0] if has_documents else tokens
    end = 0 if has_documents else None
    found = engine(
        """async ({ tokens, end, n_ctx }) => {
      const { windows } = await import("/engine/batches.js");
      return windows(tokens, end, n_ctx);
    }""",
        dict(tokens=tokens, end=end, n_ctx=n_ctx),
    )
    assert [tuple(window) for window in found] == train.windows(np.array(tokens), end, n_ctx)


BATCHES = """async ({ all, end, n_ctx, batch_size, n }) => {
  const { makeBatches } = await import("/engine/batches.js");
  const batches = makeBatches(all, { end, n_ctx, batch_size, seed: 3 });
  return Array.from({ length: n }, () => batches.next().value);
}"""


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=60), batch_size=st.integers(1, 6))
def test_each_window_comes_as_often_as_the_others(engine, lengths, batch_size):
    all_windows = [[100 * i, 100 * i + length] for i, length in enumerate(lengths)]
    given = dict(all=all_windows, end=0, n_ctx=12, batch_size=batch_size)
    batches = engine(BATCHES, given | dict(n=80))
    for batch in batches:
        longest = max(b - a for a, b in batch)
        assert len(batch) == 1 or len(batch) * longest <= 12 * batch_size, "there is room for it"
    counts = Counter(a for batch in batches for a, _ in batch)
    # What is left over in an epoch comes in the next one; by chance, it may be left over again.
    assert set(counts) == {a for a, _ in all_windows}
    assert max(counts.values()) - min(counts.values()) <= 6
    assert batches == engine(BATCHES, given | dict(n=80)), "a seed gives the same batches again"


@settings(max_examples=10)
@given(n=st.integers(2, 60), n_ctx=st.integers(1, 12))
def test_a_text_without_documents_is_cut_elsewhere_in_each_epoch(engine, n, n_ctx):
    all_windows = train.windows(np.arange(n), None, n_ctx)
    given = dict(all=all_windows, end=None, n_ctx=n_ctx, batch_size=2, n=40)
    windows = [window for batch in engine(BATCHES, given) for window in batch]
    assert all(0 <= a < b <= n - 1 for a, b in windows)
    can_move = min(n_ctx, n - 1) > 1
    assert len(set(map(tuple, windows))) > len(all_windows) or not can_move


def test_a_text_of_one_token_is_refused(engine):
    given = dict(all=[], end=None, n_ctx=4, batch_size=2, n=1)
    with pytest.raises(Exception, match="at least two tokens"):
        engine(BATCHES, given)


WORKER = """async (given) => {
  const { WorkerClient } = await import("/app/worker-client.js");
  const worker = new WorkerClient(new URL("/engine/train-worker.js", location.href));
  const call = (method, params = {}) => worker.call(method, params);
  const ids = Int32Array.from(given.ids);
  const begin = { settings: given.settings, ids, validationIds: ids.slice(0, 200), end: given.end, seed: 4 };
  try { %s } finally { worker.end(new Error("The test is over.")); }
}"""


def worker_text():
    """Counting in circles, in documents: 0 ends each."""
    return [0] + [i % 10 for i in range(1, 2001)]


@pytest.fixture
def on_worker(engine):
    """on_worker(code): what a page gets of the worker, with a text to learn from."""

    def run(code, **changes):
        shape = page_settings(small_settings(steps=60)) | dict(vocab_size=10) | changes
        return engine(WORKER % code, dict(settings=shape, ids=worker_text(), end=0))

    return run


def test_the_worker_learns_a_text_and_writes_it(on_worker):
    began, trained, last, sample, attention = on_worker("""
      const began = await call("begin", begin);
      const trained = await call("train", { steps: 50 });
      const rest = await call("train", { milliseconds: 60_000 });
      const { loss } = await call("evaluate");
      const { rows } = await call("sample", { prompts: [[0], [0, 1, 2]], tokens: 12, temperature: 0 });
      const { attention } = await call("attention", { ids: [0, 1, 2] });
      const plain = ({ step, losses, gradientNorms, finished }) =>
        ({ step, finished, losses: [...losses], norms: [...gradientNorms] });
      return [began, plain(trained), { ...plain(rest), loss }, rows, [...attention]];
    """)
    assert began["validationLoss"] == pytest.approx(math.log(10), abs=0.2)
    assert began["kernel"] == "wasm"
    assert (trained["step"], len(trained["losses"]), trained["finished"]) == (50, 50, False)
    assert (last["step"], len(last["losses"]), last["finished"]) == (60, 10, True)
    assert last["loss"] < 0.1
    assert [token["id"] for token in sample[0]] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert [token["id"] for token in sample[1]] == [3, 4, 5, 6, 7, 8, 9, 0]
    assert all(token["p"] > 0.8 for token in sample[1])
    assert len(attention) == 2 * 4 * 6 and attention[0] == 1


def test_the_window_model_learns_and_writes_in_the_worker(on_worker):
    loss, sample = on_worker(
        """
      await call("begin", begin);
      await call("train", { milliseconds: 60_000 });
      const { rows } = await call("sample", { prompts: [[0, 1, 2]], tokens: 12, temperature: 0 });
      return [(await call("evaluate")).loss, rows[0]];
    """,
        architecture="window",
        optimizer="adamw",
        matrix_lr=0.01,
    )
    assert loss < 0.1
    assert [token["id"] for token in sample] == [3, 4, 5, 6, 7, 8, 9, 0]


def test_a_training_that_was_stored_goes_on_as_if_nothing_had_happened(on_worker):
    without, restored = on_worker("""
      // Documents that differ, or every batch is like the others, and none could be missed.
      begin.ids = ids.map((id, i) => (id * (1 + Math.floor(i / 10) % 7)) % 10);
      await call("begin", begin);
      await call("train", { steps: 20 });
      const state = await call("state");
      const { losses } = await call("train", { steps: 20 });
      await call("begin", { ...begin, seed: 9 });
      await call("train", { steps: 3 });
      await call("restore", { ...begin, state });
      const again = await call("train", { steps: 20 });
      return [[...losses], [...again.losses]];
    """)
    assert restored == without


def test_the_worker_says_how_large_gradients_and_updates_are(on_worker):
    tensors = on_worker("""
      await call("begin", begin);
      await call("train", { steps: 1 });
      return (await call("updates")).tensors;
    """)
    by_name = {tensor["name"]: tensor for tensor in tensors}
    embedding = by_name["token_embedding.weight"]
    assert embedding["weight"] == pytest.approx(0.3, rel=0.2)
    # AdamW's first step moves each number that has a gradient by the learning rate.
    assert embedding["update"] == pytest.approx(0.01 / 6, rel=0.1)
    assert all(tensor["gradient"] > 0 for tensor in tensors)


def test_a_learning_rate_that_is_far_too_high_is_noticed(on_worker):
    failed, step, is_finite = on_worker(
        """
      await call("begin", begin);
      const { failed, step } = await call("train", { milliseconds: 60_000 });
      const { weights } = await call("state");
      return [failed, step, weights.every(Number.isFinite)];
    """,
        matrix_lr=1e30,
        embedding_lr=1e30,
    )
    assert failed and step < 60 and is_finite


def test_what_has_moved_is_said_by_tensor_head_and_neuron(on_worker):
    before, after, changes = on_worker("""
      await call("begin", begin);
      const { weights: before } = await call("state");
      await call("train", { steps: 3 });
      const { weights: after } = await call("state");
      return [[...before], [...after], await call("changes")];
    """)
    s = small_settings()
    shapes = {name: p.shape for name, p in random_model(s, 10).named_parameters()}
    moved = (torch.tensor(after) - torch.tensor(before)).split([*map(math.prod, shapes.values())])
    moved = {name: x.view(shape) for (name, shape), x in zip(shapes.items(), moved)}
    assert [one["name"] for one in changes["tensors"]] == list(shapes)
    rms = lambda *parts: torch.cat([x.flatten() for x in parts]).square().mean().sqrt()  # noqa: E731
    for one in changes["tensors"]:
        assert one["change"] == pytest.approx(rms(moved[one["name"]]).item(), rel=1e-4)
    q, k, v, output = (
        moved[f"blocks.1.{name}.weight"] for name in "query key value output".split()
    )
    head = rms(q[8:16], k[8:16], v[8:16], output[:, 8:16])
    assert changes["heads"][5] == pytest.approx(head.item(), rel=1e-4)
    up, down = moved["blocks.1.up.weight"], moved["blocks.1.down.weight"]
    assert changes["neurons"][80 + 7] == pytest.approx(rms(up[7], down[:, 7]).item(), rel=1e-4)
    assert (len(changes["heads"]), len(changes["neurons"])) == (8, 160)


def test_an_old_text_that_goes_along_is_not_forgotten(on_worker):
    """Before, it counts upwards; then it learns to count downwards, with and without its old text."""
    forgot, kept, learned = on_worker("""
      const down = Int32Array.from(given.ids, (id) => (10 - id) % 10);
      const after = async (fraction) => {
        await call("begin", begin);
        await call("train", { milliseconds: 60_000 });
        const { weights, optimizer } = await call("state");
        const state = { step: 0, weights, optimizer: optimizer.fill(0) };
        await call("restore", { ...begin, ids: down, old: { ids, fraction }, state });
        await call("train", { milliseconds: 60_000 });
        return [(await call("evaluate", { ids })).loss, (await call("evaluate", { ids: down })).loss];
      };
      const [forgot] = await after(0);
      const [kept, learned] = await after(0.5);
      return [forgot, kept, learned];
    """)
    assert forgot > 2
    assert kept < 0.5 and learned < 0.5


def test_a_grown_model_goes_on_learning_in_the_worker(engine, smoke_site):
    loss, expected = engine("""async () => {
      const manifest = await (await fetch("/exported/smoke/manifest.json")).json();
      const { fetchModel } = await import("/engine/fetch.js");
      const { softmax } = await import("/engine/kernel.js");
      const { WorkerClient } = await import("/app/worker-client.js");
      const last = manifest.snapshots.at(-1);
      const url = new URL(`/exported/smoke/${last.file}`, location.href).href;
      const { settings, tokenizer } = manifest;
      const weights = { url, weights: manifest.weights, sha256: last.sha256 };
      const model = await fetchModel({ ...weights, settings });
      const end = tokenizer.vocab.indexOf("<|endoftext|>");
      const ids = Int32Array.from([end, 5, 6, 7, 8, end]);
      model.forward([...ids.subarray(0, 5)]);
      let expected = 0;
      for (let i = 0; i < 5; i++) expected -= Math.log(softmax(model.logits(i))[ids[i + 1]]) / 5;
      const worker = new WorkerClient(new URL("/engine/train-worker.js", location.href));
      const learning = { ...settings, vocab_size: tokenizer.vocab.length, optimizer: "muon", batch_size: 1 };
      const given = { settings: learning, ids, validationIds: ids, end, seed: 1, weights };
      const { validationLoss } = await worker.call("begin", given);
      worker.end(new Error("The test is over."));
      return [validationLoss, expected];
    }""")
    assert loss == pytest.approx(expected, abs=1e-4)


def test_scripts_that_hold_the_training_programs_hold_what_was_compiled(engine):
    held = engine("""async () => {
        const programs = await import("/engine/train-kernel-program.js");
        const { unpack } = await import("/engine/packed.js");
        const bytes = async (program) => [...new Uint8Array(await unpack(program))];
        return [await bytes(programs.plain), await bytes(programs.fused)]; }""")
    folder = ROOT / "site" / "engine"
    files = [folder / "train-kernel.wasm", folder / "train-kernel-fused.wasm"]
    assert held == [list(file.read_bytes()) for file in files], (
        "type: python -m terrarium.web.pages"
    )
