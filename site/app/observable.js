/**
 * Something that changes and says so: a state, replaced at each change, and those who follow it.
 *
 *   const stop = store.subscribe(() => console.log(store.state.step));
 */
export class Observable {
  /** What followers read; never changed in place. */
  state = {};
  #listeners = new Set();

  /** Call a listener after every change. @returns {() => void} what ends that */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replace some of the state, and tell everybody. */
  update(changes) {
    this.state = { ...this.state, ...changes };
    this.notify();
  }

  notify() {
    for (const listener of [...this.#listeners]) listener();
  }
}
