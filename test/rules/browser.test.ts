import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'

const ENTRY = fileURLToPath(new URL('../../src/rules/index.ts', import.meta.url))

/** The part of a browser's globals that the bundle needs. Of Node there is nothing. */
const GLOBALS = { TextDecoder, TextEncoder, btoa }

it('compiling and normalizing is bundled for a browser without a shim, and gives there what it gives here', async () => {
  const { outputFiles, warnings } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'sluice',
    write: false,
    logLevel: 'silent',
  })
  assert.deepEqual(warnings, [])
  const context = createContext({ ...GLOBALS })
  runInContext(outputFiles[0]!.text, context)
  const { compileRules } = await import('../../src/rules/index.ts')
  const events = [
    '{"src":"192.0.2.1","big":12345678901234567890}',
    '{"src":{"10":1,"9":2.50},"name":"gr\u00fcn"}',
    '{"src":1',
    '{}',
  ]
  for (const rules of [
    'source.ip: src\nhost.name: {field: lower(name), required: false}',
    'u: normalize_url(src)',
    'a: src::int + ',
  ]) {
    for (const event of events) {
      const source = `(() => {
        try {
          return JSON.stringify(sluice.compileRules(${JSON.stringify(rules)})(${JSON.stringify(event)}))
        } catch (error) {
          return error.message
        }
      })()`
      const there = runInContext(source, context)
      let here: string
      try {
        here = JSON.stringify(compileRules(rules)(event))
      } catch (error) {
        here = (error as Error).message
      }
      assert.equal(there, here, `${rules}: ${event}`)
    }
  }
})
