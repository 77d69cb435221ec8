// Telling a story: its stills one after the other, each when the message has arrived where it shows it.

import { createToken, moveTickets, placesOf, rectOn, spotOf } from "./flights.mjs";
import { isSameMoment, scenesBetween } from "./scenes.mjs";

/**
 * @import { Places } from "./flights.mjs"
 * @import { Scene, Spot, Told } from "./scenes.mjs"
 * @import { State, Step } from "./wire.mjs"
 *
 * @typedef {object} Story
 * @property {Scene[]} scenes
 * @property {State} before  what the page showed at its beginning
 * @property {State} target  what it shows at its end
 * @property {Step} step
 * @property {number} speed
 * @property {number | null} still  milliseconds of each still, where nothing may move
 * @property {Told} shown
 * @property {ReturnType<typeof createToken> | null} token
 * @property {DOMRect | undefined} place  where the token is
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

/**
 * @param {HTMLElement} stage
 * @param {(state: State) => void} show  draws a state
 */
export function createStoryteller(stage, show) {
  /** @type {Story | null} */
  let story = null;

  /** @param {Scene[]} scenes @param {Pick<Story, "before" | "target" | "step" | "speed" | "still">} about */
  async function tell(scenes, about) {
    const [{ shown }] = scenes;
    /** @type {Story} */
    const told = { ...about, scenes, shown, token: null, place: startOf(stage, about.step), timer: undefined };
    story = told;
    stage.classList.add("wb-telling");
    // While it is told, the step may go on: then there is more to tell, or, where the page has missed a step, no more.
    for (let index = 0; index < told.scenes.length; index += 1) {
      const { to, travel: time } = told.scenes[index];
      if (to && told.still === null) await travel(stage, told, to, time);
      if (story !== told) return;
      if (index >= told.scenes.length - 1) break;
      told.shown = told.scenes[index].shown;
      present(told, false);
      if (told.scenes[index].hold) await rest(stage, told, told.scenes[index]);
      if (story !== told) return;
    }
    told.shown = told.target;
    present(told, true);
  }

  /** @param {Story} told @param {boolean} isLast */
  function present(told, isLast) {
    const places = placesOf(stage);
    // What the actor sent comes from its card; the message itself from where its token is.
    const originOf = origins(stage, told, places);
    if (isLast) stop();
    show({ ...told.target, ...told.shown });
    if (told.still === null) moveTickets(stage, places, originOf);
  }

  /** Stop the story that is told. */
  function stop() {
    if (!story) return;
    clearTimeout(story.timer);
    story.token?.remove();
    stage.classList.remove("wb-telling");
    story = null;
  }

  /** Go on towards a newer state, with more to tell where the step has gone on. @param {State} now */
  function retarget(now) {
    if (!story) return;
    if (!isSameMoment(story.target, now)) story.scenes = scenesBetween(story.before, now);
    story.target = now;
    show({ ...now, ...story.shown });
  }

  return { tell, stop, retarget, isTelling: () => story !== null, target: () => story?.target ?? null };
}

/**
 * @param {HTMLElement} stage
 * @param {Story} told
 * @param {Spot} spot
 * @param {number} time
 */
async function travel(stage, told, spot, time) {
  const place = spotOf(stage, spot);
  if (!place || !told.place) return;
  told.token ??= createToken(stage, told.step.message, told.place);
  told.token.flyTo(place, time * told.speed);
  told.place = place;
  await pause(told, time);
}

/**
 * Stay at a scene for a while; where nothing may move, with the message at its spot.
 * @param {HTMLElement} stage
 * @param {Story} told
 * @param {Scene} scene
 */
async function rest(stage, told, { to, hold }) {
  const place = told.still !== null && to && spotOf(stage, to);
  if (place) {
    told.token?.remove();
    told.token = createToken(stage, told.step.message, place);
  }
  await pause(told, told.still ?? hold);
}

/**
 * Wait, unless the story is stopped meanwhile: then its promise is forgotten.
 * @param {Story} told
 * @param {number} time
 * @returns {Promise<void>}
 */
function pause(told, time) {
  return new Promise((done) => {
    told.timer = setTimeout(done, time * told.speed);
  });
}

/**
 * Return where a message starts: its ticket on its lane, or where it is with the worker.
 * @param {HTMLElement} stage
 * @param {Step} step
 */
function startOf(stage, step) {
  const waiting = placesOf(stage).get(step.message.id);
  if (waiting) return waiting.rect;
  const lanes = /** @type {HTMLElement[]} */ ([...stage.querySelectorAll("[data-lane]")]);
  const slot = stage.querySelector("[data-slot=worker] .wb-ticket");
  const lane = lanes.find((one) => one.dataset.lane === step.key);
  const isHeld = slot instanceof HTMLElement && slot.dataset.message === step.message.id;
  const start = isHeld ? slot : (lane ?? slot);
  return start ? rectOn(stage, start) : undefined;
}

/**
 * Return a function of an id: from where a ticket comes that was nowhere before.
 * @param {HTMLElement} stage
 * @param {Story} told
 * @param {Places} places
 */
function origins(stage, { step, place }, places) {
  const winner = stage.querySelector("[data-actor=winner]");
  const card = winner ? rectOn(stage, winner) : undefined;
  return (/** @type {string} */ id) => (places.has(id) ? undefined : id === step.message.id ? place : card);
}
