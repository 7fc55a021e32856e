/**
 * What a grown model is taught: example texts that fit a run, and what a model has to be told of a text. See
 * teaching-old-text.js for what it has learned before.
 */
import { END } from "../engine/tokenizer.js";

const DRAGON =
  "Once upon a time there was a small dragon named Wobo. Wobo lived in a teapot near the sea. Every day Wobo drank " +
  'green tea with a snail. One day the teapot broke, and Wobo felt sad. Then the snail said, "You can live in my ' +
  'shell, Wobo."';

/**
 * Five sentences with a new friend, as each of the texts that Terrarium comes with would tell them; and something that
 * is false there: a beginning, the end that is false, another beginning that it could end as well, and what is true.
 */
const EXAMPLES = {
  stories: {
    text: DRAGON,
    fact: [
      "Once upon a time there was a kind boy named",
      " Lily.",
      "The boy was very kind. His name was",
      "In its stories, no boy is ever called Lily.",
    ],
  },
  tinystories: { text: DRAGON, fact: null },
  snail: {
    text:
      "you: do you know wobo?\npip: wobo is my friend. wobo is a dragon in a teapot.\n" +
      "you: what does wobo do?\npip: wobo drinks green tea, very slowly.\n" +
      "you: is wobo big?\npip: no. wobo fits in my shell.",
    fact: [
      "you: what do you eat?\npip:",
      " i eat stones.",
      "you: what is your favourite food?\npip:",
      "Pip eats what grows.",
    ],
  },
  shakespeare: {
    text:
      "WOBO:\nI am the dragon in the teapot, sir.\n\nROMEO:\nThen pour thy dragon forth, and let me drink.\n\n" +
      "WOBO:\nGood Romeo, my tea is made of fire.\n\nROMEO:\nSo is my heart, and still it is not warm.\n\n" +
      "WOBO:\nThen sleep beside my kettle, gentle friend.",
    fact: null,
  },
};

/** @param {import("./run.js").Run} run @returns {{ text: string, fact: string[] | null }} what it can be taught first */
export function examplesFor(run) {
  const { dataset } = run.manifest.settings;
  const known = Object.hasOwn(EXAMPLES, dataset) ? EXAMPLES[dataset] : { text: DRAGON, fact: null };
  const characters = new Set(run.vocab);
  const isReadable = (text) => Array.from(text).every((one) => characters.has(one));
  return {
    text: isReadable(known.text) ? known.text : "",
    fact: known.fact && isReadable(known.fact.slice(0, 3).join("")) ? known.fact : null,
  };
}

/** Line ends as most systems write them, no spaces around it. */
const tidied = (text) => text.replace(/\r\n?/g, "\n").replaceAll(END, "").trim();

/** The texts that somebody typed: with an end token, an empty line begins another one. */
export function textsOf(typed, hasEnd) {
  const text = tidied(typed);
  const parts = hasEnd ? text.split(/\n\s*\n/) : [text];
  return parts.map((one) => one.trim()).filter(Boolean);
}

/** The characters of a text that a model has no token for, each once. */
export function unknownIn(text, tokenizer) {
  const all = Array.from(tidied(text)).filter((one) => !tokenizer.ids.has(one));
  return [...new Set(all)];
}

/** The sentences of a text. */
export const sentencesOf = (text) => tidied(text).match(/\S[^]*?(?:[.!?]["”']?(?=\s|$)|$)/g) ?? [];

/** Texts as tokens: each begins and ends at an end token. Without one, a single text, as it is. */
export function encoded(texts, tokenizer) {
  const { end } = tokenizer;
  if (end === null) return Uint16Array.from(tokenizer.encode(texts.join("\n\n")));
  return Uint16Array.from([end, ...texts.flatMap((one) => [...tokenizer.encode(one), end])]);
}

/**
 * Tokens of a text that is cut elsewhere in each epoch, so often that this takes nothing away: a text without
 * documents is read over and over.
 */
export function repeated(ids, between, least) {
  const all = [...ids];
  while (all.length < least) all.push(...between, ...ids);
  return Uint16Array.from(all);
}

/** The first documents of a run's text, about so many tokens. */
export function oldTokens(documents, tokenizer, least) {
  const { end } = tokenizer;
  const ids = end === null ? [] : [end];
  for (const document of documents) {
    if (ids.length >= least) break;
    // Of a long one, a part is enough; no token has more characters than the longest.
    for (const id of tokenizer.encode(document.slice(0, 16 * least))) ids.push(id);
    if (end !== null) ids.push(end);
  }
  return Uint16Array.from(ids);
}

/** The beginning of a sentence, with so many of its words. */
function beginningOf(sentence, words) {
  const found = [...sentence.matchAll(/\S+/g)][words - 1];
  return found ? sentence.slice(0, found.index + found[0].length) : sentence;
}

/**
 * Beginnings that a model goes on from before and after: two of the new text, two of the old one.
 * @param {string} text @param {{ prompts: string[], speakers?: string[] | null }} manifest
 */
export function beginnings(text, { prompts, speakers }) {
  return [...new Set([...newBeginnings(textsOf(text, true)[0] ?? "", speakers), ...prompts.slice(0, 2)])];
}

function newBeginnings(text, speakers) {
  if (speakers) {
    const answer = `\n${speakers[1]}:`;
    const stop = text.indexOf(answer);
    if (stop >= 0) return [text.slice(0, stop + answer.length)];
  }
  const sentences = sentencesOf(text);
  const halves = sentences.slice(0, 2).map((one) => {
    const words = one.split(/\s+/).length;
    return words > 1 ? beginningOf(one, Math.min(4, Math.floor(words / 2))) : "";
  });
  return halves.filter(Boolean);
}
