// What is typed and chosen on the page is kept by the kernel, and is there again when the cell runs again.

import { emptyForm } from "./form_rules.mjs";

/**
 * @import { Ui } from "./ui.mjs"
 * @import { Kept, Model } from "./wire.mjs"
 */

/** Milliseconds after the last change: not every letter is sent. */
const PAUSE = 500;

/**
 * Take up what was kept.
 * @param {Ui} ui
 * @param {Kept} kept
 */
export function takeUp(ui, { form, pace, most }) {
  if (form) ui.form = { ...emptyForm(), ...form };
  if (pace !== undefined) ui.pace = pace;
  if (most !== undefined) ui.most = most;
}

/**
 * @param {Model} model
 * @param {Ui} ui
 */
export function createKeeper(model, ui) {
  const now = () => ({ form: ui.form, pace: ui.pace, most: ui.most });
  let kept = JSON.stringify(now());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;

  function keep() {
    model.set("kept", JSON.parse(kept));
    model.save_changes();
  }

  /** Notice what is on the page now. */
  function follow() {
    const text = JSON.stringify(now());
    if (text === kept) return;
    kept = text;
    clearTimeout(waiting);
    waiting = setTimeout(keep, PAUSE);
  }

  return { follow, close: () => clearTimeout(waiting) };
}
