/**
 * <teach-result><teach-keep slot="keep"></teach-keep><teach-rules slot="rules"></teach-rules></teach-result>
 *
 * What a grown model was before it was taught something, and what it is after. First of all, what the same model has
 * learned of the same text in other ways; then, of one of these: how well it knows the new text and the old one, how it
 * goes on with the same beginnings, and which of its weights moved most. What else there is to show of it has slots.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { count, counted, inText, isCut, nats, percent } from "../../app/format.js";
import { headName } from "../../app/heads.js";
import { textOf } from "../../app/teaching-experiments.js";
import { TeachingFigure, WAY_NAMES, practiceOf } from "../../app/teaching-figure.js";

const MOST_BARS = 5;
const BY_HEART = 0.1; // nats: with less, hardly a token of a text is wrong
const HARDLY = 0.02; // nats: a smaller change is not called one
const WORDS = {
  token_embedding: "token embedding",
  position_embedding: "position embedding",
  unembed: "unembedding",
};

class TeachResult extends TeachingFigure {
  static share = {
    title: "Before and after",
    embeds: false,
    table: (figure) => figure.shown && figure.numbers(),
  };

  static properties = {
    shown: { from: "teaching" },
    results: { from: "teaching" },
    text: { from: "teaching" },
    comparisons: { from: "teaching" },
  };

  static styles = [
    TeachingFigure.styles,
    css`
    :host { min-height: 1.5em; }
    .verdict { font: 400 1.1875rem/1.5 var(--serif); max-width: 60ch; text-wrap: pretty; margin-bottom: 16px; }
    .verdict b { font-weight: 600; }
    table { width: 100%; border-collapse: collapse; }
    th, td { text-align: left; padding: 8px 16px 8px 0; vertical-align: top; border-bottom: 1px solid var(--line); font-weight: 400; }
    thead th { font-weight: 600; padding-block: 4px; }
    .both th { width: 24%; color: var(--muted); } .both td { width: 38%; }
    .both th b { color: var(--text); font-weight: 600; display: block; }
    .loss { display: grid; gap: 4px; }
    .loss b { font: 600 1em var(--mono); }
    .bar { display: block; height: 10px; border-radius: 3px; background: color-mix(in oklab, var(--line) 45%, var(--panel)); max-width: 22em; }
    .bar i { display: block; height: 100%; border-radius: 3px; background: var(--muted); min-width: 2px; }
    .after .bar i { background: var(--accent); }
    .text { font: 400 1.0625rem/1.45 var(--serif); overflow-wrap: anywhere; white-space: pre-wrap; }
    .text b { font-weight: 600; }
    .compared { margin: 0 0 32px; scroll-margin-block: 16px; }
    .compared .verdict { margin-bottom: 8px; }
    tr.shown :is(th, td) { background: color-mix(in oklab, var(--accent) 10%, transparent); }
    .list tr > :first-child { padding-left: 8px; }
    .which { color: var(--muted); margin-bottom: 8px; }
    section, slot[name="rules"]::slotted(*) { margin-top: 24px; }
    slot[name="keep"]::slotted(*) { margin-top: 16px; }
    .took { margin-top: 8px; }
    .moved { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 16px 40px; margin-top: 12px; }
    .moved ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
    .moved .label { display: flex; justify-content: space-between; gap: 8px; }
    .moved .label span { color: var(--muted); font: 400 0.8125rem/1.5 var(--mono); }
    .moved .bar i { background: var(--accent); }
    .list td, .list th { padding: 4px 16px 4px 0; vertical-align: baseline; } .list button { min-height: 32px; padding: 2px 12px; }
    .list td { font: 400 0.8125rem/1.6 var(--mono); }
    .scroll { overflow-x: auto; }
    @media (max-width: 640px) {
      .both, .both tbody { display: block; } .both thead { display: none; }
      .both tr { display: grid; border-bottom: 1px solid var(--line); padding: 8px 0; }
      .both :is(th, td) { width: auto; border: 0; padding: 2px 0; }
      .both td::before { content: attr(data-when); color: var(--muted); }
      .moved { grid-template-columns: minmax(0, 1fr); }
      .list, .list tbody { display: block; } .list thead { display: none; }
      .list tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 8px; padding: 8px;
                 border-bottom: 1px solid var(--line); }
      .list tr.shown { background: color-mix(in oklab, var(--accent) 10%, transparent); }
      .list tr > :is(th, td) { border: 0; padding: 0; background: none; }
      .list tr > :first-child { padding: 0; font-weight: 600; }
      .list td:last-child { grid-area: 1 / 2; } .list button { min-height: 44px; }
      .list td[data-name] { grid-column: 1 / -1; display: flex; justify-content: space-between; gap: 16px; }
      .list td[data-name]::before { content: attr(data-name); color: var(--muted); font: 400 var(--small)/1.5 var(--sans); }
    }
  `,
  ];

  drawTeaching() {
    if (!this.shown) {
      return html`<p class="note">Here you will see how it writes before and after, what it forgot, and which of its
        weights moved.</p>`;
    }
    const { request } = this.shown;
    return html`${this.comparison()}
      <h3>In detail: ${WAY_NAMES[request.way]}</h3>
      <p class="which">${practiceOf(request)}</p>
      <p class="verdict" role="status">${this.verdict()}</p>
      ${
        request.text === this.text
          ? nothing
          : html`<p class="note">It was taught another text than the one that stands above now.</p>`
      }
      ${this.losses()}<slot name="keep"></slot>
      ${this.continuations()}<slot name="rules"></slot>${this.moved()}`;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    this.comesIntoView = this.comparisons > changed.get("comparisons");
  }

  /** All ways were compared: that is what somebody waits for. */
  updated() {
    super.updated();
    if (this.comesIntoView) this.renderRoot.querySelector(".compared")?.scrollIntoView({ block: "nearest" });
  }

  /** What came of it, in words. */
  verdict() {
    const { newLoss, oldLoss } = this.shown;
    const from = ({ before, after }) =>
      html`from <b>${before.toFixed(2)}</b> to <b>${after.toFixed(2)} nats</b>`;
    const first =
      newLoss.before - newLoss.after > HARDLY
        ? html`It has learned the new text: the loss fell ${from(newLoss)}.`
        : html`It has hardly learned the new text.`;
    if (!oldLoss)
      return html`${first} What it forgot is not known: there is no old text here to measure that with.`;
    const forgot = oldLoss.after - oldLoss.before;
    if (Math.abs(forgot) <= HARDLY) return html`${first} It forgot hardly anything of its old one.`;
    return forgot > 0
      ? html`${first} But it forgot: on its old kind of text, the loss rose ${from(oldLoss)}.`
      : html`${first} On its old kind of text it became better, too: the loss fell ${from(oldLoss)}.`;
  }

  losses() {
    const { newLoss, oldLoss, tokens, request, seconds } = this.shown;
    const most = Math.max(newLoss.before, newLoss.after, oldLoss?.before ?? 0, oldLoss?.after ?? 0);
    const row = (name, about, { before, after }) =>
      html`<tr><th scope="row"><b>${name}</b>${about}</th>${this.loss(before, most, "before")}${this.loss(after, most, "after")}</tr>`;
    return html`<table class="both"><thead><tr><th scope="col">Loss in <a href="lessons/glossary.html#nat">nats</a>, the lower the better</th><th scope="col">Before</th>
        <th scope="col">After</th></tr></thead><tbody>
      ${row("The new text", `all its ${count(tokens)} tokens`, newLoss)}
      ${
        oldLoss
          ? row(
              "Its old kind of text",
              `${counted(oldLoss.texts, "passage")} that it never learned from`,
              oldLoss,
            )
          : nothing
      }</tbody></table>
      <p class="note took">${counted(request.updates, "update")} took ${seconds.toFixed(1)} seconds on this machine.</p>`;
  }

  loss(value, most, when) {
    return html`<td class=${when} data-when=${when}><span class="loss"><span class="bar" aria-hidden="true"><i
        style=${styleMap({ width: `${(100 * value) / most}%` })}></i></span>
      <span>${nats(value, this.shown.request.run.vocab.length)}</span></span></td>`;
  }

  /** The same beginnings, with the same random numbers. */
  continuations() {
    const { samples, request } = this.shown;
    const vocab = request.run.vocab;
    const written = (prompt, row, when) => {
      const tokens = row.map(({ id }) => vocab[id]);
      return html`<td class=${when} data-when=${when}><p class="text" dir="auto"><b>${inText(prompt)}</b>${tokens.map(inText).join("")}${isCut(tokens) ? "…" : nothing}</p></td>`;
    };
    return html`<section><h3>How it goes on</h3>
      <table class="both"><thead><tr><th scope="col">Beginning</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
      <tbody>${samples.map(
        ({ prompt, before, after }) => html`<tr><th scope="row">${this.whose(prompt)}</th>
          ${written(prompt, before, "before")}${written(prompt, after, "after")}</tr>`,
      )}</tbody></table>
      <p class="note took">Both times it got the same beginnings and the same random numbers, so what differs is what it
        learned.${this.whyWrong()}</p></section>`;
  }

  /** Why it goes on wrongly although its loss is near zero. */
  whyWrong() {
    const { newLoss, samples, request } = this.shown;
    const isWrong = ({ prompt, after }) =>
      request.text.includes(prompt) && !request.text.includes(prompt + textOf(this.shown, after));
    if (newLoss.after > BY_HEART || !samples.some(isWrong)) return nothing;
    return html` It knows the new text by heart and still may go on wrongly. Its loss is measured from the beginning of
      the text, and each token is predicted from the right ones. Here it has to start in the middle of the text, which it
      never practised, and then reads what it has written itself: one wrong token leads to the next.`;
  }

  /** Which text a beginning is from. */
  whose(prompt) {
    const { run, text } = this.shown.request;
    if (!text.includes(prompt)) return "from its old text";
    return run.manifest.prompts.includes(prompt) ? "from both texts" : "from the new text";
  }

  /** Which weights moved most: in words, and as bars. */
  moved() {
    const { changes, request } = this.shown;
    const { n_head, n_ff } = request.run.manifest.settings;
    const tensors = changes.tensors
      .filter(({ name, weight }) => !name.includes("norm") && weight > 0)
      .map(({ name, weight, change }) => ({ label: tensorName(name), size: change / weight }));
    const heads = changes.heads.map((size, i) => ({
      label: `head ${headName(Math.floor(i / n_head), i % n_head)}`,
      size,
    }));
    const neurons = changes.neurons.map((size, i) => ({
      label: `neuron ${headName(Math.floor(i / n_ff), i % n_ff)}`,
      size,
    }));
    const most = (list) => [...list].sort((a, b) => b.size - a.size).slice(0, MOST_BARS);
    const [tensor, head, neuron] = [most(tensors), most(heads), most(neurons)];
    if (!tensor[0]?.size) return nothing;
    return html`<section><h3>Which weights moved most</h3>
      <p class="note">Of its matrices, ${tensor[0].label} moved most: its weights differ by ${percent(tensor[0].size)}
        from what they were before.${
          head[0]?.size
            ? html` In the names of heads and neurons, the first number is the layer, counted from 0. The number beside them
              says how far each of their weights moved, on average.`
            : nothing
        }</p>
      <div class="moved">
        ${bars("Matrices", tensor, ({ size }) => percent(size))}
        ${head[0]?.size ? bars("Attention heads", head, ({ size }) => size.toPrecision(2)) : nothing}
        ${neuron[0]?.size ? bars("Neurons", neuron, ({ size }) => size.toPrecision(2)) : nothing}
      </div></section>`;
  }

  /** What the same model has learned of the same text, each time in another way. */
  comparison() {
    const all = this.teaching.comparable;
    if (all.length < 2) return nothing;
    return html`<section class="compared"><h3>What it has learned of this text so far</h3>
      <p class="verdict">${bestOf(all)}</p>
      <div class="scroll" tabindex="0" role="group" aria-label="Compared"><table class="list"><thead><tr><th scope="col">Way</th>
        <th scope="col">Updates</th><th scope="col">With old text</th><th scope="col">Loss, new text</th><th scope="col">Loss, old text</th><th scope="col">Time</th>
        <th scope="col"><span class="visually-hidden">Show it</span></th></tr></thead>
      <tbody>${all.map((one) => this.line(one))}</tbody></table></div></section>`;
  }

  line(result) {
    const { request, newLoss, oldLoss, seconds } = result;
    const isShown = result === this.shown;
    const button = isShown ? "Shown below" : "Show";
    const from = ({ before, after }) => `${before.toFixed(2)} → ${after.toFixed(2)}`;
    return html`<tr class=${isShown ? "shown" : ""}><th scope="row">${WAY_NAMES[request.way]}</th>
      <td data-name="Updates">${count(request.updates)}</td><td data-name="With old text">${percent(request.oldFraction)}</td>
      <td data-name="Loss, new text">${from(newLoss)}</td><td data-name="Loss, old text">${oldLoss ? from(oldLoss) : "unknown"}</td>
      <td data-name="Time">${seconds.toFixed(1)} s</td>
      <td><button aria-pressed=${String(isShown)} aria-label=${`${button}: ${WAY_NAMES[request.way]}, ${practiceOf(request)}`}
        @click=${() => this.teaching.show(result)}>${button}</button></td></tr>`;
  }

  numbers() {
    const { newLoss, oldLoss, changes } = this.shown;
    return [
      ["what", "before", "after"],
      ["loss, new text", newLoss.before, newLoss.after],
      ...(oldLoss ? [["loss, old text", oldLoss.before, oldLoss.after]] : []),
      ...changes.tensors.map(({ name, weight, change }) => [`${name}: size, and change`, weight, change]),
    ];
  }
}

/** "blocks.0.query.weight" -> "query of layer 0" */
function tensorName(name) {
  const inBlock = /^blocks\.(\d+)\.(\w+)/.exec(name);
  if (inBlock) return `${inBlock[2]} of layer ${inBlock[1]}`;
  const first = name.split(".")[0];
  return WORDS[first] ?? first;
}

/** Which of several results know the new text best, and which ones the old text. */
function bestOf(results) {
  const known = results.filter(({ oldLoss }) => oldLoss);
  const learned = lowest(results, ({ newLoss }) => newLoss.after);
  const first =
    learned.length === results.length
      ? html`They know the new text about equally well.`
      : html`${names(results, learned)} ${learned.length === 1 ? "knows" : "know"} the new text best.`;
  if (known.length < 2) return first;
  const remember = lowest(known, ({ oldLoss }) => oldLoss.after);
  const second =
    remember.length === known.length
      ? html`They forgot about as much of the old one.`
      : html`${names(results, remember)} forgot least of the old one.`;
  return html`${first} ${second}`;
}

/** Those whose loss is the lowest one, or hardly higher. */
function lowest(results, lossOf) {
  const least = Math.min(...results.map(lossOf));
  return results.filter((one) => lossOf(one) - least <= HARDLY);
}

/** The names of some of several results, inside a sentence. */
const names = (results, some) =>
  some.map((one, i) => html`${i ? " and " : nothing}<b>${nameAmong(results, one)}</b>`);

/** The name of its way, and what else it takes to tell it from others of that way. */
function nameAmong(results, { request }) {
  const isAlone = results.filter((one) => one.request.way === request.way).length === 1;
  return isAlone ? WAY_NAMES[request.way] : `${WAY_NAMES[request.way]} (${practiceOf(request)})`;
}

function bars(title, list, said) {
  return html`<div><h3>${title}</h3><ol>${list.map(
    (one) => html`<li><span class="label">${one.label}<span>${said(one)}</span></span>
      <span class="bar" aria-hidden="true"><i style=${styleMap({ width: `${(100 * one.size) / list[0].size}%` })}></i></span></li>`,
  )}</ol></div>`;
}

customElements.define("teach-result", TeachResult);
