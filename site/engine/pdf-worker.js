/** Reads a PDF document, in a worker of its own, which is started for it. See serve.js for the messages. */
import { getDocument } from "../vendored/pdf.js";
import { textOfPages } from "./pdf-text.js";
import { serve } from "./serve.js";

const PROBLEMS = { PasswordException: "protected", InvalidPDFException: "damaged", FormatError: "damaged" };

/** All that is not needed for the text stays away: fonts, pictures, the network. */
const TEXT_ONLY = {
  verbosity: 0,
  disableFontFace: true,
  useSystemFonts: false,
  useWasm: false,
  useWorkerFetch: false,
  isOffscreenCanvasSupported: false,
  isImageDecoderSupported: false,
  stopAtErrors: false,
};

serve({
  /** { text, pages }, or { problem }: "protected", "damaged" or "pictures" (there is no text, and how many pages). */
  async read({ bytes }, { onProgress, isCancelled }) {
    const loading = getDocument({ data: bytes, ...TEXT_ONLY });
    try {
      const document = await loading.promise;
      const pages = [];
      for (let number = 1; number <= document.numPages && !isCancelled(); number++) {
        pages.push(await itemsOf(document, number));
        onProgress({ done: number, of: document.numPages });
      }
      const text = textOfPages(pages);
      return text.trim() ? { text, pages: pages.length } : { problem: "pictures", pages: pages.length };
    } catch (error) {
      return { problem: PROBLEMS[error?.name] ?? "damaged" };
    } finally {
      await loading.destroy();
    }
  },
});

/** What stands on a page; nothing, if just this page cannot be read. */
async function itemsOf(document, number) {
  try {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    page.cleanup();
    return items;
  } catch {
    return [];
  }
}
