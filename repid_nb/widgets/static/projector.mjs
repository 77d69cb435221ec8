// The stage alone, as large as the screen. Where a page may not fill the screen, the stage fills the page.

/** @import { Model } from "./wire.mjs" */

/**
 * @param {HTMLElement} root
 * @param {Model} model
 * @param {() => void} update
 */
export function createProjector(root, model, update) {
  const page = root.ownerDocument;

  /** @param {boolean} large */
  function set(large) {
    model.set("projector", large);
    model.save_changes();
    if (large) root.requestFullscreen?.().then(focus, focus);
    else if (page.fullscreenElement === root) page.exitFullscreen();
    update();
  }

  // The keys of a clicker go to what has the focus.
  const focus = () => root.focus();

  /** The screen is left by its own key too. */
  function onChange() {
    if (page.fullscreenElement !== root && root.classList.contains("wb-filling")) {
      model.set("projector", false);
      model.save_changes();
      focus();
    }
    root.classList.toggle("wb-filling", page.fullscreenElement === root);
    update();
  }

  page.addEventListener("fullscreenchange", onChange);
  return { set, close: () => page.removeEventListener("fullscreenchange", onChange) };
}
