// How a time in work ended: on the wire a letter, on the page its words and its tone. Python's half of it: marks.py.

/** @import { End, Marks, StepSummary, Tone } from "./wire.mjs" */

/** @type {Record<End, string>} */
const WORDS = {
  a: "✓ acked",
  p: "✓ replied",
  r: "↩ rejected",
  g: "↩ given back",
  n: "✗ nacked",
  o: "⚠ not settled",
};

/** @type {Record<End, Tone>} */
const TONES = { a: "good", p: "good", r: "back", g: "back", n: "bad", o: "open" };

/** @param {End} end */
export const endWord = (end) => WORDS[end];

/** @param {End} end */
export const endTone = (end) => TONES[end];

/**
 * Return the steps that the columns of the wire stand for.
 * @param {Marks} marks
 * @returns {StepSummary[]}
 */
export function stepsOf({ numbers, names, ends, who, winners }) {
  const counted = numbers.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, place) => from + place));
  return names.map((message, place) => {
    const end = /** @type {End} */ (ends[place]);
    return {
      number: counted[place],
      message,
      winner: winners[who[place]],
      settled: endWord(end),
      tone: endTone(end),
    };
  });
}
