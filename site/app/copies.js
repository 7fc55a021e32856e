/**
 * What a page looks for in the training text: a worker of its own does it (engine/search-worker.js). The text is
 * fetched when it is needed first.
 *
 *   const copies = new Copies(run);
 *   await copies.search([{ text: " a cat sat", prompt: "There was", isCutOff: true }], { least: 8 })
 */
import { END } from "../engine/tokenizer.js";
import { count, percent } from "./format.js";
import { tokenizerOf } from "./forward-pass.js";
import { UserError } from "./run.js";
import { WorkerClient } from "./worker-client.js";

const searcher = new WorkerClient(new URL("../engine/search-worker.js", import.meta.url));
let opened = null; // the Copies whose text the worker holds, and a promise that it does

export class Copies {
  /** @param {import("./run.js").Run} run */
  constructor(run) {
    this.run = run;
  }

  /** Fetch the training text, and hand it to the worker. @throws {import("./run.js").UserError} */
  open() {
    if (opened?.run !== this.run) {
      const promise = this.handOver();
      opened = { run: this.run, promise };
      promise.catch(() => {
        if (opened?.promise === promise) opened = null; // so that it can be tried again
      });
    }
    return opened.promise;
  }

  async handOver() {
    const { documents, other_words, held_out } = await this.run.part("training_text");
    const { characters, all_characters } = this.run.manifest.training_text;
    const isWhole = characters >= all_characters; // older exports do not list the words of the rest
    const otherWords = other_words ?? (isWhole ? [] : null);
    try {
      await searcher.call("open", { documents, otherWords, heldOut: held_out });
    } catch {
      throw this.run.damaged("training_text.json");
    }
  }

  /** See engine/search-worker.js for these. */
  async search(texts, { least, signal }) {
    await this.open();
    return searcher.call("search", { texts, least }, { signal });
  }

  async searchHeldOut({ words, least, signal }) {
    await this.open();
    return searcher.call("searchHeldOut", { words, least }, { signal });
  }
}

/**
 * A text in parts, each with the longest span that it lies in; null for a part that lies in none. What two spans
 * share belongs to the one with more words. Words that are nowhere in the training text are parts of their own.
 * @param {string} text @param {{ start: number, length: number, words: number }[]} spans in their order
 * @param {{ start: number, length: number }[]} [unknownWords]
 */
export function partsOf(text, spans, unknownWords = []) {
  const longestFirst = [...spans].sort((a, b) => b.words - a.words);
  const owner = Array(text.length).fill(null);
  for (const one of [...longestFirst, ...unknownWords]) {
    for (let i = one.start; i < one.start + one.length; i++) owner[i] ??= one;
  }
  const parts = [];
  for (let i = 0; i < text.length; i++) {
    if (i && owner[i] === owner[i - 1]) {
      parts.at(-1).text += text[i];
    } else {
      const isUnknown = unknownWords.includes(owner[i]);
      parts.push({ start: i, text: text[i], span: isUnknown ? null : owner[i], isUnknown });
    }
  }
  return parts;
}

/** Whether two requests of app/writing.js are the same but for what is not named. */
export const isAlike = (a, b, names) => names.every((name) => a[name] === b[name]);

/**
 * Write texts with one seed after the other, until one has a copy, or has none. In between, others have their turn.
 * @param {Copies} copies
 * @param {{ model: any, promptIds: number[], sampling: object, length: number, least: number, seeds: number[],
 *   hasCopy: boolean }} wanted
 * @param {{ signal: AbortSignal, onProgress: (found: { texts: number, longest: number, words: number }) => void }} options
 * @returns {Promise<?{ seed: number, words: number }>} the words of its longest span; null if there is no such text
 */
export async function findText(copies, wanted, { signal, onProgress }) {
  const { least, seeds, hasCopy } = wanted;
  let longest = 0;
  let words = 0; // of the longest text
  for (const [i, seed] of seeds.entries()) {
    const written = await writeOne(copies.run, wanted, seed, signal);
    const { totals } = await copies.search([written], { least, signal });
    if (totals.words && totals.longest >= least === hasCopy) return { seed, words: totals.longest };
    longest = Math.max(longest, totals.longest);
    words = Math.max(words, totals.words);
    onProgress({ texts: i + 1, longest, words });
  }
  return null;
}

/** What the model writes with a seed, as Copies.search takes it. */
export async function writeOne(run, { model, promptIds, sampling, length }, seed, signal) {
  const { end } = tokenizerOf(run);
  const tokens = [];
  const onProgress = (more) => tokens.push(...more);
  await model.generate({ ids: promptIds, sampling, seed, tokens: length, end }, { signal, onProgress });
  return writtenText(run, promptIds, tokens);
}

/**
 * What the model wrote, as Copies.search takes it.
 * @param {import("./run.js").Run} run @param {number[]} promptIds @param {{ id: number }[]} tokens
 */
export function writtenText({ vocab }, promptIds, tokens) {
  const symbols = tokens.map(({ id }) => vocab[id]);
  const isCutOff = symbols.at(-1) !== END;
  const textOf = (parts) => parts.filter((one) => one !== END).join("");
  return { text: textOf(symbols), prompt: textOf(promptIds.map((id) => vocab[id])), isCutOff };
}

/** Why there is nothing to search. A text of somebody's own, which no module of data/ loads, is exported on request. */
export function missingText(run) {
  const { missing, source } = run.manifest;
  return new UserError(
    missing.training_text ?? `The training text of ${run.label} is not part of this export.`,
    source ? run.command : `${run.command} --corpus`,
  );
}

/** How large the file with the training text is: "2.0 MB". */
export const megabytes = ({ manifest }) =>
  `${((manifest.files["training_text.json"]?.bytes ?? 0) / 1e6).toFixed(1)} MB`;

/** How much of the training text a page can search. */
export function searchedPart({ manifest }, { searched_documents }) {
  const { characters, all_characters, n_documents } = manifest.training_text;
  if (characters >= all_characters) return "The whole training text was searched.";
  const documents =
    searched_documents > 1
      ? `the first ${count(n_documents)} of ${count(searched_documents)} documents`
      : `the first ${count(characters)} characters`;
  return (
    `This page has ${documents}, ${percent(characters / all_characters)} of the training text: a copy of the rest ` +
    "goes unnoticed here."
  );
}

/** Whose text it is. */
export const sourceOf = ({ manifest }) => {
  const { credit, licence } = manifest.training_text;
  return credit ? `The text: ${credit}. Licence: ${licence}.` : "";
};
