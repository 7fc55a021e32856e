/**
 * The commands that a page shows. People paste them into shells, and the names in them come from a
 * link or from a run that somebody sent: they are quoted, or left out.
 */

const EXPORT = "python export_for_web.py";

/**
 * The command that exports a run again, from the folder that it is in.
 * @param {string} name the name of an export, from a manifest or an address
 * @param {string} [folder] the folder of the run, as its manifest names it
 */
export function exportCommand(name, folder) {
  const word = quoted(folder) ?? (/^[\w-]+$/.test(name) ? `runs/${name}` : null);
  return word === null ? EXPORT : `${EXPORT} ${word}`;
}

/**
 * A word as sh, PowerShell and cmd all read it; null where that is impossible. In double quotes all
 * three take everything literally, except " $ ` ! %, and \ at the end. PowerShell takes “ ” „ for ".
 * A word that starts with - would be a flag.
 */
export function quoted(word) {
  if (typeof word !== "string" || word.length > 500 || /^(-|$)|["“”„$`!%\p{C}\p{Zl}\p{Zp}]|\\$/u.test(word)) {
    return null;
  }
  return /^[\p{L}\p{M}\p{N}_./+:-]+$/u.test(word) ? word : `"${word}"`;
}

/**
 * The command that trains with a head as a run was trained; null where its names cannot be quoted.
 * @param {import("./manifest.js").Settings} settings
 */
export function trainCommand({ preset, dataset, parent, freeze, lora }) {
  const text = quoted(dataset);
  if (text === null || !/^[\w-]+$/.test(preset)) return null;
  if (parent) {
    const from = quoted(parent);
    const flags = { preset: preset === "fine-tune" ? 0 : preset, freeze, lora };
    const given = Object.entries(flags).filter(([, value]) => value);
    const more = given.map(([name, value]) => ` --${name} ${value}`).join("");
    return from && `python train.py --head my_head.py --from ${from} --dataset ${text}${more}`;
  }
  const hasOwnText =
    preset === dataset || preset.startsWith(`${dataset}-`) || (preset === "smoke" && dataset === "stories");
  return `python train.py --head my_head.py --preset ${preset}${hasOwnText ? "" : ` --dataset ${text}`}`;
}

/** A name that somebody else chose, shortened, and with its control characters made visible. */
export const printable = (name) =>
  String(name)
    .replace(/(.{80}).+/su, "$1…")
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0).toString(16)}}`);
