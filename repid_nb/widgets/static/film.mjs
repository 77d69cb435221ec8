// The history: a strip of steps, one step back and forward, and where the pointer is what became of the message.

import { button, h, setEnabled } from "./dom.mjs";
import { stepName } from "./plan.mjs";
import { captionOf, createStrip } from "./strip.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { History, State } from "./wire.mjs"
 */

/** @param {Actions} actions @param {Ui} ui @param {HTMLElement} river  the button that opens the river */
export function createFilm(actions, ui, river) {
  const back = button("back", "◀", actions.back, { title: "One step back (←)", "aria-label": "Back" });
  const forward = button("forward", "▶", actions.forward, { title: "One step forward (→)", "aria-label": "Forward" });
  const strip = createStrip(actions, ui);
  const caption = h("span.caption", { "aria-hidden": "true", hidden: true });
  const overview = createOverview(actions);
  const way = h("div.timeline", null, strip.element, overview.element, caption);
  const element = h("div.film", { role: "group", "aria-label": "History" }, back, way, forward, river);
  /** @type {History | null} */
  let history = null;
  /** @type {number | null} */
  let pointed = null;

  /** Tell what became of the step under the pointer, or of the one that the keys have come to. */
  function tell() {
    const isByKeys = strip.element.matches(":focus-visible");
    const number = ui.dragged ?? pointed ?? (isByKeys && history ? history.at : null);
    caption.hidden = number === null || !history;
    if (number === null || !history) return;
    caption.textContent = captionOf(history, number);
    const room = way.clientWidth - caption.offsetWidth;
    caption.style.left = `${Math.max(0, Math.min(room, strip.placeOf(number) - caption.offsetWidth / 2))}px`;
  }

  /** @param {number | null} number */
  function point(number) {
    pointed = number;
    tell();
  }

  strip.element.addEventListener("pointermove", (event) => point(strip.stepAt(event.clientX)));
  strip.element.addEventListener("pointerleave", () => point(null));
  for (const event of ["focus", "blur"]) strip.element.addEventListener(event, tell);

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    history = state.history;
    element.hidden = history.newest === history.first;
    setEnabled(back, shown.back);
    setEnabled(forward, shown.forward);
    strip.draw(shown, history);
    overview.draw(shown, history, ui);
    tell();
  }

  return { element, draw };
}

/**
 * Make a slider over the whole history, where the strip shows only a part of it.
 * @param {Actions} actions
 */
function createOverview(actions) {
  const element = h("input.slider", {
    type: "range",
    step: 1,
    "aria-label": "Step of all",
    "data-k": "slider",
    oninput: () => actions.drag(Number(element.value)),
    onchange: actions.endDrag,
  });

  /** @param {ControlsPlan} shown @param {History} history @param {Ui} ui */
  function draw({ seek }, { first, newest, steps, at }, { dragged }) {
    element.hidden = newest - first <= steps.length;
    element.disabled = !seek;
    element.min = String(first);
    element.max = String(newest);
    element.value = String(dragged ?? at);
    element.setAttribute("aria-valuetext", `${stepName(dragged ?? at)} of ${newest}`);
  }

  return { element, draw };
}
