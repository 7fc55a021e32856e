/**
 * <one-update> <template data-words>…</template> </one-update>
 *
 * One update of the training, unrolled: the probabilities at one place before it, the push that each score gets, the
 * probabilities after it, and how far each tensor moved. All of it was recorded (update.json). Its words stand in the
 * page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { showWhitespace } from "../../app/format.js";
import { surprise } from "../../app/guesses.js";
import { signed } from "../../app/heads.js";
import { wordsOf } from "../../app/page-words.js";
import { tokenText } from "../../app/token-text.js";
import { END } from "../../engine/tokenizer.js";

const STAGES = ["before", "push", "after", "weights"];
const SHOWN = 8; // tokens, and tensors
const IS_NORM = /norm\.(weight|bias)$/; // these are short, and some begin with zeros

class OneUpdate extends Figure {
  static properties = {
    stage: { state: true }, // the index of one of them
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .text { font: 400 1.1875rem/1.6 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 3.2em; max-width: 44em; }
    .text b { border-bottom: 3px solid var(--chosen); }
    .stages { display: flex; flex-wrap: wrap; gap: 4px 8px; margin: 8px 0; }
    .stages button { padding: 4px 14px; min-height: 36px; }
    .about { min-height: 5em; max-width: 66ch; margin-bottom: 8px; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; height: 340px; }
    caption { text-align: left; color: var(--muted); padding-bottom: 4px; }
    th { width: 8em; font: 400 1em/1.5 var(--mono); text-align: right; padding: 4px 12px 4px 0; white-space: pre; overflow: hidden;
         text-overflow: ellipsis; }
    th.tensor { width: 19em; font-size: 0.8125rem; white-space: normal; overflow-wrap: anywhere; }
    td { padding: 4px 0; }
    td.number { width: 5.5em; padding-left: 10px; white-space: nowrap; }
    .bar { position: relative; height: 1.6em; border-radius: 4px; background: var(--background); overflow: hidden; }
    .bar i { position: absolute; inset: 0 auto 0 0; transition: width 200ms ease-out, left 200ms ease-out;
             background: color-mix(in oklab, var(--accent) 55%, var(--panel)); }
    .bar i.down { background: color-mix(in oklab, var(--query) 60%, var(--panel)); }
    .bar u { position: absolute; inset: 0 auto; width: 2px; margin-left: -1px; background: var(--text); }
    .bar u.middle { left: 50%; }
    tr.others th { font-family: var(--sans); color: var(--muted); white-space: normal; }
    tr.is-target th { color: var(--chosen); font-weight: 700; }
    @media (forced-colors: active) { .bar i, .bar u { forced-color-adjust: none; } .bar { border: 1px solid CanvasText; } }
    @media (max-width: 640px) {
      .text { font-size: 1.0625rem; line-height: 1.4; }
      .about { min-height: 9em; }
      table { height: 356px; }
      th { width: 5.4em; padding-right: 8px; }
      th.tensor { width: 10.5em; }
    }
  `,
  ];

  constructor() {
    super();
    this.stage = 0;
  }

  load(run) {
    this.say = wordsOf(this);
    return run.part("update");
  }

  draw(update) {
    const stage = STAGES[this.stage];
    return html`${this.text(update)}
      <div class="stages" role="group" aria-label=${this.say("stages")}>${STAGES.map(
        (name, i) =>
          html`<button aria-pressed=${String(i === this.stage)} @click=${() => (this.stage = i)}>${i + 1} ${this.say(name)}</button>`,
      )}</div>
      <p class="about" aria-live="polite">${this.about(update, stage)}</p>
      ${stage === "weights" ? this.tensors(update) : this.tokens(update, stage)}`;
  }

  /** What the model had read at this place, and what came. */
  text({ context, target }) {
    const { vocab } = this.run;
    const read = context.map((id) => vocab[id]);
    const isBeginning = read[0] === END;
    const text = read.filter((token) => token !== END).join("");
    const came = vocab[target].trim() ? vocab[target] : showWhitespace(vocab[target]);
    const shown = isBeginning ? text.trimStart() : `… ${fromAWord(text)}`;
    return html`<p class="text" dir="auto">${shown}<b>${came}</b></p>`;
  }

  about({ step, target, candidates, weight_deltas }, stage) {
    const [{ p_before: before, p_after: after }] = candidates;
    const tokens = weight_deltas.find(({ name }) => name === "token_embedding.weight");
    const hasRest = tokens && tokens.unchanged_rows > 0 && tokens.unchanged_rows < tokens.n_rows;
    const said = this.say(`about-${stage}`, {
      token: showWhitespace(this.run.vocab[target]),
      step: step + 1,
      before: precisePercent(before),
      part: before.toFixed(3),
      push: pushText(1 - before),
      after: precisePercent(after),
      bits_before: surprise(before),
      bits_after: surprise(after),
    });
    if (stage === "after") return `${said} ${this.alsoRose(candidates)}`;
    if (stage !== "weights" || !hasRest) return said;
    return `${said} ${this.say("unmoved", { n: tokens.unchanged_rows, of: tokens.n_rows })}`;
  }

  /** Here they were pushed down; but at other places of the same batch, they may have come. */
  alsoRose(candidates) {
    const others = candidates.slice(1, SHOWN);
    const n = others.filter((one) => one.p_after > one.p_before).length;
    const { batch_size: batch } = this.run.manifest.settings;
    return n ? this.say("also-rose", { n, of: others.length, batch }) : "";
  }

  tokens({ target, candidates }, stage) {
    const shown = candidates.slice(0, SHOWN);
    const most = Math.max(...shown.flatMap((one) => [one.p_before, one.p_after]));
    const rows = shown.map((one) => {
      const name = tokenText(this.run.vocab[one.id]);
      const kind = one.id === target ? "is-target" : "";
      if (stage === "push") return row(name, pushBar(-one.p_minus_y), pushText(-one.p_minus_y), kind);
      return row(name, bar(one, stage, most), precisePercent(one[`p_${stage}`]), kind);
    });
    if (stage === "push") rows.push(this.others(shown));
    return html`<table><caption>${this.say(`table-${stage}`)}</caption><tbody>${rows}</tbody></table>`;
  }

  /** What all the other tokens are pushed by, together. */
  others(shown) {
    const n = this.run.vocab.length - shown.length;
    const push = shown.reduce((sum, one) => sum + one.p_minus_y, 0); // all pushes together are zero
    return n > 0 ? row(this.say("others", { n }), pushBar(push), pushText(push), "others") : nothing;
  }

  /** The tensors that moved most, compared with their length. */
  tensors({ weight_deltas }) {
    const moved = weight_deltas
      .filter(({ name, norm }) => norm > 0 && !IS_NORM.test(name))
      .map(({ name, norm, delta_norm }) => ({ name, fraction: delta_norm / norm }))
      .sort((a, b) => b.fraction - a.fraction);
    const most = moved[0]?.fraction || 1;
    return html`<table><caption>${this.say("table-weights")}</caption><tbody>${moved.slice(0, SHOWN).map(
      ({ name, fraction }) => html`<tr><th class="tensor" scope="row">${name.replace(/\.weight$/, "")}</th>
        <td><div class="bar"><i style=${styleMap({ width: `${(100 * fraction) / most}%` })}></i></div></td>
        <td class="number">${precisePercent(fraction)}</td></tr>`,
    )}</tbody></table>`;
  }
}

const row = (name, drawn, number, kind) =>
  html`<tr class=${kind}><th scope="row">${name}</th><td>${drawn}</td><td class="number">${number}</td></tr>`;

/** A probability, compared with the largest; after the update, a thin line says what it was before. */
function bar(candidate, stage, most) {
  const { p_before: before, [`p_${stage}`]: p } = candidate;
  return html`<div class="bar"><i style=${styleMap({ left: "0", width: `${(100 * p) / most}%` })}></i>${
    stage === "after" ? html`<u style=${styleMap({ left: `${(100 * before) / most}%` })}></u>` : nothing
  }</div>`;
}

/** A push from the middle, up to the right, or down to the left. */
function pushBar(push) {
  const side = push > 0 ? { left: "50%", right: "auto" } : { left: "auto", right: "50%" };
  const width = `max(4px, ${50 * Math.abs(push)}%)`; // of which the line in the middle covers one
  return html`<div class="bar"><i class=${push > 0 ? "" : "down"} style=${styleMap({ ...side, width })}></i><u class="middle"></u></div>`;
}

/** A text that may begin within a word, from its first whole one on. */
const fromAWord = (text) => text.replace(/^\S+\s+(?=\S)|^\s+/, "");

/** 0.92 -> "+0.920"; a small one with more digits. */
const pushText = (push) => signed(push, Math.abs(push) < 0.0005 ? 5 : 3);

customElements.define("one-update", OneUpdate);
