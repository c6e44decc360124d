/** The keys of test files and of `_options.yaml`, with a line for each: readers, messages and the schema ask these tables. */

export interface TestKey {
  readonly name: string
  /** The meaning, in one line. */
  readonly summary: string
}

/** Keys that say how the input is read: the options of `normalize` of the same names. They stand at the top, or in a case. */
export const INPUT_KEYS = [
  { name: 'input_format', summary: 'the form of `raw`: jsonl, json, text or csv' },
  { name: 'pick', summary: 'json: the path of the list in each document whose elements are the events' },
  { name: 'multiline', summary: 'text: a pattern for the lines that begin an event' },
  { name: 'multiline_max', summary: 'text: lines of an event, or bytes (64KiB), or both (200,64KiB)' },
  { name: 'columns', summary: 'csv: the names of the fields' },
  { name: 'delimiter', summary: 'csv: the character between fields, or tab' },
  { name: 'encoding', summary: 'the encoding of `raw_base64`, or of the input of a golden folder' },
  { name: 'invalid_utf8', summary: 'bytes that do not fit the encoding: reject, or replace' },
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
  { name: 'no_route', summary: 'an event that no rule set takes: reject, drop or pass' },
  { name: 'allow_unsafe_patterns', summary: 'take patterns that one event can keep busy for ever' },
  { name: 'max_work', summary: 'work that one event may cause' },
  { name: 'max_built', summary: 'bytes of values that one event may build' },
] as const satisfies readonly TestKey[]

/** The time at which events arrive: at the top, or in a case. */
export const RECEIVED_KEY = {
  name: 'received',
  summary: "the time at which the events arrive, for year='nearest': 2024-03-04T10:00:00Z; default: now",
} as const satisfies TestKey

/** Keys of a case beside those of the input. */
export const CASE_KEYS = [
  { name: 'name', summary: 'the name of the case, unique in the file' },
  { name: 'event', summary: 'the event, as YAML' },
  { name: 'raw', summary: 'the event, or several, as the text that comes in' },
  { name: 'raw_base64', summary: 'the bytes that come in, as base64' },
  { name: 'expect', summary: 'the output, whole; a list: the outputs of an event that becomes several' },
  { name: 'expect_partial', summary: 'members that the output has, beside others' },
  { name: 'reject', summary: 'the event is rejected: code, rule, message; a list: several are' },
  { name: 'drop', summary: 'true: the event is dropped; a number: so many are' },
  { name: 'route', summary: 'the name of the rule set that takes the event' },
  { name: 'detections', summary: 'what the tracer finds, by indicator; or timeout, unavailable' },
  { name: 'skip', summary: 'true, or the reason: the case is not run' },
] as const satisfies readonly TestKey[]

export const CASES_KEY = { name: 'cases', summary: 'the cases, a list' } as const satisfies TestKey

/** Keys of an expected rejection. */
export const REJECT_KEYS = ['code', 'rule', 'message', 'rules'] as const

export type InputKey = (typeof INPUT_KEYS)[number]['name']
