/** The outcome of a case beside what the case expects. */
import type { RejectedEvent } from '../../event.ts'
import type { YamlDocument } from '../../rules/yaml/yaml.ts'
import { differencesOf, type Found, labelOf } from './compare.ts'
import { parseJson } from './json-value.ts'
import type { Expectation, TestCase } from './read-test-file.ts'
import type { Outcome, Output } from './run-input.ts'

/** The case says nothing of what comes out. */
export function expectsNothing({ outputs, rejects, drop, route }: Expectation): boolean {
  return outputs === undefined && rejects === undefined && drop === undefined && route === undefined
}

/**
 * The differences between what came of a case's event and what the case expects.
 *
 * @param document of the test file, for places
 */
export function judge({ expectation, node }: TestCase, outcome: Outcome, document: YamlDocument): Found[] {
  const found: Found[] = []
  const outcomeFound = (note: string, more: Partial<Found> = {}): void => {
    found.push({ kind: 'outcome', path: [], note, ...more })
  }
  if (expectsNothing(expectation)) {
    outcomeFound(`the case expects nothing: --update writes what comes out; ${outcomeText(outcome)}`)
    return withPlaces(found, document, node)
  }
  const { unread, unasked } = outcome
  if (unread !== undefined)
    outcomeFound(`the input cannot be read from line ${unread.line} on: ${unread.problem}`)
  for (const indicator of unasked) {
    outcomeFound(
      `'detections' has ${indicator}, which was not looked up: 'enrich' names the fields, and a text has to be equal`,
    )
  }
  judgeRoute(expectation, outcome, outcomeFound)
  const { outputs, rejects, drop } = expectation
  if (outputs === undefined && rejects === undefined && drop === undefined)
    return withPlaces(found, document, node)
  judgeOutputs(expectation, outcome, found, outcomeFound)
  judgeRejects(expectation, outcome, found, outcomeFound)
  if (drop === undefined && outcome.dropped > 0) {
    outcomeFound(
      outcome.events === 1 && outcome.outputs.length + outcome.rejected.length === 0
        ? 'the event is dropped'
        : `${counted(outcome.dropped, 'event')} dropped, and 'drop' says nothing of that`,
    )
  } else if (drop === true && outcome.dropped === 0) {
    outcomeFound(`the event is not dropped: ${outcomeText(outcome)}`)
  } else if (typeof drop === 'number' && drop !== outcome.dropped) {
    outcomeFound(`dropped events: ${drop} are expected, ${outcome.dropped} came`)
  }
  return withPlaces(found, document, node)
}

type Report = (note: string, more?: Partial<Found>) => void

function judgeRoute({ route }: Expectation, { outputs, rejected }: Outcome, report: Report): void {
  if (route === undefined) return
  const takers = new Set([
    ...outputs.map(({ rules }) => rules),
    ...rejected.map(({ rejection }) => rejection.rules),
  ])
  for (const taker of takers) {
    if (taker === route) continue
    report(taker === undefined ? 'no rule set takes the event' : `another rule set takes the event`, {
      expected: JSON.stringify(route),
      ...(taker !== undefined && { got: JSON.stringify(taker) }),
    })
  }
  if (takers.size === 0)
    report(`the event is dropped, and no rule set has it`, { expected: JSON.stringify(route) })
}

function judgeOutputs(
  { outputs, rejects }: Expectation,
  outcome: Outcome,
  found: Found[],
  report: Report,
): void {
  const wanted = outputs?.list ?? []
  const isOfReject = (index: number) =>
    outputs === undefined && index < (rejects?.list.length ?? 0) && outcome.rejected.length <= index
  const came = outcome.outputs
  const isSeveral = wanted.length > 1 || came.length > 1
  for (const [index, expected] of wanted.entries()) {
    const output = came[index]
    if (output === undefined) {
      // The rejection tells of itself below; a drop does, too.
      const isTold = outcome.rejected.length + outcome.dropped > 0
      if (!isTold)
        report('there is no output', {
          expected: labelOf(expected),
          node: expected,
          ...(isSeveral && { output: index }),
        })
      else if (came.length > 0)
        report(`${counted(wanted.length, 'output')} expected, ${came.length} came`, {
          output: index,
          expected: labelOf(expected),
          node: expected,
        })
      continue
    }
    const got = parseJson(output.text)
    const differences = differencesOf(expected, got, outputs!.isPartial)
    found.push(...differences.map((each) => (isSeveral ? { ...each, output: index } : each)))
  }
  for (const [index, output] of came.entries()) {
    // An event that should have been rejected is told of below.
    if (index < wanted.length || isOfReject(index)) continue
    report(
      wanted.length === 0
        ? 'an output came'
        : `${counted(wanted.length, 'output')} expected, ${came.length} came`,
      {
        got: output.text,
        ...(isSeveral && { output: index }),
      },
    )
  }
}

function judgeRejects(
  { rejects }: Expectation,
  { rejected, outputs }: Outcome,
  found: Found[],
  report: Report,
): void {
  const wanted = rejects?.list ?? []
  for (const [index, expected] of wanted.entries()) {
    const event = rejected[index]
    if (event === undefined) {
      const got = outputs[index]?.text
      report('the event is not rejected', { expected: labelOf(expected), ...(got !== undefined && { got }) })
      continue
    }
    const { code, rule, message, rules } = event.rejection
    const record = parseJson(JSON.stringify({ code, rule, message, rules }))
    const differences = differencesOf(expected, record, true)
    found.push(
      ...differences.map((each) => ({ ...each, path: ['reject', ...each.path], rejection: event.rejection })),
    )
  }
  for (const event of rejected.slice(wanted.length))
    report(`the event is rejected: ${rejectionText(event)}`, { rejection: event.rejection })
}

/** `FIELD_MISSING, source.ip: field src is absent` */
export function rejectionText({ rejection: { code, message, rules } }: RejectedEvent): string {
  return `${code}, ${rules === undefined ? '' : `in ${rules}: `}${message}`
}

/** The whole outcome in a few words. */
function outcomeText({ outputs, rejected, dropped }: Outcome): string {
  const [output] = outputs as readonly (Output | undefined)[]
  const [event] = rejected
  if (outputs.length === 1 && rejected.length === 0) return `the output is ${output!.text}`
  if (rejected.length === 1 && outputs.length === 0) return `it is rejected: ${rejectionText(event!)}`
  if (outputs.length + rejected.length === 0) return dropped === 0 ? 'there is no event' : 'it is dropped'
  return `${counted(outputs.length, 'output')}, ${rejected.length} rejected, ${dropped} dropped`
}

function counted(count: number, thing: string): string {
  return count === 1 ? `1 ${thing}` : `${count} ${thing}s`
}

/** Differences know where their expected value stands. */
function withPlaces(found: readonly Found[], document: YamlDocument, node: TestCase['node']): Found[] {
  return found.map((each) => {
    const at = each.node?.node ?? node
    const { line, column } = document.placeOf(at)
    return { ...each, place: { line, column } }
  })
}
