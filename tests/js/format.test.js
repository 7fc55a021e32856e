/** site/app/format.js: numbers and tokens as people read them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  count,
  counted,
  duration,
  inSentence,
  inText,
  isCut,
  nats,
  ordinal,
  percent,
  showWhitespace,
  spoken,
} from "../../site/app/format.js";
import { END } from "../../site/engine/tokenizer.js";

test("thousands are separated by commas, in every language of a browser", () => {
  assert.deepEqual([0, 999, 1000, 951040, 12345678].map(count), [
    "0",
    "999",
    "1,000",
    "951,040",
    "12,345,678",
  ]);
});

test("a probability is rounded to whole percent", () => {
  assert.deepEqual([0, 0.005, 0.01, 0.754, 0.756, 0.994, 1].map(percent), [
    "0%",
    "1%",
    "1%",
    "75%",
    "76%",
    "99%",
    "100%",
  ]);
});

test("what is not quite 0 or not quite 1 is not rounded to it", () => {
  assert.deepEqual([1e-9, 0.0049].map(percent), ["<1%", "<1%"]);
  assert.deepEqual([0.9951, 1 - 1e-9].map(percent), [">99%", ">99%"]);
});

test("a loss in nats comes with as many equal options as it is like", () => {
  assert.equal(nats(Math.log(10)), "2.30 nats, like guessing among 10 equal options");
  assert.equal(nats(0.2384), "0.24 nats, like guessing among 1.3 equal options");
  assert.doesNotMatch(nats(0), /1\.0/, "nobody guesses among one option");
});

test("ten options or more are a whole number, with commas", () => {
  assert.equal(nats(Math.log(10.6)), "2.36 nats, like guessing among 11 equal options");
  assert.equal(nats(6.26), "6.26 nats, like guessing among 523 equal options");
  assert.equal(nats(Math.log(50257)), "10.82 nats, like guessing among 50,257 equal options");
});

test("a duration has its two largest units", () => {
  assert.deepEqual([0, 12.4, 59, 60, 75, 150].map(duration), [
    "0 s",
    "12 s",
    "59 s",
    "1 min 0 s",
    "1 min 15 s",
    "2 min 30 s",
  ]);
  assert.deepEqual([3599, 3600, 3725, 90000].map(duration), [
    "59 min 59 s",
    "1 h 0 min",
    "1 h 2 min",
    "25 h 0 min",
  ]);
});

test("seconds are rounded before minutes are counted: there is no minute of 60 seconds", () => {
  assert.deepEqual([59.6, 119.5, 3599.7].map(duration), ["1 min 0 s", "2 min 0 s", "1 h 0 min"]);
});

test("in running text spaces stay, and ends of lines and of the text become visible", () => {
  assert.equal(inText(" a b"), " a b");
  assert.equal(inText("one\ntwo\n"), "one↵ two↵ ");
  assert.equal(inText("<|endoftext|>"), " (end)");
});

test("a token on its own shows its spaces and ends of lines", () => {
  assert.equal(showWhitespace(" a  b\n"), "·a··b↵");
  assert.equal(showWhitespace("<|endoftext|>"), "(end)");
});

test("a combining mark on its own gets a circle, and one after a letter does not", () => {
  assert.equal(showWhitespace("\u0301"), "◌\u0301");
  assert.equal(showWhitespace("e\u0301"), "e\u0301");
});

test("tabs, carriage returns and other control characters can be seen", () => {
  assert.equal(showWhitespace("\ta\r\n"), "␉a␍↵");
  assert.equal(showWhitespace("\0\x1b"), "␀␛");
  assert.equal(showWhitespace("\x7f\x85"), "[U+007F][U+0085]");
});

test("other spaces and what turns the direction of a text can be seen, and emoji stay whole", () => {
  assert.equal(showWhitespace("\u00a0\u2003\u202e"), "[U+00A0][U+2003][U+202E]");
  assert.equal(showWhitespace("👩\u200d🚀"), "👩\u200d🚀");
});

test("a token is read aloud with the names of what is silent", () => {
  assert.equal(spoken(" girl"), "space girl");
  assert.equal(spoken("girl"), "girl");
  assert.equal(spoken(".\n"), "full stop new line");
  assert.equal(spoken("  "), "space space");
  assert.equal(spoken("\t"), "tab");
  assert.equal(spoken("<|endoftext|>"), "end of text");
});

test("what is not quite 1 is not rounded to it, 0.995 neither", () => {
  assert.equal(percent(0.995), ">99%");
});

test("what is rounded to ten options is written as 10", () => {
  assert.equal(nats(Math.log(9.96)), "2.30 nats, like guessing among 10 equal options");
});

test("a text that ends by itself was not cut, and any other was", () => {
  assert.equal(isCut(["He", " ran", ".", "<|endoftext|>"]), false);
  assert.equal(isCut(["He", " ran", "."]), true);
});

test("a place in a row is named as people say it", () => {
  const said = [1, 2, 3, 4, 11, 12, 13, 21, 112, 1003].map(ordinal);
  assert.equal(said.join(" "), "1st 2nd 3rd 4th 11th 12th 13th 21st 112th 1,003rd");
});

test("one thing is counted in the singular", () => {
  assert.deepEqual(
    [0, 1, 2, 1200].map((n) => counted(n, "head")),
    ["0 heads", "1 head", "2 heads", "1,200 heads"],
  );
});

test("a token in a sentence has no space around it, and is never empty", () => {
  assert.deepEqual([" dog", " ", "\n", "   ", END].map(inSentence), ["dog", "·", "↵", "···", "(end)"]);
});
