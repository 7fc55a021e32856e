/**
 * <five-texts .run=${run} step="100"></five-texts>
 *
 * How the model continued its five prompts at a step. The stronger the green behind a token, the more
 * likely it was; hover over one, or move through them with the arrow keys, for the number.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure, forward } from "../../kit/figure.js";
import { latest } from "../../kit/axis.js";
import { alone, inText, percent, shade } from "../../kit/words.js";

const TRIED = 40;  // of the longest texts, to find out how much room they need

class FiveTexts extends Figure {
  static properties = { chosen: { state: true } };  // [prompt, token] that is chosen, or null

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
    .legend { color: var(--muted); max-width: 80ch; margin-bottom: 4px; }
    li.active { z-index: 1; }
    .readout { position: absolute; left: 0; top: 0; max-width: min(100%, 34ch); background: var(--panel);
               border: 1px solid var(--chosen); border-radius: 8px; padding: 4px 12px; margin-top: 4px;
               pointer-events: none; }
    .readout b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
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
    if (this.chosen && this.data) this.moveReadout();
  }

  /** Next to the token that it is about: anywhere else it might be out of sight. */
  moveReadout() {
    const readout = this.renderRoot.querySelector(".readout");
    const { offsetLeft, offsetTop, offsetHeight } = this.renderRoot.querySelector(".token.chosen");
    const right = readout.parentElement.clientWidth - readout.offsetWidth;
    readout.style.left = `${Math.max(0, Math.min(offsetLeft, right))}px`;
    readout.style.top = `${offsetTop + offsetHeight}px`;
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
  }

  /** Move to the token before or after the chosen one. */
  walk(event, prompt, length) {
    const on = forward(event.currentTarget);
    const by = { ArrowRight: on, ArrowLeft: -on, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const from = this.chosen?.[0] === prompt ? this.chosen[1] : -1;
    this.chosen = [prompt, Math.max(0, Math.min(length - 1, from + by))];
  }

  draw(film) {
    const step = latest(this.step, film.frames.map((frame) => frame.step));
    const frame = film.frames.find((one) => one.step === step);
    return html`
      <p class="legend">Grey is the prompt; the model wrote the rest. The greener a
        word, the more likely the model thought it was: <span class="key" aria-hidden="true">${
        [0, 2, 4, 6, 8, 10].map((i) => html`<i class="shade${i}"></i>`)}</span> from 0 to 100%. Point
        at a word or tap it, or use the arrow keys.</p>
      <ol>${film.prompts.map((prompt, i) => this.text(prompt, frame.continued[i], i))}</ol>`;
  }

  text(prompt, { ids, p }, i) {
    const { symbols } = this.run, [chosen, token] = this.chosen ?? [];
    return html`<li class=${chosen === i ? "active" : ""} 
      @pointerleave=${(event) => this.leave(event, i)}>
      <p class="text size" dir="auto" aria-hidden="true"></p>
      <p class="text" dir="auto" tabindex="0" role="group" aria-label=${`Prompt ${i + 1}: ${prompt.text}`}
        @keydown=${(event) => this.walk(event, i, ids.length)}
        @pointerover=${(event) => this.point(event, i)}><span class="given">${inText(prompt.text)
        }</span>${ids.map((id, j) => html`<span data-token=${j} class=${
          `token ${shade(p[j])} ${chosen === i && token === j ? "chosen" : ""}`}>${
          inText(symbols[id])}</span>`)}</p>
      <div aria-live="polite">${chosen === i ? this.readout(ids[token], p[token]) : ""}</div></li>`;
  }

  /** The readout would cover what is below. A finger leaves whenever it is lifted. */
  leave({ pointerType }, prompt) {
    if (pointerType === "mouse" && this.chosen?.[0] === prompt) this.chosen = null;
  }

  point(event, prompt) {
    const token = event.target.dataset?.token;
    if (token !== undefined) this.chosen = [prompt, Number(token)];
  }

  readout(id, p) {
    return html`<p class="readout">The model gave <b dir="auto">${alone(this.run.symbols[id])}</b> a probability
      of ${percent(p)}, after reading what comes before it.</p>`;
  }
}

customElements.define("five-texts", FiveTexts);
