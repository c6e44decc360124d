/** The problems of files of tests, as `normalize test` reports them. */
import type { Problem } from '../../expression/diagnostic.ts'
import { FUNCTION_LIBRARY } from '../../expression/functions/index.ts'
import { beside } from '../../rules/include.ts'
import { INPUT_FORMATS } from '../test/keys.ts'
import { readTestFile, readTestOptions } from '../test/read-test-file.ts'
import type { EditedDocument } from './document.ts'

const loadRe2 = () => FUNCTION_LIBRARY.re2()

/** All that is wrong with a file of tests (`x.test.yaml`), and the rule files that it names and that do not exist. */
export function testProblems({ file, text, exists }: EditedDocument): readonly Problem[] {
  const { problems, rules = [], rulesPlace } = readTestFile(text, file, loadRe2)
  if (exists === undefined) return problems
  const missing = rules.map((path) => beside(file, path)).filter((path) => !exists(path))
  return [
    ...problems,
    ...missing.map((path) => ({
      message: `there is no rule file or folder ${path}`,
      field: 'rules',
      file,
      ...rulesPlace,
      severity: 'error' as const,
    })),
  ]
}

/** All that is wrong with the settings of a golden folder. The name of its input is not known, so they may fit any format. */
export function testOptionsProblems({ file, text }: EditedDocument): readonly Problem[] {
  return INPUT_FORMATS.map((format) => readTestOptions(text, file, loadRe2, format).problems).reduce(
    (fewest, problems) => (problems.length < fewest.length ? problems : fewest),
  )
}
