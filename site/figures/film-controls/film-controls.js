/**
 * <film-controls .run=${run} step="100"></film-controls>
 *
 * The slider over all watched steps, with play and single steps; the moments are marked below it.
 * Emits: "step" { step }.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { Figure } from "../../kit/figure.js";
import { place } from "../../kit/axis.js";
import { count, duration, nats } from "../../kit/words.js";

const FILM = 14_000;  // milliseconds that the whole film takes, at most SLOWEST per sample
const SLOWEST = 700;
const still = matchMedia("(prefers-reduced-motion: reduce)");  // then the film moves by hand only

class FilmControls extends Figure {
  static properties = { playing: { state: true } };

  static styles = [Figure.styles, css`
    .row { display: flex; align-items: center; gap: 8px; }
    .buttons { display: flex; gap: 4px; }
    button { min-width: 44px; height: 44px; border: 1px solid var(--line); border-radius: 22px;
             background: var(--panel); cursor: pointer; font-size: 1rem; padding: 0 10px; }
    button:hover { border-color: var(--moss); }
    .play { background: var(--moss); color: var(--panel); border-color: var(--moss);
            min-width: 88px; font-weight: 600; }
    .now { margin-left: 8px; line-height: 1.35; }
    .now strong { font-size: 1.1875rem; font-weight: 600; }
    .now span { color: var(--muted); display: block; }
    .track { position: relative; padding: 0 var(--right) 0 var(--left); margin-top: 8px; }
    input { display: block; width: calc(100% + 20px); margin: 0 -10px; height: 32px;
            accent-color: var(--moss); cursor: pointer; }
    .marks { position: relative; height: 8px; }
    .marks i { position: absolute; width: 6px; height: 6px; border-radius: 50%; margin-left: -3px;
               background: var(--muted); }
    .marks i.passed { background: var(--moss); }
    @media (max-width: 640px) {
      .play { min-width: 64px; } .buttons button { padding: 0 4px; }
      .now { margin-left: 0; min-width: 0; } .now strong { font-size: var(--small); }
      .now span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    }
  `];

  async load(run) {
    const [film, log] = await Promise.all([run.part("film"), run.part("log")]);
    const seconds = new Map(log.steps.map((step, i) => [step, log.seconds[i]]));
    const losses = new Map(log.validation.steps.map((step, i) => [step, log.validation.loss[i]]));
    return { film, seconds, losses, steps: run.manifest.watched };
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
    this.playing = setInterval(() => {
      const next = steps.indexOf(this.step) + 1;
      if (next < steps.length) this.go(next);
      if (next >= steps.length - 1) this.pause();
    }, Math.min(SLOWEST, FILM / steps.length));
  }

  pause() {
    clearInterval(this.playing);
    this.playing = null;
  }

  /** Show the sample with this number. */
  go(i) {
    const { steps } = this.data;
    this.tell("step", { step: steps[Math.max(0, Math.min(steps.length - 1, i))] });
  }

  byHand(i) {
    this.pause();
    this.go(i);
  }

  draw({ film, seconds, losses, steps }) {
    const i = Math.max(0, steps.indexOf(this.step)), last = steps.length - 1;
    const loss = losses.get(this.step);
    const described = `step ${count(this.step)} of ${count(this.run.manifest.settings.steps)}`;
    return html`
      <div class="row">
        <div class="buttons">
          ${still.matches ? "" : html`<button class="play"
            @click=${() => (this.playing ? this.pause() : this.play())}>
            ${this.playing ? "Pause" : "Play"}</button>`}
          <button class="step" aria-label="Previous sample" ?disabled=${i === 0}
            @click=${() => this.byHand(i - 1)}>←</button>
          <button class="step" aria-label="Next sample" ?disabled=${i === last}
            @click=${() => this.byHand(i + 1)}>→</button>
        </div>
        <p class="now"><strong>${described}</strong>
          <span>${this.time(seconds, steps)}${loss === undefined ? ""
            : `loss ${nats(loss)}`}</span></p>
      </div>
      <div class="track">
        <input type="range" min="0" max=${last} step="1" .value=${String(i)}
          aria-label="Training step" aria-valuetext=${described}
          @pointerdown=${this.pause} @keydown=${this.pause}
          @input=${(event) => this.byHand(Number(event.target.value))}>
        <div class="marks" aria-hidden="true">${film.moments.map(({ step }) => html`
          <i class=${step <= this.step ? "passed" : ""}
            style=${styleMap({ left: `${100 * place(step, steps) / Math.max(1, last)}%` })}></i>`)}
        </div>
      </div>`;
  }

  /** "after 12 s, ", if that is known. */
  time(seconds, steps) {
    const known = seconds.get(this.step)
      ?? (this.step === steps.at(-1) ? this.run.manifest.metrics?.seconds : undefined);
    return known === undefined ? "" : `after ${duration(known)}, `;
  }
}

customElements.define("film-controls", FilmControls);
