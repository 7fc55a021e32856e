/**
 * <run-origin></run-origin>
 *
 * For a run that goes on from another one, its parent: which one that is, what both learned from, and which
 * weights change. It leads to the parent, and to a comparison with it. Other runs have nothing to say here.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";
import { parentOf, stepCount, textName } from "../../app/parent.js";

const LOOK_INSIDE = new URL("../../explore.html", import.meta.url);

class RunOrigin extends Figure {
  static properties = { runs: { from: "page", attribute: false } };

  static styles = [
    Figure.styles,
    css`
    :host([hidden]) { display: none; }
    p { max-width: 66ch; text-wrap: pretty; overflow-wrap: anywhere; }
    b { font-weight: 600; }
    .links { display: flex; flex-wrap: wrap; gap: 0 24px; }
    a { color: var(--accent); text-underline-offset: 0.2em; padding: 8px 0; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  updated() {
    this.hidden = !this.renderRoot.querySelector("p"); // it takes no place if it has nothing to say
  }

  draw(manifest) {
    const parent = parentOf(manifest);
    if (!parent) return nothing;
    return html`<p><b>This run goes on from another one.</b> It begins with the weights of its parent, the run
        “${parent.name}”, which had learned from the text “${parent.text}” for ${stepCount(parent.step)}. Now
        it learns from the text “${textName(manifest.settings.dataset)}”. ${changing(manifest.settings)} Step
        0 is the parent.</p>
      <p class="links">${this.toComparison(manifest)} ${this.toParent(manifest)}</p>`;
  }

  /** Its last weights, compared with the first, which are those of its parent. */
  toComparison({ snapshots, exported_steps }) {
    if (snapshots[0].step !== 0) return nothing; // they were not exported
    const chosen = { run: this.run.name, step: exported_steps.at(-1), versus: "step:0", section: "compare" };
    return html`<a href="${LOOK_INSIDE}#${new URLSearchParams(chosen)}">Compare it with its parent</a>`;
  }

  /** Only where that run was exported, too. */
  toParent({ corpus: { parent } }) {
    const isThere = (this.runs ?? []).some(
      ({ name, dataset }) => name === parent.name && dataset === parent.dataset,
    );
    if (!isThere || parent.name === this.run.name) return nothing;
    return html`<a href="#${new URLSearchParams({ run: parent.name })}">Watch its parent learn</a>`;
  }
}

/** Which weights change, in one sentence (see --freeze and --lora in finetune.py). */
function changing({ freeze, lora }) {
  const first = freeze === 1 ? "first layer" : `first ${count(freeze)} layers`;
  if (lora) {
    const layers = freeze ? `all layers but the ${first}` : "all layers";
    return `The weights of its parent stay as they are: only low-rank adapters of rank ${count(lora)} learn,
      pairs of small matrices whose products are added to the weights of ${layers}.`;
  }
  return freeze
    ? `Its embeddings and its ${first} stay as they are; only the other weights change.`
    : "All of its weights change.";
}

customElements.define("run-origin", RunOrigin);
