/**
 * A text as a model read it: its tokens, what the model expected at each position, and where each head
 * looked. It was either recorded while the model learned, or computed in this page.
 *
 *   const look = await recorded(run, 100, 0);                       // at step 100, prompt 0
 *   const look = await live(run, 100, { text: "The dragon" });      // with the nearest weights
 *   look.ids[9]                  // the token at position 9
 *   look.believed(9)             // what the model expected there, before it was chosen
 *   look.share(5, 8, 3)          // how much attention head 5 (of all) gave from position 8 to position 3
 */
import { Tokenizer } from "../engine/tokenizer.js";
import { entropy, shares, top } from "../engine/sample.js";
import { nearest } from "./axis.js";
import { keptStep, LiveModel } from "./model.js";
import { Trouble } from "./run.js";

export class Look {
  /**
   * @param {object} known
   * @param {number} known.step the step that it shows
   * @param {number[]} known.ids (T)
   * @param {number} known.given how many of them the model did not write
   * @param {ArrayLike<number>} known.attention the lower triangle of each head, row by row,
   *   (L H, T (T + 1) / 2); `known.whole` stands for all of it
   * @param {ArrayLike<number>} known.entropy of each row, in nats (L H, T)
   * @param {Float32Array} [known.logits] (T, V), where the model was run in this page
   * @param {[number, number, [number, number][]][]} [known.written] of each token that the model
   *   wrote: id, probability, the ten most likely tokens with theirs
   * @param {LiveModel} [known.model] whose weights are those of this step
   */
  constructor(known) {
    this.whole = 1;
    Object.assign(this, known);
    this.beliefs = new Map();  // position -> what the model expected there, as far as somebody asked
    this.length = this.ids.length;
    this.triangle = this.length * (this.length + 1) / 2;
  }

  get symbols() {
    return this.run.symbols;
  }

  /** How much of its attention a head gives, from one position, to another: 0 to 1. */
  share(head, from, to) {
    return this.attention[head * this.triangle + from * (from + 1) / 2 + to] / this.whole;
  }

  /** All that a head looks at, row by row, (T (T + 1) / 2); `whole` stands for all of it. */
  triangleOf(head) {
    return this.attention.subarray(head * this.triangle, (head + 1) * this.triangle);
  }

  /** All that a head gives from one position, (position + 1). */
  row(head, from) {
    return Array.from({ length: from + 1 }, (_, to) => this.share(head, from, to));
  }

  /** How spread out the attention of a head is at a position, in nats. */
  spread(head, from) {
    return this.entropy[head * this.length + from];
  }

  /**
   * What the model expected at a position, 1 to T: the token there (null after the end), its
   * probability and the ten most likely tokens. Null where nothing is known about it.
   */
  believed(place) {
    if (!this.beliefs.has(place)) this.beliefs.set(place, this.believe(place));
    return this.beliefs.get(place);
  }

  believe(place) {
    const told = this.written?.[place - this.given];
    const id = this.ids[place] ?? null;
    if (place >= this.given && told) {
      return { id, p: told[1], top: told[2].map(([one, p]) => ({ id: one, p })) };
    }
    const p = this.drawn(place, 1);
    return p && { id, p: id === null ? null : p[id], top: top(p) };
  }

  /** Probabilities (V) of what comes at a position, at a temperature; null without logits. */
  drawn(place, temperature) {
    if (!this.logits || place < 1 || place > this.length) return null;
    const V = this.symbols.length;
    return shares(this.logits.slice((place - 1) * V, place * V), { temperature });
  }

  /** How undecided the model was at a position, in nats; null where not everything is known. */
  unsure(place) {
    const p = this.drawn(place, 1);
    return p && entropy(p);
  }

  /** The last position that something is known about: the end of the text, or just after it. */
  get last() {
    return this.logits ? this.length : this.length - 1;
  }

  /** The first position at which the model was not sure of what it wrote. */
  get firstChoice() {
    for (let place = this.given; place < this.length; place++) {
      if (this.believed(place).p < 0.5) return place;
    }
    return this.given;
  }
}

/** What was recorded at the sample nearest to a step. */
export async function recorded(run, step, prompt) {
  const nearestStep = nearest(step, run.manifest.shown), file = await run.look(nearestStep);
  try {
    const { given, tokens, attention, entropy } = file.prompts[prompt];
    const look = new Look({
      run, step: nearestStep, live: false, temperature: file.temperature,
      ids: [...given, ...tokens.map(([id]) => id)], given: given.length, written: tokens,
      attention: Uint8Array.from(atob(attention), (byte) => byte.charCodeAt(0)), whole: 255,
      entropy: entropy.flat(2),
    });
    if (!isComplete(look)) throw new RangeError("Its parts do not belong together.");
    return look;
  } catch {
    throw run.damaged(`steps/${String(nearestStep).padStart(6, "0")}.json`);
  }
}

/** Has a recorded text all that figures draw, and only tokens that exist? */
function isComplete({ run, ids, given, written, attention, entropy, length, triangle }) {
  const { n_layer, n_head } = run.manifest.settings, isToken = (id) => typeof run.symbols[id] === "string";
  return given > 0 && ids.every(isToken) && attention.length === n_layer * n_head * triangle
    && entropy.length === n_layer * n_head * length && entropy.every(Number.isFinite)
    && written.every(([, p, top]) => Number.isFinite(p) && top.every(([id, one]) =>
      isToken(id) && Number.isFinite(one)));
}

/** The same look, completed with what only the weights can tell; itself if its step has none. */
export async function completed(look) {
  if (keptStep(look.run, look.step) !== look.step) return look;
  const model = new LiveModel(look.run, look.step), { logits } = await model.look(look.ids);
  return new Look({ ...look, logits, model });
}

/**
 * A text that the model reads and continues, with the nearest weights.
 * @param {object} wish text; and temperature, seed, change (see GPT.change)
 */
export async function live(run, step, { text, temperature, seed = 1, change }) {
  const { start, encoded, left, cut } = await readTyped(run, text), { settings } = run.manifest;
  const model = new LiveModel(run, keptStep(run, step)), given = [...start, ...encoded];
  if (!given.length) throw new Trouble("None of these characters occurs in its corpus.", null);
  const ids = await model.write(given, { temperature }, {
    change, seed, tokens: settings.watch_tokens, end: tokenizerOf(run).end });
  const { logits, attention, entropy, milliseconds } = await model.look(ids, change);
  return new Look({ run, step: model.step, live: true, temperature, ids, model, change,
                    given: given.length, logits, attention, entropy, milliseconds, left, cut });
}

const tokenizers = new WeakMap();

function tokenizerOf(run) {
  if (!tokenizers.has(run)) tokenizers.set(run, new Tokenizer(run.manifest.tokenizer));
  return tokenizers.get(run);
}

/** A text that the model has tokens for, as ids. `cut`: whether it was too long. */
export function readable(run, text) {
  const tokenizer = tokenizerOf(run), ids = tokenizer.encode(text);
  const start = tokenizer.end === null ? [] : [tokenizer.end];
  const encoded = ids.slice(0, run.manifest.settings.n_ctx - start.length);
  return { start, encoded, cut: encoded.length < ids.length };
}

/** The same for whatever was typed. `left`: what the corpus has in no spelling, which is left out. */
async function readTyped(run, text) {
  const { ids } = tokenizerOf(run), isNew = (character) => !ids.has(character);
  if (!Array.from(text).some(isNew)) return { ...readable(run, text), left: [] };
  const { normalize } = await import("../engine/spelling.js");  // most visits do not need it
  const typed = normalize(text, ids);
  return { ...readable(run, normalize(typed, ids, true)), left: [...new Set(typed)].filter(isNew) };
}

/**
 * The first position at which two texts differ: the length of the shorter one if the other starts with
 * it, null if they are the same. Their models may differ.
 */
export function firstDifference(a, b) {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    if (a.symbols[a.ids[i]] !== b.symbols[b.ids[i]]) return i;
  }
  return a.length === b.length ? null : n;
}

/**
 * How much more (above 0) or less attention the other look gave from one position to another, as far
 * as both read the same text.
 */
export function differenceOf(look, other) {
  const sameHeads = look.attention.length / look.triangle === other.attention.length / other.triangle;
  const length = sameHeads ? firstDifference(look, other) ?? look.length : 0;
  const share = (head, from, to) => other.share(head, from, to) - look.share(head, from, to);
  return {
    length, share, whole: 1,
    triangleOf(head) {
      return Array.from({ length }, (_, from) =>
        Array.from({ length: from + 1 }, (_, to) => share(head, from, to))).flat();
    },
    /** How much of its attention a head moved elsewhere, on average over the positions. */
    moved(head) {
      let sum = 0;
      for (let from = 0; from < length; from++) {
        for (let to = 0; to <= from; to++) sum += Math.abs(share(head, from, to)) / 2;
      }
      return length ? sum / length : null;
    },
  };
}
