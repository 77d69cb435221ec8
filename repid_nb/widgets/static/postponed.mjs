// What was asked for while the kernel was busy: done as soon as it is not, the newest seek and the keys in order.

import { plan } from "./plan.mjs";

/** @import { Actions, Page } from "./actions.mjs" */

/** @param {Page} page @param {Actions} actions */
export function doPostponed({ ui, state, update }, actions) {
  const { status, history } = state();
  if (ui.pending !== null || status.busy || ui.gone) return;
  const { wanted } = ui;
  ui.wanted = null;
  if (wanted !== null && wanted !== history.at) {
    actions.seek(wanted);
    return;
  }
  if (ui.dragged !== null && !ui.dragging) {
    ui.dragged = null;
    update();
  }
  // The way of a message goes on with the steps.
  if (ui.followed?.trail && ui.followed.newest !== history.newest) {
    ui.followed.newest = history.newest;
    actions.askTrail();
  }
  const next = ui.presses.shift();
  if (next && plan(state(), ui).controls[next]) actions[next]();
}
