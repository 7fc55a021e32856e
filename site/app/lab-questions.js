/**
 * What figures want to know of a model while it learns. The same question of several figures is asked once; the one
 * that has waited longest comes first; and training gets most of the time.
 */
const REST = 5; // so many times as long as an answer took, nothing is asked

export class Questions {
  #waiting = new Map(); // key -> question, in the order in which they came
  #answeredAt = 0;
  #took = 0; // milliseconds, the last answer

  /** @param {(method: string, params: object) => Promise<any>} call of the worker */
  constructor(call) {
    this.call = call;
  }

  /** @returns {Promise<any>} the answer; null if the model is gone before it was given */
  ask(method, params) {
    const key = `${method} ${JSON.stringify(params)}`;
    const question = this.#waiting.get(key) ?? newQuestion(method, params);
    this.#waiting.set(key, question);
    return question.answer;
  }

  /** Answer the next one, if it is time to. */
  async answerOne() {
    if (performance.now() - this.#answeredAt < REST * this.#took) return;
    const [key] = this.#waiting.keys();
    if (key !== undefined) await this.#answer(key);
  }

  /** Answer all of them: nothing else is going on. */
  async answerAll() {
    for (const key of [...this.#waiting.keys()]) await this.#answer(key);
  }

  async #answer(key) {
    const question = this.#waiting.get(key);
    if (!question || question.isAsked) return;
    question.isAsked = true; // who asks the same now gets the same answer
    const since = performance.now();
    const answer = await this.call(question.method, question.params);
    if (this.#waiting.get(key) === question) this.#waiting.delete(key);
    this.#answeredAt = performance.now();
    this.#took = this.#answeredAt - since;
    question.resolve(answer);
  }

  /** The model that they are about is gone. */
  drop() {
    for (const { resolve } of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}

function newQuestion(method, params) {
  let resolve;
  const answer = new Promise((settle) => {
    resolve = settle;
  });
  return { method, params, answer, resolve, isAsked: false };
}
