import process from 'node:process'
import type { RuleSet } from '../rules/rule-set.ts'
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
function summary({ file, reads, writes, tap }: RuleSet): string {
  const fields = writes.length === 1 ? '1 field' : `${writes.length} fields`
  const from = reads.length === 0 ? 'nothing of the event' : reads.join(', ')
  return `${file}: ${fields}${listed(writes)} from ${from}${tap ? ', after tap' : ''}`
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}
