/**
 * <prompt-samples></prompt-samples>
 *
 * The continuations of the five prompts at a step. The stronger the green behind a token, the higher its
 * probability; point at one, or move through them with the arrow keys, for the number.
 */
import { css, html } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { Figure, textDirection } from "../../app/figure.js";
import { inText, percent, showWhitespace } from "../../app/format.js";
import { OnResize } from "../../app/resize.js";
import { latest } from "../../app/step-scale.js";

const MAX_MEASURED = 40; // of the longest texts: how much space they need

class PromptSamples extends Figure {
  static properties = { chosen: { state: true } }; // [prompt, token] that is chosen, or null

  static styles = [
    Figure.styles,
    css`
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 4px; }
    li { position: relative; contain: layout; padding: 6px 0; border-bottom: 1px solid var(--line); }
    li:last-child { border: 0; }
    .text { font: 400 1.125rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
            margin: 0; }
    .prompt { color: var(--muted); }
    .token { border-radius: 3px; padding: 1px 0; }
    .token.chosen { outline: 2px solid var(--chosen); outline-offset: 1px; }
    .measure { visibility: hidden; position: absolute; inset: 6px 0 auto; }
    .legend { color: var(--muted); max-width: 80ch; margin-bottom: 4px; }
    li.active { z-index: 1; }
    .tooltip { position: absolute; left: 0; top: 0; max-width: min(100%, 34ch); background: var(--panel);
               border: 1px solid var(--chosen); border-radius: 8px; padding: 4px 12px; margin-top: 4px;
               pointer-events: none; }
    .tooltip b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    .scale { display: inline-flex; vertical-align: -2px; border: 1px solid var(--line);
           border-radius: 4px; overflow: hidden; }
    .scale i { width: 14px; height: 14px; }
    @media (max-width: 640px) { .text { font-size: 1.0625rem; line-height: 1.55; } }
  `,
  ];

  load(run) {
    this.chosen = null;
    return run.part("samples");
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("step")) this.chosen = null;
  }

  constructor() {
    super();
    new OnResize(this, () => this.reserveSpace());
  }

  updated(changed) {
    if (changed.has("data")) document.fonts.ready.then(() => this.reserveSpace());
    if (this.chosen && this.data) this.moveTooltip();
  }

  /** Move it next to its token: anywhere else it might be out of sight. */
  moveTooltip() {
    const tooltip = this.renderRoot.querySelector(".tooltip");
    const { offsetLeft, offsetTop, offsetHeight } = this.renderRoot.querySelector(".token.chosen");
    const right = tooltip.parentElement.clientWidth - tooltip.offsetWidth;
    tooltip.style.left = `${Math.max(0, Math.min(offsetLeft, right))}px`;
    tooltip.style.top = `${offsetTop + offsetHeight}px`;
  }

  /** Reserve for each text the space that its longest sample needs, so that nothing jumps between steps. */
  reserveSpace() {
    if (!this.data) return;
    const items = this.renderRoot.querySelectorAll("li");
    items.forEach((item, i) => {
      const size = item.querySelector(".measure");
      const texts = this.data.samples.map((sample) =>
        sample.continuations[i].ids.map((id) => inText(this.run.vocab[id])).join(""),
      );
      const longest = texts.sort((a, b) => b.length - a.length).slice(0, MAX_MEASURED);
      const heights = longest.map((text) => {
        size.textContent = this.run.manifest.prompts[i] + text;
        return size.offsetHeight;
      });
      size.textContent = "";
      item.querySelector(".text:not(.measure)").style.minHeight = `${Math.max(...heights)}px`;
    });
  }

  /** Move to the token before or after the chosen one. */
  walk(event, prompt, length) {
    const on = textDirection(event.currentTarget);
    const by = { ArrowRight: on, ArrowLeft: -on, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const from = this.chosen?.[0] === prompt ? this.chosen[1] : -1;
    this.chosen = [prompt, Math.max(0, Math.min(length - 1, from + by))];
  }

  draw({ samples }) {
    const step = latest(
      this.step,
      samples.map((one) => one.step),
    );
    const { continuations } = samples.find((one) => one.step === step);
    return html`
      <p class="legend">Grey is the prompt; the model wrote the rest. The greener a
        word, the more likely the model thought it was: <span class="scale" aria-hidden="true">${[
          0, 2, 4, 6, 8, 10,
        ].map((i) => html`<i class="color${i}"></i>`)}</span> from 0 to 100%. Point
        at a word or tap it, or use the arrow keys.</p>
      <ol>${this.run.manifest.prompts.map((prompt, i) => this.text(prompt, continuations[i], i))}</ol>`;
  }

  text(prompt, { ids, p }, i) {
    const { vocab } = this.run;
    const [chosen, token] = this.chosen ?? [];
    return html`<li class=${chosen === i ? "active" : ""} 
      @pointerleave=${(event) => this.leave(event, i)}>
      <p class="text measure" dir="auto" aria-hidden="true"></p>
      <p class="text" dir="auto" tabindex="0" role="group" aria-label=${`Prompt ${i + 1}: ${prompt}`}
        @keydown=${(event) => this.walk(event, i, ids.length)}
        @pointerover=${(event) => this.point(event, i)}><span class="prompt">${inText(
          prompt,
        )}</span>${ids.map(
          (id, j) =>
            html`<span data-token=${j} class=${`token ${colorToken(p[j])} ${chosen === i && token === j ? "chosen" : ""}`}>${inText(
              vocab[id],
            )}</span>`,
        )}</p>
      <div aria-live="polite">${chosen === i ? this.tooltip(ids[token], p[token]) : ""}</div></li>`;
  }

  /** The tooltip would cover what is below. A finger leaves whenever it is lifted. */
  leave({ pointerType }, prompt) {
    if (pointerType === "mouse" && this.chosen?.[0] === prompt) this.chosen = null;
  }

  point(event, prompt) {
    const token = event.target.dataset?.token;
    if (token !== undefined) this.chosen = [prompt, Number(token)];
  }

  tooltip(id, p) {
    return html`<p class="tooltip">The model gave <b dir="auto">${showWhitespace(
      this.run.vocab[id],
    )}</b> a probability of ${percent(p)}, after reading what comes before it.</p>`;
  }
}

customElements.define("prompt-samples", PromptSamples);
