/** site/app/zip.js */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DamagedZip, checksum, unzipped, zipped } from "../../site/app/zip.js";

const bytesOf = (text) => new TextEncoder().encode(text);
const LONG = "The cat sat on the mat. ".repeat(400);
/** Bytes that cannot be packed. */
const NOISE = Uint8Array.from({ length: 999 }, (_, i) => (Math.sin(i) * 1e6) & 255);
const FILES = new Map([
  ["run/manifest.json", bytesOf(LONG)],
  ["run/weights/000001.bin", NOISE],
  ["run/empty.json", new Uint8Array(0)],
  ["run/Ähre.json", bytesOf("{}")],
]);
const most = 1e6;
const rejects = (bytes, limit = most) => assert.rejects(unzipped(bytes, { most: limit }), DamagedZip);

test("what was zipped can be unzipped", async () => {
  const zip = await zipped(FILES);
  assert.deepEqual(await unzipped(zip, { most }), FILES);
  assert.ok(zip.length < LONG.length / 2); // it is deflated
});

test("a checksum is that of the standard", () => {
  assert.equal(checksum(bytesOf("123456789")), 0xcbf43926);
});

test("a file that is cut short anywhere is refused", async () => {
  const zip = await zipped(FILES);
  for (let length = 0; length < zip.length; length += 7) await rejects(zip.slice(0, length));
});

test("a byte that was changed in the files is noticed", async () => {
  const zip = await zipped(new Map([["a", FILES.get("run/weights/000001.bin")]]));
  for (const at of [40, 200, 500]) {
    const changed = zip.slice();
    changed[at] ^= 4;
    await rejects(changed);
  }
});

test("files that would fill the memory are refused", async () => {
  const bomb = await zipped(new Map([["a", new Uint8Array(3e6)]]));
  assert.ok(bomb.length < 1e4);
  await rejects(bomb);
  const view = new DataView(bomb.buffer);
  const line = view.getUint32(bomb.length - 6, true);
  view.setUint32(line + 24, 1000, true); // it says that it is small
  await rejects(bomb);
});

test("a list that names no file, and any other bytes, are refused", async () => {
  await rejects(bytesOf("PK\x03\x04 is how a zip begins".repeat(10)));
  const zip = await zipped(FILES);
  const view = new DataView(zip.buffer);
  view.setUint32(zip.length - 6, 0xfffffff0, true); // the list is said to be far outside
  await rejects(zip);
});

test("a zip file that is protected by a password says so", async () => {
  const zip = await zipped(FILES);
  const view = new DataView(zip.buffer);
  const line = view.getUint32(zip.length - 6, true);
  view.setUint16(line + 8, 1, true);
  await assert.rejects(unzipped(zip, { most }), /password/);
});
