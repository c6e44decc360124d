import type { FeedHandlers } from '../feed-handlers.ts'
import { type FeedRecord, type FeedValue, isList } from './record.ts'
import { patternIndicators } from './stix-pattern.ts'

/** The members of an indicator that are its context. */
const TEXTS = [
  'id',
  'name',
  'description',
  'pattern',
  'confidence',
  'valid_from',
  'valid_until',
  'created',
  'modified',
  'created_by_ref',
] as const
const LISTS = ['labels', 'indicator_types', 'object_marking_refs'] as const

/**
 * Takes the objects of a bundle of STIX 2 or of an envelope of TAXII: those that are indicators, whose pattern one value
 * makes true, and that are valid now.
 *
 * @param now in milliseconds since 1970
 */
export function stixRecords(handlers: FeedHandlers, now: number) {
  return (object: FeedRecord, ordinal: number, place: string): void => {
    if (object.get('type') !== 'indicator') {
      handlers.onIgnored?.()
      return
    }
    const pattern = object.get('pattern')
    const type = object.get('pattern_type') ?? 'stix'
    if (typeof pattern !== 'string' || type !== 'stix') {
      handlers.onSkipped(place, `the pattern is of the type ${String(type)}`, 'patterns of other languages')
      return
    }
    if (object.get('revoked') === true) {
      handlers.onSkipped(place, 'the indicator is revoked', 'revoked')
      return
    }
    const from = timeOf(object.get('valid_from'))
    const until = timeOf(object.get('valid_until'))
    if (until !== undefined && until <= now) {
      handlers.onSkipped(place, `was valid until ${String(object.get('valid_until'))}`, 'not valid any more')
      return
    }
    if (from !== undefined && from > now) {
      handlers.onSkipped(place, `is valid from ${String(object.get('valid_from'))} on`, 'not valid yet')
      return
    }
    const own = patternIndicators(pattern)
    if (own === undefined) {
      handlers.onSkipped(
        place,
        `no single value makes the pattern ${JSON.stringify(pattern.slice(0, 100))} true`,
        'patterns that cannot be looked up',
      )
      return
    }
    handlers.onRecord(contextOf(object), ordinal, own)
  }
}

function contextOf(object: FeedRecord): FeedRecord {
  const context = new Map<string, FeedValue>()
  for (const name of TEXTS) {
    const value = object.get(name)
    if (value !== undefined && value !== null) context.set(name, value)
  }
  for (const name of LISTS) {
    const value = object.get(name)
    if (value !== undefined && value !== null) context.set(name, value)
  }
  const phases = object.get('kill_chain_phases')
  if (phases !== undefined && phases !== null && typeof phases === 'object' && isList(phases)) {
    const names = phases.flatMap((phase) => (phase instanceof Map ? (phase.get('phase_name') ?? []) : []))
    context.set('kill_chain_phases', names)
  }
  return context
}

function timeOf(value: FeedValue | undefined): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
