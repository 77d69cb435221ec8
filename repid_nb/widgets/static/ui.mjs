// The page's own state, which is lost when it is closed.

import { emptyForm } from "./form_rules.mjs";

/** @import { Explanation, Form } from "./wire.mjs" */

/**
 * A text, as far as it was fetched.
 * @typedef {object} OpenedText
 * @property {string} title
 * @property {string} file  the name of the file to download; empty for a text that is only read
 * @property {string} text
 * @property {number} next  where the next piece starts, as the kernel counts
 * @property {number} total  how many characters the whole has
 * @property {boolean} whole
 * @property {() => void} more  asks for the next piece
 */

/**
 * @typedef {object} Ui
 * @property {number | null} pending  the command that the page waits for
 * @property {boolean} silent  whether the kernel has not answered for too long
 * @property {boolean} gone  whether there is no kernel any more
 * @property {boolean} sure  whether Reset was pressed once
 * @property {"step" | "step_into" | null} picking  the command that a guess is asked for
 * @property {boolean} keys  whether the list of keys is open
 * @property {string} most  how many steps a run may take, as it is typed
 * @property {string} pace  seconds between two steps of a run
 * @property {Form} form
 * @property {Explanation | null} explanation
 * @property {OpenedText | null} opened
 */

/** @returns {Ui} */
export function emptyUi() {
  return {
    pending: null,
    silent: false,
    gone: false,
    sure: false,
    picking: null,
    keys: false,
    most: "100",
    pace: "1.5",
    form: emptyForm(),
    explanation: null,
    opened: null,
  };
}
