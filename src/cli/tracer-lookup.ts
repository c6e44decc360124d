import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, type ClientTls, TracerPool } from '../tracer/client/pool.ts'
import { POOL_DEFAULTS } from '../tracer/client/pool-options.ts'
import type { ServerAddress } from '../tracer/client/transport.ts'
import { terminalJson } from '../tracer/controls.ts'
import { type Address, formatAddress, parseAddressRange, rangeExtent } from '../tracer/feeds/keys/ip.ts'
import { refang } from '../tracer/feeds/keys/refang.ts'
import { guessType, type Indicator, type IndicatorType } from '../tracer/protocol.ts'
import { eachValue } from './each-value.ts'
import { formatEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { printLine } from './print-line.ts'
import { orUsage, readOptionFile } from './read-file.ts'
import { refusePlainWithTls, withPassword } from './tracer-address.ts'

/** The options of `tracer lookup`, as commander names them. */
export interface LookupOptions {
  readonly server: ServerAddress
  readonly passwordFile?: string
  /** The type of all values. Default: guessed. */
  readonly type?: string
  /** Undo `hxxp://` and its like. Default: true. */
  readonly refang?: boolean
  readonly timeout?: number
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
}

/** Values that are asked before the first of them is answered. */
const AHEAD = 256

/** Prefixes that give a value's type: the type on the wire, and for digests their number of digits. */
const PREFIXES: Readonly<Record<string, { readonly type: IndicatorType; readonly digits?: number }>> = {
  url: { type: 'url' },
  domain: { type: 'url' },
  ip: { type: 'ip' },
  hash: { type: 'hash' },
  md5: { type: 'hash', digits: 32 },
  sha1: { type: 'hash', digits: 40 },
  sha256: { type: 'hash', digits: 64 },
  email: { type: 'email' },
  text: { type: 'text' },
}
const TYPED = new RegExp(`^(${Object.keys(PREFIXES).join('|')})=(.+)$`, 's')

/** A network is asked for address by address. */
const MOST_ADDRESSES = 65_536

/** The wait before a connection that was refused is tried again. */
const AGAIN_MS = 100

/**
 * `tracer lookup VALUE...`: one JSON line per value, in their order.
 *
 * @returns the exit code
 * @throws {CommandError} when the server does not answer, or a value is not of the type that it is given as
 */
export async function lookup(values: readonly string[], options: LookupOptions): Promise<number> {
  const pool = createPool(options)
  const patience = performance.now() + (options.timeout ?? POOL_DEFAULTS.timeoutMs)
  const waiting: Promise<string>[] = []
  try {
    for await (const value of eachValue(values)) {
      const indicator = toIndicator(value, options)
      const line = answerOf(pool, indicator, patience)
      // It is awaited in its turn; until then a failure is not unhandled.
      line.catch(() => {})
      waiting.push(line)
      if (waiting.length >= AHEAD) await printLine(await waiting.shift()!)
    }
    for (const line of waiting) await printLine(await line)
  } catch (error) {
    pool.destroy()
    if (error instanceof CommandError) throw error
    throw new CommandError(
      EXIT.FAILED,
      `tracer: ${formatEndpoint(options.server)}: ${(error as Error).message}`,
      { cause: error },
    )
  }
  await pool.close()
  return EXIT.OK
}

function createPool(options: LookupOptions): TracerPool {
  const { server, timeout } = options
  const tls = clientTls(options)
  return orUsage(() => {
    refusePlainWithTls([server], tls !== undefined)
    const servers = withPassword([server], '--password-file', options.passwordFile)
    return new TracerPool({ servers, connections: 1, timeoutMs: timeout, tls })
  })
}

function toIndicator(text: string, { type: given, refang: isDefanged = true }: LookupOptions): Indicator {
  const typed = TYPED.exec(given === undefined ? text : `${given}=${text}`)
  if (typed === null) {
    const value = isDefanged ? refang(text) : text
    return { type: isNetwork(value) ? 'ip' : guessType(value), value }
  }
  const [, prefix, written] = typed as unknown as [string, string, string]
  const value = isDefanged && prefix !== 'text' ? refang(written) : written
  const { type, digits } = PREFIXES[prefix]!
  if (digits !== undefined && !(value.length === digits && /^[0-9a-fA-F]+$/.test(value))) {
    throw new CommandError(EXIT.USAGE, `tracer: ${prefix}= takes ${digits} hexadecimal digits`)
  }
  return { type, value }
}

/** One line: of a network the detections of all its addresses, each once. */
async function answerOf(pool: TracerPool, indicator: Indicator, patience: number): Promise<string> {
  const addresses = indicator.type === 'ip' ? addressesOf(indicator.value) : undefined
  if (addresses === undefined) return format(indicator, await ask(pool, indicator, patience))
  const found = new Map<string, Answer[number]>()
  for (const value of addresses) {
    for (const detection of await ask(pool, { type: 'ip', value }, patience)) {
      const key = JSON.stringify([detection.category, detection.fields])
      if (!found.has(key)) found.set(key, detection)
    }
  }
  return format(indicator, [...found.values()])
}

function isNetwork(text: string): boolean {
  return text.includes('/') && parseAddressRange(text) !== undefined
}

/** The addresses of a network. @returns undefined for a single address. @throws {CommandError} for too many */
function addressesOf(text: string): string[] | undefined {
  const range = isNetwork(text) ? parseAddressRange(text) : undefined
  if (range === undefined || range.first === range.last) return undefined
  const count = rangeExtent(range) + 1
  if (count > MOST_ADDRESSES) {
    throw new CommandError(
      EXIT.USAGE,
      `tracer: ${text} has more than ${MOST_ADDRESSES} addresses; ask for parts of it`,
    )
  }
  return Array.from({ length: count }, (_, i) => formatAddress(addressAt(range.first, i)))
}

function addressAt(first: Address, offset: number): Address {
  if (typeof first === 'number') return first + offset
  // A network of so few addresses begins at a multiple of its size.
  return first.slice(0, -1) + String.fromCharCode(first.charCodeAt(first.length - 1) + offset)
}

/** @param patience a refused connection is tried again until then, on the clock of `performance.now()` */
async function ask(pool: TracerPool, indicator: Indicator, patience: number): Promise<Answer> {
  for (;;) {
    try {
      const [answer] = await pool.lookup([indicator])
      return answer!
    } catch (error) {
      if (!isRefused(error) || performance.now() + AGAIN_MS > patience) throw error
      await sleep(AGAIN_MS)
    }
  }
}

function isRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true
  }
  return false
}

function format({ type, value }: Indicator, answer: Answer): string {
  const detections = answer.map(({ category, fields }) => ({
    category,
    indicator: Object.fromEntries(fields),
  }))
  return terminalJson(`${JSON.stringify({ type, value, detections })}\n`)
}

function clientTls({ tls, tlsCa, tlsCert, tlsKey }: LookupOptions): ClientTls | undefined {
  if (tls !== true && tlsCa === undefined && tlsCert === undefined && tlsKey === undefined) return undefined
  const read = (path: string | undefined) => (path === undefined ? undefined : readOptionFile(path))
  return { ca: read(tlsCa), cert: read(tlsCert), key: read(tlsKey) }
}
