import type { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { FINISHED, type Header, HeaderReader, type Indicator, PONG, parseRequest } from '../protocol.ts'
import { type ClosingReason, type Counters, increment } from './counters.ts'
import type { Detector } from './detector.ts'
import { inOriginalOrder } from './indicator-order.ts'
import type { Log, LogLimiter } from './log.ts'
import { ReplyQueue } from './reply-queue.ts'
import { RequestLines } from './request-lines.ts'
import { encodeWire } from './wire-bytes.ts'

/** The settings of a server's connections. Times are in milliseconds. */
export interface SessionOptions {
  /** 'header': as the client's header asks; 'always': also when a header does not ask for replies. */
  readonly reply: 'header' | 'always'
  /** Close after the first request. */
  readonly oneShot: boolean
  readonly maxLineBytes: number
  /** The order of the indicators of a request, and so of its detections: that of the line, or hashes, addresses, URLs. */
  readonly indicatorOrder: 'line' | 'type'
  /** Close a connection that sent nothing for so long; 0 for never. */
  readonly idleTimeoutMs: number
  /** Drop a client that takes nothing of its replies for so long. */
  readonly drainTimeoutMs: number
}

/** The parts that all sessions of a server use. */
export interface SessionContext {
  readonly options: SessionOptions
  readonly detector: Detector
  readonly counters: Counters
  readonly log: Log
  readonly limiter: LogLimiter
  /** Nothing is left of the session, neither its socket nor a look-up in flight; may be told more than once. */
  readonly released: (session: Session) => void
}

/** A line without LF is processed after so long without another byte. */
const QUIET_MS = 100
/**
 * The same where the line's beginning came behind other lines, in one read. Such a client pipelines and ends its lines:
 * it waits for the network, or a processor, and half a line that is taken for a whole one would be answered beside
 * the other half, and put all its answers in the wrong place.
 */
const STREAM_QUIET_MS = 1000
/** Time that a client has to close its side after ours. */
const LINGER_MS = 2000
/** Time that a client which has all its replies must be silent, at shutdown, before its socket is closed. */
const SHUTDOWN_LINGER_MS = 1000
/** Look-ups that one connection may have in flight. */
const MAX_LOOKUPS = 64
/** Characters of replies that go into one write, and the most that wait behind a look-up. */
const BATCH_LENGTH = 128 * 1024
/** Bytes that the socket may hold before its client is given no more. */
const FULL_BYTES = 64 * 1024

const FINISHED_LINE = `${FINISHED}\n`
const PONG_LINE = `${PONG}\n`

/**
 * - open: reads, looks up, replies
 * - finishing: the server stops; what was read before is served, and the rest of a line of which a part was read
 * - ending: takes nothing more from the client; the requests that it has are served
 * - lingering: all replies are with the kernel, followed by a FIN. Bytes that the client still sends are read and discarded,
 *   because a socket that is closed with unread input sends a reset, and with it the replies are lost
 */
type Phase = 'open' | 'finishing' | 'ending' | 'lingering'

/**
 * One connection, from its bytes to the bytes of its replies:
 *
 *     socket ─► header ─► lines ─► request ─► detections ─► replies ─► socket
 *        ^                            |            |            |
 *        '------- paused while -------'---- look-ups in flight -'-- the socket's buffer is full
 *
 * All requests of one read are answered with one write, and nothing here waits unless an enricher does. Its memory
 * has a bound: the lines of one read, the beginning of one line, MAX_LOOKUPS look-ups, BATCH_LENGTH of replies, and
 * what the socket holds beyond FULL_BYTES when a batch is larger.
 */
export class Session {
  readonly #socket: Socket
  readonly #context: SessionContext
  readonly #lines: RequestLines
  readonly #replies = new ReplyQueue()
  readonly #isVerbose: boolean
  /** Something has come on the connection. */
  hasRead = false
  #phase: Phase = 'open'
  #header: HeaderReader | undefined = new HeaderReader()
  /** The client reads replies. */
  #replyBack = true
  /** The request in work, and which of its indicators is the next one to look up. */
  #request: readonly Indicator[] | undefined
  #nextIndicator = 0
  /** Bytes that the stream had read when the server began to stop, and that are not served yet. */
  #owedBytes = 0
  /** The socket's buffer was full and is not empty yet. */
  #isFull = false
  #isWaking = false
  #isClosed = false
  /** The server stops. */
  #isStopping = false
  /** The client had not taken all its replies when the server began to stop. */
  #isSlow = false
  #closingReason: ClosingReason = 'client'
  #quietTimer: NodeJS.Timeout | undefined
  #quietMs = QUIET_MS
  #drainTimer: NodeJS.Timeout | undefined
  #lingerTimer: NodeJS.Timeout | undefined

  /** @param socket connected, with `allowHalfOpen`, nothing read from it yet */
  constructor(socket: Socket, context: SessionContext) {
    this.#socket = socket
    this.#context = context
    this.#lines = new RequestLines(context.options.maxLineBytes)
    this.#isVerbose = context.log.isLevelEnabled('debug')
    socket.on('data', (bytes: Buffer) => this.#onData(bytes))
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error) => this.#onError(error))
    socket.on('close', () => this.#onClose())
    if (context.options.idleTimeoutMs > 0) {
      socket.setTimeout(context.options.idleTimeoutMs)
      socket.on('timeout', () => this.#onIdle())
    }
  }

  /** The server stops: serves what was read, then closes. */
  finish(): void {
    this.#isStopping = true
    if (this.#isClosed) this.#release()
    if (this.#phase === 'lingering') this.#linger()
    if (this.#isClosed || this.#phase !== 'open') return
    this.#isSlow = this.#isFull || this.#replies.waiting > 0 || this.#socket.writableLength > 0
    this.#owedBytes = this.#socket.readableLength
    this.#phase = 'finishing'
    this.#closingReason = 'shutdown'
    this.#work()
  }

  /** Drops the connection with all it has. */
  destroy(reason: ClosingReason): void {
    this.#closingReason = reason
    this.#socket.destroy()
  }

  #onData(bytes: Buffer): void {
    this.#context.counters.receivedBytes += bytes.length
    this.hasRead = true
    if (this.#phase === 'open') this.#take(bytes)
    else if (this.#phase === 'finishing') this.#takeOwed(bytes)
    // Anything else is discarded.
    else if (this.#closingReason === 'shutdown') this.#lingerTimer?.refresh()
  }

  #take(bytes: Buffer): void {
    let rest = bytes
    if (this.#header !== undefined) {
      const header = this.#header.feed(bytes)
      if (header === undefined) return
      rest = this.#begin(header)
    }
    if (this.#lines.unterminatedBytes === 0) this.#quietMs = QUIET_MS
    this.#lines.push(rest)
    this.#work()
  }

  #takeOwed(bytes: Buffer): void {
    const owed = this.#owedBytes
    this.#owedBytes = Math.max(0, owed - bytes.length)
    if (bytes.length <= owed) {
      this.#take(bytes)
      return
    }
    // Only the rest of a line is read beyond that.
    const lineEnd = bytes.indexOf('\n', Math.max(0, owed - 1))
    this.#take(lineEnd < 0 ? bytes : bytes.subarray(0, lineEnd + 1))
  }

  #begin(header: Header): Buffer {
    this.#header = undefined
    this.#replyBack = header.replyBack || this.#context.options.reply === 'always'
    if (header.ping) {
      this.#context.counters.pings += 1
      this.#reply(PONG_LINE)
    }
    return header.rest
  }

  /** Serves what was read until nothing is left or the client, or a look-up, must be waited for. */
  #work(): void {
    while (this.#mayGoOn()) {
      if (this.#request === undefined) {
        const line = this.#lines.next()
        if (line === undefined) {
          this.#flush()
          this.#rest()
          return
        }
        this.#open(line)
      } else if (this.#nextIndicator < this.#request.length) {
        this.#lookUp(this.#request[this.#nextIndicator++]!)
      } else {
        this.#reply(FINISHED_LINE)
        this.#request = undefined
        if (this.#context.options.oneShot) this.#stopReading('one-shot')
      }
    }
    this.#flush()
    this.#socket.pause()
  }

  #mayGoOn(): boolean {
    if (this.#replies.readyLength >= BATCH_LENGTH) this.#flush()
    return !this.#isFull && this.#replies.waiting < MAX_LOOKUPS && this.#replies.heldLength < BATCH_LENGTH
  }

  #open(line: string): void {
    this.#context.counters.requests += 1
    // A line that follows it in the same read is not alone.
    this.#quietMs = STREAM_QUIET_MS
    const indicators = parseRequest(line)
    const { indicatorOrder } = this.#context.options
    this.#request = indicatorOrder === 'line' ? indicators : inOriginalOrder(indicators)
    this.#nextIndicator = 0
    if (this.#isVerbose) this.#context.log.debug({ ...this.#client(), line }, 'request')
  }

  #lookUp(indicator: Indicator): void {
    const found = this.#context.detector.detect(indicator)
    if (typeof found === 'string') {
      this.#reply(found)
      return
    }
    const part = this.#replies.reserve()
    found.then((text) => {
      this.#replies.fill(part, this.#replyBack ? text : '')
      this.#wake()
    })
  }

  #reply(text: string): void {
    if (this.#replyBack && text !== '') this.#replies.append(text)
  }

  /** Goes on once for all look-ups that are answered in this turn of the event loop. */
  #wake(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    setImmediate(() => {
      this.#isWaking = false
      if (this.#isClosed) this.#release()
      else this.#work()
    })
  }

  #flush(): void {
    const text = this.#replies.take()
    if (text === '' || !this.#socket.writable) return
    const bytes = encodeWire(text)
    this.#context.counters.sentBytes += bytes.length
    this.#socket.write(bytes)
    if (!this.#isFull && this.#socket.writableLength > FULL_BYTES) {
      this.#isFull = true
      this.#socket.once('drain', () => this.#onDrain())
      this.#waitForClient()
    }
  }

  /** Nothing is left to be served of what was read. */
  #rest(): void {
    if (this.#lines.tooLong) this.#refuseLine()
    const { unterminatedBytes } = this.#lines
    if (this.#phase === 'finishing' && this.#owedBytes === 0 && unterminatedBytes === 0)
      this.#phase = 'ending'
    if (this.#phase === 'ending') {
      if (this.#replies.waiting === 0) this.#endReplies()
    } else if (unterminatedBytes > 0) {
      clearTimeout(this.#quietTimer)
      this.#quietTimer = setTimeout(() => this.#onQuiet(), this.#quietMs)
    }
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** No byte came for a while: the beginning of a line may be all that the client sends. */
  #onQuiet(): void {
    const isBusy = this.#request !== undefined || !this.#mayGoOn()
    if (this.#isClosed || isBusy || this.#lines.unterminatedBytes === 0) return
    if (parseRequest(this.#lines.unterminated()).length > 0) this.#lines.terminate()
    else if (this.#phase === 'finishing') this.#lines.clear()
    else return
    this.#work()
  }

  #onEnd(): void {
    if (this.#phase === 'ending' || this.#phase === 'lingering') return
    this.#phase = 'ending'
    if (this.#header !== undefined) this.#lines.push(this.#begin(this.#header.end()))
    this.#lines.terminate()
    this.#work()
  }

  #onDrain(): void {
    this.#isFull = false
    clearTimeout(this.#drainTimer)
    this.#drainTimer = undefined
    this.#work()
  }

  #waitForClient(): void {
    this.#drainTimer ??= setTimeout(() => {
      this.#context.limiter.log('drain-timeout', (fields) => {
        const { drainTimeoutMs } = this.#context.options
        this.#context.log.warn(
          { ...fields, ...this.#client(), drainTimeoutMs },
          'client does not read: dropped',
        )
      })
      this.destroy('drain-timeout')
    }, this.#context.options.drainTimeoutMs)
  }

  #onIdle(): void {
    const isBusy = this.#request !== undefined || this.#replies.waiting > 0 || this.#isFull
    if (this.#phase === 'open' && !isBusy) {
      this.#stopReading('idle-timeout')
      this.#endReplies()
    } else {
      // Node's timer does not start again by itself.
      this.#socket.setTimeout(this.#context.options.idleTimeoutMs)
    }
  }

  #refuseLine(): void {
    if (this.#phase === 'ending' || this.#phase === 'lingering') return
    const { maxLineBytes } = this.#context.options
    this.#context.limiter.log('line-too-long', (fields) => {
      this.#context.log.warn(
        { ...fields, ...this.#client(), maxLineBytes },
        'line too long: connection closed',
      )
    })
    this.#stopReading('line-too-long')
  }

  #stopReading(reason: ClosingReason): void {
    this.#phase = 'ending'
    this.#closingReason = reason
    this.#lines.clear()
  }

  #endReplies(): void {
    this.#phase = 'lingering'
    clearTimeout(this.#quietTimer)
    const isWritten = this.#socket.writableLength === 0
    if (isWritten && this.#socket.readableEnded && !(this.#socket instanceof TLSSocket)) {
      // The client has ended its side: closing tells it as much, and is cheaper. TLS has a last word of its own.
      this.#socket.destroy()
      return
    }
    if (!isWritten) this.#waitForClient()
    this.#socket.once('finish', () => this.#onFinish())
    this.#socket.end()
  }

  /** All replies and the FIN are with the kernel. */
  #onFinish(): void {
    clearTimeout(this.#drainTimer)
    if (!this.#socket.readableEnded) this.#linger()
  }

  /** Waits for the client's FIN. */
  #linger(): void {
    if (!this.#socket.writableFinished) return
    const isShutdown = this.#closingReason === 'shutdown'
    // A slow reader gets all the time that the server has; the server drops it when that is over.
    if (isShutdown && this.#isSlow) return
    this.#lingerTimer ??= setTimeout(
      () => this.#socket.destroy(),
      isShutdown ? SHUTDOWN_LINGER_MS : LINGER_MS,
    )
  }

  #onError(error: Error): void {
    this.#closingReason = 'error'
    if (this.#isVerbose) this.#context.log.debug({ ...this.#client(), err: error }, 'connection failed')
  }

  #onClose(): void {
    this.#isClosed = true
    clearTimeout(this.#quietTimer)
    clearTimeout(this.#drainTimer)
    clearTimeout(this.#lingerTimer)
    this.#lines.clear()
    this.#request = undefined
    increment(this.#context.counters.closed, this.#closingReason)
    this.#release()
  }

  /**
   * A closed connection counts until its look-ups are back: else a client could pile up any number of them. When the
   * server stops nobody waits for them.
   */
  #release(): void {
    if (this.#replies.waiting === 0 || this.#isStopping) this.#context.released(this)
  }

  #client(): { client: string } {
    return { client: `${this.#socket.remoteAddress ?? '?'}:${this.#socket.remotePort ?? '?'}` }
  }
}
