/** site/app/operations.js: operations in the address, and what the engine takes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  PATTERNS,
  describe,
  formatOperations,
  interventionOf,
  isPossible,
  operationsOf,
  parseOperations,
  withOperation,
  without,
} from "../../site/app/operations.js";

const ADDRESS = "h2.1_l2_n2.117_a3.1.first_s4.12.13.-150_p4.9.7";
const RUN = {
  manifest: { settings: { n_layer: 4, n_head: 4, n_embd: 128, n_ff: 512, n_ctx: 256 } },
  vocab: Array(512),
};
const possible = (text) => parseOperations(text).map((one) => isPossible(RUN, one));

test("a list of operations in the address is read and written as it was", () => {
  const operations = parseOperations(ADDRESS);
  assert.deepEqual(operations[4], { kind: "steer", depth: 4, from: 12, to: 13, strength: -150 });
  assert.equal(formatOperations(operations), ADDRESS);
  assert.deepEqual(parseOperations(""), []);
});

test("what is no list of operations is undefined", () => {
  const long = Array.from({ length: 41 }, (_, i) => `n0.${i}`).join("_");
  for (const text of [
    "x",
    "h2",
    "h2.1_",
    "l2.1",
    "a2.1",
    "s4.1.2",
    "p4.9.7.1",
    "h2.1_<img>",
    "__proto__",
    long,
  ]) {
    assert.equal(parseOperations(text), undefined, text);
  }
});

test("an operation on what a model does not have is not possible", () => {
  assert.deepEqual(possible("h3.3_h4.0_h3.4_l3_l4_n3.511_n3.512_n4.0"), [
    true,
    false,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
  assert.deepEqual(
    possible("a3.3.first_a3.3.second_s8.511.0.800_s9.0.1.1_s0.512.0.1_s0.0.1.801_p8.255.255_p9.0.0_p0.256.0"),
    [true, false, true, false, false, false, true, false, false],
  );
});

test("of an address, what is possible is done, and nothing if it holds no list", () => {
  assert.deepEqual(operationsOf(RUN, "h1.2_h9.9"), [{ kind: "head", head: "1.2" }]);
  for (const text of ["h1.2_oops", "", undefined]) assert.deepEqual(operationsOf(RUN, text), []);
  assert.deepEqual(operationsOf(null, "h1.2"), []);
});

test("a head has one operation at most: the last one", () => {
  const off = { kind: "head", head: "2.1" };
  const first = { kind: "attention", head: "2.1", pattern: "first" };
  const layer = { kind: "layer", layer: 2 };
  const both = withOperation(withOperation([layer], off), first);
  assert.deepEqual(both, [layer, first]);
  assert.deepEqual(without(both, off), [layer]);
});

test("at each depth there is one direction at most, and at each place one patch", () => {
  const operations = parseOperations("s4.1.2.100_p4.9.7_p4.10.7");
  const more = withOperation(
    withOperation(operations, parseOperations("s4.3.5.50")[0]),
    parseOperations("p4.9.1")[0],
  );
  assert.equal(formatOperations(more), "p4.10.7_s4.3.5.50_p4.9.1");
});

test("each operation has words of its own, with the names of its tokens as one can see them", () => {
  const run = { ...RUN, vocab: Array.from({ length: 512 }, (_, id) => ` t${id}`) };
  const looks = PATTERNS.map((pattern) => `a0.0.${pattern}`).join("_");
  const all = parseOperations(`${ADDRESS}_${looks}_s0.12.13.100_s3.13.12.100`);
  const words = all.map((one) => describe(run, one));
  assert.equal(new Set(words).size, all.length);
  for (const one of words) assert.doesNotMatch(one, /undefined|NaN/);
  assert.match(words[0], /2\.1/);
  assert.match(words[4], /·t12.*·t13.*−1\.5/);
});

test("the engine gets names and numbers, and no patch from where the other text has no token", () => {
  assert.deepEqual(interventionOf(parseOperations(ADDRESS + "_p2.1.3"), [5, 6, 7, 8], { control: 3 }), {
    heads: ["2.1"],
    layers: [2],
    neurons: ["2.117"],
    attention: { 3.1: "first" },
    steer: [{ depth: 4, from: 12, to: 13, strength: -1.5 }],
    patches: [{ depth: 2, position: 1, from: 3, ids: [5, 6, 7, 8] }],
    control: 3,
  });
});
