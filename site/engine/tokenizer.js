/**
 * Byte-pair encoding, as in train.py: text to numbers and back.
 *
 *   const tokenizer = new Tokenizer(manifest.tokenizer);
 *   tokenizer.encode("Once upon a time")         // [71, 203, 12, 88]
 *   tokenizer.decode([71, 203, 12, 88])          // "Once upon a time"
 */

/** What stands between two documents, as in data/__init__.py. */
export const END = "<|endoftext|>";

// No token spans two words. Python's \w and \s, spelled out: JavaScript's are different; the rest
// as in terrarium/text.py.
const LETTER = "\\p{L}\\p{N}_";
export const MARKS = "\\p{M}\u200c\u200d";
export const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const BEYOND_LATIN = "(?=[^\\0-\\u02ff])";
const WORD = `[${LETTER}]{1,32}(?:${BEYOND_LATIN}[${LETTER}${MARKS}]{1,32}[${MARKS}]{0,15})?`;
const PUNCTUATION = `(?:(?![${LETTER}]|${SPACE})[^]){1,32}(?:${BEYOND_LATIN}[${MARKS}]{0,15})?`;
const PIECES = new RegExp(` ?${WORD}(?:'${WORD})?| ?${PUNCTUATION}|${SPACE}`, "gu");

/** A `character` that never occurs in the corpus; `place` is its number in the text, from 1. */
export class UnknownCharacter extends Error {
  constructor(character, place) {
    super(`No token for ${JSON.stringify(character)}, character ${place}: it does not occur in the corpus.`);
    Object.assign(this, { character, place });
  }
}

export class Tokenizer {
  /**
   * @param {{symbols: string[], merges: [string, string][]}} learned the text of every token in the
   *   order of their ids, and the pairs that were merged, in that order
   */
  constructor({ symbols, merges }) {
    this.symbols = symbols;
    this.ids = new Map(symbols.map((symbol, id) => [symbol, id]));
    this.rank = new Map(merges.map(([a, b], i) => [this.pair(this.ids.get(a), this.ids.get(b)), i]));
    /** The id of the end token, null if the corpus is one text. */
    this.end = this.ids.get(END) ?? null;
    this.known = new Map();  // a cache of pieces, for speed
  }

  /** Two ids as one number. */
  pair(a, b) {
    return a * this.symbols.length + b;
  }

  /** The pieces of a text, each of which is cut into tokens by itself. @returns {string[]} */
  pieces(text) {
    return text.match(PIECES) ?? [];
  }

  /**
   * Text -> ids.
   * @param {string} text @returns {number[]}
   * @throws {UnknownCharacter}
   */
  encode(text) {
    return this.pieces(text).flatMap((piece) => {
      if (!this.known.has(piece)) this.known.set(piece, this.cut(piece, text));
      return this.known.get(piece);
    });
  }

  /** One piece of a text -> ids, by making the merges in the order they were learned in. */
  cut(piece, text) {
    let parts = Array.from(piece, (character) => this.ids.get(character));
    if (parts.includes(undefined)) throw this.complaint(text);
    for (;;) {
      let best = Infinity, found = null;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.rank.get(this.pair(parts[i], parts[i + 1])) ?? Infinity;
        if (rank < best) [best, found] = [rank, [parts[i], parts[i + 1]]];
      }
      if (!found) return parts;
      parts = glue(parts, found, this.ids.get(found.map((id) => this.symbols[id]).join("")));
    }
  }

  complaint(text) {
    const characters = Array.from(text);
    const place = characters.findIndex((character) => !this.ids.has(character));
    return new UnknownCharacter(characters[place], place + 1);
  }

  /** Ids -> text. @param {Iterable<number>} ids @returns {string} */
  decode(ids) {
    return Array.from(ids, (id) => this.symbols[id]).join("");
  }
}

/** [t, h, e], the pair [t, h] and what they make -> [th, e]. Ids, all of them. */
function glue(parts, [a, b], both) {
  const glued = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === a && parts[i + 1] === b) {
      glued.push(both);
      i++;
    } else {
      glued.push(parts[i]);
    }
  }
  return glued;
}
