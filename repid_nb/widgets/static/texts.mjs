// Whole texts and files, which the kernel sends in pieces.

/**
 * @import { Ask } from "./kernel.mjs"
 * @import { OpenedText, Ui } from "./ui.mjs"
 * @import { TextQuestion } from "./wire.mjs"
 */

/**
 * Open a whole text: the first piece is fetched now, further ones when asked for.
 * @param {{ui: Ui, ask: Ask, update: () => void, showOpened: () => void}} page
 * @param {string} title
 * @param {TextQuestion} question
 * @param {string} [file]  the name of the file to download: then it is fetched to its end
 */
export function openText({ ui, ask, update, showOpened }, title, question, file = "") {
  const more = () =>
    ask({ ...question, from: opened.next }, (piece) => {
      // This text was closed meanwhile, another one was opened, or the same piece was asked for twice.
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
  const opened = { title, question, file, text: "", next: 0, total: 0, whole: false, more };
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
 * Return the beginning of a long text, which is not cut inside a character.
 * @param {string} text
 */
export const beginning = (text) => text.slice(0, 20000).replace(/[\ud800-\udbff]$/, "");
