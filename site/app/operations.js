/**
 * What is done to a model while it writes or reads: a list of operations, in the order in which they were chosen.
 *   { kind: "head", head: "2.1" }                          head 2.1 is switched off
 *   { kind: "layer", layer: 2 }                            layer 2 is skipped
 *   { kind: "neuron", neuron: "2.117" }                    neuron 117 of layer 2 is switched off
 *   { kind: "attention", head: "2.1", pattern: "first" }   what the head looks at is replaced: see PATTERNS
 *   { kind: "steer", depth: 4, from: 12, to: 13, strength: 150 }
 *                                                          the way from the embedding of one token to that of another
 *                                                          is added, 1.5 times (strength is in percent)
 *   { kind: "patch", depth: 4, position: 9, from: 7 }      the residual stream becomes that of another text (the
 *                                                          store's otherText) at its position `from`
 * Depths are those of GPT.residual: 0 is the embedding, 2 l + 1 and 2 l + 2 follow the attention and the MLP of layer
 * l. In the address it reads h2.1_l2_n2.117_a2.1.first_s4.12.13.150_p4.9.7.
 *
 * @typedef {{ kind: string, head?: string, layer?: number, neuron?: string, pattern?: string, depth?: number,
 *   from?: number, to?: number, strength?: number, position?: number }} Operation
 */
import { showWhitespace } from "./format.js";
import { headNames } from "./heads.js";

export const PATTERNS = ["previous", "first", "self", "uniform", "nowhere"];
export const MAX_STRENGTH = 800; // percent
export const MAX_OPERATIONS = 40; // they stand in the address

const FORMS = {
  h: [/^(\d+\.\d+)$/, ([head]) => ({ kind: "head", head })],
  l: [/^(\d+)$/, ([layer]) => ({ kind: "layer", layer: Number(layer) })],
  n: [/^(\d+\.\d+)$/, ([neuron]) => ({ kind: "neuron", neuron })],
  a: [/^(\d+\.\d+)\.([a-z]+)$/, ([head, pattern]) => ({ kind: "attention", head, pattern })],
  s: [/^(\d+)\.(\d+)\.(\d+)\.(-?\d+)$/, (parts) => steering(...parts.map(Number))],
  p: [/^(\d+)\.(\d+)\.(\d+)$/, (parts) => patching(...parts.map(Number))],
};
const steering = (depth, from, to, strength) => ({ kind: "steer", depth, from, to, strength });
const patching = (depth, position, from) => ({ kind: "patch", depth, position, from });

/** @param {string} text @returns {Operation[] | undefined} undefined for what is no list of operations */
export function parseOperations(text) {
  const found = text === "" ? [] : text.split("_").map(parseOne);
  return found.includes(undefined) || found.length > MAX_OPERATIONS ? undefined : found;
}

/** @returns {Operation | undefined} */
function parseOne(text) {
  const [form, read] = FORMS[text[0]] ?? [];
  const parts = form?.exec(text.slice(1));
  return parts ? read(parts.slice(1)) : undefined;
}

/** @param {Operation[]} operations */
export const formatOperations = (operations) => operations.map(formatOne).join("_");

function formatOne(one) {
  const { kind, head, depth, from, position } = one;
  if (kind === "attention") return `a${head}.${one.pattern}`;
  if (kind === "steer") return `s${depth}.${from}.${one.to}.${one.strength}`;
  if (kind === "patch") return `p${depth}.${position}.${from}`;
  return `${kind[0]}${head ?? one.layer ?? one.neuron}`;
}

/** Whether a model has what an operation is about. @param {Operation} one */
export function isPossible(run, one) {
  const { settings } = run.manifest;
  const { n_layer, n_ctx } = settings;
  const isToken = (id) => id < run.vocab.length;
  if (one.kind === "head") return headNames(settings).includes(one.head);
  if (one.kind === "attention")
    return headNames(settings).includes(one.head) && PATTERNS.includes(one.pattern);
  if (one.kind === "layer") return one.layer < n_layer;
  if (one.kind === "neuron") return isNeuron(settings, one.neuron);
  if (one.depth > 2 * n_layer) return false;
  if (one.kind === "patch") return one.position < n_ctx && one.from < n_ctx;
  return isToken(one.from) && isToken(one.to) && Math.abs(one.strength) <= MAX_STRENGTH;
}

function isNeuron({ n_layer, n_ff }, name) {
  const [layer, neuron] = name.split(".").map(Number);
  return layer < n_layer && neuron < n_ff;
}

/** Those in an address that are possible with a model: none, if it holds no list of operations. */
export const operationsOf = (run, text) =>
  run ? (parseOperations(text ?? "") ?? []).filter((one) => isPossible(run, one)) : [];

/** Which part of the model an operation is about: there is one operation at most for each. @param {Operation} one */
const placeOf = ({ kind, head, layer, neuron, depth, position }) =>
  kind === "steer"
    ? `steer ${depth}`
    : [kind === "attention" ? "head" : kind, head, layer, neuron, depth, position].join(" ");

/** The same operations with one more; it takes the place of one about the same part. @param {Operation[]} operations */
export const withOperation = (operations, added) => [...without(operations, added), added];

/** The same operations, but none about the part that this one is about. @param {Operation[]} operations */
export const without = (operations, removed) => operations.filter((one) => placeOf(one) !== placeOf(removed));

/** Where a head looks once it is replaced, after "looks". */
export const LOOKS = {
  previous: "only at the token before",
  first: "only at the first token",
  self: "only at itself",
  uniform: "at all tokens equally",
  nowhere: "nowhere",
};

/** An operation in words, as they go on after "In this model, ". @param {Operation} one @returns {string} */
export function describe(run, one) {
  const name = (id) => `“${showWhitespace(run.vocab[id])}”`;
  const { kind, depth } = one;
  if (kind === "head") return `head ${one.head} is off`;
  if (kind === "layer") return `layer ${one.layer} is off`;
  if (kind === "neuron") return `neuron ${one.neuron} is off`;
  if (kind === "attention") return `head ${one.head} looks ${LOOKS[one.pattern]}`;
  if (kind === "steer") {
    const times = (one.strength / 100).toLocaleString("en").replace("-", "−");
    return `${depthName(depth)}, the way from ${name(one.from)} to ${name(one.to)} is added, times ${times}`;
  }
  return `${depthName(depth)}, position ${one.position} is that of position ${one.from} in the other text`;
}

/** A depth of the model, in words. */
export function depthName(depth) {
  if (depth === 0) return "at the embeddings";
  const layer = Math.floor((depth - 1) / 2);
  return depth % 2 ? `after the attention of layer ${layer}` : `after layer ${layer}`;
}

/**
 * What the worker takes (see engine/intervention.js).
 * @param {Operation[]} operations @param {number[]} [otherIds] the tokens of the text that patches come from
 * @param {{ control?: number }} [options] control: a seed; random directions take the place of those that are added
 */
export function interventionOf(operations, otherIds = [], { control } = {}) {
  const of = (kind) => operations.filter((one) => one.kind === kind);
  return {
    heads: of("head").map(({ head }) => head),
    layers: of("layer").map(({ layer }) => layer),
    neurons: of("neuron").map(({ neuron }) => neuron),
    attention: Object.fromEntries(of("attention").map(({ head, pattern }) => [head, pattern])),
    steer: of("steer").map(({ depth, from, to, strength }) => ({
      depth,
      from,
      to,
      strength: strength / 100,
    })),
    patches: of("patch")
      .filter(({ from }) => from < otherIds.length)
      .map(({ depth, position, from }) => ({ depth, position, from, ids: otherIds })),
    ...(control !== undefined && { control }),
  };
}
