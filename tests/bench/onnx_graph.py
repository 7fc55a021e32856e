"""train.GPT as an ONNX graph with a cache of keys and values, as fast as onnxruntime-web takes it.

    pip install onnx==1.23.2 onnxruntime==1.31.1
    python tests/bench/onnx_graph.py       compare it with train.GPT, for two presets

`build` makes the graph for browser.py; this file alone checks it, token by token, to 1e-4. Shapes:
t places in the cache, of which the first are used, C channels, H heads, D size of a head, L layers.

The graph reads one token at a time, since a prompt here is short: without an axis for tokens, what
would be transposed is only reshaped. It hands out the new keys and values alone and whoever runs it
puts them into the cache, since onnxruntime-web copies each output out and each input in. browser/
onnx.js says what else was tried.
"""

import common  # noqa: F401  (puts the repository on sys.path)
import train

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

OPSETS = [helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)]
UNSEEN = -1e9  # added to the score of a place in the cache that is not used yet
STEP = 64  # places by which the cache grows; browser/onnx.js has the same


class Graph:
    """Nodes in the order of computation, and the numbers that they work with."""

    def __init__(self):
        self.nodes, self.numbers = [], {}

    def constant(self, name, values):
        self.numbers[name] = numpy_helper.from_array(np.array(values, order="C"), name)
        return name

    def shape(self, *sizes):
        return self.constant("shape " + " ".join(map(str, sizes)), np.array(sizes, np.int64))

    def node(self, kind, *inputs, outputs=("",), **attributes):
        """Add a node; -> the name of its output, or the list of their names."""
        names = [name or f"{kind} {len(self.nodes)} {i}" for i, name in enumerate(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names if len(names) > 1 else names[0]


class Builder(Graph):
    """The nodes of train.GPT for one token. The state `x` is always (1, C)."""

    def __init__(self, model, s):
        super().__init__()
        self.weights = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}
        self.H, self.C, self.D = s.n_head, s.n_embd, s.n_embd // s.n_head

    def linear(self, x, name, matrix=None, **named):
        """x (1, nIn) times the transpose of (nOut, nIn): it is stored transposed."""
        matrix = self.weights[f"{name}.weight"] if matrix is None else matrix
        return self.node("MatMul", x, self.constant(name, matrix.T), **named)

    def add_and_norm(self, x, more, name):
        """-> LayerNorm(x + more), x + more: both (1, C), from one node."""
        scale, shift = (
            self.constant(f"{name}.{part}", self.weights[f"{name}.{part}"])
            for part in ("weight", "bias")
        )
        normed, total = f"{name} normed", f"{name} sum"
        self.nodes.append(
            helper.make_node(
                "SkipLayerNormalization",
                [x, more, scale, shift],
                [normed, "", "", total],
                domain="com.microsoft",
                epsilon=1e-5,
            )
        )
        return normed, total

    def attention(self, normed, layer):
        """-> what the heads add (1, C), and the new query, key and value (1, 3 C)."""
        H, C, D = self.H, self.C, self.D
        query, key, value = (
            self.weights[f"blocks.{layer}.{part}.weight"] for part in ("query", "key", "value")
        )
        matrix = np.concatenate([query * np.float32(D**-0.5), key, value])  # scaled in advance
        new = self.linear(normed, f"blocks.{layer}.qkv", matrix)
        q, k, v = self.node(
            "Split",
            self.node("Reshape", new, self.shape(3 * H, 1, D)),
            self.shape(H, H, H),
            outputs=("",) * 3,
            axis=0,
        )  # each (H, 1, D)
        k = self.node("Reshape", k, self.shape(H, D, 1))
        scores = self.node(
            "Concat", self.node("MatMul", q, f"keys.{layer}"), self.node("MatMul", q, k), axis=2
        )  # (H, 1, t + 1)
        shares = self.node("Softmax", self.node("Add", scores, "mask"), axis=2)
        old, own = self.node("Split", shares, "parts", outputs=("", ""), axis=2)
        mixed = self.node(
            "Add", self.node("MatMul", old, f"values.{layer}"), self.node("MatMul", own, v)
        )  # (H, 1, D)
        mixed = self.node("Reshape", mixed, self.shape(1, C))
        return self.linear(mixed, f"blocks.{layer}.output"), new

    def blocks(self, n_layer):
        """From ids and place to logits and new."""
        x, more = (
            self.node("Gather", self.constant(name, self.weights[f"{name}.weight"]), which)
            for name, which in (("token_embedding", "ids"), ("position_embedding", "place"))
        )
        news = []
        for layer in range(n_layer):
            name = f"blocks.{layer}"
            normed, x = self.add_and_norm(x, more, f"{name}.attention_norm")
            more, new = self.attention(normed, layer)
            news.append(new)
            normed, x = self.add_and_norm(x, more, f"{name}.feed_forward_norm")
            neurons = self.node("Gelu", self.linear(normed, f"{name}.up"))
            more = self.linear(neurons, f"{name}.down")
        self.linear(self.add_and_norm(x, more, "norm")[0], "unembed", outputs=["logits"])
        self.node("Concat", *news, outputs=["new"], axis=0)


def build(model, s):
    """A train.GPT with its Settings -> an onnx.ModelProto in float32.

    In: ids (1), place (1), mask (1, t + 1) with UNSEEN for unused places, parts (2) = t and 1, and
    for each layer keys.0 (H, D, t), values.0 (H, t, D). Out: logits (1, V), new (L, 3 C), which
    holds for each layer the token's query, key and value."""
    builder = Builder(model, s)
    builder.blocks(s.n_layer)
    H, C, D, V = builder.H, builder.C, builder.D, len(model.unembed.weight)
    whole, real = TensorProto.INT64, TensorProto.FLOAT
    inputs = [
        ("ids", whole, [1]),
        ("place", whole, [1]),
        ("mask", real, [1, "t + 1"]),
        ("parts", whole, [2]),
    ]
    for layer in range(s.n_layer):
        inputs += [(f"keys.{layer}", real, [H, D, "t"]), (f"values.{layer}", real, [H, "t", D])]
    outputs = [("logits", real, [1, V]), ("new", real, [s.n_layer, 3 * C])]
    graph = helper.make_graph(
        builder.nodes,
        "GPT",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        list(builder.numbers.values()),
    )
    proto = helper.make_model(graph, opset_imports=OPSETS, ir_version=10)
    onnx.checker.check_model(proto)
    return proto


def seeded(preset):
    """A preset's Settings, and its model with random weights.

    They are farther apart than before training: attention of a fresh model is all but uniform and
    its norms change nothing, so that a graph that is wrong there would go unnoticed."""
    s = train.Settings(**train.PRESETS[preset])
    torch.manual_seed(s.seed)
    model = train.GPT(s, s.vocab_size).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p), alpha=0.1 if p.ndim == 1 else 0.05)
    return s, model


class Runner:
    """The graph in onnxruntime for Python, with its cache: browser/onnx.js does the same."""

    def __init__(self, proto, s):
        import onnxruntime  # here: browser.py gets by without

        self.session = onnxruntime.InferenceSession(proto.SerializeToString())
        self.s, self.length = s, 0
        H, D = s.n_head, s.n_embd // s.n_head
        self.keys = np.zeros((s.n_layer, H, D, 0), np.float32)
        self.values = np.zeros((s.n_layer, H, 0, D), np.float32)

    def forward(self, token):
        """The logits (V) of what follows one more token."""
        if self.length == self.keys.shape[3]:
            self.keys = np.pad(self.keys, [(0, 0)] * 3 + [(0, STEP)])
            self.values = np.pad(self.values, [(0, 0)] * 2 + [(0, STEP), (0, 0)])
        t = self.keys.shape[3]
        mask = np.where((np.arange(t + 1) < self.length) | (np.arange(t + 1) == t), 0, UNSEEN)
        given = dict(
            ids=np.array([token]),
            place=np.array([self.length]),
            mask=mask[None].astype(np.float32),
            parts=np.array([t, 1]),
        )
        for layer in range(self.s.n_layer):
            given[f"keys.{layer}"], given[f"values.{layer}"] = self.keys[layer], self.values[layer]
        logits, new = self.session.run(["logits", "new"], given)
        _, key, value = new.reshape(len(new), 3, self.s.n_head, -1).transpose(1, 0, 2, 3)
        self.keys[..., self.length], self.values[:, :, self.length] = key, value
        self.length += 1
        return logits[0]


def main():
    for preset in ("stories", "tinystories"):
        s, model = seeded(preset)
        ids = torch.randint(s.vocab_size, (1, s.n_ctx))
        with torch.inference_mode():
            expected = model(ids)[0][0].numpy()  # (T, V)
        runner = Runner(build(model, s), s)
        off = max(
            abs(runner.forward(token) - logits).max()
            for token, logits in zip(ids[0].tolist(), expected)
        )
        print(f"{preset:12} {s.n_ctx} tokens, logits differ by at most {off:.1e}")
        assert off < 1e-4, "The graph does not compute what train.GPT computes."


if __name__ == "__main__":
    main()
