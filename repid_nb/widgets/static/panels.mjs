// The elements around the columns: errors, banner, guesses, history, texts, keys.

import { actorElement } from "./actors.mjs";
import { count } from "./amounts.mjs";
import { bdi, button, h, icon, smallButton } from "./dom.mjs";
import { findField } from "./finder.mjs";
import { KEYS } from "./keys.mjs";
import { verdictRow } from "./stage_plan.mjs";
import { beginning, download } from "./texts.mjs";
import { nameOf } from "./tickets.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { HeadlinePlan } from "./headline.mjs"
 * @import { BannerPlan, PickingPlan, ScorePlan } from "./plan.mjs"
 * @import { OpenedText } from "./ui.mjs"
 * @import { Explanation } from "./wire.mjs"
 */

/** @param {string[]} errors @param {Actions} actions */
export function errorElements(errors, { dismiss }) {
  return errors.map((text) =>
    h(
      "div.error",
      null,
      icon("⚠ "),
      h("span.errortext", null, h("b", null, "That did not work. "), bdi(text)),
      button("dismiss", "Close", dismiss),
    ),
  );
}

/** @param {HeadlinePlan} headline */
export function headlineElements({ big, became, tone, why }) {
  const words = big.map((part) => (typeof part === "string" ? bdi(part) : nameOf(part)));
  return [
    h("h2.headline", null, words, became && h("span", { class: `wb-became wb-tone-${tone}` }, " ", became)),
    h("p.whyline", { title: why }, bdi(why)),
  ];
}

/** @param {string} notice */
export function noticeElements(notice) {
  return notice ? [h("span", null, bdi(notice))] : [];
}

/** @param {BannerPlan | null} banner @param {Actions} actions */
export function bannerElements(banner, { goOn, backToNow }) {
  if (!banner) return [];
  return [
    h(
      "div.banner",
      null,
      icon("⏱ "),
      h("span.bannertext", null, h("b", null, banner.text), " ", banner.undone),
      banner.goOn && button("go on", "Go on from here", goOn, { title: "G", class: "wb-button wb-live" }),
      button("to now", banner.back, backToNow),
    ),
  ];
}

/** @param {ScorePlan | null} score */
export function scoreElements(score) {
  if (!score) return [];
  // Who got the message stands in the headline beside it.
  return [
    h(
      "p",
      { class: `wb-score wb-tone-${score.tone}`, title: score.answer },
      score.verdict && h("b", null, score.verdict, " "),
      score.answer && h("span.hidden", null, bdi(score.answer), " "),
      h("span.count", null, score.score),
    ),
  ];
}

/** @param {PickingPlan | null} picking @param {Actions} actions */
export function pickingElements(picking, actions) {
  if (!picking) return [];
  const { pick, cancelPick } = actions;
  const options = picking.options.map(({ value, text, key }) =>
    button(`pick ${value}`, [key && h("span.position", null, key), bdi(text)], () => pick(value)),
  );
  const cancel = smallButton("pick cancel", "Not now", cancelPick);
  const others = picking.more > 0 && findField(actions, "options", `One of ${count(picking.more, "more actor")}`, pick);
  return [h("fieldset.picking", null, h("legend", null, bdi(picking.question)), options, others, cancel)];
}

/** @param {Explanation | null} explanation @param {Actions} actions */
export function explanationElements(explanation, actions) {
  if (!explanation) return [];
  const { closeExplanation } = actions;
  const { who, verdicts, more_verdicts } = explanation;
  const rows = verdicts.map((verdict) =>
    actorElement({ ...verdictRow(verdict), unfolded: true }, { channel: "" }, actions),
  );
  return [
    h(
      "div.answerbox",
      null,
      h(
        "div.answerhead",
        null,
        h("span", null, h("b", null, bdi(who)), " Nothing was sent."),
        smallButton("close explanation", "Close", closeExplanation),
      ),
      h("ol.actors", { "aria-label": "Who would get this" }, rows),
      more_verdicts > 0 && h("p.andmore", null, `… and ${count(more_verdicts, "more actor")}`),
    ),
  ];
}

/** @param {OpenedText | null} opened @param {Actions} actions */
export function textElements(opened, { closeText }) {
  if (!opened) return [];
  const { title, file, text, next, whole, more } = opened;
  return [
    h(
      "section.opened",
      { "aria-label": title },
      h(
        "div.answerhead",
        null,
        h("b", null, bdi(title)),
        h("span.count", null, lengthText(opened)),
        h("span.gap"),
        whole && smallButton("copy", "Copy", () => navigator.clipboard?.writeText(text)),
        whole && file && smallButton("download", "Download", () => download(text, file)),
        smallButton("close text", "Close", closeText),
      ),
      h("pre.whole", { tabindex: "0", "aria-label": title }, bdi(file ? beginning(text) : text)),
      !whole && !file && next > 0 && button("more", "Show more", more),
    ),
  ];
}

/** @param {OpenedText} opened */
function lengthText({ whole, next, total }) {
  return `${whole ? "" : `${next.toLocaleString("en")} of `}${count(total, "character")}`;
}

/** @param {boolean} isOpen @param {Actions} actions */
export function keyElements(isOpen, { keys }) {
  if (!isOpen) return [];
  const rows = KEYS.map(([key, meaning]) => [h("dt", null, h("kbd", null, key)), h("dd", null, meaning)]);
  return [
    h(
      "section.keys",
      { "aria-label": "Keys" },
      h(
        "div.answerhead",
        null,
        h("b", null, "Keys, while the workbench has the focus"),
        smallButton("close keys", "Close", keys),
      ),
      h("dl.keylist", null, rows),
    ),
  ];
}
