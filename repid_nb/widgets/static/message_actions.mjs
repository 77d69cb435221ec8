// What is done with one message: its way is shown, and it is edited, deleted, settled or sent again.

/**
 * @import { Ask } from "./kernel.mjs"
 * @import { Followed, Ui } from "./ui.mjs"
 * @import { Form, Found, State, TextQuestion, Ticket } from "./wire.mjs"
 *
 * @typedef {{ui: Ui, state: () => State, ask: Ask, update: () => void, showOpened: () => void}} Page
 */

/**
 * Return how a followed message is named to the kernel.
 * @param {Followed} followed
 */
const questionOf = ({ message, channel, where, question }) =>
  where === "step" && "step" in question ? { step: question.step } : { channel, message: message.id };

/**
 * @param {Page} page
 * @param {(form: Partial<Form>) => void} fillIn
 */
export function messageActions(page, fillIn) {
  const { ui, state, ask, update } = page;

  /** Ask for the way of the followed message. */
  function askTrail() {
    const { followed } = ui;
    if (!followed) return;
    ask({ type: "trail", ...questionOf(followed) }, (answer) => {
      if (answer.type !== "trail" || ui.followed !== followed) return;
      followed.trail = answer;
      update();
    });
  }

  return {
    askTrail,
    /** @param {Ticket} message @param {Followed["where"]} where @param {string} channel @param {number} [step] */
    follow: (message, where, channel, step = 0) => {
      /** @type {TextQuestion} */
      const question = step
        ? { type: "open", what: "message", step }
        : { type: "open", what: "waiting", channel, message: message.id };
      const { history } = state();
      ui.followed = { message, where, channel, question, trail: null, newest: history.newest };
      askTrail();
      update();
    },
    closeTrail: () => {
      ui.followed = null;
      update();
    },
    ...handlingActions(page, fillIn),
    /**
     * @param {"actors" | "options" | "channels"} what
     * @param {string} text
     * @param {(rows: Found["rows"]) => void} onFound
     */
    find: (what, text, onFound) =>
      ask({ type: "find", what, text }, (answer) => {
        if (answer.type === "found") onFound(answer.rows);
      }),
  };
}

/** @param {Page} page @param {(form: Partial<Form>) => void} fillIn */
function handlingActions({ ui, ask }, fillIn) {
  return {
    edit: () => {
      const { followed } = ui;
      if (!followed) return;
      ask({ type: "edit", ...questionOf(followed) }, (answer) => {
        if (answer.type === "form") fillIn(answer.form);
      });
    },
    deleteMessage: () => {
      const { followed } = ui;
      if (followed) ask({ type: "delete", channel: followed.channel, message: followed.message.id });
      ui.followed = null;
    },
    sendAgain: () => {
      const { followed } = ui;
      if (followed) ask({ type: "resend", channel: followed.channel, message: followed.message.id });
      ui.followed = null;
    },
    /** @param {string} message @param {"ack" | "nack" | "reject" | "release"} action */
    settle: (message, action) => {
      ui.followed = null;
      ask({ type: "settle", message, action });
    },
  };
}
