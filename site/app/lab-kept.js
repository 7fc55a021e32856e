/**
 * Models that this browser keeps as runs, which all pages can open: those of the lab, and those in files that somebody
 * has sent.
 *
 *   const name = await keepRun(taken, { isTrainedHere: true });   // "lab:rhymes"
 *   const name = await keepFile(file);
 *
 * Nothing of a file is trusted: whatever is wrong with it becomes a UserError, a sentence.
 */
import { forget, keep } from "../engine/kept-database.js";
import { listKept, readKept, shortName } from "../engine/kept.js";
import { unpack } from "../engine/weights.js";
import { printable } from "./command.js";
import { nameAmongRuns, nameOfModel } from "./lab-command.js";
import { FORMAT, jsonBytes } from "./lab-export.js";
import { isValidManifest } from "./manifest.js";
import { LiveModel } from "./model.js";
import { openRun, UserError } from "./run.js";
import { sha256 } from "./sha256.js";

const MANIFEST = "manifest.json";
const LARGEST = 200e6; // bytes of a file,
const MOST = 400e6; // and of all that is in it

/**
 * Keep a model, under a name of its own; the same weights are kept once.
 * @param {import("./lab-export.js").Taken} taken @param {{ isTrainedHere: boolean }} origin
 * @returns {Promise<string>} the name of the run
 */
export async function keepRun({ manifest, files }, { isTrainedHere }) {
  const weights = manifest.snapshots.at(-1).sha256;
  const name = nameFor(manifest.name, weights, await listKept());
  const { parameters, step, settings } = manifest;
  const about = { name, parameters, step, dataset: settings.dataset, savedAt: Date.now(), weights };
  try {
    await keep(
      { ...about, parent: parentOf(manifest), isTrainedHere },
      new Map([[MANIFEST, jsonBytes(manifest)], ...files]),
    );
  } catch (error) {
    const why =
      error?.name === "QuotaExceededError" ? "its storage is full" : "it keeps nothing for this page";
    throw new UserError(`This browser cannot keep the model: ${why}. You can still download it.`, null);
  }
  return name;
}

/** Which model it goes on from, and how old that one was; null for one that began at random. */
function parentOf({ corpus }) {
  const { name, step } = corpus?.parent ?? {};
  return typeof name === "string" && Number.isInteger(step) ? { name, step } : null;
}

/** "lab:rhymes", or "lab:rhymes-2" if there is another model of that name. */
function nameFor(wanted, weights, kept) {
  const plain = nameOfModel(wanted);
  for (let i = 1; ; i++) {
    const name = `lab:${i === 1 ? plain : `${plain}-${i}`}`;
    const other = kept.find((one) => one.name === name);
    if (!other || other.weights === weights) return name;
  }
}

/** Keep the model in a file, if it is one. @param {File} file @returns {Promise<string>} the name of the run @throws {UserError} */
export async function keepFile(file) {
  const taken = await readModel(file);
  const before = new Set((await listKept()).map(({ name }) => name));
  const name = await keepRun(taken, { isTrainedHere: false });
  try {
    const run = await openRun(name);
    await new LiveModel(run, run.manifest.snapshots.at(-1).step).forward([0]);
  } catch {
    if (!before.has(name)) await forget(name);
    throw problem(file, "holds a model that does not work here: its weights do not fit its settings.");
  }
  return name;
}

/** All of a kept run, to hand it on. @param {string} name @returns {Promise<import("./lab-export.js").Taken>} */
export async function takeKept(name) {
  const { manifest, url } = await openRun(name);
  const paths = [...manifest.snapshots.map(({ file }) => file), ...Object.keys(manifest.files)];
  const contents = await Promise.all(paths.map((path) => readKept(new URL(path, url))));
  return {
    manifest: { ...manifest, name: nameAmongRuns(shortName(name)) },
    files: new Map(paths.map((path, i) => [path, contents[i]])),
  };
}

const problem = (file, what) => new UserError(`${printable(file.name)} ${what}`, null);

/**
 * The model in a zip file, all of it checked but the numbers themselves.
 * @param {File} file @returns {Promise<import("./lab-export.js").Taken>} @throws {UserError}
 */
async function readModel(file) {
  const all = await readZip(file);
  const manifestPath = shallowest([...all.keys()].filter((path) => path.split("/").at(-1) === MANIFEST));
  if (manifestPath === undefined) throw problem(file, "holds no model: there is no manifest.json in it.");
  const folder = manifestPath.slice(0, -MANIFEST.length);
  const manifest = readManifest(file, all.get(manifestPath));
  const contentOf = (path) => {
    const bytes = all.get(folder + path);
    if (!bytes) throw problem(file, `is not complete: ${path} is missing in it.`);
    return bytes;
  };
  const files = new Map();
  for (const [path, { bytes, sha256: hash }] of Object.entries(manifest.files)) {
    const content = contentOf(path);
    if (content.length !== bytes || (await sha256(content)) !== hash) throw damaged(file, path);
    files.set(path, content);
  }
  for (const { file: path, sha256: hash } of manifest.snapshots) {
    const content = contentOf(path);
    if ((await sha256(content)) !== hash || !fits(content, manifest)) throw damaged(file, path);
    files.set(path, content);
  }
  return { manifest, files };
}

const damaged = (file, path) => problem(file, `is damaged: ${path} in it is not what it should be.`);

const shallowest = (paths) => paths.sort((a, b) => a.split("/").length - b.split("/").length)[0];

async function readZip(file) {
  if (file.size > LARGEST) throw problem(file, "is too large to be a model of this page.");
  const { DamagedZip, unzipped } = await import("./zip.js"); // with a library, which few visits need
  try {
    return await unzipped(new Uint8Array(await file.arrayBuffer()), { most: MOST });
  } catch (error) {
    if (error instanceof DamagedZip) throw problem(file, error.message);
    throw problem(file, "could not be read. Copy it to your own disk, and try again.");
  }
}

function readManifest(file, bytes) {
  let manifest = null;
  try {
    manifest = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // reported below
  }
  if (manifest?.format !== undefined && manifest.format !== FORMAT) {
    throw problem(file, `is of another version: its format is not ${FORMAT}, which this page reads.`);
  }
  if (!isValidManifest(manifest) || typeof manifest.name !== "string") {
    throw problem(file, "is damaged: its manifest.json is not what it should be.");
  }
  return manifest;
}

/** Whether weights are as the manifest describes them, with a row for each token. */
function fits(bytes, { weights, tokenizer }) {
  try {
    const tensors = unpack(/** @type {ArrayBuffer} */ (bytes.slice().buffer), weights);
    return tensors.get("unembed.weight").shape[0] === tokenizer.vocab.length;
  } catch {
    return false;
  }
}
