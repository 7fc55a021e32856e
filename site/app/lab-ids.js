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
    signal.throwIfAborted();
    if (done) return value;
    onValue(value);
    if (performance.now() - since < PATIENCE) continue;
    onTurn();
    await new Promise((resolve) => setTimeout(resolve));
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
const LONGEST = 24; // characters of a prompt,
const WITHOUT_SPACES = 8; // and of one in a script that has no spaces

/**
 * Beginnings for a model to go on from: those of documents, or of the lines of a single text, from all over it. Of a
 * text that has too few of them, what follows a space here and there.
 * @param {string[]} documents @param {number} n how many, at most
 * @returns {string[]}
 */
export function beginningsOf(documents, n) {
  const parts = documents.length > 1 ? documents : documents.flatMap((one) => one.split("\n"));
  const found = beginnings(parts, n);
  if (found.length >= n) return found;
  return [...new Set([...found, ...beginnings(anywhere(documents.join("\n"), 8 * n), n)])].slice(0, n);
}

/** Different beginnings of some texts, evenly from all of them. */
function beginnings(parts, n) {
  const found = new Set();
  const every = Math.max(1, Math.floor(parts.length / (8 * n)));
  for (let i = 0; i < parts.length; i += every) found.add(beginningOf(parts[i]));
  found.delete("");
  const list = [...found];
  const apart = Math.max(1, list.length / n);
  return Array.from({ length: Math.min(n, list.length) }, (_, i) => list[Math.floor(i * apart)]);
}

/** Parts of a text that begin at the start of a word, if it has words. */
function anywhere(text, n) {
  return Array.from({ length: n }, (_, i) => {
    const start = Math.floor((i * text.length) / n);
    const part = text.slice(start, start + 200);
    const space = part.search(/\s/);
    if (space >= 0) return part.slice(space + 1);
    return Array.from(part).slice(1).join(""); // the first character may be half of one
  });
}

/** The first words of a text. */
function beginningOf(part) {
  const line = part.trim().slice(0, 200).split("\n", 1)[0];
  const words = line.split(" ").slice(0, WORDS);
  const longest = words.length > 1 ? LONGEST : WITHOUT_SPACES;
  return Array.from(words.join(" ")).slice(0, longest).join("").trimEnd();
}
