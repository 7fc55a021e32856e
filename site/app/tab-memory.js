/**
 * What a page remembers when somebody leaves it and comes back, or loads it again, until the tab is closed.
 *
 *   remember("terrarium.teaching", { run: "stories", … })
 *   remembered("terrarium.teaching")      // the same; null if there is nothing, or nothing that can be read
 */

/** @param {string} key @param {any} value what JSON can hold */
export function remember(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // this browser keeps nothing, or no more: then it is gone with the page
  }
}

/** @param {string} key @returns {any} whoever asks has to check it: another version of this page may have written it */
export function remembered(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
