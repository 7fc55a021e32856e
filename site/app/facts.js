/**
 * Facts about a run that a sentence of a lesson may contain, by name: nothing of this is typed into prose.
 *
 *   await factOf(run, "n_ctx")         // 256
 *   await factOf(run, "bigram_bits")   // undefined: nobody knows it for this run
 */
import { duration, percent, showWhitespace } from "./format.js";
import { tokenizerOf } from "./forward-pass.js";
import { evenLength } from "./work.js";

const bits = (nats) => nats / Math.LN2;
const round = (number, digits) => (Number.isFinite(number) ? Number(number.toFixed(digits)) : undefined);

const backwards = (text) => Array.from(text).reverse().join("");

/** The file log.json, if the export has it. */
const logOf = (run) => run.part("log").catch(() => null);

const baseline = (name) => async (run) => {
  const log = await logOf(run);
  return round(bits(log?.baselines[name]), 2);
};

/** Of the file copied.json: what the last sample or text that the model never saw has in common with the training text. */
const copied = (find) => async (run) => {
  const found = await run.part("copied").catch(() => null);
  return found?.samples.length && found.held_out.n_words ? find(found) : undefined;
};

const copiedPart = ({ copied_words, n_words }) => (n_words ? percent(copied_words / n_words) : undefined);

const LAST_PART = 0.05; // of a training: the loss of one batch alone is mostly luck

/** Name -> what finds it out about a run; undefined where it is not known. */
const FACTS = {
  n_layer: ({ manifest }) => manifest.settings.n_layer,
  n_head: ({ manifest }) => manifest.settings.n_head,
  all_heads: ({ manifest }) => manifest.settings.n_layer * manifest.settings.n_head,
  n_embd: ({ manifest }) => manifest.settings.n_embd,
  head_size: ({ manifest }) => manifest.settings.n_embd / manifest.settings.n_head,
  root_of_head_size: ({ manifest }) =>
    round(Math.sqrt(manifest.settings.n_embd / manifest.settings.n_head), 2),
  n_ff: ({ manifest }) => manifest.settings.n_ff,
  n_ctx: ({ manifest }) => manifest.settings.n_ctx,
  vocab_size: ({ vocab }) => vocab.length,
  merges: ({ manifest }) => manifest.tokenizer.merges.length,
  /** Its tokens that were not merged from others: single characters, and perhaps the end of a text. */
  unmerged_tokens: ({ manifest, vocab }) => {
    const made = new Set(manifest.tokenizer.merges.map((pair) => pair.join("")));
    return vocab.filter((token) => !made.has(token)).length;
  },
  embedding_numbers: ({ manifest, vocab }) => vocab.length * manifest.settings.n_embd,
  /** Of the nearest among as many random lists of numbers. */
  async chance_cosine(run) {
    const { chanceOf } = await import("./embeddings.js"); // only one lesson asks
    return round(chanceOf(run)[0], 2);
  },
  /** Of a token and the one that is nearest to it, on average at the end. */
  async nearest_cosine(run) {
    const { neighbours } = await run.part("embeddings").catch(() => ({ neighbours: [] }));
    const cosines = neighbours.map(([[, cosine]]) => cosine);
    return round(cosines.reduce((sum, one) => sum + one, 0) / cosines.length, 2);
  },
  /** How many of the tokens on the map no update ever moved. */
  async unmoved_tokens(run) {
    const { points } = await run.part("embeddings").catch(() => ({ points: [[]] }));
    const isUnmoved = (_, i) => points.every((one) => String(one[i]) === String(points[0][i]));
    const found = points[0].filter(isUnmoved).length;
    return found === points[0].length ? undefined : found || undefined; // a frozen table says nothing about tokens
  },
  /** The first step at which tokens have made half of their way on the map, on average. */
  async half_way_step(run) {
    const exported = await run.part("embeddings").catch(() => ({ points: [[]], snapshot_steps: [] }));
    const { points, snapshot_steps: steps } = exported;
    const lengths = points.map((one) =>
      one.reduce(
        (sum, [x, y = 0], i) => sum + Math.hypot(x - points[0][i][0], y - (points[0][i][1] ?? 0)),
        0,
      ),
    );
    return lengths.at(-1) ? steps[lengths.findIndex((length) => length >= lengths.at(-1) / 2)] : undefined;
  },
  parameters: ({ manifest }) => manifest.parameters,
  temperature: ({ manifest }) => manifest.settings.temperature,
  last_step: ({ manifest }) => manifest.snapshots.at(-1).step,
  train_characters: ({ manifest }) => manifest.corpus.train_characters,
  first_prompt: ({ manifest }) => manifest.prompts[0],
  first_prompt_tokens: (run) => tokenizerOf(run).encode(run.manifest.prompts[0]).length,
  first_prompt_characters: ({ manifest }) => Array.from(manifest.prompts[0]).length,
  first_prompt_backwards: ({ manifest }) => backwards(manifest.prompts[0]),
  first_prompt_backwards_tokens: (run) => tokenizerOf(run).encode(backwards(run.manifest.prompts[0])).length,

  /** What a guess costs that takes all tokens for equally likely. */
  blind_bits: ({ vocab }) => round(Math.log2(vocab.length), 2),
  unigram_bits: baseline("unigram"),
  bigram_bits: baseline("bigram"),
  /** A token whose row of the embeddings has a number that no update ever changed. */
  async unmoved_token(run) {
    const paths = await run.part("weight_paths").catch(() => null);
    const ways = (paths?.weights ?? []).filter(({ name }) => name === "token_embedding.weight");
    const still = ways.filter(({ values }) => values.every((one) => one === values[0]));
    const isFrozen = still.length === ways.length; // that says nothing about tokens
    return isFrozen || !still.length ? undefined : `“${showWhitespace(run.vocab[still.at(-1).row])}”`;
  },
  async first_bits(run) {
    const log = await logOf(run);
    return round(bits(log?.validation.loss[0]), 2);
  },
  async model_bits(run) {
    const log = await logOf(run);
    return round(bits(log?.validation.loss.at(-1)), 2);
  },
  /** The loss on what it was training on at the end. */
  async train_bits(run) {
    const loss = (await logOf(run))?.loss ?? [];
    const last = loss.slice(-Math.max(1, Math.ceil(LAST_PART * loss.length)));
    return round(bits(last.reduce((sum, one) => sum + one, 0) / last.length), 2);
  },

  training_time({ manifest }) {
    const seconds = manifest.metrics?.seconds;
    return Number.isFinite(seconds) ? duration(seconds) : undefined;
  },
  /** Heads that passed a test for a role that is known from larger models. */
  async heads_with_role(run) {
    const heads = await run.part("heads").catch(() => null);
    return heads?.roles.flat().filter(({ role }) => role).length;
  },
  steps: ({ manifest }) => manifest.settings.steps,
  matrix_lr: ({ manifest }) => String(manifest.settings.matrix_lr), // with all of its digits

  /** The length from which on attention takes more work than all the matrices. */
  even_length: ({ manifest }) => evenLength(manifest.settings),
  least_copied_words: copied(({ least_words }) => least_words),
  copied_part: copied(({ samples }) => copiedPart(samples.at(-1))),
  copied_part_of_new_text: copied(({ held_out }) => copiedPart(held_out)),
  longest_copied: copied(({ samples }) => samples.at(-1).longest_words),
  longest_copied_of_new_text: copied(({ held_out }) => held_out.longest_words),
};

/** @param {import("./run.js").Run} run @param {string} name @returns {Promise<number | string | undefined>} */
export async function factOf(run, name) {
  if (!Object.hasOwn(FACTS, name)) throw new RangeError(`There is no fact “${name}”: see app/facts.js.`);
  return FACTS[name](run);
}

const MEASURED = /_bits$|_cosine$|^root_/; // these have two decimals, also 3.00

/** A fact as it is written in a language: 2000 -> "2,000" or "2.000". */
export function written(name, fact, language) {
  if (typeof fact !== "number") return fact;
  const digits = MEASURED.test(name) ? 2 : 0;
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: 2 }).format(
    fact,
  );
}
