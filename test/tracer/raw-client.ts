import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'

/** A client that sends and receives bytes, as a test tells it. Nothing it does is an error before it is asked for. */
export class RawClient {
  readonly socket: Socket
  /** Undefined as long as the connection is open: 'end' after the server's FIN, else the code of the error. */
  ending: string | undefined
  readonly #received: Buffer[] = []
  readonly #waiting = new Set<() => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('connect', () => this.#changed())
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes)
      this.#changed()
    })
    socket.on('end', () => this.#end('end'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message))
    socket.on('close', () => this.#end('closed'))
  }

  /** Connects to the loopback interface. Whoever connects destroys the socket in the end. */
  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    await client.#until(() => !client.socket.connecting || client.ending !== undefined)
    return client
  }

  /** All that came so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#received)
  }

  /** All that came so far, as UTF-8. */
  get text(): string {
    return this.bytes.toString()
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data)
  }

  /** Sends, and waits until the system has taken it. */
  sent(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(data, () => resolve()))
  }

  /** Waits until as much was received as `text` has, or the connection ended. @returns all that came */
  async receive(text: string): Promise<string> {
    const length = Buffer.byteLength(text)
    await this.#until(() => this.ending !== undefined || this.bytes.length >= length)
    return this.text
  }

  /** Waits until what was received ends with `tail`, or the connection ended. @returns all that came */
  async receiveUntil(tail: string): Promise<string> {
    await this.#until(() => this.ending !== undefined || this.text.endsWith(tail))
    return this.text
  }

  /** Takes all that came so far: it is not kept any longer. */
  take(): string {
    const { text } = this
    this.#received.length = 0
    return text
  }

  /** Waits for the end of the connection. @returns 'end', or the code of the error */
  async ended(): Promise<string> {
    await this.#until(() => this.ending !== undefined)
    return this.ending!
  }

  #end(how: string): void {
    this.ending ??= how
    this.#changed()
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
