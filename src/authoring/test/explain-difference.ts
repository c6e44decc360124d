/** Differences with the rule at fault, and the values that its expression has read. */
import type { Observation, Report, Section } from '../../rules/observe/index.ts'
import type { Found } from './compare.ts'
import type { Difference, ReadValue, RuleAtFault, Step } from './result.ts'

/** An expression is shown with so many characters. */
const MAX_EXPRESSION = 120

/** So many values are shown of a rule. */
const MAX_READS = 12

/** Fields that no rule makes. */
const NOT_OF_RULES = ['event.anomaly']

/**
 * Adds to each difference the rule whose value it is.
 *
 * @param observations of the events of the case, in their order; elements of split events may be among them
 * @param writes the output fields of the rules
 * @param into where detections go; undefined: nowhere
 */
export function explainDifferences(
  found: readonly Found[],
  observations: readonly Observation[],
  writes: readonly string[],
  into: string | undefined,
): Difference[] {
  const outputs = observations.filter(({ outcome }) => outcome.kind === 'output')
  return found.map(({ node: _node, value: _value, gotIndex, rejection, ...difference }) => {
    if (rejection !== undefined) {
      const at = observations.find(
        ({ outcome }) =>
          outcome.kind === 'rejected' &&
          outcome.rejection.code === rejection.code &&
          outcome.rejection.message === rejection.message,
      )
      const rule = at === undefined ? undefined : rejectingRule(at)
      return rule === undefined ? difference : { ...difference, rule }
    }
    if (difference.kind === 'outcome' || difference.path.length === 0) return difference
    const observation = outputs[gotIndex ?? difference.output ?? 0]
    const report =
      observation?.reports.find((each) => isOf(each, difference.path, true)) ??
      observation?.reports.find((each) => isOf(each, difference.path, false))
    if (report !== undefined) return { ...difference, rule: ruleOf(report) }
    const isOthers = [...NOT_OF_RULES, ...(into === undefined ? [] : [into])].some((field) =>
      meets(field, difference.path),
    )
    const name = difference.path.filter((step) => typeof step === 'string').join('.')
    if (difference.kind !== 'missing' || isOthers || writes.some((field) => meets(field, difference.path)))
      return difference
    return { ...difference, note: difference.note ?? `no rule writes ${name}` }
  })
}

/** The observations of events, and of the elements of those that were split. */
export function* flattened(observation: Observation): Iterable<Observation> {
  if (observation.outcome.kind !== 'split') {
    yield observation
    return
  }
  for (const element of observation.elements) yield* flattened(element)
}

/**
 * The rule writes the member at a path.
 *
 * @param isInside the member is the rule's or in it; else the rule's is in the member
 */
function isOf({ section, outcome }: Report, path: readonly Step[], isInside: boolean): boolean {
  if (section.kind !== 'rule' || outcome === 'other case') return false
  const field = section.name.split('.')
  const [shorter, longer] = isInside ? [field, path] : [path, field]
  return shorter.length <= longer.length && shorter.every((step, index) => step === longer[index])
}

function meets(field: string, path: readonly Step[]): boolean {
  return field.split('.').every((step, index) => index >= path.length || step === path[index])
}

function rejectingRule({ outcome, reports }: Observation): RuleAtFault | undefined {
  if (outcome.kind !== 'rejected' || outcome.section === undefined) return undefined
  const report = reports.find(({ section }) => section === outcome.section)
  const place = outcome.part?.place ?? outcome.section.place
  const { file, line, column } = place
  return { ...at(outcome.section), file, line, column, reads: report === undefined ? [] : readsOf(report) }
}

function ruleOf(report: Report): RuleAtFault {
  const { section, reason } = report
  return {
    ...at(section),
    reads: readsOf(report),
    ...(reason !== undefined && { reason: `${reason.code}, ${reason.message}` }),
  }
}

function at({ name, place: { file, line, column }, text }: Section): Omit<RuleAtFault, 'reads'> {
  const joined = text.replace(/\s+/g, ' ').trim()
  const expression = joined.length > MAX_EXPRESSION ? `${joined.slice(0, MAX_EXPRESSION)}...` : joined
  return { name, file, line, column, expression }
}

/** Fields that were read, and entries of tables that were looked up. */
function readsOf({ fields, parts }: Report): ReadValue[] {
  const reads: ReadValue[] = []
  for (const { name, isRead, value, near, ignored } of fields) {
    if (!isRead) continue
    const isAbsent = value.type === 'absent'
    const note =
      near !== undefined
        ? `the event has ${near}`
        : ignored !== undefined
          ? `${ignored.text} is ignored`
          : undefined
    reads.push({ field: name, value: isAbsent ? undefined : value.text, ...(note !== undefined && { note }) })
  }
  for (const { entries, values } of parts) {
    for (const { table, key, found } of entries.slice(0, 1)) {
      reads.push({ field: `${table}[${JSON.stringify(key)}]`, value: found ? values[0]?.text : undefined })
    }
  }
  return reads.slice(0, MAX_READS)
}
