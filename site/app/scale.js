/**
 * How small a model is, beside the large ones that people talk to, and what it has read: numbers without
 * which its stories look better, or worse, than they are.
 */
import { printable } from "./command.js";
import { parentOf, textName } from "./parent.js";

/**
 * The parameters of a large chatbot. Many makers do not publish them; of those that do, the large models
 * have between 0.2 and 1 million million. So only the power of ten of a comparison means anything.
 */
export const LARGE_CHATBOT = 5e11;

const TIMES = ["as many", "ten times as many", "a hundred times as many"];
const GROUPS = ["", " thousand", " million", " billion", " trillion"];

/** How many times as many parameters a large chatbot has, to the nearest power of ten, in words. */
export function timesAsMany(parameters) {
  const power = Math.max(0, Math.round(Math.log10(LARGE_CHATBOT / Math.max(1, parameters))));
  if (power < 3) return TIMES[power];
  const factor = ["a", "ten", "a hundred"][power % 3];
  return `${factor}${GROUPS[Math.floor(power / 3)]} times as many`;
}

/** 820992 -> 821000: what one remembers of it. */
export const rounded = (parameters) => Number(parameters.toPrecision(3));

const KNOWN_TEXTS = {
  stories: "simple made-up stories",
  tinystories: "simple stories that another language model wrote",
  shakespeare: "plays by Shakespeare",
};

/** Everything that a model has read: "simple made-up stories". @param {any} manifest */
export function whatItRead(manifest) {
  const { speakers, settings } = manifest;
  const own = speakers ? `conversations with ${printable(speakers[1])}` : textOf(settings.dataset);
  const parent = parentOf(manifest);
  return parent ? `${own} and, before that, ${textOf(manifest.corpus.parent.dataset)}` : own;
}

const textOf = (dataset) =>
  Object.hasOwn(KNOWN_TEXTS, dataset) ? KNOWN_TEXTS[dataset] : `the text “${textName(dataset)}”`;
