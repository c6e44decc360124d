/** Runs the test files that are named in the arguments, one after the other, in this process. */
import assert, { AssertionError } from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { useBuiltThreads } from '../src/installed.ts'
import { processorSeconds } from './processor-time.ts'
import type { TestReport } from './reporter.ts'

/*
 * `assert.ok(value)` without a message makes one from the source code. In Node 20 that takes minutes where a file is one
 * line, as transformed files are. The stack names the line as well.
 */
Object.assign(assert, {
  ok(value: unknown, message?: string | Error): void {
    if (value) return
    if (message instanceof Error) throw message
    throw new AssertionError({
      message: message ?? 'the asserted expression is false',
      actual: value,
      expected: true,
      operator: '==',
      stackStartFn: assert.ok,
    })
  },
})

process.on('exit', () => {
  const report = {
    outcome: 'group',
    names: [],
    file: undefined,
    seconds: processorSeconds(),
  } satisfies TestReport
  writeSync(1, `${JSON.stringify(report)}\n`)
})

// run.ts has seen to it that dist is as new as the sources.
useBuiltThreads()

for (const path of process.argv.slice(2)) await import(pathToFileURL(resolve(path)).href)
