import assert from 'node:assert/strict'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import type { PlaygroundStart } from '../../../src/authoring/playground/content.ts'
import { PlaygroundServer } from '../../../src/authoring/playground/server.ts'
import { temporaryDirectory } from '../../temporary.ts'

const RULES = 'a: src\n'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

describe('the server of the playground', () => {
  const folder = temporaryDirectory()
  const path = join(folder, 'x.yaml')
  let server: PlaygroundServer
  let port: number

  before(async () => {
    writeFileSync(path, RULES, { mode: 0o640 })
    server = new PlaygroundServer({
      content: {
        files: [
          { name: path, role: 'rules', text: RULES },
          { name: 'elsewhere.yaml', role: 'lookups', text: '' },
        ],
        events: '{}',
        input: { inputFormat: 'jsonl' },
      },
      saves: new Map([[path, path]]),
      notes: [],
      host: '127.0.0.1',
    })
    port = await server.listen(0)
  })
  after(() => server.close())

  function ask(
    method: string,
    target: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request({ port, host: '127.0.0.1', method, path: target, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      })
      asked.on('error', reject)
      asked.end(body)
    })
  }

  const own = () => ({
    host: `127.0.0.1:${port}`,
    origin: `http://127.0.0.1:${port}`,
    'content-type': 'application/json',
    'x-sluice-token': server.token,
  })
  const save = (file: object, headers: Readonly<Record<string, string>> = own()) =>
    ask('POST', '/save', headers, JSON.stringify({ files: [file] }))
  const content = async (): Promise<PlaygroundStart> => {
    const answer = await ask('GET', '/content', { 'x-sluice-token': server.token })
    return JSON.parse(answer.text)
  }

  it('serves a page whose policy allows its own scripts and no evaluation, and a worker that may evaluate and ask nobody', async () => {
    const page = await ask('GET', '/')
    const policy = page.headers['content-security-policy'] as string
    assert.match(policy, /^default-src 'none'; script-src 'self'; /)
    assert.match(policy, /frame-ancestors 'none'$/)
    assert.doesNotMatch(policy, /unsafe|https?:|\*/)
    assert.ok(!page.text.includes(server.token) && !page.text.includes(RULES.trim()), 'no secret in the page')
    const worker = await ask('GET', '/worker.js')
    assert.equal(worker.headers['content-security-policy'], "default-src 'none'; script-src 'unsafe-eval'")
    for (const { headers } of [page, worker]) {
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['set-cookie'], undefined)
    }
    for (const target of ['/../package.json', '/%2e%2e/package.json', '/worker.js.map', '//', '/content/'])
      assert.equal((await ask('GET', target)).status, 404, target)
  })

  it('gives the files to whoever has the token, as they are now', async () => {
    for (const token of ['', 'x', `${server.token}x`, server.token.slice(1)]) {
      assert.equal((await ask('GET', '/content', { 'x-sluice-token': token })).status, 403)
    }
    writeFileSync(path, 'a: other\n')
    const { content: given, versions } = await content()
    assert.equal(given.files[0]!.text, 'a: other\n')
    assert.deepEqual(Object.keys(versions), [path])
    writeFileSync(path, RULES)
  })

  it('refuses other names of this address, other sites, and requests without a token or an origin', async () => {
    const { versions } = await content()
    const file = { name: path, text: 'b: src\n', version: versions[path] }
    const { origin: _, ...withoutOrigin } = own()
    const refused: readonly (readonly [number, Record<string, string>])[] = [
      [421, { ...own(), host: `evil.example:${port}` }],
      [421, { ...own(), host: '127.0.0.1' }],
      [403, { ...own(), origin: 'http://evil.example' }],
      [403, { ...own(), origin: 'null' }],
      [403, { ...own(), origin: `https://127.0.0.1:${port}` }],
      [403, { ...own(), 'sec-fetch-site': 'cross-site' }],
      [403, { ...own(), 'x-sluice-token': 'x' }],
      [403, withoutOrigin],
      [415, { ...own(), 'content-type': 'text/plain' }],
    ]
    for (const [status, headers] of refused) {
      const answer = await save(file, headers)
      assert.equal(answer.status, status, JSON.stringify(headers))
      assert.equal(answer.headers['access-control-allow-origin'], undefined)
    }
    assert.equal((await ask('PUT', '/save', own())).status, 405)
    assert.equal((await ask('POST', '/save', own(), '{')).status, 400)
    assert.equal((await ask('POST', '/save', own(), '{"files":[{"name":1}]}')).status, 400)
    assert.equal((await ask('POST', '/save', own(), 'null')).status, 400)
    assert.equal(readFileSync(path, 'utf8'), RULES)
  })

  it('saves the files that it was started with and no other, and keeps their permissions', async () => {
    const { versions } = await content()
    for (const name of ['elsewhere.yaml', '/etc/hosts', '__proto__', join(folder, 'new.yaml')])
      assert.equal((await save({ name, text: '', version: '' })).status, 403, name)
    const saved = await save({ name: path, text: 'b: src\r\n', version: versions[path] })
    assert.equal(saved.status, 200)
    assert.equal(readFileSync(path, 'utf8'), 'b: src\r\n')
    if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o640)
    const next = JSON.parse(saved.text).versions[path]
    assert.equal((await save({ name: path, text: RULES, version: next })).status, 200)
  })

  it('does not write over what somebody else has written, unless it is asked again', async () => {
    const { versions } = await content()
    writeFileSync(path, 'c: src\n')
    const file = { name: path, text: 'mine: src\n', version: versions[path] }
    assert.equal((await save(file)).status, 409)
    assert.equal(readFileSync(path, 'utf8'), 'c: src\n')
    assert.equal((await save({ ...file, force: true })).status, 200)
    assert.equal(readFileSync(path, 'utf8'), 'mine: src\n')
  })

  it('leaves a link a link', {
    skip: process.platform === 'win32' && 'links need rights there',
  }, async () => {
    const target = join(folder, 'target.yaml')
    const link = join(folder, 'link.yaml')
    writeFileSync(target, RULES)
    symlinkSync(target, link)
    const linked = new PlaygroundServer({
      content: { files: [{ name: link, role: 'rules', text: RULES }], events: '', input: {} },
      saves: new Map([[link, link]]),
      notes: [],
      host: '127.0.0.1',
    })
    const other = await linked.listen(0)
    try {
      const response = await fetch(`http://127.0.0.1:${other}/save`, {
        method: 'POST',
        headers: {
          origin: `http://127.0.0.1:${other}`,
          'content-type': 'application/json',
          'x-sluice-token': linked.token,
        },
        body: JSON.stringify({ files: [{ name: link, text: 'z: src\n', version: '', force: true }] }),
      })
      assert.equal(response.status, 200)
      assert.equal(readFileSync(target, 'utf8'), 'z: src\n')
    } finally {
      await linked.close()
    }
  })
})
