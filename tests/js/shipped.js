/** What the run that is shipped with the site consists of, for tests that need a real export. */
import { readFileSync } from "node:fs";

export const EXPORTED = new URL("../../site/exported/", import.meta.url);

/** The bytes of an exported file, such as "stories/log.json". */
export const bytesOf = (path) => readFileSync(new URL(path, EXPORTED));

/** The content of an exported JSON file, new at every call: a test may change it. */
export const contentOf = (path) => JSON.parse(bytesOf(path));
