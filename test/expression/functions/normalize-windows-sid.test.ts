import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ArgumentProblem,
  type Example,
  type PreparedFunction,
} from '../../../src/expression/functions/definition.ts'
import { normalizeWindowsSid } from '../../../src/expression/functions/normalize-windows-sid.ts'
import type { Value } from '../../../src/expression/value.ts'
import { hostWith, outcomeOf } from './calling.ts'

type Tables = Parameters<typeof hostWith>[0]

function prepare(tables: Tables): (sid: Value) => ReturnType<typeof outcomeOf> {
  const run = (normalizeWindowsSid.implementation as PreparedFunction).prepare({}, hostWith(tables))
  return (sid) => outcomeOf((context) => run(context, sid))
}

function problemOf(tables: Tables): ArgumentProblem {
  try {
    prepare(tables)
  } catch (error) {
    if (error instanceof ArgumentProblem) return error
    throw error
  }
  assert.fail('prepare accepted the table')
}

const example = normalizeWindowsSid.examples[0] as Example & { tables: Tables }
const UNDEFINED = {
  category: 'undefined_account_type',
  subcategory: 'undefined_account_type',
  desc: 'undefined_account_type',
}

test('a SID is what its first entry says', () => {
  const normalize = prepare(example.tables)
  assert.deepEqual(normalize('S-1-5-7').value, {
    category: 'builtin_system_account',
    subcategory: 'builtin_anonymous_account',
    desc: 'ANONYMOUS LOGON',
  })
  assert.deepEqual(normalize('S-1-5-111-3847866527-469524349').value, {
    category: 'builtin_system_account',
    subcategory: 'builtin_virtual_sshd_account',
    desc: 'TBD',
  })
  assert.deepEqual(normalize('S-1-5-21-1-2-3-501').value, {
    category: 'standard_account',
    subcategory: 'builtin_guest_account',
    desc: 'TBD',
  })
  assert.deepEqual(normalize('S-1-5-21-1-2-3-1501').value, {
    category: 'standard_account',
    subcategory: 'standard_account',
    desc: 'TBD',
  })
})

test('a SID without entry is of an undefined type', () => {
  for (const sid of [
    'S-1-5-8',
    'S-1-5-70',
    's-1-5-7',
    ' S-1-5-7',
    'S-1-5-21',
    '',
    '-',
    '__proto__',
    'constructor',
  ]) {
    assert.deepEqual(prepare(example.tables)(sid), { value: UNDEFINED, anomalies: {} }, sid)
  }
  assert.deepEqual(prepare({ windows_sids: [] })('S-1-5-7').value, UNDEFINED)
  assert.deepEqual(prepare({ windows_sids: {} })('S-1-5-7').value, UNDEFINED)
})

test('each call gives an object of its own', () => {
  const normalize = prepare(example.tables)
  const first = normalize('S-1-5-7').value as { desc: string }
  first.desc = 'changed'
  assert.equal((normalize('S-1-5-7').value as { desc: string }).desc, 'ANONYMOUS LOGON')
  const unknown = normalize('x').value as { desc: string }
  unknown.desc = 'changed'
  assert.deepEqual(normalize('x').value, UNDEFINED)
})

test('without the table the rules do not load', () => {
  const problem = problemOf({ protos: {} })
  assert.equal(problem.parameter, 's')
  assert.match(problem.message, /windows_sids/)
  assert.match(problem.hint!, /--lookups/)
})

test('with a table that is a mapping the rules do not load', () => {
  assert.match(problemOf({ windows_sids: { 'S-1-5-7': 'ANONYMOUS LOGON' } }).message, /list/)
})

test('with a malformed entry the rules do not load, and it is named', () => {
  const problem = problemOf({ windows_sids: [...(example.tables.windows_sids as Value[]), { sid: 'S-1' }] })
  assert.equal(problem.message, 'lookup table windows_sids, entry 4: match_type is missing')
})

test('what is not text is a type error', () => {
  for (const sid of [null, 7, true, ['S-1-5-7']])
    assert.equal(prepare(example.tables)(sid).code, 'TYPE_ERROR')
})
