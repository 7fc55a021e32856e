/**
 * What a model that is operated on writes and predicts, beside the whole model and a control. Several figures show
 * it; it is computed once, when the first of them asks. They follow its state:
 *   key         what all of it follows from
 *   chosen      the operations in the address
 *   possible    those that can be done to this text: a patch needs its position in it, and one in the other text
 *   compared    what is done in the control: null where too few other parts of the model are left
 *   otherIds    the tokens of the text that patches come from
 *   written     { operated: { key, tokens }, control: … }: what is there so far, and what it follows from
 *   finished    the key of the texts that are written to their end
 *   lostPatch   whether patches were taken out because the beginning has changed
 *   writeError
 */
import { softmax } from "../engine/kernel.js";
import { parseBranch } from "./branch.js";
import { CONTROLS, controlsOf, elsewhere } from "./control.js";
import { encodeTyped, tokenizerOf } from "./forward-pass.js";
import { Observable } from "./observable.js";
import { formatOperations, interventionOf, operationsOf } from "./operations.js";

export class Operated extends Observable {
  state = {
    key: null,
    chosen: [],
    possible: [],
    compared: null,
    otherIds: [],
    written: {},
    finished: null,
    lostPatch: false,
    writeError: null,
  };
  controller = new AbortController();
  effects = new Map(); // the tokens of a text -> a promise of what the operations do to the last of them
  begun = null; // the key of the texts that are being written

  /** @param {import("./store.js").Store} store @param {import("./writing.js").Writing} writing */
  constructor(store, writing) {
    super();
    this.store = store;
    this.writing = writing;
  }

  /** Follow what is chosen and what is written. @returns {() => void} what ends that */
  follow() {
    const stops = [this.store, this.writing].map((one) => one.subscribe(() => this.show()));
    this.show();
    return () => {
      this.controller.abort();
      for (const stop of stops) stop();
    };
  }

  show() {
    const { store } = this;
    if (!store.isSettled) return;
    this.dropPatches();
    const { request, model, promptIds } = this.writing.state;
    if (!model || this.question === this.state.key) return;
    this.controller.abort();
    this.controller = new AbortController();
    this.effects.clear();
    this.begun = null;
    const chosen = operationsOf(request.run, store.state.operations);
    const written = chosen.length ? this.state.written : {};
    this.update({ key: this.question, chosen, written, finished: null, writeError: null });
    this.setPossible(promptIds, this.state.otherIds);
    this.prepared = this.prepare(this.controller.signal);
    this.prepared.catch(() => {}); // who waits for it says so
  }

  /** What everything follows from. */
  get question() {
    const { operations, otherText, controlSeed } = this.store.state;
    const { request, model, promptIds } = this.writing.state;
    const { temperature, topK, topP, seed, branch, length } = request;
    return JSON.stringify([
      [model.run.name, model.step, promptIds, operations, otherText, controlSeed],
      [temperature, topK, topP, seed, branch, length],
    ]);
  }

  /** A patch belongs to a text: with another beginning, it would be done to some other token. */
  dropPatches() {
    const { store, seen } = this;
    const { run } = store;
    const { text, prompt, operations } = store.state;
    const beginning = text || run.manifest.prompts[prompt];
    this.seen = { run, beginning, operations };
    if (operations !== seen?.operations && this.state.lostPatch) this.update({ lostPatch: false });
    if (run !== seen?.run || beginning === seen.beginning || operations !== seen.operations) return;
    const chosen = operationsOf(run, operations);
    const left = chosen.filter(({ kind }) => kind !== "patch");
    if (left.length === chosen.length) return;
    const changed = formatOperations(left);
    this.seen = { run, beginning, operations: changed };
    this.update({ lostPatch: true });
    store.set({ operations: changed || null }, { replace: true });
  }

  /** Cut the text that patches come from into tokens. */
  async prepare(signal) {
    const { request, promptIds } = this.writing.state;
    const { start, encoded } = await encodeTyped(request.run, this.store.state.otherText);
    signal.throwIfAborted();
    this.setPossible(promptIds, encoded.length ? [...start, ...encoded] : []);
  }

  setPossible(promptIds, otherIds) {
    const possible = this.state.chosen.filter(
      ({ kind, position, from }) =>
        kind !== "patch" || (position < promptIds.length && from < otherIds.length),
    );
    const compared = elsewhere(possible, this.settings, this.store.state.controlSeed);
    this.update({ possible, compared, otherIds });
  }

  get settings() {
    return this.writing.state.request.run.manifest.settings;
  }

  /** What all texts have in common, but for the seed. */
  get params() {
    const { request, promptIds } = this.writing.state;
    const { run, temperature, topK, topP, branch, length } = request;
    return {
      ids: promptIds,
      sampling: { temperature, topK, topP },
      branch: parseBranch(branch),
      tokens: length,
      end: tokenizerOf(run).end,
    };
  }

  /** What is done to the model in the texts that are not above. @returns {{ pane: string, intervention: object }[]} */
  interventions() {
    const { possible, compared, otherIds } = this.state;
    const { controlSeed: control } = this.store.state;
    const operated = { pane: "operated", intervention: interventionOf(possible, otherIds) };
    if (!compared) return [operated];
    return [operated, { pane: "control", intervention: interventionOf(compared, otherIds, { control }) }];
  }

  /** Write the texts, unless that has been begun. */
  async write() {
    const { key, chosen } = this.state;
    if (!chosen.length || this.begun === key) return;
    this.begun = key;
    const { signal } = this.controller;
    const { request, model } = this.writing.state;
    try {
      await this.prepared;
      for (const { pane, intervention } of this.interventions()) {
        const onProgress = (more) => this.add(key, pane, more);
        const params = { ...this.params, seed: request.seed, intervention };
        await model.generate(params, { signal, onProgress });
      }
      this.update({ finished: key });
    } catch (error) {
      if (!signal.aborted) this.update({ writeError: error });
    }
  }

  /** What was written before stays until there is something else to read. */
  add(key, pane, more) {
    const { written } = this.state;
    const before = written[pane]?.key === key ? written[pane].tokens : [];
    this.update({ written: { ...written, [pane]: { key, tokens: [...before, ...more] } } });
  }

  /**
   * How likely a token is after some others: for the whole model, for the one that is operated on, and for several
   * controls, of which the first writes the text of the control.
   * @param {number[]} before the ids of all tokens before it @param {number} id
   * @returns {Promise<import("./control.js").Effect>}
   */
  effectOf(before, id) {
    const ids = [...before, id];
    const key = ids.join(" ");
    if (!this.effects.has(key)) this.effects.set(key, this.find(ids, this.controller.signal));
    return this.effects.get(key);
  }

  async find(ids, signal) {
    const { model } = this.writing.state;
    const { controlSeed } = this.store.state;
    await this.prepared;
    const { possible, otherIds } = this.state;
    const before = ids.slice(0, -1);
    // What is patched further on cannot change a token before it.
    const operations = possible.filter(({ kind, position }) => kind !== "patch" || position < before.length);
    const probability = async (done, options) => {
      const intervention = interventionOf(done, otherIds, options);
      const logits = await model.nextLogits(before, { intervention, signal });
      return softmax(logits)[ids.at(-1)];
    };
    const untouched = await probability([]);
    if (!operations.length) return { untouched, operated: untouched, controls: [] };
    const operated = await probability(operations);
    const controls = [];
    for (const one of controlsOf(operations, this.settings, controlSeed, CONTROLS)) {
      controls.push(await probability(one.operations, { control: one.seed }));
    }
    return { untouched, operated, controls };
  }
}
