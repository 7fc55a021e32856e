/**
 * The arithmetic of the model: the same seven functions in WebAssembly (kernel.c says what each
 * does) and, for browsers without its vector instructions, in JavaScript. Both work on one block of
 * memory, and take and return offsets into it, in bytes.
 *
 *   const createKernel = await compile(bytesOfTheWasmFile);
 *   const kernel = createKernel(1_000_000);      // with this many bytes of memory
 *   const x = kernel.reserve(128);               // the offset of 128 floats, all of them 0
 *   kernel.floats(x, 128).set(numbers);
 *   kernel.linear(y, x, w, rows, nIn, nOut);     // y (rows, nOut) = x (rows, nIn) wᵀ
 *
 * @typedef {JavaScriptKernel} Kernel
 */

const PAGE = 65536; // WebAssembly's unit of memory, in bytes

/** What both kernels have in common: memory of a fixed size, allocated from front to back. */
export class KernelMemory {
  constructor(buffer, start) {
    this.buffer = buffer;
    this.start = start;
    this.free = start;
  }

  /** As it was when it was new. */
  clear() {
    new Uint8Array(this.buffer, this.start).fill(0);
    this.free = this.start;
    return this;
  }

  /** Nobody uses it any more. */
  release() {}

  /** The offset of `n` new floats, in groups of four. @throws {RangeError} if the memory is full */
  reserve(n) {
    return this.reserveBytes(4 * n);
  }

  /** The offset of `n` new bytes. @throws {RangeError} if the memory is full */
  reserveBytes(n) {
    const offset = this.free;
    this.free += 16 * Math.ceil(n / 16);
    if (this.free > this.buffer.byteLength) throw new RangeError("The kernel's memory is full.");
    return offset;
  }

  /** A view of `n` floats at an offset. @returns {Float32Array} */
  floats(offset, n) {
    return new Float32Array(this.buffer, offset, n);
  }

  /** A view of `n` 8-bit integers at an offset. @returns {Int8Array} */
  bytes(offset, n) {
    return new Int8Array(this.buffer, offset, n);
  }
}

/**
 * Prepare the kernel in WebAssembly.
 * @param {BufferSource} file the content of kernel.wasm
 * @returns {Promise<(bytes: number) => Kernel>} creates a kernel with that much memory
 * @throws {WebAssembly.CompileError} where vector instructions are unknown: use `javascriptKernel`
 */
export async function compile(file) {
  const module = await WebAssembly.compile(file);
  let idle = null; // a kernel that was released: browsers give such memory back late
  return (bytes) => {
    // Sized once: memory that grows later detaches every view of it.
    const pages = Math.ceil(bytes / PAGE) + 2;
    if (idle?.buffer.byteLength === pages * PAGE) {
      const again = idle.clear();
      idle = null;
      return again;
    }
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    /** @type {any} */
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const { plus: add, look: attentionWeights, mix: weightedSum } = exports;
    const kernel = Object.assign(new KernelMemory(memory.buffer, exports.heap()), exports, {
      name: "wasm",
      add,
      attentionWeights,
      weightedSum,
      release() {
        idle = kernel;
      },
    });
    return kernel;
  };
}

/** A kernel in JavaScript. @param {number} bytes of memory @returns {Kernel} */
export function javascriptKernel(bytes) {
  return new JavaScriptKernel(bytes);
}

class JavaScriptKernel extends KernelMemory {
  name = "javascript";

  constructor(bytes) {
    super(new ArrayBuffer(16 * Math.ceil(bytes / 16)), 0);
  }

  linear(y, x, w, rows, nIn, nOut) {
    const weights = this.floats(w, nOut * nIn);
    for (let r = 0; r < rows; r++) {
      const input = this.floats(x + 4 * r * nIn, nIn);
      const out = this.floats(y + 4 * r * nOut, nOut);
      for (let o = 0; o < nOut; o++) out[o] = dot(input, weights, o * nIn);
    }
  }

  linear8(y, x, w, scales, rows, nIn, nOut, _scratch) {
    const weights = this.bytes(w, nOut * nIn);
    const scale = this.floats(scales, nOut);
    for (let r = 0; r < rows; r++) {
      const input = this.floats(x + 4 * r * nIn, nIn);
      const out = this.floats(y + 4 * r * nOut, nOut);
      for (let o = 0; o < nOut; o++) out[o] = dot(input, weights, o * nIn) * scale[o];
    }
  }

  norm(y, x, weight, bias, rows, n) {
    const scales = this.floats(weight, n);
    const shifts = this.floats(bias, n);
    for (let r = 0; r < rows; r++) {
      const input = this.floats(x + 4 * r * n, n);
      const out = this.floats(y + 4 * r * n, n);
      const mean = input.reduce((a, b) => a + b, 0) / n;
      const variance = input.reduce((sum, one) => sum + (one - mean) ** 2, 0) / n;
      const scale = 1 / Math.sqrt(variance + 1e-5);
      for (let i = 0; i < n; i++) out[i] = (input[i] - mean) * scale * scales[i] + shifts[i];
    }
  }

  gelu(x, n) {
    const numbers = this.floats(x, n);
    for (let i = 0; i < n; i++) numbers[i] *= normalBelow(numbers[i]);
  }

  add(total, a, b, n) {
    const out = this.floats(total, n);
    const left = this.floats(a, n);
    const right = this.floats(b, n);
    for (let i = 0; i < n; i++) out[i] = left[i] + right[i];
  }

  attentionWeights(weights, q, keys, n, size, stride) {
    const out = this.floats(weights, n);
    const query = this.floats(q, size);
    const key = this.floats(keys, (n - 1) * stride + size);
    for (let j = 0; j < n; j++) {
      let score = 0;
      for (let i = 0; i < size; i++) score += query[i] * key[j * stride + i];
      out[j] = score / Math.sqrt(size);
    }
    out.set(softmax(out));
  }

  weightedSum(mixed, weights, values, n, size, stride) {
    const out = this.floats(mixed, size).fill(0);
    const weight = this.floats(weights, n);
    const value = this.floats(values, (n - 1) * stride + size);
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < size; i++) out[i] += weight[j] * value[j * stride + i];
    }
  }
}

/** x (n) times the n weights from `start` on; four sums at once, for speed. */
function dot(x, weights, start) {
  const fours = x.length & ~3;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < fours; i += 4) {
    a += x[i] * weights[start + i];
    b += x[i + 1] * weights[start + i + 1];
    c += x[i + 2] * weights[start + i + 2];
    d += x[i + 3] * weights[start + i + 3];
  }
  for (let i = fours; i < x.length; i++) a += x[i] * weights[start + i];
  return a + b + c + d;
}

/**
 * How much of a normal distribution lies below x: (1 + erf(x/√2)) / 2; erf to 1.5e-7 by formula 7.1.26 of
 * Abramowitz and Stegun.
 */
export function normalBelow(x) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = series * Math.exp(-z * z); // 1 - erf(z)
  return (x < 0 ? tail : 2 - tail) / 2;
}

/** Numbers -> probabilities that sum to 1: e to the power of each, divided by their sum. */
export function softmax(logits) {
  let highest = -Infinity;
  let total = 0;
  for (const logit of logits) highest = Math.max(highest, logit);
  const exps = Float32Array.from(logits, (logit) => Math.exp(logit - highest));
  for (const exp of exps) total += exp;
  return exps.map((exp) => exp / total);
}
