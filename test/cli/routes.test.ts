import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith, normalize, startNormalize } from './command.ts'

const EVENTS = '{"kind":"a","x":1}\n{"kind":"b","x":2}\n{"kind":"c","x":3}\n{"kind":"a"}\n'

function folderOfRules(): string {
  const folder = folderWith({ 'lookups.yaml': 'names: {1: one}\n', '_shared.yaml': 'shared: "\'yes\'"\n' })
  for (const [name, rules] of Object.entries({
    'a/first.yaml': "when: kind == 'a'\nmeta: {vendor: A}\ninclude: ../_shared.yaml\na: x\n",
    'b.yaml': "when: kind in ('b', 'd')\nb: x\n",
  })) {
    mkdirSync(join(folder, 'a'), { recursive: true })
    writeFileSync(join(folder, name), rules)
  }
  return folder
}

describe('normalize with many rule sets', () => {
  it('takes a folder: each event goes to the first rule set that takes it, the others are rejected', async () => {
    for (const way of [[], ['--no-fast-path'], ['--workers', '2']]) {
      const { code, stdout, stderr } = await normalize(['--rules', folderOfRules(), ...way], EVENTS)
      assert.equal(code, 0, stderr)
      assert.equal(stdout, '{"shared":"yes","a":1}\n{"b":2}\n')
      const records = stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      assert.deepEqual(
        records.map(({ line, code: why, rule, rules }) => [line, why, rule, rules]),
        [
          [3, 'NO_ROUTE', undefined, undefined],
          [4, 'FIELD_MISSING', 'a', 'a/first'],
        ],
      )
    }
  })

  it('drops or passes on what no rule set takes, when told so', async () => {
    const folder = folderOfRules()
    const dropped = await normalize(['--rules', folder, '--no-route', 'drop', '--stats'], '{"kind":"c"}\n')
    const { events, dropped: count, written, rejected } = JSON.parse(dropped.stderr)
    assert.deepEqual([events, count, written, rejected], [1, 1, 0, 0])
    const passed = await normalize(['--rules', folder, '--no-route', 'pass'], '{"kind": "c"}\n')
    assert.deepEqual([passed.stdout, passed.stderr], ['{"kind":"c"}\n', ''])
  })

  it('counts for each rule set, and tells what its meta says', async () => {
    const { stderr } = await normalize(
      ['--rules', folderOfRules(), '--stats', '--errors', '/dev/null'],
      EVENTS,
    )
    const { rules } = JSON.parse(stderr)
    assert.deepEqual(rules['a/first'].meta, { vendor: 'A' })
    assert.deepEqual(
      [rules['a/first'].events, rules['a/first'].written, rules['a/first'].rejected],
      [2, 1, 1],
    )
    assert.equal(rules.b.written, 1)
  })

  it('follows a routes file, whose conditions come first', async () => {
    const folder = folderOfRules()
    const routes = [
      'routes:',
      "  - {when: kind == 'c', drop: true}",
      '  - {when: exists(x), rules: a/first.yaml}',
      '  - rules: rest.yaml',
    ]
    writeFileSync(join(folder, 'routes.yaml'), `${routes.join('\n')}\n`)
    writeFileSync(join(folder, 'rest.yaml'), 'other: kind\n')
    const { code, stdout, stderr } = await normalize(['--rules', join(folder, 'routes.yaml')], EVENTS)
    assert.equal(code, 0, stderr)
    assert.equal(stdout, '{"shared":"yes","a":1}\n{"other":"b"}\n{"other":"a"}\n')
    assert.equal(stderr, '')
  })

  it('tells all that is wrong, in all files, with its place', async () => {
    const folder = folderOfRules()
    appendFileSync(join(folder, 'b.yaml'), 'wrong: lowr(x)\n')
    writeFileSync(join(folder, 'c.yaml'), 'c: x +\n')
    writeFileSync(join(folder, '_r.yaml'), 'routes:\n  - nothing\n  - {whn: x, rules: a}\n  - _r.yaml\n')
    const { code, stderr } = await normalize(['--rules', folder, '--rules', join(folder, '_r.yaml')], EVENTS)
    assert.equal(code, 2)
    assert.match(stderr, /c\.yaml:1:1: error: .*needs a condition/)
    assert.match(stderr, /r\.yaml:2:5: error: there is no rule file or folder .*nothing/)
    assert.match(stderr, /r\.yaml:3:6: error: a route has no key 'whn'/)
    assert.match(stderr, /r\.yaml:4:5: error: routes lead in a circle/)
    assert.match(stderr, /b\.yaml:3:8: error: .*lowr/)
    assert.match(stderr, /c\.yaml:1:\d+: error: /)
    writeFileSync(join(folder, 'b.yaml'), 'b: x\n')
    writeFileSync(join(folder, 'c.yaml'), 'c: x\n')
    const conditions = await normalize(['--rules', folder], EVENTS)
    assert.match(
      conditions.stderr,
      /b\.yaml:1:1: error: .*needs a condition.*c\.yaml:1:1: error: .*needs a condition/s,
    )
  })

  it('reads the rules again when a file changes, an included one too, or a new one comes', async () => {
    const folder = folderOfRules()
    const command = startNormalize('--rules', folder, '--watch')
    command.child.stdin.write('{"kind":"a","x":1}\n')
    await command.until(({ stdout }) => stdout.includes('\n'))
    writeFileSync(join(folder, '_shared.yaml'), 'shared: "\'new\'"\n')
    const timer = setInterval(() => command.child.stdin.write('{"kind":"a","x":1}\n'), 50)
    await command.until(({ stdout }) => stdout.includes('{"shared":"new","a":1}'))
    writeFileSync(join(folder, '0.yaml'), "when: kind == 'a'\nnewest: x\n")
    await command.until(({ stdout }) => stdout.includes('{"newest":1}'))
    clearInterval(timer)
    command.child.stdin.end()
    assert.equal((await command.finished).code, 0)
  })
})
