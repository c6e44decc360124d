import { EventEmitter } from 'node:events'
import type { TestContext } from 'node:test'
import { type Enricher, type Match, NO_MATCHES } from '../../src/tracer/enricher.ts'
import type { Indicator } from '../../src/tracer/protocol.ts'
import { createLog, type Log, type LogLevel } from '../../src/tracer/server/log.ts'
import { TracerServer, type TracerServerOptions } from '../../src/tracer/server/server.ts'
import { RawClient } from './raw-client.ts'

/** Log records of a test, which can be waited for. */
export class LogLines {
  readonly log: Log
  readonly lines: Record<string, unknown>[] = []
  readonly #events = new EventEmitter()

  constructor(level: LogLevel = 'info') {
    this.log = createLog(level, {
      write: (line: string) => {
        this.lines.push(JSON.parse(line))
        this.#events.emit('line')
      },
    })
  }

  /** Waits for a message. @returns the line that has it */
  async message(text: string): Promise<Record<string, unknown>> {
    for (;;) {
      const found = this.lines.find(({ msg }) => msg === text)
      if (found !== undefined) return found
      await new Promise((resolve) => this.#events.once('line', resolve))
    }
  }
}

/** A server on a free port of the loopback interface, and the way to it. */
export class RunningServer {
  readonly server: TracerServer
  readonly logged: LogLines
  readonly port: number
  readonly #clients: RawClient[] = []

  private constructor(server: TracerServer, logged: LogLines, port: number) {
    this.server = server
    this.logged = logged
    this.port = port
  }

  /** Starts one that knows gmer.com and 192.0.2.1; it closes with the test. */
  static async start(t: TestContext, options: Partial<TracerServerOptions> = {}): Promise<RunningServer> {
    const logged = new LogLines()
    const server = new TracerServer({
      enrichers: [known()],
      log: logged.log,
      // A look-up that a test leaves open does not hold up the next one.
      shutdownTimeoutMs: 500,
      ...options,
      host: '127.0.0.1',
      port: 0,
    })
    const { port } = await server.listen()
    const running = new RunningServer(server, logged, port)
    t.after(async () => {
      // Then nothing is waited for.
      for (const client of running.#clients) client.socket.destroy()
      await server.close()
    })
    return running
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.port)
    this.#clients.push(client)
    return client
  }

  get counters() {
    return this.server.counters
  }

  /** Waits until the server serves so many connections. */
  async untilConnections(count: number): Promise<void> {
    await poll(() => this.server.connections === count)
  }
}

/** Waits for what gives no signal; the time-out of the test ends it. */
export async function poll(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** The matches of `known`. */
const MATCHES: ReadonlyMap<string, Match> = new Map([
  ['url gmer.com', { category: 'Tracer_URL_enricher', context: '|ioc=gmer.com|context=bad_URL' }],
  ['ip 192.0.2.1', { category: 'Tracer_IP_enricher', context: '|ioc=192.0.2.1|context=bad_IP' }],
  ['url пример.рф', { category: 'Tracer_URL_enricher', context: '|ioc=пример.рф' }],
])

/** An enricher that answers from memory. */
export function known(): Enricher {
  return {
    name: 'known',
    lookup: ({ type, value }) => {
      const match = MATCHES.get(`${type} ${value}`)
      return match === undefined ? NO_MATCHES : [match]
    },
  }
}

/** The reply to a line that asks for gmer.com, and for 192.0.2.1. */
export const GMER =
  'Category=Tracer_URL_enricher|MatchedIndicator=gmer.com|ioc=gmer.com|context=bad_URL\nLookupFinished\n'
export const ADDRESS =
  'Category=Tracer_IP_enricher|MatchedIndicator=192.0.2.1|ioc=192.0.2.1|context=bad_IP\nLookupFinished\n'
export const MISS = 'LookupFinished\n'

/** An enricher whose answers a test gives, in any order. */
export class ManualEnricher implements Enricher {
  readonly name = 'manual'
  /** The values that are asked and not answered. */
  readonly open = new Map<
    string,
    { answer: (matches: readonly Match[]) => void; fail: (error: Error) => void }
  >()
  /** The highest number that were open at a time. */
  most = 0
  asked = 0

  lookup({ value }: Indicator): Promise<readonly Match[]> {
    this.asked += 1
    return new Promise((resolve, reject) => {
      this.open.set(value, { answer: resolve, fail: reject })
      this.most = Math.max(this.most, this.open.size)
    })
  }

  /** Waits until this value is asked, and answers with its own name, or with nothing. */
  async answer(value: string, isHit = true): Promise<void> {
    await poll(() => this.open.has(value))
    this.open.get(value)!.answer(isHit ? [{ category: 'Manual', context: `|ioc=${value}` }] : [])
    this.open.delete(value)
  }

  async fail(value: string, error: Error): Promise<void> {
    await poll(() => this.open.has(value))
    this.open.get(value)!.fail(error)
    this.open.delete(value)
  }
}
