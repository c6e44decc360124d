import type { OutputEvent, Rejection } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import { stringify } from '../../json/stringify.ts'
import type { Runner } from '../run.ts'
import { normalizeOne } from './normalize.ts'
import { EventParser } from './parse-event.ts'
import type { PlainObject } from './plain-values.ts'
import { fromPlain, toPlain } from './plain-values.ts'
import type { Dropped } from './split-elements.ts'
import { SplitElements } from './split-elements.ts'

/**
 * The result for one event: the output, or why it is rejected, or that it is dropped. Of an event that rules split, `events`
 * has a result for each element.
 */
export type NormalizeResult =
  | { readonly output: PlainObject; readonly rejection?: undefined }
  | { readonly output?: undefined; readonly rejection: Rejection }
  | { readonly output?: undefined; readonly rejection?: undefined; readonly dropped: true }
  | {
      readonly output?: undefined
      readonly rejection?: undefined
      readonly events: readonly NormalizeResult[]
    }

/**
 * Parses one event and applies the rules to it: the same as the pipeline does, for one event and without streams.
 *
 * @param event its JSON text; or an object, which is taken as its JSON text would be, except that bigints are integers
 * with all their digits. The object is not changed.
 * @param runner of the rule set; it is not used again before this returns
 */
export function normalizeEvent(event: string | object, runner: Runner): NormalizeResult {
  runner.received = Date.now()
  try {
    const text = typeof event === 'string' ? event : stringify(fromPlain(event) ?? null)
    const parsed = new EventParser().parse({ line: 1, ordinal: 0, text })
    if ('code' in parsed) return { rejection: parsed }
    const result = normalizeOne(parsed, runner)
    if (!(result instanceof SplitElements)) return resultOf(result)
    const events: NormalizeResult[] = []
    for (let element = result.next(); element !== undefined; element = result.next()) {
      events.push(resultOf('rejection' in element ? element.rejection : element))
    }
    return { events }
  } catch (error) {
    if (error instanceof Failure) return { rejection: { code: error.code, message: error.message } }
    throw error
  }
}

function resultOf(result: OutputEvent | Rejection | Dropped): NormalizeResult {
  if ('code' in result) return { rejection: result }
  return 'output' in result ? { output: plainOutput(result) } : { dropped: true }
}

function plainOutput({ output, plain }: OutputEvent): PlainObject {
  // Nothing of the event or of the rules is in it that anybody else holds.
  return (plain ? output : toPlain(output)) as PlainObject
}
