/** The formats of the input, as an operator asks for them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folderWith, normalize, startNormalize } from './command.ts'

const RULES = 'user.name: lower(user)\nraw: line.raw\n'

interface Case {
  readonly name: string
  readonly argv: readonly string[]
  readonly rules: string
  /** Contents of two files. */
  readonly inputs: readonly [string | Uint8Array, string | Uint8Array]
  readonly output: readonly string[]
  /** Without the source, which is put in. */
  readonly errors: readonly (readonly [line: number, file: 0 | 1, rest: string])[]
  readonly stats: Readonly<Record<string, unknown>>
  readonly code?: number
}

const CASES: readonly Case[] = [
  {
    name: 'lines of text',
    argv: ['--input-format', 'text'],
    rules: "user.name: message.split('user=')[1]\n",
    inputs: ['user=Ann\r\nnobody\n', '\ufeffuser=B"\\\nuser=C'],
    output: ['{"user":{"name":"Ann"}}', '{"user":{"name":"B\\"\\\\"}}', '{"user":{"name":"C"}}'],
    errors: [
      [
        2,
        0,
        '"rule":"user.name","code":"FIELD_MISSING","message":"user.name: index or key [1] is absent","raw":"nobody"',
      ],
    ],
    stats: { events: 4, written: 3, rejected: 1, bytes_unread: 0 },
  },
  {
    name: 'events of several lines',
    argv: ['--input-format', 'text', '--multiline', '\\d', '--multiline-max', '3,1KiB'],
    rules: 'm: message\n',
    inputs: ['1 a\n  b\n\n  c\n2', 'x\n3\n'],
    output: ['{"m":"1 a\\n  b\\n"}', '{"m":"  c"}', '{"m":"2"}', '{"m":"x"}', '{"m":"3"}'],
    errors: [],
    stats: { events: 5, written: 5, rejected: 0 },
  },
  {
    name: 'CSV, with names in each file',
    argv: ['--input-format', 'csv', '--delimiter', ';'],
    rules: RULES,
    inputs: ['user;x\nAnn;1\n"B\nB";"2;"\n1;2;3\n', '\nx;user\n1;"C""c"\n2;"open\n'],
    output: [
      '{"user":{"name":"ann"},"raw":"Ann;1"}',
      '{"user":{"name":"b\\nb"},"raw":"\\"B\\nB\\";\\"2;\\""}',
      '{"user":{"name":"c\\"c"},"raw":"1;\\"C\\"\\"c\\""}',
    ],
    errors: [
      [
        5,
        0,
        '"code":"CSV_INVALID","message":"not valid CSV: the record has more fields than the 2 that have names","raw":"1;2;3"',
      ],
      [
        4,
        1,
        '"code":"CSV_INVALID","message":"the input ends inside quotes, after 8 bytes of this record","raw":"2;\\"open\\n"',
      ],
    ],
    stats: { events: 5, written: 3, rejected: 2, bytes_unread: 8, rejected_by_code: { CSV_INVALID: 2 } },
    code: 1,
  },
  {
    name: 'a list in each document',
    argv: ['--input-format', 'json', '--pick', 'log.Records'],
    rules: RULES,
    inputs: [
      '{"log":{"Records":[{"user":"Ann"},\n{"user":NaN},{"user":"B"}],"n":1}}',
      '{"log":{}}\n{"log":{"Records":[{"user":"C"}]}}',
    ],
    output: [
      '{"user":{"name":"ann"},"raw":"{\\"user\\":\\"Ann\\"}"}',
      '{"user":{"name":"b"},"raw":"{\\"user\\":\\"B\\"}"}',
      '{"user":{"name":"c"},"raw":"{\\"user\\":\\"C\\"}"}',
    ],
    errors: [
      [
        2,
        0,
        '"code":"JSON_INVALID","message":"not valid JSON: expected a value at character 9, not \\"N\\"","raw":"{\\"user\\":NaN}"',
      ],
      [
        1,
        1,
        '"code":"FIELD_MISSING","message":"the document has no list log.Records","raw":"{\\"log\\":{}}"',
      ],
    ],
    stats: { events: 5, written: 3, rejected: 2, bytes_unread: 0 },
  },
  {
    name: 'another encoding, with bytes that do not fit it',
    argv: ['--encoding', 'utf-16le', '--invalid-utf8', 'replace'],
    rules: 'user.name: lower(user)\n',
    inputs: [
      Buffer.from('\ufeff{"user":"\u00c4\u{1f600}"}\r\n', 'utf16le'),
      Buffer.from('{"user":"B\udc00"}\n{}', 'utf16le'),
    ],
    output: ['{"user":{"name":"\u00e4\u{1f600}"}}', '{"user":{"name":"b\ufffd"}}'],
    errors: [
      [
        2,
        1,
        '"rule":"user.name","code":"FIELD_MISSING","message":"user.name: field user is absent","raw":"{}"',
      ],
    ],
    stats: { events: 3, written: 2, rejected: 1, replaced: 1 },
  },
]

describe('normalize, of inputs that are not JSON lines', { concurrency: 2 }, () => {
  for (const { name, argv, rules, inputs, output, errors, stats, code = 0 } of CASES) {
    it(`reads ${name}, on every way`, async () => {
      const folder = folderWith({
        'r.yaml': rules,
        one: inputs[0],
        two: inputs[1],
        'two.gz': gzipSync(inputs[1]),
      })
      const files = [join(folder, 'one'), join(folder, 'two')]
      const expected = `${output.join('\n')}\n`
      const expectedErrors = errors.map(([line, file, rest]) => {
        return `{"line":${line},"source":${JSON.stringify(files[file])},${rest}}\n`
      })
      const ways: readonly (readonly string[])[] = [[], ['--no-fast-path'], ['--workers', '2']]
      for (const way of ways) {
        const errorsFile = join(folder, `errors${way.join('')}`)
        const options = [
          '--rules',
          join(folder, 'r.yaml'),
          '--errors',
          errorsFile,
          '--stats',
          ...argv,
          ...way,
        ]
        const finished = await normalize([...options, ...files])
        assert.equal(finished.stdout, expected, way.join(' '))
        assert.equal(readFileSync(errorsFile, 'utf8'), expectedErrors.join(''), way.join(' '))
        const told = JSON.parse(finished.stderr.split('\n')[0]!)
        assert.deepEqual(Object.fromEntries(Object.keys(stats).map((key) => [key, told[key]])), stats)
        assert.equal(told.events, told.written + told.rejected)
        assert.equal(finished.code, code, finished.stderr)
      }
      const packed = await normalize([
        '--rules',
        join(folder, 'r.yaml'),
        '--errors',
        '/dev/null',
        ...argv,
        files[0]!,
        `${files[1]}.gz`,
      ])
      assert.equal(packed.stdout, expected)
      const piped = await normalize(
        ['--rules', join(folder, 'r.yaml'), '--errors', '/dev/null', ...argv],
        inputs[0],
      )
      assert.ok(expected.startsWith(piped.stdout) && piped.stdout !== '', piped.stdout)
    })
  }

  it('gives an event of several lines when nothing has come for a second', async () => {
    const folder = folderWith({ 'r.yaml': 'm: message\n' })
    const command = startNormalize(
      '-r',
      join(folder, 'r.yaml'),
      '--input-format',
      'text',
      '--multiline',
      '\\S',
    )
    command.child.stdin.write('one\n  two\n')
    await command.until(({ stdout }) => stdout === '{"m":"one\\n  two"}\n')
    command.child.stdin.end('three')
    const { stdout, code } = await command.finished
    assert.deepEqual([stdout, code], ['{"m":"one\\n  two"}\n{"m":"three"}\n', 0])
  })

  it('refuses options that make no sense, or do not fit together', async () => {
    const folder = folderWith({ 'r.yaml': 'm: message\n', output: 'kept' })
    const wrong: readonly (readonly [string[], RegExp])[] = [
      [['--pick', 'a'], /--pick needs --input-format json/],
      [['--columns', 'a'], /--columns needs --input-format csv/],
      [['--input-format', 'text', '--delimiter', ';'], /--delimiter needs --input-format csv/],
      [['--input-format', 'csv', '--delimiter', ';;'], /The delimiter has to be one character/],
      [['--input-format', 'csv', '--columns', 'a,b,a'], /The column "a" is named twice/],
      [['--input-format', 'csv', '--columns', 'a,,b'], /Each column has to have a name/],
      [['--input-format', 'json', '--pick', 'a..b'], /The path has to be names with a dot/],
      [['--multiline', 'a'], /--multiline needs --input-format text/],
      [['--input-format', 'text', '--multiline-max', '5'], /--multiline-max needs --multiline/],
      [
        ['--input-format', 'text', '--multiline', 'a', '--multiline-max', '5KB'],
        /It has to be a number of lines/,
      ],
      [['--input-format', 'text', '--multiline', '(a'], /--multiline: the pattern "\(a" cannot be used/],
      [['--encoding', 'utf-9'], /There is no encoding "utf-9"/],
      [['--invalid-utf8', 'drop'], /Allowed choices are reject, replace/],
      [['--input-format', 'xml'], /Allowed choices are jsonl, json, text, csv/],
    ]
    for (const [argv, message] of wrong) {
      const { code, stderr } = await normalize([
        '-r',
        join(folder, 'r.yaml'),
        '-o',
        join(folder, 'output'),
        ...argv,
      ])
      assert.match(stderr, message)
      assert.equal(code, 2, stderr)
    }
    assert.equal(readFileSync(join(folder, 'output'), 'utf8'), 'kept')
  })
})
