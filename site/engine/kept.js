/**
 * Runs that this browser keeps: trained in the lab, or opened from a file that somebody has sent. The page and its
 * workers read them here, and not from a server; a run has an address all the same. Most people keep none: what reads
 * and writes the database (kept-database.js) is loaded where it is needed.
 *
 *   await listKept()                                                     // [{ name: "lab:rhymes", … }]
 *   await readKept(new URL("manifest.json", folderOf("lab:rhymes")))     // Uint8Array
 */
export const DATABASE = "terrarium.runs";
const SCHEME = "lab:";

/** Whether a run or a file is kept in the browser: by its name or its address. */
export const isKept = (nameOrUrl) => String(nameOrUrl).startsWith(SCHEME);

/** How names of models of a page begin among the runs of a site. */
export const FROM_PAGE = "lab-";

/** "lab:rhymes" -> "rhymes" */
export const shortName = (name) => name.slice(SCHEME.length);

/** The address of its folder. @param {string} name */
export const folderOf = (name) => new URL(`lab://kept/${encodeURIComponent(name)}/`);

/** @returns {Promise<import("./kept-database.js").About[]>} the newest first; none where a browser keeps nothing */
export async function listKept() {
  try {
    if (!(await mayHaveSome())) return [];
    const { list } = await import("./kept-database.js");
    return (await list()).sort((a, b) => b.savedAt - a.savedAt);
  } catch {
    return [];
  }
}

/** Not every browser says which databases it has: then one has to look into ours. */
async function mayHaveSome() {
  if (globalThis.origin === "null") return false; // a frame that is closed off has no storage
  const databases = await indexedDB.databases?.();
  return databases?.some(({ name }) => name === DATABASE) ?? true;
}

/** A file of a run; undefined if this browser does not have it. @param {URL | string} url @returns {Promise<Uint8Array | undefined>} */
export async function readKept(url) {
  try {
    const { read } = await import("./kept-database.js");
    return await read(String(url));
  } catch {
    return undefined;
  }
}
