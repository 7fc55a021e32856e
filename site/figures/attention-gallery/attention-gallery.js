/**
 * <attention-gallery .run=${run} .look=${look} head="2.1"></attention-gallery>
 *
 * Where every head looks: a small map for each, and a row of maps for each layer. With .other, how
 * much more or less each head looks there than in the other, as far as both texts are the same.
 * Emits: "head" { head }.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { LookFigure } from "../../kit/look-figure.js";
import { differenceOf } from "../../kit/look.js";
import { drawMap, heatOf } from "../../kit/shades.js";
import { percent } from "../../kit/words.js";

class AttentionGallery extends LookFigure {
  static styles = [LookFigure.styles, css`
    .heads { display: grid; gap: 8px; }
    button { display: grid; gap: 2px; padding: 4px; border: 1px solid var(--line); border-radius: 8px;
             background: var(--panel); cursor: pointer; min-width: 0; text-align: left;
             align-content: start; line-height: 1.3; }
    button:hover { border-color: var(--moss); }
    button[aria-pressed="true"] { border-color: var(--moss); box-shadow: 0 0 0 2px var(--moss); }
    canvas { width: 100%; aspect-ratio: 1; image-rendering: pixelated; display: block; }
    b { font-weight: 600; }
    .role { color: var(--muted); min-height: 2.6em; overflow-wrap: anywhere; }
    .role.clear { color: var(--ink); font-weight: 500; }
    .many { gap: 4px; } .many button { padding: 2px; } .many .role { display: none; }
  `];

  async load(run) {
    try {
      return await run.part("heads");
    } catch {
      return {};  // maps can do without the roles: head-story says what is wrong
    }
  }

  draw({ labels }) {
    if (this.other && !differenceOf(this.look, this.other).length) return nothing;
    const { n_layer, n_head } = this.run.manifest.settings;
    const columns = styleMap({ gridTemplateColumns: `repeat(${n_head}, minmax(0, 1fr))` });
    return html`<div class=${`heads ${n_head > 5 ? "many" : ""}`} style=${columns} role="group"
      aria-label="All heads, one row per layer" @keydown=${this.walk}>${
      Array.from({ length: n_layer * n_head }, (_, i) => this.one(i, n_head, labels))}</div>`;
  }

  one(i, n_head, labels) {
    const layer = Math.floor(i / n_head), name = `${layer}.${i % n_head}`;
    const note = this.other ? this.howMuch(i) : labels?.[layer]?.[i % n_head] ?? "";
    const said = note === "no clear role" ? "" : note.replace(/[()]/g, "");
    return html`<button aria-pressed=${String(name === this.head)} aria-label=${
      `Head ${name}${note ? `: ${note}` : ""}`} title=${note || nothing} @click=${() =>
      this.tell("head", { head: name })}><canvas></canvas>
      <b>${name}</b><span class=${`role ${said === note && !this.other ? "clear" : ""}`}>${said}</span></button>`;
  }

  howMuch(i) {
    const moved = differenceOf(this.look, this.other).moved(i);
    return moved === null ? "" : `${percent(moved)} moved`;
  }

  /** Move from head to head with the arrow keys. */
  walk(event) {
    const { n_head } = this.run.manifest.settings, all = [...this.renderRoot.querySelectorAll("button")];
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: n_head, ArrowUp: -n_head }[event.key];
    const next = all[all.indexOf(event.target) + by];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }

  updated(changed) {
    if (["look", "other", "data"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    if (!this.isReady) return;
    const heat = heatOf(this), map = this.other ? differenceOf(this.look, this.other) : this.look;
    if (!map.length) return;  // nothing in common
    this.renderRoot.querySelectorAll("canvas").forEach((canvas, i) =>
      drawMap(canvas, map.triangleOf(i), map.whole, map.length, heat));
  }
}

customElements.define("attention-gallery", AttentionGallery);
