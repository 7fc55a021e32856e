/**
 * <bet-on-idea> <template data-words>…</template> </bet-on-idea>
 *
 * Ideas that were tried while Terrarium was made, from lessons/findings.en.json or the file of the language of the
 * page. Somebody bets whether each was kept; then they see what was measured, and at the end all of them with their
 * reasons. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { languageOf, wordsOf } from "../../app/page-words.js";
import { UserError } from "../../app/run.js";

class BetOnIdea extends Figure {
  static properties = {
    which: { state: true }, // the index of the idea
    bets: { state: true }, // whether somebody bet that an idea was kept, for each so far
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .idea { font: 600 1.25rem/1.5 var(--serif); max-width: 40em; margin: 4px 0 8px; }
    .expected { margin-bottom: 12px; } .expected span, dt, li span { color: var(--muted); }
    dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 8px 16px; margin: 0; max-width: 66ch; }
    dl:not(:empty) { margin-bottom: 12px; }
    dd { margin: 0; }
    .verdict { font-weight: 600; }
    .verdict b { color: var(--warning); }
    .verdict.is-won b { color: var(--accent); }
    .row { min-height: 44px; }
    ol { margin: 8px 0 16px; padding-left: 1.5em; display: grid; gap: 12px; max-width: 66ch; }
    li b { font-weight: 600; }
    @media (max-width: 640px) {
      dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: 8px; } .row > span { flex-basis: 100%; }
    }
  `,
  ];

  load() {
    if (!this.findings) {
      this.say = wordsOf(this);
      this.findings = findingsIn(languageOf(this));
      this.begin();
    }
    return this.findings;
  }

  begin() {
    Object.assign(this, { which: 0, bets: [] });
  }

  get isKnown() {
    return this.bets.length > this.which;
  }

  draw({ findings, luck }) {
    if (this.which >= findings.length) return this.end(findings);
    const finding = findings[this.which];
    return html`<p class="caption">${this.say("which", { n: this.which + 1, of: findings.length })}</p>
      <p class="idea">${finding.idea}</p>
      <p class="expected"><span>${this.say("expected")}</span> ${finding.expected}</p>
      <dl aria-live="polite">${this.isKnown ? this.answer(finding, luck) : nothing}</dl>
      <div class="row">${
        this.isKnown
          ? html`<button class="primary" @click=${this.next}>${this.say("next")}</button>`
          : html`<span>${this.say("bet")}</span>
            <button @click=${() => this.bet(true)}>${this.say("kept")}</button>
            <button @click=${() => this.bet(false)}>${this.say("dropped")}</button>`
      }</div>`;
  }

  answer({ measured, isLoss, kept, why }, luck) {
    const isWon = this.bets[this.which] === kept;
    return html`<dt>${this.say("measured")}</dt><dd>${measured}</dd>
      ${isLoss ? html`<dt>${this.say("luck")}</dt><dd>${this.say("of-luck", { nats: luck.nats })}</dd>` : nothing}
      <dt>${this.say("verdict")}</dt><dd class=${isWon ? "verdict is-won" : "verdict"}>${this.result(kept)}
        <b>${this.say(isWon ? "won" : "lost")}</b></dd>
      <dt>${this.say("why")}</dt><dd>${why}</dd>`;
  }

  result(kept) {
    return this.say(kept ? "was-kept" : "was-dropped");
  }

  bet(isKept) {
    this.bets = [...this.bets, isKept];
    this.focusButton();
  }

  next() {
    this.which++;
    this.focusButton();
  }

  focusButton() {
    this.updateComplete.then(() => this.renderRoot.querySelector("button")?.focus());
  }

  /** How many bets were won, and all ideas with their reasons, to be read once more. */
  end(findings) {
    const right = findings.filter(({ kept }, i) => this.bets[i] === kept).length;
    return html`<p class="idea" role="status">${this.say("end", { right, of: findings.length })}</p>
      <ol>${findings.map(
        ({ idea, kept, why }) => html`<li>${idea} <b>${this.result(kept)}</b> <span>${why}</span></li>`,
      )}</ol>
      <div class="row"><button class="primary" @click=${this.begin}>${this.say("once-more")}</button></div>`;
  }
}

/** The ideas, and how far apart luck alone puts two models, in a language. @throws {UserError} */
async function findingsIn(language) {
  const file = `findings.${language}.json`;
  const response = await fetch(new URL(`../../lessons/${file}`, import.meta.url)).catch(() => null);
  if (!response?.ok) throw new UserError(`lessons/${file} cannot be reached: is the server still running?`);
  return response.json();
}

customElements.define("bet-on-idea", BetOnIdea);
