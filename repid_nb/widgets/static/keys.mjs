// The keys: a pure function says what each means, and a listener does it.

import { plan } from "./plan.mjs";
import { MOST_PRESSES } from "./ui.mjs";

/**
 * @import { Actions, Page } from "./actions.mjs"
 * @import { PressedAction, Ui } from "./ui.mjs"
 */

/** @type {[keys: string, meaning: string][]} */
export const KEYS = [
  ["Space", "Step, or the next phase; so does Page down, as on a clicker"],
  ["S", "Step"],
  ["I", "Step into; then the next phase"],
  ["F", "Finish the step that is held"],
  ["R", "Run, and stop"],
  ["Esc", "Stop; put back what is held; close what is open"],
  ["← →", "Back and forward; Page up is back too"],
  ["Home End", "The first moment, and now"],
  ["G", "Go on from here"],
  ["N", "Write a new message"],
  ["W", "Who would get this?"],
  ["P", "Predict before each step"],
  ["1 … 9", "Pick an actor; 0 for the tail, D for the dead letters"],
  ["L", "The stage alone, as large as the screen"],
  ["M", "More tools"],
  ["Z", "Undo what was done by hand"],
  ["?", "These keys"],
];

/**
 * @typedef {"step" | "into" | "next" | "finish" | "run" | "stop" | "back" | "forward" | "first" | "now" | "go on"
 *   | "write" | "who" | "predict" | "large" | "menu" | "undo" | "keys" | "escape" | `pick ${string}`} KeyAction
 */

/** @type {Map<string, KeyAction>} keys that always mean the same */
const PLAIN_KEYS = new Map([
  ["ArrowLeft", "back"],
  ["ArrowRight", "forward"],
  ["PageUp", "back"],
  ["Home", "first"],
  ["End", "now"],
  ["g", "go on"],
  ["n", "write"],
  ["w", "who"],
  ["p", "predict"],
  ["l", "large"],
  ["m", "menu"],
  ["z", "undo"],
  ["?", "keys"],
]);

/** What is done later where it is pressed faster than the kernel answers. @type {KeyAction[]} */
const QUEUED = ["step", "back", "forward"];

/**
 * Return what a key means; null when it means nothing here.
 * @param {{key: string, modified: boolean} & Record<"typing" | "sliding" | "onButton" | "scrolling", boolean>} pressed
 * @param {{held: boolean, running: boolean, picking: boolean, options: string[]}} now
 * @returns {KeyAction | null}
 */
export function keyAction(pressed, now) {
  if (pressed.modified) return null;
  if (pressed.key === "Escape") return "escape";
  if (pressed.typing) return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  if (now.picking) {
    const pick = key === "0" ? "back" : key === "d" ? "tray" : key;
    if (now.options.includes(pick)) return `pick ${pick}`;
  }
  if (pressed.sliding && /^(Arrow|Home|End|Page)/.test(key)) return null;
  if (pressed.scrolling && /^(Home|End|Page)/.test(key)) return null;
  if (pressed.onButton && key === " ") return null;
  switch (key) {
    case " ":
    case "PageDown":
      return now.held ? "next" : "step";
    case "s":
      return now.held ? "finish" : "step";
    case "i":
      return now.held ? "next" : "into";
    case "f":
      return now.held ? "finish" : null;
    case "r":
      return now.running ? "stop" : "run";
    default:
      return PLAIN_KEYS.get(key) ?? null;
  }
}

/**
 * Return the listener for keys that are pressed while the workbench has the focus.
 * @param {Page} page
 * @param {Actions} actions
 * @returns {(event: KeyboardEvent) => void}
 */
export function createKeyListener(page, actions) {
  return (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches("textarea, select, input:not([type=range], [type=checkbox])");
    const sliding = target.matches("input[type=range]");
    const { status, prediction } = page.state();
    const action = keyAction(
      {
        key: event.key,
        typing,
        sliding,
        onButton: target.matches("button, summary, input, a"),
        scrolling: target.matches("ol, pre, .wb-lanes") && target.scrollHeight > target.clientHeight,
        modified: event.ctrlKey || event.altKey || event.metaKey,
      },
      {
        held: status.held,
        running: status.busy === "run",
        picking: Boolean(page.ui.picking),
        options: (prediction.options ?? []).map(([pick]) => pick),
      },
    );
    // JupyterLab has shortcuts on single keys: a key that is meant for the workbench must not reach it.
    if (action || typing || sliding) event.stopPropagation();
    if (!action) return;
    if (action !== "escape" || isOpen(page.ui) || status.busy) event.preventDefault();
    if (action === "escape") leave(page, actions, typing ? target : null);
    else perform(action, page, actions);
  };
}

/** @param {Ui} ui */
function isOpen(ui) {
  return ui.keys || ui.picking || ui.opened || ui.explanation || ui.menu || ui.followed || ui.presses.length > 0;
}

/**
 * Close what is open, the uppermost first; or leave the field that is typed in; or stop what runs.
 * @param {Page} page
 * @param {Actions} actions
 * @param {HTMLElement | null} field  the field that is typed in
 */
function leave({ ui, state, update, focus }, actions, field) {
  if (ui.presses.length) ui.presses = [];
  else if (ui.keys) ui.keys = false;
  else if (ui.picking) actions.cancelPick();
  else if (ui.opened) ui.opened = null;
  else if (ui.explanation) ui.explanation = null;
  else if (ui.followed) ui.followed = null;
  else if (ui.menu) ui.menu = false;
  else if (field) {
    field.blur();
    focus("root");
  } else if (state().status.busy) {
    actions.stop();
    return;
  }
  ui.sure = false;
  update();
}

/**
 * Do what a key means, unless its button is greyed; what comes too fast for the kernel is done when it has answered.
 * @param {Exclude<KeyAction, "escape">} action
 * @param {Page} page
 * @param {Actions} actions
 */
function perform(action, { state, ui }, actions) {
  const { controls, banner } = plan(state(), ui);
  if (controls.busy && !controls.held && QUEUED.includes(action) && !ui.gone) {
    if (ui.presses.length < MOST_PRESSES) ui.presses.push(/** @type {PressedAction} */ (action));
    return;
  }
  switch (action) {
    case "go on":
      if (banner?.goOn) actions.goOn();
      break;
    case "undo":
      if (controls.undo) actions.undo();
      break;
    case "first":
      if (controls.back) actions.first();
      break;
    case "now":
      if (controls.forward) actions.now();
      break;
    case "step":
    case "into":
    case "run":
    case "stop":
    case "back":
    case "forward":
      if (controls[action]) actions[action]();
      break;
    case "next":
    case "finish":
    case "write":
    case "who":
    case "predict":
    case "large":
    case "menu":
    case "keys":
      actions[action]();
      break;
    default:
      actions.pick(action.slice("pick ".length));
  }
}
