// The prepared messages: each a chip that sends, or fills the form where no payload is known.

/**
 * @import { Form, Sample, State } from "./wire.mjs"
 *
 * @typedef {{label: string, payload: string, form: Partial<Form>, sends: boolean}} Chip
 */

const MOST_CHIPS = 8;

/** @param {string} channel @param {string} actor */
const sampleKey = (channel, actor) => `${channel}\n${actor}`;

/**
 * Remember the samples of the actors that the kernel tells of: it tells of one channel at a time.
 * @param {Map<string, Sample>} samples
 * @param {State["actors"]} actors
 */
export function rememberSamples(samples, { channel, key = channel, actors }) {
  for (const { actor, sample } of actors) if (sample) samples.set(sampleKey(key, actor), sample);
}

/**
 * Return the messages that the row offers: the prepared ones, or one for each of the first actors.
 * @param {State} state
 * @param {Map<string, Sample>} samples
 * @returns {Chip[]}
 */
export function chipsOf({ choices }, samples) {
  const prepared = (choices.prepared ?? []).map(([label, form]) => ({ label, payload: "", form, sends: true }));
  if (prepared.length) return prepared;
  return choices.topics.slice(0, MOST_CHIPS).map(([channel, actor]) => {
    const sample = samples.get(sampleKey(channel, actor));
    const { topic = "", payload = "" } = sample ?? { topic: actor };
    return { label: actor, payload, form: { channel, topic, payload }, sends: sample !== undefined };
  });
}
