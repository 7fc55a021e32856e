/**
 * What a comparison of named runs (see named-runs.js) says: their curves in a unit that all of them share, the settings
 * that differ, and which differences chance could have made.
 *
 * @typedef {import("./named-runs.js").Run} Run
 * @typedef {object} Unit
 * @property {boolean} isBits whether losses are given in bits per character
 * @property {import("./loss-curves.js").Baselines | null} baselines
 * @property {(one: Pick<Run, "tokens">) => number} factorOf what a loss of a run in nats per token is multiplied with
 */
import { END } from "../engine/tokenizer.js";
import { count, counted, percent } from "./format.js";
import { FIELDS } from "./lab-fields.js";
import { ENOUGH_SEEDS, compareSeeds } from "./seed-band.js";

const DIGITS = 2; // of a loss, as it is shown
const RISEN = 0.15; // nats: what is less may be chance
const NO_FIELDS = ["seed", "temperature", "vocab_size"]; // which change no loss, or have a row of their own
const OTHER_NAMES = {
  architecture: "Kind of model",
  cooldown: "Part of the steps in which the learning rates fall",
  momentum: "Momentum",
  embedding_std: "Spread of the first embeddings",
  mask: "Mask",
  positions: "Positions",
  residual: "Residual stream",
  scale: "Scaled scores",
};
const VALUES = {
  muon: "Muon",
  adamw: "AdamW",
  gpt: "transformer",
  window: "window model",
  bpe: "pieces of words",
};

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const rounded = (loss) => Number(loss.toFixed(DIGITS));

// Losses -------------------------------------------------------------------------------------------

/** The trainings of a run that went to their end, and did not break off. @param {Run} run */
export const sound = ({ seeds }) => seeds.filter(({ failedAt }) => failedAt === null);

/**
 * What of a training is compared: the loss at its end, or, where models have learned their text by heart, their lowest
 * loss. After that, they only become surer of what they know by heart.
 * @typedef {"end" | "lowest"} Measure
 */

/** @type {Object<Measure, (seedRun: import("./named-runs.js").SeedRun) => number>} */
const MEASURES = {
  end: ({ points }) => points.at(-1)[1],
  lowest: ({ points }) => Math.min(...points.map(([, loss]) => loss)),
};

/** The losses of a run with each seed, in nats per token, without those that broke off. @param {Run} run @param {Measure} measure */
export const lossesOf = (run, measure) => sound(run).map(MEASURES[measure]);

/** What of some runs can be compared. @param {Run[]} runs @returns {Measure} */
export function measureOf(runs) {
  const rises = (one) => MEASURES.end(one) - MEASURES.lowest(one) > RISEN;
  return runs.flatMap(sound).some(rises) ? "lowest" : "end";
}

/** Updates made. @param {Run} run */
const stepsMade = ({ seeds }) => Math.max(...seeds.map(({ points }) => points.at(-1)[0]));

/** Whether all seeds of a run were trained to the end. @param {Run} run */
export const isOver = ({ seeds, settings }) =>
  seeds.every(({ points, failedAt }) => failedAt !== null || points.at(-1)[0] >= settings.steps);

/** The loss at a step that lies between two that were measured. */
function lossAt(points, step) {
  const after = points.findIndex(([one]) => one >= step);
  if (after <= 0) return points.at(after)[1]; // the first, or the last if it ended before
  const [start, from] = points[after - 1];
  const [end, to] = points[after];
  return from + ((to - from) * (step - start)) / (end - start);
}

/**
 * The curve of a run: of several seeds, their mean, in a band from the lowest to the highest.
 * @param {Run} run @param {number} factor see Unit
 * @returns {import("./loss-curves.js").Curve}
 */
export function curveOf(run, factor = 1) {
  const { name, style, seeds } = run;
  const whole = sound(run);
  if (!whole.length) {
    const [{ points, failedAt }] = seeds;
    const drawn = points.map(([step, loss]) => [step, factor * loss]);
    return /** @type {any} */ ({ name, style, points: [...drawn, [failedAt, NaN]] });
  }
  // Measured at different steps, they are compared at those of the one that was measured least often.
  const fewest = whole.reduce((least, one) => (one.points.length < least.points.length ? one : least));
  const rows = fewest.points.map(([step]) => ({
    step,
    losses: whole.map(({ points }) => factor * lossAt(points, step)),
  }));
  const points = rows.map(({ step, losses }) => [step, mean(losses)]);
  const band = rows.map(({ step, losses }) => [step, Math.min(...losses), Math.max(...losses)]);
  return /** @type {any} */ ({ name, style, points, band: whole.length > 1 ? band : undefined });
}

/**
 * A unit in which the losses of runs on the same text can be compared: nats per token if they have the same tokens, or
 * bits per character.
 * @param {Run[]} runs @returns {Unit}
 */
export function unitOf(runs) {
  const isBits = new Set(runs.map(({ tokens }) => tokens.key)).size > 1;
  if (isBits) return { isBits, baselines: null, factorOf: ({ tokens }) => tokens.perCharacter / Math.LN2 };
  return { isBits, baselines: runs[0]?.baselines ?? null, factorOf: () => 1 };
}

/** How many tokens a character of a text takes; the ends of documents are no characters. @param {string[]} vocab @param {ArrayLike<number>} ids */
export function tokensPerCharacter(vocab, ids) {
  const lengths = vocab.map((token) => (token === END ? 0 : Array.from(token).length));
  let characters = 0;
  for (let i = 0; i < ids.length; i++) characters += lengths[ids[i]];
  return (ids.length - 1) / Math.max(1, characters); // the first token is given
}

// What differs --------------------------------------------------------------------------------------

/**
 * The rows of a table: what differs among the runs, then what came of it.
 * @param {Run[]} runs @param {Unit} unit
 * @returns {{ name: string, values: string[], isOutcome?: boolean }[]}
 */
export function comparisonRows(runs, unit) {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const settings = names
    .filter((name) => !NO_FIELDS.includes(name))
    .map((name) => ({
      name: FIELDS[name]?.[0] ?? OTHER_NAMES[name] ?? name,
      values: runs.map((run) => written(run.settings[name])),
    }));
  const others = [
    { name: "Tokens", values: runs.map(({ tokens }) => `${count(tokens.size)} ${kindOf(tokens)}`) },
    { name: "Parameters", values: runs.map(({ parameters }) => count(parameters)) },
    { name: "Steps made", values: runs.map((run) => count(stepsMade(run))) },
    { name: "Seeds", values: runs.map(seedsOf) },
  ];
  const differs = ({ values }) => new Set(values).size > 1;
  const loss = (run, number) =>
    Number.isFinite(number) ? (unit.factorOf(run) * number).toFixed(2) : "not a number";
  const outcomes = [
    { name: "Loss at the end", values: runs.map((run) => loss(run, mean(lossesOf(run, "end")))) },
    { name: "Lowest loss", values: runs.map((run) => loss(run, mean(lossesOf(run, "lowest")))) },
  ];
  return [
    ...[...settings, ...others].filter(differs),
    ...outcomes.map((row) => ({ ...row, isOutcome: true })),
  ];
}

const kindOf = ({ kind }) => (kind === "bpe" ? VALUES.bpe : "characters");
const seedsOf = ({ seeds }) => seeds.map(({ seed }) => seed).join(", ");

/** A setting, as it is read. A part of a model that nobody has left out is there. */
function written(value = true) {
  if (typeof value === "boolean") return value ? "yes" : "left out";
  return typeof value === "number" ? small.format(value) : (VALUES[value] ?? value);
}

const small = new Intl.NumberFormat("en", { maximumFractionDigits: 5 });

// Chance or not -------------------------------------------------------------------------------------

/**
 * How runs compare with one of them, the reference.
 * @param {Run} reference @param {Run[]} runs @param {Unit} unit
 * @returns {Verdict[]} one for each other run
 * @typedef {object} Verdict
 * @property {Run} run
 * @property {"effect" | "chance" | "unknown" | "unfinished" | "broken"} kind
 * @property {Measure} measure @property {number} [loss] by this measure @property {number} [referenceLoss] that of the reference
 * @property {number} [difference] of the two losses as they are shown
 * @property {number | null} [width] how far apart seeds alone put losses @property {number | null} [limit] what chance may do
 * @property {boolean} [isApart] whether all losses of one are below all of the other
 */
export function verdictsOf(reference, runs, unit) {
  const measure = measureOf(runs);
  const lossesIn = (run) => lossesOf(run, measure).map((loss) => unit.factorOf(run) * loss);
  const others = runs.filter((run) => run !== reference);
  const referenceLosses = lossesIn(reference);
  if (!referenceLosses.length) return [brokenOff(reference)];
  return others.map((run) => {
    const losses = lossesIn(run);
    if (!losses.length) return brokenOff(run);
    if (isUnfair(run, reference)) return { run, measure, kind: "unfinished" };
    const { isDistinguishable, width, limit } = compareSeeds(losses, referenceLosses);
    const means = { loss: mean(losses), referenceLoss: mean(referenceLosses) };
    // Somebody subtracts the numbers that are shown, so they are what the difference is taken of.
    const difference = rounded(means.loss) - rounded(means.referenceLoss);
    const kind = kindOfVerdict(isDistinguishable, difference);
    const isApart = areBelow(losses, referenceLosses) || areBelow(referenceLosses, losses);
    return { run, measure, kind, ...means, difference, width, limit, isApart };
  });
}

const areBelow = (losses, others) => Math.max(...losses) < Math.min(...others);

/** @param {boolean | null} isDistinguishable @param {number} difference as it is shown @returns {Verdict["kind"]} */
function kindOfVerdict(isDistinguishable, difference) {
  if (isDistinguishable === null) return "unknown";
  return isDistinguishable && difference !== 0 ? "effect" : "chance";
}

/** Whether one of two was to learn for longer: the last steps, with smaller learning rates, lower a loss. */
function isUnfair(run, reference) {
  if (isOver(run) !== isOver(reference)) return true;
  return !isOver(run) && stepsMade(run) !== stepsMade(reference);
}

/** @param {Run} run @returns {Verdict} */
const brokenOff = (run) => ({ run, measure: "end", kind: "broken" });

/** Which of some runs have too few seeds to tell an effect from chance. @param {Run[]} runs */
export const withFewSeeds = (runs) => runs.filter((run) => sound(run).length < ENOUGH_SEEDS);

const HEADS = {
  effect: "This is more than chance.",
  chance: "This could be chance.",
  unknown: "Nobody can say yet.",
  unfinished: "These two cannot be compared yet.",
  broken: "It broke off.",
};

/** A verdict in words: its head, and a sentence. @param {Verdict} verdict @param {Run} reference @returns {[string, string]} */
export function verdictSentence(verdict, reference) {
  const { run, kind } = verdict;
  const head = HEADS[kind];
  if (kind === "broken") {
    const [{ failedAt }] = run.seeds;
    return [head, `After step ${count(failedAt)}, the loss of “${run.name}” stopped being a number.`];
  }
  if (kind === "unfinished") return [head, unfinishedSentence(run, reference)];
  const parts = [distance(verdict, reference), why(verdict, reference), brokenSeeds([run, reference])];
  return [head, [...parts, stepsSentence(run, reference)].filter(Boolean).join(" ")];
}

/** Which of two is still in the middle of its training. */
function unfinishedSentence(run, reference) {
  const where = [run, reference].map((one) =>
    isOver(one)
      ? `“${one.name}” is at the end of its training`
      : `“${one.name}” is at step ${count(stepsMade(one))} of ${count(one.settings.steps)}`,
  );
  const open = [run, reference].filter((one) => !isOver(one));
  const which = open.length === 1 ? "it" : "both";
  return `${where.join(", and ")}. Finish ${which} first, then add ${open.length === 1 ? "it" : "them"} again.`;
}

/** How far apart the two are. @param {Verdict} verdict @param {Run} reference */
function distance({ run, measure, loss, referenceLoss, difference }, reference) {
  const size = Math.abs(difference).toFixed(DIGITS);
  const way = difference < 0 ? "lower" : "higher";
  const [own, other] = [loss, referenceLoss].map((one) => one.toFixed(DIGITS));
  const both = `${own} against ${other}`;
  const isSame = own === other;
  if (measure === "end") {
    return isSame
      ? `“${run.name}” and “${reference.name}” are as good as equal: both end at ${own}.`
      : `“${run.name}” ends ${size} ${way} than “${reference.name}”: ${both}.`;
  }
  return isSame
    ? `“${run.name}” and “${reference.name}” are as good as equal: the lowest loss of both is ${own}.`
    : `The lowest loss of “${run.name}” is ${size} ${way} than that of “${reference.name}”: ${both}.`;
}

/** What seeds alone would do. @param {Verdict} verdict @param {Run} reference */
function why({ run, kind, width, limit, isApart }, reference) {
  const few = withFewSeeds([run, reference]);
  if (kind === "unknown") {
    const which = few.length === 1 ? `“${few[0].name}” was` : "Each was";
    return `${which} trained with too few seeds, and with another seed it would end elsewhere.`;
  }
  const seeds = `Seeds alone make a difference of up to ${width.toFixed(DIGITS)}.`;
  if (!few.length) return kind === "chance" && isApart ? `${seeds} ${apartSentence(run, reference)}` : seeds;
  const n = sound(few[0]).length;
  const only = n === 1 ? "a single seed" : `only ${n} seeds`;
  return `${seeds} With ${only} of “${few[0].name}”, only a difference above ${limit.toFixed(DIGITS)} counts.`;
}

/** Bands that do not touch look like an effect. */
function apartSentence(run, reference) {
  const [n, m] = [run, reference].map((one) => sound(one).length);
  return (
    `Their bands do not touch. But with ${counted(n, "seed")} and ${m}, that happens in ${percent(apartByChance(n, m))} of ` +
    "all comparisons of two models that differ in nothing but their seeds."
  );
}

/** How probable it is that the lowest n of n + m equally good losses are all those of one model, or the lowest m. */
function apartByChance(n, m) {
  let orders = 1; // in which n of them can stand among all
  for (let i = 1; i <= n; i++) orders = (orders * (m + i)) / i;
  return 2 / orders;
}

/** Which of the trainings are not counted. @param {Run[]} runs */
function brokenSeeds(runs) {
  const some = runs.filter((run) => sound(run).length < run.seeds.length);
  const sentences = some.map((run) => {
    const broken = run.seeds.length - sound(run).length;
    return `Of “${run.name}”, ${broken} of ${counted(run.seeds.length, "seed")} broke off and ${broken === 1 ? "is" : "are"} left out.`;
  });
  return sentences.join(" ");
}

/** What else may cause a difference. */
function stepsSentence(run, reference) {
  const [steps, others] = [run, reference].map(stepsMade);
  return steps === others
    ? ""
    : `“${run.name}” was trained for ${count(steps)} steps, “${reference.name}” for ${count(others)}, so the comparison is not fair.`;
}
