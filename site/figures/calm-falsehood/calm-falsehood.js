/**
 * <calm-falsehood> <template data-words>…</template> </calm-falsehood>
 *
 * A text that the model has never seen goes on twice: after the token that really came, and after another one that
 * the model took for likely. How sure it is of what it then writes is all that one sees; somebody guesses which of the
 * two was swapped. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { percent } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { near } from "../../app/near.js";
import { wordsOf } from "../../app/page-words.js";
import { softmax } from "../../engine/kernel.js";
import { END } from "../../engine/tokenizer.js";

const TOKENS = 16; // that the model writes after each of the two
const LEAST_BEFORE = 16; // tokens of a text: before, there is not much that something could contradict
const LEAST_LIKELY = 0.02; // of another token: one that makes no sense is found by reading alone
const ROUNDING = 0.005; // what is shown as the same counts as the same
const NAMES = ["A", "B"];

class CalmFalsehood extends Figure {
  static properties = {
    questions: { state: true }, // { ids, position, wrong: the other token } of each text, null until they are known
    round: { state: true }, // the index of the text
    sides: { state: true }, // the two: { id, isFalse, p, tokens }, null until they are written
    guess: { state: true }, // the index of the side that somebody takes for the swapped one
    surer: { state: true }, // for each text so far, by its index, whether the swapped one was the surer
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .text { font: 400 1.0625rem/1.7 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; max-width: 66ch; }
    .gap { border-bottom: 3px solid var(--chosen); padding: 0 1em; }
    .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); gap: 12px; margin: 12px 0; }
    .side { border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; display: grid; gap: 8px;
            align-content: start; min-height: 150px; }
    .side.false { border-color: var(--warning); box-shadow: inset 0 0 0 1px var(--warning); }
    .side h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    .side p span { border-radius: 3px; }
    .first { font-weight: 600; text-decoration: underline 2px var(--chosen); text-underline-offset: 0.2em; }
    .about { min-height: 3em; max-width: 66ch; }
    .row { min-height: 44px; }
    .waiting { min-height: 340px; }
  `,
  ];

  async load(run) {
    this.say = wordsOf(this);
    this.controller?.abort();
    const { passages } = await run.part("guesses");
    const questions = passages.flatMap(({ ids, questions: all }) => all.map((one) => ({ ids, ...one })));
    this.begin(0);
    Object.assign(this, { questions: null, surer: {} });
    const { n_ctx } = run.manifest.settings;
    const deep = questions.filter(({ position }) => position >= LEAST_BEFORE && position + 2 <= n_ctx);
    const aboutWords = deep.filter((one) => wordsAmong(run, one).length > 1);
    return aboutWords.length ? aboutWords : deep;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (this.data?.length && (changed.has("data") || changed.has("step"))) this.choose();
    else if (this.questions && changed.has("round")) this.write();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  begin(round) {
    Object.assign(this, { round, sides: null, guess: null });
  }

  /** First come the texts in which the other token would do as well, as far as the model can tell. */
  async choose() {
    const { signal } = this.ask();
    const model = this.model;
    this.questions = null; // of another step: nobody may go on with them
    try {
      await near(this, signal);
      const all = [];
      for (const one of this.data) all.push(await withOther(model, one, signal));
      const isLikely = ({ p }) => Number(p[1] >= LEAST_LIKELY);
      all.sort((a, b) => isLikely(b) - isLikely(a));
      Object.assign(this, { questions: all, surer: {} });
      this.begin(0);
      this.write();
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  async write() {
    const { signal } = this.ask();
    const { ids, position, wrong, p } = this.questions[this.round];
    const before = ids.slice(0, position);
    const right = { id: ids[position], isFalse: false, p: p[0] };
    const other = { id: wrong, isFalse: true, p: p[1] };
    const order = (this.round + right.id) % 2 ? [other, right] : [right, other]; // not always the same
    try {
      const sides = [];
      for (const one of order)
        sides.push({ ...one, tokens: await goOn(this.model, [...before, one.id], signal) });
      if (!signal.aborted) this.sides = sides;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  /** What was asked before is no longer wanted. */
  ask() {
    this.controller?.abort();
    this.controller = new AbortController();
    return this.controller;
  }

  get model() {
    return new LiveModel(this.run, nearestSnapshot(this.run, this.step));
  }

  draw(all) {
    if (!all.length) return html`<p>${this.say("no-text")}</p>`;
    if (!this.questions) return html`<p class="caption waiting">…</p>`; // until somebody comes near
    const { questions } = this;
    const { ids, position } = questions[this.round];
    const before = ids.slice(0, position).map((id) => this.run.vocab[id]);
    return html`<p class="caption">${this.say("text", { n: this.round + 1, of: questions.length })}</p>
      <p class="text" dir="auto">${before.filter((token) => token !== END).join("")}<span class="gap">?</span></p>
      <div class="sides">${NAMES.map((name, i) => this.side(name, this.sides?.[i], i))}</div>
      <p class="about" role="status">${this.guess === null ? nothing : this.verdict()}</p>
      <div class="row">${
        this.guess === null
          ? nothing
          : html`<button class="primary" @click=${this.next}>${this.say("next")}</button>`
      }</div>`;
  }

  side(name, side, i) {
    const isKnown = this.guess !== null && side;
    return html`<div class=${isKnown && side.isFalse ? "side false" : "side"}><h3>${name}${
      isKnown ? `: ${this.say(side.isFalse ? "is-false" : "is-true")}` : ""
    }</h3>${
      side
        ? html`<p class="text" dir="auto"><span class=${`first ${colorToken(side.p)}`}>${this.run.vocab[side.id]}</span>${side.tokens.map(
            ({ id, p }) => html`<span class=${colorToken(p)}>${shown(this.run.vocab[id])}</span>`,
          )}${goesOn(this.run, side) ? "…" : ""}</p><p class="caption">${this.say("sure", {
            first: precisePercent(side.p),
            sure: percent(sureness(side)),
          })}</p>`
        : html`<p class="caption">${this.say("wait")}</p>`
    }${
      this.guess === null
        ? html`<div><button aria-disabled=${String(!this.sides)} @click=${() => this.take(i)}>${this.say("choose", { name })}</button></div>`
        : nothing
    }</div>`;
  }

  take(i) {
    if (!this.sides) return;
    this.guess = i;
    const [wrong, right] = this.wrongAndRight();
    this.surer = { ...this.surer, [this.round]: sureness(wrong) > sureness(right) + ROUNDING };
    this.updateComplete.then(() => this.renderRoot.querySelector(".primary")?.focus());
  }

  wrongAndRight() {
    return [true, false].map((isFalse) => this.sides.find((one) => one.isFalse === isFalse));
  }

  verdict() {
    const [wrong, right] = this.wrongAndRight();
    const surer = Object.values(this.surer);
    const found = this.say(this.sides[this.guess].isFalse ? "found" : "not-found", {
      name: NAMES[this.sides.indexOf(wrong)],
      wrong: percent(sureness(wrong)),
      right: percent(sureness(right)),
    });
    const score = { surer: surer.filter(Boolean).length, n: surer.length };
    return html`${found} ${this.say("score", score)}`;
  }

  next() {
    this.begin((this.round + 1) % this.questions.length);
    this.updateComplete.then(() => this.renderRoot.querySelector("button")?.focus());
  }
}

const LETTERS = /^ ?\p{L}+$/u;

/** The candidates of a question that are words, or letters, if what came is one: of these, one may be wrong. */
function wordsAmong({ vocab }, { ids, position, candidates }) {
  return LETTERS.test(vocab[ids[position]]) ? candidates.filter(({ id }) => LETTERS.test(vocab[id])) : [];
}

/** A question, with the likeliest of the other tokens, and how likely the right one and that one are. */
async function withOther(model, question, signal) {
  const { ids, position, candidates } = question;
  const right = ids[position];
  const probabilities = softmax(await model.nextLogits(ids.slice(0, position), { signal }));
  const words = wordsAmong(model.run, question);
  const others = (words.length > 1 ? words : candidates).map(({ id }) => id).filter((id) => id !== right);
  const wrong = others.reduce((best, id) => (probabilities[id] > probabilities[best] ? id : best), others[0]);
  return { ...question, wrong, p: [probabilities[right], probabilities[wrong]] };
}

/** What the model takes for likeliest, token by token: { id, p } of each. */
async function goOn(model, ids, signal) {
  const tokens = [];
  const { end } = tokenizerOf(model.run);
  await model.generate(
    { ids, sampling: { temperature: 0 }, tokens: TOKENS, end },
    { signal, onProgress: (more) => tokens.push(...more) },
  );
  return tokens;
}

/** How likely it was on average what the model wrote; where it wrote nothing, it was sure that nothing follows. */
const sureness = ({ tokens }) => tokens.reduce((sum, { p }) => sum + p, 0) / Math.max(1, tokens.length);

/** Whether it would have written more. */
const goesOn = ({ vocab }, { tokens }) => tokens.length === TOKENS && vocab[tokens.at(-1).id] !== END;

const shown = (token) => (token === END ? "" : token);

customElements.define("calm-falsehood", CalmFalsehood);
