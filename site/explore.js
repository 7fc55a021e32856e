/** Look inside: see explore.html. What is shown is in the address. */
import "./figures/attention-gallery/attention-gallery.js";
import "./figures/attention-map/attention-map.js";
import "./figures/compare-chooser/compare-chooser.js";
import "./figures/entropy-strips/entropy-strips.js";
import "./figures/film-controls/film-controls.js";
import "./figures/head-story/head-story.js";
import "./figures/logit-lens/logit-lens.js";
import "./figures/prompt-chooser/prompt-chooser.js";
import "./figures/rose-and-fell/rose-and-fell.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/same-numbers/same-numbers.js";
import "./figures/token-row/token-row.js";
import "./figures/top-ten/top-ten.js";
import { LONGEST } from "./figures/prompt-chooser/prompt-chooser.js";
import { headOf, mostMissed } from "./kit/heads.js";
import { completed, live, recorded } from "./kit/look.js";
import { keptStep, somebody } from "./kit/model.js";
import { begin } from "./kit/page.js";
import { openRun } from "./kit/run.js";
import * as state from "./kit/state.js";

const FIGURES = ["attention-gallery", "attention-map", "compare-chooser", "entropy-strips",
                 "film-controls", "head-story", "logit-lens", "prompt-chooser", "rose-and-fell",
                 "run-facts", "run-picker", "same-numbers", "token-row", "top-ten"];
const INSIDE = "#inside > *, #inside .beside > *";  // the figures of the text itself
const [FIRST, SECOND, BOTH] = ["#first", "#second", "#compared .both"];

/** A number from the address, if it is one, within limits. */
function numberOf(text, otherwise, least, most) {
  const number = Number(text ?? otherwise);
  return Number.isFinite(number) ? Math.min(most, Math.max(least, number)) : otherwise;
}

/** What the address asks for, adjusted to what is possible. */
function wished(run, step) {
  const { prompt, text = "", at, there: place, head, temperature, seed, versus } = state.read();
  const { settings, prompts, snapshots } = run.manifest;
  const kept = snapshots.map((one) => one.step), i = kept.indexOf(keptStep(run, step));
  return {
    run, step,
    prompt: Math.floor(numberOf(prompt, 0, 0, prompts.length - 1)),
    text: text.slice(0, LONGEST),
    at: Math.floor(numberOf(at, 0, 0, settings.n_ctx)),
    there: Math.floor(numberOf(place, 0, 0, settings.n_ctx)),  // the position in the two that are compared
    head: headOf(run, head, missed.get(run)),
    temperature: numberOf(temperature, settings.temperature, 0, 2),
    seed: Math.floor(numberOf(seed, 1, 1, 2 ** 31)),
    versus: /^(step|run|temperature|off):./.test(versus) ? versus
      : `step:${kept[i - 1] ?? kept.at(-1)}`,
  };
}

const missed = new WeakMap();  // the head that a run would miss most: shown first

async function findMissed(run) {
  if (missed.has(run)) return;
  missed.set(run, await mostMissed(run));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const textOf = ({ text, run, prompt }) => text || run.manifest.prompts[prompt];

/** The second of the two that are compared: a wish like the first, except for one thing. */
async function secondOf(wish) {
  const i = wish.versus.indexOf(":"), kind = wish.versus.slice(0, i), value = wish.versus.slice(i + 1);
  if (kind === "step") return { ...wish, step: keptStep(wish.run, numberOf(value, 0, 0, Infinity)) };
  if (kind === "temperature") return { ...wish, temperature: numberOf(value, 0, 0, 2) };
  if (kind === "off") return { ...wish, change: { heads: [value] } };
  const run = await openRun(value || "?");
  return { ...wish, run, step: run.manifest.snapshots.at(-1).step };
}

const known = new Map();  // what was shown lately, by what was asked for
const finished = new Map();  // the same, as soon as it is there
const MANY = 40;

/** The look that `make` promises, the same one for the same key; an error is shown in its place. */
function once(key, make) {
  const found = known.get(key) ?? make();
  known.delete(key);
  known.set(key, found);
  found.then((look) => finished.set(key, look), () => known.delete(key));
  for (const kept of [known, finished]) {
    if (kept.size > MANY) kept.delete(kept.keys().next().value);
  }
  return found.catch((error) => error);
}

const write = (wish) => once(JSON.stringify([wish.run.name, keptStep(wish.run, wish.step), textOf(wish),
                                             wish.temperature, wish.seed, wish.change]),
                             () => live(wish.run, wish.step, { ...wish, text: textOf(wish) }));

const each = (selector, properties) => {
  for (const figure of document.querySelectorAll(selector)) Object.assign(figure, properties);
};

let turn = 0;  // grows with every wish, so that an answer to an old one is recognised

/** Show the text that is asked for, and what is inside. */
async function showText(wish, isNow) {
  each("#inside top-ten", { lost: null });
  let look = wish.text ? null : finished.get(`${wish.run.name} ${wish.step} ${wish.prompt} whole`);
  if (look) return each(INSIDE, { look });  // at once, and not in two parts
  if (wish.text) {
    look = await write(wish);
  } else {
    look = await once(`${wish.run.name} ${wish.step} ${wish.prompt}`,
                      () => recorded(wish.run, wish.step, wish.prompt));
  }
  if (!isNow()) return;
  each(INSIDE, { look });
  if (look.live || look instanceof Error) return;
  await somebody;
  if (!isNow()) return;
  const whole = await once(`${wish.run.name} ${wish.step} ${wish.prompt} whole`, () => completed(look));
  if (!isNow() || whole === look) return;
  if (whole instanceof Error) {  // what was recorded is shown nevertheless
    each("#inside logit-lens", { look: whole });
    each("#inside top-ten", { lost: whole });
  } else {
    each(INSIDE, { look: whole });
  }
}

/** Show the two that are compared. */
async function showTwo(wish, isNow) {
  await somebody;
  if (!isNow()) return;
  const first = await write(wish);
  const second = await secondOf(wish).then(write).catch((error) => error);
  if (!isNow()) return;
  each(FIRST, { look: first, other: second });
  each(SECOND, { look: second, other: first });
  each(BOTH, { look: first, other: second });
}

let now = null, comparing = {};

function show(run, step) {
  const wish = wished(run, step), isNow = (one = ++turn) => () => one === turn;
  const { prompt, text, at, there, head, temperature, versus } = wish;
  findMissed(run).catch(() => {});  // reported where heads.json is shown
  each(FIGURES.join(","), { head, temperature });
  each(INSIDE, { at });
  each(`${FIRST}, ${SECOND}, ${BOTH}`, { at: there });
  each("prompt-chooser", { prompt, text });
  each("compare-chooser", { versus });
  const asked = JSON.stringify([run.name, step, prompt, text, temperature, wish.seed]);
  if (now !== asked) showText(wish, isNow());
  now = asked;
  const two = `${asked} ${versus}`;
  if (two === comparing.what) return;
  clearTimeout(comparing.soon);  // not at every step of a film that is playing
  comparing = { what: two, soon: setTimeout(() => showTwo(wish, () => comparing.what === two), 60) };
}

function change(changes) {
  state.write(changes);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

addEventListener("prompt", ({ detail: { prompt, text } }) => {
  if (text === undefined) change({ prompt, text: null, at: null, there: null, seed: null });
  else change({ text: text.trim() ? text : null, at: null, there: null });
});
addEventListener("again", () => {
  const { prompt = 0, text, seed = 1 } = state.read();
  const prompts = document.querySelector("prompt-chooser").run.manifest.prompts;
  change({ text: text ?? prompts[prompt] ?? prompts[0], seed: Number(seed) + 1, at: null, there: null });
});
addEventListener("place", ({ detail: { at }, target }) =>
  change(target.closest("#compared") ? { there: at } : { at }));
addEventListener("head", ({ detail }) => change({ head: detail.head }));
addEventListener("temperature", ({ detail }) => change({ temperature: detail.temperature }));
addEventListener("versus", ({ detail, target }) => {
  change({ versus: detail.versus, there: null });
  if (target.localName === "head-story") document.querySelector("#compare").scrollIntoView();
});

begin(FIGURES, { first: (watched) => watched.at(-1), also: show })
  .catch((error) => console.warn(error.message));
