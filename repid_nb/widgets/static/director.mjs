// What the page shows of each state of the kernel: it at once, or the story of how it came to be.

import { clearTokens, moveTickets, placesOf, rectOn } from "./flights.mjs";
import { isLaterMoment, isSameMoment, scenesBetween } from "./scenes.mjs";
import { createStoryteller } from "./storyteller.mjs";

/** @import { State } from "./wire.mjs" */

/** How long a story takes, by pace: while messages run by quickly, it is told quickly. */
const SPEEDS = new Map([["0.4", 0.4]]);

/**
 * @param {HTMLElement} stage
 * @param {(state: State) => void} draw
 * @param {(isTelling: boolean) => void} onShown  told of each state that was drawn, and whether its step goes on
 */
export function createDirector(stage, draw, onShown) {
  /** @type {State | null} */
  let shown = null;
  /** @param {State} state */
  const show = (state) => {
    draw(state);
    onShown(teller.isTelling());
  };
  const teller = createStoryteller(stage, show);

  /**
   * Show a state: at once, or at the end of its story.
   * @param {State} now
   * @param {string} pace  of a run
   */
  function follow(now, pace) {
    const target = teller.target();
    const before = shown;
    shown = now;
    if (target && (isSameMoment(target, now) || isLaterMoment(target, now))) {
      teller.retarget(now);
      return;
    }
    teller.stop();
    const isTold = before !== null && mayTell(stage, before, now, pace);
    const scenes = isTold ? scenesBetween(before, now) : [];
    const speed = now.status.busy === "run" ? (SPEEDS.get(pace) ?? 1) : 1;
    const still = stillTime(stage);
    if (scenes.length && now.step.number && still !== 0) {
      teller.tell(scenes, { before: /** @type {State} */ (before), target: now, step: now.step, speed, still });
    } else change(now, isTold && still === null);
  }

  /** @param {State} now @param {boolean} isMoving */
  function change(now, isMoving) {
    const places = isMoving ? placesOf(stage) : null;
    show(now);
    if (places) moveTickets(stage, places, () => sendingPlace(stage));
  }

  /** Show the end of the story that is told. */
  function finish() {
    const target = teller.target();
    teller.stop();
    clearTokens(stage);
    if (target) show(target);
  }

  return { follow, finish, stop: teller.stop, isTelling: teller.isTelling };
}

/**
 * @param {HTMLElement} stage
 * @param {State} before
 * @param {State} now
 * @param {string} pace
 */
function mayTell(stage, before, now, pace) {
  if (stage.ownerDocument.hidden) return false;
  if (now.status.busy === "run" && Number(pace) === 0) return false;
  return before.history.live && now.history.live && stage.getBoundingClientRect().width > 0;
}

/**
 * Return how long each still of a story is shown, where nothing may move: in milliseconds; null where it may.
 * @param {HTMLElement} stage
 */
function stillTime(stage) {
  const view = stage.ownerDocument.defaultView;
  if (!view?.matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
  return Number(view.getComputedStyle(stage).getPropertyValue("--wb-still"));
}

/** @param {HTMLElement} stage */
function sendingPlace(stage) {
  const origin = stage.parentElement?.querySelector("[data-origin]");
  const place = origin ? rectOn(stage, origin) : undefined;
  return place?.width ? place : undefined;
}
