import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../temporary.ts'
import { Command, cliPath, folderWith } from './command.ts'

/** The built command in a folder of its own, where nothing has been kept yet. */
function copyOfCommand(): { folder: string; script: string } {
  const folder = temporaryDirectory()
  const from = join(cliPath('normalize'), '..')
  cpSync(from, join(folder, 'dist', 'cli'), {
    recursive: true,
    filter: (path) => !/\.(?:map|ts)$/.test(path),
  })
  cpSync(fileURLToPath(new URL('../../package.json', import.meta.url)), join(folder, 'package.json'))
  return {
    folder: join(folder, 'dist', 'compile-cache'),
    script: join(folder, 'dist', 'cli', 'normalize.js'),
  }
}

it('normalize keeps its machine code when it has run a pipeline, and does without where that is damaged', async () => {
  const { folder, script } = copyOfCommand()
  const rules = join(folderWith({ 'r.yaml': 'a: upper(x)\n' }), 'r.yaml')
  const run = async (...argv: string[]) => {
    const command = new Command([script, ...argv])
    command.child.stdin.end('{"x":"é"}\n{"x":"b"}\n')
    return command.finished
  }
  const help = await run('--help')
  assert.deepEqual([help.code, help.stderr], [0, ''])
  assert.throws(() => readdirSync(folder), /ENOENT/, 'it has used hardly any code')

  const expected = [0, '{"a":"É"}\n{"a":"B"}\n', '']
  const first = await run('-r', rules)
  assert.deepEqual([first.code, first.stdout, first.stderr], expected)
  const [name, ...others] = readdirSync(folder)
  assert.deepEqual(others, [], 'there is one file, and nothing unfinished')
  assert.match(name!, /^normalize-\w+\.js-v\d+\.\d+\.\d+-\w+$/)
  const file = join(folder, name!)
  const code = readFileSync(file)
  assert.ok(code.length > 100_000, `${code.length} bytes`)

  const second = await run('-r', rules)
  assert.deepEqual([second.code, second.stdout, second.stderr], expected)
  assert.deepEqual(readFileSync(file), code, 'it is not written again')

  for (const damaged of [code.subarray(0, 5000), Buffer.alloc(code.length), Buffer.from('')]) {
    writeFileSync(file, damaged)
    const third = await run('-r', rules)
    assert.deepEqual([third.code, third.stdout, third.stderr], expected)
    assert.ok(readFileSync(file).length > 100_000, 'what V8 does not take is replaced')
  }
})
