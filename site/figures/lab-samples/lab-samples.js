/**
 * <lab-samples></lab-samples>
 *
 * What the model of the lab writes while it learns: five beginnings, and how it goes on. The surer it was of a token,
 * the darker the token is. A slider leads back to what it wrote before.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { wayOf } from "../../app/figure.js";
import { count, inText, isCut, percent } from "../../app/format.js";
import { LabFigure } from "../../app/lab-figure.js";
import { OnResize } from "../../app/resize.js";
import { tokenText } from "../../app/token-text.js";

const SHADES = 8; // that can be told apart

/** Even what is most unsure stays readable: see the styles below. */
const shadeOf = (p) => Math.round(SHADES * Math.sqrt(Math.min(1, p)));

/** That there is more to come; after the end of a sentence, apart from its full stop. */
const goesOn = (texts) => (/[.!?…]$/.test(texts.at(-1)) ? " …" : "…");

class LabSamples extends LabFigure {
  static share = { title: "What it writes", table: (figure) => figure.shown && figure.numbers() };

  static properties = {
    samples: { from: "lab" },
    prompts: { from: "lab" },
    tokens: { from: "lab" },
    text: { from: "lab" },
    chosenStep: { state: true }, // of the sample that is shown; null: the latest
    chosen: { state: true }, // [prompt, token] that is pointed at, or null
  };

  static styles = [
    LabFigure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    h3 span { color: var(--muted); font-weight: 400; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; grid-auto-rows: 1fr; gap: 2px; }
    li { contain: layout; border-bottom: 1px solid var(--line); }
    .text { font: 400 1.0625rem/1.45 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            padding: 3px 0; min-height: calc(1.45em + 6px); }
    .prompt { font-weight: 600; }
    .token.chosen { outline: 2px solid var(--chosen); outline-offset: 1px; border-radius: 3px; opacity: 1; }
    .shade0 { opacity: 0.64; } .shade1 { opacity: 0.66; } .shade2 { opacity: 0.68; } .shade3 { opacity: 0.72; }
    .shade4 { opacity: 0.77; } .shade5 { opacity: 0.82; } .shade6 { opacity: 0.88; } .shade7 { opacity: 0.94; }
    .about { min-height: 3em; margin: 4px 0 0; color: var(--muted); }
    .about b { font: 600 1em var(--mono); color: var(--text); overflow-wrap: anywhere; }
    .scrub { display: flex; gap: 8px; align-items: center; min-height: 44px; }
    .scrub input { flex: 1; min-width: 0; height: 32px; accent-color: var(--accent); }
    .scrub button { min-height: 36px; padding: 2px 14px; }
    @media (forced-colors: active) { .token { opacity: 1; border-bottom: 1px solid; } }
    @media (max-width: 640px) { ol { grid-auto-rows: auto; } .text { font-size: 1rem; min-height: calc(2.9em + 6px); } .about { min-height: 4.5em; } }
  `,
  ];

  constructor() {
    super();
    this.chosenStep = null;
    this.chosen = null;
    this.heights = [];
    new OnResize(this, () => this.forgetHeights());
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("text")) this.forgetHeights();
    if (changed.has("samples")) {
      if (!this.samples.some((one) => one.step === this.chosenStep)) this.chosenStep = null;
      if (this.chosenStep === null) this.chosen = null; // another token stands there now
    }
  }

  /** The sample that is shown, if there is one yet. */
  get shown() {
    const latest = this.samples?.at(-1);
    return this.samples?.find((one) => one.step === this.chosenStep) ?? latest;
  }

  get vocab() {
    return this.tokens.tokenizer?.vocab ?? [];
  }

  drawLab() {
    return html`<h3>What it writes ${this.stepName()}</h3>
      <ol>${(this.shown?.prompts ?? this.empty()).map((one, i) => this.item(one, i))}</ol>
      ${this.slider()}
      <p class="about" aria-live="polite" aria-atomic="true">${this.chosen ? this.aboutToken() : this.legend()}</p>`;
  }

  /** At which step it wrote that. */
  stepName() {
    if (!this.shown) return nothing;
    const { step } = this.shown;
    if (this.chosenStep !== null) return html`<span>at step ${count(step)}</span>`;
    return html`<span>${step ? `now, at step ${count(step)}` : "before it has learned anything"}</span>`;
  }

  /** Until there is something to show, its place. */
  empty() {
    return Array.from({ length: 5 }, () => ({ ids: [], tokens: [] }));
  }

  item({ ids, tokens }, i) {
    const { vocab } = this;
    const { end } = this.tokens.tokenizer ?? {};
    const prompt = ids.filter((id) => id !== end).map((id) => inText(vocab[id] ?? ""));
    const texts = tokens.map(({ id }) => vocab[id] ?? "");
    const [row, token] = this.chosen ?? [];
    return html`<li><p class="text" dir="auto" tabindex="0" role="group" aria-label=${this.label(i)} data-prompt=${i}
        @keydown=${(event) => this.walk(event, i, tokens.length)} @focus=${(event) => this.enter(event, i, tokens.length)}
        @pointerover=${(event) => this.hover(event, i)} @click=${(event) => this.point(event, i)}
        ><span class="prompt">${prompt.join("")}</span>${tokens.map(
          ({ p }, j) =>
            html`<span data-token=${j} class=${`token shade${shadeOf(p)} ${row === i && token === j ? "chosen" : ""}`}
              >${inText(texts[j])}</span>`,
        )}${texts.length && isCut(texts) ? goesOn(texts) : nothing}</p></li>`;
  }

  label(i) {
    const name = `Beginning ${i + 1}${this.prompts[i] ? `: ${this.prompts[i]}` : ""}`;
    return this.shown ? `${name}, at step ${count(this.shown.step)}` : name;
  }

  /** Back to earlier samples, and again to what it writes now. */
  slider() {
    const last = Math.max(1, (this.samples?.length ?? 1) - 1);
    const at = this.samples?.indexOf(this.shown) ?? 0;
    return html`<div class="scrub"><input type="range" min="0" max=${last} .value=${String(at)}
        ?disabled=${!this.samples || this.samples.length < 2} aria-label="Earlier samples"
        aria-valuetext=${this.shown ? `step ${count(this.shown.step)}` : "none yet"}
        @input=${({ target }) => this.scrub(Number(target.value))}>
      <button ?disabled=${this.chosenStep === null} @click=${() => (this.chosenStep = null)}>Now</button></div>`;
  }

  scrub(i) {
    this.chosen = null;
    this.chosenStep = i >= this.samples.length - 1 ? null : this.samples[i].step;
  }

  legend() {
    return "Bold is what it is given; the rest is its own. The surer it was of a piece, the more clearly it stands out.";
  }

  aboutToken() {
    const [row, token] = this.chosen;
    const { id, p } = this.shown.prompts[row].tokens[token];
    return html`It gave <b dir="auto">${tokenText(this.vocab[id])}</b> a probability of ${percent(p)}.`;
  }

  /** With the keyboard, one begins at its first token: so it can be seen that there is something to choose. */
  enter({ target }, prompt, length) {
    if (length && this.chosen?.[0] !== prompt && target.matches(":focus-visible")) this.choose([prompt, 0]);
  }

  walk(event, prompt, length) {
    const by = wayOf(event);
    if (!by || !length) return;
    const from = this.chosen?.[0] === prompt ? this.chosen[1] : -1;
    this.choose([prompt, Math.max(0, Math.min(length - 1, from + by))]);
  }

  /** A finger that touches a word may be about to scroll: only a tap chooses it. */
  hover(event, prompt) {
    if (event.pointerType !== "touch") this.point(event, prompt);
  }

  point(event, prompt) {
    const token = event.target.dataset?.token;
    if (token !== undefined) this.choose([prompt, Number(token)]);
  }

  choose(chosen) {
    this.chosen = chosen;
  }

  updated() {
    this.keepHeights();
  }

  /** A text that was longer once keeps its place: what stands below does not move up and down. */
  keepHeights() {
    for (const [i, text] of [...this.renderRoot.querySelectorAll(".text")].entries()) {
      const height = Math.max(this.heights[i] ?? 0, text.offsetHeight);
      if (height === this.heights[i]) continue;
      this.heights[i] = height;
      text.style.minHeight = `${height}px`;
    }
  }

  forgetHeights() {
    const { clientWidth } = this;
    const isOther = clientWidth !== this.measuredWidth || this.measuredText !== this.text;
    this.measuredWidth = clientWidth;
    this.measuredText = this.text;
    if (!isOther) return;
    this.heights = [];
    for (const text of this.renderRoot?.querySelectorAll(".text") ?? []) text.style.minHeight = "";
  }

  numbers() {
    return [
      ["step", "beginning", "number", "token", "id", "probability"],
      ...this.samples.flatMap(({ step, prompts }) =>
        prompts.flatMap(({ tokens }, i) =>
          tokens.map(({ id, p }, j) => [step, this.prompts[i], j + 1, this.vocab[id], id, p]),
        ),
      ),
    ];
  }
}

customElements.define("lab-samples", LabSamples);
