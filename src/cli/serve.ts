import { createWriteStream } from 'node:fs'
import process from 'node:process'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { RejectedRecords } from '../batches/rejected-records.ts'
import type { InputOptions } from '../formats/input-options.ts'
import type { EnrichedNormalizer } from '../handlers/enriched-normalizer.ts'
import { type NodeHandler, nodeHandler } from '../handlers/node.ts'
import { OperatorPages } from '../http/operator-pages.ts'
import { HttpServer } from '../http/server.ts'
import { Users } from '../http/users.ts'
import { systemMessage } from '../io/files/system-message.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import type { RoutedRules } from '../rules/sets/routed-rules.ts'
import { OutputCounter } from '../stages/output-counter.ts'
import type { TracerPool } from '../tracer/client/pool.ts'
import { terminalText } from '../tracer/controls.ts'
import { formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { type InputArguments, inputOptions } from './input-options.ts'
import { listenFault } from './listen-fault.ts'
import { NormalizeMetrics } from './normalize-metrics.ts'
import { openTracer, tracerNote } from './open-tracer.ts'
import { RuleReloader } from './reload-rules.ts'
import { labelOf, loadRules, type RuleOptions, ruleFiles } from './rule-files.ts'
import type { ServeArguments } from './serve-options.ts'
import { messageStream } from './standard-streams.ts'
import { readOption, readTls } from './tls-files.ts'
import type { TracerOptions } from './tracer-options.ts'

/** All options of `normalize serve`. */
export type ServeOptions = ServeArguments & InputArguments & RuleOptions & TracerOptions

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Faults of requests are told once in this time at most. */
const FAULT_INTERVAL_MS = 1000

/**
 * `normalize serve`: events over HTTP, until a signal stops it.
 *
 * @param options the input format is undefined where nobody has named one: then each request says its own
 * @returns the exit code
 * @throws {CommandError} when it cannot start
 */
export async function serve(options: ServeOptions): Promise<number> {
  const say = (text: string): void => {
    messageStream().write(terminalText(text))
  }
  const stopped = nextSignal()
  const tls = readTls({ cert: options.tlsCert, key: options.tlsKey, ca: options.tlsCa }, '--tls')
  const users = options.users === undefined ? undefined : readUsers(options.users)
  const input = await givenInput(options)
  const files = ruleFiles(options)
  const rules = await loadRules(files)
  say(rules.warningText)
  const note = tracerNote(rules, options, true)
  if (note !== undefined) say(`${note}\n`)
  const tracer = await openTracer(options, (line) => say(`${line}\n`))
  const enriched = tracer && (await createEnriched(rules, tracer, options.tracerRequired))
  const rejected = await RejectedLog.open(options.errors)
  const counter = new OutputCounter()
  let inputBytes = 0
  const handler = orUsage(() =>
    nodeHandler(
      {
        ...input,
        rules,
        maxBodyBytes: options.maxBody,
        onRejected: rejected && ((records) => rejected.write(records)),
        onOutput: (part) => counter.add(part),
        onInput: (bytes) => {
          inputBytes += bytes
        },
      },
      enriched && (() => enriched),
    ),
  )
  const reloader = new RuleReloader(files, rules, { use: (changed) => handler.replaceRules(changed), say })
  let metrics: NormalizeMetrics | undefined
  const pages = new OperatorPages({ metrics: () => metrics, isReady: () => server.isListening })
  const server = orUsage(
    () =>
      new HttpServer({
        ...options.listen,
        handle: routed(handler, pages, (seconds) => metrics?.observeRequest(seconds), say),
        tls,
        users,
        allow: options.allow,
        maxConnections: options.maxConnections,
        maxInFlight: options.maxInFlight,
        stallTimeoutMs: options.stallTimeout,
        idleTimeoutMs: options.idleTimeout,
        shutdownTimeoutMs: options.shutdownTimeout,
      }),
  )
  metrics = new NormalizeMetrics({
    rules: labelOf(files),
    counts: () => counter.counts,
    inputBytes: () => inputBytes,
    reloads: () => reloader.counts,
    server,
    enrichment: enriched && (() => ({ counts: enriched.counts, pool: tracer!.stats })),
  })
  const onHangUp = (): void => {
    reloader.reload()
    if (users !== undefined) reloadUsers(users, options.users!, say)
  }
  process.on('SIGHUP', onHangUp)
  try {
    const { address, port } = await server.listen().catch((cause: unknown) => {
      const text = `normalize: --listen ${formatEndpoint(options.listen)}: ${listenFault(cause)}`
      throw new CommandError(EXIT.FAILED, text, { cause })
    })
    const scheme = tls === undefined ? 'http' : 'https'
    say(`listening on ${scheme}://${formatEndpoint({ host: address, port })}\n`)
    const signal = await stopped
    say(`${signal}: stopping\n`)
    tracer?.stopWaiting()
  } finally {
    reloader.end()
    process.off('SIGHUP', onHangUp)
    await server.close()
    tracer?.destroy()
    await rejected?.close()
  }
  const { events, written, rejected: refused, dropped } = counter.counts
  say(`stopped: ${events} events, ${written} written, ${refused} rejected, ${dropped} dropped\n`)
  return EXIT.OK
}

/** Most servers ask no tracer, and need not load what it takes. */
async function createEnriched(
  rules: RuleSet | RoutedRules,
  tracer: TracerPool,
  required: boolean | undefined,
): Promise<EnrichedNormalizer> {
  const [{ EnrichedNormalizer }, { NODE_CODING }, { safeLineTest }] = await Promise.all([
    import('../handlers/enriched-normalizer.ts'),
    import('../formats/node-coding.ts'),
    import('../stages/process/line-test.ts'),
  ])
  return new EnrichedNormalizer(rules, { tracer, required, coding: NODE_CODING, lineTest: safeLineTest })
}

/** The requests that come to one listener: events, and the operator's pages. */
function routed(
  handler: NodeHandler,
  pages: OperatorPages,
  observe: (seconds: number) => void,
  say: (text: string) => void,
): ConstructorParameters<typeof HttpServer>[0]['handle'] {
  let toldAt = Number.NEGATIVE_INFINITY
  return async (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (path !== '/') {
      if (pages.has(path)) {
        request.resume()
        await pages.answer(path, request, response)
      } else {
        request.resume()
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
        response.end('not found: events are sent to /, and /metrics, /healthz and /readyz are here\n')
      }
      return
    }
    const started = performance.now()
    response.once('finish', () => observe((performance.now() - started) / 1000))
    try {
      await handler(request, response)
    } catch (error) {
      const now = performance.now()
      if (now - toldAt >= FAULT_INTERVAL_MS) {
        toldAt = now
        say(`a request could not be answered: ${systemMessage(error)}\n`)
      }
      throw error
    }
  }
}

/** The file of rejected events: records are appended, and a request waits until its own are written. */
class RejectedLog {
  readonly #stream: Writable
  readonly #isStandard: boolean

  private constructor(stream: Writable, isStandard: boolean) {
    this.#stream = stream
    this.#isStandard = isStandard
    // Each write is told of its own fault.
    stream.on('error', () => {})
  }

  /**
   * @param path undefined: there is none
   * @throws {CommandError} when the file cannot be written
   */
  static async open(path: string | undefined): Promise<RejectedLog | undefined> {
    if (path === undefined) return undefined
    if (path === '-') return new RejectedLog(messageStream(), true)
    const stream = createWriteStream(path, { flags: 'a' })
    await new Promise<void>((resolve, reject) => {
      stream
        .once('open', () => resolve())
        .once('error', (cause) => {
          reject(
            new CommandError(EXIT.USAGE, `normalize: cannot write ${path}: ${systemMessage(cause)}`, {
              cause,
            }),
          )
        })
    })
    return new RejectedLog(stream, false)
  }

  write({ bytes }: RejectedRecords): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (fault) => {
        if (fault === null || fault === undefined) resolve()
        else reject(fault)
      })
    })
  }

  async close(): Promise<void> {
    if (this.#isStandard || this.#stream.destroyed) return
    this.#stream.end()
    await finished(this.#stream).catch(() => {})
  }
}

/** The first signal to stop; the second one ends the process the hard way. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      for (const name of STOP_SIGNALS) process.off(name, stop)
      resolve(signal)
    }
    for (const name of STOP_SIGNALS) process.on(name, stop)
  })
}

/** @throws {CommandError} when they do not fit together */
async function givenInput(options: ServeOptions): Promise<InputOptions> {
  const input = await inputOptions(options)
  return { ...input, inputFormat: options.inputFormat }
}

function readUsers(path: string): Users {
  return orUsage(() => new Users(readOption('--users', path).toString('utf8'), path))
}

function reloadUsers(users: Users, path: string, say: (text: string) => void): void {
  try {
    users.replace(readOption('--users', path).toString('utf8'), path)
    say(`${path}: reloaded\n`)
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof RangeError)) throw error
    say(`${error.message}\n${path}: not reloaded, the users stay as they were\n`)
  }
}

/** Makes something of options. @throws {CommandError} of wrong usage for what is not acceptable */
function orUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(EXIT.USAGE, `normalize: ${(cause as Error).message}`, { cause })
  }
}
