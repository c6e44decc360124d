import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatEndpoint, parseEndpoint } from '../../src/cli/endpoint.ts'

const cases: [text: string, host: string, port: number][] = [
  ['127.0.0.1:16666', '127.0.0.1', 16666],
  ['localhost:0', 'localhost', 0],
  ['[::1]:16666', '::1', 16666],
  ['[2001:db8::7]:65535', '2001:db8::7', 65535],
  ['tracer.example:1', 'tracer.example', 1],
]
for (const [text, host, port] of cases) {
  test(`${text} is a host and a port, and is written back as it was`, () => {
    assert.deepEqual(parseEndpoint(text), { host, port })
    assert.equal(formatEndpoint({ host, port }), text)
  })
}

for (const text of [
  '',
  '16666',
  ':16666',
  'host:',
  'host:65536',
  'host:-1',
  'host:1x',
  '::1:16666',
  '[::1]',
  '[host]:1',
  'a b:1',
  'http://host:1',
]) {
  test(`'${text}' is no address`, () => {
    assert.throws(() => parseEndpoint(text), {
      name: 'RangeError',
      message: /is no address: write HOST:PORT/,
    })
  })
}
