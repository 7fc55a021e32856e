/**
 * Three things to predict before they are tried on a grown model: what each asks, what is taught for it, and what of
 * the answers to choose from turned out to be true.
 */
import { counted } from "./format.js";
import { sentencesOf, textsOf } from "./teaching-text.js";

const AGES_UPDATES = 10;
const TIMES = [1, 10, 100];
const FACT_UPDATES = [5, 20];
const SAME = 0.1; // nats: losses that are closer count as about the same

/** One sentence of what is to be learned; of a conversation, the first two turns. */
function oneSentence({ text, run }) {
  const first = textsOf(text, true)[0] ?? "";
  if (run.manifest.speakers) return first.split("\n").slice(0, 2).join("\n");
  return sentencesOf(first)[0] ?? "";
}

/** How a sentence begins: about half of its words, of a conversation all up to the answer. */
function halfOf(sentence, { run }) {
  const answer = run.manifest.speakers ? `\n${run.manifest.speakers[1]}:` : null;
  if (answer && sentence.includes(answer)) return sentence.slice(0, sentence.indexOf(answer) + answer.length);
  const words = [...sentence.matchAll(/\S+/g)];
  const last = words[Math.max(1, Math.floor(words.length / 2)) - 1];
  return sentence.slice(0, last.index + last[0].length);
}

/** What a model wrote, without what stands after it. */
export const textOf = ({ request }, row) =>
  row
    .map(({ id }) => request.run.vocab[id])
    .filter((_, i) => row[i].id !== request.tokenizer.end)
    .join("");

/** Whether it says the rest of a sentence by heart. */
function knowsByHeart(result) {
  const [{ prompt, after }] = result.samples;
  return (prompt + textOf(result, after)).startsWith(result.request.text);
}

/** Whether it goes on from a beginning with what is false. */
const saysFalse = (result, i, fact) => textOf(result, result.samples[i].after).startsWith(fact[1]);

/**
 * Each has a title; `missing`, a sentence on why it cannot be made, or null; what it is about, the sentence that is
 * learned, and the question; the answers to choose from; what is taught; which answer was right; why, in a sentence, or
 * null where that is not known; and what the results are called. What they are given is what is chosen: run, text, fact and snapshot.
 * @type {Object<string, any>}
 */
export const EXPERIMENTS = {
  ages: {
    title: "A newborn and a grown model",
    missing: ({ run, text }) => {
      if (run.manifest.snapshots.length < 2) return "This run was exported at one age only.";
      return oneSentence({ run, text }) ? null : "Write a sentence above first.";
    },
    question: (chosen) => ({
      about: `Both learn the same sentence, with ${AGES_UPDATES} updates:`,
      sentence: oneSentence(chosen),
      ask: "Which of them knows it better then?",
    }),
    answers: { newborn: "the newborn", grown: "the grown one", same: "both about the same" },
    requests: (chosen) => {
      const { snapshots } = chosen.run.manifest;
      return [snapshots[0], snapshots.at(-1)].map(({ step }) => ({
        ...recite(chosen),
        snapshot: step,
        updates: AGES_UPDATES,
      }));
    },
    outcome: ([newborn, grown]) => {
      const difference = newborn.newLoss.after - grown.newLoss.after;
      if (Math.abs(difference) < SAME) return "same";
      return difference < 0 ? "newborn" : "grown";
    },
    why: ([newborn, grown]) => {
      const hasLess = newborn.newLoss.after < grown.newLoss.after - SAME;
      if (!hasLess || newborn.newLoss.before >= grown.newLoss.before) return null;
      return (
        `Before, the loss of this sentence was ${grown.newLoss.before.toFixed(2)} for the grown model, and ` +
        `${newborn.newLoss.before.toFixed(2)} for the newborn. The newborn expects nothing, but the grown one is sure ` +
        "that something else comes next, and has to unlearn that first."
      );
    },
    labels: () => ["newborn", "grown"],
  },
  times: {
    title: "Once or a hundred times",
    missing: (chosen) => (oneSentence(chosen) ? null : "Write a sentence above first."),
    question: (chosen) => ({
      about: "It learns one sentence, and is then given its beginning:",
      sentence: oneSentence(chosen),
      ask: "After how many updates does it go on word for word?",
    }),
    answers: Object.fromEntries([
      ...TIMES.map((n) => [String(n), counted(n, "update")]),
      ["never", "not even then"],
    ]),
    requests: (chosen) => TIMES.map((updates) => ({ ...recite(chosen), updates })),
    outcome: (results) => String(results.find(knowsByHeart)?.request.updates ?? "never"),
    labels: (results) => results.map(({ request }) => counted(request.updates, "update")),
  },
  fact: {
    title: "Something false",
    missing: ({ fact }) =>
      fact ? null : "This needs a fact of the world of the run, and this page knows none for this one.",
    question: ({ fact: [beginning, end, , why] }) => ({
      about: `${why} It is taught the opposite, in one sentence:`,
      sentence: beginning + end,
      ask: "Where will it say so?",
    }),
    answers: { there: "only in this sentence", everywhere: "in other sentences, too", nowhere: "nowhere" },
    requests: ({ fact: [beginning, end, other] }) =>
      FACT_UPDATES.map((updates) => ({
        text: beginning + end,
        prompts: [beginning, other],
        temperature: 0,
        updates,
      })),
    outcome: (results, { fact }) => {
      const longest = results.at(-1);
      if (saysFalse(longest, 1, fact)) return "everywhere";
      return saysFalse(longest, 0, fact) ? "there" : "nowhere";
    },
    labels: (results) => results.map(({ request }) => counted(request.updates, "update")),
  },
};

/** One sentence to learn, and its beginning to go on from: always with what is most likely. */
function recite(chosen) {
  const text = oneSentence(chosen);
  return { text, prompts: [halfOf(text, chosen)], temperature: 0 };
}
