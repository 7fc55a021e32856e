/**
 * <before-after .run=${run}></before-after>
 *
 * The first prompt, as the model continued it before it had learned anything, and at the end.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { count, duration, inText } from "../../kit/words.js";

class BeforeAfter extends Figure {
  static styles = [Figure.styles, css`
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px 32px; }
    figure { margin: 0; border-left: 3px solid var(--line); padding-left: 16px; }
    figure:last-child { border-color: var(--moss); }
    figcaption { color: var(--muted); }
    blockquote { margin: 0; font: 400 1.1875rem/1.5 var(--serif); overflow-wrap: anywhere; }
    .given { color: var(--muted); }
    @media (max-width: 640px) { .pair { grid-template-columns: 1fr; } }
  `];

  async load(run) {
    const [film, log] = await Promise.all([run.part("film"), run.part("log")]);
    return { film, seconds: run.manifest.metrics?.seconds ?? log.seconds.at(-1) ?? 0 };
  }

  draw({ film, seconds }) {
    const first = film.frames[0], last = film.frames.at(-1);
    return html`<div class="pair">
      ${this.told(film, first, `Step ${first.step}: all ${count(this.run.manifest.parameters)} `
        + "numbers are random")}
      ${this.told(film, last, `Step ${count(last.step)}, ${duration(seconds)} later`)}</div>`;
  }

  told(film, frame, when) {
    const words = frame.continued[0].ids.map((id) => inText(this.run.symbols[id])).join("");
    return html`<figure><figcaption>${when}</figcaption>
      <blockquote dir="auto"><span class="given">${inText(film.prompts[0].text)}</span>${words}…</blockquote>
    </figure>`;
  }
}

customElements.define("before-after", BeforeAfter);
