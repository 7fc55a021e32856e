/**
 * What all figures share: where their data comes from, what they show until it is there, and
 * what they show if it fails to load. A figure has a folder of its own; attributes go in, events come out.
 *
 *   class LossCurve extends Figure {
 *     load(run) { return run.part("log"); }           // a promise of what it draws
 *     draw(log) { return html`…`; }
 *   }
 */
import { LitElement, css, html } from "../vendored/lit.js";
import { Trouble } from "./run.js";

/**
 * Ten shades from panel to moss: behind text, which has to stay readable, they stop halfway; as heat,
 * with no text on them, they go all the way.
 */
const shades = css`
  .shade0 { background: transparent; }
  .shade1 { background: color-mix(in oklab, var(--moss) 4.2%, var(--panel)); }
  .shade2 { background: color-mix(in oklab, var(--moss) 8.4%, var(--panel)); }
  .shade3 { background: color-mix(in oklab, var(--moss) 12.6%, var(--panel)); }
  .shade4 { background: color-mix(in oklab, var(--moss) 16.8%, var(--panel)); }
  .shade5 { background: color-mix(in oklab, var(--moss) 21.0%, var(--panel)); }
  .shade6 { background: color-mix(in oklab, var(--moss) 25.2%, var(--panel)); }
  .shade7 { background: color-mix(in oklab, var(--moss) 29.4%, var(--panel)); }
  .shade8 { background: color-mix(in oklab, var(--moss) 33.6%, var(--panel)); }
  .shade9 { background: color-mix(in oklab, var(--moss) 37.8%, var(--panel)); }
  .shade10 { background: color-mix(in oklab, var(--moss) 42.0%, var(--panel)); }
  .heat1 { background: color-mix(in oklab, var(--moss) 10%, var(--panel)); }
  .heat2 { background: color-mix(in oklab, var(--moss) 20%, var(--panel)); }
  .heat3 { background: color-mix(in oklab, var(--moss) 30%, var(--panel)); }
  .heat4 { background: color-mix(in oklab, var(--moss) 40%, var(--panel)); }
  .heat5 { background: color-mix(in oklab, var(--moss) 50%, var(--panel)); }
  .heat6 { background: color-mix(in oklab, var(--moss) 60%, var(--panel)); }
  .heat7 { background: color-mix(in oklab, var(--moss) 70%, var(--panel)); }
  .heat8 { background: color-mix(in oklab, var(--moss) 80%, var(--panel)); }
  .heat9 { background: color-mix(in oklab, var(--moss) 90%, var(--panel)); }
  .heat10 { background: color-mix(in oklab, var(--moss) 100%, var(--panel)); }
`;

const theme = matchMedia("(prefers-color-scheme: dark)");

export class Figure extends LitElement {
  static properties = {
    run: { attribute: false },    // a Run of kit/run.js
    step: { type: Number },       // the watched step that is shown
    data: { state: true },
    trouble: { state: true },
  };

  static styles = [shades, css`
    :host { display: block; contain: layout style; font: 400 var(--small)/1.5 var(--sans);
            color: var(--ink); font-variant-numeric: tabular-nums;
            --left: 56px; --right: 24px;  /* the space that figures leave beside their axis of steps */ }
    @media (max-width: 640px) { :host { --left: 34px; --right: 20px; } }
    * { box-sizing: border-box; }
    p { margin: 0; }
    button, select { font: inherit; color: inherit; }
    :focus-visible { outline: 3px solid var(--moss); outline-offset: 2px; border-radius: 4px; }
    .caption { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .trouble { border-left: 4px solid var(--warning); padding: 8px 16px; }
    .trouble code { font: 1em var(--mono); overflow-wrap: anywhere; user-select: all; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
              white-space: nowrap; }
    @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
  `];

  connectedCallback() {
    super.connectedCallback();
    this.onTheme = () => this.repaint();
    theme.addEventListener("change", this.onTheme);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    theme.removeEventListener("change", this.onTheme);
  }

  /** Draw again what is on a canvas: it does not follow the style sheets by itself. */
  repaint() {}

  willUpdate(changed) {
    if (this.trouble?.isOfDrawing && !changed.has("trouble")) this.trouble = null;  // perhaps it works now
    if (!changed.has("run") || !this.run) return;
    this.data = null;  // of the previous run: its ids mean different tokens
    this.begin(this.run);
  }

  async begin(run) {
    this.trouble = null;
    try {
      const data = await this.load(run);
      if (run === this.run) this.data = data;
    } catch (error) {
      if (run !== this.run) return;
      this.data = null;
      this.fail(error);
    }
  }

  /** Say what went wrong. Errors other than Trouble come from unexpected data. */
  fail(error) {
    const sentence = "The data of this figure is damaged, or belongs to a different version of this page.";
    this.trouble = error instanceof Trouble ? error : new Trouble(sentence, this.run?.command);
  }

  /** Report what is wrong with the data in place of the figure, also if drawing fails. */
  performUpdate() {
    try {
      super.performUpdate();
    } catch (error) {
      if (this.trouble) throw error;
      this.fail(error);
      this.trouble.isOfDrawing = true;
    }
  }

  /** Emit an event to the page; figures do not know each other. */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  render() {
    if (this.trouble) return trouble(this.trouble);
    return this.data ? this.draw(this.data) : html`<p class="caption" aria-busy="true">…</p>`;
  }
}

/** What went wrong, shown in place of the figure, and what to type. */
export function trouble(error) {
  return html`<div class="trouble" role="alert"><p>${error.message}</p>
    ${error.command ? html`<p>Type <code>${error.command}</code></p>` : ""}</div>`;
}

/** Which way a text runs: 1 from left to right, -1 where it is read from right to left. */
export const forward = (text) => (getComputedStyle(text).direction === "rtl" ? -1 : 1);
