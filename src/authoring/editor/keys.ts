/** The keys of rule files, with a line on each: completions and the JSON Schema are made of them. */

export interface KeyText {
  readonly name: string
  readonly summary: string
  /** The form of its value, as it is written. Undefined or empty: the summary says it. */
  readonly example?: string
}

/** The reserved keys of a rule file. */
export const FILE_KEYS: readonly KeyText[] = [
  {
    name: 'meta',
    summary: 'Notes on the rule set: its vendor, product and version. Nothing reads them but you.',
    example: 'meta: {vendor: Fortinet, product: FortiGate}',
  },
  {
    name: 'when',
    summary: 'The condition under which the rule set takes an event. A field that is absent makes it false.',
    example: "when: type == 'traffic'",
  },
  {
    name: 'include',
    summary:
      'Rule files whose rules, tables and patterns belong to this one. Paths begin at the folder of this file.',
    example: 'include: [../shared/_syslog.yaml]',
  },
  {
    name: 'defaults',
    summary: 'The settings of all rules of this file: `required`, `ignore`, `on_error`.',
    example: "defaults: {required: false, ignore: ['', '-']}",
  },
  {
    name: 'drop',
    summary: 'The condition under which an event is dropped. A field that is absent makes it false.',
    example: "drop: type == 'heartbeat'",
  },
  {
    name: 'split',
    summary:
      'The list whose elements become events of their own. Their rules see the whole event as `parent`.',
    example: 'split: Records',
  },
  {
    name: 'cases',
    summary: 'Rules that depend on a condition: those of the first case whose `when` holds apply.',
    example: "cases:\n  - when: type == 'dns'\n    dns.question.name: query",
  },
  {
    name: 'rest',
    summary: 'The output field for all members of the event that no rule reads.',
    example: 'rest: unmapped',
  },
  {
    name: 'patterns',
    summary: 'Patterns for `extract`, by name.',
    example: "patterns:\n  TICKET: '[A-Z]+-\\d+'",
  },
  {
    name: 'tap',
    summary: 'Statements that run before the rules, and may change the event that they see.',
    example: "tap: |\n  data['user'] = lower(user)",
  },
  {
    name: 'lookup',
    summary: 'Lookup tables, by name: what each key stands for.',
    example: 'lookup:\n  protocols: {6: tcp, 17: udp}',
  },
  {
    name: 'enrich',
    summary:
      'Output fields that are looked up at the tracer, by type of indicator, and the field that detections go to.',
    example: 'enrich:\n  ip: [source.ip, destination.ip]',
  },
]

/** The keys of a rule. */
export const RULE_KEYS: readonly KeyText[] = [
  {
    name: 'field',
    summary: 'The expression that gives the value of the output field.',
    example: 'field: lower(user)',
  },
  {
    name: 'required',
    summary: 'Without a value the event is rejected (true, the default), or the field is left out (false).',
    example: 'required: false',
  },
  {
    name: 'ignore',
    summary: 'Values that count as absent where a field is read.',
    example: "ignore: ['', '-']",
  },
  {
    name: 'on_error',
    summary: 'A value that is wrong rejects the event, omits the field, or omits it and notes an anomaly.',
    example: 'on_error: omit',
  },
]

/** The values of `on_error`. */
export const ON_ERROR_VALUES: readonly string[] = ['reject', 'omit', 'anomaly']

/** The keys of `enrich`. */
export const ENRICH_KEYS: readonly KeyText[] = [
  { name: 'url', summary: 'Output fields whose texts are URLs to look up.', example: 'url: [url.original]' },
  { name: 'ip', summary: 'Output fields whose texts are addresses to look up.', example: 'ip: [source.ip]' },
  {
    name: 'hash',
    summary: 'Output fields whose texts are hashes to look up.',
    example: 'hash: [file.hash.sha256]',
  },
  {
    name: 'into',
    summary: 'The output field that detections go to. Default: `threat.enrichments`.',
    example: 'into: threat.enrichments',
  },
]

/** The keys of an element of `routes` in a routes file. */
export const ROUTE_KEYS: readonly KeyText[] = [
  {
    name: 'when',
    summary: 'The condition under which the route takes an event.',
    example: "when: program == 'sshd'",
  },
  {
    name: 'rules',
    summary: 'The rule file or the folder that such an event goes to.',
    example: 'rules: cisco/asa.yaml',
  },
  { name: 'drop', summary: 'Such an event is dropped.', example: 'drop: true' },
]
