/**
 * <operated-texts ranking="ranking"></operated-texts>
 *
 * What operations do, in three models: the whole one; the one that is operated on; and one with as much damage done
 * elsewhere, as a control. First, how likely each thinks one token of the text above, after the same words; then
 * the text that each writes with the same luck. On request, they are written with more seeds, and it
 * is counted in how many the text differs, and in how many a word occurs.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { errorBox } from "../../app/figure.js";
import { count, inText, ordinal } from "../../app/format.js";
import { OperatedFigure, PANES, TITLES } from "../../app/operated-figure.js";
import { countWord, differing, seedsFrom, wordAt, writeSeeds } from "../../app/seed-counts.js";
import { END } from "../../engine/tokenizer.js";

const SEEDS = 8;
const BEFORE = 12; // tokens of the beginning that each pane shows

class OperatedTexts extends OperatedFigure {
  static share = {
    title: "Untouched, operated, control",
    table: (figure) => figure.isReady && figure.chosen.length > 0 && figure.isFinished && figure.numbers(),
  };

  static properties = {
    ranking: {}, // the id of the part of the page that ranks heads
    counted: { state: true }, // { key, texts: { untouched: one text for each seed, … } }
    isCounting: { state: true },
    word: { state: true }, // the one that somebody chose
    announced: { state: true },
  };

  static styles = [
    OperatedFigure.styles,
    controls,
    css`
    .panes { display: grid; gap: 2px 32px; grid-template-columns: repeat(3, minmax(0, 1fr)); }
    .panes > div { display: grid; grid-template-columns: minmax(0, 1fr); grid-row: span 4; grid-template-rows: subgrid; }
    .on { list-style: none; margin: 4px 0 16px; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 24px; max-height: 13em; overflow-y: auto; }
    .on li { overflow-wrap: anywhere; } .on button { min-height: 32px; padding: 0 12px; margin-left: 6px; }
    .leads { margin-top: 8px; } .lead { min-height: 32px; padding: 0 14px; }
    .whole { margin-top: 24px; } .whole + p { margin-bottom: 12px; max-width: 80ch; }
    .what { color: var(--muted); min-height: 3em; overflow-wrap: anywhere; }
    .text { font: 400 1.0625rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0;
            min-height: 12em; max-height: 24em; overflow-y: auto; padding: 2px; align-self: start; }
    .stale { opacity: 0.5; }
    .text span { border-radius: 3px; } .countable [data-index] { cursor: pointer; }
    .prompt { color: var(--muted); }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px;
               box-shadow: 0 0 0 2px var(--warning); }
    .panes + p { margin-top: 8px; }
    .verdict { font-weight: 600; min-height: 1.5em; }
    .buttons { gap: 8px; margin-top: 12px; } .buttons button { padding: 4px 16px; }
    .seeds { margin-top: 16px; }
    table { border-collapse: collapse; width: 100%; max-width: 720px; }
    th, td { text-align: left; font-weight: 400; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); } tbody th { font-weight: 600; }
    input { width: 9em; min-height: 36px; font: inherit; color: var(--text); background: var(--background);
            border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    .wanted { margin: 8px 0; flex-wrap: wrap; gap: 0 8px; }
    @media (max-width: 760px) {
      .panes { grid-template-columns: minmax(0, 1fr); row-gap: 16px; }
      .panes > div { display: block; grid-row: auto; }
      .text { min-height: 5em; } .empty .text { min-height: 0; } .what { min-height: 1.5em; }
    }
    @media print { .wanted { display: none; } .text { max-height: none; } }
    @media (forced-colors: active) { .differs { box-shadow: none; outline: 2px dashed; } }
  `,
  ];

  constructor() {
    super();
    this.word = null;
    this.announced = "";
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.stopCounting();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.counted && this.counted.key !== this.key) this.stopCounting();
  }

  numbers() {
    const { vocab } = this.run;
    const rows = PANES.flatMap((pane) =>
      (this.tokensOf(pane) ?? []).map(({ id, p }, i) => [pane, i + 1, vocab[id], id, p]),
    );
    return [["text", "number", "token", "id", "probability"], ...rows];
  }

  draw() {
    const failure = this.failure ?? this.writeError;
    if (failure) return errorBox(failure);
    if (!this.isReady) return html`<p class="caption">There is no text to write again yet.</p>`;
    return html`${this.chosen.length ? this.result() : nothing}<div class=${`panes ${this.chosen.length ? "" : "empty"}`}>${PANES.map((pane) => this.pane(pane))}</div>
      <p class="caption">The greener a token, the likelier it was to the model that wrote it. The first token that
        differs from the untouched text is framed.</p>
      ${this.skipped()}${this.chosen.length ? html`${this.actions()}${this.seeds()}` : nothing}
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  /** What is on, and what that does to one token. */
  result() {
    return html`<h3 class="done" tabindex="-1">What is done to the model</h3>${this.listOn(this.chosen)}
      <div class="chance">${this.chances()}</div>
      ${this.ranking ? html`<p class="row leads">${this.leadTo(this.ranking, "Back to the ranking of heads")}</p>` : nothing}
      <h3 class="whole">The whole texts, with the same luck</h3>
      <p class="caption">${this.textVerdict()}</p>`;
  }

  /** What the texts as a whole say: less than the numbers above. */
  textVerdict() {
    const why =
      "One other token is enough to send all that follows another way: so the control’s text may differ as well.";
    if (!this.isFinished) return `They are being written. ${why}`;
    const [operated, control] = ["operated", "control"].map((pane) => this.differsAt(pane));
    if (operated === null && control === null) return "With this luck, nothing changes what is written.";
    if (control === null) {
      const compared = this.compared ? " The control’s text stays the same." : "";
      return `What is done changes the text.${compared} Other seeds show whether that holds.`;
    }
    if (operated === null)
      return `What is done changes nothing in this text, though the control does. ${why}`;
    return `Both texts differ from the untouched one. ${why} Compare the numbers above, or more seeds.`;
  }

  pane(pane) {
    return html`<div role="group" aria-label=${TITLES[pane]}><h3>${TITLES[pane]}</h3>
      <p class="what" dir="auto">${this.what(pane)}</p>
      ${this.text(pane)}
      <p class="verdict">${pane === "untouched" ? nothing : this.verdict(pane)}</p></div>`;
  }

  text(pane) {
    const tokens = this.tokensOf(pane) ?? [];
    const isStale = this.isStale(pane);
    const differs = this.differsAt(pane === "untouched" ? "operated" : pane);
    const { vocab } = this.run;
    return html`<p class=${`text ${isStale ? "stale" : ""} ${this.counted ? "countable" : ""}`} dir="auto" tabindex="0" aria-label=${`${TITLES[pane]}, the text`}
      role="group" aria-busy=${String(Boolean(isStale))}
      @click=${(event) => this.point(event, tokens)}>${this.beginning()}${tokens.map(
        ({ id, p }, i) =>
          html`<span data-index=${i} class=${colorToken(p)}>${i === differs ? framed(inText(vocab[id])) : inText(vocab[id])}</span>`,
      )}</p>`;
  }

  /** The end of what somebody typed: where the texts go on. */
  beginning() {
    const { vocab } = this.run;
    const ids = this.promptIds.filter((id) => vocab[id] !== END);
    const shown = ids.slice(-BEFORE).map((id) => inText(vocab[id]));
    return html`<span class="prompt">${ids.length > BEFORE ? "… " : ""}${shown.join("")}</span>`;
  }

  verdict(pane) {
    if (!this.tokensOf(pane) || !this.chosen.length) return "";
    const start = this.differsAt(pane);
    if (start !== null) return `First differs at the ${ordinal(start + 1)} token.`;
    if (!this.isFinished) return "It is writing …";
    return this.tokens.length ? "The same text." : "Nothing is written here either.";
  }

  /** Operations that mean nothing in this text. */
  skipped() {
    const n = this.chosen.length - this.possible.length;
    if (!n || !this.isFinished) return nothing;
    return html`<p class="caption">${n === 1 ? "One patch is" : `${count(n)} patches are`} left out: the beginning, or
      the other text, is too short for ${n === 1 ? "its" : "their"} position.</p>`;
  }

  actions() {
    return html`<div class="row buttons">
      <button ?disabled=${!this.compared} @click=${this.drawAgain}>Another control</button>
      <button class="primary" @click=${() => (this.isCounting ? this.stopCounting() : this.writeSeeds())}>${
        this.isCounting ? "Stop" : "Does it hold for other seeds?"
      }</button><span class="caption" role="status">${this.progress()}</span></div>`;
  }

  /** It stands in the address, so that others see the same control. */
  drawAgain() {
    this.store.set({ controlSeed: this.controlSeed + 1 });
  }

  progress() {
    const texts = Object.values(this.counted?.texts ?? {});
    const done = texts.reduce((sum, some) => sum + some.length, 0);
    if (this.isCounting) return `${done} of ${SEEDS * (this.compared ? 3 : 2)} texts are written …`;
    return this.counted ? `${done} texts are written.` : "";
  }

  /** Write all three with more seeds, in the background. */
  async writeSeeds() {
    this.counting = new AbortController();
    const { signal } = this.counting;
    const { key, operated } = this;
    const { params } = operated;
    const seeds = seedsFrom(this.request.seed, SEEDS);
    this.counted = { key, texts: {} };
    this.isCounting = true;
    try {
      for (const { pane, intervention } of [
        { pane: "untouched", intervention: {} },
        ...operated.interventions(),
      ]) {
        const onProgress = (texts) => {
          this.counted = { key, texts: { ...this.counted.texts, [pane]: texts } };
        };
        await writeSeeds(this.writing.state.model, { ...params, intervention }, seeds, {
          signal,
          onProgress,
        });
      }
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
    }
    this.isCounting = false;
  }

  /** What was counted for other texts means nothing any more. */
  stopCounting() {
    this.counting?.abort();
    this.isCounting = false;
    this.counted = null;
  }

  seeds() {
    if (!this.counted) return nothing;
    const { seed, temperature } = this.request;
    const word = this.shownWord;
    return html`<div class="seeds"><table>
      <caption class="visually-hidden">What ${SEEDS} seeds have in common</caption>
      <thead><tr><td></td><th scope="col">differs from the untouched text</th><th scope="col">${
        word ? html`has the word <b dir="auto">${word}</b>` : "has the word"
      }</th></tr></thead>
      <tbody>${PANES.filter((pane) => pane !== "control" || this.compared).map((pane) => this.row(pane, word))}</tbody></table>
      <label class="wanted">Count the word <input .value=${word} maxlength="40" dir="auto" spellcheck="false" autocomplete="off"
        @input=${({ target }) => (this.word = target.value.trim())}> or press one in the texts above.</label>
      <p class="caption">${this.moral()}Each is written with the seeds ${count(seed)} to ${count(seed + SEEDS - 1)}; the control is the same each
        time. Words of the beginning are not counted. ${temperature < 1e-6 ? "At temperature 0, the seed makes no difference." : nothing}</p></div>`;
  }

  /** What the counts do not show. */
  moral() {
    const { untouched, operated, control } = this.counted.texts;
    if (this.isCounting || !control) return "";
    const [chosen, random] = [operated, control].map((texts) => differing(texts, untouched).differ);
    if (!chosen || random < chosen) return "";
    return "The control changes at least as many texts: so look at when they change, and at which words come and go. ";
  }

  row(pane, word) {
    const { untouched, [pane]: texts } = this.counted.texts;
    if (!texts) return html`<tr><th scope="row">${TITLES[pane]}</th><td>…</td><td>…</td></tr>`;
    const found = word ? `${countWord(texts, this.run.vocab, word)} of ${texts.length}` : "";
    return html`<tr><th scope="row">${TITLES[pane]}</th><td>${
      pane === "untouched" ? "" : summary(differing(texts, untouched))
    }</td><td>${found}</td></tr>`;
  }

  /** The word that is counted: one that somebody chose here, or at the top; or the first that the operation has brought. */
  get shownWord() {
    if (this.word !== null) return this.word;
    const { promptIds, tokens, position } = this;
    const { vocab } = this.run;
    const above = [...promptIds.map((id) => ({ id })), ...tokens];
    if (position > 0 && position < above.length) return wordAt(above, vocab, position) ?? "";
    const start = this.differsAt("operated");
    return (start !== null && wordAt(this.tokensOf("operated"), vocab, start)) || "";
  }

  point({ target }, tokens) {
    const index = target.closest("[data-index]")?.dataset.index;
    if (index !== undefined) this.word = wordAt(tokens, this.run.vocab, Number(index));
  }

  /** The result is read aloud once it is there: not each token. */
  updated(changed) {
    super.updated(changed);
    if (!this.isReady || !this.isFinished || this.said === this.key) return;
    this.said = this.key;
    const panes = PANES.slice(1).filter((pane) => this.tokensOf(pane));
    const texts = panes.map((pane) => `${TITLES[pane]}: ${this.verdict(pane)}`);
    this.announced = [this.spokenEffect, ...texts].join(" ");
  }
}

/** A token with a frame around what is seen of it: its space may stand in the line above. */
function framed(token) {
  const space = token.trim() ? /^\s*/.exec(token)[0] : "";
  return html`${space}<span class="differs">${token.slice(space.length)}</span>`;
}

function summary({ differ, texts, meanStart }) {
  const start = meanStart === null ? "" : `, after ${meanStart.toFixed(1)} tokens on average`;
  return `${differ} of ${texts}${start}`;
}

customElements.define("operated-texts", OperatedTexts);
