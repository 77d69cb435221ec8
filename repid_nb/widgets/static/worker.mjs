// The second column: the worker, with the one message that it holds.

import { count } from "./amounts.mjs";
import { bdi, button, code, h, icon, smallButton } from "./dom.mjs";
import { andMore, tags, ticketProperties } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { WorkerPlan, WorkerStep } from "./stage_plan.mjs"
 * @import { PulledMessage } from "./wire.mjs"
 *
 * @typedef {Actions["open"]} Open
 */

/** @param {WorkerPlan} worker @param {Open} open */
export function workerElements(worker, open) {
  if (!worker.step) return [h("div.slot.empty", { "data-slot": "worker" }, h("span.nothing", null, "idle"))];
  return [heldElement(worker, worker.step, open)];
}

/** @param {WorkerPlan} worker @param {WorkerStep} step @param {Open} open */
function heldElement(worker, { message, number, sighting, dots }, open) {
  const openMessage = () => open(`Message ${message.name}`, { type: "open", what: "message", step: number });
  const isLong = message.payload.endsWith("…") || message.headers.length > 3 || message.more_headers > 0;
  const look = { ...ticketProperties(message), class: "wb-ticket wb-current", "aria-label": `Open ${message.name}` };
  return h(
    "div.slot",
    { "data-slot": "worker", class: `wb-slot${worker.held ? " wb-held" : ""}` },
    h("div.slothead", null, h("span.stepname", null, `Step ${number}`), h("span.count", null, worker.note)),
    button("open message", bdi(message.name), openMessage, look),
    h("div.payloadblock", { title: sizeText(message) }, code(message.payload)),
    isLong && smallButton("open whole", "open", openMessage, { "aria-label": `Open all of ${message.name}` }),
    h("div.slottags", null, tags({ ...message, seen: undefined })),
    headerElements(message),
    sighting && sightingElement(sighting, dots),
  );
}

/** @param {PulledMessage} message */
function headerElements({ headers, more_headers }) {
  return [
    headers.length > 0 &&
      h(
        "dl.headers",
        null,
        headers.map(([name, value]) => [h("dt", { title: name }, bdi(name)), h("dd", { title: value }, bdi(value))]),
      ),
    more_headers > 0 && andMore(count(more_headers, "more header")),
  ];
}

/**
 * Make the sightings of a message that no actor takes: dots to count aloud, up to the one that makes it poison.
 * @param {string} sighting
 * @param {WorkerStep["dots"]} dots
 */
function sightingElement(sighting, dots) {
  const [seen, most] = dots ?? [0, 0];
  const marks = Array.from({ length: most }, (_, place) => h("i", { class: place < seen ? "wb-on" : null }));
  return h(
    "p.sighting",
    null,
    dots && h("span.dots", { "aria-hidden": "true" }, marks),
    h("span.sightingword", null, icon("↩ "), `sighting ${sighting}`),
  );
}

/** @param {PulledMessage} message */
function sizeText({ size, content_type }) {
  return [size, content_type].filter(Boolean).join(" · ");
}
