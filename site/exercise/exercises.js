/**
 * What is to be typed, what helps with it, and the mistakes that everybody makes once. The stages
 * are those of judge.py; the last one is added by worker.js.
 */

/** What each stage of judge.py is about, as it stands in the list. */
export const STAGES = {
  "its layers": "It has its three layers",
  "it runs": "It runs, and returns two things",
  shapes: "Both results have the right shape",
  numbers: "All of it is numbers",
  rows: "Each row sums to one",
  "the future": "No look at the future",
  "the scale": "The right scores, scaled",
  "the values": "The values are mixed",
  "other sizes": "Other sizes work, too",
  "in the model": "PyTorch’s numbers, inside the model",
};

/** A larger hint for whoever is stuck at a stage. */
const HINTS = {
  "its layers": "nn.Linear(n_embd, head_size, bias=False) makes one such layer. All three are made in "
    + "__init__ and kept: self.query = …, self.key = …, self.value = …",
  "it runs": "In words: compare each query with each key (q @ k, with the last two dimensions of k "
    + "exchanged), divide, hide what comes later, softmax along each row, and mix the values with that. "
    + "Two things are returned: the mixture, and the weights of it.",
  shapes: "q is (…, T, D), and k.transpose(-2, -1) is (…, D, T), so their product is (…, T, T): a row for "
    + "each token that looks, a column for each that is looked at. That times v, (…, T, D), is (…, T, D).",
  numbers: "A score that must not count becomes minus infinity before softmax, and in each row at least "
    + "one has to be left: that of the token itself. triu(1) begins one above the diagonal, triu(0) on "
    + "it. And 0 times infinity is no number: fill it in with masked_fill.",
  rows: "Row t says how token t shares out its attention. softmax(dim=-1) runs along the rows and makes "
    + "each sum to one; so whatever hides something has to come before it.",
  "the future": "torch.ones(T, T).triu(1).bool() is a table that is true above the diagonal, where the "
    + "column comes later than the row. scores.masked_fill(table, -math.inf), before softmax, hides that.",
  "the scale": "D is q.shape[-1]. A score is a sum of D products, so scores are divided by the root of "
    + "D, before softmax: / D**0.5.",
  "the values": "What token t takes over is a mixture of all values, with the shares in row t: weights @ v.",
  "other sizes": "No size may be written as a number: T, D = q.shape[-2:] takes them from the text.",
  "in the model": "What is right on random numbers should be right here, too. Does your code keep "
    + "something from one call to the next?",
};

/** Larger hints for errors that need another one than their stage: the first that matches. */
const ERRORS = [
  [/first two dimensions of batch2|cannot be multiplied/, "@ multiplies matrices: the last size of the left "
    + "one has to be the last but one of the right one. k.transpose(-2, -1) is k with its last two sizes "
    + "exchanged."],
  [/size of tensor a/, "Sizes of two tensors are compared from the right. They have to be the same, or one "
    + "of them 1, which is then repeated."],
  [/name '.*' is/, "Nothing of this name was made before this line. Functions of PyTorch are called with "
    + "torch. in front; T and D come from T, D = q.shape[-2:]."],
];

/** The larger hint for a stage, and what was said of it. */
export const hintFor = (stage, says) => ERRORS.find(([words]) => words.test(says))?.[1] ?? HINTS[stage];

const ATTENTION = `import math
import torch


def attention(q, k, v):
    """What each token takes over from itself and those before."""
    # q, k, v: (B, H, T, D), B texts, H heads, T tokens, D numbers
    # Return two things:
    #   what each token takes over,      (B, H, T, D)
    #   and the weights of that mixture, (B, H, T, T)
    `;

const HEAD = `import math
import torch
import torch.nn as nn


class Head(nn.Module):
    """One head, with the three layers that make its q, k, v."""

    def __init__(self, n_embd, head_size):
        super().__init__()
        # self.query, self.key, self.value: linear layers,
        # each from n_embd numbers to head_size, without a bias

    def forward(self, x):
        """What each token takes over from itself and those before."""
        # x: (B, T, n_embd), B texts, T tokens
        # Return two things:
        #   what each token takes over,      (B, T, head_size)
        #   and the weights of that mixture, (B, T, T)
        `;

const RIGHT = `import math
import torch


def attention(q, k, v):
    D = q.shape[-1]
    scores = q @ k.transpose(-2, -1) / D**0.5
    later = torch.ones_like(scores).triu(1) > 0
    hidden = scores.masked_fill(later, -math.inf)
    weights = hidden.softmax(dim=-1)
    return weights @ v, weights
`;

const RIGHT_HEAD = `import math
import torch
import torch.nn as nn


class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        D = q.shape[-1]
        scores = q @ k.transpose(-2, -1) / D**0.5
        later = torch.ones_like(scores).triu(1) > 0
        hidden = scores.masked_fill(later, -math.inf)
        weights = hidden.softmax(dim=-1)
        return weights @ v, weights
`;

/** What can be typed. `defines`: the name that the source has to define; `stages`: in their order. */
export const EXERCISES = {
  attention: {
    title: "The function attention(q, k, v)", defines: "attention", start: ATTENTION, answer: RIGHT,
    stages: Object.keys(STAGES).slice(1),
  },
  head: {
    title: "The whole class Head", defines: "Head", start: HEAD, answer: RIGHT_HEAD,
    stages: Object.keys(STAGES),
  },
};

/** The right function with a piece of it replaced. */
function instead(old, mistaken) {
  if (!RIGHT.includes(old)) throw new RangeError(`The right head does not have ${old}`);
  return RIGHT.replace(old, mistaken);
}

const rose = ({ loss, ownLoss }) => loss - ownLoss;

const HOW_UNSURE = "How unsure does the model become, on a text that it never learned from?";

/** What may become of it: choices for more than one mistake. */
const UNSURE = [
  { says: "A little more: as among at most twice as many tokens", holds: (m) => rose(m) <= Math.LN2 },
  { says: "Much more, though it stays better than blind guessing",
    holds: (m) => rose(m) > Math.LN2 && m.loss < m.guessing },
  { says: "It becomes as bad as blind guessing, or worse",
    holds: (m) => !(rose(m) <= Math.LN2 || m.loss < m.guessing) },
];

/**
 * Mistakes to guess at: three choices each, of which `holds` finds the one that comes true, from what
 * was measured (see `measured` in worker.js).
 */
export const MISTAKES = [
  {
    name: "The scale forgotten",
    code: instead(" / D**0.5", ""),
    why: "The scores are used as they come, without dividing by the root of D.",
    asks: "What do the rows of its map look like?",
    choices: [
      { says: "Paler: each token looks at more of the others", holds: (m) => m.spread > m.ownSpread + 0.1 },
      { says: "Peaky: more of each row lies on a single token", holds: (m) => m.spread < m.ownSpread - 0.1 },
      { says: "As before", holds: (m) => Math.abs(m.spread - m.ownSpread) <= 0.1 },
    ],
    because: "Without the root of D the scores are larger, and softmax makes the largest of them nearly "
      + "everything.",
    told: (m) => `A row spreads over ${among(m.spread)} equal tokens instead of ${among(m.ownSpread)}.`,
  },
  {
    name: "The mask forgotten",
    code: instead("scores.masked_fill(later, -math.inf)", "scores"),
    why: "Every token sees the whole text, also what comes after it. The model was trained with a mask.",
    asks: "How sure is it then, on a text that it never learned from?",
    choices: [
      { says: "Surer: each token can look up what follows", holds: (m) => rose(m) < -0.05 },
      { says: "As sure as before: no head would look there", holds: (m) => Math.abs(rose(m)) <= 0.05 },
      { says: "Less sure: no head has learned what to do with a future",
        holds: (m) => !(rose(m) <= 0.05) },
    ],
    because: "In training a head never saw a future. It gives shares to tokens that it has not learned to "
      + "choose from, and what comes out is a mixture that the layers behind it do not know.",
    told: unsure,
  },
  {
    name: "The mask after softmax",
    code: instead("    hidden = scores.masked_fill(later, -math.inf)\n    weights = hidden.softmax(dim=-1)\n",
                  "    weights = scores.softmax(dim=-1).masked_fill(later, 0)\n"),
    why: "Later tokens are hidden, but only when the shares have been given out already.",
    asks: "The first token sees only itself. How much of its attention is left in its row?",
    choices: [
      { says: "All of it: 100 %", holds: (m) => m.firstRow > 0.99 },
      { says: "Half of it or more", holds: (m) => m.firstRow >= 0.5 && m.firstRow <= 0.99 },
      { says: "Less than half", holds: (m) => m.firstRow < 0.5 },
    ],
    because: "The shares were given to later tokens, too, and then taken away: what is left in a row does "
      + "not sum to one, and each token takes over too little.",
    told: (m) => `In the head above, its row sums to ${(100 * m.firstRow).toFixed(1)} %. ${unsure(m)}`,
  },
  {
    name: "Softmax along the columns",
    code: instead("softmax(dim=-1)", "softmax(dim=-2)"),
    why: "dim=-2 instead of dim=-1: now each token that is looked at has 100 % to hand out.",
    asks: HOW_UNSURE,
    choices: UNSURE,
    because: "The rows do not sum to one any more: some tokens take over too much, and others hardly "
      + "anything.",
    told: unsure,
  },
  {
    name: "A mask that hides the token itself",
    code: instead("triu(1)", "triu(0)"),
    why: "The diagonal is hidden, too, so that the first token may look at nobody at all.",
    asks: "What does softmax make of a row that is all minus infinity?",
    choices: [
      { says: "Zeros: it looks nowhere", holds: (m) => m.isFinite && m.firstRow < 0.01 },
      { says: "Equal shares", holds: (m) => m.isFinite && m.firstRow >= 0.01 },
      { says: "NaN, which is not a number", holds: (m) => !m.isFinite },
    ],
    because: "Nothing divided by nothing is NaN, and whatever it meets becomes NaN, too.",
    told: unsure,
  },
  {
    name: "Queries and keys exchanged",
    code: instead("q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)"),
    why: "Each token now asks with its key, and is found by its query.",
    asks: HOW_UNSURE,
    choices: UNSURE,
    because: "To ask and to answer are two roles, and each has weights of its own. Exchanged, most tokens "
      + "find something else than what they looked for.",
    told: unsure,
  },
  {
    name: "An average instead of attention",
    code: instead(" / D**0.5", " * 0"),
    why: "All scores are 0, so that each token takes over the same share of all it may see.",
    asks: `The model keeps its other layers, and all it knows about single tokens. ${HOW_UNSURE}`,
    choices: UNSURE,
    because: "What is left of the text is a blur of all its tokens. Which of them matters is what the heads "
      + "had learned.",
    told: unsure,
  },
];

const among = (nats) => Math.exp(nats).toFixed(1);

function unsure({ loss, ownLoss, guessing }) {
  if (!Number.isFinite(loss)) return "Its loss is NaN, and no token can be chosen any more.";
  return `It is as unsure as among ${among(loss)} tokens instead of ${among(ownLoss)} (a loss of ${
    loss.toFixed(2)} nats instead of ${ownLoss.toFixed(2)}). Blind guessing is among ${
    Math.round(Math.exp(guessing))}.`;
}
