/**
 * What each part of a model adds to the residual stream, and how far that raises the logit of a token: its direct
 * logit attribution.
 *
 * The last residual stream r is a sum of parts: the embeddings, the output of each head and that of each MLP. The
 * final norm takes the mean of r away, divides by its deviation s, and multiplies by its own weights w. With s as it
 * is, that is linear, so that a part v raises the logit of a token with the row u of `unembed` by
 *
 *   (u - mean of all rows) . (w (v - mean of v)) / s
 *
 * The mean of all rows is subtracted because what raises all logits by the same amount changes no probability. The
 * sum over all parts, and what the bias of the norm gives, is the logit of the token less the mean of all logits.
 */
import { rowOf } from "./weights.js";

const EPSILON = 1e-5; // that of the norms, as in kernel.js

/**
 * @param {import("./gpt.js").GPT} gpt which has read the text
 * @param {number} position @param {number} token
 * @returns {{ parts: { kind: string, layer: number, head: number, length: number, effect: number }[], bias: number,
 *   norms: { mean: number, deviation: number, length: number }[], normed: { mean: number, deviation: number },
 *   rank: number, p: number, advantage: number }}
 *   norms: of the residual stream at each depth; normed: at the last one, after it was normalised
 */
export function partsOf(gpt, position, token) {
  const direction = directionOf(gpt, position, token);
  const part = (kind, layer, head, vector) => ({
    kind,
    layer,
    head,
    length: Math.hypot(...vector),
    effect: dot(direction.ofPart, vector),
  });
  const parts = [part("embedding", -1, -1, gpt.residual(0, position))];
  for (let layer = 0; layer < gpt.L; layer++) {
    for (let head = 0; head < gpt.H; head++) {
      parts.push(part("head", layer, head, headOutput(gpt, layer, head, position)));
    }
    parts.push(part("mlp", layer, -1, mlpOutput(gpt, layer, position)));
  }
  const depths = Array.from({ length: 2 * gpt.L + 1 }, (_, depth) => gpt.residual(depth, position));
  const last = depths.at(-1);
  const { mean, deviation } = momentsOf(last);
  return {
    parts,
    bias: direction.ofBias,
    norms: depths.map((vector) => ({ ...momentsOf(vector), length: Math.hypot(...vector) })),
    normed: momentsOf(last.map((value) => (value - mean) / Math.sqrt(deviation ** 2 + EPSILON))),
    ...standing(gpt.logits(position), token),
  };
}

/**
 * The neurons of a layer at a position: their activations (n_ff), and how far each raises the logit of a token
 * (n_ff), as defined above.
 * @param {import("./gpt.js").GPT} gpt @param {number} position @param {number} token @param {number} layer
 */
export function neuronsOf(gpt, position, token, layer) {
  const { ofPart } = directionOf(gpt, position, token);
  const activations = gpt.neuronActivations(layer, position).slice();
  const effects = new Float32Array(gpt.n_ff);
  const down = gpt.tensors.get(`blocks.${layer}.down.weight`);
  for (let c = 0; c < gpt.C; c++) {
    const row = rowOf(down, c);
    for (let neuron = 0; neuron < gpt.n_ff; neuron++) {
      effects[neuron] += ofPart[c] * row[neuron] * activations[neuron];
    }
  }
  return { activations, effects };
}

/** Where a token stands among all: its rank, from 1, its probability, and its logit less the mean of all. */
function standing(logits, token) {
  const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length;
  const most = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
  return {
    rank: 1 + logits.filter((logit) => logit > logits[token]).length,
    p: Math.exp(logits[token] - most) / sum,
    advantage: logits[token] - mean,
  };
}

/** The vector that a part is multiplied with to get its effect on the logit of a token, and that of the bias. */
function directionOf(gpt, position, token) {
  const unembed = gpt.tensors.get("unembed.weight");
  const row = rowOf(unembed, token);
  const meanRow = new Float64Array(gpt.C);
  for (let id = 0; id < gpt.V; id++) {
    rowOf(unembed, id).forEach((value, c) => {
      meanRow[c] += value / gpt.V;
    });
  }
  const relative = Array.from(row, (value, c) => value - meanRow[c]);
  const weights = gpt.tensors.get("norm.weight").values;
  const { deviation } = momentsOf(gpt.residual(2 * gpt.L, position));
  const scaled = relative.map((value, c) => (value * weights[c]) / Math.sqrt(deviation ** 2 + EPSILON));
  const mean = scaled.reduce((sum, value) => sum + value, 0) / gpt.C;
  return {
    ofPart: scaled.map((value) => value - mean), // as if the mean of the part were taken away
    ofBias: dot(relative, gpt.tensors.get("norm.bias").values),
  };
}

/** What a head adds to the residual stream at a position: its mixture of values, through its part of `output`. */
function headOutput(gpt, layer, head, position) {
  const { C, D } = gpt;
  const name = `${layer}.${head}`;
  const mixed = new Float64Array(D);
  if (!gpt.ablated.heads.has(name)) {
    gpt.attentionRow(layer, head, position).forEach((weight, key) => {
      gpt.vector("values", layer, head, key).forEach((value, d) => {
        mixed[d] += weight * value;
      });
    });
  }
  const output = gpt.tensors.get(`blocks.${layer}.output.weight`);
  return Array.from({ length: C }, (_, c) => dot(mixed, rowOf(output, c).subarray(head * D, (head + 1) * D)));
}

function mlpOutput(gpt, layer, position) {
  const neurons = gpt.neuronActivations(layer, position);
  const down = gpt.tensors.get(`blocks.${layer}.down.weight`);
  return Array.from({ length: gpt.C }, (_, c) => dot(neurons, rowOf(down, c)));
}

/** The mean of the numbers of a vector, and how far they lie from it. */
function momentsOf(vector) {
  const mean = vector.reduce((sum, value) => sum + value, 0) / vector.length;
  const variance = vector.reduce((sum, value) => sum + (value - mean) ** 2, 0) / vector.length;
  return { mean, deviation: Math.sqrt(variance) };
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
