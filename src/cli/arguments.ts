import { InvalidArgumentError } from 'commander'
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
