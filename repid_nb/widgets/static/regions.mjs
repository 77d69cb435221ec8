// The regions of the page that are drawn anew, each only when its content has changed.

import { actorElements } from "./actors.mjs";
import { classElements } from "./class_panel.mjs";
import { bdi, createChanges, fill, h } from "./dom.mjs";
import { laneElements } from "./lanes.mjs";
import { outcomeElements } from "./outcome.mjs";
import { bannerElements, errorElements, explanationElements, headlineElements, keyElements } from "./panels.mjs";
import { noticeElements, pickingElements, scoreElements, textElements } from "./panels.mjs";
import { trackElement } from "./track.mjs";
import { trailElements } from "./trail.mjs";
import { worldsElements } from "./what_if.mjs";
import { workerElements } from "./worker.mjs";

/**
 * @import { Actions } from "./actions.mjs"
 * @import { Children } from "./dom.mjs"
 * @import { Plan } from "./plan.mjs"
 * @import { TrackWord } from "./stage_plan.mjs"
 * @import { Ui } from "./ui.mjs"
 * @import { State } from "./wire.mjs"
 *
 * @typedef {ReturnType<typeof createRegions>} Regions
 */

/**
 * Make the hosts of the regions, all of them empty.
 * @param {Actions} actions
 * @param {() => void} focusPage  takes the focus when the element that had it is gone
 */
export function createRegions(actions, focusPage) {
  const hosts = {
    keys: h("div.keysbox"),
    errors: h("div.errors", { role: "alert" }),
    explanation: h("div.explanation", { role: "status" }),
    banner: h("div.bannerbox", { role: "status" }),
    score: h("div.scorebox", { role: "status" }),
    picking: h("div.pickingbox"),
    classroom: h("div", { role: "status" }),
    headline: h("div.headlinebox"),
    story: h("p.story.hidden", { "aria-live": "polite" }),
    notice: h("p.notice", { role: "status" }),
    pulled: h("span.track"),
    asked: h("span.track"),
    run: h("span.track"),
    settled: h("span.track"),
    lanes: h("div.lanes", { tabindex: "0", role: "group", "aria-label": "Lanes" }),
    worker: h("div"),
    actors: h("div"),
    outcome: h("div"),
    worlds: h("div.trailbox"),
    trail: h("div.trailbox"),
    opened: h("div.openedbox"),
  };
  const hasChanged = createChanges();

  /**
   * Draw one region if its content has changed; the focus stays where it was.
   * @param {keyof typeof hosts} name
   * @param {unknown} shown
   * @param {() => Children} makeElements
   */
  function region(name, shown, makeElements) {
    if (!hasChanged(name, shown)) return;
    const host = hosts[name];
    const active = host.ownerDocument.activeElement;
    const focused = host.contains(active) && active !== host ? active?.getAttribute("data-k") : null;
    fill(host, makeElements());
    if (focused) refocus(host, focused, focusPage);
  }

  /** @param {Plan} shown @param {State} state @param {Ui} ui */
  function draw(shown, state, ui) {
    hosts.story.setAttribute("aria-live", state.status.busy === "run" ? "off" : "polite");
    drawAround(region, shown, state, ui, actions);
    drawColumns(region, shown, state, actions);
  }

  return { hosts, draw };
}

/**
 * Move the focus to the element that replaces the one that had it.
 * @param {Element} host
 * @param {string} key  the `data-k` that had the focus
 * @param {() => void} focusPage
 */
function refocus(host, key, focusPage) {
  const found = /** @type {HTMLElement[]} */ ([...host.querySelectorAll("[data-k]")]);
  const again = found.find((one) => one.getAttribute("data-k") === key);
  if (again) again.focus();
  else focusPage();
}

/**
 * @callback Region
 * @param {keyof Regions["hosts"]} name
 * @param {unknown} shown
 * @param {() => Children} makeElements
 * @returns {void}
 */

/** @type {TrackWord[]} */
const TRACK = ["pulled", "asked", "run", "settled"];

/** @param {Region} region @param {Plan} shown @param {State} state @param {Actions} actions */
function drawColumns(region, shown, { history, tray, step, workers: { workers } }, actions) {
  const isLocked = shown.controls.busy || !history.live;
  const source = step.number ? [step.key, step.message.name] : null;
  region("lanes", [shown.lanes, source], () => laneElements(shown.lanes, step, actions));
  region("worker", [shown.worker, workers], () => workerElements(shown.worker, workers, actions));
  region("actors", shown.actors, () => actorElements(shown.actors, actions));
  region("outcome", [shown.outcome, tray, isLocked], () => outcomeElements(shown.outcome, tray, isLocked, actions));
  for (const word of TRACK) region(word, shown.track?.[word], () => trackElement(word, shown.track));
}

/** @param {Region} region @param {Plan} shown @param {State} state @param {Ui} ui @param {Actions} actions */
function drawAround(region, shown, { what_if }, { explanation, followed, opened, keys }, actions) {
  const isLocked = !shown.controls.send;
  const way = followed && [followed.message, followed.where, followed.trail, isLocked];
  const notice = shown.errors.length ? "" : shown.notice;
  // Not its text: a file may have many megabytes, and the region is drawn with every piece that arrives.
  const openedSoFar = opened && [opened.title, opened.next, opened.total, opened.whole];
  region("errors", shown.errors, () => errorElements(shown.errors, actions));
  region("notice", notice, () => noticeElements(notice));
  region("headline", shown.headline, () => headlineElements(shown.headline));
  region("story", shown.story, () => bdi(shown.story));
  region("banner", shown.banner, () => bannerElements(shown.banner, actions));
  region("score", shown.score, () => scoreElements(shown.score));
  region("classroom", shown.classroom, () => classElements(shown.classroom));
  region("picking", shown.picking, () => pickingElements(shown.picking, actions));
  region("explanation", explanation, () => explanationElements(explanation, actions));
  region("worlds", [what_if, isLocked], () => worldsElements(what_if, isLocked, actions));
  region("trail", way, () => trailElements(followed, isLocked, actions));
  region("opened", openedSoFar, () => textElements(opened, actions));
  region("keys", keys, () => keyElements(keys, actions));
}
