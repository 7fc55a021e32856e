"""The model in JavaScript: the same numbers as PyTorch, whatever the shape, in a real browser."""

import base64
import json
import math
from itertools import islice

import train
from terrarium.generation import pick, random_numbers, sampling_probs, stream
from terrarium.interpret import attention_weights, neuron_activations, uniform_attention
from terrarium.text import END
from terrarium.trained import Run
from terrarium.web.quantize import plain_settings, quantize

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

KERNELS = ("wasm", "javascript")

MODEL = """
async function makeModel({ file, settings, weights, kernel }) {
  const [{ compile, javascriptKernel }, { GPT }, { unpack }] = await Promise.all(
    ["kernel", "gpt", "weights"].map((name) => import(`/engine/${name}.js`)));
  const wasm = await (await fetch("/engine/kernel.wasm")).arrayBuffer();
  const bytes = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer;
  const createKernel = kernel === "wasm" ? await compile(wasm) : javascriptKernel;
  return new GPT(settings, unpack(bytes, weights), createKernel);
}
const range = (n, of) => Array.from({ length: n }, (_, i) => of(i));
"""


def with_model(body):
    """JavaScript that does something with `model`, the one that `sent` describes."""
    return f"async (given) => {{ {MODEL} const model = await makeModel(given); {body} }}"


def sent(model, kernel="wasm", kind="float16", **more):
    """(what the page gets of a model, the model that PyTorch makes of the same weights)."""
    content, described, twin = quantize(model, kind)
    shape = vars(plain_settings(model))
    weights = dict(bytes=len(content), tensors=described, type=kind)
    return dict(
        file=base64.b64encode(content).decode(),
        settings=shape,
        weights=weights,
        kernel=kernel,
        **more,
    ), twin


def random_model(n_layer=2, n_head=2, size=4, n_ff=12, n_ctx=9, vocab_size=11, seed=0):
    torch.manual_seed(seed)
    s = train.Settings(n_layer=n_layer, n_head=n_head, n_embd=n_head * size, n_ff=n_ff, n_ctx=n_ctx)
    model = train.GPT(s, vocab_size).eval()
    for p in model.parameters():  # large enough that heads look somewhere, and norms do something
        torch.nn.init.normal_(p, std=0.5)
    return model


def logits_of(model, ids):
    with torch.inference_mode():
        return model(torch.tensor([ids]))[0][0].numpy()


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=12)
@given(
    n_layer=st.integers(1, 3),
    n_head=st.integers(1, 3),
    size=st.integers(1, 9),
    n_ff=st.integers(1, 21),
    n_ctx=st.integers(2, 14),
    vocab_size=st.integers(2, 19),
    kind=st.sampled_from(["int8", "float16"]),
    seed=st.integers(0, 99),
)
def test_logits_equal_those_of_pytorch_for_any_shape_all_at_once_or_one_by_one(
    engine, kernel, n_layer, n_head, size, n_ff, n_ctx, vocab_size, kind, seed
):
    assume(n_head * size > 1)
    model = random_model(n_layer, n_head, size, n_ff, n_ctx, vocab_size, seed)
    ids = torch.randint(vocab_size, (n_ctx,)).tolist()
    given, twin = sent(model, kernel, kind, ids=ids)
    together, single = engine(
        with_model("""
      model.forward(given.ids);
      const together = given.ids.map((_, position) => Array.from(model.logits(position)));
      model.reset();
      return [together, given.ids.map((id) => Array.from(model.forward([id])))];
    """),
        given,
    )
    np.testing.assert_allclose(together, logits_of(twin, ids), atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(single, together, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_activations_of_each_token_equal_those_of_pytorch(engine, kernel):
    given, twin = sent(random_model(size=6, n_ctx=10), kernel, ids=[3, 1, 4, 1, 5, 9, 2, 6])
    caught = []
    for block in twin.blocks:
        block.register_forward_hook(lambda _, x, out: caught.append(out[0][0]))
    neurons = [neuron_activations(twin, layer, [given["ids"]]).numpy() for layer in range(2)]
    caught.clear()
    weights = attention_weights(twin, given["ids"]).numpy()
    found = engine(
        with_model("""
      model.forward(given.ids);
      const T = given.ids.length, list = (view) => Array.from(view);
      return {
        attention: range(2, (l) => range(2, (h) =>
          range(T, (t) => list(model.attentionRow(l, h, t))))),
        neurons: range(2, (l) => range(T, (t) => list(model.neuronActivations(l, t)))),
        residuals: range(2, (l) => range(T, (t) => list(model.residual(2 * l + 2, t)))),
        lens: range(5, (depth) => list(model.logitLens(T - 1, depth))),
      };"""),
        given,
    )
    for layer in range(2):
        np.testing.assert_allclose(found["neurons"][layer], neurons[layer], atol=1e-5)
        np.testing.assert_allclose(found["residuals"][layer], caught[layer].detach(), atol=1e-5)
        for head in range(2):
            for t, row in enumerate(found["attention"][layer][head]):
                np.testing.assert_allclose(row, weights[layer, head, t, : t + 1], atol=1e-6)
    with torch.inference_mode():
        early = twin.unembed(twin.norm(caught[0][-1]))
    np.testing.assert_allclose(found["lens"][2], early, atol=1e-4)
    np.testing.assert_allclose(found["lens"][4], logits_of(twin, given["ids"])[-1], atol=1e-4)


def test_a_model_in_memory_that_another_one_has_left_computes_the_same(engine):
    given, _ = sent(random_model(seed=1), ids=[3, 1, 4, 1, 5])
    other, twin = sent(random_model(seed=2), ids=given["ids"])
    is_same_memory, logits = engine(
        """async ({ given, other }) => {
      const [{ compile }, { GPT }, { unpack }] = await Promise.all(
        ["kernel", "gpt", "weights"].map((name) => import(`/engine/${name}.js`)));
      const createKernel = await compile(await (await fetch("/engine/kernel.wasm")).arrayBuffer());
      const make = ({ file, settings, weights }) => {
        const bytes = Uint8Array.from(atob(file), (c) => c.charCodeAt(0)).buffer;
        return new GPT(settings, unpack(bytes, weights), createKernel);
      };
      const model = make(given);
      model.forward(given.ids);
      model.kernel.release();
      const next = make(other);
      return [next.kernel === model.kernel, Array.from(next.forward(other.ids))];
    }""",
        dict(given=given, other=other),
    )
    assert is_same_memory, "or a page holds more and more"
    np.testing.assert_allclose(logits, logits_of(twin, other["ids"])[-1], atol=1e-4)


def test_a_head_a_layer_or_a_neuron_can_be_ablated_and_restored(engine):
    given, twin = sent(random_model(), ids=[3, 1, 4, 1, 5])
    intact, head, layer, neuron, again = engine(
        with_model("""
      const logitsWith = (intervention) => {
        model.intervene(intervention);
        return Array.from(model.forward(given.ids));
      };
      return [{}, { heads: ["1.0"] }, { layers: [0] }, { neurons: ["1.7"] }, {}].map(logitsWith);
    """),
        given,
    )
    assert again == intact
    assert head != intact and layer != intact and neuron != intact
    with torch.no_grad():
        column = twin.blocks[1].output.weight[:, :4].clone()
        twin.blocks[1].output.weight[:, :4] = 0  # what head 0 brings goes nowhere
        np.testing.assert_allclose(head, logits_of(twin, given["ids"])[-1], atol=1e-4)
        twin.blocks[1].output.weight[:, :4] = column
        column = twin.blocks[1].down.weight[:, 7].clone()
        twin.blocks[1].down.weight[:, 7] = 0
        np.testing.assert_allclose(neuron, logits_of(twin, given["ids"])[-1], atol=1e-4)
        twin.blocks[1].down.weight[:, 7] = column
    del twin.blocks[0]
    np.testing.assert_allclose(layer, logits_of(twin, given["ids"])[-1], atol=1e-4)


# What each query (row) of five tokens sees of each key, for every pattern that a page knows by name.
PATTERNS = {
    "uniform": uniform_attention(5),
    "previous": torch.eye(5)[[0, 0, 1, 2, 3]],  # the first token has none before it
    "first": torch.eye(5)[[0] * 5],
    "self": torch.eye(5),
    "nowhere": torch.zeros(5, 5),
}


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("head", ["0.1", "1.0"])
@pytest.mark.parametrize("name", PATTERNS)
def test_the_attention_of_a_head_can_be_replaced(engine, name, head, kernel):
    given, twin = sent(random_model(), kernel, ids=[3, 1, 4, 1, 5], name=name, head=head)
    together, single = engine(
        with_model("""
      const { resolved } = await import("/engine/intervention.js");
      const { ids, name, head } = given;
      model.intervene(resolved(model, ids, { attention: { [head]: name } }));
      model.forward(ids);
      const together = ids.map((_, position) => Array.from(model.logits(position)));
      model.reset();
      return [together, ids.map((id) => Array.from(model.forward([id])))];"""),
        given,
    )
    layer, h = map(int, head.split("."))
    mixed = {}
    block = twin.blocks[layer]
    block.value.register_forward_hook(
        lambda _, x, out: mixed.update(value=PATTERNS[name] @ out[0, :, 4 * h : 4 * h + 4])
    )

    def replaced(_, x):
        all_heads = x[0].clone()
        all_heads[0, :, 4 * h : 4 * h + 4] = mixed["value"]
        return all_heads

    block.output.register_forward_pre_hook(replaced)
    wanted = logits_of(twin, given["ids"])
    np.testing.assert_allclose(together, wanted, atol=1e-4)
    np.testing.assert_allclose(single, wanted, atol=1e-4)


def test_a_head_that_looks_nowhere_does_what_one_that_is_off_does(engine):
    ids = [0, 5, 7, 9]
    nowhere = forward_with(engine, ids, dict(attention={"0.1": "nowhere"}))
    off = forward_with(engine, ids, dict(heads=["0.1"]))
    np.testing.assert_allclose(nowhere, off, atol=1e-6)
    assert abs(off - forward_with(engine, ids, {})).max() > 1e-3


@pytest.mark.parametrize("depth", range(5))
def test_a_patch_and_a_direction_change_the_residual_stream_as_hooks_do_in_pytorch(engine, depth):
    """At each depth: after the embeddings, and after each attention and each MLP."""
    patch, direction = torch.randn(2, 8, generator=torch.Generator().manual_seed(depth)).tolist()
    given, twin = sent(random_model(), ids=[3, 1, 4, 1, 5], depth=depth)
    together, single = engine(
        with_model("""
      const { ids, depth, patch, direction } = given;
      model.intervene({ patches: [{ depth, position: 2, vector: patch }],
                        directions: [{ depth, vector: direction }] });
      model.forward(ids);
      const together = ids.map((_, position) => Array.from(model.logits(position)));
      model.reset();
      return [together, ids.map((id) => Array.from(model.forward([id])))];"""),
        dict(given, patch=patch, direction=direction),
    )

    def changed(residual):
        residual = residual.clone()
        residual[0, 2] = torch.tensor(patch)
        return residual + torch.tensor(direction)

    layer = (depth - 1) // 2
    if depth == 0:
        twin.blocks[0].register_forward_pre_hook(lambda _, x: (changed(x[0]), *x[1:]))
    elif depth % 2 == 0:
        twin.blocks[layer].register_forward_hook(lambda _, x, out: (changed(out[0]), *out[1:]))
    else:  # what attention adds, so that the sum becomes what it has to be
        before = {}
        twin.blocks[layer].register_forward_pre_hook(lambda _, x: before.update(x=x[0]))
        twin.blocks[layer].output.register_forward_hook(
            lambda _, x, out: changed(before["x"] + out) - before["x"]
        )
    wanted = logits_of(twin, given["ids"])
    np.testing.assert_allclose(together, wanted, atol=1e-4)
    np.testing.assert_allclose(single, wanted, atol=1e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_too_many_tokens_are_refused_and_leave_the_cache_empty(engine, kernel):
    given, _ = sent(random_model(n_ctx=5), kernel)
    assert engine(
        with_model("""
      try { model.forward([1, 2, 3, 4, 5, 6]); } catch (error) {
        return [error.name, model.length, model.forward([1, 2, 3, 4, 5]).length]; }
    """),
        given,
    ) == ["RangeError", 0, 11]


def test_every_number_of_16_bits_is_read_as_numpy_reads_it(engine):
    found = engine("""async () => { const { half } = await import("/engine/weights.js");
        return Array.from({ length: 65536 }, (_, bits) => String(half(bits))); }""")
    wanted = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    np.testing.assert_array_equal([float(x.replace("Infinity", "inf")) for x in found], wanted)


def test_a_file_of_weights_that_is_cut_short_is_refused(engine):
    given, _ = sent(random_model())
    given["file"] = given["file"][:-40]
    message = engine(
        f"""async (given) => {{ {MODEL}
        try {{ await makeModel(given); }} catch (error) {{ return error.message; }} }}""",
        given,
    )
    assert "instead of" in message and "it is cut short, or from another export" in message


# Text to numbers --------------------------------------------------------------------------------

# Without what this Python's Unicode does not know yet (Cn): the browser's may be newer, and take it
# for a letter.
TEXTS = st.lists(
    st.text(
        st.one_of(
            st.sampled_from("aabbc  .'\"\n\t\r\x1c\x85\u2028\ufeff²½_é\u0301🐌İß"),
            st.characters(exclude_categories=["Cs", "Cn"]),
        ),
        max_size=30,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60)
@given(texts=TEXTS, vocab_size=st.integers(0, 60))
@example(texts=["aaaa aaa a", "\0\0 \0"], vocab_size=9)
@example(texts=["don't don't don't"], vocab_size=20)
def test_text_becomes_the_same_tokens_as_in_python(engine, texts, vocab_size):
    counts = {}
    for piece in train.Tokenizer.pre_tokenize(" ".join(texts)):
        counts[piece] = counts.get(piece, 0) + 1
    tokenizer = train.Tokenizer.train(counts, True, vocab_size)
    found = engine(
        """async ({ trained, texts }) => {
        const { Tokenizer } = await import("/engine/tokenizer.js");
        const tokenizer = new Tokenizer(trained);
        const ids = texts.map((text) => tokenizer.encode(text));
        return [ids, ids.map((some) => tokenizer.decode(some)), tokenizer.end]; }""",
        dict(trained=dict(vocab=tokenizer.vocab, merges=tokenizer.merges), texts=texts),
    )
    assert found == [[tokenizer.encode(text) for text in texts], texts, 0]


def test_the_end_mark_is_the_one_of_the_corpora(engine):
    assert engine('async () => (await import("/engine/tokenizer.js")).END') == END


# From logits to the next token ------------------------------------------------------------------


@settings(max_examples=60)
@given(
    logits=st.lists(st.integers(-400, 400), min_size=1, max_size=12, unique=True),
    temperature=st.sampled_from([0.0, 0.3, 0.8, 1.0, 2.0]),
    top_k=st.integers(0, 13),
    top_p=st.sampled_from([0.1, 0.5, 0.9, 1.0]),
)
def test_temperature_top_k_and_top_p_give_the_same_probabilities_as_in_python(
    engine, logits, temperature, top_k, top_p
):
    logits = [logit / 50 for logit in logits]
    wanted = sampling_probs(torch.tensor(logits), temperature, top_k, top_p)
    p = wanted.cumsum(0)  # where a sum falls exactly on p, rounding decides
    assume(top_p == 1 or not math.isclose(float((p - top_p).abs().min()), 0, abs_tol=1e-4))
    found = engine(
        """async ({ logits, options }) => {
        const { samplingProbs } = await import("/engine/sample.js");
        return Array.from(samplingProbs(Float32Array.from(logits), options)); }""",
        dict(logits=logits, options=dict(temperature=temperature, topK=top_k, topP=top_p)),
    )
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-6)


def test_tokens_are_sampled_by_their_probabilities_and_alike_for_a_seed(engine):
    drawn, again, other = engine("""async () => {
        const { makeRng, pick } = await import("/engine/sample.js");
        const draw = (seed) => { const rng = makeRng(seed), count = [0, 0, 0, 0];
          for (let i = 0; i < 20000; i++) count[pick([0.5, 0, 0.2, 0.3], rng())]++;
          return count; };
        return [draw(1), draw(1), draw(2)]; }""")
    assert drawn == again != other
    for count, p in zip(drawn, (0.5, 0, 0.2, 0.3)):
        assert abs(count / 20_000 - p) < 0.015
    assert drawn[1] == 0


def test_probabilities_that_sum_to_less_than_1_never_give_a_token_of_probability_0(engine):
    assert (
        engine("""async () => {
        const { pick } = await import("/engine/sample.js");
        return pick([0.5, 0.49, 0], 0.999); }""")
        == 1
    )


@settings(max_examples=30)
@given(
    seed=st.integers(-(2**31), 2**31),
    weights=st.lists(st.integers(0, 50), min_size=2, max_size=20).filter(any),
)
def test_a_seed_draws_the_same_tokens_as_in_python(engine, seed, weights):
    p = torch.tensor(weights) / sum(weights)
    numbers = list(islice(random_numbers(seed), 20))
    found = engine(
        """async ({ seed, p }) => {
        const { makeRng, pick } = await import("/engine/sample.js");
        const rng = makeRng(seed);
        const numbers = Array.from({ length: 20 }, rng);
        return [numbers, numbers.map((one) => pick(Float32Array.from(p), one))]; }""",
        dict(seed=seed, p=p.tolist()),
    )
    assert found == [numbers, [pick(p, one) for one in numbers]]


# In a worker ------------------------------------------------------------------------------------

WORKER = """
async function answersTo(calls) {
  const manifest = await (await fetch("/exported/smoke/manifest.json")).json();
  const check = await (await fetch("/exported/smoke/check.json")).json();
  const { step, file } = manifest.snapshots.at(-1);
  check.logits = await (await fetch("/exported/smoke/logits/000020.json")).json();
  const model = { key: `smoke/${step}`, url: `${location.origin}/exported/smoke/${file}`,
                  settings: manifest.settings, weights: manifest.weights };
  const { WorkerClient } = await import("/app/worker-client.js");
  const engine = new WorkerClient(new URL("/engine/worker.js", location));
  engine.start();
  const { worker, port } = engine;
  const answers = {}, generated = {};
  const messages = calls.map((call, id) => ({ id, ...call({ model, check, manifest, step }) }));
  return new Promise((resolve) => {
    port.onmessage = ({ data: { id, progress, ...answer } }) => {
      if (progress) return (generated[id] ??= []).push(...progress);
      answers[id] = answer;
      if (Object.keys(answers).length < messages.filter(({ method }) => method).length) return;
      worker.terminate();
      resolve([answers, generated]);
    };
    messages.forEach((message) => port.postMessage(message));
  });
}
"""


def test_the_worker_computes_what_pytorch_computed(engine):
    answers, _ = engine(f"""async () => {{ {WORKER} return answersTo([
        ({{ model, check }}) => ({{ method: "check", params: {{ model, ids: check.ids,
            logits: check.logits }} }}),
        ({{ model }}) => ({{ method: "open", params: model }})]); }}""")
    assert answers["0"]["result"]["maxAbsDiff"] < 1e-4
    assert answers["1"]["result"] == {"kernel": "wasm"}


def test_the_worker_returns_logits_attention_and_entropy_of_a_text(engine):
    answers, _ = engine(f"""async () => {{ {WORKER}
        const [answers] = await answersTo([({{ model }}) => ({{ method: "forward",
            params: {{ model, ids: [0, 5, 7],
                       intervention: {{ attention: {{ "1.0": "uniform" }} }} }} }})]);
        const {{ logits, attention, attentionEntropy }} = answers[0].result;
        return [[logits.length, attention.length, Array.from(attention.slice(12, 18)),
                 Array.from(attentionEntropy.slice(6, 9))], 0]; }}""")
    logits, attention, uniform, entropy = answers
    assert (logits, attention) == (3 * 768, 4 * 6)
    np.testing.assert_allclose(uniform, [1, 0.5, 0.5, 1 / 3, 1 / 3, 1 / 3], atol=1e-6)
    np.testing.assert_allclose(entropy, [0, math.log(2), math.log(3)], atol=1e-6)


def test_the_worker_generates_token_by_token_and_can_be_stopped(engine):
    answers, generated = engine(f"""async () => {{ {WORKER} return answersTo([
        ({{ model }}) => ({{ method: "generate", params: {{ model, ids: [0], tokens: 9,
            sampling: {{ temperature: 0 }} }} }}),
        ({{ model }}) => ({{ method: "generate", params: {{ model, ids: [0], sampling: {{}} }} }}),
        ({{ model }}) => ({{ method: "generate", params: {{ model, ids: [0], sampling: {{}} }} }}),
        () => ({{ cancel: 2 }})]); }}""")
    assert len(generated["0"]) == 9
    for token in generated["0"]:  # at temperature 0 it is the most likely
        assert token["id"] == token["top"][0]["id"] and token["p"] == token["top"][0]["p"]
        assert len(token["top"]) == 10
    assert len(generated["1"]) == 63  # the context of 64 is full
    assert generated.get("2", []) == [] and "result" in answers["2"]


def test_a_text_that_is_continued_comes_with_the_activations_of_a_forward_pass(engine):
    answers, _ = engine(f"""async () => {{ {WORKER}
        const sampling = {{ temperature: 0.8 }}, intervention = {{ heads: ["0.1"] }};
        const [first] = await answersTo([({{ model }}) => ({{ method: "complete", params: {{
            model, ids: [0, 5], tokens: 9, seed: 3, sampling, intervention }} }})]);
        const {{ ids }} = first[0].result;
        const [second] = await answersTo([({{ model }}) => ({{ method: "forward",
            params: {{ model, ids, intervention }} }})]);
        const [one, other] = [first[0].result, second[0].result], differs = (name) => Math.max(
            ...one[name].map((value, i) => Math.abs(value - other[name][i])));
        return [[ids, one.logits.length, differs("logits"), differs("attention"),
                 differs("attentionEntropy")], 0]; }}""")
    ids, logits, *differences = answers
    assert ids[:2] == [0, 5] and len(ids) == 11 and logits == 11 * 768
    assert max(differences) < 1e-4


def forward_with(engine, ids, intervention):
    """The logits (T, V) that the worker computes; or the sentence why it does not."""
    answers, _ = engine(f"""async () => {{ {WORKER}
        const [answers] = await answersTo([({{ model }}) => ({{ method: "forward",
            params: {{ model, ids: {ids}, intervention: {json.dumps(intervention)} }} }})]);
        return [{{ logits: Array.from(answers[0].result?.logits ?? []), ...answers[0] }}, 0]; }}""")
    return answers.get("error") or np.array(answers["logits"]).reshape(len(ids), -1)


def test_a_text_that_is_patched_with_another_goes_on_like_the_other(engine):
    ids, others = [0, 5, 7, 9], [0, 5, 8]
    last = 2 * len([0, 1])  # after both layers
    plain, other = forward_with(engine, ids, {}), forward_with(engine, [0, 5, 8, 9], {})
    # Where a token enters, its patch is the same as another token.
    early = forward_with(
        engine, ids, dict(patches=[dict(depth=0, position=2, ids=others, **{"from": 2})])
    )
    np.testing.assert_allclose(early, other, atol=1e-4)
    # At the end, only the prediction at this position is that of the other text.
    late = forward_with(
        engine, ids, dict(patches=[dict(depth=last, position=2, ids=others, **{"from": 2})])
    )
    np.testing.assert_allclose(late[2], other[2], atol=1e-4)
    np.testing.assert_allclose(late[[0, 1, 3]], plain[[0, 1, 3]], atol=1e-4)


def test_steering_adds_the_way_from_one_embedding_to_another(engine, smoke_run):
    run = Run(smoke_run)
    _, _, twin = quantize(run.model, "int8")
    a, b, *ids = run.ids("The boy was")[1:3] + run.ids("The dog")
    way = 1.5 * (twin.token_embedding.weight[b] - twin.token_embedding.weight[a]).detach()
    twin.blocks[1].register_forward_pre_hook(lambda _, x: (x[0] + way, *x[1:]))
    found = forward_with(
        engine, ids, dict(steer=[{"depth": 2, "from": a, "to": b, "strength": 1.5}])
    )
    np.testing.assert_allclose(found, logits_of(twin, ids), atol=1e-4)


def with_hooks(twin, ids, patches, ways):
    """A model in PyTorch that is patched and steered: patches (depth, position, vector), of other
    texts, and ways (depth, vector); at a depth, patches come first."""

    def change(depth, x):
        x = x.clone()
        for at, position, vector in patches:
            if at == depth and position < x.shape[1]:
                x[0, position] = vector
        return x + sum((vector for at, vector in ways if at == depth), torch.zeros(()))

    def after(depth):
        return lambda _, x, out: (change(depth, out[0]), *out[1:])

    def between(layer):  # after the attention: what it adds, so that the sum is what it has to be
        start = {}
        twin.blocks[layer].register_forward_pre_hook(lambda _, x: start.update(x=x[0]))
        twin.blocks[layer].output.register_forward_hook(
            lambda _, x, out: change(2 * layer + 1, start["x"] + out) - start["x"]
        )

    twin.blocks[0].register_forward_pre_hook(lambda _, x: (change(0, x[0]), *x[1:]))
    for layer, block in enumerate(twin.blocks):
        between(layer)
        block.register_forward_hook(after(2 * layer + 2))
    return logits_of(twin, ids)


SEVERAL = dict(
    patches=[
        {"depth": depth, "position": position, "ids": [0, 5, 8, 30, 7], "from": start}
        for depth, position, start in [(0, 1, 2), (1, 3, 4), (2, 2, 2), (3, 2, 3)]
    ],
    steer=[
        {"depth": depth, "from": start, "to": end, "strength": strength}
        for depth, start, end, strength in [(0, 12, 40, 0.5), (1, 9, 3, -1.5), (4, 20, 30, 2)]
    ],
)


def several_in_pytorch(smoke_run, ids):
    """The logits (T, V) of a text under SEVERAL, computed with hooks in PyTorch."""
    run = Run(smoke_run)
    streams = {}
    for patch in SEVERAL["patches"]:
        twin = quantize(run.model, "int8")[2]
        depth, layer = patch["depth"], (patch["depth"] - 1) // 2
        kept = {}
        if depth == 0:
            twin.blocks[0].register_forward_pre_hook(lambda _, x, kept=kept: kept.update(x=x[0]))
        elif depth % 2 == 0:
            twin.blocks[layer].register_forward_hook(
                lambda _, x, out, kept=kept: kept.update(x=out[0])
            )
        else:
            block = twin.blocks[layer]
            block.register_forward_pre_hook(lambda _, x, kept=kept: kept.update(x=x[0]))
            block.output.register_forward_hook(
                lambda _, x, out, kept=kept: kept.update(x=kept["x"] + out)
            )
        logits_of(twin, patch["ids"])
        streams[depth] = kept["x"][0]
    twin = quantize(run.model, "int8")[2]
    embedding = twin.token_embedding.weight.detach()
    patches = [
        (p["depth"], p["position"], streams[p["depth"]][p["from"]]) for p in SEVERAL["patches"]
    ]
    ways = [
        (s["depth"], s["strength"] * (embedding[s["to"]] - embedding[s["from"]]))
        for s in SEVERAL["steer"]
    ]
    return with_hooks(twin, ids, patches, ways)


def test_several_patches_and_ways_at_different_depths_do_what_hooks_do(engine, smoke_run):
    ids = [0, 5, 7, 9, 11, 2]
    found = forward_with(engine, ids, SEVERAL)
    np.testing.assert_allclose(found, several_in_pytorch(smoke_run, ids), atol=1e-4)


def test_what_is_written_looks_back_at_what_was_patched_and_is_steered_itself(engine, smoke_run):
    """The likeliest token each time, by a model that reads token by token, and by one that reads anew."""
    ids = [0, 5, 7, 9, 11]
    answers, _ = engine(f"""async () => {{ {WORKER}
        const [answers] = await answersTo([({{ model }}) => ({{ method: "complete", params: {{
            model, ids: {ids}, intervention: {json.dumps(SEVERAL)}, tokens: 12,
            sampling: {{ temperature: 0 }} }} }})]);
        return [{{ ids: answers[0].result.ids, logits: Array.from(answers[0].result.logits) }}, 0]; }}""")
    written = answers["ids"]
    assert len(written) == 17
    wanted = several_in_pytorch(smoke_run, written)
    np.testing.assert_allclose(
        np.array(answers["logits"]).reshape(len(written), -1), wanted, atol=1e-4
    )
    assert [row.argmax() for row in wanted[4:-1]] == written[5:]


def test_a_control_differs_from_what_it_controls_for_and_is_alike_for_a_seed(engine):
    ids, change = [0, 5, 7, 9], dict(patches=[dict(depth=1, position=2, ids=[0, 5, 8])])
    change["patches"][0]["from"] = 2
    plain, patched, one, again, other = (
        forward_with(engine, ids, how)
        for how in ({}, change, *(dict(change, control=seed) for seed in (1, 1, 2)))
    )
    np.testing.assert_array_equal(one, again)
    different = [plain, patched, one, other]
    assert all(
        abs(x[2] - y[2]).max() > 1e-4 for i, x in enumerate(different) for y in different[:i]
    )


@pytest.mark.parametrize(
    "patch, named",
    [(dict(depth=9, position=0), "depth 9"), (dict(depth=0, position=4), "position 4")],
)
def test_a_patch_that_is_nowhere_in_the_model_or_the_text_is_refused(engine, patch, named):
    given = dict(patches=[dict(patch, ids=[0, 1], **{"from": 0})])
    assert named in forward_with(engine, [0, 5, 7, 9], given)


@pytest.mark.parametrize(
    "how",
    [dict(temperature=0.8), dict(temperature=1.3, top_k=5), dict(temperature=1.0, top_p=0.7)],
    ids=str,
)
def test_the_worker_writes_what_the_terminal_writes_with_the_same_seed(engine, smoke_run, how):
    run = Run(smoke_run)
    _, _, twin = quantize(run.model, "int8")
    sampling = dict(
        temperature=how["temperature"], topK=how.get("top_k", 0), topP=how.get("top_p", 1)
    )
    for seed in (1, 2, 3):
        call = dict(ids=run.ids(run.prompts[0]), seed=seed, sampling=sampling, tokens=30)
        call["end"] = run.tokenizer.end
        _, generated = engine(f"""async () => {{ {WORKER} return answersTo([({{ model }}) => ({{
            method: "generate", params: {{ model, ...{json.dumps(call)} }} }})]); }}""")
        here = [i for i, _ in stream(run, run.prompts[0], twin, tokens=30, seed=seed, **how)]
        assert [token["id"] for token in generated["0"]] == here and len(here) > 1


def test_the_worker_stops_after_the_end_token_and_includes_it(engine):
    def greedy(end):
        return engine(f"""async () => {{ {WORKER} return answersTo([({{ model }}) => ({{
            method: "generate", params: {{ model, ids: [0], tokens: 9,
            sampling: {{ temperature: 0 }}, end: {end} }} }})]);
            }}""")[1]["0"]

    free = [token["id"] for token in greedy("null")]
    third = free[2]
    ended = [token["id"] for token in greedy(third)]
    assert ended == free[: free.index(third) + 1] and len(ended) < len(free) == 9


def test_the_logit_lens_ends_with_the_predictions_of_the_model(engine):
    answers, generated = engine(f"""async () => {{ {WORKER} return answersTo([
        ({{ model }}) => ({{ method: "logitLens", params: {{ model, ids: [0, 5, 7] }} }}),
        ({{ model }}) => ({{ method: "generate", params: {{ model, ids: [0, 5, 7],
            tokens: 1 }} }})
        ]); }}""")
    depths = answers["0"]["result"]
    assert len(depths) == 5 and all(len(depth) == 3 for depth in depths)
    assert depths[-1] == generated["1"][0]["top"][:3]


def test_weights_that_are_missing_are_named(engine):
    answers, _ = engine(f"""async () => {{ {WORKER} return answersTo([({{ model }}) => ({{
        method: "open", params: {{ ...model, key: "x",
                                   url: `${{location.origin}}/exported/nobody.bin` }}
        }})]); }}""")
    assert "nobody.bin is missing" in answers["0"]["error"]
