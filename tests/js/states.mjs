// States of the kernel, for the tests.
import { EMPTY } from "../../repid_nb/widgets/static/state.mjs";
import { emptyUi } from "../../repid_nb/widgets/static/ui.mjs";

/**
 * @import { State, Step, Verdict } from "../../repid_nb/widgets/static/wire.mjs"
 * @import { Ui } from "../../repid_nb/widgets/static/ui.mjs"
 */

export const message = {
  id: "m1",
  name: "m1",
  topic: "greet",
  payload: "{}",
  headers: [],
  more_headers: 0,
  size: "2 bytes",
  content_type: "application/json",
};
/** @type {Verdict} */
export const verdict = {
  position: 1,
  actor: "greet",
  strategy: "topic",
  outcome: "match",
  answer: "✓ match",
  reason: "",
  role: "winner",
};
/** @type {NonNullable<Step["settlement"]>} */
export const settlement = { action: "acked", tone: "good", word: "✓ acked", where: "done", reason: "", took: null };
/** @type {Step} */
export const stepped = {
  number: 1,
  phase: null,
  key: "tasks",
  channel: "tasks",
  message,
  winner: "greet",
  verdicts: [verdict],
  story: "Step 1.",
  settlement,
};
export const lane = {
  key: "tasks",
  channel: "tasks",
  actors: 1,
  waiting: 2,
  next: true,
  messages: [message],
  working: [],
  in_work: 0,
};

/** @param {Partial<State>} changes @returns {State} */
export function state(changes = {}) {
  return {
    ...structuredClone(EMPTY),
    lanes: { lanes: [lane] },
    actors: {
      channel: "tasks",
      actors: [{ position: 1, actor: "greet", strategy: "topic" }],
      more: 0,
      stale: false,
    },
    ...changes,
  };
}
/** @param {Partial<Ui>} changes @returns {Ui} */
export const ui = (changes = {}) => ({ ...emptyUi(), ...changes });
/** @param {Partial<State["status"]>} changes @returns {State} */
export const busy = (changes = {}) => state({ status: { ...state().status, busy: "step", ...changes } });
