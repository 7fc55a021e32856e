/**
 * An exported run: what export_for_web.py wrote, fetched when it is asked for, and only if it is
 * whole. Whatever is wrong becomes a Trouble: a sentence, and the command that mends it.
 *
 *   const run = await openRun("stories");
 *   run.symbols[71]                    // "Once"
 *   await run.part("film")             // film.json
 *   await run.look(100)                // steps/000100.json
 */
import { hasHash } from "../engine/weights.js";

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

/** What there is to choose from. @returns {Promise<{name: string, parameters: number}[]>} */
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
  return index.runs;
}

/** @param {string} name @returns {Promise<Run>} @throws {Trouble} */
export async function openRun(name) {
  const address = new URL(`${encodeURIComponent(name)}/`, EXPORTED);
  const manifest = await fetchJson(new URL("manifest.json", address), `the run ${name}`,
                                   `${ANEW} runs/${name}`);
  checkFormat(manifest, `The run ${name}`);
  if (!isWhole(manifest)) throw damaged("manifest.json", name);
  return new Run(manifest, address);
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

  /** What was written down at one look. @throws {Trouble} */
  look(step) {
    return this.file(`steps/${padded(step)}.json`);
  }

  /** PyTorch's logits (V) behind the prompt of check.json, by the weights of a step. @throws {Trouble} */
  logits(step) {
    return this.file(`logits/${padded(step)}.json`);
  }

  get command() {
    return `${ANEW} runs/${this.name}`;
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
    if (!promised) throw new Trouble(`${path} of the run ${this.name} was not exported.`, this.command);
    const bytes = await fetchBytes(new URL(path, this.address), `${path} of the run ${this.name}`,
                                   this.command);
    const same = bytes.byteLength === promised.bytes && await hasHash(bytes, promised.sha256);
    if (!same) throw damaged(path, this.name);
    return JSON.parse(new TextDecoder().decode(bytes));
  }
}

const padded = (step) => String(step).padStart(6, "0");

function damaged(path, name) {
  return new Trouble(`${path} of the run ${name} is damaged, or belongs to another export.`,
                     `${ANEW} runs/${name}`);
}

function checkFormat({ format }, what) {
  if (format !== FORMAT) {
    throw new Trouble(`${what} was exported in format ${format}, and this page reads format `
      + `${FORMAT}: export it again with the export_for_web.py that came with this page.`);
  }
}

/** Has a manifest everything that figures take for granted? Nothing else vouches for it. */
function isWhole({ name, settings, corpus, tokenizer, weights, snapshots, watched, shown, files,
                   missing, prompts, step, parameters }) {
  const lists = [tokenizer?.symbols, tokenizer?.merges, weights?.tensors, snapshots, watched, shown,
                 prompts];
  const counts = [settings?.n_layer, settings?.n_head, settings?.n_embd, settings?.n_ctx,
                  settings?.steps, step, parameters];
  return typeof name === "string" && lists.every(Array.isArray) && watched.length > 0
    && snapshots.length > 0 && counts.every(Number.isInteger) && Boolean(corpus && files && missing);
}

const capital = (sentence) => sentence.replace(/^the /, "The ");

async function fetchBytes(address, what, command) {
  let answer;
  try {
    answer = await fetch(address, { cache: "no-cache" });
  } catch {
    throw new Trouble(`${capital(what)} cannot be reached: has the server been ended?`, `${ANEW} --serve`);
  }
  if (!answer.ok) {
    throw Object.assign(new Trouble(`${capital(what)} is missing (${answer.status}).`, command),
                        { status: answer.status });
  }
  return answer.arrayBuffer();
}

async function fetchJson(address, what, command) {
  const bytes = await fetchBytes(address, what, command);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Trouble(`What was found for ${what} is damaged: it is not JSON.`, command);
  }
}
