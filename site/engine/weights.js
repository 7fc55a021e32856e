/**
 * A file of weights -> numbers. export_for_web.py writes it: raw little-endian numbers, one tensor
 * after another, described by the manifest.
 *
 *   const tensors = unpack(await (await fetch(file)).arrayBuffer(), manifest.weights);
 *   tensors.get("blocks.0.query.weight")    // { shape: [128, 128], values, scales }
 *
 * @typedef {object} Tensor
 * @property {number[]} shape (rows, columns) or (n)
 * @property {Float32Array | Int8Array} values row by row
 * @property {Float32Array} [scales] of 8-bit values: the factor of each row
 */

/** A file of weights that does not match the manifest. */
export class DamagedWeights extends Error {}

/**
 * @param {ArrayBuffer} buffer the file
 * @param {{bytes: number, tensors: {name: string, shape: number[], type: string, offset: number,
 *   scales?: number}[]}} layout offsets count bytes from the beginning of the file
 * @returns {Map<string, Tensor>}
 * @throws {DamagedWeights}
 */
export function unpack(buffer, layout) {
  if (buffer.byteLength !== layout.bytes) {
    throw new DamagedWeights(
      `A file of weights has ${buffer.byteLength} bytes instead of ` +
        `${layout.bytes}: it is cut short, or from another export.`,
    );
  }
  return new Map(
    layout.tensors.map(({ name, shape, type, offset, scales }) => {
      const n = shape.reduce((a, b) => a * b);
      const read = Object.hasOwn(readers, type) && readers[type];
      if (!read) throw new DamagedWeights(`Weights of type ${type} are unknown to this page.`);
      try {
        const tensor = { shape, values: read(buffer, offset, n) };
        if (scales !== undefined) tensor.scales = readers.float32(buffer, scales, shape[0]);
        return [name, tensor];
      } catch {
        throw new DamagedWeights(`${name} lies outside of the file of weights: the manifest is damaged.`);
      }
    }),
  );
}

/** Browsers compute hashes on https and on localhost only; elsewhere the size has to do. */
export async function hasHash(bytes, expected) {
  if (!globalThis.crypto?.subtle) return true;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === expected;
}

const readers = {
  float32: (buffer, offset, n) => new Float32Array(buffer, offset, n),
  float16: (buffer, offset, n) => Float32Array.from(new Uint16Array(buffer, offset, n), half),
  int8: (buffer, offset, n) => new Int8Array(buffer, offset, n),
};

/** A number of 16 bits: sign, 5 bits of exponent, 10 of fraction. @returns {number} */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** One row of a tensor, dequantized, such as a token's embedding. @param {Tensor} tensor */
export function rowOf({ shape, values, scales }, row) {
  const width = shape[1];
  const numbers = new Float32Array(width);
  const scale = scales ? scales[row] : 1;
  for (let i = 0; i < width; i++) numbers[i] = values[row * width + i] * scale;
  return numbers;
}
