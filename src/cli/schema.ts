import process from 'node:process'
import { ruleSchema, testSchema } from '../authoring/editor/schema.ts'

/** `normalize schema`: prints the JSON Schema of rule files, or of files of tests. */
export function printSchema(of: 'rules' | 'tests'): void {
  process.stdout.write(`${JSON.stringify(of === 'tests' ? testSchema() : ruleSchema(), undefined, 2)}\n`)
}
