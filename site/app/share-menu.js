/**
 * The menu of a figure: what share.js is about. It is fetched when somebody opens one.
 *
 * @typedef {object} Share
 * @property {string} title what the figure shows, in a few words
 * @property {(figure: any) => any[][] | null} table its numbers as they are, not rounded: a row of names, then
 *   the others; null while there is nothing to keep
 * @property {boolean} [embeds] false if what it shows does not follow from the address of a page
 * @property {boolean} [draws] false if no picture can be made of it
 * @property {() => Promise<(figure: any, ctx: any) => void>} [drawing] what draws its canvas once more, in the same
 *   pixels: then its picture is as fine as any, and can be an SVG
 * @property {Object<string, (figure: any) => string | Promise<string>>} [copies] what can be copied: a name, and the text or
 *   a promise of it
 */
import { LitElement, css, html, nothing } from "../vendored/lit.js";
import { csv } from "./csv.js";
import { count } from "./format.js";
import { embedHeight, embedLink, frameOf, shownAt } from "./embedding.js";

const GAP = 4; // pixels between the button and its menu
const MARGIN = 8; // that stay free at the edge of the window
const THEMES = [
  ["light", "light"],
  ["dark", "dark"],
  ["", "as the reader has them"],
];

/** Open the menu of a button. */
export function openMenu(button) {
  const root = button.getRootNode();
  const menu = root.querySelector("share-menu") ?? document.createElement("share-menu");
  if (!menu.isConnected) button.after(menu);
  menu.show(button);
}

/** What is said to somebody who does not see what happened: one place for all menus. */
const status = Object.assign(document.createElement("p"), { role: "status", className: "visually-hidden" });

/** A file for whoever looks at the page. */
function save(name, content) {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** "terrarium-stories-step-300-loss-curve.csv" */
function fileName(figure, ending) {
  const { run, step } = shownAt(figure);
  const parts = ["terrarium", run.name, `step-${step}`, figure.localName];
  return `${parts.join("-").replace(/[^\p{L}\p{N}._-]+/gu, "-")}.${ending}`;
}

/** Select a text, and show its beginning. */
function selectAll({ target }) {
  target.select();
  target.scrollTop = 0;
}

class ShareMenu extends LitElement {
  static properties = {
    fields: { state: true }, // what can be copied by hand, { label, text } of each; null: the menu itself
    embeds: { state: true }, // whether these are a link and a frame
    fixed: { state: true }, // what is fixed in it, besides what is shown now: { theme, fromStep, … }
    copied: { state: true }, // the label of what was copied
  };

  static styles = css`
    :host { box-sizing: border-box; position: fixed; inset: auto; margin: 0; padding: 4px; border: 1px solid var(--line); border-radius: 12px;
            background: var(--panel); color: var(--text); font: 400 var(--small)/1.5 var(--sans);
            max-width: calc(100vw - 16px); width: max-content; text-align: left; }
    :host([wide]) { width: 28rem; padding: 12px 16px 16px; }
    * { box-sizing: border-box; }
    button { font: inherit; color: inherit; background: none; border: 0; border-radius: 8px; cursor: pointer;
             min-height: 32px; padding: 4px 12px; }
    [role="menuitem"] { display: block; width: 100%; text-align: left; }
    button:is(:hover, :focus-visible) { background: color-mix(in oklab, var(--accent) 12%, var(--panel)); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: -2px; }
    @media (pointer: coarse) { button { min-height: 44px; } }
    h3 { font: 600 1em/1.5 var(--sans); margin: 0; }
    .chooser { display: inline-block; margin: 8px 12px 0 0; color: var(--muted); }
    label:not(.chooser) { display: block; margin-top: 8px; color: var(--muted); }
    .field { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: start; }
    .field button { border: 1px solid var(--line); border-radius: 22px; min-width: 5.5em; }
    :is(textarea, select) { font: 400 0.8125rem/1.4 var(--mono); color: var(--text); background: var(--background);
              border: 1px solid var(--line); border-radius: 8px; padding: 6px 8px; width: 100%; resize: none;
              overflow-wrap: anywhere; field-sizing: content; max-height: 9.5em; }
    select { font: inherit; width: auto; min-height: 32px; }
    p { margin: 8px 0 0; color: var(--muted); max-width: 50ch; }
  `;

  show(button) {
    this.button = button;
    this.figure = button.figure;
    this.fields = this.copied = null;
    this.embeds = false;
    this.fixed = {};
    document.body.append(status);
    this.popover = "auto";
    this.addEventListener("toggle", this.follow);
    this.addEventListener("keydown", this.escape);
    this.updateComplete.then(() => {
      if (!this.matches(":popover-open")) this.showPopover();
      this.place();
      this.renderRoot.querySelector("button")?.focus();
    });
  }

  follow = ({ newState }) => {
    this.button.ariaExpanded = String(newState === "open");
  };

  /** The focus goes back to where it came from. */
  escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault(); // one key closes one thing: not the full screen, too
    this.leave();
  };

  leave() {
    this.hidePopover();
    this.button.focus();
  }

  /** Below the button, or above it where there is no room, within the window. */
  place() {
    const at = this.button.getBoundingClientRect();
    const { width, height } = this.getBoundingClientRect();
    const below = at.bottom + GAP;
    const top = below + height + MARGIN > innerHeight ? at.top - GAP - height : below;
    const left = Math.min(at.right - width, innerWidth - width - MARGIN);
    this.style.left = `${Math.max(MARGIN, left)}px`;
    this.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
  }

  updated() {
    this.toggleAttribute("wide", Boolean(this.fields));
    if (this.matches(":popover-open")) this.place();
  }

  get share() {
    return this.figure.constructor.share;
  }

  /** What can be done with the figure now: a name, and what happens. */
  get items() {
    const { share, figure } = this;
    const { copies = {}, draws = true, embeds = true } = share;
    const isFilled = Boolean(share.table(figure));
    const items = [];
    if (document.fullscreenEnabled && !document.fullscreenElement) {
      items.push(["Full screen", () => figure.requestFullscreen()]);
    }
    if (isFilled && draws) items.push(["Save picture (PNG)", () => this.savePicture("png")]);
    if (isFilled && draws && (share.drawing || !figure.renderRoot.querySelector("canvas"))) {
      items.push(["Save picture (SVG)", () => this.savePicture("svg")]);
    }
    if (isFilled) {
      items.push(["Numbers (CSV)", () => this.saveNumbers()]);
      for (const [name, make] of Object.entries(copies))
        items.push([name, async () => this.copy(name, await make(figure))]);
    }
    if (embeds && !shownAt(figure).run.isLocal) items.push(["Embed", () => this.showEmbed()]);
    return items;
  }

  async savePicture(kind) {
    const { drawPicture } = await import("./picture.js");
    save(fileName(this.figure, kind), await drawPicture(this.figure, kind));
    this.done("The picture is saved.");
  }

  saveNumbers() {
    const rows = this.share.table(this.figure);
    save(fileName(this.figure, "csv"), new Blob([csv(rows)], { type: "text/csv" }));
    this.done("The numbers are saved.");
  }

  /** Close the menu, and say what happened to whoever does not see it. */
  done(message) {
    this.leave();
    status.textContent = "";
    requestAnimationFrame(() => {
      status.textContent = message;
    });
  }

  /** Where a browser forbids it, the text is shown, to be copied by hand. */
  async copy(label, text) {
    try {
      await navigator.clipboard.writeText(text);
      if (this.fields) this.copied = label;
      else this.done("It is copied.");
    } catch {
      if (!this.fields) this.fields = [{ label, text }];
      await this.updateComplete;
      this.renderRoot.querySelector(`textarea[data-label="${label}"]`).select();
    }
  }

  async showEmbed() {
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.embeds = true;
    this.fix({ theme: document.documentElement.dataset.theme ?? (isDark ? "dark" : "light") });
    await this.updateComplete;
    this.renderRoot.querySelector("textarea").focus();
  }

  /** Fix something in the address of the frame, besides what is shown now. */
  fix(choice) {
    const { figure } = this;
    this.fixed = { ...this.fixed, ...choice };
    const link = embedLink(figure, this.fixed);
    this.copied = null;
    this.fields = [
      { label: "Link", text: link },
      { label: "Frame for a page", text: frameOf(link, this.share.title, embedHeight(figure)) },
    ];
  }

  render() {
    if (!this.figure) return nothing;
    this.setAttribute("role", this.fields ? "dialog" : "menu");
    this.setAttribute("aria-label", this.embeds ? "Embed" : `Keep or embed: ${this.share.title}`);
    return this.fields ? this.byHand() : this.menu();
  }

  menu() {
    return html`<div role="none" @keydown=${this.walk}>${this.items.map(
      ([name, act]) => html`<button role="menuitem" tabindex="-1" @click=${act}>${name}</button>`,
    )}</div>`;
  }

  byHand() {
    return html`${
      this.embeds
        ? html`<h3>This figure alone, as it is now</h3>${this.chooser("theme", "Colours", THEMES)}${this.range()}`
        : nothing
    }${this.fields.map((one) => this.field(one))}
      <p role="status">${this.copied ? `${this.copied}: copied.` : nothing}</p>`;
  }

  /** Where a figure shows many steps: from which, and up to which. */
  range() {
    const { figure } = this;
    if (!figure.constructor.elementProperties.has("fromStep")) return nothing;
    const steps = figure.run.manifest.sampled_steps.map((step) => [step, count(step)]);
    const { fromStep, toStep } = figure;
    return html`${this.chooser("fromStep", "Steps from", steps, fromStep)}${this.chooser("toStep", "up to", steps, toStep)}`;
  }

  chooser(name, label, choices, now) {
    const chosen = String(this.fixed[name] ?? now);
    return html`<label class="chooser">${label} <select @change=${({ target }) => this.fix({ [name]: target.value })}>${choices.map(
      ([value, text]) => html`<option value=${value} .selected=${String(value) === chosen}>${text}</option>`,
    )}</select></label>`;
  }

  field({ label, text }) {
    return html`<label>${label}<span class="field"><textarea readonly rows=${label === "Link" ? 2 : 4} spellcheck="false"
      data-label=${label} .value=${text} @focus=${selectAll}></textarea>
      <button aria-label=${`Copy: ${label}`} @click=${() => this.copy(label, text)}>${
        this.copied === label ? "Copied" : "Copy"
      }</button></span></label>`;
  }

  /** Move from item to item with the arrow keys. */
  walk(event) {
    const all = [...this.renderRoot.querySelectorAll("button")];
    const now = all.indexOf(this.renderRoot.activeElement);
    const { length } = all;
    const places = { ArrowDown: now + 1, ArrowUp: now - 1 + length, Home: 0, End: length - 1 };
    if (event.key === "Tab") this.hidePopover();
    if (!(event.key in places)) return;
    event.preventDefault();
    all[places[event.key] % length].focus();
  }
}

customElements.define("share-menu", ShareMenu);
