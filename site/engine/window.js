/** What the window model sees: the last tokens, however far the text goes back. */

/** So many tokens. */
export const WINDOW = 10;

/** For each token, it and those before it: WINDOW ids; where there are none, `none`. */
export function lastTokens(ids, T, none) {
  const found = new Int32Array(ids.length * WINDOW);
  for (let row = 0; row < ids.length; row++) {
    for (let i = 0; i < WINDOW; i++) found[row * WINDOW + i] = row % T < i ? none : ids[row - i];
  }
  return found;
}
