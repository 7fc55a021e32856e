/**
 * <lab-model></lab-model>
 *
 * Chooses the model that is trained in the page: one of a few sizes, each with the time that it takes on this machine,
 * or any numbers. Says how many parameters it has, and where they are.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { count, counted, percent } from "../../app/format.js";
import { LabChoice } from "../../app/lab-choice.js";
import { FIELDS, SIZE_NAMES } from "../../app/lab-fields.js";
import {
  FRACTIONS,
  SIZES,
  aboutHowLong,
  corrected,
  matrixRateOf,
  parametersOf,
  partsOf,
  problemOf,
  problemsOf,
  secondsFor,
  settingsOf,
  sizeOf,
  usualFor,
} from "../../app/lab-sizes.js";
import { measureSpeed } from "../../app/lab-speed.js";
import { WINDOW } from "../../engine/window.js";

const ONLY_GPT = ["n_layer", "n_head", "n_ctx"]; // a window model has none of these

class LabModel extends LabChoice {
  static properties = {
    speed: { from: "lab", attribute: false },
    machine: { state: true }, // see app/lab-sizes.js; null until it is measured, false where it cannot be
    draft: { state: true }, // settings that are typed and cannot be; null where there are none
  };

  static styles = [
    LabChoice.styles,
    controls,
    css`
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    .sizes { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; }
    .size { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 10px; align-items: start; align-content: start;
            border: 1px solid var(--line); border-radius: 12px; padding: 10px 12px; cursor: pointer; color: var(--text); }
    .size:hover { border-color: var(--accent); }
    .size:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
    .size:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
    .size:has(:disabled) { cursor: default; opacity: 0.7; }
    .size input { margin: 3px 0 0; accent-color: var(--accent); width: 16px; height: 16px; outline: none; }
    .size b { font-weight: 600; grid-column: 2; grid-row: 1; }
    .size span { grid-column: 2; color: var(--muted); }
    .about { margin-top: 16px; min-height: 3em; max-width: 66ch; text-wrap: pretty; }
    .total { margin-top: 8px; }
    .total b { font-weight: 600; }
    .parts { display: flex; gap: 2px; height: 20px; margin: 8px 0 12px; border-radius: 4px; overflow: hidden; }
    .parts i { min-width: 2px; background: var(--shade); }
    .legend { display: grid; grid-template-columns: repeat(auto-fit, minmax(270px, 1fr)); gap: 2px 24px; margin: 0;
              padding: 0; list-style: none; }
    .legend li { display: grid; grid-template-columns: 12px minmax(0, 1fr) auto; gap: 8px; align-items: baseline; }
    .legend i { width: 12px; height: 12px; border-radius: 3px; background: var(--shade); align-self: center; }
    .legend span { color: var(--muted); }
    details { margin-top: 16px; border-top: 1px solid var(--line); padding-top: 8px; }
    summary { cursor: pointer; color: var(--accent); padding: 6px 0; width: fit-content; font-weight: 500; }
    .fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 270px), 1fr)); gap: 16px 32px;
              margin-top: 8px; }
    .field { display: grid; gap: 2px; align-content: start; }
    .field label { justify-content: space-between; color: var(--text); font-weight: 500; min-height: 36px; }
    .field :is(input, select) { width: 7.5em; min-height: 36px; font: inherit; color: var(--text); background: var(--background);
                   border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; flex: none; }
    .field [aria-invalid="true"] { border-color: var(--warning); box-shadow: inset 0 0 0 1px var(--warning); }
    .field p { color: var(--muted); }
    .field .problem { color: var(--warning); }
    .unusual { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; margin-top: 12px; }
    .unusual p { flex: 1 1 20em; max-width: 66ch; text-wrap: pretty; }
    .unusual button { min-height: 36px; }
    a.term { color: inherit; text-decoration: underline dotted var(--accent) 2px; }
    .warning { margin-top: 12px; color: var(--muted); }
    @media (max-width: 900px) { .sizes { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; } }
    @media (max-width: 500px) {
      .sizes { grid-template-columns: minmax(0, 1fr); }
      .size { grid-template-columns: auto minmax(0, 1fr) auto; padding: 8px 12px; }
      .size span:last-child { grid-column: 2 / 4; }
      .size .parameters { grid-column: 3; grid-row: 1; }
    }
    @media (forced-colors: active) {
      .parts i, .legend i { forced-color-adjust: none; border: 1px solid CanvasText; }
      .size:has(:checked) { outline: 2px solid Highlight; }
    }
  `,
  ];

  /** Find out how fast this machine is, once it has nothing else to do; when it trains, its steps say so. */
  async measure() {
    this.isMeasured = true;
    try {
      this.machine = await measureSpeed();
      this.fitSteps();
    } catch {
      this.machine ??= false; // there are sizes, but no times
    }
  }

  /** A size that nobody has changed gets as many steps as this machine has time for. */
  fitSteps() {
    if (!this.isConnected || !this.machine) return;
    this.lab.machine = this.machine;
    if (this.status !== "ready") return;
    const { steps } = this.lab.fitted(this.settings);
    if (steps !== this.settings.steps) this.lab.setSettings({ steps });
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("settings")) this.draft = null;
    if (changed.has("speed")) this.learnFromSteps();
    if (!this.isMeasured && IDLE.includes(this.status)) this.measure();
  }

  /** The steps that are made in earnest know better. */
  learnFromSteps() {
    const milliseconds = this.speed?.millisecondsPerStep;
    if (!milliseconds) return;
    const settings = { ...this.settings, vocab_size: this.vocabSize };
    this.isMeasured = true;
    this.machine = corrected(this.machine || { overhead: 0, rate: 1 }, settings, milliseconds);
  }

  /** What the form shows: what is chosen, or what is typed and cannot be. */
  get shown() {
    return { ...(this.draft ?? this.settings), vocab_size: this.vocabSize };
  }

  drawLab() {
    const chosen = sizeOf(this.settings);
    return html`<fieldset><legend class="visually-hidden">Size of the model</legend>
        <div class="sizes">${Object.keys(SIZES).map((size) => this.option(size, chosen))}</div></fieldset>
      <p class="about">${this.about(chosen)}</p>
      ${this.unusual()}
      ${this.parameters()}
      ${this.hasLearned ? this.warning() : nothing}
      <details><summary>Choose the numbers yourself</summary>
        <fieldset><legend class="visually-hidden">Numbers of the model</legend>
          <div class="fields">${this.fields().map((name) => this.field(name))}</div></fieldset></details>`;
  }

  option(size, chosen) {
    const isChosen = size === chosen;
    const settings = isChosen
      ? { ...this.settings, vocab_size: this.vocabSize }
      : settingsOf(size, this.vocabSize, this.machine || null, this.tokens.ids?.length);
    return html`<label class="size"><input type="radio" name="size" value=${size} .checked=${isChosen}
        @change=${() => this.choose(size)}>
      <b>${SIZE_NAMES[size]}</b>
      <span class="parameters">${count(rounded(parametersOf(settings)))} parameters</span>
      <span>${this.howLong(settings)}</span></label>`;
  }

  /** "about 40 s, 600 steps" */
  howLong(settings) {
    const steps = counted(settings.steps, "step");
    if (this.machine) return `${aboutHowLong(secondsFor(settings, this.machine))}, ${steps}`;
    return this.machine === false ? steps : `${steps}, timing this machine …`;
  }

  choose(size) {
    this.lab.machine = this.machine || null;
    this.lab.chooseSize(size);
  }

  /** What the chosen model is, in two sentences. */
  about(chosen) {
    const { architecture, n_layer, n_head, n_ctx } = this.settings;
    if (architecture === "window") {
      return html`How language models were made before transformers (Bengio and others, 2003): it sees only the last
        ${WINDOW} tokens, and one layer works on all of them at once. Train it on the same text to see what attention adds.`;
    }
    const layers = n_layer === 1 ? "1 layer" : `${count(n_layer)} layers, each`;
    return html`A transformer, as train.py trains it: ${layers} with ${counted(n_head, "attention head")}. It sees
      ${count(n_ctx)} tokens at once.${chosen ? nothing : html` With these numbers, it takes ${this.howLong(this.shown)}.`}`;
  }

  /** The numbers that somebody has changed, which also train the next text: they would be forgotten in a closed panel. */
  unusual() {
    const usual = usualFor(this.settings);
    const names = this.fields().filter((name) => name in usual && usual[name] !== this.settings[name]);
    if (!names.length) return nothing;
    const shown = (value) => OPTIMIZERS[value] ?? value;
    const written = names.map(
      (name) =>
        `${FIELDS[name][0].toLowerCase()} ${shown(this.settings[name])} (usually ${shown(usual[name])})`,
    );
    return html`<div class="unusual"><p>You have changed numbers, and every text is trained with them:
        ${written.join(", ")}.</p><button @click=${() => this.makeUsual()}>Use the usual numbers</button></div>`;
  }

  makeUsual() {
    const usual = Object.entries(usualFor({ ...this.settings, optimizer: USUAL_OPTIMIZER }));
    const visible = usual.filter(([name]) => name in FIELDS);
    this.take({ ...this.settings, ...Object.fromEntries(visible) });
  }

  /** How many parameters there are, as a bar of its parts. */
  parameters() {
    const settings = { ...this.settings, vocab_size: this.vocabSize };
    const parts = partsOf(settings);
    const all = parametersOf(settings);
    return html`<p class="total"><b>${count(all)} parameters</b>, the numbers that training changes:</p>
      <div class="parts" aria-hidden="true">${parts.map(
        (part, i) =>
          html`<i style=${styleMap({ "--shade": shadeOf(i, parts), flex: `${part.parameters} 0 0px` })}></i>`,
      )}</div>
      <ul class="legend">${parts.map(
        (part, i) =>
          html`<li><i aria-hidden="true" style=${styleMap({ "--shade": shadeOf(i, parts) })}></i>${nameOf(part)}
            <span>${count(part.parameters)} (${percent(part.parameters / all)})</span></li>`,
      )}</ul>`;
  }

  /** What a change costs. */
  warning() {
    return html`<p class="warning">This model has learned for ${counted(this.step, "step")}. Another size or another number
      starts over.</p>`;
  }

  /** The numbers that this kind of model has. */
  fields() {
    const isWindow = this.settings.architecture === "window";
    return Object.keys(FIELDS).filter((name) => !(isWindow && ONLY_GPT.includes(name)));
  }

  field(name) {
    const [label, about] = FIELDS[name];
    const problems = this.draft ? problemsOf(this.shown) : [];
    const problem = problems.find((one) => this.wrongField(one) === name);
    const isWrong = Boolean(problem);
    return html`<div class="field"><label for=${name}>${label}${
      name === "optimizer" ? this.optimizers() : this.input(name, isWrong)
    }</label>
      <p id=${`${name}-about`}>${about}</p>
      <p class="problem" id=${`${name}-problem`} role="status">${
        isWrong
          ? `${problem.sentence} Until you mend it, the model keeps ${written(this.settings[name])}.`
          : nothing
      }</p></div>`;
  }

  /** Where a problem is said: at the number that was typed, if it is about that. */
  wrongField({ fields }) {
    return fields.includes(this.typed) ? this.typed : fields[0];
  }

  input(name, isWrong) {
    const isWhole = !FRACTIONS.includes(name);
    return html`<input id=${name} type="number" step=${isWhole ? "1" : "any"} .value=${inField(this.shown[name])}
      aria-describedby=${`${name}-about ${name}-problem`} aria-invalid=${String(isWrong)}
      @change=${({ target }) => this.type(name, target.value)}>`;
  }

  optimizers() {
    return html`<select id="optimizer" aria-describedby="optimizer-about"
      @change=${({ target }) => this.chooseOptimizer(target.value)}>${Object.entries(OPTIMIZERS).map(
        ([value, label]) =>
          html`<option value=${value} .selected=${value === this.shown.optimizer}>${label}</option>`,
      )}</select>`;
  }

  /** What suits one optimizer is far too much for the other, or too little. */
  chooseOptimizer(optimizer) {
    this.take({ ...(this.draft ?? this.settings), optimizer, matrix_lr: matrixRateOf(optimizer) });
  }

  type(name, value) {
    this.typed = name;
    this.take({ ...(this.draft ?? this.settings), [name]: value.trim() === "" ? NaN : Number(value) });
  }

  /** Choose settings; those that cannot be stay in the form until they are mended. */
  take(settings) {
    const isPossible = !problemOf({ ...settings, vocab_size: this.vocabSize });
    this.draft = isPossible ? null : settings;
    if (isPossible) this.lab.setSettings(settings);
  }
}

const IDLE = ["ready", "paused", "finished"];
const USUAL_OPTIMIZER = "muon";
const OPTIMIZERS = { muon: "Muon", adamw: "AdamW" };

const english = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
const written = (number) => english.format(number);

/** What stands in a field: nothing while what is typed is no number. */
const inField = (value) => (Number.isFinite(value) ? String(value) : "");

/** Where the glossary explains a part. */
const TERMS = {
  "token embedding": "embedding",
  "position embedding": "position-embedding",
  attention: "head",
  MLP: "mlp",
  norms: "norm",
  unembedding: "unembedding",
};

/** The name of a part, and the way to what it means. */
function nameOf({ name }) {
  const term = TERMS[name];
  return term ? html`<a class="term" href=${`lessons/glossary.html#${term}`}>${name}</a>` : name;
}

/** 31072 -> 31000: what one remembers of it. */
const rounded = (n) => Number(n.toPrecision(2));

/** The colour of a part: lighter and darker ones take turns, so that each is told from its neighbours. */
function shadeOf(i, parts) {
  const strength = 100 * (1 - (0.75 * i) / (parts.length - 1 || 1));
  return `color-mix(in oklab, var(--accent) ${strength.toFixed(0)}%, var(--panel))`;
}

customElements.define("lab-model", LabModel);
