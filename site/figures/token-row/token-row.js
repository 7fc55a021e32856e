/**
 * <token-row></token-row>
 *
 * A text as tokens. Green is the probability of each token that the model wrote; the bar under a token
 * is its attention weight in the chosen head, when the model predicted the token at the chosen
 * position. Where two texts are compared, the first token that differs is marked. Chooses a position.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { END } from "../../engine/tokenizer.js";
import { colorToken } from "../../app/colormap.js";
import { textDirection } from "../../app/figure.js";
import { count, inText, percent, showWhitespace } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { firstDifference } from "../../app/forward-pass.js";

class TokenRow extends ForwardPassFigure {
  static styles = [
    ForwardPassFigure.styles,
    css`
    .tokens { display: flex; flex-wrap: wrap; gap: 4px 2px; margin: 0; padding: 0; min-height: 76px;
              align-content: flex-start; }
    .token { font: 400 var(--small)/1.4 var(--mono); padding: 3px 3px 0; border: 0; border-radius: 4px;
             color: var(--text); white-space: pre; cursor: pointer;
             max-width: 100%; overflow: hidden; text-overflow: ellipsis;
             display: inline-flex; flex-direction: column; box-shadow: inset 0 0 0 1px var(--line); }
    .prompt { color: var(--muted); }
    .query { box-shadow: inset 0 0 0 2px var(--query); }
    .chosen { box-shadow: inset 0 0 0 2px var(--chosen); }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .weight { height: 5px; margin: 2px -3px 0; border-radius: 0 0 4px 4px; display: block;
              background: var(--key); opacity: 0; }
    .weight1 { opacity: .16; } .weight2 { opacity: .26; } .weight3 { opacity: .36; }
    .weight4 { opacity: .46; } .weight5 { opacity: .56; } .weight6 { opacity: .66; }
    .weight7 { opacity: .76; } .weight8 { opacity: .84; } .weight9 { opacity: .92; }
    .weight10 { opacity: 1; }
    .ghost { color: var(--muted); }
    .description { margin-top: 8px; min-height: 3em; }
    .description b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
  `,
  ];

  walk(event) {
    const on = textDirection(event.currentTarget);
    const by = { ArrowRight: on, ArrowLeft: -on, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.go(this.shownPosition + by);
  }

  go(position) {
    this.store.set({ position: Math.max(1, Math.min(this.pass.lastPosition, position)) });
  }

  draw() {
    const { pass } = this;
    const hasGhost = pass.lastPosition === pass.length;
    const differs = this.otherPass ? firstDifference(pass, this.otherPass) : null;
    return html`
      <div class="tokens" dir="auto" tabindex="0" role="group" aria-label=${this.label()}
        @keydown=${this.walk} @click=${this.point}>
        ${pass.ids.map((id, i) => this.token(i, showWhitespace(pass.vocab[id]), i === differs))}
        ${hasGhost ? this.token(pass.length, "?", differs === pass.length) : nothing}</div>
      <p class="description" aria-live="polite">${this.description()}</p>`;
  }

  label() {
    const { ids, vocab, length } = this.pass;
    return `${count(length)} tokens: ${ids.map((id) => inText(vocab[id])).join("")}`;
  }

  token(i, token, differs) {
    const { pass, shownPosition: position } = this;
    const classes = ["token"];
    if (i < pass.promptLength) classes.push("prompt");
    else classes.push(i === pass.length ? "ghost" : colorToken(pass.nextTokenProbs(i).p));
    if (i === position) classes.push("chosen");
    if (i === position - 1) classes.push("query");
    if (differs) classes.push("differs");
    const weight = i < position ? pass.weight(this.headIndex, position - 1, i) : 0;
    const tenths = Math.max(0, Math.ceil(10 * weight - 0.2));
    return html`<span class=${classes.join(" ")} data-position=${i}
      dir=${token === showWhitespace(END) ? "ltr" : nothing}>${token}<i
      class=${`weight weight${tenths}`}></i></span>`;
  }

  point(event) {
    const position = event.target.closest("[data-position]")?.dataset.position;
    if (position !== undefined) this.go(Number(position));
  }

  /** What there is to see, in a sentence. */
  description() {
    const { pass, shownPosition: position } = this;
    const name = (i) => html`<b dir="auto">${showWhitespace(pass.vocab[pass.ids[i]])}</b>`;
    const row = pass.attentionRow(this.headIndex, position - 1);
    const most = row.indexOf(Math.max(...row));
    const where = html`After reading up to ${name(position - 1)}, head ${
      this.shownHead
    } looked most at ${name(most)} (${percent(row[most])}).`;
    if (position === pass.length) return html`What might come next. ${where}`;
    const source = position < pass.promptLength ? "part of the prompt" : "written by the model";
    const p = pass.nextTokenProbs(position)?.p;
    return html`Token ${position}, ${name(position)}: ${source}${
      p === undefined ? "." : `; the model gave it a probability of ${percent(p)}.`
    } ${where}`;
  }
}

customElements.define("token-row", TokenRow);
