/** A token inside a sentence, for the eye and for the ear. */
import { html } from "../vendored/lit.js";
import { showWhitespace, spoken } from "./format.js";

/** Its spaces are seen as dots, and read aloud as "space". */
export function tokenText(token) {
  const seen = showWhitespace(token);
  const heard = spoken(token);
  if (seen === heard) return seen;
  return html`<span aria-hidden="true">${seen}</span><span class="visually-hidden">${heard}</span>`;
}
