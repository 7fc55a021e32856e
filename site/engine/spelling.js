/**
 * What somebody types, in the spelling of the corpus, as in terrarium/text.py.
 *
 *   normalize("It’s a café", tokenizer.ids)       // "It's a cafe\u0301", if the corpus has it so
 */
import { MARKS, SPACE } from "./tokenizer.js";

// What a person types as one character: a letter and its marks, or a Korean syllable in parts.
const CHARACTER = new RegExp(
  "[\u1100-\u115f\ua960-\ua97c]+[\u1160-\u11a7\ud7b0-\ud7c6]+" +
    `[\u11a8-\u11ff\ud7cb-\ud7fb]*|[^][${MARKS}]*`,
  "gu",
);
const OPENS = new RegExp(`^$|${SPACE}|[([{<'"‘‚‹“„«]`);
const ALIKE = [
  "-‐‑‒–—―−",
  ".…。．",
  ",،，、",
  "?？؟",
  ";；؛",
  "·・",
  "~～〜",
  " \u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
];
const QUOTES = [
  ["'‘‹‚`", "'’›‘´′ʼ"],
  ['"“«„', '"”»“″'],
]; // before a word, and after one
const BREAKS = "\n\t"; // between words, like a space
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff]/g;

/**
 * A text in the spelling of the corpus, as far as there is one. What has no known spelling stays,
 * or is left out with `drop`.
 * @param {string} text @param {Map<string, number>} ids those of a tokenizer
 */
export function normalize(text, ids, drop = false) {
  const known = (some) => Array.from(some).every((character) => ids.has(character));
  if (known(text)) return text;
  return text.replace(CHARACTER, (character, offset) => {
    const spelling = spellingOf(character, OPENS.test(text.charAt(offset - 1)), known);
    if (spelling !== undefined) return spelling;
    return drop ? knownParts(character, ids) : character.normalize();
  });
}

/**
 * What somebody types as one character, again and again, and what the model reads in its place: "é" and "e".
 * What it cannot read at all is `isUnknown`. @returns {{ typed: string, read: string, isUnknown: boolean }[]}
 */
export function readings(text, ids) {
  const known = (some) => Array.from(some).every((character) => ids.has(character));
  return Array.from(text.matchAll(CHARACTER), ({ 0: typed, index }) => {
    const spelling = spellingOf(typed, OPENS.test(text.charAt(index - 1)), known);
    const read = spelling ?? knownParts(typed, ids);
    return { typed, read, isUnknown: spelling === undefined && read === "" };
  });
}

function spellingOf(character, beginsWord, known) {
  for (const spelling of spellings(character, beginsWord)) if (known(spelling)) return spelling;
  return undefined;
}

/** An accent may go, and its letter stay. */
function knownParts(character, ids) {
  return Array.from(character.normalize("NFD"))
    .filter((part) => ids.has(part))
    .join("");
}

/** Other ways to write a character, the closest first. */
function* spellings(character, beginsWord) {
  for (const spelling of cases(character)) {
    yield spelling;
    for (const form of ["NFC", "NFD", "NFKC", "NFKD"]) yield spelling.normalize(form);
    yield spelling.replace(INVISIBLE, "");
  }
  const plain = character.normalize("NFKC");
  const isIn = (row) => row.includes(character) || row.includes(plain);
  for (const [opening, closing] of QUOTES) {
    if (isIn(opening + closing)) yield* (beginsWord ? opening : closing) + opening + closing;
  }
  for (const row of ALIKE) if (isIn(row)) yield* row;
  if (BREAKS.includes(plain)) yield " ";
  if (/^[!-~]$/.test(plain)) yield String.fromCharCode(plain.charCodeAt(0) + 0xfee0);
}

/**
 * A character, then its other case. Where the other case has two letters, there is a way between: a small ß
 * is written ss before it is written SS.
 */
function cases(character) {
  const large = character.toLowerCase().toUpperCase();
  if (character === character.toLowerCase()) return [character, large.toLowerCase(), large];
  return [character, character.toLowerCase(), large, large.toLowerCase()];
}
