/** What somebody types or pastes: what a field takes of it, and what is said about the rest. */
import { html } from "../vendored/lit.js";
import { count, showWhitespace } from "./format.js";

const NAMED = 12; // unknown characters
const MANY = 5000; // characters that a browser takes long to paste

/**
 * What there is room for in a field: so many characters, and so many lines.
 * @param {string} text @param {{ characters: number, lines?: number }} room
 */
export function fitted(text, { characters, lines = Infinity }) {
  const cut = text.slice(0, Math.max(0, characters)).replace(/[\ud800-\udbff]$/, ""); // half an emoji
  const isTooMany = lines < Infinity && cut.split("\n", lines + 1).length > lines;
  return isTooMany ? cut.split("\n", lines).join("\n") : cut;
}

/** What is about to be pasted or dropped; "" if something else happens. @param {ClipboardEvent | InputEvent} event */
function broughtBy(event) {
  if (event instanceof ClipboardEvent) return event.clipboardData?.getData("text/plain") ?? "";
  const isInserted = ["insertFromPaste", "insertFromDrop"].includes(event.inputType);
  return isInserted ? (event.data ?? event.dataTransfer?.getData("text/plain") ?? "") : "";
}

/**
 * Take over what is pasted or dropped into a field if there is no room for all of it: a browser would cut it without
 * a word. And if it is long: with many lines, a browser would stop for seconds. A paste is taken over before the
 * browser makes an input of it, which takes as long again.
 * @param {ClipboardEvent | InputEvent} event a paste, or before an input
 * @param {{ characters: number, lines?: number }} limits of the field
 * @returns {number | null} how many characters are left out; null if the browser does it by itself
 */
export function takeOver(event, { characters, lines = Infinity }) {
  const field = /** @type {HTMLTextAreaElement} */ (event.target);
  const { value, selectionStart, selectionEnd } = field;
  const given = broughtBy(event).replace(/\r\n?/g, "\n");
  if (!given) return null;
  const rest = value.slice(0, selectionStart) + value.slice(selectionEnd);
  const taken = fitted(given, {
    characters: characters - rest.length,
    lines: lines - rest.split("\n").length + 1,
  });
  if (taken === given && given.length < MANY) return null;
  event.preventDefault();
  field.setRangeText(taken, selectionStart, selectionEnd, "end");
  return given.length - taken.length;
}

const RIGHT_TO_LEFT = /^[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** The direction of a text, as dir="auto" has it: a browser works that out again for every token that it is given. */
export const directionOf = (text) => (RIGHT_TO_LEFT.test(/\p{L}/u.exec(text)?.[0] ?? "") ? "rtl" : "ltr");

/** Which characters of a text the model does not know, and what becomes of them. */
export function unknownNote(unknown, nUnknown) {
  const named = unknown
    .slice(0, NAMED)
    .map((one, i) => html`${i ? ", " : ""}<b dir="auto">${showWhitespace(one)}</b>`);
  const more = unknown.length - NAMED;
  const others = more > 0 ? ` and ${count(more)} ${more === 1 ? "other" : "others"}` : "";
  const what =
    nUnknown === 1
      ? "it is left out, or read without its accent"
      : `these ${count(nUnknown)} characters are left out, or read without their accents`;
  return html`It has never seen ${named}${others}: ${what}.`;
}
