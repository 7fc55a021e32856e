/**
 * The axis that all figures of a film share: its watched steps stand side by side, equally far
 * apart, and what lies between two of them lies between them. So it begins slowly, where most
 * happens, and the thumb of the slider is above the point that it means.
 */

/** Where a step lies among steps that grow: 0 is the first of them, 1 the second, 0.5 between. */
export function place(step, steps) {
  let i = 0;
  while (i + 2 < steps.length && steps[i + 1] <= step) i++;
  if (steps.length < 2) return 0;
  const along = (step - steps[i]) / (steps[i + 1] - steps[i]);
  return Math.min(steps.length - 1, Math.max(0, i + along));
}

/** The one of some steps that is nearest to another, the earlier of two. */
export function nearest(step, steps) {
  return steps.reduce((best, one) => (Math.abs(one - step) < Math.abs(best - step) ? one : best));
}

/** The last of some steps that is not after another; the first if all are. */
export function latest(step, steps) {
  return steps.findLast((one) => one <= step) ?? steps[0];
}
