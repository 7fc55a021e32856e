/** One thing to change about a model, to see whether it makes a difference, and names for what comes of it. */
import { SIZE_NAMES } from "./lab-fields.js";
import { LIMITS, matrixRateOf, sizeOf } from "./lab-sizes.js";

const OPTIMIZERS = { muon: "Muon", adamw: "AdamW" };
const otherOptimizer = ({ optimizer }) => (optimizer === "muon" ? "adamw" : "muon");
const RATES = ["matrix_lr", "embedding_lr", "unembedding_lr"];
const FASTER = 3;

/** Learning rates times a factor, each of which may be chosen; null if one may not. */
function ratesTimes(settings, factor) {
  const rateOf = (name) => Number((settings[name] * factor).toPrecision(4));
  const isPossible = RATES.every((name) => rateOf(name) > 0 && rateOf(name) <= LIMITS[name][1]);
  return isPossible ? Object.fromEntries(RATES.map((name) => [name, rateOf(name)])) : null;
}

/** Half as many numbers for each token, as far as the heads can share them. */
function halfWidth({ n_embd, n_head, n_ff }) {
  const width = n_head * Math.floor(n_embd / 2 / n_head);
  const neurons = Math.floor(n_ff / 2);
  const isPossible = width >= LIMITS.n_embd[0] && neurons >= LIMITS.n_ff[0];
  return isPossible ? { n_embd: width, n_ff: neurons } : null;
}

/**
 * What may be changed: what it is called, with what else it changes; a shorter name for a model with it, where that is
 * too long; and the settings that it changes, null where a model does not have it.
 * @type {Object<string, { label: (settings: any) => string, name?: string, changes: (settings: any) => object | null }>}
 */
export const VARIANTS = {
  optimizer: {
    label: (settings) =>
      `${OPTIMIZERS[otherOptimizer(settings)]} instead of ${OPTIMIZERS[settings.optimizer]}, with the learning rate that suits it`,
    changes: (settings) => {
      const optimizer = otherOptimizer(settings);
      return { optimizer, matrix_lr: matrixRateOf(optimizer) };
    },
  },
  width: { label: () => "Half the width (and half the neurons)", name: "Half the width", changes: halfWidth },
  layer: {
    label: ({ n_layer }) => (n_layer > 1 ? "One layer fewer" : "One layer more"),
    changes: ({ n_layer }) => ({ n_layer: n_layer > 1 ? n_layer - 1 : n_layer + 1 }),
  },
  faster: {
    label: () => "Learning rates three times as high",
    changes: (settings) => ratesTimes(settings, FASTER),
  },
  slower: {
    label: () => "Learning rates a third as high",
    changes: (settings) => ratesTimes(settings, 1 / FASTER),
  },
  warmup: { label: () => "No warm-up", changes: ({ warmup }) => (warmup > 0 ? { warmup: 0 } : null) },
  decay: {
    label: () => "No weight decay",
    changes: ({ weight_decay }) => (weight_decay > 0 ? { weight_decay: 0 } : null),
  },
  seeds: { label: () => "Nothing but the seeds", changes: () => ({}) },
};

/** Those that a model can have. @param {any} settings */
export const variantsFor = (settings) =>
  Object.keys(VARIANTS).filter((name) => VARIANTS[name].changes(settings) !== null);

/** A name for a model: "Middle, Muon". @param {any} settings */
export function modelName(settings) {
  const size = sizeOf(settings);
  return `${size ? SIZE_NAMES[size] : "My model"}, ${OPTIMIZERS[settings.optimizer]}`;
}

/** A name for a model of which one thing was changed. @param {string} variant @param {any} settings of the unchanged one */
export function variantName(variant, settings) {
  const { label, name, changes } = VARIANTS[variant];
  if (variant === "optimizer") return modelName({ ...settings, ...changes(settings) });
  return name ?? label(settings);
}
