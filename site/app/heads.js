/** The names of heads, which head of a run to show first, and which text typed heads are tried on. */

const MAX_LENGTH = 20; // tokens

/** Head 1 of layer 2 is "2.1". */
export const headName = (layer, head) => `${layer}.${head}`;

/** "2.1" -> [2, 1]. */
export const layerAndHead = (name) => name.split(".").map(Number);

/** The names of all heads of a model, layer by layer. */
export const headNames = ({ n_layer, n_head }) =>
  Array.from({ length: n_layer * n_head }, (_, i) => headName(Math.floor(i / n_head), i % n_head));

/** The head whose ablation raises the loss of the final model most, such as "2.1"; null if unknown. */
export async function mostImportantHead(run) {
  if (run.manifest.missing.heads) return null;
  const { ablated_loss } = await run.part("heads");
  const all = ablated_loss
    .at(-1)
    .flatMap((losses, layer) => losses.map((loss, head) => ({ loss, name: headName(layer, head) })));
  return all.reduce((a, b) => (b.loss > a.loss ? b : a)).name;
}

/** A head such as "2.1" from an address, if the run has it; otherwise the default, or any. */
export function parseHead(run, text, defaultHead) {
  const names = headNames(run.manifest.settings);
  const { n_layer } = run.manifest.settings;
  return [text, defaultHead].find((name) => names.includes(name)) ?? headName(n_layer - 1, 0);
}

/** The ids that a typed head is tried on: never as many tokens as a head has channels. */
export function trialIds({ run, ids }) {
  const { n_embd, n_head } = run.manifest.settings;
  const D = n_embd / n_head;
  const T = Math.min(ids.length, MAX_LENGTH);
  return ids.slice(0, T === D ? T - 1 : T); // a forgotten transpose shows where T is not D
}
