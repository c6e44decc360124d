import type { OutputEvent, Rejection } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import { stringify } from '../../json/stringify.ts'
import type { Runner } from '../run.ts'
import { normalizeBatch } from './normalize.ts'
import { parseBatch } from './parse-event.ts'
import type { PlainObject } from './plain-values.ts'
import { fromPlain, toPlain } from './plain-values.ts'

/** The result for one event: the output, or why it is rejected. */
export type NormalizeResult =
  | { readonly output: PlainObject; readonly rejection?: undefined }
  | { readonly output?: undefined; readonly rejection: Rejection }

/**
 * Parses one event and applies the rules to it: the same as the pipeline does, for one event and without streams.
 *
 * @param event its JSON text; or an object, which is taken as its JSON text would be, except that bigints are integers
 * with all their digits. The object is not changed.
 * @param runner of the rule set; it is not used again before this returns
 */
export function normalizeEvent(event: string | object, runner: Runner): NormalizeResult {
  try {
    const text = typeof event === 'string' ? event : stringify(fromPlain(event) ?? null)
    const parsed = parseBatch('-', { events: [{ line: 1, ordinal: 0, text }], rejected: [] })
    const { events, rejected } = normalizeBatch(parsed, runner)
    if (rejected.length > 0) return { rejection: rejected[0]!.rejection }
    return { output: plainOutput(events[0]!) }
  } catch (error) {
    if (error instanceof Failure) return { rejection: { code: error.code, message: error.message } }
    throw error
  }
}

function plainOutput({ output, plain }: OutputEvent): PlainObject {
  // Nothing of the event or of the rules is in it that anybody else holds.
  return (plain ? output : toPlain(output)) as PlainObject
}
