/**
 * What each head and each layer does for one token of a text: the probability of the token, as it is predicted
 * from those before it, with the whole model and without each of its parts in turn.
 *
 *   const { before, heads, layers, milliseconds } = await effectsOnToken(model, ids, 12, { signal });
 *   heads[0]    // { operation: { kind: "head", head: "2.1" }, after: 0.1 }: the one that the token needs most
 */
import { softmax } from "../engine/kernel.js";
import { END } from "../engine/tokenizer.js";
import { headNames } from "./heads.js";
import { interventionOf } from "./operations.js";

/**
 * @param {any} model a LiveModel
 * @param {number[]} ids of the text @param {number} index of the token, from 1
 * @param {{ signal?: AbortSignal, onProgress?: (done: number, all: number) => void }} [options]
 */
export async function effectsOnToken(model, ids, index, { signal, onProgress = () => {} } = {}) {
  const start = performance.now();
  const { settings } = model.run.manifest;
  const parts = [
    ...headNames(settings).map((head) => ({ kind: "head", head })),
    ...Array.from({ length: settings.n_layer }, (_, layer) => ({ kind: "layer", layer })),
  ];
  const probability = async (operations) => {
    const intervention = interventionOf(operations);
    const logits = await model.nextLogits(ids.slice(0, index), { intervention, signal });
    return softmax(logits)[ids[index]];
  };
  const before = await probability([]);
  const found = [];
  for (const operation of parts) {
    found.push({ operation, after: await probability([operation]) });
    onProgress(found.length, parts.length);
  }
  const of = (kind) =>
    found.filter(({ operation }) => operation.kind === kind).sort((a, b) => a.after - b.after);
  return { before, heads: of("head"), layers: of("layer"), milliseconds: performance.now() - start };
}

const NAME = /^ \p{Lu}\p{Ll}/u;
const LONG_WORD = /\p{L}{6}/u;
const ENDS_A_SENTENCE = /[.!?:"“”\n]\s*$/u;

/**
 * Which token of a text is asked about first: the last name that the model wrote again, as a head may have found
 * it further up; or else the last long word that it wrote again; or the token that it was least sure of. Null if it
 * wrote nothing. A name has a capital letter, somewhere inside of a sentence.
 * @param {number[]} promptIds what stood before (P) @param {{ id: number, p: number }[]} tokens that it wrote
 * @param {string[]} vocab @returns {number | null} its index in the whole text
 */
export function tokenToExplain(promptIds, tokens, vocab) {
  if (!tokens.length) return null;
  const ids = [...promptIds, ...tokens.map(({ id }) => id)];
  const isNameHere = (id, i) => NAME.test(vocab[id]) && i > 0 && !ENDS_A_SENTENCE.test(vocab[ids[i - 1]]);
  const names = new Set(ids.filter(isNameHere));
  const isAgain = (id, i) => i >= promptIds.length && ids.indexOf(id) < i;
  const name = ids.findLastIndex((id, i) => isAgain(id, i) && names.has(id));
  if (name >= 0) return name;
  const isLong = (id) => LONG_WORD.test(vocab[id]) && vocab[id] !== END;
  const word = ids.findLastIndex((id, i) => isAgain(id, i) && isLong(id));
  if (word >= 0) return word;
  const p = tokens.map((one) => one.p);
  return promptIds.length + p.indexOf(Math.min(...p));
}

/**
 * The index of the token that is asked about: the one that somebody has chosen, or else the one to explain first;
 * null if there is none. @param {number} position the one that is chosen; 0: none
 */
export function indexOfToken(position, promptIds, tokens, vocab) {
  if (position > 0 && position < promptIds.length + tokens.length) return position;
  return tokenToExplain(promptIds, tokens, vocab);
}
