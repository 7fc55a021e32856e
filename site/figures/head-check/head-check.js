/**
 * <head-check exercise="attention" .result=${result}></head-check>
 *
 * How much of a typed head is right: the stages, one after another, what is wrong at the first that
 * fails, hints, and what the code printed. `result` is null before the first run, or has
 *   passed: names of stages; failed: the name of a stage, or "" if all are right; unread: whether it
 *   could not even be read; says: a sentence; printed: lines; more: how many lines are not shown.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { EXERCISES, STAGES, hintFor } from "../../exercise/exercises.js";
import { controls } from "../../kit/controls.js";
import { Figure } from "../../kit/figure.js";
import { count } from "../../kit/words.js";

const SIGNS = { right: ["✓", "right"], wrong: ["✗", "wrong"], open: ["·", "not yet checked"] };
const APART = 60;  // milliseconds between two stages that light up

class HeadCheck extends Figure {
  static properties = {
    exercise: { type: String },
    result: { attribute: false },
    busy: { type: Boolean },
    changed: { type: Boolean },  // whether the code has changed since the result
    help: { state: true },  // 0: the sentence; 1: the larger hint, too; 2: also the answer
  };

  static styles = [Figure.styles, controls, css`
    ol { list-style: none; margin: 16px 0; padding: 0; display: grid; gap: 4px; }
    .old, .old * { color: var(--muted) !important; font-weight: 400; }
    p.old { border-left: 4px solid var(--line); padding-left: 12px; }
    li { display: grid; grid-template-columns: 1.6em 1fr; color: var(--muted); }
    li.right, li.wrong { animation: light 200ms ease backwards; }
    .right { color: var(--ink); } .right .mark { color: var(--moss); }
    .wrong { color: var(--ink); font-weight: 600; } .wrong .mark { color: var(--warning); }
    @keyframes light { from { color: var(--muted); opacity: 0.4; } }
    .mark { font-weight: 700; }
    .verdict { min-height: 4.5em; overflow-wrap: anywhere; max-width: 66ch; }
    .verdict.bad { border-left: 4px solid var(--warning); padding-left: 12px; }
    .verdict.good { border-left: 4px solid var(--moss); padding-left: 12px; }
    .hint { border-left: 4px solid var(--line); padding-left: 12px; margin-top: 12px; max-width: 66ch; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 400 0.8125rem/1.5 var(--mono); margin: 8px 0 0; padding: 8px 12px; overflow: auto;
          max-height: 24em; background: var(--background); border: 1px solid var(--line);
          border-radius: 8px; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 0; }
    .row { margin-top: 12px; }
    @media (prefers-reduced-motion: reduce) { li { animation: none !important; } }
  `];

  load() {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const before = changed.get("result");
    const isOther = before?.failed !== this.result?.failed || changed.has("exercise");
    if (this.help === undefined || (changed.has("result") && isOther)) this.help = 0;
  }

  render() {
    const { stages } = EXERCISES[this.exercise ?? "attention"], { result } = this;
    const isStuck = Boolean(result?.failed) && !result.unread && !this.changed;
    return html`<div role="status">${this.verdict(stages)}</div>
      <div role="status">${isStuck && this.help > 0 ? html`<p class="hint">${
        hintFor(result.failed, result.says)}</p>` : nothing}</div>
      ${isStuck ? this.more() : nothing}
      <ol class=${this.changed ? "old" : ""} aria-label="What is checked">${
        stages.map((name, i) => this.stage(name, i))}</ol>
      ${result?.printed.length ? html`<h3>What it printed</h3>
        <pre tabindex="0" role="group" aria-label="What it printed">${result.printed.join("\n")}</pre>`
        : nothing}
      ${result?.more ? html`<p class="caption">and ${count(result.more)} more lines.</p>` : nothing}`;
  }

  stage(name, i) {
    const { result } = this;
    const kind = result?.passed.includes(name) ? "right" : result?.failed === name ? "wrong" : "open";
    const [mark, word] = SIGNS[kind];
    return html`<li class=${kind} style=${styleMap({ animationDelay: `${i * APART}ms` })}>
      <span class="mark" aria-hidden="true">${mark}</span>
      <span>${STAGES[name]}<span class="unseen">: ${word}</span></span></li>`;
  }

  verdict(stages) {
    const { result, busy } = this;
    if (busy) return html`<p class="verdict" aria-busy="true">Running …</p>`;
    if (!result) {
      return html`<p class="verdict caption">Write it, then run it. It is judged by what it does, so
        any way of writing it will do. The first problem is named here.</p>`;
    }
    if (this.changed) {
      return html`<p class="verdict old">The code has changed since you ran it. The last verdict was: ${
        result.failed === "" ? "This is attention." : result.says}</p>`;
    }
    if (result.failed === "") {
      return html`<p class="verdict good"><b>This is attention.</b> ${result.says} Now let the model write
        with it, further down.</p>`;
    }
    const right = result.passed.length;
    return html`<p class="verdict bad">${right ? html`<b>${right} of ${stages.length} right.</b> ` : nothing}${
      result.says}</p>`;
  }

  /** What else helps: a larger hint, then an answer, then neither. */
  more() {
    const words = ["A larger hint", "Show me an answer", "Hide the answer"][this.help];
    return html`<div class="row"><button @click=${() => { this.help = (this.help + 1) % 3; }}>${
        words}</button></div>
      ${this.help > 1 ? html`<h3>One right answer</h3><pre tabindex="0" role="group"
        aria-label="One right answer">${EXERCISES[this.exercise].answer}</pre>` : nothing}`;
  }
}

customElements.define("head-check", HeadCheck);
