/** Fetch a file of weights, and make a model of it. */
import { GPT } from "./gpt.js";
import { isKept, readKept } from "./kept.js";
import kernelProgram from "./kernel-program.js";
import { compile, javascriptKernel } from "./kernel.js";
import { unpack as unpackProgram } from "./packed.js";
import { problemOf } from "./response.js";
import { hasHash, unpack } from "./weights.js";

const kernel = loadKernel(); // while the weights are still being fetched

/** In WebAssembly; where that is not possible, in JavaScript. */
async function loadKernel() {
  try {
    return await compile(await unpackProgram(kernelProgram));
  } catch {
    return javascriptKernel;
  }
}

/**
 * The tensors in a file of weights.
 * @param {{ url: string, weights: any, sha256?: string }} source where the file is, its layout and its hash
 * @throws {Error} with a sentence, if the file is missing or is not what it should be
 */
export async function fetchTensors({ url, weights, sha256 }) {
  const file = fileOf(url);
  const bytes = isKept(url) ? await keptBytes(url) : await fetchBytes(url);
  const tensors = unpack(bytes, weights);
  if (sha256 && !(await hasHash(bytes, sha256))) {
    throw new Error(`${file} is damaged, or belongs to another export.`);
  }
  return tensors;
}

async function fetchBytes(url) {
  const response = await fetch(url);
  const problem = problemOf(response, fileOf(url));
  if (problem) throw new Error(problem);
  return response.arrayBuffer();
}

async function keptBytes(url) {
  const bytes = await readKept(url);
  if (!bytes) throw new Error(`${fileOf(url)} is not in this browser any more.`);
  return bytes.slice().buffer; // a view of some of it would not do
}

const fileOf = (url) => url.split("/").at(-1);

/**
 * A model that is ready for its first forward pass.
 * @param {any} source as for fetchTensors, and the settings of the model
 * @param {typeof GPT} [Model]
 * @throws {Error} with a sentence, if the file is missing or is not what it should be
 */
export async function fetchModel(source, Model = GPT) {
  const tensors = await fetchTensors(source);
  try {
    const model = await modelOf(source.settings, tensors, Model);
    model.forward([0]); // the first time is slower
    model.reset();
    return model;
  } catch {
    throw new Error(
      `${fileOf(source.url)} does not fit the settings of its run, or is too large for this page.`,
    );
  }
}

/** A model of these weights. @param {any} settings @param {Map<string, any>} tensors @param {typeof GPT} [Model] */
export async function modelOf(settings, tensors, Model = GPT) {
  return new Model(settings, tensors, await kernel);
}
