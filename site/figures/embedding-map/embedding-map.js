/**
 * <embedding-map> <template data-words>…</template> </embedding-map>
 *
 * All embeddings on a plane, as dots that move from step to step: the two directions in which they differ most at the
 * end. The token that is chosen leaves a trail, and those that are nearest to it at the end are marked. Pressing near a
 * dot chooses its token.
 */
import { css, html, styleMap } from "../../vendored/lit.js";
import { firstToken } from "../../app/embeddings.js";
import { Figure } from "../../app/figure.js";
import { inSentence, percent, showWhitespace } from "../../app/format.js";
import { wordsOf } from "../../app/page-words.js";
import { nearest } from "../../app/step-scale.js";

const SIZE = { width: 1000, height: 500 };
const MARGIN = 40;
const MAX_LABELS = 40;
const SIDES = ["right", "left"]; // of a dot, where its token may be written

class EmbeddingMap extends Figure {
  static properties = { token: { from: "store", type: Number } };

  static styles = [
    Figure.styles,
    css`
    .map { position: relative; aspect-ratio: 1000 / 500; border: 1px solid var(--line); border-radius: 8px; overflow: hidden;
           background: var(--background); cursor: pointer; }
    svg { position: absolute; inset: 0; width: 100%; height: 100%; }
    path { fill: none; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
    .all { stroke: color-mix(in oklab, var(--muted) 55%, var(--background)); stroke-width: 4px; }
    .near { stroke: var(--accent); stroke-width: 9px; }
    .trail { stroke: var(--chosen); stroke-width: 2px; stroke-dasharray: 1 5; }
    .gone { stroke: var(--chosen); stroke-width: 2px; }
    .chosen { stroke: var(--chosen); stroke-width: 12px; }
    .label { position: absolute; transform: translate(7px, -50%); font: 400 0.8125rem/1.2 var(--mono); white-space: pre;
             color: var(--muted); pointer-events: none;
             text-shadow: 0 0 3px var(--background), 0 0 3px var(--background); }
    .label.is-near { color: var(--accent); font-weight: 600; }
    .label.is-chosen { color: var(--chosen); font-weight: 700; font-size: 0.9375rem; }
    .label.left { transform: translate(calc(-100% - 7px), -50%); }
    .caption { margin-top: 8px; }
    @media (max-width: 640px) { .map { aspect-ratio: 1; } .label { font-size: 0.75rem; } }
    @media (forced-colors: active) { .all { stroke: GrayText; } .near { stroke: CanvasText; } .chosen, .gone, .trail { stroke: Highlight; } }
  `,
  ];

  async load(run) {
    this.say = wordsOf(this);
    const exported = await run.part("embeddings");
    return {
      ...exported,
      first: firstToken(run, exported),
      indexOf: new Map(exported.ids.map((id, i) => [id, i])),
      scale: scaleOf(exported.points),
      width: widthOf(exported.points),
    };
  }

  /** The token that is chosen, if it is on the map. */
  get chosen() {
    return this.data.indexOf.get(this.token ?? this.data.first);
  }

  draw(data) {
    const { snapshot_steps: steps, points, scale, explained_variance: variance } = data;
    const at = steps.indexOf(nearest(this.step, steps));
    const { chosen } = this;
    const now = points[at].map(scale);
    const near = chosen === undefined ? [] : this.near(chosen);
    const trail = chosen === undefined ? [] : points.map((one) => scale(one[chosen]));
    const shares = { both: percent(variance[0] + (variance[1] ?? 0)) };
    return html`<div class="map" role="img" aria-label=${this.say("map", { n: now.length, step: steps[at] })}
        @pointerdown=${(event) => this.press(event, now)}>
      <svg viewBox="0 0 1000 500" preserveAspectRatio="none" aria-hidden="true">
        <path class="all" d=${dots(now)}></path>
        <path class="trail" d=${line(trail)}></path>
        <path class="gone" d=${line(trail.slice(0, at + 1))}></path>
        <path class="near" d=${dots(near.map((i) => now[i]))}></path>
        <path class="chosen" d=${chosen === undefined ? "" : dots([now[chosen]])}></path>
      </svg>
      ${this.labels(now, chosen, near).map((one) => this.label(one, now[one.i]))}</div>
      <p class="caption">${this.sentence(chosen, at)} ${this.say("shares", shares)}</p>`;
  }

  /** Those on the map whose embeddings are nearest to that of a token at the end, by their index. */
  near(chosen) {
    const found = this.data.neighbours[chosen].map(([id]) => this.data.indexOf.get(id));
    return found.filter((i) => i !== undefined).slice(0, 5);
  }

  /** What is written at dots: the token that is chosen, those near to it, then frequent ones where there is room. */
  labels(now, chosen, near) {
    const wanted = [
      ...(chosen === undefined ? [] : [[chosen, "is-chosen"]]),
      ...near.map((i) => [i, "is-near"]),
      ...now.map((_, i) => [i, "is-frequent"]),
    ];
    const isNamed = new Set();
    const { width, height } = this.pixels;
    const placed = [];
    for (const [i, kind] of wanted) {
      if (placed.length >= MAX_LABELS) break;
      if (isNamed.has(i)) continue; // or it would look like two tokens
      const text = this.textOf(i);
      const x = (now[i][0] * width) / SIZE.width;
      const y = (now[i][1] * height) / SIZE.height;
      const side = SIDES.find((one) => isFree(boxOf(x, y, text, one), placed, width));
      if (!side) continue;
      placed.push({ i, kind, side, text, box: boxOf(x, y, text, side) });
      isNamed.add(i);
    }
    return placed;
  }

  textOf(i) {
    return showWhitespace(this.run.vocab[this.data.ids[i]]);
  }

  /** How large the map is on the screen. */
  get pixels() {
    const width = this.clientWidth || SIZE.width;
    return {
      width,
      height: matchMedia("(max-width: 640px)").matches ? width : (width * SIZE.height) / SIZE.width,
    };
  }

  label({ kind, side, text }, [x, y]) {
    const style = { left: `${(100 * x) / SIZE.width}%`, top: `${(100 * y) / SIZE.height}%` };
    return html`<span class="label ${kind} ${side}" aria-hidden="true" style=${styleMap(style)}>${text}</span>`;
  }

  /** How far the token has come, in words. */
  sentence(chosen, at) {
    if (chosen === undefined) return this.say("not-here");
    const { points, ids, snapshot_steps: steps } = this.data;
    const way = Math.hypot(...points[at][chosen].map((value, axis) => value - points[0][chosen][axis]));
    const token = inSentence(this.run.vocab[ids[chosen]]);
    const width = this.data.width.toFixed(2);
    return this.say("moved", { token, way: way.toFixed(2), width, step: steps[at] });
  }

  press({ clientX, clientY, currentTarget }, now) {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    const away = ([x, y]) =>
      Math.hypot((x * width) / SIZE.width - (clientX - left), (y * height) / SIZE.height - (clientY - top));
    const best = now.reduce((found, one, i) => (away(one) < away(now[found]) ? i : found), 0);
    this.store.set({ token: this.data.ids[best] }, { replace: true });
  }
}

/** What puts a point on the drawing: the same for all steps, so that a dot that rests does not move. */
function scaleOf(points) {
  const ends = [0, 1].map((axis) => {
    const values = points.flat().map((one) => one[axis] ?? 0);
    return { least: Math.min(...values), most: Math.max(...values) };
  });
  const place = (value, { least, most }, size) =>
    MARGIN + ((value - least) / (most - least || 1)) * (size - 2 * MARGIN);
  return ([x, y = 0]) => [place(x, ends[0], SIZE.width), SIZE.height - place(y, ends[1], SIZE.height)];
}

/** How far the dots on the left are from those on the right, over all steps. */
function widthOf(points) {
  const xs = points.flat().map(([x]) => x);
  return (
    xs.reduce((most, x) => Math.max(most, x), -Infinity) -
    xs.reduce((least, x) => Math.min(least, x), Infinity)
  );
}

const written = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
const dots = (places) => places.map((one) => `M${written(one)}h0`).join("");
const line = (places) => (places.length > 1 ? `M${places.map(written).join("L")}` : "");

/** What a label takes up beside a dot, in pixels. */
function boxOf(x, y, text, side) {
  const width = 8.5 * text.length;
  return { left: side === "right" ? x + 7 : x - 7 - width, top: y - 10, width, height: 20 };
}

const isFree = (box, placed, width) =>
  box.left >= 0 && box.left + box.width <= width && placed.every((one) => !overlap(one.box, box));

const overlap = (a, b) =>
  a.left < b.left + b.width &&
  b.left < a.left + a.width &&
  a.top < b.top + b.height &&
  b.top < a.top + a.height;

customElements.define("embedding-map", EmbeddingMap);
