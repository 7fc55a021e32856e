/** Functions that work along dimensions: sums, means, extremes, softmax. By their signatures. */
import { binary } from "./elements.js";
import { nameOf } from "./signatures.js";
import { Tensor, along, check, full, reduce } from "../tensor.js";

// Each takes n numbers of `data`, `step` apart, from `place` on. ----------------------------------

/** A lane that joins its numbers one by one. */
function joined(start, join) {
  return (data, place, step, n) => {
    let value = start;
    for (; n--; place += step) value = join(value, data[place]);
    return value;
  };
}

/** The place of the number that no other one is better than; a NaN is better than all. */
function placeOfBest(better) {
  return (data, place, step, n) => {
    let best = 0, value = data[place];
    for (let i = 1; i < n && value === value; i++) {
      const next = data[place + i * step];
      if (better(next, value) || next !== next) [best, value] = [i, next];
    }
    return best;
  };
}

const sum = joined(0, (a, b) => a + b), most = joined(-Infinity, Math.max);
const least = joined(Infinity, Math.min);
const some = joined(0, (a, b) => a || b !== 0), every = joined(1, (a, b) => a && b !== 0);
const squares = joined(0, (a, b) => a + b * b), norm = (...lane) => Math.sqrt(squares(...lane));
const last = placeOfBest((a, b) => a > b), first = placeOfBest((a, b) => a < b);
const mean = (data, place, step, n) => sum(data, place, step, n) / n;

function logSumExp(data, place, step, n) {
  const top = most(data, place, step, n), shift = Math.abs(top) === Infinity ? 0 : top;
  return Math.log(joined(0, (a, b) => a + Math.exp(b - shift))(data, place, step, n)) + shift;
}

/** The root of the mean square distance, or its square: what `finish` makes of it. */
const spreadLane = (correction, finish) => (data, place, step, n) => {
  const middle = mean(data, place, step, n);
  return finish(joined(0, (a, b) => a + (b - middle) ** 2)(data, place, step, n)
    / Math.max(0, n - correction));
};

/** The largest is taken away before exp, so that nothing overflows; only -inf gives NaN. */
function softmaxLane(data, place, step, n, out, to, by) {
  const top = most(data, place, step, n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const share = Math.exp(data[place + i * step] - top);
    out[to + i * by] = share;
    total += share;
  }
  for (let i = 0; i < n; i++) out[to + i * by] /= total;
}

function logSoftmaxLane(data, place, step, n, out, to, by) {
  const top = most(data, place, step, n);
  const rest = Math.log(joined(0, (a, b) => a + Math.exp(b - top))(data, place, step, n));
  for (; n--; place += step, to += by) out[to] = data[place] - top - rest;
}

function cumulate(data, place, step, n, out, to, by) {
  for (let total = 0; n--; place += step, to += by) out[to] = total += data[place];
}

// ------------------------------------------------------------------------------------------------

const needsFloat = (kernel) => (x) => check(x.dtype === "float32",
  `"${kernel}" not implemented for '${nameOf(x)}'`, "NotImplementedError");

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
const whole = (dtype) => (dtype === "float32" ? dtype : "int64");

function total(lane) {
  return (x, dims, keepdim, dtype) => reduce(dtype ? x.to(dtype) : x, dims, keepdim,
    dtype ?? whole(x.dtype), lane);
}

function meanOf(x, dims, keepdim, dtype) {
  const given = dtype ? x.to(dtype) : x;
  check(given.dtype === "float32", () => "mean(): could not infer output dtype. Input dtype must be"
    + ` either a floating point or complex dtype. Got: ${nameOf(x)}`);
  return reduce(given, dims, keepdim, "float32", mean);
}

/** max and min: of everything, along one dimension (with places), or of two tensors. */
function extreme(name, lane, place) {
  return (x, dim, keepdim) => {
    if (dim instanceof Tensor) return binary(`${name}imum`, x, dim);
    check(dim === null || Number.isInteger(dim), `${name}() received an invalid combination of `
      + "arguments - got (tuple), but expected (int dim, bool keepdim = False)", "TypeError");
    check(dim !== null || x.numel, `${name}(): Expected reduction dim to be specified for `
      + "input.numel() == 0. Specify the reduction dim with the 'dim' argument.");
    if (dim === null) return reduce(x, null, false, x.dtype, lane);
    return [reduce(x, [dim], keepdim, x.dtype, lane), reduce(x, [dim], keepdim, "int64", place)];
  };
}

function placeOf(name, lane) {
  return (x, dim, keepdim) => {
    check(x.dtype !== "bool", `${name}(): does not support bool input`);
    return reduce(x, dim === null ? null : [dim], keepdim, "int64", lane);
  };
}

const spread = (finish) => (x, dims, unbiased, keepdim, correction) => reduce(x, dims, keepdim,
  "float32", spreadLane(correction?.value ?? Number(unbiased), finish));

const DIMS = "dims dim = None, bool keepdim = False", DIM = "int dim = None, bool keepdim = False";
const ANY = "any dim = None, bool keepdim = False", TYPE = "*, dtype dtype = None";
/** All of them. */
export const reductions = {
  [`sum(Tensor input, ${DIMS}, ${TYPE})`]: total(sum),
  [`mean(Tensor input, ${DIMS}, ${TYPE})`]: meanOf,
  [`prod(Tensor input, int dim = None, bool keepdim = False, ${TYPE})`]: (x, dim, ...more) => total(
    joined(1, (a, b) => a * b))(x, dim === null ? null : [dim], ...more),
  [`any(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, "bool", some),
  [`all(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, "bool", every),
  [`amax(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, x.dtype, most),
  [`amin(Tensor input, ${DIMS})`]: (x, d, keep) => reduce(x, d, keep, x.dtype, least),
  [`logsumexp(Tensor input, dims dim, bool keepdim = False)`]: (x, d, keep) => reduce(x, d, keep,
    "float32", logSumExp),
  [`max(Tensor input, ${ANY})`]: extreme("max", most, last),
  [`min(Tensor input, ${ANY})`]: extreme("min", least, first),
  [`argmax(Tensor input, ${DIM})`]: placeOf("argmax", last),
  [`argmin(Tensor input, ${DIM})`]: placeOf("argmin", first),
  [`var(Tensor input, dims dim = None, bool unbiased = True, bool keepdim = False, *, `
    + "Number correction = None)"]: spread((x) => x),
  [`std(Tensor input, dims dim = None, bool unbiased = True, bool keepdim = False, *, `
    + "Number correction = None)"]: spread(Math.sqrt),
  [`norm(Tensor input)`]: (x) => reduce(x, null, false, "float32", norm),
  [`cumsum(Tensor input, int dim, ${TYPE})`]: (x, dim, dtype) => rowwise(x, dim, cumulate,
    dtype ?? whole(x.dtype)),
  "softmax(Tensor input, int dim, dtype dtype = None)": softmax,
  "log_softmax(Tensor input, int dim, dtype dtype = None)": logSoftmax,
};
