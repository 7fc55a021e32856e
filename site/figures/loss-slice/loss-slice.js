/**
 * <loss-slice> <template data-words>…</template> </loss-slice>
 *
 * A slice through the loss: the line from the weights of one snapshot to those of another, and further on. At some
 * points of it, the loss of a held-out text is computed here. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { endLabels, linePlot, linePlots, rangeOf } from "../../app/line-plot.js";
import { LiveModel } from "../../app/model.js";
import { near } from "../../app/near.js";
import { wordsOf } from "../../app/page-words.js";

const FRACTIONS = Array.from({ length: 11 }, (_, i) => (i - 2) / 5); // of the way: 0 is one snapshot, 1 the other
const AT_START = FRACTIONS.indexOf(0);
const DIGITS = 3; // late in a training, neighbours differ in the third

class LossSlice extends Figure {
  static properties = {
    from: { state: true }, // steps of snapshots; null: those that are shown first
    to: { state: true },
    marked: { state: true }, // the index of a fraction
    losses: { state: true }, // in nats, as far as they are computed
  };

  static styles = [
    Figure.styles,
    controls,
    linePlots,
    css`
    :host { --labels: 5.8em; }
    .reading { min-height: 3em; margin-top: 8px; }
    .reading b { color: var(--chosen); }
    .marks { position: relative; height: 1.6em; margin: 0 9px 0 var(--labels); color: var(--muted); }
    .marks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
    .marks span::before { content: "↑ "; }
  `,
  ];

  constructor() {
    super();
    Object.assign(this, { from: null, to: null, marked: AT_START, losses: [] });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async load(run) {
    this.say = wordsOf(this);
    Object.assign(this, { from: null, to: null, marked: AT_START, losses: [] });
    const { held_out } = await run.part("check");
    const isLong = held_out?.ids.length > 1;
    return { ids: isLong ? held_out.ids : [], steps: run.manifest.snapshots.map(({ step }) => step) };
  }

  /** The steps at the ends: those that somebody has chosen, or the first and the last. */
  ends({ steps }) {
    const last = steps.at(-1);
    return { from: this.from ?? steps[0], to: this.to ?? last };
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.data?.ids.length && ["data", "from", "to"].some((name) => changed.has(name))) this.measure();
  }

  /** The loss at each fraction, one after the other: each is a short call. */
  async measure() {
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const { run, data } = this;
    const { from, to } = this.ends(data);
    this.losses = [];
    try {
      await near(this, signal);
      const other = new LiveModel(run, to);
      for (const fraction of FRACTIONS) {
        const loss = await new LiveModel(run, from).lossBetween(other, data.ids, fraction, { signal });
        if (signal.aborted) return;
        this.losses = [...this.losses, loss];
      }
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  draw(data) {
    if (!data.ids.length) return html`<p>${this.say("no-text")}</p>`;
    const { from, to } = this.ends(data);
    const isComplete = this.losses.length === FRACTIONS.length;
    return html`<div class="row">${this.chooser("from", from, data.steps)} ${this.chooser("to", to, data.steps)}</div>
      ${isComplete ? this.plot() : html`<div class="plot" aria-hidden="true"></div>`}
      <div class="marks" aria-hidden="true">${this.mark(AT_START, from)}${this.mark(FRACTIONS.indexOf(1), to)}</div>
      <input class="slide" type="range" min="0" max=${FRACTIONS.length - 1} .value=${String(this.marked)}
        aria-label=${this.say("slide")} aria-valuetext=${isComplete ? this.at(this.marked) : nothing}
        @input=${({ target }) => (this.marked = Number(target.value))}>
      <p class="reading" role="status">${
        isComplete
          ? html`<b>${this.at(this.marked)}</b> ${this.lowest()}`
          : this.say("measuring", { n: this.losses.length, of: FRACTIONS.length })
      }</p>`;
  }

  chooser(name, chosen, steps) {
    return html`<label>${this.say(name)} <select data-end=${name}
      @change=${({ target }) => (this[name] = Number(target.value))}>${steps.map(
        (step) => html`<option value=${step} .selected=${step === chosen}>${count(step)}</option>`,
      )}</select></label>`;
  }

  mark(i, step) {
    return html`<span style=${styleMap({ left: `${(100 * i) / (FRACTIONS.length - 1)}%` })}>${count(step)}</span>`;
  }

  plot() {
    const bits = this.losses.map(inBits);
    const [low, high] = rangeOf(bits);
    const heightOf = (one) => (one - low) / (high - low);
    const points = bits.map(
      (one, i) => /** @type {[number, number]} */ ([i / (FRACTIONS.length - 1), heightOf(one)]),
    );
    const labels = endLabels(bits, heightOf, (one) => this.say("bits", { bits: one }));
    return linePlot(points, { marked: this.marked, labels });
  }

  get isFlat() {
    return Math.max(...this.losses) - Math.min(...this.losses) < 1e-6;
  }

  at(i) {
    return this.isFlat ? this.said("flat", i) : this.said("at", i);
  }

  /** Where it is lowest; nothing where it is the same everywhere. */
  lowest() {
    return this.isFlat ? nothing : this.said("lowest", this.losses.indexOf(Math.min(...this.losses)));
  }

  /** What is true of one point: of some, that they come before the first of the two models. */
  said(key, i) {
    const isBefore = FRACTIONS[i] < 0 && !this.isFlat;
    const way = `${Math.round(Math.abs(100 * FRACTIONS[i]))}%`;
    return this.say(isBefore ? `${key}-before` : key, { way, bits: inBits(this.losses[i]).toFixed(DIGITS) });
  }
}

const inBits = (nats) => nats / Math.LN2;

customElements.define("loss-slice", LossSlice);
