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
