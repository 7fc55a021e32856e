/**
 * What the merges of byte-pair encoding do to a text, after each of them: how a sentence is cut, and how many tokens
 * stand for a word. The merges may still be coming.
 *
 *   const replay = new MergeReplay(text);
 *   replay.follow([["t", "h"], ["th", "e"]]);
 *   replay.tokensPerWord(2)                // after two merges
 *   replay.cut("the hen", 2)               // [["the"], [" ", "h", "e", "n"]]
 */
import { Tokenizer } from "../engine/tokenizer.js";

const MOST_CHARACTERS = 60_000; // that are counted: more would give the same numbers
const HAS_LETTER = /[\p{L}\p{N}]/u;
const { preTokenize } = Tokenizer.prototype;

const keyOf = (a, b) => `${a}\0${b}`;

export class MergeReplay {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.isCut = text.length > MOST_CHARACTERS;
    this.counted = Math.min(text.length, MOST_CHARACTERS); // characters
    this.ranks = new Map(); // pair -> which merge it is, from 0
    this.merges = []; // that have been followed
    this.pieces = []; // { parts, times, isWord } of each different piece of the text
    this.where = new Map(); // pair -> the pieces in which it may stand
    this.countPieces(text.slice(0, MOST_CHARACTERS));
    const sum = (pieces, of) => pieces.reduce((total, one) => total + of(one), 0);
    const words = this.pieces.filter(({ isWord }) => isWord);
    this.nWords = sum(words, ({ times }) => times);
    this.nCharacters = sum(this.pieces, ({ parts, times }) => parts.length * times);
    this.inWords = [sum(words, ({ parts, times }) => parts.length * times)]; // tokens in words, after each merge
    this.inAll = [this.nCharacters];
  }

  countPieces(text) {
    const counts = new Map();
    for (const piece of preTokenize(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    for (const [piece, times] of counts) {
      const one = { parts: Array.from(piece), times, isWord: HAS_LETTER.test(piece) };
      this.pieces.push(one);
      this.note(one);
    }
  }

  /** Remember where the pairs of a piece are. */
  note(piece) {
    const { parts } = piece;
    for (let i = 0; i + 1 < parts.length; i++) {
      const key = keyOf(parts[i], parts[i + 1]);
      if (!this.where.has(key)) this.where.set(key, new Set());
      this.where.get(key).add(piece);
    }
  }

  /**
   * Follow merges up to the last one; those that were followed before cost nothing.
   * @param {[string, string][]} merges @returns {boolean} false if these are others than before
   */
  follow(merges) {
    const shared = Math.min(merges.length, this.merges.length) - 1;
    if (shared >= 0 && keyOf(...merges[shared]) !== keyOf(...this.merges[shared])) return false;
    for (let i = this.merges.length; i < merges.length; i++) this.merge(merges[i]);
    return true;
  }

  merge(pair) {
    const key = keyOf(...pair);
    let fewerInWords = 0;
    let fewer = 0;
    for (const piece of this.where.get(key) ?? []) {
      const parts = merged(piece.parts, pair);
      const gone = (piece.parts.length - parts.length) * piece.times;
      fewer += gone;
      if (piece.isWord) fewerInWords += gone;
      piece.parts = parts;
      this.note(piece);
    }
    this.where.delete(key);
    this.ranks.set(key, this.merges.length);
    this.merges.push(pair);
    this.inWords.push(this.inWords.at(-1) - fewerInWords);
    this.inAll.push(this.inAll.at(-1) - fewer);
  }

  /** How many tokens a word has on average after n merges; null in a text without words. */
  tokensPerWord(n) {
    return this.nWords ? this.inWords[n] / this.nWords : null;
  }

  /** How many characters stand for a token on average after n merges. */
  charactersPerToken(n) {
    return this.inAll[n] ? this.nCharacters / this.inAll[n] : null;
  }

  /** The pieces of a sentence, each cut as it is after n merges. @returns {string[][]} */
  cut(sentence, n) {
    return preTokenize(sentence).map((piece) => {
      let parts = Array.from(piece);
      for (;;) {
        const first = this.firstMerge(parts, n);
        if (first === null) return parts;
        parts = merged(parts, this.merges[first]);
      }
    });
  }

  /** The earliest of the first n merges that some parts have a pair for; null if there is none. */
  firstMerge(parts, n) {
    let first = Infinity;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = this.ranks.get(keyOf(parts[i], parts[i + 1]));
      if (rank < n && rank < first) first = rank;
    }
    return first === Infinity ? null : first;
  }
}

function merged(parts, [a, b]) {
  const out = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === a && parts[i + 1] === b) {
      out.push(a + b);
      i++;
    } else {
      out.push(parts[i]);
    }
  }
  return out;
}
