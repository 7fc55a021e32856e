/**
 * Shows that a box holds more than one sees of it: where the rest is, its edge fades.
 *
 *   this.fades = new Fades(this, ".tokens");              // in the constructor of a Lit element
 *   html`<div class="fades"><div class="tokens">…</div></div>`;   // and `fades` among its styles
 */
import { css } from "../vendored/lit.js";
import { OnResize } from "./resize.js";

const EDGES = ["above", "below", "left", "right"];
const REST = 80; // milliseconds without a change, after which the boxes are measured
const changed = new Set(); // Fades whose boxes may hold something else by now
let timer = null;

/** Measure boxes only when steps no longer go by: it makes the browser lay out the page. */
function markSoon(one) {
  changed.add(one);
  clearTimeout(timer);
  timer = setTimeout(() => {
    for (const each of changed) each.mark();
    changed.clear();
  }, REST);
}

export const fades = css`
  .fades { position: relative; --fade: 14px; }
  .fades::before, .fades::after { content: ""; position: absolute; pointer-events: none; z-index: 2; }
  .more-above::before { inset: 0 0 auto; height: var(--fade);
                        background: linear-gradient(var(--panel), transparent); }
  .more-below::after { inset: auto 0 0; height: var(--fade);
                       background: linear-gradient(transparent, var(--panel)); }
  .more-right::after { inset: 0 0 0 auto; width: 3em;
                       background: linear-gradient(90deg, transparent, var(--panel)); }
  @media print { .fades::before, .fades::after { display: none; } }
`;

export class Fades {
  /**
   * @param {import("../vendored/lit.js").LitElement} host
   * @param {string} selector of what holds more than one sees; its parent gets the classes
   * @param {(isCut: boolean) => void} [onChange] called with whether there is more than one sees
   */
  constructor(host, selector, onChange = () => {}) {
    this.host = host;
    this.selector = selector;
    this.onChange = onChange;
    host.addController(this);
    new OnResize(host, () => this.mark());
  }

  hostUpdated() {
    markSoon(this);
  }

  mark = () => {
    const box = this.host.renderRoot?.querySelector(this.selector);
    if (!box?.isConnected) return;
    if (box !== this.box) box.addEventListener("scroll", this.mark, { passive: true });
    this.box = box;
    const more = {
      above: box.scrollTop > 1,
      below: box.scrollTop + box.clientHeight < box.scrollHeight - 1,
      left: box.scrollLeft > 1,
      right: box.scrollLeft + box.clientWidth < box.scrollWidth - 1,
    };
    for (const edge of EDGES) box.parentElement.classList.toggle(`more-${edge}`, more[edge]);
    this.onChange(EDGES.some((edge) => more[edge]));
  };
}
