import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it, mock } from 'node:test'
import { ProgressLine } from '../../src/cli/progress-line.ts'

const text = (seconds: number): string => `7 events ${seconds >= 0}`

function screen(isTTY: boolean): Writable & { isTTY: boolean; text: string } {
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, callback) => {
        stream.text += String(chunk)
        callback()
      },
    }),
    { isTTY, text: '' },
  )
  return stream
}

describe('a progress line', () => {
  it('writes one line over the other on a terminal', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const stream = screen(true)
      const progress = new ProgressLine({ stream, text, logIntervalMs: 1000 })
      progress.start()
      mock.timers.tick(500)
      progress.end()
      assert.match(stream.text, /^(?:\r\x1b\[K7 events[^\n\r]*){3}\n$/)
    } finally {
      mock.timers.reset()
    }
  })

  it('adds a line a second elsewhere', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const stream = screen(false)
      const progress = new ProgressLine({ stream, text, logIntervalMs: 1000 })
      progress.start()
      mock.timers.tick(2000)
      progress.end()
      assert.match(stream.text, /^(?:7 events[^\n\r]*\n){3}$/)
    } finally {
      mock.timers.reset()
    }
  })

  it('clears its line before something else is written to the terminal', async () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const stream = screen(true)
      const progress = new ProgressLine({ stream, text, logIntervalMs: 1000 })
      const beside = progress.beside()
      const write = (text: string) => new Promise((resolve) => beside.write(text, resolve))
      await write('first\n')
      progress.start()
      mock.timers.tick(250)
      await write('second\n')
      await write('third\n')
      assert.match(stream.text, /^first\n\r\x1b\[K7 events[^\n\r]*\r\x1b\[Ksecond\nthird\n$/)
      progress.end()
    } finally {
      mock.timers.reset()
    }
  })

  it('leaves nothing on a terminal when it is stopped', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const stream = screen(true)
      const progress = new ProgressLine({ stream, text, logIntervalMs: 1000 })
      progress.start()
      progress.clear()
      mock.timers.tick(250)
      progress.stop()
      mock.timers.tick(1000)
      assert.match(stream.text, /^\r\x1b\[K7 events[^\n\r]*\r\x1b\[K$/)
    } finally {
      mock.timers.reset()
    }
  })
})
