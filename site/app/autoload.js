/**
 * The only script of a page: it loads the elements whose tags are in it, now and later.
 * <token-row> is figures/token-row/token-row.js. Those in elements/ come first, from the outermost inward,
 * because what is inside asks them. Those in something of the class "later" wait: see first-view.js.
 */
import { engine } from "./engine.js";
import { firstView, idle } from "./first-view.js";
import "./interaction.js"; // from the start, or it might miss the first one
import { nearlySeen } from "./near.js";

const ELEMENTS = [
  "terra-page",
  "page-contents",
  "forward-pass",
  "live-text",
  "written-pass",
  "live-chat",
  "live-lab",
  "lab-pass",
  "live-teaching",
  "live-trials",
  "typed-head",
  "typed-code",
  "embedded-figure",
  "lesson-question",
  "run-value",
  "when-run",
];
const loading = new Map(); // tag -> promise

function load(tag) {
  const path = ELEMENTS.includes(tag) ? `./elements/${tag}.js` : `../figures/${tag}/${tag}.js`;
  if (!loading.has(tag)) loading.set(tag, import(path));
  return loading.get(tag);
}

/** Load what defines the tags of these elements. */
async function loadTagsOf(elements) {
  const tags = new Set(elements.map((one) => one.localName));
  for (const tag of ELEMENTS) if (tags.has(tag)) await load(tag);
  await Promise.all([...tags].map(load));
}

const undefinedIn = (part) => [...part.querySelectorAll(":not(:defined)")];
const later = new Set(); // parts of the page that are not seen at first
let outer = Promise.resolve(); // until the elements are there that those parts ask
const released = new WeakSet(); // those of them whose elements are loaded by now, and any that are added to them
let turn = firstView; // of those that nobody has come near: one after another

function loadLater(part) {
  if (later.has(part)) return;
  later.add(part);
  const loadPart = async () => {
    await outer;
    released.add(part);
    await loadTagsOf(undefinedIn(part));
  };
  nearlySeen(part).then(loadPart);
  turn = turn.then(idle);
  turn.then(loadPart);
}

/** Load what defines the tags that nobody has defined yet. */
async function loadTags() {
  const partOf = (one) => one.closest(".later");
  const isFirst = (one) => !partOf(one) || released.has(partOf(one));
  for (const one of undefinedIn(document)) if (!isFirst(one)) loadLater(partOf(one));
  outer = loadTagsOf(undefinedIn(document).filter(isFirst));
  await outer;
}

// It starts in a worker of its own, which need not wait for what is drawn.
if (document.querySelector("live-text")) engine.start();
new MutationObserver(loadTags).observe(document.body, { childList: true, subtree: true });
loadTags();
