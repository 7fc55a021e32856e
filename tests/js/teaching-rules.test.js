/** site/app/teaching-rules.js: what is said of the stories that two models wrote. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RULES } from "../../site/app/story-rules.js";
import { compared, isSureOf, markedParts } from "../../site/app/teaching-rules.js";

/** A story that keeps all rules but some. */
function story(text, ...broken) {
  return { text, rules: Object.fromEntries(RULES.map((rule) => [rule, !broken.includes(rule)])) };
}

/** A story of which some rules cannot be judged. */
function unclear(text, ...unknown) {
  const { rules } = story(text);
  return { text, rules: { ...rules, ...Object.fromEntries(unknown.map((rule) => [rule, null])) } };
}

const counts = ({ before, after }) => [before.kept, before.of, after.kept, after.of];

const times = (n, one) => Array.from({ length: n }, () => one);

test("each rule is counted before and after, and all of them together", () => {
  const before = [story("a"), story("b", "name"), story("c"), story("d")];
  const after = [story("a", "name"), story("b", "name", "place"), story("c", "ending"), story("d")];
  const { n, rules } = compared(before, after, []);
  const of = (name) => rules.find(({ rule }) => rule === name);
  assert.equal(n, 4);
  assert.deepEqual(counts(of("name")), [3, 4, 2, 4]);
  assert.deepEqual(counts(of("place")), [4, 4, 3, 4]);
  assert.deepEqual(counts(of("spelling")), [4, 4, 4, 4]);
  assert.equal(rules.at(-1).rule, "all");
  assert.deepEqual(counts(of("all")), [3, 4, 1, 4]);
});

test("a story of which a rule cannot be judged does not count as one that breaks it", () => {
  const after = [unclear("a", "name"), unclear("b", "name", "place"), story("c", "name"), story("d")];
  const { rules, example } = compared(times(4, story("x")), after, []);
  const of = (name) => rules.find(({ rule }) => rule === name);
  assert.deepEqual(counts(of("name")), [4, 4, 1, 2]);
  assert.deepEqual(counts(of("place")), [4, 4, 3, 3]);
  assert.deepEqual(counts(of("all")), [4, 4, 1, 4], "nobody can say that it keeps all");
  assert.deepEqual([example.rule, example.parts[0].text], ["name", "c"]);
});

test("where no story can be judged any more, nothing is said to have become worse", () => {
  const { rules, example } = compared(times(9, story("x")), times(9, unclear("a", "name")), []);
  const name = rules.find(({ rule }) => rule === "name");
  assert.deepEqual([counts(name), name.isSure, example], [[9, 9, 0, 0], false, null]);
});

test("only a difference that chance would hardly make is called one", () => {
  const isSure = (first, last, n = 40) => isSureOf({ kept: first, of: 40 }, { kept: last, of: n });
  assert.ok(isSure(40, 20) && isSure(20, 40) && isSure(40, 30));
  assert.ok(!isSure(40, 39) && !isSure(40, 38) && !isSure(22, 18));
  assert.ok(!isSure(0, 0) && !isSure(40, 40));
  assert.ok(
    isSure(40, 0, 10) && !isSure(20, 5, 10),
    "of fewer stories it counts what fraction keeps the rule",
  );
  assert.ok(!isSure(40, 0, 1), "one story tells nothing");
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

test("it is said whether what it was taught follows the rules", () => {
  const stories = times(4, story("x"));
  assert.equal(compared(stories, stories, ["A dragon."]).followsRules, false);
  assert.equal(compared(stories, stories, []).followsRules, true);
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
