/**
 * Models that are trained to be compared, one after another, in a worker of their own: the model of the lab stays as it
 * is. Figures ask for them as "trials", and follow their state:
 *   work     { name, trial, done, of } while somebody waits: for what, the trial as far as it is, and how many updates
 *            are made of all that were asked for; null otherwise
 *   problem  { name, sentence } on why the last one ended; null if it did not
 *
 *   const request = trials.request();               // the model of the lab, with fewer steps
 *   const [healthy, broken] = await trials.run("mask", [request, changed(request, { mask: false })]);
 *
 * @typedef {object} Source a text, as tokens
 * @property {string} name of the text
 * @property {import("../engine/tokenizer.js").Tokenizer} tokenizer
 * @property {Uint16Array} ids what is learned from
 * @property {Uint16Array} validationIds what is not
 *
 * @typedef {object} Request
 * @property {any} settings as in engine/training.js
 * @property {Source} source
 * @property {string[]} prompts beginnings that it goes on from at the end
 * @property {Object<string, [string, object]>} [asks] what else the worker is asked at the end: method and parameters
 *
 * @typedef {object} Trial a request, and what came of it so far
 * @property {any} settings @property {Source} source
 * @property {number} step updates made
 * @property {number} parameters
 * @property {{ step: number, loss: number }[]} losses on its text, in nats per token, of each update or, of many, means
 * @property {{ step: number, loss: number }[]} evaluations on held-out text, at the same steps for the same `steps`
 * @property {number | null} failedAt the step after which its loss stopped being a number
 * @property {{ prompt: string, ids: number[], tokens: { id: number }[] }[]} samples at the end
 * @property {Object<string, any>} answers to what was asked
 * @property {number} seconds that training took
 */
import { settingsOf } from "./lab-sizes.js";
import { measureSpeed } from "./lab-speed.js";
import { LossSeries } from "./loss-series.js";
import { Observable } from "./observable.js";
import { rememberTrial, rememberedTrial } from "./trial-memory.js";

const SLICE = 100; // milliseconds of training at a time
const N_EVALUATIONS = 40;
const WRITTEN = 60; // tokens of a sample, or
const WRITTEN_CHARACTERS = 160; // if they are characters
const MOST_STEPS = 300; // on every machine: what is found on one can be compared with what is found on another

/** The same request with other settings. @param {Request} request @param {object} changes @returns {Request} */
export const changed = (request, changes) => ({ ...request, settings: { ...request.settings, ...changes } });

/**
 * Settings of the lab for a training that is over soon. A window model has no parts to compare: the smallest GPT takes
 * its place.
 * @param {any} settings @param {number} vocabSize @param {number} n tokens of the text
 */
export function trialSettings(settings, vocabSize, n) {
  const isWindow = settings.architecture === "window";
  const chosen = isWindow ? settingsOf("small", vocabSize, null, n) : { ...settings, vocab_size: vocabSize };
  const steps = Math.min(chosen.steps, MOST_STEPS);
  return { ...chosen, steps, warmup: Math.min(chosen.warmup, steps - 1) };
}

/**
 * Train a model, and ask it what is to be known.
 * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} worker
 * @param {Request} request
 * @param {{ signal?: AbortSignal, onProgress?: (trial: Trial) => void }} [options]
 * @returns {Promise<Trial>}
 */
export async function train(worker, request, { signal, onProgress = () => {} } = {}) {
  const { settings, source, prompts, asks = {} } = request;
  const call = (method, params = {}) => worker.call(method, params, { signal });
  const series = new LossSeries();
  const { parameters, validationLoss } = await call("begin", {
    settings,
    ids: source.ids.slice(), // a copy is sent
    validationIds: source.validationIds.slice(),
    end: source.tokenizer.end,
    seed: settings.seed,
  });
  let trial = {
    ...{
      settings,
      source,
      parameters,
      step: 0,
      losses: [],
      failedAt: null,
      samples: [],
      answers: {},
      seconds: 0,
    },
    evaluations: [{ step: 0, loss: validationLoss }],
  };
  const every = Math.ceil(settings.steps / N_EVALUATIONS);
  while (trial.step < settings.steps && trial.failedAt === null) {
    const since = performance.now();
    const done = await call("train", { milliseconds: SLICE, steps: every - (trial.step % every) });
    const seconds = trial.seconds + (performance.now() - since) / 1000;
    if (!done.failed) series.add(done.losses, done.step);
    trial = {
      ...trial,
      seconds,
      step: done.step,
      losses: series.points,
      failedAt: done.failed ? done.step : null,
    };
    if (done.finished || done.failed || trial.step % every === 0) {
      const { loss } = await call("evaluate");
      trial = { ...trial, evaluations: [...trial.evaluations, { step: trial.step, loss }] };
    }
    onProgress(trial);
  }
  trial = { ...trial, samples: await written(call, { settings, source, prompts }) };
  for (const [name, [method, params]] of Object.entries(asks)) {
    trial = { ...trial, answers: { ...trial.answers, [name]: await call(method, params) } };
  }
  return trial;
}

/** How it goes on from some beginnings. */
async function written(call, { settings, source: { tokenizer }, prompts }) {
  const start = tokenizer.end === null ? [] : [tokenizer.end];
  const room = Math.max(1, settings.n_ctx - 1);
  const known = (prompt) => Array.from(prompt).filter((character) => tokenizer.ids.has(character));
  const ids = prompts.map((prompt) => [...start, ...tokenizer.encode(known(prompt).join(""))].slice(0, room));
  const { rows } = await call("sample", {
    prompts: ids,
    tokens: tokenizer.mergeRanks.size ? WRITTEN : WRITTEN_CHARACTERS,
    temperature: settings.temperature,
    seed: settings.seed,
  });
  return prompts.map((prompt, i) => ({ prompt, ids: ids[i], tokens: rows[i].map(({ id }) => ({ id })) }));
}

/** Updates that some requests ask for. */
const stepsOf = (requests) => requests.reduce((sum, { settings }) => sum + settings.steps, 0);

export class Trials extends Observable {
  /** @type {any} see above */
  state = { work: null, problem: null };

  #working = new AbortController();
  #sources = new WeakMap(); // the ids of a text -> its source
  #numbers = new WeakMap(); // a source -> its number
  #sourceCount = 0;
  #finished = new Map(); // what was asked -> its trial: a training with the same seed ends in the same way

  /**
   * @param {object} parts
   * @param {{ call: (method: string, params: object, options?: object) => Promise<any> }} parts.worker
   * @param {import("./lab.js").Lab} parts.lab
   * @param {() => Promise<import("./lab-sizes.js").Machine>} [parts.measure]
   */
  constructor({ worker, lab, measure = measureSpeed }) {
    super();
    this.worker = worker;
    this.lab = lab;
    this.measure = measure;
    this.machine = null;
  }

  /** How fast this machine is, as far as that can be known. */
  async findMachine() {
    this.machine ??= this.lab.machine ?? (await this.measure().catch(() => null));
  }

  /** The text of the lab, as tokens; null while there is none. @returns {Source | null} */
  get source() {
    const { text, tokens } = this.lab.state;
    const { tokenizer, ids, validationIds } = tokens;
    if (!text || !ids) return null;
    if (!this.#sources.has(ids)) this.#sources.set(ids, { name: text.name, tokenizer, ids, validationIds });
    return this.#sources.get(ids);
  }

  /** The model of the lab, with few enough steps to be over soon; null while there is none. @returns {Request | null} */
  request() {
    const { source } = this;
    if (!source) return null;
    const { settings, prompts } = this.lab.state;
    const { vocab } = source.tokenizer;
    return { settings: trialSettings(settings, vocab.length, source.ids.length), source, prompts };
  }

  /** What has been trained already is not trained again. @param {Request} request @returns {Trial | null} */
  find(request) {
    return this.#finished.get(this.#keyOf(request)) ?? null;
  }

  #keyOf({ source, ...others }) {
    if (!this.#numbers.has(source)) this.#numbers.set(source, ++this.#sourceCount);
    return `${this.#numbers.get(source)} ${JSON.stringify(others)}`;
  }

  /**
   * Look up what was trained in this tab before the page was left, or loaded again.
   * @param {Request[]} requests @returns {Promise<Trial[] | null>} null if one of them has to be trained
   */
  async recall(requests) {
    for (const request of this.#missing(requests)) {
      const trial = await rememberedTrial(request);
      if (trial) this.#finished.set(this.#keyOf(request), trial);
    }
    return this.#missing(requests).length ? null : requests.map((request) => this.find(request));
  }

  #missing(requests) {
    return requests.filter((request) => !this.find(request));
  }

  /**
   * Train what is asked for, one after another; what goes on for somebody else ends.
   * @param {string} name who asks @param {Request[]} requests @returns {Promise<Trial[] | null>} null if it was stopped, or failed
   */
  async run(name, requests) {
    this.stop();
    this.#working = new AbortController();
    const { signal } = this.#working;
    this.update({
      problem: null,
      work: { name, trial: null, done: 0, of: stepsOf(this.#missing(requests)) },
    });
    try {
      await this.recall(requests);
      signal.throwIfAborted();
      const missing = this.#missing(requests);
      const of = stepsOf(missing);
      let made = 0;
      for (const request of missing) {
        const onProgress = (trial) => this.update({ work: { name, trial, done: made + trial.step, of } });
        const trial = await train(this.worker, request, { signal, onProgress });
        this.#finished.set(this.#keyOf(request), trial);
        await rememberTrial(request, trial);
        made += request.settings.steps;
      }
      this.update({ work: null });
      return requests.map((request) => this.find(request));
    } catch (error) {
      if (signal.aborted) return null;
      this.update({ work: null, problem: { name, sentence: `It could not be trained. ${error.message}` } });
      return null;
    }
  }

  /** End what goes on. */
  stop() {
    this.#working.abort(new Error("It was stopped."));
    if (this.state.work) this.update({ work: null });
  }
}
