/**
 * Programs in WebAssembly come as scripts, because some hosts refuse files that end in .wasm: packed by
 * gzip, in base64. @param {string} base64 @returns {Promise<ArrayBuffer>} what was packed
 */
export function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}
