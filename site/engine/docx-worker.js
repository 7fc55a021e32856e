/** Reads a Word document, in a worker of its own, which is started for it. See serve.js for the messages. */
import { extractRawText } from "../vendored/mammoth.js";
import { serve } from "./serve.js";

serve({
  /** { text }, or { problem }: "damaged", "other" (a zip archive that is no Word document) or "blank". */
  async read({ bytes }) {
    let text;
    try {
      ({ value: text } = await extractRawText({ arrayBuffer: bytes.buffer }));
    } catch (error) {
      // Of a zip archive, mammoth looks for the part that is the document; jszip complains about anything else.
      const isOther = /main document|Could not find/i.test(String(error?.message));
      return { problem: isOther ? "other" : "damaged" };
    }
    text = text.replace(/\n{3,}/g, "\n\n").trim();
    return text ? { text } : { problem: "blank" };
  },
});
