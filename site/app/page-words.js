/**
 * Words that figures of a lesson say. They stand in the page, so that a page in another language is a second file
 * and nothing else:
 *
 *   <template data-words><p data-say="score">You: {bits} bits</p></template>
 *
 * inside of a figure, or in the page itself for what all of them say (written there by terrarium/web/pages.py).
 *
 *   const say = wordsOf(figure);
 *   say("score", { bits: 2.5 })     // "You: 2.5 bits"
 */

/** The language of an element. */
export const languageOf = (element) => element.closest("[lang]")?.lang || "en";

/** @param {HTMLElement} element @returns {(key: string, values?: Object<string, string | number>) => string} */
export function wordsOf(element) {
  const inPage = document.querySelectorAll("body > template[data-words], terra-page > template[data-words]");
  const own = element.querySelectorAll(":scope > template[data-words]");
  const words = new Map();
  for (const template of [...inPage, ...own]) {
    for (const one of /** @type {HTMLTemplateElement} */ (template).content.querySelectorAll("[data-say]")) {
      words.set(one.getAttribute("data-say"), one.textContent.replace(/\s+/g, " ").trim());
    }
  }
  const language = languageOf(element);
  const write = (value) => (typeof value === "number" ? writtenNumber(value, language) : String(value));
  return (key, values = {}) => {
    if (!words.has(key)) throw new RangeError(`The page does not say “${key}” for <${element.localName}>.`);
    return words.get(key).replace(/\{(\w+)\}/g, (_, name) => write(values[name]));
  };
}

/** 2000 -> "2,000", 1.6 -> "1.60". */
function writtenNumber(number, language) {
  const digits = Number.isInteger(number) ? 0 : 2;
  return number.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
