/**
 * Files that somebody chooses or drops, as text to learn from. Nothing leaves the machine: they are read in the page.
 *
 *   const found = await readFile(file, { signal });
 *   found.text, found.note                 // of a text, a Word document or a PDF
 *   found.columns[0].text                  // of a table: each cell of the column is a document
 *
 * What a file is, its bytes say, whatever its name ends in. What cannot be read is a FileError with a sentence.
 */
import { count, counted } from "./format.js";
import { MOST } from "./lab-text.js";
import { otherFormat, startsWith, utf16 } from "./sniff.js";
import { WorkerClient } from "./worker-client.js";

const WORKERS = {
  docx: new URL("../engine/docx-worker.js", import.meta.url),
  pdf: new URL("../engine/pdf-worker.js", import.meta.url),
  table: new URL("../engine/table-worker.js", import.meta.url),
};
const READ = 4 * MOST; // bytes of a text: enough for the characters that are used, whatever they are
const LARGEST = 200 * 2 ** 20; // bytes of a document that is read as a whole
const TABLES = /\.(csv|tsv|tab)$/i;
const AROUND = 2000; // bytes before and after the first that is no UTF-8
const MOST_CONTROLS = 0.01; // of the bytes of a text in an older encoding

/** What `accept` of a file chooser may be. */
export const ACCEPTED = ".txt,.md,.csv,.tsv,.docx,.pdf,text/plain";

/** A file cannot be read; the message is a sentence for people, `kind` one word. */
export class FileError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/**
 * @typedef {{name: string, examples: string[], documents: number, characters: number, text: string}} Column
 * @typedef {{name: string, note: string, text?: string, columns?: Column[]}} ReadFile
 */

/**
 * Read a file. @param {File} file
 * @param {{signal?: AbortSignal, onProgress?: (progress: {done: number, of: number}) => void}} [options] pages of a PDF
 * @returns {Promise<ReadFile>} the text, or the columns to choose from; a note that is empty or a sentence
 * @throws {FileError}
 */
export async function readFile(file, { signal, onProgress } = {}) {
  const beginning = await bytesOf(file.slice(0, 4096), file);
  signal?.throwIfAborted();
  if (!beginning.length) throw new FileError("empty", `${file.name} is empty.`);
  if (startsWith(beginning, "%PDF-")) return readPdf(file, { signal, onProgress });
  if (startsWith(beginning, "PK\x03\x04")) return readDocx(file, { signal });
  refuseOtherFormat(file, beginning);
  const { text, notes } = decoded(await bytesOf(file.slice(0, READ), file), file);
  signal?.throwIfAborted();
  const isCut = file.size > READ;
  if (isCut) notes.push(`Only the first ${count(READ / 1e6)} MB of ${file.name} were read.`);
  const note = notes.join(" ");
  if (TABLES.test(file.name))
    return { name: file.name, note, columns: await readTable(file, text, isCut, signal) };
  return { name: file.name, note, text };
}

async function bytesOf(part, file) {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    throw new FileError(
      "unreadable",
      `${file.name} could not be read. If it is a folder, choose the files in it; if not, copy it to your own disk and ` +
        "try again.",
    );
  }
}

function refuseOtherFormat(file, beginning) {
  const found = otherFormat(beginning);
  if (!found) return;
  if (startsWith(beginning, "\xd0\xcf\x11\xe0") && /\.docx$/i.test(file.name)) {
    throw new FileError(
      "protected",
      `${file.name} seems to be protected by a password, or to be an older Word document. Open it in the program that ` +
        "made it, and save it as plain text.",
    );
  }
  const [what, remedy] = found;
  throw new FileError("format", `${file.name} seems to be ${what}. ${remedy}`);
}

// Documents ------------------------------------------------------------------------------------------------------

const DOCX_PROBLEMS = {
  damaged: "is damaged: it is not a complete Word document. Save or download it again.",
  other:
    "is a zip archive, but not a Word document. Unpack it and choose a file that was in it; a document of another " +
    "program (.odt, .epub, .pages) can be saved as plain text there.",
  blank: "holds no text, only pictures or nothing. Choose another one.",
};

const PDF_PROBLEMS = {
  protected: () =>
    "is protected by a password. Open it with the password, and save or print it as a PDF without one.",
  damaged: () => "is damaged: it is not a complete PDF document. Save or download it again.",
  pictures: (pages) =>
    `holds ${pages === 1 ? "one page" : `${count(pages)} pages`} without any text: they are probably pictures of pages. ` +
    "Let a program recognise the text (OCR), and save it as text.",
};

async function readDocx(file, { signal }) {
  const found = await readInWorker(WORKERS.docx, { bytes: await all(file) }, { signal });
  if (found.problem) throw new FileError(found.problem, `${file.name} ${DOCX_PROBLEMS[found.problem]}`);
  return {
    name: file.name,
    note: "Only its words were taken, not its pictures and layout.",
    text: found.text,
  };
}

async function readPdf(file, { signal, onProgress }) {
  const found = await readInWorker(WORKERS.pdf, { bytes: await all(file) }, { signal, onProgress });
  if (found.problem) {
    throw new FileError(found.problem, `${file.name} ${PDF_PROBLEMS[found.problem](found.pages)}`);
  }
  const note =
    `The text of ${counted(found.pages, "page")} was put together from where its letters stand. ` +
    "Look through it: columns, tables and footnotes may be mixed up.";
  return { name: file.name, note, text: found.text };
}

async function readTable(file, text, isCut, signal) {
  const delimiter = /\.csv$/i.test(file.name) ? "" : "\t"; // of a .csv, it is found out
  const params = { text: text.replace(/^\ufeff/, ""), delimiter, isCut };
  const { columns } = await readInWorker(WORKERS.table, params, { signal });
  if (!columns.length) throw new FileError("empty", `${file.name} has no cells with text in them.`);
  return columns;
}

async function all(file) {
  if (file.size > LARGEST) {
    throw new FileError(
      "large",
      `${file.name} is too large to be read here: ${count(Math.round(file.size / 1e6))} MB. Save its text alone, or a part of it.`,
    );
  }
  return bytesOf(file, file);
}

/** A worker for one file: what it took goes with it. Its script is loaded only now. */
async function readInWorker(url, params, options) {
  const client = new WorkerClient(url);
  try {
    return await client.call("read", params, options);
  } finally {
    client.end(new Error("The file was read."));
    URL.revokeObjectURL(client.blob);
  }
}

// Encodings ------------------------------------------------------------------------------------------------------

/** The text of bytes, and what has to be said about how it was read; it may end in half a character. */
function decoded(bytes, file) {
  const encoding = utf16(bytes);
  if (encoding) return { text: new TextDecoder(encoding).decode(bytes), notes: [] };
  const written = withoutFilling(bytes);
  const zero = written.indexOf(0);
  if (zero >= 0) throw binary(file);
  const broken = firstBroken(written);
  if (broken < 0) return { text: utf8(written), notes: [] };
  return older(written, broken, file);
}

const utf8 = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });

/** Without the zeros (or the Ctrl-Z of DOS) that fill the end of some files. */
function withoutFilling(bytes) {
  let stop = bytes.length;
  while (stop && (bytes[stop - 1] === 0 || bytes[stop - 1] === 0x1a)) stop--;
  return bytes.subarray(0, stop);
}

/** Where bytes are no UTF-8 for the first time; -1 if they are. */
function firstBroken(bytes) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return -1;
  } catch {
    // A part that can be decoded is as long as what is written of it, mark included.
    const text = utf8(bytes);
    const before = text.slice(0, text.indexOf("\ufffd"));
    return new TextEncoder().encode(before).length;
  }
}

/** Text in Windows-1252, or UTF-8 that is damaged; other encodings cannot be told apart. As in sniff.py. */
function older(bytes, broken, file) {
  const before = bytes.subarray(0, broken);
  if (before.some((byte) => byte > 127)) {
    const line = before.filter((byte) => byte === 10).length + 1;
    return {
      text: utf8(bytes),
      notes: [`${file.name} is damaged from line ${count(line)} on: what could not be read became �.`],
    };
  }
  const around = bytes.subarray(Math.max(0, broken - AROUND), broken + AROUND);
  const controls = bytes.filter((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127);
  if (controls.length > MOST_CONTROLS * bytes.length) throw binary(file);
  if (around.filter((byte) => byte > 127).length >= around.length / 4) {
    throw new FileError(
      "encoding",
      `${file.name} is not in UTF-8, but in an older encoding of its language, such as Windows-1251, Shift_JIS or GBK. ` +
        "Open it in an editor, and save it with the encoding UTF-8.",
    );
  }
  return {
    text: new TextDecoder("windows-1252").decode(bytes),
    notes: [
      `${file.name} is not in UTF-8, so it was read as Windows-1252 (Latin-1): check letters with accents.`,
    ],
  };
}

function binary(file) {
  return new FileError(
    "binary",
    `${file.name} is not a text: programs, pictures, music and the like cannot be read here. If it is a document, open it ` +
      "in the program that made it, and save it as plain text.",
  );
}
