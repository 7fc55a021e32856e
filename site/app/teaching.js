/**
 * A grown model is taught something new, in a worker of its own. Figures ask for it as "teaching", and follow its state:
 *   runs      that may be taught, { name, parameters }; null until they are known
 *   run       the one that is chosen, and tokenizer; null until it is open
 *   problem   a sentence on why nothing can be taught, or null; notice: one on what else there is to know, or null
 *   snapshot  its step; text, what is to be learned; way: "whole", "last" or "adapters"; updates; oldFraction: of the
 *             updates that are made with its old text instead; oldTextIn: where that text is, see teaching-old-text.js
 *   fact      something false in the world of the run, see teaching-text.js; null if none is known
 *   work      { name, done, of } while it learns: what for, and updates made; null otherwise
 *   results   of what was taught so far, the latest last, each of something else: see `teach`
 *   shown     the one of them that is shown, or null
 *   comparisons how often all ways were compared
 *   experiments { name: results } that were made
 *   judging   { result, done, of } while stories are written, before and after: whose, and how many; null otherwise
 *   rules     a Map of results to what became of the rules of the stories: see teaching-rules.js, with seconds
 *   rulesProblem  a sentence on why there are no stories to judge, or null
 */
import { isKept } from "../engine/kept.js";
import { Tokenizer } from "../engine/tokenizer.js";
import { Observable } from "./observable.js";
import { rememberChosen, rememberedChosen } from "./teaching-memory.js";
import { oldTextOf, whereIs } from "./teaching-old-text.js";
import { beginnings, encoded, examplesFor, repeated, textsOf, unknownIn } from "./teaching-text.js";

/** The preset "fine-tune" of train.py: smaller steps than for a model that begins at random. */
const FINE_TUNE = { optimizer: "muon", matrix_lr: 0.015, embedding_lr: 0.005, unembedding_lr: 0.01 };
const WARMUP = 5;
const RANK = 4; // of adapters
export const SEED = 1;
const SLICE = 100; // milliseconds of training at a time
export const N_STORIES = 40; // of a model before it is taught something, and after
const MOST_BYTES = 100e6; // of the weights of all results
const WITH_RULES = "stories"; // the corpus whose grammar is known
export const MOST_CHARACTERS = 2000;
export const MOST_OLD = 0.75; // of the updates that may be made with the old text
export const WAYS = ["whole", "last", "adapters"];

const NOTHING = { ids: new Uint16Array(0), spans: [] }; // is held out of a text that is not here

/** What of a model may change. */
const waySettings = ({ way, n_layer }) => ({
  freeze: way === "last" ? n_layer - 1 : 0,
  lora: way === "adapters" ? RANK : 0,
});

/** Settings for a training that goes on from a run. */
export function teachingSettings(run, { way, updates, tokens }) {
  const { settings, tokenizer } = run.manifest;
  const { n_layer, n_ctx } = settings;
  return {
    momentum: 0.85, // older exports do not name these
    weight_decay: 0.1,
    embedding_std: 0.3,
    cooldown: 0.75,
    ...settings,
    ...FINE_TUNE,
    ...waySettings({ way, n_layer }),
    architecture: "gpt",
    vocab_size: tokenizer.vocab.length,
    batch_size: Math.max(1, Math.ceil(tokens / n_ctx)), // the new text about once, or a little more often
    steps: updates,
    warmup: Math.min(WARMUP, Math.floor(updates / 2)),
  };
}

/**
 * Teach a snapshot of a run, and compare it before and after.
 * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} worker
 * @param {{ run: import("./run.js").Run, tokenizer: Tokenizer, snapshot: number, text: string, way: string,
 *   updates: number, oldFraction: number, prompts?: string[], temperature?: number }} request
 * @param {import("./teaching-old-text.js").OldText | null} old the text that the run grew up with
 * @param {{ signal?: AbortSignal, onUpdate?: (done: number) => void }} [options]
 * @returns {Promise<any>} { request, newLoss: { before, after }, oldLoss: { before, after, texts } or null,
 *   samples: [{ prompt, before, after }], changes (see engine/changes.js), weights (after, see engine/flat-weights.js),
 *   losses of its updates, settings, tokens, seconds }
 */
export async function teach(worker, request, old, { signal, onUpdate = () => {} } = {}) {
  const { run, tokenizer, snapshot, text, updates } = request;
  const { settings: own } = run.manifest;
  const { end } = tokenizer;
  const ids = encoded(textsOf(text, end !== null), tokenizer);
  const settings = teachingSettings(run, { ...request, tokens: ids.length });
  const heldOut = old?.heldOut ?? NOTHING;
  const call = (method, params) => worker.call(method, params, { signal });

  const { validationLoss, validationTexts } = await call("begin", {
    settings,
    ids: end === null ? repeated(ids, tokenizer.encode("\n").slice(0, 1), 4 * own.n_ctx) : ids,
    validationIds: heldOut.ids,
    validationSpans: heldOut.spans,
    end,
    seed: SEED,
    weights: weightsFile(run, snapshot),
    old: oldFor(request, old, settings),
  });
  const prompts = request.prompts ?? beginnings(text, run.manifest);
  const before = await seen(call, request, ids, prompts);
  const losses = [];
  const since = performance.now();
  for (let finished = updates === 0; !finished;) {
    const done = await call("train", { milliseconds: SLICE });
    if (done.failed) throw new Error(`After update ${done.step}, the loss stopped being a number.`);
    losses.push(...done.losses);
    onUpdate(done.step);
    finished = done.finished;
  }
  const seconds = (performance.now() - since) / 1000;
  const after = await seen(call, request, ids, prompts);
  const { loss } = heldOut.ids.length ? await call("evaluate", {}) : { loss: null };
  return {
    request,
    newLoss: { before: before.loss, after: after.loss },
    oldLoss: heldOut.ids.length ? { before: validationLoss, after: loss, texts: validationTexts } : null,
    samples: prompts.map((prompt, i) => ({ prompt, before: before.rows[i], after: after.rows[i] })),
    changes: await call("changes", {}),
    weights: (await call("weights", {})).weights,
    losses,
    settings,
    tokens: ids.length,
    seconds,
  };
}

/** Where the weights of a snapshot are, as the worker fetches them. */
export function weightsFile(run, snapshot) {
  const { snapshots, weights } = run.manifest;
  const { file, sha256 } = snapshots.find(({ step }) => step === snapshot);
  return { url: new URL(file, run.url).href, weights, sha256 };
}

/** Results of which only the last ones have their weights: all of them might be too much for a phone. */
function withoutOldWeights(results) {
  let bytes = 0;
  const kept = results.toReversed().map((one) => {
    bytes += one.weights?.byteLength ?? 0;
    return one.weights && bytes > MOST_BYTES ? Object.assign(one, { weights: null }) : one;
  });
  return kept.toReversed();
}

/** Whether what came of two requests can be compared: the same model has learned the same text. */
const areAlike = (a, b) => a.text === b.text && a.snapshot === b.snapshot;

/** Whether two requests would end the same. */
const isSameRequest = (a, b) =>
  ["run", "snapshot", "text", "way", "updates", "oldFraction", "oldTextIn"].every(
    (name) => a[name] === b[name],
  );

/** The part of the old text that is mixed in. */
function oldFor({ updates, oldFraction }, old, { batch_size, n_ctx }) {
  if (!oldFraction || !old) return null;
  const least = Math.ceil(1.5 * updates * oldFraction * batch_size * n_ctx) + 2 * n_ctx;
  return { ids: old.first(least), fraction: oldFraction };
}

/**
 * The loss of the new text, and how the model goes on from some beginnings.
 * @param {any} request as for teach
 */
async function seen(call, request, ids, prompts) {
  const { run, tokenizer, temperature } = request;
  const { settings } = run.manifest;
  const start = tokenizer.end === null ? [] : [tokenizer.end];
  const isOfCharacters = !run.manifest.tokenizer.merges.length;
  const { loss } = await call("evaluate", { ids });
  const { rows } = await call("sample", {
    prompts: prompts.map((one) => [...start, ...tokenizer.encode(one)].slice(0, settings.n_ctx - 1)),
    tokens: isOfCharacters ? 160 : 60,
    temperature: temperature ?? settings.temperature,
    seed: SEED,
  });
  return { loss, rows };
}

export class Teaching extends Observable {
  /** @type {any} see above */
  state = {
    ...{ runs: null, run: null, tokenizer: null, problem: null, notice: null, oldTextIn: null, fact: null },
    ...{ snapshot: null, text: "", way: "whole", updates: 50, oldFraction: 0 },
    ...{ work: null, results: [], shown: null, comparisons: 0, experiments: {} },
    ...{ judging: null, rules: new Map(), rulesProblem: null },
  };

  #working = new AbortController();
  #opening = null; // the name of the run
  #lab = null; // the state of the lab, whose text may be that of the run
  #judging = new AbortController();
  #earlier = rememberedChosen(); // what was chosen before somebody left the page, until it is shown again
  #judgedBefore = new Map(); // step -> what that snapshot of the run wrote before it was taught anything

  /**
   * @param {object} parts
   * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} parts.worker
   * @param {() => Promise<{ name: string, parameters: number }[]>} parts.listRuns
   * @param {(name: string) => Promise<import("./run.js").Run>} parts.openRun
   */
  constructor({ worker, listRuns, openRun }) {
    super();
    this.worker = worker;
    this.listRuns = listRuns;
    this.openRun = openRun;
  }

  /** Find out what can be taught. @param {string | null} wished the name of a run that is shown first, if it is there */
  async open(wished = null) {
    try {
      const runs = await this.listRuns();
      this.update({ runs });
      const named = (asked) => runs.find(({ name }) => name === asked);
      const first = named(this.#earlier?.run) ?? named(wished) ?? runs[0];
      await this.chooseRun(first.name);
    } catch (error) {
      this.update({ runs: this.state.runs ?? [], problem: error.message });
    }
  }

  /** What this browser keeps has changed. @param {{ name: string, parameters: number }[]} kept */
  addKept(kept) {
    const { runs, run } = this.state;
    if (!runs) return;
    const all = [...runs.filter(({ name }) => !isKept(name)), ...kept];
    this.update({ runs: all });
    const isGone = run && isKept(run.name) && !kept.some(({ name }) => name === run.name);
    if (isGone && all.length) this.chooseRun(all[0].name);
  }

  /** The lab has another text. @param {import("./teaching-old-text.js").LabState} lab its state */
  followLab(lab) {
    const isSame = lab.tokens === this.#lab?.tokens && lab.text === this.#lab?.text;
    this.#lab = lab;
    if (!isSame && this.state.run) this.#findOldText();
  }

  #findOldText() {
    const oldTextIn = whereIs(this.state.run, this.#lab);
    if (oldTextIn !== this.state.oldTextIn) this.update({ oldTextIn });
    if (!oldTextIn && this.state.oldFraction) this.update({ oldFraction: 0 });
  }

  /** @param {string} name */
  async chooseRun(name) {
    this.stop();
    this.#opening = name;
    try {
      const run = await this.openRun(name);
      if (name === this.#opening) this.#show(run);
    } catch (error) {
      if (name === this.#opening)
        this.update({ run: null, tokenizer: null, problem: error.message, results: [], shown: null });
    }
  }

  #show(run) {
    const isOther = Boolean(this.state.run); // somebody has chosen it
    const { text, fact } = examplesFor(run);
    const { snapshots } = run.manifest;
    this.#judgedBefore = new Map();
    this.update({
      run,
      fact,
      text,
      tokenizer: new Tokenizer(run.manifest.tokenizer),
      problem: null,
      notice: null,
      snapshot: snapshots.at(-1).step,
      way: "whole",
      results: [],
      shown: null,
      experiments: {},
      rules: new Map(),
      rulesProblem: null,
    });
    this.#findOldText();
    if (this.#earlier) this.#restore(this.#earlier);
    else if (isOther) this.#remember();
    this.#earlier = null;
  }

  /** Show what was chosen before somebody left the page. If that model is gone, at least the text is there. */
  #restore({ run, text, snapshot, way, updates, oldFraction }) {
    this.update({ text });
    if (run !== this.state.run.name) return;
    const { oldTextIn } = this.state;
    const isThere = this.state.run.manifest.snapshots.some(({ step }) => step === snapshot);
    this.update({
      updates,
      ...(isThere && { snapshot }),
      ...(WAYS.includes(way) && this.canUse(way) && { way }),
      ...(oldTextIn && { oldFraction: Math.min(oldFraction, MOST_OLD) }),
    });
  }

  #remember() {
    const { run, snapshot, text, way, updates, oldFraction } = this.state;
    if (run) rememberChosen({ run: run.name, snapshot, text, way, updates, oldFraction });
  }

  /** What is to be taught, and how: snapshot, text, way, updates, oldFraction. @param {object} changes */
  choose(changes) {
    this.update({ ...changes, notice: null });
    this.#remember();
  }

  /** A sentence on why this text cannot be taught; null if it can. @param {string} [text] */
  problemOf(text = this.state.text) {
    const { tokenizer } = this.state;
    if (!tokenizer || !textsOf(text, tokenizer.end !== null).length) return "Type something for it to learn.";
    const unknown = unknownIn(text, tokenizer);
    if (unknown.length) {
      const list = unknown.slice(0, 5).map((one) => `“${one === "\n" ? "↵" : one}”`);
      return `This model has no token for ${list.join(", ")}: the text that it grew up with has none. Replace it.`;
    }
    if (encoded(textsOf(text, tokenizer.end !== null), tokenizer).length < 3) return "Type a little more.";
    return null;
  }

  /** Teach what is chosen. */
  teachChosen() {
    return this.#teachNew("chosen", [this.#request()]);
  }

  /** Teach the same in each way, and compare. */
  async teachAllWays() {
    const requests = WAYS.filter((way) => this.canUse(way)).map((way) => this.#request({ way }));
    const found = await this.#teachNew("ways", requests);
    if (found) this.update({ comparisons: this.state.comparisons + 1 });
  }

  /** What was taught already is not taught again: with the same random numbers, it would end the same. */
  async #teachNew(name, requests) {
    const missing = requests.filter((request) => !this.#resultOf(request));
    const asChosen = this.#resultOf(this.#request());
    if (asChosen) this.show(asChosen);
    if (missing.length) return this.#work(name, missing);
    this.update({
      problem: null,
      notice: "It was taught just this before, and would end the same again: nothing was trained.",
    });
    return [];
  }

  /** What became of a request; undefined where it was not made, or its model is not there any more. */
  #resultOf(request) {
    return this.state.results.find((one) => one.weights && isSameRequest(one.request, request));
  }

  /** An experiment: several things that are taught one after another. @param {string} name @param {object[]} changes */
  async experiment(name, changes) {
    const requests = changes.map((one) => this.#request({ way: "whole", oldFraction: 0, ...one }));
    return Boolean(await this.#work(name, requests, { isExperiment: true }));
  }

  /** An experiment can be made again. @param {string} name */
  forget(name) {
    this.update({ experiments: { ...this.state.experiments, [name]: null } });
  }

  /** Whether a way is something else than the whole model. */
  canUse(way) {
    return way !== "last" || (this.state.run?.manifest.settings.n_layer ?? 0) > 1;
  }

  #request(changes = {}) {
    const { run, tokenizer, snapshot, text, way, updates, oldFraction, oldTextIn } = this.state;
    return { run, tokenizer, snapshot, text, way, updates, oldFraction, oldTextIn, ...changes };
  }

  /** @returns {Promise<any[] | null>} null if it was stopped, or failed */
  async #work(name, requests, { isExperiment = false } = {}) {
    this.stop();
    this.#working = new AbortController();
    const { signal } = this.#working;
    const of = requests.reduce((sum, { updates }) => sum + updates, 0);
    const found = [];
    const { way } = this.state;
    const lab = this.#lab;
    let made = 0;
    this.update({ problem: null, notice: null, work: { name, done: 0, of } });
    try {
      for (const request of requests) {
        const onUpdate = (done) => this.update({ work: { name, done: made + done, of } });
        const old = await oldTextOf(request.run, request.tokenizer, lab);
        const result = await teach(this.worker, request, old, { signal, onUpdate });
        made += request.updates;
        if (isExperiment)
          result.weights = null; // nothing more is asked of it
        else this.#add(result, { isShown: request.way === way });
        found.push(result);
      }
      const { experiments } = this.state;
      this.update({
        work: null,
        experiments: isExperiment ? { ...experiments, [name]: found } : experiments,
      });
      return found;
    } catch (error) {
      if (!signal.aborted) this.update({ work: null, problem: `It could not be taught. ${error.message}` });
      return null;
    }
  }

  /** One more result; of several ways, the one that is chosen is shown. */
  #add(result, { isShown }) {
    const others = this.state.results.filter(({ request }) => !isSameRequest(request, result.request));
    const results = withoutOldWeights([...others, result]);
    const { shown } = this.state;
    const stays = !isShown && others.includes(shown) && areAlike(shown.request, result.request);
    this.update({ results, shown: stays ? shown : result, rulesProblem: null });
  }

  /** End what goes on. */
  stop() {
    this.#working.abort(new Error("It was stopped."));
    this.stopJudging();
    if (this.state.work) this.update({ work: null });
  }

  /** Whether the text that a result's model grew up with has rules that are known here. */
  hasRules({ request }) {
    return request.run.manifest.settings.dataset === WITH_RULES && request.tokenizer.end !== null;
  }

  /** Let the model that is shown write stories, as it was before and as it is now: which rules do they keep? */
  async judge() {
    const { shown: result } = this.state;
    this.stopJudging();
    this.update({ rulesProblem: null });
    this.#judging = new AbortController();
    const { signal } = this.#judging;
    const isKnown = this.#judgedBefore.has(result.request.snapshot);
    const of = isKnown ? N_STORIES : 2 * N_STORIES;
    let done = 0;
    const onStory = () => this.update({ judging: { result, done: done++, of } });
    onStory(); // the first is being written
    try {
      const found = await this.#judged(result, { signal, onStory });
      this.update({ judging: null, rules: new Map(this.state.rules).set(result, found) });
    } catch (error) {
      if (!signal.aborted)
        this.update({ judging: null, rulesProblem: `No stories were written. ${error.message}` });
    }
  }

  async #judged(result, { signal, onStory }) {
    const { request, settings, weights } = result;
    const { run, tokenizer, snapshot, text } = request;
    const { prompts } = run.manifest;
    const { compared, judgedStories } = await import("./teaching-rules.js");
    signal.throwIfAborted();
    const known = this.#judgedBefore.get(snapshot);
    const write = (from) =>
      judgedStories(
        this.worker,
        { settings, weights: from },
        { n: N_STORIES, prompts, tokenizer },
        { signal, onStory },
      );
    const since = performance.now();
    const before = known ?? (await write(weightsFile(run, snapshot)));
    this.#judgedBefore.set(snapshot, before);
    const after = await write(weights);
    return { ...compared(before, after, textsOf(text, true)), seconds: (performance.now() - since) / 1000 };
  }

  stopJudging() {
    this.#judging.abort(new Error("It was stopped."));
    if (this.state.judging) this.update({ judging: null });
  }

  /** Show another of the results. */
  show(result) {
    this.stopJudging();
    this.update({ shown: result, rulesProblem: null });
  }

  /** Those that can be compared with the one that is shown: of the same model and the same text. */
  get comparable() {
    const { shown, results } = this.state;
    if (!shown) return [];
    const alike = results.filter(({ request }) => areAlike(request, shown.request));
    return alike.sort((a, b) => WAYS.indexOf(a.request.way) - WAYS.indexOf(b.request.way));
  }
}
