// What if: from a step on a second world goes its own way, with other rules. Both step together, side by side.

import { hueStyle } from "./colours.mjs";
import { bdi, button, createChanges, fill, h, icon, setEnabled, smallButton } from "./dom.mjs";
import { andMore } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { OtherRules, State, StepSummary, WhatIf, WorldsRow } from "./wire.mjs"
 */

/**
 * Make the choice of what is to be different, for the menu.
 * @param {Actions} actions
 */
export function createParting(actions) {
  const order = choice("first actor", "actor asked first");
  const error = choice("on_error", "on an error");
  const priority = choice("priority", "message goes first");
  const workers = choice("workers", "workers");
  const part = button("part", "Part here", () => actions.fork(rulesOf()), {
    title: "A second world goes on from the moment that is shown, with these rules",
  });
  const fields = [order, priority, error, workers];
  const element = h("div.menurow.live", null, h("b.menuname", null, "What if"), fields, part);
  const hasChanged = createChanges();

  /** @returns {OtherRules} */
  function rulesOf() {
    const [actor, message, on_error, number] = fields.map((field) => selectIn(field).value);
    return {
      ...(actor && { order: [actor] }),
      ...(message && { priority: { [message]: 9 } }),
      ...(on_error && { on_error }),
      ...(number && { workers: Number(number) }),
    };
  }

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, { actors, lanes, history, workers: { workers: known } }) {
    const names = actors.actors.map((one) => one.actor);
    const waiting = lanes.lanes.flatMap((lane) => lane.messages.map((message) => message.name));
    if (hasChanged("names", names)) offer(selectIn(order), names);
    if (hasChanged("waiting", waiting)) offer(selectIn(priority), waiting);
    if (hasChanged("words", 0)) {
      offer(selectIn(error), ["ack", "nack", "reject"]);
      offer(selectIn(workers), ["2", "3", "4"]);
    }
    const isOne = known.filter((one) => one.own).length < 2;
    setEnabled(part, shown.send && isOne && !history.no_way_back);
  }

  return { element, draw };
}

/** @param {string} key @param {string} label */
const choice = (key, label) =>
  h("label.field.inline", null, `${label} `, h("select.input", { "data-k": `what if ${key}` }));

/** @param {HTMLElement} field */
const selectIn = (field) => /** @type {HTMLSelectElement} */ (field.querySelector("select"));

/** @param {HTMLSelectElement} select @param {string[]} values */
function offer(select, values) {
  const chosen = select.value;
  fill(
    select,
    h("option", { value: "" }, "as it is"),
    values.map((value) => h("option", { value }, value)),
  );
  select.value = values.includes(chosen) ? chosen : "";
}

/** @param {WhatIf} worlds @param {boolean} isLocked @param {Actions} actions */
export function worldsElements(worlds, isLocked, { stepWorlds, endFork }) {
  if (!worlds.on) return [];
  const { at = 0, change = "", rows = [], more = 0, differs, waiting = 0, dead = 0 } = worlds;
  const locked = { "aria-disabled": String(isLocked), class: "wb-button wb-small wb-primary" };
  const heads = ["step", "as it is", `what if: ${change}`].map((text) => h("span.worldhead", null, bdi(text)));
  return [
    h(
      "section.worlds",
      { "aria-label": "What if" },
      h(
        "div.answerhead",
        null,
        h("b", null, `Two worlds since ${at ? `step ${at}` : "the beginning"}`),
        smallButton("step worlds", "Step both", stepWorlds, locked),
        h("span.count", null, `second world: ${waiting} waiting, ${dead} dead`),
        h("span.gap"),
        smallButton("end fork", "End it", endFork),
      ),
      more > 0 && andMore(`${more} earlier`),
      h(
        "div.worldgrid",
        null,
        heads,
        rows.map((row) => rowElements(row, row.number === differs)),
      ),
    ),
  ];
}

/** @param {WorldsRow} row @param {boolean} isFirst  whether it is the first that went another way */
function rowElements({ number, here, there, same }, isFirst) {
  const look = { class: `wb-world${same ? "" : " wb-other"}${isFirst ? " wb-parts" : ""}` };
  return [
    h("span.worldstep", null, isFirst && icon("≠ "), isFirst && h("span.hidden", null, "first difference, "), number),
    h("span", look, sideElements(here)),
    h("span", look, sideElements(there)),
  ];
}

/** @param {StepSummary | null} step */
function sideElements(step) {
  if (!step) return h("span.count", null, "nothing was left");
  const { message, winner, settled, tone, hue } = step;
  return [
    h("span.name", { style: hueStyle({ name: message, hue }) }, bdi(message)),
    " → ",
    bdi(winner),
    " ",
    h("span", { class: `wb-became wb-tone-${tone}` }, settled),
  ];
}
