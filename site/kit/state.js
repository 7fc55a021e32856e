/**
 * What a page shows is in its address, after #, so that it can be sent to somebody:
 * index.html#run=stories&step=100
 */

/** @returns {Object<string, string>} what the address says */
export function read() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Change some of it; null removes one. The browser's history is left alone. */
export function write(changes) {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) state.delete(name);
    else state.set(name, value);
  }
  history.replaceState(null, "", `#${state}`);
}

/** Put this into the address, and nothing else. */
export function only(state) {
  history.replaceState(null, "", `#${new URLSearchParams(state)}`);
}

/** Call `use` whenever something else changes the address: a link, a bookmark, the keyboard. */
export function follow(use) {
  addEventListener("hashchange", use);
}
