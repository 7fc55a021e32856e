/**
 * What stands in the brackets of x[…], to read and to write: numbers, slices, None, Ellipsis,
 * and tensors of integers or booleans. An item of an index is one of
 *
 *   3, -1          an index           { start, stop, step }   a slice, each part may be null
 *   null           a new dimension    "..."                   all dimensions that are not named
 *   true, false    a new dimension that is there or empty     Tensor
 */
import {
  NAMES,
  Tensor,
  broadcast,
  check,
  elementwise,
  full,
  inPlace,
  listed,
  product,
  tensorOf,
} from "../tensor.js";

/** x[items]: a view where that is possible, else a copy. */
export function getItem(x, items) {
  const { view, picks } = located(x, items);
  return picks.length ? gathered(view, picks) : view;
}

export function setItem(x, items, value) {
  const ones = value.shape.findIndex((size) => size !== 1);
  const lead = ones < 0 ? value.dim : ones;
  const given = value.view(value.shape.slice(lead));
  if (isMaskOf(x, items) && !given.dim) {
    return maskedFill(x, aligned(items[0], x), given.to(x.dtype)); // speed only
  }
  const { view, picks } = located(x, items);
  if (picks.length) scatter(view, picks, given);
  else view.take(given.expand(view.shape));
}

export function maskedFill(x, mask, value) {
  return inPlace(x, x.dtype, (old, hidden, given) => (hidden ? given : old), x, mask, value);
}

/** A mask for the first dimensions of x, as one that is repeated along the others. */
const aligned = (mask, x) => mask.reshape([...mask.shape, ...x.shape.slice(mask.dim).fill(1)]);

function isMaskOf(x, [mask, ...more]) {
  return (
    mask instanceof Tensor &&
    mask.dtype === "bool" &&
    !more.length &&
    mask.dim > 0 &&
    mask.dim <= x.dim &&
    mask.shape.every((size, d) => size === x.shape[d])
  );
}

export function gather(x, dim, index) {
  const alone = (size, d) => index.shape.map((_, e) => (e === d ? size : 1));
  const picks = index.shape.map((size, d) => [
    d,
    d === dim ? index : tensorOf([...new Array(size).keys()], alone(size, d), "int64"),
  ]);
  return gathered(x, picks);
}

// Views --------------------------------------------------------------------------

const isSlice = (item) => item?.step !== undefined;

function consumed(item) {
  if (item === null || item === "..." || typeof item === "boolean") return 0;
  return item instanceof Tensor && item.dtype === "bool" ? item.dim : 1;
}

/** The view that numbers and slices leave, and [dimension, indices] of the rest. */
function located(x, items) {
  const used = items.reduce((n, item) => n + consumed(item), 0);
  const found = [];
  refuse(x, items, used);
  let view = x;
  let d = 0;
  let unnamed = x.dim - used;
  items.map(asNumber).forEach((item, i) => {
    if (item === "...") [d, unnamed] = [d + unnamed, 0];
    else if (item === null) view = view.unsqueeze(d++);
    else if (isSlice(item)) view = slice(view, d++, item);
    else if (typeof item === "boolean") {
      view = view.unsqueeze(d);
      found.push([d++, tensorOf(item ? [0] : [], undefined, "int64")]);
    } else if (item instanceof Tensor) {
      found.push([d, item]);
      d += consumed(item);
    } else {
      checkWhole(item);
      view = view.select(d, checkIndex(item, view.shape[d], i));
    }
  });
  return { view, picks: found.flatMap(([from, item]) => indicesIn(view, from, item)) };
}

/** [dimension, indices] of a tensor; for each dimension of one of booleans. */
function indicesIn(x, from, item) {
  check(
    item.dtype !== "float32",
    "tensors used as indices must be long, int, byte or bool tensors",
    "IndexError",
  );
  if (item.dtype === "int64") return [[from, item]];
  const wrong = item.shape.findIndex((size, d) => size !== x.shape[from + d]);
  check(
    wrong < 0,
    () =>
      `The shape of the mask ${listed(item.shape)} at index ${wrong} does not ` +
      `match the shape of the indexed tensor ${listed(x.shape)} at index ${from + wrong}`,
    "IndexError",
  );
  return nonzero(item).map((indices, d) => [from + d, tensorOf(indices, undefined, "int64")]);
}

function refuse(x, items, used) {
  check(
    used <= x.dim || (items.length === 1 && !(items[0] instanceof Tensor)),
    `too many indices for tensor of dimension ${x.dim}`,
    "IndexError",
  );
  if (used <= x.dim) return;
  const [item] = items;
  check(
    Number.isInteger(item) || isSlice(item) || typeof item === "string",
    "too many indices for tensor of dimension 0",
    "IndexError",
  );
  if (isSlice(item)) checkStep(item);
  check(!isSlice(item), "slice() cannot be applied to a 0-dim tensor.", "IndexError");
  checkWhole(item);
  check(item === 0, `index ${item} is out of bounds for dimension 0 with size 0`, "IndexError");
  check(
    false,
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or " +
      "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number",
    "IndexError",
  );
}

function checkWhole(item) {
  check(typeof item !== "string", "new(): invalid data type 'str'", "TypeError");
  check(
    Number.isInteger(item),
    "only integers, slices (`:`), ellipsis (`...`), None and long or " +
      "byte Variables are valid indices (got float)",
    "IndexError",
  );
}

const asNumber = (item) =>
  item instanceof Tensor && item.dtype === "int64" && !item.dim ? item.data[item.offset] : item;

function checkIndex(index, size, dim) {
  check(
    -size <= index && index < size,
    () => `index ${index} is out of bounds for dimension ${dim}` + ` with size ${size}`,
    "IndexError",
  );
  return index < 0 ? index + size : index;
}

function checkStep({ step }) {
  check(step !== 0, "slice step cannot be zero", "ValueError");
  check(step === null || step > 0, "step must be greater than zero", "ValueError");
}

function slice(x, dim, { start, stop, step }) {
  checkStep({ step });
  check(
    [start, stop, step].every((n) => n === null || Number.isInteger(n)),
    "slice indices must be integers or None or have an __index__ method",
    "TypeError",
  );
  const size = x.shape[dim];
  const by = step ?? 1;
  const clamp = (index) => Math.min(size, Math.max(0, index < 0 ? index + size : index));
  const from = clamp(start ?? 0);
  const to = clamp(stop ?? size);
  return x.narrow(dim, from, Math.max(0, Math.ceil((to - from) / by)), by);
}

/** @returns {number[][]} for each dimension, indices */
export function nonzero(x) {
  const found = x.shape.map(() => []);
  const values = x.values();
  values.forEach((value, i) => {
    if (!value) return;
    for (let d = x.dim - 1; d >= 0; d--) {
      found[d].push(i % x.shape[d]);
      i = Math.floor(i / x.shape[d]);
    }
  });
  return found;
}

// Copies ------------------------------------------------------------------------

/** Where the picked numbers are: an offset for each element of `shape`, in views such as `rest`. */
function picked(x, picks) {
  const shapes = picks.map(([, indices]) => indices.shape);
  let shape;
  try {
    shape = broadcast(...shapes);
  } catch {
    check(
      false,
      "shape mismatch: indexing tensors could not be broadcast together with shapes " +
        shapes.map(listed).join(", "),
      "IndexError",
    );
  }
  const offsets = () =>
    picks
      .map(([d, indices], i) =>
        elementwise(
          "int64",
          (index) => checkIndex(index, x.shape[d], i) * x.strides[d],
          indices.expand(shape),
        ),
      )
      .reduce((a, b) => elementwise("int64", (i, j) => i + j, a, b))
      .values();
  const dims = picks.map(([d]) => d);
  const kept = [...x.shape.keys()].filter((d) => !dims.includes(d));
  const together = dims.every((d, i) => i === 0 || d === dims[i - 1] + 1);
  return { shape, offsets, rest: x.permute(kept), front: together ? dims[0] : 0 };
}

/** The order of dimensions that puts the first `many` of n after `front` others. */
function moveAfter(front, many, n) {
  const dims = [...new Array(n).keys()];
  dims.splice(front, 0, ...dims.splice(0, many));
  return dims;
}

function gathered(x, picks) {
  const { shape, offsets, rest, front } = picked(x, picks);
  const out = full([...shape, ...rest.shape], 0, x.dtype);
  const block = product(rest.shape);
  const plain = full(rest.shape).strides;
  if (block)
    offsets().forEach((offset, i) => {
      if (!rest.dim)
        out.data[i] = rest.data[rest.offset + offset]; // speed only
      else out.as(rest.shape, plain, i * block).copy(rest.as(rest.shape, rest.strides, rest.offset + offset));
    });
  return out.permute(moveAfter(front, shape.length, out.dim));
}

function scatter(x, picks, value) {
  check(
    x.dtype === value.dtype,
    () =>
      "Index put requires the source and destination dtypes " +
      `match, got ${NAMES[x.dtype]} for the destination and ${NAMES[value.dtype]} for the source.`,
  );
  const { shape, offsets, rest, front } = picked(x, picks);
  const order = moveAfter(front, shape.length, shape.length + rest.dim);
  const sizes = [...shape, ...rest.shape];
  const wanted = order.map((d) => sizes[d]);
  let expanded;
  try {
    expanded = value.expand(wanted);
  } catch {
    check(
      false,
      `shape mismatch: value tensor of shape ${listed(value.shape)} cannot be broadcast` +
        ` to indexing result of shape ${listed(wanted)}`,
    );
  }
  const source = expanded.permute(order.map((_, d) => order.indexOf(d))).clone();
  const block = product(rest.shape);
  const plain = full(rest.shape).strides;
  if (block)
    offsets().forEach((offset, i) => {
      rest.as(rest.shape, rest.strides, rest.offset + offset).copy(source.as(rest.shape, plain, i * block));
    });
}
