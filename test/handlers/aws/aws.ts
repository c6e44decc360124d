import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { SinkBatch } from '../../../src/handlers/aws/delivery.ts'
import { compileRules } from '../../../src/rules/compile.ts'

/** An event of AWS, after its documentation: events/NAME.json. */
export function awsEvent(name: string) {
  return JSON.parse(readFileSync(new URL(`events/${name}.json`, import.meta.url), 'utf8'))
}

export const RULES = compileRules(
  "source.ip: src\nmessage: {field: message, required: false}\nlabels: {field: \"logGroup\", required: false}\ndrop: optional(src, '') == 'drop'\n",
)

/** A message of CloudWatch Logs as it is delivered. */
export function logMessage(change: object = {}): Buffer {
  return gzipSync(JSON.stringify({ ...awsEvent('cloudwatch-logs'), ...change }))
}

export const lines = (bytes: Uint8Array): string[] => Buffer.from(bytes).toString().split('\n').slice(0, -1)

/** A sink that keeps what it gets. */
export class KeepingSink {
  readonly batches: SinkBatch[] = []
  /** The fault of each call, by its number. */
  readonly faults = new Map<number, Error>()
  calls = 0

  readonly sink = async (batch: SinkBatch): Promise<void> => {
    const fault = this.faults.get(this.calls++)
    if (fault !== undefined) throw fault
    this.batches.push(batch)
  }

  get lines(): string[] {
    return this.batches.flatMap(({ bytes }) => lines(bytes))
  }
}

export const out = (ip: string): string => JSON.stringify({ source: { ip } })
export const event = (src: string): string => JSON.stringify({ src })
