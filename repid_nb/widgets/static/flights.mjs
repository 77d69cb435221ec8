// What moves on the stage: tickets that fly from place to place, above the page that is drawn already.

import { hueStyle } from "./colours.mjs";
import { bdi, h } from "./dom.mjs";

/**
 * @import { Spot } from "./scenes.mjs"
 * @import { Ticket } from "./wire.mjs"
 *
 * All places are counted from the corner of the stage: what is above it may grow, and the page may be scrolled.
 *
 * @typedef {{ home: string, offset: number, rect: DOMRect }} Place  a lane or the tray, how far down in it, and where
 * @typedef {Map<string, Place>} Places  where messages wait or lie dead, by id
 */

const MOVE = 380;
const EASING = "cubic-bezier(.3, 0, .2, 1)";
/** Tickets that fly at once; further ones appear. */
const MOST_AT_ONCE = 10;

/** @param {Element} stage */
const tickets = (stage) => [
  .../** @type {NodeListOf<HTMLElement>} */ (stage.querySelectorAll(":is(.wb-lanes, .wb-tray) [data-message]")),
];

/** @param {Element} stage @param {Element} part */
export function rectOn(stage, part) {
  const origin = stage.getBoundingClientRect();
  const { left, top, width, height } = part.getBoundingClientRect();
  return new DOMRect(left - origin.left, top - origin.top, width, height);
}

/** @param {Element} stage @param {HTMLElement} ticket @returns {Place} */
function standingOf(stage, ticket) {
  const home = /** @type {HTMLElement} */ (ticket.closest("[data-lane], .wb-tray") ?? stage);
  const rect = rectOn(stage, ticket);
  return { home: home.dataset.lane ?? "", offset: rect.top - rectOn(stage, home).top, rect };
}

/**
 * Return where messages are on the stage now.
 * @param {Element} stage
 * @returns {Places}
 */
export function placesOf(stage) {
  return new Map(tickets(stage).map((one) => [one.dataset.message ?? "", standingOf(stage, one)]));
}

/**
 * Return the place of a spot on the stage.
 * @param {Element} stage
 * @param {Spot} spot
 * @returns {DOMRect | undefined}
 */
export function spotOf(stage, spot) {
  const rect = (/** @type {string} */ selector) => {
    const part = stage.querySelector(selector);
    return part ? rectOn(stage, part) : undefined;
  };
  switch (spot.place) {
    case "worker":
      return rect("[data-slot=worker] .wb-ticket") ?? rect("[data-slot=worker]");
    case "actor":
      return beside(rect(`[data-row="${spot.position}"]`) ?? rect("[data-row=folded]")) ?? rect("[data-slot=worker]");
    case "winner":
      return beside(rect("[data-actor=winner]")) ?? rect("[data-slot=worker]");
    case "nobody":
      return rect(".wb-nobody") ?? rect(".wb-actors > :last-child") ?? rect("[data-slot=worker]");
    default:
      return rect(`[data-bin=${spot.place}]`) ?? rect("[data-slot=worker]");
  }
}

/** Return the place left of an actor: its lamp and its name are seen. @param {DOMRect | undefined} row */
const beside = (row) => row && new DOMRect(row.left - 26, row.top, 32, Math.min(row.height, 40));

/**
 * Make a token that stands for a message, above the stage.
 * @param {HTMLElement} stage
 * @param {Ticket} message
 * @param {DOMRect} start
 */
export function createToken(stage, message, start) {
  const look = { "aria-hidden": "true", "data-token": message.id, style: hueStyle(message) };
  const element = h("span.token", look, bdi(message.name));
  stage.append(element);
  const size = element.getBoundingClientRect();
  let at = positionOn(start);
  element.style.transform = at;

  /** @param {DOMRect} place */
  function positionOn(place) {
    const left = place.left + (place.width - size.width) / 2;
    const top = place.top + (place.height - size.height) / 2;
    return `translate(${Math.max(0, Math.round(left))}px, ${Math.round(top)}px)`;
  }

  /** @param {DOMRect} place @param {number} time  in milliseconds @param {number} [delay] */
  function flyTo(place, time, delay = 0) {
    const to = positionOn(place);
    const frames = [{ transform: at }, { transform: to }];
    const flight = element.animate(frames, { duration: time, delay, fill: "both", easing: EASING });
    at = to;
    return flight;
  }

  return { flyTo, remove: () => element.remove() };
}

/** Remove everything that flies. @param {Element} stage */
export function clearTokens(stage) {
  for (const token of stage.querySelectorAll(".wb-token")) token.remove();
}

/**
 * Let tickets fly to where the page shows them now; those that are new come from where they were made.
 * @param {HTMLElement} stage
 * @param {Places} before
 * @param {(id: string) => DOMRect | undefined} originOf
 */
export function moveTickets(stage, before, originOf) {
  const moved = tickets(stage).flatMap((ticket) => {
    const id = ticket.dataset.message ?? "";
    const { rect: to, home, offset } = standingOf(stage, ticket);
    const was = before.get(id);
    const from = was?.rect ?? originOf(id);
    // Where its lane itself has made room for something, a message has not moved.
    const isNear = was?.home === home && Math.abs(was.offset - offset) < 6;
    return !from || isNear || !to.width ? [] : [{ ticket, from, to }];
  });
  moved.slice(0, MOST_AT_ONCE).forEach(({ ticket, from, to }, place) => {
    const name = ticket.querySelector(".wb-ticketname")?.textContent ?? ticket.textContent ?? "";
    const token = createToken(stage, { id: "", name, hue: Number(ticket.dataset.hue) }, from);
    const delay = place * 40;
    // The ticket itself is there already, and is seen when the token has arrived.
    ticket.animate([{ opacity: 0 }, { opacity: 0 }], { duration: MOVE + delay });
    token.flyTo(to, MOVE, delay).finished.then(token.remove, token.remove);
  });
}
