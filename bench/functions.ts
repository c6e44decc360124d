/**
 * The cost of one rule with each of the functions that are called most.
 *
 * A rule file of the one rule, compiled as always, over 1000 parsed events with values of their own: without reading
 * and writing, but with all that surrounds a rule. The first row is a rule that copies a field. Results are compared
 * with what they have to be first. Rounds in turn, medians. Run: `node --import tsx bench/functions.ts`.
 *
 * 2026-11-22, Node 20.20, one core of a shared machine:
 *
 *   a copied field 86M/s     lookup 36M/s to 48M/s     match 38M/s (re2js 3.9M/s)     lower 30M/s     split 8.5M/s
 *   normalize_mac_address 14M/s     normalize_http_user_agent 9M/s     parse_timestamp 5.7M/s (iso8601 7.4M/s)
 *   normalize_host 2.9M/s     normalize_url 1.0M/s
 *
 * Reading: a rule by itself costs 12 ns. The values are the same ones in each call, so V8 knows the hashes of texts:
 * look-ups and the memory of user agents gain by that (bench/user-agent.ts has new texts). normalize_url is the one
 * that shows in a pipeline of 500,000 events a second.
 */
import assert from 'node:assert/strict'
import type { JsonObject } from '../src/expression/value.ts'
import { randomNumbers } from './events.ts'
import type { BenchOptions, Row, Target } from './harness.ts'
import * as harness from './harness.ts'

const EVENTS = 1000

interface Case {
  readonly name: string
  readonly rule: string
  /** The field `v` of an event. */
  readonly value: (random: () => number, index: number) => string | number
  /** A value of `v`, and what the rule makes of it. */
  readonly example: readonly [string | number, unknown]
  readonly target?: Target
}

const hex = (random: () => number, length: number): string =>
  Array.from({ length }, () => '0123456789abcdef'[Math.floor(random() * 16)]).join('')
const below = (random: () => number, limit: number): number => Math.floor(random() * limit)

const CASES: readonly Case[] = [
  { name: 'a copied field', rule: 'v', value: (random) => hex(random, 12), example: ['x', 'x'] },
  {
    name: 'lower',
    rule: 'lower(v)',
    value: (random) => hex(random, 12).toUpperCase(),
    example: ['ABC', 'abc'],
  },
  {
    name: 'split',
    rule: "split(v, '/')[-1]",
    value: (random) => `/api/v1/${hex(random, 8)}`,
    example: ['/a/b', 'b'],
  },
  {
    name: 'match, a pattern for V8',
    rule: "match('(GET|POST) /[a-z]+/', v)",
    value: (random) => `${random() < 0.5 ? 'GET' : 'HEAD'} /api/${hex(random, 8)}`,
    example: ['GET /a/', true],
  },
  {
    name: 'match, a pattern that V8 could hang on',
    rule: "match('(a+)+$', v)",
    value: (random) => 'a'.repeat(below(random, 20)) + hex(random, 4),
    example: ['aab', false],
  },
  {
    name: 'lookup, number',
    rule: "lookup('names', v, 'other')",
    value: (random) => below(random, 200),
    example: [7, 'name 7'],
  },
  {
    name: 'lookup, text',
    rule: "lookup('names', v, 'other')",
    value: (random) => String(below(random, 200)),
    example: ['200', 'other'],
  },
  {
    name: 'parse_timestamp, strptime format',
    rule: "parse_timestamp(v, '%Y-%m-%d %H:%M:%S')",
    value: (random) => `2024-0${1 + below(random, 9)}-1${below(random, 10)} 1${below(random, 10)}:30:00`,
    example: ['2024-03-05 14:03:37', '2024-03-05T14:03:37'],
  },
  {
    name: 'parse_timestamp, iso8601',
    rule: "parse_timestamp(v, 'iso8601')",
    value: (random) =>
      `2024-03-1${below(random, 10)}T1${below(random, 10)}:30:00.${100 + below(random, 900)}Z`,
    example: ['2024-03-05 14:03:37+03', '2024-03-05T14:03:37+03:00'],
  },
  {
    name: 'normalize_http_user_agent, 200 agents',
    rule: "normalize_http_user_agent(v)['name']",
    value: (random) =>
      `Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/${below(random, 200)}.0`,
    example: ['curl/8.4.0', 'curl'],
    target: { atLeast: 1e6 },
  },
  {
    name: 'normalize_url',
    rule: "normalize_url(v)['port']",
    value: (random) => `https://www.example${below(random, 1000)}.com/a/b;c?q=${hex(random, 8)}#top`,
    example: ['http://a.example:8080/', 8080],
  },
  {
    name: 'normalize_host',
    rule: "normalize_host(v, 'srv-1', '10.0.0.1')['fqdn']",
    value: (random) => `Host${below(random, 1000)}.Example.com`,
    example: ['A.example.', ['a.example']],
  },
  {
    name: 'normalize_mac_address',
    rule: 'normalize_mac_address(v)',
    value: (random) => hex(random, 12).replace(/..(?=.)/g, '$&-'),
    example: ['08-ff-49-b6-f7-72', '08:FF:49:B6:F7:72'],
  },
]

export async function run({ quick, rounds = quick ? 3 : 7 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { compileRules } = await harness.built<typeof import('../src/rules/compile.ts')>('rules/compile.js')
  const tasks = CASES.map(({ rule, value, example }) => {
    const runner = compileRules(rulesText(rule)).createRunner()
    assert.deepEqual(runner.run({ v: example[0] }, '')?.result, example[1], rule)
    const random = randomNumbers(1)
    const events: JsonObject[] = Array.from({ length: EVENTS }, (_, index) => ({ v: value(random, index) }))
    return () => events.map((event) => runner.run(event, ''))
  })
  const readings: number[][] = CASES.map(() => [])
  for (let round = 0; round < rounds; round++) {
    for (const [index, task] of tasks.entries()) {
      readings[index]!.push((await harness.callsPerSecond(task, quick ? 50 : 200)) * EVENTS)
    }
  }
  return CASES.map(({ name, target }, index) =>
    harness.measured(`rule: ${name}`, '/s', readings[index]!, target),
  )
}

function rulesText(rule: string): string {
  const entries = Array.from({ length: 100 }, (_, key) => `${key}: name ${key}`)
  return `lookup:\n  names: {${entries.join(', ')}}\nresult:\n  field: ${JSON.stringify(rule)}\n`
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
