// The way of one message through all channels, with what came of it, and what can be done with it.

import { hueStyle } from "./colours.mjs";
import { bdi, button, h, smallButton } from "./dom.mjs";
import { andMore } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Child } from "./dom.mjs"
 * @import { Followed } from "./ui.mjs"
 * @import { TrailRow } from "./wire.mjs"
 */

/** @param {Followed | null} followed @param {boolean} isLocked @param {Actions} actions */
export function trailElements(followed, isLocked, actions) {
  if (!followed) return [];
  const { trail, message } = followed;
  return [
    h(
      "section.trailpanel",
      { "aria-label": `The way of ${message.name}` },
      h(
        "div.answerhead",
        null,
        h("b", null, "The way of ", h("span.name", { style: hueStyle(message) }, bdi(message.name))),
        h("span.gap"),
        handlingElements(followed, isLocked, actions),
        smallButton("close trail", "Close", actions.closeTrail),
      ),
      trail &&
        h(
          "ol.trail",
          { tabindex: "0", "aria-label": `The way of ${message.name}` },
          trail.rows.map((row) => rowElement(row, actions)),
        ),
      trail && trail.more > 0 && andMore(`${trail.more} more`),
    ),
  ];
}

/** @param {Followed} followed @param {boolean} isLocked @param {Actions} actions @returns {Child[]} */
function handlingElements({ message, where, question }, isLocked, actions) {
  const locked = { "aria-disabled": String(isLocked), class: "wb-button wb-small wb-live" };
  /** @param {string} key @param {string} label @param {() => void} onPress */
  const live = (key, label, onPress) => smallButton(`trail ${key}`, label, onPress, locked);
  const open = smallButton("trail open", "Open it", () => actions.open(`Message ${message.name}`, question));
  const edit = live("edit", "Edit and send again", actions.edit);
  if (where === "step") return [open, edit];
  if (where === "work") {
    const settle = /** @type {const} */ (["ack", "nack", "reject", "release"]);
    return settle.map((action) => live(action, action, () => actions.settle(message.id, action)));
  }
  const remove = live("delete", "Delete", actions.deleteMessage);
  return [open, where === "dead" && live("again", "Send again", actions.sendAgain), edit, remove];
}

/** @param {TrailRow} row @param {Actions} actions */
function rowElement({ name, depth, step, text, tone }, { seek }) {
  const label = h("span.name", { style: hueStyle({ name }) }, bdi(name));
  const words = [label, " ", h("span", { class: `wb-trailtext wb-tone-${tone}` }, bdi(text))];
  const indent = { class: "wb-trailrow", style: `--wb-depth: ${depth}` };
  if (step === null) return h("li", indent, words);
  const title = `Show step ${step}`;
  return h(
    "li",
    indent,
    button(`trail step ${step}`, words, () => seek(step), { class: "wb-trailstep", title }),
  );
}
