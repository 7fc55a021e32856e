/** The lab of the storybook: models that learn nothing, one for each of its states. See all-figures.js. */
import { finish, trainTokenizer } from "../engine/bpe.js";
import { Tokenizer } from "../engine/tokenizer.js";
import { describe } from "../app/lab-text.js";
import { settingsOf } from "../app/lab-sizes.js";
import { Observable } from "../app/observable.js";

const LINE = "The cat sat on the mat, and the hen sat on the <img src=x onerror=alert(1)> cat. ";
const LONG = "Incomprehensibilities of counterrevolutionaries outmanoeuvred the antidisestablishmentarians. ";

const TEXTS = {
  "as it is": LINE.repeat(20),
  "too long": (LINE + LONG).repeat(40),
  "as small as can be": "a",
};
const STEPS = { "as it is": 340, "too long": 123_456, "as small as can be": 0 };
const WORDS = ["embedding", "query", "key", "value", "output", "up", "down"];

/** Numbers that look like any. */
const someNumbers = (n, scale) => Float32Array.from({ length: n }, (_, i) => scale * Math.sin(1 + i * i));

/** What a worker would answer. */
function answer(method, { settings, tokenizer }) {
  const { n_embd, n_layer } = settings;
  if (method === "embeddings") return { values: someNumbers(tokenizer.vocab.length * n_embd, 0.5) };
  const blocks = Array.from({ length: n_layer }, (_, layer) =>
    WORDS.slice(1).map((word) => `blocks.${layer}.${word}.weight`),
  );
  const names = ["token_embedding.weight", ...blocks.flat(), "unembed.weight"];
  const tensors = names.map((name, i) => ({
    name,
    shape: [4, 4],
    gradient: 10 ** (-5 + (i % 4)),
    weight: 0.1,
    update: 10 ** (-5 + (i % 5)),
  }));
  return { tensors };
}

/** The tokens of a text, as the lab has them. */
function tokensOf(text, vocabSize) {
  const merges = [];
  const training = trainTokenizer(text, { vocabSize, hasDocuments: false });
  for (let one = training.next(); !one.done; one = training.next()) merges.push(one.value);
  const trained = finish(trainTokenizer(text, { vocabSize, hasDocuments: false }));
  const tokenizer = new Tokenizer(trained);
  const ids = Uint16Array.from(tokenizer.encode(text));
  const kind = vocabSize ? "bpe" : "characters";
  return { kind, vocabSize, trained, tokenizer, merges, ids, validationIds: ids, isTraining: false };
}

const NO_TOKENS = {
  kind: "bpe",
  vocabSize: 512,
  tokenizer: null,
  merges: [],
  ids: null,
  validationIds: null,
  isTraining: false,
};
const NOTHING = {
  ...{ step: 0, losses: [], evaluations: [], samples: [], prompts: [], speed: null, baselines: null },
  ...{ pausedBy: null, problem: null, notice: null, kept: [], undoable: null, waits: false },
  ...{ parameters: null, kernel: null, text: null, tokens: NO_TOKENS, settings: settingsOf("middle", 512) },
};

async function stateOf(state) {
  if (state === "loading") return { ...NOTHING, status: "preparing" };
  if (state === "with an error") {
    return { ...NOTHING, status: "empty", problem: "This text is too short to learn from." };
  }
  const text = TEXTS[state];
  const step = STEPS[state];
  const tokens = tokensOf(text, state === "as small as can be" ? 0 : 64);
  const settings = { ...settingsOf("middle", tokens.tokenizer.vocab.length), steps: Math.max(1, 2 * step) };
  const { ids } = tokens;
  const row = Array.from(ids.slice(0, 60), (id, i) => ({ id, p: (i % 11) / 10, entropy: 1 }));
  const samples = [0, step].map((one) => ({
    step: one,
    prompts: [{ ids: [...ids.slice(0, 3)], tokens: row }],
  }));
  const facts = await describe(text);
  return {
    ...NOTHING,
    ...{ status: step ? "paused" : "ready", step, tokens, settings, parameters: 12_345, kernel: "wasm" },
    text: { name: state, text, facts },
    losses: Array.from({ length: step ? 100 : 0 }, (_, i) => ({
      step: (step * i) / 100,
      loss: 4 / (1 + i / 9),
    })),
    evaluations: [{ step: 0, loss: 4 }, ...(step ? [{ step, loss: 0.5 }] : [])],
    baselines: { uniform: 4, unigram: 3, bigram: 2 },
    prompts: [text.slice(0, 3)],
    samples: step ? samples : samples.slice(0, 1),
    speed: step ? { millisecondsPerStep: 20, secondsLeft: 90 } : null,
    undoable: state === "too long" ? { name: "Stories", step: 99 } : null,
  };
}

/** @param {string} state one of those of the storybook @returns {Promise<any>} what figures ask for as "lab" */
export async function labOf(state) {
  const lab = Object.assign(new Observable(), { state: await stateOf(state) });
  const ask = async (method) => {
    const { settings, tokens } = lab.state;
    return tokens.tokenizer ? answer(method, { settings, tokenizer: tokens.tokenizer }) : null;
  };
  const nothing = () => {};
  const methods = ["setText", "setTokens", "start", "pause", "stepOnce", "reset", "bringBack", "goOn"];
  const setSettings = (changes) => lab.update({ settings: { ...lab.state.settings, ...changes } });
  return Object.assign(lab, Object.fromEntries(methods.map((name) => [name, nothing])), { ask, setSettings });
}

/** What <lab-sentence> asks for. */
export const sentencesIn = (lab) => {
  const { text, step } = lab.state;
  const state = {
    sentence: text?.text.slice(0, 110) ?? "",
    hasOthers: true,
    hasAttention: true,
    shownStep: step || null,
  };
  return Object.assign(new Observable(), { state, next: () => {} });
};
