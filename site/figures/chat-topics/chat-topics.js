/**
 * <chat-topics></chat-topics>
 *
 * What one may ask somebody who learned from conversations: questions of the corpus, by topic. Says one of them.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { formatTurns, hasRoom, nextSeed, plain } from "../../app/chat-turns.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

const SHOWN = 8;

class ChatTopics extends Figure {
  static properties = {
    request: { from: "chat", attribute: false },
    isReplying: { from: "chat", attribute: false },
    reason: { from: "chat", attribute: false }, // while one is shown, it takes this place
    topic: { state: true }, // its index; -1 for a few from everywhere
    round: { state: true },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .head { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; align-items: center; }
    h3 { font: 600 var(--small)/1.5 var(--sans); margin: 0; }
    select { min-height: 36px; max-width: 14em; }
    ul { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; min-height: 160px;
         align-content: flex-start; }
    button { min-height: 36px; padding: 4px 14px; }
  `,
  ];

  constructor() {
    super();
    this.topic = -1;
    this.round = 0;
  }

  load(run) {
    this.topic = -1;
    this.round = 0;
    return run.manifest;
  }

  draw(manifest) {
    if (!manifest.speakers || this.reason) return nothing;
    const topics = topicsOf(manifest);
    const all = topics[this.topic]?.questions ?? spread(topics);
    const first = (this.round * SHOWN) % all.length;
    return html`<div class="head"><h3>What it has heard in training</h3>${
      topics.length > 1
        ? html`<select aria-label="Topics" @change=${this.chooseTopic}>
          <option value="-1" ?selected=${this.topic < 0}>${count(topics.length)} topics</option>
          ${topics.map(({ name }, i) => html`<option value=${i} ?selected=${this.topic === i}>${name}</option>`)}
        </select>`
        : nothing
    }</div>
      <ul>${all
        .slice(first, first + SHOWN)
        .map(
          (question) =>
            html`<li><button dir="auto" @click=${() => this.say(question)}>${question}</button></li>`,
        )}${
        all.length > SHOWN
          ? html`<li><button @click=${() => (this.round += 1)} aria-label="Other questions">Others …</button></li>`
          : nothing
      }</ul>`;
  }

  chooseTopic({ target }) {
    this.topic = Number(target.value);
    this.round = 0;
  }

  say(question) {
    const turns = this.request?.turns ?? [];
    if (this.isReplying || !hasRoom(turns)) return;
    const turn = { text: plain(question), seed: nextSeed(turns), limit: null };
    this.store.set({ chat: formatTurns([...turns, turn]) });
  }
}

/** The topics of a corpus with some questions of each; older exports have only the questions of the prompts. */
function topicsOf({ topics, prompts, speakers }) {
  if (topics?.length) return topics;
  const begins = `${speakers[0]}: `;
  const questions = prompts
    .flatMap((prompt) => prompt.split("\n"))
    .filter((line) => line.startsWith(begins))
    .map((line) => line.slice(begins.length));
  return [{ name: "", questions: [...new Set(questions)] }];
}

/** The first question of each topic, then the second ones, and so on. */
function spread(topics) {
  const most = Math.max(...topics.map(({ questions }) => questions.length));
  return [...Array(most).keys()].flatMap((i) => topics.map(({ questions }) => questions[i]).filter(Boolean));
}

customElements.define("chat-topics", ChatTopics);
