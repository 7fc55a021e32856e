/**
 * An exported run: what export_for_web.py wrote, fetched when it is asked for, and only if it is
 * complete. Whatever is wrong becomes a Trouble: a sentence, and the command that mends it.
 *
 *   const run = await openRun("stories");
 *   run.symbols[71]                    // "Once"
 *   await run.part("film")             // film.json
 *   await run.look(100)                // steps/000100.json
 */
import { hasHash } from "../engine/weights.js";
import { exportCommand, printable } from "./command.js";
import { isSound } from "./manifest.js";

const FORMAT = 1;  // what this page can read, as in export_for_web.py
const EXPORTED = new URL("../exported/", import.meta.url);
const ANEW = "python export_for_web.py";

/** Something a figure cannot be drawn without. `command` is what to type next. */
export class Trouble extends Error {
  constructor(sentence, command = ANEW) {
    super(sentence);
    this.command = command;
  }
}

/** The runs to choose from. @returns {Promise<{name: string, parameters: number}[]>} */
export async function listRuns() {
  let index;
  try {
    index = await fetchJson(new URL("index.json", EXPORTED), "the list of runs");
  } catch (trouble) {
    if (trouble.status !== 404) throw trouble;
  }
  if (!index?.runs?.length) {
    throw new Trouble("There is no run to show yet: train a model, then export it.",
                      "python train.py && python export_for_web.py --serve");
  }
  checkFormat(index, "The list of runs");
  return index.runs.filter((one) => typeof one?.name === "string" && Number.isFinite(one.parameters));
}

/** @param {string} name @returns {Promise<Run>} @throws {Trouble} */
export async function openRun(name) {
  const what = `the run ${printable(name)}`, command = exportCommand(name);
  if (/^\.{0,2}$/.test(name)) throw new Trouble(`${capital(what)} is missing.`, command);
  const address = new URL(`${encodeURIComponent(name)}/`, EXPORTED);
  const manifest = await fetchJson(new URL("manifest.json", address), what, command);
  checkFormat(manifest, capital(what));
  if (!isSound(manifest)) throw damaged("manifest.json", what, command);
  return new Run({ ...manifest, name }, address);  // it may have been renamed
}

export class Run {
  constructor(manifest, address) {
    Object.assign(this, { manifest, address, name: manifest.name });
    this.symbols = manifest.tokenizer.symbols;
    this.parts = new Map();
  }

  /** One of the JSON files, such as "film". @throws {Trouble} */
  part(name) {
    const missing = this.manifest.missing[name];
    if (missing) return Promise.reject(new Trouble(missing, this.command));
    return this.file(`${name}.json`);
  }

  /** What was recorded at one sample. @throws {Trouble} */
  look(step) {
    return this.file(`steps/${padded(step)}.json`);
  }

  /** PyTorch's logits (V) after the prompt of check.json, with the weights of a step. @throws {Trouble} */
  logits(step) {
    return this.file(`logits/${padded(step)}.json`);
  }

  /** The error for a file that is not as it should be. */
  damaged(path) {
    return damaged(path, this.words, this.command);
  }

  get command() {
    return exportCommand(this.name, this.manifest.folder);
  }

  /** Its name in a sentence. */
  get words() {
    return `the run ${printable(this.name)}`;
  }

  /** A file of the run, fetched once; one that failed may be tried again. */
  file(path) {
    if (!this.parts.has(path)) {
      const promise = this.fetchFile(path);
      promise.catch(() => this.parts.delete(path));
      this.parts.set(path, promise);
    }
    return this.parts.get(path);
  }

  async fetchFile(path) {
    const promised = this.manifest.files[path];
    if (!promised) throw new Trouble(`${path} of ${this.words} was not exported.`, this.command);
    const bytes = await fetchBytes(new URL(path, this.address), `${path} of ${this.words}`, this.command);
    const same = bytes.byteLength === promised.bytes && await hasHash(bytes, promised.sha256);
    if (!same) throw this.damaged(path);
    return parsed(bytes, () => this.damaged(path));
  }
}

const padded = (step) => String(step).padStart(6, "0");

const damaged = (path, run, command) =>
  new Trouble(`${path} of ${run} is damaged, or belongs to another export.`, command);

function checkFormat({ format }, what) {
  if (format !== FORMAT) {
    throw new Trouble(`${what} was exported in format ${format}, but this page reads format `
      + `${FORMAT}: export it again with the export_for_web.py that came with this page.`);
  }
}

const capital = (sentence) => sentence.replace(/^the /, "The ");

async function fetchBytes(address, what, command) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-cache" });
  } catch {
    throw new Trouble(`${capital(what)} cannot be reached: is the server still running?`, `${ANEW} --serve`);
  }
  if (!answer.ok) {
    throw Object.assign(new Trouble(`${capital(what)} is missing (${answer.status}).`, command),
                        { status: answer.status });
  }
  return answer.arrayBuffer();
}

async function fetchJson(address, what, command) {
  const bytes = await fetchBytes(address, what, command);
  return parsed(bytes, () => new Trouble(`The file for ${what} is damaged: it is not JSON.`, command));
}

/** JSON -> an object or a list. */
function parsed(bytes, trouble) {
  let content = null;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // reported below
  }
  if (typeof content !== "object" || content === null) throw trouble();
  return content;
}
