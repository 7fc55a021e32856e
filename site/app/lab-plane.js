/**
 * Vectors that change, on a plane: the two directions in which they differ most (PCA), found anew each time and turned
 * so that the points stay as near as possible to where they were. So nothing jumps, flips or turns without a reason.
 *
 *   const plane = new Plane(C);
 *   plane.show(vectors)      // { points: Float32Array (2 n), explained: 0.31 }
 *   plane.show(later)        // the same points a little later
 */
import { makeRng } from "../engine/sample.js";

const MARGIN = 28; // pixels around all points
const MOST_ROUNDS = 60;
const CLOSE = 1e-5; // to the plane of the round before: then it is found

export class Plane {
  /** @param {number} C how many numbers a vector has */
  constructor(C) {
    this.C = C;
    const rng = makeRng(1);
    this.axes = orthonormal([0, 1].map(() => Float64Array.from({ length: C }, () => rng() - 0.5)));
    this.points = null; // where they were
  }

  /** @param {Float32Array} vectors (n C) */
  show(vectors) {
    const { centered, total } = centeredOf(vectors, this.C);
    this.axes = principal(centered, this.C, this.axes);
    const found = projected(centered, this.C, this.axes);
    this.points = this.points?.length === found.length ? turned(found, this.points) : widest(found);
    const inPlane = found.reduce((sum, value) => sum + value * value, 0);
    return { points: this.points, explained: total ? inPlane / total : 1 };
  }
}

/** Vectors minus their mean, and the sum of all their squares. */
function centeredOf(vectors, C) {
  const n = vectors.length / C;
  const mean = new Float64Array(C);
  for (let i = 0; i < vectors.length; i++) mean[i % C] += vectors[i] / n;
  const centered = Float64Array.from(vectors, (value, i) => value - mean[i % C]);
  return { centered, total: centered.reduce((sum, value) => sum + value * value, 0) };
}

/**
 * The two directions of the largest variance, by multiplying with the covariance again and again. From the ones that
 * were found before, few rounds are needed.
 */
function principal(centered, C, before) {
  let axes = before;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const next = orthonormal(axes.map((axis) => timesCovariance(centered, C, axis)));
    const isFound = distance(axes, next) < CLOSE;
    axes = next;
    if (isFound) break;
  }
  return axes;
}

/** Xᵀ X a */
function timesCovariance(centered, C, axis) {
  const out = new Float64Array(C);
  for (let row = 0; row < centered.length; row += C) {
    let along = 0;
    for (let c = 0; c < C; c++) along += centered[row + c] * axis[c];
    for (let c = 0; c < C; c++) out[c] += along * centered[row + c];
  }
  return out;
}

/**
 * Two vectors -> two of length 1 with a right angle between them; of what has no direction, any.
 * @param {Float64Array[]} two @returns {Float64Array[]}
 */
function orthonormal([a, b]) {
  const first = unit(a, 0);
  const along = dot(first, b);
  return [
    first,
    unit(
      b.map((value, c) => value - along * first[c]),
      1,
    ),
  ];
}

function unit(vector, fallback) {
  const length = Math.sqrt(dot(vector, vector));
  return length > 1e-12
    ? vector.map((value) => value / length)
    : vector.map((_, c) => Number(c === fallback));
}

const dot = (a, b) => a.reduce((sum, value, c) => sum + value * b[c], 0);

/** How far two planes are from being the same: 0 if they are. */
function distance(one, other) {
  let shared = 0;
  for (const a of one) for (const b of other) shared += dot(a, b) ** 2;
  return Math.max(0, 2 - shared);
}

function projected(centered, C, axes) {
  const points = new Float32Array((2 * centered.length) / C);
  for (let i = 0; i < points.length; i++) {
    const row = (i >> 1) * C;
    const axis = axes[i & 1];
    let sum = 0;
    for (let c = 0; c < C; c++) sum += centered[row + c] * axis[c];
    points[i] = sum;
  }
  return points;
}

/** Points turned so that they lie as wide as possible. */
function widest(points) {
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let i = 0; i < points.length; i += 2) {
    xx += points[i] ** 2;
    xy += points[i] * points[i + 1];
    yy += points[i + 1] ** 2;
  }
  return rotated(points, -0.5 * Math.atan2(2 * xy, xx - yy), 1);
}

/** Points turned, and mirrored if that fits better, so that they are as near as possible to where they were. */
function turned(points, before) {
  let same = 0; // sums of products of coordinates: x x', y y', x y', y x'
  let opposite = 0;
  let xy = 0;
  let yx = 0;
  for (let i = 0; i < points.length; i += 2) {
    same += points[i] * before[i];
    opposite += points[i + 1] * before[i + 1];
    xy += points[i] * before[i + 1];
    yx += points[i + 1] * before[i];
  }
  const asItIs = Math.hypot(same + opposite, xy - yx);
  const mirrored = Math.hypot(same - opposite, xy + yx);
  return asItIs >= mirrored
    ? rotated(points, Math.atan2(xy - yx, same + opposite), 1)
    : rotated(points, Math.atan2(xy + yx, same - opposite), -1);
}

/** Points of which y is multiplied by a sign, then turned by an angle. */
function rotated(points, angle, sign) {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const out = new Float32Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i];
    const y = sign * points[i + 1];
    out[i] = cosine * x - sine * y;
    out[i + 1] = sine * x + cosine * y;
  }
  return out;
}

/** @typedef {[number, number, number, number]} Bounds the least and the most along x, then along y */

/** @type {Bounds} of no points */
export const NOWHERE = [Infinity, -Infinity, Infinity, -Infinity];

/** Bounds that have room for some points, too. @param {Bounds} bounds @returns {Bounds} */
export function grown(bounds, points) {
  let [left, right, bottom, top] = bounds;
  for (let i = 0; i < points.length; i += 2) {
    left = Math.min(left, points[i]);
    right = Math.max(right, points[i]);
    bottom = Math.min(bottom, points[i + 1]);
    top = Math.max(top, points[i + 1]);
  }
  return [left, right, bottom, top];
}

/**
 * Points -> where they are on a canvas, in pixels, so that all within some bounds have room.
 * @param {ArrayLike<number>} points @param {Bounds} bounds @returns {[number, number][]}
 */
export function placesOf(points, bounds, width, height) {
  const [left, right, bottom, top] = bounds;
  const room = [width, height].map((size) => Math.max(1, size - 2 * MARGIN));
  // The same scale for both: distances stay true.
  const scale = Math.min(room[0] / (right - left || 1e-9), room[1] / (top - bottom || 1e-9));
  const middle = [(left + right) / 2, (bottom + top) / 2];
  const placeOf = (i) => {
    const x = width / 2 + scale * (points[2 * i] - middle[0]);
    const y = height / 2 - scale * (points[2 * i + 1] - middle[1]);
    return /** @type {[number, number]} */ ([x, y]);
  };
  return Array.from({ length: points.length / 2 }, (_, i) => placeOf(i));
}
