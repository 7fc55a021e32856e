/** The comparisons of the storybook: curves of trainings that never took place. See all-figures.js. */
import { settingsOf } from "../app/lab-sizes.js";
import { NamedRuns } from "../app/named-runs.js";
import { Trials } from "../app/trials.js";

const UNIFORM = 4.6;
const BASELINES = { uniform: UNIFORM, unigram: 3.2, bigram: 2.4 };
const STEPS = 400;
const N_POINTS = 40;

/** A loss that falls to `end`, the sooner the higher the rate. */
const falling = (end, rate) =>
  Array.from({ length: N_POINTS + 1 }, (_, i) => [
    (STEPS * i) / N_POINTS,
    end + (UNIFORM - end) * Math.exp((-rate * i) / N_POINTS),
  ]);

const bandAround = (points, width) => points.map(([step, loss]) => [step, loss - width, loss + width]);

const muon = { name: "Muon", points: falling(1.5, 9), band: bandAround(falling(1.5, 9), 0.06) };
const adamw = { name: "AdamW", points: falling(1.9, 5), band: bandAround(falling(1.9, 5), 0.1) };
const rising = falling(1.5, 9).map(([step, loss]) => [step, loss + step / 40]);
const LONG = "incomprehensibilities <img src=x onerror=alert(1)> ".repeat(3);

/** What <loss-curves> is given in each state of the storybook. */
const CURVES = {
  "as it is": [{ name: "healthy", points: falling(1.5, 9), isReference: true }, muon, adamw],
  "too long": [
    ...Array.from({ length: 6 }, (_, i) => ({ name: `${LONG}${i}`, points: falling(1.5 + 0.01 * i, 8) })),
    { name: "diverges", points: rising },
    {
      name: "breaks",
      points: [
        [0, 4.6],
        [10, 5.2],
        [20, NaN],
      ],
    },
  ],
  "as small as can be": [{ name: "new", points: [[0, UNIFORM]] }],
};

/** @param {string} state @returns {{ curves: any[], steps: number, baselines: any, label: string }} */
export const curvesOf = (state) => ({
  curves: CURVES[state] ?? [],
  steps: STEPS,
  baselines: CURVES[state] ? BASELINES : null,
  label: "Loss on held-out text, in nats per token, by step",
});

/** A training with some seeds that ends at `end`. */
const runOf = (name, end, seeds, changes = {}) => ({
  name,
  text: { name: LONG, key: "text" },
  tokens: { kind: "bpe", size: 64, key: "tokens", perCharacter: 0.4 },
  settings: { ...settingsOf("middle", 64), steps: STEPS, ...changes },
  parameters: 12_345,
  baselines: BASELINES,
  seeds: seeds.map((seed) => ({ seed, points: falling(end + 0.01 * seed, 8), failedAt: null })),
});

const RUNS = {
  "as it is": [
    runOf("Middle, Muon", 1.5, [1, 2, 3]),
    runOf("Middle, AdamW", 1.9, [1, 2, 3], { optimizer: "adamw" }),
  ],
  "too long": Array.from({ length: 12 }, (_, i) =>
    runOf(`${LONG}${i}`, 1.5 + 0.1 * i, [1], { n_layer: 1 + i }),
  ),
  "as small as can be": [runOf("x", 1.5, [1])],
};

/** What figures ask for as "named". @param {string} state */
export function namedOf(state) {
  const kept = new Map();
  const named = new NamedRuns(() => ({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
  }));
  for (const run of RUNS[state] ?? []) named.add(run);
  return named;
}

/** What figures ask for as "trials". @param {string} state @param {any} lab */
export function comparedOf(state, lab) {
  const worker = { call: async () => /** @type {any} */ (null) };
  const trials = new Trials({ worker, lab, measure: async () => ({ overhead: 1, rate: 10 }) });
  if (state === "with an error") {
    trials.update({
      problem: { name: "compare", sentence: "It could not be trained. There is no memory left." },
    });
  }
  return trials;
}
