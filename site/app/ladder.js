/**
 * The ladder: models of three sizes learn from the same text, and a line through their losses says what the loss of a
 * larger one will be. Both axes are logarithmic: there, a power law is a straight line.
 *
 *   const rungs = rungsOf(request, { steps: 300, seed: 1 });       // requests for app/trials.js, the smallest first
 *   const line = lineThrough([{ parameters: 9120, loss: 1.87 }, …]);
 *   lossOn(line, 64224)                                            // 1.07
 *   verdictOf({ measured: 1.05, line: 1.07, reader: 0.9 }).closer  // "line"
 *
 * What was measured for it is in docs/decisions.md.
 */
import { parametersOf, secondsFor, settingsOf } from "./lab-sizes.js";
import { changed } from "./trials.js";

/** Numbers for each token in the four models. The last one is the one that is predicted. */
export const WIDTHS = [16, 24, 32, 48];
const HEAD = 8; // numbers in a head
const SHAPE = { n_layer: 2, n_ctx: 64, batch_size: 16 };
const TOKENS_A_STEP = SHAPE.n_ctx * SHAPE.batch_size;

/** How many updates there may be. */
export const STEPS = [150, 300, 600];
const USUAL_STEPS = 300;

/**
 * Readings of a text after which the larger models learn it by heart, and no line is left: after 7 the line still held,
 * after 10 the fourth model was no better than the third.
 */
export const MOST_EPOCHS = 7;

/** @typedef {{ slope: number, intercept: number }} Line of the logarithm of a loss over that of the parameters */
/** @typedef {{ parameters: number, loss: number }} Point */

/**
 * The settings of the four models. @param {number} vocabSize @param {{ steps: number, seed: number }} chosen
 */
export const settingsOfRungs = (vocabSize, { steps, seed }) =>
  WIDTHS.map((n_embd) => {
    const { warmup, ...usual } = settingsOf("small", vocabSize);
    const width = { n_embd, n_head: n_embd / HEAD, n_ff: 4 * n_embd };
    return { ...usual, ...SHAPE, ...width, steps, seed, warmup: Math.min(warmup, steps - 1) };
  });

/** Requests for all of them. @param {import("./trials.js").Request} request with the text @param {{ steps: number, seed: number }} chosen */
export function rungsOf(request, chosen) {
  const all = settingsOfRungs(request.source.tokenizer.vocab.length, chosen);
  return all.map((settings) => changed({ ...request, prompts: request.prompts.slice(0, 1) }, settings));
}

/** What there is to know of them before. @param {{ settings: any }[]} rungs @param {import("./lab-sizes.js").Machine} machine */
export const secondsOf = (rungs, machine) =>
  rungs.reduce((sum, { settings }) => sum + secondsFor(settings, machine), 0);

/** How often each token of a text is read. @param {number} steps @param {number} tokens */
export const epochsOf = (steps, tokens) => (steps * TOKENS_A_STEP) / tokens;

/** How many steps a text is long enough for. @param {number} tokens */
export const possibleSteps = (tokens) => STEPS.filter((steps) => epochsOf(steps, tokens) <= MOST_EPOCHS);

/** Tokens that a text has to have at least, as a round number. */
export const FEWEST_TOKENS = 1000 * Math.ceil((STEPS[0] * TOKENS_A_STEP) / MOST_EPOCHS / 1000);

/** As many steps as suit a text, on every machine: what is found on one can be compared with what is found on another. */
export const usualSteps = (tokens) =>
  possibleSteps(tokens).findLast((steps) => steps <= USUAL_STEPS) ?? STEPS[0];

/** @param {import("./trials.js").Trial} trial @returns {Point} what it reached on held-out text */
export const pointOf = ({ settings, evaluations }) => ({
  parameters: parametersOf(settings),
  loss: evaluations.at(-1)?.loss ?? NaN,
});

/**
 * The line with the least squares between the logarithms. @param {Point[]} points two at least, of different sizes, with
 * losses above zero @returns {Line}
 */
export function lineThrough(points) {
  const xs = points.map(({ parameters }) => Math.log(parameters));
  const ys = points.map(({ loss }) => Math.log(loss));
  const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  const x = mean(xs);
  const y = mean(ys);
  const slope = mean(xs.map((one, i) => (one - x) * (ys[i] - y))) / mean(xs.map((one) => (one - x) ** 2));
  return { slope, intercept: y - slope * x };
}

/** The loss that a line predicts, in nats. @param {Line} line @param {number} parameters */
export const lossOn = ({ slope, intercept }, parameters) =>
  Math.exp(intercept + slope * Math.log(parameters));

/** How many parameters it takes on a line to reach a loss. @param {Line} line @param {number} loss */
export const parametersAt = ({ slope, intercept }, loss) => Math.exp((Math.log(loss) - intercept) / slope);

/** How much less a model loses that has twice as many parameters: 0.18 is 18%. @param {Line} line */
export const gainOfTwice = ({ slope }) => 1 - 2 ** slope;

const FLAT = 0.02; // less than this by which twice as many parameters lower a loss may be chance

/** Whether the larger models are better at all. @param {Line} line */
export const isFalling = (line) => gainOfTwice(line) > FLAT;

/** Why there is no line through some models; null if there is one. @param {import("./trials.js").Trial[]} trials */
export function problemWith(trials) {
  const isBroken = ({ failedAt, evaluations }) => failedAt !== null || !(evaluations.at(-1)?.loss > 0);
  const broken = trials.find(isBroken);
  if (!broken) return null;
  return (
    `The model of width ${broken.settings.n_embd} has no loss that could be drawn: a step was too large. ` +
    "Try another seed."
  );
}

/**
 * How far off two predictions were. @param {{ measured: number, line: number, reader: number }} losses in nats
 * @returns {{ line: { nats: number, fraction: number }, reader: { nats: number, fraction: number }, closer: "line" | "reader" | "same" }}
 *   nats: how much higher the prediction was than what was measured; fraction: the same as a part of what was measured;
 *   closer: that one whose distance is smaller by more than chance may make
 */
export function verdictOf({ measured, line, reader }) {
  const off = (predicted) => ({ nats: predicted - measured, fraction: predicted / measured - 1 });
  return { line: off(line), reader: off(reader), closer: closerOf(measured, line, reader) };
}

/** To two decimals, as the losses are shown. */
function closerOf(measured, line, reader) {
  const distance = (predicted) => Math.round(100 * Math.abs(predicted - measured));
  const difference = distance(line) - distance(reader);
  if (Math.abs(difference) <= 100 * chanceOf(measured)) return "same";
  return difference < 0 ? "line" : "reader";
}

// Another seed moved the loss of the fourth by more than that where it was measured: see docs/decisions.md.
const CHANCE = 0.02; // nats, or a part of a loss, whichever is more

/** What is less apart than that is a matter of chance, in nats. @param {number} loss */
const chanceOf = (loss) => CHANCE * Math.max(1, loss);

/** Whether a prediction is as close as chance allows. @param {number} predicted @param {number} measured */
export const isAsCloseAsChance = (predicted, measured) =>
  Math.round(100 * Math.abs(predicted - measured)) <= 100 * chanceOf(measured);

// Axes ------------------------------------------------------------------------------------------------

const FEWEST_TICKS = 3;
const MOST_TICKS = 6;
const MANTISSAS = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 6, 8],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
];

/**
 * Round numbers in a range of a logarithmic axis: few, but enough to see that it is one.
 * @param {number} low above zero @param {number} high @returns {number[]}
 */
export function roundTicks(low, high) {
  const inRange = (mantissas) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
      found.push(...mantissas.map((one) => Number((one * 10 ** power).toPrecision(3))));
    }
    return found.filter((one) => one >= low && one <= high);
  };
  const lists = MANTISSAS.map(inRange);
  const ticks = lists.find(({ length }) => length >= FEWEST_TICKS) ?? lists.at(-1);
  const every = Math.ceil(ticks.length / MOST_TICKS);
  return ticks.filter((_, i) => i % every === 0);
}

/** Where a number is on a logarithmic axis: 0 at its lower end, 1 at its upper one. @param {number} low @param {number} high */
export const placeOn = (low, high) => (one) => Math.log(one / low) / Math.log(high / low);
