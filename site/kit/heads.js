/** Which head of a run to show first, and which text typed heads are tried on. */

const LENGTH = 20;  // tokens

/** The head that the final model would miss most, such as "2.1"; null if that is not known. */
export async function mostMissed(run) {
  if (run.manifest.missing.heads) return null;
  const { without } = await run.part("heads"), all = without.at(-1).flatMap((losses, layer) =>
    losses.map((loss, head) => ({ loss, name: `${layer}.${head}` })));
  return all.reduce((a, b) => (b.loss > a.loss ? b : a)).name;
}

/** The head that an address names, if the run has it; otherwise another one. */
export function headOf(run, named, otherwise) {
  const { n_layer, n_head } = run.manifest.settings, [layer, head] = (named ?? "").split(".").map(Number);
  const isHead = /^\d+\.\d+$/.test(named) && layer < n_layer && head < n_head;
  return isHead ? named : otherwise ?? `${n_layer - 1}.0`;
}

/** The part of a text that a typed head is tried on: never as many tokens as a head has numbers. */
export function triedOn({ run, ids }) {
  const { n_embd, n_head } = run.manifest.settings;
  const D = n_embd / n_head, T = Math.min(ids.length, LENGTH);
  return ids.slice(0, T === D ? T - 1 : T);  // a forgotten transpose shows where T is not D
}
