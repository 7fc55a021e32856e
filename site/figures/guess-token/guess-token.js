/**
 * <guess-token> <template data-words>…</template> </guess-token>
 *
 * Somebody guesses the next token of text that the model has never seen, and says how sure they are; the model, and
 * two models that only count, have the same tokens to choose from. All are scored in bits: how surprised they were
 * by what came. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { percent } from "../../app/format.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { wordsOf } from "../../app/page-words.js";
import { tokenText } from "../../app/token-text.js";
import { renormalized, surprise } from "../../app/guesses.js";

const SURE = [0.4, 0.6, 0.8, 0.95]; // probabilities that somebody can give to what they choose
const COMPARED = ["you", "model", "bigram", "unigram"]; // whose probabilities are shown
const PLAYERS = [...COMPARED, "blind"];

class GuessToken extends Figure {
  static properties = {
    round: { state: true }, // the index of the question that is asked
    choice: { state: true }, // the id that somebody has chosen
    sure: { state: true },
    scores: { state: true }, // bits of each player, for each round so far
    p: { state: true }, // of each player, for the candidates, once somebody has guessed
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
    .candidates button.right { border-color: var(--accent); box-shadow: inset 0 0 0 2px var(--accent); font-weight: 600;
                               color: var(--text); opacity: 1; }
    .answer { grid-area: 1 / 2 / span 5; align-self: center; display: grid; gap: 16px; justify-items: start; }
    .bars { grid-column: 2; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 4px 12px; align-items: center; }
    .heads { position: absolute; inset: 0 0 auto 0; padding-left: calc(8em + 24px); color: var(--muted); }
    .bar { position: relative; height: 1.8em; line-height: 1.8; padding: 0 6px; border-radius: 4px; background: var(--background);
           overflow: hidden; }
    .bar i { position: absolute; inset: 0 auto 0 0; background: color-mix(in oklab, var(--accent) 35%, var(--panel)); }
    .bar span { position: relative; }
    .sure { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: center; }
    .sure input { accent-color: var(--accent); }
    table { border-collapse: collapse; margin-top: 12px; width: 100%; max-width: 36rem; }
    th { text-align: left; font-weight: 400; padding: 4px 12px 4px 0; white-space: nowrap; }
    td { padding: 4px 0; width: 100%; }
    caption { text-align: left; }
    tr.you { font-weight: 600; }
    .answer .primary { grid-column: auto; font-family: var(--sans); }
    .verdict { min-height: 1.5em; margin-top: 8px; max-width: 66ch; }
    .row { min-height: 44px; }
    @media (max-width: 640px) { /* what the counters gave is in the score below */
      .candidates { grid-template-columns: minmax(6em, max-content) minmax(0, 1fr); gap: 8px 12px; }
      .candidates button { padding: 4px 10px; }
      .bars { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      .bars > :nth-child(n + 3) { display: none; }
      .heads { padding-left: calc(6em + 12px); }
    }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.begin();
    return run
      .part("guesses")
      .then(({ passages }) =>
        passages.flatMap(({ ids, questions }) => questions.map((question) => ({ ids, ...question }))),
      );
  }

  begin() {
    this.round = 0;
    this.scores = [];
    this.ask();
  }

  ask() {
    Object.assign(this, { choice: null, sure: 0.6, p: null, isWaiting: false });
  }

  draw(questions) {
    if (!questions.length) return html`<p>${this.say("no-text")}</p>`;
    if (this.round >= questions.length) return this.end();
    const question = questions[this.round];
    return html`<p class="caption">${this.say("round", { n: this.round + 1, of: questions.length })}</p>
      ${this.text(question)}
      <div class="candidates" role="group" aria-label=${this.say("candidates")}>
        ${this.p ? this.heads() : this.howSure()}
        ${question.candidates.map((one, i) => this.candidate(question, one, i))}
      </div>
      <p class="verdict" role="status">${this.p ? this.verdict(question) : ""}</p>
      <div class="row">${
        this.p ? html`<button class="primary next" @click=${this.next}>${this.say("next")}</button>` : nothing
      }</div>
      ${this.scores.length ? this.board() : nothing}`;
  }

  /** What one has read so far, and a gap. */
  text({ ids, position }) {
    const before = ids.slice(0, position).map((id) => this.run.vocab[id]);
    const given = before.filter((token, i) => i || token !== "<|endoftext|>").join("");
    const right = this.run.vocab[ids[position]];
    return html`<p class="text" dir="auto">${given}${
      this.p ? html`<b class="gap known">${right}</b>` : html`<span class="gap">?</span>`
    }</p>`;
  }

  heads() {
    return html`<div class="bars heads" aria-hidden="true">${COMPARED.map(
      (name) => html`<span>${this.say(name)}</span>`,
    )}</div>`;
  }

  candidate({ ids, position }, { id }, i) {
    const isRight = this.p && id === ids[position];
    return html`<button class=${isRight ? "right" : ""} aria-pressed=${String(this.choice === id)}
        ?disabled=${Boolean(this.p)} @click=${() => this.choose(id)}>${tokenText(this.run.vocab[id])}${
          isRight ? html`<span class="visually-hidden"> ${this.say("is-right")}</span>` : nothing
        }</button>
      ${
        this.p
          ? html`<div class="bars">${COMPARED.map((name) => this.bar(name, this.p[name][i]))}</div>`
          : nothing
      }`;
  }

  choose(id) {
    this.choice = id;
  }

  bar(name, p) {
    return html`<div class="bar"><i style=${styleMap({ width: `${100 * p}%` })}></i><span><span
      class="visually-hidden">${this.say(name)} </span>${percent(p)}</span></div>`;
  }

  howSure() {
    return html`<div class="answer"><fieldset class="sure"><legend>${this.say("how-sure")}</legend>${SURE.map(
      (p) => html`<label><input type="radio" name="sure" .checked=${this.sure === p}
        @change=${() => (this.sure = p)}>${percent(p)}</label>`,
    )}</fieldset>
      <button class="primary" aria-disabled=${String(this.choice === null || this.isWaiting)}
        @click=${this.guess}>${this.say(this.isWaiting ? "wait" : "guess")}</button></div>`;
  }

  async guess() {
    if (this.choice === null || this.isWaiting) return;
    const question = this.data[this.round];
    this.isWaiting = true;
    try {
      const p = await this.probabilities(question);
      if (question !== this.data?.[this.round]) return;
      const right = question.candidates.findIndex(({ id }) => id === question.ids[question.position]);
      this.p = p;
      this.scores = [
        ...this.scores,
        Object.fromEntries(PLAYERS.map((name) => [name, surprise(p[name][right])])),
      ];
    } catch (error) {
      this.fail(error);
    }
    this.isWaiting = false;
  }

  /** What each of them gave to the candidates, which have 100% together. */
  async probabilities({ ids, position, candidates }) {
    const model = new LiveModel(this.run, nearestSnapshot(this.run, this.step));
    const logits = await model.nextLogits(ids.slice(0, position));
    const n = candidates.length;
    const most = Math.max(...candidates.map(({ id }) => logits[id]));
    return {
      you: candidates.map(({ id }) => (id === this.choice ? this.sure : (1 - this.sure) / (n - 1))),
      model: renormalized(candidates.map(({ id }) => Math.exp(logits[id] - most))),
      bigram: renormalized(candidates.map(({ bigram }) => bigram)),
      unigram: renormalized(candidates.map(({ unigram }) => unigram)),
      blind: candidates.map(() => 1 / n),
    };
  }

  verdict({ ids, position }) {
    const bits = this.scores.at(-1);
    const token = this.run.vocab[ids[position]].trim();
    const key = this.choice === ids[position] ? "came-true" : "came-otherwise";
    return this.say(key, { token, you: bits.you, model: bits.model });
  }

  next() {
    this.round++;
    this.ask();
    this.updateComplete.then(() => this.renderRoot.querySelector("button")?.focus());
  }

  mean(name) {
    return this.scores.reduce((sum, bits) => sum + bits[name], 0) / this.scores.length;
  }

  /** Bits of each player a guess, on average: the fewer, the better. */
  board() {
    const most = Math.max(...PLAYERS.map((name) => this.mean(name)));
    return html`<table><caption class="caption">${this.say("board", {
      n: this.scores.length,
    })}</caption><tbody>${PLAYERS.map(
      (name) => html`<tr class=${name}><th scope="row">${this.say(name)}</th>
        <td><div class="bar"><i style=${styleMap({ width: `${(100 * this.mean(name)) / most}%` })}></i>
          <span>${this.say("bits", { bits: this.mean(name) })}</span></div></td></tr>`,
    )}</tbody></table>`;
  }

  end() {
    return html`<p>${this.say("end", { n: this.scores.length })}</p>${this.board()}
      <div class="row"><button class="primary" @click=${this.begin}>${this.say("once-more")}</button></div>`;
  }
}

customElements.define("guess-token", GuessToken);
