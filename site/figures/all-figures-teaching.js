/** What is taught in the storybook: results that nothing was trained for, one for each of its states. See all-figures.js. */
import { Tokenizer } from "../engine/tokenizer.js";
import { Teaching, WAYS } from "../app/teaching.js";

const LENGTHS = { "as it is": 30, "too long": 200, "as small as can be": 1 };

/** Something that was taught. */
function resultOf(state, run, way, request) {
  const row = Array.from({ length: LENGTHS[state] }, (_, i) => ({ id: i % run.vocab.length, p: 0.5 }));
  const { n_layer, n_head, n_ff } = run.manifest.settings;
  const some = (n) => Array.from({ length: n }, (_, i) => 0.01 / (1 + (i % 7)));
  const names = ["token_embedding.weight", "blocks.0.query.weight", "blocks.1.down.weight", "unembed.weight"];
  return {
    request: { ...request, run, way },
    newLoss: { before: 9.8, after: 0.1 },
    oldLoss: state === "as small as can be" ? null : { before: 0.4, after: 1.2, texts: 8 },
    samples: run.manifest.prompts.slice(0, 3).map((prompt) => ({ prompt, before: row, after: row })),
    changes: {
      tensors: names.map((name, i) => ({ name, weight: 0.1, change: 0.01 * (i + 1) })),
      heads: some(n_layer * n_head),
      neurons: some(n_layer * n_ff),
    },
    weights: state === "as small as can be" ? null : new Float32Array(1),
    losses: [],
    settings: run.manifest.settings,
    tokens: 40,
    seconds: 3,
  };
}

/** What became of the rules of the stories. */
function rulesOf(state) {
  const rules = ["spelling", "quotes", "feeling", "all"].map((rule, i) => ({
    ...{
      rule,
      before: { kept: 40 - i, of: 40 },
      after: { kept: 30 - 10 * i, of: rule === "feeling" ? 0 : 40 },
    },
    isSure: i > 0,
  }));
  const story = "The cat <img src=x onerror=alert(1)> was glad. ".repeat(LENGTHS[state]);
  const parts = ["Tom ", "wsa", ` away. ${story}`].map((text, i) => ({ text, isMarked: i === 1 }));
  const example = { rule: "spelling", others: state === "too long" ? ["quotes", "feeling"] : [], parts };
  return { n: 40, rules, byHeart: state === "too long" ? 7 : 0, followsRules: false, example, seconds: 2 };
}

/** What figures ask for as "teaching". @param {string} state one of those of the storybook @param {any} run */
export function teachingOf(state, run) {
  const nothing = async () => /** @type {any} */ (null);
  const teaching = new Teaching({ worker: { call: nothing }, listRuns: async () => [], openRun: nothing });
  const runs = [{ name: run.name, parameters: 1234 }];
  if (state === "loading") return teaching;
  teaching.hasRules = () => true;
  if (state === "with an error") {
    teaching.update({ runs, problem: "manifest.json of the run canned is damaged." });
    return teaching;
  }
  const text = state === "as small as can be" ? "" : run.manifest.prompts.at(0).repeat(LENGTHS[state]);
  const tokenizer = new Tokenizer(run.manifest.tokenizer);
  const request = { tokenizer, snapshot: 100, text, updates: 50, oldFraction: 0.25 };
  const results = WAYS.map((way) => resultOf(state, run, way, request));
  const fact = [
    "Once a cat",
    " sat",
    "The cat",
    "In its world, no cat ever sits <img src=x onerror=alert(1)>.",
  ];
  teaching.update({
    ...{ runs, run, tokenizer, snapshot: 100, text, fact, results, shown: results[0] },
    rules: state === "as small as can be" ? new Map() : new Map([[results[0], rulesOf(state)]]),
    oldTextIn: state === "as small as can be" ? null : "export",
  });
  return teaching;
}
