/** The storybook: every figure with canned data, in every state. See all-figures.html. */
import { html, render } from "../vendored/lit.js";
import "./before-after/before-after.js";
import "./film-controls/film-controls.js";
import "./five-texts/five-texts.js";
import "./loss-curve/loss-curve.js";
import "./moment-list/moment-list.js";
import "./run-facts/run-facts.js";
import "./run-picker/run-picker.js";
import "./skill-strip/skill-strip.js";
import { Trouble } from "../kit/run.js";

const SYMBOLS = ["<|endoftext|>", "\n", " a", " cat", " sat", ".", "<img src=x onerror=alert(1)>",
                 " incomprehensibilities"];
const WATCHED = [0, 1, 10, 100];
const RULES = { spelling: [0, 0.2, 0.6, 1], grammar: [0, 0, 0.1, 0.97] };

/** What a look wrote behind each of five prompts: `longest` tokens at most. */
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
  settings: { n_layer: 2, n_head: 2, n_embd: 8, n_ctx: 16, steps: 100, dataset: "canned" },
  corpus: { vocab_size: 8, train_characters: 5678 }, metrics: { seconds: 100 },
  missing: { neurons: "tokens/validation.bin in runs/canned is missing or damaged." },
};

const canned = (parts) => ({ name: "canned", manifest, symbols: SYMBOLS, part: (name) => parts[name] });
const never = new Promise(() => {});

/** [what the state is, the run that is in it] */
const STATES = [
  ["as it is", canned({ film: film(12), log })],
  ["too long", canned({ film: film(90), log })],
  ["as small as can be", canned({
    film: { ...film(1), skills: null, moments: [], frames: film(1).frames.slice(0, 1) },
    log: { ...log, steps: [], loss: [], seconds: [], validation: { steps: [0], loss: [2.1] },
           compare: { nothing: 2.08 } } })],
  ["loading", canned({ film: never, log: never })],
  ["in trouble", canned(Object.fromEntries(["film", "log"].map((name) => [name, Promise.reject(
    new Trouble(`${name}.json of the run canned is damaged.`))])))],
];

const FIGURES = {
  "film-controls": (run, step) => html`<film-controls .run=${run} step=${step}></film-controls>`,
  "five-texts": (run, step) => html`<five-texts .run=${run} step=${step}></five-texts>`,
  "loss-curve": (run, step) => html`<loss-curve .run=${run} step=${step}></loss-curve>`,
  "skill-strip": (run, step) => html`<skill-strip .run=${run} step=${step}></skill-strip>`,
  "moment-list": (run, step) => html`<moment-list .run=${run} step=${step}></moment-list>`,
  "before-after": (run) => html`<before-after .run=${run}></before-after>`,
  "run-picker": (run) => html`<run-picker .runs=${[manifest]} .run=${run}></run-picker>`,
  "run-facts": (run) => html`<run-facts .run=${run}></run-facts>`,
};

function show(step) {
  render(Object.entries(FIGURES).map(([name, figure]) => html`<h2>${name}</h2>
    ${STATES.map(([state, run]) => html`<p>${state}</p>
      <section class="glass" aria-label=${`${name}, ${state}`}>${figure(run, step)}</section>`)}`),
         document.querySelector("#figures"));
}

addEventListener("step", ({ detail }) => show(detail.step));
show(10);
