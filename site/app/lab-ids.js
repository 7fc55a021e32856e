/**
 * What follows from the tokens of a text in the lab: what counting alone would reach, as in terrarium/baselines.py, and
 * beginnings for a model to go on from. And how long work is cut, so that the page answers meanwhile.
 */

const OFTEN = 20_000; // tokens that are counted before the caller gets its turn
const PATIENCE = 12; // milliseconds of work, after which the page gets its turn

/**
 * Run a generator to its end, with turns for the page in between. @returns {Promise<any>} what it returns
 * @param {Generator} generator @param {AbortSignal} signal
 * @param {(value: any) => void} [onValue] called with each value; @param {() => void} [onTurn] before the page's turn
 */
export async function inTurns(generator, signal, onValue = () => {}, onTurn = () => {}) {
  let since = performance.now();
  for (;;) {
    const { done, value } = generator.next();
    if (done) return value;
    onValue(value);
    if (performance.now() - since < PATIENCE) continue;
    onTurn();
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    since = performance.now();
  }
}

/**
 * The losses on held-out text, in nats per token, of models that only count. It yields now and then.
 * @param {ArrayLike<number>} train ids @param {ArrayLike<number>} validation ids @param {number} vocabSize
 * @returns {Generator<number, { uniform: number, unigram: number, bigram: number }>}
 */
export function* baselinesOf(train, validation, vocabSize) {
  const counts = new Float64Array(vocabSize).fill(1); // as if each had occurred once more
  const before = new Float64Array(vocabSize);
  const pairs = new Map();
  for (let i = 0; i < train.length; i++) {
    counts[train[i]] += 1;
    if (i + 1 === train.length) break;
    const pair = train[i] * vocabSize + train[i + 1];
    before[train[i]] += 1;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    if (i % OFTEN === 0) yield i;
  }
  const total = train.length + vocabSize;
  let unigram = 0;
  let bigram = 0;
  for (let i = 0; i + 1 < validation.length; i++) {
    const [a, b] = [validation[i], validation[i + 1]];
    const p = counts[b] / total;
    unigram -= Math.log(p);
    // One more observation, divided as the unigram model says: no pair is impossible.
    bigram -= Math.log(((pairs.get(a * vocabSize + b) ?? 0) + p) / (before[a] + 1));
    if (i % OFTEN === 0) yield i;
  }
  const n = Math.max(1, validation.length - 1);
  return { uniform: Math.log(vocabSize), unigram: unigram / n, bigram: bigram / n };
}

const WORDS = 3; // of a prompt
const LONGEST = 24; // characters of a prompt

/**
 * Beginnings for a model to go on from: those of documents, or of the lines of a single text, from all over it.
 * @param {string[]} documents @param {number} n how many, at most
 * @returns {string[]}
 */
export function beginningsOf(documents, n) {
  const parts = documents.length > 1 ? documents : documents.flatMap((one) => one.split("\n"));
  const found = [];
  const every = Math.max(1, Math.floor(parts.length / (8 * n)));
  for (let i = 0; i < parts.length; i += every) {
    const beginning = beginningOf(parts[i]);
    if (beginning && !found.includes(beginning)) found.push(beginning);
  }
  const apart = Math.max(1, found.length / n);
  return Array.from({ length: Math.min(n, found.length) }, (_, i) => found[Math.floor(i * apart)]);
}

/** The first words of a text. */
function beginningOf(part) {
  const words = part.trim().slice(0, 200).split("\n", 1)[0].split(" ").slice(0, WORDS).join(" ");
  return Array.from(words).slice(0, LONGEST).join("").trimEnd();
}
