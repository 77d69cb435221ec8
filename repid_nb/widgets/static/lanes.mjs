// The first column: the queue's lanes, each with the messages that wait on it.

import { count } from "./amounts.mjs";
import { bdi, button, code, h, icon, smallButton } from "./dom.mjs";
import { andMore, hint, ticketProperties } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { LanePlan } from "./stage_plan.mjs"
 * @import { Lane, Message, NoStep, Step, Ticket } from "./wire.mjs"
 */

/** @param {LanePlan[]} lanes @param {Step | NoStep} step @param {Actions} actions */
export function laneElements(lanes, step, actions) {
  return lanes.length ? lanes.map((lane) => laneElement(lane, step, actions)) : [hint("No channel yet.")];
}

/** @param {LanePlan} lane @param {Step | NoStep} step @param {Actions} actions */
function laneElement(lane, step, actions) {
  const isSource = step.number !== undefined && step.key === lane.key;
  const names = ["wb-lane", lane.next && "wb-next", isSource && "wb-is-source"].filter(Boolean);
  const parent = step.number === undefined ? null : step.message;
  return h(
    "div.lane",
    { "data-lane": lane.key, class: names.join(" ") },
    h(
      "div.lanehead",
      null,
      h("b.lanename", { title: lane.channel }, bdi(lane.channel)),
      h("span.count", null, amountElement(lane), lane.next && h("span.tag.next", null, " next")),
    ),
    h(
      "div.pipe",
      null,
      Boolean(lane.in_work) && inWorkElement(lane, actions),
      lane.messages.length > 0 && waitingElement(lane, parent, actions),
      lane.more > 0 && lane.messages.length > 0 && andMore(`${lane.more.toLocaleString("en")} more`),
    ),
    lane.withoutActors && h("p.warning", null, icon("⚠ "), "no actor listens here"),
    (lane.waits ?? []).map(waitElement),
    Boolean(lane.more_waits) && andMore(`${lane.more_waits} more`),
    lane.note && hint(lane.note),
    lane.more_channels &&
      smallButton("more channels", `… and ${count(lane.more_channels, "more channel")}`, actions.findChannel),
  );
}

/** The word is left out where there is no room for it. @param {LanePlan} lane */
function amountElement({ waiting, amount }) {
  if (!waiting) return amount;
  return [waiting.toLocaleString("en"), h("span.waitingword", null, " waiting")];
}

/** Say why a message that was pulled is not started. @param {string} text */
const waitElement = (text) => h("p.waits", { title: text }, icon("⏸ "), bdi(text));

/**
 * Make the messages that were pulled and are not settled: still on the queue, but no worker gets them.
 * @param {Lane} lane
 * @param {Actions} actions
 */
function inWorkElement(lane, { follow }) {
  const held = (/** @type {Ticket} */ message) =>
    button(`work ${message.id}`, bdi(message.name), () => follow(message, "work", lane.key), {
      ...ticketProperties(message),
      "data-message": null,
      class: "wb-ticket wb-inhand",
    });
  const more = (lane.in_work ?? 0) - lane.working.length;
  return h(
    "div.inwork",
    null,
    h("span.count", null, "in work: "),
    lane.working.map(held),
    more > 0 && h("span.count", null, ` and ${more.toLocaleString("en")} more`),
  );
}

/** @param {LanePlan} lane @param {Ticket | null} parent  the message of the step @param {Actions} actions */
function waitingElement(lane, parent, actions) {
  return h(
    "ol.messages",
    { tabindex: "0", "data-k": `messages ${lane.key}`, "aria-label": `Waiting on ${lane.channel}` },
    lane.messages.map((message) => h("li.message", null, messageElement(lane, message, parent, actions))),
  );
}

/** @param {Lane} lane @param {Message} message @param {Ticket | null} parent @param {Actions} actions */
function messageElement(lane, message, parent, { follow }) {
  const { id, name, topic, by, priority, seen, from, payload } = message;
  const isChild = parent !== null && from === parent.name;
  return h(
    "button.ticket.wide",
    {
      type: "button",
      ...ticketProperties(message),
      "data-k": `open ${lane.key} ${id}`,
      "data-child": isChild,
      title: [message.title, topic === null ? "no topic" : `topic ${topic}`, payload].filter(Boolean).join(" · "),
      onclick: () => follow(message, "waiting", lane.key),
    },
    h("span.ticketname", null, bdi(name)),
    priority !== undefined && h("span.tag.strong", null, `priority ${priority}`),
    seen && h("span.tag.back", null, icon("↩ "), h("span.hidden", null, "sent back, "), seen.replace(" of ", "/")),
    h("span.tag", null, bdi(from ? `from ${from}` : (topic ?? "no topic"))),
    by !== undefined && h("span.tag", null, h("span.tagname", null, "by "), bdi(by)),
    code(payload),
  );
}
