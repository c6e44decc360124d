import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dump } from 'js-yaml'
import { children, type Node } from '../../../src/expression/check/checked.ts'
import { parseSignature } from '../../../src/expression/check/signature.ts'
import type { Example, FunctionDefinition } from '../../../src/expression/functions/definition.ts'
import { FUNCTION_LIBRARY, FUNCTIONS } from '../../../src/expression/functions/index.ts'
import type { Call } from '../../../src/expression/recipe.ts'
import { BUILTIN_REFERENCE } from '../../../src/expression/reference.ts'
import { mayBeAbsent, type ResultType, type Returns, resultType } from '../../../src/expression/returns.ts'
import { BUILTINS } from '../../../src/expression/runtime/builtins.ts'
import { Range, Tuple, ValueIterator, ValueSet } from '../../../src/expression/value.ts'
import { stringify } from '../../../src/json/stringify.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { compileWith } from '../../../src/rules/compile-with.ts'

/** The definition, with its function held to what `reads`, `pure` and `returns` say of it. */
function watched(definition: FunctionDefinition): FunctionDefinition {
  const { implementation, reads = [], pure, returns } = definition
  const hold =
    (call: (context: any, ...args: any[]) => any) =>
    (context: any, ...args: any[]): any => {
      const result = call(
        {
          meter: context.meter,
          json: context.json,
          received: context.received,
          field(name: string) {
            assert.ok(reads.includes(name), `${definition.name} reads ${name} and does not say so`)
            return context.field(name)
          },
          anomaly(kind: string, text: string) {
            assert.ok(!pure, `${definition.name} notes an anomaly, and is said to be pure`)
            context.anomaly(kind, text)
          },
        },
        ...args,
      )
      assert.ok(isOfType(result, returns), `${definition.name} is said to return ${returns}`)
      return result
    }
  if (implementation.kind === 'special') return definition
  if (implementation.kind === 'direct')
    return { ...definition, implementation: { ...implementation, call: hold(implementation.call) } }
  const prepare: typeof implementation.prepare = (constants, host) =>
    hold(implementation.prepare(constants, host))
  return { ...definition, implementation: { ...implementation, prepare } }
}

function isOfType(value: unknown, returns: Returns): boolean {
  if (value === undefined) return mayBeAbsent(returns)
  const type = resultType(returns)
  return type === 'any' || type === typeOf(value)
}

function typeOf(value: unknown): ResultType {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number' || typeof value === 'bigint') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (Array.isArray(value) || value instanceof Tuple || value instanceof ValueSet) return 'list'
  return value instanceof ValueIterator || value instanceof Range ? 'iterator' : 'object'
}

const LIBRARY = {
  ...FUNCTION_LIBRARY,
  get(name: string) {
    const definition = FUNCTIONS.get(name)
    return definition && watched(definition)
  },
}

/** The output of a rule file with the example as its only rule for the example's event. */
function outcomeOf(example: Example): unknown {
  const required = example.result !== undefined || example.rejected !== undefined
  const rules = dump(
    {
      ...(example.tables === undefined ? {} : { lookup: example.tables }),
      result: { field: example.expression, required },
    },
    { lineWidth: -1 },
  )
  const { records } = example
  const database = { file: 'x.mmdb', bytes: new Uint8Array(), find: (ip: string) => records![ip] }
  const options = records === undefined ? {} : { databases: [database] }
  const runner = compileWith(LIBRARY, rules, options).createRunner()
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
      'parse_kv',
      'match',
      'extract',
      'dissect',
      'replace',
      'parse_csv',
      'parse_json',
      'to_json',
      'parse_syslog',
      'parse_cef',
      'parse_leef',
      'parse_clf',
      'parse_xml',
      'parse_windows_event',
      'hash',
      'fingerprint',
      'base64_decode',
      'hex_decode',
      'url_decode',
      'html_unescape',
      'get',
      'set_path',
      'without',
      'drop_empty',
      'merge',
      'snake_case',
      'flatten',
      'zip_dict',
      'pairs_to_dict',
      'cond',
      'optional',
      'exists',
      'coalesce',
      'attempt',
      'lookup',
      'table',
      'is_ip',
      'is_hostname',
      'is_fqdn',
      'in_network',
      'geoip',
      'asn',
      'community_id',
      'registered_domain',
      'parse_timestamp',
      'timestamp_to_epoch',
      'epoch_to_timestamp',
      'to_utc',
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

type CallNode = Node & { op: 'call' }

/** Calls in an expression; a test puts another function in the place of the one that is called. */
function* callsIn(node: Node | undefined): Generator<{ -readonly [K in keyof CallNode]: CallNode[K] }> {
  if (node === undefined) return
  if (node.op === 'call') yield node
  for (const child of children(node)) yield* callsIn(child)
}

test('a built-in function returns what its definition says, in its example', () => {
  const seen = new Set<string>()
  for (const { example } of BUILTIN_REFERENCE.values()) {
    const set = compileRules(dump({ result: `(${example})` }, { lineWidth: -1 }))
    for (const node of callsIn(set.rules[0]!.node)) {
      const { name, callee, returns } = node
      const call = callee.realize()
      assert.equal(returns, BUILTINS[name]!.returns, name)
      const held: Call = (...args) => {
        const result = call(...args)
        assert.ok(isOfType(result, returns), `${name} is said to return ${returns}`)
        seen.add(name)
        return result
      }
      node.callee = { ...callee, realize: () => held }
    }
    const runner = set.createRunner()
    assert.ok(runner.run({}, '{}') !== undefined, `${example}: ${runner.rejection?.message}`)
  }
  const others = Object.keys(BUILTINS).filter((name) => !seen.has(name))
  assert.deepEqual(others.sort(), ['all', 'any', 'isinstance'], 'those have nodes of their own')
})

test('the functions of a group stand together in the reference', () => {
  const groups = [...FUNCTIONS.values()].map(({ group }) => group)
  const changes = groups.filter((group, index) => group !== groups[index - 1])
  assert.equal(changes.length, new Set(groups).size)
})

test('a function that reads members of the event by itself is not pure', () => {
  for (const { name, reads, pure } of FUNCTIONS.values()) assert.ok(reads === undefined || !pure, name)
})

test('what is evaluated where a function finds nothing is its last parameter', () => {
  for (const { name, implementation, parameters } of FUNCTIONS.values()) {
    if (implementation.kind !== 'prepared' || implementation.fallback === undefined) continue
    assert.equal(Object.keys(parameters).at(-1), implementation.fallback, name)
  }
})
