/** A text in which the words that another text does not have are marked: see word-diff.js. */
import { css, html } from "../vendored/lit.js";
import { cutAt } from "./word-diff.js";

export const markedWords = css`
  mark { color: inherit; background: none; text-decoration: underline 2px var(--chosen); text-underline-offset: 4px;
         text-decoration-skip-ink: none; }
`;

export const MARKED = "Underlined: words that the other text does not have there.";

/**
 * A part of a text, with what lies in the ranges marked.
 * @param {string} text @param {number} start where it stands in the whole text @param {number[][]} ranges
 * @param {(text: string) => unknown} [shown] how a piece of it is shown
 */
export const withMarks = (text, start, ranges, shown = (piece) => piece) =>
  cutAt(text, start, ranges).map((one) =>
    one.isMarked ? html`<mark>${shown(one.text)}</mark>` : shown(one.text),
  );
