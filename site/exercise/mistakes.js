/** Famous mistakes: what is changed in the right answer, which is not in here, and what that does. */

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
 * Mistakes to guess at. `change`: what of the right answer is replaced, and by what. Three choices each; `holds` says which one comes true, given what was
 * measured (see `measured` in worker.js). `outcome` is what is said of that, before the explanation.
 */
export const MISTAKES = [
  {
    id: "no_scale",
    name: "The forgotten scale",
    change: [" / D**0.5", ""],
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
    change: ["scores.masked_fill(later, -math.inf)", "scores"],
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
    change: ["-math.inf", "0"],
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
    change: [
      "    hidden = scores.masked_fill(later, -math.inf)\n" + "    weights = hidden.softmax(dim=-1)\n",
      "    weights = scores.softmax(dim=-1).masked_fill(later, 0)\n",
    ],
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
    change: ["softmax(dim=-1)", "softmax(dim=-2)"],
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
    change: ["triu(1)", "triu(0)"],
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
    change: ["q @ k.transpose(-2, -1)", "k @ q.transpose(-2, -1)"],
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
    change: [" / D**0.5", " * 0"],
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

/**
 * A mistake with its code, and the numbers of its lines, from 1, that the right answer has not.
 * @param {string} id @param {string} answer the right answer
 */
export function mistakeIn(id, answer) {
  const mistake = MISTAKES.find((one) => one.id === id);
  const [right, wrong] = mistake.change;
  const code = answer.replace(right, wrong);
  const rightLines = answer.split("\n");
  const lines = code.split("\n").flatMap((line, i) => (rightLines.includes(line) ? [] : [i + 1]));
  return { ...mistake, code, lines };
}
