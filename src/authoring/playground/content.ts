/** The contents of the playground: files of rules, events, and options. A link holds them, and so does an exported page. */
import type { InputOptions } from '../../formats/input-options.ts'
import type { NoRoute } from '../../rules/definition.ts'

/** The part that a file plays. */
export type FileRole = 'rules' | 'routes' | 'included' | 'lookups'

export interface PlaygroundFile {
  /** Its path, as messages have it. */
  readonly name: string
  readonly role: FileRole
  readonly text: string
}

export interface PlaygroundContent {
  /** The rule file first, then those that it includes, then lookup tables. With `rules`: in any order. */
  readonly files: readonly PlaygroundFile[]
  /** Rule files, folders and routes files among them, which are looked through as `--rules` is. Default: the first file is the rules. */
  readonly rules?: readonly string[]
  /** With `rules`: files of lookup tables for all rule sets. Default: `lookups.yaml` beside each. */
  readonly lookups?: readonly string[]
  /** The fate of an event that no rule set takes. Default: it is rejected. */
  readonly noRoute?: NoRoute
  /** The text of the input. */
  readonly events: string
  readonly input: InputOptions
  /** Take patterns that one event can keep busy for ever: the worker is stopped then. Default: false. */
  readonly allowUnsafePatterns?: boolean
}

/** The beginning of a page. */
export interface PlaygroundStart {
  readonly content: PlaygroundContent
  /** The contents of the files as the server read them, by name; those that can be saved. Empty: none can. */
  readonly versions: Readonly<Record<string, string>>
  /** Something to know about the content: events that were left out. */
  readonly notes: readonly string[]
}

/** The content of a page that was started with none: the first rules of the README. */
export const SAMPLE_CONTENT: PlaygroundContent = {
  files: [
    {
      name: 'rules.yaml',
      role: 'rules',
      text: `# An output field on the left, a Python expression over the event on the right.
"@timestamp": parse_timestamp(time, '%d/%b/%Y:%H:%M:%S %z')
source.ip: src
host.name: lower(host)
event.outcome: |
  cond(status::int < 400, 'success', 'failure')
network.transport: lookup('protocols', proto)

# A field that may be absent.
user.name?: lower(split(user, '\\\\')[-1])

lookup:
  protocols: {1: icmp, 6: tcp, 17: udp}
`,
    },
  ],
  events: `{"time":"17/Mar/2024:22:15:30 +0300","src":"192.0.2.7","host":"WS1.corp.example","user":"CORP\\\\Anna","status":"200","proto":6}
{"time":"17/Mar/2024:22:15:31 +0300","src":"192.0.2.8","host":"WS2","status":403,"proto":17}
{"time":"yesterday","src":"192.0.2.9","host":"WS3","user":"root","status":"200","proto":6}
`,
  input: { inputFormat: 'jsonl' },
}

const ROLES: readonly FileRole[] = ['rules', 'routes', 'included', 'lookups']
const NO_ROUTES: readonly NoRoute[] = ['reject', 'drop', 'pass']
const FORMATS = ['jsonl', 'json', 'text', 'csv']
/** Options of the input that are texts. */
const TEXT_OPTIONS = ['pick', 'multiline', 'delimiter'] as const

/**
 * Reads content that comes from a link.
 *
 * @returns undefined where it is none
 */
export function readContent(value: unknown): PlaygroundContent | undefined {
  if (!isObject(value) || typeof value.events !== 'string' || !Array.isArray(value.files)) return undefined
  const files: PlaygroundFile[] = []
  for (const file of value.files as unknown[]) {
    if (!isObject(file) || typeof file.name !== 'string' || typeof file.text !== 'string') return undefined
    const role = ROLES.find((each) => each === file.role)
    if (role === undefined || files.some(({ name }) => name === file.name)) return undefined
    files.push({ name: file.name, role, text: file.text })
  }
  const rules = textList(value.rules)
  const lookups = textList(value.lookups)
  const noRoute = NO_ROUTES.find((each) => each === value.noRoute)
  if (files.length === 0) return undefined
  if (rules === undefined) {
    const mains = files.filter(({ role }) => role === 'rules' || role === 'routes')
    if (files[0]!.role !== 'rules' || mains.length !== 1) return undefined
  }
  const given = isObject(value.input) ? value.input : {}
  const input: Record<string, unknown> = {
    inputFormat: FORMATS.find((format) => format === given.inputFormat) ?? 'jsonl',
  }
  for (const name of TEXT_OPTIONS) if (typeof given[name] === 'string') input[name] = given[name]
  for (const name of ['multilineMaxLines', 'multilineMaxBytes'] as const) {
    if (typeof given[name] === 'number') input[name] = given[name]
  }
  const columns = textList(given.columns)
  if (columns !== undefined) input.columns = columns
  return {
    files,
    ...(rules !== undefined && { rules }),
    ...(lookups !== undefined && { lookups }),
    ...(noRoute !== undefined && { noRoute }),
    events: value.events,
    input: input as InputOptions,
    ...(value.allowUnsafePatterns === true && { allowUnsafePatterns: true }),
  }
}

function textList(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
