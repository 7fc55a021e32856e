/**
 * <line-order></line-order>
 *
 * The lines of a head, to be put in order: dragged, or moved with the buttons beside each. What stands above them
 * stays. What it says stands in the page.
 */
import { css, html } from "../../vendored/lit.js";
import { EXERCISES } from "../../exercise/exercises.js";
import { linesIn, withLines } from "../../exercise/ways.js";
import { codeLine, codeOf, codeText } from "../../app/code-text.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { wordsOf } from "../../app/page-words.js";

class LineOrder extends Figure {
  static properties = {
    exercise: { from: "typed", attribute: false },
    code: { from: "typed", attribute: false },
    errorLine: { from: "typed", type: Number },
    focusOn: { from: "typed", attribute: false },
    moved: { state: true }, // the line that somebody moved last
  };

  static styles = [
    Figure.styles,
    controls,
    codeText,
    css`
    ol { list-style: none; margin: 8px 0 0; padding: 0; display: grid; gap: 4px; }
    li { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; gap: 4px; align-items: center;
         border: 1px solid var(--line); border-radius: 8px; background: var(--panel); min-height: 44px; }
    li .line { cursor: grab; user-select: none; align-self: stretch; align-items: center;
               font: 400 var(--code-size)/1.4 var(--mono); padding-right: 0; }
    .grip { touch-action: none; align-self: stretch; display: grid; align-items: center; padding-left: 10px;
            background: radial-gradient(circle, var(--text) 0 1px, transparent 1.5px) 2px 50% / 5px 7px no-repeat;
            background-repeat: no-repeat space; }
    li.dragged { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
    li.dragged .line { cursor: grabbing; }
    li.wrong { background: color-mix(in oklab, var(--warning) 14%, var(--panel)); border-color: var(--warning); }
    li button { min-height: 40px; min-width: 40px; padding: 0; border-radius: 8px; border-color: transparent;
                text-align: center; background: transparent; }
    @media (max-width: 640px) { li button { min-width: 34px; } }
    @media print { button { display: none; } }
  `,
  ];

  connectedCallback() {
    super.connectedCallback();
    this.say = wordsOf(this);
  }

  load() {
    return true;
  }

  get lines() {
    return linesIn(this.exercise, this.code);
  }

  /** Put the line at one index to another. */
  move(from, to) {
    const { lines } = this;
    if (to < 0 || to >= lines.length || to === from) return;
    const [line] = lines.splice(from, 1);
    lines.splice(to, 0, line);
    this.moved = line;
    this.typed.type(withLines(this.exercise, lines));
  }

  /** A button moves its line, and keeps the focus, which goes along with the line. */
  async press(from, to, event) {
    const { way } = event.currentTarget.dataset;
    const line = this.lines[from];
    this.move(from, to);
    await this.updateComplete;
    this.itemOf(line).querySelector(`[data-way="${way}"]`).focus();
  }

  itemOf(line) {
    return this.renderRoot.querySelectorAll("li")[this.lines.indexOf(line)];
  }

  /** Alt and an arrow move a line, as they do in an editor. */
  pressKey(from, event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !event.altKey) return;
    event.preventDefault();
    this.press(from, from + by, { currentTarget: event.target });
  }

  startDrag(line, event) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    this.dragged = line;
    this.requestUpdate();
  }

  /** The line that is dragged takes the place of the one under the pointer. */
  drag(event) {
    if (!this.dragged) return;
    const items = [...this.renderRoot.querySelectorAll("li")];
    const to = items.findIndex((item) => event.clientY < item.getBoundingClientRect().bottom);
    this.move(this.lines.indexOf(this.dragged), to < 0 ? items.length - 1 : to);
  }

  endDrag() {
    this.dragged = null;
    this.requestUpdate();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("focusOn")) this.moved = null; // other code is shown now
  }

  updated(changed) {
    if (changed.has("focusOn") && this.focusOn?.tag === this.localName) this.focusFirst();
  }

  focusFirst() {
    this.renderRoot.querySelector("li button:not([aria-disabled=true])").focus();
  }

  render() {
    const { lines, say } = this;
    if (!lines) return html`<p class="caption" aria-busy="true">…</p>`;
    const above = EXERCISES[this.exercise].above.trimEnd().split("\n");
    return html`<div class="code" role="group" aria-label=${say("above")}>${above.map((line, i) => codeLine(i + 1, line))}</div>
      <ol aria-label=${say("lines")} @pointermove=${this.drag} @pointerup=${this.endDrag}
        @pointercancel=${this.endDrag}>${lines.map((line, i) => this.item(line, i, above.length))}</ol>
      <p class="visually-hidden" role="status">${this.announcement(lines)}</p>`;
  }

  announcement(lines) {
    const at = lines.indexOf(this.moved);
    return at < 0 ? "" : this.say("moved", { line: this.moved.trim(), n: at + 1, of: lines.length });
  }

  item(line, i, nAbove) {
    const { lines } = this;
    const number = nAbove + i + 1;
    const kinds = [this.dragged === line && "dragged", this.errorLine === number && "wrong"];
    return html`<li class=${kinds.filter(Boolean).join(" ")} @keydown=${(event) => this.pressKey(i, event)}>
      <div class="line" @pointerdown=${(event) => this.startDrag(line, event)}><span class="number grip"
        aria-hidden="true">${number}</span>${codeOf(line)}</div>
      ${this.button("up", i, i - 1, i === 0)}
      ${this.button("down", i, i + 1, i === lines.length - 1)}</li>`;
  }

  button(way, from, to, isEnd) {
    return html`<button data-way=${way} aria-disabled=${String(isEnd)}
      aria-label=${this.say(way, { line: this.lines[from].trim() })}
      @click=${(event) => this.press(from, to, event)}>${way === "up" ? "↑" : "↓"}</button>`;
  }
}

customElements.define("line-order", LineOrder);
