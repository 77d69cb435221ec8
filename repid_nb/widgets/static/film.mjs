// The history as a strip: a coloured mark for each step. A drag over it seeks, and a mark tells who and what became.

import { hueStyle } from "./colours.mjs";
import { button, createChanges, fill, h, setEnabled } from "./dom.mjs";
import { stepName } from "./plan.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { History, State, StepSummary } from "./wire.mjs"
 */

/** @param {Actions} actions @param {Ui} ui */
export function createFilm(actions, ui) {
  const back = button("back", "◀", actions.back, { title: "One step back (←)", "aria-label": "Back" });
  const forward = button("forward", "▶", actions.forward, { title: "One step forward (→)", "aria-label": "Forward" });
  const strip = createStrip(actions, ui);
  const caption = h("span.caption", { "aria-hidden": "true" });
  const overview = createOverview(actions);
  const way = h("div.way", null, strip.element, overview.element);
  const element = h("div.film", { role: "group", "aria-label": "History" }, back, way, forward, caption);
  /** @type {History | null} */
  let history = null;
  /** @param {number | null} number  the step that the pointer is on */
  const tell = (number) => {
    caption.textContent = history ? captionOf(history, number ?? ui.dragged ?? history.at) : "";
  };
  strip.element.addEventListener("pointermove", (event) => tell(strip.stepAt(event.clientX)));
  strip.element.addEventListener("pointerleave", () => tell(null));

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    history = state.history;
    element.hidden = history.newest === history.first;
    setEnabled(back, shown.back);
    setEnabled(forward, shown.forward);
    strip.draw(shown, history);
    overview.draw(shown, history, ui);
    tell(null);
  }

  return { element, draw };
}

/** @param {History} history @param {number} number */
function captionOf({ steps, newest }, number) {
  const step = steps.find((one) => one.number === number);
  return step ? toldStep(step) : `${stepName(number)} of ${newest}`.replace(/^./, (first) => first.toUpperCase());
}

/** @param {StepSummary} step */
const toldStep = ({ number, message, winner, settled }) => `Step ${number}: ${message} → ${winner}, ${settled}`;

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

/** @param {Actions} actions @param {Ui} ui */
function createStrip(actions, ui) {
  const marks = h("span.frames");
  const element = h(
    "div.strip",
    { role: "slider", tabindex: "0", "data-k": "strip", "aria-label": "Step", "aria-orientation": "horizontal" },
    marks,
  );
  const hasChanged = createChanges();
  let isEnabled = false;

  /**
   * Return the step under a place of the strip; left of the first mark is the moment before it.
   * @param {number} x  as the window counts
   */
  function stepAt(x) {
    const all = /** @type {HTMLElement[]} */ ([...marks.children]);
    const found = all.filter((one) => one.getBoundingClientRect().left <= x).pop() ?? all[0];
    return found ? Number(found.dataset.step) : null;
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    const number = stepAt(event.clientX);
    if (number === null || !isEnabled || number === ui.dragged) return;
    actions.drag(number);
  }

  // On the page, not on the strip: a drag goes on where the pointer leaves the strip.
  function endDrag() {
    const page = element.ownerDocument;
    page.removeEventListener("pointermove", drag);
    for (const end of ["pointerup", "pointercancel"]) page.removeEventListener(end, endDrag);
    actions.endDrag();
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const page = element.ownerDocument;
    page.addEventListener("pointermove", drag);
    for (const end of ["pointerup", "pointercancel"]) page.addEventListener(end, endDrag);
    element.focus();
    drag(event);
  });

  /** @param {ControlsPlan} shown @param {History} history */
  function draw({ seek }, history) {
    const { first, newest, steps, at } = history;
    const current = ui.dragged ?? at;
    isEnabled = seek;
    element.setAttribute("aria-valuemin", String(first));
    element.setAttribute("aria-valuemax", String(newest));
    element.setAttribute("aria-valuenow", String(current));
    element.setAttribute("aria-valuetext", captionOf(history, current));
    element.setAttribute("aria-disabled", String(!seek));
    if (!hasChanged("marks", [steps, first, newest, current])) return;
    fill(
      marks,
      startMark(history, current),
      steps.map((step) => markElement(step, current)),
    );
  }

  return { element, stepAt, draw };
}

/** @param {History} history @param {number} current */
function startMark({ first, steps }, current) {
  const isShown = steps[0]?.number === first + 1;
  return isShown && h("i.frame.start", { "data-step": first, class: markClass(first === current, "wb-start") }, "◦");
}

/** @param {StepSummary} step @param {number} current */
function markElement(step, current) {
  const { number, message, hue, settled, tone } = step;
  const look = markClass(number === current, `wb-tone-${tone}`);
  const style = hueStyle({ name: message, hue });
  const [symbol] = settled;
  return h("i", { class: look, style, "data-step": number, title: toldStep(step) }, h("b", null, symbol), message);
}

/** @param {boolean} isCurrent @param {string} more */
const markClass = (isCurrent, more) => `wb-frame ${more}${isCurrent ? " wb-now" : ""}`;
