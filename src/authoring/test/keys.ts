/** The keys of test files and of `_options.yaml`, with a line for each: readers, messages and the schema ask these tables. */

import { REJECTION_CODES } from '../../errors.ts'

export interface TestKey {
  readonly name: string
  /** The meaning, in one line. */
  readonly summary: string
  /** The values that editors offer: all that it takes, or those that are words of their own beside free values. */
  readonly values?: readonly (string | boolean)[]
}

export const INPUT_FORMATS = ['jsonl', 'json', 'text', 'csv'] as const

/** Keys that say how the input is read: the options of `normalize` of the same names. They stand at the top, or in a case. */
export const INPUT_KEYS = [
  {
    name: 'input_format',
    summary: 'the form of `raw`: jsonl, json, text or csv',
    values: INPUT_FORMATS,
  },
  { name: 'pick', summary: 'json: the path of the list in each document whose elements are the events' },
  { name: 'multiline', summary: 'text: a pattern for the lines that begin an event' },
  { name: 'multiline_max', summary: 'text: lines of an event, or bytes (64KiB), or both (200,64KiB)' },
  { name: 'columns', summary: 'csv: the names of the fields' },
  { name: 'delimiter', summary: 'csv: the character between fields, or tab' },
  { name: 'encoding', summary: 'the encoding of `raw_base64`, or of the input of a golden folder' },
  {
    name: 'invalid_utf8',
    summary: 'bytes that do not fit the encoding: reject, or replace',
    values: ['reject', 'replace'],
  },
  { name: 'max_line', summary: 'bytes of an event; a longer one is rejected' },
] as const satisfies readonly TestKey[]

/** Keys at the top that say which rules, as options of `normalize` do. */
export const RULE_KEYS = [
  {
    name: 'rules',
    summary:
      'the rule file, folder or routes file, or a list of them; default: the file of this name without `.test`',
  },
  { name: 'lookups', summary: 'files of lookup tables; default: lookups.yaml beside the rule file' },
  { name: 'mmdb', summary: 'databases of addresses (.mmdb) for geoip and asn; default: none' },
  {
    name: 'no_route',
    summary: 'an event that no rule set takes: reject, drop or pass',
    values: ['reject', 'drop', 'pass'],
  },
  {
    name: 'allow_unsafe_patterns',
    summary: 'take patterns that one event can keep busy for ever',
    values: [true, false],
  },
  { name: 'max_work', summary: 'work that one event may cause' },
  { name: 'max_built', summary: 'bytes of values that one event may build' },
] as const satisfies readonly TestKey[]

/** The time at which events arrive: at the top, or in a case. */
export const RECEIVED_KEY = {
  name: 'received',
  summary: "the time at which the events arrive, for year='nearest': 2024-03-04T10:00:00Z; default: now",
} as const satisfies TestKey

const CODES: readonly string[] = Object.keys(REJECTION_CODES)

/** Keys of a case beside those of the input. */
export const CASE_KEYS = [
  { name: 'name', summary: 'the name of the case, unique in the file' },
  { name: 'event', summary: 'the event, as YAML' },
  { name: 'raw', summary: 'the event, or several, as the text that comes in' },
  { name: 'raw_base64', summary: 'the bytes that come in, as base64' },
  { name: 'expect', summary: 'the output, whole; a list: the outputs of an event that becomes several' },
  { name: 'expect_partial', summary: 'members that the output has, beside others' },
  {
    name: 'reject',
    summary: 'the event is rejected: true, a code, or code, rule, message; a list: several are',
    values: [true, ...CODES],
  },
  { name: 'drop', summary: 'true: the event is dropped; a number: so many are', values: [true, false] },
  { name: 'route', summary: 'the name of the rule set that takes the event' },
  {
    name: 'detections',
    summary: 'what the tracer finds, by indicator; or timeout, unavailable',
    values: ['timeout', 'unavailable'],
  },
  { name: 'skip', summary: 'true, or the reason: the case is not run', values: [true, false] },
] as const satisfies readonly TestKey[]

export const CASES_KEY = { name: 'cases', summary: 'the cases, a list' } as const satisfies TestKey

/** Keys of an expected rejection. */
export const REJECT_KEYS = [
  { name: 'code', summary: 'the code of the rejection', values: CODES },
  { name: 'rule', summary: 'the output field whose rule rejects the event, or the key of the rule file' },
  { name: 'message', summary: 'the message, as in the errors output' },
  { name: 'rules', summary: 'the name of the rule set, where there are several' },
] as const satisfies readonly TestKey[]

/** Keys of a detection under `detections`. */
export const DETECTION_KEYS = [
  { name: 'category', summary: 'the name of the enricher or feed that knows the indicator' },
  { name: 'indicator', summary: 'the context of the indicator: texts by name' },
] as const satisfies readonly TestKey[]

export type InputKey = (typeof INPUT_KEYS)[number]['name']

/** All keys at the top of a file of tests. */
export const TOP_KEYS: readonly TestKey[] = [...RULE_KEYS, ...INPUT_KEYS, RECEIVED_KEY, CASES_KEY]

/** All keys of a case. */
export const KEYS_OF_A_CASE: readonly TestKey[] = [...CASE_KEYS, ...INPUT_KEYS, RECEIVED_KEY]
