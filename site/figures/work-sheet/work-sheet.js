/**
 * <work-sheet tasks="tokens:vocab_size heads:n_layer,n_head,all_heads"> <template data-words>…</template> </work-sheet>
 *
 * A sheet of tasks to print, and a key with the answers, both about the run that is shown. For each task, its name
 * and the facts that it needs (see app/facts.js); its words are task-<name> and answer-<name>, and stand in the page:
 * see app/page-words.js. A task about something that nobody knows of this run is left out.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { factOf, written } from "../../app/facts.js";
import { Figure } from "../../app/figure.js";
import { languageOf, wordsOf } from "../../app/page-words.js";
import { printOnly } from "../../app/print-only.js";

class WorkSheet extends Figure {
  static properties = {
    tasks: {}, // an attribute
    hasKey: { state: true }, // whether the answers are shown
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .who { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 12px 0; color: var(--muted); }
    .who span { flex: 1 1 12em; border-bottom: 1px solid var(--line); padding-bottom: 4px; }
    ol { margin: 0; padding-left: 1.6em; display: grid; gap: 8px; max-width: 66ch; font: 400 1.0625rem/1.6 var(--serif); }
    .line { height: 2.2em; border-bottom: 1px solid var(--line); }
    h3 { font: 600 1.0625rem/1.5 var(--serif); margin: 24px 0 8px; }
    @media print {
      .row { display: none; }
      ol { max-width: none; }
      li { break-inside: avoid; }
      .key { break-before: page; }
    }
  `,
  ];

  async load(run) {
    this.say = wordsOf(this);
    const tasks = await Promise.all(this.tasks.split(" ").map((task) => taskOf(run, task, languageOf(this))));
    return tasks.filter(Boolean);
  }

  draw(tasks) {
    const sheet = this.say("run", { run: this.run.name });
    return html`<div class="row"><button @click=${() => printOnly(this)}>${this.say("print")}</button>
        <button aria-pressed=${String(Boolean(this.hasKey))} @click=${() => (this.hasKey = !this.hasKey)}>${this.say("key")}</button></div>
      <div class="who"><span>${this.say("name")}</span><span>${this.say("day")}</span></div>
      <p class="caption">${sheet}</p>
      <ol>${tasks.map(({ name, facts }) => html`<li>${this.say(`task-${name}`, facts)}<div class="line"></div></li>`)}</ol>
      ${this.hasKey ? this.key(tasks, sheet) : nothing}`;
  }

  key(tasks, sheet) {
    return html`<div class="key"><h3>${this.say("answers")}</h3><p class="caption">${sheet}</p>
      <ol>${tasks.map(({ name, facts }) => html`<li>${this.say(`answer-${name}`, facts)}</li>`)}</ol></div>`;
  }
}

/** "heads:n_layer,n_head" -> its name and the facts as they are written; null if one is not known. */
async function taskOf(run, task, language) {
  const [name, list = ""] = task.split(":");
  const names = list.split(",").filter(Boolean);
  const facts = await Promise.all(names.map((one) => factOf(run, one)));
  if (facts.includes(undefined)) return null;
  return { name, facts: Object.fromEntries(names.map((one, i) => [one, written(one, facts[i], language)])) };
}

customElements.define("work-sheet", WorkSheet);
