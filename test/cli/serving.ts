import type { TestContext } from 'node:test'
import { RawClient } from '../tracer/raw-client.ts'
import { Command, cliPath, type Finished } from './command.ts'

/** `tracer serve` that runs. */
export class Serving {
  readonly command: Command
  readonly #t: TestContext

  private constructor(t: TestContext, command: Command) {
    this.#t = t
    this.command = command
  }

  static async start(t: TestContext, ...argv: string[]): Promise<Serving> {
    const command = startTracer('serve', '--listen', '127.0.0.1:0', ...argv)
    t.after(() => command.child.kill('SIGKILL'))
    await command.until(() => command.stderr.includes('"msg":"listening"'))
    return new Serving(t, command)
  }

  get log(): Record<string, unknown>[] {
    const whole = this.command.stderr.slice(0, this.command.stderr.lastIndexOf('\n') + 1)
    return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  }

  /** The port that was logged with this message. */
  port(message = 'listening'): number {
    return Number(this.log.find(({ msg }) => msg === message)!.port)
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.port())
    this.#t.after(() => client.socket.destroy())
    return client
  }

  /** Sends, ends, and waits for all replies. */
  async ask(text: string): Promise<string> {
    const client = await this.connect()
    client.socket.end(text)
    await client.ended()
    return client.text
  }

  /** The processes that serve, as it was logged; replacements are at the end. */
  get pids(): number[] {
    return this.log.flatMap(({ msg, pids, pid }) => {
      if (msg === 'listening') return pids as number[]
      return msg === 'worker listens' ? [pid as number] : []
    })
  }

  /** A page of the operator. */
  async page(path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port('metrics are served')}${path}`)).text()
  }

  /** A sample of the metrics. */
  async metric(name: string): Promise<number> {
    const line = (await this.page('/metrics')).split('\n').find((text) => text.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1))
  }

  /** Waits until so many lines with this message were logged. */
  async logged(message: string, count = 1): Promise<void> {
    await this.command.until(() => this.log.filter(({ msg }) => msg === message).length >= count)
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    this.command.child.kill(signal)
    return this.command.finished
  }
}

/** Starts `tracer` as an operator does. */
export function startTracer(...argv: string[]): Command {
  return new Command([cliPath('tracer'), ...argv])
}

/** Runs it to its end with this input. */
export function tracer(argv: readonly string[], input = ''): Promise<Finished> {
  const command = startTracer(...argv)
  command.child.stdin.end(input)
  return command.finished
}
