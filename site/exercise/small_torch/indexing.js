/**
 * What stands in the brackets of x[…], to read and to write: numbers, stretches, None, Ellipsis,
 * and tensors of places or of true and false. An item of an index is one of
 *
 *   3, -1          a place            { start, stop, step }   a stretch, each part may be null
 *   null           a new dimension    "..."                   all dimensions that are not named
 *   true, false    a new dimension that is there or empty     Tensor
 */
import { NAMES, Tensor, broadcast, check, elementwise, full, inPlace, listed, product, tensorOf }
  from "../tensor.js";

/** x[items]: a view where that is possible, else a copy. */
export function getItem(x, items) {
  const { view, picks } = located(x, items);
  return picks.length ? gathered(view, picks) : view;
}

/** x[items] = value */
export function setItem(x, items, value) {
  const ones = value.shape.findIndex((size) => size !== 1), lead = ones < 0 ? value.dim : ones;
  const given = value.view(value.shape.slice(lead));
  if (isMaskOf(x, items) && !given.dim) {
    return maskedFill(x, aligned(items[0], x), given.to(x.dtype));  // speed only
  }
  const { view, picks } = located(x, items);
  if (picks.length) scatter(view, picks, given);
  else view.take(given.expand(view.shape));
}

/** Write a value wherever a mask is true. */
export function maskedFill(x, mask, value) {
  return inPlace(x, x.dtype, (old, hidden, given) => (hidden ? given : old), x, mask, value);
}

/** A mask for the first dimensions of x, as one that is repeated along the others. */
const aligned = (mask, x) => mask.reshape([...mask.shape, ...x.shape.slice(mask.dim).fill(1)]);

function isMaskOf(x, [mask, ...more]) {
  return mask instanceof Tensor && mask.dtype === "bool" && !more.length && mask.dim > 0
    && mask.dim <= x.dim && mask.shape.every((size, d) => size === x.shape[d]);
}

/** The tensor whose element at each place is x at the place that `index` names along `dim`. */
export function gather(x, dim, index) {
  const alone = (size, d) => index.shape.map((_, e) => (e === d ? size : 1));
  const picks = index.shape.map((size, d) => [d, d === dim ? index
    : tensorOf([...new Array(size).keys()], alone(size, d), "int64")]);
  return gathered(x, picks);
}

// Places that are views --------------------------------------------------------------------------

const isStretch = (item) => item?.step !== undefined;

function consumed(item) {
  if (item === null || item === "..." || typeof item === "boolean") return 0;
  return item instanceof Tensor && item.dtype === "bool" ? item.dim : 1;
}

/** The view that numbers and stretches leave, and [dimension, places] of what they do not do. */
function located(x, items) {
  const used = items.reduce((n, item) => n + consumed(item), 0), found = [];
  refuse(x, items, used);
  let view = x, d = 0, spread = x.dim - used;
  items.map(asNumber).forEach((item, place) => {
    if (item === "...") [d, spread] = [d + spread, 0];
    else if (item === null) view = view.unsqueeze(d++);
    else if (isStretch(item)) view = stretch(view, d++, item);
    else if (typeof item === "boolean") {
      view = view.unsqueeze(d);
      found.push([d++, tensorOf(item ? [0] : [], undefined, "int64")]);
    } else if (item instanceof Tensor) {
      found.push([d, item]);
      d += consumed(item);
    } else {
      checkWhole(item);
      view = view.select(d, placeIn(item, view.shape[d], place));
    }
  });
  return { view, picks: found.flatMap(([from, item]) => placesIn(view, from, item)) };
}

/** [dimension, places] of a tensor of places; for each dimension of one of true and false. */
function placesIn(x, from, item) {
  check(item.dtype !== "float32",
    "tensors used as indices must be long, int, byte or bool tensors", "IndexError");
  if (item.dtype === "int64") return [[from, item]];
  const wrong = item.shape.findIndex((size, d) => size !== x.shape[from + d]);
  check(wrong < 0, () => `The shape of the mask ${listed(item.shape)} at index ${wrong} does not `
    + `match the shape of the indexed tensor ${listed(x.shape)} at index ${from + wrong}`,
  "IndexError");
  return nonzero(item).map((places, d) => [from + d, tensorOf(places, undefined, "int64")]);
}

function refuse(x, items, used) {
  check(used <= x.dim || (items.length === 1 && !(items[0] instanceof Tensor)),
    `too many indices for tensor of dimension ${x.dim}`, "IndexError");
  if (used <= x.dim) return;
  const [item] = items;
  check(Number.isInteger(item) || isStretch(item) || typeof item === "string",
    "too many indices for tensor of dimension 0", "IndexError");
  if (isStretch(item)) checkStep(item);
  check(!isStretch(item), "slice() cannot be applied to a 0-dim tensor.", "IndexError");
  checkWhole(item);
  check(item === 0, `index ${item} is out of bounds for dimension 0 with size 0`, "IndexError");
  check(false, "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
    + "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number", "IndexError");
}

function checkWhole(item) {
  check(typeof item !== "string", "new(): invalid data type 'str'", "TypeError");
  check(Number.isInteger(item), "only integers, slices (`:`), ellipsis (`...`), None and long or "
    + "byte Variables are valid indices (got float)", "IndexError");
}

const asNumber = (item) => (item instanceof Tensor && item.dtype === "int64" && !item.dim
  ? item.data[item.offset] : item);

function placeIn(place, size, dim) {
  check(-size <= place && place < size, () => `index ${place} is out of bounds for dimension ${dim}`
    + ` with size ${size}`, "IndexError");
  return place < 0 ? place + size : place;
}

function checkStep({ step }) {
  check(step !== 0, "slice step cannot be zero", "ValueError");
  check(step === null || step > 0, "step must be greater than zero", "ValueError");
}

function stretch(x, dim, { start, stop, step }) {
  checkStep({ step });
  check([start, stop, step].every((n) => n === null || Number.isInteger(n)),
    "slice indices must be integers or None or have an __index__ method", "TypeError");
  const size = x.shape[dim], by = step ?? 1;
  const within = (place) => Math.min(size, Math.max(0, place < 0 ? place + size : place));
  const from = within(start ?? 0), to = within(stop ?? size);
  return x.narrow(dim, from, Math.max(0, Math.ceil((to - from) / by)), by);
}

/** For each dimension, the places at which a tensor is not zero. @returns {number[][]} */
export function nonzero(x) {
  const found = x.shape.map(() => []), values = x.values();
  values.forEach((value, i) => {
    if (!value) return;
    for (let d = x.dim - 1; d >= 0; d--) {
      found[d].push(i % x.shape[d]);
      i = Math.floor(i / x.shape[d]);
    }
  });
  return found;
}

// Places that need a copy ------------------------------------------------------------------------

/** Where the picked numbers are: an offset for each place of `shape`, in views such as `rest`. */
function picked(x, picks) {
  const shapes = picks.map(([, places]) => places.shape);
  let shape;
  try {
    shape = broadcast(...shapes);
  } catch {
    check(false, "shape mismatch: indexing tensors could not be broadcast together with shapes "
      + shapes.map(listed).join(", "), "IndexError");
  }
  const offsets = () => picks.map(([d, places], i) => elementwise("int64",
    (place) => placeIn(place, x.shape[d], i) * x.strides[d], places.expand(shape)))
    .reduce((a, b) => elementwise("int64", (i, j) => i + j, a, b)).values();
  const dims = picks.map(([d]) => d), kept = [...x.shape.keys()].filter((d) => !dims.includes(d));
  const together = dims.every((d, i) => i === 0 || d === dims[i - 1] + 1);
  return { shape, offsets, rest: x.permute(kept), front: together ? dims[0] : 0 };
}

/** The order of dimensions that puts the first `many` of n behind `front` others. */
function behind(front, many, n) {
  const dims = [...new Array(n).keys()];
  dims.splice(front, 0, ...dims.splice(0, many));
  return dims;
}

function gathered(x, picks) {
  const { shape, offsets, rest, front } = picked(x, picks);
  const out = full([...shape, ...rest.shape], 0, x.dtype), block = product(rest.shape);
  const plain = full(rest.shape).strides;
  if (block) offsets().forEach((offset, i) => {
    if (!rest.dim) out.data[i] = rest.data[rest.offset + offset];  // speed only
    else out.as(rest.shape, plain, i * block).copy(rest.as(rest.shape, rest.strides, rest.offset
      + offset));
  });
  return out.permute(behind(front, shape.length, out.dim));
}

function scatter(x, picks, value) {
  check(x.dtype === value.dtype, () => "Index put requires the source and destination dtypes "
    + `match, got ${NAMES[x.dtype]} for the destination and ${NAMES[value.dtype]} for the source.`);
  const { shape, offsets, rest, front } = picked(x, picks);
  const order = behind(front, shape.length, shape.length + rest.dim);
  const sizes = [...shape, ...rest.shape], wanted = order.map((d) => sizes[d]);
  let spread;
  try {
    spread = value.expand(wanted);
  } catch {
    check(false, `shape mismatch: value tensor of shape ${listed(value.shape)} cannot be broadcast`
      + ` to indexing result of shape ${listed(wanted)}`);
  }
  const source = spread.permute(order.map((_, d) => order.indexOf(d))).clone();
  const block = product(rest.shape), plain = full(rest.shape).strides;
  if (block) offsets().forEach((offset, i) => {
    rest.as(rest.shape, rest.strides, rest.offset + offset)
      .copy(source.as(rest.shape, plain, i * block));
  });
}
