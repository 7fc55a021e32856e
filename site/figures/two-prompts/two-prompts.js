/**
 * <two-prompts> <template data-words>…</template> </two-prompts>
 *
 * Two texts that somebody types, and the likeliest next tokens after each, side by side. Its words stand in the page:
 * see app/page-words.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { precisePercent } from "../../app/decimals.js";
import { inSentence } from "../../app/format.js";
import { encodeTyped } from "../../app/forward-pass.js";
import { LiveModel, nearestSnapshot } from "../../app/model.js";
import { near } from "../../app/near.js";
import { likeliest, nextTokenStyles, nextTokens } from "../../app/next-tokens.js";
import { wordsOf } from "../../app/page-words.js";
import { MAX_LENGTH } from "../../app/store.js";

const TYPING = 250; // milliseconds without a key, after which the model reads
const SIDES = ["first", "second"];

class TwoPrompts extends Figure {
  static properties = {
    texts: { state: true }, // the two that are typed
    read: { state: true }, // of each: { text, logits, unknown }, or null until it is there
  };

  static styles = [
    Figure.styles,
    controls,
    nextTokenStyles,
    css`
    .fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); gap: 12px 32px; }
    .fields label { display: block; color: var(--text); font-weight: 600; }
    textarea { display: block; width: 100%; height: 4.9em; resize: vertical; padding: 8px 12px; margin-top: 4px;
               font: 400 1.0625rem/1.5 var(--serif); color: var(--text); background: var(--background);
               border: 1px solid var(--line); border-radius: 8px; }
    .nexts { margin-top: 16px; min-height: 180px; }
    .about { margin-top: 8px; min-height: 3em; max-width: 66ch; }
    .note { border-left: 4px solid var(--warning); padding-left: 12px; }
    .about b { font: 600 1em var(--mono); }
  `,
  ];

  load(run) {
    this.say = wordsOf(this);
    this.read = [null, null];
    this.pairs = pairsOf(run, this.say);
    this.texts = this.pairs[0];
    this.readBoth();
    return true;
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("step") && changed.get("step") !== undefined && this.data) this.readBoth();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.controller?.abort();
  }

  type(i, { target }) {
    const typed = target.value.slice(0, MAX_LENGTH);
    this.controller?.abort(); // a pair that is still being read must not come in place of what is typed
    this.pairs = null; // the words are somebody's own now
    this.texts = this.texts.map((text, side) => (side === i ? typed : text));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.readBoth(), TYPING);
  }

  async readBoth() {
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    const { run } = this;
    try {
      await near(this, signal);
      const model = new LiveModel(run, nearestSnapshot(run, this.step));
      const pairs = this.pairs ?? [this.texts];
      for (const texts of pairs) {
        const read = [];
        for (const text of texts) read.push(await readText(model, text, signal));
        if (signal.aborted) return;
        Object.assign(this, { texts, read });
        if (expectDifferent(read)) break;
      }
      this.pairs = null;
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  draw() {
    const columns = SIDES.map((name, i) => ({
      title: this.say(`after-${name}`),
      logits: this.read[i]?.logits ?? null,
      isMain: i === 0,
    }));
    return html`<div class="fields">${SIDES.map(
      (name, i) => html`<label>${this.say(name)}<textarea dir="auto" spellcheck="false" autocomplete="off"
        maxlength=${MAX_LENGTH} .value=${this.texts[i]} @input=${(event) => this.type(i, event)}></textarea></label>`,
    )}</div>${nextTokens(this.run.vocab, columns)}<div class="about" role="status">${this.about()}</div>`;
  }

  about() {
    const [first, second] = this.read;
    if (!first || !second) return nothing;
    const unknown = [...new Set([...first.unknown, ...second.unknown])];
    const notes = unknown.length
      ? html`<p class="note">${this.say("unknown", { characters: unknown.join(" ") })}</p>`
      : nothing;
    if (!first.logits || !second.logits) return html`<p>${this.say("empty")}</p>${notes}`;
    const [a, b] = [first, second].map(({ logits }) => likeliest(logits));
    return html`<p>${this.say(a.id === b.id ? "same" : "different", {
      first: inSentence(this.run.vocab[a.id]),
      second: inSentence(this.run.vocab[b.id]),
      first_p: precisePercent(a.p),
      second_p: precisePercent(b.p),
    })}</p>${notes}`;
  }
}

/** What follows a text. What has no room in the context is cut off at its end. */
async function readText(model, text, signal) {
  const { start, encoded, unknown } = await encodeTyped(model.run, text);
  const ids = [...start, ...encoded];
  return { text, unknown, logits: ids.length ? await model.nextLogits(ids, { signal }) : null };
}

const expectDifferent = (read) => new Set(read.map(({ logits }) => logits && likeliest(logits).id)).size > 1;

/**
 * Pairs of texts, of which one sees the first that leads to different guesses: those that the page has for this kind of
 * run, or a prompt of the run with one word less, or two prompts.
 */
function pairsOf({ manifest }, say) {
  const { prompts, settings, speakers } = manifest;
  if (settings.dataset === "stories") return [[say("stories-first"), say("stories-second")]];
  if (speakers) {
    const [person, model] = speakers;
    return [["answer-first", "answer-second"].map((key) => `${person}: ${say(key)}\n${model}:`)];
  }
  const longest = prompts.reduce((a, b) => (b.length > a.length ? b : a));
  const others = prompts.filter((one) => one !== longest);
  const second = [shortened(longest), withoutLastWord(longest), ...others];
  return second.map((one) => [longest, one]);
}

const withoutLastWord = (text) => text.replace(/(?<=\S)\s+\S+$/, "");

/** A text without its first word; if no space parts its words, without its first half. */
function shortened(text) {
  const rest = text.replace(/^\S+\s+(?=\S)/, "");
  if (rest !== text) return rest;
  const characters = Array.from(text);
  return characters.slice(Math.floor(characters.length / 2)).join("");
}

customElements.define("two-prompts", TwoPrompts);
