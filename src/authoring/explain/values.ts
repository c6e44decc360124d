/** Reports in words. */
import { displayed } from '../../expression/excerpt.ts'
import type { PartReport, Reason, Report, Shown } from '../../rules/observe/index.ts'

/** A text of an event or of a rule as it may stand in a line on a terminal. */
export function oneLine(text: string): string {
  return displayed(text.replaceAll('\n', ' ')).text
}

/** The value of a part, of a loop those of its rounds, with what is to be known of it. */
export function valueText(report: PartReport, fields: Report['fields']): string {
  const { values, last } = report
  let text = values.map(shownText).join(', ')
  if (last !== undefined) text += ` … ${shownText(last)}`
  const notes = notesOn(report, fields)
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`
}

/** The things to be known of a part beside its value: rounds, what is ignored, a similar field, the entry of a table, its branch, an error. */
export function notesOn(report: PartReport, fields: Report['fields']): readonly string[] {
  const { values, times, part, entries, caught } = report
  const notes: string[] = []
  if (part.isRepeated && times > 1) notes.push(`${times} rounds`)
  const [value] = values
  if (value?.type === 'absent') {
    const reading = fields.find(({ name }) => name === part.field)
    if (reading?.ignored !== undefined) notes.push(`${shownText(reading.ignored)} is ignored`)
    else if (reading?.near !== undefined) notes.push(`the event has ${oneLine(reading.near)}`)
  }
  const entry = entries.at(-1)
  if (entry !== undefined) {
    const key = oneLine(JSON.stringify(entry.key))
    notes.push(
      entry.found ? `entry ${key} of ${oneLine(entry.table)}` : `${oneLine(entry.table)} has no key ${key}`,
    )
  }
  const branch = branchText(report)
  if (branch !== undefined) notes.push(branch)
  if (caught !== undefined) notes.push(`${caught.code}: ${oneLine(caught.message)}`)
  return notes
}

/** The branch that was taken, where its value alone does not tell. */
function branchText({ part, branches }: PartReport): string | undefined {
  if (part.isRepeated) return undefined
  const taken = branches.findIndex((count) => count > 0)
  const branch = part.branches[taken]
  if (branch === undefined) return undefined
  const label = oneLine(branch.label)
  const isLast = taken === branches.length - 1
  switch (part.kind) {
    case 'cond':
    case 'conditional':
      return isLast ? label : `${label} holds`
    case 'optional':
      return isLast ? label : undefined
    case 'coalesce':
      return label
    default:
      return undefined
  }
}

export function shownText({ text }: Shown): string {
  return oneLine(text)
}

/** The reason why there is no value, in the words of people. */
export function reasonText({ code, message }: Reason): string {
  return code === 'FIELD_MISSING' || code === 'LOOKUP_MISSING'
    ? oneLine(message)
    : `${code}: ${oneLine(message)}`
}
