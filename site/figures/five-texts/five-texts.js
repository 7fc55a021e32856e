/**
 * <five-texts .run=${run} step="100"></five-texts>
 *
 * How the model continued its five prompts at a step. The stronger the green behind a token, the
 * likelier it was; hover over one, or walk through them with the arrow keys, for the number.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { latest } from "../../kit/axis.js";
import { alone, inText, percent, shade } from "../../kit/words.js";

const TRIED = 40;  // of the longest texts, to find out how much room they need

class FiveTexts extends Figure {
  static properties = { chosen: { state: true } };  // [prompt, token] that is looked at, or null

  static styles = [Figure.styles, css`
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 4px; }
    li { position: relative; contain: layout; padding: 6px 0; border-bottom: 1px solid var(--line); }
    li:last-child { border: 0; }
    .text { font: 400 1.125rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
            margin: 0; }
    .given { color: var(--muted); }
    .token { border-radius: 3px; padding: 1px 0; }
    .token.chosen { outline: 2px solid var(--chosen); outline-offset: 1px; }
    .size { visibility: hidden; position: absolute; inset: 6px 0 auto; }
    .readout { color: var(--muted); min-height: 3em; margin-top: 8px; }
    .readout b { color: var(--ink); font: 600 1em var(--mono); }
    .key { display: inline-flex; vertical-align: -2px; border: 1px solid var(--line);
           border-radius: 4px; overflow: hidden; }
    .key i { width: 14px; height: 14px; }
    @media (max-width: 640px) { .text { font-size: 1.0625rem; line-height: 1.55; } }
  `];

  load(run) {
    this.chosen = null;
    return run.part("film");
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("step")) this.chosen = null;
  }

  connectedCallback() {
    super.connectedCallback();
    this.watcher = new ResizeObserver(() => this.makeRoom());
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.watcher.disconnect();
  }

  updated(changed) {
    if (changed.has("data")) document.fonts.ready.then(() => this.makeRoom());
  }

  /** Give each text the room that its longest form needs, so that nothing jumps in the film. */
  makeRoom() {
    if (!this.data) return;
    const items = this.renderRoot.querySelectorAll("li");
    items.forEach((item, i) => {
      const size = item.querySelector(".size");
      const texts = this.data.frames.map((frame) => frame.continued[i].ids.map(
        (id) => inText(this.run.symbols[id])).join(""));
      const longest = texts.sort((a, b) => b.length - a.length).slice(0, TRIED);
      const heights = longest.map((text) => {
        size.textContent = this.data.prompts[i].text + text;
        return size.offsetHeight;
      });
      size.textContent = "";
      item.querySelector(".text:not(.size)").style.minHeight = `${Math.max(...heights)}px`;
    });
    const readout = this.renderRoot.querySelector(".readout");
    if (!this.chosen && readout) {  // what it says then is longest
      readout.style.minHeight = "";
      readout.style.minHeight = `${readout.offsetHeight}px`;
    }
  }

  /** Move to the token before or after the one that is looked at. */
  walk(event, prompt, length) {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const from = this.chosen?.[0] === prompt ? this.chosen[1] : -1;
    this.chosen = [prompt, Math.max(0, Math.min(length - 1, from + by))];
  }

  draw(film) {
    const step = latest(this.step, film.frames.map((frame) => frame.step));
    const frame = film.frames.find((one) => one.step === step);
    return html`
      <ol>${film.prompts.map((prompt, i) => this.text(prompt, frame.continued[i], i))}</ol>
      <p class="readout" aria-live="polite">${this.readout(frame)}</p>`;
  }

  text(prompt, { ids, p }, i) {
    const { symbols } = this.run, [chosen, token] = this.chosen ?? [];
    return html`<li>
      <p class="text size" aria-hidden="true"></p>
      <p class="text" tabindex="0" role="group" aria-label=${`Prompt ${i + 1}: ${prompt.text}`}
        @keydown=${(event) => this.walk(event, i, ids.length)}
        @pointerover=${(event) => this.point(event, i)}><span class="given">${inText(prompt.text)
        }</span>${ids.map((id, j) => html`<span data-token=${j} class=${
          `token ${shade(p[j])} ${chosen === i && token === j ? "chosen" : ""}`}>${
          inText(symbols[id])}</span>`)}</p></li>`;
  }

  point(event, prompt) {
    const token = event.target.dataset?.token;
    if (token !== undefined) this.chosen = [prompt, Number(token)];
  }

  readout(frame) {
    if (!this.chosen) {
      return html`The grey beginning is given; the rest is what the model wrote. Green is how likely
        it found each token before it chose it: <span class="key" aria-hidden="true">${
        [0, 2, 4, 6, 8, 10].map((i) => html`<i class="shade${i}"></i>`)}</span> from 0 to 100 %.
        Point at a word, or use the arrow keys.`;
    }
    const [prompt, token] = this.chosen, { ids, p } = frame.continued[prompt];
    return html`<b>${alone(this.run.symbols[ids[token]])}</b> was ${percent(p[token])} likely, the
      model believed, when it had read what stands before it.`;
  }
}

customElements.define("five-texts", FiveTexts);
