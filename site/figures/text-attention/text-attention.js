/**
 * <text-attention></text-attention>
 *
 * Attention on the text itself: the token that is pointed at, or chosen, looks at those before it, and the more it
 * looks at one, the stronger that one is shaded; or the other way round, which later tokens look at it. The head is
 * chosen here, too; or all heads of a layer, or of the model, on average. What is chosen is the position after the
 * token that looks: the one whose prediction follows from this look.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { END } from "../../engine/tokenizer.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { wayOf } from "../../app/figure.js";
import { count, inText, percent, spoken } from "../../app/format.js";
import { ForwardPassFigure, tokenText } from "../../app/forward-pass-figure.js";
import { headNames, layerAndHead } from "../../app/heads.js";
import { whichOf } from "../../app/token-text.js";

const NAMED = 3; // tokens in the sentence
const LEAST = 0.005; // what is rounded to 0% is not named
const SCALE = [0, 0.05, 0.2, 0.5, 1]; // weights in the legend

/** A weight as a shade: its square root keeps small weights visible, as in the maps. */
const shadeOf = (weight) => colorToken(Math.sqrt(weight));

class TextAttention extends ForwardPassFigure {
  static share = { title: "Attention on the text", table: (figure) => figure.pass?.ids && figure.numbers() };

  static properties = {
    pointed: { state: true }, // the index of the token under the mouse; null if there is none
    averaged: { state: true }, // "layer" or "model" if not one head is shown, but the mean of these; or null
    isReversed: { state: true }, // whether those are shown that look at the token
  };

  static styles = [
    ForwardPassFigure.styles,
    controls,
    css`
    .head { justify-content: space-between; margin-bottom: 8px; gap: 8px 16px; }
    select { min-height: 36px; }
    button { padding: 4px 14px; min-height: 36px; }
    .text { font: 400 1.1875rem/1.8 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
            padding: 2px; }
    .token { border-radius: 3px; cursor: pointer; }
    .out { color: var(--muted); }
    .focus { box-shadow: 0 0 0 2px var(--query); }
    .reversed .focus { box-shadow: 0 0 0 2px var(--key); }
    .next { text-decoration: underline 2px var(--chosen); text-underline-offset: 5px; }
    .end { font: 400 var(--small)/1 var(--mono); }
    .about { margin-top: 8px; min-height: 3em; max-width: 66ch; }
    .about b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    .looks { color: var(--query); } .looked { color: var(--key); } .then { color: var(--chosen); }
    .scale { display: inline-flex; vertical-align: -2px; box-shadow: 0 0 0 1px var(--line); }
    .scale i { width: 18px; height: 12px; }
    @media (max-width: 640px) { .about { min-height: 4.5em; } }
    @media (forced-colors: active) {
      .focus, .reversed .focus { box-shadow: none; outline: 3px double; }
    }
  `,
  ];

  constructor() {
    super();
    this.pointed = null;
    this.averaged = null;
    this.isReversed = false;
  }

  async load(run) {
    try {
      return await run.part("heads");
    } catch {
      return {}; // the heads have their names, if not their roles
    }
  }

  /** In a part of the page that is folded up, it costs nothing. */
  async scheduleUpdate() {
    const folded = this.closest("details:not([open])");
    if (folded) await new Promise((resolve) => folded.addEventListener("toggle", resolve, { once: true }));
    await super.scheduleUpdate();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("head")) this.averaged = null; // somebody chose another one
    if (changed.has("pass")) this.pointed = null;
  }

  /** The index of the token that is shown: the one under the mouse, or the one before the chosen position. */
  get focused() {
    return this.pointed ?? this.shownPosition - 1;
  }

  /** The heads that are shown, as indices among all of them. */
  get shownHeads() {
    const { n_layer, n_head } = this.pass.run.manifest.settings;
    const all = [...Array(n_layer * n_head).keys()];
    if (this.averaged === "model") return all;
    const [layer] = this.layerAndHead;
    return this.averaged ? all.slice(layer * n_head, (layer + 1) * n_head) : [this.headIndex];
  }

  /** How much each token of the text is looked at by a token, or looks at it; null: that cannot be. */
  weights(focused) {
    const { pass, shownHeads } = this;
    const weight = (head, query, key) => (pass.isOff(head) ? 0 : pass.weight(head, query, key));
    const mean = (query, key) =>
      shownHeads.reduce((sum, head) => sum + weight(head, query, key), 0) / shownHeads.length;
    return Array.from(pass.ids, (_, i) => {
      if (this.isReversed) return i > focused ? mean(i, focused) : null;
      return i <= focused ? mean(focused, i) : null;
    });
  }

  numbers() {
    const { focused, pass } = this;
    const rows = this.weights(focused).map((weight, i) => [i, pass.vocab[pass.ids[i]], weight ?? 0]);
    return [
      [
        "position",
        "token",
        `attention ${this.isReversed ? "of this token to" : "to this token from"} ${focused}`,
      ],
      ...rows,
    ];
  }

  draw() {
    const { focused, pass } = this;
    const weights = this.weights(focused);
    return html`<div class="row head">${this.chooser()}
        <button aria-pressed=${String(this.isReversed)} @click=${this.turn}>Who looks at it?</button></div>
      <p class=${`text ${this.isReversed ? "reversed" : ""}`} dir="auto" tabindex="0" role="listbox"
        aria-label=${`The text, ${count(pass.length)} tokens`} aria-activedescendant=${`token${focused}`}
        @keydown=${this.walk} @click=${this.choose} @pointermove=${this.point}
        @pointerleave=${this.leave}>${weights.map((weight, i) => this.token(i, weight, focused))}</p>
      <p class="about" role="status">${this.about(focused, weights)}</p>
      <p class="caption">${this.legend()}</p>`;
  }

  chooser() {
    const { settings } = this.run.manifest;
    const [layer] = this.layerAndHead;
    const value = this.averaged ?? this.shownHead;
    const option = (name, words) => html`<option value=${name} .selected=${name === value}>${words}</option>`;
    return html`<label>Head <select @change=${this.chooseHead}>
      ${headNames(settings).map((name) => option(name, this.nameOf(name)))}
      ${option("layer", `all of layer ${layer}, on average`)}
      ${option("model", "all heads, on average")}</select></label>`;
  }

  /** The name of a head, and its role if it has one. */
  nameOf(name) {
    const [layer, head] = layerAndHead(name);
    const { role, confidence } = this.data.roles?.[layer]?.[head] ?? {};
    if (!role) return name;
    return `${name}: ${confidence === "clear" ? "" : "partly "}${role}`;
  }

  token(i, weight, focused) {
    const token = this.tokenAt(i);
    const classes = ["token", "shade", weight === null ? "out" : shadeOf(weight)];
    if (i === focused) classes.push("focus");
    if (i === focused + 1 && !this.isReversed) classes.push("next");
    return html`<span id=${`token${i}`} class=${classes.join(" ")} role="option" data-index=${i}
      aria-selected=${String(i === focused)} aria-label=${this.name(token, weight)}>${
        token === END ? html`<span class="end">(end) </span>` : inText(token)
      }</span>`;
  }

  /** What is read aloud of a token. */
  name(token, weight) {
    if (weight === null || weight < LEAST) return spoken(token);
    return `${spoken(token)}, ${this.isReversed ? "looks at it with" : "looked at with"} ${percent(weight)}`;
  }

  /** Who looks, for a sentence. */
  get who() {
    const [layer] = this.layerAndHead;
    if (this.averaged === "model") return "all heads together";
    return this.averaged ? `all heads of layer ${layer} together` : `head ${this.shownHead}`;
  }

  about(focused, weights) {
    const strongest = [...weights.keys()]
      .filter((i) => weights[i] >= LEAST)
      .sort((a, b) => weights[b] - weights[a])
      .slice(0, NAMED);
    const { ids } = this.pass;
    const isTwice = (i) => i !== focused && strongest.some((one) => one !== i && ids[one] === ids[i]);
    const listed = strongest.map(
      (i, n) =>
        html`${n ? ", " : ""}${isTwice(i) ? whichOf(ids, i) : ""}${this.named(i, focused)} ${percent(weights[i])}`,
    );
    const token = (kind) => html`<b class=${kind} dir="auto">${tokenText(this.tokenAt(focused))}</b>`;
    if (this.isReversed) {
      return listed.length
        ? html`${token("looked")}: ${this.who} ${this.verb} at it from ${listed}.`
        : html`${token("looked")}: from no later token ${this.who} ${this.verb} at it.`;
    }
    if (!listed.length) return html`${token("looks")}: ${this.who} ${this.verb} at nothing.`;
    return html`${token("looks")}: ${this.who} ${this.verb} at ${listed}.${this.then(focused + 1)}`;
  }

  get verb() {
    return this.averaged ? "look" : "looks";
  }

  named(i, focused) {
    if (i === focused) return "itself";
    return html`<b class=${this.isReversed ? "looks" : "looked"} dir="auto">${tokenText(this.tokenAt(i))}</b>`;
  }

  /** The token that follows from this look, among others. */
  then(position) {
    if (position >= this.pass.length) return nothing;
    return html` Next comes <b class="then" dir="auto">${tokenText(this.tokenAt(position))}</b>.`;
  }

  legend() {
    const shades = SCALE.map((weight) => html`<i class=${shadeOf(weight)}></i>`);
    return html`How much of the attention a token gets: <span class="scale" aria-hidden="true">${shades}</span> 0 to 100%`;
  }

  chooseHead({ target }) {
    const { value } = target;
    this.averaged = value === "layer" || value === "model" ? value : null;
    if (!this.averaged) this.store.set({ head: value, position: this.shownPosition });
  }

  turn() {
    this.isReversed = !this.isReversed;
  }

  walk(event) {
    const by = wayOf(event);
    if (!by) return;
    this.go(this.shownPosition - 1 + by);
  }

  choose({ target }) {
    const index = indexOf(target);
    if (index !== null) this.go(index);
  }

  go(index) {
    this.pointed = null;
    this.store.set({ position: Math.max(1, Math.min(this.pass.lastPosition, index + 1)) });
  }

  /** A mouse shows what a token looks at before it is chosen. */
  point({ target, pointerType }) {
    const index = indexOf(target);
    if (pointerType === "mouse" && index !== null) this.pointed = index; // between two lines, it stays
  }

  leave() {
    this.pointed = null;
  }
}

/** Which token of the text an element is, or is in; null if none. */
function indexOf(element) {
  const index = element.closest("[data-index]")?.dataset.index;
  return index === undefined ? null : Number(index);
}

customElements.define("text-attention", TextAttention);
