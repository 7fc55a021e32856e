/**
 * How much a validation loss depends on the seed, the number from which all random choices of a training
 * follow. Runs that differ in nothing else end within a band, from the lowest of their losses to the
 * highest. Few runs have one: see `band` in docs/formats.md.
 */

/** @typedef {{ low: number, high: number, runs: number, of: "preset" | "seeds" }} Band */

// How far chance may lead beyond a band, in widths of it. Simulated with normally distributed losses and a
// band of three runs: a fourth, correct run lies more than half a width outside in 24% of all cases, and
// more than two widths outside in 5%.
const MARGIN_WIDTHS = 2;

// How many widths chance may put between two runs. In the same simulation, two correct runs differ by more
// than one width in 31% of all cases, and by more than three widths in 6%.
const DIFFERENCE_WIDTHS = 3;

// The same for the means of two times three or more runs: those of models that differ in nothing but the seeds are more
// than one width apart in 5% of all cases, and a mean of three is more than three widths from a single run in 4%.
const DIFFERENCE_OF_MEANS_WIDTHS = 1;

/** With fewer seeds, nobody knows how far apart chance puts them. */
export const ENOUGH_SEEDS = 3;

/** How far apart the losses of a band are, in nats per token. @param {Band} band */
export const bandWidth = ({ low, high }) => high - low;

/** How far outside of a band a correct run may end, in nats per token. @param {Band} band */
export const bandMargin = (band) => MARGIN_WIDTHS * bandWidth(band);

/**
 * Whether a loss is what the runs of a band lead one to expect: "lower", "expected" or "higher".
 * @param {number} loss @param {Band} band
 * @returns null where the losses of the band are all the same, which says nothing about other seeds
 */
export function compareWithBand(loss, band) {
  const margin = bandMargin(band);
  if (margin === 0) return null;
  if (loss < band.low - margin) return "lower";
  return loss > band.high + margin ? "higher" : "expected";
}

/**
 * How far apart the validation losses of two runs are, and how far apart seeds alone would put them.
 * @param {Run} run @param {Run} otherRun
 * @returns null where they are losses of different texts or tokens, or where no band with a width is known
 */
export function compareLosses(run, otherRun) {
  const losses = [run, otherRun].map((one) => one.manifest.metrics?.validation_loss);
  const bands = [run, otherRun].map((one) => one.manifest.metrics?.band).filter(Boolean);
  if (losses.includes(undefined) || !bands.length || !readSameTokens(run, otherRun)) return null;
  const difference = Math.abs(losses[0] - losses[1]);
  const width = Math.max(...bands.map(bandWidth));
  if (width === 0) return null;
  return { losses, difference, width, isDistinguishable: difference > DIFFERENCE_WIDTHS * width };
}

/**
 * How far apart the losses at the end are of two models that were trained with some seeds each, and whether seeds alone
 * would put them as far apart.
 * @param {number[]} losses @param {number[]} otherLosses
 * @returns {{ difference: number, width: number | null, limit: number | null, isDistinguishable: boolean | null }}
 *   difference: of their means; width: of the wider band; limit: what chance may do; null where too few seeds were tried
 */
export function compareSeeds(losses, otherLosses) {
  const both = [losses, otherLosses];
  const difference = mean(losses) - mean(otherLosses);
  const known = both.filter(({ length }) => length >= ENOUGH_SEEDS);
  const width = Math.max(0, ...known.map((some) => Math.max(...some) - Math.min(...some)));
  if (width === 0) return { difference, width: null, limit: null, isDistinguishable: null };
  const limit = width * (known.length === 2 ? DIFFERENCE_OF_MEANS_WIDTHS : DIFFERENCE_WIDTHS);
  return { difference, width, limit, isDistinguishable: Math.abs(difference) > limit };
}

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** Whether two runs have learned from the same text, and split it into tokens with the same vocabulary. */
function readSameTokens(run, otherRun) {
  const [a, b] = [run.manifest, otherRun.manifest];
  return (
    a.settings.dataset === b.settings.dataset &&
    a.corpus.train_characters === b.corpus.train_characters &&
    run.vocab.length === otherRun.vocab.length &&
    run.vocab.every((token, id) => token === otherRun.vocab[id])
  );
}
