/**
 * How fast this machine trains: some real steps of two small models, timed once, before anybody has pressed anything.
 *
 *   const machine = await measureSpeed();     // { overhead: 1.2, rate: 9.6 }: see lab-sizes.js
 */
import { machineFrom, settingsOf } from "./lab-sizes.js";
import { WorkerClient } from "./worker-client.js";

const ENGINE = new URL("../engine/train-worker.js", import.meta.url);
const VOCAB_SIZE = 128;
const WARM_UP = 3; // steps until the engine runs as fast as it will
const TIMED = 6;
const TEXT_LENGTH = 4096; // tokens, at random: what they are makes no difference

let measured = null;

/** Measured at the first call. It fails where there is no engine. @returns {Promise<import("./lab-sizes.js").Machine>} */
export function measureSpeed() {
  measured ??= measure(new WorkerClient(ENGINE));
  return measured;
}

/** @param {{ call: (method: string, params: object) => Promise<any>, end: (reason: Error) => void }} engine */
export async function measure(engine) {
  try {
    const small = await timed(engine, settingsOf("small", VOCAB_SIZE));
    const middle = await timed(engine, settingsOf("middle", VOCAB_SIZE));
    return machineFrom([small, middle]);
  } finally {
    engine.end(new Error("The measurement is over.")); // with the memory that it took
  }
}

/** The shortest time of a step: whatever else the machine does makes some of them slow, and none quick. */
async function timed(engine, settings) {
  const ids = Uint16Array.from({ length: TEXT_LENGTH }, (_, i) => (i * i + 7 * i) % VOCAB_SIZE);
  const validationIds = ids.slice(0, settings.n_ctx + 1);
  await engine.call("begin", { settings, ids, validationIds, end: null, seed: 1 });
  await engine.call("train", { steps: WARM_UP });
  let milliseconds = Infinity;
  for (let i = 0; i < TIMED; i++) {
    const start = performance.now();
    await engine.call("train", { steps: 1 });
    milliseconds = Math.min(milliseconds, performance.now() - start);
  }
  return { settings, milliseconds };
}
