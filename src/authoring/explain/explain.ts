/**
 * The story of one event, for people: which rule set took it, what each section of the rule file made of it, in the order
 * of the file, and what came of it.
 *
 *     rules.yaml
 *       1  source.ip: src → "192.0.2.7"
 *       2  user.name: lower(user) → left out: field user is absent
 *                           └ absent (the event has usr)
 *       3  event.code: code + 1 → TYPE_ERROR: can only concatenate str (not "int") to str
 *                      ^^^^^^^^
 *                      └ "12"
 *     rejected with TYPE_ERROR by event.code
 */
import { displayed } from '../../expression/excerpt.ts'
import type { Observation, Part, PartReport, Reason, Report, RouteReport } from '../../rules/observe/index.ts'
import type { Label } from './diagram.ts'
import { anchorOf, diagram } from './diagram.ts'
import type { Paint } from './paint.ts'
import { PLAIN } from './paint.ts'
import { oneLine, reasonText, shownText, valueText } from './values.ts'

export interface ExplainOptions {
  /** Output fields, or the beginnings of them (`source` for `source.ip`): only these are told. Default: all. */
  readonly fields?: readonly string[]
  /** Nothing is left out to be brief: rules of other cases, rule sets that refused the event. Default: false. */
  readonly full?: boolean
  /** Only the section that rejects the event is told, where one does. Default: false. */
  readonly onlyFault?: boolean
  /** Default: no colours. */
  readonly paint?: Paint
  /** Columns of the terminal: longer lines have their values in a list. Default: 100. */
  readonly columns?: number
}

/** Rule sets that refused an event, and are told of; of more the number is. */
const MAX_REFUSALS = 5

/** Elements of a split event that are told of. */
const MAX_ELEMENTS = 20

/** Tells the story of an event. @returns lines, each with its line end */
export function explain(observation: Observation, options: ExplainOptions = {}): string {
  return new Explanation(options).tell(observation)
}

class Explanation {
  readonly #fields: readonly string[]
  readonly #full: boolean
  readonly #onlyFault: boolean
  readonly #paint: Paint
  readonly #columns: number
  readonly #lines: string[] = []
  #file = ''
  /** The width of line numbers. */
  #margin = 3

  constructor({
    fields = [],
    full = false,
    onlyFault = false,
    paint = PLAIN,
    columns = 100,
  }: ExplainOptions) {
    this.#fields = fields
    this.#full = full
    this.#onlyFault = onlyFault
    this.#paint = paint
    this.#columns = Math.max(40, columns)
  }

  tell(observation: Observation): string {
    this.#routes(observation)
    this.#sections(observation)
    this.#outcome(observation)
    let count = 0
    for (const element of observation.elements) {
      const isTold = this.#full || count < MAX_ELEMENTS
      if (isTold) {
        this.#line('')
        this.#line(this.#paint.heading(`element ${count}`))
        this.#sections(element)
        this.#outcome(element)
      }
      count++
    }
    if (!this.#full && count > MAX_ELEMENTS) {
      this.#line('')
      this.#line(this.#paint.dim(`${count - MAX_ELEMENTS} more elements: --full tells of them`))
    }
    return this.#lines.map((line) => `${line.trimEnd()}\n`).join('')
  }

  #line(text: string): void {
    this.#lines.push(text)
  }

  // --- rule sets --------------------------------------------------------------------------------------------

  #routes({ routes, rules }: Observation): void {
    if (routes.length === 0 || this.#onlyFault) return
    const refused = routes.filter(({ fate }) => fate === 'refused')
    const taken = routes.find(({ fate }) => fate === 'taken')
    const shown = this.#full || refused.length <= MAX_REFUSALS ? refused : taken === undefined ? refused : []
    const told = shown.slice(0, this.#full ? undefined : MAX_REFUSALS)
    for (const route of told) this.#route(route)
    if (refused.length > told.length) {
      this.#line(
        this.#paint.dim(`${counted(refused.length - told.length, 'rule set')} refused it: --full says why`),
      )
    }
    if (taken === undefined) this.#line(this.#paint.fault('no rule set takes the event'))
    else {
      this.#route(taken)
      const after = routes.length - routes.indexOf(taken) - 1
      const behind = after === 0 ? '' : this.#paint.dim(`; ${counted(after, 'rule set')} behind it not asked`)
      this.#line(`${this.#paint.heading(oneLine(rules ?? taken.name))} takes the event${behind}`)
    }
    this.#line('')
    this.#file = ''
  }

  #route({ name, fate, conditions }: RouteReport): void {
    const verb = fate === 'taken' ? this.#paint.value('yes') : this.#paint.absent('no ')
    if (conditions.length === 0) this.#line(`${verb}  ${oneLine(name)}: takes every event`)
    for (const condition of conditions) {
      if (condition.outcome === 'not reached') continue
      this.#section(condition, `${verb}  ${oneLine(name)} `)
    }
  }

  // --- sections ---------------------------------------------------------------------------------------------

  #sections({ reports }: Observation): void {
    const skipped = { other: 0, late: 0 }
    this.#margin =
      1 +
      Math.max(
        2,
        ...reports.map(({ section }) => String(lastLine(section.allParts, section.place.endLine)).length),
      )
    for (const report of reports) {
      if (!this.#isAsked(report)) continue
      const { outcome: fate } = report
      if (this.#onlyFault && fate !== 'rejected') continue
      if (fate === 'other case' && !this.#full) skipped.other++
      else if (fate === 'not reached' && !this.#full) {
        // The cases behind the one that applies are not asked, which is no news.
        if (report.section.kind !== 'case') skipped.late++
      } else this.#section(report, '')
    }
    if (this.#onlyFault) return
    if (skipped.other > 0) {
      const verb = skipped.other === 1 ? 'belongs to a case' : 'belong to cases'
      this.#line(
        this.#paint.dim(
          `${this.#gutter()}${counted(skipped.other, 'rule')} ${verb} that do${skipped.other === 1 ? 'es' : ''} not apply`,
        ),
      )
    }
    if (skipped.late > 0) {
      this.#line(
        this.#paint.dim(
          `${this.#gutter()}${skipped.late} more ${skipped.late === 1 ? 'section was' : 'sections were'} not reached`,
        ),
      )
    }
  }

  #isAsked({ section }: Report): boolean {
    if (this.#fields.length === 0) return true
    if (section.kind !== 'rule') return false
    return this.#fields.some((field) => section.name === field || section.name.startsWith(`${field}.`))
  }

  #gutter(line?: number): string {
    return `${(line === undefined ? '' : String(line)).padStart(this.#margin)}  `
  }

  #section(report: Report, before: string): void {
    const { section } = report
    if (section.place.file !== this.#file) {
      this.#file = section.place.file
      this.#line(this.#paint.heading(oneLine(this.#file)))
    }
    if (section.kind === 'tap') {
      this.#tap(report)
      return
    }
    const gutter = this.#paint.dim(this.#gutter(section.place.line))
    const name = `${before}${this.#paint.name(oneLine(section.name))}: `
    const text = section.text.trimEnd()
    const indent = this.#gutter().length
    const nameWidth = displayed(`${before === '' ? '' : plainOf(before)}${oneLine(section.name)}: `).width
    if (!text.includes('\n')) {
      this.#line(`${gutter}${name}${oneLine(text)} ${this.#result(report)}`)
      this.#values(report, 0, text, indent + nameWidth)
      return
    }
    this.#line(`${gutter}${name}${this.#result(report)}`)
    let offset = 0
    for (const line of text.split('\n')) {
      if (line.trim() !== '') {
        this.#line(`${' '.repeat(indent + 2)}${displayed(line).text}`)
        this.#values(report, offset, line, indent + 2)
      }
      offset += line.length + 1
    }
  }

  /** `→ value`, or what happened in the place of one. */
  #result({ outcome, value, reason, section, parts }: Report): string {
    const { absent, fault, dim, value: good } = this.#paint
    switch (outcome) {
      case 'value': {
        const root = parts.find(({ part }) => part === section.parts[0])
        if (value === undefined) return ''
        const isRefusal = section.kind !== 'rule' && value.text === 'false'
        const text =
          root !== undefined && section.kind === 'rule' ? rootText(root, shownText(value)) : shownText(value)
        return `${dim('→')} ${isRefusal ? absent(text) : good(text)}`
      }
      case 'absent':
        return `${dim('→')} ${absent(`left out: ${reasonText(reason!)}`)}`
      case 'omitted':
        return `${dim('→')} ${absent(`left out: ${reasonText(reason!)}`)}`
      case 'rejected':
        return `${dim('→')} ${fault(`${reason!.code}: ${oneLine(reason!.message)}`)}`
      case 'other case':
        return dim('(of a case that does not apply)')
      case 'not reached':
        return dim('(not reached)')
    }
  }

  /** The values of the parts on one line of a section's text, and the carets under the part at fault. */
  #values(report: Report, offset: number, line: string, indent: number): void {
    const { parts, reason } = report
    const within = (at: number): boolean => at >= offset && at <= offset + line.length
    const column = (at: number): number => indent + displayed(line.slice(0, at - offset)).width
    const culprit = reason?.part
    if (culprit !== undefined && report.outcome !== 'absent' && within(culprit.start)) {
      const end = Math.min(culprit.end, offset + line.trimEnd().length)
      const width = Math.max(1, column(end) - column(culprit.start))
      this.#line(' '.repeat(column(culprit.start)) + this.#paint.fault('^'.repeat(width)))
    }
    const labels: Label[] = []
    for (const part of parts) {
      if (!isTold(part, report)) continue
      const anchor = anchorOf(part.part)
      if (!within(anchor)) continue
      const isAbsent = part.values.at(-1)?.type === 'absent'
      labels.push({
        column: column(anchor),
        text: valueText(part, report.fields),
        paint: isAbsent || part.caught !== undefined ? this.#paint.absent : this.#paint.value,
      })
    }
    if (labels.length === 0) return
    const isTooWide = column(offset + line.length) > this.#columns
    if (!isTooWide) {
      for (const row of diagram(labels, this.#paint)) this.#line(row)
      return
    }
    // A line that the terminal breaks has nothing under it.
    for (const part of parts) {
      if (!isTold(part, report) || !within(anchorOf(part.part))) continue
      const text = oneLine(part.part.text)
      const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text
      this.#line(
        `${' '.repeat(indent)}${this.#paint.dim(shown)} ${this.#paint.value(valueText(part, report.fields))}`,
      )
    }
  }

  // --- tap --------------------------------------------------------------------------------------------------

  #tap(report: Report): void {
    const { section, outcome, reason } = report
    const { dim } = this.#paint
    this.#line(`${dim(this.#gutter(section.place.line))}${this.#paint.name(oneLine(section.name))}:`)
    const lines = section.text.split('\n')
    const byPart = new Map<Part, PartReport>(report.parts.map((part) => [part.part, part]))
    const statements = section.allParts.filter(({ kind }) => STATEMENTS.has(kind))
    let offset = 0
    for (const line of lines) {
      const first = statements.find(({ start }) => start >= offset && start <= offset + line.length)
      if (line.trim() !== '') {
        const seen = first && byPart.get(first)
        const result = seen === undefined ? '' : this.#statement(seen, byPart)
        const shown = this.#cut(displayed(line).text)
        const number = first === undefined ? undefined : first.place.line
        const text = first !== undefined && seen === undefined ? dim(shown) : shown
        this.#line(`${dim(this.#gutter(number))}  ${text} ${result}`)
        if (outcome === 'rejected' && first !== undefined && isWithin(reason, offset, line)) {
          this.#faultOf(report, reason!, offset, line)
        }
      }
      offset += line.length + 1
    }
    if (outcome === 'rejected') this.#line(`${this.#gutter()}  ${this.#result(report)}`)
  }

  /** A statement as it is shown: its value stands behind it. */
  #cut(line: string): string {
    return this.#full || line.length <= this.#columns ? line : `${line.slice(0, this.#columns - 1)}…`
  }

  #faultOf(report: Report, reason: Reason, offset: number, line: string): void {
    const inner = report.parts.filter(({ part }) => reason.part !== undefined && isInside(part, reason.part))
    this.#values({ ...report, parts: inner }, offset, line, this.#gutter().length + 2)
  }

  /** The value that a statement gave its target, that of its condition, and its rounds. */
  #statement(report: PartReport, byPart: ReadonlyMap<Part, PartReport>): string {
    const { part, times, branches, assigned } = report
    const { dim, value, absent } = this.#paint
    const rounds = (count: number): string =>
      dim(` (${count} ${part.kind === 'for' || part.kind === 'while' ? 'rounds' : 'times'})`)
    if (part.kind === 'for') {
      const items = assigned.map(shownText).join(', ')
      const count = branches[0] ?? 0
      const more = count > assigned.length ? ', …' : ''
      return `${dim('→')} ${value(items + more)}${rounds(count)}`
    }
    if (part.kind === 'while') return rounds(branches[0] ?? 0)
    const often = times > 1 ? rounds(times) : ''
    if (part.kind === 'if') {
      const [held = 0, not = 0] = branches
      if (times > 1) return dim(`(held ${held} of ${held + not} times)`)
      return `${dim('→')} ${held > 0 ? value('true') : absent('false')}`
    }
    const root = part.kind === 'augment' ? undefined : part.parts.at(-1)
    const seen = root && byPart.get(root)
    const shown = part.kind === 'augment' ? assigned : (seen?.values ?? [])
    const last = seen?.last === undefined ? '' : ` … ${shownText(seen.last)}`
    if (shown.length === 0) return often
    return `${dim('→')} ${value(shown.map(shownText).join(', ') + last)}${often}`
  }

  // --- the end ----------------------------------------------------------------------------------------------

  #outcome({ outcome }: Observation): void {
    if (this.#fields.length > 0 && outcome.kind === 'output') return
    switch (outcome.kind) {
      case 'output': {
        const limit = 2 * this.#columns
        const text = oneLine(outcome.text)
        const shown =
          this.#full || text.length <= limit
            ? text
            : `${text.slice(0, limit)}… ${this.#paint.dim(`(${text.length} characters: --full)`)}`
        this.#line(`${this.#paint.heading('output')} ${shown}`)
        break
      }
      case 'rejected': {
        // A record says it above.
        if (this.#onlyFault && outcome.section !== undefined) break
        const { code, rule, message } = outcome.rejection
        const by = rule === undefined ? '' : ` by ${oneLine(rule)}`
        // The message stands where the rule is told.
        const why = outcome.section === undefined ? `: ${oneLine(message)}` : ''
        this.#line(this.#paint.fault(`rejected with ${code}${by}${why}`))
        break
      }
      case 'dropped':
        this.#line(this.#paint.absent('dropped'))
        break
      case 'split':
        this.#line(`${this.#paint.heading('split')} into ${counted(outcome.count, 'event')}`)
    }
  }
}

const STATEMENTS: ReadonlySet<string> = new Set([
  ...['assign', 'augment', 'if', 'for', 'while', 'delete', 'evaluate', 'break', 'continue'],
])

/** The value of the section itself, with the branch that led to it. */
function rootText(root: PartReport, value: string): string {
  const notes = /\(.*\)$/s.exec(valueText({ ...root, values: [] }, []))
  return notes === null ? value : `${value} ${notes[0]}`
}

/** The part says something that is not said yet. */
function isTold(report: PartReport, { section, outcome, reason, fields }: Report): boolean {
  const { part, values, caught } = report
  if (values.length === 0 && caught === undefined) return false
  if (part.kind === 'root' || part.kind === 'parent') return false
  // The reason says that it is absent.
  if (part === reason?.part && valueText(report, fields) === 'absent') return false
  // The value of the whole stands behind it.
  return (
    part !== section.parts[0] || (section.kind !== 'tap' && outcome !== 'value' && part.parts.length === 0)
  )
}

function isWithin(reason: Reason | undefined, offset: number, line: string): boolean {
  const start = reason?.part?.start
  return start !== undefined && start >= offset && start <= offset + line.length
}

function isInside(part: Part, outer: Part): boolean {
  return part !== outer && part.start >= outer.start && part.end <= outer.end
}

function lastLine(parts: readonly Part[], line: number): number {
  return parts.reduce((last, { place }) => Math.max(last, place.line), line)
}

function plainOf(text: string): string {
  return text.replace(/\x1b\[\d+m/g, '')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
