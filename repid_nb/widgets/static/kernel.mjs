// Talking to the kernel: commands are numbered, answers are brought to what waits for them, and silence is noticed.

import { readState } from "./state.mjs";

/**
 * @import { Answer, Command, Model, Status } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 */

/** @typedef {(command: Command, onAnswer?: (answer: Answer) => void) => void} Ask */

/** Milliseconds without an answer after which the page says so. */
const SILENCE = 4000;

/** Commands whose answer changes nothing that the next click depends on: the page does not wait for them. */
const WITHOUT_WAITING = ["open", "take", "dismiss", "trail", "edit", "find", "seen", "set_pace", "ask_class"];

/**
 * @param {Model} model
 * @param {Ui} ui
 * @param {{update: () => void, drawNow: () => void, onAsk: () => void}} page  onAsk: before a command is sent
 */
export function createKernel(model, ui, { update, drawNow, onAsk }) {
  // A workbench may be shown in several places, and each waits for its own answers.
  const view = Math.random().toString(36).slice(2, 10);
  const answers = createAnswers(view);
  let number = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  /** @type {Ask} */
  function ask(command, onAnswer) {
    if (ui.gone) return;
    number += 1;
    ui.sure = false;
    if (onAnswer) answers.expect(number, onAnswer);
    if (!WITHOUT_WAITING.includes(command.type)) {
      onAsk();
      ui.pending = number;
      clearTimeout(silence);
      silence = setTimeout(noticeSilence, SILENCE);
    }
    try {
      model.send({ ...command, id: [view, number] });
    } catch {
      ui.gone = true;
      ui.pending = null;
    }
    drawNow();
  }

  function noticeSilence() {
    if (ui.pending === null || readState(model).status.busy) return;
    // Still pending: the answer may come, and until then nothing else can be asked for.
    ui.silent = true;
    update();
  }

  /** Note which commands are answered. @param {Status} status */
  function noticeStatus(status) {
    const isAnswered = ui.pending !== null && (status.answered[view] ?? 0) >= ui.pending;
    if (isAnswered) ui.pending = null;
    if (isAnswered || status.busy) ui.silent = false;
  }

  // It was live when the page was made, so a change says that it is not: the kernel was started again, or is gone.
  function onConnection() {
    ui.gone = model.comm_live !== true;
    update();
  }

  const endListening = listen(model, answers.hear, onConnection);

  function close() {
    endListening();
    clearTimeout(silence);
  }

  return { ask, noticeStatus, close };
}

/**
 * @param {Model} model
 * @param {(answer: Answer | null) => void} onAnswer
 * @param {() => void} onConnection
 * @returns {() => void} what ends it
 */
function listen(model, onAnswer, onConnection) {
  model.on("msg:custom", onAnswer);
  model.on("comm_live_update", onConnection);
  return () => {
    model.off("msg:custom", onAnswer);
    model.off("comm_live_update", onConnection);
  };
}

/**
 * Bring each answer to what waits for it; those to other views are not for this one.
 * @param {string} view
 */
function createAnswers(view) {
  /** @type {Map<number, (answer: Answer) => void>} */
  const listeners = new Map();

  /** @param {number} number  of the command @param {(answer: Answer) => void} onAnswer */
  function expect(number, onAnswer) {
    listeners.set(number, onAnswer);
  }

  /** @param {Answer | null} answer */
  function hear(answer) {
    if (!answer || answer.id?.[0] !== view) return;
    const onAnswer = listeners.get(answer.id[1]);
    listeners.delete(answer.id[1]);
    onAnswer?.(answer);
  }

  return { expect, hear };
}
