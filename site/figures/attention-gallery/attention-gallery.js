/**
 * <attention-gallery></attention-gallery>
 *
 * The model as a drawing, from its embeddings at the bottom to its predictions at the top: the residual
 * stream on the left, and beside it what each layer adds, first its heads, then its MLP. Each head has its
 * attention pattern, and what the loss gains when it is left out. Where two texts are compared, the maps
 * are the difference between them, as far as both are the same. Chooses a head.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawTriangle } from "../../app/colormap.js";
import { count, percent } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { attentionDifference } from "../../app/forward-pass.js";
import { headName } from "../../app/heads.js";
import { nearest } from "../../app/step-scale.js";

class AttentionGallery extends ForwardPassFigure {
  static styles = [
    ForwardPassFigure.styles,
    css`
    .model { display: flex; flex-direction: column-reverse; gap: 8px; padding-left: 24px;
             border-left: 3px solid var(--muted); position: relative; margin-left: 8px; border-radius: 4px; }
    .model::before { content: ""; position: absolute; left: -10px; top: -9px; width: 17px; height: 9px;
                     background: var(--muted); clip-path: polygon(50% 0, 100% 100%, 0 100%);
                     forced-color-adjust: none; }
    .end { color: var(--muted); padding: 0 0 2px; }
    .now { margin-bottom: 8px; min-height: 1.6em; }
    .now b { font: 600 1em var(--mono); padding: 0 3px; border-radius: 4px;
             box-shadow: inset 0 0 0 1px var(--line); overflow-wrap: anywhere; }
    .now + .end, .end:first-child { padding-bottom: 10px; }
    .layer { display: flex; flex-direction: column-reverse; gap: 6px; }
    .part { position: relative; }
    .part::before { content: ""; position: absolute; left: -24px; width: 20px; top: 50%;
                    border-top: 2px solid var(--line); }
    .mlp { border: 1px dashed var(--line); border-radius: 8px; color: var(--muted); text-align: center;
           padding: 1px; }
    .heads { display: grid; gap: 6px; }
    .head { display: grid; gap: 2px; padding: 4px; border: 1px solid var(--line); border-radius: 8px;
            background: var(--panel); cursor: pointer; min-width: 0; align-content: start;
            line-height: 1.3; }
    .head:hover { border-color: var(--accent); }
    .head[aria-selected="true"] { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
    canvas { width: 100%; max-width: 88px; aspect-ratio: 1; image-rendering: pixelated; display: block; }
    .line { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 4px; }
    b { font-weight: 600; }
    .cost { height: 5px; border-radius: 2px; background: var(--query); min-width: 1px; }
    .track { background: var(--line); border-radius: 2px; }
    .role { color: var(--muted); min-height: 1.3em; overflow-wrap: anywhere; }
    .role.clear { color: var(--text); font-weight: 500; }
    .caption { margin-top: 8px; }
    @media (forced-colors: active) {
      .head[aria-selected="true"] { outline: 4px double; }
      .track { border: 1px solid; background: Canvas; }
    }
  `,
  ];

  async load(run) {
    try {
      return await run.part("heads");
    } catch {
      return {}; // maps can do without the roles: head-story shows the error
    }
  }

  draw(heads) {
    if (this.otherPass && !attentionDifference(this.pass, this.otherPass).length) return nothing;
    const { n_layer, n_head } = this.run.manifest.settings;
    const costs = this.otherPass ? null : costsAt(heads, this.pass.step);
    return html`
      ${this.otherPass ? nothing : html`<p class="now">${this.sentence()}</p>`}
      <p class="end">predictions</p>
      <div class="model" role="listbox" tabindex="0" aria-label=${this.label}
        aria-activedescendant=${`head-${this.shownHead}`} @keydown=${this.walk}>
        ${Array.from({ length: n_layer }, (_, layer) => this.layer(layer, n_head, heads, costs))}</div>
      <p class="end">embeddings</p>
      ${costs ? html`<p class="caption">${this.caption(costs)}</p>` : nothing}`;
  }

  get label() {
    if (!this.otherPass) return "All heads, layer by layer";
    const [here, there] = this.sides.map(({ where }) => where);
    return `How all heads look ${there}, compared with ${here}, layer by layer`;
  }

  /** What choosing a head changes, where one chooses it: the large map may be out of sight. */
  sentence() {
    const query = this.shownPosition - 1;
    const row = this.pass.attentionRow(this.headIndex, query);
    const most = Math.max(...row);
    const name = (i) => html`<b dir="auto">${tokenText(this.tokenAt(i))}</b>`;
    return html`Head ${this.shownHead} looks most from ${name(query)} at ${name(row.indexOf(most))} (${percent(most)}).`;
  }

  layer(layer, n_head, { roles }, costs) {
    const columns = `repeat(auto-fill, minmax(max(68px, calc(${100 / n_head}% - 6px)), 1fr))`;
    return html`<div class="layer" role="group" aria-label=${`Layer ${layer}`}>
      <div class="part heads" role="none" style=${styleMap({ gridTemplateColumns: columns })}>${Array.from(
        { length: n_head },
        (_, head) => this.option(layer, head, n_head, roles, costs),
      )}</div>
      <div class="part mlp" aria-hidden="true">MLP</div></div>`;
  }

  option(layer, head, n_head, roles, costs) {
    const name = headName(layer, head);
    const { label, note, isClear } = this.otherPass
      ? this.difference(layer * n_head + head)
      : describeRole(roles?.[layer]?.[head]);
    const cost = costs?.all[layer]?.[head];
    const words = [note, cost === undefined ? "" : `loss without it ${signed(cost)}`].filter(Boolean);
    return html`<div class="head" role="option" id=${`head-${name}`} data-head=${name}
      aria-selected=${String(name === this.shownHead)}
      aria-label=${[`Head ${name}`, ...words].join(", ")} title=${words.join(", ") || nothing}
      @click=${() => this.store.set({ head: name })}><canvas class="shade"></canvas>
      <span class="line"><b>${name}</b>${cost === undefined ? nothing : html`<span>${signed(cost)}</span>`}</span>
      ${
        cost === undefined
          ? nothing
          : html`<span class="track shade"><i class="cost shade" style=${styleMap({
              display: "block",
              width: `${(100 * Math.max(0, cost)) / Math.max(costs.largest, 1e-9)}%`,
            })}></i></span>`
      }
      ${label ? html`<span class=${`role ${isClear ? "clear" : ""}`}>${label}</span>` : nothing}</div>`;
  }

  caption({ step }) {
    const other = step === this.pass.step ? "" : `, the nearest step at which that was measured`;
    return html`The number beside a head, and its bar: how much the loss on unseen text rises when this
      head is switched off, in nats per token, at step ${count(step)}${other}.`;
  }

  /** How much of its attention the head moved elsewhere. */
  difference(i) {
    if (this.otherPass.isOff(i)) return { label: "switched off", note: "switched off", isClear: false };
    const moved = attentionDifference(this.pass, this.otherPass).totalVariation(i);
    const note = moved === null ? "" : `${percent(moved)} moved`;
    return { label: note, note, isClear: false };
  }

  /** Move from head to head with the arrow keys: up leads to the next layer, as in the drawing. */
  walk(event) {
    const { n_head } = this.run.manifest.settings;
    const all = [...this.renderRoot.querySelectorAll(".head")];
    const last = all.length - 1;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: n_head, ArrowDown: -n_head, Home: -last, End: last };
    const next = all[this.headIndex + by[event.key]];
    if (!next) return;
    event.preventDefault();
    this.store.set({ head: next.dataset.head });
    next.scrollIntoView({ block: "nearest" });
  }

  updated(changed) {
    super.updated(changed);
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

/**
 * What each head costs: the loss without it minus that with it, in nats per token, at the snapshot nearest
 * to a step; null in an export that has no such table. @returns {{ step, all: number[][], largest } | null}
 */
function costsAt({ snapshot_steps, ablated_loss, loss }, step) {
  if (!snapshot_steps?.length || !ablated_loss || !loss) return null;
  const nearestStep = nearest(step, snapshot_steps);
  const i = snapshot_steps.indexOf(nearestStep);
  const all = ablated_loss[i].map((losses) => losses.map((one) => one - loss[i]));
  return { step: nearestStep, all, largest: Math.max(...all.flat()) };
}

/** 0.194 -> "+0.19". */
function signed(x) {
  return `${x < -0.005 ? "−" : x >= 0.005 ? "+" : "±"}${Math.abs(x).toFixed(2)}`;
}

/** A role of heads.json in words: `label` on the head, `note` as its title. */
function describeRole({ role, confidence } = { role: "", confidence: "clear" }) {
  if (confidence === "none") return { label: "", note: "no clear role", isClear: false };
  if (confidence === "weak") return { label: "", note: `a hint of “${role}”`, isClear: false };
  return { label: role, note: role, isClear: true };
}

customElements.define("attention-gallery", AttentionGallery);
