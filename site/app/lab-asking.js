/**
 * Asks the model of the lab the same thing again and again while it learns: only while an element is on the screen,
 * once a second at most, and not again while nothing has changed.
 *
 *   const asking = new Asking({ element, lab, question: () => ({ method: "updates" }), receive: (answer, step) => … });
 *   asking.start();
 *   asking.ask();      // the question has changed
 *   asking.stop();
 */
import { watch } from "./near.js";

const INTERVAL = 1000; // milliseconds from an answer to the next question

export class Asking {
  /**
   * @param {object} about
   * @param {Element} about.element
   * @param {{ state: any, ask: (method: string, params?: object) => Promise<any>, subscribe: (listener: () => void) => () => void }} about.lab
   * @param {() => { method: string, params?: object } | null} about.question null: nothing is to be asked now
   * @param {(answer: any, step: number) => void} about.receive
   */
  constructor({ element, lab, question, receive }) {
    this.element = element;
    this.lab = lab;
    this.question = question;
    this.receive = receive;
    this.isSeen = false;
    this.lastTime = -Infinity;
    this.known = null; // what the last answer was about
  }

  start() {
    const stops = [
      this.lab.subscribe(() => this.ask()),
      watch(this.element, (isSeen) => {
        this.isSeen = isSeen;
        this.ask();
      }),
    ];
    this.stop = () => {
      for (const stop of stops) stop();
      clearTimeout(this.timer);
      this.isSeen = false;
    };
  }

  stop() {}

  /** Ask, or wait until it is time to. */
  ask() {
    const question = this.question();
    if (!question || !this.isSeen || this.isAsking || this.timer) return;
    if (isSame(this.known, this.about(question))) return;
    const rest = this.lastTime + INTERVAL - performance.now();
    if (rest > 0) this.waitFor(rest);
    else this.askNow(question);
  }

  waitFor(milliseconds) {
    this.timer = setTimeout(() => {
      this.timer = null;
      this.ask();
    }, milliseconds);
  }

  async askNow(question) {
    this.isAsking = true;
    const answer = await this.lab.ask(question.method, question.params);
    this.isAsking = false;
    this.lastTime = performance.now();
    // While it was under way, the model has learned more: the answer is about what it is by now.
    this.known = this.about(question);
    const current = this.question();
    const isWanted = current && isSame(this.known, this.about(current));
    if (answer && isWanted && this.isSeen) this.receive(answer, this.lab.state.step);
    this.ask();
  }

  /**
   * What an answer depends on: the model, its step, and the question.
   * @param {{ method: string, params?: object }} question
   */
  about({ method, params }) {
    const { settings, tokens, step, parameters, status } = this.lab.state;
    const isThere = !["empty", "preparing"].includes(status);
    return [settings, tokens?.tokenizer, step, parameters, isThere, method, JSON.stringify(params)];
  }
}

const isSame = (one, other) => Boolean(one) && one.every((value, i) => value === other[i]);
