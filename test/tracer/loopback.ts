import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import split from 'split2'
import type { ServerAddress, TracerPoolOptions } from '../../src/tracer/client/pool.ts'
import { TracerPool } from '../../src/tracer/client/pool.ts'
import type { Indicator } from '../../src/tracer/protocol.ts'
import { CLIENT_HEADER, FINISHED, parseRequest } from '../../src/tracer/protocol.ts'

/** One connection of a server that a test plays. */
export class Peer {
  readonly socket: Socket
  /** Complete request lines, without the header. */
  readonly lines: string[] = []
  /** All that came. */
  received = ''
  readonly #split = split('\n')
  #onLine: ((line: string) => void) | undefined
  #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    socket.on('close', () => this.#changed())
    this.#split.on('data', (line: string) => this.#onComplete(line))
  }

  /** Calls back for each line, those that have come already as well. */
  onLine(callback: (line: string) => void): void {
    for (const line of this.lines) callback(line)
    this.#onLine = callback
  }

  /** Waits for a number of lines. */
  async until(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.socket.destroyed) throw new Error(`closed after ${this.lines.length} lines`)
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #read(text: string): void {
    const isFirst = this.received === ''
    this.received += text
    this.#split.write(isFirst && text.startsWith(CLIENT_HEADER) ? text.slice(CLIENT_HEADER.length) : text)
    this.#changed()
  }

  #onComplete(line: string): void {
    this.lines.push(line)
    this.#onLine?.(line)
    this.#changed()
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

/** A server on the loopback interface that behaves as a test says. */
export class Loopback {
  readonly peers: Peer[] = []
  readonly #server: Server
  readonly #onPeer: (peer: Peer, index: number) => void
  #waiting = new Set<() => void>()

  constructor(onPeer: (peer: Peer, index: number) => void) {
    this.#onPeer = onPeer
    this.#server = createServer((socket) => {
      const peer = new Peer(socket)
      this.peers.push(peer)
      this.#onPeer(peer, this.peers.length - 1)
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    })
  }

  get address(): ServerAddress {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** The connection number `index`, as soon as it is there. */
  async peer(index: number): Promise<Peer> {
    while (this.peers.length <= index) await new Promise<void>((resolve) => this.#waiting.add(resolve))
    return this.peers[index]!
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const { socket } of this.peers) socket.destroy()
    await closed
  }
}

/** Starts a server, and ends it after the test. */
export async function listen(
  test: TestContext,
  onPeer: (peer: Peer, index: number) => void,
  port = 0,
): Promise<Loopback> {
  const server = new Loopback(onPeer)
  await server.listen(port)
  test.after(() => server.close())
  return server
}

/** A pool that is destroyed after the test. One connection and no cache, unless the test says otherwise. */
export function poolFor(
  test: TestContext,
  servers: Loopback | readonly ServerAddress[],
  options: Omit<TracerPoolOptions, 'servers'> = {},
): TracerPool {
  const pool = new TracerPool({
    servers: servers instanceof Loopback ? [servers.address] : servers,
    connections: 1,
    cacheEntries: 0,
    minBackoffMs: 1,
    maxBackoffMs: 5,
    // A busy machine is no lost answer.
    timeoutMs: 100_000,
    ...options,
  })
  test.after(() => pool.destroy())
  return pool
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function url(value: string): Indicator {
  return { type: 'url', value }
}

export function ip(value: string): Indicator {
  return { type: 'ip', value }
}

export const FINISHED_LINE = `${FINISHED}\n`

/** The reply of a server that knows every value that begins with `bad`. */
export function replyTo(line: string): string {
  let reply = ''
  for (const { type, value } of parseRequest(line)) {
    if (value.startsWith('bad')) reply += detection(type, value)
  }
  return reply + FINISHED_LINE
}

export function detection(type: string, value: string): string {
  return `Category=Test_${type}|MatchedIndicator=${value}|ioc=${value}|kind=${type}\n`
}

/** Answers each line of a connection as it should. */
export function answers(peer: Peer): void {
  peer.onLine((line) => peer.socket.write(replyTo(line)))
}

/** Which values of an answer were found, in short. */
export function found(answer: readonly { readonly matched: string }[]): string[] {
  return answer.map(({ matched }) => matched)
}
