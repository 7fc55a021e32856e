/**
 * Rows of tokens, cut as train.py cuts them (terrarium/batches.py): each token of a text is predicted once in an
 * epoch, and windows of about the same length come together, so that little has to be filled in.
 */
import { makeRng } from "./sample.js";

const POOL = 32; // so many batches are sorted by length at once

/**
 * Where rows begin and end: tokens a to b - 1 predict a + 1 to b. The first window of a document begins at the end
 * token before it, which predicts its first token; a long document has several.
 * @param {ArrayLike<number>} tokens @param {number | null} end the id of the end token @param {number} n_ctx
 * @returns {[number, number][]}
 */
export function windows(tokens, end, n_ctx) {
  const edges = [];
  for (let i = 0; i < tokens.length; i++) if (tokens[i] === end) edges.push(i);
  if (end === null) edges.push(0, tokens.length - 1);
  const found = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    for (let a = edges[i]; a < edges[i + 1]; a += n_ctx) found.push([a, Math.min(a + n_ctx, edges[i + 1])]);
  }
  return found;
}

/**
 * Batches of windows without end: in each epoch, each window comes once. A text without documents (`end` is null)
 * is cut elsewhere in each epoch. Of a text that is shorter than a batch, a batch holds each window several times.
 * @param {[number, number][]} all windows
 * @param {{ end: number | null, n_ctx: number, batch_size: number, seed: number }} how
 * @returns {Generator<[number, number][]>}
 * @throws {RangeError} if there is no window
 */
export function* makeBatches(all, { end, n_ctx, batch_size, seed }) {
  if (!all.length) throw new RangeError("A text needs at least two tokens.");
  const room = batch_size * n_ctx;
  let leftOver = []; // too few for a batch; they join the next windows
  for (let epoch = 0; ; epoch++) {
    const random = makeRng(seed * 1_000_003 + epoch);
    const shuffled = shuffle(end === null ? shifted(all, random) : [...all], random);
    const tokens = shuffled.reduce((sum, window) => sum + lengthOf(window), 0);
    for (const pool of parts(shuffled, Math.floor(tokens / room / POOL) + 1)) {
      // In both directions, or the shortest windows would be left over for ever.
      const direction = random() < 0.5 ? -1 : 1;
      const ordered = [...leftOver, ...pool].sort((a, b) => direction * (lengthOf(a) - lengthOf(b)));
      const cut = intoBatches(ordered, room);
      leftOver = cut.leftOver;
      yield* shuffle(cut.batches, random);
    }
  }
}

/**
 * Batches of two texts that take turns at random.
 * @param {Iterator<object>} fresh of the new text @param {Iterator<object>} old
 * @param {{ fraction: number, seed: number }} how the fraction of batches that are of the old text
 */
export function* mixed(fresh, old, { fraction, seed }) {
  const random = makeRng(seed);
  for (;;) yield (random() < fraction ? old : fresh).next().value;
}

const lengthOf = ([a, b]) => b - a;

/** All windows of a text moved towards its beginning by the same random number of tokens. */
function shifted(all, random) {
  const by = Math.floor(random() * lengthOf(all[0]));
  const moved = all.map(([a, b]) => [Math.max(a - by, 0), Math.max(b - by, 0)]);
  return moved.filter(([, b]) => b > 0);
}

/** Windows in this order -> batches, and what is left over. */
function intoBatches(ordered, room) {
  const batches = [];
  let batch = [];
  let longest = 0;
  for (const window of ordered) {
    longest = Math.max(longest, lengthOf(window));
    if (batch.length && (batch.length + 1) * longest > room) {
      batches.push(batch);
      batch = [];
      longest = lengthOf(window);
    }
    batch.push(window);
  }
  return { batches, leftOver: batch };
}

/** In another order, each as likely (Fisher and Yates). */
function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** A list in n parts of about the same length. */
function parts(list, n) {
  const edge = (i) => Math.round((i * list.length) / n);
  return Array.from({ length: n }, (_, i) => list.slice(edge(i), edge(i + 1)));
}

/**
 * A batch made of windows, filled up to the longest: ids and targets (B T), where nothing follows -1.
 * @param {ArrayLike<number>} tokens @param {[number, number][]} spans
 * @returns {{ ids: Int32Array, targets: Int32Array, T: number, n: number }} n targets
 */
export function drawBatch(tokens, spans) {
  const T = Math.max(...spans.map(lengthOf));
  const ids = new Int32Array(spans.length * T);
  const targets = new Int32Array(spans.length * T).fill(-1);
  spans.forEach(([a, b], row) => {
    for (let i = a; i < b; i++) {
      ids[row * T + i - a] = tokens[i];
      targets[row * T + i - a] = tokens[i + 1];
    }
  });
  return { ids, targets, T, n: spans.reduce((sum, window) => sum + lengthOf(window), 0) };
}
