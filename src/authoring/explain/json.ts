/** The story of an event for tools: plain objects, the same as the one for people. */
import type {
  Observation,
  Part,
  PartReport,
  Place,
  Reason,
  Report,
  RouteReport,
  Shown,
} from '../../rules/observe/index.ts'

/**
 * An observation as JSON: `outcome` (`output`, `rejected`, `dropped`, `split`), with `output` or `rejection`; `rules`, the name of
 * the rule set; `routes`; `sections`, each with `kind`, `name`, place, `text`, `outcome`, `value`, `reason`, `fields` and `parts`;
 * `elements`. Lines and columns count from 1, columns in code points; ends are exclusive. Values are texts of JSON, cut where
 * `cut` is true.
 */
export function explanationJson(observation: Observation): object {
  const { outcome, rules, routes, reports } = observation
  return {
    outcome: outcome.kind,
    ...(outcome.kind === 'output' && { output: outcome.text }),
    ...(outcome.kind === 'rejected' && {
      rejection: outcome.rejection,
      ...(outcome.part !== undefined && { at: placed(outcome.part) }),
    }),
    ...(rules !== undefined && { rules }),
    ...(routes.length > 0 && { routes: routes.map(routeJson) }),
    sections: reports.map(sectionJson),
    ...(outcome.kind === 'split' && { elements: Array.from(observation.elements, explanationJson) }),
  }
}

/** JSON in one line, safe to print: controls of terminals are escaped, those of JSON and others. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function routeJson({ name, file, fate, conditions }: RouteReport): object {
  return {
    name,
    ...(file !== undefined && { file }),
    fate,
    conditions: conditions.map(sectionJson),
  }
}

function sectionJson({ section, outcome, value, reason, fields, parts }: Report): object {
  const { kind, name, place, text, required, case: branch } = section
  return {
    kind,
    name,
    ...placeJson(place),
    text,
    ...(kind === 'rule' && { required }),
    ...(branch !== undefined && { case: branch.index + 1 }),
    outcome,
    ...(value !== undefined && { value: shownJson(value) }),
    ...(reason !== undefined && { reason: reasonJson(reason) }),
    fields: fields.map((field) => ({
      name: field.name,
      read: field.isRead,
      ...(field.isRead && { value: shownJson(field.value) }),
      ...(field.ignored !== undefined && { ignored: shownJson(field.ignored) }),
      ...(field.near !== undefined && { similar: field.near }),
    })),
    parts: parts.map(partJson),
  }
}

function partJson({ part, times, values, last, branches, entries, caught, assigned }: PartReport): object {
  const taken = branches.flatMap((count, index) =>
    count === 0 ? [] : [{ branch: part.branches[index]!.label, times: count }],
  )
  return {
    ...placed(part),
    kind: part.kind,
    times,
    values: values.map(shownJson),
    ...(last !== undefined && { last: shownJson(last) }),
    ...(taken.length > 0 && { branches: taken }),
    ...(entries.length > 0 && { entries }),
    ...(caught !== undefined && { caught: reasonJson(caught) }),
    ...(assigned.length > 0 && { assigned: assigned.map(shownJson) }),
  }
}

function reasonJson({ code, message, part }: Reason): object {
  return { code, message, ...(part !== undefined && { at: placed(part) }) }
}

function placed(part: Part): object {
  return { text: part.text, ...placeJson(part.place) }
}

function placeJson({ file, line, column, endLine, endColumn }: Place): object {
  return { file, line, column, endLine, endColumn }
}

/** Of what is absent, null: no JSON text is that. */
function shownJson({ text, type, isCut }: Shown): object | null {
  if (type === 'absent') return null
  return { text, type, ...(isCut && { cut: true }) }
}
