/** site/engine/tokenizer.js: text becomes tokens as in train.py, and text again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { END, Tokenizer, UnknownCharacter } from "../../site/engine/tokenizer.js";
import { contentOf } from "./shipped.js";

const { tokenizer: trained, prompts } = contentOf("stories/manifest.json");
const shipped = new Tokenizer(trained);

/** A tokenizer with these merges, such as "a b"; its vocabulary has a token for each of them. */
function tokenizerOf(characters, merges, more = []) {
  const pairs = merges.map((pair) => pair.split(" "));
  const vocab = [...more, ...characters, ...pairs.map((pair) => pair.join(""))];
  return new Tokenizer({ vocab, merges: pairs });
}

/** The texts of the tokens of a text. */
const tokensOf = (tokenizer, text) => tokenizer.encode(text).map((id) => tokenizer.vocab[id]);

const STORY = `Once upon a time there was a shy boy named Tom. "I am here," said Grandpa.
Everyone felt happy.

The end? No! It was a big frog.`;

// The shipped tokenizer --------------------------------------------------------------------------

test("a text becomes tokens and the same text again", () => {
  for (const text of [STORY, "", " ", "   two  spaces ", "\n\n\n", "oneword", ...prompts]) {
    assert.equal(shipped.decode(shipped.encode(text)), text);
  }
});

test("a text has fewer tokens than characters, and each is in the vocabulary", () => {
  const ids = shipped.encode(STORY);
  assert.ok(ids.length < STORY.length / 2);
  assert.ok(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 768));
});

test("the prompts have the tokens that train.py wrote down", () => {
  const continuations = [0, 1, 2, 3, 4].map((i) => contentOf(`stories/steps/001000-${i}.json`));
  const expected = continuations.map(({ prompt_ids: [end, ...ids] }) => {
    assert.equal(end, shipped.end);
    return ids;
  });
  assert.equal(expected.length, 5);
  assert.deepEqual(
    prompts.map((prompt) => shipped.encode(prompt)),
    expected,
  );
});

test("frequent words are one token, with the space before them", () => {
  assert.deepEqual(tokensOf(shipped, "Once upon a time"), ["Once", " upon", " a", " time"]);
  assert.deepEqual(tokensOf(shipped, "The friend was very happy."), [
    "The",
    " friend",
    " was",
    " very",
    " happy",
    ".",
  ]);
});

test("a token of letters is one token again when it stands alone", () => {
  const words = shipped.vocab.filter((token) => /^ ?[A-Za-z]+$/.test(token));
  const kept = words.filter((word) => shipped.encode(word).length === 1);
  assert.ok(words.length > 400);
  assert.deepEqual(kept, words);
});

test("a text that is read twice has the same tokens, and nobody changes those of the other", () => {
  const first = shipped.encode("happy");
  first.push(0);
  assert.deepEqual(shipped.encode("happy"), first.slice(0, -1));
});

// Byte-pair merges -------------------------------------------------------------------------------

test("without merges, every character is a token", () => {
  assert.deepEqual(tokensOf(tokenizerOf("abc", []), "abca"), ["a", "b", "c", "a"]);
});

test("the pair that was learned first is merged first, wherever it stands", () => {
  assert.deepEqual(tokensOf(tokenizerOf("abc", ["a b", "b c"]), "abc"), ["ab", "c"]);
  assert.deepEqual(tokensOf(tokenizerOf("abc", ["b c", "a b"]), "abc"), ["a", "bc"]);
});

test("merged tokens are merged again", () => {
  const tokenizer = tokenizerOf("abc", ["a b", "ab c", "abc abc"]);
  assert.deepEqual(tokensOf(tokenizer, "abc"), ["abc"]);
  assert.deepEqual(tokensOf(tokenizer, "abcabcab"), ["abcabc", "ab"]);
});

test("of overlapping pairs, the first is merged", () => {
  assert.deepEqual(tokensOf(tokenizerOf("a", ["a a"]), "aaa"), ["aa", "a"]);
  assert.deepEqual(tokensOf(tokenizerOf("a", ["a a", "aa a"]), "aaaaa"), ["aa", "aaa"]);
});

test("each occurrence of a pair is merged before the next pair is", () => {
  const tokenizer = tokenizerOf("abc", ["a b", "b c", "c ab"]);
  assert.deepEqual(tokensOf(tokenizer, "abcab"), ["ab", "cab"]);
});

// Pieces -----------------------------------------------------------------------------------------

test("no token spans two words", () => {
  const tokenizer = new Tokenizer({
    vocab: ["a", "b", " ", "b ", "ab", " ab", "ab ab"],
    merges: [
      ["b", " "],
      ["a", "b"],
      [" ", "ab"],
      ["ab", " ab"],
    ],
  });
  assert.deepEqual(tokensOf(tokenizer, "ab ab"), ["ab", " ab"]);
});

test("a text is cut before spaces, around punctuation and at ends of lines", () => {
  assert.deepEqual(shipped.preTokenize('He said, "I can\'t."\nOh  no'), [
    "He",
    " said",
    ",",
    ' "',
    "I",
    " can't",
    '."',
    "\n",
    "Oh",
    " ",
    " no",
  ]);
});

test("a mark stays with its letter", () => {
  assert.deepEqual(shipped.preTokenize("e\u0301 e\u0301"), ["e\u0301", " e\u0301"]);
  assert.deepEqual(shipped.preTokenize("नमस्ते दुनिया"), ["नमस्ते", " दुनिया"]);
  assert.deepEqual(shipped.preTokenize("a\u200db!\u0301"), ["a\u200db", "!\u0301"]);
});

test("a piece has at most 32 Latin letters or signs, and 64 letters of other scripts", () => {
  const lengthsOf = (text) => shipped.preTokenize(text).map(({ length }) => length);
  assert.deepEqual(lengthsOf("x".repeat(70)), [32, 32, 6]);
  assert.deepEqual(lengthsOf("!".repeat(70)), [32, 32, 6]);
  assert.deepEqual(lengthsOf("я".repeat(70)), [64, 6]);
});

test("a piece may end with at most 15 more marks", () => {
  const lengthsOf = (text) => shipped.preTokenize(text).map(({ length }) => length);
  assert.deepEqual(lengthsOf("я".repeat(64) + "\u0301".repeat(20)), [79, 5]);
  assert.deepEqual(lengthsOf("!".repeat(32) + "\u0301".repeat(20)), [47, 5]);
});

test("nothing of a text is lost when it is cut, whatever is in it", () => {
  for (const text of [
    "a\r\n\tb",
    "日本語。テキスト",
    "e\u0301 \u0301",
    "👩‍👩‍👧 x",
    "\u00a0\u2003",
    "_a_1",
    "\u0000\u001c\u0085",
    "\ud800x",
    "नमस्ते",
  ]) {
    assert.equal(shipped.preTokenize(text).join(""), text);
  }
});

test("an empty text has no pieces and no tokens", () => {
  assert.deepEqual(shipped.preTokenize(""), []);
  assert.deepEqual(shipped.encode(""), []);
  assert.equal(shipped.decode([]), "");
});

// Ends and unknown characters --------------------------------------------------------------------

test("the end token has the id that the vocabulary gives it, and null where it has none", () => {
  assert.equal(END, "<|endoftext|>");
  assert.equal(shipped.end, 0);
  assert.equal(tokenizerOf("ab", [], ["x", END]).end, 1);
  assert.equal(tokenizerOf("ab", []).end, null);
});

test("no text that somebody types becomes the end token", () => {
  const tokenizer = tokenizerOf("<|>endoftx", [], [END]);
  assert.ok(!tokenizer.encode(END).includes(tokenizer.end));
  assert.equal(tokenizer.decode(tokenizer.encode(END)), END);
});

/** The error for a text that has no tokens. */
function errorFor(tokenizer, text) {
  try {
    tokenizer.encode(text);
  } catch (error) {
    return error;
  }
  return assert.fail("it has tokens");
}

test("a character without a token is named, with its position from 1", () => {
  const error = errorFor(tokenizerOf("ab ", []), "ab éa");
  assert.ok(error instanceof UnknownCharacter);
  assert.deepEqual([error.character, error.position], ["é", 4]);
  assert.equal(error.message, 'No token for "é", character 4: it does not occur in the corpus.');
});

test("positions count characters, not UTF-16 code units", () => {
  const error = errorFor(tokenizerOf(["😀", "a"], []), "😀😀a漢");
  assert.deepEqual([error.character, error.position], ["漢", 4]);
});

test("of several unknown characters, the first is named", () => {
  assert.equal(errorFor(tokenizerOf("ab ", []), "a xa yb").position, 3);
});

test("a control character is named in a way that can be seen", () => {
  assert.match(errorFor(tokenizerOf("a", []), "a\u0007").message, /No token for "\\u0007"/);
});

test("an unknown character is reported each time, also where its piece was read before", () => {
  const tokenizer = tokenizerOf("ab ", []);
  assert.equal(errorFor(tokenizer, "ax").position, 2);
  assert.equal(errorFor(tokenizer, "b ax").position, 4);
});
