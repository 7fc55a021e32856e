/**
 * Runs that this browser keeps: trained in the lab, or opened from a file that somebody has sent. The page and its
 * workers read them here, and not from a server; a run has an address all the same.
 *
 *   await keep("lab:rhymes", about, files);
 *   await readKept(new URL("manifest.json", folderOf("lab:rhymes")))     // Uint8Array
 */
const DATABASE = "terrarium.runs";
const RUNS = "runs"; // name -> what the list of runs says
const FILES = "files"; // address -> Uint8Array
const SCHEME = "lab:";

/** Whether a run or a file is kept in the browser: by its name or its address. */
export const isKept = (nameOrUrl) => String(nameOrUrl).startsWith(SCHEME);

/** "lab:rhymes" -> "rhymes" */
export const shortName = (name) => name.slice(SCHEME.length);

/** The address of its folder. @param {string} name */
export const folderOf = (name) => new URL(`lab://kept/${encodeURIComponent(name)}/`);

/**
 * @typedef {{ name: string, parameters: number, step: number, dataset: string, savedAt: number, weights: string,
 *   isTrainedHere: boolean }} About what the list says of a run; weights: the hash of its last ones; isTrainedHere: it
 *   does not come from a file
 * @returns {Promise<About[]>} the newest first; none where a browser keeps nothing
 */
export async function listKept() {
  try {
    const found = await transaction("readonly", (stores) => stores.runs.getAll());
    return found.sort((a, b) => b.savedAt - a.savedAt);
  } catch {
    return [];
  }
}

/** Keep a run; one of the same name is replaced. @param {About} about @param {Map<string, Uint8Array>} files by their paths */
export async function keep(about, files) {
  const folder = folderOf(about.name);
  await transaction("readwrite", (stores) => {
    stores.files.delete(allIn(folder));
    for (const [path, bytes] of files) stores.files.put(bytes, new URL(path, folder).href);
    stores.runs.put(about, about.name);
  });
}

/** Keep it no longer. @param {string} name */
export async function forget(name) {
  await transaction("readwrite", (stores) => {
    stores.files.delete(allIn(folderOf(name)));
    stores.runs.delete(name);
  });
}

/** A file of a run; undefined if this browser does not have it. @param {URL | string} url @returns {Promise<Uint8Array | undefined>} */
export async function readKept(url) {
  try {
    return await transaction("readonly", (stores) => stores.files.get(String(url)));
  } catch {
    return undefined;
  }
}

const allIn = (folder) => IDBKeyRange.bound(folder.href, `${folder.href}\uffff`);

/** @returns {Promise<any>} the result of the request that `act` returns, once all is written */
async function transaction(mode, act) {
  const database = await open(mode);
  try {
    return await new Promise((resolve, reject) => {
      const change = database.transaction([RUNS, FILES], mode);
      const request = act({ runs: change.objectStore(RUNS), files: change.objectStore(FILES) });
      change.oncomplete = () => resolve(request?.result);
      change.onabort = () => reject(change.error ?? new Error("It was cut short."));
    });
  } finally {
    database.close(); // so that no tab stands in the way of another
  }
}

/** Nothing is made by looking alone: most people keep no runs. */
function open(mode) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      if (mode === "readonly") {
        request.transaction.abort();
        return;
      }
      request.result.createObjectStore(RUNS);
      request.result.createObjectStore(FILES);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
