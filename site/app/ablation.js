/**
 * What a head does for the texts that were recorded at a step: the model reads each of them with and without
 * it, and so has to predict the same tokens twice (teacher forcing).
 *
 *   const { falls, nTokens, milliseconds } = await effectOfHead(run, 1300, "2.0");
 *   falls[0]   // { prompt, position, before, after }: the token that loses most probability comes first
 */
import { ForwardPass, fromExport } from "./forward-pass.js";
import { LiveModel } from "./model.js";

const MAX_READINGS = 40;
const readings = new Map(); // run, step and head -> what `read` has found

/**
 * @param {import("./run.js").Run} run @param {number} step one that has a snapshot
 * @param {string} head such as "2.0" @param {AbortSignal} [signal]
 */
export async function effectOfHead(run, step, head, signal) {
  const intact = await read(run, step, [], signal);
  const ablated = await read(run, step, [head], signal);
  const falls = intact.tokens
    .map((one, i) => ({ ...one, before: one.p, after: ablated.tokens[i].p }))
    .sort((a, b) => b.before - b.after - (a.before - a.after));
  return { falls, nTokens: falls.length, milliseconds: intact.milliseconds + ablated.milliseconds };
}

/** The probability of each token that the model wrote: { tokens: [{ prompt, position, p }], milliseconds }. */
async function read(run, step, heads, signal) {
  const key = `${run.name} ${step} ${heads}`;
  if (!readings.has(key)) {
    const found = { tokens: [], milliseconds: 0 };
    const model = new LiveModel(run, step);
    for (const prompt of run.manifest.prompts.keys()) {
      const recorded = await fromExport(run, step, prompt);
      const { logits, milliseconds } = await model.forward(recorded.ids, { intervention: { heads }, signal });
      found.tokens.push(...tokensOf(new ForwardPass({ ...recorded, logits }), prompt));
      found.milliseconds += milliseconds;
    }
    readings.set(key, found);
    if (readings.size > MAX_READINGS) readings.delete(readings.keys().next().value);
    return found;
  }
  return readings.get(key);
}

function tokensOf(pass, prompt) {
  const tokens = [];
  for (let position = pass.promptLength; position < pass.length; position++) {
    const { ids } = pass;
    tokens.push({ prompt, position, ids, p: pass.samplingProbs(position, 1)[ids[position]] });
  }
  return tokens;
}
