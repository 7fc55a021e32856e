/**
 * The text that a model of the lab learns from, to be read in another way: with its words in a random order, or without
 * the sentences that have a word; and how much of what a model writes occurs in it.
 *
 *   const text = await readText(trials.source, signal);       // in parts, so that the page stays awake
 *   (await text.shuffled(1, signal)).ids                      // a Source
 *   (await text.without("moon", 64, signal)).source           // the same text without a sentence about the moon
 *   text.fractionsOf([["The moon", " came up"]])              // { words: 1, pairs: 0.5 }
 *
 * @typedef {import("./trials.js").Source} Source
 *
 * @typedef {object} MissingWord a word, and what its text is like without it
 * @property {string} word
 * @property {Source} source what is left
 * @property {number} n sentences that are left out @property {number} of all
 * @property {number} fraction of the characters that is left out
 * @property {boolean} isHeldOut whether the passages are of held-out text, of which no model has read anything
 * @property {import("./missing-word.js").Passage[]} passages in which the word stands
 * @property {number[][]} beginnings up to the word, for models to go on from
 */
import { encodeDocuments } from "../engine/bpe.js";
import { makeRng } from "../engine/sample.js";
import { count } from "./format.js";
import { baselinesOf, inTurns } from "./lab-ids.js";
import { beginningsOf, finder, passageAt, placesOf, spread } from "./missing-word.js";

const WORD = /[\p{L}\p{N}_\p{M}]+(?:['’][\p{L}\p{N}_\p{M}]+)*/gu;
const LETTER = /[\p{L}\p{N}_\p{M}]/gu; // where no spaces stand between words
const SENTENCE = /[^]+?(?:[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？]+["”’」』]?|\n(?=\s*\n)|$)\s*/gu;
const LINE = /[^\n]*\n|[^\n]+$/g;
const OFTEN = 5_000; // tokens or sentences, after which the page gets its turn
const LONGEST_WORD = 15; // letters on average: then spaces do not tell words apart
const MOST_LEFT_OUT = 0.5; // a fraction of the text
const FEWEST_TOKENS = 100; // that are left to learn from
const FEWEST_HELD_OUT = 5; // sentences with a word
const MOST_PLACES = 24; // at which a word is looked for
const N_BEGINNINGS = 5;
const EACH = 2; // times, with different random numbers
const SUGGESTED = { n: 6, least: 3, most: 0.04, letters: 4 }; // sentences, or a fraction of them
const REMEMBERED = 4; // texts without a word

/**
 * The documents of some tokens, or the only text.
 * @returns {Generator<number, import("./missing-word.js").Document[]>}
 */
function* documentsOf(ids, { vocab, end }) {
  const documents = [];
  let start = 0;
  for (let i = 0; i <= ids.length; i++) {
    if (i % OFTEN === 0) yield i;
    if (i < ids.length && ids[i] !== end) continue;
    const part = ids.subarray(start, i);
    const text = Array.from(part, (id) => vocab[id]).join("");
    if (text) documents.push({ text, ids: part, sentences: sentencesOf(text) });
    start = i + 1;
  }
  return documents;
}

/** A text in sentences, with the white space after them; where nothing ends a sentence, in lines. */
export function sentencesOf(text) {
  const found = text.match(SENTENCE) ?? [];
  return found.length > 1 ? found : (text.match(LINE) ?? []);
}

/** Whether spaces stand between the words of some documents. */
function isSpaced(documents) {
  const beginning = documents.slice(0, 100).join("\n").slice(0, 20_000);
  const words = beginning.match(WORD) ?? [];
  return words.join("").length <= LONGEST_WORD * Math.max(1, words.length);
}

/** @param {Source} source @param {AbortSignal} signal @returns {Promise<LearnedText>} */
export async function readText(source, signal) {
  const { tokenizer, ids, validationIds } = source;
  const documents = await inTurns(documentsOf(ids, tokenizer), signal);
  const heldOut = await inTurns(documentsOf(validationIds, tokenizer), signal);
  const text = new LearnedText(source, documents, heldOut);
  await inTurns(text.read(), signal);
  text.baselines = await inTurns(baselinesOf(ids, ids, tokenizer.vocab.length), signal);
  return text;
}

export class LearnedText {
  #words = new Map(); // a word in small letters -> how many sentences have it, and how it is written
  #pairs = new Set();
  #left = new Map(); // a word -> what is left without it
  #shuffled = new Map(); // a seed -> a source
  /** What counting reaches on the very text that was counted, in nats per token. @type {{ uniform: number, unigram: number, bigram: number } | null} */
  baselines = null;

  constructor(source, documents, heldOut) {
    this.source = source;
    this.documents = documents;
    this.heldOut = heldOut;
    this.texts = documents.map(({ text }) => text);
    this.isSpaced = isSpaced(this.texts);
    this.unit = this.isSpaced ? WORD : LETTER;
  }

  /** Look through all of it: a generator that yields now and then. */
  *read() {
    let n = 0;
    for (const { sentences } of this.documents) {
      let before = null;
      for (const sentence of sentences) {
        before = this.#readSentence(sentence, before);
        if (++n % 200 === 0) yield n;
      }
    }
  }

  /** All sentences. */
  get #all() {
    return this.documents.flatMap(({ sentences }) => sentences);
  }

  #readSentence(sentence, before) {
    const seen = new Set();
    for (const written of sentence.match(this.unit) ?? []) {
      const word = written.toLowerCase();
      if (before !== null) this.#pairs.add(`${before} ${word}`);
      before = word;
      const known = this.#words.get(word) ?? { sentences: 0, forms: new Map() };
      if (!seen.has(word)) known.sentences++;
      known.forms.set(written, (known.forms.get(written) ?? 0) + 1);
      this.#words.set(word, known);
      seen.add(word);
    }
    return before;
  }

  #wordsOf(text) {
    return text.toLowerCase().match(this.unit) ?? [];
  }

  has(word) {
    return this.#words.has(word);
  }

  // In a random order --------------------------------------------------------------------------------------------

  /** What is shuffled: documents, or the lines of a text that has none. */
  get #parts() {
    const { texts, source } = this;
    return source.tokenizer.end === null ? texts.flatMap((one) => one.match(LINE) ?? []) : texts;
  }

  /** Whether there are two different words in one part. */
  get canBeShuffled() {
    const unit = this.#placedUnit;
    return this.#parts.some((part) => new Set(part.match(unit)).size > 1);
  }

  /** What changes places; white space stays where it is. */
  get #placedUnit() {
    return this.isSpaced ? /\S+/g : /\S/gu;
  }

  /** The words of each document, or of each line, in a random order. @returns {Promise<Source>} */
  async shuffled(seed, signal) {
    if (!this.#shuffled.has(seed)) {
      const shuffled = await inTurns(this.#shuffle(makeRng(seed)), signal);
      const hasDocuments = this.source.tokenizer.end !== null;
      this.#shuffled.set(seed, await this.#sourceOf(hasDocuments ? shuffled : [shuffled.join("")], signal));
    }
    return this.#shuffled.get(seed);
  }

  *#shuffle(random) {
    const found = [];
    for (const part of this.#parts) {
      found.push(shuffledUnits(part, this.#placedUnit, random));
      if (found.length % 50 === 0) yield found.length;
    }
    return found;
  }

  /** Documents -> a source with the tokens that they had before. */
  async #sourceOf(documents, signal) {
    const { name, tokenizer, validationIds } = this.source;
    const ids = await inTurns(encodeDocuments(tokenizer, documents), signal);
    return { name, tokenizer, ids, validationIds };
  }

  // Without a word -----------------------------------------------------------------------------------------------

  /** Words that some sentences have, the most frequent first, as they are usually written. @returns {string[]} */
  get suggestions() {
    const { n, least, most, letters } = SUGGESTED;
    const limit = Math.max(least, most * this.#all.length);
    const isOne = ([word, { sentences }]) =>
      sentences >= least && sentences <= limit && Array.from(word).length >= letters;
    const found = [...this.#words].filter(isOne).sort(([, a], [, b]) => b.sentences - a.sentences);
    return found.slice(0, n).map(([, { forms }]) => mostFrequent(forms));
  }

  /**
   * Why a word cannot be left out, in a sentence; null if it can.
   * @param {string} typed @returns {string | null}
   */
  problemOf(typed) {
    const word = typed.trim();
    if (!word) return `Type a word of the text${this.suggestions.length ? ", or choose one of these" : ""}.`;
    const { n, of, fraction } = this.countsOf(word);
    if (!n) return `“${word}” does not occur in the text that it learns from. Choose a word that does.`;
    if (n === 1 && this.#beginsWith(word)) {
      return `“${word}” only stands at the very beginning, where no model predicts it. Choose another word.`;
    }
    const left = (1 - fraction) * this.source.ids.length;
    if (fraction <= MOST_LEFT_OUT && left >= FEWEST_TOKENS) return null;
    return (
      `“${word}” is in ${count(n)} of ${count(of)} sentences. Without them, too little would be left to learn from: ` +
      "choose a rarer word."
    );
  }

  /** Whether a word is the first of a text that has no end token before it. */
  #beginsWith(word) {
    return this.source.tokenizer.end === null && finder(word).exec(this.documents[0].text)?.index === 0;
  }

  /** How many sentences have a word, of how many, and which fraction of the characters they are. */
  countsOf(typed) {
    const find = finder(typed.trim());
    const all = this.#all;
    const out = all.filter((one) => find.test(one));
    const characters = (list) => list.reduce((sum, { length }) => sum + length, 0);
    return { n: out.length, of: all.length, fraction: characters(out) / Math.max(1, characters(all)) };
  }

  /**
   * The text without the sentences that have a word, and where it stood. Where the held-out text has enough of such
   * sentences, these are looked at: neither model has read them.
   * @param {string} typed a word that nothing speaks against @param {number} n_ctx @param {AbortSignal} signal
   * @returns {Promise<MissingWord>}
   */
  async without(typed, n_ctx, signal) {
    const word = typed.trim();
    const key = `${n_ctx} ${word}`;
    if (!this.#left.has(key)) {
      if (this.#left.size >= REMEMBERED) this.#left.delete(this.#left.keys().next().value);
      this.#left.set(key, await this.#makeWithout(word, n_ctx, signal));
    }
    return this.#left.get(key);
  }

  async #makeWithout(word, n_ctx, signal) {
    const find = finder(word);
    const { tokenizer } = this.source;
    const heldOut = placesOf(this.heldOut, find);
    const isHeldOut = heldOut.length >= FEWEST_HELD_OUT;
    const places = spread(isHeldOut ? heldOut : placesOf(this.documents, find), MOST_PLACES);
    const passages = places.map((place) => passageAt(place, tokenizer, n_ctx));
    const beginnings = beginningsOf(passages, n_ctx, N_BEGINNINGS);
    return {
      ...{ word, isHeldOut, ...this.countsOf(word) },
      source: await this.#sourceOf(this.#documentsWithout(find), signal),
      passages: passages.filter((one) => one.word[0] > 0),
      beginnings: Array.from({ length: EACH }, () => beginnings).flat(),
    };
  }

  /** What is left of each document; those that lost their last sentence end as the others do. */
  #documentsWithout(find) {
    const left = this.documents.map(({ sentences }) => sentences.filter((one) => !find.test(one)).join(""));
    const hasDocuments = this.source.tokenizer.end !== null;
    return left.map((one) => (hasDocuments ? one.trimEnd() : one)).filter((one) => one.trim());
  }

  // What is written ----------------------------------------------------------------------------------------------

  /** The words of a text that begins with a prompt, and the first that is not the prompt's: it may be longer now. */
  #written(prompt, text) {
    const before = this.#wordsOf(prompt);
    const all = this.#wordsOf(prompt + text);
    const isLonger = before.length > 0 && all[before.length - 1] !== before.at(-1);
    return { all, from: isLonger ? before.length - 1 : before.length };
  }

  /** The first word after a prompt; null if there is none. */
  firstWordOf(prompt, text) {
    const { all, from } = this.#written(prompt, text);
    return all[from] ?? null;
  }

  /**
   * Which fractions of the words, and of the pairs of words, that were written occur in the text. The last word may not
   * be complete, and does not count.
   * @param {[string, string][]} samples prompt and continuation
   * @returns {{ words: number | null, pairs: number | null }} null where none was written
   */
  fractionsOf(samples) {
    const words = [];
    const pairs = [];
    for (const [prompt, text] of samples) {
      const { all, from } = this.#written(prompt, text);
      for (let i = from; i < all.length - 1; i++) {
        words.push(this.has(all[i]));
        if (i) pairs.push(this.#pairs.has(`${all[i - 1]} ${all[i]}`));
      }
    }
    return { words: meanOf(words), pairs: meanOf(pairs) };
  }
}

const meanOf = (found) => (found.length ? found.filter(Boolean).length / found.length : null);

const mostFrequent = (forms) => [...forms].reduce((best, one) => (one[1] > best[1] ? one : best))[0];

/** Its units in a random order, each as likely (Fisher and Yates), with the same white space between them. */
function shuffledUnits(text, unit, random) {
  const units = text.match(unit) ?? [];
  for (let i = units.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [units[i], units[j]] = [units[j], units[i]];
  }
  let next = 0;
  return text.replace(unit, () => units[next++]);
}
