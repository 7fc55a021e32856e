/**
 * Byte-pair encoding of a whole text: it is learned, merge by merge, and applied. The same as Tokenizer.train in
 * train.py and terrarium/tokens.py, also where several pairs are equally frequent.
 *
 *   const training = trainTokenizer("low lower lowest", { vocabSize: 10 });
 *   training.next().value         // { pair: ["l", "o"], token: "lo", count: 3, vocabSize: 9 }
 *   finish(training)              // { vocab, merges }, which `new Tokenizer(…)` takes
 *
 * Everything here is a generator, so that whoever calls it decides how long to go on before the page is drawn
 * again. `finish` runs one to its end.
 */
import { END, merge, PIECES, SPACE } from "./tokenizer.js";

const IS_SPACE = new RegExp(SPACE, "u");
const OFTEN = 5_000; // pieces that are read before the caller gets its turn: about two milliseconds
const RAREST = 2; // times that a pair has to occur to be merged

/** What a generator returns at its end. */
export function finish(generator) {
  for (;;) {
    const { done, value } = generator.next();
    if (done) return value;
  }
}

/** The documents of a text: what stands between its end marks, without the spaces around. @returns {string[]} */
export function documentsOf(text, hasDocuments) {
  if (!hasDocuments) return text ? [text] : [];
  return text.split(END).map(strip).filter(Boolean);
}

/** A text without white space at its ends, by what Python takes for white space. */
export function strip(text) {
  let start = 0;
  let stop = text.length;
  while (start < stop && IS_SPACE.test(text[start])) start++;
  while (stop > start && IS_SPACE.test(text[stop - 1])) stop--;
  return text.slice(start, stop);
}

/**
 * How often each piece occurs in some documents, in the order in which they first do. It yields how many
 * characters it has read.
 * @param {string[]} documents
 * @returns {Generator<number, Map<string, number>>}
 */
export function* countPieces(documents) {
  const counts = new Map();
  let read = 0;
  let n = 0;
  for (const document of documents) {
    for (const { 0: piece } of document.matchAll(PIECES)) {
      counts.set(piece, (counts.get(piece) ?? 0) + 1);
      read += piece.length;
      if (++n % OFTEN === 0) yield read;
    }
  }
  return counts;
}

/**
 * Learn a tokenizer: merge the most frequent pair of neighbours, again and again, until there are `vocabSize`
 * tokens. It yields after each merge, and returns what `new Tokenizer()` takes.
 * @param {string | string[] | Map<string, number>} text to learn from: one text, its documents, or their pieces,
 *   counted before
 * @param {object} options
 * @param {number} options.vocabSize 0: each character is a token
 * @param {boolean} [options.hasDocuments] whether there are documents that end: then there is an end token
 * @param {string | string[]} [options.heldOut] text that teaches no merges; but each of its characters has a token
 * @returns {Generator<{pair: [string, string], token: string, count: number, vocabSize: number},
 *   {vocab: string[], merges: [string, string][]}>}
 */
export function* trainTokenizer(text, { vocabSize, hasDocuments = false, heldOut = "" }) {
  const counts = text instanceof Map ? text : finish(countPieces(asDocuments(text, hasDocuments)));
  const characters = sortedCharacters([...counts.keys(), ...asDocuments(heldOut, hasDocuments)]);
  const vocab = hasDocuments ? [END, ...characters] : characters;
  const ids = new Map(vocab.map((token, id) => [token, id]));
  const pairs = new Pairs(counts, ids);
  const merges = [];
  while (vocab.length < vocabSize) {
    const best = pairs.mostFrequent();
    if (best === null || best.count < RAREST) break;
    /** @type {[string, string]} */
    const pair = [vocab[best.first], vocab[best.second]];
    const token = pair.join("");
    merges.push(pair);
    if (!ids.has(token)) ids.set(token, vocab.push(token) - 1); // a + bc and ab + c make one token
    pairs.merge(best, ids.get(token));
    yield { pair, token, count: best.count, vocabSize: vocab.length };
  }
  return { vocab, merges };
}

/**
 * The ids of documents, one after the other, with the end token before, between and after them, as train.py
 * writes them into tokens/*.bin. It yields how many characters it has encoded.
 * @param {import("./tokenizer.js").Tokenizer} tokenizer @param {string[]} documents
 * @returns {Generator<number, Uint16Array>}
 */
export function* encodeDocuments(tokenizer, documents) {
  const between = tokenizer.end === null ? [] : [tokenizer.end];
  const ids = [...between];
  let read = 0;
  let n = 0;
  for (const document of documents) {
    for (const { 0: piece } of document.matchAll(PIECES)) {
      for (const id of tokenizer.idsOf(piece, document)) ids.push(id);
      read += piece.length;
      if (++n % OFTEN === 0) yield read;
    }
    for (const id of between) ids.push(id);
  }
  return Uint16Array.from(ids);
}

function asDocuments(text, hasDocuments) {
  return Array.isArray(text) ? text : documentsOf(text, hasDocuments);
}

/** The different characters of some texts, in the order of their numbers in Unicode. */
function sortedCharacters(texts) {
  const characters = new Set();
  for (const text of texts) for (const character of text) characters.add(character);
  return [...characters].sort((a, b) => a.codePointAt(0) - b.codePointAt(0));
}

/** How often each pair of neighbours occurs in the pieces of a text, kept while they are merged. */
class Pairs {
  /** @param {Map<string, number>} counts of the pieces @param {Map<string, number>} ids of the characters */
  constructor(counts, ids) {
    this.pieces = Array.from(counts.keys(), (piece) => Array.from(piece, (character) => ids.get(character)));
    this.frequency = [...counts.values()];
    // What is known of each pair, in the order in which they came up.
    this.indices = new Map(); // of a pair as one number
    this.first = [];
    this.second = [];
    this.counts = [];
    this.where = []; // the pieces that it was found in
    for (let i = 0; i < this.pieces.length; i++) this.count(i, 1);
  }

  /** Add the pairs in a piece, or take them away. */
  count(i, sign) {
    const piece = this.pieces[i];
    for (let at = 0; at + 1 < piece.length; at++) {
      const index = this.indexOf(piece[at], piece[at + 1]);
      this.counts[index] += sign * this.frequency[i];
      this.where[index].add(i);
    }
  }

  indexOf(first, second) {
    const pair = first * 2 ** 26 + second;
    const found = this.indices.get(pair);
    if (found !== undefined) return found;
    this.indices.set(pair, this.counts.length);
    this.first.push(first);
    this.second.push(second);
    this.where.push(new Set());
    return this.counts.push(0) - 1;
  }

  /** The most frequent pair; of several, the one that came up first. Null if there is none. */
  mostFrequent() {
    if (!this.counts.length) return null;
    let index = 0;
    for (let i = 1; i < this.counts.length; i++) if (this.counts[i] > this.counts[index]) index = i;
    return { index, first: this.first[index], second: this.second[index], count: this.counts[index] };
  }

  /** Make one token of a pair, wherever it occurs. Only the pieces that it was found in change. */
  merge({ index, first, second }, token) {
    const sorted = [...this.where[index]].sort((a, b) => a - b); // so that ties are the same as in train.py
    for (const i of sorted) {
      this.count(i, -1);
      this.pieces[i] = merge(this.pieces[i], first, second, token);
      this.count(i, 1);
    }
  }
}
