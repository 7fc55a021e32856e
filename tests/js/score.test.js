/** site/app/score.js: a text of any length, window by window. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { windowsOf } from "../../site/app/score.js";

test("each token is predicted once, the first one only after a token that stands before the text", () => {
  for (const room of [1, 2, 3, 8, 63]) {
    for (const length of [0, 1, 2, 7, 8, 9, 64, 200]) {
      for (const hasStart of [true, false]) {
        if (room === 1 && !hasStart) continue; // it sees one token, and can predict none that it is given
        const predicted = windowsOf(length, room, hasStart).flatMap(({ from, to, first }) => {
          assert.ok(to - from <= room && from <= first);
          return Array.from({ length: to - first }, (_, i) => first + i);
        });
        const skipped = hasStart ? 0 : 1;
        assert.deepEqual(
          predicted,
          Array.from({ length: Math.max(0, length - skipped) }, (_, i) => i + skipped),
        );
      }
    }
  }
});

test("every token but the first ones is predicted from at least half a context", () => {
  const room = 64;
  for (const { from, first } of windowsOf(1000, room, true).slice(1)) assert.ok(first - from >= room / 2);
});
