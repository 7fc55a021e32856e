/** What is wrong with the answer of a server that was asked for a file. */

const MISSING = [404, 410];
const isHere = (url) => /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);

/** Some hosts answer with a web page of their own, as if nothing were wrong. */
export const isPage = ({ headers }) => /^text\/html\b/i.test(headers.get("Content-Type") ?? "");

/** Whether a file is not there, as far as one can tell. */
export const isMissing = (response) => MISSING.includes(response.status) || (response.ok && isPage(response));

/**
 * @param {Response} response @param {string} name what it is called at the start of a sentence
 * @returns {?string} a sentence, or several; null if it is the file
 */
export function problemOf(response, name) {
  if (response.ok && !isPage(response)) return null;
  const { url } = response;
  return `${name} ${causeOf(response)}${url && !isHere(url) ? remedyFor(url) : ""}`;
}

function causeOf(response) {
  const { ok, status } = response;
  if (ok) return "is missing: the server sent a web page in its place.";
  if (isMissing(response)) return `is missing (${status}).`;
  if (status === 413) return "is too large for this server (413).";
  if (status < 500) return `is there, but the server refuses to send it (${status}).`;
  return `cannot be sent by the server (${status}).`;
}

/** On a machine of one's own, the command below is all that helps. */
function remedyFor(url) {
  const ending = new URL(url).pathname.match(/\.\w+$/)?.[0] ?? "this ending";
  return (
    ` If it was put online with the other files, this host does not serve such a file: allow ${ending} ` +
    "in its settings, or choose another host."
  );
}
