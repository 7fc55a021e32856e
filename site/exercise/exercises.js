/** What to write, larger hints, and famous mistakes. */

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
    "root of D before softmax: / D**0.5.",
  weighted_sum: "What token t gathers is a mixture of all values, with the weights in row t: weights @ v.",
  other_sizes: "Do not write any size as a number: T, D = q.shape[-2:] takes them from the tensor.",
  in_model:
    "What is right on random numbers should be right here, too. Does your code remember " +
    "something from one call to the next, or change x, which all heads of a layer read?",
  reshaped:
    "transpose moves each number to another place; view and reshape read all numbers in the same order as " +
    "before, and only cut them into other rows. q @ k.transpose(-2, -1) compares whole queries with " +
    "whole keys.",
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
    title: "The function attention(q, k, v)",
    defines: "attention",
    start: ATTENTION,
    answer: RIGHT,
    stages: Object.keys(STAGES).slice(1),
  },
  head: {
    title: "The whole class Head",
    defines: "Head",
    start: HEAD,
    answer: RIGHT_HEAD,
    stages: Object.keys(STAGES),
  },
};

/** The numbers of the lines, from 1, that a famous mistake has and the right answer has not. */
export function changedLines(code) {
  const right = RIGHT.split("\n");
  return code
    .split("\n")
    .map((line, i) => (right.includes(line) ? 0 : i + 1))
    .filter(Boolean);
}

const replaced = (right, wrong) => RIGHT.replace(right, wrong);

const lossIncrease = ({ loss, builtinLoss }) => loss - builtinLoss;

const HOW_WELL = "How well does the model then predict a text it never learned from?";

/** What may happen: choices for more than one mistake. */
const WORSE = [
  {
    text: "A little worse: like a guess among at most twice as many tokens",
    holds: (m) => lossIncrease(m) <= Math.LN2,
  },
  {
    text: "Much worse, but still better than blind guessing",
    holds: (m) => lossIncrease(m) > Math.LN2 && m.loss < m.uniformLoss,
  },
  {
    text: "As badly as blind guessing, or worse",
    holds: (m) => !(lossIncrease(m) <= Math.LN2 || m.loss < m.uniformLoss),
  },
];

/**
 * Mistakes to guess at: three choices each; `holds` says which one comes true, given what was
 * measured (see `measured` in worker.js). `outcome` is what is said of that, before the explanation.
 */
export const MISTAKES = [
  {
    id: "no_scale",
    name: "The forgotten scale",
    code: replaced(" / D**0.5", ""),
    why: "The scores are used as they are, without dividing by the square root of D.",
    question: "What do the rows of its map look like?",
    choices: [
      {
        text: "Paler: each token looks at more of the others",
        holds: (m) => m.entropy > m.builtinEntropy + 0.1,
      },
      {
        text: "Peakier: more of each row lies on a single token",
        holds: (m) => m.entropy < m.builtinEntropy - 0.1,
      },
      { text: "The same as before", holds: (m) => Math.abs(m.entropy - m.builtinEntropy) <= 0.1 },
    ],
    explanation:
      "Without the square root of D the scores are larger, and softmax gives nearly everything to " +
      "the largest of them.",
    outcome: (m) =>
      `A row is spread over ${perplexity(m.entropy)} tokens instead of ${perplexity(m.builtinEntropy)}.`,
  },
  {
    id: "no_mask",
    name: "The forgotten mask",
    code: replaced("scores.masked_fill(later, -math.inf)", "scores"),
    why: "Every token sees the whole text, even what comes after it. The model was trained with a mask.",
    question: HOW_WELL,
    choices: [
      { text: "Better: each token can look up what follows", holds: (m) => lossIncrease(m) < -0.05 },
      {
        text: "As well as before: no head would look there",
        holds: (m) => Math.abs(lossIncrease(m)) <= 0.05,
      },
      {
        text: "Worse: no head has learned what to do with a future",
        holds: (m) => !(lossIncrease(m) <= 0.05),
      },
    ],
    explanation:
      "In training a head never saw the future. Here it gives weight to tokens that it never learned " +
      "to choose from, and its result is a mixture that later layers have never seen.",
    outcome: prediction,
  },
  {
    id: "zeros_not_infinity",
    name: "Zeros instead of minus infinity",
    code: replaced("-math.inf", "0"),
    why: "The scores of later tokens are set to 0, in the hope that softmax makes nothing of them.",
    question: "The first token sees only itself. How much of its attention stays there?",
    choices: [
      { text: "All of it: 100%", holds: (m) => m.firstWeight > 0.99 },
      { text: "Half of it or more", holds: (m) => m.firstWeight >= 0.5 && m.firstWeight <= 0.99 },
      { text: "Less than half", holds: (m) => m.firstWeight < 0.5 },
    ],
    explanation:
      "Softmax raises e to the power of each score before it divides, and e⁰ is 1. A score of 0 is no " +
      "worse than many others; only minus infinity gets nothing.",
    outcome: (m) =>
      `In the head above, the first token keeps ${(100 * m.firstWeight).toFixed(1)}% for itself. ${prediction(m)}`,
  },
  {
    id: "mask_after_softmax",
    name: "The mask after softmax",
    code: replaced(
      "    hidden = scores.masked_fill(later, -math.inf)\n" + "    weights = hidden.softmax(dim=-1)\n",
      "    weights = scores.softmax(dim=-1).masked_fill(later, 0)\n",
    ),
    why: "Later tokens are hidden, but only after the attention has been handed out.",
    question: "The first token sees only itself. How much of its attention is left in its row?",
    choices: [
      { text: "All of it: 100%", holds: (m) => m.firstRowSum > 0.99 },
      { text: "Half of it or more", holds: (m) => m.firstRowSum >= 0.5 && m.firstRowSum <= 0.99 },
      { text: "Less than half", holds: (m) => m.firstRowSum < 0.5 },
    ],
    explanation:
      "Attention that went to later tokens was then taken away: what is left in a row does not sum to " +
      "one, and each token gathers too little.",
    outcome: (m) =>
      `In the head above, its row sums to ${(100 * m.firstRowSum).toFixed(1)}%. ${prediction(m)}`,
  },
  {
    id: "softmax_over_columns",
    name: "Softmax along the columns",
    code: replaced("softmax(dim=-1)", "softmax(dim=-2)"),
    why: "dim=-2 instead of dim=-1: now each token that is looked at has 100% to hand out.",
    question: HOW_WELL,
    choices: WORSE,
    explanation:
      "The rows no longer sum to one: some tokens gather too much, and others hardly " + "anything.",
    outcome: prediction,
  },
  {
    id: "masked_diagonal",
    name: "A mask that hides the token itself",
    code: replaced("triu(1)", "triu(0)"),
    why: "The diagonal is hidden, too, so the first token has nothing left to look at.",
    question: "What does softmax make of a row that is all minus infinity?",
    choices: [
      { text: "Zeros: it looks nowhere", holds: (m) => m.isFinite && m.firstRowSum < 0.01 },
      { text: "Equal weights", holds: (m) => m.isFinite && m.firstRowSum >= 0.01 },
      { text: "NaN, which is not a number", holds: (m) => !m.isFinite },
    ],
    explanation: "Zero divided by zero is NaN, and everything it touches becomes NaN, too.",
    outcome: prediction,
  },
  {
    id: "swapped_query_key",
    name: "Queries and keys swapped",
    code: replaced("q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)"),
    why: "Each token now asks with its key and is found by its query.",
    question: HOW_WELL,
    choices: WORSE,
    explanation:
      "Asking and being found are two roles, and each has its own weights. With the two swapped, most " +
      "tokens find something other than what they were looking for.",
    outcome: prediction,
  },
  {
    id: "uniform_weights",
    name: "An average instead of attention",
    code: replaced(" / D**0.5", " * 0"),
    why: "All scores are 0, so each token gathers the same amount of everything it can see.",
    question: `The model keeps its other layers, and everything it knows about single tokens. ${HOW_WELL}`,
    choices: WORSE,
    explanation:
      "All that is left of the text is a blur of its tokens. Which of them matter is what the heads " +
      "had learned.",
    outcome: prediction,
  },
];

const perplexity = (nats) => Math.exp(nats).toFixed(1);

/** How well it predicts a text. Of a loss above that of guessing blindly, no number of options is said. */
function prediction({ loss, builtinLoss, uniformLoss }) {
  if (!Number.isFinite(loss)) return "The model’s loss is NaN, and no token can be chosen any more.";
  const all = Math.round(Math.exp(uniformLoss));
  const among =
    loss < uniformLoss
      ? `as badly as a blind guess among ${perplexity(loss)}`
      : `worse than a blind guess among all ${all}`;
  return `The model now predicts a text it never learned from ${among} tokens (a loss of ${loss.toFixed(2)} nats). With its own attention it does as well as a guess among ${perplexity(builtinLoss)} (${builtinLoss.toFixed(2)} nats).`;
}
