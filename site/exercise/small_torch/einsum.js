/**
 * einsum("bhid,bhjd->bhij", q, k): multiply numbers whose letters agree, and sum over the letters
 * that the result does not name.
 */
import { check, full, matmul, product, reduce } from "../tensor.js";

const DOTS = "ABCDEFGHIJKLMNOP".split("").map((letter) => `.${letter}`); // what "..." stands for

/** @param {string} equation @param {import("../tensor.js").Tensor[]} operands */
export function einsum(equation, operands) {
  const { inputs, output } = parsed(equation, operands);
  const sizes = sizesOf(inputs, operands);
  const tensors = operands.map((x, i) => labelled(x, inputs[i], sizes));
  let [left] = tensors;
  for (let i = 1; i < operands.length; i++) {
    const later = new Set([...output, ...inputs.slice(i + 1).flat()]);
    left = pair(left, tensors[i], later);
  }
  left = summed(left, new Set(output));
  return left.x.permute(output.map((letter) => left.letters.indexOf(letter)));
}

/** The letters of each operand and of the result; "..." becomes one letter for each dimension. */
function parsed(equation, operands) {
  const text = equation.replaceAll(" ", "");
  const arrow = text.indexOf("->");
  const [given, wanted] = arrow < 0 ? [text] : [text.slice(0, arrow), text.slice(arrow + 2)];
  checkLetters(equation, given, wanted);
  const parts = given.split(",");
  check(
    operands.length <= parts.length,
    "einsum(): more operands were provided than specified in the equation",
  );
  check(
    operands.length >= parts.length,
    "einsum(): fewer operands were provided than specified in the equation",
  );
  const inputs = parts.map((part, i) => lettersOf(part, operands[i], i));
  const dots = DOTS.filter((dot) => inputs.some((letters) => letters.includes(dot))).reverse();
  const output =
    wanted === undefined
      ? [...dots, ...single(inputs)]
      : split(wanted).flatMap((letter) => (letter === "..." ? dots : [letter]));
  output.forEach((letter, i) => {
    check(
      output.indexOf(letter) === i,
      `einsum(): output subscript ${letter} appears more than once in the output`,
    );
    check(
      inputs.some((letters) => letters.includes(letter)),
      `einsum(): output subscript ${letter}` + " does not appear in the equation for any input operand",
    );
  });
  return { inputs, output };
}

function checkLetters(equation, given, wanted = "") {
  const start = equation.length - equation.trimStart().length;
  const odd = [...equation.replace("->", "  ").replaceAll("...", "   ")].findIndex(
    (letter, i) => i >= start && !/[a-zA-Z, ]/.test(letter),
  );
  check(
    odd < 0 || wanted === undefined,
    `einsum(): invalid subscript given at index ${odd} in the ` +
      "equation string, subscripts must be in [a-zA-Z]",
  );
}

const split = (part) => part.match(/\.\.\.|[a-zA-Z]/g) ?? [];

function lettersOf(part, { dim }, operand) {
  const letters = split(part);
  const n = letters.filter((letter) => letter !== "...").length;
  const open = letters.includes("...");
  const counted = `einsum(): the number of subscripts in the ` + `equation (${n})`;
  check(
    open || n === dim,
    `${counted} does not match the number of dimensions (${dim}) for ` +
      `operand ${operand} and no ellipsis was given`,
  );
  check(n <= dim, `${counted} is more than the number of dimensions (${dim}) for operand ` + `${operand}`);
  return letters.flatMap((letter) => (letter === "..." ? DOTS.slice(0, dim - n).reverse() : [letter]));
}

/** What a result names that is not spelt out: the letters that are there once, in order. */
function single(inputs) {
  const all = inputs.flat().filter((letter) => letter.length === 1);
  return all.filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter)).sort();
}

function sizesOf(inputs, operands) {
  const sizes = {};
  inputs.forEach((letters, i) =>
    letters.forEach((letter, d) => {
      const size = operands[i].shape[d];
      const first = operands[i].shape[letters.indexOf(letter)];
      const seen = sizes[letter] ?? 1;
      const again = letters.indexOf(letter) < d;
      check(
        !again || size === first,
        `einsum(): subscript ${letter} is repeated for operand ${i} ` +
          `but the sizes don't match, ${size} != ${first}`,
      );
      check(
        size === seen || size === 1 || seen === 1,
        `einsum(): subscript ${letter} has size ` +
          `${size} for operand ${i} which does not broadcast with previously seen size ${seen}`,
      );
      sizes[letter] = seen === 1 ? size : seen;
    }),
  );
  return sizes;
}

/** A tensor whose dimensions bear letters; of a letter that is there twice, the diagonal. */
function labelled(x, given, sizes) {
  const letters = [...new Set(given)];
  const strides = letters.map(() => 0);
  given.forEach((letter, d) => {
    if (x.shape[d] > 1) strides[letters.indexOf(letter)] += x.strides[d];
  });
  return {
    x: x.as(
      letters.map((letter) => sizes[letter]),
      strides,
    ),
    letters,
  };
}

function summed({ x, letters }, kept) {
  const gone = letters.flatMap((letter, d) => (kept.has(letter) ? [] : [d]));
  if (!gone.length) return { x, letters };
  const sum = (data, offset, step, n) => {
    let total = 0;
    for (; n--; offset += step) total += data[offset];
    return total;
  };
  return { x: reduce(x, gone, false, x.dtype, sum), letters: letters.filter((l) => kept.has(l)) };
}

/** Two tensors as one product of matrices; letters that nobody needs later are summed away. */
function pair(a, b, later) {
  a = summed(a, new Set([...later, ...b.letters]));
  b = summed(b, new Set([...later, ...a.letters]));
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const both = shared.filter((letter) => later.has(letter));
  const inner = shared.filter((letter) => !later.has(letter));
  const left = a.letters.filter((letter) => !shared.includes(letter));
  const right = b.letters.filter((letter) => !shared.includes(letter));
  const size = (letters) => letters.map((letter) => sizeOf(letter, a, b));
  const grouped = ({ x, letters }, ...groups) =>
    x
      .permute(groups.flat().map((letter) => letters.indexOf(letter)))
      .reshape(groups.map((group) => product(size(group))));
  const x = matmul(grouped(a, both, left, inner), grouped(b, both, inner, right));
  const named = [...both, ...left, ...right];
  return { x: x.as(size(named), full(size(named)).strides), letters: named };
}

function sizeOf(letter, ...tensors) {
  const { x, letters } = tensors.find((one) => one.letters.includes(letter));
  return x.shape[letters.indexOf(letter)];
}
