// The messages between page and kernel: the traits that the kernel sets, the commands that it takes, its answers.
// The Python half of it: wire.py, marks.py and view.py (traits), session.py (commands), export/texts.py (answers).

/**
 * A channel: the key by which both sides name it, and the name that is shown.
 * @typedef {{key: string, channel: string}} Channel
 *
 * Which message it is: `name` is m1, m2 ... or m1.1 for the first that m1's actor sent, and stays from sending to
 * outcome; `title` is the id where that is another; `from` is the name of the message that it came of,
 * `hue` the place of its colour.
 * @typedef {{id: string, name: string, title?: string, from?: string, hue?: number}} Ticket
 * @typedef {Ticket & {topic: string | null, payload: string, by?: string, priority?: number, seen?: string}} Message
 * @typedef {{size: string, content_type: string, headers: [string, string][], more_headers: number}} PulledFields
 * @typedef {Message & PulledFields} PulledMessage
 * @typedef {Message & {key: string, reason: string}} DeadLetter
 *
 * @typedef {object} LaneFields
 * @property {number} actors  how many listen
 * @property {number | null} waiting  how many messages wait; null where the server does not tell
 * @property {boolean} next  whether the next step pulls from here
 * @property {Message[]} messages  the first of those that wait
 * @property {number | null} in_work  how many messages were pulled and are not settled; null where it is not known
 * @property {Ticket[]} working  the first of those in work
 * @property {string} [note]  what a server does not tell about it
 * @property {string[]} [waits]  why messages that were pulled are not started, and which others let them
 * @property {number} [more_waits]
 * @property {number} [more_channels]  how many further channels are not shown
 * @typedef {Channel & LaneFields} Lane
 *
 * @typedef {{where: string, text: string}} CodeLine
 * @typedef {{topic?: string, payload?: string}} Sample  a message that an actor would take
 * @typedef {{position: number, actor: string, strategy: string, note?: string, code?: CodeLine, sample?: Sample}} Actor
 * @typedef {Actor & VerdictFields} Verdict
 * @typedef {object} VerdictFields
 * @property {"match" | "no match" | "error"} outcome
 * @property {string} answer
 * @property {string} reason
 * @property {boolean} [asked]
 * @property {"winner" | "shadowed"} [role]
 * @property {string} [led_to]
 * @property {boolean} [pending]  whether the page has not shown yet what it says
 */

/**
 * How far a step has come. The page itself adds "leaving": on the way from the queue to the worker.
 * @typedef {"leaving" | "pulled" | "decided" | "about to run" | "running" | "ran"} Phase
 * @typedef {"good" | "back" | "bad" | "open"} Tone
 * @typedef {"acked" | "replied" | "rejected" | "nacked"} MessageAction
 *
 * @typedef {object} Settlement
 * @property {MessageAction | null} action
 * @property {Tone} tone
 * @property {string} word
 * @property {string} where
 * @property {string} reason
 * @property {string | null} took
 *
 * @typedef {{type: string, message: string, fields: string[], traceback: boolean, hint: string}} Raised
 *
 * @typedef {object} StepFields
 * @property {number} number
 * @property {Phase | null} phase  how far it has come; null for the whole way
 * @property {PulledMessage} message
 * @property {string | null} [sighting]
 * @property {[seen: number, most: number]} [sightings]
 * @property {number} [elapsed]  for how many seconds the actor has run
 * @property {CodeLine} [code]  where the winner is declared
 * @property {true} [acked_first]  whether the message was acked before the winner ran
 * @property {string | null} winner
 * @property {Verdict[]} verdicts
 * @property {number} [more_verdicts]
 * @property {[text: string, source: string][]} [arguments]
 * @property {string} [printed]
 * @property {string | null} [result]
 * @property {Raised | null} [raised]
 * @property {string[]} [published]  the channels that the actor sent to
 * @property {number} [sent]  how many messages the actor sent
 * @property {{name: string, channel: string}[]} [children]  the first of these, with their names and where they went
 * @property {string} story
 * @property {string} [note]  what is to be known of the step on a broker
 * @property {Settlement} [settlement]  missing while the step is held
 * @typedef {Channel & StepFields} Step
 *
 * @typedef {{number?: undefined, phase?: undefined, winner?: undefined}} NoStep  before the first one
 */

/**
 * What the kernel says, by trait.
 * @typedef {object} State
 * @property {{lanes: Lane[], pull_from?: Channel | null}} lanes
 * @property {{dead: number | null, letters: DeadLetter[]}} tray
 * @property {{channel: string, key?: string, actors: Actor[], more: number, stale: boolean}} actors
 * @property {Step | NoStep} step
 * @property {Partial<Step>} [pulled]  what the step has from before its actor runs; on the wire only
 * @property {History} history
 * @property {Choices} choices
 * @property {Prediction} prediction
 * @property {{workers: StageWorker[]}} workers  those on the stage, where there are several, and others that hold one
 * @property {Status} status
 * @property {Partial<Status>} [desk]  what of it stays while a command is under way; on the wire only
 * @property {River} river
 * @property {boolean} projector
 * @property {"" | "offered" | "wanted"} beside  whether there is a place beside the notebook, and whether it is wanted
 * @property {Kept} kept
 * @property {WhatIf} what_if
 *
 * @typedef {object} History
 * @property {number} at  the step that is shown; 0 for the moment before the first
 * @property {number} first  the earliest moment that can be shown
 * @property {number} newest
 * @property {StepSummary[]} steps  those around the one that is shown
 * @property {Marks} [marks]  the same on the wire
 * @property {boolean} replay  whether loaded steps are shown
 * @property {boolean} live  whether the Stepper is shown as it is now
 * @property {number} done
 * @property {number} [back]  how many steps sent a message back to the tail
 * @property {string} [no_way_back]  why no step can be taken back
 * @typedef {{number: number, message: string, winner: string, settled: string, tone: Tone, hue?: number}} StepSummary
 *
 * Steps in columns: runs of numbers, the names of their messages, their ends as letters, and who got each.
 * @typedef {object} Marks
 * @property {[first: number, last: number][]} numbers
 * @property {string[]} names
 * @property {string} ends
 * @property {number[]} who  places in `winners`
 * @property {string[]} winners
 *
 * How a time in work ended: acked, nacked, replied, rejected, given back; open is not settled, or still in work.
 * @typedef {"a" | "n" | "p" | "r" | "g" | "o"} End
 *
 * One time that a message waited. `taken` is null while it waits; `done` is one step later where it is missing.
 * @typedef {[name: string, channel: number, since: number, taken: number | null, end?: End, done?: number | null,
 *   worker?: number]} Visit
 *
 * @typedef {object} River
 * @property {"step" | "second"} unit
 * @property {number} begin
 * @property {number} end
 * @property {string[]} channels
 * @property {string[]} workers
 * @property {Visit[]} visits
 * @property {number[]} [times]  when each moment of the history was, where the river counts seconds
 *
 * @typedef {object} Choices
 * @property {[key: string, name: string][]} channels
 * @property {[key: string, name: string, channelKey: string, channelName: string][]} operations
 * @property {[channelKey: string, topic: string][]} topics
 * @property {[label: string, form: Partial<Form>][]} [prepared]  messages that one click sends
 *
 * @typedef {object} Prediction
 * @property {boolean} on
 * @property {number} right
 * @property {number} asked
 * @property {{right: boolean | null, answer: string} | null} last
 * @property {string} [message]  which message the next step pulls; only while predictions are on
 * @property {[pick: string, text: string][]} [options]
 * @property {number} [more]  how many further actors there are; `find` has them
 * @property {ClassFields | null} [class]  where a class shares the broker
 *
 * How a question to the class stands.
 * @typedef {object} ClassFields
 * @property {string | null} question  null before the first
 * @property {number} joined  how many notebooks listen
 * @property {number} answered
 * @property {[choice: string, count: number][]} tallies
 * @property {string | null} truth  once the step is taken
 *
 * A worker: one on the stage (`own`), or another one of the server, of which is known what it holds.
 * @typedef {object} StageWorker
 * @property {string} key  what `choose` takes; empty for another one
 * @property {string} name
 * @property {boolean} own
 * @property {boolean} [chosen]  whether it is the one that is shown, and that the next step belongs to
 * @property {string} [at]  the channel of its message
 * @property {Ticket} [message]  where it has one in work, and is not the one that is shown
 * @property {Phase | null} [phase]
 * @property {string} [winner]
 *
 * A second world, beside the first: which rules are others, and each step from where they part.
 * @typedef {object} WhatIfFields
 * @property {number} [at]  the step after which the worlds part
 * @property {string} [change]  what is different, in words
 * @property {WorldsRow[]} [rows]  the newest steps of both
 * @property {number} [more]
 * @property {number | null} [differs]  the first step that went another way
 * @property {number} [waiting]  in the second world, as the next
 * @property {number} [dead]
 * @typedef {{on: boolean} & WhatIfFields} WhatIf
 * @typedef {{number: number, here: StepSummary | null, there: StepSummary | null, same: boolean}} WorldsRow
 *
 * What the page wants to have again when the cell runs again; only the page sets it.
 * @typedef {{form?: Partial<Form>, pace?: string, most?: string}} Kept
 *
 * @typedef {object} Status
 * @property {string | null} busy  the command that is under way
 * @property {boolean} held
 * @property {[done: number, most: number] | null} progress
 * @property {Record<string, number>} answered  the newest command that each view has an answer to
 * @property {string} error
 * @property {string} notice
 * @property {Breaks} [breaks]  where each step stops
 * @property {string} [undo]  what Undo would take back, in words; empty for nothing
 * @property {{start: string, empty: string}} [reset]  what each way of a reset would do, in words; empty for nothing
 * @property {"lesson"} [replay]  whether a lesson plays, without a kernel
 */

/**
 * A message as it is typed.
 * @typedef {object} Form
 * @property {string} channel
 * @property {string} operation
 * @property {boolean} other  whether the channel is typed, not chosen
 * @property {string} topic
 * @property {string} payload
 * @property {string} content_type
 * @property {string} priority
 * @property {string} count
 * @property {"" | "hex"} [encoding]  hex: the payload is bytes, typed as 00 ff
 * @property {[name: string, value: string][]} headers
 *
 * @typedef {{type: "open", what: "waiting", channel: string, message: string}
 *   | {type: "open", what: "message" | "printed" | "result" | "raised", step: number}
 *   | {type: "take", form: "cell" | "json_lines" | "mermaid" | "html"}} TextQuestion
 *
 * @typedef {{order?: string[], on_error?: string | Record<string, string>, workers?: number}} Rules
 * @typedef {Rules & {priority?: Record<string, number>}} OtherRules
 * @typedef {{before_reveal: boolean, nobody: boolean, failed: boolean, actors: string[]}} Breaks
 *
 * @typedef {{type: "trail" | "edit", channel?: string, message: string} | {type: "trail" | "edit", step: number}
 *   | {type: "find", what: "actors" | "channels" | "options", text: string, channel?: string}} Question
 *
 * @typedef {{type: "step" | "step_into", pick?: string}
 *   | {type: "next_phase" | "finish" | "stop" | "keep_newest" | "unload" | "dismiss" | "undo" | "crash"}
 *   | {type: "reset", how?: "start" | "empty"}
 *   | {type: "delete", channel: string, message: string}
 *   | {type: "empty", channel: string}
 *   | {type: "settle", message: string, action: "ack" | "nack" | "reject" | "release"}
 *   | ({type: "break_at"} & Partial<Breaks>)
 *   | {type: "choose", worker: string}
 *   | ({type: "fork", at?: number} & OtherRules)
 *   | {type: "step_worlds" | "end_fork"}
 *   | {type: "set_pace", pace: number}
 *   | {type: "seen", step: number}
 *   | {type: "run", max_steps: number, pace: number}
 *   | {type: "seek" | "go_on", to: number}
 *   | {type: "send" | "explain", form: Form}
 *   | {type: "resend", channel: string, message: string}
 *   | {type: "pull_from", channel: string}
 *   | {type: "predict", on: boolean}
 *   | {type: "ask_class"}
 *   | {type: "load", text: string}
 *   | Question
 *   | (TextQuestion & {from: number})} Command
 *
 * @typedef {[view: string, number: number]} CommandId
 *
 * @typedef {{type: "explanation", id: CommandId, who: string, verdicts: Verdict[], more_verdicts: number}} Explanation
 * @typedef {{type: "text", id: CommandId, from: number, next: number, total: number, text: string}} TextPiece
 * @typedef {{name: string, depth: number, step: number | null, text: string, tone: Tone}} TrailRow
 * @typedef {{type: "trail", id: CommandId, name: string, rows: TrailRow[], more: number}} Trail
 * @typedef {{type: "form", id: CommandId, form: Partial<Form>}} FormAnswer
 * @typedef {{type: "found", id: CommandId, what: string, rows: [value: string, text: string][], more: number}} Found
 * @typedef {Explanation | TextPiece | Trail | FormAnswer | Found} Answer
 */

/**
 * The widget's model, as anywidget hands it to the page.
 * @typedef {object} Model
 * @property {(name: string) => unknown} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(command: Command & {id: CommandId}) => void} send
 * @property {Listen} on
 * @property {Listen} off
 * @property {boolean} [comm_live]
 *
 * @typedef {((event: "msg:custom", listener: (answer: Answer | null) => void) => void)
 *   & ((event: string, listener: () => void) => void)} Listen
 */

/**
 * How far a held message has come, in order.
 * @type {Phase[]}
 */
export const PHASES = ["pulled", "decided", "about to run", "running", "ran"];
