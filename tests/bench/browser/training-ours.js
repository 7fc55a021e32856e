/** Our engine, as training.js wants it. */
import { unpack } from "/site/engine/packed.js";
import { compileTraining } from "/site/engine/train-kernel.js";
import * as programs from "/site/engine/train-kernel-program.js";
import { Training } from "/site/engine/training.js";

export async function make({ settings, learning, weights }) {
  const { rate, weight_decay } = learning;
  const rates = { matrix_lr: rate, embedding_lr: rate, unembedding_lr: rate };
  const constant = { warmup: 0, cooldown: 1e-9, steps: 1e9 };
  const training = new Training({
    settings: { ...settings, ...rates, ...constant, optimizer: "adamw", weight_decay },
    createKernel: await compileTraining(await unpack(programs.fused)),
  });
  training.load(
    new Map(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, values: data }])),
  );
  return {
    step: (ids, targets) => training.update({ ids, targets, T: settings.n_ctx, n: targets.length }).loss,
  };
}
