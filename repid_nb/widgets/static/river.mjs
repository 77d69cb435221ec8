// The river: under the history, the way of every message through channels and workers. A drag over it seeks.

import { hueStyle } from "./colours.mjs";
import { button, createChanges, fill, h } from "./dom.mjs";
import { endTone, endWord } from "./ends.mjs";
import { stepName } from "./plan.mjs";
import { momentAt, numberAt, placeOf, riverPlan, toldMoment } from "./river_plan.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { RiverPlan } from "./river_plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { History, River, State } from "./wire.mjs"
 */

const SVG_SPACE = "http://www.w3.org/2000/svg";

/** The least height of a line that has room for a name. */
const LABELLED = 15;

/** @param {Actions} actions @param {Ui} ui */
export function createRiver(actions, ui) {
  const caption = h("p.rivertold", { "aria-hidden": "true" });
  const slider = createRiverSlider(actions, ui, caption);
  const element = h("div.river", { hidden: true }, slider.element, caption);
  const toggle = button("river toggle", "River", () => open(element.hidden === true), {
    title: "The way of every message, through channels and workers",
    "aria-expanded": "false",
  });
  /** @type {[ControlsPlan, State] | null} */
  let last = null;
  let isBorn = false;

  /** @param {boolean} isOpen */
  function open(isOpen) {
    element.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (last) draw(...last);
  }

  /** @param {ControlsPlan} controls @param {State} state */
  function draw(controls, state) {
    last = [controls, state];
    const { river, history, status } = state;
    toggle.hidden = !river.visits.length;
    // A lesson has room for it, and nothing to send.
    const isFirst = !isBorn;
    isBorn = true;
    if (isFirst && status.replay === "lesson") open(true);
    else if (!element.hidden) slider.draw(controls, river, history);
  }

  // It is drawn for a width: stretched, its letters would be too small to read.
  const resized = new ResizeObserver(() => last && draw(...last));
  resized.observe(element);
  return { element, toggle, draw, close: () => resized.disconnect() };
}

/** @param {Actions} actions @param {Ui} ui @param {HTMLElement} caption */
function createRiverSlider(actions, ui, caption) {
  const element = h("div.riverview", {
    role: "slider",
    tabindex: "0",
    "data-k": "river",
    "aria-label": "Step, on the river",
    "aria-orientation": "horizontal",
  });
  const hasChanged = createChanges();
  /** @type {{plan: RiverPlan, river: River, history: History, isEnabled: boolean} | null} */
  let shown = null;

  /** @param {PointerEvent} event */
  function under(event) {
    if (!shown) return null;
    return momentAt(shown.plan, shown.river.unit, event.clientX - element.getBoundingClientRect().left);
  }

  /** @param {number | null} moment  that the pointer is on */
  function tell(moment) {
    if (!shown) return;
    const { river, history } = shown;
    caption.textContent = toldMoment(river, moment ?? placeOf(river, history.first, ui.dragged ?? history.at));
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    const moment = under(event);
    if (moment === null || !shown?.isEnabled) return;
    const number = numberAt(shown.river, shown.history.first, moment);
    if (number !== ui.dragged) actions.drag(number);
  }

  onDrag(element, drag, actions.endDrag);
  element.addEventListener("pointermove", (event) => tell(under(event)));
  element.addEventListener("pointerleave", () => tell(null));

  /** @param {ControlsPlan} controls @param {River} river @param {History} history */
  function draw({ seek }, river, history) {
    const current = ui.dragged ?? history.at;
    const width = element.clientWidth || 600;
    const place = placeOf(river, history.first, current);
    const told = current === history.first ? stepName(current) : toldMoment(river, place);
    element.setAttribute("aria-valuemin", String(history.first));
    element.setAttribute("aria-valuemax", String(history.newest));
    element.setAttribute("aria-valuenow", String(current));
    element.setAttribute("aria-valuetext", told);
    element.setAttribute("aria-disabled", String(!seek));
    if (hasChanged("river", [river, width, current])) {
      shown = { plan: riverPlan(river, { width, at: place }), river, history, isEnabled: seek };
      fill(element, riverElement(shown.plan, place));
    }
    if (shown) Object.assign(shown, { history, isEnabled: seek });
    tell(null);
  }

  return { element, draw };
}

/**
 * @param {HTMLElement} element
 * @param {(event: PointerEvent) => void} drag
 * @param {() => void} endDrag
 */
function onDrag(element, drag, endDrag) {
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    element.focus();
    drag(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) drag(event);
  });
  element.addEventListener("lostpointercapture", endDrag);
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 */
function s(tag, attributes, ...children) {
  const made = document.createElementNS(SVG_SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** @param {RiverPlan} plan @param {number} at */
function riverElement(plan, at) {
  const { width, height, lanes, line, waits, works, links, bands, from, to, left, scale } = plan;
  const x = left + (Math.max(from, Math.min(to, at)) - from) * scale;
  const last = lanes.filter((lane) => lane.kind === "channel").length;
  return s(
    "svg",
    { class: "wb-riverpicture", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    ...lanes.flatMap((lane, place) => laneParts(lane, width, place === last)),
    ...bands.flatMap(({ d, kind, most, y }) => [
      s("path", { class: `wb-band wb-band-${kind}`, d }),
      s("text", { class: "wb-most", x: width - 4, y: y + 11, "text-anchor": "end" }, `at most ${most}`),
    ]),
    ...links.map(({ name, d, kind }) => s("path", { class: `wb-link wb-link-${kind}`, d, style: hueStyle({ name }) })),
    ...waits.flatMap((wait) => waitParts(wait, line)),
    ...works.flatMap(workParts),
    s("line", { class: "wb-here", x1: x, x2: x, y1: 0, y2: height }),
  );
}

/** @param {RiverPlan["lanes"][number]} lane @param {number} width @param {boolean} isFirstWorker */
function laneParts({ name, y, height, kind }, width, isFirstWorker) {
  const shown = name.length > 11 ? `${name.slice(0, 10)}…` : name;
  const parts = [
    s("rect", { class: `wb-bed wb-bed-${kind}`, x: 0, y, width, height, rx: 5 }),
    s("text", { class: "wb-lanename", x: 6, y: y + Math.min(height, 20) / 2 + 4 }, shown),
  ];
  return isFirstWorker ? [...parts, s("line", { class: "wb-shore", x1: 0, x2: width, y1: y - 4, y2: y - 4 })] : parts;
}

/** @param {RiverPlan["waits"][number]} wait @param {number} line  the height of a line */
function waitParts({ name, x1, x2, y, isOpen }, line) {
  const look = isOpen ? "wb-waiting wb-waits" : "wb-waiting";
  const style = hueStyle({ name });
  const path = s("path", { class: look, d: `M${x1} ${y}H${Math.max(x2, x1 + 1)}`, style });
  if (line < LABELLED || x2 - x1 < name.length * 8 + 16) return [path];
  return [path, s("text", { class: "wb-waitname", x: x1 + 6, y: y + 4.5, style }, name)];
}

/** @param {RiverPlan["works"][number]} work */
function workParts({ name, x1, x2, y, end }) {
  const width = Math.max(2, x2 - x1);
  const style = hueStyle({ name });
  const middle = (x1 + x2) / 2;
  const parts = [
    s("rect", { class: "wb-work", x: x1, y: y - 9, width, height: 18, rx: 4, style }),
    s("circle", { class: `wb-end wb-end-${endTone(end)}`, cx: x2, cy: y + 5, r: 8 }),
    s("text", { class: "wb-endsign", x: x2, y: y + 9.5, "text-anchor": "middle" }, endWord(end)[0]),
  ];
  if (width < name.length * 8 + 14) return parts;
  return [...parts, s("text", { class: "wb-workname", x: middle - 3, y: y + 4.5, "text-anchor": "middle" }, name)];
}
