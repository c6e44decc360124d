import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const TEXT = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')

test('the lock file has a checksum of every package, and names no registry', () => {
  const { packages } = JSON.parse(TEXT) as { packages: Record<string, { integrity?: string }> }
  for (const [path, { integrity }] of Object.entries(packages)) {
    if (path !== '') assert.match(integrity ?? 'none', /^sha512-[A-Za-z\d+/]{86}==$/, path)
  }
  assert.doesNotMatch(TEXT, /"resolved"|registry/)
})
