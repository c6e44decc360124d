import process from 'node:process'
import type { Command } from 'commander'
import type { KafkaOptions } from '../io/kafka/options.ts'
import { sourceOf } from '../io/kafka/outgoing.ts'
import type { Peek } from '../io/kafka/peek.ts'
import { peek } from '../io/kafka/peek.ts'
import type { NormalizedMessages } from '../stages/process/message-normalizer.ts'
import { MessageNormalizer, recordOf } from '../stages/process/message-normalizer.ts'
import { terminalText } from '../tracer/controls.ts'
import { EXIT } from './exit-codes.ts'
import { loadKafka, startFault } from './kafka.ts'
import { configuredOptions } from './kafka-config.ts'
import { kafkaOptions } from './kafka-options.ts'
import { openTracer } from './open-tracer.ts'
import { loadRules, ruleFiles } from './rule-files.ts'
import { messageStream } from './standard-streams.ts'

/** Messages that the rules are tried on. */
const MESSAGES = 10

/**
 * `normalize kafka check`: connects, tells of the topics, and tries the rules on their last messages. Nothing is written, and nothing
 * committed.
 *
 * @param command has the options
 * @returns the exit code
 * @throws {CommandError} with what to tell the operator
 */
export async function checkKafka(command: Command): Promise<number> {
  const options = configuredOptions(command)
  const settings = kafkaOptions(options)
  const rules = await loadRules(ruleFiles(options))
  messageStream().write(terminalText(rules.warningText))
  const kafka = await loadKafka()
  const seen = await peek(kafka, settings, MESSAGES).catch((error: unknown) => {
    throw startFault(error, settings)
  })
  const tracer = await openTracer(options, (line) => messageStream().write(terminalText(`${line}\n`)))
  const normalizer = new MessageNormalizer({
    rules,
    tracer,
    tracerRequired: options.tracerRequired,
    maxLineBytes: options.maxLine,
  })
  const normalized = await normalizer.normalize(seen.messages.map(({ value }) => value))
  await normalizer.end()
  tracer?.destroy()
  process.stdout.write(
    terminalText([...topicLines(seen, settings), ...triedLines(seen, normalized)].join('\n')),
  )
  return EXIT.OK
}

function topicLines({ brokers, topics }: Peek, { connection, from, to, errorsTo }: KafkaOptions): string[] {
  const counts = new Map(topics.map(({ topic, partitions }) => [topic, partitions]))
  const lines = [`${connection.brokers.join(', ')}: ${counted(brokers, 'broker')}`]
  for (const { topic, partitions, offsets } of topics) {
    lines.push(`${topic}: ${counted(partitions, 'partition')}, ${offsets} offsets`)
  }
  for (const target of new Set([to, errorsTo])) {
    for (const source of from) {
      lines.push(
        counts.get(source) === counts.get(target)
          ? `${source} -> ${target}: as many partitions, a message keeps its number`
          : `${source} -> ${target}: not as many partitions, the key of a message decides`,
      )
    }
  }
  return lines
}

function triedLines(
  { messages }: Peek,
  { outputs, outputOf, rejected, empty }: NormalizedMessages,
): string[] {
  const met = new Set([...outputOf, ...rejected.map(({ index }) => index)])
  const dropped = messages.length - met.size - empty
  const lines = [
    `the rules, tried on the last ${counted(messages.length, 'message')}: ${outputs.length} written, ${rejected.length} rejected, ${dropped} dropped, ${empty} empty`,
  ]
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
  for (const [index, output] of outputs.entries()) {
    lines.push(`  ${sourceOf(messages[outputOf[index]!]!)} written ${text(output)}`)
  }
  for (const one of rejected) {
    const source = sourceOf(messages[one.index]!)
    lines.push(`  ${source} rejected ${text(recordOf(source, one))}`)
  }
  return [...lines, '']
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
