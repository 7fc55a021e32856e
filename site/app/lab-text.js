/**
 * What somebody should know about a text before a model learns from it.
 *
 *   const facts = await describe(text, { signal });
 *   facts.characters, facts.words, …   // without end marks; words: null where no spaces stand between them
 *   facts.warnings      // [{ kind: "repeats", fraction: 0.62, sentence: "62% of this text …", isProblem: false }]
 *
 * The page stays awake: a long text is looked through in parts, with a pause after each. What train.py would refuse
 * (data/__init__.py) is a problem here, and what it says about a text (data/textfile.py), this says, too.
 */
import { END } from "../engine/tokenizer.js";
import { count, counted, percent } from "./format.js";
import { asSaved, bytesOf, splitText, withLineEnds } from "./lab-split.js";
import { repeatedFraction } from "./repeated-fraction.js";
import { otherFormat } from "./sniff.js";

export { splitText };

/** UTF-16 units that are used of a text. More would only make it slow to begin. */
export const MOST = 5_000_000;
/** Characters: less than this teaches nothing. */
export const SMALLEST = 1_000;
const FEW = 20_000; // characters: a model soon knows less than this by heart
const PART = 250_000; // UTF-16 units looked at before the page gets its turn: about ten milliseconds
const MOST_TOKENS = 2 ** 16;
const MANY = 300; // different characters: what is written with an alphabet has fewer
const RARE = 2; // times: a character that occurs at most twice is hardly learned
const ROOM = 2; // tokens for each character: 1.6 characters of Chinese are one token then, and 2.6 of Japanese
const REPEATS = 0.5; // a fraction of the text
const BEGINNING = 2 ** 14; // characters in which the kind of a text is looked for
const FEWEST_PARTS = 10; // paragraphs or lines that may be documents
const SHORT = 80; // characters: lines that are longer on average are no list

const WORDS = /[\p{L}\p{N}_\p{M}]+(?:['’][\p{L}\p{N}_\p{M}]+)*/gu;

/** Letters of languages that are written without spaces between words. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const MOST_UNSPACED = 0.2; // of the characters; above that, spaces do not tell how many words there are

/**
 * @typedef {object} Warning
 * @property {string} kind
 * @property {boolean} isProblem whether nothing can be learned from the text as it is
 * @property {string} sentence what is the matter, and what to do about it
 * @property {"paragraphs" | "lines"} [fix] what `withEnds` may make documents of
 */

/**
 * The part of a text that is used: all of it, or whole documents (or lines) at its beginning.
 * @param {string} text
 */
export function usedPart(text, most = MOST) {
  if (text.length <= most) return text;
  const mark = text.lastIndexOf(END, most - END.length);
  if (mark > most / 2) return text.slice(0, mark + END.length);
  const line = text.lastIndexOf("\n", most - 1);
  if (line > most / 2) return text.slice(0, line + 1);
  const isHalf = /[\ud800-\udbff]/.test(text[most - 1]);
  return text.slice(0, isHalf ? most - 1 : most);
}

/**
 * Make a document of each paragraph (what has an empty line before and after it), or of each line.
 * @param {string} text @param {"paragraphs" | "lines"} of
 */
export function withEnds(text, of) {
  const parts = withLineEnds(text).split(of === "lines" ? "\n" : /\n[^\S\n]*\n\s*/);
  return parts.filter((part) => part.trim()).join(`\n${END}\n`);
}

/**
 * Look through a text. Of a very long one, this is about the part that is used.
 * @param {string} text @param {{signal?: AbortSignal}} [options]
 * @throws what the signal is aborted with
 */
export async function describe(text, { signal } = {}) {
  const part = usedPart(text);
  const used = asSaved(part);
  await pause(signal);
  const repeated = await repeatedFraction(used, () => pause(signal));
  const split = splitText(used);
  await pause(signal);
  const seen = await lookThrough(...withoutMarks(used, split), signal);
  const facts = {
    ...seen,
    withMarks: used.length - (used.match(/[\ud800-\udbff]/g)?.length ?? 0),
    hasDocuments: split.hasDocuments,
    documents: split.hasDocuments ? split.train.length + split.validation.length : 1,
    isShuffled: split.isShuffled,
    problem: split.problem,
    repeated,
    ...kindOf(used),
    ...partsOf(used),
    loneSurrogates: part.match(/\p{Surrogate}/gu)?.length ?? 0,
    all: text.length,
    isWhole: part === text,
  };
  return { ...facts, warnings: warningsOf(facts) };
}

/** Let the page do what it has to do. */
async function pause(signal) {
  await new Promise((done) => setTimeout(done));
  signal?.throwIfAborted();
}

/** A text without its end marks, and how many line ends stand for them: a mark is read as one token, not as letters. */
function withoutMarks(text, { hasDocuments, train, validation }) {
  if (!hasDocuments) return [text, 0];
  const documents = [...train, ...validation];
  return [documents.join("\n"), Math.max(0, documents.length - 1)];
}

/** What can be counted character by character; so many of the line ends do not count. */
async function lookThrough(text, marks, signal) {
  const counts = new Map(); // of each character
  const found = { characters: 0, bytes: 0, words: 0 };
  for (let start = 0; start < text.length;) {
    const stop = endOfPart(text, start);
    const part = text.slice(start, stop);
    for (const character of part) counts.set(character, (counts.get(character) ?? 0) + 1);
    found.words += part.match(WORDS)?.length ?? 0;
    start = stop;
    await pause(signal);
  }
  counts.set("\n", (counts.get("\n") ?? 0) - marks);
  if (!counts.get("\n")) counts.delete("\n");
  let controls = 0;
  let unspaced = 0;
  let rare = 0;
  for (const [character, n] of counts) {
    const code = character.codePointAt(0);
    found.characters += n;
    found.bytes += n * bytesOf(code);
    if (isControl(code)) controls += n;
    if (UNSPACED.test(character)) unspaced += n;
    if (n <= RARE) rare++;
  }
  const printed = [...counts.keys()].filter((character) => character.trim());
  return {
    ...found,
    words: unspaced > MOST_UNSPACED * found.characters ? null : found.words,
    distinct: counts.size,
    only: printed.length === 1 ? printed[0] : null,
    isBlank: !printed.length,
    zeros: counts.get("\0") ?? 0,
    lost: counts.get("\ufffd") ?? 0,
    rare,
    controls,
  };
}

/** Whether a character has no shape, but does something in a terminal; line ends and tabs are no such. */
const isControl = (code) =>
  code < 0x09 || (code > 0x0d && code < 0x20) || (code > 0x7e && code < 0xa0 && code !== 0x85);

/** Where a part ends: at a space, so that no word is counted twice. */
function endOfPart(text, start) {
  const stop = start + PART;
  if (stop >= text.length) return text.length;
  const ahead = text.slice(stop, stop + 1000).search(/\s/);
  if (ahead >= 0) return stop + ahead;
  return /[\ud800-\udbff]/.test(text[stop - 1]) ? stop + 1 : stop;
}

// What kind of text it is ----------------------------------------------------------------------------------------

const MARKUP = {
  HTML: /^\s*<(!doctype\s+html|html|head|body)\b/i,
  XML: /^\s*<\?xml\b/,
  JSON: /^\s*(\{\s*"[^"\n]*"\s*:|\[\s*[[{"])/,
};

function kindOf(text) {
  const beginning = text.slice(0, BEGINNING).replace(/^\ufeff/, "");
  return {
    markup: Object.keys(MARKUP).find((kind) => MARKUP[kind].test(beginning)) ?? null,
    format: otherFormat(new TextEncoder().encode(beginning.slice(0, 99))),
    isAsked: looksAsked(beginning),
    misread: beginning.match(/[ÃÂ][\x80-\xbf]|â€/g)?.length ?? 0,
  };
}

const FEWEST_ASKED = 5;
const MOST_LINES = 0.6;

/** Whether most lines go on after a question mark, and spaces or TABs. */
function looksAsked(text) {
  const lines = withLineEnds(text)
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.trim());
  const asked = lines.filter((line) => /^[^?.!]+\?[ \t]+\S/.test(line)).length;
  return asked >= FEWEST_ASKED && asked > MOST_LINES * lines.length;
}

/** What may be documents in a text without end marks: how many, and of which kind. */
function partsOf(text) {
  const all = withLineEnds(text);
  const paragraphs = all.split(/\n[^\S\n]*\n/).filter((part) => part.trim()).length;
  const lines = all.split("\n").filter((line) => line.trim());
  const average = lines.reduce((sum, line) => sum + line.length, 0) / Math.max(1, lines.length);
  if (paragraphs >= FEWEST_PARTS) return { parts: /** @type {const} */ ("paragraphs"), nParts: paragraphs };
  if (lines.length >= FEWEST_PARTS && average <= SHORT) {
    return { parts: /** @type {const} */ ("lines"), nParts: lines.length };
  }
  return { parts: null, nParts: 0 };
}

// Warnings -------------------------------------------------------------------------------------------------------

/** Of each kind: the numbers in its sentence, and null if there is nothing to say. */
const PROBLEMS = {
  empty: ({ characters }) => (characters ? null : {}),
  blank: ({ isBlank }) => (isBlank ? {} : null),
  zeros: ({ zeros }) => (zeros ? { zeros } : null),
  format: ({ format }) => (format ? { what: format[0], remedy: format[1] } : null),
  oneCharacter: ({ characters, only }) => (only && characters === 1 ? { only } : null),
  repeatedCharacter: ({ characters, distinct, only, hasDocuments }) =>
    only && distinct === 1 && !hasDocuments ? { only, characters } : null,
  tiny: ({ withMarks: characters }) => (characters < SMALLEST ? { characters } : null), // as train.py counts them
  oneDocument: ({ problem }) => (problem === "one document" ? {} : null),
  tooManyCharacters: ({ distinct }) => (distinct > MOST_TOKENS ? { distinct } : null),
};

const WARNINGS = {
  long: ({ all, characters, isWhole }) => (isWhole ? null : { all, characters }),
  few: ({ characters, words }) => (characters < FEW ? { characters, words } : null),
  repeats: ({ repeated }) => (repeated > REPEATS ? { fraction: repeated } : null),
  noEnds: ({ hasDocuments, parts, nParts }) => (hasDocuments ? null : { fix: parts, nParts }),
  shuffled: ({ isShuffled, hasDocuments }) => (isShuffled ? { hasDocuments } : null),
  manyCharacters: ({ distinct, rare }) =>
    distinct > MANY ? { distinct, rare, vocabSize: 100 * Math.ceil((ROOM * distinct) / 100) } : null,
  controls: ({ controls }) => (controls ? { controls } : null),
  surrogates: ({ loneSurrogates: n }) => (n ? { n } : null),
  lost: ({ lost, loneSurrogates }) => (lost - loneSurrogates > 3 ? { lost: lost - loneSurrogates } : null),
  misread: ({ misread }) => (misread > 3 ? {} : null),
  markup: ({ markup }) => (markup ? { markup } : null),
  asked: ({ isAsked }) => (isAsked ? {} : null),
};

const SENTENCES = {
  empty: () => "There is no text yet. Paste some, choose one, or drop a file here.",
  blank: () => "This text holds only spaces and line ends. Choose another one.",
  zeros: ({ zeros }) =>
    `This does not seem to be text: ${counted(zeros, "character")} in it ${zeros === 1 ? "is a zero" : "are zeros"}, ` +
    "which no text has. Open the file in the program that made it, and save it as plain text.",
  format: ({ what, remedy }) => `This seems to be ${what}, not plain text. ${remedy}`,
  oneCharacter: ({ only }) => `This text is the single character “${only}”. Paste a longer one.`,
  repeatedCharacter: ({ only, characters }) =>
    `This text is the character “${only}” ${count(characters)} times, so there is nothing to predict. Choose another one.`,
  tiny: ({ characters }) =>
    `This text has ${counted(characters, "character")}. At least ${count(SMALLEST)} are needed to learn from: paste more.`,
  oneDocument: () =>
    `This text holds one document at most, so none can be held out to check the model with. Put ${END} between ` +
    "its documents, or take that mark out.",
  tooManyCharacters: ({ distinct }) =>
    `This text has ${count(distinct)} different characters, and there can be ${count(MOST_TOKENS)} tokens at most. ` +
    "Is it really text?",
  long: ({ all, characters }) =>
    `This text is very long, so only its beginning is used: ${count(characters)} of about ${count(all)} characters. ` +
    "To use another part, paste that part.",
  few: () =>
    "This is not much to learn from: the model will soon know it by heart. A longer text teaches it more.",
  repeats: ({ fraction }) =>
    `${percent(fraction)} of this text repeats what came before in it. The model will learn the repeated ` +
    "passages by heart, and little else: take out the copies, if you did not mean them.",
  noEnds: ({ fix, nParts }) =>
    "The model will read this as one long text, and never learn where something ends. " +
    (fix
      ? `If each of its ${count(nParts)} ${fix} stands for itself, make it a document of its own.`
      : `Put ${END} between its documents, if it has any.`),
  shuffled: ({ hasDocuments }) =>
    `This list is in alphabetical order. Its ${hasDocuments ? "documents" : "lines"} are shuffled before training, ` +
    "or the model would never learn the end of the alphabet.",
  manyCharacters: ({ distinct, rare, vocabSize }) =>
    `This text has ${count(distinct)} different characters, and each of them needs a token` +
    (rare ? `; ${count(rare)} of them occur at most twice, and will hardly be learned. ` : ". ") +
    `Take characters as tokens, or a vocabulary of ${count(vocabSize)} or more: a smaller one has little room for ` +
    "words.",
  controls: ({ controls }) =>
    `This text holds ${counted(controls, "control character")}. Nobody sees ${controls === 1 ? "it" : "them"}, but ` +
    `the model learns to write ${controls === 1 ? "it" : "them"}: remove what is there by accident.`,
  surrogates: ({ n }) =>
    `${n === 1 ? "One character is" : `${count(n)} characters are`} only half there, and will be read as �. ` +
    "They were probably cut in two when the text was copied: copy it again.",
  lost: ({ lost }) =>
    `There ${lost === 1 ? "is" : "are"} ${count(lost)} � in this text, for letters that a program could not read. ` +
    "Look for a better copy.",
  misread: () =>
    "This text holds Ã©, â€™ and the like: somebody read it in a wrong encoding before it was saved. " +
    "Look for a better copy.",
  markup: ({ markup }) =>
    `This is ${markup}. The model will learn its tags and brackets, too: keep only the words, if you do not want that.`,
  asked: () =>
    "Its lines look like questions and answers. Here they are learned as any other text; train.py makes a " +
    "conversation of such a file, if exactly one TAB stands between the two.",
};

/** @returns {Warning[]} the problem, if there is one; otherwise all that has to be said */
function warningsOf(facts) {
  const problems = found(PROBLEMS, facts, true);
  return problems.length ? problems.slice(0, 1) : found(WARNINGS, facts, false);
}

function found(kinds, facts, isProblem) {
  return Object.entries(kinds).flatMap(([kind, find]) => {
    const numbers = find(facts);
    return numbers ? [{ kind, ...numbers, isProblem, sentence: SENTENCES[kind](numbers) }] : [];
  });
}
