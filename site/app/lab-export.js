/**
 * A model of the lab as export_for_web.py would export it: docs/formats.md says what is in the files.
 *
 *   const taken = await exported("rhymes", lab.state, snapshots);
 *   taken.manifest.step
 *   await zipped(inFolder(taken))        // the file for a classmate
 *
 * What only a longer look at the model would say is missing, and the manifest says why.
 */
import { END } from "../engine/tokenizer.js";
import { parameterShapes } from "../engine/training.js";
import { lrMultiplier } from "../engine/schedule.js";
import { splitText } from "./lab-split.js";
import { samplePath, sixDigits } from "./run.js";
import { sha256 } from "./sha256.js";

export const FORMAT = 3; // of exports, as in export_for_web.py
const N_TOKENS = 40; // written after each prompt, as train.py does
const NOT_MEASURED = "That is measured only of a model that train.py has trained.";

/** What export_for_web.py finds out by more work than a page does. */
const MISSING = {
  heads: NOT_MEASURED,
  neurons: NOT_MEASURED,
  embeddings: NOT_MEASURED,
  update: NOT_MEASURED,
  weight_paths: NOT_MEASURED,
  guesses: NOT_MEASURED,
  copied: NOT_MEASURED,
  check: "That takes numbers of PyTorch, and this model was trained in a page.",
  code: "The page trained it, and not train.py.",
  training_text: "The text stays with whoever trained this model.",
};

/** What settings.json has besides what the lab lets one choose. */
const SETTINGS_OF_RUNS = {
  preset: "stories",
  out: "",
  head: "",
  parent: "",
  freeze: 0,
  lora: 0,
  device: "page",
  precision: "float32",
  row_multiple: 1,
  sample_every: 100,
  sample_tokens: N_TOKENS,
  snapshots: 1,
  dropout: 0,
};
const CHOSEN = [
  ...["preset", "parent", "freeze", "lora"],
  ...["seed", "n_layer", "n_head", "n_embd", "n_ff", "n_ctx", "batch_size", "steps", "warmup", "cooldown"],
  ...["matrix_lr", "momentum", "embedding_lr", "unembedding_lr", "embedding_std", "weight_decay"],
  ...["temperature", "optimizer"],
];

/**
 * @typedef {{ manifest: any, files: Map<string, Uint8Array> }} Taken files: by their paths in the folder of the run,
 *   without the manifest
 */

/**
 * The model as it is at the last of its snapshots: see lab-snapshots.js.
 * @param {string} name of the run @param {any} state of the lab; of a run that goes on from another one also its
 *   origin (what the manifest says of its parent and of who talks in its text), split (its documents, as splitText has
 *   them) and in its evaluations parentLoss, on the text of its parent @param {any[]} snapshots
 * @returns {Promise<Taken>}
 */
export async function exported(name, state, snapshots) {
  const { settings, tokens, parameters } = state;
  const { vocab, merges } = tokens.trained;
  const { step, passes } = snapshots.at(-1);
  const samples = samplesOf(state, snapshots);
  const files = new Map([
    ["log.json", jsonBytes(logOf(state, step))],
    ["samples.json", jsonBytes(samples)],
  ]);
  for (const one of snapshots) addSteps(files, settings, one);
  const shapes = parameterShapes({ ...settings, vocab_size: vocab.length });
  const { layout, described } = await addWeights(files, shapes, snapshots);
  const prompts = passes.map(({ ids }) => textOf(ids, vocab));
  const finished = step >= settings.steps;
  const { speakers = null, topics = null, parent } = state.origin ?? {};
  const manifest = {
    format: FORMAT,
    version: "lab",
    trained_in: "page",
    name,
    folder: null,
    settings: settingsOf(state),
    corpus: { ...corpusOf(state, prompts), ...(parent && { parent }) },
    source: "",
    training_text: null,
    speakers,
    topics,
    prompts,
    parameters,
    step,
    finished,
    metrics: finished ? { parameters, step } : null,
    tokenizer: { vocab, merges },
    weights: layout,
    snapshots: described,
    sampled_steps: samples.samples.map((one) => one.step),
    exported_steps: snapshots.map((one) => one.step),
    files: await describedFiles(files),
    missing: MISSING,
  };
  return { manifest, files };
}

/** weights/NNNNNN.bin */
async function addWeights(files, shapes, snapshots) {
  const described = [];
  let layout;
  for (const { step, weights } of snapshots) {
    const file = `weights/${sixDigits(step)}.bin`;
    const made = packed(shapes, weights);
    layout = made.layout; // the same for all of them
    files.set(file, made.bytes);
    described.push({ step, file, sha256: await sha256(made.bytes) });
  }
  return { layout, described };
}

/** steps/NNNNNN-P.json */
function addSteps(files, settings, { step, passes }) {
  passes.forEach((one, i) => {
    files.set(samplePath(step, i), jsonBytes(stepOf(settings, step, one, i)));
  });
}

/** All of its files, in a folder of its name. @param {Taken} taken @returns {Map<string, Uint8Array>} */
export function inFolder({ manifest, files }) {
  const all = new Map([["manifest.json", jsonBytes(manifest)], ...files]);
  return new Map([...all].map(([path, bytes]) => [`${manifest.name}/${path}`, bytes]));
}

export const jsonBytes = (content) => new TextEncoder().encode(JSON.stringify(content));

async function describedFiles(files) {
  const described = {};
  for (const [path, bytes] of files) {
    if (!path.endsWith(".json")) continue;
    described[path] = { bytes: bytes.length, sha256: await sha256(bytes) };
  }
  return described;
}

function settingsOf({ settings, tokens, text }) {
  const chosen = CHOSEN.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]);
  const vocab_size = tokens.kind === "bpe" ? tokens.vocabSize : 0;
  return { ...SETTINGS_OF_RUNS, dataset: text.name, vocab_size, ...Object.fromEntries(chosen) };
}

function corpusOf({ tokens, text, split }, prompts) {
  const { train, validation } = split ?? splitText(text.text);
  return {
    dataset: text.name,
    note: "",
    vocab_size: tokens.trained.vocab.length,
    prompts,
    train_characters: charactersIn(train),
    train_tokens: tokens.ids.length,
    validation_characters: charactersIn(validation),
    validation_tokens: tokens.validationIds.length,
  };
}

const HIGH_SURROGATE = /[\ud800-\udbff]/g; // half of a character
const charactersIn = (documents) =>
  documents.reduce((sum, one) => sum + one.length - (one.match(HIGH_SURROGATE)?.length ?? 0), 0);

const textOf = (ids, vocab) =>
  ids
    .map((id) => vocab[id])
    .filter((token) => token !== END)
    .join("");

// Curves and samples -------------------------------------------------------------------------------------------

/** log.json; a point is the mean of some updates, and stands at the first of them. */
function logOf({ losses: all, settings, evaluations, baselines }, last) {
  const losses = all.filter(({ step }) => step <= last); // it may have gone on
  const measured = evaluations.filter(({ step }) => step <= last);
  const known = (name) =>
    measured.filter((one) => Number.isFinite(one[name])).map((one) => rounded(one[name]));
  const parent_loss = known("parentLoss");
  const perPoint = losses[0]?.step ?? 1;
  const steps = losses.map(({ step }) => step - perPoint);
  return {
    steps_per_point: perPoint,
    point_steps: steps,
    loss: losses.map(({ loss }) => rounded(loss)),
    lr_multiplier: steps.map((step) => rounded(lrMultiplier(step, settings))),
    gradient_norm: [],
    tokens_per_second: [],
    seconds: [],
    validation: {
      sampled_steps: measured.map(({ step }) => step),
      loss: known("loss"),
      ...(parent_loss.length && { parent_loss }),
    },
    baselines,
  };
}

/** samples.json: what it wrote until now, as far as the lab remembers; of the same beginnings as now. */
function samplesOf({ settings, samples }, snapshots) {
  const { step: last, passes } = snapshots.at(-1);
  const byStep = new Map(samples.filter(({ step }) => step <= last).map((one) => [one.step, one.prompts]));
  for (const one of snapshots) byStep.set(one.step, one.passes);
  const steps = [...byStep.keys()].sort((a, b) => a - b);
  return {
    temperature: settings.temperature,
    prompt_ids: passes.map(({ ids }) => ids),
    samples: steps.map((step) => ({
      step,
      continuations: byStep
        .get(step)
        .filter(({ ids }) => ids.length)
        .map(continuationOf),
    })),
    rule_accuracy: null,
    milestones: [],
    chance: null,
  };
}

function continuationOf({ tokens }) {
  const written = tokens.slice(0, N_TOKENS);
  return { ids: written.map(({ id }) => id), p: written.map(({ p }) => rounded(p)) };
}

function stepOf({ temperature, n_layer, n_head }, step, { ids, tokens, attention, attentionEntropy }, i) {
  const length = ids.length + tokens.length;
  const rowOf = (layer, head) => {
    const start = (layer * n_head + head) * length;
    return Array.from(attentionEntropy.subarray(start, start + length), rounded);
  };
  const numbers = (n) => Array.from({ length: n }, (_, one) => one);
  return {
    step,
    temperature,
    prompt: i,
    prompt_ids: ids,
    tokens: tokens.map(({ id, p, top }) => ({
      id,
      p: rounded(p),
      top: top.map((one) => [one.id, rounded(one.p)]),
    })),
    attention: base64(Uint8Array.from(attention, (weight) => Math.round(255 * weight))),
    attention_entropy: numbers(n_layer).map((layer) => numbers(n_head).map((head) => rowOf(layer, head))),
  };
}

const rounded = (number) => Number(number.toPrecision(4));

function base64(bytes) {
  let signs = "";
  for (let i = 0; i < bytes.length; i += 8192) signs += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(signs);
}

// Weights ------------------------------------------------------------------------------------------------------

/**
 * A file of weights, as terrarium/web/quantize.py makes it: matrices as float16, the few numbers of the norms as float32.
 * @param {{ name: string, shape: number[] }[]} shapes @param {Float32Array} weights of all of them, one after another
 */
export function packed(shapes, weights) {
  const sizes = shapes.map(({ shape }) => shape.reduce((a, b) => a * b));
  const types = shapes.map(({ shape }) => (shape.length === 1 ? "float32" : "float16"));
  const tensors = [];
  let bytes = 0;
  shapes.forEach(({ name, shape }, i) => {
    bytes += -bytes & 3; // where JavaScript can begin to read
    tensors.push({ name, shape, type: types[i], offset: bytes });
    bytes += sizes[i] * (types[i] === "float32" ? 4 : 2);
  });
  const buffer = new ArrayBuffer(bytes);
  let start = 0;
  tensors.forEach(({ type, offset }, i) => {
    const values = weights.subarray(start, start + sizes[i]);
    start += sizes[i];
    if (type === "float32") new Float32Array(buffer, offset, sizes[i]).set(values);
    else new Uint16Array(buffer, offset, sizes[i]).set(Uint16Array.from(values, halfBits));
  });
  return { bytes: new Uint8Array(buffer), layout: { type: "float16", bytes, tensors } };
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The number of 16 bits that is nearest to another one; of two, the even one. See half() in engine/weights.js. */
export function halfBits(number) {
  single[0] = number;
  const [bits] = singleBits;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(single[0]);
  if (Number.isNaN(magnitude)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00; // nearer to infinity than to the largest
  if (magnitude < 2 ** -14) return sign | toEven(magnitude * 2 ** 24); // it has fewer digits, down to 0
  const rest = bits & 0x7fffffff;
  const isUp = (rest & 0x1fff) + ((rest >>> 13) & 1) > 0x1000;
  return sign | ((rest >>> 13) - (112 << 10) + Number(isUp));
}

function toEven(number) {
  const whole = Math.floor(number);
  const isUp = number - whole > 0.5 || (number - whole === 0.5 && whole % 2 === 1);
  return whole + Number(isUp);
}
