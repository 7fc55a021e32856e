/**
 * <teach-rules></teach-rules>
 *
 * Which rules of the built-in stories a model keeps before it was taught something, and after: it writes stories when
 * somebody asks for them. Nothing is shown for a model of other texts.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { count, counted } from "../../app/format.js";
import { OF_STORIES, ruleName } from "../../app/milestones.js";
import { N_STORIES } from "../../app/teaching.js";
import { TeachingFigure } from "../../app/teaching-figure.js";

/** What they ask here, where a model may write good English that no story has: such a word is not misspelled. */
const ABOUT = {
  ...OF_STORIES,
  spelling: "every word is one that the stories use",
  grammar: "every sentence is one that the grammar can make, in an order that it can have",
};
const UNDERLINED = {
  spelling: "Underlined are words that are not in the stories. They need not be misspelled.",
  grammar: "Underlined are sentences that are not in the stories. They may be good English all the same.",
};

class TeachRules extends TeachingFigure {
  static share = {
    title: "Rules of the stories that it breaks",
    embeds: false,
    table: (figure) => figure.found && numbers(figure.found),
  };

  static properties = {
    shown: { from: "teaching" },
    judging: { from: "teaching" },
    rules: { from: "teaching" },
    rulesProblem: { from: "teaching" },
  };

  static styles = [
    TeachingFigure.styles,
    css`
    :host([hidden]) { display: none; }
    .row { margin-top: 12px; min-height: 44px; }
    .verdict { font: 400 1.0625rem/1.5 var(--serif); max-width: 60ch; text-wrap: pretty; margin: 8px 0 12px; }
    table { width: 100%; border-collapse: collapse; }
    th, td { text-align: left; padding: 6px 16px 6px 0; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
    thead th { font-weight: 600; }
    tbody th { width: 44%; } tbody th b { font-weight: 600; } tbody th span { color: var(--muted); }
    td { width: 28%; }
    td > span { display: grid; grid-template-columns: minmax(2em, 14em) 4.5em; gap: 12px; align-items: center; }
    .bar { height: 10px; border-radius: 3px; overflow: hidden;
           background: color-mix(in oklab, var(--line) 45%, var(--panel)); }
    .bar i { display: block; height: 100%; background: var(--muted); }
    .after .bar i { background: var(--accent); }
    .number { white-space: nowrap; text-align: right; }
    td .unknown { display: block; color: var(--muted); }
    .rules { margin-bottom: 12px; }
    .surely .number { font-weight: 700; color: var(--warning); }
    .took { margin-top: 8px; }
    blockquote { margin: 4px 0 0; font: 400 1.0625rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere;
                 max-width: 66ch; border-left: 3px solid var(--line); padding-left: 16px; }
    mark { color: inherit; background: color-mix(in oklab, var(--warning) 14%, transparent);
           text-decoration: underline 2px var(--warning); text-underline-offset: 3px; }
    mark.unknown { background: none; text-decoration: underline dotted 2px var(--muted); }
    .example { margin-top: 16px; }
    @media (max-width: 640px) {
      table, tbody { display: block; } thead { display: none; }
      tbody tr { display: grid; grid-template-columns: 1fr 1fr; border-bottom: 1px solid var(--line); padding: 8px 0; }
      tbody th { grid-column: 1 / -1; width: auto; } th, td { border: 0; padding: 2px 8px 2px 0; width: auto; }
      td::before { content: attr(data-when); color: var(--muted); }
    }
    @media (forced-colors: active) { .bar i { forced-color-adjust: none; background: Highlight; } }
    @media print { .row { display: none; } }
  `,
  ];

  /** What was found out about the result that is shown, or undefined. */
  get found() {
    return this.rules?.get(this.shown);
  }

  get isAsked() {
    return Boolean(this.shown && this.teaching.hasRules(this.shown));
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    this.hidden = Boolean(this.teaching) && !this.isAsked; // it takes no place if it has nothing to say
    const isOther = changed.has("judging") && Boolean(changed.get("judging")) !== Boolean(this.judging);
    this.losesFocus ||= isOther && Boolean(this.renderRoot?.activeElement?.matches(".row button"));
  }

  /** The button of somebody who pressed it goes; where none comes instead, they go on with what was found. */
  updated() {
    const button = this.renderRoot.querySelector(".row button:not(:disabled)");
    const next = button ?? this.renderRoot.querySelector(".verdict");
    if (this.losesFocus) /** @type {HTMLElement} */ (next)?.focus({ preventScroll: true });
    this.losesFocus = false;
  }

  drawTeaching() {
    if (!this.isAsked) return nothing;
    return html`<section><h3>Which rules of the stories it breaks now</h3>
      ${this.found ? this.outcome(this.found) : this.question()}
      <p class="visually-hidden" role="status">${this.said()}</p></section>`;
  }

  /** What is read aloud. */
  said() {
    if (this.judging) return "It writes stories.";
    return this.found ? "The stories are judged." : "";
  }

  question() {
    return html`<p class="note">The stories that it grew up with are made by a grammar, so a program can tell whether a
        new one follows its rules. Let the model write ${N_STORIES} stories as it was before, and ${N_STORIES} as it is now,
        from the same ${counted(this.shown.request.run.manifest.prompts.length, "beginning")}.</p>
      <div class="row">${this.judging ? this.progress() : this.button()}</div>
      ${this.rulesProblem ? html`<p class="problem" role="alert">${this.rulesProblem}</p>` : nothing}`;
  }

  button() {
    const { weights } = this.shown;
    return html`<button ?disabled=${!weights || Boolean(this.work)} @click=${() => this.teaching.judge()}>Let it write
        stories</button>${
          weights
            ? nothing
            : html`<span class="note">This model is not there any more: teach it again.</span>`
        }`;
  }

  progress() {
    const { done, of } = this.judging;
    return html`<button @click=${() => this.teaching.stopJudging()}>Stop</button>
      <div class="track" role="progressbar" aria-label="Stories written" aria-valuemin="0" aria-valuemax=${of}
        aria-valuenow=${done}><i style=${styleMap({ width: `${(100 * done) / of}%` })}></i></div>
      <span class="note" aria-hidden="true">story ${count(Math.min(done + 1, of))} of ${count(of)}</span>`;
  }

  outcome({ n, rules, byHeart, followsRules, example, seconds }) {
    return html`<p class="verdict" tabindex="-1">${verdict(rules, n)}${
      byHeart ? ` Of its stories now, ${byHeart} are what it was taught, word for word.` : nothing
    }</p>
      <p class="note rules">These are the rules of the stories, and not those of English: a word or a sentence that no
        story has breaks “spelling” or “grammar” here, however good it is.${
          followsRules
            ? nothing
            : " What you taught it does not follow them all either, so a story that it tells by heart counts as outside of them."
        }</p>
      <table><thead><tr><th scope="col">Rule</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
        <tbody>${rules.map(row)}</tbody></table>
      <p class="note took">Each number says how many stories keep the rule, of those that can be judged.${
        rules.some(hasUnknown)
          ? ` The others of the ${n} say too little in sentences that the program can read.`
          : nothing
      }${rules.some(isWorse) ? " Bold means: this drop is too large to be chance." : nothing} Writing and judging the stories took ${seconds.toFixed(1)} seconds on this machine.</p>
      ${example ? this.example(example) : nothing}`;
  }

  example({ rule, others, parts }) {
    const isMarked = parts.some((one) => one.isMarked);
    return html`<div class="example"><h3>A story that it wrote now, and that breaks the rule “${ruleName(rule)}”</h3>
      <p class="note">The rule is: ${ABOUT[rule]}. ${
        isMarked
          ? (UNDERLINED[rule] ?? "What breaks it is underlined.")
          : "No single word breaks it: something is missing, or in the wrong order."
      }${others.length ? ` The story also breaks: ${others.map(ruleName).join(", ")}.` : nothing}</p>
      <blockquote>${parts.map((one) => (one.isMarked ? html`<mark class=${rule in UNDERLINED ? "unknown" : ""}>${one.text}</mark>` : one.text))}</blockquote></div>`;
  }
}

const fraction = ({ kept, of }) => kept / of;
const isWorse = ({ before, after, isSure }) => isSure && fraction(after) < fraction(before);
const isBetter = ({ before, after, isSure }) => isSure && fraction(after) > fraction(before);
const hasUnknown = ({ before, after }, _, rules) => Math.min(before.of, after.of) < rules.at(-1).after.of;

/** Of all rules together, and which of them changed by more than chance would explain. */
function verdict(rules, n) {
  const all = rules.at(-1);
  const first = `Before, ${all.before.kept} of ${n} stories kept all rules; now ${all.after.kept} of ${n} do.`;
  const names = (holds) =>
    rules
      .slice(0, -1)
      .filter(holds)
      .map(({ rule }) => ruleName(rule))
      .join(", ");
  const [worse, better] = [names(isWorse), names(isBetter)];
  if (!worse && !better)
    return `${first} No single rule is kept more or less often than chance would explain.`;
  return html`${first}${worse ? html` It breaks these more often: <b>${worse}</b>.` : nothing}${
    better ? html` It keeps these more often: <b>${better}</b>.` : nothing
  }`;
}

function row(rule) {
  const cell = ({ kept, of }, when, mark) =>
    html`<td class=${`${when} ${mark}`} data-when=${when}>${
      of
        ? html`<span>
    <span class="bar" aria-hidden="true"><i style=${styleMap({ width: `${(100 * kept) / of}%` })}></i></span>
    <span class="number">${kept} of ${of}</span></span>`
        : html`<span class="unknown">cannot be judged</span>`
    }</td>`;
  const { rule: name, before, after } = rule;
  return html`<tr><th scope="row"><b>${ruleName(name)}</b> <span>${name === "all" ? nothing : ABOUT[name]}</span></th>
    ${cell(before, "before", "")}${cell(after, "after", isWorse(rule) ? "surely" : "")}</tr>`;
}

function numbers({ rules }) {
  return [
    ["rule", "before: stories that keep it", "of", "after: stories that keep it", "of"],
    ...rules.map(({ rule, before, after }) => [ruleName(rule), before.kept, before.of, after.kept, after.of]),
  ];
}

customElements.define("teach-rules", TeachRules);
