/** Our engine, as race.js wants it. */
import { GPT } from "/site/engine/gpt.js";
import { compile } from "/site/engine/kernel.js";
import { unpack } from "/site/engine/weights.js";

export async function make({ settings, weights, weightsFile }) {
  const createKernel = await compile(await (await fetch("/site/engine/kernel.wasm")).arrayBuffer());
  return new GPT(settings, unpack(weightsFile, weights), createKernel);
}
