/**
 * The time of `normalize test` for 1,000 cases over 100 rule files, and the share of coverage in it.
 *
 * A folder is written with 100 rule files of ten rules, each with a test file of ten cases that expect the whole output. Each
 * reading is a process of its own, the start included. Run: `node --import tsx bench/rule-tests.ts`.
 *
 * 2026-11-29, Node 20.20, two cores that eight others used, about a quarter as fast as a developer's machine: 1.7 s of processor time
 * without coverage, the start included.
 * Reading: a rule file with its test of ten cases costs about 15 ms there; coverage compiles an observed program and evaluates each
 * event once more.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions, Row } from './harness.ts'
import * as harness from './harness.ts'

const FILES = 100
const RULES = 10
const CASES = 10

/** Seconds of processor time on a developer's machine. */
const TARGET = { atMost: 3 }

export async function run({ quick = false, rounds = quick ? 1 : 5 }: BenchOptions): Promise<Row[]> {
  harness.build()
  const command = harness.normalizeArgv('').slice(0, 2)
  return await harness.withFolder(async (folder) => {
    writeTests(folder)
    const contenders = [[], ['--coverage-summary']].map((options) => ({
      name: ['test', ...options].join(' '),
      argv: [...command, 'test', folder, ...options],
    }))
    const times = await harness.race(contenders, rounds)
    return contenders.map(({ name }, index) =>
      harness.measured(
        `normalize ${name}, ${FILES * CASES} cases over ${FILES} rule files`,
        's',
        times[index]!,
        TARGET,
        times.processor?.[index],
      ),
    )
  })
}

/** Expressions in turn, and the values that they have in a case. */
const EXPRESSIONS = [
  'src',
  'lower(user)',
  "cond(action == 'deny', 'denied', 'allowed')",
  'port::int',
  "split(user, 'n')[0]",
]
const VALUES = (number: number): string[] => [
  `192.0.2.${number}`,
  'ann',
  number % 2 ? 'denied' : 'allowed',
  `${number}`,
  'A',
]

function writeTests(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (let file = 0; file < FILES; file++) {
    const rules = Array.from(
      { length: RULES },
      (_, rule) => `f${rule}.a: ${EXPRESSIONS[rule % EXPRESSIONS.length]}\n`,
    )
    writeFileSync(join(folder, `r${file}.yaml`), rules.join(''))
    const cases = Array.from({ length: CASES }, (_, number) => {
      const action = number % 2 ? 'deny' : 'allow'
      const event = `{src: 192.0.2.${number}, user: Ann, action: ${action}, port: '${number}'}`
      const values = VALUES(number)
      const members = Array.from(
        { length: RULES },
        (_, rule) => `      f${rule}: {a: ${values[rule % values.length]}}\n`,
      )
      return `  - name: case ${number}\n    event: ${event}\n    expect:\n${members.join('')}`
    })
    writeFileSync(join(folder, `r${file}.test.yaml`), `cases:\n${cases.join('')}`)
  }
}

if (harness.isMain(import.meta.url)) await harness.runAsScript(run)
