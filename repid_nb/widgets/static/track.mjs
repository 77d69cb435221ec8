// How far the message has come: each phase stands above the column in which it happens.

import { h, icon } from "./dom.mjs";

/** @import { Track, TrackWord } from "./stage_plan.mjs" */

const STATES = {
  done: { symbol: "●", text: ": done" },
  skipped: { symbol: "–", text: ": left out" },
  open: { symbol: "○", text: ": not yet" },
};

/** @param {TrackWord} word @param {Track} track */
export function trackElement(word, track) {
  if (!track) return null;
  const { symbol, text } = STATES[track[word]];
  return h(
    "span.phase",
    { class: `wb-phase wb-${track[word]}`, "data-phase": word },
    icon(`${symbol} `),
    word,
    h("span.hidden", null, text),
  );
}
