/**
 * Whether a manifest has the structure that export_for_web.py writes. Nothing else verifies it: it may be
 * damaged, or written by somebody who means harm. All other files are verified by the hashes in it, so
 * the names of those files are checked as well: they stay in the folder of the run.
 *
 * @typedef {{ name: string, trained_in?: string, folder: string, step: number, parameters: number, finished: boolean,
 *   settings: Settings, metrics?: Metrics,
 *   corpus: { dataset?: string, vocab_size: number, train_characters: number, train_tokens?: number,
 *     validation_tokens?: number, parent?: Parent },
 *   tokenizer: { vocab: string[], merges: [string, string][] },
 *   weights: { bytes: number, tensors: { name: string, shape: number[], type: string, offset: number }[] },
 *   snapshots: { step: number, file: string, sha256: string }[],
 *   sampled_steps: number[], exported_steps: number[], prompts: string[], source?: string, speakers?: string[] | null,
 *   training_text?: TextPart | null,
 *   topics?: { name: string, questions: string[] }[] | null,
 *   files: Object<string, { bytes: number, sha256: string }>, missing: Object<string, string> }} Manifest
 *
 * @typedef {{ characters: number, all_characters: number, n_documents: number, credit: string,
 *   licence: string }} TextPart
 *
 * @typedef {{ n_layer: number, n_head: number, n_embd: number, n_ff: number, n_ctx: number, steps: number,
 *   sample_tokens: number, temperature: number, preset: string, dataset: string,
 *   parent?: string, freeze?: number, lora?: number, batch_size: number }} Settings
 *
 * @typedef {{ name: string, step: number, dataset: string }} Parent the run that a run goes on from
 *
 * @typedef {{ seconds?: number, validation_loss?: number,
 *   band?: import("./seed-band.js").Band }} Metrics
 */

const isText = (thing) => typeof thing === "string";
const isCount = (thing) => Number.isSafeInteger(thing) && thing >= 0;
const isObject = (thing) => typeof thing === "object" && thing !== null;
const every = (list, holds) => Array.isArray(list) && list.every(holds);
const some = (list, holds) => every(list, holds) && list.length > 0;

/** A size that pages allocate memory for, and draw. */
const isSize = (thing, max) => isCount(thing) && thing > 0 && thing <= max;

function isModel(s) {
  return (
    isObject(s) &&
    isSize(s.n_layer, 200) &&
    isSize(s.n_head, 200) &&
    s.n_layer * s.n_head <= 4000 &&
    isSize(s.n_embd, 32_768) &&
    s.n_embd % s.n_head === 0 &&
    isSize(s.n_ff, 2 ** 17) &&
    isSize(s.n_ctx, 100_000) &&
    isCount(s.steps) &&
    isCount(s.sample_tokens) &&
    Number.isFinite(s.temperature) &&
    isText(s.preset) &&
    isText(s.dataset)
  );
}

const isTensor = ({ name, shape, type, offset }) =>
  isText(name) && isText(type) && isCount(offset) && some(shape, isCount);

const isSnapshot = ({ step, file, sha256 }) =>
  isCount(step) && isText(sha256) && isText(file) && /^weights\/\d+\.bin$/.test(file);

/** Every merge is of two tokens, and makes a third. */
function isTokenizer({ vocab, merges }) {
  const tokens = new Set(vocab);
  return (
    some(vocab, isText) &&
    every(
      merges,
      (pair) => every(pair, (token) => tokens.has(token)) && pair.length === 2 && tokens.has(pair.join("")),
    )
  );
}

/** From the lowest loss of some runs to the highest. */
const isBand = ({ low, high, runs, of }) =>
  Number.isFinite(low) &&
  Number.isFinite(high) &&
  low <= high &&
  isCount(runs) &&
  runs >= 2 &&
  ["preset", "seeds"].includes(of);

/** What a training ends with: each of these may be missing. */
const isMetrics = ({ seconds, validation_loss, band }) =>
  [seconds, validation_loss].every((one) => one === undefined || Number.isFinite(one)) &&
  (band === undefined || isBand(band));

/** Only a run that goes on from another one has a parent, and settings for that. */
const isOrigin = (corpus, settings) =>
  corpus.parent === undefined ? !settings.parent : isParent(corpus.parent, settings);

const isParent = ({ name, step, dataset }, { parent, freeze, lora }) =>
  [name, dataset, parent].every(isText) && parent !== "" && [step, freeze, lora].every(isCount);

/** How much of the training text is exported; older exports do not have it. */
const isTextPart = ({ characters, all_characters, n_documents, credit, licence }) =>
  [characters, all_characters, n_documents].every(isCount) && [credit, licence].every(isText);
/** What one may ask in a conversation: older exports do not name it. */
const areTopics = (topics) => every(topics, ({ name, questions }) => isText(name) && some(questions, isText));

const PATH = /^(steps\/\d+-\d+|logits\/\d+|[\w-]+)\.json$/;

const isFile = ([path, { bytes, sha256 }]) => PATH.test(path) && isCount(bytes) && isText(sha256);

/** @param {any} manifest as it was read */
export function isValidManifest(manifest) {
  try {
    const {
      settings,
      corpus,
      tokenizer,
      weights,
      snapshots,
      sampled_steps,
      exported_steps,
      files,
      missing,
      prompts,
      topics,
      metrics,
    } = manifest;
    const hasFiles = Object.entries(files).every(isFile) && Object.values(missing).every(isText);
    return (
      isModel(settings) &&
      hasFiles &&
      [corpus.vocab_size, corpus.train_characters, manifest.step, manifest.parameters].every(isCount) &&
      isOrigin(corpus, settings) &&
      isTokenizer(tokenizer) &&
      isCount(weights.bytes) &&
      some(weights.tensors, isTensor) &&
      some(snapshots, isSnapshot) &&
      some(sampled_steps, isCount) &&
      some(exported_steps, isCount) &&
      some(prompts, isText) &&
      isMetrics(metrics ?? {}) &&
      (!manifest.training_text || isTextPart(manifest.training_text)) &&
      (topics === undefined || topics === null || areTopics(topics))
    );
  } catch {
    return false; // something that has to be looked into is not there at all
  }
}
