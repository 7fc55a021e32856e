/**
 * The fraction of each learning rate in a step: it rises, stays at 1, then falls to zero.
 * @param {number} step @param {{ warmup: number, steps: number, cooldown: number }} settings
 */
export const lrMultiplier = (step, { warmup, steps, cooldown }) =>
  Math.min((step + 1) / (warmup + 1), 1, (1 - step / steps) / cooldown);
