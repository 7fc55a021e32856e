/** site/app/sha256.js */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256 } from "../../site/app/sha256.js";

/** A browser that computes no hashes, as on http. */
function takeAwayHashes(t) {
  const { crypto } = globalThis;
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  t.after(() => Object.defineProperty(globalThis, "crypto", { value: crypto, configurable: true }));
}

for (const helps of [true, false]) {
  test(`a hash is that of the standard ${helps ? "with" : "without"} the help of the browser`, async (t) => {
    if (!helps) takeAwayHashes(t);
    for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 3)) % 256);
      assert.equal(await sha256(bytes), createHash("sha256").update(bytes).digest("hex"));
    }
  });
}
