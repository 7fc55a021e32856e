/**
 * How a text that the model writes departs from what follows from its seed. A branch is a list of decisions, in
 * the order of the tokens, counted from the first one that the model wrote:
 *   { at: 12, id: 345 }   token 12 is the one with this id
 *   { at: 30, seed: 2 }   from token 30 on, the random numbers are those of another seed
 * In the address it reads 12t345.30s2.
 *
 *   const branch = take(parseBranch("12t345.30s2"), 20, 7);      // 12t345.20t7: what came later is gone
 *
 * @typedef {{ at: number, id?: number, seed?: number }} Decision
 */

/** @param {string} text @returns {Decision[] | undefined} undefined for what is no branch */
export function parseBranch(text) {
  const parts = text === "" ? [] : text.split(".").map((part) => /^(\d{1,6})([ts])(\d{1,10})$/.exec(part));
  if (parts.includes(null)) return undefined;
  const decisions = parts.map(([, at, kind, value]) =>
    kind === "t" ? { at: Number(at), id: Number(value) } : { at: Number(at), seed: Number(value) },
  );
  const isInOrder = decisions.every(({ at }, i) => i === 0 || decisions[i - 1].at <= at);
  return isInOrder ? decisions : undefined;
}

/** @param {Decision[]} branch */
export const formatBranch = (branch) =>
  branch.map(({ at, id, seed }) => (id === undefined ? `${at}s${seed}` : `${at}t${id}`)).join(".");

/** Another token at a place; what had been decided from there on is gone. */
export const take = (branch, at, id) => [...before(branch, at), { at, id }];

/** Other random numbers from a place on. */
export const reroll = (branch, at, seed) => [...before(branch, at), { at, seed }];

const before = (branch, at) => branch.filter((one) => one.at < at);

/** The number of tokens that two branches have in common. */
export function commonLength(one, other) {
  const i = one.findIndex((decision, k) => !isSame(decision, other[k]));
  const differing = i < 0 ? [other[one.length]] : [one[i], other[i]];
  return Math.min(...differing.filter(Boolean).map(({ at }) => at), Infinity);
}

const isSame = (a, b) => Boolean(b) && a.at === b.at && a.id === b.id && a.seed === b.seed;
