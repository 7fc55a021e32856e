/**
 * Trainings that somebody compares, each with a name, kept in this browser from visit to visit. What is kept of one are
 * its losses and what they depend on, not the model.
 *
 *   runs      the trainings, in the order in which they were added: see Run
 *   removed   { run, index } of the one that was removed last, while it can be brought back; null otherwise
 *   notice    a sentence on what was not kept, or null
 *
 * @typedef {object} Run
 * @property {string} id @property {string} name
 * @property {boolean} isShown whether its curve is drawn
 * @property {number} style of its curve: see curve-styles.js
 * @property {{ name: string, key: string }} text what it learned from; another text has another key
 * @property {{ kind: string, size: number, key: string, perCharacter: number }} tokens the size of the vocabulary, and
 *   how many tokens a character of the held-out text takes
 * @property {Object<string, any>} settings as in engine/training.js
 * @property {number} parameters
 * @property {{ uniform: number, unigram: number, bigram: number } | null} baselines of its text, in nats per token
 * @property {SeedRun[]} seeds one training with each seed
 * @typedef {object} SeedRun
 * @property {number} seed
 * @property {[step: number, loss: number][]} points on held-out text, in nats per token
 * @property {number | null} failedAt the step after which its loss stopped being a number
 */
import { CURVE_STYLES } from "./curve-styles.js";
import { Observable } from "./observable.js";

const KEY = "terrarium.compared";
const VERSION = 1; // one more when what is kept has another form: then what was kept before is forgotten
export const MOST_RUNS = 12;
export const MOST_SHOWN = CURVE_STYLES.length; // more curves cannot be told apart
const LONGEST_NAME = 40; // characters

const LOST = "If you close this page, these runs are lost: this browser keeps nothing for it.";

export class NamedRuns extends Observable {
  /** @type {{ runs: Run[], removed: { run: Run, index: number } | null, notice: string | null }} */
  state = { runs: [], removed: null, notice: null };

  /** @param {() => Pick<Storage, "getItem" | "setItem">} [storage] asked for at each use: where it is forbidden, a browser throws */
  constructor(storage = () => localStorage) {
    super();
    this.storage = storage;
    this.state = { ...this.state, runs: this.#read() };
  }

  get isFull() {
    return this.state.runs.length >= MOST_RUNS;
  }

  /** @param {Omit<Run, "id" | "style" | "isShown">} facts @returns {Run} */
  add(facts) {
    const { runs } = this.state;
    const run = {
      ...facts,
      id: newId(),
      name: this.uniqueName(facts.name),
      style: this.nextStyle(),
      isShown: shownOf(runs, facts.text.key).length < MOST_SHOWN,
    };
    this.#keep({ runs: [...runs, run] });
    return run;
  }

  /** The style of the next run: the first that no other one has, of those that are shown if all are taken. */
  nextStyle() {
    const { runs } = this.state;
    const ofAll = freeStyle(runs);
    return ofAll >= 0 ? ofAll : Math.max(0, freeStyle(runs.filter(({ isShown }) => isShown)));
  }

  /** A name that no other run has. @param {string} name */
  uniqueName(name) {
    const short = Array.from(name.trim()).slice(0, LONGEST_NAME).join("") || "Run";
    const isTaken = (one) => this.state.runs.some((run) => run.name === one);
    let unique = short;
    for (let i = 2; isTaken(unique); i++) unique = `${short} ${i}`;
    return unique;
  }

  /** @param {string} id @param {Partial<Run>} changes */
  change(id, changes) {
    this.#keep({ runs: this.state.runs.map((run) => (run.id === id ? { ...run, ...changes } : run)) });
  }

  /** @param {string} id @param {string} typed @returns {string | null} a sentence on why it keeps its name */
  rename(id, typed) {
    const name = typed.trim();
    if (!name) return "A run needs a name.";
    if (this.state.runs.some((run) => run.name === name && run.id !== id)) {
      return `Another run is called “${name}” already. Give this one a different name.`;
    }
    if (Array.from(name).length > LONGEST_NAME) {
      return `This name is too long: it can have at most ${LONGEST_NAME} characters.`;
    }
    this.change(id, { name });
    return null;
  }

  /** @param {string} id @param {boolean} isShown @returns {string | null} a sentence on why it stays hidden */
  show(id, isShown) {
    const run = this.state.runs.find((one) => one.id === id);
    if (!run) return null;
    const others = shownOf(this.state.runs, run.text.key).filter((one) => one !== run);
    if (isShown && others.length >= MOST_SHOWN) {
      return `More than ${MOST_SHOWN} curves cannot be told apart. Hide another one first.`;
    }
    const isTaken = isShown && others.some(({ style }) => style === run.style);
    this.change(id, { isShown, style: isTaken ? freeStyle(others) : run.style });
    return null;
  }

  /**
   * Show some runs, of a text that they share; where there is no room for more curves, others are hidden, the earliest
   * first. @param {string[]} ids at most MOST_SHOWN
   */
  showAll(ids) {
    const { runs } = this.state;
    const asked = runs.filter(({ id }) => ids.includes(id));
    const others = shownOf(runs, asked[0]?.text.key).filter((run) => !asked.includes(run));
    const tooMany = Math.max(0, others.length + asked.length - MOST_SHOWN);
    for (const { id } of others.slice(0, tooMany)) this.show(id, false);
    for (const { id } of asked.filter(({ isShown }) => !isShown)) this.show(id, true);
  }

  /** @param {string} id */
  remove(id) {
    const index = this.state.runs.findIndex((run) => run.id === id);
    if (index < 0) return;
    const removed = { run: this.state.runs[index], index };
    this.#keep({ runs: this.state.runs.filter((run) => run.id !== id), removed });
  }

  /** Undo the last removal. */
  bringBack() {
    const { removed, runs } = this.state;
    if (!removed || this.isFull) return;
    const run = { ...removed.run, name: this.uniqueName(removed.run.name) };
    this.#keep({ runs: runs.toSpliced(removed.index, 0, run), removed: null });
  }

  /** What was kept, without what cannot be read any more. */
  #read() {
    try {
      const { version, runs } = JSON.parse(this.storage().getItem(KEY) ?? "{}");
      if (version !== VERSION || !Array.isArray(runs)) return [];
      return runs.filter(isRun).slice(0, MOST_RUNS);
    } catch {
      return [];
    }
  }

  /** A change, and what the browser is to remember. */
  #keep(changes) {
    this.update({ removed: null, ...changes });
    try {
      this.storage().setItem(KEY, JSON.stringify({ version: VERSION, runs: this.state.runs }));
      if (this.state.notice) this.update({ notice: null });
    } catch {
      if (!this.state.notice) this.update({ notice: LOST });
    }
  }
}

const shownOf = (runs, textKey) => runs.filter(({ isShown, text }) => isShown && text.key === textKey);

/** The first style that none of some runs has; -1 if all are taken. @param {Run[]} runs */
const freeStyle = (runs) => CURVE_STYLES.findIndex((_, i) => !runs.some(({ style }) => style === i));

// What is read back may be damaged, or from somebody else --------------------------------------------

const isText = (value) => typeof value === "string" && value.length > 0;
const isNumber = (value) => Number.isFinite(value);
const isStep = (value) => Number.isInteger(value) && value >= 0;

function isRun(run) {
  return (
    [run?.id, run?.name, run?.text?.name, run?.text?.key].every(isText) &&
    typeof run.isShown === "boolean" &&
    isStep(run.style) &&
    areTokens(run.tokens) &&
    areSettings(run.settings) &&
    isStep(run.parameters) &&
    (run.baselines === null || areBaselines(run.baselines)) &&
    Array.isArray(run.seeds) &&
    run.seeds.length > 0 &&
    run.seeds.every(isSeedRun)
  );
}

const areTokens = (tokens) =>
  isText(tokens?.kind) && isStep(tokens.size) && isText(tokens.key) && tokens.perCharacter > 0;

const areSettings = (settings) =>
  Boolean(settings) &&
  isStep(settings.steps) &&
  Object.values(settings).every((value) => ["number", "string", "boolean"].includes(typeof value));

const areBaselines = ({ uniform, unigram, bigram }) => [uniform, unigram, bigram].every(isNumber);

const isSeedRun = (seedRun) =>
  isStep(seedRun?.seed) &&
  (seedRun.failedAt === null || isStep(seedRun.failedAt)) &&
  Array.isArray(seedRun.points) &&
  seedRun.points.length > 0 &&
  seedRun.points.every((point) => Array.isArray(point) && isStep(point[0]) && isNumber(point[1]));

const newId = () => crypto.getRandomValues(new Uint32Array(2)).join("-");
