/**
 * Activation patching: what a model says next after a text if its residual stream, at one depth and position, is
 * that of another text.
 *
 *   const tokens = tellingTokens(logits, otherLogits);      // { a: 45, b: 46 }: they tell the two texts apart
 *   await patchEffects(model, { ids, otherIds, depth: 2, positions: [5, 6], tokens, before, after })   // [1, 0]
 *
 * There are as many depths as layers, and the embeddings: a patch after the attention of a layer does the same as one
 * after its MLP, which works on each position by itself.
 */
import { softmax } from "../engine/kernel.js";
import { ranking } from "../engine/sample.js";
import { END } from "../engine/tokenizer.js";
import { encodePrompt, tokenizerOf } from "./forward-pass.js";
import { PAIRS } from "./words.js";

const SMALLEST = 1e-4; // a difference of probabilities: below it, two texts say the same
const TRIED = 60; // of the likeliest tokens, as substitutes
const MAX_SUBSTITUTES = 4; // of a word that are read
const MAX_WORDS = 6; // that are tried, from the end of a text
const PLAUSIBLE = 0.01; // the probability of a word where another one stands
const CLEAR = 0.1; // a difference of probabilities for which nothing better is looked for
const NOTICEABLE = 0.003;
const CERTAIN_ENOUGH = 0.2; // the probability of a token that an example is made of

/** The depths that patches are tried at: see GPT.residual. */
export const depthsOf = (n_layer) => Array.from({ length: n_layer + 1 }, (_, layer) => 2 * layer);

/**
 * The token that loses most probability from one text to another, a, and the one that gains most, b, with what it gains;
 * null if none does. @param {Float32Array} logits @param {Float32Array} otherLogits
 */
export function tellingTokens(logits, otherLogits) {
  const [p, q] = [softmax(logits), softmax(otherLogits)];
  const gains = q.map((one, id) => one - p[id]);
  const a = gains.reduce((least, gain, id) => (gain < gains[least] ? id : least), 0);
  const b = gains.reduce((most, gain, id) => (gain > gains[most] ? id : most), 0);
  return gains[b] > SMALLEST && gains[a] < -SMALLEST ? { a, b, gain: gains[b] } : null;
}

/** How much likelier b is than a, as a difference of logits. */
export const differenceOf = (logits, { a, b }) => logits[b] - logits[a];

/**
 * How far each patch moves the prediction: 0 is the difference of logits after the text itself (before), 1 that after
 * the other text (after). @returns {Promise<number[]>} one number for each position
 */
export async function patchEffects(
  model,
  { ids, otherIds, depth, positions, tokens, before, after },
  options = {},
) {
  const { differences } = await model.patchDifferences(
    { ids, otherIds, depth, positions, ...tokens },
    options,
  );
  return Array.from(differences, (one) => (one - before) / (after - before));
}

/**
 * The positions that are tried: from the first one on where two texts of the same length differ, because before it
 * a patch changes nothing. Of too many, those in the middle are left out.
 */
export function positionsToTry(ids, otherIds, most) {
  if (ids.length !== otherIds.length) return [];
  const first = ids.findIndex((id, i) => id !== otherIds[i]);
  if (first < 0) return [];
  const all = Array.from({ length: ids.length - first }, (_, i) => first + i);
  const half = Math.floor(most / 2);
  return all.length <= most ? all : [...all.slice(0, half), ...all.slice(-half)];
}

const NAME = /^ \p{Lu}\p{Ll}+$/u;
const WORD = /^ ?\p{L}{2,}$/u;
const LETTER = /^\p{L}$/u;

/** Whether a token is a name: it has a capital letter, and the word is never written small. */
const isName = (run, token) => NAME.test(token) && !tokenizerOf(run).ids.has(token.toLowerCase());

/** Of what kind a token is; one is substituted by another one of its kind. */
function kindOf(run, token) {
  if (isName(run, token)) return "name";
  if (WORD.test(token)) return token.startsWith(" ") ? "word" : "first word";
  return LETTER.test(token) ? "letter" : null;
}

/** A text, given as its ids with the end token before it. */
export const textOf = (run, ids) => tokenizerOf(run).decode(run.vocab[ids[0]] === END ? ids.slice(1) : ids);

/**
 * A text of as many tokens in which one word is another, after which the model says something else: of the first
 * text, the word that it would say next, or a name, or a word that has an opposite, or one of the last words,
 * or a letter. Which one stands there instead, the model proposes. @returns {Promise<string>} "" if there is none
 */
export async function similarText(model, ids, signal) {
  const logits = await model.nextLogits(ids, { signal });
  const positions = positionsToChange(model.run, ids, ranking(logits)[0]);
  let best = { text: "", gain: 0 };
  for (const least of [PLAUSIBLE, 0]) {
    for (const position of positions) {
      for (const one of await substitutes(model, ids, position, least, signal)) {
        const { gain } = tellingTokens(logits, await model.nextLogits(one.ids, { signal })) ?? { gain: 0 };
        if (gain > best.gain || !best.text) best = { text: one.text, gain };
      }
      if (best.gain > CLEAR) return best.text;
    }
    if (best.gain > NOTICEABLE) return best.text;
  }
  return best.text;
}

/** Where a text may be changed, the best place first. */
function positionsToChange(run, ids, expected) {
  const kinds = ids.map((id) => kindOf(run, run.vocab[id]));
  const partners = partnersOf(run);
  const found = [
    ids.findLastIndex((id, i) => id === expected && kinds[i]),
    kinds.lastIndexOf("name"),
    ids.findIndex((id) => partners.has(id)),
    ...[...kinds.keys()]
      .filter((i) => kinds[i] === "word")
      .slice(-MAX_WORDS)
      .reverse(),
    kinds.indexOf("first word"),
    kinds.lastIndexOf("letter"),
  ];
  return [...new Set(found)].filter((position) => position >= 0);
}

/** Texts with another word at a position, which has at least some probability there: { text, ids } of each. */
async function substitutes(model, ids, position, least, signal) {
  const { run } = model;
  const kind = kindOf(run, run.vocab[ids[position]]);
  const p = position ? softmax(await model.nextLogits(ids.slice(0, position), { signal })) : [];
  const isAlike = (id) => p[id] >= least && kindOf(run, run.vocab[id]) === kind && kind !== "first word";
  const alike = ranking(p).slice(0, TRIED).filter(isAlike);
  const candidates = [...(partnersOf(run).get(ids[position]) ?? []), ...alike];
  const texts = candidates.filter((id) => !ids.includes(id)).map((id) => substituted(run, ids, position, id));
  return texts.filter(Boolean).slice(0, MAX_SUBSTITUTES);
}

/** id -> the ids of its opposites, where both are single tokens of the same kind. @returns {Map<number, number[]>} */
function partnersOf(run) {
  const { ids } = tokenizerOf(run);
  const partners = new Map();
  const words = PAIRS.filter(([one]) => one.length > 1);
  for (const form of [(word) => word, (word) => ` ${word}`, capitalized]) {
    for (const [one, other] of words) {
      const [a, b] = [ids.get(form(one)), ids.get(form(other))];
      if (a === undefined || b === undefined) continue;
      partners.set(a, [...(partners.get(a) ?? []), b]);
      partners.set(b, [...(partners.get(b) ?? []), a]);
    }
  }
  return partners;
}

const capitalized = (word) => word.charAt(0).toUpperCase() + word.slice(1);

/** The text with another word wherever that one stands, or one other letter; null if it is then cut in another way. */
function substituted(run, ids, position, id) {
  const isLetter = LETTER.test(run.vocab[id]);
  const wanted = ids.map((one, i) => (i === position || (one === ids[position] && !isLetter) ? id : one));
  const text = textOf(run, wanted);
  const { start, encoded } = encodePrompt(run, text);
  const found = [...start, ...encoded];
  return found.length === wanted.length && found.every((one, i) => one === wanted[i])
    ? { text, ids: wanted }
    : null;
}

/**
 * A beginning after which the model has to look back: of what it wrote, up to a word that stands once before. Of
 * several, the surest name, or else the surest word. @returns {string | null}
 */
export function exampleIn(run, promptIds, tokens) {
  const ids = [...promptIds, ...tokens.map(({ id }) => id)];
  const candidates = tokens
    .map(({ id, p }, i) => ({ id, p, at: promptIds.length + i, kind: kindOf(run, run.vocab[id]) }))
    .filter(({ id, p, at, kind }) => {
      const before = ids.slice(0, at);
      const stoodOnce = before.includes(id) && before.indexOf(id) === before.lastIndexOf(id);
      return (
        p >= CERTAIN_ENOUGH &&
        stoodOnce &&
        before.indexOf(id) < at - 2 &&
        (kind === "name" || kind === "word")
      );
    });
  const names = candidates.filter(({ kind }) => kind === "name");
  const [best] = (names.length ? names : candidates).sort((one, other) => other.p - one.p);
  return best ? textOf(run, ids.slice(0, best.at)) : null;
}
