/**
 * <lesson-question name="later-tokens" why>
 *   <p>Which tokens can a token look at?</p>
 *   <ol> <li>all of them</li> <li data-right>itself and those before it</li> </ol>
 *   <div data-reveal><p>…</p></div>
 * </lesson-question>
 *
 * A question with answers to choose from. What is to be revealed is shown once somebody has chosen; with `why`, also
 * a sentence has to be written first: comparing one's own explanation with what happens is what helps. Which answer is
 * right may depend on the run: <lesson-question answer="fewest_bits"> names a fact (see app/facts.js), and <li
 * data-answer="model"> what it says where that answer is right. Without a right answer nobody is told that they were
 * wrong. Answers are remembered in this browser: see app/progress.js.
 * What it says stands in the page: see app/page-words.js.
 */
import { lessonName } from "../address.js";
import { ask } from "../context.js";
import { factOf } from "../facts.js";
import { wordsOf } from "../page-words.js";
import { remember, remembered } from "../progress.js";

const LEAST_WHY = 3; // characters: anything that somebody has thought of

class LessonQuestion extends HTMLElement {
  connectedCallback() {
    if (this.choices) return; // it has been moved
    this.say = wordsOf(this);
    this.page = ask(this, "page");
    this.name = this.getAttribute("name");
    this.build();
    this.page.subscribe(() => this.restore());
    this.restore();
  }

  /** Make a choice of each item of the list, and a button below them. */
  build() {
    const question = this.querySelector("p");
    question.id ||= `question-${this.name}`;
    const list = this.querySelector("ol");
    list.setAttribute("role", "radiogroup");
    list.setAttribute("aria-labelledby", question.id);
    this.choices = Array.from(list.children, (item) => this.choiceOf(item));
    this.reveal = /** @type {HTMLElement} */ (this.querySelector("[data-reveal]"));
    this.reveal.hidden = true;
    this.reveal.tabIndex = -1;
    this.verdict = element("p", "verdict");
    this.reveal.prepend(this.verdict);
    if (this.hasAttribute("why")) this.reveal.before(this.reason());
    this.note = element("p", "note");
    this.note.setAttribute("role", "status");
    this.button = element("button", "primary", this.say(this.hasAttribute("why") ? "reveal" : "check"));
    this.button.addEventListener("click", () => this.answer());
    this.again = element("button", "", this.say("again"));
    this.again.addEventListener("click", () => this.begin());
    const row = element("div", "row");
    row.append(this.button, this.again, this.note);
    this.reveal.before(row);
    new MutationObserver(() => this.hideRepeated()).observe(list, { subtree: true, childList: true });
    this.begin({ isFirst: true });
  }

  choiceOf(item) {
    item.setAttribute("role", "presentation");
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), {
      type: "radio",
      name: `choice-${this.name}`,
    });
    const text = document.createElement("span");
    text.append(...item.childNodes);
    label.append(input, text);
    item.append(label);
    return { item, input, text, isRight: item.hasAttribute("data-right") };
  }

  /** Where somebody writes why. */
  reason() {
    const label = element("label", "why", this.say("why"));
    this.why = document.createElement("textarea");
    Object.assign(this.why, { rows: 2, maxLength: 300 });
    label.append(this.why);
    return label;
  }

  /** Two answers may be the same number with a run: only one of them is left to choose, the right one. */
  hideRepeated() {
    const right = this.choices.find((one) => one.isRight);
    const seen = new Set(right ? [right.text.textContent] : []);
    for (const { item, text, isRight } of this.choices) {
      if (isRight) continue;
      item.hidden = seen.has(text.textContent);
      seen.add(text.textContent);
    }
  }

  answer() {
    const choice = this.choices.findIndex(({ input }) => input.checked);
    const why = this.why?.value.trim() ?? "";
    if (choice < 0) return this.ask("choose", this.choices[0].input);
    if (this.why && why.length < LEAST_WHY) return this.ask("why-first", this.why);
    const { isRight, text } = this.choices[choice];
    remember(lessonName(), this.name, {
      run: this.page.state.run?.name,
      question: textOf(this.querySelector("p")),
      choice,
      answer: textOf(text),
      why,
      isRight: this.hasRight ? isRight : null,
    });
    this.show(choice);
    this.reveal.focus();
  }

  /** Which answer is right for this run, where that depends on it. */
  async findRight(run) {
    const name = this.getAttribute("answer");
    if (!name) return;
    for (const one of this.choices) one.isRight = false; // until it is known
    const fact = await factOf(run, name);
    if (run !== this.run) return;
    for (const one of this.choices) one.isRight = fact !== undefined && one.item.dataset.answer === fact;
  }

  ask(key, field) {
    this.note.textContent = this.say(key);
    field.focus();
  }

  get hasRight() {
    return this.choices.some((one) => one.isRight);
  }

  show(choice) {
    const { isRight, text } = this.choices[choice];
    const verdict = isRight ? "right" : "not-right";
    this.verdict.textContent = this.say(this.hasRight ? verdict : "you-chose", { answer: textOf(text) });
    this.verdict.classList.toggle("is-right", isRight);
    for (const one of this.choices) {
      one.input.disabled = true;
      one.item.toggleAttribute("data-marked", one.isRight);
    }
    if (this.why) this.why.readOnly = true;
    this.note.textContent = "";
    this.button.hidden = true;
    this.again.hidden = false;
    this.reveal.hidden = false;
  }

  /** As if nobody had answered. */
  begin({ isFirst = false } = {}) {
    for (const { input, item } of this.choices) {
      Object.assign(input, { disabled: false, checked: false });
      item.removeAttribute("data-marked");
    }
    if (this.why) Object.assign(this.why, { readOnly: false, value: "" });
    this.reveal.hidden = true;
    this.button.hidden = false;
    this.again.hidden = true;
    if (isFirst) return;
    remember(lessonName(), this.name, null);
    this.choices[0].input.focus();
  }

  /** What somebody answered before, about the same run. */
  async restore() {
    const { run } = this.page.state;
    if (!run || run === this.run) return;
    this.run = run;
    this.begin({ isFirst: true });
    await this.findRight(run);
    if (run !== this.run || !this.reveal.hidden) return; // they have answered meanwhile
    const answer = remembered(lessonName())[this.name];
    const chosen = this.choices[answer?.choice];
    if (!chosen || answer.run !== run.name) return;
    chosen.input.checked = true;
    if (this.why) this.why.value = answer.why;
    this.show(answer.choice);
  }
}

function element(tag, name, text = "") {
  return Object.assign(document.createElement(tag), { className: name, textContent: text });
}

const textOf = (node) => node.textContent.replace(/\s+/g, " ").trim();

customElements.define("lesson-question", LessonQuestion);
