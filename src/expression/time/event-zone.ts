import { typeError, valueError } from '../failure.ts'
import type { EventContext } from '../functions/definition.ts'
import { typeName } from '../runtime/numbers/numbers.ts'
import { toDayNumber } from './calendar.ts'
import type { Moment } from './moment.ts'
import { shown } from './shown.ts'
import { ZoneFinder } from './zone.ts'

/** The member of an event that holds its time zone. */
const ZONE_MEMBER = 'tzinfo'

/** The members that {@link EventZone} reads: a function that uses it reads them by itself. */
export const EVENT_ZONE_READS: readonly string[] = [ZONE_MEMBER]

/** The zone of times that name none: the event's own field `tzinfo`. Absent, null, `''` and `'-'` are no zone. */
export class EventZone {
  /** Made when the first event asks: most have no such field, and there may be thousands of rules. */
  #zones: ZoneFinder | undefined

  /**
   * Gives `moment` the event's zone, if the event has one.
   *
   * @throws {Failure} TYPE_ERROR when the field is not text, VALUE_ERROR when it is no zone
   */
  apply(moment: Moment, context: EventContext): void {
    const name = context.field(ZONE_MEMBER)
    if (name === undefined || name === null || name === '' || name === '-') return
    if (typeof name !== 'string') throw typeError(`tzinfo must be str, not ${typeName(name)}`)
    this.#zones ??= new ZoneFinder()
    const zone = this.#zones.find(name)
    if (zone === undefined) {
      throw valueError(`tzinfo ${shown(name)} is neither an IANA time zone nor an offset such as '+03:00'`)
    }
    moment.offset = zone.offsetAt(localSeconds(moment))
    moment.hasZone = true
  }
}

/** Seconds from 1970-01-01T00:00:00 to `moment` on its own clock, without the fraction. */
export function localSeconds({ year, month, day, hour, minute, second }: Moment): number {
  return toDayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
}
