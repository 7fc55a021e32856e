/**
 * <milestone-odds></milestone-odds>
 *
 * How often tokens that are drawn at random, without a model, would do what the milestones ask for. Nothing
 * is shown for an export that does not know it.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { ruleName } from "../../app/milestones.js";

/** What each kind of milestone asks of a text. */
const ASKED = {
  words: ({ n_words }) => `${n_words} real words in a row`,
  sentence: () => "a whole sentence",
  quotes: () => "a quotation that opens and closes",
  name: () => "a name in two sentences in a row",
  ending: () => "a sentence, and the end of the text",
};

const TOO_EASY = "chance does this too often: not a milestone here";

class MilestoneOdds extends Figure {
  static share = {
    title: "What chance would reach",
    table: ({ data }) => data?.chance && numbers(data.chance),
  };

  static styles = [
    Figure.styles,
    css`
    .caption { margin: 0 0 8px; }
    .scroll { overflow-x: auto; margin-bottom: 8px; }
    table { border-collapse: collapse; font: inherit; }
    th, td { text-align: left; font-weight: 400; padding: 4px 16px 4px 0; vertical-align: top;
             border-bottom: 1px solid var(--line); }
    thead th { color: var(--muted); }
    th[scope=row] { max-width: 40ch; }
    small { display: block; font: inherit; color: var(--muted); }
  `,
  ];

  load(run) {
    return run.part("samples");
  }

  draw({ chance, prompt_ids }) {
    if (!chance) return nothing;
    const { limit, n_draws, n_samples, texts, rules } = chance;
    const { sample_tokens } = this.run.manifest.settings;
    const ofTexts = Object.entries(texts).filter(([kind]) => kind in ASKED);
    return html`<p class="caption">For this run, ${count(n_draws)} samples were made without a model, in
        each of two ways: after the same ${prompt_ids.length} prompts, up to ${count(sample_tokens)} tokens were
        drawn at random. This is how often a sample then showed what a milestone asks for:</p>
      <div class="scroll" tabindex="0" role="group" aria-label="What chance reaches"><table>
        <thead><tr><th scope="col">asked for</th><th scope="col">all tokens equally likely</th>
          <th scope="col">as common as in its text</th></tr></thead>
        <tbody>${ofTexts.map(([kind, odds]) =>
          this.row(ASKED[kind](odds), odds, odds.is_used ? "" : TOO_EASY),
        )}${joinEqual(rules).map(([names, odds]) =>
          this.row(
            `a text that keeps ${names.length > 1 ? "any one of the rules" : "the rule"} ${names.join(", ")}`,
            odds,
            odds.least === null
              ? TOO_EASY
              : `for a milestone, ${odds.least} of ${odds.n_texts} texts have to`,
          ),
        )}</tbody></table></div>
      <p class="caption">A milestone is reported only if such luck would reach it, and stay, in at most
        ${percent(limit)} of trainings with ${count(n_samples)} samples.</p>`;
  }

  row(asked, { uniform, unigram }, note) {
    return html`<tr><th scope="row">${asked}${note ? html`<small>${note}</small>` : nothing}</th>
      <td>${percent(uniform)}</td><td>${percent(unigram)}</td></tr>`;
  }
}

const numbers = ({ texts, rules }) => [
  ["asked for", "all tokens equally likely", "as common as in its text"],
  ...Object.entries(texts)
    .filter(([kind]) => kind in ASKED)
    .map(([kind, odds]) => [ASKED[kind](odds), odds.uniform, odds.unigram]),
  ...Object.entries(rules).map(([rule, odds]) => [`the rule ${ruleName(rule)}`, odds.uniform, odds.unigram]),
];

/** Rules with the same odds: [[names, odds], …]. */
function joinEqual(rules) {
  const joined = new Map();
  for (const [rule, odds] of Object.entries(rules)) {
    const key = JSON.stringify(odds);
    const names = joined.get(key)?.[0] ?? [];
    joined.set(key, [[...names, ruleName(rule)], odds]);
  }
  return [...joined.values()];
}

customElements.define("milestone-odds", MilestoneOdds);
