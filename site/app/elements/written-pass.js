/**
 * <written-pass> <text-attention></text-attention> … </written-pass>
 *
 * The text around it while the model writes it (see live-text.js), read by the same model. So figures of a forward
 * pass show what is written, inside of it as in a <forward-pass>. It reads when somebody is near, a few times a
 * second at most. While the model writes, they show the end of the text; afterwards, until a position is chosen,
 * one where a head looks at a word further back.
 */
import { ask, provide } from "../context.js";
import { ForwardPass } from "../forward-pass.js";
import { headNames } from "../heads.js";
import { near } from "../near.js";
import { Observable } from "../observable.js";

const INTERVAL = 350; // milliseconds from one reading to the next

class WrittenPassElement extends HTMLElement {
  passes = Object.assign(new Observable(), {
    state: {
      both: [null],
      sides: null,
      comparison: null,
      isCompared: false,
      weightsError: null,
      defaultPosition: "last",
      isStale: false,
      isFar: true, // nobody has come near
    },
  });

  connectedCallback() {
    this.store = ask(this, "store");
    this.writing = ask(this, "writing");
    provide(this, "passes", this.passes);
    this.lastTime = -Infinity;
    this.controller = new AbortController();
    this.stop = this.writing.subscribe(() => this.follow());
    this.follow();
  }

  disconnectedCallback() {
    this.stop();
    clearTimeout(this.timer);
    this.timer = null;
    this.controller.abort();
  }

  /** Read what is written by now, unless that has been done. */
  follow() {
    const { model, promptIds, tokens, isWriting, failure } = this.writing.state;
    const ids = [...promptIds, ...tokens.map(({ id }) => id)];
    this.wanted = { model, ids, promptLength: promptIds.length, isWriting, failure };
    if (this.reading && !isBeginning(this.reading, this.wanted)) this.cancel();
    if (failure) this.show(failure);
    else if (isSame(this.shown, this.wanted)) this.choosePosition();
    else if (model && ids.length) this.schedule();
  }

  /** What is being read belongs to another text. */
  cancel() {
    this.controller.abort();
    this.controller = new AbortController();
    this.reading = null;
  }

  schedule() {
    if (this.timer || this.reading) return;
    const rest = this.lastTime + INTERVAL - performance.now();
    this.timer = setTimeout(() => this.read(), Math.max(0, rest));
  }

  async read() {
    const { signal } = this.controller;
    try {
      await near(this.firstElementChild ?? this, signal);
      this.timer = null;
      if (this.passes.state.isFar) this.passes.update({ isFar: false });
      const reading = (this.reading = this.wanted); // it may have gone on meanwhile
      const { model, ids, promptLength } = reading;
      this.lastTime = performance.now();
      const record = await model.forward(ids, { signal });
      const { run, step } = model;
      this.shown = reading;
      this.show(new ForwardPass({ ...record, run, step, model, ids, promptLength, isComputed: false }));
    } catch (error) {
      if (signal.aborted) return;
      this.shown = this.reading;
      this.show(error);
    }
    this.reading = null;
    this.follow();
  }

  show(pass) {
    this.toggleAttribute("read", true); // see styles/page.css
    this.passes.update({ both: [pass] });
    this.choosePosition();
  }

  /** What is shown until somebody chooses: the end of the text, or a word that a head looks at. */
  choosePosition() {
    const { both, defaultPosition } = this.passes.state;
    const name = this.wanted.isWriting ? "last" : "word";
    const isWhole = name === "word" && isSame(this.shown, this.wanted); // what is shown may be its beginning
    if (isWhole && both[0] instanceof ForwardPass) this.findDefaultHead(both[0]);
    if (name !== defaultPosition) this.passes.update({ defaultPosition: name });
  }

  /** The head that looks most at one word, in the first finished text of a run: so it is the same at each visit. */
  findDefaultHead(pass) {
    if (this.runOfHead === pass.run) return;
    this.runOfHead = pass.run;
    const look = pass.clearestLook();
    if (look) this.store.setDefaultHead(pass.run, headNames(pass.run.manifest.settings)[look.head]);
  }
}

const isSame = (one, other) => isBeginning(one, other) && one.ids.length === other.ids.length;

/** Whether one text is the beginning of another, by the same model. */
const isBeginning = (one, other) =>
  Boolean(one && other.model) &&
  one.model.run === other.model.run &&
  one.model.step === other.model.step &&
  one.ids.every((id, i) => id === other.ids[i]);

customElements.define("written-pass", WrittenPassElement);
