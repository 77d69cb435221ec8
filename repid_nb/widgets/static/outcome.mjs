// The fourth column: what becomes of a message. The bin in which it ended is lit; dead letters lie in theirs.

import { bdi, h, icon, smallButton } from "./dom.mjs";
import { andMore, ticketProperties } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Bin, OutcomePlan } from "./stage_plan.mjs"
 * @import { Children } from "./dom.mjs"
 * @import { DeadLetter, State } from "./wire.mjs"
 */

/**
 * @param {OutcomePlan} outcome
 * @param {State["tray"]} tray
 * @param {boolean} isLocked
 * @param {Actions} actions
 */
export function outcomeElements(outcome, { dead, letters }, isLocked, actions) {
  const older = (dead ?? 0) - letters.length;
  const list = letters.map((letter) => deadLetterElement(letter, isLocked, actions));
  return [
    binElement(outcome, "done", "✓", "Done", outcome.done),
    binElement(outcome, "back", "↩", "Back", outcome.back),
    binElement(
      outcome,
      "tray",
      "✗",
      [h("span", null, "Dead"), h("span", null, "letters")],
      dead === null ? null : dead.toLocaleString("en"),
      [
        letters.length > 0 && h("ol.letters.tray", { tabindex: "0", "aria-label": "Dead letters" }, list),
        older > 0 && andMore(`${older.toLocaleString("en")} older`),
      ],
    ),
    outcome.hit === "open" && binElement(outcome, "open", "○", "In work", ""),
  ];
}

/**
 * @param {OutcomePlan} outcome
 * @param {Bin} bin
 * @param {string} symbol
 * @param {Children} name
 * @param {string | null} number  null where it is not known
 * @param {...Children} children
 */
function binElement(outcome, bin, symbol, name, number, ...children) {
  const isHit = outcome.hit === bin;
  const amount = number === null ? h("span.count", null, "not known") : h("span.binnumber", null, number);
  return h(
    "div.bin",
    { class: `wb-bin${isHit ? ` wb-hit wb-tone-${outcome.tone}` : ""}`, "data-bin": bin },
    h("div.binhead", null, h("span.binname", null, icon(symbol), name), amount),
    isHit && settlementElement(outcome),
    ...children,
  );
}

/** @param {OutcomePlan} outcome */
function settlementElement({ word, reason, took, note }) {
  const all = [word, reason, took, note].filter(Boolean).join(" · ");
  return h(
    "div.settlement",
    { title: all },
    h("b.settledword", null, word),
    reason && h("div.whysettled", null, bdi(reason)),
    took && h("div.count", null, took),
    note && h("div.count", null, bdi(note)),
  );
}

/** @param {DeadLetter} letter @param {boolean} isLocked @param {Actions} actions */
function deadLetterElement(letter, isLocked, { follow, resend }) {
  const { key, id, name, reason, topic } = letter;
  return h(
    "li.letter",
    null,
    h(
      "button.ticket.wide",
      {
        type: "button",
        ...ticketProperties(letter),
        "data-k": `open ${key} ${id}`,
        "aria-label": `Follow ${name}`,
        title: [topic === null ? "no topic" : `topic ${topic}`, reason].join(" · "),
        onclick: () => follow(letter, "dead", key),
      },
      h("span.ticketname", null, bdi(name)),
    ),
    h("span.hidden", null, bdi(reason)),
    smallButton(`resend ${key} ${id}`, [icon("↻"), h("span.resendword", null, " Send again")], () => resend(key, id), {
      "aria-disabled": String(isLocked),
      class: "wb-button wb-small wb-live",
      "aria-label": `Send again ${name}`,
      title: "Send it again",
    }),
  );
}
