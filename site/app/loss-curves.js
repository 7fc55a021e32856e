/**
 * What <loss-curves> works out before it draws: how far its axis goes, and what each curve does, in words.
 *
 * @typedef {[step: number, loss: number]} Point
 * @typedef {object} Curve
 * @property {string} name
 * @property {Point[]} points in the order of their steps; a loss that is not a number ends the curve
 * @property {boolean} [isReference] what the others are compared with: a broad grey line below them
 * @property {[step: number, low: number, high: number][]} [band] between which losses of the same steps lie
 * @property {number} [style] the index of its style (see curve-styles.js); by default, that of its turn
 * @typedef {{ uniform: number, unigram: number, bigram: number }} Baselines in nats per token
 */
import { count } from "./format.js";

const ABOVE_GUESSING = 1.1; // a model that is much worse than guessing has diverged: how far is not the point
const ROOM = 0.08; // of the range that is shown, above and below it

/** The points of a curve that can be drawn: those before its first loss that is not a number. @param {Curve} curve */
export function drawable({ points }) {
  const end = points.findIndex(([, loss]) => !Number.isFinite(loss));
  return end < 0 ? points : points.slice(0, end);
}

/** Whether the loss stopped being a number. @param {Curve} curve */
export const isBroken = (curve) => drawable(curve).length < curve.points.length;

/**
 * The highest loss that is shown: a curve that diverges must not flatten all others.
 * @param {Curve[]} curves @param {Baselines | null} baselines
 */
export function ceiling(curves, baselines) {
  if (baselines) return ABOVE_GUESSING * baselines.uniform;
  const starts = curves.flatMap((curve) => drawable(curve).slice(0, 1)).map(([, loss]) => loss);
  return ABOVE_GUESSING * Math.max(...starts, 0) || 1;
}

/**
 * The lowest and the highest loss of the axis: from 0 on where all steps are shown, and otherwise what happens in those
 * that are.
 * @param {Curve[]} curves @param {{ baselines: Baselines | null, fromStep: number }} shown
 * @returns {[low: number, high: number]}
 */
export function lossRange(curves, { baselines, fromStep }) {
  const highest = ceiling(curves, baselines);
  if (!fromStep) return [0, highest];
  const losses = curves.flatMap(({ band = [], ...curve }) => [
    ...drawable(curve)
      .filter(isFrom(fromStep))
      .map(([, loss]) => loss),
    ...band.filter(isFrom(fromStep)).flatMap(([, low, high]) => [low, high]),
  ]);
  const shown = losses.filter((loss) => loss < highest);
  if (!shown.length) return [0, highest];
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  const room = ROOM * (high - low) || ROOM * high || ROOM;
  return [Math.max(0, low - room), high + room];
}

/** Whether a point is shown. @param {number} fromStep @returns {(point: number[]) => boolean} */
const isFrom =
  (fromStep) =>
  ([step]) =>
    step >= fromStep;

/** What a curve does, in words. @param {Curve} curve */
export function curveSentence(curve) {
  const points = drawable(curve);
  if (!points.length) return `${curve.name}: nothing was measured yet.`;
  const [firstStep, first] = points[0];
  const [lastStep, last] = points.at(-1);
  const way = `from ${first.toFixed(2)} at step ${count(firstStep)} to ${last.toFixed(2)} at step ${count(lastStep)}`;
  const end = isBroken(curve) ? ", after which it stops being a number" : "";
  const band = curve.band?.at(-1);
  const between = band ? `; its seeds end between ${band[1].toFixed(2)} and ${band[2].toFixed(2)}` : "";
  return `${curve.name}: ${way}${end}${between}.`;
}
