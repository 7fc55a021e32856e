/** How guesses are scored. */

/** Numbers that are in proportion to probabilities -> probabilities, 100% together. */
export function renormalized(numbers) {
  const sum = numbers.reduce((total, one) => total + one, 0);
  return numbers.map((one) => one / sum);
}

/** How surprising something was that had this probability, in bits: 50% is 1 bit, 25% are 2. */
export const surprise = (p) => -Math.log2(p);
