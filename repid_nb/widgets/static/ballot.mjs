// A student's ballot: the teacher's question with a button for each answer, and what was right once it is told.

import { choiceButton, markChoice } from "./choices.mjs";
import { bdi, createChanges, fill, h, widgetRoot } from "./dom.mjs";

/**
 * @import { Answering } from "./choices.mjs"
 *
 * @typedef {{id: string, text: string, choices: string[], about: string, truth: string | null}} Question
 * @typedef {{name: string, joined: boolean, question: Question | null, picked: number | null, busy: boolean,
 *   error: string}} Ballot
 *
 * @typedef {object} BallotModel  what anywidget gives, as far as it is used here
 * @property {(name: "ballot") => Ballot} get
 * @property {(name: string, heard: () => void) => void} on
 * @property {(name: string, heard: () => void) => void} off
 * @property {(message: object) => void} send
 */

/**
 * @param {{model: BallotModel, el: HTMLElement}} context
 * @returns {() => void} what cleans up
 */
export function render({ model, el }) {
  const head = h("p.ballotname", null);
  // It changes without a press of the reader's: a screen reader says it.
  const question = h("p.question", { role: "status" });
  const about = h("p.about", null);
  const answers = h("div.choices", { role: "group", "aria-label": "Your answer" });
  const verdict = h("p.verdict", { role: "status" });
  const error = h("p.error", { role: "alert" });
  const body = h("div.body.ballot", null, head, question, about, answers, verdict, error);
  const root = widgetRoot("question of the class", body, { class: "repid-wb wb-voting" });
  const hasChanged = createChanges();

  /** @param {number} choice */
  function answer(choice) {
    model.send({ type: "answer", question: model.get("ballot").question?.id, choice });
  }

  function draw() {
    const shown = model.get("ballot");
    const asked = shown.question;
    if (hasChanged("head", [shown.name])) fill(head, "You are ", h("b", null, bdi(shown.name)));
    if (hasChanged("question", [asked?.text, shown.joined, shown.error]))
      fill(question, asked ? bdi(asked.text) : waiting(shown));
    if (hasChanged("about", [asked?.about])) fill(about, asked?.about ? bdi(asked.about) : "");
    if (hasChanged("choices", [asked?.id]))
      fill(
        answers,
        asked?.choices.map((choice, place) => choiceButton(bdi(choice), place, answer)),
      );
    if (asked) [...answers.children].forEach((one, place) => markChoice(one, place, answering(shown, asked)));
    if (hasChanged("verdict", verdictOf(shown))) fill(verdict, verdictOf(shown).map(bdi));
    verdict.dataset.right = String(asked?.truth === asked?.choices[shown.picked ?? -1]);
    if (hasChanged("error", shown.error)) fill(error, shown.error);
  }

  el.replaceChildren(root);
  model.on("change:ballot", draw);
  draw();
  return () => {
    model.off("change:ballot", draw);
    el.replaceChildren();
  };
}

/** Return what stands where no question is yet. @param {Ballot} shown @returns {string} */
function waiting({ joined, error }) {
  if (joined) return "Joined. The teacher's question comes here.";
  return error ? "Not joined yet." : "Joining the class ...";
}

/**
 * Return how the question stands, for its choices.
 * @param {Ballot} shown
 * @param {Question} asked
 * @returns {Answering}
 */
function answering({ picked, busy }, { truth, choices }) {
  return { picked, right: truth === null ? null : choices.indexOf(truth), open: truth === null && !busy };
}

/** Return the sentence below the buttons, in pieces. @param {Ballot} shown @returns {string[]} */
export function verdictOf({ question, picked }) {
  if (!question) return [];
  if (question.truth === null) return [picked === null ? "" : "Answered. You may still change it."];
  const said = picked === null ? null : question.choices[picked];
  if (said === question.truth) return ["✓ Right: ", question.truth];
  return said === null ? ["It was ", question.truth] : ["✗ It was ", question.truth, ", and you said ", said];
}

export default { render };
