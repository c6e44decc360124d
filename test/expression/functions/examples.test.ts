import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dump } from 'js-yaml'
import type { Example, FunctionDefinition } from '../../../src/expression/functions/definition.ts'
import { FUNCTION_LIBRARY, FUNCTIONS } from '../../../src/expression/functions/index.ts'
import { parseSignature } from '../../../src/expression/signature.ts'
import { compileWith } from '../../../src/rules/compiler.ts'
import { stringify } from '../../../src/stages/json-stringify.ts'

/** The definition, with its function held to what `reads` says that it reads of the event. */
function watched(definition: FunctionDefinition): FunctionDefinition {
  const { implementation, reads = [] } = definition
  const hold =
    (call: (context: any, ...args: any[]) => any) =>
    (context: any, ...args: any[]): any =>
      call(
        {
          meter: context.meter,
          field(name: string) {
            assert.ok(reads.includes(name), `${definition.name} reads ${name} and does not say so`)
            return context.field(name)
          },
          anomaly: (kind: string, text: string) => context.anomaly(kind, text),
        },
        ...args,
      )
  if (implementation.kind === 'special') return definition
  if (implementation.kind === 'plain')
    return { ...definition, implementation: { ...implementation, call: hold(implementation.call) } }
  const prepare: typeof implementation.prepare = (constants, host) =>
    hold(implementation.prepare(constants, host))
  return { ...definition, implementation: { ...implementation, prepare } }
}

const LIBRARY = {
  ...FUNCTION_LIBRARY,
  get(name: string) {
    const definition = FUNCTIONS.get(name)
    return definition && watched(definition)
  },
}

/** What a rule file with the example as its only rule makes of the example's event. */
function outcomeOf(example: Example): unknown {
  const required = example.result !== undefined || example.rejected !== undefined
  const rules = dump(
    {
      ...(example.tables === undefined ? {} : { lookup: example.tables }),
      result: { field: example.expression, required },
    },
    { lineWidth: -1 },
  )
  const runner = compileWith(LIBRARY, rules).createRunner()
  const event = example.event ?? {}
  const output = runner.run(event, JSON.stringify(event))
  return output === undefined ? { rejected: runner.rejection.code } : JSON.parse(stringify(output))
}

function expected(example: Example): unknown {
  if (example.rejected !== undefined) return { rejected: example.rejected }
  return {
    ...(example.anomalies === undefined ? {} : { event: { anomaly: example.anomalies } }),
    ...(example.result === undefined ? {} : { result: example.result }),
  }
}

for (const [name, { examples }] of FUNCTIONS) {
  test(`the examples of ${name} are true, and it reads no more of the event than it says`, () => {
    assert.ok(examples.length > 0)
    for (const example of examples)
      assert.deepEqual(outcomeOf(example), expected(example), example.expression)
  })
}

test('the reference has the functions in the order in which they are described', () => {
  assert.deepEqual(
    [...FUNCTIONS.keys()],
    [
      'lower',
      'upper',
      'strip',
      'split',
      'match',
      'replace',
      'cond',
      'optional',
      'exists',
      'lookup',
      'is_ip',
      'is_hostname',
      'is_fqdn',
      'parse_timestamp',
      'timestamp_to_epoch',
      'epoch_to_timestamp',
      'normalize_http_user_agent',
      'normalize_mac_address',
      'normalize_host',
      'normalize_url',
      'normalize_windows_sid',
    ],
  )
})

test('the reference of a function describes every parameter, in the order of its signature', () => {
  for (const { name, signature, parameters } of FUNCTIONS.values()) {
    const { parameters: positional, variadic } = parseSignature(signature)
    const names = positional.map((parameter) => parameter.name)
    assert.deepEqual(Object.keys(parameters), variadic === undefined ? names : [...names, variadic], name)
  }
})

test('a constant that a function prepares is one of its parameters', () => {
  for (const { name, implementation, parameters } of FUNCTIONS.values()) {
    if (implementation.kind !== 'prepared') continue
    for (const constant of Object.keys(implementation.constants))
      assert.ok(Object.hasOwn(parameters, constant), name)
  }
})
