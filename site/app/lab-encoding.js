/**
 * From a text to its tokens, with turns for the page in between.
 *
 *   const { trained, merges } = await learnTokenizer(splitText(text), { kind: "bpe", vocabSize: 512 }, { signal });
 *   const { ids, validationIds } = await encodeParts(splitText(text), new Tokenizer(trained), signal);
 *   await sourceOf({ name, text }, { kind: "characters", vocabSize: 0 }, signal)   // all of it, for app/trials.js
 */
import { countPieces, encodeDocuments, trainTokenizer } from "../engine/bpe.js";
import { END, Tokenizer } from "../engine/tokenizer.js";
import { inTurns } from "./lab-ids.js";
import { asSaved, splitText } from "./lab-split.js";

/** @typedef {{ kind: "characters" | "bpe", vocabSize: number }} Kind */

/**
 * What is learned of the pairs in a text. @param {ReturnType<typeof splitText>} parts @param {Kind} chosen
 * @param {{ signal: AbortSignal, onMerges?: (merges: any[]) => void }} options onMerges: called now and then with those
 *   that were found so far
 */
export async function learnTokenizer(parts, { kind, vocabSize }, { signal, onMerges = () => {} }) {
  const { train, validation, hasDocuments } = parts;
  const counts = await inTurns(countPieces(train), signal);
  const options = { vocabSize: kind === "bpe" ? vocabSize : 0, hasDocuments, heldOut: validation };
  const merges = [];
  const trained = await inTurns(
    trainTokenizer(counts, options),
    signal,
    (merge) => merges.push(merge),
    () => onMerges([...merges]),
  );
  return { trained, merges };
}

/** @param {ReturnType<typeof splitText>} parts @param {Tokenizer} tokenizer @param {AbortSignal} signal */
export async function encodeParts({ train, validation }, tokenizer, signal) {
  const ids = await inTurns(encodeDocuments(tokenizer, train), signal);
  const validationIds = await inTurns(encodeDocuments(tokenizer, validation), signal);
  return { ids, validationIds };
}

/**
 * A text, ready to be learned from. @param {{ name: string, text: string }} text @param {Kind} chosen
 * @param {AbortSignal} signal @returns {Promise<import("./trials.js").Source>}
 */
export async function sourceOf({ name, text }, chosen, signal) {
  const parts = splitText(asSaved(text));
  const { trained } = await learnTokenizer(parts, chosen, { signal });
  const tokenizer = new Tokenizer(trained);
  return { name, tokenizer, ...(await encodeParts(parts, tokenizer, signal)) };
}

/** How many characters a token of a text stands for, on average. @param {import("./trials.js").Source} source */
export function charactersPerToken({ tokenizer, validationIds }) {
  const lengthOf = (token) => (token === END ? 0 : Array.from(token).length);
  const lengths = tokenizer.vocab.map(lengthOf);
  const characters = validationIds.reduce((sum, id) => sum + lengths[id], 0);
  return characters / Math.max(1, validationIds.length);
}
