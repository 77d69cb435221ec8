// The row of prepared messages: one click sends one. "Write one" opens the form.

import { chipsOf, rememberSamples } from "./chips.mjs";
import { bdi, button, createChanges, fill, h, setEnabled } from "./dom.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Chip } from "./chips.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

/** @param {Actions} actions @param {Ui} ui */
export function createSendRow(actions, ui) {
  const chips = h("div.chips", { role: "group", "aria-label": "Prepared messages" });
  const write = button("write", "Write one", actions.toggleForm, {
    title: "Write a message (N)",
    "aria-expanded": "false",
  });
  const element = h("div.prepared", { "data-origin": "" }, h("b.sendword", null, "Send"), chips, write);
  const hasChanged = createChanges();

  /** @param {ControlsPlan} controls @param {State} state */
  function draw(controls, state) {
    rememberSamples(ui.samples, state.actors);
    const shown = chipsOf(state, ui.samples);
    if (hasChanged("chips", shown))
      fill(
        chips,
        shown.map((chip, place) => chipElement(chip, place, actions)),
      );
    for (const one of chips.children) setEnabled(one, controls.send);
    write.setAttribute("aria-expanded", String(ui.writing));
  }

  return { element, draw };
}

/** @param {Chip} chip @param {number} place @param {Actions} actions */
function chipElement(chip, place, { sendChip }) {
  const { label, payload, sends, form } = chip;
  const about = [form.topic && `topic ${form.topic}`, form.payload].filter(Boolean).join(" · ");
  const title = sends ? `Send it: ${about}` : "Fill the form with this topic";
  const text = [bdi(label), payload && h("span.chippayload", null, " ", bdi(payload))];
  return button(`chip ${place}`, text, () => sendChip(chip), { class: "wb-chip", title });
}
