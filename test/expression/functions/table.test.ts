import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Problem } from '../../../src/expression/diagnostic.ts'
import { stringify } from '../../../src/json/stringify.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { RuleError } from '../../../src/rules/rule-error.ts'

const TABLES = 'lookup: {ports: {443: https, 22: ssh, __proto__: own}, levels: {low: [1, {a: 2}]}}\n'

function outcome(expression: string, event: object, required = true): unknown {
  const rules = compileRules(`${TABLES}out: {field: ${JSON.stringify(expression)}, required: ${required}}`)
  const runner = rules.createRunner()
  const output = runner.run(event as never, JSON.stringify(event))
  return output === undefined ? runner.rejection.message : stringify(output)
}

function problems(expression: string): readonly Problem[] {
  try {
    compileRules(`${TABLES}out: {field: ${JSON.stringify(expression)}}`)
  } catch (error) {
    if (error instanceof RuleError) return error.problems
    throw error
  }
  return assert.fail('the rules were accepted')
}

describe('table', () => {
  test('gives all entries in the order of the file', () => {
    assert.equal(outcome("table('ports')", {}), '{"out":{"443":"https","22":"ssh","__proto__":"own"}}')
    assert.equal(outcome('table(name)', { name: 'levels' }), '{"out":{"low":[1,{"a":2}]}}')
  })

  test('knows no table of a name that an object inherits, and takes texts only', () => {
    for (const name of ['constructor', '__proto__', '', 'port']) {
      assert.equal(outcome('table(name)', { name }), 'out: table() found nothing', name)
      assert.equal(outcome('table(name)', { name }, false), '{}', name)
    }
    assert.match(outcome('table(name)', { name: null }) as string, /must be str, not NoneType/)
  })

  test('gives copies', () => {
    const rules = compileRules(
      `${TABLES}tap: |\n  data['t'] = table('levels')\n  data['t']['low'].append(3)\nout: t`,
    )
    for (let round = 0; round < 2; round++)
      assert.equal(stringify(rules.createRunner().run({}, '{}')!), '{"out":{"low":[1,{"a":2},3]}}')
  })

  test('says at load which tables there are', () => {
    assert.match(problems("table('port')")[0]!.hint!, /^did you mean 'ports'\?/)
    assert.equal(problems('table(ports)')[0]!.hint, "write it in quotes: 'ports'")
    assert.equal(problems('table(5)')[0]!.message, 'the name of a table is a string')
  })

  test('an event cannot make many copies', () => {
    const rules = compileRules(`${TABLES}out: "[table('ports') for x in list]"`, { maxBuilt: 100_000 })
    const runner = rules.createRunner()
    const event = { list: Array.from({ length: 10_000 }, () => 1) }
    assert.equal(runner.run(event, JSON.stringify(event)), undefined)
    assert.equal(runner.rejection.code, 'VALUE_ERROR')
  })
})

describe('lookup in a table whose name is computed', () => {
  test('finds the table with the event', () => {
    assert.equal(outcome('lookup(name, key)', { name: 'ports', key: 443 }), '{"out":"https"}')
    assert.equal(outcome("lookup(name + 's', key, 'none')", { name: 'port', key: 80 }), '{"out":"none"}')
    assert.equal(outcome("lookup(name, key, 'none')", { name: 'other', key: 443 }), '{"out":"none"}')
    assert.equal(outcome('lookup(name, key)', { name: 'other', key: 443 }, false), '{}')
    assert.equal(
      outcome('lookup(name, key)', { name: 'constructor', key: 'name' }),
      "out: table 'constructor' has no key 'name'",
    )
    assert.match(
      outcome('lookup(name, key)', { name: 5, key: 1 }) as string,
      /argument 'table' must be str, not int/,
    )
    assert.match(outcome('lookup(name, key)', { key: 1 }) as string, /field name is absent/)
  })

  test('a constant stays checked', () => {
    assert.match(problems("lookup('port', key)")[0]!.message, /no lookup table is called 'port'/)
    assert.match(problems('lookup(ports, key)')[0]!.hint!, /^write it in quotes: 'ports'$/)
  })
})

describe('absent', () => {
  test('leaves the field of an optional rule out, and rejects for a required one', () => {
    assert.equal(outcome('absent', {}, false), '{}')
    assert.equal(outcome('absent', {}), "out: the value is 'absent'")
    assert.equal(outcome("absent if user == '-' else user", { user: '-' }, false), '{}')
    assert.equal(outcome("absent if user == '-' else user", { user: 'x' }, false), '{"out":"x"}')
    assert.equal(outcome("absent if user == '-' else user", { user: '-' }), "out: the value is 'absent'")
    assert.equal(outcome("cond(user == '-', absent, user)", { user: '-' }, false), '{}')
    assert.equal(outcome("cond(user == '-', absent, user)", { user: '-' }), "out: the value is 'absent'")
    assert.equal(outcome("cond(user == '-', user, absent)", { user: 'x' }, false), '{}')
  })

  test('is absence for all forms that ask', () => {
    assert.equal(outcome('optional(absent, 1)', {}), '{"out":1}')
    assert.equal(outcome("coalesce(absent, 'x')", {}), '{"out":"x"}')
    assert.equal(outcome("lookup('ports', 80, absent)", {}, false), '{}')
    assert.equal(outcome('attempt(absent + 1, 2)', {}), '{"out":2}')
    assert.equal(outcome('[absent, 1]', {}, false), '{}')
  })

  test('is no field and no variable; a member of that name is read through data', () => {
    assert.equal(outcome('absent', { absent: 1 }, false), '{}')
    assert.equal(outcome("data['absent']", { absent: 1 }), '{"out":1}')
    assert.equal(outcome('[absent for absent in list]', { list: [1, 2] }), '{"out":[1,2]}')
    assert.throws(
      () => compileRules('tap: absent = 1\nout: 1'),
      (error) => error instanceof RuleError && /'absent' is no name/.test(error.problems[0]!.message),
    )
  })

  test('in tap it rejects as an absent field does', () => {
    const runner = compileRules("tap: data['x'] = absent\nout: 1").createRunner()
    assert.equal(runner.run({}, '{}'), undefined)
    assert.equal(runner.rejection.code, 'FIELD_MISSING')
    const taken = compileRules("tap: data['x'] = optional(absent, null)\nout: x").createRunner()
    assert.deepEqual(taken.run({}, '{}'), { out: null })
  })
})
