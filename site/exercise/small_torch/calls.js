/**
 * What the Python side of small_torch calls: functions of PyTorch by their names, and a few of its
 * own. Each takes what Python hands over (see signatures.js) and gives back a tensor, a number, or
 * a text that Python reads. None of them throws: MicroPython would lose its place in the program.
 */
import { BINARY, binary, elements, invert, masks, unary, within } from "./elements.js";
import { creation, tensor } from "./creation.js";
import { einsum } from "./einsum.js";
import { gather, getItem, nonzero, setItem } from "./indexing.js";
import { reductions, softmax } from "./reductions.js";
import { shapes } from "./shapes.js";
import { bound, deviceOf, nameOf, operand, parse, signs } from "./signatures.js";
import { Tensor, check, elementwise, listed, matmul, product, reduce, tensorOf } from "../tensor.js";
import { literal, python, textOf } from "./text.js";

// Products ---------------------------------------------------------------------------------------

function bmm(a, b) {
  check(a.dim === 3, "batch1 must be a 3D tensor");
  check(b.dim === 3, "batch2 must be a 3D tensor");
  const [n, , k] = a.shape;
  const [m, l] = b.shape;
  check(
    n === m && k === l,
    `Expected size for first two dimensions of batch2 tensor to be: ` + `[${n}, ${k}] but got: [${m}, ${l}].`,
    "matmul_shapes",
  );
  return matmul(a, b);
}

function mm(a, b) {
  check(a.dim === 2, "self must be a matrix");
  check(b.dim === 2, "mat2 must be a matrix");
  return matmul(a, b);
}

/** beta · input + alpha · a b; an input that counts 0 times may be NaN. */
const added = (multiply) => (input, a, b, beta, alpha) => {
  const scaled = (x, factor) => (factor ? binary("mul", x, factor.tensor) : x);
  const out = scaled(multiply(a, b), alpha);
  return beta?.value === 0 ? out : binary("add", scaled(input, beta).expand(out.shape), out);
};

function linear(x, weight, bias) {
  const out = matmul(x, weight.transpose(0, Math.min(1, weight.dim - 1)));
  bias?.expand([product(out.shape.slice(0, -1)), out.shape.at(-1)]); // refuses what does not fit
  return bias ? binary("add", out, bias) : out;
}

/** softmax(q kᵀ · scale + mask) v; rows that see nothing give zeros. */
function scaledDotProductAttention(q, k, v, mask, dropout, causal, scale) {
  const factor = tensorOf([scale?.value ?? q.shape.at(-1) ** -0.5], []);
  let scores = matmul(binary("mul", q, factor), k.transpose(-2, -1));
  const hide = (seen) => elementwise("float32", (x, shown) => (shown ? x : -Infinity), scores, seen);
  if (causal) scores = hide(lowerTriangle(...scores.shape.slice(-2)));
  if (mask) scores = mask.dtype === "bool" ? hide(mask) : binary("add", scores, mask);
  const weights = softmax(scores, -1, null);
  return matmul(
    elementwise("float32", (x) => (x === x ? x : 0), weights),
    v,
  );
}

function lowerTriangle(T, S) {
  return elementwise(
    "bool",
    (t, s) => s <= t,
    tensorOf([...new Array(T).keys()], [T, 1]),
    tensorOf([...new Array(S).keys()]),
  );
}

function layerNorm(x, shape, weight, bias, eps) {
  check(
    listed(x.shape.slice(-shape.length)) === listed(shape),
    () =>
      "Given normalized_shape=" +
      `${listed(shape)}, expected input with shape ${listed(["*", ...shape])}, but got input of ` +
      `size${listed(x.shape)}`,
  );
  const dims = shape.map((_, i) => -1 - i);
  const n = product(shape);
  const dtype = "float32";
  const meanOf = (y) =>
    reduce(y, dims, true, dtype, (data, offset, step, count) => {
      let sum = 0;
      for (; count--; offset += step) sum += data[offset];
      return sum / n;
    });
  const centered = elementwise(dtype, (a, b) => a - b, x, meanOf(x));
  const variance = meanOf(elementwise(dtype, (a) => a * a, centered));
  let out = elementwise(dtype, (a, b) => a / Math.sqrt(b + eps), centered, variance);
  if (weight) out = binary("mul", out, weight);
  return bias ? binary("add", out, bias) : out;
}

function gelu(x, approximate) {
  check(["none", "tanh"].includes(approximate), "approximate argument must be either none or tanh.");
  const half = (inner) => elementwise("float32", (a, b) => (a / 2) * (1 + b), x, inner);
  const near = (a) => Math.tanh(Math.sqrt(2 / Math.PI) * (a + 0.044715 * a ** 3));
  if (approximate === "tanh") return half(elementwise("float32", near, x));
  return half(
    unary(
      "erf",
      elementwise("float32", (a) => a * Math.SQRT1_2, x),
    ),
  );
}

function pad(x, sizes, value) {
  const shape = [...x.shape];
  sizes.forEach((size, i) => (shape[x.dim - 1 - (i >> 1)] += size));
  const out = elementwise(x.dtype, () => value?.value ?? 0, tensorOf([0], [1]).expand(shape));
  let inside = out;
  for (let i = 0; i < sizes.length; i += 2) {
    const d = x.dim - 1 - i / 2;
    inside = inside.narrow(d, sizes[i], x.shape[d]);
  }
  inside.copy(x);
  return out;
}

const SDPA =
  "F scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor " +
  "attn_mask = None, Number dropout_p = None, bool is_causal = False, *, Number scale = None, " +
  "bool enable_gqa = False)";
const LAYER_NORM =
  "F layer_norm(Tensor input, ints normalized_shape, Tensor weight = None, Tensor " +
  "bias = None, Number eps = None)";
const SCALES = "*, Number beta = None, Number alpha = None";
const products = {
  "matmul(Tensor input, Tensor other)": matmul,
  "bmm(Tensor input, Tensor mat2)": bmm,
  "mm(Tensor input, Tensor mat2)": mm,
  [`baddbmm(Tensor input, Tensor batch1, Tensor batch2, ${SCALES})`]: added(bmm),
  [`addmm(Tensor input, Tensor mat1, Tensor mat2, ${SCALES})`]: added(mm),
  "mv(Tensor input, Tensor vec)": matmul,
  "dot(Tensor input, Tensor tensor)": matmul,
  "F linear(Tensor input, Tensor weight, Tensor bias = None)": linear,
  [SDPA]: scaledDotProductAttention,
  [LAYER_NORM]: (x, shape, weight, bias, eps) => layerNorm(x, shape, weight, bias, eps?.value ?? 1e-5),
  "F gelu(Tensor input, *, str approximate = none)": gelu,
  "F silu(Tensor input)": (x) => binary("mul", x, unary("sigmoid", x)),
  "F pad(Tensor input, ints pad, str mode = constant, Number value = None)": (x, sizes, _, value) =>
    pad(x, sizes, value),
};

// Indexing, and the properties of a tensor -----------------------------------------------------

const answer = {
  literal: (x) => signs.literal + x,
  dtype: (name) => signs.dtype + name,
  numbers: (list) => `${signs.literal}(${list.map((n) => `${n},`).join("")})`,
};

function item(
  x,
  words = `a Tensor with ${x.numel} elements cannot be converted to Scalar`,
  type = "RuntimeError",
) {
  check(x.numel === 1, words, type);
  const text = python(x.values()[0], x.dtype);
  return x.dtype === "float32" ? signs.float + text : signs.literal + text;
}

function truth(x) {
  check(
    x.numel === 1,
    () => "Boolean value of Tensor with " + `${x.numel ? "more than one value" : "no values"} is ambiguous`,
  );
  return x.values()[0] !== 0;
}

function indexSelect(x, dim, index) {
  const d = x.at(dim);
  check(index.dim < 2, "index_select(): Index is supposed to be a vector", "IndexError");
  check(
    index.values().every((i) => i >= 0 && i < x.shape[d]),
    "index out of range in self",
    "IndexError",
  );
  const all = { start: null, stop: null, step: null };
  return getItem(x, [...new Array(d).fill(all), index.dim ? index : index.unsqueeze(0)]);
}

function indexFillInto(x, dim, index, value) {
  const d = x.at(dim);
  check(index.dtype === "int64", "index_fill_(): Expected dtype int64 for index.", "IndexError");
  check(
    !value.dim,
    () =>
      "index_fill_ only supports a 0-dimensional value tensor, but got tensor " +
      `with ${value.dim} dimension(s).`,
  );
  const all = { start: null, stop: null, step: null };
  setItem(x, [...new Array(d).fill(all), index], value.to(x.dtype));
  return x;
}

function gathered(x, dim, index) {
  check(index.dtype === "int64", "gather(): Expected dtype int32/int64 for index");
  check(index.dim === x.dim, "Index tensor must have the same number of dimensions as input tensor");
  return gather(x, x.at(dim), index);
}

function near(a, b, rtol, atol, nan) {
  const gap = (x, y) =>
    x === y ||
    (nan && x !== x && y !== y) ||
    Math.abs(x - y) <= (atol?.value ?? 1e-8) + (rtol?.value ?? 1e-5) * Math.abs(y);
  check(a.dtype === b.dtype, `${nameOf(a)} did not match ${nameOf(b)}`);
  return elementwise("bool", gap, a, b);
}

const all = (x) => x.values().every(Boolean);
const NEAR =
  "Tensor input, Tensor other, Number rtol = None, Number atol = None, bool equal_nan = " + "False";

/** x.to(…): a dtype, a device, or a tensor whose dtype it takes. */
function to(x, first, second, dtype) {
  [first, second].filter((one) => typeof one === "string" && one[0] !== signs.dtype).forEach(deviceOf);
  const given = [dtype && signs.dtype + dtype, first, second].find(
    (one) => one instanceof Tensor || (typeof one === "string" && one[0] === signs.dtype),
  );
  const wanted = given instanceof Tensor ? given.dtype : (given?.slice(1) ?? x.dtype);
  return wanted === x.dtype ? x : x.to(wanted);
}

const TO =
  "method to(Tensor input, any device = None, any other = None, dtype dtype = None, " +
  "any copy = None, any non_blocking = None)";
const properties = {
  "gather(Tensor input, int dim, Tensor index)": gathered,
  "index_select(Tensor input, int dim, Tensor index)": indexSelect,
  "method index_fill_(Tensor input, int dim, Tensor index, value value)": indexFillInto,
  "index_fill(Tensor input, int dim, Tensor index, value value)": (x, ...given) =>
    indexFillInto(x.clone(), ...given),
  "masked_select(Tensor input, Tensor mask)": (x, mask) => getItem(x, [mask]),
  "nonzero(Tensor input)": (x) => {
    const found = nonzero(x);
    return tensorOf(found.flat(), [x.dim, found[0]?.length ?? 0], "int64").transpose(0, 1);
  },
  [`isclose(${NEAR})`]: near,
  [`allclose(${NEAR})`]: (...given) => all(near(...given)),
  "equal(Tensor input, Tensor other)": (a, b) =>
    listed(a.shape) === listed(b.shape) && all(elementwise("bool", (x, y) => x === y, a, b)),
  "clone(Tensor input)": (x) => x.clone(),
  "detach(Tensor input)": (x) => x,
  "numel(Tensor input)": (x) => x.numel,
  "method dim(Tensor input)": (x) => x.dim,
  "method ndimension(Tensor input)": (x) => x.dim,
  "method size(Tensor input, int dim = None)": (x, dim) =>
    dim === null ? answer.numbers(x.shape) : x.shape[x.at(dim)],
  "method stride(Tensor input, int dim = None)": (x, dim) =>
    dim === null ? answer.numbers(x.strides) : x.strides[x.at(dim)],
  "method is_contiguous(Tensor input)": (x) => x.isContiguous,
  "method is_floating_point(Tensor input)": (x) => x.dtype === "float32",
  "method item(Tensor input)": (x) => item(x),
  "method tolist(Tensor input)": (x) => answer.literal(literal(x)),
  "method float(Tensor input)": (x) => to(x, signs.dtype + "float32"),
  "method long(Tensor input)": (x) => to(x, signs.dtype + "int64"),
  "method int(Tensor input)": (x) => to(x, signs.dtype + "int64"),
  "method bool(Tensor input)": (x) => to(x, signs.dtype + "bool"),
  "method cpu(Tensor input)": (x) => x,
  "method type_as(Tensor input, Tensor other)": (x, other) => to(x, other),
  "method type(Tensor input, any dtype = None)": (x, dtype) =>
    dtype === null
      ? `torch.${{ float32: "Float", int64: "Long", bool: "Bool" }[x.dtype]}Tensor`
      : to(x, dtype),
  [TO]: to,
};

// What operators and brackets call: without names and defaults -----------------------------------

/** What Python writes in brackets -> an item of an index; ":1:None:2" is a slice. */
function itemOf(given) {
  if (Array.isArray(given)) return tensor(given);
  if (typeof given !== "string" || given === "...") return given;
  if (given[0] === signs.float) return NaN; // no integer, even if it is 2.0
  if (given[0] !== ":") return given;
  const [start, stop, step] = given
    .slice(1)
    .split(":")
    .map((text) => (text === "None" ? null : Number(text)));
  return { start, stop, step };
}

const operators = {
  matmul,
  invert,
  neg: (x) => unary("neg", x),
  abs: (x) => unary("abs", x),
  get: (x, ...items) => getItem(x, items.map(itemOf)),
  set: (x, value, ...items) =>
    setItem(x, items.map(itemOf), value instanceof Tensor ? value : operand(value).to(x.dtype)) ?? null,
  shape: (x) => answer.numbers(x.shape),
  dtype: (x) => answer.dtype(x.dtype),
  dim: (x) => x.dim,
  truth,
  number: (x) => item(x, "only one element tensors can be converted to Python scalars", "ValueError"),
  text: (x, name) => textOf(x, name),
};
for (const name in BINARY) {
  operators[name] = (a, b) => binary(name, operand(a), operand(b));
  operators[`${name}_`] = (a, b) => binary(name, a, operand(b), within(a));
}

function spelledOut(equation, ...operands) {
  check(
    typeof equation === "string",
    "einsum(): the first argument must be the equation, such as " + '"bhid,bhjd->bhij"',
    "TypeError",
  );
  check(
    operands.length,
    "einsum(): must specify the equation string and at least one operand, or " +
      "at least one operand and its subscripts list",
    "ValueError",
  );
  return einsum(equation, Array.isArray(operands[0]) ? operands[0] : operands);
}

// All of them ------------------------------------------------------------------------------------

let parts = []; // of the last call that gave several tensors

/** The same function, whose errors are texts, and whose several tensors wait in `parts`. */
function guarded(run) {
  return (...args) => {
    try {
      const found = run(...args);
      if (!Array.isArray(found)) return found ?? null;
      parts = found;
      return signs.parts;
    } catch ({ type = "RuntimeError", message }) {
      return `${signs.error}${type} ${message}`;
    }
  };
}

/** Python sees the properties of objects without a prototype, and no others. */
const forPython = (properties) => Object.assign(Object.create(null), properties);

const groups = {
  functions: forPython(),
  methods: forPython(),
  functional: forPython(),
  operators: forPython(),
};
for (const name in operators) groups.operators[name] = guarded(operators[name]);
const tables = [elements, masks, reductions, shapes, creation, products, properties];
for (const [text, run] of tables.flatMap(Object.entries)) {
  const signature = parse(text);
  const { name, namespace, parameters } = signature;
  const own = parameters[0]?.called === "input" || namespace === "method";
  if (namespace === "F") groups.functional[name] = guarded(bound(signature, run, false));
  else if (namespace !== "method") groups.functions[name] = guarded(bound(signature, run, false));
  if (namespace !== "F" && own) groups.methods[name] = guarded(bound(signature, run, true));
}
groups.functions.einsum = guarded(spelledOut);

/** What Python imports. `hand` takes the tensors that it hands over. */
export const callsFor = (hand) =>
  forPython({
    ...groups,
    names: (group) => Object.keys(groups[group] ?? {}).join(" "),
    list: (kind, ...items) => Object.assign(items, { kind }),
    more: guarded((list, ...items) => list.push(...items)),
    parts: () => parts.splice(0),
    hand: (tensor) => void hand(tensor),
  });
