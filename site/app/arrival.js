/**
 * Where somebody is on a page, remembered in this tab when they leave it: the browser only knows how many pixels they
 * were from its top, and the parts of a page come as one gets near them.
 */
import { leadTo, pageName, stay } from "./address.js";
import { remember, remembered } from "./tab-memory.js";

const PLACES = "terrarium.places"; // by the name of a page: { part, top }, as whereOnPage returns them

let returnedTo = null; // the place, until somebody moves

/**
 * Scroll to where somebody was who comes back to this page or loads it again; and else to the part that the address
 * names.
 * @param {string} id of the part that the address names, or ""
 */
export function arrive(id) {
  const place = isReturn() ? remembered(PLACES)?.[pageName()] : null;
  const part = document.getElementById(place?.part);
  if (part && Number.isFinite(place.top)) returnTo(part, place);
  else leadTo(id);
  addEventListener("pagehide", () => {
    const left = returnedTo ?? whereOnPage(); // it may not have grown far enough yet
    remember(PLACES, { ...remembered(PLACES), [pageName()]: left });
  });
}

function isReturn() {
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return ["back_forward", "reload"].includes(visit?.type);
}

/** Stay where a part of the page has its top so many pixels below that of the window, or above it. */
function returnTo(part, place) {
  history.scrollRestoration = "manual";
  const moved = stay(() =>
    scrollBy({ top: part.getBoundingClientRect().top - place.top, behavior: "instant" }),
  );
  returnedTo = place;
  moved.addEventListener("abort", () => {
    history.scrollRestoration = "auto";
    returnedTo = null;
  });
}

/** The last part of the page that begins above the middle of the window, and where its top is; null if there is none. */
function whereOnPage() {
  const tops = [...document.querySelectorAll("main [id]")]
    .filter((part) => part.getClientRects().length)
    .map((part) => ({ part: part.id, top: part.getBoundingClientRect().top }));
  return tops.findLast(({ top }) => top <= innerHeight / 2) ?? null;
}
