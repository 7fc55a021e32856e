/**
 * What somebody is about to teach a model: it outlives leaving the page and coming back, until the tab is closed.
 *
 *   remember({ run: "stories", text: "Wobo sat.", … })
 *   remembered()      // the same, or null
 */
const KEY = "terrarium.teaching";

/** @typedef {{ run: string, snapshot: number, text: string, way: string, updates: number, oldFraction: number }} Chosen */

/** @param {Chosen} chosen */
export function remember(chosen) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // this browser keeps nothing: then it is gone with the page, as before
  }
}

/** @returns {Chosen | null} */
export function remembered() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return isChosen(found) ? found : null;
  } catch {
    return null;
  }
}

/** Whatever is in the storage of a browser may have been written by another version of this page. */
function isChosen(found) {
  const isNumber = (name) => Number.isFinite(found[name]);
  return (
    found !== null &&
    typeof found === "object" &&
    ["run", "text", "way"].every((name) => typeof found[name] === "string") &&
    ["snapshot", "updates", "oldFraction"].every(isNumber)
  );
}
