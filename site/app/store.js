/**
 * What is chosen in a page: the step, the text, the head and so on. It stands in the address, after #, so
 * that it can be sent to somebody: explore.html#run=stories&step=100. Nothing else touches the address. So it
 * also holds what a hash usually is, the part of the page to scroll to.
 *
 *   const { step, head } = store.state;              // fitted to the run that is shown
 *   store.set({ prompt: 2 });                        // an entry in the browser's history
 *   store.set({ text: "Tom saw" }, { replace: true });  // or not
 */
import { parseHead } from "./heads.js";
import { Observable } from "./observable.js";
import { nearest } from "./step-scale.js";

export const MAX_LENGTH = 1000; // characters of your own text: it stands in the address

const text = (value) => value;
const number = (value) =>
  String(value).trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined;
const integer = (value) => (number(value) === undefined ? undefined : Math.floor(Number(value)));
const between = (min, max, value) => Math.min(max, Math.max(min, value));

function stepOf(value, steps) {
  if (value === "first") return steps[0];
  return value === "last" ? steps.at(-1) : nearest(value, steps);
}

/** By default, the second of two that are compared has the weights of the snapshot before. */
function snapshotBefore(run, step) {
  const steps = run.manifest.snapshots.map((one) => one.step);
  const i = steps.indexOf(nearest(step, steps));
  return `step:${steps[i - 1] ?? steps.at(-1)}`;
}

/**
 * Everything that can be chosen.
 *   type    the text in the address -> a value; undefined for what is none
 *   fit     a value, or undefined -> what is possible with a run. `others` are the values fitted before,
 *           `defaults` what is shown first
 *   clears  what no longer means anything once this is chosen
 *   isPlace whether the browser's "back" leads to what was chosen before
 */
export const SCHEMA = {
  run: {
    type: text,
    fit: (value, run) => run.name,
    isPlace: true,
    clears: [
      "step",
      "prompt",
      "text",
      "seed",
      "position",
      "comparedPosition",
      "head",
      "temperature",
      "versus",
      "exercise",
      "section",
    ],
  },
  step: {
    type: (value) => (value === "first" || value === "last" ? value : number(value)),
    fit: (value, run, { defaults }) => stepOf(value ?? defaults.step ?? "first", run.manifest.sampled_steps),
  },
  prompt: {
    type: integer,
    isPlace: true,
    clears: ["text", "seed", "position", "comparedPosition"],
    fit: (value, run) => between(0, run.manifest.prompts.length - 1, value ?? 0),
  },
  text: {
    type: text,
    isPlace: true,
    clears: ["position", "comparedPosition"],
    fit: (value = "") => value.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, ""), // half an emoji
  },
  seed: {
    type: integer,
    clears: ["position", "comparedPosition"],
    fit: (value = 1) => between(1, 2 ** 31, value),
  },
  position: { type: integer, fit: (value, run) => between(0, run.manifest.settings.n_ctx, value ?? 0) },
  comparedPosition: {
    type: integer,
    fit: (value, run) => between(0, run.manifest.settings.n_ctx, value ?? 0),
  },
  head: { type: text, fit: (value, run, { defaults }) => parseHead(run, value, defaults.heads.get(run)) },
  temperature: {
    type: number,
    fit: (value, run) => between(0, 2, value ?? run.manifest.settings.temperature),
  },
  versus: {
    type: text,
    clears: ["comparedPosition"],
    fit: (value, run, { others }) =>
      /^(step|run|temperature|off):./.test(value) ? value : snapshotBefore(run, others.step),
  },
  exercise: { type: text, isPlace: true, fit: (value) => (value === "head" ? "head" : "attention") },
  section: { type: text, fit: (value = "") => value }, // the id of a part of the page
};

/** The address of this page, as a store uses it; tests give it another. */
const pageAddress = {
  read: () => location.hash.slice(1),
  write: (hash, isNewPlace) => history[isNewPlace ? "pushState" : "replaceState"](null, "", `#${hash}`),
  /** A link, a bookmark, "back": whatever changes it besides the store. */
  subscribe: (listener) => {
    addEventListener("popstate", listener);
    addEventListener("hashchange", listener);
  },
};

export class Store extends Observable {
  /**
   * @param {typeof pageAddress} [address]
   * @param {{ run?: string, step?: number | string }} [defaults] what is shown first
   */
  constructor(address = pageAddress, defaults = {}) {
    super();
    this.address = address;
    this.run = null;
    this.hash = null;
    this.defaults = { heads: new WeakMap(), ...defaults }; // heads: run -> the head that is shown first
    this.read();
    address.subscribe(() => this.read());
  }

  /** Take over what is in the address. */
  read() {
    if (this.address.read() === this.hash) return;
    this.hash = this.address.read();
    this.chosen = parse(this.hash);
    this.refit();
  }

  /**
   * Choose something; null takes a choice back.
   * @param {object} changes @param {{ replace?: boolean }} [options] replace: no entry in the history
   */
  set(changes, { replace = false } = {}) {
    const chosen = { ...this.chosen };
    for (const name of Object.keys(changes)) for (const one of SCHEMA[name].clears ?? []) delete chosen[one];
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined) delete chosen[name];
      else chosen[name] = value;
    }
    const isNewPlace = Object.keys(SCHEMA).some(
      (name) => SCHEMA[name].isPlace && chosen[name] !== this.chosen[name],
    );
    this.chosen = chosen;
    this.hash = new URLSearchParams(chosen).toString();
    this.address.write(this.hash, isNewPlace && !replace);
    this.refit();
  }

  /** The head that is shown while none is chosen. */
  setDefaultHead(run, head) {
    if (this.defaults.heads.get(run) === head) return;
    this.defaults.heads.set(run, head);
    this.refit();
  }

  /** Fit everything to a run from now on. */
  show(run) {
    this.run = run;
    this.refit();
  }

  /** The name of the run in the address, or of the one that is shown by default. */
  get runName() {
    return this.chosen.run ?? this.defaults.run ?? this.run?.name;
  }

  /** False while another run than the one that is shown has been chosen, and is being opened. */
  get isSettled() {
    return Boolean(this.run) && this.run.name === this.runName;
  }

  refit() {
    if (this.isSettled) this.state = this.fitted(this.chosen);
    this.notify();
  }

  /** Values, of which some may be missing -> all of them, as far as they are possible with the run. */
  fitted(values) {
    const others = {};
    const { run, defaults } = this;
    for (const [name, { fit }] of Object.entries(SCHEMA)) {
      others[name] = fit(values[name], run, { others, defaults });
    }
    return others;
  }
}

/** "step=10&head=1.0" -> { step: 10, head: "1.0" }. Unknown names are left out. */
function parse(hash) {
  const found = {};
  for (const [name, value] of new URLSearchParams(hash)) {
    const parsed = Object.hasOwn(SCHEMA, name) ? SCHEMA[name].type(value) : undefined;
    if (parsed !== undefined) found[name] = parsed;
  }
  return found;
}

/**
 * A store for a part of a page, such as a text in the middle of a lesson: it has some values of its own,
 * which are in no address, and shares the others with the store around it.
 */
export class LocalStore extends Observable {
  /**
   * @param {Store | LocalStore} outer
   * @param {Object<string, string>} own what is its own, with the values it begins with
   * @param {Object<string, string>} [renamed] what is called differently there, such as
   *   { position: "comparedPosition" }
   */
  constructor(outer, own, renamed = {}) {
    super();
    this.outer = outer;
    this.renamed = renamed;
    this.own = new Set(Object.keys(own));
    this.chosen = {};
    for (const [name, value] of Object.entries(own)) this.chosen[name] = SCHEMA[name].type(value);
    this.refit();
  }

  /** Follow the outer store. @returns {() => void} what ends that */
  follow() {
    this.refit();
    return this.outer.subscribe(() => this.refit());
  }

  refit() {
    const { outer, renamed } = this;
    if (outer.isSettled) {
      const fitted = this.fitted({});
      this.state = { ...outer.state };
      for (const name of [...this.own, "versus"]) this.state[name] = fitted[name];
      for (const [inner, name] of Object.entries(renamed)) this.state[inner] = outer.state[name];
    }
    this.notify();
  }

  get isSettled() {
    return this.outer.isSettled;
  }

  fitted(values) {
    const own = Object.fromEntries([...this.own].map((name) => [name, this.chosen[name]]));
    return this.outer.fitted({ ...this.outer.chosen, ...own, ...values });
  }

  set(changes, options) {
    const outside = {};
    for (const name of Object.keys(changes)) if (this.own.has(name)) this.clear(name);
    for (const [name, value] of Object.entries(changes)) {
      if (this.own.has(name)) this.chosen[name] = value ?? undefined;
      else outside[this.renamed[name] ?? name] = value;
    }
    if (Object.keys(outside).length) this.outer.set(outside, options);
    else this.refit();
  }

  clear(name) {
    for (const one of SCHEMA[name].clears ?? []) if (this.own.has(one)) delete this.chosen[one];
  }

  setDefaultHead(run, head) {
    this.outer.setDefaultHead(run, head);
  }

  get run() {
    return this.outer.run;
  }
}
