/**
 * The text of a PDF, which only says where pieces of text stand on a page: lines are joined to paragraphs, words that
 * are divided at the end of a line become whole, and what stands at the top or the foot of every page goes.
 *
 *   textOfPages([[{ str: "So long", transform: [9, 0, 0, 9, 72, 700], width: 40, height: 9, hasEOL: true }, …], …])
 */
const CJK = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\u3000-\\u303f\\uff00-\\uffef";
const BETWEEN_CJK = new RegExp(`[${CJK}]\\n(?=[${CJK}])`, "gu"); // written without spaces
const ENDS_SENTENCE = /[.!?:。！？…]["'”’»)\]]*$/;
const WIDE_GAP = 1.4; // of the usual distance of lines: where one is wider, a paragraph begins
const INDENT = 0.8; // of the height of a line
const SHORT = 0.8; // of the widest line: a line that ends a sentence before that ends a paragraph
const FEW_PAGES = 3; // on fewer, nothing can be told to stand on every page

/**
 * @typedef {{str: string, transform: number[], width: number, height: number, hasEOL: boolean}} Item of pdf.js
 * @typedef {{text: string, x: number, y: number, height: number, right: number}} Line
 */

/** @param {Item[][]} pages the items of each page @returns {string} */
export function textOfPages(pages) {
  const lines = withoutRunningHeads(pages.map(linesOf));
  const layout = layoutOf(lines);
  const paragraphs = [];
  for (const page of lines) {
    const [first, ...rest] = paragraphsOf(page, layout);
    if (first === undefined) continue;
    const before = paragraphs.at(-1);
    const goesOn = before !== undefined && !ENDS_SENTENCE.test(before) && /^\p{Ll}/u.test(first);
    if (goesOn) paragraphs[paragraphs.length - 1] = joined([before, first]);
    else paragraphs.push(first);
    paragraphs.push(...rest);
  }
  return paragraphs.join("\n\n");
}

/** The lines of a page, in the order in which they were written. @param {Item[]} items @returns {Line[]} */
function linesOf(items) {
  const lines = [];
  let line = null;
  for (const { str, transform, width, height, hasEOL } of items) {
    const [, , , , x, y] = transform;
    const isBelow = line && str.trim() && Math.abs(y - line.y) > 0.7 * Math.max(height, line.height);
    if (isBelow) line = null;
    if (!line && str.trim()) {
      line = { text: "", x, y, height, right: x };
      lines.push(line);
    }
    if (line) {
      line.text += str;
      if (str.trim()) line.right = Math.max(line.right, x + width);
      if (str.trim()) line.height = Math.max(line.height, height);
    }
    if (hasEOL) line = null;
  }
  return lines.map((one) => ({ ...one, text: one.text.replace(/\s+/gu, " ").trim() }));
}

/**
 * Pages without the lines at their top and their foot that come again and again, numbers aside: on at least half of
 * the pages, or on a few of them if a number begins or ends the line, which is that of the page.
 */
function withoutRunningHeads(pages) {
  const edges = pages.map((lines) => {
    const ordered = [...lines].sort((a, b) => b.y - a.y);
    return [ordered.at(0), ordered.at(-1)].filter(Boolean);
  });
  const key = ({ text }) => text.replace(/\d+/g, "#").replace(/^[ivxlc]+$/i, "#");
  const counts = new Map();
  for (const lines of edges) {
    for (const one of new Set(lines.map(key))) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  const isRunning = (line) => {
    const n = counts.get(key(line));
    const isNumbered = /^\W*#|#\W*$/.test(key(line));
    return n >= FEW_PAGES && (isNumbered || n >= pages.length / 2);
  };
  return pages.map((lines, i) => lines.filter((line) => !edges[i].includes(line) || !isRunning(line)));
}

/** What is usual in a document: how far apart its lines are, and how wide they are at most. @param {Line[][]} pages */
function layoutOf(pages) {
  const gaps = pages.flatMap((lines) => lines.slice(1).map((line, i) => lines[i].y - line.y));
  const widths = pages.flatMap((lines) => lines.map(({ x, right }) => right - x));
  return { gap: median(gaps.filter((gap) => gap > 0)), width: widths.reduce((a, b) => Math.max(a, b), 0) };
}

/** @param {Line[]} lines of a page @returns {string[]} */
function paragraphsOf(lines, layout) {
  const found = [];
  lines.forEach((line, i) => {
    const before = lines[i - 1];
    if (!before || beginsParagraph(line, before, layout)) found.push([line.text]);
    else found.at(-1).push(line.text);
  });
  return found.map(joined);
}

function beginsParagraph(line, before, { gap: usual, width }) {
  const gap = before.y - line.y;
  const endedSentence = ENDS_SENTENCE.test(before.text);
  if (gap <= 0) return endedSentence; // at the top of the next column
  if (gap > WIDE_GAP * usual) return true;
  if (Math.abs(line.height - before.height) > 0.15 * before.height) return true; // a heading
  if (line.x > before.x + INDENT * line.height) return true;
  return endedSentence && before.right - before.x < SHORT * width;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Infinity;
}

/** Lines as one text: a word that was divided is whole again. */
function joined(lines) {
  return lines
    .join("\n")
    .replace(/(\p{Ll})[-\u00ad\u2010]\n(?=\p{Ll})/gu, "$1")
    .replace(BETWEEN_CJK, (found) => found[0])
    .replaceAll("\n", " ");
}
