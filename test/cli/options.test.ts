import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Command, CommanderError, Option } from 'commander'
import { refuseRepeated } from '../../src/cli/given-once.ts'
import { refuseMistyped } from '../../src/cli/unknown-command.ts'
import { folderWith, normalize } from './command.ts'
import { tracer } from './serving.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** The fault of the arguments; '' if there is none. */
function complaint(...argv: string[]): string {
  let written = ''
  const program = new Command('p')
    .exitOverride()
    .configureOutput({ writeErr: (text) => (written += text) })
    .enablePositionalOptions()
    .argument('[FILE...]')
    .option('-o, --output <file>')
    .option('--level [n]')
    .option('--list <item>', '', (item: string, items: string[] | undefined) => [...(items ?? []), item])
    .option('--many <items...>')
    .addOption(new Option('--choice <name>').choices(['a', 'b']).default('a'))
    .option('--stats')
    .option('--progress')
    .option('--no-progress')
    .action((files: string[]) => refuseMistyped(program, files))
  program
    .command('check')
    .option('-o, --output <file>')
    .option('--list <item>', '', (item: string, items: string[] | undefined) => [...(items ?? []), item])
    .action(() => {})
  program.command('functions').action(() => {})
  refuseRepeated(program)
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    assert.notEqual(error.exitCode, 0)
    assert.notEqual(written, '')
  }
  return written
}

describe('an option', () => {
  it('is refused when it is given twice and one of the values would be dropped', () => {
    assert.match(complaint('-o', 'a', '-o', 'b'), /^error: option '-o, --output <file>' is given twice/)
    assert.match(complaint('-o', 'a', 'x', '--output=a'), /--output.* is given twice/)
    assert.match(complaint('--choice', 'a', '--choice', 'a'), /--choice.* is given twice/)
    assert.match(complaint('--level', '--level', '2'), /--level.* is given twice/)
    assert.match(complaint('check', '-o', 'a', '-o', 'b'), /--output.* is given twice/)
    assert.match(complaint('--progress', '--no-progress'), /'--no-progress' contradicts option '--progress'/)
  })

  it('is refused before and behind a command, where one hides the other', () => {
    assert.match(complaint('-o', 'a', 'check', '-o', 'b'), /--output.* is given before and behind 'check'/)
    assert.match(complaint('--list', 'a', 'check', '--list', 'b'), /--list.* is given before and behind/)
  })

  it('may be given as often as one likes where all values count, and so may a flag', () => {
    for (const argv of [
      ['--list', 'a', '--list', 'b', '--list', 'a'],
      ['--many', 'a', 'b', '--many', 'c'],
      ['--stats', '--stats', '--progress', '--progress'],
      ['-o', 'a', '--list', 'b', 'check'],
      ['--choice', 'b'],
    ]) {
      assert.equal(complaint(...argv), '', argv.join(' '))
    }
  })

  it('is refused when it is given twice, by both commands and all that they have', async () => {
    const twice = async (run: typeof normalize | typeof tracer, ...argv: string[]) => {
      const { code, stdout, stderr } = await run(argv)
      assert.deepEqual([code, stdout], [2, ''], argv.join(' '))
      assert.match(stderr, /^error: option .* is given twice/, argv.join(' '))
    }
    await Promise.all([
      twice(normalize, '-o', 'a', '-o', 'b'),
      twice(normalize, 'check', '--max-work', '1', '--max-work', '2'),
      twice(tracer, 'serve', '--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'),
      twice(tracer, 'lookup', '--timeout', '1s', '--timeout', '2s', 'x'),
      twice(tracer, 'compile', '-o', 'a', '-o', 'b', 'f', '--key', 'a', '--key', 'b'),
    ])
  })
})

describe('a mistyped command', () => {
  it('is not taken for a file, unless there is one', () => {
    assert.match(complaint('chek', 'r.yaml'), /no file and no command 'chek'; did you mean 'p check'\?/)
    assert.match(complaint('hepl'), /did you mean 'p help'\?/)
    assert.match(complaint('FUNCTIONS'), /did you mean 'p functions'\?/)
    assert.match(complaint('func', '-o', 'x'), /did you mean 'p functions'\?/)
    for (const name of ['events', 'chek.jsonl', './chek', '-', 'a', folderWith({ chek: '' })]) {
      assert.equal(complaint(name), '', name)
    }
  })

  it('gets a hint from both commands, and neither waits for input', async () => {
    const { code, stderr } = await normalize(['chek', 'r.yaml'])
    assert.equal(code, 2)
    assert.match(stderr, /did you mean 'normalize check'\?/)
    const lookup = await tracer(['lokup', 'x'])
    assert.equal(lookup.code, 2)
    assert.match(lookup.stderr, /Did you mean lookup\?/)
  })

  it('reads a file that is there', async () => {
    const folder = folderWith({ 'r.yaml': 'a: x\n', chek: '{"x":1}\n' })
    const { stdout } = await normalize(['-r', join(folder, 'r.yaml'), join(folder, 'chek')])
    assert.equal(stdout, '{"a":1}\n')
  })
})

describe('both commands', () => {
  it('print their version', async () => {
    for (const [name, run] of Object.entries({ normalize, tracer })) {
      assert.deepEqual(await run(['--version']), {
        code: 0,
        signal: null,
        stdout: `${name} ${version}\n`,
        stderr: '',
      })
    }
  })

  it('print the help of a command', async () => {
    const whole = await normalize(['help'])
    assert.equal(whole.code, 0)
    assert.match(whole.stdout, /^Usage: normalize \[options\] \[command\] \[FILE\.\.\.\]/)
    assert.match((await normalize(['help', 'check'])).stdout, /^Usage: normalize check/)
    assert.match((await tracer(['help', 'lookup'])).stdout, /^Usage: tracer lookup/)
    assert.equal((await normalize(['help', 'nothing'])).code, 2)
  })
})
