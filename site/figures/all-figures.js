/** The storybook: every figure with made-up data, in every state. See all-figures.html. */
import { answerTo } from "../exercise/answers.js";
import { EXERCISES } from "../exercise/exercises.js";
import { MISTAKES, mistakeIn } from "../exercise/mistakes.js";
import { startOf } from "../exercise/ways.js";
import { softmax } from "../engine/kernel.js";
import { entropy } from "../engine/sample.js";
import { Chat } from "../app/chat.js";
import { Comparison } from "../app/comparison.js";
import { provide } from "../app/context.js";
import { ForwardPass } from "../app/forward-pass.js";
import { nearestSnapshot } from "../app/model.js";
import { Observable } from "../app/observable.js";
import { Operated } from "../app/operated.js";
import { UserError } from "../app/run.js";
import { Store } from "../app/store.js";
import { TypedHead } from "../app/typed-head.js";
import { Writing } from "../app/writing.js";
import { brokenIn } from "./all-figures-break.js";
import { comparedOf, curvesOf, namedOf } from "./all-figures-compare.js";
import { labOf, sentencesIn } from "./all-figures-lab.js";
import { ladderOf, trialsOf } from "./all-figures-ladder.js";
import { teachingOf } from "./all-figures-teaching.js";

const VOCAB = [
  "<|endoftext|>",
  "\n",
  " a",
  " cat",
  " sat",
  ".",
  "<img src=x onerror=alert(1)>",
  " incomprehensibilities",
];
const STEPS = [0, 1, 10, 100];
const ACCURACY = { spelling: [0, 0.2, 0.6, 1], grammar: [0, 0, 0.1, 0.97] };

/** The continuations of five prompts in a sample: `longest` tokens at most. */
const continuationsOf = (sample, longest) =>
  Array.from({ length: 5 }, (_, i) => {
    const ids = Array.from({ length: Math.max(1, longest - i) }, (_, j) => (i + j * (sample + 1)) % 8);
    return { ids, p: ids.map((_, j) => (j % 11) / 10) };
  });

const samplesOf = (longest) => ({
  temperature: 0.8,
  prompt_ids: Array(5).fill([2, 3]),
  samples: STEPS.map((step, i) => ({ step, continuations: continuationsOf(i, longest) })),
  rule_accuracy: { snapshot_steps: STEPS, accuracy: ACCURACY, n_texts: { spelling: 32, grammar: 30 } },
  milestones: [
    { kind: "words", step: 1, prompt: 0, text: "a cat sat" },
    { kind: "bigram", step: 10, prompt: null, text: null },
    { kind: "head", step: 10, role: "previous token", head: "0.1", weight: 0.62 },
    { kind: "rule", step: 100, rule: "spelling", accuracy: 1 },
    { kind: "rule", step: 100, rule: "grammar", accuracy: 0.97 },
  ],
  chance: {
    limit: 0.01,
    n_samples: 4,
    n_draws: 1000,
    texts: {
      words: { uniform: 0.02, unigram: 0.97, is_used: false, n_words: 12 },
      name: { uniform: 0, unigram: 0.001, is_used: true },
    },
    rules: {
      spelling: { uniform: 0, unigram: 0.07, n_texts: 32, least: 24 },
      grammar: { uniform: 0, unigram: 1, n_texts: 30, least: null },
    },
  },
});

const log = {
  steps_per_point: 1,
  point_steps: [...Array(100).keys()],
  seconds: [...Array(100).keys()],
  loss: Array.from({ length: 100 }, (_, step) => 0.4 + 1.7 / (1 + step / 5)),
  validation: { sampled_steps: STEPS, loss: [2.1, 1.9, 1, 0.5] },
  baselines: { uniform: 2.08, unigram: 1.8, bigram: 1.2, entropy: 0.4 },
};

const manifest = {
  name: "canned",
  parameters: 1234,
  step: 100,
  finished: true,
  sampled_steps: STEPS,
  exported_steps: STEPS,
  settings: {
    n_layer: 2,
    n_head: 2,
    n_embd: 8,
    n_ff: 32,
    n_ctx: 128,
    steps: 100,
    preset: "smoke",
    dataset: "canned",
    temperature: 0.8,
    sample_tokens: 40,
  },
  corpus: { vocab_size: 8, train_characters: 5678 },
  metrics: { seconds: 100, validation_loss: 0.48, band: { low: 0.45, high: 0.5, runs: 3, of: "preset" } },
  files: { "copied.json": {}, "training_text.json": { bytes: 2_000_000 } },
  training_text: {
    characters: 2000,
    all_characters: 5678,
    n_documents: 3,
    credit: "Somebody",
    licence: "CDLA",
  },
  missing: { neurons: "tokens/validation.bin in runs/canned is missing or damaged." },
  tokenizer: { vocab: VOCAB, merges: [] },
  prompts: ["Once a cat", "The cat", "A cat sat", "Cat", "<img src=x onerror=alert(1)>"],
  snapshots: [{ step: 0 }, { step: 10 }, { step: 100 }],
};

const span = { text: " a cat sat", words: 3, document: 1, offset: 7, occurrences: 2 };
const totals = { n_words: 30, copied_words: 6, longest_words: 4, mean_longest_words: 2.5 };

const copied = {
  least_words: 3,
  searched_documents: 9,
  held_out: { n_texts: 80, ...totals },
  samples: STEPS.map((step, i) => ({
    step,
    ...totals,
    mean_longest_words: i,
    continuations: [i, i + 1, 0].map((longest_words) => ({ longest_words })),
  })),
  longest: { step: 10, prompt: 4, ...span },
};

const check = { ids: [0, 2, 3], tolerance: 1e-4 };

/** A value for each head of 2 layers of 2. */
const ofHeads = (value) => [0, 2].map((i) => [value(i), value(i + 1)]);

const noRole = { role: null, score: null, chance: null, confidence: "none", since_step: null };
const role = (name, score, chance, confidence) => ({ role: name, score, chance, confidence, since_step: 10 });

const heads = {
  snapshot_steps: [0, 10, 100],
  n_texts: 10,
  uniform_scores: { induction: 0.1, "previous token": 0.2 },
  uniform_entropy: 2.1,
  repeat_gain: [0, 1.5, 2.9],
  ablated_repeat_gain: ofHeads((head) => 2.9 - 0.7 * head),
  required: { score: 0.25, times_chance: 2, repeat_gain: 0.693 },
  loss: [2.1, 1, 0.5],
  scores: [0, 1, 2].map((i) => ({
    "previous token": ofHeads((head) => 0.2 + 0.09 * i * head),
    induction: ofHeads((head) => 0.1 + 0.06 * i * head),
  })),
  ablated_loss: [2.1, 1, 0.5].map((loss) => ofHeads((head) => loss + 0.05 * head)),
  attention_entropy: [2, 1.5, 1].map((nats) => ofHeads((head) => nats - head / 4)),
  roles: [
    [noRole, noRole],
    [role("previous token", 0.56, 0.2, "clear"), role("induction", 0.46, 0.1, "weak")],
  ],
  described: {
    n_texts: 40,
    most_attended: ofHeads((head) =>
      [head, head + 1, 6]
        .slice(head)
        .map((id) => ({ id, fraction: 0.1 + 0.1 * head, uniform_fraction: 0.02 })),
    ),
    most_missed: ofHeads((head) =>
      [5, 2, 3].slice(head).map((id) => ({ id, loss_rise: 3.25 - head, occurrences: 7 })),
    ),
  },
  sampled: {
    sampled_steps: STEPS,
    uniform: STEPS.map(() => 2),
    attention_entropy: STEPS.map((_, i) => ofHeads((head) => 2 - (i * head) / 8)),
  },
};

/** Of a run that goes on from another one, and forgets what that one knew. */
const forgetting = { ...log.validation, parent_loss: [0.5, 0.6, 1.6, 2.9] };

/** The same as if it went on from another run. */
const childOf = (ordinary) => ({
  ...ordinary,
  manifest: {
    ...ordinary.manifest,
    settings: { ...ordinary.manifest.settings, parent: "runs/parent", freeze: 1, lora: 4 },
    corpus: {
      ...ordinary.manifest.corpus,
      parent: { name: "parent".repeat(9), step: 1300, dataset: "/home/<b>/a novel.txt" },
    },
  },
});

const candidates = [2, 3, 4, 6, 7].map((id) => ({ id, unigram: 0.1 * id, bigram: 0.1 * (9 - id) }));
const guesses = { passages: [{ ids: [0, 2, 3, 4, 5, 2], questions: [{ position: 3, candidates }] }] };
const lines = [
  "def attention(q, k, v):",
  "    # a line that is too long for any page that somebody may have ".repeat(3),
];
const code = { from_run: true, functions: { attention: [7, 8] }, sections: [{ first_line: 7, lines }] };

const canned = (parts) => ({
  name: "canned",
  manifest,
  vocab: VOCAB,
  command: "python export_for_web.py",
  part: async (name) => ({ heads, check, copied, guesses, code, ...parts })[name],
});
const never = new Promise(() => {});

/** Queries, keys and values of a head of two numbers, for T tokens. */
function vectorsOf(T) {
  const vectors = [1, 2, 3].map((kind) =>
    Float32Array.from({ length: 2 * T }, (_, i) => 2 * Math.sin(kind * i)),
  );
  return { queries: vectors[0], keys: vectors[1], values: vectors[2], D: 2 };
}

/** A forward pass of a model of 2 layers of 2 heads; a different `seed` gives different numbers. */
function passOf(run, length, seed) {
  const ids = Array.from({ length }, (_, i) => (i > length / 2 ? i * seed + 1 : i + 1) % 8);
  const rows = Array.from({ length: 4 }, (_, head) =>
    ids.map((_, query) =>
      softmax(
        Float32Array.from({ length: query + 1 }, (_, key) => 3 * Math.cos(seed * (query - key) + head)),
      ),
    ),
  );
  const depths = Array.from({ length: 5 }, (_, depth) =>
    [0, 1, 2].map((i) => ({ id: (i + depth) % 8, p: 0.6 / (1 + i) })),
  );
  return new ForwardPass({
    run,
    step: 10,
    isComputed: true,
    temperature: 0.8,
    ids,
    promptLength: Math.min(2, length - 1) || 1,
    attention: Float32Array.from(rows.flat().flatMap((row) => [...row])),
    attentionEntropy: rows.flat().map(entropy),
    logits: Float32Array.from({ length: 8 * length }, (_, i) => 3 * Math.sin(i * seed)),
    unknown: length > 50 ? ["é", "Z"] : [],
    isTruncated: length > 50,
    milliseconds: 3,
    model: { logitLens: async () => depths, headVectors: async (shown) => vectorsOf(shown.length) },
  });
}

const PARTS = ["samples", "log", "heads", "check", "copied", "guesses", "code"];

/** [what the state is, the run that is in it] @type {any[]} */
const STATES = [
  ["as it is", canned({ samples: samplesOf(12), log })],
  ["too long", childOf(canned({ samples: samplesOf(90), log: { ...log, validation: forgetting } }))],
  [
    "as small as can be",
    canned({
      samples: {
        ...samplesOf(1),
        rule_accuracy: null,
        milestones: [],
        chance: null,
        samples: samplesOf(1).samples.slice(0, 1),
      },
      log: {
        ...log,
        point_steps: [],
        loss: [],
        seconds: [],
        validation: { sampled_steps: [0], loss: [2.1] },
        baselines: { uniform: 2.08 },
      },
    }),
  ],
  ["loading", canned(Object.fromEntries(PARTS.map((name) => [name, never])))],
  [
    "with an error",
    {
      ...canned({}),
      part: (name) => Promise.reject(new UserError(`${name}.json of the run canned is damaged.`)),
    },
  ],
];

/** The two forward passes that are shown in each state. */
const PASSES = STATES.map(([state, run]) => {
  if (state === "loading") return [null, null];
  if (state === "with an error") return Array(2).fill(new UserError("The weights are damaged."));
  const length = { "as it is": 14, "too long": 120, "as small as can be": 1 }[state];
  return [passOf(run, length, 1), new ForwardPass({ ...passOf(run, length, 2), step: 0 })];
});

/** The same two at the ends of two runs. */
function atTheirEnds(both) {
  const metrics = { ...manifest.metrics, validation_loss: 0.52 };
  const another = { name: "another", vocab: VOCAB, manifest: { ...manifest, metrics } };
  return both.map((pass, i) =>
    pass instanceof ForwardPass
      ? new ForwardPass({ ...pass, step: manifest.step, run: i ? another : pass.run })
      : pass,
  );
}

/** A square of attention weights: uniform, or with a mask. */
const square = (T, isMasked) =>
  Float32Array.from({ length: T * T }, (_, i) => {
    const [row, column] = [Math.floor(i / T), i % T];
    return isMasked ? Number(column <= row) / (row + 1) : 1 / T;
  });

const mapsOf = (T) => ({
  hasRun: true,
  ids: Array.from({ length: T }, (_, i) => i % 8),
  typed: square(T, false),
  builtin: square(T, true),
});
const { stages } = EXERCISES.attention;
const tokensOf = (n) => Array.from({ length: n }, (_, i) => ({ id: (3 * i) % 8, p: (i % 11) / 10 }));

/** The outcome of a typed head in each state: result, maps, story, measured. */
const TYPED = [
  {
    code: answerTo("attention"),
    errorLine: 8,
    trial: mistakeIn(MISTAKES[0].id, answerTo("attention")),
    result: {
      passed: stages.slice(0, 5),
      printed: ["tensor([[0.5000, 0.5000]])"],
      truncated: 0,
      mistake: { stage: "scale", message: "The scores are not scaled.", hint: "scale", line: null },
    },
    maps: mapsOf(8),
    measured: {
      entropy: 0.5,
      builtinEntropy: 1.5,
      firstRowSum: 1,
      isFinite: true,
      loss: 2,
      builtinLoss: 1,
      uniformLoss: 2.08,
    },
    story: {
      prompt: 0,
      code: answerTo("attention"),
      typed: tokensOf(12),
      builtin: tokensOf(9),
      busy: false,
      message: "",
      loss: { typed: 3.1, builtin: 1.2, pytorch: 1.2, tokens: 40 },
    },
  },
  {
    code: answerTo("head").repeat(3),
    errorLine: null,
    trial: mistakeIn(MISTAKES[3].id, answerTo("attention")),
    result: {
      passed: stages,
      mistake: null,
      maxAbsDiff: 3.1e-6,
      n_logits: 8,
      truncated: 12345,
      printed: Array(100).fill("a line of what it printed, and it is quite a long one ".repeat(3)),
    },
    maps: mapsOf(20),
    measured: null,
    story: { prompt: 1, typed: tokensOf(240), builtin: tokensOf(240), busy: true, message: "", loss: null },
  },
  {
    code: "def attention(q, k, v)",
    errorLine: 1,
    trial: mistakeIn(MISTAKES[4].id, answerTo("attention")),
    result: {
      passed: [],
      printed: [],
      truncated: 0,
      mistake: {
        stage: "read",
        hint: null,
        line: 1,
        message: "Line 5 begins with def, but the colon at its end is missing.",
      },
    },
    maps: { ...mapsOf(1), typed: null },
    measured: null,
    story: {
      prompt: 2,
      typed: [],
      builtin: tokensOf(1),
      busy: false,
      message: "The model’s output is NaN.",
      loss: null,
    },
  },
  { code: "", result: null, maps: null, story: null, measured: null, trial: null },
  { code: "", result: null, maps: null, story: null, measured: null, trial: null },
];

/** What a model answers that knows nothing. */
const CANNED_MODEL = {
  lengths: async () => ({ residual: 2, direction: 1.5 }),
  patchDifferences: async ({ positions }) => ({ differences: positions.map((one) => one / 9) }),
};

/** A text while the model writes it, in each state. */
const WRITTEN = STATES.map(([state, run]) => {
  const length = { "as it is": 12, "too long": 110 }[state] ?? 0;
  const tokens = tokensOf(length).map((one, i) => ({ ...one, entropy: (i % 5) / 2, top: [one] }));
  const logits = Float32Array.from({ length: 8 }, (_, i) => 3 * Math.sin(i));
  const branches = [
    { step: 10, branch: "", seed: 1, tokens },
    { step: 10, branch: "3t4", seed: 1, tokens },
    { step: 10, branch: "3t4.5s2", seed: 1, tokens },
  ];
  const isThere = state !== "loading" && state !== "with an error";
  return {
    request: {
      run,
      step: 10,
      text: "a cat",
      seed: 1,
      temperature: 0.8,
      topK: 0,
      topP: 1,
      branch: "",
      length,
    },
    model: isThere ? { ...CANNED_MODEL, run, step: 10, nextLogits: async () => logits } : null,
    promptIds: isThere ? [0, 2, 3] : [],
    unknown: length > 50 ? ["é", "Z"] : [],
    isTruncated: length > 50,
    tokens,
    isWriting: length > 50,
    tokensPerSecond: length ? 1234 : null,
    failure: state === "with an error" ? new UserError("The weights are damaged.") : null,
    branches: branches.slice(0, length ? 3 : 1),
  };
});

/** The same run as one that learned from conversations. @returns {any} */
function talking(run) {
  const tokenizer = { vocab: [...VOCAB, "you", "pip", ":", " "], merges: [] };
  const topics = [
    { name: "cats", questions: [" a cat", " cat sat"] },
    { name: "incomprehensibilities ".repeat(4), questions: [" a cat".repeat(12)] },
  ];
  return {
    ...run,
    vocab: tokenizer.vocab,
    manifest: { ...run.manifest, tokenizer, topics, speakers: ["you", "pip"] },
  };
}

/** A conversation in each state. */
const CHATS = STATES.map(([state, ordinary]) => {
  const run = talking(ordinary);
  const n = { "as it is": 2, "too long": 40 }[state] ?? 0;
  const turns = Array.from({ length: n }, (_, i) => ({
    text: i ? " A cat" : " cat",
    seed: i + 2,
    limit: null,
  }));
  const { tokens } = WRITTEN[STATES.findIndex(([name]) => name === state)];
  const promptIds = [0, 8, 10, 3, 1, 9, 10];
  const lines = [{ turn: n - 1, text: "you: cat\npip:" }];
  const reply = { heard: " cat", unknown: [], lines, promptIds, tokens, isDone: true };
  const pass = passOf(run, promptIds.length, 1);
  const effects = ["1.0", "0.1", "1.1", "0.0"].map((head, i) => ({ head, after: 0.1 * (i + 1) }));
  const heads = {
    effects,
    nHeads: 4,
    head: "1.0",
    shownHead: "1.1",
    copier: { head: "1.1", key: 3, weight: 0.8 },
  };
  const without = { head: "1.0", tokens: tokens.slice(2), milliseconds: 3 };
  const chosen = { turn: n - 1, index: 0, ids: promptIds, id: 3, p: 0.5, top: [{ id: 3, p: 0.5 }] };
  return {
    request: { run, step: 10, turns },
    model: { run, step: 10 },
    replies: turns.map(() => reply),
    isReplying: state === "loading",
    failure: state === "with an error" ? new UserError("The weights are damaged.") : null,
    reason: n ? { ...chosen, ...heads, pass, without, milliseconds: 3, failure: null } : null,
  };
});

/** What learns in the page, in each state. */
const LABS = await Promise.all(STATES.map(([state]) => labOf(state)));

/** What was broken on purpose, in each state. */
const BROKEN = await Promise.all(STATES.map(([state]) => brokenIn(state)));

const FIGURES = [
  "prompt-chooser",
  "token-row",
  "top-ten",
  "logit-lens",
  "attention-gallery",
  "attention-map",
  "head-story",
  "entropy-strips",
  "head-effects",
  "compare-chooser",
  "compare-result",
  "loss-diff",
  "side-heading",
  "probability-diff",
  "attention-diff",
  "parity-check",
  "step-controls",
  "prompt-samples",
  "loss-curve",
  "rule-accuracy",
  "milestone-list",
  "milestone-odds",
  "before-after",
  "run-scale",
  "run-origin",
  "run-picker",
  "copy-link",
  "run-facts",
  "code-editor",
  "run-code",
  "exercise-chooser",
  "way-chooser",
  "line-order",
  "code-blanks",
  "head-check",
  "guess-first",
  "typed-map",
  "typed-story",
  "download-head",
  "famous-mistakes",
  "writing-desk",
  "written-text",
  "writing-controls",
  "token-ranking",
  "branch-list",
  "writing-settings",
  "all-ages",
  "operation-board",
  "head-ranking",
  "operated-texts",
  "operated-result",
  "copied-spans",
  "copied-by-temperature",
  "copied-by-step",
  "steer-chooser",
  "patch-chooser",
  "compare-texts",
  "text-score",
  "text-attention",
  "chat-desk",
  "chat-why",
  "chat-without",
  "chat-topics",
  "guess-token",
  "attention-by-hand",
  "code-lines",
  "reading-depth",
  "lab-run",
  "lab-samples",
  "lab-loss",
  "lab-text-chooser",
  "lab-tokens",
  "lab-model",
  "lab-embeddings",
  "lab-sentence",
  "lab-updates",
  "teach-chooser",
  "teach-result",
  "teach-keep",
  "teach-rules",
  "teach-experiment",
  "lab-take",
  "loss-curves",
  "lab-break",
  "lab-compare",
  "lab-ladder",
];
// The lessons in which the words stand that these say.
const LESSONS = {
  "guess-token": "01-the-task",
  "attention-by-hand": "05-attention",
  "code-lines": "05-attention",
  "reading-depth": "05-attention",
  "way-chooser": "05-attention",
  "line-order": "05-attention",
  "code-blanks": "05-attention",
};
const WAYS = { "line-order": "order", "code-blanks": "blanks" };

/** What stands in a way of writing a head: all of it right in the first state, nothing done in the others. */
const codeIn = (way, i) => (i === 0 ? answerTo("attention", way) : startOf("attention", way));
const ATTRIBUTES = { "code-lines": { of: "attention" }, "teach-experiment": { name: "fact" } };
// Shown with two texts.
const COMPARING = [
  "side-heading",
  "attention-diff",
  "attention-map",
  "loss-diff",
  "probability-diff",
  "compare-result",
];
const SIDES = ["step 10", "step 0"].map((name) => ({ name, where: `at ${name}` }));
const RUNS = ["run canned", "run another"].map((name) => ({ name, where: `in ${name}` }));

/** An address that belongs to this page alone. */
function memory(hash) {
  return {
    read: () => hash,
    write: (other) => {
      hash = other;
    },
    link: (other) => `#${other}`,
    subscribe: () => {},
  };
}

const observable = (state) => Object.assign(new Observable(), { state });

/** What two forward passes differ in; null if there are none. */
const comparisonOf = (both) =>
  both.length === 2 && both.every((one) => one instanceof ForwardPass)
    ? new Comparison(both[0], both[1])
    : null;

/** Models that are trained to be compared: each figure has its own. */
function trialsFor(figure, i) {
  const [state] = STATES[i];
  if (figure === "lab-ladder") return trialsOf(state);
  return figure === "lab-compare" ? comparedOf(state, LABS[i]) : BROKEN[i].trials;
}

/** What a figure in a state asks for. */
function sources(figure, i) {
  const isAsItIs = figure === "run-origin" && i === 0; // which says nothing of other runs
  const ordinary = isAsItIs ? childOf(STATES[i][1]) : STATES[i][1];
  const run = figure.startsWith("chat-") ? CHATS[i].request.run : ordinary;
  const { trial, measured, ...others } = TYPED[i];
  const typed = Object.assign(new TypedHead(), {
    state: {
      exercise: "attention",
      way: "order",
      judgedAs: "attention",
      ownCode: others.code,
      mistake: trial,
      measured,
      guess: null,
      guesses: { [MISTAKES[0].id]: true, [MISTAKES[1].id]: false },
      busy: others.story?.busy,
      ...others,
      ...(figure in WAYS && { code: codeIn(WAYS[figure], i) }),
      ...(figure === "way-chooser" && { mistake: null }), // with one in the editor, there is no choice
    },
  });
  const compared = figure === "loss-diff" ? atTheirEnds(PASSES[i]) : PASSES[i];
  const both = COMPARING.includes(figure) ? compared : PASSES[i].slice(0, 1);
  const sides = figure === "loss-diff" ? RUNS : SIDES;
  const writing = Object.assign(new Writing(), { state: WRITTEN[i] });
  const operated = new Operated(store, writing);
  operated.follow();
  return {
    page: observable({ runs: [manifest, { ...manifest, name: "another" }], run }),
    passes: observable({ both, sides: both[1] ? sides : null, comparison: comparisonOf(both) }),
    typed,
    writing,
    operated,
    lab: LABS[i],
    sentences: sentencesIn(LABS[i]),
    trials: trialsFor(figure, i),
    named: namedOf(STATES[i][0]),
    teaching: teachingOf(STATES[i][0], STATES[i][1]),
    chat: Object.assign(new Chat(), {
      state: figure === "chat-topics" ? { ...CHATS[i], reason: null } : CHATS[i],
    }),
  };
}

function card(figure, i) {
  const section = Object.assign(document.createElement("section"), { className: "card" });
  section.setAttribute("aria-label", `${figure}, ${STATES[i][0]}`);
  for (const [context, source] of Object.entries(sources(figure, i))) provide(section, context, source);
  const element = document.createElement(figure);
  for (const [name, value] of Object.entries(ATTRIBUTES[figure] ?? {})) element.setAttribute(name, value);
  const page = pages.get(LESSONS[figure]);
  const words =
    page?.querySelector(`${figure} > [data-words]`) ?? page?.querySelector("typed-code > [data-words]");
  if (words) element.append(document.importNode(words, true));
  section.append(element);
  return section;
}

/** A page of the lessons, for the words in it. */
async function lessonPage(name) {
  const response = await fetch(`../lessons/${name}.html`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function withText(tag, textContent) {
  return Object.assign(document.createElement(tag), { textContent });
}

const names = [...new Set(Object.values(LESSONS))];
const pages = new Map();
for (const name of names) pages.set(name, await lessonPage(name));
document.body.append(
  document.importNode(pages.get(names[0]).querySelector("terra-page > [data-words]"), true),
);
const box = document.querySelector("#figures");
const store = new Store(memory("step=10&head=1.1&versus=off%3A1.0&operations=h1.0_a0.1.first"));
store.show(STATES[0][1]);
provide(box, "store", store);

/** Where each figure is: the page is long. */
function contents() {
  const list = document.createElement("ul");
  list.className = "contents";
  for (const figure of FIGURES) {
    const item = document.createElement("li");
    item.append(Object.assign(withText("a", figure), { href: `#${figure}` }));
    list.append(item);
  }
  return list;
}

const heading = (figure) => Object.assign(withText("h2", figure), { id: figure });

box.append(
  contents(),
  ...FIGURES.flatMap((figure) => [
    heading(figure),
    ...STATES.flatMap(([state], i) => [withText("p", state), card(figure, i)]),
  ]),
);

for (const check of box.querySelectorAll("parity-check")) {
  customElements.whenDefined("parity-check").then(() => {
    const { run } = check;
    const step = nearestSnapshot(run, 10);
    check.result = { run, step, maxAbsDiff: 3.1e-6, n: 8 };
  });
}

for (const [i, figure] of box.querySelectorAll("lab-break").entries()) {
  customElements.whenDefined("lab-break").then(() => Object.assign(figure, BROKEN[i].properties));
}

for (const [i, figure] of box.querySelectorAll("loss-curves").entries()) {
  customElements.whenDefined("loss-curves").then(() => Object.assign(figure, curvesOf(STATES[i][0])));
}

/** What was found in the training text, in each state; where nothing is written, nothing is. */
for (const [i, figure] of box.querySelectorAll("copied-spans").entries()) {
  customElements.whenDefined("copied-spans").then(() => {
    figure.look = () => {}; // nothing is searched here
    if (i > 2) return;
    const piece = " a cat sat <b> incomprehensibilities";
    const text = piece.repeat(i === 1 ? 60 : 2 - i);
    const found = { before: "… The man saw", after: "<b>down</b>. …", length: 10, ...span };
    const starts = Array.from({ length: text.length / piece.length }, (_, k) => k * piece.length);
    const spans = starts.map((start) => ({ ...found, start }));
    const unknown = starts.map((start) => ({ start: start + 15, length: piece.length - 15 }));
    const words = 30 - 15 * i;
    const totals = { texts: 1, words, copied: 6, longest: 3, average: 2.5 };
    figure.result = { run: STATES[i][1], text, prompt: "Once", spans, unknown, totals };
    figure.heldOut = { ...totals, run: STATES[i][1], texts: 80, copied: 1 };
    figure.openedRun = STATES[i][1];
  });
}

/** What falls without a head, in each state; while it is loading, nothing is known. */
const FALLS = [2, 5, 0, undefined, undefined].map(
  (n) =>
    n !== undefined &&
    Array.from({ length: n }, (_, i) => ({
      prompt: i % 5,
      position: 2 + i,
      ids: [2, 3, 4, 2, 6, 7, 5],
      before: 1 - 0.2 * i,
      after: 0.04,
    })),
);

for (const [i, figure] of box.querySelectorAll("head-effects").entries()) {
  customElements.whenDefined("head-effects").then(() => {
    const { question } = figure;
    figure.asked = question.key; // nothing is computed here
    if (FALLS[i]) figure.result = { ...question, falls: FALLS[i], nTokens: 40, milliseconds: 3.2 };
  });
}

for (const figure of box.querySelectorAll("operated-texts, operated-result")) {
  customElements.whenDefined(figure.localName).then(() => {
    if (!figure.promptIds.length) return;
    const { key, tokens } = figure;
    figure.asked = figure.effectKey; // nothing is computed here
    figure.finished = key;
    figure.of = "head";
    const other = tokens.map((one, i) => (i < 5 ? one : { ...one, id: (one.id + 1) % 8 }));
    figure.written = { operated: { key, tokens: other }, control: { key, tokens } };
    figure.effect = { asked: figure.asked, untouched: 0.4, operated: 0.1, controls: [0.35, 0.5, 0.4, 0.38] };
    const texts = [tokens, other, tokens];
    figure.counted = { key, texts: { untouched: texts, operated: [other, other, tokens], control: texts } };
  });
}

/** Give figures of a kind what they would ask a model for, once they have begun. */
function present(tag, give) {
  for (const figure of box.querySelectorAll(tag)) {
    customElements.whenDefined(tag).then(async () => {
      await figure.updateComplete;
      if (figure.isReady) give(figure);
    });
  }
}

present("patch-chooser", (figure) => {
  const { textsKey: key } = figure;
  figure.reading?.abort();
  figure.asked = { texts: key };
  figure.other = { key, text: "a sat", ids: [0, 2, 4], unknown: [] };
});

present("compare-texts", (figure) => {
  const { key, run, model } = figure;
  figure.controller?.abort();
  figure.asked = key;
  figure.second = { key, run, model, promptIds: [0, 2, 3], params: {}, tokens: tokensOf(9).reverse() };
});

for (const [i, figure] of box.querySelectorAll("lab-ladder").entries()) {
  customElements.whenDefined("lab-ladder").then(() => {
    Object.assign(figure, ladderOf(STATES[i][0], figure.trials));
  });
}
