// Animating what has just happened. The page itself shows the new state already.

import { bdi, h } from "./dom.mjs";
import { journey } from "./plan.mjs";

/**
 * @import { Leg } from "./plan.mjs"
 * @import { State, Step } from "./wire.mjs"
 *
 * @typedef {Map<string, DOMRect>} Places  where messages were, by id
 * @typedef {{place: DOMRect, at: number}} Stop  where the token is, and when, in milliseconds
 * @typedef {{selector: string, at: number, time: number}} Reveal  which elements appear, from when on, for how long
 */

/** Milliseconds of one leg. */
const BEAT = 320;

export function createMotion() {
  /** @type {Animation[]} */
  let playing = [];
  /** @type {HTMLElement | null} */
  let token = null;
  /** @type {State["step"] | null} */
  let shownStep = null;

  function stop() {
    for (const animation of playing) animation.cancel();
    playing = [];
    token?.remove();
    token = null;
  }

  /** @param {HTMLElement} stage @param {Leg[]} legs @param {Places} before @param {Step} step */
  function play(stage, legs, before, step) {
    stop();
    if (stage.ownerDocument.defaultView?.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const origin = stage.getBoundingClientRect();
    if (!origin.width) return;
    const { stops, reveals, time } = flight(stage, legs, before, step);
    playing = reveals.flatMap((one) => reveal(stage, one));
    if (time > 0 && stops.length > 1) {
      token = h("span.token", { "aria-hidden": "true" }, bdi(step.message.name));
      stage.append(token);
      playing.push(...fly(token, origin, stops, time));
    }
  }

  /**
   * Show how the message came to where the page shows it now.
   * @param {HTMLElement} stage
   * @param {Places} before
   * @param {State} now
   * @param {string} pace  of a run
   */
  function follow(stage, before, now, pace) {
    const legs = legsOf(shownStep, now, pace);
    if (now.step.number && legs.length) play(stage, legs, before, now.step);
    else if (JSON.stringify(shownStep) !== JSON.stringify(now.step)) stop();
    shownStep = now.step;
  }

  return { follow, stop };
}

/**
 * Return the way of the message; empty where it would be too fast to see, or where nothing happened.
 * @param {State["step"] | null} before
 * @param {State} now
 * @param {string} pace
 * @returns {Leg[]}
 */
function legsOf(before, { step, history, status }, pace) {
  const isTooFast = status.busy === "run" && Number(pace) < 1;
  return before && history.live && !isTooFast ? journey(before, step) : [];
}

/**
 * Return where messages wait on the page now, before it changes.
 * @param {HTMLElement} root
 * @returns {Places}
 */
export function waitingPlaces(root) {
  const waiting = [...root.querySelectorAll(".wb-messages [data-message]")];
  return new Map(waiting.map((one) => [one.getAttribute("data-message") ?? "", one.getBoundingClientRect()]));
}

/**
 * Return where the token stops and when, and which elements appear meanwhile.
 * @param {HTMLElement} stage
 * @param {Leg[]} legs
 * @param {Places} before
 * @param {Step} step
 */
function flight(stage, legs, before, step) {
  const { lane, worker, winner, ends } = destinations(stage, step);
  /** @type {Stop[]} */
  const stops = [];
  /** @type {Reveal[]} */
  const reveals = [];
  let at = 0;
  const stopAt = (/** @type {DOMRect | undefined} */ place) => {
    if (place) stops.push({ place, at });
  };
  const appear = (/** @type {string} */ selector, /** @type {number} */ time) => {
    reveals.push({ selector, at, time });
    if (stage.querySelector(selector)) at += time;
  };
  for (const leg of legs) {
    if (!stops.length) stopAt(startOf(leg, step, { before, lane, worker, winner }));
    switch (leg.leg) {
      case "pull":
        at += BEAT;
        stopAt(worker);
        break;
      case "ask":
        appear(".wb-listeners .wb-actor, .wb-listeners .wb-nobody", 400);
        stopAt(worker);
        break;
      case "run":
        at += BEAT;
        stopAt(winner);
        appear("[data-actor=winner] .wb-run", 250);
        stopAt(winner);
        break;
      case "settle":
        at += BEAT;
        stopAt(ends[leg.to]);
        reveals.push({ selector: ".wb-settlement", at: at - BEAT / 2, time: 250 });
    }
  }
  return { stops, reveals, time: at };
}

/**
 * Return where the first leg starts.
 * @param {Leg} leg
 * @param {Step} step
 * @param {{before: Places, lane?: DOMRect, worker?: DOMRect, winner?: DOMRect}} places
 */
function startOf(leg, step, { before, lane, worker, winner }) {
  if (leg.leg === "pull") return before.get(step.message.id) ?? lane;
  return leg.leg === "settle" && step.winner ? (winner ?? worker) : worker;
}

/**
 * Return the places on the page where a message can be.
 * @param {HTMLElement} stage
 * @param {Step} step
 */
function destinations(stage, step) {
  const place = (/** @type {string} */ selector) => stage.querySelector(selector)?.getBoundingClientRect();
  const lanes = [...stage.querySelectorAll("[data-lane]")];
  const lane = lanes.find((one) => one.getAttribute("data-lane") === step.key);
  const worker = place("[data-slot=worker] .wb-ticket") ?? place("[data-slot=worker]");
  return {
    lane: lane?.getBoundingClientRect(),
    worker,
    winner: place("[data-actor=winner] .wb-actorname"),
    ends: {
      done: place("[data-bin=done]"),
      tray: place("[data-bin=tray]"),
      tail: (lane?.querySelector("[data-tail]") ?? lane)?.getBoundingClientRect(),
      worker,
    },
  };
}

/**
 * Make elements appear one after the other.
 * @param {HTMLElement} stage
 * @param {Reveal} reveal
 */
function reveal(stage, { selector, at, time }) {
  const found = [...stage.querySelectorAll(selector)];
  const frames = [
    { opacity: 0.15, transform: "translateX(-6px)" },
    { opacity: 1, transform: "none" },
  ];
  return found.map((one, index) => {
    const delay = at + (index * time) / found.length;
    return one.animate(frames, { duration: 200, delay, fill: "backwards", easing: "ease-out" });
  });
}

/**
 * Move the token from stop to stop, and fade it out.
 * @param {HTMLElement} token
 * @param {DOMRect} origin  the stage
 * @param {Stop[]} stops
 * @param {number} time
 */
function fly(token, origin, stops, time) {
  const frames = stops.map(({ place, at }, index) => ({
    offset: index === stops.length - 1 ? 1 : Math.min(1, at / time),
    transform: `translate(${place.left - origin.left}px, ${place.top - origin.top}px)`,
    easing: "cubic-bezier(.3, 0, .2, 1)",
  }));
  const flight = token.animate(frames, { duration: time, fill: "both" });
  const fading = token.animate([{ opacity: 1 }, { opacity: 0 }], { delay: time, duration: 160, fill: "forwards" });
  fading.finished.then(
    () => token.remove(),
    () => {},
  );
  return [flight, fading];
}
