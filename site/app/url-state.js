/**
 * What a page shows is in its address, after #, so that it can be sent to somebody:
 * index.html#run=stories&step=100
 */

/** @returns {Object<string, string>} the state in the address */
export function read() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/** Change some of it; null removes one. The browser's history is left alone. */
export function update(changes) {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) state.delete(name);
    else state.set(name, value);
  }
  history.replaceState(null, "", `#${state}`);
}

/** Replace all of it. */
export function replace(state) {
  history.replaceState(null, "", `#${new URLSearchParams(state)}`);
}

/** Call a listener whenever something else changes the address: a link, a bookmark, the keyboard. */
export function subscribe(listener) {
  addEventListener("hashchange", listener);
}
