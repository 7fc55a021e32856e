/**
 * Three ways into an exercise: put the given lines in order, fill the blanks, or write into an empty body. In each of
 * them there is a whole source, which is what runs; what somebody has put where is read out of it again.
 */
import { EXERCISES } from "./exercises.js";

export const WAYS = ["order", "blanks", "empty"];
const BLANK = "____"; // what stands where nothing is filled in yet

/** The text around the blanks. */
export const partsOf = (exercise) => EXERCISES[exercise].blanks.split(BLANK);

/** How many blanks an exercise has. */
export const countBlanks = (exercise) => partsOf(exercise).length - 1;

/** The source that a way begins with. */
export function startOf(exercise, way) {
  const { start, lines, blanks } = EXERCISES[exercise];
  return { order: withLines(exercise, lines), blanks, empty: start }[way];
}

/** The source with lines in this order. */
export const withLines = (exercise, lines) => `${EXERCISES[exercise].above}${lines.join("\n")}\n`;

/** The lines of a source in their order; null where it does not have just these lines. */
export function linesIn(exercise, source) {
  const { above, lines } = EXERCISES[exercise];
  if (!source.startsWith(above)) return null;
  const found = source.slice(above.length).trimEnd().split("\n");
  const isSame = String([...found].sort()) === String([...lines].sort());
  return isSame ? found : null;
}

/** The source with its blanks filled in; nothing in one leaves it a blank. */
export function withFillings(exercise, fillings) {
  const [first, ...rest] = partsOf(exercise);
  return first + rest.map((part, i) => (fillings[i].trim() ? fillings[i] : BLANK) + part).join("");
}

/** What is filled into the blanks of a source; null where the text around them is not that of the exercise. */
export function fillingsIn(exercise, source) {
  const escaped = partsOf(exercise).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  const found = source.match(new RegExp(`^${escaped.join("(.*)")}$`));
  return found && found.slice(1).map((filling) => (filling === BLANK ? "" : filling));
}

/** Whether a source is what somebody can have made in a way. */
export const fitsWay = (exercise, way, source) =>
  ({ order: linesIn, blanks: fillingsIn, empty: () => true })[way](exercise, source) !== null;

/** The number of the first line, from 1, in which a blank is still empty; 0 where there is none. */
export const lineOfBlank = (source) => source.split("\n").findIndex((line) => line.includes(BLANK)) + 1;
