/** Write the head: see write.html. What is typed is saved in this browser, the rest in the address. */
import "./figures/code-editor/code-editor.js";
import "./figures/download-head/download-head.js";
import "./figures/exercise-chooser/exercise-chooser.js";
import "./figures/famous-mistakes/famous-mistakes.js";
import "./figures/guess-first/guess-first.js";
import "./figures/head-check/head-check.js";
import "./figures/run-code/run-code.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/token-row/token-row.js";
import "./figures/typed-map/typed-map.js";
import "./figures/typed-story/typed-story.js";
import { EXERCISES, MISTAKES } from "./exercise/exercises.js";
import { cameTrue } from "./figures/guess-first/guess-first.js";
import { CodeRunner } from "./app/code-runner.js";
import { compute, encodePrompt } from "./app/forward-pass.js";
import { mostImportantHead, parseHead, trialIds } from "./app/heads.js";
import { firstInteraction } from "./app/model.js";
import { startPage } from "./app/page.js";
import * as urlState from "./app/url-state.js";

const FIGURES = ["download-head", "run-facts", "run-picker", "token-row", "typed-map", "typed-story"];
const $ = (selector) => document.querySelector(selector);

const runner = new CodeRunner();
const state = {
  run: null,
  exercise: "attention",
  head: "0.0",
  pass: null, // the example; `passPromise` is its promise
  trial: null, // the famous mistake that is in the editor, or null
  guesses: {}, // for each mistake tried: whether the guess came true
  result: null, // of the last run of the code in the editor
  turn: 0, // grows whenever the editor gets different code
  get typed() {
    // which exercise the code in the editor belongs to
    return this.trial ? "attention" : this.exercise;
  },
};

// What was typed ---------------------------------------------------------------------------------

const key = (exercise) => `terrarium/write/${exercise}`;
const sources = {}; // the same while the page is open: a browser may refuse to store it

function load(exercise) {
  try {
    return sources[exercise] ?? localStorage.getItem(key(exercise)) ?? EXERCISES[exercise].start;
  } catch {
    return EXERCISES[exercise].start;
  }
}

function save(exercise, code) {
  sources[exercise] = code;
  try {
    if (code === EXERCISES[exercise].start) localStorage.removeItem(key(exercise));
    else localStorage.setItem(key(exercise), code);
  } catch {
    // a browser that stores nothing
  }
}

/** Put one's own code, or a famous mistake, into the editor, with all that belongs to it. */
function edit({ exercise = state.exercise, trial = null }) {
  stopStory();
  if (state.busy) runner.stop();
  Object.assign(state, { exercise, trial, code: trial ? trial.code : load(exercise), turn: state.turn + 1 });
  Object.assign($("code-editor"), { code: state.code, name: trial?.id ?? exercise });
  Object.assign($("exercise-chooser"), { exercise, trial: trial?.id ?? "" });
  $("head-check").exercise = state.typed;
  Object.assign($("guess-first"), { mistake: trial, measured: null, choice: null, measureError: "" });
  $("famous-mistakes").trial = trial?.id ?? "";
  $("typed-story").story = null;
  $("typed-map").maps = builtinMap();
  if (!trial) $("download-head").code = state.code;
  showResult(null);
}

/** Show the result of a run; null: this code has not run. */
function showResult(result) {
  state.result = result;
  $("head-check").result = result;
  $("code-editor").errorLine = result?.mistake?.line ?? null;
  $("typed-story").result = result;
  if (result) $("typed-map").maps = result.maps ?? builtinMap(true);
  markChanged(false);
}

/** Note whether the code has changed since it ran. */
function markChanged(hasChanged) {
  state.changed = hasChanged && Boolean(state.result);
  for (const figure of document.querySelectorAll("head-check, typed-map")) figure.changed = state.changed;
}

/** The attention pattern of the model's built-in head; null until the example is there. */
function builtinMap(hasRun = false) {
  if (!state.pass || state.pass instanceof Error) return null;
  const ids = trialIds(state.pass),
    T = ids.length,
    builtin = new Float32Array(T * T);
  const { headIndex } = $("token-row");
  for (let query = 0; query < T; query++) builtin.set(state.pass.attentionRow(headIndex, query), query * T);
  return { ids, builtin, typed: null, hasRun };
}

function busy(isBusy) {
  state.busy = isBusy;
  for (const figure of document.querySelectorAll("run-code, head-check")) figure.busy = isBusy;
}

addEventListener("code", ({ detail }) => {
  if (state.trial) state.trial = { ...state.trial, code: detail.code };
  else save(state.exercise, detail.code);
  state.code = detail.code;
  $("code-editor").errorLine = null;
  markChanged(true);
  if (!state.trial) $("download-head").code = detail.code;
});
addEventListener("exercise", ({ detail }) => {
  urlState.update({ exercise: detail.exercise === "attention" ? null : detail.exercise });
  edit(detail);
});
addEventListener("back", () => {
  edit({});
  $("code-editor").focus();
});
addEventListener("reset", () => {
  if (!state.trial) save(state.exercise, EXERCISES[state.exercise].start);
  edit({ trial: MISTAKES.find(({ id }) => id === state.trial?.id) });
  $("code-editor").focus();
});

// Running it -------------------------------------------------------------------------------------

async function runCode() {
  if (state.busy || !state.run) return;
  stopStory();
  const { code, typed: exercise, run, turn, head: named } = state;
  const [layer, head] = named.split(".").map(Number);
  busy(true);
  let result;
  try {
    const pass = await state.passPromise;
    if (pass instanceof Error) throw pass;
    result = await runner.run(run, { code, exercise, ids: trialIds(pass), layer, head });
  } catch (error) {
    const mistake = { stage: "read", message: error.message, hint: null, line: null };
    result = { passed: [], mistake, printed: [], truncated: 0 };
  }
  busy(false);
  if (state.turn !== turn) return;
  if (state.head !== named) return runCode();
  showResult({ ...result, code, exercise });
  $("head-check").scrollIntoView({ block: "nearest" });
  if (state.code !== code) markChanged(true);
  else if (state.trial && !$("guess-first").measured) await measure(state.result);
}

/** Measure what a famous mistake does, and check the guess. */
async function measure(result) {
  const { trial, run } = state,
    isCurrent = () => state.result === result && state.trial === trial;
  let loss;
  try {
    if (!result.measured) throw new Error("This code returned no map to measure.");
    loss = await runner.loss(run, result);
  } catch (error) {
    if (isCurrent()) $("guess-first").measureError = error.message;
    return;
  }
  if (!isCurrent()) return;
  const measured = {
    ...result.measured,
    loss: loss.typed,
    builtinLoss: loss.builtin,
    uniformLoss: Math.log(run.vocab.length),
  };
  $("guess-first").measured = measured;
  const { choice } = $("guess-first");
  if (choice !== null) {
    state.guesses = { ...state.guesses, [trial.id]: cameTrue(trial, measured) === choice };
    $("famous-mistakes").guesses = state.guesses;
  }
}

addEventListener("try", runCode);
addEventListener("mistake", ({ detail }) => {
  edit({ trial: MISTAKES.find(({ id }) => id === detail.id) });
  $("#type").scrollIntoView();
  $("guess-first").focus();
});

// In the model -----------------------------------------------------------------------------------

let storyTurn = 0; // grows with every story, so that late tokens of an old one are recognised

/** Stop a story; what there is of it stays. */
function stopStory() {
  const { story } = $("typed-story");
  if (!story?.busy) return;
  storyTurn++;
  runner.stop();
  $("typed-story").story = { ...story, busy: false, message: "Stopped." };
}

addEventListener("story", async ({ detail: { prompt } }) => {
  if (state.changed) await runCode();
  if (state.changed || !state.result?.passed.includes("shape")) return;
  const { run, result } = state,
    turn = ++storyTurn;
  const story = { prompt, typed: [], builtin: [], busy: true, message: "", loss: null, lossMessage: "" };
  const show = (changes) => {
    if (turn === storyTurn) $("typed-story").story = Object.assign(story, changes) && { ...story };
  };
  show({});
  const { settings, prompts } = run.manifest;
  const { start, encoded } = encodePrompt(run, prompts[prompt]);
  try {
    const ids = [...start, ...encoded],
      end = start[0] ?? null,
      { temperature } = settings;
    await runner.write(run, { ...result, ids, end, seed: 1, temperature }, ({ typed, builtin }) => {
      if (typed) story.typed.push(typed);
      if (builtin) story.builtin.push(builtin);
      show({});
    });
  } catch (error) {
    show({ message: error.message });
  }
  if (turn !== storyTurn) return;
  try {
    show({ loss: await runner.loss(run, result) });
  } catch (error) {
    show({ lossMessage: error.message });
  }
  show({ busy: false });
});
addEventListener("stop", stopStory);

// The run ----------------------------------------------------------------------------------------

/** The text that heads are tried on: computed here, so nothing else has to be fetched. */
function exampleOf(run) {
  const { snapshots, prompts, settings } = run.manifest;
  return compute(run, snapshots.at(-1).step, { text: prompts[0], temperature: settings.temperature }).catch(
    (error) => error,
  );
}

/** The position with the largest attention weight to a token that is neither the first nor the query. */
function clearestPosition(pass, head) {
  const largest = (position) => Math.max(0, ...pass.attentionRow(head, position - 1).slice(1, -1));
  const positions = Array.from({ length: pass.lastPosition }, (_, i) => i + 1);
  return positions.reduce((best, position) => (largest(position) > largest(best) ? position : best));
}

async function show(run) {
  const named = urlState.read().exercise,
    exercise = Object.hasOwn(EXERCISES, named) ? named : "attention";
  if (state.run === run) {
    const before = state.head;
    showHead(run);
    if (exercise !== state.exercise) edit({ exercise });
    else if (state.result && state.head !== before) runCode();
    return;
  }
  Object.assign(state, { run, pass: null, defaultHead: null, passPromise: exampleOf(run) });
  edit({ exercise });
  showHead(run);
  const [pass, defaultHead] = await Promise.all([
    state.passPromise,
    mostImportantHead(run).catch(() => null),
  ]);
  if (state.run !== run) return;
  Object.assign(state, { pass, defaultHead });
  showHead(run);
  await firstInteraction;
  if (state.run === run) runner.open(run).catch(() => {}); // reported when it is used
}

function showHead(run) {
  state.head = parseHead(run, urlState.read().head, state.defaultHead);
  for (const figure of document.querySelectorAll("typed-map, token-row")) figure.head = state.head;
  const { pass } = state,
    row = $("token-row");
  row.pass = pass;
  if (pass && !(pass instanceof Error)) row.position = clearestPosition(pass, row.headIndex);
  if (!state.result) $("typed-map").maps = builtinMap();
}

addEventListener("head", ({ detail }) => {
  urlState.update({ head: detail.head });
  dispatchEvent(new HashChangeEvent("hashchange"));
});
addEventListener("position", ({ detail }) => {
  $("token-row").position = detail.position;
});

startPage(FIGURES, { defaultStep: (steps) => steps.at(-1), onShow: show }).catch((error) =>
  console.warn(error.message),
);
