/**
 * <compare-texts></compare-texts>
 *
 * Two texts side by side, with the same luck: that of the page, and a second one that has another beginning, step,
 * temperature or run, or is by the model that is operated on. Says where they part, and marks the words that differ;
 * and, on request, in how many of several seeds they do, whether that is more than other seeds change, and in how many
 * texts of each a word occurs.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { parseBranch } from "../../app/branch.js";
import { colorToken } from "../../app/colormap.js";
import { printable } from "../../app/command.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, inText, percent, spoken } from "../../app/format.js";
import { encodeTyped, tokenizerOf } from "../../app/forward-pass.js";
import { MARKED, markedWords, withMarks } from "../../app/marked-words.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { near } from "../../app/near.js";
import { interventionOf, operationsOf } from "../../app/operations.js";
import { openRun } from "../../app/run.js";
import { bitsPerToken } from "../../app/score.js";
import { formatOther, parseOther, partingOf } from "../../app/second-text.js";
import {
  countWord,
  mostDifferentWord,
  seedsFrom,
  wordAt,
  wordsOf,
  writeSeeds,
} from "../../app/seed-counts.js";
import { CLEAR_COUNT, compareSeeds, compareSurprise, verdictOf } from "../../app/seed-likeness.js";
import { nearest } from "../../app/step-scale.js";
import { MAX_LENGTH } from "../../app/store.js";
import { wordDiff } from "../../app/word-diff.js";
import { END } from "../../engine/tokenizer.js";

const SEEDS = 8;
const TYPING = 250; // milliseconds without a key, after which the model writes
const BEFORE = 12; // tokens of the beginning that each pane shows

class CompareTexts extends Figure {
  static share = {
    title: "Two texts compared",
    table: (figure) => figure.isReady && figure.isCurrent && figure.numbers(),
  };

  static properties = {
    runs: { from: "page", attribute: false },
    other: { from: "store", type: String },
    operations: { from: "store", type: String },
    otherText: { from: "store", type: String },
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    second: { state: true }, // { key, run, model, promptIds, params, tokens, isWriting }
    counted: { state: true }, // { first, second: the texts, bits, seeds, surprise: see app/seed-likeness.js, most: a word }
    isCounting: { state: true },
    word: { state: true }, // the one that somebody chose
    failure: { state: true },
    announced: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    markedWords,
    css`
    .panes { display: grid; gap: 8px 32px; grid-template: auto auto / repeat(2, minmax(0, 1fr)); }
    .side { display: grid; grid-template-rows: subgrid; grid-row: span 2; min-width: 0; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    .choices { display: grid; gap: 4px 24px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
    .choices .whole { grid-column: 1 / -1; }
    .field { display: block; } textarea:focus-visible { outline-offset: -2px; border-radius: 8px; }
    textarea { display: block; width: 100%; min-height: 2.6em; max-height: 8em; resize: vertical; padding: 8px 12px;
               font: 400 1.0625rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; field-sizing: content; margin-top: 4px; }
    select { min-height: 36px; flex: 1 1 auto; min-width: 0; }
    .choices label:not(.field) { min-height: 40px; }
    input[type="range"] { flex: 1 1 60px; min-width: 0; accent-color: var(--accent); height: 32px; margin: 0; }
    input[type="checkbox"] { accent-color: var(--accent); width: 20px; height: 20px; margin: 0; flex: none; }
    output { min-width: 2.2em; font-weight: 600; color: var(--text); text-align: right; }
    .text { font: 400 1.0625rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            min-height: 9em; max-height: 24em; overflow-y: auto; padding: 2px; }
    .text span { border-radius: 3px; } .text [data-index] { cursor: pointer; }
    .prompt { color: var(--muted); }
    .differs { box-shadow: 0 0 0 2px var(--chosen); }
    .verdict { font-weight: 600; min-height: 1.5em; margin-top: 8px; }
    .stale { opacity: 0.5; }
    .buttons { gap: 8px 16px; margin-top: 8px; } button { min-height: 36px; padding: 4px 16px; }
    .likeness { display: grid; grid-template-columns: auto minmax(40px, 160px) auto; gap: 4px 16px; align-items: center;
                width: fit-content; max-width: 100%; margin: 8px 0; }
    .likeness dt { grid-column: 1; } .likeness dd { margin: 0; text-align: right; }
    .surprise { margin-bottom: 8px; }
    .bar { height: 9px; border-radius: 0 4px 4px 0; min-width: 1px; background: var(--accent); }
    table { border-collapse: collapse; width: 100%; max-width: 560px; margin-top: 12px; }
    th, td { text-align: left; font-weight: 400; padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); } tbody th { font-weight: 600; } th b { overflow-wrap: anywhere; }
    .wanted { margin: 8px 0; flex-wrap: wrap; gap: 0 8px; }
    .wanted input { width: 9em; min-height: 36px; font: inherit; color: var(--text); background: var(--background);
                    border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    @media (max-width: 760px) {
      .panes { grid-template: none / minmax(0, 1fr); }
      .side + .side { margin-top: 16px; } .verdict { min-height: 3em; }
      .text { min-height: 5em; }
    }
    @media (max-width: 640px) {
      .choices { grid-template-columns: minmax(0, 1fr); }
      .likeness { grid-template-columns: minmax(0, 1fr) 72px auto; gap: 4px 12px; }
    }
    @media (forced-colors: active) { .differs { box-shadow: none; outline: 2px dashed; } }
  `,
  ];

  constructor() {
    super();
    this.word = null;
    this.announced = "";
  }

  load() {
    this.second = null;
    return true;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    this.counting?.abort();
    clearTimeout(this.timer);
    this.asked = null;
  }

  get isReady() {
    return Boolean(this.data && this.request?.run === this.run && this.promptIds.length);
  }

  /** Whether the second text that is shown is the one that is asked for. */
  get isCurrent() {
    return this.second?.key === this.key;
  }

  /** What is different in the second text. */
  get choices() {
    return parseOther(this.other ?? "");
  }

  /** What both texts follow from. */
  get key() {
    const { request, model, promptIds, other, operations, otherText } = this;
    const { temperature, topK, topP, seed, branch, length } = request;
    const operated = this.choices.operated ? [operations, otherText] : [];
    return JSON.stringify([
      [model.run.name, model.step, promptIds, other, operated],
      [temperature, topK, topP, seed, branch, length],
    ]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady || this.key === this.asked) return;
    this.asked = this.key;
    this.stopCounting();
    this.counted = null;
    this.word = null;
    this.failure = null;
    this.controller?.abort();
    this.controller = new AbortController();
    this.write(this.key, this.controller.signal);
  }

  /** Write the second text. */
  async write(key, signal) {
    try {
      await near(this, signal);
      const second = { key, tokens: [], isWriting: true, ...(await this.prepare(signal)) };
      signal.throwIfAborted();
      this.second = second;
      if (second.promptIds.length) {
        const onProgress = (more) => {
          this.second = { ...this.second, tokens: [...this.second.tokens, ...more] };
        };
        await second.model.generate({ ...second.params, seed: this.request.seed }, { signal, onProgress });
      }
      this.second = { ...this.second, isWriting: false };
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** The model that writes the second text, and what it is asked for. */
  async prepare(signal) {
    const { request, choices } = this;
    const run = this.isOtherRun ? await openRun(choices.run) : this.run;
    const model = new LiveModel(run, nearestSnapshot(run, choices.step ?? this.usualStep(run)));
    const prompt = await encodeTyped(run, choices.text ?? request.text);
    const promptIds = [...prompt.start, ...prompt.encoded];
    const isSameText = !this.isOtherRun && choices.text === undefined;
    const params = {
      ...this.paramsOf(run, promptIds, choices.temperature ?? request.temperature),
      branch: isSameText ? parseBranch(request.branch) : [],
      intervention: await this.intervention(promptIds, signal),
    };
    return { run, model, promptIds, params };
  }

  paramsOf(run, ids, temperature) {
    const { topK, topP, length } = this.request;
    return { ids, sampling: { temperature, topK, topP }, tokens: length, end: tokenizerOf(run).end };
  }

  /** The step of the second text while none is chosen: of another run, the last one. */
  usualStep(run) {
    return this.isOtherRun ? run.manifest.snapshots.at(-1).step : this.request.step;
  }

  get isOtherRun() {
    const { run } = this.choices;
    return run !== undefined && run !== this.run.name;
  }

  /** What is done to the second model: only to one of the same run, whose parts and tokens are meant. */
  async intervention(promptIds, signal) {
    if (!this.choices.operated || this.isOtherRun) return {};
    const { start, encoded } = await encodeTyped(this.run, this.otherText ?? "");
    signal.throwIfAborted();
    const isThere = ({ kind, position }) => kind !== "patch" || position < promptIds.length;
    return interventionOf(
      operationsOf(this.run, this.operations).filter(isThere),
      this.otherText ? [...start, ...encoded] : [],
    );
  }

  choose(changes) {
    const other = formatOther({ ...this.choices, ...changes }) || null;
    this.store.set({ other }, { replace: true });
  }

  numbers() {
    const { run, tokens, second } = this;
    const rows = (side, vocab, text) => text.map(({ id, p }, i) => [side, i + 1, vocab[id], id, p]);
    return [
      ["text", "number", "token", "id", "probability"],
      ...rows("first", run.vocab, tokens),
      ...rows("second", second.run.vocab, second.tokens),
    ];
  }

  draw() {
    if (!this.isReady) return html`<p class="caption">There is no text yet.</p>`;
    const parting = this.parting();
    return html`<div class="panes">
        <div class="side"><div><h3>First: the text of this page</h3><p class="caption">${this.about()}</p></div>
          ${this.pane("first", this.run, this.promptIds, this.tokens, parting?.[0])}</div>
        <div class="side"><div><h3>Second</h3>${this.controls()}</div>
          ${this.failure ? html`<div>${errorBox(this.failure)}</div>` : this.secondPane(parting?.[1])}</div></div>
      <p class="verdict">${this.verdict(parting)}</p>
      <p class="caption">${this.diff ? this.inCommon(this.diff) : nothing}</p>
      ${this.seeds()}
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  /** How the first text is written. */
  about() {
    const { temperature, seed } = this.request;
    return `Step ${count(this.model.step)} of ${printable(this.run.name)}, temperature ${temperature}, seed ${count(
      seed,
    )}, nothing switched off. All of that is chosen at the top.`;
  }

  controls() {
    const { choices, request } = this;
    const temperature = choices.temperature ?? request.temperature;
    const hasOperations = Boolean(this.operations) && !this.isOtherRun;
    return html`<div class="choices">
      <label class="field whole">its beginning<textarea dir="auto" rows="1" maxlength=${MAX_LENGTH} spellcheck="false"
        .value=${choices.text ?? request.text} @input=${this.type}></textarea></label>
      ${this.runMenu()}${this.stepMenu()}
      <label>temperature <input type="range" min="0" max="2" step="0.1" .value=${String(temperature)}
        @input=${({ target }) => this.choose({ temperature: Number(target.value) })}>
        <output aria-hidden="true">${temperature.toFixed(1)}</output></label>
      <label><input type="checkbox" .checked=${Boolean(choices.operated) && hasOperations} ?disabled=${!hasOperations}
        @change=${({ target }) => this.choose({ operated: target.checked || undefined })}> operated on, as above${
          this.operations ? nothing : " (nothing is, yet)"
        }</label>
    </div>`;
  }

  runMenu() {
    const names = (this.runs ?? []).map(({ name }) => name);
    if (names.length < 2 && !this.isOtherRun) return nothing;
    const shown = this.choices.run ?? this.run.name;
    const listed = names.includes(shown) ? names : [...names, shown];
    return html`<label>run <select aria-label="Run of the second text" @change=${({ target }) => this.chooseRun(target.value)}>${listed.map(
      (name) => html`<option value=${name} .selected=${name === shown}>${printable(name)}</option>`,
    )}</select></label>`;
  }

  /** Another run has other steps, and what is done to this one means nothing in it. */
  chooseRun(name) {
    this.choose({ run: name === this.run.name ? undefined : name, step: undefined, operated: undefined });
  }

  stepMenu() {
    const run = this.second?.run.name === (this.choices.run ?? this.run.name) ? this.second.run : this.run;
    const steps = run.manifest.snapshots.map(({ step }) => step);
    const shown = nearest(this.choices.step ?? this.usualStep(run), steps);
    return html`<label>step <select aria-label="Step of the second text" @change=${({ target }) => this.choose({ step: Number(target.value) })}>${steps.map(
      (step) => html`<option value=${step} .selected=${step === shown}>${count(step)}</option>`,
    )}</select></label>`;
  }

  type({ target }) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const text = target.value.trim() ? target.value : undefined;
      this.choose({ text: text === this.request.text ? undefined : text });
    }, TYPING);
  }

  get isWritten() {
    return this.isCurrent && !this.isWriting && !this.second.isWriting;
  }

  /** What the two have in common, word for word, once both are written; null if they are the same. */
  get diff() {
    if (!this.isWritten || !this.second.promptIds.length) return null;
    const one = wordsOf(this.tokens, this.run.vocab);
    const other = wordsOf(this.second.tokens, this.second.run.vocab);
    const key = `${one}\0${other}`;
    if (this.diffOf?.key !== key) this.diffOf = { key, ...wordDiff(one, other) };
    return one === other ? null : this.diffOf;
  }

  /** Whether the two texts have different beginnings: then they part by themselves. */
  get beginsDifferently() {
    const beginning = (ids, vocab) =>
      wordsOf(
        ids.map((id) => ({ id })),
        vocab,
      );
    const { run, promptIds } = this.second;
    return beginning(this.promptIds, this.run.vocab) !== beginning(promptIds, run.vocab);
  }

  /** Where the texts part, as far as both are written; null where they do not. */
  parting() {
    if (!this.isCurrent || this.beginsDifferently) return null;
    const strings = (tokens, { vocab }) => tokens.map(({ id }) => vocab[id]);
    const one = strings(this.tokens, this.run);
    const other = strings(this.second.tokens, this.second.run);
    const found = partingOf(one, other);
    const isOpen = this.isWriting || this.second.isWriting;
    if (found && isOpen && (found[0] >= one.length || found[1] >= other.length)) return null; // the other one goes on
    return found;
  }

  secondPane(differsAt) {
    const { run, promptIds, tokens } = this.second ?? { run: this.run, promptIds: [], tokens: [] };
    return this.pane("second", run, promptIds, tokens, differsAt);
  }

  pane(side, run, promptIds, tokens, differsAt) {
    const { vocab } = run;
    const ranges = this.diff?.ranges[side === "first" ? 0 : 1] ?? [];
    let start = 0; // of a token, in characters
    const prompt = promptIds.map((id) => vocab[id]).filter((token, i) => i > 0 || token !== END);
    const label = side === "first" ? "The first text" : "The second text";
    const isStale = side === "second" && !this.isCurrent;
    return html`<p class=${isStale ? "text stale" : "text"} dir="auto" tabindex="0" role="group" aria-label=${label}
      @click=${(event) => this.point(event, side)}><span class="prompt">${prompt.length > BEFORE ? "…" : ""}${prompt
        .slice(-BEFORE)
        .map(inText)
        .join("")}</span>${tokens.map(({ id, p }, i) => {
        const token = html`<span data-index=${i} class=${`${colorToken(p)} ${i === differsAt ? "differs" : ""}`}>${withMarks(
          vocab[id],
          start,
          ranges,
          inText,
        )}</span>`;
        start += vocab[id].length;
        return token;
      })}</p>`;
  }

  /** Where they part, in words. */
  verdict(parting) {
    const { second } = this;
    if (this.failure) return "";
    if (!this.isCurrent || this.isWriting || second.isWriting) return "…";
    if (!second.promptIds.length)
      return "The model of the second text has no token for anything in its beginning.";
    if (this.beginsDifferently)
      return "They begin differently, so it says little that they are not the same.";
    if (!parting) {
      return this.other
        ? "Both texts are the same, to the last token."
        : "Both texts are the same so far: change something in the second.";
    }
    const [at, otherAt] = parting;
    const same = `They are the same for ${count(at)} ${at === 1 ? "token" : "tokens"}. Then`;
    return html`${at ? same : "They part at once:"} the first ${goesOn(this.run, this.tokens[at])}, the second
      ${goesOn(second.run, second.tokens[otherAt])}.`;
  }

  /** How many words both have, in a sentence. */
  inCommon({ common, nWords: [one, other] }) {
    const same = common === 1 ? "1 is" : `${common ? count(common) : "none"} are`;
    return `After the beginning, the first has ${count(one)} words and the second ${count(other)}; ${same} the same, in the same order. ${MARKED}${this.beginsDifferently ? "" : " Framed: where they part."}`;
  }

  /** Whether neither text depends on a seed. */
  get isWithoutLuck() {
    const { temperature, topK } = this.request;
    const temperatures = [temperature, this.choices.temperature ?? temperature];
    return topK === 1 || temperatures.every((one) => one < 1e-6);
  }

  /** Whether the difference is one of these two texts only. */
  seeds() {
    const isDisabled = !this.isWritten || !this.second.promptIds.length || Boolean(this.failure);
    if (this.isWithoutLuck) {
      return html`<p class="caption">Both always take the likeliest token, so no luck is involved: what differs comes
        from what you have changed.</p>`;
    }
    return html`<div class="row buttons"><button aria-disabled=${String(isDisabled)}
        @click=${() => (this.isCounting ? this.stopCounting() : !isDisabled && this.count())}>${
          this.isCounting ? "Stop" : `Write each with ${SEEDS} seeds`
        }</button><span class="caption" role="status">${this.progress()}</span></div>
      ${this.counted ? this.counts() : nothing}`;
  }

  progress() {
    if (this.isCounting) return `${this.counted.first.length} of ${SEEDS} seeds are written …`;
    return this.counted ? "" : "So you see whether what differs is more than chance.";
  }

  async count() {
    const { signal } = (this.counting = new AbortController());
    this.isCounting = true;
    this.counted = { first: [], second: [], bits: this.hasSameTokens ? [] : null };
    try {
      for (const seed of seedsFrom(this.request.seed, SEEDS)) await this.countSeed(seed, signal);
      const { first, second, bits } = this.counted;
      const firsts = first.map((one) => wordsOf(one, this.run.vocab));
      const seconds = second.map((one) => wordsOf(one, this.second.run.vocab));
      const seeds = compareSeeds(firsts, seconds);
      const most = mostDifferentWord(firsts, seconds);
      this.counted = { ...this.counted, seeds, surprise: compareSurprise(bits), most };
      this.announced = `${this.chance()} ${this.summary()}`;
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
    if (!signal.aborted) this.isCounting = false;
  }

  /** Both texts of a seed, and how well the first model predicts each. */
  async countSeed(seed, signal) {
    const { model, promptIds, request, second } = this;
    const params = {
      ...this.paramsOf(this.run, promptIds, request.temperature),
      branch: parseBranch(request.branch),
    };
    const [one] = await writeSeeds(model, params, [seed], { signal });
    const [other] = await writeSeeds(second.model, second.params, [seed], { signal });
    let { first, second: others, bits } = this.counted;
    if (bits) {
      const ofOne = await bitsPerToken(model, promptIds, one, signal);
      const ofOther = await bitsPerToken(model, second.promptIds, other, signal);
      bits = [...bits, [ofOne, ofOther]];
    }
    this.counted = { ...this.counted, first: [...first, one], second: [...others, other], bits };
  }

  /** Whether the first model can read what the second one writes. */
  get hasSameTokens() {
    const [one, other] = [this.run, this.second.run];
    return one === other || one.vocab.join("\0") === other.vocab.join("\0");
  }

  stopCounting() {
    this.counting?.abort();
    this.isCounting = false;
  }

  /** In how many seeds the two texts differ. */
  summary() {
    const { first, second } = this.counted;
    const strings = (text, { vocab }) => text.map(({ id }) => vocab[id]);
    const partings = first.map((text, i) =>
      partingOf(strings(text, this.run), strings(second[i], this.second.run)),
    );
    const differ = partings.filter(Boolean);
    if (!first.length) return "";
    if (this.beginsDifferently) return ""; // then they differ anyway
    const mean = differ.reduce((sum, [at]) => sum + at, 0) / differ.length;
    const where = differ.length ? `, after ${mean.toFixed(1)} tokens on average` : "";
    return `The two differ in ${count(differ.length)} of ${count(first.length)} seeds${where}.`;
  }

  /** Whether that is more than other luck does. */
  chance() {
    const { seeds, surprise } = this.counted;
    if (!this.other) return "Nothing is changed yet.";
    if (seeds.between === 1) return "What you have changed makes no difference here.";
    return {
      more: "What you have changed does more than other luck.",
      less: "Other luck does more than what you have changed.",
      unclear: "Other luck does about as much as what you have changed.",
    }[verdictOf(seeds, surprise)];
  }

  /** How much two texts have in common: with what was changed, and without it. */
  likeness({ between, within: [first, second], nLess, nSeeds }) {
    const rows = [
      ["the first and the second, with the same seed", between],
      ["two of the first, with different seeds", first],
      ["two of the second, with different seeds", second],
    ];
    return html`<p class="caption">In ${nLess ? count(nLess) : "none"} of ${count(nSeeds)} seeds, the two have fewer words
        in common than two texts with the same settings usually have. Words in common, on average:</p><dl class="likeness">${rows.map(
          ([name, part]) =>
            html`<dt>${name}</dt><dd class="bar" aria-hidden="true" style=${styleMap({ width: `${100 * part}%` })}></dd>
          <dd>${percent(part)}</dd>`,
        )}</dl>`;
  }

  /** How well the first model predicts the texts of both, in words. */
  surprise() {
    const { bits, surprise } = this.counted;
    if (!bits) {
      return html`<p class="caption surprise">The two models have different tokens, so the first cannot be asked how much the texts
        of the second surprise it.</p>`;
    }
    if (!surprise) return nothing;
    const { first, second, chance, isClear } = surprise;
    return html`<p class="caption surprise">When the first model reads them, its own texts surprise it by
      <b>${first.toFixed(2)} bits</b> a token on average, and those of the second by <b>${second.toFixed(2)} bits</b>. ${
        isClear ? "That is more than chance" : "That may be chance"
      }: with the texts shuffled, a difference as large comes up ${percent(chance)} of the time. Unlike words in common,
      this sees spelling and grammar.</p>`;
  }

  counts() {
    const { first, second, seeds } = this.counted;
    const word = this.shownWord;
    const found = (texts, run) => (word ? `${countWord(texts, run.vocab, word)} of ${texts.length}` : "");
    return html`<p class="verdict">${seeds ? this.chance() : nothing} ${this.summary()}</p>${
      seeds ? [this.surprise(), this.likeness(seeds)] : nothing
    }<table><caption class="visually-hidden">In how many texts a word
        occurs</caption>
      <thead><tr><td></td><th scope="col">${word ? html`has the word <b dir="auto">${word}</b>` : "has the word"}</th></tr></thead>
      <tbody><tr><th scope="row">First</th><td>${found(first, this.run)}</td></tr>
        <tr><th scope="row">Second</th><td>${found(second, this.second.run)}</td></tr></tbody></table>
      <label class="wanted">Count the word <input .value=${word} maxlength="40" dir="auto" spellcheck="false" autocomplete="off"
        @input=${({ target }) => (this.word = target.value.trim())}> or press one in the texts above.</label>
      ${seeds && word ? html`<p class="caption" role="status">${this.wordVerdict(word)}</p>` : nothing}`;
  }

  /** Whether a word tells the two apart. */
  wordVerdict(word) {
    const { first, second, most } = this.counted;
    if (this.word === null) {
      return `Of the ${count(most.among)} words in these texts, this one tells the two apart best. It was chosen for that, so
        its difference says less than that of a word which you choose.`;
    }
    const [one, other] = [
      countWord(first, this.run.vocab, word),
      countWord(second, this.second.run.vocab, word),
    ];
    const isClear = Math.abs(one - other) >= CLEAR_COUNT;
    return `${isClear ? "This word tells them apart." : "This may be chance."} With ${SEEDS} texts each, a difference of
      ${CLEAR_COUNT} or more is hardly ever chance.`;
  }

  /** The word that is counted: the one that somebody chose, or the one whose counts differ most. */
  get shownWord() {
    return this.word ?? this.counted.most?.word ?? "";
  }

  point({ target }, side) {
    const index = target.closest("[data-index]")?.dataset.index;
    if (index === undefined) return;
    const { tokens, run } = side === "first" ? this : this.second;
    this.word = wordAt(tokens, run.vocab, Number(index));
  }

  /** Where they part is read aloud once both are written: not each token. */
  updated(changed) {
    super.updated(changed);
    const isDone = this.isReady && !this.isWriting && this.isCurrent && !this.second.isWriting;
    if (!isDone || this.said === this.key) return;
    this.said = this.key;
    this.updateComplete.then(() => {
      this.announced =
        this.renderRoot.querySelector(".verdict")?.textContent.replace(/\s+/g, " ").trim() ?? "";
    });
  }
}

/** How a text goes on with a token, in words; without one, it has ended. */
function goesOn(run, token) {
  if (!token || run.vocab[token.id] === END) return "ends";
  const name = run.vocab[token.id];
  return html`goes on with “<span dir="auto">${inText(name).trim() || spoken(name)}</span>”`;
}

customElements.define("compare-texts", CompareTexts);
