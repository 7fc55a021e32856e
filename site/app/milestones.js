/**
 * Milestones in words, and the texts in which they are seen: for the figures that list them, mark them on
 * the slider and show their texts. How they are found is in terrarium/milestones.py.
 */
import { percent } from "./format.js";
import { latest } from "./step-scale.js";

const IN_THE_CORPUS = "every three words in a row of it also occur in the corpus";
const STAYS_BELOW = "From here on, its loss stays below that of a model that only counts";

/** [what happened, how that was found] */
const KINDS = {
  words: ({ nWords }) => ["Real words", `${nWords} words from the corpus in a row`],
  sentence: () => ["A whole sentence", `It is complete, and ${IN_THE_CORPUS}`],
  quotes: () => ["Somebody speaks", `A quotation opens and closes, and ${IN_THE_CORPUS}`],
  name: () => [
    "A name comes back",
    "It writes a name of the sentence before again, and every three words in a row of both also occur " +
      "in the corpus",
  ],
  ending: () => ["It comes to an end", "It finishes a sentence and then ends the text on its own"],
  unigram: () => ["It beats counting tokens", `${STAYS_BELOW} how often each token occurs`],
  bigram: () => ["It beats counting pairs", `${STAYS_BELOW} which token follows which`],
  entropy: () => [
    "No model could do much better",
    "From here on, its loss stays within 5% of the entropy of its corpus",
  ],
  head: ({ head, role, weight }) => [
    `Head ${head} has found its role`,
    `${percent(weight)} of its attention follows one pattern: ${role}`,
  ],
};

/** What happened at a milestone, and how that was found. @returns {[string, string]} */
export function describe(milestone, chance) {
  const nWords = chance?.texts?.words?.n_words ?? 5;
  return KINDS[milestone.kind]?.({ ...milestone, nWords }) ?? [milestone.kind, ""];
}

/** What a rule asks of a story, in words. */
export const OF_STORIES = {
  spelling: "every word is spelled right",
  grammar: "every sentence is grammatical",
  quotes: "speech is in quotation marks",
  name: "the hero keeps the same name",
  pronoun: "he and she match the hero",
  object: "the object stays the same",
  place: "things are where they were left",
  feeling: "the feeling fits what happened",
  ending: "the story reaches an ending",
  all: "all of these at once",
};

/** A rule inside a sentence. */
export const ruleName = (rule) => (rule === "all" ? "all at once" : rule);

/** What happened at one step, in a few words: rules that it keeps from then on are named together. */
export function summary(milestones, chance) {
  const rules = milestones.filter(({ kind }) => kind === "rule").map(({ rule }) => ruleName(rule));
  const others = milestones.filter(({ kind }) => kind !== "rule");
  const titles = others.map((one) => describe(one, chance)[0]);
  if (rules.length)
    titles.push(`from here on, it keeps the rule${rules.length > 1 ? "s" : ""} ${rules.join(", ")}`);
  return titles.join("; ");
}

/**
 * What it takes until a rule counts as kept, such as { least: 24, n_texts: 32, most: 0.5 }: at least so many
 * of the texts of a check, and more than this fraction at every later one; null if nothing would do.
 */
export function criterionOf(rule, chance) {
  const odds = chance?.rules?.[rule];
  if (!odds?.least) return null;
  return { least: odds.least, n_texts: odds.n_texts, most: Math.max(0.5, odds.uniform, odds.unigram) };
}

/** "more than half": what has to keep a rule at every later check. */
export const moreThan = (fraction) => `more than ${fraction === 0.5 ? "half" : percent(fraction)}`;

/** What it takes until rules count, in one sentence; "" if that is unknown. */
export function criterionSentence(rules, chance) {
  const found = new Map(); // what it takes -> the rules that it is asked of
  for (const rule of rules) {
    const criterion = criterionOf(rule, chance);
    if (!criterion) continue;
    const { least, n_texts, most } = criterion;
    const words = `at least ${least} of ${n_texts} texts keep it, if ${moreThan(most)} keep it at every later check`;
    found.set(words, [...(found.get(words) ?? []), ruleName(rule)]);
  }
  if (!found.size) return "";
  const parts = [...found].map(([words, names]) =>
    found.size > 1 ? `${words} (${names.join(", ")})` : words,
  );
  return `A rule counts from the first check on at which ${parts.join("; or ")}.`;
}

/** The whole texts, prompt included, that were written at a step. */
export function textsAt(run, samples, step) {
  const sampled = samples.map((one) => one.step);
  const sample = samples.find((one) => one.step === latest(step, sampled));
  return sample.continuations.map(
    ({ ids }, i) => run.manifest.prompts[i] + ids.map((id) => run.vocab[id]).join(""),
  );
}

/**
 * What of a step's milestones its texts show: { milestone, prompt, ranges }, the number of the prompt and the
 * parts of its text, from one character to another. Null if they show nothing of it: rules were checked on
 * other texts, and a loss is of no text.
 * @param {any[]} milestones of one kind and one step @param {string[]} texts
 */
export function evidenceOf(milestones, texts) {
  for (const milestone of milestones) {
    const { kind, rule, prompt, text } = milestone;
    if (kind === "rule") {
      const ranges = Object.hasOwn(SIGNS, rule) ? texts.map(SIGNS[rule]) : [];
      const i = ranges.findIndex((one) => one.length);
      if (i >= 0) return { milestone, prompt: i, ranges: ranges[i] };
    } else if (text && texts[prompt] !== undefined) {
      const ranges =
        kind === "name" ? rangesOf(texts[prompt], wordsLike([text])) : firstOf(texts[prompt], text);
      return { milestone, prompt, ranges };
    }
  }
  return null;
}

/** What is chosen to show the milestones of one kind and one step: where possible, a text that shows one. */
export function choiceOf(milestones, run, samples) {
  const { kind, step } = milestones[0];
  const evidence = evidenceOf(milestones, textsAt(run, samples, step));
  return { step, milestone: kind, ...(evidence ? { prompt: evidence.prompt } : {}) };
}

/** What can be seen of a rule in one text: the parts of it to mark, none if it does not show the rule. */
const SIGNS = {
  name: (text) => {
    const names = (text.match(/(?<=[\p{Ll},] )\p{Lu}\p{Ll}+(?!\p{L})/gu) ?? []).filter((one) => !isDay(one));
    const ranges = names.map((one) => rangesOf(text, wordsLike([one])));
    return ranges.find((one) => one.length > 1) ?? [];
  },
  pronoun: (text) => {
    const has = (words) => wordsLike(words, "iu").test(text);
    const [hero, other] = Object.keys(PRONOUNS).filter((one) => has(PRONOUNS[one]));
    const isClear = hero && !other && has([hero]); // nobody else is spoken of
    return isClear ? rangesOf(text, wordsLike([hero, ...PRONOUNS[hero]], "giu")) : [];
  },
  quotes: (text) => rangesOf(text, /"[^"\n]+"/gu),
};

const PRONOUNS = { girl: ["she", "her", "hers"], boy: ["he", "him", "his"] };
const isDay = (word) => /day$/.test(word); // these have a capital, too, and are no names

/** Finds whole words. @param {string[]} words @param {string} [flags] */
function wordsLike(words, flags = "gu") {
  const escaped = words.map((one) => one.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(?<!\\p{L})(?:${escaped.join("|")})(?!\\p{L})`, flags);
}

const rangesOf = (text, pattern) =>
  Array.from(text.matchAll(pattern), (found) => [found.index, found.index + found[0].length]);

/** Where some words stand first. */
function firstOf(text, words) {
  const start = text.indexOf(words);
  return start < 0 ? [] : [[start, start + words.length]];
}
