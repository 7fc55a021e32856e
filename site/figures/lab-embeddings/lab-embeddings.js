/**
 * <lab-embeddings></lab-embeddings>
 *
 * The embeddings of the most frequent tokens on a plane, moving while the model of the lab learns. The token that is
 * chosen, from the list or by pressing near its dot, leaves a trail, and those most like it are marked.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { cssVariable } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { decimals } from "../../app/decimals.js";
import { count, percent, showWhitespace } from "../../app/format.js";
import { Asking } from "../../app/lab-asking.js";
import { LabChoice } from "../../app/lab-choice.js";
import { NOWHERE, Plane, grown, placesOf } from "../../app/lab-plane.js";
import { OnResize } from "../../app/resize.js";
import { tokenText } from "../../app/token-text.js";
import { chanceCosines, nearestTo, rowOf } from "../../engine/embeddings.js";

const MOST_TOKENS = 300;
const MOST_LABELS = 90;
const MOST_CHOICES = 60; // in the list of tokens
const N_NEAREST = 5;
const TRAIL = 60; // moments
const CLEARER = 0.15; // by so much of a cosine
const MOVE = 450; // milliseconds from one moment to the next
const LABEL_HEIGHT = 16;

const still = matchMedia("(prefers-reduced-motion: reduce)");

class LabEmbeddings extends LabChoice {
  static share = { title: "Tokens on a map", table: (figure) => figure.shown && figure.numbers() };

  static properties = {
    shown: { state: true }, // { ids, vectors, C, points, explained, step }; null until it is known
    chosen: { state: true }, // an id; null: the first one
  };

  static styles = [
    LabChoice.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .two { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 2fr); gap: 16px 32px; align-items: start; }
    .map { position: relative; aspect-ratio: 1.45; border: 1px solid var(--line); border-radius: 8px; overflow: hidden;
           background: var(--background); cursor: pointer; touch-action: pan-y; }
    canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
    label { min-height: 36px; }
    select { min-height: 36px; font: 500 var(--small)/1.4 var(--mono); }
    .beside { display: grid; gap: 12px; align-content: start; }
    ol { list-style: none; margin: 4px 0 0; padding: 0; }
    li { display: grid; grid-template-columns: minmax(4.5em, 2fr) minmax(40px, 3fr) 3em; gap: 10px; align-items: center; min-height: 26px; }
    li b { font: 600 0.8125rem/1.4 var(--mono); color: var(--accent); white-space: pre; overflow: hidden; text-overflow: ellipsis; }
    li span { text-align: right; }
    .bar { position: relative; height: 10px; background: color-mix(in oklab, var(--line) 45%, var(--panel)); border-radius: 3px; }
    .bar i { position: absolute; inset: 0 auto 0 0; background: var(--accent); border-radius: 3px; }
    .bar u { position: absolute; inset: -4px auto; border-left: 2px dashed var(--text); }
    @media (max-width: 720px) { .two { grid-template-columns: minmax(0, 1fr); } .map { aspect-ratio: 1; } .beside { min-height: 340px; } }
    @media (forced-colors: active) {
      .bar, .bar i { forced-color-adjust: none; border: 1px solid CanvasText; }
      .bar { background: Canvas; }
      .bar i { background: Highlight; }
    }
  `,
  ];

  constructor() {
    super();
    new OnResize(this, () => this.repaint());
    this.shown = null;
    this.chosen = null;
  }

  connectedCallback() {
    super.connectedCallback();
    if (!this.lab) return;
    this.asking = new Asking({
      element: this,
      lab: this.lab,
      question: () => ({ method: "embeddings" }),
      receive: (answer, step) => this.receive(answer, step),
    });
    this.asking.start();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.asking?.stop();
    cancelAnimationFrame(this.frame);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const { tokenizer, ids } = this.tokens;
    if (tokenizer !== this.tokenizer || this.settings.n_embd !== this.plane?.C) this.begin(tokenizer, ids);
    else if (this.step < this.shown?.step) this.forgetTrail(); // it begins again
  }

  /** Other tokens, or vectors of another length: nothing of what was there can be compared with them. */
  begin(tokenizer, ids) {
    this.tokenizer = tokenizer;
    this.ids = tokenizer && ids ? mostFrequent(ids, tokenizer.vocab.length) : [];
    this.plane = new Plane(this.settings.n_embd);
    this.shown = this.from = null;
    this.chosen = this.clearest = null;
    this.forgetTrail();
  }

  forgetTrail() {
    this.trail = [];
    this.bounds = NOWHERE;
  }

  receive({ values }, step) {
    const { ids, plane } = this;
    const isOfThese = this.tokenizer === this.lab.state.tokens.tokenizer;
    if (!ids.length || !isOfThese) return;
    const { C } = plane;
    const vectors = new Float32Array(ids.length * C);
    ids.forEach((id, i) => vectors.set(rowOf(values, C, id), i * C));
    const { points, explained } = plane.show(vectors);
    this.from = this.now() ?? points;
    this.trail = [...this.trail, points].slice(-TRAIL);
    this.bounds = grown(this.bounds, points); // they never shrink: a dot that rests does not move
    this.shown = { ids, vectors, C, points, explained, step };
    this.findClearest();
    this.since = performance.now();
    this.moveDots();
  }

  /** Where the dots are at this moment, on their way from one to the next. */
  now() {
    if (!this.shown) return null;
    const { points } = this.shown;
    const part = still.matches ? 1 : Math.min(1, (performance.now() - this.since) / MOVE);
    if (part === 1 || this.from.length !== points.length) return points;
    const eased = part * part * (3 - 2 * part);
    return points.map((value, i) => this.from[i] + eased * (value - this.from[i]));
  }

  moveDots() {
    cancelAnimationFrame(this.frame);
    this.repaint();
    if (performance.now() - this.since < MOVE && !still.matches) {
      this.frame = requestAnimationFrame(() => this.moveDots());
    }
  }

  /** Of the tokens that are shown, which is chosen. */
  get chosenIndex() {
    const found = this.ids.indexOf(this.chosen);
    return found >= 0 ? found : this.clearest;
  }

  /**
   * What is shown while nobody has chosen a token: the most frequent word, until another one has clearly something like
   * it. Of so many words, some have by chance; so that is not enough.
   */
  findClearest() {
    const { ids, C } = this.shown;
    const { vocab } = this.tokenizer;
    const isWord = (i) => /^ ?\p{L}{2}/u.test(vocab[ids[i]]);
    const frequent = [...ids.keys()].slice(0, MOST_CHOICES);
    const words = frequent.some(isWord) ? frequent.filter(isWord) : frequent;
    this.clearest ??= words[0];
    const clearness = (i) => this.nearestTo(i, 1)[0]?.cosine ?? 0;
    const least = Math.max(clearness(this.clearest), chanceOf(ids.length, C)) + CLEARER;
    const best = words
      .map((i) => ({ i, cosine: clearness(i) }))
      .reduce((a, b) => (b.cosine > a.cosine ? b : a));
    if (best.cosine > least) this.clearest = best.i;
  }

  /** The shown tokens whose embeddings are most like that of the chosen one. */
  nearest() {
    return this.nearestTo(this.chosenIndex, N_NEAREST);
  }

  nearestTo(i, n) {
    const { vectors, C } = this.shown;
    const found = nearestTo(vectors, C, rowOf(vectors, C, i), [i], n);
    return found.map(({ id, cosine }) => ({ i: id, cosine }));
  }

  numbers() {
    const { ids, points } = this.shown;
    const { vocab } = this.tokenizer;
    return [["token", "x", "y"], ...ids.map((id, i) => [vocab[id], points[2 * i], points[2 * i + 1]])];
  }

  drawLab() {
    const { shown } = this;
    const label = shown
      ? `Map of the ${count(shown.ids.length)} most frequent tokens at step ${count(shown.step)}. What is most like the chosen one is said beside it.`
      : "Map of the tokens";
    return html`<h3>Tokens on a map${shown ? html`, at step ${count(shown.step)}` : nothing}</h3>
      <div class="two"><div class="map" role="img" aria-label=${label} @pointerdown=${this.press}><canvas></canvas></div>
        <div class="beside">${
          shown ? this.beside() : html`<p class="caption">The map is drawn as soon as there is a model.</p>`
        }</div></div>`;
  }

  beside() {
    const { ids, C, explained } = this.shown;
    const chance = chanceOf(ids.length, C);
    return html`${this.chooser()}
      ${this.neighbours(chance)}
      <p class="caption">How much two tokens point the same way: 1 is the same direction, 0 has nothing in common.
        With random numbers, the nearest token would not be at 0 either, but at about ${chance.toFixed(2)}: that is the
        dashed line. A bar that does not go beyond it may be chance.</p>
      <p class="caption">The map shows ${percent(explained)} of the differences between the tokens, so what is near on it
        need not be alike.</p>`;
  }

  chooser() {
    const { ids, tokenizer, chosenIndex } = this;
    const listed = [...new Set([...ids.slice(0, MOST_CHOICES), ids[chosenIndex]])];
    return html`<label>Most like <select @change=${({ target }) => (this.chosen = Number(target.value))}>${listed.map(
      (id) =>
        html`<option value=${id} .selected=${id === ids[chosenIndex]}>${showWhitespace(tokenizer.vocab[id])}</option>`,
    )}</select></label>`;
  }

  /** The tokens that are most like the chosen one. */
  neighbours(chance) {
    const { vocab } = this.tokenizer;
    const left = (cosine) => styleMap({ left: `${100 * cosine}%` });
    return html`<ol>${this.nearest().map(
      ({ i, cosine }) =>
        html`<li><b dir="auto">${tokenText(vocab[this.ids[i]])}</b>
          <span class="bar" aria-hidden="true"><i style=${styleMap({ width: `${100 * Math.max(0, cosine)}%` })}></i><u
            style=${left(chance)}></u></span>
          <span>${decimals(cosine)}</span></li>`,
    )}</ol>`;
  }

  updated(changed) {
    super.updated(changed);
    this.repaint();
  }

  repaint() {
    const canvas = this.renderRoot.querySelector("canvas");
    if (!canvas || !this.shown) return;
    const { width, height } = sizeCanvas(canvas);
    const ctx = canvas.getContext("2d");
    ctx.clearRect(0, 0, width, height);
    const places = placesOf(this.now(), this.bounds, width, height);
    const near = this.nearest().map(({ i }) => i);
    this.drawTrail(ctx, width, height);
    this.drawDots(ctx, places, near);
    this.drawLabels(ctx, places, near, { width, height });
  }

  drawTrail(ctx, width, height) {
    const i = this.chosenIndex;
    const way = this.trail.map(
      (points) => placesOf(points.subarray(2 * i, 2 * i + 2), this.bounds, width, height)[0],
    );
    ctx.strokeStyle = cssVariable(this, "chosen");
    ctx.lineWidth = 1.5;
    ctx.setLineDash([2, 4]);
    ctx.beginPath();
    for (const [x, y] of way) ctx.lineTo(x, y);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  drawDots(ctx, places, near) {
    const dot = ([x, y], size) => {
      ctx.beginPath();
      ctx.arc(x, y, size, 0, 2 * Math.PI);
      ctx.fill();
    };
    ctx.fillStyle = cssVariable(this, "muted");
    ctx.globalAlpha = 0.55;
    for (const place of places) dot(place, 2);
    ctx.globalAlpha = 1;
    ctx.fillStyle = cssVariable(this, "accent");
    for (const i of near) dot(places[i], 4.5);
    ctx.fillStyle = cssVariable(this, "chosen");
    dot(places[this.chosenIndex], 6);
  }

  /** What is written at dots: the chosen token, those most like it, then the most frequent where there is room. */
  drawLabels(ctx, places, near, size) {
    const background = cssVariable(this, "background");
    const colors = ["chosen", "accent", "muted"].map((name) => cssVariable(this, name));
    for (const { text, x, y, kind } of this.labels(ctx, places, near, size)) {
      ctx.font = fontOf(kind);
      ctx.strokeStyle = background;
      ctx.lineWidth = 3;
      ctx.lineJoin = "round";
      ctx.strokeText(text, x, y);
      ctx.fillStyle = colors[kind];
      ctx.fillText(text, x, y);
    }
  }

  labels(ctx, places, near, size) {
    const { vocab } = this.tokenizer;
    const kinds = new Map([[this.chosenIndex, 0], ...near.map((i) => [i, 1])]);
    for (let i = 0; i < places.length; i++) if (!kinds.has(i)) kinds.set(i, 2);
    const placed = [];
    ctx.textBaseline = "middle";
    for (const [i, kind] of kinds) {
      if (placed.length >= MOST_LABELS) break;
      const text = showWhitespace(vocab[this.ids[i]]);
      ctx.font = fontOf(kind);
      const label = { text, kind, width: ctx.measureText(text).width };
      const free = around(label, places[i]).find((one) => isFree(one, placed, size));
      if (free) placed.push(free);
    }
    return placed;
  }

  press = ({ clientX, clientY, currentTarget }) => {
    if (!this.shown) return;
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    const away = ([x, y]) => Math.hypot(x - (clientX - left), y - (clientY - top));
    const places = placesOf(this.now(), this.bounds, width, height);
    const best = places.reduce((found, one, i) => (away(one) < away(places[found]) ? i : found), 0);
    this.chosen = this.ids[best];
  };
}

/** The ids that occur most often in a text, the most frequent first. */
function mostFrequent(ids, vocabSize) {
  const counts = new Uint32Array(vocabSize);
  for (const id of ids) counts[id]++;
  const found = [...counts.keys()].filter((id) => counts[id]);
  return found.sort((a, b) => counts[b] - counts[a]).slice(0, MOST_TOKENS);
}

const chances = new Map();

function chanceOf(n, C) {
  const key = `${n} ${C}`;
  if (!chances.has(key)) chances.set(key, chanceCosines(n, C, 1)[0] ?? 0);
  return chances.get(key);
}

/** As many pixels as the screen has. @returns {{ width: number, height: number }} in those of the page */
function sizeCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const finer = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * finer), Math.round(height * finer)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.getContext("2d").setTransform(finer, 0, 0, finer, 0, 0);
  return { width, height };
}

const fontOf = (kind) => `${["700 15px", "600 13px", "400 12px"][kind]} "JetBrains Mono", monospace`;

/** Where a label may stand beside its dot: at the right, at the left, above and below. */
const around = (label, [x, y]) => [
  { ...label, x: x + 8, y },
  { ...label, x: x - 8 - label.width, y },
  { ...label, x: x - label.width / 2, y: y - LABEL_HEIGHT },
  { ...label, x: x - label.width / 2, y: y + LABEL_HEIGHT },
];

const isFree = (label, placed, { width, height }) =>
  label.x >= 2 &&
  label.x + label.width <= width - 2 &&
  label.y >= LABEL_HEIGHT / 2 &&
  label.y <= height - LABEL_HEIGHT / 2 &&
  placed.every((one) => !overlap(one, label));

const overlap = (a, b) =>
  a.x < b.x + b.width + 4 && b.x < a.x + a.width + 4 && Math.abs(a.y - b.y) < LABEL_HEIGHT;

customElements.define("lab-embeddings", LabEmbeddings);
