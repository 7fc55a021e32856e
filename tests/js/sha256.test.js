/** site/app/sha256.js */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256, slowSha256 } from "../../site/app/sha256.js";

test("a hash is the same with and without the help of the browser", async () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 3)) % 256);
    const expected = createHash("sha256").update(bytes).digest("hex");
    assert.equal(slowSha256(bytes), expected);
    assert.equal(await sha256(bytes), expected);
  }
});
