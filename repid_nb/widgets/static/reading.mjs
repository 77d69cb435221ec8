// A run with a pace waits for what moves and for reading: the page says when a step has been seen to its end.

/**
 * @import { Page } from "./actions.mjs"
 */

/** @param {Page} page */
export function createReader({ ui, state, ask }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let reading;
  /** @type {{step: number, pace: string} | null} */
  let read = null;

  /** Notice what is on the page now. @param {boolean} isTelling  whether a step is still being told */
  function follow(isTelling) {
    const { status, history } = state();
    if (status.busy !== "run" || isTelling) {
      stop();
      return;
    }
    if (read?.step === history.newest && read.pace === ui.pace) return;
    stop();
    read = { step: history.newest, pace: ui.pace };
    reading = setTimeout(() => ask({ type: "seen", step: history.newest }), Number(ui.pace) * 1000);
  }

  function stop() {
    clearTimeout(reading);
    read = null;
  }

  return { follow, stop };
}
