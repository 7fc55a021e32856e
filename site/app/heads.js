/** Which head of a run to show first, and which text typed heads are tried on. */

const MAX_LENGTH = 20; // tokens

/** The head whose ablation raises the loss of the final model most, such as "2.1"; null if unknown. */
export async function mostImportantHead(run) {
  if (run.manifest.missing.heads) return null;
  const { ablated_loss } = await run.part("heads"),
    all = ablated_loss
      .at(-1)
      .flatMap((losses, layer) => losses.map((loss, head) => ({ loss, name: `${layer}.${head}` })));
  return all.reduce((a, b) => (b.loss > a.loss ? b : a)).name;
}

/** A head such as "2.1" from an address, if the run has it; otherwise the default. */
export function parseHead(run, text, defaultHead) {
  const { n_layer, n_head } = run.manifest.settings,
    [layer, head] = (text ?? "").split(".").map(Number);
  const isHead = /^\d+\.\d+$/.test(text) && layer < n_layer && head < n_head;
  return isHead ? text : (defaultHead ?? `${n_layer - 1}.0`);
}

/** The ids that a typed head is tried on: never as many tokens as a head has channels. */
export function trialIds({ run, ids }) {
  const { n_embd, n_head } = run.manifest.settings;
  const D = n_embd / n_head,
    T = Math.min(ids.length, MAX_LENGTH);
  return ids.slice(0, T === D ? T - 1 : T); // a forgotten transpose shows where T is not D
}
