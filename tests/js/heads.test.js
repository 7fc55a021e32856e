/** site/app/heads.js: names of heads, which is shown first, and what typed heads are tried on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headName,
  headNames,
  layerAndHead,
  mostImportantHead,
  parseHead,
  trialIds,
} from "../../site/app/heads.js";
import { contentOf } from "./shipped.js";

/** A run with these settings, whose heads.json has these losses at the last snapshot. */
const runWith = (settings, ablatedLoss = []) => ({
  manifest: { settings, missing: {} },
  part: async (name) =>
    ({
      heads: {
        ablated_loss: [
          [
            [9, 0],
            [0, 0],
          ],
          ablatedLoss,
        ],
      },
    })[name],
});

const SMALL = runWith({ n_layer: 2, n_head: 2 });

test("a head is named after its layer and its number, and the name is read back", () => {
  assert.equal(headName(2, 1), "2.1");
  assert.deepEqual(layerAndHead("2.1"), [2, 1]);
  assert.deepEqual(layerAndHead("11.10"), [11, 10]);
});

test("the heads of a model are named layer by layer", () => {
  assert.deepEqual(headNames({ n_layer: 2, n_head: 3 }), ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]);
});

test("the most important head raises the final loss most when it is ablated", async () => {
  const run = runWith({ n_layer: 2, n_head: 2 }, [
    [0.1, 0.3],
    [0.2, 0.25],
  ]);
  assert.equal(await mostImportantHead(run), "0.1");
});

test("of two heads that matter equally, the first is the most important", async () => {
  const run = runWith({ n_layer: 2, n_head: 2 }, [
    [0.1, 0.1],
    [0.3, 0.3],
  ]);
  assert.equal(await mostImportantHead(run), "1.0");
});

test("the most important head of the shipped run is one of its heads", async () => {
  const manifest = contentOf("stories/manifest.json");
  const run = { manifest, part: async (name) => contentOf(`stories/${name}.json`) };
  assert.ok(headNames(manifest.settings).includes(await mostImportantHead(run)));
});

test("without heads.json the most important head is unknown", async () => {
  const run = { manifest: { missing: { heads: "It was left out." } } };
  assert.equal(await mostImportantHead(run), null);
});

test("a head in an address is shown if the run has it", () => {
  assert.equal(parseHead(SMALL, "0.1", "1.1"), "0.1");
});

test("in place of a head that the run does not have, the default is shown", () => {
  for (const name of ["2.0", "0.2", "0.0.0", "0", "", "00.0", "toString", undefined]) {
    assert.equal(parseHead(SMALL, name, "1.1"), "1.1");
  }
});

test("without a default, the first head of the last layer is shown", () => {
  assert.equal(parseHead(SMALL, undefined, undefined), "1.0");
  assert.equal(parseHead(SMALL, "5.5", "7.7"), "1.0");
});

test("a typed head is tried on at most twenty tokens, from the start of the text", () => {
  const run = runWith({ n_embd: 96, n_head: 3 });
  const ids = Array.from({ length: 41 }, (_, i) => i);
  assert.deepEqual(trialIds({ run, ids }), ids.slice(0, 20));
  assert.deepEqual(trialIds({ run, ids: [5, 6, 7] }), [5, 6, 7]);
});

test("a typed head is never tried on as many tokens as a head has channels", () => {
  const ids = Array.from({ length: 41 }, (_, i) => i);
  const tokensWith = (size, length) =>
    trialIds({ run: runWith({ n_embd: 3 * size, n_head: 3 }), ids: ids.slice(0, length) }).length;
  assert.equal(tokensWith(20, 41), 19);
  assert.equal(tokensWith(12, 12), 11);
  assert.equal(tokensWith(12, 13), 13);
});
