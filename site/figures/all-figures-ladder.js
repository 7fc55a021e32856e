/** The ladder of the storybook: models that nothing was trained for, one for each of its states. See all-figures.js. */
import { Tokenizer } from "../engine/tokenizer.js";
import { parametersOf } from "../app/lab-sizes.js";
import { rungsOf } from "../app/ladder.js";
import { Observable } from "../app/observable.js";

const VOCAB = [
  "<|endoftext|>",
  " a",
  " cat",
  " sat",
  "<img src=x onerror=alert(1)>",
  " incomprehensibilities",
];
const TEXTS = {
  "as it is": { name: "Stories", tokens: 60_000, length: 12 },
  "too long": { name: "/home/<b>/counterrevolutionaries ".repeat(4), tokens: 900_000, length: 160 },
  "as small as can be": { name: "a", tokens: 20, length: 0 },
  "with an error": { name: "Stories", tokens: 60_000, length: 0 },
};

/** A text of so many tokens. */
function sourceIn({ name, tokens }) {
  const ids = new Uint16Array(tokens).fill(1);
  const tokenizer = new Tokenizer({ vocab: VOCAB, merges: [] });
  return { name, tokenizer, ids, validationIds: ids.slice(0, tokens / 10) };
}

const SOURCES = Object.fromEntries(Object.entries(TEXTS).map(([state, text]) => [state, sourceIn(text)]));

/** As if somebody had trained it. */
function trialOf({ settings, source, prompts }, length) {
  const parameters = parametersOf(settings);
  const loss = 30 * parameters ** -0.3 + (settings.n_embd > 40 ? 0.1 : 0);
  const tokens = Array.from({ length }, (_, i) => ({ id: 1 + (i % (VOCAB.length - 1)), p: 0.5, entropy: 1 }));
  const { steps } = settings;
  return {
    ...{ settings, source, parameters, step: steps, failedAt: null, answers: {}, seconds: 3 },
    losses: [{ step: steps, loss: 0.7 * loss }],
    evaluations: [{ step: steps, loss }],
    samples: prompts.map((prompt) => ({ prompt, ids: [1], tokens })),
  };
}

/** What figures ask for as "trials". @param {string} state one of those of the storybook @returns {any} */
export function trialsOf(state) {
  const text = TEXTS[state];
  const source = SOURCES[state] ?? null;
  const sentence = "It could not be trained. This model is too large for a page.";
  const problem = state === "with an error" ? { name: "ladder", sentence } : null;
  const machine = { overhead: 1, rate: 50 };
  return Object.assign(new Observable(), {
    state: { work: null, problem },
    ...{ source, machine },
    findMachine: async () => {},
    find: (request) => trialOf(request, text.length),
    run: async (_name, requests) => requests.map((request) => trialOf(request, text.length)),
    stop: () => {},
  });
}

/** What somebody has done with it. @param {string} state @param {any} trials */
export function ladderOf(state, { source }) {
  if (state !== "as it is" && state !== "too long") return {};
  const chosen = { steps: 300, seed: 1 };
  const prompts = [" a cat"];
  const rungs = rungsOf({ settings: {}, source, prompts }, chosen);
  const asked = {
    name: source.name,
    source,
    chosen,
    rungs,
    entropy: state === "as it is" ? 0.07 : undefined,
  };
  const earlier = [1, 2, 3].map((seed) => ({
    ...asked,
    chosen: { ...chosen, seed },
    ...{ measured: 1.17, line: 1.07, reader: 0.9 },
  }));
  return { asked, stage: "over", guess: 0.95, earlier: state === "as it is" ? earlier.slice(0, 1) : earlier };
}
