/**
 * <branch-list></branch-list>
 *
 * The texts that somebody has seen of one beginning at one step, as a tree: each stands below the one that it departs from,
 * with the place where it does. Chooses one of them. Nothing is shown while there is only one.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { commonLength, parseBranch } from "../../app/branch.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count, inText, showWhitespace } from "../../app/format.js";

const WORDS = 12; // tokens of a text that are shown

class BranchList extends Figure {
  static share = {
    title: "The texts so far",
    embeds: false, // they stand in no address
    table: (figure) => figure.shownBranches.length > 1 && figure.numbers(),
  };

  static properties = {
    branch: { from: "store", type: String },
    seed: { from: "store", type: Number },
    branches: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 4px; max-height: 260px; overflow-y: auto; }
    li { margin-left: calc(20px * var(--depth)); }
    button { width: 100%; border-radius: 8px; min-height: 36px; padding: 4px 12px; }
    .at { color: var(--muted); }
    .words { font: 400 1rem/1.4 var(--serif); }
    b { font-weight: 600; }
  `,
  ];

  load() {
    return true;
  }

  get shownBranches() {
    return this.branches?.filter((one) => one.step === this.model?.step) ?? [];
  }

  numbers() {
    const textOf = (tokens) => tokens.map(({ id }) => this.run.vocab[id]).join("");
    return [
      ["step", "seed", "branch", "tokens", "nats", "text"],
      ...this.shownBranches.map(({ step, seed, branch, tokens }) => {
        const nats = tokens.reduce((sum, { p }) => sum - Math.log(p), 0);
        return [step, seed, branch, tokens.length, nats, textOf(tokens)];
      }),
    ];
  }

  draw() {
    const branches = this.shownBranches;
    if (branches.length < 2) return nothing;
    return html`<h3>The texts so far, at step ${count(this.model.step)}</h3>
      <ul>${inOrder(branches).map((one) => this.item(one))}</ul>`;
  }

  item({ branch, seed, tokens, depth, at }) {
    const isShown = branch === this.branch && seed === this.seed;
    const words = tokens
      .slice(at, at + WORDS)
      .map(({ id }) => inText(this.run.vocab[id]))
      .join("");
    return html`<li style=${styleMap({ "--depth": String(Math.min(depth, 6)) })}><button
      aria-current=${isShown ? "true" : nothing} @click=${() => this.store.set({ seed, branch: branch || null })}>
      <span class="at">${this.departs(branch, seed, at)}</span> <span class="words" dir="auto">${words} …</span></button></li>`;
  }

  /** Where a text departs from the one above it. */
  departs(branch, seed, at) {
    const last = parseBranch(branch).at(-1);
    if (!last) return html`seed ${count(seed)}:`;
    if (last.id === undefined) return html`other luck from token ${count(at + 1)}:`;
    return html`<b dir="auto">${showWhitespace(this.run.vocab[last.id] ?? "?")}</b> at token ${count(at + 1)}:`;
  }
}

/** Each text below the one that it departs from last, with how deep it stands and where it departs. */
function inOrder(branches) {
  const found = branches.map((one) => ({ ...one, decisions: parseBranch(one.branch) }));
  const isParent = (one, other) =>
    one.seed === other.seed &&
    one.decisions.length < other.decisions.length &&
    commonLength(one.decisions, other.decisions) === other.decisions[one.decisions.length].at;
  const parentOf = (one) =>
    found.filter((other) => isParent(other, one)).sort((a, b) => b.decisions.length - a.decisions.length)[0];
  const parents = new Map(found.map((one) => [one, parentOf(one)]));
  const below = (parent, depth) =>
    found
      .filter((one) => parents.get(one) === parent)
      .flatMap((one) => [{ ...one, depth, at: one.decisions.at(-1)?.at ?? 0 }, ...below(one, depth + 1)]);
  return below(undefined, 0);
}

customElements.define("branch-list", BranchList);
