/**
 * A text as train.py would take it from a file: the part to learn from, the part that is held out to validate
 * with, and whether there are documents that end. As open_text in data/__init__.py and data/textfile.py.
 *
 *   splitText("…<|endoftext|>…")
 *   // { train: ["…"], validation: ["…"], hasDocuments: true, isShuffled: false, problem: null }
 */
import { documentsOf } from "../engine/bpe.js";
import { END } from "../engine/tokenizer.js";
import { pythonRandom } from "./python-random.js";

const HELD_OUT = 0.1; // the fraction of a text that is held out,
const MOST_HELD_OUT = 2 * 2 ** 20; // in bytes, at most
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** One code point of a text in UTF-8: its bytes. */
export const bytesOf = (code) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

/** A text as it can be written in UTF-8, without the zeros (or the Ctrl-Z of DOS) that fill its end. */
export function asSaved(text) {
  let stop = text.length;
  while (stop && "\0\x1a".includes(text[stop - 1])) stop--;
  return text.slice(0, stop).replace(LONE_SURROGATE, "\ufffd");
}

/** Text with line ends as most systems write them. */
export const withLineEnds = (text) => text.replace(/\r\n?/g, "\n");

/**
 * @param {string} text
 * @returns {{train: string[], validation: string[], hasDocuments: boolean, isShuffled: boolean,
 *   problem: "empty" | "one document" | null}} documents, or one text. With a problem, nothing can be trained.
 */
export function splitText(text) {
  const saved = asSaved(text);
  const hasDocuments = saved.includes(END);
  const cut = cutOf(saved, hasDocuments);
  const read = (part) => documentsOf(withLineEnds(part), hasDocuments);
  const train = read(saved.slice(0, cut).replace(/^\ufeff/, ""));
  const validation = read(saved.slice(cut));
  const split = { train, validation, hasDocuments, isShuffled: false, problem: null };
  if (!train.length || !validation.length) {
    return { ...split, problem: hasDocuments ? "one document" : "empty" };
  }
  return shuffledIfAlphabetical(split);
}

/** Where the part that is held out begins: in its last tenth, where a document does. */
export function cutOf(text, hasDocuments) {
  const position = indexOfHeldOut(text);
  if (!hasDocuments) return position;
  const end = text.indexOf(END, position);
  const cut = end < 0 ? text.length : end + END.length;
  if (documentsOf(text.slice(cut), true).length) return cut;
  return startOfLastDocument(text);
}

/** The index at which the last tenth of the bytes begins, or the first character after that. */
function indexOfHeldOut(text) {
  const size = utf8Bytes(text);
  const heldOut = Math.min(Math.floor(size * HELD_OUT) + 1, MOST_HELD_OUT);
  let index = text.length;
  for (let left = heldOut; index > 0;) {
    const code = codeBefore(text, index);
    left -= bytesOf(code);
    if (left < 0) break;
    index -= code > 0xffff ? 2 : 1;
  }
  return text[index - 1] === "\r" && text[index] === "\n" ? index + 1 : index;
}

/** Where the last document begins: after the last end mark that any text follows. */
function startOfLastDocument(text) {
  let end = text.length;
  for (;;) {
    const mark = text.lastIndexOf(END, end - 1);
    if (mark < 0) return text.indexOf(END) + END.length;
    if (documentsOf(text.slice(mark + END.length, end), true).length) return mark + END.length;
    if (!mark) return END.length;
    end = mark;
  }
}

function codeBefore(text, index) {
  const unit = text.charCodeAt(index - 1);
  const isLow = unit >= 0xdc00 && unit < 0xe000;
  return isLow && index > 1 ? text.codePointAt(index - 2) : unit;
}

/** How many bytes a text has in UTF-8. */
export function utf8Bytes(text) {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const isHalf = unit >= 0xd800 && unit < 0xe000; // two of them make a character of four bytes
    bytes += isHalf ? 2 : bytesOf(unit);
  }
  return bytes;
}

// Lists in alphabetical order ------------------------------------------------------------------------------------

const LOOKED_AT = 1000; // lines, or
const DOCUMENTS_LOOKED_AT = 100;
const COMPARED = 40; // characters of each

/**
 * The same split, or one whose lines (or documents) are shuffled if they are sorted: or the end of the alphabet
 * would never be learned.
 */
function shuffledIfAlphabetical(split) {
  const { train, validation, hasDocuments } = split;
  const linesOf = (texts) => texts.join("").split("\n").filter(Boolean);
  const start = hasDocuments ? train.slice(0, DOCUMENTS_LOOKED_AT) : linesOf([train[0].slice(0, 2 ** 20)]);
  if (!isAlphabetical(start.slice(0, LOOKED_AT))) return split;
  const together = [...train, ...validation];
  const parts = hasDocuments ? together : linesOf(together);
  if (!isAlphabetical(parts)) return split;
  pythonRandom(0).shuffle(parts);
  const heldOut = Math.max(1, Math.floor(parts.length / 10));
  const halves = [parts.slice(0, -heldOut), parts.slice(-heldOut)];
  const asTexts = (half) => (hasDocuments ? half : [half.join("\n") + "\n"]);
  return { ...split, train: asTexts(halves[0]), validation: asTexts(halves[1]), isShuffled: true };
}

/** Whether many lines (or documents) are sorted, from one letter to another; not by times or numbers. */
export function isAlphabetical(parts) {
  const starts = parts.map((part) =>
    Array.from(part.slice(0, 2 * COMPARED))
      .slice(0, COMPARED)
      .join(""),
  );
  const folded = starts.map((start) => start.toLowerCase());
  const letters = folded
    .map((start) => String.fromCodePoint(start.codePointAt(0)))
    .filter((c) => /\p{L}/u.test(c));
  const inOrder = folded.filter((start, i) => i > 0 && folded[i - 1] <= start).length;
  return (
    folded.length > 20 &&
    new Set(folded).size > folded.length / 2 &&
    new Set(letters).size > 4 &&
    letters.length > 0.95 * folded.length &&
    inOrder > 0.95 * (folded.length - 1)
  );
}
