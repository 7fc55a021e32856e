/**
 * The losses of a training, one for each update, and bounded: beyond some thousands, neighbours become one point with
 * the mean of their losses. So a long training takes no more memory than a short one, and is drawn as quickly.
 */
const MOST = 2000; // points; a screen shows fewer

/** @typedef {{ step: number, loss: number }} Point step: that after the last of its updates */

export class LossSeries {
  /**
   * @param {{ points?: Point[], stride?: number, sum?: number, count?: number }} [kept] as `kept` gives it
   */
  constructor({ points = [], stride = 1, sum = 0, count = 0 } = {}) {
    /** What figures show; a new array after each change. */
    this.points = points;
    this.stride = stride; // updates in a point
    this.sum = sum; // of the losses of a point that is not complete
    this.count = count;
  }

  /** The losses of the updates that ended with this step. @param {ArrayLike<number>} losses @param {number} step */
  add(losses, step) {
    const points = [...this.points];
    for (let i = 0; i < losses.length; i++) {
      this.sum += losses[i];
      this.count += 1;
      if (this.count < this.stride) continue;
      points.push({ step: step - losses.length + 1 + i, loss: this.sum / this.count });
      this.sum = 0;
      this.count = 0;
    }
    this.points = points;
    while (this.points.length > MOST) this.thin();
  }

  /** Two points become one. */
  thin() {
    const { points } = this;
    const isOdd = points.length % 2 === 1;
    this.points = [];
    for (let i = 0; i + 1 < points.length; i += 2) {
      const loss = (points[i].loss + points[i + 1].loss) / 2;
      this.points.push({ step: points[i + 1].step, loss });
    }
    if (isOdd) {
      this.sum += points.at(-1).loss * this.stride;
      this.count += this.stride;
    }
    this.stride *= 2;
  }

  /** What is kept of it in the browser's storage. */
  get kept() {
    const { points, stride, sum, count } = this;
    return { points, stride, sum, count };
  }
}

/**
 * Fewer things in the order of steps: every other one goes, from the oldest on, but not the first and not the last.
 * @template {{ step: number }} T
 * @param {T[]} list @param {number} most how many stay
 * @returns {T[]}
 */
export function thinned(list, most) {
  let kept = list;
  while (kept.length > most) {
    const last = kept.length - 1;
    kept = kept.filter((_, i) => i === last || i % 2 === 0);
  }
  return kept;
}
