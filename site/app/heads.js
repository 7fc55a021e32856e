/** The names of heads, what they do, which to show first, and which text typed heads are tried on. */
import { showWhitespace } from "./format.js";

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

/**
 * What a head does, in a few words: its role; or, as most heads have none, what it attends to most, and
 * which token is predicted worst without it.
 *
 * @param heads the content of heads.json
 */
export function headTitle({ roles, described }, vocab, layer, head) {
  const { role, confidence } = roles[layer][head];
  if (role) return confidence === "clear" ? role : `partly ${role}`;
  const tokens = described.most_attended[layer][head].map(({ id }) => showWhitespace(vocab[id]));
  const [worst] = described.most_missed[layer][head];
  const likes = tokens.length ? `likes ${tokens.join("  ")}` : "likes no token in particular";
  const costs = worst
    ? `${showWhitespace(vocab[worst.id])} costs ${signed(worst.loss_rise, 1)} nats`
    : "no token costs more";
  return `${likes}; without it ${costs}`;
}

/** 0.0664 -> "+0.066"; what is rounded to nothing has both signs. */
export function signed(x, digits = 3) {
  const shown = Math.abs(x).toFixed(digits);
  if (Number(shown) === 0) return `±${shown}`;
  return `${x < 0 ? "−" : "+"}${shown}`;
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
