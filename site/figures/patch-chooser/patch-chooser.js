/**
 * <patch-chooser> <operated-result of="patch"></operated-result> </patch-chooser>
 *
 * Carries what the model holds of one token over from another text: at a layer and a position, its residual stream
 * becomes that of the other text. Shows what the model says next after both texts, after the patched one and after
 * a control; and, for every layer and position, how far a patch there moves it. Chooses one of the store's
 * operations; inside of it stands what that leads to.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { alsoOn, alsoOnStyles } from "../../app/also-on.js";
import { colorToken } from "../../app/colormap.js";
import { elsewhere } from "../../app/control.js";
import { controls } from "../../app/controls.js";
import { Fades, fades } from "../../app/fades.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { decimals } from "../../app/decimals.js";
import { capitalized, count, inText, percent, showWhitespace, spoken } from "../../app/format.js";
import { encodePrompt, encodeTyped } from "../../app/forward-pass.js";
import { near } from "../../app/near.js";
import { likeliest, nextTokenStyles, nextTokens } from "../../app/next-tokens.js";
import {
  MAX_OPERATIONS,
  depthName,
  formatOperations,
  interventionOf,
  operationsOf,
  withOperation,
  without,
} from "../../app/operations.js";
import {
  depthsOf,
  differenceOf,
  exampleIn,
  patchEffects,
  positionsToTry,
  similarText,
  tellingTokens,
} from "../../app/patching.js";
import { MAX_LENGTH } from "../../app/store.js";
import { tokenText, whichOf } from "../../app/token-text.js";
import { END } from "../../engine/tokenizer.js";

const TYPING = 250; // milliseconds without a key, after which the other text is read
const MAX_COLUMNS = 24; // of the map
const ROW_NAME = 150; // pixels, at most, of the name of a row of the map
const CELL = 36; // pixels of a column, with the gap beside it
const MAX_CELL = 60;
const TOKENS_PER_CALL = 1500; // that the worker reads before others have their turn
const ARROWS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

class PatchChooser extends Figure {
  static share = {
    title: "Where a patch matters",
    table: ({ map, textsKey, isReady, run, ids }) =>
      isReady && map?.key === textsKey && map.values.size > 0 && numbers(map, run.vocab, ids),
  };

  static properties = {
    operations: { from: "store", type: String },
    controlSeed: { from: "store", type: Number },
    possible: { from: "operated", attribute: false }, // operations
    lostPatch: { from: "operated", attribute: false },
    otherText: { from: "store", type: String },
    request: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    tokens: { from: "writing", attribute: false },
    isWriting: { from: "writing", attribute: false },
    other: { state: true }, // { key, text, ids, unknown }: the other text as the model reads it
    draft: { state: true }, // the patch, while it is not among the operations
    result: { state: true }, // { key, plain, other, patched, control }
    map: { state: true }, // { key, positions, tokens, values: "row column" -> effect, isStopped }
    pointed: { state: true }, // [row, column] of the map
    failure: { state: true },
    announced: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    nextTokenStyles,
    alsoOnStyles,
    fades,
    css`
    .texts { display: grid; gap: 16px 32px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .tokens { font: 400 1.0625rem/1.7 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; margin: 0;
              max-height: 14em; overflow-y: auto; padding: 3px; }
    .tokens span { border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line); cursor: pointer; }
    .tokens .differs { background: color-mix(in oklab, var(--value) 18%, var(--panel)); }
    .tokens .chosen { box-shadow: 0 0 0 2px var(--chosen); }
    textarea { display: block; width: 100%; min-height: 2.6em; max-height: 8em; resize: vertical; padding: 8px 12px;
               font: 400 1.0625rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; field-sizing: content; margin-bottom: 8px; }
    .field { display: block; color: var(--text); font-weight: 600; }
    .propose { margin-top: 8px; }
    .state { margin-top: 8px; color: var(--muted); } .state.on { color: var(--text); font-weight: 600; }
    .row.first { margin-bottom: 12px; } button { min-height: 36px; padding: 4px 16px; } select { min-height: 36px; }
    .what { margin: 16px 0 8px; } .during { margin-top: 8px; }
    code, .what b { font: 600 1em var(--mono); overflow-wrap: anywhere; }
    .note { border-left: 4px solid var(--warning); padding-left: 12px; margin-top: 8px; max-width: 66ch; }
    .map { margin-top: 24px; } .map > .caption { max-width: 80ch; }
    .scroll { overflow-x: auto; margin-top: 8px; padding: 3px; }
    .grid { display: grid; gap: 2px; }
    .grid > div { display: contents; }
    .grid .name { position: sticky; left: 0; background: var(--panel); color: var(--muted); padding: 0 8px 0 0;
                  white-space: nowrap; align-self: center; z-index: 1; }
    .column { writing-mode: vertical-rl; justify-self: center; align-self: end; font: 400 1em/1.1 var(--mono);
              white-space: pre; max-height: 8em; overflow: hidden; text-overflow: ellipsis; color: var(--muted); }
    .gap { color: var(--muted); align-self: end; }
    .cell { height: 30px; border-radius: 3px; text-align: center; line-height: 30px; cursor: pointer; }
    .cell.color0 { box-shadow: inset 0 0 0 1px var(--line); }
    .against { background: color-mix(in oklab, var(--value) 25%, var(--panel)); }
    .cell.chosen { box-shadow: inset 0 0 0 2px var(--chosen); font-weight: 700; }
    .grid:focus-visible .cell.pointed { outline: 3px solid var(--accent); outline-offset: 1px; }
    .said { margin-top: 8px; min-height: 1.5em; }
    @media (max-width: 760px) { .texts { grid-template-columns: minmax(0, 1fr); } .said { min-height: 3em; } }
    @media (forced-colors: active) {
      .tokens .chosen, .cell.chosen { box-shadow: none; outline: 3px double; outline-offset: -3px; }
      .tokens .differs { text-decoration: underline; }
    }
  `,
  ];

  constructor() {
    super();
    this.announced = "";
    this.ids = [];
    this.exampleText = null;
    this.fades = new Fades(this, ".scroll");
  }

  load(run) {
    this.other = null;
    this.result = null;
    this.map = null;
    this.draft = null;
    return run.manifest.settings;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const one of [this.reading, this.finding, this.mapping]) one?.abort();
    clearTimeout(this.timer);
    this.asked = {};
  }

  /** What was asked for last of each kind. */
  asked = {};

  get isReady() {
    return Boolean(this.data && this.request?.run === this.run && this.promptIds.length);
  }

  /**
   * The text that is patched: the beginning. While nobody has chosen a beginning or a patch, it is an example from the
   * text above, if there is one, because few words are open after the usual beginning.
   */
  findText() {
    const { text, otherText } = this.store.state;
    const isChosen = text || otherText || this.chosen.some(({ kind }) => kind === "patch");
    this.exampleText = isChosen || this.isWriting ? null : exampleIn(this.run, this.promptIds, this.tokens);
    this.ids = this.promptIds;
    if (!this.exampleText) return;
    const { start, encoded } = encodePrompt(this.run, this.exampleText);
    this.ids = [...start, ...encoded];
  }

  get chosen() {
    return operationsOf(this.run, this.operations);
  }

  /** The patch among the operations, if both texts have its positions. */
  get applied() {
    const isThere = ({ kind, position, from }) =>
      kind === "patch" && position < this.ids.length && from < this.other.ids.length;
    return this.otherText && this.other ? this.chosen.findLast(isThere) : undefined;
  }

  /** The patch that is shown: the one among the operations, or what somebody is about to choose. */
  get patch() {
    return this.applied ?? this.fittedDraft;
  }

  /** Where the two texts first differ, after the first layer, unless somebody has chosen another place. */
  get fittedDraft() {
    const { ids } = this.other;
    const differs = this.ids.findIndex((id, i) => id !== ids[i]);
    const first = Math.max(0, Math.min(differs, ids.length - 1));
    const usual = { kind: "patch", depth: 2, position: first, from: first };
    const draft = this.draft?.key === this.textsKey ? this.draft.patch : usual;
    return draft.position < this.ids.length && draft.from < ids.length ? draft : usual;
  }

  /** The patch, and what else is done to the model. */
  get withOthers() {
    const { patch, applied, possible } = this;
    return withOperation(applied ? without(possible, applied) : possible, patch);
  }

  /** What both texts follow from. */
  get textsKey() {
    const { model, ids, otherText } = this;
    return JSON.stringify([model.run.name, model.step, ids, otherText]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (!this.isReady) return;
    this.findText();
    const key = this.textsKey;
    if (this.isNew("texts", key)) this.readOther(key);
    if (this.other?.key !== key || !this.other.ids.length) return;
    const patchKey = JSON.stringify([key, this.other.text, this.patch, this.withOthers, this.controlSeed]);
    if (this.isNew("patch", patchKey)) this.find(patchKey);
  }

  isNew(kind, key) {
    if (this.asked[kind] === key) return false;
    this.asked[kind] = key;
    return true;
  }

  /** Cut the other text into tokens; while there is none, think of one. */
  async readOther(key) {
    for (const one of [this.reading, this.finding, this.mapping]) one?.abort();
    const { signal } = (this.reading = new AbortController());
    const { run, model, ids, otherText } = this;
    try {
      await near(this, signal);
      const text = otherText || (await similarText(model, ids, signal));
      const { start, encoded, unknown } = await encodeTyped(run, text);
      if (signal.aborted) return;
      this.failure = null;
      this.pointed = null;
      this.other = { key, text, ids: text ? [...start, ...encoded] : [], unknown };
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  /** What comes next after both texts, after the patched one, and after the control. */
  async find(key) {
    this.finding?.abort();
    const { signal } = (this.finding = new AbortController());
    const { model, ids, textsKey, withOthers: operations, controlSeed: control } = this;
    const { ids: otherIds } = this.other;
    const others = elsewhere(operations, this.run.manifest.settings, control) ?? operations;
    const patched = (done, options) => ({ signal, intervention: interventionOf(done, otherIds, options) });
    try {
      const isKnown = this.result?.textsKey === textsKey;
      const plain = isKnown ? this.result.plain : await model.nextLogits(ids, { signal });
      const other = isKnown ? this.result.other : await model.nextLogits(otherIds, { signal });
      const one = await model.nextLogits(ids, patched(operations));
      const random = await model.nextLogits(ids, patched(others, { control }));
      this.result = { key, textsKey, plain, other, patched: one, control: random };
      if (this.applied) this.announce();
      if (this.map?.key !== textsKey) this.beginMap();
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  announce() {
    const say = (logits) => {
      const { id, p } = likeliest(logits);
      return `${spoken(this.run.vocab[id])}, ${percent(p)}`;
    };
    const { plain, other, patched, control } = this.result;
    this.announced = `Likeliest next: this text ${say(plain)}; the other ${say(other)}; patched ${say(patched)};
      control ${say(control)}.`;
  }

  beginMap() {
    const { plain, other, textsKey } = this.result;
    const tokens = tellingTokens(plain, other);
    const positions = positionsToTry(this.ids, this.other.ids, MAX_COLUMNS);
    this.map = { key: textsKey, tokens, positions, values: new Map(), isStopped: false };
    if (tokens) this.goOn();
  }

  /** Try the places of the map that are not known yet, a few at a time. */
  async goOn() {
    this.mapping?.abort();
    const { signal } = (this.mapping = new AbortController());
    const { model, ids, map } = this;
    const { ids: otherIds } = this.other;
    const { plain, other } = this.result;
    const [before, after] = [plain, other].map((logits) => differenceOf(logits, map.tokens));
    const atOnce = Math.max(1, Math.floor(TOKENS_PER_CALL / ids.length));
    try {
      for (const depth of this.depths) {
        const missing = map.positions.filter((position) => !map.values.has(`${depth} ${position}`));
        for (let i = 0; i < missing.length; i += atOnce) {
          const positions = missing.slice(i, i + atOnce);
          const asked = { ids, otherIds, depth, positions, tokens: map.tokens, before, after };
          const effects = await patchEffects(model, asked, { signal });
          positions.forEach((position, k) => map.values.set(`${depth} ${position}`, effects[k]));
          this.requestUpdate();
        }
      }
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
  }

  stop() {
    this.mapping.abort();
    this.map = { ...this.map, isStopped: true };
  }

  resume() {
    this.map = { ...this.map, isStopped: false };
    this.goOn();
  }

  get depths() {
    return depthsOf(this.data.n_layer);
  }

  draw() {
    if (this.failure) return errorBox(this.failure);
    if (!this.isReady) return html`<p class="caption">There is no text yet.</p>`;
    const hasOther = this.other?.ids.length > 0;
    const title = this.exampleText
      ? "This text: an example from the text at the top"
      : "This text: your beginning";
    return html`${this.example()}
      <div class="texts"><div><h3>${title}</h3>${this.text("this", this.ids)}</div>
        <div><label class="field">The other text<textarea dir="auto" rows="1" maxlength=${MAX_LENGTH} spellcheck="false"
          .value=${this.otherText || this.other?.text || ""} @input=${this.type}></textarea></label>${
            hasOther ? this.text("other", this.other.ids) : nothing
          }${this.unknown()}${this.propose()}</div></div>
      ${hasOther ? html`${this.what()}${alsoOn(this, this.applied)}${this.outcome()}<slot></slot>${this.drawMap()}` : html`<p class="note">Type another text, such as this one with another name in it.</p>`}
      <p class="visually-hidden" role="status">${this.announced}</p>`;
  }

  /** The text at the top may hold a better example than its beginning. */
  example() {
    if (this.exampleText)
      return html`<p class="caption row first">The model has to look back for the next word of this example. If you
        patch it, or change the other text, it becomes your beginning.</p>`;
    const text = exampleIn(this.run, this.promptIds, this.tokens ?? []);
    if (!text) return nothing;
    return html`<div class="row first"><button class="primary" @click=${() => this.takeExample(text)}>Take an example from
      the text at the top</button><span class="caption">It becomes your beginning, up to a word that the model has to
      look back for.</span></div>`;
  }

  takeExample(text) {
    const operations = formatOperations(this.chosen.filter(({ kind }) => kind !== "patch"));
    this.store.set({ text, otherText: null, operations: operations || null });
  }

  type({ target }) {
    clearTimeout(this.timer);
    const text = this.exampleText; // with another text of somebody's own, it becomes the beginning as well
    this.timer = setTimeout(() => {
      const otherText = target.value.trim() ? target.value : null;
      this.store.set({ otherText, ...(text && { text }) }, { replace: true });
    }, TYPING);
  }

  /** Another text may belong to another beginning. */
  propose() {
    if (!this.otherText || this.applied) return nothing;
    return html`<button class="propose" @click=${() => this.store.set({ otherText: null })}>Propose another text</button>`;
  }

  unknown() {
    const unknown = this.other?.unknown ?? [];
    if (!unknown.length) return nothing;
    return html`<p class="note" role="status">It has never seen ${unknown.map(
      (one, i) => html`${i ? ", " : ""}<b dir="auto">${showWhitespace(one)}</b>`,
    )}: left out, or read without accents.</p>`;
  }

  /** One of the texts, token by token. */
  text(which, ids) {
    const isOther = which === "other";
    const chosen = this.other?.ids.length ? this.patch[isOther ? "from" : "position"] : -1;
    const label = isOther ? "The other text, token by token" : "This text, token by token";
    const compared = isOther ? this.ids : (this.other?.ids ?? []);
    return html`<p class="tokens" dir="auto" tabindex="0" role="listbox" aria-label=${label}
      aria-activedescendant=${chosen >= 0 ? `${which}${chosen}` : nothing}
      @keydown=${(event) => this.walk(event, isOther, ids)} @click=${(event) => this.point(event, isOther)}>${ids.map(
        (id, i) => this.token(which, id, i, i === chosen, compared.length > 0 && id !== compared[i]),
      )}</p>`;
  }

  token(which, id, i, isChosen, differs) {
    const token = this.run.vocab[id];
    if (i === 0 && token === END) return nothing; // every text begins with it
    return html`<span id=${`${which}${i}`} role="option" data-position=${i} aria-selected=${String(isChosen)}
      class=${`${differs ? "differs" : ""} ${isChosen ? "chosen" : ""}`} aria-label=${spoken(token)}>${inText(token)}</span>`;
  }

  walk(event, isOther, ids) {
    const by = wayOf(event);
    if (!by || !this.other?.ids.length) return;
    const first = this.run.vocab[ids[0]] === END ? 1 : 0;
    const now = this.patch[isOther ? "from" : "position"];
    this.takeToken(isOther, Math.max(first, Math.min(ids.length - 1, now + by)));
  }

  point({ target }, isOther) {
    const position = target.closest("[data-position]")?.dataset.position;
    if (position !== undefined && this.other?.ids.length) this.takeToken(isOther, Number(position));
  }

  /** In texts of the same length, the same position of the other one is meant. */
  takeToken(isOther, position) {
    const isAlike = this.ids.length === this.other.ids.length;
    if (isOther) this.choose({ from: position });
    else this.choose({ position, ...(isAlike && { from: position }) });
  }

  /** Choose another patch; if one is among the operations, it takes its place. */
  choose(changes, isOn = Boolean(this.applied)) {
    const patch = { ...this.patch, ...changes };
    const { applied, chosen } = this;
    this.draft = { key: this.textsKey, patch };
    if (!isOn) return;
    const operations = withOperation(applied ? without(chosen, applied) : chosen, patch);
    if (operations.length > MAX_OPERATIONS) return;
    const otherText = this.otherText || this.other.text;
    const text = this.exampleText;
    this.draft = null;
    const chosenNow = { operations: formatOperations(operations), otherText, ...(text && { text }) };
    this.store.set(chosenNow, { replace: Boolean(applied) });
  }

  toggle() {
    const { applied } = this;
    if (!applied) {
      this.choose({}, true);
      return;
    }
    this.draft = { key: this.textsKey, patch: applied };
    this.store.set({ operations: formatOperations(without(this.chosen, applied)) || null });
  }

  /** What the patch is, in words. */
  what() {
    const { patch, applied } = this;
    const { vocab } = this.run;
    const depths = [...new Set([...this.depths, patch.depth])].sort((a, b) => a - b);
    const name = (ids, position) =>
      html`${whichOf(ids, position)}<b dir="auto">${tokenText(vocab[ids[position]])}</b>`;
    return html`<p class="what">What the model holds of ${name(this.ids, patch.position)} becomes what it holds of
        ${name(this.other.ids, patch.from)} in the other text:</p>
      <div class="row">
        <select aria-label="Where it is patched" @change=${({ target }) => this.choose({ depth: Number(target.value) })}>${depths.map(
          (depth) =>
            html`<option value=${depth} .selected=${depth === patch.depth}>${depthName(depth)}</option>`,
        )}</select>
        <button class=${applied ? "" : "primary"} @click=${this.toggle}>${applied ? "Take the patch back" : "Patch it"}</button></div>
      <p class=${applied ? "state on" : "state"} role="status">${
        applied
          ? "It is patched. What the model writes now is shown below."
          : "Nothing is patched yet. What you see below is a preview of the next token."
      }</p>
      ${this.lost()}
      <p class="caption during">While the model writes, this one place of your beginning stays patched. What it writes itself
        is never patched, but looks back at that place.</p>`;
  }

  /** Why there is none any more. */
  lost() {
    if (!this.lostPatch) return nothing;
    return html`<p class="note" role="status">The beginning has changed, so the patch was taken back: it belonged to the
      text before. Choose a place again, and press “Patch it”.</p>`;
  }

  outcome() {
    const isOn = Boolean(this.applied);
    const { plain = null, other = null, patched = null, control = null } = this.result ?? {};
    const tokens = plain && other ? tellingTokens(plain, other) : null;
    return html`<h3 class="what">What comes next</h3>${nextTokens(
      this.run.vocab,
      [
        { title: "This text", note: "as it is", logits: plain },
        { title: "The other text", note: "as it is", logits: other },
        {
          title: isOn ? "This text, patched" : "Preview of the patch",
          note: isOn ? depthName(this.patch.depth) : "not done yet",
          logits: patched,
          isMain: true,
          isPreview: !isOn,
        },
        { title: "Control", note: "random, as large", logits: control },
      ],
      tokens ? [tokens.a, tokens.b] : [],
    )}`;
  }

  drawMap() {
    const { map } = this;
    if (!map || map.key !== this.textsKey) return html`<p class="caption map" aria-busy="true">…</p>`;
    const [n, m] = [this.ids.length, this.other.ids.length];
    if (n !== m)
      return html`<p class="caption map">A map of all patches needs two texts of as many tokens: this one has
        ${count(n)}, the other ${count(m)}.</p>`;
    if (!map.tokens)
      return html`<p class="caption map">Both texts lead to the same prediction: change the other one.</p>`;
    const name = (id) => html`<code dir="auto">${tokenText(this.run.vocab[id])}</code>`;
    const left = map.positions.length * this.depths.length - map.values.size;
    return html`<div class="map"><h3>Where a patch matters</h3>
      <p class="caption">How far a patch at each place moves the model from ${name(map.tokens.a)}, likelier after this text,
        to ${name(map.tokens.b)}, likelier after the other: 0 is not at all, 1 all the way. Measured
        is by how much the logit of the second exceeds that of the first. Logits are the scores that the model gives to
        tokens, before they become probabilities.</p>
      <div class="fades"><div class="scroll">${this.grid(map)}</div></div>
      <p class="caption said">${this.said(map)}</p>
      <div class="row"><span class="caption" role="status">${this.progress(map, left)}</span>${
        left
          ? html`<button @click=${() => (map.isStopped ? this.resume() : this.stop())}>${map.isStopped ? "Go on" : "Stop"}</button>`
          : nothing
      }</div></div>`;
  }

  /** Only beginning and end are announced: the number in between stands in the picture. */
  progress({ values, positions, isStopped }, left) {
    if (!left) {
      const missing = this.ids.length - positions[0] - positions.length;
      return `All ${count(values.size)} places have been tried${missing > 0 ? `; ${count(missing)} tokens in the middle were left out` : ""}.`;
    }
    return isStopped ? `${count(left)} places are left.` : "Trying every place …";
  }

  /** As wide as there is room for, but not so wide that the cells become bars. */
  gridSize(map) {
    const n = map.positions.length;
    const tracks = map.positions.map((_, i) => `${isAfterGap(map, i) ? "14px " : ""}minmax(0, 1fr)`);
    return styleMap({
      gridTemplateColumns: `auto ${tracks.join(" ")}`,
      minWidth: `${ROW_NAME + CELL * n}px`,
      maxWidth: `${ROW_NAME + MAX_CELL * n}px`,
    });
  }

  grid(map) {
    const { vocab } = this.run;
    const [row, column] = this.cell(map);
    return html`<div class="grid" tabindex="0" role="grid" aria-label="How far a patch moves the prediction, for each layer and token"
      aria-rowcount=${this.depths.length} aria-colcount=${map.positions.length} aria-activedescendant=${`cell-${row}-${column}`}
      style=${this.gridSize(map)}
      @keydown=${(event) => this.key(event, map)} @click=${(event) => this.press(event, map)}>
      <div aria-hidden="true"><span></span>${map.positions.map(
        (position, i) =>
          html`${isAfterGap(map, i) ? html`<span class="gap">…</span>` : nothing}<span class="column" dir="auto">${showWhitespace(vocab[this.ids[position]])}</span>`,
      )}</div>
      ${this.depths.map(
        (depth, i) =>
          html`<div role="row" aria-rowindex=${i + 1}><span class="name" role="rowheader">${depthName(depth)}</span>${map.positions.map(
            (position, k) => this.drawCell(map, i, k, i === row && k === column),
          )}</div>`,
      )}</div>`;
  }

  drawCell(map, row, column, isPointed) {
    const depth = this.depths[row];
    const position = map.positions[column];
    const value = map.values.get(`${depth} ${position}`);
    const { patch } = this;
    const isChosen = patch.depth === depth && patch.position === position && patch.from === position;
    const shade = value === undefined ? "color0" : value < -0.05 ? "against" : colorToken(value);
    const token = spoken(this.run.vocab[this.ids[position]]);
    const gap = isAfterGap(map, column) ? html`<span aria-hidden="true"></span>` : nothing;
    return html`${gap}<span role="gridcell" id=${`cell-${row}-${column}`} data-cell=${`${row} ${column}`} aria-colindex=${column + 1}
      aria-selected=${String(isChosen)} class=${`cell ${shade} ${isChosen ? "chosen" : ""} ${isPointed ? "pointed" : ""}`}
      aria-label=${`${depthName(depth)}, ${token}: ${value === undefined ? "not tried yet" : value.toFixed(2)}`}>${
        value === undefined ? "" : decimals(value, 1)
      }</span>`;
  }

  /** The cell that keys start from: the one that was pointed at last, or that of the patch. */
  cell(map) {
    if (this.pointed) return this.pointed;
    const { depth, position } = this.patch;
    return [Math.max(0, this.depths.indexOf(depth)), Math.max(0, map.positions.indexOf(position))];
  }

  key(event, map) {
    const [row, column] = this.cell(map);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.takeCell(map, row, column);
    }
    const by = ARROWS[event.key];
    if (!by) return;
    event.preventDefault();
    const between = (last, i) => Math.max(0, Math.min(last, i));
    this.pointed = [
      between(this.depths.length - 1, row + by[0]),
      between(map.positions.length - 1, column + by[1]),
    ];
  }

  press({ target }, map) {
    const cell = target.closest("[data-cell]")?.dataset.cell;
    if (cell) this.takeCell(map, ...cell.split(" ").map(Number));
  }

  takeCell(map, row, column) {
    this.pointed = [row, column];
    const position = map.positions[column];
    this.choose({ depth: this.depths[row], position, from: position }, true);
  }

  /** What is said of the cell that is pointed at. */
  said(map) {
    const [row, column] = this.cell(map);
    const [depth, position] = [this.depths[row], map.positions[column]];
    const value = map.values.get(`${depth} ${position}`);
    const ids = this.ids;
    const token = html`${whichOf(ids, position)}<code dir="auto">${tokenText(this.run.vocab[ids[position]])}</code>`;
    return html`${capitalized(depthName(depth))}, at ${token}: ${
      value === undefined ? "not tried yet" : decimals(value)
    }. Press a place to patch it; with the keyboard, arrows and Enter.`;
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("pointed") && this.pointed)
      this.renderRoot.querySelector(".cell.pointed")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

/** Whether tokens are left out before a column of the map. */
const isAfterGap = ({ positions }, column) => column > 0 && positions[column] > positions[column - 1] + 1;

/** How far each patch has moved the prediction: 0 is not at all, 1 all the way. */
function numbers({ values }, vocab, promptIds) {
  const rows = [...values].map(([place, effect]) => {
    const [depth, position] = place.split(" ").map(Number);
    return [depthName(depth), position, vocab[promptIds[position]], effect];
  });
  return [["place", "position", "token", "effect"], ...rows];
}

customElements.define("patch-chooser", PatchChooser);
