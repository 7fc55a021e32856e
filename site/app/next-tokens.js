/** The likeliest next tokens of several models side by side, as tables with bars. */
import { css, html, nothing, styleMap } from "../vendored/lit.js";
import { precisePercent } from "./decimals.js";
import { showWhitespace, spoken } from "./format.js";
import { softmax } from "../engine/kernel.js";
import { top } from "../engine/sample.js";

const SHOWN = 5;

export const nextTokenStyles = css`
  .nexts { display: grid; gap: 12px 32px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 170px), 1fr)); }
  .next caption { text-align: left; font-weight: 600; padding: 0 0 4px; }
  .next caption span { display: block; font-weight: 400; color: var(--muted); }
  .next { border-collapse: collapse; width: 100%; table-layout: fixed; align-self: start; }
  .next.main caption { color: var(--chosen); }
  .next :is(th, td) { font-weight: 400; text-align: left; padding: 0; height: 26px; }
  .next th { width: 38%; font: 400 1em var(--mono); overflow: hidden; text-overflow: ellipsis; white-space: pre; }
  .next .p { width: 5.2em; padding-left: 6px; white-space: nowrap; text-align: right; }
  .next i { display: block; height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; background: var(--accent);
            margin-left: 6px; }
  .next.preview { outline: 2px dashed var(--line); outline-offset: 6px; border-radius: 4px; }
  .next.preview caption { color: var(--muted); }
  .next .also :is(th, td) { color: var(--muted); }
  .next .also tr:first-child :is(th, td) { border-top: 1px solid var(--line); }
  @media (max-width: 640px) {
    .nexts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 12px 20px; }
    .next th { width: 46%; } .next .p { width: 4.9em; }
  }
  @media (forced-colors: active) { .next i { forced-color-adjust: none; background: Highlight; } }
`;

/**
 * @param {string[]} vocab
 * @param {{ title: string, note?: string, logits: Float32Array | null, isMain?: boolean,
 *   isPreview?: boolean }[]} columns logits: null while they are not known yet; isPreview: of what is not done yet
 * @param {number[]} [also] tokens that are shown wherever they stand
 */
export const nextTokens = (vocab, columns, also = []) =>
  html`<div class="nexts">${columns.map((one) => column(vocab, one, also))}</div>`;

function column(vocab, { title, note = "", logits, isMain = false, isPreview = false }, also) {
  const p = logits && softmax(logits);
  const rows = p ? top(p, SHOWN) : Array(SHOWN).fill(null);
  const others = [...new Set(also)].map((id) => p && { id, p: p[id] });
  return html`<table class=${`next ${isMain ? "main" : ""} ${isPreview ? "preview" : ""}`}><caption>${title}${
    note ? html`<span>${note}</span>` : nothing
  }</caption><tbody>${rows.map((one) => row(vocab, one))}</tbody>
    <tbody class="also">${others.map((one) => row(vocab, one))}</tbody></table>`;
}

function row(vocab, one) {
  if (!one) return html`<tr><th scope="row">…</th><td class="bar"></td><td class="p"></td></tr>`;
  const token = vocab[one.id];
  return html`<tr><th scope="row" dir="auto" aria-label=${spoken(token)}>${showWhitespace(token)}</th>
    <td class="bar" aria-hidden="true"><i style=${styleMap({ width: `${100 * one.p}%` })}></i></td>
    <td class="p">${precisePercent(one.p)}</td></tr>`;
}

/** The likeliest next token, as { id, p }. @param {Float32Array} logits */
export const likeliest = (logits) => top(softmax(logits), 1)[0];
