/** The engine and a file of weights, fetched and put together. */
import { GPT } from "./gpt.js";
import { compile, plain } from "./kernel.js";
import { hasHash, unpack } from "./weights.js";

let kernelOf = null;  // the kernel in WebAssembly, or where that is not possible in JavaScript

async function kernels() {
  try {
    const file = await fetch(new URL("kernel.wasm", import.meta.url));
    kernelOf = await compile(await file.arrayBuffer());
  } catch {
    kernelOf = plain;
  }
}

/**
 * A model that is ready to read.
 * @param {object} where address of the weights, settings, and what the manifest says of both:
 *   weights, sha256
 * @param {typeof GPT} [Model] made of them
 * @throws {Error} with a sentence, if the file is missing or is not what it should be
 */
export async function fetchModel({ address, settings, weights, sha256 }, Model = GPT) {
  if (!kernelOf) await kernels();
  const file = address.split("/").at(-1), answer = await fetch(address);
  if (!answer.ok) throw new Error(`${file} is missing (${answer.status}).`);
  const bytes = await answer.arrayBuffer(), tensors = unpack(bytes, weights);
  if (sha256 && !await hasHash(bytes, sha256)) {
    throw new Error(`${file} is damaged, or belongs to another export.`);
  }
  try {
    const model = new Model(settings, tensors, kernelOf);
    model.forward([0]);  // the first time is slower
    model.forget();
    return model;
  } catch {
    throw new Error(`${file} does not fit the settings of its run, or is too large for this page.`);
  }
}
