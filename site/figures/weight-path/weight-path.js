/**
 * <weight-path> <template data-words>…</template> </weight-path>
 *
 * One number of the model through the whole training, at every snapshot (weight_paths.json). Which one is chosen by its
 * tensor, and by how far it went. Its words stand in the page: see app/page-words.js.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { decimals } from "../../app/decimals.js";
import { count, showWhitespace } from "../../app/format.js";
import { endLabels, linePlot, linePlots, rangeOf } from "../../app/line-plot.js";
import { wordsOf } from "../../app/page-words.js";
import { nearest, pathLength } from "../../app/step-scale.js";

const OF_TOKENS = ["token_embedding.weight", "unembed.weight"]; // a row is a token

class WeightPath extends Figure {
  static properties = {
    tensor: { state: true }, // the name of one; null: the first
    way: { state: true }, // "longest", "median" or "shortest"
    marked: { state: true }, // the index of a snapshot; null: the last
  };

  static styles = [
    Figure.styles,
    controls,
    linePlots,
    css`
    .reading { min-height: 3em; margin-top: 8px; }
    .reading b { color: var(--chosen); }
    select { max-width: 17em; }
  `,
  ];

  constructor() {
    super();
    this.tensor = null;
    this.way = "longest";
    this.marked = null;
  }

  load(run) {
    this.say = wordsOf(this);
    Object.assign(this, { tensor: null, marked: null });
    return run.part("weight_paths");
  }

  draw({ saved_steps: steps, weights }) {
    const tensors = [...new Set(weights.map(({ name }) => name))];
    const name = this.tensor ?? tensors[0];
    const weight = weights.find((one) => one.name === name && one.way === this.way);
    const marked = Math.min(this.marked ?? Infinity, steps.length - 1);
    const ways = weights.filter((one) => one.name === name).map(({ way }) => way);
    return html`<div class="row"><label>${this.say("tensor")} ${choice(
      tensors.map((one) => [one, tableName(one)]),
      name,
      (value) => (this.tensor = value),
    )}</label>
      <label>${this.say("way")} ${choice(
        ways.map((one) => [one, this.say(one)]),
        this.way,
        (value) => (this.way = value),
      )}</label></div>
      ${plot(weight.values, steps, marked)}
      <input class="slide" type="range" min=${steps[0]} max=${steps.at(-1)} .value=${String(steps[marked])} aria-label=${this.say("slide")}
        aria-valuetext=${this.say("at", { step: count(steps[marked]), value: written(weight.values[marked]) })}
        @input=${({ target }) => this.mark(steps.indexOf(nearest(Number(target.value), steps)), steps, target)}
        @keydown=${(event) => this.move(event, marked, steps)}>
      <p class="ends"><span>${this.say("step", { step: count(steps[0]) })}</span><span>${this.say("step", {
        step: count(steps.at(-1)),
      })}</span></p>
      <p class="reading"><b>${this.say("at", { step: count(steps[marked]), value: written(weight.values[marked]) })}</b>
        ${this.about(weight)} ${this.change(weight, steps, weights)}</p>`;
  }

  /** Only the saved steps are known: the slider stays at one of them. */
  mark(i, steps, slider) {
    this.marked = i;
    slider.value = String(steps[i]);
  }

  /** A key goes from one saved step to the next, however far that is. */
  move(event, marked, steps) {
    const last = steps.length - 1;
    const to = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -3, PageUp: 3 }[
      event.key
    ];
    if (to === undefined) return; // the browser knows Home and End
    event.preventDefault();
    this.mark(Math.max(0, Math.min(last, marked + to)), steps, event.target);
  }

  /** Where the number stands. Steps and places are counted as in the program: from zero. */
  about({ name, row, column }) {
    const where = this.say("where", { row: count(row), column: count(column) });
    if (!OF_TOKENS.includes(name)) return where;
    return `${where} ${this.say("token", { token: showWhitespace(this.run.vocab[row]) })}`;
  }

  change({ name, values }, steps, weights) {
    if (pathLength(values, steps)) {
      const way = pathLength(values, steps).toFixed(3);
      return this.say("moved", { first: written(values[0]), last: written(values.at(-1)), way });
    }
    const others = weights.filter((one) => one.name === name && pathLength(one.values, steps));
    const isTooLate = name === "position_embedding.weight" && others.length > 0; // no text is as long
    return isTooLate ? `${this.say("still")} ${this.say("still-position")}` : this.say("still");
  }
}

/** Steps are as far apart as they were in the training: one sees when the number moved fast. */
function plot(values, steps, marked) {
  const [low, high] = rangeOf(values);
  const heightOf = (value) => (value - low) / (high - low);
  const length = Math.max(1, steps.at(-1) - steps[0]);
  const points = values.map(
    (value, i) => /** @type {[number, number]} */ ([(steps[i] - steps[0]) / length, heightOf(value)]),
  );
  const isZeroSeen = low < 0 && high > 0;
  const labels = endLabels(values, heightOf, written);
  return linePlot(points, { marked, labels, level: isZeroSeen ? heightOf(0) : null });
}

/** "blocks.0.up.weight" -> "blocks.0.up". */
const tableName = (name) => name.replace(/\.weight$/, "");

/** A menu. @param {string[][]} options [value, text] */
const choice = (options, chosen, choose) =>
  html`<select @change=${({ target }) => choose(target.value)}>${options.map(
    ([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`,
  )}</select>`;

const written = (weight) => decimals(weight, 3);

customElements.define("weight-path", WeightPath);
