// The page of an exported lesson: the workbench, played from what was recorded, with the notes of its author.

import { Player } from "./player.mjs";
import { render } from "./workbench.mjs";

/** @import { Lesson } from "./recorded.mjs" */

/**
 * Return the moment that an address names, as `#step=7` does; null where it names none.
 * @param {string} hash
 */
export function momentOf(hash) {
  const found = /^#step=(\d{1,9})$/.exec(hash);
  return found ? Number(found[1]) : null;
}

/**
 * Play the lesson of a page.
 * @param {Document} page
 * @param {Window} window
 */
function play(page, window) {
  const data = page.getElementById("lesson-data");
  const stage = page.getElementById("lesson-stage");
  const note = page.getElementById("lesson-note");
  if (!data || !stage || !note) return;
  /** @type {Lesson & {notes: Record<string, string>}} */
  const lesson = JSON.parse(data.textContent ?? "");

  /** @param {number} at */
  function show(at) {
    if (note) {
      note.textContent = lesson.notes[at] ?? "";
      note.hidden = !note.textContent;
    }
  }

  const player = new Player(lesson, (at) => {
    show(at);
    // An address that can be copied, without an entry in the browser's history for each step. A frame has none.
    if (window.location.protocol !== "about:") window.history.replaceState(null, "", `#step=${at}`);
  });
  const seek = () => {
    const wanted = momentOf(window.location.hash);
    if (wanted !== null) player.seek(wanted);
  };
  seek();
  show(player.at);
  render({ model: player, el: stage });
  window.addEventListener("hashchange", seek);
  // What is shown without a script is still printed.
  page.getElementById("lesson-still")?.classList.add("plays");
  // In a frame it would take the focus from the page around it.
  if (window.parent === window)
    /** @type {HTMLElement | null} */ (stage.firstElementChild)?.focus({ preventScroll: true });
}

if (typeof document !== "undefined") play(document, window);
