/**
 * How much of a text has stood in it before: an estimate, by the hashes of its passages.
 *
 *   await repeatedFraction(text)     // 0.62
 *
 * Of every passage that begins at a multiple of GRID, the hash is kept; the passage at each character is then looked
 * for among those before it. Every copy of more than PASSAGE + GRID characters is found.
 */
const PASSAGE = 60; // characters: shorter ones come up twice by chance
const GRID = 16;
const PART = 250_000; // characters until the page gets its turn
const BASE = 0x01000193;

/**
 * @param {string} text @param {() => Promise<void>} [pause] called now and then
 * @returns {Promise<number>} from 0 to 1
 */
export async function repeatedFraction(text, pause = async () => {}) {
  if (text.length < 2 * PASSAGE) return 0;
  const known = new HashSet(Math.ceil(text.length / GRID));
  const dropped = power(BASE, PASSAGE); // the weight of the character that leaves the passage
  let hash = 0;
  let repeated = 0;
  let coveredUntil = 0;
  for (let end = 0; end < text.length; end++) {
    hash = (Math.imul(hash, BASE) + text.charCodeAt(end) + 1) | 0;
    const start = end + 1 - PASSAGE;
    if (start < 0) continue;
    if (start > 0) hash = (hash - Math.imul(dropped, text.charCodeAt(start - 1) + 1)) | 0;
    const passage = mixed(hash);
    if (known.has(passage)) {
      repeated += end + 1 - Math.max(start, coveredUntil);
      coveredUntil = end + 1;
    }
    if (start % GRID === 0) known.add(passage);
    if (end % PART === PART - 1) await pause();
  }
  return repeated / text.length;
}

function power(base, n) {
  let product = 1;
  for (let i = 0; i < n; i++) product = Math.imul(product, base);
  return product;
}

/** The same hash with its bits well mixed, and never 0. */
function mixed(hash) {
  const bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (bits ^ (bits >>> 13)) | 0 || 1;
}

/** Whole numbers of 32 bits, except 0: faster than a Set, and smaller. */
class HashSet {
  constructor(n) {
    this.mask = 2 ** Math.ceil(Math.log2(2 * n + 2)) - 1;
    this.slots = new Int32Array(this.mask + 1);
  }

  slotOf(hash) {
    let slot = hash & this.mask;
    while (this.slots[slot] && this.slots[slot] !== hash) slot = (slot + 1) & this.mask;
    return slot;
  }

  has(hash) {
    return this.slots[this.slotOf(hash)] !== 0;
  }

  add(hash) {
    this.slots[this.slotOf(hash)] = hash;
  }
}
