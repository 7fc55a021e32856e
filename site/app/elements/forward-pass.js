/**
 * <forward-pass text="Tom saw a cat." head="2.1"> <token-row></token-row> … </forward-pass>
 *
 * A text that the model has read. Figures inside ask it for "passes" (see forward-pass.js): its state has
 * both, the forward pass, null until it is there, or an error in its place; and for "store", in which
 * everything given as an attribute is its own, and the rest is that of the page.
 *
 *   text, prompt, step, head, position, temperature, seed   see SCHEMA in store.js; step may be "last"
 *   live        the text is continued in this page, even if it was recorded
 *   compared    what is compared: with a position of its own, the weights of a snapshot, and nothing is
 *               computed before it is near what can be seen
 *   versus      compares the text around it with another, which differs as `versus` in the store says:
 *               both are then [the one around it, the other], `sides` says what each of them is, and
 *               `comparison` what their models predict differently (see comparison.js). It is busy until then
 *   default-position="word"       shows where a head looks at a word further back; until a head is chosen, it is
 *               the head that looks most at one
 */
import { ask, provide } from "../context.js";
import { compute, fromExport, numbersOf, readAgain, withLogits } from "../forward-pass.js";
import { headNames, mostImportantHead } from "../heads.js";
import { firstInteraction } from "../interaction.js";
import { nearestSnapshot } from "../model.js";
import { near } from "../near.js";
import { Observable } from "../observable.js";
import { openRun } from "../run.js";
import { LocalStore, SCHEMA, kindAndValue } from "../store.js";

const MAX_CACHED = 40;
const AHEAD = 2; // samples that are fetched before a film reaches them
const STALE_AFTER = 150; // milliseconds until what belongs to another step is dimmed
// Milliseconds until what is compared is computed: not at every step while the slider plays.
const DELAY = 60;
const promises = new Map(); // key -> promise of a forward pass, the one used last at the end
const passes = new Map(); // key -> the same forward pass, as soon as it is there

/** A forward pass from the cache, or as `make` promises it. Another may have begun it, and cancelled it. */
async function cached(key, make, signal) {
  for (;;) {
    try {
      return await remembered(key, make);
    } catch (error) {
      if (error.name !== "AbortError" || signal.aborted) throw error;
    }
  }
}

function remembered(key, make) {
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
  return promise;
}

/** The forward pass over the text that is asked for, continued in this page. */
function continued(request, signal) {
  const { run, step, prompt, text, temperature, seed, numbers, intervention } = request;
  const typed = text || run.manifest.prompts[prompt];
  const weights = [run.name, nearestSnapshot(run, step), intervention];
  const key = JSON.stringify([...weights, typed, temperature, seed, numbers]);
  return cached(key, () => compute(run, step, { ...request, text: typed }, signal), signal);
}

/** A request with the temperature and the random numbers of the first of two that are compared. */
function withLuckOf(first, request) {
  if (first instanceof Error || first.isComputed) return request;
  return { ...request, temperature: first.temperature, numbers: numbersOf(first, request.seed) };
}

/** The second of two that are compared: a request like the first, except for one thing. */
async function secondRequest(request) {
  const { versus, run } = request;
  const [kind, value] = kindAndValue(versus);
  const number = Number(value) || 0;
  if (kind === "step") return { ...request, step: nearestSnapshot(run, Math.max(0, number)) };
  if (kind === "temperature") return { ...request, temperature: Math.min(2, Math.max(0, number)) };
  if (kind === "off") return { ...request, intervention: { heads: [value] } };
  if (kind === "layer") return { ...request, intervention: { layers: [number] } };
  const otherRun = await openRun(value);
  return { ...request, run: otherRun, step: otherRun.manifest.snapshots.at(-1).step };
}

class ForwardPassElement extends HTMLElement {
  passes = Object.assign(new Observable(), {
    state: {
      both: [null],
      sides: null,
      comparison: null,
      isCompared: this.hasAttribute("versus"),
      weightsError: null,
      defaultPosition: this.getAttribute("default-position"),
      isStale: false, // what is shown belongs to another step than the chosen one, for a while now
    },
    current: null, // promise of what `both` will have
  });

  connectedCallback() {
    this.outer = ask(this, "passes");
    this.store = new LocalStore(
      ask(this, "store"),
      this.ownValues(),
      this.hasAttribute("compared") ? { position: "comparedPosition", positionAbove: "position" } : {},
    );
    provide(this, "passes", this.passes);
    provide(this, "store", this.store);
    this.store.subscribe(() => this.show());
    this.stop = this.store.follow();
  }

  disconnectedCallback() {
    this.stop();
    clearTimeout(this.timer);
    this.controller?.abort();
  }

  /** What its attributes say. A text of its own is continued and looked at by itself. */
  ownValues() {
    const given = Array.from(this.attributes, ({ name, value }) => [name, value]).filter(
      ([name]) => Object.hasOwn(SCHEMA, name) && name !== "versus",
    );
    const own = Object.fromEntries(given);
    return "text" in own || "prompt" in own ? { text: "", position: "0", seed: "1", ...own } : own;
  }

  /** Ask for what is chosen, if it is not what was asked for last; what that one computes is cancelled. */
  show() {
    const { run, state, isSettled } = this.store;
    if (!isSettled) return;
    this.findDefaultHead(run);
    const { step, prompt, text, temperature, seed, versus } = state;
    const request = {
      run,
      step,
      prompt,
      text,
      temperature,
      seed,
      versus: this.hasAttribute("versus") ? versus : null,
      isPlaying: this.store.isPlaying,
    };
    const key = JSON.stringify({ ...request, run: run.name });
    if (key === this.key) return;
    this.key = key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.markStale();
    if (this.hasAttribute("versus")) this.ariaBusy = "true";
    this.passes.current = this.load(request, this.controller.signal).catch((error) => error);
  }

  /** What is shown belongs to what was chosen before: that is said if it takes noticeably long. */
  markStale() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.setStale(true), STALE_AFTER);
  }

  setStale(isStale) {
    this.toggleAttribute("stale", isStale); // figures are dimmed by styles/page.css
    this.passes.update({ isStale });
  }

  endStale() {
    clearTimeout(this.timer);
    if (this.passes.state.isStale) this.setStale(false);
  }

  /** A text that is compared has the head of the page. */
  findDefaultHead(run) {
    if (this.run === run || this.hasAttribute("compared") || this.hasAttribute("versus")) return;
    this.run = run;
    if (this.passes.state.defaultPosition === "word") return; // it takes a forward pass: see showWord
    mostImportantHead(run).then(
      (head) => this.store.setDefaultHead(run, head),
      () => {},
    ); // reported where heads.json is shown
  }

  /** The head that looks most at one word, in the first forward pass over a text of this run. */
  showWord(pass) {
    if (this.runOfHead === pass.run) return;
    this.runOfHead = pass.run;
    const look = pass.clearestLook();
    if (look) this.store.setDefaultHead(pass.run, headNames(pass.run.manifest.settings)[look.head]);
  }

  /** @returns {Promise<import("../forward-pass.js").ForwardPass>} it fails where there is none */
  load(request, signal) {
    if (this.hasAttribute("versus")) return this.loadSecond(request, signal);
    if (this.hasAttribute("compared")) return this.loadCompared(request, signal);
    if (request.text || this.hasAttribute("live")) return this.loadLive(request, signal);
    return this.loadExported(request, signal);
  }

  async loadLive(request, signal) {
    const promise = continued(request, signal).catch((error) => error);
    if (!this.hasAttribute("compared")) this.store.awaitBeforeNextStep(promise);
    const pass = await promise;
    this.put(signal, pass);
    return pass;
  }

  async loadCompared(request, signal) {
    await new Promise((resolve) => setTimeout(resolve, DELAY));
    await firstInteraction;
    await near(this.parentElement, signal);
    signal.throwIfAborted();
    if (request.isPlaying) return null; // it is drawn when the film has stopped
    const { run, step, prompt, text } = request;
    const snapshot = nearestSnapshot(run, step);
    const isRecorded = !text && run.manifest.exported_steps.includes(snapshot);
    if (!isRecorded) return this.loadLive(request, signal);
    const key = `${run.name} ${snapshot} ${prompt} compared`;
    const make = async () => readAgain(await fromExport(run, snapshot, prompt), signal);
    const pass = await cached(key, make, signal).catch((error) => error);
    this.put(signal, pass);
    return pass;
  }

  /** What was recorded is shown at once; what needs the weights follows. */
  async loadExported(request, signal) {
    const { run, step, prompt } = request;
    const key = `${run.name} ${step} ${prompt}`;
    const complete = `${key} complete`;
    if (passes.has(complete)) return this.put(signal, passes.get(complete)); // at once, not in two parts
    const promise = cached(key, () => fromExport(run, step, prompt), signal).catch((error) => error);
    this.store.awaitBeforeNextStep(promise);
    const pass = await promise;
    this.put(signal, pass);
    if (pass instanceof Error) return pass;
    if (request.isPlaying) {
      fetchAhead(run, step, prompt);
      return pass;
    }
    await firstInteraction;
    signal.throwIfAborted();
    try {
      const whole = await cached(complete, () => withLogits(pass, signal), signal);
      promises.delete(key); // from now on, the complete one is shown
      passes.delete(key);
      return this.put(signal, whole);
    } catch (weightsError) {
      // what was recorded is shown nevertheless
      if (!signal.aborted) this.passes.update({ weightsError });
      return pass;
    }
  }

  async loadSecond(request, signal) {
    const first = await this.outer.current;
    if (request.isPlaying) return null;
    const { sidesOf } = await import("../sides.js"); // most pages compare nothing
    signal.throwIfAborted();
    const second = await secondRequest(withLuckOf(first, request))
      .then((one) => continued(one, signal))
      .catch((error) => error);
    const comparison = await this.compare(first, second, signal);
    if (!signal.aborted) {
      const sides = sidesOf(first, second, request);
      this.passes.update({ both: [first, second], sides, comparison, weightsError: null });
      this.ariaBusy = "false";
      this.endStale();
    }
    return second;
  }

  /** What differs between the two; null if one of them is an error, which is shown in its place. */
  async compare(first, second, signal) {
    if ([first, second].some((one) => one instanceof Error)) return null;
    const { Comparison, readAlike } = await import("../comparison.js");
    const reader = await readAlike(first, second, signal).catch(() => null);
    return new Comparison(first, second, reader);
  }

  /** Show it, unless something else is asked for by now. */
  put(signal, pass) {
    if (signal.aborted) return pass;
    const isPass = !(pass instanceof Error);
    if (isPass && this.passes.state.defaultPosition === "word") this.showWord(pass);
    this.passes.update({ both: [pass], weightsError: null });
    this.endStale();
    return pass;
  }
}

/** Fetch what a film shows next; what fails is reported when it is shown. */
function fetchAhead(run, step, prompt) {
  const later = run.manifest.exported_steps.filter((one) => one > step);
  for (const one of later.slice(0, AHEAD)) run.sample(one, prompt).catch(() => {});
}

customElements.define("forward-pass", ForwardPassElement);
