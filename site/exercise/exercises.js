/** What to write, in three ways, and larger hints. The answers are in answers.js, famous mistakes in mistakes.js. */

/** The stages of judge.py, and the last one of worker.js, as the list shows them. */
export const STAGES = {
  layers: "It has its three layers",
  runs: "It runs and returns two things",
  shape: "Both results have the right shape",
  finite: "No NaN and no infinity",
  row_sums: "Each row sums to one",
  causal_mask: "No peeking at the future",
  whole_past: "The whole past is seen",
  scale: "The right scores, scaled",
  weighted_sum: "The values are mixed",
  other_sizes: "It works for other sizes, too",
  in_model: "PyTorch’s numbers, inside the model",
};

/** Larger hints, by the `hint` of a mistake: a stage, or a kind of error. */
export const HINTS = {
  layers:
    "nn.Linear(n_embd, head_size, bias=False) makes one such layer. All three are made in " +
    "__init__ and stored: self.query = …, self.key = …, self.value = …",
  runs:
    "In words: compare each query with each key (q @ k, with the last two dimensions of k " +
    "swapped), divide, hide what comes later, apply softmax along each row, and mix the values with the " +
    "result. Return two things: the mixture and its weights.",
  shape:
    "q is (…, T, D), and k.transpose(-2, -1) is (…, D, T), so their product is (…, T, T): a row for " +
    "each token that looks, a column for each that is looked at. Weights of that shape times v, (…, T, D), " +
    "give (…, T, D).",
  finite:
    "Set a score that must not count to minus infinity before softmax, but leave at least one score " +
    "in each row: that of the token itself. triu(1) starts one above the diagonal, triu(0) on the " +
    "diagonal. And 0 times infinity is NaN: use masked_fill instead.",
  row_sums:
    "Row t says how token t divides its attention. softmax(dim=-1) runs along the rows and makes " +
    "each sum to one, so anything that hides a score has to come before it.",
  causal_mask:
    "torch.ones(T, T).triu(1).bool() is a table that is true above the diagonal, where the " +
    "column comes later than the row. scores.masked_fill(table, -math.inf), before softmax, hides those.",
  whole_past:
    "torch.ones(T, T).triu(1).bool() marks what comes later, and nothing else: everything below the " +
    "diagonal, and the diagonal itself, has to keep its score.",
  scale:
    "D is q.shape[-1]. A score is a sum of D products, so divide the scores by the square " +
    "root of D before softmax.",
  weighted_sum:
    "What token t gathers is a mixture of all values, with the weights in row t. One product of two matrices does " +
    "that for all tokens: each row of the left one mixes the rows of the right one.",
  blank:
    "A blank takes a piece of Python that computes something out of names from the lines above it. Weights are " +
    "parts of a whole; and what a token gathers is a mixture of values.",
  order:
    "A line can only use what a line above it has made. Look at the names on its right side: which line makes each " +
    "of them?",
  other_sizes: "Do not write any size as a number: T, D = q.shape[-2:] takes them from the tensor.",
  in_model:
    "What is right on random numbers should be right here, too. Does your code remember " +
    "something from one call to the next, or change x, which all heads of a layer read?",
  reshaped:
    "transpose moves each number to another place; view and reshape read all numbers in the same order as " +
    "before, and only cut them into other rows. Whole queries have to meet whole keys: k.transpose(-2, -1) keeps " +
    "each key in one piece, as a column.",
  zeros:
    "scores.masked_fill(table, -math.inf), before softmax, leaves later tokens nothing: e to the power of " +
    "minus infinity is 0.",
  finite_mask:
    "Use -math.inf in place of a number such as -100. If it has to be a number, torch.finfo(q.dtype).min is " +
    "the lowest that there is.",
  zero_score:
    "Make the table of what is later out of positions, torch.ones(T, T).triu(1).bool(), and hide what it " +
    "marks: scores.masked_fill(table, -math.inf).",
  turned:
    "q and k are (B, H, T, D). Only T and D are to be swapped, and they are the last two dimensions: " +
    "k.transpose(-2, -1), or k.mT.",
  one_number:
    "Nearly everything in math has a twin in torch that works on each number of a tensor: torch.exp(x), " +
    "torch.sqrt(x), torch.where(table, a, b). Of a single number, math.sqrt(D) is fine.",
  endless:
    "A function that calls itself has to stop at some point. Did another function get the same name, such as " +
    "softmax or attention? Then calling the first one runs the second.",
  matmul_shapes:
    "@ multiplies matrices: the last size of the left one has to equal the second-to-last " +
    "size of the right one. k.transpose(-2, -1) is k with its last two dimensions swapped.",
  broadcast_shapes:
    "The sizes of two tensors are compared from the right. They have to be equal, or one " +
    "of them has to be 1, which is then repeated.",
  undefined_name:
    "Nothing with this name was defined before this line. Functions of PyTorch need " +
    "torch. in front; T and D come from T, D = q.shape[-2:].",
};

const ATTENTION = `import math
import torch


def attention(q, k, v):
    """What each token gathers."""
    # q, k and v are (B, H, T, D):
    # texts, heads, tokens, numbers.
    # Return the mixture, (B, H, T, D),
    # and its weights, (B, H, T, T).
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
        """What each token gathers."""
        # x is (B, T, n_embd):
        # texts, tokens, numbers.
        # Return the mixture, (B, T, head_size),
        # and its weights, (B, T, T).
        `;

// To put in order: they stand in the order of the alphabet.
const LINES = [
  "D = q.shape[-1]",
  "hidden = scores.masked_fill(later, -math.inf)",
  "later = torch.ones_like(scores).triu(1) > 0",
  "return weights @ v, weights",
  "scores = q @ k.transpose(-2, -1) / D**0.5",
  "weights = hidden.softmax(dim=-1)",
];

const LINES_OF_HEAD = [
  ...LINES.slice(0, 3),
  "q, k, v = self.query(x), self.key(x), self.value(x)",
  ...LINES.slice(3),
];

const ABOVE = `import math
import torch


def attention(q, k, v):
`;

const ABOVE_IN_HEAD = `import math
import torch
import torch.nn as nn


class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x):
`;

const BLANKS = `    width = q.shape[-1]
    fits = q @ k.transpose(-2, -1) / width**0.5
    powers = fits.exp().tril()
    sums = powers.sum(dim=-1, keepdim=True)
    shares = ____
    return ____, shares
`;

const BLANKS_OF_HEAD = `        q, k, v = self.query(x), self.key(x), self.value(x)
${BLANKS.replaceAll(/^/gm, "    ").trimEnd()}
`;

const indented = (lines, indent) => lines.map((line) => " ".repeat(indent) + line);

/**
 * What can be written. `defines`: the name that the source has to define; `stages`: in their order; `start`: an empty
 * body; `above` and `lines`: what stands above the lines to put in order, and those; `blanks`: a text with blanks.
 */
export const EXERCISES = {
  attention: {
    title: "The function attention",
    defines: "attention",
    start: ATTENTION,
    above: ABOVE,
    lines: indented(LINES, 4),
    blanks: ABOVE + BLANKS,
    stages: Object.keys(STAGES).slice(1),
  },
  head: {
    title: "The class Head",
    defines: "Head",
    start: HEAD,
    above: ABOVE_IN_HEAD,
    lines: indented(LINES_OF_HEAD, 8),
    blanks: ABOVE_IN_HEAD + BLANKS_OF_HEAD,
    stages: Object.keys(STAGES),
  },
};
