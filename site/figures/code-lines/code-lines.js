/**
 * <code-lines of="attention"></code-lines>   <code-lines of="GPT.forward" from="1" to="3"></code-lines>
 *
 * A function or class of train.py as it ran, with the numbers of its lines; of them, only those from one to another,
 * counted from its own first line. In a fold that is closed, which may hide an answer, there is nothing of them.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";
import { UserError } from "../../app/run.js";

/** Resolves when no closed fold is around an element. */
async function unfolded(element) {
  const fold = element.closest("details:not([open])");
  if (fold) await new Promise((resolve) => fold.addEventListener("toggle", resolve, { once: true }));
}

class CodeLines extends Figure {
  static properties = { of: {}, from: { type: Number }, to: { type: Number } };

  static styles = [
    Figure.styles,
    css`
    figure { margin: 0; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); overflow: hidden; }
    figcaption { padding: 6px 16px; color: var(--muted); border-bottom: 1px solid var(--line); }
    pre { margin: 0; padding: 12px 0; overflow-x: auto; font: 400 0.8125rem/1.6 var(--mono); tab-size: 4; }
    ol { margin: 0; padding: 0 16px 0 4.2em; }
    li::marker { color: var(--muted); }
    li { white-space: pre; padding-left: 4px; }
    @media print { pre { white-space: pre-wrap; } li { white-space: pre-wrap; } }
  `,
  ];

  async load(run) {
    await unfolded(this);
    const say = wordsOf(this);
    const { functions, sections, from_run: isOfRun } = await run.part("code");
    const range = functions[this.of];
    if (!range) throw new UserError(say("no-code", { name: this.of }), run.command);
    const [first, last] = this.chosenLines(range);
    const { first_line, lines } = sections.findLast((one) => one.first_line <= first);
    return { first, last, lines: lines.slice(first - first_line, last - first_line + 1), isOfRun, say };
  }

  /** @param {[number, number]} range the lines of the whole function */
  chosenLines([first, last]) {
    const begin = this.from ? first + this.from - 1 : first;
    const end = this.to ? first + this.to - 1 : last;
    return [begin, Math.min(last, end)];
  }

  render() {
    const isFolded = !this.data && !this.error && this.closest("details:not([open])");
    return isFolded ? nothing : super.render();
  }

  draw({ first, last, lines, isOfRun, say }) {
    const indent = Math.min(...lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
    return html`<figure><figcaption>${say(isOfRun ? "code-of-run" : "code-of-today", { first, last })}</figcaption>
      <pre tabindex="0" role="group" aria-label=${`train.py, ${first}–${last}`}><ol start=${first}>${lines.map(
        (line) => html`<li>${line.slice(indent) || " "}</li>`,
      )}</ol></pre></figure>`;
  }
}

customElements.define("code-lines", CodeLines);
