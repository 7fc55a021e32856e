/**
 * <all-ages></all-ages>
 *
 * The same beginning and the same luck at every saved step of the training: how the model would have gone on
 * then. It writes them one after the other when it is asked to.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { parseBranch } from "../../app/branch.js";
import { colorToken } from "../../app/colormap.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, inText } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { LiveModel } from "../../app/model.js";

const LENGTH = 40; // tokens of each text

class AllAges extends Figure {
  static share = {
    title: "The same beginning at all ages",
    table: ({ texts, run }) => texts && numbers(texts, run.vocab),
  };

  static properties = {
    request: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    texts: { state: true }, // step -> tokens; null before it is asked for
    isWriting: { state: true },
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    ol { list-style: none; margin: 12px 0 0; padding: 0; display: grid; gap: 6px; }
    li { display: grid; grid-template-columns: 6.5em minmax(0, 1fr); gap: 12px; align-items: baseline; }
    li button { min-height: 32px; padding: 2px 10px; font-weight: 500; text-align: right; }
    .text { font: 400 1.0625rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; min-height: 1.5em; }
    .text span { border-radius: 3px; }
    @media (max-width: 640px) { li { grid-template-columns: minmax(0, 1fr); gap: 2px; } li button { justify-self: start; } }
  `,
  ];

  load() {
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const before = changed.get("request");
    if (!this.request || !before || isSameBut("step", before, this.request)) return;
    this.controller?.abort(); // of another text
    this.texts = null;
    this.isWriting = false;
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async write() {
    const { run, temperature, topK, topP, seed, branch } = this.request;
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    this.texts = new Map();
    this.isWriting = true;
    const params = {
      ids: this.promptIds,
      sampling: { temperature, topK, topP },
      branch: parseBranch(branch),
      seed,
      tokens: LENGTH,
      end: tokenizerOf(run).end,
    };
    try {
      for (const { step } of run.manifest.snapshots) {
        const onProgress = (more) => this.add(step, more);
        await new LiveModel(run, step).generate(params, { signal, onProgress });
      }
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
    }
    this.isWriting = false;
  }

  add(step, more) {
    this.texts = new Map(this.texts).set(step, [...(this.texts.get(step) ?? []), ...more]);
  }

  stop() {
    this.controller.abort();
    this.isWriting = false;
  }

  draw() {
    const { snapshots } = this.run.manifest;
    return html`<div class="row"><button class="primary" ?disabled=${!this.promptIds?.length}
      @click=${() => (this.isWriting ? this.stop() : this.write())}>${
        this.isWriting ? "Stop" : `Write it at all ${count(snapshots.length)} ages`
      }</button><span class="caption" role="status">${this.status(snapshots)}</span></div>
    ${this.failure ? errorBox(this.failure) : nothing}
    ${this.texts ? html`<ol>${snapshots.map(({ step }) => this.text(step))}</ol>` : nothing}`;
  }

  status(snapshots) {
    if (!this.texts) return "";
    return this.isWriting
      ? "It is writing …"
      : `${count(this.texts.size)} of ${count(snapshots.length)} texts are written.`;
  }

  text(step) {
    const tokens = this.texts.get(step) ?? [];
    const { vocab } = this.run;
    return html`<li><button aria-current=${step === this.request.step ? "step" : nothing}
        aria-label=${`Go to step ${count(step)}`} @click=${() => this.store.set({ step }, { jump: true })}>step ${count(step)}</button>
      <span class="text" dir="auto">${tokens.map(
        ({ id, p }) => html`<span class=${colorToken(p)}>${inText(vocab[id])}</span>`,
      )}</span></li>`;
  }
}

const numbers = (texts, vocab) => [
  ["step", "number", "token", "id", "probability"],
  ...[...texts].flatMap(([step, tokens]) => tokens.map(({ id, p }, i) => [step, i + 1, vocab[id], id, p])),
];

const isSameBut = (name, a, b) =>
  Object.keys(b).every((key) => key === name || key === "length" || a[key] === b[key]);

customElements.define("all-ages", AllAges);
