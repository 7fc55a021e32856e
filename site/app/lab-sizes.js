/**
 * How large a model of the lab is, what it needs and how long it takes: all of it follows from its settings, which have
 * the names that they have in train.py.
 *
 *   const settings = settingsOf("middle", 512, machine);
 *   partsOf(settings)             // [{ name: "token embedding", parameters: 32768 }, …]
 *   problemOf(settings)           // { field: "n_head", sentence: "…" }, or null
 *   secondsFor(settings, machine) // 41.3
 */
import { WINDOW } from "../engine/window.js";

/**
 * What a machine can do: the milliseconds that every step takes, however small the model is, and the millions of
 * multiplications and additions that it does in a millisecond beside that. See lab-speed.js.
 * @typedef {{ overhead: number, rate: number }} Machine
 */

/** How train.py trains and samples if nothing else is said: see its class Settings. */
export const USUAL = {
  warmup: 40,
  cooldown: 0.75,
  matrix_lr: 0.03,
  momentum: 0.85,
  embedding_lr: 0.01,
  unembedding_lr: 0.02,
  embedding_std: 0.3,
  weight_decay: 0.1,
  temperature: 0.8,
  seed: 1,
};

/** Settings that all sizes share. */
const COMMON = { architecture: "gpt", optimizer: "muon", ...USUAL };

/**
 * The sizes to choose from. `steps` is how long it is worth to train them, and `patience` the seconds that nobody should
 * have to wait longer for: on a slow machine, they are trained for fewer steps.
 */
export const SIZES = {
  small: { shape: { n_layer: 2, n_head: 2, n_embd: 32, n_ff: 128, n_ctx: 64 }, steps: 1000, patience: 60 },
  middle: { shape: { n_layer: 2, n_head: 4, n_embd: 64, n_ff: 256, n_ctx: 64 }, steps: 1500, patience: 120 },
  large: { shape: { n_layer: 3, n_head: 4, n_embd: 128, n_ff: 512, n_ctx: 128 }, steps: 2000, patience: 300 },
  window: {
    shape: { architecture: "window", n_layer: 1, n_head: 1, n_embd: 24, n_ff: 96, n_ctx: 64 },
    steps: 1000,
    patience: 60,
  },
};
const TOKENS_A_STEP = 1024;
const WITH_SAMPLES = 1.25; // how much longer everything takes because of what it writes meanwhile: see lab.js
const CHANCE = 0.25; // by which part two measurements of the same machine may differ
const FEWEST_STEPS = 100; // with fewer, there is nothing to see

/** Numbers that may be chosen: from, to. */
export const LIMITS = {
  n_layer: [1, 12],
  n_head: [1, 16],
  n_embd: [8, 512],
  n_ff: [8, 2048],
  n_ctx: [8, 512],
  batch_size: [1, 128],
  steps: [1, 100_000],
  warmup: [0, 10_000],
  cooldown: [0.01, 1],
  matrix_lr: [0, 10],
  momentum: [0, 0.999],
  embedding_lr: [0, 10],
  unembedding_lr: [0, 10],
  embedding_std: [0.001, 10],
  weight_decay: [0, 10],
  seed: [0, 2 ** 31 - 1],
};
/** Those that need not be whole numbers. */
export const FRACTIONS = [
  "cooldown",
  "matrix_lr",
  "momentum",
  "embedding_lr",
  "unembedding_lr",
  "embedding_std",
  "weight_decay",
];
const MOST_EPOCHS = 40; // readings of a text after which a model knows it by heart
const MOST_BYTES = 1e9; // that a page can expect to get

/**
 * All settings of a size.
 * @param {string} size a key of SIZES @param {number} vocabSize @param {Machine | null} [machine]
 * @param {number} [tokens] of the text
 */
export function settingsOf(size, vocabSize, machine = null, tokens = Infinity) {
  const { shape } = SIZES[size];
  const settings = { ...COMMON, ...shape, vocab_size: vocabSize, batch_size: batchOf(shape.n_ctx), steps: 0 };
  return { ...settings, steps: stepsFor(size, settings, machine, tokens) };
}

/** Rows that make about as many tokens as a step of the sizes has. */
const batchOf = (n_ctx) => Math.max(1, Math.round(TOKENS_A_STEP / n_ctx));

/**
 * The steps that a machine does within the patience of a size: a round number, and no more than is worth it. A short
 * text is soon known by heart.
 */
export function stepsFor(size, settings, machine, tokens = Infinity) {
  const { steps, patience } = SIZES[size];
  const possible = machine
    ? (1000 * patience) / (WITH_SAMPLES * millisecondsFor(settings, machine))
    : Infinity;
  const useful = (MOST_EPOCHS * tokens) / TOKENS_A_STEP;
  const isNearlyFastEnough = possible * (1 + CHANCE) >= steps; // or each measurement would plan a little differently
  const most = Math.min(isNearlyFastEnough ? steps : possible, useful);
  const rounded = most > 200 ? 100 * Math.floor(most / 100) : 50 * Math.floor(most / 50);
  return Math.max(FEWEST_STEPS, Math.min(steps, rounded));
}

/** Which of the sizes settings have the shape of; null if it is one of somebody's own. */
export function sizeOf(settings) {
  const of = ({ shape }) =>
    (shape.architecture ?? "gpt") === settings.architecture &&
    Object.entries(shape).every(([name, value]) => settings[name] === value);
  return Object.keys(SIZES).find((size) => of(SIZES[size])) ?? null;
}

/**
 * The learning rate of the matrices that suits an optimizer. That of AdamW: after 400 steps on the stories, the small and
 * the middle size had the lowest loss with it, of 0.001, 0.003, 0.01, 0.02 and 0.03.
 */
export const matrixRateOf = (optimizer) => (optimizer === "muon" ? COMMON.matrix_lr : 0.01);

/**
 * What the numbers of a training usually are: those of its size, if it has the shape of one.
 * @returns {Object<string, number | string>}
 */
export function usualFor({ optimizer, ...settings }) {
  const size = sizeOf({ optimizer, ...settings });
  const warmup = Math.min(COMMON.warmup, settings.steps - 1); // it has to end before the training does
  const usual = { ...COMMON, warmup, matrix_lr: matrixRateOf(optimizer) };
  return size ? { ...usual, batch_size: batchOf(settings.n_ctx) } : usual;
}

/** The parameters of a model, part by part, in the order in which a token passes them. */
export function partsOf(settings) {
  const { architecture, n_layer, n_embd: C, n_ff, n_ctx, vocab_size: V } = settings;
  if (architecture === "window") {
    return [
      { name: "token embedding", parameters: (V + 1) * C }, // one more for what is before the beginning
      { name: "hidden layer", parameters: WINDOW * C * n_ff },
      { name: "unembedding", parameters: n_ff * V },
    ];
  }
  return [
    { name: "token embedding", parameters: V * C },
    { name: "position embedding", parameters: n_ctx * C },
    { name: "attention", parameters: n_layer * 4 * C * C },
    { name: "MLP", parameters: n_layer * 2 * C * n_ff },
    { name: "norms", parameters: (2 * n_layer + 1) * 2 * C },
    { name: "unembedding", parameters: C * V },
  ];
}

/** How many parameters a model has: as train.py counts them. */
export const parametersOf = (settings) => partsOf(settings).reduce((sum, one) => sum + one.parameters, 0);

const tokensIn = ({ n_ctx, batch_size }) => n_ctx * batch_size;

/** Multiplications and additions of one step: forward, twice as many backward, and those of the optimizer. */
export function operationsOf(settings) {
  const { architecture, n_layer, n_embd: C, n_ff, n_ctx, vocab_size: V } = settings;
  const perParameter = 30 * parametersOf(settings); // about what an optimizer does with each
  if (architecture === "window") {
    const hidden = settings.optimizer === "muon" ? newtonSchulz(n_ff, WINDOW * C) : 0;
    return 6 * tokensIn(settings) * (WINDOW * C * n_ff + n_ff * V) + perParameter + hidden;
  }
  const matrices = n_layer * (4 * C * C + 2 * C * n_ff) + C * V;
  const attention = n_layer * C * (n_ctx + 1); // scores and mixture, half of a square each
  const orthogonal = settings.optimizer === "muon" ? orthogonalizing(settings) : 0;
  return 6 * tokensIn(settings) * (matrices + attention) + perParameter + orthogonal;
}

/** Those of Muon for the matrices in the blocks. */
const orthogonalizing = ({ n_layer, n_embd: C, n_ff }) =>
  n_layer * (4 * newtonSchulz(C, C) + 2 * newtonSchulz(n_ff, C));

/** Five rounds of three products, in which the shorter side is squared. */
function newtonSchulz(rows, columns) {
  const short = Math.min(rows, columns);
  const long = Math.max(rows, columns);
  return 5 * 2 * (2 * short * short * long + short ** 3);
}

/** How long a step takes. @param {any} settings @param {Machine} machine */
export const millisecondsFor = (settings, { overhead, rate }) =>
  overhead + operationsOf(settings) / 1e6 / rate;

/** How long all steps take, with the samples in between. @param {any} settings @param {Machine} machine */
export const secondsFor = (settings, machine) =>
  (WITH_SAMPLES * settings.steps * millisecondsFor(settings, machine)) / 1000;

/** What two measurements of steps say about a machine. @param {{ settings: any, milliseconds: number }[]} measured */
export function machineFrom([small, large]) {
  const [few, many] = [small, large].map(({ settings }) => operationsOf(settings) / 1e6);
  // A pause in the wrong moment could make the small one take as long as the large one: at least half is its own work.
  const least = small.milliseconds / (2 * few);
  const slope = (large.milliseconds - small.milliseconds) / (many - few);
  const perOperation = Math.max(slope, Math.min(least, large.milliseconds / many));
  return { overhead: Math.max(0, large.milliseconds - many * perOperation), rate: 1 / perOperation };
}

/**
 * A machine after real steps have been timed: all that it does takes as much longer, or less long. It stays the same
 * while the difference is small, so that what somebody reads does not change all the time.
 */
export function corrected(machine, settings, milliseconds) {
  const factor = milliseconds / millisecondsFor(settings, machine);
  if (factor < 1 + CHANCE && factor > 1 / (1 + CHANCE)) return machine;
  return { overhead: machine.overhead * factor, rate: machine.rate / factor };
}

/** The bytes that training takes, about: the engine keeps all that it computes forward, and as much for gradients. */
export function bytesOf(settings) {
  const { architecture, n_layer, n_head, n_embd: C, n_ff, n_ctx, vocab_size: V } = settings;
  const isWindow = architecture === "window";
  const weights = 4 * parametersOf(settings); // with their gradients, and what the optimizer remembers of each
  const largest = Math.max(V * C, n_ff * C * (isWindow ? WINDOW : 1)); // of which the optimizer needs some copies
  const inBlocks = isWindow ? WINDOW * C + 2 * n_ff : n_layer * (10 * C + 2 * n_ff + n_head * n_ctx) + 2 * C;
  return 4 * (weights + 6 * largest + 2 * tokensIn(settings) * (inBlocks + V));
}

/**
 * Why a model cannot be made: a sentence, and the settings that it is about. Null if nothing is wrong.
 * @returns {{ fields: string[], sentence: string } | null}
 */
export const problemOf = (settings) => problemsOf(settings)[0] ?? null;

/** All that is wrong with single numbers; if nothing is, what is wrong with them together. */
export function problemsOf(settings) {
  const inRanges = Object.keys(LIMITS).flatMap((field) => {
    const sentence = rangeProblem(field, settings[field]);
    return sentence ? [{ fields: [field], sentence }] : [];
  });
  if (inRanges.length) return inRanges;
  const together = shapeProblem(settings) ?? scheduleProblem(settings) ?? memoryProblem(settings);
  return together ? [together] : [];
}

function rangeProblem(field, value) {
  const [least, most] = LIMITS[field];
  if (value === undefined) return null;
  if (!Number.isFinite(value)) return "This has to be a number.";
  if (!FRACTIONS.includes(field) && !Number.isInteger(value)) return "This has to be a whole number.";
  if (value < least) return `This has to be at least ${written(least)}.`;
  return value > most ? `This can be at most ${written(most)} here.` : null;
}

function shapeProblem({ architecture, n_head, n_embd }) {
  if (architecture === "window" || n_embd % n_head === 0) return null;
  const sentence = `A width of ${n_embd} cannot be shared equally among ${n_head} heads.`;
  return { fields: ["n_head", "n_embd"], sentence };
}

function scheduleProblem({ steps, warmup }) {
  if (warmup < steps) return null;
  const sentence = `After ${written(steps)} steps, the learning rates would still be rising.`;
  return { fields: ["warmup", "steps"], sentence };
}

function memoryProblem(settings) {
  const bytes = bytesOf(settings);
  if (bytes <= MOST_BYTES) return null;
  const sentence =
    `Training this would take about ${(bytes / 1e9).toFixed(1)} GB of memory, but a page gets ` +
    `${(MOST_BYTES / 1e9).toFixed(0)} GB at most. Fewer rows or a shorter context take less.`;
  return { fields: ["batch_size", "n_ctx", "n_layer", "n_head", "n_embd", "n_ff"], sentence };
}

const english = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const written = (number) => english.format(number);

/** 41.3 -> "about 40 s": no more digits than are known. */
export function aboutHowLong(seconds) {
  if (seconds < 1) return "less than 1 s";
  if (seconds < 10) return `about ${Math.round(seconds)} s`;
  if (seconds < 90) return `about ${5 * Math.round(seconds / 5)} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 3600)} h`;
}
