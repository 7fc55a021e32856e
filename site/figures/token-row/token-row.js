/**
 * <token-row .run=${run} .look=${look} at="9" head="2.1"></token-row>
 *
 * A text as tokens. Green is how likely the model thought each token that it wrote; the bar under a
 * token is how much attention the chosen head gave it when the model predicted the token at the
 * chosen position. With .other, the first token that differs is marked.
 * Emits: "place" { at }.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { END } from "../../engine/tokenizer.js";
import { forward } from "../../kit/figure.js";
import { LookFigure } from "../../kit/look-figure.js";
import { firstDifference } from "../../kit/look.js";
import { alone, count, inText, percent, shade } from "../../kit/words.js";

class TokenRow extends LookFigure {
  static styles = [LookFigure.styles, css`
    .tokens { display: flex; flex-wrap: wrap; gap: 4px 2px; margin: 0; padding: 0; min-height: 76px;
              align-content: flex-start; }
    .token { font: 400 var(--small)/1.4 var(--mono); padding: 3px 3px 0; border: 0; border-radius: 4px;
             color: var(--ink); white-space: pre; cursor: pointer;
             max-width: 100%; overflow: hidden; text-overflow: ellipsis;
             display: inline-flex; flex-direction: column; box-shadow: inset 0 0 0 1px var(--line); }
    .given { color: var(--muted); }
    .from { box-shadow: inset 0 0 0 2px var(--query); }
    .chosen { box-shadow: inset 0 0 0 2px var(--chosen); }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .looked { height: 5px; margin: 2px -3px 0; border-radius: 0 0 4px 4px; display: block;
              background: var(--key); opacity: 0; }
    .looked1 { opacity: .16; } .looked2 { opacity: .26; } .looked3 { opacity: .36; }
    .looked4 { opacity: .46; } .looked5 { opacity: .56; } .looked6 { opacity: .66; }
    .looked7 { opacity: .76; } .looked8 { opacity: .84; } .looked9 { opacity: .92; }
    .looked10 { opacity: 1; }
    .ghost { color: var(--muted); }
    .says { margin-top: 8px; min-height: 3em; }
    .says b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
  `];

  walk(event) {
    const on = forward(event.currentTarget);
    const by = { ArrowRight: on, ArrowLeft: -on, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.go(this.place + by);
  }

  go(place) {
    this.tell("place", { at: Math.max(1, Math.min(this.look.last, place)) });
  }

  draw() {
    const { look, place } = this, ghost = look.last === look.length;
    const differs = this.other ? firstDifference(look, this.other) : null;
    return html`
      <div class="tokens" dir="auto" tabindex="0" role="group" aria-label=${this.ariaName()}
        @keydown=${this.walk} @click=${this.point}>
        ${look.ids.map((id, i) => this.token(i, alone(this.look.symbols[id]), i === differs))}
        ${ghost ? this.token(look.length, "?", differs === look.length) : nothing}</div>
      <p class="says" aria-live="polite">${this.says()}</p>`;
  }

  ariaName() {
    const { look } = this;
    return `${count(look.length)} tokens: ${look.ids.map((id) => inText(this.look.symbols[id])).join("")}`;
  }

  token(i, symbol, differs) {
    const { look, place } = this, isGiven = i < look.given;
    const kinds = ["token", isGiven ? "given" : i === look.length ? "ghost" : shade(look.believed(i).p),
                   i === place ? "chosen" : i === place - 1 ? "from" : "", differs ? "differs" : ""];
    const seen = i < place ? Math.ceil(10 * look.share(this.headNumber, place - 1, i) - 0.2) : 0;
    return html`<span class=${kinds.join(" ")} data-place=${i} dir=${symbol === alone(END) ? "ltr" : nothing}>${symbol}<i
      class=${`looked looked${Math.max(0, seen)}`}></i></span>`;
  }

  point(event) {
    const found = event.target.closest("[data-place]")?.dataset.place;
    if (found !== undefined) this.go(Number(found));
  }

  /** What there is to see, in a sentence. */
  says() {
    const { look, place } = this, name = (i) => html`<b dir="auto">${alone(this.look.symbols[look.ids[i]])}</b>`;
    const row = look.row(this.headNumber, place - 1), most = row.indexOf(Math.max(...row));
    const where = html`After reading up to ${name(place - 1)}, head ${
      this.layerAndHead.join(".")} looked most at ${name(most)} (${percent(row[most])}).`;
    if (place === look.length) return html`What might come next. ${where}`;
    const how = place < look.given ? "part of the prompt" : "written by the model";
    const p = look.believed(place)?.p;
    return html`Token ${place}, ${name(place)}: ${how}${p === undefined ? "." : `; the model gave it a
      probability of ${percent(p)}.`} ${where}`;
  }
}

customElements.define("token-row", TokenRow);
