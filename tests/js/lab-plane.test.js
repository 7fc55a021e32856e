/** site/app/lab-plane.js: vectors that change, on a plane. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { NOWHERE, Plane, grown, placesOf } from "../../site/app/lab-plane.js";
import { makeRng } from "../../site/engine/sample.js";

const C = 8;
const N = 50;

/** n vectors, whose numbers have these deviations. */
function cloud(deviations, seed = 1) {
  const rng = makeRng(seed);
  return Float32Array.from({ length: N * C }, (_, i) => (deviations[i % C] ?? 0) * (rng() - 0.5));
}

/** The same vectors with their numbers mixed by turning pairs of them, which changes no distance. */
function mixed(vectors, angle) {
  const out = vectors.slice();
  for (let row = 0; row < out.length; row += C) {
    for (const [a, b] of [
      [0, 3],
      [1, 5],
      [0, 1],
      [2, 7],
    ]) {
      const [x, y] = [out[row + a], out[row + b]];
      out[row + a] = Math.cos(angle) * x - Math.sin(angle) * y;
      out[row + b] = Math.sin(angle) * x + Math.cos(angle) * y;
    }
  }
  return out;
}

const distances = (points) => {
  const found = [];
  for (let i = 2; i < points.length; i += 2) {
    found.push(Math.hypot(points[i] - points[i - 2], points[i + 1] - points[i - 1]));
  }
  return found;
};

const isClose = (a, b, most) => a.every((value, i) => Math.abs(value - b[i]) < most);

test("vectors that lie on a plane keep their distances, and nothing is lost", () => {
  const flat = cloud([3, 1]);
  const { points, explained } = new Plane(C).show(mixed(flat, 0.7));
  const expected = distances(Float32Array.from({ length: 2 * N }, (_, i) => flat[(i >> 1) * C + (i & 1)]));
  assert.ok(isClose(distances(points), expected, 1e-4));
  assert.ok(Math.abs(explained - 1) < 1e-6);
});

test("the plane holds as much of the differences as the two widest directions do", () => {
  const vectors = cloud([3, 2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]);
  const { explained } = new Plane(C).show(mixed(vectors, 1.1));
  const variance = (c) => {
    const values = Array.from({ length: N }, (_, i) => vectors[i * C + c]);
    const mean = values.reduce((a, b) => a + b) / N;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const all = [...Array(C).keys()].map(variance);
  const share = (all[0] + all[1]) / all.reduce((a, b) => a + b);
  assert.ok(explained >= share - 1e-6 && explained < share + 0.02, `${explained} ${share}`);
});

test("at first, the points lie wider than they are high", () => {
  const { points } = new Plane(C).show(mixed(cloud([1, 4, 0.1]), 0.9));
  const spread = (axis) => points.reduce((sum, value, i) => sum + (i % 2 === axis ? value * value : 0), 0);
  assert.ok(spread(0) > 4 * spread(1));
});

test("points do not turn, flip or jump when all vectors are turned or mirrored", () => {
  const vectors = cloud([3, 2, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
  const plane = new Plane(C);
  const before = plane.show(vectors).points;
  const mirrored = vectors.map((value, i) => (i % C === 1 ? -value : value));
  for (const changed of [mixed(vectors, 2), mixed(vectors, -0.4), mirrored, vectors]) {
    assert.ok(isClose(plane.show(changed).points, before, 0.02));
  }
});

test("points move only a little when vectors change a little, even if both axes are alike", () => {
  const plane = new Plane(C);
  let before = plane.show(cloud([2, 2, 0.3, 0.3])).points;
  for (let step = 1; step <= 20; step++) {
    const vectors = cloud([2 + 0.01 * step, 2.1 - 0.01 * step, 0.3, 0.3]);
    const { points } = plane.show(vectors);
    assert.ok(isClose(points, before, 0.05), `step ${step}`);
    before = points;
  }
});

test("vectors that are all the same, or a single one, have a place", () => {
  for (const vectors of [new Float32Array(N * C).fill(2), Float32Array.from({ length: C }, (_, i) => i)]) {
    const { points, explained } = new Plane(C).show(vectors);
    assert.ok(points.every(Number.isFinite) && Number.isFinite(explained));
  }
});

test("all points have room on the map, those far out on one side, too, and distances stay true", () => {
  const points = Float32Array.from([-1, 0, 0, 0.5, 9, 0.2, 1, -7, 0, 0]);
  const [width, height] = [500, 340];
  const places = placesOf(points, grown(NOWHERE, points), width, height);
  assert.ok(places.every(([x, y]) => x > 20 && x < width - 20 && y > 20 && y < height - 20));
  const apart = (i, j) => Math.hypot(places[i][0] - places[j][0], places[i][1] - places[j][1]);
  assert.ok(Math.abs(apart(0, 4) / apart(1, 4) - 2) < 1e-3);
  const same = placesOf(Float32Array.from([3, 3]), grown(NOWHERE, [3, 3]), width, height);
  assert.deepEqual(same, [[width / 2, height / 2]]);
});
