/**
 * <chat-desk></chat-desk>
 *
 * A conversation with a model that learned from conversations: what somebody says, and its replies, token by token.
 * Chooses a token, whose reasons <chat-why> shows; then the conversation shows where a head looked. See app/chat.js.
 */
import { css, html, nothing, styleMap } from "../../vendored/lit.js";
import { bringIntoView, moveTo } from "../../app/address.js";
import { endsOf, partsOf, readable, textOf } from "../../app/chat.js";
import { MAX_LINE, formatTurns, hasRoom, nextSeed, plain, tellingToken } from "../../app/chat-turns.js";
import { printable } from "../../app/command.js";
import { controls } from "../../app/controls.js";
import { Figure, errorBox, wayOf } from "../../app/figure.js";
import { count, inText, percent, showWhitespace, spoken } from "../../app/format.js";
import { tokenizerOf } from "../../app/forward-pass.js";

const TYPING = 200; // milliseconds without a key, after which the page says what the model would read
const EDGE = 12; // pixels between what is brought into view and the edge of the box
const PHONE = matchMedia("(max-width: 640px)"); // where the reasons stand below the conversation
const CLEAR = 0.1; // attention that is worth looking for

class ChatDesk extends Figure {
  static share = {
    title: "The conversation",
    embeds: false,
    draws: false,
    table: (figure) => figure.data && figure.turns.length > 0 && figure.numbers(),
  };

  static properties = {
    leadsTo: { attribute: "leads-to" }, // the id of the part of the page where reasons are shown
    chatText: { state: true }, // what stands in the field
    heard: { state: true }, // what the model would read of it
    request: { from: "chat", attribute: false },
    replies: { from: "chat", attribute: false },
    isReplying: { from: "chat", attribute: false },
    failure: { from: "chat", attribute: false },
    reason: { from: "chat", attribute: false },
    said: { state: true }, // what is read aloud
    away: { state: true }, // "up" or "down", where the head looked most, if that is out of view
    temperature: { from: "store", type: Number },
    topK: { from: "store", type: Number },
    topP: { from: "store", type: Number },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .log { border: 1px solid var(--line); border-radius: 12px; background: var(--background); padding: 12px 16px;
           height: 340px; overflow-y: auto; font: 400 1.0625rem/1.6 var(--serif); overflow-wrap: anywhere;
           display: grid; gap: 4px 12px; grid-template-columns: auto minmax(0, 1fr) auto; align-content: start; }
    .log p { grid-column: 2; } .you, .answer { white-space: pre-wrap; }
    .who { grid-column: 1; color: var(--muted); text-align: right; }
    .you { font-weight: 600; }
    .turn { display: contents; }
    .log .reads, .log .note, .log .empty { grid-column: 2 / -1; color: var(--muted); font: 400 var(--small)/1.5 var(--sans); }
    .unknown { text-decoration: underline wavy var(--warning); text-underline-offset: 4px; }
    .gone, .gone .end { color: var(--muted); font-style: italic; } .gone .shaded { background: none; }
    .log .edge { grid-column: 1 / -1; border-top: 1px dashed var(--muted); color: var(--muted); padding-top: 4px;
            font: 400 var(--small)/1.5 var(--sans); }
    .token { border-radius: 3px; cursor: pointer; }
    .shaded { background: color-mix(in oklab, var(--shade) calc(42% * var(--part)), transparent); }
    .chosen { box-shadow: 0 0 0 2px var(--chosen); }
    .end { color: var(--muted); font: 400 var(--small)/1 var(--mono); }
    .why { min-height: 32px; padding: 0 12px; align-self: start; }
    form { display: flex; gap: 8px; margin-top: 12px; }
    input { flex: 1; min-width: 0; min-height: 44px; padding: 0 12px; font: 400 1.0625rem/1.5 var(--serif);
            color: var(--text); background: var(--background); border: 1px solid var(--line); border-radius: 8px; }
    .below { margin-top: 8px; gap: 8px; } .below button { padding: 4px 14px; min-height: 36px; }
    .caption { margin-top: 8px; }
    .sampling { margin-top: 4px; gap: 0 16px; } .sampling .caption { margin: 0; } .sampling a { color: var(--accent); }
    .sampling label { min-height: 36px; } output { min-width: 1.6em; font-weight: 600; color: var(--text); }
    input[type="range"] { flex: none; width: 130px; min-height: 0; height: 32px; padding: 0; accent-color: var(--accent); }
    .legend button { min-height: 28px; padding: 0 12px; margin-left: 4px; }
    .about { margin: 0 0 8px; }
    .heard, .legend { min-height: 1.5em; }
    .reads span { white-space: pre-wrap; } .reads .shaded { color: var(--text); }
    @media (max-width: 640px) {  /* first what somebody uses, then what it is */
      :host { display: flex; flex-direction: column; }
      .about { order: 1; margin: 8px 0 0; }
    }
    @media (max-width: 640px) { .log { height: 300px; padding: 8px 10px; gap: 4px 8px; } .legend { min-height: 3em; } }
    @media (max-height: 560px) { .log { height: 190px; } }
    @media (forced-colors: active) {
      .shaded { forced-color-adjust: none; color: CanvasText; --shade: Highlight !important; }
      .chosen { box-shadow: none; outline: 3px double; }
    }
  `,
  ];

  constructor() {
    super();
    this.chatText = "";
    this.heard = null;
    this.said = "";
  }

  load(run) {
    this.chatText = "";
    this.heard = null;
    return run.manifest;
  }

  get turns() {
    return this.request?.run === this.run ? this.request.turns : [];
  }

  /** What was said, turn by turn: of the replies, each token with its probability. */
  numbers() {
    const { vocab } = this.run;
    const [person, model] = this.run.manifest.speakers;
    const rows = this.turns.flatMap(({ text }, i) => [
      [i + 1, person, text, "", ""],
      ...(this.replies[i]?.tokens ?? []).map(({ id, p }) => [i + 1, model, vocab[id], id, p]),
    ]);
    return [["turn", "speaker", "text or token", "id", "probability"], ...rows];
  }

  draw(manifest) {
    if (!manifest.speakers) return nothing;
    if (this.failure) return errorBox(this.failure);
    return html`
      ${this.about(manifest)}
      <div class="log" role="log" aria-live="off" aria-label="The conversation" tabindex="0" aria-busy=${String(Boolean(this.isReplying))}
        @click=${this.point}>${this.conversation()}</div>
      <p class="caption legend">${this.legend()}</p>
      <form @submit=${this.send}>
        <input aria-label=${`Say something to ${this.other}`} autocomplete="off" spellcheck="false" dir="auto"
          placeholder=${`Say something to ${this.other}`} maxlength=${MAX_LINE} .value=${this.chatText} @input=${this.type}>
        ${
          this.isReplying
            ? html`<button type="button" @click=${this.halt}>Stop</button>`
            : html`<button class="primary" ?disabled=${!hasRoom(this.turns)}>Send</button>`
        }
      </form>
      ${this.buttons()}${this.sampling()}
      <p class="caption heard" role="status">${this.preview()}</p>
      <p class="visually-hidden" role="status">${this.said}</p>`;
  }

  get other() {
    return printable(this.run.manifest.speakers[1]);
  }

  /** What it is, in the numbers of its run. */
  about({ parameters, corpus, topics }) {
    const [, conversations] = /([\d,]+) conversations/.exec(corpus.note ?? "") ?? [];
    const of = conversations ? `${conversations} made-up conversations` : "made-up conversations";
    const about = topics?.length > 1 ? ` about ${count(topics.length)} topics` : "";
    return html`<p class="caption about">${this.other} is a model of ${count(parameters)} parameters, trained on
      ${of}${about}. It understands nothing that lies outside of them.</p>`;
  }

  conversation() {
    const { turns } = this;
    if (!turns.length) {
      return html`<p class="empty">Nothing has been said yet. Ask something, tell it your name, or take one of the
        questions.</p>`;
    }
    const kept = this.firstKept;
    return turns.map(
      (turn, i) =>
        html`${
          i === kept && i
            ? html`<p class="edge">The model no longer sees what stands above: its context of
            ${count(this.run.manifest.settings.n_ctx)} tokens has no room for more.</p>`
            : nothing
        }<div class=${`turn ${i < kept ? "gone" : ""}`}>${this.turn(turn, this.replies[i], i)}</div>`,
    );
  }

  /** The first turn that the model still sees; or that it saw when it wrote the chosen token. */
  get firstKept() {
    const reply = this.reason ? this.replies[this.reason.turn] : this.replies.at(-1);
    return reply?.lines[0]?.turn ?? 0;
  }

  turn({ text }, reply, i) {
    const differs = reply && reply.heard !== text;
    return html`
      <span class=${`who ${i < this.firstKept ? "gone" : ""}`}>${this.label(i, "you")}</span>
      <p class=${`you ${i < this.firstKept ? "gone" : ""}`} dir="auto">${
        differs || !this.hasLook(i, "said") ? this.marked(text) : this.tokensOf(i, "said")
      }</p><span></span>
      ${
        differs
          ? html`<p class="reads">It has never seen what is underlined. It reads:
            <span dir="auto">${
              this.hasLook(i, "said") ? this.tokensOf(i, "said") : reply.heard.trim() || "nothing"
            }</span></p>`
          : nothing
      }
      ${reply ? this.reply(reply, i) : nothing}`;
  }

  /** What somebody typed; characters that the model has no token for are marked. */
  marked(text) {
    const { ids } = tokenizerOf(this.run);
    return Array.from(text, (character) =>
      ids.has(character) ? character : html`<span class="unknown">${character}</span>`,
    );
  }

  reply(reply, i) {
    if (!reply.lines.length) {
      return html`<p class="note">That alone fills its context, so it read nothing of it. Say it in fewer words.</p>`;
    }
    const gone = i < this.firstKept ? "gone" : "";
    return html`<span class=${`who ${gone}`}>${this.label(i, "other")}</span>
      <p class=${`answer ${gone}`} dir="auto" tabindex="0" role="listbox" aria-label=${`Reply ${i + 1}, token by token`} data-turn=${i}
        aria-activedescendant=${this.reason?.turn === i ? `token${i}-${this.reason.index}` : nothing}
        @keydown=${this.walk}>${reply.tokens.map((token, index) => this.token(token, i, index))}${
          reply.isDone || this.isReplying ? nothing : "…"
        }</p>
      ${
        reply.isDone && reply.tokens.length
          ? html`<button class="why" aria-label=${`Why this reply? Reply ${i + 1}`} @click=${() => this.ask(i)}>Why?</button>`
          : html`<span></span>`
      }`;
  }

  token({ id, p }, turn, index) {
    const isEnd = endsOf(this.run).includes(id);
    const weight = this.weightAt(turn, index);
    const isChosen = this.reason?.turn === turn && this.reason.index === index;
    const shade = this.reason ? "var(--key)" : "var(--accent)";
    const token = this.run.vocab[id];
    return html`<span id=${`token${turn}-${index}`} class=${`token shaded ${isChosen ? "chosen" : ""}`} role="option"
      data-index=${index} aria-selected=${String(isChosen)}
      aria-label=${`${isEnd ? "end of the reply" : spoken(token)}, probability ${percent(p)}`}
      style=${styleMap({ "--part": String(weight ?? (this.reason ? 0 : p)), "--shade": shade })}>${
        isEnd
          ? html`<span class="end"> ${showWhitespace(token)}</span>`
          : inText(token).replace(index ? "" : /^ /, "")
      }</span>`;
  }

  // Where a head looked ---------------------------------------------------------------------------

  /** The weights of the head that is shown, of each token before the chosen one; null without. */
  get look() {
    const { reason, run } = this;
    if (!reason?.pass) return null;
    if (this.lookOf?.reason === reason) return this.lookOf;
    const name = reason.shownHead;
    const { n_head } = run.manifest.settings;
    const [layer, head] = name.split(".").map(Number);
    const row = reason.pass.attentionRow(layer * n_head + head, reason.pass.length - 1);
    const parts = partsOf(run, this.replies[reason.turn]);
    this.lookOf = { reason, row, parts, name };
    return this.lookOf;
  }

  hasLook(turn, part) {
    return Boolean(this.look?.parts.some((one) => one.turn === turn && one.part === part));
  }

  /** The tokens of a part of the conversation, shaded by attention. */
  tokensOf(turn, part) {
    const { row, parts } = this.look;
    const { promptIds } = this.replies[this.reason.turn];
    const shown = [];
    parts.forEach((one, position) => {
      if (one.turn !== turn || one.part !== part) return;
      const text = inText(this.run.vocab[promptIds[position]]).replace(shown.length ? "" : /^ /, "");
      shown.push(this.looked(text, row[position]));
    });
    return shown;
  }

  looked(text, weight) {
    return html`<span class="shaded" title=${percent(weight)} style=${styleMap({ "--part": String(weight), "--shade": "var(--key)" })}>${text}</span>`;
  }

  label(turn, part) {
    if (this.hasLook(turn, part)) return this.tokensOf(turn, part);
    const [you, other] = this.run.manifest.speakers;
    return `${part === "you" ? you : other}:`;
  }

  /** The attention to a token of a reply; null if there is none. */
  weightAt(turn, index) {
    const { look, reason } = this;
    if (!look) return null;
    if (turn === reason.turn) return look.row[look.parts.length + index] ?? null;
    const first = look.parts.findIndex((one) => one.turn === turn && one.part === "reply");
    const isThere = look.parts[first + index]?.turn === turn && look.parts[first + index].part === "reply";
    return first >= 0 && isThere ? look.row[first + index] : null;
  }

  legend() {
    if (!this.turns.length) return nothing;
    if (!this.reason) return "The greener a token, the likelier it was. Choose one to see why it is there.";
    if (!this.look) return "…";
    if (this.away) {
      return html`Head ${this.look.name} looked further ${this.away}. <button @click=${() =>
        this.bringIntoView([this.bluest])}>Show it</button>`;
    }
    return `The bluer, the more head ${this.look.name} looked there for the framed token.`;
  }

  /** The token on the page that a head looked at most; null if it is none of them. */
  get bluest() {
    const weight = (one) => Number(one.style.getPropertyValue("--part"));
    const tokens = [...this.renderRoot.querySelectorAll(".log .shaded")].filter(
      (one) => weight(one) >= CLEAR,
    );
    return tokens.sort((a, b) => weight(b) - weight(a))[0] ?? null;
  }

  /** Scroll the conversation, and nothing around it, to the chosen token, and to where a head looked if both fit. */
  reveal() {
    const { reason } = this;
    const shown = reason && `${reason.turn}.${reason.index} ${this.look?.name ?? ""}`;
    if (shown === this.revealed) return;
    this.revealed = shown;
    const chosen = this.renderRoot.querySelector(".log .chosen");
    const bluest = this.look && this.bluest;
    const isAll = !chosen || !bluest || this.bringIntoView([chosen, bluest]);
    if (chosen && (!bluest || !isAll)) this.bringIntoView([chosen]);
    this.away = isAll ? null : isAbove(bluest, chosen) ? "up" : "down";
  }

  /** Scroll the conversation no further than needed; false if the tokens are too far apart. */
  bringIntoView(tokens) {
    const log = this.renderRoot.querySelector(".log");
    const box = log.getBoundingClientRect();
    const all = tokens.map((one) => one.getBoundingClientRect());
    const top = Math.min(...all.map((one) => one.top)) - EDGE;
    const bottom = Math.max(...all.map((one) => one.bottom)) + EDGE;
    if (bottom - top > box.height) return false;
    if (top < box.top) log.scrollTop -= box.top - top;
    if (bottom > box.bottom) log.scrollTop += bottom - box.bottom;
    return true;
  }

  // What somebody does ----------------------------------------------------------------------------

  buttons() {
    const none = !this.turns.length;
    return html`<div class="row below">
      <button aria-disabled=${String(none)} @click=${this.again}>Another reply</button>
      <button aria-disabled=${String(none)} @click=${this.takeBack}>Take back the last turn</button>
      <button aria-disabled=${String(none)} @click=${() => this.choose([])}>Start over</button></div>`;
  }

  /** The settings of the sampler are those of the whole page. */
  sampling() {
    const some = this.topK ? `the ${count(this.topK)} likeliest tokens` : `top-p ${this.topP}`;
    return html`<div class="row sampling"><label>temperature <input type="range" min="0" max="2" step="0.1"
        .value=${String(this.temperature)} @input=${({ target }) => this.store.set({ temperature: Number(target.value) })}>
        <output aria-hidden="true">${this.temperature.toFixed(1)}</output></label>
      <span class="caption">the same as under <a href="#write" @click=${this.goToWrite}>Write</a>${
        this.topK || this.topP < 1 ? `, and so is ${some}` : nothing
      }</span></div>`;
  }

  goToWrite(event) {
    event.preventDefault();
    this.store.set({ section: "write" }, { jump: true });
    moveTo("write");
  }

  type({ target }) {
    this.chatText = target.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hear(), TYPING);
  }

  /** What the model would read of what stands in the field. */
  async hear() {
    const text = plain(this.chatText);
    const { heard, unknown } = await readable(this.run, text);
    if (text === plain(this.chatText))
      this.heard = unknown.length || heard !== text ? { heard, unknown } : null;
  }

  preview() {
    if (!hasRoom(this.turns))
      return "The address of this page has no room for more: take something back, or start over.";
    if (!this.heard) return nothing;
    const { ids } = tokenizerOf(this.run);
    const lacking = [...new Set(this.chatText)].filter((one) => !ids.has(one));
    return html`It has never seen
      ${lacking.map((one, i) => html`${i ? ", " : ""}<b dir="auto">${showWhitespace(one)}</b>`)}. It will read:
      <span dir="auto">${this.heard.heard.trim() || "nothing"}</span>`;
  }

  send(event) {
    event.preventDefault();
    const text = plain(this.chatText);
    if (!text.trim() || this.isReplying || !hasRoom(this.turns)) return;
    this.chatText = "";
    this.heard = null;
    this.say(text);
  }

  say(text) {
    const { turns } = this;
    this.choose([...turns, { text, seed: nextSeed(turns), limit: null }]);
  }

  choose(turns) {
    this.store.set({ chat: formatTurns(turns) || null });
  }

  again() {
    const { turns } = this;
    if (!turns.length) return;
    const seed = Math.max(...turns.map((one) => one.seed)) + 1;
    this.choose([...turns.slice(0, -1), { ...turns.at(-1), seed, limit: null }]);
  }

  /** What was said last goes back to the field, to be said differently. */
  takeBack() {
    const { turns } = this;
    if (!turns.length) return;
    this.chatText = turns.at(-1).text;
    this.choose(turns.slice(0, -1));
    this.renderRoot.querySelector("input").focus();
  }

  /** The reply ends where it is: the address says so, or a link would lead to all of it. */
  halt() {
    const { turns, replies } = this;
    const i = replies.findIndex((one) => !one.isDone);
    const limit = replies[i]?.tokens.length;
    if (!limit) this.takeBack();
    else this.choose([...turns.slice(0, i), { ...turns[i], limit }]);
  }

  point({ target }) {
    const index = target.closest?.("[data-index]")?.dataset.index;
    if (index !== undefined) this.select(Number(target.closest("[data-turn]").dataset.turn), Number(index));
  }

  walk(event) {
    const turn = Number(event.currentTarget.dataset.turn);
    const by = wayOf(event);
    if (!by) return;
    const last = this.replies[turn].tokens.length - 1;
    const from = this.reason?.turn === turn ? this.reason.index : by > 0 ? -1 : last + 1;
    this.select(turn, Math.max(0, Math.min(last, from + by)));
  }

  select(turn, index) {
    this.store.set({ chatToken: `${turn}.${index}` });
    if (PHONE.matches && this.leadsTo) requestAnimationFrame(() => bringIntoView(this.leadsTo)); // once it is drawn
  }

  /** Choose the token of a reply that says most: see tellingToken. */
  ask(turn) {
    const { tokens, lines, heard } = this.replies[turn];
    const [you] = this.run.manifest.speakers;
    const said = (text) => text.slice(you.length + 1, text.indexOf("\n"));
    const encode = (text) => tokenizerOf(this.run).encode(text);
    const told = lines.slice(0, -1).map(({ text }) => encode(said(text)));
    const isWord = (id) => /\p{L}/u.test(this.run.vocab[id]);
    this.select(turn, tellingToken(tokens, told, encode(` ${heard}`), isWord));
  }

  updated(changed) {
    super.updated(changed);
    if (changed.has("isReplying") || changed.has("replies")) this.announce();
    this.reveal();
  }

  /** A reply is read aloud once it is there, and scrolled to. */
  announce() {
    const last = this.replies?.at(-1);
    if (this.isReplying || !last?.isDone || last === this.announced) return;
    this.announced = last;
    if (!this.store.isPlaying) this.said = `${this.other} says: ${textOf(this.run, last.tokens)}`;
    const log = this.renderRoot.querySelector(".log");
    if (log) log.scrollTop = log.scrollHeight;
  }
}

const isAbove = (one, other) => one.getBoundingClientRect().top < other.getBoundingClientRect().top;

customElements.define("chat-desk", ChatDesk);
