/**
 * <cut-text> <template data-words>…</template> </cut-text>   <cut-text only-tokens> … </cut-text>
 *
 * Somebody types, and sees how the text is cut into tokens: each with its id, and what the vocabulary has no token
 * for at its place. The text stands in the address, so that other figures of the page show it, too, such as a second
 * one that has only the tokens.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { cut, textToCut } from "../../app/cut.js";
import { Figure } from "../../app/figure.js";
import { showWhitespace } from "../../app/format.js";
import { wordsOf } from "../../app/page-words.js";
import { MAX_LENGTH } from "../../app/store.js";
import { tokenText } from "../../app/token-text.js";

const SAMPLES = ["rare", "capitals", "scripts"]; // texts to try
const MAX_LISTED = 8; // characters, of a kind: more are counted
const SILENCE = 1000; // milliseconds without a key, after which the result is read aloud

class CutText extends Figure {
  static properties = {
    text: { from: "store", type: String },
    onlyTokens: { type: Boolean, attribute: "only-tokens" },
    isEmpty: { state: true }, // somebody has deleted all of it
    announced: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    label { display: block; }
    textarea { display: block; width: 100%; margin-top: 4px; font: 400 1.1875rem/1.5 var(--serif); color: var(--text);
               background: var(--background); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px;
               resize: vertical; min-height: 3.9em; }
    .samples { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 8px; }
    .samples button { min-height: 36px; padding: 4px 14px; }
    dl { display: flex; flex-wrap: wrap; gap: 4px 32px; margin: 16px 0 8px; }
    dl div { display: flex; flex-direction: column-reverse; }
    dt { color: var(--muted); }
    dd { margin: 0; font: 600 1.5rem/1.2 var(--sans); }
    ol { list-style: none; margin: 0; padding: 4px 0; display: flex; flex-wrap: wrap; gap: 6px 3px; align-content: start;
         min-height: 116px; max-height: 300px; overflow-y: auto; }
    li { display: grid; justify-items: center; min-width: 0; max-width: 100%; }
    li b { font: 500 1rem/1.75 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; padding: 0 6px; border-radius: 6px;
           border: 1px solid var(--line); background: color-mix(in oklab, var(--accent) 8%, var(--panel)); }
    li i { font: 400 0.8125rem/1.4 var(--mono); color: var(--muted); }
    li.unknown b { background: none; border: 2px dashed var(--warning); color: var(--warning); }
    li.unknown i { color: var(--warning); padding: 0 3px; }
    .note { min-height: 3em; overflow-wrap: anywhere; max-width: 66ch; }
    :host([only-tokens]) ol { min-height: 54px; }
    .note b { color: var(--warning); font-weight: 600; }
    @media (max-width: 640px) { dl { justify-content: space-between; gap: 4px 12px; } ol { min-height: 168px; } }
  `,
  ];

  load(_run) {
    this.say = wordsOf(this);
    this.isEmpty = false;
    return true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.silence);
  }

  /** What is cut. */
  get shown() {
    return this.isEmpty ? "" : textToCut(this.run, this.text, this.say("example"));
  }

  type(text) {
    this.isEmpty = text === "";
    this.store.set({ text: text || null }, { replace: true });
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.announce(), SILENCE);
  }

  /** Said once somebody has stopped typing. */
  announce() {
    const { ids, unknown } = cut(this.run, this.shown);
    this.announced = `${this.say("tokens")}: ${ids.length}. ${unknown.length ? this.unknown(unknown) : ""}`;
  }

  draw() {
    const text = this.shown;
    const found = cut(this.run, text);
    if (this.onlyTokens) return this.tokens(found);
    return html`<label>${this.say("type")}
        <textarea rows="2" dir="auto" maxlength=${MAX_LENGTH} spellcheck="false" autocomplete="off" autocapitalize="none"
          .value=${text} @input=${({ target }) => this.type(target.value)}></textarea></label>
      <div class="samples" role="group" aria-label=${this.say("samples")}>${SAMPLES.map(
        (name) =>
          html`<button @click=${() => this.type(this.say(`text-${name}`))}>${this.say(`sample-${name}`)}</button>`,
      )}</div>
      ${this.numbers(text, found)}
      ${this.tokens(found)}
      <div class="note">${this.note(text, found)}</div>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  tokens({ items }) {
    return html`<ol dir="auto" tabindex="0" aria-label=${this.say("list")}>${items.map((item) => this.item(item))}</ol>`;
  }

  /** How many, and how many characters a token has, unless some have none. */
  numbers(text, { ids, unknown }) {
    const characters = Array.from(text).length;
    const perToken = ids.length && !unknown.length ? characters / ids.length : "–";
    const values = { characters, tokens: ids.length, "per-token": perToken };
    return html`<dl>${Object.entries(values).map(
      ([name, value]) =>
        html`<div><dt>${this.say(name)}</dt><dd data-number=${name}>${this.say("number", { n: value })}</dd></div>`,
    )}</dl>`;
  }

  item({ id, unknown }) {
    if (unknown === undefined) {
      return html`<li><b>${tokenText(this.run.vocab[id])}</b><i>${id}</i></li>`;
    }
    return html`<li class="unknown"><b>${tokenText(unknown)}</b><i>${this.say("no-token")}</i></li>`;
  }

  note(text, { known, unknown, replaced }) {
    if (!text) return html`<p>${this.say("empty")}</p>`;
    return html`${unknown.length ? html`<p><b>${this.unknown(unknown)}</b></p>` : nothing}
      ${replaced.length ? html`<p>${this.replaced(replaced)}</p>` : nothing}
      ${known === text ? nothing : html`<p>${this.say(known ? "gets" : "gets-nothing", { text: known })}</p>`}`;
  }

  unknown(unknown) {
    const different = [...new Set(unknown)];
    const list = different.slice(0, MAX_LISTED).map(showWhitespace).join(" ");
    const n = different.length - MAX_LISTED;
    return n > 0 ? this.say("unknown-more", { list, n }) : this.say("unknown", { list });
  }

  replaced(replaced) {
    const pairs = replaced
      .slice(0, MAX_LISTED)
      .map(([a, b]) => `${showWhitespace(a)} → ${showWhitespace(b)}`);
    return this.say("replaced", { list: pairs.join(", ") });
  }
}

customElements.define("cut-text", CutText);
