/** Which gaps there are to guess, and how guesses are scored. */
import { END } from "../engine/tokenizer.js";

const LEAST_BEFORE = 8; // tokens that one has read before a gap, as in terrarium/web/guesses.py
const BREAK = /\s/u;

/**
 * The gaps of each text, for those that have any: { ids, position, candidates }. A text that begins in the middle
 * of a word is cut off before its next word, for all players. In a conversation only replies have gaps: nobody, and
 * no model, can foresee what a person asks.
 * @param {{ ids: number[], questions: { position: number }[] }[]} passages @param {import("./run.js").Run} run
 */
export function gapsOf(passages, run) {
  const { speakers } = run.manifest;
  const inReply = (before) => before.split("\n").at(-1).startsWith(`${speakers[1]}:`);
  const isLongEnough = (_, position) => position >= LEAST_BEFORE;
  const wishes = [
    (before, position) => isLongEnough(before, position) && (!speakers || inReply(before)),
    isLongEnough,
    () => true,
  ];
  for (const isWished of wishes) {
    const texts = passages.map((one) => gapsIn(one, run.vocab, isWished)).filter((gaps) => gaps.length);
    if (texts.length) return texts;
  }
  return [];
}

function gapsIn({ ids, questions }, vocab, isWished) {
  const start = startOf(ids.map((id) => vocab[id]));
  const shown = ids.slice(start);
  const textBefore = (position) =>
    shown
      .slice(0, position)
      .map((id) => (vocab[id] === END ? "" : vocab[id]))
      .join("");
  return questions
    .map((question) => ({ ...question, ids: shown, position: question.position - start }))
    .filter(({ position }) => position > 0 && isWished(textBefore(position), position));
}

/** Where a text begins, or else its first whole word. */
function startOf(tokens) {
  if (tokens[0] === END) return 0;
  return Math.max(
    0,
    tokens.findIndex((token) => BREAK.test(token[0])),
  );
}

/** Numbers that are in proportion to probabilities -> probabilities, 100% together. */
export function renormalized(numbers) {
  const sum = numbers.reduce((total, one) => total + one, 0);
  return numbers.map((one) => one / sum);
}

/** How surprising something was that had this probability, in bits: 50% is 1 bit, 25% are 2. */
export const surprise = (p) => -Math.log2(p);
