/**
 * How many floating point operations a second one thread of this page can do at best: four numbers at a
 * time are multiplied and added to, and nothing is read from memory. No training can be faster than this.
 *
 *   await madd()   // {mul_add: 4.6e10, relaxed_madd: 6.5e10}: in two instructions, in one
 */
const ROUNDS = 12; // the best one counts: what else the machine does only makes it slower
const SECONDS = 0.02; // of one round, about

window.madd = async () => {
  const { instance } = await WebAssembly.instantiateStreaming(fetch("madd.wasm"));
  const { operations, mul_add, relaxed_madd } = instance.exports;
  const times = Math.ceil((SECONDS * 4e10) / operations());
  const rate = (run) => {
    const start = performance.now();
    run(times, 0.5, 1);
    return (1000 * times * operations()) / (performance.now() - start);
  };
  const best = (run) => Math.max(...Array.from({ length: ROUNDS }, () => rate(run)));
  return { mul_add: best(mul_add), relaxed_madd: best(relaxed_madd) };
};
