/**
 * What repeats itself in a text.
 *
 *   repeated(["ab", "c", "x", "ab", "c"], 3)     // [false, false, false, true, true]
 */

const LEAST = 12; // characters: a shorter stretch may come up twice by chance

/**
 * Which tokens of a text stand in a stretch that began earlier in it, too.
 * @param {ArrayLike<string>} tokens @param {number} [least] characters that such a stretch has at least
 * @returns {boolean[]}
 */
export function repeated(tokens, least = LEAST) {
  const found = Array(tokens.length).fill(false);
  for (let start = 1; start < tokens.length; start++) {
    for (let earlier = 0; earlier < start; earlier++) {
      const n = commonTokens(tokens, earlier, start, least);
      found.fill(true, start, start + n);
    }
  }
  return found;
}

/** How many tokens are the same from two places on; 0 if they have fewer than `least` characters. */
function commonTokens(tokens, earlier, start, least) {
  let n = 0;
  let characters = 0;
  while (start + n < tokens.length && tokens[earlier + n] === tokens[start + n]) {
    characters += tokens[start + n].length;
    n++;
  }
  return characters < least ? 0 : n;
}
