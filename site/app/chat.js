/**
 * A conversation with a model that learned from conversations: the same text goes in, and with the same seed the
 * same reply comes out, as with `python show_model.py chat`. Figures follow its state:
 *   request      run, step, turns (see chat-turns.js), sampling (temperature, topK, topP), and ends: the ids that end
 *                a reply
 *   model        a LiveModel with the weights of the step
 *   replies      of each turn, as far as they are there: see `reply`
 *   isReplying
 *   failure      why it cannot reply
 *   reason       why it wrote the chosen token: see chat-reason.js; null if none is chosen
 */
import { encodeWhole, tokenizerOf } from "./forward-pass.js";
import { Explanation } from "./chat-reason.js";
import { LiveModel, nearestSnapshot } from "./model.js";
import { Observable } from "./observable.js";
import { END } from "../engine/tokenizer.js";

export class Chat extends Observable {
  state = { request: null, model: null, replies: [], isReplying: false, failure: null, reason: null };

  /**
   * Reply to what is said; replies that stay the same are not written again.
   * @param {any} request @param {{ turn: number, index: number, head: string } | null} chosen a token to explain
   */
  async show(request, chosen) {
    const { request: before, replies, failure } = this.state;
    const same = before ? commonTurns(before, request) : 0;
    this.chosen = chosen;
    if (before && !failure && same === request.turns.length && same === before.turns.length) {
      if (!this.state.isReplying) this.explain();
      return;
    }
    this.stop();
    this.explain(null);
    const { signal } = (this.controller = new AbortController());
    const done = replies.slice(0, same).filter((one) => one.isDone);
    const model = new LiveModel(request.run, nearestSnapshot(request.run, request.step));
    const isReplying = done.length < request.turns.length;
    this.update({ request, model, replies: done, failure: null, isReplying });
    try {
      for (let i = done.length; i < request.turns.length; i++) await this.reply(i, signal);
      this.update({ isReplying: false });
      this.explain();
    } catch (error) {
      if (!signal.aborted) this.update({ isReplying: false, failure: error });
    }
  }

  /**
   * Reply to a turn:
   *   heard      what the model has read of it
   *   unknown    characters that were left out, or read as others
   *   lines      what stands in its context, turn by turn: { turn, text }; nothing if the turn alone fills it
   *   promptIds  the same in tokens
   *   tokens     what it wrote: { id, p, top, entropy } of each, with the one that ended it
   *   isDone
   */
  async reply(i, signal) {
    const { request, model, replies } = this.state;
    const { run, turns, sampling } = request;
    const { text, seed, limit } = turns[i];
    const { heard, unknown } = await readable(run, text);
    signal.throwIfAborted();
    const [you, other] = run.manifest.speakers;
    const lines = [...(replies[i - 1] ? linesAfter(run, replies[i - 1]) : [])];
    lines.push({ turn: i, text: `${you}: ${heard}\n${other}:` });
    const tokenizer = tokenizerOf(run);
    const most = Math.floor((run.manifest.settings.n_ctx * 3) / 4);
    while (lines.length && tokenizer.encode(joined(lines)).length > most) lines.shift();
    const start = tokenizer.end === null ? [] : [tokenizer.end];
    const promptIds = [...start, ...tokenizer.encode(joined(lines))];
    const reply = { heard, unknown, lines, promptIds, tokens: [], isDone: !lines.length };
    this.put(i, reply);
    if (!lines.length) return;
    await model.generate(
      { ids: promptIds, sampling, seed, tokens: limit ?? undefined, end: request.ends },
      { signal, onProgress: (more) => this.put(i, { tokens: [...this.state.replies[i].tokens, ...more] }) },
    );
    this.put(i, { isDone: true });
  }

  put(i, changes) {
    const replies = [...this.state.replies];
    replies[i] = { ...replies[i], ...changes };
    this.update({ replies });
  }

  /** Say why the chosen token was written. */
  explain(chosen = this.chosen) {
    const reply = chosen && this.state.replies[chosen.turn];
    if (!reply?.tokens[chosen.index]) {
      this.explanation?.stop();
      this.explanation = null;
      if (this.state.reason) this.update({ reason: null });
      return;
    }
    this.explanation ??= new Explanation((reason) => this.update({ reason }));
    this.explanation.show(this.state, chosen);
  }

  stop() {
    this.controller?.abort();
    this.explanation?.stop();
  }
}

/** How many turns of two conversations have the same reply. */
function commonTurns(before, request) {
  const isSame =
    before.run === request.run &&
    before.step === request.step &&
    JSON.stringify(before.sampling) === JSON.stringify(request.sampling);
  if (!isSame) return 0;
  const same = request.turns.findIndex((turn, i) => JSON.stringify(turn) !== JSON.stringify(before.turns[i]));
  return same < 0 ? request.turns.length : same;
}

/** What a model can read of a line, and the characters that it cannot. */
export async function readable(run, text) {
  const { ids, unknown } = await encodeWhole(run, text);
  return { heard: tokenizerOf(run).decode(ids), unknown };
}

/** The ids of the tokens that end a reply: a new line, or the end of the text. */
export const endsOf = (run) =>
  ["\n", END].map((token) => tokenizerOf(run).ids.get(token)).filter((id) => id !== undefined);

export const joined = (lines) => lines.map(({ text }) => text).join("\n");

/** The text of a reply, without the token that ended it. */
export function textOf(run, tokens) {
  const ends = endsOf(run);
  return tokens
    .filter(({ id }) => !ends.includes(id))
    .map(({ id }) => run.vocab[id])
    .join("");
}

/** What stands in the context after a reply. */
function linesAfter(run, { lines, tokens }) {
  const last = lines.at(-1);
  return last ? [...lines.slice(0, -1), { ...last, text: last.text + textOf(run, tokens) }] : [];
}

/**
 * Which part of a conversation each token of a context belongs to: { turn, part }, where part is "you" or "other" (who
 * begins a line), "said", "reply", or "" for what stands between.
 */
export function partsOf(run, { lines, promptIds }) {
  const [you, other] = run.manifest.speakers;
  const parts = []; // of each character
  const add = (n, turn, part) => parts.push(...Array(n).fill({ turn, part }));
  lines.forEach(({ turn, text }, i) => {
    const said = text.indexOf("\n");
    if (i) add(1, turn, "");
    add(you.length + 1, turn, "you");
    add(said - you.length - 1, turn, "said");
    add(1, turn, "");
    add(other.length + 1, turn, "other");
    add(text.length - said - other.length - 2, turn, "reply");
  });
  let offset = 0;
  return promptIds.map((id) => {
    const token = run.vocab[id];
    if (token === END) return { turn: -1, part: "" };
    const part = parts[offset];
    offset += token.length;
    return part;
  });
}
