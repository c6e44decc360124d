import type { TestContext } from 'node:test'

/** Lets the clock that measures work go by so many milliseconds each time it is read, until the test ends. */
export function steppingClock(test: TestContext, stepMs: number): { readonly reads: () => number } {
  let reads = 0
  test.mock.method(performance, 'now', () => ++reads * stepMs)
  return { reads: () => reads }
}
