/**
 * What is chosen in a page: the step, the text, the head and so on. It stands in the address, after #, so
 * that it can be sent to somebody: explore.html#run=stories&step=100. Nothing else touches the address. So it
 * also holds what a hash usually is, the part of the page to scroll to.
 *
 *   const { step, head } = store.state;              // fitted to the run that is shown
 *   store.set({ prompt: 2 });                        // an entry in the browser's history
 *   store.set({ text: "Tom saw" }, { replace: true });  // or not
 *   store.set({ step: 100 }, { jump: true });        // an entry, though a step usually has none
 */
import { PageAddress } from "./address.js";
import { parseBranch } from "./branch.js";
import { headNames, parseHead } from "./heads.js";
import { Observable } from "./observable.js";
import { nearest } from "./step-scale.js";

export const MAX_LENGTH = 1000; // characters of your own text: it stands in the address

const text = (value) => value;
const number = (value) =>
  String(value).trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : undefined;
const integer = (value) => (number(value) === undefined ? undefined : Math.floor(Number(value)));
const cutText = (value) => value.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, ""); // half an emoji
const between = (min, max, value) => Math.min(max, Math.max(min, value));

/** One of a few words; undefined for anything else. */
const oneOf =
  (...words) =>
  (value) =>
    words.includes(value) ? value : undefined;

function stepOf(value, steps) {
  if (value === "first") return steps[0];
  return value === "last" ? steps.at(-1) : nearest(value, steps);
}

/** The beginning of a part of the steps. */
const firstStep = (value, steps) => (value === undefined ? steps[0] : nearest(value, steps));

/** The end of a part of the steps: one after its beginning, unless that is the last. */
function lastStep(value, steps, first) {
  const last = value === undefined ? steps.at(-1) : nearest(value, steps);
  return last > first ? last : (steps.find((one) => one > first) ?? first);
}

/** What is different in the second of two, and how: "off:2.1" -> ["off", "2.1"]. */
export function kindAndValue(versus = "") {
  const i = versus.indexOf(":");
  return [versus.slice(0, i), versus.slice(i + 1)];
}

/**
 * The snapshot that another step is compared with by default: the one after a quarter of its updates. The
 * loss falls with the logarithm of the step, so models of nearby steps write much the same. The first step is
 * compared with the last one.
 */
export function usualStep(run, step) {
  const steps = run.manifest.snapshots.map((one) => one.step);
  const shown = nearest(step, steps);
  return steps.findLast((one) => one < shown && one <= shown / 4) ?? steps.at(-1);
}

/** Whether this can be compared with a run: "step:0", "off:2.1" and so on. */
function isVersus(run, text) {
  const [kind, value] = kindAndValue(text);
  if (kind === "off") return headNames(run.manifest.settings).includes(value);
  if (kind === "layer") return /^\d+$/.test(value) && Number(value) < run.manifest.settings.n_layer;
  if (kind === "run") return value !== "";
  return (kind === "step" || kind === "temperature") && number(value) !== undefined;
}

/**
 * Everything that can be chosen.
 *   type    the text in the address -> a value; undefined for what is none
 *   fit     a value, or undefined -> what is possible with a run. `others` are the values fitted before,
 *           `defaults` what is shown first
 *   clears  what no longer means anything once this is chosen
 *   isPlace whether the browser's "back" leads to what was chosen before
 *   travels whether links to the other pages carry it along
 */
export const SCHEMA = {
  run: {
    type: text,
    fit: (value, run) => run.name,
    isPlace: true,
    travels: true,
    clears: [
      "step",
      "prompt",
      "text",
      "seed",
      "branch",
      "position",
      "comparedPosition",
      "head",
      "token",
      "temperature",
      "versus",
      "operations",
      "otherText",
      "controlSeed",
      "chat",
      "chatToken",
      "chatHead",
      "other",
      "exercise",
      "section",
      "milestone",
      "fromStep",
      "toStep",
    ],
  },
  step: {
    clears: ["milestone"],
    travels: true, // no place: whoever drags a slider past forty steps does not want to go back by each
    type: (value) => (value === "first" || value === "last" ? value : number(value)),
    fit: (value, run, { defaults }) => stepOf(value ?? defaults.step ?? "first", run.manifest.sampled_steps),
  },
  prompt: {
    type: integer,
    isPlace: true,
    travels: true,
    clears: ["text", "seed", "branch", "position", "comparedPosition", "milestone"],
    fit: (value, run) => between(0, run.manifest.prompts.length - 1, value ?? 0),
  },
  milestone: { type: text, fit: (value = "") => value }, // its kind: the words that show it are marked
  text: {
    type: text,
    isPlace: true,
    travels: true,
    clears: ["branch", "position", "comparedPosition"],
    fit: (value = "") => cutText(value),
  },
  seed: {
    type: integer,
    travels: true,
    clears: ["branch", "position", "comparedPosition"],
    fit: (value = 1) => between(1, 2 ** 31, value),
  },
  position: { type: integer, fit: (value, run) => between(0, run.manifest.settings.n_ctx, value ?? 0) },
  comparedPosition: {
    type: integer,
    fit: (value, run) => between(0, run.manifest.settings.n_ctx, value ?? 0),
  },
  head: {
    type: text,
    isPlace: true,
    travels: true,
    fit: (value, run, { defaults }) => parseHead(run, value, defaults.heads.get(run)),
  },
  token: {
    type: integer, // whose embedding is shown; null: the one that a figure begins with
    fit: (value, run) => (run.vocab[value] === undefined ? null : value),
  },
  temperature: {
    type: number,
    fit: (value, run) => between(0, 2, value ?? run.manifest.settings.temperature),
  },
  topK: { type: integer, fit: (value) => between(0, 1e6, value ?? 0) }, // 0: all
  topP: { type: number, fit: (value) => between(0.05, 1, value ?? 1) },
  length: { type: integer, fit: (value, run) => between(0, run.manifest.settings.n_ctx, value ?? 60) },
  branch: {
    type: (value) => (parseBranch(value) ? value : undefined), // it stays text
    isPlace: true,
    clears: ["position"],
    fit: (value = "") => value,
  },
  operations: {
    type: text, // see operations.js
    isPlace: true,
    fit: (value = "") => value,
  },
  otherText: {
    type: text, // the one that patches come from
    fit: (value = "") => cutText(value),
  },
  controlSeed: { type: integer, fit: (value) => between(1, 2 ** 31, value ?? 1) }, // see control.js
  chat: {
    type: text, // what somebody said, turn by turn: see chat-turns.js
    isPlace: true,
    clears: ["chatToken", "chatHead"],
    fit: (value = "") => value,
  },
  chatToken: {
    type: (value) => (/^\d{1,3}\.\d{1,5}$/.test(value) ? value : undefined), // 1.5: turn 1, token 5 of its reply
    clears: ["chatHead"],
    fit: (value = "") => value,
  },
  chatHead: {
    type: text, // the head that is switched off there; none: the one whose absence changes most
    fit: (value, run) => (headNames(run.manifest.settings).includes(value) ? value : ""),
  },
  other: { type: text, fit: (value = "") => value }, // the second of two texts: see second-text.js
  versus: {
    type: text,
    clears: ["comparedPosition"],
    fit: (value, run, { others }) => (isVersus(run, value) ? value : `step:${usualStep(run, others.step)}`),
  },
  exercise: { type: text, isPlace: true, fit: (value) => (value === "head" ? "head" : "attention") },
  way: { type: oneOf("order", "blanks", "empty"), isPlace: true, travels: true, fit: (value = "") => value }, // "": as the page has it
  section: { type: text, fit: (value = "") => value }, // the id of a part of the page
  // What embed.html shows: see elements/embedded-figure.js.
  figure: {
    type: (value) => (/^[a-z]+(-[a-z]+)+(:compared|:second)?$/.test(value) ? value : undefined),
    fit: (value = "") => value,
  },
  fromStep: { type: integer, fit: (value, run) => firstStep(value, run.manifest.sampled_steps) },
  toStep: {
    type: integer,
    fit: (value, run, { others }) => lastStep(value, run.manifest.sampled_steps, others.fromStep),
  },
  page: { type: oneOf("index", "explore", "playground", "write"), fit: (value = "index") => value },
  depth: {
    type: oneOf("plain", "code", "mathematics"), // how deep a lesson goes
    travels: true,
    fit: (value, run, { defaults }) => value ?? defaults.depth ?? "plain",
  },
  theme: { type: oneOf("light", "dark"), fit: (value = "") => value }, // that of the reader, if none is named
};

export class Store extends Observable {
  /**
   * @param {import("./address.js").Address} [address]
   * @param {{ run?: string, step?: number | string, depth?: string }} [defaults] what is shown first
   */
  constructor(address = new PageAddress(), defaults = {}) {
    super();
    this.address = address;
    this.run = null;
    this.hash = null;
    this.defaults = { heads: new WeakMap(), ...defaults }; // heads: run -> the head that is shown first
    this.isPlaying = false; // whether the steps go by as a film: in no address
    this.awaited = new Set(); // promises of what is drawn of the chosen step
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
   * @param {object} changes
   * @param {{ replace?: boolean, jump?: boolean }} [options] replace: no entry in the history; jump: one for
   *   whatever is chosen
   */
  set(changes, { replace = false, jump = false } = {}) {
    const chosen = { ...this.chosen };
    for (const name of Object.keys(changes)) for (const one of SCHEMA[name].clears ?? []) delete chosen[one];
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined) delete chosen[name];
      else chosen[name] = value;
    }
    const isNewPlace = Object.keys(SCHEMA).some(
      (name) => SCHEMA[name].isPlace && chosen[name] !== this.chosen[name],
    );
    const hash = new URLSearchParams(chosen).toString();
    const isJump = jump && hash !== this.hash;
    this.chosen = chosen;
    this.hash = hash;
    this.address.write(hash, (isNewPlace || isJump) && !replace);
    this.refit();
  }

  /** Begin or end a film of the steps. What takes long is left out while it goes on. */
  setPlaying(isPlaying) {
    if (isPlaying === this.isPlaying) return;
    this.isPlaying = isPlaying;
    this.notify();
  }

  /** A film goes on only when this is there, whether or not it fails. */
  awaitBeforeNextStep(promise) {
    const settled = Promise.resolve(promise).then(
      () => this.awaited.delete(settled),
      () => this.awaited.delete(settled),
    );
    this.awaited.add(settled);
  }

  /** Resolves when all that belongs to the chosen step is there. */
  async allShown() {
    while (this.awaited.size) await Promise.all(this.awaited);
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

  /** What stands in the addresses of the other pages, so that they show the same. */
  get carried() {
    const chosen = Object.entries(this.chosen).filter(([name]) => SCHEMA[name].travels);
    return new URLSearchParams(chosen).toString();
  }

  /** The address of what is shown now, also of what nobody has chosen: elsewhere, that may differ. */
  get link() {
    return this.linkTo(null);
  }

  /** The same, which leads to a part of the page: there one sees what follows from the head that is shown. */
  linkTo(section) {
    const { run, step, head } = this.isSettled ? this.state : {};
    const shown = this.isSettled ? { run, step, ...(section && { head }), ...this.chosen } : this.chosen;
    const link = new URLSearchParams(shown);
    if (section) link.set("section", section);
    else link.delete("section");
    return this.address.link(link.toString());
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

  get isPlaying() {
    return this.outer.isPlaying;
  }

  setPlaying(isPlaying) {
    this.outer.setPlaying(isPlaying);
  }

  awaitBeforeNextStep(promise) {
    this.outer.awaitBeforeNextStep(promise);
  }

  allShown() {
    return this.outer.allShown();
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
