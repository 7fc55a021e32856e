/**
 * The model in a worker, so that the page never waits for it. `open` comes first; each of the other
 * methods says what it takes and returns. See serve.js for the messages.
 */
import { fetchModel } from "./fetch.js";
import { resolved } from "./intervention.js";
import { softmax } from "./kernel.js";
import { entropy, makeRng, pick, samplingProbs, top } from "./sample.js";
import { serve } from "./serve.js";

const MAX_MODELS = 3; // in the cache; each holds its weights and all its activations
const MAX_BYTES = 110e6; // of all of them, unless one alone needs more: phones reload pages that hold much
const PROGRESS_INTERVAL = 80; // milliseconds between two messages with generated tokens
const models = new Map(); // key -> model, the one used last at the end

/** A model, fetched if need be. `weights` is the layout of its file, from the manifest. */
async function open({ key, ...source }) {
  const model = models.get(key) ?? (await fetchModel(source));
  models.delete(key);
  models.set(key, model);
  while (models.size > MAX_MODELS || (models.size > 1 && bytesOf(models) > MAX_BYTES)) {
    const [[oldest, unused]] = models;
    models.delete(oldest);
    unused.kernel.release();
  }
  return model;
}

const bytesOf = (held) => [...held.values()].reduce((sum, model) => sum + 4 * model.floatCount(), 0);

/** A forward pass over ids, with or without an intervention (see intervention.js). */
function forward(model, ids, intervention) {
  model.intervene(resolved(model, ids, intervention));
  if (ids.length) model.forward(ids);
  return model;
}

/**
 * The random number of each token, asked for in order from the first one on that has not been written. Where a
 * branch has another seed, its numbers begin.
 */
function randomNumbers(seed, branch, written) {
  const seeds = [{ at: 0, seed }, ...branch.filter((one) => one.seed !== undefined)];
  const last = seeds.findLast(({ at }) => at <= written);
  let rng = makeRng(last.seed);
  for (let n = last.at; n < written; n++) rng();
  return (n) => {
    const another = seeds.findLast(({ at }) => at === n && n > written);
    if (another) rng = makeRng(another.seed);
    return rng();
  };
}

const methods = {
  /** Fetch a model. -> the kernel it runs on: "wasm" or "javascript". */
  async open(params) {
    return { kernel: (await open(params)).kernel.name };
  },

  /** The largest absolute difference between the logits (V) after `ids` and those of PyTorch. */
  async check({ model, ids, logits }) {
    const ours = forward(await open(model), ids).logits(ids.length - 1);
    return { maxAbsDiff: ours.reduce((most, logit, i) => Math.max(most, Math.abs(logit - logits[i])), 0) };
  },

  /** A forward pass over a text: see GPT.activations; and the milliseconds that it took. */
  async forward({ model, ids, intervention }) {
    const start = performance.now();
    const gpt = forward(await open(model), ids, intervention);
    return { ...gpt.activations(), milliseconds: performance.now() - start };
  },

  /** Read a text and continue it, as generate: its ids (T) and all that forward returns, in one go. */
  async complete(params, call) {
    const start = performance.now();
    const ids = [...params.ids];
    const takeIds = (tokens) => ids.push(...tokens.map(({ id }) => id));
    await methods.generate(params, { ...call, onProgress: takeIds });
    const activations = (await open(params.model)).activations();
    return { ids, ...activations, milliseconds: performance.now() - start };
  },

  /** The logit lens: the n most likely next tokens at each depth of the model (see GPT.residual). */
  async logitLens({ model, ids, intervention, n = 3 }) {
    const gpt = forward(await open(model), ids, intervention);
    return Array.from({ length: 2 * gpt.L + 1 }, (_, depth) =>
      top(softmax(gpt.logitLens(ids.length - 1, depth)), n),
    );
  },

  /**
   * How well a text was predicted: for each of its tokens but the first, the probability that the model gave it
   * (T - 1), and the likeliest token at its place with its probability (T - 1 each).
   */
  async score({ model, ids, intervention }) {
    const gpt = forward(await open(model), ids, intervention);
    const [p, best, bestP] = [Float32Array, Int32Array, Float32Array].map((Type) => new Type(ids.length - 1));
    for (let i = 0; i + 1 < ids.length; i++) {
      const predicted = softmax(gpt.logits(i));
      p[i] = predicted[ids[i + 1]];
      best[i] = predicted.reduce((most, one, id) => (one > predicted[most] ? id : most), 0);
      bestP[i] = predicted[best[i]];
    }
    return { p, best, bestP };
  },

  /** The logits (V) of what follows a text. */
  async nextLogits({ model, ids, intervention }) {
    return { logits: forward(await open(model), ids, intervention).logits(ids.length - 1) };
  },

  /**
   * How long the residual stream of a text is at a depth (the median over its positions), and how long the way from
   * the embedding of one token to that of another is.
   */
  async lengths({ model, ids, depth, from, to }) {
    const gpt = forward(await open(model), ids);
    const residuals = ids.map((_, position) => Math.hypot(...gpt.residual(depth, position)));
    residuals.sort((a, b) => a - b);
    const start = gpt.tokenEmbedding(from);
    const way = gpt.tokenEmbedding(to).map((value, c) => value - start[c]);
    return { residual: residuals[Math.floor(ids.length / 2)], direction: Math.hypot(...way) };
  },

  /**
   * What patches do to the next token: at a depth, the residual stream of a text becomes, at each of some positions
   * in turn, that of another text at the same position. -> the logit of b less that of a, for each of them.
   */
  async patchDifferences({ model, ids, otherIds, depth, positions, a, b }) {
    const gpt = forward(await open(model), otherIds);
    const vectors = positions.map((position) => gpt.residual(depth, position).slice());
    const differences = positions.map((position, i) => {
      gpt.intervene({ patches: [{ depth, position, vector: vectors[i] }] });
      const logits = gpt.forward(ids);
      return logits[b] - logits[a];
    });
    return { differences: Float32Array.from(differences) };
  },

  /**
   * Continue a text until `end` (a token, or a list of them), a full context or `tokens` more. Progress: a list
   * of { id, p, top, entropy }, p, top (the ten most likely) and entropy (in nats) at temperature 1. `sampling` as for samplingProbs.
   * `numbers` take the place of the first random numbers. `branch`: decisions as in app/branch.js, of which
   * those about the last `written` of the ids have been carried out.
   */
  async generate(
    { model, ids, intervention, sampling, seed = 1, numbers = [], branch = [], written = 0, ...limits },
    { onProgress, isCancelled },
  ) {
    const { tokens = Infinity, end = null } = limits;
    const gpt = forward(await open(model), ids, intervention);
    const random = randomNumbers(seed, branch, written);
    const ends = [end].flat();
    const start = performance.now();
    let generated = [];
    let lastProgress = -Infinity; // the first token is shown at once
    for (let n = written; n < tokens && gpt.length < gpt.n_ctx && !isCancelled(); n++) {
      const logits = gpt.logits(gpt.length - 1);
      const p = softmax(logits);
      const number = random(n);
      const taken = branch.find(({ at, id }) => at === n && id < gpt.V);
      const next = taken?.id ?? pick(samplingProbs(logits, sampling), numbers[n] ?? number);
      generated.push({ id: next, p: p[next], top: top(p), entropy: entropy(p) });
      gpt.forward([next]);
      if (ends.includes(next)) break;
      if (performance.now() - lastProgress > PROGRESS_INTERVAL) {
        onProgress(generated);
        [generated, lastProgress] = [[], performance.now()];
        await new Promise((resolve) => setTimeout(resolve)); // it may have been cancelled
      }
    }
    onProgress(generated);
    return { milliseconds: performance.now() - start };
  },
};

const LESSON_METHODS = [
  "timeForward",
  "lossBetween",
  "headVectors",
  "embeddings",
  "arithmeticRanks",
  "inputEmbeddings",
  "residual",
  "parts",
];

/** What only lessons ask for is fetched once one of them does: other pages start sooner without it. */
const ofLessons = Object.fromEntries(
  LESSON_METHODS.map((name) => [
    name,
    async (params) => {
      const { lessonMethods } = await import("./lesson-methods.js");
      return lessonMethods({ open, forward })[name](params);
    },
  ]),
);

serve({ ...methods, ...ofLessons });
