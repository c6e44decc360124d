import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, folderWith, startNormalize } from './command.ts'

const CANNOT_LOOK = { skip: !existsSync('/proc/self/stat'), timeout: 900_000 }

/** So much processor time is used by nothing but an evaluation that does not end. */
const BUSY_TICKS = 100

/** Processor time of a process that it has used itself, in hundredths of a second. */
function ticks({ child }: Command): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return Number(fields[11]) + Number(fields[12])
}

async function untilBusy(command: Command): Promise<void> {
  for (const begin = ticks(command); ticks(command) - begin < BUSY_TICKS; ) await sleep(20)
}

describe('a second signal', { concurrency: 2 }, () => {
  it('kills while a pattern is tried that does not end', CANNOT_LOOK, async (test) => {
    const folder = folderWith({ 'r.yaml': "a: match(r'(x?)(?:a|a)*\\1b', s)\n" })
    const command = startNormalize('-r', join(folder, 'r.yaml'), '--allow-unsafe-patterns')
    test.after(() => command.child.kill('SIGKILL'))
    command.child.stdin.write(`${JSON.stringify({ s: 'ab' })}\n`)
    await command.until(({ stdout }) => stdout === '{"a":true}\n')
    command.child.stdin.write(`${JSON.stringify({ s: 'a'.repeat(60) })}\n`)
    await untilBusy(command)
    command.child.kill('SIGTERM')
    await sleep(200)
    assert.equal(command.child.exitCode ?? command.child.signalCode, null)
    command.child.kill('SIGINT')
    assert.equal((await command.finished).signal, 'SIGKILL')
  })

  it('kills while one expensive event after the other is evaluated', CANNOT_LOOK, async (test) => {
    const folder = folderWith({ 'r.yaml': 'a: len([i for i in range(n) if i < 0])\n' })
    const command = startNormalize('-r', join(folder, 'r.yaml'))
    test.after(() => command.child.kill('SIGKILL'))
    command.child.stdin.write('{"n":1}\n')
    await command.until(({ stdout }) => stdout === '{"a":0}\n')
    // A thread is added when the run has lasted for a moment.
    await sleep(3000)
    command.child.stdin.write('{"n":9000000}\n'.repeat(1000))
    await untilBusy(command)
    command.child.kill('SIGINT')
    await sleep(200)
    assert.equal(command.child.exitCode ?? command.child.signalCode, null)
    command.child.kill('SIGINT')
    // Between two events the main thread may have noticed the first one: then the second has the effect that the system gives it.
    assert.match(String((await command.finished).signal), /^SIG(KILL|INT)$/)
  })
})
