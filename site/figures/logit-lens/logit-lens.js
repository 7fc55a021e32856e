/**
 * <logit-lens .run=${run} .look=${look} at="9"></logit-lens>
 *
 * What the model would say at a position if it stopped early: after the embeddings, and after each of
 * its attention and MLP parts, the three most likely tokens.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { keptStep } from "../../kit/model.js";
import { LookFigure } from "../../kit/look-figure.js";
import { alone, count, percent, shade } from "../../kit/words.js";

class LogitLens extends LookFigure {
  static properties = { depths: { state: true } };  // of each depth, [{ id, p }], or an error

  static styles = [LookFigure.styles, css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; min-height: 3em; }
    table { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; }
    th { font-weight: 400; text-align: left; color: var(--muted); width: 8.5em; }
    td { border-radius: 4px; padding: 5px 6px; font: 400 1em/1.4 var(--mono); }
    td div { display: flex; gap: 6px; justify-content: space-between; white-space: pre; }
    td code { font: inherit; overflow: hidden; text-overflow: ellipsis; }
    td span { font: 400 1em/1.5 var(--sans); }
    td.right { box-shadow: inset 0 0 0 2px var(--chosen); }
    .caption { margin-top: 8px; }
    @media (max-width: 640px) { th { width: 7.4em; } td { padding: 5px 3px; } td span { display: none; } }
  `];

  willUpdate(changed) {
    super.willUpdate(changed);
    if (["look", "at"].some((name) => changed.has(name)) && this.look?.model) this.compute();
  }

  async compute() {
    const { look, place } = this, isNow = () => look === this.look && place === this.place;
    try {
      const depths = await look.model.lens(look.ids.slice(0, place), look.change);
      if (isNow()) this.depths = { look, place, depths };
    } catch (error) {
      if (isNow()) this.depths = { look, place, error };
    }
  }

  draw() {
    const { look, place } = this, found = this.depths;
    const title = html`<h3>What it would say if it stopped early</h3>`;
    if (!look.model && keptStep(look.run, look.step) === look.step) return html`${title}${this.wait()}`;
    if (!look.model) {
      return html`${title}<p class="caption">This needs the weights of step ${count(look.step)}, which were
        not saved. Saved steps: ${this.run.manifest.snapshots.map(({ step }, i) =>
        html`${i ? ", " : ""}${count(step)}`)}.</p>`;
    }
    if (found?.look !== look && found?.look.run !== look.run) return html`${title}${this.wait()}`;
    if (found.error) return html`${title}<p class="caption">${found.error.message}</p>`;
    return html`${title}
      <table><caption class="unseen">The three most likely tokens at each depth</caption>
        <tbody>${found.depths.map((top, depth) => html`<tr><th scope="row">${nameOf(depth)}</th>
          ${top.map((one) => this.cell(one, look.ids[place]))}</tr>`)}</tbody></table>
      <p class="caption">From top to bottom, each row includes one more part of the model. The stronger
        the green, the more certain; the token in the text is framed.</p>`;
  }

  /** The weights may take a moment: leave as much room as the table needs. */
  wait() {
    const height = 34 * (2 * (this.run?.manifest.settings.n_layer ?? 4) + 1) + 52;
    return html`<p class="caption" aria-busy="true" style=${styleMap({ minHeight: `${height}px` })}>…</p>`;
  }

  cell({ id, p }, there) {
    const symbol = alone(this.look.symbols[id]);
    return html`<td class=${`${shade(p)} ${id === there ? "right" : ""}`} title=${symbol}><div>
      <code dir="auto">${symbol}</code><span>${percent(p)}</span></div>${id === there
      ? html`<span class="unseen">, as in the text</span>` : nothing}</td>`;
  }
}

/** The part of the model that a depth comes after (see GPT.residual in engine/gpt.js). */
function nameOf(depth) {
  if (depth === 0) return "embeddings";
  return `${depth % 2 ? "attention" : "MLP"} ${Math.floor((depth - 1) / 2)}`;
}

customElements.define("logit-lens", LogitLens);
