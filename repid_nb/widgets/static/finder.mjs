// Finding by a part of the name what is too much to be sent: actors, channels, the answers to a prediction.

import { fill, h, newId } from "./dom.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 */

/** @param {Element} list  of a field @param {string[]} names */
export const fillList = (list, names) =>
  fill(
    list,
    names.map((value) => h("option", { value })),
  );

/**
 * Make a field that offers what has the typed text in its name.
 * @param {Actions} actions
 * @param {"actors" | "options" | "channels"} what
 * @param {string} label
 * @param {(value: string, text: string) => void} onChosen  the value of what was chosen, and its name
 */
export function findField(actions, what, label, onChosen) {
  const list = h("datalist", { id: newId() });
  /** @type {[value: string, text: string][]} */
  let rows = [];
  const chosen = () => rows.find(([value, text]) => input.value === text || input.value === value);
  const input = h("input.input", {
    "data-k": `find ${what}`,
    list: list.id,
    placeholder: "a part of the name",
    oninput: () => {
      // Choosing from the list is an input too.
      if (chosen()) return;
      actions.find(what, input.value, (found) => {
        rows = found;
        fillList(
          list,
          rows.map(([, text]) => text),
        );
      });
    },
    onchange: () => {
      const row = chosen() ?? (rows.length === 1 ? rows[0] : null);
      if (!row) return;
      input.value = "";
      onChosen(...row);
    },
  });
  return h("label.field.inline", null, `${label} `, input, list);
}
