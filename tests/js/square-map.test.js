/** site/app/square-map.js: pointing at the cells of a map by mouse, finger or arrow keys. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SquareMap } from "../../site/app/square-map.js";

/** A map with `size` rows, and the cells that were pointed at, first the one given here. */
function mapOf(size, cell = null) {
  const cells = [cell];
  const point = (next) => cells.push(next);
  return { cells, map: new SquareMap({ size: () => size, cell: () => cells.at(-1), point }) };
}

/** A pointer at these pixels of an element 200 wide and 100 high, whose corner is at (10, 20). */
const pointerAt = (x, y, more = { pointerType: "mouse" }) => ({
  clientX: 10 + x,
  clientY: 20 + y,
  buttons: 0,
  ...more,
  currentTarget: { getBoundingClientRect: () => ({ left: 10, top: 20, width: 200, height: 100 }) },
});

/** A key, which notes whether the browser's own reaction to it was prevented. */
function pressed(key) {
  return {
    key,
    isPrevented: false,
    preventDefault() {
      this.isPrevented = true;
    },
  };
}

/** The cell that these keys lead to. */
function cellAfter(size, cell, keys) {
  const { cells, map } = mapOf(size, cell);
  for (const key of keys) map.key(pressed(key));
  return cells.at(-1);
}

test("a pointer points at the row and the column under it", () => {
  const { cells, map } = mapOf(4);
  map.down(pointerAt(0, 0));
  map.down(pointerAt(199, 0));
  map.down(pointerAt(0, 99));
  map.down(pointerAt(145, 30));
  assert.deepEqual(cells.slice(1), [
    [0, 0],
    [0, 3],
    [3, 0],
    [1, 2],
  ]);
});

test("a pointer on the edge between two cells points at the second", () => {
  const { cells, map } = mapOf(4);
  map.down(pointerAt(50, 25));
  assert.deepEqual(cells.at(-1), [1, 1]);
});

test("a pointer that is dragged beyond an edge points at the last cell before it", () => {
  const { cells, map } = mapOf(4);
  map.down(pointerAt(-30, 500));
  map.down(pointerAt(200, -1));
  assert.deepEqual(cells.slice(1), [
    [3, 0],
    [0, 3],
  ]);
});

test("a mouse points wherever it moves, and a finger only while it presses", () => {
  const { cells, map } = mapOf(4);
  map.move(pointerAt(0, 0));
  map.move(pointerAt(60, 0, { pointerType: "touch", buttons: 0 }));
  map.move(pointerAt(110, 0, { pointerType: "touch", buttons: 1 }));
  assert.deepEqual(cells.slice(1), [
    [0, 0],
    [0, 2],
  ]);
});

test("a mouse that leaves points at nothing, and what a finger pointed at stays", () => {
  const { cells, map } = mapOf(4, [1, 1]);
  map.leave({ pointerType: "touch" });
  assert.deepEqual(cells, [[1, 1]]);
  map.leave({ pointerType: "mouse" });
  assert.equal(cells.at(-1), null);
});

test("whichever arrow key comes first, it points at the first cell", () => {
  for (const key of ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"]) {
    assert.deepEqual(cellAfter(4, null, [key]), [0, 0]);
  }
});

test("the only cell of a map can be pointed at", () => {
  assert.deepEqual(cellAfter(1, null, ["ArrowUp"]), [0, 0]);
});

test("arrow keys go to the neighbouring cells", () => {
  assert.deepEqual(cellAfter(5, [2, 2], ["ArrowRight"]), [2, 3]);
  assert.deepEqual(cellAfter(5, [2, 2], ["ArrowLeft"]), [2, 1]);
  assert.deepEqual(cellAfter(5, [2, 2], ["ArrowDown"]), [3, 2]);
  assert.deepEqual(cellAfter(5, [2, 2], ["ArrowUp"]), [1, 2]);
  assert.deepEqual(cellAfter(5, [2, 2], ["ArrowDown", "ArrowDown", "ArrowLeft"]), [4, 1]);
});

test("arrow keys do not lead beyond the edges", () => {
  assert.deepEqual(cellAfter(3, [0, 0], ["ArrowUp", "ArrowLeft"]), [0, 0]);
  assert.deepEqual(cellAfter(3, [2, 2], ["ArrowDown", "ArrowRight"]), [2, 2]);
});

test("a cell that is outside of a map that has become smaller comes back into it", () => {
  assert.deepEqual(cellAfter(3, [9, 9], ["ArrowUp"]), [2, 2]);
});

test("an arrow key does not scroll the page, and any other key does what it always does", () => {
  const { cells, map } = mapOf(4, [1, 1]);
  const arrow = pressed("ArrowDown");
  map.key(arrow);
  assert.equal(arrow.isPrevented, true);
  for (const key of ["Tab", "Enter", "a"].map(pressed)) {
    map.key(key);
    assert.equal(key.isPrevented, false);
  }
  assert.deepEqual(cells.slice(1), [[2, 1]]);
});

test("on a map without cells nothing is pointed at, and arrow keys scroll", () => {
  const { cells, map } = mapOf(0);
  const arrow = pressed("ArrowDown");
  map.key(arrow);
  map.down(pointerAt(5, 5));
  map.move(pointerAt(5, 5));
  assert.deepEqual(cells, [null]);
  assert.equal(arrow.isPrevented, false);
});

test("arrow keys with Alt, Control or Meta belong to the browser", () => {
  for (const modifier of ["altKey", "ctrlKey", "metaKey"]) {
    const map = new SquareMap({ size: () => 4, cell: () => [1, 1], point: assert.fail });
    map.key({ key: "ArrowLeft", [modifier]: true, preventDefault: assert.fail });
  }
});
