/**
 * A forward pass over a text: its tokens, what the model predicted at each position, and the attention
 * weights of each head. It was either exported with its run, or is computed in this page.
 *
 *   const pass = await fromExport(run, 100, 0);                     // at step 100, prompt 0
 *   const pass = await compute(run, 100, { text: "The dragon" });   // with the nearest snapshot
 *   pass.ids[9]                  // the token at position 9
 *   pass.nextTokenProbs(9)       // what the model predicted for position 9, from those before it
 *   pass.weight(5, 8, 3)         // the attention weight of head 5 (of all): query 8, key 3
 */
import { Tokenizer } from "../engine/tokenizer.js";
import { entropy, makeRng, numberFor, samplingProbs, top } from "../engine/sample.js";
import { headName } from "./heads.js";
import { LiveModel, nearestSnapshot } from "./model.js";
import { samplePath, UserError } from "./run.js";
import { nearest } from "./step-scale.js";

// What stands for a weight that was rounded to 1: a softmax over two keys or more gives no key everything.
const ALMOST_ALL = 0.999;
const THREE_LETTERS = /\p{L}{3}/u;

export class ForwardPass {
  run;
  step; // whose weights were used
  temperature;
  ids; // (T)
  promptLength; // how many of them the model did not write
  attention; // the lower triangle of each head, row by row, (L H, T (T + 1) / 2)
  attentionScale = 1; // stands for a weight of 1
  attentionEntropy; // of each row, in nats (L H, T)
  generated; // if it was exported: { id, p, top: [id, p][] } of each token that the model wrote
  isComputed; // whether this page continued the text; then the next four are there:
  intervention;
  milliseconds; // that it took
  unknown; // characters that were left out
  isTruncated;
  logits; // (T, V), once the weights of this step are there
  model; // a LiveModel with these weights

  /** @param {object} record some of these */
  constructor(record) {
    Object.assign(this, record);
    this.cache = new Map(); // position -> the result of nextTokenProbs
    this.wordPositions = new Map(); // head -> the result of wordPosition
    this.length = this.ids.length;
    this.triangle = (this.length * (this.length + 1)) / 2;
  }

  get vocab() {
    return this.run.vocab;
  }

  /** The attention weight of a head from a query to a key, 0 to 1. */
  weight(head, query, key) {
    const i = head * this.triangle + (query * (query + 1)) / 2 + key;
    const weight = this.attention[i] / this.attentionScale;
    return weight === 1 && query > 0 ? ALMOST_ALL : weight;
  }

  /** The attention pattern of a head, row by row, (T (T + 1) / 2), as multiples of the scale. */
  pattern(head) {
    return this.attention.subarray(head * this.triangle, (head + 1) * this.triangle);
  }

  /** The attention weights of a head for a query, (query + 1). */
  attentionRow(head, query) {
    return Array.from({ length: query + 1 }, (_, key) => this.weight(head, query, key));
  }

  /** Whether a head, or its whole layer, was switched off. */
  isOff(head) {
    const { heads = [], layers = [] } = this.intervention ?? {};
    const { n_head } = this.run.manifest.settings;
    const layer = Math.floor(head / n_head);
    return layers.includes(layer) || heads.includes(headName(layer, head % n_head));
  }

  /** The entropy of the attention of a head for a query, in nats. */
  headEntropy(head, query) {
    return this.attentionEntropy[head * this.length + query];
  }

  /**
   * The prediction for a position, 1 to T: the token there (null after the end), its probability and
   * the ten most likely tokens. Null where it is unknown.
   */
  nextTokenProbs(position) {
    if (!this.cache.has(position)) this.cache.set(position, this.predict(position));
    return this.cache.get(position);
  }

  predict(position) {
    const token = this.generated?.[position - this.promptLength];
    const id = this.ids[position] ?? null;
    if (position >= this.promptLength && token) {
      return { id, p: token.p, top: token.top.map(([one, p]) => ({ id: one, p })) };
    }
    const p = this.samplingProbs(position, 1);
    return p && { id, p: id === null ? null : p[id], top: top(p) };
  }

  /** The probabilities (V) for a position at a temperature; null without logits. */
  samplingProbs(position, temperature) {
    if (!this.logits || position < 1 || position > this.length) return null;
    const V = this.vocab.length;
    return samplingProbs(this.logits.slice((position - 1) * V, position * V), { temperature });
  }

  /** The entropy of the prediction for a position, in nats; null without logits. */
  entropy(position) {
    const p = this.samplingProbs(position, 1);
    return p && entropy(p);
  }

  /** The last position that there is a prediction for: the end of the text, or just after it. */
  get lastPosition() {
    return this.logits ? this.length : this.length - 1;
  }

  /** The first position where the model was not sure of the token that it wrote. */
  get firstUncertain() {
    for (let position = this.promptLength; position < this.length; position++) {
      if (this.nextTokenProbs(position).p < 0.5) return position;
    }
    return this.promptLength;
  }

  /**
   * Where a head looked most at one word, among the positions that the model wrote a token for:
   * { head, position, weight }. The word had occurred once so far, and stood further back than the token
   * before the query. Null if there was none.
   * @param {number[]} [heads] those to choose from: all, if not given
   */
  clearestLook(heads = [...Array(this.attention.length / this.triangle).keys()]) {
    let best = null;
    for (let position = this.promptLength; position < this.length; position++) {
      for (const key of this.wordsBefore(position - 1)) {
        for (const head of heads) {
          const weight = this.weight(head, position - 1, key);
          if (!best || weight > best.weight) best = { head, position, weight };
        }
      }
    }
    return best;
  }

  /** The keys of words at which a head can look back from a query; in a model of characters, of letters. */
  wordsBefore(query) {
    const word = this.vocab.some((token) => THREE_LETTERS.test(token)) ? THREE_LETTERS : /\p{L}/u;
    const ids = this.ids.slice(0, query + 1);
    const isNew = (id) => ids.indexOf(id) === ids.lastIndexOf(id);
    const keys = Array.from({ length: Math.max(0, query - 2) }, (_, i) => i + 1); // neither first nor previous
    return keys.filter((key) => word.test(this.vocab[ids[key]]) && isNew(ids[key]));
  }

  /** The position for which a head looked most at one word; if there is none, the first uncertain one. */
  wordPosition(head) {
    if (!this.wordPositions.has(head)) {
      this.wordPositions.set(head, this.clearestLook([head])?.position ?? this.firstUncertain);
    }
    return this.wordPositions.get(head);
  }
}

/** The forward pass that was exported for the sampled step nearest to another one. */
export async function fromExport(run, step, prompt) {
  const nearestStep = nearest(step, run.manifest.exported_steps);
  const file = await run.sample(nearestStep, prompt);
  try {
    const { prompt_ids, tokens, attention, attention_entropy } = file;
    const pass = new ForwardPass({
      run,
      step: nearestStep,
      isComputed: false,
      temperature: file.temperature,
      ids: [...prompt_ids, ...tokens.map(({ id }) => id)],
      promptLength: prompt_ids.length,
      generated: tokens,
      attention: Uint8Array.from(atob(attention), (byte) => byte.charCodeAt(0)),
      attentionScale: 255,
      attentionEntropy: attention_entropy.flat(2),
    });
    if (!isComplete(pass)) throw new RangeError("Its parts do not fit together.");
    return pass;
  } catch {
    throw run.damaged(samplePath(nearestStep, prompt));
  }
}

/** Has an exported forward pass everything that figures draw, and only tokens that exist? */
function isComplete({ run, ids, promptLength, generated, attention, attentionEntropy, length, triangle }) {
  const { n_layer, n_head } = run.manifest.settings;
  const isToken = (id) => typeof run.vocab[id] === "string";
  return (
    promptLength > 0 &&
    ids.every(isToken) &&
    attention.length === n_layer * n_head * triangle &&
    attentionEntropy.length === n_layer * n_head * length &&
    attentionEntropy.every(Number.isFinite) &&
    generated.every(
      ({ p, top }) => Number.isFinite(p) && top.every(([id, one]) => isToken(id) && Number.isFinite(one)),
    )
  );
}

/** The same forward pass with logits and a model; unchanged if there is no snapshot of its step. */
export async function withLogits(pass, signal) {
  if (nearestSnapshot(pass.run, pass.step) !== pass.step) return pass;
  const model = new LiveModel(pass.run, pass.step);
  const { logits } = await model.forward(pass.ids, { signal });
  return new ForwardPass({ ...pass, logits, model });
}

/**
 * The same text, read again in this page, as if it had been computed here: with logits, and with attention
 * that is not rounded. There has to be a snapshot of its step.
 */
export async function readAgain(pass, signal) {
  const model = new LiveModel(pass.run, pass.step);
  const { logits, attention, attentionEntropy } = await model.forward(pass.ids, { signal });
  return new ForwardPass({ ...pass, model, logits, attention, attentionEntropy, attentionScale: 1 });
}

/**
 * Random numbers with which the sampler of this page writes what was recorded: those that PyTorch drew
 * cannot be drawn here. With the same numbers, another model writes as if it had the same luck.
 * @param {ForwardPass} pass with logits
 * @param {number} seed
 */
export function numbersOf(pass, seed) {
  const rng = makeRng(seed);
  return pass.ids
    .slice(pass.promptLength)
    .map((id, i) => numberFor(pass.samplingProbs(pass.promptLength + i, pass.temperature), id, rng()));
}

/**
 * A text that the model reads and continues, with the weights of the nearest snapshot.
 * @param {import("./run.js").Run} run @param {number} step
 * @param {any} request text; and temperature, seed, numbers, intervention (see engine/intervention.js)
 * @param {AbortSignal} [signal] cancels it
 */
export async function compute(run, step, request, signal) {
  const { text, temperature, seed = 1, numbers, intervention } = request;
  const { start, encoded, unknown, isTruncated } = await encodeTyped(run, text);
  const { settings } = run.manifest;
  const promptIds = [...start, ...encoded];
  const model = new LiveModel(run, nearestSnapshot(run, step));
  if (!promptIds.length) throw new UserError("None of these characters occurs in its corpus.", null);
  const read = await model.complete(
    promptIds,
    { temperature },
    { intervention, seed, numbers, signal, tokens: settings.sample_tokens, end: tokenizerOf(run).end },
  );
  return new ForwardPass({
    run,
    step: model.step,
    isComputed: true,
    temperature,
    model,
    intervention,
    promptLength: promptIds.length,
    unknown,
    isTruncated,
    ...read,
  });
}

const tokenizers = new WeakMap();

export function tokenizerOf(run) {
  if (!tokenizers.has(run)) tokenizers.set(run, new Tokenizer(run.manifest.tokenizer));
  return tokenizers.get(run);
}

const BEGINS_WITH_SPACE = /^ \p{L}/u;

/** Whether a text ends with a space though the words of this model begin with their own. */
export const endsInSpace = (run, text) =>
  text.endsWith(" ") && run.vocab.some((token) => BEGINS_WITH_SPACE.test(token));

/** Encode a text that the model has tokens for, up to a full context. `nLeft`: how many there is no room for. */
export function encodePrompt(run, text) {
  const tokenizer = tokenizerOf(run);
  const ids = tokenizer.encode(text);
  const start = tokenizer.end === null ? [] : [tokenizer.end];
  const encoded = ids.slice(0, run.manifest.settings.n_ctx - start.length);
  const nLeft = ids.length - encoded.length;
  return { start, encoded, nLeft, isTruncated: nLeft > 0 };
}

/** The same for any text. `unknown`: characters that the corpus has in no spelling; they are left out. */
export async function encodeTyped(run, text) {
  const { known, unknown, nUnknown } = await inSpellingOf(run, text);
  return { ...encodePrompt(run, known), unknown, nUnknown };
}

/**
 * A text of any length: its ids, what stands before it, and the characters that are left out. The page answers
 * meanwhile. @param {AbortSignal} [signal] cancels it
 */
export async function encodeWhole(run, text, signal) {
  const { known, unknown, nUnknown } = await inSpellingOf(run, text, signal);
  const tokenizer = tokenizerOf(run);
  const pieces = tokenizer.preTokenize(known);
  const ids = [];
  for (let i = 0; i < pieces.length; i += PIECES_AT_ONCE) {
    if (i) await turn(signal);
    ids.push(...tokenizer.encode(pieces.slice(i, i + PIECES_AT_ONCE).join("")));
  }
  return { ids, start: tokenizer.end === null ? [] : [tokenizer.end], unknown, nUnknown };
}

const PIECES_AT_ONCE = 2000;

/**
 * Parts of a text that can be respelled on their own: none begins in the middle of a character, nor with a quotation
 * mark, whose spelling depends on what stands before it.
 */
const PARTS = /[^]{1,3000}[\p{M}\p{P}`´\u1160-\u11ff\ud7b0-\ud7fb\u200c\u200d]*/gu;

/** Let the page answer, and what is drawn be drawn. */
async function turn(signal) {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}

/** What a model can read of a text, in the spelling of its corpus. @param {AbortSignal} [signal] */
async function inSpellingOf(run, text, signal) {
  const { ids } = tokenizerOf(run);
  const isUnknown = (character) => !ids.has(character);
  if (!Array.from(text).some(isUnknown)) return { known: text, unknown: [], nUnknown: 0 };
  const { normalize } = await import("../engine/spelling.js"); // most visits do not need it
  const unknown = [];
  let known = "";
  for (const [i, part] of (text.match(PARTS) ?? []).entries()) {
    if (i) await turn(signal);
    const typed = normalize(part, ids);
    for (const character of typed) if (isUnknown(character)) unknown.push(character);
    known += normalize(typed, ids, true);
  }
  return { known, unknown: [...new Set(unknown)], nUnknown: unknown.length };
}

/** Whether two forward passes are by the same model, with the same parts switched off. */
export function isSameModel(a, b) {
  const hasSameWeights = a.run.name === b.run.name && a.step === b.step;
  return hasSameWeights && JSON.stringify(a.intervention) === JSON.stringify(b.intervention);
}

/**
 * The first position at which two texts differ: the length of the shorter one if the other starts with
 * it, null if they are the same. Their models may differ.
 */
export function firstDifference(a, b) {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    if (a.vocab[a.ids[i]] !== b.vocab[b.ids[i]]) return i;
  }
  return a.length === b.length ? null : n;
}

/**
 * The attention weights of another forward pass minus those of this one, where both texts are the same. One
 * that is switched off has nothing to compare: its differences are 0.
 */
export function attentionDifference(pass, otherPass) {
  const hasSameHeads =
    pass.attention.length / pass.triangle === otherPass.attention.length / otherPass.triangle;
  const length = hasSameHeads ? (firstDifference(pass, otherPass) ?? pass.length) : 0;
  const isOff = Array.from({ length: otherPass.attention.length / otherPass.triangle }, (_, head) =>
    otherPass.isOff(head),
  );
  const weight = (head, query, key) =>
    isOff[head] ? 0 : otherPass.weight(head, query, key) - pass.weight(head, query, key);
  return {
    length,
    weight,
    attentionScale: 1,
    pattern(head) {
      return Array.from({ length }, (_, query) =>
        Array.from({ length: query + 1 }, (_, key) => weight(head, query, key)),
      ).flat();
    },
    /** The total variation distance between two rows, on average over the positions. */
    totalVariation(head) {
      let sum = 0;
      for (let query = 0; query < length; query++) {
        for (let key = 0; key <= query; key++) sum += Math.abs(weight(head, query, key)) / 2;
      }
      return length ? sum / length : null;
    },
  };
}
