/**
 * What a file seems to be that is no plain text in UTF-8, and what to do about it: as terrarium/sniff.py.
 *
 *   otherFormat(bytes)      // ["a picture", "Type its text, or let a program recognise it."], or null
 */
const SAVE = "Open it in the program that made it, and save it as plain text with the encoding UTF-8.";
const UNPACK = "Unpack it, and choose a text file that was in it.";
const RECOGNISE = "Type its text, or let a program recognise it.";
const EXPORT = "Export its text, in UTF-8.";
const ENCODE = "Open it in an editor, and save it with the encoding UTF-8.";
const BEGINNING = 4096; // bytes
const READABLE = 0.98; // of the characters of a text

/** How files of other formats begin, what they are, what to do. */
const SIGNATURES = [
  ["\xff\xfe\0\0", "text in UTF-32", ENCODE],
  ["\0\0\xfe\xff", "text in UTF-32", ENCODE],
  ["{\\rtf", "a document in Rich Text Format", SAVE],
  ["%PDF-", "a PDF document", SAVE],
  ["%!PS", "a PostScript document", SAVE],
  ["\xd0\xcf\x11\xe0", "a document of an older Microsoft Office, such as .doc", SAVE],
  ["PK\x03\x04", "a zip archive", UNPACK],
  ["\x1f\x8b", "an archive packed by gzip", UNPACK],
  ["BZh", "an archive packed by bzip2", UNPACK],
  ["\xfd7zXZ", "an archive packed by xz", UNPACK],
  ["7z\xbc\xaf", "a 7z archive", UNPACK],
  ["Rar!", "a RAR archive", UNPACK],
  ["\x28\xb5\x2f\xfd", "an archive packed by zstd", UNPACK],
  ["\x89PNG", "a picture", RECOGNISE],
  ["\xff\xd8\xff", "a picture", RECOGNISE],
  ["GIF8", "a picture", RECOGNISE],
  ["SQLite format 3\0", "a database", EXPORT],
  ["PAR1", "a Parquet table", EXPORT],
];

/** What a file seems to be that begins with these bytes, and what to do. @returns {[string, string] | null} */
export function otherFormat(bytes) {
  const found = SIGNATURES.find(([signature]) => startsWith(bytes, signature));
  return found ? [found[1], found[2]] : null;
}

/** Whether bytes begin with these characters, each of which stands for one. */
export function startsWith(bytes, signature) {
  return Array.from(signature).every((character, i) => bytes[i] === character.charCodeAt(0));
}

/** "utf-16le" or "utf-16be" if the bytes are such text, with its mark or without; otherwise null. */
export function utf16(bytes) {
  if (startsWith(bytes, "\xff\xfe")) return "utf-16le";
  if (startsWith(bytes, "\xfe\xff")) return "utf-16be";
  const beginning = bytes.subarray(0, Math.min(BEGINNING, bytes.length & ~1));
  if (!beginning.includes(0)) return null;
  return ["utf-16le", "utf-16be"].find((encoding) => isReadable(beginning, encoding)) ?? null;
}

/** Whether bytes are readable text in an encoding, with a space or a line end in it. */
function isReadable(bytes, encoding) {
  const text = new TextDecoder(encoding).decode(bytes).replace(/\ufffd$/, ""); // cut off in a character
  const odd = text.match(/[\p{C}\ufffd]/gu)?.filter((character) => !/\s/.test(character)).length ?? 0;
  return odd <= (1 - READABLE) * text.length && /[ \n\u3000-\u3002]/.test(text);
}
