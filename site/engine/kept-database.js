/**
 * The database of the runs that this browser keeps. Pages that only want to know what there is ask kept.js, which loads
 * this where there is something.
 *
 *   await keep("lab:rhymes", about, files);
 */
import { DATABASE, folderOf } from "./kept.js";

const RUNS = "runs"; // name -> what the list of runs says
const FILES = "files"; // address -> Uint8Array

/**
 * @typedef {{ name: string, parameters: number, step: number, dataset: string, savedAt: number, weights: string,
 *   parent?: { name: string, step: number } | null, isTrainedHere: boolean }} About what the list says of a run; weights:
 *   the hash of its last ones; parent: the model that it goes on from; isTrainedHere: it does not come from a file
 * @returns {Promise<About[]>}
 */
export const list = () => transaction("readonly", (stores) => stores.runs.getAll());

/** @param {string} address of a file of a run @returns {Promise<Uint8Array | undefined>} */
export const read = (address) => transaction("readonly", (stores) => stores.files.get(address));

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
