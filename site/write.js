/** Write the head: see write.html. What is typed is saved in this browser, the rest in the address. */
import "./figures/code-editor/code-editor.js";
import "./figures/exercise-chooser/exercise-chooser.js";
import "./figures/famous-mistakes/famous-mistakes.js";
import "./figures/guess-first/guess-first.js";
import "./figures/head-check/head-check.js";
import "./figures/run-code/run-code.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/take-home/take-home.js";
import "./figures/token-row/token-row.js";
import "./figures/typed-map/typed-map.js";
import "./figures/typed-story/typed-story.js";
import { EXERCISES, MISTAKES } from "./exercise/exercises.js";
import { cameTrue } from "./figures/guess-first/guess-first.js";
import { headOf, mostMissed, triedOn } from "./kit/heads.js";
import { live, readable } from "./kit/look.js";
import { somebody } from "./kit/model.js";
import { begin } from "./kit/page.js";
import * as state from "./kit/state.js";
import { Bench } from "./kit/typed.js";

const FIGURES = ["run-facts", "run-picker", "take-home", "token-row", "typed-map",
                 "typed-story"];
const $ = (selector) => document.querySelector(selector);

const bench = new Bench();
const now = {
  run: null, exercise: "attention", head: "0.0",
  look: null,      // the example; `looked` is its promise
  trial: null,     // the famous mistake that is in the editor, or null
  guesses: {},     // for each mistake tried: whether the guess came true
  result: null,    // of the last run of the code in the editor
  turn: 0,         // grows whenever the editor gets different code
  get typed() {    // which exercise the code in the editor belongs to
    return this.trial ? "attention" : this.exercise;
  },
};

// What was typed ---------------------------------------------------------------------------------

const key = (exercise) => `terrarium/write/${exercise}`;
const typed = {};  // the same while the page is open: a browser may refuse to store it

function kept(exercise) {
  try {
    return typed[exercise] ?? localStorage.getItem(key(exercise)) ?? EXERCISES[exercise].start;
  } catch {
    return EXERCISES[exercise].start;
  }
}

function keep(exercise, code) {
  typed[exercise] = code;
  try {
    if (code === EXERCISES[exercise].start) localStorage.removeItem(key(exercise));
    else localStorage.setItem(key(exercise), code);
  } catch {
    // a browser that stores nothing
  }
}

/** Put one's own code, or a famous mistake, into the editor, with all that belongs to it. */
function edit({ exercise = now.exercise, trial = null }) {
  stopStory();
  if (now.busy) bench.halt();
  Object.assign(now, { exercise, trial, code: trial ? trial.code : kept(exercise), turn: now.turn + 1 });
  Object.assign($("code-editor"), { code: now.code, name: trial?.name ?? exercise });
  Object.assign($("exercise-chooser"), { exercise, trial: trial?.name ?? "" });
  $("head-check").exercise = now.typed;
  Object.assign($("guess-first"), { mistake: trial, measured: null, choice: null, lost: "" });
  $("famous-mistakes").trial = trial?.name ?? "";
  $("typed-story").story = null;
  $("typed-map").maps = ownMap();
  if (!trial) $("take-home").code = now.code;
  found(null);
}

/** Show the result of a run; null: this code has not run. */
function found(result) {
  now.result = result;
  $("head-check").result = result;
  $("code-editor").wrong = result?.line ?? null;
  $("typed-story").result = result;
  if (result) $("typed-map").maps = result.maps ?? ownMap(true);
  markChanged(false);
}

/** Note whether the code has changed since it ran. */
function markChanged(hasChanged) {
  now.changed = hasChanged && Boolean(now.result);
  for (const figure of document.querySelectorAll("head-check, typed-map")) figure.changed = now.changed;
}

/** Where the model's own head looks; null until the example is there. */
function ownMap(hasRun = false) {
  if (!now.look || now.look instanceof Error) return null;
  const ids = triedOn(now.look), T = ids.length, own = new Float32Array(T * T);
  const { headNumber } = $("token-row");
  for (let from = 0; from < T; from++) own.set(now.look.row(headNumber, from), from * T);
  return { ids, own, mine: null, hasRun };
}

function busy(isBusy) {
  now.busy = isBusy;
  for (const figure of document.querySelectorAll("run-code, head-check")) figure.busy = isBusy;
}

addEventListener("code", ({ detail }) => {
  if (now.trial) now.trial = { ...now.trial, code: detail.code };
  else keep(now.exercise, detail.code);
  now.code = detail.code;
  $("code-editor").wrong = null;
  markChanged(true);
  if (!now.trial) $("take-home").code = detail.code;
});
addEventListener("exercise", ({ detail }) => {
  state.write({ exercise: detail.exercise === "attention" ? null : detail.exercise });
  edit(detail);
});
addEventListener("own", () => {
  edit({});
  $("code-editor").focus();
});
addEventListener("reset", () => {
  if (!now.trial) keep(now.exercise, EXERCISES[now.exercise].start);
  edit({ trial: MISTAKES.find((one) => one.name === now.trial?.name) });
  $("code-editor").focus();
});

// Running it -------------------------------------------------------------------------------------

async function tryIt() {
  if (now.busy || !now.run) return;
  stopStory();
  const { code, typed: exercise, run, turn, head: named } = now;
  const [layer, head] = named.split(".").map(Number);
  busy(true);
  let result;
  try {
    const look = await now.looked;
    if (look instanceof Error) throw look;
    result = await bench.run(run, { code, exercise, ids: triedOn(look), layer, head });
  } catch (error) {
    result = { passed: [], failed: "it runs", unread: true, says: error.message, printed: [], more: 0 };
  }
  busy(false);
  if (now.turn !== turn) return;
  if (now.head !== named) return tryIt();
  found({ ...result, code, exercise });
  $("head-check").scrollIntoView({ block: "nearest" });
  if (now.code !== code) markChanged(true);
  else if (now.trial && !$("guess-first").measured) await measure(now.result);
}

/** Measure what a famous mistake does, and check the guess. */
async function measure(result) {
  const { trial, run } = now, isNow = () => now.result === result && now.trial === trial;
  let loss;
  try {
    if (!result.measured) throw new Error("This code returned no map to measure.");
    loss = await bench.loss(run, result);
  } catch (error) {
    if (isNow()) $("guess-first").lost = error.message;
    return;
  }
  if (!isNow()) return;
  const measured = { ...result.measured, loss: loss.mine, ownLoss: loss.own,
                     guessing: Math.log(run.symbols.length) };
  $("guess-first").measured = measured;
  const { choice } = $("guess-first");
  if (choice !== null) {
    now.guesses = { ...now.guesses, [trial.name]: cameTrue(trial, measured) === choice };
    $("famous-mistakes").guesses = now.guesses;
  }
}

addEventListener("try", tryIt);
addEventListener("mistake", ({ detail: { name } }) => {
  edit({ trial: MISTAKES.find((one) => one.name === name) });
  $("#type").scrollIntoView();
  $("guess-first").focus();
});

// In the model -----------------------------------------------------------------------------------

let texts = 0;  // grows with every story, so that an old one is known

/** Stop a story; what there is of it stays. */
function stopStory() {
  const { story } = $("typed-story");
  if (!story?.busy) return;
  texts++;
  bench.halt();
  $("typed-story").story = { ...story, busy: false, says: "Stopped." };
}

addEventListener("story", async ({ detail: { prompt } }) => {
  if (now.changed) await tryIt();
  if (now.changed || !now.result?.passed.includes("shapes")) return;
  const { run, result } = now, turn = ++texts;
  const story = { prompt, mine: [], own: [], busy: true, says: "", loss: null, lost: "" };
  const show = (changes) => {
    if (turn === texts) $("typed-story").story = Object.assign(story, changes) && { ...story };
  };
  show({});
  const { settings, prompts } = run.manifest;
  const { start, encoded } = readable(run, prompts[prompt]);
  try {
    const ids = [...start, ...encoded], end = start[0] ?? null, { temperature } = settings;
    await bench.write(run, { ...result, ids, end, seed: 1, temperature }, ({ mine, own }) => {
      if (mine) story.mine.push(mine);
      if (own) story.own.push(own);
      show({});
    });
  } catch (error) {
    show({ says: error.message });
  }
  if (turn !== texts) return;
  try {
    show({ loss: await bench.loss(run, result) });
  } catch (error) {
    show({ lost: error.message });
  }
  show({ busy: false });
});
addEventListener("halt", stopStory);

// The run ----------------------------------------------------------------------------------------

/** The text that heads are tried on: computed here, so nothing else has to be fetched. */
function exampleOf(run) {
  const { snapshots, prompts, settings } = run.manifest;
  return live(run, snapshots.at(-1).step, { text: prompts[0], temperature: settings.temperature })
    .catch((error) => error);
}

/** The position from which a head looks most at one token, neither the first nor the last. */
function striking(look, head) {
  const most = (place) => Math.max(0, ...look.row(head, place - 1).slice(1, -1));
  const places = Array.from({ length: look.last }, (_, i) => i + 1);
  return places.reduce((best, place) => (most(place) > most(best) ? place : best));
}

async function show(run) {
  const named = state.read().exercise, exercise = Object.hasOwn(EXERCISES, named) ? named : "attention";
  if (now.run === run) {
    const before = now.head;
    showHead(run);
    if (exercise !== now.exercise) edit({ exercise });
    else if (now.result && now.head !== before) tryIt();
    return;
  }
  Object.assign(now, { run, look: null, missed: null, looked: exampleOf(run) });
  edit({ exercise });
  showHead(run);
  const [look, missed] = await Promise.all([now.looked, mostMissed(run).catch(() => null)]);
  if (now.run !== run) return;
  Object.assign(now, { look, missed });
  showHead(run);
  await somebody;
  if (now.run === run) bench.open(run).catch(() => {});  // reported when it is used
}

function showHead(run) {
  now.head = headOf(run, state.read().head, now.missed);
  for (const figure of document.querySelectorAll("typed-map, token-row")) figure.head = now.head;
  const { look } = now, row = $("token-row");
  row.look = look;
  if (look && !(look instanceof Error)) row.at = striking(look, row.headNumber);
  if (!now.result) $("typed-map").maps = ownMap();
}

addEventListener("head", ({ detail }) => {
  state.write({ head: detail.head });
  dispatchEvent(new HashChangeEvent("hashchange"));
});
addEventListener("place", ({ detail }) => { $("token-row").at = detail.at; });

begin(FIGURES, { first: (watched) => watched.at(-1), also: show })
  .catch((error) => console.warn(error.message));
