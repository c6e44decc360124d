/** Routes files: which events go to which rule files. */
import { suggest } from '../../expression/check/suggest.ts'
import type { Problem } from '../../expression/diagnostic.ts'
import type { ConditionText } from '../sections.ts'
import { readCondition } from '../sections.ts'
import { contentOf, type YamlNode } from '../yaml/tree.ts'
import { scalarValue } from '../yaml/values.ts'
import { type Stretch, YamlDocument } from '../yaml/yaml.ts'

/** One line of a routes file. */
interface RouteLine {
  /** A rule file or a folder, relative to the routes file. */
  readonly rules?: string
  /** The place of its text. */
  readonly rulesPlace?: Stretch
  readonly when?: ConditionText
  /** Events are dropped. */
  readonly drop: boolean
  readonly place: Stretch
}

/** A routes file as it is written. */
export interface RoutesFile {
  readonly file: string
  readonly routes: readonly RouteLine[]
  readonly problems: readonly Problem[]
}

const KEYS = ['when', 'rules', 'drop']
const EXAMPLE =
  "for example:\nroutes:\n  - cisco/asa\n  - {when: program == 'cron', drop: true}\n  - rules: fallback.yaml"

/** The names that a path in a routes file stands for, the first that exists: `cisco/asa` may be a folder, or `cisco/asa.yaml`. */
export function targetsOf(rules: string): readonly string[] {
  return [rules, `${rules}.yaml`, `${rules}.yml`]
}

/** The text is that of a routes file, and not of a rule file: it has the key `routes`, which holds a list. */
export function isRoutesText(text: string): boolean {
  return /^routes[ \t]*:[ \t]*(?:#.*|\[.*)?\r?$/m.test(text)
}

/**
 * Reads a routes file. Everything that is wrong with it is in `problems`.
 *
 * @param file its name in problems
 */
export function loadRoutes(text: string, file: string): RoutesFile {
  const document = new YamlDocument(text, file)
  const { root, problems } = document
  if (root?.kind !== 'mapping') {
    if (!document.incomplete) {
      document.report(root ?? { start: 0, end: 0 }, 'a routes file has the key routes', {
        hint: EXAMPLE,
        field: '',
      })
    }
    return { file, routes: [], problems }
  }
  const routes: RouteLine[] = []
  for (const entry of document.entries(root)) {
    const value = contentOf(entry.value)
    if (entry.name !== 'routes') {
      document.report(entry.key, `a routes file has no key '${entry.name}'`, { hint: EXAMPLE })
    } else if (value?.kind === 'sequence') {
      for (const item of value.items) {
        const line = readLine(document, item)
        if (line !== undefined) routes.push(line)
      }
    } else if (value !== undefined) {
      document.report(entry.key, "'routes' is a list of rule files and conditions", { hint: EXAMPLE })
    }
  }
  return { file, routes, problems }
}

function readLine(document: YamlDocument, item: YamlNode): RouteLine | undefined {
  const content = contentOf(item)
  if (content === undefined) return undefined
  const place = document.placeOf(content)
  if (content.kind === 'scalar' && typeof scalarValue(document, content) === 'string') {
    return { rules: document.scalarText(content), rulesPlace: place, drop: false, place }
  }
  if (content.kind !== 'mapping') {
    document.report(item, 'a route is a rule file, or a mapping with when, rules and drop', {
      hint: EXAMPLE,
      field: 'routes',
    })
    return undefined
  }
  let rules: string | undefined
  let rulesPlace: Stretch | undefined
  let when: ConditionText | undefined
  let drop = false
  const problems = document.problems.length
  for (const entry of document.entries(content, 'routes')) {
    const value = contentOf(entry.value)
    const scalar = value?.kind === 'scalar' ? scalarValue(document, value) : undefined
    if (entry.name === 'when') when = readCondition(document, entry, 'routes') ?? false
    else if (entry.name === 'rules') {
      if (typeof scalar === 'string') {
        rules = scalar
        rulesPlace = document.placeOf(entry.value)
      } else
        document.report(entry.key, "'rules' is a rule file or a folder", { hint: EXAMPLE, field: 'routes' })
    } else if (entry.name === 'drop') {
      if (typeof scalar === 'boolean') drop = scalar
      else {
        document.report(entry.key, "'drop' is true in a route", {
          hint: "the condition is its 'when': {when: program == 'cron', drop: true}",
          field: 'routes',
        })
      }
    } else {
      const near = suggest(entry.name, KEYS)
      document.report(entry.key, `a route has no key '${entry.name}'`, {
        hint: near === undefined ? `it knows the keys ${KEYS.join(', ')}` : `did you mean '${near}'?`,
        field: 'routes',
      })
    }
  }
  if (document.problems.length > problems) return undefined
  if ((rules === undefined) !== drop) {
    const message = drop ? 'a route either has rules, or drops events' : 'a route has no rules'
    document.report(item, message, { hint: EXAMPLE, field: 'routes' })
    return undefined
  }
  return {
    ...(rules !== undefined && { rules, rulesPlace: rulesPlace! }),
    ...(when !== undefined && { when }),
    drop,
    place,
  }
}
