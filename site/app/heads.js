/** The names of heads, what they do, which to show first, and which text typed heads are tried on. */
import { END } from "../engine/tokenizer.js";
import { showWhitespace } from "./format.js";

const MAX_LENGTH = 20; // tokens
const CLEARLY_MORE = 1.5; // times what chance would give it: only then is a head said to like a token

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
 * What a head without a role looks at: `liked`, the tokens that get clearly more of its attention than by chance;
 * `restsOnEnd`, whether the end token does, where a head rests when it has nothing to do.
 *
 * @param described that of heads.json
 */
export function preferences(described, vocab, layer, head) {
  const clear = described.most_attended[layer][head].filter(
    ({ fraction, uniform_fraction }) => fraction >= CLEARLY_MORE * uniform_fraction,
  );
  const isEnd = ({ id }) => vocab[id] === END;
  return { liked: clear.filter((one) => !isEnd(one)), restsOnEnd: clear.some(isEnd) };
}

/**
 * What a head does, in a few words: its role; or, as most heads have none, what it attends to most, and
 * at which token the loss rises most without it.
 *
 * @param heads the content of heads.json
 */
export function headTitle({ roles, described }, vocab, layer, head) {
  const { role, confidence } = roles[layer][head];
  if (role) return confidence === "clear" ? role : `partly ${role}`;
  const { liked, restsOnEnd } = preferences(described, vocab, layer, head);
  const [worst] = described.most_missed[layer][head];
  const parts = [];
  if (liked.length) parts.push(`likes ${liked.map(({ id }) => showWhitespace(vocab[id])).join("  ")}`);
  if (restsOnEnd) parts.push(`rests on ${showWhitespace(END)}`);
  if (!parts.length) parts.push("likes nothing in particular");
  const costs = worst
    ? `${showWhitespace(vocab[worst.id])} costs ${signed(worst.loss_rise, 1)} nats`
    : "no token costs more";
  return `${parts.join("; ")}; without it ${costs}`;
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
