/**
 * How many multiplications a forward pass takes, as train.py and the engine compute it. Additions, norms and powers
 * are left out: there are far fewer of them, or they cost less.
 *
 * @typedef {{ n_layer: number, n_embd: number, n_ff: number }} Shape
 */

/**
 * In attention, for a text of n tokens: each token meets itself and all before it, n (n + 1) / 2 pairs, once to
 * compare query and key, and once to fetch a value. @param {Shape} shape @param {number} n
 */
export const attentionWork = ({ n_layer, n_embd }, n) => n_layer * n_embd * n * (n + 1);

/** In all matrices of the layers, for each token. @param {Shape} shape */
const workOfToken = ({ n_layer, n_embd, n_ff }) => n_layer * (4 * n_embd ** 2 + 2 * n_embd * n_ff);

/** In everything but attention, for a text of n tokens and the guess that follows it. */
export const otherWork = (shape, n, vocabSize) => n * workOfToken(shape) + shape.n_embd * vocabSize;

/** The length from which on attention takes more work than all the matrices of the layers. */
export const evenLength = ({ n_embd, n_ff }) => 4 * n_embd + 2 * n_ff - 1;
