/**
 * <token-row></token-row>
 *
 * A text as tokens. Green is the probability of each token that the model wrote; the bar under a token
 * is its attention weight in the chosen head, when the model predicted the token at the chosen
 * position. Where two texts are compared, the first token that differs is marked. Chooses a position.
 * A long text scrolls inside, by whole rows: what is said about it stays in sight. A page may fix how many
 * rows one sees, and the height of what is said: --token-rows and --description-height.
 */
import { css, html, nothing, render } from "../../vendored/lit.js";
import { END } from "../../engine/tokenizer.js";
import { colorToken } from "../../app/colormap.js";
import { Fades, fades } from "../../app/fades.js";
import { wayOf } from "../../app/figure.js";
import { capitalized, count, percent, showWhitespace, spoken } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { firstDifference } from "../../app/forward-pass.js";
import { layerAndHead } from "../../app/heads.js";

class TokenRow extends ForwardPassFigure {
  static share = { title: "A text, token by token", table: (figure) => figure.isReady && figure.numbers() };

  static styles = [
    ForwardPassFigure.styles,
    fades,
    css`
    :host { --row: calc(1.3em + 14px); }  /* a box, and the gap below it */
    .tokens { display: flex; flex-wrap: wrap; gap: 4px 2px; margin: 0; padding: 2px;
              min-height: calc(var(--token-rows, 2) * var(--row)); max-height: calc(var(--token-rows, 7) * var(--row));
              align-content: flex-start; overflow-y: auto; position: relative;
              scroll-snap-type: y mandatory; scroll-padding: 2px; }
    .token { font: 400 var(--small)/1.3 var(--mono); padding: 3px 3px 0; border: 0; border-radius: 4px;
             color: var(--text); white-space: pre; cursor: pointer; height: calc(1.3em + 10px); scroll-snap-align: start;
             max-width: 100%; overflow: hidden; text-overflow: ellipsis;
             display: inline-flex; flex-direction: column; box-shadow: inset 0 0 0 1px var(--line); }
    .prompt { color: var(--muted); }
    .query { box-shadow: inset 0 0 0 2px var(--query); }
    .chosen { box-shadow: inset 0 0 0 2px var(--chosen); }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .weight { height: 5px; margin: auto -3px 0; border-radius: 0 0 4px 4px; display: block;
              background: var(--key); opacity: 0; }
    .weight1 { opacity: .16; } .weight2 { opacity: .26; } .weight3 { opacity: .36; }
    .weight4 { opacity: .46; } .weight5 { opacity: .56; } .weight6 { opacity: .66; }
    .weight7 { opacity: .76; } .weight8 { opacity: .84; } .weight9 { opacity: .92; }
    .weight10 { opacity: 1; }
    .ghost { box-shadow: none; border: 2px dashed var(--muted); width: 1.6em; }
    .ghost.query { border-color: var(--query); }
    .ghost.chosen { border-color: var(--chosen); }
    .ghost.differs { border-color: var(--warning); }
    .caption { margin-top: 2px; }
    .description { margin-bottom: 8px; min-height: 3.2em; height: var(--description-height, auto);
                   overflow-y: auto; line-height: 1.6; }
    .description b { font: 600 1em var(--mono); overflow-wrap: anywhere; padding: 0 3px; border-radius: 4px;
                     box-shadow: inset 0 0 0 1px var(--line); }
    @media (max-width: 640px) { .description { min-height: 4.8em; } }
    @media print { .tokens { max-height: none; overflow: visible; } .description { height: auto; } }
    @media (forced-colors: active) {
      .query { box-shadow: none; outline: 2px dashed; outline-offset: -2px; }
      .chosen { box-shadow: none; outline: 4px double; outline-offset: -3px; }
    }
  `,
  ];

  constructor() {
    super();
    this.fades = new Fades(this, ".tokens");
  }

  walk(event) {
    const by = wayOf(event);
    if (!by) return;
    this.go(this.shownPosition + by);
  }

  go(position) {
    this.store.set({ position: Math.max(1, Math.min(this.pass.lastPosition, position)) });
  }

  /** What updated() puts in is new with each text: nothing moves, and only what differs costs time. */
  draw() {
    return html`
      <div class="description" id="description"></div>
      <div class="fades"><div class="tokens" dir="auto" tabindex="0" role="listbox" aria-label=${this.label()}
        aria-activedescendant=${`token${this.shownPosition}`} aria-describedby="description"
        @keydown=${this.walk} @click=${this.point}></div></div>
      ${this.otherPass ? nothing : html`<p class="caption">${this.key()}</p>`}`;
  }

  /** How to read what stands in the boxes, and the name of a head, where one first meets them. */
  key() {
    const [layer, head] = layerAndHead(this.shownHead);
    return html`A dot (·) is a space. Head ${this.shownHead} is head ${head} of layer ${layer}, counted from 0.`;
  }

  label() {
    const side = this.sides ? `${capitalized(this.namedSides[0].name)}` : "The text";
    return `${side}, ${count(this.pass.length)} tokens`;
  }

  updated(changed) {
    super.updated(changed);
    const row = this.renderRoot.querySelector(".tokens");
    if (!row || !this.isReady) return;
    const { pass, shownPosition } = this;
    const hasGhost = pass.lastPosition === pass.length;
    const shown = `${pass.length} ${hasGhost}`;
    if (this.filled?.row !== row || this.filled.pass !== pass || this.filled.shown !== shown) {
      row.replaceChildren(...Array.from({ length: pass.length + Number(hasGhost) }, (_, i) => this.box(i)));
      this.filled = { row, pass, shown };
    }
    const sentence = document.createElement("p");
    render(this.description(), sentence);
    this.renderRoot.querySelector(".description").replaceChildren(sentence);
    const differs = this.otherPass ? firstDifference(pass, this.otherPass) : null;
    for (const [i, box] of [...row.children].entries()) this.mark(box, i, differs);
    const box = row.children[shownPosition];
    if (this.inSight !== box) requestAnimationFrame(() => this.showBox(row, box)); // once all is laid out
    this.inSight = box;
  }

  /** The box of a token, new with each text: none of them moves. */
  box(i) {
    const isGhost = i === this.pass.length;
    const token = isGhost ? "" : showWhitespace(this.tokenAt(i)); // the model has written nothing there
    const box = Object.assign(document.createElement("span"), { id: `token${i}`, textContent: token });
    box.dataset.position = String(i);
    box.setAttribute("role", "option");
    if (token === showWhitespace(END)) box.dir = "ltr";
    box.append(document.createElement("i"));
    return box;
  }

  /** The shade, the frame, the bar and the name of a box. */
  mark(box, i, differs) {
    const { pass, shownPosition: position } = this;
    const classes = ["token", "shade"];
    if (i < pass.promptLength) classes.push("prompt");
    else classes.push(i === pass.length ? "ghost" : colorToken(pass.nextTokenProbs(i).p));
    if (i === position) classes.push("chosen");
    if (i === position - 1) classes.push("query");
    if (i === differs) classes.push("differs");
    const weight =
      i < position && !pass.isOff(this.headIndex) ? pass.weight(this.headIndex, position - 1, i) : 0;
    const tenths = Math.max(0, Math.ceil(10 * weight - 0.2));
    change(box, "class", classes.join(" "));
    change(box.lastChild, "class", `weight shade weight${tenths}`);
    change(box, "aria-selected", String(i === position));
    change(box, "aria-label", this.name(i, weight));
  }

  /** What is read aloud of a token: it says more of the chosen one. */
  name(i, weight) {
    const { pass, shownPosition: position } = this;
    const token = i === pass.length ? "what might come next" : spoken(this.tokenAt(i));
    const p = i < pass.promptLength ? undefined : pass.nextTokenProbs(i)?.p;
    const likely = p === undefined || p === null ? "" : `, probability ${percent(p)}`;
    const seen = weight > 0.02 ? `, looked at with ${percent(weight)}` : "";
    if (i !== position) return `${token}${likely}${seen}`;
    if (pass.isOff(this.headIndex)) return `${token}${likely}. Head ${this.shownHead} is switched off`;
    const { key, most } = this.mostAttended();
    return `${token}${likely}. After ${spoken(this.tokenAt(i - 1))}, head ${this.shownHead} looked most at ${spoken(
      this.tokenAt(key),
    )}, ${percent(most)}`;
  }

  mostAttended() {
    const row = this.pass.attentionRow(this.headIndex, this.shownPosition - 1);
    const most = Math.max(...row);
    return { key: row.indexOf(most), most };
  }

  /** Scroll a long text, but not the page, until the chosen token is in sight, below a row of what came before. */
  showBox(row, box) {
    if (!box?.isConnected) return;
    const top = box.offsetTop;
    const bottom = top + box.offsetHeight;
    if (top < row.scrollTop || bottom > row.scrollTop + row.clientHeight) {
      row.scrollTop = top - 1.3 * box.offsetHeight; // it snaps to a row
    }
    this.fades.mark();
  }

  point(event) {
    const position = event.target.closest("[data-position]")?.dataset.position;
    if (position !== undefined) this.go(Number(position));
  }

  /** Each token, its probability if the model wrote it, and how much the head looks at it. */
  numbers() {
    const { pass, shownPosition: position } = this;
    const weights = pass.isOff(this.headIndex) ? [] : pass.attentionRow(this.headIndex, position - 1);
    return [
      [
        "position",
        "token",
        "id",
        "part",
        "probability",
        `weight in head ${this.shownHead} at position ${position - 1}`,
      ],
      ...pass.ids.map((id, i) => {
        const isGiven = i < pass.promptLength;
        const p = isGiven ? null : pass.nextTokenProbs(i).p;
        return [i, this.tokenAt(i), id, isGiven ? "prompt" : "written", p, weights[i]];
      }),
    ];
  }

  /** What there is to see, in a sentence. */
  description() {
    const { pass, shownPosition: position } = this;
    const name = (i) => html`<b dir="auto">${tokenText(this.tokenAt(i))}</b>`;
    const { key, most } = this.mostAttended();
    const where = pass.isOff(this.headIndex)
      ? html`Head ${this.shownHead} is switched off: it looks at nothing here.`
      : html`With ${name(position - 1)} as the last token read, head ${
          this.shownHead
        } looked most at ${name(key)} (${percent(most)}).`;
    if (position === pass.length) return html`What might come next. ${where}`;
    const p = pass.nextTokenProbs(position)?.p;
    if (position < pass.promptLength && p === undefined) {
      return html`${name(position)} is part of the prompt. ${where}`;
    }
    return html`The model gave ${name(position)} a probability of ${percent(p)}. ${where}`;
  }
}

/** Set an attribute only if it changes: that is what takes time. */
function change(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

customElements.define("token-row", TokenRow);
