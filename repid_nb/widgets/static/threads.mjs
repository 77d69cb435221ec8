// The threads of the stage: the way of the message from its lane to its end, and to what its actor sent.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @import { Plan } from "./plan.mjs"
 *
 * @typedef {{from: Element | null, to: Element | null, look: string, back?: boolean}} Thread  back: it leads leftwards
 */

/** @param {HTMLElement} stage */
export function createThreads(stage) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "wb-threads");
  picture.setAttribute("aria-hidden", "true");
  stage.prepend(picture);
  /** @type {Plan | null} */
  let shown = null;

  /** @param {Plan} plan */
  function draw(plan) {
    shown = plan;
    const origin = stage.getBoundingClientRect();
    const unit = parseFloat(getComputedStyle(stage).fontSize);
    // Where the columns stand below each other, there is no way to draw.
    const isInRow = getComputedStyle(picture).display !== "none" && origin.width > 0;
    picture.replaceChildren(...(isInRow ? threadsOf(stage, plan).flatMap((one) => pathOf(one, origin, unit)) : []));
  }

  const resized = new ResizeObserver(() => shown && draw(shown));
  resized.observe(stage);
  return { draw, close: () => resized.disconnect() };
}

/**
 * @param {HTMLElement} stage
 * @param {Plan} plan
 * @returns {Thread[]}
 */
function threadsOf(stage, { worker, actors, outcome, track }) {
  const find = (/** @type {string} */ selector) => stage.querySelector(selector);
  const slot = find("[data-slot=worker]");
  if (!worker.step || track?.pulled !== "done") return [];
  const card = find("[data-actor=winner]") ?? (actors.noWinner ? find(".wb-nobody") : null);
  const lane = find(".wb-lane.wb-is-source .wb-pipe");
  const children = [...stage.querySelectorAll(".wb-lanes [data-child]")];
  return [
    { from: lane, to: slot, look: "wb-way" },
    { from: slot, to: card, look: "wb-way" },
    { from: card, to: outcome.hit && find(".wb-bin.wb-hit"), look: `wb-way wb-tone-${outcome.tone}` },
    ...children.map((to) => ({ from: card, to, look: "wb-child", back: true })),
  ];
}

/**
 * @param {Thread} thread
 * @param {DOMRect} origin
 * @param {number} unit  the size of the letters
 * @returns {SVGPathElement[]}
 */
function pathOf({ from, to, look, back = false }, origin, unit) {
  if (!from || !to) return [];
  const [start, end] = [from.getBoundingClientRect(), to.getBoundingClientRect()];
  if (!start.width || !end.width) return [];
  const x1 = (back ? start.left + 14 : start.right) - origin.left;
  const y1 = (back ? start.bottom - 12 : start.top + Math.min(start.height / 2, 26)) - origin.top;
  const x2 = (back ? end.right + 7 : end.left - 7) - origin.left;
  const y2 = end.top + Math.min(end.height / 2, 26) - origin.top;
  const bend = back ? Math.min(60, Math.abs(x1 - x2) / 2) : (x2 - x1) / 2;
  const sag = back ? 26 : 0;
  const direction = back ? -1 : 1;
  const curve = `C ${x1 + direction * bend} ${y1 + sag} ${x2 - direction * bend} ${y2 + sag} ${x2} ${y2}`;
  const size = unit / 3;
  const wing = x2 - direction * size;
  const tip = `M ${wing} ${y2 - size} L ${x2 + direction * 2} ${y2} L ${wing} ${y2 + size}`;
  return [`M ${x1} ${y1} ${curve}`, tip].map((d, place) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", `${look}${place ? " wb-tip" : ""}`);
    if (back) path.setAttribute("style", to.getAttribute("style") ?? "");
    return path;
  });
}
