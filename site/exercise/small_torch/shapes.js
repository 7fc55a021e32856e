/** Functions that give tensors other shapes, cut them and join them. By their signatures. */
import { read, typeName } from "./signatures.js";
import { Tensor, check, elementwise, full, listed, product, promoted } from "../tensor.js";

const range = (n) => [...new Array(n).keys()];

function permute(x, dims) {
  check(
    dims.length === x.dim,
    () =>
      "permute(sparse_coo): number of dimensions in the tensor input" +
      " does not match the length of the desired ordering of dimensions i.e. input.dim() = " +
      `${x.dim} is not equal to len(dims) = ${dims.length}`,
  );
  const order = dims.map((d) => x.at(d));
  check(new Set(order).size === dims.length, "permute(): duplicate dims are not allowed.");
  return x.permute(order);
}

function flatten(x, start, end) {
  const [from, to] = [x.at(start), x.at(end)];
  check(from <= to, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (!x.dim) return x.reshape([1]);
  return x.reshape([
    ...x.shape.slice(0, from),
    product(x.shape.slice(from, to + 1)),
    ...x.shape.slice(to + 1),
  ]);
}

function unflatten(x, dim, sizes) {
  const d = x.at(dim);
  const known = product(sizes.filter((size) => size !== -1));
  check(
    sizes.includes(-1) ? x.shape[d] % known === 0 : known === x.shape[d],
    () =>
      "unflatten: " +
      `Provided sizes ${listed(sizes)} don't multiply up to the size of dim ${d} (${x.shape[d]}) ` +
      "in the input tensor",
  );
  const all = sizes.map((size) => (size === -1 ? x.shape[d] / known : size));
  return x.view([...x.shape.slice(0, d), ...all, ...x.shape.slice(d + 1)]);
}

function squeeze(x, dims) {
  const gone = dims === null ? range(x.dim) : dims.map((d) => x.at(d));
  const kept = range(x.dim).filter((d) => !(gone.includes(d) && x.shape[d] === 1));
  return x.permute(kept);
}

function repeat(x, times) {
  check(
    times.length >= x.dim,
    "Number of dimensions of repeat dims can not be smaller than number " + "of dimensions of tensor",
  );
  let out = x.expand([...times.slice(x.dim).fill(1), ...x.shape]);
  times.forEach((n, d) => {
    if (n !== 1) out = n ? cat(new Array(n).fill(out), d) : out.narrow(d, 0, 0);
  });
  return out.clone();
}

function cat(tensors, dim, name = "torch.cat()") {
  check(tensors.length, `${name}: expected a non-empty list of Tensors`, "ValueError");
  tensors.forEach((x, i) =>
    check(
      x instanceof Tensor,
      () => "expected Tensor as element " + `${i} in argument 0, but got ${typeName(read(x))}`,
      "TypeError",
    ),
  );
  const [first] = tensors;
  const d = first.at(dim);
  tensors.forEach((x, i) => {
    check(
      x.dim === first.dim,
      "Tensors must have same number of dimensions: got " + `${first.dim} and ${x.dim}`,
    );
    const odd = x.shape.findIndex((size, e) => e !== d && size !== first.shape[e]);
    check(
      odd < 0,
      () =>
        `Sizes of tensors must match except in dimension ${d}. Expected size ` +
        `${first.shape[odd]} but got size ${x.shape[odd]} for tensor number ${i} in the list.`,
    );
  });
  const out = full(
    first.shape.with(
      d,
      tensors.reduce((n, x) => n + x.shape[d], 0),
    ),
    0,
    tensors.map((x) => x.dtype).reduce(promoted),
  );
  tensors.reduce((at, x) => out.narrow(d, at, x.shape[d]).copy(x) && at + x.shape[d], 0);
  return out;
}

/** Rows on top of each other, or numbers side by side. */
function stacked(name, dim) {
  return (tensors) => {
    check(tensors.length, `${name} expects a non-empty TensorList`);
    const rows = tensors.map((x) => (x.dim ? x : x.reshape([1])));
    if (dim && rows[0].dim === 1) return cat(rows, 0);
    const tables = rows.map((x) => (x.dim === 1 ? x.unsqueeze(0) : x));
    return cat(tables, dim);
  };
}

function stack(tensors, dim) {
  check(tensors.length, "stack expects a non-empty TensorList");
  const [first] = tensors;
  const d = first.at(dim, 1);
  const odd = tensors.findIndex((x) => listed(x.shape) !== listed(first.shape));
  check(
    odd < 0,
    () =>
      `stack expects each tensor to be equal size, but got ${listed(first.shape)}` +
      ` at entry 0 and ${listed(tensors[odd].shape)} at entry ${odd}`,
  );
  return cat(
    tensors.map((x) => x.unsqueeze(d)),
    d,
  );
}

/** Pieces of these sizes, one after the other. */
function pieces(x, d, sizes) {
  let at = 0;
  return sizes.map((size) => x.narrow(d, (at += size) - size, size));
}

const evenly = (n, size) =>
  n === 0 ? [0] : range(Math.ceil(n / size)).map((i) => Math.min(size, n - i * size));

const needsDim = (name, x) => check(x.dim, `${name} expects at least a 1-dimensional tensor`);

function split(x, size, dim) {
  needsDim("split", x);
  check(
    Array.isArray(size) || size >= 0,
    `split expects split_size be non-negative, but got split_size=${size}`,
  );
  const d = x.at(dim);
  const n = x.shape[d];
  if (Array.isArray(size)) {
    check(
      size.every((one) => one >= 0),
      () =>
        "split_with_sizes expects split_sizes have only " +
        `non-negative entries, but got split_sizes=${listed(size)}`,
    );
    check(
      size.reduce((a, b) => a + b, 0) === n,
      () =>
        "split_with_sizes expects split_sizes to sum" +
        ` exactly to ${n} (input tensor's size at dimension ${dim}), but got split_sizes=` +
        listed(size),
    );
    return pieces(x, d, size);
  }
  check(
    size > 0 || !n,
    () => "split_size can only be 0 if dimension size is 0, but got dimension " + `size of ${n}`,
  );
  return pieces(x, d, evenly(n, size));
}

function chunk(x, chunks, dim) {
  needsDim("chunk", x);
  check(chunks > 0, `chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
  const d = x.at(dim);
  const n = x.shape[d];
  return pieces(x, d, evenly(n, Math.ceil(n / chunks)));
}

function unbind(x, dim) {
  const d = x.at(dim);
  check(x.dim, "Dimension specified as 0 but tensor has no dimensions", "IndexError");
  return range(x.shape[d]).map((i) => x.select(d, i));
}

// A tensor's own properties ----------------------------------------------------------------------

function matrices(x) {
  check(
    x.dim !== 1,
    () => "tensor.mT is only supported on matrices or batches of matrices. Got " + `${x.dim}-D tensor.`,
  );
  return x.dim ? x.transpose(-2, -1) : x;
}

function turned(x) {
  check(x.dim < 3, () => `t() expects a tensor with <= 2 dimensions, but self is ${x.dim}D`);
  return x.dim === 2 ? x.transpose(0, 1) : x;
}

function outer(a, b) {
  [
    ["self", a],
    ["vec2", b],
  ].forEach(([name, x]) => check(x.dim === 1, `outer: Expected 1-D argument ${name}, but got ${x.dim}-D`));
  return elementwise(promoted(a.dtype, b.dtype), (x, y) => x * y, a.unsqueeze(1), b);
}

const flip = (x, dims) =>
  dims
    .map((d) => x.at(d))
    .reduce(
      (y, d) =>
        cat(
          unbind(y, d)
            .reverse()
            .map((part) => part.unsqueeze(d)),
          d,
        ),
      x,
    )
    .clone();

function diagonal(x, shift, a, b) {
  const [i, j] = [x.at(a), x.at(b)];
  const rest = range(x.dim).filter((d) => d !== i && d !== j);
  const n = Math.max(0, Math.min(x.shape[i] + Math.min(0, shift), x.shape[j] - Math.max(0, shift)));
  return x.as(
    [...rest.map((d) => x.shape[d]), n],
    [...rest.map((d) => x.strides[d]), x.strides[i] + x.strides[j]],
    x.offset + (n ? (shift > 0 ? shift * x.strides[j] : -shift * x.strides[i]) : 0),
  );
}

/** Of a matrix its diagonal; of a row of numbers the matrix that has it as its diagonal. */
function diag(x, shift) {
  if (x.dim === 2) return diagonal(x, shift, 0, 1).clone();
  check(x.dim === 1, `diag(): Supports 1D or 2D tensors. Got ${x.dim}D`);
  const n = x.shape[0] + Math.abs(shift);
  const out = full([n, n], 0, x.dtype);
  diagonal(out, shift, 0, 1).copy(x);
  return out;
}

function movedim(x, from, to) {
  const [source, target] = [x.at(from), x.at(to)];
  const dims = range(x.dim).filter((d) => d !== source);
  if (x.dim) dims.splice(target, 0, source);
  return x.permute(dims);
}

function narrow(x, dim, start, length) {
  check(x.dim, "narrow() cannot be applied to a 0-dim tensor.");
  const d = x.at(dim);
  const size = x.shape[d];
  const from = start < 0 ? start + size : start;
  check(from + length <= size, `start (${from}) + length (${length}) exceeds dimension size (${size}).`);
  return x.narrow(d, from, length);
}

function select(x, dim, index) {
  check(x.dim, "select() cannot be applied to a 0-dim tensor.", "IndexError");
  const d = x.at(dim);
  const size = x.shape[d];
  check(
    -size <= index && index < size,
    () =>
      `select(): index ${index} out of range for tensor of ` + `size ${listed(x.shape)} at dimension ${d}`,
    "IndexError",
  );
  return x.select(d, index < 0 ? index + size : index);
}

export const shapes = {
  "transpose(Tensor input, int dim0, int dim1)": (x, a, b) => x.transpose(a, b),
  "swapaxes(Tensor input, int dim0, int dim1)": (x, a, b) => x.transpose(a, b),
  "swapdims(Tensor input, int dim0, int dim1)": (x, a, b) => x.transpose(a, b),
  "movedim(Tensor input, int source, int destination)": movedim,
  "moveaxis(Tensor input, int source, int destination)": movedim,
  "t(Tensor input)": turned,
  "method T(Tensor input)": (x) => x.permute(range(x.dim).reverse()),
  "method mT(Tensor input)": matrices,
  "adjoint(Tensor input)": matrices,
  "permute(Tensor input, ints dims)": permute,
  "method view(Tensor input, ints size)": (x, sizes) => x.view(sizes),
  "method view_as(Tensor input, Tensor other)": (x, { shape }) => x.view(shape),
  "reshape(Tensor input, ints shape)": (x, sizes) => x.reshape(sizes),
  "method reshape_as(Tensor input, Tensor other)": (x, { shape }) => x.reshape(shape),
  "flatten(Tensor input, int start_dim = 0, int end_dim = -1)": flatten,
  "unflatten(Tensor input, int dim, ints sizes)": unflatten,
  "ravel(Tensor input)": (x) => x.contiguous().reshape([-1]),
  "squeeze(Tensor input, dims dim = None)": squeeze,
  "unsqueeze(Tensor input, int dim)": (x, dim) => x.unsqueeze(x.at(dim, 1)),
  "method expand(Tensor input, ints size)": (x, sizes) => x.expand(sizes),
  "method expand_as(Tensor input, Tensor other)": (x, { shape }) => x.expand(shape),
  "broadcast_to(Tensor input, ints size)": (x, sizes) => x.expand(sizes),
  "method repeat(Tensor input, ints repeats)": repeat,
  "method contiguous(Tensor input)": (x) => x.contiguous(),
  "tile(Tensor input, ints dims)": (x, times) =>
    repeat(x, [...new Array(Math.max(0, x.dim - times.length)).fill(1), ...times]),
  "narrow(Tensor input, int dim, int start, int length)": narrow,
  "select(Tensor input, int dim, int index)": select,
  "diagonal(Tensor input, int offset = 0, int dim1 = 0, int dim2 = 1)": diagonal,
  "diag(Tensor input, int diagonal = 0)": diag,
  "flip(Tensor input, ints dims)": flip,
  "outer(Tensor input, Tensor vec2)": outer,
  "cat(Tensors tensors, int dim = 0)": (tensors, dim) => cat(tensors, dim, "torch.cat()"),
  "concat(Tensors tensors, int dim = 0)": (tensors, dim) => cat(tensors, dim, "torch.cat()"),
  "stack(Tensors tensors, int dim = 0)": stack,
  "vstack(Tensors tensors)": stacked("vstack", 0),
  "hstack(Tensors tensors)": stacked("hstack", 1),
  "split(Tensor input, any split_size_or_sections, int dim = 0)": split,
  "chunk(Tensor input, int chunks, int dim = 0)": chunk,
  "unbind(Tensor input, int dim = 0)": unbind,
};
