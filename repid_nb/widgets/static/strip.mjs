// A coloured mark for each step: a drag over them seeks, and each tells who got the message and what became of it.

import { hueStyle } from "./colours.mjs";
import { bdi, createChanges, fill, h } from "./dom.mjs";
import { stepName } from "./plan.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { History, StepSummary } from "./wire.mjs"
 */

/** More steps than these are marks without names. */
const MOST_NAMED = 12;

/** @param {History} history @param {number} number */
export function captionOf({ steps, newest }, number) {
  const step = steps.find((one) => one.number === number);
  return step ? toldStep(step) : `${stepName(number)} of ${newest}`.replace(/^./, (first) => first.toUpperCase());
}

/** @param {StepSummary} step */
const toldStep = ({ number, message, winner, settled }) => `Step ${number}: ${message} → ${winner}, ${settled}`;

/** @param {Actions} actions @param {Ui} ui */
export function createStrip(actions, ui) {
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

  /** Return the middle of a mark, from the left of the strip. @param {number} number */
  function placeOf(number) {
    const mark = /** @type {HTMLElement | null} */ (marks.querySelector(`[data-step="${number}"]`));
    return mark ? mark.offsetLeft + mark.offsetWidth / 2 : 0;
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    const number = stepAt(event.clientX);
    if (number === null || !isEnabled || number === ui.dragged) return;
    actions.drag(number);
  }

  listenToDrag(element, drag, actions.endDrag);

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
    marks.className = `wb-frames${steps.length > MOST_NAMED ? " wb-thin" : ""}`;
    fill(
      marks,
      startMark(history, current),
      steps.map((step) => markElement(step, current)),
    );
  }

  return { element, stepAt, placeOf, draw };
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
  const name = h("span.framename", null, bdi(message));
  return h("i", { class: look, style, "data-step": number }, name, h("b", null, symbol));
}

/** @param {boolean} isCurrent @param {string} more */
const markClass = (isCurrent, more) => `wb-frame ${more}${isCurrent ? " wb-now" : ""}`;

/**
 * Listen to the pointer, on the page and not on the strip: a drag goes on where the pointer leaves the strip.
 * @param {HTMLElement} element
 * @param {(event: PointerEvent) => void} onDrag
 * @param {() => void} onEnd
 */
function listenToDrag(element, onDrag, onEnd) {
  const page = element.ownerDocument;
  const ends = ["pointerup", "pointercancel"];

  function end() {
    page.removeEventListener("pointermove", onDrag);
    for (const name of ends) page.removeEventListener(name, end);
    onEnd();
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    page.addEventListener("pointermove", onDrag);
    for (const name of ends) page.addEventListener(name, end);
    element.focus();
    onDrag(event);
  });
}
