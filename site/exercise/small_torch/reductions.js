/** Functions that work along dimensions: sums, means, extremes, softmax. By their signatures. */
import { binary } from "./elements.js";
import { nameOf } from "./signatures.js";
import { Tensor, along, check, full, reduce } from "../tensor.js";

// Each takes n numbers of `data`, `step` apart, from `offset` on. ----------------------------------

function joined(start, join) {
  return (data, offset, step, n) => {
    let value = start;
    for (; n--; offset += step) value = join(value, data[offset]);
    return value;
  };
}

/** The index of the number that no other one is better than; a NaN is better than all. */
function argBest(better) {
  return (data, offset, step, n) => {
    let best = 0;
    let value = data[offset];
    for (let i = 1; i < n && value === value; i++) {
      const next = data[offset + i * step];
      if (better(next, value) || next !== next) [best, value] = [i, next];
    }
    return best;
  };
}

const sum = joined(0, (a, b) => a + b);
const most = joined(-Infinity, Math.max);
const least = joined(Infinity, Math.min);
const some = joined(0, (a, b) => a || b !== 0);
const every = joined(1, (a, b) => a && b !== 0);
const squares = joined(0, (a, b) => a + b * b);
const norm = (...lane) => Math.sqrt(squares(...lane));
const last = argBest((a, b) => a > b);
const first = argBest((a, b) => a < b);
const mean = (data, offset, step, n) => sum(data, offset, step, n) / n;

function logSumExp(data, offset, step, n) {
  const top = most(data, offset, step, n);
  const shift = Math.abs(top) === Infinity ? 0 : top;
  return Math.log(joined(0, (a, b) => a + Math.exp(b - shift))(data, offset, step, n)) + shift;
}

/** The root of the mean square distance, or its square: what `finish` makes of it. */
const varianceLane = (correction, finish) => (data, offset, step, n) => {
  const middle = mean(data, offset, step, n);
  return finish(
    joined(0, (a, b) => a + (b - middle) ** 2)(data, offset, step, n) / Math.max(0, n - correction),
  );
};

/** The largest is taken away before exp, so that nothing overflows; only -inf gives NaN. */
function softmaxLane(data, offset, step, n, out, to, by) {
  const top = most(data, offset, step, n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const power = Math.exp(data[offset + i * step] - top);
    out[to + i * by] = power;
    total += power;
  }
  for (let i = 0; i < n; i++) out[to + i * by] /= total;
}

function logSoftmaxLane(data, offset, step, n, out, to, by) {
  const top = most(data, offset, step, n);
  const rest = Math.log(joined(0, (a, b) => a + Math.exp(b - top))(data, offset, step, n));
  for (; n--; offset += step, to += by) out[to] = data[offset] - top - rest;
}

function cumulate(data, offset, step, n, out, to, by) {
  for (let total = 0; n--; offset += step, to += by) out[to] = total += data[offset];
}

// ------------------------------------------------------------------------------------------------

const needsFloat = (kernel) => (x) =>
  check(x.dtype === "float32", `"${kernel}" not implemented for '${nameOf(x)}'`, "NotImplementedError");

/** The result has the shape of x; each row along `dim` becomes another row. */
function rowwise(x, dim, lane, dtype = "float32") {
  return along(x, x.at(dim), full(x.shape, 0, dtype), lane);
}

function softmaxOf(lane, kernel) {
  return (x, dim, dtype) => {
    const given = dtype ? x.to(dtype) : x;
    const last = x.at(dim) === Math.max(0, x.dim - 1) ? "_lastdim" : "";
    needsFloat(`${kernel}${last}_kernel_impl`)(given);
    return rowwise(given, dim, lane);
  };
}

export const softmax = softmaxOf(softmaxLane, "softmax");
const logSoftmax = softmaxOf(logSoftmaxLane, "log_softmax");
const sumDtype = (dtype) => (dtype === "float32" ? dtype : "int64");

function total(lane) {
  return (x, dims, keepdim, dtype) =>
    reduce(dtype ? x.to(dtype) : x, dims, keepdim, dtype ?? sumDtype(x.dtype), lane);
}

function meanOf(x, dims, keepdim, dtype) {
  const given = dtype ? x.to(dtype) : x;
  check(
    given.dtype === "float32",
    () =>
      "mean(): could not infer output dtype. Input dtype must be" +
      ` either a floating point or complex dtype. Got: ${nameOf(x)}`,
  );
  return reduce(given, dims, keepdim, "float32", mean);
}

/** max and min: of everything, along one dimension (with indices), or of two tensors. */
function extreme(name, lane, argLane) {
  return (x, dim, keepdim) => {
    if (dim instanceof Tensor) return binary(`${name}imum`, x, dim);
    check(
      dim === null || Number.isInteger(dim),
      `${name}() received an invalid combination of ` +
        "arguments - got (tuple), but expected (int dim, bool keepdim = False)",
      "TypeError",
    );
    check(
      dim !== null || x.numel,
      `${name}(): Expected reduction dim to be specified for ` +
        "input.numel() == 0. Specify the reduction dim with the 'dim' argument.",
    );
    if (dim === null) return reduce(x, null, false, x.dtype, lane);
    return [reduce(x, [dim], keepdim, x.dtype, lane), reduce(x, [dim], keepdim, "int64", argLane)];
  };
}

function argOf(name, lane) {
  return (x, dim, keepdim) => {
    check(x.dtype !== "bool", `${name}(): does not support bool input`);
    return reduce(x, dim === null ? null : [dim], keepdim, "int64", lane);
  };
}

const varianceOf = (finish) => (x, dims, unbiased, keepdim, correction) =>
  reduce(x, dims, keepdim, "float32", varianceLane(correction?.value ?? Number(unbiased), finish));

const DIMS = "dims dim = None, bool keepdim = False";
const DIM = "int dim = None, bool keepdim = False";
const ANY = "any dim = None, bool keepdim = False";
const TYPE = "*, dtype dtype = None";
export const reductions = {
  [`sum(Tensor input, ${DIMS}, ${TYPE})`]: total(sum),
  [`mean(Tensor input, ${DIMS}, ${TYPE})`]: meanOf,
  [`prod(Tensor input, int dim = None, bool keepdim = False, ${TYPE})`]: (x, dim, ...more) =>
    total(joined(1, (a, b) => a * b))(x, dim === null ? null : [dim], ...more),
  [`any(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, "bool", some),
  [`all(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, "bool", every),
  [`amax(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, x.dtype, most),
  [`amin(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, x.dtype, least),
  [`logsumexp(Tensor input, dims dim, bool keepdim = False)`]: (x, d, keep) =>
    reduce(x, d, keep, "float32", logSumExp),
  [`max(Tensor input, ${ANY})`]: extreme("max", most, last),
  [`min(Tensor input, ${ANY})`]: extreme("min", least, first),
  [`argmax(Tensor input, ${DIM})`]: argOf("argmax", last),
  [`argmin(Tensor input, ${DIM})`]: argOf("argmin", first),
  [`var(Tensor input, dims dim = None, bool unbiased = True, bool keepdim = False, *, ` +
  "Number correction = None)"]: varianceOf((x) => x),
  [`std(Tensor input, dims dim = None, bool unbiased = True, bool keepdim = False, *, ` +
  "Number correction = None)"]: varianceOf(Math.sqrt),
  [`norm(Tensor input)`]: (x) => reduce(x, null, false, "float32", norm),
  [`cumsum(Tensor input, int dim, ${TYPE})`]: (x, dim, dtype) =>
    rowwise(x, dim, cumulate, dtype ?? sumDtype(x.dtype)),
  "softmax(Tensor input, int dim, dtype dtype = None)": softmax,
  "log_softmax(Tensor input, int dim, dtype dtype = None)": logSoftmax,
};
