import assert from "node:assert/strict";
import test from "node:test";
import { LARGE_CHATBOT, rounded, timesAsMany, whatItRead } from "../../site/app/scale.js";

const manifestOf = (dataset, { speakers = null, parent = undefined } = {}) => ({
  settings: { dataset },
  corpus: { parent },
  speakers,
});

test("a comparison of sizes is a power of ten, and the nearest one", () => {
  assert.equal(timesAsMany(820_992), "a million times as many");
  assert.equal(timesAsMany(11_600_000), "a hundred thousand times as many");
  assert.equal(timesAsMany(30_000), "ten million times as many");
  assert.equal(timesAsMany(LARGE_CHATBOT / 1000), "a thousand times as many");
  assert.equal(timesAsMany(LARGE_CHATBOT / 10), "ten times as many");
  assert.equal(timesAsMany(LARGE_CHATBOT), "as many");
});

test("a size has a comparison in words, however small or large it is", () => {
  for (let power = 0; power < 15; power++) {
    assert.match(
      timesAsMany(10 ** power),
      /^(a|ten|a hundred)?( (thousand|million|billion|trillion))? ?(times )?as many$/,
    );
  }
});

test("a number of parameters keeps three digits", () => {
  assert.equal(rounded(820_992), 821_000);
  assert.equal(rounded(17), 17);
});

test("what a model has read depends on its text, its speakers and its parent", () => {
  const known = ["stories", "tinystories", "shakespeare"].map((name) => whatItRead(manifestOf(name)));
  assert.equal(new Set(known).size, 3);
  assert.ok(known.every((one) => !one.includes("“")));
  assert.match(whatItRead(manifestOf("/home/me/novel.txt")), /“novel\.txt”/);
  assert.match(whatItRead(manifestOf("toString")), /“toString”/);
  const child = whatItRead(manifestOf("novel.txt", { parent: { name: "a", step: 1, dataset: "stories" } }));
  assert.ok(child.includes("“novel.txt”") && child.includes(known[0]));
  const snail = whatItRead(manifestOf("snail", { speakers: ["You", "Shelly"] }));
  assert.ok(snail.includes("Shelly"));
});
