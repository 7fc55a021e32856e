/**
 * Where in a text one sees whether steering from one word to another works: at a place where a model would write
 * one of the two.
 *
 *   placeOfWords(promptIds, tokens, [he, she])    // { index: 31, reason: "written" }
 *
 * @param {number[]} promptIds what stands before
 * @param {{ id: number, top: { id: number, p: number }[] }[]} tokens that the whole model wrote after it
 * @param {number[]} words the ids of the two
 * @returns {{ index: number, reason: string }} index: of the token in the whole text. Why there: the first of the two
 *   is "written", or one is "likely" to be; or, where neither is, it is the "next" token after the beginning
 */
export function placeOfWords(promptIds, tokens, words) {
  const start = promptIds.length;
  const written = tokens.findIndex(({ id }) => words.includes(id));
  if (written >= 0) return { index: start + written, reason: "written" };
  const likely = tokens.map(({ top }) => sum(top.filter(({ id }) => words.includes(id)).map(({ p }) => p)));
  const most = Math.max(0, ...likely);
  if (most > 0) return { index: start + likely.indexOf(most), reason: "likely" };
  return { index: start, reason: "next" };
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

/** The word that steering leads to: with a strength below 0, it leads the other way. */
export const wordSteeredTo = ({ from, to, strength }) => (strength < 0 ? from : to);
