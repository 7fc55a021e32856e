/**
 * How the tokens of a text come about: pairs of neighbours are merged, one pair after the other, until none is left.
 *
 *   const frames = mergesOf(tokenizerOf(run), "the hen");
 *   frames[0]         // { pieces: [["t", "h", "e"], [" ", "h", "e", "n"]], pair: ["h", "e"], rank: 1, times: 2 }
 *   frames.at(-1)     // { pieces: [["the"], [" hen"]], pair: null, … }: the tokens that the tokenizer gives
 *
 * @typedef {{ pair: [string, string], rank: number }} Merge rank: which of all merges it is, from 1
 * @typedef {{ pieces: string[][], pair: [string, string] | null, rank: number, times: number }} Frame
 *   pair: the one that is merged next
 */

/** The merges that a tokenizer has learned, replayed on a text that it has tokens for. @returns {Frame[]} */
export function mergesOf(tokenizer, text) {
  const { ids, mergeRanks } = tokenizer;
  const rankOf = (a, b) => mergeRanks.get(tokenizer.pair(ids.get(a), ids.get(b)));
  return replayed(tokenizer.preTokenize(text), (pieces) => {
    let next = null;
    for (const [a, b] of neighbours(pieces)) {
      const rank = rankOf(a, b);
      if (rank !== undefined && (!next || rank + 1 < next.rank)) next = { pair: [a, b], rank: rank + 1 };
    }
    return next;
  });
}

/** The merges that would be learned from a text alone: each time the most frequent pair. @returns {Frame[]} */
export function mergesLearnedFrom(tokenizer, text) {
  let rank = 0;
  return replayed(tokenizer.preTokenize(text), (pieces) => {
    const counts = new Map(); // pair -> [pair, how often it occurs]
    for (const pair of neighbours(pieces)) {
      const key = JSON.stringify(pair);
      counts.set(key, [pair, (counts.get(key)?.[1] ?? 0) + 1]);
    }
    const [pair, times] = [...counts.values()].reduce(
      (best, one) => (one[1] > best[1] ? one : best),
      [null, 1],
    );
    return times > 1 ? { pair, rank: ++rank } : null;
  });
}

/** @param {string[]} texts pieces of a text @param {(pieces: string[][]) => Merge | null} choose the next pair */
function replayed(texts, choose) {
  let pieces = texts.map((text) => Array.from(text));
  const frames = [];
  for (;;) {
    const next = choose(pieces);
    if (!next) return [...frames, { pieces, pair: null, rank: 0, times: 0 }];
    const starts = pieces.map((parts) => startsOf(parts, next.pair));
    const times = starts.reduce((sum, found) => sum + found.length, 0);
    frames.push({ pieces, times, ...next });
    pieces = pieces.map((parts, i) => merged(parts, starts[i]));
  }
}

/** Every two parts that stand next to each other in a piece. */
function* neighbours(pieces) {
  for (const parts of pieces) for (let i = 0; i + 1 < parts.length; i++) yield [parts[i], parts[i + 1]];
}

/** Where a pair begins in a piece, from left to right; in "aaa", a + a is found once. @returns {number[]} */
export function startsOf(parts, [a, b]) {
  const starts = [];
  for (let i = 0; i + 1 < parts.length; i++) {
    if (parts[i] !== a || parts[i + 1] !== b) continue;
    starts.push(i);
    i++;
  }
  return starts;
}

function merged(parts, starts) {
  const ends = new Set(starts.map((i) => i + 1));
  const isStart = new Set(starts);
  return parts.flatMap((part, i) => {
    if (ends.has(i)) return [];
    return isStart.has(i) ? [part + parts[i + 1]] : [part];
  });
}
