/** site/app/word-diff.js: the words that one text has and another has not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutAt, likeness, wordDiff } from "../../site/app/word-diff.js";

/** The words in the ranges of both texts. */
function differing(one, other) {
  const { ranges } = wordDiff(one, other);
  return [one, other].map((text, i) => ranges[i].map(([from, to]) => text.slice(from, to)));
}

test("only the words that differ are found, also before and after words that are the same again", () => {
  assert.deepEqual(differing("a big dog ran home.", "a dog sat at home!"), [
    ["big", "ran", "."],
    ["sat", "at", "!"],
  ]);
  assert.deepEqual(differing("I don't know", "I don’t know"), [["don't"], ["don’t"]]);
  assert.deepEqual(differing("the red ball", "the red ball"), [[], []]);
  assert.deepEqual(differing("", "two words"), [[], ["two", "words"]]);
  assert.deepEqual(differing("שלום לך", "שלום לי"), [["לך"], ["לי"]]);
  assert.deepEqual(differing("a  b", " a b "), [[], []], "spaces are no words");
});

test("as many words as possible are found to be the same", () => {
  const { common, nWords } = wordDiff("a b c b d a b", "b d c a b a");
  assert.equal(common, 4);
  assert.deepEqual(nWords, [7, 6]);
});

test("a word in common is worth more than signs in common", () => {
  assert.deepEqual(differing("! ! home", "home ! !"), [
    ["!", "!"],
    ["!", "!"],
  ]);
  assert.equal(wordDiff("! ! home", "home ! !").common, 1);
  assert.deepEqual(wordDiff("Yes, Tom!", "No. Tom?").nWords, [2, 2], "signs are not counted");
});

test("two texts have all, none or a part of their words in common", () => {
  assert.equal(likeness("Tom ran", "Tom ran"), 1);
  assert.equal(likeness("Tom ran", "Anna sat"), 0);
  assert.equal(likeness("Tom ran home", "Tom"), 0.5);
  assert.equal(likeness("", ""), 1);
  assert.equal(likeness("", "Tom"), 0);
});

test("a token is cut where a word that differs begins and ends", () => {
  const ranges = [
    [1, 4],
    [6, 8],
  ];
  const marked = (text, start) => cutAt(text, start, ranges).map((one) => [one.text, one.isMarked]);
  assert.deepEqual(marked(" dog", 0), [
    [" ", false],
    ["dog", true],
  ]);
  assert.deepEqual(marked("og r", 2), [
    ["og", true],
    [" r", false],
  ]);
  assert.deepEqual(marked("abc", 20), [["abc", false]]);
  assert.deepEqual(marked("", 3), []);
});
