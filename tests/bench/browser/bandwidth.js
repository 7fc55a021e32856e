/**
 * How fast this page can read memory. Whoever generates a token has to read every weight once, so that no engine on
 * one thread is faster than this.
 *
 *   await bandwidth(2e6)   // bytes a second, of a block of two megabytes that is read again and again
 *
 * A block that fits into a cache of the processor is read several times as fast as one that does not.
 */
const ROUNDS = 7; // the best one counts: what else the machine does only makes it slower
const BYTES = 4e8; // read in each round

window.bandwidth = async (bytes) => {
  const { instance } = await WebAssembly.instantiateStreaming(fetch("read.wasm"));
  const { memory, read } = instance.exports;
  if (bytes > memory.buffer.byteLength - 1e6) throw new RangeError(`${bytes} bytes are too many.`);
  new Uint8Array(memory.buffer).fill(1); // memory that nothing was written to is not there yet
  const times = Math.ceil(BYTES / bytes);
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < times; i++) read(bytes);
    return (1000 * times * bytes) / (performance.now() - start);
  });
  return Math.max(...rates);
};
