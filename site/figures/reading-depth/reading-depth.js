/**
 * <reading-depth></reading-depth>
 *
 * Chooses how deep a lesson goes: its plain text, with the code, or with the mathematics, too. What is only for
 * those has the class with-code or with-mathematics. The choice is remembered in this browser.
 */
import { css, html } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";

const DEPTHS = ["plain", "code", "mathematics"];
const KEY = "terrarium.depth";

class ReadingDepth extends Figure {
  static properties = { depth: { from: "store" } };

  static styles = [
    Figure.styles,
    css`
    fieldset { display: flex; flex-wrap: wrap; border: 0; margin: 0; padding: 0; gap: 2px; min-width: 0; }
    legend { float: left; padding: 6px 8px 6px 0; color: var(--muted); }
    label { position: relative; padding: 6px 12px; cursor: pointer; border-radius: 16px; border: 1px solid var(--line); }
    label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }
    label:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
    input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
    @media print { :host { display: none; } }
  `,
  ];

  connectedCallback() {
    super.connectedCallback();
    this.say = wordsOf(this);
    this.store.defaults.depth = rememberedDepth();
    this.store.refit();
  }

  choose(depth) {
    rememberDepth(depth);
    this.store.set({ depth }, { replace: true });
  }

  /** It can be chosen whether or not a run is there. */
  render() {
    return html`<fieldset><legend>${this.say("depth")}</legend>${DEPTHS.map(
      (one) => html`<label><input type="radio" name="depth" .checked=${one === this.shown}
        @change=${() => this.choose(one)}>${this.say(`depth-${one}`)}</label>`,
    )}</fieldset>`;
  }

  /** It is known before a run is there. */
  get shown() {
    return this.depth ?? this.store.defaults.depth;
  }

  updated() {
    document.documentElement.dataset.depth = this.shown;
  }

  load() {
    return true;
  }
}

/** A browser may forbid to keep anything. */
function rememberedDepth() {
  try {
    const depth = localStorage.getItem(KEY);
    return DEPTHS.includes(depth) ? depth : DEPTHS[0];
  } catch {
    return DEPTHS[0];
  }
}

function rememberDepth(depth) {
  try {
    localStorage.setItem(KEY, depth);
  } catch {
    // it is chosen on this page only
  }
}

customElements.define("reading-depth", ReadingDepth);
