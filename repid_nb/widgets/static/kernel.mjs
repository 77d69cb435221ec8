// Talking to the kernel: commands are numbered, answers are brought to what waits for them, and silence is noticed.

import { readState } from "./wire.mjs";

/**
 * @import { Answer, Command, Model, Status } from "./wire.mjs"
 * @import { Ui } from "./ui.mjs"
 */

/** @typedef {(command: Command, onAnswer?: (answer: Answer) => void) => void} Ask */

/** Milliseconds without an answer after which the page says so. */
const SILENCE = 4000;

/** Commands whose answer changes nothing that the next click depends on: the page does not wait for them. */
const WITHOUT_WAITING = ["open", "take", "dismiss"];

/**
 * @param {Model} model
 * @param {Ui} ui
 * @param {{update: () => void, drawNow: () => void}} redraw
 */
export function createKernel(model, ui, { update, drawNow }) {
  // A workbench may be shown in several places, and each waits for its own answers.
  const view = Math.random().toString(36).slice(2, 10);
  const answers = createAnswers(view);
  let number = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let silence;

  /** @type {Ask} */
  function ask(command, onAnswer) {
    number += 1;
    ui.sure = false;
    if (onAnswer) answers.expect(number, onAnswer);
    if (!WITHOUT_WAITING.includes(command.type)) ui.pending = number;
    clearTimeout(silence);
    silence = setTimeout(noticeSilence, SILENCE);
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
    ui.silent = true;
    ui.pending = null;
    update();
  }

  /** Note which commands are answered. @param {Status} status */
  function noticeStatus(status) {
    if (ui.pending !== null && (status.answered[view] ?? 0) >= ui.pending) {
      ui.pending = null;
      ui.silent = false;
    }
    if (status.busy) ui.silent = false;
  }

  function onConnection() {
    ui.gone = model.comm_live === false;
    update();
  }

  model.on("msg:custom", answers.hear);
  model.on("comm_live_update", onConnection);

  function close() {
    model.off("msg:custom", answers.hear);
    model.off("comm_live_update", onConnection);
    clearTimeout(silence);
  }

  return { ask, noticeStatus, close };
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
