/** Topics of their own, numbered messages in one of them, processes that work on them, and what has become of it all. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { Command, cliPath, folderWith } from '../../cli/command.ts'
import type { KafkaBroker } from './broker.ts'
import {
  judge,
  NUMBERED_RULES,
  type Numbered,
  numbered,
  type Reader,
  toWrite,
  type Verdict,
} from './oracle.ts'

export type Delivery = 'at-least-once' | 'exactly-once'

const running = new Set<Member>()

/** Kills a process that is still there when this one ends. */
function endWithUs(member: Member): void {
  if (running.size === 0) {
    process.once('exit', () => {
      for (const { child } of running) child.kill('SIGKILL')
    })
  }
  running.add(member)
}

/** A process of `normalize kafka`. */
export class Member extends Command {
  /** Its name in the group. */
  readonly instance: string

  constructor(instance: string, argv: readonly string[]) {
    super([cliPath('normalize'), 'kafka', ...argv])
    this.instance = instance
    endWithUs(this)
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** The most memory that it has had so far, in MB (Linux). */
  get peakMb(): number {
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1')
      return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
    } catch {
      return 0
    }
  }

  /** Ends it as an operator does. */
  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    const { code, signal, stderr } = await this.finished
    // One that has said nothing yet is about to listen for the signal.
    const isLoading = signal === 'SIGTERM' && stderr === ''
    if (isLoading) return
    if (code !== 0)
      throw new Error(`${this.instance} has ended with ${code ?? signal}:\n${stderr.slice(-4000)}`)
    checkIdentity(stderr)
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.finished
  }
}

/**
 * Each message that a process has dealt with became something: written, rejected, dropped or empty. With `split` its elements count, of which the process
 * tells how many there were.
 */
function checkIdentity(stderr: string): void {
  const line =
    /kafka: stopped: (\d+) messages, (\d+) written, (\d+) rejected, (\d+) dropped, (\d+) empty/.exec(stderr)
  // One that was stopped before it began has dealt with nothing.
  if (line === null) return
  const [consumed, written, rejected, dropped, empty] = line.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (consumed !== written + rejected + dropped + empty) throw new Error(`messages are uncounted: ${line[0]}`)
}

export class Round {
  readonly delivery: Delivery
  /** Name of the group, and beginning of the names of the topics. */
  readonly name: string
  readonly messages: Numbered[] = []
  readonly members: Member[] = []
  readonly #broker: KafkaBroker
  readonly #reader: Reader
  readonly #rules: string
  readonly #more: readonly string[]
  #partitions: number
  /** Partitions have been added: results are where their keys say for a time. */
  #hasMoved = false
  /** Results when messages were written last. */
  #before = 0

  /** @param more further options of all processes */
  constructor(
    broker: KafkaBroker,
    reader: Reader,
    name: string,
    {
      delivery,
      partitions = 4,
      rules = NUMBERED_RULES,
      more = [],
    }: { delivery: Delivery; partitions?: number; rules?: string; more?: readonly string[] },
  ) {
    this.#broker = broker
    this.#reader = reader
    this.name = name
    this.delivery = delivery
    this.#partitions = partitions
    this.#rules = join(folderWith({ 'rules.yaml': rules }), 'rules.yaml')
    this.#more = more
  }

  /** How many each topic has. */
  get partitions(): number {
    return this.#partitions
  }

  get source(): string {
    return `${this.name}.in`
  }

  get sink(): string {
    return `${this.name}.out`
  }

  get rejects(): string {
    return `${this.name}.errors`
  }

  createTopics(): Promise<void> {
    return Promise.all([
      this.#broker.createTopics([this.source, this.sink], this.#partitions),
      this.#broker.createErrorTopics([this.rejects], this.#partitions),
    ]).then(() => {})
  }

  /** Gives all topics more partitions. */
  async addPartitions(count: number): Promise<void> {
    for (const topic of [this.sink, this.rejects, this.source]) await this.#broker.addPartitions(topic, count)
    this.#partitions = count
    this.#hasMoved = true
  }

  /** Writes so many messages more, dealt out to the partitions. */
  async write(count: number): Promise<void> {
    this.#before = this.results
    const more = numbered(count, this.#partitions, this.messages)
    this.messages.push(...more)
    await this.#broker.produce(this.source, toWrite(more))
  }

  /** Starts a process. Small batches, so that there is always one on its way. */
  start(instance: string): Member {
    const member = new Member(instance, [
      ...['--rules', this.#rules, '--brokers', this.#broker.address, '--group', this.name],
      ...['--from', this.source, '--to', this.sink, '--errors-to', this.rejects],
      ...['--delivery', this.delivery, '--instance-id', instance, '--session-timeout', '3s'],
      ...['--batch-bytes', '8192', ...this.#more],
    ])
    this.members.push(member)
    return member
  }

  /** Starts a process, and waits until it belongs to the group. */
  async join(instance: string): Promise<Member> {
    const member = this.start(instance)
    await member.until(({ stderr }) => stderr.includes('as a member of the group'))
    return member
  }

  /** Results that have come so far. */
  get results(): number {
    return this.#reader.so('written', this.source).length
  }

  /** Waits until so many results have come since messages were written last: they may come faster than a process starts. */
  async more(count: number): Promise<void> {
    const wanted = this.#before + count
    try {
      await this.#reader.until(() => {
        if (this.results >= wanted) return true
        this.#checkMembers()
        return false
      })
    } catch (error) {
      throw new Error(`there are ${this.results} results, not ${wanted}:\n${this.story}`, { cause: error })
    }
  }

  /** Waits until all messages are dealt with, and says what has become of them. */
  async verdict(): Promise<Verdict> {
    try {
      await this.#broker.untilCommitted(this.name, this.source, {
        isGoing: () => {
          this.#checkMembers()
          return this.members.some(({ isRunning }) => isRunning)
        },
      })
    } catch (error) {
      throw new Error(`the messages are not dealt with:\n${this.story}`, { cause: error })
    }
    const outputs = await this.#reader.whole(this.sink, this.source)
    const errors = await this.#reader.whole(this.rejects, this.source)
    return judge(this.messages, outputs, errors, this.source, { hasSamePartitions: !this.#hasMoved })
  }

  /** Ends all processes as an operator does. */
  async stop(): Promise<void> {
    await Promise.all(this.members.filter(({ isRunning }) => isRunning).map((member) => member.stop()))
  }

  /** Ends all processes, whatever they do. */
  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()))
  }

  /** Removes the topics, and what was read of them. */
  async remove(): Promise<void> {
    await this.#broker.deleteTopics(this.source, this.sink, this.rejects)
    this.#reader.forget(this.source)
  }

  /** No process ends by itself. */
  #checkMembers(): void {
    if (this.members.some(({ child: { exitCode } }) => exitCode !== null && exitCode !== 0))
      throw new Error(`a process has ended:\n${this.story}`)
  }

  /** The state of each process, and its messages. */
  get story(): string {
    return this.members
      .map(({ instance, isRunning, child: { exitCode, signalCode }, stderr }) => {
        const state = isRunning ? 'runs' : `has ended with ${exitCode ?? signalCode}`
        return `--- ${instance} ${state}\n${stderr.slice(-4000)}`
      })
      .join('')
  }
}
