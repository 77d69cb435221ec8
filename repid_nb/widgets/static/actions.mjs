// The actions of the page, by button or by key.

import { chipsOf } from "./chips.mjs";
import { emptyForm, formMessage, formProblem, isEmpty } from "./form_rules.mjs";
import { messageActions } from "./message_actions.mjs";
import { openText } from "./texts.mjs";
import { MOST_PRESSES } from "./ui.mjs";
import { aboutNow } from "./upkeep.mjs";

/**
 * @import { Chip } from "./chips.mjs"
 * @import { Ask } from "./kernel.mjs"
 * @import { Actor, Breaks, Form, OtherRules, State, TextQuestion } from "./wire.mjs"
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
 * @property {() => void} goBeside
 * @property {() => boolean} canSend
 * @property {(place: Place) => void} focus
 * @property {() => void} showOpened  scrolls to the text that is open
 *
 * @typedef {"root" | "step" | "payload" | "picking" | "menu"} Place  what can be focused
 *
 * @typedef {ReturnType<typeof createActions>} Actions
 */

/** @param {Page} page */
export function createActions(page) {
  const form = formActions(page);
  const message = messageActions(page, form.fillIn);
  return { ...stepActions(page), ...historyActions(page), ...form, ...message, ...panelActions(page) };
}

/** @param {Page} page */
function stepActions({ ui, state, ask, update, drawNow, focus }) {
  /** @param {"step" | "step_into"} type */
  function step(type) {
    const { on, options, class: learners } = state().prediction;
    if (!on || !options) {
      send(type);
      return;
    }
    ui.picking = type;
    if (learners) ask({ type: "ask_class" });
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
    run: () => {
      // The kernel waits for the page between two steps from now on.
      if (Number(ui.pace)) ask({ type: "seen", step: state().history.newest });
      ask({ type: "run", max_steps: Number(ui.most), pace: Number(ui.pace) });
    },
    stop: () => ask({ type: "stop" }),
    setPace: (/** @type {string} */ pace) => {
      ui.pace = pace;
      if (state().status.busy === "run") ask({ type: "set_pace", pace: Number(pace) });
      update();
    },
    crash: () => ask({ type: "crash" }),
    undo: () => ask({ type: "undo" }),
    fork: (/** @type {OtherRules} */ rules) => ask({ type: "fork", ...rules }),
    stepWorlds: () => ask({ type: "step_worlds" }),
    endFork: () => ask({ type: "end_fork" }),
    choose: (/** @type {string} */ worker) => ask({ type: "choose", worker }),
    breakAt: (/** @type {Partial<Breaks>} */ breaks) => ask({ type: "break_at", ...breaks }),
    breakAtActor: (/** @type {string} */ actor) => {
      const actors = state().status.breaks?.actors ?? [];
      const isSet = actors.includes(actor);
      ask({ type: "break_at", actors: isSet ? actors.filter((one) => one !== actor) : [...actors, actor] });
    },
    pullFrom: (/** @type {string} */ channel) => ask({ type: "pull_from", channel }),
    keepNewest: () => ask({ type: "keep_newest" }),
    resend: (/** @type {string} */ channel, /** @type {string} */ message) => {
      const question = ui.opened?.question;
      // What is open is no dead letter any more.
      if (question?.type === "open" && question.what === "waiting" && question.message === message) ui.opened = null;
      ask({ type: "resend", channel, message });
    },
  };
}

/** @param {Page} page */
function historyActions({ ui, state, ask, update }) {
  /** @param {number} to */
  function seek(to) {
    // Answers to earlier ones are still on their way: the newest waits for them.
    if (ui.pending === null) ask({ type: "seek", to });
    else ui.wanted = to;
  }

  return {
    seek,
    drag: (/** @type {number} */ to) => {
      Object.assign(ui, { dragging: true, dragged: to });
      seek(to);
      update();
    },
    endDrag: () => {
      ui.dragging = false;
      update();
    },
    back: () => seek(state().history.at - 1),
    forward: () => seek(state().history.at + 1),
    first: () => seek(state().history.first),
    now: () => seek(state().history.newest),
    goOn: () => ask({ type: "go_on", to: state().history.at }),
    backToNow: () => (state().history.replay ? ask({ type: "unload" }) : seek(state().history.newest)),
    load: (/** @type {string} */ text) => ask({ type: "load", text }),
    reset: (/** @type {"start" | "empty"} */ how) => {
      // Where nothing can be undone, it has to be pressed twice.
      if (!state().history.no_way_back || ui.sure) {
        ask({ type: "reset", how });
        return;
      }
      ui.sure = true;
      update();
    },
  };
}

/** @param {Page} page */
function formActions({ ui, state, ask, update, drawNow, canSend, focus }) {
  /** @param {Partial<Form>} form */
  function fillIn(form) {
    ui.form = { ...emptyForm(), ...form, other: false };
    ui.writing = true;
    drawNow();
    focus("payload");
  }

  /** Open the form; an empty one with what the first actor takes, to be changed or written over. */
  function write() {
    const first = chipsOf(state(), ui.samples).find(({ sends, form }) => sends && form.channel);
    if (isEmpty(ui.form) && first) Object.assign(ui.form, first.form);
    ui.writing = true;
    drawNow();
    focus("payload");
  }

  return {
    fillIn,
    write,
    toggleForm: () => {
      if (!ui.writing) {
        write();
        return;
      }
      ui.writing = false;
      drawNow();
    },
    /** Fill the form with a message that an actor would take. @param {Actor} actor */
    writeTo: ({ actor, strategy, sample }) => {
      const { step, actors } = state();
      const known = sample ?? actors.actors.find((one) => one.actor === actor)?.sample;
      const topic = known ? (known.topic ?? "") : strategy.startsWith("topic") ? actor : "";
      const channel = step.number ? step.key : (actors.key ?? actors.channel);
      fillIn({ channel, topic, payload: known?.payload ?? "" });
    },
    sendChip: (/** @type {Chip} */ { form, sends }) => {
      if (sends) ask({ type: "send", form: { ...emptyForm(), ...form } });
      else fillIn(form);
    },
    send: () => {
      if (canSend()) ask({ type: "send", form: formMessage(ui.form) });
      // Pressed faster than the kernel answers: it is sent when it has.
      else if (ui.pending !== null && ui.presses.length < MOST_PRESSES && !formProblem(ui.form))
        ui.presses.push("send");
    },
    who: () => {
      if (!canSend()) return;
      const about = aboutNow(ui.form, state());
      ask({ type: "explain", form: formMessage(ui.form) }, (answer) => {
        if (answer.type !== "explanation") return;
        ui.explanation = { ...answer, about };
        update();
      });
    },
  };
}

/** @param {Page} page */
function panelActions(page) {
  const { ui, state, ask, update, drawNow, setLarge, focus } = page;
  /** @param {Partial<Ui>} changes */
  const set = (changes) => {
    Object.assign(ui, changes);
    update();
  };
  return {
    large: () => setLarge(!state().projector),
    beside: page.goBeside,
    predict: () => {
      ui.picking = null;
      ask({ type: "predict", on: !state().prediction.on });
    },
    menu: () => {
      ui.menu = !ui.menu;
      drawNow();
      if (ui.menu) focus("menu");
    },
    findChannel: () => {
      ui.menu = true;
      drawNow();
      focus("menu");
    },
    keys: () => set({ keys: !ui.keys }),
    cancelPick: () => {
      ui.picking = null;
      drawNow();
      focus("step");
    },
    closeExplanation: () => set({ explanation: null }),
    closeText: () => set({ opened: null }),
    showEveryActor: () => set({ everyActor: true }),
    unfold: (/** @type {number} */ position) => {
      const isOpen = ui.unfolded.includes(position);
      set({ unfolded: isOpen ? ui.unfolded.filter((one) => one !== position) : [...ui.unfolded, position] });
    },
    dismiss: () => {
      Object.assign(ui, { silent: false, pending: null });
      ask({ type: "dismiss" });
      focus("root");
    },
    open: (/** @type {string} */ title, /** @type {TextQuestion} */ question, file = "") =>
      openText(page, title, question, file),
  };
}
