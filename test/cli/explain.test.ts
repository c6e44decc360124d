import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith, normalize } from './command.ts'

const FOLDER = folderWith({
  'r.yaml': 'source.ip: src\nport: lower(port)\n',
  'text.yaml': "user: extract(message, 'user=(?P<user>\\w+)')['user']\n",
  'in.jsonl': '{"src": "a", "port": "X"}\n{"src": "a", "port": 5}\nno json\n',
  'broken.jsonl': '{"line": 1}\n',
})
mkdirSync(join(FOLDER, 'sets'))
writeFileSync(join(FOLDER, 'sets', 'a.yaml'), "when: kind == 'a'\nx: a\n")
writeFileSync(join(FOLDER, 'sets', 'b.yaml'), "when: kind == 'b'\ny: b\n")
const file = (name: string): string => join(FOLDER, name)

/** The outcome of `normalize explain`. */
async function explained(argv: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await normalize(['explain', ...argv], input)
  return `${stdout}${stderr}${code === 0 ? '' : `exit code ${code}`}`
    .replaceAll(`${FOLDER}/`, '')
    .replaceAll(`${FOLDER}\\`, '')
}

describe('normalize explain', { concurrency: 2 }, () => {
  it('tells of an event, also behind options of the command', async () => {
    const expected =
      'r.yaml\n  1  source.ip: src → "a"\n  2  port: lower(port) → "x"\n                 └ "X"\noutput {"source":{"ip":"a"},"port":"x"}\n'
    assert.equal(await explained(['-r', file('r.yaml'), '{"src": "a", "port": "X"}']), expected)
    const before = await normalize([
      '-r',
      file('r.yaml'),
      'explain',
      '--field',
      'port',
      '{"src": 1, "port": "X"}',
    ])
    assert.match(before.stdout, /^\S+\n {2}2 {2}port: lower\(port\) → "x"\n {17}└ "X"\n$/)
  })

  it('tells of every event of a file and of standard input, rejected ones too', async () => {
    const told = await explained(['-r', file('r.yaml'), '--json', file('in.jsonl')])
    const records = told
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      records.map(({ event, outcome, rejection }) => [
        event.split(' ').slice(1).join(' '),
        outcome,
        rejection?.code,
      ]),
      [
        ['line 1', 'output', undefined],
        ['line 2', 'rejected', 'TYPE_ERROR'],
        ['line 3', 'rejected', 'JSON_INVALID'],
      ],
    )
    assert.deepEqual(records[1].at.text, 'lower(port)')
    const text = ['-r', file('text.yaml'), '--input-format', 'text', '-']
    assert.match(
      await explained(text, 'user=anna\nx\n'),
      /^line 1\n[\s\S]* → "anna"\n[\s\S]*\nline 2\n[\s\S]*rejected with FIELD_MISSING by user\n$/,
    )
  })

  it('says of the record of an element that the whole event is needed, with many rule sets, too', async () => {
    const rules = file('several')
    mkdirSync(rules)
    writeFileSync(join(rules, 'parts.yaml'), 'when: exists(parts)\nsplit: parts\nx: lower(v)\n')
    writeFileSync(join(rules, 'whole.yaml'), 'when: exists(v)\nx: lower(v)\n')
    const events = '{"parts": [{"v": "A"}, {"v": 5}]}\n{"parts": 5}\n{"v": 5}\n{}\n'
    await normalize(['-r', rules, '--errors', file('several.jsonl'), '-'], events)
    const told = await explained(['-r', rules, '--errors', file('several.jsonl')])
    const notes = told.split(/^(?=- line|\S+ line )/m).map((part) => /explain the whole event/.test(part))
    assert.deepEqual(notes, [true, false, false, false], told)
    assert.match(told, /split: parts → TYPE_ERROR/)
    // A text that is no event was read before anything was split.
    const alone = ['-r', join(rules, 'parts.yaml'), '--errors', file('alone.jsonl')]
    await normalize([...alone, '-'], 'no JSON\n[1]\n{"parts": [{"v": 5}]}\n')
    assert.match(
      await explained(alone),
      /JSON_INVALID\nrejected with JSON_INVALID: not valid JSON.*\n\n.*JSON_NOT_OBJECT\nrejected with .*\n\n.*\n.*\nthe record has one element/,
    )
  })

  it('explains the records of an errors output, and says which line is none', async () => {
    await normalize(['-r', file('r.yaml'), '--errors', file('errors.jsonl'), file('in.jsonl')])
    const told = await explained(['-r', file('r.yaml'), '--errors', file('errors.jsonl')])
    assert.match(
      told,
      /^in\.jsonl line 2: TYPE_ERROR by port\nr\.yaml\n {2}2 {2}port: lower\(port\) → TYPE_ERROR: .*\n +\^{11}\n/,
    )
    assert.match(
      told,
      /\n\nin\.jsonl line 3: JSON_INVALID\nrejected with JSON_INVALID: not valid JSON: .*\n$/,
    )
    const broken = await explained(['-r', file('r.yaml'), '--errors', file('broken.jsonl')])
    assert.match(
      broken,
      /^broken\.jsonl:1: this is no record of an errors output: it has no 'code' and 'message'\n/,
    )
    assert.match(broken, /exit code 2$/)
  })

  it('says which rule set takes an event, and why others do not', async () => {
    const told = await explained(['-r', file('sets'), '{"kind": "b", "b": 1}'])
    assert.match(told, /no {3}a when: kind == 'a' → false\n +└ "b"\n/)
    assert.match(told, /\nb takes the event\n/)
    const none = await explained(['-r', file('sets'), '--no-route', 'drop', '{"kind": "c"}'])
    assert.match(none, /no rule set takes the event\n\ndropped\n$/)
  })

  it('describes the rules without an event, and prints their code', async () => {
    assert.match(
      await explained(['-r', file('sets')]),
      /^a \(.*a\.yaml\): 1 rule\n {2}takes events with kind == 'a'\n {2}events take the fast path\n/,
    )
    assert.match(
      await explained(['-r', file('r.yaml'), '--code']),
      /^'use strict'\n[\s\S]*function evaluate\(run, data, raw\)/,
    )
  })

  it('says what to do about a mistake', async () => {
    const cases: [argv: string[], expected: RegExp][] = [
      [
        ['-r', file('r.yaml'), 'nothing.jsonl'],
        /^'nothing\.jsonl' is neither an event nor a file: .*'\{"a": 1\}'/,
      ],
      [
        ['-r', file('r.yaml'), '--field', 'source.io', '{}'],
        /^no rule writes the field source\.io; did you mean source\.ip\?\n/,
      ],
      [['-r', file('r.yaml'), '--errors', 'e', '{}'], /^there is either an event or --errors e/],
      [['-r', file('r.yaml'), '--code', '{}'], /^--code prints what is generated for any event/],
      [
        ['-r', file('r.yaml'), '--input-format', 'csv', 'a,b'],
        /^one record of CSV has no names: .*--columns/,
      ],
      [['{}'], /^a rule file is needed: --rules FILE\n/],
    ]
    for (const [argv, expected] of cases) {
      const told = await explained(argv)
      assert.match(told, expected)
      assert.match(told, /exit code 2$/, argv.join(' '))
    }
  })
})
