/** Functions that work element by element: arithmetic, comparisons, masks. By their signatures. */
import { maskedFill } from "./indexing.js";
import { Scalar, nameOf } from "./signatures.js";
import { broadcast, check, elementwise, full, inPlace, promoted, tensorOf } from "../tensor.js";

/** The integral of the bell curve, as a series without differences, so that nothing cancels. */
function erf(x) {
  if (!(Math.abs(x) <= 6)) return Math.sign(x); // of NaN it is NaN
  let sum = 0;
  for (let n = 0, term = x; sum !== sum + term; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** To the nearest whole number, and from the middle between two to the even one. */
function even(x) {
  const low = Math.floor(x);
  const part = x - low;
  return (part < 0.5 || (part === 0.5 && low % 2 === 0) ? low : low + 1) || x * 0; // keeps -0
}

const FLOAT = {
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
};
const KEPT = {
  abs: Math.abs,
  neg: (x) => -x,
  sign: Math.sign,
  floor: Math.floor,
  ceil: Math.ceil,
  round: even,
  trunc: Math.trunc,
  relu: (x) => (x > 0 || x !== x ? x : 0),
};
const ASKED = {
  isnan: Number.isNaN,
  isfinite: Number.isFinite,
  logical_not: (x) => x === 0,
  isinf: (x) => x === Infinity || x === -Infinity,
};
const float = () => "float32";
const bool = () => "bool";

const ARITHMETIC = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  pow: (a, b) => (a === 1 || b === 0 ? 1 : a ** b),
  remainder: (a, b) => a - b * Math.floor(a / b),
  floor_divide: (a, b) => Math.floor(a / b),
  maximum: Math.max,
  minimum: Math.min,
};
const COMPARED = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  logical_and: (a, b) => a !== 0 && b !== 0,
  logical_or: (a, b) => a !== 0 || b !== 0,
  logical_xor: (a, b) => (a !== 0) !== (b !== 0),
};
const BITS = { bitwise_and: (a, b) => a & b, bitwise_or: (a, b) => a | b, bitwise_xor: (a, b) => a ^ b };

/** name -> [the number, the dtype of the result] for two operands */
export const BINARY = {
  div: [(a, b) => a / b, float],
  ...withDtype(ARITHMETIC, promoted),
  ...withDtype(COMPARED, bool),
  ...withDtype(BITS, promoted),
};
const UNARY = {
  square: [(x) => x * x, (dtype) => (dtype === "bool" ? "int64" : dtype)],
  ...withDtype(FLOAT, float),
  ...withDtype(KEPT, (dtype) => dtype),
  ...withDtype(ASKED, bool),
};

function withDtype(ops, dtype) {
  return Object.fromEntries(Object.entries(ops).map(([name, op]) => [name, [op, dtype]]));
}

function checkBinary(name, a, b) {
  const both = a.dtype === "bool" && b.dtype === "bool";
  check(
    name !== "sub" || (a.dtype !== "bool" && b.dtype !== "bool"),
    () =>
      "Subtraction, the `-` " +
      `operator, with ${both ? "two bool tensors" : "a bool tensor"} is not supported. ` +
      (both
        ? "Use the `^` or `logical_xor()` operator instead."
        : "If you are trying to invert a " + "mask, use the `~` or `logical_not()` operator instead."),
  );
  check(
    !BITS[name] || promoted(a.dtype, b.dtype) !== "float32",
    `"${name}_cpu" not implemented for 'Float'`,
    "NotImplementedError",
  );
}

/** A binary function by its name; `into` says how it is carried out: elementwise, or in place. */
export function binary(name, a, b, into = elementwise) {
  const [op, dtype] = BINARY[name];
  checkBinary(name, a, b);
  return into(dtype(a.dtype, b.dtype), op, a, b);
}

export function unary(name, x, into = elementwise) {
  const [op, dtype] = UNARY[name];
  check(
    name !== "abs" || x.dtype !== "bool",
    "\"abs_cpu\" not implemented for 'Bool'",
    "NotImplementedError",
  );
  check(
    name !== "neg" || x.dtype !== "bool",
    "Negation, the `-` operator, on a bool tensor is not " +
      "supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator " +
      "instead.",
  );
  return into(dtype(x.dtype), op, x);
}

export function invert(x) {
  check(
    x.dtype !== "float32",
    "~ (operator.invert) is only implemented on integer and " + "Boolean-type tensors",
    "TypeError",
  );
  return elementwise(x.dtype, x.dtype === "bool" ? (value) => 1 - value : (value) => -1 - value, x);
}

export const within =
  (out) =>
  (dtype, op, ...operands) =>
    inPlace(out, dtype, op, ...operands);
const scaled = (name, a, b, alpha, into) =>
  binary(name, a, alpha.value === 1 ? b : binary("mul", b, alpha.tensor), into);
const one = new Scalar(1, "int64");

/** All of UNARY and BINARY, each also in place: exp, exp_, add, add_, … */
export const elements = {};
for (const name in UNARY) {
  elements[`${name}(Tensor input)`] = (x) => unary(name, x);
  elements[`method ${name}_(Tensor input)`] = (x) => unary(name, x, within(x));
}
for (const name in BINARY) {
  const other = ["add", "sub"].includes(name)
    ? "value other, *, Number alpha = None"
    : name === "pow"
      ? "value exponent"
      : /imum/.test(name)
        ? "Tensor other"
        : "value other";
  const input = /imum/.test(name) ? "Tensor input" : "value input";
  elements[`${name}(${input}, ${other})`] = (a, b, alpha) => scaled(name, a, b, alpha ?? one);
  elements[`method ${name}_(${input}, ${other})`] = (a, b, alpha) =>
    scaled(name, a, b, alpha ?? one, within(a));
}

/** Longer names of the same functions. */
const ALIASES = {
  multiply: "mul",
  divide: "div",
  true_divide: "div",
  subtract: "sub",
  negative: "neg",
  absolute: "abs",
  greater: "gt",
  greater_equal: "ge",
  less: "lt",
  less_equal: "le",
  not_equal: "ne",
};
for (const [alias, name] of Object.entries(ALIASES)) {
  for (const key of Object.keys(elements)) {
    if (key.startsWith(`${name}(`)) elements[key.replace(name, alias)] = elements[key];
    if (key.startsWith(`method ${name}_(`)) elements[key.replace(`${name}_`, `${alias}_`)] = elements[key];
  }
}

const LARGEST = 3.4028234663852886e38; // of float32

function nanToNum(x, nan, most, least, into = elementwise) {
  const number = (value) => {
    if (value !== value) return nan?.value ?? 0;
    if (value === Infinity) return most?.value ?? LARGEST;
    return value === -Infinity ? (least?.value ?? -LARGEST) : value;
  };
  return into(x.dtype, number, x);
}

function clamp(x, low, high, into = elementwise) {
  check(low || high, "torch.clamp: At least one of 'min' or 'max' must not be None");
  const least = low ?? tensorOf([-Infinity], []);
  const most = high ?? tensorOf([Infinity], []);
  const dtype = [low, high].filter(Boolean).reduce((type, y) => promoted(type, y.dtype), x.dtype);
  return into(dtype, (a, b, c) => Math.min(Math.max(a, b), c), x, least, most);
}

function where(condition, a, b) {
  check(
    condition.dtype === "bool",
    "where expected condition to be a boolean tensor, but got a " + `tensor with dtype ${nameOf(condition)}`,
  );
  broadcast(a.shape, b.shape);
  return elementwise(promoted(a.dtype, b.dtype), (c, x, y) => (c ? x : y), condition, a, b);
}

function maskedFillInto(x, mask, value) {
  const dtypes = { float32: "float", int64: "long int" };
  check(
    mask.dtype === "bool",
    () => "masked_fill_ only supports boolean masks, but got mask with " + `dtype ${dtypes[mask.dtype]}`,
  );
  check(
    !value.dim,
    () =>
      "masked_fill_ only supports a 0-dimensional value tensor, but got tensor " +
      `with ${value.dim} dimension(s).`,
  );
  check(
    x.dtype === "float32" || Number.isFinite(value.values()[0]),
    "value cannot be converted to type int64_t without overflow",
  );
  maskedFill(x, mask, value.to(x.dtype));
  return x;
}

function band(name, x, diagonal, keep) {
  check(x.dim > 1, `${name}: input tensor must have at least 2 dimensions`);
  const [T, S] = x.shape.slice(-2);
  const mask = full([T, S], 0, "bool");
  for (let t = 0; t < T; t++) {
    for (let s = 0; s < S; s++) mask.data[t * S + s] = keep(s - t - diagonal);
  }
  return [x.dtype, (value, kept) => (kept ? value : 0), x, mask];
}

const tril = (x, d) => band("tril", x, d, (right) => right <= 0);
const triu = (x, d) => band("triu", x, d, (right) => right >= 0);

const REPLACED = "Tensor input, Number nan = None, Number posinf = None, Number neginf = None";
/** What picks elements: by where they are, by a mask, by their size. */
export const masks = {
  "tril(Tensor input, int diagonal = 0)": (x, d) => elementwise(...tril(x, d)),
  "triu(Tensor input, int diagonal = 0)": (x, d) => elementwise(...triu(x, d)),
  "method tril_(Tensor input, int diagonal = 0)": (x, d) => inPlace(x, ...tril(x, d)),
  "method triu_(Tensor input, int diagonal = 0)": (x, d) => inPlace(x, ...triu(x, d)),
  "masked_fill(Tensor input, Tensor mask, value value)": (x, mask, value) =>
    maskedFillInto(x.expand(broadcast(mask.shape, x.shape)).clone(), mask, value),
  "method masked_fill_(Tensor input, Tensor mask, value value)": maskedFillInto,
  "where(Tensor condition, value input, value other)": where,
  "method where(value input, Tensor condition, value other)": (a, condition, b) => where(condition, a, b),
  "clamp(Tensor input, value min = None, value max = None)": (x, a, b) => clamp(x, a, b),
  "method clamp_(Tensor input, value min = None, value max = None)": (x, a, b) => clamp(x, a, b, within(x)),
  "clip(Tensor input, value min = None, value max = None)": (x, a, b) => clamp(x, a, b),
  [`nan_to_num(${REPLACED})`]: (x, ...given) => nanToNum(x, ...given),
  [`method nan_to_num_(${REPLACED})`]: (x, ...given) => nanToNum(x, ...given, within(x)),
  "clamp_min(Tensor input, value min)": (x, a) => clamp(x, a),
  "clamp_max(Tensor input, value max)": (x, b) => clamp(x, null, b),
  "bitwise_not(Tensor input)": invert,
  "method fill_(Tensor input, value value)": (x, value) => {
    check(
      !value.dim,
      () => "fill_ only supports 0-dimension value tensor but got tensor with " + `${value.dim} dimensions.`,
    );
    return x.take(value);
  },
  "method zero_(Tensor input)": (x) => x.copy(tensorOf([0], [])),
  "method copy_(Tensor input, Tensor src)": (x, source) => {
    broadcast(x.shape, source.shape);
    return x.take(source);
  },
};
