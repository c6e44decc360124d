import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { awsEvent } from './aws/aws.ts'

/** The names that workers of clouds have; nothing of Node is among them. */
const WEB = {
  ...{ Request, Response, ReadableStream, DecompressionStream, URLSearchParams, TextEncoder, TextDecoder },
  ...{ setTimeout, clearTimeout, atob, btoa, performance, console },
}

test('the handlers work where there is nothing of Node: bundled for a browser, in a context of its own', async () => {
  const source = fileURLToPath(new URL('../../src/', import.meta.url))
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './handlers/index.ts'\nexport { compileRules } from './rules/index.ts'\n",
      resolveDir: source,
    },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'sluice',
    write: false,
    logLevel: 'silent',
  })
  const context = vm.createContext({ ...WEB, Uint8Array, ArrayBuffer })
  vm.runInContext(`${outputFiles[0]!.text}\nglobalThis.sluice = sluice`, context)
  const { sluice } = context as {
    sluice: typeof import('../../src/handlers/index.ts') & { compileRules: (text: string) => never }
  }
  const rules = sluice.compileRules('source.ip: src')
  const handler = sluice.createHandler({ rules })
  const request = new Request('http://localhost/?errors=inline', {
    method: 'POST',
    body: gzipSync('{"src": "192.0.2.7"}\nno JSON\n'),
    headers: { 'content-encoding': 'gzip' },
  })
  const response = await handler(request)
  assert.deepEqual([response.status, response.headers.get('sluice-events')], [200, '2'])
  assert.match(await response.text(), /^\{"source":\{"ip":"192\.0\.2\.7"\}\}\n\{"\$rejected":\{.*\}\}\n$/)
  const { records } = await sluice.createFirehoseHandler({ rules })(awsEvent('firehose'))
  assert.equal(atob(records[0]!.data!), '{"source":{"ip":"192.0.2.1"}}\n')
})
