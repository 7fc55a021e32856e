/**
 * <prompt-samples></prompt-samples>
 *
 * How the chosen one of the five prompts was continued at a step, or all five. The stronger the green behind
 * a token, the higher its probability; point at one, or move through them with the arrow keys, for the
 * number, for what the model might have written instead, and for the way into Look inside. The words that
 * show the chosen milestone are marked, and a sentence says what they show.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure, wayOf } from "../../app/figure.js";
import { count, inText, isCut, percent } from "../../app/format.js";
import { criterionOf, evidenceOf, ruleName, summary, textsAt } from "../../app/milestones.js";
import { OnResize } from "../../app/resize.js";
import { latest } from "../../app/step-scale.js";
import { tokenText } from "../../app/token-text.js";

const MAX_MEASURED = 40; // of the longest texts: how much space they need
const LIKELY = 0.005; // what is less likely is no alternative
const ALTERNATIVES = 4; // that are named, of the ten that were recorded
const CUT = "…"; // after a text that was not over when the model was stopped

class PromptSamples extends Figure {
  static share = { title: "What it writes", table: (figure) => figure.data && figure.numbers() };

  static properties = {
    prompt: { from: "store", type: Number },
    milestone: { from: "store", type: String },
    showsAll: { state: true },
    chosen: { state: true }, // [prompt, token] that is chosen, or null
    top: { state: true }, // the likeliest tokens in place of the chosen one, [id, p][]; null until they are there
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .row { gap: 8px; }
    .row button { font-weight: 400; padding: 4px 16px; }
    .row button[aria-pressed="true"] { font-weight: 600; }
    ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 4px; }
    li { position: relative; contain: layout; padding: 6px 0; }
    .all li { border-bottom: 1px solid var(--line); }
    .text { font: 400 1.4375rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
            margin: 0; max-width: 46em; }
    .all .text { font-size: 1.125rem; line-height: 1.6; max-width: none; }
    .prompt { color: var(--muted); }
    .token { border-radius: 3px; padding: 1px 0; }
    .token.chosen { outline: 2px solid var(--chosen); outline-offset: 1px; }
    .shows { text-decoration: underline 2px var(--chosen); text-underline-offset: 0.25em; }
    .measure { visibility: hidden; position: absolute; inset: 6px 0 auto; }
    .about { min-height: 3em; margin: 4px 0 8px; color: var(--muted); }
    .about b { font: 600 1em var(--mono); color: var(--text); overflow-wrap: anywhere; }
    .about strong { font-weight: 600; color: var(--text); }
    .about a { color: var(--accent); white-space: nowrap; }
    .cut { color: var(--muted); }
    .scale { display: inline-flex; vertical-align: -2px; border: 1px solid var(--line);
           border-radius: 4px; overflow: hidden; }
    .scale i { width: 14px; height: 14px; }
    @media (max-width: 640px) {
      .text { font-size: 1.1875rem; } .all .text { font-size: 1.0625rem; line-height: 1.55; }
      .row { gap: 4px; flex-wrap: nowrap; overflow-x: auto; padding: 4px; margin: 0 -4px; }
      .row button { padding: 4px 12px; flex: none; }
    }
    @media (max-width: 840px) { .about { min-height: 4.5em; } }
    @media (max-width: 480px) { .about { min-height: 7.5em; } }
    @media print { .row { display: none; } }
    @media (forced-colors: active) { .token { border-bottom: 1px solid; } }
  `,
  ];

  load(run) {
    this.chosen = null;
    this.showsAll = false;
    return run.part("samples");
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("step") || changed.has("prompt")) this.chosen = null;
    if (changed.has("chosen") && this.chosen) this.loadAlternatives();
  }

  constructor() {
    super();
    new OnResize(this, () => this.reserveSpace());
  }

  updated(changed) {
    if (changed.has("data") || changed.has("showsAll") || changed.has("prompt")) {
      document.fonts.ready.then(() => this.reserveSpace());
    }
    const isNew = ["milestone", "step", "data"].some((name) => changed.has(name));
    if (isNew && this.shownMilestones.length) this.renderRoot.querySelector(this.shownText).focus();
  }

  /** What was recorded in place of the chosen token; nothing where that was not exported. */
  async loadAlternatives() {
    const { run, chosen } = this;
    const [prompt, token] = chosen;
    this.top = null;
    const sample = this.sampleNow.step;
    if (!run.manifest.exported_steps.includes(sample)) return;
    const file = await run.sample(sample, prompt).catch(() => null); // Look inside says what is wrong with it
    if (chosen === this.chosen) this.top = file?.tokens[token]?.top ?? null;
  }

  /** The sample that is shown. */
  get sampleNow() {
    const { samples } = this.data;
    const step = latest(
      this.step,
      samples.map((one) => one.step),
    );
    return samples.find((one) => one.step === step);
  }

  /** The prompts whose texts are shown. */
  get shownPrompts() {
    const all = this.run.manifest.prompts.map((_, i) => i);
    return this.showsAll ? all : [this.prompt];
  }

  /** The milestones that are chosen: of rules, several may have the same step. */
  get shownMilestones() {
    if (!this.data || !this.milestone) return [];
    return this.data.milestones.filter(({ kind, step }) => kind === this.milestone && step === this.step);
  }

  /** Where the texts of this step show the chosen milestone (see app/milestones.js), or null. */
  get evidence() {
    const milestones = this.shownMilestones;
    if (!milestones.length) return null;
    return evidenceOf(milestones, textsAt(this.run, this.data.samples, this.step));
  }

  /** The text that gets the focus when a milestone is chosen. */
  get shownText() {
    return `li[data-prompt="${this.evidence?.prompt ?? this.shownPrompts[0]}"] .text[role=group]`;
  }

  /** Reserve for each text the space that its longest sample needs, so that nothing jumps between steps. */
  reserveSpace() {
    if (!this.data) return;
    for (const item of this.renderRoot.querySelectorAll("li")) {
      const i = Number(item.dataset.prompt);
      const size = item.querySelector(".measure");
      const texts = this.data.samples.map((sample) => {
        const tokens = sample.continuations[i].ids.map((id) => this.run.vocab[id]);
        return tokens.map(inText).join("") + (isCut(tokens) ? CUT : "");
      });
      const longest = texts.sort((a, b) => b.length - a.length).slice(0, MAX_MEASURED);
      const heights = longest.map((text) => {
        size.textContent = this.run.manifest.prompts[i] + text;
        return size.offsetHeight;
      });
      size.textContent = "";
      item.querySelector(".text:not(.measure)").style.minHeight = `${Math.max(...heights)}px`;
    }
  }

  /** Move to the token before or after the chosen one. */
  walk(event, prompt, length) {
    const by = wayOf(event);
    if (!by) return;
    const from = this.chosen?.[0] === prompt ? this.chosen[1] : -1;
    this.chosen = [prompt, Math.max(0, Math.min(length - 1, from + by))];
  }

  draw() {
    const { prompts } = this.run.manifest;
    return html`
      <ol class=${this.showsAll ? "all" : ""}>${this.shownPrompts.map((i) => this.text(i))}</ol>
      <p class="about" aria-live="polite" aria-atomic="true">${this.said()}</p>
      <div class="row" role="group" aria-label="The five prompts">${prompts.map(
        (prompt, i) => html`
        <button dir="auto" aria-pressed=${String(!this.showsAll && this.prompt === i)}
          @click=${() => this.choosePrompt(i)}>${inText(prompt)}</button>`,
      )}
        <button aria-pressed=${String(this.showsAll)} @click=${() => (this.showsAll = true)}>All five</button>
      </div>`;
  }

  /** What stands below the texts. */
  said() {
    if (this.chosen) return this.about(...this.chosen);
    return this.shownMilestones.length ? this.aboutMilestone() : this.legend();
  }

  choosePrompt(prompt) {
    this.showsAll = false;
    this.store.set({ prompt });
  }

  legend() {
    return html`Grey is the prompt; the model wrote the rest, until it was stopped (${CUT}). The greener a word, the
      likelier the model found it: <span class="scale" aria-hidden="true">${[0, 2, 4, 6, 8, 10].map(
        (i) => html`<i class="color${i}"></i>`,
      )}</span> 0 to 100%. Point at a word, tap it, or use the arrow keys.`;
  }

  /** Which milestone is shown, and what of it can be seen here. */
  aboutMilestone() {
    const what = summary(this.shownMilestones, this.data.chance);
    return html`<strong>Milestone at step ${count(this.step)}:</strong> ${what}. ${this.whatIsSeen()}`;
  }

  whatIsSeen() {
    const { kind } = this.shownMilestones[0];
    const { evidence } = this;
    if (kind === "rule") return this.whatIsSeenOfRules(evidence);
    if (evidence) return "What shows it is underlined.";
    return kind === "head"
      ? "That is about its attention: Look inside shows it."
      : "That is about its loss: no single text shows it.";
  }

  /** The texts that were checked for rules are others; one of these may show the same. */
  whatIsSeenOfRules(evidence) {
    const rules = this.shownMilestones.map(({ rule }) => rule);
    const criterion = criterionOf(rules[0], this.data.chance);
    const texts = criterion ? `${criterion.n_texts} other texts` : "other texts";
    if (!evidence)
      return `That was checked on ${texts}, not on the ${this.run.manifest.prompts.length} shown here.`;
    const { rule } = evidence.milestone;
    return `That was checked on ${texts}. This one is an example of the rule ${ruleName(rule)}: see the underlined words.`;
  }

  text(i) {
    const prompt = this.run.manifest.prompts[i];
    const { ids, p } = this.sampleNow.continuations[i];
    const tokens = ids.map((id) => this.run.vocab[id]);
    const [chosen, token] = this.chosen ?? [];
    const ranges = this.evidence?.prompt === i ? this.evidence.ranges : [];
    const shows = tokensIn(ranges, prompt.length, tokens);
    return html`<li data-prompt=${i}>
      <p class="text measure" dir="auto" aria-hidden="true"></p>
      <p class="text" dir="auto" tabindex="0" role="group" aria-label=${this.label(i, ranges)}
        @keydown=${(event) => this.walk(event, i, ids.length)}
        @pointerover=${(event) => this.hover(event, i)}
        @click=${(event) => this.point(event, i)}><span class="prompt">${markedParts(prompt, ranges)}</span>${tokens.map(
          (one, j) =>
            html`<span data-token=${j} class=${`token ${colorToken(p[j])} ${
              chosen === i && token === j ? "chosen" : ""
            } ${shows.has(j) ? "shows" : ""}`}>${inText(one)}</span>`,
        )}${isCut(tokens) ? html`<span class="cut" title="It was stopped here.">${CUT}</span>` : nothing}</p></li>`;
  }

  /** The name of a text, for screen readers: its step, its prompt, and what is underlined in it. */
  label(i, ranges) {
    const { prompts } = this.run.manifest;
    const text = textsAt(this.run, this.data.samples, this.step)[i];
    const words = ranges.map(([start, end]) => `“${text.slice(start, end)}”`);
    const marked = words.length ? `. Underlined: ${words.join(", ")}` : "";
    return `Step ${count(this.step)}, prompt ${i + 1}: ${prompts[i]}${marked}`;
  }

  /** A finger that touches a word may be about to scroll: only a tap chooses it. */
  hover(event, prompt) {
    if (event.pointerType !== "touch") this.point(event, prompt);
  }

  point(event, prompt) {
    const token = event.target.dataset?.token;
    if (token !== undefined) this.chosen = [prompt, Number(token)];
  }

  /** The chosen token: its probability, what else was likely, and the way into it. */
  about(prompt, token) {
    const { ids, p } = this.sampleNow.continuations[prompt];
    const others = (this.top ?? [])
      .filter(([id, q]) => id !== ids[token] && q >= LIKELY)
      .slice(0, ALTERNATIVES);
    return html`The model gave <b dir="auto">${this.shown(ids[token])}</b> a probability of
      ${percent(p[token])} after reading what comes before it.${
        others.length
          ? html` It might have written ${others.map(
              ([id, q], i) => html`${i ? ", " : ""}<b dir="auto">${this.shown(id)}</b> (${percent(q)})`,
            )} instead.`
          : nothing
      } <a href=${this.address(prompt, token)}>Look inside at this word</a>`;
  }

  numbers() {
    const { prompts } = this.run.manifest;
    const { step, continuations } = this.sampleNow;
    return [
      ["step", "prompt", "number", "token", "id", "probability"],
      ...this.shownPrompts.flatMap((prompt) => {
        const { ids, p } = continuations[prompt];
        return ids.map((id, i) => [step, prompts[prompt], i + 1, this.run.vocab[id], id, p[i]]);
      }),
    ];
  }

  shown(id) {
    return tokenText(this.run.vocab[id]);
  }

  /** Where Look inside shows this token. */
  address(prompt, token) {
    const position = this.data.prompt_ids[prompt].length + token;
    const chosen = { run: this.run.name, step: this.step, prompt, position };
    return `explore.html#${new URLSearchParams(Object.entries(chosen).map(([name, value]) => [name, String(value)]))}`;
  }
}

/** The indices of the tokens that lie in some ranges of characters; the first token begins at `start`. */
function tokensIn(ranges, start, tokens) {
  const found = new Set();
  let end = start;
  tokens.forEach((token, i) => {
    const begin = end;
    end += token.length;
    if (ranges.some(([first, last]) => first < end && last > begin)) found.add(i);
  });
  return found;
}

/** A prompt, with what lies in some ranges of characters marked. */
function markedParts(prompt, ranges) {
  const parts = [];
  let end = 0;
  for (const [start, last] of ranges.filter(([first]) => first < prompt.length)) {
    parts.push(
      inText(prompt.slice(end, start)),
      html`<span class="shows">${inText(prompt.slice(start, last))}</span>`,
    );
    end = last;
  }
  return [...parts, inText(prompt.slice(end))];
}

customElements.define("prompt-samples", PromptSamples);
