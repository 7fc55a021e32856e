/** site/app/context.js: an element asks upward, and the nearest one that has an answer gives it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, provide } from "../../site/app/context.js";

/** As much of an element as events need: they rise through parents, and out of shadow roots. */
class FakeElement {
  listeners = [];

  /** @param {FakeElement} [parent] @param {boolean} [isInShadow] whether in its shadow root */
  constructor(parent = null, isInShadow = false) {
    Object.assign(this, { parent, isInShadow });
  }

  addEventListener(type, listener) {
    this.listeners.push({ type, listener });
  }

  /** This element and those around it that an event reaches. */
  pathOf(event) {
    const path = [this];
    while (event.bubbles && path.at(-1).parent && (event.composed || !path.at(-1).isInShadow)) {
      path.push(path.at(-1).parent);
    }
    return path;
  }

  dispatchEvent(event) {
    const path = this.pathOf(event);
    Object.defineProperty(event, "composedPath", { value: () => path });
    for (const element of path) {
      for (const { type, listener } of element.listeners) if (type === event.type) listener(event);
      if (event.cancelBubble) return; // somebody stopped it
    }
  }
}

test("an element gets what an element around it provides", () => {
  const page = new FakeElement();
  const figure = new FakeElement(new FakeElement(page));
  provide(page, "store", "the store of the page");
  assert.equal(ask(figure, "store"), "the store of the page");
});

test("the nearest of two that provide the same answers", () => {
  const page = new FakeElement();
  const text = new FakeElement(page);
  provide(page, "store", "of the page");
  provide(text, "store", "of the text");
  assert.equal(ask(new FakeElement(text), "store"), "of the text");
  assert.equal(ask(new FakeElement(page), "store"), "of the page");
});

test("an element does not answer itself, but asks those around it", () => {
  const page = new FakeElement();
  const text = new FakeElement(page);
  provide(page, "store", "of the page");
  provide(text, "store", "of the text");
  assert.equal(ask(text, "store"), "of the page");
});

test("an element that provides something else passes a question on", () => {
  const page = new FakeElement();
  const text = new FakeElement(page);
  provide(page, "store", "of the page");
  provide(text, "passes", "of the text");
  assert.equal(ask(new FakeElement(text), "store"), "of the page");
});

test("an element may provide several things", () => {
  const page = new FakeElement();
  provide(page, "page", "the run");
  provide(page, "store", "what is chosen");
  const figure = new FakeElement(page);
  assert.deepEqual([ask(figure, "page"), ask(figure, "store")], ["the run", "what is chosen"]);
});

test("the answer is null where nobody provides it", () => {
  const page = new FakeElement();
  provide(page, "store", "of the page");
  assert.equal(ask(new FakeElement(page), "typed"), null);
  assert.equal(ask(new FakeElement(), "store"), null);
  assert.equal(ask(page, "store"), null);
});

test("a neighbour that provides something is not asked", () => {
  const page = new FakeElement();
  const neighbour = new FakeElement(page);
  provide(neighbour, "store", "of the neighbour");
  assert.equal(ask(new FakeElement(page), "store"), null);
});

test("a question leaves the shadow root that an element is in", () => {
  const page = new FakeElement();
  const figure = new FakeElement(page);
  provide(page, "store", "of the page");
  assert.equal(ask(new FakeElement(figure, true), "store"), "of the page");
});

test("questions use the protocol that other web components know", () => {
  const page = new FakeElement();
  let request = null;
  page.addEventListener("context-request", (event) => {
    request = event;
  });
  ask(new FakeElement(page), "store");
  assert.equal(request.context, "store");
  assert.equal(typeof request.callback, "function");
});
