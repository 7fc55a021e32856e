/**
 * Eight ways to break a model: each leaves one thing out, or changes it, and somebody says first what they expect. A
 * healthy model with the same seed is trained beside it, and often one with another seed: that is how far apart chance
 * alone puts two models. Which answer is right is decided by what was measured, and by nothing else.
 *
 *   const { requests } = await prepare("mask", { healthy, text, signal });   // [healthy, broken, another seed]
 *   const trained = await trials.run("break", requests);
 *   const result = resultOf("mask", { trained, text });
 *   EXPERIMENTS.mask.outcome(result)                            // "cheats": a key of EXPERIMENTS.mask.answers
 */
import { precisePercent } from "./decimals.js";
import { count, counted, percent } from "./format.js";
import { changed } from "./trials.js";

/** @typedef {import("./trials.js").Request} Request */
/** @typedef {import("./trials.js").Trial} Trial */
/** @typedef {import("./breaking-text.js").LearnedText} LearnedText */
/** @typedef {import("./breaking-text.js").MissingWord} MissingWord */

const TIMES = 30; // as high are the learning rates of one of them
const LEAST = 0.03; // nats: a smaller difference is not worth a word,
const SEEDS = 3; // and neither is one of less than so many times what another seed makes
const FEWER = 0.15; // a fraction of the words or pairs: a difference that somebody sees
const HALF = 0.5;
const WRITTEN = 24; // tokens after a beginning up to a word, or
const WRITTEN_CHARACTERS = 80; // if they are characters
const POINTS = 40; // of a curve
export const UNCLEAR = "unclear"; // an outcome of which no answer is true
const WEAK = 0.3; // of the pairs of words: below that, the healthy model itself cannot write yet

/**
 * @typedef {object} Result
 * @property {Trial} healthy @property {Trial} broken @property {Trial | null} other healthy, with another seed
 * @property {LearnedText} text what the healthy model learned from
 * @property {{ healthy: Measured, broken: Measured, other: Measured | null }} measured
 * @property {MissingWord | null} word what was left out
 *
 * @typedef {object} Measured
 * @property {number} loss at the end, on its own text, in nats per token
 * @property {number} heldOut the lowest loss on text that it never learns from
 * @property {{ words: number | null, pairs: number | null }} written fractions of what it writes that occur in the text
 */

/** Where its loss may end beside that of the healthy model, and beside what counting pairs of tokens reaches. */
const END_ANSWERS = {
  same: () => "About as low as that of the healthy model, or lower",
  higher: (baselines) => `Higher, but below ${countingOf(baselines)}`,
  nothing: (baselines) => `Higher, and not even below ${countingOf(baselines)}`,
};

const countingOf = (baselines) =>
  `counting pairs of tokens${baselines ? ` (${nats(baselines.bigram)})` : ""}`;

/** How its loss ends beside that of the healthy model. @param {Result} result */
function endOf(result) {
  if (result.broken.failedAt !== null) return "nothing";
  if (excessOf(result) <= chanceOf(result)) return "same";
  return isBelowCounting(result) ? "higher" : "nothing";
}

/** What happened to its loss, in a clause. */
const END_HAPPENED = {
  same: (result) =>
    excessOf(result) < -chanceOf(result)
      ? `its loss ended lower, at ${besideHealthy(result)}`
      : `its loss ended about as low, at ${besideHealthy(result)}`,
  higher: (result) =>
    `its loss ended higher, at ${besideHealthy(result)}, but below counting pairs (${nats(result.text.baselines.bigram)})`,
  nothing: (result) => {
    const { failedAt } = result.broken;
    if (failedAt !== null) return `its loss stopped being a number after step ${count(failedAt)}`;
    return `its loss ended at ${besideHealthy(result)}, and that is not below counting pairs (${nats(result.text.baselines.bigram)})`;
  },
};

/** Its loss, and that of the healthy model. */
const besideHealthy = ({ measured: { healthy, broken } }) =>
  `${nats(broken.loss)} (healthy: ${nats(healthy.loss)})`;

/** How much higher it ends than the healthy model, in nats. @param {Result} result */
const excessOf = ({ measured: { healthy, broken } }) => difference(broken.loss, healthy.loss);

const isBelowCounting = ({ measured: { broken }, text }) =>
  difference(broken.loss, text.baselines.bigram) < 0;

/** How much higher one loss is than another, as they are shown: somebody who subtracts them gets the same. */
const difference = (one, other) => Number((Number(nats(one)) - Number(nats(other))).toFixed(2));

/** A difference of losses that may be chance, in nats. */
function chanceOf({ measured: { healthy, other } }) {
  const bySeed = other ? Math.abs(difference(other.loss, healthy.loss)) : 0;
  return Math.max(LEAST, SEEDS * bySeed);
}

/** Whether one model writes clearly fewer words or pairs of words of the text than the other. */
function writesWorse({ measured: { healthy, broken } }) {
  return ["words", "pairs"].some((of) => (broken.written[of] ?? 0) < (healthy.written[of] ?? 0) - FEWER);
}

const nats = (loss) => loss.toFixed(2);

/**
 * Each has a title, and what that means in a few words; what is changed, in a sentence or two, with a link to a lesson;
 * the question and the answers to choose from, of which one alone can be true; what to look at; `missing`, a sentence on
 * why it cannot be asked of a model, or null; `changes` of its settings, unless the text is what changes; which answer
 * was right; for each of them what `happened`, in a clause with the figures; and for some why, in a sentence.
 * @type {Object<string, any>}
 */
export const EXPERIMENTS = {
  mask: {
    title: "No mask",
    subtitle: "may see the answer",
    about:
      "The mask hides later tokens from each token. Without it, a token can look at the very one that it has to predict.",
    lesson: ["05-attention.html#formula", "lesson 5"],
    question: "What becomes of its loss, and of what it writes?",
    answers: {
      cheats: "The loss ends lower, but it writes worse",
      better: "The loss ends lower, and it writes about as well, or better",
      higher: "The loss ends no lower, or hardly",
    },
    lookAt: "Look at how low the curve without a mask goes, and then at what that model writes.",
    changes: () => ({ mask: false }),
    outcome(result) {
      if (-excessOf(result) <= chanceOf(result)) return "higher";
      return writesWorse(result) ? "cheats" : "better";
    },
    happened: {
      cheats: (result) => `its loss ended lower, at ${besideHealthy(result)}, but it writes worse`,
      better: (result) => `its loss ended lower, at ${besideHealthy(result)}, and it writes no worse`,
      higher: (result) => `its loss ended at ${besideHealthy(result)}, and that is not clearly lower`,
    },
    why: {
      cheats: () =>
        "While it learns, the next token is there to be looked at, so it need not learn anything else. When it " +
        "writes, there is no next token yet. A low loss means nothing if you can see the answer.",
    },
  },
  positions: {
    title: "No positions",
    subtitle: "does not know the order",
    about:
      "Position embeddings say which token is the first, the second and so on. Without them, a head sees which tokens came " +
      "before, but not how far back each of them stands.",
    lesson: ["04-positions.html#two", "lesson 4"],
    question: "Where does its loss end?",
    answers: END_ANSWERS,
    lookAt:
      "Look at the letters and words it writes: are they the right ones, and are they in the right order?",
    changes: () => ({ positions: false }),
    outcome: endOf,
    happened: END_HAPPENED,
    why: {
      higher: () =>
        "It still learns much: it knows which tokens came before, and because each token sees only earlier ones, " +
        "later layers can find out something about their order.",
      same: () =>
        "What came before says enough here, and because each token sees only earlier ones, later layers can find out " +
        "something about their order.",
    },
  },
  residual: {
    title: "No residual",
    subtitle: "hands nothing on by itself",
    about:
      "Each part of a block adds its result to what came in. Without that, the result takes its place, and whatever " +
      "a part does not pass on is lost.",
    lesson: ["06-the-block.html#stream", "lesson 6"],
    question: "Where does its loss end?",
    answers: END_ANSWERS,
    lookAt: "Look at how its curve falls after the first steps: as fast as the healthy one, or more slowly?",
    changes: () => ({ residual: false }),
    outcome: endOf,
    happened: END_HAPPENED,
    why: {
      higher: ({ broken: { settings } }) =>
        "If one part drops something, all later parts have to do without it. So each first has to learn to hand things " +
        `on. This model has only ${counted(settings.n_layer, "layer")}: the more there are, the harder that gets.`,
      same: ({ broken: { settings } }) =>
        `This model has only ${counted(settings.n_layer, "layer")}, so there is little on the way to get lost in. The more ` +
        "there are, the less comes through without the residual stream.",
    },
  },
  scale: {
    title: "No scale",
    subtitle: "looks at one token only",
    about:
      "Before softmax, the scores of a head are divided by the root of its size. Otherwise they would be so large that " +
      "nearly all the weight goes to one token.",
    lesson: ["05-attention.html#formula", "lesson 5"],
    question: "Where does its loss end?",
    answers: END_ANSWERS,
    lookAt: "Look at whether the two curves can be told apart at all.",
    changes: () => ({ scale: false }),
    outcome: endOf,
    happened: END_HAPPENED,
    why: {
      same: ({ broken: { settings } }) => {
        const size = settings.n_embd / settings.n_head;
        return (
          `A head of this model has only ${count(size)} numbers: without the scale, its scores are ` +
          `${Math.sqrt(size).toFixed(1)} times as large, and it can learn smaller queries and keys. The heads of large ` +
          "models have about a hundred numbers, and many more layers depend on them: there it matters."
        );
      },
    },
  },
  rate: {
    title: `Learning rates ×\u00a0${TIMES}`,
    subtitle: "takes far larger steps",
    about: `The learning rates say how far an update moves the numbers. Here, all of them are ${TIMES} times as high.`,
    lesson: ["08-learning.html#slice", "lesson 8"],
    question: "Where does its loss end?",
    answers: {
      ...END_ANSWERS,
      nothing: (baselines) => `${END_ANSWERS.nothing(baselines)}, or it stops being a number`,
    },
    lookAt: "Look at the first steps: does the loss fall, or does it jump?",
    changes: ({ matrix_lr, embedding_lr, unembedding_lr }) => ({
      matrix_lr: TIMES * matrix_lr,
      embedding_lr: TIMES * embedding_lr,
      unembedding_lr: TIMES * unembedding_lr,
    }),
    outcome: endOf,
    happened: END_HAPPENED,
    why: {
      higher: () =>
        "The gradient says in which direction the loss falls, but not for how long: it steps too far.",
      nothing: () =>
        "The gradient says in which direction the loss falls, but not for how long. Each step goes too far, past where " +
        "the loss is low.",
    },
  },
  head: {
    title: "One head",
    subtitle: "looks in one way only",
    about:
      "Each head of a layer looks for something of its own. Here, a single head has as many numbers as all of them " +
      "together, but in each layer it can look in one way only.",
    lesson: ["05-attention.html#all", "lesson 5"],
    question: "Where does its loss end?",
    answers: { lower: "Lower", same: "About as low", higher: "Higher" },
    lookAt: "Look at whether the two curves can be told apart at all.",
    missing: ({ n_head }) =>
      n_head === 1 ? "The model above has one head already. Choose more heads for it under “Model”." : null,
    changes: () => ({ n_head: 1 }),
    outcome(result) {
      if (Math.abs(excessOf(result)) <= chanceOf(result)) return "same";
      return excessOf(result) < 0 ? "lower" : "higher";
    },
    happened: {
      lower: (result) => `its loss ended lower, at ${besideHealthy(result)}`,
      same: (result) => `its loss ended about as low, at ${besideHealthy(result)}`,
      higher: (result) => `its loss ended higher, at ${besideHealthy(result)}`,
    },
    why: {
      same: ({ broken: { settings } }) =>
        `With ${counted(settings.n_layer, "layer")} and a text like this one, one way to look in each layer is enough. Large ` +
        "models have dozens of heads in each layer, because there is more to keep apart.",
    },
  },
  order: {
    title: "Shuffled text",
    subtitle: "reads mixed-up words",
    about:
      "It learns from the same words, but they stand in a random order. Afterwards it is measured on text in its usual " +
      "order, and so is the healthy model.",
    lesson: ["01-the-task.html#counting", "lesson 1"],
    question: "We give it one word. What comes next?",
    answers: {
      sentences: "Words in an order as good as before",
      words: "Real words, in an order that the text does not have",
      nothing: "For the most part not even real words",
    },
    lookAt: "Look at single words first, and then at two that stand side by side.",
    curve: "heldOut",
    prompts: "short",
    missing: (_, text) =>
      text.canBeShuffled ? null : "No line of this text has two different words that could change places.",
    outcome({ measured: { healthy, broken } }) {
      const [before, after] = [healthy.written, broken.written];
      if (after.pairs >= (1 - FEWER) * before.pairs) return "sentences";
      return after.words >= HALF * before.words ? "words" : "nothing";
    },
    happened: {
      sentences: (result) => `it put its words in an order as good as before: ${writtenBeside(result)}`,
      words: (result) => `it wrote real words, but not in the order of the text: ${writtenBeside(result)}`,
      nothing: (result) => `most of what it wrote are not even words: ${writtenBeside(result)}`,
    },
    why: {
      words: () =>
        "How a word is spelled can be learned from the word alone. What comes after it can only be learned from text in " +
        "which that is so.",
      nothing: () =>
        "It has read this short text so often that it knows its random order by heart. Given anything else, it is lost.",
    },
  },
  word: {
    title: "The missing sentence",
    subtitle: "never reads a certain word",
    about: "It learns from all sentences but those with a word of your choice.",
    lesson: ["09-limits.html#false", "lesson 9"],
    hasWord: true,
    question: (word) =>
      `We give it the beginning of a sentence with ${word ? `“${word}”` : "such a word"} and stop just before that word. ` +
      "How does it go on?",
    answers: {
      word: "That word all the same, or nearly as often",
      another: "Another word of the text",
      nothing: "Something that is no word of the text",
    },
    lookAt: "Look at the first word after each beginning.",
    outcome: ({ word, healthy, broken, text }) => {
      const [before, after] = [healthy, broken].map((trial) => firstWordsOf(trial, word, text));
      if (!before.same && !after.same) return UNCLEAR;
      if (after.same && after.same >= HALF * before.same) return "word";
      return after.known >= HALF * after.n ? "another" : "nothing";
    },
    happened: {
      word: (result) => `it wrote that word all the same, ${wroteBeside(result)}`,
      another: (result) => `it wrote another word in most cases, and that word ${wroteBeside(result)}`,
      nothing: (result) => `in most cases it wrote no word of the text, and that word ${wroteBeside(result)}`,
      [UNCLEAR]: ({ word }) =>
        `even the healthy model did not write “${word.word}” in ${count(word.beginnings.length)} tries`,
    },
    why: {
      another: ({ word }) => knowledgeNote(word),
      nothing: ({ word }) => knowledgeNote(word),
      [UNCLEAR]: ({ word, healthy, broken }) =>
        `What they write says nothing here, but how likely they found “${word.word}” there does: ` +
        `${likelyText(healthy, word)} in the healthy model, and ${likelyText(broken, word)} in the other.`,
      word: ({ word }) =>
        `No sentence with “${word.word}” was left. Its letters and pieces occur elsewhere, and that was enough.`,
    },
  },
};

const knowledgeNote = ({ word }) =>
  `All that a model can say comes from its text. Without a sentence about it, there is no “${word}” in its world, and ` +
  "it does not know that something is missing.";

// What is trained ----------------------------------------------------------------------------------------------

/**
 * What an experiment is about: the model of the lab, as much of it as can be trained soon. It goes on from
 * beginnings, and from their first words alone.
 * @param {import("./trials.js").Trials} trials @returns {Request | null} null while there is no text
 */
export function healthyRequest(trials) {
  const request = trials.request();
  if (!request) return null;
  const prompts = [...request.prompts, ...request.prompts.map(firstWord)];
  return { ...request, prompts };
}

/** The first word of a beginning; of a single one, its first character. */
function firstWord(prompt) {
  const words = prompt.trim().split(/\s+/);
  return words.length > 1 ? words[0] : (Array.from(words[0])[0] ?? "");
}

/**
 * Why an experiment cannot be made with this model and text, in a sentence; null if it can.
 * @param {string} name @param {Request} request @param {LearnedText} text
 */
export const whyMissing = (name, { settings }, text) => EXPERIMENTS[name].missing?.(settings, text) ?? null;

/**
 * What has to be trained: the healthy model, the broken one, and in most of them a healthy one with another seed.
 * @param {string} name
 * @param {{ healthy: Request, text: LearnedText, typed?: string, signal: AbortSignal }} parts typed: a word
 * @returns {Promise<{ requests: Request[], word: MissingWord | null }>}
 */
export async function prepare(name, { healthy, text, typed = "", signal }) {
  const { settings } = healthy;
  if (name === "word") {
    const word = await text.without(typed, settings.n_ctx, signal);
    return { requests: wordRequests(healthy, word), word };
  }
  if (name === "order") {
    const source = await text.shuffled(settings.seed, signal);
    return { requests: [healthy, { ...healthy, source }], word: null };
  }
  const broken = changed(healthy, EXPERIMENTS[name].changes(settings));
  return { requests: [healthy, broken, withOtherSeed(healthy)], word: null };
}

const withOtherSeed = (healthy) => changed(healthy, { seed: healthy.settings.seed + 1 });

/**
 * The models that an experiment has to train: what was trained for another one is there already.
 * @param {import("./trials.js").Trials} trials @param {string} name @param {Request} healthy
 * @returns {{ role: string, settings: any }[]} role: which of the models it is, in a few words
 */
export function stillToTrain(trials, name, healthy) {
  const { settings } = healthy;
  const first = { role: "a healthy one", settings };
  const broken = { role: "the broken one", settings };
  if (name === "word") return [first, broken];
  const isThere = (request) => Boolean(trials.find(request));
  const hasOther = name !== "order" && !isThere(withOtherSeed(healthy));
  const other = { role: "a second healthy one with another seed, to see how much chance does", settings };
  return [...(isThere(healthy) ? [] : [first]), broken, ...(hasOther ? [other] : [])];
}

/** Both are asked how likely each token of the passages is, and how they go on up to the word. */
function wordRequests(healthy, { source, passages, beginnings }) {
  const { temperature, seed } = healthy.settings;
  const tokens = healthy.source.tokenizer.mergeRanks.size ? WRITTEN : WRITTEN_CHARACTERS;
  const asks = {
    passages: ["probabilities", { texts: passages.map(({ ids }) => ids) }],
    written: ["sample", { prompts: beginnings, tokens, temperature, seed }],
  };
  const asked = /** @type {Request} */ ({ ...healthy, asks });
  return [asked, { ...asked, source }];
}

// What came of it ----------------------------------------------------------------------------------------------

/**
 * @param {string} name
 * @param {{ trained: Trial[], text: LearnedText, word?: MissingWord | null }} parts trained: what prepare asked for
 * @returns {Result}
 */
export function resultOf(name, { trained, text, word = null }) {
  const [healthy, broken, other = null] = trained;
  const of = (trial) => trial && measured(trial, text, samplesIn(name)(trial));
  return {
    ...{ healthy, broken, other, text, word },
    measured: { healthy: of(healthy), broken: of(broken), other: of(other) },
  };
}

/**
 * What both models wrote after the same beginnings: each beginning once.
 * @param {string} name @param {Result} result
 * @returns {[Sample, Sample][]} healthy, broken
 * @typedef {{ prompt: string, tokens: { id: number }[], isCut?: boolean }} Sample isCut: the prompt is the end of a longer one
 */
export function samplesOf(name, { healthy, broken, word }) {
  const of = word ? (trial) => afterBeginnings(trial, word) : samplesIn(name);
  const others = of(broken);
  const pairs = of(healthy).map((one, i) => /** @type {[Sample, Sample]} */ ([one, others[i]]));
  return pairs.filter(([one], i) => pairs.findIndex(([{ prompt }]) => prompt === one.prompt) === i);
}

/** What a model wrote after beginnings up to the word. @returns {Sample[]} */
const afterBeginnings = (trial, { beginnings }) =>
  beginnings.map((ids, i) => ({
    prompt: textOf(
      trial,
      ids.map((id) => ({ id })),
    ),
    tokens: trial.answers.written.rows[i],
    isCut: ids[0] !== trial.source.tokenizer.end,
  }));

/** Which samples an experiment looks at. */
const samplesIn = (name) => (EXPERIMENTS[name].prompts === "short" ? shortSamples : ({ samples }) => samples);

/** What it wrote after beginnings that give little away: the second half. */
const shortSamples = ({ samples }) => samples.slice(samples.length / 2);

function measured(trial, text, samples) {
  return {
    loss: lossAtEnd(trial),
    heldOut: Math.min(...trial.evaluations.map(({ loss }) => loss)),
    written: text.fractionsOf(samples.map(({ prompt, tokens }) => [prompt, textOf(trial, tokens)])),
  };
}

/** What was written, without the end token. */
export const textOf = ({ source: { tokenizer } }, tokens) =>
  tokenizer.decode(tokens.filter(({ id }) => id !== tokenizer.end).map(({ id }) => id));

/** Where its curve ends: a mean, because the loss of a single update is a matter of luck. @param {Trial} trial */
const lossAtEnd = (trial) => curveOf(trial).at(-1)?.[1] ?? NaN;

/** A curve that can be looked at: means of neighbours. @param {Trial} trial @returns {[number, number][]} step, loss */
export function curveOf({ losses, evaluations, settings }, kind = "own") {
  if (kind === "heldOut") return evaluations.map(({ step, loss }) => [step, loss]);
  const every = Math.ceil(settings.steps / POINTS);
  const parts = new Map();
  for (const { step, loss } of losses) {
    const part = Math.ceil(step / every);
    const { sum, n } = parts.get(part) ?? { sum: 0, n: 0 };
    parts.set(part, { sum: sum + loss, n: n + 1, step });
  }
  const points = [...parts.values()].map(
    ({ sum, n, step }) => /** @type {[number, number]} */ ([step, sum / n]),
  );
  return losses.length && every > 1 ? [[losses[0].step, losses[0].loss], ...points] : points;
}

/** What is drawn of it: where the loss was no number any more, so is the last point. */
export function drawnCurve(trial, kind) {
  const points = curveOf(trial, kind);
  return trial.failedAt === null ? points : [...points, [trial.failedAt + 1, NaN]];
}

/** What a model wrote where the word stood: how often that word, and how often any word of the text. */
function firstWordsOf(trial, word, text) {
  const samples = afterBeginnings(trial, word);
  const written = samples.map(({ prompt, tokens }) => [prompt, textOf(trial, tokens)]);
  const first = written.map(([prompt, one]) => text.firstWordOf(prompt, one));
  return {
    n: written.length,
    same: written.filter(([, one]) => beginsWith(one, word.word)).length,
    known: first.filter((one) => one !== null && text.has(one)).length,
  };
}

/** Whether a text begins with a word, and not with a longer one. */
function beginsWith(text, word) {
  const written = text.trimStart().toLowerCase();
  const sought = word.toLowerCase();
  return written.startsWith(sought) && !/^[\p{L}\p{N}_\p{M}]/u.test(written.slice(sought.length));
}

/** How likely it found the word where it stood: the mean over all passages. */
const probabilityOf = ({ answers }, { passages }) =>
  meanOf(
    passages.map(({ word: [first, stop] }, i) =>
      // The first token of a passage is not predicted.
      answers.passages.rows[i].slice(first - 1, stop - 1).reduce((product, p) => product * p, 1),
    ),
  );

/** The loss of the sentences with the word, in nats per token. */
const sentenceLossOf = ({ answers }, { passages }) =>
  meanOf(
    passages.flatMap(({ sentence: [first, stop] }, i) =>
      answers.passages.rows[i].slice(Math.max(0, first - 1), stop - 1).map((p) => -Math.log(p)),
    ),
  );

const meanOf = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/**
 * What was measured, for a table.
 * @param {string} name @param {Result} result
 * @returns {string[][]} what, and a text for each model: healthy, broken, another seed
 */
export function factsOf(name, result) {
  if (EXPERIMENTS[name].hasWord) return wordFacts(result);
  const models = ["healthy", "broken", "other"].filter((which) => result[which]);
  const row = (what, of) => [what, ...models.map((which) => of(result.measured[which], result[which]))];
  const loss =
    EXPERIMENTS[name].curve === "heldOut"
      ? row("Lowest loss on text in its order", ({ heldOut }) => nats(heldOut))
      : row("Loss on its text, at the end", endText);
  return [
    loss,
    row("Words it writes that are in the text", (one) => fractionText(one.written.words)),
    row("Pairs of words that are in the text", (one) => fractionText(one.written.pairs)),
  ];
}

const fractionText = (fraction) => (fraction === null ? "none" : percent(fraction));

/** How much of what it writes occurs in the text, beside the same of the healthy model. */
function writtenBeside({ measured: { healthy, broken } }) {
  const beside = (of) =>
    `${fractionText(broken.written[of])} (healthy: ${fractionText(healthy.written[of])})`;
  return `${beside("words")} of its words occur in the text, and ${beside("pairs")} of its pairs of words`;
}

/** What chance does to the fractions of a table; null where there are none. @param {string} name @param {Result} result */
export function chanceNote(name, { other }) {
  if (EXPERIMENTS[name].hasWord) return null;
  const seen = other
    ? ": compare the first column with the last, in which nothing but the seed is different"
    : "";
  return `The fractions come from a few short texts, so chance moves them a lot${seen}.`;
}

const endText = ({ loss }, { failedAt }) =>
  failedAt === null ? nats(loss) : `not a number after step ${count(failedAt)}`;

/** How often a model wrote the word where it stood. */
function wroteText(trial, { word, text }) {
  const { same, n } = firstWordsOf(trial, word, text);
  return `${count(same)} of ${count(n)} times`;
}

const wroteBeside = (result) =>
  `${wroteText(result.broken, result)} (healthy: ${wroteText(result.healthy, result)})`;

const likelyText = (trial, word) => precisePercent(probabilityOf(trial, word));

function wordFacts(result) {
  const { healthy, broken, word, measured } = result;
  const row = (what, of) => [what, of(healthy), of(broken)];
  const where = word.isHeldOut ? "new sentences with it" : "the sentences that were left out";
  return [
    row(`Wrote “${word.word}” there`, (trial) => wroteText(trial, result)),
    row("How likely it found it there, on average", (trial) => likelyText(trial, word)),
    row(`Loss on ${where}`, (trial) => nats(sentenceLossOf(trial, word))),
    ["Loss on its text, at the end", nats(measured.healthy.loss), nats(measured.broken.loss)],
  ];
}

/**
 * Why it came so, in a sentence; null if that is not known.
 * @param {string} name @param {Result} result @param {string} outcome
 */
export function whyOf(name, result, outcome) {
  const why = EXPERIMENTS[name].why[outcome]?.(result) ?? null;
  const isNumber = result.broken.failedAt === null;
  const isAboutLoss = isNumber && outcome in EXPERIMENTS.head.answers;
  const notes = [isAboutLoss ? differenceNote(result) : null, why].filter(Boolean);
  return notes.length ? notes.join(" ") : null;
}

/** How far apart they end, beside what chance does; null where the latter is not known. @param {Result} result */
function differenceNote(result) {
  const { healthy, broken, other } = result.measured;
  if (!other) return null;
  const [apart, bySeed] = [broken, other].map(({ loss }) => Math.abs(difference(loss, healthy.loss)));
  const measured = `The losses end ${nats(apart)} nats apart; with another seed alone, it is ${nats(bySeed)}.`;
  const isChance = apart <= chanceOf(result);
  return isChance ? `${measured} Such a difference cannot be told from chance.` : measured;
}

/** What to keep in mind about the healthy model; null if there is nothing. @param {Result} result */
export function cautionOf({ healthy, measured }) {
  const { pairs } = measured.healthy.written;
  if (healthy.failedAt !== null) {
    return "The model above breaks by itself: its learning rates are too high. Choose smaller ones under “Model”.";
  }
  if (pairs === null || pairs >= WEAK) return null;
  const part = pairs ? `only ${percent(pairs)}` : "none";
  return (
    `Even the healthy model has learned little within ${count(healthy.settings.steps)} steps: ${part} of the pairs of ` +
    "words that it writes occur in the text. A smaller model gets further in the same time."
  );
}

/**
 * The answers to choose from, by name.
 * @param {string} name @param {{ uniform: number, unigram: number, bigram: number } | null} baselines null: not known yet
 * @returns {Object<string, string>}
 */
export const answersOf = (name, baselines) =>
  Object.fromEntries(
    Object.entries(EXPERIMENTS[name].answers).map(([key, answer]) => [
      key,
      typeof answer === "function" ? answer(baselines) : answer,
    ]),
  );

/** What happened, in a clause with the figures that decide it. @param {string} name @param {Result} result @param {string} outcome */
export const happenedOf = (name, result, outcome) => EXPERIMENTS[name].happened[outcome](result);

/** What to look at. @param {string} name @param {string} outcome */
export const lookAtOf = (name, outcome) =>
  outcome === UNCLEAR
    ? "Look at how likely each of them found the word, in the table below."
    : EXPERIMENTS[name].lookAt;

/** @param {string} name @param {string | undefined} word */
export const questionOf = (name, word) => {
  const { question } = EXPERIMENTS[name];
  return typeof question === "function" ? question(word) : question;
};
