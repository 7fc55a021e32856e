/**
 * <lesson-record> <template data-words>…</template> </lesson-record>
 *
 * What somebody has predicted, written and answered in the lessons, as far as this browser keeps it: to print, and to
 * delete. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";
import { printOnly } from "../../app/print-only.js";
import { allAnswers, forgetAll } from "../../app/progress.js";

const HASH_LENGTH = 12; // characters that tell two models apart

class LessonRecord extends Figure {
  static properties = {
    lessons: { state: true }, // [file, answers] of each lesson
    isAsking: { state: true }, // whether somebody has pressed Delete once
    isDeleted: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 1.0625rem/1.5 var(--serif); margin: 16px 0 4px; }
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 12px; max-width: 66ch; }
    li { break-inside: avoid; overflow-wrap: anywhere; }
    li p { margin: 0; }
    .question { font: 400 1.0625rem/1.5 var(--serif); }
    q { font-style: italic; }
    pre { margin: 4px 0; white-space: pre-wrap; font: 400 0.8125rem/1.5 var(--mono); }
    a { color: var(--accent); }
    .row { margin-top: 16px; }
    .caption { overflow-wrap: anywhere; }
    @media print { .row { display: none; } }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.lessons = lessonsIn(allAnswers());
    return run.manifest.snapshots.at(-1);
  }

  draw({ step, sha256 }) {
    if (!this.lessons.length) {
      return html`<p role="status">${this.say(this.isDeleted ? "deleted" : "nothing")}</p>`;
    }
    return html`<p class="caption">${this.say("run", {
      run: this.run.name,
      step,
      hash: sha256.slice(0, HASH_LENGTH),
    })}</p>
      ${this.lessons.map(
        ([file, answers]) => html`<h3><a href=${`${file}.html`}>${file}</a></h3>
          <ul>${answers.map((one) => this.answer(one))}</ul>`,
      )}
      <div class="row"><button @click=${() => printOnly(this)}>${this.say("print")}</button>
        <button @click=${this.forget}>${this.say(this.isAsking ? "really" : "forget")}</button>
        ${this.isAsking ? html`<button @click=${() => (this.isAsking = false)}>${this.say("keep")}</button>` : nothing}</div>`;
  }

  answer({ question, answer, why, isRight, run, day }) {
    const verdict = { true: "right", false: "not-right" }[String(isRight)];
    return html`<li><p class="question">${question}</p>
      ${isCode(answer) ? html`<pre>${answer}</pre>` : nothing}
      <p>${isCode(answer) ? nothing : this.say("answered", { answer })} ${verdict ? this.say(verdict) : nothing}</p>
      ${why ? html`<p>${this.say("because")} <q dir="auto">${why}</q></p>` : nothing}
      <p class="caption">${this.say("about", { run: run ?? "", day: day ?? "" })}</p></li>`;
  }

  /** The first press asks, the second deletes. */
  forget() {
    if (!this.isAsking) {
      this.isAsking = true;
      return;
    }
    forgetAll();
    Object.assign(this, { isAsking: false, isDeleted: true, lessons: [] });
  }
}

/** Whether an answer is a head that somebody has written, and not one of some choices. */
const isCode = (answer) => answer.includes("\n");

/** The lessons with answers, in their order. Somebody may have changed what is kept: what is none is left out. */
function lessonsIn(all) {
  const isAnswer = (one) => typeof one?.question === "string" && typeof one.answer === "string";
  return Object.entries(all)
    .filter(([file]) => /^[\w-]+$/.test(file))
    .map(
      ([file, answers]) =>
        /** @type {[string, any[]]} */ ([file, Object.values(answers ?? {}).filter(isAnswer)]),
    )
    .filter(([, answers]) => answers.length)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

customElements.define("lesson-record", LessonRecord);
