/**
 * <context-cost> <template data-words>…</template> </context-cost>
 *
 * What a longer text costs: the pairs of tokens that attention compares, the multiplications in attention and in all the rest, counted, and the time that the
 * model takes for it in this browser, measured up to its context. Its words stand in the page: see app/page-words.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { percent } from "../../app/format.js";
import { encodePrompt } from "../../app/forward-pass.js";
import { LiveModel } from "../../app/model.js";
import { near } from "../../app/near.js";
import { languageOf, wordsOf } from "../../app/page-words.js";
import { attentionWork, otherWork } from "../../app/work.js";

const DOUBLINGS = 4; // up to the context, and as many beyond it
const ROUNDS = 3; // of measurements: the least counts, since other programs only make it slower

class ContextCost extends Figure {
  static properties = {
    chosen: { state: true }, // the index of a length
    times: { state: true }, // length -> milliseconds
    isMeasuring: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .length { display: grid; gap: 4px; color: var(--text); }
    .length b { font: 600 1.25rem/1.4 var(--serif); }
    input { width: 100%; height: 32px; margin: 0; accent-color: var(--accent); }
    .about { margin: 4px 0 8px; min-height: 3em; max-width: 66ch; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { font-weight: 400; text-align: left; padding: 0 12px 0 0; height: 30px; }
    thead th { color: var(--muted); vertical-align: bottom; padding-bottom: 4px; }
    thead .time { padding-bottom: 4px; }
    .tokens { width: 6em; text-align: right; }
    .time { width: 8.5em; text-align: right; padding: 0 8px 0 0; }
    .work { display: flex; height: 14px; border-radius: 4px; overflow: hidden; box-shadow: inset 0 0 0 1px var(--line); }
    .work i { background: var(--query); }
    .share { width: 4.5em; }
    .pairs { width: 7em; text-align: right; }
    tr.shown > * { font-weight: 600; background: var(--background); }
    tr.beyond { color: var(--muted); }
    .row { margin-top: 8px; }
    .key::before { content: ""; display: inline-block; width: 12px; height: 12px; border-radius: 3px; background: var(--query);
                   margin-right: 6px; }
    @media (max-width: 640px) {
      .about { min-height: 4.5em; }
      th, td { padding-right: 8px; } .tokens { width: 3.8em; } .share { width: 3.2em; } .pairs { width: 6em; } .time { width: 4.4em; padding: 0; }
    }
    @media (forced-colors: active) { .work i, .key::before { forced-color-adjust: none; background: Highlight; } }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.times = new Map();
    this.lengths = lengthsOf(run.manifest.settings.n_ctx);
    this.chosen = this.lengths.indexOf(run.manifest.settings.n_ctx);
    this.measure();
    return run.manifest.settings;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  /** Each length in turn, so that the worker is never busy for long. */
  async measure() {
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    const { run } = this;
    const { n_ctx } = run.manifest.settings;
    this.isMeasuring = true;
    this.times = new Map();
    try {
      await near(this, signal);
      const model = new LiveModel(run, run.manifest.snapshots.at(-1).step); // at each step it takes as long
      for (let round = 0; round < ROUNDS; round++) {
        for (const n of this.lengths.filter((one) => one <= n_ctx)) {
          const { milliseconds } = await model.timeForward(textOf(run, n), { signal });
          this.times = new Map(this.times).set(n, Math.min(milliseconds, this.times.get(n) ?? Infinity));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      this.fail(error);
    }
    this.isMeasuring = false;
  }

  draw(settings) {
    const n = this.lengths[this.chosen];
    return html`<label class="length"><b>${this.say("length", { n })}</b>
      <input type="range" min="0" max=${this.lengths.length - 1} .value=${String(this.chosen)}
        aria-valuetext=${this.say("length", { n })} @input=${this.choose}></label>
      <p class="about" aria-live="polite">${this.about(settings, n)}</p>
      <table><colgroup><col class="tokens" /><col class="pairs" /><col /><col class="share" /><col class="time" /></colgroup><thead><tr><th class="tokens" scope="col">${this.say("tokens")}</th>
        <th class="pairs" scope="col">${this.say("pairs")}</th><th scope="colgroup" colspan="2"><span class="key">${this.say("attention")}</span></th>
        <th class="time" scope="col">${this.say("time")}</th></tr></thead>
      <tbody>${this.lengths.map((one, i) => this.row(settings, one, i === this.chosen))}</tbody></table>
      <div class="row"><button aria-disabled=${String(this.isMeasuring)}
        @click=${() => this.isMeasuring || this.measure()}>${this.say(this.isMeasuring ? "measuring" : "measure")}</button></div>`;
  }

  choose({ target }) {
    this.chosen = Number(target.value);
  }

  about(settings, n) {
    const key = n > settings.n_ctx ? "beyond" : "within";
    const work = { attention: this.attention(n), rest: this.rest(n) };
    return this.say(`about-${key}`, {
      n_ctx: settings.n_ctx,
      attention: this.short(work.attention),
      rest: this.short(work.rest),
    });
  }

  attention(n) {
    return attentionWork(this.data, n);
  }

  rest(n) {
    return otherWork(this.data, n, this.run.vocab.length);
  }

  /** 25362432 -> "25.4 million", in the language of the page. */
  short(number) {
    return new Intl.NumberFormat(languageOf(this), {
      notation: "compact",
      compactDisplay: "long",
      maximumSignificantDigits: 3,
    }).format(number);
  }

  rounded(time) {
    return time.toLocaleString(languageOf(this), { maximumSignificantDigits: 2 });
  }

  row({ n_ctx }, n, isShown) {
    const share = this.attention(n) / (this.attention(n) + this.rest(n));
    const classes = `${isShown ? "shown" : ""} ${n > n_ctx ? "beyond" : ""}`;
    return html`<tr class=${classes} aria-current=${isShown ? "true" : nothing}>
      <th class="tokens" scope="row">${n.toLocaleString(languageOf(this))}</th>
      <td class="pairs">${((n * (n + 1)) / 2).toLocaleString(languageOf(this))}</td>
      <td><div class="work" aria-hidden="true"><i style=${styleMap({ width: `${100 * share}%` })}></i></div></td>
      <td class="share">${percent(share)}</td><td class="time">${this.timeOf(n, n_ctx)}</td></tr>`;
  }

  timeOf(n, n_ctx) {
    if (n > n_ctx) return this.say("does-not-fit");
    const time = this.times.get(n);
    return time === undefined ? "…" : this.say("milliseconds", { time: this.rounded(time) });
  }
}

/** Lengths that double, up to the context and beyond. */
function lengthsOf(n_ctx) {
  const exponents = Array.from({ length: 2 * DOUBLINGS + 1 }, (_, i) => i - DOUBLINGS);
  return [...new Set(exponents.map((by) => Math.max(1, Math.round(n_ctx * 2 ** by))))];
}

/** A text of n tokens: that of the first prompt, again and again. What it says does not change the time. */
function textOf(run, n) {
  const { start, encoded } = encodePrompt(run, run.manifest.prompts[0]);
  const ids = [...start, ...encoded];
  return Array.from({ length: n }, (_, i) => ids[i % ids.length]);
}

customElements.define("context-cost", ContextCost);
