/** Events of a test through the rules: what becomes of each. */
import { EventFormat } from '../../batches/input-format.ts'
import { lineTest } from '../../batches/multiline-pattern.ts'
import type { EventText, InputEvent, OutputEvent, RejectedEvent } from '../../event.ts'
import { inOrder, rejectedEvent } from '../../event.ts'
import { Failure } from '../../expression/failure.ts'
import type { Re2 } from '../../expression/regex/linear-matcher.ts'
import { type InputOptions, inputSettings } from '../../formats/input-options.ts'
import type { UnreadRest } from '../../formats/splitter.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { normalizeOne, type RunnerSource } from '../../rules/apply/normalize.ts'
import { outputText } from '../../rules/apply/output-text.ts'
import { EventParser } from '../../rules/apply/parse-event.ts'
import { SplitElements } from '../../rules/apply/split-elements.ts'
import type { EnrichSpec } from '../../rules/load.ts'
import { detectionsOf, Enrichment, type FoundIndicator, markUnenriched } from '../../stages/enrichment.ts'
import type { CaseDetections, CaseInput } from './read-test-file.ts'

/** The part of rules that tests need. */
export type TestedRules = RunnerSource & { readonly enrich?: EnrichSpec | undefined }

/** An output as `normalize` writes it. */
export interface Output {
  /** JSON, without the line end. */
  readonly text: string
  /** The event that it was made of. */
  readonly event: EventText
  /** The name of the rule set, where there are several. */
  readonly rules: string | undefined
}

/** All that became of an input, each list in the order of the events. */
export interface Outcome {
  readonly outputs: readonly Output[]
  readonly rejected: readonly RejectedEvent[]
  readonly dropped: number
  /** Events that went in. */
  readonly events: number
  /** The part of the input that could not be cut into events. */
  readonly unread: UnreadRest | undefined
  /** Indicators among `detections` that no event asked for. */
  readonly unasked: readonly string[]
}

export interface RunOptions {
  readonly input: InputOptions
  /** Milliseconds since 1970-01-01T00:00:00Z. Default: now. */
  readonly received?: number | undefined
  readonly detections?: CaseDetections | undefined
  readonly loadRe2: () => Re2
  /** Is given each event that the rules get, in a copy of its own. Default: nobody looks. */
  readonly onEvent?: ((event: InputEvent) => void) | undefined
}

/** Puts an input through the rules, as the pipeline does. It does not throw for anything that an event holds. */
export function runInput(rules: TestedRules, input: CaseInput, options: RunOptions): Outcome {
  return new InputRun(rules, options).run(input)
}

class InputRun {
  readonly #options: RunOptions
  readonly #runner
  readonly #enrichment: Enrichment | undefined
  readonly #asked = new Set<string>()
  readonly #outputs: Output[] = []
  readonly #rejected: RejectedEvent[] = []
  #dropped = 0
  #events = 0
  #unread: UnreadRest | undefined

  constructor(rules: TestedRules, options: RunOptions) {
    this.#options = options
    this.#runner = rules.createRunner()
    this.#runner.received = options.received ?? Date.now()
    const { detections } = options
    this.#enrichment =
      detections !== undefined && rules.enrich !== undefined ? new Enrichment(rules.enrich) : undefined
  }

  run(input: CaseInput): Outcome {
    if (input.kind === 'event') this.#event({ line: 1, ordinal: 0, text: input.text }, new EventParser())
    else this.#bytes(input)
    const { detections } = this.#options
    const unasked =
      detections instanceof Map
        ? [...detections.keys()].filter((indicator) => !this.#asked.has(indicator))
        : []
    return {
      outputs: this.#outputs,
      rejected: this.#rejected,
      dropped: this.#dropped,
      events: this.#events,
      unread: this.#unread,
      unasked,
    }
  }

  #bytes(input: Exclude<CaseInput, { kind: 'event' }>): void {
    // A text of a test file is decoded already.
    const settings =
      input.kind === 'bytes'
        ? inputSettings(this.#options.input)
        : { ...inputSettings(this.#options.input), encoding: undefined }
    const bytes = input.kind === 'bytes' ? input.bytes : new TextEncoder().encode(input.text)
    const format = new EventFormat(settings, (pattern) => lineTest(pattern, this.#options.loadRe2))
    const splitter = format.createSplitter(PORTABLE_CODING)
    const reader = format.createReader()
    for (const texts of [splitter.push(bytes), splitter.end()]) {
      for (const event of inOrder(texts)) {
        if ('text' in event) this.#event(event, reader)
        else {
          this.#events++
          this.#rejected.push(event)
        }
      }
    }
    this.#unread = splitter.unread
  }

  #event(event: EventText, reader: Pick<EventParser, 'parse'>): void {
    this.#events++
    const parsed = reader.parse(event)
    if ('code' in parsed) {
      this.#rejected.push(rejectedEvent(event, parsed))
      return
    }
    if (this.#options.onEvent !== undefined) {
      const copy = reader.parse(event)
      if (!('code' in copy)) this.#options.onEvent(copy)
    }
    const result = normalizeOne(parsed, this.#runner)
    if (!(result instanceof SplitElements)) {
      if ('code' in result) this.#rejected.push(rejectedEvent(event, result))
      else this.#result(result)
      return
    }
    for (let element = result.next(); element !== undefined; element = result.next()) this.#result(element)
  }

  #result(result: OutputEvent | RejectedEvent | { readonly dropped: true }): void {
    if ('dropped' in result) this.#dropped++
    else if ('rejection' in result) this.#rejected.push(result)
    else {
      const { rules } = result
      const enriched = this.#enrich(result)
      const text = 'output' in enriched ? outputText(enriched) : enriched
      if (typeof text === 'string') this.#outputs.push({ text, event: result, rules })
      else this.#rejected.push('code' in text ? rejectedEvent(result, text) : text)
    }
  }

  /** The output with the detections of the test in it. */
  #enrich(event: OutputEvent): OutputEvent | RejectedEvent {
    const { detections } = this.#options
    if (this.#enrichment === undefined || detections === undefined) return event
    const found = this.#enrichment.find(event.output)
    if (found.length === 0) return event
    if (typeof detections === 'string') return markUnenriched(event, detections)
    for (const { value } of found) this.#asked.add(value)
    const answers = found.map(({ value }: FoundIndicator) => detections.get(value) ?? [])
    const added = detectionsOf(found, answers)
    if (added === undefined) return event
    try {
      return this.#enrichment.add(event, added)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const rejection = { code: error.code, rule: 'enrich', message: `enrich: ${error.message}` }
      return rejectedEvent(event, rejection)
    }
  }
}
