import type { Rejection } from '../event.ts'
import type { Dict, JsonObject, NumberTexts } from '../expression/value.ts'

/** Evaluates a rule set, one event at a time. It holds state, so every stage has its own. */
export interface Runner {
  /**
   * @param data an event as `JSON.parse` gives it, with no number that we would write in another way and no key that
   * JavaScript would put in another order
   * @param raw the event's text
   * @returns the output object, or undefined: `rejection` says why
   */
  run(data: JsonObject, raw: string): JsonObject | undefined
  /** As {@link Runner.run}, for any event; `numbers` are the texts that its numbers have in the input. */
  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined
  /** After `undefined`: why the event is rejected. */
  readonly rejection: Rejection
  /** After an output: whether JSON.stringify writes it as it should be. */
  readonly plain: boolean
  /** After an output: the texts of numbers in what it copied from the event. */
  readonly numbers: NumberTexts | undefined
}
