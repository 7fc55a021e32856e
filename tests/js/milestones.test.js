/** What milestones are said to be, and the texts in which they are seen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { criterionOf, criterionSentence, evidenceOf, summary } from "../../site/app/milestones.js";

const odds = { uniform: 0, unigram: 0.1, n_texts: 32, least: 24 };
const chance = {
  rules: {
    name: odds,
    plot: odds,
    end: { ...odds, unigram: 0.6, n_texts: 9, least: 8 },
    easy: { ...odds, least: null },
  },
};

/** The words of a text that show the milestone. */
function shown(milestone, texts) {
  const found = evidenceOf([milestone], texts);
  return found && [found.prompt, found.ranges.map(([start, end]) => texts[found.prompt].slice(start, end))];
}

const rule = (name) => ({ kind: "rule", step: 10, rule: name, prompt: null, text: null });

test("a name is shown in both places, and not inside of other words", () => {
  const text = "The cat was Mimi, not Mimis. One day, Mimi ran.";
  const milestone = { kind: "name", step: 10, prompt: 1, text: "Mimi" };
  assert.deepEqual(shown(milestone, ["Mimi", text]), [1, ["Mimi", "Mimi"]]);
});

test("words that show another milestone are shown once", () => {
  const milestone = { kind: "sentence", step: 10, prompt: 0, text: "It was so." };
  assert.deepEqual(shown(milestone, ["It was so. It was so."]), [0, ["It was so."]]);
});

test("a rule about names leads to a text with the same name twice", () => {
  const texts = [
    "On Monday, she ran. On Monday, she sat.",
    "The boy was Tom.",
    "The dog was Rex. One day, Rex ran.",
  ];
  assert.deepEqual(shown(rule("name"), texts), [2, ["Rex", "Rex"]]);
  assert.equal(shown(rule("name"), texts.slice(0, 2)), null);
});

test("a rule about pronouns leads to a text in which nobody else is spoken of", () => {
  const texts = ["The boy ran. Then she saw him.", "Here was a girl. She saw her cat."];
  assert.deepEqual(shown(rule("pronoun"), texts), [1, ["girl", "She", "her"]]);
  assert.equal(shown(rule("pronoun"), texts.slice(0, 1)), null);
});

test("a rule about quotations leads to one that is closed", () => {
  assert.deepEqual(shown(rule("quotes"), ['He said "oh', 'He said "oh." Then']), [1, ['"oh."']]);
});

test("of a loss, and of rules that cannot be seen, no text shows anything", () => {
  const texts = ["The dog was Rex. One day, Rex ran."];
  assert.equal(shown({ kind: "unigram", step: 1, prompt: null, text: null }, texts), null);
  assert.equal(shown(rule("grammar"), texts), null);
  assert.equal(shown(rule("toString"), texts), null);
});

test("what a rule takes is what chance seldom reaches, and what is easy takes nothing that would do", () => {
  assert.deepEqual(criterionOf("name", chance), { least: 24, n_texts: 32, most: 0.5 });
  assert.equal(criterionOf("end", chance).most, 0.6);
  assert.equal(criterionOf("easy", chance), null);
  assert.equal(criterionOf("name", null), null);
});

test("rules that take the same are in one sentence with its numbers, others are named", () => {
  const same = criterionSentence(["name", "plot"], chance);
  assert.match(same, /24 of 32/);
  assert.doesNotMatch(same, /name/);
  const different = criterionSentence(["name", "end"], chance);
  assert.match(different, /24 of 32.*half.*\(name\).*8 of 9.*60%.*\(end\)/);
  assert.equal(criterionSentence(["easy"], chance), "");
});

test("milestones of one step are named together", () => {
  const milestones = [{ kind: "quotes", step: 10 }, rule("name"), rule("all")];
  assert.equal(
    summary(milestones, chance),
    "Somebody speaks; from here on, it keeps the rules name, all at once",
  );
});
