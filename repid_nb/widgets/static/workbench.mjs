// The page of the workbench. Python holds all data: traits are the state, messages are commands. `plan` turns the state
// into plain data to show, the layout draws that as often as it changes, and the director tells a step in its order.

import { createActions } from "./actions.mjs";
import { createClock } from "./clock.mjs";
import { createDirector } from "./director.mjs";
import { createKernel } from "./kernel.mjs";
import { createKeeper, takeUp } from "./keeping.mjs";
import { createKeyListener } from "./keys.mjs";
import { createLayout } from "./layout.mjs";
import { plan } from "./plan.mjs";
import { doPostponed } from "./postponed.mjs";
import { createProjector } from "./projector.mjs";
import { createReader } from "./reading.mjs";
import { createThreads } from "./threads.mjs";
import { emptyUi } from "./ui.mjs";
import { dropStale } from "./upkeep.mjs";
import { readState, TRAITS } from "./state.mjs";

/**
 * @import { Page } from "./actions.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { Model, State } from "./wire.mjs"
 */

/**
 * @param {{model: Model, el: HTMLElement}} context
 * @returns {() => void} what cleans up
 */
export function render({ model, el }) {
  const ui = emptyUi();
  takeUp(ui, readState(model).kept);
  const state = () => readState(model);
  let frame = 0;
  const kernel = createKernel(model, ui, { update, drawNow, onAsk: () => director.finish() });
  /** @type {Page} */
  const page = {
    ui,
    state,
    ask: kernel.ask,
    update,
    drawNow,
    setLarge: (large) => projector.set(large),
    goBeside: () => wantBeside(model),
    canSend: () => layout.canSend(),
    focus: (place) => layout.focus(place),
    showOpened: () => layout.showOpened(),
  };
  const actions = createActions(page);
  const layout = createLayout(actions, ui, update);
  const projector = createProjector(layout.root, model, update);
  const screen = createScreen(layout, ui);
  const reader = createReader(page);
  const keeper = createKeeper(model, ui);
  const director = createDirector(layout.stage, screen.show, reader.follow);

  function draw() {
    frame = 0;
    const now = state();
    kernel.noticeStatus(now.status);
    director.follow(now, ui.pace);
    doPostponed(page, actions);
    keeper.follow();
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
    for (const part of [kernel, screen, projector, keeper]) part.close();
    for (const part of [director, reader]) part.stop();
    cancelAnimationFrame(frame);
    el.replaceChildren();
  };
}

/** Ask for a tab beside the notebook. @param {Model} model */
function wantBeside(model) {
  model.set("beside", "wanted");
  model.save_changes();
}

/**
 * Draw states, with what is measured on the page once it is drawn.
 * @param {ReturnType<typeof createLayout>} layout
 * @param {Ui} ui
 */
function createScreen(layout, ui) {
  const threads = createThreads(layout.stage);
  const clock = createClock(layout.stage);

  /** @param {State} shown */
  function show(shown) {
    dropStale(ui, shown);
    const planned = plan(shown, ui);
    layout.draw(planned, shown);
    threads.draw(planned);
    clock.follow();
  }

  function close() {
    layout.close();
    threads.close();
    clock.stop();
  }

  return { show, close };
}

export default { render };
