/**
 * Why an event was rejected. A closed list: a code keeps its meaning for ever and is never used again
 * for another one, because dashboards and alerts are built on it.
 */
export const REJECTION_CODES = {
  /** The text is not JSON as RFC 8259 defines it, or nests deeper than the parser follows. */
  JSON_INVALID: 'the text is not valid JSON',
  /** The text is JSON, but an event is an object. */
  JSON_NOT_OBJECT: 'the JSON value is not an object',
  /** The text is no record of CSV, or has more fields than there are names. */
  CSV_INVALID: 'the text is not valid CSV',
  /** The bytes are not UTF-8. */
  UTF8_INVALID: 'the bytes are not valid UTF-8',
  /** The line is longer than `--max-line`. */
  LINE_TOO_LONG: 'the line is longer than allowed',
  /** A required rule reached a field, an index or a key that is not there. */
  FIELD_MISSING: 'a required value is absent',
  /** `lookup` found no entry and has no default. */
  LOOKUP_MISSING: 'a lookup table has no such key',
  /** An operation does not exist for the type of its operand (CPython: TypeError, AttributeError). */
  TYPE_ERROR: 'a value has the wrong type',
  /** A value is outside what an operation accepts (CPython: ValueError, OverflowError). */
  VALUE_ERROR: 'a value is not acceptable',
  /** CPython: ZeroDivisionError. */
  DIVISION_BY_ZERO: 'division by zero',
  /** `normalize_mac_address` in strict mode. */
  MAC_INVALID: 'the text is not a MAC address',
  /** No rule set takes the event. */
  NO_ROUTE: 'no rule set takes the event',
  /** The enrichment server did not answer, and `--tracer-required` is on. */
  ENRICHMENT_FAILED: 'the event could not be enriched',
  /** The topic that the output goes to takes no record of this size. */
  RECORD_TOO_LARGE: 'the record is larger than its topic takes',
  /** A fault of Sluice's own, met by this event; the others go on. */
  INTERNAL_ERROR: 'an internal fault',
} as const

export type RejectionCode = keyof typeof REJECTION_CODES
