/**
 * A picture of a figure, as it is seen: a PNG, twice as fine as the screen, or an SVG. The policy of the pages allows
 * no images that a script makes, so the figure is drawn again from what the browser has laid out: the boxes of its
 * elements, their lines of text, and its canvases.
 */
import { shownAt } from "./embedding.js";
import { count } from "./format.js";

const FINER = 2; // pixels of a PNG for each of the page
const MARGIN = 24;
const FOOT = 32; // pixels for the line below
const CLOSED = ["input", "select", "svg", "textarea"]; // what is in them is not drawn
const SANS = "Inter, sans-serif";

/** @param {any} figure @param {"png" | "svg"} kind @returns {Promise<Blob>} */
export async function drawPicture(figure, kind) {
  await document.fonts.ready;
  const { width, height } = figure.getBoundingClientRect();
  const size = { width: Math.ceil(width) + 2 * MARGIN, height: Math.ceil(height) + 2 * MARGIN + FOOT };
  const paper = kind === "png" ? new Canvas(size) : new Svg(size);
  const style = getComputedStyle(figure);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  paper.box({ x: 0, y: 0, ...size, radius: 0, fill: color("panel") });
  const { drawing } = figure.constructor.share;
  paintAll(figure, paper, await drawing?.());
  const line = { size: 13, family: SANS, weight: 400, style: "normal", direction: "ltr" };
  const y = size.height - MARGIN;
  paper.text({ ...line, text: captionOf(figure), x: MARGIN, y, width: null, fill: color("muted") });
  return paper.blob();
}

/** What stands below the picture: what it is, and of which run. */
function captionOf(figure) {
  const { run, step } = shownAt(figure);
  return `${figure.constructor.share.title} · run ${run.name}, step ${count(step)} · Terrarium`;
}

function paintAll(figure, paper, drawAgain) {
  const { left, top } = figure.getBoundingClientRect();
  const place = { x: MARGIN - left, y: MARGIN - top, draw: drawAgain && ((ctx) => drawAgain(figure, ctx)) };
  for (const one of figure.renderRoot.childNodes) paint(one, paper, place, null);
}

/** Paint a node and what is in it. What is scrolled out of sight is left out. */
function paint(node, paper, place, seen) {
  if (node.nodeType === Node.TEXT_NODE) paintText(node, paper, place, seen);
  if (node.nodeType !== Node.ELEMENT_NODE || node.localName.startsWith("share-")) return;
  const style = getComputedStyle(node);
  const { display, visibility, clipPath, opacity, overflow } = style;
  const isForEars = clipPath.startsWith("inset(50%");
  if (display === "none" || visibility === "hidden" || isForEars) return;
  const rect = node.getBoundingClientRect();
  if (seen && display !== "contents" && !meet(rect, seen)) return;
  paper.fade(Number(opacity), () => {
    if (display !== "contents" && clipPath === "none") paintBoxes(node, style, paper, place);
    if (node.localName === "canvas") paintCanvas(node, rect, paper, place);
    if (node.localName === "select") paintChoice(node, style, rect, paper, place);
    const isCut = overflow !== "visible" && display !== "contents" && display !== "inline";
    const inside = () => {
      for (const one of nodesIn(node)) paint(one, paper, place, isCut ? rect : seen);
    };
    if (isCut) paper.cut(moved(rect, place), inside);
    else inside();
  });
}

const meet = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
const moved = ({ left, top, width, height }, { x, y }) => ({ x: left + x, y: top + y, width, height });

/** What one sees inside of an element; what lies over the rest comes last. */
function nodesIn(node) {
  if (CLOSED.includes(node.localName)) return [];
  const nodes = node.localName === "slot" ? node.assignedNodes() : (node.shadowRoot ?? node).childNodes;
  const isAbove = (one) => one.nodeType === Node.ELEMENT_NODE && getComputedStyle(one).position === "sticky";
  return [...nodes].sort((a, b) => Number(isAbove(a)) - Number(isAbove(b)));
}

/** The background and the frame of each box of an element: a word that is broken has two. */
function paintBoxes(element, style, paper, place) {
  const fill = isClear(style.backgroundColor) ? null : style.backgroundColor;
  const frame = frameOf(style);
  const stripes = stripesOf(style.backgroundImage);
  const sides = frame ? [] : sidesOf(style);
  const isHatched = style.backgroundImage.startsWith("repeating-linear-gradient");
  for (const rect of element.getClientRects()) {
    const box = moved(rect, place);
    const { x, y, width, height } = box;
    const radius = Math.min(parseFloat(style.borderTopLeftRadius) || 0, width / 2, height / 2);
    if (fill) paper.box({ ...box, radius, fill });
    for (const { from, to, color } of stripes) {
      paper.box({ ...box, x: x + from * width, width: (to - from) * width, radius: 0, fill: color });
    }
    if (isHatched) hatch(paper, box, /(?:rgb|color|oklab)\([^()]*\)/.exec(style.backgroundImage)?.[0]);
    if (frame) paper.frame({ ...box, radius, ...frame });
    for (const { side, line, color } of sides) {
      const isFlat = side === "Top" || side === "Bottom";
      const at = { x: side === "Right" ? x + width - line : x, y: side === "Bottom" ? y + height - line : y };
      const size = { width: isFlat ? width : line, height: isFlat ? line : height };
      paper.box({ ...at, ...size, radius: 0, fill: color });
    }
  }
}

const isClear = (color) => color === "transparent" || /^rgba\(.*, 0\)$|\/ 0\)$/.test(color);

/** Lines from the lower left to the upper right. */
function hatch(paper, box, color) {
  if (!color || !box.width) return;
  paper.cut(box, () => {
    for (let x = box.x - box.height; x < box.x + box.width; x += 10) {
      paper.line({ x1: x, y1: box.y + box.height, x2: x + box.height, y2: box.y, color });
    }
  });
}

/** What goes all around an element: its border, its outline, or a shadow that is one. */
function frameOf(style) {
  const { outlineStyle, outlineWidth, boxShadow } = style;
  const all = SIDES.map((side) => borderOf(style, side));
  if (all.every((one) => one && one.line === all[0].line && one.color === all[0].color)) return all[0];
  const shadow = /^(.+\)|\S+) 0px 0px 0px (\d+(?:\.\d+)?)px( inset)?$/.exec(boxShadow);
  if (shadow) return { line: Number(shadow[2]), color: shadow[1], isDashed: false };
  if (outlineStyle === "none" || !parseFloat(outlineWidth)) return null;
  return { line: parseFloat(outlineWidth), color: style.outlineColor, isDashed: outlineStyle === "dashed" };
}

const SIDES = ["Top", "Right", "Bottom", "Left"];

function borderOf(style, side) {
  const line = parseFloat(style[`border${side}Width`]);
  const kind = style[`border${side}Style`];
  const color = style[`border${side}Color`];
  return line && kind !== "none" && !isClear(color)
    ? { side, line, color, isDashed: kind === "dashed" }
    : null;
}

const sidesOf = (style) => SIDES.map((side) => borderOf(style, side)).filter(Boolean);

/** The stripes of a background from left to right, of one colour each: { from, to, color }, as fractions. */
function stripesOf(image) {
  if (!image.startsWith("linear-gradient(90deg")) return [];
  const stops = [...image.matchAll(/ ([a-z]+\([^()]+\)) ([\d.]+)%/g)];
  const pairs = stops.filter((_, i) => i % 2 === 0).map((one, i) => [one, stops[2 * i + 1]]);
  return pairs.map(([[, color, from], [, , to]]) => ({ color, from: from / 100, to: to / 100 }));
}

function paintCanvas(canvas, rect, paper, place) {
  const isPixelated = getComputedStyle(canvas).imageRendering === "pixelated";
  if (!canvas.width || !canvas.height) return;
  const box = moved(rect, place);
  if (place.draw) paper.drawn(box, box.width / canvas.width, place.draw);
  else paper.bitmap({ ...box, canvas, isPixelated });
}

/** What is chosen in a list to choose from. */
function paintChoice(select, style, rect, paper, place) {
  const { x, y, height } = moved(rect, place);
  const text = select.selectedOptions[0]?.textContent.trim() ?? "";
  paper.text({ ...typeOf(style), text, x: x + 12, y: y + height / 2 + 5, width: null });
}

/** The letters of an element. */
const typeOf = ({ fontSize, fontFamily, fontWeight, fontStyle, direction, color, fontVariantNumeric }) => ({
  size: parseFloat(fontSize),
  family: fontFamily,
  weight: fontWeight,
  style: fontStyle,
  direction,
  fill: color,
  isTabular: fontVariantNumeric.includes("tabular-nums"),
});

/** A text, line by line, as it is broken. */
function paintText(node, paper, { x, y }, seen) {
  if (!node.data.trim()) return;
  const style = getComputedStyle(node.parentElement ?? node.getRootNode().host);
  const type = typeOf(style);
  for (const { text, rect } of piecesOf(node, type.isTabular)) {
    if (!text.trim() || (seen && !meet(rect, seen))) continue;
    const baseline = rect.top + rect.height / 2 + 0.34 * type.size; // as in most typefaces
    paper.text({ ...type, text, x: rect.left + x, y: baseline + y, width: rect.width });
    if (style.textDecorationLine.includes("underline")) {
      const line = { x: rect.left + x, y: baseline + y + 3, width: rect.width, height: 1.5, radius: 0 };
      paper.box({ ...line, fill: style.textDecorationColor });
    }
  }
}

/**
 * The pieces in which a text is seen: the characters of a line, and where they are. Digits stand alone where all
 * are equally wide: on a canvas they are not.
 */
function piecesOf(node, isTabular) {
  const range = document.createRange();
  const pieces = [];
  let at = 0;
  for (const text of node.data) {
    range.setStart(node, at);
    at += text.length;
    range.setEnd(node, at);
    const rect = range.getClientRects()[0];
    if (!rect?.width) continue;
    const isAlone = isTabular && /\d/.test(text);
    const last = pieces.at(-1);
    const goesOn = last && !isAlone && !last.isAlone && Math.abs(last.rect.top - rect.top) < rect.height / 2;
    if (goesOn) {
      last.text += text;
      last.rect = union(last.rect, rect);
    } else {
      pieces.push({ text, rect, isAlone });
    }
  }
  return pieces.map(({ text, rect }) => ({ text: text.replace(/\s/g, " "), rect }));
}

function union(a, b) {
  const [left, top] = [Math.min(a.left, b.left), Math.min(a.top, b.top)];
  return new DOMRect(left, top, Math.max(a.right, b.right) - left, Math.max(a.bottom, b.bottom) - top);
}

/** A PNG. */
class Canvas {
  constructor({ width, height }) {
    this.canvas = Object.assign(document.createElement("canvas"), {
      width: FINER * width,
      height: FINER * height,
    });
    this.ctx = this.canvas.getContext("2d");
    this.ctx.scale(FINER, FINER);
  }

  fade(opacity, draw) {
    this.ctx.save();
    this.ctx.globalAlpha *= opacity;
    draw();
    this.ctx.restore();
  }

  cut({ x, y, width, height }, draw) {
    this.ctx.save();
    this.ctx.beginPath();
    this.ctx.rect(x, y, width, height);
    this.ctx.clip();
    draw();
    this.ctx.restore();
  }

  line({ x1, y1, x2, y2, color }) {
    Object.assign(this.ctx, { strokeStyle: color, lineWidth: 1 });
    this.ctx.beginPath();
    this.ctx.moveTo(x1, y1);
    this.ctx.lineTo(x2, y2);
    this.ctx.stroke();
  }

  box({ x, y, width, height, radius, fill }) {
    this.ctx.fillStyle = fill;
    this.ctx.beginPath();
    this.ctx.roundRect(x, y, width, height, radius);
    this.ctx.fill();
  }

  frame({ x, y, width, height, radius, line, color, isDashed }) {
    const { ctx } = this;
    ctx.save();
    Object.assign(ctx, { strokeStyle: color, lineWidth: line });
    ctx.setLineDash(isDashed ? [3 * line, 2 * line] : []);
    ctx.beginPath();
    ctx.roundRect(x + line / 2, y + line / 2, width - line, height - line, radius);
    ctx.stroke();
    ctx.restore();
  }

  text({ text, x, y, size, family, weight, style, direction, fill, width }) {
    const { ctx } = this;
    ctx.font = `${style} ${weight} ${size}px ${family}`;
    Object.assign(ctx, { fillStyle: fill, direction, textAlign: "left" });
    ctx.fillText(text, x, y, width ? width + 1 : undefined);
  }

  bitmap({ x, y, width, height, canvas, isPixelated }) {
    this.ctx.imageSmoothingEnabled = !isPixelated;
    this.ctx.drawImage(canvas, x, y, width, height);
  }

  /** What somebody draws, in pixels of another size. */
  drawn({ x, y }, scale, draw) {
    this.ctx.save();
    this.ctx.translate(x, y);
    this.ctx.scale(scale, scale);
    draw(this.ctx);
    this.ctx.restore();
  }

  /** @returns {Promise<Blob>} */
  blob() {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
  }
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

/** The same as an SVG, whose letters stay letters. */
class Svg {
  parts = [];

  constructor({ width, height }) {
    this.size = { width, height };
  }

  fade(opacity, draw) {
    if (opacity === 1) {
      draw();
      return;
    }
    this.parts.push(`<g opacity="${opacity}">`);
    draw();
    this.parts.push("</g>");
  }

  cut(box, draw) {
    const id = `cut${this.parts.length}`;
    this.parts.push(`<clipPath id="${id}"><rect ${placed(box)}/></clipPath><g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  line({ color, ...ends }) {
    this.parts.push(`<line ${placed(ends)} stroke="${inSrgb(color)}"/>`);
  }

  box({ x, y, width, height, radius, fill }) {
    this.parts.push(`<rect ${placed({ x, y, width, height, rx: radius })} fill="${inSrgb(fill)}"/>`);
  }

  frame({ x, y, width, height, radius, line, color, isDashed }) {
    const inside = {
      x: x + line / 2,
      y: y + line / 2,
      width: Math.max(0, width - line),
      height: Math.max(0, height - line),
      rx: radius,
    };
    const dashes = isDashed ? ` stroke-dasharray="${3 * line} ${2 * line}"` : "";
    this.parts.push(
      `<rect ${placed(inside)} fill="none" stroke="${inSrgb(color)}" stroke-width="${line}"${dashes}/>`,
    );
  }

  text({ text, x, y, size, family, weight, style, direction, fill, width }) {
    const length = width ? ` textLength="${round(width)}" lengthAdjust="spacingAndGlyphs"` : "";
    const start = direction === "rtl" ? x + (width ?? 0) : x;
    this.parts.push(
      `<text ${placed({ x: start, y })} font-family="${escaped(family)}" font-size="${size}" font-weight="${weight}" ` +
        `font-style="${style}" direction="${direction}" fill="${inSrgb(fill)}" xml:space="preserve"${length}>${escaped(text)}</text>`,
    );
  }

  bitmap({ x, y, width, height, canvas }) {
    this.parts.push(`<image ${placed({ x, y, width, height })} href="${canvas.toDataURL()}"/>`);
  }

  drawn({ x, y }, scale, draw) {
    this.parts.push(`<g transform="translate(${round(x)} ${round(y)}) scale(${scale})">`);
    draw(new SvgContext(this.parts));
    this.parts.push("</g>");
  }

  /** @returns {Promise<Blob>} */
  async blob() {
    const { width, height } = this.size;
    const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`;
    return new Blob([open, ...this.parts, "</svg>"], { type: "image/svg+xml" });
  }
}

const ANCHORS = { left: "start", center: "middle", right: "end" };
const BASELINES = { top: 0.8, middle: 0.35, alphabetic: 0 }; // how far below it the letters stand, by their size

/** The part of a canvas's context that figures draw with, as elements of an SVG. */
class SvgContext {
  strokeStyle = "black";
  fillStyle = "black";
  lineWidth = 1;
  lineJoin = "miter";
  font = "10px sans-serif";
  textAlign = "left";
  textBaseline = "alphabetic";
  dash = [];
  path = "";
  groups = 0; // that are open, from clip()
  saved = [];

  constructor(parts) {
    this.parts = parts;
  }

  save() {
    this.saved.push({ ...this, saved: undefined, groups: this.groups });
    this.groups = 0;
  }

  restore() {
    this.parts.push("</g>".repeat(this.groups));
    const { saved } = this;
    Object.assign(this, saved.pop(), { saved });
  }

  setLineDash(dash) {
    this.dash = dash;
  }

  beginPath() {
    this.path = "";
  }

  moveTo(x, y) {
    this.path += `M${round(x)} ${round(y)}`;
  }

  lineTo(x, y) {
    this.path += `${this.path ? "L" : "M"}${round(x)} ${round(y)}`;
  }

  rect(x, y, width, height) {
    this.path += `M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}z`;
  }

  /** A whole circle. */
  arc(x, y, r) {
    const half = `a${round(r)} ${round(r)} 0 1 0`;
    this.path += `M${round(x - r)} ${round(y)}${half} ${round(2 * r)} 0${half} ${round(-2 * r)} 0`;
  }

  clip() {
    const id = `clip${this.parts.length}`;
    this.parts.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath><g clip-path="url(#${id})">`);
    this.groups += 1;
  }

  get line() {
    const { strokeStyle, lineWidth, lineJoin, dash } = this;
    return (
      `fill="none" stroke="${inSrgb(strokeStyle)}" stroke-width="${lineWidth}" stroke-linejoin="${lineJoin}" ` +
      `stroke-dasharray="${dash.join(" ")}"`
    );
  }

  stroke() {
    this.parts.push(`<path d="${this.path}" ${this.line}/>`);
  }

  fill() {
    this.parts.push(`<path d="${this.path}" fill="${inSrgb(this.fillStyle)}"/>`);
  }

  fillText(text, x, y) {
    this.write(text, x, y, `fill="${inSrgb(this.fillStyle)}"`);
  }

  strokeText(text, x, y) {
    this.write(text, x, y, this.line);
  }

  write(text, x, y, look) {
    const size = parseFloat(/([\d.]+)px/.exec(this.font)[1]);
    const at = placed({ x, y: y + BASELINES[this.textBaseline] * size });
    const anchor = ANCHORS[this.textAlign];
    this.parts.push(
      `<text ${at} style="font: ${escaped(this.font)}" text-anchor="${anchor}" ${look}>${escaped(String(text))}</text>`,
    );
  }

  measureText(text) {
    const ctx = pixel.getContext("2d", { willReadFrequently: true });
    ctx.font = this.font;
    return ctx.measureText(text);
  }
}

const round = (number) => Math.round(100 * number) / 100;
const placed = (values) =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${round(value)}"`)
    .join(" ");

const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });

/** A colour as every program reads it: mixed ones are not in red, green and blue. */
function inSrgb(color) {
  if (/^(#|rgb)/.test(color)) return color;
  const ctx = pixel.getContext("2d", { willReadFrequently: true });
  ctx.clearRect(0, 0, 1, 1);
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = ctx.getImageData(0, 0, 1, 1).data;
  return `rgba(${r}, ${g}, ${b}, ${round(a / 255)})`;
}
