/**
 * Where a word stands in a text, and the windows of tokens around it. A model learns its text in windows of its context
 * length; it is asked with the same ones, because what it knows by heart it may know from there only.
 *
 * @typedef {{ text: string, ids: Uint16Array, sentences: string[] }} Document ids: its tokens, without end tokens
 *
 * @typedef {object} Place where a word stands
 * @property {Document} document
 * @property {[number, number]} word its first character and the one after its last, with a space before it
 * @property {[number, number]} sentence the same of its sentence
 *
 * @typedef {object} Passage a window around a place
 * @property {number[]} ids
 * @property {boolean} isStart whether the document begins with it
 * @property {[number, number]} word the index of its first token and of the one after its last
 * @property {[number, number]} sentence the same of its sentence, as much of it as is in the window
 */
const FEWEST_TOKENS = 3; // of the beginning of a document: after fewer, anything may follow
const LEAST_OF_WINDOW = 0.25; // is given of a window in the middle of one,
const MOST_OF_WINDOW = 0.75; // and at most this: the rest is for what is written

/** Finds a word, but not as a part of another one; the space before it belongs to it. */
export function finder(word) {
  const escaped = word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/\s+/g, "\\s+");
  const isLetter = (character) => /[\p{L}\p{N}_\p{M}]/u.test(character ?? "");
  const before = isLetter(Array.from(word)[0]) ? "(?<![\\p{L}\\p{N}_\\p{M}])" : "";
  const after = isLetter(Array.from(word).at(-1)) ? "(?![\\p{L}\\p{N}_\\p{M}])" : "";
  return new RegExp(` ?${before}${escaped}${after}`, "iu");
}

/** Where a word stands in documents: once in a sentence. @param {Document[]} documents @returns {Place[]} */
export function placesOf(documents, find) {
  const places = [];
  for (const document of documents) {
    let start = 0;
    for (const sentence of document.sentences) {
      const found = find.exec(sentence);
      if (found) {
        const first = start + found.index;
        places.push({
          document,
          word: [first, first + found[0].length],
          sentence: [start, start + sentence.trimEnd().length],
        });
      }
      start += sentence.length;
    }
  }
  return places;
}

/** Some of a list, evenly from all of it. */
export function spread(list, n) {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, i) => list[Math.floor((i * list.length) / n)]);
}

/**
 * The window of the training in which a word stands; if it is cut there, the window that ends with it.
 * @param {Place} place @param {import("../engine/tokenizer.js").Tokenizer} tokenizer @param {number} n_ctx
 * @returns {Passage}
 */
export function passageAt({ document, word, sentence }, { vocab, end }, n_ctx) {
  const border = end === null ? [] : [end];
  const all = [...border, ...document.ids, ...border];
  const starts = startsOf(document, vocab);
  const tokensOf = (characters) => spanOf(starts, characters).map((index) => index + border.length);
  const [first, stop] = tokensOf(word);
  const usual = n_ctx * Math.floor(Math.max(0, first - 1) / n_ctx);
  const isCut = stop > usual + n_ctx + 1; // the last token of a window is only predicted
  const from = isCut ? Math.max(0, stop - n_ctx - 1) : usual;
  const to = Math.min(all.length, from + n_ctx + 1);
  const inWindow = (index) => Math.max(0, Math.min(index, to) - from);
  return {
    ids: all.slice(from, to),
    isStart: from === 0,
    word: [inWindow(first), inWindow(stop)],
    sentence: /** @type {[number, number]} */ (tokensOf(sentence).map(inWindow)),
  };
}

/** The first character of each token, and the end of the last. */
function startsOf({ ids }, vocab) {
  const starts = new Uint32Array(ids.length + 1);
  for (let i = 0; i < ids.length; i++) starts[i + 1] = starts[i] + vocab[ids[i]].length;
  return starts;
}

/** The tokens that some characters are in: the index of the first, and of the one after the last. */
function spanOf(starts, [from, to]) {
  return [lastAtOrBelow(starts, from), lastAtOrBelow(starts, to - 1) + 1];
}

/** The last index at which a rising list is at or below a number. */
function lastAtOrBelow(list, number) {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (list[middle] <= number) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * What a model is given to go on from: passages up to the word, different ones, with room to write.
 * @param {Passage[]} passages @param {number} n_ctx @param {number} n how many, at most
 * @returns {number[][]} ids
 */
export function beginningsOf(passages, n_ctx, n) {
  const lengthOf = ({ word }) => word[0];
  const known = passages.filter((one) => lengthOf(one) > 0);
  const good = known.filter((one) => {
    const least = one.isStart ? FEWEST_TOKENS : LEAST_OF_WINDOW * n_ctx;
    return lengthOf(one) >= least && lengthOf(one) <= MOST_OF_WINDOW * n_ctx;
  });
  const found = (good.length ? good : known).map((one) => one.ids.slice(0, lengthOf(one)));
  const different = new Map(found.map((ids) => [ids.join(), ids]));
  return spread([...different.values()], n);
}
