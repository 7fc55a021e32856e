/**
 * Copied or invented: which parts of a text stand word for word in the training text, as in terrarium/copied.py.
 *
 *   const training = new TrainingText(["The cat sat.", "A cat ran."]);     // documents
 *   training.spans(cut(" cat sat down"))
 *   // [{ start: 1, length: 7, words: 2, document: 0, offset: 4, occurrences: 1 }]
 *
 * @typedef {{ texts: string[], starts: number[], isWord: boolean[] }} Units a text in words and other characters
 * @typedef {{ start: number, length: number, words: number, document: number, offset: number,
 *   occurrences: number }} Span
 */
import { LETTER, MARKS, SPACE } from "./tokenizer.js";

// Scripts that put no space between words, of which each character counts as a word.
const UNSPACED =
  "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff" +
  "\u{20000}-\u{3ffff}";
const LETTERS = `(?:(?![${UNSPACED}])[${LETTER}${MARKS}])+`;
const WORD = `[${UNSPACED}][${MARKS}]*|${LETTERS}(?:['’]${LETTERS})*`;
const UNIT = new RegExp(`${WORD}|[^]`, "gu");
const IS_WORD = new RegExp(`^[${UNSPACED}${LETTER}${MARKS}]`, "u");
const IS_SPACE = new RegExp(`^${SPACE}`, "u");

const EDGE = 0; // between two documents, instead of the number of a unit
const SORTED = 5; // so many units of each row are in order: three words in most languages

/**
 * The units of a text after a prompt. A word of which only a part stands in it is left out: one that begins in
 * the prompt, and if the text is cut off, the last one.
 * @returns {Units}
 */
export function cut(text, prompt = "", isCutOff = false) {
  const found = Array.from((prompt + text).matchAll(UNIT)).filter(({ index }) => index >= prompt.length);
  if (isCutOff && found.length && IS_WORD.test(found.at(-1)[0])) found.pop();
  const texts = found.map(([unit]) => unit);
  return {
    texts,
    starts: found.map(({ index }) => index - prompt.length),
    isWord: texts.map((unit) => IS_WORD.test(unit)),
  };
}

/** The first so many words of a text, and what stands between them. @param {Units} units @returns {Units} */
export function firstWords({ texts, starts, isWord }, n) {
  let words = 0;
  const end = isWord.findIndex((one) => one && ++words > n);
  if (end < 0) return { texts, starts, isWord };
  return { texts: texts.slice(0, end), starts: starts.slice(0, end), isWord: isWord.slice(0, end) };
}

export const countWords = ({ isWord }) => isWord.reduce((n, one) => n + Number(one), 0);

/** How many words of a text stand in spans of at least so many words. @param {Units} units @param {Span[]} spans */
export function copiedWords({ starts, isWord }, spans, least) {
  const long = spans.filter(({ words }) => words >= least);
  const isCopied = (at) => long.some(({ start, length }) => start <= at && at < start + length);
  return starts.reduce((n, at, i) => n + Number(isWord[i] && isCopied(at)), 0);
}

export class TrainingText {
  /**
   * @param {string[]} documents
   * @param {?string[]} [otherWords] the words of documents that are not here; null if nobody knows them
   */
  constructor(documents, otherWords = null) {
    this.documents = documents;
    this.ids = new Map(); // unit -> its number
    const units = [];
    const offsets = [];
    this.firsts = []; // of each document, the place of its first unit
    for (const document of documents) {
      this.firsts.push(units.length);
      for (const { 0: unit, index } of document.matchAll(UNIT)) {
        units.push(this.number(unit));
        offsets.push(index);
      }
      units.push(EDGE);
      offsets.push(document.length);
    }
    this.units = Int32Array.from([...units, ...Array(SORTED).fill(EDGE)]);
    this.offsets = Int32Array.from(offsets);
    this.order = this.sorted(units.length);
    this.words = otherWords && new Set([...this.ids.keys(), ...otherWords].map(lowerCase));
  }

  /**
   * Where the words of a text are that are nowhere in the training text, however they are capitalized; null if
   * that is not known. @param {Units} units @returns {?{ start: number, length: number }[]}
   */
  unknownWords({ texts, starts, isWord }) {
    if (!this.words) return null;
    const found = texts.flatMap((unit, i) => (isWord[i] && !this.words.has(lowerCase(unit)) ? [i] : []));
    return found.map((i) => ({ start: starts[i], length: texts[i].length }));
  }

  number(unit) {
    if (!this.ids.has(unit)) this.ids.set(unit, this.ids.size + 1);
    return this.ids.get(unit);
  }

  /** All places, in the order of the first units that stand there: those of the same row lie side by side. */
  sorted(length) {
    let order = Int32Array.from({ length }, (_, place) => place);
    for (let n = SORTED - 1; n >= 0; n--) {
      const begins = new Int32Array(this.ids.size + 2);
      for (const place of order) begins[this.units[place + n] + 1]++;
      for (let unit = 0; unit <= this.ids.size; unit++) begins[unit + 1] += begins[unit];
      const next = new Int32Array(length);
      for (const place of order) next[begins[this.units[place + n]]++] = place;
      order = next;
    }
    return order;
  }

  /**
   * Where rows of units stand that begin at each word of a text: for a row of 1, 2, 3 … units, their places.
   * @param {Units} units @returns {Int32Array[][]}
   */
  rows({ texts, isWord }) {
    const ids = texts.map((unit) => this.ids.get(unit) ?? null);
    return texts.map((unit, i) => (isWord[i] ? this.rowsFrom(ids, i) : []));
  }

  rowsFrom(ids, i) {
    const found = [];
    let places = this.order;
    for (let n = 0; i + n < ids.length && ids[i + n] !== null; n++) {
      places = n < SORTED ? this.amongSorted(places, n, ids[i + n]) : this.among(places, n, ids[i + n]);
      if (!places.length) break;
      found.push(places);
    }
    return found;
  }

  /** Of places in order, those after which unit n is this one. */
  amongSorted(places, n, id) {
    const begin = firstIndex(places.length, (i) => this.units[places[i] + n] >= id);
    const end = firstIndex(places.length, (i) => this.units[places[i] + n] > id);
    return places.subarray(begin, end);
  }

  among(places, n, id) {
    return places.filter((place) => this.units[place + n] === id);
  }

  /**
   * The longest row that begins at each word of a text, without those that lie inside of another one.
   * @param {Units} units @returns {Span[]}
   */
  spans(units) {
    const { texts, starts, isWord } = units;
    const rows = this.rows(units);
    const spans = [];
    let end = 0; // of the spans so far
    for (let i = 0; i < texts.length; i++) {
      let n = Math.min(rows[i].length, texts.length - i);
      while (n && IS_SPACE.test(texts[i + n - 1])) n--;
      const words = isWord.slice(i, i + n).filter(Boolean).length;
      if (!words || i + n <= end) continue;
      end = i + n;
      const places = rows[i][n - 1];
      const first = places.reduce((least, place) => Math.min(least, place));
      const last = end - 1;
      const length = starts[last] + texts[last].length - starts[i];
      spans.push({ start: starts[i], length, words, ...this.placeOf(first), occurrences: places.length });
    }
    return spans;
  }

  /** The document that a place is in, and the characters of it that come before. */
  placeOf(place) {
    const document = firstIndex(this.firsts.length, (i) => this.firsts[i] > place) - 1;
    return { document, offset: this.offsets[place] };
  }

  /** The text around a part of a document, at most `reach` characters on both sides, in whole words. */
  passage({ document, offset, length }, reach = 110) {
    const text = this.documents[document];
    const end = offset + length;
    const before = text.slice(Math.max(0, offset - reach), offset);
    const after = text.slice(end, end + reach);
    return {
      before: offset > reach ? before.replace(/^\S*\s/, "… ") : before,
      after: end + reach < text.length ? after.replace(/\s\S*$/, " …") : after,
    };
  }
}

const lowerCase = (text) => text.toLowerCase();

/** The first of some indices for which something holds, which then holds for all that follow. */
function firstIndex(length, holds) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
