/** site/app/observable.js: a state, and those who follow it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Observable } from "../../site/app/observable.js";

test("before the first change there is nothing in a state", () => {
  assert.deepEqual(new Observable().state, {});
});

test("a listener is called after each change, when the new state is there", () => {
  const store = new Observable();
  const seen = [];
  store.subscribe(() => seen.push(store.state.step));
  store.update({ step: 1 });
  store.update({ step: 2 });
  assert.deepEqual(seen, [1, 2]);
});

test("a change replaces what it names and keeps the rest", () => {
  const store = new Observable();
  store.update({ step: 1, head: "2.1" });
  store.update({ step: 5 });
  assert.deepEqual(store.state, { step: 5, head: "2.1" });
});

test("a state that somebody holds on to never changes", () => {
  const store = new Observable();
  store.update({ step: 1 });
  const before = store.state;
  store.update({ step: 2 });
  assert.deepEqual(before, { step: 1 });
});

test("whoever unsubscribes is not called again, and the others are", () => {
  const store = new Observable();
  const called = [];
  const stop = store.subscribe(() => called.push("first"));
  store.subscribe(() => called.push("second"));
  stop();
  store.notify();
  assert.deepEqual(called, ["second"]);
});

test("unsubscribing twice does no harm", () => {
  const store = new Observable();
  let calls = 0;
  const stop = store.subscribe(() => {
    calls += 1;
  });
  store.subscribe(() => {
    calls += 1;
  });
  stop();
  stop();
  store.notify();
  assert.equal(calls, 1);
});

test("a listener that unsubscribes while it is called keeps no other from being called", () => {
  const store = new Observable();
  const called = [];
  const stop = store.subscribe(() => {
    called.push("once");
    stop();
  });
  store.subscribe(() => called.push("always"));
  store.notify();
  store.notify();
  assert.deepEqual(called, ["once", "always", "always"]);
});

test("a listener that subscribes during a change is called from the next change on", () => {
  const store = new Observable();
  let calls = 0;
  const stop = store.subscribe(() => {
    stop();
    store.subscribe(() => {
      calls += 1;
    });
  });
  store.notify();
  assert.equal(calls, 0);
  store.notify();
  assert.equal(calls, 1);
});
