/**
 * <bet-on-idea> <template data-words>…</template> </bet-on-idea>
 *
 * Ideas that were tried while Terrarium was made, from lessons/findings.en.json or the file of the language of the
 * page. Somebody bets whether each was kept; then they see what was measured. Its words stand in the page: see
 * app/page-words.js.
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
    dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 8px 16px; margin: 12px 0 0; max-width: 66ch;
         min-height: 9em; align-content: start; }
    .expected { margin-bottom: 12px; } .expected span { color: var(--muted); }
    dt { color: var(--muted); } dd { margin: 0; }
    .verdict { font-weight: 600; }
    .row { min-height: 44px; }
    @media (max-width: 640px) { dl { grid-template-columns: minmax(0, 1fr); gap: 0; min-height: 17em; } dd { margin-bottom: 8px; } }
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

  draw(findings) {
    if (this.which >= findings.length) return this.end(findings);
    const finding = findings[this.which];
    return html`<p class="caption">${this.say("which", { n: this.which + 1, of: findings.length })}</p>
      <p class="idea">${finding.idea}</p>
      <p class="expected"><span>${this.say("expected")}</span> ${finding.expected}</p>
      <div class="row">${
        this.isKnown
          ? html`<button class="primary" @click=${this.next}>${this.say("next")}</button>`
          : html`<span>${this.say("bet")}</span>
            <button @click=${() => this.bet(true)}>${this.say("kept")}</button>
            <button @click=${() => this.bet(false)}>${this.say("dropped")}</button>`
      }</div>
      <dl aria-live="polite">${this.isKnown ? this.answer(finding) : nothing}</dl>`;
  }

  answer({ measured, kept, why }) {
    const isRight = this.bets[this.which] === kept;
    return html`<dt>${this.say("measured")}</dt><dd>${measured}</dd>
      <dt>${this.say("verdict")}</dt><dd class="verdict">${this.say(kept ? "was-kept" : "was-dropped")}
        ${this.say(isRight ? "won" : "lost")}</dd>
      <dt>${this.say("why")}</dt><dd>${why}</dd>`;
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

  end(findings) {
    const right = findings.filter(({ kept }, i) => this.bets[i] === kept).length;
    return html`<p class="idea" role="status">${this.say("end", { right, of: findings.length })}</p>
      <div class="row"><button class="primary" @click=${this.begin}>${this.say("once-more")}</button></div>`;
  }
}

/** The ideas, in a language. @throws {UserError} */
async function findingsIn(language) {
  const file = `findings.${language}.json`;
  const response = await fetch(new URL(`../../lessons/${file}`, import.meta.url)).catch(() => null);
  if (!response?.ok) throw new UserError(`lessons/${file} cannot be reached: is the server still running?`);
  return (await response.json()).findings;
}

customElements.define("bet-on-idea", BetOnIdea);
