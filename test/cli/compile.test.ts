/** `normalize compile`: its files, where they run, and what is refused. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { compileRules } from '../../src/rules/compile.ts'
import { assertSame } from '../rules/aot/equality.ts'
import { folderWith, normalize } from './command.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The globals of web platforms that a module needs. Of Node there is nothing. */
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: object }
const WEB_GLOBALS = { TextDecoder, TextEncoder, WebAssembly, atob, btoa }

const RULES = `
lookup: {t: {a: 1, b: [2]}}
source.ip: src
user.name: {field: lower(user), required: false}
event.kind: lookup('t', kind, 'other')
event.ok: {field: "match('[0-9]+', status)", required: false}
`

const EVENTS = `${[
  '{"src":"192.0.2.1","user":"BOB","kind":"b","status":"200"}',
  '{"src":{"10":1,"9":2.50},"user":"G\u00dcN","kind":true}',
  '{"src":12345678901234567890,"kind":"a","status":"x"}',
  '{"src":1',
  '{"kind":"a"}',
].join('\n')}\n`

/** Forty rules, each with as little in it as rules mostly have. */
const PLAIN_RULES = Array.from({ length: 10 }, (_, index) =>
  [
    `source.f${index}: src${index}`,
    `user.n${index}: {field: lower(user${index}), required: false}`,
    `event.o${index}: {field: 'n${index}::int > 400', required: false}`,
    `host.h${index}: {field: "cond(exists(h${index}), f'{h${index}}-x', 'none')", required: false}`,
  ].join('\n'),
).join('\n')

async function compile(folder: string, ...argv: string[]): Promise<void> {
  const { code, stderr, stdout } = await normalize(['compile', '-r', join(folder, 'rules.yaml'), ...argv])
  assert.deepEqual({ code, stderr, stdout }, { code: 0, stderr: '', stdout: '' })
}

/** A bundled module as a script that sets `rules`. */
function asScript(source: string): string {
  const exported = /export\{([^}]*)\};?\s*(?:\/\*.*)?$/s.exec(source)
  assert.ok(exported !== null, 'the module exports')
  const local = exported[1]!.split(',').find((each) => each.endsWith(' as default'))!
  return `${source.slice(0, exported.index)};globalThis.rules=${local.replace(' as default', '')}`
}

describe('normalize compile', () => {
  it('bundles a module that needs nothing of Node and no code from strings, and gives the bytes of the live rules', async () => {
    const folder = folderWith({ 'rules.yaml': RULES })
    const file = join(folder, 'rules.mjs')
    await compile(folder, '-o', file, '--bundle')
    const source = readFileSync(file, 'utf8')
    assert.doesNotMatch(source, /\bimport\b|\brequire\(|\beval\(|new Function/)
    const live = compileRules(RULES)
    const bytes = new TextEncoder().encode(EVENTS)

    const context = createContext({ ...WEB_GLOBALS }, { codeGeneration: { strings: false, wasm: true } })
    runInContext(asScript(source), context)
    const { output } = assertSame(runInContext('rules', context), live, bytes, 'in a bare context')
    assert.equal(output.split('\n').length, 4)
    // A platform that forbids WebAssembly: Cloudflare Workers, or a page with a strict policy.
    const strict = createContext({ ...WEB_GLOBALS, WebAssembly: { Module: noWebAssembly } })
    runInContext(asScript(source), strict)
    assertSame(runInContext('rules', strict), live, bytes, 'without WebAssembly')

    const main = join(folder, 'main.mjs')
    writeFileSync(
      main,
      `import rules, { normalize, normalizeLines } from ${JSON.stringify(pathToFileURL(file).href)}
       const bytes = ${JSON.stringify(EVENTS)}
       const { output, errors, written, rejected, byCode } = normalizeLines(bytes)
       const text = (part) => new TextDecoder().decode(part)
       const again = normalizeLines(bytes.repeat(600))
       console.log(JSON.stringify({ file: rules.file === ${JSON.stringify(join(folder, 'rules.yaml'))},
         output: text(output), records: text(errors).split('\\n').length - 1, written, rejected, byCode,
         again: again.written, one: normalize('{"src":1,"kind":"a"}'), none: normalize({}).rejection.code }))`,
    )
    const argv = ['--disallow-code-generation-from-strings', main]
    const printed = JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' }))
    assert.deepEqual(printed, {
      file: true,
      output,
      records: 2,
      written: 3,
      rejected: 2,
      byCode: { JSON_INVALID: 1, FIELD_MISSING: 1 },
      again: 1800,
      one: { output: { source: { ip: 1 }, event: { kind: 1 } } },
      none: 'FIELD_MISSING',
    })
  })

  it('writes types that the compiler of TypeScript takes, and which know the results', async () => {
    const folder = folderWith({ 'rules.yaml': 'a: x' })
    await compile(folder, '-o', join(folder, 'rules.mjs'))
    assert.match(
      readFileSync(join(folder, 'rules.mjs'), 'utf8'),
      /^import \{[^}]*\} from "sluice\/runtime"\n/,
    )
    writeFileSync(
      join(folder, 'use.mts'),
      `import type { CompiledModule } from ${JSON.stringify(join(ROOT, 'dist/batches/compiled-rules.js'))}
       import rules, { normalize, normalizeLines } from './rules.mjs'
       const module: CompiledModule = rules
       const { output, rejection } = normalize({})
       export const text: string = rejection?.message ?? JSON.stringify(output ?? module.file)
       export const bytes: Uint8Array = normalizeLines('').output
       // @ts-expect-error: an event is a text or an object
       normalize(5)`,
    )
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck']
    execFileSync(process.execPath, [tsc, ...options, join(folder, 'use.mts')], {
      cwd: folder,
      encoding: 'utf8',
    })
  })

  it('leaves out what no rule uses: forty plain rules take less than 150 KB', async () => {
    const folder = folderWith({ 'rules.yaml': PLAIN_RULES })
    const file = join(folder, 'rules.js')
    await compile(folder, '-o', file, '--bundle')
    const source = readFileSync(file, 'utf8')
    assert.ok(source.length < 150_000, `${source.length} bytes`)
    for (const part of ['RE2JS', 'Applebot', 'Europe/Berlin']) assert.ok(!source.includes(part), part)
    assert.match(
      readFileSync(join(folder, 'rules.d.ts'), 'utf8'),
      /export \{ rules as default, normalize, normalizeLines, useDatabases \}/,
    )
  })

  it('refuses a name that Node takes for no module, rules with errors, and a file that cannot be written', async () => {
    const folder = folderWith({ 'rules.yaml': 'a: x', 'wrong.yaml': 'a: lowr(x)' })
    const refused = async (rules: string, output: string) => {
      const { code, stderr } = await normalize([
        'compile',
        '-r',
        join(folder, rules),
        '-o',
        join(folder, output),
      ])
      return `${code} ${stderr}`
    }
    assert.match(
      await refused('rules.yaml', 'x.txt'),
      /^2 .*ends with \.mjs or \.js: --output .*x\.txt\.mjs/s,
    )
    assert.match(await refused('wrong.yaml', 'x.mjs'), /^2 .*unknown function 'lowr'/s)
    assert.match(await refused('rules.yaml', 'no/x.mjs'), /^1 .*cannot write .*x\.mjs: no such file/s)
  })
})

function noWebAssembly(): never {
  throw new TypeError('WebAssembly code generation disallowed by embedder')
}
