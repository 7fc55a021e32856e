/** A figure alone, in a frame of another page: its address, and the line that puts it there. See embed.html. */
import { addressOf, pageName } from "./address.js";

const AROUND = 76; // pixels that the embedded figure has above and below
/** What a figure depends on besides what it follows itself, by what it asks for. */
const NEEDED = {
  passes: ["prompt", "text", "seed", "temperature"],
  writing: [
    "prompt",
    "text",
    "temperature",
    "topK",
    "topP",
    "seed",
    "branch",
    "length",
    "operations",
    "otherText",
  ],
};

/** What a model is called that learns in the page: no address leads to it. */
const OF_LAB = { name: "lab", isLocal: true };

/** The run and the step of what a figure shows. */
export function shownAt(figure) {
  const { run, step } = figure.pass ?? figure.writing?.state.model ?? figure;
  return { run: run ?? OF_LAB, step };
}

/** What a figure asks for: "store", "passes", … */
export const contextsOf = ({ elementProperties }) =>
  new Set([...elementProperties.values()].map(({ from }) => from).filter(Boolean));

/**
 * The address that shows a figure as it is now, with the run and the step that it shows.
 * @param {any} figure
 * @param {Object<string, string>} [fixed] what is not as it is now, such as theme: "light", "dark" or "", that of
 *   the reader
 */
export function embedLink(figure, fixed = {}) {
  const chosen = Object.entries({ ...chosenIn(figure), ...named(figure), ...fixed });
  return addressOf("embed", new URLSearchParams(chosen.filter(([, value]) => value !== "")).toString());
}

function named({ localName, isCompared, second, store }) {
  const side = second ? ":second" : ":compared";
  const page = pageName();
  return {
    figure: `${localName}${isCompared ? side : ""}`,
    page: page === "embed" ? store.state.page : page,
  };
}

/** The values in the address that a figure depends on; usual ones are left out. */
function chosenIn(figure) {
  const { store, isCompared } = figure;
  const stores = storesAround(store);
  const renamed = Object.assign({}, ...stores.map((one) => one.renamed ?? {}));
  const usual = stores.at(-1).fitted({});
  const values = { run: shownAt(figure).run.name, step: figure.step };
  for (const name of namesIn(figure.constructor)) {
    const value = name === "position" ? positionOf(figure) : store.state[name];
    const address = renamed[name] ?? name;
    const isUsual = name !== "head" && value === usual[address];
    if (address in usual && !(address in values) && !isUsual) values[address] = value;
  }
  if (isCompared) values.versus = store.state.versus;
  return values;
}

/** A store and those around it, that of the page last. @param {any} inner @returns {any[]} */
const storesAround = (inner) => (inner.outer ? [inner, ...storesAround(inner.outer)] : [inner]);

function namesIn(constructor) {
  const followed = [...constructor.elementProperties].filter(([, { from }]) => from === "store");
  const needed = [...contextsOf(constructor)].flatMap((context) => NEEDED[context] ?? []);
  return new Set([...followed.map(([name]) => name), ...needed]);
}

/** The position that is shown, also one that nobody has chosen: elsewhere, that may differ. */
function positionOf(figure) {
  return figure.pass && figure.isReady ? figure.shownPosition : figure.store.state.position;
}

/** The height that a frame needs, in pixels. */
export const embedHeight = (figure) => Math.ceil(figure.getBoundingClientRect().height) + AROUND;

const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The line of HTML that shows an address in a page. */
export const frameOf = (link, title, height) =>
  `<iframe src="${escaped(link)}" title="${escaped(title)}" width="100%" height="${height}" ` +
  'style="border: 0" loading="lazy" allow="fullscreen"></iframe>';
