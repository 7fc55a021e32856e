/** Look inside: see explore.html. What is shown is in the address. */
import "./figures/attention-gallery/attention-gallery.js";
import "./figures/attention-map/attention-map.js";
import "./figures/compare-chooser/compare-chooser.js";
import "./figures/entropy-strips/entropy-strips.js";
import "./figures/head-story/head-story.js";
import "./figures/logit-lens/logit-lens.js";
import "./figures/parity-check/parity-check.js";
import "./figures/probability-diff/probability-diff.js";
import "./figures/prompt-chooser/prompt-chooser.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/step-controls/step-controls.js";
import "./figures/token-row/token-row.js";
import "./figures/top-ten/top-ten.js";
import { MAX_LENGTH } from "./figures/prompt-chooser/prompt-chooser.js";
import { compute, fromExport, withLogits } from "./app/forward-pass.js";
import { mostImportantHead, parseHead } from "./app/heads.js";
import { firstInteraction, nearestSnapshot } from "./app/model.js";
import { startPage } from "./app/page.js";
import { openRun } from "./app/run.js";
import * as urlState from "./app/url-state.js";

const FIGURES = [
  "attention-gallery",
  "attention-map",
  "compare-chooser",
  "entropy-strips",
  "head-story",
  "logit-lens",
  "parity-check",
  "probability-diff",
  "prompt-chooser",
  "run-facts",
  "run-picker",
  "step-controls",
  "token-row",
  "top-ten",
];
const INSIDE = "#inside > *, #inside .columns > *"; // the figures of the text itself
const [FIRST, SECOND, BOTH] = ["#first", "#second", "#compared .comparison"];

/** A number from the address, if it is one, within limits. */
function parseNumber(text, defaultNumber, min, max) {
  const number = Number(text ?? defaultNumber);
  return Number.isFinite(number) ? Math.min(max, Math.max(min, number)) : defaultNumber;
}

/** What the address asks for, adjusted to what is possible. */
function parseRequest(run, step) {
  const { prompt, text = "", position, comparedPosition, head, temperature, seed, versus } = urlState.read();
  const { settings, prompts, snapshots } = run.manifest;
  const steps = snapshots.map((one) => one.step),
    i = steps.indexOf(nearestSnapshot(run, step));
  return {
    run,
    step,
    prompt: Math.floor(parseNumber(prompt, 0, 0, prompts.length - 1)),
    text: text.slice(0, MAX_LENGTH),
    position: Math.floor(parseNumber(position, 0, 0, settings.n_ctx)),
    comparedPosition: Math.floor(parseNumber(comparedPosition, 0, 0, settings.n_ctx)),
    head: parseHead(run, head, defaultHeads.get(run)),
    temperature: parseNumber(temperature, settings.temperature, 0, 2),
    seed: Math.floor(parseNumber(seed, 1, 1, 2 ** 31)),
    versus: /^(step|run|temperature|off):./.test(versus) ? versus : `step:${steps[i - 1] ?? steps.at(-1)}`,
  };
}

const defaultHeads = new WeakMap(); // run -> its most important head

async function findDefaultHead(run) {
  if (defaultHeads.has(run)) return;
  defaultHeads.set(run, await mostImportantHead(run));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const textOf = ({ text, run, prompt }) => text || run.manifest.prompts[prompt];

/** The second of the two that are compared: a request like the first, except for one thing. */
async function secondRequest(request) {
  const { versus, run } = request,
    i = versus.indexOf(":");
  const kind = versus.slice(0, i),
    value = versus.slice(i + 1);
  if (kind === "step") return { ...request, step: nearestSnapshot(run, parseNumber(value, 0, 0, Infinity)) };
  if (kind === "temperature") return { ...request, temperature: parseNumber(value, 0, 0, 2) };
  if (kind === "off") return { ...request, intervention: { heads: [value] } };
  const otherRun = await openRun(value || "?");
  return { ...request, run: otherRun, step: otherRun.manifest.snapshots.at(-1).step };
}

const promises = new Map(); // key -> promise of a forward pass, the one used last at the end
const passes = new Map(); // key -> the same forward pass, as soon as it is there
const MAX_CACHED = 40;

/** A forward pass from the cache, or as `make` promises it; an error is shown in its place. */
function cached(key, make) {
  const promise = promises.get(key) ?? make();
  promises.delete(key);
  promises.set(key, promise);
  promise.then(
    (pass) => passes.set(key, pass),
    () => promises.delete(key),
  );
  for (const cache of [promises, passes]) {
    if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value);
  }
  return promise.catch((error) => error);
}

function computeRequest(request) {
  const { run, step, temperature, seed, intervention } = request,
    text = textOf(request);
  const key = [run.name, nearestSnapshot(run, step), text, temperature, seed, intervention];
  return cached(JSON.stringify(key), () => compute(run, step, { ...request, text }));
}

function setAll(selector, properties) {
  for (const figure of document.querySelectorAll(selector)) Object.assign(figure, properties);
}

let turn = 0; // grows with every request, so that a late answer is recognised

/** Show the forward pass that is asked for. */
async function showText(request, isCurrent) {
  const { run, step, prompt, text } = request;
  const key = `${run.name} ${step} ${prompt}`,
    keyWithLogits = `${key} logits`;
  setAll("#inside top-ten", { weightsError: null });
  let pass = text ? null : passes.get(keyWithLogits);
  if (pass) return setAll(INSIDE, { pass }); // at once, and not in two parts
  pass = await (text ? computeRequest(request) : cached(key, () => fromExport(run, step, prompt)));
  if (!isCurrent()) return;
  setAll(INSIDE, { pass });
  if (pass.isComputed || pass instanceof Error) return;
  await firstInteraction;
  if (!isCurrent()) return;
  const complete = await cached(keyWithLogits, () => withLogits(pass));
  if (!isCurrent() || complete === pass) return;
  if (complete instanceof Error) {
    // what was exported is shown nevertheless
    setAll("#inside logit-lens", { pass: complete });
    setAll("#inside top-ten", { weightsError: complete });
  } else {
    setAll(INSIDE, { pass: complete });
  }
}

/** Show the two that are compared. */
async function showComparison(request, isCurrent) {
  await firstInteraction;
  if (!isCurrent()) return;
  const first = await computeRequest(request);
  const second = await secondRequest(request)
    .then(computeRequest)
    .catch((error) => error);
  if (!isCurrent()) return;
  setAll(FIRST, { pass: first, otherPass: second });
  setAll(SECOND, { pass: second, otherPass: first });
  setAll(BOTH, { pass: first, otherPass: second });
}

let shown = null; // the request for a text, as JSON
let compared = {}; // the same for the two that are compared, and a timer

function show(run, step) {
  const request = parseRequest(run, step),
    isCurrent =
      (one = ++turn) =>
      () =>
        one === turn;
  const { prompt, text, position, comparedPosition, head, temperature, seed, versus } = request;
  findDefaultHead(run).catch(() => {}); // reported where heads.json is shown
  setAll(FIGURES.join(","), { head, temperature });
  setAll(INSIDE, { position });
  setAll(`${FIRST}, ${SECOND}, ${BOTH}`, { position: comparedPosition });
  setAll("prompt-chooser", { prompt, text });
  setAll("compare-chooser", { versus });
  const key = JSON.stringify([run.name, step, prompt, text, temperature, seed]);
  if (shown !== key) showText(request, isCurrent());
  shown = key;
  const comparedKey = `${key} ${versus}`;
  if (comparedKey === compared.key) return;
  clearTimeout(compared.timer); // not at every step while the slider plays
  compared = {
    key: comparedKey,
    timer: setTimeout(() => showComparison(request, () => compared.key === comparedKey), 60),
  };
}

function change(changes) {
  urlState.update(changes);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

addEventListener("prompt", ({ detail: { prompt, text } }) => {
  const changes = { position: null, comparedPosition: null };
  if (text === undefined) change({ ...changes, prompt, text: null, seed: null });
  else change({ ...changes, text: text.trim() ? text : null });
});
addEventListener("resample", () => {
  const { prompt = 0, text, seed = 1 } = urlState.read();
  const { prompts } = document.querySelector("prompt-chooser").run.manifest;
  change({
    text: text ?? prompts[prompt] ?? prompts[0],
    seed: Number(seed) + 1,
    position: null,
    comparedPosition: null,
  });
});
addEventListener("position", ({ detail: { position }, target }) =>
  change(target.closest("#compared") ? { comparedPosition: position } : { position }),
);
addEventListener("head", ({ detail }) => change({ head: detail.head }));
addEventListener("temperature", ({ detail }) => change({ temperature: detail.temperature }));
addEventListener("versus", ({ detail, target }) => {
  change({ versus: detail.versus, comparedPosition: null });
  if (target.localName === "head-story") document.querySelector("#compare").scrollIntoView();
});

startPage(FIGURES, { defaultStep: (steps) => steps.at(-1), onShow: show }).catch((error) =>
  console.warn(error.message),
);
