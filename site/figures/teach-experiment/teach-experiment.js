/**
 * <teach-experiment name="ages"></teach-experiment>
 *
 * Something to predict before it is tried on a grown model: see app/teaching-experiments.js for each of them. Somebody
 * chooses an answer, then it is taught, and they see what came of it.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { count, inText } from "../../app/format.js";
import { EXPERIMENTS, textOf } from "../../app/teaching-experiments.js";
import { TeachingFigure } from "../../app/teaching-figure.js";

class TeachExperiment extends TeachingFigure {
  static properties = {
    name: { type: String },
    text: { from: "teaching" },
    fact: { from: "teaching" },
    snapshot: { from: "teaching" },
    experiments: { from: "teaching" },
    choice: { state: true }, // the answer that somebody expects, or null
    asked: { state: true }, // the run and what was asked of it, from the press of the button on
    hint: { state: true },
  };

  static styles = [
    TeachingFigure.styles,
    css`
    :host { border-top: 1px solid var(--line); padding-top: 16px; }
    h3 { font: 600 1.0625rem/1.4 var(--serif); margin: 0 0 4px; }
    thead th { white-space: nowrap; }
    blockquote { margin: 8px 0; padding-left: 12px; border-left: 3px solid var(--line); font: 400 1.0625rem/1.45 var(--serif);
                 white-space: pre-wrap; overflow-wrap: anywhere; }
    fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
    legend { padding: 0; font-weight: 600; }
    .answers { display: flex; flex-wrap: wrap; gap: 0 24px; }
    .answers label { min-height: 36px; color: var(--text); }
    input[type="radio"] { accent-color: var(--accent); width: 18px; height: 18px; margin: 0; flex: none; }
    .row { min-height: 44px; margin-top: 8px; }
    .row button { min-height: 40px; }
    .verdict { font-weight: 600; margin: 12px 0 4px; }
    .verdict.is-right { color: var(--accent); }
    table { width: 100%; border-collapse: collapse; }
    th, td { text-align: left; font-weight: 400; padding: 6px 16px 6px 0; vertical-align: top; border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); }
    tbody th { font-weight: 600; white-space: nowrap; }
    .loss { font: 400 0.8125rem/1.6 var(--mono); white-space: nowrap; }
    .text { font: 400 1rem/1.45 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; }
    .text + .text { margin-top: 6px; } .text b { font-weight: 600; }
    @media (max-width: 640px) {
      table, tbody { display: block; } thead { display: none; }
      tr { display: grid; padding: 8px 0; border-bottom: 1px solid var(--line); }
      th, td { border: 0; padding: 1px 0; }
      td[data-what]::before { content: attr(data-what) ": "; color: var(--muted); font: 400 var(--small)/1.5 var(--sans); }
    }
  `,
  ];

  constructor() {
    super();
    this.choice = null;
    this.asked = null;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("run")) Object.assign(this, { choice: null, asked: null, hint: null }); // it asks something else
  }

  get about() {
    return EXPERIMENTS[this.name];
  }

  get isBusy() {
    return this.work?.name === this.name;
  }

  get results() {
    return this.asked && this.experiments[this.name];
  }

  drawTeaching() {
    if (!this.run)
      return html`<h3>${this.about.title}</h3>
      <p class="note" aria-busy=${String(!this.problem)}>${this.problem ? "There is no model to try it on." : "…"}</p>`;
    const { run, text, fact, snapshot } = this;
    const chosen = this.asked ?? { run, text, fact, snapshot };
    const missing = this.about.missing(chosen);
    if (missing) return html`<h3>${this.about.title}</h3><p class="note">${missing}</p>`;
    const { about, sentence, ask } = this.about.question(chosen);
    return html`<h3>${this.about.title}</h3>
      <p>${about}</p><blockquote dir="auto">${sentence}</blockquote>
      <fieldset ?disabled=${Boolean(this.asked)}><legend>${ask}</legend>
        <div class="answers">${Object.entries(this.about.answers).map(
          ([
            value,
            answer,
          ]) => html`<label><input type="radio" name="answer" value=${value} .checked=${value === this.choice}
            @change=${() => this.expect(value)}>${answer}</label>`,
        )}</div></fieldset>
      ${this.buttons(sentence)}
      <div aria-live="polite">${this.results ? this.outcome(this.results, chosen) : nothing}</div>`;
  }

  expect(value) {
    Object.assign(this, { choice: value, hint: null });
  }

  buttons(sentence) {
    if (this.isBusy) return this.progress();
    if (this.results) {
      return html`<div class="row"><button @click=${() => this.begin()}>Predict again</button></div>`;
    }
    const problem = this.teaching.problemOf(sentence);
    if (problem) return html`<p class="problem">${problem}</p>`;
    return html`<div class="row"><button class="primary" ?disabled=${Boolean(this.work)} @click=${() => this.tryIt()}>Try it</button>
      <span class="note" role="status">${this.hint ?? (this.work ? "Something else is being taught at the moment." : nothing)}</span></div>`;
  }

  progress() {
    const { done, of } = this.work;
    return html`<div class="row"><button @click=${() => this.stopIt()}>Stop</button>
      <div class="track" role="progressbar" aria-label="How much it has practised" aria-valuemin="0" aria-valuemax=${of}
        aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / of}%` })}></i></div>
      <span class="note" aria-hidden="true">update ${count(done)} of ${count(of)}</span></div>`;
  }

  /** Nothing is shown to somebody who has not guessed. */
  async tryIt() {
    if (this.choice === null) {
      this.hint = "Choose what you expect first.";
      this.renderRoot.querySelector("input").focus();
      return;
    }
    const { run, text, fact, snapshot } = this;
    const asked = { run, text, fact, snapshot };
    this.asked = asked;
    const isDone = await this.teaching.experiment(this.name, this.about.requests(asked));
    if (!isDone && this.asked === asked) this.asked = null; // it was stopped, or failed
  }

  stopIt() {
    this.teaching.stop();
  }

  begin() {
    this.teaching.forget(this.name);
    Object.assign(this, { choice: null, asked: null });
    this.updateComplete.then(() => this.renderRoot.querySelector("input")?.focus());
  }

  outcome(results, chosen) {
    const outcome = this.about.outcome(results, chosen);
    const isRight = outcome === this.choice;
    const answer = this.about.answers[outcome];
    const hasOld = results.some(({ oldLoss }) => oldLoss);
    const labels = this.about.labels(results);
    const why = this.about.why?.(results);
    return html`<p class=${`verdict ${isRight ? "is-right" : ""}`}>${isRight ? "You were right" : `You expected: ${this.about.answers[this.choice]}. It was`}: ${answer}.</p>
      ${why ? html`<p class="note">${why}</p>` : nothing}
      <table><thead><tr><th scope="col">Model</th><th scope="col">Loss, the sentence</th>
        ${hasOld ? html`<th scope="col">Loss, old text</th>` : nothing}<th scope="col">How it goes on, before and after</th></tr></thead>
      <tbody>${results.map((one, i) => this.row(one, labels[i], hasOld))}</tbody></table>`;
  }

  row(result, label, hasOld) {
    const { newLoss, oldLoss, samples } = result;
    const change = ({ before, after }) => `${before.toFixed(2)} → ${after.toFixed(2)}`;
    const written = (row) => inText(shortened(textOf(result, row)));
    return html`<tr><th scope="row">${label}</th><td class="loss" data-what="sentence">${change(newLoss)}</td>
      ${hasOld ? html`<td class="loss" data-what="old text">${oldLoss ? change(oldLoss) : "unknown"}</td>` : nothing}
      <td>${samples.map(
        ({
          prompt,
          before,
          after,
        }) => html`<p class="text" dir="auto"><b>${inText(prompt)}</b>${written(before)}</p>
          <p class="text" dir="auto"><span class="note">→ </span><b>${inText(prompt)}</b>${written(after)}</p>`,
      )}</td></tr>`;
  }
}

const LONGEST = 60; // characters: it is about how it begins

function shortened(text) {
  const characters = Array.from(text);
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("").trimEnd()}…` : text;
}

customElements.define("teach-experiment", TeachExperiment);
