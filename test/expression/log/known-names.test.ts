import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { NameBook } from '../../../src/expression/log/known-names.ts'
import { RecordShapes } from '../../../src/expression/runtime/containers/record-shapes.ts'
import { compileRecord } from '../../../src/rules/generate/record-compiler.ts'

test('names that are kept keep nothing of the texts they were cut out of', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const book = new NameBook()
  const shapes = new RecordShapes(compileRecord)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < 60; index++) {
    const text = `a name of many characters ${index}=`.padEnd(1 << 20, 'x')
    const name = text.slice(0, text.indexOf('='))
    assert.equal(book.learn(book.first, name)?.text, name)
    assert.equal(shapes.make([name], [1]), undefined)
  }
  collect()
  const kept = (process.memoryUsage().heapUsed - before) / (1 << 20)
  assert.ok(kept < 20, `${Math.round(kept)} MiB are kept of 60`)
  assert.equal(book.expected(book.first, 'a name of many characters 59=1', 0, 0x3d)?.text.length, 28)
})
