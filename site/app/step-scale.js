/**
 * Scales of training steps. Figures have one in common: the sampled steps are equally far apart, and a step
 * between two of them lies between them. So early steps, in which most happens, get the most room, and the
 * thumb of the slider is above the point that it stands for.
 */

/** Where a step stands on an axis, by the name of the scale. @type {Object<string, (step: number, steps: number[]) => number>} */
export const SCALES = {
  samples: fractionalIndex,
  linear: (step) => step,
  logarithmic: (step) => Math.log10(Math.max(step, 0.5)), // step 0 has no logarithm
};

/** The index of a step among increasing steps: 0 is the first of them, 1 the second, 0.5 halfway. */
export function fractionalIndex(step, steps) {
  let i = 0;
  while (i + 2 < steps.length && steps[i + 1] <= step) i++;
  if (steps.length < 2) return 0;
  const fraction = (step - steps[i]) / (steps[i + 1] - steps[i]);
  return Math.min(steps.length - 1, Math.max(0, i + fraction));
}

/** The step that is nearest to another one; of two, the earlier. */
export function nearest(step, steps) {
  return steps.reduce((best, one) => (Math.abs(one - step) < Math.abs(best - step) ? one : best));
}

/** The last step that is not after another one; the first if all are. */
export function latest(step, steps) {
  return steps.findLast((one) => one <= step) ?? steps[0];
}

/** Round steps from 0 to the last one, for the numbers on an axis: about `n` of them. */
export function roundSteps(scale, last, n) {
  if (scale === "logarithmic") {
    const powers = Array.from({ length: Math.floor(Math.log10(Math.max(1, last))) + 1 }, (_, i) => 10 ** i);
    return [0, ...powers];
  }
  const rough = Math.max(1, last / Math.max(1, n));
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = power * [1, 2, 5, 10].find((one) => one * power >= rough);
  return Array.from({ length: Math.floor(last / apart) + 1 }, (_, i) => i * apart);
}

/**
 * How far a number went, back and forth, between two steps of a training. Between two snapshots it is taken to go
 * straight.
 *
 * @param {number[]} values what it was at each of the saved steps @param {number[]} steps
 */
export function pathLength(values, steps, from = steps[0], to = steps.at(-1)) {
  let way = 0;
  for (let i = 1; i < steps.length; i++) {
    const length = steps[i] - steps[i - 1];
    const within = Math.min(to, steps[i]) - Math.max(from, steps[i - 1]);
    if (within > 0) way += (Math.abs(values[i] - values[i - 1]) * within) / length;
  }
  return way;
}
