/** Functions that make tensors: of numbers, of one value, of chance. By their signatures. */
import { read, scalarOf, typeName } from "./signatures.js";
import { Tensor, check, full, promoted, tensorOf } from "../tensor.js";

const range = (n) => [...new Array(n).keys()];

// Chance: not the numbers that PyTorch draws, but the same ones for the same seed. ----------------

let state = 0;

/** A number from 0 to 1, without 1. */
function uniform() {
  state = (state + 0x9e3779b9) | 0;
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

/** A number of the normal distribution: an angle and a distance that fit a bell in the plane. */
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

function drawn(shape, draw, dtype = "float32") {
  const out = full(shape, 0, dtype);
  for (let i = 0; i < out.data.length; i++) out.data[i] = draw();
  return out;
}

const integers = (low, high) => () => Math.floor(low + uniform() * (high - low));

/** randint(high, size) or randint(low, high, size) */
function randint(low, high, size, dtype) {
  const [from, to, shape] = size === null ? [0, low, high] : [low, high, size];
  return drawn(shape, integers(from, to), dtype ?? "int64");
}

function shuffled(n) {
  const keys = range(n)
    .map((i) => [uniform(), i])
    .sort(([a], [b]) => a - b);
  return tensorOf(
    keys.map(([, i]) => i),
    [n],
    "int64",
  );
}

// Numbers that are given --------------------------------------------------------------------------

/** Nested lists of numbers, or a tensor, as a tensor. */
export function tensor(data, dtype) {
  if (data instanceof Tensor) return data.to(dtype ?? data.dtype);
  const shape = shapeOf(data);
  const flat = flattened(data, shape, 0).map(numberOf);
  const found = flat.length ? flat.map((one) => one.dtype).reduce(promoted) : "float32";
  const out = tensorOf(
    flat.map(({ value }) => value),
    shape,
    found,
  );
  return dtype ? out.to(dtype) : out;
}

function shapeOf(data) {
  return Array.isArray(data) ? [data.length, ...(data.length ? shapeOf(data[0]) : [])] : [];
}

function flattened(data, shape, dim) {
  if (dim === shape.length) return [data];
  check(
    Array.isArray(data),
    () =>
      `${
        typeName(read(data)) === "Tensor" ? "a Tensor" : `'${typeName(read(data))}' object`
      } is not a sequence`,
    "TypeError",
  );
  check(
    data.length === shape[dim],
    () => `expected sequence of length ${shape[dim]} at dim ${dim} ` + `(got ${data.length})`,
    "ValueError",
  );
  return data.flatMap((part) => flattened(part, shape, dim + 1));
}

function numberOf(given) {
  const value = read(given);
  if (value instanceof Tensor) {
    check(value.numel === 1, "only one element tensors can be converted to Python scalars", "ValueError");
    return { value: value.values()[0], dtype: value.dtype };
  }
  check(typeof value !== "string", "new(): invalid data type 'str'", "TypeError");
  check(value !== null, "Could not infer dtype of NoneType");
  check(!Array.isArray(value), "only one element tensors can be converted to Python scalars", "ValueError");
  return scalarOf(value);
}

function arange(first, second, step, dtype) {
  const [start, end] = second ? [first?.value ?? 0, second.value] : [0, first?.value];
  check(
    end !== undefined,
    "arange() received an invalid combination of arguments - got (), but " +
      "expected (Number start, Number end, Number step)",
    "TypeError",
  );
  const by = step?.value ?? 1;
  check(by !== 0, "step must be nonzero");
  check((end - start) * by >= 0, "upper bound and lower bound inconsistent with step sign");
  const found = [first, second, step]
    .filter(Boolean)
    .map((one) => one.dtype)
    .reduce(promoted);
  return tensorOf(
    range(Math.ceil((end - start) / by)).map((i) => start + i * by),
    undefined,
    dtype ?? (found === "bool" ? "int64" : found),
  );
}

function linspace(start, end, steps, dtype) {
  const step = (end.value - start.value) / (steps - 1);
  return tensorOf(
    range(steps).map((i) => (i < steps / 2 ? start.value + i * step : end.value - (steps - 1 - i) * step)),
    undefined,
    dtype ?? "float32",
  );
}

function eye(n, m, dtype) {
  check(n >= 0, `n must be greater or equal to 0, got ${n}`);
  const out = full([n, m ?? n], 0, dtype ?? "float32");
  for (let i = 0; i < Math.min(n, m ?? n); i++) out.data[i * ((m ?? n) + 1)] = 1;
  return out;
}

/** Rows and columns, as two rows of numbers, of the cells of a table on one side of a diagonal. */
const triangle = (isKept) => (rows, columns, offset, dtype) => {
  check(rows >= 0, `row must be non-negative, got${rows}`);
  check(columns >= 0, `col must be non-negative, got${columns}`);
  const cells = range(rows).flatMap((i) =>
    range(columns)
      .filter((j) => isKept(j - i - offset))
      .map((j) => [i, j]),
  );
  const numbers = [...cells.map(([i]) => i), ...cells.map(([, j]) => j)];
  return tensorOf(numbers, [2, cells.length], dtype ?? "int64");
};

function oneHot(x, classes) {
  check(x.dtype === "int64", "one_hot is only applicable to index tensor of type LongTensor.");
  const values = x.values();
  const n = classes < 0 ? Math.max(...values) + 1 : classes;
  check(
    values.every((value) => value >= 0),
    "Class values must be non-negative.",
  );
  check(
    values.every((value) => value < n),
    "Class values must be smaller than num_classes.",
  );
  const out = full([...x.shape, n], 0, "int64");
  values.forEach((value, i) => (out.data[i * n + value] = 1));
  return out;
}

// By their signatures -----------------------------------------------------------------------------

const HOW = "*, dtype dtype = None, device device = None, any requires_grad = None";
const TRIANGLE = "int row, int col, int offset = 0, *, dtype dtype = None, device device = None";
const filled = (shape, { value, dtype }, wanted) => full(shape, value, wanted ?? dtype);
const zeros = (shape, dtype) => full(shape, 0, dtype ?? "float32");
const ones = (shape, dtype) => full(shape, 1, dtype ?? "float32");
const like = (make) => (x, dtype) => make(x.shape, dtype ?? x.dtype);

function manualSeed(seed) {
  state = seed | 0;
  return null;
}

export const creation = {
  "manual_seed(int seed)": manualSeed,
  [`tensor(any data, ${HOW})`]: tensor,
  [`as_tensor(any data, dtype dtype = None, device device = None)`]: (data, dtype) =>
    data instanceof Tensor && (dtype ?? data.dtype) === data.dtype ? data : tensor(data, dtype),
  [`zeros(ints size, ${HOW})`]: zeros,
  [`ones(ints size, ${HOW})`]: ones,
  [`empty(ints size, ${HOW})`]: zeros,
  [`full(ints size, Number fill_value, ${HOW})`]: filled,
  [`rand(ints size, ${HOW})`]: (shape) => drawn(shape, uniform),
  [`randn(ints size, ${HOW})`]: (shape) => drawn(shape, normal),
  [`randint(int low, any high, any size = None, ${HOW})`]: randint,
  [`randperm(int n, ${HOW})`]: shuffled,
  [`eye(int n, int m = None, ${HOW})`]: eye,
  [`arange(Number start = None, Number end = None, Number step = None, ${HOW})`]: arange,
  [`linspace(Number start, Number end, int steps, ${HOW})`]: linspace,
  [`triu_indices(${TRIANGLE})`]: triangle((right) => right >= 0),
  [`tril_indices(${TRIANGLE})`]: triangle((right) => right <= 0),
  [`zeros_like(Tensor input, ${HOW})`]: like(zeros),
  [`ones_like(Tensor input, ${HOW})`]: like(ones),
  [`empty_like(Tensor input, ${HOW})`]: like(zeros),
  [`full_like(Tensor input, Number fill_value, ${HOW})`]: (x, { value }, dtype) =>
    full(x.shape, value, dtype ?? x.dtype),
  [`rand_like(Tensor input, ${HOW})`]: ({ shape }) => drawn(shape, uniform),
  [`randn_like(Tensor input, ${HOW})`]: ({ shape }) => drawn(shape, normal),
  [`method new_zeros(Tensor input, ints size, ${HOW})`]: (x, shape, dtype) => zeros(shape, dtype ?? x.dtype),
  [`method new_ones(Tensor input, ints size, ${HOW})`]: (x, shape, dtype) => ones(shape, dtype ?? x.dtype),
  [`method new_full(Tensor input, ints size, Number fill_value, ${HOW})`]: (x, shape, { value }, dtype) =>
    full(shape, value, dtype ?? x.dtype),
  [`method new_tensor(Tensor input, any data, ${HOW})`]: (x, data, dtype) => tensor(data, dtype ?? x.dtype),
  "F one_hot(Tensor tensor, int num_classes = -1)": oneHot,
};
