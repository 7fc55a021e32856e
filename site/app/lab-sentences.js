/**
 * Sentences of a text to look at: some from its beginning, its middle and its end.
 *
 *   sentencesOf(text, 6)    // ["Once upon a time there was a hen.", …]: at least one, unless the text is empty
 */
const SENTENCE = /[^.!?。！？…\n]+[.!?。！？…]+["”’»)\]]*/gu;
const LENGTHS = { least: 25, most: 110 }; // characters
const SEARCHED = 400_000; // characters

/** @param {string} text @param {number} n how many at most @returns {string[]} */
export function sentencesOf(text, n) {
  const found = new Set();
  for (const [sentence] of text.slice(0, SEARCHED).matchAll(SENTENCE)) {
    const one = sentence.trim();
    if (one.length >= LENGTHS.least && one.length <= LENGTHS.most) found.add(one);
  }
  const all = [...found];
  if (!all.length) return beginningOf(text);
  const chosen = Array.from(
    { length: Math.min(n, all.length) },
    (_, i) => all[Math.floor((i * all.length) / Math.min(n, all.length))],
  );
  return chosen;
}

/** What there is in a text without sentences, such as a poem or a list. */
function beginningOf(text) {
  const beginning = Array.from(text.trim().slice(0, 2 * LENGTHS.most))
    .slice(0, LENGTHS.most)
    .join("")
    .trim();
  return beginning ? [beginning] : [];
}
