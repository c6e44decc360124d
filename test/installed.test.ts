import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, parse, resolve } from 'node:path'
import { it } from 'node:test'
import { findRoot, PACKAGE_FILE, workerEntry } from '../src/installed.ts'

it('the package is the folder around the nearest src or dist, whoever else has folders of these names', () => {
  const at = resolve('opt')
  assert.equal(findRoot(join(at, 'sluice', 'dist', 'chunks')), join(at, 'sluice'))
  assert.equal(findRoot(join(at, 'sluice', 'src')), join(at, 'sluice'))
  assert.equal(findRoot(join(at, 'src', 'sluice', 'dist', 'cli')), join(at, 'src', 'sluice'))
})

it('code that was joined with that of somebody else is in the folder where it is', () => {
  const folder = join(parse(resolve('.')).root, 'somewhere', 'bundles')
  assert.equal(findRoot(folder), folder)
  assert.equal(findRoot(parse(folder).root), parse(folder).root)
})

it('the files that are named from the package are there', () => {
  assert.ok(existsSync(PACKAGE_FILE), PACKAGE_FILE.href)
  const entry = workerEntry('stages/process/worker', 'stages/process/from-source.mjs')
  assert.ok(existsSync(entry), entry.href)
})
