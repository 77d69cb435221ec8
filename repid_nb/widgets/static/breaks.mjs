// Where steps stop: before the reveal, where nobody takes a message, where a strategy fails, at an actor.

import { bdi, fill, h, smallButton } from "./dom.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

/** @type {["before_reveal" | "nobody" | "failed", string][]} */
const KINDS = [
  ["before_reveal", "before the reveal"],
  ["nobody", "where nobody takes it"],
  ["failed", "where a strategy fails"],
];

/** @param {Actions} actions */
export function createBreaks(actions) {
  const boxes = KINDS.map(([kind, label]) => {
    const box = h("input", {
      type: "checkbox",
      "data-k": `break ${kind}`,
      onchange: () => actions.breakAt({ [kind]: box.checked }),
    });
    return { kind, box, element: h("label.check", null, box, label) };
  });
  const names = h("span.breaknames");
  const element = h(
    "div.menurow.live",
    { role: "group", "aria-label": "Stop each step" },
    h("b.menuname", null, "Stop each step"),
    boxes.map((one) => one.element),
    names,
  );
  let drawn = "";

  /** @param {State} state @param {Ui} ui */
  function draw({ status: { breaks } }, { pending }) {
    // What was just set stands there until the kernel has heard of it.
    if (pending !== null) return;
    for (const { kind, box } of boxes) box.checked = Boolean(breaks?.[kind]);
    const actors = breaks?.actors ?? [];
    if (drawn === actors.join("\n")) return;
    drawn = actors.join("\n");
    const remove = (/** @type {string} */ name) => () =>
      actions.breakAt({ actors: actors.filter((one) => one !== name) });
    fill(
      names,
      actors.map((name) =>
        smallButton(`unbreak ${name}`, ["at ", bdi(name), " ✕"], remove(name), { title: "Do not stop there" }),
      ),
    );
  }

  return { element, draw };
}
