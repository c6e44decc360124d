import process from 'node:process'
import { terminalText } from '../tracer/controls.ts'
import type { RuleFiles } from './rule-files.ts'
import { loadRules } from './rule-files.ts'

/**
 * `normalize check`: loads the rules and says what they do; what is wrong with them, all of it, is thrown.
 *
 * @throws {CommandError} with the report
 */
export async function check(files: RuleFiles): Promise<void> {
  const rules = await loadRules(files)
  if (rules.warningText !== '') process.stderr.write(`${terminalText(rules.warningText.trimEnd())}\n`)
  process.stdout.write(`${terminalText(summary(rules))}\n`)
}

/** `r.yaml: 3 fields (a, b.c, d) from 2 of the event (x, y), after tap` */
function summary(rules: Awaited<ReturnType<typeof loadRules>>): string {
  const { file, reads, writes, tap } = rules
  const fields = writes.length === 1 ? '1 field' : `${writes.length} fields`
  const from = reads.length === 0 ? 'nothing of the event' : reads.join(', ')
  const sets = 'routes' in rules ? `${rules.routes.length} routes, ` : ''
  return `${file}: ${sets}${fields}${listed(writes)} from ${from}${tap ? ', after tap' : ''}`
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
