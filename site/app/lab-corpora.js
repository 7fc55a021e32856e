/**
 * Texts to begin with: rhymes that were written for this page, and the text that each exported run has learned from,
 * as much of it as was exported.
 *
 *   const choices = await listCorpora();         // [{ id: "rhymes", name: "Nursery rhymes" }, …]
 *   await loadCorpus(choices[0].id)              // { name, text, about }, of a run also its prompts
 */
import { END } from "../engine/tokenizer.js";
import { problemOf } from "../engine/response.js";
import { count } from "./format.js";
import { listRuns, openRun, UserError } from "./run.js";

const RHYMES = new URL("../lab/rhymes.txt", import.meta.url);
/** Characters that are taken of the text of a run: what a small model gets through within minutes. */
const SLICE = 200_000;

/** @returns {Promise<{id: string, name: string}[]>} what can be chosen: the rhymes, and no text twice */
export async function listCorpora() {
  const choices = [{ id: "rhymes", name: "Nursery rhymes" }];
  const runs = await listRuns().catch(() => []); // a site without runs has the rhymes
  const opened = await Promise.all(runs.map(({ name }) => openRun(name).catch(() => null)));
  const seen = new Set();
  opened.filter(hasText).forEach((run) => {
    const key = textKey(run);
    if (!seen.has(key)) choices.push({ id: `run:${run.name}`, name: nameOf(run) });
    seen.add(key);
  });
  return choices;
}

/** What one begins with: the text of a run, if it is a long one that comes quickly; else the rhymes. @returns {Promise<string>} its id */
export async function firstCorpus() {
  for (const { name } of await listRuns().catch(() => [])) {
    const run = await openRun(name).catch(() => null);
    if (run && hasText(run) && hasSlice(run)) return `run:${name}`;
  }
  return "rhymes";
}

const hasSlice = (run) => run.manifest.files["training_slice.json"] !== undefined;

const hasText = (run) => run !== null && run.manifest.training_text?.characters > 0;

/** Runs that differ only in their seed or size have learned from the same text. */
function textKey(run) {
  const { settings, training_text: text } = run.manifest;
  return JSON.stringify([settings.dataset, text.all_characters, text.n_documents]);
}

const NAMES = {
  stories: "Stories",
  snail: "A snail who talks",
  shakespeare: "Shakespeare",
  tinystories: "TinyStories",
};

/** What a text is called: its corpus, or the file that it was. */
function nameOf(run) {
  const { dataset } = run.manifest.settings;
  return NAMES[dataset] ?? dataset.replace(/^.*[\\/]/, "");
}

/**
 * @param {string} id of a choice
 * @returns {Promise<{name: string, text: string, about: string, prompts?: string[], entropy?: number}>} `about`:
 *   sentences on where it comes from; `prompts`: beginnings that its run was asked to continue; `entropy`: that of its
 *   source, in nats per character, where it is known
 * @throws {UserError}
 */
export async function loadCorpus(id) {
  return id === "rhymes" ? loadRhymes() : loadSlice(await openRun(id.replace(/^run:/, "")));
}

async function loadRhymes() {
  let response;
  let text;
  try {
    response = await fetch(RHYMES);
    text = await response.text();
  } catch {
    throw new UserError("The rhymes cannot be reached: is the server still running?");
  }
  const problem = problemOf(response, "The file of the rhymes");
  if (problem) throw new UserError(problem);
  const n = text.split(END).length;
  return { name: "Nursery rhymes", text, about: `${count(n)} rhymes, written for this page.` };
}

/** @param {import("./run.js").Run} run */
async function loadSlice(run) {
  const part = hasSlice(run) ? "training_slice" : "training_text"; // of a short text, or of an older export
  const { documents } = await run.part(part);
  if (!Array.isArray(documents) || !documents.length || documents.some((one) => typeof one !== "string")) {
    throw run.damaged(`${part}.json`);
  }
  const { credit, licence, all_characters: all } = run.manifest.training_text;
  const text = sliceOf(documents);
  const n = text.replaceAll(`\n${END}\n`, "").length;
  const which =
    n < all
      ? `That is the beginning of a text of ${count(all)} characters, from which the model “${run.name}” of the other pages learned.`
      : `It is all that the model “${run.name}” of the other pages learned from.`;
  const source = credit && ` Source: ${credit}${licence && ` (${licence})`}.`;
  const { prompts } = run.manifest;
  return { name: nameOf(run), text, about: which + source, prompts, entropy: entropyOf(run) };
}

/** What a run says of its text for each of its tokens, for each character instead. */
function entropyOf({ manifest: { corpus } }) {
  const { entropy, validation_tokens: tokens, validation_characters: characters } = corpus;
  return entropy ? (entropy * tokens) / characters : undefined;
}

/** Whole documents from the beginning, of about so many characters; of a single long one, whole lines. */
export function sliceOf(documents, most = SLICE) {
  if (documents.length === 1 || documents[0].length > most) {
    const [text] = documents;
    return text.length <= most ? text : text.slice(0, text.lastIndexOf("\n", most - 1) + 1 || most);
  }
  const found = [];
  let n = 0;
  for (const document of documents) {
    if (n + document.length > most) break;
    found.push(document);
    n += document.length;
  }
  return `${found.join(`\n${END}\n`)}\n${END}\n`;
}
