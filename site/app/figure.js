/**
 * The base class of all figures: where their data comes from, and what they show until it is there, or if
 * it fails to load. A figure has a folder of its own, and finds what it shows by itself: it asks upward.
 *
 *   class LossCurve extends Figure {
 *     static properties = { head: { from: "store" } }; // follows the head that is chosen in the page
 *     load(run) { return run.part("log"); }            // its data, or a promise of it
 *     draw(log) { return html`… <button @click=${() => this.store.set({ step: 0 })}>…`; }
 *   }
 */
import { LitElement, css, html } from "../vendored/lit.js";
import { ask } from "./context.js";
import { UserError } from "./run.js";
import { addShareButton } from "./share.js";

/**
 * Ten colours from panel to accent: behind text, which has to stay readable, they stop halfway; where
 * there is no text on them, they go all the way.
 */
const colors = css`
  .color0 { background: transparent; }
  .color1 { background: color-mix(in oklab, var(--accent) 4.2%, var(--panel)); }
  .color2 { background: color-mix(in oklab, var(--accent) 8.4%, var(--panel)); }
  .color3 { background: color-mix(in oklab, var(--accent) 12.6%, var(--panel)); }
  .color4 { background: color-mix(in oklab, var(--accent) 16.8%, var(--panel)); }
  .color5 { background: color-mix(in oklab, var(--accent) 21.0%, var(--panel)); }
  .color6 { background: color-mix(in oklab, var(--accent) 25.2%, var(--panel)); }
  .color7 { background: color-mix(in oklab, var(--accent) 29.4%, var(--panel)); }
  .color8 { background: color-mix(in oklab, var(--accent) 33.6%, var(--panel)); }
  .color9 { background: color-mix(in oklab, var(--accent) 37.8%, var(--panel)); }
  .color10 { background: color-mix(in oklab, var(--accent) 42.0%, var(--panel)); }
  @media (prefers-color-scheme: dark) { /* there, the lowest of these look like the panel */
    .color1 { background: color-mix(in oklab, var(--accent) 10%, var(--panel)); }
    .color2 { background: color-mix(in oklab, var(--accent) 14%, var(--panel)); }
    .color3 { background: color-mix(in oklab, var(--accent) 18%, var(--panel)); }
    .color4 { background: color-mix(in oklab, var(--accent) 21%, var(--panel)); }
    .color5 { background: color-mix(in oklab, var(--accent) 24%, var(--panel)); }
  }
  .heat1 { background: color-mix(in oklab, var(--accent) 10%, var(--panel)); }
  .heat2 { background: color-mix(in oklab, var(--accent) 20%, var(--panel)); }
  .heat3 { background: color-mix(in oklab, var(--accent) 30%, var(--panel)); }
  .heat4 { background: color-mix(in oklab, var(--accent) 40%, var(--panel)); }
  .heat5 { background: color-mix(in oklab, var(--accent) 50%, var(--panel)); }
  .heat6 { background: color-mix(in oklab, var(--accent) 60%, var(--panel)); }
  .heat7 { background: color-mix(in oklab, var(--accent) 70%, var(--panel)); }
  .heat8 { background: color-mix(in oklab, var(--accent) 80%, var(--panel)); }
  .heat9 { background: color-mix(in oklab, var(--accent) 90%, var(--panel)); }
  .heat10 { background: color-mix(in oklab, var(--accent) 100%, var(--panel)); }
  @media (forced-colors: active) {
    :is([class*="color"], [class*="heat"], .strip, .strip *) { forced-color-adjust: none; color: CanvasText; }
    :is(.bar, .weight, .like) > i { forced-color-adjust: none; border: 2px solid Highlight; }
  }
`;

const theme = matchMedia("(prefers-color-scheme: dark)");

export class Figure extends LitElement {
  /** What can be kept of it. @type {import("./share-menu.js").Share | undefined} */
  static share;

  /** @type {Object<string, object>} */
  static properties = {
    run: { from: "page", attribute: false }, // a Run of app/run.js
    step: { from: "store", type: Number }, // the sampled step that is shown
    data: { state: true },
    error: { state: true },
  };

  static styles = [
    colors,
    css`
    :host { --share-opacity: 0; display: block; contain: layout style; font: 400 var(--small)/1.5 var(--sans);
            color: var(--text); font-variant-numeric: tabular-nums;
            -webkit-print-color-adjust: exact; print-color-adjust: exact;  /* a shade means something */
            --axis-left: 56px; --axis-right: 24px;  /* the space beside the axis of steps */ }
    @media (max-width: 640px) { :host { --axis-left: 34px; --axis-right: 20px; } }
    :host(:hover) { --share-opacity: 1; }
    :is(.error, [aria-busy="true"]) ~ share-button { visibility: hidden; }
    :host(:fullscreen) { --small: 1.25rem; --beside: 0px; background: var(--panel); padding: 32px 48px; overflow-y: auto;
                         align-content: safe center; }
    * { box-sizing: border-box; }
    p { margin: 0; }
    button, select { font: inherit; color: inherit; }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    :focus-visible:where(:not(button)) { border-radius: 4px; }
    .caption { color: var(--muted); max-width: 66ch; text-wrap: pretty; }
    .error { border-left: 4px solid var(--warning); padding: 8px 16px; }
    .error code { font: 1em var(--mono); overflow-wrap: anywhere; user-select: all; }
    .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden;
                       clip-path: inset(50%); white-space: nowrap; }
    @media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
  `,
  ];

  createRenderRoot() {
    const root = super.createRenderRoot();
    const { share } = /** @type {typeof Figure} */ (this.constructor);
    if (share) this.renderOptions.renderBefore = addShareButton(root);
    return root;
  }

  connectedCallback() {
    super.connectedCallback();
    this.translate = false; // a browser that translates puts its own nodes in place of those that change
    this.onTheme = () => this.repaint();
    theme.addEventListener("change", this.onTheme);
    this.stops = [...sources(this.constructor)].map(([context, names]) => this.follow(context, names));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    theme.removeEventListener("change", this.onTheme);
    for (const stop of this.stops) stop();
  }

  /**
   * Have properties follow what is around this figure (see context.js); it is also kept, such as
   * `this.store`. @returns {() => void} what ends that
   */
  follow(context, names) {
    const source = (this[context] = ask(this, context));
    const copy = () => {
      for (const name of names) if (name in source.state) this[name] = source.state[name];
    };
    if (!source) return () => {};
    copy();
    return source.subscribe(copy);
  }

  /** Draw again what is on a canvas: it does not follow the style sheets by itself. */
  repaint() {}

  willUpdate(changed) {
    if (this.error?.fromRender && !changed.has("error")) this.error = null; // perhaps it works now
    if (!changed.has("run") || !this.run) return;
    this.data = null; // of the previous run: its ids mean different tokens
    this.loadData(this.run);
  }

  async loadData(run) {
    this.error = null;
    try {
      const data = await this.load(run);
      if (run === this.run) this.data = data;
    } catch (error) {
      if (run !== this.run) return;
      this.data = null;
      this.fail(error);
    }
  }

  /** Show an error in place of the figure. Errors other than UserError come from unexpected data. */
  fail(error) {
    const message = "The data of this figure is damaged, or belongs to a different version of this page.";
    this.error = error instanceof UserError ? error : new UserError(message, this.run?.command);
  }

  /** Drawing may fail, too, if the data is damaged. */
  performUpdate() {
    try {
      super.performUpdate();
      if (!this.hasAttribute("drawn")) this.giveBackItsPlace();
    } catch (error) {
      if (this.error) throw error;
      this.fail(error);
      this.error.fromRender = true;
    }
  }

  /** What is drawn has its own height, and not the one that styles/page.css keeps free for it. */
  giveBackItsPlace() {
    this.toggleAttribute("drawn", !this.renderRoot.querySelector("[aria-busy=true]"));
  }

  render() {
    if (this.error) return errorBox(this.error);
    return this.run && this.data ? this.draw(this.data) : html`<p class="caption" aria-busy="true">…</p>`;
  }
}

/** Which properties of a figure follow what: { "store" => ["step", "head"], … }. */
function sources({ elementProperties }) {
  const found = new Map();
  for (const [name, { from }] of elementProperties) {
    if (from) found.set(from, [...(found.get(from) ?? []), name]);
  }
  return found;
}

/** An error, shown in place of a figure, and what to type. */
export function errorBox(error) {
  if (error.isExpected) return html`<p class="caption">${error.message}</p>`;
  return html`<div class="error" role="alert"><p>${error.message}</p>
    ${error.command ? html`<p>Type <code>${error.command}</code></p>` : ""}</div>`;
}

/**
 * How far a key leads in a row of things: 1 or -1 for the arrows, in the direction of its text, without end
 * for End and Home; undefined for other keys, which keep what they do.
 */
export function wayOf(event) {
  const on = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
  const by = { ArrowRight: on, ArrowLeft: -on, Home: -Infinity, End: Infinity }[event.key];
  if (by) event.preventDefault();
  return by;
}
