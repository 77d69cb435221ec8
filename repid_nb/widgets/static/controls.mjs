// The controls: step, run, and move through the history.

import { button, h, setEnabled } from "./dom.mjs";
import { stepName } from "./plan.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { ControlsPlan } from "./plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 */

const group = (/** @type {Node[]} */ ...children) => h("div.group", null, ...children);

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
export function createControls(actions, ui, update) {
  const steps = stepControls(actions);
  const runs = runControls(actions, ui, update);
  const moves = historyControls(actions);
  const element = h(
    "div.controls",
    { role: "group", "aria-label": "Steps" },
    steps.element,
    runs.element,
    h("span.gap"),
    moves.element,
  );

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, state) {
    const focused = element.ownerDocument.activeElement;
    steps.draw(shown);
    runs.draw(shown, state);
    moves.draw(shown, state, ui);
    // The button that takes the place of the pressed one takes the focus too.
    for (const [from, to] of [...steps.replacements, ...runs.replacements]) {
      if (focused === from && from.hidden && !to.hidden) to.focus();
    }
  }

  return { element, step: steps.step, draw };
}

/** @param {Actions} actions */
function stepControls(actions) {
  const primary = { class: "wb-button wb-primary" };
  const step = button("step", "Step", actions.step, { ...primary, title: "Take one message its whole way (S)" });
  const next = button("next", "", actions.next, { ...primary, title: "The next phase (I)" });
  const into = button("into", "Step into", actions.into, { title: "Stop after each phase (I)" });
  const finish = button("finish", "Finish the step", actions.finish, { title: "Without further stops (F)" });
  const putBack = button("put back", "Put it back", actions.stop, { title: "As if it had not been pulled (Esc)" });
  const replacements = [
    [into, next],
    [next, step],
    [finish, step],
    [putBack, step],
  ];

  /** @param {ControlsPlan} shown */
  function draw(shown) {
    for (const one of [step, into]) one.hidden = shown.held;
    for (const one of [next, finish, putBack]) one.hidden = !shown.held;
    next.textContent = shown.next;
    setEnabled(step, shown.step);
    setEnabled(into, shown.into);
  }

  return { element: group(step, next, into, finish, putBack), step, replacements, draw };
}

/**
 * @param {Actions} actions
 * @param {Ui} ui
 * @param {() => void} update
 */
function runControls(actions, ui, update) {
  const run = button("run", "Run", actions.run, { title: "Step until nothing waits (R)" });
  const stop = button("stop", "Stop", actions.stop, { title: "Stop (R or Esc)" });
  const pace = paceSelect(ui);
  const most = h("input.input.narrow", {
    type: "number",
    min: 1,
    max: 10000,
    value: ui.most,
    "data-k": "most",
    oninput: () => {
      ui.most = most.value;
      update();
    },
  });
  const paceBox = h("label.field.inline", null, h("span.hidden", null, "Pace"), pace);
  const mostBox = h("label.field.inline", null, "at most ", most);
  const problem = h("span.problem", { role: "status" });
  const progress = h("span.progress");

  /** @param {ControlsPlan} shown @param {State} state */
  function draw(shown, { status }) {
    run.hidden = shown.stop || shown.held;
    stop.hidden = !shown.stop;
    paceBox.hidden = shown.held;
    mostBox.hidden = shown.held;
    setEnabled(run, shown.run);
    problem.textContent = shown.most;
    most.setAttribute("aria-invalid", String(Boolean(shown.most)));
    progress.textContent = status.busy === "run" ? shown.progress : "";
  }

  const replacements = [
    [run, stop],
    [stop, run],
  ];
  return { element: group(run, stop, paceBox, mostBox, problem, progress), replacements, draw };
}

/** @param {Ui} ui */
function paceSelect(ui) {
  const paces = [
    ["0", "at full speed"],
    ["0.4", "quickly"],
    ["1.5", "to watch"],
    ["4", "slowly"],
  ];
  const options = paces.map(([value, label]) => h("option", { value, selected: value === ui.pace }, label));
  const select = h(
    "select.input",
    {
      "data-k": "pace",
      title: "How fast",
      onchange: () => {
        ui.pace = select.value;
      },
    },
    options,
  );
  return select;
}

/** @param {Actions} actions */
function historyControls(actions) {
  const back = button("back", "◀ Back", actions.back, { title: "One step back (←)", "aria-label": "Back" });
  const slider = h("input.slider", {
    type: "range",
    min: 0,
    max: 0,
    step: 1,
    "aria-label": "Step",
    "data-k": "slider",
    oninput: () => actions.seek(Number(slider.value)),
  });
  const forward = button("forward", "Forward ▶", actions.forward, {
    title: "One step forward (→)",
    "aria-label": "Forward",
  });
  const reset = button("reset", "Reset", actions.reset, { title: "Everything back to the first moment" });

  /** @param {ControlsPlan} shown @param {State} state @param {Ui} ui */
  function draw(shown, { history }, { pending, sure }) {
    setEnabled(back, shown.back);
    setEnabled(forward, shown.forward);
    setEnabled(reset, shown.reset);
    slider.disabled = !shown.seek;
    slider.min = String(history.first);
    slider.max = String(history.newest);
    if (pending === null) slider.value = String(history.at);
    slider.setAttribute("aria-valuetext", `${stepName(history.at)} of ${history.newest}`);
    reset.textContent = sure ? "Confirm reset" : "Reset";
  }

  return { element: group(back, slider, forward, reset), draw };
}
