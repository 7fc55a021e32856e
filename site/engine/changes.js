/**
 * How far the weights of a model have moved: by tensor, by head and by neuron, each as the root mean square of the
 * differences.
 *
 *   changesOf(before, after, settings).heads[5]     // of head 1.1 of a model with four heads in a layer
 *
 * @typedef {Map<string, { shape: number[], values: Float32Array }>} Tensors
 */

/**
 * @param {Tensors} before @param {Tensors} after @param {any} settings
 * @returns {{ tensors: { name: string, weight: number, change: number }[], heads: number[], neurons: number[] }}
 *   heads and neurons layer by layer; none if the model is no GPT
 */
export function changesOf(before, after, settings) {
  const differences = new Map(
    Array.from(after, ([name, { shape, values }]) => {
      const first = before.get(name).values;
      return [name, { shape, values: values.map((one, i) => one - first[i]) }];
    }),
  );
  const tensors = Array.from(differences, ([name, { values }]) => ({
    name,
    weight: rms(before.get(name).values),
    change: rms(values),
  }));
  const isGPT = differences.has("position_embedding.weight");
  const layers = Array.from(
    { length: isGPT ? settings.n_layer : 0 },
    (_, layer) => (name) => differences.get(`blocks.${layer}.${name}.weight`),
  );
  return {
    tensors,
    heads: layers.flatMap((tensor) => headsOf(tensor, settings)),
    neurons: layers.flatMap((tensor) => neuronsOf(tensor, settings)),
  };
}

/** A head has rows of query, key and value, and columns of output. */
function headsOf(tensor, { n_head, n_embd }) {
  const D = n_embd / n_head;
  return Array.from({ length: n_head }, (_, head) => {
    const part = [head * D, (head + 1) * D];
    const rows = ["query", "key", "value"].map((name) => rowsOf(tensor(name), ...part));
    return rms([...rows, columnsOf(tensor("output"), ...part)].flat());
  });
}

/** A neuron has a row of up, and a column of down. */
function neuronsOf(tensor, { n_ff }) {
  return Array.from({ length: n_ff }, (_, neuron) =>
    rms([...rowsOf(tensor("up"), neuron, neuron + 1), ...columnsOf(tensor("down"), neuron, neuron + 1)]),
  );
}

const rowsOf = ({ shape, values }, first, end) => [...values.subarray(first * shape[1], end * shape[1])];

function columnsOf({ shape: [rows, columns], values }, first, end) {
  const found = [];
  for (let row = 0; row < rows; row++)
    found.push(...values.subarray(row * columns + first, row * columns + end));
  return found;
}

/** The root mean square of numbers. @param {ArrayLike<number> & Iterable<number>} numbers */
export function rms(numbers) {
  let squares = 0;
  for (const one of numbers) squares += one * one;
  return Math.sqrt(squares / numbers.length);
}
