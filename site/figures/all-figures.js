/** The storybook: every figure with made-up data, in every state. See all-figures.html. */
import { html, render } from "../vendored/lit.js";
import "./attention-gallery/attention-gallery.js";
import "./attention-map/attention-map.js";
import "./before-after/before-after.js";
import "./code-editor/code-editor.js";
import "./compare-chooser/compare-chooser.js";
import "./entropy-strips/entropy-strips.js";
import "./exercise-chooser/exercise-chooser.js";
import "./famous-mistakes/famous-mistakes.js";
import "./film-controls/film-controls.js";
import "./five-texts/five-texts.js";
import "./guess-first/guess-first.js";
import "./head-check/head-check.js";
import "./head-story/head-story.js";
import "./logit-lens/logit-lens.js";
import "./loss-curve/loss-curve.js";
import "./moment-list/moment-list.js";
import "./prompt-chooser/prompt-chooser.js";
import "./rose-and-fell/rose-and-fell.js";
import "./run-code/run-code.js";
import "./run-facts/run-facts.js";
import "./run-picker/run-picker.js";
import "./same-numbers/same-numbers.js";
import "./skill-strip/skill-strip.js";
import "./take-home/take-home.js";
import "./token-row/token-row.js";
import "./top-ten/top-ten.js";
import "./typed-map/typed-map.js";
import "./typed-story/typed-story.js";
import { EXERCISES, MISTAKES } from "../exercise/exercises.js";
import { softmax } from "../engine/kernel.js";
import { entropy } from "../engine/sample.js";
import { Look } from "../kit/look.js";
import { keptStep } from "../kit/model.js";
import { Trouble } from "../kit/run.js";

const SYMBOLS = ["<|endoftext|>", "\n", " a", " cat", " sat", ".", "<img src=x onerror=alert(1)>",
                 " incomprehensibilities"];
const WATCHED = [0, 1, 10, 100];
const RULES = { spelling: [0, 0.2, 0.6, 1], grammar: [0, 0, 0.1, 0.97] };

/** What a sample wrote after each of five prompts: `longest` tokens at most. */
const written = (look, longest) => Array.from({ length: 5 }, (_, i) => {
  const ids = Array.from({ length: Math.max(1, longest - i) }, (_, j) => (i + j * (look + 1)) % 8);
  return { ids, p: ids.map((_, j) => (j % 11) / 10) };
});

const film = (longest) => ({
  temperature: 0.8,
  prompts: Array.from({ length: 5 }, () => ({ text: "Once a cat", given: [2, 3] })),
  frames: WATCHED.map((step, look) => ({ step, continued: written(look, longest) })),
  skills: { steps: WATCHED, shares: RULES, samples: { spelling: 32, grammar: 30 } },
  moments: [
    { kind: "words", step: 1, prompt: 0, text: "a cat sat" },
    { kind: "pairs", step: 10, prompt: null, text: null },
    { kind: "head", step: 10, role: "previous token", head: "0.1", share: 0.62 },
    { kind: "skill", step: 100, rule: "spelling", share: 1 },
    { kind: "skill", step: 100, rule: "grammar", share: 0.97 },
  ],
});

const log = {
  each: 1, steps: [...Array(100).keys()], seconds: [...Array(100).keys()],
  loss: Array.from({ length: 100 }, (_, step) => 0.4 + 1.7 / (1 + step / 5)),
  validation: { steps: WATCHED, loss: [2.1, 1.9, 1, 0.5] },
  compare: { nothing: 2.08, frequencies: 1.8, pairs: 1.2, floor: 0.4 },
};

const manifest = {
  name: "canned", parameters: 1234, step: 100, finished: true, watched: WATCHED, shown: WATCHED,
  settings: { n_layer: 2, n_head: 2, n_embd: 8, n_ctx: 16, steps: 100, preset: "smoke", dataset: "canned" },
  corpus: { vocab_size: 8, train_characters: 5678 }, metrics: { seconds: 100 },
  missing: { neurons: "tokens/validation.bin in runs/canned is missing or damaged." },
  prompts: ["Once a cat", "The cat", "A cat sat", "Cat", "<img src=x onerror=alert(1)>"],
  snapshots: [{ step: 0 }, { step: 10 }, { step: 100 }],
};

const check = { ids: [0, 2, 3], tolerance: 1e-4 };

/** A number for each head of 2 layers of 2. */
const ofHeads = (number) => [0, 2].map((i) => [number(i), number(i + 1)]);

const heads = {
  steps: [0, 10, 100], chance: { "previous token": 0.2, induction: 0.1 }, loss: [2.1, 1, 0.5],
  scores: [0, 1, 2].map((look) => ({ "previous token": ofHeads((i) => 0.2 + 0.09 * look * i),
                                     induction: ofHeads(() => 0.1) })),
  without: [0, 1, 2].map((look) => ofHeads((i) => [2.1, 1, 0.5][look] + 0.05 * i)),
  entropy: [2, 1.5, 1].map((nats) => ofHeads((i) => nats - i / 4)),
  labels: [["no clear role", "no clear role"], ["(previous token)", "previous token"]],
  likes: ofHeads((i) => [i, i + 1, 6]),
  watched: { steps: WATCHED, even: WATCHED.map(() => 2), entropy: WATCHED.map((_, look) => ofHeads((i) => 2 - look * i / 8)) },
};

const canned = (parts) => ({ name: "canned", manifest, symbols: SYMBOLS, command: "python export_for_web.py",
                             part: (name) => ({ heads, check, ...parts })[name] });
const never = new Promise(() => {});

/** A text of some tokens as a model of 2 layers of 2 heads read it; a different `turn` gives different numbers. */
function lookOf(run, length, turn) {
  const ids = Array.from({ length }, (_, i) => (i > length / 2 ? i * turn + 1 : i + 1) % 8);
  const rows = Array.from({ length: 4 }, (_, head) => ids.map((_, from) =>
    softmax(Float32Array.from({ length: from + 1 }, (_, to) => 3 * Math.cos(turn * (from - to) + head)))));
  const depths = Array.from({ length: 5 }, (_, depth) => [0, 1, 2].map((i) => ({
    id: (i + depth) % 8, p: 0.6 / (1 + i) })));
  return new Look({
    run, step: 10, live: true, temperature: 0.8, ids, given: Math.min(2, length - 1) || 1,
    attention: Float32Array.from(rows.flat().flatMap((row) => [...row])), entropy: rows.flat().map(entropy),
    logits: Float32Array.from({ length: 8 * length }, (_, i) => 3 * Math.sin(i * turn)),
    left: length > 50 ? ["é", "Z"] : [], cut: length > 50, milliseconds: 3,
    model: { lens: async () => depths },
  });
}

const PARTS = ["film", "log", "heads", "check"];

/** [what the state is, the run that is in it] */
const STATES = [
  ["as it is", canned({ film: film(12), log })],
  ["too long", canned({ film: film(90), log })],
  ["as small as can be", canned({
    film: { ...film(1), skills: null, moments: [], frames: film(1).frames.slice(0, 1) },
    log: { ...log, steps: [], loss: [], seconds: [], validation: { steps: [0], loss: [2.1] },
           compare: { nothing: 2.08 } } })],
  ["loading", canned(Object.fromEntries(PARTS.map((name) => [name, never])))],
  ["in trouble", canned(Object.fromEntries(PARTS.map((name) => [name, Promise.reject(
    new Trouble(`${name}.json of the run canned is damaged.`))])))],
];

/** The texts that are shown in each state. */
const LOOKS = STATES.map(([state, run]) => {
  if (state === "loading") return [null, null];
  if (state === "in trouble") return Array(2).fill(new Trouble("The weights are damaged."));
  const length = { "as it is": 14, "too long": 120, "as small as can be": 1 }[state];
  return [lookOf(run, length, 1), lookOf(run, length, 2)];
});

/** A square of attention weights: uniform, or with a mask. */
const square = (T, isMasked) => Float32Array.from({ length: T * T }, (_, i) => {
  const [row, column] = [Math.floor(i / T), i % T];
  return isMasked ? Number(column <= row) / (row + 1) : 1 / T;
});

const mapsOf = (T) => ({ hasRun: true, ids: Array.from({ length: T }, (_, i) => i % 8), mine: square(T, false),
                         own: square(T, true) });
const PASSED = EXERCISES.attention.stages;
const BROKEN = "Line 5 begins with def, but the colon at its end is missing.";
const words = (n) => Array.from({ length: n }, (_, i) => ({ id: (3 * i) % 8, p: (i % 11) / 10 }));

/** The outcome of a typed head in each state: result, maps, story, measured. */
const TYPED = [
  { code: EXERCISES.attention.answer, wrong: 8, trial: MISTAKES[0],
    result: { passed: PASSED.slice(0, 5), failed: "the scale", says: "The scores are not scaled.",
              printed: ["tensor([[0.5000, 0.5000]])"], more: 0 },
    maps: mapsOf(8), measured: { spread: 0.5, ownSpread: 1.5, firstRow: 1, isFinite: true, loss: 2, ownLoss: 1,
                                 guessing: 2.08 },
    story: { prompt: 0, mine: words(12), own: words(9), busy: false, says: "",
             loss: { mine: 3.1, own: 1.2, pytorch: 1.2, tokens: 40 } } },
  { code: EXERCISES.head.answer.repeat(3), wrong: null, trial: MISTAKES[3],
    result: { passed: PASSED, failed: "", says: "None of 8 logits differs.", more: 12345,
              printed: Array(100).fill("a line of what it printed, and it is quite a long one ".repeat(3)) },
    maps: mapsOf(20), measured: null,
    story: { prompt: 1, mine: words(240), own: words(240), busy: true, says: "", loss: null } },
  { code: "def attention(q, k, v)", wrong: 1, trial: MISTAKES[4],
    result: { passed: [], failed: "it runs", unread: true, says: BROKEN, printed: [], more: 0 },
    maps: { ...mapsOf(1), mine: null }, measured: null,
    story: { prompt: 2, mine: [], own: words(1), busy: false, says: "The model’s output is NaN.", loss: null } },
  { code: "", result: null, maps: null, story: null, measured: null, trial: null },
  { code: "", result: null, maps: null, story: null, measured: null, trial: null },
];

const FIGURES = {
  "prompt-chooser": (run, step, [look]) => html`<prompt-chooser .run=${run} .look=${look} step=${step}
    prompt="0"></prompt-chooser>`,
  "token-row": (run, step, [look]) => html`<token-row .run=${run} .look=${look} head="1.1"></token-row>`,
  "top-ten": (run, step, [look]) => html`<top-ten .run=${run} .look=${look} temperature="0.8"></top-ten>`,
  "logit-lens": (run, step, [look]) => html`<logit-lens .run=${run} .look=${look}></logit-lens>`,
  "attention-gallery": (run, step, [look]) => html`<attention-gallery .run=${run} .look=${look}
    head="1.1"></attention-gallery>`,
  "attention-map": (run, step, [look, other]) => html`<attention-map .run=${run} .look=${look}
    .other=${other} head="1.1"></attention-map>`,
  "head-story": (run, step) => html`<head-story .run=${run} step=${step} head="1.1"></head-story>`,
  "entropy-strips": (run, step) => html`<entropy-strips .run=${run} step=${step} head="1.1">
    </entropy-strips>`,
  "compare-chooser": (run) => html`<compare-chooser .runs=${[manifest]} .run=${run} head="1.1"
    versus="off:1.0"></compare-chooser>`,
  "rose-and-fell": (run, step, [look, other]) => html`<rose-and-fell .run=${run} .look=${look}
    .other=${other}></rose-and-fell>`,
  "same-numbers": (run, step) => html`<same-numbers .run=${run} step=${step}
    .found=${{ run, step: keptStep(run, step), gap: 3.1e-6, n: 8 }}></same-numbers>`,
  "film-controls": (run, step) => html`<film-controls .run=${run} step=${step}></film-controls>`,
  "five-texts": (run, step) => html`<five-texts .run=${run} step=${step}></five-texts>`,
  "loss-curve": (run, step) => html`<loss-curve .run=${run} step=${step}></loss-curve>`,
  "skill-strip": (run, step) => html`<skill-strip .run=${run} step=${step}></skill-strip>`,
  "moment-list": (run, step) => html`<moment-list .run=${run} step=${step}></moment-list>`,
  "before-after": (run) => html`<before-after .run=${run}></before-after>`,
  "run-picker": (run) => html`<run-picker .runs=${[manifest]} .run=${run}></run-picker>`,
  "run-facts": (run) => html`<run-facts .run=${run}></run-facts>`,
  "code-editor": (run, step, looks, { code, wrong }) => html`<code-editor .code=${code} .wrong=${wrong}>
    </code-editor>`,
  "run-code": (run, step, looks, { story }) => html`<run-code ?busy=${story?.busy}></run-code>`,
  "exercise-chooser": (run, step, looks, { trial }) => html`<exercise-chooser exercise="attention"
    trial=${trial?.name ?? ""}></exercise-chooser>`,
  "head-check": (run, step, looks, { result }) => html`<head-check exercise="attention"
    .result=${result}></head-check>`,
  "guess-first": (run, step, looks, { trial, measured }) => html`<guess-first .mistake=${trial}
    .measured=${measured}></guess-first>`,
  "typed-map": (run, step, looks, { maps }) => html`<typed-map .run=${run} .maps=${maps} head="1.1">
    </typed-map>`,
  "typed-story": (run, step, looks, { result, story }) => html`<typed-story .run=${run} .result=${result}
    .story=${story}></typed-story>`,
  "take-home": (run, step, looks, { code }) => html`<take-home .run=${run} .code=${code}></take-home>`,
  "famous-mistakes": (run, step, looks, { trial }) => html`<famous-mistakes trial=${trial?.name ?? ""}
    .guesses=${{ [MISTAKES[0].name]: true, [MISTAKES[1].name]: false }}></famous-mistakes>`,
};

function show(step) {
  render(Object.entries(FIGURES).map(([name, figure]) => html`<h2>${name}</h2>
    ${STATES.map(([state, run], i) => html`<p>${state}</p>
      <section class="glass" aria-label=${`${name}, ${state}`}>${
        figure(run, step, LOOKS[i], TYPED[i])}</section>`)}`),
         document.querySelector("#figures"));
}

addEventListener("step", ({ detail }) => show(detail.step));
show(10);
