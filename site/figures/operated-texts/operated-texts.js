/**
 * <operated-texts></operated-texts>
 *
 * The text above three times: by the whole model; by the model that is operated on; and by one with as much damage
 * done elsewhere, as a control. All three have the same luck. On request, they are written with more seeds, and it
 * is counted in how many the text differs, and in how many a word occurs.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { parseBranch } from "../../app/branch.js";
import { colorToken } from "../../app/colormap.js";
import { elsewhere, isDirection } from "../../app/control.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, inText, ordinal } from "../../app/format.js";
import { encodeTyped, tokenizerOf } from "../../app/forward-pass.js";
import { near } from "../../app/near.js";
import { describe, interventionOf, operationsOf } from "../../app/operations.js";
import { countWord, differing, divergence, seedsFrom, wordAt, writeSeeds } from "../../app/seed-counts.js";
import { END } from "../../engine/tokenizer.js";

const SEEDS = 8;
const BEFORE = 12; // tokens of the beginning that each pane shows
const PANES = ["untouched", "operated", "control"];
const TITLES = { untouched: "Untouched", operated: "Operated", control: "Control" };

class OperatedTexts extends Figure {
  static share = {
    title: "Untouched, operated, control",
    table: (figure) => figure.isReady && figure.chosen.length > 0 && figure.isFinished && figure.numbers(),
  };

  static properties = {
    operations: { from: "store", type: String },
    otherText: { from: "store", type: String },
    position: { from: "store", type: Number },
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    controlSeed: { state: true },
    written: { state: true }, // { operated: { key, tokens }, control: … }: what is there so far, of which question
    finished: { state: true }, // the question that has been answered
    otherIds: { state: true }, // the tokens of the text that patches come from
    counted: { state: true }, // { key, texts: { untouched: one text for each seed, … } }
    isCounting: { state: true },
    word: { state: true }, // the one that somebody chose
    failure: { state: true },
    announced: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .panes { display: grid; gap: 2px 32px; grid-template-columns: repeat(3, minmax(0, 1fr)); }
    .panes > div { display: grid; grid-template-columns: minmax(0, 1fr); grid-row: span 4; grid-template-rows: subgrid; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
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
    this.controlSeed = 1;
    this.written = {};
    this.otherIds = [];
    this.word = null;
    this.announced = "";
  }

  load() {
    return true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    this.counting?.abort();
    this.asked = null;
  }

  /** Whether what is asked for belongs to the run that is shown: of another one, it is about to change. */
  get isReady() {
    return Boolean(this.run && this.data && this.request?.run === this.run && this.promptIds.length);
  }

  get chosen() {
    return operationsOf(this.run, this.operations);
  }

  /** Those that can be done here: a patch needs its position in the beginning, and one in the other text. */
  get possible() {
    return this.chosen.filter(
      ({ kind, position, from }) =>
        kind !== "patch" || (position < this.promptIds.length && from < this.otherIds.length),
    );
  }

  /** What is done in the control: null where there is nothing to compare with. */
  get compared() {
    return elsewhere(this.possible, this.run.manifest.settings, this.controlSeed);
  }

  /** What the texts follow from. */
  get key() {
    const { request, model, promptIds, operations, otherText, controlSeed } = this;
    const { temperature, topK, topP, seed, branch, length } = request;
    return JSON.stringify([
      [model.run.name, model.step, promptIds, operations, otherText, controlSeed],
      [temperature, topK, topP, seed, branch, length],
    ]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady || this.key === this.asked) return;
    this.asked = this.key;
    this.stopCounting();
    this.controller?.abort();
    this.controller = new AbortController();
    this.finished = null;
    this.failure = null;
    if (!this.chosen.length) this.written = {};
    else this.write(this.key, this.controller.signal);
  }

  async write(key, signal) {
    try {
      await near(this, signal);
      const { start, encoded } = await encodeTyped(this.run, this.otherText ?? "");
      if (signal.aborted) return;
      this.otherIds = encoded.length ? [...start, ...encoded] : [];
      for (const { pane, intervention } of this.interventions()) {
        const onProgress = (more) => this.add(key, pane, more);
        const { seed } = this.request;
        await this.model.generate({ ...this.params, seed, intervention }, { signal, onProgress });
      }
      this.finished = key;
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** What all three have in common, but for the seed. */
  get params() {
    const { run, temperature, topK, topP, branch, length } = this.request;
    return {
      ids: this.promptIds,
      sampling: { temperature, topK, topP },
      branch: parseBranch(branch),
      tokens: length,
      end: tokenizerOf(run).end,
    };
  }

  /** What is done to the model in the panes that are not above. @returns {{ pane: string, intervention: object }[]} */
  interventions() {
    const { possible, compared, otherIds, controlSeed: control } = this;
    const operated = { pane: "operated", intervention: interventionOf(possible, otherIds) };
    if (!compared) return [operated];
    return [operated, { pane: "control", intervention: interventionOf(compared, otherIds, { control }) }];
  }

  /** What was written before stays until there is something else to read. */
  add(key, pane, more) {
    const before = this.written[pane]?.key === key ? this.written[pane].tokens : [];
    this.written = { ...this.written, [pane]: { key, tokens: [...before, ...more] } };
  }

  /** The tokens of a pane; null while there are none. */
  tokensOf(pane) {
    if (pane === "untouched") return this.tokens;
    if (pane === "control" && !this.compared) return null;
    return this.written[pane]?.tokens ?? null;
  }

  get isFinished() {
    return this.finished === this.key && !this.isWriting;
  }

  /** Where a pane differs from the untouched text; null if it does not, or not yet. */
  differsAt(pane) {
    const tokens = this.tokensOf(pane);
    if (!tokens) return null;
    const start = divergence(tokens, this.tokens);
    const isSure = this.isFinished || start < Math.min(tokens.length, this.tokens.length);
    return isSure ? start : null;
  }

  numbers() {
    const { vocab } = this.run;
    const rows = PANES.flatMap((pane) =>
      (this.tokensOf(pane) ?? []).map(({ id, p }, i) => [pane, i + 1, vocab[id], id, p]),
    );
    return [["text", "number", "token", "id", "probability"], ...rows];
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    if (!this.isReady) return html`<p class="caption">There is no text to write again yet.</p>`;
    return html`<div class=${`panes ${this.chosen.length ? "" : "empty"}`}>${PANES.map((pane) => this.pane(pane))}</div>
      <p class="caption">The greener a token, the likelier it was to the model that wrote it. The first token that
        differs from the untouched text is framed.</p>
      ${this.skipped()}${this.chosen.length ? html`${this.actions()}${this.seeds()}` : nothing}
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  pane(pane) {
    return html`<div role="group" aria-label=${TITLES[pane]}><h3>${TITLES[pane]}</h3>
      <p class="what" dir="auto">${this.what(pane)}</p>
      ${this.text(pane)}
      <p class="verdict">${pane === "untouched" ? nothing : this.verdict(pane)}</p></div>`;
  }

  /** What is done to the model that writes in a pane. */
  what(pane) {
    if (pane === "untouched") return "The text at the top: the whole model has written it.";
    if (!this.chosen.length) {
      return pane === "operated" ? "Nothing is done to the model yet." : "As much damage, but elsewhere.";
    }
    if (pane === "operated") return sentence(this.possible.map((one) => describe(this.run, one)));
    return this.compared ? this.whatIsCompared() : noControl;
  }

  whatIsCompared() {
    const moved = this.compared.filter((one) => !isDirection(one));
    const n = this.compared.length - moved.length;
    const random =
      n === 1
        ? "a random direction of the same size is added"
        : `${n} random directions of the same sizes are added`;
    const words = [...moved.map((one) => describe(this.run, one)), ...(n ? [random] : [])];
    return `${sentence(words)} This is drawn at random, so that you see what any such change does.`;
  }

  text(pane) {
    const tokens = this.tokensOf(pane) ?? [];
    const isStale = pane !== "untouched" && this.written[pane] && this.written[pane].key !== this.key;
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
      <button ?disabled=${!this.compared} @click=${() => this.controlSeed++}>Another control</button>
      <button class="primary" @click=${() => (this.isCounting ? this.stopCounting() : this.writeSeeds())}>${
        this.isCounting ? "Stop" : "Does it hold for other seeds?"
      }</button><span class="caption" role="status">${this.progress()}</span></div>`;
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
    const { params, key } = this;
    const seeds = seedsFrom(this.request.seed, SEEDS);
    this.counted = { key, texts: {} };
    this.isCounting = true;
    try {
      for (const { pane, intervention } of [
        { pane: "untouched", intervention: {} },
        ...this.interventions(),
      ]) {
        const onProgress = (texts) => {
          this.counted = { key, texts: { ...this.counted.texts, [pane]: texts } };
        };
        await writeSeeds(this.model, { ...params, intervention }, seeds, { signal, onProgress });
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
    this.announced = panes.map((pane) => `${TITLES[pane]}: ${this.verdict(pane)}`).join(" ");
  }
}

const noControl = "There is nothing to compare with: too few other parts of the model are left.";

/** A token with a frame around what is seen of it: its space may stand in the line above. */
function framed(token) {
  const space = token.trim() ? /^\s*/.exec(token)[0] : "";
  return html`${space}<span class="differs">${token.slice(space.length)}</span>`;
}

/** Several things that are true at once. */
const sentence = (words) => `${capital(words.join(", "))}.`;
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function summary({ differ, texts, meanStart }) {
  const start = meanStart === null ? "" : `, after ${meanStart.toFixed(1)} tokens on average`;
  return `${differ} of ${texts}${start}`;
}

customElements.define("operated-texts", OperatedTexts);
