/** What a comparison of runs says: site/app/compared-runs.js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END } from "../../site/engine/tokenizer.js";
import {
  comparisonRows,
  curveOf,
  tokensPerCharacter,
  unitOf,
  verdictSentence,
  verdictsOf,
} from "../../site/app/compared-runs.js";
import { settingsOf } from "../../site/app/lab-sizes.js";
import { compareSeeds } from "../../site/app/seed-band.js";

const TOKENS = { kind: "bpe", size: 64, key: "64", perCharacter: 0.5 };
const SETTINGS = { ...settingsOf("small", 64), steps: 100 };
const BASELINES = { uniform: 4, unigram: 3, bigram: 2 };

/** A run whose seeds end at some losses; one that is no number broke off. */
const run = (name, ends, { tokens = TOKENS, points = /** @type {any} */ (null), ...changes } = {}) =>
  /** @type {any} */ ({
    id: name,
    name,
    isShown: true,
    style: 0,
    text: { name: "Rhymes", key: "rhymes" },
    tokens,
    settings: { ...SETTINGS, ...changes },
    parameters: 1000,
    baselines: BASELINES,
    seeds: ends.map((end, i) => ({
      seed: 1 + i,
      points:
        points ??
        (Number.isFinite(end)
          ? [
              [0, 4],
              [100, end],
            ]
          : [[0, 4]]),
      failedAt: Number.isFinite(end) ? null : 12,
    })),
  });

const MUON = run("Muon", [1.5, 1.52, 1.54]);

function verdict(other, reference = MUON) {
  const runs = [reference, other];
  const [found] = verdictsOf(reference, runs, unitOf(runs));
  const [head, sentence] = verdictSentence(found, reference);
  assert.doesNotMatch(`${head} ${sentence}`, /undefined|null|NaN/);
  return found;
}

test("a difference that is larger than what seeds do is more than chance, in either direction", () => {
  assert.equal(verdict(run("AdamW", [1.7, 1.71, 1.72])).kind, "effect");
  assert.equal(verdict(run("better", [1.3, 1.31, 1.32])).kind, "effect");
});

test("bands of few seeds that do not touch are said to be so by chance as often as they are", () => {
  const sentence = (ends) => {
    const other = run("apart", ends);
    const [found] = verdictsOf(MUON, [MUON, other], unitOf([MUON, other]));
    assert.equal(found.kind, "chance");
    return verdictSentence(found, MUON)[1];
  };
  assert.match(sentence([1.55, 1.6, 1.7]), /10%/); // 2 of the 20 orders of three and three
  assert.match(sentence([1.55, 1.6, 1.7, 1.75]), /5\.7%|6%/); // 2 of 35
  assert.doesNotMatch(sentence([1.53, 1.6, 1.7]), /%/);
});

test("a difference that is smaller than what seeds do could be chance", () => {
  assert.equal(verdict(run("no decay", [1.51, 1.53, 1.55])).kind, "chance");
  assert.equal(verdict(run("wild", [1.4, 1.6, 1.9])).kind, "chance");
});

test("of models that learned their text by heart, the lowest losses are compared, and not those at the end", () => {
  const byHeart = (name, lowest, end) =>
    run(name, [1, 1, 1], {
      points: [
        [0, 4],
        [50, lowest],
        [100, end],
      ],
    });
  const spread = run("spread", [1.5, 1.55, 1.6]);
  assert.equal(verdict(byHeart("bad end", 1.52, 6), spread).kind, "chance");
  assert.equal(verdict(byHeart("early", 1.2, 6), spread).kind, "effect");
  assert.deepEqual([verdict(byHeart("early", 1.2, 6)).loss, verdict(run("late", [3])).loss], [1.2, 3]);
});

test("two losses that are shown as the same number are no effect, and no difference is made up", () => {
  const found = verdict(run("close", [1.5189, 1.519, 1.5191]), run("reference", [1.5159, 1.516, 1.5161]));
  assert.deepEqual([found.kind, found.difference], ["chance", 0]);
});

test("the difference is that of the two losses as they are shown", () => {
  const reference = run("reference", [1.214, 1.214, 1.214]);
  const { difference, kind } = verdict(run("other", [0.835, 0.84, 0.845]), reference);
  assert.ok(Math.abs(difference + 0.37) < 1e-9, `${difference}`);
  assert.equal(kind, "effect");
});

test("a run in the middle of its training is not compared with one that is at the end", () => {
  const early = run("early", [1.9], {
    points: [
      [0, 4],
      [50, 1.9],
    ],
  });
  assert.equal(verdict(early).kind, "unfinished");
  assert.equal(verdict(MUON, early).kind, "unfinished");
  const later = run("later", [1.8], {
    points: [
      [0, 4],
      [70, 1.8],
    ],
  });
  assert.equal(verdict(later, early).kind, "unfinished");
  assert.equal(
    verdict(
      run("as early", [1.8], {
        points: [
          [0, 4],
          [50, 1.8],
        ],
      }),
      early,
    ).kind,
    "unknown",
  );
});

test("of one run each, nobody can say anything", () => {
  assert.equal(verdict(run("one", [1.9]), run("other", [1.5])).kind, "unknown");
});

test("a single run has to be further away than one of several seeds", () => {
  assert.equal(verdict(run("single", [1.6])).kind, "chance"); // 0.08 higher; seeds make 0.04
  assert.equal(verdict(run("single", [1.7])).kind, "effect"); // 0.18 higher
});

test("a run that broke off is not compared, and seeds that did are left out", () => {
  assert.equal(verdict(run("wild", [NaN])).kind, "broken");
  assert.equal(verdict(run("wild", [NaN]), run("wilder", [NaN, NaN])).run.name, "wilder");
  const partly = verdict(run("partly", [1.7, NaN, 1.7, 1.72]));
  assert.equal(partly.kind, "effect");
  assert.match(verdictSentence(partly, MUON)[1], /1 of 4 seeds/);
});

test("seeds that all end alike say nothing about others", () => {
  assert.equal(compareSeeds([1, 1, 1], [2, 2, 2]).isDistinguishable, null);
});

test("of models that differ in nothing but their seeds, few are called different", () => {
  let state = 1;
  const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6);
  const some = (n) => Array.from({ length: n }, () => normal());
  for (const [n, m] of [
    [3, 3],
    [3, 1],
    [5, 3],
    [5, 5],
    [5, 1],
  ]) {
    const found = Array.from({ length: 4000 }, () => compareSeeds(some(n), some(m)).isDistinguishable);
    assert.ok(found.filter(Boolean).length < 0.065 * 4000, `${n} and ${m} seeds`);
  }
});

test("only what differs is in the table, and what came of it", () => {
  const runs = [MUON, run("wide", [1.4], { n_embd: 64 })];
  const rows = comparisonRows(runs, unitOf(runs));
  assert.deepEqual(
    rows.map(({ name, values }) => [name, ...values]),
    [
      ["Width", "32", "64"],
      ["Seeds", "1, 2, 3", "1"],
      ["Loss at the end", "1.52", "1.40"],
      ["Lowest loss", "1.52", "1.40"],
    ],
  );
});

test("runs of models that lack a part differ from those that have it", () => {
  const rows = comparisonRows([MUON, run("blind", [3], { mask: false })], unitOf([MUON]));
  assert.deepEqual(rows[0].values, ["yes", "left out"]);
});

test("with different tokens, losses are given in bits per character", () => {
  const characters = { kind: "characters", size: 30, key: "30", perCharacter: 1 };
  const runs = [run("pieces", [2 * Math.LN2]), run("letters", [Math.LN2], { tokens: characters })];
  const unit = unitOf(runs);
  assert.deepEqual([unit.isBits, unit.baselines], [true, null]);
  const ends = runs.map((one) => curveOf(one, unit.factorOf(one)).points.at(-1)[1]);
  for (const end of ends) assert.ok(Math.abs(end - 1) < 1e-9);
  assert.deepEqual(unitOf([MUON, MUON]).baselines, BASELINES);
});

test("tokens per character are counted in characters, without the ends of documents", () => {
  assert.equal(tokensPerCharacter(["ab", "é", "🐌", END], [0, 0, 3, 1, 2, 3]), 5 / 6);
});

test("the curve of several seeds is their mean, in a band from the lowest to the highest", () => {
  const { points, band } = curveOf(MUON);
  assert.deepEqual(points[0], [0, 4]);
  assert.ok(Math.abs(points[1][1] - 1.52) < 1e-9);
  assert.deepEqual(band[1], [100, 1.5, 1.54]);
  assert.equal(curveOf(run("one", [1.5])).band, undefined);
});

test("seeds that were measured at different steps are compared at the same ones", () => {
  const often = {
    seed: 2,
    failedAt: null,
    points: [
      [0, 4],
      [25, 3.5],
      [50, 3],
      [100, 1],
    ],
  };
  const both = { ...run("both", [2]), seeds: [...run("both", [2]).seeds, often] };
  both.seeds[0].points = [
    [0, 4],
    [50, 2],
    [100, 2],
  ];
  assert.deepEqual(curveOf(both).points, [
    [0, 4],
    [50, 2.5],
    [100, 1.5],
  ]);
});

test("the curve of a run that broke off says so", () => {
  const { points } = curveOf(run("wild", [NaN]));
  assert.deepEqual(points, [
    [0, 4],
    [12, NaN],
  ]);
});
