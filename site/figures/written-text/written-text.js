/**
 * <written-text></written-text>
 *
 * The beginning, and what the model wrote after it, while it does: the greener a token, the more likely it
 * was; or, on request, the stronger the blue, the less sure the model was. Chooses a position.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { moveTo } from "../../app/address.js";
import { formatBranch, parseBranch } from "../../app/branch.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { count, inText, percent, showWhitespace, spoken } from "../../app/format.js";
import { END } from "../../engine/tokenizer.js";

const UNSURE = 4 * Math.LN2; // nats, from which on the shade is strongest: 4 bits, like 16 equal options
const RIVALS = 2; // tokens that are named beside the chosen one
const SILENCE = 600; // milliseconds after the last token, until the text is read aloud

class WrittenText extends Figure {
  static share = {
    title: "A text of the model",
    table: (figure) => figure.promptIds?.length && figure.numbers(),
    copies: {
      "Copy the text": async (figure) => (await recordOf(figure)).text,
      "Copy it as JSON": async (figure) => JSON.stringify(await recordOf(figure), null, 2),
    },
  };

  static properties = {
    position: { from: "store", type: Number },
    branch: { from: "store", type: String },
    leadsTo: { attribute: "leads-to" }, // the id of the list of all tokens, which a phone shows further down
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    failure: { from: "writing", attribute: false }, // why it cannot write
    shows: { state: true }, // "probability" or "uncertainty"
    announced: { state: true }, // what is read aloud
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .text { font: 400 1.1875rem/1.7 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            min-height: 8.5em; }
    .prompt { color: var(--muted); }
    .token { border-radius: 3px; cursor: pointer; }
    .written { background: color-mix(in oklab, var(--shade) calc(42% * var(--part)), transparent); }
    .chosen { box-shadow: 0 0 0 2px var(--chosen); }
    .taken { text-decoration: underline 2px var(--chosen); text-underline-offset: 4px; }
    .end { font: 400 var(--small)/1 var(--mono); }
    .line { min-height: 3em; margin-top: 8px; max-width: 66ch; overflow-wrap: anywhere; }
    .line b { font: 600 1em var(--mono); }
    .line button { padding: 2px 12px; min-height: 32px; }
    .all { display: none; color: var(--accent); padding: 6px 0; }
    @media (max-width: 760px) { .all { display: inline-block; } .line { min-height: 4.5em; } }
    @media (max-width: 640px) and (max-aspect-ratio: 4/3) and (min-height: 421px) { /* above the bar, see page.css */
      .line:not(:empty) { position: sticky; bottom: 69px; background: var(--panel); padding: 4px 0;
                           border-top: 1px solid var(--line); }
    }
    .below { margin-top: 8px; flex-wrap: nowrap; justify-content: space-between; }
    .below button { flex: none; }
    .scale { display: inline-flex; vertical-align: -2px; box-shadow: 0 0 0 1px var(--line); }
    .scale i { width: 18px; height: 12px; }
    button { padding: 4px 14px; }
    @media (forced-colors: active) {
      .written, .scale i { forced-color-adjust: none; color: CanvasText; --shade: Highlight; }
      .chosen { box-shadow: none; outline: 3px double; }
    }
  `,
  ];

  constructor() {
    super();
    this.shows = "probability";
    this.announced = "";
  }

  load() {
    return true;
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    const ids = [...this.promptIds, ...this.tokens.map(({ id }) => id)];
    return html`
      <p class="text" dir="auto" tabindex="0" role="listbox" aria-label=${this.label()} aria-busy=${this.isWriting}
        aria-activedescendant=${this.position ? `token${this.position}` : nothing}
        @keydown=${this.walk} @click=${this.point}>${ids.map((id, i) => this.token(id, i))}${
          this.isStopped ? html`<span class="prompt" aria-hidden="true">…</span>` : nothing
        }</p>
      <p class="line">${this.about()}</p>
      <div class="row below">
        <p class="caption">${this.legend()}</p>
        <button aria-pressed=${String(this.shows === "uncertainty")} @click=${this.toggle}>How unsure it was</button>
      </div>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  /** Whether the text ends only because it is long enough. */
  get isStopped() {
    const last = this.tokens.at(-1);
    return Boolean(last) && !this.isWriting && this.run.vocab[last.id] !== END;
  }

  label() {
    return `The text, ${count(this.promptIds.length + this.tokens.length)} tokens`;
  }

  token(id, i) {
    const { vocab } = this.run;
    if (i === 0 && vocab[id] === END) return nothing; // every text begins with it
    const written = this.tokens[i - this.promptIds.length];
    const classes = ["token", written ? "written" : "prompt"];
    if (i === this.position) classes.push("chosen");
    if (this.isTaken(i)) classes.push("taken");
    const style = written ? { "--part": String(this.strength(written)), "--shade": this.shade } : {};
    const end = vocab[id] === END;
    return html`<span id=${`token${i}`} class=${classes.join(" ")} role="option" data-position=${i}
      aria-selected=${String(i === this.position)} aria-label=${this.name(id, written)}
      style=${styleMap(style)}>${end ? html`<span class="end"> (end)</span>` : inText(vocab[id])}</span>`;
  }

  /** The positions of the tokens that somebody chose in place of those that were drawn. */
  get taken() {
    const decisions = parseBranch(this.store.state.branch);
    const positions = decisions
      .filter(({ id }) => id !== undefined)
      .map(({ at }) => at + this.promptIds.length);
    return positions.filter((i) => i < this.promptIds.length + this.tokens.length);
  }

  isTaken(i) {
    return this.taken.includes(i);
  }

  /** What was chosen: a token, or what stands in this text only because somebody took it, at whatever step. */
  about() {
    const { taken } = this;
    const i = this.position || taken.at(-1);
    const token = this.tokens[i - this.promptIds.length];
    if (!token) return nothing;
    const rivals = token.top.filter(({ id }) => id !== token.id).slice(0, RIVALS);
    const what = taken.includes(i)
      ? html`You took ${this.word(token)}: the model did not draw it here, but gives it ${precisePercent(token.p)}.`
      : html`${this.named(token)}.`;
    return html`${what} Also possible: ${rivals.map((one, n) => html`${n ? ", " : ""}${this.named(one)}`)}.
      ${this.leadsTo ? html`<a class="all" href=${`#${this.leadsTo}`} @click=${this.goToList}>All tokens</a>` : nothing}
      ${taken.length ? html`<button @click=${this.leave}>Leave it to the model</button>` : nothing}`;
  }

  word({ id }) {
    return html`<b dir="auto">${showWhitespace(this.run.vocab[id])}</b>`;
  }

  named({ id, p }) {
    return html`${this.word({ id })} ${precisePercent(p)}`;
  }

  goToList(event) {
    event.preventDefault();
    moveTo(this.leadsTo);
  }

  /** From now on, every token is drawn. */
  leave() {
    const branch = parseBranch(this.store.state.branch).filter(({ id }) => id === undefined);
    this.store.set({ branch: formatBranch(branch) || null, position: this.position || null });
    this.renderRoot.querySelector(".text").focus({ preventScroll: true }); // the button is gone
  }

  get shade() {
    return this.shows === "probability" ? "var(--accent)" : "var(--value)";
  }

  /** How strong the shade of a token is, from 0 to 1. */
  strength({ p, entropy }) {
    return this.shows === "probability" ? p : Math.min(1, entropy / UNSURE);
  }

  name(id, written) {
    const token = spoken(this.run.vocab[id]);
    return written ? `${token}, probability ${percent(written.p)}` : token;
  }

  numbers() {
    const { vocab } = this.run;
    const beginning = this.promptIds.map((id) => ({ id }));
    return [
      ["position", "token", "id", "part", "probability", "entropy before it (nats)"],
      ...[...beginning, ...this.tokens].map(({ id, p, entropy }, i) => {
        const part = i < beginning.length ? "prompt" : "written";
        return [i, vocab[id], id, part, p, entropy];
      }),
    ];
  }

  legend() {
    const scale = html`<span class="scale" aria-hidden="true">${[0, 0.2, 0.4, 0.6, 0.8, 1].map(
      (part) =>
        html`<i class="written" style=${styleMap({ "--part": String(part), "--shade": this.shade })}></i>`,
    )}</span>`;
    return this.shows === "probability"
      ? html`How likely each token was: ${scale} 0 to 100%`
      : html`How unsure it was before each token: ${scale} 0 to 4 bits`;
  }

  toggle() {
    this.shows = this.shows === "probability" ? "uncertainty" : "probability";
  }

  walk(event) {
    const by = wayOf(event);
    if (!by) return;
    const last = this.promptIds.length + this.tokens.length - 1;
    const from = this.position || this.promptIds.length - (by > 0 ? 1 : 0);
    this.go(Math.max(1, Math.min(last, from + by)));
  }

  point(event) {
    const position = event.target.closest("[data-position]")?.dataset.position;
    if (position !== undefined) this.go(Number(position));
  }

  go(position) {
    this.store.set({ position });
  }

  /** The whole text is read aloud once it is finished: not each token. */
  updated(changed) {
    super.updated(changed);
    if (!changed.has("isWriting") && !changed.has("tokens")) return;
    clearTimeout(this.silence);
    if (this.isWriting || !this.tokens?.length) return;
    this.silence = setTimeout(() => {
      const text = this.tokens.map(({ id }) => inText(this.run.vocab[id])).join("");
      this.announced = `It wrote: ${text}`;
    }, SILENCE);
  }
}

/** What text-record.js says of what is written: few visits need it. */
async function recordOf({ writing, store }) {
  const { textRecord } = await import("../../app/text-record.js");
  return textRecord(writing.state, store.link);
}

customElements.define("written-text", WrittenText);
