/**
 * A model that was taught something, as a run that goes on from another one: `python train.py --from` writes the like of
 * it. Its first snapshot is that of its parent, its last one what became of it.
 */
import { isKept, shortName } from "../engine/kept.js";
import { exported } from "./lab-export.js";
import { nameAmongRuns } from "./lab-command.js";
import { textsOf } from "./teaching-text.js";
import { SEED, weightsFile } from "./teaching.js";

const N_TOKENS = 40; // written after each prompt, as train.py does
const N_PROMPTS = 5; // as every run has
const TEXT = "taught.txt"; // the name that the text would have, if it were in a file

const nameOf = (run) => (isKept(run.name) ? shortName(run.name) : run.name);

/**
 * @param {{ call: (method: string, params: object) => Promise<any> }} worker see engine/train-worker.js
 * @param {any} result of what was taught: see `teach`
 * @returns {Promise<import("./lab-export.js").Taken>}
 */
export async function exportedResult(worker, result) {
  const { run, updates } = result.request;
  const before = await snapshotOf(worker, result, 0);
  const after = await snapshotOf(worker, result, updates);
  return exported(nameAmongRuns(`${nameOf(run)}-taught`), stateOf(result), [before, after]);
}

/** The model after so many updates: none of them, or all. */
async function snapshotOf(worker, { request, samples, settings, weights }, step) {
  const { run, tokenizer, snapshot } = request;
  const start = tokenizer.end === null ? [] : [tokenizer.end];
  const texts = new Set([...samples.map(({ prompt }) => prompt), ...run.manifest.prompts]);
  const prompts = [...texts]
    .slice(0, N_PROMPTS)
    .map((prompt) => [...start, ...tokenizer.encode(prompt)].slice(0, settings.n_ctx - 1));
  const found = await worker.call("snapshotOf", {
    settings,
    weights: step ? weights : weightsFile(run, snapshot),
    prompts,
    end: tokenizer.end,
    tokens: N_TOKENS,
    temperature: settings.temperature,
    seed: 1 + step,
  });
  return {
    step,
    weights: found.weights,
    passes: found.passes.map((pass, i) => ({ ids: prompts[i], ...pass })),
  };
}

/** What the lab would know of such a model. */
function stateOf(result) {
  const { request, settings, losses, oldLoss, tokens } = result;
  const { run, tokenizer, snapshot, text } = request;
  const { manifest } = run;
  const { vocab, merges } = manifest.tokenizer;
  const hasEnd = tokenizer.end !== null;
  return {
    settings: { ...settings, preset: "fine-tune", parent: manifest.folder ?? nameOf(run), seed: SEED },
    text: { name: TEXT },
    split: { train: textsOf(text, hasEnd), validation: [] },
    tokens: {
      kind: merges.length ? "bpe" : "characters",
      vocabSize: vocab.length,
      trained: { vocab, merges },
      ids: { length: tokens },
      validationIds: [],
    },
    parameters: manifest.parameters,
    losses: losses.map((loss, i) => ({ step: i + 1, loss })),
    // Nothing of the new text is held out: it was all learned.
    evaluations: [
      { step: 0, parentLoss: oldLoss?.before },
      { step: losses.length, parentLoss: oldLoss?.after },
    ],
    samples: [],
    baselines: { uniform: Math.log(vocab.length) },
    origin: {
      speakers: manifest.speakers ?? null,
      topics: manifest.topics ?? null,
      parent: { name: nameOf(run), step: snapshot, dataset: manifest.settings.dataset },
    },
  };
}
