/** site/app/control.js: as much damage, done elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { elsewhere } from "../../site/app/control.js";
import { formatOperations, parseOperations } from "../../site/app/operations.js";

const SETTINGS = { n_layer: 3, n_head: 4, n_ff: 16 };
const control = (text, seed, settings = SETTINGS) => elsewhere(parseOperations(text), settings, seed);
const SEEDS = Array.from({ length: 300 }, (_, i) => i + 1);

test("a control does as much of each kind, but to none of the same parts", () => {
  const chosen = parseOperations("h2.1_h0.0_a1.1.first_l0_n2.3_n1.5_s4.12.13.150");
  for (const seed of SEEDS) {
    const found = elsewhere(chosen, SETTINGS, seed);
    assert.deepEqual(
      found.map(({ kind, pattern }) => [kind, pattern]),
      chosen.map(({ kind, pattern }) => [kind, pattern]),
    );
    const heads = found.filter(({ head }) => head).map(({ head }) => head);
    assert.equal(new Set(heads).size, 3);
    assert.ok(!heads.some((head) => ["2.1", "0.0", "1.1"].includes(head)));
    const { layer } = found[3];
    assert.ok([1, 2].includes(layer));
    const neurons = found.filter(({ neuron }) => neuron).map(({ neuron }) => neuron);
    assert.ok(neurons.length === 2 && !neurons.some((one) => ["2.3", "1.5"].includes(one)));
    // What is in a layer that is off would do nothing.
    for (const name of [...heads, ...neurons]) assert.notEqual(Number(name.split(".")[0]), layer);
    assert.deepEqual(found.at(-1), chosen.at(-1));
  }
});

test("the same seed draws the same parts, and others draw all that there are", () => {
  assert.deepEqual(control("h2.1", 5), control("h2.1", 5));
  const drawn = new Map();
  for (const seed of SEEDS) {
    const [{ head }] = control("h2.1", seed);
    drawn.set(head, (drawn.get(head) ?? 0) + 1);
  }
  assert.equal(drawn.size, 11);
  for (const n of drawn.values()) assert.ok(n > 10, `${[...drawn]}`); // 27 on average
});

test("where too little is left there is no control", () => {
  assert.equal(control("l0_l1", 1), null);
  assert.equal(formatOperations(control("h0.0", 1, { ...SETTINGS, n_layer: 1, n_head: 2 })), "h0.1");
  assert.equal(control("h0.0_a0.1.self", 1, { ...SETTINGS, n_layer: 1, n_head: 2 }), null);
  assert.equal(control("l0", 1, { ...SETTINGS, n_layer: 1 }), null);
  assert.deepEqual(control("s0.1.2.100", 1, { ...SETTINGS, n_layer: 1, n_head: 1 }), [
    { kind: "steer", depth: 0, from: 1, to: 2, strength: 100 },
  ]);
});
