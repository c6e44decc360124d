/** Rule files of any size, and events for them: made the same each time. */

/** Members of an event that the rules read. */
const MEMBERS = 100

/** Expressions in turn; `m` is a member that is text, `n` one that is a number, `t` a table of the file. */
const EXPRESSIONS: readonly ((names: { m: string; n: string; t: string }) => string)[] = [
  ({ m }) => m,
  ({ m }) => `lower(${m})`,
  ({ n }) => n,
  ({ m, n }) => `cond(${n} > 500, ${m}, 'small')`,
  ({ n, t }) => `lookup('${t}', ${n} % 10, 'other')`,
  ({ m }) => `split(${m}, ' ')[-1]`,
  ({ n }) => `${n}::str`,
  ({ m }) => `match('[a-z]+ event', ${m})`,
]

/** A rule file of that many rules and that many tables of ten entries each. */
export function manyRules(rules: number, tables: number): string {
  const lines = ['lookup:']
  for (let table = 0; table < tables; table++) {
    const entries = Array.from({ length: 10 }, (_, key) => `${key}: value ${table}-${key}`)
    lines.push(`  t${table}: {${entries.join(', ')}}`)
  }
  for (let rule = 0; rule < rules; rule++) {
    const member = rule % (MEMBERS / 2)
    const names = { m: `text${member}`, n: `number${member}`, t: `t${rule % tables}` }
    lines.push(
      `group${Math.floor(rule / 50)}.field${rule}: ${EXPRESSIONS[rule % EXPRESSIONS.length]!(names)}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** Lines of events that have all the members. */
export function manyFieldsEvents(events: number): string {
  const lines: string[] = []
  for (let event = 0; event < events; event++) {
    const members: Record<string, string | number> = {}
    for (let member = 0; member < MEMBERS / 2; member++) {
      members[`text${member}`] = `Some event ${(event * 31 + member * 7) % 1000}`
      members[`number${member}`] = (event * 17 + member * 13) % 1000
    }
    lines.push(JSON.stringify(members))
  }
  return `${lines.join('\n')}\n`
}
