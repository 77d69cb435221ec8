// The prepared messages: each a chip that sends, or fills the form where nobody has prepared a payload.

/**
 * @import { Form, State } from "./wire.mjs"
 *
 * @typedef {{label: string, payload: string, form: Partial<Form>, sends: boolean}} Chip
 */

const MOST_CHIPS = 8;

/**
 * Return the messages that the row offers: prepared ones, or samples of the actors, or their topics alone.
 * @param {State} state
 * @returns {Chip[]}
 */
export function chipsOf({ choices, actors, step }) {
  const prepared = (choices.prepared ?? []).map(([label, form]) => ({ label, payload: "", form, sends: true }));
  if (prepared.length) return prepared;
  const channel = actors.key ?? (step.number ? step.key : actors.channel);
  const samples = actors.actors.flatMap(({ actor, sample }) => (sample ? [sampleChip(actor, channel, sample)] : []));
  if (samples.length) return samples.slice(0, MOST_CHIPS);
  return choices.topics
    .slice(0, MOST_CHIPS)
    .map(([key, topic]) => ({ label: topic, payload: "", form: { channel: key, topic, payload: "" }, sends: false }));
}

/**
 * @param {string} actor
 * @param {string} channel
 * @param {{topic?: string, payload?: string}} sample
 * @returns {Chip}
 */
function sampleChip(actor, channel, { topic = "", payload = "" }) {
  return { label: actor, payload, form: { channel, topic, payload }, sends: true };
}
