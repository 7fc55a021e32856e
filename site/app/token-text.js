/** A token inside a sentence, for the eye and for the ear. */
import { html } from "../vendored/lit.js";
import { ordinal, showWhitespace, spoken } from "./format.js";

/** Its spaces are seen as dots, and read aloud as "space". */
export function tokenText(token) {
  const seen = showWhitespace(token);
  const heard = spoken(token);
  if (seen === heard) return seen;
  return html`<span aria-hidden="true">${seen}</span><span class="visually-hidden">${heard}</span>`;
}

/** Which one is meant of several tokens with the same text: "the 2nd " before its name, or nothing. @param {number[]} ids */
export function whichOf(ids, position) {
  const isAlike = (id) => id === ids[position];
  if (ids.filter(isAlike).length < 2) return "";
  return `the ${ordinal(ids.slice(0, position + 1).filter(isAlike).length)} `;
}
