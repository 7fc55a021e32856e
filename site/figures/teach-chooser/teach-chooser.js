/**
 * <teach-chooser></teach-chooser>
 *
 * What a grown model is taught: which run and how old, the sentences, what of it may change, how much of its old text
 * is mixed in, how many updates; and the button.
 */
import { html, css, nothing, styleMap } from "../../vendored/lit.js";
import { count, counted, percent } from "../../app/format.js";
import { MOST_CHARACTERS, MOST_OLD, WAYS } from "../../app/teaching.js";
import { TeachingFigure, WAY_NAMES, plainNameOf } from "../../app/teaching-figure.js";
import { isKept } from "../../engine/kept.js";

const UPDATES = [1, 3, 10, 25, 50, 100, 200]; // stops of the slider
const QUARTERS = 4;

const ABOUT = {
  whole: "all its numbers may change",
  last: "together with what turns its result into tokens; the fastest",
  adapters: "all its numbers stay, and a few new ones beside each matrix learn (LoRA)",
};

class TeachChooser extends TeachingFigure {
  static properties = {
    runs: { from: "teaching" },
    snapshot: { from: "teaching" },
    text: { from: "teaching" },
    way: { from: "teaching" },
    updates: { from: "teaching" },
    oldFraction: { from: "teaching" },
    oldTextIn: { from: "teaching" },
    notice: { from: "teaching" },
    said: { state: true }, // what is read aloud
  };

  static styles = [
    TeachingFigure.styles,
    css`
    .choices { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 16px 40px; align-items: start; }
    .column { display: grid; gap: 16px; }
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    legend, .field > span { font-weight: 600; color: var(--text); padding: 0; }
    .field { display: grid; gap: 4px; align-items: start; }
    .field b { font-weight: 400; color: var(--muted); }
    .field > span:not(.ends) b::before { content: " · "; }
    textarea { display: block; width: 100%; min-height: 10.5em; resize: vertical; padding: 8px 12px; color: var(--text);
               font: 400 1.0625rem/1.5 var(--serif); background: var(--background); border: 1px solid var(--line);
               border-radius: 8px; }
    input[type="range"] { width: 100%; height: 32px; margin: 0; accent-color: var(--accent); }
    .ways { display: grid; gap: 2px; }
    .ways label { min-height: 40px; color: var(--text); align-items: flex-start; flex-wrap: nowrap; padding-block: 4px; }
    .ways label span { color: var(--muted); display: block; }
    .which { margin-bottom: 16px; }
    .which b { color: var(--text); font-weight: 600; }
    input[type="radio"] { accent-color: var(--accent); width: 18px; height: 18px; margin: 0; flex: none; }
    .ends { display: flex; justify-content: space-between; color: var(--muted); }
    .row { margin-top: 20px; min-height: 52px; }
    .notice:not(:empty) { margin-top: 8px; }
    .go { min-height: 48px; border-radius: 24px; padding: 8px 28px; }
    select { width: 100%; }
    @media (max-width: 720px) {
      .choices { grid-template-columns: minmax(0, 1fr); }
      textarea { min-height: 13em; }
      .go { width: 100%; text-align: center; }
    }
  `,
  ];

  constructor() {
    super();
    this.said = "";
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!changed.has("work")) return;
    if (this.work && !changed.get("work")) this.said = "It learns.";
    if (!this.work && changed.get("work"))
      this.said = this.problem ?? `It has learned. ${whatIsBelow(changed.get("work"))}`;
  }

  drawTeaching() {
    if (!this.runs) return html`<p class="caption" aria-busy="true">…</p>`;
    if (!this.run)
      return html`${this.runChooser()}${
        this.problem
          ? html`<p class="problem" role="alert">${this.problem}</p>`
          : html`<p class="caption" aria-busy="true">…</p>`
      }`;
    return html`${this.whichModel()}<div class="choices">
        <div class="column">${this.textField()}${this.age()}</div>
        <div class="column">${this.runChooser()}${this.wayChooser()}${this.oldText()}${this.howMany()}</div>
      </div>
      ${this.buttons()}`;
  }

  /** Nobody should take it for the model that they have just trained above. */
  whichModel() {
    const { name, manifest } = this.run;
    const last = counted(manifest.snapshots.at(-1).step, "step");
    const own = html`<a href="#take">“Take it along”</a>`;
    if (isKept(name)) return this.keptModel(name);
    return html`<p class="note which">You do not teach your model from above, but <b>${name}</b>, one that has learned for
      ${last} already. Models that this browser keeps can be chosen as well: keep yours under ${own}.</p>`;
  }

  /** A page that opens a model of the lab keeps it first, so somebody may have one without having asked for it. */
  keptModel(name) {
    const kept = this.runs.find((one) => one.name === name);
    const last = counted(this.run.manifest.step, this.run.manifest.corpus.parent ? "update" : "step");
    const origin = kept?.isTrainedHere
      ? `a model that was trained in this browser for ${last}. It was kept when somebody pressed “Keep it in this browser”, or opened it in another page.`
      : "a model from a file, which this browser keeps.";
    return html`<p class="note which">You teach <b>${plainNameOf(name)}</b>, ${origin} What you teach it here does not
      change the model that is kept.</p>`;
  }

  /** There is something to choose if there are two. */
  runChooser() {
    if (this.runs.length < 2) return nothing;
    return html`<label class="field"><span>Which model</span>
      <select @change=${({ target }) => this.teaching.chooseRun(target.value)}>${this.runs.map(
        ({ name, parameters }) =>
          html`<option value=${name} .selected=${name === this.run?.name}>${nameOf(name)} · ${count(parameters)} parameters</option>`,
      )}</select></label>`;
  }

  age() {
    const steps = this.run.manifest.snapshots.map(({ step }) => step);
    const i = steps.indexOf(this.snapshot);
    return html`<label class="field"><span>How old it is <b>${this.ageName()}</b></span>
      <input type="range" min="0" max=${steps.length - 1} .value=${String(i)} aria-valuetext=${this.ageName()}
        ?disabled=${steps.length < 2}
        @input=${({ target }) => this.teaching.choose({ snapshot: steps[Number(target.value)] })}>
      <span class="ends" aria-hidden="true"><b>newborn</b><b>grown</b></span></label>`;
  }

  ageName() {
    if (this.snapshot === 0) return "newborn: it has learned nothing";
    const isLast = this.snapshot === this.run.manifest.snapshots.at(-1).step;
    return `after ${counted(this.snapshot, "step")}${isLast ? ", fully grown" : ""}`;
  }

  textField() {
    const problem = this.teaching.problemOf();
    return html`<label class="field"><span>What it is to learn</span>
      <textarea maxlength=${MOST_CHARACTERS} .value=${this.text} aria-invalid=${String(Boolean(problem))}
        aria-describedby="text-about" spellcheck="false"
        @input=${({ target }) => this.teaching.choose({ text: target.value })}></textarea></label>
      <p class=${problem ? "problem" : "note"} id="text-about" role="status">${
        problem ??
        "Write something else: a new word, a new friend, another ending. A few sentences are enough."
      }</p>`;
  }

  wayChooser() {
    const hasOne = !this.teaching.canUse("last");
    return html`<fieldset><legend>Which part may change</legend>
      <div class="ways">${WAYS.map(
        (way) => html`<label><input type="radio" name="way" value=${way} .checked=${way === this.way}
          ?disabled=${way === "last" && hasOne} @change=${() => this.teaching.choose({ way })}><div>${WAY_NAMES[way]} <span>${
            way === "last" && hasOne ? "this model has only one layer" : ABOUT[way]
          }</span></div></label>`,
      )}</div></fieldset>`;
  }

  oldText() {
    const quarters = Math.round(MOST_OLD * QUARTERS);
    const said = this.oldFraction ? `${percent(this.oldFraction)} of the updates` : "none";
    return html`<label class="field"><span>How much of its old text is mixed in <b>${said}</b></span>
      <input type="range" min="0" max=${quarters} .value=${String(this.oldFraction * QUARTERS)} aria-valuetext=${said}
        ?disabled=${!this.oldTextIn}
        @input=${({ target }) => this.teaching.choose({ oldFraction: Number(target.value) / QUARTERS })}></label>
      ${this.aboutOldText()}`;
  }

  /** Where its old text is, if that is not its export. */
  aboutOldText() {
    if (this.oldTextIn === "export") return nothing;
    if (this.oldTextIn === "lab")
      return html`<p class="note">It grew up with the text at the top of this page, so that one is its old text.</p>`;
    return html`<p class="note">${
      isKept(this.run.name)
        ? "The text that it grew up with is not kept with it"
        : "The text that it grew up with was not exported"
    }, so none of it can be mixed in, and what it forgets cannot be measured.${
      this.run.isOfPage && !this.run.manifest.corpus.parent
        ? " Choose that text at the top of this page, with the same tokens, and both are possible."
        : nothing
    }</p>`;
  }

  howMany() {
    return html`<label class="field"><span>How often it practises <b>${counted(this.updates, "update")}</b></span>
      <input type="range" min="0" max=${UPDATES.length - 1} .value=${String(UPDATES.indexOf(this.updates))}
        aria-valuetext=${counted(this.updates, "update")}
        @input=${({ target }) => this.teaching.choose({ updates: UPDATES[Number(target.value)] })}></label>`;
  }

  buttons() {
    const cannot = Boolean(this.teaching.problemOf());
    return html`<div class="row">${
      this.work
        ? html`<button class="go" @click=${() => this.teaching.stop()}>Stop</button>${this.progress()}`
        : html`<button class="primary go" ?disabled=${cannot} @click=${() => this.teaching.teachChosen()}>Teach it</button>
          <button ?disabled=${cannot} @click=${() => this.teaching.teachAllWays()}>Compare all ways</button>`
    }
      <span class="visually-hidden" role="status">${this.said}</span></div>
      <p class="note notice" role="status">${this.notice}</p>
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}`;
  }

  progress() {
    const { done, of } = this.work;
    return html`<div class="track" role="progressbar" aria-label="How much it has practised" aria-valuemin="0"
        aria-valuemax=${of} aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / of}%` })}></i></div>
      <span class="note" aria-hidden="true">update ${count(done)} of ${count(of)}</span>`;
  }
}

const whatIsBelow = ({ name }) => (name === "ways" ? "The comparison is below." : "The result is below.");

const nameOf = (name) => (isKept(name) ? `${plainNameOf(name)}, kept in this browser` : name);

customElements.define("teach-chooser", TeachChooser);
