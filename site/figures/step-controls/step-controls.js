/**
 * <step-controls compact></step-controls>
 *
 * The slider over all sampled steps, with play and single steps; the milestones are marked below it.
 * Chooses a step. A film goes on only when what it shows is there.
 *
 *   autoplay   a shorter film starts by itself, once, if the address names no step; not with reduced motion
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, duration, nats } from "../../app/format.js";
import { fractionalIndex } from "../../app/step-scale.js";

const DURATION = 14_000; // milliseconds for all samples, at most MAX_INTERVAL each
const MAX_INTERVAL = 700;
const SHORT = { duration: 8000, samples: 14 }; // of the film that starts by itself
const STOPS_IT = ["pointerdown", "keydown"]; // whatever somebody does, they want to look at something
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)"); // then no film starts by itself

class StepControls extends Figure {
  static properties = { autoplay: { type: Boolean }, isPlaying: { state: true } };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { flex-wrap: nowrap; gap: 8px; }
    .buttons { display: flex; gap: 4px; }
    button { min-width: 44px; font-size: 1rem; padding: 0 10px; text-align: center; }
    .primary { min-width: 88px; }
    .ends { display: flex; justify-content: space-between; color: var(--muted); }
    .now { margin-left: 8px; line-height: 1.35; }
    .now strong { font-size: 1.1875rem; font-weight: 600; }
    .now .is { color: var(--muted); display: block; }
    .track { position: relative; padding: 0 var(--axis-right) 0 var(--axis-left); margin-top: 8px; }
    input { display: block; width: calc(100% + 20px); margin: 0 -10px; height: 32px;
            accent-color: var(--accent); cursor: pointer; }
    .marks { position: relative; height: 8px; }
    .marks i { position: absolute; width: 6px; height: 6px; border-radius: 50%; margin-left: -3px;
               background: var(--muted); }
    .marks i.passed { background: var(--accent); }
    :host([compact]) { display: flex; align-items: center; gap: 16px; --axis-left: 10px; --axis-right: 10px; }
    :host([compact]) .now span { display: none; }
    :host([compact]) .now { margin: 0; }
    :host([compact]) .now strong { display: block; width: 11em; font-size: 1rem; }
    :host([compact]) .track { flex: 1; margin: 8px 0 0; }
    @media (max-width: 640px) {
      :host([compact]) { gap: 8px; }
      :host([compact]) .step { display: none; }
      :host([compact]) .now strong { width: 5.4em; font-size: var(--small); }
      .primary { min-width: 64px; } .buttons button { padding: 0 4px; }
      .now { margin-left: 0; min-width: 0; } .now strong { font-size: var(--small); }
      .now .more { display: none; }
    }
  `,
  ];

  async load(run) {
    const [{ milestones }, log] = await Promise.all([run.part("samples"), run.part("log")]);
    const { sampled_steps, loss } = log.validation;
    const seconds = new Map(log.point_steps.map((step, i) => [step, log.seconds[i]]));
    const losses = new Map(sampled_steps.map((step, i) => [step, loss[i]]));
    return { milestones, seconds, losses, steps: run.manifest.sampled_steps };
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.pause();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("run")) this.pause();
  }

  updated(changed) {
    if (changed.has("data") && this.data && this.autoplay && this.mayStart()) this.playShort();
  }

  mayStart() {
    return !reducedMotion.matches && this.store.chosen.step === undefined && this.step === this.data.steps[0];
  }

  /** The film that starts by itself: a few of the samples, from the first to the last. */
  playShort() {
    const { steps } = this.data;
    const n = Math.min(SHORT.samples, steps.length);
    if (n < 2) return;
    const shown = Array.from({ length: n }, (_, i) => Math.round((i * (steps.length - 1)) / (n - 1)));
    this.film(shown, SHORT.duration / n);
    const stop = (event) => {
      if (!event.composedPath().includes(this)) this.pause(); // what is pressed in here has its own effect
    };
    for (const type of STOPS_IT) addEventListener(type, stop, { once: true, passive: true });
  }

  play() {
    const { steps } = this.data;
    const start = this.step === steps.at(-1) ? 0 : steps.indexOf(this.step);
    const rest = Array.from({ length: steps.length - start }, (_, i) => start + i);
    this.film(rest, Math.min(MAX_INTERVAL, DURATION / steps.length));
  }

  /** Show samples one after the other, each for `interval` milliseconds or until all of it is there. */
  async film(indices, interval) {
    this.pause();
    const film = (this.playing = {});
    this.isPlaying = true;
    this.store.setPlaying(true);
    for (const i of indices) {
      this.go(i);
      await Promise.all([new Promise((resolve) => setTimeout(resolve, interval)), this.store.allShown()]);
      if (film !== this.playing) return; // it was stopped, or another one was started
    }
    this.pause();
  }

  pause() {
    if (!this.playing) return;
    this.playing = null;
    this.isPlaying = false;
    this.store.setPlaying(false);
  }

  /** Show the sample with this index. */
  go(i) {
    const { steps } = this.data;
    this.store.set({ step: steps[Math.max(0, Math.min(steps.length - 1, i))] });
  }

  seek(i) {
    this.pause();
    this.go(i);
  }

  draw({ milestones, seconds, losses, steps }) {
    const i = Math.max(0, steps.indexOf(this.step));
    const last = steps.length - 1;
    const loss = losses.get(this.step);
    const label = `step ${count(this.step)} of ${count(this.run.manifest.settings.steps)}`;
    return html`
      <div class="row">
        <div class="buttons">
          <button class="primary"
            @click=${() => (this.playing ? this.pause() : this.play())}>
            ${this.isPlaying ? "Pause" : "Play"}</button>
          <button class="step" aria-label="Previous sample" ?disabled=${i === 0}
            @click=${() => this.seek(i - 1)}>←</button>
          <button class="step" aria-label="Next sample" ?disabled=${i === last}
            @click=${() => this.seek(i + 1)}>→</button>
        </div>
        <p class="now"><strong>${label}</strong>
          <span class="is">${this.elapsed(seconds, steps)}${this.howSurprised(loss)}</span></p>
      </div>
      <div class="track">
        <input type="range" min="0" max=${last} step="1" .value=${String(i)}
          aria-label="Training step" aria-valuetext=${label}
          @pointerdown=${this.pause} @keydown=${this.pause}
          @input=${(event) => this.seek(Number(event.target.value))}>
        <div class="marks" aria-hidden="true">${milestones.map(
          ({ step }) => html`
          <i class=${step <= this.step ? "passed" : ""}
            style=${styleMap({ left: `${(100 * fractionalIndex(step, steps)) / Math.max(1, last)}%` })}></i>`,
        )}
        </div>
        ${this.autoplay ? html`<p class="ends"><span>before training</span><span>after it</span></p>` : ""}
      </div>`;
  }

  /** The loss, and what it means where there is room for that. */
  howSurprised(loss) {
    if (loss === undefined) return "";
    const [number, ...meaning] = `loss ${nats(loss, this.run.vocab.length)}`.split(", ");
    return html`${number}<span class="more">, ${meaning.join(", ")}</span>`;
  }

  /** "after 12 s, ", if that is known. */
  elapsed(seconds, steps) {
    const elapsedSeconds =
      seconds.get(this.step) ?? (this.step === steps.at(-1) ? this.run.manifest.metrics?.seconds : undefined);
    return elapsedSeconds === undefined ? "" : `after ${duration(elapsedSeconds)}, `;
  }
}

customElements.define("step-controls", StepControls);
