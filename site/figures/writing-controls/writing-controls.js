/**
 * <writing-controls></writing-controls>
 *
 * The model stops, goes on, tries again with other luck, or takes back the last decision about its text. See
 * app/writing.js.
 */
import { css, html } from "../../vendored/lit.js";
import { formatBranch, parseBranch } from "../../app/branch.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

const MORE = 40; // tokens that "Go on" adds

class WritingControls extends Figure {
  static properties = {
    seed: { from: "store", type: Number },
    length: { from: "store", type: Number },
    branch: { from: "store", type: String },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    tokensPerSecond: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    @media (max-width: 640px) { .actions button { flex: 1 1 40%; text-align: center; } }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ settings }) {
    const { n_ctx } = settings;
    const isFull = this.promptIds.length + this.tokens.length >= n_ctx;
    return html`
      <div class="row actions">
        <button class="primary" aria-disabled=${String(isFull && !this.isWriting)} @click=${this.press}>${
          this.isWriting ? "Stop" : "Go on"
        }</button>
        <button @click=${() => this.store.set({ seed: this.seed + 1 })}>Another try</button>
        <button aria-disabled=${String(!this.branch)} @click=${this.undo}>Take back</button>
        <span class="caption">${this.speed()}</span>
      </div>`;
  }

  speed() {
    if (this.isWriting) return "It is writing …";
    const speed = this.tokensPerSecond ? `${count(Math.round(this.tokensPerSecond))} tokens a second.` : "";
    return `${speed} ${this.whoseText()}`;
  }

  /** Not every step was saved. */
  whoseText() {
    const { model, step } = this;
    if (!model || model.step === step) return "";
    return `Written by the model of step ${count(model.step)}, the saved step nearest to step ${count(step)}.`;
  }

  /** One button stops the model and has it go on, so that the focus stays on it. */
  press() {
    const { length } = this.tokens;
    if (this.isWriting) {
      this.writing.stop();
      this.store.set({ length: Math.max(1, length) });
    } else {
      this.store.set({ length: Math.max(this.length, length) + MORE });
    }
  }

  /** Take back the last decision. */
  undo() {
    if (!this.branch) return;
    const branch = parseBranch(this.branch);
    const { at } = branch.pop();
    const isLast = at + 1 === this.length; // who picks every token takes back the token
    this.store.set({ branch: formatBranch(branch) || null, ...(isLast ? { length: at } : {}) });
  }
}

customElements.define("writing-controls", WritingControls);
