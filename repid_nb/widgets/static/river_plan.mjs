// The river as plain data: one lane a channel and worker, a thin line for a message that waits, a thick one in work.
// Python draws the same picture: display/pictures/river_picture.py.

import { endWord } from "./ends.mjs";

/** @import { End, River, Visit } from "./wire.mjs" */

/**
 * @typedef {{name: string, y: number, height: number, kind: "channel" | "worker"}} RiverLane
 * @typedef {{name: string, x1: number, x2: number, y: number, isOpen: boolean}} Wait
 * @typedef {{name: string, x1: number, x2: number, y: number, end: End, done: number}} Work
 * @typedef {{name: string, d: string, kind: "pull" | "back" | "child"}} Link
 * @typedef {{d: string, kind: "channel" | "worker", most: number, y: number}} Band
 *
 * @typedef {object} RiverPlan
 * @property {number} width
 * @property {number} height
 * @property {RiverLane[]} lanes
 * @property {number} line  the height of a line of what waits
 * @property {Wait[]} waits
 * @property {Work[]} works
 * @property {Link[]} links
 * @property {Band[]} bands  instead of the four above, where there are too many messages
 * @property {number} from  the first moment that is shown
 * @property {number} to
 * @property {number} left  where it stands
 * @property {number} scale  pixels a moment
 */

export const GUTTER = 100;
/** The width of a step. */
const NARROWEST = 22;
const WIDEST = 72;
/** The height of a line, and of one that has room for the name of its message, where there are few. */
const LINE_HEIGHT = 8;
const NAMED_HEIGHT = 17;
const MOST_LABELLED = 24;
/** Lines that a lane has at most, and the height of a line of a worker. */
const LANE_ROWS = 6;
const WORK_HEIGHT = 24;
const LANE_GAP = 8;
const BAND_HEIGHT = 34;
/** More messages than these are drawn as bands. */
const MOST_DRAWN = 90;
/** Pixels between two samples of a band. */
const SAMPLE = 3;

/**
 * Lay the river out.
 * @param {River} river
 * @param {{width: number, at: number}} room  `at` is the moment that has to be in sight
 * @returns {RiverPlan}
 */
export function riverPlan(river, { width, at }) {
  const view = viewOf(river, width, at);
  const seen = river.visits.filter((visit) => visit[2] < view.to && (doneOf(visit) ?? river.end) >= view.from);
  const isBundled = seen.length > MOST_DRAWN;
  const rows = isBundled ? { waiting: new Map(), working: new Map() } : allRows(seen, river);
  const line = seen.length > MOST_LABELLED ? LINE_HEIGHT : NAMED_HEIGHT;
  const { lanes, height } = lanesOf(river, rows, isBundled ? null : line);
  const base = { ...view, width, height, lanes, line };
  if (isBundled) return { ...base, waits: [], works: [], links: [], bands: bandsOf(river, seen, base) };
  return { ...base, ...pathsOf(river, seen, rows, base), bands: [] };
}

/** @param {Visit} visit */
function doneOf([, , , taken, , done]) {
  return taken === null ? null : done === undefined ? taken + 1 : done;
}

/**
 * Return the part of the river that is shown: all of it, or as many steps as there is room for, around one.
 * @param {River} river
 * @param {number} width
 * @param {number} at
 */
function viewOf({ unit, begin, end }, width, at) {
  const room = Math.max(1, width - GUTTER - 14);
  const length = Math.max(end - begin, unit === "step" ? 1 : 1e-9);
  if (unit === "second") return { from: begin, to: begin + length, left: GUTTER, scale: room / length };
  const scale = Math.max(NARROWEST, Math.min(WIDEST, room / length));
  const shown = Math.min(length, Math.max(1, Math.floor(room / scale)));
  const from = Math.max(begin, Math.min(Math.round(at - shown / 2), begin + length - shown));
  return { from, to: from + shown, left: GUTTER, scale };
}

/**
 * Give each visit a row in its lane, the highest that is free.
 * @param {{visit: Visit, lane: number, start: number, end: number}[]} spans
 * @returns {Map<Visit, number>}
 */
function rowsOf(spans) {
  /** @type {Map<number, number[]>} */
  const busy = new Map();
  const rows = new Map();
  for (const { visit, lane, start, end } of spans.sort((one, other) => one.start - other.start)) {
    const until = busy.get(lane) ?? [];
    busy.set(lane, until);
    let row = until.findIndex((free) => free <= start);
    if (row < 0) row = Math.min(until.length, LANE_ROWS - 1);
    // Also what is over at once has been there.
    until[row] = Math.max(until[row] ?? 0, end, start + 1e-6);
    rows.set(visit, row);
  }
  return rows;
}

/** @param {Visit[]} visits @param {River} river */
function waitingRows(visits, { end }) {
  return rowsOf(visits.map((visit) => ({ visit, lane: visit[1], start: visit[2], end: visit[3] ?? end + 1 })));
}

/** Return the slots of each worker. @param {Visit[]} visits @param {River} river */
function workingRows(visits, { end }) {
  const taken = visits.filter((visit) => visit[3] !== null);
  return rowsOf(
    taken.map((visit) => ({ visit, lane: visit[6] ?? 0, start: visit[3] ?? 0, end: doneOf(visit) ?? end })),
  );
}

/**
 * @param {Visit[]} visits
 * @param {River} river
 */
function allRows(visits, river) {
  return { waiting: waitingRows(visits, river), working: workingRows(visits, river) };
}

/** How many rows a lane has. @param {Map<Visit, number>} rows @param {(visit: Visit) => boolean} isOf */
const countRows = (rows, isOf) => Math.max(0, ...[...rows].filter(([visit]) => isOf(visit)).map(([, row]) => row + 1));

/**
 * @param {River} river
 * @param {ReturnType<typeof allRows>} rows
 * @param {number | null} line  the height of a line; null where messages are drawn as bands
 */
function lanesOf({ channels, workers }, { waiting, working }, line) {
  /** @type {RiverLane[]} */
  const lanes = [];
  let y = 6;
  const add = (/** @type {string} */ name, /** @type {number} */ height, /** @type {RiverLane["kind"]} */ kind) => {
    lanes.push({ name, y, height, kind });
    y += height + LANE_GAP;
  };
  channels.forEach((name, channel) => {
    const lines = countRows(waiting, (visit) => visit[1] === channel);
    add(name, line === null ? BAND_HEIGHT : Math.max(20, lines * line + 4), "channel");
  });
  workers.forEach((name, worker) => {
    const slots = countRows(working, (visit) => (visit[6] ?? 0) === worker);
    add(name, line === null ? BAND_HEIGHT : Math.max(1, slots) * WORK_HEIGHT, "worker");
  });
  return { lanes, height: y + 4 };
}

/**
 * @param {River} river
 * @param {Visit[]} visits
 * @param {ReturnType<typeof allRows>} rows
 * @param {Pick<RiverPlan, "lanes" | "line" | "from" | "to" | "left" | "scale">} base
 */
function pathsOf(river, visits, rows, { lanes, line, from, to, left, scale }) {
  const x = (/** @type {number} */ moment) => left + (Math.max(from, Math.min(to, moment)) - from) * scale;
  const rowY = (/** @type {Visit} */ visit) => lanes[visit[1]].y + 2 + ((rows.waiting.get(visit) ?? 0) + 0.5) * line;
  /** @type {Wait[]} */
  const waits = [];
  /** @type {Work[]} */
  const works = [];
  /** @type {Link[]} */
  const links = [];
  for (const visit of visits) {
    const [name, , since, taken, end = "o", , worker = 0] = visit;
    const y = rowY(visit);
    const until = taken ?? to;
    if (until >= from) waits.push({ name, x1: x(since), x2: x(until), y, isOpen: taken === null });
    if (taken === null || taken < from || taken >= to) continue;
    const done = doneOf(visit) ?? river.end;
    const slot = rows.working.get(visit) ?? 0;
    const middle = lanes[river.channels.length + worker].y + (slot + 0.5) * WORK_HEIGHT;
    const gap = Math.min(5, (done - taken) * scale * 0.15);
    works.push({ name, x1: x(taken) + gap, x2: x(done) - gap, y: middle, end, done });
    links.push({ name, d: bend(x(taken), y, x(taken) + gap, middle - 9), kind: "pull" });
  }
  for (const visit of visits) {
    const before = comingFrom(visit, visits);
    if (!before || visit[2] < from) continue;
    const work = works.find((one) => one.name === before[0] && one.done === (doneOf(before) ?? river.end));
    const kind = before[0] === visit[0] ? "back" : "child";
    const begin = x(visit[2]);
    if (work) links.push({ name: visit[0], d: bend(Math.min(work.x2, begin), work.y - 9, begin, rowY(visit)), kind });
  }
  return { waits, works, links };
}

/**
 * Return the visit that led to this one: of the same message, which came back, or of the one whose actor sent it.
 * @param {Visit} visit
 * @param {Visit[]} visits
 */
function comingFrom([name, , since], visits) {
  const parent = name.slice(0, Math.max(0, name.lastIndexOf(".")));
  // A child is sent while the actor runs; on a river of steps that is the moment of its end.
  const sends = (/** @type {Visit} */ one) =>
    one[0] === parent && (one[3] ?? Infinity) <= since && since <= (doneOf(one) ?? Infinity);
  return visits.find((one) => (one[0] === name ? doneOf(one) === since : parent && sends(one)));
}

/**
 * @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2
 */
function bend(x1, y1, x2, y2) {
  const middle = (y1 + y2) / 2;
  const points = [x1, y1, x1, middle, x2, middle, x2, y2].map(rounded);
  return `M${points.slice(0, 2).join(" ")}C${points.slice(2).join(" ")}`;
}

const rounded = (/** @type {number} */ number) => String(Math.round(number * 10) / 10);

/**
 * Return a band for each lane: how many messages wait, or are in work, at each moment.
 * @param {River} river
 * @param {Visit[]} visits
 * @param {Pick<RiverPlan, "lanes" | "from" | "to" | "left" | "scale">} base
 * @returns {Band[]}
 */
function bandsOf(river, visits, { lanes, from, to, left, scale }) {
  const samples = Math.max(2, Math.ceil(((to - from) * scale) / SAMPLE) + 1);
  const after = to + SAMPLE / scale;
  const changes = lanes.map(() => /** @type {[moment: number, change: number][]} */ ([]));
  const add = (/** @type {number} */ lane, /** @type {number} */ start, /** @type {number} */ end) => {
    const begin = Math.max(start, from);
    if (end > begin) changes[lane].push([begin, 1], [end, -1]);
  };
  for (const visit of visits) {
    const [, channel, since, taken, , , worker = 0] = visit;
    add(channel, since, taken ?? after);
    if (taken !== null) add(river.channels.length + worker, taken, doneOf(visit) ?? after);
  }
  const sampleOf = (/** @type {number} */ moment) =>
    Math.min(Math.floor(((moment - from) * scale) / SAMPLE), samples - 1);
  return lanes.map((lane, place) => bandOf(lane, highestIn(changes[place], samples, sampleOf), left));
}

/**
 * Return how many there are at once in each sample, at most: a short peak must not fall between two.
 * @param {[moment: number, change: number][]} changes
 * @param {number} samples
 * @param {(moment: number) => number} sampleOf
 */
function highestIn(changes, samples, sampleOf) {
  const highest = new Array(samples).fill(0);
  let count = 0;
  let last = 0;
  // What ends at a moment makes room for what begins there.
  for (const [moment, change] of changes.sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    const sample = sampleOf(moment);
    highest.fill(count, last + 1, sample + 1);
    count += change;
    highest[sample] = Math.max(highest[sample], count);
    last = sample;
  }
  return highest.fill(count, last + 1);
}

/**
 * @param {RiverLane} lane
 * @param {number[]} values  by sample
 * @param {number} left
 * @returns {Band}
 */
function bandOf({ y, height, kind }, values, left) {
  const most = Math.max(...values);
  const bottom = y + height;
  const points = values.map(
    (value, sample) => `L${rounded(left + sample * SAMPLE)} ${rounded(bottom - (value / Math.max(most, 1)) * height)}`,
  );
  const end = left + (values.length - 1) * SAMPLE;
  return {
    d: `M${rounded(left)} ${rounded(bottom)}${points.join("")}L${rounded(end)} ${rounded(bottom)}Z`,
    kind,
    most,
    y,
  };
}

/**
 * Return the moment under a place of the picture: the step that lies there, or the time.
 * @param {RiverPlan} plan
 * @param {River["unit"]} unit
 * @param {number} x
 */
export function momentAt({ from, to, left, scale }, unit, x) {
  const moment = from + (x - left) / scale;
  return Math.max(from, Math.min(to, unit === "step" ? Math.ceil(moment) : moment));
}

/**
 * Return where a moment of the history is on the river.
 * @param {Pick<River, "times">} river
 * @param {number} first  the number of the first moment
 * @param {number} number
 */
export function placeOf({ times }, first, number) {
  return times ? times[Math.max(0, Math.min(times.length - 1, number - first))] : number;
}

/**
 * Return the moment of the history that is nearest to a place on the river.
 * @param {Pick<River, "times">} river
 * @param {number} first  the number of the first moment
 * @param {number} place
 */
export function numberAt({ times }, first, place) {
  if (!times) return place;
  const distance = (/** @type {number} */ index) => Math.abs(times[index] - place);
  return first + times.reduce((nearest, _, index) => (distance(index) < distance(nearest) ? index : nearest), 0);
}

/**
 * Return what happened at a moment, as a sentence.
 * @param {River} river
 * @param {number} moment
 */
export function toldMoment({ unit, channels, begin, visits }, moment) {
  if (unit === "step" && moment <= begin) return moment ? `After step ${moment}` : "Before the first step";
  const found = visits.find((one) => one[3] !== null && doneOf(one) === moment);
  if (unit === "step" && found) {
    const [name, channel, since, taken, end = "o"] = found;
    const waited = (taken ?? 0) - since;
    const after = waited ? `, after ${waited} ${waited === 1 ? "step" : "steps"} of waiting` : "";
    return `Step ${moment}: ${name} of ${channels[channel]}, ${endWord(end)}${after}`;
  }
  const waiting = visits.filter((one) => one[2] <= moment && (one[3] === null || one[3] > moment)).length;
  return unit === "step" ? `Step ${moment}` : `${moment.toFixed(1)} s: ${waiting} waiting`;
}
