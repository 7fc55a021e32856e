/**
 * Several libraries train the same GPT from the same weights on the same batches, in turns that training.py
 * gives them:
 *
 *   await begin("jax", task)      // the losses of the first steps
 *   await learn("jax", 0.5)       // train for half a second: milliseconds of each step
 *
 * A library is what training-<name>.js makes of a task: make(task) -> { step(ids, targets) }, which makes one
 * update and returns the loss before it (or a promise of it), in nats per token.
 */
const trainers = {};

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;

/**
 * @param {string} name
 * @param {object} task as `task` in training.py makes it: settings, learning (of AdamW), the weights by name and
 *   the batches, numbers in base64
 * @returns {Promise<number[]>} the losses of as many steps as there are batches
 */
window.begin = async (name, task) => {
  const { make } = await import(`./training-${name}.js`);
  const weights = {};
  for (const [key, { shape, data }] of Object.entries(task.weights)) {
    weights[key] = { shape, data: new Float32Array(bytes(data)) };
  }
  const batches = task.batches.map(({ ids, targets }) => ({
    ids: new Int32Array(bytes(ids)),
    targets: new Int32Array(bytes(targets)),
  }));
  const trainer = await make({ ...task, weights });
  trainers[name] = { trainer, batches, steps: 0 };
  const losses = [];
  for (const { ids, targets } of batches) losses.push(await trainer.step(ids, targets));
  return losses;
};

/** @returns {Promise<number[]>} milliseconds of each step, of which there is at least one */
window.learn = async (name, seconds) => {
  const own = trainers[name];
  const times = [];
  const start = performance.now();
  let now = start;
  while (now - start < 1000 * seconds) {
    const { ids, targets } = own.batches[own.steps++ % own.batches.length];
    await own.trainer.step(ids, targets);
    times.push(performance.now() - now);
    now = performance.now();
  }
  return times;
};
