// The choices of a question, on a card and on a ballot: each a button with a mark before its words.

import { button, fill, h, icon, setEnabled } from "./dom.mjs";

/**
 * @import { Children } from "./dom.mjs"
 *
 * @typedef {object} Answering
 * @property {number | null} picked  the place of the choice that was clicked
 * @property {number | null} right  the place of the right one; null as long as the answer is not out
 * @property {boolean} open  whether a click is taken
 */

/** @param {Children} words @param {number} place @param {(place: number) => void} pick */
export const choiceButton = (words, place, pick) =>
  button(`choice-${place}`, [h("span.markspace"), words], () => pick(place), { class: "wb-button wb-choice" });

/** @param {Element} element @param {number} place @param {Answering} answering */
export function markChoice(element, place, answering) {
  const symbol = symbolOf(answering, place);
  element.setAttribute("aria-pressed", String(place === answering.picked));
  element.classList.toggle("wb-right", symbol === "✓");
  element.classList.toggle("wb-wrong", symbol === "✗");
  setEnabled(element, answering.open);
  const space = element.querySelector(".wb-markspace");
  if (space) fill(space, icon(symbol));
}

/**
 * Return what stands before a choice; the right one is marked only when no choice can be made any more.
 * @param {Answering} answering
 * @param {number} place
 */
export function symbolOf({ picked, right, open }, place) {
  if (picked === null && open) return "○";
  if (place === right) return "✓";
  if (place !== picked) return "○";
  return right === null ? "●" : "✗";
}
