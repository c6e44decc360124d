import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { CORE_SCHEMA, load } from 'js-yaml'
import { complete, diagnose, hover, kindOf, rangeOf } from '../../../src/authoring/editor/index.ts'
import { testSchema } from '../../../src/authoring/editor/schema.ts'
import {
  DETECTION_KEYS,
  INPUT_KEYS,
  KEYS_OF_A_CASE,
  REJECT_KEYS,
  RULE_KEYS,
  type TestKey,
  TOP_KEYS,
} from '../../../src/authoring/test/keys.ts'
import { MATCHERS } from '../../../src/authoring/test/matchers.ts'
import { Lines } from '../../../src/expression/syntax/lines.ts'
import { readCases } from '../test/running.ts'
import { marked } from './marked.ts'
import { schemaFaults } from './schema-faults.ts'

const ROOT = new URL('../../../', import.meta.url)
const FILE = { file: 'x.test.yaml' }

describe('files of tests in an editor', () => {
  it('get the problems that normalize test reports, under what is at fault', () => {
    const text = 'cases:\n  - name: a\n    event: {x: 1}\n    expect: {a: {$mtach: x}}\n    dorp: true\n'
    const problems = diagnose(marked(text, FILE).document)
    assert.deepEqual(problems, readCases(text).problems)
    const lines = new Lines(text)
    assert.deepEqual(
      problems.map((problem) => {
        const { start, end } = rangeOf(problem, lines)
        return [text.slice(start, end), problem.hint?.split('\n')[0]]
      }),
      [
        ['dorp', "did you mean 'drop'?"],
        ['$mtach', "did you mean '$match'?"],
      ],
    )
  })

  it('name rule files, which have to exist', () => {
    const text = 'rules: [a.yaml, ../b.yaml]\ncases:\n  - {event: {x: 1}, drop: true}\n'
    const told = (exists: (path: string) => boolean) =>
      diagnose(marked(text, { file: 'd/x.test.yaml', exists }).document)
    assert.deepEqual(
      told((path) => path === 'b.yaml').map(({ line, column, message }) => [line, column, message]),
      [[1, 8, 'there is no rule file or folder d/a.yaml']],
    )
    assert.deepEqual(
      told(() => true),
      [],
    )
  })

  it('have settings in golden folders, for an input of any format', () => {
    const options = (text: string) => diagnose(marked(text, { file: 'g/_options.yaml' }).document)
    assert.equal(kindOf('g/_options.yaml', ''), 'test-options')
    assert.deepEqual(options('columns: [a, b]\n'), [])
    assert.deepEqual(options('multiline: "^x"\nlookups: t.yaml\n'), [])
    assert.match(options('cases: []\n')[0]!.message, /no key 'cases'/)
  })

  const labels = (text: string) => {
    const { document, offset } = marked(text, FILE)
    return complete(document, offset).items.map(({ label }) => label)
  }
  const names = (keys: readonly TestKey[]) => keys.map(({ name }) => name)
  const caseWithout = (...taken: readonly string[]) =>
    names(KEYS_OF_A_CASE).filter((name) => !taken.includes(name))

  for (const [place, text, expected] of [
    ['at the top', '¦', names(TOP_KEYS)],
    ['at the top, without those that are there', 'rules: a\n¦\n', names(TOP_KEYS).slice(1)],
    ['in a case', 'cases:\n  - name: a\n    ¦', caseWithout('name')],
    [
      'in a case, without the keys above and below it, but with those of its neighbours',
      'cases:\n  - raw: x\n  - name: a\n    expect:\n      drop: 1\n    # event: {}\n    ¦\n\n    skip: true\n  - route: a\n',
      caseWithout('name', 'expect', 'skip'),
    ],
    ['at the beginning of a case with keys', 'cases:\n  - ¦\n    drop: true\n', caseWithout('drop')],
    ['at the beginning of a case', 'cases:\n  - ¦', names(KEYS_OF_A_CASE)],
    ['in a case in braces', 'cases:\n  - {name: "a, {", ¦', caseWithout('name')],
    [
      'in a case in braces, without the keys behind it',
      'cases:\n  - {name: "a, {", ¦, expect: {drop: 1}, skip: "x, raw: y"}\n',
      caseWithout('name', 'expect', 'skip'),
    ],
    ['in a rejection with a code', 'cases:\n  - reject: {code: X, ¦}', names(REJECT_KEYS).slice(1)],
    ['in an output', 'cases:\n  - expect: {source: {ip: {$¦', names(MATCHERS)],
    [
      'in an output in a block',
      'cases:\n  - expect_partial:\n      source:\n        ip: {¦}',
      names(MATCHERS),
    ],
    [
      'in an output on lines of its own',
      "cases:\n  - expect: {'a''b': 1,\n      source: {ip: {¦",
      names(MATCHERS),
    ],
    ['in a rejection', 'cases:\n  - reject: {c¦', names(REJECT_KEYS)],
    ['in one of several rejections', 'cases:\n  - reject: [{code: X}, {¦', names(REJECT_KEYS)],
    ['in a detection', 'cases:\n  - detections: {192.0.2.7: [{¦', names(DETECTION_KEYS)],
    ['behind $any', 'cases:\n  - expect: {a: {$any: ¦', MATCHERS[0].values],
    ['behind a code', 'cases:\n  - reject: {code: ¦', REJECT_KEYS[0].values],
    ['behind a format', 'input_format: ¦', INPUT_KEYS[0].values],
    ['behind a setting in a case', 'cases:\n  - invalid_utf8: re¦', ['reject', 'replace']],
    ['in an event', 'cases:\n  - event: {¦', []],
    ['in quotes', "cases:\n  - expect: {a: '{$¦", []],
    ['in the text of a case', 'cases:\n  - raw: |\n      {¦', []],
    ['in a comment', 'cases:\n  - expect: {a: 1, # {¦', []],
  ] as const) {
    it(`complete ${place}`, () =>
      assert.deepEqual(labels(text), (expected as readonly unknown[]).map(String)))
  }

  it('complete the word that is being written, and explain a key', () => {
    const { document, offset } = marked('cases:\n  - expect: {a: {$ma¦}}', FILE)
    const { start, end, items } = complete(document, offset)
    const { insert } = items.find(({ label }) => label === '$match')!
    assert.equal(
      document.text.slice(0, start) + insert + document.text.slice(end),
      'cases:\n  - expect: {a: {$match: }}',
    )
    const at = (text: string) => {
      const place = marked(text, FILE)
      return hover(place.document, place.offset)?.text
    }
    assert.match(at('cases:\n  - expect: {a: {$con¦tains: x}}')!, /list with this element/)
    assert.match(at('cases:\n  - na¦me: x\n')!, /unique/)
    assert.equal(at('cases:\n  - event: {na¦me: x}\n'), undefined)
  })
})

describe('routes files in an editor', () => {
  it('tell the rule files that do not exist, as the command finds them', () => {
    const text = "routes:\n  - asa\n  - {when: a == 'x', rules: ../gone.yaml}\n  - /b\n  - {rules: c.yml}\n"
    const there = new Set(['rules/asa.yaml', 'rules/b'])
    const { document } = marked(text, { file: 'rules/routes.yaml', exists: (path) => there.has(path) })
    assert.deepEqual(
      diagnose(document).map(({ line, column, message }) => `${line}:${column} ${message}`),
      ['3:29 there is no rule file or folder gone.yaml', '5:13 there is no rule file or folder rules/c.yml'],
    )
    assert.deepEqual(diagnose(marked(text, { file: 'rules/routes.yaml' }).document), [])
  })
})

describe('the schema of files of tests', () => {
  const schema = testSchema()
  const faults = (text: string) => schemaFaults(schema, load(text, { schema: CORE_SCHEMA }))
  const read = (text: string) => readCases(text).problems.map(({ message }) => message)

  it('takes the fixtures, and the tests in the documents', () => {
    const document = readFileSync(new URL('src/authoring/README.md', ROOT), 'utf8')
    const examples = Array.from(
      document.matchAll(/<!-- file: \S+\.test\.yaml -->\n```yaml\n([\s\S]*?)```/g),
      ([, text]) => text!,
    )
    assert.ok(examples.length > 0, 'tests in the documents')
    for (const vendor of ['fortigate', 'linux-auth', 'nginx', 'cef']) {
      const file = new URL(`fixtures/vendors/${vendor}/rules.test.yaml`, ROOT)
      assert.ok(existsSync(file), vendor)
      examples.push(readFileSync(file, 'utf8'))
    }
    for (const text of examples) assert.deepEqual([faults(text), read(text)], [[], []])
  })

  it('has the keys and matchers that the documents explain, and no other ones', () => {
    const document = readFileSync(new URL('src/authoring/README.md', ROOT), 'utf8')
    const chapter = document.slice(
      document.indexOf('### A test file'),
      document.indexOf('### Golden folders'),
    )
    const documented = Array.from(chapter.matchAll(/^\| ([^|]*) \|/gm), ([, cell]) =>
      Array.from(cell!.matchAll(/`\{?([$\w]+)(?::[^`]*)?`/g), ([, name]) => name!),
    ).flat()
    const known = [...TOP_KEYS, ...KEYS_OF_A_CASE, ...MATCHERS].map(({ name }) => name)
    assert.deepEqual(new Set(documented), new Set(known))
    const inSchema = (at: unknown) => Object.keys((at as { properties: object }).properties).sort()
    const definitions = schema.definitions as Record<string, unknown>
    assert.deepEqual(inSchema(schema), names(TOP_KEYS))
    assert.deepEqual(inSchema(definitions.case), names(KEYS_OF_A_CASE))
    assert.deepEqual(inSchema(definitions.matcher), names(MATCHERS))
  })

  const names = (keys: readonly TestKey[]) => keys.map(({ name }) => name).sort()
  const one = (lines: string) => `cases:\n  - event: {x: 1}\n    ${lines}\n`
  const top = (line: string) => `${line}\ncases:\n  - {event: {x: 1}, drop: true}\n`

  it('takes and refuses what the reader takes and refuses', () => {
    const good = [
      ...[
        'rules: a.yaml',
        'rules: [a, b]',
        'lookups: [t.yaml]',
        'mmdb: city.mmdb',
        'mmdb: [a.mmdb]',
        'x-a: 1',
      ],
      ...[
        'max_work: 5',
        'received: 2024-03-04T10:00:00Z',
        'input_format: csv\ncolumns: [a, 1]',
        'max_line: 9',
      ],
      ...[...RULE_KEYS, ...INPUT_KEYS].flatMap((key: TestKey) =>
        (key.values ?? []).map((value) => `${key.name}: ${value}`),
      ),
    ].map(top)
    const goodCases = [
      ...['drop: 2', 'skip: later', 'route: 5', 'reject: [true, {code: {$not: X}, message: {$match: x}}]'],
      ...['detections: timeout', 'detections: {192.0.2.7: {category: c, indicator: {a: 1}}}', 'name: 5'],
      ...['expect: [{a: [1, {b: {$any: true}}]}, {}]', 'expect_partial: {a: {$approx: [1, 0.5]}}'],
      ...['expect: {a: {$literal: {$x: 1}}, b: {$contains: [{$absent: true}]}, c: {$unordered: []}}'],
      ...REJECT_KEYS[0].values.map((code) => `reject: ${code}`),
      ...MATCHERS[0].values.map((kind) => `expect: {a: {$any: ${kind}}}`),
    ].map(one)
    for (const text of [...good, ...goodCases])
      assert.deepEqual([text, faults(text), read(text)], [text, [], []])
    const bad = [
      ...['rules: 5', 'mmdb: {a: b}', 'no_route: stop', 'max_work: 0', 'received: now', 'invalid_utf8: keep'],
      ...['input_format: xml', 'rule: a', 'allow_unsafe_patterns: 1'],
    ].map(top)
    const badCases = [
      ...['drop: -1', 'skip: 1', 'raw: a', 'expect: 5', 'expect: {a: {$mtach: x}}', 'reject: NO_SUCH_CODE'],
      ...['expect: {a: {$any: thing}}', 'expect: {a: {$absent: false}}', 'expect: {a: {$any: ip, b: 1}}'],
      ...[
        'reject: {reason: x}',
        'detections: {a: [{indicator: {}}]}',
        'expect: {a: {$approx: x}}',
        'out: {}',
      ],
      ...['expect: {}\n    expect_partial: {}', 'expect: {a: {$one_of: 5}}', 'expect: {a: {$match: 5}}'],
    ].map(one)
    for (const text of [...bad, ...badCases, 'cases: []\n', 'rules: a\n', 'cases: [{drop: true}]\n']) {
      assert.ok(faults(text).length > 0, `the schema takes ${text}`)
      assert.ok(read(text).length > 0, `the reader takes ${text}`)
    }
  })
})
