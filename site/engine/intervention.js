/**
 * Interventions, as a page describes them: what GPT.intervene takes, with names and texts in place of numbers.
 *   layers, heads, neurons, positions, residual   as there
 *   attention   { "2.1": "uniform" }: the name of one of the patterns below
 *   patches     [{ depth, position, ids, from }]: the residual stream at a depth (see GPT.residual) and a
 *               position becomes what it is in another text, `ids`, at position `from`
 *   steer       [{ depth, from, to, strength }]: the way from the embedding of one token to that of another,
 *               both given by their ids, times the strength, is added to the residual stream at a depth
 *   control     a seed: each patch and each of these ways is replaced by a random direction of the same length,
 *               so that an effect can be told from what any change of this size does
 */
import { makeRng } from "./sample.js";

const patterns = {
  uniform: (position) => new Float32Array(position + 1).fill(1 / (position + 1)),
  previous: (position) => oneHot(position, Math.max(0, position - 1)),
  first: (position) => oneHot(position, 0),
  self: (position) => oneHot(position, position),
  nowhere: (position) => new Float32Array(position + 1),
};

function oneHot(query, key) {
  const row = new Float32Array(query + 1);
  row[key] = 1;
  return row;
}

/**
 * What GPT.intervene takes. The model's cache is used, and left as it happens to be.
 * @param {import("./gpt.js").GPT} model @param {number[]} ids of the text that the model is going to read
 * @param {any} [intervention] see above
 * @throws {RangeError} for a depth or a position that is not there
 */
export function resolved(model, ids, intervention = {}) {
  const { attention = {}, patches = [], steer = [], control, ...others } = intervention;
  const replacements = Object.entries(attention).map(([head, name]) => [head, patterns[name]]);
  const rng = makeRng(control ?? 0);
  const change = (vector) => (control === undefined ? vector : randomDirection(vector, rng));
  return {
    ...others,
    attention: Object.fromEntries(replacements),
    patches: patches.map((patch) => ({ ...patch, vector: patchVector(model, ids, patch, change) })),
    directions: steer.map((one) => ({ depth: one.depth, vector: change(steeringVector(model, one)) })),
  };
}

/** What the residual stream of a text becomes: its own value, and a change that leads to the other's. */
function patchVector(model, ids, { depth, position, ids: otherIds, from }, change) {
  const own = residualOf(model, ids, depth, position);
  const other = residualOf(model, otherIds, depth, from);
  const added = change(other.map((value, c) => value - own[c]));
  return own.map((value, c) => value + added[c]);
}

function residualOf(model, ids, depth, position) {
  if (!(depth >= 0 && depth <= 2 * model.L)) throw new RangeError(`This model has no depth ${depth}.`);
  if (!(position >= 0 && position < ids.length)) {
    throw new RangeError(`A text of ${ids.length} tokens has no position ${position}.`);
  }
  model.intervene({});
  model.forward(ids.slice(0, position + 1));
  return model.residual(depth, position).slice();
}

function steeringVector(model, { from, to, strength }) {
  const start = model.tokenEmbedding(from);
  return Float32Array.from(model.tokenEmbedding(to), (value, c) => strength * (value - start[c]));
}

/**
 * A vector in a random direction, as long as another one: of normally distributed numbers, no direction is
 * more likely than another.
 * @param {Float32Array} vector @param {() => number} rng @returns {Float32Array}
 */
export function randomDirection(vector, rng) {
  const random = vector.map(() => Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng()));
  const scale = Math.hypot(...vector) / Math.hypot(...random);
  return random.map((value) => scale * value);
}
