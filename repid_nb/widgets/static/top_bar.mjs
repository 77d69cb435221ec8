// The top of the page: the channel to pull from, and the switches of the page itself.

import { button, createChanges, fill, h, icon } from "./dom.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

/** @param {Actions} actions */
export function createTopBar(actions) {
  const from = h("select.input", { "data-k": "from", onchange: () => actions.pullFrom(from.value) });
  const channelBox = h("label.field.inline", null, "Pull from ", from);
  const predict = button("predict", "Predict", actions.predict, {
    title: "Guess before each step (P)",
    "aria-pressed": "false",
  });
  const large = button("large", "Large type", actions.large, {
    title: "For a projector (L)",
    "aria-pressed": "false",
  });
  const keys = button("keys", "? Keys", actions.keys, { title: "What the keys do (?)", "aria-expanded": "false" });
  const title = h("h2.title", null, icon("▣ "), "Workbench");
  const element = h("header.top", null, title, channelBox, h("span.gap"), predict, large, keys);
  const hasChanged = createChanges();

  /** @param {State} state @param {Ui} ui */
  function draw({ lanes, prediction, projector }, ui) {
    const options = offeredChannels(lanes);
    channelBox.hidden = options.length < 2;
    // What was just chosen stands there until the kernel has heard of it.
    const chosen = ui.pending === null ? (lanes.pull_from?.key ?? "") : from.value;
    if (hasChanged("options", options)) {
      const channels = options.map(([value, name]) => h("option", { value }, name));
      fill(from, h("option", { value: "" }, "each channel in turn"), channels);
    }
    from.value = chosen;
    predict.setAttribute("aria-pressed", String(prediction.on));
    large.setAttribute("aria-pressed", String(projector));
    keys.setAttribute("aria-expanded", String(ui.keys));
  }

  return { element, draw };
}

/**
 * Return key and name of the channels that can be pulled from; the chosen one stays among them.
 * @param {State["lanes"]} lanes
 */
function offeredChannels({ lanes, pull_from }) {
  const listened = lanes.filter((lane) => lane.actors);
  const isMissing = pull_from && !listened.some((lane) => lane.key === pull_from.key);
  return [...listened, ...(isMissing ? [pull_from] : [])].map(({ key, channel }) => [key, channel]);
}
