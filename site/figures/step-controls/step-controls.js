/**
 * <step-controls compact></step-controls>
 *
 * The slider over all sampled steps, with play and single steps; the milestones are marked below it, and
 * lead to their step. Chooses a step. A film goes on only when what it shows is there.
 *
 *   snapshots  only the steps of which the page has the model, for figures that compute with it
 *   autoplay   a shorter film starts by itself, once, if the address names no step; not with reduced motion
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, duration, nats } from "../../app/format.js";
import { choiceOf, summary } from "../../app/milestones.js";
import { fractionalIndex, nearest } from "../../app/step-scale.js";

const DURATION = 14_000; // milliseconds for all samples, at most MAX_INTERVAL each
const MAX_INTERVAL = 700;
const SHORT = { duration: 8000, samples: 14 }; // of the film that starts by itself
const STOPS_IT = ["click", "keydown"]; // then somebody wants to look at something; not if a finger scrolls
const FAR = 8; // pixels: a finger that has moved so far drags the slider, or scrolls
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)"); // then no film starts by itself

/** The slider whose film goes on: a page may have two of them. @type {StepControls | null} */
let playing = null;

class StepControls extends Figure {
  touch = null; // where a finger began that has neither dragged the slider nor been lifted

  static properties = {
    autoplay: { type: Boolean },
    snapshots: { type: Boolean },
    isPlaying: { state: true },
    said: { state: true }, // what screen readers say of a step that was not chosen by the slider
  };

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
    input:focus-visible { outline-offset: -3px; }  /* the dots below it stay whole */
    .marks { position: relative; height: 8px; }
    .marks i { position: absolute; width: 16px; height: 18px; margin: -6px 0 0 -8px; cursor: pointer; }
    .marks i::before { content: ""; position: absolute; width: 6px; height: 6px; margin: 6px 5px;
                       border-radius: 50%; background: var(--muted); }
    .marks i.passed::before { background: var(--accent); }
    .marks i:hover::before { outline: 2px solid var(--accent); outline-offset: 1px; }
    .name { position: absolute; z-index: 1; top: 20px; left: 0; width: max-content; max-width: min(320px, 45vw);
            padding: 4px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--panel);
            color: var(--text); font-style: normal; visibility: hidden; pointer-events: none; }
    .late .name { left: auto; right: 0; }
    .marks i:hover .name { visibility: visible; }
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
      .now .seconds { display: none; }
    }
    @media (max-width: 800px) { .now .more { display: none; } }
    @media (max-height: 560px) { .track { margin-top: 0; } .ends { display: none; } }
    @media print { .track, .buttons { display: none; } }
  `,
  ];

  async load(run) {
    const [{ milestones, samples, chance }, log] = await Promise.all([run.part("samples"), run.part("log")]);
    const { sampled_steps, loss } = log.validation;
    const seconds = new Map(log.point_steps.map((step, i) => [step, log.seconds[i]]));
    const losses = new Map(sampled_steps.map((step, i) => [step, loss[i]]));
    return { milestones, samples, chance, seconds, losses, steps: this.stepsOf(run) };
  }

  stepsOf({ manifest }) {
    return this.snapshots ? manifest.snapshots.map(({ step }) => step) : manifest.sampled_steps;
  }

  /** The step that is chosen, or the one closest to it that can be shown here. */
  get shownStep() {
    return nearest(this.step, this.data.steps);
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
    const start = this.shownStep === steps.at(-1) ? 0 : steps.indexOf(this.shownStep);
    const rest = Array.from({ length: steps.length - start }, (_, i) => start + i);
    this.film(rest, Math.min(MAX_INTERVAL, DURATION / steps.length));
  }

  /** Show samples one after the other, each for `interval` milliseconds or until all of it is there. */
  async film(indices, interval) {
    playing?.pause();
    playing = this;
    const film = (this.playing = {});
    this.isPlaying = true;
    this.store.setPlaying(true);
    for (const i of indices) {
      this.go(i);
      await Promise.all([new Promise((resolve) => setTimeout(resolve, interval)), this.store.allShown()]);
      if (film !== this.playing) return; // it was stopped, or another one was started
    }
    this.pause();
    this.say();
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

  /** Have screen readers say which step is shown. */
  say() {
    this.said = this.label;
  }

  get label() {
    return `step ${count(this.shownStep)} of ${count(this.run.manifest.settings.steps)}`;
  }

  /** The step, and what happened there: "step 10 of 20, milestone: Real words". */
  labelWithMilestones() {
    const { milestones, chance } = this.data;
    const reached = milestones.filter(({ step }) => step === this.shownStep);
    return reached.length ? `${this.label}, milestone: ${summary(reached, chance)}` : this.label;
  }

  /** A finger on the slider may be about to scroll: it counts once it has moved sideways, or is lifted. */
  press({ pointerType, clientX, clientY }) {
    if (pointerType === "touch") this.touch = { clientX, clientY, scrolls: false };
    else this.pause();
  }

  drag({ clientX, clientY, target }) {
    if (!this.touch || this.touch.scrolls) return;
    const across = Math.abs(clientX - this.touch.clientX);
    const down = Math.abs(clientY - this.touch.clientY);
    if (Math.max(across, down) < FAR) return;
    if (across > down) this.lift({ target });
    else this.touch.scrolls = true;
  }

  lift({ target }) {
    if (!this.touch) return;
    if (this.touch.scrolls) return this.letGo({ target });
    this.touch = null;
    this.slide({ target });
  }

  /** The finger has scrolled: the thumb goes back. */
  letGo({ target }) {
    this.touch = null;
    target.value = String(this.data.steps.indexOf(this.shownStep));
  }

  slide({ target }) {
    if (!this.touch) this.seek(Number(target.value));
  }

  /** Show a milestone: in Look inside, which has another text, only its step. */
  showMilestones(milestones) {
    this.pause();
    const { run, data } = this;
    const inFilm = milestones.filter(({ kind }) => kind === milestones[0].kind);
    const choice = this.hasAttribute("compact")
      ? { step: inFilm[0].step }
      : choiceOf(inFilm, run, data.samples);
    this.store.set(choice, { jump: true });
  }

  draw({ seconds, losses, steps }) {
    const i = steps.indexOf(this.shownStep);
    const last = steps.length - 1;
    const loss = losses.get(this.shownStep);
    return html`
      <div class="row">
        <div class="buttons">
          <button class="primary"
            @click=${this.playOrPause}>
            ${this.isPlaying ? "Pause" : "Play"}</button>
          <button class="step" aria-label="Previous sample" ?disabled=${i === 0}
            @click=${() => this.turnTo(i - 1)}>←</button>
          <button class="step" aria-label="Next sample" ?disabled=${i === last}
            @click=${() => this.turnTo(i + 1)}>→</button>
        </div>
        <p class="now"><strong>${this.label}</strong>
          <span class="is"><span class="seconds">${this.elapsed(seconds, steps)}</span>${this.howSurprised(loss)}</span></p>
        <p class="visually-hidden" role="status">${this.said}</p>
      </div>
      <div class="track">
        <input type="range" min="0" max=${last} step="1" .value=${String(i)}
          aria-label="Training step" aria-valuetext=${this.labelWithMilestones()}
          @pointerdown=${this.press} @pointermove=${this.drag} @pointerup=${this.lift}
          @pointercancel=${this.letGo} @keydown=${this.pause} @input=${this.slide}>
        <div class="marks" aria-hidden="true">${this.marks()}</div>
        ${this.autoplay ? html`<p class="ends"><span>before training</span><span>after it</span></p>` : ""}
      </div>`;
  }

  playOrPause() {
    if (!this.playing) return this.play();
    this.pause();
    this.say();
  }

  /** Show the sample before or after this one. */
  turnTo(i) {
    this.seek(i);
    this.say();
  }

  /** A dot for each step that has milestones. Their names are those of the list, for who points at one. */
  marks() {
    const { milestones, chance, steps } = this.data;
    const withMilestones = [...new Set(milestones.map(({ step }) => step))];
    return withMilestones.map((step) => {
      const reached = milestones.filter((one) => one.step === step);
      const left = (100 * fractionalIndex(step, steps)) / Math.max(1, steps.length - 1);
      return html`<i class=${`${step <= this.shownStep ? "passed" : ""} ${left > 50 ? "late" : ""}`}
        style=${styleMap({ left: `${left}%` })} @click=${() => this.showMilestones(reached)}
        ><span class="name">Step ${count(step)}: ${summary(reached, chance)}</span></i>`;
    });
  }

  /** The loss, and what it means where there is room for that. */
  howSurprised(loss) {
    if (loss === undefined) return "";
    const [number, meaning] = nats(loss, this.run.vocab.length).split(", ");
    const short = meaning.replace(/ among all .*/, ""); // so that it is one line at every step
    return html`loss ${number}<span class="more">, ${short}</span>`;
  }

  /** "after 12 s, ", if that is known. */
  elapsed(seconds, steps) {
    const elapsedSeconds =
      seconds.get(this.shownStep) ??
      (this.shownStep === steps.at(-1) ? this.run.manifest.metrics?.seconds : undefined);
    return elapsedSeconds === undefined ? "" : `after ${duration(elapsedSeconds)}, `;
  }
}

customElements.define("step-controls", StepControls);
