// The page of the workbench. Python holds all data: traits are the state, messages are commands. `plan` turns the state
// into plain data to show, the layout draws that as often as it changes, and motion is an animation on top.

import { createActions } from "./actions.mjs";
import { createKernel } from "./kernel.mjs";
import { createKeyListener } from "./keys.mjs";
import { createLayout } from "./layout.mjs";
import { createMotion, waitingPlaces } from "./motion.mjs";
import { plan } from "./plan.mjs";
import { emptyUi } from "./ui.mjs";
import { readState, TRAITS } from "./wire.mjs";

/**
 * @import { Page } from "./actions.mjs"
 * @import { Model } from "./wire.mjs"
 */

/**
 * @param {{model: Model, el: HTMLElement}} context
 * @returns {() => void} what cleans up
 */
export function render({ model, el }) {
  const ui = emptyUi();
  const motion = createMotion();
  const state = () => readState(model);
  let frame = 0;
  const kernel = createKernel(model, ui, { update, drawNow });
  /** @type {Page} */
  const page = {
    ui,
    state,
    ask: kernel.ask,
    update,
    drawNow,
    setLarge: (large) => {
      model.set("projector", large);
      model.save_changes();
      update();
    },
    canSend: () => layout.canSend(),
    focus: (place) => layout.focus(place),
    showOpened: () => layout.showOpened(),
  };
  const actions = createActions(page);
  const layout = createLayout(actions, ui, update);

  function draw() {
    frame = 0;
    const now = state();
    kernel.noticeStatus(now.status);
    const before = waitingPlaces(layout.root);
    layout.draw(plan(now, ui), now);
    motion.follow(layout.stage, before, now, ui.pace);
  }

  /** Draw at once: a button that may not be pressed twice is greyed before a second press can arrive. */
  function drawNow() {
    cancelAnimationFrame(frame);
    draw();
  }

  /** Draw in the next frame, once, however many traits have changed. */
  function update() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  el.replaceChildren(layout.root);
  for (const name of TRAITS) model.on(`change:${name}`, update);
  layout.root.addEventListener("keydown", createKeyListener(page, actions));
  draw();

  return () => {
    for (const name of TRAITS) model.off(`change:${name}`, update);
    kernel.close();
    cancelAnimationFrame(frame);
    motion.stop();
    el.replaceChildren();
  };
}

export default { render };
