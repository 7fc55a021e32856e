/**
 * <copied-by-temperature></copied-by-temperature>
 *
 * How much of its texts the model copies at several temperatures: it writes the same beginning with several seeds
 * at each, when it is asked to, and they are looked for in the training text. Chooses a temperature.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Copies, megabytes, writtenText } from "../../app/copies.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";
import { bar, meters } from "../../app/meter.js";

const TEMPERATURES = [0, 0.4, 0.8, 1.2, 1.6];
const TEXTS = 6; // at each temperature; at 0 all would be the same

class CopiedByTemperature extends Figure {
  static share = {
    title: "What is copied, by temperature",
    table: ({ rows, heldOut }) => rows?.length > 0 && numbers(rows, heldOut),
  };

  static properties = {
    request: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    rows: { state: true }, // { temperature, and totals } of each that is done; null before it is asked for
    heldOut: { state: true },
    isWriting: { state: true },
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    meters,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    table { border-collapse: collapse; width: 100%; max-width: 760px; table-layout: fixed; margin-top: 12px; }
    th, td { font-weight: 400; text-align: left; padding: 0 8px 0 0; height: 32px; }
    thead th { color: var(--muted); vertical-align: bottom; padding-bottom: 4px; }
    tr.unseen :is(th, td) { font-weight: 600; box-shadow: inset 0 1px var(--line); }
    th:first-child { width: 9.5em; } th:nth-child(3) { width: 8em; } td:last-child, th:last-child { text-align: right; }
    td .track { display: inline-block; width: calc(100% - 4em); vertical-align: middle; }
    td b { display: inline-block; width: 3.4em; font-weight: inherit; }
    th button { min-height: 28px; padding: 0 10px; border-radius: 14px; }
    @media (max-width: 640px) { th:first-child { width: 7.5em; } th:nth-child(3) { width: 5em; } }
  `,
  ];

  /** Nothing is drawn where it was not exported: <copied-spans> says so. */
  async load(run) {
    try {
      return { copied: await run.part("copied") };
    } catch {
      return { copied: null };
    }
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const before = changed.get("request");
    if (!before || !this.request || isAlike(before, this.request)) return;
    this.controller?.abort(); // of another text
    [this.rows, this.heldOut, this.isWriting, this.failure] = [null, null, false, null];
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.controller?.abort();
  }

  async write() {
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    [this.rows, this.heldOut, this.isWriting, this.failure] = [[], null, true, null];
    try {
      await this.writeAll(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
    }
    this.isWriting = false;
  }

  async writeAll(signal) {
    const { run } = this;
    const copies = new Copies(run);
    const least = this.data.copied.least_words;
    for (const temperature of TEMPERATURES) {
      const texts = await this.textsAt(temperature, signal);
      const { totals } = await copies.search(texts, { least, signal });
      this.rows = [...this.rows, { temperature, ...totals }];
    }
    const words = Math.round(mean(this.rows.map((one) => one.words / one.texts)));
    const { totals } = await copies.searchHeldOut({ words, least, signal });
    this.heldOut = totals;
  }

  /** What the model writes with several seeds. */
  async textsAt(temperature, signal) {
    const { run, topK, topP, seed, length } = this.request;
    const { model, promptIds } = this;
    const { end } = tokenizerOf(run);
    const texts = [];
    for (let n = 0; n < (temperature ? TEXTS : 1); n++) {
      const tokens = [];
      const onProgress = (more) => tokens.push(...more);
      const sampling = { temperature, topK, topP };
      await model.generate(
        { ids: promptIds, sampling, seed: seed + n, tokens: length, end },
        { signal, onProgress },
      );
      texts.push(writtenText(run, promptIds, tokens));
    }
    return texts;
  }

  stop() {
    this.controller.abort();
    this.isWriting = false;
  }

  draw({ copied }) {
    if (!copied || !this.run.manifest.training_text) return nothing;
    const temperatures = `${TEMPERATURES.length} temperatures`;
    return html`<h3>By temperature</h3>
      <div class="row"><button aria-disabled=${String(!this.promptIds?.length)}
        @click=${() => (this.isWriting ? this.stop() : this.promptIds?.length && this.write())}>${
          this.isWriting ? "Stop" : `Write it at ${temperatures}`
        }</button><span class="caption" role="status">${this.status()}</span></div>
      ${this.failure ? errorBox(this.failure) : nothing}${this.rows?.length ? this.table(copied) : nothing}`;
  }

  status() {
    if (this.isWriting) return "It is writing …";
    if (this.rows) return `${count(this.rows.reduce((n, one) => n + one.texts, 0))} texts are written.`;
    return `The same beginning with ${TEXTS} seeds at each. It needs the training text: ${megabytes(this.run)}.`;
  }

  table({ least_words }) {
    return html`<table><thead><tr><th scope="col">temperature</th><th scope="col">words in spans of
        ${count(least_words)} or more</th><th scope="col">longest span, on average</th></tr></thead>
      <tbody>${this.rows.map((one) => this.row(one))}</tbody>
      ${this.heldOut ? this.unseen(this.heldOut) : nothing}</table>`;
  }

  row(one) {
    const { temperature } = one;
    const isShown = temperature === this.request.temperature;
    return html`<tr><th scope="row"><button aria-current=${isShown ? "true" : nothing}
        aria-label=${`Write at temperature ${temperature}`}
        @click=${() => this.store.set({ temperature })}>${temperature.toFixed(1)}</button></th>
      ${this.fraction(one)}<td>${one.average.toFixed(1)}</td></tr>`;
  }

  unseen(totals) {
    return html`<tfoot><tr class="unseen"><th scope="row">text it never saw</th>${this.fraction(totals)}
      <td>${totals.average.toFixed(1)}</td></tr></tfoot>`;
  }

  fraction({ words, copied }) {
    const fraction = words ? copied / words : 0;
    return html`<td><b>${words ? percent(fraction) : "none"}</b>${bar(fraction)}</td>`;
  }
}

function numbers(rows, heldOut) {
  const row = (name, { texts, words, copied, average }) => [name, texts, words, copied, average];
  return [
    ["temperature", "texts", "words", "copied words", "longest span in words, on average"],
    ...rows.map((one) => row(one.temperature, one)),
    ...(heldOut ? [row("text it never saw", heldOut)] : []),
  ];
}

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);

/** Whether texts are as long and as likely as before, whatever the temperature of the one above. */
const isAlike = (a, b) =>
  ["run", "step", "text", "topK", "topP", "seed", "length"].every((name) => a[name] === b[name]);

customElements.define("copied-by-temperature", CopiedByTemperature);
