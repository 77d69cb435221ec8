// The actions of the page, by button or by key.

import { formMessage } from "./form_rules.mjs";
import { openText } from "./texts.mjs";

/**
 * @import { Ask } from "./kernel.mjs"
 * @import { State, TextQuestion } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 */

/**
 * The parts of the page that the actions need.
 * @typedef {object} Page
 * @property {Ui} ui
 * @property {() => State} state
 * @property {Ask} ask
 * @property {() => void} update  draws in the next frame
 * @property {() => void} drawNow
 * @property {(large: boolean) => void} setLarge
 * @property {() => boolean} canSend
 * @property {(place: "root" | "step" | "payload" | "picking") => void} focus
 * @property {() => void} showOpened  scrolls to the text that is open
 *
 * @typedef {ReturnType<typeof createActions>} Actions
 */

/** @param {Page} page */
export function createActions(page) {
  return { ...stepActions(page), ...historyActions(page), ...formActions(page), ...panelActions(page) };
}

/** @param {Page} page */
function stepActions({ ui, state, ask, drawNow, focus }) {
  /** @param {"step" | "step_into"} type */
  function step(type) {
    const { on, options } = state().prediction;
    if (!on || !options) {
      send(type);
      return;
    }
    ui.picking = type;
    drawNow();
    focus("picking");
  }

  /** @param {"step" | "step_into"} type @param {string} [pick]  the guess which actor will get the message */
  function send(type, pick) {
    if (ui.picking) focus("step");
    ui.picking = null;
    ask(pick ? { type, pick } : { type });
  }

  return {
    step: () => step("step"),
    into: () => step("step_into"),
    pick: (/** @type {string} */ pick) => send(ui.picking ?? "step", pick),
    next: () => ask({ type: "next_phase" }),
    finish: () => ask({ type: "finish" }),
    run: () => ask({ type: "run", max_steps: Number(ui.most), pace: Number(ui.pace) }),
    stop: () => ask({ type: "stop" }),
    pullFrom: (/** @type {string} */ channel) => ask({ type: "pull_from", channel }),
    keepNewest: () => ask({ type: "keep_newest" }),
    resend: (/** @type {string} */ channel, /** @type {string} */ message) => ask({ type: "resend", channel, message }),
  };
}

/** @param {Page} page */
function historyActions({ ui, state, ask, update }) {
  const seek = (/** @type {number} */ to) => ask({ type: "seek", to });
  return {
    seek,
    back: () => seek(state().history.at - 1),
    forward: () => seek(state().history.at + 1),
    first: () => seek(state().history.first),
    now: () => seek(state().history.newest),
    goOn: () => ask({ type: "go_on", to: state().history.at }),
    backToNow: () => (state().history.replay ? ask({ type: "unload" }) : seek(state().history.newest)),
    load: (/** @type {string} */ text) => ask({ type: "load", text }),
    reset: () => {
      if (ui.sure) {
        ask({ type: "reset" });
        return;
      }
      ui.sure = true;
      update();
    },
  };
}

/** @param {Page} page */
function formActions({ ui, ask, update, canSend, focus }) {
  return {
    write: () => focus("payload"),
    send: () => {
      if (canSend()) ask({ type: "send", form: formMessage(ui.form) });
    },
    who: () => {
      if (!canSend()) return;
      ask({ type: "explain", form: formMessage(ui.form) }, (answer) => {
        if (answer.type !== "explanation") return;
        ui.explanation = answer;
        update();
      });
    },
  };
}

/** @param {Page} page */
function panelActions(page) {
  const { ui, state, ask, update, setLarge, focus } = page;
  /** @param {Partial<Ui>} changes */
  const set = (changes) => {
    Object.assign(ui, changes);
    update();
  };
  return {
    large: () => setLarge(!state().projector),
    predict: () => {
      ui.picking = null;
      ask({ type: "predict", on: !state().prediction.on });
    },
    keys: () => set({ keys: !ui.keys }),
    cancelPick: () => set({ picking: null }),
    closeExplanation: () => set({ explanation: null }),
    closeText: () => set({ opened: null }),
    dismiss: () => {
      ui.silent = false;
      ask({ type: "dismiss" });
      focus("root");
    },
    open: (/** @type {string} */ title, /** @type {TextQuestion} */ question, file = "") =>
      openText(page, title, question, file),
  };
}
