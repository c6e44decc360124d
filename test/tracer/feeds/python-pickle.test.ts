import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCompiledFeed } from '../../../src/tracer/feeds/compiled/on-demand.ts'
import { loadFeed } from '../../../src/tracer/feeds/load.ts'
import { temporaryDirectory } from '../../temporary.ts'

/** `pickle.dumps({})` of protocol 4. */
const PICKLE = Buffer.from('80049503000000000000007d942e', 'hex')

test('a Python pickle is told by its name, as a feed and as a compiled one, with what to do', async () => {
  const file = join(temporaryDirectory(), 'feed.json.tracer')
  await writeFile(file, PICKLE)
  const expected = {
    code: 'FEED_INVALID',
    message: /is a Python pickle, as Tracer\.py --dump .*tracer compile FEED --key/,
  }
  await assert.rejects(loadFeed(file, [{ key: 'ioc' }]), expected)
  await assert.rejects(openCompiledFeed(file), expected)
})
