/** A fraction as a bar with a number, under a name. */
import { css, html, nothing, styleMap } from "../vendored/lit.js";
import { percent } from "./format.js";

export const meters = css`
  .meter { display: grid; grid-template-columns: 9.5em minmax(0, 1fr) 3.4em; gap: 4px 12px; align-items: center;
           min-height: 28px; }
  .meter b { text-align: right; font-weight: 600; }
  .track { height: 10px; border-radius: 5px; box-shadow: inset 0 0 0 1px var(--line); overflow: hidden; }
  .track i { display: block; height: 100%; background: var(--accent); }
  @media (forced-colors: active) { .track i { forced-color-adjust: none; background: Highlight; } }
`;

/** @param {unknown} name @param {?number} fraction null while it is not known */
export const meter = (name, fraction) =>
  html`<div class="meter"><span>${name}</span>${bar(fraction)}<b>${fraction === null ? nothing : percent(fraction)}</b></div>`;

/** The bar alone. */
export const bar = (fraction) =>
  html`<span class="track" aria-hidden="true"><i style=${styleMap({ width: `${100 * (fraction ?? 0)}%` })}></i></span>`;
