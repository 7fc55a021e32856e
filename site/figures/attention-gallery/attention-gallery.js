/**
 * <attention-gallery></attention-gallery>
 *
 * The model as a drawing, from its embeddings at the bottom to its predictions at the top: the residual
 * stream on the left, and beside it what each layer adds, first its heads, then its MLP. Somebody who hears it
 * hears it from top to bottom, too. Each head has its attention pattern, and what the loss gains when it is
 * left out; above the drawing stands how many heads have a role. Where two texts are compared, the maps
 * are the difference between them, as far as both are the same. Chooses a head.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { colormapsOf, drawTriangle } from "../../app/colormap.js";
import { count, percent } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { attentionDifference } from "../../app/forward-pass.js";
import { headName, headNames, signed } from "../../app/heads.js";
import { nearest } from "../../app/step-scale.js";

/** The names of roles, with a hyphen where they may break: a box can be narrower than a word. */
const HYPHENATED = {
  "previous token": "pre\u00advious token",
  "duplicate token": "dupli\u00adcate token",
  induction: "induc\u00adtion",
};

class AttentionGallery extends ForwardPassFigure {
  static share = { title: "All heads", table: (figure) => figure.isReady && figure.numbers() };

  static styles = [
    ForwardPassFigure.styles,
    css`
    .model { display: flex; flex-direction: column; gap: 8px; padding-left: 24px;
             border-left: 3px solid var(--muted); position: relative; margin-left: 8px; border-radius: 4px; }
    .model::before { content: ""; position: absolute; left: -10px; top: -9px; width: 17px; height: 9px;
                     background: var(--muted); clip-path: polygon(50% 0, 100% 100%, 0 100%);
                     forced-color-adjust: none; }
    .end { color: var(--muted); padding: 0 0 2px; }
    .now { margin-bottom: 8px; min-height: 1.6em; position: var(--now, sticky); top: var(--above, 0px); z-index: 1;
           background: var(--panel); padding: 4px 0; }
    @media (max-height: 420px) { .now { position: static; } }
    .roles { color: var(--muted); margin-bottom: 8px; max-width: 66ch; text-wrap: pretty; }
    .now b { font: 600 1em var(--mono); padding: 0 3px; border-radius: 4px;
             box-shadow: inset 0 0 0 1px var(--line); overflow-wrap: anywhere; }
    .end:has(+ .model) { padding-bottom: 10px; }
    .layer { display: flex; flex-direction: column; gap: 6px; }
    .part { position: relative; }
    .part::before { content: ""; position: absolute; left: -24px; width: 20px; top: 50%;
                    border-top: 2px solid var(--line); }
    .mlp { border: 1px dashed var(--line); border-radius: 8px; color: var(--muted); text-align: center;
           padding: 1px; }
    .heads { display: grid; gap: 6px; }
    .head { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px; padding: 4px; border: 1px solid var(--line); border-radius: 8px;
            background: var(--panel); cursor: pointer; min-width: 0; align-content: start;
            line-height: 1.3; }
    .head:hover { border-color: var(--accent); }
    .head[aria-selected="true"] { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
    canvas { width: 100%; max-width: 88px; aspect-ratio: 1; image-rendering: pixelated; display: block; }
    .line { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 4px; }
    b { font-weight: 600; }
    .cost { height: 5px; border-radius: 2px; background: var(--query); min-width: 1px; }
    .track { background: var(--line); border-radius: 2px; }
    .role { color: var(--muted); min-height: 1.3em; overflow-wrap: break-word; }
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
      ${this.otherPass ? nothing : this.above(heads)}
      <p class="end">predictions</p>
      <div class="model" role="listbox" tabindex="0" aria-label=${this.label}
        aria-activedescendant=${`head-${this.shownHead}`} @keydown=${this.walk}>
        ${Array.from({ length: n_layer }, (_, i) => this.layer(n_layer - 1 - i, n_head, heads, costs))}</div>
      <p class="end">embeddings</p>
      ${costs ? html`<p class="caption">${this.caption(costs)}</p>` : nothing}`;
  }

  get label() {
    if (!this.otherPass) return "All heads, from the last layer to the first";
    const [here, there] = this.sides.map(({ where }) => where);
    return `How all heads look ${there} instead of ${here}, layer by layer`;
  }

  /** How many heads have a role; and where the chosen one looks, which stays in sight. */
  above({ roles }) {
    return html`${roles ? html`<p class="roles">${roleCount(roles)}</p>` : nothing}
      <p class="now">${this.sentence()}</p>`;
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
    return html`<div class="layer" role="group" aria-label=${`Layer ${layer}: an MLP, below it ${n_head} heads`}>
      <div class="part mlp" aria-hidden="true">MLP</div>
      <div class="part heads" role="none" style=${styleMap({ gridTemplateColumns: columns })}>${Array.from(
        { length: n_head },
        (_, head) => this.option(layer, head, n_head, roles, costs),
      )}</div></div>`;
  }

  option(layer, head, n_head, roles, costs) {
    const name = headName(layer, head);
    const { label, note, isClear } = this.otherPass
      ? this.difference(layer * n_head + head)
      : describeRole(roles?.[layer]?.[head]);
    const cost = costs?.all[layer]?.[head];
    const words = [note, cost === undefined ? "" : `loss without it ${signed(cost, 2)}`].filter(Boolean);
    return html`<div class="head" role="option" id=${`head-${name}`} data-head=${name}
      aria-selected=${String(name === this.shownHead)}
      aria-label=${[`Head ${name}`, ...words].join(", ")}
      @click=${() => this.choose(name)}><canvas class="shade"></canvas>
      <span class="line"><b>${name}</b>${cost === undefined ? nothing : html`<span>${signed(cost, 2)}</span>`}</span>
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

  /** The role and the cost of each head; of two texts that are compared, how much of its attention moved. */
  numbers() {
    const { run, pass, otherPass } = this;
    const { n_head } = run.manifest.settings;
    const names = headNames(run.manifest.settings);
    if (otherPass) {
      const { length, totalVariation } = attentionDifference(pass, otherPass);
      return (
        length && [
          ["head", "fraction of attention moved"],
          ...names.map((name, i) => [name, totalVariation(i)]),
        ]
      );
    }
    const costs = costsAt(this.data, pass.step);
    const of = (table, i) => table?.[Math.floor(i / n_head)]?.[i % n_head];
    return [
      ["head", "role", "confidence", `loss without it minus the loss with it at step ${costs?.step ?? "?"}`],
      ...names.map((name, i) => {
        const { role, confidence } = of(this.data.roles, i) ?? {};
        return [name, role, confidence, of(costs?.all, i)];
      }),
    ];
  }

  caption({ step }) {
    const other = step === this.pass.step ? "" : `, the nearest step at which that was measured`;
    return html`The number beside a head, and its bar: how much the loss on unseen text rises when this
      head is switched off (what it adds is replaced by zeros), in nats per token, at step ${count(step)}${other}.`;
  }

  /** How much of its attention the head moved elsewhere. */
  difference(i) {
    if (this.otherPass.isOff(i)) return { label: "off", note: "switched off", isClear: false };
    const moved = attentionDifference(this.pass, this.otherPass).totalVariation(i);
    const note = moved === null ? "" : `${percent(moved)} moved`;
    return { label: note, note, isClear: false };
  }

  /** Choose a head. The token stays: otherwise each head would show the token where it looks back furthest. */
  choose(head) {
    this.store.set(this.otherPass ? { head } : { head, position: this.shownPosition });
  }

  /** Move from head to head with the arrow keys, as they stand in the drawing. */
  walk(event) {
    const { n_head } = this.run.manifest.settings;
    const all = [...this.renderRoot.querySelectorAll(".head")];
    const now = all.findIndex((one) => one.dataset.head === this.shownHead);
    const places = {
      ArrowRight: now + 1,
      ArrowLeft: now - 1,
      ArrowUp: now - n_head,
      ArrowDown: now + n_head,
      Home: 0,
      End: all.length - 1,
    };
    const next = all[places[event.key]];
    if (!next) return;
    event.preventDefault();
    this.choose(next.dataset.head);
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
    const names = headNames(this.run.manifest.settings);
    for (const box of this.renderRoot.querySelectorAll(".head")) {
      const pattern = map.pattern(names.indexOf(box.dataset.head));
      drawTriangle(box.querySelector("canvas"), pattern, map.attentionScale, map.length, colormaps);
    }
  }
}

/** How many heads passed a test of a role at the end of the training, in a sentence. */
function roleCount(roles) {
  const all = roles.flat();
  const n = all.filter(({ role }) => role).length;
  const few = n ? "The one head of this run passed" : "The one head of this run did not pass";
  const passed =
    all.length === 1 ? few : `${n ? count(n) : "None"} of the ${count(all.length)} heads of this run passed`;
  return `${passed} a test of a role, such as looking at the previous token, at the end of the training.`;
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

/** A role of heads.json in words: `label` on the head, `note` as its title. */
function describeRole({ role, confidence } = { role: "", confidence: "clear" }) {
  if (confidence === "none") return { label: "", note: "no clear role", isClear: false };
  if (confidence === "weak")
    return { label: `partly ${HYPHENATED[role] ?? role}`, note: `partly ${role}`, isClear: false };
  return { label: HYPHENATED[role] ?? role, note: role, isClear: true };
}

customElements.define("attention-gallery", AttentionGallery);
