import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { compileRules, REJECTION_CODES } from '../src/index.ts'
import {
  ARCHITECTURE,
  readReadme,
  readSteps,
  Tour,
  withOutputs,
  withReference,
  withSampleSource,
} from './readme.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const readme = readReadme()
const steps = readSteps(readme)

test('the commands of the README print what it shows', async (context) => {
  const tour = new Tour()
  context.after(() => tour.end())
  for (const step of steps) {
    const printed = await tour.take(step)
    if (step.kind === 'command') assert.equal(printed, step.output, step.command)
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

  it('has many steps', () => {
    assert.ok(steps.filter(({ kind }) => kind === 'command').length >= 15)
    assert.ok(steps.filter(({ kind }) => kind === 'file').length >= 6)
  })

  it('begins with the two commands that a newcomer needs', () => {
    const [install, check] = [...readme.matchAll(/```sh\n(.*)\n```/g)].map(([, command]) => command)
    assert.match(install!, /^npm ci && node dist\/cli\/normalize\.js /)
    assert.equal(check, 'npm ci && npm test')
    for (const [path] of install!.matchAll(/fixtures\S+/g)) assert.ok(existsSync(join(ROOT, path)), path)
    assert.match(readFileSync(join(ROOT, '.ci', 'run'), 'utf8'), /^run npm ci\nrun npm test$/m)
  })

  it('has the reference that the functions give: `npm run readme` writes it', () => {
    assert.equal(withReference(readme), readme)
    assert.match(readme, /^### parse_timestamp$/m)
  })

  it('names every option of the commands, and no other', async () => {
    const commands = ['normalize', 'tracer serve', 'tracer compile', 'tracer inspect', 'tracer lookup']
    for (const command of commands) {
      const [name, ...subcommand] = command.split(' ')
      const argv = [`dist/cli/${name}.js`, ...subcommand, '--help']
      const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: ROOT })
      const ofHelp = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
      const [, section] = readme.split(`\n### ${command}\n`)
      const rows = section!.split(/\n##/)[0]!.match(/^\| `-.*? \|/gm)!
      const ofReadme = rows.flatMap((row) => [...row.matchAll(/--[\w-]+/g)].map(([option]) => option))
      assert.deepEqual(ofReadme.sort(), ofHelp.filter((option) => option !== '--help').sort(), command)
    }
  })

  it('names every code with which an event is rejected, and no other', () => {
    const codes = [...readme.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, code]) => code)
    assert.deepEqual(codes, Object.keys(REJECTION_CODES))
  })

  it('describes the language with rules that compile', () => {
    const [, rules] = /## The rule language\n+```yaml\n(.*?)```/s.exec(readme)!
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

  it('links to what is there', () => {
    const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    for (const [, target] of readme.matchAll(/\]\(([^)]+)\)/g)) {
      if (target!.startsWith('#')) assert.ok(headings.includes(target!.slice(1)), target)
      else if (!target!.startsWith('https://')) assert.ok(existsSync(join(ROOT, target!)), target)
    }
  })
})

describe('the description of the architecture', () => {
  const text = readFileSync(ARCHITECTURE, 'utf8')

  it('shows the code that its rules are compiled to: `npm run readme` writes it', () => {
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
