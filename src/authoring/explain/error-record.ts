/** Records of the errors output, as explanations need them. */

export interface ErrorRecord {
  readonly line: number
  readonly source: string
  readonly code: string
  readonly message: string
  readonly rule: string | undefined
  readonly rules: string | undefined
  /** The text of the event; undefined where the record has its bytes. */
  readonly raw: string | undefined
  readonly isTruncated: boolean
}

/**
 * Reads a line of an errors output.
 *
 * @returns the record, or what is wrong with the line
 */
export function readErrorRecord(text: string): ErrorRecord | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'it is no JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no JSON object'
  const member = (name: string): unknown =>
    Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
  const textOf = (name: string): string | undefined => {
    const found = member(name)
    return typeof found === 'string' ? found : undefined
  }
  const code = textOf('code')
  const message = textOf('message')
  if (code === undefined || message === undefined) return "it has no 'code' and 'message'"
  const raw = textOf('raw')
  if (raw === undefined && textOf('raw_base64') === undefined) return "it has no 'raw', the text of the event"
  const line = member('line')
  return {
    line: typeof line === 'number' ? line : 0,
    source: textOf('source') ?? '-',
    code,
    message,
    rule: textOf('rule'),
    rules: textOf('rules'),
    raw,
    isTruncated: member('raw_truncated') === true,
  }
}
