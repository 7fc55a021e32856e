/**
 * What the lab keeps in this browser, so that a reload or a crash costs seconds and not the training: one model with
 * its text. It is replaced in one transaction, so there is never half a model, however a tab ends. The text is
 * written only when it is another one: it may be large, and a model is kept every few seconds.
 *
 *   const storage = new LabStorage();
 *   await storage.write({ id: "1-2-3-4", text, tokens }, { step: 420, weights, … });
 *   await storage.read()      // { source, model }, or null
 *
 * @typedef {{ id: string, text: object, tokens: object }} Source what a model learns from; another one has another id
 * @typedef {{ name: string, step: number, savedAt: number, settings: any, [other: string]: any }} Model with all that belongs to it
 */
const NAME = "terrarium.lab";
const STORE = "model";
const VERSION = 1; // one more when what is kept has another form: then what was kept before is forgotten

/** A browser keeps nothing here: it is full, or forbidden. */
export class StorageFailure extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("This browser could not keep the model.", { cause });
    /** Whether there was no room for it. */
    this.isFull = /** @type {{ name?: string } | null} */ (cause)?.name === "QuotaExceededError";
  }
}

export class LabStorage {
  /** @param {() => IDBFactory} [factory] asked for at each use: where it is forbidden, a browser throws */
  constructor(factory = () => indexedDB) {
    this.factory = factory;
    this.database = null; // a promise of it
  }

  /** What was kept last; null if nothing was. @returns {Promise<{ source: Source, model: Model } | null>} */
  async read() {
    return this.transaction("readonly", (records, done) => {
      records.get("source").onsuccess = ({ target }) => {
        const source = target.result;
        records.get("model").onsuccess = (event) => {
          const model = event.target.result;
          done(source && model?.source === source.id ? { source, model } : null);
        };
      };
    });
  }

  /** Keep a model in the place of the one before. @param {Source} source @param {Model} model */
  async write(source, model) {
    return this.transaction("readwrite", (records, done, fail) => {
      records.get("id").onsuccess = ({ target }) => {
        try {
          if (target.result !== source.id) {
            records.put(source.id, "id");
            records.put(source, "source");
          }
          records.put({ ...model, source: source.id }, "model");
        } catch (error) {
          fail(error); // all stays as it was
        }
      };
    });
  }

  /** Keep nothing any more. */
  async clear() {
    return this.transaction("readwrite", (records) => records.clear());
  }

  /** The database, opened once. */
  opened() {
    this.database ??= this.open().catch((error) => {
      this.database = null; // the next time, it may work
      throw error;
    });
    return this.database;
  }

  open() {
    return new Promise((resolve, reject) => {
      const request = this.factory().open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const { result } = request;
        for (const old of result.objectStoreNames) result.deleteObjectStore(old);
        result.createObjectStore(STORE);
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("Another tab has it open."));
    });
  }

  /**
   * @param {IDBTransactionMode} mode @param {(records: any, done: (found: any) => void,
   *   fail: (error: unknown) => void) => void} act
   * @returns {Promise<any>} what `done` was called with, once all of it is written
   */
  async transaction(mode, act) {
    try {
      const database = await this.opened();
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        let found;
        let failure;
        transaction.oncomplete = () => resolve(found);
        transaction.onabort = () => reject(failure ?? transaction.error ?? new Error("It was cut short."));
        const done = (result) => {
          found = result;
        };
        const fail = (error) => {
          failure = error;
          transaction.abort();
        };
        act(transaction.objectStore(STORE), done, fail);
      });
    } catch (error) {
      throw new StorageFailure(error);
    }
  }
}
