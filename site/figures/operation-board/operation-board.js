/**
 * <operation-board></operation-board>
 *
 * The switches of the model: its layers and heads as a board, and its neurons. What is pressed becomes one of the
 * store's operations (see app/operations.js); all of them are listed in words, to be taken back.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, showWhitespace } from "../../app/format.js";
import { headName } from "../../app/heads.js";
import {
  LOOKS,
  MAX_OPERATIONS,
  PATTERNS,
  describe,
  formatOperations,
  isPossible,
  operationsOf,
  withOperation,
  without,
} from "../../app/operations.js";

const MOST_TOKENS = 3; // that a suggested neuron is described by

class OperationBoard extends Figure {
  static properties = {
    operations: { from: "store", type: String },
    action: { state: true }, // what a press on a head does: "off", or one of PATTERNS
    neuron: { state: true }, // the name of the one that is about to be switched off
    suggested: { state: true }, // neurons that the export describes: { name, tokens }
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    .action { margin: 4px 0 8px; flex-wrap: wrap; gap: 0 8px; } .action select, .neuron select { min-height: 36px; }
    .layer { display: grid; grid-template-columns: 5.2em minmax(0, 1fr); gap: 4px; margin-bottom: 4px; }
    .heads { display: flex; flex-wrap: wrap; gap: 4px 3px; }
    .layer button { min-height: 36px; border-radius: 8px; padding: 2px 6px; text-align: center; white-space: nowrap;
                    background: color-mix(in oklab, var(--accent) 21%, var(--panel)); }
    .heads button { flex: 1 1 28px; max-width: 56px; padding: 2px 0; font: 500 0.8125rem/1 var(--mono); }
    .layer .off, .off.key { background: var(--panel); border-style: dashed; color: var(--muted);
                            text-decoration: line-through; }
    .layer .elsewhere, .elsewhere.key { background: color-mix(in oklab, var(--value) 21%, var(--panel));
                             border: 2px solid var(--value); }
    .layer button:disabled { opacity: 1; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 12px; }
    .legend span { display: inline-flex; align-items: center; gap: 6px; }
    .key { width: 18px; height: 14px; border: 1px solid var(--line); border-radius: 4px;
           background: color-mix(in oklab, var(--accent) 21%, var(--panel)); }
    summary { cursor: pointer; color: var(--accent); padding: 4px 0; width: fit-content; }
    .neuron { gap: 8px; margin: 4px 0 8px; }
    .neuron label { flex-wrap: wrap; gap: 0 8px; }
    input { width: 5.5em; min-height: 36px; font: inherit; color: var(--text); background: var(--background);
            border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    .neuron button, .all { min-height: 36px; padding: 2px 14px; }
    .list { min-height: 3em; }
    ul { list-style: none; margin: 4px 0 8px; padding: 0; max-height: 13em; overflow-y: auto; }
    li { display: flex; gap: 8px; justify-content: space-between; align-items: center; padding: 2px 0;
         border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
    li span { flex: 1; }
    li button { flex: none; min-height: 32px; padding: 0 12px; }
    .note { border-left: 4px solid var(--warning); padding-left: 12px; }
    @media print { .action, details, li button, .all { display: none; } }
    @media (forced-colors: active) {
      .layer button, .key { forced-color-adjust: none; background: Highlight; color: HighlightText; }
      .layer .off, .off.key { background: Canvas; color: GrayText; border-color: GrayText; }
      .layer .elsewhere, .elsewhere.key { background: Canvas; color: CanvasText; border: 3px double CanvasText; }
    }
  `,
  ];

  constructor() {
    super();
    this.action = "off";
    this.neuron = "0.0";
    this.suggested = [];
  }

  load(run) {
    this.suggested = [];
    this.neuron = "0.0";
    return run.manifest.settings;
  }

  get chosen() {
    return operationsOf(this.run, this.operations);
  }

  draw(settings) {
    const { n_layer } = settings;
    return html`<h3>The model’s switches</h3>
      <label class="action">A press on a head <select @change=${({ target }) => (this.action = target.value)}>
        ${["off", ...PATTERNS].map(
          (one) => html`<option value=${one} .selected=${one === this.action}>${actionName(one)}</option>`,
        )}</select></label>
      ${Array.from({ length: n_layer }, (_, layer) => this.layer(layer, settings))}
      <p class="caption legend" aria-hidden="true"><span><i class="key"></i>on</span><span><i class="off key"></i>off</span>
        <span><i class="elsewhere key"></i>looks elsewhere</span></p>
      ${this.neurons(settings)}${this.list()}`;
  }

  layer(layer, { n_head }) {
    const operation = { kind: "layer", layer };
    const isOff = this.has(operation);
    return html`<div class="layer" role="group" aria-label=${`Layer ${layer}`}>
      <button role="switch" aria-checked=${String(!isOff)} class=${isOff ? "off" : ""}
        aria-label=${`All of layer ${layer}`} @click=${() => this.toggle(operation)}>layer ${layer}</button>
      <div class="heads">${Array.from({ length: n_head }, (_, head) =>
        this.head(headName(layer, head), isOff),
      )}</div></div>`;
  }

  /** One head. In a layer that is off, nothing can be done to it. */
  head(head, isLayerOff) {
    const operation = this.chosen.find((one) => one.head === head);
    const isOff = isLayerOff || operation?.kind === "head";
    const looks = !isOff && operation ? `, looks ${LOOKS[operation.pattern]}` : "";
    return html`<button role="switch" aria-checked=${String(!isOff)} aria-label=${`Head ${head}${looks}`}
      class=${isOff ? "off" : looks ? "elsewhere" : ""} ?disabled=${isLayerOff}
      @click=${() => this.toggle(this.operationOn(head))}>${head}</button>`;
  }

  operationOn(head) {
    return this.action === "off" ? { kind: "head", head } : { kind: "attention", head, pattern: this.action };
  }

  has(operation) {
    const text = formatOperations([operation]);
    return this.chosen.some((one) => formatOperations([one]) === text);
  }

  /** Do what was pressed, or take it back if it is what was done. */
  toggle(operation) {
    const { chosen } = this;
    this.choose(this.has(operation) ? without(chosen, operation) : withOperation(chosen, operation));
  }

  choose(operations) {
    if (operations.length > MAX_OPERATIONS) return;
    this.store.set({ operations: formatOperations(operations) || null });
  }

  /** Folded up: few people know a neuron by its number. */
  neurons(settings) {
    const { n_layer, n_ff } = settings;
    const [layer, number] = this.neuron.split(".");
    return html`<details @toggle=${this.suggest}><summary>A single neuron</summary>
      <div class="row neuron">
        <label>layer <select aria-label="Layer of the neuron" @change=${({ target }) => (this.neuron = `${target.value}.${number}`)}>${Array.from(
          { length: n_layer },
          (_, i) => html`<option value=${i} .selected=${String(i) === layer}>${i}</option>`,
        )}</select></label>
        <label>number <input aria-label="Number of the neuron" type="number" min="0" max=${n_ff - 1} .value=${number}
          @change=${({ target }) => (this.neuron = `${layer}.${between(0, n_ff - 1, target.value)}`)}></label>
        <button @click=${() => this.toggle({ kind: "neuron", neuron: this.neuron })}>${
          this.has({ kind: "neuron", neuron: this.neuron }) ? "Switch it on" : "Switch it off"
        }</button></div>
      ${this.suggestions()}</details>`;
  }

  suggestions() {
    if (!this.suggested.length) return nothing;
    return html`<label class="action">Those with the clearest examples <select
        @change=${({ target }) => (this.neuron = target.value)}>
      ${this.suggested.some(({ name }) => name === this.neuron) ? nothing : html`<option selected>choose one</option>`}
      ${this.suggested.map(
        ({ name, tokens }) => html`<option value=${name} .selected=${name === this.neuron}>${name}, active at
          ${tokens.map((id) => showWhitespace(this.run.vocab[id] ?? "?")).join("  ")}</option>`,
      )}</select></label>`;
  }

  /** Fetch the neurons that the export describes, once somebody asks for them; a run may have none. */
  async suggest({ target }) {
    const { run } = this;
    if (!target.open || this.suggested.length || run.manifest.missing.neurons) return;
    try {
      const { layers } = await run.part("neurons");
      const found = layers.flatMap((neurons, layer) =>
        neurons.map(({ neuron, examples }) => ({
          name: `${layer}.${neuron}`,
          tokens: [...new Set(examples.map(({ token }) => token))].slice(0, MOST_TOKENS),
        })),
      );
      if (run !== this.run) return;
      this.suggested = found.filter(({ name }) => isPossible(run, { kind: "neuron", neuron: name }));
    } catch (error) {
      console.warn(error.message); // they are only suggestions: any number can be typed
    }
  }

  /** What is done to the model, in words. */
  list() {
    const { chosen } = this;
    return html`<h3 class="done" tabindex="-1">What is done to it</h3><div class="list">${
      chosen.length
        ? html`<ul tabindex="0" aria-label="What is done to the model">${chosen.map((one) => this.item(one))}</ul>
          <button class="all" @click=${() => this.takeBack([])}>Take all back</button>`
        : html`<p class="caption">Nothing yet: the model is whole. Press a head to switch it off.</p>`
    }${
      chosen.length >= MAX_OPERATIONS
        ? html`<p class="note" role="status">The address has no room for more than ${count(MAX_OPERATIONS)}: take
          one back before you add another.</p>`
        : nothing
    }</div>`;
  }

  item(one) {
    const words = describe(this.run, one);
    const isAlone = this.chosen.length === 1;
    return html`<li><span dir="auto">${words}</span>
      ${isAlone ? nothing : html`<button class="only" aria-label=${`Only this: ${words}`} @click=${() => this.takeBack([one])}>Only this</button>`}
      <button aria-label=${`Take back: ${words}`} @click=${() => this.takeBack(without(this.chosen, one))}>Take back</button></li>`;
  }

  /** The button is gone: who pressed it goes on at the heading of the list. */
  takeBack(operations) {
    this.choose(operations);
    this.renderRoot.querySelector(".done").focus();
  }
}

const actionName = (one) => (one === "off" ? "switches it off" : `makes it look ${LOOKS[one]}`);

const between = (min, max, value) => Math.max(min, Math.min(max, Math.floor(Number(value)) || 0));

customElements.define("operation-board", OperationBoard);
