/**
 * The words that one of two texts has and the other has not, by the longest sequence of words that both have in
 * common. Words are compared, and not tokens: the texts may be of models that cut words differently.
 *
 *   wordDiff("a big dog ran", "a dog sat")
 *   // { common: 2, nWords: [4, 3], ranges: [[[2, 5], [10, 13]], [[6, 9]]] }
 *
 *   common   how many words both have, in the same order
 *   nWords   how many each of them has
 *   ranges   of each text: where the words and signs stand that the other one has not, from one character to another
 *
 * Signs are compared like words, but they do not count: every text has full stops. So one word in common is worth more
 * than all signs.
 */
const PART = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*|[^\s\p{L}\p{M}\p{N}]/gu;
const WORD = 10_000; // what it counts, where a sign counts 1: more than a text has signs
const LETTER = /[\p{L}\p{M}\p{N}]/u;

/** @param {string} one @param {string} other */
export function wordDiff(one, other) {
  const [words, others] = [one, other].map((text) => [...text.matchAll(PART)]);
  const worth = worthOfRest(words, others);
  const ranges = [[], []];
  let common = 0;
  let i = 0;
  let j = 0;
  while (i < words.length || j < others.length) {
    if (isSame(words[i], others[j])) {
      common += isWord(words[i]) ? 1 : 0;
      i++;
      j++;
    } else if (j >= others.length || (i < words.length && worth[i + 1][j] >= worth[i][j + 1])) {
      ranges[0].push(rangeOf(words[i++]));
    } else {
      ranges[1].push(rangeOf(others[j++]));
    }
  }
  return { common, nWords: [words, others].map((found) => found.filter(isWord).length), ranges };
}

/** What the rest of one text has in common with the rest of the other, at best, from each part of both on. */
function worthOfRest(words, others) {
  const worth = Array.from({ length: words.length + 1 }, () => new Float64Array(others.length + 1));
  for (let i = words.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      worth[i][j] = isSame(words[i], others[j])
        ? worth[i + 1][j + 1] + (isWord(words[i]) ? WORD : 1)
        : Math.max(worth[i + 1][j], worth[i][j + 1]);
    }
  }
  return worth;
}

const isSame = (word, other) => word !== undefined && word[0] === other?.[0];
const isWord = (found) => LETTER.test(found[0]);
const rangeOf = (word) => [word.index, word.index + word[0].length];

/**
 * The part of their words that two texts have in common: 1 if they are the same, 0 if they have nothing in common.
 * @param {string} one @param {string} other
 */
export function likeness(one, other) {
  const { common, nWords } = wordDiff(one, other);
  const all = nWords[0] + nWords[1];
  return all ? (2 * common) / all : 1;
}

/**
 * A part of a text, cut where ranges begin and end.
 * @param {string} text the part @param {number} start where it stands in the whole text
 * @param {number[][]} ranges of the whole text, in their order
 * @returns {{ text: string, isMarked: boolean }[]}
 */
export function cutAt(text, start, ranges) {
  const pieces = [];
  let done = 0;
  const cut = (end, isMarked) => {
    if (end > done) pieces.push({ text: text.slice(done, end), isMarked });
    done = Math.max(done, end);
  };
  for (const [from, to] of ranges) {
    if (to <= start || from >= start + text.length) continue;
    cut(from - start, false);
    cut(Math.min(text.length, to - start), true);
  }
  cut(text.length, false);
  return pieces;
}
