// The second column: the worker, with the one message that it holds.

import { count } from "./amounts.mjs";
import { bdi, button, code, h, smallButton } from "./dom.mjs";
import { andMore, tags, ticketProperties } from "./tickets.mjs";
import { otherWorkerElements } from "./workers.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { WorkerPlan, WorkerStep } from "./stage_plan.mjs"
 * @import { Child } from "./dom.mjs"
 * @import { PulledMessage, StageWorker } from "./wire.mjs"
 */

/** @param {WorkerPlan} worker @param {StageWorker[]} workers @param {Actions} actions */
export function workerElements(worker, workers, actions) {
  const name = workers.find((one) => one.chosen)?.name;
  const head = name && h("b.workername", null, bdi(name));
  const idle = h("div.slot.empty", { "data-slot": "worker" }, head, h("span.nothing", null, "idle"));
  return [worker.step ? heldElement(worker, worker.step, head, actions) : idle, otherWorkerElements(workers, actions)];
}

/** @param {WorkerPlan} worker @param {WorkerStep} step @param {Child} head @param {Actions} actions */
function heldElement(worker, { message, number, sighting, dots, channel }, head, { open, follow }) {
  const openMessage = () => open(`Message ${message.name}`, { type: "open", what: "message", step: number });
  const isLong = message.payload.endsWith("…") || message.headers.length > 3 || message.more_headers > 0;
  const look = { ...ticketProperties(message), class: "wb-ticket wb-current", "aria-label": `Follow ${message.name}` };
  return h(
    "div.slot",
    { "data-slot": "worker", class: `wb-slot${worker.held ? " wb-held" : ""}` },
    head,
    h("div.slothead", null, h("span.stepname", null, `Step ${number}`), h("span.count", null, worker.note)),
    button("open message", bdi(message.name), () => follow(message, "step", channel, number), look),
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
    h("span.sightingword", null, `sighting ${sighting}`),
  );
}

/** @param {PulledMessage} message */
function sizeText({ size, content_type }) {
  return [size, content_type].filter(Boolean).join(" · ");
}
