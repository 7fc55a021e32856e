/**
 * <norm-numbers> <template data-words>…</template> </norm-numbers>
 *
 * How long the residual stream of the chosen token is after each part, with the mean and the deviation of its numbers;
 * and what a norm makes of it. Its words stand in the page.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { decimals } from "../../app/decimals.js";
import { PartsFigure } from "../../app/parts-figure.js";

class NormNumbers extends PartsFigure {
  static styles = [
    PartsFigure.styles,
    controls,
    css`
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { text-align: right; font-weight: 400; padding: 0 12px 0 0; height: 28px; }
    thead th { color: var(--muted); vertical-align: bottom; height: auto; padding-bottom: 4px; }
    .depth { text-align: left; width: 13em; } .number { width: 6em; }
    tfoot :is(th, td) { border-top: 1px solid var(--text); font-weight: 600; height: 34px; }
    .bar { text-align: left; } .bar i { display: block; height: 12px; border-radius: 2px; background: var(--accent); }
    @media (max-width: 640px) { .depth { width: 8.5em; } .number { width: 5em; } .bar { display: none; } th, td { padding-right: 6px; } }
    @media (forced-colors: active) { .bar i { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  drawFound({ norms, normed, next }) {
    const most = Math.max(...norms.map(({ deviation }) => deviation));
    return html`<table><thead><tr><th class="depth" scope="col">${this.say("after", { last: this.tokenName(next - 1) })}</th>
        <th class="number" scope="col">${this.say("mean")}</th><th class="number" scope="col">${this.say("deviation")}</th>
        <td class="bar"></td></tr></thead>
      <tbody>${norms.map((one, depth) => this.row(this.nameOf(depth), one, most))}</tbody>
      <tfoot>${this.row(this.say("normed"), normed, most)}</tfoot></table>`;
  }

  row(name, { mean, deviation }, most) {
    return html`<tr><th class="depth" scope="row">${name}</th><td class="number">${decimals(mean)}</td>
      <td class="number">${decimals(deviation)}</td>
      <td class="bar" aria-hidden="true"><i style=${styleMap({ width: `${(100 * deviation) / Math.max(most, 1)}%` })}></i></td></tr>`;
  }

  nameOf(depth) {
    if (!depth) return this.say("embeddings");
    const layer = String(Math.floor((depth - 1) / 2));
    return this.say(depth % 2 ? "attention" : "mlp", { layer });
  }
}

customElements.define("norm-numbers", NormNumbers);
