// The other workers of the stage: those that can be chosen, and those of which only is known what they hold.

import { bdi, button, h } from "./dom.mjs";
import { ticket } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { StageWorker } from "./wire.mjs"
 */

/** @param {StageWorker[]} workers @param {Actions} actions */
export function otherWorkerElements(workers, actions) {
  return workers.filter((one) => !one.chosen).map((one) => workerElement(one, actions));
}

/** @param {StageWorker} worker @param {Actions} actions */
function workerElement({ key, name, own, at, message, phase, winner }, { choose }) {
  const holds = message
    ? [ticket(message, { "data-message": null }), h("span.count", null, phaseText(phase, winner, at))]
    : h("span.count", null, "idle");
  const parts = [h("span.workername", null, bdi(name)), holds];
  const look = `wb-otherworker${own ? "" : " wb-foreign"}`;
  if (!own) return h("div", { class: look }, parts);
  return button(`worker ${key}`, parts, () => choose(key), { class: look, title: `Let ${name} take the next step` });
}

/** @param {StageWorker["phase"]} phase @param {StageWorker["winner"]} winner @param {StageWorker["at"]} at */
function phaseText(phase, winner, at) {
  if (phase === "running") return winner ? `in ${winner}` : "running";
  return phase ?? (at ? `from ${at}` : "at work");
}
