import { type Command, InvalidArgumentError } from 'commander'
import type { ResultWords } from '../tracer/http/answers.ts'
import { duration, endpoint } from './arguments.ts'
import type { Endpoint } from './endpoint.ts'
import { count } from './tracer-arguments.ts'

/** The options of `tracer serve` that make it answer over HTTP, as commander names them. */
export interface HttpArguments {
  readonly http?: Endpoint
  readonly httpUsers?: string
  readonly httpMaxRequests?: number
  readonly httpResultWords?: ResultWords
  readonly httpTimeout?: number
}

const MOST_REQUESTS = 1_000_000

/** Adds them to a command. */
export function withHttp(command: Command): Command {
  return command
    .option(
      '--http <host:port>',
      'answer look-ups over HTTP as well, over HTTPS with the options of TLS; without --http-users on this machine only',
      endpoint,
    )
    .option('--http-users <file>', 'who may ask: names and passwords as htpasswd -B writes them')
    .option(
      '--http-max-requests <n>',
      'work on so many requests, which workers divide among them; more are answered 429 (default: 256)',
      count(MOST_REQUESTS),
    )
    .option(
      '--http-timeout <duration>',
      'drop a client that is waited for and sends or takes nothing, or hardly anything (default: 30s)',
      duration,
    )
    .option('--http-result-words <words>', 'the two words of "result" (default: DETECTED,CLEAN)', resultWords)
}

function resultWords(text: string): ResultWords {
  const [detected = '', clean = '', ...more] = text.split(',')
  if (detected === '' || clean === '' || more.length > 0) {
    throw new InvalidArgumentError('It has to be two words with a comma between them: DETECT,CLEAN.')
  }
  return { detected, clean }
}
