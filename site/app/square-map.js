/**
 * Pointing at the cells of a square map, by mouse, finger or arrow keys. A row is a query, a column a key.
 *
 *   map = new SquareMap({ size: () => T, cell: () => this.cell, point: (cell) => { this.cell = cell; } });
 *   html`<div tabindex="0" @pointermove=${map.move} @pointerdown=${map.down} @pointerleave=${map.leave}
 *          @keydown=${map.key}>`
 */
const ARROWS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

export class SquareMap {
  /**
   * @param {object} map
   * @param {() => number} map.size how many rows and columns there are; 0: nothing to point at
   * @param {() => number[] | null} map.cell what is pointed at
   * @param {(cell: number[] | null) => void} map.point called with what is pointed at from now on
   */
  constructor({ size, cell, point }) {
    this.size = size;
    this.cell = cell;
    this.point = point;
  }

  /** A finger that only passes points at nothing. */
  move = (event) => {
    if (event.pointerType === "mouse" || event.buttons) this.down(event);
  };

  down = ({ clientX, clientY, currentTarget }) => {
    const box = currentTarget.getBoundingClientRect();
    const size = this.size();
    const index = (x, length) => Math.max(0, Math.min(size - 1, Math.floor((size * x) / length)));
    if (size) this.point([index(clientY - box.top, box.height), index(clientX - box.left, box.width)]);
  };

  /** A finger leaves whenever it is lifted: what it pointed at stays. */
  leave = ({ pointerType }) => {
    if (pointerType === "mouse") this.point(null);
  };

  /** The first key points at the first cell, if nothing is pointed at. */
  key = (event) => {
    const by = ARROWS[event.key];
    const last = this.size() - 1;
    const cell = this.cell();
    const isBrowsers = event.altKey || event.ctrlKey || event.metaKey; // such as Alt and left: back
    if (!by || last < 0 || isBrowsers) return;
    event.preventDefault();
    this.point(cell ? cell.map((i, axis) => Math.max(0, Math.min(last, i + by[axis]))) : [0, 0]);
  };
}
