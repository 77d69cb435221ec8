// Whole texts and files, which come from the kernel a piece at a time.

/**
 * @import { Ask } from "./kernel.mjs"
 * @import { OpenedText, Ui } from "./ui.mjs"
 * @import { TextQuestion } from "./wire.mjs"
 */

/**
 * Open a whole text: its first piece comes now, the rest of it when asked for.
 * @param {{ui: Ui, ask: Ask, update: () => void, showOpened: () => void}} page
 * @param {string} title
 * @param {TextQuestion} question
 * @param {string} [file]  the name to download it by: then it is fetched to its end
 */
export function openText({ ui, ask, update, showOpened }, title, question, file = "") {
  const more = () =>
    ask({ ...question, from: opened.next }, (piece) => {
      // This one was closed meanwhile, another one opened, or the same piece asked for twice.
      if (piece.type !== "text" || ui.opened !== opened || piece.from !== opened.next) return;
      opened.text += piece.text;
      opened.next = piece.next;
      opened.total = piece.total;
      opened.whole = piece.next >= piece.total;
      if (file && !opened.whole) more();
      update();
      if (!piece.from) showOpened();
    });
  /** @type {OpenedText} */
  const opened = { title, file, text: "", next: 0, total: 0, whole: false, more };
  ui.opened = opened;
  more();
}

/**
 * Let the browser save a text as a file.
 * @param {string} text
 * @param {string} file
 */
export function download(text, file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/**
 * Return the beginning of a long text, not cut within a character.
 * @param {string} text
 */
export const beginning = (text) => text.slice(0, 20000).replace(/[\ud800-\udbff]$/, "");
