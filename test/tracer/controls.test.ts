import assert from 'node:assert/strict'
import { test } from 'node:test'
import { terminalJson, terminalText, wireLine, wireText } from '../../src/tracer/controls.ts'
import { createLog } from '../../src/tracer/server/log.ts'

/** All characters of one unit but surrogates. */
const ALL = Array.from({ length: 0xd800 }, (_, code) => String.fromCharCode(code))
const CONTROLS = ALL.filter((text) => /\p{Cc}|\u2028|\u2029/u.test(text))

test('on the wire all control characters but TAB, U+2028, U+2029 and | become blanks, and nothing else', () => {
  const blanks = ALL.filter((text) => text !== ' ' && wireText(text) === ' ')
  assert.deepEqual(blanks, [...CONTROLS.filter((text) => text !== '\t'), '|'].sort())
  for (const text of ALL) if (!blanks.includes(text)) assert.equal(wireText(text), text)
  // Characters at which Python's splitlines() ends a line.
  for (const end of '\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029') assert.equal(wireText(`a${end}b`), 'a b')
  assert.equal(wireText('a\r\nb\n\rc'), 'a b  c')
  assert.equal(
    wireText('\udc85 stays, it is a byte that is not UTF-8'),
    '\udc85 stays, it is a byte that is not UTF-8',
  )
  assert.equal(wireLine('|a=b\r\nc|d=e\x85f'), '|a=b c|d=e f')
})

test('what steers a terminal is written as an escape, and lines and tabs stay', () => {
  for (const control of CONTROLS) {
    const isKept = control === '\n' || control === '\t'
    assert.equal(terminalText(`a${control}b`).includes(control), isKept, JSON.stringify(control))
  }
  assert.equal(terminalText('\x1b[31m\x9b2J\u2028é'), '\\x1b[31m\\x9b2J\\u2028é')
})

test('a line of JSON keeps its values, and has no control character', () => {
  const line = JSON.stringify({ [ALL.join('')]: ALL.join('') })
  const shown = terminalJson(line)
  assert.doesNotMatch(shown, /\p{Cc}|\u2028|\u2029/u)
  assert.deepEqual(JSON.parse(shown), JSON.parse(line))
})

test('a log line has no control character but its end', () => {
  let lines = ''
  const log = createLog('info', { write: (line: string) => (lines += line) })
  const text = CONTROLS.join('')
  log.info({ [text]: text, err: new Error(text) }, text)
  assert.doesNotMatch(lines.slice(0, -1), /\p{Cc}|\u2028|\u2029/u)
  assert.equal(JSON.parse(lines).msg, text)
})
