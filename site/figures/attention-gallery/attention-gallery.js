/**
 * <attention-gallery></attention-gallery>
 *
 * The attention pattern of every head: a small map for each, and a row of maps for each layer. Where two
 * texts are compared, it is the difference between them, as far as both are the same. Chooses a head.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawTriangle } from "../../app/colormap.js";
import { percent } from "../../app/format.js";
import { ForwardPassFigure } from "../../app/forward-pass-figure.js";
import { attentionDifference } from "../../app/forward-pass.js";
import { headNames, layerAndHead } from "../../app/heads.js";

class AttentionGallery extends ForwardPassFigure {
  static styles = [
    ForwardPassFigure.styles,
    css`
    .heads { display: grid; gap: 8px; }
    button { display: grid; gap: 2px; padding: 4px; border: 1px solid var(--line); border-radius: 8px;
             background: var(--panel); cursor: pointer; min-width: 0; text-align: left;
             align-content: start; line-height: 1.3; }
    button:hover { border-color: var(--accent); }
    button[aria-pressed="true"] { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
    canvas { width: 100%; aspect-ratio: 1; image-rendering: pixelated; display: block; }
    b { font-weight: 600; }
    .role { color: var(--muted); min-height: 2.6em; overflow-wrap: anywhere; }
    .role.clear { color: var(--text); font-weight: 500; }
    .many { gap: 4px; } .many button { padding: 2px; } .many .role { display: none; }
  `,
  ];

  async load(run) {
    try {
      return await run.part("heads");
    } catch {
      return {}; // maps can do without the roles: head-story shows the error
    }
  }

  draw({ roles }) {
    if (this.otherPass && !attentionDifference(this.pass, this.otherPass).length) return nothing;
    const { n_head } = this.run.manifest.settings;
    const columns = styleMap({ gridTemplateColumns: `repeat(${n_head}, minmax(0, 1fr))` });
    return html`<div class=${`heads ${n_head > 5 ? "many" : ""}`} style=${columns} role="group"
      aria-label="All heads, one row per layer" @keydown=${this.walk}>${headNames(
        this.run.manifest.settings,
      ).map((name, i) => this.button(name, i, roles))}</div>`;
  }

  button(name, i, roles) {
    const [layer, head] = layerAndHead(name);
    const { label, note, isClear } = this.otherPass
      ? this.difference(i)
      : describeRole(roles?.[layer]?.[head]);
    return html`<button aria-pressed=${String(name === this.head)} aria-label=${`Head ${name}${note ? `: ${note}` : ""}`} title=${note || nothing} @click=${() =>
      this.store.set({ head: name })}><canvas></canvas>
      <b>${name}</b><span class=${`role ${isClear ? "clear" : ""}`}>${label}</span></button>`;
  }

  /** How much of its attention the head moved elsewhere. */
  difference(i) {
    const moved = attentionDifference(this.pass, this.otherPass).totalVariation(i);
    const note = moved === null ? "" : `${percent(moved)} moved`;
    return { label: note, note, isClear: false };
  }

  /** Move from head to head with the arrow keys. */
  walk(event) {
    const { n_head } = this.run.manifest.settings;
    const all = [...this.renderRoot.querySelectorAll("button")];
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: n_head, ArrowUp: -n_head }[event.key];
    const next = all[all.indexOf(event.target) + by];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  }

  updated(changed) {
    if (["pass", "otherPass", "data"].some((name) => changed.has(name))) this.repaint();
  }

  repaint() {
    if (!this.isReady) return;
    const map = this.otherPass ? attentionDifference(this.pass, this.otherPass) : this.pass;
    if (!map.length) return; // nothing in common
    const colormaps = colormapsOf(this);
    this.renderRoot
      .querySelectorAll("canvas")
      .forEach((canvas, i) =>
        drawTriangle(canvas, map.pattern(i), map.attentionScale, map.length, colormaps),
      );
  }
}

/** A role of heads.json in words: `label` on the button, `note` as its title. */
function describeRole({ role, confidence } = { role: "", confidence: "clear" }) {
  if (confidence === "none") return { label: "", note: "no clear role", isClear: false };
  if (confidence === "weak") return { label: role, note: `(${role})`, isClear: false };
  return { label: role, note: role, isClear: true };
}

customElements.define("attention-gallery", AttentionGallery);
