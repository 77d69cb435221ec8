// The page's own state, which is lost when it is closed.

import { emptyForm } from "./form_rules.mjs";

/** @import { Explanation, Form, Sample, TextQuestion, Ticket, Trail } from "./wire.mjs" */

/**
 * A text, as far as it was fetched.
 * @typedef {object} OpenedText
 * @property {string} title
 * @property {TextQuestion} question  what it is the text of
 * @property {string} file  the name of the file to download; empty for a text that is only read
 * @property {string} text
 * @property {number} next  where the next piece starts, as the kernel counts
 * @property {number} total  how many characters the whole has
 * @property {boolean} whole
 * @property {() => void} more  asks for the next piece
 */

/**
 * A message that was clicked, and its way.
 * @typedef {object} Followed
 * @property {Ticket} message
 * @property {"waiting" | "dead" | "work" | "step"} where  on its lane, among the dead, in work, or in a step
 * @property {string} channel  the key of its channel
 * @property {TextQuestion} question  by which its whole text is read
 * @property {Trail | null} trail  null until the kernel has answered
 * @property {number} newest  the newest step then
 */

/**
 * @typedef {"step" | "back" | "forward" | "send"} PressedAction
 *
 * @typedef {object} Ui
 * @property {number | null} pending  the command that the page waits for
 * @property {PressedAction[]} presses  keys that were pressed meanwhile, to be done one after the other
 * @property {boolean} silent  whether the kernel has not answered for too long
 * @property {boolean} gone  whether there is no kernel any more
 * @property {boolean} sure  whether Reset was pressed once
 * @property {boolean} writing  whether the form to write a message is open
 * @property {boolean} menu  whether the seldom used tools are open
 * @property {"step" | "step_into" | null} picking  the command that a guess is asked for
 * @property {boolean} keys  whether the list of keys is open
 * @property {string} most  how many steps a run may take, as it is typed
 * @property {string} pace  seconds to read between two steps of a run
 * @property {Form} form
 * @property {Map<string, Sample>} samples  messages that actors would take, as far as they are known
 * @property {(Explanation & {about: string}) | null} explanation  about: the form and the moment that it is about
 * @property {OpenedText | null} opened
 * @property {Followed | null} followed
 * @property {number[]} unfolded  positions of the actors of which all is told
 * @property {boolean} everyActor  whether folded rows of actors are shown
 * @property {boolean} dragging  whether the pointer drags over the history
 * @property {number | null} dragged  the step that it has reached
 * @property {number | null} wanted  the step to seek when the kernel has answered
 * @property {{guess: string, step: number} | null} scored  the newest guess, and the step that it was about
 */

/** How many keys are remembered. */
export const MOST_PRESSES = 20;

/** @returns {Ui} */
export function emptyUi() {
  return {
    pending: null,
    presses: [],
    silent: false,
    gone: false,
    sure: false,
    writing: false,
    menu: false,
    picking: null,
    keys: false,
    most: "100",
    pace: "1.5",
    form: emptyForm(),
    samples: new Map(),
    explanation: null,
    opened: null,
    followed: null,
    unfolded: [],
    everyActor: false,
    dragging: false,
    dragged: null,
    wanted: null,
    scored: null,
  };
}
