/**
 * A text of any length, read by a model that sees only so many tokens at once: window by window, each of which
 * overlaps the one before by half, so that every token but the first ones is predicted from at least half a
 * context.
 *
 *   for await (const { from, p, best, bestP } of scores(model, ids, start)) …    // tokens `from`, from + 1, …
 */

/**
 * The windows of a text: tokens `from` up to `to` are in it, and those from `first` on are predicted there.
 * @param {number} length of the text, in tokens
 * @param {number} room the tokens of the text that a window has room for
 * @param {boolean} hasStart whether a token stands before the text, so that its first one can be predicted
 */
export function windowsOf(length, room, hasStart) {
  const step = Math.max(1, Math.floor(room / 2));
  const windows = [];
  for (let first = hasStart ? 0 : 1; first < length;) {
    const from = windows.length ? first - (room - step) : 0;
    const to = Math.min(length, from + room);
    windows.push({ from, to, first });
    first = to;
  }
  return windows;
}

/**
 * @param {import("./model.js").LiveModel} model
 * @param {number[]} ids of the text
 * @param {number[]} start what stands before it: the end token, or nothing
 * @param {AbortSignal} [signal]
 */
export async function* scores(model, ids, start, signal) {
  const { n_ctx } = model.run.manifest.settings;
  for (const { from, to, first } of windowsOf(ids.length, n_ctx - start.length, start.length > 0)) {
    const given = [...start, ...ids.slice(from, to)];
    const { p, best, bestP } = await model.score(given, { signal });
    const skipped = first - from + start.length - 1; // of what is predicted: each but the first that is given
    yield { from: first, p: p.slice(skipped), best: best.slice(skipped), bestP: bestP.slice(skipped) };
  }
}

/**
 * How well a model predicts what follows a beginning: bits a token on average; null if nothing follows.
 * @param {import("./model.js").LiveModel} model
 * @param {number[]} promptIds at least one @param {{ id: number }[]} text
 * @param {AbortSignal} [signal]
 * @returns {Promise<?number>}
 */
export async function bitsPerToken(model, promptIds, text, signal) {
  if (!text.length) return null;
  const ids = [...promptIds, ...text.map(({ id }) => id)];
  let bits = 0;
  for await (const { from, p } of scores(model, ids, [], signal)) {
    for (const [i, one] of p.entries()) {
      if (from + i >= promptIds.length) bits -= Math.log2(Math.max(one, Number.MIN_VALUE));
    }
  }
  return bits / text.length;
}

const WORDS = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu;
const LONGEST = 30; // characters of a word: what is longer is of a language without spaces

/**
 * The tokens of a text in groups: those that make up a word, and each other one alone.
 * @param {string[]} tokens
 * @returns {{ from: number, to: number, word: ?string }[]} token `from` up to `to`
 */
export function wordGroups(tokens) {
  const words = [...tokens.join("").matchAll(WORDS)].filter((found) => found[0].length <= LONGEST);
  const groups = [];
  let at = 0; // of a word
  let start = 0; // of a token, in characters
  for (const [i, token] of tokens.entries()) {
    while (at < words.length && words[at].index + words[at][0].length <= start) at++;
    const word = words[at];
    const isInWord = word !== undefined && word.index < start + token.length;
    const isSameWord = isInWord && groups.at(-1)?.index === word.index;
    if (isSameWord) groups.at(-1).to = i + 1;
    else
      groups.push({
        from: i,
        to: i + 1,
        word: isInWord ? word[0] : null,
        index: isInWord ? word.index : null,
      });
    start += token.length;
  }
  return groups.map(({ from, to, word: found }) => ({ from, to, word: found }));
}

/**
 * The places of a text that surprised a model most, the worst first: words, with the bits of all their tokens, and
 * what is no word. At most a third of the text, or nothing would stand out.
 * @param {string[]} tokens @param {(number | null)[]} p of each token; null where nothing predicts it
 * @param {number} most
 * @returns {{ from: number, to: number, word: ?string, bits: number, worst: number }[]} worst: its worst token
 */
export function mostSurprising(tokens, p, most) {
  const bits = p.map((one) => (one === null ? null : -Math.log2(Math.max(one, Number.MIN_VALUE))));
  const places = [];
  for (const group of wordGroups(tokens)) {
    const place = { ...group, bits: 0, worst: -1 };
    for (let i = group.from; i < group.to; i++) {
      if (bits[i] === null) continue;
      place.bits += bits[i];
      if (place.worst < 0 || bits[i] > bits[place.worst]) place.worst = i;
    }
    if (place.worst >= 0) places.push(place);
  }
  const n = Math.min(most, Math.ceil(places.length / 3));
  return places.sort((a, b) => b.bits - a.bits).slice(0, n);
}
