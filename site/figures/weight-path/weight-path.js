/**
 * <weight-path> <template data-words>…</template> </weight-path>
 *
 * One number of the model through the whole training, at every snapshot (weight_paths.json). Which one is chosen by its
 * tensor, and by how far it went. Its words stand in the page: see app/page-words.js.
 */
import { css, html } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, showWhitespace } from "../../app/format.js";
import { linePlot, linePlots, rangeOf } from "../../app/line-plot.js";
import { wordsOf } from "../../app/page-words.js";

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
      tensors.map((one) => [one, one]),
      name,
      (value) => (this.tensor = value),
    )}</label>
      <label>${this.say("way")} ${choice(
        ways.map((one) => [one, this.say(one)]),
        this.way,
        (value) => (this.way = value),
      )}</label></div>
      ${plot(weight.values, marked)}
      <input class="slide" type="range" min="0" max=${steps.length - 1} .value=${String(marked)} aria-label=${this.say("slide")}
        aria-valuetext=${this.say("at", { step: count(steps[marked]), value: written(weight.values[marked]) })}
        @input=${({ target }) => (this.marked = Number(target.value))}>
      <p class="ends"><span>${this.say("step", { step: count(steps[0]) })}</span><span>${this.say("step", {
        step: count(steps.at(-1)),
      })}</span></p>
      <p class="reading"><b>${this.say("at", { step: count(steps[marked]), value: written(weight.values[marked]) })}</b>
        ${this.about(weight)} ${this.change(weight)}</p>`;
  }

  /** Where the number stands. Steps and places are counted as in the program: from zero. */
  about({ name, row, column }) {
    const where = this.say("where", { row: count(row), column: count(column) });
    if (!OF_TOKENS.includes(name)) return where;
    return `${where} ${this.say("token", { token: showWhitespace(this.run.vocab[row]) })}`;
  }

  change({ values }) {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    if (low === high) return this.say("still");
    return this.say("moved", { first: written(values[0]), last: written(values.at(-1)) });
  }
}

function plot(values, marked) {
  const [low, high] = rangeOf(values);
  const height = (value) => (value - low) / (high - low);
  const across = Math.max(1, values.length - 1);
  const points = values.map((value, i) => /** @type {[number, number]} */ ([i / across, height(value)]));
  const isZeroSeen = low < 0 && high > 0;
  return linePlot(points, {
    marked,
    top: written(high),
    bottom: written(low),
    level: isZeroSeen ? height(0) : null,
  });
}

/** A menu. @param {string[][]} options [value, text] */
const choice = (options, chosen, choose) =>
  html`<select @change=${({ target }) => choose(target.value)}>${options.map(
    ([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text}</option>`,
  )}</select>`;

/** A weight with three decimals, and a real minus. */
const written = (number) => number.toFixed(3).replace("-", "−");

customElements.define("weight-path", WeightPath);
