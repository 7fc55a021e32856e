/**
 * <step-controls></step-controls>
 *
 * The slider over all sampled steps, with play and single steps; the milestones are marked below it.
 * Chooses a step.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, duration, nats } from "../../app/format.js";
import { fractionalIndex } from "../../app/step-scale.js";

const DURATION = 14_000; // milliseconds for all samples, at most MAX_INTERVAL each
const MAX_INTERVAL = 700;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)"); // then there is no play button

class StepControls extends Figure {
  static properties = { playing: { state: true } };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { flex-wrap: nowrap; gap: 8px; }
    .buttons { display: flex; gap: 4px; }
    button { min-width: 44px; font-size: 1rem; padding: 0 10px; text-align: center; }
    .primary { min-width: 88px; }
    .now { margin-left: 8px; line-height: 1.35; }
    .now strong { font-size: 1.1875rem; font-weight: 600; }
    .now span { color: var(--muted); display: block; }
    .track { position: relative; padding: 0 var(--axis-right) 0 var(--axis-left); margin-top: 8px; }
    input { display: block; width: calc(100% + 20px); margin: 0 -10px; height: 32px;
            accent-color: var(--accent); cursor: pointer; }
    .marks { position: relative; height: 8px; }
    .marks i { position: absolute; width: 6px; height: 6px; border-radius: 50%; margin-left: -3px;
               background: var(--muted); }
    .marks i.passed { background: var(--accent); }
    @media (max-width: 640px) {
      .primary { min-width: 64px; } .buttons button { padding: 0 4px; }
      .now { margin-left: 0; min-width: 0; } .now strong { font-size: var(--small); }
      .now span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
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

  play() {
    const { steps } = this.data;
    if (this.step === steps.at(-1)) this.go(0);
    this.playing = setInterval(
      () => {
        const next = steps.indexOf(this.step) + 1;
        if (next < steps.length) this.go(next);
        if (next >= steps.length - 1) this.pause();
      },
      Math.min(MAX_INTERVAL, DURATION / steps.length),
    );
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
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
          ${
            reducedMotion.matches
              ? ""
              : html`<button class="primary"
            @click=${() => (this.playing ? this.pause() : this.play())}>
            ${this.playing ? "Pause" : "Play"}</button>`
          }
          <button class="step" aria-label="Previous sample" ?disabled=${i === 0}
            @click=${() => this.seek(i - 1)}>←</button>
          <button class="step" aria-label="Next sample" ?disabled=${i === last}
            @click=${() => this.seek(i + 1)}>→</button>
        </div>
        <p class="now"><strong>${label}</strong>
          <span>${this.elapsed(seconds, steps)}${loss === undefined ? "" : `loss ${nats(loss)}`}</span></p>
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
      </div>`;
  }

  /** "after 12 s, ", if that is known. */
  elapsed(seconds, steps) {
    const elapsedSeconds =
      seconds.get(this.step) ?? (this.step === steps.at(-1) ? this.run.manifest.metrics?.seconds : undefined);
    return elapsedSeconds === undefined ? "" : `after ${duration(elapsedSeconds)}, `;
  }
}

customElements.define("step-controls", StepControls);
