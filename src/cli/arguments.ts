import { InvalidArgumentError, Option } from 'commander'
import { MAX_WORKERS } from '../formats/limits.ts'
import { parseDuration } from '../tracer/durations.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'

/*
 * Readers of values of options, for commander, which both commands have.
 */

/** Reads HOST:PORT. */
export function endpoint(text: string): Endpoint {
  return orInvalid(() => parseEndpoint(text))
}

/** Reads a duration, in milliseconds. */
export function duration(text: string): number {
  return orInvalid(() => parseDuration(text))
}

/** Reads a whole number from 1. */
export function wholeNumber(text: string): number {
  const number = Number(text)
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(number)) return number
  throw new InvalidArgumentError('It has to be a whole number from 1.')
}

/** The result of a reading, whose error is that of a value that an option cannot have. */
export function orInvalid<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** Collects the values of a repeatable option. */
export function listed(value: string, values: string[] | undefined): string[] {
  return [...(values ?? []), value]
}

/** The option `--workers`. */
export function workersOption(description: string): Option {
  return new Option('--workers <n>', description).argParser(workerCount).default(1)
}

function workerCount(text: string): number | 'auto' {
  if (text === 'auto') return text
  const workers = Number(text)
  if (/^[1-9]\d*$/.test(text) && workers <= MAX_WORKERS) return workers
  throw new InvalidArgumentError(`It has to be a number from 1 to ${MAX_WORKERS}, or auto.`)
}
