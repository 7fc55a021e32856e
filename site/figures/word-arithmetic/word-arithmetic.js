/**
 * <word-arithmetic> <template data-words>…</template> </word-arithmetic>
 *
 * a - b + c with the embeddings of three tokens: which tokens are nearest to what comes out. The example that is shown
 * first is neither a good one nor a bad one. And how often that works: for all pairs of words that the run has tokens for, against the token that is nearest to c alone, and against two
 * tokens at random in place of a and b. All of it is computed from the weights of the step that is shown.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { analogies, embeddingsAt } from "../../app/embeddings.js";
import { Figure } from "../../app/figure.js";
import { decimals } from "../../app/decimals.js";
import { inSentence, percent } from "../../app/format.js";
import { LiveModel } from "../../app/model.js";
import { near } from "../../app/near.js";
import { wordsOf } from "../../app/page-words.js";
import { tokenText } from "../../app/token-text.js";
import { suggestedPairs, tokenOf } from "../../app/words.js";
import { arithmetic, nearestTo, ranksOf } from "../../engine/embeddings.js";
import { makeRng } from "../../engine/sample.js";

const N_NEAREST = 5;
const SIDES = ["a", "b", "c"];
const AT_ONCE = 64; // so many ranks in one call: others wait for the worker, too
const HELPS = 0.25; // so many more examples get better than worse, of all
const KINDS = ["arithmetic", "alone", "random"];

class WordArithmetic extends Figure {
  static properties = {
    chosen: { state: true }, // [a, b, c, expected]: the last is null if nobody knows it
    typed: { state: true }, // what is no token, by side
    embeddings: { state: true },
    score: { state: true }, // ranks by group and kind: { alike: { arithmetic, alone, random }, all: … }
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .sum { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; font-size: 1.0625rem; }
    .sum input { height: 44px; width: 6.5em; font: 400 1rem/1.5 var(--mono); color: var(--text); padding: 0 10px;
                 background: var(--background); border: 1px solid var(--line); border-radius: 8px; }
    .sum select { font-family: var(--mono); }
    .problem { color: var(--warning); min-height: 1.5em; margin: 4px 0; }
    ol { list-style: none; margin: 0 0 12px; padding: 0; display: grid; gap: 4px; max-width: 36rem; }
    li { display: grid; grid-template-columns: 8em minmax(0, 1fr); gap: 12px; align-items: center; }
    li > b { font: 400 1rem/1.7 var(--mono); white-space: pre; overflow: hidden; text-overflow: ellipsis; }
    li.expected > b { font-weight: 700; color: var(--accent); }
    .like { position: relative; height: 1.8em; line-height: 1.8; border-radius: 4px; background: var(--background); }
    .like i { position: absolute; inset: 0 auto 0 0; border-radius: 4px; background: color-mix(in oklab, var(--accent) 35%, var(--panel)); }
    .like span { position: absolute; right: 6px; }
    .result { min-height: 280px; }
    .verdict { min-height: 3em; max-width: 66ch; margin-bottom: 16px; }
    table { border-collapse: collapse; width: 100%; max-width: 44rem; }
    caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
    td { white-space: nowrap; }
    th, td { text-align: right; font-weight: 400; padding: 6px 0 6px 16px; border-top: 1px solid var(--line); }
    th:first-child { text-align: left; padding-left: 0; }
    thead th { color: var(--muted); border: 0; vertical-align: bottom; }
    tr.arithmetic { font-weight: 600; } tr.arithmetic th { font-weight: 600; }
    .sum + .caption { margin-top: 8px; }
    .conclusion { margin-top: 16px; max-width: 66ch; min-height: 4.5em; }
    .score { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 24px 32px; align-items: start; }
    @media (max-width: 640px) { li { grid-template-columns: 6em minmax(0, 1fr); } .sum input { width: 5.2em; }
      th, td { padding-left: 8px; } }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.score = null;
    this.embeddings = null;
    this.typed = {};
    const { alike, all } = analogies(run);
    const examples = alike.length ? alike : all;
    const [b, a] = suggestedPairs(run)[0] ?? [0, 0];
    this.chosen = examples[0] ?? [a, b, Math.min(1, run.vocab.length - 1), null];
    return { examples, groups: Object.entries({ alike, all }).filter(([, one]) => one.length) };
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.run && this.step !== undefined && (changed.has("run") || changed.has("step"))) this.read();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async read() {
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    const { run, step } = this;
    try {
      await near(this, signal);
      const embeddings = await embeddingsAt(run, step);
      signal.throwIfAborted();
      if (!this.embeddings) this.chosen = typical(this.data?.examples ?? [], embeddings) ?? this.chosen;
      this.embeddings = embeddings;
      const model = new LiveModel(run, embeddings.step);
      const score = {};
      for (const [name, examples] of Object.entries(analogies(run))) {
        score[name] = await ranksOfKinds(model, examples, signal);
      }
      if (!signal.aborted) this.score = score;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  type(side, value) {
    const id = tokenOf(this.run, value);
    this.typed = { ...this.typed, [side]: id === null ? value : undefined };
    if (id === null) return;
    const chosen = this.chosen.with(SIDES.indexOf(side), id);
    const known = this.data.examples.find((one) => one.slice(0, 3).join() === chosen.slice(0, 3).join());
    this.chosen = chosen.with(3, known?.[3] ?? null);
  }

  take(i) {
    this.typed = {};
    this.chosen = this.data.examples[i];
  }

  draw({ examples, groups }) {
    return html`${this.sum(examples)}
      ${examples.length > 1 ? html`<p class="caption">${this.say("middle-one", { n: examples.length })}</p>` : nothing}
      <p class="problem" role="status">${this.problem()}</p>
      <div class="result">${this.embeddings ? this.result() : nothing}</div>
      <div class="score">${groups.length ? groups.map((group) => this.scores(group)) : this.say("no-pairs")}</div>
      <p class="conclusion" role="status">${groups.length && this.score ? this.conclusion(groups[0]) : nothing}</p>`;
  }

  /** What the arithmetic changes in a group of examples, compared with the third word alone. */
  conclusion([name, examples]) {
    const { arithmetic: ranks, alone } = this.score[name];
    const better = ranks.filter((rank, i) => rank < alone[i]).length;
    const worse = ranks.filter((rank, i) => rank > alone[i]).length;
    const pairs = new Set(examples.map(([a, b]) => [a, b].sort((x, y) => x - y).join())).size;
    const gain = (better - worse) / examples.length;
    const kind = gain > 0 ? "hardly" : "no-help";
    return this.say(gain > HELPS ? "helps" : kind, { n: examples.length, better, worse, pairs });
  }

  /** The nearest tokens; nothing while this is far from the screen. */
  result() {
    const { vectors, C } = this.embeddings;
    const vector = arithmetic(vectors, C, this.chosen);
    const order = nearestTo(vectors, C, vector, this.chosen.slice(0, 3), vectors.length / C);
    return html`<ol aria-label=${this.say("nearest")}>${order.slice(0, N_NEAREST).map((one) => this.item(one))}</ol>
      <p class="verdict" role="status">${this.verdict(order)}</p>`;
  }

  sum(examples) {
    const [a, b, c] = SIDES.map((side, i) => this.word(side, this.chosen[i]));
    return html`<div class="sum">${a} − ${b} + ${c} ${examples.length ? this.examples(examples) : nothing}</div>`;
  }

  word(side, id) {
    const value = this.typed[side] ?? this.plain(id);
    return html`<input type="text" dir="auto" maxlength="40" spellcheck="false" autocomplete="off" autocapitalize="none"
      aria-label=${this.say(`word-${side}`)} aria-invalid=${String(this.typed[side] !== undefined)} .value=${value}
      @change=${({ target }) => this.type(side, target.value)}>`;
  }

  /** A token without the space before it. */
  plain(id) {
    const token = this.run.vocab[id];
    return token.trim() || token;
  }

  examples(examples) {
    const text = ([a, b, c]) => `${this.shown(a)} − ${this.shown(b)} + ${this.shown(c)}`;
    return html`<select aria-label=${this.say("examples")} @change=${({ target }) => this.take(Number(target.value))}>
      ${this.chosen[3] === null ? html`<option value="" selected>${this.say("own")}</option>` : nothing}
      ${examples.map(
        (one, i) =>
          html`<option value=${i} .selected=${one.join() === this.chosen.join()}>${text(one)}</option>`,
      )}</select>`;
  }

  shown(id) {
    return inSentence(this.run.vocab[id]);
  }

  problem() {
    const wrong = SIDES.map((side) => this.typed[side]).filter((one) => one !== undefined);
    return wrong.length ? this.say("no-token", { typed: wrong.join(" ") }) : "";
  }

  item({ id, cosine }) {
    const width = `${100 * Math.max(0, cosine)}%`;
    return html`<li class=${id === this.chosen[3] ? "expected" : ""}><b>${tokenText(this.run.vocab[id])}</b>
      <div class="like"><i style=${styleMap({ width })}></i><span>${this.say("cosine", {
        cosine: decimals(cosine),
      })}</span></div></li>`;
  }

  /** Where the expected token comes, and where it would come without the arithmetic. */
  verdict(order) {
    const [, , c, expected] = this.chosen;
    if (expected === null) return this.say("own-result");
    const { vectors, C } = this.embeddings;
    const rankIn = (list) => 1 + list.findIndex(({ id }) => id === expected);
    const alone = nearestTo(
      vectors,
      C,
      arithmetic(vectors, C, [null, null, c]),
      this.chosen.slice(0, 3),
      order.length,
    );
    const values = { expected: this.shown(expected), c: this.shown(c), of: order.length };
    return this.say("verdict", { ...values, rank: rankIn(order), alone: rankIn(alone) });
  }

  /** How often the expected token comes first, in a group of examples. */
  scores([name, examples]) {
    const ranks = this.score?.[name];
    return html`<table class=${name}><caption>${this.say(`table-${name}`, this.about(name, examples))}</caption>
      <thead><tr><th scope="col">${this.say("way")}</th><th scope="col">${this.say("first")}</th>
        <th scope="col">${this.say("middle")}</th></tr></thead>
      <tbody>${KINDS.map((kind) => this.scoreRow(kind, ranks?.[kind]))}
        <tr class="blind"><th scope="row">${this.say("blind")}</th><td>${percent(1 / this.run.vocab.length)}</td>
          <td>${this.say("rank", { rank: Math.round(this.run.vocab.length / 2) })}</td></tr></tbody></table>`;
  }

  /** How many examples there are, and two words that are paired in them. */
  about(name, examples) {
    const [a, b, c, expected] = name === "alike" ? examples[0] : examples.at(-1);
    const [one, other] = name === "alike" ? [b, a] : [c, expected];
    return { n: examples.length, one: this.shown(one), other: this.shown(other) };
  }

  scoreRow(kind, ranks) {
    if (!ranks)
      return html`<tr class=${kind}><th scope="row">${this.say(`way-${kind}`)}</th><td>…</td><td>…</td></tr>`;
    const first = countFirst(ranks);
    const middle = [...ranks].sort((x, y) => x - y)[Math.floor(ranks.length / 2)];
    return html`<tr class=${kind}><th scope="row">${this.say(`way-${kind}`)}</th>
      <td>${this.say("first-of", { percent: percent(first / ranks.length), n: first })}</td>
      <td>${this.say("rank", { rank: middle })}</td></tr>`;
  }
}

const countFirst = (ranks) => ranks.filter((rank) => rank === 1).length;

/** The example in the middle, if they are sorted by where the expected token comes. */
function typical(examples, { vectors, C }) {
  const ranks = ranksOf(vectors, C, examples);
  const order = [...examples.keys()].sort((x, y) => ranks[x] - ranks[y]);
  return examples[order[Math.floor(order.length / 2)]];
}

/** The ranks of the expected tokens: with the arithmetic, for c alone, and with other tokens than a and b. */
async function ranksOfKinds(model, examples, signal) {
  const rng = makeRng(1);
  const anyToken = () => Math.floor(rng() * model.run.vocab.length);
  const quadruples = {
    arithmetic: examples,
    alone: examples.map(([, , c, expected]) => [null, null, c, expected]),
    random: examples.map(([, , c, expected]) => [anyToken(), anyToken(), c, expected]),
  };
  const found = {};
  for (const kind of KINDS) {
    found[kind] = [];
    for (let i = 0; i < examples.length; i += AT_ONCE) {
      const { ranks } = await model.arithmeticRanks(quadruples[kind].slice(i, i + AT_ONCE), signal);
      found[kind].push(...ranks);
    }
  }
  return found;
}

customElements.define("word-arithmetic", WordArithmetic);
