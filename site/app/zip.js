/**
 * Zip files: several files in one, as every system can unpack them.
 *
 *   const bytes = await zipped(new Map([["manifest.json", content]]));
 *   const files = await unzipped(bytes, { most: 1e8 });         // Map: name -> Uint8Array
 *
 * What is read may be damaged, or come from somebody who means harm: nothing is taken for granted. The library compares
 * the size and the checksum of each file, and refuses names that lead out of the folder.
 */
import {
  ERR_EOCDR_NOT_FOUND,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from "../vendored/zip.js";

const FIRST_DAY = new Date(1980, 0, 1); // of the format: a date that says nothing
const STRICT = { strictness: "strict", checkSignature: true };

/** A file is no zip, or is damaged; the message is a sentence without its subject. */
export class DamagedZip extends Error {}

/** @param {Map<string, Uint8Array>} files by their names @returns {Promise<Uint8Array>} */
export async function zipped(files) {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { lastModDate: FIRST_DAY, extendedTimestamp: false });
  for (const [name, content] of files) await writer.add(name, new Uint8ArrayReader(content));
  return writer.close();
}

/**
 * @param {Uint8Array} bytes @param {{ most: number }} limit bytes of all files together, unpacked
 * @returns {Promise<Map<string, Uint8Array>>} folders are left out
 * @throws {DamagedZip}
 */
export async function unzipped(bytes, { most }) {
  try {
    const entries = await new ZipReader(new Uint8ArrayReader(bytes), STRICT).getEntries();
    return await contentsOf(
      entries.filter((entry) => !entry.directory),
      most,
    );
  } catch (error) {
    if (error instanceof DamagedZip) throw error;
    const isZip = error.message !== ERR_EOCDR_NOT_FOUND;
    throw new DamagedZip(`is ${isZip ? "damaged" : "not a zip file"}, or was not downloaded completely.`);
  }
}

async function contentsOf(entries, most) {
  const files = new Map();
  let left = most;
  for (const entry of entries) {
    if (entry.encrypted) throw new DamagedZip("is protected by a password.");
    if (entry.uncompressedSize > left) throw new DamagedZip("is too large for a page.");
    files.set(entry.filename, await entry.getData(new Uint8ArrayWriter())); // no more than it says
    left -= entry.uncompressedSize;
  }
  return files;
}
