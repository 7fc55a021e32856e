/**
 * <residual-road> <template data-words>…</template> </residual-road>
 *
 * The residual stream of one token as a road: what each part of the model adds to it, how long that is, and how far it
 * raises the logit of the token that came next (see engine/attribution.js). The position is chosen by pressing the
 * token that comes next. Its words stand in the page.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { decimals, finePercent } from "../../app/decimals.js";
import { PartsFigure, tokenButtons } from "../../app/parts-figure.js";

const LEAST = 0.005; // what is written as 0.00 has no bar
const MAX_HEADS = 4; // of a layer that have a row each; of more, the others share one

class ResidualRoad extends PartsFigure {
  static styles = [
    PartsFigure.styles,
    controls,
    tokenButtons,
    css`
    .about { max-width: 66ch; min-height: 3em; margin-bottom: 8px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { text-align: left; font-weight: 400; padding: 0 8px 0 0; height: 26px; vertical-align: middle; }
    thead th { color: var(--muted); height: auto; vertical-align: bottom; padding-bottom: 4px; }
    .part { width: 9em; border-left: 4px solid var(--accent); padding-left: 12px; white-space: nowrap; }
    thead .part, tfoot .part { border-left-color: transparent; }
    .length { width: 5.5em; text-align: right; padding-right: 16px; } .effect { width: 5.5em; text-align: right; padding-right: 12px; }
    .layer-begins th, .layer-begins td, tfoot th, tfoot td { border-top: 1px solid var(--line); }
    .axis { position: relative; height: 14px; }
    .axis::before { content: ""; position: absolute; inset: -6px auto -6px var(--zero); border-left: 1px solid var(--line); }
    .axis i { position: absolute; inset-block: 0; background: var(--accent); border-radius: 2px; min-width: 1px; }
    .axis i.down { background: var(--value); }
    tfoot { font-weight: 600; } tfoot :is(th, td) { font-weight: 600; height: 32px; }
    .result { margin-top: 8px; max-width: 66ch; min-height: 3em; }
    @media (max-width: 640px) {
      .part { width: 6.2em; padding-left: 6px; } .length { width: 3.6em; padding-right: 8px; } .effect { width: 4.2em; padding-right: 8px; }
    }
    @media (forced-colors: active) {
      .axis i { forced-color-adjust: none; background: Highlight; } .axis i.down { background: LinkText; }
    }
  `,
  ];

  drawFound(found) {
    const { parts, bias, advantage } = found;
    const rows = [...grouped(parts), { kind: "bias", layer: -1, head: -1, length: null, effect: bias }];
    const scale = scaleOf(rows);
    const best = parts.reduce((a, b) => (b.effect > a.effect ? b : a));
    return html`${this.tokens()}
      <p class="about">${this.say("about", this.said(found))}</p>
      <table><thead><tr><th class="part" scope="col">${this.say("part")}</th><th class="length" scope="col">${this.say(
        "length",
      )}</th><th class="effect" scope="col">${this.say("effect")}</th><td></td></tr></thead>
        <tbody>${rows.map((one, i) => this.row(one, scale, one.layer !== rows[i - 1]?.layer))}</tbody>
        <tfoot><tr><th class="part" scope="row">${this.say("sum")}</th><td></td><td class="effect">${decimals(
          advantage,
        )}</td><td></td></tr></tfoot></table>
      <p class="result" role="status">${this.say("result", {
        ...this.said(found),
        best: this.nameOf(best),
        effect: decimals(best.effect),
      })}</p>`;
  }

  said({ p, rank, next }) {
    return { next: this.tokenName(next), last: this.tokenName(next - 1), p: finePercent(p), rank };
  }

  row(one, scale, isFirst) {
    return html`<tr class=${isFirst ? "layer-begins" : ""}><th class="part" scope="row">${this.nameOf(one)}</th>
      <td class="length">${one.length === null ? nothing : one.length.toFixed(1)}</td>
      <td class="effect">${decimals(one.effect)}</td>
      <td>${effectBar(one.effect, scale)}</td></tr>`;
  }

  nameOf({ kind, layer, head, n }) {
    return this.say(`part-${kind}`, { layer: String(layer), head: `${layer}.${head}`, n });
  }
}

/** The parts, in which heads of a layer that do less than others are taken together, if it has many. */
function grouped(parts) {
  const isHead = ({ kind }) => kind === "head";
  const others = parts.filter((one) => !isHead(one));
  return others.flatMap((one) => {
    const heads = parts.filter((other) => isHead(other) && other.layer === one.layer);
    return [...strongest(heads, one.layer), one];
  });
}

function strongest(heads, layer) {
  if (heads.length <= MAX_HEADS) return heads;
  const order = [...heads].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const shown = order.slice(0, MAX_HEADS - 1);
  const rest = order.slice(MAX_HEADS - 1);
  const effect = rest.reduce((sum, head) => sum + head.effect, 0);
  const together = { kind: "others", layer, head: -1, n: rest.length, length: null, effect };
  return [...heads.filter((head) => shown.includes(head)), together];
}

/** The range that bars are drawn in: from the lowest effect to the highest. */
function scaleOf(rows) {
  const effects = rows.map(({ effect }) => effect);
  const low = Math.min(0, ...effects);
  return { low, range: Math.max(1e-9, Math.max(0, ...effects) - low) };
}

function effectBar(effect, { low, range }) {
  const zero = (100 * -low) / range;
  if (Math.abs(effect) < LEAST)
    return html`<div class="axis" aria-hidden="true" style=${styleMap({ "--zero": `${zero}%` })}></div>`;
  const width = (100 * Math.abs(effect)) / range;
  const left = effect < 0 ? zero - width : zero;
  return html`<div class="axis" aria-hidden="true" style=${styleMap({ "--zero": `${zero}%` })}><i
    class=${effect < 0 ? "down" : ""} style=${styleMap({ left: `${left}%`, width: `${width}%` })}></i></div>`;
}

customElements.define("residual-road", ResidualRoad);
