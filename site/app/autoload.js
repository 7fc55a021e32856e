/**
 * The only script of a page: it loads the elements whose tags are in it, now and later.
 * <token-row> is figures/token-row/token-row.js. Those in elements/ come first, from the outermost inward,
 * because what is inside asks them.
 */
import "./interaction.js"; // from the start, or it might miss the first one

const ELEMENTS = [
  "terra-page",
  "page-contents",
  "forward-pass",
  "live-text",
  "written-pass",
  "live-chat",
  "typed-head",
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

/** Load what defines the tags that nobody has defined yet. */
async function loadTags() {
  const tags = new Set(Array.from(document.querySelectorAll(":not(:defined)"), (one) => one.localName));
  for (const tag of ELEMENTS) if (tags.has(tag)) await load(tag);
  await Promise.all([...tags].map(load));
}

new MutationObserver(loadTags).observe(document.body, { childList: true, subtree: true });
loadTags();
