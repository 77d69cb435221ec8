// What belongs to something goes away with it: an answer with the form that it was about, a guess with its step.

import { formMessage } from "./form_rules.mjs";

/**
 * @import { Ui } from "./ui.mjs"
 * @import { Form, State } from "./wire.mjs"
 */

/**
 * Return a text that differs as soon as an answer about a form would be another one.
 * @param {Form} form
 * @param {State} state
 */
export const aboutNow = (form, { history }) => JSON.stringify([formMessage(form), history.newest, history.at]);

/**
 * Drop what is not true of the state any more.
 * @param {Ui} ui
 * @param {State} state
 */
export function dropStale(ui, state) {
  const { prediction, step, status } = state;
  if (ui.explanation && (status.error || ui.explanation.about !== aboutNow(ui.form, state))) ui.explanation = null;
  const guess = JSON.stringify([prediction.asked, prediction.last]);
  // Of a guess that was there before the page, it is not known what it was about.
  const about = ui.scored === null ? -1 : (step.number ?? 0);
  if (ui.scored?.guess !== guess) ui.scored = { guess, step: about };
}
