/**
 * <code-blanks></code-blanks>
 *
 * A head with blanks to fill in. What it says stands in the page.
 */
import { css, html } from "../../vendored/lit.js";
import { countBlanks, fillingsIn, partsOf, withFillings } from "../../exercise/ways.js";
import { codeLine, codeText } from "../../app/code-text.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";

const LEAST_WIDTH = 10; // characters

class CodeBlanks extends Figure {
  static properties = {
    exercise: { from: "typed", attribute: false },
    code: { from: "typed", attribute: false },
    errorLine: { from: "typed", type: Number },
    focusOn: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    codeText,
    css`
    input { font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--accent);
            border-radius: 4px; padding: 4px 6px; margin: 2px 0; text-indent: 0; max-width: 100%; min-height: 32px; }
    @media (max-width: 640px) { input { font-size: 16px; min-height: 40px; } }  /* below, phones zoom in */
  `,
  ];

  connectedCallback() {
    super.connectedCallback();
    this.say = wordsOf(this);
  }

  load() {
    return true;
  }

  /** Somebody fills in a blank. */
  fill(i, filling) {
    const fillings = fillingsIn(this.exercise, this.code);
    fillings[i] = filling;
    this.typed.type(withFillings(this.exercise, fillings));
  }

  press(event) {
    if (event.key === "Enter") this.typed.tryOut();
  }

  updated(changed) {
    if (changed.has("focusOn") && this.focusOn?.tag === this.localName) {
      this.renderRoot.querySelector("input").focus();
    }
  }

  render() {
    const fillings = fillingsIn(this.exercise, this.code);
    if (!fillings) return html`<p class="caption" aria-busy="true">…</p>`;
    const lines = this.linesWithBlanks(fillings);
    return html`<div class="code" role="group" aria-label=${this.say("code")}>${lines.map((line, i) =>
      codeLine(i + 1, line, this.errorLine === i + 1),
    )}</div>`;
  }

  /** The lines of the code, each a list of texts and fields. */
  linesWithBlanks(fillings) {
    const lines = [[]];
    for (const [i, part] of partsOf(this.exercise).entries()) {
      if (i > 0) lines.at(-1).push(this.field(i - 1, fillings));
      const [first, ...rest] = part.replace(/\n$/, "").split("\n");
      lines.at(-1).push(first);
      lines.push(...rest.map((line) => [line]));
    }
    return lines;
  }

  field(i, fillings) {
    const label = this.say("blank", { n: i + 1, of: countBlanks(this.exercise) });
    return html`<input type="text" .value=${fillings[i]} size=${Math.max(LEAST_WIDTH, fillings[i].length + 1)}
      aria-label=${label} autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false"
      @input=${(event) => this.fill(i, event.target.value)} @keydown=${this.press}>`;
  }
}

customElements.define("code-blanks", CodeBlanks);
