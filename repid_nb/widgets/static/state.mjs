// Reading what the kernel says: the traits of the model as one state, with nothing missing.

import { stepsOf } from "./ends.mjs";

/** @import { Model, State } from "./wire.mjs" */

/**
 * What the page shows of a trait that the kernel has not set.
 * @type {State}
 */
export const EMPTY = {
  lanes: { lanes: [], pull_from: null },
  tray: { dead: 0, letters: [] },
  actors: { channel: "", actors: [], more: 0, stale: false },
  step: {},
  pulled: {},
  desk: {},
  history: { at: 0, first: 0, newest: 0, steps: [], replay: false, live: true, done: 0 },
  choices: { channels: [], operations: [], topics: [] },
  prediction: { on: false, right: 0, asked: 0, last: null },
  status: { busy: null, held: false, progress: null, answered: {}, error: "", notice: "" },
  river: { unit: "step", begin: 0, end: 0, channels: [], workers: [], visits: [] },
  projector: false,
  beside: "",
  workers: { workers: [] },
  kept: {},
  what_if: { on: false },
};

export const TRAITS = Object.keys(EMPTY);

/**
 * Read what the kernel says.
 * @param {Model} model
 * @returns {State}
 */
export function readState(model) {
  const read = (/** @type {string} */ name, /** @type {State[keyof State]} */ empty) => {
    const value = model.get(name) ?? empty;
    return typeof value === "object" ? Object.assign({}, empty, value) : value;
  };
  const state = /** @type {State} */ (
    Object.fromEntries(Object.entries(EMPTY).map(([name, empty]) => [name, read(name, empty)]))
  );
  const { step, pulled, status, desk, history } = state;
  if (step.number) state.step = Object.assign({}, pulled, step);
  state.status = Object.assign({}, desk, status);
  if (history.marks) history.steps = stepsOf(history.marks);
  return state;
}
