import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryDirectory } from '../temporary.ts'
import { Command, cliPath, normalize } from './command.ts'

const RULES = "event.type: cond(action == 'deny', 'denied', 'allowed')\nsource.ip?: src\n"

const TESTS = `cases:
  - name: denied
    event: {action: deny, src: 192.0.2.7}
    expect: {event: {type: denied}, source: {ip: 192.0.2.7}}
  - name: wrong
    event: {action: allow}
    expect: {event: {type: denied}}
`

/** A folder with these files, in which folders are made as needed. */
function folder(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, ...name.split('/'))
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, text)
  }
  return root
}

const test = (...argv: string[]) => normalize(['test', ...argv])

describe('normalize test', { timeout: 900_000 }, () => {
  it('searches folders, tells what fails with the rule at fault, and ends with 1', async () => {
    const root = folder({
      'a/x.yaml': RULES,
      'a/x.test.yaml': TESTS,
      'b/golden/rules.yaml': RULES,
      'b/golden/input.jsonl': '{"action":"deny"}\n',
      'b/golden/expected.jsonl': '{"event":{"type":"denied"}}\n',
      'node_modules/c/y.test.yaml': 'not: read\n',
    })
    const { code, stdout, stderr } = await test(root)
    const path = join(root, 'a', 'x.test.yaml')
    const rules = join(root, 'a', 'x.yaml')
    assert.equal(
      stdout,
      `FAIL  ${path}  1 of 2 cases

  wrong  ${path}:5
    event.type: differs
      expected  "denied"
      got       "allowed"
      rule      ${rules}:1  event.type: cond(action == 'deny', 'denied', 'allowed')
      read      action = "allow"
ok    ${join(root, 'b', 'golden')}  1 event

2 passed, 1 failed in 2 files
`,
    )
    assert.deepEqual([code, stderr], [1, ''])
  })

  it('ends with 2 where a test or its rules cannot be used, and runs the others all the same', async () => {
    const root = folder({
      'a.yaml': 'x: lowr(y)\n',
      'a.test.yaml': TESTS,
      'b.yaml': RULES,
      'b.test.yaml': 'cases:\n  - {event: {}, expct: {}}\n',
      'c.test.yaml': TESTS,
      'd.yaml': RULES,
      'd.test.yaml': TESTS.slice(0, TESTS.indexOf('  - name: wrong')),
    })
    const { code, stdout } = await test(root)
    assert.equal(code, 2)
    assert.match(stdout, /ERROR .*a\.test\.yaml\n {2}.*a\.yaml:1:4: error: unknown function 'lowr'/)
    assert.match(stdout, /b\.test\.yaml:2:17: error: a case has no key 'expct'/)
    assert.match(
      stdout,
      /c\.test\.yaml: there is no c\.yaml beside it; 'rules: FILE' at the top says which rules it tests/,
    )
    assert.match(stdout, /ok {4}.*d\.test\.yaml {2}1 case\n\n1 passed, 3 unusable in 4 files\n$/)
  })

  it('runs what a filter leaves, stops at the first failure with --bail, and refuses what is not there', async () => {
    const root = folder({ 'x.yaml': RULES, 'x.test.yaml': TESTS, 'y.yaml': RULES, 'y.test.yaml': TESTS })
    const [filtered, bailed, none, missing, empty] = await Promise.all([
      test(root, '--filter', 'denied'),
      test(root, '--bail', '--format', 'json'),
      test(root, '--filter', 'nothing of the kind'),
      test(join(root, 'z')),
      test(folder({ 'x.yaml': RULES })),
    ])
    assert.deepEqual([filtered.code, /\n2 passed in 2 files\n$/.test(filtered.stdout)], [0, true])
    const { summary } = JSON.parse(bailed.stdout)
    assert.deepEqual([bailed.code, summary.files, summary.failed], [1, 1, 1])
    assert.deepEqual(
      [none.code, none.stderr],
      [2, "no case and no file has 'nothing of the kind' in its name (--filter)\n"],
    )
    assert.match(missing.stderr, /^cannot read .*z: no such file or folder\n$/)
    assert.match(
      empty.stderr,
      /^there is no test in .*: tests of x\.yaml stand in x\.test\.yaml beside it, or a folder holds/,
    )
    assert.deepEqual([missing.code, empty.code], [2, 2])
  })

  it('writes what comes out with --update, into test files and golden folders', async () => {
    const root = folder({
      'x.yaml': RULES,
      'x.test.yaml': TESTS,
      'g/rules.yaml': 'a: x::int\n',
      'g/_options.yaml': 'input_format: csv\ncolumns: [x]\n',
      'g/input.csv': '1\nb\n',
      'g/expected.jsonl': '',
    })
    const { code, stdout } = await test(root, '--update')
    assert.deepEqual([code, /3 passed, 2 updated in 2 files/.test(stdout)], [0, true], stdout)
    assert.equal(
      readFileSync(join(root, 'x.test.yaml'), 'utf8'),
      TESTS.replace(/denied\}\}\n$/, 'allowed}}\n'),
    )
    assert.equal(readFileSync(join(root, 'g', 'expected.jsonl'), 'utf8'), '{"a":1}\n')
    assert.match(
      readFileSync(join(root, 'g', 'errors.jsonl'), 'utf8'),
      /^\{"line":2,"source":"input\.csv","rule":"a","code":"VALUE_ERROR",/,
    )
  })

  it('lists what no event has reached, and fails below --min-coverage', async () => {
    const root = folder({ 'x.yaml': RULES, 'x.test.yaml': TESTS.slice(0, TESTS.indexOf('  - name: wrong')) })
    const lcov = join(root, 'x.info')
    const [low, enough] = await Promise.all([
      test(join(root, 'x.yaml'), '--coverage', '--min-coverage', '90'),
      test(root, '--min-coverage', '50%', '--lcov', lcov),
    ])
    assert.equal(low.code, 1)
    assert.match(
      low.stdout,
      /\n {4}1 \| 1 \| event\.type: cond.*\n {6}\| {3}\| +\^{9} never taken: otherwise\n/,
    )
    assert.match(low.stdout, /the coverage is 66\.6%, and 90% are asked for \(--min-coverage\)\n$/)
    assert.deepEqual(
      [enough.code, /coverage\n {2}.* 66\.6% {2}4 of 6\n/.test(enough.stdout)],
      [0, true],
      enough.stdout,
    )
    assert.match(readFileSync(lcov, 'utf8'), /^TN:\nSF:.*x\.yaml\n/)
  })

  it('runs again what a changed file concerns, and new tests, with --watch', async (context) => {
    const passing = TESTS.slice(0, TESTS.indexOf('  - name: wrong'))
    const root = folder({ 'x.yaml': RULES, 'x.test.yaml': passing, 'y.yaml': RULES, 'y.test.yaml': passing })
    const command = new Command([cliPath('normalize'), 'test', root, '--watch'])
    context.after(() => command.child.kill('SIGKILL'))
    await command.until(({ stdout }) => stdout.includes('waiting for changes'))
    writeFileSync(join(root, 'y.yaml'), RULES.replace('denied', 'refused'))
    await command.until(({ stdout }) => /FAIL.*y\.test\.yaml[\s\S]*1 failed in 1 file\n/.test(stdout))
    writeFileSync(join(root, 'y.yaml'), RULES)
    writeFileSync(join(root, 'z.test.yaml'), `rules: x.yaml\n${passing}`)
    await command.until(({ stdout }) => {
      const last = stdout.slice(stdout.indexOf('FAIL'))
      return /ok {4}.*y\.test\.yaml/.test(last) && /ok {4}.*z\.test\.yaml/.test(last)
    })
    assert.equal(command.stdout.match(/ok {4}.*x\.test\.yaml/g)!.length, 1)
  })
})
