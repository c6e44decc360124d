/** Outputs that are one file, that fail, and that are closed: as a shell sets them up. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Command, cliPath, folderWith } from './command.ts'

const NORMALIZE = cliPath('normalize')
const STARVING_WORKERS = fileURLToPath(new URL('starving-workers.mjs', import.meta.url))

/** Half of the lines of these are rejected. */
const LINES = 300_000
const RULES = 'source.ip: src\n'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script in bash, in which `normalize` is the command. */
function shell(folder: string, script: string): Promise<Ended> {
  const command = `normalize() { "$NODE" "$NORMALIZE" -r "$FOLDER/r.yaml" "$@"; }; cd "$TOP"; ${script}`
  const top = fileURLToPath(new URL('../..', import.meta.url))
  const env = { ...process.env, NODE: process.execPath, NORMALIZE, FOLDER: folder, TOP: top }
  const child = spawn('bash', ['-c', command], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
}

function filesFor(): string {
  return folderWith({ 'r.yaml': RULES, 'good.jsonl': '{"src":"192.0.2.1"}\n', 'bad.jsonl': '{}\n' })
}

const hasBash = process.platform !== 'win32' && existsSync('/bin/bash')

describe('outputs that are one', { skip: !hasBash, timeout: 900_000 }, () => {
  let input: string

  before(() => {
    const lines: string[] = []
    for (let n = 0; n < LINES; n++) lines.push(n % 2 === 0 ? `{"src":"192.0.2.${n % 256}"}` : `{"no":${n}}`)
    input = `${lines.join('\n')}\n`
  })

  const cases: readonly (readonly [name: string, script: string])[] = [
    ['one pipe, by 2>&1', 'normalize "$FOLDER/e.jsonl" 2>&1 | cat'],
    ['one pipe, by 2>&1, with workers', 'normalize --workers 2 "$FOLDER/e.jsonl" 2>&1 | cat'],
    ['one pipe, by its name', 'normalize --errors /dev/stdout "$FOLDER/e.jsonl" | cat'],
    ['one file, by 2>&1', 'normalize "$FOLDER/e.jsonl" > "$FOLDER/all" 2>&1 || exit; cat "$FOLDER/all"'],
    [
      'one file, opened twice by the shell',
      'normalize "$FOLDER/e.jsonl" > "$FOLDER/all" 2> "$FOLDER/all" || exit; cat "$FOLDER/all"',
    ],
    [
      'one file, behind what stands in it',
      'normalize --errors /dev/stdout "$FOLDER/e.jsonl" >> "$FOLDER/all" || exit; cat "$FOLDER/all"',
    ],
    [
      'one file, by its name',
      'normalize -o "$FOLDER/all" --errors "$FOLDER/all" "$FOLDER/e.jsonl" || exit; cat "$FOLDER/all"',
    ],
  ]
  for (const [name, script] of cases) {
    it(`have whole lines only, none missing: ${name}`, async () => {
      const folder = filesFor()
      writeFileSync(join(folder, 'e.jsonl'), input)
      const { code, stdout, stderr } = await shell(folder, script)
      assert.deepEqual([code, stderr], [0, ''])
      const seen = new Set<number>()
      let written = 0
      for (const line of stdout.trimEnd().split('\n')) {
        const { line: number, source } = JSON.parse(line)
        if (number === undefined) written += typeof source.ip === 'string' ? 1 : 0
        else seen.add(number)
      }
      assert.deepEqual([written, seen.size], [LINES / 2, LINES / 2])
    })
  }

  it('have whole lines of progress and statistics between theirs', async () => {
    const folder = filesFor()
    writeFileSync(join(folder, 'e.jsonl'), input)
    const { stdout } = await shell(folder, 'normalize --progress --stats "$FOLDER/e.jsonl" 2>&1 | cat')
    const others = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => !/^\{"source":\{"ip":"[\d.]+"\}\}$|^\{"line":.*"\}$/.test(line))
    const stats = others.pop()!
    assert.equal(JSON.parse(stats).events, LINES)
    assert.ok(others.length > 0, 'no progress was seen')
    for (const line of others) assert.match(line, /^[\d,]+ events .*%/)
  })

  it('have the message of a failure behind whole lines', async () => {
    const folder = filesFor()
    writeFileSync(join(folder, 'e.jsonl'), input)
    writeFileSync(join(folder, 'cut.gz'), Buffer.from('1f8b0800', 'hex'))
    const { stdout } = await shell(folder, 'normalize "$FOLDER/e.jsonl" "$FOLDER/cut.gz" 2>&1 | cat')
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, LINES + 1)
    assert.match(lines.pop()!, /^cannot read .*cut\.gz: the gzip data is damaged/)
  })

  it('have the statistics behind whole lines', async () => {
    const { stdout } = await shell(filesFor(), 'normalize --stats "$FOLDER/good.jsonl" 2>&1 | cat')
    const [line, stats] = stdout.trimEnd().split('\n')
    assert.equal(line, '{"source":{"ip":"192.0.2.1"}}')
    assert.equal(JSON.parse(stats!).written, 1)
  })

  it('may not be a file that is read', async () => {
    const folder = filesFor()
    const { code, stderr } = await shell(folder, 'normalize "$FOLDER/good.jsonl" >> "$FOLDER/good.jsonl"')
    assert.equal(code, 2)
    assert.match(stderr, /cannot write standard output: the same file is read/)
  })
})

describe('outputs that fail', { skip: !existsSync('/dev/full') || !hasBash, timeout: 900_000 }, () => {
  const full: readonly (readonly [script: string, told: RegExp])[] = [
    [
      'normalize -o "$FOLDER/o" --errors /dev/full "$FOLDER/bad.jsonl"',
      /^cannot write \/dev\/full: no space/m,
    ],
    [
      'normalize -o /dev/full --errors "$FOLDER/e" "$FOLDER/good.jsonl"',
      /^cannot write \/dev\/full: no space/m,
    ],
    [
      'normalize --errors "$FOLDER/e" "$FOLDER/good.jsonl" > /dev/full',
      /^cannot write standard output: no space/,
    ],
    [
      'set -o pipefail; normalize --errors /dev/full "$FOLDER/bad.jsonl" 2>&1 | cat',
      /^cannot write \/dev\/full/m,
    ],
  ]
  for (const [script, told] of full) {
    it(`are told by their name: ${script}`, async () => {
      const { code, stdout, stderr } = await shell(filesFor(), script)
      assert.equal(code, 1)
      assert.match(stdout + stderr, told)
    })
  }

  it('are not blamed for a worker that runs out of memory', async () => {
    const folder = filesFor()
    const files = ['-r', join(folder, 'r.yaml'), '-o', join(folder, 'o'), join(folder, 'good.jsonl')]
    const command = new Command(['--import', STARVING_WORKERS, NORMALIZE, '--workers', '2', ...files])
    const { code, stderr } = await command.finished
    assert.deepEqual([code, stderr], [1, 'a worker thread has run out of memory\n'])
  })
})

describe('standard streams that are closed', { skip: process.platform !== 'linux' || !hasBash }, () => {
  it('count as the null device, which a program may have opened for reading and writing', async () => {
    const folder = filesFor()
    const scripts = [
      'normalize "$FOLDER/good.jsonl" >&-',
      'normalize <&-',
      'normalize - "$FOLDER/good.jsonl" <&- >&-',
      'normalize "$FOLDER/bad.jsonl" 2>&-',
      'normalize - "$FOLDER/good.jsonl" "$FOLDER/bad.jsonl" 0<>/dev/null 1<>/dev/null 2<>/dev/null',
    ]
    for (const script of scripts) {
      const { code, stdout, stderr } = await shell(folder, script)
      assert.deepEqual([code, stdout, stderr], [0, '', ''], script)
    }
  })

  it('do not matter where they are not used', async () => {
    const folder = filesFor()
    const scripts = [
      'normalize -o "$FOLDER/o" --errors "$FOLDER/e" "$FOLDER/good.jsonl" "$FOLDER/bad.jsonl" <&- >&- 2>&-',
      'normalize -o "$FOLDER/o" "$FOLDER/good.jsonl" 2>&-',
      'normalize "$FOLDER/good.jsonl" < /dev/null > /dev/null 2> /dev/null',
      'normalize < /dev/null',
    ]
    for (const script of scripts) assert.equal((await shell(folder, script)).code, 0, script)
    assert.equal(readFileSync(join(folder, 'o'), 'utf8'), '{"source":{"ip":"192.0.2.1"}}\n')
  })
})
