/** site/app/lab-text.js: what somebody hears about a text. tests/test_lab_text.py has train.py beside it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, MOST, SMALLEST, splitText, usedPart, withEnds } from "../../site/app/lab-text.js";
import { makeRng } from "../../site/engine/sample.js";

const END = "<|endoftext|>";

/** Words that were never heard before, drawn at random: a text that repeats nothing. */
function prose(n, letters = Array.from("aeioulmnrst"), seed = 1) {
  const rng = makeRng(seed);
  const draw = () => letters[Math.floor(rng() * letters.length)];
  const word = () => Array.from({ length: 2 + Math.floor(rng() * 6) }, draw).join("");
  return Array.from({ length: n }, word).join(" ");
}

const kinds = async (text) => (await describe(text)).warnings.map(({ kind }) => kind);
const warning = async (text, kind) =>
  (await describe(text)).warnings.find((one) => one.kind === kind) ?? assert.fail(`nothing about ${kind}`);
const LONG = prose(6000);

test("characters, bytes, words and documents of a text are counted", async () => {
  const text = `It’s 3 o'clock, naïve 🙂\n${END}\n${LONG}`;
  const facts = await describe(text);
  assert.equal(facts.words, 6000 + 4);
  assert.equal(facts.documents, 2);
  // A model sees no end mark, and neither the line ends around it: its tokens are those of the rest.
  const read = text.replace(`\n${END}\n`, "");
  assert.equal(facts.characters, Array.from(read).length);
  assert.equal(facts.bytes, Buffer.byteLength(read));
  assert.equal(facts.distinct, new Set(read).size);
});

test("words are counted only where spaces stand between them", async () => {
  assert.equal((await describe("我们今天去公园。".repeat(200))).words, null);
  assert.equal((await describe("Мы идём в парк. ".repeat(200))).words, 800);
});

test("a long text is counted in parts without a word more", async () => {
  const text = prose(200_000);
  assert.equal((await describe(text)).words, 200_000);
});

test("nothing can be learned from these, and it is said once why", async () => {
  const cases = {
    empty: "",
    blank: " \n\u3000".repeat(999),
    zeros: `PK\x03\x04${"\0\x01a".repeat(999)}`,
    oneCharacter: "🙂",
    repeatedCharacter: "a".repeat(9999),
    tiny: prose(20),
    format: `{\\rtf1\\ansi ${LONG}`,
    oneDocument: `${LONG}${END}`,
  };
  for (const [kind, text] of Object.entries(cases)) {
    const { warnings } = await describe(text);
    assert.deepEqual([warnings.length, warnings[0].kind, warnings[0].isProblem], [1, kind, true]);
    assert.match(warnings[0].sentence, /^[A-Z].*[^ ] .*\.$/);
    assert.doesNotMatch(warnings[0].sentence, /undefined|NaN|null|\[object/);
  }
});

test("an ordinary text of documents needs no warning, in any direction of writing", async () => {
  for (const letters of ["aeioulmnrst", "אבגדהוזחטיכ", "абвгдеёжзий"]) {
    const documents = [1, 2, 3].map((seed) => prose(2000, Array.from(letters), seed));
    assert.deepEqual(await kinds(documents.join(`\n${END}\n`)), []);
  }
});

test("little text is warned of, and less than train.py takes cannot be used", async () => {
  const { characters, words } = await warning(prose(500), "few");
  assert.ok(characters > SMALLEST && words === 500);
  assert.ok(!(await kinds(LONG)).includes("few"));
});

test("a text that repeats itself is found, and how much of it", async () => {
  const passage = prose(400, undefined, 2);
  const text = `${LONG} ${`${passage}\n`.repeat(40)}`;
  const { fraction } = await warning(text, "repeats");
  const expected = (39 * passage.length) / text.length;
  assert.ok(Math.abs(fraction - expected) < 0.02, `${fraction}, not ${expected}`);
  assert.ok((await warning("the same line\n".repeat(2000), "repeats")).fraction > 0.98);
  assert.ok((await warning("🙂".repeat(2000) + "🙃", "repeats")).fraction > 0.9);
});

test("a text that repeats nothing is not said to", async () => {
  assert.ok((await describe(prose(100_000))).repeated < 0.02);
});

test("a text without end marks is told what may be its documents, and they can be made of it", async () => {
  const paragraphs = Array.from({ length: 30 }, (_, i) => prose(300, undefined, i));
  const text = paragraphs.join("\r\n \r\n\r\n");
  const { fix, nParts } = await warning(text, "noEnds");
  assert.deepEqual([fix, nParts], ["paragraphs", 30]);
  const ended = withEnds(text, fix);
  const { train, validation } = splitText(ended);
  assert.deepEqual([...train, ...validation], paragraphs);
  assert.ok(!(await kinds(ended)).includes("noEnds"));
  assert.equal((await warning(prose(9000).replace(/(( \S+){5})/g, "$1\n"), "noEnds")).fix, "lines");
  assert.equal((await warning(LONG, "noEnds")).fix, null);
});

test("a list in alphabetical order is shuffled, and that is said", async () => {
  const names = prose(900).split(" ").sort();
  assert.ok((await kinds(names.join("\n"))).includes("shuffled"));
  assert.ok(!(await kinds(LONG.split(" ").join("\n"))).includes("shuffled"));
});

test("a text of very many characters is told how many there are, and how many of them are rare", async () => {
  const letters = Array.from({ length: 2000 }, (_, i) => String.fromCodePoint(0x4e00 + i));
  const { distinct, rare, vocabSize } = await warning(prose(1500, letters), "manyCharacters");
  assert.ok(
    distinct > 1500 && distinct <= 2001 && rare > 100 && rare < distinct && vocabSize >= 2 * distinct,
  );
});

test("what nobody sees, and what was lost, is counted", async () => {
  assert.equal((await warning(`${LONG}\x1b[2J\x07\t\r\n\f`, "controls")).controls, 2);
  assert.equal((await warning(`${LONG}\ufffd\ufffd\ufffd\ufffd`, "lost")).lost, 4);
  assert.equal((await warning(`${LONG}\ud800 \udfff🙂`, "surrogates")).n, 2);
  assert.ok(!(await kinds(`${LONG}🙂`)).includes("surrogates"));
  assert.deepEqual(
    splitText(`a${"\ud800 b".repeat(9)}`)
      .train.join("")
      .match(/\p{Surrogate}/u),
    null,
  );
});

test("markup and text that was read in a wrong encoding are noticed", async () => {
  assert.equal((await warning(`<!DOCTYPE html><html>${LONG}`, "markup")).markup, "HTML");
  assert.equal((await warning(`{"text": "${LONG}"}`, "markup")).markup, "JSON");
  assert.ok((await kinds(`${LONG.slice(0, 99)} CafÃ© Ã¼ber itâ€™s Ã¤${LONG}`)).includes("misread"));
});

test("of a very long text only the beginning is used, up to where a document, a line or a character ends", () => {
  const used = (text) => usedPart(text, 1000);
  assert.equal(used("a".repeat(1000)).length, 1000);
  const documents = `${"so long ".repeat(20)}${END}`.repeat(20);
  assert.ok(used(documents).endsWith(END) && used(documents).length > 800);
  const lines = "so long as it goes\n".repeat(99);
  assert.ok(used(lines).endsWith("\n") && used(lines).length > 900);
  assert.equal(used(`a${"🙂".repeat(999)}`).length, 999);
});

test("while 50 MB are looked at, the page gets its turn again and again", async () => {
  const text = `${LONG}\n`.repeat(Math.ceil(5e7 / LONG.length));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { warnings, characters, all } = await describe(text);
  clearInterval(timer);
  assert.equal(all, text.length);
  assert.ok(characters <= MOST && characters > 0.9 * MOST);
  assert.equal(warnings[0].kind, "long");
  assert.ok(turns > 10, `${turns}`);
});

test("nobody waits for a text that is gone", async () => {
  const controller = new AbortController();
  const waiting = describe(LONG.repeat(99), { signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError" });
});
