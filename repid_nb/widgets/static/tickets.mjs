// What stands for a message on the page: its name in its colour.

import { hueOf, hueStyle } from "./colours.mjs";
import { bdi, h, icon } from "./dom.mjs";

/**
 * @import { Child, Properties } from "./dom.mjs"
 * @import { Message, Ticket } from "./wire.mjs"
 */

export const hint = (/** @type {Child[]} */ ...children) => h("p.nothing", null, ...children);
export const andMore = (/** @type {string} */ text) => h("p.andmore", null, `… and ${text}`);

/**
 * Return the properties by which an element stands for a message.
 * @param {Ticket} message
 * @returns {Properties}
 */
export function ticketProperties(message) {
  const title = message.title ?? (message.id === message.name ? null : message.id);
  return { "data-message": message.id, "data-hue": hueOf(message), style: hueStyle(message), title };
}

/** @param {Ticket} message @param {Properties} [properties] */
export const ticket = (message, properties = {}) =>
  h("span.ticket", { ...ticketProperties(message), ...properties }, bdi(message.name));

/**
 * Make the name of a message inside a sentence.
 * @param {Ticket} message
 */
export const nameOf = (message) => h("span.name", { style: hueStyle(message) }, bdi(message.name));

/** @param {Message} message */
export function tags({ topic, priority, seen }) {
  return [
    topic === null
      ? h("span.tag.quiet", null, "no topic")
      : h("span.tag", null, h("span.tagname", null, "topic "), bdi(topic)),
    priority !== undefined && h("span.tag.strong", null, `priority ${priority}`),
    seen && h("span.tag.back", null, icon("↩ "), `sent back, ${seen}`),
  ];
}
