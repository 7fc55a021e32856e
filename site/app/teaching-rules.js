/**
 * Which rules of the built-in stories a model keeps before it is taught something, and after: it writes stories, and
 * each is judged as at the end of train.py.
 */
import { END } from "../engine/tokenizer.js";
import { RULES, evidence, judge } from "./story-rules.js";

const SEED = 7;
const SURE = 2; // standard errors: what differs by less may be chance
const FEWEST = 5; // stories that could be judged: fewer tell nothing

/**
 * @typedef {{ text: string, rules: Object<string, boolean | null> }} Judged a story, and which rules it keeps: see judge
 * @typedef {{ kept: number, of: number }} Fraction of the stories that could be judged, how many keep a rule
 */

/**
 * Let a model write stories.
 * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} worker
 * @param {{ settings: any, weights: any }} model as the worker's `write` takes it
 * @param {{ n: number, prompts: string[], tokenizer: import("../engine/tokenizer.js").Tokenizer }} asked how many, and
 *   the beginnings that they take in turn; tokenizer has an end token
 * @param {{ signal?: AbortSignal, onStory?: () => void }} [options] onStory: called after each
 * @returns {Promise<Judged[]>}
 */
export async function judgedStories(
  worker,
  model,
  { n, prompts, tokenizer },
  { signal, onStory = () => {} } = {},
) {
  const stories = [];
  const onProgress = (ids) => {
    const text = tokenizer.decode(ids).replaceAll(END, "");
    stories.push({ text, rules: judge(text) });
    onStory();
  };
  const { end } = tokenizer;
  const { temperature } = model.settings;
  const ids = prompts.map((prompt) => [end, ...tokenizer.encode(prompt)]);
  const asked = { ...model, n, prompts: ids, end, temperature, seed: SEED };
  await worker.call("write", asked, { signal, onProgress });
  return stories;
}

const keepsAll = ({ rules }) => RULES.every((rule) => rules[rule]);

/**
 * What two models differ in: of each rule, how many stories keep it, of how many that can be judged, and whether the
 * difference is more than chance would make; how many of the stories after are what it was taught, word for word; and
 * whether what it was taught follows the rules itself.
 * @param {Judged[]} before @param {Judged[]} after as many @param {string[]} taught
 */
export function compared(before, after, taught) {
  const n = after.length;
  const counted = (rule, verdictOn) => {
    const [first, last] = [before, after].map((stories) => fractionOf(stories.map(verdictOn)));
    return { rule, before: first, after: last, isSure: isSureOf(first, last) };
  };
  const rules = RULES.map((rule) => counted(rule, (story) => story.rules[rule]));
  return {
    n,
    rules: [...rules, counted("all", keepsAll)],
    byHeart: after.filter(({ text }) => taught.includes(text.trim())).length,
    followsRules: taught.every((text) => keepsAll({ rules: judge(text) })),
    example: exampleOf(rules, after),
  };
}

/** @param {(boolean | null)[]} verdicts null: cannot be judged @returns {Fraction} */
function fractionOf(verdicts) {
  const judged = verdicts.filter((one) => one !== null);
  return { kept: judged.filter(Boolean).length, of: judged.length };
}

/** Whether two fractions differ by more than chance. @param {Fraction} first @param {Fraction} last */
export function isSureOf(first, last) {
  if (Math.min(first.of, last.of) < FEWEST) return false;
  const p = (first.kept + last.kept) / (first.of + last.of);
  const standardError = Math.sqrt(p * (1 - p) * (1 / first.of + 1 / last.of));
  return Math.abs(first.kept / first.of - last.kept / last.of) > SURE * standardError;
}

/** By how much a rule is kept less often than before; zero where no story can be judged. */
const decline = ({ before, after }) =>
  before.of && after.of ? before.kept / before.of - after.kept / after.of : 0;

/**
 * A story that breaks the rule that is broken more often than before, of several such rules the one with the largest
 * difference; it breaks as few others as possible. Null if no rule is broken more often.
 */
function exampleOf(rules, stories) {
  const worst = [...rules].sort((a, b) => decline(b) - decline(a))[0];
  if (decline(worst) <= 0) return null;
  const broken = ({ rules: kept }) => RULES.filter((rule) => kept[rule] === false);
  const breaking = stories.filter((story) => broken(story).includes(worst.rule));
  const [story] = complete(breaking).sort((a, b) => broken(a).length - broken(b).length);
  return {
    rule: worst.rule,
    others: broken(story).filter((rule) => rule !== worst.rule),
    parts: markedParts(story.text, evidence(story.text, worst.rule)),
  };
}

/** Those that are not cut short, compared with the others: one sees more in them. */
function complete(stories) {
  const lengths = stories.map(({ text }) => text.length).sort((a, b) => a - b);
  const usual = lengths[Math.floor(lengths.length / 2)];
  return stories.filter(({ text }) => text.length >= usual / 2);
}

/** A text in parts, of which some are marked. @param {string} text @param {[number, number][]} spans in their order */
export function markedParts(text, spans) {
  const parts = [];
  let done = 0;
  for (const [start, end] of spans) {
    if (start < done) continue; // a part of what is marked already
    parts.push(
      { text: text.slice(done, start), isMarked: false },
      { text: text.slice(start, end), isMarked: true },
    );
    done = end;
  }
  parts.push({ text: text.slice(done), isMarked: false });
  return parts.filter((part) => part.text);
}
