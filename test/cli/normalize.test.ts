import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, normalize, startNormalize } from './command.ts'

const RULES = `
user.name: lower(user)
bytes:
  field: bytes
  required: false
`
const EVENTS = '{"user":"Ann","bytes":1}\n\n{"user":"Bob"}\n{"bytes":2}\n{"user":"CY","bytes":2230.0}\n'
const OUTPUT =
  '{"user":{"name":"ann"},"bytes":1}\n{"user":{"name":"bob"}}\n{"user":{"name":"cy"},"bytes":2230.0}\n'

function records(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

describe('normalize', { concurrency: 4 }, () => {
  it('reads standard input, writes events to standard output and rejected ones to standard error', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const { code, stdout, stderr } = await normalize(['--rules', join(folder, 'r.yaml')], EVENTS)
    assert.equal(stdout, OUTPUT)
    assert.deepEqual(records(stderr), [
      {
        line: 4,
        source: '-',
        rule: 'user.name',
        code: 'FIELD_MISSING',
        message: 'user.name: field user is absent',
        raw: '{"bytes":2}',
      },
    ])
    assert.equal(code, 0)
  })

  it('reads files one after the other, compressed ones too, and - for standard input', async () => {
    const folder = folderWith({
      'r.yaml': RULES,
      'a.jsonl': '{"user":"A"}\nbad',
      'b.jsonl.gz': gzipSync('\ufeff{"user":"B"}\nbad\n'),
      check: '{"user":"C"}\n',
    })
    const files = [join(folder, 'a.jsonl'), '-', join(folder, 'b.jsonl.gz'), join(folder, 'check')]
    const { code, stdout, stderr } = await normalize(
      ['-r', join(folder, 'r.yaml'), ...files],
      '{"user":"Stdin"}',
    )
    assert.deepEqual(
      records(stdout).map((event) => (event.user as { name: string }).name),
      ['a', 'stdin', 'b', 'c'],
    )
    assert.deepEqual(
      records(stderr).map(({ source, line }) => [source, line]),
      [
        [files[0], 2],
        [files[2], 2],
      ],
    )
    assert.equal(code, 0)
  })

  it('writes to files, over what was there', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'out.jsonl': 'old\n', 'err.jsonl': 'old\n' })
    const [out, err] = [join(folder, 'out.jsonl'), join(folder, 'err.jsonl')]
    const { code, stdout, stderr } = await normalize(
      ['-r', join(folder, 'r.yaml'), '-o', out, '--errors', err],
      EVENTS,
    )
    assert.deepEqual([code, stdout, stderr], [0, '', ''])
    assert.equal(readFileSync(out, 'utf8'), OUTPUT)
    assert.deepEqual(
      records(readFileSync(err, 'utf8')).map((record) => record.code),
      ['FIELD_MISSING'],
    )
  })

  it('reads JSON documents', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const text = '[\n {"user":"A"}, {"user":"B", "bytes":\n9223372036854775807},\n 5\n]\n{"user":"C"}'
    const { stdout, stderr } = await normalize(['-r', join(folder, 'r.yaml'), '--input-format', 'json'], text)
    const expected = [
      '{"user":{"name":"a"}}',
      '{"user":{"name":"b"},"bytes":9223372036854775807}',
      '{"user":{"name":"c"}}',
    ]
    assert.equal(stdout, `${expected.join('\n')}\n`)
    assert.deepEqual(
      records(stderr).map(({ line, code, raw }) => [line, code, raw]),
      [[4, 'JSON_NOT_OBJECT', '5']],
    )
  })

  it('goes on behind a bad value of a JSON document, and ends with 1 where it cannot', async () => {
    const folder = folderWith({
      'r.yaml': 'id: id\n',
      'bad.json': '[{"id":1},{"id":NaN},{"id":2},{"id":3}]',
      'open.json': '[{"id":4},{"id":5},\n{"id":[6,{"id":7}]',
      'next.json': '{"id":8}',
    })
    const path = (name: string) => join(folder, name)
    const argv = ['-r', path('r.yaml'), '--input-format', 'json', '--stats']
    for (const workers of ['1', '2']) {
      const more = ['--errors', path(`errors${workers}`), '--workers', workers]
      const bad = await normalize([...argv, ...more, path('bad.json')])
      assert.equal(bad.stdout, '{"id":1}\n{"id":2}\n{"id":3}\n')
      assert.deepEqual(
        records(readFileSync(path(`errors${workers}`), 'utf8')).map(({ line, code, raw }) => [
          line,
          code,
          raw,
        ]),
        [[1, 'JSON_INVALID', '{"id":NaN}']],
      )
      const stats = JSON.parse(bad.stderr)
      assert.deepEqual([stats.events, stats.written, stats.rejected, stats.bytes_unread], [4, 3, 1, 0])
      assert.equal(bad.code, 0)

      const open = await normalize([...argv, ...more, path('open.json'), path('next.json')])
      assert.equal(open.stdout, '{"id":4}\n{"id":5}\n{"id":8}\n')
      const [record, ...others] = records(readFileSync(path(`errors${workers}`), 'utf8'))
      assert.deepEqual(others, [])
      assert.deepEqual(record, {
        line: 2,
        source: path('open.json'),
        code: 'JSON_INVALID',
        message: 'the input ends inside this value, after 18 bytes of it',
        raw: '{"id":[6,{"id":7}]',
      })
      const [first, second] = open.stderr.trimEnd().split('\n')
      assert.equal(JSON.parse(first!).bytes_unread, 18)
      assert.equal(
        second,
        `cannot read ${path('open.json')} to its end: line 2: the input ends inside a value (18 bytes not read)`,
      )
      assert.equal(open.code, 1)
    }
  })

  it('processes the next value of a JSON document when it comes, also behind a bad one', async () => {
    const folder = folderWith({ 'r.yaml': 'id: id\n' })
    for (const workers of ['1', '2']) {
      const argv = ['-r', join(folder, 'r.yaml'), '--input-format', 'json', '--workers', workers]
      const command = startNormalize(...argv)
      let [written, rejected] = [0, 0]
      const deep = `{"id":${'['.repeat(10_001)}${']'.repeat(10_001)}}`
      for (const [text, isGood] of [
        ['[{"id":1}', true],
        [',{"id":01}', false],
        [',{"id":2}', true],
        [`,${deep}`, false],
        [',{"id":3}', true],
        ['NaN,', false],
        ['{"id":4}', true],
      ] as const) {
        command.child.stdin.write(text)
        if (isGood) written++
        else rejected++
        await command.until(
          ({ stdout, stderr }) => records(stdout).length === written && records(stderr).length === rejected,
        )
      }
      command.child.stdin.end(']')
      const { code, stdout } = await command.finished
      assert.deepEqual([code, stdout], [0, [1, 2, 3, 4].map((id) => `{"id":${id}}\n`).join('')])
    }
  })

  it('rejects lines that are longer than allowed', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const input = `{"user":"A"}\n{"user":"${'x'.repeat(100_000)}"}\n{"user":"B"}\n`
    const { code, stdout, stderr } = await normalize(
      ['-r', join(folder, 'r.yaml'), '--max-line', '1000'],
      input,
    )
    assert.equal(records(stdout).length, 2)
    const [record] = records(stderr)
    assert.deepEqual([record!.code, record!.raw_truncated, record!.line], ['LINE_TOO_LONG', true, 2])
    assert.equal((record!.raw as string).length, 65536)
    assert.equal(code, 0)
  })

  it('rejects an event whose rules would do or build more than it may', async () => {
    const folder = folderWith({ 'r.yaml': 'r: "len([1 for x in l for y in l]) + len(\' \' * k)"\n' })
    const events = [
      { l: [1, 2], k: 3 },
      { l: Array.from({ length: 300 }, () => 0), k: 3 },
      { l: [1], k: 1_000_000 },
      { l: [], k: 5 },
    ]
    const input = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    for (const options of [[], ['--no-fast-path'], ['--workers', '2']]) {
      const { code, stdout, stderr } = await normalize(
        ['-r', join(folder, 'r.yaml'), '--max-work', '1000000', '--max-built', '900000', ...options],
        input,
      )
      assert.equal(stdout, '{"r":7}\n{"r":5}\n')
      assert.deepEqual(
        records(stderr).map(({ line, code: reason, message }) => [line, reason, message]),
        [
          [2, 'VALUE_ERROR', 'r: more work than one event may cause (1000000 units)'],
          [3, 'VALUE_ERROR', 'r: result too big: more than 900000 bytes of values for one event'],
        ],
      )
      assert.equal(code, 0)
    }
  })

  it('stops at the first rejected event if asked to', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const { code, stdout, stderr } = await normalize(
      ['-r', join(folder, 'r.yaml'), '--on-error', 'fail'],
      EVENTS,
    )
    assert.equal(code, 1)
    assert.equal(records(stdout).length, 2)
    assert.equal(records(stderr).length, 1)
    const good = await normalize(['-r', join(folder, 'r.yaml'), '--on-error', 'fail'], '{"user":"A"}')
    assert.equal(good.code, 0)
  })

  it('prints a summary', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const errors = join(folder, 'errors')
    const { stderr } = await normalize(['-r', join(folder, 'r.yaml'), '--stats', '--errors', errors], EVENTS)
    const { seconds, events_per_second, ...counts } = JSON.parse(stderr)
    assert.deepEqual(counts, {
      events: 4,
      written: 3,
      rejected: 1,
      dropped: 0,
      replaced: 0,
      rejected_by_code: { FIELD_MISSING: 1 },
      rejected_by_rule: { 'user.name': 1 },
      left_out_by_rule: { bytes: 1 },
      never_present: [],
      bytes_read: EVENTS.length,
      bytes_parsed: EVENTS.length,
      bytes_unread: 0,
      bytes_written: OUTPUT.length,
    })
    assert.ok(seconds > 0 && events_per_second > 0)
  })

  it('shows its progress when asked to, and not when standard error is no terminal', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': EVENTS })
    const argv = ['-r', join(folder, 'r.yaml'), '--errors', join(folder, 'errors'), join(folder, 'e.jsonl')]
    assert.match(
      (await normalize([...argv, '--progress'])).stderr,
      // A slow start may bring a line before the last one.
      /^(?:\d events .*\n)*4 events {2}[\d,]+\/s {2}[\d.]+ MB\/s {2}1 rejected {2}100%\n$/,
    )
    assert.equal((await normalize(argv)).stderr, '')
    assert.equal((await normalize([...argv, '--no-progress'])).stderr, '')
  })

  it('uses lookups.yaml beside the rules, or other tables if told to', async () => {
    const folder = folderWith({
      'r.yaml': "n: lookup('names', n, 'none')\n",
      'lookups.yaml': 'names: {1: beside}\n',
      'other.yaml': 'names: {1: other}\n',
      'more.yaml': 'more: {}\n',
    })
    const rules = ['-r', join(folder, 'r.yaml')]
    assert.equal((await normalize(rules, '{"n":1}')).stdout, '{"n":"beside"}\n')
    const lookups = ['--lookups', join(folder, 'other.yaml'), '--lookups', join(folder, 'more.yaml')]
    assert.equal((await normalize([...rules, ...lookups], '{"n":1}')).stdout, '{"n":"other"}\n')
  })

  it('ends with 2 and a reason when it is used wrongly, and touches nothing', async () => {
    const folder = folderWith({
      'r.yaml': RULES,
      'e.jsonl': EVENTS,
      'out.jsonl': 'kept',
      'latin1.yaml': Buffer.from([0xe4]),
    })
    const path = (name: string) => join(folder, name)
    const rules = ['-r', path('r.yaml')]
    mkdirSync(path('directory'))
    const cases: readonly (readonly [argv: readonly string[], message: RegExp])[] = [
      [[], /a rule file is needed: --rules FILE/],
      [
        ['-r', path('none.yaml'), '-o', path('out.jsonl')],
        /cannot read .*none\.yaml: no such file or directory/,
      ],
      [['-r', path('latin1.yaml')], /cannot read .*latin1\.yaml: it is not UTF-8/],
      [[...rules, '--lookups', path('none.yaml')], /cannot read .*none\.yaml: no such file/],
      [[...rules, path('none.jsonl'), '-o', path('out.jsonl')], /cannot read .*none\.jsonl: no such file/],
      [[...rules, path('e.jsonl'), path('directory')], /cannot read .*directory: it is a directory/],
      [[...rules, '-', '-'], /named twice/],
      [[...rules, '-o', path('directory')], /cannot write .*directory: it is a directory/],
      [[...rules, '-o', path('no/where')], /cannot write .*where: no such file or directory/],
      [[...rules, '--errors', path('no/where')], /cannot write .*where: no such file or directory/],
      [[...rules, path('e.jsonl'), '-o', path('e.jsonl')], /cannot write .*e\.jsonl: the same file is read/],
      [[...rules, '-o', path('r.yaml')], /cannot write .*r\.yaml: the same file is read/],
      [[...rules, '--max-line', '0'], /--max-line/],
      [[...rules, '--max-line', '16M'], /--max-line/],
      [[...rules, '--max-work', '0'], /--max-work/],
      [[...rules, '--max-built', '64M'], /--max-built/],
      [[...rules, '--on-error', 'ignore'], /--on-error/],
      [[...rules, '--input-format', 'xml'], /--input-format/],
      [['--unknown'], /unknown option '--unknown'/],
    ]
    const results = await Promise.all(cases.map(([argv]) => normalize(argv, EVENTS)))
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      const [argv, message] = cases[index]!
      assert.match(stderr, message)
      assert.deepEqual([code, stdout], [2, ''], argv.join(' '))
    }
    assert.equal(readFileSync(path('out.jsonl'), 'utf8'), 'kept')
    assert.equal(readFileSync(path('e.jsonl'), 'utf8'), EVENTS)
  })

  it('reports all errors of the rules, processes nothing, and ends with 2', async () => {
    const folder = folderWith({ 'r.yaml': 'a: lowr(x)\nb: 1 +\n', 'out.jsonl': 'kept' })
    const argv = ['-r', join(folder, 'r.yaml'), '-o', join(folder, 'out.jsonl')]
    const { code, stderr } = await normalize(argv, EVENTS)
    assert.equal(code, 2)
    assert.match(stderr, /r\.yaml:1:4: error: unknown function 'lowr'[\s\S]*did you mean 'lower'/)
    assert.match(stderr, /r\.yaml:2:/)
    assert.equal(readFileSync(join(folder, 'out.jsonl'), 'utf8'), 'kept')
  })

  it('processes what it can read of damaged data, then ends with 1', async () => {
    const events = Array.from({ length: 5000 }, (_, n) => `{"user":"u${n * 7919}"}\n`).join('')
    const packed = gzipSync(events)
    const folder = folderWith({ 'r.yaml': RULES, 'cut.gz': packed.subarray(0, -20) })
    const { code, stdout, stderr } = await normalize(['-r', join(folder, 'r.yaml'), join(folder, 'cut.gz')])
    assert.equal(code, 1)
    assert.ok(records(stdout).length > 4500)
    assert.match(
      stderr,
      /cannot read .*cut\.gz: the gzip data is damaged or cut off \(unexpected end of file\)\n$/,
    )
  })

  it('says that a disk is full, and ends with 1', { skip: !existsSync('/dev/full') }, async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    for (const option of ['-o', '--errors']) {
      const { code, stderr } = await normalize(['-r', join(folder, 'r.yaml'), option, '/dev/full'], EVENTS)
      assert.equal(code, 1)
      assert.match(stderr, /cannot write \/dev\/full: no space left on device\n$/)
    }
  })

  it('ends quietly with 0 when the reader of its output goes away', async () => {
    const events = '{"user":"A","bytes":1}\n'.repeat(200_000)
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': events })
    const command = startNormalize('-r', join(folder, 'r.yaml'), join(folder, 'e.jsonl'))
    await command.until(({ stdout }) => stdout !== '')
    command.child.stdout.destroy()
    const { code, signal, stderr } = await command.finished
    assert.deepEqual([code, signal, stderr], [0, null, ''])
  })

  it('ends quietly with 0 when the reader goes away while it waits for input', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const command = startNormalize('-r', join(folder, 'r.yaml'))
    command.child.stdin.write('{"user":"A"}\n')
    await command.until(({ stdout }) => stdout !== '')
    command.child.stdout.destroy()
    command.child.stdin.write('{"user":"B"}\n')
    assert.equal((await command.finished).code, 0)
  })

  it('ends quietly with 0 when the reader of the rejected events goes away', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': 'bad\n'.repeat(500_000) })
    const command = startNormalize('-r', join(folder, 'r.yaml'), join(folder, 'e.jsonl'))
    await command.until(({ stderr }) => stderr !== '')
    command.child.stderr.destroy()
    const { code, signal } = await command.finished
    assert.deepEqual([code, signal], [0, null])
  })

  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    it(`finishes what was read on ${name}, and ends with 0`, {
      skip: process.platform === 'win32',
    }, async () => {
      const folder = folderWith({ 'r.yaml': RULES })
      const command = startNormalize('-r', join(folder, 'r.yaml'), '--stats')
      command.child.stdin.write('{"user":"A"}\n{"user":"B"}\n{"user":"C"}')
      await command.until(({ stdout }) => records(stdout).length === 2)
      command.child.kill(name)
      const { code, signal, stdout, stderr } = await command.finished
      assert.deepEqual([code, signal], [0, null])
      assert.equal(records(stdout).length, 3)
      assert.equal(JSON.parse(stderr).written, 3)
    })
  }

  it('is killed by a second signal while it waits for its reader', {
    skip: process.platform === 'win32',
  }, async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'e.jsonl': '{"user":"A"}\n'.repeat(200_000) })
    const command = startNormalize('-r', join(folder, 'r.yaml'), join(folder, 'e.jsonl'))
    await command.until(({ stdout }) => stdout !== '')
    command.child.stdout.pause()
    // The first one finds it at work; which of the next ones finds it waiting cannot be seen from here.
    const timer = setInterval(() => command.child.kill('SIGTERM'), 50)
    const signal = await new Promise((resolve) =>
      command.child.on('exit', (_code, killedBy) => resolve(killedBy)),
    )
    clearInterval(timer)
    command.child.stdout.resume()
    // The system kills, or the thread that does so where this one cannot.
    assert.ok(signal === 'SIGTERM' || signal === 'SIGKILL', String(signal))
    await command.finished
  })

  it('reloads the rules between batches when their file changes', async () => {
    const folder = folderWith({ 'r.yaml': 'rules: "\'one\'"\n', 'r.new': 'rules: "\'three\'"\n' })
    const path = join(folder, 'r.yaml')
    const command = startNormalize('-r', path, '--watch')
    const send = async (expected: string, count: number) => {
      command.child.stdin.write('{}\n')
      await command.until(({ stdout }) => records(stdout).length === count)
      assert.deepEqual(records(command.stdout).at(-1), { rules: expected })
    }
    await send('one', 1)
    writeFileSync(path, 'rules: "\'two\'"\n')
    await command.until(({ stderr }) => stderr.endsWith('reloaded\n'))
    await send('two', 2)
    writeFileSync(path, 'rules: "lowr(x)"\n')
    await command.until(({ stderr }) => stderr.endsWith('the rules stay as they were\n'))
    assert.match(command.stderr, /unknown function 'lowr'/)
    await send('two', 3)
    const reloaded = command.stderr.length
    renameSync(join(folder, 'r.new'), path)
    await command.until(({ stderr }) => stderr.slice(reloaded).endsWith(': reloaded\n'))
    await send('three', 4)
    command.child.stdin.end()
    assert.equal((await command.finished).code, 0)
  })

  it('does not wait for changes when the input has ended', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    assert.equal((await normalize(['-r', join(folder, 'r.yaml'), '--watch'], '{"user":"A"}')).code, 0)
  })

  it('prints its usage', async () => {
    const { code, stdout, stderr } = await normalize(['--help'])
    assert.deepEqual([code, stderr], [0, ''])
    for (const word of [
      '--rules',
      '--lookups',
      '--input-format',
      '--output',
      '--errors',
      '--on-error',
      '--max-line',
      '--max-work',
      '--max-built',
    ]) {
      assert.ok(stdout.includes(word), word)
    }
  })
})

describe('normalize check', { concurrency: 4 }, () => {
  it('says what the rules read and write', async () => {
    const folder = folderWith({ 'r.yaml': RULES })
    const path = join(folder, 'r.yaml')
    const expected = `${path}: 2 fields (user.name, bytes) from bytes, user\n`
    for (const argv of [
      ['check', '-r', path],
      ['-r', path, 'check'],
      ['check', `--rules=${path}`],
    ]) {
      const { code, stdout, stderr } = await normalize(argv)
      assert.deepEqual([code, stdout, stderr], [0, expected, ''])
    }
  })

  it('prints every error and ends with 2', async () => {
    const folder = folderWith({ 'r.yaml': 'a: lowr(x)\nb: uper(x)\n' })
    const { code, stdout, stderr } = await normalize(['check', '-r', join(folder, 'r.yaml')])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /lowr[\s\S]*uper[\s\S]*2 errors/)
  })

  it('needs a rule file', async () => {
    const { code, stderr } = await normalize(['check'])
    assert.deepEqual([code, stderr], [2, 'a rule file is needed: --rules FILE\n'])
  })
})

describe('normalize functions', { concurrency: 4 }, () => {
  it('prints the page of a function with examples and their results', async () => {
    const { code, stdout } = await normalize(['functions', 'split'])
    assert.equal(code, 0)
    assert.match(stdout, /^split\(s, sep\)\n {2}\S/)
    assert.match(stdout, /\n {2}Examples\n {4}split\([\s\S]*-> /)
  })

  it('prints all pages', async () => {
    const { stdout } = await normalize(['functions'])
    for (const name of ['lower', 'cond', 'normalize_windows_sid'])
      assert.match(stdout, new RegExp(`^${name}\\(`, 'm'))
  })

  it('guesses what was meant', async () => {
    const { code, stdout, stderr } = await normalize(['functions', 'lowr'])
    assert.deepEqual([code, stdout, stderr], [2, '', 'no function lowr; did you mean lower?\n'])
    assert.match((await normalize(['functions', 'xyz'])).stderr, /no function xyz; there are: lower, upper/)
  })
})
