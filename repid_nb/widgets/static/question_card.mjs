// Questions with a button for each choice; the verdict stands below the buttons of its question.

import { choiceButton, markChoice } from "./choices.mjs";
import { bdi, button, code, createChanges, fill, h, widgetRoot } from "./dom.mjs";

/**
 * @import { Answering } from "./choices.mjs"
 *
 * @typedef {Answering & {text: string, choices: string[], said: string}} AskedQuestion
 * @typedef {{name: string, questions: AskedQuestion[], score: string, again: boolean}} Card
 *
 * @typedef {object} CardModel  what anywidget gives, as far as it is used here
 * @property {(name: "card") => Card} get
 * @property {(name: string, heard: () => void) => void} on
 * @property {(name: string, heard: () => void) => void} off
 * @property {(message: object) => void} send
 */

/**
 * @param {{model: CardModel, el: HTMLElement}} context
 * @returns {() => void} what cleans up
 */
export function render({ model, el }) {
  const asked = model
    .get("card")
    .questions.map((question, place) =>
      createQuestion(question, (choice) => model.send({ type: "pick", question: place, choice })),
    );
  const score = h("span.hint", { role: "status" });
  const again = button("again", "Take them again", () => model.send({ type: "again" }));
  const foot = h("div.cardfoot", null, score, again);
  const body = h("div.body.card-of-questions", null, ...asked.map(({ element }) => element), foot);
  const root = widgetRoot(model.get("card").name, body, { class: "repid-wb wb-asking" });

  function draw() {
    const card = model.get("card");
    card.questions.forEach((question, place) => asked[place]?.draw(question));
    if (score.textContent !== card.score) fill(score, card.score);
    again.hidden = !card.again;
    foot.hidden = !card.score && !card.again;
  }

  el.replaceChildren(root);
  model.on("change:card", draw);
  draw();
  return () => {
    model.off("change:card", draw);
    el.replaceChildren();
  };
}

/**
 * @param {AskedQuestion} first
 * @param {(choice: number) => void} pick
 */
function createQuestion(first, pick) {
  const hasChanged = createChanges();
  const buttons = first.choices.map((choice, place) => choiceButton(withCode(choice), place, pick));
  // It changes without a press of the reader's: a screen reader says it.
  const verdict = h("p.told", { role: "status" });
  const legend = h("legend.asks", null, withCode(first.text));
  const element = h("fieldset.asked", null, legend, h("div.choices", null, ...buttons), verdict);

  /** @param {AskedQuestion} question */
  function draw(question) {
    buttons.forEach((one, place) => markChoice(one, place, question));
    if (hasChanged("said", question.said)) fill(verdict, withCode(question.said));
    verdict.dataset.right = question.right === null ? "" : String(question.right === question.picked);
  }

  return { element, draw };
}

/** Return a text with what stands between backticks as code. @param {string} text */
function withCode(text) {
  const parts = text.split("`");
  // An unpaired one belongs to the text.
  if (parts.length % 2 === 0) return [bdi(text)];
  return parts.map((part, place) => (place % 2 ? code(part) : part));
}

export default { render };
