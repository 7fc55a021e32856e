/**
 * A model learns in this worker, so that the page stays quick. Every call is short: the page asks for a tenth of a
 * second of training, then for what it wants to show, and so on; to pause is not to ask. See serve.js for messages.
 */
import { changesOf, rms } from "./changes.js";
import { drawBatch, makeBatches, mixed, windows } from "./batches.js";
import { fetchTensors, modelOf } from "./fetch.js";
import { flattened, tensorsOf } from "./flat-weights.js";
import { softmax } from "./kernel.js";
import { unpack } from "./packed.js";
import { entropy, makeRng, pick, samplingProbs, top } from "./sample.js";
import { serve } from "./serve.js";
import { compileTraining, javascriptTraining } from "./train-kernel.js";
import * as programs from "./train-kernel-program.js";
import { Training } from "./training.js";
import { WINDOW } from "./window.js";

const EVALUATED = 32; // windows of the validation text, evenly spread over it
const MAX_BYTES = 1.5e9; // of memory

const kernels = loadKernels();
let lab = null; // what is being trained: see begin

/** The fastest kernel that this browser has. */
async function loadKernels() {
  for (const program of [programs.fused, programs.plain]) {
    try {
      return await compileTraining(await unpack(program));
    } catch {
      // It lacks some of its instructions: the next one needs fewer.
    }
  }
  return javascriptTraining;
}

/** A training from its first step on, of weights that are still to come. */
async function prepare({ settings, ids, validationIds, validationSpans, end, seed, old = null }) {
  lab = null; // before the next one takes its memory
  const createKernel = await kernels;
  const training = new Training({
    settings,
    createKernel(bytes) {
      if (bytes > MAX_BYTES) throw new RangeError("This model is too large for a page.");
      return createKernel(bytes);
    },
  });
  const fresh = drawn(ids, end, settings, seed);
  const batches = old?.fraction
    ? mixed(fresh, drawn(old.ids, end, settings, seed), { fraction: old.fraction, seed })
    : fresh;
  const validation = someBatches(validationIds, end, settings, validationSpans);
  lab = { training, batches, end, validation, updates: [] };
  return lab;
}

/** The same with its first weights: random ones, or those of a grown model. */
async function start(params) {
  const { training } = await prepare(params);
  training.initialize(params.seed);
  if (params.weights) training.load(await fetchTensors(params.weights));
  lab.first = training.tensors();
  return training;
}

/** What begin and restore return. */
function aboutIt(training) {
  return {
    parameters: training.parameterCount,
    validationLoss: training.evaluate(lab.validation),
    validationTexts: lab.validation.reduce((sum, { ids, T }) => sum + ids.length / T, 0),
    kernel: training.kernel.name,
  };
}

/** The batches of a text, one after another. */
function* drawn(ids, end, { n_ctx, batch_size }, seed) {
  const all = windows(ids, end, n_ctx);
  for (const spans of makeBatches(all, { end, n_ctx, batch_size, seed })) yield drawBatch(ids, spans);
}

/** Some windows of a text, in batches that there is room for. */
function someBatches(ids, end, { n_ctx, batch_size }, all = windows(ids, end, n_ctx)) {
  const every = Math.floor(all.length / EVALUATED) + 1;
  const some = all.filter((_, i) => i % every === 0);
  const batches = [];
  while (some.length) batches.push(drawBatch(ids, some.splice(0, batch_size)));
  return batches;
}

/** One update; of the first one in a call, also how far each tensor moved. */
function update({ training, batches }, isMeasured) {
  const before = isMeasured ? weightsOf(training).slice() : null;
  const result = training.update(batches.next().value);
  if (before) lab.updates = sizesOf(training, before);
  return result;
}

const weightsOf = ({ kernel, blocks }) => kernel.floats(blocks.weights, blocks.n);

/** For each tensor that learns: the root mean squares of its gradient, its weights and its last update. */
function sizesOf({ kernel, blocks, learning }, before) {
  return learning.map(({ name, shape, address, gradient, n }) => {
    const weights = kernel.floats(address, n);
    const start = (address - blocks.weights) / 4;
    const update = weights.map((one, i) => one - before[start + i]);
    return {
      name,
      shape,
      gradient: rms(kernel.floats(gradient, n)),
      weight: rms(weights),
      update: rms(update),
    };
  });
}

/** The model as it is now, ready to be asked; its memory is that of the one before. */
async function currentModel() {
  const { training } = lab;
  if (lab.modelStep !== training.step) {
    lab.model?.kernel.release();
    lab.model = await modelOf(training.settings, training.tensors());
    lab.modelStep = training.step;
  }
  lab.model.reset();
  return lab.model;
}

/**
 * Do something with a model that does not learn here. Its weights are in a file (see fetchTensors), or as flat-weights.js
 * has them.
 */
async function withModel({ settings, weights }, act) {
  const isFlat = weights instanceof Float32Array;
  const tensors = isFlat ? tensorsOf(weights, settings) : await fetchTensors(weights);
  const model = await modelOf(settings, tensors);
  try {
    return await act(model, tensors);
  } finally {
    model.kernel.release();
  }
}

/**
 * A function that takes the next tokens of a text, and returns the logits of what follows. What an export has no name
 * for reads all of it again for each token.
 */
async function reader() {
  const { training } = lab;
  if (isUsual(training.settings)) return readerOf(await currentModel());
  const read = [];
  const seen = training.settings.architecture === "window" ? WINDOW : Infinity;
  return (ids) => {
    read.push(...ids);
    const last = read.slice(-seen);
    const logits = training.forward(last, last.length).value;
    const from = logits.address + 4 * (last.length - 1) * logits.columns;
    const copy = training.kernel.floats(from, logits.columns).slice();
    training.tape.rewind();
    return copy;
  };
}

/** Whether it is a GPT with all its parts. */
const isUsual = ({ architecture, mask = true, positions = true, residual = true, scale = true }) =>
  architecture !== "window" && mask && positions && residual && scale;

function readerOf(model) {
  model.reset();
  return (ids) => model.forward(ids);
}

/**
 * What a model writes after a prompt, until the end token, a full context or so many tokens: of each token its id, and
 * the probabilities (V) of all that could have stood there.
 */
function* writing(read, prompt, { n_ctx, tokens = Infinity, temperature, random, end }) {
  const most = Math.min(tokens, n_ctx - prompt.length);
  let logits = read(prompt);
  for (let n = 1; n <= most; n++) {
    const id = pick(samplingProbs(logits, { temperature }), random());
    yield { id, probabilities: softmax(logits) };
    if (id === end || n === most) return;
    logits = read([id]);
  }
}

/** The same with what figures show of each token: { id, p, top, entropy } as in worker.js. */
function continued(read, prompt, options) {
  const row = [];
  for (const { id, probabilities: p } of writing(read, prompt, options)) {
    row.push({ id, p: p[id], top: top(p), entropy: entropy(p) });
  }
  return row;
}

/** What a model writes after each prompt, and what it attends to in all of that. */
function passesOf(model, { prompts, tokens, temperature, end, seed }) {
  const { n_ctx } = model;
  return prompts.map((prompt, i) => {
    const random = randomFor(seed, i);
    const row = continued(readerOf(model), prompt, { n_ctx, tokens, temperature, random, end });
    readerOf(model)([...prompt, ...row.map(({ id }) => id)]);
    const { attention, attentionEntropy } = model.activations();
    return { tokens: row, attention, attentionEntropy };
  });
}

/** The random numbers of the text of a number, of several that have the same seed. */
const randomFor = (seed, i) => makeRng(seed * 1009 + i);

const methods = {
  /**
   * Begin to train: `ids` and `validationIds` are tokens, `end` is the id of the end token or null; settings as in
   * training.js. With `weights` (see fetchTensors), a grown model goes on; with `old` ({ ids, fraction }), that
   * fraction of the batches is of another text; with `validationSpans`, its windows are these instead of documents. -> how many parameters the model has, its loss before the first
   * update, of how many windows that is the mean, and its kernel.
   */
  async begin(params) {
    return aboutIt(await start(params));
  },

  /**
   * Train for so many steps, or about so many milliseconds. -> the step it came to, the loss (nats per token) and
   * the norm of the gradients at each; `failed` if a loss was not finite: the weights are those before.
   */
  async train({ steps = Infinity, milliseconds = Infinity }) {
    const { training } = lab;
    const start = performance.now();
    const losses = [];
    const norms = [];
    let failed = false;
    while (training.step < training.settings.steps && losses.length < steps && !failed) {
      const { loss, gradientNorm, isFinite } = update(lab, losses.length === 0);
      failed = !isFinite;
      losses.push(loss);
      norms.push(gradientNorm);
      if (performance.now() - start >= milliseconds) break;
    }
    return {
      step: training.step,
      losses: Float32Array.from(losses),
      gradientNorms: Float32Array.from(norms),
      finished: training.step >= training.settings.steps,
      failed,
    };
  },

  /** The loss on a part of the validation text, or of another one, in nats per token. */
  async evaluate({ ids = null } = {}) {
    const { training, validation, end } = lab;
    return { loss: training.evaluate(ids ? someBatches(ids, end, training.settings) : validation) };
  },

  /**
   * How likely each token of some texts (lists of ids) is after those before it. -> for each text, the probabilities of
   * its tokens from the second one on
   */
  async probabilities({ texts }) {
    const rows = [];
    for (const ids of texts) {
      const read = await reader();
      rows.push(Array.from(ids.slice(1), (id, i) => softmax(read([ids[i]]))[id]));
    }
    return { rows };
  },

  /** How far the weights have moved since the beginning: see changes.js. */
  async changes() {
    const { training, first } = lab;
    return changesOf(first, training.tensors(), training.settings);
  },

  /** Continue prompts (lists of ids). -> for each, a row of { id, p, top, entropy } as in worker.js. */
  async sample({ prompts, tokens, temperature = 1, seed = 1 }) {
    const { n_ctx } = lab.training.settings;
    const rows = [];
    for (const [i, prompt] of prompts.entries()) {
      const random = randomFor(seed, i);
      rows.push(continued(await reader(), prompt, { n_ctx, tokens, temperature, random, end: lab.end }));
    }
    return { rows };
  },

  /** The weights as they are now, adapters added to what they stand beside: see flat-weights.js. */
  async weights() {
    const { training } = lab;
    return { weights: flattened(training.tensors(), training.settings) };
  },

  /**
   * So many texts by a model that does not learn here (see withModel), after each prompt (a list of ids) in turn. Each is
   * a progress: its ids, with the prompt, and with the end token if the model comes to it.
   */
  async write({ settings, weights, prompts, n, end, temperature, seed }, { onProgress, isCancelled }) {
    const { n_ctx } = settings;
    return withModel({ settings, weights }, async (gpt) => {
      for (let i = 0; i < n && !isCancelled(); i++) {
        const prompt = prompts[i % prompts.length];
        const random = randomFor(seed, i);
        const tokens = [...writing(readerOf(gpt), prompt, { n_ctx, temperature, random, end })];
        onProgress([...prompt, ...tokens.map(({ id }) => id)]);
        await new Promise((resolve) => setTimeout(resolve)); // it may have been cancelled
      }
      return {};
    });
  },

  /** What a forward pass over a text computes: see GPT.activations. */
  async attention({ ids }) {
    const model = await currentModel();
    model.forward(ids);
    return model.activations();
  },

  /**
   * The weights, and what the model writes and attends to after prompts (lists of ids): all of it at one step, which is
   * also the seed. -> { step, weights, passes: [{ tokens, attention, attentionEntropy }] }
   */
  async snapshot({ prompts, tokens, temperature }) {
    const { step } = lab.training;
    const passes = passesOf(await currentModel(), {
      prompts,
      tokens,
      temperature,
      end: lab.end,
      seed: 1 + step,
    });
    return { step, weights: weightsOf(lab.training).slice(), passes };
  },

  /** The same of a model that does not learn here: see withModel. -> { weights, passes } */
  async snapshotOf({ settings, weights: given, prompts, tokens, temperature, end, seed }) {
    return withModel({ settings, weights: given }, async (model, tensors) => ({
      weights: flattened(tensors, settings),
      passes: passesOf(model, { prompts, tokens, temperature, end, seed }),
    }));
  },

  /** The embedding of every token, (V, C). */
  async embeddings() {
    const { training } = lab;
    const { address, n } = training.named.get("token_embedding.weight");
    return { values: training.kernel.floats(address, n).slice() };
  },

  /** How large the last gradients, weights and updates that were measured are: see sizesOf. */
  async updates() {
    return { tensors: lab.updates };
  },

  /** All that is needed to go on later: weights, and what the optimizer keeps of them. */
  async state() {
    const { training } = lab;
    const { kernel, blocks } = training;
    const optimizer = new Float32Array(2 * blocks.n);
    optimizer.set(kernel.floats(blocks.averages, blocks.n));
    optimizer.set(kernel.floats(blocks.squares, blocks.n), blocks.n);
    return {
      step: training.step,
      settings: training.settings,
      weights: weightsOf(training).slice(),
      optimizer,
    };
  },

  /** Go on from a state: with the same batches and the same results as if nothing had been in between. */
  async restore(params) {
    const { state } = params;
    const training = await start(params);
    const { kernel, blocks } = training;
    kernel.floats(blocks.weights, blocks.n).set(state.weights);
    kernel.floats(blocks.averages, blocks.n).set(state.optimizer.subarray(0, blocks.n));
    kernel.floats(blocks.squares, blocks.n).set(state.optimizer.subarray(blocks.n));
    training.step = state.step;
    for (let step = 0; step < state.step; step++) lab.batches.next();
    return aboutIt(training);
  },
};

serve(methods);
