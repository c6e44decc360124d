/**
 * The cost of match(), beside the same pattern as a bare RegExp and on re2js.
 *
 * Each pattern is tested against one subject, a thousand times a call; the answers are compared first. Five rounds in
 * turn, medians. Run: `node --import tsx bench/match.ts`.
 *
 * 2026-11-22, Node 20.20, one core of a shared machine:
 *
 *                            match()          bare RegExp    re2js
 *   alternatives             67M/s    v8      69M/s          9M/s
 *   URL                      44M/s    v8      45M/s          2.2M/s
 *   log line                 20M/s    v8      21M/s          0.6M/s
 *   three words, not there   7.9M/s   v8      2.2M/s         0.55M/s
 *   not proven linear        4.1M/s   re2     41M/s          4.1M/s
 *
 * Reading: what is proven linear costs what a RegExp costs, which is too little for a path of its own for literals.
 * Searches for several words in a row are faster than written plainly, and linear, because the first place found is
 * kept. re2js takes some 4 to 30 times as long: a proof is worth having.
 */
import assert from 'node:assert/strict'
import * as re2js from 're2js'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const TESTS = 1000

const MESSAGE =
  'Mar 17 22:15:30 gate-7 sshd[4711]: Failed password for invalid user oracle from 203.0.113.77 port 51234 ssh2'
const COMMAND =
  'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -nop -w hidden -enc SQBFAFgA http://example.org/a'

interface Case {
  readonly name: string
  readonly pattern: string
  /** The same for JavaScript. */
  readonly bare: RegExp
  readonly subject: string
}

const CASES: readonly Case[] = [
  { name: 'alternatives', pattern: '(1..|2..|418)', bare: /^(?:1..|2..|418)/, subject: '200' },
  {
    name: 'URL',
    pattern: 'https?://[^/]+/',
    bare: /^https?:\/\/[^/]+\//,
    subject: 'https://www.example.org/index.html',
  },
  {
    name: 'IPv4 address',
    pattern: '^(?:\\d{1,3}\\.){3}\\d{1,3}$',
    bare: /^(?:\d{1,3}\.){3}\d{1,3}$/,
    subject: '203.0.113.77',
  },
  {
    name: 'found far away',
    pattern: '.*port \\d+',
    bare: /^.*port \d+/,
    subject: MESSAGE,
  },
  {
    name: 'found nowhere',
    pattern: '.*Accepted password',
    bare: /^.*Accepted password/,
    subject: MESSAGE,
  },
  {
    name: 'log line',
    pattern: '\\w+ +\\d+ [\\d:]+ \\S+ sshd\\[\\d+\\]: Failed \\S+ for (?:invalid user )?\\S+ from \\S+',
    bare: /^\w+ +\d+ [\d:]+ \S+ sshd\[\d+\]: Failed \S+ for (?:invalid user )?\S+ from \S+/,
    subject: MESSAGE,
  },
  {
    name: 'three words',
    pattern: '(?i).*powershell.*-enc.*http',
    bare: /^.*powershell.*-enc.*http/i,
    subject: COMMAND,
  },
  {
    name: 'three words, not there',
    pattern: '(?i).*powershell.*-enc.*ftp:',
    bare: /^.*powershell.*-enc.*ftp:/i,
    subject: COMMAND,
  },
  {
    name: 'not proven linear',
    pattern: '(?:\\w+[ .:]*)+\\[',
    bare: /^(?:\w+[ .:]*)+\[/,
    subject: 'gate sshd[4711]',
  },
]

export async function run({ quick, rounds = quick ? 3 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const { compilePattern } = await built<typeof import('../src/expression/regex/engine.ts')>('engine')
  const { LinearMatcher } =
    await built<typeof import('../src/expression/regex/linear-matcher.ts')>('linear-matcher')
  const { parsePattern } = await built<typeof import('../src/expression/regex/parse.ts')>('parse')
  const { simplify } = await built<typeof import('../src/expression/regex/simplify.ts')>('simplify')
  const rows: Row[] = []
  for (const { name, pattern, bare, subject } of CASES) {
    const compiled = compilePattern(pattern, () => re2js)
    const linear = LinearMatcher.make(simplify(parsePattern(pattern).root), () => re2js)
    assert.ok(linear !== undefined)
    const tests = [
      () => repeat(() => compiled.matches(subject)),
      () => repeat(() => bare.test(subject)),
      () => repeat(() => linear.matches(subject)),
    ] as const
    for (const test of tests) assert.equal(test(), tests[1]())
    const readings: number[][] = tests.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const [index, test] of tests.entries()) {
        readings[index]!.push((await harness.callsPerSecond(test, quick ? 50 : 200)) * TESTS)
      }
    }
    const [ours, theirs, re2] = readings as [number[], number[], number[]]
    const what = `match, ${name}`
    rows.push(harness.measured(`${what} (${compiled.engine})`, '/s', ours))
    rows.push(harness.measured(`${what}, against a bare RegExp`, 'x', harness.ratios(ours, theirs)))
    rows.push(harness.measured(`${what}, re2js against a bare RegExp`, 'x', harness.ratios(re2, theirs)))
  }
  return rows
}

function built<Module>(name: string): Promise<Module> {
  return harness.built<Module>(`expression/regex/${name}.js`)
}

function repeat(test: () => boolean): number {
  let count = 0
  for (let index = 0; index < TESTS; index++) if (test()) count++
  return count
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
