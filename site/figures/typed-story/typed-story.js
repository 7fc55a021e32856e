/**
 * <typed-story></typed-story>
 *
 * What the model writes when a typed head replaces all of its own, and what that costs.
 * `result` as for head-check. `story` is null before, or has
 *   prompt: the number of the prompt; code: what wrote it;
 *   typed, builtin: tokens { id, p } so far, after the prompt; busy: whether more will come;
 *   message: what went wrong, or ""; loss: { typed, builtin, pytorch, tokens } in nats per token, or
 *   null; lossMessage: why there is none.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, inText, nats, percent } from "../../app/format.js";
import { tokenText } from "../../app/forward-pass-figure.js";

class TypedStory extends Figure {
  static share = {
    title: "A text with a head of one’s own",
    embeds: false, // the code stands in no address
    table: ({ story, run }) => story && numbers(story, run.vocab),
  };

  static properties = {
    result: { from: "typed", attribute: false },
    story: { from: "typed", attribute: false },
    code: { from: "typed", type: String },
    changed: { from: "typed", type: Boolean }, // whether the code has changed since it ran
    busy: { from: "typed", type: Boolean }, // whether it is judged right now
    prompt: { type: Number },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .two { display: grid; gap: 16px 40px; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
           margin-top: 16px; }
    .two > div { display: grid; grid-row: span 3; grid-template-rows: subgrid; row-gap: 0; } /* texts in step */
    @media (max-width: 720px) { .two { grid-template-columns: minmax(0, 1fr); } }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    .text { font: 400 1.0625rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
            min-height: 8em; margin: 0; }
    .prompt { color: var(--muted); }
    .text span { border-radius: 3px; }
    .differs { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .loss { margin-top: 8px; min-height: 3em; }
    .all { margin-top: 16px; min-height: 3em; max-width: 72ch; }
    .why { max-width: 66ch; margin-top: 8px; }
    @media print { .row { display: none; } }
    .old { border-left: 4px solid var(--line); padding-left: 12px; margin-top: 16px; }
    .wrong { border-left: 4px solid var(--warning); padding-left: 12px; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ prompts }) {
    const { result, story } = this;
    const can = Boolean(result && !this.busy && (this.changed || result.passed.includes("shape")));
    return html`<div class="row">
        <label>It begins with <select @change=${({ target }) => {
          this.prompt = Number(target.value);
        }}>
          ${prompts.map(
            (prompt, i) => html`<option value=${i} dir="auto"
            .selected=${i === this.prompt}>${prompt}</option>`,
          )}</select></label>
        <button class="primary" aria-disabled=${String(!can)} @click=${() => can && this.press()}>${this.label()}</button>
      </div>
      ${can ? nothing : html`<p class="caption all">${this.obstacle()}</p>`}
      ${story ? this.texts(story) : nothing}`;
  }

  /** Why it cannot write now. */
  obstacle() {
    const { result, busy } = this;
    if (busy) return "Your code is checked first …";
    if (!result) return "Write a head and run it first. A wrong one can go in, too: see what it does.";
    return html`It cannot go in yet: first it has to return two tensors of the right shapes.
      ${result.mistake?.message}`;
  }

  label() {
    if (this.story?.busy) return "Stop";
    return this.result?.mistake && !this.changed ? "See what this mistake does" : "Let it write with my code";
  }

  press() {
    if (this.story?.busy) this.typed.stopStory();
    else this.typed.tell(this.prompt ?? 0);
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("run")) this.prompt = 0;
  }

  /** On paper there is no place for a story that nobody has asked for: see styles/page.css. */
  updated() {
    this.toggleAttribute("told", Boolean(this.story));
  }

  texts(story) {
    const differs = firstDifference(story);
    const isOld = !story.busy && story.code !== this.code;
    return html`${
      isOld
        ? html`<p class="caption old">This was written by your code as it was before your last change.</p>`
        : nothing
    }<div class="two">
        <div><h3>With your code in every layer and head</h3>
          ${this.text(story.typed, differs)}${this.loss(story.loss?.typed)}
          ${showsOnlyInLoss(this.result, story) ? WHY_ONLY_IN_LOSS : nothing}</div>
        <div><h3>With its own attention and the same random numbers</h3>
          ${this.text(story.builtin, differs)}${this.loss(story.loss?.builtin)}</div>
      </div>
      <p class="all" role="status">${story.busy ? nothing : this.summary(story, differs)}</p>`;
  }

  text(tokens, differs) {
    const { prompts } = this.run.manifest;
    const { vocab } = this.run;
    return html`<p class="text" dir="auto"><span class="prompt">${prompts[this.story.prompt]}</span>${tokens.map(
      ({ id, p }, i) => html`<span class=${`${colorToken(p)} ${i === differs ? "differs" : ""}`}
        title=${percent(p)}>${inText(vocab[id])}</span>`,
    )}</p>`;
  }

  loss(loss) {
    if (loss === undefined) return html`<p class="caption loss"></p>`;
    return html`<p class="caption loss">Loss on a text it never learned from: ${
      Number.isFinite(loss) ? nats(loss, this.run.vocab.length) : "NaN, which is not a number"
    }.</p>`;
  }

  summary(story, differs) {
    if (story.message) return html`<span class="wrong">${story.message}</span>`;
    const { loss } = story;
    const pytorch = loss
      ? html` PyTorch’s loss on the same ${count(loss.tokens)} tokens is
      ${loss.pytorch.toFixed(4)}, and with your code it is ${loss.typed.toFixed(4)}.`
      : html` Their losses are not known. ${story.lossMessage}`;
    if (differs === null) {
      return html`<b>Every token is the same.</b> The trained model wrote this text with the head
        that you wrote.${pytorch}`;
    }
    return html`The texts diverge after ${count(differs)} ${differs === 1 ? "token" : "tokens"}, at the underlined
      word: with your code the model goes on with ${this.tokenAt(story.typed, differs)}, and with its own
      attention with ${this.tokenAt(story.builtin, differs)}.${pytorch}`;
  }

  tokenAt(tokens, i) {
    return i < tokens.length ? html`“${tokenText(this.run.vocab[tokens[i].id])}”` : "nothing";
  }
}

/** Why a text looks right though the loss says that the code is wrong. */
const WHY_ONLY_IN_LOSS = html`<p class="why">This mistake hardly shows while the model writes: nothing stands
  after the token that it goes on from, so there is nothing to hide from it. For the loss it reads a whole text
  at once. Then every token also sees those after it, which none ever did in training.</p>`;

/**
 * Whether all that is wrong with some code is that tokens see later ones: the last token of a text, after
 * which there is none, looks where it looks in the model's built-in head.
 */
function showsOnlyInLoss(result, { loss, code }) {
  const { mistake, maps } = result ?? {};
  if (result?.code !== code || mistake?.stage !== "causal_mask" || !maps?.typed || !loss) return false;
  const lastRow = maps.builtin.length - maps.ids.length;
  const isSame = maps.typed.every((weight, i) => i < lastRow || Math.abs(weight - maps.builtin[i]) < 1e-3);
  return isSame && loss.typed > loss.builtin + 0.05;
}

const numbers = ({ typed, builtin }, vocab) => [
  ["attention", "number", "token", "id", "probability"],
  ...Object.entries({ typed, "built-in": builtin }).flatMap(([name, tokens]) =>
    tokens.map(({ id, p }, i) => [name, i + 1, vocab[id], id, p]),
  ),
];

/** The index of the first token that differs, null if there is none; one text may not be finished. */
function firstDifference({ typed, builtin, busy, message }) {
  const n = Math.min(typed.length, builtin.length);
  for (let i = 0; i < n; i++) if (typed[i].id !== builtin[i].id) return i;
  return busy || message || typed.length === builtin.length ? null : n;
}

customElements.define("typed-story", TypedStory);
