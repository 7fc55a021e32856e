/**
 * <forward-pass text="Tom saw a cat." head="2.1"> <token-row></token-row> … </forward-pass>
 *
 * A text that the model has read. Figures inside ask it for "passes" (see forward-pass.js): its state has
 * both, the forward pass, null until it is there, or an error in its place; and for "store", in which
 * everything given as an attribute is its own, and the rest is that of the page.
 *
 *   text, prompt, step, head, position, temperature, seed   see SCHEMA in store.js; step may be "last"
 *   live        the text is continued in this page, even if it was recorded
 *   compared    that, as soon as somebody has touched the page, and with a position of its own
 *   versus      compares the text around it with another, which differs as `versus` in the store says:
 *               both are then [the one around it, the other]
 *   default-position="clearest"   shows where the head looks at one token, until a position is chosen
 */
import { ask, provide } from "../context.js";
import { compute, fromExport, withLogits } from "../forward-pass.js";
import { mostImportantHead } from "../heads.js";
import { firstInteraction } from "../interaction.js";
import { nearestSnapshot } from "../model.js";
import { Observable } from "../observable.js";
import { openRun } from "../run.js";
import { LocalStore, SCHEMA } from "../store.js";

const MAX_CACHED = 40;
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
  const { run, step, prompt, text, temperature, seed, intervention } = request;
  const typed = text || run.manifest.prompts[prompt];
  const key = JSON.stringify([run.name, nearestSnapshot(run, step), typed, temperature, seed, intervention]);
  return cached(key, () => compute(run, step, { ...request, text: typed }, signal), signal);
}

/** The second of two that are compared: a request like the first, except for one thing. */
async function secondRequest(request) {
  const { versus, run } = request;
  const i = versus.indexOf(":");
  const kind = versus.slice(0, i);
  const value = versus.slice(i + 1);
  const number = Number(value) || 0;
  if (kind === "step") return { ...request, step: nearestSnapshot(run, Math.max(0, number)) };
  if (kind === "temperature") return { ...request, temperature: Math.min(2, Math.max(0, number)) };
  if (kind === "off") return { ...request, intervention: { heads: [value] } };
  const otherRun = await openRun(value);
  return { ...request, run: otherRun, step: otherRun.manifest.snapshots.at(-1).step };
}

class ForwardPassElement extends HTMLElement {
  passes = Object.assign(new Observable(), {
    state: { both: [null], weightsError: null, defaultPosition: this.getAttribute("default-position") },
    current: null, // promise of what `both` will have
  });

  connectedCallback() {
    this.outer = ask(this, "passes");
    this.store = new LocalStore(
      ask(this, "store"),
      this.ownValues(),
      this.hasAttribute("compared") ? { position: "comparedPosition" } : {},
    );
    provide(this, "passes", this.passes);
    provide(this, "store", this.store);
    this.store.subscribe(() => this.show());
    this.stop = this.store.follow();
  }

  disconnectedCallback() {
    this.stop();
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
    this.followHead(state.head);
    const { step, prompt, text, temperature, seed, versus } = state;
    const request = {
      run,
      step,
      prompt,
      text,
      temperature,
      seed,
      versus: this.hasAttribute("versus") ? versus : null,
    };
    const key = JSON.stringify({ ...request, run: run.name });
    if (key === this.key) return;
    this.key = key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.passes.current = this.load(request, this.controller.signal).catch((error) => error);
  }

  findDefaultHead(run) {
    if (this.run === run) return;
    this.run = run;
    mostImportantHead(run).then(
      (head) => this.store.setDefaultHead(run, head),
      () => {},
    ); // reported where heads.json is shown
  }

  /** Another head looks most clearly somewhere else. */
  followHead(head) {
    const isOther = this.head !== undefined && this.head !== head;
    this.head = head;
    if (isOther && this.passes.state.defaultPosition) this.store.set({ position: null });
  }

  /** @returns {Promise<import("../forward-pass.js").ForwardPass>} it fails where there is none */
  load(request, signal) {
    if (this.hasAttribute("versus")) return this.loadSecond(request, signal);
    if (this.hasAttribute("compared")) return this.loadLater(request, signal);
    if (request.text || this.hasAttribute("live")) return this.loadLive(request, signal);
    return this.loadExported(request, signal);
  }

  async loadLive(request, signal) {
    const pass = await continued(request, signal).catch((error) => error);
    this.put(signal, pass);
    return pass;
  }

  async loadLater(request, signal) {
    await new Promise((resolve) => setTimeout(resolve, DELAY));
    await firstInteraction;
    signal.throwIfAborted();
    return this.loadLive(request, signal);
  }

  /** What was recorded is shown at once; what needs the weights follows. */
  async loadExported(request, signal) {
    const { run, step, prompt } = request;
    const key = `${run.name} ${step} ${prompt}`;
    const complete = `${key} complete`;
    if (passes.has(complete)) return this.put(signal, passes.get(complete)); // at once, not in two parts
    const pass = await cached(key, () => fromExport(run, step, prompt), signal).catch((error) => error);
    this.put(signal, pass);
    if (pass instanceof Error) return pass;
    await firstInteraction;
    signal.throwIfAborted();
    try {
      return this.put(signal, await cached(complete, () => withLogits(pass, signal), signal));
    } catch (weightsError) {
      // what was recorded is shown nevertheless
      if (!signal.aborted) this.passes.update({ weightsError });
      return pass;
    }
  }

  async loadSecond(request, signal) {
    const first = await this.outer.current;
    signal.throwIfAborted();
    const second = await secondRequest(request)
      .then((one) => continued(one, signal))
      .catch((error) => error);
    this.put(signal, first, second);
    return second;
  }

  /** Show one or two, unless something else is asked for by now. */
  put(signal, ...both) {
    if (!signal.aborted) this.passes.update({ both, weightsError: null });
    return both[0];
  }
}

customElements.define("forward-pass", ForwardPassElement);
