/** Notices to the operator of rules that do not seem to fit the events. */

import type { ReadField } from '../rules/read-fields.ts'
import type { PipelineCounts } from '../stages/chain.ts'
import type { NeverPresent } from '../stages/rule-counts.ts'

/** So many events show what is never there. */
const MANY_EVENTS = 1000

/** So few events do not show anything; of more, something is told at the end. */
const FEW_EVENTS = 10

/** Rules, as far as notices tell of them. */
interface NoticeRules {
  readonly file: string
  readonly readFields: readonly ReadField[]
}

type NoticeCounts = Pick<PipelineCounts, 'neverPresent'>

/**
 * Warns of fields that rules read and that no event has: once of each field, after the first 1,000 events that were
 * looked at for it, or at the end. After ten events or fewer only those are told that are the whole text of a rule:
 * events do differ, but that is how a text looks that was not quoted twice.
 */
export class FieldWarnings {
  readonly #told = new Set<string>()
  #rules: NoticeRules
  /** No field can have been looked for in 1,000 events before. */
  #next = MANY_EVENTS

  constructor(rules: NoticeRules) {
    this.#rules = rules
  }

  /** From now on these rules apply. @param events that have been counted so far */
  replaceRules(rules: NoticeRules, events: number): void {
    this.#rules = rules
    this.#next = events + MANY_EVENTS
  }

  /**
   * A batch was counted.
   *
   * @param events number of those counted so far
   * @param counts is called when it is time to look
   * @returns the warnings, with line ends; '' if there are none
   */
  look(events: number, counts: () => NoticeCounts): string {
    if (events < this.#next) return ''
    const { neverPresent } = counts()
    const young = neverPresent.filter((field) => field.events < MANY_EVENTS && !this.#told.has(field.field))
    this.#next = young.length === 0 ? Number.POSITIVE_INFINITY : events + MANY_EVENTS
    return this.#tell(neverPresent.filter((field) => field.events >= MANY_EVENTS))
  }

  /** All events are counted. @returns as `look` does */
  end({ neverPresent }: NoticeCounts): string {
    return this.#tell(
      neverPresent.filter(({ field, events }) => events > FEW_EVENTS || this.#bareRules(field).length > 0),
    )
  }

  #tell(fields: readonly NeverPresent[]): string {
    let text = ''
    for (const { field, events } of fields) {
      if (this.#told.has(field)) continue
      this.#told.add(field)
      text += `${this.#rules.file}: warning: ${this.#sentence(field, events)}\n`
    }
    return text
  }

  #sentence(field: string, events: number): string {
    const among = events === 1 ? 'the event has no' : `none of ${events} events has the`
    const rules = this.#rules.readFields.find(({ text }) => text === field)?.rules ?? []
    const readers =
      rules.length === 0 ? '' : `, which ${listed(rules)} ${rules.length === 1 ? 'reads' : 'read'}`
    const [bare] = this.#bareRules(field)
    const hint = bare === undefined ? '' : `; a text is quoted twice: ${yamlKey(bare)}: "'${field}'"`
    return `${among} field ${field}${readers}${hint}`
  }

  #bareRules(field: string): readonly string[] {
    return this.#rules.readFields.find(({ text }) => text === field)?.bare ?? []
  }
}

/** A few names, and how many more there are. */
function listed(names: readonly string[]): string {
  if (names.length <= 3) return names.join(', ').replace(/, ([^,]*)$/, ' and $1')
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} others`
}

/** An output field as it stands in a rule file. */
function yamlKey(name: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(name) ? name : JSON.stringify(name)
}

/**
 * The line that says that nothing came through; undefined if something did, or if the events were too few to mind.
 *
 * @param file the rule file
 */
export function allRejectedNotice(
  file: string,
  { events, rejected, rejectedByCode, rejectedByRule }: PipelineCounts,
): string | undefined {
  if (rejected < events || events <= FEW_EVENTS) return undefined
  const code = mostOf(rejectedByCode)
  const rule = mostOf(rejectedByRule)
  const by = rule === undefined ? '' : `, most by ${rule}`
  return `${file}: all ${events} events were rejected${code === undefined ? '' : `, most with ${code}`}${by}`
}

function mostOf(counts: Readonly<Partial<Record<string, number>>>): string | undefined {
  let most: string | undefined
  for (const [name, count] of Object.entries(counts)) {
    if (most === undefined || count! > counts[most]!) most = name
  }
  return most
}
