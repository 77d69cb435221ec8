// One colour a message: its hue, from sending to outcome. The hues are those of display/colours.py.

/** @import { Ticket } from "./wire.mjs" */

const HUES = 8;
const OWN_NAME = /^m([1-9]\d{0,17})(\.\d+)*$/;

/**
 * Return the place of a message's hue: m1 has the first, m9 the first again, and m1.2 has that of m1.
 * @param {Pick<Ticket, "name" | "hue">} message
 * @returns {number}
 */
export function hueOf({ name, hue }) {
  if (hue !== undefined) return hue;
  const own = OWN_NAME.exec(name);
  return own ? (Number(own[1]) - 1) % HUES : HUES - 1;
}

/**
 * Return the style that gives an element the colour of a message.
 * @param {Pick<Ticket, "name" | "hue">} message
 */
export const hueStyle = (message) => `--wb-hue: var(--rnb-hue-${hueOf(message)})`;
