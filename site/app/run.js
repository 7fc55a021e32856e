/**
 * An exported run: what export_for_web.py wrote, fetched when it is needed, and only if it is complete.
 * Whatever is wrong becomes a UserError: a sentence, and the command that mends it.
 *
 *   const run = await openRun("stories");
 *   run.vocab[71]                      // "Once"
 *   await run.part("samples")          // samples.json
 *   await run.sample(100, 0)           // steps/000100-0.json
 *
 * A run whose name begins with "lab:" is kept in this browser (engine/kept.js), and no server has it.
 */
import { FROM_PAGE, folderOf, isKept, readKept } from "../engine/kept.js";
import { isMissing, problemOf } from "../engine/response.js";
import { hasHash } from "../engine/weights.js";
import { exportCommand, printable } from "./command.js";
import { isValidManifest } from "./manifest.js";

const FORMAT = 3; // what this page can read, as in export_for_web.py
const EXPORTED = new URL("../exported/", import.meta.url);
const USUAL_RUN = "stories";
const EXPORT = "python export_for_web.py";

/** An error for people. `command` is what to type next. */
export class UserError extends Error {
  constructor(message, command = EXPORT) {
    super(message);
    this.command = command;
  }
}

/** A noun at the start of a sentence, and inside one. */
const subject = (noun) => ({ first: `The ${noun}`, inner: `the ${noun}` });

const LIST = subject("list of runs");
const runSubject = (name) => subject(`run ${printable(name)}`);

/** The runs to choose from, first of all the one that is shown by default. @returns {Promise<{name: string, parameters: number}[]>} */
export async function listRuns() {
  let index;
  try {
    index = await fetchJson(new URL("index.json", EXPORTED), LIST);
  } catch (error) {
    if (!error.isMissing) throw error;
  }
  const listed = Array.isArray(index?.runs) ? index.runs : [];
  if (listed.length) checkFormat(index, LIST);
  const runs = listed.filter((one) => typeof one?.name === "string" && Number.isFinite(one.parameters));
  if (runs.length) return defaultFirst(runs, index.latest);
  throw new UserError(
    "There is no run to show yet: train a model, then export it.",
    "python train.py && python export_for_web.py --serve",
  );
}

/** By default, one sees what was exported last. Older lists of runs do not know which one that is. */
function defaultFirst(runs, latest) {
  const shown = [latest, USUAL_RUN].map((name) => runs.find((one) => one.name === name)).find(Boolean);
  return shown ? [shown, ...runs.filter((one) => one !== shown)] : runs;
}

/** @param {string} name @returns {Promise<Run>} @throws {UserError} */
export async function openRun(name) {
  const what = runSubject(name);
  const command = isKept(name) || name.startsWith(FROM_PAGE) ? null : exportCommand(name);
  if (/^\.{0,2}$/.test(name)) throw new UserError(`${what.first} is missing.`, command);
  const url = isKept(name) ? folderOf(name) : new URL(`${encodeURIComponent(name)}/`, EXPORTED);
  const manifest = await fetchJson(new URL("manifest.json", url), what, command);
  checkFormat(manifest, what);
  if (!isValidManifest(manifest)) throw damaged("manifest.json", what.inner, command);
  return new Run({ ...manifest, name }, url); // it may have been renamed
}

export class Run {
  /** @param {import("./manifest.js").Manifest} manifest @param {URL} url the address of its folder */
  constructor(manifest, url) {
    this.manifest = manifest;
    this.url = url;
    this.name = manifest.name;
    this.vocab = manifest.tokenizer.vocab;
    this.cache = new Map(); // path -> promise of its content
  }

  /** One of the JSON files, such as "samples". @throws {UserError} */
  part(name) {
    const missing = this.manifest.missing[name];
    if (missing) {
      const error = new UserError(missing, this.command);
      return Promise.reject(Object.assign(error, { isExpected: this.isOfPage })); // then it is no fault
    }
    return this.file(`${name}.json`);
  }

  /** How a prompt was continued at a sampled step. @throws {UserError} */
  sample(step, prompt) {
    return this.file(samplePath(step, prompt));
  }

  /** PyTorch's logits (V) after the prompt of check.json, with the weights of a step. @throws {UserError} */
  logits(step) {
    return this.file(`logits/${stepFile(step)}`);
  }

  /** The error for a file that is not as it should be. */
  damaged(path) {
    return damaged(path, this.label, this.command);
  }

  /** What exports it again; null for one that no command has made. */
  get command() {
    return this.isOfPage ? null : exportCommand(this.name, this.manifest.folder);
  }

  /** Whether it was trained in a page, and not by train.py. */
  get isOfPage() {
    return isKept(this.name) || this.manifest.trained_in === "page";
  }

  /** Its name inside a sentence. */
  get label() {
    return runSubject(this.name).inner;
  }

  /** A file of the run, fetched once; one that failed may be tried again. */
  file(path) {
    if (!this.cache.has(path)) {
      const promise = this.fetchFile(path);
      promise.catch(() => this.cache.delete(path));
      this.cache.set(path, promise);
    }
    return this.cache.get(path);
  }

  async fetchFile(path) {
    const expected = this.manifest.files[path];
    const name = `${path} of ${this.label}`;
    if (!expected) throw new UserError(`${name} was not exported.`, this.command);
    const bytes = await fetchBytes(new URL(path, this.url), { first: name, inner: name }, this.command);
    const isSame = bytes.byteLength === expected.bytes && (await hasHash(bytes, expected.sha256));
    if (!isSame) throw this.damaged(path);
    return parse(bytes, () => this.damaged(path));
  }
}

/** 100 -> "000100". */
export const sixDigits = (step) => String(step).padStart(6, "0");

/** 100 -> "000100.json". */
export const stepFile = (step) => `${sixDigits(step)}.json`;

/** 100, 0 -> "steps/000100-0.json". */
export const samplePath = (step, prompt) => `steps/${sixDigits(step)}-${prompt}.json`;

const damaged = (path, label, command) =>
  new UserError(`${path} of ${label} is damaged, or belongs to another export.`, command);

function checkFormat({ format }, what) {
  if (format !== FORMAT) {
    const found = printable(typeof format === "string" ? format : JSON.stringify(format));
    throw new UserError(
      `${what.first} was exported in format ${found}, but this page reads format ` +
        `${FORMAT}: export it again with the export_for_web.py that came with this page.`,
    );
  }
}

async function fetchBytes(url, what, command) {
  if (isKept(url)) return keptBytes(url, what);
  let response;
  let bytes;
  try {
    response = await fetch(url, { cache: "no-cache" });
    bytes = await response.arrayBuffer(); // the connection may be lost while it comes
  } catch {
    throw new UserError(`${what.first} cannot be reached: is the server still running?`, `${EXPORT} --serve`);
  }
  const problem = problemOf(response, what.first);
  if (problem) throw Object.assign(new UserError(problem, command), { isMissing: isMissing(response) });
  return bytes;
}

async function keptBytes(url, what) {
  const bytes = await readKept(url);
  if (bytes) return bytes;
  throw new UserError(
    `${what.first} is not in this browser: it was deleted, or is in the browser that it was trained in.`,
    null,
  );
}

async function fetchJson(url, what, command) {
  const bytes = await fetchBytes(url, what, command);
  return parse(bytes, () => new UserError(`The file for ${what.inner} is damaged: it is not JSON.`, command));
}

/** JSON -> an object or a list. */
function parse(bytes, makeError) {
  let content = null;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // reported below
  }
  if (typeof content !== "object" || content === null) throw makeError();
  return content;
}
