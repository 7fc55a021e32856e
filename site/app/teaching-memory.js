/**
 * What somebody is about to teach a model: it outlives leaving the page and coming back, until the tab is closed.
 *
 *   rememberChosen({ run: "stories", text: "Wobo sat.", … })
 *   rememberedChosen()      // the same, or null
 */
import { remember, remembered } from "./tab-memory.js";

const KEY = "terrarium.teaching";

/** @typedef {{ run: string, snapshot: number, text: string, way: string, updates: number, oldFraction: number }} Chosen */

/** @param {Chosen} chosen */
export const rememberChosen = (chosen) => remember(KEY, chosen);

/** @returns {Chosen | null} */
export function rememberedChosen() {
  const found = remembered(KEY);
  return isChosen(found) ? found : null;
}

function isChosen(found) {
  const isNumber = (name) => Number.isFinite(found[name]);
  return (
    found !== null &&
    typeof found === "object" &&
    ["run", "text", "way"].every((name) => typeof found[name] === "string") &&
    ["snapshot", "updates", "oldFraction"].every(isNumber)
  );
}
