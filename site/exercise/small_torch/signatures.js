/**
 * What a function of PyTorch takes, and what it says when it is given something else. A signature
 * is written as PyTorch prints it: "sum(Tensor input, dims dim = None, bool keepdim = False)".
 *
 * From Python come numbers, texts, null, true and false, tensors, and arrays of these. What
 * JavaScript cannot tell apart comes as a text with a sign in front: see `signs`.
 */
import { NAMES, Tensor, TorchError, check, tensorOf } from "../tensor.js";

/** The first character of a text that is not a text. The Python side uses the same ones. */
export const signs = {
  error: "\x00",
  float: "\x01",
  literal: "\x02",
  dtype: "\x03",
  device: "\x04",
  parts: "\x05",
};

/** A number that knows whether it is an integer: 2 and 2.0 are the same number in JavaScript. */
export class Scalar {
  constructor(value, dtype) {
    this.value = value;
    this.dtype = dtype;
  }

  get tensor() {
    return tensorOf([this.value], [], this.dtype);
  }
}

const NUMBERS = { inf: Infinity, "-inf": -Infinity, nan: NaN };

/** What Python means by a value that it hands over. */
export function read(value) {
  if (typeof value !== "string") return value;
  const text = value.slice(1);
  if (value[0] === signs.float) return new Scalar(NUMBERS[text] ?? Number(text), "float32");
  if (value[0] === signs.literal) return new Scalar(Number(text), "int64");
  return value;
}

/** A number as a tensor without dimensions, and a tensor as it is. null: it is neither */
export function operand(given) {
  const value = read(given);
  return value instanceof Tensor ? value : (scalarOf(value)?.tensor ?? null);
}

/** @returns {Scalar|null} null: it is no number */
export function scalarOf(value) {
  if (value instanceof Scalar) return value;
  if (typeof value === "boolean") return new Scalar(Number(value), "bool");
  if (typeof value !== "number") return null;
  return new Scalar(value, Number.isInteger(value) ? "int64" : "float32");
}

export function typeName(value) {
  if (value === null) return "NoneType";
  if (value instanceof Tensor) return "Tensor";
  if (Array.isArray(value)) return /** @type {any} */ (value).kind ?? "tuple";
  if (typeof value === "string" && value[0] === signs.dtype) return "torch.dtype";
  if (typeof value === "string" && value[0] === signs.device) return "torch.device";
  if (typeof value === "string") return "str";
  const { dtype } = scalarOf(value);
  return { bool: "bool", int64: "int", float32: "float" }[dtype];
}

const isInt = (value) => Number.isInteger(value);

function integerOf(value) {
  // a tensor of one integer counts as one, too
  if (value instanceof Tensor && value.dtype === "int64" && !value.dim) return value.values()[0];
  return value instanceof Scalar && value.dtype === "int64" ? value.value : value;
}

const listOf = (value) =>
  Array.isArray(value) && value.map(integerOf).every(isInt) ? value.map(integerOf) : undefined;

/** For each type of argument: its value, or undefined for what is not of the type. */
const kinds = {
  Tensor: (value) => (value instanceof Tensor ? value : undefined),
  value: (value) => operand(value) ?? undefined,
  Number: (value) => scalarOf(value) ?? undefined,
  int: (value) => (isInt(integerOf(value)) ? integerOf(value) : undefined),
  bool: (value) => (typeof value === "boolean" ? value : undefined),
  str: (value) => (typeof value === "string" ? value : undefined),
  ints: listOf,
  dims: (value) => (isInt(integerOf(value)) ? [integerOf(value)] : listOf(value)),
  Tensors: (value) => (Array.isArray(value) ? value : undefined),
  dtype: dtypeOf,
  device: deviceOf,
  any: (value) => value,
};
const spelt = {
  value: "Tensor",
  ints: "tuple of ints",
  dims: "tuple of ints",
  Tensors: "tuple of Tensors",
  dtype: "torch.dtype",
  device: "torch.device",
};

function dtypeOf(value) {
  return typeof value === "string" && value[0] === signs.dtype ? value.slice(1) : undefined;
}

export function deviceOf(value) {
  const name = typeof value === "string" ? value.replace(signs.device, "") : "";
  check(!name.startsWith("cuda"), "Torch not compiled with CUDA enabled", "AssertionError");
  check(
    !name || /^cpu(:0)?$/.test(name),
    `Expected one of cpu, cuda device type at start of device` + ` string: ${name}`,
  );
  return name ? "cpu" : undefined;
}

/** "name(Tensor input, int dim = 0, *, dtype dtype = None)" -> { name, parameters } */
export function parse(signature) {
  const [, namespace, name, inside] = signature.match(/^(?:(\w+) )?([\w]+)\((.*)\)$/);
  let named = false;
  const parameters = inside
    .split(", ")
    .filter(Boolean)
    .flatMap((part) => {
      if (part === "*") {
        named = true;
        return [];
      }
      const [what, given] = part.split(" = ");
      const [kind, called] = what.split(" ");
      return [
        {
          kind,
          called,
          named,
          open: given !== undefined,
          given: given in DEFAULTS ? DEFAULTS[given] : given,
        },
      ];
    });
  return { name, namespace, parameters };
}

const DEFAULTS = { None: null, True: true, False: false, 0: 0, 1: 1, "-1": -1 };
const ALIASES = { axis: "dim", keepdims: "keepdim", axis0: "dim0", axis1: "dim1", x: "input" };

/** Where PyTorch has several signatures, what misfits these arguments (or "missing") names none. */
const OVERLOADED = {
  add: "missing",
  sub: "missing",
  pow: "missing",
  arange: "missing",
  eye: "missing",
  linspace: "missing",
  rand: "missing size",
  randn: "missing size",
  view: "missing size",
  sum: "dim",
  mean: "dim",
  masked_fill: "missing mask value",
  masked_fill_: "missing mask value",
};

function refused({ name, parameters }, args, named, own, what, words) {
  const several = OVERLOADED[name]?.split(" ").includes(what);
  check(several, `${name}()${words}`, "TypeError");
  const types = args.slice(own).map((value) => typeName(read(value)));
  const from = parameters.slice(own);
  const keys = Object.keys(named).map((key) => `${key}=${typeName(read(named[key]))}`);
  if (keys.length && !types.length) keys.push("");
  throw new TorchError(
    "TypeError",
    `${name}() received an invalid combination of arguments - got (` +
      `${[...types, ...keys].join(", ")}), but expected (${from
        .map(({ kind, called }) => `${spelt[kind] ?? kind} ${called}`)
        .join(", ")})`,
  );
}

/** Check and order the arguments before a call. `method`: the first one stands before the dot. */
export function bound(signature, run, method) {
  const free = signature.parameters.filter((one) => !one.named);
  const own = method ? 1 : 0;
  const sizes = free.length === own + 1 && ["ints", "dims"].includes(free[own].kind);
  return (...args) => {
    const named = isPlain(args.at(-1)) ? renamed(args.pop(), signature.parameters) : {};
    const raw = args;
    const many =
      sizes &&
      args.length > own &&
      !Array.isArray(args[own]) &&
      (args.length > own + 1 || free[own].kind === "ints");
    if (many) args = [...args.slice(0, own), sizesOf(signature, args, own)];
    const refuse = (...what) => refused(signature, raw, named, own, ...what);
    checkCount(signature, free, args, named, own, refuse);
    return run(...ordered(signature.parameters, args, named, own, refuse));
  };
}

const isPlain = (value) =>
  value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;

/** axis means dim, as in numpy. */
function renamed(named, parameters) {
  const called = (key) => (!parameters.some((one) => one.called === key) && ALIASES[key]) || key;
  return Object.fromEntries(Object.entries(named).map(([key, value]) => [called(key), value]));
}

/** ones(2, 3) means ones((2, 3)). */
function sizesOf(signature, args, own) {
  const sizes = args.slice(own).map(read);
  const wrong = sizes.findIndex((size) => !isInt(integerOf(size)));
  if (wrong < 0) return sizes;
  const type = typeName(sizes[wrong]);
  const { called } = signature.parameters[own];
  check(
    !wrong,
    `${signature.name}(): argument '${called}' failed to unpack the object at pos ` +
      `${wrong + 1} with error "type must be tuple of ints,but got ${type}"`,
    "TypeError",
  );
  return refused(
    signature,
    args,
    {},
    own,
    called,
    `: argument '${called}' (position 1) must be ` + `tuple of ints, not ${type}`,
  );
}

function ordered(parameters, args, named, own, refuse) {
  return parameters.map(({ kind, called, open, given, named: only }, i) => {
    const there = !only && i < args.length;
    if (!there && !(called in named)) return given;
    const raw = read(there ? args[i] : named[called]);
    if (open && raw === null) return given;
    const value = kinds[kind](raw);
    return value !== undefined
      ? value
      : refuse(
          called,
          `: argument '${called}'` +
            `${there ? ` (position ${i + 1 - own})` : ""} must be ${spelt[kind] ?? kind}, not ` +
            typeName(raw),
        );
  });
}

function checkCount({ name, parameters }, free, args, named, own, refuse) {
  const missing = parameters
    .filter(({ open, called }, i) => !open && i >= args.length && !(called in named))
    .map(({ called }) => `"${called}"`);
  if (missing.length) {
    refuse(
      "missing",
      ` missing ${missing.length} required positional argument` +
        `${missing.length === 1 ? "s" : ""}: ${missing.join(", ")}`,
    );
  }
  const n = args.length - own;
  const most = free.length - own;
  const least = free.filter(({ open }) => !open).length - own;
  check(n <= most || !own || most, `TensorBase.${name}() takes no arguments (${n} given)`, "TypeError");
  check(
    n <= most,
    () =>
      `${name}() takes ${least < most ? `from ${least} to ` : ""}${most} ` +
      `positional argument${most === 1 ? "" : "s"} but ${n} ${n === 1 ? "was" : "were"} given`,
    "TypeError",
  );
  for (const key in named) {
    const index = parameters.findIndex(({ called }) => called === key);
    if (index < 0) refuse(key, ` got an unexpected keyword argument '${key}'`);
    check(
      index >= args.length || parameters[index].named,
      `${name}() got multiple values for argument '${key}'`,
      "TypeError",
    );
  }
}

export const nameOf = (x) => NAMES[x.dtype];
