/**
 * <attention-by-hand> <template data-words>…</template> </attention-by-hand>
 *
 * One token's query against every key, in one head, step by step: products, scores, what is hidden, weights and the
 * mixture of values. All numbers are those of the model. A token is chosen by pressing it: it is the one that looks.
 * Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawVector } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { decimals } from "../../app/decimals.js";
import { inSentence, percent } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { attendByHand, rowOf } from "../../app/one-head.js";
import { wordsOf } from "../../app/page-words.js";

const MAX_TOKENS = 10; // so many can be looked at, one by one
const STAGES = ["products", "scores", "hidden", "weights", "mixed"];
const TERMS = 3; // of a sum of products that are written out

class AttentionByHand extends ForwardPassFigure {
  static properties = {
    vectors: { state: true }, // of the head in this text: see engine/worker.js
    stage: { state: true },
    looking: { state: true }, // the position of the token that looks
    pointed: { state: true }, // the key whose product is written out
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    css`
    .stages { display: flex; flex-wrap: wrap; gap: 4px 8px; margin: 0 0 12px; }
    .stages button { padding: 4px 14px; min-height: 36px; }
    .about { min-height: 3.2em; max-width: 66ch; margin-bottom: 8px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
    th, td { text-align: left; font-weight: 400; padding: 2px 8px 2px 0; height: 36px; vertical-align: middle; }
    thead th { color: var(--muted); height: auto; vertical-align: bottom; }
    .token { width: 7.5em; } .number { width: 5.5em; text-align: right; }
    .token button { font-family: var(--mono); white-space: pre; padding: 2px 10px; min-height: 32px; width: 100%;
                    overflow: hidden; text-overflow: ellipsis; border-radius: 8px; }
    .token button[aria-pressed="true"] { border-color: var(--query); box-shadow: inset 0 0 0 2px var(--query); }
    canvas { display: block; width: 100%; height: 18px; image-rendering: pixelated; border-radius: 3px; }
    .is-hidden td { color: var(--muted); text-decoration: line-through; }
    .is-hidden canvas { opacity: .25; }
    .weight { position: relative; height: 1.7em; line-height: 1.7; border-radius: 4px; background: var(--background); overflow: hidden; }
    .weight i { position: absolute; inset: 0 auto 0 0; background: color-mix(in oklab, var(--key) 40%, var(--panel)); }
    .weight span { position: relative; padding: 0 6px; }
    .query-row { display: grid; grid-template-columns: 7.5em minmax(0, 1fr); gap: 8px; align-items: center; margin: 8px 0;
                 padding: 8px 0; border-block: 1px solid var(--line); }
    .query-row b { color: var(--query); } .mixed-row b { color: var(--value); }
    .sum { font: 400 0.8125rem/1.6 var(--mono); min-height: 3.2em; overflow-wrap: anywhere; margin-top: 8px; }
    @media (max-width: 640px) {
      .token { width: 5.5em; } .number { width: 4.2em; }
      th, td { padding-right: 4px; }
      .token button { padding: 2px 4px; }
      .query-row { grid-template-columns: 5.5em minmax(0, 1fr); }
      .vector-column { width: 22%; }
    }
  `,
  ];

  constructor() {
    super();
    this.stage = 0;
    this.looking = null;
    this.pointed = null;
  }

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  /** The tokens that are shown: the beginning of the text. */
  get ids() {
    return this.pass.ids.slice(0, MAX_TOKENS);
  }

  /** The position that looks: the one that somebody has chosen, or one in the middle, with earlier and later ones. */
  get query() {
    const { length } = this.ids;
    return Math.min(this.looking ?? Math.floor(length / 2), length - 1);
  }

  /** Have a token look; what is said of all heads further down follows. */
  look(key) {
    this.looking = key;
    this.store.set({ position: key + 1 });
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.isReady && (changed.has("both") || changed.has("head") || changed.has("data")))
      this.readVectors();
  }

  async readVectors() {
    const { pass } = this;
    const [layer, head] = this.layerAndHead;
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      const model = pass.model ?? new LiveModel(pass.run, nearestSnapshot(pass.run, pass.step));
      const vectors = await model.headVectors(this.ids, layer, head, { signal });
      if (!signal.aborted) this.vectors = { ...vectors, pass };
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  draw() {
    if (!this.vectors) return this.placeholder();
    const parts = attendByHand(this.vectors, this.query);
    const stage = STAGES[this.stage];
    return html`<div class="stages" role="group" aria-label=${this.say("stages")}>${STAGES.map(
      (name, i) =>
        html`<button aria-pressed=${String(i === this.stage)} @click=${() => (this.stage = i)}>${
          i + 1
        } ${this.say(name)}</button>`,
    )}</div>
      <p class="about" aria-live="polite">${this.say(`about-${stage}`, {
        token: inSentence(this.tokenAt(this.query)),
        d: this.vectors.D,
        root: Math.sqrt(this.vectors.D),
      })}</p>
      <div class="query-row"><b>${this.say("query")}</b>${this.strip("query", this.say("query"))}</div>
      ${this.table(parts)}
      ${
        stage === "mixed"
          ? html`<div class="query-row mixed-row"><b>${this.say("mixture")}</b>${this.strip("mixed", this.say("mixture"))}</div>`
          : html`<p class="sum">${this.sum(parts)}</p>`
      }`;
  }

  /** A row for each token: its key, and what comes of it up to this stage. */
  table(parts) {
    const stage = STAGES[this.stage];
    const number =
      { products: "product", mixed: "weight" }[stage] ?? (stage === "weights" ? "weight" : "score");
    return html`<table><caption>${this.say("table", { head: this.shownHead })}</caption>
      <thead><tr><th class="token" scope="col">${this.say("token")}</th>
        <th class="vector-column" scope="col">${this.say(stage === "mixed" ? "value" : "key")}</th>
        <th class=${number === "weight" ? "" : "number"} scope="col">${this.say(number)}</th></tr></thead>
      <tbody>${this.ids.map((id, key) => this.row(id, key, parts, stage))}</tbody></table>`;
  }

  row(id, key, parts, stage) {
    const isLater = key > this.query;
    const isHidden = isLater && stage !== "products" && stage !== "scores";
    const kind = stage === "mixed" ? "values" : "keys";
    return html`<tr class=${isHidden ? "is-hidden" : ""} @pointerenter=${() => (this.pointed = key)}>
      <th class="token" scope="row"><button aria-pressed=${String(key === this.query)}
        @focus=${() => (this.pointed = key)} @click=${() => this.look(key)}>${tokenText(
          this.run.vocab[id],
        )}</button></th>
      <td class="vector-column">${this.strip(`${kind}-${key}`, "")}</td>
      ${
        stage === "weights" || stage === "mixed"
          ? html`<td>${this.weight(parts.weights[key])}</td>`
          : html`<td class="number">${
              isHidden ? "−∞" : decimals((stage === "products" ? parts.products : parts.scores)[key])
            }</td>`
      }</tr>`;
  }

  weight(weight = 0) {
    return html`<div class="weight"><i style=${styleMap({ width: `${100 * weight}%` })}></i><span>${percent(
      weight,
    )}</span></div>`;
  }

  strip(name, label) {
    return html`<canvas data-vector=${name} role=${label ? "img" : nothing} aria-label=${label || nothing}
      aria-hidden=${label ? nothing : "true"}></canvas>`;
  }

  /** How the number of the key that is pointed at comes about. */
  sum({ products, scores, weights }) {
    const key = Math.min(this.pointed ?? 0, this.ids.length - 1);
    const { queries, keys, D } = this.vectors;
    const stage = STAGES[this.stage];
    if (stage === "products") {
      const q = rowOf(queries, this.query, D);
      const k = rowOf(keys, key, D);
      const terms = Array.from(
        { length: Math.min(TERMS, D) },
        (_, d) => `${decimals(q[d])} × ${decimals(k[d])}`,
      );
      return `${this.labelOf(key)}: ${terms.join(" + ")} + … = ${decimals(products[key])}`;
    }
    if (key > this.query && stage !== "scores") return `${this.labelOf(key)}: ${this.say("is-later")}`;
    if (stage === "scores" || stage === "hidden") {
      return `${this.labelOf(key)}: ${decimals(products[key])} / √${D} = ${decimals(scores[key])}`;
    }
    return `${this.labelOf(key)}: e^${decimals(scores[key])} / (${scores
      .slice(0, this.query + 1)
      .map((score) => `e^${decimals(score)}`)
      .join(" + ")}) = ${percent(weights[key])}`;
  }

  labelOf(key) {
    return this.tokenAt(key).trim() || "·";
  }

  updated(changed) {
    super.updated(changed);
    if (!this.vectors || this.error) return;
    const { queries, D } = this.vectors;
    const { mixed } = attendByHand(this.vectors, this.query);
    for (const canvas of this.renderRoot.querySelectorAll("canvas")) {
      const [kind, key] = canvas.dataset.vector.split("-");
      const vector = { query: () => rowOf(queries, this.query, D), mixed: () => mixed }[kind];
      drawVector(canvas, vector ? vector() : rowOf(this.vectors[kind], Number(key), D), colormapsOf(this));
    }
  }

  repaint() {
    this.requestUpdate();
  }
}

customElements.define("attention-by-hand", AttentionByHand);
