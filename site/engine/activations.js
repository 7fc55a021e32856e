/** What a model computed of a text, in a form that can be sent to the page. */
import { entropy } from "./sample.js";

/**
 * What a model keeps of the text in its cache: logits (T, V); attention, of each head the lower
 * triangle, row by row, (L H, T (T + 1) / 2); attentionEntropy of each row (L H, T) in nats.
 */
export function activationsOf(gpt) {
  const T = gpt.length;
  const triangle = (T * (T + 1)) / 2;
  const heads = gpt.L * gpt.H;
  const logits = new Float32Array(T * gpt.V);
  const attention = new Float32Array(heads * triangle);
  const attentionEntropy = new Float32Array(heads * T);
  for (let position = 0; position < T; position++) {
    logits.set(gpt.logits(position), position * gpt.V);
    for (let i = 0; i < heads; i++) {
      const row = gpt.attentionRow(Math.floor(i / gpt.H), i % gpt.H, position);
      attention.set(row, i * triangle + (position * (position + 1)) / 2);
      attentionEntropy[i * T + position] = entropy(row);
    }
  }
  return { logits, attention, attentionEntropy };
}
