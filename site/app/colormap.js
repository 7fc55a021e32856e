/** Probabilities and weights as colours: as classes (see app/figure.js), and on a canvas. */

/** A probability -> the class of its colour behind the text of a token. */
export const colorToken = (p) => `color${tenths(p)}`;

/** A fraction from 0 to 1 -> the class of its colour where there is no text on it. */
export const heat = (fraction) => `heat${tenths(fraction)}`;

const tenths = (fraction) => Math.round(10 * Math.min(1, Math.max(0, fraction)));

/** The value of a custom property on an element, such as "accent". */
export const cssVariable = (element, name) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();

/**
 * A colormap: 256 colours from one to another, in perceptually equal steps. A canvas takes them as they
 * are: red, green, blue and opacity, one byte each, in one number.
 * @returns {Uint32Array}
 */
export function colormap(from, to) {
  const key = `${from} ${to}`;
  if (!colormaps.has(key)) colormaps.set(key, newColormap(from, to));
  return colormaps.get(key);
}

const colormaps = new Map();

function newColormap(from, to) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 1 });
  const ctx = canvas.getContext("2d");
  for (let i = 0; i < 256; i++) {
    ctx.fillStyle = `color-mix(in oklab, ${to} ${(100 * i) / 255}%, ${from})`;
    ctx.fillRect(i, 0, 1, 1);
  }
  return new Uint32Array(ctx.getImageData(0, 0, 256, 1).data.buffer);
}

/**
 * The colormaps for positive, negative and NaN values on an element, in its theme. They are looked up once:
 * that makes the browser work out every style.
 */
export function colormapsOf(element) {
  const name = THEMES.map((query) => matchMedia(query).matches).join();
  const found = themes.get(element);
  if (found?.name === name) return found.colormaps;
  const to = (color) => colormap(cssVariable(element, "panel"), cssVariable(element, color));
  const colormaps = { positive: to("accent"), negative: to("value"), nan: to("warning") };
  themes.set(element, { name, colormaps });
  return colormaps;
}

const THEMES = ["(prefers-color-scheme: dark)", "(forced-colors: active)"];
const themes = new WeakMap(); // element -> { name, colormaps }

/** The index of a weight in a colormap: the square root keeps small weights visible. */
const indexOf = (weight) => Math.round(255 * Math.sqrt(Math.min(1, weight)));

/**
 * Draw the attention pattern of a head: a row for each query, a column for each key.
 * @param {HTMLCanvasElement} canvas becomes T by T
 * @param {ArrayLike<number>} triangle row by row, (T (T + 1) / 2)
 * @param {number} scale the value that stands for a weight of 1
 * @param {number} T
 * @param {{positive: Uint32Array, negative: Uint32Array}} colormaps
 */
export function drawTriangle(canvas, triangle, scale, T, { positive, negative }) {
  if (canvas.width !== T) Object.assign(canvas, { width: T, height: T });
  const image = new ImageData(T, T);
  const cells = new Uint32Array(image.data.buffer);
  let i = 0;
  for (let query = 0; query < T; query++) {
    for (let key = 0; key <= query; key++, i++) {
      const weight = triangle[i] / scale;
      cells[query * T + key] = weight < 0 ? negative[indexOf(-weight)] : positive[indexOf(weight)];
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The same for a square (T T): a typed head may have weights above the diagonal, and NaN. */
export function drawSquare(canvas, square, T, { positive, negative, nan }) {
  Object.assign(canvas, { width: T, height: T });
  const image = new ImageData(T, T);
  const cells = new Uint32Array(image.data.buffer);
  for (let i = 0; i < cells.length; i++) {
    const weight = square[i];
    if (Number.isNaN(weight)) cells[i] = nan[255];
    else cells[i] = weight < 0 ? negative[indexOf(-weight)] : positive[indexOf(weight)];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const VECTOR_RANGE = 2; // a number of a vector that is so large has the full colour

/** The numbers of a vector as cells in a row; negative ones have another hue. */
export function drawVector(canvas, numbers, { positive, negative }) {
  Object.assign(canvas, { width: numbers.length, height: 1 });
  const image = new ImageData(numbers.length, 1);
  const cells = new Uint32Array(image.data.buffer);
  numbers.forEach((number, i) => {
    cells[i] = (number < 0 ? negative : positive)[indexOf(Math.abs(number) / VECTOR_RANGE)];
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
