/** Colours for figures that draw cell by cell, on a canvas. */

/** A colour that the style sheets set for an element, such as "moss". */
export const styled = (element, name) => getComputedStyle(element).getPropertyValue(`--${name}`).trim();

/**
 * 256 colours from one to another, in perceptually even steps. A canvas takes them as they are: red,
 * green, blue and opacity, one byte each, in one number.
 * @returns {Uint32Array}
 */
export function ramp(from, to) {
  const name = `${from} ${to}`;
  if (!ramps.has(name)) ramps.set(name, newRamp(from, to));
  return ramps.get(name);
}

const ramps = new Map();

function newRamp(from, to) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 256, height: 1 });
  const ctx = canvas.getContext("2d");
  for (let i = 0; i < 256; i++) {
    ctx.fillStyle = `color-mix(in oklab, ${to} ${100 * i / 255}%, ${from})`;
    ctx.fillRect(i, 0, 1, 1);
  }
  return new Uint32Array(ctx.getImageData(0, 0, 256, 1).data.buffer);
}

/** The colours for more, less and broken values on an element, in its theme. */
export function heatOf(element) {
  const to = (name) => ramp(styled(element, "panel"), styled(element, name));
  return { more: to("moss"), less: to("value"), broken: to("warning") };
}

const shadeOf = (share) => Math.round(255 * Math.sqrt(Math.min(1, share)));

/**
 * Draw the attention of a head: each row is a token that looks, each column a token it can look at.
 * The shade grows with the square root of the weight; otherwise small weights would be invisible.
 * @param {HTMLCanvasElement} canvas becomes T by T
 * @param {ArrayLike<number>} triangle row by row, (T (T + 1) / 2); below 0 is drawn as `less`
 * @param {number} whole what stands for all of it
 * @param {number} T
 * @param {{more: Uint32Array, less: Uint32Array}} heat
 */
export function drawMap(canvas, triangle, whole, T, { more, less }) {
  if (canvas.width !== T) Object.assign(canvas, { width: T, height: T });
  const image = new ImageData(T, T);
  const cells = new Uint32Array(image.data.buffer);
  let i = 0;
  for (let from = 0; from < T; from++) {
    for (let to = 0; to <= from; to++, i++) {
      const much = triangle[i] / whole;
      cells[from * T + to] = much < 0 ? less[shadeOf(-much)] : more[shadeOf(much)];
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/**
 * Draw a whole square of weights, also above the diagonal, where a typed head may have some: below 0
 * as `less`, and NaN as `broken`.
 * @param {HTMLCanvasElement} canvas becomes T by T
 * @param {ArrayLike<number>} square row by row (T T)
 */
export function drawSquare(canvas, square, T, { more, less, broken }) {
  Object.assign(canvas, { width: T, height: T });
  const image = new ImageData(T, T);
  const cells = new Uint32Array(image.data.buffer);
  for (let i = 0; i < cells.length; i++) {
    const much = square[i];
    cells[i] = Number.isNaN(much) ? broken[255] : much < 0 ? less[shadeOf(-much)] : more[shadeOf(much)];
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}
