/** The undocumented part of Node that cli/passed-handle.ts stands on, in processes of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import process from 'node:process'
import { describe, it, type TestContext } from 'node:test'
import { handleOf, type PassedHandle, sendable, socketOf } from '../../src/cli/passed-handle.ts'

/** A process that runs a script and has a channel to this one. */
function child(t: TestContext, script: string): ChildProcess {
  const started = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  t.after(() => started.kill('SIGKILL'))
  return started
}

/** A connection that nobody has read from, and its client. */
async function connection(t: TestContext): Promise<{ accepted: Socket; client: Socket }> {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  t.after(() => {
    client.destroy()
    accepted.destroy()
  })
  return { accepted, client }
}

async function text(socket: Socket): Promise<string> {
  let all = ''
  for await (const chunk of socket.setEncoding('utf8')) all += chunk
  return all
}

describe('a passed handle', () => {
  it('is there for an open connection, and makes a socket that reads all', async (t) => {
    const { accepted, client } = await connection(t)
    client.end('sent before')
    const handle = handleOf(accepted)
    assert.equal(typeof handle?.close, 'function', 'sockets have a member _handle')
    assert.equal(await text(socketOf(handle!)), 'sent before')
    accepted.destroy()
    assert.equal(handleOf(accepted), undefined, 'a closed socket has none')
  })

  it('goes through another process, back and on, and nothing of what was sent is lost', async (t) => {
    const { accepted, client } = await connection(t)
    await new Promise<void>((resolve) => client.write('sent early, ', () => resolve()))
    // It keeps the connection for a while before it passes it on, as a primary that is busy does.
    const between = child(
      t,
      "process.on('message', (m, handle) => setTimeout(() => process.send('back', handle, () => handle.close()), 100))",
    )
    const returned = once(between, 'message')
    between.send('there', sendable(handleOf(accepted)))
    await new Promise<void>((resolve) => client.write('sent meanwhile, ', () => resolve()))
    const [, handle] = (await returned) as [string, PassedHandle]
    const last = text(socketOf(handle))
    client.end('sent late')
    assert.equal(await last, 'sent early, sent meanwhile, sent late')
  })

  it('is needed: a socket that is received reads at once, even when it is paused', async (t) => {
    const { accepted, client } = await connection(t)
    client.write('x'.repeat(1000))
    const receiver = child(
      t,
      `process.on('message', (m, socket) => {
        socket.pause()
        setInterval(() => { if (socket.bytesRead > 0 || m-- === 0) process.send(socket.bytesRead) }, 10)
      })`,
    )
    const told = once(receiver, 'message')
    // So many times it looks before it says that nothing was read.
    receiver.send(200, accepted)
    const [bytesRead] = await told
    assert.equal(bytesRead, 1000, 'Node passes sockets that do not read: pass them instead of handles')
  })
})
