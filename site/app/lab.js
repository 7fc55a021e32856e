/**
 * A model that learns in the page. Figures ask for it as "lab", and follow its state:
 *   text      { name, text, about, facts, prompts, entropy }, null while there is none; about: sentences on where it
 *             comes from, or ""; facts: see lab-text.js; entropy: that of its source in nats per character, where known
 *   tokens    { kind: "characters" | "bpe", vocabSize, tokenizer, merges, ids, validationIds, isTraining }; merges: those
 *             learned so far, while isTraining; tokenizer and the ids (Uint16Array) are null until they are there
 *   settings  as in train.py, and architecture: "gpt" | "window"
 *   status    "empty" | "preparing" | "ready" | "training" | "paused" | "finished" | "failed"
 *   waits     whether it trains as soon as it is ready
 *   pausedBy  "person" | "hidden" (the tab was) | null
 *   step      updates made; parameters: how many numbers are trained; kernel: what it runs on
 *   losses    [{ step, loss }] on the training text, of each update or, of many, the means of some
 *   evaluations [{ step, loss }] on held-out text, and baselines { uniform, unigram, bigram }, of the same text
 *   prompts   five beginnings; samples [{ step, prompts: [{ ids, tokens: [{ id, p, entropy }] }] }]: how it went on
 *             from their ids
 *   snapshots [{ step, weights, passes }], what it was at some steps: see lab-snapshots.js
 *   speed     { millisecondsPerStep, secondsLeft }, null before the first update
 *   problem   a sentence on why it cannot train, or null; notice: a sentence on what else there is to know, or null
 *   kept      [{ id, name, parameters, step, savedAt, isFinished }] of the other models in the browser's storage, the latest first
 *   undoable  the same of the model that was thrown away last, while it can be brought back
 * The page drives: calls of the worker are short, and it pauses when the page does not call again.
 */
import { Tokenizer } from "../engine/tokenizer.js";
import { count } from "./format.js";
import { encodeParts, learnTokenizer } from "./lab-encoding.js";
import { baselinesOf, beginningsOf, inTurns } from "./lab-ids.js";
import { Questions } from "./lab-questions.js";
import { settingsOf, sizeOf } from "./lab-sizes.js";
import { asSaved, splitText } from "./lab-split.js";
import { isSnapshot } from "./lab-snapshots.js";
import { describe, usedPart } from "./lab-text.js";
import { LossSeries, thinned } from "./loss-series.js";
import { Observable } from "./observable.js";

/** The model that somebody begins with: a minute of training shows much. */
export const SETTINGS = { ...settingsOf("middle", 0), temperature: 0.8, seed: 1 };

const SLICE = 100; // milliseconds of training at a time
const SAVE_EVERY = 5000; // milliseconds
const REST = 5; // so many times as long as a sample took, it only trains
const FIRST_SAMPLES = 250; // milliseconds between samples at the beginning, when most changes,
const LATER_SAMPLES = 1000; // and once there are some: so that they can be read
const N_PROMPTS = 5;
const MOST_SAMPLES = 60;
const MOST_EVALUATIONS = 400;
const FEWEST = 20; // tokens of a text that can be learned from
const MOST_TOKENS = 2 ** 16; // two bytes an id

const UNTRAINED = {
  step: 0,
  losses: [],
  evaluations: [],
  samples: [],
  snapshots: [],
  speed: null,
  pausedBy: null,
  problem: null,
  notice: null,
};

export class Lab extends Observable {
  /** @type {any} see above */
  state = {
    ...UNTRAINED,
    text: null,
    tokens: { kind: "characters", vocabSize: 0, ...noTokens() },
    settings: SETTINGS,
    status: "empty",
    parameters: null,
    kernel: null,
    baselines: null,
    prompts: [],
    kept: [],
    undoable: null,
    waits: false,
  };

  /** How fast this machine is, once somebody has measured it (see lab-speed.js). */
  machine = null;
  #fittedSteps = SETTINGS.steps; // not chosen by anybody
  #making = new AbortController(); // what is being made of the text; another text or another model ends it
  #series = new LossSeries();
  #loop = null; // a promise, while it trains
  #hasModel = false; // whether the worker has the one that is shown
  #source = null; // what is kept of the text
  #modelId = null; // of the one that is shown: it stays the same while it learns
  #savedId = null; // of the one that was saved last
  #stored = []; // what the browser has, as in `kept`
  #thrownAway = null; // what a reset can bring back
  #questions = new Questions((method, params) => this.#find(method, params));
  #lastSave = 0;
  #cannotKeep = false; // said once
  #cannotKeepSnapshots = false; // those of this model
  #hasSaidSo = false;
  #lookedAt = 0; // when the last sample was there,
  #lookTook = 0; // and how long it took
  #wasAway = false; // the notice says so

  /**
   * @param {object} parts
   * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} parts.worker
   * @param {import("./lab-storage.js").LabStorage} parts.storage
   */
  constructor({ worker, storage }) {
    super();
    this.worker = worker;
    this.storage = storage;
  }

  /** Of the model that is shown, as in `kept`. */
  get modelId() {
    return this.#modelId;
  }

  // What somebody chooses -------------------------------------------------------------------------

  /**
   * Another text to learn from.
   * @param {{ name: string, text: string, about?: string, prompts?: string[], entropy?: number }} text prompts:
   *   beginnings that suit it
   */
  async setText({ name, text, about = "", prompts, entropy }) {
    await this.#throwAway();
    const signal = this.#renew();
    const used = asSaved(usedPart(text));
    const { kind, vocabSize } = this.state.tokens;
    this.#source = null;
    this.update({
      ...UNTRAINED,
      status: "preparing",
      text: { name, text: used, about, facts: null, prompts, entropy },
      tokens: { kind, vocabSize, ...noTokens() },
    });
    await this.#unlessStale(signal, () => this.#make(signal, text));
  }

  /** @param {{ kind: "characters" | "bpe", vocabSize: number }} chosen */
  async setTokens({ kind, vocabSize }) {
    await this.#throwAway();
    const signal = this.#renew();
    const status = this.state.text ? "preparing" : "empty";
    this.#source = null;
    this.update({ ...UNTRAINED, status, tokens: { kind, vocabSize, ...noTokens() } });
    if (this.state.text) await this.#unlessStale(signal, () => this.#make(signal));
  }

  /** Another model, or other numbers for its training. @param {object} changes */
  async setSettings(changes) {
    const settings = { ...this.state.settings, ...changes };
    if (!this.state.tokens.ids) {
      this.update({ settings });
      return;
    }
    await this.#throwAway();
    const signal = this.#renew();
    this.update({ ...UNTRAINED, settings, status: "preparing" });
    await this.#unlessStale(signal, () => this.#begin(signal));
  }

  /** One of the sizes of lab-sizes.js, with as many steps as suit it. */
  async chooseSize(size) {
    const settings = this.#settingsOf(size);
    this.#fittedSteps = settings.steps;
    await this.setSettings(settings);
  }

  /** The same settings; unless somebody has chosen their steps, as many as suit the text and the machine. */
  fitted(settings) {
    const size = sizeOf(settings);
    if (!size || settings.steps !== this.#fittedSteps) return settings;
    this.#fittedSteps = this.#settingsOf(size).steps;
    return { ...settings, steps: this.#fittedSteps };
  }

  #settingsOf(size) {
    const { tokenizer, ids } = this.state.tokens;
    return settingsOf(size, tokenizer?.vocab.length ?? 0, this.machine, ids?.length);
  }

  /** Train, or go on; at once if the text is ready, and else as soon as it is. */
  start() {
    const { status } = this.state;
    if (status === "preparing") this.update({ waits: true });
    if (status !== "ready" && status !== "paused") return;
    this.update({ status: "training", pausedBy: null, notice: null });
    this.#loop ??= this.#train().finally(() => {
      this.#loop = null;
      this.#questions.answerAll(); // those that came while it ended
    });
  }

  pause() {
    if (this.state.waits) this.update({ waits: false });
    if (this.state.status === "training") this.update({ status: "paused", pausedBy: "person" });
  }

  /** The tab cannot be seen: browsers slow down what it does, and nobody looks. */
  hide() {
    if (this.state.status === "training") this.update({ status: "paused", pausedBy: "hidden" });
  }

  /** The tab can be seen again. */
  async show() {
    if (this.state.pausedBy !== "hidden") return;
    await this.#settle();
    if (this.state.pausedBy !== "hidden") return;
    this.start();
    this.#wasAway = true;
    this.update({ notice: "It paused while this page was out of sight, and now goes on." });
  }

  /** One update, and what comes of it. */
  async stepOnce() {
    await this.#halt();
    if (!["ready", "paused"].includes(this.state.status)) return;
    const { signal } = this.#making;
    await this.#unlessStale(signal, async () => {
      await this.#update({ steps: 1 }, signal);
      if (this.state.status === "ready") this.update({ status: "paused", pausedBy: "person" });
      if (this.state.status !== "failed") await this.#look(signal);
      await this.#save();
    });
  }

  /** Back to a model that has learned nothing. It can be brought back once. */
  async reset() {
    if (!this.state.text) return;
    await this.#throwAway();
    const signal = this.#renew();
    this.update({ ...UNTRAINED, status: "preparing" });
    await this.#unlessStale(signal, () => (this.state.tokens.ids ? this.#begin(signal) : this.#make(signal)));
  }

  /** Undo what threw a model away. What has been trained meanwhile can be brought back in its turn. */
  async bringBack() {
    const record = this.#thrownAway;
    if (!record) return;
    this.#thrownAway = null;
    await this.#throwAway();
    await this.#restore(record);
  }

  /** Whether the browser has models of earlier: then `kept` says which. */
  async findKept() {
    try {
      this.#stored = (await this.storage.list()).map(factsOf);
    } catch {
      this.#stored = []; // it is said when it would be of use: as soon as there is something to keep
    }
    this.#offer();
  }

  /** What one may go back to: not the model that is shown. */
  #offer() {
    const undoable = this.#thrownAway && factsOf(this.#thrownAway);
    const others = this.#stored.filter(({ id }) => id !== this.#modelId && id !== undoable?.id);
    this.update({ kept: others, undoable });
  }

  /** Open one of them. @param {string} [id] the latest, if left out @param {{ trains?: boolean }} [options] at once */
  async goOn(id = this.state.kept[0]?.id, { trains = false } = {}) {
    const { signal } = this.#making;
    const records = await this.storage.list().catch(() => []);
    if (signal.aborted) return; // something else has been chosen meanwhile
    const record = records.find(({ model }) => model.id === id);
    if (!record) {
      this.#stored = this.#stored.filter((one) => one.id !== id);
      this.#offer();
      this.update({ notice: "The model of your earlier visit cannot be read any more." });
      return;
    }
    await this.#throwAway();
    this.update({ waits: trains });
    await this.#restore(record);
  }

  /** Keep one of them no longer. */
  async forgetKept(id) {
    this.#stored = this.#stored.filter((one) => one.id !== id);
    this.#offer();
    await this.storage.forget(id).catch(() => {}); // then there was nothing
  }

  /**
   * Something that a figure wants to know of the model as it is now: attention, embeddings, updates (see
   * engine/train-worker.js). While it trains, such questions wait for their turn, and the same question is asked
   * again only when it has trained for some time.
   * @param {string} method @param {object} [params] @returns {Promise<any>} null where there is no model
   */
  ask(method, params = {}) {
    if (!this.#hasModel) return Promise.resolve(null);
    const answer = this.#questions.ask(method, params);
    if (!this.#loop) this.#questions.answerAll();
    return answer;
  }

  /** What the worker says; null if the model is gone by then. */
  async #find(method, params) {
    const { signal } = this.#making;
    try {
      return await this.worker.call(method, params, { signal });
    } catch (error) {
      if (!signal.aborted) console.warn(error);
      return null;
    }
  }

  // From a text to a model ------------------------------------------------------------------------

  /** End what is being made, for something else. */
  #renew() {
    this.#making.abort();
    this.#making = new AbortController();
    this.#hasModel = false;
    this.#cannotKeepSnapshots = false;
    this.#questions.drop();
    return this.#making.signal;
  }

  /** Do something that ends without a word when something else is chosen. */
  async #unlessStale(signal, act) {
    try {
      await act();
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(`It cannot go on. ${error.message}`);
      console.warn(error);
    }
  }

  #fail(problem) {
    this.update({ status: "failed", problem, pausedBy: null, waits: false });
  }

  /** All of it, from the text on, unless there is nothing to learn from. @param {string} [whole] before it was cut */
  async #make(signal, whole = this.state.text.text) {
    const facts = this.state.text.facts ?? (await describe(whole, { signal }));
    this.update({ text: { ...this.state.text, facts } });
    const problem = facts.warnings.find(({ isProblem }) => isProblem);
    if (problem) this.#leaveEmpty(problem.sentence);
    else await this.#prepare(signal);
  }

  /** There is nothing to learn from. */
  #leaveEmpty(problem) {
    this.update({ status: "empty", problem, waits: false });
  }

  /** The tokens of the text, and a model that has learned nothing. */
  async #prepare(signal) {
    const { text, tokens } = this.state;
    const parts = splitText(text.text);
    const tokenizer = await this.#learnTokens(parts, tokens, signal);
    if (tokenizer.vocab.length > MOST_TOKENS) {
      this.#leaveEmpty(`It has ${count(tokenizer.vocab.length)} different characters: is it really text?`);
      return;
    }
    await this.#encode(parts, tokenizer, signal);
    const { ids, validationIds } = this.state.tokens;
    if (ids.length < FEWEST || validationIds.length < 2) {
      this.#leaveEmpty("This text is too short to learn from. Put more into it, or choose another one.");
      return;
    }
    const prompts = text.prompts ?? beginningsOf(parts.train, N_PROMPTS);
    const baselines = await inTurns(baselinesOf(ids, validationIds, tokenizer.vocab.length), signal);
    this.update({ prompts, baselines });
    await this.#begin(signal);
  }

  /** Merge pairs while somebody looks; what is learned of a text is a tokenizer. */
  async #learnTokens(parts, chosen, signal) {
    this.#updateTokens({ isTraining: true, merges: [] });
    const onMerges = (merges) => this.#updateTokens({ merges });
    const { trained, merges } = await learnTokenizer(parts, chosen, { signal, onMerges });
    this.#updateTokens({ isTraining: false, merges, trained });
    return new Tokenizer(trained);
  }

  #updateTokens(changes) {
    this.update({ tokens: { ...this.state.tokens, ...changes } });
  }

  async #encode(parts, tokenizer, signal) {
    const encoded = await encodeParts(parts, tokenizer, signal);
    this.#updateTokens({ tokenizer, ...encoded });
  }

  /** A model that has learned nothing, and what it writes. */
  async #begin(signal) {
    this.#series = new LossSeries();
    this.update({ settings: this.fitted(this.state.settings) });
    const made = await this.worker.call("begin", this.#given(), { signal });
    const { parameters, validationLoss, kernel } = made;
    this.#hasModel = true;
    this.#modelId = newId();
    const evaluations = [{ step: 0, loss: validationLoss }];
    this.update({ parameters, kernel, evaluations });
    await this.#sample(signal);
    this.#becomeReady();
  }

  /** What the worker is given with each model. */
  #given() {
    const { settings, tokens } = this.state;
    const { ids, validationIds, tokenizer } = tokens;
    const { vocab, end } = tokenizer;
    return {
      settings: { ...settings, vocab_size: vocab.length },
      ids: ids.slice(), // a copy is sent: nothing of it can be lost
      validationIds: validationIds.slice(),
      end,
      seed: settings.seed,
    };
  }

  #becomeReady() {
    const { waits } = this.state;
    this.update({ status: "ready", waits: false });
    if (waits) this.start();
  }

  // Training ----------------------------------------------------------------------------------------

  async #train() {
    const { signal } = this.#making;
    this.#lastSave ||= performance.now();
    await this.#unlessStale(signal, async () => {
      while (this.state.status === "training") {
        await this.#update({ milliseconds: SLICE }, signal);
        await this.#questions.answerOne();
        if (this.#isTimeToLook) await this.#look(signal);
        if (performance.now() - this.#lastSave > SAVE_EVERY) await this.#save();
      }
    });
    if (signal.aborted) return;
    await this.#questions.answerAll();
    if (this.state.status !== "failed") await this.#save();
  }

  /** Some updates. */
  async #update(howMany, signal) {
    const since = performance.now();
    const done = await this.worker.call("train", howMany, { signal });
    if (done.failed) {
      this.#fail(
        `After step ${done.step}, the loss stopped being a number: a step was too large. Reset it, and choose ` +
          "smaller learning rates.",
      );
      return;
    }
    const { step, losses, finished } = done;
    this.#series.add(losses, step);
    const speed = this.#speedAfter(losses.length, performance.now() - since, step);
    this.update({ step, losses: this.#series.points, speed });
    if (!finished) return;
    await this.#look(signal);
    this.update({ status: "finished", pausedBy: null });
  }

  /** A mean in which what was lately counts most, and the time that is left with it. */
  #speedAfter(n, milliseconds, step) {
    const { speed, settings } = this.state;
    if (!n) return speed;
    const now = milliseconds / n;
    const millisecondsPerStep = speed ? 0.9 * speed.millisecondsPerStep + 0.1 * now : now;
    const withSamples = 1 + 1 / REST; // how much longer everything takes
    const secondsLeft = ((settings.steps - step) * millisecondsPerStep * withSamples) / 1000;
    return { millisecondsPerStep, secondsLeft };
  }

  /** Samples take less than a fifth of the time. */
  get #isTimeToLook() {
    const { samples, status } = this.state;
    if (status !== "training") return false;
    const pause = samples.length < 8 ? FIRST_SAMPLES : LATER_SAMPLES;
    return performance.now() - this.#lookedAt > Math.max(pause, REST * this.#lookTook);
  }

  /** The loss on held-out text, and what it writes now. */
  async #look(signal) {
    const since = performance.now();
    const { loss } = await this.worker.call("evaluate", {}, { signal });
    const { step, evaluations } = this.state;
    const before = evaluations.filter((one) => one.step < step);
    this.update({ evaluations: thinned([...before, { step, loss }], MOST_EVALUATIONS) });
    await this.#sample(signal);
    this.#lookedAt = performance.now();
    this.#lookTook = this.#lookedAt - since;
  }

  async #sample(signal) {
    const { prompts, settings, tokens, step } = this.state;
    const { tokenizer } = tokens;
    const start = tokenizer.end === null ? [] : [tokenizer.end];
    const room = Math.max(1, settings.n_ctx - 1);
    const ids = prompts.map((prompt) => [...start, ...known(prompt, tokenizer)].slice(0, room));
    const given = { prompts: ids, tokens: settings.n_ctx, temperature: settings.temperature, seed: 1 + step };
    const { rows } = await this.worker.call("sample", given, { signal });
    const written = rows.map((row, i) => ({
      ids: ids[i],
      tokens: row.map(({ id, p, entropy }) => ({ id, p, entropy })), // what else was likely would take much memory
    }));
    const before = this.state.samples.filter((one) => one.step < step);
    this.update({ samples: thinned([...before, { step, prompts: written }], MOST_SAMPLES) });
  }

  /** Pause, and wait until nothing is under way. */
  async #halt() {
    this.pause();
    await this.#settle();
  }

  async #settle() {
    await this.#loop;
  }

  // What is kept --------------------------------------------------------------------------------------

  /** All that it takes to go on from here. */
  async #record() {
    const { text, tokens, settings, parameters, step, evaluations, samples, speed, baselines, prompts } =
      this.state;
    const { name } = text;
    const { weights, optimizer } = await this.worker.call("state", {});
    const { kind, vocabSize, trained } = tokens;
    this.#source ??= {
      id: newId(),
      text: { name, text: text.text, about: text.about, prompts: text.prompts, entropy: text.entropy },
      tokens: { kind, vocabSize, trained, merges: tokens.merges },
    };
    const model = {
      id: this.#modelId,
      ...{
        name,
        settings,
        parameters,
        step,
        weights,
        optimizer,
        evaluations,
        samples,
        speed,
        baselines,
        prompts,
      },
      losses: this.#series.kept,
      savedAt: Date.now(),
    };
    return { source: this.#source, model };
  }

  /** Keep it in the browser. Where that fails, training goes on, and it is said once. */
  async #save() {
    if (!this.#hasModel || !this.state.step) return;
    const { signal } = this.#making;
    try {
      const { source, model } = await this.#record();
      if (signal.aborted) return;
      if (await this.storage.write(source, model)) this.#cannotKeepSnapshots = true;
      this.#cannotKeep = false;
      const isNew = this.#savedId !== model.id;
      this.#savedId = model.id;
      if (isNew) await this.#storeSnapshots(); // those of before it had learned something
      if (isNew) await this.findKept(); // another one has been put aside for it
      if (this.#wasAway) this.update({ notice: null }); // it has been read by now
      this.#wasAway = false;
      if (this.#cannotKeepSnapshots) this.#sayWhatIsLacking();
    } catch (error) {
      if (!signal.aborted && !this.#cannotKeep) this.#say(error);
      this.#cannotKeep = true;
    }
    this.#lastSave = performance.now();
  }

  #say(error) {
    const why = error.isFull ? "its storage is full" : "it keeps nothing for this page";
    this.update({
      notice: `If you close this page, your model is lost: this browser cannot keep it, because ${why}.`,
    });
  }

  #sayWhatIsLacking() {
    if (this.#hasSaidSo) return;
    this.#hasSaidSo = true;
    this.update({
      notice:
        "If you close this page, only the latest step of your model is kept: this browser has no room for the earlier ones.",
    });
  }

  /**
   * The model has another snapshot. They are kept in the browser, too, unless it has learned nothing yet.
   * @param {any[]} snapshots all of them: see lab-snapshots.js
   */
  keepSnapshots(snapshots) {
    this.update({ snapshots });
    if (snapshots.at(-1).step) this.#storeSnapshots();
  }

  async #storeSnapshots() {
    const { snapshots } = this.state;
    if (this.#cannotKeepSnapshots || !snapshots.length) return;
    const { signal } = this.#making;
    try {
      await this.storage.writeSnapshots(this.#modelId, snapshots);
    } catch {
      if (!signal.aborted) this.#cannotKeepSnapshots = true; // it is not tried again: that would take time
    }
  }

  /** Before a model goes, so that it can be brought back. */
  async #throwAway() {
    this.update({ status: "preparing", pausedBy: null });
    await this.#settle();
    if (!this.#hasModel || !this.state.step) return;
    this.#thrownAway = await this.#record().catch(() => null);
    this.#offer();
  }

  /** Go on from what was kept. */
  async #restore({ source, model }) {
    const signal = this.#renew();
    const { text, tokens } = source;
    const { weights, optimizer, losses, step, settings } = model;
    const { kind, vocabSize, trained, merges } = tokens;
    this.#modelId = model.id ?? newId();
    this.update({
      ...UNTRAINED,
      status: "preparing",
      step,
      text: { ...text, facts: null },
      tokens: { ...noTokens(), kind, vocabSize, trained, merges },
      settings,
    });
    this.#offer();
    await this.#unlessStale(signal, async () => {
      const facts = await describe(text.text, { signal });
      this.update({ text: { ...text, facts } });
      await this.#encode(splitText(text.text), new Tokenizer(trained), signal);
      const given = { ...this.#given(), state: { step, weights, optimizer } };
      const { parameters, kernel } = await this.worker.call("restore", given, { signal });
      const snapshots = await this.#keptSnapshots(model);
      signal.throwIfAborted();
      this.#source = source;
      this.#series = new LossSeries(losses);
      this.#hasModel = true;
      const { evaluations, samples, speed, baselines, prompts } = model;
      const status = step >= settings.steps ? "finished" : "paused";
      this.update({
        ...{ step, evaluations, samples, snapshots, speed, baselines, prompts, parameters, kernel, status },
      });
      const { waits } = this.state;
      this.update({
        losses: this.#series.points,
        pausedBy: status === "paused" ? "person" : null,
        waits: false,
      });
      if (waits) this.start();
    });
  }

  /** What the browser has of a model at earlier steps: none of one that was kept before there was such a thing. */
  async #keptSnapshots({ id, step, weights }) {
    const found = await this.storage.snapshots(id).catch(() => []);
    return found.filter((one) => isSnapshot(one, weights.length) && one.step <= step);
  }
}

/** While there are no tokens yet. */
function noTokens() {
  return { tokenizer: null, merges: [], ids: null, validationIds: null, isTraining: false };
}

/** The ids of a beginning; what has no token is left out. */
function known(prompt, tokenizer) {
  const characters = Array.from(prompt).filter((character) => tokenizer.ids.has(character));
  return tokenizer.encode(characters.join(""));
}

function factsOf({ model: { id, name, parameters = null, step, savedAt, settings } }) {
  return { id, name, parameters, step, savedAt, isFinished: step >= settings.steps };
}

function newId() {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
