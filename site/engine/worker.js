/**
 * The model in a worker, so that the page never waits for it. `open` comes first; what the other
 * calls take and return is described at each of them. See serve.js for the messages.
 */
import { fetchModel } from "./fetch.js";
import { softmax } from "./kernel.js";
import { entropy, pick, randomNumbers, shares, top } from "./sample.js";
import { serve } from "./serve.js";

const MOST = 3;  // models in the cache; each holds its weights and all that it computes
const PAUSE = 80;  // milliseconds between two messages about what is written
const models = new Map();  // key -> promise of a model, the one used last at the end
const stopped = new Set();  // ids of calls that nobody waits for any more

/** A model, fetched if need be. `weights` is what the manifest says about them. */
function open({ key, ...where }) {
  const known = models.get(key) ?? fetchModel(where);
  models.delete(key);
  models.set(key, known);
  known.catch(() => models.delete(key));  // so that it can be tried again
  if (models.size > MOST) models.delete(models.keys().next().value);
  return known;
}

/** The attention patterns that can replace a head's own: position -> (position + 1) numbers. */
const patterns = {
  even: (place) => new Float32Array(place + 1).fill(1 / (place + 1)),
  previous: (place) => oneAt(place, Math.max(0, place - 1)),
  first: (place) => oneAt(place, 0),
  itself: (place) => oneAt(place, place),
};

function oneAt(place, seen) {
  const row = new Float32Array(place + 1);
  row[seen] = 1;
  return row;
}

/** { attention: { "2.1": "even" } } -> what GPT.change takes. */
function changeOf({ attention = {}, ...rest } = {}) {
  const named = Object.entries(attention).map(([head, name]) => [head, patterns[name]]);
  return { ...rest, attention: Object.fromEntries(named) };
}

/** Read ids from the start, with or without a change (see GPT.change). */
function read(model, ids, change) {
  model.change(changeOf(change));
  if (ids.length) model.forward(ids);
  return model;
}

const calls = {
  /** Fetch a model. -> the kernel it runs on: "wasm" or "javascript". */
  async open(given) {
    return { kernel: (await open(given)).kernel.name };
  },

  /** How far the logits (V) after `ids` are from those that PyTorch computed. */
  async check({ model, ids, logits }) {
    const own = read(await open(model), ids).logits(ids.length - 1);
    return { gap: own.reduce((gap, logit, i) => Math.max(gap, Math.abs(logit - logits[i])), 0) };
  },

  /**
   * Everything about a text: logits (T, V); attention, of each head the lower triangle, row by row,
   * (L H, T (T + 1) / 2); entropy of each row (L H, T) in nats; how long it took, in milliseconds.
   */
  async look({ model, ids, change }) {
    const began = performance.now(), gpt = read(await open(model), ids, change);
    const T = ids.length, triangle = T * (T + 1) / 2, heads = gpt.L * gpt.H;
    const logits = new Float32Array(T * gpt.V);
    const attention = new Float32Array(heads * triangle), spread = new Float32Array(heads * T);
    for (let place = 0; place < T; place++) {
      logits.set(gpt.logits(place), place * gpt.V);
      for (let i = 0; i < heads; i++) {
        const row = gpt.weights(Math.floor(i / gpt.H), i % gpt.H, place);
        attention.set(row, i * triangle + place * (place + 1) / 2);
        spread[i * T + place] = entropy(row);
      }
    }
    return { logits, attention, entropy: spread, milliseconds: performance.now() - began };
  },

  /** The logit lens: what each depth of the model (see GPT.residual) expects after a text. */
  async lens({ model, ids, change, n = 3 }) {
    const gpt = read(await open(model), ids, change);
    return Array.from({ length: 2 * gpt.L + 1 }, (_, depth) =>
      top(softmax(gpt.lens(ids.length - 1, depth)), n));
  },

  /**
   * Continue a text until `end`, a full context or `tokens` more. Parts: a list of { id, p, top },
   * p and top (the ten most likely) at temperature 1. `how` as for sample.shares, and its seed.
   */
  async write({ id, model, ids, change, how, seed = 1, tokens = Infinity, end = null }, tell) {
    const gpt = read(await open(model), ids, change), dice = randomNumbers(seed);
    const began = performance.now();
    let part = [], told = began, n = 0;
    for (; n < tokens && gpt.length < gpt.n_ctx && !stopped.has(id); n++) {
      const logits = gpt.logits(gpt.length - 1), believed = softmax(logits);
      const next = pick(shares(logits, how), dice());
      part.push({ id: next, p: believed[next], top: top(believed) });
      gpt.forward([next]);
      if (next === end) break;
      if (performance.now() - told > PAUSE) {
        tell(part);
        [part, told] = [[], performance.now()];
        await new Promise((resolve) => setTimeout(resolve));  // a `stop` may have come
      }
    }
    tell(part);
    return { milliseconds: performance.now() - began };
  },

  /** Let a `write` end. */
  async stop({ call }) {
    stopped.add(call);
    return {};
  },
};

serve(calls, ["stop"]);
