/** Reads a table (.csv or .tsv), in a worker of its own, which is started for it. See serve.js for the messages. */
import papaparse from "../vendored/papaparse.js";
import { serve } from "./serve.js";
import { END } from "./tokenizer.js";

const EXAMPLES = 3; // cells of each column
const LOOKED_AT = 200; // rows in which it is found out whether the first one names the columns
const LONGEST_NAME = 60;

serve({
  /**
   * { columns }, each { name, examples, documents, characters, text }: the text has a document of each cell that is
   * not empty. `isCut`: the table goes on, so its last row may be half a row.
   */
  async read({ text, delimiter, isCut }) {
    const { data } = papaparse.parse(text, { delimiter, skipEmptyLines: "greedy" });
    const rows = isCut && data.length > 1 ? data.slice(0, -1) : data;
    if (!rows.length) return { columns: [] };
    const names = namesOf(rows);
    const cells = names ? rows.slice(1) : rows;
    const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
    const columns = Array.from({ length: width }, (_, i) => columnOf(cells, i, names?.[i]));
    return { columns: columns.filter(({ documents }) => documents > 0) };
  },
});

function columnOf(rows, i, name) {
  const cells = rows.map((row) => (row[i] ?? "").replaceAll(END, "").trim()).filter(Boolean);
  return {
    name: name?.trim() || `Column ${i + 1}`,
    examples: cells.slice(0, EXAMPLES),
    documents: cells.length,
    characters: cells.reduce((sum, cell) => sum + cell.length, 0),
    text: cells.join(`\n${END}\n`),
  };
}

/** The first row, if it seems to name the columns: it has different, short texts that do not come again. */
function namesOf([first, ...rest]) {
  const names = first.map((name) => name.trim());
  const isName = (name, i) =>
    name !== "" &&
    name.length <= LONGEST_NAME &&
    !/^[\d.,:/-]+$|[.!?]$/.test(name) &&
    !rest.slice(0, LOOKED_AT).some((row) => row[i]?.trim() === name);
  const isHeader = rest.length > 0 && new Set(names).size === names.length && names.every(isName);
  return isHeader ? names : null;
}
