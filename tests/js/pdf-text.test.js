/** site/engine/pdf-text.js: pieces of text that stand somewhere on pages become paragraphs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOfPages } from "../../site/engine/pdf-text.js";

const HEIGHT = 10;

/** A line as pdf.js finds it: in one piece, or in several. */
function line(y, text, { x = 70, height = HEIGHT, pieces = [text] } = {}) {
  let right = x;
  return pieces.map((str, i) => {
    const width = (str.length * height) / 2;
    const item = {
      str,
      transform: [height, 0, 0, height, right, y],
      width,
      height,
      hasEOL: i === pieces.length - 1,
    };
    right += width;
    return item;
  });
}

const page = (...lines) => lines.flat();
const paragraphs = (...pages) => textOfPages(pages).split("\n\n");
const WIDE = "a line that is as wide as the page, and goes on";

test("lines become a paragraph, and words that were divided become whole", () => {
  const some = page(
    line(700, "The snail was won-"),
    line(688, "derful, and well-"),
    line(676, "Known in Berlin."),
  );
  assert.deepEqual(paragraphs(some), ["The snail was wonderful, and well- Known in Berlin."]);
});

test("a line may come in pieces, with pieces between them that are only a space", () => {
  const some = page(line(700, "", { pieces: ["So", " ", "long", "   ", "  my snail"] }));
  assert.deepEqual(paragraphs(some), ["So long my snail"]);
});

test("a wide gap, an indent, a heading and a short last line each begin a paragraph", () => {
  const text = (y, options) => line(y, WIDE, options);
  const rest = [text(300), text(288), text(276), text(264), text(252)];
  const count = (...lines) => paragraphs(page(...lines, ...rest)).length;
  assert.equal(count(text(324), text(312)), 1);
  assert.equal(count(text(336), text(312)), 2);
  assert.equal(count(text(324), text(312, { x: 85 })), 2);
  assert.equal(count(text(324), line(312, "Chapter Two", { height: 16 })), 3);
  assert.equal(count(text(324), line(312, "It ended.")), 2);
  assert.equal(count(text(324), line(312, "It did not end")), 1);
});

test("what stands above or below the text of every page is left out, whatever number is in it", () => {
  const numbered = (i) =>
    page(
      line(780, `${i} SO LONG`),
      line(700, WIDE),
      line(688, `${"abc"[i]}, ${i} times.`),
      line(20, `– ${i} –`),
    );
  assert.deepEqual(
    paragraphs(numbered(0), numbered(1), numbered(2)),
    ["a, 0", "b, 1", "c, 2"].map((end) => `${WIDE} ${end} times.`),
  );
});

test("what stands first on two pages stays, and so does the same line inside of a page", () => {
  const some = (text) => page(line(700, "Again"), line(660, WIDE), line(648, "Again"), line(636, text));
  assert.equal(paragraphs(some("one."), some("two.")).filter((text) => text === "Again").length, 2);
  assert.match(textOfPages([some("one."), some("two."), some("three.")]), /goes on Again one/);
});

test("a paragraph goes on over the end of a page and of a column, a new sentence begins another", () => {
  const columns = page(
    line(700, WIDE),
    line(688, WIDE),
    line(700, "in the next column", { x: 320 }),
    line(688, WIDE, { x: 320 }),
  );
  assert.equal(paragraphs(columns).length, 1);
  const [whole, ...others] = paragraphs(
    page(line(700, WIDE), line(688, "and so it did, to the very e-")),
    page(line(700, "nd of it.")),
  );
  assert.deepEqual([whole, others], [`${WIDE} and so it did, to the very end of it.`, []]);
  assert.equal(paragraphs(page(line(700, "It ended here.")), page(line(700, "Then it began."))).length, 2);
});

test("Chinese lines are joined without a space", () => {
  assert.equal(
    textOfPages([
      page(
        line(700, "蜗牛慢慢地爬过绿色"),
        line(688, "的叶子，"),
        line(676, "回家 English"),
        line(664, "text 了"),
      ),
    ]),
    "蜗牛慢慢地爬过绿色的叶子，回家 English text 了",
  );
});

test("pages without text are no paragraphs", () => {
  assert.equal(textOfPages([[], page(line(700, "  ")), page(line(700, "So long."))]), "So long.");
  assert.equal(textOfPages([]), "");
});
