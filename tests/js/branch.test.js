/** site/app/branch.js: how a text departs from what follows from its seed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commonLength, formatBranch, parseBranch, reroll, take } from "../../site/app/branch.js";

test("a branch in the address is the same when it is read", () => {
  for (const text of ["", "0t5", "12t345.30s2", "3t1.3s2"])
    assert.equal(formatBranch(parseBranch(text)), text);
});

test("what is no branch is refused", () => {
  for (const text of ["t", "1", "1x2", "1t", "-1t2", "1t2.", "5t1.3t1", "1t2,3t4", "1t99999999999"]) {
    assert.equal(parseBranch(text), undefined, text);
  }
});

test("another token takes back what was decided after it", () => {
  const branch = parseBranch("3t1.8s2.12t9");
  assert.equal(formatBranch(take(branch, 8, 7)), "3t1.8t7");
  assert.equal(formatBranch(reroll(branch, 20, 4)), "3t1.8s2.12t9.20s4");
  assert.equal(formatBranch(take(branch, 0, 7)), "0t7");
});

test("two branches have in common what comes before the first decision that differs", () => {
  const common = (a, b) => commonLength(parseBranch(a), parseBranch(b));
  assert.equal(common("", ""), Infinity);
  assert.equal(common("3t1.8s2", "3t1.8s2"), Infinity);
  assert.equal(common("3t1.8s2", "3t1"), 8);
  assert.equal(common("", "5t1"), 5);
  assert.equal(common("3t1.8s2", "3t1.6t2"), 6);
  assert.equal(common("3t1", "3t2"), 3);
  assert.equal(common("3t1", "3s1"), 3);
});
