/** How PyTorch prints a tensor: four decimals, columns of one width, and "..." in large ones. */
import { listed } from "../tensor.js";

const EDGE = 3;
const LARGE = 1000;
const WIDTH = 80;
const DECIMALS = 4;

/** tensor([[1., 2.], …]) @param {import("../tensor.js").Tensor} x @returns {string} */
export function textOf(x, name = "tensor") {
  const suffix = x.numel || x.dim === 1 ? "" : `, size=(${x.shape.join(", ")})`;
  const type = !x.numel && x.dtype !== "float32" ? `, dtype=torch.${x.dtype}` : "";
  const body = x.numel ? bodyOf(x, name.length + 1) : "[]";
  return `${name}(${body}${suffix}${type})`;
}

function bodyOf(x, indent) {
  const short = x.numel > LARGE;
  const format = formatOf(x.dtype, (short ? edges(x) : x).values());
  return nested(x, indent, short, format);
}

/** Only the numbers that are shown decide how. */
function edges(x) {
  let ends = x.clone();
  x.shape.forEach((size, d) => {
    if (size <= 2 * EDGE) return;
    const keep = [...new Array(EDGE).keys()].flatMap((i) => [i, size - EDGE + i]);
    const out = ends.narrow(d, 0, 2 * EDGE).clone();
    keep.sort((a, b) => a - b).forEach((from, to) => out.select(d, to).copy(ends.select(d, from)));
    ends = out;
  });
  return ends;
}

/** What makes a text of a number, all of them equally wide. */
function formatOf(dtype, values) {
  const shown =
    dtype === "float32" ? floats(values) : dtype === "bool" ? (value) => (value ? "True" : "False") : String;
  const sized = dtype === "float32" ? values.filter((x) => Number.isFinite(x) && x) : values;
  let width = 1;
  for (const value of sized) width = Math.max(width, shown(value).length);
  return (value) => shown(value).padStart(width);
}

function floats(values) {
  const sizes = Array.from(values)
    .filter((x) => Number.isFinite(x) && x)
    .map(Math.abs);
  const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const most = Math.max(0, ...sizes);
  const whole = sizes.every(Number.isInteger);
  const wide = most / least > 1000 || most > 1e8 || (!whole && least < 1e-4);
  const plain = (x) => (wide ? scientific(x) : whole ? `${fixed(x, 0)}.` : fixed(x, DECIMALS));
  return (x) => (Number.isFinite(x) ? plain(x) : word(x));
}

const word = (x) => (Number.isNaN(x) ? "nan" : x > 0 ? "inf" : "-inf");
const sign = (x) => (Object.is(x, -0) || x < 0 ? "-" : "");
const fixed = (x, decimals) =>
  sign(x) + toEven(Math.abs(x).toFixed(decimals), Math.abs(x).toFixed(decimals + 20));

/** Of a number in the middle between two texts the even one; JavaScript takes the upper one. */
function toEven(short, long) {
  const kept = long.slice(0, short.length);
  return /^50*$/.test(long.slice(short.length)) && /[02468]$/.test(kept) ? kept : short;
}

function scientific(x) {
  const [short, power] = Math.abs(x).toExponential(DECIMALS).split("e");
  const digits = toEven(
    short,
    Math.abs(x)
      .toExponential(DECIMALS + 20)
      .split("e")[0],
  );
  return `${sign(x)}${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

function nested(x, indent, short, format) {
  if (!x.dim) return format(x.data[x.offset]);
  const n = x.shape[0];
  const cut = short && n > 2 * EDGE;
  const shown = [...new Array(n).keys()].filter((i) => !cut || i < EDGE || i >= n - EDGE);
  if (x.dim === 1)
    return row(
      shown.map((i) => format(x.select(0, i).values()[0])),
      indent,
      cut,
    );
  const parts = shown.map((i) => nested(x.select(0, i), indent + 1, short, format));
  if (cut) parts.splice(EDGE, 0, "...");
  return `[${parts.join(`,${"\n".repeat(x.dim - 1)}${" ".repeat(indent + 1)}`)}]`;
}

function row(cells, indent, cut) {
  const fit = Math.max(1, Math.floor((WIDTH - indent) / (cells[0].length + 2)));
  const lines = [];
  if (cut) cells.splice(EDGE, 0, " ...");
  while (cells.length) lines.push(cells.splice(0, fit).join(", "));
  return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
}

/** The numbers as a literal of Python, in nested lists; nan and inf are names. */
export function literal(x) {
  if (x.dim) return listed(Array.from({ length: x.shape[0] }, (_, i) => literal(x.select(0, i))));
  return python(x.data[x.offset], x.dtype);
}

export function python(value, dtype) {
  if (dtype === "bool") return value ? "True" : "False";
  if (!Number.isFinite(value)) return word(value);
  return dtype === "float32" && Number.isInteger(value) && Math.abs(value) < 1e21
    ? `${sign(value)}${Math.abs(value)}.0`
    : String(value);
}
