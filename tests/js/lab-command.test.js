/** site/app/lab-command.js; that train.py takes the command is tested in test_lab_take.py. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nameAmongRuns,
  nameOfModel,
  plainName,
  repeatCommand,
  whyOnlyHere,
} from "../../site/app/lab-command.js";
import { settingsOf } from "../../site/app/lab-sizes.js";

const CHARACTERS = { kind: "characters", vocabSize: 512 };
const PIECES = { kind: "bpe", vocabSize: 512 };

test("the command names what differs from the defaults of train.py, and nothing else", () => {
  const settings = { ...settingsOf("middle", 65), steps: 1300, weight_decay: 0.03 };
  const flags = "--vocab-size 0 --n-layer 2 --n-embd 64 --n-ff 256 --n-ctx 64 --batch-size 16";
  assert.equal(
    repeatCommand(settings, CHARACTERS, "tom.txt"),
    `python train.py --dataset tom.txt ${flags} --weight-decay 0.03`,
  );
  assert.match(repeatCommand(settings, PIECES, "tom.txt"), /--vocab-size 512/);
});

test("train.py has no other optimizer, so the numbers of this one are left out", () => {
  const settings = { ...settingsOf("small", 0), optimizer: "adamw", matrix_lr: 0.003 };
  assert.doesNotMatch(repeatCommand(settings, CHARACTERS, "tom.txt"), /matrix-lr/);
});

test("a model that other pages cannot show says why it stays", () => {
  assert.equal(whyOnlyHere(settingsOf("large", 65)), null);
  assert.match(whyOnlyHere(settingsOf("window", 65)), /window/);
  assert.ok(whyOnlyHere({ ...settingsOf("small", 65), residual: false }));
});

test("whatever a text is called, the name of its file can be typed", () => {
  const names = ["Nursery rhymes", "Ähren im Wind.TXT", "$(rm -rf ~)", "--help", "老子", "", "a".repeat(99)];
  for (const name of names) assert.match(plainName(name), /^[a-z0-9][a-z0-9-]{0,39}$/);
  assert.equal(plainName("Ähren im Wind.TXT"), "ahren-im-wind");
});

test("a model of a page has a name of its own among runs, and the same one in a browser, however often it moves", () => {
  assert.equal(nameAmongRuns("Stories"), "lab-stories");
  assert.equal(nameAmongRuns("lab-stories"), "lab-stories");
  assert.equal(nameOfModel("lab-stories"), "stories");
});
