/** Rules, compiled and applied to the events of the playground. It runs in a worker of the page, and wherever JavaScript does. */

import type { InputEvent, RejectedEvent, Rejection } from '../../event.ts'
import type { Problem } from '../../expression/diagnostic.ts'
import { FUNCTION_LIBRARY } from '../../expression/functions/index.ts'
import { Lines } from '../../expression/syntax/lines.ts'
import { normalizeOne } from '../../rules/apply/normalize.ts'
import { outputText } from '../../rules/apply/output-text.ts'
import { toPlain } from '../../rules/apply/plain-values.ts'
import { SplitElements } from '../../rules/apply/split-elements.ts'
import { compileWith } from '../../rules/compile-with.ts'
import type { CompileOptions } from '../../rules/definition.ts'
import type { ObservedRules } from '../../rules/observe/index.ts'
import { Origins, observe } from '../../rules/observe/index.ts'
import { RuleError } from '../../rules/rule-error.ts'
import type { RuleSet } from '../../rules/rule-set.ts'
import type { Runner } from '../../rules/run.ts'
import { compileRouted, loadRouted } from '../../rules/sets/compile-routes.ts'
import { RoutesError, resolveRoutes } from '../../rules/sets/resolve-routes.ts'
import type { RoutedRules } from '../../rules/sets/routed-rules.ts'
import type { EditedDocument } from '../editor/index.ts'
import { rangeOf, readEvents, type Sample, sampleOf } from '../editor/index.ts'
import type { PlaygroundContent } from './content.ts'
import { FileTree } from './file-tree.ts'

/** A problem, and the part of its file that it underlines. */
export interface PlacedProblem extends Problem {
  /** Offsets into the file's text. */
  readonly start: number
  readonly end: number
}

/** The fate of an event, or of an element of one that is split. */
export type TrialResult = Outcome & {
  /** The number of the event, counted from 0. */
  readonly event: number
  /** The line on which it begins, counted from 1. */
  readonly line: number
}

export interface TrialRun {
  readonly results: readonly TrialResult[]
  /** Number of events that were read. */
  readonly events: number
  /** The reason why there are no more results; undefined: all events are there. */
  readonly cut: string | undefined
  /** An option of the input that cannot be used. */
  readonly problem: string | undefined
  /** The rules have errors: no event was worked on. */
  readonly hasErrors: boolean
  readonly milliseconds: number
}

/** So many events are shown, and for so long at most they are worked on; one event may take longer. */
const MAX_EVENTS = 500
const MAX_MILLISECONDS = 2000

/** So much of an output, and of the text of a rejected event, goes to the page. */
const MAX_TEXT = 100_000
const MAX_RAW = 2000

/** So much of a value stands in an explanation, as in `normalize explain`. */
const MAX_EXPLAINED = 60

const loadRe2 = () => FUNCTION_LIBRARY.re2()

/** The content of the playground, as far as it was compiled and read. */
export class Trial {
  readonly #content: PlaygroundContent
  readonly #tree: FileTree
  #rules: RuleSet | RoutedRules | undefined
  #observed: ObservedRules | undefined
  #problems: readonly Problem[] | undefined
  #sample: Sample | undefined

  constructor(content: PlaygroundContent) {
    this.#content = content
    this.#tree = new FileTree(content.files, content.lookups)
  }

  /** Everything that is wrong with the rules, and what the operator should know. */
  problems(): readonly PlacedProblem[] {
    this.#compile()
    const lines = new Map<string, Lines>()
    return this.#problems!.map((problem) => {
      let ofFile = lines.get(problem.file)
      if (ofFile === undefined) {
        ofFile = new Lines(this.#text(problem.file) ?? '')
        lines.set(problem.file, ofFile)
      }
      return { ...problem, ...rangeOf(problem, ofFile) }
    })
  }

  /** The rules; undefined where something is wrong with them. */
  get rules(): RuleSet | RoutedRules | undefined {
    this.#compile()
    return this.#rules
  }

  /** The same rules with reports of what they do; undefined where something is wrong with them. */
  get observed(): ObservedRules | undefined {
    if (this.rules === undefined) return undefined
    if (this.#observed === undefined) {
      const origins = new Origins()
      this.#observed = observe(this.#compiled(origins), origins, { maxText: MAX_EXPLAINED })
    }
    return this.#observed
  }

  /** One of the files as an editor has it, with the fields of the events as its sample. */
  document(name: string): EditedDocument {
    const { files } = this.#content
    const file = files.find((each) => each.name === name) ?? files[0]!
    return {
      kind: file.role,
      file: file.name,
      text: file.text,
      lookups: this.#lookupsOf(file.name),
      readFile: (path) => this.#included(path),
      exists: (path) => this.#tree.exists(path),
      sample: this.#fields(),
    }
  }

  /**
   * Applies the rules to the events.
   *
   * @param now milliseconds
   * @param begins is told each event before it is worked on, counted from 0
   */
  run(now: () => number, begins: (event: number) => void): TrialRun {
    const results: TrialResult[] = []
    // The time for compiling does not count.
    const runner = this.rules?.createRunner()
    const started = now()
    let events = 0
    const done = (cut?: string, problem?: string): TrialRun => ({
      results,
      events,
      cut,
      problem,
      hasErrors: runner === undefined,
      milliseconds: now() - started,
    })
    if (runner === undefined) return done()
    runner.received = Date.now()
    try {
      for (const event of this.read()) {
        if (events === MAX_EVENTS) return done(`the first ${MAX_EVENTS} events are shown`)
        if (events > 0 && now() - started > MAX_MILLISECONDS)
          return done(`the first ${events} events are shown: more would take too long`)
        begins(events)
        const base = { event: events++, line: event.line }
        if ('rejection' in event) {
          const { code, message } = event.rejection
          const raw = typeof event.raw === 'string' ? event.raw : new TextDecoder().decode(event.raw)
          results.push({ ...base, kind: 'rejected', code, message, raw: cut(raw, MAX_RAW) })
          continue
        }
        for (const result of outcomes(event, runner)) results.push({ ...base, ...result })
      }
    } catch (error) {
      if (error instanceof TypeError) return done(undefined, error.message)
      throw error
    }
    return done()
  }

  /** The event of that number, counted from 0; undefined where there is none that can be read. */
  eventAt(number: number): InputEvent | undefined {
    let index = 0
    for (const event of this.read()) {
      if (index++ === number) return 'rejection' in event ? undefined : event
    }
    return undefined
  }

  /** @throws {TypeError} for an option of the input that is not acceptable */
  read(): Generator<InputEvent | RejectedEvent> {
    const { events, input } = this.#content
    return readEvents(events, input, loadRe2)
  }

  #compile(): void {
    if (this.#problems !== undefined) return
    try {
      this.#rules = this.#compiled()
      this.#problems = this.#rules.warnings
    } catch (error) {
      if (error instanceof RuleError) this.#problems = error.problems
      else if (error instanceof RoutesError) {
        const file = this.#content.files[0]!.name
        this.#problems = [{ message: error.message, file, line: 1, column: 1, severity: 'error' }]
      } else throw error
    }
  }

  /** @throws {RuleError} and {RoutesError} with what is wrong */
  #compiled(origins?: Origins): RuleSet | RoutedRules {
    const { files, rules, noRoute = 'reject', allowUnsafePatterns = false } = this.#content
    const readFile = (path: string) => this.#included(path)
    if (rules !== undefined) {
      const options = { allowUnsafePatterns }
      const definition = {
        label: rules.join(', '),
        noRoute,
        options,
        ...resolveRoutes(rules, this.#tree),
      }
      return compileRouted(FUNCTION_LIBRARY, loadRouted(definition, readFile), origins)
    }
    const { name, text } = files[0]!
    const options: CompileOptions = {
      file: name,
      lookups: this.#lookupsOf(name),
      readFile,
      allowUnsafePatterns,
    }
    return compileWith(FUNCTION_LIBRARY, text, options, origins)
  }

  /** The lookup tables that a file can use: of one rule file all that there are. */
  #lookupsOf(name: string): { readonly file: string; readonly text: string }[] {
    const { files, rules } = this.#content
    const names = rules === undefined ? undefined : this.#tree.lookupsFor(name)
    return files
      .filter((file) => (names === undefined ? file.role === 'lookups' : names.includes(file.name)))
      .map((file) => ({ file: file.name, text: file.text }))
  }

  #text(name: string): string | undefined {
    return this.#content.files.find((file) => file.name === name)?.text
  }

  #included(path: string): string {
    const text = this.#text(path)
    if (text === undefined) throw new Error('the playground was not given this file')
    return text
  }

  #fields(): Sample {
    this.#sample ??= sampleOf(this.#plainEvents())
    return this.#sample
  }

  *#plainEvents(): Generator<unknown> {
    try {
      for (const event of this.read()) if ('data' in event) yield toPlain(event.data)
    } catch {
      // An option of the input is wrong, which the run tells.
    }
  }
}

/** Of several rule sets, `rules` is the one that took the event. */
type Outcome =
  | { readonly kind: 'output'; readonly text: string; readonly rules?: string }
  | {
      readonly kind: 'rejected'
      readonly code: string
      readonly message: string
      readonly rule?: string
      readonly rules?: string
      readonly raw: string
    }
  | { readonly kind: 'dropped' }

function* outcomes(event: InputEvent, runner: Runner): Generator<Outcome> {
  const first = normalizeOne(event, runner)
  if (!(first instanceof SplitElements)) {
    yield outcomeOf(first, event)
    return
  }
  for (let element = first.next(); element !== undefined; element = first.next()) {
    yield outcomeOf('rejection' in element ? element.rejection : element, event)
  }
}

function outcomeOf(
  result: Exclude<ReturnType<typeof normalizeOne>, SplitElements>,
  event: InputEvent,
): Outcome {
  if ('code' in result) return rejected(result, event)
  if (!('output' in result)) return { kind: 'dropped' }
  const text = outputText(result)
  const { rules } = result
  if (typeof text !== 'string') return rejected(rules === undefined ? text : { rules, ...text }, event)
  return { kind: 'output', text: cut(text, MAX_TEXT), ...(rules !== undefined && { rules }) }
}

function rejected({ code, message, rule, rules }: Rejection, { text }: InputEvent): Outcome {
  const by = { ...(rule !== undefined && { rule }), ...(rules !== undefined && { rules }) }
  return { kind: 'rejected', code, message, ...by, raw: cut(text, MAX_RAW) }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
