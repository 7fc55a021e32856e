/**
 * Zip files: several files in one, as every system can unpack them.
 *
 *   const bytes = await zipped(new Map([["manifest.json", content]]));
 *   const files = await unzipped(bytes, { most: 1e8 });         // Map: name -> Uint8Array
 *
 * What is read may be damaged, or come from somebody who means harm: nothing is taken for granted.
 */
const LOCAL = 0x04034b50; // how each file begins,
const CENTRAL = 0x02014b50; // each line of the list of files, which is at the end,
const END = 0x06054b50; // and what says where that list is
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const LONGEST_COMMENT = 0xffff;
const UTF8 = 1 << 11; // a flag: the name is in UTF-8
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;
const VERSION = 20; // of the format, for deflated files
const FIRST_OF_JANUARY = 0x21; // 1980: a date that says nothing

/** A file is no zip, or is damaged; the message is a sentence without its subject. */
export class DamagedZip extends Error {}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** The checksum (CRC-32) of some bytes. @param {Uint8Array} bytes */
export function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** @param {Map<string, Uint8Array>} files by their names @returns {Promise<Uint8Array>} */
export async function zipped(files) {
  const parts = [];
  const list = [];
  let offset = 0;
  for (const [name, content] of files) {
    const described = await describe(name, content, offset);
    const head = localHead(described);
    parts.push(head, described.packed);
    list.push(centralLine(described));
    offset += head.length + described.packed.length;
  }
  const size = list.reduce((sum, line) => sum + line.length, 0);
  return joined([...parts, ...list, ending(list.length, size, offset)]);
}

async function describe(name, content, offset) {
  const deflated = await through(new CompressionStream("deflate-raw"), content, Infinity);
  const isSmaller = deflated.length < content.length;
  return {
    name: new TextEncoder().encode(name),
    packed: isSmaller ? deflated : content,
    method: isSmaller ? DEFLATED : STORED,
    size: content.length,
    checksum: checksum(content),
    offset,
  };
}

/** What the head of a file and its line in the list have in common: from the version on. */
function common({ name, packed, method, size, checksum: sum }) {
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, VERSION, true);
  view.setUint16(2, UTF8, true);
  view.setUint16(4, method, true);
  view.setUint16(8, FIRST_OF_JANUARY, true);
  view.setUint32(10, sum, true);
  view.setUint32(14, packed.length, true);
  view.setUint32(18, size, true);
  view.setUint16(22, name.length, true);
  return bytes;
}

function localHead(file) {
  const bytes = new Uint8Array(LOCAL_SIZE + file.name.length);
  new DataView(bytes.buffer).setUint32(0, LOCAL, true);
  bytes.set(common(file), 4);
  bytes.set(file.name, LOCAL_SIZE);
  return bytes;
}

function centralLine(file) {
  const bytes = new Uint8Array(CENTRAL_SIZE + file.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, VERSION, true);
  bytes.set(common(file), 6);
  view.setUint32(42, file.offset, true);
  bytes.set(file.name, CENTRAL_SIZE);
  return bytes;
}

function ending(n, size, offset) {
  const bytes = new Uint8Array(END_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END, true);
  view.setUint16(8, n, true);
  view.setUint16(10, n, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

/**
 * @param {Uint8Array} bytes @param {{ most: number }} limit bytes of all files together, unpacked
 * @returns {Promise<Map<string, Uint8Array>>}
 * @throws {DamagedZip}
 */
export async function unzipped(bytes, { most }) {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const files = new Map();
    let left = most;
    for (const line of readList(view, bytes)) {
      const content = await readFile(view, bytes, line, left);
      left -= content.length;
      files.set(line.name, content);
    }
    return files;
  } catch (error) {
    if (error instanceof DamagedZip) throw error;
    throw new DamagedZip("is damaged, or was not downloaded completely.");
  }
}

/** The files, as the list at the end describes them; folders are left out. */
function* readList(view, bytes) {
  const end = findEnd(view);
  const n = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < n; i++) {
    if (view.getUint32(at, true) !== CENTRAL) throw new RangeError("There is no line of the list.");
    const nameSize = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + CENTRAL_SIZE, at + CENTRAL_SIZE + nameSize));
    const line = {
      name,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    if (!name.endsWith("/")) yield line;
    at += CENTRAL_SIZE + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
}

/** Where the end begins: before a comment, which hardly any file has. */
function findEnd(view) {
  const first = Math.max(0, view.byteLength - END_SIZE - LONGEST_COMMENT);
  for (let at = view.byteLength - END_SIZE; at >= first; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new DamagedZip("is not a zip file, or was not downloaded completely.");
}

async function readFile(view, bytes, line, most) {
  const { flags, method, packedSize, size, offset } = line;
  if (flags & ENCRYPTED) throw new DamagedZip("is protected by a password.");
  if (size > most) throw new DamagedZip("is too large for a page.");
  if (view.getUint32(offset, true) !== LOCAL) throw new RangeError("There is no such file.");
  const start = offset + LOCAL_SIZE + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const packed = bytes.subarray(start, start + packedSize);
  const isStored = method === STORED;
  if (!isStored && method !== DEFLATED) throw new RangeError("It is packed in a way that is not known.");
  const content = isStored
    ? packed.slice()
    : await through(new DecompressionStream("deflate-raw"), packed, size);
  if (content.length !== size || checksum(content) !== line.checksum) throw new RangeError("It is damaged.");
  return content;
}

/** What comes out of a stream, which is ended as soon as that is more than was promised. */
async function through(stream, bytes, most) {
  const parts = [];
  let size = 0;
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(parts);
    parts.push(value);
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError("It is larger than it says.");
    }
  }
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
