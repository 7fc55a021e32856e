/** site/app/zip.js */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DamagedZip, unzipped, zipped } from "../../site/app/zip.js";

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
/** Where the list of files begins. @param {DataView} view of a zip file */
const listOf = (view) => view.getUint32(view.byteLength - 6, true);
const rejects = (bytes, limit = most) => assert.rejects(unzipped(bytes, { most: limit }), DamagedZip);

test("what was zipped can be unzipped", async () => {
  const zip = await zipped(FILES);
  assert.deepEqual(await unzipped(zip, { most }), FILES);
  assert.ok(zip.length < LONG.length / 2); // it is deflated
});

test("a file that is cut short anywhere is refused", async () => {
  const zip = await zipped(FILES);
  for (let length = 0; length < zip.length; length += 7) await rejects(zip.slice(0, length));
});

test("a byte that was changed in the files is noticed", async () => {
  const zip = await zipped(new Map([["a", NOISE]]));
  const start = Buffer.from(zip).indexOf(NOISE.slice(0, 20));
  assert.ok(start > 0); // it was not packed
  for (let at = start; at < start + NOISE.length; at += 97) {
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
  view.setUint32(listOf(view) + 24, 1000, true); // it says that it is small,
  await rejects(bomb);
  view.setUint32(22, 1000, true); // in both places
  await rejects(bomb);
});

test("names that lead out of the folder are refused", async () => {
  const zip = await zipped(new Map([["folder", NOISE]]));
  const renamed = (name) => {
    const changed = Buffer.from(zip);
    for (const at of [30, listOf(new DataView(zip.buffer)) + 46]) changed.write(name, at);
    return new Uint8Array(changed);
  };
  assert.ok((await unzipped(renamed("shapes"), { most })).has("shapes"));
  for (const name of ["../../", "/etc/x", "C:/win"]) await rejects(renamed(name));
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
  view.setUint16(listOf(view) + 8, 1, true);
  await assert.rejects(unzipped(zip, { most }), /password/);
});
