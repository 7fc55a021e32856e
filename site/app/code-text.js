/** Lines of code that are not edited as text: their look, and their numbers. */
import { css, html, styleMap } from "../vendored/lit.js";

export const codeText = css`
  :host { --code-size: 0.8125rem; }
  .code { border: 1px solid var(--line); border-radius: 8px; background: var(--background); padding: 8px 0;
          font: 400 var(--code-size)/1.6 var(--mono); }
  .line { display: grid; grid-template-columns: 2.4em minmax(0, 1fr); gap: 8px; padding: 0 12px 0 4px; align-items: baseline; }
  .number { color: var(--muted); text-align: right; user-select: none; }
  .text { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
  .error-line { background: color-mix(in oklab, var(--warning) 14%, transparent); box-shadow: inset 4px 0 var(--warning); }
  @media (max-width: 640px) {
    :host { --code-size: 0.875rem; }
    .line { grid-template-columns: 2.2em minmax(0, 1fr); gap: 6px; padding-right: 4px; }
  }
  @media (forced-colors: active) { .error-line { outline: 2px solid Mark; outline-offset: -2px; } }
`;

/** A line of code as texts that may be broken between any two of them, and whatever else stands in it. */
const pieces = (line) =>
  [line]
    .flat()
    .map((one) => (typeof one === "string" ? one.split(/(?<=[(.])/).map((text) => html`${text}<wbr>`) : one));

/**
 * The code of a line: what is wrapped of it is indented a little further than the line itself.
 * @param {string | any[]} line a text, or texts and what stands between them
 */
export function codeOf(line) {
  const [text] = [line].flat();
  const indent = text.length - text.trimStart().length;
  const look = { paddingLeft: `${indent + 2}ch`, textIndent: `${-indent - 2}ch` };
  return html`<code class="text" style=${styleMap(look)}>${line.length ? pieces(line) : " "}</code>`;
}

/** A line with its number before it. */
export const codeLine = (number, line, isError = false) => html`<div
  class=${isError ? "line error-line" : "line"}><span class="number" aria-hidden="true">${number}</span>${codeOf(line)}</div>`;
