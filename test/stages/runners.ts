import type { Rejection } from '../../src/event.ts'
import type { Dict, JsonObject, NumberTexts } from '../../src/expression/value.ts'
import type { RunnerSource } from '../../src/rules/apply/normalize.ts'
import type { Runner } from '../../src/rules/run.ts'

type Rule = (data: JsonObject | Dict, raw: string) => JsonObject | Rejection

/** A rule set without rules: what becomes of an event is said by a function. */
export function rulesOf(rule: Rule, options: { plain?: boolean } = {}): RunnerSource {
  return { createRunner: () => new FunctionRunner(rule, options.plain ?? true) }
}

/** Gives the event back as it came. */
export const IDENTITY = rulesOf((data) => data as JsonObject)

class FunctionRunner implements Runner {
  received = 0
  rejection: Rejection = { code: 'VALUE_ERROR', message: 'none' }
  plain = true
  readonly ending = 'rejected'
  readonly split = undefined
  numbers: NumberTexts | undefined
  readonly #rule: Rule
  readonly #plain: boolean

  constructor(rule: Rule, plain: boolean) {
    this.#rule = rule
    this.#plain = plain
  }

  run(data: JsonObject, raw: string): JsonObject | undefined {
    return this.#evaluate(data, raw, this.#plain, undefined)
  }

  runExact(data: JsonObject | Dict, raw: string, numbers: NumberTexts | undefined): JsonObject | undefined {
    return this.#evaluate(data, raw, false, numbers)
  }

  #evaluate(
    data: JsonObject | Dict,
    raw: string,
    plain: boolean,
    numbers: NumberTexts | undefined,
  ): JsonObject | undefined {
    const result = this.#rule(data, raw)
    this.plain = plain
    this.numbers = numbers
    if (!isRejection(result)) return result
    this.rejection = result
    return undefined
  }
}

function isRejection(result: JsonObject | Rejection): result is Rejection {
  return typeof (result as Rejection).code === 'string' && typeof (result as Rejection).message === 'string'
}
