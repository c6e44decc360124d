/** Loops of Kafka in the process of the tests, on topics of their own: `in.NAME` to `loop.NAME.out` and `loop.NAME.errors`. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { loadClient } from '../../../src/io/kafka/client.ts'
import { KafkaLoop } from '../../../src/io/kafka/loop.ts'
import type { KafkaConnection, KafkaOptions } from '../../../src/io/kafka/options.ts'
import { compileRules } from '../../../src/rules/compile.ts'
import { MessageNormalizer, type MessageRules } from '../../../src/stages/process/message-normalizer.ts'
import type { KafkaBroker } from './broker.ts'
import { judge, NUMBERED_RULES, type Numbered, type Reader, type Verdict } from './oracle.ts'

/** As the command has it: it reads what Java's producers write. */
const kafka = await loadClient()

export class Loops {
  readonly #broker: KafkaBroker
  readonly #reader: Reader

  constructor(broker: KafkaBroker, reader: Reader) {
    this.#broker = broker
    this.#reader = reader
  }

  /** The way to the broker without authentication. */
  get connection(): KafkaConnection {
    return { brokers: [this.#broker.address], clientId: 'tests' }
  }

  async createTopics(name: string, partitions = 2): Promise<void> {
    await this.#broker.createTopics([`in.${name}`, `loop.${name}.out`], partitions)
    await this.#broker.createErrorTopics([`loop.${name}.errors`], partitions)
  }

  /** A loop, ended with the test, and the lines that it says. */
  open(
    t: TestContext,
    name: string,
    options: Partial<KafkaOptions> = {},
    rules: string | MessageRules = NUMBERED_RULES,
  ): { loop: KafkaLoop; said: string[] } {
    const said: string[] = []
    const loop = new KafkaLoop(
      kafka,
      {
        connection: this.connection,
        from: [`in.${name}`],
        to: `loop.${name}.out`,
        errorsTo: `loop.${name}.errors`,
        group: `group.${name}`,
        ...options,
      },
      new MessageNormalizer({ rules: typeof rules === 'string' ? compileRules(rules) : rules }),
      { say: (line) => said.push(line) },
    )
    t.after(() => loop.end())
    return { loop, said }
  }

  /**
   * Joins and works.
   *
   * @param split elements that messages are split into, less those messages. Default: none is split
   * @returns a function that stops it, waits for its end, and looks at its counts
   */
  async run(loop: KafkaLoop, split = 0): Promise<() => Promise<void>> {
    await loop.start()
    const running = loop.run()
    running.catch(() => {})
    return async () => {
      loop.stop()
      await running
      await loop.end()
      checkIdentity(loop, split)
    }
  }

  /** Waits until the group has committed all that stands in the topic. */
  untilCommitted(name: string): Promise<void> {
    return this.#broker.untilCommitted(`group.${name}`, `in.${name}`)
  }

  /** Runs it until all is committed, and stops it. */
  async finish(loop: KafkaLoop, name: string, split = 0): Promise<void> {
    const stop = await this.run(loop, split)
    await this.untilCommitted(name)
    await stop()
  }

  async verdict(name: string, messages: readonly Numbered[]): Promise<Verdict> {
    const written = await this.#reader.whole(`loop.${name}.out`, `in.${name}`)
    const rejected = await this.#reader.whole(`loop.${name}.errors`, `in.${name}`)
    return judge(messages, written, rejected, `in.${name}`)
  }
}

/** Consumed = written + rejected + dropped + empty, after splitting. */
function checkIdentity(loop: KafkaLoop, split: number): void {
  const { consumed, empty } = loop.counts
  const { written, rejected, dropped } = loop.counter.counts
  assert.equal(consumed + split, written + rejected + dropped + empty, 'nothing is uncounted')
}
