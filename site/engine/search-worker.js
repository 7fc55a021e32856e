/**
 * Looks for texts in the training text, in a worker of its own, so that neither the page nor the model waits for
 * it. `open` comes first. See spans.js, and serve.js for the messages.
 */
import { serve } from "./serve.js";
import { TrainingText, copiedWords, countWords, cut, firstWords } from "./spans.js";

let training = null;
let heldOut = []; // texts that the model never saw, in units

/** What is said of some texts together. */
function totalsOf(found, least) {
  const longest = found.map(({ spans }) => Math.max(0, ...spans.map(({ words }) => words)));
  return {
    texts: found.length,
    words: found.reduce((sum, { units }) => sum + countWords(units), 0),
    copied: found.reduce((sum, { units, spans }) => sum + copiedWords(units, spans, least), 0),
    longest: Math.max(0, ...longest),
    each: longest,
    average: longest.reduce((a, b) => a + b, 0) / Math.max(1, longest.length),
  };
}

serve({
  /** Take over a training text, and texts that are not in it. */
  async open({ documents, otherWords, heldOut: texts }) {
    training = new TrainingText(documents, otherWords);
    heldOut = texts.map((text) => cut(text));
    return {};
  },

  /**
   * What stands in the training text of some texts, { text, prompt, isCutOff } each: of each, its spans with the
   * text around them there, and the words that are nowhere in it; and totals of all.
   */
  async search({ texts, least }) {
    const found = texts.map(({ text, prompt, isCutOff }) => {
      const units = cut(text, prompt, isCutOff);
      return { units, spans: training.spans(units) };
    });
    const spans = found.map((one) => one.spans.map((span) => ({ ...span, ...training.passage(span) })));
    const unknown = found.map(({ units }) => training.unknownWords(units));
    return { spans, unknown, totals: totalsOf(found, least) };
  },

  /** The same of held-out texts, as far as they have so many words. */
  async searchHeldOut({ words, least }) {
    const found = heldOut.map((text) => {
      const units = firstWords(text, words);
      return { units, spans: training.spans(units) };
    });
    return { totals: totalsOf(found, least) };
  },
});
