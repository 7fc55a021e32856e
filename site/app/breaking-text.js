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
 * @property {boolean} isHeldOut whether what follows comes from held-out text: of that, no model has read anything
 * @property {string[]} prompts beginnings of sentences up to the word
 * @property {{ ids: number[], tokens: number }[]} texts that end with the word, and how many tokens it has
 * @property {number[]} sentences with the word, as tokens
 *
 * @typedef {{ sentence: string, before: string, start: string, target: string }} Place where a word stands: its
 *   sentence, all that stands before the word in its document, and in its sentence, and the word as it is there
 */
import { encodeDocuments } from "../engine/bpe.js";
import { makeRng } from "../engine/sample.js";
import { count } from "./format.js";
import { inTurns } from "./lab-ids.js";

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
const N_PROMPTS = 5;
const EACH_PROMPT = 2; // times, with different random numbers
const SUGGESTED = { n: 6, least: 3, most: 0.04, letters: 4 }; // sentences, or a fraction of them
const REMEMBERED = 4; // texts without a word

/** The documents of some tokens, or the only text. @returns {Generator<number, string[]>} */
function* documentsOf(ids, { vocab, end }) {
  const documents = [[]];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === end) documents.push([]);
    else documents.at(-1).push(vocab[ids[i]]);
    if (i % OFTEN === 0) yield i;
  }
  return documents.filter((one) => one.length).map((one) => one.join(""));
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

/** Finds a word, but not as a part of another one; the space before it belongs to it. */
function finder(word) {
  const escaped = word.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/\s+/g, "\\s+");
  const isLetter = (character) => /[\p{L}\p{N}_\p{M}]/u.test(character ?? "");
  const before = isLetter(Array.from(word)[0]) ? "(?<![\\p{L}\\p{N}_\\p{M}])" : "";
  const after = isLetter(Array.from(word).at(-1)) ? "(?![\\p{L}\\p{N}_\\p{M}])" : "";
  return new RegExp(` ?${before}${escaped}${after}`, "iu");
}

/** @param {Source} source @param {AbortSignal} signal @returns {Promise<LearnedText>} */
export async function readText(source, signal) {
  const { tokenizer, ids, validationIds } = source;
  const documents = await inTurns(documentsOf(ids, tokenizer), signal);
  const heldOut = await inTurns(documentsOf(validationIds, tokenizer), signal);
  const text = new LearnedText(source, documents, heldOut);
  await inTurns(text.read(), signal);
  return text;
}

export class LearnedText {
  #words = new Map(); // a word in small letters -> how many sentences have it, and how it is written
  #pairs = new Set();
  #left = new Map(); // a word -> what is left without it
  #shuffled = new Map(); // a seed -> a source

  constructor(source, documents, heldOut) {
    this.source = source;
    this.documents = documents;
    this.heldOut = heldOut;
    this.isSpaced = isSpaced(documents);
    this.unit = this.isSpaced ? WORD : LETTER;
    this.sentences = []; // of each document
  }

  /** Look through all of it: a generator that yields now and then. */
  *read() {
    let n = 0;
    for (const document of this.documents) {
      const sentences = sentencesOf(document);
      this.sentences.push(sentences);
      let before = null;
      for (const sentence of sentences) {
        before = this.#readSentence(sentence, before);
        if (++n % 200 === 0) yield n;
      }
    }
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
    const { documents, source } = this;
    return source.tokenizer.end === null ? documents.flatMap((one) => one.match(LINE) ?? []) : documents;
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
    const limit = Math.max(least, most * this.sentences.flat().length);
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
    if (!word) return "Type a word of the text, or choose one of these.";
    const { n, of, fraction } = this.countsOf(word);
    if (!n) return `“${word}” does not occur in the text that it learns from. Choose a word that does.`;
    const left = (1 - fraction) * this.source.ids.length;
    if (fraction <= MOST_LEFT_OUT && left >= FEWEST_TOKENS) return null;
    return (
      `“${word}” is in ${count(n)} of ${count(of)} sentences. Without them, too little would be left to learn from: ` +
      "choose a rarer word."
    );
  }

  /** How many sentences have a word, of how many, and which fraction of the characters they are. */
  countsOf(typed) {
    const find = finder(typed.trim());
    const all = this.sentences.flat();
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
    const heldOut = placesOf(this.heldOut.map(sentencesOf), find);
    const isHeldOut = heldOut.length >= FEWEST_HELD_OUT;
    const places = isHeldOut ? heldOut : placesOf(this.sentences, find);
    const some = spread(places, MOST_PLACES);
    return {
      word,
      ...this.countsOf(word),
      isHeldOut,
      source: await this.#sourceOf(this.#documentsWithout(find), signal),
      prompts: promptsOf(places, tokenizer, n_ctx),
      texts: some.map((place) => textUpTo(place, tokenizer, n_ctx)).filter(({ tokens }) => tokens > 0),
      sentences: asTokens(some, tokenizer),
    };
  }

  /** What is left of each document; those that lost their last sentence end as the others do. */
  #documentsWithout(find) {
    const left = this.sentences.map((sentences) => sentences.filter((one) => !find.test(one)).join(""));
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

/** Where a word stands in documents, each cut into sentences: once in a sentence. @returns {Place[]} */
function placesOf(documents, find) {
  const places = [];
  for (const sentences of documents) {
    let before = "";
    for (const sentence of sentences) {
      const found = find.exec(sentence);
      if (found) {
        const start = sentence.slice(0, found.index);
        places.push({ sentence, before: before + start, start, target: found[0] });
      }
      before += sentence;
    }
  }
  return places;
}

/** Some of a list, evenly from all of it. */
function spread(list, n) {
  if (list.length <= n) return list;
  return Array.from({ length: n }, (_, i) => list[Math.floor((i * list.length) / n)]);
}

/** Beginnings up to the word: with some words in them, if there are such, and with room to go on. */
function promptsOf(places, tokenizer, n_ctx) {
  const starts = [...new Set(places.map(({ start }) => start.trimEnd()))].filter(Boolean);
  const isShort = (start) => tokenizer.encode(start).length <= n_ctx / 2;
  const short = starts.filter(isShort);
  const telling = short.filter((start) => /\S\s+\S/.test(start));
  const best =
    [telling, short].find((list) => list.length) ?? starts.map((start) => lastPart(start, tokenizer, n_ctx));
  const chosen = spread(best, N_PROMPTS);
  return Array.from({ length: EACH_PROMPT }, () => chosen).flat();
}

/** What fits of a long beginning: its end. */
function lastPart(start, tokenizer, n_ctx) {
  return tokenizer.decode(tokenizer.encode(start).slice(-Math.floor(n_ctx / 2)));
}

const startOf = ({ end }) => (end === null ? [] : [end]);

/**
 * A document up to the word, from where a window of the training begins: a model knows its text by such windows. If the
 * word is cut there, the window ends with it instead.
 */
function textUpTo({ before, target }, tokenizer, n_ctx) {
  const word = tokenizer.encode(target);
  const ids = [...startOf(tokenizer), ...tokenizer.encode(before)];
  const all = [...ids, ...word];
  const most = n_ctx + 1; // the last one is only predicted
  const window = all.slice(n_ctx * Math.floor(Math.max(0, ids.length - 1) / n_ctx));
  const found = window.length <= most ? window : all.slice(-most);
  return { ids: found, tokens: Math.min(word.length, found.length - 1) };
}

/** Sentences one after another, each between end tokens if there are such. */
function asTokens(places, tokenizer) {
  const end = startOf(tokenizer);
  return [...end, ...places.flatMap(({ sentence }) => [...tokenizer.encode(sentence.trimEnd()), ...end])];
}
