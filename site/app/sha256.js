/**
 * The SHA-256 of some bytes, also where a browser computes none: it does so on https and on localhost only, and a class
 * may have its site from another machine.
 *
 *   await sha256(bytes)     // "e3b0c44298fc1c14…"
 */

/** @param {Uint8Array} bytes @returns {Promise<string>} in hexadecimal digits */
export async function sha256(bytes) {
  const hash = await (globalThis.crypto?.subtle ? byBrowser(bytes) : byLibrary(bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function byBrowser(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function byLibrary(bytes) {
  const library = await import("../vendored/sha256.js");
  return library.sha256(bytes);
}
