import { existsSync, statSync } from 'node:fs'
import process from 'node:process'
import type { ErrorRecord } from '../authoring/explain/error-record.ts'
import { readErrorRecord } from '../authoring/explain/error-record.ts'
import type { ExplainOptions } from '../authoring/explain/explain.ts'
import { explain } from '../authoring/explain/explain.ts'
import { explanationJson, jsonLine } from '../authoring/explain/json.ts'
import { COLOURED, PLAIN } from '../authoring/explain/paint.ts'
import { EventFormat } from '../batches/input-format.ts'
import type { RejectionCode } from '../errors.ts'
import type { EventPlace, InputEvent, RejectedEvent } from '../event.ts'
import { inOrder } from '../event.ts'
import { suggest } from '../expression/check/suggest.ts'
import { displayed } from '../expression/excerpt.ts'
import type { InputSettings } from '../formats/input-options.ts'
import { inputSettings } from '../formats/input-options.ts'
import { NODE_CODING } from '../formats/node-coding.ts'
import { CHUNK_BYTES } from '../io/files/source.ts'
import { parseBatch } from '../rules/apply/parse-event.ts'
import type { ObservedRules } from '../rules/observe/index.ts'
import { Origins, observe } from '../rules/observe/index.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import { safeLineTest } from '../stages/process/line-test.ts'
import { terminalText } from '../tracer/controls.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import type { InputArguments } from './input-options.ts'
import { inputOptions } from './input-options.ts'
import { openInputs, STDIN } from './inputs.ts'
import type { RuleOptions } from './rule-files.ts'
import { loadRules, ruleFiles } from './rule-files.ts'

/** The options of the command line, as commander names them. */
export interface ExplainArguments extends InputArguments, RuleOptions {
  readonly field?: readonly string[]
  readonly json?: boolean
  readonly errors?: string
  readonly code?: boolean
  readonly full?: boolean
}

/** Characters of a value that are shown: in a line, with `--full`, and in JSON. */
const MAX_TEXT = { line: 60, full: 10_000, json: 1000 } as const

/**
 * `normalize explain [EVENT]`: the story of an event, of the records of an errors output, or of the rules alone.
 *
 * @param event the text of an event, a file of events, `-` for standard input; undefined: the rules alone
 * @throws {CommandError} for options that do not fit together, and rules that cannot be used
 */
export async function explainCommand(event: string | undefined, options: ExplainArguments): Promise<void> {
  const { field: fields = [], errors, code = false, json = false, full = false } = options
  if (event !== undefined && errors !== undefined) {
    throw new CommandError(
      EXIT.USAGE,
      `there is either an event or --errors ${errors}: records have their events`,
    )
  }
  if (code && (event !== undefined || errors !== undefined)) {
    throw new CommandError(EXIT.USAGE, '--code prints what is generated for any event: it takes none')
  }
  const input = await inputOptions(options)
  const settings = inputSettings(input)
  const origins = new Origins()
  const rules = await loadRules(ruleFiles(options, event === undefined ? [] : [event]), origins)
  if (rules.warningText !== '') process.stderr.write(`${terminalText(rules.warningText.trimEnd())}\n`)
  checkFields(fields, rules.writes)
  const paint = process.stdout.isTTY === true && !process.env.NO_COLOR ? COLOURED : PLAIN
  if (code) {
    await print(sourceOf(rules))
    return
  }
  if (event === undefined && errors === undefined) {
    const { describe, describeRules } = await import('../authoring/explain/describe.ts')
    const sets = describeRules(rules, origins)
    if (json) for (const set of sets) await print(`${jsonLine(set)}\n`)
    else await print(describe(sets, { fields, paint }))
    return
  }
  const maxText = json ? MAX_TEXT.json : full ? MAX_TEXT.full : MAX_TEXT.line
  const observed = observe(rules, origins, { maxText })
  const columns = process.stdout.columns ?? 100
  const teller = new Teller(observed, json, { fields, full, paint, columns })
  if (errors !== undefined) await explainErrors(errors, settings, rules, teller)
  else await explainEvents(event!, settings, teller)
}

/** Tells the stories of events, and writes them. */
class Teller {
  readonly #observed: ObservedRules
  readonly #json: boolean
  readonly #options: ExplainOptions
  #isFirst = true

  constructor(observed: ObservedRules, json: boolean, options: ExplainOptions) {
    this.#observed = observed
    this.#json = json
    this.#options = options
  }

  /** @param heading says which event it is; '' where there is one only */
  async tell(event: InputEvent | RejectedEvent, heading: string, onlyFault = false): Promise<void> {
    if ('rejection' in event) {
      const { code, message } = event.rejection
      const text = `rejected with ${code}: ${safe(message)}`
      await this.say(heading, `${this.#options.paint!.fault(text)}\n`, {
        outcome: 'rejected',
        rejection: event.rejection,
        sections: [],
      })
      return
    }
    const observation = this.#observed.run(event)
    if (this.#json) {
      await this.say(heading, '', explanationJson(observation))
      return
    }
    const isOutput = observation.outcome.kind !== 'rejected'
    const note = onlyFault && isOutput ? 'the rules do not reject it any more\n' : ''
    await this.say(heading, `${note}${explain(observation, { ...this.#options, onlyFault })}`, {})
  }

  async say(heading: string, text: string, json: object): Promise<void> {
    if (this.#json) {
      await print(`${jsonLine({ ...(heading !== '' && { event: heading }), ...json })}\n`)
      return
    }
    const gap = this.#isFirst ? '' : '\n'
    this.#isFirst = false
    const title = heading === '' ? '' : `${this.#options.paint!.heading(safe(heading))}\n`
    await print(`${gap}${title}${text}`)
  }
}

// --- events -------------------------------------------------------------------------------------------------

async function explainEvents(event: string, settings: InputSettings, teller: Teller): Promise<void> {
  if (event !== STDIN && !isFile(event)) {
    checkText(event, settings)
    // The argument is text already, whatever the encoding of inputs is.
    const format = new EventFormat({ ...settings, encoding: undefined }, safeLineTest)
    const splitter = format.createSplitter(NODE_CODING)
    const reader = format.createReader()
    const all = [splitter.push(new TextEncoder().encode(event)), splitter.end()].flatMap((texts) => [
      ...inOrder(parseBatch('-', texts, reader)),
    ])
    if (all.length === 0) throw new CommandError(EXIT.USAGE, 'the event is empty')
    for (const [index, each] of all.entries()) {
      await teller.tell(each, all.length === 1 ? '' : `event ${index + 1}`)
    }
    return
  }
  const format = new EventFormat(settings, safeLineTest)
  const [input] = openInputs([event]).inputs(CHUNK_BYTES)
  const splitter = format.createSplitter(NODE_CODING)
  const reader = format.createReader()
  for await (const chunk of input!.open() as AsyncIterable<Uint8Array>) {
    for (const each of inOrder(parseBatch(event, splitter.push(chunk), reader))) {
      await teller.tell(each, headingOf(event, each))
    }
  }
  for (const each of inOrder(parseBatch(event, splitter.end(), reader))) {
    await teller.tell(each, headingOf(event, each))
  }
}

function headingOf(source: string, { line }: EventPlace): string {
  return source === STDIN ? `line ${line}` : `${source} line ${line}`
}

function isFile(name: string): boolean {
  return name.length < 4096 && !name.includes('\0') && existsSync(name) && !statSync(name).isDirectory()
}

/** @throws {CommandError} where the argument was hardly meant as an event */
function checkText(event: string, { inputFormat, columns }: InputSettings): void {
  if (inputFormat === 'csv' && columns === undefined && !event.trim().includes('\n')) {
    throw new CommandError(
      EXIT.USAGE,
      'one record of CSV has no names: give them with --columns, or a file with its first line',
    )
  }
  if ((inputFormat === 'jsonl' || inputFormat === 'json') && !/^\s*[[{]/.test(event)) {
    throw new CommandError(
      EXIT.USAGE,
      `'${event}' is neither an event nor a file: an event is its JSON text in quotes, '{"a": 1}'; - reads standard input` +
        `\nfor a line of text add --input-format text`,
    )
  }
}

// --- records of rejected events -----------------------------------------------------------------------------

async function explainErrors(
  file: string,
  settings: InputSettings,
  rules: RuleSet | RoutedRules,
  teller: Teller,
): Promise<void> {
  const isCsv = settings.inputFormat === 'csv'
  if (isCsv && settings.columns === undefined) {
    throw new CommandError(EXIT.USAGE, 'records of CSV have no names: --errors needs --columns')
  }
  const reader = new EventFormat(settings, safeLineTest).createReader()
  const columns = settings.columns === undefined ? undefined : { columns: settings.columns }
  const splits = splitting(rules)
  let number = 0
  let records = 0
  for await (const line of linesOf(file)) {
    number++
    if (line.trim() === '') continue
    const record = readErrorRecord(line)
    if (typeof record === 'string') {
      throw new CommandError(
        EXIT.USAGE,
        `${file}:${number}: this is no record of an errors output: ${record}\nnormalize --errors FILE writes such records`,
      )
    }
    records++
    const set = record.rules === undefined ? '' : ` (${record.rules})`
    const by = record.rule === undefined ? '' : ` by ${record.rule}`
    const heading = `${record.source} line ${record.line}: ${record.code}${by}${set}`
    const why =
      record.raw === undefined
        ? 'the record has bytes that are no text: rules have never seen them'
        : record.isTruncated
          ? 'the record has the beginning of the event only: rules have never seen it'
          : isElement(record) && splits(record.rules)
            ? 'the record has one element of a split event: explain the whole event'
            : undefined
    if (why !== undefined) {
      const { code, message, rule } = record
      await teller.say(heading, `${safe(record.message)}\n${why}\n`, {
        outcome: 'rejected',
        rejection: { code, message, ...(rule !== undefined && { rule }) },
        note: why,
        sections: [],
      })
      continue
    }
    const text = { line: record.line, ordinal: 0, text: record.raw!, ...columns }
    const event = reader.parse(text)
    const told = 'code' in event ? { ...text, rejection: event, raw: text.text } : event
    await teller.tell(told, heading, true)
  }
  if (records === 0)
    process.stderr.write(`${terminalText(file)}: there is no record of a rejected event in it\n`)
}

/** Sections that see the event before it is split. */
const BEFORE_SPLIT: readonly (string | undefined)[] = ['split', 'when', 'tap']
/** Codes of texts that are no event: no rule has seen them. */
const UNREAD: readonly string[] = ['JSON_INVALID', 'JSON_NOT_OBJECT', 'CSV_INVALID'] satisfies RejectionCode[]

/** The text of the record is an element's, where its rule set splits events. */
function isElement({ rule, code }: ErrorRecord): boolean {
  return !BEFORE_SPLIT.includes(rule) && !UNREAD.includes(code)
}

/** Tells of a rule set, by its name among several, if it makes several events of one. */
function splitting(rules: RuleSet | RoutedRules): (name: string | undefined) => boolean {
  if (!('routes' in rules)) return () => rules.checked.split !== undefined
  const names = new Set(
    rules.routes.flatMap(({ name, set }) => (set?.checked.split === undefined ? [] : [name])),
  )
  return (name) => name !== undefined && names.has(name)
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const { default: split2 } = await import('split2')
  const [input] = openInputs([file]).inputs(CHUNK_BYTES)
  yield* input!.open().pipe(split2()) as AsyncIterable<string>
}

// --- the rules ----------------------------------------------------------------------------------------------

/** @throws {CommandError} for a field that no rule writes */
function checkFields(fields: readonly string[], writes: readonly string[]): void {
  for (const field of fields) {
    if (writes.some((name) => name === field || name.startsWith(`${field}.`))) continue
    const near = suggest(field, writes)
    const hint =
      near === undefined ? "'normalize check' prints the fields that rules write" : `did you mean ${near}?`
    throw new CommandError(EXIT.USAGE, `no rule writes the field ${field}; ${hint}`)
  }
}

function sourceOf(rules: RuleSet | RoutedRules): string {
  if (!('routes' in rules)) return `${terminalText(rules.source.trimEnd())}\n`
  return rules.routes
    .flatMap(({ name, set }) =>
      set === undefined ? [] : [`// ${safe(name)}\n${terminalText(set.source.trimEnd())}\n`],
    )
    .join('\n')
}

function safe(text: string): string {
  return displayed(text.replaceAll('\n', ' ')).text
}

/** Writes to standard output, and waits while its reader is slow. */
async function print(text: string): Promise<void> {
  if (process.stdout.write(text)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      process.stdout.off('drain', done)
      process.stdout.off('close', done)
      resolve()
    }
    process.stdout.once('drain', done)
    process.stdout.once('close', done)
  })
}
