/**
 * Two forward passes, and what their models predict differently where both have read the same text.
 *
 *   const comparison = new Comparison(pass, otherPass, await readAlike(pass, otherPass));
 *   comparison.changes(9)   // of the prediction for position 9: [{ token, before, after, delta }, …]
 *   comparison.largest      // the largest of all: { position, token, before, after }
 */
import { ForwardPass, firstDifference, isSameModel } from "./forward-pass.js";

export class Comparison {
  /**
   * @param {ForwardPass} pass @param {ForwardPass} otherPass
   * @param {ForwardPass | null} [reader] the model of the other one, having read the text of the first one
   */
  constructor(pass, otherPass, reader = null) {
    this.pass = pass;
    this.reader = reader ?? otherPass;
    this.isSame = isSameModel(pass, otherPass);
    this.isDrawnAlike = this.isSame && pass.temperature === otherPass.temperature;
    this.divergence = firstDifference(pass, otherPass);
    // Up to this position, both texts are the same; up to the next one, both models can read the same.
    this.last = Math.min(this.divergence ?? Infinity, pass.lastPosition, otherPass.lastPosition);
    this.lastRead = reader ? pass.lastPosition : this.last;
    const ids = new Map(this.reader.vocab.map((token, id) => [token, id]));
    this.idsThere = pass.vocab.map((token) => ids.get(token)); // undefined: it has no such token
    this.largest = this.findLargest();
  }

  /** The position to begin with: the one that was chosen elsewhere, or where the two differ most. */
  startAt(chosen) {
    if (chosen > 0 && chosen <= this.last) return chosen;
    return this.largest?.position ?? Math.max(1, this.last);
  }

  /**
   * The probabilities for a position by both models. Of the same model at two temperatures, these are the
   * probabilities of being drawn.
   */
  probabilities(position) {
    return [this.pass, this.reader].map((one) =>
      one.samplingProbs(position, this.isSame ? one.temperature : 1),
    );
  }

  /** The change in probability of each token that is in both vocabularies; the largest rise comes first. */
  changes(position) {
    const [before, after] = this.probabilities(position);
    return this.pass.vocab
      .map((token, id) => ({ token, before: before[id], after: after[this.idsThere[id]] ?? 0 }))
      .map((one) => ({ ...one, delta: one.after - one.before }))
      .sort((a, b) => b.delta - a.delta);
  }

  /** The largest change as far as both texts are the same; null if nothing changes at all. */
  findLargest() {
    const { pass, last, isSame } = this;
    let largest = null;
    // At another temperature, only tokens after the prompt are drawn differently.
    for (let position = isSame ? pass.promptLength : 1; position <= last; position++) {
      const [before, after] = this.probabilities(position);
      for (const [id, p] of before.entries()) {
        const other = after[this.idsThere[id]] ?? 0;
        const size = Math.abs(other - p);
        if (size > (largest?.size ?? 0)) largest = { position, id, before: p, after: other, size };
      }
    }
    return largest && { ...largest, token: pass.vocab[largest.id] };
  }
}

/**
 * The model of one forward pass, having read the text of another one (teacher forcing), so that what both
 * predict can be compared after their own texts diverge, too. Null where it has other tokens.
 * @param {ForwardPass} pass with the text @param {ForwardPass} otherPass with the model
 * @param {AbortSignal} [signal]
 * @returns {Promise<ForwardPass | null>}
 */
export async function readAlike(pass, otherPass, signal) {
  const { ids, promptLength } = pass;
  const hasSameTokens = pass.vocab.join("\0") === otherPass.vocab.join("\0");
  if (!hasSameTokens || ids.length > otherPass.run.manifest.settings.n_ctx) return null;
  if (firstDifference(pass, otherPass) === null) return otherPass;
  const { intervention } = otherPass;
  const read = await otherPass.model.forward(ids, { intervention, signal });
  return new ForwardPass({ ...otherPass, ...read, ids, promptLength, generated: undefined });
}

/** Changes that are smaller than what percentTenths shows are not listed. */
export const SMALLEST_CHANGE = 0.0005;
