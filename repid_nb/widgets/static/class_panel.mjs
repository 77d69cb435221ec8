// How the class has answered: how many so far, and after the step what each has said, beside what was right.

import { bdi, h, icon } from "./dom.mjs";

/** @import { ClassFields } from "./wire.mjs" */

/** @param {ClassFields | null} learners */
export function classElements(learners) {
  if (!learners) return [];
  const { truth, tallies } = learners;
  const heading = h("p", null, h("b", null, "The class: "), bdi(classSentence(learners)));
  // Before the step the tallies would be a hint.
  if (truth === null) return [h("div.class", null, heading)];
  const most = Math.max(1, ...tallies.map(([, count]) => count));
  const rows = tallies.map(([choice, count]) => tallyElement(choice, count, count / most, choice === truth));
  return [h("div.class", null, heading, h("ul.tallies", null, rows))];
}

/** @param {string} choice @param {number} count @param {number} part @param {boolean} isRight */
function tallyElement(choice, count, part, isRight) {
  const mark = isRight ? [icon("✓ "), h("span.hidden", null, "right: ")] : null;
  return h(
    `li.tally${isRight ? ".right" : ""}`,
    { style: `--wb-part: ${Math.round(part * 100)}%` },
    mark,
    bdi(choice),
    " ",
    h("b", null, count),
  );
}

/** @param {ClassFields} learners */
export function classSentence({ question, joined, answered, truth, tallies }) {
  if (!question) return "nothing is asked yet. Press Step: the class is asked first.";
  const said = `${answered} of ${Math.max(joined, answered)} have answered`;
  if (truth === null) return `${question} ${said}.`;
  const right = tallies.find(([choice]) => choice === truth)?.[1] ?? 0;
  return `${question} It was ${truth}: ${right} of ${answered} were right.`;
}
