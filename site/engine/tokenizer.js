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
export const LETTER = "\\p{L}\\p{N}_";
export const MARKS = "\\p{M}\u200c\u200d";
export const SPACE =
  "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const BEYOND_LATIN = "(?=[^\\0-\\u02ff])";
const WORD = `[${LETTER}]{1,32}(?:${BEYOND_LATIN}[${LETTER}${MARKS}]{1,32}[${MARKS}]{0,15})?`;
const PUNCTUATION = `(?:(?![${LETTER}]|${SPACE})[^]){1,32}(?:${BEYOND_LATIN}[${MARKS}]{0,15})?`;
export const PIECES = new RegExp(` ?${WORD}(?:'${WORD})?| ?${PUNCTUATION}|${SPACE}`, "gu");

/** A `character` that never occurs in the corpus; `position` is its number in the text, from 1. */
export class UnknownCharacter extends Error {
  constructor(character, position) {
    super(
      `No token for ${JSON.stringify(character)}, character ${position}: ` +
        "it does not occur in the corpus.",
    );
    this.character = character;
    this.position = position;
  }
}

export class Tokenizer {
  /**
   * @param {{vocab: string[], merges: [string, string][]}} trained the text of every token by its id,
   *   and the pairs that are merged, in the order in which they were learned
   */
  constructor({ vocab, merges }) {
    this.vocab = vocab;
    this.ids = new Map(vocab.map((token, id) => [token, id]));
    this.mergeRanks = new Map(merges.map(([a, b], i) => [this.pair(this.ids.get(a), this.ids.get(b)), i]));
    /** The id of the end token, null if the corpus is one text. */
    this.end = this.ids.get(END) ?? null;
    this.cache = new Map(); // piece -> ids, for speed
  }

  /** A pair of ids as one number. */
  pair(a, b) {
    return a * this.vocab.length + b;
  }

  /** The pieces of a text, each of which is encoded on its own. @returns {string[]} */
  preTokenize(text) {
    return text.match(PIECES) ?? [];
  }

  /**
   * Text -> ids.
   * @param {string} text @returns {number[]}
   * @throws {UnknownCharacter}
   */
  encode(text) {
    return this.preTokenize(text).flatMap((piece) => this.idsOf(piece, text));
  }

  /** The ids of a piece that stands in a text. @returns {number[]} */
  idsOf(piece, text) {
    if (!this.cache.has(piece)) this.cache.set(piece, this.encodePiece(piece, text));
    return this.cache.get(piece);
  }

  /** One piece of a text -> ids, by applying the merges in the order they were learned in. */
  encodePiece(piece, text) {
    let parts = Array.from(piece, (character) => this.ids.get(character));
    if (parts.includes(undefined)) throw this.unknownCharacter(text);
    for (;;) {
      let best = Infinity;
      let pair = null;
      for (let i = 0; i + 1 < parts.length; i++) {
        const rank = this.mergeRanks.get(this.pair(parts[i], parts[i + 1])) ?? Infinity;
        if (rank < best) [best, pair] = [rank, [parts[i], parts[i + 1]]];
      }
      if (!pair) return parts;
      parts = merge(parts, pair[0], pair[1], this.ids.get(pair.map((id) => this.vocab[id]).join("")));
    }
  }

  unknownCharacter(text) {
    const characters = Array.from(text);
    const position = characters.findIndex((character) => !this.ids.has(character));
    return new UnknownCharacter(characters[position], position + 1);
  }

  /** Ids -> text. @param {Iterable<number>} ids @returns {string} */
  decode(ids) {
    return Array.from(ids, (id) => this.vocab[id]).join("");
  }
}

/** [t, h, e], the pair t, h and its merged token -> [th, e]. All of them are ids. */
export function merge(parts, a, b, both) {
  const merged = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === a && parts[i + 1] === b) {
      merged.push(both);
      i++;
    } else {
      merged.push(parts[i]);
    }
  }
  return merged;
}
