/**
 * Which rules of the built-in stories a text keeps: check() of data/stories.py, whose words and sentences are in
 * story-grammar.js, and where it breaks them.
 *
 *   check("Once upon a time …")          // { spelling: true, grammar: false, … }, one for each of RULES
 *   judge("A dragon sat.")               // the same, with null for what cannot be judged: { …, feeling: null }
 *   evidence("Once upon a …", "name")    // [[104, 108], …]: from where to where a text breaks a rule
 *
 * A model that is still learning breaks some rules and keeps others. So every sentence is read alone, with any filling
 * of its slots, and then the fillings are compared.
 */
import tables from "./story-grammar.js";

const { NAMES, FAMILY, FRIENDS, HELPERS, PRONOUNS, ANYWHERE, ENDINGS, OPENINGS, PLOTS } = tables;

/** @type {string[]} in the order in which they are shown */
export const RULES = tables.RULES;

const FEMALE = new Set(tables.FEMALE);
const KIND = new Map(Object.entries(NAMES).flatMap(([kind, names]) => names.map((name) => [name, kind])));

// What Python calls a letter or a digit, and what it calls a space.
const WORD = "[\\p{L}\\p{N}_]+";
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const TOKEN = new RegExp(`${WORD}|[^\\p{L}\\p{N}_${SPACE}]`, "gu");
const SENTENCE_END = /(?:(?<=[.!?])|(?<=[.!?]"))([ \n])(?="?[A-Z])/;
const QUOTED_LINE = /^[^"]*(?:"[A-Z][^"]*[,.!?]"[^"]*)*$/;

/**
 * @typedef {{ key: string, word: string, start: number, end: number }} Fact a slot that was filled: start and end are
 *   where the word stands in the text
 * @typedef {{ space: string, text: string, start: number, template: string | null, facts: Fact[] }} Sentence
 *   space: what stands before it; template: null for a sentence that no story has
 */

/**
 * Which rules a text keeps. One that gives no chance to keep a rule (it names nobody, say) does not keep it.
 * @param {string} text @returns {Object<string, boolean>}
 */
export function check(text) {
  const sentences = sentencesOf(text);
  const facts = factsOf(sentences);
  return {
    spelling: keepsSpelling(text),
    grammar: keepsGrammar(sentences),
    quotes: keepsQuotes(text, sentences),
    name: keepsName(text, facts),
    pronoun: keepsPronoun(sentences, facts),
    object: keepsObject(facts),
    place: keepsPlace(facts),
    feeling: keepsFeeling(facts),
    ending: ENDINGS.includes(sentences.at(-1)?.template),
  };
}

/**
 * Which rules a text keeps, true or false, and null for those that cannot be judged: a text of sentences that the
 * grammar does not have may name its hero well, but nobody here can tell.
 * @param {string} text @returns {Object<string, boolean | null>}
 */
export function judge(text) {
  const sentences = sentencesOf(text);
  const facts = factsOf(sentences);
  const kept = check(text);
  const canBeJudged = (rule) => kept[rule] || (JUDGED_IF[rule]?.(text, sentences, facts) ?? true);
  return Object.fromEntries(RULES.map((rule) => [rule, canBeJudged(rule) ? kept[rule] : null]));
}

// The grammar ---------------------------------------------------------------------------------------------------

/** Remember what a function has returned for a text. */
function remembered(compute) {
  const known = new Map();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key);
  };
}

/** Text and keys in turn: "{He} ran." -> ["", "He", " ran."]. */
const pieces = remembered((template) => template.split(/\{(\w+)\}/));

const capitalized = (word) => word[0].toUpperCase() + word.slice(1);
const uncapitalized = (word) => word[0].toLowerCase() + word.slice(1);

/** Every slot of a story in order: the space or line break before it, and its templates. */
function slotsOf(plot, [, ...opening]) {
  const [first, ...later] = PLOTS[plot].story;
  const paragraphs = [[...opening.map((sentence) => [sentence]), ...first], ...later];
  const slots = paragraphs.flatMap((paragraph) =>
    paragraph.map((templates, i) => ({ space: i ? " " : "\n", templates })),
  );
  slots[0].space = ""; // nothing stands before a story
  return slots;
}

/** Each plot after each opening: what stories there are. */
const allStories = remembered(() =>
  Object.keys(PLOTS).flatMap((plot) => OPENINGS.map((opening) => slotsOf(plot, opening))),
);

/** Template -> the plots that use it, openings included. @type {(nothing?: undefined) => Map<string, Set<string>>} */
const templates = remembered(() => {
  const plotsOf = new Map();
  for (const [, ...opening] of OPENINGS) {
    for (const sentence of opening) plotsOf.set(sentence, new Set(Object.keys(PLOTS)));
  }
  for (const plot of Object.keys(PLOTS)) {
    for (const template of slotsOf(plot, OPENINGS[0]).flatMap((slot) => slot.templates)) {
      if (!plotsOf.has(template)) plotsOf.set(template, new Set());
      plotsOf.get(template).add(plot);
    }
  }
  return plotsOf;
});

/** Every word that a key may show in any story: a feeling here is any feeling there is. @type {(key: string) => string[]} */
const fillings = remembered((key) => {
  const low = key.toLowerCase();
  const shown = wordsFor(low).map((word) => (key === low ? word : capitalized(word)));
  return [...new Set(shown)].sort();
});

/** @returns {string[]} */
function wordsFor(key) {
  const plots = Object.values(PLOTS);
  if (key === "name" || key === "helper") return [...KIND.keys(), ...FAMILY, ...FRIENDS];
  if (key === "first") {
    return fillings("name").flatMap((who) => PRONOUNS.his.map((his) => firstMention(who, his)));
  }
  if (key === "trouble" || key === "glad") return plots.flatMap(({ trouble, glad }) => [...trouble, ...glad]);
  return PRONOUNS[key] ?? [ANYWHERE, ...plots].flatMap((table) => table[key] ?? []);
}

/** How a story brings its helper in: "his mum", "his friend Sara", or plain "Mimi". */
function firstMention(helper, his) {
  if (FAMILY.includes(helper)) return `${his} ${helper.toLowerCase()}`;
  return FRIENDS.includes(helper) ? `${his} friend ${helper}` : helper;
}

/** Template -> a regular expression with a group for each key; a quote may be missing. @type {(nothing?: undefined) => Map<string, RegExp>} */
const patterns = remembered(() => {
  const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll('"', '"?');
  const source = (template) =>
    pieces(template).map((part, i) => (i % 2 ? `(${fillings(part).join("|")})` : literally(part)));
  const patternOf = (template) => new RegExp(`^${source(template).join("")}$`, "d");
  return new Map([...templates().keys()].map((template) => [template, patternOf(template)]));
});

/** Every word and mark that stories use, with the capitals that they use. @type {(nothing?: undefined) => Set<string>} */
const lexicon = remembered(() => {
  const texts = [...templates().keys()].flatMap((template) =>
    pieces(template).flatMap((part, i) => (i % 2 ? fillings(part) : [part])),
  );
  return new Set(texts.join(" ").match(TOKEN));
});

// Reading a text ------------------------------------------------------------------------------------------------

/** @returns {Sentence[]} */
function sentencesOf(text) {
  if (!text) return [];
  const parts = text.split(SENTENCE_END);
  const sentences = [];
  let start = 0;
  for (let i = 0; i < parts.length; i += 2) {
    const space = i ? parts[i - 1] : "";
    start += space.length;
    sentences.push({ space, text: parts[i], start, ...read(parts[i], start) });
    start += parts[i].length;
  }
  return sentences;
}

/** The template of a sentence, and what its slots are filled with. */
function read(sentence, start) {
  for (const [template, pattern] of patterns()) {
    const found = pattern.exec(sentence);
    if (!found) continue;
    const keys = pieces(template).filter((_, i) => i % 2);
    const facts = keys.flatMap((key, i) => {
      const [from, to] = found.indices[i + 1];
      return inSlot(key, found[i + 1]).map((fact) => ({ ...fact, start: start + from, end: start + to }));
    });
    return { template, facts };
  }
  return { template: null, facts: [] };
}

/** The facts in one filled slot, in small letters: "His mum" tells the helper and {his}. */
function inSlot(key, word) {
  const low = key.toLowerCase();
  if (low !== "first") return [{ key: low, word: key === low ? word : uncapitalized(word) }];
  const words = word.split(" ");
  const who = capitalized(words.at(-1));
  const whose = words.length > 1 ? [{ key: "his", word: words[0].toLowerCase() }] : [];
  return [{ key: "helper", word: who }, ...whose];
}

/** What a text tells: the words of each key, and the plot that most of its sentences are from. */
function factsOf(sentences) {
  const words = new Map();
  for (const { key, word } of sentences.flatMap(({ facts }) => facts)) {
    if (!words.has(key)) words.set(key, []);
    words.get(key).push(word);
  }
  const votes = sentences
    .map(({ template }) => [...(templates().get(template) ?? [])])
    .filter((plots) => plots.length === 1)
    .flat();
  const plot = PLOTS[mostCommon(votes)] ?? {};
  return { all: (key) => words.get(key) ?? [], plot };
}

/** The word that occurs most often, of several the first one; null if there are no words. */
function mostCommon(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  let most = null;
  for (const [word, n] of counts) if (most === null || n > counts.get(most)) most = word;
  return most;
}

/** There is a word, it is one of those allowed, and all the others are the same. */
const agree = (words, allowed = []) => new Set(words).size === 1 && allowed.includes(words[0]);

// The rules -----------------------------------------------------------------------------------------------------

function keepsSpelling(text) {
  const tokens = text.match(TOKEN) ?? [];
  return tokens.some((token) => /^\p{L}+$/u.test(token)) && tokens.every((token) => lexicon().has(token));
}

/** Every sentence is one of the grammar, in an order that some plot has. */
function keepsGrammar(sentences) {
  const follows = (slots) =>
    slots.length === sentences.length &&
    sentences.every(
      ({ space, template }, i) => space === slots[i].space && slots[i].templates.includes(template),
    );
  return allStories().some(follows);
}

const quotesIn = (text) => text.split('"').length - 1;
const lacksQuote = ({ template, text }) => template !== null && quotesIn(template) !== quotesIn(text);

/** They open and close within a paragraph, around speech, and none is missing. */
function keepsQuotes(text, sentences) {
  const lines = text.split("\n");
  return text.includes('"') && !sentences.some(lacksQuote) && lines.every((line) => QUOTED_LINE.test(line));
}

/** The names of anybody in any story that a text has. */
function namesIn(text) {
  const known = new Set(fillings("name"));
  return [...text.matchAll(new RegExp(WORD, "gu"))].filter(([word]) => known.has(word));
}

/** Hero and helper keep their names, and nobody else is named. */
function keepsName(text, { all }) {
  const heroes = all("name");
  const helpers = all("helper");
  return (
    heroes.length > 1 &&
    agree(heroes, [...KIND.keys()]) &&
    agree(helpers, HELPERS[KIND.get(heroes[0])]) &&
    namesIn(text).every(([name]) => name === heroes[0] || name === helpers[0])
  );
}

/** The word that a pronoun should be: of the helper, or of the hero. */
function fitting(key, { all }) {
  const who = mostCommon(all(key.startsWith("helper") ? "helper" : "name"));
  return PRONOUNS[key][FEMALE.has(who) ? 1 : 0];
}

/** Whether an opening can be about the hero: "The boy was very kind." can only be about a boy. */
function fitsHero({ template }, { all }) {
  const kinds = OPENINGS.filter((opening) => opening.includes(template)).map(([kind]) => kind);
  return !kinds.length || kinds.includes(KIND.get(mostCommon(all("name"))));
}

function keepsPronoun(sentences, facts) {
  const used = Object.keys(PRONOUNS).filter((key) => facts.all(key).length);
  const isRight = (key) => facts.all(key).every((word) => word === fitting(key, facts));
  return used.length > 0 && used.every(isRight) && sentences.every((one) => fitsHero(one, facts));
}

const OF_OBJECT = ["thing", "colour", "tool", "fix", "noise"];

/** The thing, its colour and what it is mended with stay what they were. */
function keepsObject({ all, plot }) {
  const told = OF_OBJECT.filter((key) => key === "thing" || all(key).length);
  return all("thing").length > 1 && told.every((key) => agree(all(key), plot[key]));
}

/** The place and the spot where the thing was put stay what they were. */
function keepsPlace({ all, plot }) {
  const spots = all("spot");
  return (
    all("place").length > 1 && agree(all("place"), plot.place) && (!spots.length || agree(spots, plot.spot))
  );
}

/** Every feeling fits what just happened in this plot. */
function keepsFeeling({ all, plot }) {
  const events = ["trouble", "glad"].filter((event) => all(event).length);
  return (
    events.length > 0 && events.every((event) => all(event).every((word) => plot[event]?.includes(word)))
  );
}

// What can be judged --------------------------------------------------------------------------------------------

const hasPlot = ({ plot }) => Object.keys(plot).length > 0;

/** What a text has to tell, in sentences of the grammar, before one can say that it breaks a rule; others can always be judged. */
const JUDGED_IF = {
  quotes: (text, sentences) => text.includes('"') || sentences.some(lacksQuote),
  name: (_, __, { all }) => all("name").length > 1 && all("helper").length > 0,
  pronoun: (_, __, { all }) =>
    all("name").length > 0 && Object.keys(PRONOUNS).some((key) => all(key).length > 0),
  object: (_, __, facts) => hasPlot(facts) && facts.all("thing").length > 1,
  place: (_, __, facts) => hasPlot(facts) && facts.all("place").length > 1,
  feeling: (_, __, facts) => hasPlot(facts) && ["trouble", "glad"].some((key) => facts.all(key).length > 0),
  ending: (_, sentences) => Boolean(sentences.at(-1)?.template),
};

// Where a text breaks a rule ------------------------------------------------------------------------------------

/**
 * From where to where a text breaks a rule; nothing where something is missing in it.
 * @param {string} text @param {string} rule @returns {[number, number][]} in the order of the text
 */
export function evidence(text, rule) {
  const sentences = sentencesOf(text);
  const facts = factsOf(sentences);
  const found = EVIDENCE[rule](text, sentences, facts);
  const spans = found.map(({ start, end }) => /** @type {[number, number]} */ ([start, end]));
  return spans.sort(([a], [b]) => a - b);
}

const whole = ({ start, text }) => ({ start, end: start + text.length });
const place = ({ 0: word, index }) => ({ start: index, end: index + word.length });
const factsIn = (sentences, keys) =>
  sentences.flatMap(({ facts }) => facts.filter(({ key }) => keys.includes(key)));

/** Words that do not fit this plot, or are others than most. */
const changed = (sentences, { all, plot }, keys) =>
  factsIn(sentences, keys).filter(
    ({ key, word }) => word !== mostCommon(all(key)) || !plot[key]?.includes(word),
  );

/** @type {Object<string, (text: string, sentences: Sentence[], facts: any) => { start: number, end: number }[]>} */
const EVIDENCE = {
  spelling: (text) => [...text.matchAll(TOKEN)].filter(([token]) => !lexicon().has(token)).map(place),
  grammar: (_, sentences) => sentences.filter(({ template }) => template === null).map(whole),
  quotes: (_, sentences) => sentences.filter(lacksQuote).map(whole),
  name: (text, _, { all }) => {
    const expected = [mostCommon(all("name")), mostCommon(all("helper"))];
    return namesIn(text)
      .filter(([name]) => !expected.includes(name))
      .map(place);
  },
  pronoun: (_, sentences, facts) => [
    ...factsIn(sentences, Object.keys(PRONOUNS)).filter(({ key, word }) => word !== fitting(key, facts)),
    ...sentences.filter((one) => !fitsHero(one, facts)).map(whole),
  ],
  object: (_, sentences, facts) => changed(sentences, facts, OF_OBJECT),
  place: (_, sentences, facts) => changed(sentences, facts, ["place", "spot"]),
  feeling: (_, sentences, { plot }) =>
    factsIn(sentences, ["trouble", "glad"]).filter(({ key, word }) => !plot[key]?.includes(word)),
  ending: (_, sentences) => sentences.slice(-1).map(whole),
};
