import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import process from 'node:process'
import { describe, it, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compileRules, REJECTION_CODES } from '../src/index.ts'
import {
  ARCHITECTURE,
  anchorsOf,
  findDocuments,
  linksOf,
  REFERENCE,
  readDocument,
  readMigration,
  readSteps,
  referenceText,
  Tour,
  unrunBlocks,
  withOutputs,
  withSampleSource,
} from './readme.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENTS = findDocuments()
const readme = readDocument('README.md')
const commands = readDocument('src/cli/README.md')

for (const path of DOCUMENTS) {
  const steps = readSteps(readDocument(path))
  if (!steps.some(({ kind }) => kind === 'command')) continue
  test(`the commands of ${path} print what it shows: \`npm run docs\` writes it`, async (context) => {
    const tour = new Tour()
    context.after(() => tour.end())
    for (const step of steps) {
      const printed = await tour.take(step)
      if (step.kind === 'command') assert.equal(printed, step.output, step.command)
    }
  })
}

describe('every document', () => {
  it('is among those that are tested', () => {
    for (const path of ['README.md', 'src/README.md', 'src/tracer/README.md', 'bench/README.md'])
      assert.ok(DOCUMENTS.includes(path), path)
  })

  it('links to files and headings that are there', () => {
    for (const path of DOCUMENTS) {
      for (const target of linksOf(readDocument(path))) {
        if (/^https:\/\/[\w.-]+(?:\/\S*)?$/.test(target)) continue
        const [file, anchor] = target.split('#') as [string, string?]
        const linked = file === '' ? path : posix.join(dirname(path), file)
        assert.ok(existsSync(join(ROOT, linked)), `${path}: ${target}`)
        if (anchor !== undefined)
          assert.ok(anchorsOf(readDocument(linked)).includes(anchor), `${path}: ${target}`)
      }
    }
  })

  it('says why a block of commands is not run', () => {
    for (const path of DOCUMENTS) {
      if (path === 'README.md') continue
      for (const { language, reason } of unrunBlocks(readDocument(path)))
        assert.ok(reason !== undefined, `${path}: a block of ${language} without <!-- not run: REASON -->`)
    }
    assert.equal(unrunBlocks(readme).length, 2, 'the two commands of the README, which .ci/run runs')
  })

  it('is shipped with the package if the README leads to it', () => {
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    for (const target of linksOf(readme)) {
      if (target.startsWith('https://') || target.startsWith('#')) continue
      assert.ok(
        files.some((name) => target === name || target.startsWith(`${name}/`)),
        target,
      )
    }
  })
})

test('the page of the examples names every table of lookups.yaml, and no other', () => {
  const tables = [...readFileSync(join(ROOT, 'fixtures/lookups.yaml'), 'utf8').matchAll(/^([a-z_0-9]+):/gm)]
  const rows = [...readDocument('fixtures/README.md').matchAll(/^\| `([a-z_0-9]+)` \|/gm)]
  assert.deepEqual(
    rows.map(([, name]) => name),
    tables.map(([, name]) => name),
  )
})

test('every rule of the migration page gives the value that stands beside it', () => {
  const { event, rows } = readMigration(readDocument('src/rules/README.md'))
  assert.ok(rows.length > 50, `${rows.length} rows`)
  for (const { rule, value } of rows) {
    const { output, rejection } = compileRules(rule)(event)
    assert.equal(rejection, undefined, rule)
    const [, field] = /^"?([\w.@]+)"?: /.exec(rule)!
    const member = field!.split('.').reduce<any>((inner, key) => inner[key], output)
    assert.deepEqual(member, JSON.parse(value), rule)
  }
})

describe('the README', () => {
  it('is read as it is meant: files, commands, commands in several lines', () => {
    const text = [
      '<!-- file: a.yaml -->\n```yaml\na: b\n```\n',
      '```console\n$ one\nout\n\nout\n$ two \\\n  more\n$ three\n```\n',
      '```sh\n$ not this\n```\n',
    ].join('\n')
    assert.deepEqual(readSteps(text), [
      { kind: 'file', name: 'a.yaml', text: 'a: b\n' },
      { kind: 'command', command: 'one', output: 'out\n\nout\n' },
      { kind: 'command', command: 'two \\\n  more', output: '' },
      { kind: 'command', command: 'three', output: '' },
    ])
    assert.equal(
      withOutputs('```console\n$ a\nold\n$ b\n```\n', ['new\n', 'x\n']),
      '```console\n$ a\nnew\n$ b\nx\n```\n',
    )
  })

  it('begins with the two commands that a newcomer needs', () => {
    const [install, check] = [...readme.matchAll(/```sh\n(.*)\n```/g)].map(([, command]) => command)
    assert.match(install!, /^npm ci && node dist\/cli\/normalize\.js /)
    assert.equal(check, 'npm ci && npm test')
    for (const [path] of install!.matchAll(/fixtures\S+/g)) assert.ok(existsSync(join(ROOT, path)), path)
    assert.match(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'), /^run npm ci$[\s\S]*^run npm test$/m)
  })

  it('is short', () => {
    assert.ok(readme.split('\n').length < 300)
  })
})

describe('the other documents', () => {
  it('have the reference that the functions give: `npm run docs` writes it', () => {
    assert.equal(readDocument(REFERENCE), referenceText())
    assert.match(referenceText(), /^## parse_timestamp$/m)
  })

  it('name every option of the commands, and no other', async () => {
    const names = [
      ...['normalize', 'normalize test', 'normalize playground', 'normalize serve', 'normalize kafka'],
      ...['tracer serve', 'tracer compile', 'tracer inspect', 'tracer lookup'],
      ...['tracer add', 'tracer remove', 'tracer list'],
    ]
    for (const command of names) {
      const [name, ...subcommand] = command.split(' ')
      const argv = [`dist/cli/${name}.js`, ...subcommand, '--help']
      const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: ROOT })
      const ofHelp = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
      const [, section] = commands.split(`\n### ${command}\n`)
      const rows = section!.split(/\n##/)[0]!.match(/^\| `-.*? \|/gm)!
      const ofReadme = rows.flatMap((row) => [...row.matchAll(/--[\w-]+/g)].map(([option]) => option))
      assert.deepEqual(ofReadme.sort(), ofHelp.filter((option) => option !== '--help').sort(), command)
    }
  })

  it('name every code with which an event is rejected, and no other', () => {
    const codes = [...commands.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, code]) => code)
    assert.deepEqual(codes, Object.keys(REJECTION_CODES))
  })

  it('describe the language with rules that compile', () => {
    const [, rules] = /## A rule file\n+```yaml\n(.*?)```/s.exec(readDocument('src/expression/README.md'))!
    assert.deepEqual(compileRules(rules!).writes, [
      '@timestamp',
      'source.ip',
      'source.port',
      'event.severity',
      'event.kind',
      'url',
      'file.hash',
    ])
  })
})

describe('the description of the architecture', () => {
  const text = readDocument(ARCHITECTURE)

  it('shows the code that its rules are compiled to: `npm run docs` writes it', () => {
    assert.equal(withSampleSource(text), text)
  })

  it('names files that are there', () => {
    const paths = [...text.matchAll(/`((?:[a-z-]+\/)*[a-z-]+\.ts|(?:[a-z-]+\/)+)`/g)].map(([, path]) => path!)
    assert.ok(paths.length > 20)
    for (const path of paths) {
      const places = ['src', 'src/expression', 'src/tracer', '.'].map((folder) => join(ROOT, folder, path))
      assert.ok(
        places.some((place) => existsSync(place)),
        path,
      )
    }
  })
})
