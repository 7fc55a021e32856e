/**
 * What operations are compared with: as much damage of the same kind, done to other parts of the model, so that
 * an effect can be told from what any such damage does. The parts are drawn at random; a seed always draws the
 * same ones.
 *
 *   elsewhere(parseOperations("h2.1_a0.1.first"), settings, 1)   // as h1.3_a0.0.first, for example
 *
 * Directions and patches stay where they are: the engine makes them random (see engine/intervention.js).
 */
import { makeRng } from "../engine/sample.js";
import { headNames, layerAndHead } from "./heads.js";
import { formatOperations } from "./operations.js";

export const CONTROLS = 8; // that the probability of a token is compared with: as many short readings of a text
const TRIES = 4; // seeds for each of them: other parts are few in a small model, so some are drawn twice

/*
 * When an operation is said to matter for a token. It has to change its probability by what a reader sees in whole
 * percent; and move it further than nearly all of the controls do, because one of them may by chance have hit a part
 * that matters as well; and at least twice as far as they usually do (their median), or it would be a matter of luck.
 * How far is measured in log-odds: from 30% to 1% is further than to 8%, though both differences are large.
 */
const NOTICEABLE = 0.01; // a difference of probabilities
const BEATEN = 0.85; // of the controls: 7 of 8
const TIMES = 2;
const SMALLEST = 1e-3; // closer to 0 or 1, probabilities count as the same: nobody sees a difference on the page

/**
 * @param {import("./operations.js").Operation[]} operations
 * @param {{ n_layer: number, n_head: number, n_ff: number }} settings of the model
 * @param {number} seed
 * @returns {import("./operations.js").Operation[] | null} null where too few other parts are left
 */
export function elsewhere(operations, settings, seed) {
  const rng = makeRng(seed);
  const of = (...kinds) => operations.filter(({ kind }) => kinds.includes(kind));
  const takenLayers = of("layer").map(({ layer }) => layer);
  const takenHeads = of("head", "attention").map(({ head }) => head);
  const takenNeurons = of("neuron").map(({ neuron }) => neuron);

  const layers = draw(
    numbers(settings.n_layer).filter((layer) => !takenLayers.includes(layer)),
    takenLayers.length,
    rng,
  );
  if (!layers) return null;
  // What is in a layer that is off is off already.
  const isFree = (name) => ![...takenLayers, ...layers].includes(layerAndHead(name)[0]);
  const freeHeads = headNames(settings).filter((name) => isFree(name) && !takenHeads.includes(name));
  const heads = draw(freeHeads, takenHeads.length, rng);
  const freeNeurons = (takenNeurons.length ? neuronNames(settings) : []) // there are many
    .filter((name) => isFree(name) && !takenNeurons.includes(name));
  const neurons = draw(freeNeurons, takenNeurons.length, rng);
  if (!heads || !neurons) return null;
  return operations.map((one) => {
    if (one.kind === "layer") return { ...one, layer: layers.shift() };
    if (one.kind === "neuron") return { ...one, neuron: neurons.shift() };
    return "head" in one ? { ...one, head: heads.shift() } : one;
  });
}

/**
 * Several controls that differ from each other: where operations put a direction into the model, all of them do.
 * @param {import("./operations.js").Operation[]} operations @param {number} first the seed of the first control
 * @param {number} n how many at most
 * @returns {{ seed: number, operations: import("./operations.js").Operation[] }[]}
 */
export function controlsOf(operations, settings, first, n) {
  const isRandom = operations.some(isDirection);
  const found = new Map();
  for (let seed = first; seed < first + TRIES * n && found.size < n; seed++) {
    const others = elsewhere(operations, settings, seed);
    if (!others) return [];
    const name = isRandom ? seed : formatOperations(others);
    if (!found.has(name)) found.set(name, { seed, operations: others });
  }
  return [...found.values()];
}

/**
 * What operations do to the probability of a token, and what to make of it:
 *   "hardly"  they hardly change it
 *   "alone"   they change it, but there is nothing to compare with
 *   "clear"   they change it much more than controls do
 *   "chance"  not so: it cannot be told from what any such change does
 * @typedef {{ untouched: number, operated: number, controls: number[] }} Effect probabilities
 * @param {Effect} effect
 * @returns {{ kind: string, usual: number, asFar: number }} usual: the median of the controls; asFar: how many of them
 *   move it at least as far
 */
export function judge({ untouched, operated, controls }) {
  const far = (p) => Math.abs(logOdds(p) - logOdds(untouched));
  const distances = controls.map(far);
  const asFar = distances.filter((one) => one >= far(operated)).length;
  const found = { usual: median(controls), asFar };
  if (Math.abs(operated - untouched) < NOTICEABLE) return { kind: "hardly", ...found };
  if (!controls.length) return { kind: "alone", ...found };
  const isFurther = controls.length - asFar >= BEATEN * controls.length;
  const isClear = isFurther && far(operated) >= TIMES * median(distances);
  return { kind: isClear ? "clear" : "chance", ...found };
}

function logOdds(p) {
  const inside = Math.min(1 - SMALLEST, Math.max(SMALLEST, p));
  return Math.log(inside / (1 - inside));
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return sorted.length ? (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2 : 0;
}

/** Whether an operation puts something of a certain size into the model, whose control is a random direction. */
export const isDirection = ({ kind }) => kind === "steer" || kind === "patch";

const numbers = (n) => [...Array(n).keys()];

const neuronNames = ({ n_layer, n_ff }) =>
  numbers(n_layer).flatMap((layer) => numbers(n_ff).map((neuron) => `${layer}.${neuron}`));

/** So many of a list, each at most once; null if there are not so many. */
function draw(list, n, rng) {
  if (n > list.length) return null;
  const left = [...list];
  return Array.from({ length: n }, () => left.splice(Math.floor(rng() * left.length), 1)[0]);
}
