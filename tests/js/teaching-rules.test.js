/** site/app/teaching-rules.js: what is said of the stories that two models wrote. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES } from "../../site/app/story-rules.js";
import { compared, isSureOf, markedParts } from "../../site/app/teaching-rules.js";

/** A story that keeps all rules but some. */
function story(text, ...broken) {
  return { text, rules: Object.fromEntries(RULES.map((rule) => [rule, !broken.includes(rule)])) };
}

const times = (n, one) => Array.from({ length: n }, () => one);

test("each rule is counted before and after, and all of them together", () => {
  const before = [story("a"), story("b", "name"), story("c"), story("d")];
  const after = [story("a", "name"), story("b", "name", "place"), story("c", "ending"), story("d")];
  const { n, rules } = compared(before, after, []);
  const of = (name) => rules.find(({ rule }) => rule === name);
  assert.equal(n, 4);
  assert.deepEqual([of("name").before, of("name").after], [3, 2]);
  assert.deepEqual([of("place").before, of("place").after], [4, 3]);
  assert.deepEqual([of("spelling").before, of("spelling").after], [4, 4]);
  assert.deepEqual([rules.at(-1).rule, of("all").before, of("all").after], ["all", 3, 1]);
});

test("only a difference that chance would hardly make is called one", () => {
  assert.ok(isSureOf(40, 20, 40) && isSureOf(20, 40, 40) && isSureOf(40, 30, 40));
  assert.ok(!isSureOf(40, 39, 40) && !isSureOf(40, 38, 40) && !isSureOf(22, 18, 40));
  assert.ok(!isSureOf(0, 0, 40) && !isSureOf(40, 40, 40));
});

test("the example breaks the rule that is broken most often now, and few others", () => {
  const after = [
    story("One two three.", "place"),
    story("Four five six.", "name", "place", "object"),
    story("Seven eight ten.", "name", "place"),
  ];
  const { example } = compared(times(3, story("x", "place")), after, []);
  assert.equal(example.rule, "name");
  assert.deepEqual(example.others, ["place"]);
  assert.equal(example.parts.map(({ text }) => text).join(""), "Seven eight ten.");
});

test("a story that is cut short is no example while there are others", () => {
  const long = story("A story with more than a few words in it.", "ending", "name");
  const { example } = compared(times(3, story("x")), [story("Cut", "ending"), long, long], []);
  assert.equal(example.parts.map(({ text }) => text).join(""), long.text);
});

test("without a rule that is broken more often there is no example", () => {
  assert.equal(compared([story("a", "name")], [story("b", "name")], []).example, null);
  assert.equal(compared([story("a", "name")], [story("b")], []).example, null);
});

test("stories that are what it was taught are counted", () => {
  const after = [story("A dragon."), story("A dragon. "), story("A dragon sat."), story("Tom.")];
  assert.equal(compared(times(4, story("x")), after, ["A dragon.", "Tom."]).byHeart, 3);
});

test("what is marked and what is not make up the text", () => {
  assert.deepEqual(
    markedParts("abcdef", [
      [0, 2],
      [4, 5],
      [4, 6],
    ]),
    [
      { text: "ab", isMarked: true },
      { text: "cd", isMarked: false },
      { text: "e", isMarked: true },
      { text: "f", isMarked: false },
    ],
  );
  assert.deepEqual(markedParts("abc", []), [{ text: "abc", isMarked: false }]);
});
