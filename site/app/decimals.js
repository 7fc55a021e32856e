/** Numbers with decimals, as people read them. */

/** -0.1234 -> "−0.12": with a real minus, which what is rounded to nothing does not have. @param {number} number */
export const decimals = (number, digits = 2) =>
  number
    .toFixed(digits)
    .replace(/^-(?=[0.]*$)/, "")
    .replace("-", "−");

/** 0.0042 -> "0.4%": changes may be small. What is not quite 0 or not quite 1 is not rounded to it. */
export function percentTenths(p) {
  if (p === 0 || p === 1) return `${100 * p}%`;
  if (p > 0 && p < 0.0005) return "<0.1%";
  if (p < 1 && p >= 0.9995) return ">99.9%";
  return `${(100 * p).toFixed(1)}%`;
}

/**
 * 0.9997 -> "99.97%", 0.00012 -> "0.012%": enough digits to tell apart what is nearly certain, and what is
 * hardly possible.
 */
export function precisePercent(p) {
  if (p > 0 && p < 1e-5) return "<0.001%";
  if (p < 1 && p > 0.9999) return ">99.99%";
  const rest = Math.min(p, 1 - p); // how far it is from the nearer end
  if (!rest) return `${100 * p}%`;
  const digits = (p < 0.5 ? 1 : 0) - Math.floor(Math.log10(100 * rest));
  return `${(100 * p).toFixed(Math.max(0, Math.min(3, digits)))}%`;
}

/** A probability with two decimals, so that small changes of it are seen; more near its ends. */
export const finePercent = (p) => (p >= 0.01 && p <= 0.99 ? `${(100 * p).toFixed(2)}%` : precisePercent(p));
