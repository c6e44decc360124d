/** Everything that is wrong with a file that is being edited: the same problems that `normalize check` prints. */
import type { Problem } from '../../expression/diagnostic.ts'
import { FUNCTION_LIBRARY } from '../../expression/functions/index.ts'
import { checkConditions, compileWith } from '../../rules/compile-with.ts'
import { beside } from '../../rules/include.ts'
import { collectTables, loadLookups } from '../../rules/load.ts'
import { RuleError } from '../../rules/rule-error.ts'
import { loadRoutes, targetsOf } from '../../rules/sets/routes-file.ts'
import type { EditedDocument } from './document.ts'
import { testOptionsProblems, testProblems } from './test-problems.ts'

/**
 * Checks a document.
 *
 * @returns its problems and those of the files that it includes, and of its tables, in the order in which they were found
 */
export function diagnose(document: EditedDocument): readonly Problem[] {
  const { kind, file, text } = document
  switch (kind) {
    case 'rules':
      return rulesProblems(document)
    case 'included':
      return includedProblems(document)
    case 'routes':
      return routesProblems(document)
    case 'lookups': {
      const { tables, problems } = loadLookups(text, file)
      return [...problems, ...collectTables([{ tables }]).problems]
    }
    case 'tests':
      return testProblems(document)
    case 'test-options':
      return testOptionsProblems(document)
  }
}

function rulesProblems({ file, text, lookups, readFile, compiler }: EditedDocument): readonly Problem[] {
  try {
    const options = { ...compiler, file, lookups, ...(readFile !== undefined && { readFile }) }
    return compileWith(FUNCTION_LIBRARY, text, options).warnings
  } catch (error) {
    if (error instanceof RuleError) return error.problems
    throw error
  }
}

/** A file that is included is checked in a rule set that includes it and nothing else. */
function includedProblems(document: EditedDocument): readonly Problem[] {
  const { file, text, readFile } = document
  const name = file.replaceAll('\\', '/').replace(/^.*\//, '')
  const folder = file.slice(0, file.length - name.length)
  return rulesProblems({
    ...document,
    file: `${folder}:including:`,
    text: `include: [${JSON.stringify(name)}]`,
    readFile: (path) => {
      if (path.endsWith(name) && path.length - name.length <= folder.length) return text
      if (readFile === undefined) throw new Error('its text was not given')
      return readFile(path)
    },
  }).filter((problem) => !problem.file.endsWith(':including:'))
}

/** The rule files that a routes file names are checked when they are edited themselves; here they have to exist. */
function routesProblems({ file, text, exists }: EditedDocument): readonly Problem[] {
  const { routes, problems } = loadRoutes(text, file)
  const conditions = routes.flatMap(({ when }) => {
    if (when === undefined) return []
    return checkConditions(FUNCTION_LIBRARY, when, { file }).problems
  })
  const missing = routes.flatMap(({ rules, rulesPlace }): Problem[] => {
    if (rules === undefined || rulesPlace === undefined || exists === undefined) return []
    // A path that begins with a slash is below the folder of the routes file, too.
    if (targetsOf(rules).some((path) => exists(beside(file, `./${path}`)))) return []
    const message = `there is no rule file or folder ${beside(file, `./${rules}`)}`
    return [{ message, field: 'routes', file, ...rulesPlace, severity: 'error' }]
  })
  return [...problems, ...conditions, ...missing]
}
