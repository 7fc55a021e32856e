/**
 * Tensors as in PyTorch: numbers in a flat array, and a shape, strides and an offset that say where
 * each of them is. Transposing, slicing and expanding make other views of the same numbers, so that
 * what is written into one is seen in all.
 *
 *   const x = new Tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
 *   matmul(x, x.transpose(0, 1)).shape    // [2, 2]
 *
 * Errors have the words and the Python type that PyTorch gives them.
 */

/** An error that Python is to raise. `type` is its class there, or one of KINDS in _tensor.py. */
export class TorchError extends Error {
  constructor(type, message) {
    super(message);
    this.type = type;
  }
}

/** @throws {TorchError} with this message if something is not as it should be */
export function check(holds, message, type = "RuntimeError") {
  if (!holds) throw new TorchError(type, typeof message === "function" ? message() : message);
}

/** Where the numbers of a dtype are stored. Integers are exact up to 2^53. */
const STORES = { bool: Uint8Array, int64: Float64Array, float32: Float32Array };
const RANK = { bool: 0, int64: 1, float32: 2 };
export const NAMES = { bool: "Bool", int64: "Long", float32: "Float" };

export const product = (sizes) => sizes.reduce((a, b) => a * b, 1);
export const listed = (sizes) => `[${sizes.join(", ")}]`;

export const promoted = (a, b) => (RANK[a] >= RANK[b] ? a : b);

/** @returns whether numbers of one dtype can be written where another one is stored */
const fits = (from, to) => RANK[from] <= RANK[to] || from === "bool";

function rowMajor(shape) {
  const strides = new Array(shape.length);
  for (let d = shape.length - 1, step = 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(1, shape[d]);
  }
  return strides;
}

export class Tensor {
  /**
   * @param {Float32Array|Float64Array|Uint8Array} data
   * @param {number[]} shape
   * @param {string} dtype "float32", "int64" or "bool"
   */
  constructor(data, shape, dtype = "float32", strides = rowMajor(shape), offset = 0) {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
    this.strides = strides;
    this.offset = offset;
  }

  get dim() {
    return this.shape.length;
  }

  get numel() {
    return product(this.shape);
  }

  get isContiguous() {
    const wanted = rowMajor(this.shape);
    return this.numel === 0 || this.strides.every((step, d) => step === wanted[d] || this.shape[d] === 1);
  }

  as(shape, strides, offset = this.offset) {
    return new Tensor(this.data, shape, this.dtype, strides, offset);
  }

  /** The dimension that -1, -2, … mean. `more` dimensions may come to those it has. */
  at(dim, more = 0) {
    const n = Math.max(1, this.dim + more);
    check(
      -n <= dim && dim < n,
      () => "Dimension out of range (expected to be in range of " + `[${-n}, ${n - 1}], but got ${dim})`,
      "IndexError",
    );
    return dim < 0 ? dim + n : dim;
  }

  permute(dims) {
    return this.as(
      dims.map((d) => this.shape[d]),
      dims.map((d) => this.strides[d]),
    );
  }

  transpose(a, b) {
    const dims = this.shape.map((_, d) => d);
    [a, b] = [this.at(a), this.at(b)];
    if (this.dim) [dims[a], dims[b]] = [dims[b], dims[a]];
    return this.permute(dims);
  }

  /** The same with its dimension `from` at the end. */
  last(from) {
    const dims = this.shape.map((_, d) => d);
    dims.push(...dims.splice(from, 1));
    return this.permute(dims);
  }

  /** One index of a dimension (which disappears), or a slice of it. */
  select(dim, index) {
    const keep = (_, d) => d !== dim;
    return this.as(
      this.shape.filter(keep),
      this.strides.filter(keep),
      this.offset + index * this.strides[dim],
    );
  }

  narrow(dim, start, length, step = 1) {
    const shape = this.shape.with(dim, length);
    const strides = this.strides.with(dim, this.strides[dim] * step);
    return this.as(shape, strides, this.offset + (length ? start * this.strides[dim] : 0));
  }

  unsqueeze(dim) {
    const inner = dim < this.dim ? this.shape[dim] * this.strides[dim] : 1;
    return this.as(this.shape.toSpliced(dim, 0, 1), this.strides.toSpliced(dim, 0, inner));
  }

  /** A view in which dimensions of size 1, and new ones in front, are repeated without a copy. */
  expand(shape) {
    const fresh = shape.length - this.dim;
    check(
      fresh >= 0,
      () =>
        `expand(torch.${NAMES[this.dtype]}Tensor{${listed(this.shape)}}, size=` +
        `${listed(shape)}): the number of sizes provided (${shape.length}) must be greater or ` +
        `equal to the number of dimensions in the tensor (${this.dim})`,
    );
    const strides = new Array(shape.length);
    const sizes = [...shape];
    for (let d = shape.length - 1; d >= 0; d--) {
      const own = d < fresh ? 1 : this.shape[d - fresh];
      check(
        shape[d] !== -1 || d >= fresh,
        () =>
          "The expanded size of the tensor (-1) isn't " + `allowed in a leading, non-existing dimension ${d}`,
      );
      if (shape[d] === -1) sizes[d] = own;
      check(
        own === sizes[d] || own === 1,
        () =>
          `The expanded size of the tensor (${sizes[d]}) ` +
          `must match the existing size (${own}) at non-singleton dimension ${d}.  Target sizes: ` +
          `${listed(shape)}.  Tensor sizes: ${listed(this.shape)}`,
      );
      if (own !== sizes[d]) strides[d] = 0;
      else strides[d] = d < fresh ? sizes[d + 1] * strides[d + 1] || 1 : this.strides[d - fresh];
    }
    return this.as(sizes, strides);
  }

  /** The strides with which another shape is a view of the same numbers; null if none are. */
  stridesFor(shape) {
    if (this.numel === 0 || this.isContiguous) return rowMajor(shape);
    const strides = new Array(shape.length);
    let d = shape.length - 1;
    for (const [size, step] of merged(this.shape, [this.strides]).reverse()) {
      let left = size;
      let next = step[0];
      while (d >= 0 && (left > 1 || shape[d] === 1) && left % shape[d] === 0) {
        strides[d] = next;
        next *= shape[d];
        left /= shape[d--];
      }
      if (left !== 1) return null;
    }
    return d < 0 ? strides : null;
  }

  /** Sizes of which at most one is -1, which stands for the rest. */
  inferred(shape) {
    const holes = shape.filter((size) => size === -1).length;
    const rest = product(shape.filter((size) => size !== -1));
    check(holes < 2, "only one dimension can be inferred");
    const bad = shape.find((size) => size < -1);
    check(bad === undefined, () => `invalid shape dimension ${bad}`);
    check(
      !holes || rest || this.numel,
      () =>
        "cannot reshape tensor of 0 elements into shape " +
        `${listed(shape)} because the unspecified dimension size -1 can be any value and is ` +
        "ambiguous",
    );
    check(
      holes ? rest && this.numel % rest === 0 : this.numel === rest,
      () => `shape '${listed(shape)}' is invalid for input of size ${this.numel}`,
    );
    return shape.map((size) => (size === -1 ? this.numel / rest : size));
  }

  view(sizes) {
    const shape = this.inferred(sizes);
    const strides = this.stridesFor(shape);
    check(
      strides,
      "view size is not compatible with input tensor's size and stride (at least one " +
        "dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
    );
    return this.as(shape, strides);
  }

  reshape(sizes) {
    const shape = this.inferred(sizes);
    const strides = this.stridesFor(shape);
    return strides ? this.as(shape, strides) : this.clone().as(shape, rowMajor(shape));
  }

  contiguous() {
    return this.isContiguous ? this : this.clone();
  }

  clone() {
    return this.to(this.dtype);
  }

  to(dtype) {
    if (this.dtype !== dtype && dtype === "bool") return elementwise(dtype, (x) => x !== 0, this);
    if (this.dtype === "float32" && dtype === "int64") return elementwise(dtype, Math.trunc, this);
    return elementwise(dtype, same, this);
  }

  /** All numbers in the order of the shape; not to be changed. */
  values() {
    const { data, offset, numel } = this.contiguous();
    return data.subarray(offset, offset + numel);
  }

  /** Refuse to be written to if one number stands for several. @returns {Tensor} this */
  writable() {
    check(
      !this.shape.some((size, d) => size > 1 && this.strides[d] === 0),
      "unsupported operation: more than one element of the written-to tensor refers to a single " +
        "memory location. Please clone() the tensor before performing the operation.",
    );
    return this;
  }

  /** `copy` where it is refused if one number stands for several. */
  take(source) {
    const itself =
      source.data === this.data &&
      source.offset === this.offset &&
      listed(source.strides) === listed(this.strides);
    return itself ? this : this.writable().copy(source);
  }

  /** Write the numbers of another tensor, repeated if need be. @returns {Tensor} this */
  copy(source) {
    const from = source.data === this.data ? source.clone() : source; // they may overlap
    const truncates = this.dtype === "int64" && from.dtype === "float32";
    const made = this.dtype === "bool" ? (x) => x !== 0 : truncates ? Math.trunc : same;
    write(this, made, [from.expand(this.shape)]);
    return this;
  }
}

const same = (x) => x;

export function full(shape, value = 0, dtype = "float32") {
  const negative = shape.find((size) => size < 0);
  check(
    negative === undefined,
    () => `Trying to create tensor with negative dimension ${negative}: ${listed(shape)}`,
  );
  const data = new STORES[dtype](product(shape));
  return new Tensor(value ? data.fill(value) : data, shape, dtype);
}

export function tensorOf(numbers, shape = [numbers.length], dtype = "float32") {
  return new Tensor(STORES[dtype].from(numbers), shape, dtype);
}

// Machinery --------------------------------------------------------------------------------------

/** [size, [a stride for each operand]] of dimensions, neighbours that are one run merged. */
function merged(shape, allStrides) {
  const dims = [];
  shape.forEach((size, d) => {
    if (size === 1) return;
    const steps = allStrides.map((strides) => strides[d]);
    const before = dims.at(-1);
    if (before && before[1].every((step, i) => step === steps[i] * size)) {
      before[0] *= size;
      before[1] = steps;
    } else {
      dims.push([size, steps]);
    }
  });
  return dims;
}

/** visit(offsets, n, steps) for each row of n numbers: their offset and their step in each operand. */
function eachRow(operands, visit) {
  const shape = operands[0].shape;
  const offsets = operands.map(({ offset }) => offset);
  if (shape.includes(0)) return;
  const dims = merged(
    shape,
    operands.map(({ strides }) => strides),
  );
  const [n, steps] = dims.pop() ?? [1, operands.map(() => 0)];
  const count = dims.map(() => 0);
  for (let d = 0; d >= 0;) {
    visit(offsets, n, steps);
    for (d = dims.length - 1; d >= 0; d--) {
      const [size, strides] = dims[d];
      const back = ++count[d] === size;
      if (back) count[d] = 0;
      const by = back ? 1 - size : 1;
      for (let i = 0; i < offsets.length; i++) offsets[i] += by * strides[i];
      if (!back) break;
    }
  }
}

/** Write op(a, b, c) of one to three operands of the same shape into a tensor. */
function write(out, op, operands) {
  const [a, b, c] = operands;
  const to = out.data;
  const x = a.data;
  const y = b?.data;
  const z = c?.data;
  eachRow([out, a, b, c].filter(Boolean), ([o, i, j, k], n, [so, si, sj, sk]) => {
    if (z) for (; n--; o += so, i += si, j += sj, k += sk) to[o] = op(x[i], y[j], z[k]);
    else if (y) for (; n--; o += so, i += si, j += sj) to[o] = op(x[i], y[j]);
    else for (; n--; o += so, i += si) to[o] = op(x[i]);
  });
}

/** The shape that shapes broadcast to; the error names the last sizes that do not fit. */
export const broadcast = (...shapes) =>
  shapes.reduce((a, b) => {
    const sizes = new Array(Math.max(a.length, b.length));
    for (let d = sizes.length - 1, i = a.length - 1, j = b.length - 1; d >= 0; d--, i--, j--) {
      const left = a[i] ?? 1;
      const right = b[j] ?? 1;
      check(
        left === right || left === 1 || right === 1,
        () =>
          `The size of tensor a (${left}) must ` +
          `match the size of tensor b (${right}) at non-singleton dimension ${d}`,
        "broadcast_shapes",
      );
      sizes[d] = left === 1 ? right : left;
    }
    return sizes;
  });

/** Integers have no -0. */
const exact = (op, dtype) => (dtype === "int64" ? (...numbers) => op(...numbers) + 0 : op);

/** A new tensor of op(a, b, …), the operands repeated where their sizes are 1. */
export function elementwise(dtype, op, ...operands) {
  const shape = broadcast(...operands.map((x) => x.shape));
  const out = full(shape, 0, dtype);
  write(
    out,
    exact(op, dtype),
    operands.map((x) => x.expand(shape)),
  );
  return out;
}

/** The same written into `out`, whose shape and dtype have to be able to take it. */
export function inPlace(out, dtype, op, ...operands) {
  const shape = broadcast(out.shape, ...operands.map((x) => x.shape));
  check(
    shape.length === out.dim && shape.every((size, d) => size === out.shape[d]),
    () => `output with shape ${listed(out.shape)} doesn't match the broadcast shape ` + listed(shape),
  );
  check(
    fits(dtype, out.dtype),
    () => `result type ${NAMES[dtype]} can't be cast to the desired ` + `output type ${NAMES[out.dtype]}`,
  );
  const copies = operands.map((x) => (x.data === out.data && x !== out ? x.clone() : x));
  write(
    out.writable(),
    exact(op, dtype),
    copies.map((x) => x.expand(shape)),
  );
  return out;
}

/** lane(data, offset, step, n, out, outOffset, outStep) for each row along a dimension; -> `out`. */
export function along(x, dim, out, lane) {
  if (!x.dim) return along(x.unsqueeze(0), 0, out.unsqueeze(0), lane) && out;
  const from = x.last(dim);
  const to = out.last(dim);
  const n = x.shape[dim];
  eachRow([from.select(x.dim - 1, 0), to.select(x.dim - 1, 0)], ([i, o], rows, [si, so]) => {
    for (; rows--; i += si, o += so) {
      lane(x.data, i, from.strides.at(-1), n, out.data, o, to.strides.at(-1));
    }
  });
  return out;
}

/**
 * Make one number of each run along some dimensions.
 * @param {number[]|null} dims null: all of them
 * @param {(data, offset: number, step: number, n: number) => number} lane
 */
export function reduce(x, dims, keepdim, dtype, lane) {
  const gone = new Set(dims?.length ? dims.map((d) => x.at(d)) : x.shape.keys());
  const repeated = dims?.find((d, i) => dims.some((e, j) => j < i && x.at(d) === x.at(e)));
  check(repeated === undefined, () => `dim ${x.at(repeated)} appears multiple times in the list of dims`);
  const kept = [...x.shape.keys()].filter((d) => !gone.has(d));
  const sizes = kept.map((d) => x.shape[d]);
  const there = [...gone].filter((d) => d < x.dim).sort((a, b) => a - b);
  const n = product(there.map((d) => x.shape[d]));
  const rows = x.permute([...kept, ...there]).reshape([...sizes, n]);
  const out = full(sizes, 0, dtype);
  const to = out.data;
  along(rows, kept.length, out.unsqueeze(kept.length), (data, offset, step, count, _, o) => {
    to[o] = lane(data, offset, step, count);
  });
  return keepdim
    ? out.as(
        x.shape.map((size, d) => (gone.has(d) ? 1 : size)),
        rowMajor(x.shape.map((size, d) => (gone.has(d) ? 1 : size))),
      )
    : out;
}

// Products ---------------------------------------------------------------------------------------

const LONG = { float32: "float", int64: "long int", bool: "bool" };

function checkTypes(a, b, batch) {
  check(a === b, () =>
    batch
      ? `expected scalar type ${NAMES[a]} but found ${NAMES[b]}`
      : `expected m1 and m2 to have the same dtype, but got: ${LONG[a]} != ${LONG[b]}`,
  );
  check(
    a !== "bool",
    `"${batch ? "bmm" : "addmm_impl_cpu_"}" not implemented for 'Bool'`,
    "NotImplementedError",
  );
}

const times = (x) => `${x.shape[0]}x${x.shape[1]}`;

/** a @ b by the rules of torch.matmul. */
export function matmul(a, b) {
  check(
    a.dim && b.dim,
    () => "both arguments to matmul need to be at least 1D, but they are " + `${a.dim}D and ${b.dim}D`,
  );
  const left = a.dim === 1 ? a.unsqueeze(0) : a;
  const right = b.dim === 1 ? b.unsqueeze(1) : b;
  const flat = folds(a, b);
  const rows = left.shape.slice(0, -1);
  const batch = flat ? [] : broadcast(rows.slice(0, -1), right.shape.slice(0, -2));
  const one = flat
    ? left.reshape([product(rows), left.shape.at(-1)])
    : left.expand([...batch, ...left.shape.slice(-2)]);
  check(one.shape.at(-1) === right.shape.at(-2), () => innerMismatch(one, right, a, b), "matmul_shapes");
  checkTypes(a.dtype, b.dtype, one.dim > 2);
  const out = products(one, right.expand([...batch, ...right.shape.slice(-2)]));
  const shape = (flat ? rows : out.shape.slice(0, -1)).slice(0, a.dim === 1 ? -1 : undefined);
  if (b.dim > 1) shape.push(right.shape.at(-1));
  return out.as(shape, rowMajor(shape));
}

/** Whether many matrices are one tall matrix: faster, and PyTorch words errors accordingly. */
function folds(a, b) {
  return a.dim < 3 ? b.dim < 3 : b.dim < 3 && isTall(a);
}

const isTall = ({ shape, strides, numel }) =>
  numel === 0 || shape.slice(0, -2).every((_, d) => strides[d] === strides[d + 1] * shape[d + 1]);

/** What PyTorch says if the inner sizes of a product are not the same. */
function innerMismatch(left, right, a, b) {
  const n = left.shape.at(-1);
  const m = right.shape.at(-2);
  if (a.dim === 1 && b.dim === 1) {
    return (
      `inconsistent tensor size, expected tensor [${n}] and src [${m}] to have the same number ` +
      `of elements, but got ${n} and ${m} elements respectively`
    );
  }
  if (left.dim === 2) {
    return b.dim > 1
      ? `mat1 and mat2 shapes cannot be multiplied (${times(left)} and ${times(right)})`
      : `size mismatch, got input (${left.shape[0]}), mat (${times(left)}), vec (${m})`;
  }
  if (a.dim === 1 && isTall(b.transpose(-2, -1))) {
    const rows = product(b.shape) / m;
    return `size mismatch, got input (${rows}), mat (${rows}x${m}), vec (${n})`;
  }
  const batch = product(left.shape.slice(0, -2));
  return `Expected size for first two dimensions of batch2 tensor to be: [${batch}, ${n}] but got: [${
    batch
  }, ${m}].`;
}

/** a (…, I, K) times b (…, K, J), of the same leading sizes. -> (…, I, J) */
function products(a, b) {
  const batch = a.shape.slice(0, -2);
  const [I, K] = a.shape.slice(-2);
  const J = b.shape.at(-1);
  const x = a.values();
  const y = b.transpose(-2, -1).values(); // rows of x meet rows of y
  const out = full([...batch, I, J], 0, a.dtype);
  for (let n = 0, o = 0; n < product(batch); n++) {
    for (let i = 0; i < I; i++) {
      const from = (n * I + i) * K;
      for (let j = 0; j < J; j++) out.data[o++] = dot(x, from, y, (n * J + j) * K, K);
    }
  }
  return out;
}

/** The sum of n products; four at once: speed only. */
function dot(x, i, y, j, n) {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (const end = i + (n & ~3); i < end; i += 4, j += 4) {
    a += x[i] * y[j];
    b += x[i + 1] * y[j + 1];
    c += x[i + 2] * y[j + 2];
    d += x[i + 3] * y[j + 3];
  }
  for (let left = n & 3; left--;) a += x[i++] * y[j++];
  return a + b + c + d;
}
