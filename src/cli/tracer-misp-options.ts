import type { Command } from 'commander'
import { duration } from './arguments.ts'
import { count, type SourceArguments } from './tracer-arguments.ts'

/** The options of `tracer serve` that make it ask a MISP, as commander names them. */
export interface MispArguments {
  readonly misp?: string
  readonly mispKeyFile?: string
  readonly mispCa?: string
  readonly mispIdsOnly?: boolean
  readonly mispHitTtl?: number
  readonly mispMissTtl?: number
  readonly mispCache?: number
  readonly mispTimeout?: number
  readonly mispRps?: number
  readonly mispBatch?: number
}

const MOST_VALUES = 10_000_000
const LARGEST_BATCH = 1000
const MOST_REQUESTS = 10_000

/** Adds them to a command. */
export function withMisp(command: Command, sources: SourceArguments): void {
  command
    .option(
      '--misp <url>',
      'ask this MISP (https://...); its key is in the environment, MISP_API_KEY, or in a file',
      (url: string) => sources.addMisp(url),
    )
    .option('--misp-key-file <file>', 'the file that holds the key')
    .option('--misp-ca <file>', 'PEM file: trust the certificates of this authority, too')
    .option('--misp-ids-only', 'only attributes that are marked for detection (to_ids)')
    .option('--misp-hit-ttl <duration>', 'how long to remember what it knows (default: 1h)', duration)
    .option(
      '--misp-miss-ttl <duration>',
      'how long to remember what it does not know (default: 10m)',
      duration,
    )
    .option('--misp-cache <n>', 'values to remember (default: 200000)', count(MOST_VALUES))
    .option('--misp-timeout <duration>', 'how long a look-up may wait for it (default: 3s)', duration)
    .option('--misp-rps <n>', 'requests a second at most (default: 10)', count(MOST_REQUESTS))
    .option(
      '--misp-batch <n>',
      'values that one request asks for at most (default: 100)',
      count(LARGEST_BATCH),
    )
}
