/**
 * <guess-token> <template data-words>…</template> </guess-token>
 *
 * Somebody guesses the next token of text that the model has never seen, and says how sure they are; the model, and
 * two models that only count, have the same tokens to choose from. All are scored in bits: how surprised they were
 * by what came. Each game has one gap of each text; the model is scored anew when another step is chosen.
 * Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { END } from "../../engine/tokenizer.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { inSentence, percent } from "../../app/format.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { wordsOf } from "../../app/page-words.js";
import { tokenText } from "../../app/token-text.js";
import { gapsOf, renormalized, surprise } from "../../app/guesses.js";

const SURE = [0.2, 0.4, 0.6, 0.8, 0.95]; // probabilities that somebody can give to what they choose
const FEW = 4; // texts: one gap of each would not make a game
const COMPARED = ["you", "model", "bigram", "unigram"]; // whose probabilities are shown
const PLAYERS = [...COMPARED, "blind"];

class GuessToken extends Figure {
  static properties = {
    game: { state: true }, // which gap of each text is asked
    round: { state: true }, // the index of the question that is asked
    choice: { state: true }, // the id that somebody has chosen
    sure: { state: true },
    answers: { state: true }, // { choice, sure } of each round so far
    odds: { state: true }, // what the model gives to the candidates of each of them
    isWaiting: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .text { font: 400 1.1875rem/1.7 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 3.4em; max-width: 44em; }
    .gap { display: inline-block; min-width: 3.5em; border-bottom: 3px solid var(--chosen); text-align: center; }
    .gap.known { font-weight: 600; min-width: 0; }
    .candidates { display: grid; grid-template-columns: minmax(8em, max-content) minmax(0, 1fr); gap: 8px 24px; margin: 12px 0;
                  padding-top: 2em; position: relative; }
    .candidates button { font-family: var(--mono); white-space: pre; text-align: center; grid-column: 1; }
    .candidates button:disabled { opacity: 1; }
    .candidates button.right { border-color: var(--accent); box-shadow: inset 0 0 0 2px var(--accent); font-weight: 600;
                               color: var(--text); }
    .answer { grid-area: 1 / 2 / span 5; align-self: center; display: grid; gap: 16px; justify-items: start; }
    .bars { grid-column: 2; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 4px 12px; align-items: center; }
    .heads { position: absolute; inset: 0 0 auto 0; align-items: end; color: var(--muted); }
    .bar { position: relative; height: 1.8em; line-height: 1.8; padding: 0 6px; border-radius: 4px; background: var(--background);
           overflow: hidden; }
    .bar i { position: absolute; inset: 0 auto 0 0; background: color-mix(in oklab, var(--accent) 35%, var(--panel)); }
    .bar > span { position: relative; }
    .heads span { padding: 0 6px; }
    .sure { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
    .sure input { accent-color: var(--accent); }
    table { border-collapse: collapse; margin-top: 12px; width: 100%; max-width: 36rem; }
    th { text-align: left; font-weight: 400; padding: 4px 12px 4px 0; white-space: nowrap; }
    td { padding: 4px 0; width: 100%; }
    caption { text-align: left; }
    tr.you { font-weight: 600; }
    tr.always th { padding-left: 1em; color: var(--muted); }
    .answer .primary { grid-column: auto; font-family: var(--sans); }
    .rest { min-height: 3em; color: var(--muted); }
    .verdict { min-height: 1.5em; margin-top: 8px; max-width: 66ch; }
    .row { min-height: 44px; }
    @media (max-width: 640px) { /* what the counters gave is in the score below */
      .candidates { grid-template-columns: minmax(6em, max-content) minmax(0, 1fr); gap: 8px 12px; }
      .candidates button { padding: 4px 10px; }
      .answer { gap: 8px; }
      th { padding-right: 8px; }
      .bars { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      .bars > :nth-child(n + 3) { display: none; }
    }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.game = 0;
    this.begin();
    return run.part("guesses").then(({ passages }) => gapsOf(passages, run));
  }

  begin() {
    this.round = 0;
    this.answers = [];
    this.odds = [];
    this.ask();
  }

  ask() {
    Object.assign(this, { choice: null, sure: 0.6, isWaiting: false });
  }

  /** Play with other gaps in the same texts. */
  change() {
    this.game++;
    this.begin();
  }

  /** What is asked in this game: one gap of each text; if there are only a few texts, all of theirs. */
  get questions() {
    return this.hasFew ? this.data.flat() : this.data.map((gaps, i) => gaps[(i + this.game) % gaps.length]);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("step") && this.data && this.answers.length) this.reckon();
  }

  get hasFew() {
    return this.data.length < FEW;
  }

  /** Whether the gap that is asked has been filled. */
  get isOpen() {
    return this.odds.length > this.round;
  }

  draw(texts) {
    if (!texts.length) return html`<p>${this.say("no-text")}</p>`;
    const { questions } = this;
    if (this.round >= questions.length) return this.end();
    const question = questions[this.round];
    const p = this.isOpen ? this.given(this.round) : null;
    return html`<p class="caption">${this.say("round", { n: this.round + 1, of: questions.length })}</p>
      ${this.text(question)}
      <div class="candidates" role="group" aria-label=${this.say("candidates")}>
        ${p ? this.heads() : nothing}
        ${question.candidates.map((one, i) => this.candidate(question, one, i, p))}
        ${p ? nothing : this.howSure(question)}
      </div>
      <p class="verdict" role="status">${p ? this.verdict(question) : ""}</p>
      <div class="row">${
        p ? html`<button class="primary next" @click=${this.next}>${this.say("next")}</button>` : nothing
      }</div>
      ${this.odds.length ? this.board() : nothing}`;
  }

  /** What one has read so far, and a gap. */
  text({ ids, position }) {
    const before = ids.slice(0, position).map((id) => this.run.vocab[id]);
    const given = before.map((token) => (token === END ? "\n\n" : token)).join("");
    const right = this.run.vocab[ids[position]];
    return html`<p class="text" dir="auto">${given.trimStart()}${
      this.isOpen ? html`<b class="gap known">${right}</b>` : html`<span class="gap">?</span>`
    }</p>`;
  }

  heads() {
    return html`<div class="bars heads" aria-hidden="true">${COMPARED.map(
      (name) => html`<span>${this.say(name)}</span>`,
    )}</div>`;
  }

  candidate({ ids, position }, { id }, i, p) {
    const isRight = p && id === ids[position];
    return html`<button class=${isRight ? "right" : ""} aria-pressed=${String(this.choice === id)}
        ?disabled=${Boolean(p)} @click=${() => this.choose(id)}>${tokenText(this.run.vocab[id])}${
          isRight ? html`<span class="visually-hidden"> ${this.say("is-right")}</span>` : nothing
        }</button>
      ${p ? html`<div class="bars">${COMPARED.map((name) => this.bar(name, p[name][i]))}</div>` : nothing}`;
  }

  choose(id) {
    if (!this.isWaiting) this.choice = id;
  }

  bar(name, p) {
    return html`<div class="bar"><i style=${styleMap({ width: `${100 * p}%` })}></i><span><span
      class="visually-hidden">${this.say(name)} </span>${percent(p)}</span></div>`;
  }

  howSure({ candidates }) {
    const rest = (1 - this.sure) / (candidates.length - 1);
    return html`<div class="answer"><fieldset class="sure"><legend>${this.say("how-sure")}</legend>${SURE.map(
      (p) => html`<label><input type="radio" name="sure" .checked=${this.sure === p}
        @change=${() => (this.sure = p)}>${percent(p)}</label>`,
    )}</fieldset>
      <button class="primary" aria-disabled=${String(this.choice === null || this.isWaiting)}
        @click=${this.guess}>${this.say(this.isWaiting ? "wait" : "guess")}</button>
      <p class="rest">${this.say("rest", { sure: percent(this.sure), rest: percent(rest) })}</p></div>`;
  }

  async guess() {
    if (this.choice === null || this.isWaiting) return;
    this.isWaiting = true;
    this.answers = [...this.answers, { choice: this.choice, sure: this.sure }];
    await this.reckon();
  }

  /** What the model of the chosen step gives in all rounds that somebody has played. */
  async reckon() {
    const { answers, questions } = this;
    const job = (this.job = {});
    try {
      const model = new LiveModel(this.run, nearestSnapshot(this.run, this.step));
      const odds = [];
      for (const question of questions.slice(0, answers.length)) {
        odds.push(await this.oddsOf(model, question));
        if (job !== this.job || answers !== this.answers) return;
      }
      this.odds = odds;
    } catch (error) {
      if (job !== this.job || answers !== this.answers) return;
      this.fail(error);
    }
    this.isWaiting = false;
  }

  /** Of the candidates, which have 100% together. */
  async oddsOf(model, { ids, position, candidates }) {
    const logits = await model.nextLogits(ids.slice(0, position));
    const most = Math.max(...candidates.map(({ id }) => logits[id]));
    return renormalized(candidates.map(({ id }) => Math.exp(logits[id] - most)));
  }

  /** What each player gave to the candidates of a round. */
  given(round, sure = this.answers[round].sure) {
    const { candidates } = this.questions[round];
    const n = candidates.length;
    const { choice } = this.answers[round];
    return {
      you: candidates.map(({ id }) => (id === choice ? sure : (1 - sure) / (n - 1))),
      model: this.odds[round],
      bigram: renormalized(candidates.map(({ bigram }) => bigram)),
      unigram: renormalized(candidates.map(({ unigram }) => unigram)),
      blind: candidates.map(() => 1 / n),
    };
  }

  /** How surprised a player was in a round, in bits; `sure`: as if somebody had said that. */
  bits(name, round, sure) {
    const { ids, position, candidates } = this.questions[round];
    const right = candidates.findIndex(({ id }) => id === ids[position]);
    return surprise(this.given(round, sure)[name][right]);
  }

  verdict({ ids, position }) {
    const token = inSentence(this.run.vocab[ids[position]]);
    const key = this.answers[this.round].choice === ids[position] ? "came-true" : "came-otherwise";
    return this.say(key, { token, you: this.bits("you", this.round), model: this.bits("model", this.round) });
  }

  next() {
    this.round++;
    this.ask();
    this.updateComplete.then(() => this.renderRoot.querySelector("button")?.focus());
  }

  mean(name, sure) {
    return this.odds.reduce((sum, _, round) => sum + this.bits(name, round, sure), 0) / this.odds.length;
  }

  /** Bits of each player a guess, on average: the fewer, the better. Then also yours, had you always said the same. */
  board(always = []) {
    const players = PLAYERS.map((name) => ({ name, label: this.say(name), mean: this.mean(name) }));
    const same = always.map((sure) => ({
      name: "always",
      label: this.say("always", { sure: percent(sure) }),
      mean: this.mean("you", sure),
    }));
    const rows = [players[0], ...same, ...players.slice(1)];
    const most = Math.max(...rows.map(({ mean }) => mean));
    return html`<table><caption class="caption">${this.say("board", {
      n: this.odds.length,
    })}</caption><tbody>${rows.map(
      ({ name, label, mean }) => html`<tr class=${name}><th scope="row">${label}</th>
        <td><div class="bar"><i style=${styleMap({ width: `${(100 * mean) / most}%` })}></i>
          <span>${this.say("bits", { bits: mean })}</span></div></td></tr>`,
    )}</tbody></table>`;
  }

  end() {
    const { questions } = this;
    const right = this.answers.filter(({ choice }, i) => choice === questions[i].ids[questions[i].position]);
    return html`<p>${this.say("end", { n: questions.length, right: right.length })}</p>${this.board(SURE)}
      <div class="row"><button class="primary" @click=${this.begin}>${this.say("once-more")}</button>
        ${this.hasFew ? nothing : html`<button @click=${this.change}>${this.say("other-gaps")}</button>`}</div>`;
  }
}

customElements.define("guess-token", GuessToken);
