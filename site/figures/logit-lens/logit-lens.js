/**
 * <logit-lens></logit-lens>
 *
 * The logit lens: the three most likely tokens at a position if the model ended after its embeddings, or
 * after one of its attention or MLP parts.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { count, percent, showWhitespace, spoken } from "../../app/format.js";
import { errorBox } from "../../app/figure.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { nearestSnapshot } from "../../app/model.js";
import { tokenText } from "../../app/token-text.js";

class LogitLens extends ForwardPassFigure {
  static share = {
    title: "What it would say if it stopped early",
    table: ({ result, pass }) =>
      result?.pass === pass && result?.depths ? numbers(result.depths, pass.vocab) : null,
  };

  static properties = {
    weightsError: { from: "passes", attribute: false }, // if the weights of this step cannot be used
    result: { state: true }, // { pass, depths } or { pass, error }
  };

  static styles = [
    ForwardPassFigure.styles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; min-height: 3em; }
    h3 code { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    table { border-collapse: separate; border-spacing: 2px; width: 100%; table-layout: fixed; }
    th { font-weight: 400; text-align: left; color: var(--muted); white-space: nowrap; }
    .part { width: 8.5em; }
    td { border-radius: 4px; padding: 5px 6px; font: 400 1em/1.4 var(--mono); }
    td div { display: flex; gap: 6px; justify-content: space-between; white-space: pre; }
    td code { font: inherit; overflow: hidden; text-overflow: ellipsis; }
    td span { font: 400 1em/1.5 var(--sans); }
    td.right { box-shadow: inset 0 0 0 2px var(--chosen); }
    .caption { margin-top: 8px; }
    @media (forced-colors: active) { td.right { box-shadow: none; outline: 4px double; outline-offset: -3px; } }
    @media (max-width: 640px) { .part { width: 6.4em; } td { padding: 5px 3px; } td span { display: none; } }
  `,
  ];

  willUpdate(changed) {
    super.willUpdate(changed);
    if (["pass", "position"].some((name) => changed.has(name)) && this.pass?.model) this.compute();
  }

  async compute() {
    const { pass, shownPosition: position } = this;
    const isCurrent = () => pass === this.pass && position === this.shownPosition;
    try {
      const depths = await pass.model.logitLens(pass.ids.slice(0, position), pass);
      if (isCurrent()) this.result = { pass, depths };
    } catch (error) {
      if (isCurrent()) this.result = { pass, error };
    }
  }

  draw() {
    const { pass, shownPosition: position } = this;
    const { result } = this;
    if (this.weightsError) return errorBox(this.weightsError);
    const title = html`<h3>What it would say after <code dir="auto">${tokenText(
      this.tokenAt(position - 1),
    )}</code> if it stopped early</h3>`;
    if (!pass.model && nearestSnapshot(pass.run, pass.step) === pass.step) {
      return html`${title}${this.placeholder()}`;
    }
    if (!pass.model) {
      return html`${title}<p class="caption">This needs the weights of step ${count(pass.step)}, which were
        not saved. Saved steps: ${this.run.manifest.snapshots.map(
          ({ step }, i) => html`${i ? ", " : ""}${count(step)}`,
        )}.</p>`;
    }
    if (result?.pass !== pass && result?.pass.run !== pass.run) return html`${title}${this.placeholder()}`;
    if (result.error) return html`${title}<p class="caption">${result.error.message}</p>`;
    return html`${title}
      <table><caption class="visually-hidden">The three most likely tokens at each depth</caption>
        <colgroup><col class="part"><col><col><col></colgroup>
        <thead class="visually-hidden"><tr><th scope="col">after</th><th scope="col">most likely</th>
          <th scope="col">second</th><th scope="col">third</th></tr></thead>
        <tbody>${result.depths.map(
          (top, depth) => html`<tr><th scope="row">${nameOf(depth)}</th>
          ${top.map((one) => this.cell(one, pass.ids[position]))}</tr>`,
        )}</tbody></table>
      <p class="caption">From top to bottom, each row includes one more part of the model. The stronger
        the colour, the more certain; the token in the text is framed.</p>`;
  }

  /** The weights may take a moment: leave as much room as the table needs. */
  placeholder() {
    const height = 34 * (2 * (this.run?.manifest.settings.n_layer ?? 4) + 1) + 52;
    return html`<p class="caption" aria-busy="true" style=${styleMap({ minHeight: `${height}px` })}>…</p>`;
  }

  cell({ id, p }, actual) {
    const token = this.pass.vocab[id];
    const isRight = id === actual;
    const words = `${spoken(token)} ${percent(p)}${isRight ? ", as in the text" : ""}`;
    return html`<td class=${`shade ${colorToken(p)} ${isRight ? "right" : ""}`} aria-label=${words}
      title=${showWhitespace(token)}><div><code dir="auto">${showWhitespace(token)}</code
      ><span>${percent(p)}</span></div></td>`;
  }
}

const numbers = (depths, vocab) => [
  ["after", "rank", "token", "id", "probability"],
  ...depths.flatMap((top, depth) => top.map(({ id, p }, i) => [nameOf(depth), i + 1, vocab[id], id, p])),
];

/** The part of the model that a depth comes after (see GPT.residual in engine/gpt.js). */
function nameOf(depth) {
  if (depth === 0) return "embeddings";
  return `${depth % 2 ? "attention" : "MLP"} ${Math.floor((depth - 1) / 2)}`;
}

customElements.define("logit-lens", LogitLens);
