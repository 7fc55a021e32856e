/**
 * <copied-by-step></copied-by-step>
 *
 * What the recorded samples of each step have in common with the training text, all of which was searched when the
 * run was exported: the longest span of each text, and how many words are copied. Says whether that rises or falls
 * with the steps by more than chance. Chooses a step.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { dotStyles, dots } from "../../app/dots.js";
import { Figure } from "../../app/figure.js";
import { count, percent } from "../../app/format.js";
import { howOften, trend } from "../../app/trend.js";

const SHOWN = 8; // rows of the list before one scrolls, and half of the next

class CopiedByStep extends Figure {
  static share = {
    title: "What was copied, step by step",
    table: ({ data }) => data?.samples.length > 0 && numbers(data),
  };

  static styles = [
    Figure.styles,
    controls,
    dotStyles,
    css`
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0 0 4px; }
    .list { max-height: 336px; overflow-y: auto; margin-top: 8px; position: relative; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; }
    th, td { font-weight: 400; text-align: left; padding: 0 8px 0 0; height: 32px; }
    thead th, tfoot :is(th, td) { position: sticky; background: var(--panel); }
    thead th, tfoot :is(th, td) { z-index: 1; } /* before the dots */
    thead th { top: 0; color: var(--muted); vertical-align: bottom; }
    tfoot :is(th, td) { bottom: 0; font-weight: 600; box-shadow: inset 0 1px var(--line); }
    .length { display: flex; gap: 12px; align-items: center; }
    .length .dots { flex: 1; }
    .verdict { margin-top: 8px; max-width: 66ch; }
    .words { width: 2.6em; text-align: right; }
    th:first-child { width: 9.5em; } th:last-child, td:last-child { width: 7em; text-align: right; padding: 0; }
    td button, th button { min-height: 28px; padding: 0 10px; border-radius: 14px; }
    blockquote { margin: 4px 0 0; padding-left: 12px; border-left: 2px solid var(--line);
                 font: 400 1rem/1.5 var(--serif); white-space: pre-wrap; overflow-wrap: anywhere; }
    .longest { margin-top: 12px; }
    @media (max-width: 640px) {
      th:first-child { width: 7em; } th:last-child, td:last-child { width: 4.6em; }
    }
  `,
  ];

  /** Nothing is drawn where it was not exported: <copied-spans> says so. */
  async load(run) {
    try {
      return await run.part("copied");
    } catch {
      return { samples: [] };
    }
  }

  /** The list begins at the top; once another step is chosen, its row is in view. */
  updated(changed) {
    super.updated(changed);
    const list = this.renderRoot.querySelector(".list");
    const row = list?.querySelector("[aria-current]")?.closest("tr");
    if (!row || changed.has("data") || !changed.has("step")) return;
    if (!isInView(row, list)) list.scrollTop = row.offsetTop - list.clientHeight / 2;
  }

  draw(copied) {
    const { samples, held_out, least_words, longest } = copied;
    if (!samples.length) return nothing;
    const each = samples.flatMap(longestOfEach);
    const scale = { limit: least_words, most: Math.max(least_words + 1, ...each) };
    return html`<h3>The recorded samples, step by step</h3>
      <p class="caption">The longest match of each text, and how many words stand in matches of
        ${count(least_words)} or more: right of the dashed line. A dot is a text, the thick mark their average. Here the
        whole training text was searched.${
          samples.length > SHOWN ? ` Scroll the list to see all ${count(samples.length)} steps.` : nothing
        }</p>
      <div class="list" tabindex="0" role="group" aria-label="What was copied, step by step"><table>
        <thead><tr><th scope="col">step</th><th scope="col">longest match, in words, on average</th>
          <th scope="col">copied</th></tr></thead>
        <tbody>${samples.map((one) => this.row(one, scale))}</tbody>
        <tfoot><tr><th scope="row">text it never saw</th>${this.cells(held_out, scale)}</tr></tfoot>
      </table></div>${verdict(samples)}${longest ? this.longest(longest, copied) : nothing}`;
  }

  row(sample, scale) {
    const { step } = sample;
    return html`<tr><th scope="row"><button aria-current=${step === this.step ? "step" : nothing}
        @click=${() => this.store.set({ step }, { jump: true })}>step ${count(step)}</button></th>
      ${this.cells(sample, scale)}</tr>`;
  }

  cells(one, scale) {
    const { mean_longest_words: mean, copied_words, n_words } = one;
    const each = longestOfEach(one);
    const name = each.length ? `The longest matches have ${each.join(", ")} words` : "Their average";
    return html`<td><div class="length"><span class="words">${mean.toFixed(1)}</span>${dots(each, { ...scale, mean, name })}</div></td>
      <td>${n_words ? percent(copied_words / n_words) : "no words"}</td>`;
  }

  longest({ step, prompt, text, words, document, occurrences }, { searched_documents }) {
    const { prompts } = this.run.manifest;
    const where = searched_documents > 1 ? `in document ${count(document + 1)}` : "in the text";
    const often = occurrences > 1 ? `${count(occurrences)} times, first ` : "";
    return html`<div class="longest"><p class="caption">The longest of all, ${count(words)} words at step ${count(step)}
        after “${prompts[prompt]}”, stands ${often}${where}:</p><blockquote dir="auto">${text}</blockquote></div>`;
  }
}

/** Whether a row can be seen between the head and the foot of its list, which stay where they are. */
function isInView(row, list) {
  const { top, bottom } = row.getBoundingClientRect();
  const [head, foot] = ["thead", "tfoot"].map((part) =>
    list.querySelector(`${part} th`).getBoundingClientRect(),
  );
  return top >= head.bottom && bottom <= foot.top;
}

/** The words of the longest match of each text of a step; of held-out text, only the average was exported. */
const longestOfEach = ({ continuations = [] }) => continuations.map((one) => one.longest_words);

/** Whether the spans grow with the steps: over all of them, and over the second half. See app/trend.js. */
function verdict(samples) {
  const half = Math.floor(samples.length / 2);
  if (half < 2)
    return html`<p class="verdict">There are too few steps to say whether it copies more with time.</p>`;
  const late = `From step ${count(samples[half].step)} on`;
  return [trendSentence(samples, "Over the whole training"), trendSentence(samples.slice(half), late)];
}

function trendSentence(samples, when) {
  const xs = samples.flatMap((one, i) => longestOfEach(one).map(() => i));
  const found = trend(xs, samples.flatMap(longestOfEach));
  const says = found.isClear
    ? `the longest matches get ${found.direction > 0 ? "longer" : "shorter"}, and that is more than chance.`
    : "the differences may be chance.";
  return html`<p class="verdict">${when}, ${says} <span class="caption">${howOften(found, "steps")}</span></p>`;
}

function numbers({ samples, held_out }) {
  const row = (name, one) => [name, one.mean_longest_words, one.copied_words, one.n_words];
  return [
    ["step", "longest span in words, on average", "copied words", "words"],
    ...samples.map((one) => row(one.step, one)),
    row("text it never saw", held_out),
  ];
}

customElements.define("copied-by-step", CopiedByStep);
