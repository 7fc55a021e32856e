/**
 * <greedy-text> <template data-words>…</template> </greedy-text>
 *
 * The same beginning continued twice: always with the likeliest token, and with tokens that are drawn. What repeats
 * itself is marked and counted. Both are written here once somebody asks for it, with the weights of the chosen step:
 * at first an early one, at which the model has only learned which tokens are frequent. So it needs a step of its own,
 * that of a <forward-pass step="last"> around it. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Fades, fades } from "../../app/fades.js";
import { Figure } from "../../app/figure.js";
import { inText, percent } from "../../app/format.js";
import { encodeTyped, tokenizerOf } from "../../app/forward-pass.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { near } from "../../app/near.js";
import { wordsOf } from "../../app/page-words.js";
import { repeated } from "../../app/repeats.js";

const TOKENS = 240; // that are written, at most
const WAYS = { greedy: 0, drawn: 1 }; // the temperature of each

class GreedyText extends Figure {
  static properties = {
    prompt: { from: "store", type: Number },
    text: { from: "store", type: String }, // one's own beginning; empty for the prompt
    seed: { state: true },
    greedy: { state: true }, // the tokens that it has written so far
    drawn: { state: true },
    isWriting: { state: true },
    hasBegun: { state: true }, // whether anything was asked for: until then, nothing is given away
  };

  static styles = [
    Figure.styles,
    controls,
    fades,
    css`
    .both { margin-top: 12px; display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px 32px; }
    h3 { margin: 0 0 4px; font: 600 1em/1.5 var(--sans); }
    .story { font: 400 1.0625rem/1.55 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; overflow-y: auto; padding-right: 8px; }
    .begun .story { height: 15.5em; }
    .story span { color: var(--muted); }
    mark { color: inherit; background: color-mix(in oklab, var(--chosen) 30%, var(--panel)); text-decoration: underline 2px var(--chosen); }
    .count { margin-top: 8px; min-height: 1.5em; }
    .row { margin-top: 12px; }
    @media (forced-colors: active) { mark { forced-color-adjust: none; background: Mark; color: MarkText; } }
    @media (max-width: 640px) { .both { grid-template-columns: minmax(0, 1fr); } .begun .story { height: 11em; } }
    .fades { --fade: 2em; }
    @media print { .begun .story { height: auto; } }
  `,
  ];

  constructor() {
    super();
    this.seed = 1;
    this.greedy = [];
    this.drawn = [];
    this.isWriting = false;
    this.hasBegun = false;
    for (const way of Object.keys(WAYS)) new Fades(this, `[data-way=${way}] .story`);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async load(run) {
    this.say = wordsOf(this);
    const step = await earlyStep(run);
    if (run === this.run) this.store.set({ step });
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const isAnother = ["run", "step", "prompt", "text"].some((name) => changed.has(name));
    if (this.run && isAnother && this.hasBegun) this.write(Object.keys(WAYS));
  }

  /** Write in these ways, one after the other: the worker does one thing at a time. */
  async write(ways) {
    this.controller?.abort();
    this.controller = new AbortController();
    const { signal } = this.controller;
    for (const way of ways) this[way] = [];
    this.isWriting = true;
    try {
      await near(this, signal);
      const typed = this.text || this.run.manifest.prompts[this.prompt];
      const { start, encoded } = await encodeTyped(this.run, typed);
      signal.throwIfAborted();
      const ids = [...start, ...encoded];
      if (ids.length) for (const way of ways) await this.continue(way, ids, signal);
      this.isWriting = false;
    } catch (error) {
      if (signal.aborted) return;
      this.isWriting = false;
      this.fail(error);
    }
  }

  async continue(way, ids, signal) {
    const model = new LiveModel(this.run, nearestSnapshot(this.run, this.step));
    const { end } = tokenizerOf(this.run);
    await model.generate(
      { ids, sampling: { temperature: WAYS[way] }, seed: this.seed, tokens: TOKENS, end },
      {
        signal,
        onProgress: (more) => {
          if (!signal.aborted) this[way] = [...this[way], ...more.map(({ id }) => this.run.vocab[id])];
        },
      },
    );
  }

  draw() {
    const typed = this.text || this.run.manifest.prompts[this.prompt];
    const button = this.say(this.hasBegun ? "again" : "write");
    return html`<p class="caption">${this.say("about")}</p>
      <div class="row"><button class="primary" aria-disabled=${String(this.isWriting)}
        @click=${this.again}>${button}</button></div>
      <div class="both ${this.hasBegun ? "begun" : ""}">${Object.keys(WAYS).map((way) => this.column(way, typed))}</div>`;
  }

  /** Both are written; the next time with another seed. */
  again() {
    if (this.isWriting) return;
    if (this.hasBegun) this.seed++;
    this.hasBegun = true;
    this.write(Object.keys(WAYS));
  }

  column(way, typed) {
    const tokens = this[way];
    const marks = repeated(tokens);
    return html`<div data-way=${way}><h3>${this.say(way, { temperature: WAYS[way] })}</h3>
      <div class="fades"><p class="story" dir="auto" tabindex="0" role="region" aria-label=${this.say(way, { temperature: WAYS[way] })}><span>${typed}</span>${stretches(
        tokens,
        marks,
      ).map(({ text, isRepeated }) => (isRepeated ? html`<mark>${text}</mark>` : text))}</p></div>
      <p class="count" role="status">${this.isWriting || !this.hasBegun ? nothing : this.say("count", { p: percent(fraction(tokens, marks)) })}</p></div>`;
  }
}

const LEARNED = 0.8; // of the first loss, where nobody knows that of counting

/**
 * The first step at which a model is better than one that only knows how often each token occurs. A training that is
 * too short for that has learned little even at its end.
 */
async function earlyStep(run) {
  const log = await run.part("log").catch(() => null);
  if (!log) return "last";
  const { sampled_steps, loss } = log.validation;
  const unigram = log.baselines?.unigram ?? LEARNED * loss[0];
  return sampled_steps.find((_, i) => loss[i] < unigram) ?? sampled_steps.at(-1);
}

/** The text in stretches that are repeated, and others. */
function stretches(tokens, marks) {
  const found = [];
  tokens.forEach((token, i) => {
    if (found.length && found.at(-1).isRepeated === marks[i]) found.at(-1).text += inText(token);
    else found.push({ text: inText(token), isRepeated: marks[i] });
  });
  return found;
}

/** How much of a text is marked, of its characters. */
function fraction(tokens, marks) {
  const characters = tokens.reduce((sum, token) => sum + token.length, 0);
  const marked = tokens.reduce((sum, token, i) => sum + (marks[i] ? token.length : 0), 0);
  return characters ? marked / characters : 0;
}

customElements.define("greedy-text", GreedyText);
