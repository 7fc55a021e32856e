/**
 * Says why a page has no figures, if its scripts do not come. The only script that is no module: browsers
 * take it from hosts whose modules they refuse.
 */
(() => {
  const isScript = (type) => /^(text|application)\/(x-)?(java|ecma)script\b/i.test(type);
  const isFile = location.protocol === "file:";

  /** The scripts of this page that are modules, each once. */
  function scripts() {
    const links = document.querySelectorAll("script[type=module], link[rel=modulepreload]");
    return [...new Set(Array.from(links, (link) => link.src ?? link.href))];
  }

  /** What is wrong with a script; null if nothing is. */
  async function problemOf(url) {
    const name = new URL(url).pathname.split("/").slice(-2).join("/");
    let answer;
    try {
      answer = await fetch(url, { cache: "no-cache" });
    } catch {
      return `${name} cannot be reached: is the server still running?`;
    }
    if (!answer.ok) {
      return `The server does not send ${name} (${answer.status}): put it there, or allow scripts there.`;
    }
    const type = answer.headers.get("Content-Type") ?? "";
    return isScript(type) ? null : wrongType(name, type);
  }

  function wrongType(name, type) {
    if (/^text\/html\b/.test(type)) {
      return `${name} is missing: the server sent a web page in its place. Put the whole site there.`;
    }
    return (
      `The server sends ${name} as ${type || "a file of no type"}, which browsers do not run. It has to ` +
      "send files that end in .js as text/javascript: change that in its settings, or choose another host."
    );
  }

  async function explain() {
    if (isFile) return; // what the page says by itself is right
    if (self.origin === "null" && !customElements.get("terra-page")) {
      say(
        "This page is shown inside another one, which has closed it off (sandbox), so its scripts do not " +
          `come. Open it by itself: ${location.href}`,
      );
      return;
    }
    const problem = (await Promise.all(scripts().map(problemOf))).find(Boolean);
    if (problem) say(`Some figures are missing. ${problem}`);
  }

  function say(sentence) {
    let notice = document.querySelector(".no-scripts");
    if (!notice) {
      notice = Object.assign(document.createElement("p"), { className: "no-scripts" });
      document.querySelector("terra-page").append(notice);
    }
    notice.setAttribute("role", "alert");
    notice.textContent = sentence;
  }

  addEventListener("error", ({ target }) => target instanceof HTMLScriptElement && explain(), true);
  addEventListener("unhandledrejection", explain); // a figure that app/autoload.js cannot load
})();
