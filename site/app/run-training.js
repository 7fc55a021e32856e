/**
 * Named runs from what the lab has: its model as it is, or models that are trained beside it with several seeds.
 *
 *   plans     the runs that are being trained, while they are: see Plan
 *   outcome   a sentence on what became of what was asked last, or null
 *   pair      the ids of the two runs that were trained last to be compared: { base, change }, or null
 *
 * @typedef {import("./named-runs.js").Run} Run
 * @typedef {object} Plan a run that is to be
 * @property {string} name
 * @property {string | null} id of the run that it makes longer; null for a new one
 * @property {any} facts what else is known of it: text, tokens, settings, baselines
 * @property {import("./trials.js").Request[]} requests one for each seed
 * @property {"base" | "change"} [role] in a comparison of two
 * @property {{ base: string | null, change: string | null }} [ids] of the runs of that comparison that are there already
 */
import { counted } from "./format.js";
import { isOver, tokensPerCharacter } from "./compared-runs.js";
import { secondsFor } from "./lab-sizes.js";
import { VARIANTS, modelName, variantName } from "./lab-variants.js";
import { thinned } from "./loss-series.js";
import { MOST_RUNS } from "./named-runs.js";
import { Observable } from "./observable.js";
import { ENOUGH_SEEDS } from "./seed-band.js";
import { sha256 } from "./sha256.js";
import { changed } from "./trials.js";

const NAME = "compare"; // who asks for trials
const MOST_POINTS = 80; // of a curve that is kept
const WITHOUT = ["seed", "temperature"]; // what changes no model, but for chance

const keyOf = (text) => sha256(new TextEncoder().encode(text));

export class RunTraining extends Observable {
  /** @type {{ plans: Plan[], outcome: string | null, pair: { base: string, change: string } | null }} */
  state = { plans: [], outcome: null, pair: null };

  #facts = new WeakMap(); // the ids of a text -> what is known of it

  /**
   * @param {object} parts
   * @param {import("./lab.js").Lab} parts.lab @param {import("./trials.js").Trials} parts.trials
   * @param {import("./named-runs.js").NamedRuns} parts.named
   */
  constructor({ lab, trials, named }) {
    super();
    this.lab = lab;
    this.trials = trials;
    this.named = named;
  }

  // What is there already ---------------------------------------------------------------------------

  /** The text and the tokens of the lab, as runs have them. */
  async facts() {
    const { text, tokens, baselines } = this.lab.state;
    const { kind, tokenizer, ids, validationIds } = tokens;
    if (!this.#facts.has(ids)) {
      const { vocab } = tokenizer;
      const [textKey, vocabKey] = await Promise.all([keyOf(text.text), keyOf(JSON.stringify(vocab))]);
      const perCharacter = tokensPerCharacter(vocab, validationIds);
      this.#facts.set(ids, {
        text: { name: text.name, key: textKey },
        tokens: { kind, size: vocab.length, key: vocabKey, perCharacter },
        baselines,
      });
    }
    return this.#facts.get(ids);
  }

  /** Add the model of the lab as it is now. */
  async addModel() {
    const { step, status, evaluations, settings, parameters, tokens } = this.lab.state;
    const facts = await this.facts();
    const points = pointsOf(thinned(evaluations, MOST_POINTS));
    const seedRun = { seed: settings.seed, points, failedAt: status === "failed" ? step : null };
    const made = points.at(-1)[0];
    const model = {
      ...facts,
      settings: { ...settings, vocab_size: tokens.tokenizer.vocab.length },
      parameters,
      seeds: [seedRun],
    };
    const isSame = (run) =>
      this.isLike(run, model) && JSON.stringify(run.seeds) === JSON.stringify(model.seeds);
    const same = this.named.state.runs.find(isSame);
    if (same) {
      this.update({ outcome: `This model is among the runs already: it is “${same.name}”.` });
      return;
    }
    const name = `${modelName(settings)}${made >= settings.steps ? "" : `, step ${made}`}`;
    const run = this.named.add(/** @type {any} */ ({ ...model, name }));
    this.update({ outcome: `“${run.name}” is among the runs.` });
  }

  /** Whether two runs differ in nothing but their seeds. */
  isLike(run, other) {
    const kept = ({ settings }) =>
      JSON.stringify(
        Object.entries(settings)
          .filter(([name]) => !WITHOUT.includes(name))
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      );
    return (
      run.text.key === other.text.key && run.tokens.key === other.tokens.key && kept(run) === kept(other)
    );
  }

  // What is trained -----------------------------------------------------------------------------------

  /** The runs that it takes to see what a change does, without those that are there. @param {string} variant @param {number} n seeds of each @returns {Promise<Plan[]>} */
  async plansFor(variant, n) {
    const request = this.trials.request();
    if (!request) return [];
    const facts = await this.facts();
    const { settings } = request;
    const first = settings.seed;
    const isControl = variant === "seeds";
    const changes = VARIANTS[variant].changes(settings);
    const base = this.#plan(changed(request, {}), { name: modelName(settings), first, n, facts });
    const change = this.#plan(changed(request, changes), {
      name: isControl ? "Other seeds" : variantName(variant, settings),
      first: isControl ? first + n : first,
      n,
      facts,
    });
    const ids = { base: base.id, change: change.id };
    /** @type {Plan[]} */
    const plans = [
      { ...base, role: "base", ids },
      { ...change, role: "change", ids },
    ];
    return plans.filter(({ requests }) => requests.length);
  }

  /** What is missing of a run with seeds from the first on. */
  #plan(request, { name, first, n, facts }) {
    const about = { ...facts, settings: request.settings };
    const seeds = Array.from({ length: n }, (_, i) => first + i);
    const found = this.named.state.runs.find(
      (run) => this.isLike(run, about) && run.seeds[0].seed === first && isOver(run),
    );
    return this.#planWith(request, { name, facts, seeds, found });
  }

  #planWith(request, { name, facts, seeds, found }) {
    const missing = seeds.filter((seed) => !found?.seeds.some((one) => one.seed === seed));
    const requests = missing.map((seed) => ({ ...changed(request, { seed }), prompts: [] }));
    const about = { ...facts, settings: request.settings };
    return { name: found?.name ?? name, id: found?.id ?? null, facts: about, requests };
  }

  /** Why a run cannot be trained with more seeds; null if it can. @param {Run} run @returns {Promise<string | null>} */
  async whyNoMoreSeeds(run) {
    if (!this.trials.source) return "There is no text to learn from yet.";
    const { text, tokens } = await this.facts();
    if (!isOver(run)) {
      return `You added “${run.name}” before it was finished, and other seeds would be trained to the end.`;
    }
    if (run.text.key !== text.key) return `“${run.name}” learned from another text than the one above.`;
    return run.tokens.key === tokens.key ? null : `“${run.name}” has other tokens than the text above.`;
  }

  /** The plans that give runs enough seeds. @param {Run[]} runs @returns {Promise<Plan[]>} */
  async plansForMoreSeeds(runs) {
    const request = this.trials.request();
    if (!request) return [];
    const facts = await this.facts();
    return runs.map((run) => {
      const first = run.seeds[0].seed;
      const seeds = Array.from({ length: ENOUGH_SEEDS }, (_, i) => first + i);
      const own = { ...request, settings: run.settings };
      return this.#planWith(own, { name: run.name, facts, seeds, found: run });
    });
  }

  /** How long all of it takes, in seconds; null where that is not known. @param {Plan[]} plans */
  secondsFor(plans) {
    const { machine } = this.trials;
    if (!machine) return null;
    const requests = plans.flatMap((plan) => plan.requests);
    return requests.reduce((sum, { settings }) => sum + secondsFor(settings, machine), 0);
  }

  /** Train what is planned. What is finished of it stays, also when it is stopped. @param {Plan[]} plans */
  async train(plans) {
    const nNew = plans.filter(({ id }) => id === null).length;
    if (this.named.state.runs.length + nNew > MOST_RUNS) {
      const sentence = `There is room for ${MOST_RUNS} runs. Remove some of them first.`;
      this.update({ outcome: sentence });
      return;
    }
    this.update({ plans, outcome: null });
    await this.trials.run(
      NAME,
      plans.flatMap(({ requests }) => requests),
    );
    const finished = plans.map((plan) => ({ plan, run: this.#finish(plan) }));
    const added = finished.map(({ run }) => run).filter(Boolean);
    const names = added.map(({ name, seeds }) => `“${name}” (${counted(seeds.length, "seed")})`);
    const outcome = names.length ? `Among the runs now: ${names.join(" and ")}.` : null;
    this.update({ plans: [], outcome, pair: pairOf(finished) ?? this.state.pair });
  }

  /** The run that the last sentence is about is gone, or has another name. */
  forgetOutcome() {
    this.update({ outcome: null });
  }

  /** The run that came of a plan, as far as it was carried out; null if nothing was. */
  #finish(plan) {
    const seeds = this.finished(plan);
    if (!seeds.length) return null;
    const before = this.named.state.runs.find(({ id }) => id === plan.id);
    if (plan.id && !before) return null; // somebody has removed it meanwhile
    if (!before) return this.named.add({ ...plan.facts, ...this.#parameters(plan), name: plan.name, seeds });
    const all = [...before.seeds, ...seeds];
    this.named.change(before.id, { seeds: all });
    return { ...before, seeds: all };
  }

  #parameters({ requests }) {
    const { parameters } = requests.map((request) => this.trials.find(request)).find(Boolean);
    return { parameters };
  }

  /** The trainings of a plan that are over. @param {Plan} plan @returns {import("./named-runs.js").SeedRun[]} */
  finished({ requests }) {
    const trials = requests.map((request) => this.trials.find(request)).filter(Boolean);
    return trials.map(({ settings, evaluations, failedAt }) => ({
      seed: settings.seed,
      points: pointsOf(evaluations),
      failedAt,
    }));
  }

  stop() {
    if (this.state.plans.length) this.trials.stop();
  }

  /** Whether something is trained for somebody else. */
  get isBusyElsewhere() {
    const { work } = this.trials.state;
    return Boolean(work) && work.name !== NAME;
  }
}

/** The measured losses that are numbers. @param {{ step: number, loss?: number }[]} evaluations @returns {[number, number][]} */
export const pointsOf = (evaluations) =>
  evaluations.filter(({ loss }) => Number.isFinite(loss)).map(({ step, loss }) => [step, loss]);

/** The two runs of a comparison that has been carried out; null if one of them is missing, or it was none. */
function pairOf(finished) {
  const ids = { ...finished[0]?.plan.ids };
  for (const { plan, run } of finished) if (plan.role && run) ids[plan.role] = run.id;
  return ids.base && ids.change ? ids : null;
}
