/**
 * <head-effects leads-to="compared"></head-effects>
 *
 * Which tokens of the recorded texts become less likely when the chosen head is switched off: computed in
 * this page, once somebody comes near. Each chooses its prompt, its position and versus, and leads to the
 * part of the page in which that is compared.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { effectOfHead } from "../../app/ablation.js";
import { moveTo } from "../../app/address.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, inText, percent } from "../../app/format.js";
import { tokenText } from "../../app/forward-pass-figure.js";
import { firstInteraction } from "../../app/interaction.js";
import { nearestSnapshot } from "../../app/model.js";
import { near } from "../../app/near.js";

const MAX_TOKENS = 5;
const SMALLEST_FALL = 0.005; // less than half a percentage point is not worth a line
const CONTEXT = 3; // words before the one that falls, to find it again

class HeadEffects extends Figure {
  static share = { title: "Which tokens need a head", table: (figure) => figure.numbers() };

  static properties = {
    head: { from: "store", type: String },
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page
    result: { state: true }, // { key, step, head } and what effectOfHead returns, or an error
    isReading: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    .body { min-height: 250px; }
    ol { list-style: none; margin: 8px 0; padding: 0; display: grid; gap: 8px;
         grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
    button { width: 100%; height: 100%; border-radius: 12px; padding: 8px 12px; display: grid;
             grid-template-columns: minmax(0, 1fr) auto; gap: 0 12px; font-weight: 400;
             align-content: start; }
    b { font: 600 1em var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
    .fall { white-space: nowrap; }
    .where { grid-column: 1 / -1; color: var(--muted); overflow-wrap: anywhere; }
    @media print { .how { display: none; } }
    @media (max-width: 1100px) { .body { min-height: 330px; } }
    @media (max-width: 700px) { .body { min-height: 520px; } }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    this.asked = null;
  }

  updated(changed) {
    super.updated(changed);
    if (this.data && ["data", "step", "head"].some((name) => changed.has(name))) this.ask();
  }

  /** What there is to find out now. */
  get question() {
    const { run, head } = this;
    const step = nearestSnapshot(run, this.step);
    return { key: `${run.name} ${step} ${head}`, run, step, head };
  }

  /** Find it out, unless it was asked for last; what was asked for before is cancelled. */
  ask() {
    const { question } = this;
    if (question.key === this.asked) return;
    this.asked = question.key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.isReading = false;
    this.find(question, this.controller.signal);
  }

  async find(question, signal) {
    const { run, step, head } = question;
    try {
      await firstInteraction;
      await near(this, signal);
      this.isReading = true;
      const isRecorded = run.manifest.exported_steps.includes(step);
      const found = isRecorded ? await effectOfHead(run, step, head, signal) : { nTokens: 0 };
      if (!signal.aborted) this.result = { ...question, ...found };
    } catch (error) {
      if (!signal.aborted) this.result = { ...question, error };
    }
    if (!signal.aborted) this.isReading = false;
  }

  draw() {
    const { result, question } = this;
    return html`<h3>Which tokens need head ${this.head}</h3>
      <div class="body" aria-busy=${String(Boolean(this.isReading))}>
        ${result?.key === question.key ? this.found(result) : this.waiting()}</div>`;
  }

  waiting() {
    return this.isReading ? html`<p class="caption">Reading the recorded texts without it …</p>` : nothing;
  }

  found(result) {
    if (result.error) return errorBox(result.error);
    const { nTokens, milliseconds, falls } = result;
    if (!nTokens) {
      return html`<p class="caption">The texts of step ${count(result.step)} were not exported, or the model
        wrote nothing in them.</p>`;
    }
    const listed = falls.slice(0, MAX_TOKENS).filter(({ before, after }) => before - after > SMALLEST_FALL);
    const read = `${count(nTokens)} tokens were read with and without it, in ${count(Math.ceil(milliseconds))} ms.`;
    return html`<p class="caption">${this.whichTexts(result)} ${
      listed.length ? "These tokens become least likely when it is switched off:" : this.noneFalls(nTokens)
    }</p>
      <ol>${listed.map((one) => html`<li>${this.token(one)}</li>`)}</ol>
      <p class="caption">${read}${
        listed.length
          ? html`<span class="how"> Press one to compare that place, with this head and without it.</span>`
          : nothing
      }</p>`;
  }

  whichTexts({ step }) {
    const saved = step === this.step ? "" : `, the saved step nearest to step ${count(this.step)}`;
    return `The model has read what it wrote at step ${count(step)}${saved}, after each of the prompts.`;
  }

  /** What it means. */
  noneFalls(nTokens) {
    return `None of ${count(nTokens)} tokens becomes noticeably less likely without this head: here, other parts
      of the model make up for it, or nothing needs what it does.`;
  }

  token(one) {
    const { prompt, position, ids, before, after } = one;
    const { vocab } = this.run;
    const textBefore = ids.slice(0, position).map((id) => inText(vocab[id]));
    const words = textBefore.join("").trim().split(" ").slice(-CONTEXT).join(" ");
    return html`<button @click=${() => this.go(one)}>
      <b dir="auto">${tokenText(vocab[ids[position]])}</b>
      <span class="fall">${percent(before)} <span aria-hidden="true">→</span><span class="visually-hidden">
        falls to</span> ${percent(after)}</span>
      <span class="where" dir="auto">after “${words}”, in “${this.run.manifest.prompts[prompt]} …”</span></button>`;
  }

  numbers() {
    const { result, question } = this;
    if (result?.key !== question.key || !result.falls?.length) return null;
    const { prompts } = this.run.manifest;
    return [
      ["prompt", "position", "token", "id", "probability", `probability without head ${result.head}`],
      ...result.falls.map(({ prompt, position, ids, before, after }) => {
        const id = ids[position];
        return [prompts[prompt], position, this.run.vocab[id], id, before, after];
      }),
    ];
  }

  go({ prompt, position }) {
    const { head, leadsTo } = this;
    const changes = { prompt, head, versus: `off:${head}`, comparedPosition: position, section: leadsTo };
    this.store.set(changes, { jump: true });
    moveTo(leadsTo);
  }
}

customElements.define("head-effects", HeadEffects);
