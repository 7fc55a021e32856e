/** Tables as CSV (RFC 4180), in a form that spreadsheets open as they are. */

const MARK = "\ufeff"; // by which spreadsheets know that the letters are UTF-8
const FORMULA = /^[=+\-@\t\r]/; // a text that begins so would be run by a spreadsheet
const SPECIAL = /[",\r\n]|^\s|\s$/;

/** @param {any[][]} rows numbers, texts, and null for what is not known @returns {string} */
export const csv = (rows) => MARK + rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");

function cell(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : String(value);
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
