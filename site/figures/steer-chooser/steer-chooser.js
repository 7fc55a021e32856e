/**
 * <steer-chooser> <operated-result of="steer"></operated-result> </steer-chooser>
 *
 * Steers the model from one word to another: the way between their embeddings is added to the residual stream,
 * after a layer, as often as the slider says. Shows what that does to the token at a place in the text above where one
 * of the two words would stand. Chooses one of the store's operations; inside of it stands what that leads to.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { alsoOn, alsoOnStyles } from "../../app/also-on.js";
import { elsewhere } from "../../app/control.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { decimals } from "../../app/decimals.js";
import { inText, percent, showWhitespace, spoken } from "../../app/format.js";
import { near } from "../../app/near.js";
import { likeliest, nextTokenStyles, nextTokens } from "../../app/next-tokens.js";
import {
  MAX_OPERATIONS,
  MAX_STRENGTH,
  depthName,
  formatOperations,
  interventionOf,
  operationsOf,
  withOperation,
  without,
} from "../../app/operations.js";
import { placeOfWords } from "../../app/steered-word.js";
import { tokenText } from "../../app/token-text.js";
import { END } from "../../engine/tokenizer.js";
import { piecesOf, similarTokens, suggestedPairs, tokenOf } from "../../app/words.js";

const STRENGTH_STEP = 10; // percent
const CONTEXT = 32; // characters of the beginning that are shown
const SILENCE = 800; // milliseconds after the last change, until the result is read aloud

class SteerChooser extends Figure {
  static properties = {
    operations: { from: "store", type: String },
    controlSeed: { from: "store", type: Number },
    possible: { from: "operated", attribute: false }, // operations
    otherIds: { from: "operated", attribute: false },
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    draft: { state: true }, // what is steered with once its strength is not 0
    typed: { state: true }, // { from, to }: what somebody typed that is no single token
    result: { state: true }, // { key, read, plain, steered, control, lengths }
    failure: { state: true },
    announced: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    nextTokenStyles,
    alsoOnStyles,
    css`
    .words { gap: 8px 16px; }
    .words input { width: 7.5em; } select { min-height: 36px; }
    input[type="text"] { min-height: 36px; font: inherit; color: var(--text); background: var(--background);
                         border: 1px solid var(--line); border-radius: 8px; padding: 0 8px; }
    input[aria-invalid="true"] { border: 2px solid var(--warning); }
    .note { border-left: 4px solid var(--warning); padding-left: 12px; margin-top: 8px; }
    .note button { min-height: 32px; padding: 0 10px; margin: 2px 0 2px 6px; font-family: var(--mono); }
    .strength { display: grid; grid-template-columns: auto minmax(0, 1fr) 4.5em; gap: 0 12px; margin-top: 8px;
                max-width: 640px; align-items: center; }
    .strength input { width: 100%; accent-color: var(--accent); height: 32px; margin: 0; }
    .ends { grid-column: 2; display: flex; justify-content: space-between; padding: 0 4px; margin-top: -6px; }
    .ends span { width: 2em; text-align: center; } .ends span:first-child { text-align: left; }
    .ends span:last-child { text-align: right; }
    output { font-weight: 600; color: var(--text); text-align: right; }
    code { font: 600 1em var(--mono); }
    .size { min-height: 3em; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 16px 0 8px; overflow-wrap: anywhere; }
    .go { margin-top: 8px; } .go button { min-height: 36px; padding: 4px 16px; }
    @media (max-width: 640px) { .words > label { flex: 1 1 40%; } .words .pairs, .words .layer { flex-basis: 100%; }
      .size { min-height: 4.5em; } }
  `,
  ];

  constructor() {
    super();
    this.typed = {};
    this.announced = "";
  }

  load(run) {
    const { n_layer } = run.manifest.settings;
    const pairs = suggestedPairs(run);
    const [from, to] = pairs[0] ?? [0, 0];
    this.typed = {};
    this.draft = { kind: "steer", depth: 2 * Math.ceil(n_layer / 2), from, to, strength: 0 };
    return { pairs, n_layer };
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
    clearTimeout(this.silence);
    this.asked = null;
  }

  get chosen() {
    return operationsOf(this.run, this.operations);
  }

  /** The steering that is shown: the last one of the operations, or what somebody is about to choose. */
  get steering() {
    return this.chosen.findLast(({ kind }) => kind === "steer") ?? { ...this.draft, strength: 0 };
  }

  get isReady() {
    return Boolean(this.data && this.request?.run === this.run && this.promptIds.length);
  }

  /** The steering, and what else is done to the model. */
  get withOthers() {
    const { steering, possible } = this;
    return steering.strength ? withOperation(without(possible, steering), steering) : [];
  }

  /** What the model reads: the text above, up to where it would write one of the two words. */
  get read() {
    const { promptIds, tokens, steering } = this;
    const { index } = placeOfWords(promptIds, tokens, [steering.from, steering.to]);
    return [...promptIds, ...tokens.map(({ id }) => id)].slice(0, index);
  }

  get key() {
    const { model, read, steering, otherIds, controlSeed } = this;
    return JSON.stringify([
      model.run.name,
      model.step,
      read,
      steering,
      this.withOthers,
      otherIds,
      controlSeed,
    ]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady || this.isWriting || this.key === this.asked) return;
    this.asked = this.key;
    this.controller?.abort();
    this.controller = new AbortController();
    this.find(this.key, this.controller.signal);
  }

  /** What comes next without it, with it, and with a random direction of the same length. */
  async find(key, signal) {
    const { model, read: ids, steering, withOthers: operations, otherIds, controlSeed: control } = this;
    const { depth, from, to } = steering;
    const others = elsewhere(operations, this.run.manifest.settings, control) ?? operations;
    const nextLogits = (intervention) => model.nextLogits(ids, { signal, intervention });
    try {
      await near(this, signal);
      const lengths = await model.lengths(ids, { depth, from, to, signal });
      const plain = await nextLogits({});
      const isOn = steering.strength !== 0;
      const steered = isOn ? await nextLogits(interventionOf(operations, otherIds)) : plain;
      const random = isOn ? await nextLogits(interventionOf(others, otherIds, { control })) : plain;
      this.failure = null;
      this.result = { key, read: ids, plain, steered, control: random, lengths };
      this.announceSoon();
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** The result is read aloud once the slider rests. */
  announceSoon() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      const { plain, steered, control } = this.result;
      const say = (logits) => {
        const { id, p } = likeliest(logits);
        return `${spoken(this.run.vocab[id])}, ${percent(p)}`;
      };
      this.announced = this.steering.strength
        ? `Likeliest next: untouched ${say(plain)}; steered ${say(steered)}; control ${say(control)}.`
        : "";
    }, SILENCE);
  }

  draw({ pairs, n_layer }) {
    const { steering } = this;
    return html`<div class="row words">
        ${this.word("from", steering)}${this.word("to", steering)}${this.pairs(pairs, steering)}
        <label class="layer">added <select @change=${({ target }) => this.choose({ depth: Number(target.value) })}>
          ${depthsOf(n_layer, steering.depth).map(
            (depth) =>
              html`<option value=${depth} .selected=${depth === steering.depth}>${depthName(depth)}</option>`,
          )}</select></label></div>
      ${this.note("from")}${this.note("to")}${this.slider(steering)}
      <p class="caption size">${this.size(steering)}</p>
      <div class="row go"><button ?disabled=${!steering.strength} @click=${() => this.choose({ strength: 0 })}>Take the steering back</button></div>
      ${alsoOn(this, steering.strength ? steering : undefined)}
      ${this.outcome(steering)}
      <slot></slot>
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  word(side, steering) {
    const typed = this.typed[side];
    const value = typed ?? wordOf(this.run, steering[side]);
    return html`<label>${side} <input type="text" dir="auto" maxlength="40" spellcheck="false" autocomplete="off"
      autocapitalize="none" aria-label=${`${side} the word`} aria-invalid=${String(typed !== undefined)} .value=${value}
      @change=${({ target }) => this.type(side, target.value)}></label>`;
  }

  type(side, value) {
    const id = tokenOf(this.run, value);
    if (id === null) this.typed = { ...this.typed, [side]: value };
    else this.take(side, id);
  }

  take(side, id) {
    this.typed = { ...this.typed, [side]: undefined };
    this.choose({ [side]: id });
  }

  /** Why a word cannot be taken, and some that can. */
  note(side) {
    const typed = this.typed[side];
    if (typed === undefined) return nothing;
    const pieces = piecesOf(this.run, typed);
    const similar = similarTokens(this.run, typed);
    return html`<div class="note" role="status">${
      pieces.length
        ? html`“${typed.trim()}” is ${pieces.length} tokens here: ${pieces.map(
            (one, i) => html`${i ? " + " : ""}<code dir="auto">${tokenText(one)}</code>`,
          )}. Choose a word that is one.`
        : "There is no token for that in this model."
    } ${similar.map(
      (id) =>
        html`<button dir="auto" aria-label=${spoken(this.run.vocab[id])} @click=${() => this.take(side, id)}>${showWhitespace(
          this.run.vocab[id],
        )}</button>`,
    )}</div>`;
  }

  pairs(pairs, { from, to }) {
    const isListed = pairs.some((pair) => pair[0] === from && pair[1] === to);
    return html`<label class="pairs">or try <select aria-label="Pairs to try" @change=${({ target }) => this.takePair(pairs[target.value])}>
      ${isListed ? nothing : html`<option selected>your own</option>`}
      ${pairs.map(
        (pair, i) =>
          html`<option value=${i} .selected=${pair[0] === from && pair[1] === to}>${pair
            .map((id) => wordOf(this.run, id))
            .join(" → ")}</option>`,
      )}</select></label>`;
  }

  takePair(pair) {
    if (!pair) return;
    this.typed = {};
    this.choose({ from: pair[0], to: pair[1] });
  }

  slider({ strength }) {
    const times = `${(strength / 100).toFixed(1)} times`;
    return html`<label class="strength">how strongly
      <input type="range" min=${-MAX_STRENGTH} max=${MAX_STRENGTH} step=${STRENGTH_STEP} .value=${String(strength)}
        aria-label="Strength" aria-valuetext=${times.replace("-", "minus ")}
        @input=${({ target }) => this.choose({ strength: Number(target.value) })}>
      <output aria-hidden="true">${decimals(strength / 100, 1)} times</output>
      <span class="ends" aria-hidden="true"><span>−${MAX_STRENGTH / 100}</span><span>0</span><span>${MAX_STRENGTH / 100}</span></span></label>`;
  }

  /** Put it among the operations, in the place of the one that is shown; with a strength of 0, it is taken out. */
  choose(changes) {
    const { chosen, steering } = this;
    const isThere = steering.strength !== 0;
    const next = { ...steering, ...changes };
    this.draft = next;
    const others = isThere ? without(chosen, steering) : chosen;
    const operations = next.strength === 0 ? others : withOperation(others, next);
    if (operations.length > MAX_OPERATIONS) return;
    this.store.set({ operations: formatOperations(operations) || null }, { replace: true });
  }

  /** How long what is added is. */
  size({ strength, depth, from, to }) {
    const { result } = this;
    if (!result) return nothing;
    if (from === to) return "Both are the same word, so there is no way from one to the other.";
    const { direction, residual } = result.lengths;
    const once = direction / residual;
    const name = (id) => html`<code dir="auto">${tokenText(this.run.vocab[id])}</code>`;
    const where = depth
      ? `the residual stream ${depthName(depth)} (the numbers that the model holds of a token, to which each layer adds)`
      : "the embeddings (the numbers that the model holds of a token before its first layer)";
    const way = html`It is added to ${where}. The way from ${name(from)} to ${name(to)} is ${ratio(once)} times as long
      as those`;
    return strength === 0
      ? html`${way}. Move the slider to add it; to the left, it leads the other way.`
      : html`${way}; with this strength, ${ratio((Math.abs(strength) / 100) * once)} times.`;
  }

  outcome({ strength, depth, from, to }) {
    const { vocab } = this.run;
    if (this.failure) return errorBox(this.failure);
    if (!this.isReady) return html`<p class="caption">There is no text yet.</p>`;
    const read = this.result?.read ?? this.promptIds;
    const tokens = read.map((id) => vocab[id]).filter((token, at) => at > 0 || token !== END);
    const text = tokens.map(inText).join("").trim();
    const { plain = null, steered = null, control = null } = this.result ?? {};
    const where = depthName(depth);
    return html`<h3>What comes next after “<span dir="auto">${text.length > CONTEXT ? `…${text.slice(-CONTEXT)}` : text}</span>”</h3>
      ${nextTokens(
        vocab,
        [
          { title: "Untouched", note: "the model as it is", logits: plain },
          { title: "Steered", note: strength ? where : "not yet", logits: steered, isMain: true },
          { title: "Control", note: "a random direction, as long", logits: control },
        ],
        [from, to],
      )}`;
  }
}

/** A token as somebody would type it. */
const wordOf = (run, id) => run.vocab[id].trim() || showWhitespace(run.vocab[id]);

/** 0.3312 -> "0.3". */
const ratio = (x) => (x >= 0.1 ? x.toFixed(1) : x.toPrecision(1));

/** The depths to choose from: the embeddings, and after each layer; and the one that is chosen, if it is between. */
const depthsOf = (n_layer, chosen) => {
  const depths = Array.from({ length: n_layer + 1 }, (_, layer) => 2 * layer);
  return [...new Set([...depths, chosen])].sort((a, b) => a - b);
};

customElements.define("steer-chooser", SteerChooser);
