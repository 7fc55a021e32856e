/**
 * What the ladder says in words of what was predicted and of what was measured. Losses are in nats, with two decimals.
 *
 *   verdictText({ measured: 1.84, line: 1.87, reader: 1.9 })    // "The fourth ended at 1.84 nats. The line said …"
 */
import { count, counted, percent } from "./format.js";
import { isAsCloseAsChance, isFalling, parametersAt, verdictOf } from "./ladder.js";

/** @typedef {{ measured: number, line: number, reader: number }} Losses of the fourth: measured, and predicted by each */

const DIGITS = 2;
const BENT = 0.05; // the fraction by which a loss has to be above the line before it is asked why
const BY_HEART = 0.8; // of the loss on other text: what is less on its own text is learned by heart
const FARTHEST = 1e12; // parameters: what a line says of more than that means nothing
const RECENT = 10; // losses that tell where a training is

/** A loss as it is shown. @param {number} loss */
export const written = (loss) => loss.toFixed(DIGITS);

/** The same as a number. @param {number} loss */
export const rounded = (loss) => Number(written(loss));

/** By how much two losses that are shown differ at least. */
export const SMALLEST = 10 ** -DIGITS;

/** @param {Losses} losses */
export function verdictText(losses) {
  const { measured, line, reader } = losses;
  return (
    `The fourth ended at ${written(measured)} nats. The line said ${written(line)} (${offBy(line, measured)}), ` +
    `you said ${written(reader)} (${offBy(reader, measured)}). ${whoWasCloser(losses)}`
  );
}

/** "0.02 too high, or 2%", of the numbers as they are shown */
function offBy(predicted, measured) {
  const nats = rounded(predicted) - rounded(measured);
  if (nats === 0) return "exactly that";
  const direction = nats > 0 ? "high" : "low";
  return `${written(Math.abs(nats))} too ${direction}, or ${percent(Math.abs(nats) / measured)}`;
}

function whoWasCloser(losses) {
  const { measured, line, reader } = losses;
  const { closer } = verdictOf(losses);
  if (closer === "line") return "The line was closer.";
  if (closer === "reader") return "You were closer.";
  return [line, reader].every((predicted) => isAsCloseAsChance(predicted, measured))
    ? "Both are as close as chance allows: another seed would move the loss by about as much."
    : "Both are about equally far off.";
}

/** The loss of the last updates on its own text: that of a single one is a matter of luck. @param {import("./trials.js").Trial} trial */
export function lossNow({ losses }) {
  const last = losses.slice(-RECENT);
  return last.reduce((sum, one) => sum + one.loss, 0) / (last.length || 1);
}

/** That there is hardly a line; null if there is one. @param {import("./ladder.js").Line} line */
export function flatText(line) {
  if (isFalling(line)) return null;
  return "In the first three, more parameters hardly helped: on this text, this is no line to plan by.";
}

/**
 * Why the fourth is above the line, where it learned its text by heart; null elsewhere.
 * @param {Losses} losses @param {number} own its loss on its own text @param {number} epochs how often it has read that
 */
export function bendText({ measured, line }, own, epochs) {
  if (measured < (1 + BENT) * line || own > BY_HEART * measured) return null;
  const readings = Math.round(epochs);
  if (readings < 2) return null;
  return (
    `On its own text, the fourth has a loss of ${written(own)}, far less than on other text. It has read it ` +
    `${counted(readings, "time")}, and begins to know it by heart. On a longer text, the line would hold further.`
  );
}

/**
 * Where the line cannot go; null where it does not fall.
 * @param {import("./ladder.js").Line} line @param {string} name of the text @param {number | null} entropy of the text, in
 *   nats for each of its tokens; null: nobody knows it
 */
export function entropyText(line, name, entropy) {
  if (!isFalling(line)) return null;
  const beginning = "Such a line cannot go on forever:";
  if (entropy === null) {
    return (
      `${beginning} no model can get below the entropy of the text, which is what it leaves to chance. Nobody knows ` +
      `that of “${name}”, but somewhere the line has to bend.`
    );
  }
  const there = parametersAt(line, entropy);
  const where =
    there < FARTHEST
      ? `The line would be there at about ${count(Number(there.toPrecision(1)))} parameters, so it has to bend before.`
      : "So it has to bend somewhere.";
  return (
    `${beginning} the entropy of “${name}”, which is what it leaves to chance, is about ${written(entropy)} nats for ` +
    `each of these tokens, and no model can get below that. ${where}`
  );
}

/** What chance does, as far as it has been seen. @param {{ seed: number, measured: number }[]} same ladders that differ in nothing else */
export function seedsText(same) {
  const seeds = [...new Map(same.map((one) => [one.seed, one])).values()];
  if (seeds.length < 2) {
    return (
      "All four were trained with one seed. Another one moves each of the losses a little: build another ladder to " +
      "see how much."
    );
  }
  const all = seeds.map(({ seed, measured }) => `${written(measured)} (seed ${seed})`);
  return `What the fourth reached with different seeds: ${all.join(", ")}. So much is chance.`;
}
