/**
 * <greedy-text> <template data-words>…</template> </greedy-text>
 *
 * The same beginning continued twice: always with the likeliest token, and with tokens that are drawn. What repeats
 * itself is marked and counted. Both are written here, with the weights of the chosen step. Its words stand in the
 * page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
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
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .both { margin-top: 12px; display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 16px 32px; }
    h3 { margin: 0 0 4px; font: 600 1em/1.5 var(--sans); }
    .story { font: 400 1.0625rem/1.55 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; height: 15.5em; overflow-y: auto;
             padding-right: 8px; }
    .story span { color: var(--muted); }
    mark { color: inherit; background: color-mix(in oklab, var(--chosen) 30%, var(--panel)); text-decoration: underline 2px var(--chosen); }
    .count { margin-top: 8px; min-height: 1.5em; }
    .row { margin-top: 12px; }
    @media (forced-colors: active) { mark { forced-color-adjust: none; background: Mark; color: MarkText; } }
    @media (max-width: 640px) { .both { grid-template-columns: minmax(0, 1fr); } .story { height: 11em; } }
    @media print { .story { height: auto; } }
  `,
  ];

  constructor() {
    super();
    this.seed = 1;
    this.greedy = [];
    this.drawn = [];
    this.isWriting = false;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  load(_run) {
    this.say = wordsOf(this);
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const isAnother = ["run", "step", "prompt", "text"].some((name) => changed.has(name));
    if (this.run && isAnother) this.write(Object.keys(WAYS));
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
    return html`<p class="caption">${this.say("about")}</p><div class="both">${Object.keys(WAYS).map((way) => this.column(way, typed))}</div>
      <div class="row"><button class="primary" aria-disabled=${String(this.isWriting)}
        @click=${this.again}>${this.say("again")}</button></div>`;
  }

  /** Both are written again, with another seed. */
  again() {
    if (this.isWriting) return;
    this.seed++;
    this.write(Object.keys(WAYS));
  }

  column(way, typed) {
    const tokens = this[way];
    const marks = repeated(tokens);
    return html`<div data-way=${way}><h3>${this.say(way)}</h3>
      <p class="story" dir="auto" tabindex="0" role="region" aria-label=${this.say(way)}><span>${typed}</span>${stretches(
        tokens,
        marks,
      ).map(({ text, isRepeated }) => (isRepeated ? html`<mark>${text}</mark>` : text))}</p>
      <p class="count" role="status">${this.isWriting ? nothing : this.say("count", { p: percent(fraction(tokens, marks)) })}</p></div>`;
  }
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
