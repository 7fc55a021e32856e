/**
 * Facts about a run that a sentence of a lesson may contain, by name: nothing of this is typed into prose.
 *
 *   await factOf(run, "n_ctx")         // 256
 *   await factOf(run, "bigram_bits")   // undefined: nobody knows it for this run
 */
import { duration, percent, showWhitespace } from "./format.js";
import { tokenizerOf } from "./forward-pass.js";
import { readings } from "../engine/spelling.js";
import { pathLength } from "./step-scale.js";
import { evenLength } from "./work.js";

const bits = (nats) => nats / Math.LN2;
const round = (number, digits) => (Number.isFinite(number) ? Number(number.toFixed(digits)) : undefined);

const tokensOf = (run, text) => tokenizerOf(run).encode(text).length;

const SOME_WORDS = 3;

/** A short text as this model reads it: a prompt of a few words, or what somebody says in one. */
function exampleOf({ manifest }) {
  const { prompts, speakers } = manifest;
  const texts = prompts.map((prompt) => (speakers ? said(prompt, speakers[0]) : prompt)).filter(Boolean);
  return texts.find((text) => text.trim().split(/\s+/).length >= SOME_WORDS) ?? texts[0] ?? prompts[0];
}

/** The last line of a prompt that somebody says, without their name. */
function said(prompt, speaker) {
  const label = `${speaker}:`;
  const lines = prompt.split("\n").filter((line) => line.startsWith(label));
  return lines.at(-1)?.slice(label.length).trim();
}

const A_WORD = /^ \p{L}{3,}$/u;

/** The words of at least three letters that are one token after a space. */
function wordTokens(run) {
  const words = run.vocab.filter((token) => A_WORD.test(token) && tokensOf(run, token) === 1);
  return words.map((token) => token.slice(1));
}

const splitWord = (run) => wordTokens(run).find((word) => tokensOf(run, word) > 1);

const KEYS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)); // "!" to "~"

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

const isMore = (one, other) => one.copied_words / one.n_words > other.copied_words / other.n_words;

const copiedPart = ({ copied_words, n_words }) => (n_words ? percent(copied_words / n_words) : undefined);

const ALIKE = 0.05; // of the most bits: players that are no further apart are about the same

/** Who needs the fewest bits for new text: the name of a player, or "alike". */
async function fewestBits(run) {
  const names = ["unigram", "bigram", "model"];
  const players = await Promise.all(
    names.map(async (name) => ({ name, bits: await FACTS[`${name}_bits`](run) })),
  );
  if (players.some(({ bits }) => bits === undefined)) return undefined;
  players.sort((a, b) => a.bits - b.bits);
  const [least, most] = [players[0], players.at(-1)];
  return most.bits - least.bits < ALIKE * most.bits ? "alike" : least.name;
}

const CLOSE = 0.05; // a part of the loss on new text
const LAST_PART = 0.05; // of a training: the loss of one batch alone is mostly luck
const MOST = 0.8;

/** The file weight_paths.json, if the export has it. */
const weightPaths = (run) => run.part("weight_paths").catch(() => null);

/** A row of the embeddings that has a number that no update ever changed. */
async function unmovedRow(run) {
  const paths = await weightPaths(run);
  const ways = (paths?.weights ?? []).filter(({ name }) => name === "token_embedding.weight");
  const still = ways.filter(({ values }) => values.every((one) => one === values[0]));
  const isFrozen = still.length === ways.length; // that says nothing about tokens
  return isFrozen ? undefined : still.at(-1)?.row;
}

async function trainLoss(run) {
  const loss = (await logOf(run))?.loss ?? [];
  const last = loss.slice(-Math.max(1, Math.ceil(LAST_PART * loss.length)));
  return last.reduce((sum, one) => sum + one, 0) / last.length;
}

const RISEN = 1.05; // times the lowest loss: less may be chance

/**
 * Where the loss on held-out text was lowest, if it has risen since, while the training text is known better than
 * that: then it is learned by heart. Null otherwise.
 */
async function lowest(run) {
  const { sampled_steps: steps = [], loss: losses = [] } = (await logOf(run))?.validation ?? {};
  const loss = Math.min(...losses);
  const isByHeart = losses.at(-1) > RISEN * loss && (await trainLoss(run)) < loss;
  return isByHeart ? { loss, step: steps[losses.indexOf(loss)] } : null;
}

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
  example: exampleOf,
  example_tokens: (run) => tokensOf(run, exampleOf(run)),
  example_characters: (run) => Array.from(exampleOf(run)).length,
  example_backwards: (run) => backwards(exampleOf(run)),
  example_backwards_tokens: (run) => tokensOf(run, backwards(exampleOf(run))),
  /** How many tokens the example needs backwards: "fewer", "same" or "more". */
  backwards_needs(run) {
    const difference = tokensOf(run, backwards(exampleOf(run))) - tokensOf(run, exampleOf(run));
    return ["fewer", "same", "more"][Math.sign(difference) + 1];
  },
  /** The longest word that is one token after a space. */
  longest_word: (run) => wordTokens(run).sort((a, b) => b.length - a.length)[0],
  longest_word_letters(run) {
    const lengths = wordTokens(run).map((word) => Array.from(word).length);
    return lengths.length ? Math.max(...lengths) : undefined;
  },
  /** A word that is one token after a space, but not at the start of a text. */
  split_word: splitWord,
  split_word_tokens: (run) => (splitWord(run) ? tokensOf(run, splitWord(run)) : undefined),
  /** What an English keyboard has, and this model has no token for. */
  keys_without_token(run) {
    const { ids } = tokenizerOf(run);
    const missing = KEYS.filter((key) => readings(key, ids)[0].isUnknown);
    return missing.length ? missing.join(" ") : undefined;
  },

  /** What a guess costs that takes all tokens for equally likely. */
  blind_bits: ({ vocab }) => round(Math.log2(vocab.length), 2),
  unigram_bits: baseline("unigram"),
  bigram_bits: baseline("bigram"),
  fewest_bits: fewestBits,
  /** A token whose row of the embeddings has a number that no update ever changed. */
  async unmoved_token(run) {
    const row = await unmovedRow(run);
    return row === undefined ? undefined : `“${showWhitespace(run.vocab[row])}”`;
  },
  /** A longer token that contains it. */
  async unmoved_token_in(run) {
    const row = await unmovedRow(run);
    const longer =
      row === undefined ? undefined : run.vocab.find((one, id) => id !== row && one.includes(run.vocab[row]));
    return longer && `“${showWhitespace(longer)}”`;
  },
  /** The weights that one can follow through the training. */
  followed_weights: async (run) => (await weightPaths(run))?.weights.length,
  /** How many of them went further in the first quarter of the training than in the last, if most did. */
  async settling_weights(run) {
    const paths = await weightPaths(run);
    if (!paths) return undefined;
    const { weights, saved_steps: steps } = paths;
    const quarter = (steps.at(-1) - steps[0]) / 4;
    const settle = weights.filter(({ values }) => {
      const last = pathLength(values, steps, steps.at(-1) - quarter);
      return pathLength(values, steps, steps[0], steps[0] + quarter) > last;
    });
    return settle.length >= MOST * weights.length ? settle.length : undefined;
  },
  async first_bits(run) {
    const log = await logOf(run);
    return round(bits(log?.validation.loss[0]), 2);
  },
  /** Where the training is done, over all of the held-out text: each line of the log is about a part of it. */
  async model_bits(run) {
    const log = await logOf(run);
    return round(bits(run.manifest.metrics?.validation_loss ?? log?.validation.loss.at(-1)), 2);
  },
  async lowest_bits(run) {
    const found = await lowest(run);
    return round(bits(found?.loss), 2);
  },
  lowest_step: async (run) => (await lowest(run))?.step,
  /** The loss on what it was training on at the end. */
  train_bits: async (run) => round(bits(await trainLoss(run)), 2),

  /** The same, if it is about as large as on new text; or else, if it is clearly lower. */
  async close_bits(run) {
    const [train, model] = [await FACTS.train_bits(run), await FACTS.model_bits(run)];
    return train >= (1 - CLOSE) * model ? train : undefined;
  },
  async lower_bits(run) {
    const [train, model] = [await FACTS.train_bits(run), await FACTS.model_bits(run)];
    return train < (1 - CLOSE) * model ? train : undefined;
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
  /** Names of the roles that they have; undefined if none has one. */
  async roles_of_heads(run) {
    const heads = await run.part("heads").catch(() => null);
    const found = new Set(heads?.roles.flat().flatMap(({ role }) => role ?? []));
    return found.size ? [...found].map((role) => `“${role}”`).join(", ") : undefined;
  },
  /** A head whose role is to look at the token before. */
  async previous_token_head(run) {
    const heads = await run.part("heads").catch(() => null);
    const named = heads?.roles.flatMap((layer, i) =>
      layer.map(({ role }, j) => ({ role, name: `${i}.${j}` })),
    );
    return named?.find(({ role }) => role === "previous token")?.name;
  },
  async no_head_with_role(run) {
    return (await FACTS.heads_with_role(run)) === 0 || undefined;
  },
  steps: ({ manifest }) => manifest.settings.steps,
  seed: ({ manifest }) => manifest.settings.seed,
  matrix_lr: ({ manifest }) => String(manifest.settings.matrix_lr), // with all of its digits

  /** The length from which on attention takes more work than all the matrices. */
  even_length: ({ manifest }) => evenLength(manifest.settings),
  least_copied_words: copied(({ least_words }) => least_words),
  copied_part: copied(({ samples }) => copiedPart(samples.at(-1))),
  copied_part_of_new_text: copied(({ held_out }) => copiedPart(held_out)),
  /** Whether more of what it wrote is copied than of new text. */
  copies_more: copied(({ samples, held_out }) => isMore(samples.at(-1), held_out) || undefined),
  copies_no_more: copied(({ samples, held_out }) => !isMore(samples.at(-1), held_out) || undefined),
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
