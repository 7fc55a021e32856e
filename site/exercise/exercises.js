/**
 * What to write, hints, and famous mistakes. The stages are those of judge.py; worker.js adds the
 * last one.
 */

/** What each stage of judge.py checks, as the list shows it. */
export const STAGES = {
  "its layers": "It has its three layers",
  "it runs": "It runs and returns two things",
  shapes: "Both results have the right shape",
  numbers: "No NaN and no infinity",
  rows: "Each row sums to one",
  "the future": "No peeking at the future",
  "the scale": "The right scores, scaled",
  "the values": "The values are mixed",
  "other sizes": "It works for other sizes, too",
  "in the model": "PyTorch’s numbers, inside the model",
};

/** A larger hint for somebody who is stuck at a stage. */
const HINTS = {
  "its layers": "nn.Linear(n_embd, head_size, bias=False) makes one such layer. All three are made in "
    + "__init__ and stored: self.query = …, self.key = …, self.value = …",
  "it runs": "In words: compare each query with each key (q @ k, with the last two dimensions of k "
    + "swapped), divide, hide what comes later, apply softmax along each row, and mix the values with the "
    + "result. Return two things: the mixture and its weights.",
  shapes: "q is (…, T, D), and k.transpose(-2, -1) is (…, D, T), so their product is (…, T, T): a row for "
    + "each token that looks, a column for each that is looked at. Weights of that shape times v, (…, T, D), "
    + "give (…, T, D).",
  numbers: "Set a score that must not count to minus infinity before softmax, but leave at least one score "
    + "in each row: that of the token itself. triu(1) starts one above the diagonal, triu(0) on the "
    + "diagonal. And 0 times infinity is NaN: use masked_fill instead.",
  rows: "Row t says how token t divides its attention. softmax(dim=-1) runs along the rows and makes "
    + "each sum to one, so anything that hides a score has to come before it.",
  "the future": "torch.ones(T, T).triu(1).bool() is a table that is true above the diagonal, where the "
    + "column comes later than the row. scores.masked_fill(table, -math.inf), before softmax, hides those.",
  "the scale": "D is q.shape[-1]. A score is a sum of D products, so divide the scores by the square "
    + "root of D before softmax: / D**0.5.",
  "the values": "What token t gathers is a mixture of all values, with the weights in row t: weights @ v.",
  "other sizes": "Do not write any size as a number: T, D = q.shape[-2:] takes them from the tensor.",
  "in the model": "What is right on random numbers should be right here, too. Does your code "
    + "remember something from one call to the next?",
};

/** Larger hints for some errors, whatever their stage: the first that matches. */
const ERRORS = [
  [/first two dimensions of batch2|cannot be multiplied/, "@ multiplies matrices: the last size of the left "
    + "one has to equal the second-to-last size of the right one. k.transpose(-2, -1) is k with its last two "
    + "dimensions swapped."],
  [/size of tensor a/, "The sizes of two tensors are compared from the right. They have to be equal, or one "
    + "of them has to be 1, which is then repeated."],
  [/name '.*' is/, "Nothing with this name was defined before this line. Functions of PyTorch need "
    + "torch. in front; T and D come from T, D = q.shape[-2:]."],
];

/** The larger hint for a stage and what was said about it. */
export const hintFor = (stage, says) => ERRORS.find(([words]) => words.test(says))?.[1] ?? HINTS[stage];

const ATTENTION = `import math
import torch


def attention(q, k, v):
    """What each token gathers from itself and those before it."""
    # q, k, v: (B, H, T, D), B texts, H heads, T tokens, D numbers
    # Return two things:
    #   what each token gathers,         (B, H, T, D)
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
        """What each token gathers from itself and those before it."""
        # x: (B, T, n_embd), B texts, T tokens
        # Return two things:
        #   what each token gathers,         (B, T, head_size)
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

/** What can be written. `defines`: the name that the source has to define; `stages`: in their order. */
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

const HOW_UNSURE = "How unsure does the model become, on a text it never learned from?";

/** What may happen: choices for more than one mistake. */
const UNSURE = [
  { says: "A little more unsure: at most twice as many options", holds: (m) => rose(m) <= Math.LN2 },
  { says: "Much more unsure, but still better than blind guessing",
    holds: (m) => rose(m) > Math.LN2 && m.loss < m.guessing },
  { says: "As bad as blind guessing, or worse",
    holds: (m) => !(rose(m) <= Math.LN2 || m.loss < m.guessing) },
];

/**
 * Mistakes to guess at: three choices each; `holds` says which one comes true, given what was
 * measured (see `measured` in worker.js).
 */
export const MISTAKES = [
  {
    name: "The forgotten scale",
    code: instead(" / D**0.5", ""),
    why: "The scores are used as they are, without dividing by the square root of D.",
    asks: "What do the rows of its map look like?",
    choices: [
      { says: "Paler: each token looks at more of the others", holds: (m) => m.spread > m.ownSpread + 0.1 },
      { says: "Peakier: more of each row lies on a single token", holds: (m) => m.spread < m.ownSpread - 0.1 },
      { says: "The same as before", holds: (m) => Math.abs(m.spread - m.ownSpread) <= 0.1 },
    ],
    because: "Without the square root of D the scores are larger, and softmax gives nearly everything to "
      + "the largest of them.",
    told: (m) => `A row is spread over ${among(m.spread)} tokens instead of ${among(m.ownSpread)}.`,
  },
  {
    name: "The forgotten mask",
    code: instead("scores.masked_fill(later, -math.inf)", "scores"),
    why: "Every token sees the whole text, even what comes after it. The model was trained with a mask.",
    asks: "How sure is the model now, on a text it never learned from?",
    choices: [
      { says: "Surer: each token can look up what follows", holds: (m) => rose(m) < -0.05 },
      { says: "As sure as before: no head would look there", holds: (m) => Math.abs(rose(m)) <= 0.05 },
      { says: "Less sure: no head has learned what to do with a future",
        holds: (m) => !(rose(m) <= 0.05) },
    ],
    because: "In training a head never saw the future. Here it gives weight to tokens that it never learned to "
      + "choose from, and its result is a mixture that later layers have never seen.",
    told: unsure,
  },
  {
    name: "The mask after softmax",
    code: instead("    hidden = scores.masked_fill(later, -math.inf)\n    weights = hidden.softmax(dim=-1)\n",
                  "    weights = scores.softmax(dim=-1).masked_fill(later, 0)\n"),
    why: "Later tokens are hidden, but only after the attention has been handed out.",
    asks: "The first token sees only itself. How much of its attention is left in its row?",
    choices: [
      { says: "All of it: 100%", holds: (m) => m.firstRow > 0.99 },
      { says: "Half of it or more", holds: (m) => m.firstRow >= 0.5 && m.firstRow <= 0.99 },
      { says: "Less than half", holds: (m) => m.firstRow < 0.5 },
    ],
    because: "Attention that went to later tokens was then taken away: what is left in a row does not sum to "
      + "one, and each token gathers too little.",
    told: (m) => `In the head above, its row sums to ${(100 * m.firstRow).toFixed(1)}%. ${unsure(m)}`,
  },
  {
    name: "Softmax along the columns",
    code: instead("softmax(dim=-1)", "softmax(dim=-2)"),
    why: "dim=-2 instead of dim=-1: now each token that is looked at has 100% to hand out.",
    asks: HOW_UNSURE,
    choices: UNSURE,
    because: "The rows no longer sum to one: some tokens gather too much, and others hardly "
      + "anything.",
    told: unsure,
  },
  {
    name: "A mask that hides the token itself",
    code: instead("triu(1)", "triu(0)"),
    why: "The diagonal is hidden, too, so the first token has nothing left to look at.",
    asks: "What does softmax make of a row that is all minus infinity?",
    choices: [
      { says: "Zeros: it looks nowhere", holds: (m) => m.isFinite && m.firstRow < 0.01 },
      { says: "Equal weights", holds: (m) => m.isFinite && m.firstRow >= 0.01 },
      { says: "NaN, which is not a number", holds: (m) => !m.isFinite },
    ],
    because: "Zero divided by zero is NaN, and everything it touches becomes NaN, too.",
    told: unsure,
  },
  {
    name: "Queries and keys swapped",
    code: instead("q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)"),
    why: "Each token now asks with its key and is found by its query.",
    asks: HOW_UNSURE,
    choices: UNSURE,
    because: "Asking and being found are two roles, and each has its own weights. With the two swapped, most "
      + "tokens find something other than what they were looking for.",
    told: unsure,
  },
  {
    name: "An average instead of attention",
    code: instead(" / D**0.5", " * 0"),
    why: "All scores are 0, so each token gathers the same amount of everything it can see.",
    asks: `The model keeps its other layers, and everything it knows about single tokens. ${HOW_UNSURE}`,
    choices: UNSURE,
    because: "All that is left of the text is a blur of its tokens. Which of them matter is what the heads "
      + "had learned.",
    told: unsure,
  },
];

const among = (nats) => Math.exp(nats).toFixed(1);

function unsure({ loss, ownLoss, guessing }) {
  if (!Number.isFinite(loss)) return "Its loss is NaN, and no token can be chosen any more.";
  return `It is now as unsure as among ${among(loss)} equal options instead of ${among(ownLoss)} (a loss of ${
    loss.toFixed(2)} nats instead of ${ownLoss.toFixed(2)}). Blind guessing is among ${
    Math.round(Math.exp(guessing))}.`;
}
