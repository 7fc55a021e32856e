/**
 * <token-vector> <template data-words>…</template> </token-vector>
 *
 * The embedding of a token as it is, number by number, and the tokens whose embeddings are most like it, with what
 * chance would give. All of it is read from the weights of the step that is shown. The numbers of all tokens can be
 * put into another order at once, which changes nothing. Chooses a token.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawVector } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { N_NEAREST, chanceOf, clearestTokens, embeddingsAt } from "../../app/embeddings.js";
import { Figure, wayOf } from "../../app/figure.js";
import { near } from "../../app/near.js";
import { decimals } from "../../app/decimals.js";
import { inSentence } from "../../app/format.js";
import { wordsOf } from "../../app/page-words.js";
import { tokenText } from "../../app/token-text.js";
import { tokenOf } from "../../app/words.js";
import { nearestTo, rowOf } from "../../engine/embeddings.js";
import { makeRng } from "../../engine/sample.js";

class TokenVector extends Figure {
  static properties = {
    token: { from: "store", type: Number },
    embeddings: { state: true }, // of all tokens at a step: see app/embeddings.js
    order: { state: true }, // that of the numbers; null: as they are
    cell: { state: true }, // the number that is pointed at
    problem: { state: true }, // what was typed, if it is no token
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .choose { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
    .choose input { height: 44px; width: 9em; font: 400 1rem/1.5 var(--mono); color: var(--text); padding: 0 12px;
                    background: var(--background); border: 1px solid var(--line); border-radius: 8px; }
    .choose button { min-height: 36px; padding: 4px 12px; font-family: var(--mono); white-space: pre; }
    .problem { color: var(--warning); min-height: 1.5em; margin: 4px 0; }
    canvas { display: block; width: 100%; height: 22px; image-rendering: pixelated; border-radius: 4px; }
    .own canvas { height: 44px; cursor: crosshair; }
    .own canvas:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .own { position: relative; }
    .own i { position: absolute; inset: -3px auto -3px 0; width: 5px; margin-left: -1px; border: 2px solid var(--chosen);
             border-radius: 3px; pointer-events: none; }
    .value { min-height: 1.5em; margin: 4px 0 16px; font-family: var(--mono); font-size: 0.875rem; color: var(--muted); }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
    th { width: 8em; text-align: left; font-weight: 400; padding: 2px 12px 2px 0; }
    th button { font-family: var(--mono); white-space: pre; min-height: 36px; padding: 2px 12px; width: 100%; overflow: hidden;
                text-overflow: ellipsis; }
    td { padding: 2px 0; } td:last-child { width: 30%; padding-left: 16px; }
    .like { position: relative; height: 1.8em; line-height: 1.8; border-radius: 4px; background: var(--background); }
    .like i { position: absolute; inset: 0 auto 0 0; border-radius: 4px; background: color-mix(in oklab, var(--accent) 35%, var(--panel)); }
    .like u { position: absolute; inset: -2px auto -2px 0; border-left: 2px dashed var(--chosen); }
    .like span { position: absolute; right: 6px; }
    .below { margin-top: 12px; }
    @media (max-width: 640px) { th { width: 6.5em; padding-right: 8px; } td:last-child { padding-left: 8px; width: 32%; }
      th button { padding: 2px 6px; } }
  `,
  ];

  async load(run) {
    this.say = wordsOf(this);
    this.order = null;
    this.problem = "";
    this.cell = 0;
    this.embeddings = null;
    return { offered: clearestTokens(run, await run.part("embeddings")), chances: chanceOf(run) };
  }

  get shown() {
    return this.token ?? this.data.offered[0] ?? 0;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.run && this.step !== undefined && (changed.has("run") || changed.has("step"))) this.read();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async read() {
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    try {
      await near(this, signal);
      const embeddings = await embeddingsAt(this.run, this.step);
      if (!signal.aborted) this.embeddings = embeddings;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  choose(id) {
    this.problem = "";
    this.store.set({ token: id }, { replace: true });
  }

  type(typed) {
    const id = typed ? tokenOf(this.run, typed.replaceAll("·", " ")) : this.shown;
    if (id === null) this.problem = typed.trim();
    else this.choose(id);
  }

  /** The numbers of a token, in the order that is shown. */
  numbers(id) {
    const { vectors, C } = this.embeddings;
    const row = rowOf(vectors, C, id);
    return this.order ? Float32Array.from(this.order, (c) => row[c]) : row;
  }

  /** Put the numbers of all tokens into another order, the same for each. */
  shuffle() {
    const rng = makeRng((this.shuffles = (this.shuffles ?? 0) + 1));
    const keyed = Array.from({ length: this.embeddings.C }, (_, c) => ({ c, at: rng() }));
    this.order = keyed.sort((x, y) => x.at - y.at).map(({ c }) => c);
  }

  /** The nearest tokens, computed with the numbers in the order that is shown. */
  neighbours() {
    const { vectors, C } = this.embeddings;
    const V = vectors.length / C;
    const all = new Float32Array(V * C);
    for (let id = 0; id < V; id++) all.set(this.numbers(id), id * C);
    return nearestTo(all, C, rowOf(all, C, this.shown), [this.shown], N_NEAREST);
  }

  draw({ offered, chances }) {
    if (!this.embeddings) return html`<p class="caption" aria-busy="true">…</p>`;
    const { C, step, vectors } = this.embeddings;
    const token = this.run.vocab[this.shown];
    return html`${this.chooser(token, offered)}
      <div class="own"><canvas data-token=${this.shown} tabindex="0" role="slider" aria-label=${this.say("numbers")}
        aria-valuemin="1" aria-valuemax=${C} aria-valuenow=${this.cell + 1} aria-valuetext=${this.value()}
        @pointermove=${this.point} @pointerdown=${this.point} @keydown=${this.move}></canvas>
        <i aria-hidden="true" style=${styleMap({ left: `${(100 * this.shownCell) / C}%` })}></i></div>
      <p class="value">${this.value()}</p>
      <table><caption>${this.say("nearest", { step })}</caption><tbody>${this.neighbours().map((one, i) =>
        this.row(one, chances[i]),
      )}</tbody></table>
      <p class="caption below">${this.say("chance", { n: vectors.length / C, c: C, chance: chances[0] })}</p>
      <div class="row below"><button @click=${this.shuffle}>${this.say("shuffle")}</button>
        ${this.order ? html`<button @click=${() => (this.order = null)}>${this.say("as-they-are")}</button>` : nothing}
        <span role="status">${this.order ? this.say("shuffled") : ""}</span></div>`;
  }

  chooser(token, offered) {
    return html`<div class="choose"><label>${this.say("token")} <input type="text" dir="auto" maxlength="40"
        spellcheck="false" autocomplete="off" autocapitalize="none" aria-invalid=${String(Boolean(this.problem))}
        .value=${this.problem || token.trim() || token} @change=${({ target }) => this.type(target.value)}></label>
        ${offered.map(
          (id) =>
            html`<button aria-pressed=${String(id === this.shown)} @click=${() => this.choose(id)}>${tokenText(
              this.run.vocab[id],
            )}</button>`,
        )}</div>
      <p class="problem" role="status">${this.problem ? this.say("no-token", { typed: this.problem }) : ""}</p>`;
  }

  /** The number that is pointed at, in words. */
  value() {
    const value = decimals(this.numbers(this.shown)[this.shownCell], 3);
    const token = this.run.vocab[this.shown];
    const said = { token: inSentence(token), n: this.shownCell + 1 };
    return this.say("value", { ...said, of: this.embeddings.C, value });
  }

  get shownCell() {
    return Math.min(this.cell, this.embeddings.C - 1);
  }

  point({ offsetX, currentTarget }) {
    const cell = Math.floor((offsetX / currentTarget.clientWidth) * this.embeddings.C);
    this.cell = Math.max(0, Math.min(this.embeddings.C - 1, cell));
  }

  move(event) {
    const by = wayOf(event);
    if (by) this.cell = Math.max(0, Math.min(this.embeddings.C - 1, this.cell + by));
  }

  row({ id, cosine }, chance) {
    const width = `${100 * Math.max(0, cosine)}%`;
    return html`<tr><th scope="row"><button @click=${() => this.choose(id)}>${tokenText(this.run.vocab[id])}</button></th>
      <td><canvas data-token=${id} aria-hidden="true"></canvas></td>
      <td><div class="like"><i style=${styleMap({ width })}></i><u style=${styleMap({ left: `${100 * chance}%` })}></u>
        <span>${this.say("cosine", { cosine: decimals(cosine) })}</span></div></td></tr>`;
  }

  updated() {
    if (!this.embeddings || this.error) return;
    for (const canvas of this.renderRoot.querySelectorAll("canvas")) {
      drawVector(canvas, this.numbers(Number(canvas.dataset.token)), colormapsOf(this));
    }
  }

  repaint() {
    this.requestUpdate();
  }
}

customElements.define("token-vector", TokenVector);
