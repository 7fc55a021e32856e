/**
 * <operated-result of="steer" leads-to="operated"></operated-result>
 *
 * What the operations do, in short, where somebody has just chosen one of this kind: how likely the token is that it
 * is about, and the first words of the texts. For "steer", that is the word that is steered to, where one of the two
 * words would stand in the text above; for "patch", what the other text leads to, after this one. The whole texts are
 * elsewhere.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { errorBox } from "../../app/figure.js";
import { inText, percent } from "../../app/format.js";
import { likeliest } from "../../app/next-tokens.js";
import { OperatedFigure, PANES, TITLES } from "../../app/operated-figure.js";
import { tellingTokens } from "../../app/patching.js";
import { placeOfWords, wordSteeredTo } from "../../app/steered-word.js";

const FIRST = 16; // tokens of each text
const BROKEN = 2 / 3; // of the mean probability of the untouched text: below it, the steered one has come apart
const PLACES = {
  written:
    "You see it at the first place in the text at the top where the model writes one of the two words.",
  likely: "You see it at the place in the text at the top where one of the two words is likeliest.",
  next: "You see it right after your beginning, as neither word comes up in the text at the top.",
};

class OperatedResult extends OperatedFigure {
  static properties = {
    of: {}, // the kind of operation
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page with the whole texts
    sense: { state: true }, // { key, untouched, steered }: see readSteered()
  };

  static styles = [
    OperatedFigure.styles,
    controls,
    css`
    .all { margin-top: 16px; border-top: 1px solid var(--line); padding-top: 16px; }
    .result { min-height: 11em; }
    .texts { display: grid; gap: 4px 32px; grid-template-columns: repeat(3, minmax(0, 1fr)); margin-top: 16px; }
    .text { font: 400 1.0625rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 3.4em; }
    .text span { border-radius: 3px; } .stale { opacity: 0.5; }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .sense { margin-top: 8px; min-height: 3em; max-width: 80ch; color: var(--muted); }
    .note { border-left: 4px solid var(--warning); padding-left: 12px; color: var(--text); }
    .lead { min-height: 36px; padding: 4px 16px; margin-top: 8px; }
    @media (max-width: 640px) { .texts { grid-template-columns: minmax(0, 1fr); } .text { min-height: 3.2em; } }
  `,
  ];

  get isWanted() {
    return this.chosen.some(({ kind }) => kind === this.of);
  }

  /** The last operation of this kind: the one that is shown in the figure around. */
  get shown() {
    return this.possible.findLast(({ kind }) => kind === this.of);
  }

  get effectKey() {
    return JSON.stringify([this.key, this.ids.length]);
  }

  async ask(signal) {
    await this.operated.prepared;
    const { shown } = this;
    if (!shown) return null;
    return shown.kind === "steer" ? this.askOfSteering(shown) : this.askOfPatch(signal);
  }

  askOfSteering(shown) {
    const { index, reason } = placeOfWords(this.promptIds, this.tokens, [shown.from, shown.to]);
    const why = `It is the word that you steer to. ${PLACES[reason]}`;
    return { before: this.ids.slice(0, index), id: wordSteeredTo(shown), why };
  }

  /** What comes next after both texts tells them apart. */
  async askOfPatch(signal) {
    const { operated, promptIds: before } = this;
    const { model } = operated.writing.state;
    const plain = await model.nextLogits(before, { signal });
    const other = await model.nextLogits(operated.state.otherIds, { signal });
    const id = tellingTokens(plain, other)?.b ?? likeliest(other).id;
    const why = "It is what the other text leads to. You see how likely it is right after your beginning.";
    return { before, id, why };
  }

  draw() {
    const failure = this.failure ?? this.writeError;
    if (failure) return errorBox(failure);
    if (!this.isReady || !this.shown) return nothing;
    return html`<div class="all">${this.chances()}
      <div class="texts">${PANES.map((pane) => this.firstWords(pane))}</div>
      ${this.of === "steer" ? this.drawSense() : nothing}
      ${this.leadTo(this.leadsTo, "To the whole texts and more seeds, in “Operate”")}</div>`;
  }

  updated(changed) {
    super.updated(changed);
    const isKnown = this.sense?.key === this.key;
    if (this.of !== "steer" || !this.isReady || !this.isFinished || isKnown) return;
    if (this.effect?.asked === this.effectKey) this.readSteered(this.key, this.controller.signal);
  }

  /** How likely the tokens of both texts are to the whole model, on average: those of a text that breaks are not. */
  async readSteered(key, signal) {
    this.sense = { key };
    const { promptIds } = this;
    const { n_ctx } = this.run.manifest.settings;
    const ids = [...promptIds, ...this.written.operated.tokens.map(({ id }) => id)];
    try {
      const { p } = await this.operated.writing.state.model.score(ids.slice(0, n_ctx), { signal });
      if (this.sense.key !== key) return;
      const untouched = mean(this.tokens.map((one) => one.p));
      this.sense = { key, untouched, steered: mean([...p.slice(promptIds.length - 1)]) };
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** Whether the text has broken under the steering. */
  drawSense() {
    const { key, untouched, steered } = this.sense ?? {};
    const isKnown = key === this.key && steered !== undefined && !Number.isNaN(steered + untouched);
    if (!isKnown) return html`<p class="sense"></p>`;
    const numbers = `The untouched model gives the tokens of the steered text a probability of ${percent(steered)} on
      average, and those of its own text ${percent(untouched)}`;
    return steered < BROKEN * untouched
      ? html`<p class="sense note"><b>So much steering breaks the text.</b> ${numbers}. Try less.</p>`
      : html`<p class="sense">${numbers}: the steered text still makes sense to it.</p>`;
  }

  firstWords(pane) {
    const tokens = this.tokensOf(pane);
    const { vocab } = this.run;
    const differs = this.differsAt(pane);
    const shown = tokens?.slice(0, FIRST) ?? [];
    const isMore = tokens?.length > FIRST;
    return html`<div role="group" aria-label=${`${TITLES[pane]}, the first words`}><h3>${TITLES[pane]} writes</h3>
      <p class=${`text ${this.isStale(pane) ? "stale" : ""}`} dir="auto">${shown.map(
        ({ id, p }, i) =>
          html`<span class=${`${colorToken(p)} ${i === differs ? "differs" : ""}`}>${inText(vocab[id])}</span>`,
      )}${isMore ? " …" : nothing}${tokens ? nothing : "…"}</p></div>`;
  }
}

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

customElements.define("operated-result", OperatedResult);
