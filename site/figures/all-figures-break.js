/** What is broken in the storybook: models that nothing was trained for, one for each of its states. See all-figures.js. */
import { encodeDocuments, finish } from "../engine/bpe.js";
import { Tokenizer } from "../engine/tokenizer.js";
import { readText } from "../app/breaking-text.js";
import { EXPERIMENTS, prepare, resultOf } from "../app/breaking.js";
import { settingsOf } from "../app/lab-sizes.js";
import { Observable } from "../app/observable.js";

const LINE = "The cat sat on the mat. A hen sat on the <img src=x onerror=alert(1)> cat! The moon is up. ";
const LONG = "Incomprehensibilities of counterrevolutionaries outmanoeuvred the antidisestablishmentarians. ";
const REASON = "Because of <b>everything</b> that came before. ";
const STEPS = 300;

/** What is shown of which experiment, and how long its texts are. */
const SHOWN = {
  "as it is": { name: "mask", text: LINE.repeat(12), written: 40, reason: REASON },
  "too long": {
    name: "word",
    text: (LINE.repeat(3) + LONG).repeat(12),
    written: 400,
    reason: REASON.repeat(4),
  },
  "as small as can be": { name: "head", text: LINE, settings: { n_head: 1 } },
  "with an error": { name: "word", text: LINE.repeat(12) },
};
const WORD = "counterrevolutionaries";

const { signal } = new AbortController();

/** A text as characters. */
function sourceOf(text) {
  const tokenizer = new Tokenizer({ vocab: [...new Set(text)].sort(), merges: [] });
  const ids = finish(encodeDocuments(tokenizer, [text]));
  return { name: "canned", tokenizer, ids, validationIds: ids.slice(0, 100) };
}

/**
 * As if somebody had trained it: its loss falls to `end`.
 * @param {any} request @param {number} end @param {number} written tokens
 */
function trialOf({ settings, source, prompts, asks }, end, written) {
  const { ids } = source;
  const losses = Array.from({ length: STEPS }, (_, i) => ({
    step: i + 1,
    loss: end + 3 * Math.exp(-i / 60),
  }));
  const tokens = Array.from({ length: written }, (_, i) => ({
    id: ids[(i + 3) % ids.length],
    p: 0.5,
    entropy: 1,
  }));
  const texts = asks?.passages[1].texts ?? [];
  const beginnings = asks?.written[1].prompts ?? [];
  return {
    ...{
      settings,
      source,
      losses,
      failedAt: null,
      evaluations: losses,
      step: STEPS,
      parameters: 1234,
      seconds: 3,
    },
    samples: prompts.map((prompt) => ({ prompt, ids: [], tokens })),
    answers: {
      passages: { rows: texts.map((one) => one.slice(1).map(() => 0.5 / (1 + end))) },
      written: { rows: beginnings.map(() => tokens) },
    },
  };
}

/** What somebody has done with it: properties of the figure. @param {string} state one of those of the storybook */
async function figureOf(state) {
  const shown = SHOWN[state];
  if (!shown) return {};
  const { name, text, written = 0, reason = "" } = shown;
  const source = sourceOf(text);
  const settings = { ...settingsOf("small", source.tokenizer.vocab.length), steps: STEPS, ...shown.settings };
  const request = { settings, source, prompts: ["The cat", "A hen", "The", "A"] };
  const learned = await readText(source, signal);
  const given = { name, request, learned, typed: state === "with an error" ? "zebra" : "" };
  if (!written) return given;
  const { requests, word } = await prepare(name, { healthy: request, text: learned, typed: WORD, signal });
  const trained = requests.map((one, i) => trialOf(one, [1, 0.2, 1.05][i], written));
  const result = resultOf(name, { trained, text: learned, word });
  const outcome = EXPERIMENTS[name].outcome(result);
  const [choice] = Object.keys(EXPERIMENTS[name].answers);
  const tried = { name, choice, reason, requests, word, result, outcome, isRight: outcome === choice };
  return { ...given, tried: { [name]: tried } };
}

/** @param {string} state @returns {Promise<{ trials: any, properties: object }>} what <lab-break> asks for, and what it is set to */
export async function brokenIn(state) {
  const properties = await figureOf(state);
  const { healthy, broken, other } = Object.values(properties.tried ?? {})[0]?.result ?? {};
  const trained = [healthy, broken, other].filter(Boolean);
  const sentence = "It could not be trained. This model is too large for a page.";
  const trials = Object.assign(new Observable(), {
    state: { work: null, problem: state === "with an error" ? { name: "break", sentence } : null },
    machine: { overhead: 1, rate: 50 },
    findMachine: () => new Promise(() => {}), // so that it does not ask for another request
    find: ({ settings, source }) =>
      trained.find((one) => one.settings === settings && one.source === source) ?? null,
  });
  return { trials, properties };
}
