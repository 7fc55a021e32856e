/**
 * <head-check></head-check>
 *
 * How much of a typed head is right: the stages, what is wrong at the first that fails, hints, and what
 * the code printed. See app/typed-head.js for its properties.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { EXERCISES, HINTS, STAGES } from "../../exercise/exercises.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

const MARKS = { right: ["✓", "right"], wrong: ["✗", "wrong"], open: ["·", "not yet checked"] };
const DELAY = 60; // milliseconds between two stages that light up

class HeadCheck extends Figure {
  static properties = {
    judgedAs: { from: "typed", attribute: false },
    result: { from: "typed", attribute: false },
    busy: { from: "typed", type: Boolean },
    changed: { from: "typed", type: Boolean },
    passed: { from: "typed", type: Number },
    answer: { from: "typed", attribute: false },
    seconds: { state: true }, // since it began to run
    hasHint: { state: true }, // whether the larger hint is shown
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    ol { list-style: none; margin: 16px 0; padding: 0; display: grid; gap: 4px; }
    .old, .old * { color: var(--muted) !important; font-weight: 400; }
    p.old { border-left: 4px solid var(--line); padding-left: 12px; }
    li { display: grid; grid-template-columns: 1.6em 1fr; color: var(--muted); }
    li.right, li.wrong { animation: light 200ms ease backwards; }
    .right { color: var(--text); } .right .mark { color: var(--accent); }
    .wrong { color: var(--text); font-weight: 600; } .wrong .mark { color: var(--warning); }
    @keyframes light { from { color: var(--muted); opacity: 0.4; } }
    .mark { font-weight: 700; }
    .verdict { min-height: 4.5em; overflow-wrap: anywhere; max-width: 66ch; }
    .verdict.bad { border-left: 4px solid var(--warning); padding-left: 12px; }
    .verdict.good { border-left: 4px solid var(--accent); padding-left: 12px; }
    .hint { border-left: 4px solid var(--line); padding-left: 12px; margin-top: 12px; max-width: 66ch; }
    pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 400 0.8125rem/1.5 var(--mono);
          margin: 8px 0 0; padding: 8px 12px; overflow: auto; max-height: 24em;
          background: var(--background); border: 1px solid var(--line);
          border-radius: 8px; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 0; }
    .verdict { scroll-margin: 16px; }
    .line { display: grid; grid-template-columns: auto 1fr; gap: 1.5ch; margin-top: 8px;
            font: 400 0.8125rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; }
    .number { color: var(--muted); }
    .row { margin-top: 12px; }
    @media print { .row { display: none; } }
    @media (prefers-reduced-motion: reduce) { li { animation: none !important; } }
  `,
  ];

  load() {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const before = changed.get("result")?.mistake?.stage;
    const isOther = changed.has("result") && before !== this.result?.mistake?.stage;
    if (changed.has("judgedAs") || isOther) this.hasHint = false;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.clock);
  }

  /** Count the seconds while the code runs. */
  count() {
    clearInterval(this.clock);
    this.seconds = 0;
    if (this.busy) this.clock = setInterval(() => this.seconds++, 1000);
  }

  updated(changed) {
    if (changed.has("busy")) this.count();
    if (changed.has("result") && this.result && !this.result.awaits) {
      this.renderRoot.querySelector(".verdict").scrollIntoView({ block: "nearest" });
    }
    if (changed.has("answer") && this.answer) this.renderRoot.querySelector("#answer").focus();
  }

  render() {
    const { stages } = EXERCISES[this.judgedAs ?? "attention"];
    const { result } = this;
    const hint = !this.changed && HINTS[result?.mistake?.hint];
    const isNews = result && !this.busy && !this.changed; // said once per run
    const verdict = isNews ? this.verdict(result, stages) : nothing;
    const isAnnounced = result?.awaits !== "outcome"; // then <guess-first> says more
    return html`<div role="status">${isAnnounced ? verdict : nothing}</div>
      ${isAnnounced ? nothing : verdict}
      ${isNews ? nothing : this.soFar(stages)}
      <div role="status">${hint && this.hasHint ? html`<p class="hint">${hint}</p>` : nothing}</div>
      ${hint ? this.more() : nothing}
      <ol class=${this.changed && !this.busy ? "old" : ""} aria-busy=${String(Boolean(this.busy))} aria-label="What is checked">${stages.map(
        (stage, i) => this.stage(stage, i),
      )}</ol>
      ${
        result?.printed.length
          ? html`<h3>What it printed</h3>
        <p class="caption">When the file was read, and when it was called once with the real text below. What
          it prints in the checks, with other sizes, is left out.</p>
        <pre tabindex="0" role="group" aria-label="What it printed">${result.printed.join("\n")}</pre>`
          : nothing
      }
      ${
        result?.truncated ? html`<p class="caption">and ${count(result.truncated)} more lines.</p>` : nothing
      }`;
  }

  stage(stage, i) {
    const { passed, mistake } = this.busy ? { passed: this.stagesSoFar() } : (this.result ?? { passed: [] });
    const kind = passed.includes(stage) ? "right" : mistake?.stage === stage ? "wrong" : "open";
    const [mark, word] = MARKS[kind];
    return html`<li class=${kind} style=${styleMap({ animationDelay: `${i * DELAY}ms` })}>
      <span class="mark" aria-hidden="true">${mark}</span>
      <span>${STAGES[stage]}<span class="visually-hidden">: ${word}</span></span></li>`;
  }

  stagesSoFar() {
    return EXERCISES[this.judgedAs ?? "attention"].stages.slice(0, this.passed ?? 0);
  }

  /** What there is to say while there is no verdict on the code as it is. */
  soFar(stages) {
    const { result, busy, seconds, passed } = this;
    if (busy) {
      return html`<p class="verdict" aria-busy="true">Running … ${
        seconds ? html`${count(seconds)} s so far. Being checked: ${STAGES[stages[passed ?? 0]]}.` : nothing
      }</p>`;
    }
    if (!result) {
      return html`<p class="verdict caption">Run it whenever you like. It is judged by what it does, so any way of
        doing it that works is right. The first problem is named here.</p>`;
    }
    return html`<p class="verdict old">The code has changed since you ran it. The last verdict was: ${
      result.mistake?.message ?? "This is attention."
    }</p>`;
  }

  verdict({ passed, mistake, n_logits, maxAbsDiff }, stages) {
    if (!mistake) {
      return html`<p class="verdict good"><b>This is attention.</b> With your code in every head of the model,
        none of the ${n_logits} logits differs from PyTorch’s by more than ${maxAbsDiff.toFixed(
          7,
        )}. Now let the model write with it.</p>`;
    }
    return html`<p class="verdict bad">${
      passed.length ? html`<b>${passed.length} of ${stages.length} right so far.</b> ` : nothing
    }${mistake.message}${this.line(mistake.line)}</p>`;
  }

  /** The line that is meant: on a small screen the editor may be out of sight. */
  line(number) {
    const line = this.result.code?.split("\n")[number - 1]?.trimEnd();
    return line
      ? html`<code class="line"><span class="number">${number}</span><span>${line}</span></code>`
      : nothing;
  }

  /** What else helps: a larger hint, then an answer, then neither. */
  more() {
    const [words, press] = this.nextHelp();
    return html`<div class="row"><button @click=${press}>${words}</button></div>
      ${
        this.answer
          ? html`<h3>One right answer</h3><pre id="answer" tabindex="0" role="group"
        aria-label="One right answer">${this.answer}</pre>`
          : nothing
      }`;
  }

  /** @returns {[string, () => void]} */
  nextHelp() {
    const { typed } = this;
    if (this.answer) return ["Hide the answer", () => typed.hideAnswer()];
    if (this.hasHint) return ["Show me an answer", () => typed.showAnswer()];
    return ["A larger hint", () => this.showHint()];
  }

  showHint() {
    this.hasHint = true;
  }
}

customElements.define("head-check", HeadCheck);
