/**
 * <copied-by-temperature></copied-by-temperature>
 *
 * How much of its texts the model copies at several temperatures: it writes the same beginning with several seeds
 * at each, when it is asked to, and they are looked for in the training text. Says whether the temperature makes a
 * difference that can be told from chance. Chooses a temperature.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Copies, isAlike, megabytes, writeOne } from "../../app/copies.js";
import { dotStyles, dots } from "../../app/dots.js";
import { Figure, errorBox } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { howOften, trend } from "../../app/trend.js";

const TEMPERATURES = [0, 0.4, 0.8, 1.2, 1.6];
const TEXTS = 6; // at each temperature, each time; at 0 all would be the same
const KEPT = ["run", "step", "text", "topK", "topP", "seed", "length"]; // of a request, whatever its temperature

class CopiedByTemperature extends Figure {
  static share = {
    title: "What is copied, by temperature",
    table: ({ rows, heldOut }) => rows?.length > 0 && numbers(rows, heldOut),
  };

  static properties = {
    request: { from: "writing", attribute: false },
    promptIds: { from: "writing", attribute: false },
    model: { from: "writing", attribute: false },
    rows: { state: true }, // { temperature, texts, words, copied, each } of each; null before it is asked for
    heldOut: { state: true },
    isWriting: { state: true },
    nWritten: { state: true }, // texts, since somebody asked for them
    failure: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    dotStyles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 8px; }
    table { border-collapse: collapse; width: 100%; max-width: 760px; table-layout: fixed; margin-top: 12px; }
    th, td { font-weight: 400; text-align: left; padding: 0 8px 0 0; height: 32px; }
    thead th { color: var(--muted); vertical-align: bottom; padding-bottom: 4px; }
    tr.unseen :is(th, td) { font-weight: 600; box-shadow: inset 0 1px var(--line); }
    th:first-child { width: 9.5em; } th:nth-child(n + 3) { width: 5.5em; }
    :is(td, th):nth-child(n + 3) { text-align: right; padding-right: 0; }
    th button { min-height: 28px; padding: 0 10px; border-radius: 14px; }
    table + .caption { margin-top: 8px; }
    .verdict { margin-top: 12px; max-width: 66ch; }
    @media (max-width: 640px) { th:first-child { width: 6.5em; } th:nth-child(n + 3) { width: 4.2em; } }
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
    if (!before || !this.request || isAlike(before, this.request, KEPT)) return;
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
    [this.isWriting, this.nWritten, this.failure] = [true, 0, null];
    this.rows ??= [];
    try {
      await this.writeAll(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.failure = error;
    }
    this.isWriting = false;
  }

  async writeAll(signal) {
    const copies = new Copies(this.run);
    const least = this.data.copied.least_words;
    for (const temperature of TEMPERATURES) {
      const row = this.rows.find((one) => one.temperature === temperature) ?? emptyRow(temperature);
      const texts = await this.textsAt(row, signal);
      if (!texts.length) continue;
      const { totals } = await copies.search(texts, { least, signal });
      const others = this.rows.filter((one) => one !== row);
      this.rows = [...others, added(row, totals)].sort((a, b) => a.temperature - b.temperature);
    }
    const words = Math.round(mean(this.rows.map((one) => one.words / one.texts)));
    const { totals } = await copies.searchHeldOut({ words, least, signal });
    this.heldOut = totals;
  }

  /** What the model writes with the next seeds. At temperature 0 it is the same with all of them. */
  async textsAt({ temperature, texts: nBefore }, signal) {
    const { topK, topP, seed, length } = this.request;
    const { model, promptIds } = this;
    const n = temperature ? TEXTS : 1 - nBefore;
    const wanted = { model, promptIds, sampling: { temperature, topK, topP }, length };
    const texts = [];
    for (let i = 0; i < n; i++) {
      texts.push(await writeOne(this.run, wanted, seed + nBefore + i, signal));
      this.nWritten++;
    }
    return texts;
  }

  stop() {
    this.controller.abort();
    this.isWriting = false;
  }

  draw({ copied }) {
    if (!copied || !this.run.manifest.training_text) return nothing;
    return html`<h3>By temperature</h3>
      <div class="row"><button aria-disabled=${String(!this.promptIds?.length)}
        @click=${() => (this.isWriting ? this.stop() : this.promptIds?.length && this.write())}>${this.action()}</button>
        <span class="caption" role=${this.isWriting ? nothing : "status"}>${this.status()}</span></div>
      ${this.failure ? errorBox(this.failure) : nothing}${this.rows?.length ? this.table(copied) : nothing}
      ${this.rows?.length > 1 && !this.isWriting ? html`<p class="verdict" role="status">${this.verdict()}</p>` : nothing}`;
  }

  action() {
    if (this.isWriting) return "Stop";
    return this.rows?.length
      ? `Write ${TEXTS} more at each`
      : `Write it at ${TEMPERATURES.length} temperatures`;
  }

  status() {
    if (this.isWriting) return `It is writing: ${count(this.nWritten)} texts so far …`;
    const atZero = "one at temperature 0, where the seed makes no difference";
    if (!this.rows?.length) {
      return `The same beginning with ${TEXTS} seeds at each, and ${atZero}. It needs the training text: ${megabytes(this.run)}.`;
    }
    const texts = this.rows.reduce((n, one) => n + one.texts, 0);
    return `${count(texts)} texts: ${this.eachTime()} at each temperature, and ${atZero}.`;
  }

  /** As many as there are at each; somebody may have stopped in between. */
  eachTime() {
    const numbers = this.rows.filter(({ temperature }) => temperature > 0).map(({ texts }) => texts);
    const [least, most] = [Math.min(...numbers, Infinity), Math.max(...numbers, 0)];
    return least < most ? `${count(least)} to ${count(most)}` : count(most);
  }

  verdict() {
    const xs = this.rows.flatMap(({ temperature, each }) => each.map(() => temperature));
    const found = trend(
      xs,
      this.rows.flatMap(({ each }) => each),
    );
    const says = found.isClear
      ? `The hotter, the ${found.direction < 0 ? "shorter" : "longer"} the longest match, and that is more than chance.`
      : "These texts cannot tell whether the temperature matters: the differences may be chance.";
    return html`${says} <span class="caption">${howOften(found, "temperatures")}</span>`;
  }

  table({ least_words }) {
    const all = [...this.rows, this.heldOut].flatMap((one) => one?.each ?? []);
    const scale = { limit: least_words, most: Math.max(least_words + 1, ...all) };
    return html`<table><thead><tr><th scope="col">temperature</th><th scope="col">longest match of each text</th>
        <th scope="col">average</th><th scope="col">copied</th></tr></thead>
      <tbody>${this.rows.map((one) => this.row(one, scale))}</tbody>
      ${this.heldOut ? this.unseen(this.heldOut, scale) : nothing}</table>
      <p class="caption">A dot is a text, the thick mark their average. From the dashed line on, at ${count(least_words)}
        words, it is a copy. The last column says how many of their words are copied.</p>`;
  }

  row(one, scale) {
    const { temperature } = one;
    const isShown = temperature === this.request.temperature;
    return html`<tr><th scope="row"><button aria-current=${isShown ? "true" : nothing}
        aria-label=${`Write at temperature ${temperature}`}
        @click=${() => this.store.set({ temperature })}>${temperature.toFixed(1)}</button></th>
      ${cells(one, scale)}</tr>`;
  }

  unseen(totals, scale) {
    return html`<tfoot><tr class="unseen"><th scope="row">text it never saw</th>${cells(totals, scale)}</tr></tfoot>`;
  }
}

function cells({ each, words, copied }, scale) {
  const average = mean(each);
  const sorted = [...each].sort((a, b) => a - b);
  const name = `The longest matches of ${count(each.length)} texts have ${sorted[0]} to ${sorted.at(-1)} words`;
  return html`<td>${dots(each, { ...scale, mean: average, name })}</td><td>${average.toFixed(1)}</td>
    <td>${words ? percent(copied / words) : "none"}</td>`;
}

const emptyRow = (temperature) => ({ temperature, texts: 0, words: 0, copied: 0, each: [] });

/** A row with some more texts. */
const added = (row, { texts, words, copied, each }) => ({
  temperature: row.temperature,
  texts: row.texts + texts,
  words: row.words + words,
  copied: row.copied + copied,
  each: [...row.each, ...each],
});

function numbers(rows, heldOut) {
  const row = (name, { texts, words, copied, each }) => [name, texts, words, copied, mean(each)];
  return [
    ["temperature", "texts", "words", "copied words", "longest span in words, on average"],
    ...rows.map((one) => row(one.temperature, one)),
    ...(heldOut ? [row("text it never saw", heldOut)] : []),
  ];
}

const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);

customElements.define("copied-by-temperature", CopiedByTemperature);
